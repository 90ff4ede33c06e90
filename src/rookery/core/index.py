"""Which things and devices a space has: asked for every topic that a person subscribes to, so it is kept in memory.

A space is read once, when somebody of it first connects; after that the bus keeps it up to date.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict

from rookery.core.bus import Bus, DeviceChanged, ThingChanged
from rookery.core.catalog import Catalog
from rookery.core.records import Device, Thing


class Index:
    """Ids of live things and devices, by space."""

    def __init__(self, catalog: Catalog, bus: Bus) -> None:
        self._catalog = catalog
        self._ids: dict[str, set[str]] = {}
        self._ready: set[str] = set()
        self._reading: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        bus.listen("things", self._thing_changed)
        bus.listen("devices", self._device_changed)

    async def load(self, space_id: str) -> None:
        """Make sure that this space is known."""
        async with self._reading[space_id]:
            if space_id in self._ready:
                return
            # Known before it is read: what is created meanwhile is added by the bus, and again by the read.
            known = self._ids.setdefault(space_id, set())
            for thing in await self._catalog.select(Thing, space_id=space_id, deleted_at=None):
                known.add(thing.id)
            for device in await self._catalog.select(Device, space_id=space_id, deleted_at=None):
                known.add(device.id)
            self._ready.add(space_id)

    def has(self, space_id: str, id: str) -> bool:
        """Whether this is a live thing or device of this space."""
        return id in self._ids.get(space_id, ())

    def _thing_changed(self, message: ThingChanged) -> None:
        self._changed(message.thing)

    def _device_changed(self, message: DeviceChanged) -> None:
        self._changed(message.device)

    def _changed(self, record: Thing | Device) -> None:
        known = self._ids.get(record.space_id)
        if known is None:
            return
        if record.deleted_at is None:
            known.add(record.id)
        else:
            known.discard(record.id)
