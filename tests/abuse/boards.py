"""Particle boards: two that behave and watch over each other, and as many as wanted that do not.

The witness is a board on each transport and a person. Each board publishes a growing number, the next one when the last
was acknowledged; the person listens on an event stream, calls a function of each board, and looks whether they are
online. In the end the stream must have shown every acknowledged number once and in order, and neither board may have
been away.

A `Rogue` is a board that says whatever it is told to, in a secure session or without one.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import time
from collections.abc import Callable, Iterable
from functools import cache
from types import TracebackType
from typing import Any, ClassVar, Literal

import httpx
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rookery.particle.device.hello import Hello, encode_hello
from rookery.simulate.particle import make_device_id, make_key, public_pem
from rookery.simulate.particle_board import ParticleBoard
from rookery.wire.coap import encode
from rookery.wire.coap.decode import decode
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, Code, Message, Options
from rookery.wire.coap.options import URI_PATH
from rookery.wire.dtls.client import ClientConnection as DtlsClient
from rookery.wire.dtls.client import Phase as DtlsPhase
from rookery.wire.dtls.errors import HandshakeFailed
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.lightssl.client import ClientConnection as StreamClient
from rookery.wire.lightssl.connection import Phase as StreamPhase
from rookery.wire.lightssl.errors import PeerError
from tests.abuse.node import PATIENCE, Node

Transport = Literal["tcp", "udp"]
TRANSPORTS: tuple[Transport, ...] = ("tcp", "udp")
PACE = 0.02
"""Seconds between two numbers of a board: real boards are not faster, and more than 100 a second are refused."""
FLAGS = 0x36
"""Describes itself, says goodbye, takes updates at once, has vitals."""
PATH_HELLO: Options = ((URI_PATH, b"h"),)


def path(*segments: bytes) -> Options:
    """A Uri-Path."""
    return tuple((URI_PATH, segment) for segment in segments)


REPEAT = 0.5
"""Seconds after which a board over UDP says again what was not answered: a flood makes the system drop datagrams."""


async def until(look: Callable[[], object], what: str = "", again: Callable[[], None] | None = None) -> None:
    """Wait for what the other end of a socket causes; meanwhile do it `again` from time to time.

    Raises:
        AssertionError: it was not within `PATIENCE`.
    """
    now = time.monotonic()
    end, repeat = now + PATIENCE, now + REPEAT
    while not look():
        now = time.monotonic()
        assert now < end, what
        if again is not None and now >= repeat:
            repeat = now + REPEAT
            again()
        await asyncio.sleep(0.002)


async def until_told(look: Callable[[], bool], what: str) -> None:
    """The same for what is asked of the server by a blocking request."""
    end = time.monotonic() + PATIENCE
    while not await asyncio.to_thread(look):
        assert time.monotonic() < end, what
        await asyncio.sleep(0.02)


@cache
def _key(transport: Transport, which: int) -> Any:
    return make_key(transport)


def common_key(transport: Transport, which: int = 0) -> Any:
    """A key for boards of whom nothing depends on having one of their own: a new one costs 10 ms."""
    return _key(transport, which)


def server_key(node: Node, transport: Transport) -> bytes:
    """What boards believe in: DER."""
    return node.sandbox.particle_server_key["rsa" if transport == "tcp" else "ec"].read_bytes()


def particle(node: Node, method: str, path: str, token: str = "", **more: Any) -> httpx.Response:
    """A request to the Particle API, in the owner's name unless there is another token."""
    headers = {"authorization": f"Bearer {token or node.sandbox.particle_token}", **more.pop("headers", {})}
    return node.http.request(method, path, headers=headers, **more)


def count(node: Node, name: str, **labels: str) -> float:
    """A metric with exactly these labels among its own; 0 where it was never counted."""
    wanted = [f'{label}="{value}"' for label, value in labels.items()]
    lines = node.http.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith((f"{name} ", f"{name}{{")) and all(w in line for w in wanted)]
    return sum(float(line.rpartition(" ")[2]) for line in found)


def provision(node: Node, transport: Transport, device_id: str = "", which: int = 0) -> str:
    """Register a board with a common key; its id."""
    device_id = device_id or make_device_id(random.SystemRandom())
    form = {
        "deviceID": device_id,
        "publicKey": public_pem(common_key(transport, which)),
        "algorithm": "rsa" if transport == "tcp" else "ecc",
        "filename": "abuse",
        "order": device_id,
    }
    answer = particle(node, "POST", f"/v1/provisioning/{device_id}", json=form)
    assert answer.is_success, answer.text
    return device_id


