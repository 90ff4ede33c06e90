"""The calendar of a place: where its days, weeks, months and years begin, in UTC microseconds.

A day of a place with summer time has 23 or 25 hours twice a year, and there are places whose midnight does not exist on
such a day: the day begins then with the first moment that it has. Hours are counted from the beginning of the day, so
that the hour that happens twice is two bins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from rookery.core.clock import SECOND
from rookery.core.errors import Invalid

MOST_EDGES = 20_000
"""Bins of one question: half a century of days."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Unit(StrEnum):
    """What a bin is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    """From Monday (ISO 8601)."""
    MONTH = "month"
    YEAR = "year"


def edges(start: int, end: int, unit: Unit, zone: str, count: int = 1) -> list[int]:
    """Where the bins of `count` units begin that cover start <= time < end, and the end of the last.

    Raises:
        Invalid: no such zone, a count below 1, or too many bins.
    """
    place = zone_of(zone)
    if count < 1:
        raise Invalid("A bin has at least one unit.", "count")
    if end <= start:
        return []
    found: list[int] = []
    for edge in _edges(start, unit, place, count):
        found.append(edge)
        if edge >= end:
            return found
        if len(found) > MOST_EDGES:
            break
    raise Invalid(f"A question has at most {MOST_EDGES} bins: ask for longer ones or for less time.", "count")


def zone_of(name: str) -> tzinfo:
    """The time zone of this name.

    Raises:
        Invalid: there is none.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # Unknown names are a KeyError; those with a path in them one of the others.
        raise Invalid(f"{name[:60]!r} is no time zone.", "zone") from None


def _edges(start: int, unit: Unit, place: tzinfo, count: int) -> Iterator[int]:
    local = (_EPOCH + timedelta(microseconds=start)).astimezone(place)
    day = datetime(local.year, local.month, local.day)
    if unit is Unit.HOUR:
        begin = _moment(day, place)
        length = count * 3_600 * SECOND
        edge = begin + (start - begin) // length * length
        while True:
            following = _moment(day + timedelta(days=1), place)
            while edge < following:
                yield edge
                edge += length
            # A bin ends with its day: the first of each begins at midnight.
            day, edge = day + timedelta(days=1), following
    if unit is Unit.WEEK:
        day -= timedelta(days=day.weekday())
    elif unit is Unit.MONTH:
        day = day.replace(day=1)
    elif unit is Unit.YEAR:
        day = day.replace(month=1, day=1)
    while True:
        yield _moment(day, place)
        day = _following(day, unit, count)


def _following(day: datetime, unit: Unit, count: int) -> datetime:
    if unit is Unit.MONTH:
        months = day.year * 12 + day.month - 1 + count
        return day.replace(year=months // 12, month=months % 12 + 1)
    if unit is Unit.YEAR:
        return day.replace(year=day.year + count)
    return day + timedelta(days=count * (7 if unit is Unit.WEEK else 1))


def _moment(day: datetime, place: tzinfo) -> int:
    """The first moment of a day."""
    midnight = day.replace(tzinfo=place)
    moment = midnight.astimezone(UTC)
    if moment.astimezone(place).replace(tzinfo=None) != day:
        # This midnight was left out: the day begins when the clocks were moved, to what is now its first moment.
        moment = _gap_end(day, place)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _gap_end(day: datetime, place: tzinfo) -> datetime:
    """The first moment at or after a midnight that does not exist."""
    low = day.replace(tzinfo=place, fold=1).astimezone(UTC) - timedelta(hours=3)
    high = low + timedelta(hours=6)
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(place).replace(tzinfo=None) >= day:
            high = middle
        else:
            low = middle
    return high
