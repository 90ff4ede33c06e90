"""A simulated Particle board on a desk: the cloud's machines of the wire played by the test, and time turned by hand.

The cloud here is the true `lightssl` server or `dtls` endpoint with the dialect's own CoAP profile behind it. It
acknowledges what a cloud acknowledges, notes everything, and does the rest only when the test says so.
"""

from __future__ import annotations

import random
from collections import deque
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rookery.particle.device.events import Event, event_request, parse_event, parse_subscription
from rookery.particle.device.hello import Hello, decode_hello
from rookery.particle.device.profile import TCP, UDP
from rookery.particle.device.requests import Kind, Request, classify, hello_request, time_payload
from rookery.particle.platforms import GEN3
from rookery.simulate.particle_board import ParticleBoard
from rookery.simulate.particle_channel import ParticleIdentity
from rookery.wire.coap.blockwise import Blockwise
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Code, Message
from rookery.wire.dtls.endpoint import ServerEndpoint
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.dtls.session import Session
from rookery.wire.lightssl.server import ServerConnection
from tests.fakes import ManualClock

DEVICE = "0123456789abcdef01234567"
SERVER_EC = ec.derive_private_key(1001, ec.SECP256R1())
BOARD_EC = ec.derive_private_key(5001, ec.SECP256R1())


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, bits)


def public(key: Any) -> bytes:
    der: bytes = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return der


def identity(transport: str) -> ParticleIdentity:
    if transport == "tcp":
        return ParticleIdentity(DEVICE, rsa_key(1024), public(rsa_key(2048)))
    return ParticleIdentity(DEVICE, BOARD_EC, public(SERVER_EC))


class Conversation:
    """One secure session at the cloud: its CoAP machine, and what was heard."""

    def __init__(self, desk: Desk, write: Any) -> None:
        profile = TCP if desk.transport == "tcp" else UDP
        self.desk = desk
        self.write_out = write
        self.heard: list[Message] = []
        self.responses: list[tuple[Any, Message]] = []
        self.arrived: list[Any] = []
        self.failures: list[tuple[Any, Failure]] = []
        self.raw: list[bytes] = []
        self.coap = Blockwise(
            self,
            random=random.Random(7).random,
            reliable=profile.reliable,
            quirks=profile.quirks,
            transmission=profile.transmission,
            options=profile.options,
            limits=profile.limits,
        )

    def write(self, data: bytes) -> None:
        self.write_out(data)

    def fed(self, data: bytes) -> None:
        self.raw.append(data)
        self.coap.feed(self.desk.clock.monotonic(), data)

    def request(self, now: float, ticket: int, message: Message) -> bool:
        self.heard.append(message)
        kind = classify(message)
        if kind in self.desk.deaf:
            self.coap.forget(now, ticket)
            return False
        if kind in self.desk.answers:
            self.coap.respond(now, ticket, self.desk.answers[kind])
            return False
        if kind is Kind.HELLO and self.desk.transport == "tcp":
            hello = hello_request()
            self.coap.send(now, hello.code, hello.options, timeout=1.0, confirmable=False, response=False)
        if kind is Kind.TIME:
            self.coap.respond(now, ticket, Code.CONTENT, (), time_payload(self.desk.clock.now() / 1e6))
            return False
        if kind is Kind.DESCRIBE:
            self.coap.respond(now, ticket, Code.CHANGED)
            return False
        return True

    def response(self, now: float, context: object, message: Message) -> None:
        self.responses.append((context, message))

    def acknowledged(self, now: float, context: object) -> None:
        self.arrived.append(context)

    def failed(self, now: float, context: object, failure: Failure) -> None:
        self.failures.append((context, failure))

    def kinds(self) -> list[Kind]:
        return [classify(message) for message in self.heard]

    def of(self, kind: Kind) -> list[Message]:
        return [message for message in self.heard if classify(message) is kind]

    def hello(self) -> Hello:
        return decode_hello(self.of(Kind.HELLO)[-1].payload)

    def events(self) -> list[Event]:
        return [parse_event(message) for message in self.of(Kind.EVENT)]

    def prefixes(self) -> list[str]:
        return [parse_subscription(message).prefix for message in self.of(Kind.SUBSCRIPTION)]


