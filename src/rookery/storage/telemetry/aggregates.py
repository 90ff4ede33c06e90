"""Aggregates: bins over memory and blocks, mostly without decoding.

Everything that falls into the range becomes rows (bin, time, value, weight), each for a stretch of points of one bin. A
block that lies wholly in one bin is one row made of its summary; any other is decoded and reduced to a row for each bin
it touches. One reduction over the rows then answers for all bins at once. Blocks do not overlap, so the rows of a bin
are in the order of time. Where that is not so, because points of memory lie between those of a block, or where every
point counts, as for percentiles, a row is a point.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from rookery.core.points import Aggregation, Bin
from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.blocks import EARLY_COLUMNS
from rookery.storage.telemetry.damage import rows_of
from rookery.storage.telemetry.memory import Memory
from rookery.storage.telemetry.reading import RANGE, Pieces, block_of, opened, pieces, snapshot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rookery.storage.telemetry.blocks import Numbers, Times

SUMMARY: dict[Aggregation, str] = {
    Aggregation.AVG: "total",
    Aggregation.SUM: "total",
    Aggregation.COUNT: "total",
    Aggregation.MIN: "low",
    Aggregation.MAX: "high",
    Aggregation.FIRST: "opening",
    Aggregation.LAST: "closing",
    # True when some number is not zero: the one of the two extremes that is not zero, if any, says so.
    Aggregation.BOOL_OR: "CASE WHEN low = 0 THEN high ELSE low END",
    # True when no number is zero: certain when both extremes are on one side; with a change of sign it is decoded.
    Aggregation.BOOL_AND: "CASE WHEN low > 0 THEN low WHEN high < 0 THEN high ELSE 0 END",
}
"""Which column of a block stands for all its points. Percentiles need every point."""

PERCENT: dict[Aggregation, float] = {
    Aggregation.PCT_99: 0.99,
    Aggregation.PCT_95: 0.95,
    Aggregation.PCT_90: 0.90,
    Aggregation.PCT_75: 0.75,
    Aggregation.PCT_50: 0.50,
    Aggregation.PCT_15: 0.15,
    Aggregation.PCT_5: 0.05,
}


def aggregate(
    connection: sqlite3.Connection,
    memory: Memory,
    series: int,
    start: int,
    end: int,
    interval: int,
    aggregation: Aggregation,
    origin: int,
) -> list[Bin]:
    """See `Telemetry.aggregate`."""
    if interval <= 0:
        raise ValueError("an interval is at least one microsecond")
    if end <= start:
        return []
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        return _aggregate(connection, memory, series, start, end, interval, aggregation, origin)


def bins(
    connection: sqlite3.Connection,
    memory: Memory,
    series: int,
    edges: Sequence[int],
    aggregation: Aggregation,
) -> list[Bin]:
    """See `Telemetry.bins`."""
    if any(later <= earlier for earlier, later in pairwise(edges)):
        raise ValueError("edges ascend")
    if len(edges) < 2:
        return []
    import numpy as np

    grid = Edges(edges)
    with np.errstate(over="ignore", invalid="ignore"):
        return _reduced(connection, memory, series, edges[0], edges[-1], aggregation, grid, "0", {})


def _aggregate(
    connection: sqlite3.Connection,
    memory: Memory,
    series: int,
    start: int,
    end: int,
    interval: int,
    aggregation: Aggregation,
    origin: int,
) -> list[Bin]:
    # Bins are counted from the one that `start` is in, so that SQLite's division never meets a negative number.
    base = start - (start - origin) % interval
    one = "first >= :start AND last < :end AND (first - :base) / :interval = (last - :base) / :interval"
    return _reduced(
        connection,
        memory,
        series,
        start,
        end,
        aggregation,
        Steps(base, interval),
        one,
        {"base": base, "interval": interval},
    )


def _reduced(
    connection: sqlite3.Connection,
    memory: Memory,
    series: int,
    start: int,
    end: int,
    aggregation: Aggregation,
    grid: Steps | Edges,
    one: str,
    parameters: dict[str, int],
) -> list[Bin]:
    """`one` is how SQLite knows a block that lies in one bin; with edges it can not, and the grid does."""
    import numpy as np

    fresh_times, fresh_values = memory.copy(series, start, end)
    rows = _Rows(start, end, grid, aggregation)
    column = SUMMARY.get(aggregation)
    if column is None:
        whole, column = "0", "NULL"
    else:
        mixed = " AND NOT (low < 0 AND high > 0)" if aggregation is Aggregation.BOOL_AND else ""
        whole = one + mixed
        if isinstance(grid, Edges):
            # Without its data: the grid looks whether it is needed.
            whole = "NULL" if not mixed else f"CASE WHEN 1{mixed} THEN NULL ELSE 0 END"
    known: set[int] = set()
    newest = start - 1
    with snapshot(connection):
        found = rows_of(
            connection,
            f"""SELECT numbers = 0 OR ({whole}), {column}, id, {EARLY_COLUMNS},
                CASE WHEN {whole} OR ({whole}) IS NULL THEN NULL ELSE times END,
                CASE WHEN {whole} OR ({whole}) IS NULL THEN NULL ELSE data END
                FROM block WHERE {RANGE} ORDER BY first""",  # noqa: S608
            {"series": series, "start": start, "end": end, **parameters},
        )
        for is_whole, value, number, *row in found:
            first, final, numbers = row[1], row[2], row[5]
            if not blocks.sound(first, final, numbers):
                # It is damaged: opening it says so.
                block_of(connection, number)
                continue
            newest = final
            if is_whole is None:
                is_whole = start <= first and final < end and grid.place(first) == grid.place(final)
            beside = bisect_right(fresh_times, final) > bisect_left(fresh_times, first)
            if is_whole and not beside and (not numbers or isinstance(value, int | float)):
                if numbers:
                    rows.summary(first, value, numbers)
                continue
            block = opened(row) if row[-1] is not None else block_of(connection, number)
            if block is not None:
                rows.points(*block, apart=beside)
                if beside:
                    known.update(block[0].tolist())
    if known:
        kept = [place for place, time in enumerate(fresh_times) if time not in known]
        fresh_times, fresh_values = [fresh_times[place] for place in kept], [fresh_values[place] for place in kept]
    if fresh_times:
        rows.points(np.array(fresh_times, dtype=np.int64), blocks.column(fresh_values), apart=fresh_times[0] <= newest)
    return rows.result()


class Steps:
    """Bins of one length, counted from `base`."""

    def __init__(self, base: int, interval: int) -> None:
        self._base = base
        self._interval = interval

    def place(self, time: int) -> int:
        """The bin that a moment is in."""
        return (time - self._base) // self._interval

    def pieces(self, times: Times) -> Pieces:
        """See `reading.pieces`."""
        return pieces(times, self._base, self._interval)

    def begins(self, bins: NDArray[np.int64]) -> NDArray[np.int64]:
        """The moments at which these bins begin."""
        return bins * self._interval + self._base


class Edges:
    """Bins from each of `edges` to the next, such as the days of a place that has summer time."""

    def __init__(self, edges: Sequence[int]) -> None:
        import numpy as np

        self._edges = np.array(edges, dtype=np.int64)
        self._list = list(edges)

    def place(self, time: int) -> int:
        """The bin that a moment is in."""
        return bisect_right(self._list, time) - 1

    def pieces(self, times: Times) -> Pieces:
        """See `reading.pieces`."""
        import numpy as np

        places = self._edges.searchsorted(times, side="right") - 1
        edges = np.concatenate(([0], np.flatnonzero(places[1:] != places[:-1]) + 1, [len(times)]))
        return places[edges[:-1]], edges[:-1], edges[1:] - edges[:-1]

    def begins(self, bins: NDArray[np.int64]) -> NDArray[np.int64]:
        """The moments at which these bins begin."""
        return self._edges[bins]


class _Rows:
    """Collects rows of (bin, time, value, weight)."""

    def __init__(self, start: int, end: int, grid: Steps | Edges, aggregation: Aggregation) -> None:
        self._range = (start, end)
        self._grid = grid
        self._aggregation = aggregation
        self._bins: list[NDArray[np.int64]] = []
        self._times: list[Times] = []
        self._values: list[Numbers] = []
        self._weights: list[NDArray[np.int64]] = []

    def points(self, times: Times, column: blocks.Column, *, apart: bool) -> None:
        """Those of the points that are in the range and numbers: a row each when `apart`, else one for each bin."""
        import numpy as np

        start, end = self._range
        if times[0] < start or times[-1] >= end:
            low, high = (int(place) for place in times.searchsorted(self._range))
            times, column = times[low:high], column[low:high]
        numbers, places = blocks.numbers_of(column)
        if not len(numbers):
            return
        if places is not None:
            times = times[places]
        bins, begins, sizes = self._grid.pieces(times)
        if apart or self._aggregation in PERCENT:
            self._add(np.repeat(bins, sizes), times, numbers, np.ones(len(times), dtype=np.int64))
        else:
            self._add(bins, times[begins], _reduce(self._aggregation, numbers, begins), sizes)

    def summary(self, time: int, value: float, weight: int) -> None:
        """A block that lies wholly in one bin."""
        import numpy as np

        bin_ = self._grid.place(time)
        self._add(np.array((bin_,)), np.array((time,)), np.array((value,), dtype=np.float64), np.array((weight,)))

    def _add(self, bins: Any, times: Any, values: Any, weights: Any) -> None:
        self._bins.append(bins)
        self._times.append(times)
        self._values.append(values)
        self._weights.append(weights)

    def result(self) -> list[Bin]:
        """One bin for each that has a row, ascending."""
        import numpy as np

        if not self._times:
            return []
        bins, times = np.concatenate(self._bins), np.concatenate(self._times)
        values, weights = np.concatenate(self._values), np.concatenate(self._weights)
        if not (times[1:] > times[:-1]).all():
            order = np.argsort(times, kind="stable")
            bins, values, weights = bins[order], values[order], weights[order]
        begins = np.concatenate(([0], np.flatnonzero(np.diff(bins)) + 1))
        kind = self._aggregation
        if kind in PERCENT:
            result = _percentiles(values, bins, begins, PERCENT[kind])
        elif kind is Aggregation.COUNT:
            result = np.add.reduceat(weights, begins)
        else:
            result = _reduce(kind, values, begins)
            if kind is Aggregation.AVG:
                result = result / np.add.reduceat(weights, begins)
        starts = self._grid.begins(bins[begins])
        return list(map(Bin, starts.tolist(), result.astype(np.float64).tolist()))


def _reduce(kind: Aggregation, values: Numbers, begins: NDArray[Any]) -> Any:
    """Each stretch from one of `begins` to the next as one number. Done twice gives the same as done once."""
    import numpy as np

    if kind is Aggregation.FIRST:
        return values[begins]
    if kind is Aggregation.LAST:
        return values[np.append(begins[1:], len(values)) - 1]
    if kind is Aggregation.MIN:
        return np.minimum.reduceat(values, begins)
    if kind is Aggregation.MAX:
        return np.maximum.reduceat(values, begins)
    if kind is Aggregation.BOOL_OR:
        return np.logical_or.reduceat(values != 0, begins)
    if kind is Aggregation.BOOL_AND:
        return np.logical_and.reduceat(values != 0, begins)
    return np.add.reduceat(values, begins)


def _percentiles(values: Numbers, bins: NDArray[np.int64], begins: NDArray[Any], share: float) -> Numbers:
    """Linear interpolation between the two nearest ranks, for all bins in one sort."""
    import numpy as np

    ranked = values[np.lexsort((values, bins))]
    sizes = np.diff(begins, append=len(values))
    rank = (sizes - 1) * share
    below = np.floor(rank).astype(np.int64)
    above = np.minimum(below + 1, sizes - 1)
    low, high = ranked[begins + below], ranked[begins + above]
    part, step = rank - below, high - low
    # Between the largest numbers of both signs there is more than a number can say.
    result: Numbers = np.where(np.isfinite(step), low + step * part, low * (1 - part) + high * part)
    return result
