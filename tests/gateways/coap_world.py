"""Boards on real loopback sockets, and a front that notes what it hears, for the tests of the CoAP gateways."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rookery.core.clock import Clock
from rookery.gateways.coap_contract import Connection, Peer, StoredSession
from rookery.gateways.coap_udp import CoapUdpGateway
from rookery.wire.coap import encode
from rookery.wire.coap.decode import decode
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, Code, Message
from rookery.wire.dtls.client import ClientConnection as DtlsClient
from rookery.wire.dtls.client import Phase as DtlsPhase
from rookery.wire.dtls.errors import HandshakeFailed
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.lightssl.client import ClientConnection as StreamClient
from rookery.wire.lightssl.connection import Phase as StreamPhase
from rookery.wire.lightssl.errors import PeerError
from rookery.wire.lightssl.keys import public_der

URI_PATH = 11
HELLO = ((URI_PATH, b"h"),)
EVENT = ((URI_PATH, b"e"),)
SERVER_KEY = SigningKey(ec.derive_private_key(1001, ec.SECP256R1()))
RESUMED = 253
"""How a record is marked by a board that goes on with a session."""


def device_id(number: int) -> bytes:
    return number.to_bytes(12, "big")


def board_key(number: int) -> SigningKey:
    return SigningKey(ec.derive_private_key(5_000 + number, ec.SECP256R1()))


@cache
def rsa_key(bits: int, which: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that the other end of a socket causes; the test's own time limit ends it."""
    while not condition():  # noqa: ASYNC110  # what is waited for has no event to set
        await asyncio.sleep(0.001)


async def quiet() -> None:
    """What is on its way on the loopback has arrived, and what it set off has happened."""
    for _ in range(20):
        await asyncio.sleep(0.001)


class Recorder:
    """A handler. `answers` says what `request` does: True, or what a function makes of it."""

    def __init__(self, front: Recording, connection: Connection) -> None:
        self.front = front
        self.connection = connection
        self.requests: list[Message] = []
        self.tickets: list[int] = []
        self.responses: list[tuple[object, Message]] = []
        self.arrived: list[object] = []
        self.failures: list[tuple[object, Failure]] = []
        self.moves: list[Peer] = []
        self.ended: list[str] = []

    def request(self, message: Message, ticket: int) -> bool:
        self.requests.append(message)
        if message.first(URI_PATH) == b"h":
            self.front.hello(self.connection, message)
            return True
        if message.first(URI_PATH) == b"fault":
            raise RuntimeError("a handler that fails")
        self.tickets.append(ticket)
        return self.front.acknowledge

    def response(self, context: object, message: Message) -> None:
        self.responses.append((context, message))

    def acknowledged(self, context: object) -> None:
        self.arrived.append(context)

    def failed(self, context: object, failure: Failure) -> None:
        self.failures.append((context, failure))

    def moved(self, peer: Peer) -> None:
        self.moves.append(peer)

    def closed(self, reason: str) -> None:
        self.ended.append(reason)


class Recording:
    """A front that accepts the boards it is told of: `keys` by device id."""

    def __init__(self) -> None:
        self.keys: dict[bytes, bytes] = {}
        self.handlers: list[Recorder] = []
        self.recalled: list[bytes] = []
        self.resumed_as: list[tuple[bytes, object]] = []
        self.acknowledge = True
        self.failing = False

    def hello(self, connection: Connection, message: Message) -> None:
        """The first message names the board (UDP: its payload is the id)."""
        name = message.payload or connection.name
        if self.keys.get(name) == connection.public_key:
            connection.name_session(name)
        else:
            connection.close("another key")

    async def key_of(self, device_id: bytes, offered: bytes | None) -> bytes | None:
        if self.failing:
            raise RuntimeError("a front that fails")
        return self.keys.get(device_id)

    def knows(self, public_key: bytes) -> object | None:
        return public_key if public_key in self.keys.values() else None

    def arrived(self, connection: Connection) -> Recorder:
        if self.failing:
            raise RuntimeError("a front that fails")
        handler = Recorder(self, connection)
        self.handlers.append(handler)
        return handler

    async def recall(self, device_id: bytes, public_key: bytes) -> object | None:
        await asyncio.sleep(0)
        self.recalled.append(device_id)
        return "state" if self.keys.get(device_id) == public_key else None

    def resumed(self, connection: Connection, device_id: bytes, state: object) -> Recorder:
        self.resumed_as.append((device_id, state))
        return self.arrived(connection)


class MemoryStore:
    """A session store that forgets nothing and notes what was asked."""

    def __init__(self) -> None:
        self.sessions: dict[str, StoredSession] = {}
        self.kept = 0
        self.secured = 0
        self.finds: list[bytes] = []
        self.failing = False
        self.busy = 0
        self.busiest = 0

    def keep(self, session: StoredSession) -> None:
        self.kept += 1
        self.sessions[session.device_id] = session

    async def keep_now(self, session: StoredSession) -> None:
        await asyncio.sleep(0)
        self.secured += 1
        self.sessions[session.device_id] = session

    def forget(self, device_id: str, connection_id: bytes) -> None:
        if device_id in self.sessions and self.sessions[device_id].connection_id == connection_id:
            del self.sessions[device_id]

    async def find(self, connection_id: bytes, name: bytes) -> StoredSession | None:
        self.finds.append(connection_id or name)
        self.busy += 1
        self.busiest = max(self.busy, self.busiest)
        await asyncio.sleep(0)
        self.busy -= 1
        if self.failing:
            raise RuntimeError("a store that fails")
        for session in self.sessions.values():
            if (connection_id and session.connection_id == connection_id) or (
                not connection_id and session.device_id == name.hex()
            ):
                return session
        return None

    async def placed(self) -> list[str]:
        return [session.device_id for session in self.sessions.values() if session.address[0]]


