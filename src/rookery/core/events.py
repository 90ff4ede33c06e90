"""Events: named messages of boards, people and the server itself. Stored first, then told to whoever may hear them.

An event belongs to an owner, to a product, to both, or to nobody; who hears it follows from that alone:

* The stream of an owner shows what the owner's boards and the owner publish, and what is published to a product that
  the owner has.
* The stream of a product shows what its boards publish, whoever owns them, what its customers publish, and what is
  published to it. The stream of an organisation shows all its products.
* A board hears what it has subscribed to, of its own owner; and what was published to its product if the owner of the
  product, or the person who made it, owns the board. Boards of customers hear what is published to the product, and
  boards of nobody hear anything at all, only where the operator has chosen so (`fleet_wide`): the field has known both
  rules.

Where an event is stored is decided by who published it: a board has a series, and so have spaces and products. It is
committed before the publisher is acknowledged and before anybody hears of it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import Any, Literal, Protocol

import msgspec
import structlog

from rookery.core.bus import Bus
from rookery.core.catalog import Catalog, Update, changed
from rookery.core.clock import MILLISECOND, Clock
from rookery.core.errors import Conflict
from rookery.core.points import Producer, Telemetry
from rookery.core.records import Device, Space

log = structlog.get_logger("rookery.events")

TEXT = 0
"""The content format of text (RFC 7252 §12.3)."""
DEFAULT_TTL = 60


class Audience(StrEnum):
    """Which boards an event is for."""

    OWNER = "owner"
    """Those of its owner."""
    PRODUCT = "product"
    """Those of its product, as far as the rule above goes."""
    NOBODY = "nobody"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event. Times are UTC microseconds; the name has no fixed alphabet."""

    name: str
    data: bytes | None = None
    format: int = TEXT
    """Content format of `data` (CoAP registry, RFC 7252 §12.3)."""
    time: int
    ttl: int = DEFAULT_TTL
    source: str
    """Who says it, as streams show it: the hex id of a board, or a word of the dialect's for everything else."""
    device_id: str | None = None
    owner_id: str = ""
    """Space (or customer) that it belongs to; empty for nobody's."""
    product_id: str | None = None
    organisation_id: str | None = None
    """The space that owns the product."""
    maker_id: str | None = None
    """Who made the product: an organisation owns no boards, its people do."""
    product_number: int | None = None
    version: int | None = None
    """Of the firmware that published it."""
    audience: Audience = Audience.OWNER
    only_device: str | None = None
    """Meant for this board alone, whatever the audience."""
    triggers: bool = True
    """False for what integrations say themselves: they would otherwise answer each other for ever."""
    internal: bool = False
    """The server's own affair: stored, and shown on no stream."""


class _Kept(msgspec.Struct, omit_defaults=True, frozen=True):
    """An event as it lies in the store; short names, because there are many."""

    n: str
    d: str | None = None
    b: bool = False
    """`d` is base64."""
    f: int = TEXT
    t: int = DEFAULT_TTL
    s: str = ""
    o: str = ""
    p: str | None = None
    v: int | None = None


class Listener(Protocol):
    """A connected board that hears events."""

    @property
    def device(self) -> Device:
        """Its record, as it is now."""

    def send(self, event: Event) -> None:
        """Deliver it."""


