"""Times on this API: ISO 8601 in UTC with exactly three fraction digits out (reference 1.2: the iOS SDK's parser
rejects any other form), and whatever clients send in.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def iso_time(time: int) -> str:
    """`2026-01-02T03:04:05.678Z` for UTC microseconds. Digits below the millisecond are cut off.

    Raises:
        OverflowError: a year before 1 or after 9999.
    """
    moment = _EPOCH + timedelta(microseconds=time)
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def iso_time_or_none(time: int | None) -> str | None:
    """The same where there may be no time."""
    return None if time is None else iso_time(time)


def parse_iso(text: str) -> int:
    """UTC microseconds. Any offset and any number of fraction digits are understood; no zone means UTC.

    Raises:
        ValueError: not a time.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return (moment - _EPOCH) // _MICROSECOND
    except OverflowError as error:
        raise ValueError("the time is out of range") from error
