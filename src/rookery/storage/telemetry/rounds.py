"""Rounds of merging: all series that have points in memory, one after the other, beside the group commits.

A round writes into an open transaction, which the next group commit takes to disk with its own flush; when no batch
comes the round commits by itself. So merging costs no flush of its own under load, and a batch never waits for more
than the encoding of one block.

Rows of the log are deleted when every series that had points in memory at the beginning of the round has been merged,
in any order, over any number of transactions; see `writer` for why a crash in between does no harm.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass

from rookery.core.clock import Clock
from rookery.core.points import Point
from rookery.storage.telemetry import blocks, newest
from rookery.storage.telemetry.commitlog import CommitLog
from rookery.storage.telemetry.connection import FAILURES, WriterConnection, plain_reason
from rookery.storage.telemetry.memory import Memory, Run
from rookery.storage.telemetry.merge import SeriesMerge

log = logging.getLogger(__name__)

MERGE_POINTS = 400_000
"""Points in memory at which a merge begins: about 30 MB, and 0.1 s of replay at start."""

WORTH = 16
"""Points of a series that make up for rewriting its newest block, which takes 0.2 ms and some 5 kB whatever it gets:
330 bytes and 10 µs a point. So slow series wait in memory and in the log, as far as the next two limits allow."""

MOST_WAITING = 4
"""Times the points at which a merge begins, while more than 25,000 series bring few points each: at most 120 MB."""

OLDEST_SECONDS = 6 * 3600.0
"""What is older is merged however little it is, so that expiry, which knows blocks only, can be counted in days."""

MERGE_BYTES = 32 * 1024 * 1024
"""The same for the packed size of the log, when the points are long texts."""

MERGE_PLAIN = 2 * MERGE_BYTES
"""And before it is compressed, as it is in memory."""

SLICE_SECONDS = 0.02
"""A round without a waiting batch commits after so long, so that its transaction stays small."""

RETRY_SECONDS = 1.0
"""After a merge failed (the disk is full) the next attempt waits so long."""

Told = Callable[[str | None], None]
"""Called with None when it is done, else with the reason why not."""


@dataclass(slots=True)
class Counters:
    """What the writer has done since it was opened. Read by other threads, for metrics only."""

    points: int = 0
    commits: int = 0
    refused: int = 0
    merged: int = 0
    rounds: int = 0
    damaged: int = 0


class Rounds:
    """Begins a round when it is time, and carries it on step by step. Used by the writer thread only."""

    def __init__(
        self,
        connection: WriterConnection,
        commit_log: CommitLog,
        memory: Memory,
        counters: Counters,
        clock: Clock,
        merge_points: int,
        nudge: Callable[[], None],
    ) -> None:
        self._nudge = nudge
        self._connection = connection
        self._log = commit_log
        self._memory = memory
        self._counters = counters
        self._clock = clock
        self._merge_points = merge_points
        self._round: Generator[None, None, None] | None = None
        self._unsettled: list[tuple[Run, Point | None, int]] = []
        self._slice_began = 0.0
        self._retry_at = float("-inf")
        self._began_at = clock.monotonic()
        self._warming: threading.Thread | None = None
        self._warm = False
        self._wanted: list[Told] | None = None
        self._told: list[Told] = []
        self.buried = False
        """Whether the file may have marks of deleted series that a round can remove."""
        self.failing: str | None = None
        """Why the newest round that was tried broke off."""
        self.doubtful = False
        """Whether blocks may be in the file although the disk said that they are not. Then no round may begin before
        memory was read anew: it would merge points that are merged."""

    @property
    def running(self) -> bool:
        """Whether a round has steps left."""
        return self._round is not None

    @property
    def uncommitted(self) -> bool:
        """Whether the open transaction holds blocks."""
        return bool(self._unsettled)

    def want(self, done: Told | None) -> None:
        """Begin a round as soon as the present one is over, whatever memory has."""
        self._wanted = (self._wanted or []) + ([] if done is None else [done])

    @property
    def enough(self) -> int:
        """Points in memory at which a round begins: more while they are of many series that bring few each."""
        worth = WORTH * len(self._memory.active)
        return min(max(self._merge_points, worth), MOST_WAITING * self._merge_points)

    def age(self) -> None:
        """Some time has passed: merge what is there if it is worth it, or has waited for long."""
        waited = self._clock.monotonic() - self._began_at
        if waited >= OLDEST_SECONDS or self._memory.points >= WORTH * len(self._memory.active):
            self.want(None)

    def begin(self) -> None:
        """Begin a round when there is none and it is time for one."""
        if self._round is None and self._due():
            self._began_at = self._clock.monotonic()
            self._told, self._wanted = self._wanted or [], None
            self._round = self._work()

    def _due(self) -> bool:
        wanted = self._wanted is not None
        few = self._memory.points < self.enough and self._memory.size < MERGE_PLAIN
        if not wanted and few and self._log.size < MERGE_BYTES:
            return False
        if self._warming is None:
            self._warming = threading.Thread(target=self._import, name="telemetry-warm", daemon=True)
            self._warming.start()
        return self._warm and (wanted or self._clock.monotonic() >= self._retry_at)

    def _import(self) -> None:
        # In a thread of its own: a group commit must not wait for it.
        try:
            blocks.warm()
        finally:
            self._warm = True
            self._nudge()

    def step(self) -> None:
        """Encode one block or write one series. An error ends the round; nothing is lost by it."""
        if self._round is None:
            return
        try:
            if next(self._round, self) is self:
                self._round = self.failing = None
                self._tell(None)
        except FAILURES as error:
            self.failing = plain_reason(error)
            log.warning("merging stopped, it will be tried again: %s", self.failing)
            self.abandon(self.failing, error)
        except Exception as error:
            log.exception("merging failed; the points stay in the log")
            self.failing = f"merging failed: {error!r}"
            self.abandon(self.failing, error)

    def flush(self) -> None:
        """Commit what the round has written so far."""
        self._connection.commit()
        self.settle()

    def settle(self) -> None:
        """The transaction is committed: memory can let go of what is in blocks now."""
        for run, base, merged in self._unsettled:
            self._memory.settle(run, base, merged)
        self._unsettled.clear()

    def abandon(self, reason: str, error: BaseException | None = None) -> None:
        """Give up the round. What it had not committed stays in memory and in the log."""
        self._connection.undo(error)
        # A disk that is full has not taken all of it, and the connection that knows that stays open.
        self.doubtful |= error is not None and "full" not in str(error) and bool(self._unsettled)
        for run, _, _ in self._unsettled:
            self._memory.thaw(run)
        self._unsettled.clear()
        if self._round is not None:
            self._round.close()
            self._round = None
        self._retry_at = self._clock.monotonic() + RETRY_SECONDS
        self._tell(reason)

    def end(self, reason: str) -> None:
        """No round will begin any more."""
        self.abandon(reason)
        self._told, self._wanted = self._wanted or [], None
        self._tell(reason)

    def _tell(self, reason: str | None) -> None:
        told, self._told = self._told, []
        for done in told:
            done(reason)

    def _work(self) -> Generator[None, None, None]:
        memory = self._memory
        upto = self._log.row
        if not memory.active and not self._log.size:
            return
        pending, memory.points = memory.points, 0
        waiting, memory.size = memory.size, 0
        try:
            for series in sorted({abs(series) for series in memory.active}):
                run = memory.runs.get(series)
                # It may have been deleted meanwhile.
                if run is not None and (series in memory.active or -series in memory.active):
                    yield from self._merge(run)
            self._begin_slice()
            self._log.delete(upto)
            if self.buried:
                newest.clear(self._connection.sql(), upto)
            self.flush()
        except BaseException:
            memory.points += pending
            memory.size += waiting
            raise
        self._log.measure()
        self.look_for_buried()
        self._counters.rounds += 1
        yield from memory.trim()

    def look_for_buried(self) -> None:
        """See whether there are marks of deleted series."""
        found = self._connection.sql().execute("SELECT 1 FROM last WHERE value IS NULL LIMIT 1").fetchone()
        self.buried = found is not None

    def _merge(self, run: Run) -> Generator[None, None, None]:
        parts = self._memory.freeze(run)
        merged, known, base = self._log.row, run.newest, run.last()
        work = SeriesMerge(self._connection.sql(), run.series, parts)
        try:
            yield from work.prepare()
            if self._memory.runs.get(run.series) is not run:
                return  # deleted meanwhile
            self._begin_slice()
            work.write()
            self._connection.sql().execute(newest.SET, newest.row(run.series, base, known, merged))
        except BaseException:
            self._memory.thaw(run)
            raise
        self._unsettled.append((run, base, merged))
        self._counters.merged += sum(map(len, parts))
        for damage in work.damaged:
            self._counters.damaged += 1
            log.error("a damaged block was set aside: %s", damage)
        if time.monotonic() - self._slice_began > SLICE_SECONDS:
            self.flush()
        yield

    def _begin_slice(self) -> None:
        if self._connection.begin():
            self._slice_began = time.monotonic()
