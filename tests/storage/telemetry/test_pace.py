"""Slow series and fast ones: when they are merged, how their rows of the log and their blocks are shaped."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from rookery.core.points import StoreRefused
from rookery.storage.telemetry import TelemetryStore, blocks, commitlog, merge, rounds
from rookery.storage.telemetry.rounds import MOST_WAITING, WORTH
from tests.fakes import ManualClock
from tests.storage.telemetry.conftest import OpenStore
from tests.storage.telemetry.ledger import Ledger, told
from tests.storage.telemetry.test_contract import blocks_in

ALL = (-(2**62), 2**62)
FOLD = 8


@pytest.fixture(autouse=True)
def small_folds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commitlog, "FOLD_ROWS", FOLD)


def log_rows(folder: Path) -> list[int]:
    with sqlite3.connect(folder / "telemetry.db") as connection:
        return [row for (row,) in connection.execute("SELECT id FROM log ORDER BY id")]


async def settled(store: TelemetryStore) -> None:
    """The writer has done what it does by itself: an order waits behind a step at most, so a few see all of them."""
    for _ in range(5):
        await store.delete([99])


async def written(store: TelemetryStore, ledger: Ledger, count: int, begin: int = 0) -> None:
    for number in range(begin, begin + count):
        # Every third claims the time of the one before, and some are late: their order in the log counts.
        row = (number % 2 + 1, (number - number % 3) * 10, float(number))
        ledger.write(*row)
        await store.write([row])


async def compare(store: TelemetryStore, ledger: Ledger) -> None:
    for series in (1, 2):
        assert told(await store.read(series, *ALL, 10_000)) == told(ledger.read(series, *ALL))


async def test_lone_rows_of_the_log_are_folded(store: TelemetryStore, tmp_path: Path, clock: ManualClock) -> None:
    ledger = Ledger()
    await written(store, ledger, 3 * FOLD + 2)
    await settled(store)
    assert log_rows(tmp_path) == [FOLD, 2 * FOLD, 3 * FOLD, 3 * FOLD + 1, 3 * FOLD + 2]
    await compare(store, ledger)
    await store.close()
    again = TelemetryStore(tmp_path / "telemetry.db", clock)
    await again.open()
    await compare(again, ledger)
    await again.merge()
    await compare(again, ledger)
    await again.close()


async def test_what_is_in_blocks_already_is_not_folded_in(
    store: TelemetryStore, tmp_path: Path, clock: ManualClock
) -> None:
    """A round that broke off after the first of two series leaves rows of which half is merged."""
    ledger = Ledger()
    await written(store, ledger, FOLD - 2)
    rounds = store._writer._rounds
    real, calls = rounds._merge, []

    def broken(run: object) -> object:
        calls.append(run)
        if len(calls) == 2:
            raise OSError("the disk is gone")
        yield from real(run)  # type: ignore[arg-type]
        rounds.flush()

    rounds._merge = broken  # type: ignore[method-assign,assignment]
    with pytest.raises(StoreRefused):
        await store.merge()
    rounds._merge = real  # type: ignore[method-assign]
    assert blocks_in(tmp_path) == 1
    await written(store, ledger, 4, FOLD - 2)
    await settled(store)
    assert log_rows(tmp_path)[0] == FOLD
    await compare(store, ledger)
    await store.close()
    again = TelemetryStore(tmp_path / "telemetry.db", clock)
    await again.open()
    await compare(again, ledger)
    assert again._memory.points < FOLD + 2
    await again.close()


async def test_a_deleted_series_does_not_come_back_by_folding(
    store: TelemetryStore, tmp_path: Path, clock: ManualClock
) -> None:
    await store.write([(7, 1, 1)])
    await store.delete([7])
    await written(store, Ledger(), FOLD)
    await settled(store)
    assert log_rows(tmp_path)[0] == FOLD
    await store.close()
    again = TelemetryStore(tmp_path / "telemetry.db", clock)
    await again.open()
    assert await again.last([7]) == {}
    assert await again.count(7, *ALL) == 0
    await again.close()


async def test_the_first_merge_lets_commits_pass_while_its_libraries_load(
    store: TelemetryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, loaded = threading.Event(), threading.Event()

    def slowly() -> None:
        loading.set()
        assert loaded.wait(20)

    monkeypatch.setattr(blocks, "warm", slowly)
    await store.write([(1, 1, 1)])
    merge_order = asyncio.create_task(store.merge())
    assert await asyncio.to_thread(loading.wait, 20)
    await store.write([(1, 2, 2)])
    assert (store.counters.rounds, merge_order.done()) == (0, False)
    loaded.set()
    await merge_order
    assert store.counters.merged == 2


async def test_large_rows_are_left_as_they_are(
    store: TelemetryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commitlog, "FOLD_BYTES", 100)
    for number in range(FOLD):
        await store.write([(1, number, "a text of some length")])
    await settled(store)
    assert log_rows(tmp_path) == list(range(1, FOLD + 1))


async def test_large_texts_are_large_rows_however_small_they_are_kept(store: TelemetryStore, tmp_path: Path) -> None:
    for number in range(2 * FOLD):
        await store.write([(1, number, "again and " * 50_000)])
    await settled(store)
    assert len(log_rows(tmp_path)) == 2 * FOLD


async def test_texts_are_merged_by_their_own_length(
    store: TelemetryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What they are compressed to says nothing of the memory that they take."""
    monkeypatch.setattr(rounds, "MERGE_PLAIN", 5_000_000)
    text = "again and " * 10_000
    await store.write([(1, number, text) for number in range(40)])
    await settled(store)
    assert blocks_in(tmp_path) == 0
    await store.write([(1, number, text) for number in range(40, 60)])
    while store.counters.rounds == 0:
        await store.delete([99])
    assert log_rows(tmp_path) == []
    assert blocks_in(tmp_path) == 6  # a megabyte each
    assert await store.read(1, *ALL, 100) == [(number, text) for number in range(60)]


