"""Times in and out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.api.times import iso_time, iso_time_or_none, parse_iso

LAST = 253_402_300_799_999_000
"""The last millisecond of the year 9999."""


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_323_045_678_000, "2026-01-02T03:04:05.678Z"),
        (1_767_323_045_678_999, "2026-01-02T03:04:05.678Z"),
        (1_767_323_045_000_000, "2026-01-02T03:04:05.000Z"),
        (LAST, "9999-12-31T23:59:59.999Z"),
        (-1_000, "1969-12-31T23:59:59.999Z"),
    ],
)
def test_three_digits_and_z(time: int, text: str) -> None:
    assert iso_time(time) == text
    assert parse_iso(text) == time // 1_000 * 1_000


def test_no_time() -> None:
    assert iso_time_or_none(None) is None
    assert iso_time_or_none(0) == "1970-01-01T00:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2026-01-02T03:04:05Z", 1_767_323_045_000_000),
        ("2026-01-02T03:04:05", 1_767_323_045_000_000),
        ("2026-01-02T05:04:05+02:00", 1_767_323_045_000_000),
        (" 2026-01-02T03:04:05.678901Z ", 1_767_323_045_678_901),
        ("2026-01-02", 1_767_312_000_000_000),
    ],
)
def test_what_clients_send(text: str, time: int) -> None:
    assert parse_iso(text) == time


@pytest.mark.parametrize("text", ["", "now", "2026-13-01", "1767323045", "9999-12-31T23:59:59-99:00", "2026-01-02T"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_iso(text)


@given(st.integers(-62_135_596_800_000_000, LAST))
def test_out_and_in(time: int) -> None:
    assert parse_iso(iso_time(time)) == time // 1_000 * 1_000
