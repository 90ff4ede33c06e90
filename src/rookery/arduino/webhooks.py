"""Webhooks of things: values of a thing, posted to an address of its owner's (reference 4.11).

The body is the vendor's: `event_id`, `webhook_id`, `device_id`, `thing_id` and `values`, each with `id`, `name`,
`value`, `persist`, `updated_at` and `created_by`. One request carries what was committed together. What the vendor
leaves open is decided here: `webhook_id` is made of the thing's id and stays the same, `device_id` is null where no
board feeds the thing, and `created_by` is who made the thing.

Only things with an active webhook are listened to, each on its own channel: values of all others cost nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Final
from uuid import UUID, uuid5

import msgspec
import structlog

from rookery.arduino.api.times import format_time
from rookery.core.access import Principal
from rookery.core.bus import Subscription, ThingChanged, ValuesChanged
from rookery.core.deliveries import Deliveries, Delivery, DeliveryRules
from rookery.core.delivery_history import Attempt
from rookery.core.errors import Conflict, NotFound
from rookery.core.outgoing import OutgoingRequest
from rookery.core.records import Role, Thing
from rookery.core.services import Services

log = structlog.get_logger("rookery.arduino.webhooks")

SECONDS: Final = 5.0
"""For one request, as the reference proposes."""
RETRY_AT: Final = (10.0, 40.0)
"""Seconds after the first attempt: three tries with growing pauses."""
EVENT: Final = "values"
"""How the log of deliveries calls what set a request off."""

_HEADERS: Final = (("content-type", "application/json"), ("user-agent", "Rookery"))
_NAME: Final = "webhook"


def rules(disable_after: int) -> DeliveryRules:
    """The rules of deliveries for these webhooks; `disable_after` is the operator's."""
    return DeliveryRules(retry_at=RETRY_AT, disable_after=disable_after)


class _Heard:
    """A thing with an active webhook."""

    __slots__ = ("subscription", "thing", "webhook_id")

    def __init__(self, thing: Thing, subscription: Subscription) -> None:
        self.thing = thing
        self.subscription = subscription
        self.webhook_id = webhook_id(thing.id)


class ThingWebhooks:
    """The webhooks of all things of a node. It is a `core.deliveries.Listener` itself."""

    def __init__(self, services: Services, deliveries: Deliveries) -> None:
        self._services = services
        self._deliveries = deliveries
        self._heard: dict[str, _Heard] = {}
        self._things: Subscription | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.updates = 0
        """Updates of things with a webhook."""

    def __len__(self) -> int:
        """Things with an active webhook."""
        return len(self._heard)

    async def start(self) -> None:
        """Read which things have one, and listen from now on."""
        self._things = self._services.bus.listen("things", self._thing_changed)
        for thing in await self._services.catalog.select(Thing, webhook_active=True, deleted_at=None):
            if thing.id not in self._heard:
                self._set(thing)

    async def close(self) -> None:
        """Set off nothing any more. What is on its way belongs to the deliveries."""
        if self._things is not None:
            self._things.cancel()
        for heard in self._heard.values():
            heard.subscription.cancel()
        self._heard.clear()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def idle(self) -> None:
        """Wait until nothing is under way here."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def sending(self, delivery: Delivery, number: int) -> None:
        """Nobody is told."""

    def attempted(self, delivery: Delivery, attempt: Attempt) -> None:
        """Nobody is told; the deliveries count."""

    def disabled(self, target: str, reason: str) -> None:
        """Its owner sees a webhook that is not active any more."""
        self._begin(self._store_disabled(target))

    def _thing_changed(self, message: ThingChanged) -> None:
        self._set(message.thing)

    def _set(self, thing: Thing) -> None:
        """This is how the thing is now."""
        known = self._heard.get(thing.id)
        wanted = thing.webhook_active and bool(thing.webhook_uri) and thing.deleted_at is None
        if known is not None:
            if not wanted:
                known.subscription.cancel()
                del self._heard[thing.id]
            if not wanted or known.thing.webhook_uri != thing.webhook_uri:
                # What waits was meant for another address, or for none.
                self._deliveries.forget(thing.id)
            known.thing = thing
        elif wanted:
            subscription = self._services.bus.listen("values." + thing.id, self._values_changed)
            self._heard[thing.id] = _Heard(thing, subscription)

    def _values_changed(self, message: ValuesChanged) -> None:
        heard = self._heard.get(message.thing_id)
        if heard is None:
            return
        self.updates += 1
        thing = heard.thing
        if thing.webhook_uri is None or self._deliveries.turns_away(thing.id):
            return
        request = OutgoingRequest(
            method="POST",
            url=thing.webhook_uri,
            headers=_HEADERS,
            body=_payload(heard, message, self._services.ids.uuid()),
            seconds=SECONDS,
        )
        self._deliveries.submit(Delivery(target=thing.id, event=EVENT, request=request, listener=self))

    async def _store_disabled(self, thing_id: str) -> None:
        heard = self._heard.get(thing_id)
        while heard is not None and self._heard.get(thing_id) is heard:
            thing = heard.thing
            owner = Principal(person_id=thing.person_id, space_id=thing.space_id, roles={thing.space_id: Role.OWNER})
            try:
                await self._services.things.update(owner, thing_id, {"webhook_active": False})
            except Conflict:
                continue  # Changed at the same moment; what is changed now is the newer one.
            except NotFound:
                return
            return

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("webhooks.failed", exc_info=error)


def webhook_id(thing_id: str) -> str:
    """The id of a thing's webhook."""
    return str(uuid5(UUID(thing_id), _NAME))


def _payload(heard: _Heard, message: ValuesChanged, event_id: str) -> bytes:
    thing = heard.thing
    return msgspec.json.encode(
        {
            "event_id": event_id,
            "webhook_id": heard.webhook_id,
            "device_id": thing.device_id,
            "thing_id": thing.id,
            "values": [
                {
                    "id": variable.id,
                    "name": variable.name,
                    "value": value,
                    "persist": variable.persist,
                    "updated_at": format_time(time),
                    "created_by": thing.person_id,
                }
                for variable, time, value in message.values
            ],
        }
    )
