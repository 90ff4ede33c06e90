"""The plain model: what a store must answer, kept in dictionaries."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rookery.core.points import Aggregation, Point, Value

PERCENT = {
    Aggregation.PCT_99: 99,
    Aggregation.PCT_95: 95,
    Aggregation.PCT_90: 90,
    Aggregation.PCT_75: 75,
    Aggregation.PCT_50: 50,
    Aggregation.PCT_15: 15,
    Aggregation.PCT_5: 5,
}


def exact(value: Value) -> str:
    """Tells 1 from 1.0 and True, and 0.0 from -0.0."""
    return repr(dict(value)) if isinstance(value, Mapping) else repr(value)


def told(points: list[Point]) -> list[tuple[int, str]]:
    """Points in a form that compares exactly."""
    return [(point.time, exact(point.value)) for point in points]


class Ledger:
    """The points of all series."""

    def __init__(self) -> None:
        self.history: dict[int, dict[int, Value]] = {}
        self.last: dict[int, Point] = {}

    def write(self, series: int, time: int, value: Value) -> None:
        """A point, or with a negative series a last value."""
        number = abs(series)
        last = self.last.get(number)
        if series < 0:
            if last is None or time >= last.time:
                self.last[number] = Point(time + (last is not None and time == last.time), value)
            return
        points = self.history.setdefault(number, {})
        while time in points:
            time += 1
        points[time] = value
        if last is None or time >= last.time:
            self.last[number] = Point(time, value)

    def delete(self, series: int) -> None:
        """Forget."""
        self.history.pop(series, None)
        self.last.pop(series, None)

    def expire(self, series: int, before: int) -> int:
        """Forget what is older; the last value stays."""
        points = self.history.get(series, {})
        old = [time for time in points if time < before]
        for time in old:
            del points[time]
        return len(old)

    def read(self, series: int, start: int, end: int) -> list[Point]:
        """All points of a range."""
        points = self.history.get(series, {})
        return [Point(time, points[time]) for time in sorted(points) if start <= time < end]

    def bins(self, series: int, start: int, end: int, interval: int, origin: int) -> dict[int, list[Point]]:
        """The points of each bin, by the start of the bin."""
        found: dict[int, list[Point]] = {}
        for point in self.read(series, start, end):
            found.setdefault((point.time - origin) // interval * interval + origin, []).append(point)
        return found

    def aggregate(
        self, series: int, start: int, end: int, interval: int, kind: Aggregation, origin: int
    ) -> dict[int, tuple[float, float]]:
        """The number of each bin, and how far a sum of floats may be from it."""
        found: dict[int, tuple[float, float]] = {}
        for begin, points in self.bins(series, start, end, interval, origin).items():
            numbers = [float(point.value) for point in points if isinstance(point.value, (int, float))]
            if numbers:
                scale = sum(map(abs, numbers))
                found[begin] = reduced(kind, numbers), 1e-12 * scale
        return found


def reduced(kind: Aggregation, numbers: list[float]) -> float:
    """The definition of each aggregate."""
    if kind in PERCENT:
        ranked = sorted(numbers)
        rank = (len(ranked) - 1) * PERCENT[kind] / 100
        below = math.floor(rank)
        above = min(below + 1, len(ranked) - 1)
        return ranked[below] + (ranked[above] - ranked[below]) * (rank - below)
    plain = {
        Aggregation.AVG: lambda: math.fsum(numbers) / len(numbers),
        Aggregation.MIN: lambda: min(numbers),
        Aggregation.MAX: lambda: max(numbers),
        Aggregation.SUM: lambda: math.fsum(numbers),
        Aggregation.COUNT: lambda: float(len(numbers)),
        Aggregation.FIRST: lambda: numbers[0],
        Aggregation.LAST: lambda: numbers[-1],
        Aggregation.BOOL_OR: lambda: float(any(numbers)),
        Aggregation.BOOL_AND: lambda: float(all(numbers)),
    }
    return plain[kind]()
