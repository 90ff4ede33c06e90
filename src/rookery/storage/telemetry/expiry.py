"""Expiry: points whose time is over go, and the room that they had goes back to the disk.

Whole blocks are deleted; a block that lies across the limit is written anew without its old part once that part spans
more than `SLACK`. So nothing large is ever rewritten, and a point goes at the latest `SLACK` after its time. The newest
point of a series stays as its last value, however old it is.

The work is done in steps between the group commits and never while a round of merging runs, which has read blocks and
will replace them. Every step is a transaction of its own: a crash between two of them leaves less to do the next time.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Generator, Sequence

from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.connection import FAILURES, WriterConnection, plain_reason
from rookery.storage.telemetry.memory import Memory
from rookery.storage.telemetry.merge import INSERT

log = logging.getLogger(__name__)

SLACK = 86_400_000_000
"""Microseconds that a point may outlive its time: rewriting a block for less would be done again every hour."""

SLICE_SECONDS = 0.01
"""How long a step may hold up the next group commit."""

FREE_PAGES = 8_192
"""Pages that stay in the file for the log, which needs up to 32 MB and comes again with every round of merging."""

PAGES_AT_ONCE = 128
"""Pages given back in one step: each may be a move of another page, about 10 µs."""

Limit = tuple[int, int]
"""A series, and the time before which its points go."""

Told = Callable[[int, str | None], None]
"""Called with how many points went, and why not all that should."""

_OLD = "SELECT count(*), coalesce(sum(points), 0) FROM block WHERE series = ? AND last < ?"
_DROP = "DELETE FROM block WHERE series = ? AND last < ?"
_ACROSS = f"""SELECT id, {blocks.COLUMNS} FROM block
    WHERE series = ? AND first < ? ORDER BY first LIMIT 1"""  # noqa: S608 - names of columns


class Expiry:
    """The orders to expire, one after the other. Used by the writer thread only."""

    def __init__(self, connection: WriterConnection, memory: Memory) -> None:
        self._connection = connection
        self._memory = memory
        self._orders: list[tuple[Sequence[Limit], Told]] = []
        self._work: Generator[None, None, None] | None = None
        self._gone = 0

    @property
    def running(self) -> bool:
        """Whether there are steps left."""
        return self._work is not None or bool(self._orders)

    def want(self, limits: Sequence[Limit], done: Told) -> None:
        """Put an order behind the others."""
        self._orders.append((limits, done))

    def step(self) -> None:
        """Work for a moment. An error ends the order, which says so."""
        if self._work is None:
            if not self._orders:
                return
            self._gone = 0
            self._work = self._expire(self._orders[0][0])
        reason = None
        try:
            if next(self._work, self) is None:
                return
        except FAILURES as error:
            log.warning("old points could not be removed, it will be tried again: %s", error)
            self._connection.undo(error)
            reason = plain_reason(error)
        except Exception as error:
            log.exception("old points could not be removed")
            self._connection.undo(error)
            reason = f"the store failed: {error!r}"
        self._work = None
        _, done = self._orders.pop(0)
        done(self._gone, reason)

    def end(self, reason: str) -> None:
        """Do nothing more."""
        if self._work is not None:
            self._work.close()
            self._work = None
        orders, self._orders = self._orders, []
        for _, done in orders:
            done(self._gone, reason)

    def _expire(self, limits: Sequence[Limit]) -> Generator[None, None, None]:
        began, gone = time.monotonic(), 0
        for series, before in limits:
            self._connection.begin()
            cut = self._cut(self._connection.sql(), series, before)
            if cut:
                self._memory.reconsider(series)
            gone += cut
            if time.monotonic() - began > SLICE_SECONDS:
                self._connection.commit()
                self._gone, gone = self._gone + gone, 0
                yield
                began = time.monotonic()
        self._connection.commit()
        self._gone += gone
        yield from self._give_back()

    def _cut(self, connection: sqlite3.Connection, series: int, before: int) -> int:
        """Remove what is older, inside a transaction. How many points went."""
        _, gone = connection.execute(_OLD, (series, before)).fetchone()
        if gone:
            connection.execute(_DROP, (series, before))
        # Blocks do not overlap: only the first that is left can lie across the limit.
        row = connection.execute(_ACROSS, (series, before)).fetchone()
        if row is None or before - row[2] <= SLACK:
            return int(gone)
        number, *columns = row
        try:
            block, times, column = blocks.opened(columns)
        except blocks.Damaged as error:
            log.error("a damaged block can not be cut, it stays until it is old as a whole: %s", error)
            return int(gone)
        place = int(times.searchsorted(before))
        connection.execute("DELETE FROM block WHERE id = ?", (number,))
        for kept in blocks.encode(block.series, times[place:], column[place:]):
            connection.execute(INSERT, kept)
        return int(gone) + place

    def _give_back(self) -> Generator[None, None, None]:
        """Shrink the file until only `FREE_PAGES` are free."""
        connection = self._connection.sql()
        shrunk = False
        while (free := connection.execute("PRAGMA freelist_count").fetchone()[0]) > FREE_PAGES:
            # The statement gives a row for each page, and works only as long as rows are taken.
            connection.execute(f"PRAGMA incremental_vacuum({min(free - FREE_PAGES, PAGES_AT_ONCE)})").fetchall()
            shrunk = True
            yield
        if shrunk:
            # The end of the file goes when the write-ahead log is copied into it.
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
