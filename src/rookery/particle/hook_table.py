"""Which webhooks an event sets off: a table that every event of the server passes, and most pass in a microsecond."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

import msgspec

from rookery.core.events import Audience, Event
from rookery.core.records import Integration
from rookery.particle.webhook import Definition
from rookery.particle.webhook_request import Webhook


class Scope(StrEnum):
    """What kind of place an integration belongs to."""

    OWNER = "owner"
    PRODUCT = "product"
    ORGANISATION = "organisation"


class Hook:
    """An integration that is on."""

    __slots__ = ("_webhook", "record", "scope")

    def __init__(self, record: Integration, scope: Scope) -> None:
        self.record = record
        self.scope = scope
        self._webhook: Webhook | None = None

    @property
    def webhook(self) -> Webhook:
        """Its definition, compiled."""
        if self._webhook is None:
            self._webhook = compiled(self.record, self.scope)
        return self._webhook

    def wants(self, event: Event) -> bool:
        """Whether this event of its place sets it off."""
        record = self.record
        return event.name.startswith(record.event) and (record.device_id is None or record.device_id == event.source)


class _Place:
    """The hooks of one place. `prefixes` finds out in one step that an event is of no interest."""

    __slots__ = ("hooks", "prefixes")

    def __init__(self) -> None:
        self.hooks: dict[str, Hook] = {}
        self.prefixes: tuple[str, ...] = ()

    def changed(self) -> None:
        """After a change of `hooks`."""
        self.prefixes = tuple({hook.record.event for hook in self.hooks.values()})

    def matching(self, event: Event) -> list[Hook]:
        """Those that an event of this place sets off."""
        if not event.name.startswith(self.prefixes):
            return []
        return [hook for hook in self.hooks.values() if hook.wants(event)]


class HookTable:
    """The integrations that are on, by place. `interest(owner, 1)` is called for the first of an owner, and with -1 for
    the last: what is told only while somebody listens has to be told then."""

    def __init__(self, interest: Callable[[str, int], None] = lambda _owner, _change: None) -> None:
        self._interest = interest
        self._hooks: dict[str, Hook] = {}
        self._places: dict[Scope, dict[str, _Place]] = {scope: {} for scope in Scope}
        self._owners = self._places[Scope.OWNER]
        self._products = self._places[Scope.PRODUCT]
        self._organisations = self._places[Scope.ORGANISATION]

    def __len__(self) -> int:
        return len(self._hooks)

    def keep(self, record: Integration, scope: Scope) -> None:
        """This is how it is now; one that is off is taken out."""
        if not record.enabled:
            self.take_out(record.id)
            return
        hook = self._hooks[record.id] = Hook(record, scope)
        places = self._places[scope]
        if scope is Scope.OWNER and record.space_id not in places:
            self._interest(record.space_id, 1)
        place = places.setdefault(record.space_id, _Place())
        place.hooks[record.id] = hook
        place.changed()

    def take_out(self, id: str) -> None:
        """It sets nothing off any more."""
        hook = self._hooks.pop(id, None)
        if hook is None:
            return
        places, space = self._places[hook.scope], hook.record.space_id
        del places[space].hooks[id]
        places[space].changed()
        if not places[space].hooks:
            del places[space]
            if hook.scope is Scope.OWNER:
                self._interest(space, -1)

    def has(self, hook: Hook) -> bool:
        """Whether it is still there, and with the same definition."""
        return self._hooks.get(hook.record.id) is hook

    def of_product(self, product_id: str) -> list[str]:
        """The ids of a product's integrations."""
        place = self._products.get(product_id)
        return [] if place is None else list(place.hooks)

    def matching(self, event: Event) -> Sequence[Hook]:
        """Those that this event sets off."""
        if not event.triggers:
            return ()
        found: list[Hook] | None = None
        # What is published to a product is the product's, not that of the person who happens to own the product.
        if event.audience is not Audience.PRODUCT and (place := self._owners.get(event.owner_id)) is not None:
            found = place.matching(event)
        if event.product_id is not None:
            if (place := self._products.get(event.product_id)) is not None:
                found = [*(found or ()), *place.matching(event)]
            organisation = event.organisation_id
            if organisation is not None and (place := self._organisations.get(organisation)) is not None:
                found = [*(found or ()), *place.matching(event)]
        return found or ()


def compiled(record: Integration, scope: Scope) -> Webhook:
    """The webhook that an integration is."""
    return Webhook(msgspec.convert(record.definition, Definition), product=scope is not Scope.OWNER)
