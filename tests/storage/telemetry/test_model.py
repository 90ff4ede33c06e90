"""The store against the plain model, over random histories: types, order, collisions, merges, deletions, reopening."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rookery.core.points import Aggregation
from rookery.storage.telemetry import TelemetryStore, commitlog, expiry, merge
from tests.fakes import ManualClock
from tests.storage.telemetry.ledger import Ledger, told

SERIES = (1, 2, 3)
FAR = (-(2**62), 2**62)


@pytest.fixture(scope="module", autouse=True)
def small_blocks() -> Iterator[None]:
    """Blocks of a few points, so that short histories have many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(merge, "OPEN_POINTS", 4)
        patch.setattr(merge, "MOST_POINTS", 8)
        patch.setattr(merge, "FAST_SPAN", 20)
        patch.setattr(commitlog, "FOLD_ROWS", 3)
        patch.setattr(expiry, "SLACK", 0)
        yield


numbers = st.one_of(st.floats(allow_nan=False, allow_infinity=False, width=32), st.integers(-5, 5), st.booleans())
values = st.one_of(
    numbers,
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300),
    st.text(max_size=4),
    st.dictionaries(st.text(max_size=2), st.one_of(numbers, st.text(max_size=2)), max_size=2),
)
times = st.one_of(st.integers(-30, 30), st.integers(-(10**6), 10**6))


def rows(value: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    numbered = st.sampled_from([1, 1, 1, 2, 2, 3, -1, -3])
    return st.lists(st.tuples(numbered, times, value), min_size=1, max_size=12)


steps = st.lists(
    st.one_of(
        rows(numbers).map(lambda points: ("write", points)),
        rows(values).map(lambda points: ("write", points)),
        rows(values).map(lambda points: ("write while merging", points)),
        st.just(("merge", None)),
        st.just(("reopen", None)),
        st.sampled_from(SERIES).map(lambda series: ("delete", series)),
        st.dictionaries(st.sampled_from(SERIES), times, min_size=1).map(lambda limits: ("expire", limits)),
    ),
    min_size=1,
    max_size=14,
)
queries = st.lists(
    st.tuples(
        st.sampled_from(SERIES),
        times,
        st.integers(0, 100),
        st.integers(1, 40),
        st.integers(-50, 50),
        st.sampled_from(list(Aggregation)),
        st.integers(0, 10),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


async def compare(store: TelemetryStore, ledger: Ledger) -> None:
    assert {series: told([point]) for series, point in (await store.last(SERIES)).items()} == {
        series: told([point]) for series, point in ledger.last.items()
    }
    for series in SERIES:
        points = ledger.read(series, *FAR)
        assert told(await store.read(series, *FAR, 10_000)) == told(points)
        assert await store.count(series, *FAR) == len(points)


async def ask(store: TelemetryStore, ledger: Ledger, query: tuple[Any, ...]) -> None:
    series, start, length, interval, origin, kind, limit, descending = query
    end = start + length
    points = ledger.read(series, start, end)
    assert await store.count(series, start, end) == len(points)
    ordered = points[::-1] if descending else points
    assert told(await store.read(series, start, end, limit, descending=descending)) == told(ordered[:limit])
    bins = ledger.bins(series, start, end, interval, origin)
    sampled = await store.sample(series, start, end, interval, origin=origin)
    assert told(sampled) == told([bins[begin][-1] for begin in sorted(bins)])
    expected = ledger.aggregate(series, start, end, interval, kind, origin)
    found = await store.aggregate(series, start, end, interval, kind, origin=origin)
    assert [bin_.time for bin_ in found] == sorted(expected)
    for time, value in found:
        wanted, tolerance = expected[time]
        assert math.isclose(value, wanted, rel_tol=1e-9, abs_tol=tolerance)
    # Bins of unequal length: each is an aggregate of its own.
    edges = sorted({start, end, start + interval, start + 3 * interval})
    uneven = {
        begin: value
        for begin, stop in pairwise(edges)
        for value in ledger.aggregate(series, begin, stop, stop - begin, kind, begin).values()
    }
    found = await store.bins(series, edges, kind)
    assert [bin_.time for bin_ in found] == sorted(uneven)
    for time, value in found:
        wanted, tolerance = uneven[time]
        assert math.isclose(value, wanted, rel_tol=1e-9, abs_tol=tolerance)


async def live(folder: Path, history: list[tuple[str, Any]], asked: list[tuple[Any, ...]]) -> None:
    ledger = Ledger()
    store = TelemetryStore(folder / "telemetry.db", ManualClock(), synchronous="OFF")
    await store.open()
    try:
        for kind, argument in history:
            if kind == "merge":
                await store.merge()
            elif kind == "reopen":
                await store.close()
                store = TelemetryStore(folder / "telemetry.db", ManualClock(), synchronous="OFF")
                await store.open()
            elif kind == "delete":
                await store.delete([argument])
                ledger.delete(argument)
            elif kind == "expire":
                # What is not merged yet goes the next time only.
                await store.merge()
                gone = sum(ledger.expire(*limit) for limit in argument.items())
                assert await store.expire(argument) == gone
            else:
                for point in argument:
                    ledger.write(*point)
                others = [store.merge()] if kind == "write while merging" else []
                await asyncio.gather(*others, store.write(argument))
            await compare(store, ledger)
        for query in asked:
            await ask(store, ledger, query)
        assert store.counters.damaged == 0
    finally:
        await store.close()


@example(
    history=[
        ("write", [(1, 0, 0.0), (1, 14, 0.0)]),
        ("merge", None),
        ("write", [(1, 13, 1.0)]),
    ],
    asked=[(1, 0, 15, 14, 1, Aggregation.LAST, 0, False)],
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(history=steps, asked=queries)
def test_the_store_answers_like_a_list(history: list[tuple[str, Any]], asked: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(live(Path(name), history, asked))
