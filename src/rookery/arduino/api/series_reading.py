"""What a series query asks of the store: the newest bins of a property, and which function fits it (reference 5.2)."""

from __future__ import annotations

from math import isfinite

from rookery.arduino.api import bins
from rookery.arduino.api.bins import Range
from rookery.core.clock import SECOND
from rookery.core.points import Aggregation, Bin, Point, Telemetry
from rookery.core.records import ValueKind, Variable


def function_of(variable: Variable, asked: str | None) -> Aggregation | None:
    """What the bins of this property are reduced to, None when what was asked for does not fit its type.

    Booleans count as 0 and 1, so every function fits them; texts and composites fit none.
    """
    if variable.kind is ValueKind.BOOL:
        return Aggregation(asked or "BOOL_OR")
    if variable.kind in (ValueKind.INT, ValueKind.FLOAT) and asked not in ("BOOL_OR", "BOOL_AND"):
        return Aggregation(asked or "AVG")
    return None


async def _newest(telemetry: Telemetry, variable: Variable, start: int, end: int) -> int | None:
    points = await telemetry.read(variable.series, start, end, 1, descending=True)
    return points[0].time if points else None


async def aggregated_bins(
    telemetry: Telemetry, variable: Variable, span: Range, interval: int, function: Aggregation, limit: int
) -> tuple[list[Bin], bool]:
    """The newest `limit` bins of `interval` seconds, ascending, and whether there are older ones.

    A bin whose result is beyond what a float holds, such as the sum of two of the largest, is left out: JSON has no
    word for it, and clients refuse a null.
    """
    step = interval * SECOND

    async def fetch(start: int, end: int) -> list[Bin]:
        return await telemetry.aggregate(variable.series, start, end, step, function)

    async def newest(start: int, end: int) -> int | None:
        return await _newest(telemetry, variable, start, end)

    found, truncated = await bins.newest_bins(fetch, newest, span, step, limit)
    return [found_bin for found_bin in found if isfinite(found_bin.value)], truncated


async def sampled_bins(
    telemetry: Telemetry, variable: Variable, span: Range, interval: int, limit: int
) -> tuple[list[Point], bool]:
    """The last value of each of the newest `limit` bins, at the start of its bin, and whether there are older ones."""
    step = interval * SECOND

    async def fetch(start: int, end: int) -> list[Point]:
        return await telemetry.sample(variable.series, start, end, step)

    async def newest(start: int, end: int) -> int | None:
        return await _newest(telemetry, variable, start, end)

    points, truncated = await bins.newest_bins(fetch, newest, span, step, limit)
    return [Point(bins.bin_of(p.time, step), p.value) for p in points], truncated
