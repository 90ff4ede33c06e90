"""Devices v2: register, claim, list, show, change, bring back, delete, and their tags (reference 2, 3.2, 4.5, 4.13)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api import query
from rookery.arduino.api.body import Body, Uuid
from rookery.arduino.api.errors import Problem
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.resolve import find_device, shown
from rookery.arduino.api.tags import TAG, Tag, Tags
from rookery.arduino.api.views_device import DeviceView, device_views, one_device_view
from rookery.arduino.families import CREATABLE, DIALECT
from rookery.core.devices import NAME_LIMIT
from rookery.core.errors import Conflict
from rookery.core.records import Device

TEXT_LIMIT = 256
"""Characters of texts for which the official document names no limit."""

# The patterns of names and serials are not anchored in the official document: one such character has to be somewhere.
DeviceName = Annotated[str, msgspec.Meta(max_length=NAME_LIMIT, pattern="[a-zA-Z0-9_.@-]")]
Serial = Annotated[str, msgspec.Meta(max_length=NAME_LIMIT, pattern="^$|[a-zA-Z0-9_.@-]")]
"""May be empty: the CLI sends it so for a generic device."""
HardwareId = Annotated[str, msgspec.Meta(min_length=64, max_length=64)]
BleMac = Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$(?!\n)")]
Version = Annotated[
    str, msgspec.Meta(max_length=10, pattern=r"^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$(?!\n)")
]
DeviceType = Literal[CREATABLE]  # type: ignore[valid-type]
Connection = Literal["wifi", "eth", "wifiandsecret", "gsm", "nb", "lora", "catm1", "cellular"]
Text = Annotated[str, msgspec.Meta(max_length=TEXT_LIMIT)]


class DeviceFields(msgspec.Struct, kw_only=True):
    """What may be said of a device at any time."""

    ble_mac: BleMac | None = None
    connection_type: Connection | None = None
    fqbn: Text | None = None
    locked: bool | None = None
    name: DeviceName | None = None
    serial: Serial | None = None
    soft_deleted: bool | None = None
    wifi_fw_version: Version | None = None
    user_id: Uuid | None = None


class DeviceCreate(DeviceFields, kw_only=True):
    """`CreateDevicesV2Payload`."""

    type: DeviceType
    unique_hardware_id: HardwareId | None = None


class DeviceClaim(DeviceFields, kw_only=True):
    """`CreateClaimedDevicesV2Payload`. The key `ID` is upper-case there."""

    type: DeviceType
    unique_hardware_id: HardwareId
    user_id: Uuid
    id: Uuid | None = msgspec.field(default=None, name="ID")


class DeviceChange(DeviceFields, kw_only=True):
    """`devicev2`."""

    type: DeviceType | None = None
    unique_hardware_id: HardwareId | None = None


CREATE = Body(DeviceCreate)
CLAIM = Body(DeviceClaim)
CHANGE = Body(DeviceChange)

SERIAL = query.text("serial", "Only the device with this serial.")
HARDWARE_ID = query.text("unique_hardware_id", "Only the device with this hardware id.")


def _fields(request: DeviceFields, call: Call, before: Device | None = None) -> dict[str, Any]:
    """The record fields that a body names."""
    if request.user_id is not None and request.user_id != (before.person_id if before else call.who.person_id):
        raise Problem(403, "A device can not be given to somebody else.", "user_id")
    names = ("ble_mac", "connection_type", "fqbn", "locked", "name", "serial", "type", "unique_hardware_id")
    fields = {name: value for name in names if (value := getattr(request, name)) is not None}
    if request.wifi_fw_version is not None:
        known = before.firmware if before is not None else {}
        fields["firmware"] = {**known, "wifi_fw_version": request.wifi_fw_version}
    return fields


@operation(
    "GET",
    "/iot/v2/devices",
    "devices_v2#list",
    "Devices of the caller, or of the chosen organisation.",
    query=(query.ACROSS_USER_IDS, SERIAL, query.SHOW_DELETED, query.TAGS, HARDWARE_ID),
    returns=list[DeviceView],
    errors=(400, 401, 403),
)
async def list_devices(call: Call) -> list[DeviceView]:
    """All of them, oldest first."""
    filters = {"serial": call.query(SERIAL), "unique_hardware_id": call.query(HARDWARE_ID)}
    devices = await call.services.devices.visible(
        call.who,
        deleted=call.query(query.SHOW_DELETED),
        everybody=call.query(query.ACROSS_USER_IDS),
        tags=call.query(query.TAGS),
        **{name: value for name, value in filters.items() if value},
    )
    return await device_views(call.services, [device for device in devices if shown(call, device)])


@operation(
    "PUT",
    "/iot/v2/devices",
    "devices_v2#create",
    "Register a device.",
    body=CREATE,
    returns=DeviceView,
    status=201,
    errors=(400, 401, 403, 412),
)
async def create_device(call: Call) -> DeviceView:
    """The new device."""
    request = await call.body(CREATE)
    try:
        device = await call.services.devices.create(call.who, DIALECT, **_fields(request, call))
    except Conflict as error:
        # 409 is declared for a claim only.
        raise Problem(412, str(error), "unique_hardware_id") from None
    return await one_device_view(call.services, device)


@operation(
    "PUT",
    "/iot/v2/devices/claim",
    "devices_v2#createClaimed",
    "Register a device that is bound to a hardware id.",
    body=CLAIM,
    returns=DeviceView,
    status=201,
    errors=(400, 401, 403, 409, 412),
)
async def claim_device(call: Call) -> DeviceView:
    """The new device, with the id that was asked for."""
    request = await call.body(CLAIM)
    device = await call.services.devices.create(call.who, DIALECT, id=request.id, **_fields(request, call))
    return await one_device_view(call.services, device)


@operation(
    "GET",
    "/iot/v2/devices/{id}",
    "devices_v2#show",
    "One device with its thing and status.",
    returns=DeviceView,
    errors=(401, 403, 404),
)
async def show_device(call: Call) -> DeviceView:
    """One device."""
    return await one_device_view(call.services, await find_device(call))


@operation(
    "POST",
    "/iot/v2/devices/{id}",
    "devices_v2#update",
    "Change what is given. A deleted device comes back by it.",
    body=CHANGE,
    returns=DeviceView,
    errors=(400, 401, 403, 404),
)
async def update_device(call: Call) -> DeviceView:
    """The device as it is now."""
    before = await find_device(call, deleted=True)
    fields = _fields(await call.body(CHANGE), call, before)
    return await one_device_view(call.services, await call.services.devices.update(call.who, before.id, fields))


@operation(
    "DELETE",
    "/iot/v2/devices/{id}",
    "devices_v2#delete",
    "Delete a device; it can be brought back unless `force` is set.",
    query=(query.FORCE,),
    errors=(401, 403, 404),
)
async def delete_device(call: Call) -> None:
    """Gone."""
    device = await find_device(call, deleted=True)
    await call.services.devices.delete(call.who, device.id, force=call.query(query.FORCE))


@operation(
    "POST",
    "/iot/v2/devices/{id}/remove-uhwid",
    "devices_v2#removeHardwareID",
    "Forget the hardware id, so that the board can be claimed again.",
    returns=DeviceView,
    errors=(401, 403, 404, 412),
)
async def remove_hardware_id(call: Call) -> DeviceView:
    """The device without it."""
    device = await find_device(call)
    device = await call.services.devices.clear_hardware_id(call.who, device.id)
    return await one_device_view(call.services, device)


@operation(
    "GET",
    "/iot/v2/devices/{id}/tags",
    "devices_v2_tags#list",
    "The tags of a device.",
    returns=Tags,
    errors=(401, 404),
)
async def list_tags(call: Call) -> Tags:
    """All of them."""
    device = await find_device(call)
    return Tags([Tag(key, value) for key, value in device.tags.items()])


@operation(
    "PUT",
    "/iot/v2/devices/{id}/tags",
    "devices_v2_tags#upsert",
    "Add a tag, or give it another value.",
    body=TAG,
    errors=(400, 401, 404),
)
async def set_tag(call: Call) -> None:
    """Done."""
    device = await find_device(call)
    tag = await call.body(TAG)
    await call.services.devices.set_tag(call.who, device.id, tag.key, tag.value)


@operation(
    "DELETE",
    "/iot/v2/devices/{id}/tags/{key}",
    "devices_v2_tags#delete",
    "Remove a tag; one that is not there is no error.",
    errors=(400, 401, 404),
)
async def delete_tag(call: Call) -> None:
    """Done."""
    device = await find_device(call)
    await call.services.devices.delete_tag(call.who, device.id, call.segment("key"))


ROUTES: list[HTTPRouteHandler] = [
    list_devices,
    create_device,
    claim_device,
    show_device,
    update_device,
    delete_device,
    remove_hardware_id,
    list_tags,
    set_tag,
    delete_tag,
]