class UdpBoard:
    """A board with a DTLS client. `heard` are the messages that came."""

    def __init__(self, port: int, number: int, *, key: SigningKey | None = None, host: str = "127.0.0.1") -> None:
        self.id = device_id(number)
        self.key = key or board_key(number)
        self.server = (host, port)
        self.heard: list[Message] = []
        self.sent: list[bytes] = []
        self.most = 1 << 30
        """Datagrams until it falls silent."""
        self.failure: str | None = None
        self.message_id = 100
        self.client = DtlsClient(self.key, SERVER_KEY.public, Entropy(os.urandom))
        self.sock = self._socket()

    def _socket(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.server[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind((self.server[0], 0))
        asyncio.get_running_loop().add_reader(sock.fileno(), self._readable)
        return sock

    def _readable(self) -> None:
        while True:
            try:
                data = self.sock.recv(2_048)
            except BlockingIOError:
                break
            try:
                for message in self.client.feed(data, 0.0):
                    self.heard.append(decode(message))
            except HandshakeFailed as error:
                self.failure = error.reason
            self.flush()

    def flush(self) -> None:
        output, self.client.output = self.client.output, []
        for datagram in output:
            if len(self.sent) >= self.most:
                return
            self.sent.append(datagram)
            self.sock.sendto(datagram, self.server)

    def raw(self, datagram: bytes) -> None:
        self.sock.sendto(datagram, self.server)

    async def connect(self) -> UdpBoard:
        self.client.start(0.0)
        self.flush()
        await until(lambda: self.client.phase in (DtlsPhase.OPEN, DtlsPhase.CLOSED))
        return self

    async def enter(self) -> UdpBoard:
        """Handshake and Hello."""
        await self.connect()
        number = self.say(HELLO, self.id)
        await until(lambda: self.acknowledged(number))
        return self

    def resume(self, former: UdpBoard) -> None:
        """Go on with the session of another object, from another port."""
        assert former.client.session is not None
        self.client.resume(former.client.session, mark=RESUMED)
        self.message_id = former.message_id

    def say(self, options: Any, payload: bytes = b"", *, kind: int = CONFIRMABLE, token: bytes = b"") -> int:
        """A request of the board; returns its message identifier."""
        self.message_id += 1
        self.send(encode.parts(kind, Code.POST, self.message_id, token, options, payload))
        return self.message_id

    def send(self, message: bytes) -> None:
        self.client.send(message)
        self.flush()

    def acknowledged(self, message_id: int) -> bool:
        return any(m.kind == ACKNOWLEDGEMENT and m.message_id == message_id for m in self.heard)

    def move(self) -> None:
        """Another port from now on."""
        self.close()
        self.sock = self._socket()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self.sock.fileno())
        self.sock.close()


class TcpBoard(asyncio.Protocol):
    """A board with the client of the secure stream."""

    def __init__(self, number: int, *, key: rsa.RSAPrivateKey | None = None, server: bytes | None = None) -> None:
        self.id = device_id(number)
        self.key = key or rsa_key(1024)
        self.heard: list[Message] = []
        self.pieces: list[bytes] = []
        self.lost = False
        self.message_id = 100
        self.transport: Any = None
        self.client = StreamClient(self, self.key, server or public_der(rsa_key(2048)), self.id)

    async def connect(self, port: int) -> TcpBoard:
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", port)
        await until(lambda: self.client.phase in (StreamPhase.OPEN, StreamPhase.CLOSED) or self.lost)
        return self

    async def enter(self, port: int) -> TcpBoard:
        await self.connect(port)
        number = self.say(HELLO, kind=CONFIRMABLE)
        await until(lambda: self.acknowledged(number))
        return self

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.pieces.append(data)
        try:
            self.client.feed(data)
        except PeerError:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True

    def opened(self) -> None:
        """The server has proven itself."""

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    def message(self, data: bytes) -> None:
        self.heard.append(decode(data))

    def failed(self, error: PeerError) -> None:
        self.lost = True

    def say(self, options: Any, payload: bytes = b"", *, kind: int = NON_CONFIRMABLE, token: bytes = b"") -> int:
        self.message_id += 1
        self.client.send(encode.parts(kind, Code.POST, self.message_id, token, options, payload))
        return self.message_id

    def acknowledged(self, message_id: int) -> bool:
        return any(m.kind == ACKNOWLEDGEMENT and m.message_id == message_id for m in self.heard)


@asynccontextmanager
async def udp_gateway(
    front: Recording, store: MemoryStore, clock: Clock, *, host: str = "127.0.0.1", port: int = 0, **arguments: Any
) -> AsyncIterator[tuple[CoapUdpGateway, int]]:
    gateway = CoapUdpGateway(front, store, SERVER_KEY, clock, **arguments)
    port = await gateway.listen(host, port)
    try:
        yield gateway, port
    finally:
        await gateway.stop()
