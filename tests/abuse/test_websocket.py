"""MQTT inside WebSockets, with frames that no client sends."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
from typing import cast
from urllib.parse import urlsplit

import pytest
from cbor2 import dumps

from rookery.wire.mqtt import encode
from rookery.wire.mqtt import packets as p
from tests.abuse.node import PATIENCE, Board, Node

CONTINUATION, TEXT, BINARY, CLOSE, PING = 0, 1, 2, 8, 9
READ = 65_536


def frame(
    payload: bytes, kind: int = BINARY, *, last: bool = True, masked: bool = True, size: int | None = None
) -> bytes:
    """A client's frame (RFC 6455 §5.2); `size` lies about its length."""
    size = len(payload) if size is None else size
    head = bytes([kind | (0x80 if last else 0)])
    mask = 0x80 if masked else 0
    if size < 126:
        head += bytes([mask | size])
    elif size < 65_536:
        head += bytes([mask | 126]) + size.to_bytes(2, "big")
    else:
        head += bytes([mask | 127]) + size.to_bytes(8, "big")
    return head + (bytes(4) if masked else b"") + payload


class Socket:
    """A WebSocket by hand. Frames of the server come without a mask, so their payloads can be read as they are."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.head = b""

    @classmethod
    async def open(cls, node: Node, *headers: str, protocol: str | None = "mqtt") -> Socket:
        """Ask for an upgrade; `head` is the answer."""
        url = urlsplit(node.sandbox.http)
        made = cls(*await asyncio.open_connection(url.hostname, url.port))
        lines = ["GET /mqtt HTTP/1.1", f"Host: {url.netloc}", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Version: 13"]
        lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol is not None else []
        made.writer.write("\r\n".join([*lines, *headers, "", ""]).encode("latin-1"))
        async with asyncio.timeout(PATIENCE):
            made.head = await made.reader.readuntil(b"\r\n\r\n")
        return made

    async def expect(self, wanted: bytes) -> None:
        """Read frames until these bytes of MQTT have come."""
        said = b""
        async with asyncio.timeout(PATIENCE):
            while not said.startswith(wanted):
                kind, size = await self.reader.readexactly(2)
                assert kind == 0x80 | BINARY, (kind, said)
                assert size < 126
                said += await self.reader.readexactly(size)
        assert said == wanted

    async def closed(self) -> bytes:
        """Wait for the end or for a closing frame, which the other side would wait to see echoed; all that was said."""
        said = b""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(OSError):
                while data := await self.reader.read(READ):
                    said += data
                    if said[-4:-3] == b"\x88" or b"\x88\x02\x03" in said or b"\x88\x00" in said:
                        break
        await self.end()
        return said

    async def end(self) -> None:
        """Close our side."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@pytest.fixture(scope="module")
def board(node: Node) -> Board:
    """One that may log in."""
    return node.board("web")


def hello(board: Board) -> bytes:
    """Its CONNECT."""
    return encode.encode(p.Connect(board.id, True, 0, board.id, board.secret.encode()))


CONNACK = b"\x20\x02\x00\x00"


async def test_cut_at_every_byte(attacked: Node, board: Board) -> None:
    """CONNECT, PUBLISH and PINGREQ as one stream in frames that are cut anywhere: all at once, in two, byte by byte."""
    thing, ids = attacked.thing(board, ["n"])
    publish = encode.publish(p.Publish(f"/a/t/{thing}/e/o", dumps([{0: "n", 2: 7}]), 1, False, 1))
    connect = hello(board)
    stream = connect + publish + encode.PINGREQ
    cuts = [[stream[:at], stream[at:]] for at in range(1, len(stream), 3)]
    cuts += [[stream], [bytes([byte]) for byte in stream], [b"", stream[:5], b"", stream[5:], b""]]
    for pieces in cuts:
        socket = await Socket.open(attacked)
        assert b" 101 " in socket.head
        for piece in pieces:
            socket.writer.write(frame(piece))
        said = b""
        while len(said) < len(CONNACK) + 6:
            async with asyncio.timeout(PATIENCE):
                _, size = await socket.reader.readexactly(2)
                said += await socket.reader.readexactly(size)
        assert said[: len(CONNACK)] == CONNACK
        assert b"\x40\x02\x00\x01" in said
        assert b"\xd0\x00" in said
        await socket.end()
    assert await asyncio.to_thread(attacked.stored, ids["n"]) == [7] * len(cuts)


