"""What else points could be kept in: DuckDB, and plain rows of SQLite clustered by series and time. Each batch is
committed and on disk when `write` returns, as it is with the store.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from rookery.core.points import Value


class Peer(Protocol):
    """A folder with points."""

    def write(self, series: list[int], times: list[int], values: list[Value]) -> None:
        """Add these and commit."""

    def last(self, series: Sequence[int]) -> list[Any]:
        """The newest point of each."""

    def read(self, series: int, start: int, end: int) -> list[Any]:
        """The points of a range, ascending."""

    def means(self, series: int, start: int, end: int, interval: int) -> list[Any]:
        """The mean of each bin of a range."""

    def __enter__(self) -> Self:
        """Open."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""


class SqliteRows:
    """A row for each point, in a table without rowid: the clustered index is the table."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._connection = sqlite3.connect(folder / "points.db", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA wal_autocheckpoint = 4000",
            """CREATE TABLE IF NOT EXISTS point (series INTEGER, time INTEGER, value, PRIMARY KEY (series, time))
                WITHOUT ROWID""",
        ):
            self._connection.execute(statement)

    def write(self, series: list[int], times: list[int], values: list[Value]) -> None:
        """See `Peer`. One of two points of the same moment is lost, which saves it work."""
        self._connection.execute("BEGIN")
        self._connection.executemany(
            "INSERT OR REPLACE INTO point VALUES (?, ?, ?)", zip(series, times, values, strict=True)
        )
        self._connection.execute("COMMIT")

    def last(self, series: Sequence[int]) -> list[Any]:
        """See `Peer`."""
        query = """SELECT value, (SELECT json_array(time, p.value) FROM point p WHERE p.series = each.value
            ORDER BY time DESC LIMIT 1) FROM json_each(?) AS each"""
        return self._connection.execute(query, (json.dumps(list(series)),)).fetchall()

    def read(self, series: int, start: int, end: int) -> list[Any]:
        """See `Peer`."""
        query = "SELECT time, value FROM point WHERE series = ? AND time >= ? AND time < ? ORDER BY time"
        return self._connection.execute(query, (series, start, end)).fetchall()

    def means(self, series: int, start: int, end: int, interval: int) -> list[Any]:
        """See `Peer`."""
        query = """SELECT (time - ?) / ? AS bin, avg(value) FROM point WHERE series = ? AND time >= ? AND time < ?
            GROUP BY bin ORDER BY bin"""
        return self._connection.execute(query, (start, interval, series, start, end)).fetchall()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()


class DuckDb:
    """A table of columns; batches come as Arrow, its fastest way in. It has no cheap way to keep the last value."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        folder.mkdir(exist_ok=True)
        self._connection = duckdb.connect(str(folder / "points.duckdb"))
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS point (series INTEGER, time BIGINT, number DOUBLE, word VARCHAR)"
        )

    def write(self, series: list[int], times: list[int], values: list[Value]) -> None:
        """See `Peer`."""
        import pyarrow

        batch = pyarrow.table(
            {
                "series": pyarrow.array(series, pyarrow.int32()),
                "time": pyarrow.array(times, pyarrow.int64()),
                "number": pyarrow.array(
                    [None if isinstance(value, str) else float(value) for value in values],  # type: ignore[arg-type]
                    pyarrow.float64(),
                ),
                "word": pyarrow.array(
                    [value if isinstance(value, str) else None for value in values], pyarrow.string()
                ),
            }
        )
        self._connection.register("batch", batch)
        self._connection.execute("INSERT INTO point SELECT * FROM batch")
        self._connection.unregister("batch")

    def last(self, series: Sequence[int]) -> list[Any]:
        """See `Peer`."""
        query = """SELECT series, max(time), arg_max(number, time), arg_max(word, time) FROM point
            WHERE series BETWEEN ? AND ? GROUP BY series"""
        found: list[Any] = self._connection.execute(query, (min(series), max(series))).fetchall()
        return found

    def read(self, series: int, start: int, end: int) -> list[Any]:
        """See `Peer`."""
        query = "SELECT time, number FROM point WHERE series = ? AND time >= ? AND time < ? ORDER BY time"
        found: list[Any] = self._connection.execute(query, (series, start, end)).fetchall()
        return found

    def means(self, series: int, start: int, end: int, interval: int) -> list[Any]:
        """See `Peer`."""
        query = """SELECT (time - ?) // ? AS bin, avg(number) FROM point WHERE series = ? AND time >= ? AND time < ?
            GROUP BY bin ORDER BY bin"""
        found: list[Any] = self._connection.execute(query, (start, interval, series, start, end)).fetchall()
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.execute("CHECKPOINT")
        self._connection.close()


PEERS: dict[str, Callable[[Path], Peer]] = {"sqlite_rows": SqliteRows, "duckdb": DuckDb}
