"""Boards that have an id of their own before they have an owner: known when they are first heard of, by import, by
their own connection, or by their keys.

The id is 24 hex digits and is kept in lower case. Who owns the board is decided elsewhere (`core.claims`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rookery.core.boards import Boards
from rookery.core.bus import Bus, announce_device
from rookery.core.catalog import Catalog, Insert, Update, changed
from rookery.core.clock import Clock
from rookery.core.errors import Conflict, Invalid
from rookery.core.ids import Identifiers
from rookery.core.records import Device

HEX_ID = re.compile(r"[0-9a-f]{24}")
TOGETHER = 500
"""Boards that are written with one commit: some 10 ms of the event loop, and one flush of the disk instead of 500."""

_ADJECTIVES = (
    "amber bold brave bright calm clever cosy crisp deft eager early fair fleet fond gentle glad golden green happy "
    "humble jolly keen kind light lively lucky merry mild misty nimble noble patient plucky proud quick quiet ready "
    "rosy silent silver smart snug sunny swift tidy warm wise witty young"
)
_NOUNS = (
    "acorn badger beacon birch bramble brook cedar clover comet coral crow daisy falcon fern finch fox gecko hare "
    "harbor heron island ivy jackdaw kestrel lantern lark lemon magpie maple marten meadow moss nutmeg otter owl "
    "pebble pine plover quail raven reed robin rook sparrow thistle tulip walnut willow wren"
)
ADJECTIVES, NOUNS = _ADJECTIVES.split(), _NOUNS.split()


class Enrolment:
    """The register of such boards."""

    def __init__(self, catalog: Catalog, boards: Boards, bus: Bus, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._boards = boards
        self._bus = bus
        self._ids = ids
        self._clock = clock

    async def get(self, hex_id: str) -> Device | None:
        """The live board with this id, in either case."""
        hex_id = hex_id.lower()
        if HEX_ID.fullmatch(hex_id) is None:
            return None
        session = self._boards.by_hex(hex_id)
        if session is not None:
            # Most calls are about a board that is connected: its record is at hand.
            return session.device if session.device.deleted_at is None else None
        device = await self._catalog.find(Device, hex_id=hex_id)
        return device if device is not None and device.deleted_at is None else None

    async def enrol(self, hex_id: str, dialect: str, type: str, **fields: Any) -> Device:
        """Make a board known, or bring back one that was deleted, with nobody as its owner unless `fields` say so.
        One that is known is returned as it is.

        Raises:
            Invalid: this is no id.
        """
        hex_id = hex_id.lower()
        if HEX_ID.fullmatch(hex_id) is None:
            raise Invalid("A device id has 24 hexadecimal digits.", "id")
        while True:
            known = await self._catalog.find(Device, hex_id=hex_id)
            if known is not None and known.deleted_at is None:
                return known
            try:
                return await (self._anew(hex_id, dialect, type, fields) if known is None else self._back(known, fields))
            except Conflict:
                # Heard of twice in the same moment: the other one has got through.
                continue

    async def keep(self, device_id: str, **fields: Any) -> Device | None:
        """Change what is known of a board, whoever changes it at the same time; None when it is gone.

        The caller decides what may be changed and by whom: this is for the server itself.
        """
        while True:
            device = await self._catalog.get(Device, device_id)
            if device is None or device.deleted_at is not None:
                return None
            if all(getattr(device, name) == value for name, value in fields.items()):
                return device
            after = changed(device, self._clock.now(), **fields)
            try:
                await self._catalog.apply(Update(after))
            except Conflict:
                continue
            self.announce(after, credentials="public_key" in fields)
            return after

    async def enrol_all(self, hex_ids: Sequence[str], dialect: str, type: str, **fields: Any) -> list[Device]:
        """Make many boards known at once. All of them, or none.

        Raises:
            Conflict: one of them was heard of before.
        """
        series = await self._catalog.allocate(4 * len(hex_ids))
        devices = [
            self._new(hex_id, dialect, type, fields, series[4 * i : 4 * i + 4]) for i, hex_id in enumerate(hex_ids)
        ]
        await self._catalog.apply(*(Insert(device) for device in devices))
        for device in devices:
            announce_device(self._bus, device)
        return devices

    async def keep_all(self, changes: Sequence[tuple[Device, dict[str, Any]]]) -> None:
        """`keep` for many boards at once. Those that are gone are left out."""
        now = self._clock.now()
        for start in range(0, len(changes), TOGETHER):
            part = changes[start : start + TOGETHER]
            after = [changed(device, now, **fields) for device, fields in part]
            try:
                await self._catalog.apply(*(Update(device) for device in after))
            except Conflict:
                # Somebody else changed one of them.
                for device, fields in part:
                    await self.keep(device.id, **fields)
                continue
            for device in after:
                self.announce(device)

    def announce(self, device: Device, *, credentials: bool = False) -> None:
        """This board was changed: its session and everybody who cares learn of it."""
        session = self._boards.session(device.id)
        if session is not None:
            session.device = device
        announce_device(self._bus, device, credentials=credentials)

    def name(self) -> str:
        """A name that people can say."""
        first, second = self._ids.bytes(2)
        return f"{ADJECTIVES[first % len(ADJECTIVES)]}_{NOUNS[second % len(NOUNS)]}"

    async def _anew(self, hex_id: str, dialect: str, type: str, fields: dict[str, Any]) -> Device:
        device = self._new(hex_id, dialect, type, fields, await self._catalog.allocate(4))
        await self._catalog.apply(Insert(device))
        announce_device(self._bus, device)
        return device

    def _new(self, hex_id: str, dialect: str, type: str, fields: dict[str, Any], series: Sequence[int]) -> Device:
        now = self._clock.now()
        presence, events, vitals, journal = series
        whole: dict[str, Any] = {"space_id": "", "person_id": "", "name": self.name()} | fields
        return Device(
            id=self._ids.uuid(),
            hex_id=hex_id,
            created_at=now,
            updated_at=now,
            dialect=dialect,
            type=type,
            series=presence,
            events=events,
            vitals=vitals,
            journal=journal,
            **whole,
        )

    async def _back(self, known: Device, fields: dict[str, Any]) -> Device:
        whole: dict[str, Any] = {"space_id": "", "person_id": "", "product_id": None, "groups": []} | fields
        device = changed(known, self._clock.now(), deleted_at=None, **whole)
        await self._catalog.apply(Update(device))
        announce_device(self._bus, device)
        return device
