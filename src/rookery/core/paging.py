"""Reading a history page by page, as long as its values let it be: 20,000 numbers are 2 MB, the longest texts 2 GB."""

from __future__ import annotations

from typing import NamedTuple

from rookery.core.points import Point, Telemetry, size_of

CHARACTERS = 4_000_000
"""Of the texts of one page, about."""
STEP = 64
"""Points that are read at first, while nobody knows how long they are."""
POINT = 8
"""What a point counts for besides its value: no page is without an end, however empty its texts are."""
GROWTH = 16
"""Times as many are read at most the next time."""


class Page(NamedTuple):
    """Some of the points of a stretch, from its beginning."""

    points: list[Point]
    more: bool
    """Whether others may follow."""


async def read_page(telemetry: Telemetry, series: int, start: int, end: int, limit: int) -> Page:
    """The next points with start <= time < end, ascending: at least one, if there is one, and fewer than `limit` where
    they are long."""
    found: list[Point] = []
    step, left = min(STEP, limit), CHARACTERS
    while True:
        points = await telemetry.read(series, start, end, step)
        found += points
        if len(points) < step:
            return Page(found, False)
        size = sum(POINT + size_of(point.value) for point in points)
        left -= size
        room = min(limit - len(found), left * step // size)
        if room <= 0:
            return Page(found, True)
        # No two points of a series have the same time.
        start, step = points[-1].time + 1, min(room, GROWTH * step)
