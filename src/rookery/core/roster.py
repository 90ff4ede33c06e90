"""What a list of a product's boards is sorted and filtered by, kept in memory: ten thousand records take some tenths of
a second to read, and a page shows twenty-five of them.

A product is read once, when somebody first lists its boards; after that the bus keeps it up to date.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from rookery.core.bus import Bus, DeviceChanged
from rookery.core.catalog import Catalog
from rookery.core.records import Device

REMEMBERED = 100_000
"""Boards kept in memory, about 600 bytes each. Beyond it, products that were not asked for longest are forgotten, and
read again when somebody does."""


class Card(NamedTuple):
    """A board, as far as lists look at it."""

    id: str
    hex_id: str
    name: str
    serial: str
    owner_id: str
    """The space or customer that it belongs to; empty for nobody's."""
    groups: tuple[str, ...]
    firmware: int | None
    """The version of the product's firmware that it runs, as far as is known."""
    desired: int | None
    last_session_at: int | None
    created_at: int
    development: bool
    quarantined: bool
    revision: int
    """The version of the record that this was made of."""


class Roster:
    """The cards of all boards of a product, by its id."""

    def __init__(self, catalog: Catalog, bus: Bus) -> None:
        self._catalog = catalog
        self._products: OrderedDict[str, dict[str, Card]] = OrderedDict()
        self._product_of: dict[str, str] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._meanwhile: dict[str, list[Device]] = {}
        """What was changed while a product was read."""
        bus.listen("devices", self._changed)

    async def of(self, product_id: str) -> list[Card]:
        """All boards of a product, in no order."""
        cards = self._products.get(product_id)
        if cards is None:
            async with self._reading[product_id]:
                cards = self._products.get(product_id)
                if cards is None:
                    cards = await self._read(product_id)
            if not self._reading[product_id].locked():
                del self._reading[product_id]
        self._products.move_to_end(product_id)
        return list(cards.values())

    async def _read(self, product_id: str) -> dict[str, Card]:
        self._meanwhile[product_id] = []
        try:
            rows = await self._catalog.pick(Device, _FIELDS, product_id=product_id, deleted_at=None)
        finally:
            meanwhile = self._meanwhile.pop(product_id)
        cards = self._products[product_id] = {row[0]: _card(row) for row in rows}
        for id in cards:
            self._leave(id, product_id)
            self._product_of[id] = product_id
        for device in meanwhile:
            self._note(device)
        while len(self._product_of) > REMEMBERED and len(self._products) > 1:
            _, forgotten = self._products.popitem(last=False)
            for id in forgotten:
                self._product_of.pop(id, None)
        return cards

    def _changed(self, message: DeviceChanged) -> None:
        for devices in self._meanwhile.values():
            devices.append(message.device)
        self._note(message.device)

    def _note(self, device: Device) -> None:
        known = self._product_of.get(device.id)
        if known is not None and self._products[known][device.id].revision > device.version:
            # An older state than the one that was read.
            return
        product_id = device.product_id if device.deleted_at is None else None
        self._leave(device.id, product_id)
        if product_id is not None and product_id in self._products:
            self._products[product_id][device.id] = card_of(device)
            self._product_of[device.id] = product_id

    def _leave(self, device_id: str, now: str | None) -> None:
        before = self._product_of.get(device_id)
        if before is not None and before != now:
            del self._products[before][device_id]
            del self._product_of[device_id]


_FIELDS = (
    "id",
    "hex_id",
    "name",
    "serial",
    "space_id",
    "groups",
    "described",
    "desired_version",
    "last_session_at",
    "created_at",
    "development",
    "quarantined",
    "version",
)
"""What a card is made of, in its order."""


def card_of(device: Device) -> Card:
    """The card of a board."""
    return _card([getattr(device, name) for name in _FIELDS])


def _card(row: Sequence[Any]) -> Card:
    firmware = row[6].get("firmware_version")
    return Card._make((*row[:5], tuple(row[5]), firmware if isinstance(firmware, int) else None, *row[7:]))
