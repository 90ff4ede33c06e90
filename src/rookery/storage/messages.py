"""Retained messages and persistent sessions in a SQLite file of their own.

The event loop marks what has changed; one thread writes. The first change after a quiet moment is committed in the next
turn of the loop, what comes meanwhile is the next commit, and commits begin at least `SPACING` apart. A session is
written as the difference to what the file holds: messages come at the end of its line and leave at the front, so a
session with a thousand waiting messages costs one row when one more comes.

A commit that fails (a full disk) refuses its tickets and loses nothing of the marks: they go into the next commit,
which is tried when something changes, and after `RETRY` seconds at the latest.

The spacing is real time by the loop's own timer, not by a `Clock`: it is about the disk, and a server whose clock
stands still must still acknowledge.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from rookery.core.messages import KeptState, Retained, StoredSession, Waiting
from rookery.core.points import Producer
from rookery.storage.folder import FolderDamaged, FolderError, FolderReadOnly, FolderTooNew, make_private

log = logging.getLogger(__name__)

SPACING = 0.005
"""Seconds between the beginnings of two commits: under load many messages share a flush. The contract allows 20 ms."""

RETRY = 1.0
"""Seconds after which a commit that failed is tried again although nothing has changed."""

HANDED = 1_000
"""Messages handed to one session between two commits that are remembered; more, and the session is looked over."""

BUSY_SECONDS = 5
"""How long to wait for another program (a backup, say) that holds the file."""

REVISION = 1
"""Of the tables below, in SQLite's `user_version`."""

_APPLICATION = 0x524B4D53
"""`application_id` of the file: RKMS."""

_SCHEMA = """
CREATE TABLE retained (
    space TEXT NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL, qos INTEGER NOT NULL,
    PRIMARY KEY (space, topic)
);
CREATE TABLE session (
    id INTEGER PRIMARY KEY, realm TEXT NOT NULL, client_id TEXT NOT NULL, head BLOB NOT NULL,
    UNIQUE (realm, client_id)
);
CREATE TABLE waiting (
    session INTEGER NOT NULL, place INTEGER NOT NULL,
    topic TEXT NOT NULL, payload BLOB NOT NULL, qos INTEGER NOT NULL, retain INTEGER NOT NULL,
    PRIMARY KEY (session, place)
);
"""
_RETAIN = (
    "INSERT INTO retained VALUES (?, ?, ?, ?) "
    "ON CONFLICT (space, topic) DO UPDATE SET payload = excluded.payload, qos = excluded.qos"
)
_RELEASE = "DELETE FROM retained WHERE space = ? AND topic = ?"
_HEAD = "INSERT INTO session VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET head = excluded.head"
_WAIT = "INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?)"
_LEAVE = "DELETE FROM waiting WHERE session = ? AND place = ?"
_CLEAR = "DELETE FROM waiting WHERE session = ?"
_FORGET = "DELETE FROM session WHERE realm = ? AND client_id = ?"

Key = tuple[str, str]
Shape = tuple[dict[str, int], list[tuple[int, bool]], set[int]]
Statement = tuple[str, list[tuple[Any, ...]]]
Connect = Callable[[Path], sqlite3.Connection]


def connect(path: Path) -> sqlite3.Connection:
    """The file, in autocommit mode."""
    return sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)


class _Line:
    """One session in the file: the messages of its line, the places they have there, and what it looked like then."""

    __slots__ = (
        "handed",
        "head",
        "id",
        "known",
        "messages",
        "next",
        "places",
        "queued",
        "shape",
        "state",
    )

    def __init__(self, id: int) -> None:
        self.id = id
        self.state: KeptState | None = None
        self.head = b""
        self.messages: list[Waiting] = []
        self.places: list[int] = []
        self.next = 0
        self.known = True
        """False after a failed commit: what the file holds is written anew as a whole."""
        self.handed: list[Waiting] | None = None
        """What was handed to the session since it was last looked at; None when that is not known."""
        self.queued = 0
        self.shape: Shape | None = None


class _Batch(NamedTuple):
    statements: list[Statement]
    retained: dict[Key, Retained | None]
    lines: list[Key]
    forgotten: set[Key]
    tickets: dict[Producer, list[int]]