async def test_a_damaged_row_is_not_folded_but_set_aside(
    store: TelemetryStore, tmp_path: Path, clock: ManualClock
) -> None:
    ledger = Ledger()
    await written(store, ledger, FOLD - 1)
    await store.close()
    with sqlite3.connect(tmp_path / "telemetry.db") as connection:
        connection.execute("UPDATE log SET checksum = checksum + 1 WHERE id = 3")
    again = TelemetryStore(tmp_path / "telemetry.db", clock)
    await again.open()
    assert again.counters.damaged == 1
    await written(again, ledger, 2, FOLD - 1)
    await settled(again)
    assert await again.count(1, *ALL) + await again.count(2, *ALL) == FOLD
    assert log_rows(tmp_path)[0] == FOLD
    await again.close()


async def test_many_slow_series_wait_for_more_points(open_store: OpenStore) -> None:
    few = 100
    store = await open_store(merge_points=few)
    many = 4 * few // WORTH + 5
    assert many * WORTH > MOST_WAITING * few
    await store.write([(series, time, time) for series in range(1, many + 1) for time in range(5)])
    await settled(store)
    assert store.counters.rounds == 0
    assert store._writer._rounds.enough == MOST_WAITING * few
    await store.write([(series, time + 5, time) for series in range(1, many + 1) for time in range(15)])
    await store.merge()
    assert store.counters.merged == 20 * many
    assert store._writer._rounds.enough == few


@pytest.mark.parametrize(("step", "expected"), [(1_000, 2), (60_000_000, 6)])
async def test_fast_series_have_larger_blocks(store: TelemetryStore, tmp_path: Path, step: int, expected: int) -> None:
    count = 6 * merge.MOST_POINTS
    await store.write([(1, number * step, number) for number in range(count)])
    await store.merge()
    assert blocks_in(tmp_path) == expected
    assert await store.count(1, *ALL) == count
    assert await store.read(1, *ALL, 10**6) == [(number * step, number) for number in range(count)]
