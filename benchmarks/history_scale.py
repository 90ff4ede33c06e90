"""How the telemetry store does when there is much: gigabytes at the start, many slow series, expiry under load, and how
its numbers grow with its points.

Large files are made of finished blocks (`_history_blocks`). Sizes are set by the environment, for the larger ones take
minutes: `ROOKERY_BENCH_GIGABYTES` (0.5), `ROOKERY_BENCH_SLOW` (variables that report every ten minutes, 10,000),
`ROOKERY_BENCH_SLOW_HOURS` (24), `ROOKERY_BENCH_GROWTH` (points, 1e6,1e7), `ROOKERY_BENCH_FOLDER` (where they are made).
"""

from __future__ import annotations

import functools
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks._history_blocks import fill
from benchmarks._history_load import BEGIN, MESSAGE, SERIES, STEP, Load, mixed_values
from benchmarks._sandbox import environment
from benchmarks.telemetry_store import DAY, Watch, best, run
from rookery.clock import SystemClock
from rookery.core.points import Aggregation
from rookery.storage.telemetry import TelemetryStore
from rookery.storage.telemetry.blocks import MOST_POINTS
from rookery.storage.telemetry.store import MERGE_AGE

MINUTE = 60 * STEP
NOISY_BYTES = 16_500
"""Of a block of values that have all their bits."""


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=os.environ.get("ROOKERY_BENCH_FOLDER", "."))


def _gauge() -> tuple[int, float]:
    """Bytes that this process had written to disks, and the CPU seconds that it took."""
    return psutil.Process().io_counters().write_bytes, time.process_time()


def start() -> dict[str, Any]:
    """From the command to the line that says that the server serves."""
    gigabytes = float(os.environ.get("ROOKERY_BENCH_GIGABYTES", "0.5"))
    with _folder() as name:
        folder = Path(name)
        _started(folder)
        empty = _started(folder)
        (folder / "telemetry.db").unlink()
        blocks = max(int(gigabytes * 1e9 / NOISY_BYTES / 1_000), 1)
        filling = fill(folder / "telemetry.db", 1_000, blocks, MOST_POINTS, MINUTE, BEGIN, noisy=True)
        size = (folder / "telemetry.db").stat().st_size
        first = _started(folder)
        again = sorted(_started(folder) for _ in range(3))[1]
    return {
        "value": round(first, 3),
        "unit": "s until the whole server serves",
        "goal": 3,
        "holds": first <= 3,
        "peers": {},
        "details": {
            "gigabytes": round(size / 1e9, 2),
            "points": 1_000 * blocks * MOST_POINTS,
            "again_s": round(again, 3),
            "without_history_s": round(empty, 3),
            "filling_s": round(filling, 1),
            "others_at_work": round(os.getloadavg()[0], 1),
        },
    }


def _started(folder: Path) -> float:
    begin = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "rookery", "sandbox", "--data-dir", str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        taken = time.perf_counter() - begin
        process.terminate()
    if not line:
        raise RuntimeError("the server did not start")
    return taken


class _Hours(SystemClock):
    """The system's clock, some hours on."""

    def __init__(self) -> None:
        super().__init__()
        self.ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


@functools.cache
def _slow() -> dict[str, Any]:
    return run(_slow_series())


async def _slow_series() -> dict[str, Any]:
    """Many variables, each with a point every ten minutes: what merging them costs."""
    count, hours = (
        int(os.environ.get("ROOKERY_BENCH_SLOW", "10000")),
        int(os.environ.get("ROOKERY_BENCH_SLOW_HOURS", "24")),
    )
    source = random.Random(4)
    clock = _Hours()
    with _folder() as name:
        path = Path(name) / "telemetry.db"
        fill(path, count, 1, 500, 10 * MINUTE, BEGIN)
        store = TelemetryStore(path, clock)
        await store.open()
        merging = store._writer._rounds
        written, cpu = _gauge()
        at = BEGIN + 510 * 10 * MINUTE
        worst = 0.0
        for tick in range(hours * 6):
            for low in range(1, count + 1, 500):
                rows = [
                    (series, at + tick * 10 * MINUTE + source.randrange(1_000) * 1_000, round(source.gauss(20, 3), 2))
                    for series in range(low, min(low + 500, count + 1))
                ]
                begin = time.perf_counter()
                await store.write(rows)
                worst = max(worst, time.perf_counter() - begin)
            clock.ahead += MERGE_AGE
            store._merge_by_age()
            # Ten minutes are over in a moment here: let a merge that begins now end before the next points come. An
            # order that does nothing comes back when the writer has looked at those before it.
            await store.delete(())
            while merging.running or merging._wanted is not None:
                await store.delete(())
        await store.merge()
        bytes_, seconds = _gauge()
        rounds = store.counters.rounds
        await store.close()
    points = count * hours * 6
    return {
        "bytes": (bytes_ - written) / points,
        "details": {
            "variables": count,
            "points": points,
            "merge_rounds": rounds,
            "points_of_a_series_a_merge": round(hours * 6 / rounds, 1),
            "cpu_us_a_point_with_the_load": round((seconds - cpu) / points * 1e6, 1),
            "worst_commit_ms": round(worst * 1000),
            "others_at_work": round(os.getloadavg()[0], 1),
        },
    }


