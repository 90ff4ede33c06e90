"""The file `telemetry.db`: its tables, its version, how it is opened and how two servers are kept apart.

| Table | One row is |
|---|---|
| `log` | one group commit: the three columns of a batch, packed, with a checksum |
| `block` | up to some thousand points of one series, compressed, with their summary |
| `last` | the newest point of one series, and up to which row of the log the series is merged, with a checksum |
| `damaged` | a row of `log` or `block` whose checksum was wrong, kept for whoever can repair it |
| `state` | named integers: the highest row of the log ever deleted |
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

from rookery.storage.telemetry import newest as newest_points

APPLICATION = 0x526F6F6B
"""`PRAGMA application_id`: "Rook". Says that a SQLite file is one of ours."""

Connect = Callable[[Path], sqlite3.Connection]
"""Opens the file. An argument of the store, so that tests can put faults between it and the disk."""

WAL_PAGES = 4000
"""Pages in the write-ahead log before a checkpoint: 16 MB. Log rows live for seconds only, so most pages of the
write-ahead log are rewritten before they ever have to be copied into the file; a longer one saves the disk work."""


class TelemetryFileError(Exception):
    """The telemetry file can not be used. `str()` says why and what to do."""


class TelemetryTooNew(TelemetryFileError):
    """A newer Rookery wrote this file."""


class TelemetryForeign(TelemetryFileError):
    """This is not a telemetry file, or it can not be read at all."""


class TelemetryInUse(TelemetryFileError):
    """Another process has this file open."""


FIRST_VERSION = (
    "CREATE TABLE log (id INTEGER PRIMARY KEY, data BLOB NOT NULL, checksum INTEGER NOT NULL)",
    """CREATE TABLE block (
        id INTEGER PRIMARY KEY, series INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        points INTEGER NOT NULL, kind INTEGER NOT NULL, numbers INTEGER NOT NULL, low REAL, high REAL, total REAL,
        opening REAL, closing REAL, checksum INTEGER NOT NULL, times BLOB NOT NULL, data BLOB NOT NULL)""",
    "CREATE UNIQUE INDEX block_place ON block (series, first)",
    """CREATE TABLE last (
        series INTEGER PRIMARY KEY, time INTEGER, value BLOB, newest INTEGER, merged INTEGER NOT NULL)""",
    "CREATE INDEX last_gone ON last (merged) WHERE value IS NULL",
    """CREATE TABLE damaged (
        id INTEGER PRIMARY KEY, source TEXT NOT NULL, row INTEGER NOT NULL, series INTEGER, first INTEGER, last INTEGER,
        points INTEGER, kind INTEGER, checksum INTEGER, times BLOB, data BLOB)""",
    "CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL)",
)

ADOPTED = "adopted(series, time, value, newest, merged)"
"""The checksum of a row of `last` that has none, where `know_adopted` was called."""

SECOND_VERSION = (
    f"ALTER TABLE last ADD COLUMN checksum INTEGER NOT NULL DEFAULT {newest_points.NO_ROW}",
    f"UPDATE last SET checksum = {ADOPTED}",  # noqa: S608
)

UPGRADES: tuple[tuple[str, ...], ...] = (FIRST_VERSION, SECOND_VERSION)
"""`UPGRADES[n]` turns a file of version n into one of version n + 1; version 0 is an empty file."""


def connect(path: Path) -> sqlite3.Connection:
    """A plain connection in autocommit mode. It may be closed from another thread than the one that uses it."""
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10.0, cached_statements=64)


def open_writer(connect: Connect, path: Path, synchronous: str) -> sqlite3.Connection:
    """The connection of the writer, on a file of the present version.

    Raises:
        TelemetryFileError: newer, foreign, or not to be opened.
    """
    try:
        if not path.exists():
            # SQLite gives its side files the permissions of this one.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = connect(path)
    except (sqlite3.Error, OSError) as error:
        raise TelemetryFileError(f"cannot open {path}: {error}") from error
    try:
        _prepare(connection, path, synchronous)
    except sqlite3.DatabaseError as error:
        connection.close()
        if isinstance(error, sqlite3.OperationalError):
            raise TelemetryFileError(f"cannot use {path}: {error}") from error
        raise TelemetryForeign(f"{path} is not a telemetry file: {error}") from error
    except BaseException:
        connection.close()
        raise
    return connection


def know_adopted(connection: sqlite3.Connection) -> None:
    """Give the connection the function that `ADOPTED` calls."""
    connection.create_function("adopted", 5, newest_points.adopted, deterministic=True)


def open_reader(connect: Connect, path: Path) -> sqlite3.Connection:
    """A connection that can not write."""
    connection = connect(path)
    connection.execute("PRAGMA query_only = 1")
    return connection


def _prepare(connection: sqlite3.Connection, path: Path, synchronous: str) -> None:
    newest = len(UPGRADES)
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    application = int(connection.execute("PRAGMA application_id").fetchone()[0])
    tables = int(connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0])
    if application != APPLICATION and (application or version or tables):
        raise TelemetryForeign(f"{path} is a database of something else; move it away or name another data folder")
    if version > newest:
        raise TelemetryTooNew(
            f"{path} has version {version}, this Rookery knows versions up to {newest}: "
            "start the newer Rookery that wrote it, or restore a backup made before the upgrade"
        )
    # Only an empty file takes this: pages that become free can be given back later, a few at a time.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    # macOS: a plain fsync there leaves the data in the cache of the disk. Other systems have no such setting.
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    connection.execute("PRAGMA journal_size_limit = 67108864")
    if version < newest:
        know_adopted(connection)
    for known in range(version, newest):
        connection.execute("BEGIN IMMEDIATE")
        for statement in UPGRADES[known]:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {known + 1}")
        connection.execute("COMMIT")


class FileLock:
    """One process per file: an advisory lock on a small file beside the database.

    It is not taken on the database itself, where closing any other descriptor would drop SQLite's own locks.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1

    def acquire(self) -> None:
        """Raises TelemetryInUse when somebody else holds it."""
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise TelemetryFileError(f"cannot open {self._path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise TelemetryInUse(
                f"{self._path.with_suffix('')} is in use by another process: only one server may use a data folder"
            ) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Harmless when it is not held."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
