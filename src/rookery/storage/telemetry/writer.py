"""The writer: the one thread that changes `telemetry.db`.

Jobs come through a queue: a batch to commit, series to delete, a merge to run now, the end. Between jobs it merges. A
merge works through the series one at a time and writes into an open transaction, which the next group commit takes to
disk with its own flush; when no batch comes the merge commits by itself. So merging costs no flush of its own under
load, and a batch never waits for more than the encoding of one block.

Crash safety rests on two numbers. Each row of the log has an ever growing id, and each series has in `last.merged` the
row up to which its points are in blocks; both are changed in the transaction that writes the blocks. Replay takes a
point of row n only when n > merged of its series. Rows of the log are deleted when every series that had points in
memory at the beginning of the round has been merged, in any order, over any number of transactions.
"""

from __future__ import annotations

import logging
import queue
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

from rookery.core.clock import Clock
from rookery.core.points import Point, PointBatch
from rookery.storage.telemetry import blocks, schema
from rookery.storage.telemetry.memory import NEVER, Memory, Run, Stored
from rookery.storage.telemetry.merge import AFTER, BEFORE, SeriesMerge
from rookery.storage.telemetry.packing import pack_columns, pack_value, unpack_columns, unpack_value

log = logging.getLogger(__name__)

MERGE_POINTS = 400_000
"""Points in memory at which a merge begins: about 30 MB, and 0.1 s of replay at start."""

MERGE_BYTES = 32 * 1024 * 1024
"""The same for the packed size of the log, when the points are long texts."""

SLICE_SECONDS = 0.02
"""A merge without a waiting batch commits after so long, so that its transaction stays small."""

HELP_SECONDS = 0.05
"""While memory has more than twice what starts a merge, each commit is preceded by so much merging: the producers
are slowed down instead of memory growing."""

MOST_MEMORY = 8
"""Times what starts a merge: beyond this batches are refused, for merging must have been failing for long."""

RETRY_SECONDS = 1.0
"""After a merge failed (the disk is full) the next attempt waits so long."""

FAILURES = (sqlite3.Error, OSError, schema.TelemetryFileError)
"""What the disk may do to us."""

T = TypeVar("T")

Outcome = Callable[[PointBatch, str | None], None]
"""Told in the writer thread: this batch is committed (None) or refused (the reason)."""


class Commit(NamedTuple):
    batch: PointBatch


class Delete(NamedTuple):
    series: list[int]
    done: Callable[[str | None], None]


class Merge(NamedTuple):
    done: Callable[[str | None], None] | None


class Stop(NamedTuple):
    pass


Job = Commit | Delete | Merge | Stop


@dataclass(slots=True)
class Counters:
    """What the writer has done since it was opened. Read by other threads, for metrics only."""

    points: int = 0
    commits: int = 0
    refused: int = 0
    merged: int = 0
    rounds: int = 0
    damaged: int = 0


def plain_reason(error: BaseException) -> str:
    """Why a write failed, in words for a log line or an error message."""
    text = str(error)
    if "full" in text:
        return "the disk is full"
    if "readonly" in text:
        return "the telemetry file can not be written"
    return f"the telemetry file can not be written: {text}"


