"""Devices: register, change, give a secret, attach tags, delete and bring back, and what they did when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rookery.core.access import Action, Principal, check
from rookery.core.boards import Boards
from rookery.core.bus import Bus, announce_attached, announce_device, announce_thing
from rookery.core.catalog import Catalog, Change, Delete, Insert, Update, changed
from rookery.core.clock import Clock
from rookery.core.errors import Conflict, NotFound, Precondition
from rookery.core.ids import Identifiers
from rookery.core.listing import visible
from rookery.core.live import LiveThings
from rookery.core.points import Point, Telemetry
from rookery.core.records import Certificate, Device, Thing
from rookery.core.secrets import SALT_SIZE, Peppered

SECRET_LENGTH = 25
"""Characters of a secret key that we draw: 149 bits, and short enough to type into a sketch."""
NAME_LIMIT = 64
EDITABLE = frozenset(
    {
        "name",
        "type",
        "fqbn",
        "serial",
        "unique_hardware_id",
        "ble_mac",
        "connection_type",
        "locked",
        "firmware",
        "metadata",
    }
)


class Devices:
    """The boards of all spaces."""

    def __init__(
        self,
        catalog: Catalog,
        telemetry: Telemetry,
        live: LiveThings,
        boards: Boards,
        bus: Bus,
        secrets: Peppered,
        ids: Identifiers,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._live = live
        self._boards = boards
        self._bus = bus
        self._secrets = secrets
        self._ids = ids
        self._clock = clock

    async def create(
        self,
        who: Principal,
        dialect: str,
        type: str,
        *,
        id: str | None = None,
        name: str | None = None,
        secret: str | None = None,
        **fields: Any,
    ) -> Device:
        """Register a board in the principal's space. Without a name it is "Untitled" and a number.

        Raises:
            Conflict: the id is taken, or another person has locked a board with this hardware id.
        """
        check(who, Action.CHANGE, who.space_id, "space")
        if id is not None and await self._catalog.get(Device, id) is not None:
            raise Conflict("A device with this id exists already.")
        hardware = fields.get("unique_hardware_id")
        if hardware:
            holders = await self._catalog.select(Device, unique_hardware_id=hardware, deleted_at=None)
            if any(d.person_id != who.person_id and d.locked for d in holders):
                raise Conflict("This board belongs to somebody else who has locked it.")
        now = self._clock.now()
        series, journal = await self._catalog.allocate(2)
        device = Device(
            id=id or self._ids.uuid(),
            hex_id=self._ids.hex(24),
            created_at=now,
            updated_at=now,
            space_id=who.space_id,
            person_id=who.person_id,
            dialect=dialect,
            name=name or await self._untitled(who.space_id),
            type=type,
            series=series,
            journal=journal,
            secret_hash=self._secrets.keep(secret, self._ids.bytes(SALT_SIZE)) if secret else None,
            **fields,
        )
        await self._catalog.apply(Insert(device))
        announce_device(self._bus, device)
        return device

    async def visible(
        self,
        who: Principal,
        *,
        deleted: bool = False,
        everybody: bool = False,
        tags: Sequence[tuple[str, str]] = (),
        **equals: Any,
    ) -> list[Device]:
        """The devices of the principal's space (see `core.listing`)."""
        return await visible(self._catalog, Device, who, deleted=deleted, everybody=everybody, tags=tags, equals=equals)

    async def get(self, who: Principal, id: str, action: Action = Action.READ, *, deleted: bool = False) -> Device:
        """One device.

        Raises:
            NotFound: there is none, it is deleted, or it is in a space that the principal has no part in.
            Forbidden: the principal may see it, but not do `action`.
        """
        device = await self._catalog.get(Device, id.lower())
        if device is None or (device.deleted_at is not None and not deleted):
            raise NotFound("There is no such device.")
        check(who, action, device.space_id, "device")
        return device

    async def update(self, who: Principal, id: str, fields: Mapping[str, Any]) -> Device:
        """Change the given fields; a deleted device comes back by it."""
        device = await self.get(who, id, Action.CHANGE, deleted=True)
        unknown = fields.keys() - EDITABLE
        if unknown:
            raise TypeError(f"not editable: {sorted(unknown)}")
        return await self._store(device, **fields, deleted_at=None)

    async def delete(self, who: Principal, id: str, *, force: bool = False) -> None:
        """Delete a device: it leaves its thing, its session ends. With `force`, or the second time, for good."""
        device = await self.get(who, id, Action.CHANGE, deleted=True)
        if device.deleted_at is not None and not force:
            raise NotFound("There is no such device.")
        changes: list[Change] = []
        now = self._clock.now()
        thing = await self._catalog.find(Thing, device_id=device.id)
        if thing is not None:
            thing = changed(thing, now, device_id=None)
            changes.append(Update(thing))
        if force:
            changes.append(Delete(Device, device.id))
            changes += [Delete(Certificate, c.id) for c in await self.certificates(device)]
            after = changed(device, now, deleted_at=now)
        else:
            after = changed(device, now, deleted_at=now)
            changes.append(Update(after))
        await self._catalog.apply(*changes)
        if force:
            series = (device.series, device.events, device.vitals, device.journal)
            await self._telemetry.delete([number for number in series if number])
        if thing is not None:
            await self._live.refresh(thing.id)
            announce_thing(self._bus, thing)
            announce_attached(self._bus, device.id, None, thing.id)
        announce_device(self._bus, after, credentials=True)
        session = self._boards.session(device.id)
        if session is not None:
            session.close("the device was deleted")

    async def thing_of(self, device: Device) -> Thing | None:
        """The thing that this device feeds."""
        return await self._catalog.find(Thing, device_id=device.id, deleted_at=None)

    # Secrets

    def suggest_secret(self) -> str:
        """A secret key to propose."""
        return self._ids.text(SECRET_LENGTH)

    async def set_secret(self, who: Principal, id: str, secret: str | None) -> Device:
        """Give the device this secret key, or take it away. A board that is connected with another one has to go."""
        device = await self.get(who, id, Action.CHANGE)
        kept = self._secrets.keep(secret, self._ids.bytes(SALT_SIZE)) if secret else None
        device = await self._store(device, secret_hash=kept, credentials=True)
        session = self._boards.session(device.id)
        if session is not None:
            session.close("the secret key was changed")
        return device

    def secret_matches(self, device: Device, secret: str) -> bool:
        """Whether this is the device's secret key."""
        return device.secret_hash is not None and self._secrets.matches(secret, device.secret_hash)

    async def log_in(self, id: str, secret: str) -> Device | None:
        """The device with this id, if it is alive and the secret key is right."""
        device = await self.by_id(id)
        return device if device is not None and self.secret_matches(device, secret) else None

    async def by_id(self, id: str) -> Device | None:
        """The live device with this id, whoever owns it. For the server itself; people go through `get`."""
        device = await self._catalog.get(Device, id)
        return device if device is not None and device.deleted_at is None else None

    async def by_certificate(self, id: str, serial: str) -> Device | None:
        """The device that an enabled certificate with this serial (hex) was signed for."""
        device = await self.by_id(id)
        if device is None:
            return None
        found = await self._catalog.find(Certificate, device_id=id, serial=serial, enabled=True)
        return device if found is not None else None

    # Tags

    async def set_tag(self, who: Principal, id: str, key: str, value: str) -> None:
        """Add a tag, or give it another value."""
        device = await self.get(who, id, Action.CHANGE)
        await self._store(device, tags={**device.tags, key: value})

    async def delete_tag(self, who: Principal, id: str, key: str) -> None:
        """Remove a tag; nothing happens when it is not there."""
        device = await self.get(who, id, Action.CHANGE)
        if key in device.tags:
            await self._store(device, tags={k: v for k, v in device.tags.items() if k != key})

    # What it did

    def online(self, device: Device) -> bool:
        """Whether its board is connected to this node."""
        return self._boards.session(device.id) is not None

    async def presence(self, device: Device, before: int, limit: int) -> list[Point]:
        """Its connects (True) and disconnects (False) before a time, newest first."""
        return await self._telemetry.read(device.series, 0, before, limit, descending=True)

    async def reported(self, device_id: str, **firmware: str) -> Device | None:
        """Keep what a board says of itself (library version, network, …), when it is something new."""
        while True:
            device = await self._catalog.get(Device, device_id)
            if device is None or all(device.firmware.get(k) == v for k, v in firmware.items()):
                return device
            try:
                return await self._store(device, firmware={**device.firmware, **firmware})
            except Conflict:
                # Somebody has renamed the device in between, say. Both are wanted, and that one has got through.
                continue

    # Certificates

    async def certificates(self, device: Device) -> list[Certificate]:
        """Its certificates, oldest first."""
        return await self._catalog.select(Certificate, device_id=device.id)

    async def certificate(self, device: Device, id: str) -> Certificate:
        """One of its certificates.

        Raises:
            NotFound: it has no such one.
        """
        certificate = await self._catalog.get(Certificate, id)
        if certificate is None or certificate.device_id != device.id:
            raise NotFound("There is no such certificate.")
        return certificate

    async def add_certificate(self, device: Device, **fields: Any) -> Certificate:
        """Keep a certificate that was signed for this device. `fields` are those of the record."""
        now = self._clock.now()
        certificate = Certificate(id=self._ids.uuid(), created_at=now, updated_at=now, device_id=device.id, **fields)
        await self._catalog.apply(Insert(certificate))
        return certificate

    async def replace_certificate(self, certificate: Certificate, **fields: Any) -> Certificate:
        """Change a certificate. One that is turned off ends the session of its board."""
        after = changed(certificate, self._clock.now(), **fields)
        await self._catalog.apply(Update(after))
        if not after.enabled:
            self._end_session(after.device_id, "the certificate was turned off")
        return after

    async def delete_certificate(self, certificate: Certificate) -> None:
        """Remove a certificate and end the session of its board."""
        await self._catalog.apply(Delete(Certificate, certificate.id))
        self._end_session(certificate.device_id, "the certificate was deleted")

    async def clear_hardware_id(self, who: Principal, id: str) -> Device:
        """Forget the hardware id, so that the board can be claimed again.

        Raises:
            Precondition: the device has none.
        """
        device = await self.get(who, id, Action.CHANGE)
        if device.unique_hardware_id is None:
            raise Precondition("This device has no hardware id.")
        return await self._store(device, unique_hardware_id=None, locked=False)

    def _end_session(self, device_id: str, reason: str) -> None:
        session = self._boards.session(device_id)
        if session is not None:
            session.close(reason)

    async def _store(self, device: Device, *, credentials: bool = False, **fields: Any) -> Device:
        after = changed(device, self._clock.now(), **fields)
        await self._catalog.apply(Update(after))
        session = self._boards.session(after.id)
        if session is not None:
            session.device = after
        announce_device(self._bus, after, credentials=credentials)
        return after

    async def _untitled(self, space_id: str) -> str:
        return f"Untitled {1 + await self._catalog.count(Device, space_id=space_id)}"
