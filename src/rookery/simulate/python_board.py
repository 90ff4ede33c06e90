"""A board with the Python library 1.4.1 in its asynchronous mode (arduino-device.md sections 3.3, 4.5, 6.1, 7).

```
dial -> CONNECT -> SUBSCRIBE device e/i QoS 1 --thing_id-->
     SUBSCRIBE thing e/i, SUBSCRIBE shadow/i QoS 1, PUBLISH getLastValues, PUBLISH DeviceBegin, one after the other
     -> every second: what has changed, in one pack, QoS 1; after ten seconds without a pack a PINGREQ
dial again -> CONNECT -> SUBSCRIBE thing e/i -> as above, with the record `r:m` in the first pack
```

The library does one thing at a time: it waits up to five seconds for each SUBACK and PUBACK, and gives the connection
up when none comes. Three of its habits matter to a server and are kept here:

* While it waits for its thing it neither pings nor notices that the connection has ended. A real board stays like that
  until somebody resets it; here that happens after a minute.
* A value of another type than the one before ends the connection (`TypeTrap`).
* What was in a pack that was not acknowledged is not sent again.

Incoming messages are taken at once instead of one a second, which no server can see.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from rookery.arduino.device import commands, messages
from rookery.arduino.device.topics import ThingTopics
from rookery.core.clock import SECOND, Clock
from rookery.simulate.board import Board, Identity, Life, split_name
from rookery.simulate.sensors import Simple
from rookery.simulate.sketch import Sketch
from rookery.wire import senml

VERSION: Final = "1.4.1-async"
POLL_SECONDS: Final = 1.0
PING_SECONDS: Final = 10
"""More whole seconds than this without a pack, and it pings."""
FIRST_WAIT: Final = 1.0
WAIT_FACTOR: Final = 1.2
LONGEST_WAIT: Final = 5.0
"""Seconds before dialling again, and how they grow."""
RESET_SECONDS: Final = 60.0
"""After so long somebody has noticed that the board hangs, and presses its button."""


class TypeTrap(Exception):
    """A value of a type that the variable can not turn into: the library raises TypeError (section 4.5)."""


class PythonBoard(Board):
    """One board with the Python library."""

    keepalive = 10
    patience = 5.0

    def __init__(self, identity: Identity, sketch: Sketch, clock: Clock) -> None:
        super().__init__(identity, sketch, clock)
        self.stranded = False
        """It has lost its connection while it waited for its thing, and does not know."""
        self._wait = FIRST_WAIT
        self._thing: ThingTopics | None = None
        self._steps: deque[Callable[[], int]] = deque()
        self._expected = 0
        self._last_ping = 0
        # Writable variables have no value until the cloud has one: that is what last values are for (section 7.2).
        self._blank = {symbol for symbol, sensor in sketch.sensors.items() if sensor.writable}
        self._updated: dict[str, None] = {symbol: None for symbol in sketch.values if symbol not in self._blank}
        self._asks_again = False

    # The life of a connection

    def _joined(self) -> None:
        self._wait = FIRST_WAIT
        self._steps.clear()
        self._expected = 0
        if self._thing is None:
            self._steps.append(lambda: self._mqtt.subscribe([(self.topics.events_in, 1)]))
        else:
            topic = self._thing.values_in
            self._steps.append(lambda: self._mqtt.subscribe([(topic, 0)]))
            self._asks_again = True
        self._next()

    def lost(self, reason: str) -> None:
        if self.online and self._thing is None and not self._expected:
            self.stranded = True
            self.trouble = reason
            self._leave(Life.WAITING)
            self._after("reset", RESET_SECONDS, self._reset)
            return
        super().lost(reason)

    def _reset(self) -> None:
        self.stranded = False
        self.losses += 1
        self._dial()

    def _down(self, reason: str) -> None:
        wait, self._wait = self._wait, min(self._wait * WAIT_FACTOR, LONGEST_WAIT)
        self._wait_and_dial(wait, reason)

    def _acknowledged(self, packet_id: int, refused: bool) -> None:
        if packet_id != self._expected:
            return
        self._expected = 0
        self._cancel("acknowledgement")
        if refused:
            self._fail("a subscription is refused")
        else:
            self._next()

    def _next(self) -> None:
        """Do the next step and wait for its acknowledgement; after the last one the steady state begins."""
        if self._steps:
            self._expected = self._steps.popleft()()
            self._after("acknowledgement", self.patience, self._fail, "no acknowledgement")
        elif self._thing is not None and "poll" not in self._timers:
            self._last_ping = self._clock.now() // SECOND
            self._after("poll", POLL_SECONDS, self._poll)

    # Discovery

    def _message(self, topic: str, payload: bytes) -> None:
        try:
            records = senml.decode(payload)
            if topic == self.topics.events_in:
                self._discover(records)
            elif self._thing is not None and topic == self._thing.values_in:
                for symbol in self._write(records, shadow=False):
                    self.sketch.written(symbol)
            elif self._thing is not None and topic == self._thing.shadow_in:
                self._write(records, shadow=True)
                self._settle()
        except (senml.SenmlError, TypeTrap) as error:
            self._fail(str(error))

    def _discover(self, records: Iterable[senml.Record]) -> None:
        """Once in the life of the program: later ones are ignored (section 6.1)."""
        if self._thing is not None:
            return
        for name, value, _ in records:
            if name == messages.THING_ID and isinstance(value, str):
                self._found(value)
                return

    def _found(self, thing_id: str) -> None:
        self.thing_id = thing_id
        self._thing = thing = ThingTopics(thing_id)
        ask = senml.encode([messages.LAST_VALUES_REQUEST], messages.PYTHON_BOARD)
        begin = commands.encode(commands.DeviceBegin(VERSION))
        self._steps += (
            lambda: self._mqtt.subscribe([(thing.values_in, 0)]),
            lambda: self._mqtt.subscribe([(thing.shadow_in, 1)]),
            lambda: self._mqtt.publish(thing.shadow_out, ask, 1),
            lambda: self._mqtt.publish(self.topics.commands_up, begin, 1),
        )
        if not self._expected:
            self._next()

    # Values

    def _write(self, records: Iterable[senml.Record], *, shadow: bool) -> list[str]:
        """Set what may be set: variables without a value by anybody, others only by a write (section 7.2).

        Raises:
            TypeTrap: a value that the held one can not become.
        """
        blank = set(self._blank)
        settable = set(blank)
        if not shadow:
            settable |= {symbol for symbol, sensor in self.sketch.sensors.items() if sensor.writable}
        written: dict[str, None] = {}
        for name, value, _ in records:
            symbol, component = split_name(name)
            if symbol not in settable or value is None or component not in self.sketch.kinds(symbol):
                continue
            held = self.sketch.values[symbol]
            before = held[component] if isinstance(held, dict) else held
            # What has no value yet takes any type, and keeps it.
            self.sketch.put(symbol, component, value if symbol in blank else converted(before, value, str(name)))
            self._blank.discard(symbol)
            self._updated.pop(symbol, None)  # No echo of what came from the cloud.
            written[symbol] = None
        return list(written)

    def _settle(self) -> None:
        """Last values have come: the program gives what the cloud does not know its first value."""
        for symbol in sorted(self._blank):
            self._updated[symbol] = None
        self._blank.clear()

    def _changed(self, symbol: str) -> None:
        if symbol not in self._blank:
            self._updated[symbol] = None

    def _poll(self) -> None:
        self._after("poll", POLL_SECONDS, self._poll)
        if self._expected or self._thing is None:
            return
        now = self._clock.now() // SECOND
        if self._updated or self._asks_again:
            records = self.sketch.records(symbol for symbol in self.sketch.values if symbol in self._updated)
            if self._asks_again:
                records.append(messages.LAST_VALUES_REQUEST)
            self._updated.clear()
            self._asks_again = False
            pack = senml.encode(records, messages.PYTHON_BOARD)
            topic = self._thing.values_out
            self._steps.append(lambda: self._mqtt.publish(topic, pack, 1))
            self.messages += 1
            self._last_ping = now
            self._next()
        elif now - self._last_ping > PING_SECONDS:
            self._mqtt.ping()
            self._last_ping = now


def converted(held: Simple, value: Simple, name: str) -> Simple:
    """What becomes of a variable that holds `held` when `value` arrives: the rule of the library, letter by letter.

    Raises:
        TypeTrap: neither of the same type nor an integer for a float.
    """
    if isinstance(held, float) and isinstance(value, int):
        value = float(value)
    if not isinstance(held, type(value)):
        raise TypeTrap(f"{name}: {type(value).__name__} for {type(held).__name__}")
    return value
