"""The way of a value: stamped, remembered, stored, and only then told."""

from __future__ import annotations

import asyncio

import pytest

from rookery.core.access import Principal
from rookery.core.bus import ValuesChanged
from rookery.core.errors import Unavailable
from rookery.core.live import LiveThing
from rookery.core.services import Services
from tests.core.test_things import ada, spec
from tests.fakes import ManualClock, MemoryTelemetry, memory_services

LATER = 1 << 62


async def greenhouse(clock: ManualClock | None = None) -> tuple[Services, Principal, LiveThing]:
    services = memory_services(clock=clock)
    who = await ada(services)
    thing = await services.things.create(who, variables=[spec("a"), spec("b"), spec("fleeting", persist=False)])
    return services, who, await services.things.live(who, thing.id)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_several_in_one_millisecond_are_all_kept_in_order() -> None:
    clock = ManualClock()
    services, _, live = await greenhouse(clock)
    a = live.by_symbol["a"]
    for value in range(3):
        services.ingest.accept(live, [(a, value, None)])
    clock.turn(0.001)
    services.ingest.accept(live, [(a, 3, None)])
    await settle()
    start = clock.now() - 1000
    points = await services.telemetry.read(a.record.series, 0, LATER, 10)
    assert [(p.time - start, p.value) for p in points] == [(0, 0), (1, 1), (2, 2), (1000, 3)]


async def test_a_server_made_time_is_a_whole_millisecond() -> None:
    clock = ManualClock(1_735_689_600_123_456)
    services, _, live = await greenhouse(clock)
    services.ingest.accept(live, [(live.by_symbol["a"], 1, None)])
    assert live.by_symbol["a"].time == 1_735_689_600_123_000


async def test_an_old_value_goes_into_history_and_not_over_the_last_one() -> None:
    clock = ManualClock()
    services, _, live = await greenhouse(clock)
    a = live.by_symbol["a"]
    services.ingest.accept(live, [(a, 2, None)])
    services.ingest.accept(live, [(a, 1, clock.now() - 5_000_000)])
    await settle()
    assert a.value == 2
    points = await services.telemetry.read(a.record.series, 0, LATER, 10)
    assert [p.value for p in points] == [1, 2]


async def test_who_watches_is_told_after_the_commit_with_the_times_that_were_stored() -> None:
    clock = ManualClock()
    services, _, live = await greenhouse(clock)
    a, b = live.by_symbol["a"], live.by_symbol["b"]
    told: list[ValuesChanged] = []
    services.bus.listen("values." + live.record.id, told.append)
    services.ingest.accept(live, [(a, 1, None), (b, 2, 1_600_000_000_000_000)])
    services.ingest.accept(live, [(a, 3, None)], from_board=False)
    assert told == []
    await settle()
    now = clock.now()
    assert [(m.from_board, [(v.symbol, t, x) for v, t, x in m.values]) for m in told] == [
        (True, [("a", now, 1), ("b", 1_600_000_000_000_000, 2)]),
        (False, [("a", now + 1, 3)]),
    ]


async def test_nobody_is_told_what_was_refused() -> None:
    services, _, live = await greenhouse()
    telemetry = services.telemetry
    assert isinstance(telemetry, MemoryTelemetry)
    told: list[ValuesChanged] = []
    services.bus.listen("values." + live.record.id, told.append)
    telemetry.full = True
    with pytest.raises(Unavailable, match="disk is full"):
        await services.values.write(live, [(live.by_symbol["a"], 1)])
    await settle()
    assert told == []
    assert live.by_symbol["a"].value is None, "what is not stored is not shown"
    telemetry.full = False
    await services.values.write(live, [(live.by_symbol["a"], 2)])
    assert len(told) == 1


async def test_a_variable_that_keeps_no_history_keeps_its_last_value() -> None:
    services, _, live = await greenhouse()
    fleeting = live.by_symbol["fleeting"]
    await services.values.write(live, [(fleeting, 1)])
    await services.values.write(live, [(fleeting, 2)])
    assert await services.telemetry.count(fleeting.record.series, 0, LATER) == 0
    assert (await services.telemetry.last([fleeting.record.series]))[fleeting.record.series].value == 2


async def test_backfill_replaces_the_last_value_only_by_a_newer_one() -> None:
    clock = ManualClock()
    services, _, live = await greenhouse(clock)
    a = live.by_symbol["a"]
    await services.values.write(live, [(a, 10)])
    await services.values.backfill(a, [(clock.now() - 1000, 1), (clock.now() - 2000, 2)])
    assert a.value == 10
    await services.values.backfill(a, [(clock.now() + 1000, 3), (clock.now() - 3000, 4)])
    assert a.value == 3
    assert await services.telemetry.count(a.record.series, 0, LATER) == 5


async def test_an_evicted_thing_is_read_again_with_its_last_values() -> None:
    services, who, live = await greenhouse()
    await services.values.write(live, [(live.by_symbol["a"], 7)])
    services.live._things.clear()
    again = await services.things.live(who, live.record.id)
    assert again is not live
    assert again.by_symbol["a"].value == 7


async def test_reading_a_thing_at_the_same_moment_reads_it_once() -> None:
    services, _, live = await greenhouse()
    services.live._things.clear()
    first, second = await asyncio.gather(*(services.live.get(live.record.id) for _ in range(2)))
    assert first is second
