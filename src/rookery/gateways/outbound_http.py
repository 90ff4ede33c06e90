"""How a request goes out: httpcore for HTTP/1.1 and TLS, on connections to addresses that were judged before.

httpcore asks a backend for connections and hands it the host of the URL. Ours asks for the addresses of this host that
may be called, and connects to one of them by number; the host stays what TLS checks and what the Host header says.

What follows a redirect: 303, and 301 and 302 to a POST, become a GET without a body, as browsers made them; 307 and 308
repeat the request. From https a redirect never leads to http. To another origin go only the headers that say what the
body is and what answer is welcome: every other one may be a key.
"""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Final

import certifi
import httpcore
import httpx

from rookery.core.outgoing import OutgoingFailed, OutgoingRefused, OutgoingRequest, OutgoingResponse

if TYPE_CHECKING:
    from rookery.gateways.outbound import OutboundLimits

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
"""A token (RFC 9110, 5.6.2)."""
_BAD_VALUE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Control characters: a line end would begin another header."""
_METHOD: Final = re.compile(r"[A-Z]+\Z")
_OURS: Final = frozenset(
    b"host content-length transfer-encoding connection keep-alive te trailer upgrade expect proxy-connection".split()
)
"""What belongs to the connection (RFC 9110, 7.6.1) and not to whoever asks; such headers are left out."""
_FOR_ANYBODY: Final = frozenset(b"accept accept-language content-type user-agent".split())
"""What another origin may get."""
_OF_BODY: Final = frozenset([b"content-type", b"content-encoding", b"content-language"])
_REDIRECTS: Final = frozenset([301, 302, 303, 307, 308])

Headers = list[tuple[bytes, bytes]]
Addresses = Callable[[str, int], Awaitable[list[str]]]


def usual_authorities() -> ssl.SSLContext:
    """The system's authorities, which an operator may have added his own to, and the usual public ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class OutboundHttp:
    """Connections to other servers.

    Args:
        addresses: the addresses of a host that may be called; raises `OutgoingError`.
    """

    def __init__(self, addresses: Addresses, limits: OutboundLimits, trusted: ssl.SSLContext) -> None:
        self._limits = limits
        self._timeouts = {"timeout": {"connect": limits.connect_seconds}}
        unchecked = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        unchecked.check_hostname = False
        unchecked.verify_mode = ssl.CERT_NONE
        backend = _Backend(addresses)
        self._pools = {True: _pool(trusted, backend, limits), False: _pool(unchecked, backend, limits)}

    async def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            await pool.aclose()

    async def send(self, request: OutgoingRequest) -> OutgoingResponse:
        """Make the request and follow redirects.

        Raises:
            OutgoingRefused, OutgoingFailed: see `Outbound`.
        """
        url = self._checked(request.url)
        method, headers, body = request.method, self._headers(request.headers), request.body
        if not _METHOD.match(method):
            raise OutgoingRefused("The method of the request is not one.")
        if len(body) > self._limits.request_bytes:
            raise OutgoingRefused(
                f"The body of the request has {len(body)} bytes; {self._limits.request_bytes} may go."
            )
        if url.userinfo and not any(name == b"authorization" for name, _ in headers):
            pair = f"{url.username}:{url.password}".encode()
            headers.append((b"authorization", b"Basic " + base64.b64encode(pair)))
        seconds = min(self._limits.total_seconds, request.seconds or self._limits.total_seconds)
        try:
            async with asyncio.timeout(seconds):
                for _ in range(self._limits.redirects + 1):
                    response = await self._exchange(request.verify, method, url, headers, body)
                    location = response.header("location")
                    if response.status not in _REDIRECTS or not location:
                        return response
                    target = self._redirected(url, location)
                    if response.status == 303 or (response.status in (301, 302) and method == "POST"):
                        method, body = ("HEAD" if method == "HEAD" else "GET"), b""
                        headers = [each for each in headers if each[0] not in _OF_BODY]
                    if _origin(target) != _origin(url):
                        headers = [each for each in headers if each[0] in _FOR_ANYBODY]
                    url = target
        except TimeoutError:
            raise OutgoingFailed(f"{url.host} has not answered within {seconds:g} seconds.") from None
        raise OutgoingFailed(f"There were more than {self._limits.redirects} redirects.")

    async def _exchange(
        self, verify: bool, method: str, url: httpx.URL, headers: Headers, body: bytes
    ) -> OutgoingResponse:
        sent: Headers = [(b"host", url.netloc), *headers]
        if body or method not in ("GET", "HEAD", "DELETE"):
            sent.append((b"content-length", str(len(body)).encode()))
        target = httpcore.URL(
            scheme=url.raw_scheme, host=url.raw_host, port=url.port or _port(url), target=url.raw_path
        )
        try:
            async with self._pools[verify].stream(
                method, target, headers=sent, content=body or None, extensions=self._timeouts
            ) as response:
                content = await self._content(url, response)
                return OutgoingResponse(
                    status=response.status,
                    headers=tuple(
                        (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers
                    ),
                    body=content,
                )
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise OutgoingFailed(_sentence(url.host, error)) from error

    async def _content(self, url: httpx.URL, response: httpcore.Response) -> bytes:
        content = bytearray()
        async for part in response.aiter_stream():
            content += part
            if len(content) > self._limits.response_bytes:
                raise OutgoingFailed(f"The answer of {url.host} is longer than {self._limits.response_bytes} bytes.")
        return bytes(content)

    def _checked(self, text: str) -> httpx.URL:
        if len(text.encode(errors="replace")) > self._limits.url_bytes:
            raise OutgoingRefused(f"The URL is longer than {self._limits.url_bytes} bytes.")
        try:
            url = httpx.URL(text.strip())
        except (httpx.InvalidURL, ValueError) as error:
            raise OutgoingRefused("The URL is not valid.") from error
        if url.scheme not in ("http", "https"):
            raise OutgoingRefused("Only http and https URLs are called.")
        if not url.raw_host:
            raise OutgoingRefused("The URL names no host.")
        if not 0 < (url.port or _port(url)) < 65_536 or url.port == 0:
            raise OutgoingRefused("The URL names a port that does not exist.")
        return url

    def _redirected(self, url: httpx.URL, location: str) -> httpx.URL:
        try:
            target = url.join(location)
        except (httpx.InvalidURL, ValueError) as error:
            raise OutgoingFailed(f"{url.host} redirects to something that is not a URL.") from error
        target = self._checked(str(target.copy_with(fragment=None, userinfo=b"")))
        if url.scheme == "https" and target.scheme == "http":
            raise OutgoingRefused(f"{url.host} redirects from https to http.")
        return target

    def _headers(self, given: Iterable[tuple[str, str]]) -> Headers:
        headers: Headers = []
        for name, value in given:
            value = value.strip(" \t")
            if not _NAME.match(name) or _BAD_VALUE.search(value):
                raise OutgoingRefused("A header of the request has a name or value that can not be sent.")
            if (lower := name.lower().encode()) not in _OURS:
                headers.append((lower, value.encode(errors="replace")))
        size = sum(len(name) + len(value) + 4 for name, value in headers)
        if len(headers) > self._limits.headers or size > self._limits.header_bytes:
            raise OutgoingRefused(
                f"A request has at most {self._limits.headers} headers of {self._limits.header_bytes} bytes together."
            )
        return headers


class _Backend(httpcore.AsyncNetworkBackend):
    """Connects to a judged address of the host, whichever answers first in order."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("no address")
        for address in await self._addresses(host, port):
            try:
                # An address by number is connected to as it stands: nothing is looked up any more.
                return await self._sockets.connect_tcp(address, port, timeout)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def _pool(context: ssl.SSLContext, backend: _Backend, limits: OutboundLimits) -> httpcore.AsyncConnectionPool:
    return httpcore.AsyncConnectionPool(
        ssl_context=context,
        max_connections=limits.at_once + limits.kept,
        max_keepalive_connections=limits.kept,
        keepalive_expiry=limits.kept_seconds,
        network_backend=backend,
    )


def _port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80


def _origin(url: httpx.URL) -> tuple[str, bytes, int]:
    return url.scheme, url.raw_host, url.port or _port(url)


def _sentence(host: str, error: BaseException) -> str:
    """What went wrong, without a path or query: those may hold secrets."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"The certificate of {host} is not valid: {cause.verify_message.rstrip('.')}."
        if isinstance(cause, ssl.SSLError):
            return f"{host} does not speak TLS as it should."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore.ConnectTimeout):
        return f"{host} does not take connections in time."
    if isinstance(error, httpcore.ConnectError):
        return f"{host} takes no connection."
    if isinstance(error, httpcore.ProtocolError):
        return f"{host} does not speak HTTP as it should."
    return f"The connection to {host} broke."
