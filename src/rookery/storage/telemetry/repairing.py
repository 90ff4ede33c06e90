"""Making a telemetry file whole again whose pages are damaged: what can be read goes into a new file.

A checksum finds a damaged block, and costs that block. It can not help where the tree is damaged that leads to the
blocks: then SQLite refuses to write into it, and the store refuses values. Here every row is looked for twice, along
the tree and page by page, for each finds what the other can not. All rows carry checksums and so say themselves whether
they are whole; those that are keep their ids, those that are not are set aside, and what only the index knows of is
named. The old file stays beside the new one. Nobody may have the file open meanwhile.

Two things can not be known without the row of `last` of a series: whether rows of the log that were there in the middle
of a merge are merged (they are taken again, and a point whose time was taken may then be there twice), and whether the
series was deleted a moment before.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from rookery.storage.folder import flush
from rookery.storage.telemetry import blocks, newest, schema
from rookery.storage.telemetry.blocks import COLUMNS, Block
from rookery.storage.telemetry.checking import Damage, Progress, check
from rookery.storage.telemetry.memory import NEVER
from rookery.storage.telemetry.pages import Malformed, PageFile

PATIENCE = 5_000
"""Ids that are tried one after the other past what can not be read, 20 µs each. A page of rows has fewer; what comes
after one that leads to many pages is found page by page."""
AT_ONCE = 1_000
"""Rows in a transaction."""

ASIDE = ("source", "row", "series", "first", "last", "points", "kind", "checksum", "times", "data")
"""The columns of `damaged`, but for the id."""
COLUMNS_OF = {
    "block": f"id, {COLUMNS}",
    "log": "id, data, checksum",
    "damaged": f"id, {', '.join(ASIDE)}",
    "state": "rowid, name, value",
}
INSERT_BLOCK = f"INSERT INTO block ({COLUMNS_OF['block']}) VALUES ({', '.join('?' * (1 + len(Block._fields)))})"  # noqa: S608
INSERT_LOG = "INSERT INTO log (id, data, checksum) VALUES (?, ?, ?)"
INSERT_ASIDE = f"INSERT INTO damaged ({', '.join(ASIDE)}) VALUES ({', '.join('?' * len(ASIDE))})"  # noqa: S608
BLOCK_ASIDE = f"""INSERT INTO damaged ({", ".join(ASIDE)})
    SELECT 'block', id, series, first, last, points, kind, checksum, times, data FROM block WHERE id = ?"""  # noqa: S608


class Repaired(msgspec.Struct):
    """What was done. Without `kept` nothing was damaged, and nothing was changed."""

    kept: Path | None = None
    """Where the old file is now."""
    blocks: int = 0
    points: int = 0
    """In the blocks."""
    rows: int = 0
    """Of the log."""
    last_values: int = 0
    """That were found anew in the blocks."""
    aside: int = 0
    """Rows that are damaged themselves, in the table `damaged` of the new file."""
    lost: list[Damage] = msgspec.field(default_factory=list)
    """What can not be read at all: blocks by the index, else after which rows it was."""


def repair(path: Path, stamp: str, progress: Progress = lambda _done, _all: None) -> Repaired:
    """Write what can be read of a damaged file into a new one, and put that in its place.

    Args:
        path: the file; its lock is taken.
        stamp: becomes part of the name under which the old file is kept.
        progress: told how many blocks were looked at, and how many there are.

    Raises:
        TelemetryFileError: it is in use, it is no telemetry file, not even its first page can be read, or there is no
            room for a second one. Nothing was changed.
    """
    lock = schema.FileLock(path.with_name(path.name + ".lock"))
    fresh = path.with_name(path.name + ".repaired")
    checked = check(path, progress)
    if all(damage.source == "set aside" for damage in checked.damages):
        return Repaired()
    lock.acquire()
    try:
        _settle(path)
        _room(path)
        _remove(fresh)
        done = _copy(path, fresh, lambda seen: progress(seen, max(seen, checked.blocks)))
        wrong = [damage for damage in check(fresh, progress).damages if damage.source != "set aside"]
        if wrong:
            raise schema.TelemetryFileError(
                f"the new file is not whole either ({wrong[0].why}): {path} stays as it was"
            )
        done.kept = _free(path.with_name(f"{path.name}.damaged-{stamp}"))
        _swap(path, fresh, done.kept)
    except (sqlite3.Error, OSError, Malformed) as error:
        raise schema.TelemetryFileError(f"{path} can not be repaired: {error}") from error
    finally:
        _remove(fresh)
        lock.release()
    return done


def _free(path: Path) -> Path:
    """This name, or with a number when it is taken: a second repair keeps what the first one kept."""
    number, free = 1, path
    while free.exists():
        number += 1
        free = path.with_name(f"{path.name}-{number}")
    return free


def _settle(path: Path) -> None:
    """Bring what stands in the write-ahead log into the file, so that it is one file."""
    with closing(schema.connect(path)) as connection:
        busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise schema.TelemetryInUse(f"{path} is being read by another program: end it first")


def _room(path: Path) -> None:
    wanted, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    if free < wanted:
        raise schema.TelemetryFileError(
            f"{path} can not be repaired: that takes {wanted // 1_000_000 + 1} MB beside it, and "
            f"{free // 1_000_000} MB are free"
        )


def _copy(path: Path, fresh: Path, progress: Callable[[int], None]) -> Repaired:
    source = schema.connect(path)
    target = schema.open_writer(schema.connect, fresh, "OFF")
    try:
        source.execute("PRAGMA query_only = 1")
        # Otherwise a page of rubbish may look like rows.
        source.execute("PRAGMA cell_size_check = 1")
        work = _Copy(source, target, progress)
        work.along_the_tree()
        with PageFile(path) as pages:
            work.page_by_page(pages)
        work.finish()
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        source.close()
        target.close()
    return work.done


class _Gap(NamedTuple):
    """Something could not be read along the tree, between these two ids."""

    table: str
    after: int
    before: int


class _Copy:
    """The rows of one file on their way into another."""

    def __init__(self, source: sqlite3.Connection, target: sqlite3.Connection, progress: Callable[[int], None]) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._seen = 0
        self._row = 0
        """The highest row of the log that anything speaks of: no new one may have its id."""
        self._gaps: list[_Gap] = []
        self._version = int(source.execute("PRAGMA user_version").fetchone()[0])
        schema.know_adopted(source)
        self.done = Repaired()

    def along_the_tree(self) -> None:
        """Take what SQLite finds."""
        checksum = "checksum" if self._version > 1 else schema.ADOPTED
        for row in self._walk("last", f"series, time, value, newest, merged, {checksum}"):
            self._take_last(row)
        for table, take in (
            ("block", self._take_block),
            ("log", self._take_log),
            ("damaged", self._take_aside),
            ("state", lambda row: self._take_state(row[1:])),
        ):
            for row in self._walk(table, COLUMNS_OF[table]):
                take(row)

    def page_by_page(self, pages: PageFile) -> None:
        """Take what is on pages that no tree leads to any more. What a row is of follows from its columns."""
        lengths = {len(COLUMNS_OF[table].split(", ")): table for table in ("block", "log", "damaged")}
        for number, columns in pages.rows():
            row = (number, *columns[1:])
            table = lengths.get(len(columns))
            if len(columns) == 2:
                self._take_state(columns)
            elif columns[:1] != (None,):
                continue  # of a table of SQLite's own
            elif table == "block" and not self._has("block", "id", number) and not self._aside("block", number):
                self._take_block(row)
            elif table == "log" and not self._has("log", "id", number) and not self._aside("log", number):
                self._take_log(row)
            elif table == "damaged" and not self._aside(columns[1], columns[2]):
                self._take_aside(row)
            elif len(columns) == 5 + (self._version > 1) and not self._has("last", "series", number):
                self._take_last(row if self._version > 1 else (*row, newest.adopted(*row)))

    def finish(self) -> None:
        """What follows from the rows, once all are there."""
        self._set_overlapping_aside()
        named = self._name_lost()
        for gap in self._gaps:
            if (gap.table == "log" or (gap.table == "block" and not named)) and not self._filled(gap):
                why = "rows after this one can not be read"
                self.done.lost.append(Damage(gap.table, gap.after, None, None, None, None, why))
        self._find_last_values()
        self._put("INSERT OR REPLACE INTO state VALUES ('log', ?)", (self._row,))
        self._commit()
        one = self._target.execute
        self.done.blocks, self.done.points = one("SELECT count(*), coalesce(sum(points), 0) FROM block").fetchone()
        self.done.rows = one("SELECT count(*) FROM log").fetchone()[0]
        self.done.aside = one("SELECT count(*) FROM damaged").fetchone()[0]

    # ---- looking ----------------------------------------------------------------------------------------------------

    def _walk(self, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
        """The rows that can be read, in the order of their ids, which are the first of the columns and more than 0."""
        query = f"SELECT {columns} FROM {table} WHERE rowid > ? ORDER BY rowid"  # noqa: S608
        at = failed = 0
        after: int | None = None
        one = ""
        while failed < PATIENCE:
            try:
                rows = 0
                for row in self._source.execute(query + one, (at,)):
                    if after is not None:
                        self._gaps.append(_Gap(table, after, row[0]))
                        after = None
                    # A damaged row may say that it is before the one it follows; the walk only goes on.
                    at, failed, rows = max(at, row[0]), 0, rows + 1
                    yield row
                if not (one and rows):
                    break
                one = ""
            except (sqlite3.Error, OverflowError):
                if not one:
                    # The cursor reads a row ahead: what it read before it failed is there if it is asked for alone.
                    one = " LIMIT 1"
                    continue
                after = at if after is None else after
                failed += 1
                at += 1
        if after is not None:
            self._gaps.append(_Gap(table, after, 2**63 - 1))

    def _has(self, table: str, column: str, number: Any) -> bool:
        query = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE {column} = ?)"  # noqa: S608
        return bool(self._target.execute(query, (number,)).fetchone()[0])

    def _aside(self, source: Any, number: Any) -> bool:
        query = "SELECT EXISTS (SELECT 1 FROM damaged WHERE row = ? AND source = ?)"
        return bool(self._target.execute(query, (number, source)).fetchone()[0])

    def _filled(self, gap: _Gap) -> bool:
        query = f"SELECT EXISTS (SELECT 1 FROM {gap.table} WHERE id > ? AND id < ?)"  # noqa: S608
        return bool(self._target.execute(query, (gap.after, gap.before)).fetchone()[0])

    # ---- rows -------------------------------------------------------------------------------------------------------

    def _take_block(self, row: Sequence[Any]) -> None:
        self._seen += 1
        if self._seen % 200 == 0:
            self._progress(self._seen)
        try:
            block, _, _ = blocks.opened(row[1:])
            self._put(INSERT_BLOCK, (row[0], *block))
        except (blocks.Damaged, sqlite3.IntegrityError):
            # Or two that are whole are at one place: a page came back that was written over since.
            head = dict(zip(Block._fields, row[1:], strict=True))
            self._put(INSERT_ASIDE, ("block", row[0], *(head[name] for name in ASIDE[2:])))

    def _take_log(self, row: Sequence[Any]) -> None:
        number, data, checksum = row
        self._row = max(self._row, number)
        if isinstance(data, bytes) and zlib.crc32(data) == checksum:
            self._put(INSERT_LOG, (number, data, checksum))
        else:
            self._put(INSERT_ASIDE, ("log", number, *[None] * 5, checksum, None, data))

    def _take_last(self, row: Sequence[Any]) -> None:
        if newest.sound(row):
            self._put(newest.SET, tuple(row))
            self._row = max(self._row, row[4])

    def _take_aside(self, row: Sequence[Any]) -> None:
        self._put(INSERT_ASIDE, tuple(row[1:]))

    def _take_state(self, pair: Sequence[Any]) -> None:
        if pair[0] == "log" and blocks.sound(pair[1]):
            self._row = max(self._row, pair[1])

    # ---- what follows -----------------------------------------------------------------------------------------------

    def _set_overlapping_aside(self) -> None:
        """Blocks of a series may not overlap; of two that do the newer has what was in the older."""
        self._commit()
        before: tuple[int, int, int] | None = None
        older: list[int] = []
        query = "SELECT id, series, first, last FROM block ORDER BY series, first"
        for number, series, first, last in self._target.execute(query):
            if before is not None and before[0] == series and first <= before[1]:
                older.append(min(number, before[2]))
                if number < before[2]:
                    continue
            before = (series, last, number)
        for number in older:
            self._put(BLOCK_ASIDE, (number,))
            self._put("DELETE FROM block WHERE id = ?", (number,))
        self._commit()

    def _name_lost(self) -> bool:
        """What the index knows of and nobody has found. False when the index can not be read to its end."""
        query = """SELECT series, first, id FROM block INDEXED BY block_place
            WHERE series > :series OR (series = :series AND first > :first) ORDER BY series, first"""
        at = {"series": 0, "first": NEVER}
        failed = 0
        while failed < PATIENCE:
            try:
                for series, first, number in self._source.execute(query, at):
                    at = {"series": series, "first": first}
                    if not self._has("block", "id", number) and not self._aside("block", number):
                        self.done.lost.append(Damage("block", number, series, first, None, None, "it can not be read"))
                break
            except (sqlite3.Error, OverflowError):
                failed += 1
                at = {"series": at["series"] + 1, "first": NEVER}
        return not failed

    def _find_last_values(self) -> None:
        self._commit()
        lacking = "SELECT DISTINCT series FROM block WHERE series NOT IN (SELECT series FROM last)"
        for (series,) in self._target.execute(lacking).fetchall():
            point = newest.from_blocks(self._target, series)
            if point is not None:
                self._put(newest.SET, newest.row(series, point, point.time, 0))
                self.done.last_values += 1

    def _put(self, statement: str, values: tuple[Any, ...]) -> None:
        """In a transaction that is committed now and then."""
        if not self._target.in_transaction:
            self._target.execute("BEGIN")
        before = self._target.total_changes
        self._target.execute(statement, values)
        if before // AT_ONCE != self._target.total_changes // AT_ONCE:
            self._commit()

    def _commit(self) -> None:
        if self._target.in_transaction:
            self._target.execute("COMMIT")


def _swap(path: Path, fresh: Path, kept: Path) -> None:
    """At every moment there is a whole file under the name of the old one: the old one, then the new one."""
    flush(fresh)
    try:
        os.link(path, kept)
    except OSError:
        # A disk without hard links.
        shutil.copy2(path, kept)
        flush(kept)
    # They are empty, and of the old file.
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    os.replace(fresh, path)
    flush(path.parent)


def _remove(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
