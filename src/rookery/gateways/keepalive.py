"""One timer for all connections.

Ten thousand connections with a timer each would be ten thousand entries in a heap that are moved at every packet. Here
a packet only notes the current tick, an integer. A connection lies in the bucket of the second in which it has to be
looked at again; what happened in between is seen only then.
"""

from __future__ import annotations

from math import ceil
from typing import Protocol

from rookery.core.clock import Clock, Timer


class Watched(Protocol):
    """What lies in the wheel: in one bucket at most, whose number is `due`; 0 is nowhere."""

    due: int

    def expired(self) -> None:
        """The time has come."""


class Wheel:
    """Buckets of one second. `now` is the current tick; it moves only while something is watched."""

    __slots__ = ("_buckets", "_clock", "_timer", "now")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._buckets: dict[int, set[Watched]] = {}
        self._timer: Timer | None = None
        self.now = self._read()

    def _read(self) -> int:
        return int(self._clock.monotonic()) + 1

    def current(self) -> int:
        """The tick it is, also when nothing is watched."""
        if self._timer is None:
            self.now = self._read()
        return self.now

    def schedule(self, entry: Watched, seconds: float) -> None:
        """Call `entry.expired()` in `seconds`, never earlier, at most two seconds later; replaces an earlier wish."""
        if entry.due:
            self.cancel(entry)
        if self._timer is None:
            self.now = self._read()
            self._timer = self._clock.call_later(1.0, self._tick)
        entry.due = due = self.now + ceil(seconds) + 1
        bucket = self._buckets.get(due)
        if bucket is None:
            bucket = self._buckets[due] = set()
        bucket.add(entry)

    def cancel(self, entry: Watched) -> None:
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

    def _tick(self) -> None:
        self.now = now = self._read()
        self._timer = self._clock.call_later(1.0, self._tick)
        for due in sorted(due for due in self._buckets if due <= now):
            bucket = self._buckets.pop(due, None)  # an earlier one may have emptied it
            while bucket:
                entry = bucket.pop()
                entry.due = 0
                entry.expired()
        if not self._buckets and self._timer is not None:
            self._timer.cancel()
            self._timer = None
