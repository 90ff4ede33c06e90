"""What is remembered of deliveries: the last attempts in some detail, and all of them as numbers."""

from __future__ import annotations

from collections import deque

import msgspec

from rookery.core.clock import DAY
from rookery.core.outgoing import OutgoingResponse


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One try. `response` is there whenever the other side has answered, `error` is a sentence whenever it has not."""

    number: int
    """1 for the first."""
    time: int
    """When it began, UTC microseconds."""
    duration: float
    """Seconds."""
    response: OutgoingResponse | None = None
    error: str = ""
    skipped: bool = False
    """The host rests; nothing was sent."""
    final: bool = True
    """There is no further one."""

    @property
    def good(self) -> bool:
        """The event has arrived."""
        return self.response is not None and self.response.good


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of an attempt."""

    time: int
    event: str
    number: int
    duration: float
    status: int | None
    error: str
    skipped: bool
    excerpt: str
    """The begin of the answer."""


class Counts(msgspec.Struct, kw_only=True):
    """How many attempts went how, and how many events were given up."""

    succeeded: int = 0
    failed: int = 0
    skipped: int = 0
    dropped: int = 0

    def attempted(self, attempt: Attempt) -> None:
        """Count it."""
        if attempt.good:
            self.succeeded += 1
        elif attempt.skipped:
            self.skipped += 1
        else:
            self.failed += 1


class Day(Counts, kw_only=True):
    """The same for one day: days since the Unix epoch, UTC."""

    day: int


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a target since the start of the server; the newest entry is the first."""

    entries: tuple[Entry, ...] = ()
    errors: tuple[Entry, ...] = ()
    counts: Counts = msgspec.field(default_factory=Counts)
    days: tuple[Day, ...] = ()
    waiting: int = 0
    disabled: str = ""
    """Why it was disabled, "" when it is not."""


class Recorder:
    """Keeps the history of one target.

    Args:
        entries: attempts, and failed attempts, that are kept.
        days: days that are counted apart.
        excerpt: characters of an answer that are kept.
    """

    __slots__ = ("_counts", "_days", "_entries", "_errors", "_excerpt")

    def __init__(self, entries: int, days: int, excerpt: int) -> None:
        self._entries: deque[Entry] = deque(maxlen=entries)
        self._errors: deque[Entry] = deque(maxlen=entries)
        self._counts = Counts()
        self._days: deque[Day] = deque(maxlen=days)
        self._excerpt = excerpt

    def attempted(self, event: str, attempt: Attempt) -> None:
        """One attempt has been made or skipped."""
        response = attempt.response
        # A character has at most four bytes.
        begin = response.body[: self._excerpt * 4].decode(errors="replace") if response is not None else ""
        entry = Entry(
            time=attempt.time,
            event=event,
            number=attempt.number,
            duration=attempt.duration,
            status=response.status if response is not None else None,
            error=attempt.error,
            skipped=attempt.skipped,
            excerpt=begin[: self._excerpt],
        )
        self._entries.append(entry)
        if not attempt.good:
            self._errors.append(entry)
        for counts in self._counters(attempt.time):
            counts.attempted(attempt)

    def dropped(self, now: int) -> None:
        """An event was given up."""
        for counts in self._counters(now):
            counts.dropped += 1

    def history(self, waiting: int, disabled: str) -> History:
        """A copy."""
        return History(
            entries=tuple(reversed(self._entries)),
            errors=tuple(reversed(self._errors)),
            counts=msgspec.structs.replace(self._counts),
            days=tuple(msgspec.structs.replace(day) for day in self._days),
            waiting=waiting,
            disabled=disabled,
        )

    def _counters(self, now: int) -> tuple[Counts, Counts]:
        """Where something is counted that happens now."""
        day = now // DAY
        if not self._days or self._days[-1].day < day:
            self._days.append(Day(day=day))
        return self._counts, self._days[-1]
