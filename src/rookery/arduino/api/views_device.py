"""How a device looks on this API (reference 3.2, `ArduinoDevicev2`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from rookery.arduino.api.times import format_time
from rookery.arduino.families import family_of
from rookery.core.points import Point
from rookery.core.records import Device, Thing
from rookery.core.services import Services

ONLINE = "ONLINE"
OFFLINE = "OFFLINE"
UNKNOWN = "UNKNOWN"

IDS_AT_ONCE = 500
"""Devices whose things are asked for in one query: databases limit the parameters of a statement."""


class AttachedThing(msgspec.Struct, omit_defaults=True):
    """The thing that a device feeds, without its properties."""

    href: str
    id: str
    name: str
    timezone: str
    user_id: str
    device_id: str
    device_name: str
    device_type: str
    created_at: str
    updated_at: str
    webhook_active: bool
    tags: dict[str, str]
    device_fqbn: str | None = None
    organization_id: str | None = None
    sketch_id: str | None = None
    webhook_uri: str | None = None


class DeviceView(msgspec.Struct, omit_defaults=True):
    """A device. What is None is left out."""

    href: str
    id: str
    label: str
    name: str
    serial: str
    type: str
    user_id: str
    created_at: str
    updated_at: str
    device_status: str
    locked: bool
    no_sketch: bool
    ota_compatible: bool
    tags: dict[str, str]
    ble_mac: str | None = None
    connection_type: str | None = None
    deleted_at: str | None = None
    fqbn: str | None = None
    last_activity_at: str | None = None
    lib_version: str | None = None
    metadata: dict[str, Any] | None = None
    organization_id: str | None = None
    thing: AttachedThing | None = None
    unique_hardware_id: str | None = None
    wifi_fw_version: str | None = None


async def device_views(services: Services, devices: Sequence[Device]) -> list[DeviceView]:
    """The views of these devices, with two queries whatever their number."""
    presence = await services.telemetry.last([device.series for device in devices])
    things: dict[str | None, Thing] = {}
    for start in range(0, len(devices), IDS_AT_ONCE):
        ids = [device.id for device in devices[start : start + IDS_AT_ONCE]]
        for thing in await services.catalog.select(Thing, device_id=ids, deleted_at=None):
            things[thing.device_id] = thing
    return [device_view(services, device, presence.get(device.series), things.get(device.id)) for device in devices]


async def one_device_view(services: Services, device: Device) -> DeviceView:
    """The view of one device."""
    return (await device_views(services, [device]))[0]


def device_view(services: Services, device: Device, presence: Point | None, thing: Thing | None) -> DeviceView:
    """The view of a device with its newest connect or disconnect, and the thing that it feeds."""
    family = family_of(device.type)
    online = services.devices.online(device)
    activity = last_activity(services, device, presence, thing if online else None)
    status = ONLINE if online else UNKNOWN if presence is None else OFFLINE
    return DeviceView(
        href=f"/iot/v1/devices/{device.id}",
        id=device.id,
        label=family.label,
        name=device.name,
        serial=device.serial,
        type=device.type,
        user_id=device.person_id,
        created_at=format_time(device.created_at),
        updated_at=format_time(device.updated_at),
        device_status=status,
        locked=device.locked,
        no_sketch=not family.sketch,
        ota_compatible=family.updatable,
        tags=device.tags,
        ble_mac=device.ble_mac,
        connection_type=device.connection_type,
        deleted_at=format_time(device.deleted_at) if device.deleted_at is not None else None,
        fqbn=device.fqbn,
        last_activity_at=format_time(activity) if activity is not None else None,
        lib_version=device.firmware.get("lib_version"),
        metadata=device.metadata or None,
        organization_id=device.space_id if device.space_id != device.person_id else None,
        thing=attached_thing(thing, device) if thing is not None else None,
        unique_hardware_id=device.unique_hardware_id,
        wifi_fw_version=device.firmware.get("wifi_fw_version"),
    )


def last_activity(services: Services, device: Device, presence: Point | None, thing: Thing | None) -> int | None:
    """When the board was last heard of: its newest connect or disconnect, or a newer value of the `thing` that it feeds
    while it is connected. Nothing is written for it with each message.
    """
    seen = [device.last_activity_at or 0, presence.time if presence is not None else 0]
    live = services.live.cached(thing.id) if thing is not None else None
    if live is not None:
        # A board's own clock may be ahead; it was not heard of in the future.
        now = services.clock.now()
        seen += [min(variable.time, now) for variable in live.by_id.values()]
    return max(seen) or None


def attached_thing(thing: Thing, device: Device) -> AttachedThing:
    """A thing as a part of its device."""
    return AttachedThing(
        href=f"/iot/v1/things/{thing.id}",
        id=thing.id,
        name=thing.name,
        timezone=thing.timezone,
        user_id=thing.person_id,
        device_id=device.id,
        device_name=device.name,
        device_type=device.type,
        created_at=format_time(thing.created_at),
        updated_at=format_time(thing.updated_at),
        webhook_active=thing.webhook_active,
        tags=thing.tags,
        device_fqbn=device.fqbn,
        organization_id=thing.space_id if thing.space_id != thing.person_id else None,
        sketch_id=thing.sketch_id,
        webhook_uri=thing.webhook_uri,
    )
