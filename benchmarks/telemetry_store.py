"""What the telemetry store costs: ingest while merging, its delays, bytes a point, memory, and the time of reads.

Two runs, one of writing and one of reading, give all numbers; each is made when the first of its numbers is asked for.
`ROOKERY_BENCH_POINTS` changes how many points are written (3,000,000), `ROOKERY_BENCH_PEER_POINTS` how many of them by
DuckDB and by plain rows of SQLite (as many, at most 3,000,000). Values are made before the clock starts; what the load
itself costs is measured with a store that only hands tickets back, and taken off.
"""

from __future__ import annotations

import functools
import gc
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks._history_control import Control
from benchmarks._history_load import BEGIN, MESSAGE, SERIES, STEP, Load, NullStore, mixed_values, rows
from benchmarks._history_peers import PEERS, Peer
from rookery.clock import SystemClock
from rookery.core.points import Aggregation, Value
from rookery.storage.telemetry import TelemetryStore

Found = dict[str, float | dict[str, Any]]
"""Numbers by name, `peers` (by number, then by program), and `details`."""

DAY = 86_400 * STEP
YEAR = 365 * 1440
"""Minutes."""


class Watch:
    """How long group commits wait for the writer, which merges meanwhile, and how long the steps of merging are.

    At most one group is on its way, so what a commit waits for is a step of merging, or that the machine has no time
    for the writer. The CPU time of the longest step tells the two apart.
    """

    def __init__(self, store: TelemetryStore) -> None:
        writer: Any = store._writer
        rounds: Any = writer._rounds
        self.waits: list[float] = []
        self.step = 0.0
        begun: dict[int, float] = {}
        submit, commit, step = writer.submit, writer._commit, rounds.step

        def submitted(job: Any) -> None:
            if hasattr(job, "batch"):
                begun[id(job.batch)] = time.perf_counter()
            submit(job)

        def committed(batch: Any) -> Any:
            self.waits.append(time.perf_counter() - begun.pop(id(batch)))
            return commit(batch)

        def stepped() -> None:
            before = time.thread_time()
            step()
            self.step = max(self.step, time.thread_time() - before)

        writer.submit, writer._commit, rounds.step = submitted, committed, stepped


class Growth:
    """The largest resident memory of this process, beyond what it was at first."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._begin = self._process.memory_info().rss
        self._most = self._begin
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._end.wait(0.05):
            self._most = max(self._most, self._process.memory_info().rss)

    def megabytes(self) -> float:
        """Ends the looking."""
        self._end.set()
        self._thread.join()
        return float(self._most - self._begin) / 1e6


async def measured(store: Any, values: list[list[Value]], series: int, messages: int) -> tuple[Load, float, float]:
    """Run the load. Returns it with the CPU seconds of all threads and the seconds it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    load = Load(store, values, series, messages, BEGIN)
    await load.done
    return load, time.process_time() - cpu, time.perf_counter() - wall


async def best(work: Callable[[], Any], times: int = 15) -> float:
    """Milliseconds of the median of some runs, after one that is not counted."""
    await work()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


def folder_size(folder: Path) -> int:
    """Bytes of all files."""
    return sum(path.stat().st_size for path in folder.iterdir())


