"""The load of the telemetry benchmarks: that of the whole server, messages of three values over 1,002 series, 2,000 of
them on their way at any time (100 clients with a window of 20), a new one for each that is acknowledged.
"""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from rookery.core.points import PointBatch, Value

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


def rows(values: list[list[Value]], points: int) -> tuple[list[int], list[int], list[Value]]:
    """The same points as columns, in the order in which `Load` sends them."""
    series: list[int] = []
    times: list[int] = []
    found: list[Value] = []
    for sent in range(points // MESSAGE):
        first = sent * MESSAGE % len(values)
        at = BEGIN + sent * MESSAGE // len(values) * STEP + (sent * 7919 % 1000) * 1000
        for place in range(first, first + MESSAGE):
            series.append(place + 1)
            times.append(at)
            found.append(values[place][sent % len(values[place])])
    return series, times, found
