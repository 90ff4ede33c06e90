"""The one thread that writes, and the group commit.

Whoever wants to write puts a piece of work into a queue and waits. The thread takes all that waits, does each piece
inside a savepoint of its own, commits once, and only then answers. So a hundred boards that come back at once share a
flush, and a piece that is refused takes nothing of the others with it.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from rookery.core.errors import Unavailable
from rookery.storage.catalog.failures import unavailable

T = TypeVar("T")

WAITING = 1_024
"""Pieces of work in the queue: some 10 MB at the very most. Whoever comes later waits for a place in it."""

GROUP = 256
"""Pieces in one commit: some 20 ms of work here, so nobody waits long for the others of a group."""


class _Job:
    __slots__ = ("error", "future", "result", "work")

    def __init__(self, work: Callable[[Connection], Any], future: asyncio.Future[Any]) -> None:
        self.work = work
        self.future = future
        self.result: Any = None
        self.error: BaseException | None = None


class Writer:
    """Owns the connection that writes. `connection` is in autocommit mode: transactions are begun and ended here."""

    def __init__(self, connection: Connection, name: str) -> None:
        self._connection = connection
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._places = asyncio.Semaphore(WAITING)
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()
        self.commits = 0
        """Commits since the start; fewer than pieces of work when they came in groups."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Do `work(connection)` in the writer's thread and return its result once it is committed.

        Cancelling the wait does not undo the work.

        Raises:
            Unavailable: the store can not write now, or is closed.
            and whatever `work` raises; then nothing of it has happened.
        """
        async with self._places:
            if self._closed:
                raise Unavailable("The catalog is closed.")
            future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
            self._queue.put(_Job(work, future))
            return await future

    def end(self) -> None:
        """Take no more work. Called on the event loop, so that nothing gets into the queue behind the end."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)

    def join(self) -> None:
        """After `end`: finish what waits and close the connection. Blocks; call it in a thread."""
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        ending = False
        while not ending:
            job = self._queue.get()
            group: list[_Job] = []
            while job is not None:
                group.append(job)
                if len(group) == GROUP:
                    break
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
            ending = job is None
            if group:
                self._commit(group)
                _answer(group)

    def _commit(self, group: list[_Job]) -> None:
        connection = self._connection
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            for job in group:
                connection.exec_driver_sql("SAVEPOINT piece")
                try:
                    job.result = job.work(connection)
                except DBAPIError as error:
                    if not isinstance(error, IntegrityError):
                        raise
                    job.error = error
                except Exception as error:
                    job.error = error
                if job.error is not None:
                    connection.exec_driver_sql("ROLLBACK TO piece")
                connection.exec_driver_sql("RELEASE piece")
            connection.exec_driver_sql("COMMIT")
        except Exception as error:
            # A full or failing disk may have undone the whole transaction already: nobody is told anything else.
            refusal = unavailable(error) if isinstance(error, DBAPIError) else error
            for job in group:
                job.error = refusal
            self._abandon()
        else:
            self.commits += 1

    def _abandon(self) -> None:
        try:
            self._connection.exec_driver_sql("ROLLBACK")
        except DBAPIError:
            # SQLite had ended the transaction itself.
            pass


def _answer(group: list[_Job]) -> None:
    by_loop: dict[asyncio.AbstractEventLoop, list[_Job]] = {}
    for job in group:
        by_loop.setdefault(job.future.get_loop(), []).append(job)
    for loop, jobs in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle, jobs)
        except RuntimeError:
            # The loop has ended; nobody waits any more.
            pass


def _settle(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            job.future.set_result(job.result)
