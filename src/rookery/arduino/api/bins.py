"""Time and bins of series queries: pure arithmetic (reference 5.1, 5.3).

A bin is a stretch of `interval` that begins at a multiple of it since 1970, and is called by its begin. The ranges of
queries include their start and not their end. Moments are UTC microseconds, intervals whole seconds where clients say
them and microseconds (`step`) where they are reckoned with.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol, TypeVar

from rookery.core.clock import MILLISECOND, SECOND

EARLIEST = -4_039_286_400 * SECOND
"""1842-01-01, the lowest start of a range by the official document."""
LATEST = 8_583_494_400 * SECOND
"""2242-01-01, the highest end."""
TRIES = 1_000
"""Intervals that are tried one after the other before a longer one is taken that is certain to fit."""
BINS_AT_ONCE = 50_000
"""Bins that are asked of the store at a time: about 10 MB when none of them is empty."""


class Range(NamedTuple):
    """From `start`, included, to `end`, excluded. `end` may be before `start`; then nothing is in it."""

    start: int
    end: int


def in_bounds(time: int) -> int:
    """The moment itself, or the nearest one that a range may have."""
    return min(max(int(time), EARLIEST), LATEST)


def after(now: int) -> int:
    """The end of a range that goes up to now: the first millisecond that has not begun, so that what was stored in
    this one is in it."""
    return now - now % MILLISECOND + MILLISECOND


def bin_of(time: int, step: int) -> int:
    """The begin of the bin that this moment is in."""
    return time - time % step


def bins_in(span: Range, step: int) -> int:
    """How many bins have a part in the range, the cut ones at both ends included."""
    if span.end <= span.start:
        return 0
    return (span.end - 1) // step - span.start // step + 1


def fitting_interval(span: Range, limit: int) -> int:
    """The shortest interval in whole seconds, at least 1, with which the range has at most `limit` bins.

    Two bins may be one too many for limit 1, wherever the range lies; then, and where the search would take long, the
    result is the length of the range divided by one bin less, which fits for any limit of 2 or more.
    """
    length = max(span.end - span.start, 0)
    first = max(1, -(-length // (limit * SECOND)))
    for interval in range(first, first + TRIES):
        if bins_in(span, interval * SECOND) <= limit:
            return interval
    return max(first, -(-length // (max(limit - 1, 1) * SECOND)))


def limited(asked: int | None, default: int, highest: int) -> int:
    """A limit as it takes effect. Too much is cut, never refused (5.4); 0 is what Go sends for "not given"."""
    return min(asked, highest) if asked else default


class Timed(Protocol):
    """What stands at a time."""

    @property
    def time(self) -> int:
        """UTC microseconds."""


T = TypeVar("T", bound=Timed)


async def newest_bins(
    fetch: Callable[[int, int], Awaitable[list[T]]],
    newest: Callable[[int, int], Awaitable[int | None]],
    span: Range,
    step: int,
    limit: int,
) -> tuple[list[T], bool]:
    """The newest `limit` bins of a range that are not empty, ascending, and whether there are older ones.

    `fetch(start, end)` gives the bins of a stretch that are not empty; `newest(start, end)` the time of the last point
    in it. A range of more bins than `BINS_AT_ONCE` is walked through from its end, over empty stretches in one leap, so
    that a long range with a short interval costs what its newest bins cost and not what all would.
    """
    found: list[T] = []
    end = span.end
    while end > span.start:
        start = max(span.start, bin_of(end - 1, step) - (BINS_AT_ONCE - 1) * step)
        found = await fetch(start, end) + found
        if len(found) > limit:
            return found[-limit:], True
        if start == span.start:
            break
        last = await newest(span.start, start)
        if last is None:
            break
        end = min(bin_of(last, step) + step, start)
    return found, False
