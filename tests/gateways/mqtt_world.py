"""A gateway without sockets: clients are the client machine on a transport of lists, time is turned by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any

from rookery.gateways.contract import Handler, Login, LoginRefused, Peer, Session
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt import MqttGateway
from rookery.gateways.mqtt_connection import MqttConnection
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.client import ClientConnection

KEY = b"key"


class ManualTimer:
    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self.callback: Callable[..., Any] | None = callback
        self.args = args

    def cancel(self) -> None:
        self.callback = None


class ManualClock:
    """`core.clock.Clock`, turned by `advance`."""

    def __init__(self) -> None:
        self.time = 1_000.0
        self._timers: list[tuple[float, int, ManualTimer]] = []
        self._order = count()

    def now(self) -> int:
        return int(self.time * 1e6)

    def monotonic(self) -> float:
        return self.time

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> ManualTimer:
        timer = ManualTimer(callback, args)
        heappush(self._timers, (self.time + delay, next(self._order), timer))
        return timer

    def waiting(self) -> int:
        return sum(timer.callback is not None for _, _, timer in self._timers)

    def advance(self, seconds: float) -> None:
        end = self.time + seconds
        while self._timers and self._timers[0][0] <= end:
            self.time, _, timer = heappop(self._timers)
            if timer.callback is not None:
                timer.callback(*timer.args)
        self.time = end


class Recorder:
    """A handler that writes down what it hears."""

    def __init__(self, realm: str = "boards", *, exclusive: bool = True, persistent: bool = True) -> None:
        self.realm = realm
        self.exclusive = exclusive
        self.persistent = persistent
        self.heard: list[tuple[Any, ...]] = []
        self.session: Session | None = None
        self.refuse: set[str] = set()
        self.keep_tickets = False
        self.tickets: list[int] = []
        self.on_subscribed: Callable[[str], None] | None = None
        self.fail = False

    def opened(self, session: Session) -> None:
        self.session = session
        self.heard.append(("opened",))

    def subscribe(self, topic_filter: str, qos: int) -> int:
        self.heard.append(("subscribe", topic_filter, qos))
        return 0x80 if topic_filter in self.refuse else qos

    def subscribed(self, topic_filter: str, qos: int) -> None:
        self.heard.append(("subscribed", topic_filter, qos))
        if self.on_subscribed:
            self.on_subscribed(topic_filter)

    def unsubscribed(self, topic_filter: str) -> None:
        self.heard.append(("unsubscribed", topic_filter))

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, ticket: int) -> bool:
        if self.fail:
            raise RuntimeError("a handler that fails")
        self.heard.append(("publish", topic, payload, qos, retain))
        if ticket and self.keep_tickets:
            self.tickets.append(ticket)
            return False
        return True

    def closed(self, reason: str, *, clean: bool) -> None:
        self.heard.append(("closed", clean))

    def take(self) -> list[tuple[Any, ...]]:
        heard, self.heard = self.heard, []
        return heard


class Lobby:
    """An authenticator: user `board` with the key, each with a fresh handler; others are not its business."""

    def __init__(self, make: Callable[[Login], Recorder]) -> None:
        self.make = make
        self.handlers: list[Recorder] = []
        self.asked: list[tuple[Login, Peer]] = []
        self.gate: asyncio.Event | None = None
        self.fail = False

    async def authenticate(self, login: Login, peer: Peer) -> Handler | None:
        self.asked.append((login, peer))
        if self.gate:
            await self.gate.wait()
        if self.fail:
            raise RuntimeError("an authenticator that fails")
        if login.username != "board":
            return None
        if login.password != KEY:
            raise LoginRefused("wrong key")
        handler = self.make(login)
        self.handlers.append(handler)
        return handler


class ListTransport(asyncio.Transport):
    """Keeps what is written; `stuck` bytes pretend that the client does not read."""

    def __init__(self) -> None:
        super().__init__()
        self.protocol: MqttConnection | None = None
        self.writes: list[bytes] = []
        self.reading = True
        self.ended = ""
        self.stuck = 0
        self.high = 0

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("192.0.2.1", 4711) if name == "peername" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high = high or 0

    def get_write_buffer_size(self) -> int:
        return self.stuck

    def write(self, data: Any) -> None:
        if not self.ended:
            self.writes.append(bytes(data))

    def pause_reading(self) -> None:
        assert self.reading
        self.reading = False

    def resume_reading(self) -> None:
        assert not self.reading
        self.reading = True

    def is_closing(self) -> bool:
        return bool(self.ended)

    def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = "aborted"

    def gone(self) -> None:
        """The other side is away."""
        assert self.protocol is not None
        self.ended = self.ended or "lost"
        self.protocol.connection_lost(None)


class Client:
    """One client of the gateway."""

    def __init__(self, gateway: MqttGateway, listener: str = "tcp") -> None:
        self.machine = ClientConnection()
        self.transport = ListTransport()
        self.connection = MqttConnection(gateway, listener)
        self.transport.protocol = self.connection
        self.connection.connection_made(self.transport)

    def send(self, data: bytes | None = None) -> None:
        if data is None:
            data = self.machine.take()
        if data:
            self.connection.data_received(data)

    def receive(self) -> list[p.Packet]:
        data = b"".join(self.transport.writes)
        self.transport.writes.clear()
        return self.machine.feed(data)

    def exchange(self) -> list[p.Packet]:
        events: list[p.Packet] = []
        while self.machine.output or self.transport.writes:
            self.send()
            events += self.receive()
        return events

    async def connect(self, client_id: str = "c", **options: Any) -> list[p.Packet]:
        options = {"username": "board", "password": KEY, **options}
        self.machine.connect(p.Connect(client_id, **options))
        self.send()
        await settle()
        return self.exchange()

    @property
    def ended(self) -> str:
        return self.transport.ended


async def settle() -> None:
    """Let tasks that wait for nothing run."""
    for _ in range(10):
        await asyncio.sleep(0)


class Keeper:
    """`SessionKeeper` in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], dict[str, Any]] = {}

    def keep(self, realm: str, state: Any) -> None:
        self.kept[realm, state.client_id] = state.dump()

    def forget(self, realm: str, client_id: str) -> None:
        self.kept.pop((realm, client_id), None)


class World:
    def __init__(self, *, limits: MqttLimits | None = None, **handler: Any) -> None:
        self.clock = ManualClock()
        self.keeper = Keeper()
        self.lobby = Lobby(lambda login: Recorder(**handler))
        self.gateway = MqttGateway(
            [self.lobby], self.clock, limits=limits, keeper=self.keeper, make_client_id=lambda: "made"
        )

    def client(self, listener: str = "tcp") -> Client:
        return Client(self.gateway, listener)

    async def joined(self, client_id: str = "c", *, listener: str = "tcp", **options: Any) -> tuple[Client, Recorder]:
        """A client that is in, and its handler."""
        client = self.client(listener)
        (connack,) = await client.connect(client_id, **options)
        assert isinstance(connack, p.Connack)
        assert connack.code == 0
        handler = self.lobby.handlers[-1]
        assert handler.heard[0] == ("opened",)
        handler.heard.remove(("opened",))
        return client, handler
