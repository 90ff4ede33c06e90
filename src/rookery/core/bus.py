"""Change is announced once: one typed message on the bus, and whoever cares listens.

Messages are addressed by a channel, a short text such as `thing.<id>`. A listener is a plain callback on the event
loop; it must be quick and must not raise. Delivery to listeners on this node is immediate and in order.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, Union

from rookery.core.points import Value
from rookery.core.records import Dashboard, Device, Product, Thing, Variable

if TYPE_CHECKING:
    from rookery.core.events import Event
    from rookery.core.journal import Entry


class ValuesChanged(NamedTuple):
    """Values of one thing were committed. Channel: `values.<thing id>` and, for the few that want all, `values`."""

    thing_id: str
    values: list[tuple[Variable, int, Value]]
    from_board: bool
    """True: the board said so. False: a person or program did, and the board may not have confirmed yet."""


class ThingChanged(NamedTuple):
    """A thing or its variables were created, changed or deleted. Channels: `thing.<id>`, and `things` for all."""

    thing: Thing


class DeviceChanged(NamedTuple):
    """A device was created, changed, deleted, or given another secret. Channels: `device.<id>`, `devices` for all."""

    device: Device
    credentials: bool = False
    """True: who is connected with the old credentials has to go."""


class Attached(NamedTuple):
    """A device now feeds another thing, or none. Channels: `device.<device id>`, and `attached` for all."""

    device_id: str
    thing_id: str | None
    before: str | None


class PresenceChanged(NamedTuple):
    """A board came or went. Channels: `device.<id>`, and `presence` for all."""

    device_id: str
    online: bool
    time: int


class KeyWithdrawn(NamedTuple):
    """An API key was turned off, deleted or given another secret: who came in with it has to go.

    Channels: `key.<client id>`, and `keys` for all.
    """

    client_id: str


class TokenWithdrawn(NamedTuple):
    """An access token was revoked: who listens with it has to go. Channels: `token.<id>`, and `tokens` for all."""

    token_id: str


class ProductChanged(NamedTuple):
    """A product was created, changed or deleted, or its team was. Channel: `products`."""

    product: Product


class DashboardChanged(NamedTuple):
    """A dashboard was created, changed, deleted, or opened or closed to somebody. Channels: `dashboard.<id>`, and
    `dashboards` for all."""

    dashboard: Dashboard
    access: bool = False
    """True: a share or a link was made or withdrawn, and who watches by one has to be looked at again."""


class Journaled(NamedTuple):
    """A board came, went or was refused (see `core.journal`). Channel: `journal.<device id>`."""

    device_id: str
    entry: Entry


class Text(NamedTuple):
    """Free text from a board, or to one. Channels: `text.from.<device id>` and `text.to.<device id>`."""

    device_id: str
    payload: bytes


Message = Union[
    KeyWithdrawn,
    TokenWithdrawn,
    ProductChanged,
    DashboardChanged,
    Journaled,
    Text,
    ValuesChanged,
    ThingChanged,
    DeviceChanged,
    Attached,
    PresenceChanged,
    "Event",
]
"""An `Event` (see `core.events`) goes to `events`, which those hear who want all of them."""
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


def announce_thing(bus: Bus, thing: Thing) -> None:
    """Tell those who watch this thing, and those who watch all of them."""
    message = ThingChanged(thing)
    bus.publish("thing." + thing.id, message)
    bus.publish("things", message)


def announce_device(bus: Bus, device: Device, *, credentials: bool = False) -> None:
    """Tell those who watch this device, and those who watch all of them."""
    message = DeviceChanged(device, credentials)
    bus.publish("device." + device.id, message)
    bus.publish("devices", message)


def announce_attached(bus: Bus, device_id: str, thing_id: str | None, before: str | None) -> None:
    """Tell those who watch this device, and those who watch all attachments."""
    message = Attached(device_id, thing_id, before)
    bus.publish("device." + device_id, message)
    bus.publish("attached", message)


def announce_dashboard(bus: Bus, dashboard: Dashboard, *, access: bool = False) -> None:
    """Tell those who watch this dashboard, and those who watch all of them."""
    message = DashboardChanged(dashboard, access)
    bus.publish("dashboard." + dashboard.id, message)
    bus.publish("dashboards", message)


def announce_withdrawn(bus: Bus, client_id: str) -> None:
    """Tell those who let this key in, and those who remember keys."""
    message = KeyWithdrawn(client_id)
    bus.publish("key." + client_id, message)
    bus.publish("keys", message)


def announce_token_withdrawn(bus: Bus, token_id: str) -> None:
    """Tell those who let this token in, and those who remember tokens."""
    message = TokenWithdrawn(token_id)
    bus.publish("token." + token_id, message)
    bus.publish("tokens", message)
