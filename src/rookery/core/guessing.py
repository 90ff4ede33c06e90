"""Makes guessing slow: who fails often gets the next refusals late. Right secrets are never kept waiting."""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from rookery.core.clock import Clock


class Failures:
    """Counts wrong secrets by who brought them.

    Programs try another way of sending their credentials after a refusal, so a few failures are normal.
    """

    FREE = 10
    """Failures that are answered at once."""
    FORGET = 60.0
    """Seconds without a failure after which they count from zero."""
    LONGEST = 2.0
    """Seconds a refusal is held back at the most."""
    WAITING = 100
    """Refusals held back at the same time; more would let a guesser fill our memory."""
    KEPT = 10_000
    """Peers remembered."""
    TOGETHER = 4
    """Refusals held back for one peer, from which on it `presses`: it guesses side by side."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._held: Counter[str] = Counter()

    def forget(self, who: str) -> None:
        """This one knew the secret."""
        self._counts.pop(who, None)

    def presses(self, who: str) -> bool:
        """Whether to turn this one away unheard: it does not wait for its refusals."""
        return self._held.get(who, 0) >= self.TOGETHER

    async def add(self, who: str) -> None:
        """Count a failure, and return when it may be answered."""
        now = self._clock.monotonic()
        since, count = self._counts.pop(who, (now, 0))
        count = 1 if now - since > self.FORGET else count + 1
        self._counts[who] = (now, count)
        if len(self._counts) > self.KEPT:
            self._counts.popitem(last=False)
        if count <= self.FREE or self._held.total() >= self.WAITING:
            return
        self._held[who] += 1
        try:
            await self._pause(min(0.1 * (count - self.FREE), self.LONGEST))
        finally:
            self._held[who] -= 1
            if not self._held[who]:
                del self._held[who]

    async def _pause(self, delay: float) -> None:
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        timer = self._clock.call_later(delay, _finish, over)
        try:
            await over
        finally:
            timer.cancel()


def _finish(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


@lru_cache(maxsize=1_024)
def is_loopback(address: str) -> bool:
    """Whether an address is this machine. What is no address (a Unix socket has none) is local as well."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return True
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


@lru_cache(maxsize=1_024)
def subscriber(address: str) -> str:
    """What counts as one: an IPv4 address, also one inside IPv6, or an IPv6 network of 64 bits (RFC 6177)."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(ip, IPv6Address):
        return address
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ip_network((ip, 64), strict=False))
