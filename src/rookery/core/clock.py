"""Time as an argument.

`core` and `wire` never read a clock: they are given one. The sandbox puts a manual clock in, and hours pass in a
millisecond. Times are UTC microseconds since the Unix epoch; durations are seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

MILLISECOND = 1_000
SECOND = 1_000_000
DAY = 86_400 * SECOND


class Timer(Protocol):
    """A callback that is waiting for its time."""

    def cancel(self) -> None:
        """Never call back. Harmless when it already has."""


class Clock(Protocol):
    """Where time comes from."""

    def now(self) -> int:
        """The wall clock, UTC microseconds since the Unix epoch."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment; never goes back."""

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> Timer:
        """Call `callback(*args)` on the event loop after `delay` seconds of this clock."""
