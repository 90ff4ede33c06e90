"""The one connection that writes: opened anew after an error of the disk, never left inside a failed transaction."""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Literal

from rookery.storage.telemetry import schema
from rookery.storage.telemetry.damage import DAMAGED, is_damage

log = logging.getLogger(__name__)

Synchronous = Literal["FULL", "NORMAL", "OFF"]

FAILURES = (sqlite3.Error, OSError, schema.TelemetryFileError)
"""What the disk may do to us."""


def plain_reason(error: BaseException) -> str:
    """Why a write failed, in words for a log line or an error message."""
    text = str(error)
    if "full" in text:
        return "the disk is full"
    if is_damage(error):
        return DAMAGED
    return f"the telemetry file can not be written: {text}"


class WriterConnection:
    """Used by the writer thread only. Everything here raises one of `FAILURES`, but for `undo` and `close`."""

    def __init__(self, path: Path, connect: schema.Connect, synchronous: Synchronous) -> None:
        self._path = path
        self._connect = connect
        self._synchronous = synchronous
        self._connection: sqlite3.Connection | None = None

    def sql(self) -> sqlite3.Connection:
        """The connection itself, opened when it is not."""
        if self._connection is None:
            self._connection = schema.open_writer(self._connect, self._path, self._synchronous)
        return self._connection

    def begin(self) -> bool:
        """Be inside a transaction. True when this began it."""
        connection = self.sql()
        if connection.in_transaction:
            return False
        connection.execute("BEGIN IMMEDIATE")
        return True

    def commit(self) -> None:
        """End the transaction, if there is one; outside of one every statement commits itself."""
        connection = self.sql()
        if connection.in_transaction:
            connection.execute("COMMIT")

    def undo(self, error: BaseException | None = None) -> None:
        """Forget the transaction. After an error other than a full disk the connection is replaced too."""
        try:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self.close()
        if error is not None and "full" not in str(error):
            self.close()

    def close(self) -> None:
        """Harmless when it is closed."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except sqlite3.Error:
            log.exception("closing the telemetry file")
