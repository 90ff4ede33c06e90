"""What a sender's time means, and what a board is told of its zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.times import load_zone, sample_time, zone_interval
from rookery.core.errors import Invalid

SECOND = 1_000_000
NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * SECOND
DAY = 86_400


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (1_700_000_000, 1_700_000_000_000_000),
        (1_700_000_000_000, 1_700_000_000_000_000),
        (1_700_000_000.25, 1_700_000_000_250_000),
        (1_700_000_000_000.5, 1_700_000_000_000_500),
        (at(2015, 1, 1), at(2015, 1, 1) * SECOND),
        (NOW // SECOND + DAY, NOW + DAY * SECOND),
        (None, None),
        (0, None),
        (0.0, None),
        (-5, None),
        (at(2015, 1, 1) - 1, None),
        (946_684_800, None),
        (NOW // SECOND + DAY + 1, None),
        (1e11, None),
        (1e300, None),
        (2**64, None),
        (float("inf"), None),
        (float("nan"), None),
    ],
)
def test_the_time_of_a_record(sent: float | None, expected: int | None) -> None:
    assert sample_time(sent, NOW) == expected


@given(st.integers() | st.floats() | st.none())
def test_any_number_is_a_plausible_time_or_none(sent: float | None) -> None:
    time = sample_time(sent, NOW)
    assert time is None or (type(time) is int and at(2015, 1, 1) * SECOND <= time <= NOW + DAY * SECOND)


@pytest.mark.parametrize(
    ("zone", "offset", "until"),
    [
        ("Europe/Rome", 3600, at(2027, 3, 28, 1)),
        ("America/New_York", -18_000, at(2027, 3, 14, 7)),
        ("Australia/Lord_Howe", 39_600, at(2027, 4, 3, 15)),
        ("Asia/Tokyo", 32_400, NOW // SECOND + 365 * DAY),
        ("Asia/Kathmandu", 20_700, NOW // SECOND + 365 * DAY),
        ("UTC", 0, NOW // SECOND + 365 * DAY),
        ("", 0, NOW // SECOND + 365 * DAY),
    ],
)
def test_the_interval_of_a_zone(zone: str, offset: int, until: int) -> None:
    assert zone_interval(load_zone(zone), NOW) == (offset, until)


def test_the_next_interval_begins_where_one_ends() -> None:
    rome = load_zone("Europe/Rome")
    winter = zone_interval(rome, NOW)
    last_second = zone_interval(rome, (winter.until - 1) * SECOND)
    summer = zone_interval(rome, winter.until * SECOND)
    assert last_second == winter
    assert summer == (7200, at(2027, 10, 31, 1))


@pytest.mark.parametrize(("zone", "offset"), [("Pacific/Kiritimati", 14 * 3600 - 1), ("Etc/GMT+12", -12 * 3600 + 1)])
def test_an_offset_on_the_bound_is_moved_inside(zone: str, offset: int) -> None:
    assert zone_interval(load_zone(zone), NOW).offset == offset


def test_the_end_fits_into_32_bits() -> None:
    end = int(datetime(2105, 12, 31, tzinfo=UTC).timestamp()) * SECOND
    assert zone_interval(UTC, end).until == 2**32 - 1


@given(
    st.sampled_from(
        ["Europe/Rome", "America/St_Johns", "Africa/Casablanca", "Asia/Gaza", "Pacific/Chatham", "Asia/Tokyo"]
    ),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),
)
def test_the_offset_holds_until_the_end_and_the_end_is_ahead(zone: str, moment: datetime) -> None:
    place = load_zone(zone)
    now = int(moment.replace(tzinfo=UTC).timestamp())
    interval = zone_interval(place, now * SECOND)
    assert now < interval.until <= now + 365 * DAY
    before_end = datetime.fromtimestamp(interval.until - 1, UTC).astimezone(place)
    assert before_end.utcoffset() == timedelta(seconds=interval.offset)


@pytest.mark.parametrize(
    "name",
    ["Nowhere/At_All", "America", "../etc/passwd", "/etc/localtime", "a\0b", "x" * 100_000, "Europe/Rome\n", "\ud800"],
)
def test_an_unknown_zone_is_invalid(name: str) -> None:
    with pytest.raises(Invalid, match="is not a time zone"):
        load_zone(name)
