"""Integrations at work: which webhooks an event sets off, and the events that tell what came of it (reference 7).

A webhook belongs to a *place*: a person hears of the boards that are his and of what he publishes himself, a product
of what its boards and customers publish and of what is published to it, an organisation of all its products. What
webhooks say themselves sets nothing off (`Event.triggers`).

What comes of an event is told to the board that has published it, if it has subscribed, and on the streams that have
shown the event itself; it is stored where the event was stored. To know that place takes a look into the catalog for
the first event of each publisher: until then its events wait in line.

Definitions are compiled when they are first needed. They hold passwords: they are shown to those who may see the
integration, and never logged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import msgspec
import structlog

from rookery.core.bus import DeviceChanged, ProductChanged, Subscription
from rookery.core.catalog import Delete, Insert, Update, changed
from rookery.core.deliveries import Deliveries, Delivery
from rookery.core.delivery_history import Attempt, History
from rookery.core.delivery_journal import Kept
from rookery.core.errors import Conflict, LimitReached
from rookery.core.events import Audience, Event
from rookery.core.outgoing import OutgoingRefused, OutgoingRequest
from rookery.core.records import Device, Integration, Product, Space, SpaceKind
from rookery.core.resting import host_of
from rookery.core.services import Services
from rookery.particle.api.times import iso_time
from rookery.particle.device.events import stream_text
from rookery.particle.hook_table import Hook, HookTable, Scope, compiled
from rookery.particle.ids import hex_id
from rookery.particle.webhook import WEBHOOK, Definition
from rookery.particle.webhook_request import HookEvent, Webhook
from rookery.particle.webhook_response import SLEEPING, SOURCE, Publication, answered, failed, sent

log = structlog.get_logger("rookery.particle.integrations")

INTEGRATIONS_LIMIT = 100
"""Integrations of one place: each event there is compared with all of them."""
WAITING = 1_000
"""Events that wait until it is known where their publisher's events are stored: half a second of the busiest server."""
PUBLISHERS = 20_000
"""Publishers of which this is remembered, 100 bytes each."""
READ_TOGETHER = 500
"""Ids in one question to the catalog."""
TEST_DATA = "test-event"
TEST_DEVICE = "api"

Secrets = Callable[[str], Mapping[str, str]]
"""From the id of a place to the secrets that templates of its webhooks may name."""


