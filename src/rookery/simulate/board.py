"""What the simulated boards of both libraries have in common: the life of a connection, and the sensors behind it.

A board is a machine without sockets and without a clock of its own. Contract with its shell:

* The machine calls `Line.dial`, `Line.send` and `Line.hang_up`. After `dial` the shell answers with exactly one of
  `opened` and `lost`; after `opened` it calls `received` for what comes, and `lost` once when the connection ends,
  unless the machine has hung up itself: then nothing more is heard of that connection.
* All times come from the `Clock`: a board with a manual clock lives through a day in a moment.
* Everything a real board does by itself is here: waiting, repeating, giving up, dialling again. A shell has no policy.

What a simulated board does not do: answer an update over the air (it puts it off, as a sketch may that asks its owner
first), keep its values over a restart of the simulator, and limit itself to one message each time round its loop.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, ClassVar, NamedTuple, Protocol

from rookery.arduino.device.topics import DeviceTopics
from rookery.core.clock import Clock, Timer
from rookery.core.records import ValueKind
from rookery.simulate.sensors import Simple
from rookery.simulate.sketch import Sketch
from rookery.wire import senml
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.client import ClientConnection
from rookery.wire.mqtt.errors import PeerError

REFUSED = 0x80
"""SUBACK return code of a refused subscription (MQTT 3.1.1, section 3.9.3)."""


class Line(Protocol):
    """What a board asks of its shell."""

    def dial(self) -> None:
        """Open a connection."""

    def send(self, data: bytes) -> None:
        """Send these bytes."""

    def hang_up(self) -> None:
        """Close the connection, or stop opening it."""


class Identity(NamedTuple):
    """Who a board is."""

    device_id: str
    secret: str


class Life(Enum):
    """Where a connection stands."""

    OFF = "off"
    WAITING = "waiting to dial again"
    DIALLING = "dialling"
    GREETING = "CONNECT is sent"
    ONLINE = "online"


class Board(ABC):
    """One board. Subclasses say what is said once it is online, and when it dials again."""

    keepalive: ClassVar[int]
    """Seconds, as CONNECT says them."""
    patience: ClassVar[float]
    """Seconds that the library waits for an acknowledgement before it gives the connection up."""

    def __init__(self, identity: Identity, sketch: Sketch, clock: Clock) -> None:
        self.identity = identity
        self.sketch = sketch
        self.life = Life.OFF
        self.messages = 0
        """PUBLISH packets with values so far."""
        self.losses = 0
        """Connections that ended otherwise than by `stop`, and attempts that failed."""
        self.trouble = ""
        """Why the last of them ended."""
        self.thing_id: str | None = None
        self.topics = DeviceTopics(identity.device_id)
        self._clock = clock
        self._line: Line | None = None
        self._mqtt = ClientConnection()
        self._timers: dict[str, Timer] = {}

    @property
    def online(self) -> bool:
        """Whether the server has accepted it."""
        return self.life is Life.ONLINE

    # The side of the shell

    def start(self, line: Line) -> None:
        """Power on."""
        self._line = line
        self._pace()
        self._dial()

    def stop(self) -> None:
        """Power off, in a friendly way."""
        if self.online:
            self._mqtt.disconnect()
            self._flush()
        self._leave(Life.OFF)
        self._cancel_all()

    def opened(self) -> None:
        """The connection is there: CONNECT."""
        self.life = Life.GREETING
        device_id, secret = self.identity
        self._mqtt.connect(p.Connect(device_id, True, self.keepalive, device_id, secret.encode()))
        self._after("acknowledgement", self.patience, self._fail, "no CONNACK")
        self._flush()

    def received(self, data: bytes) -> None:
        """Bytes from the server."""
        try:
            for packet in self._mqtt.feed(data):
                self._packet(packet)
                if self.life not in (Life.GREETING, Life.ONLINE):
                    return
        except PeerError as error:
            self._fail(f"the server broke the standard: {error}")
            return
        self._flush()

    def lost(self, reason: str) -> None:
        """The connection has ended, or could not be opened."""
        self.life = Life.WAITING
        self._down(reason)

    # For subclasses

    @abstractmethod
    def _joined(self) -> None:
        """CONNACK 0 has come."""

    @abstractmethod
    def _acknowledged(self, packet_id: int, refused: bool) -> None:
        """SUBACK, UNSUBACK or PUBACK has come."""

    @abstractmethod
    def _message(self, topic: str, payload: bytes) -> None:
        """A message has come."""

    @abstractmethod
    def _changed(self, symbol: str) -> None:
        """The sketch has set a variable."""

    @abstractmethod
    def _down(self, reason: str) -> None:
        """The connection is gone: what now?"""

    def _dial(self) -> None:
        self.life = Life.DIALLING
        if self._line is not None:
            self._line.dial()

    def _wait_and_dial(self, seconds: float, reason: str) -> None:
        """Count this failure, and try again later. No timer of the old connection survives but the sketch's."""
        self.losses += 1
        self.trouble = reason
        self._leave(Life.WAITING)
        self._after("dial", seconds, self._dial)

    def _fail(self, reason: str) -> None:
        """End this connection, as the library does that is not satisfied with it."""
        self._down(reason)

    def _leave(self, life: Life) -> None:
        if self._line is not None and self.life in (Life.DIALLING, Life.GREETING, Life.ONLINE):
            self._line.hang_up()
        self.life = life
        for name in list(self._timers):
            if name != "sketch":
                self._cancel(name)

    def _flush(self) -> None:
        if self._line is not None and self._mqtt.output:
            self._line.send(self._mqtt.take())

    def _after(self, name: str, seconds: float, callback: Callable[..., Any], *args: Any) -> None:
        """Call back later; a timer of the same name is replaced. What the callback has to say is sent."""
        self._cancel(name)
        self._timers[name] = self._clock.call_later(seconds, self._ring, name, callback, args)

    def _ring(self, name: str, callback: Callable[..., Any], args: Sequence[Any]) -> None:
        self._timers.pop(name, None)
        callback(*args)
        if self.life in (Life.GREETING, Life.ONLINE):
            self._flush()

    def _cancel(self, name: str) -> None:
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _cancel_all(self) -> None:
        for name in list(self._timers):
            self._cancel(name)

    def _pace(self) -> None:
        self._after("sketch", self.sketch.pause(), self._step)

    def _step(self) -> None:
        self._pace()
        symbol = self.sketch.step(self._clock.now())
        if symbol is not None:
            self._changed(symbol)

    def _packet(self, packet: p.Packet) -> None:
        match packet:
            case p.Publish(topic, payload):
                self._message(topic, payload)
            case p.Suback(packet_id, codes):
                self._acknowledged(packet_id, REFUSED in codes)
            case p.Puback(packet_id) | p.Unsuback(packet_id):
                self._acknowledged(packet_id, False)
            case p.Connack(p.ACCEPTED):
                self._cancel("acknowledgement")
                self.life = Life.ONLINE
                self._joined()
            case p.Connack(code):
                self._fail(f"CONNACK {code}")


def fits(kind: ValueKind, value: Simple) -> Simple | None:
    """A value as the C type behind this kind holds it; None when the board library finds no value of its kind in the
    record (arduino-device.md sections 4.3 and 4.5: a fraction for an integer is cut off)."""
    if kind is ValueKind.BOOL:
        return value if isinstance(value, bool) else None
    if kind is ValueKind.STRING:
        return value if isinstance(value, str) else None
    if isinstance(value, bool | str):
        return None
    return float(value) if kind is ValueKind.FLOAT else int(value)


def split_name(name: senml.Name) -> tuple[str, str]:
    """Symbol and component of the name of a record."""
    symbol, _, component = str(name).partition(":")
    return symbol, component