class Events:
    """The one way in for events. It is a `Producer` itself: they are told after they are committed."""

    def __init__(self, telemetry: Telemetry, bus: Bus, clock: Clock) -> None:
        self._telemetry = telemetry
        self._bus = bus
        self._clock = clock
        self._waiting: dict[int, Event] = {}
        self._next = 0
        self.fleet_wide = False
        """Whether what is published to a product reaches all its boards."""
        self.published = 0
        """Events taken in since the start."""
        self.delivered = 0
        """Deliveries to boards since the start."""
        self.on_interest: Callable[[str, bool], None] = lambda _owner, _begins: None
        """Called when somebody begins to listen to the events of an owner, and when nobody does any more."""
        self._interests: dict[str, int] = {}
        self.subscribers = Subscribers(self.interest)
        bus.listen("events", self._deliver)

    def now(self) -> int:
        """The time of an event that arrives now: whole milliseconds, as clients show it."""
        now = self._clock.now()
        return now - now % MILLISECOND

    def publish(self, event: Event, series: int, producer: Producer | None = None, ticket: int = 0) -> None:
        """Take in an event. The ticket goes back to `producer` when it is committed, or refused.

        Args:
            event: with its time.
            series: of who published it; 0 stores nothing, for what the server says of itself in passing.
        """
        self.published += 1
        batch = self._telemetry.batch
        if series:
            batch.series.append(series)
            batch.times.append(event.time)
            batch.values.append(_keep(event))
        if producer is not None:
            batch.tickets[producer].append(ticket)
        if not event.internal:
            self._next += 1
            self._waiting[self._next] = event
            batch.tickets[self].append(self._next)
        self._telemetry.touch()

    @property
    def interests(self) -> list[str]:
        """The owners to whose events somebody listens."""
        return list(self._interests)

    def interest(self, owner_id: str, change: int) -> None:
        """Somebody begins (1) or ceases (-1) to listen to the events of this owner."""
        if not owner_id:
            return
        before = self._interests.get(owner_id, 0)
        after = before + change
        if after > 0:
            self._interests[owner_id] = after
        else:
            self._interests.pop(owner_id, None)
        if (before > 0) != (after > 0):
            self.on_interest(owner_id, after > 0)

    def tell(self, event: Event) -> None:
        """Tell of something that is stored elsewhere already."""
        self.published += 1
        self._bus.publish("events", event)

    def committed(self, tickets: list[int]) -> None:
        """These are on disk."""
        for ticket in tickets:
            self._bus.publish("events", self._waiting.pop(ticket))

    def refused(self, tickets: list[int], reason: str) -> None:
        """These never happened."""
        for ticket in tickets:
            self._waiting.pop(ticket, None)

    async def history(self, series: int, start: int, end: int, limit: int) -> list[Event]:
        """Stored events of one publisher, newest first. Organisation and audience are not kept."""
        points = await self._telemetry.read(series, start, end, limit, descending=True)
        return [unpack(point.value, point.time) for point in points if isinstance(point.value, str)]

    def _deliver(self, event: Event) -> None:
        for listener in self.subscribers.hearing(event, self.fleet_wide):
            self.delivered += 1
            try:
                listener.send(event)
            except Exception:
                # One board's trouble is not the others'.
                log.exception("events.delivery_failed", device=listener.device.id)


class SpaceSeries:
    """The series of what is published to a space and not by a board, or of another `field` of its record: given out
    when it is first needed."""

    def __init__(self, catalog: Catalog, field: Literal["events", "audit"] = "events") -> None:
        self._catalog = catalog
        self._field = field
        self._known: dict[str, int] = {}

    async def of(self, space_id: str) -> int:
        """The series of this space; 0 when there is no such space."""
        known = self._known.get(space_id)
        if known:
            return known
        while True:
            space = await self._catalog.get(Space, space_id)
            if space is None:
                return 0
            series: int = getattr(space, self._field)
            if not series:
                (series,) = await self._catalog.allocate(1)
                try:
                    await self._catalog.apply(Update(changed(space, space.updated_at, **{self._field: series})))
                except Conflict:
                    continue
            self._known[space_id] = series
            return series


