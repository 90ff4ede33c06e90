"""`core.catalog.Catalog` on SQLite: one connection that writes, a few that read, each in a thread of its own."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, NullPool, bindparam, create_engine, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from rookery.core.catalog import Change, Delete, Insert, Update
from rookery.core.errors import Unavailable
from rookery.core.records import RECORDS, Record
from rookery.storage.catalog.failures import conflict, outdated, unavailable, unusable
from rookery.storage.catalog.migrate import prepare
from rookery.storage.catalog.rows import Rows
from rookery.storage.catalog.schema import counter
from rookery.storage.catalog.writer import Writer
from rookery.storage.folder import make_private

R = TypeVar("R", bound=Record)
T = TypeVar("T")

READERS = 2
"""Threads that read. SQLite answers from its cache in microseconds; more threads only wait for each other."""

READS_WAITING = 512
"""Questions in the readers' queue; whoever comes later waits for a place in it."""

BUSY_SECONDS = 5
"""How long to wait for another program (a backup, say) that holds the file, before giving up."""

_ALLOCATE = (
    update(counter)
    .where(counter.c.name == "series")
    .values(value=counter.c.value + bindparam("count"))
    .returning(counter.c.value)
)


class SqlCatalog:
    """A catalog in one SQLite file. Made by `open_catalog`; opening blocks, so it is done in a thread."""

    def __init__(self, path: Path, synchronous: str = "FULL") -> None:
        self._path = path
        self._synchronous = synchronous
        self._rows: dict[type[Record], Rows[Any]] = {kind: Rows(kind) for kind in RECORDS}
        make_private(path)
        self._engine = create_engine(
            "sqlite://",
            creator=self._connect,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            json_serializer=lambda value: msgspec.json.encode(value).decode(),
            json_deserializer=msgspec.json.decode,
        )
        try:
            writing = self._engine.connect()
        except DBAPIError as error:
            raise unusable(error, path) from error
        try:
            prepare(writing, path)
        except BaseException:
            writing.close()
            raise
        self.writer = Writer(writing, "catalog-writer")
        self._mine = threading.local()
        self._reading: list[Connection] = []
        self._readers = ThreadPoolExecutor(READERS, "catalog-reader")
        self._places = asyncio.Semaphore(READS_WAITING)
        self._closed = False

    async def get(self, kind: type[R], id: str) -> R | None:
        """The record with this id."""
        return await self._read(self._of(kind).get, id)

    async def find(self, kind: type[R], /, **equals: Any) -> R | None:
        """The oldest record whose fields equal these."""
        return await self._read(self._of(kind).find, equals)

    async def select(self, kind: type[R], /, **equals: Any) -> list[R]:
        """All such records, oldest first."""
        return await self._read(self._of(kind).select, equals)

    async def pick(self, kind: type[R], fields: Sequence[str], /, **equals: Any) -> list[tuple[Any, ...]]:
        """These fields of all such records, in no order."""
        return await self._read(self._of(kind).pick, (tuple(fields), equals))

    async def count(self, kind: type[R], /, **equals: Any) -> int:
        """How many such records."""
        return await self._read(self._of(kind).count, equals)

    async def apply(self, *changes: Change) -> None:
        """Make all these changes, or none. Returns when they are committed."""
        if changes:
            await self.writer.run(lambda connection: self._apply(connection, changes))

    async def allocate(self, count: int) -> Sequence[int]:
        """`count` new series numbers, positive, never given out before."""
        if count <= 0:
            return range(0)
        last: int = await self.writer.run(
            lambda connection: connection.execute(_ALLOCATE, {"count": count}).scalar_one()
        )
        return range(last - count + 1, last + 1)

    async def close(self) -> None:
        """Finish what waits and close the file."""
        self._closed = True
        self.writer.end()
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._readers.shutdown()
        for connection in self._reading:
            connection.close()
        self._reading.clear()
        # Last, because the last connection that closes empties the write-ahead log into the file.
        self.writer.join()
        self._engine.dispose()

    def _of(self, kind: type[R]) -> Rows[R]:
        return self._rows[kind]

    async def _read(self, question: Callable[[Connection, Any], T], about: Any) -> T:
        async with self._places:
            if self._closed:
                raise Unavailable("The catalog is closed.")
            return await asyncio.get_running_loop().run_in_executor(self._readers, self._ask, question, about)

    def _ask(self, question: Callable[[Connection, Any], T], about: Any) -> T:
        try:
            connection: Connection | None = getattr(self._mine, "connection", None)
            if connection is None:
                connection = self._engine.connect()
                connection.exec_driver_sql("PRAGMA query_only = ON")
                self._mine.connection = connection
                self._reading.append(connection)
            return question(connection, about)
        except DBAPIError as error:
            raise unavailable(error) from error

    def _apply(self, connection: Connection, changes: Sequence[Change]) -> None:
        for change in changes:
            match change:
                case Delete(kind, id):
                    self._rows[kind].delete(connection, id)
                case Insert(record) | Update(record):
                    kind = type(record)
                    try:
                        if isinstance(change, Insert):
                            self._rows[kind].insert(connection, record)
                        elif not self._rows[kind].update(connection, record):
                            raise outdated(kind)
                    except IntegrityError as error:
                        taken = conflict(error, kind)
                        if taken is None:
                            raise
                        raise taken from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {self._synchronous}")
            # macOS: a plain fsync there leaves the data in the cache of the disk. Other systems have no such setting.
            connection.execute("PRAGMA fullfsync = ON")
        except BaseException:
            connection.close()
            raise
        return connection
