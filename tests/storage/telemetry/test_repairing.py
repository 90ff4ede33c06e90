"""A file with damaged pages: what can be read is in the new one, and the store works on that."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rookery.core.points import Aggregation, Point, StoreRefused
from rookery.storage.telemetry import TelemetryFileError, TelemetryInUse, TelemetryStore, schema
from rookery.storage.telemetry.checking import check
from rookery.storage.telemetry.pages import Malformed, PageFile
from rookery.storage.telemetry.repairing import Repaired, repair
from tests.fakes import ManualClock
from tests.storage.telemetry.conftest import OpenStore

ALL = (-(2**62), 2**62)
PAGE = 4096
MANY = range(10, 170)
"""Series of a few points, so that there are several pages of last values and of the index."""


async def filled(open_store: OpenStore) -> dict[int, list[Point]]:
    """Blocks of three kinds of series, a log, and the marks that a deleted series leaves."""
    store = await open_store()
    await store.write([(1, n, f"word {n % 700} of {n}") for n in range(12_000)])
    await store.write([(2, n * 1_000, n / 4) for n in range(3_000)])
    await store.write([(4, n, f"gone {n}") for n in range(3_000)])
    await store.write([(series, time, time * series) for series in MANY for time in (5, 6)])
    await store.merge()
    await store.write([(3, n, f"{n} in the log") for n in range(300)])
    await store.delete([4])
    await store.write([(2, 5_000_000, "newer")])
    held = {series: await store.read(series, *ALL, 100_000) for series in (1, 2, 3, *MANY)}
    await store.close()
    return held


async def lives(path: Path, held: dict[int, list[Point]]) -> dict[int, int]:
    """The store works on this file and says nothing that was not so. How many points lack of which series."""
    store = TelemetryStore(path, ManualClock(), synchronous="OFF")
    await store.open()
    lacking: dict[int, int] = {}
    newest = await store.last(list(held))
    for series, points in held.items():
        found = await store.read(series, *ALL, 100_000)
        assert set(found) <= set(points), series
        assert found == sorted(set(found)), series
        if len(found) < len(points):
            lacking[series] = len(points) - len(found)
        # A last value may outlive the block that had it.
        assert newest.get(series) in (points[-1], *(found[-1:] or [None])), series
    assert await store.read(4, *ALL, 10) == []
    await store.write([(series, 9_000_000, "after") for series in held])
    await store.merge()
    assert await store.last(list(held)) == dict.fromkeys(held, (9_000_000, "after"))
    await store.close()
    assert {damage.source for damage in check(path).damages} <= {"set aside"}
    return lacking


def repaired(path: Path, damaged: bytes) -> Repaired:
    """The file of these bytes, repaired."""
    for old in path.parent.glob("telemetry.db*"):
        old.unlink()
    path.write_bytes(damaged)
    done = repair(path, "now")
    if done.kept is not None:
        assert done.kept.read_bytes() == damaged
    assert not path.with_name("telemetry.db.repaired").exists()
    return done


async def test_a_page_of_rubbish_costs_what_was_on_it(open_store: OpenStore, tmp_path: Path) -> None:
    held = await filled(open_store)
    path = tmp_path / "telemetry.db"
    sound = path.read_bytes()
    harmed = 0
    pages = len(sound) // PAGE
    for page in range(1, pages):
        done = repaired(path, sound[: PAGE * page] + b"\xa5" * PAGE + sound[PAGE * (page + 1) :])
        lacking = await lives(path, held)
        if lacking:
            harmed += 1
            assert done.lost or done.aside, page
        # It had some rows, or a part of one; those that it led to are found without it.
        assert len(done.lost) + done.aside <= 40, page
        assert len(lacking) <= 40, page
    assert 5 < harmed < pages


async def test_reading_goes_on_past_a_page_of_rubbish(open_store: OpenStore, tmp_path: Path) -> None:
    held = await filled(open_store)
    path = tmp_path / "telemetry.db"
    sound = path.read_bytes()
    refused = whole = 0
    for page in range(1, len(sound) // PAGE):
        for old in ("-wal", "-shm"):
            path.with_name(path.name + old).unlink(missing_ok=True)
        path.write_bytes(sound[: PAGE * page] + b"\xa5" * PAGE + sound[PAGE * (page + 1) :])
        store = TelemetryStore(path, ManualClock(), synchronous="OFF")
        try:
            await store.open()
        except TelemetryFileError:
            refused += 1
            continue
        for series, points in held.items():
            found = await store.read(series, *ALL, 100_000)
            assert set(found) <= set(points), (page, series)
            assert await store.count(series, *ALL) <= len(points)
            bins = await store.aggregate(series, 0, 20_000, 10_000, Aggregation.COUNT)
            assert sum(int(each.value) for each in bins) <= len(points)
            assert len(await store.sample(series, 0, 20_000, 10_000)) <= 2
            assert len(await store.thin(series, 0, 20_000, 10)) <= 10
            whole += found == points
        last = await store.last(list(held))
        assert all(last[series] in points for series, points in held.items() if series in last), page
        await store.close()
    assert 0 < refused < 6
    assert whole > (len(sound) // PAGE - 12) * len(held)


async def test_a_flipped_bit_costs_a_row_or_nothing(open_store: OpenStore, tmp_path: Path) -> None:
    held = await filled(open_store)
    path = tmp_path / "telemetry.db"
    sound = path.read_bytes()
    source = random.Random(11)
    mended = 0
    for _ in range(25):
        place = source.randrange(PAGE * 8, len(sound) * 8)
        damaged = bytearray(sound)
        damaged[place // 8] ^= 1 << place % 8
        done = repaired(path, bytes(damaged))
        lacking = await lives(path, held)
        mended += done.kept is not None
        assert len(lacking) <= 1, place
        if lacking:
            assert done.lost or done.aside, place
    assert mended > 3


async def test_what_was_deleted_does_not_come_back(open_store: OpenStore, tmp_path: Path) -> None:
    held = await filled(open_store)
    path = tmp_path / "telemetry.db"
    sound = path.read_bytes()
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'block'").fetchone()
    assert connection.execute("PRAGMA freelist_count").fetchone()[0] > 0
    connection.close()
    assert b"gone" in sound, "nothing of it is left on free pages"
    done = repaired(path, sound[: PAGE * (root - 1)] + bytes(PAGE) + sound[PAGE * root :])
    assert (done.lost, done.aside) == ([], 0)
    assert await lives(path, held) == {}


async def test_a_log_of_many_pages_is_found_without_what_leads_to_them(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    for n in range(400):
        await store.write([(3, n, f"{n} in the log, which is long enough that few rows are on a page")])
    held = {3: await store.read(3, *ALL, 1_000)}
    await store.close()
    path = tmp_path / "telemetry.db"
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'log'").fetchone()
    connection.close()
    sound = path.read_bytes()
    done = repaired(path, sound[: PAGE * (root - 1)] + bytes(PAGE) + sound[PAGE * root :])
    assert (done.lost, done.aside, done.rows) == ([], 0, 400)
    assert await lives(path, held) == {}


async def test_a_row_of_the_log_is_not_taken_for_a_block_of_the_same_number(
    open_store: OpenStore, tmp_path: Path
) -> None:
    store = await open_store()
    await store.write([(series, 1, series) for series in range(10, 50)])
    await store.merge()
    for n in range(400):
        await store.write([(3, 10 + n, f"{n} in the log, which is long enough that few rows are on a page")])
    held = {3: await store.read(3, *ALL, 1_000)}
    await store.close()
    path = tmp_path / "telemetry.db"
    change(path, "UPDATE block SET data = zeroblob(length(data)) WHERE series = 20")
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'log'").fetchone()
    (number,) = connection.execute("SELECT id FROM block WHERE series = 20").fetchone()
    assert connection.execute("SELECT count(*) FROM log WHERE id = ?", (number,)).fetchone() == (1,)
    connection.close()
    sound = path.read_bytes()
    done = repaired(path, sound[: PAGE * (root - 1)] + bytes(PAGE) + sound[PAGE * root :])
    assert (done.lost, done.aside, done.rows) == ([], 1, 400)
    assert await lives(path, held) == {}


async def test_a_repair_overwrites_none_that_was_kept(open_store: OpenStore, tmp_path: Path) -> None:
    await filled(open_store)
    path = tmp_path / "telemetry.db"
    change(path, "UPDATE last SET value = x'c1' WHERE series = 1")
    kept = path.with_name("telemetry.db.damaged-now")
    kept.write_text("of before")
    before = path.read_bytes()
    assert repair(path, "now").kept == path.with_name("telemetry.db.damaged-now-2")
    assert path.with_name("telemetry.db.damaged-now-2").read_bytes() == before
    assert kept.read_text() == "of before"


async def test_blocks_that_are_damaged_themselves_are_set_aside(open_store: OpenStore, tmp_path: Path) -> None:
    await filled(open_store)
    path = tmp_path / "telemetry.db"
    change(path, "UPDATE block SET data = zeroblob(length(data)) WHERE series = 2 AND first = 0")
    change(path, "UPDATE log SET checksum = checksum + 1 WHERE id = (SELECT min(id) FROM log)")
    change(path, "UPDATE last SET value = x'c1' WHERE series = 1")
    done = repair(path, "now")
    assert (done.aside, done.last_values, done.lost) == (2, 1, [])
    assert {(damage.source, damage.series) for damage in check(path).damages} == {("set aside", 2), ("set aside", None)}
    again = repair(path, "later")
    assert again == Repaired(), "what is set aside is no reason to repair it again"


async def test_of_two_blocks_in_one_place_the_newer_stays(open_store: OpenStore, tmp_path: Path) -> None:
    held = await filled(open_store)
    path = tmp_path / "telemetry.db"
    store = await open_store()
    await store.write([(10, 7, "later")])
    await store.merge()
    await store.close()
    columns = "series, first, last, points, kind, numbers, low, high, total, opening, closing, checksum, times, data"
    older = tmp_path / "older.db"
    shutil.copyfile(path, older)
    change(path, "DROP INDEX block_place")
    connection = sqlite3.connect(path)
    connection.execute("ATTACH ? AS older", (str(older),))
    # As a page that came back: the same place, an id of before.
    number = connection.execute("SELECT min(id) FROM block").fetchone()[0]
    connection.execute(f"INSERT INTO block (id, {columns}) SELECT -id, {columns} FROM older.block WHERE series = 2")
    connection.execute("UPDATE block SET id = 100000 - id WHERE id < 0")
    connection.commit()
    connection.close()
    assert number > 0
    change(path, "CREATE INDEX block_place ON block (series, first)")
    done = repair(path, "now")
    assert done.aside > 0
    assert await lives(path, held | {10: [*held[10], Point(7, "later")]}) == {}


async def test_a_file_of_the_first_version_becomes_one_of_this(
    open_store: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = await filled(open_store)
    path = tmp_path / "telemetry.db"
    columns = (
        "id, series, first, last, points, kind, numbers, low, high, total, opening, closing, checksum, times, data"
    )
    old = tmp_path / "old.db"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "UPGRADES", (schema.FIRST_VERSION,))
        schema.open_writer(schema.connect, old, "OFF").close()
    connection = sqlite3.connect(old)
    connection.execute("ATTACH ? AS newer", (str(path),))
    for table, names in {
        "block": columns,
        "log": "id, data, checksum",
        "last": "series, time, value, newest, merged",
        "state": "name, value",
    }.items():
        connection.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM newer.{table}")
    connection.commit()
    roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_schema").fetchall())
    connection.close()
    sound = old.read_bytes()
    for table in ("block", "last"):
        page = roots[table]
        done = repaired(path, sound[: PAGE * (page - 1)] + bytes(PAGE) + sound[PAGE * page :])
        assert (done.lost, done.aside) == ([], 0)
        assert await lives(path, held) == {}


async def test_a_file_that_is_whole_is_left_alone(open_store: OpenStore, tmp_path: Path) -> None:
    await filled(open_store)
    path = tmp_path / "telemetry.db"
    before = path.stat().st_ino, path.read_bytes()
    assert repair(path, "now") == Repaired()
    assert (path.stat().st_ino, path.read_bytes()) == before


def no_room(monkeypatch: pytest.MonkeyPatch, _path: Path) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 0))  # type: ignore[attr-defined]


def no_header(_monkeypatch: pytest.MonkeyPatch, path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(bytes(PAGE) + data[PAGE:])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(no_room, "can not be repaired: that takes . MB beside it, and 0 MB are free", id="no room"),
        pytest.param(no_header, "can not be read: file is not a database", id="the first page is rubbish"),
    ],
)
async def test_what_can_not_be_repaired_stays_as_it_was(
    open_store: OpenStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[pytest.MonkeyPatch, Path], None],
    said: str,
) -> None:
    await filled(open_store)
    path = tmp_path / "telemetry.db"
    change(path, "UPDATE last SET value = x'c1' WHERE series = 1")
    make(monkeypatch, path)
    before = path.read_bytes()
    with pytest.raises(TelemetryFileError, match=said):
        repair(path, "now")
    assert path.read_bytes() == before
    assert not path.with_name("telemetry.db.repaired").exists()


async def test_a_file_that_a_server_uses_is_not_touched(open_store: OpenStore, tmp_path: Path) -> None:
    await filled(open_store)
    path = tmp_path / "telemetry.db"
    change(path, "UPDATE last SET value = x'c1' WHERE series = 1")
    store = await open_store()
    with pytest.raises(TelemetryInUse):
        repair(path, "now")
    await store.close()
    assert repair(path, "now").last_values == 1


@pytest.mark.parametrize("table", ["log", "block"])
async def test_the_store_says_what_to_do(open_store: OpenStore, tmp_path: Path, table: str) -> None:
    held = await filled(open_store)
    path = tmp_path / "telemetry.db"
    connection = sqlite3.connect(path)
    (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    connection.close()
    sound = path.read_bytes()
    path.write_bytes(sound[: PAGE * (root - 1)] + b"\xa5" * PAGE + sound[PAGE * root :])
    advice = "stop the server and run `rookery data repair`"
    if table == "log":
        with pytest.raises(TelemetryFileError, match=advice):
            await open_store()
    else:
        store = await open_store()
        await store.write([(1, 20_000, "taken all the same")])
        with pytest.raises(StoreRefused, match=advice):
            await store.merge()
        await store.close()
        held[1].append(Point(20_000, "taken all the same"))
    repair(path, "now")
    assert set(await lives(path, held)) <= {2, 3}


VALUES: list[Any] = [None, 0, 1, -1, 127, -129, 2**15, -(2**23), 2**31, -(2**47), 2**62, -(2**63), 0.5, -1e300]
VALUES += ["", "words", "ä" * 3_000, b"", b"\x00" * 5_000, bytes(range(256)) * 100]


def test_pages_give_what_the_tree_gives(tmp_path: Path) -> None:
    path = tmp_path / "any.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("CREATE TABLE one (id INTEGER PRIMARY KEY, a, b)")
    ids = [*range(1, 400), 2**31, 2**40, 2**62, -5]
    rows = [(number, VALUES[place % len(VALUES)], VALUES[-place % 7]) for place, number in enumerate(ids)]
    connection.executemany("INSERT INTO one VALUES (?, ?, ?)", rows)
    connection.execute("DELETE FROM one WHERE id % 5 = 0 AND id < 400 AND id > 0")
    connection.close()
    with PageFile(path) as pages:
        found = {number: columns for number, columns in pages.rows() if columns[0] is None}
    assert found == {number: (None, a, b) for number, a, b in rows if number % 5 or not 0 < number < 400}


@pytest.mark.parametrize(
    "content", [b"", b"letters", b"SQLite format 3\0" + bytes(100)], ids=["empty", "text", "zeros"]
)
def test_what_has_no_pages(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(Malformed):
        PageFile(tmp_path / "x")


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()
