"""What the telemetry store costs: CPU and delay of ingest while merging, bytes a point, and the time of reads.

Prints one JSON object a line: `name`, `value`, `unit`, `goal`, `holds`, `details`. Run it as
`python benchmarks/telemetry_store.py [--points N] [--series N]`. Values are made before the clock starts; what the
load itself costs is measured with a store that only hands tickets back, and taken off.

The load is that of the whole server: messages of three values, 2,000 of them on their way at any time (100 clients with
a window of 20), a new one for each that is acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rookery.core.points import Aggregation, PointBatch, Value
from rookery.storage.telemetry import TelemetryStore

MESSAGE = 3
WINDOW = 2_000
TURN = 64
"""Messages taken in one turn of the loop, as a selector would deliver them."""

STEP = 1_000_000
BEGIN = 1_700_000_000_000_000


class SystemClock:
    """Enough of a clock for the store."""

    def now(self) -> int:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(delay, callback, *args)


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


def say(name: str, value: float, unit: str, goal: float | None = None, *, most: bool = True, **details: Any) -> None:
    """One line of JSON. `most` says that the goal is a limit from above."""
    holds = None if goal is None else (value <= goal if most else value >= goal)
    line = {"name": name, "value": round(value, 4), "unit": unit, "goal": goal, "holds": holds, "details": details}
    print(json.dumps(line), flush=True)


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


async def ingest(folder: Path, series: int, points: int) -> None:
    messages = points // MESSAGE
    values = mixed_values(series, 2_000)
    _, idle, _ = await measured(NullStore(), values, series, messages // 4)
    idle *= 4
    store = TelemetryStore(folder / "telemetry.db", SystemClock())
    await store.open()
    load, cpu, wall = await measured(store, values, series, messages)
    begin = load.marks[0][0]
    quarter = (load.marks[-1][0] - begin) / 4
    rates = [
        sum(count for at, count in load.marks if begin + part * quarter < at <= begin + (part + 1) * quarter) / quarter
        for part in range(4)
    ]
    delays = sorted(load.delays)
    counters = store.counters
    cpu_merge, wall_merge = time.process_time(), time.perf_counter()
    await store.merge()
    cpu_merge, wall_merge = time.process_time() - cpu_merge, time.perf_counter() - wall_merge
    details = {
        "points": points,
        "series": series,
        "commits": counters.commits,
        "merge_rounds": counters.rounds,
        "ack_ms": {
            "median": round(delays[len(delays) // 2] * 1000, 2),
            "99%": round(delays[len(delays) * 99 // 100] * 1000, 2),
            "worst": round(delays[-1] * 1000, 2),
        },
        "load_alone_us_per_message": round(idle / messages * 1e6, 2),
        "final_merge_ms": round(wall_merge * 1000),
    }
    say("history.ingest", points / wall, "points/s", 150_000, most=False, **details)
    say("history.ingest.flat", rates[3] / rates[0], "last quarter / first", 0.9, most=False)
    say(
        "history.ingest.cpu",
        (cpu + cpu_merge - idle) / messages * 1e6,
        "CPU-µs a message of 3 values, merge included",
        5,
    )
    say("history.ingest.worst_ack", delays[-1] * 1000, "ms", 250)
    hot = list(range(1, min(series, 1_000) + 1))
    say("history.last", await best(lambda: store.last(hot)), "ms, 1,000 series in use", 2)
    await store.close()
    say("history.size", folder_size(folder) / points, "bytes a point, whole file", 3)


async def reads(folder: Path) -> None:
    source = random.Random(2)
    path = folder / "telemetry.db"
    begin = time.perf_counter()
    store = TelemetryStore(path, SystemClock())
    await store.open()
    say("history.open", (time.perf_counter() - begin) * 1000, "ms")
    level = 20.0
    rows: list[tuple[int, int, Value]] = []
    year = 365 * 1440
    for minute in range(year):
        level += source.gauss(0, 0.05)
        rows.append((100_000, BEGIN + minute * 60 * STEP + source.randrange(1000) * 1000, round(level, 2)))
    for place in range(0, year, 20_000):
        await store.write(rows[place : place + 20_000])
    await store.merge()
    end = BEGIN + year * 60 * STEP
    day, month = end - 86_400 * STEP, end - 30 * 86_400 * STEP
    await store.close()
    store = TelemetryStore(path, SystemClock())
    await store.open()
    say("history.last_cold", await best(lambda: store.last(range(1, 1_001))), "ms, 1,000 series, after a start", 2)
    say("history.day", await best(lambda: store.read(100_000, day, end, 10**6)), "ms, a day at one a minute, raw", 1)
    say(
        "history.month",
        await best(lambda: store.aggregate(100_000, month, end, 300 * STEP, Aggregation.AVG)),
        "ms, 30 days at one a minute in 5-minute means",
        5,
    )
    say(
        "history.year",
        await best(lambda: store.aggregate(100_000, BEGIN, end, (end - BEGIN) // 300, Aggregation.AVG)),
        "ms, a year at one a minute in 300 means",
        10,
    )
    say(
        "history.year_sample",
        await best(lambda: store.sample(100_000, BEGIN, end, (end - BEGIN) // 300)),
        "ms, a year at one a minute, last of 300 bins",
        10,
    )
    await store.close()


async def main() -> None:
    """Measure everything in a fresh folder."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--points", type=int, default=3_000_000)
    options.add_argument("--series", type=int, default=1_002)
    chosen = options.parse_args()
    if chosen.series % MESSAGE:
        options.error("the number of series must be divisible by three")
    with tempfile.TemporaryDirectory(dir=".") as name:
        await ingest(Path(name), chosen.series, chosen.points - chosen.points % MESSAGE)
        await reads(Path(name))


if __name__ == "__main__":
    import uvloop

    uvloop.run(main())
