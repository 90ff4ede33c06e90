"""History in bulk: what is there already is left alone, and what does not fit is refused whole."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core import transfer
from rookery.core.errors import Invalid, NotFound, Unavailable
from rookery.core.points import Point
from rookery.core.records import ValueKind
from rookery.core.services import Services
from rookery.core.transfer import EARLIEST, LATEST, Transfer, Written
from tests.core.test_things import ada, spec
from tests.fakes import memory_services

T = EARLIEST + 1_000_000


async def scene(kind: ValueKind = ValueKind.FLOAT) -> tuple[Services, Transfer, str]:
    services = memory_services()
    who = await ada(services)
    thing = await services.things.create(who, name="house", variables=[spec("a", kind=kind), spec("b")])
    live = await services.things.live(who, thing.id)
    bulk = Transfer(services.catalog, services.telemetry, services.live, services.values)
    return services, bulk, live.by_symbol["a"].record.id


async def test_twice_is_the_same_as_once() -> None:
    _, bulk, id = await scene()
    points: list[tuple[int, Any]] = [(T, 1.0), (T + 5, 2.0), (T + 9, 3.0)]
    assert await bulk.write(id, points) == Written(3, 0)
    assert await bulk.write(id, points) == Written(0, 3)
    assert await bulk.write(id, [*points, (T + 10, 4.0)]) == Written(1, 3)
    assert (await bulk.read(id, 0, LATEST)).points == [*(Point(*point) for point in points), Point(T + 10, 4.0)]
    assert await bulk.count(id, 0, LATEST) == 4


async def test_a_point_that_had_to_give_way_is_found_again() -> None:
    _, bulk, id = await scene()
    assert await bulk.write(id, [(T, 1.0)]) == Written(1, 0)
    assert await bulk.write(id, [(T, 2.0), (T, 3.0)]) == Written(2, 0)
    assert await bulk.write(id, [(T, 3.0), (T, 1.0), (T, 2.0)]) == Written(0, 3)


async def test_equal_values_of_another_type_are_other_values() -> None:
    _, bulk, id = await scene()
    assert await bulk.write(id, [(T, 1.0), (T, 1), (T, 0.0), (T, -0.0)]) == Written(4, 0)
    assert await bulk.write(id, [(T, 1), (T, -0.0)]) == Written(0, 2)


async def test_the_newest_becomes_the_last_value() -> None:
    services, bulk, id = await scene()
    await bulk.write(id, [(T, 1.0), (T + 1, 7.0)])
    (source,) = await bulk.sources(variables=["a"])
    live = await services.live.get(source.thing.id)
    assert live is not None
    assert live.by_id[id].value == 7.0
    await bulk.write(id, [(T - 5, 2.0)])
    assert live.by_id[id].value == 7.0


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        (ValueKind.BOOL, True, True),
        (ValueKind.BOOL, 1, False),
        (ValueKind.INT, 2**53 + 1, True),
        (ValueKind.INT, True, False),
        (ValueKind.INT, 1.0, False),
        (ValueKind.FLOAT, 1, True),
        (ValueKind.FLOAT, float("nan"), False),
        (ValueKind.FLOAT, float("inf"), False),
        (ValueKind.STRING, "x" * 100_000, True),
        (ValueKind.STRING, "x" * 100_001, False),
        (ValueKind.COMPOSITE, {str(n): n for n in range(1_000)}, True),
        (ValueKind.COMPOSITE, {str(n): n for n in range(1_001)}, False),
        (ValueKind.COMPOSITE, {"a": [1]}, False),
        (ValueKind.COMPOSITE, {"a": float("nan")}, False),
        (ValueKind.COMPOSITE, {"a": "x" * 100_001}, False),
        (ValueKind.COMPOSITE, {"\ud800": 1}, False),
        (ValueKind.STRING, "\ud800", False),
    ],
)
async def test_what_fits(kind: ValueKind, value: Any, fits: bool) -> None:
    _, bulk, id = await scene(kind)
    if fits:
        assert await bulk.write(id, [(T, value)]) == Written(1, 0)
        return
    good = {ValueKind.BOOL: True, ValueKind.STRING: "", ValueKind.COMPOSITE: {"a": 1}}.get(kind, 1)
    with pytest.raises(Invalid):
        await bulk.write(id, [(T, good), (T + 1, value)])
    assert await bulk.count(id, 0, LATEST) == 0


@pytest.mark.parametrize("time", [EARLIEST - 1, LATEST, 0, -(2**60)])
async def test_times_that_are_none(time: int) -> None:
    _, bulk, id = await scene()
    with pytest.raises(Invalid, match="between 2000 and 2100"):
        await bulk.write(id, [(T, 1.0), (time, 1.0)])
    assert await bulk.count(id, 0, LATEST) == 0


async def test_what_is_nowhere_and_what_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    _, bulk, id = await scene()
    monkeypatch.setattr(transfer, "BATCH", 2)
    with pytest.raises(Invalid, match="At most 2 points"):
        await bulk.write(id, [(T, 1.0)] * 3)
    for call in (bulk.count("x", 0, 1), bulk.read("x", 0, 1), bulk.write("x", [])):
        with pytest.raises(NotFound):
            await call
    with pytest.raises(NotFound, match="no thing"):
        await bulk.sources(things=["barn"])
    assert await bulk.write(id, []) == Written(0, 0)


async def test_a_full_disk_takes_nothing_in() -> None:
    services, bulk, id = await scene()
    services.telemetry.full = True  # type: ignore[attr-defined]
    with pytest.raises(Unavailable):
        await bulk.write(id, [(T, 1.0)])


async def test_many_points_are_compared_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PAGE", 3)
    _, bulk, id = await scene()
    points = [(T + n, float(n)) for n in range(10)]
    assert await bulk.write(id, points) == Written(10, 0)
    assert await bulk.write(id, points) == Written(0, 10)
    assert len((await bulk.read(id, 0, LATEST)).points) == 3