class Rogue:
    """One board that can say anything. Made by `rogue` or `Rogue(...)`, then `connect`, then `greet`."""

    living: ClassVar[list[Rogue]] = []
    """All of this test; whoever ends it closes those that it has left."""

    def __init__(
        self, node: Node, transport: Transport, device_id: str, key: Any = None, server: bytes | None = None
    ) -> None:
        self.node = node
        self.transport = transport
        self.device_id = device_id
        self.heard: list[Message] = []
        self.pieces: list[bytes] = []
        """What has come from the line, as it came."""
        self.sent: list[bytes] = []
        """What has gone out."""
        self.over = ""
        """Why the session has ended."""
        self.message_id = random.randrange(0x8000)
        self.living.append(self)
        self._sock: socket.socket | None = None
        self._stream: asyncio.Transport | None = None
        key = key or common_key(transport)
        server = server or server_key(node, transport)
        self.secure: Any
        if transport == "tcp":
            assert isinstance(key, rsa.RSAPrivateKey)
            self.secure = StreamClient(self, key, server, bytes.fromhex(device_id))
        else:
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            self.secure = DtlsClient(SigningKey(key), server, Entropy(os.urandom))

    # The line

    async def dial(self) -> Rogue:
        """Open the socket and say nothing that the machine does not say by itself."""
        loop = asyncio.get_running_loop()
        if self.transport == "tcp":
            at = self.node.sandbox.particle_tcp
            async with asyncio.timeout(PATIENCE):
                await loop.create_connection(lambda: _Line(self), at.host, at.port)
        else:
            at = self.node.sandbox.particle_udp
            sock = self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            sock.connect((at.host, at.port))
            loop.add_reader(sock.fileno(), self._readable)
        return self

    async def connect(self) -> Rogue:
        """The handshake; `over` says whether it came to nothing."""
        await self.dial()
        if self.transport == "udp":
            self.secure.start(0.0)
            self.flush()
        flight = self._repeat_flight if self.transport == "udp" else None
        await until(lambda: self.over or self.open, "a handshake that ends", flight)
        return self

    def _repeat_flight(self) -> None:
        self.secure._repeat()
        self.flush()

    @property
    def open(self) -> bool:
        """Whether messages can be sent."""
        return self.secure.phase in (StreamPhase.OPEN, DtlsPhase.OPEN)

    def raw(self, data: bytes) -> None:
        """Any bytes; over UDP one datagram."""
        self.sent.append(data)
        if self._sock is not None:
            try:
                self._sock.send(data)
            except OSError:
                pass
        elif self._stream is not None:
            self._stream.write(data)

    def close(self) -> None:
        """Gone; over UDP not without a word where there is a session, or it would stay for the time of a keepalive."""
        if self._sock is not None:
            if self.secure.phase is DtlsPhase.OPEN:
                self.secure.close()
                self.flush()
            asyncio.get_running_loop().remove_reader(self._sock.fileno())
            self._sock.close()
            self._sock = None
        if self._stream is not None:
            self._stream.abort()

    def flush(self) -> None:
        """What the machine for UDP has to say."""
        output, self.secure.output = self.secure.output, []
        for datagram in output:
            self.raw(datagram)

    def _readable(self) -> None:
        while self._sock is not None:
            try:
                data = self._sock.recv(2_048)
            except OSError:
                return
            self.pieces.append(data)
            try:
                messages = self.secure.feed(data, 0.0)
            except HandshakeFailed as error:
                self.over = error.reason
                messages = []
            for message in messages:
                self.heard.append(decode(message))
            if self.secure.phase is DtlsPhase.CLOSED:
                self.over = self.over or "closed"
            self.flush()

    # wire.lightssl.client.ClientSink

    def opened(self) -> None:
        """For the machine."""

    def write(self, data: bytes) -> None:
        """For the machine."""
        self.raw(data)

    def message(self, data: bytes) -> None:
        """For the machine."""
        self.heard.append(decode(data))

    def failed(self, error: PeerError) -> None:
        """For the machine."""
        self.over = error.reason

    # Messages

    def send(self, message: bytes) -> None:
        """These bytes as one message."""
        self.secure.send(message)
        if self.transport == "udp":
            self.flush()

    def say(
        self,
        code: int,
        options: Options = (),
        payload: bytes = b"",
        *,
        kind: int = CONFIRMABLE,
        token: bytes = b"",
        message_id: int | None = None,
    ) -> int:
        """A message; its identifier."""
        if message_id is None:
            self.message_id = message_id = self.message_id + 1 & 0xFFFF
        self.send(encode.parts(kind, code, message_id, token, options, payload))
        return message_id

    def answers(self, message_id: int) -> list[Message]:
        """What was answered to the message with this identifier."""
        return [one for one in self.heard if one.kind == ACKNOWLEDGEMENT and one.message_id == message_id]

    async def ask(self, code: int, options: Options = (), payload: bytes = b"", **more: Any) -> Message:
        """A Confirmable message, and what acknowledges it.

        Raises:
            ConnectionError: the session has ended instead.
        """
        number = self.say(code, options, payload, **more)
        fields = {**more, "message_id": number}
        again = (lambda: self._again(code, options, payload, fields)) if self.transport == "udp" else None
        await until(lambda: self.answers(number) or self.over, f"an answer to {code} {options}", again)
        found = self.answers(number)
        if not found:
            raise ConnectionError(self.over)
        return found[0]

    def _again(self, code: int, options: Options, payload: bytes, fields: dict[str, Any]) -> None:
        if self.open:
            self.say(code, options, payload, **fields)

    async def publish(self, name: str, data: bytes = b"", **more: Any) -> Message:
        """An event."""
        return await self.ask(Code.POST, path(b"E", name.encode()), data, **more)

    async def greet(self, device_id: str | None = None) -> Rogue:
        """Say Hello, in the name of this device."""
        named = device_id or (self.device_id if self.transport == "udp" else "")
        self.hello = Hello(flags=FLAGS, platform_id=6 if self.transport == "tcp" else 12, device_id=named)
        await self.ask(Code.POST, PATH_HELLO, encode_hello(self.hello))
        return self

    async def answered(self, message_id: int, times: int = 1) -> None:
        """Wait until this message was."""
        await until(lambda: len(self.answers(message_id)) >= times, f"an answer to {message_id}")

    async def ended(self, after: object = "") -> None:
        """Wait for the end of the session."""
        await until(lambda: self.over, f"the end after {after!r}")

    async def received(self, size: int) -> None:
        """Wait until so many bytes have come, or the end."""
        await until(lambda: self.over or sum(map(len, self.pieces)) >= size, f"{size} bytes")

    async def ping(self) -> None:
        """Be answered to an empty message: whatever was said before has been read."""
        self.message_id = number = self.message_id + 1 & 0xFFFF
        self.send(encode.ping(number))
        again = (lambda: self.send(encode.ping(number))) if self.transport == "udp" else None
        await until(lambda: self.answers(number) or self.over, "an answer to a ping", again)
        assert self.answers(number), self.over


