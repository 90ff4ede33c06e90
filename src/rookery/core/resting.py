"""Hosts that fail more often than they succeed, and are left alone for a while.

Whose requests they were does not matter: a server that can not keep up is helped by nobody's. After its rest one
request at a time finds out whether it is back; the first that succeeds opens the door again.
"""

from __future__ import annotations

from urllib.parse import urlsplit


class _Host:
    __slots__ = ("balance", "probing", "rests_until")

    def __init__(self) -> None:
        self.balance = 0  # failures over successes, at most as many as make it rest
        self.probing = False
        self.rests_until = 0.0


class Hosts:
    """Which hosts are asked, and which rest. Only those that have failed are remembered.

    Args:
        rest_after: a host rests when it has failed so many times more often than it has succeeded.
        rest_seconds: for how long.
        limit: hosts that are remembered; the oldest makes room.
    """

    def __init__(self, rest_after: int, rest_seconds: float, limit: int) -> None:
        self._rest_after = rest_after
        self._rest_seconds = rest_seconds
        self._limit = limit
        self._hosts: dict[str, _Host] = {}

    def admits(self, name: str, now: float) -> bool:
        """Whether a request may go to this host now, by the monotonic clock. When it is over, say `released`."""
        host = self._hosts.get(name)
        if host is None or host.balance < self._rest_after:
            return True
        if now < host.rests_until or host.probing:
            return False
        host.probing = True
        return True

    def released(self, name: str) -> None:
        """A request to it is over, however it ended."""
        host = self._hosts.get(name)
        if host is not None:
            host.probing = False

    def ended(self, name: str, *, good: bool, now: float) -> None:
        """A request to it has ended well or badly."""
        host = self._hosts.get(name)
        if good:
            if host is not None:
                host.balance -= 1
                if host.balance <= 0:
                    del self._hosts[name]
            return
        if host is None:
            if len(self._hosts) >= self._limit:
                del self._hosts[next(iter(self._hosts))]
            host = self._hosts[name] = _Host()
        host.balance = min(host.balance + 1, self._rest_after)
        if host.balance == self._rest_after:
            host.rests_until = now + self._rest_seconds

    def __len__(self) -> int:
        return len(self._hosts)


def host_of(url: str) -> str:
    """The host name of a URL in lower case; "" where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
