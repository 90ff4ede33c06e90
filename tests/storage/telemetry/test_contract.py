"""What `core.points.Telemetry` promises, tried on the store: from the log alone, and again from blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from rookery.core.points import Aggregation, Bin, Point, StoreRefused, Telemetry, Value
from rookery.storage.telemetry import TelemetryStore
from rookery.storage.telemetry.rounds import OLDEST_SECONDS, WORTH
from rookery.storage.telemetry.store import MERGE_AGE
from tests.fakes import ManualClock
from tests.storage.telemetry.conftest import OpenStore
from tests.storage.telemetry.ledger import told

ALL = (-(2**62), 2**62)

EXACT: dict[str, list[Value]] = {
    "floats": [1.5, -0.0, 0.0, 5e-324, 1.7976931348623157e308, 0.1],
    "integers": [0, -1, 2**53 + 1, 2**63 - 1, -(2**63)],
    "booleans": [True, False, True],
    "numbers of all types": [1, 1.0, True, -0.0, 2**53, False],
    "large integers beside floats": [2**53 + 1, 1.5],
    "integers beyond 64 bits": [2**64, -(2**70), 1],
    "text": ["", "on", "π ☃", "\x00", "x" * 1000],
    "text that is no text": ["\ud800", "ok"],
    "objects": [{"lat": 1.5, "lon": -2}, {"on": True, "name": "x", "big": 2**70}],
    "everything": [1, 1.5, False, "x", {"a": 1}, 2**80],
}


class Producer:
    """Remembers what came back."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.reasons: list[str] = []
        self.calls = 0
        self.changed = asyncio.Event()

    def committed(self, tickets: list[int]) -> None:
        self.done += tickets
        self.calls += 1
        self.changed.set()

    def refused(self, tickets: list[int], reason: str) -> None:
        self.reasons += [reason] * len(tickets)
        self.changed.set()

    def send(self, store: Telemetry, ticket: int, *points: tuple[int, int, Value]) -> None:
        batch = store.batch
        for series, time, value in points:
            batch.series.append(series)
            batch.times.append(time)
            batch.values.append(value)
        batch.tickets[self].append(ticket)
        store.touch()


Again = Callable[[TelemetryStore], Awaitable[TelemetryStore]]


@pytest.fixture(params=["log", "blocks", "replayed log", "replayed blocks"])
def again(request: pytest.FixtureRequest, open_store: OpenStore) -> Again:
    """Brings what was written to another place: it must not matter where a point is."""

    async def move(store: TelemetryStore) -> TelemetryStore:
        if "blocks" in request.param:
            await store.merge()
        if "replayed" in request.param:
            await store.close()
            return await open_store()
        return store

    return move


async def test_tickets_come_back_once_in_order_after_the_commit(store: TelemetryStore) -> None:
    producer, other = Producer(), Producer()
    for ticket in range(10):
        (producer if ticket % 2 else other).send(store, ticket, (1, ticket, ticket))
    await asyncio.gather(producer.changed.wait(), other.changed.wait())
    assert (producer.done, other.done) == ([1, 3, 5, 7, 9], [0, 2, 4, 6, 8])
    assert producer.calls == 1
    assert await store.count(1, *ALL) == 10


async def test_a_batch_is_replaced_when_it_is_handed_over(store: TelemetryStore) -> None:
    first = store.batch
    await store.write([(1, 1, 1)])
    assert store.batch is not first
    assert store.batch.series == []


async def test_a_producer_that_fails_costs_nobody_else_the_tickets(
    store: TelemetryStore, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Producer):
        def committed(self, tickets: list[int]) -> None:
            raise RuntimeError("gone")

    good = Producer()
    Broken().send(store, 1, (1, 1, 1))
    good.send(store, 2, (1, 2, 2))
    await good.changed.wait()
    assert good.done == [2]
    assert "gone" in caplog.text


@pytest.mark.parametrize("name", EXACT)
async def test_values_keep_their_type_exactly(store: TelemetryStore, again: Again, name: str) -> None:
    values = EXACT[name]
    await store.write([(1, time, value) for time, value in enumerate(values)])
    store = await again(store)
    points = [Point(time, value) for time, value in enumerate(values)]
    assert told(await store.read(1, *ALL, 100)) == told(points)
    assert told([(await store.last([1]))[1]]) == told(points[-1:])
    assert told(await store.sample(1, *ALL, 1)) == told(points)


