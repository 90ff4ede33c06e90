"""Times on this API: RFC 3339 in UTC with milliseconds out, and whatever clients send in (reference 4.4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def format_time(time: int) -> str:
    """`2022-09-07T12:42:22.593Z` for UTC microseconds. Digits below the millisecond are cut off."""
    moment = _EPOCH + timedelta(microseconds=time)
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def parse_time(text: str) -> int:
    """UTC microseconds. Any offset and any number of fraction digits are understood; no zone means UTC.

    Raises:
        ValueError: not a time.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    try:
        return (moment - _EPOCH) // _MICROSECOND
    except OverflowError as error:
        raise ValueError("the time is out of range") from error
