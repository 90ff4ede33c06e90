"""The boards of a product: taken in, grouped, kept out, let go."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from rookery.core.catalog import Catalog
from rookery.core.claims import Claims
from rookery.core.enrolment import HEX_ID, Enrolment
from rookery.core.records import Customer, Device, Product

IMPORT_LIMIT = 50_000
"""Boards of one import: a file of 1.3 MB."""


@dataclass(slots=True)
class Imported:
    """What became of an import; ids of boards in lower case."""

    added: list[str] = field(default_factory=list)
    existing: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    """In another product, or owned by somebody outside the team."""
    invalid: list[str] = field(default_factory=list)


class Fleet:
    """Which boards belong to which product."""

    def __init__(self, catalog: Catalog, enrolment: Enrolment, claims: Claims) -> None:
        self._catalog = catalog
        self._enrolment = enrolment
        self._claims = claims

    async def of(self, product: Product) -> list[Device]:
        """All boards of a product, oldest first."""
        return await self._catalog.select(Device, product_id=product.id, deleted_at=None)

    async def get(self, product: Product, hex_id: str) -> Device | None:
        """One board of a product."""
        device = await self._enrolment.get(hex_id)
        return device if device is not None and device.product_id == product.id else None

    async def add(
        self, product: Product, ids: Iterable[str], *, dialect: str, type: str, team: Sequence[str]
    ) -> Imported:
        """Take boards in. One that nobody knows is made known, so that it may be imported before it first connects; one
        in quarantine is approved by it.

        Args:
            product: theirs from now on.
            ids: as given by people: blanks and case do not matter.
            dialect: of a board that is made known.
            type: likewise.
            team: ids of the spaces of the product's people: whose boards may be taken in.
        """
        result = Imported()
        for text in dict.fromkeys(i.strip().lower() for i in ids):
            if HEX_ID.fullmatch(text) is None:
                result.invalid.append(text)
                continue
            device = await self._enrolment.get(text)
            if device is None:
                await self._enrolment.enrol(text, dialect, type, product_id=product.id, platform=product.platform)
                result.added.append(text)
            elif device.product_id == product.id:
                if device.quarantined or device.denied:
                    await self._enrolment.keep(device.id, quarantined=False, denied=False)
                    result.added.append(text)
                else:
                    result.existing.append(text)
            elif device.product_id is not None or (device.space_id and device.space_id not in team):
                result.foreign.append(text)
            else:
                await self._enrolment.keep(device.id, product_id=product.id, quarantined=False, denied=False)
                result.added.append(text)
        return result

    async def remove(self, device: Device) -> None:
        """Take a board out of its product. One that a customer owns is nobody's afterwards."""
        if device.space_id and await self._catalog.get(Customer, device.space_id) is not None:
            device = await self._claims.unclaim(device)
        await self._enrolment.keep(
            device.id,
            product_id=None,
            groups=[],
            development=False,
            quarantined=False,
            denied=False,
            desired_version=None,
        )

    async def deny(self, device: Device) -> None:
        """Keep a board out that says it belongs here."""
        await self._enrolment.keep(device.id, quarantined=True, denied=True)

    async def regroup(self, device: Device, add: Iterable[str], remove: Iterable[str]) -> Device | None:
        """Put a board into groups and take it out of others."""
        gone = set(remove)
        groups = [name for name in device.groups if name not in gone]
        groups += [name for name in add if name not in groups]
        return await self._enrolment.keep(device.id, groups=sorted(groups))