async def writing(folder: Path, points: int) -> Found:
    """Write, merge, and look at the file; then the same points by the peers."""
    messages = points // MESSAGE
    points = messages * MESSAGE
    values = mixed_values(SERIES, 2_000)
    _, idle, _ = await measured(NullStore(), values, SERIES, messages // 4)
    idle *= 4
    # As the server does: what is there at the start is no garbage.
    gc.collect()
    gc.freeze()
    store = TelemetryStore(folder / "telemetry.db", SystemClock())
    await store.open()
    watch, growth = Watch(store), Growth()
    with Control(folder) as control:
        load, cpu, wall = await measured(store, values, SERIES, messages)
    begin = load.marks[0][0]
    quarter = (load.marks[-1][0] - begin) / 4
    rates = [
        sum(count for at, count in load.marks if begin + part * quarter < at <= begin + (part + 1) * quarter) / quarter
        for part in range(4)
    ]
    delays, waits = sorted(load.delays), sorted(watch.waits)
    counters = store.counters
    commits, rounds = counters.commits, counters.rounds
    cpu_merge, wall_merge = time.process_time(), time.perf_counter()
    await store.merge()
    cpu_merge, wall_merge = time.process_time() - cpu_merge, time.perf_counter() - wall_merge
    memory = growth.megabytes()
    last = await best(lambda: store.last(range(1, 1_001)))
    await store.close()
    gc.unfreeze()
    most = min(points, int(os.environ.get("ROOKERY_BENCH_PEER_POINTS", "3000000")))
    batch = max(points // commits, 1)
    peers: dict[str, dict[str, float]] = {"ingest": {}, "size": {}, "last": {}}
    columns = rows(values, most)
    for name, make in PEERS.items():
        with make(folder / name) as peer:
            begun = time.perf_counter()
            for place in range(0, len(columns[0]), batch):
                end = place + batch
                peer.write(columns[0][place:end], columns[1][place:end], columns[2][place:end])
            peers["ingest"][name] = round(len(columns[0]) / (time.perf_counter() - begun))
            peers["last"][name] = round(_median(lambda peer=peer: peer.last(range(1, 1_001)), 3), 2)  # type: ignore[misc]
        peers["size"][name] = round(folder_size(folder / name) / len(columns[0]), 2)
    return {
        "rate": points / wall,
        "flat": rates[3] / rates[0],
        "cpu": (cpu + cpu_merge - idle) / messages * 1e6,
        "worst": delays[-1] * 1000,
        "wait": waits[-1] * 1000,
        "memory": memory,
        "last": last,
        "size": (folder / "telemetry.db").stat().st_size / points,
        "peers": peers,
        "details": {
            "points": points,
            "series": SERIES,
            "commits": commits,
            "merge_rounds": rounds,
            "quarters": [round(rate * MESSAGE) for rate in rates],
            "ack_ms_median": round(delays[len(delays) // 2] * 1000, 2),
            "ack_ms_99": round(delays[len(delays) * 99 // 100] * 1000, 2),
            "wait_ms_median": round(waits[len(waits) // 2] * 1000, 2),
            "wait_ms_99": round(waits[len(waits) * 99 // 100] * 1000, 2),
            "longest_step_of_merging_cpu_ms": round(watch.step * 1000, 1),
            "control_ms": round(control.longest, 1),
            "load_alone_us": round(idle / messages * 1e6, 2),
            "final_merge_ms": round(wall_merge * 1000),
            "peer_points": most,
            "peer_batch": batch,
            "others_at_work": round(os.getloadavg()[0], 1),
        },
    }


async def reading(folder: Path) -> Found:
    """A year at one point a minute, and a thousand other series."""
    source = random.Random(2)
    store = TelemetryStore(folder / "telemetry.db", SystemClock())
    await store.open()
    await store.write([(series, BEGIN, series * 0.5) for series in range(1, 1_001)])
    level = 20.0
    points: list[tuple[int, int, Value]] = [(series, BEGIN, series * 0.5) for series in range(1, 1_001)]
    for minute in range(YEAR):
        level += source.gauss(0, 0.05)
        points.append((100_000, BEGIN + minute * 60 * STEP + source.randrange(1000) * 1000, round(level, 2)))
    for place in range(1_000, YEAR + 1_000, 20_000):
        await store.write(points[place : place + 20_000])
    await store.merge()
    await store.close()
    store = TelemetryStore(folder / "telemetry.db", SystemClock())
    begin = time.perf_counter()
    await store.open()
    opened = (time.perf_counter() - begin) * 1000
    end = BEGIN + YEAR * 60 * STEP
    day, month, bucket = end - DAY, end - 30 * DAY, (end - BEGIN) // 300
    days = list(range(BEGIN // DAY * DAY, end + DAY, DAY))
    mean = Aggregation.AVG
    found: Found = {
        "open": opened,
        "last": await best(lambda: store.last(range(1, 1_001))),
        "day": await best(lambda: store.read(100_000, day, end, 10**6)),
        "month": await best(lambda: store.aggregate(100_000, month, end, 300 * STEP, mean)),
        "year": await best(lambda: store.aggregate(100_000, BEGIN, end, bucket, mean)),
        "sample": await best(lambda: store.sample(100_000, BEGIN, end, bucket)),
        "thin": await best(lambda: store.thin(100_000, BEGIN, end, 300)),
        "calendar": await best(lambda: store.bins(100_000, days, mean)),
        "peers": {
            name: _peer_reads(make, folder / name, points, (day, month, end, bucket)) for name, make in PEERS.items()
        },
        "details": {"points": YEAR, "others_at_work": round(os.getloadavg()[0], 1)},
    }
    await store.close()
    return found


def _peer_reads(
    make: Callable[[Path], Peer], folder: Path, points: list[tuple[int, int, Value]], span: tuple[int, int, int, int]
) -> dict[str, float]:
    day, month, end, bucket = span
    with make(folder) as peer:
        for place in range(0, len(points), 20_000):
            peer.write(*map(list, zip(*points[place : place + 20_000], strict=True)))
    with make(folder) as peer:
        return {
            "last": round(_median(lambda: peer.last(range(1, 1_001)), 5), 2),
            "day": round(_median(lambda: peer.read(100_000, day, end), 9), 2),
            "month": round(_median(lambda: peer.means(100_000, month, end, 300 * STEP), 9), 2),
            "year": round(_median(lambda: peer.means(100_000, BEGIN, end, bucket), 9), 2),
        }


def _median(work: Callable[[], Any], times: int) -> float:
    work()
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


@functools.cache
def written() -> Found:
    """The run of writing."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        return run(writing(Path(name), int(os.environ.get("ROOKERY_BENCH_POINTS", "3000000"))))


@functools.cache
def read() -> Found:
    """The run of reading."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        found = run(reading(Path(name)))
    by_program: Any = found["peers"]
    found["peers"] = {
        number: {name: told[number] for name, told in by_program.items()} for number in ("last", "day", "month", "year")
    }
    return found


def run(work: Coroutine[Any, Any, Found]) -> Found:
    """In a loop of the kind that the server has."""
    import uvloop

    return uvloop.run(work)


def bench(
    run: Callable[[], Found], number: str, unit: str, goal: float | None, *, least: bool = False, peers: str = ""
) -> Callable[[], dict[str, Any]]:
    """One number of a run. The goal is a limit from above, or from below with `least`."""

    def measure() -> dict[str, Any]:
        found = run()
        value = found[number]
        assert isinstance(value, float)
        holds = None if goal is None else (value >= goal if least else value <= goal)
        beside: Any = found.get("peers", {})
        return {
            "value": round(value, 3),
            "unit": unit,
            "goal": goal,
            "holds": holds,
            "peers": beside.get(peers, {}),
            "details": found["details"],
        }

    return measure


BENCHES: dict[str, Callable[[], dict[str, Any]]] = {
    "history.ingest": bench(written, "rate", "points/s, merging", 300_000, least=True, peers="ingest"),
    "history.ingest_flat": bench(written, "flat", "rate of the last quarter by that of the first", 0.9, least=True),
    "history.ingest_cpu": bench(written, "cpu", "CPU-µs a message of 3 values, all threads, with its merge", 5),
    "history.ingest_worst": bench(written, "worst", "ms until the latest acknowledgement", 250),
    "history.merge_wait": bench(written, "wait", "ms that a group commit waited for merging, at most", 100),
    "history.memory": bench(written, "memory", "MB that the process grew by while loading, at most", 200),
    "history.size": bench(written, "size", "bytes a point, the whole file", 3, peers="size"),
    "history.last": bench(written, "last", "ms for 1,000 series in use", 2, peers="last"),
    "history.last_cold": bench(read, "last", "ms for 1,000 series after a start", 2, peers="last"),
    "history.open": bench(read, "open", "ms", None),
    "history.day": bench(read, "day", "ms for a day at one a minute, raw", 1, peers="day"),
    "history.month": bench(read, "month", "ms for 30 days at one a minute in 5-minute means", 5, peers="month"),
    "history.year": bench(read, "year", "ms for a year at one a minute in 300 means", 10, peers="year"),
    "history.year_sample": bench(read, "sample", "ms for a year at one a minute, the last of 300 bins", None),
    "history.year_thin": bench(read, "thin", "ms for a year at one a minute as 300 points that look like it", None),
    "history.year_days": bench(read, "calendar", "ms for a year at one a minute in means of calendar days", None),
}
