"""Merging: the points of one series move from memory into blocks.

The blocks of a series never overlap in time. A point goes into the block whose time it falls into, else into the block
before it when that one is still open, else into the block after it when that one is, else into a new one. So a sensor
that reports in order fills one block after the other, an import from newest to oldest does too, and a late point
rewrites one block. Nothing is written before everything is encoded: `prepare` gives way between blocks, so that a
waiting group commit never waits for more than one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from rookery.core.points import Value, size_of
from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.blocks import (
    COLUMNS,
    FETCH,
    MOST_BYTES,
    MOST_PLAIN,
    MOST_POINTS,
    OPEN_POINTS,
    Block,
    Damaged,
)
from rookery.storage.telemetry.memory import Part

if TYPE_CHECKING:
    from rookery.storage.telemetry.blocks import Column, Times

PLACE = "SELECT id, first, last, points, length(data) FROM block WHERE series = ?"
BEFORE = PLACE + " AND first <= ? ORDER BY first DESC LIMIT 1"
AFTER = PLACE + " AND first > ? ORDER BY first LIMIT 1"
INSERT = f"INSERT INTO block ({COLUMNS}) VALUES ({', '.join('?' * len(Block._fields))})"  # noqa: S608
SET_ASIDE = """INSERT INTO damaged (source, row, series, first, last, points, kind, checksum, times, data)
    SELECT 'block', id, series, first, last, points, kind, checksum, times, data FROM block WHERE id = ?"""

FAST_SPAN = 60_000_000
"""Microseconds. Where `MOST_POINTS` are less, a block takes `FAST_BLOCKS` times as many: an aggregate over a day at
1,000 points a second has a quarter of the summaries to read, and the points take 3 to 9 % fewer bytes. A slower series
keeps its smaller blocks, of which a chart of a day decodes few."""
FAST_BLOCKS = 4


class Place(NamedTuple):
    """Where a block is, without its data."""

    id: int
    first: int
    last: int
    points: int
    size: int

    @property
    def open(self) -> bool:
        """Whether it takes further points."""
        return self.points < OPEN_POINTS and self.size < MOST_BYTES // 2


def _place(connection: sqlite3.Connection, query: str, series: int, time: int) -> Place | None:
    row = connection.execute(query, (series, time)).fetchone()
    if row is None or blocks.sound(*row):
        return None if row is None else Place(*row)
    # It is damaged, and where it lies is not known: it takes the next points, and is found out by that.
    beside = time + (query == AFTER)
    return Place(row[0], beside, beside, 0, 0)


def _most(times: Times) -> int:
    """Points of one block, by how fast these follow each other."""
    fast = (int(times[-1]) - int(times[0])) * MOST_POINTS < FAST_SPAN * len(times)
    return FAST_BLOCKS * MOST_POINTS if fast else MOST_POINTS


def _pieces(times: Times, column: Column) -> Iterator[tuple[int, int]]:
    """From where to where the blocks of these points go. Long values are fewer, so that none takes long to make."""
    count = -(-len(times) // _most(times))
    for piece in range(count):
        low, high = piece * len(times) // count, (piece + 1) * len(times) // count
        if isinstance(column, list):
            held = 0
            for place in range(low, high):
                held += size_of(column[place])
                if held > MOST_PLAIN and place > low:
                    yield low, place
                    low, held = place, size_of(column[place])
        yield low, high


def ordered(parts: tuple[Part, ...]) -> tuple[Times, Column]:
    """The points of these parts, ascending."""
    import numpy as np

    if len(parts) == 1 and not parts[0].late:
        return np.array(parts[0].times, dtype=np.int64), blocks.column(parts[0].values)
    stretches: list[Times] = []
    values: list[Value] = []
    for part in parts:
        late = part.late or {}
        stretches += np.array(part.times, dtype=np.int64), np.fromiter(late, dtype=np.int64, count=len(late))
        values += part.values
        values += late.values()
    times = np.concatenate(stretches)
    order = np.argsort(times, kind="stable")
    column = blocks.column(values)
    return times[order], blocks.pick(column, order.tolist() if isinstance(column, list) else order)


class SeriesMerge:
    """The merge of one series. Iterate over `prepare`, then call `write` inside a transaction."""

    def __init__(self, connection: sqlite3.Connection, series: int, parts: tuple[Part, ...]) -> None:
        self._connection = connection
        self._series = series
        self._parts = parts
        self._replaced: list[int] = []
        self._made: list[Block] = []
        self.damaged: list[str] = []
        """What was found broken and set aside."""

    def prepare(self) -> Iterator[None]:
        """Read and encode. Yields after each block, writes nothing."""
        if not self._parts:
            return
        times, column = ordered(self._parts)
        done = 0
        while done < len(times):
            done = yield from self._next_block(times, column, done)

    def _next_block(self, times: Times, column: Column, begin: int) -> Generator[None, None, int]:
        """Deal with the points from `begin` that go to the same place. Returns how far it came."""
        import numpy as np

        time = int(times[begin])
        before = _place(self._connection, BEFORE, self._series, time)
        after = _place(self._connection, AFTER, self._series, time)
        target: Place | None = None
        end = len(times) if after is None else int(np.searchsorted(times, after.first))
        if before is not None and before.open:
            target = before
        elif before is not None and time <= before.last:
            target = before
            end = min(end, int(np.searchsorted(times, before.last, side="right")))
        elif after is not None and after.open:
            target = after
            beyond = _place(self._connection, AFTER, self._series, after.first)
            end = len(times) if beyond is None else int(np.searchsorted(times, beyond.first))
        fresh_times, fresh = times[begin:end], column[begin:end]
        if target is not None:
            fresh_times, fresh = self._with_block(target, fresh_times, fresh)
        yield from self._encode(fresh_times, fresh)
        return end

    def _with_block(self, target: Place, times: Times, column: Column) -> tuple[Times, Column]:
        import numpy as np

        if target.id in self._replaced:
            return times, column
        self._replaced.append(target.id)
        row = self._connection.execute(FETCH, (target.id,)).fetchone()
        if row is None:
            raise sqlite3.IntegrityError(f"block {target.id} is in the index and nowhere else")
        try:
            _, stored_times, stored = blocks.opened(row)
        except Damaged as error:
            self.damaged.append(str(error))
            return times, column
        both = np.concatenate((stored_times, times))
        values = blocks.joined(stored, column)
        if times[0] > stored_times[-1]:
            return both, values
        order = np.argsort(both, kind="stable")
        return both[order], blocks.pick(values, order.tolist() if isinstance(values, list) else order)

    def _encode(self, times: Times, column: Column) -> Iterator[None]:
        for low, high in _pieces(times, column):
            # A list may have stretches of one type, which are smaller and faster as an array.
            part: Any = column[low:high]
            self._made += blocks.encode(
                self._series, times[low:high], blocks.column(part) if isinstance(part, list) else part
            )
            yield

    def write(self) -> None:
        """Replace the old blocks by the new ones. Call it inside a transaction."""
        execute = self._connection.execute
        for place in self._replaced:
            if self.damaged:
                self._set_aside(place)
            execute("DELETE FROM block WHERE id = ?", (place,))
        for block in self._made:
            execute(INSERT, block)

    def _set_aside(self, place: int) -> None:
        try:
            blocks.opened(self._connection.execute(FETCH, (place,)).fetchone())
        except Damaged:
            self._connection.execute(SET_ASIDE, (place,))
