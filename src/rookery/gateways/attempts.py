"""Who knocked lately, how far they came, and what went wrong: for the page on which somebody connects a board.

A board that can not log in can not be asked why, and before it has logged in nobody knows which board it is. So every
connection leaves a short note when it begins, when it is secured, when it is let in and when it fails. Nothing is noted
for a message. The last `REMEMBERED` are kept, and of one host no more than `OF_HOST`, so that a flood from one address
does not push out the board that somebody waits for.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from typing import Final

from rookery.core.clock import Clock

REMEMBERED: Final = 1_000
"""Attempts, some 300 bytes each."""
OF_HOST: Final = 200
"""One in so many of a busy host is a board that somebody has just plugged in behind the same router."""
CLAIM_LIMIT: Final = 64
"""Characters of an id that somebody claims."""
REASON_LIMIT: Final = 200


class Attempt:
    """One connection. Times are UTC microseconds, 0 for what has not happened."""

    __slots__ = (
        "_owner",
        "accepted",
        "address",
        "claimed",
        "failed",
        "port",
        "reached",
        "reason",
        "secured",
        "transport",
    )

    def __init__(self, owner: Attempts, transport: str, address: str, port: int) -> None:
        self._owner = owner
        self.transport = transport
        """`tcp`, `tls`, `tls-certificate`, `ws`, `wss`; of boards with CoAP `coap-tcp` and `coap-udp`."""
        self.address = address
        """`host:port` of the other end."""
        self.port = port
        """Of ours; 0 where it is not known."""
        self.claimed = ""
        """Which board it says it is: a UUID or a hex id in lower case. Nothing proves it before it is accepted."""
        self.reached = owner.now()
        self.secured = 0
        self.accepted = 0
        self.failed = 0
        self.reason = ""

    def claim(self, id: str) -> None:
        """It says which board it is."""
        self.claimed = id[:CLAIM_LIMIT].lower()

    def secure(self, transport: str = "") -> None:
        """The handshake is done; `transport`: what it has turned out to be."""
        self.secured = self._owner.now()
        self.transport = transport or self.transport
        self._owner.changed(self)

    def accept(self) -> None:
        """It was let in."""
        self.accepted = self._owner.now()
        self._owner.changed(self)

    def fail(self, reason: str) -> None:
        """It was not, for this reason. The first one counts."""
        if not self.failed and not self.accepted:
            self.failed = self._owner.now()
            self.reason = reason[:REASON_LIMIT]
            self._owner.changed(self)


class _Over(Attempt):
    """What a connection has whose attempt is over: it notes nothing."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def claim(self, id: str) -> None:
        """Nothing."""

    def secure(self, transport: str = "") -> None:
        """Nothing."""

    def accept(self) -> None:
        """Nothing."""

    def fail(self, reason: str) -> None:
        """Nothing."""


OVER: Final[Attempt] = _Over()


class Attempts:
    """The attempts of a node, at all its gateways."""

    def __init__(self, clock: Clock) -> None:
        self.now = clock.now
        self._attempts: deque[Attempt] = deque()
        self._hosts: Counter[str] = Counter()
        self.watchers: set[Callable[[Attempt], None]] = set()
        """Called when an attempt has begun or come further."""

    def __iter__(self) -> Iterator[Attempt]:
        """The oldest first."""
        return iter(tuple(self._attempts))

    def begin(self, transport: str, address: str, port: int) -> Attempt:
        """Somebody is there."""
        attempt = Attempt(self, transport, address, port)
        host = _host(address)
        attempts, hosts = self._attempts, self._hosts
        if hosts[host] >= OF_HOST:
            self._forget(next(one for one in attempts if _host(one.address) == host))
        elif len(attempts) >= REMEMBERED:
            self._forget(attempts[0])
        attempts.append(attempt)
        hosts[host] += 1
        self.changed(attempt)
        return attempt

    def changed(self, attempt: Attempt) -> None:
        """Tell whoever watches."""
        for watcher in tuple(self.watchers):
            watcher(attempt)

    def _forget(self, attempt: Attempt) -> None:
        if attempt is self._attempts[0]:
            self._attempts.popleft()
        else:
            self._attempts.remove(attempt)
        host = _host(attempt.address)
        self._hosts[host] -= 1
        if not self._hosts[host]:
            del self._hosts[host]


def _host(address: str) -> str:
    return address.rpartition(":")[0]
