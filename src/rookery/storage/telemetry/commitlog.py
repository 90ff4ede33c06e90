"""The table `log`: one row for each group commit, until the merge has its points in blocks.

Ids of rows grow for ever, also when the table has been empty: `state` keeps the highest that was ever deleted. The
series compare themselves with these ids to know what they have merged.

Boards that report now and then make rows of a point or two, which cost more to keep and to replay than what they hold.
So many small rows are folded into one, which has the id of the newest of them and their points in the same order.
"""

from __future__ import annotations

import logging
import zlib

from rookery.core.points import Value
from rookery.storage.telemetry.connection import FAILURES, WriterConnection
from rookery.storage.telemetry.memory import Memory
from rookery.storage.telemetry.packing import pack_columns, unpack_columns, unpacked_size

logger = logging.getLogger(__name__)

INSERT = "INSERT INTO log (id, data, checksum) VALUES (?, ?, ?)"
SET_ASIDE = "INSERT INTO damaged (source, row, checksum, data) SELECT 'log', id, checksum, data FROM log WHERE id = ?"

FOLD_ROWS = 500
"""Rows that are made one: 3 ms of work. Replaying takes 15 µs a row of a point, and 0.7 µs a point of many."""

FOLD_BYTES = 128 * 1024
"""Rows that have more together are large enough."""

FOLD_PLAIN = 8 * FOLD_BYTES
"""The same before they are compressed: some texts are a thousandth of what they were."""


class CommitLog:
    """The rows of the log. Used by the writer thread only."""

    def __init__(self, connection: WriterConnection) -> None:
        self._connection = connection
        self.row = 0
        """The newest row."""
        self.size = 0
        """Bytes of all rows."""
        self._folded = 0
        """Rows up to this one are folded, or were not worth it."""
        self._doubtful = False
        """Whether the newest row may be in the file although the disk said that it is not: when its flush fails, what
        was written stays, and counts once the file is opened anew."""

    def append(self, data: bytes) -> None:
        """Add a row and commit, with whatever else is in the open transaction."""
        self._doubtful = True
        self._connection.sql().execute(INSERT, (self.row + 1, data, zlib.crc32(data)))
        self._connection.commit()
        self._doubtful = False
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
            try:
                self.size += len(data)
                if zlib.crc32(data) != checksum:
                    raise ValueError("wrong checksum")
                memory.replay(number, *unpack_columns(data))
                memory.size += unpacked_size(data)
            except FAILURES:
                raise
            except Exception as error:
                logger.error("row %d of the telemetry log is damaged and set aside: %r", number, error)
                broken.append(number)
        self.row = row
        self._doubtful = False
        first = connection.execute("SELECT min(id) FROM log").fetchone()[0]
        self._folded = row if first is None else first - 1
        if broken:
            self._connection.begin()
            for number in broken:
                connection.execute(SET_ASIDE, (number,))
                connection.execute("DELETE FROM log WHERE id = ?", (number,))
            self.remember(row)
            self._connection.commit()
        return len(broken)

    def surprising(self) -> bool:
        """Whether there is a row that was refused."""
        if not self._doubtful:
            return False
        try:
            newest = self._connection.sql().execute("SELECT max(id) FROM log").fetchone()[0]
        except FAILURES:
            return False  # whatever comes next finds out, too
        return newest is not None and newest > self.row

    @property
    def foldable(self) -> bool:
        """Whether there are rows that `fold` should look at."""
        return self.row - self._folded >= FOLD_ROWS

    def fold(self, memory: Memory) -> None:
        """Make one row of the next `FOLD_ROWS`. Outside of a transaction, and not while a round of merging runs.

        Points that are in blocks already are left out: the new row has an id that says of none of its points that.
        """
        begin, end = self._folded, self._folded + FOLD_ROWS
        self._folded = end
        sql = self._connection.sql()
        size = sql.execute("SELECT sum(length(data)) FROM log WHERE id > ? AND id <= ?", (begin, end)).fetchone()[0]
        if not size or size > FOLD_BYTES:
            return
        series: list[int] = []
        times: list[int] = []
        values: list[Value] = []
        number = plain = 0
        query = "SELECT id, data, checksum FROM log WHERE id > ? AND id <= ? ORDER BY id"
        for number, data, checksum in sql.execute(query, (begin, end)).fetchall():
            if zlib.crc32(data) != checksum:
                return  # left as it is, for the next start to set aside
            plain += unpacked_size(data)
            if plain > FOLD_PLAIN:
                return
            columns = memory.unmerged(number, *unpack_columns(data))
            series += columns[0]
            times += columns[1]
            values += columns[2]
        data = pack_columns(series, times, values)
        self._connection.begin()
        sql.execute("DELETE FROM log WHERE id > ? AND id <= ?", (begin, end))
        sql.execute(INSERT, (number, data, zlib.crc32(data)))
        self._connection.commit()
        self.size += len(data) - size

    def remember(self, row: int) -> None:
        """Note that ids up to this one are used. Inside a transaction."""
        self._connection.sql().execute("INSERT OR REPLACE INTO state VALUES ('log', ?)", (row,))

    def delete(self, upto: int) -> None:
        """Delete the rows up to this one, which are merged. Inside a transaction."""
        self.remember(upto)
        self._folded = max(self._folded, upto)
        self._connection.sql().execute("DELETE FROM log WHERE id <= ?", (upto,))

    def measure(self) -> None:
        """Count the bytes anew, after a deletion."""
        rows = self._connection.sql().execute("SELECT coalesce(sum(length(data)), 0) FROM log")
        self.size = rows.fetchone()[0]
