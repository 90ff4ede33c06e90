"""Simulated boards and the real server side of the MQTT API, machine to machine: no sockets, a clock turned by hand."""

from __future__ import annotations

import asyncio
from collections import deque
from random import Random

from rookery.arduino.device.login import SecretKeyLogin
from rookery.arduino.types import property_type
from rookery.core.records import Device, Thing, UpdatePolicy
from rookery.core.variables import VariableSpec
from rookery.gateways.mqtt import MqttGateway
from rookery.gateways.mqtt_connection import MqttConnection
from rookery.simulate.board import Board, Identity
from rookery.simulate.sensors import SENSORS
from rookery.simulate.sketch import Sketch
from tests.arduino.device.conversation import World as Conversation
from tests.gateways.mqtt_world import ListTransport

SECRET = "s3cret"
STEP = 0.25
"""Seconds of the clock between two looks at what was said. Shorter than the shortest patience of a board."""


class Wire:
    """The line of a board: the other end is a connection of the gateway."""

    def __init__(self, world: World, board: Board) -> None:
        self.board = board
        self.reachable = True
        self._world = world
        self._transport: ListTransport | None = None
        self._said: deque[bytes] = deque()
        self._ringing = False

    def dial(self) -> None:
        self._ringing = True

    def send(self, data: bytes) -> None:
        self._said.append(data)

    def hang_up(self) -> None:
        self._ringing = False
        self._said.clear()
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.gone()

    def carry(self) -> bool:
        """Bring what was said to the other side; whether there was anything."""
        if self._ringing:
            self._ringing = False
            if self.reachable:
                self._transport = ListTransport()
                self._transport.protocol = connection = MqttConnection(self._world.gateway, "wss")
                connection.connection_made(self._transport)
                self.board.opened()
            else:
                self.board.lost("unreachable")
            return True
        transport = self._transport
        if transport is None:
            return False
        busy = False
        while self._said and transport.protocol is not None:
            busy = True
            transport.protocol.data_received(self._said.popleft())
        while transport.writes and self._transport is transport:
            busy = True
            self.board.received(transport.writes.pop(0))
        if transport.ended and self._transport is transport:
            self._transport = None
            transport.gone()
            self.board.lost("the server has closed the connection")
            return True
        return busy

    def cut(self) -> None:
        """The network is gone; both sides notice."""
        transport, self._transport = self._transport, None
        assert transport is not None
        transport.gone()
        self.board.lost("cut")


class World(Conversation):
    """A person with devices, things and simulated boards."""

    gateway: MqttGateway
    wires: list[Wire]

    @classmethod
    async def open(cls) -> World:
        """Everything there, nobody connected."""
        world = await cls.build(attached=False)
        assert isinstance(world, cls)
        world.gateway = MqttGateway([SecretKeyLogin(world.services)], world.clock)
        world.wires = []
        return world

    async def plug(
        self, kind: type[Board], *symbols: str, attached: bool = True, seed: int = 1
    ) -> tuple[Board, Device, Thing]:
        """A device, a thing with these sensors, and a board that is switched on."""
        device = await self.services.devices.create(self.who, "arduino", "mkrwifi1010", secret=SECRET)
        thing = await self.thing_of(symbols, device.id if attached else None)
        sketch = Sketch(symbols, Random(seed), self.clock.now())
        board = kind(Identity(device.id, SECRET), sketch, self.clock)
        wire = Wire(self, board)
        self.wires.append(wire)
        board.start(wire)
        await self.settle()
        return board, device, thing

    async def thing_of(self, symbols: tuple[str, ...], device_id: str | None = None) -> Thing:
        """A thing with these sensors."""
        return await self.services.things.create(
            self.who,
            name="Simulated",
            timezone="Europe/Rome",
            device_id=device_id,
            variables=[
                VariableSpec(
                    name=symbol,
                    type=SENSORS[symbol].type,
                    kind=property_type(SENSORS[symbol].type).kind,
                    writable=SENSORS[symbol].writable,
                    policy=UpdatePolicy.ON_CHANGE,
                )
                for symbol in symbols
            ],
        )

    async def settle(self) -> None:
        """Let everything be said and done that needs no time."""
        quiet = 0
        while quiet < 10:
            busy = [wire.carry() for wire in self.wires]
            quiet = 0 if any(busy) else quiet + 1
            await asyncio.sleep(0)

    async def live(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds / STEP)):
            self.clock.turn(STEP)
            await self.settle()

    async def stop(self) -> None:
        """Switch everything off."""
        for wire in self.wires:
            wire.board.stop()
        await self.settle()
        await self.gateway.stop()

    async def shown(self, thing: Thing) -> dict[str, object]:
        """The last values of a thing, as the server knows them."""
        live = await self.services.live.get(thing.id)
        assert live is not None
        return {symbol: v.value for symbol, v in live.by_symbol.items() if v.value is not None}

    async def set(self, thing: Thing, **values: object) -> None:
        """A person writes values."""
        live = await self.services.live.get(thing.id)
        assert live is not None
        await self.services.values.write(live, [(live.by_symbol[k], v) for k, v in values.items()])  # type: ignore[misc]
        await self.settle()
