"""The table `log`: one row for each group commit, until the merge has its points in blocks.

Ids of rows grow for ever, also when the table has been empty: `state` keeps the highest that was ever deleted. The
series compare themselves with these ids to know what they have merged.
"""

from __future__ import annotations

import logging
import zlib

from rookery.storage.telemetry.connection import FAILURES, WriterConnection
from rookery.storage.telemetry.memory import Memory
from rookery.storage.telemetry.packing import unpack_columns

logger = logging.getLogger(__name__)

INSERT = "INSERT INTO log (id, data, checksum) VALUES (?, ?, ?)"
SET_ASIDE = "INSERT INTO damaged (source, row, checksum, data) SELECT 'log', id, checksum, data FROM log WHERE id = ?"


class CommitLog:
    """The rows of the log. Used by the writer thread only."""

    def __init__(self, connection: WriterConnection) -> None:
        self._connection = connection
        self.row = 0
        """The newest row."""
        self.size = 0
        """Bytes of all rows."""

    def append(self, data: bytes) -> None:
        """Add a row and commit, with whatever else is in the open transaction."""
        self._connection.sql().execute(INSERT, (self.row + 1, data, zlib.crc32(data)))
        self._connection.commit()
        self.row += 1
        self.size += len(data)

    def replay(self, memory: Memory) -> int:
        """Fill memory from the rows. Returns how many rows were damaged and set aside."""
        connection = self._connection.sql()
        row = connection.execute("SELECT max(value) FROM state WHERE name = 'log'").fetchone()[0] or 0
        broken: list[int] = []
        self.size = 0
        for number, data, checksum in connection.execute("SELECT id, data, checksum FROM log ORDER BY id"):
            row = max(row, number)
            self.size += len(data)
            try:
                if zlib.crc32(data) != checksum:
                    raise ValueError("wrong checksum")
                memory.replay(number, *unpack_columns(data))
            except FAILURES:
                raise
            except Exception as error:
                logger.error("row %d of the telemetry log is damaged and set aside: %r", number, error)
                broken.append(number)
        self.row = row
        if broken:
            self._connection.begin()
            for number in broken:
                connection.execute(SET_ASIDE, (number,))
                connection.execute("DELETE FROM log WHERE id = ?", (number,))
            self.remember(row)
            self._connection.commit()
        return len(broken)

    def remember(self, row: int) -> None:
        """Note that ids up to this one are used. Inside a transaction."""
        self._connection.sql().execute("INSERT OR REPLACE INTO state VALUES ('log', ?)", (row,))

    def delete(self, upto: int) -> None:
        """Delete the rows up to this one, which are merged. Inside a transaction."""
        self.remember(upto)
        self._connection.sql().execute("DELETE FROM log WHERE id <= ?", (upto,))

    def measure(self) -> None:
        """Count the bytes anew, after a deletion."""
        rows = self._connection.sql().execute("SELECT coalesce(sum(length(data)), 0) FROM log")
        self.size = rows.fetchone()[0]