async def test_fragments_and_control_frames(attacked: Node, board: Board) -> None:
    """One message in fragments of a byte, with pings between them."""
    socket = await Socket.open(attacked)
    connect = hello(board)
    for at, byte in enumerate(connect):
        kind = CONTINUATION if at else BINARY
        socket.writer.write(frame(bytes([byte]), kind, last=at == len(connect) - 1))
    await socket.expect(CONNACK)
    await socket.end()


FRAMES = {
    "text": frame(b"hello", TEXT),
    "text of MQTT": frame(b"\xc0\x00", TEXT),
    "text that is not UTF-8": frame(b"\xff\xfe", TEXT),
    "a megabyte": frame(bytes(1 << 20)),
    "2^62 announced": frame(b"x", size=1 << 62),
    "2^63 announced": frame(b"x", size=1 << 63),
    "no mask": frame(b"\xc0\x00", masked=False),
    "reserved bits": bytes([0xF2]) + frame(b"\xc0\x00")[1:],
    "reserved kind": frame(b"x", 5),
    "continuation of nothing": frame(b"x", CONTINUATION),
    "ping of 1,000 bytes": frame(bytes(1_000), PING),
    "ping in fragments": frame(b"x", PING, last=False),
    "close with one byte": frame(b"x", CLOSE),
    "close with a wrong code": frame(b"\x00\x01", CLOSE),
    "fragments without end": frame(b"x" * 10_000, last=False) + frame(b"x" * 60_000, CONTINUATION, last=False) * 20,
    "no frames at all": b"GET / HTTP/1.1\r\n\r\n" * 100,
}


@pytest.mark.parametrize("accepted", [False, True])
async def test_strange_frames(attacked: Node, board: Board, accepted: bool) -> None:
    """Each closes its connection, before the log-in and after it."""
    for name, data in FRAMES.items():
        socket = await Socket.open(attacked)
        assert b" 101 " in socket.head
        if accepted:
            socket.writer.write(frame(hello(board)))
            await socket.expect(CONNACK)
        socket.writer.write(data)
        assert CONNACK not in await socket.closed(), name


async def test_pings_that_are_never_read(attacked: Node) -> None:
    """Frames of pings for which pongs are due that nobody reads."""
    socket = await Socket.open(attacked)
    cast(asyncio.Transport, socket.writer.transport).pause_reading()
    await pour(socket, frame(bytes(125), PING) * 1_000, 64 << 20)
    socket.writer.transport.abort()


async def test_empty_fragments(attacked: Node) -> None:
    """A message that goes on for ever, nothing at a time."""
    socket = await Socket.open(attacked)
    socket.writer.write(frame(b"x", last=False))
    await pour(socket, frame(b"", CONTINUATION, last=False) * 10_000, 32 << 20)
    await socket.closed()


async def pour(socket: Socket, chunk: bytes, most: int) -> None:
    """Write until the server takes no more, or closes; it has to, before `most` bytes have gone."""
    sent = 0
    try:
        while sent < most:
            socket.writer.write(chunk)
            sent += len(chunk)
            async with asyncio.timeout(1.0):
                await socket.writer.drain()
    except (TimeoutError, OSError):
        return
    raise AssertionError(f"the server took {sent} bytes")


async def test_strange_upgrades(attacked: Node) -> None:
    """Without our sub-protocol, or with anything else that is no upgrade, there is no WebSocket."""
    for protocol in (None, "mqttv5", "chat", "x" * 10_000, "MQTT", ","):
        socket = await Socket.open(attacked, protocol=protocol)
        assert b" 101 " not in socket.head, protocol
        await socket.end()
    socket = await Socket.open(attacked, protocol="chat, mqtt, mqttv3.1")
    assert b" 101 " in socket.head
    assert b"mqtt\r\n" in socket.head
    await socket.end()
    socket = await Socket.open(attacked, "X-Flood: " + "x" * 100_000)
    assert b" 101 " not in socket.head
    await socket.end()


async def test_half_open(attacked: Node) -> None:
    """Upgrades without a CONNECT: hundreds of them, dropped without a closing frame."""
    sockets = await asyncio.gather(*(Socket.open(attacked) for _ in range(500)))
    for socket in sockets:
        socket.writer.write(frame(b"\x10"))
        socket.writer.transport.abort()
    for socket in sockets:
        await socket.closed()
