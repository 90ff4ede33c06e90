"""A request that the server makes of somebody else's server, and how it ends."""

from __future__ import annotations

from typing import Protocol

import msgspec


class OutgoingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request, complete. The URL, headers and body may hold secrets: none of them belongs into a log."""

    method: str
    url: str
    """Absolute, http or https."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    verify: bool = True
    """Whether the certificate must be valid and of this host. False is for a server that has none of an authority."""
    seconds: float | None = None
    """How long it may take; None, and anything longer, means as long as the sender lets it."""

    @property
    def size(self) -> int:
        """About how many bytes it is: what it costs to keep."""
        return len(self.url) + len(self.body) + sum(len(name) + len(value) + 4 for name, value in self.headers)


class OutgoingResponse(msgspec.Struct, frozen=True, kw_only=True):
    """The answer, of whatever status."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case."""
    body: bytes = b""

    @property
    def good(self) -> bool:
        """A status of 2xx."""
        return 200 <= self.status < 300

    def header(self, name: str) -> str:
        """The first such header, "" where there is none. The name is in lower case."""
        return next((value for each, value in self.headers if each == name), "")


class OutgoingError(Exception):
    """There is no answer. `str()` is a plain sentence for the owner of the request, without anything secret."""


class OutgoingRefused(OutgoingError):
    """A rule forbids the request; it would not be made at another time either."""


class OutgoingFailed(OutgoingError):
    """It was tried, and something went wrong on the way or at the other end."""


class Sender(Protocol):
    """Whoever makes requests: bounded in time and in the size of the answer."""

    async def __call__(self, request: OutgoingRequest, /) -> OutgoingResponse:
        """Make the request.

        Raises:
            OutgoingRefused: a rule forbids it.
            OutgoingFailed: there is no answer.
        """
