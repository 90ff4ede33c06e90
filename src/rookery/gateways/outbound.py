"""Requests that the server makes because a user asked for them: where they may go, and what one may cost.

The name of a host is resolved here, every address that comes out is judged (`gateways.addresses`), and the connection
is made to exactly the address that was judged: nobody can answer the check with one address and the connection with
another. The name goes into TLS and into the Host header, not into a second resolution. Each redirect is a new request
under the same rules.

Any port is called: people's own servers listen anywhere, and what is worth guarding stands behind an address that is
refused. Proxies of the environment are not used, because they would resolve the name a second time; no cookie is kept.

The HTTP library is loaded at the first request, in a thread: it costs 100 ms, and a sandbox starts in 500.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, TypeAlias, cast

from rookery.core.outgoing import OutgoingError, OutgoingFailed, OutgoingRefused, OutgoingRequest, OutgoingResponse
from rookery.gateways.addresses import Network, refusal

if TYPE_CHECKING:
    from rookery.gateways.outbound_http import OutboundHttp

KIB = 1024

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a host name and a port to addresses as text, best first. Raises `OSError` or `UnicodeError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundLimits:
    """What one request, and all of them together, may cost. Bytes, seconds and counts."""

    at_once: int = 50
    """Requests under way. Each holds a socket and at most one answer."""
    waiting: int = 200
    """Requests that wait for their turn; further ones fail at once."""
    addresses: int = 4
    """Addresses of one name that are tried: two of each kind."""
    connect_seconds: float = 5
    """To one address, with TLS. Three lost packets in a row are within it."""
    total_seconds: float = 20
    """From the first connection to the last byte of the answer, redirects included: what receivers are told."""
    redirects: int = 5
    """Hops after the first request. Real services need one or two."""
    url_bytes: int = 8 * KIB
    """The longest URL; most servers take no longer one."""
    headers: int = 64
    """Headers of a request."""
    header_bytes: int = 16 * KIB
    """All headers of a request together: most servers take 8 to 32 KiB."""
    request_bytes: int = 512 * KIB
    """The body of a request: an event of 16 KiB, written out a few times over."""
    response_bytes: int = 512 * KIB
    """The body of an answer. 100 KB of it are published at most, but a template may pick from more."""
    kept: int = 20
    """Connections that stay open for the next request."""
    kept_seconds: float = 15
    """How long they do: addresses of a name change, and the next one is to be seen soon."""


class Outbound:
    """A `core.outgoing.Sender`: makes requests, within rules and limits.

    Args:
        allowed: ranges of addresses that may be called although they are not public.
        resolver: where addresses of names come from; the system's by default.
        trusted: the authorities that certificates are checked against; the system's and the usual ones by default.
    """

    def __init__(
        self,
        allowed: tuple[Network, ...] = (),
        *,
        resolver: Resolver | None = None,
        limits: OutboundLimits | None = None,
        trusted: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self._allowed = allowed
        self._names = None if resolver else _SystemNames()
        self._resolve = resolver or cast(_SystemNames, self._names)
        self._limits = limits or OutboundLimits()
        self._trusted = trusted
        self._turn = asyncio.Semaphore(self._limits.at_once)
        self._waiting = 0
        self._http: asyncio.Task[OutboundHttp] | None = None
        self._closed = False

    async def __call__(self, request: OutgoingRequest, /) -> OutgoingResponse:
        """Make the request and follow redirects; the last answer, of whatever status.

        Raises:
            OutgoingRefused: the URL, or an address behind it, is against the rules.
            OutgoingFailed: no answer, none in time, or one that is too long.
        """
        if self._closed:
            raise OutgoingFailed("The server is stopping.")
        if self._waiting >= self._limits.waiting:
            raise OutgoingFailed("Too many requests are under way.")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        try:
            http = await self._loaded()
            return await http.send(request)
        finally:
            self._turn.release()

    async def close(self) -> None:
        """Close what is open. Requests that are under way fail."""
        self._closed = True
        if self._http is not None:
            await asyncio.wait([self._http])
            if not self._http.cancelled() and self._http.exception() is None:
                await self._http.result().close()
        if self._names is not None:
            self._names.close()

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be called, best first, each written as an address.

        Raises:
            OutgoingRefused: none of its addresses may be called.
            OutgoingFailed: it has no address.
        """
        try:
            found: Sequence[str] = [str(ip_address(host))]
        except ValueError:
            try:
                found = await self._resolve(host, port)
            except (OSError, UnicodeError) as error:
                raise OutgoingFailed(f"The address of {host} was not found.") from error
        judged = [(text, refusal(ip_address(text), self._allowed)) for text in dict.fromkeys(found)]
        good = [text for text, reason in judged if reason is None]
        if not good and judged:
            text, reason = judged[0]
            raise OutgoingRefused(
                f"{host} must not be called: {text} {reason}."
                if text != host
                else f"{host} must not be called: it {reason}."
            )
        if not good:
            raise OutgoingFailed(f"The address of {host} was not found.")
        return good[: self._limits.addresses]

    async def _loaded(self) -> OutboundHttp:
        if self._http is None:
            self._http = asyncio.ensure_future(self._load())
        try:
            return await asyncio.shield(self._http)
        except OutgoingError:
            raise
        except Exception:
            self._http = None  # the next request tries again
            raise

    async def _load(self) -> OutboundHttp:
        module = await asyncio.to_thread(importlib.import_module, "rookery.gateways.outbound_http")
        trusted = await asyncio.to_thread(self._trusted or module.usual_authorities)
        return cast("OutboundHttp", module.OutboundHttp(self.addresses, self._limits, trusted))


class _SystemNames:
    """The system's resolver in threads of its own: names that nobody answers for must not stop others' work."""

    THREADS = 8
    """A name without an answer holds one for 10 to 30 s."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self.THREADS, thread_name_prefix="names")
        return await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)

    def close(self) -> None:
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
