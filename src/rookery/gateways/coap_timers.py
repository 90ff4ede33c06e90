"""One timer for all sessions, fine enough for CoAP.

A session has many deadlines (repetitions, requests, silence) and asks to be woken at the first. When that moves away,
as it does with every message, nothing is done: the session is woken once in vain and says when next. Entries lie in
buckets of 1/16 s, so that removing one leaves nothing behind.
"""

from __future__ import annotations

from heapq import heappop, heappush
from math import ceil
from typing import Final, Protocol

import structlog

from rookery.core.clock import Clock, Timer

log = structlog.get_logger("rookery.coap")

TICKS: Final = 16
"""Buckets a second. CoAP's shortest time here is a second; who waits for 62 ms more waits with many others."""


class Timed(Protocol):
    """What lies in the timetable: in one bucket at most, whose number is `due`; 0 is nowhere."""

    due: int

    def expired(self) -> None:
        """The time has come."""


class Timetable:
    """Buckets of 1/16 s of `clock.monotonic`."""

    __slots__ = ("_armed", "_buckets", "_clock", "_floor", "_order", "_running", "_timer")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[int, set[Timed]] = {}
        self._order: list[int] = []  # numbers of buckets, a heap; some may be gone
        self._timer: Timer | None = None
        self._armed = 0
        self._floor = 1  # the first bucket that was not emptied yet
        self._running = False

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values()))

    def wake(self, entry: Timed, when: float) -> None:
        """Call `entry.expired()` at `when`, or up to 1/16 s later. An earlier wish that was for a time before stays as
        it is: `expired` is then called too early, and has to ask again."""
        due = max(ceil(when * TICKS), self._floor)
        if entry.due:
            if entry.due <= due:
                return
            self.cancel(entry)
        entry.due = due
        bucket = self._buckets.get(due)
        if bucket is None:
            bucket = self._buckets[due] = set()
            heappush(self._order, due)
            if not self._running and (self._timer is None or due < self._armed):
                self._arm(due)
        bucket.add(entry)

    def cancel(self, entry: Timed) -> None:
        """Take it out, wherever it is."""
        due = entry.due
        entry.due = 0
        bucket = self._buckets.get(due)
        if bucket is not None:
            bucket.discard(entry)
            if not bucket:
                del self._buckets[due]

    def stop(self) -> None:
        """Forget everything."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for bucket in self._buckets.values():
            for entry in bucket:
                entry.due = 0
        self._buckets.clear()
        self._order.clear()

    def _arm(self, due: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed = due
        self._timer = self._clock.call_later(max(due / TICKS - self._clock.monotonic(), 0.0), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._running = True
        now = int(self._clock.monotonic() * TICKS)
        self._floor = now + 1  # whoever wants to be woken at once waits for the next turn, or there would be no end
        order, buckets = self._order, self._buckets
        while order and order[0] <= now:
            due = heappop(order)
            bucket = buckets.get(due)
            while bucket:
                entry = bucket.pop()
                entry.due = 0
                try:
                    entry.expired()
                except Exception:
                    log.exception("coap.fault")  # or nobody would ever be woken again
            buckets.pop(due, None)
        self._running = False
        while order and order[0] not in self._buckets:
            heappop(order)
        if order:
            self._arm(order[0])