class Writer:
    """Owns the connection that writes, the memory, and the merge."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        outcome: Outcome,
        *,
        connect: schema.Connect,
        synchronous: Literal["FULL", "NORMAL", "OFF"],
        merge_points: int,
    ) -> None:
        self._path = path
        self._clock = clock
        self._outcome = outcome
        self._connect = connect
        self._synchronous = synchronous
        self._merge_points = merge_points
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._connection: sqlite3.Connection | None = None
        self._thread: threading.Thread | None = None
        self.memory = Memory(self._load, self._next_free)
        self.counters = Counters()
        self._row = 0
        self._log_bytes = 0
        self._round: Generator[None, None, None] | None = None
        self._settling: list[tuple[Run, Point | None, int]] = []
        self._slice_began = 0.0
        self._merge_wanted = False
        self._merge_waiters: list[Callable[[str | None], None]] = []
        self._round_waiters: list[Callable[[str | None], None]] = []
        self._retry_at = NEVER * 1.0
        self._warming: threading.Thread | None = None
        self._buried = False
        self._failed: str | None = None

    # ---- life -------------------------------------------------------------------------------------------------------

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
            self._connection = schema.open_writer(self._connect, self._path, self._synchronous)
            self._replay()
        except BaseException as error:
            if self._connection is not None:
                self._connection.close()
            opened(error)
            return
        opened(None)
        while True:
            job = self._next()
            if job is None:
                self._merge_step()
            elif isinstance(job, Commit):
                self._outcome(job.batch, self._guarded(self._commit, job.batch))
            elif isinstance(job, Delete):
                job.done(self._guarded(self._delete, job.series))
            elif isinstance(job, Merge):
                self._merge_wanted = True
                if job.done is not None:
                    self._merge_waiters.append(job.done)
            else:
                break
        self._end()

    def _guarded(self, work: Callable[[T], str | None], argument: T) -> str | None:
        """Do it, and answer why it could not be done. After an error of our own nothing more is accepted: what memory
        holds can not be trusted then, while the file is whole and is read again at the next start."""
        if self._failed is not None:
            return self._failed
        try:
            return work(argument)
        except Exception as error:
            log.exception("the writer of the telemetry store failed; it accepts nothing until it is started again")
            self._failed = f"the store failed: {error!r}"
            return self._failed

    def _end(self) -> None:
        self._abandon_round("the store was closed")
        self._round_waiters += self._merge_waiters
        self._tell_merge_waiters("the store was closed")
        try:
            self._drop_connection()
        except sqlite3.Error:
            log.exception("closing the telemetry file")

    def _next(self) -> Job | None:
        """The next job; None to merge."""
        if self._round is None and self._merge_due():
            self._round = self._merge_round()
        try:
            return self._jobs.get(block=self._round is None)
        except queue.Empty:
            return None

    def _sql(self) -> sqlite3.Connection:
        """The connection, opened anew when an error made us drop it."""
        if self._connection is None:
            self._connection = schema.open_writer(self._connect, self._path, self._synchronous)
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _rollback(self, error: Exception) -> None:
        """Back to a state from which the next job can work. A connection that saw more than a full disk is replaced."""
        connection = self._connection
        try:
            if connection is not None and connection.in_transaction:
                connection.execute("ROLLBACK")
            if "full" in str(error):
                return
            self._drop_connection()
        except sqlite3.Error:
            self._connection = None

    # ---- start ------------------------------------------------------------------------------------------------------

    def _replay(self) -> None:
        connection = self._sql()
        row = connection.execute("SELECT max(value) FROM state WHERE name = 'log'").fetchone()[0] or 0
        broken: list[int] = []
        for number, data, checksum in connection.execute("SELECT id, data, checksum FROM log ORDER BY id"):
            row = max(row, number)
            self._log_bytes += len(data)
            if zlib.crc32(data) != checksum:
                broken.append(number)
                continue
            try:
                self.memory.replay(number, *unpack_columns(data))
            except Exception:
                log.exception("row %d of the telemetry log can not be read", number)
                broken.append(number)
        for number in broken:
            log.error("row %d of the telemetry log is damaged; its points are lost, the row is kept aside", number)
            self.counters.damaged += 1
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                """INSERT INTO damaged (source, row, checksum, data)
                    SELECT 'log', id, checksum, data FROM log WHERE id = ?""",
                (number,),
            )
            connection.execute("DELETE FROM log WHERE id = ?", (number,))
            connection.execute("INSERT OR REPLACE INTO state VALUES ('log', max(?, ?))", (number, row))
            connection.execute("COMMIT")
        self._row = row
        self._buried = connection.execute("SELECT 1 FROM last WHERE value IS NULL LIMIT 1").fetchone() is not None

    def _load(self, series: int) -> Stored | None:
        row = self._sql().execute("SELECT time, value, newest, merged FROM last WHERE series = ?", (series,)).fetchone()
        if row is None:
            return None
        at, value, newest, merged = row
        point = None if value is None else Point(at, unpack_value(value))
        return Stored(point, NEVER if newest is None else newest, merged)

    def _next_free(self, run: Run, wanted: int) -> int:
        low, high = run.gap
        if low < wanted < high:
            return wanted
        connection = self._sql()
        before = connection.execute(BEFORE, (run.series, wanted)).fetchone()
        if before is None or before[2] < wanted:
            after = connection.execute(AFTER, (run.series, wanted)).fetchone()
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

    # ---- commit -----------------------------------------------------------------------------------------------------

    def _commit(self, batch: PointBatch) -> str | None:
        reason = self._store(batch) if batch.series else None
        if reason is not None:
            self.counters.refused += len(batch.series)
        return reason

    def _store(self, batch: PointBatch) -> str | None:
        if self.memory.points > 2 * self._merge_points:
            self._help()
            if self.memory.points > MOST_MEMORY * self._merge_points:
                return "the store can not merge what it has; see its log"
        try:
            data = pack_columns(batch.series, batch.times, batch.values)
        except Exception as error:
            log.exception("a batch could not be packed")
            return f"the batch holds what can not be stored: {error}"
        row = (self._row + 1, data, zlib.crc32(data))
        try:
            self._insert(row)
        except FAILURES as error:
            merging = bool(self._settling)
            self._rollback(error)
            if not merging:
                return plain_reason(error)
            self._abandon_round(plain_reason(error))
            try:
                self._insert(row)
            except FAILURES as again:
                self._rollback(again)
                return plain_reason(again)
        self._row += 1
        self._log_bytes += len(data)
        self._settle()
        self.memory.add(batch.series, batch.times, batch.values)
        self.counters.commits += 1
        self.counters.points += len(batch.series)
        return None

    def _insert(self, row: tuple[int, bytes, int]) -> None:
        connection = self._sql()
        connection.execute("INSERT INTO log (id, data, checksum) VALUES (?, ?, ?)", row)
        if connection.in_transaction:
            connection.execute("COMMIT")

    def _help(self) -> None:
        until = time.monotonic() + HELP_SECONDS
        while time.monotonic() < until and (self._round is not None or self._merge_due()):
            if self._round is None:
                self._round = self._merge_round()
            self._merge_step()

    # ---- merge ------------------------------------------------------------------------------------------------------

    def _merge_due(self) -> bool:
        if self._merge_wanted:
            return True
        if self.memory.points < self._merge_points and self._log_bytes < MERGE_BYTES:
            return False
        if self._warming is None:
            self._warming = threading.Thread(target=blocks.warm, name="telemetry-warm", daemon=True)
            self._warming.start()
        return not self._warming.is_alive() and self._clock.monotonic() >= self._retry_at

    def _merge_step(self) -> None:
        """One step of the round: one block encoded, or one series written."""
        if self._round is None:
            return
        try:
            if next(self._round, self) is self:
                self._round = None
                self._tell_merge_waiters(None)
        except FAILURES as error:
            log.warning("merging stopped, it will be tried again: %s", error)
            self._rollback(error)
            self._abandon_round(plain_reason(error))
        except Exception as error:
            log.exception("merging failed; the points stay in the log")
            self._rollback(error)
            self._abandon_round(f"merging failed: {error!r}")

    def _merge_round(self) -> Generator[None, None, None]:
        """Merge every series that has points in memory now, then delete the rows of the log that are not needed."""
        self._merge_wanted = False
        waiters, self._merge_waiters = self._merge_waiters, []
        self._round_waiters += waiters
        upto = self._row
        if not self.memory.active and not self._log_bytes:
            return
        pending, self.memory.points = self.memory.points, 0
        try:
            for series in sorted({abs(series) for series in self.memory.active}):
                run = self.memory.runs.get(series)
                if run is None or (series not in self.memory.active and -series not in self.memory.active):
                    continue
                yield from self._merge_series(run)
            self._begin()
            self._sql().execute("INSERT OR REPLACE INTO state VALUES ('log', ?)", (upto,))
            self._sql().execute("DELETE FROM log WHERE id <= ?", (upto,))
            if self._buried:
                self._sql().execute("DELETE FROM last WHERE value IS NULL AND merged <= ?", (upto,))
            self._flush()
        except BaseException:
            self.memory.points += pending
            raise
        self._buried = False
        self._log_bytes = self._sql().execute("SELECT coalesce(sum(length(data)), 0) FROM log").fetchone()[0]
        self.counters.rounds += 1
        self.memory.trim()

    def _merge_series(self, run: Run) -> Generator[None, None, None]:
        parts = self.memory.freeze(run)
        merged = self._row
        count = sum(map(len, parts))
        newest, base = run.newest, run.last()
        work = SeriesMerge(self._sql(), run.series, parts)
        try:
            yield from work.prepare()
            if self.memory.runs.get(run.series) is not run:
                return  # deleted meanwhile
            self._begin()
            work.write()
        except BaseException:
            self.memory.thaw(run)
            raise
        self._settling.append((run, base, merged))
        self._sql().execute(
            "INSERT OR REPLACE INTO last (series, time, value, newest, merged) VALUES (?, ?, ?, ?, ?)",
            (
                run.series,
                None if base is None else base.time,
                None if base is None else pack_value(base.value),
                None if newest == NEVER else newest,
                merged,
            ),
        )
        self.counters.merged += count
        for damage in work.damaged:
            self.counters.damaged += 1
            log.error("a damaged block was set aside: %s", damage)
        if time.monotonic() - self._slice_began > SLICE_SECONDS:
            self._flush()
        yield

    def _begin(self) -> None:
        connection = self._sql()
        if not connection.in_transaction:
            connection.execute("BEGIN IMMEDIATE")
            self._slice_began = time.monotonic()

    def _flush(self) -> None:
        connection = self._sql()
        if connection.in_transaction:
            connection.execute("COMMIT")
        self._settle()

    def _settle(self) -> None:
        for run, base, merged in self._settling:
            self.memory.settle(run, base, merged)
        self._settling.clear()

    def _abandon_round(self, reason: str) -> None:
        """Give up the round. What it had not committed stays in memory and in the log."""
        if self._connection is not None and self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        for run, _, _ in self._settling:
            self.memory.thaw(run)
        self._settling.clear()
        if self._round is not None:
            self._round.close()
            self._round = None
        self._retry_at = self._clock.monotonic() + RETRY_SECONDS
        self._tell_merge_waiters(reason)

    def _tell_merge_waiters(self, reason: str | None) -> None:
        waiters, self._round_waiters = self._round_waiters, []
        for done in waiters:
            done(reason)

    # ---- delete -----------------------------------------------------------------------------------------------------

    def _delete(self, series: list[int]) -> str | None:
        try:
            self._flush()
            self._begin()
            for number in {abs(number) for number in series}:
                self._sql().execute("DELETE FROM block WHERE series = ?", (number,))
                self._sql().execute(
                    "INSERT OR REPLACE INTO last (series, time, value, newest, merged) VALUES (?, NULL, NULL, NULL, ?)",
                    (number, self._row),
                )
            self._flush()
        except FAILURES as error:
            self._rollback(error)
            self._abandon_round(plain_reason(error))
            return plain_reason(error)
        self._buried = True
        for number in {abs(number) for number in series}:
            self.memory.forget(number)
        return None