async def test_points_of_one_microsecond_follow_each_other(store: TelemetryStore, again: Again) -> None:
    await store.write([(1, 10, "a"), (1, 12, "b"), (1, 10, "c")])
    store = await again(store)
    await store.write([(1, 10, "d"), (1, 11, "e"), (1, 9, "f")])
    times = [(9, "f"), (10, "a"), (11, "c"), (12, "b"), (13, "d"), (14, "e")]
    assert await store.read(1, *ALL, 100) == times
    assert await store.last([1]) == {1: (14, "e")}


async def test_a_thousand_points_of_one_moment_are_all_kept(store: TelemetryStore, again: Again) -> None:
    for part in range(4):
        await store.write([(1, 7, part * 500 + number) for number in range(500)])
        store = await again(store)
    assert await store.read(1, *ALL, 10_000) == [(7 + number, number) for number in range(2_000)]


async def test_back_dated_points_go_where_they_belong(store: TelemetryStore, again: Again) -> None:
    await store.write([(1, time, float(time)) for time in range(0, 5_000, 2)])
    store = await again(store)
    await store.write([(1, time, float(time)) for time in range(4_999, -1, -2)])
    store = await again(store)
    assert await store.read(1, *ALL, 10_000) == [(time, float(time)) for time in range(5_000)]
    assert await store.count(1, 100, 4_000) == 3_900
    assert await store.last([1]) == {1: (4_998 + 1, 4_999.0)}


async def test_an_import_from_newest_to_oldest_fills_blocks(store: TelemetryStore, tmp_path: Path) -> None:
    for begin in range(9_000, -1, -1_000):
        await store.write([(1, time, time) for time in range(begin + 999, begin - 1, -1)])
        await store.merge()
    assert await store.read(1, *ALL, 20_000) == [(time, time) for time in range(10_000)]
    assert blocks_in(tmp_path) <= 10


def blocks_in(folder: Path) -> int:
    import sqlite3

    connection = sqlite3.connect(folder / "telemetry.db")
    try:
        return int(connection.execute("SELECT count(*) FROM block").fetchone()[0])
    finally:
        connection.close()


async def test_times_without_sense_are_kept_at_the_limit(store: TelemetryStore, again: Again) -> None:
    await store.write([(1, 2**63, 1), (1, 2**200, 2), (1, -(2**63) - 1, 3), (1, 5, 4)])
    store = await again(store)
    assert await store.read(1, -(2**63), 2**63 - 1, 10) == [(-(2**62), 3), (5, 4), (2**62, 1), (2**62 + 1, 2)]


async def test_a_value_that_is_none_is_refused_with_its_batch_only(store: TelemetryStore) -> None:
    with pytest.raises(StoreRefused, match="can not be stored"):
        await store.write([(1, 1, object())])  # type: ignore[list-item]
    await store.write([(1, 2, 2)])
    assert await store.read(1, *ALL, 10) == [(2, 2)]


class TestLast:
    async def test_is_the_newest_by_time_not_by_arrival(self, store: TelemetryStore, again: Again) -> None:
        await store.write([(1, 100, "new"), (1, 50, "old"), (2, 5, 1)])
        store = await again(store)
        await store.write([(1, 70, "older"), (2, 6, 2)])
        store = await again(store)
        assert await store.last([1, 2, 3]) == {1: (100, "new"), 2: (6, 2)}

    async def test_of_a_negative_series_has_no_history(self, store: TelemetryStore, again: Again) -> None:
        await store.write([(-4, 10, "a"), (-4, 9, "too old")])
        store = await again(store)
        assert await store.last([4]) == {4: (10, "a")}
        assert await store.last([-4]) == {-4: (10, "a")}
        await store.write([(-4, 10, "b")])
        store = await again(store)
        assert await store.last([4]) == {4: (11, "b")}
        assert await store.read(4, *ALL, 10) == []
        assert await store.count(4, *ALL) == 0

    async def test_is_shared_by_a_series_with_and_without_history(self, store: TelemetryStore, again: Again) -> None:
        await store.write([(4, 10, "kept"), (-4, 20, "not kept"), (4, 15, "kept too")])
        store = await again(store)
        assert await store.last([4]) == {4: (20, "not kept")}
        assert await store.read(4, *ALL, 10) == [(10, "kept"), (15, "kept too")]
        await store.write([(4, 20, "at once")])
        store = await again(store)
        assert await store.last([4]) == {4: (20, "at once")}

    async def test_of_many_series_comes_from_memory_and_file(self, open_store: OpenStore) -> None:
        store = await open_store()
        await store.write([(series, series, series) for series in range(1, 2_001)])
        await store.merge()
        await store.close()
        store = await open_store()
        await store.write([(series, 10_000, "new") for series in range(1, 2_001, 2)])
        expected = {series: ((10_000, "new") if series % 2 else (series, series)) for series in range(1, 2_001)}
        assert await store.last(range(1, 2_500)) == expected


