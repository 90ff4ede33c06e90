"""What a list of boards is sorted and filtered by, kept in memory: ten thousand records take some tenths of a second to
read, and a page shows twenty-five of them.

Boards are listed by their product, or by the space that they are in. The boards of one are read once, when somebody
first lists them; after that the bus keeps them up to date.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from rookery.core.bus import Bus, DeviceChanged
from rookery.core.catalog import Catalog
from rookery.core.records import Device

REMEMBERED = 100_000
"""Boards kept in memory, about 800 bytes each. Beyond it, the lists that were not asked for longest are forgotten, and
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
    dialect: str
    type: str
    product_id: str | None
    tags: dict[str, str]
    series: int
    """Of its presence."""
    last_activity_at: int | None


class Roster:
    """The cards of all boards of a product, by its id; or of a space, when they are listed `by` that."""

    def __init__(self, catalog: Catalog, bus: Bus, by: Literal["product_id", "space_id"] = "product_id") -> None:
        self._catalog = catalog
        self._by = by
        self._lists: OrderedDict[str, dict[str, Card]] = OrderedDict()
        self._list_of: dict[str, str] = {}
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._meanwhile: dict[str, list[Device]] = {}
        """What was changed while a list was read."""
        bus.listen("devices", self._changed)

    async def of(self, id: str) -> list[Card]:
        """All boards of this product, or of this space, in no order."""
        cards = self._lists.get(id)
        if cards is None:
            async with self._reading[id]:
                cards = self._lists.get(id)
                if cards is None:
                    cards = await self._read(id)
            if not self._reading[id].locked():
                del self._reading[id]
        self._lists.move_to_end(id)
        return list(cards.values())

    def count(self, id: str) -> int | None:
        """How many boards this product or space has, if its list is in memory."""
        cards = self._lists.get(id)
        return len(cards) if cards is not None else None

    async def _read(self, list_id: str) -> dict[str, Card]:
        self._meanwhile[list_id] = []
        try:
            rows = await self._catalog.pick(Device, _FIELDS, **{self._by: list_id, "deleted_at": None})
        finally:
            meanwhile = self._meanwhile.pop(list_id)
        cards = self._lists[list_id] = {row[0]: _card(row) for row in rows}
        for id in cards:
            self._leave(id, list_id)
            self._list_of[id] = list_id
        for device in meanwhile:
            self._note(device)
        while len(self._list_of) > REMEMBERED and len(self._lists) > 1:
            _, forgotten = self._lists.popitem(last=False)
            for id in forgotten:
                self._list_of.pop(id, None)
        return cards

    def _changed(self, message: DeviceChanged) -> None:
        for devices in self._meanwhile.values():
            devices.append(message.device)
        self._note(message.device)

    def _note(self, device: Device) -> None:
        known = self._list_of.get(device.id)
        if known is not None and self._lists[known][device.id].revision > device.version:
            # An older state than the one that was read.
            return
        list_id: str | None = getattr(device, self._by) if device.deleted_at is None else None
        self._leave(device.id, list_id)
        if list_id is not None and list_id in self._lists:
            self._lists[list_id][device.id] = card_of(device)
            self._list_of[device.id] = list_id

    def _leave(self, device_id: str, now: str | None) -> None:
        before = self._list_of.get(device_id)
        if before is not None and before != now:
            del self._lists[before][device_id]
            del self._list_of[device_id]


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
    "dialect",
    "type",
    "product_id",
    "tags",
    "series",
    "last_activity_at",
)
"""What a card is made of, in its order."""


def card_of(device: Device) -> Card:
    """The card of a board."""
    return _card([getattr(device, name) for name in _FIELDS])


def _card(row: Sequence[Any]) -> Card:
    firmware = row[6].get("firmware_version")
    return Card._make((*row[:5], tuple(row[5]), firmware if isinstance(firmware, int) else None, *row[7:]))
