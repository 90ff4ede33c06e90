"""A simulated board on a desk: a server played by the test, packet by packet, and time turned by hand."""

from __future__ import annotations

from random import Random
from typing import Any

from rookery.arduino.device import commands
from rookery.simulate.board import Board, Identity
from rookery.simulate.cpp_board import CppBoard
from rookery.simulate.python_board import PythonBoard
from rookery.simulate.sketch import Sketch
from rookery.wire import senml
from rookery.wire.mqtt import encode
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.decode import Framer, decode
from tests.fakes import ManualClock

DEVICE = "1f4ced70-53ad-4b29-b211-1b0babdf3757"
THING = "e4494d55-872a-4fd2-9646-92f87949394c"
OTHER = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
SYMBOLS = ("temperature", "light", "color")


class Quiet(Sketch):
    """A sketch that changes only when the test says so."""

    def pause(self) -> float:
        return 1e9

    def set(self, board: Board, symbol: str, value: Any) -> None:
        self.values[symbol] = value
        board._changed(symbol)
        board._flush()


class Desk:
    """The line of a board, and its server."""

    def __init__(self, kind: type[Board] = CppBoard, symbols: tuple[str, ...] = SYMBOLS, **options: Any) -> None:
        self.clock = ManualClock()
        self.sketch = Quiet(symbols, Random(1), self.clock.now())
        self.board = kind(Identity(DEVICE, "s3cret"), self.sketch, self.clock, **options)
        self.dials = 0
        self.hung_up = 0
        self._framer = Framer(1 << 20)
        self._got: list[p.Packet] = []
        self.board.start(self)

    # The board's line

    def dial(self) -> None:
        self.dials += 1
        self._framer = Framer(1 << 20)

    def send(self, data: bytes) -> None:
        self._got += [decode(head, body) for head, body in self._framer.feed(data)]

    def hang_up(self) -> None:
        self.hung_up += 1

    # The server

    def take(self) -> list[p.Packet]:
        """What the board has sent since the last look."""
        got, self._got = self._got, []
        return got

    def take_one(self) -> Any:
        """The only packet since the last look."""
        (packet,) = self.take()
        return packet

    def take_commands(self) -> list[Any]:
        """The commands since the last look; everything else fails the test."""
        found = []
        for packet in self.take():
            assert isinstance(packet, p.Publish)
            assert packet.topic == f"/a/d/{DEVICE}/c/up"
            found.append(commands.decode(packet.payload))
        return found

    def say(self, *packets: p.Packet) -> None:
        """The server sends packets."""
        self.board.received(b"".join(encode.encode(packet) for packet in packets))

    def order(self, command: commands.Command) -> None:
        """The server sends a command."""
        self.say(p.Publish(f"/a/d/{DEVICE}/c/dw", commands.encode(command)))

    def accept(self, code: int = 0) -> p.Connect:
        """The connection opens, CONNECT is answered."""
        self.board.opened()
        connect = self.take_one()
        assert isinstance(connect, p.Connect)
        self.say(p.Connack(code))
        return connect

    def grant(self, code: int = 0) -> str:
        """The board subscribes one topic, which is answered; the topic."""
        subscribe = self.take_one()
        assert isinstance(subscribe, p.Subscribe)
        ((topic, _),) = subscribe.filters
        self.say(p.Suback(subscribe.packet_id, (code,)))
        return topic

    # A C++ board

    def greet(self) -> None:
        """Until the board has introduced itself."""
        self.accept()
        assert self.grant() == f"/a/d/{DEVICE}/c/dw"

    def attach(self, thing: str = THING) -> None:
        """Until the board asks for last values."""
        self.greet()
        self.take()
        self.order(commands.ThingUpdate(thing))
        assert self.grant() == f"/a/t/{thing}/e/i"

    def sync(self, *records: senml.Record, until: int | None = None) -> None:
        """Last values, with a zone that holds for a year."""
        year = self.clock.now() // 1_000_000 + 31_536_000
        zone = (("tz_offset", 3600, None), ("tz_dst_until", year if until is None else until, None))
        self.order(commands.LastValuesUpdate(senml.encode([*records, *zone])))

    def run(self, *records: senml.Record) -> None:
        """Until the board has sent all values."""
        self.attach()
        self.take()
        self.sync(*records)

    # A Python board

    def discover(self) -> None:
        """Until the board has its thing and has asked for last values."""
        self.accept()
        assert self.grant(1) == f"/a/d/{DEVICE}/e/i"
        self.say(p.Publish(f"/a/d/{DEVICE}/e/i", senml.encode([("thing_id", THING, None)])))
        assert self.grant() == f"/a/t/{THING}/e/i"
        assert self.grant(1) == f"/a/t/{THING}/shadow/i"
        for _ in range(2):
            self.acknowledge()

    def acknowledge(self) -> p.Publish:
        """The board has published one message with QoS 1, which is acknowledged."""
        publish = self.take_one()
        assert isinstance(publish, p.Publish)
        assert publish.qos == 1
        self.say(p.Puback(publish.packet_id))
        return publish

    def shadow(self, *records: senml.Record) -> None:
        """Last values of a Python board."""
        pack = senml.encode([*records, ("tz_offset", 3600, None), ("tz_dst_until", 2_000_000_000, None)])
        self.say(p.Publish(f"/a/t/{THING}/shadow/i", pack))

    def write(self, *records: senml.Record) -> None:
        """A person writes to the thing."""
        self.say(p.Publish(f"/a/t/{THING}/e/i", senml.encode(list(records))))


def values(packet: Any) -> dict[Any, Any]:
    """Topic checked, names and values of a pack of the board."""
    assert isinstance(packet, p.Publish)
    assert packet.topic == f"/a/t/{THING}/e/o"
    return {name: value for name, value, _ in senml.decode(packet.payload)}


def python_desk(symbols: tuple[str, ...] = SYMBOLS) -> Desk:
    """A desk with a Python board."""
    return Desk(PythonBoard, symbols)
