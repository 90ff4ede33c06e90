"""What the telemetry store costs: CPU and delay of ingest while merging, bytes a point, and the time of reads.

Two runs, one of writing and one of reading, give all numbers; each is made when the first of its numbers is asked for.
`ROOKERY_BENCH_POINTS` changes how many points are written (3,000,000). Values are made before the clock starts; what
the load itself costs is measured with a store that only hands tickets back, and taken off.

The load is that of the whole server: messages of three values over 1,002 series, 2,000 messages on their way at any
time (100 clients with a window of 20), a new one for each that is acknowledged.
"""

from __future__ import annotations

import asyncio
import functools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from rookery.clock import SystemClock
from rookery.core.points import Aggregation, PointBatch, Value
from rookery.storage.telemetry import TelemetryStore

MESSAGE = 3
WINDOW = 2_000
TURN = 64
"""Messages taken in one turn of the loop, as a selector would deliver them."""

SERIES = 1_002

STEP = 1_000_000
BEGIN = 1_700_000_000_000_000


class NullStore:
    """Hands every batch back: what is left is the cost of the load."""

    def __init__(self) -> None:
        self.batch = PointBatch()
        self._armed = False

    def touch(self) -> None:
        if not self._armed:
            self._armed = True
            asyncio.get_running_loop().call_later(0.005, self._commit)

    def _commit(self) -> None:
        batch, self.batch, self._armed = self.batch, PointBatch(), False
        for producer, tickets in batch.tickets.items():
            producer.committed(tickets)


class Load:
    """A closed loop of messages over all series."""

    def __init__(self, store: Any, values: list[list[Value]], series: int, messages: int, begin: int) -> None:
        self._store = store
        self._values = values
        self._series = series
        self._left = messages
        self._sent = 0
        self._ready = WINDOW
        self._begun: dict[int, float] = {}
        self._time = begin
        self._scheduled = False
        self.delays: list[float] = []
        self.marks: list[tuple[float, int]] = []
        self._waiting = messages
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turn()

    def _schedule(self) -> None:
        if not self._scheduled and self._ready and self._left:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        self._scheduled = False
        count = min(TURN, self._ready, self._left)
        now = time.perf_counter()
        for _ in range(count):
            sent = self._sent
            self._sent = sent + 1
            first = sent * MESSAGE % self._series
            at = self._time + sent * MESSAGE // self._series * STEP + (sent * 7919 % 1000) * 1000
            batch = self._store.batch
            for place in range(first, first + MESSAGE):
                batch.series.append(place + 1)
                batch.times.append(at)
                column = self._values[place]
                batch.values.append(column[sent % len(column)])
            batch.tickets[self].append(sent)
            self._store.touch()
        if count:
            self._begun[self._sent - 1] = now
        self._ready -= count
        self._left -= count
        self._schedule()

    def committed(self, tickets: list[int]) -> None:
        now = time.perf_counter()
        for ticket in tickets:
            begun = self._begun.pop(ticket, None)
            if begun is not None:
                self.delays.append(now - begun)
        self._ready += len(tickets)
        self._waiting -= len(tickets)
        self.marks.append((now, len(tickets)))
        if self._waiting == 0:
            self.done.set_result(None)
        self._schedule()

    def refused(self, tickets: list[int], reason: str) -> None:
        self.done.set_exception(RuntimeError(reason))


def mixed_values(series: int, length: int) -> list[list[Value]]:
    """Noisy floats with one or two decimals, counters, booleans and states, in this proportion: 6, 2, 1, 1 of ten."""
    source = random.Random(1)
    columns: list[list[Value]] = []
    for number in range(series):
        kind = number % 10
        column: list[Value] = []
        level = source.uniform(0, 100)
        total = 0
        for _ in range(length):
            if kind < 6:
                level += source.gauss(0, 0.3)
                column.append(round(level, 1 + kind % 2))
            elif kind < 8:
                total += source.randrange(5)
                column.append(total)
            elif kind == 8:
                column.append(source.random() < 0.1)
            else:
                column.append(("idle", "running", "error")[source.choices((0, 1, 2), (60, 38, 2))[0]])
        columns.append(column)
    return columns


Found = dict[str, float | dict[str, Any]]
"""Numbers by name, and `details`."""


