"""Looking through a telemetry file: is everything readable, and what is in it.

Both read the file with a connection of their own, which can not write, in one transaction: a server may work on it
meanwhile. Nothing is mended here; what is damaged is said, down to the series and the stretch of time that it concerns.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from rookery.storage.telemetry import blocks, newest, schema
from rookery.storage.telemetry.packing import unpack_columns

MOST_DAMAGES = 10_000
"""That are told one by one; a file that is worse is worth no longer list."""
STEP = 200
"""Blocks between two reports of progress."""
PAGES_TOLD = 100


class Damage(NamedTuple):
    """Something that can not be read. Times are UTC microseconds, None where nothing is known of them."""

    source: str
    """`block`, `log`, `last`, `file`, or `set aside` for what was found damaged earlier and kept."""
    row: int
    series: int | None
    first: int | None
    last: int | None
    points: int | None
    why: str


class Checked(msgspec.Struct):
    """What a check found."""

    blocks: int = 0
    rows: int = 0
    """Of the log: group commits that are not in blocks yet."""
    points: int = 0
    damages: list[Damage] = msgspec.field(default_factory=list)

    def add(self, damage: Damage) -> None:
        """Something is damaged."""
        if len(self.damages) < MOST_DAMAGES:
            self.damages.append(damage)


class Stats(msgspec.Struct):
    """What is in a file."""

    file_bytes: int
    free_bytes: int
    """Of the file, for what comes next."""
    log_bytes: int
    series: int
    blocks: int
    points: int
    """In blocks."""
    log_points: int
    """That are not in blocks yet."""
    block_bytes: int
    first: int | None
    last: int | None
    largest: list[tuple[int, int, int]]
    """Series, points and bytes of those with the most bytes, the largest first."""


Progress = Callable[[int, int], None]
"""Called with how many blocks were looked at, and how many there are."""


@contextmanager
def _reading(path: Path) -> Iterator[sqlite3.Connection]:
    if not path.exists():
        raise schema.TelemetryFileError(f"there is no {path}")
    connection = schema.connect(path)
    try:
        connection.execute("PRAGMA query_only = 1")
        version = int(connection.execute("PRAGMA user_version").fetchone()[0])
        if int(connection.execute("PRAGMA application_id").fetchone()[0]) != schema.APPLICATION:
            raise schema.TelemetryForeign(f"{path} is not a telemetry file")
        if version > len(schema.UPGRADES):
            raise schema.TelemetryTooNew(f"{path} has version {version}: a newer Rookery wrote it")
        connection.execute("BEGIN")
        yield connection
    except sqlite3.DatabaseError as error:
        if not os.access(path.parent, os.W_OK):
            # Reading needs a small file beside it, which readers and the writer share.
            raise schema.TelemetryFileError(
                f"{path} can not be looked through where nothing can be written ({error}): copy the folder elsewhere"
            ) from error
        raise schema.TelemetryForeign(f"{path} can not be read: {error}") from error
    finally:
        connection.close()


def check(path: Path, progress: Progress = lambda _done, _all: None) -> Checked:
    """Decode everything and compare every checksum.

    Raises:
        TelemetryFileError: there is no such file, or it is no telemetry file that this Rookery can read.
    """
    checked = Checked()
    with _reading(path) as connection:
        for part in (_check_pages, _check_log, _check_last, _check_damaged):
            _guarded(checked, part, connection, checked)
        _guarded(checked, _check_blocks, connection, checked, progress)
    return checked


def _guarded(checked: Checked, part: Callable[..., None], *arguments: Any) -> None:
    """A table that can not be walked through costs itself and no other."""
    try:
        part(*arguments)
    except sqlite3.DatabaseError as error:
        checked.add(Damage("file", 0, None, None, None, None, str(error)))


def _check_last(connection: sqlite3.Connection, checked: Checked) -> None:
    schema.know_adopted(connection)
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    checksum = "checksum" if version > 1 else schema.ADOPTED
    for row in connection.execute(f"SELECT series, time, value, newest, merged, {checksum} FROM last"):  # noqa: S608
        if not newest.sound(row):
            checked.add(Damage("last", row[0], row[0], None, None, None, "the checksum of its last value is wrong"))


def _check_damaged(connection: sqlite3.Connection, checked: Checked) -> None:
    kept = connection.execute("SELECT id, source, series, first, last, points FROM damaged")
    for number, source, series, first, last, points in kept:
        checked.add(Damage("set aside", number, series, first, last, points, f"a damaged row of `{source}`"))


def _check_pages(connection: sqlite3.Connection, checked: Checked) -> None:
    # The index as well: one that does not fit its table keeps a series from being merged.
    for (line,) in connection.execute(f"PRAGMA integrity_check({PAGES_TOLD})"):
        if line != "ok":
            checked.add(Damage("file", 0, None, None, None, None, str(line)))


def _check_blocks(connection: sqlite3.Connection, checked: Checked, progress: Progress) -> None:
    total = connection.execute("SELECT count(*) FROM block").fetchone()[0]
    before: tuple[int, int] | None = None
    for row in connection.execute(f"SELECT id, {blocks.COLUMNS} FROM block ORDER BY series, first"):  # noqa: S608
        number, series, first, last, points, *_ = row
        why = _fault(row[1:])
        if why is None and before is not None and before[0] == series and before[1] >= first:
            why = "it overlaps the block before it"
        if why is None:
            checked.points += points
            before = series, last
        else:
            checked.add(Damage("block", number, _known(series), _known(first), _known(last), _known(points), why))
        checked.blocks += 1
        if checked.blocks % STEP == 0:
            progress(checked.blocks, total)
    progress(total, total)


def _known(number: Any) -> int | None:
    """The number, where it still is one."""
    return number if blocks.sound(number) else None


def _fault(row: tuple[Any, ...]) -> str | None:
    """What is wrong with a row of `block`."""
    try:
        block, times, column = blocks.opened(row)
    except blocks.Damaged as error:
        return error.why
    if len(times) != block.points or len(column) != block.points:
        return "it has another number of points than it says"
    if int(times[0]) != block.first or int(times[-1]) != block.last or not (times[1:] > times[:-1]).all():
        return "its times are not those that it says"
    return None


def _check_log(connection: sqlite3.Connection, checked: Checked) -> None:
    for number, data, checksum in connection.execute("SELECT id, data, checksum FROM log ORDER BY id"):
        checked.rows += 1
        try:
            if zlib.crc32(data) != checksum:
                raise ValueError("its checksum is wrong")
            checked.points += len(unpack_columns(data)[0])
        except Exception as error:
            checked.add(Damage("log", number, None, None, None, None, str(error)))


def stats(path: Path, most: int = 20) -> Stats:
    """Count what is there.

    Raises:
        TelemetryFileError: as `check`.
    """
    with _reading(path) as connection:
        pages, free, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        log = connection.execute("SELECT coalesce(sum(length(data)), 0) FROM log").fetchone()[0]
        row = connection.execute(
            """SELECT count(*), coalesce(sum(points), 0), coalesce(sum(length(times) + length(data)), 0),
               min(first), max(last) FROM block"""
        ).fetchone()
        series = {row[0] for row in connection.execute("SELECT series FROM last WHERE value IS NOT NULL")}
        log_points = _count_log(connection, series)
        largest = connection.execute(
            """SELECT series, sum(points), sum(length(times) + length(data)) AS bytes FROM block
               GROUP BY series ORDER BY bytes DESC, series LIMIT ?""",
            (most,),
        ).fetchall()
    return Stats(
        file_bytes=pages * size,
        free_bytes=free * size,
        log_bytes=log,
        series=len(series),
        blocks=row[0],
        points=row[1],
        log_points=log_points,
        block_bytes=row[2],
        first=_known(row[3]),
        last=_known(row[4]),
        largest=largest,
    )


def _count_log(connection: sqlite3.Connection, series: set[int]) -> int:
    """How many points only the log has, and which series they are of."""
    rows = connection.execute("SELECT series, merged FROM last").fetchall()
    merged = {number: upto for number, upto in rows if blocks.sound(upto)}
    count = 0
    for number, data in connection.execute("SELECT id, data FROM log"):
        try:
            found = [abs(each) for each in unpack_columns(data)[0]]
        except Exception:  # noqa: S112 - what is damaged is the matter of `check`
            continue
        fresh = [each for each in found if number > merged.get(each, 0)]
        series.update(fresh)
        count += len(fresh)
    return count
