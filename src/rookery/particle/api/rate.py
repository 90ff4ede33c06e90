"""How much one address may ask (reference 1.7). Nothing is counted unless the operator turns it on, except wrong
passwords; and nothing is ever counted for the machine itself.

A token bucket for each address and class of routes: it holds what the vendor allows in a window, and fills evenly.
Addresses are forgotten oldest first when there are too many, and begin anew: an attacker with that many addresses is
not stopped by counting them. Of IPv6 a whole /64 counts as one: every subscriber has 2^64 addresses to choose from.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from enum import IntEnum
from math import ceil

from rookery.core.clock import Clock
from rookery.core.guessing import is_loopback, subscriber
from rookery.particle.api.errors import too_many_requests

WINDOW = 300.0
"""Seconds that the vendor's numbers are for."""
ADDRESSES = 20_000
"""Buckets and failure counts remembered, about 200 bytes each."""
REFUSED_SECONDS = 1_800.0
"""How long an address waits after too many wrong passwords."""


class Rate(IntEnum):
    """Classes of routes that are counted separately."""

    CALL = 0
    """Any call; the others are counted as one of these besides."""
    TOKEN = 1
    """`POST /oauth/token`."""
    ACCOUNT = 2
    """Access tokens listed or revoked, users created, passwords reset."""
    STREAM = 3
    """Event streams opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateOptions:
    """Calls of one address in 300 s, by class; 0 is no limit. The vendor's are 10,000, 100, 100 and 100."""

    call: int = 0
    token: int = 0
    account: int = 0
    stream: int = 0
    streams: int = 0
    """Streams of one address that are open at once; 0 is no limit, the vendor's is 100."""
    failures: int = 10
    """Wrong passwords in a row after which an address is refused for half an hour; 0 never refuses."""


VENDOR_RATES = RateOptions(call=10_000, token=100, account=100, stream=100, streams=100)
"""What the vendor documents."""


class RateLimits:
    """Counts calls, failures and streams by address."""

    def __init__(self, clock: Clock, options: RateOptions | None = None) -> None:
        self._clock = clock
        self._options = options or RateOptions()
        o = self._options
        self._limits = (o.call, o.token, o.account, o.stream)
        self._counts = any(self._limits)
        self._buckets: OrderedDict[tuple[str, int], tuple[float, float]] = OrderedDict()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._streams: dict[str, int] = {}

    def count(self, address: str, rate: Rate = Rate.CALL) -> None:
        """Count one call.

        Raises:
            ApiError: 429 with the seconds to wait.
        """
        if not self._counts or is_loopback(address):
            return
        now = self._clock.monotonic()
        address = subscriber(address)
        self._take(address, Rate.CALL, now)
        if rate is not Rate.CALL:
            self._take(address, rate, now)

    def _take(self, address: str, rate: Rate, now: float) -> None:
        limit = self._limits[rate]
        if not limit:
            return
        key = (address, int(rate))
        filled, since = self._buckets.pop(key, (float(limit), now))
        speed = limit / WINDOW
        filled = min(float(limit), filled + (now - since) * speed)
        self._buckets[key] = (filled - 1 if filled >= 1 else filled, now)
        if len(self._buckets) > ADDRESSES:
            self._buckets.popitem(last=False)
        if filled < 1:
            raise too_many_requests(ceil((1 - filled) / speed))

    def check_failures(self, address: str) -> None:
        """Before a password is looked at.

        Raises:
            ApiError: 429: too many wrong ones in a row came from here.
        """
        address = subscriber(address)
        held = self._failures.get(address)
        if held is None or held[0] < self._options.failures:
            return
        left = held[1] + REFUSED_SECONDS - self._clock.monotonic()
        if left > 0:
            raise too_many_requests(ceil(left))
        del self._failures[address]

    def failed(self, address: str) -> None:
        """A password or client secret was wrong."""
        if not self._options.failures or is_loopback(address):
            return
        address = subscriber(address)
        count, _ = self._failures.pop(address, (0, 0.0))
        self._failures[address] = (count + 1, self._clock.monotonic())
        if len(self._failures) > ADDRESSES:
            self._failures.popitem(last=False)

    def succeeded(self, address: str) -> None:
        """A right one: the row is broken."""
        self._failures.pop(subscriber(address), None)

    def stream_opened(self, address: str) -> None:
        """An event stream begins. `stream_closed` must follow when this returns.

        Raises:
            ApiError: 429: too many are open.
        """
        most = self._options.streams
        one = subscriber(address)
        held = self._streams.get(one, 0)
        if most and held >= most and not is_loopback(address):
            raise too_many_requests(1)
        self._streams[one] = held + 1

    def stream_closed(self, address: str) -> None:
        """An event stream is over."""
        one = subscriber(address)
        held = self._streams.pop(one, 0)
        if held > 1:
            self._streams[one] = held - 1
