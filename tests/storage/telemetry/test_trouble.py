"""A disk that is full or broken, data that is damaged: one clear refusal, reads go on, and then it works again."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from pathlib import Path

import pytest

from rookery.core.points import Aggregation, StoreRefused
from rookery.storage.telemetry import TelemetryFileError, TelemetryStore, merge
from rookery.storage.telemetry import store as store_module
from rookery.storage.telemetry.checking import check
from rookery.storage.telemetry.commitlog import CommitLog
from rookery.storage.telemetry.room import LOOK_SECONDS, NEARLY_FULL
from rookery.storage.telemetry.rounds import RETRY_SECONDS
from tests.fakes import ManualClock
from tests.storage.telemetry.conftest import OpenStore
from tests.storage.telemetry.crasher import point
from tests.storage.telemetry.faults import Failing, watched
from tests.storage.telemetry.ledger import Ledger, told
from tests.storage.telemetry.test_contract import Producer

ALL = (-(2**62), 2**62)
COLUMNS = ("last", "points", "kind", "numbers", "low", "total", "closing", "checksum", "data")
"""Of a block, that can be something else than they should."""


class Quota:
    """A disk with so many pages."""

    def __init__(self) -> None:
        self.pages = 2**30

    def connect(self, path: Path) -> sqlite3.Connection:
        quota = self

        class Limited(sqlite3.Connection):
            def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
                super().execute(f"PRAGMA max_page_count = {quota.pages}")
                return super().execute(sql, *arguments)  # type: ignore[arg-type]

        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Limited)


async def test_a_full_disk_refuses_reads_on_and_recovers(open_store: OpenStore) -> None:
    quota = Quota()
    store = await open_store(connect=quota.connect)
    await store.write([(1, 1, "kept")])
    quota.pages = 20
    large = random.Random(1).randbytes(500_000).hex()
    producer = Producer()
    producer.send(store, 7, (1, 2, large))
    await producer.changed.wait()
    assert (producer.done, producer.reasons) == ([], ["the disk is full"])
    with pytest.raises(StoreRefused, match="the disk is full"):
        await store.write([(1, 3, large)])
    assert await store.read(1, *ALL, 10) == [(1, "kept")]
    assert await store.last([1]) == {1: (1, "kept")}
    assert store.counters.refused == 2
    quota.pages = 2**30
    await store.write([(1, 4, large)])
    assert await store.count(1, *ALL) == 2


async def test_a_merge_that_finds_no_room_is_tried_again(
    open_store: OpenStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    quota = Quota()
    store = await open_store(connect=quota.connect)
    ledger = Ledger()
    source = random.Random(2)
    rows = [(series, time, source.random()) for series in range(1, 60) for time in range(500)]
    for row in rows:
        ledger.write(*row)
    for begin in range(0, len(rows), 5_000):
        await store.write(rows[begin : begin + 5_000])
    # A disk may be full for long: its log is not read anew each time.
    monkeypatch.setattr(CommitLog, "replay", lambda *_: pytest.fail("the log was read again"))
    quota.pages = 1  # SQLite takes it for as many as there are
    with pytest.raises(StoreRefused, match="the disk is full"):
        await store.merge()
    assert told(await store.read(30, *ALL, 10_000)) == told(ledger.read(30, *ALL))
    quota.pages = 2**30
    clock.turn(RETRY_SECONDS)
    await store.merge()
    for series in (1, 30, 59):
        assert told(await store.read(series, *ALL, 10_000)) == told(ledger.read(series, *ALL))


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("disk I/O error", Failing.CHANGES),
        ("database or disk is full", Failing.CHANGES),
        ("disk I/O error", Failing.READS),
    ],
    ids=["broken", "full", "unreadable"],
)
async def test_any_statement_may_fail(tmp_path: Path, message: str, words: tuple[str, ...]) -> None:
    """The n-th statement fails, for every n of a history until it passes the end: what was acknowledged is there."""
    number = 0
    while True:
        number += 1
        path = tmp_path / f"{number}.db"
        failing = Failing(message, number, words)
        store = TelemetryStore(path, ManualClock(), connect=watched(failing), merge_points=40, synchronous="OFF")
        await store.open()
        failing.armed = True
        ledger = Ledger()
        for first in range(0, 120, 20):
            rows = [point(k) for k in range(first, first + 20)]
            try:
                await store.write(rows)
            except StoreRefused:
                continue
            for row in rows:
                ledger.write(*row)
        for _ in range(2):
            try:
                await store.merge()
            except StoreRefused:
                assert failing.failed
        for reopened in (False, True):
            if reopened:
                await store.close()
                store = TelemetryStore(path, ManualClock(), synchronous="OFF")
                await store.open()
            for series in range(1, 8):
                assert told(await store.read(series, *ALL, 1_000)) == told(ledger.read(series, *ALL)), number
                assert (await store.last([series]))[series] == ledger.last[series]
        await store.close()
        if not failing.failed:
            break
    assert number > 20


@pytest.mark.parametrize("statement", ["BEGIN", "SELECT", "COMMIT"])
async def test_reading_goes_on_after_the_disk_failed(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    failing = False

    class Broken(sqlite3.Connection):
        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:
            if failing and sql.startswith(statement):
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(store_module, "READERS", 1)
    store = await open_store(
        connect=lambda path: sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Broken)
    )
    await store.write([(1, 1, 1)])
    await store.merge()
    failing = True
    with pytest.raises(sqlite3.Error):
        await store.read(1, *ALL, 10)
    failing = False
    assert await store.read(1, *ALL, 10) == [(1, 1)]
    assert await store.count(1, *ALL) == 1


@pytest.mark.parametrize("late", [False, True], ids=["in order", "late"])
async def test_what_is_written_although_the_disk_says_no_is_there_once(tmp_path: Path, late: bool) -> None:
    """The n-th statement is carried out and fails all the same, as when a flush does: nothing is there twice, nothing
    is missing, and the next writes are taken."""
    number = 0
    while True:
        number += 1
        path = tmp_path / f"{number}.db"
        failing = Failing("disk I/O error", number, Failing.CHANGES)
        connect = watched(failing, after=True)
        store = TelemetryStore(path, ManualClock(), connect=connect, merge_points=40, synchronous="OFF")
        await store.open()
        await store.write([(series, 5_000 * late, -1) for series in range(5)])
        failing.armed = True
        stored: dict[int, int] = {}
        refused: dict[int, int] = {}
        for first in range(1, 201, 20):
            rows = {k: k for k in range(first, first + 20)}
            try:
                await store.write([(k % 5, k, k) for k in rows])
                stored |= rows
            except StoreRefused:
                refused |= rows
            if first == 101:
                with contextlib.suppress(StoreRefused):
                    await store.merge()
        assert len(refused) <= 20, number
        await store.merge()
        for reopened in (False, True):
            if reopened:
                await store.close()
                store = TelemetryStore(path, ManualClock(), synchronous="OFF")
                await store.open()
            there = [point for series in range(5) for point in await store.read(series, *ALL, 1_000)]
            found = {time: value for time, value in there if value != -1}
            assert len(there) == len(found) + 5, number
            assert stored.items() <= found.items() <= (stored | refused).items(), number
        await store.close()
        assert check(path).damages == []
        if not failing.failed:
            break
    assert number > 30


async def test_a_disk_that_stands_still_does_not_fill_memory(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    gate = threading.Event()
    stuck = threading.Event()

    def watch(sql: str) -> None:
        if sql.startswith("INSERT INTO log") and not gate.is_set():
            stuck.set()
            gate.wait(30)

    monkeypatch.setattr(store_module, "MOST_OPEN", 100)
    store = await open_store(connect=watched(watch))
    first, second = Producer(), Producer()
    first.send(store, 0, (1, 0, 0))
    await asyncio.to_thread(stuck.wait, 30)
    for ticket in range(1, 150):
        second.send(store, ticket, (1, ticket, ticket))
    assert len(second.reasons) == 101
    assert set(second.reasons) == {"the disk does not keep up"}
    gate.set()
    while len(second.done) + len(second.reasons) < 149:
        second.changed.clear()
        await second.changed.wait()
    assert first.done == [0]
    assert await store.count(1, *ALL) == 1 + len(second.done)


class TestDamage:
    @pytest.fixture(autouse=True)
    def small_blocks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The points of these tests follow each other fast, and should be in two blocks."""
        monkeypatch.setattr(merge, "FAST_BLOCKS", 1)

    async def prepared(self, open_store: OpenStore, path: Path, change: str) -> None:
        store = await open_store()
        await store.write([(1, time, time / 4) for time in range(3_000)] + [(2, 1, "whole")])
        await store.merge()
        await store.write([(1, 5_000, 0.5)])
        await store.write([(1, 5_001, 0.75)])
        await store.close()
        connection = sqlite3.connect(path / "telemetry.db")
        with connection:
            assert connection.execute(change).rowcount == 1
        connection.close()

    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE block SET times = CAST(times || x'00' AS BLOB) WHERE series = 1 AND first = 0",
            "UPDATE block SET data = zeroblob(length(data)) WHERE series = 1 AND first = 0",
            "UPDATE block SET times = zeroblob(length(times)) WHERE series = 1 AND first = 0",
            "UPDATE block SET total = total + 1 WHERE series = 1 AND first = 0",
            # A bit in the head of a row changes what its columns are.
            *(f"UPDATE block SET {column} = 'x' WHERE series = 1 AND first = 0" for column in COLUMNS),
        ],
        ids=["times", "data", "no times at all", "summary", *(f"no {column}" for column in COLUMNS)],
    )
    async def test_a_damaged_block_costs_that_block(
        self, open_store: OpenStore, tmp_path: Path, change: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        await self.prepared(open_store, tmp_path, change)
        store = await open_store()
        points = await store.read(1, *ALL, 10_000)
        assert points == [(time, time / 4) for time in range(1_500, 3_000)] + [(5_000, 0.5), (5_001, 0.75)]
        assert await store.aggregate(1, 10, 1_600, 200, Aggregation.MIN) == [(1_400, 375.0)]
        assert await store.bins(1, [10, 1_600, 1_700], Aggregation.COUNT) == [(10, 100.0), (1_600, 100.0)]
        assert await store.count(1, 10, 1_600) == 100
        assert (await store.thin(1, 10, 1_600, 100))[0] == (1_500, 375.0)
        assert await store.sample(1, 10, 1_600, 400) == [(1_599, 399.75)]
        assert "damaged" in caplog.text
        # A point that belongs into it is kept, and the damaged block is set aside, not thrown away.
        await store.write([(1, 700, "new")])
        assert await store.count(1, 10, 1_600) == 101
        await store.merge()
        assert (await store.read(1, *ALL, 2)) == [(700, "new"), (1_500, 375.0)]
        assert await store.read(2, *ALL, 10) == [(1, "whole")]
        assert store.counters.damaged == 1
        await store.close()
        connection = sqlite3.connect(tmp_path / "telemetry.db")
        assert connection.execute("SELECT source, series, first FROM damaged").fetchall() == [("block", 1, 0)]
        connection.close()
        assert [damage.source for damage in check(tmp_path / "telemetry.db").damages] == ["set aside"]

    @pytest.mark.parametrize(
        "change",
        [f"UPDATE last SET {what} WHERE series = 1" for what in ("value = x'c1'", "time = 'x'", "newest = 'x'")],
        ids=["value", "time", "newest"],
    )
    async def test_a_damaged_last_value_costs_nothing_of_the_history(
        self, open_store: OpenStore, tmp_path: Path, change: str
    ) -> None:
        await self.prepared(open_store, tmp_path, change)
        store = await open_store()
        assert await store.last([1, 2]) == {1: (5_001, 0.75), 2: (1, "whole")}
        await store.write([(1, 2_999, "late")])
        assert (await store.read(1, 2_999, 6_000, 10)) == [
            (2_999, 2_999 / 4),
            (3_000, "late"),
            (5_000, 0.5),
            (5_001, 0.75),
        ]
        assert store.counters.damaged == 0
        await store.merge()
        assert await store.count(1, *ALL) == 3_003

    async def test_a_last_value_that_is_damaged_is_that_of_the_newest_block(
        self, open_store: OpenStore, tmp_path: Path
    ) -> None:
        await self.prepared(open_store, tmp_path, "UPDATE last SET value = x'c1' WHERE series = 2")
        store = await open_store()
        assert await store.last([1, 2]) == {1: (5_001, 0.75), 2: (1, "whole")}

    async def test_a_sample_whose_newest_block_is_damaged_comes_from_the_one_before(
        self, open_store: OpenStore, tmp_path: Path
    ) -> None:
        store = await open_store()
        await store.write([(1, time, f"{time}") for time in range(3_000)])
        await store.merge()
        assert await store.sample(1, 0, 4_000, 4_000) == [(2_999, "2999")]
        await store.close()
        connection = sqlite3.connect(tmp_path / "telemetry.db")
        with connection:
            connection.execute("UPDATE block SET data = zeroblob(length(data)) WHERE first = 1500")
        connection.close()
        store = await open_store()
        assert await store.sample(1, 0, 4_000, 4_000) == [(1_499, "1499")]

    async def test_a_damaged_row_of_the_log_costs_that_row(
        self, open_store: OpenStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        await self.prepared(
            open_store, tmp_path, "UPDATE log SET checksum = checksum + 1 WHERE id = (SELECT min(id) FROM log)"
        )
        store = await open_store()
        assert await store.read(1, 3_000, 10_000, 10) == [(5_001, 0.75)]
        assert "damaged" in caplog.text
        await store.write([(1, 5_000, "again")])
        await store.close()
        store = await open_store()
        assert await store.read(1, 3_000, 10_000, 10) == [(5_000, "again"), (5_001, 0.75)]
        assert store.counters.damaged == 0


async def test_a_row_that_memory_can_not_take_does_not_stop_the_store(
    open_store: OpenStore, caplog: pytest.LogCaptureFixture
) -> None:
    """A series beyond 64 bits is an error of ours; it costs its batch, and the next start is not in its way."""
    store = await open_store()
    with pytest.raises(StoreRefused, match="the store failed"):
        await store.write([(2**63, 1, 1)])
    await store.write([(1, 1, 1)])
    assert await store.read(1, *ALL, 10) == [(1, 1)]
    assert "set aside" in caplog.text
    await store.close()
    store = await open_store()
    assert await store.read(1, *ALL, 10) == [(1, 1)]


async def test_a_file_that_can_not_be_read_at_start_is_one_clear_error(tmp_path: Path, open_store: OpenStore) -> None:
    store = await open_store()
    await store.write([(1, 1, 1)])
    await store.close()
    failing = Failing("disk I/O error", 1, ("SELECT id, data",))
    failing.armed = True
    broken = TelemetryStore(tmp_path / "telemetry.db", ManualClock(), connect=watched(failing))
    with pytest.raises(TelemetryFileError, match="disk I/O error"):
        await broken.open()
    store = await open_store()
    assert await store.read(1, *ALL, 10) == [(1, 1)]


async def test_a_disk_that_is_nearly_full_refuses_before_it_is_and_recovers(
    open_store: OpenStore, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    left = [1_000]
    store = await open_store(reserve=500, free=lambda _path: left[0])
    await store.write([(1, 1, "kept")])
    left[0] = 499
    await store.write([(1, 2, "kept too")])  # it is looked once a second
    clock.turn(LOOK_SECONDS)
    producer = Producer()
    producer.send(store, 7, (1, 3, "refused"))
    await producer.changed.wait()
    assert (producer.done, producer.reasons) == ([], [NEARLY_FULL])
    with pytest.raises(StoreRefused, match=NEARLY_FULL):
        await store.write([(1, 3, "refused")])
    assert store.trouble == NEARLY_FULL
    assert [value for _, value in await store.read(1, *ALL, 10)] == ["kept", "kept too"]
    await store.merge()
    left[0] = 501  # a little more than the reserve is not enough: it would change with every write
    clock.turn(LOOK_SECONDS)
    with pytest.raises(StoreRefused):
        await store.write([(1, 3, "refused")])
    left[0] = 551
    clock.turn(LOOK_SECONDS)
    await store.write([(1, 4, "kept again")])
    assert store.trouble is None
    assert [record.levelname for record in caplog.records] == ["ERROR", "WARNING"]


async def test_room_that_can_not_be_seen_counts_as_it_was(open_store: OpenStore, clock: ManualClock) -> None:
    def broken(_path: Path) -> int:
        raise OSError("no such device")

    store = await open_store(reserve=500, free=broken)
    await store.write([(1, 1, "kept")])
    assert await store.count(1, *ALL) == 1
