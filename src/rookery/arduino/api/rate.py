"""How many requests an API key may make: none is counted unless the operator sets a limit (reference 4.16).

A token bucket for each key: it fills at the set rate and holds `BURST` seconds of it, so that a page which asks ten
things at once is not refused. The token endpoint is not counted: clients fetch a token at every start.
"""

from __future__ import annotations

from collections import OrderedDict
from math import ceil

from rookery.arduino.api.errors import Problem
from rookery.core.clock import Clock

BURST = 10
"""Seconds of requests that may come at once."""
KEYS = 10_000
"""Keys remembered; one that is forgotten starts with a full bucket."""


class RateLimit:
    """Counts requests by key. Rate 0 counts nothing."""

    def __init__(self, clock: Clock, per_second: int) -> None:
        self._clock = clock
        self._rate = per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def count(self, key: str | None) -> None:
        """Count one request.

        Raises:
            Problem: 429, with the seconds to wait.
        """
        if not self._rate or key is None:
            return
        now = self._clock.monotonic()
        capacity = float(self._rate * BURST)
        filled, since = self._buckets.pop(key, (capacity, now))
        filled = min(capacity, filled + (now - since) * self._rate)
        self._buckets[key] = (max(filled - 1, 0) if filled >= 1 else filled, now)
        if len(self._buckets) > KEYS:
            self._buckets.popitem(last=False)
        if filled < 1:
            problem = Problem(429, f"This API key may make {self._rate} requests a second.")
            problem.retry_after = ceil((1 - filled) / self._rate)
            raise problem
