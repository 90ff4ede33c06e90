"""Log lines about strangers, as many as somebody reads.

Whoever can reach a port can fail there as often as he likes. The first failures are worth a line each: one of them may
be of a board that its owner waits for. A line for each of a flood would fill the disk. So there is an allowance, and a
line that comes when there is some again says how many were left out before it. All of them are counted in the metrics.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Protocol

BURST: Final = 30.0
"""Lines at once: a screen."""
SECONDS: Final = 2.0
"""For one more line: 43,000 a day at worst, some 8 MB."""


class Logger(Protocol):
    """As much of structlog's as is used."""

    def info(self, event: str, **fields: Any) -> Any:
        """A line."""

    def warning(self, event: str, **fields: Any) -> Any:
        """A more important one."""


class Sparing:
    """An allowance of lines. `now` gives seconds and never goes back."""

    __slots__ = ("_allowance", "_counted", "_now", "_unsaid")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._allowance = BURST
        self._counted = now()
        self._unsaid = 0

    def info(self, log: Logger, event: str, **fields: Any) -> None:
        """Log it, if there is allowance for it."""
        if self._allows():
            log.info(event, **fields, **self._left_out())

    def warning(self, log: Logger, event: str, **fields: Any) -> None:
        """The same as a warning."""
        if self._allows():
            log.warning(event, **fields, **self._left_out())

    def _allows(self) -> bool:
        now = self._now()
        self._allowance = min(BURST, self._allowance + (now - self._counted) / SECONDS)
        self._counted = now
        if self._allowance < 1.0:
            self._unsaid += 1
            return False
        self._allowance -= 1.0
        return True

    def _left_out(self) -> dict[str, int]:
        unsaid, self._unsaid = self._unsaid, 0
        return {"left_out": unsaid} if unsaid else {}
