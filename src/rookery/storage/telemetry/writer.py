"""The writer: the one thread that changes `telemetry.db`.

Jobs come through a queue: a batch to commit, series to delete, points to expire, a merge to run now, the end. Between
jobs it merges, folds the log and removes what is old, step by step.

Crash safety rests on two numbers. Each row of the log has an ever growing id, and each series has in `last.merged` the
row up to which its points are in blocks, changed in the transaction that writes the blocks. Replay takes a point of
row n only when n > merged of its series. A deleted series keeps its row in `last`, without a value, until the rows of
the log that speak of it are gone.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeVar

from rookery.core.clock import Clock
from rookery.core.points import PointBatch
from rookery.storage.telemetry import blocks, newest, schema
from rookery.storage.telemetry.commitlog import CommitLog
from rookery.storage.telemetry.connection import FAILURES, Synchronous, WriterConnection, plain_reason
from rookery.storage.telemetry.damage import DAMAGED, REPAIR
from rookery.storage.telemetry.expiry import Expiry, Limit
from rookery.storage.telemetry.expiry import Told as ExpiryTold
from rookery.storage.telemetry.memory import NEVER, Memory, Run, Stored
from rookery.storage.telemetry.merge import AFTER, BEFORE
from rookery.storage.telemetry.packing import pack_columns, unpacked_size
from rookery.storage.telemetry.room import Room
from rookery.storage.telemetry.rounds import Counters, Rounds, Told

log = logging.getLogger(__name__)

HELP_SECONDS = 0.05
"""While memory has twice what starts a merge (with many slow series: what starts one), each commit is preceded by so
much merging: the producers are slowed down instead of memory growing."""

MOST_MEMORY = 8
"""Times what starts a merge: beyond this batches are refused, for merging must have been failing for long."""

T = TypeVar("T")

Outcome = Callable[[PointBatch, str | None], None]
"""Told in the writer thread: this batch is committed (None) or refused (the reason)."""


class Commit(NamedTuple):
    """Store this batch."""

    batch: PointBatch


class Delete(NamedTuple):
    """Forget these series."""

    series: list[int]
    done: Told


class Expire(NamedTuple):
    """Remove the points of each series that are older than its limit."""

    limits: list[Limit]
    done: ExpiryTold


class Merge(NamedTuple):
    """Merge now."""

    done: Told | None


class Age(NamedTuple):
    """See whether what is in memory should be merged although it is little."""


class Nudge(NamedTuple):
    """Look again whether there is something to do."""


class Stop(NamedTuple):
    """Do nothing after this."""


Job = Commit | Delete | Expire | Merge | Age | Nudge | Stop


class Writer:
    """The thread, its queue, and what the jobs do."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        outcome: Outcome,
        *,
        connect: schema.Connect,
        synchronous: Synchronous,
        merge_points: int,
        room: Room,
    ) -> None:
        self._outcome = outcome
        self._merge_points = merge_points
        self._room = room
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._failed: str | None = None
        self.memory = Memory(self._load, self._next_free)
        self.counters = Counters()
        self._connection = WriterConnection(path, connect, synchronous)
        self._log = CommitLog(self._connection)
        self._rounds = Rounds(
            self._connection, self._log, self.memory, self.counters, clock, merge_points, lambda: self.submit(Nudge())
        )
        self._expiry = Expiry(self._connection, self.memory)

    @property
    def damaged(self) -> bool:
        """See `TelemetryStore.damaged`. Any thread."""
        return self._rounds.failing == DAMAGED

    # ---- the thread -------------------------------------------------------------------------------------------------

    def start(self, opened: Callable[[BaseException | None], None]) -> None:
        """Open the file and replay the log in the new thread, say how it went, then work."""
        self._thread = threading.Thread(target=self._run, args=(opened,), name="telemetry-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Put a job into the queue. Any thread."""
        self._jobs.put(job)

    def join(self) -> None:
        """Wait for the end of the thread."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, opened: Callable[[BaseException | None], None]) -> None:
        try:
            self.counters.damaged += self._log.replay(self.memory)
            self._rounds.look_for_buried()
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.Error):
                hint = f"; {REPAIR}" if "malformed" in str(error) else ""
                error = schema.TelemetryFileError(f"cannot read the telemetry file: {error}{hint}")
            opened(error)
            return
        opened(None)
        while True:
            job = self._next()
            if job is None:
                if self._rounds.running:
                    self._rounds.step()
                elif self._foldable:
                    self._fold()
                else:
                    self._expiry.step()
            elif isinstance(job, Commit):
                self._outcome(job.batch, self._guarded(self._commit, job.batch))
            elif isinstance(job, Delete):
                job.done(self._guarded(self._delete, job.series))
            elif isinstance(job, Expire):
                if self._failed is None:
                    self._expiry.want(job.limits, job.done)
                else:
                    job.done(0, self._failed)
            elif isinstance(job, Merge):
                if self._failed is None:
                    self._rounds.want(job.done)
                elif job.done is not None:
                    job.done(self._failed)
            elif isinstance(job, Age):
                if self._failed is None:
                    self._rounds.age()
            elif isinstance(job, Nudge):
                pass
            else:
                break
        self._rounds.end("the store was closed")
        self._expiry.end("the store was closed")
        self._connection.close()

    def _next(self) -> Job | None:
        """The next job; None to merge."""
        if self._failed is None and self._rounds.doubtful:
            self._guarded(lambda _: None, None)
        if self._failed is None:
            self._rounds.begin()
        try:
            return self._jobs.get(block=not (self._rounds.running or self._expiry.running or self._foldable))
        except queue.Empty:
            return None

    @property
    def _foldable(self) -> bool:
        return self._failed is None and self._log.foldable

    def _fold(self) -> None:
        try:
            self._log.fold(self.memory)
        except FAILURES as error:
            log.warning("rows of the telemetry log could not be folded; they stay as they are: %s", error)
            self._connection.undo(error)
        except Exception as error:
            log.exception("rows of the telemetry log could not be folded; they stay as they are")
            self._connection.undo(error)

    def _guarded(self, work: Callable[[T], str | None], argument: T) -> str | None:
        """Do it, and answer why it could not be done.

        After an error that leaves memory in doubt nothing is accepted or merged until memory could be read from the
        file again, which every further job tries.
        """
        try:
            if self._failed is not None or self._rounds.doubtful or self._log.surprising():
                self._rebuild()
            return work(argument)
        except Exception as error:
            log.exception("the telemetry store can not be trusted to know what is in its file; it will read it again")
            self._failed = f"the store failed: {error!r}"
            self._rounds.end(self._failed)
            self._expiry.end(self._failed)
            return self._failed

    def _rebuild(self) -> None:
        """Make memory anew from the file."""
        self._rounds.abandon("the store had to read its file again")
        fresh = Memory(self._load, self._next_free)
        self.counters.damaged += self._log.replay(fresh)
        self._rounds.look_for_buried()
        self.memory.replace(fresh)
        self._rounds.doubtful = False
        self._failed = None

    # ---- what memory asks of the file -------------------------------------------------------------------------------

    def _load(self, series: int) -> Stored | None:
        return newest.load(self._connection.sql(), series)

    def _next_free(self, run: Run, wanted: int) -> int:
        low, high = run.gap
        if low < wanted < high:
            return wanted
        connection = self._connection.sql()
        before = connection.execute(BEFORE, (run.series, wanted)).fetchone()
        if before is not None and not blocks.sound(*before):
            return wanted  # it is damaged
        if before is None or before[2] < wanted:
            after = connection.execute(AFTER, (run.series, wanted)).fetchone()
            if after is None or blocks.sound(after[1]):
                run.gap = (NEVER if before is None else before[2], 2**63 if after is None else after[1])
            return wanted
        import numpy as np

        try:
            _, times, _ = blocks.opened(connection.execute(blocks.FETCH, (before[0],)).fetchone())
        except blocks.Damaged:
            return wanted
        place = int(np.searchsorted(times, wanted))
        taken = times[place:] == np.arange(wanted, wanted + len(times) - place)
        return wanted + (int(np.argmin(taken)) if not taken.all() else len(taken))

    # ---- jobs -------------------------------------------------------------------------------------------------------

    def _commit(self, batch: PointBatch) -> str | None:
        reason = self._store(batch) if batch.series else None
        if reason is None:
            self.counters.commits += 1
            self.counters.points += len(batch.series)
        else:
            self.counters.refused += len(batch.series)
        return reason

    def _store(self, batch: PointBatch) -> str | None:
        lacking = self._room.lacking()
        if lacking is not None:
            return lacking
        if self.memory.points > max(2 * self._merge_points, self._rounds.enough):
            self._help()
            if self.memory.points > MOST_MEMORY * self._merge_points:
                return f"the store can not merge what it has: {self._rounds.failing or 'see its log'}"
        try:
            data = pack_columns(batch.series, batch.times, batch.values)
        except Exception as error:
            log.exception("a batch could not be packed")
            return f"the batch holds what can not be stored: {error}"
        try:
            self._append(data)
        except FAILURES as error:
            self._connection.undo(error)
            return plain_reason(error)
        self._rounds.settle()
        try:
            self.memory.add(batch.series, batch.times, batch.values)
            self.memory.size += unpacked_size(data)
        except FAILURES as error:
            # The batch is on disk, but what the file knows of a series could not be read.
            log.warning("reading the telemetry file failed, its log is read again: %s", error)
            self._connection.undo(error)
            self._rebuild()
        return None

    def _append(self, data: bytes) -> None:
        """Commit a row, together with the blocks in the open transaction; without them when they are in the way."""
        try:
            self._log.append(data)
        except FAILURES as error:
            if not self._rounds.uncommitted:
                raise
            self._rounds.abandon(plain_reason(error), error)
            self._log.append(data)

    def _help(self) -> None:
        until = time.monotonic() + HELP_SECONDS
        self._rounds.begin()
        while self._rounds.running and time.monotonic() < until:
            self._rounds.step()

    def _delete(self, series: list[int]) -> str | None:
        numbers = {abs(number) for number in series}
        try:
            self._rounds.flush()
            self._connection.begin()
            for number in numbers:
                self._connection.sql().execute("DELETE FROM block WHERE series = ?", (number,))
                self._connection.sql().execute(newest.SET, newest.row(number, None, NEVER, self._log.row))
            self._connection.commit()
        except FAILURES as error:
            self._rounds.abandon(plain_reason(error), error)
            return plain_reason(error)
        self._rounds.buried = True
        for number in numbers:
            self.memory.forget(number)
        return None
