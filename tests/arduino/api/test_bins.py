"""Time and bins: what holds for every range."""

from __future__ import annotations

import asyncio

from hypothesis import example, given
from hypothesis import strategies as st

from rookery.arduino.api import bins
from rookery.arduino.api.bins import EARLIEST, LATEST, Range
from rookery.arduino.api.times import format_time
from rookery.core.clock import DAY, SECOND
from rookery.core.points import Point

moments = st.integers(EARLIEST, LATEST)
spans = st.tuples(moments, moments).map(lambda pair: Range(min(pair), max(pair)))
near = st.integers(-2_000, 2_000)


def test_the_bounds_are_those_of_the_official_document() -> None:
    assert format_time(EARLIEST) == "1842-01-01T00:00:00.000Z"
    assert format_time(LATEST) == "2242-01-01T00:00:00.000Z"


@given(st.integers(-(10**30), 10**30))
def test_in_bounds(time: int) -> None:
    found = bins.in_bounds(time)
    assert EARLIEST <= found <= LATEST
    assert found == time or not EARLIEST <= time <= LATEST


@given(moments)
def test_a_range_up_to_now_has_what_is_stored_now_and_little_more(now: int) -> None:
    assert now < bins.after(now) <= now + 1_000
    assert bins.after(now) % 1_000 == 0


@given(near, near, st.integers(1, 50))
def test_bins_are_counted(start: int, end: int, step: int) -> None:
    assert bins.bins_in(Range(start, end), step) == len({bins.bin_of(time, step) for time in range(start, end)})


@given(spans, st.integers(1, 10_000))
@example(Range(0, 14 * DAY), 1_000)
@example(Range(-1, 1), 2)
@example(Range(5, 5), 1)
@example(Range(EARLIEST, LATEST), 2)
def test_the_interval_that_fits(span: Range, limit: int) -> None:
    interval = bins.fitting_interval(span, limit)
    assert interval >= 1
    if limit > 1:
        assert bins.bins_in(span, interval * SECOND) <= limit


# From limit 40 on the search is long enough for a million seconds; below it a longer interval may be taken.
@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(40, 1_000))
def test_no_shorter_interval_fits(start: int, seconds: int, limit: int) -> None:
    span = Range(start * SECOND, (start + seconds) * SECOND)
    interval = bins.fitting_interval(span, limit)
    for shorter in range(max(1, interval - 50), interval):
        assert bins.bins_in(span, shorter * SECOND) > limit


def test_the_interval_of_two_weeks() -> None:
    assert bins.fitting_interval(Range(0, 14 * DAY), 1_000) == 1_210


@given(st.none() | st.integers(0, 10**40), st.integers(1, 1_000), st.integers(1_000, 10_000))
def test_limits_are_cut_and_never_refused(asked: int | None, default: int, highest: int) -> None:
    assert bins.limited(asked, default, highest) == (default if not asked else min(asked, highest))


class Store:
    """Times of points, asked for bins. Counts the bins that it was asked for at the most."""

    def __init__(self, times: list[int], step: int) -> None:
        self.times = sorted(times)
        self.step = step
        self.most = 0
        self.calls = 0

    async def fetch(self, start: int, end: int) -> list[Point]:
        self.calls += 1
        self.most = max(self.most, bins.bins_in(Range(start, end), self.step))
        found = sorted({bins.bin_of(time, self.step) for time in self.times if start <= time < end})
        return [Point(time, 0) for time in found]

    async def newest(self, start: int, end: int) -> int | None:
        return max((time for time in self.times if start <= time < end), default=None)


@given(
    st.lists(st.integers(-5_000, 5_000), max_size=30),
    near,
    st.integers(0, 6_000),
    st.integers(1, 400),
    st.integers(1, 20),
    st.integers(1, 10),
)
def test_the_newest_bins_are_found_whatever_the_stride(
    times: list[int], start: int, length: int, step: int, limit: int, stride: int
) -> None:
    span = Range(start, start + length)
    store = Store(times, step)
    before, bins.BINS_AT_ONCE = bins.BINS_AT_ONCE, stride
    try:
        found, truncated = asyncio.run(bins.newest_bins(store.fetch, store.newest, span, step, limit))
    finally:
        bins.BINS_AT_ONCE = before
    expected = sorted({bins.bin_of(time, step) for time in times if span.start <= time < span.end})
    assert [point.time for point in found] == expected[-limit:]
    assert truncated == (len(expected) > limit)
    assert store.most <= stride


def test_a_long_range_is_leapt_over() -> None:
    store = Store([0, 10 * DAY, 3_000 * DAY], SECOND)
    found, truncated = asyncio.run(bins.newest_bins(store.fetch, store.newest, Range(EARLIEST, LATEST), SECOND, 1_000))
    assert [point.time for point in found] == [0, 10 * DAY, 3_000 * DAY]
    assert not truncated
    assert store.calls == 4