class Integrations:
    """The integrations of a node, kept and carried out.

    Args:
        secrets: of a place, for templates; none by default.
    """

    def __init__(self, services: Services, deliveries: Deliveries, secrets: Secrets | None = None) -> None:
        self._services = services
        self._catalog = services.catalog
        self._deliveries = deliveries
        self._secrets = secrets or (lambda _place: {})
        self._table = HookTable(services.events.interest)
        self._series: dict[str, int] = {}
        self._line: deque[tuple[Hook, Event, str]] = deque()
        self._placing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._heard: list[Subscription] = []
        self.matched = 0
        """Events that have set off a webhook, once for each of them."""
        self.overrun = 0
        """Those that were dropped because too many waited in line."""

    def __len__(self) -> int:
        """Integrations that are on."""
        return len(self._table)

    async def start(self) -> None:
        """Read what there is, and listen from now on."""
        records = await self._catalog.select(Integration, enabled=True, kind=WEBHOOK)
        scopes: dict[str, Scope] = {}
        ids = sorted({record.space_id for record in records})
        for first in range(0, len(ids), READ_TOGETHER):
            for space in await self._catalog.select(Space, id=ids[first : first + READ_TOGETHER]):
                scopes[space.id] = Scope.OWNER if space.kind is SpaceKind.PERSONAL else Scope.ORGANISATION
        for record in records:
            self._table.keep(record, scopes.get(record.space_id, Scope.PRODUCT))
        bus = self._services.bus
        self._heard = [
            bus.listen("events", self._event),
            bus.listen("devices", self._device_changed),
            bus.listen("products", self._product_changed),
        ]

    async def close(self) -> None:
        """Set off nothing any more. What is on its way belongs to the deliveries."""
        for subscription in self._heard:
            subscription.cancel()
        self._line.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def idle(self) -> None:
        """Wait until nothing is under way here."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    # The records

    async def of(self, place: str) -> list[Integration]:
        """Those of a place, oldest first."""
        return await self._catalog.select(Integration, space_id=place, kind=WEBHOOK)

    async def find(self, place: str, ref: str) -> Integration | None:
        """One of a place, by the id that clients see."""
        ref = ref.lower()
        return next((record for record in await self.of(place) if hex_id(record.id) == ref), None)

    async def create(self, place: str, scope: Scope, person_id: str, definition: Definition) -> Integration:
        """Add an integration, and carry it out from now on.

        Raises:
            LimitReached: the place has enough.
        """
        if await self._catalog.count(Integration, space_id=place) >= INTEGRATIONS_LIMIT:
            raise LimitReached(f"There can be at most {INTEGRATIONS_LIMIT} integrations here.")
        services = self._services
        now = services.clock.now()
        record = Integration(
            id=services.ids.uuid(),
            created_at=now,
            updated_at=now,
            space_id=place,
            person_id=person_id,
            kind=WEBHOOK,
            **_fields(definition),
        )
        await self._catalog.apply(Insert(record))
        self._table.keep(record, scope)
        return record

    async def replace(self, record: Integration, scope: Scope, definition: Definition) -> Integration:
        """Give an integration another definition. What waits for the old one is dropped, and its history ends.

        Raises:
            Conflict: somebody else has changed it meanwhile.
        """
        after = changed(record, self._services.clock.now(), **_fields(definition))
        await self._catalog.apply(Update(after))
        self._deliveries.forget(after.id)
        self._table.keep(after, scope)
        return after

    async def delete(self, record: Integration) -> None:
        """Remove an integration and drop what waits for it."""
        await self._catalog.apply(Delete(Integration, record.id))
        self._drop(record.id)

    async def test(self, record: Integration, scope: Scope, data: str, device_id: str) -> Attempt:
        """Make its request once for an event of its name, whether it is on or off. Nothing is published."""
        webhook = compiled(record, scope)
        services = self._services
        told = HookEvent(
            name=record.event,
            data=data,
            device_id=device_id,
            published_at=iso_time(services.clock.now()),
            event_id=services.ids.uuid(),
        )
        try:
            request = webhook.request(told, self._secrets(record.space_id))
        except OutgoingRefused as refused:
            return Attempt(number=1, time=services.clock.now(), duration=0, error=str(refused))
        return await self._deliveries.try_once(
            Delivery(target=record.id, event=record.event, request=request, listener=_Silent())
        )

    async def again(self, record: Integration, number: int) -> Attempt | None:
        """Send a request once more, whether the integration is on or off. Nothing is published.

        Returns None when the request is not remembered."""
        kept = self._deliveries.journal.get(record.id, number)
        if kept is None or kept.request is None:
            return None
        return await self._deliveries.try_once(
            Delivery(target=record.id, event=kept.event, request=kept.request, listener=_Silent())
        )

    def preview(self, place: str, scope: Scope, definition: Definition, told: HookEvent) -> OutgoingRequest:
        """The request that a definition would make of an event. Nothing is sent or kept.

        Raises:
            OutgoingRefused: there is none.
        """
        return Webhook(definition, product=scope is not Scope.OWNER).request(told, self._secrets(place))

    def deliveries(self, record: Integration) -> list[Kept]:
        """Its last attempts in full, the newest first; since the start of the server, or since it was changed."""
        return self._deliveries.journal.of(record.id)

    def history(self, record: Integration) -> History:
        """What has become of its events since the start of the server, or since it was changed."""
        return self._deliveries.history(record.id)

    # What changes elsewhere

    def _drop(self, id: str) -> None:
        """It is no more."""
        self._table.take_out(id)
        self._deliveries.forget(id)

    def _device_changed(self, message: DeviceChanged) -> None:
        self._series.pop(message.device.id, None)

    def _product_changed(self, message: ProductChanged) -> None:
        """A product that was deleted has taken its integrations with it."""
        product = message.product
        self._series.pop(product.id, None)
        if self._table.of_product(product.id):
            self._begin(self._look_again(product))

    async def _look_again(self, product: Product) -> None:
        # Those of now: one that is added while the catalog answers is not in its answer.
        known = self._table.of_product(product.id)
        left = {record.id for record in await self.of(product.id)}
        for id in known:
            if id not in left:
                self._drop(id)

    # The way of an event

    def _event(self, event: Event) -> None:
        for hook in self._table.matching(event):
            self.matched += 1
            if not self._deliveries.turns_away(hook.record.id):
                self._set_off(hook, event)

    def _set_off(self, hook: Hook, event: Event) -> None:
        publisher = event.device_id or event.product_id or event.owner_id
        series = self._series.get(publisher)
        if series is not None and not self._line:
            self._submit(hook, event, series)
        elif len(self._line) >= WAITING:
            self.overrun += 1
        else:
            self._line.append((hook, event, publisher))
            if not self._placing:
                self._placing = True
                self._begin(self._place())

    async def _place(self) -> None:
        while self._line:
            hook, event, publisher = self._line[0]
            series = self._series.get(publisher)
            if series is None:
                try:
                    series = await self._series_of(event)
                except Exception:
                    # It is told, and stored nowhere; the next event of this publisher asks again.
                    log.exception("integrations.no_series", integration=hook.record.id)
                    series = 0
                else:
                    if len(self._series) >= PUBLISHERS:
                        self._series.clear()
                    self._series[publisher] = series
            self._line.popleft()
            if self._table.has(hook):
                self._submit(hook, event, series)
        self._placing = False

    async def _series_of(self, event: Event) -> int:
        """Where events of this publisher are stored; 0 where they are not."""
        if event.device_id is not None:
            device = await self._catalog.get(Device, event.device_id)
            if device is not None and device.events:
                return device.events
        if event.product_id is not None:
            product = await self._services.products.get(event.product_id)
            return 0 if product is None else product.events
        return await self._services.event_series.of(event.owner_id)

    def _submit(self, hook: Hook, event: Event, series: int) -> None:
        told = _told(event, self._services.ids.uuid())
        id = hook.record.id
        try:
            request = hook.webhook.request(told, self._secrets(hook.record.space_id))
        except OutgoingRefused as refused:
            self._deliveries.unmade(id, event.name, str(refused))
            self._publish(event, series, failed(hook.webhook, told, str(refused)))
            return
        except Exception:
            # One webhook's trouble is not that of the others which the event sets off.
            log.exception("integrations.no_request", integration=id)
            self._deliveries.unmade(id, event.name, "Something went wrong on the server; its log says what.")
            return
        trigger = _Trigger(self, hook, event, told, series)
        self._deliveries.submit(Delivery(target=id, event=event.name, request=request, listener=trigger))

    def _publish(self, event: Event, series: int, publications: list[Publication]) -> None:
        """Tell of `event` those who have heard of it."""
        events = self._services.events
        for publication in publications:
            told = Event(
                name=publication.name,
                data=None if publication.data is None else publication.data.encode(errors="replace"),
                time=events.now(),
                source=SOURCE,
                device_id=event.device_id,
                owner_id=event.owner_id,
                product_id=event.product_id,
                organisation_id=event.organisation_id,
                product_number=event.product_number,
                version=event.version,
                audience=event.audience,
                only_device=event.device_id,
                triggers=False,
            )
            events.publish(told, series)

    # Integrations that never succeed

    def _disabled(self, hook: Hook, reason: str) -> None:
        if self._table.has(hook):
            self._table.take_out(hook.record.id)
            self._begin(self._store_disabled(hook, reason))

    async def _store_disabled(self, hook: Hook, reason: str) -> None:
        while True:
            record = await self._catalog.get(Integration, hook.record.id)
            if record is None or not record.enabled or record.version != hook.record.version:
                return  # It was changed or removed meanwhile; whoever did so knows better.
            # With why: what is known of its deliveries ends with the server.
            definition = {**record.definition, "disabled": True, "disabled_reason": reason}
            after = changed(record, self._services.clock.now(), enabled=False, definition=definition)
            try:
                await self._catalog.apply(Update(after))
            except Conflict:
                continue
            break
        await self._tell_owner(record, hook.scope, reason)

    async def _tell_owner(self, record: Integration, scope: Scope, reason: str) -> None:
        """An event of the place, on its streams only."""
        place = record.space_id
        events = self._services.events
        fields: dict[str, Any] = {}
        series = 0
        if scope is Scope.PRODUCT:
            product = await self._services.products.get(place)
            if product is None:
                return
            fields = {"product_id": place, "product_number": product.number, "organisation_id": product.space_id}
            series = product.events
        else:
            fields = {"owner_id" if scope is Scope.OWNER else "organisation_id": place}
            series = await self._services.event_series.of(place)
        told = Event(
            name=f"hook-error/{record.event}/0",
            data=reason.encode(),
            time=events.now(),
            source=SOURCE,
            audience=Audience.NOBODY,
            triggers=False,
            **fields,
        )
        events.publish(told, series)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("integrations.failed", exc_info=error)


class _Trigger:
    """An event on its way to one webhook: tells how it goes."""

    __slots__ = ("_event", "_hook", "_integrations", "_series", "_told")

    def __init__(self, integrations: Integrations, hook: Hook, event: Event, told: HookEvent, series: int) -> None:
        self._integrations = integrations
        self._hook = hook
        self._event = event
        self._told = told
        self._series = series

    def sending(self, delivery: Delivery, number: int) -> None:
        """The first time is told, the others are not."""
        if number == 1:
            self._say([sent(self._told)])

    def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        """Every attempt is told, like the vendor does."""
        webhook, told = self._hook.webhook, self._told
        if attempt.response is not None:
            self._say(answered(webhook, told, attempt.response, host_of(delivery.request.url)))
        else:
            self._say(failed(webhook, told, SLEEPING if attempt.skipped else attempt.error))

    def disabled(self, target: str, reason: str) -> None:
        """It stays off until its owner turns it on again."""
        self._integrations._disabled(self._hook, reason)

    def _say(self, publications: list[Publication]) -> None:
        self._integrations._publish(self._event, self._series, publications)


class _Silent:
    """For a test, of which nobody is told."""

    def sending(self, delivery: Delivery, number: int) -> None:
        """Nobody."""

    def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        """Nobody."""

    def disabled(self, target: str, reason: str) -> None:
        """Nobody."""


def _fields(definition: Definition) -> dict[str, Any]:
    return {
        "name": definition.name,
        "event": definition.event,
        "device_id": definition.device_id,
        "definition": msgspec.to_builtins(definition),
        "enabled": not definition.disabled,
    }


def _told(event: Event, id: str) -> HookEvent:
    """The event as webhooks see it."""
    return HookEvent(
        name=event.name,
        data=None if event.data is None else stream_text(event.data, event.format),
        device_id=event.source,
        published_at=iso_time(event.time),
        event_id=id,
        product_id="" if event.product_number is None else str(event.product_number),
        user_id=hex_id(event.owner_id),
        version="" if event.version is None else str(event.version),
    )