class TestReading:
    async def test_a_range_has_its_start_and_not_its_end(self, store: TelemetryStore, again: Again) -> None:
        await store.write([(1, time, time) for time in range(10)])
        store = await again(store)
        assert await store.read(1, 3, 6, 100) == [(3, 3), (4, 4), (5, 5)]
        assert await store.read(1, 3, 3, 100) == []
        assert await store.read(1, 6, 3, 100) == []
        assert await store.read(2, *ALL, 100) == []
        assert await store.count(1, 3, 6) == 3
        assert await store.count(1, 6, 3) == 0

    @pytest.mark.parametrize("limit", [0, 1, 3, 2_499, 2_500, 5_000])
    async def test_pages_in_both_directions(self, store: TelemetryStore, again: Again, limit: int) -> None:
        await store.write([(1, time * 2, time) for time in range(2_000)])
        store = await again(store)
        await store.write([(1, time * 8 + 1, -time) for time in range(500)])
        points = sorted([(time * 2, time) for time in range(2_000)] + [(time * 8 + 1, -time) for time in range(500)])
        assert await store.read(1, *ALL, limit) == points[:limit]
        assert await store.read(1, *ALL, limit, descending=True) == points[::-1][:limit]

    async def test_bins_are_aligned_to_their_origin(self, store: TelemetryStore, again: Again) -> None:
        await store.write([(1, time, float(time)) for time in (-7, -1, 0, 4, 9, 30)])
        store = await again(store)
        kind = Aggregation.SUM
        assert await store.aggregate(1, *ALL, 10, kind) == [Bin(-10, -8.0), Bin(0, 13.0), Bin(30, 30.0)]
        assert await store.aggregate(1, -5, 9, 10, kind) == [Bin(-10, -1.0), Bin(0, 4.0)]
        assert await store.aggregate(1, *ALL, 10, kind, origin=4) == [
            Bin(-16, -7.0),
            Bin(-6, -1.0),
            Bin(4, 13.0),
            Bin(24, 30.0),
        ]
        assert await store.sample(1, *ALL, 10) == [(-1, -1.0), (9, 9.0), (30, 30.0)]
        assert await store.sample(1, -5, 9, 10, origin=4) == [(0, 0.0), (4, 4.0)]

    async def test_text_does_not_count(self, store: TelemetryStore, again: Again) -> None:
        await store.write([(1, 1, "x"), (1, 2, 4), (1, 3, {"a": 1}), (1, 4, True), (1, 25, "y")])
        store = await again(store)
        assert await store.aggregate(1, *ALL, 10, Aggregation.COUNT) == [Bin(0, 2.0)]
        assert await store.aggregate(1, *ALL, 10, Aggregation.AVG) == [Bin(0, 2.5)]
        assert await store.sample(1, *ALL, 10) == [(4, True), (25, "y")]

    @pytest.mark.parametrize("interval", [0, -1])
    async def test_an_interval_is_positive(self, store: TelemetryStore, interval: int) -> None:
        with pytest.raises(ValueError, match="interval"):
            await store.aggregate(1, 0, 10, interval, Aggregation.AVG)
        with pytest.raises(ValueError, match="interval"):
            await store.sample(1, 0, 10, interval)


class TestDelete:
    async def test_forgets_history_and_last_value(self, store: TelemetryStore, again: Again) -> None:
        await store.write([(1, 1, 1), (2, 2, 2), (-3, 3, 3)])
        store = await again(store)
        await store.delete([1, 3, 9])
        store = await again(store)
        assert await store.last([1, 2, 3]) == {2: (2, 2)}
        assert await store.read(1, *ALL, 10) == []
        await store.write([(1, 1, "anew")])
        store = await again(store)
        assert await store.read(1, *ALL, 10) == [(1, "anew")]

    async def test_takes_what_was_handed_in_before(self, store: TelemetryStore) -> None:
        producer = Producer()
        producer.send(store, 1, (1, 1, 1), (2, 2, 2))
        await store.delete([1])
        assert producer.done == [1]
        assert await store.last([1, 2]) == {2: (2, 2)}

    async def test_works_in_the_midst_of_a_merge(self, store: TelemetryStore) -> None:
        await store.write([(series, time, time) for series in range(1, 40) for time in range(100)])
        await asyncio.gather(store.merge(), store.delete(range(1, 40, 2)))
        assert await store.last(range(1, 40)) == dict.fromkeys(range(2, 40, 2), (99, 99))
        await store.merge()
        assert [await store.count(series, *ALL) for series in (1, 2, 39)] == [0, 100, 0]


