"""Times on this wire: what a peer's number means, and what a board must know of its thing's time zone.

Sources: arduino-device.md sections 4.7 (times of records) and 6.3 (zone records). Moments are UTC microseconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from rookery.core.clock import DAY, MILLISECOND, SECOND
from rookery.core.errors import Invalid

MILLISECONDS_ABOVE: Final = 1e11
"""Script clients send milliseconds, boards seconds. As seconds this is the year 5138, as milliseconds March 1973."""

EARLIEST: Final = 1_420_070_400 * SECOND
"""2015-01-01: before there was a service to send to. A board whose clock was never set counts from 1970 or 2000."""

AHEAD: Final = DAY
"""How far a sender's clock may be ahead: more than a wrong time zone explains is a wrong clock."""

LOWEST_OFFSET: Final = -12 * 3600 + 1
HIGHEST_OFFSET: Final = 14 * 3600 - 1
"""The board library takes offsets strictly between -12 h and +14 h and asks again at once for any other. Two zones lie
on the bound itself (Kiritimati, Etc/GMT+12): a clock that is a second off beats a board that never comes to rest."""

LATEST_UNTIL: Final = 2**32 - 1
"""The board keeps the end of the interval in 32 unsigned bits."""

_ABSURD: Final = 1e15
_HORIZON: Final = timedelta(days=365)
_STEP: Final = timedelta(days=7)  # No zone leaves an offset and returns to it within a week.


def sample_time(sent: float | None, now: int) -> int | None:
    """When a record was made, in UTC microseconds, by what its sender says; None: the time of arrival has to do.

    `sent` is seconds or milliseconds since 1970, None where the sender gave nothing. Implausible times are as good as
    none: zero, before 2015, or more than a day after `now`.
    """
    if sent is None or not 0 < sent < _ABSURD:
        return None
    made = round(sent * MILLISECOND) if sent > MILLISECONDS_ABOVE else round(sent * SECOND)
    return made if EARLIEST <= made <= now + AHEAD else None


class ZoneInterval(NamedTuple):
    """The offset from UTC that holds now, and until when."""

    offset: int
    """Seconds east of UTC."""
    until: int
    """Seconds since 1970: the next change of the offset, or a year from now where none comes. Always in the future."""


def load_zone(name: str) -> tzinfo:
    """The zone with this IANA name; the empty name is UTC. Reads the zone's file when it is asked for the first time.

    Raises:
        Invalid: there is no such zone.
    """
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        raise Invalid(f"{name[:64]!r} is not a time zone", "timezone") from None


def zone_interval(zone: tzinfo, now: int) -> ZoneInterval:
    """What a board needs to turn UTC into local time from `now` (UTC microseconds) on."""
    start = datetime.fromtimestamp(now // SECOND, UTC)
    offset = _offset(zone, start)
    end = start + _HORIZON
    before = start
    while before < end:
        after = before + _STEP
        if _offset(zone, after) != offset:
            end = _first_second_with_other_offset(zone, before, after, offset)
            break
        before = after
    until = min(int(end.timestamp()), LATEST_UNTIL)
    return ZoneInterval(min(max(offset, LOWEST_OFFSET), HIGHEST_OFFSET), until)


def _offset(zone: tzinfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _first_second_with_other_offset(zone: tzinfo, before: datetime, after: datetime, offset: int) -> datetime:
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after
