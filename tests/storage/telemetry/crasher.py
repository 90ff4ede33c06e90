"""A program that is killed: it writes points for ever and says on standard output which are acknowledged.

`python -m tests.storage.telemetry.crasher FILE FIRST`. Point k is told apart by its value; its time and series follow
from k, with points of one microsecond, late ones and very late ones among them.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from rookery.core.points import Value
from rookery.storage.telemetry import TelemetryStore, blocks
from tests.fakes import ManualClock

SERIES = 7
BATCH = 50


def point(k: int) -> tuple[int, int, Value]:
    """Series, time and value of point k."""
    time = k // SERIES * 1_000
    if k % 11 == 0:
        time -= 5_000
    if k % 53 == 0:
        time //= 2
    return k % SERIES + 1, time, k


async def main(path: Path, first: int) -> None:
    """Write until killed."""
    store = TelemetryStore(path, ManualClock(), merge_points=400)
    await store.open()
    blocks.warm()
    while True:
        await store.write([point(k) for k in range(first, first + BATCH)])
        first += BATCH
        print(first, flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
