"""Points whose time is over: they go by blocks, the last value stays, and the room goes back to the disk."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

import pytest

from rookery.core.points import StoreRefused
from rookery.storage.telemetry import TelemetryStore, expiry
from tests.fakes import ManualClock
from tests.storage.telemetry.conftest import OpenStore
from tests.storage.telemetry.faults import Failing, watched

MINUTE = 60_000_000
DAY = 1_440 * MINUTE
ALL = (-(2**62), 2**62)


async def test_what_is_older_goes_and_the_last_value_stays(open_store: OpenStore) -> None:
    store = await open_store()
    await store.write([(series, day * DAY, day) for series in (1, 2) for day in range(30)])
    await store.merge()
    assert await store.expire({1: 20 * DAY}) == 20
    assert [point.value for point in await store.read(1, *ALL, 100)] == list(range(20, 30))
    assert await store.count(2, *ALL) == 30
    assert await store.expire({1: 99 * DAY, 2: 99 * DAY}) == 40
    assert await store.read(1, *ALL, 100) == []
    assert {series: point.value for series, point in (await store.last([1, 2])).items()} == {1: 29, 2: 29}
    await store.close()
    store = await open_store()
    assert (await store.last([1]))[1] == (29 * DAY, 29)


@pytest.mark.parametrize("merged", [False, True])
async def test_what_comes_at_the_time_of_a_last_value_that_went_takes_its_place(
    open_store: OpenStore, merged: bool
) -> None:
    store = await open_store()
    await store.write([(1, 0, "old"), (1, 3, "newest")])
    await store.merge()
    assert await store.expire({1: 4}) == 2
    await store.write([(1, 3, "again")])
    if merged:
        await store.merge()
    assert await store.last([1]) == {1: (3, "again")}
    assert await store.read(1, 0, 10, 10) == [(3, "again")]


async def test_a_block_across_the_limit_is_cut_once_a_day_of_it_is_old(open_store: OpenStore) -> None:
    store = await open_store()
    await store.write([(1, minute * MINUTE, minute) for minute in range(1_000)])
    await store.merge()
    assert await store.expire({1: 900 * MINUTE}) == 0
    await store.write([(1, 2 * DAY, "far")])
    await store.merge()
    assert await store.expire({1: DAY + MINUTE}) == 1_000


async def test_points_that_are_not_merged_yet_go_the_next_time(open_store: OpenStore) -> None:
    store = await open_store()
    await store.write([(1, 1, "old"), (1, 9 * DAY, "new")])
    assert await store.expire({1: 5 * DAY}) == 0
    await store.merge()
    assert await store.expire({1: 5 * DAY}) == 1
    assert await store.expire({}) == 0


async def test_the_file_becomes_smaller(open_store: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "FREE_PAGES", 16)
    monkeypatch.setattr(expiry, "PAGES_AT_ONCE", 8)
    store = await open_store()
    source = random.Random(1)
    for begin in range(0, 200_000, 20_000):
        await store.write([(1 + n % 7, (begin + n) * MINUTE, source.random()) for n in range(20_000)])
    await store.merge()
    with sqlite3.connect(tmp_path / "telemetry.db") as outside:
        before = outside.execute("PRAGMA page_count").fetchone()[0]
        assert await store.expire(dict.fromkeys(range(1, 8), 10**18)) == 200_000
        after, free = (outside.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    outside.close()
    assert after < before / 4
    assert free <= 16


async def test_batches_are_committed_while_points_expire(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "SLICE_SECONDS", 0.0)
    store = await open_store()
    await store.write([(series, day * DAY, day) for series in range(1, 400) for day in range(3)])
    await store.merge()
    going = asyncio.ensure_future(store.expire(dict.fromkeys(range(1, 400), 2 * DAY)))
    written = 0
    while not going.done():
        await store.write([(500, written, written)])
        written += 1
    assert await going == 2 * 399
    assert written > 3
    assert await store.count(500, *ALL) == written
    assert await store.count(7, *ALL) == 1


async def test_a_damaged_block_stays_until_it_is_old_as_a_whole(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    await store.write([(1, day * DAY, float(day)) for day in range(10)])
    await store.merge()
    with sqlite3.connect(tmp_path / "telemetry.db") as outside:
        outside.execute("UPDATE block SET data = zeroblob(length(data))")
    outside.close()
    assert await store.expire({1: 5 * DAY}) == 0
    assert await store.expire({1: 50 * DAY}) == 10


@pytest.mark.parametrize("message", ["database or disk is full", "disk I/O error"])
async def test_whatever_statement_fails_nothing_else_is_lost(tmp_path: Path, message: str) -> None:
    for number in range(1, 100):
        failing = Failing(message, number, (*Failing.CHANGES, *Failing.READS))
        store = TelemetryStore(tmp_path / f"{number}.db", ManualClock(), connect=watched(failing))
        await store.open()
        await store.write([(series, day * DAY, day) for series in (1, 2) for day in range(10)])
        await store.merge()
        failing.armed = True
        try:
            await store.expire({1: 5 * DAY, 2: 5 * DAY})
        except StoreRefused:
            assert failing.failed
        failing.armed = False
        await store.expire({1: 5 * DAY, 2: 5 * DAY})
        assert [point.value for point in await store.read(2, *ALL, 100)] == [5, 6, 7, 8, 9]
        await store.close()
        if not failing.failed:
            return
    pytest.fail("it never came to the end")


async def test_a_closed_store_refuses(open_store: OpenStore) -> None:
    store = await open_store()
    await store.close()
    with pytest.raises(StoreRefused):
        await store.expire({1: 1})
