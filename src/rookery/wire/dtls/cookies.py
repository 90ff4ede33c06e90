"""Cookies that need no memory [4.2.1]: an HMAC over the address, the hello and the minute."""

from __future__ import annotations

import hmac
from typing import Any, Final

from rookery.wire.dtls.messages import HelloHead

Address = tuple[Any, ...]
"""What a socket says where a datagram came from: host and port, numbers and text only."""

COOKIE: Final = 16


class CookieJar:
    """Makes and checks cookies under `secret`, 32 random bytes that live as long as the process: after a restart a
    client that had a cookie is asked again."""

    __slots__ = ("_lifetime", "_secret")

    def __init__(self, secret: bytes, lifetime: float) -> None:
        self._secret = secret
        self._lifetime = lifetime

    def make(self, address: Address, hello: HelloHead, now: float) -> bytes:
        """The cookie for this hello from this address at this time (seconds)."""
        return self._cookie(address, hello, int(now // self._lifetime))

    def accepts(self, address: Address, hello: HelloHead, now: float) -> bool:
        """Whether the hello carries a cookie of this period or the one before."""
        if len(hello.cookie) != COOKIE:
            return False
        period = int(now // self._lifetime)
        return hmac.compare_digest(hello.cookie, self._cookie(address, hello, period)) or hmac.compare_digest(
            hello.cookie, self._cookie(address, hello, period - 1)
        )

    def _cookie(self, address: Address, hello: HelloHead, period: int) -> bytes:
        text = f"{period} {address!r} ".encode()
        return hmac.digest(self._secret, text + hello.bound, "sha256")[:COOKIE]
