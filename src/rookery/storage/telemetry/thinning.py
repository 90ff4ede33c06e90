"""Few points that look like many: what a chart of some hundred pixels draws of a year.

Largest-triangle-three-buckets (Steinarsson 2013): the range is cut into as many buckets as points are wanted, and of
each bucket the point is kept that makes the largest triangle with the one kept before and the middle of the next
bucket. Peaks stay, and every point that is drawn was measured.

A gap stays a gap: where two neighbours are further apart than `gap`, both are kept, and the stretches between gaps are
thinned each by itself.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from rookery.core.points import Point
from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.blocks import COLUMNS
from rookery.storage.telemetry.damage import rows_of
from rookery.storage.telemetry.memory import Memory
from rookery.storage.telemetry.reading import RANGE, opened, snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rookery.storage.telemetry.blocks import Column, Numbers, Times

FEWEST = 2
"""Points of a stretch: its ends."""


def thin(
    connection: sqlite3.Connection, memory: Memory, series: int, start: int, end: int, points: int, gap: int | None
) -> list[Point]:
    """See `Telemetry.thin`."""
    if points < FEWEST or (gap is not None and gap < 1):
        raise ValueError("a chart has at least two points, and a gap is at least a microsecond")
    if end <= start:
        return []
    import numpy as np

    times, numbers = columns(connection, memory, series, start, end)
    kept = np.arange(len(times)) if len(times) <= points else chosen(times, numbers, points, gap)
    return list(map(Point, times[kept].tolist(), numbers[kept].tolist()))


def columns(connection: sqlite3.Connection, memory: Memory, series: int, start: int, end: int) -> tuple[Times, Numbers]:
    """The numbers and booleans of a range with their times, ascending, without an object for each."""
    import numpy as np

    fresh_times, fresh_values = memory.copy(series, start, end)
    stretches: list[tuple[Times, Numbers]] = []
    with snapshot(connection):
        rows = rows_of(
            connection,
            f"SELECT {COLUMNS} FROM block WHERE {RANGE} ORDER BY first",  # noqa: S608
            {"series": series, "start": start, "end": end},
        )
        for row in rows:
            block = opened(row)
            if block is not None:
                stretches.append(_numbers(*block))
    if fresh_times:
        stretches.append(_numbers(np.array(fresh_times, dtype=np.int64), blocks.column(fresh_values)))
    if not stretches:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float64)
    times = np.concatenate([stretch[0] for stretch in stretches])
    numbers = np.concatenate([stretch[1] for stretch in stretches])
    if not (times[1:] > times[:-1]).all():
        # Points of memory lie between those of blocks, or are in both; of two with one time either will do.
        times, places = np.unique(times, return_index=True)
        numbers = numbers[places]
    low, high = (int(place) for place in times.searchsorted((start, end)))
    return times[low:high], numbers[low:high]


def _numbers(times: Times, column: Column) -> tuple[Times, Numbers]:
    numbers, places = blocks.numbers_of(column)
    return (times if places is None else times[places]), numbers


def chosen(times: Times, numbers: Numbers, points: int, gap: int | None) -> NDArray[np.int64]:
    """The places of about `points` points, ascending: at most so many, but for the ends of stretches."""
    import numpy as np

    steps = np.diff(times)
    edges = np.flatnonzero(steps > gap) + 1 if gap is not None else np.empty(0, dtype=np.int64)
    if (len(edges) + 1) * FEWEST > points:
        # More gaps than a chart has room for: the longest stay.
        longest = np.sort(np.argsort(steps)[-(points // FEWEST - 1) :]) + 1 if points // FEWEST > 1 else edges[:0]
        edges = longest
    begins = np.concatenate(([0], edges)).astype(np.int64)
    ends = np.concatenate((edges, [len(times)])).astype(np.int64)
    sizes = ends - begins
    # Every stretch has its ends; the rest is shared out by how many points there are.
    room = max(points - FEWEST * len(sizes), 0)
    shares = FEWEST + (sizes * room // max(int(sizes.sum()), 1))
    kept = [
        begin + _triangles(times[begin:end], numbers[begin:end], share)
        for begin, end, share in zip(begins.tolist(), ends.tolist(), shares.tolist(), strict=True)
    ]
    return np.concatenate(kept)


def _triangles(times: Times, numbers: Numbers, points: int) -> NDArray[np.int64]:
    """The places of the points of one stretch that are kept."""
    import numpy as np

    count = len(times)
    if count <= points:
        return np.arange(count)
    if points <= FEWEST:
        return np.array((0, count - 1))
    x: Any = (times - times[0]).astype(np.float64)
    y = _bounded(numbers)
    # The first and the last bucket are the ends themselves.
    edges = np.linspace(1, count - 1, points - 1).astype(np.int64)
    sizes = np.diff(edges)
    middles_x = np.append(np.add.reduceat(x, edges[:-1])[: len(sizes)], 0.0)
    middles_y = np.append(np.add.reduceat(y, edges[:-1])[: len(sizes)], 0.0)
    # `reduceat` lets the last bucket run to the end; the last point is a bucket of its own.
    middles_x[len(sizes) - 1] -= x[-1]
    middles_y[len(sizes) - 1] -= y[-1]
    middles_x[:-1] /= sizes
    middles_y[:-1] /= sizes
    middles_x[-1], middles_y[-1] = x[-1], y[-1]
    places = np.empty(points, dtype=np.int64)
    places[0], places[-1] = 0, count - 1
    before_x, before_y = float(x[0]), float(y[0])
    bounds = edges.tolist()
    for bucket in range(points - 2):
        low, high = bounds[bucket], bounds[bucket + 1]
        ahead_x, ahead_y = float(middles_x[bucket + 1]), float(middles_y[bucket + 1])
        areas = np.abs(
            (before_x - ahead_x) * (y[low:high] - before_y) - (before_x - x[low:high]) * (ahead_y - before_y)
        )
        place = low + int(areas.argmax())
        places[bucket + 1] = place
        before_x, before_y = float(x[place]), float(y[place])
    return places


def _bounded(numbers: Numbers) -> Any:
    """Numbers whose products are numbers too: the shape does not change when all are made smaller alike."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        finite = np.nan_to_num(numbers)
        largest = float(np.abs(finite).max())
    return finite / largest if largest > 1e100 else finite
