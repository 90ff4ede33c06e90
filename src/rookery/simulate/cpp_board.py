"""A board with the C++ library from 2.0 on (arduino-device.md sections 3.1, 6.2, 7), reporting itself as 2.9.0.

```
dial -> CONNECT -> SUBSCRIBE c/dw -> OtaBegin, DeviceBegin, DeviceNetConfig, ThingBegin  --ThingUpdate(thing)-->
     SUBSCRIBE e/i -> LastValuesBegin --LastValuesUpdate--> everything to e/o -> changes and echoes to e/o
```

Two machines run beside each other, as in the library. The *device* one repeats its introduction until it hears which
thing it feeds. The *thing* one asks for last values until they come, and is then content until the connection ends or
the zone data has run out: a thing that is attached later is not asked about again.

Everything is sent with QoS 0, in packs of at most 256 bytes with indefinite arrays and 32-bit floats.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rookery.arduino.device import commands
from rookery.arduino.device.messages import CPP_BOARD, ZONE_OFFSET, ZONE_UNTIL
from rookery.arduino.device.topics import ThingTopics
from rookery.core.clock import SECOND, Clock
from rookery.core.records import ValueKind
from rookery.simulate.board import Board, Identity, fits, split_name
from rookery.simulate.sketch import Sketch
from rookery.wire import senml

VERSION: Final = "2.9.0"

DIAL_WAITS: Final = (2, 4, 8, 16, 32)
"""Seconds before dialling again; the last one repeats."""
BEGIN_WAITS: Final = (4, 8, 16, 32)
"""Seconds before an introduction that was not answered is repeated; the last one repeats."""
NO_THING_WAITS: Final = (4, 80, 160, 320, 640, 1280)
"""Seconds before asking again after the answer "no thing"; the last one repeats."""
LAST_VALUES_SECONDS: Final = 30
MOST_TRIES: Final = 10
"""More tries than this, of either question, and the connection is given up."""
PING_SECONDS: Final = 30
SILENCE_SECONDS: Final = 60
"""Without a single byte from the server for so long the connection counts as dead."""
SHORTEST_INTERVAL: Final = 0.5
"""Seconds between two messages with the same property; an echo does not wait."""
MOST_BYTES: Final = 256
"""Bytes of a payload: the buffer of the library. What alone needs more is never sent (section 7.3)."""


class CppBoard(Board):
    """One board with the C++ library."""

    keepalive = 30
    patience = 1.5

    def __init__(
        self,
        identity: Identity,
        sketch: Sketch,
        clock: Clock,
        *,
        network: commands.NetConfig = commands.NetConfig(commands.NET_WIFI, ("simulated",)),  # noqa: B008 - immutable
        sketch_sha256: bytes | None = None,
        wifi_firmware: str | None = None,
    ) -> None:
        """`sketch_sha256`: the board can be updated over the air and announces this. `wifi_firmware`: it has a radio
        module of its own, with this firmware."""
        super().__init__(identity, sketch, clock)
        self.zone_offset: int | None = None
        self._zone_until = 0
        self._network = network
        self._sha256 = sketch_sha256
        self._wifi_firmware = wifi_firmware
        self._dials = 0
        self._heard = 0.0
        self._begins = 0
        self._refusals = 0
        self._asked = 0
        self._synced = False
        self._subscribing: dict[int, str] = {}
        self._thing: ThingTopics | None = None
        self._thing_ready = False
        self._sent_at: dict[str, float] = {}
        self._waiting: dict[str, None] = {}
        self._echoes: dict[str, None] = {}

    # The life of a connection

    def _joined(self) -> None:
        self._dials = 0
        self._heard = self._clock.monotonic()
        self._begins = self._refusals = self._asked = 0
        self._synced = self._thing_ready = False
        self._thing = None
        self.thing_id = None
        self._subscribing.clear()
        self._after("ping", PING_SECONDS, self._ping)
        self._subscribe(self.topics.commands_down)

    def _down(self, reason: str) -> None:
        self._thing_ready = self._synced = False
        wait = DIAL_WAITS[min(self._dials, len(DIAL_WAITS) - 1)]
        self._dials += 1
        self._wait_and_dial(wait, reason)

    def received(self, data: bytes) -> None:
        self._heard = self._clock.monotonic()
        super().received(data)

    def _ping(self) -> None:
        if self._clock.monotonic() - self._heard >= SILENCE_SECONDS:
            self._fail("nothing heard for a minute")
            return
        self._mqtt.ping()
        self._after("ping", PING_SECONDS, self._ping)

    def _subscribe(self, topic: str) -> None:
        self._subscribing[self._mqtt.subscribe([(topic, 0)])] = topic
        self._after("acknowledgement", self.patience, self._fail, "no SUBACK")

    def _unsubscribe(self, topic: str) -> None:
        self._subscribing[self._mqtt.unsubscribe([topic])] = ""
        self._after("acknowledgement", self.patience, self._fail, "no UNSUBACK")

    def _acknowledged(self, packet_id: int, refused: bool) -> None:
        topic = self._subscribing.pop(packet_id, "")
        if not self._subscribing:
            self._cancel("acknowledgement")
        if refused:
            self._fail(f"{topic} is refused")
        elif topic == self.topics.commands_down:
            if self._sha256 is not None:
                self._command(commands.OtaBegin(self._sha256))
            self._begin()
        elif self._thing is not None and topic == self._thing.values_in:
            self._thing_ready = True
            if self._synced:
                self._send_waiting()
            else:
                self._ask_last_values()

    # The device: which thing do I feed?

    def _begin(self) -> None:
        if self._begins > MOST_TRIES:
            self._fail("no answer to ThingBegin")
            return
        self._command(commands.DeviceBegin(VERSION))
        self._command(self._network)
        if self._wifi_firmware is not None:
            self._command(commands.WifiFirmware(self._wifi_firmware))
        self._command(commands.ThingBegin(""))
        self._after("begin", BEGIN_WAITS[min(self._begins, len(BEGIN_WAITS) - 1)], self._begin)
        self._begins += 1

    def _thing_update(self, thing_id: str) -> None:
        if thing_id == self.thing_id:
            return
        if not thing_id:
            # Does not detach (section 6.2): only an answer to a board that is asking.
            if self._thing is None:
                self._begins = 0
                self._after("begin", NO_THING_WAITS[min(self._refusals, len(NO_THING_WAITS) - 1)], self._begin)
                self._refusals += 1
            return
        if self._thing is not None:
            self._unsubscribe(self._thing.values_in)
        self._cancel("begin")
        self.thing_id = thing_id
        self._thing = ThingTopics(thing_id)
        self._thing_ready = False
        self._subscribe(self._thing.values_in)

    def _thing_detach(self) -> None:
        if self._thing is None:
            return
        self._unsubscribe(self._thing.values_in)
        self._thing = self.thing_id = None
        self._thing_ready = False
        self._cancel("last values")
        self._begins = self._refusals = 0
        self._begin()

    # The thing: what was there before me?

    def _ask_last_values(self) -> None:
        if self._asked > MOST_TRIES:
            self._fail("no answer to LastValuesBegin")
            return
        self._synced = False
        self._asked += 1
        self._command(commands.LastValuesBegin())
        self._after("last values", LAST_VALUES_SECONDS, self._ask_last_values)

    def _last_values(self, pack: bytes) -> None:
        if self._thing is None:
            return
        try:
            records = senml.decode(pack)
        except senml.SenmlError:
            return
        for name, value, _ in records:
            if name == ZONE_OFFSET and isinstance(value, int):
                self.zone_offset = value
            elif name == ZONE_UNTIL and isinstance(value, int):
                self._zone_until = value
        self._write(records)  # CLOUD_WINS, what generated sketches use (section 7.2)
        self._synced = True
        self._publish(self.sketch.values, zone=True)
        left = self._zone_until - self._clock.now() / SECOND
        if left <= 0:
            # The library asks again at once but publishes once a cycle; asking once a cycle shows the same (6.3).
            self._after("last values", LAST_VALUES_SECONDS, self._ask_last_values)
            return
        self._asked = 0
        self._after("last values", left, self._ask_last_values)

    # Values

    def _message(self, topic: str, payload: bytes) -> None:
        if topic == self.topics.commands_down:
            self._order(payload)
        elif self._thing is not None and topic == self._thing.values_in:
            try:
                records = senml.decode(payload)
            except senml.SenmlError:
                return  # The library drops what it does not understand, without a trace (section 4.5).
            for symbol in self._write(records):
                self.sketch.written(symbol)
                self._echoes[symbol] = None
            self._send_waiting()

    def _order(self, payload: bytes) -> None:
        try:
            command = commands.decode(payload)
        except commands.CommandError:
            return
        if isinstance(command, commands.ThingUpdate):
            self._thing_update(command.thing_id)
        elif isinstance(command, commands.ThingDetach):
            self._thing_detach()
        elif isinstance(command, commands.LastValuesUpdate):
            self._last_values(command.pack)

    def _write(self, records: Iterable[senml.Record]) -> list[str]:
        """Set what may be written; the symbols, each once."""
        written: dict[str, None] = {}
        for name, value, _ in records:
            symbol, component = split_name(name)
            sensor = self.sketch.sensors.get(symbol)
            if sensor is None or not sensor.writable or value is None:
                continue
            kind: ValueKind | None = self.sketch.kinds(symbol).get(component)
            fitting = None if kind is None else fits(kind, value)
            if fitting is not None:
                self.sketch.put(symbol, component, fitting)
                written[symbol] = None
        return list(written)

    def _changed(self, symbol: str) -> None:
        self._waiting[symbol] = None
        self._send_waiting()

    def _send_waiting(self) -> None:
        """Send echoes, and changes whose time has come; look again when the next one's has."""
        if not (self._thing_ready and self._synced):
            return
        now = self._clock.monotonic()
        due = {
            symbol: self._sent_at.get(symbol, now - SHORTEST_INTERVAL) + SHORTEST_INTERVAL for symbol in self._waiting
        }
        ready = self._echoes | {symbol: None for symbol, at in due.items() if at <= now}
        if ready:
            self._publish(ready)
        later = [at for symbol, at in due.items() if symbol not in ready]
        if later:
            self._after("interval", min(later) - now, self._send_waiting)

    def _publish(self, symbols: Iterable[str], *, zone: bool = False) -> None:
        """Send these variables to `e/o`, in as many packs as they need. The zone goes with a full set (6.3)."""
        if self._thing is None:
            return
        now = self._clock.monotonic()
        groups = []
        for symbol in symbols:
            groups.append(self.sketch.records([symbol]))
            self._sent_at[symbol] = now
            self._waiting.pop(symbol, None)
        self._echoes.clear()
        if zone:
            groups += [[(ZONE_OFFSET, self.zone_offset or 0, None)], [(ZONE_UNTIL, self._zone_until, None)]]
        for pack in packs(groups):
            self._mqtt.publish(self._thing.values_out, pack)
            self.messages += 1

    def _command(self, command: commands.Command) -> None:
        self._mqtt.publish(self.topics.commands_up, commands.encode(command))


def packs(groups: Iterable[list[senml.Record]], limit: int = MOST_BYTES) -> list[bytes]:
    """Packs of at most `limit` bytes. A group, the records of one variable, is never divided; one that needs more than
    a whole pack is left out (section 7.3)."""
    done: list[bytes] = []
    bodies: list[bytes] = []
    size = 2
    for group in groups:
        body = senml.encode(group, CPP_BOARD)[1:-1]
        if len(body) + 2 > limit:
            continue
        if size + len(body) > limit:
            done.append(b"\x9f" + b"".join(bodies) + b"\xff")
            bodies, size = [], 2
        bodies.append(body)
        size += len(body)
    if bodies:
        done.append(b"\x9f" + b"".join(bodies) + b"\xff")
    return done
