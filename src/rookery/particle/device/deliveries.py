"""Events on their way to a board, and what it wants to hear (particle-device.md §4.7, §4.8)."""

from __future__ import annotations

from typing import Any, Final

from rookery.core.events import Event
from rookery.core.records import Device
from rookery.particle.device.errors import LimitError, MessageError
from rookery.particle.device.events import RESERVED, Subscription, event_request, is_reserved, parse_subscription
from rookery.particle.device.events import Event as WireEvent
from rookery.particle.device.line import Line
from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.message import Code, Message

MOST_SUBSCRIPTIONS: Final = 16
"""A board has six: four of its application, two of its system (§4.7). What comes on top of sixteen pushes out the
oldest."""
MOST_UNACKNOWLEDGED: Final = 24
"""Events on their way to one board over UDP. The CoAP machine has room for 64 exchanges; calls need some of it."""
MOST_UNSENT: Final = 64 * 1024
"""Bytes that wait for a board over TCP: some hundred events of a usual size."""
ORDERS: Final = ("spark/device/", "particle/device/")
"""What boards obey when it reaches them, whoever published it: `particle/device/updates/forced` of one would switch all
others of its owner. These come from the cloud, for one board (`Deliveries.say`)."""


class Delivered:
    """The context of an event over UDP."""

    __slots__ = ()


DELIVERED: Final = Delivered()


class Deliveries:
    """Of one session. It is the `core.events.Listener` of its board."""

    __slots__ = ("_anew", "_line", "_open", "_subscriptions", "_wanted")

    def __init__(self, line: Line) -> None:
        self._line = line
        self._open = 0
        self._anew = False
        self._wanted: list[Subscription] = [s for s in map(unpack, line.device.subscriptions) if s is not None]
        self._subscriptions = tuple(self._wanted)

    @property
    def device(self) -> Device:
        """For `core.events.Subscribers`."""
        return self._line.device

    @property
    def subscriptions(self) -> tuple[Subscription, ...]:
        """What it wants to hear."""
        return self._subscriptions

    # What it wants

    def hello(self) -> None:
        """The board begins: the next subscription is the first of a new set. Until then the old ones hold, because a
        board whose set is the same does not say it again."""
        self._anew = True

    def subscribe(self, message: Message, ticket: int) -> bool:
        """A request GET /e."""
        try:
            subscription = parse_subscription(message)
        except MessageError as error:
            return self._line.refuse(message, ticket, Code.BAD_REQUEST, str(error))
        if subscription.firehose:
            return self._line.refuse(message, ticket, Code.BAD_REQUEST, "a subscription to everything of everybody")
        if self._anew:
            self._anew = False
            self._wanted = []
        if subscription not in self._wanted:
            self._wanted.append(subscription)
            del self._wanted[:-MOST_SUBSCRIPTIONS]
        self._subscriptions = tuple(self._wanted)
        self.register()
        self._line.note(subscriptions=[pack(each) for each in self._subscriptions])
        return True

    def register(self) -> None:
        """It hears what it may, as the owner and the product are now."""
        subscribers = self._line.shared.services.events.subscribers
        prefixes = [each.prefix for each in self._subscriptions if each.prefix not in RESERVED]
        if prefixes:
            subscribers.set(self, prefixes)
        else:
            subscribers.remove(self._line.device.id, self)

    def end(self) -> None:
        """It hears nothing more."""
        self._line.shared.services.events.subscribers.remove(self._line.device.id, self)

    # What it gets

    def send(self, event: Event) -> None:
        """An event that begins with one of its prefixes."""
        system = is_reserved(event.name)
        if system and event.name.lower().startswith(ORDERS):
            return
        wire: WireEvent | None = None
        sent: set[int] = set()
        owned = event.owner_id == self._line.device.space_id
        for subscription in self._subscriptions:
            if not event.name.startswith(subscription.prefix) or (subscription.mine and not owned):
                continue
            if system and subscription.prefix in RESERVED:
                continue  # every board has these two for what the cloud tells it alone (§4.7)
            if subscription.device_id and subscription.device_id != event.source:
                continue
            if wire is None:
                wire = WireEvent(event.name, event.data or b"", event.format, event.ttl)
            form = subscription.form(wire)
            # Several handlers are served by one message, unless they want the data in different forms.
            if form is not None and form.content_format not in sent:
                sent.add(form.content_format)
                self.push(form)

    def say(self, name: str, data: bytes) -> None:
        """An event of the cloud's for this board alone, whether it has subscribed or not."""
        self.push(WireEvent(name, data))

    def push(self, event: WireEvent) -> None:
        """Send it now or never."""
        line = self._line
        connection, counters = line.connection, line.shared.counters
        reliable = connection.reliable
        if line.update is not None or (
            connection.unsent > MOST_UNSENT if reliable else self._open >= MOST_UNACKNOWLEDGED
        ):
            counters.events_dropped += 1
            return
        try:
            request = event_request(event, line.limits, line.version)
            connection.send(
                request.code,
                request.options,
                request.payload,
                context=None if reliable else DELIVERED,
                confirmable=not reliable,
                response=False,
            )
        except (LimitError, LocalError):
            counters.events_dropped += 1
            return
        counters.events_out += 1
        if not reliable:
            self._open += 1

    def done(self) -> None:
        """One has arrived, or never will."""
        self._open -= 1


def pack(subscription: Subscription) -> dict[str, Any]:
    """As it is kept."""
    kept: dict[str, Any] = {"prefix": subscription.prefix}
    kept |= {name: True for name in ("mine", "binary", "cbor") if getattr(subscription, name)}
    if subscription.device_id:
        kept["device"] = subscription.device_id
    return kept


def unpack(kept: dict[str, Any]) -> Subscription | None:
    """As it was."""
    prefix = kept.get("prefix")
    if not isinstance(prefix, str):
        return None
    flags = (bool(kept.get("mine")), bool(kept.get("binary")), bool(kept.get("cbor")))
    return Subscription(prefix, *flags, str(kept.get("device", "")))
