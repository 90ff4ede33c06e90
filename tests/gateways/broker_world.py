"""A small world for the private topic trees: the true gateway, broker and store, and clients on wires made of lists.

Nothing here waits for time: `settle` carries bytes to and fro until nobody has anything to say and the disk is quiet.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rookery.bus.local import LocalBus
from rookery.gateways.broker import BrokerLimits, SpaceBrokers
from rookery.gateways.contract import Handler, Login, Peer
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt import MqttGateway
from rookery.gateways.mqtt_connection import MqttConnection
from rookery.storage.messages import MessageFile
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.client import ClientConnection
from tests.fakes import ManualClock

Heard = tuple[str, bytes, int, bool]
"""Topic, payload, QoS, retain flag."""


class Wire:
    """The server's transport: what it writes lies in `data` until the client takes it."""

    def __init__(self, tap: Callable[[bytes], None] = lambda data: None) -> None:
        self.data = b""
        self.open = True
        self._tap = tap

    def write(self, data: bytes) -> None:
        self._tap(data)
        self.data += data

    def close(self) -> None:
        self.open = False

    abort = close

    def is_closing(self) -> bool:
        return not self.open

    def get_extra_info(self, name: str) -> Any:
        return ("192.0.2.1", 1) if name == "peername" else None

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int) -> None:
        assert high > 0

    def pause_reading(self) -> None:
        """The wire has no buffer to fill: what is said before CONNACK waits in the machine."""

    resume_reading = pause_reading


class Client:
    """One client program. It keeps its side of a session across connections."""

    def __init__(self, world: World, name: str, space: str) -> None:
        self.world = world
        self.name = name
        self.space = space
        self.machine = ClientConnection()
        self.heard: list[Heard] = []
        self.granted: list[int] = []
        self.acknowledged: list[int] = []
        self.connack: p.Connack | None = None
        self.deaf = False
        """True: what the server says is lost on the way."""
        self.tap: Callable[[bytes], None] = lambda data: None
        """Called with what the server says at the moment when it says it."""
        self._wire = Wire()
        self._server: MqttConnection | None = None

    def online(self) -> bool:
        return self._server is not None and self._wire.open

    async def come(self, *, clean: bool = True, will: p.Message | None = None) -> None:
        self._wire = Wire(lambda data: self.tap(data))
        self._server = MqttConnection(self.world.gateway, "tcp")
        self._server.connection_made(self._wire)  # type: ignore[arg-type]
        self.machine.connect(p.Connect(self.name, clean, 0, self.space, b"secret", will))
        await self.world.settle()

    async def vanish(self) -> None:
        """The connection breaks without a word."""
        assert self._server is not None
        self._wire.open = False
        self._server.connection_lost(None)
        self._server = None
        await self.world.settle()

    async def go(self) -> None:
        self.machine.disconnect()
        await self.world.settle()

    async def subscribe(self, topic_filter: str, qos: int = 0) -> None:
        self.machine.subscribe([(topic_filter, qos)])
        await self.world.settle()

    async def unsubscribe(self, topic_filter: str) -> None:
        self.machine.unsubscribe([topic_filter])
        await self.world.settle()

    async def publish(self, topic: str, payload: bytes = b"x", qos: int = 0, *, retain: bool = False) -> int:
        packet_id = self.machine.publish(topic, payload, qos, retain=retain)
        await self.world.settle()
        return packet_id

    def exchange(self) -> bool:
        """Carry what there is in both directions. False when there was nothing."""
        data, self._wire.data = self._wire.data, b""
        moved = bool(data)
        for packet in self.machine.feed(data) if data and not self.deaf else ():
            self._hear(packet)
        said = self.machine.take() if self.online() else b""
        if said and self._server is not None:
            self._server.data_received(said)
            moved = True
        if self._server is not None and not self._wire.open and not self._wire.data:
            self._server.connection_lost(None)
            self._server = None
            moved = True
        return moved

    def take(self) -> list[Heard]:
        """What was heard since the last time."""
        heard, self.heard = self.heard, []
        return heard

    def _hear(self, packet: p.Packet) -> None:
        match packet:
            case p.Publish(topic, payload, qos, retain):
                self.heard.append((topic, payload, qos, retain))
            case p.Suback(_, codes):
                self.granted += codes
            case p.Puback(packet_id) | p.Pubcomp(packet_id):
                self.acknowledged.append(packet_id)
            case p.Connack():
                self.connack = packet


class World:
    """One server with its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clients: dict[str, Client] = {}

    async def start(self, limits: BrokerLimits | None = None, mqtt: MqttLimits | None = None, **options: Any) -> World:
        self.folder.mkdir(exist_ok=True)
        self.store = await MessageFile.open(self.folder / "messages.db", **options)
        self.bus = LocalBus()
        self.brokers = SpaceBrokers(self.store, self.bus, limits)
        self.gateway = MqttGateway([self], ManualClock(), limits=mqtt, keeper=self.store)
        self.restored = self.brokers.restore(self.gateway.adopt)
        return self

    async def stop(self) -> None:
        await self.gateway.stop()
        await self.store.close()

    async def authenticate(self, login: Login, peer: Peer) -> Handler | None:
        """Everybody who says so lives in the space of the user name."""
        assert login.username is not None
        return self.brokers.handler(
            login.username, clean_session=login.clean_session, client_id="key of " + login.username
        )

    def client(self, name: str) -> Client:
        """`home/cat` is the client `cat` in the space `home`."""
        client = self.clients.get(name)
        if client is None:
            space, _, id = name.rpartition("/")
            client = self.clients[name] = Client(self, id, space or "home")
        return client

    async def settle(self) -> None:
        quiet = 0
        while quiet < 4:
            quiet += 1
            for client in list(self.clients.values()):
                if client.exchange():
                    quiet = 0
            await asyncio.sleep(0)
            await self.store.flush()

    async def after_power_cut(self, folder: Path, **options: Any) -> World:
        """What a server would find that starts on the files as they are now, whatever this one still has in hand."""
        self.copy(folder)
        return await World(folder).start(**options)

    def copy(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("messages.db", "messages.db-wal"):
            if (self.folder / name).exists():
                shutil.copyfile(self.folder / name, folder / name)