class _Line(asyncio.Protocol):
    """The socket of a rogue on TCP."""

    def __init__(self, board: Rogue) -> None:
        self.board = board

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.board._stream = transport

    def data_received(self, data: bytes) -> None:
        self.board.pieces.append(data)
        try:
            self.board.secure.feed(data)
        except PeerError as error:
            self.board.over = error.reason

    def connection_lost(self, exc: Exception | None) -> None:
        self.board.over = self.board.over or "the server has closed"
        self.board.secure.close()


async def rogue(node: Node, transport: Transport, *, claimed: bool = False) -> Rogue:
    """One that has been let in, with a key that is registered; the owner's, if `claimed`."""
    board = Rogue(node, transport, await asyncio.to_thread(provision, node, transport))
    await board.connect()
    assert board.open, board.over
    await board.greet()
    if claimed:
        told = await asyncio.to_thread(particle, node, "POST", "/v1/device_claims", json={})
        await board.publish("spark/device/claim/code", told.json()["claim_code"].encode())
        where = f"/v1/devices/{board.device_id}"
        await until_told(lambda: particle(node, "GET", where).status_code == 200, "a board that is claimed")
    return board


class Listener:
    """Somebody who reads an event stream. `seen` are (name, data, device id) in order."""

    def __init__(self, node: Node, where: str, token: str = "") -> None:
        self._node = node
        self._where = where
        self._token = token or node.sandbox.particle_token
        self.seen: list[tuple[str, str | None, str]] = []
        self.opened = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Listener:
        """Be connected."""
        self._task = asyncio.create_task(self._read())
        opened = asyncio.create_task(self.opened.wait())
        await asyncio.wait((self._task, opened), timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
        opened.cancel()
        assert self.opened.is_set(), "the stream was not opened"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave."""
        assert self._task is not None
        broken = self._task.done()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        assert not broken or error is not None, "the stream has ended"

    def of(self, device_id: str, name: str | None = None) -> list[str | None]:
        """The data of what this board said, under this name or any."""
        return [data for told, data, source in self.seen if source == device_id and name in (None, told)]

    async def _read(self) -> None:
        headers = {"authorization": f"Bearer {self._token}"}
        timeout = httpx.Timeout(PATIENCE)
        async with (
            httpx.AsyncClient(base_url=self._node.sandbox.http, timeout=timeout, trust_env=False) as http,
            http.stream("GET", self._where, headers=headers) as answer,
        ):
            assert answer.status_code == 200, await answer.aread()
            rest, name = b"", ""
            async for piece in answer.aiter_bytes():
                # Line feeds alone end lines here: names and data may hold what else does for Python.
                *lines, rest = (rest + piece).split(b"\n")
                for line in map(bytes.decode, lines):
                    if line == ":ok":
                        self.opened.set()
                    elif line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        told = json.loads(line.removeprefix("data: "))
                        self.seen.append((name, told["data"], told["coreid"]))


class BoardWitness:
    """`async with BoardWitness(node) as witness: …attack…` checks at the end."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self.boards: dict[Transport, ParticleBoard] = {}
        self.acknowledged: dict[Transport, int] = dict.fromkeys(TRANSPORTS, 0)
        self.called = 0
        self._stop = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> BoardWitness:
        """Connect all of them, and let them begin."""
        for transport in TRANSPORTS:
            self.boards[transport] = await self._node.sandbox.particle_board(
                transport, functions={"double": lambda argument: 2 * int(argument)}
            )
        self._listener = await Listener(self._node, "/v1/devices/events").__aenter__()
        self._tasks = [asyncio.create_task(self._publish(transport)) for transport in TRANSPORTS]
        self._tasks.append(asyncio.create_task(self._call()))
        await self.progress()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let them go on a little after the attack, then compare what was acknowledged with what was shown."""
        try:
            if error is None:
                await self.progress()
                self._stop = True
                async with asyncio.timeout(PATIENCE):
                    await asyncio.gather(*self._tasks)
                await until(
                    lambda: all(len(self._shown(t)) >= count for t, count in self.acknowledged.items()),
                    "what was shown",
                )
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            troubles = {name: (board.losses, board.trouble) for name, board in self.boards.items()}
            for board in self.boards.values():
                board.stop()
            await self._listener.__aexit__(kind, error, trace)
        if error is not None:
            return
        for transport, board in self.boards.items():
            assert self._shown(transport) == [str(number) for number in range(self.acknowledged[transport])]
            assert troubles[transport] == (0, ""), troubles
            assert board.handshakes == 1
            assert "offline" not in self._listener.of(board.device_id, "spark/status")

    async def progress(self, steps: int = 5) -> None:
        """Wait until each board has this many more acknowledgements, and the person two more answers."""
        wanted = {transport: done + steps for transport, done in self.acknowledged.items()}
        called = self.called + 2

        def enough() -> bool:
            for task in self._tasks:
                if task.done() and not self._stop:
                    task.result()
            return self.called >= called and all(self.acknowledged[t] >= n for t, n in wanted.items())

        await until(enough, "progress of the witness")

    def _shown(self, transport: Transport) -> list[str | None]:
        return self._listener.of(self.boards[transport].device_id, f"witness/{transport}")

    async def _publish(self, transport: Transport) -> None:
        board = self.boards[transport]
        while not self._stop:
            await board.publish(f"witness/{transport}", str(self.acknowledged[transport]))
            self.acknowledged[transport] += 1
            await asyncio.sleep(PACE)

    async def _call(self) -> None:
        headers = {"authorization": f"Bearer {self._node.sandbox.particle_token}"}
        async with httpx.AsyncClient(base_url=self._node.sandbox.http, timeout=PATIENCE, trust_env=False) as http:
            while not self._stop:
                for board in self.boards.values():
                    where = f"/v1/devices/{board.device_id}"
                    answer = await http.post(f"{where}/double", json={"arg": str(self.called)}, headers=headers)
                    assert answer.status_code == 200, answer.text
                    assert answer.json()["return_value"] == 2 * self.called
                    shown = await http.get(where, headers=headers)
                    assert shown.json()["online"] is True, shown.text
                self.called += 1
                await asyncio.sleep(PACE)


def secrets_in(text: str, secrets: Iterable[str]) -> list[str]:
    """Which of these stand in a text."""
    return [secret for secret in secrets if secret and secret in text]
