"""Telemetry files of any size in little time: finished blocks are put into the table, without a point going through the
store. What reads them can not tell; what is measured with them is starting, reading and rewriting, never ingest.
"""

from __future__ import annotations

import random
import sqlite3
import time
from pathlib import Path

from rookery.core.points import Point
from rookery.storage.telemetry import newest, schema
from rookery.storage.telemetry.blocks import Block, checksum, encode
from rookery.storage.telemetry.merge import INSERT

PATTERNS = 40
"""Different blocks; every other is one of them with another series and other times."""
AT_ONCE = 20_000
"""Blocks of a transaction."""


def patterns(points: int, step: int, noisy: bool) -> list[Block]:
    """Encoded blocks of floats, a point each `step` microseconds with a jitter of whole milliseconds."""
    import numpy as np

    source = random.Random(3)
    found: list[Block] = []
    for _ in range(PATTERNS):
        level, values = source.uniform(0, 100), []
        for _ in range(points):
            level += source.gauss(0, 0.3)
            values.append(source.random() if noisy else round(level, 2))
        jitter = min(step // 2_000, 1_000)
        times = np.array([place * step + source.randrange(max(jitter, 1)) * 1_000 for place in range(points)])
        found += encode(1, times, np.array(values))
    return found


def fill(path: Path, series: int, blocks: int, points: int, step: int, begin: int, *, noisy: bool = False) -> float:
    """Blocks of `points` points for each of the series from 1, one after the other from `begin`. Seconds it took.

    `noisy` values have all their bits, which makes large files of few blocks. The times of a pattern are encoded anew
    for each stretch of time, once for all series.
    """
    began = time.perf_counter()
    made = patterns(points, step, noisy)
    connection = schema.open_writer(schema.connect, path, "OFF")
    connection.execute("PRAGMA wal_autocheckpoint = 20000")
    for stretch in range(blocks):
        shifted = [_shifted(block, begin + stretch * points * step) for block in made]
        for low in range(1, series + 1, AT_ONCE):
            connection.execute("BEGIN")
            connection.executemany(
                INSERT, (_named(shifted[n % PATTERNS], n) for n in range(low, min(low + AT_ONCE, series + 1)))
            )
            connection.execute("COMMIT")
    connection.execute("BEGIN")
    connection.executemany(newest.SET, (_last(shifted[n % PATTERNS], n) for n in range(1, series + 1)))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return time.perf_counter() - began


def _shifted(block: Block, by: int) -> Block:
    from rookery.storage.telemetry.blocks import decode_times, encode_times

    times = decode_times(block.times) + by
    return block._replace(first=int(times[0]), last=int(times[-1]), times=encode_times(times))


def _named(block: Block, series: int) -> Block:
    block = block._replace(series=series)
    return block._replace(checksum=checksum(block))


def _last(block: Block, series: int) -> newest.Row:
    return newest.row(series, Point(block.last, float(block.closing or 0.0)), block.last, 0)


def pages(path: Path) -> int:
    """Bytes of the file that are in use."""
    connection = sqlite3.connect(path)
    try:
        free, size, all_ = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size", "page_count")
        )
        return int((all_ - free) * size)
    finally:
        connection.close()