class MessageFile:
    """A `core.messages.MessageStore` in one file. Made by `MessageFile.open`."""

    def __init__(self, path: Path, synchronous: str, opener: Connect) -> None:
        """Opens the file; blocks. Use `open`."""
        make_private(path)
        self._connection = _opened(path, synchronous, opener)
        self._retained: dict[str, dict[str, Retained]] = defaultdict(dict)
        self._lines: dict[Key, _Line] = {}
        self._next_id = 1
        self._stored: list[StoredSession] = []
        try:
            self._load()
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.DatabaseError):
                raise _unusable(path, error) from error
            if isinstance(error, msgspec.DecodeError | KeyError | TypeError | ValueError):
                raise FolderDamaged(f"{path} holds a session that can not be read.") from error
            raise
        self._changed_retained: dict[Key, Retained | None] = {}
        self._changed_lines: dict[Key, None] = {}
        self._forgotten: set[Key] = set()
        self._tickets: defaultdict[Producer, list[int]] = defaultdict(list)
        self._thread = ThreadPoolExecutor(1, "messages-writer")
        self._timer: asyncio.Handle | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._next_begin = 0.0
        self._busy = False
        self._closed = False
        self._failing = False
        self._idle: asyncio.Future[None] | None = None
        self.commits = 0
        """Commits since the start."""
        self.failures = 0
        """Commits that failed; their publishers were not acknowledged."""

    @classmethod
    async def open(cls, path: Path, *, synchronous: str = "FULL", opener: Connect = connect) -> MessageFile:
        """Open or create the file and read what it holds. `opener` is where tests put faults.

        Raises:
            FolderTooNew: a newer version has written it.
            FolderDamaged: it is something else.
            FolderError: it can not be opened or written.
        """
        return await asyncio.to_thread(cls, path, synchronous, opener)

    # core.messages.MessageStore

    def retained(self) -> Mapping[str, Mapping[str, Retained]]:
        """What was stored when the file was opened. Told once: the owner keeps it from then on."""
        retained, self._retained = self._retained, {}
        return retained

    def sessions(self) -> list[StoredSession]:
        """The sessions that were stored. Told once."""
        stored, self._stored = self._stored, []
        return stored

    def retain(self, space_id: str, topic: str, message: Retained | None) -> None:
        """The last message of a topic is this one now, or none."""
        self._changed_retained[space_id, topic] = message
        self._arm()

    def keep(self, realm: str, state: KeptState) -> None:
        """A session has changed."""
        key = (realm, state.client_id)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line(self._next_id)
            self._next_id += 1
        if line.state is not state:
            line.state = state
            line.handed = None
        self._changed_lines[key] = None
        self._arm()

    def handed(self, realm: str, client_id: str, message: Waiting, *, away: bool) -> None:
        """This message was handed to a session."""
        key = (realm, client_id)
        line = self._lines.get(key)
        if line is None or (away and key not in self._changed_lines):
            return
        if line.handed is not None:
            if len(line.handed) < HANDED:
                line.handed.append(message)
            else:
                line.handed = None
        self._changed_lines[key] = None
        self._arm()

    def forget(self, realm: str, client_id: str) -> None:
        """This session is no more."""
        key = (realm, client_id)
        self._changed_lines.pop(key, None)
        if self._lines.pop(key, None) is not None:
            self._forgotten.add(key)
            self._arm()

    def after_commit(self, producer: Producer, ticket: int) -> None:
        """Hand this ticket back when all that has changed so far is on disk."""
        if self._closed:
            asyncio.get_running_loop().call_soon(producer.refused, [ticket], "the store is closed")
            return
        self._tickets[producer].append(ticket)
        self._arm()

    # Life

    async def flush(self) -> None:
        """Return when no commit is under way or about to be: all is on disk, or the last commit has failed."""
        while self._busy or self._timer is not None:
            if self._idle is None:
                self._idle = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._idle)

    async def close(self) -> None:
        """Commit what is left and close the file. Later tickets are refused."""
        if self._closed:
            return
        self._closed = True
        for timer in (self._timer, self._retry):
            if timer is not None:
                timer.cancel()
        self._timer = self._retry = None
        await self.flush()
        while self._anything():
            failed = self.failures
            self._begin()
            await self.flush()
            if self.failures > failed:
                break
        await asyncio.to_thread(self._thread.shutdown)
        self._connection.close()

    # The loop's side of a commit

    def _anything(self) -> bool:
        return bool(self._changed_retained or self._changed_lines or self._forgotten or self._tickets)

    def _arm(self) -> None:
        if self._busy or self._closed or self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        delay = self._next_begin - loop.time()
        self._timer = loop.call_later(delay, self._begin) if delay > 0 else loop.call_soon(self._begin)

    def _begin(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        self._next_begin = loop.time() + SPACING
        batch = self._take()
        if not batch.statements:
            # What was handed to sessions has been acknowledged already: there is nothing to store.
            self._settle(batch, None)
            return
        self._busy = True
        written = loop.run_in_executor(self._thread, self._write, batch.statements)
        written.add_done_callback(partial(self._written, batch))

    def _take(self) -> _Batch:
        statements: list[Statement] = []
        retained, self._changed_retained = self._changed_retained, {}
        changed, self._changed_lines = self._changed_lines, {}
        forgotten, self._forgotten = self._forgotten, set()
        tickets, self._tickets = self._tickets, defaultdict(list)
        for realm, client_id in forgotten:
            statements.append((_CLEAR_OF, [(realm, client_id)]))
            statements.append((_FORGET, [(realm, client_id)]))
        gone = [key for key, message in retained.items() if message is None]
        if gone:
            statements.append((_RELEASE, [*gone]))
        here = [(*key, *message) for key, message in retained.items() if message is not None]
        if here:
            statements.append((_RETAIN, [*here]))
        lines = [key for key in changed if key in self._lines]
        for key in lines:
            statements += _difference(key, self._lines[key])
        return _Batch(statements, retained, lines, forgotten, tickets)

    def _written(self, batch: _Batch, written: asyncio.Future[None]) -> None:
        self._busy = False
        error = written.exception()
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if error is None:
            self.commits += 1
        else:
            self.failures += 1
            self._take_back(batch)
        if (error is not None) != self._failing:
            # Said once, not for each commit of a disk that stays full.
            self._failing = error is not None
            log.warning("messages can not be stored: %s", error) if error else log.warning("messages are stored again")
        self._settle(batch, error)

    def _take_back(self, batch: _Batch) -> None:
        """The batch is not in the file; what it held goes into the next one, unless it has changed since."""
        self._changed_retained = batch.retained | self._changed_retained
        self._forgotten |= batch.forgotten
        for key in batch.lines:
            line = self._lines.get(key)
            if line is not None:
                line.known = False
                self._changed_lines[key] = None

    def _settle(self, batch: _Batch, error: BaseException | None) -> None:
        if error is not None and not self._closed:
            self._retry = asyncio.get_running_loop().call_later(RETRY, self._arm)
        if self._tickets or (error is None and self._anything()):
            self._arm()
        if self._idle is not None and self._timer is None:
            self._idle.set_result(None)
            self._idle = None
        for producer, tickets in batch.tickets.items():
            try:
                if error is None:
                    producer.committed(tickets)
                else:
                    producer.refused(tickets, _sentence(error))
            except Exception:
                # One that fails must not keep the others from their acknowledgements.
                log.exception("a producer failed to take its tickets")

    # The thread's side

    def _write(self, statements: list[Statement]) -> None:
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for sql, rows in statements:
                connection.executemany(sql, rows)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    # Reading, once

    def _load(self) -> None:
        for space, topic, payload, qos in self._connection.execute("SELECT space, topic, payload, qos FROM retained"):
            self._retained[space][topic] = Retained(payload, qos)
        by_id: dict[int, _Line] = {}
        rows = self._connection.execute("SELECT id, realm, client_id, head FROM session ORDER BY id").fetchall()
        for id, realm, client_id, head in rows:
            line = by_id[id] = self._lines[realm, client_id] = _Line(id)
            line.head = head
            self._next_id = id + 1
        waiting = "SELECT session, place, topic, payload, qos, retain FROM waiting ORDER BY session, place"
        for id, place, topic, payload, qos, retain in self._connection.execute(waiting):
            line = by_id[id]
            line.places.append(place)
            line.messages.append([topic, payload, qos, bool(retain)])
            line.next = place + 1
        for (realm, _), line in self._lines.items():
            self._stored.append(StoredSession(realm, _restored(line)))


_CLEAR_OF = "DELETE FROM waiting WHERE session IN (SELECT id FROM session WHERE realm = ? AND client_id = ?)"


def _difference(key: Key, line: _Line) -> list[Statement]:
    """What brings the file from what it holds of a session to the present state; `line` is then what it will hold."""
    state = line.state
    if state is None:
        return []
    handed, line.handed = line.handed, []
    if handed and line.known and _only_longer(line, state, len(handed)):
        line.queued += len(handed)
        return _appended(line, handed)
    return _looked_over(key, line, state)


def _only_longer(line: _Line, state: KeptState, handed: int) -> bool:
    """Whether all that was handed to the session waits at the end of its line, and nothing else has happened to it.

    The usual case of a client that is away: then a long line need not be looked over. Where any message is told by
    `handed` all are, so a line that is longer by as many has lost none.
    """
    return state.queued == line.queued + handed and _shape(state) == line.shape


def _shape(state: KeptState) -> Shape:
    """All of a session but the messages that wait."""
    flying = [(number, message is None) for number, message in state.unfinished()]
    return dict(state.subscriptions or {}), flying, set(state.received or ())


def _looked_over(key: Key, line: _Line, state: KeptState) -> list[Statement]:
    data = state.dump()
    line.queued, line.shape = state.queued, _shape(state)
    inflight: list[list[Any]] = data.pop("inflight")
    messages: list[Waiting] = [message for _, message in inflight if message is not None]
    messages += data.pop("queue")
    statements: list[Statement] = []
    if not line.known:
        statements.append((_CLEAR, [(line.id,)]))
        line.messages, line.places, line.head, line.known = [], [], b"", True
    kept = _places(line, messages)
    stay = set(kept)
    left = [(line.id, place) for place in line.places if place not in stay]
    line.messages, line.places = messages[: len(kept)], kept
    come = _appended(line, messages[len(kept) :])
    places = iter(line.places)
    data["inflight"] = [[number, None if message is None else next(places)] for number, message in inflight]
    head = msgspec.json.encode(data)
    if head != line.head:
        line.head = head
        statements.append((_HEAD, [(line.id, *key, head)]))
    if left:
        statements.append((_LEAVE, [*left]))
    return statements + come


def _appended(line: _Line, messages: list[Waiting]) -> list[Statement]:
    """The line with these at its end."""
    places = range(line.next, line.next + len(messages))
    line.next += len(messages)
    line.places += places
    line.messages += messages
    rows = [(line.id, place, *message) for place, message in zip(places, messages, strict=True)]
    return [(_WAIT, [*rows])] if rows else []


def _places(line: _Line, messages: list[Waiting]) -> list[int]:
    """The places of those of `messages` that the file has, as many from the front as it has in this order."""
    there = line.messages
    if messages[: len(there)] == there:
        return line.places
    kept: list[int] = []
    at = 0
    for message in messages:
        while at < len(there) and there[at] != message:
            at += 1
        if at == len(there):
            break
        kept.append(line.places[at])
        at += 1
    return kept


def _restored(line: _Line) -> dict[str, Any]:
    """A dump out of what the file holds."""
    data: dict[str, Any] = msgspec.json.decode(line.head)
    by_place = dict(zip(line.places, line.messages, strict=True))
    inflight = [[number, None if place is None else by_place.pop(place)] for number, place in data["inflight"]]
    return data | {"inflight": inflight, "queue": list(by_place.values())}


def _opened(path: Path, synchronous: str, opener: Connect) -> sqlite3.Connection:
    connection: sqlite3.Connection | None = None
    try:
        connection = opener(path)
        revision: int = connection.execute("PRAGMA user_version").fetchone()[0]
        mine = connection.execute("PRAGMA application_id").fetchone()[0] == _APPLICATION
        empty = not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        if not mine and not empty:
            raise FolderDamaged(f"{path} holds tables that are not Rookery's messages.")
        if revision > REVISION:
            raise FolderTooNew(
                f"{path} was written by a newer version of Rookery (revision {revision}; this one knows {REVISION}). "
                "Install that version, or choose another folder."
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        # macOS: a plain fsync there leaves the data in the cache of the disk. Other systems have no such setting.
        connection.execute("PRAGMA fullfsync = ON")
        if empty:
            marks = f"PRAGMA application_id = {_APPLICATION}; PRAGMA user_version = {REVISION};"
            connection.executescript(f"BEGIN IMMEDIATE;{_SCHEMA}{marks}COMMIT;")
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.DatabaseError):
            raise _unusable(path, error) from error
        raise
    return connection


def _unusable(path: Path, error: sqlite3.DatabaseError) -> FolderError:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return FolderDamaged(f"{path} is not a file of messages: {error}.")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return FolderReadOnly(f"{path} can not be written: {error}.")
    return FolderError(f"{path} can not be used: {error}.")


def _sentence(error: BaseException) -> str:
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return "the disk is full"
        case sqlite3.SQLITE_READONLY:
            return "the data folder is read-only"
    return f"the message could not be stored ({error})"
