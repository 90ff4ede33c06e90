"""Reading page by page: all of it, once, and never much of it at a time."""

from __future__ import annotations

import pytest

from rookery.core.paging import CHARACTERS, GROWTH, STEP, read_page
from rookery.core.points import Point, Value
from tests.fakes import MemoryTelemetry

COUNT = 700


@pytest.mark.parametrize(
    ("value", "most"),
    [
        pytest.param(1.5, COUNT, id="numbers"),
        pytest.param("x" * 100, COUNT, id="short texts"),
        pytest.param("x" * 100_000, STEP, id="the longest texts"),
        pytest.param({f"part {n:03}": "x" * 90 for n in range(1_000)}, STEP, id="the largest objects"),
    ],
)
async def test_a_page_is_as_long_as_its_values_let_it_be(value: Value, most: int) -> None:
    telemetry = MemoryTelemetry()
    await telemetry.write([(1, time, value) for time in range(COUNT)])
    found: list[Point] = []
    start, more = 0, True
    while more:
        points, more = await read_page(telemetry, 1, start, COUNT, COUNT)
        assert len(points) <= most
        if points:
            found += points
            start = points[-1].time + 1
        else:
            assert not more
    assert [point.time for point in found] == list(range(COUNT))


async def test_long_texts_behind_short_ones_are_not_read_by_the_thousand() -> None:
    telemetry = MemoryTelemetry()
    long = "x" * 100_000
    await telemetry.write([(1, time, "short" if time < STEP else long) for time in range(3 * GROWTH * STEP)])
    page = await read_page(telemetry, 1, 0, 2**60, 20_000)
    assert page.more
    assert STEP < len(page.points) <= STEP + GROWTH * STEP


async def test_a_page_has_no_more_than_it_should_and_ends() -> None:
    telemetry = MemoryTelemetry()
    await telemetry.write([(1, time, time) for time in range(STEP)])
    assert await read_page(telemetry, 1, 0, 10, 100) == ([Point(time, time) for time in range(10)], False)
    assert await read_page(telemetry, 1, 0, 100, 10) == ([Point(time, time) for time in range(10)], True)
    assert await read_page(telemetry, 2, 0, 100, 10) == ([], False)
    assert CHARACTERS > 100_000
