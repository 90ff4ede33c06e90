"""A client of the device API without a network: what the gateway would do, and what the client would see."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import cbor2

from rookery.arduino.device import commands
from rookery.arduino.device.board import BoardHandler
from rookery.arduino.device.user import UserHandler
from rookery.core.access import Principal
from rookery.core.records import Device, Thing, UpdatePolicy, ValueKind
from rookery.core.services import Services
from rookery.core.variables import VariableSpec
from rookery.gateways.contract import Peer
from tests.fakes import ManualClock, MemoryTelemetry, memory_services

VARIABLES = (
    ("led", "STATUS", ValueKind.BOOL, True),
    ("counter", "INT", ValueKind.INT, True),
    ("temperature", "TEMPERATURE", ValueKind.FLOAT, False),
    ("name", "CHARSTRING", ValueKind.STRING, True),
    ("color", "COLOR_HSB", ValueKind.COMPOSITE, True),
)


class Sent(NamedTuple):
    """One message that the client got."""

    topic: str
    payload: bytes
    qos: int


class Client:
    """One connection. It is the gateway's `Session` for the handler."""

    def __init__(self, handler: Any, client_id: str) -> None:
        self.handler = handler
        self.client_id = client_id
        self.peer = Peer("tls", "192.0.2.7:50000")
        self.watch_keepalive = True
        self.got: list[Sent] = []
        self.acknowledged: list[int] = []
        self.refused_with: str | None = None
        self.closed_with: str | None = None
        self._granted: dict[str, int] = {}
        self._ticket = 0

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> None:
        """The server sends a message: only to topics that are subscribed, or the test is wrong about something."""
        assert topic in self._granted, f"{topic} is not subscribed"
        assert qos <= self._granted[topic]
        self.got.append(Sent(topic, payload, qos))

    def committed(self, tickets: list[int]) -> None:
        """PUBACK."""
        self.acknowledged += tickets

    def refused(self, tickets: list[int], reason: str) -> None:
        """The store could not keep them."""
        self.refused_with = reason

    def close(self, reason: str) -> None:
        """The server ends the connection."""
        self.closed_with = reason
        self.handler.closed(reason, clean=False)

    def connect(self) -> Client:
        """CONNECT has been accepted."""
        self.handler.opened(self)
        return self

    def subscribe(self, topic: str, qos: int = 0) -> int:
        """SUBSCRIBE, SUBACK, and what follows from it. Returns the return code."""
        code: int = self.handler.subscribe(topic, qos)
        if code != 0x80:
            self._granted[topic] = code
            self.handler.subscribed(topic, code)
        return code

    def unsubscribe(self, topic: str) -> None:
        """UNSUBSCRIBE."""
        self._granted.pop(topic, None)
        self.handler.unsubscribed(topic)

    def send(self, topic: str, payload: bytes | str, qos: int = 0) -> int:
        """PUBLISH. Returns its ticket."""
        data = bytes.fromhex(payload) if isinstance(payload, str) else payload
        self._ticket += 1
        ticket = self._ticket if qos else 0
        if self.handler.publish(topic, data, qos, False, ticket) and ticket:
            self.acknowledged.append(ticket)
        return ticket

    def disconnect(self) -> None:
        """The connection has ended."""
        self.handler.closed("bye", clean=True)

    def take(self) -> list[Sent]:
        """What came since the last look."""
        got, self.got = self.got, []
        return got

    def take_commands(self) -> list[Any]:
        """The commands that came since the last look; everything else fails the test."""
        got = self.take()
        assert all(s.topic.endswith("/c/dw") for s in got), got
        return [commands.decode(s.payload) for s in got]

    def take_values(self) -> list[tuple[str, dict[str, Any]]]:
        """The SenML packs that came since the last look, as names and values."""
        return [(s.topic, values_of(s.payload)) for s in self.take()]


class World:
    """A person with a thing of five variables and a device that feeds it."""

    services: Services
    clock: ManualClock
    telemetry: MemoryTelemetry
    who: Principal
    device: Device
    thing: Thing

    @classmethod
    async def build(cls, *, attached: bool = True) -> World:
        """Everything there, nobody connected."""
        world = cls()
        world.clock = ManualClock()
        world.services = services = memory_services(clock=world.clock)
        telemetry = services.telemetry
        assert isinstance(telemetry, MemoryTelemetry)
        world.telemetry = telemetry
        person = await services.people.create("ada@example.org", password="correct horse battery")
        world.who = await services.people.principal(person.id)
        world.device = await services.devices.create(world.who, "arduino", "login_and_secretkey_wifi", secret="s3cret")
        world.thing = await world.new_thing("Greenhouse", world.device.id if attached else None)
        return world

    async def new_thing(self, name: str, device_id: str | None = None, *, timezone: str = "Europe/Rome") -> Thing:
        """Another thing with the same variables."""
        return await self.services.things.create(
            self.who,
            name=name,
            timezone=timezone,
            device_id=device_id,
            variables=[
                VariableSpec(name=symbol, type=type, kind=kind, writable=writable, policy=UpdatePolicy.ON_CHANGE)
                for symbol, type, kind, writable in VARIABLES
            ],
        )

    async def board(self) -> Client:
        """The device logs in."""
        handler = BoardHandler(self.services, self.device)
        await handler.prepare()
        return Client(handler, self.device.id).connect()

    async def user(self) -> Client:
        """A program of the person logs in."""
        await self.services.index.load(self.who.space_id)
        return Client(UserHandler(self.services, self.who), self.who.person_id).connect()

    async def attach(self, thing: Thing, device_id: str | None) -> None:
        """A person attaches a device to a thing, or detaches it."""
        await self.services.things.update(self.who, thing.id, {}, device_id=device_id, change_device=True, force=True)
        await settle()

    async def write(self, **values: Any) -> None:
        """A person writes values to the thing."""
        live = await self.services.live.get(self.thing.id)
        assert live is not None
        await self.services.values.write(live, [(live.by_symbol[k], v) for k, v in values.items()])

    async def last(self) -> dict[str, Any]:
        """The last values of the thing."""
        live = await self.services.live.get(self.thing.id)
        assert live is not None
        return {symbol: v.value for symbol, v in live.by_symbol.items() if v.value is not None}

    def dev(self, channel: str) -> str:
        """A topic of the device."""
        return f"/a/d/{self.device.id}/{channel}"

    def top(self, channel: str, thing: Thing | None = None) -> str:
        """A topic of the thing."""
        return f"/a/t/{(thing or self.thing).id}/{channel}"


async def settle() -> None:
    """Let everything that was started come to its end."""
    for _ in range(20):
        await asyncio.sleep(0)


def pack(*records: dict[int, Any]) -> bytes:
    """A SenML pack."""
    return cbor2.dumps(list(records))


def values_of(payload: bytes) -> dict[str, Any]:
    """Names and values of a pack."""
    return {r[0]: next(v for k, v in r.items() if k in (2, 3, 4)) for r in cbor2.loads(payload)}
