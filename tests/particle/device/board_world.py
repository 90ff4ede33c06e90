"""A front over services in memory, and connections whose other end is the test."""

from __future__ import annotations

import asyncio
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.core.errors import CoreError
from rookery.core.events import Event
from rookery.core.records import Device
from rookery.gateways.coap_contract import Gone, Peer
from rookery.particle.device.board import Board
from rookery.particle.device.describe import Described, encode_application
from rookery.particle.device.events import Event as WireEvent
from rookery.particle.device.events import Subscription, board_event_request, subscription_request
from rookery.particle.device.front import ParticleFront
from rookery.particle.device.goodbye import Goodbye, encode_goodbye
from rookery.particle.device.hello import (
    COMPRESSED_OTA,
    DESCRIBES_ITSELF,
    DIAGNOSTICS,
    GOODBYE,
    IMMEDIATE_UPDATES,
    OTA_V3,
    Hello,
    encode_hello,
)
from rookery.particle.device.requests import Request, describe_post, goodbye_request, hello_request
from rookery.wire.coap.errors import TooBusy
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, Code, Message
from rookery.wire.coap.options import URI_PATH
from tests.fakes import ManualClock, memory_services, settled

FLAGS = DIAGNOSTICS | IMMEDIATE_UPDATES | GOODBYE | DESCRIBES_ITSELF | COMPRESSED_OTA | OTA_V3
ARGON = 12
BOARD_ID = "e00fce681111222233334444"


def key_of(number: int) -> bytes:
    """The public key of the board with this number."""
    key = ec.derive_private_key(9_000 + number, ec.SECP256R1()).public_key()
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def hello(**fields: Any) -> Hello:
    """That of an Argon with Device OS 6.2.0."""
    usual: dict[str, Any] = {
        "product_id": ARGON,
        "flags": FLAGS,
        "platform_id": ARGON,
        "device_id": BOARD_ID,
        "system_version": 6_200,
        "max_message": 1_152,
        "ota_chunk": 512,
    }
    return Hello(**(usual | fields))


class Sent:
    """A request of ours."""

    def __init__(self, code: int, options: Any, payload: bytes, fields: dict[str, Any]) -> None:
        self.code = code
        self.options = options
        self.payload = payload
        self.context = fields["context"]
        self.timeout = fields["timeout"]
        self.confirmable = fields["confirmable"]
        self.response = fields["response"]
        self.open = True

    @property
    def path(self) -> list[str]:
        return [value.decode() for number, value in self.options if number == URI_PATH]

    @property
    def queries(self) -> list[bytes]:
        return [value for number, value in self.options if number == 15]


class FakeConnection:
    """A `Connection`; the test speaks with `handler`."""

    def __init__(self, clock: ManualClock, transport: str, public_key: bytes | None, name: bytes = b"") -> None:
        self.clock = clock
        self.peer = Peer(transport, "192.0.2.7", 40_000)
        self.reliable = transport == "tcp"
        self.name = name
        self.public_key = public_key
        self.last_heard = clock.monotonic()
        self.ended = False
        self.unsent = 0
        self.named: list[bytes] = []
        self.sent: list[Sent] = []
        self.responses: dict[int, tuple[int, bytes]] = {}
        self.acknowledged: list[int] = []
        self.forgotten: list[int] = []
        self.alive: tuple[float, bool] | None = None
        self.closed: tuple[str, bool] | None = None
        self.busy = False
        self.pings: list[object] = []
        self.handler: Any = None

    def send(
        self,
        code: int,
        options: Any = (),
        payload: bytes = b"",
        *,
        context: object = None,
        timeout: float = 30.0,
        confirmable: bool = True,
        response: bool = True,
        token: bytes | None = None,
    ) -> object:
        if self.ended:
            raise Gone("the connection has ended")
        if self.busy:
            raise TooBusy("full")
        fields = {"context": context, "timeout": timeout, "confirmable": confirmable, "response": response}
        sent = Sent(code, options, payload, fields)
        self.sent.append(sent)
        return sent

    def ping(self, timeout: float, context: object = None) -> object:
        if self.ended:
            raise Gone("the connection has ended")
        self.pings.append(context)
        return context

    def cancel(self, handle: object) -> None:
        if isinstance(handle, Sent):
            handle.open = False

    def respond(self, ticket: int, code: int, options: Any = (), payload: bytes = b"") -> bool:
        self.responses[ticket] = (code, payload)
        return True

    def acknowledge(self, ticket: int) -> None:
        self.acknowledged.append(ticket)

    def committed(self, tickets: list[int]) -> None:
        self.acknowledged += tickets

    def refused(self, tickets: list[int], reason: str) -> None:
        for ticket in tickets:
            self.responses[ticket] = (Code.SERVICE_UNAVAILABLE, b"")

    def forget(self, ticket: int) -> None:
        self.forgotten.append(ticket)

    def reset(self, message_id: int = 0) -> None:
        raise AssertionError("nobody resets")

    def name_session(self, device_id: bytes) -> None:
        self.named.append(device_id)
        self.name = device_id

    def keep_alive(self, interval: float, *, probe: bool = False) -> None:
        self.alive = (interval, probe)

    def close(self, reason: str, *, renew: bool = False) -> None:
        if self.ended:
            return
        self.ended = True
        self.closed = (reason, renew)
        for sent in self.sent:
            if sent.open and sent.context is not None:
                sent.open = False
                self.handler.failed(sent.context, Failure.CLOSED)
        self.handler.closed(reason)