class StreamCloud:
    """The cloud of a board on TCP."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.conversation = Conversation(desk, lambda data: self.server.send(data))
        self.server = ServerConnection(self, rsa_key(2048), random.Random(3).randbytes)

    def identify(self, device_id: bytes, offered: bytes | None) -> None:
        assert device_id.hex() == DEVICE
        self.server.accept(public(rsa_key(1024)))

    def write(self, data: bytes) -> None:
        self.desk.to_board.append(data)

    def message(self, data: bytes) -> None:
        self.conversation.fed(data)

    def failed(self, error: Exception) -> None:
        self.desk.to_board.append(error)


class DatagramCloud:
    """The cloud of boards on UDP."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.endpoint = ServerEndpoint(self, SigningKey(SERVER_EC), Entropy(random.Random(5).randbytes))
        self.session: Session | None = None

    def write(self, address: Any, datagram: bytes) -> None:
        if address == self.desk.address:
            self.desk.to_board.append(datagram)

    def authenticate(self, key: bytes) -> object | None:
        return key if key == public(BOARD_EC) else None

    def opened(self, session: Session) -> None:
        self.session = session
        self.endpoint.name(session, bytes.fromhex(DEVICE))
        self.desk.conversations.append(Conversation(self.desk, lambda data: self.endpoint.send(session, data)))

    def message(self, session: Session, data: bytes) -> None:
        self.desk.conversations[-1].fed(data)

    def moved(self, session: Session, before: Any) -> None:
        self.desk.moves += before is not None

    def closed(self, session: Session, reason: Any) -> None:
        """The next conversation shows it."""

    def failed(self, address: Any, error: Exception) -> None:
        self.desk.refused.append(str(error))

    def unknown(self, address: Any, connection_id: bytes, name: bytes) -> Session | None:
        self.desk.unknown += 1
        return None


class Desk:
    """The board's line, with a cloud at its end. `deaf`: what the cloud does not answer; `answers`: what it refuses."""

    def __init__(self, transport: str, **options: Any) -> None:
        self.transport = transport
        self.clock = ManualClock()
        self.conversations: list[Conversation] = []
        self.to_board: deque[Any] = deque()
        self.to_cloud: deque[bytes] = deque()
        self.datagrams: list[bytes] = []
        self.deaf: set[Kind] = set()
        self.answers: dict[Kind, int] = {}
        self.reachable = True
        self.dials = 0
        self.moves = 0
        self.unknown = 0
        self.refused: list[str] = []
        self.address = ("192.0.2.1", 1000)
        self._ringing = False
        self._up = False
        self._stream: StreamCloud | None = None
        self.datagram = DatagramCloud(self) if transport == "udp" else None
        self.board = ParticleBoard(identity(transport), self.clock, random=random.Random(1), **options)

    # The board's line

    def dial(self) -> None:
        self.dials += 1
        self._ringing = True

    def send(self, data: bytes) -> None:
        if self.reachable:
            self.to_cloud.append(data)

    def hang_up(self) -> None:
        self._ringing = self._up = False
        if self._stream is not None:
            self._carry_to_cloud()
            self._stream.server.close()
            self._stream = None
        self.to_board.clear()

    # Time and wire

    def up(self) -> Desk:
        """Switched on, and everything said."""
        self.board.start(self)
        return self.settle()

    def settle(self) -> Desk:
        """Everything is said that needs no time."""
        for _ in range(10_000):
            if not self._carry():
                return self
        raise AssertionError("they never stop talking")

    def live(self, seconds: float, step: float = 0.25) -> Desk:
        """Let time pass."""
        for _ in range(round(seconds / step)):
            self.clock.turn(step)
            now = self.clock.monotonic()
            if self.conversations:
                self.conversations[-1].coap.tick(now)
            if self.datagram is not None and self.datagram.endpoint.deadline is not None:
                self.datagram.endpoint.timeout(now)
            self.settle()
        return self

    def _carry(self) -> bool:
        if self._ringing:
            self._ringing = False
            if self.transport == "udp":
                self.address = ("192.0.2.1", 1000 + self.dials)
                self._up = True
            elif self.reachable:
                self._stream = StreamCloud(self)
                self._up = True
                self.conversations.append(self._stream.conversation)
                self._stream.server.start()
            else:
                self.board.lost("unreachable")
                return True
            self.board.opened()
            return True
        busy = self._carry_to_cloud()
        while self.to_board and self._up:
            busy = True
            data = self.to_board.popleft()
            if not self.reachable:
                continue
            if isinstance(data, bytes):
                self.board.received(data)
            else:
                self.board.lost("the server has closed the connection")
        return busy

    def _carry_to_cloud(self) -> bool:
        busy = bool(self.to_cloud)
        while self.to_cloud:
            data = self.to_cloud.popleft()
            self.datagrams.append(data)
            if self._stream is not None:
                self._stream.server.feed(data)
            elif self.datagram is not None:
                self.datagram.endpoint.datagram(self.address, data, self.clock.monotonic())
        return busy

    # The cloud

    @property
    def cloud(self) -> Conversation:
        """The newest conversation."""
        return self.conversations[-1]

    def ask(self, request: Request, context: Any = "asked", timeout: float = 30.0) -> Message | None:
        """A request to the board; its response, None when there is none at once."""
        before = len(self.cloud.responses)
        now = self.clock.monotonic()
        self.cloud.coap.send(now, request.code, request.options, request.payload, context=context, timeout=timeout)
        self.settle()
        new = self.cloud.responses[before:]
        return new[0][1] if new else None

    def tell(self, name: str, data: bytes = b"", *, confirmable: bool | None = None) -> None:
        """An event to the board."""
        request = event_request(Event(name, data), GEN3, self.board.firmware.model.system_version)
        self.cloud.coap.send(
            self.clock.monotonic(),
            request.code,
            request.options,
            request.payload,
            context=name,
            timeout=60.0,
            confirmable=self.transport == "udp" if confirmable is None else confirmable,
            response=False,
        )
        self.settle()
