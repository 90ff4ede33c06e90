"""What can be watched: each topic hears the bus, collects what happened since the last flush, and says it as text.

A topic is shared by all tabs that see the same of it, so a message is encoded once however many look on. What one flush
may carry is bounded, because a browser draws thirty times a second and no board is faster than that for an eye:

* All values of a thing are kept, for charts, up to `VALUES`; above that the newest of each variable, and the count of
  the others. They are in history.
* Of events there are at most `EVENTS`, of changed boards `CHANGES`; beyond that, "look at the list again".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from base64 import b64encode
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import msgspec

from rookery.console.words import entry_fields
from rookery.core.bus import (
    Attached,
    DeviceChanged,
    Journaled,
    PresenceChanged,
    Subscription,
    ThingChanged,
    ValuesChanged,
)
from rookery.core.clock import MILLISECOND
from rookery.core.errors import NotFound
from rookery.core.events import Event
from rookery.core.points import Value
from rookery.core.records import Device, Thing
from rookery.core.services import Services

if TYPE_CHECKING:
    from rookery.console.live_hub import Hub
    from rookery.console.live_reader import Reader
    from rookery.console.live_socket import LiveSocket

VALUES: Final = 2_000
"""Of one thing in one flush: 66,000 a second. One board on a good line says 1,000."""
EVENTS: Final = 100
"""Of one topic in one flush: 3,300 a second, and nobody reads them."""
CHANGES: Final = 500
"""Boards that come, go or change within one flush; beyond that the list is read again."""

ENTRIES: Final = 20
"""Of the journal of one board in one flush: as many as it may write."""

MEDIA: Final = {
    0: "text/plain",
    22: "image/jpeg",
    23: "image/png",
    40: "application/link-format",
    41: "application/xml",
    42: "application/octet-stream",
    50: "application/json",
    60: "application/cbor",
}
"""Content formats (RFC 7252 §12.3, and two of its registry), as browsers call them."""

TEXTS: Final = frozenset((0, 40, 41, 50))
"""Those that are text. The others go as base64 even where their bytes could pass for text."""

_encode = msgspec.json.encode

Change = tuple[str, float, Value | None, bool | None]
"""Variable id, milliseconds, value, and whether the board said so (None: nobody remembers)."""


def text(message: Any) -> str:
    """As JSON."""
    return _encode(message).decode()


def milliseconds(time: int) -> float:
    """Of microseconds; whole ones as an integer, which is shorter."""
    return time // MILLISECOND if not time % MILLISECOND else time / MILLISECOND


class Topic(ABC):
    """What the tabs in `sockets` watch together under one name. `key` is the same for those who see the same."""

    __slots__ = ("_heard", "hub", "key", "name", "sockets")

    def __init__(self, hub: Hub, name: str, *seen: object) -> None:
        self.hub = hub
        self.name = name
        self.key: tuple[object, ...] = (name, *seen)
        self.sockets: set[LiveSocket] = set()
        self._heard: list[Subscription] = []

    @abstractmethod
    def open(self) -> None:
        """The first tab has come: listen."""

    def close(self) -> None:
        """The last tab has gone."""
        for subscription in self._heard:
            subscription.cancel()
        self._heard.clear()

    async def snapshot(self) -> list[str]:
        """What a tab has to know at first. Does not wait for anything between looking and returning."""
        return []

    @abstractmethod
    def collect(self) -> list[str]:
        """What happened since the last time."""

    @abstractmethod
    async def check(self, reader: Reader) -> None:
        """Whether this reader still sees exactly this.

        Raises:
            CoreError: it does not.
        """


class ThingTopic(Topic):
    """The values of a thing, all of them or those of some variables, and whether its board is there: who looks at a
    shared dashboard may not ask for the board itself."""

    __slots__ = ("_changed", "_left", "_only", "_presence", "_thing", "_values")

    def __init__(self, hub: Hub, name: str, thing: Thing, only: frozenset[str] | None) -> None:
        super().__init__(hub, name, only, thing.device_id)
        self._thing = thing
        self._only = only
        self._values: list[Change] = []
        self._left = 0
        self._changed = False
        self._presence: PresenceChanged | None = None

    def open(self) -> None:
        """See `Topic`."""
        bus = self.hub.services.bus
        self._heard = [
            bus.listen("values." + self._thing.id, self._on_values),
            bus.listen("thing." + self._thing.id, self._on_thing),
        ]
        if self._thing.device_id is not None:
            self._heard.append(bus.listen("device." + self._thing.device_id, self._on_device))

    async def snapshot(self) -> list[str]:
        """See `Topic`."""
        services, id = self.hub.services, self._thing.device_id
        device = await services.catalog.get(Device, id) if id is not None else None
        board = await presence(services, device) if device is not None else None
        live = await services.live.get(self._thing.id)
        if live is None:
            return []
        only = self._only
        values: list[Change] = [
            (id, milliseconds(variable.time), variable.value, None)
            for id, variable in live.by_id.items()
            if variable.time >= 0 and (only is None or id in only)
        ]
        if board is not None and device is not None:
            board = {"id": device.id} | board
        return [text({"t": self.name, "k": "snapshot", "v": values, "board": board})]

    def collect(self) -> list[str]:
        """See `Topic`."""
        messages = []
        if self._changed:
            messages.append(text({"t": self.name, "k": "changed"}))
            self._changed = False
        if self._presence is not None:
            messages.append(presence_text(self.name, self._presence))
            self._presence = None
        if self._values:
            told: dict[str, Any] = {"t": self.name, "k": "values", "v": self._values}
            if self._left:
                told["left"] = self._left
            messages.append(text(told))
            self._values = []
            self._left = 0
        return messages

    async def check(self, reader: Reader) -> None:
        """See `Topic`."""
        live = await self.hub.services.live.get(self._thing.id)
        if live is None or live.record.device_id != self._thing.device_id:
            raise NotFound("There is no such thing with this board.")
        if reader.variables(live) != self._only:
            raise NotFound("Other variables are shown.")

    def _on_values(self, message: ValuesChanged) -> None:
        only, values, from_board = self._only, self._values, message.from_board
        for variable, time, value in message.values:
            if only is None or variable.id in only:
                values.append((variable.id, milliseconds(time), value, from_board))
        if len(values) > VALUES:
            newest = {change[0]: change for change in values}
            self._left += len(values) - len(newest)
            self._values = list(newest.values())
        self.hub.mark(self)

    def _on_thing(self, message: ThingChanged) -> None:
        self._changed = True
        self.hub.mark(self)
        # It may be somebody else's now, or be fed by another board.
        self.hub.doubt(self)

    def _on_device(self, message: object) -> None:
        if isinstance(message, PresenceChanged):
            self._presence = message
            self.hub.mark(self)
        elif isinstance(message, Attached):
            self.hub.doubt(self)


async def presence(services: Services, device: Device) -> dict[str, Any]:
    """Whether a board is there, and since when it is or is not."""
    last = (await services.telemetry.last([device.series])).get(device.series)
    return {
        "online": services.boards.session(device.id) is not None,
        "time": milliseconds(last.time) if last is not None else None,
    }


def presence_text(name: str, message: PresenceChanged) -> str:
    """That a board came or went, for the topic of this name."""
    return text({"t": name, "k": "presence", "online": message.online, "time": milliseconds(message.time)})


class DeviceTopic(Topic):
    """The presence of a board, what its journal says, and that its record has changed."""

    __slots__ = ("_changed", "_device", "_entries", "_presence")

    def __init__(self, hub: Hub, name: str, device: Device) -> None:
        super().__init__(hub, name)
        self._device = device
        self._presence: PresenceChanged | None = None
        self._entries: deque[Journaled] = deque(maxlen=ENTRIES)
        self._changed = False

    def open(self) -> None:
        """See `Topic`."""
        bus = self.hub.services.bus
        self._heard = [
            bus.listen("device." + self._device.id, self._on_message),
            bus.listen("journal." + self._device.id, self._on_entry),
        ]

    async def snapshot(self) -> list[str]:
        """See `Topic`."""
        services = self.hub.services
        # Who loaded the record before this subscription knows by it whether it has changed in between.
        device = await services.catalog.get(Device, self._device.id) or self._device
        known = {"t": self.name, "k": "presence", "version": device.version}
        return [text(known | await presence(services, device))]

    def collect(self) -> list[str]:
        """See `Topic`."""
        messages = [] if self._presence is None else [presence_text(self.name, self._presence)]
        messages += [text({"t": self.name, "k": "journal"} | entry_fields(one.entry)) for one in self._entries]
        if self._changed:
            messages.append(text({"t": self.name, "k": "changed"}))
        self._presence = None
        self._entries.clear()
        self._changed = False
        return messages

    async def check(self, reader: Reader) -> None:
        """See `Topic`."""
        await reader.board(await self.hub.services.catalog.get(Device, self._device.id))

    def _on_message(self, message: DeviceChanged | Attached | PresenceChanged) -> None:
        if isinstance(message, PresenceChanged):
            # Of a board that flaps the last word counts.
            self._presence = message
        else:
            self._changed = True
            if isinstance(message, DeviceChanged):
                self.hub.doubt(self)
        self.hub.mark(self)

    def _on_entry(self, message: Journaled) -> None:
        self._entries.append(message)
        self.hub.mark(self)


class DevicesTopic(Topic):
    """All boards of a space."""

    __slots__ = ("_changed", "_known", "_presence", "_space_id")

    def __init__(self, hub: Hub, name: str, space_id: str, known: set[str]) -> None:
        """`known` are the ids of its boards now."""
        super().__init__(hub, name, space_id)
        self._space_id = space_id
        self._known = known
        self._presence: dict[str, PresenceChanged] = {}
        self._changed: set[str] = set()

    def open(self) -> None:
        """See `Topic`."""
        bus = self.hub.services.bus
        self._heard = [
            bus.listen("presence", self._on_presence),
            bus.listen("devices", self._on_device),
            bus.listen("attached", self._on_attached),
        ]

    def collect(self) -> list[str]:
        """See `Topic`."""
        presence, self._presence = self._presence, {}
        changed, self._changed = self._changed, set()
        if len(presence) + len(changed) > CHANGES:
            return [text({"t": self.name, "k": "changed"})]
        told: list[dict[str, Any]] = [
            {"t": self.name, "k": "presence", "device": id, "online": one.online, "time": milliseconds(one.time)}
            for id, one in presence.items()
        ]
        told += [{"t": self.name, "k": "changed", "device": id} for id in sorted(changed)]
        return [text(one) for one in told]

    async def check(self, reader: Reader) -> None:
        """See `Topic`."""
        if reader.space() != self._space_id:
            raise NotFound("There is no such space.")

    def _on_presence(self, message: PresenceChanged) -> None:
        if message.device_id in self._known:
            self._presence[message.device_id] = message
            self.hub.mark(self)

    def _on_device(self, message: DeviceChanged) -> None:
        device = message.device
        ours = device.space_id == self._space_id and device.deleted_at is None
        if not ours and device.id not in self._known:
            return
        if ours:
            self._known.add(device.id)
        else:
            self._known.discard(device.id)
        self._changed.add(device.id)
        self.hub.mark(self)

    def _on_attached(self, message: Attached) -> None:
        if message.device_id in self._known:
            self._changed.add(message.device_id)
            self.hub.mark(self)


class EventsTopic(Topic):
    """Events whose names begin so. `sources` are the kinds and ids under which the hub looks for who listens; `owner`
    is the space whose events are wanted, so that those that are only made for listeners are made."""

    __slots__ = ("_left", "_messages", "device", "owner", "prefix", "sources")

    def __init__(
        self,
        hub: Hub,
        name: str,
        sources: tuple[tuple[str, str], ...],
        owner: str,
        prefix: str = "",
        device: Device | None = None,
    ) -> None:
        super().__init__(hub, name, sources)
        self.sources = sources
        self.owner = owner
        self.prefix = prefix
        self.device = device
        self._messages: list[str] = []
        self._left = 0

    def open(self) -> None:
        """See `Topic`."""
        self.hub.listen_to(self)
        self.hub.services.events.interest(self.owner, 1)
        if self.device is not None:
            self._heard = [self.hub.services.bus.listen("device." + self.device.id, self._on_device)]

    async def snapshot(self) -> list[str]:
        """That it has begun: what is published from now on will be told."""
        return [text({"t": self.name, "k": "listening"})]

    def close(self) -> None:
        """See `Topic`."""
        super().close()
        self.hub.listen_no_more(self)
        self.hub.services.events.interest(self.owner, -1)

    def wants(self, event: Event) -> bool:
        """Whether an event of one of its sources is to be told."""
        return event.name.startswith(self.prefix)

    def add(self, event: Event, body: str) -> None:
        """An event; `body` is what follows the name of the topic, the same for all who hear all of it."""
        if len(self._messages) >= EVENTS:
            self._left += 1
        else:
            self._messages.append(f'{{"t":{text(self.name)},{body}')
        self.hub.mark(self)

    def collect(self) -> list[str]:
        """See `Topic`."""
        messages, self._messages = self._messages, []
        if self._left:
            messages.append(text({"t": self.name, "k": "dropped", "n": self._left}))
            self._left = 0
        return messages

    async def check(self, reader: Reader) -> None:
        """See `Topic`."""
        if self.device is not None:
            await reader.board(await self.hub.services.catalog.get(Device, self.device.id))
        elif self.sources[0][0] == "product":
            await reader.product(await self.hub.services.products.get(self.sources[0][1]))
        elif reader.space() != self.owner:
            raise NotFound("There is no such space.")

    def _on_device(self, message: object) -> None:
        if isinstance(message, DeviceChanged):
            if message.device.space_id != self.owner:
                self.hub.services.events.interest(self.owner, -1)
                self.owner = message.device.space_id
                self.hub.services.events.interest(self.owner, 1)
            self.hub.doubt(self)


def event_body(event: Event, id: str) -> str:
    """An event as JSON, without the opening brace and the topic."""
    return text({"k": "event"} | event_fields(event, id, device=event.device_id))[1:]


def event_fields(event: Event, id: str, *, device: str | None) -> dict[str, Any]:
    """An event as the console shows it."""
    return {
        "id": id,
        "name": event.name,
        "type": MEDIA.get(event.format, f"application/vnd.coap.{event.format}"),
        "format": event.format,
        "device": device,
        "source": event.source,
        "product": event.product_id,
        "time": milliseconds(event.time),
    } | data_fields(event)


def data_fields(event: Event) -> dict[str, Any]:
    """The data of an event: text as it is, anything else as base64 with `binary`."""
    if event.data is None:
        return {"data": None}
    try:
        if event.format not in TEXTS:
            raise ValueError
        return {"data": event.data.decode()}
    except ValueError:
        return {"data": b64encode(event.data).decode(), "binary": True}
