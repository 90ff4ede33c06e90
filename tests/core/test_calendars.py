"""Days, weeks, months and hours of places: also of those that move their clocks."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.core.calendars import MOST_EDGES, Unit, edges
from rookery.core.clock import DAY, SECOND
from rookery.core.errors import Invalid

HOUR = 3_600 * SECOND
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Santiago")


def at(text: str, zone: str = "UTC") -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return round(moment.timestamp()) * SECOND


@pytest.mark.parametrize(
    ("unit", "count", "zone", "start", "end", "lengths"),
    [
        pytest.param(Unit.DAY, 1, "UTC", "2026-03-01", "2026-03-03", [24, 24], id="days"),
        pytest.param(Unit.DAY, 1, "Europe/Berlin", "2026-03-28", "2026-03-31", [24, 23, 24], id="spring has 23 hours"),
        pytest.param(Unit.DAY, 1, "Europe/Berlin", "2026-10-24", "2026-10-27", [24, 25, 24], id="autumn has 25"),
        pytest.param(
            Unit.DAY, 1, "Australia/Lord_Howe", "2026-04-04", "2026-04-07", [24, 24.5, 24], id="half an hour of summer"
        ),
        pytest.param(Unit.WEEK, 1, "UTC", "2026-03-04", "2026-03-10", [168, 168], id="weeks begin on Monday"),
        pytest.param(Unit.MONTH, 1, "UTC", "2026-01-15", "2026-04-01", [744, 672, 744], id="months"),
        pytest.param(Unit.MONTH, 3, "UTC", "2026-11-01", "2027-02-02", [92 * 24, 89 * 24], id="quarters from where"),
        pytest.param(Unit.YEAR, 1, "UTC", "2024-06-01", "2025-06-01", [8_784, 8_760], id="years, one of them long"),
        pytest.param(
            Unit.HOUR, 6, "Europe/Berlin", "2026-10-25", "2026-10-26", [6, 6, 6, 6, 1], id="hours end at midnight"
        ),
    ],
)
def test_bins_of_a_place(unit: Unit, count: int, zone: str, start: str, end: str, lengths: list[float]) -> None:
    found = edges(at(start, zone), at(end, zone), unit, zone, count)
    assert [(later - earlier) / HOUR for earlier, later in pairwise(found)] == lengths


def test_a_midnight_that_does_not_exist_is_when_the_clocks_were_moved() -> None:
    """In Santiago the clocks go from 24:00 to 1:00."""
    first, second, third = edges(
        at("2026-09-05", "America/Santiago"), at("2026-09-06T05:00:00"), Unit.DAY, "America/Santiago"
    )
    assert (
        datetime.fromtimestamp(second / SECOND, ZoneInfo("America/Santiago")).isoformat() == "2026-09-06T01:00:00-03:00"
    )
    assert ((second - first) / HOUR, (third - second) / HOUR) == (24, 23)


@given(
    start=st.integers(at("1950-01-01"), at("2100-01-01")),
    length=st.integers(1, 40 * DAY),
    unit=st.sampled_from(Unit),
    zone=st.sampled_from(ZONES),
    count=st.integers(1, 5),
)
def test_bins_cover_the_range_without_a_gap(start: int, length: int, unit: Unit, zone: str, count: int) -> None:
    found = edges(start, start + length, unit, zone, count)
    assert found[0] <= start < found[1]
    assert found[-2] < start + length <= found[-1]
    assert all(earlier < later for earlier, later in pairwise(found))
    if unit is not Unit.HOUR:
        for edge in found:
            local = datetime.fromtimestamp(edge // SECOND, ZoneInfo(zone))
            assert local.time() < (datetime.min + timedelta(hours=1, seconds=1)).time()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "", "x" * 5_000, "\0"])
def test_a_place_that_is_none(zone: str) -> None:
    with pytest.raises(Invalid, match="no time zone"):
        edges(0, DAY, Unit.DAY, zone)


def test_what_can_not_be_asked() -> None:
    with pytest.raises(Invalid, match="at least one"):
        edges(0, DAY, Unit.DAY, "UTC", 0)
    with pytest.raises(Invalid, match=str(MOST_EDGES)):
        edges(0, at("2020-01-01"), Unit.HOUR, "UTC")
    assert edges(5, 5, Unit.DAY, "UTC") == []
