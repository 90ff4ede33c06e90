"""How long history is kept: the nearest rule counts, and what is older goes."""

from __future__ import annotations

import msgspec
import pytest

from rookery.core.access import Principal
from rookery.core.catalog import Update, changed
from rookery.core.clock import DAY, SECOND
from rookery.core.errors import Forbidden, Invalid, NotFound
from rookery.core.records import Role, Space
from rookery.core.services import Services
from tests.core.test_things import ada, spec
from tests.fakes import ManualClock, memory_services


async def filled(services: Services, clock: ManualClock, who: Principal, days: int) -> tuple[str, int]:
    """A variable with a point a day; its id and its series."""
    thing = await services.things.create(who, name="house", variables=[spec("a")])
    live = await services.things.live(who, thing.id)
    record = live.by_symbol["a"].record
    now = clock.now()
    await services.telemetry.write([(record.series, now - age * DAY - 1, age) for age in reversed(range(days))])
    return record.id, record.series


async def ages(services: Services, series: int) -> list[object]:
    """Of the points that are there, newest first."""
    return [point.value for point in await services.telemetry.read(series, -(1 << 60), 1 << 60, 100, descending=True)]


@pytest.mark.parametrize(
    ("server", "space", "variable", "left"),
    [
        pytest.param(0, None, None, 10, id="nobody says anything: for ever"),
        pytest.param(3, None, None, 3, id="the server"),
        pytest.param(3, 5, None, 5, id="the space goes before the server"),
        pytest.param(3, 5, 2, 2, id="the variable goes before both"),
        pytest.param(3, 0, None, 10, id="a space may keep for ever"),
        pytest.param(3, 5, 0, 10, id="so may a variable"),
    ],
)
async def test_the_nearest_rule_counts(server: int, space: int | None, variable: int | None, left: int) -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who = await ada(services)
    id, series = await filled(services, clock, who, 10)
    services.retention.rules["values"] = server
    if space is not None:
        await services.retention.set_space(who, who.space_id, {"values": space})
    await services.retention.set_variable(who, id, variable)
    assert await services.retention.run() == 10 - left
    assert await ages(services, series) == list(range(left))


async def test_each_kind_of_history_has_a_rule_of_its_own() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who = await ada(services)
    device = await services.devices.create(who, "one", "board")
    events, vitals, journal, of_space, audit = await services.catalog.allocate(5)
    now = clock.now()
    await services.catalog.apply(Update(changed(device, now, events=events, vitals=vitals, journal=journal)))
    space = await services.catalog.get(Space, who.space_id)
    assert space is not None
    await services.catalog.apply(Update(changed(space, now, events=of_space, audit=audit)))
    every = {"events": events, "vitals": vitals, "journal": journal, "space's events": of_space, "audit": audit}
    await services.telemetry.write([(series, now - 9 * DAY, "old") for series in every.values()])
    services.retention.rules.update(events=5)
    await services.retention.set_space(who, who.space_id, {"journals": 5})
    assert await services.retention.run() == 4
    left = {name for name, series in every.items() if await ages(services, series)}
    assert left == {"vitals"}


async def test_history_grows_old_while_time_passes() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who = await ada(services)
    _, series = await filled(services, clock, who, 3)
    await services.retention.set_space(who, who.space_id, {"values": 5})
    assert await services.retention.run() == 0
    clock.turn(4 * DAY // SECOND)
    assert await services.retention.run() == 2
    assert await ages(services, series) == [0]


async def test_a_rule_can_be_taken_back() -> None:
    services = memory_services()
    who = await ada(services)
    await services.retention.set_space(who, who.space_id, {"values": 5, "events": 7})
    space = await services.retention.set_space(who, who.space_id, {"values": None})
    assert space.retention == {"events": 7}
    assert services.retention.of(space) == {"values": 0, "events": 7, "vitals": 0, "journals": 0}


@pytest.mark.parametrize("days", [-1, 36_501, True])
async def test_what_is_no_number_of_days_is_refused(days: int) -> None:
    services = memory_services()
    who = await ada(services)
    with pytest.raises(Invalid, match="36500 days"):
        await services.retention.set_space(who, who.space_id, {"values": days})


async def test_only_who_manages_a_space_sets_its_rules() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who = await ada(services)
    id, _ = await filled(services, clock, who, 1)
    editor = msgspec.structs.replace(who, roles={who.space_id: Role.EDITOR})
    stranger = msgspec.structs.replace(who, roles={})
    with pytest.raises(Forbidden):
        await services.retention.set_space(editor, who.space_id, {"values": 1})
    assert (await services.retention.set_variable(editor, id, 1)).retention == 1
    with pytest.raises(NotFound):
        await services.retention.set_variable(stranger, id, 1)
    with pytest.raises(NotFound):
        await services.retention.set_space(who, "nowhere", {"values": 1})
    with pytest.raises(Invalid, match="nothing is called 'dreams'"):
        await services.retention.set_space(who, who.space_id, {"dreams": 1})
