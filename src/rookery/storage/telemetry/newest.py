"""The table `last`: of each series the newest point, and up to which row of the log it is merged.

A row whose checksum is wrong is worth nothing: the newest point is taken from the blocks then, and the series counts as
not merged, so that replay takes what the log still has of it once more. That may double a point that was moved aside
for its time was taken, and loses none.
"""

from __future__ import annotations

import logging
import sqlite3
import zlib
from collections.abc import Callable, Iterable, Sequence
from struct import Struct
from struct import error as StructError
from typing import Any

from rookery.core.points import Point
from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.blocks import COLUMNS
from rookery.storage.telemetry.damage import is_damage, row_of
from rookery.storage.telemetry.memory import NEVER, Stored
from rookery.storage.telemetry.packing import pack_value, unpack_value

log = logging.getLogger(__name__)

READ = "SELECT series, time, value, newest, merged, checksum FROM last"
SET = "INSERT OR REPLACE INTO last (series, time, value, newest, merged, checksum) VALUES (?, ?, ?, ?, ?, ?)"

NO_ROW = -1
"""The checksum of what can not be a row: no row has it."""

Row = tuple[int, int | None, bytes | None, int | None, int, int]
"""What `SET` takes and `READ` gives."""

_numbers: Callable[..., bytes] = Struct("<qqqq?").pack


def checksum(series: Any, time: Any, value: Any, newest: Any, merged: Any) -> int:
    """Of everything that is in a row of `last`, or `NO_ROW`."""
    try:
        numbers = _numbers(
            series, NEVER if time is None else time, NEVER if newest is None else newest, merged, value is None
        )
        return zlib.crc32(value or b"", zlib.crc32(numbers))
    except (StructError, TypeError):
        return NO_ROW


def adopted(series: Any, time: Any, value: Any, newest: Any, merged: Any) -> int:
    """The checksum for a row of a file of version 1, where it had none: `NO_ROW` when it can not be read."""
    try:
        if value is not None:
            Point(time, unpack_value(value))
    except Exception:
        return NO_ROW
    return checksum(series, time, value, newest, merged)


def row(series: int, point: Point | None, newest: int, merged: int) -> Row:
    """The row of a series; without a point and with `NEVER` it is the mark of one that was deleted."""
    time, value = (None, None) if point is None else (point.time, pack_value(point.value))
    known = None if newest == NEVER else newest
    return series, time, value, known, merged, checksum(series, time, value, known, merged)


def clear(connection: sqlite3.Connection, upto: int) -> None:
    """Remove the marks of deleted series that no row of the log after `upto` speaks of. Inside a transaction."""
    marks = connection.execute(f"{READ} WHERE value IS NULL AND merged <= ?", (upto,)).fetchall()
    # One that is damaged may have been a value: it stays, so that a check can name it.
    connection.executemany("DELETE FROM last WHERE series = ?", [mark[:1] for mark in marks if sound(mark)])


def sound(row: Sequence[Any]) -> bool:
    """Whether this is what was written."""
    known: int = checksum(*row[:5])
    return row[5] == known and known != NO_ROW


def load(connection: sqlite3.Connection, series: int) -> Stored | None:
    """What the file knows of a series."""
    found = connection.execute(f"{READ} WHERE series = ?", (series,)).fetchone()
    if found is None:
        return None
    if not sound(found):
        point = _instead(connection, series)
        return Stored(point, NEVER if point is None else point.time, 0)
    _, time, value, newest, merged, _ = found
    point = None if value is None else Point(time, unpack_value(value))
    return Stored(point, NEVER if newest is None else newest, merged)


def points(connection: sqlite3.Connection, series: Sequence[int]) -> dict[int, Point]:
    """The newest points of these series by the file alone, of those that have one."""
    import json

    found: dict[int, Point] = {}
    query = f"{READ} WHERE series IN (SELECT value FROM json_each(?))"  # noqa: S608
    try:
        _collect(found, connection, connection.execute(query, (json.dumps(series),)))
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        # No row behind the damaged page was seen.
        for number in set(series).difference(found):
            point = _instead(connection, number)
            if point is not None:
                found[number] = point
    return found


def _collect(found: dict[int, Point], connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    crc, numbers = zlib.crc32, _numbers
    for number, time, value, newest, merged, known in rows:
        # As `sound` does it, without two calls a row: a page of a thousand variables waits for this.
        try:
            if value is not None:
                if crc(value, crc(numbers(number, time, NEVER if newest is None else newest, merged, False))) == known:
                    found[number] = Point(time, unpack_value(value))  # type: ignore[arg-type]
                    continue
            elif known == checksum(number, time, value, newest, merged) != NO_ROW:
                continue
        except (StructError, TypeError):
            pass
        point = _instead(connection, number)
        if point is not None:
            found[number] = point


def _instead(connection: sqlite3.Connection, series: int) -> Point | None:
    log.error("the last value of series %d is damaged, its newest block is asked", series)
    return from_blocks(connection, series)


def from_blocks(connection: sqlite3.Connection, series: int) -> Point | None:
    """The newest point that is in the blocks."""
    query = f"SELECT {COLUMNS} FROM block WHERE series = ? ORDER BY first DESC LIMIT 1"  # noqa: S608
    row = row_of(connection, query, (series,))
    if row is None:
        return None
    try:
        _, times, column = blocks.opened(row)
    except blocks.Damaged as error:
        log.error("the newest block is damaged as well: %s", error)
        return None
    return Point(int(times[-1]), blocks.values_of(column[-1:])[0])
