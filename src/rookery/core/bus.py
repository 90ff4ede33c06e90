"""Change is announced once: one typed message on the bus, and whoever cares listens.

Messages are addressed by a channel, a short text such as `thing.<id>`. A listener is a plain callback on the event
loop; it must be quick and must not raise. Delivery to listeners on this node is immediate and in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from rookery.core.points import Value
from rookery.core.records import Device, Thing, Variable


class ValuesChanged(NamedTuple):
    """Values of one thing were committed. Channel: `values.<thing id>` and, for the few that want all, `values`."""

    thing_id: str
    values: list[tuple[Variable, int, Value]]
    from_board: bool
    """True: the board said so. False: a person or program did, and the board may not have confirmed yet."""


class ThingChanged(NamedTuple):
    """A thing or its variables were created, changed or deleted. Channel: `thing.<id>`."""

    thing: Thing


class DeviceChanged(NamedTuple):
    """A device was created, changed, deleted, or given another secret. Channel: `device.<id>`."""

    device: Device
    credentials: bool = False
    """True: who is connected with the old credentials has to go."""


class Attached(NamedTuple):
    """A device now feeds another thing, or none. Channel: `device.<device id>`."""

    device_id: str
    thing_id: str | None
    before: str | None


class PresenceChanged(NamedTuple):
    """A board came or went. Channel: `device.<id>`."""

    device_id: str
    online: bool
    time: int


Message = ValuesChanged | ThingChanged | DeviceChanged | Attached | PresenceChanged
Listener = Callable[[Any], None]


class Subscription(Protocol):
    """A listener that can be taken off."""

    def cancel(self) -> None:
        """Never call the listener again."""


class Bus(Protocol):
    """How what happens here gets to whoever watches, on this node or another."""

    def publish(self, channel: str, message: Message) -> None:
        """Tell every listener of this channel."""

    def listen(self, channel: str, listener: Listener) -> Subscription:
        """Call `listener(message)` for each message on this channel from now on."""

    def watched(self, channel: str) -> bool:
        """Whether anybody listens; lets the hot path leave out what nobody would see."""