def slow() -> dict[str, Any]:
    """Bytes written to the disk for a point of a variable that reports every ten minutes."""
    found = _slow()
    return {
        "value": round(found["bytes"]),
        "unit": "bytes written a point, merge included, of variables that report every ten minutes",
        "goal": None,
        "holds": None,
        "peers": {},
        "details": found["details"],
    }


def expiry() -> dict[str, Any]:
    """The latest acknowledgement while half of the history is removed."""
    return run(_expiring())


async def _expiring() -> dict[str, Any]:
    blocks, messages = 10, 300_000
    values = mixed_values(SERIES, 500)
    delays: dict[str, float] = {}
    waits: dict[str, float] = {}
    with _folder() as name:
        path = Path(name) / "telemetry.db"
        old = BEGIN - blocks * MOST_POINTS * MINUTE
        fill(path, 1_000, blocks, MOST_POINTS, MINUTE, old)
        store = TelemetryStore(path, SystemClock())
        await store.open()
        watch = Watch(store)
        gone, taken = 0, 0.0
        for place, kind in enumerate(("without", "with")):
            watch.waits.clear()
            load = Load(store, values, SERIES, messages, BEGIN + place * DAY)
            if kind == "with":
                begin = time.perf_counter()
                gone = await store.expire(dict.fromkeys(range(1, 1_001), old + blocks * MOST_POINTS * MINUTE // 2))
                taken = time.perf_counter() - begin
            await load.done
            delays[kind], waits[kind] = max(load.delays) * 1000, max(watch.waits) * 1000
        await store.close()
    return {
        "value": round(delays["with"], 1),
        "unit": "ms until the latest acknowledgement while half of the history is removed",
        "goal": 250,
        "holds": delays["with"] <= 250,
        "peers": {},
        "details": {
            "points_removed": gone,
            "seconds": round(taken, 2),
            "latest_ms_without": round(delays["without"], 1),
            "commit_waited_ms_with": round(waits["with"], 1),
            "commit_waited_ms_without": round(waits["without"], 1),
            "others_at_work": round(os.getloadavg()[0], 1),
        },
    }


async def _grown(points: int) -> dict[str, Any]:
    """All numbers with so many points in the file."""
    series, messages = 1_000, 200_000
    blocks, of_block = max(points // series // MOST_POINTS, 1), min(points // series, MOST_POINTS)
    span = blocks * of_block * MINUTE
    values = mixed_values(SERIES, 500)
    with _folder() as name:
        path = Path(name) / "telemetry.db"
        fill(path, series, blocks, of_block, MINUTE, BEGIN - span)
        size = path.stat().st_size / (series * blocks * of_block)
        before = psutil.Process().memory_info().rss
        store = TelemetryStore(path, SystemClock())
        begin = time.perf_counter()
        await store.open()
        opened = time.perf_counter() - begin
        last = await best(lambda: store.last(range(1, 1_001)))
        mean = Aggregation.AVG
        year = min(365 * DAY, span)
        reads = {
            "day_ms": await best(lambda: store.read(500, BEGIN - DAY, BEGIN, 10**6)),
            "month_ms": await best(lambda: store.aggregate(500, BEGIN - 30 * DAY, BEGIN, 5 * MINUTE, mean)),
            "year_ms": await best(lambda: store.aggregate(500, BEGIN - year, BEGIN, year // 300, mean)),
        }
        begin = time.perf_counter()
        await Load(store, values, SERIES, messages, BEGIN).done
        rate = messages * MESSAGE / (time.perf_counter() - begin)
        memory = (psutil.Process().memory_info().rss - before) / 1e6
        await store.close()
    return {
        "points": series * blocks * of_block,
        "bytes_a_point": round(size, 2),
        "start_ms": round(opened * 1000, 1),
        "last_ms": round(last, 2),
        **{name: round(value, 2) for name, value in reads.items()},
        "ingest": round(rate),
        "memory_mb": round(memory),
        "others_at_work": round(os.getloadavg()[0], 1),
    }


def growth() -> dict[str, Any]:
    """The same questions to files of different sizes: how much slower the largest is than the smallest."""
    sizes = [int(float(size)) for size in os.environ.get("ROOKERY_BENCH_GROWTH", "1e6,1e7").split(",")]
    table = [run(_grown(size)) for size in sizes]
    rates: list[Any] = [row["ingest"] for row in table]
    return {
        "value": round(rates[-1] / rates[0], 2),
        "unit": "rate of ingest into the largest file by that into the smallest",
        "goal": None,
        "holds": None,
        "peers": {},
        "details": {"table": table},
    }


BENCHES: dict[str, Callable[[], dict[str, Any]]] = {
    "history.start": start,
    "history.slow_series": slow,
    "history.expiry_worst": expiry,
    "history.growth": growth,
}
