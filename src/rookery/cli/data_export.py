"""Writing histories to a file, variable by variable, page by page."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from rookery.cli.orders import Order
from rookery.cli.progress import Progress
from rookery.cli.tables import CsvWriter, ParquetWriter, Row, Writer, kind_of

PAGE = 20_000


def export_to(
    order: Order,
    file: Path,
    format: str,
    things: list[str],
    variables: list[str],
    span: tuple[int, int],
    progress: Progress,
) -> int:
    """Write the points of these variables with start <= time < end; how many they were. The file is there when it is
    whole, and not before.

    Raises:
        TableError, OSError: the file can not be written.
        and what `order` raises.
    """
    start, end = span
    sources: Any = order("data_sources", things=things, variables=variables)
    total = sum(_counted(order, source["id"], start, end) for source in sources)
    done = 0
    with _output(file, format) as writer:
        for source in sources:
            for rows in _pages(order, source, start, end):
                writer.write(rows)
                done += len(rows)
                progress(done, total)
    progress.end()
    return done


def _counted(order: Order, variable: str, start: int, end: int) -> int:
    told: Any = order("data_count", variable=variable, start=start, end=end)
    return int(told["points"])


def _pages(order: Order, source: dict[str, Any], start: int, end: int) -> Iterator[list[Row]]:
    names = source["thing_id"], source["thing"], source["id"], source["variable"]
    while start < end:
        told: Any = order("data_read", variable=source["id"], start=start, end=end, limit=PAGE)
        points = told["points"]
        if points:
            yield [Row(time, *names, kind_of(value), value) for time, value in points]
        if not told["more"]:
            return
        start = points[-1][0] + 1


@contextmanager
def _output(file: Path, format: str) -> Iterator[Writer]:
    if str(file) == "-":
        with CsvWriter(sys.stdout) as writer:
            yield writer
        return
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        with _made(fresh, format) as writer:
            yield writer
        fresh.replace(file)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def _made(path: Path, format: str) -> Iterator[Writer]:
    if format == "parquet":
        parquet: AbstractContextManager[Writer] = ParquetWriter(path)
        with parquet as writer:
            yield writer
    else:
        with path.open("w", encoding="utf-8", newline="") as file, CsvWriter(file) as writer:
            yield writer
