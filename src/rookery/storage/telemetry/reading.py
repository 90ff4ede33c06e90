"""Reading: memory and blocks as one. Runs in the threads of the readers, each with a connection of its own.

Every function copies the points of memory first and opens its read transaction after; see `memory` for why nothing is
missed then, and why a point that is seen in both is known by its time.
"""

from __future__ import annotations

import logging
import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rookery.core.points import Point, Value
from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.blocks import COLUMNS, FETCH, Damaged, Kind
from rookery.storage.telemetry.damage import left_out, row_of, rows_of
from rookery.storage.telemetry.memory import Memory

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rookery.storage.telemetry.blocks import Column, Times

log = logging.getLogger(__name__)

# The block that begins before `start` may reach into the range; no other can, for blocks do not overlap.
RANGE = """series = :series AND first < :end AND last >= :start AND first >=
    coalesce((SELECT max(first) FROM block WHERE series = :series AND first <= :start), :start)"""


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """All statements inside see the file as it is at the first of them."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        with left_out():
            connection.execute("COMMIT")
        if connection.in_transaction:
            # It would stay at this moment for ever, and keep the write-ahead log from being folded.
            connection.execute("ROLLBACK")


def block_of(connection: sqlite3.Connection, number: int) -> tuple[Times, Column] | None:
    """The points of the block with this id; None as of `opened`, or when it can not be found."""
    row = row_of(connection, FETCH, (number,))
    return None if row is None else opened(row)


def opened(row: Sequence[Any]) -> tuple[Times, Column] | None:
    """The points of a row of `block`; None when it is damaged, which is logged and costs this block only."""
    try:
        _, times, column = blocks.opened(row)
    except Damaged as error:
        log.error("a block is damaged and left out of an answer: %s", error)
        return None
    return times, column


def read(
    connection: sqlite3.Connection, memory: Memory, series: int, start: int, end: int, limit: int, descending: bool
) -> list[Point]:
    """See `Telemetry.read`."""
    if limit <= 0 or end <= start:
        return []
    fresh_times, fresh_values = memory.copy(series, start, end)
    found: list[Point] = []
    order = "DESC" if descending else "ASC"
    with snapshot(connection):
        rows = rows_of(
            connection,
            f"SELECT {COLUMNS} FROM block WHERE {RANGE} ORDER BY first {order}",  # noqa: S608
            {"series": series, "start": start, "end": end},
        )
        for row in rows:
            block = opened(row)
            if block is None:
                continue
            times, values = _within(block, start, end)
            # Points of memory up to the far end of this block come before the next one.
            if descending:
                cut = bisect_left(fresh_times, row[1])
                near_times, near_values = fresh_times[cut:], fresh_values[cut:]
                fresh_times, fresh_values = fresh_times[:cut], fresh_values[:cut]
            else:
                cut = bisect_right(fresh_times, row[2])
                near_times, near_values = fresh_times[:cut], fresh_values[:cut]
                fresh_times, fresh_values = fresh_times[cut:], fresh_values[cut:]
            if near_times:
                both = dict(zip(times, values, strict=True))
                both.update(zip(near_times, near_values, strict=True))
                times = sorted(both)
                values = [both[time] for time in times]
            _extend(found, times, values, limit, descending)
            if len(found) >= limit:
                rows.close()
                return found
    _extend(found, fresh_times, fresh_values, limit, descending)
    return found


def _within(block: tuple[Times, Column], start: int, end: int) -> tuple[list[int], list[Value]]:
    times, column = block
    low, high = (int(place) for place in times.searchsorted((start, end)))
    return times[low:high].tolist(), blocks.values_of(column[low:high])


def _extend(found: list[Point], times: list[int], values: list[Value], limit: int, descending: bool) -> None:
    room = limit - len(found)
    if descending:
        times, values = times[: -room - 1 : -1], values[: -room - 1 : -1]
    else:
        times, values = times[:room], values[:room]
    found.extend(map(Point, times, values))


def count(connection: sqlite3.Connection, memory: Memory, series: int, start: int, end: int) -> int:
    """See `Telemetry.count`."""
    if end <= start:
        return 0
    fresh, _ = memory.copy(series, start, end)
    total = 0
    known: set[int] = set()
    with snapshot(connection):
        rows = rows_of(
            connection,
            f"SELECT id, first, last, points FROM block WHERE {RANGE} ORDER BY first",  # noqa: S608
            {"series": series, "start": start, "end": end},
        )
        for number, first, final, points in rows:
            beside = False
            if blocks.sound(first, final, points):
                beside = bisect_right(fresh, final) > bisect_left(fresh, first)
                if start <= first and final < end and not beside:
                    total += points
                    continue
            block = block_of(connection, number)
            if block is None:
                continue
            times, _ = block
            low, high = (int(place) for place in times.searchsorted((start, end)))
            total += high - low
            if beside:
                known.update(times[low:high].tolist())
    return total + sum(time not in known for time in fresh)


def sample(
    connection: sqlite3.Connection, memory: Memory, series: int, start: int, end: int, interval: int, origin: int
) -> list[Point]:
    """See `Telemetry.sample`."""
    if interval <= 0:
        raise ValueError("an interval is at least one microsecond")
    if end <= start:
        return []
    fresh_times, fresh_values = memory.copy(series, start, end)
    best: dict[int, Point] = {}
    with snapshot(connection):
        rows = rows_of(
            connection,
            f"SELECT id, first, last, kind, closing FROM block WHERE {RANGE} ORDER BY first",  # noqa: S608
            {"series": series, "start": start, "end": end},
        )
        # From the newest: a bin whose last block is damaged has the last value of the block before.
        for number, first, final, kind, closing in reversed(list(rows)):
            if blocks.sound(first, final) and (
                (first - origin) // interval == (final - origin) // interval and start <= first and final < end
            ):
                if (final - origin) // interval in best:
                    continue
                if kind == Kind.FLOAT and closing and isinstance(closing, float):  # SQLite keeps no sign of a zero
                    best[(final - origin) // interval] = Point(final, float(closing))
                    continue
            block = block_of(connection, number)
            if block is not None:
                _last_of_bins(best, block, start, end, interval, origin)
    for time, value in zip(fresh_times, fresh_values, strict=True):
        bin_ = (time - origin) // interval
        if bin_ not in best or best[bin_].time < time:
            best[bin_] = Point(time, value)
    return [best[bin_] for bin_ in sorted(best)]


def _last_of_bins(
    best: dict[int, Point], block: tuple[Times, Column], start: int, end: int, interval: int, origin: int
) -> None:
    times, column = block
    low, high = (int(place) for place in times.searchsorted((start, end)))
    if low == high:
        return
    bins, begins, sizes = pieces(times[low:high], origin, interval)
    ends = (begins + sizes + (low - 1)).tolist()
    values = blocks.values_of(blocks.pick(column, ends))
    for bin_, time, value in zip(bins.tolist(), times[ends].tolist(), values, strict=True):
        best.setdefault(bin_, Point(time, value))


Pieces = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]"]


def pieces(times: Times, base: int, interval: int) -> Pieces:
    """The bins, counted from `base`, that these ascending times fall into, where each begins, and how many it has."""
    import numpy as np

    first, final = (int(times[0]) - base) // interval, (int(times[-1]) - base) // interval
    if final - first < len(times):
        # Looking the edges up is cheaper than a division for every point.
        bins = np.arange(first, final + 2)
        edges = times.searchsorted(base + interval * bins)
        sizes = edges[1:] - edges[:-1]
        if sizes.all():
            return bins[:-1], edges[:-1], sizes
        return bins[:-1][sizes > 0], edges[:-1][sizes > 0], sizes[sizes > 0]
    places = (times - base) // interval
    edges = np.concatenate(([0], np.flatnonzero(places[1:] != places[:-1]) + 1, [len(times)]))
    return places[edges[:-1]], edges[:-1], edges[1:] - edges[:-1]
