"""Few points that look like many: peaks stay, gaps stay, and what is drawn was measured."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.core.points import StoreRefused, Value
from rookery.storage.telemetry import thinning
from tests.storage.telemetry.conftest import OpenStore

SECOND = 1_000_000
ALL = (-(2**62), 2**62)


async def test_a_peak_of_one_point_among_thousands_is_kept(open_store: OpenStore) -> None:
    store = await open_store()
    points = [(1, n * SECOND, math.sin(n / 500) + (40.0 if n == 7_321 else 0.0)) for n in range(20_000)]
    await store.write(points[:15_000])
    await store.merge()
    await store.write(points[15_000:])
    thin = await store.thin(1, *ALL, 200)
    assert len(thin) == 200
    assert (thin[0].time, thin[-1].time) == (0, 19_999 * SECOND)
    assert 7_321 * SECOND in {point.time for point in thin}
    assert {(point.time, point.value) for point in thin} <= {(time, value) for _, time, value in points}
    assert [point.time for point in thin] == sorted({point.time for point in thin})


async def test_few_points_are_all_there(open_store: OpenStore) -> None:
    store = await open_store()
    await store.write([(1, n, float(n)) for n in range(10)])
    assert [point.value for point in await store.thin(1, *ALL, 10)] == [float(n) for n in range(10)]
    assert [point.value for point in await store.thin(1, 3, 6, 10)] == [3.0, 4.0, 5.0]
    assert await store.thin(1, 5, 5, 10) == []
    assert await store.thin(2, *ALL, 10) == []


async def test_both_ends_of_a_gap_are_kept(open_store: OpenStore) -> None:
    store = await open_store()
    stretches = [range(3_000), range(10_000, 14_000), range(20_000, 20_001), range(30_000, 33_000)]
    await store.write([(1, n * SECOND, float(n % 100)) for stretch in stretches for n in stretch])
    await store.merge()
    thin = {point.time // SECOND for point in await store.thin(1, *ALL, 300, gap=5 * SECOND)}
    for stretch in stretches:
        assert {stretch[0], stretch[-1]} <= thin
    assert len(thin) <= 300


async def test_of_too_many_gaps_the_longest_stay(open_store: OpenStore) -> None:
    store = await open_store()
    times = [n * 10 * SECOND + (5_000 * SECOND if n > 500 else 0) for n in range(1_000)]
    await store.write([(1, time, 1.0) for time in times])
    thin = [point.time for point in await store.thin(1, *ALL, 10, gap=SECOND)]
    assert len(thin) <= 10
    assert {times[500], times[501]} <= set(thin)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([True, False] * 400, id="booleans"),
        pytest.param([1.7e308, -1.7e308] * 400, id="the largest floats"),
        pytest.param([2**70, -(2**70)] * 400, id="huge integers"),
        pytest.param(["a", 1, {"b": 1}, 2.5] * 200, id="numbers among others"),
        pytest.param(["a"] * 800, id="nothing to draw"),
        pytest.param([0.0] * 800, id="a line"),
    ],
)
async def test_whatever_is_stored(open_store: OpenStore, values: list[Value]) -> None:
    store = await open_store()
    await store.write([(1, n, value) for n, value in enumerate(values)])
    await store.merge()
    numbers = {(n, float(v)) for n, v in enumerate(values) if isinstance(v, bool | int | float)}
    thin = await store.thin(1, *ALL, 20)
    assert len(thin) == min(20, len(numbers))
    assert {(point.time, point.value) for point in thin} <= numbers


async def test_points_of_memory_between_those_of_blocks(open_store: OpenStore) -> None:
    store = await open_store()
    await store.write([(1, n, float(n)) for n in range(0, 2_000, 2)])
    await store.merge()
    await store.write([(1, n, float(n)) for n in range(1, 2_000, 2)])
    thin = await store.thin(1, *ALL, 1_999)
    assert all(point.value == point.time for point in thin)
    assert len(thin) == 1_999


async def test_what_can_not_be_asked(open_store: OpenStore) -> None:
    store = await open_store()
    with pytest.raises(ValueError, match="two points"):
        await store.thin(1, *ALL, 1)
    with pytest.raises(ValueError, match="gap"):
        await store.thin(1, *ALL, 10, gap=0)
    await store.close()
    with pytest.raises(StoreRefused):
        await store.thin(1, *ALL, 10)


@given(
    steps=st.lists(st.integers(1, 20), min_size=2, max_size=400),
    points=st.integers(2, 60),
    gap=st.one_of(st.none(), st.integers(1, 20)),
    seed=st.integers(0, 9),
)
def test_places_ascend_and_have_the_ends(steps: list[int], points: int, gap: int | None, seed: int) -> None:
    import numpy as np

    source = random.Random(seed)
    times = np.cumsum(np.array(steps, dtype=np.int64))
    numbers = np.array([source.uniform(-1, 1) for _ in steps])
    kept = thinning.chosen(times, numbers, points, gap).tolist()
    assert kept == sorted(set(kept))
    assert kept[0] == 0
    assert kept[-1] == len(steps) - 1
    assert len(kept) <= points