async def test_points_are_merged_by_age(store: TelemetryStore, clock: ManualClock, tmp_path: Path) -> None:
    """Soon when each series has enough to be worth rewriting its block, else after hours."""
    await store.write([(1, time, time) for time in range(WORTH)])
    clock.turn(MERGE_AGE - 1)
    await store.write([(2, time, time) for time in range(WORTH)])
    assert blocks_in(tmp_path) == 0
    clock.turn(2)
    await store.delete([9])  # behind the merge in the queue of the writer
    await store.merge()
    assert blocks_in(tmp_path) == 2
    assert (store.counters.merged, store.counters.rounds) == (2 * WORTH, 1)
    await store.write([(1, 100, 100), (2, 100, 100)])
    clock.turn(MERGE_AGE)
    await store.delete([9])
    assert store.counters.rounds == 1
    clock.turn(OLDEST_SECONDS)
    await store.delete([9])
    await store.merge()
    assert (store.counters.merged, store.counters.rounds) == (2 * WORTH + 2, 2)


async def test_reading_and_writing_go_on_while_points_are_merged(open_store: OpenStore) -> None:
    """Every read sees all that was acknowledged before it, in order, once."""
    store = await open_store()
    acknowledged = 0
    reads = 0
    merges: list[asyncio.Task[None]] = []

    async def write() -> None:
        nonlocal acknowledged
        for begin in range(0, 20_000, 250):
            await store.write([(1, time, time) for time in range(begin, begin + 250)])
            acknowledged = begin + 250
            if acknowledged % 2_000 == 0:
                merges.append(asyncio.create_task(store.merge()))

    async def look() -> None:
        nonlocal reads
        while acknowledged < 20_000:
            before = acknowledged
            points = await store.read(1, *ALL, 100_000)
            assert points == [(time, time) for time in range(len(points))]
            assert len(points) >= before
            count = await store.count(1, *ALL)
            assert count >= len(points)
            total = await store.aggregate(1, 0, before + 1, 10**9, Aggregation.COUNT)
            assert sum(bin_.value for bin_ in total) in (before, before + 1)
            reads += 1

    await asyncio.gather(write(), look(), look())
    await asyncio.gather(*merges)
    await store.merge()
    assert reads >= 2
    assert store.counters.rounds >= 2
    assert store.counters.merged == 20_000
    assert await store.count(1, *ALL) == 20_000


async def test_closing_commits_what_is_open(open_store: OpenStore) -> None:
    store = await open_store()
    producer = Producer()
    producer.send(store, 1, (1, 1, 1))
    await store.close()
    assert producer.done == [1]
    store = await open_store()
    assert await store.read(1, *ALL, 10) == [(1, 1)]


async def test_a_closed_store_refuses(open_store: OpenStore) -> None:
    store = await open_store()
    await store.close()
    await store.close()
    producer = Producer()
    producer.send(store, 1, (1, 1, 1))
    await producer.changed.wait()
    assert producer.reasons == ["the store is closed"]
    for work in (store.write([(1, 1, 1)]), store.read(1, 0, 1, 1), store.delete([1]), store.merge()):
        with pytest.raises(StoreRefused, match="closed"):
            await work


async def test_percentiles_between_the_largest_numbers(store: TelemetryStore) -> None:
    """Their difference is more than a number can say."""
    most = 1.7e308
    await store.write([(1, time, value) for time, value in enumerate((-most, -most, most, most, most))])
    told = {
        wanted: (await store.aggregate(1, 0, 10, 10, wanted))[0].value
        for wanted in (Aggregation.PCT_50, Aggregation.PCT_5, Aggregation.PCT_99)
    }
    assert told == {Aggregation.PCT_50: most, Aggregation.PCT_5: -most, Aggregation.PCT_99: most}
    await store.write([(1, 10, -most), (1, 11, most)])
    assert await store.aggregate(1, 10, 20, 10, Aggregation.PCT_50) == [(10, 0.0)]
    await store.write([(1, 20, -most), (1, 21, most), (1, 22, most)])
    assert await store.aggregate(1, 20, 30, 10, Aggregation.PCT_50) == [(20, most)]
