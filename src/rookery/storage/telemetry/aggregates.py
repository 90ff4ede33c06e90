"""Aggregates: bins over memory and blocks, mostly without decoding.

Everything that falls into the range becomes rows (time, value, weight): a point is one row of weight 1, a block that
lies wholly in one bin is one row made of its summary. One sort and one reduction over the boundaries of the bins then
answer for any number of bins at once. Blocks do not overlap and a block beside a point of memory is decoded, so the
rows of a bin are in the order of time whatever they are made of.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any

from rookery.core.points import Aggregation, Bin
from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.blocks import COLUMNS
from rookery.storage.telemetry.memory import Memory
from rookery.storage.telemetry.reading import RANGE, opened, snapshot

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

    # Bins are counted from the one that `start` is in, so that SQLite's division never meets a negative number.
    base = start - (start - origin) % interval
    fresh_times, fresh_values = memory.copy(series, start, end)
    rows = _Rows(start, end)
    column = SUMMARY.get(aggregation)
    if column is None:
        whole, column = "0", "0"
    else:
        whole = "first >= :start AND last < :end AND (first - :base) / :interval = (last - :base) / :interval"
        if aggregation is Aggregation.BOOL_AND:
            whole += " AND NOT (low < 0 AND high > 0)"
    known: set[int] = set()
    with snapshot(connection):
        found = connection.execute(
            f"SELECT id, first, last, numbers, {column}, {whole} FROM block WHERE {RANGE} ORDER BY first",  # noqa: S608
            {"series": series, "start": start, "end": end, "base": base, "interval": interval},
        ).fetchall()
        for number, first, final, numbers, value, is_whole in found:
            beside = bisect_right(fresh_times, final) > bisect_left(fresh_times, first)
            if is_whole and not beside:
                if numbers:
                    rows.summary(first, value, numbers)
                continue
            if not numbers and not beside:
                continue
            block = opened(connection.execute(f"SELECT {COLUMNS} FROM block WHERE id = ?", (number,)).fetchone())  # noqa: S608
            if block is not None:
                rows.points(*block)
                if beside:
                    known.update(block[0].tolist())
    if known:
        kept = [place for place, time in enumerate(fresh_times) if time not in known]
        fresh_times, fresh_values = [fresh_times[place] for place in kept], [fresh_values[place] for place in kept]
    if fresh_times:
        rows.points(np.array(fresh_times, dtype=np.int64), blocks.column(fresh_values))
    return _reduced(rows, base, interval, aggregation)


class _Rows:
    """Collects rows of (time, value, weight)."""

    def __init__(self, start: int, end: int) -> None:
        self._range = (start, end)
        self._times: list[Any] = []
        self._values: list[Any] = []
        self._weights: list[Any] = []
        self._whole: list[tuple[int, float, int]] = []

    def points(self, times: Times, column: blocks.Column) -> None:
        """Those of the points that are in the range and numbers."""
        import numpy as np

        low, high = (int(place) for place in times.searchsorted(self._range))
        numbers, places = blocks.numbers_of(column[low:high])
        chosen = times[low:high] if places is None else times[low:high][places]
        self._times.append(chosen)
        self._values.append(numbers)
        self._weights.append(np.ones(len(chosen), dtype=np.int64))

    def summary(self, time: int, value: float, weight: int) -> None:
        """A block that lies wholly in one bin."""
        self._whole.append((time, value, weight))

    def columns(self) -> tuple[Times, Numbers, NDArray[np.int64]]:
        """All rows, ascending by time."""
        import numpy as np

        whole_times, whole_values, whole_weights = zip(*self._whole, strict=True) if self._whole else ((), (), ())
        times = np.concatenate([*self._times, np.array(whole_times, dtype=np.int64)])
        values = np.concatenate([*self._values, np.array(whole_values, dtype=np.float64)])
        weights = np.concatenate([*self._weights, np.array(whole_weights, dtype=np.int64)])
        if len(times) > 1 and not (times[1:] > times[:-1]).all():
            order = np.argsort(times, kind="stable")
            return times[order], values[order], weights[order]
        return times, values, weights


def _reduced(rows: _Rows, base: int, interval: int, aggregation: Aggregation) -> list[Bin]:
    import numpy as np

    times, values, weights = rows.columns()
    if not len(times):
        return []
    bins = (times - base) // interval
    begins = np.concatenate(([0], np.flatnonzero(np.diff(bins)) + 1))
    if aggregation in PERCENT:
        result = _percentiles(values, bins, begins, PERCENT[aggregation])
    elif aggregation is Aggregation.FIRST:
        result = values[begins]
    elif aggregation is Aggregation.LAST:
        result = values[np.append(begins[1:], len(values)) - 1]
    elif aggregation is Aggregation.MIN:
        result = np.minimum.reduceat(values, begins)
    elif aggregation is Aggregation.MAX:
        result = np.maximum.reduceat(values, begins)
    elif aggregation is Aggregation.COUNT:
        result = np.add.reduceat(weights, begins)
    elif aggregation is Aggregation.BOOL_OR:
        result = np.logical_or.reduceat(values != 0, begins)
    elif aggregation is Aggregation.BOOL_AND:
        result = np.logical_and.reduceat(values != 0, begins)
    else:
        result = np.add.reduceat(values, begins)
        if aggregation is Aggregation.AVG:
            result = result / np.add.reduceat(weights, begins)
    starts = bins[begins] * interval + base
    return list(map(Bin, starts.tolist(), result.astype(np.float64).tolist()))


def _percentiles(values: Numbers, bins: NDArray[np.int64], begins: NDArray[Any], share: float) -> Numbers:
    """Linear interpolation between the two nearest ranks, for all bins in one sort."""
    import numpy as np

    ranked = values[np.lexsort((values, bins))]
    sizes = np.diff(np.append(begins, len(values)))
    rank = (sizes - 1) * share
    below = np.floor(rank).astype(np.int64)
    above = np.minimum(below + 1, sizes - 1)
    low, high = ranked[begins + below], ranked[begins + above]
    result: Numbers = low + (high - low) * (rank - below)
    return result
