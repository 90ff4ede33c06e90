"""The API behind the true HTTP listener: what a server does to paths, HEAD and streams before we see them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from rookery.gateways.http import HttpGateway
from tests.particle.api.conftest import world_of
from tests.particle.api.plumbing import ROUTES

WAIT = 30
"""Seconds. Generous: nothing here waits for time."""


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with world_of(ROUTES) as world:
        gateway = HttpGateway("test")
        port = await gateway.bind("127.0.0.1", 0)
        await gateway.start(world.app)
        yield port
        await gateway.stop()


async def said(port: int, request: str) -> tuple[str, dict[str, str], bytes]:
    """Status line, headers and the rest, until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"))
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), WAIT)).decode("latin-1")
        body = await asyncio.wait_for(reader.read(), WAIT)
    finally:
        writer.close()
        await writer.wait_closed()
    status, *lines = head.strip().split("\r\n")
    return status, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body


REQUESTS: list[tuple[str, str, bytes]] = [
    ("GET /v1/echo/a%2Fb/c%2Bd", "HTTP/1.1 200 OK", b'"a/b/c+d"'),
    ("GET /v1/echo/a%252Fb/?x=%2F", "HTTP/1.1 200 OK", b'"a%2Fb"'),
    ("GET //v1//optional//", "HTTP/1.1 200 OK", b"false"),
    ("GET http://x/v1/optional", "HTTP/1.1 200 OK", b"false"),
    ("GET /v1/unknown", "HTTP/1.1 404 Not Found", b'{"ok":false,"error":"Not found"}'),
    ("DELETE /v1/nothing", "HTTP/1.1 204 No Content", b""),
    ("OPTIONS /v1/who", "HTTP/1.1 204 No Content", b""),
    ("HEAD /v1/optional", "HTTP/1.1 200 OK", b""),
    ("HEAD /v1/stream", "HTTP/1.1 204 No Content", b""),
    ("GET /v1/bug/x", "HTTP/1.1 500 Internal Server Error", b'{"ok":false,"error":"Internal server error"}'),
]


@pytest.mark.parametrize(("request_line", "status", "body"), REQUESTS, ids=[each[0] for each in REQUESTS])
async def test_requests(port: int, request_line: str, status: str, body: bytes) -> None:
    answer = await said(port, request_line)
    assert (answer[0], answer[2]) == (status, body)
    assert answer[1]["access-control-allow-origin"] == "*"


async def test_a_stream_comes_in_pieces(port: int) -> None:
    status, headers, body = await said(port, "GET /v1/stream")
    assert status == "HTTP/1.1 200 OK"
    assert headers["transfer-encoding"] == "chunked"
    assert body == b"5\r\n:ok\n\n\r\n9\r\ndata: 1\n\n\r\n0\r\n\r\n"


async def test_a_stream_that_breaks_ends_without_its_last_piece(port: int) -> None:
    _, _, body = await said(port, "GET /v1/broken")
    assert body == b"5\r\n:ok\n\n\r\n"
