"""The store of points as the event loop sees it.

Group commit without timers in the way: the first point after a quiet moment goes to the writer in the same turn of the
loop, whatever comes while the writer is busy is the next batch, and under load batches begin at least `SPACING` apart,
so that many small commits become few larger ones. A lone point waits for its own flush only, and no point waits longer
than the flush before its own and the spacing.

This spacing is real time by the loop's own timer, not by the `Clock`: it is about the disk, and a sandbox whose clock
stands still must still acknowledge.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from rookery.core.clock import Clock, Timer
from rookery.core.points import Aggregation, Bin, Point, PointBatch, StoreRefused, Value
from rookery.storage.telemetry import newest, reading, schema
from rookery.storage.telemetry.connection import Synchronous
from rookery.storage.telemetry.room import Free, Room, free_bytes
from rookery.storage.telemetry.rounds import MERGE_POINTS, Counters
from rookery.storage.telemetry.writer import Age, Commit, Delete, Expire, Merge, Stop, Writer

log = logging.getLogger(__name__)

T = TypeVar("T")

SPACING = 0.005
"""Seconds between the beginnings of two group commits under load. A commit costs 0.1 ms of CPU and one flush; below
5 ms the CPU per point rises, above it only the delay does. The contract allows 20 ms."""

MOST_OPEN = 500_000
"""Points in the open batch, about 40 MB. More means that the disk has stopped: producers with a window never get
there, those without are refused."""

MERGE_AGE = 600.0
"""Seconds between two looks whether points should be merged although they are few."""

READERS = 3
"""Threads that read. Reading is short; a long export must not keep the others waiting."""

CLOSED = "the store is closed"


class _Waiters:
    """The producer behind `write`: a ticket is a future."""

    def __init__(self) -> None:
        self._futures: dict[int, asyncio.Future[None]] = {}
        self._next = 0

    def ticket(self) -> tuple[int, asyncio.Future[None]]:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._next += 1
        self._futures[self._next] = future
        return self._next, future

    def committed(self, tickets: list[int]) -> None:
        for ticket in tickets:
            future = self._futures.pop(ticket)
            if not future.done():
                future.set_result(None)

    def refused(self, tickets: list[int], reason: str) -> None:
        for ticket in tickets:
            future = self._futures.pop(ticket)
            if not future.done():
                future.set_exception(StoreRefused(reason))


class TelemetryStore:
    """Points in one SQLite file. Implements `rookery.core.points.Telemetry`.

    Args:
        path: the file, usually `telemetry.db` in the data folder; `path + ".lock"` beside it keeps other processes out.
        clock: for the age at which points are merged and the pause after a failed merge.
        synchronous: SQLite's word. FULL flushes every group commit; NORMAL and OFF survive the end of the process but
            not of the power, for cards that flushing wears out.
        merge_points: points in memory at which they are merged into blocks.
        reserve: bytes that have to stay free on the disk: below, points are refused; 0 fills it.
        connect: opens the file; tests put faults here.
        free: how much is free; tests put small disks here.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        synchronous: Synchronous = "FULL",
        merge_points: int = MERGE_POINTS,
        spacing: float = SPACING,
        reserve: int = 0,
        connect: schema.Connect = schema.connect,
        free: Free = free_bytes,
    ) -> None:
        self.batch = PointBatch()
        self.on_refused: Callable[[Sequence[int]], None] = lambda _series: None
        self.trouble: str | None = None
        """Why the newest batch was refused; None when it was stored."""
        self._path = path
        self._clock = clock
        self._connect = connect
        self._lock = schema.FileLock(path.with_name(path.name + ".lock"))
        self._writer = Writer(
            path,
            clock,
            self._outcome,
            connect=connect,
            synchronous=synchronous,
            merge_points=merge_points,
            room=Room(path, clock, reserve, free),
        )
        self._memory = self._writer.memory
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open = False
        self._armed = False
        self._in_flight = 0
        self._next_begin = 0.0
        self._spacing = spacing
        self._waiters = _Waiters()
        self._merge_timer: Timer | None = None
        self._readers: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []

    @property
    def counters(self) -> Counters:
        """What happened since `open`, for metrics."""
        return self._writer.counters

    @property
    def damaged(self) -> bool:
        """Whether merging has come upon damage to the file, and stands still until that is repaired."""
        return self._writer.damaged

    # ---- life -------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Lock, create or upgrade the file, and replay what was not merged.

        Raises:
            TelemetryFileError: in use, newer, foreign, or not to be opened; each has a subclass.
        """
        self._loop = loop = asyncio.get_running_loop()
        self._lock.acquire()
        opened: asyncio.Future[None] = loop.create_future()

        def report(error: BaseException | None) -> None:
            loop.call_soon_threadsafe(_finish, opened, error)

        self._writer.start(report)
        try:
            await opened
        except BaseException:
            self._writer.submit(Stop())
            self._writer.join()
            self._lock.release()
            raise
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="telemetry-reader")
        self._open = True
        self._merge_timer = self._clock.call_later(MERGE_AGE, self._merge_by_age)

    async def close(self) -> None:
        """Commit what is open, hand its tickets back, and end. Later points are refused."""
        if not self._open:
            return
        if self.batch.series or self.batch.tickets:
            self._hand_over()
        self._open = False
        if self._merge_timer is not None:
            self._merge_timer.cancel()
        self._writer.submit(Stop())
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._readers, self._writer.join)
        if self._readers is not None:
            await asyncio.to_thread(self._readers.shutdown)
        for connection in self._connections:
            connection.close()
        self._connections.clear()
        self._lock.release()
        await asyncio.sleep(0)

    # ---- the way in -------------------------------------------------------------------------------------------------

    def touch(self) -> None:
        """See `Telemetry.touch`. Cheap when the batch is already on its way."""
        if self._armed:
            if len(self.batch.series) > MOST_OPEN:
                self._refuse("the disk does not keep up")
            return
        self._armed = True
        if self._open:
            if not self._in_flight:
                self._arm()
        elif self._loop is not None:
            self._loop.call_soon(self._refuse, CLOSED)
        else:
            self._refuse(CLOSED)

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        wait = self._next_begin - loop.time()
        if wait > 0:
            loop.call_later(wait, self._begin)
        else:
            loop.call_soon(self._begin)

    def _begin(self) -> None:
        if self._armed and not self._in_flight and self._open:
            self._hand_over()

    def _hand_over(self) -> None:
        batch, self.batch = self.batch, PointBatch()
        self._armed = False
        self._in_flight += 1
        self._next_begin = asyncio.get_running_loop().time() + self._spacing
        self._writer.submit(Commit(batch))

    def _refuse(self, reason: str) -> None:
        batch, self.batch = self.batch, PointBatch()
        self._armed = False
        self._give_back(batch, reason)

    def _outcome(self, batch: PointBatch, reason: str | None) -> None:
        """In the writer thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._committed, batch, reason)

    def _committed(self, batch: PointBatch, reason: str | None) -> None:
        self._in_flight -= 1
        if self._armed and self._open and not self._in_flight:
            self._arm()
        self._give_back(batch, reason)

    def _give_back(self, batch: PointBatch, reason: str | None) -> None:
        self.trouble = reason
        if reason is not None:
            self.on_refused(batch.series)
        for producer, tickets in batch.tickets.items():
            try:
                if reason is None:
                    producer.committed(tickets)
                else:
                    producer.refused(tickets, reason)
            except Exception:
                log.exception("a producer failed to take its tickets back")

    async def write(self, points: Sequence[tuple[int, int, Value]]) -> None:
        """See `Telemetry.write`."""
        if not self._open:
            raise StoreRefused(CLOSED)
        if not points:
            return
        series, times, values = zip(*points, strict=True)
        batch = self.batch
        batch.series += series
        batch.times += times
        batch.values += values
        ticket, future = self._waiters.ticket()
        batch.tickets[self._waiters].append(ticket)
        self.touch()
        await future

    async def delete(self, series: Sequence[int]) -> None:
        """See `Telemetry.delete`. Points that were handed in before are deleted too.

        Raises:
            StoreRefused: the disk refused it; nothing was deleted.
        """
        await self._job(lambda done: Delete(list(series), done))

    async def expire(self, limits: Mapping[int, int]) -> int:
        """See `Telemetry.expire`. What is not merged yet is left for the next time.

        Raises:
            StoreRefused: the disk refused it; what went is gone, the rest goes the next time.
        """
        if not self._open:
            raise StoreRefused(CLOSED)
        if not limits:
            return 0
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()

        def done(gone: int, reason: str | None) -> None:
            loop.call_soon_threadsafe(_settle, future, gone, None if reason is None else StoreRefused(reason))

        self._writer.submit(Expire(list(limits.items()), done))
        return await future

    async def merge(self) -> None:
        """Merge now and return when it is done. For tests, and before a copy of the file is made.

        Raises:
            StoreRefused: the disk refused it; nothing is lost.
        """
        await self._job(Merge)

    async def _job(self, make: Callable[[Callable[[str | None], None]], Delete | Merge]) -> None:
        if not self._open:
            raise StoreRefused(CLOSED)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()

        def done(reason: str | None) -> None:
            loop.call_soon_threadsafe(_finish, future, None if reason is None else StoreRefused(reason))

        if self.batch.series:
            self._hand_over()
        self._writer.submit(make(done))
        await future

    def _merge_by_age(self) -> None:
        self._writer.submit(Age())
        self._merge_timer = self._clock.call_later(MERGE_AGE, self._merge_by_age)

    # ---- the way out ------------------------------------------------------------------------------------------------

    async def _in_reader(self, function: Callable[..., T], *arguments: Any) -> T:
        if not self._open:
            raise StoreRefused(CLOSED)
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._with_reader, function, arguments)

    def _with_reader(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> T:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = schema.open_reader(self._connect, self._path)
            self._connections.append(connection)
        try:
            return function(connection, *arguments)
        except sqlite3.Error:
            # It may be left inside of its transaction: the next question opens the file anew.
            self._local.connection = None
            self._connections.remove(connection)
            connection.close()
            raise

    async def last(self, series: Sequence[int]) -> dict[int, Point]:
        """See `Telemetry.last`. Series in use are answered from memory at once. A negative series is its positive."""
        found: dict[int, Point] = {}
        missing: list[int] = []
        runs = self._memory.runs
        for number in series:
            run = runs.get(number if number >= 0 else -number)
            if run is None:
                missing.append(number)
                continue
            point = run.last()
            if point is not None:
                found[number] = point
        if missing:
            stored = await self._in_reader(newest.points, [abs(number) for number in missing])
            for number in missing:
                if abs(number) in stored:
                    found[number] = stored[abs(number)]
        return found

    async def read(self, series: int, start: int, end: int, limit: int, *, descending: bool = False) -> list[Point]:
        """See `Telemetry.read`."""
        return await self._in_reader(reading.read, self._memory, series, start, end, limit, descending)

    async def aggregate(
        self, series: int, start: int, end: int, interval: int, aggregation: Aggregation, *, origin: int = 0
    ) -> list[Bin]:
        """See `Telemetry.aggregate`. Raises ValueError for an interval that is not positive."""
        from rookery.storage.telemetry.aggregates import aggregate

        return await self._in_reader(aggregate, self._memory, series, start, end, interval, aggregation, origin)

    async def bins(self, series: int, edges: Sequence[int], aggregation: Aggregation) -> list[Bin]:
        """See `Telemetry.bins`. Raises ValueError for edges that do not ascend."""
        from rookery.storage.telemetry.aggregates import bins

        return await self._in_reader(bins, self._memory, series, edges, aggregation)

    async def sample(self, series: int, start: int, end: int, interval: int, *, origin: int = 0) -> list[Point]:
        """See `Telemetry.sample`. Raises ValueError for an interval that is not positive."""
        return await self._in_reader(reading.sample, self._memory, series, start, end, interval, origin)

    async def thin(self, series: int, start: int, end: int, points: int, *, gap: int | None = None) -> list[Point]:
        """See `Telemetry.thin`. Raises ValueError for fewer than two points or a gap below a microsecond."""
        from rookery.storage.telemetry.thinning import thin

        return await self._in_reader(thin, self._memory, series, start, end, points, gap)

    async def count(self, series: int, start: int, end: int) -> int:
        """See `Telemetry.count`."""
        return await self._in_reader(reading.count, self._memory, series, start, end)


def _finish(future: asyncio.Future[None], error: BaseException | None) -> None:
    _settle(future, None, error)


def _settle(future: asyncio.Future[T], result: T, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