class Subscribers:
    """Connected boards by what they have subscribed to. Finding those of an event costs one look for each character of
    its name, however many boards there are."""

    def __init__(self, interest: Callable[[str, int], None] = lambda _owner, _change: None) -> None:
        self._interest = interest
        self._owners: defaultdict[str, _Prefixes] = defaultdict(_Prefixes)
        self._products: defaultdict[str, _Prefixes] = defaultdict(_Prefixes)
        self._devices: dict[str, tuple[Listener, tuple[str, ...], str, str | None]] = {}

    def __len__(self) -> int:
        return len(self._devices)

    def set(self, listener: Listener, prefixes: Iterable[str]) -> None:
        """These are the subscriptions of this board, and its owner and product are those of its record now."""
        device = listener.device
        self.remove(device.id)
        chosen = tuple(dict.fromkeys(prefixes))
        self._devices[device.id] = (listener, chosen, device.space_id, device.product_id)
        self._interest(device.space_id, 1)
        if device.space_id:
            self._owners[device.space_id].add(listener, chosen)
        if device.product_id is not None:
            self._products[device.product_id].add(listener, chosen)

    def remove(self, device_id: str, listener: Listener | None = None) -> None:
        """The board has gone; with `listener`, only if it is still this session that stands here."""
        known = self._devices.get(device_id)
        if known is None or (listener is not None and known[0] is not listener):
            return
        del self._devices[device_id]
        held, prefixes, owner, product = known
        self._interest(owner, -1)
        for table, key in ((self._owners, owner), (self._products, product)):
            if key and key in table:
                table[key].remove(held, prefixes)
                if not table[key]:
                    del table[key]

    def hearing(self, event: Event, fleet_wide: bool = False) -> Sequence[Listener]:
        """The boards that are to get this event, each once."""
        if event.only_device is not None:
            known = self._devices.get(event.only_device)
            if known is None or not event.name.startswith(known[1]):
                return []
            return [known[0]] if fleet_wide or known[2] else []
        if event.audience is Audience.OWNER:
            table = self._owners.get(event.owner_id) if event.owner_id else None
            return table.matching(event.name) if table else []
        if event.audience is Audience.PRODUCT and event.product_id is not None:
            table = self._products.get(event.product_id)
            found = table.matching(event.name) if table else []
            makers = (event.owner_id, event.maker_id or event.owner_id)
            return found if fleet_wide else [one for one in found if one.device.space_id in makers]
        return []


class _Prefixes:
    """Who wants names that begin so."""

    __slots__ = ("_longest", "_table")

    def __init__(self) -> None:
        self._table: dict[str, dict[str, Listener]] = {}
        self._longest = 0

    def __bool__(self) -> bool:
        return bool(self._table)

    def add(self, listener: Listener, prefixes: Iterable[str]) -> None:
        for prefix in prefixes:
            self._table.setdefault(prefix, {})[listener.device.id] = listener
            self._longest = max(self._longest, len(prefix))

    def remove(self, listener: Listener, prefixes: Iterable[str]) -> None:
        for prefix in prefixes:
            wanting = self._table.get(prefix)
            if wanting is not None:
                wanting.pop(listener.device.id, None)
                if not wanting:
                    del self._table[prefix]

    def matching(self, name: str) -> list[Listener]:
        found: dict[str, Listener] = {}
        for length in range(min(self._longest, len(name)) + 1):
            wanting = self._table.get(name[:length])
            if wanting:
                found.update(wanting)
        return list(found.values())


_ENCODE = msgspec.json.Encoder().encode
_DECODE = msgspec.json.Decoder(_Kept).decode


def _keep(event: Event) -> str:
    data, binary = None, False
    if event.data is not None:
        try:
            if event.format != TEXT:
                raise ValueError
            data = event.data.decode()
        except ValueError:
            data, binary = b64encode(event.data).decode(), True
    kept = _Kept(
        event.name,
        data,
        binary,
        event.format,
        event.ttl,
        event.source,
        event.owner_id,
        event.product_id,
        event.version,
    )
    return _ENCODE(kept).decode()


def unpack(value: str, time: int) -> Event:
    """An event from the store."""
    kept = _DECODE(value)
    data: bytes | None = None
    if kept.d is not None:
        data = b64decode(kept.d) if kept.b else kept.d.encode()
    return Event(
        name=kept.n,
        data=data,
        format=kept.f,
        time=time,
        ttl=kept.t,
        source=kept.s,
        owner_id=kept.o,
        product_id=kept.p,
        version=kept.v,
    )


def of_device(device: Device, **fields: Any) -> Event:
    """An event that this board publishes. `fields` are those of the record; product and organisation are theirs."""
    return Event(
        source=device.hex_id,
        device_id=device.id,
        owner_id=device.space_id,
        product_id=device.product_id,
        **fields,
    )