async def measured(store: Any, values: list[list[Value]], series: int, messages: int) -> tuple[Load, float, float]:
    """Run the load. Returns it with the CPU seconds of all threads and the seconds it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    load = Load(store, values, series, messages, BEGIN)
    await load.done
    return load, time.process_time() - cpu, time.perf_counter() - wall


async def best(work: Callable[[], Any], times: int = 7) -> float:
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
    """Write, merge, and look at the file."""
    messages = points // MESSAGE
    points = messages * MESSAGE
    values = mixed_values(SERIES, 2_000)
    _, idle, _ = await measured(NullStore(), values, SERIES, messages // 4)
    idle *= 4
    store = TelemetryStore(folder / "telemetry.db", SystemClock())
    await store.open()
    load, cpu, wall = await measured(store, values, SERIES, messages)
    begin = load.marks[0][0]
    quarter = (load.marks[-1][0] - begin) / 4
    rates = [
        sum(count for at, count in load.marks if begin + part * quarter < at <= begin + (part + 1) * quarter) / quarter
        for part in range(4)
    ]
    delays = sorted(load.delays)
    cpu_merge, wall_merge = time.process_time(), time.perf_counter()
    await store.merge()
    cpu_merge, wall_merge = time.process_time() - cpu_merge, time.perf_counter() - wall_merge
    last = await best(lambda: store.last(range(1, 1_001)))
    counters = store.counters
    await store.close()
    return {
        "rate": points / wall,
        "flat": rates[3] / rates[0],
        "cpu": (cpu + cpu_merge - idle) / messages * 1e6,
        "worst": delays[-1] * 1000,
        "last": last,
        "size": folder_size(folder) / points,
        "details": {
            "points": points,
            "series": SERIES,
            "commits": counters.commits,
            "merge_rounds": counters.rounds,
            "ack_ms_median": round(delays[len(delays) // 2] * 1000, 2),
            "ack_ms_99": round(delays[len(delays) * 99 // 100] * 1000, 2),
            "load_alone_us": round(idle / messages * 1e6, 2),
            "final_merge_ms": round(wall_merge * 1000),
        },
    }


async def reading(folder: Path) -> Found:
    """A year at one point a minute, and a thousand other series."""
    source = random.Random(2)
    store = TelemetryStore(folder / "telemetry.db", SystemClock())
    await store.open()
    await store.write([(series, BEGIN, series * 0.5) for series in range(1, 1_001)])
    level = 20.0
    rows: list[tuple[int, int, Value]] = []
    year = 365 * 1440
    for minute in range(year):
        level += source.gauss(0, 0.05)
        rows.append((100_000, BEGIN + minute * 60 * STEP + source.randrange(1000) * 1000, round(level, 2)))
    for place in range(0, year, 20_000):
        await store.write(rows[place : place + 20_000])
    await store.merge()
    await store.close()
    store = TelemetryStore(folder / "telemetry.db", SystemClock())
    begin = time.perf_counter()
    await store.open()
    opened = (time.perf_counter() - begin) * 1000
    end = BEGIN + year * 60 * STEP
    day, month, bucket = end - 86_400 * STEP, end - 30 * 86_400 * STEP, (end - BEGIN) // 300
    mean = Aggregation.AVG
    found: Found = {
        "open": opened,
        "last": await best(lambda: store.last(range(1, 1_001))),
        "day": await best(lambda: store.read(100_000, day, end, 10**6)),
        "month": await best(lambda: store.aggregate(100_000, month, end, 300 * STEP, mean)),
        "year": await best(lambda: store.aggregate(100_000, BEGIN, end, bucket, mean)),
        "sample": await best(lambda: store.sample(100_000, BEGIN, end, bucket)),
        "details": {"points": year},
    }
    await store.close()
    return found


@functools.cache
def written() -> Found:
    """The run of writing."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        return _run(writing(Path(name), int(os.environ.get("ROOKERY_BENCH_POINTS", "3000000"))))


@functools.cache
def read() -> Found:
    """The run of reading."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        return _run(reading(Path(name)))


def _run(work: Coroutine[Any, Any, Found]) -> Found:
    import uvloop

    return uvloop.run(work)


def bench(
    run: Callable[[], Found], number: str, unit: str, goal: float | None, *, least: bool = False
) -> Callable[[], dict[str, Any]]:
    """One number of a run. The goal is a limit from above, or from below with `least`."""

    def measure() -> dict[str, Any]:
        found = run()
        value = found[number]
        assert isinstance(value, float)
        holds = None if goal is None else (value >= goal if least else value <= goal)
        value = round(value, 3)
        return {"value": value, "unit": unit, "goal": goal, "holds": holds, "peers": {}, "details": found["details"]}

    return measure


BENCHES: dict[str, Callable[[], dict[str, Any]]] = {
    "history.ingest": bench(written, "rate", "points/s, merging", 150_000, least=True),
    "history.ingest_flat": bench(written, "flat", "rate of the last quarter by that of the first", 0.9, least=True),
    "history.ingest_cpu": bench(written, "cpu", "CPU-µs a message of 3 values, all threads, with its merge", 5),
    "history.ingest_worst": bench(written, "worst", "ms until the latest acknowledgement", 250),
    "history.size": bench(written, "size", "bytes a point, the whole file", 3),
    "history.last": bench(written, "last", "ms for 1,000 series in use", 2),
    "history.last_cold": bench(read, "last", "ms for 1,000 series after a start", 2),
    "history.open": bench(read, "open", "ms", None),
    "history.day": bench(read, "day", "ms for a day at one a minute, raw", 1),
    "history.month": bench(read, "month", "ms for 30 days at one a minute in 5-minute means", 5),
    "history.year": bench(read, "year", "ms for a year at one a minute in 300 means", 10),
    "history.year_sample": bench(read, "sample", "ms for a year at one a minute, the last of 300 bins", 10),
}
