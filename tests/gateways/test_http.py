"""The HTTP gateway on real sockets: limits on what comes before a request, and an orderly end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from rookery.gateways import http
from rookery.gateways.asgi import BodyTooLarge, answer, read_body
from rookery.gateways.http import HttpGateway

REQUEST = b"GET /path HTTP/1.1\r\nHost: test\r\n\r\n"


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with method, path and body."""
    try:
        body = await read_body(receive, 100)
    except BodyTooLarge:
        await answer(send, 413, b"too large")
        return
    await answer(send, 200, f"{scope['method']} {scope['path']} ".encode() + body)


@asynccontextmanager
async def listening(app: Any = echo) -> AsyncIterator[tuple[HttpGateway, int]]:
    gateway = HttpGateway()
    port = await gateway.bind("127.0.0.1", 0)
    await gateway.start(app)
    try:
        yield gateway, port
    finally:
        await gateway.stop()


class Peer:
    """A client that sends what it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    @classmethod
    async def dial(cls, port: int) -> Peer:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def response(self) -> tuple[int, bytes]:
        """Status and body of one response."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:-2])
        return int(head.split()[1]), await self._reader.readexactly(int(fields[b"content-length"]))

    async def rest(self) -> bytes:
        """What comes until the connection ends."""
        return await self._reader.read()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


async def emptied(gateway: HttpGateway) -> None:
    """The server has noticed that everybody has gone: in one of the next turns of the loop."""
    for _ in range(1_000):
        if not gateway.open:
            return
        await asyncio.sleep(0)
    raise AssertionError("connections are still open")


async def test_requests_follow_each_other_on_a_connection() -> None:
    async with listening() as (gateway, port):
        peer = await Peer.dial(port)
        for number in range(3):
            peer.send(b"POST /%d HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi" % number)
            assert await peer.response() == (200, b"POST /%d hi" % number)
        assert gateway.requests == 3
        assert gateway.open == 1
        await peer.close()


async def test_nobody_is_served_before_the_start() -> None:
    gateway = HttpGateway()
    port = await gateway.bind("127.0.0.1", 0)
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)
    await gateway.stop()


@pytest.mark.parametrize("pieces", [1, 50])
async def test_endless_headers_end_the_connection(pieces: int) -> None:
    async with listening() as (_, port):
        peer = await Peer.dial(port)
        peer.send(b"GET / HTTP/1.1\r\n")
        for _ in range(pieces):
            peer.send(b"X-Filler: " + b"x" * (http.HEAD_BYTES // pieces + 1) + b"\r\n")
            await asyncio.sleep(0)
        assert (await peer.rest()).startswith(b"HTTP/1.1 400")
        await peer.close()


async def test_a_large_body_is_no_large_head() -> None:
    async with listening() as (_, port):
        peer = await Peer.dial(port)
        size = 3 * http.HEAD_BYTES
        peer.send(b"POST / HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size)
        assert await peer.response() == (413, b"too large")
        await peer.close()


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: "])
async def test_a_request_that_never_comes_ends_the_connection(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    monkeypatch.setattr(http, "HEAD_SECONDS", 0.01)
    async with listening() as (gateway, port):
        peer = await Peer.dial(port)
        peer.send(said)
        assert await peer.rest() == b""
        assert gateway.open == 0
        await peer.close()


async def test_a_second_request_that_never_ends_ends_the_connection_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async with listening() as (_, port):
        peer = await Peer.dial(port)
        peer.send(REQUEST)
        assert await peer.response() == (200, b"GET /path ")
        monkeypatch.setattr(http, "HEAD_SECONDS", 0.01)
        peer.send(b"GET / HT")
        assert await peer.rest() == b""
        await peer.close()


async def test_a_long_answer_is_not_cut_by_the_time_limit_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HEAD_SECONDS", 0.01)
    go_on = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await go_on.wait()
        await answer(send, 200, b"late")

    async with listening(slow) as (_, port):
        peer = await Peer.dial(port)
        peer.send(REQUEST)
        asyncio.get_running_loop().call_later(0.05, go_on.set)
        assert await peer.response() == (200, b"late")
        await peer.close()


async def test_too_many_connections_are_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CONNECTIONS", 1)
    async with listening() as (gateway, port):
        first = await Peer.dial(port)
        first.send(REQUEST)
        assert (await first.response())[0] == 200
        second = await Peer.dial(port)
        assert await second.rest() == b""
        assert gateway.turned_away == 1
        first.send(REQUEST)
        assert (await first.response())[0] == 200
        await first.close()
        await second.close()


async def test_a_body_that_stops_ends_the_connection_and_one_that_goes_on_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "BODY_SECONDS", 0.2)
    head = b"POST /path HTTP/1.1\r\nHost: test\r\nContent-Length: 10\r\n\r\n"
    async with listening() as (gateway, port):
        peer = await Peer.dial(port)
        peer.send(head + b"12345")
        assert await peer.rest() == b""
        await emptied(gateway)
        await peer.close()
        monkeypatch.setattr(http, "BODY_SECONDS", 60)
        steady = await Peer.dial(port)
        steady.send(head)
        for piece in (b"12345", b"67890"):
            await asyncio.sleep(0)
            steady.send(piece)
        assert await steady.response() == (200, b"POST /path 1234567890")
        (connection,) = gateway._state.connections
        assert connection._deadline is None  # type: ignore[union-attr]
        steady.send(REQUEST)
        assert (await steady.response())[0] == 200
        await steady.close()


async def test_one_host_can_not_have_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HOST_CONNECTIONS", 1)
    monkeypatch.setattr(http, "_is_loopback", lambda host: False)
    async with listening() as (gateway, port):
        first = await Peer.dial(port)
        first.send(REQUEST)
        assert (await first.response())[0] == 200
        second = await Peer.dial(port)
        assert await second.rest() == b""
        assert gateway.turned_away == 1
        await second.close()
        await first.close()
        await emptied(gateway)
        third = await Peer.dial(port)
        third.send(REQUEST)
        assert (await third.response())[0] == 200
        await third.close()


async def test_this_machine_may_have_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "HOST_CONNECTIONS", 1)
    async with listening() as (gateway, port):
        peers = [await Peer.dial(port) for _ in range(3)]
        for peer in peers:
            peer.send(REQUEST)
            assert (await peer.response())[0] == 200
            await peer.close()
        assert gateway.turned_away == 0


@pytest.mark.parametrize("nonsense", [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET\r\n\r\n", b"\x00" * 100])
async def test_nonsense_is_answered_and_closed(nonsense: bytes) -> None:
    async with listening() as (gateway, port):
        peer = await Peer.dial(port)
        peer.send(nonsense)
        assert (await peer.rest()).startswith(b"HTTP/1.1 400")
        await peer.close()
        other = await Peer.dial(port)
        other.send(REQUEST)
        assert (await other.response())[0] == 200
        await other.close()
        assert gateway.requests == 1


async def test_stopping_cuts_requests_that_do_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "CLOSING_SECONDS", 0.01)
    entered = asyncio.Event()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await asyncio.Event().wait()

    async with listening(endless) as (gateway, port):
        peer = await Peer.dial(port)
        peer.send(REQUEST)
        await entered.wait()
        await gateway.stop()
        try:
            said = await peer.rest()
        except ConnectionError:
            said = b""
        assert not said.startswith(b"HTTP/1.1 200")
        peer.writer.transport.abort()
