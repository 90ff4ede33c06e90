"""The boards of a product: taken in, grouped, kept out, let go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rookery.core.catalog import Catalog
from rookery.core.claims import Claims
from rookery.core.enrolment import HEX_ID, TOGETHER, Enrolment
from rookery.core.errors import Conflict, LimitReached
from rookery.core.records import Customer, Device, Product
from rookery.core.roster import Card, Roster

IMPORT_LIMIT = 50_000
"""Boards of one import: a file of 1.3 MB."""


@dataclass(slots=True)
class Imported:
    """What became of an import; ids of boards in lower case."""

    added: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """In another product, owned by somebody outside the team, or of another dialect."""
    invalid: list[str] = field(default_factory=list)
    """Not ids."""


OUT: dict[str, Any] = {
    "product_id": None,
    "groups": [],
    "development": False,
    "quarantined": False,
    "denied": False,
    "desired_version": None,
}
"""What a board has that is in no product."""


class Fleet:
    """Which boards belong to which product."""

    def __init__(self, catalog: Catalog, enrolment: Enrolment, claims: Claims, roster: Roster) -> None:
        self._catalog = catalog
        self._enrolment = enrolment
        self._claims = claims
        self._roster = roster

    async def of(self, product: Product) -> list[Device]:
        """All boards of a product, oldest first. Whole records: for a page of a list see `cards`."""
        return await self._catalog.select(Device, product_id=product.id, deleted_at=None)

    async def cards(self, product_id: str) -> list[Card]:
        """What lists sort and filter all boards of a product by, in no order."""
        return await self._roster.of(product_id)

    async def records(self, cards: Sequence[Card]) -> list[Device]:
        """The boards of these cards, in this order; those that are gone by now are left out."""
        if not cards:
            return []
        found = await self._catalog.select(Device, id=[card.id for card in cards], deleted_at=None)
        by_id = {device.id: device for device in found}
        return [by_id[card.id] for card in cards if card.id in by_id]

    async def get(self, product: Product, hex_id: str) -> Device | None:
        """One board of a product."""
        device = await self._enrolment.get(hex_id)
        return device if device is not None and device.product_id == product.id else None

    async def named(self, product: Product, name: str) -> Device | None:
        """The oldest board of a product with this name, in either case."""
        wanted = name.lower()
        cards = [card for card in await self.cards(product.id) if card.name.lower() == wanted]
        found = await self.records(sorted(cards, key=lambda card: (card.created_at, card.id))[:1])
        return found[0] if found else None

    async def add(
        self, product: Product, ids: Iterable[str], *, dialect: str, type: str, team: Sequence[str]
    ) -> Imported:
        """Take boards in. One that nobody knows is made known, so that it may be imported before it first connects; one
        in quarantine is approved by it.

        Args:
            product: theirs from now on.
            ids: as given by people: blanks and case do not matter.
            dialect: of a board that is made known. Those of other dialects stay out: they can not be without an owner.
            type: of a board that is made known.
            team: ids of the spaces of the product's people: whose boards may be taken in.

        Raises:
            LimitReached: more than `IMPORT_LIMIT` at once.
        """
        result = Imported()
        wanted = list(dict.fromkeys(i.strip().lower() for i in ids))
        if len(wanted) > IMPORT_LIMIT:
            raise LimitReached(f"At most {IMPORT_LIMIT} boards can be imported at once.")
        result.invalid = [text for text in wanted if HEX_ID.fullmatch(text) is None]
        wanted = [text for text in wanted if HEX_ID.fullmatch(text) is not None]
        for start in range(0, len(wanted), TOGETHER):
            part = wanted[start : start + TOGETHER]
            known = {device.hex_id: device for device in await self._catalog.select(Device, hex_id=part)}
            fresh = [text for text in part if text not in known]
            try:
                made = await self._enrolment.enrol_all(
                    fresh, dialect, type, product_id=product.id, platform=product.platform
                )
            except Conflict:
                # One of them was heard of in this moment: one by one.
                made = []
            new = {device.hex_id for device in made}
            for text in part:
                if text in new:
                    result.added.append(text)
                    continue
                device = known.get(text)
                if device is None or device.deleted_at is not None:
                    device = await self._enrolment.enrol(text, dialect, type, platform=product.platform)
                taken = result.foreign if device.dialect != dialect else await self._take(product, device, team, result)
                taken.append(text)
        return result

    async def _take(self, product: Product, device: Device, team: Sequence[str], result: Imported) -> list[str]:
        """Take in a board that is known; returns the list that it belongs to."""
        if device.product_id == product.id:
            if not device.quarantined and not device.denied:
                return result.existing
            await self._enrolment.keep(device.id, quarantined=False, denied=False)
            return result.added
        if device.product_id is not None or (device.space_id and device.space_id not in team):
            return result.foreign
        await self._enrolment.keep(device.id, product_id=product.id, quarantined=False, denied=False)
        return result.added

    async def remove(self, *devices: Device) -> None:
        """Take boards out of their product. Those that a customer owns are nobody's afterwards."""
        owners = [device.space_id for device in devices if device.space_id]
        customers = {customer.id for customer in await self._catalog.select(Customer, id=owners)} if owners else set()
        free = [await self._claims.unclaim(device) if device.space_id in customers else device for device in devices]
        await self._enrolment.keep_all([(device, OUT) for device in free])

    async def approve_all(self, product: Product) -> None:
        """Let in all that wait in quarantine, but those that were denied."""
        waiting = [device for device in await self.of(product) if device.quarantined and not device.denied]
        await self._enrolment.keep_all([(device, {"quarantined": False}) for device in waiting])

    async def deny(self, device: Device) -> None:
        """Keep a board out that says it belongs here."""
        await self._enrolment.keep(device.id, quarantined=True, denied=True)

    async def regroup(self, devices: Iterable[Device], add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
        """Put boards into groups and take them out of others."""
        gone, new = set(remove), set(add)
        changes = []
        for device in devices:
            groups = sorted(set(device.groups) - gone | new)
            if groups != device.groups:
                changes.append((device, {"groups": groups}))
        await self._enrolment.keep_all(changes)