class World:
    """One front, its services and its clock."""

    def __init__(self, **options: Any) -> None:
        self.clock = ManualClock()
        self.services = memory_services(clock=self.clock)
        self.front = ParticleFront(self.services, **options)
        self.heard: list[Event] = []
        self.services.bus.listen("events", self.heard.append)

    @property
    def told(self) -> list[tuple[str, str]]:
        """Names and texts of what the streams have shown."""
        return [(event.name, (event.data or b"").decode()) for event in self.heard]

    async def device(self, hex_id: str = BOARD_ID) -> Device:
        found = await self.services.enrolment.get(hex_id)
        assert found is not None
        return found

    async def written(self) -> None:
        """What boards said of themselves is in the catalog."""
        await rest()
        self.clock.turn(1.0)
        await rest()

    def talk(self, number: int = 1, transport: str = "udp", name: str = "") -> Talk:
        connection = FakeConnection(self.clock, transport, key_of(number), bytes.fromhex(name))
        return Talk(self, connection, self.front.arrived(connection))

    async def board(self, number: int = 1, *, transport: str = "udp", **fields: Any) -> Talk:
        """One that has said Hello and described itself: function `beep`, variables of all types."""
        said = hello(**fields)
        talk = self.talk(number, transport, said.device_id if transport == "tcp" else "")
        await talk.say(hello_request(encode_hello(said)))
        described = Described(
            functions=["beep"], variables={"count": "int32", "level": "double", "mood": "string", "on": "bool"}
        )
        await talk.say(describe_post(2, encode_application(described)))
        talk.connection.sent.clear()
        return talk

    async def claimed(self, owner: str = "somebody", **fields: Any) -> Talk:
        """The same, and it belongs to somebody."""
        talk = await self.board(**fields)
        await self.services.claims.give(talk.board.device, owner)
        self.heard.clear()
        return talk


class Talk:
    """A conversation: the test is the board."""

    def __init__(self, world: World, connection: FakeConnection, board: Board) -> None:
        self.world = world
        self.connection = connection
        self.board = board
        connection.handler = board
        self.ticket = 0

    def begin(self, request: Request, *, confirmable: bool = True, token: bytes = b"") -> int:
        """Say it, and do not wait. Returns its ticket."""
        self.ticket += 1
        self.connection.last_heard = self.world.clock.monotonic()
        kind = CONFIRMABLE if confirmable else NON_CONFIRMABLE
        message = Message(kind, request.code, self.ticket, token, request.options, request.payload)
        if self.board.request(message, self.ticket):
            self.connection.acknowledged.append(self.ticket)
        return self.ticket

    async def say(self, request: Request, *, confirmable: bool = True, token: bytes = b"") -> int:
        """Say it, and wait until all has happened that follows."""
        ticket = self.begin(request, confirmable=confirmable, token=token)
        await rest()
        return ticket

    async def publish(self, name: str, data: bytes = b"", *, confirmable: bool = True, **fields: Any) -> int:
        return await self.say(board_event_request(WireEvent(name, data, **fields), 6_200), confirmable=confirmable)

    async def subscribe(self, prefix: str, **fields: Any) -> int:
        return await self.say(subscription_request(Subscription(prefix, **fields)))

    async def leave(self) -> int:
        return await self.say(goodbye_request(encode_goodbye(Goodbye(cloud="user"))))

    def answer(self, code: int, payload: bytes = b"", which: int = -1) -> None:
        """Answer a question of the server."""
        sent = self.connection.sent[which]
        sent.open = False
        self.board.response(sent.context, Message(ACKNOWLEDGEMENT, code, 1, b"x", (), payload))

    async def ask(self, question: Any, code: int, payload: bytes = b"") -> Any:
        """Let somebody ask, and answer. Returns what comes back, or the error."""
        task = asyncio.ensure_future(question)
        await rest()
        self.answer(code, payload)
        return await result(task)

    def outcome(self, ticket: int) -> object:
        """`ack`, the code of the answer, or None while there is none."""
        if ticket in self.connection.responses:
            return self.connection.responses[ticket][0]
        return "ack" if ticket in self.connection.acknowledged else None


async def result(task: Any) -> Any:
    """What a question came to."""
    try:
        return await task
    except CoreError as error:
        return error


async def rest() -> None:
    """Everything that could happen without the clock has happened."""
    for _ in range(20):
        await settled()
