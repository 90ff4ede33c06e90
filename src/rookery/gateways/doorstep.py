"""Who stands at the door: connections that are not accepted yet, in all and from each host.

All of them together are limited, so one host that never finishes a handshake could keep everybody else out. It may have
half of the places; whatever more it opens is turned away. Connections from this machine itself are not told apart:
behind a proxy they are everybody.
"""

from __future__ import annotations

import ipaddress
from functools import lru_cache
from typing import Protocol

IPV6_PREFIX = 64
"""Bits of an IPv6 address that one subscriber cannot choose (RFC 6177)."""


class Counters(Protocol):
    """Where a gateway counts them."""

    handshaking: int


class Doorstep:
    """Counts arrivals. `address` is `host:port`, or `[host]:port` for IPv6. `share` is what one host may have, half of
    the places unless it is given."""

    def __init__(self, counters: Counters, places: int, share: int | None = None) -> None:
        self._counters = counters
        self._places = places
        self._share = max(places // 2 if share is None else share, 1)
        self._hosts: dict[str, int] = {}

    def crowded(self, address: str) -> bool:
        """Whether one more from there has to be turned away."""
        if self._counters.handshaking >= self._places:
            return True
        return self._hosts.get(origin(address), 0) >= self._share

    def come(self, address: str) -> None:
        """Somebody has arrived."""
        self._counters.handshaking += 1
        host = origin(address)
        if host:
            self._hosts[host] = self._hosts.get(host, 0) + 1

    def go(self, address: str) -> None:
        """Somebody who had arrived was let in, or has left."""
        self._counters.handshaking -= 1
        host = origin(address)
        if host:
            left = self._hosts[host] - 1
            if left:
                self._hosts[host] = left
            else:
                del self._hosts[host]


@lru_cache(maxsize=4_096)
def origin(address: str) -> str:
    """The host that counts as one: an IPv4 address, an IPv6 network; empty for this machine and for unknown ones."""
    host = address.rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if ip.is_loopback:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((ip, IPV6_PREFIX), strict=False))
    return str(ip)
