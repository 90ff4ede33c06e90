"""The two clocks behind `core.clock.Clock`: the machine's own, and one that is turned by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from typing import Any

from rookery.core.clock import SECOND, Timer


class SystemClock:
    """The machine's own time; timers are those of the running event loop."""

    def now(self) -> int:
        """UTC microseconds since the Unix epoch."""
        return time.time_ns() // 1_000

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""
        return time.monotonic()

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer:
        """Call `callback(*args)` on the running loop after `delay` seconds."""
        return asyncio.get_running_loop().call_later(delay, callback, *args)


class ManualTimer:
    """A callback that waits until the clock is turned."""

    __slots__ = ("args", "callback", "cancelled")

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.callback = callback
        self.args = args
        self.cancelled = False

    def cancel(self) -> None:
        """Never call back. Harmless when it already has."""
        self.cancelled = True


class ManualClock:
    """Time that stands still until it is turned.

    It begins at the machine's time unless told otherwise, so that certificates and tokens are valid. `now` and
    `monotonic` may be read in any thread; everything else belongs to the event loop.
    """

    def __init__(self, start: int | None = None) -> None:
        self._now = SystemClock().now() if start is None else start
        self._begin = self._now
        self._timers: list[tuple[int, int, ManualTimer]] = []
        self._order = itertools.count()

    def now(self) -> int:
        """UTC microseconds since the Unix epoch."""
        return self._now

    def monotonic(self) -> float:
        """Seconds that were turned so far."""
        return (self._now - self._begin) / SECOND

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer:
        """Call back when the clock has been turned that far."""
        timer = ManualTimer(callback, args)
        due = self._now + max(0, round(delay * SECOND))
        heapq.heappush(self._timers, (due, next(self._order), timer))
        return timer

    async def turn_to(self, moment: int) -> None:
        """Let time pass until `moment` (UTC microseconds); what is due on the way happens in order, each at its time.

        Between two moments the event loop gets a few turns, so that what one timer sets off can set another.

        Raises:
            ValueError: the moment has passed already; time does not go back.
        """
        if moment < self._now:
            raise ValueError("Time does not go back.")
        while self._timers and self._timers[0][0] <= moment:
            due, _, timer = heapq.heappop(self._timers)
            self._now = max(self._now, due)
            if not timer.cancelled:
                # Cancelling it from now on says nothing: it has run.
                timer.cancelled = True
                timer.callback(*timer.args)
                for _ in range(3):
                    await asyncio.sleep(0)
        self._now = max(self._now, moment)
