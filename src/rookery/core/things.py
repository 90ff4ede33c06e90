"""Things: create, change, attach a device, clone, delete and bring back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zoneinfo import available_timezones

from rookery.core.access import Action, Principal, check
from rookery.core.bus import Bus, announce_attached, announce_thing
from rookery.core.catalog import Catalog, Change, Delete, Insert, Update, changed
from rookery.core.clock import Clock
from rookery.core.devices import Devices
from rookery.core.errors import Conflict, Invalid, NotFound
from rookery.core.ids import Identifiers
from rookery.core.listing import visible
from rookery.core.live import LiveThing, LiveThings
from rookery.core.points import Telemetry
from rookery.core.records import Thing, Variable
from rookery.core.variables import VariableSpec, plan_variables

DEFAULT_TIMEZONE = "America/New_York"
EDITABLE = frozenset(
    {"name", "timezone", "assistant", "webhook_uri", "webhook_active", "sketch_id", "source_template", "tags"}
)


class Things:
    """The things of all spaces."""

    def __init__(
        self,
        catalog: Catalog,
        telemetry: Telemetry,
        live: LiveThings,
        devices: Devices,
        bus: Bus,
        ids: Identifiers,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._live = live
        self._devices = devices
        self._bus = bus
        self._ids = ids
        self._clock = clock
        self._zones: frozenset[str] | None = None

    async def create(
        self,
        who: Principal,
        *,
        id: str | None = None,
        name: str | None = None,
        device_id: str | None = None,
        variables: Sequence[VariableSpec] = (),
        force: bool = False,
        **fields: Any,
    ) -> Thing:
        """Add a thing with its variables to the principal's space, all or nothing.

        Raises:
            Conflict: the id is taken, or the device feeds another thing and `force` is not set.
            NotFound: there is no such device.
            Invalid: the time zone is unknown, or two variables share a name.
        """
        check(who, Action.CHANGE, who.space_id, "space")
        fields.setdefault("timezone", DEFAULT_TIMEZONE)
        self._check_timezone(fields["timezone"])
        if id is not None and await self._catalog.get(Thing, id) is not None:
            raise Conflict("A thing with this id exists already.")
        now = self._clock.now()
        thing = Thing(
            id=id or self._ids.uuid(),
            created_at=now,
            updated_at=now,
            space_id=who.space_id,
            person_id=who.person_id,
            name=name or f"Untitled {1 + await self._catalog.count(Thing, space_id=who.space_id)}",
            device_id=device_id.lower() if device_id else None,
            **fields,
        )
        changes, before = await self._attach_changes(who, thing.id, thing.device_id, now, force=force)
        changes.append(Insert(thing))
        rows, _ = await plan_variables(self._catalog, self._ids, now, thing, [], variables)
        changes += [Insert(row) for row in rows]
        await self._catalog.apply(*changes)
        await self._announce(thing, attached=thing.device_id, moved_from=before)
        return thing

    async def visible(
        self,
        who: Principal,
        *,
        deleted: bool = False,
        everybody: bool = False,
        tags: Sequence[tuple[str, str]] = (),
        **equals: Any,
    ) -> list[Thing]:
        """The things of the principal's space (see `core.listing`)."""
        return await visible(self._catalog, Thing, who, deleted=deleted, everybody=everybody, tags=tags, equals=equals)

    async def get(self, who: Principal, id: str, action: Action = Action.READ, *, deleted: bool = False) -> Thing:
        """One thing.

        Raises:
            NotFound: there is none, it is deleted, or it is in a space that the principal has no part in.
            Forbidden: the principal may see it, but not do `action`.
        """
        live = self._live.cached(id)
        thing = live.record if live is not None else await self._catalog.get(Thing, id.lower())
        if thing is None or (thing.deleted_at is not None and not deleted):
            raise NotFound("There is no such thing.")
        check(who, action, thing.space_id, "thing")
        return thing

    async def live(self, who: Principal, id: str, action: Action = Action.READ) -> LiveThing:
        """One thing with its variables and last values. Raises like `get`."""
        live = self._live.cached(id) or await self._live.get(id.lower())
        if live is None:
            raise NotFound("There is no such thing.")
        check(who, action, live.record.space_id, "thing")
        return live

    async def update(
        self,
        who: Principal,
        id: str,
        fields: Mapping[str, Any],
        *,
        device_id: str | None = None,
        change_device: bool = False,
        variables: Sequence[VariableSpec] = (),
        force: bool = False,
    ) -> Thing:
        """Change the given fields, attach `device_id` or detach (None) when `change_device`, update or add variables.

        A deleted thing comes back by it, with the variables that were deleted with it.
        """
        thing = await self.get(who, id, Action.CHANGE, deleted=True)
        unknown = fields.keys() - EDITABLE
        if unknown:
            raise TypeError(f"not editable: {sorted(unknown)}")
        if "timezone" in fields:
            self._check_timezone(fields["timezone"])
        now = self._clock.now()
        device_after = (device_id.lower() if device_id else None) if change_device else thing.device_id
        changes: list[Change] = []
        moved_from: str | None = None
        if device_after != thing.device_id:
            changes, moved_from = await self._attach_changes(who, thing.id, device_after, now, force=force)
        after = changed(thing, now, **fields, device_id=device_after, deleted_at=None)
        changes.append(Update(after))
        existing = await self._catalog.select(Variable, thing_id=thing.id)
        if thing.deleted_at is not None:
            revived = [
                changed(v, now, deleted_at=None, deleted_with_thing=False) for v in existing if v.deleted_with_thing
            ]
            changes += [Update(v) for v in revived]
            existing = [v for v in existing if not v.deleted_with_thing] + revived
        if variables:
            alive = [v for v in existing if v.deleted_at is None]
            added, replaced = await plan_variables(self._catalog, self._ids, now, thing, alive, variables)
            changes += [Insert(row) for row in added]
            changes += [Update(row) for row in replaced]
        await self._catalog.apply(*changes)
        if device_after != thing.device_id:
            await self._announce(after, attached=device_after, detached=thing.device_id, moved_from=moved_from)
        else:
            await self._announce(after)
        return after

    async def delete(self, who: Principal, id: str, *, force: bool = False) -> None:
        """Delete a thing and its variables; its device stays. With `force`, or the second time, for good."""
        thing = await self.get(who, id, Action.CHANGE, deleted=True)
        if thing.deleted_at is not None and not force:
            raise NotFound("There is no such thing.")
        now = self._clock.now()
        variables = await self._catalog.select(Variable, thing_id=thing.id)
        after = changed(thing, now, device_id=None, deleted_at=now)
        changes: list[Change]
        if force:
            changes = [Delete(Variable, v.id) for v in variables]
            changes.append(Delete(Thing, thing.id))
        else:
            changes = [
                Update(changed(v, now, deleted_at=now, deleted_with_thing=True))
                for v in variables
                if v.deleted_at is None
            ]
            changes.append(Update(after))
        await self._catalog.apply(*changes)
        if force:
            await self._telemetry.delete([v.series for v in variables])
        await self._announce(after, detached=thing.device_id)

    async def clone(self, who: Principal, id: str, name: str, *, tags: bool = False) -> Thing:
        """A copy under a new name: same variables and zone, but no device, values, history or webhook."""
        source = await self.get(who, id)
        check(who, Action.CHANGE, who.space_id, "space")
        variables = await self._catalog.select(Variable, thing_id=source.id, deleted_at=None)
        return await self.create(
            who,
            name=name,
            timezone=source.timezone,
            assistant=source.assistant,
            tags=dict(source.tags) if tags else {},
            variables=[VariableSpec.of(v) for v in variables],
        )

    async def set_tag(self, who: Principal, id: str, key: str, value: str) -> None:
        """Add a tag, or give it another value."""
        thing = await self.get(who, id, Action.CHANGE)
        await self._store(thing, tags={**thing.tags, key: value})

    async def delete_tag(self, who: Principal, id: str, key: str) -> None:
        """Remove a tag; nothing happens when it is not there."""
        thing = await self.get(who, id, Action.CHANGE)
        if key in thing.tags:
            await self._store(thing, tags={k: v for k, v in thing.tags.items() if k != key})

    async def _store(self, thing: Thing, **fields: Any) -> Thing:
        after = changed(thing, self._clock.now(), **fields)
        await self._catalog.apply(Update(after))
        await self._announce(after)
        return after

    async def _attach_changes(
        self, who: Principal, thing_id: str, device_id: str | None, now: int, *, force: bool
    ) -> tuple[list[Change], str | None]:
        """What has to change elsewhere so that the device can feed this thing, and the thing it is taken from."""
        if device_id is None:
            return [], None
        device = await self._devices.get(who, device_id, Action.CHANGE)
        holder = await self._catalog.find(Thing, device_id=device.id)
        if holder is None or holder.id == thing_id:
            return [], None
        if not force:
            raise Conflict(f"The device is attached to another thing, {holder.name!r}.")
        return [Update(changed(holder, now, device_id=None))], holder.id

    async def _announce(
        self,
        thing: Thing,
        *,
        attached: str | None = None,
        detached: str | None = None,
        moved_from: str | None = None,
    ) -> None:
        await self._live.refresh(thing.id)
        if moved_from is not None:
            holder = await self._live.refresh(moved_from)
            if holder is not None:
                announce_thing(self._bus, holder.record)
        announce_thing(self._bus, thing)
        if detached is not None:
            announce_attached(self._bus, detached, None, thing.id)
        if attached is not None:
            announce_attached(self._bus, attached, thing.id, moved_from)

    def _check_timezone(self, name: str) -> None:
        if self._zones is None:
            self._zones = frozenset(available_timezones())
        if name not in self._zones:
            raise Invalid(f"{name[:80]!r} is not the name of a time zone, such as Europe/Rome.", "timezone")
