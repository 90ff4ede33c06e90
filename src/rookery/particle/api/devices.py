"""Devices: list, look at, claim, change, ping, let go; for owners and, with the same handlers, for products (reference
3.2, 3.10)."""

from __future__ import annotations

from typing import Any

from rookery.core.access import check_owner, check_product, may_product, owns
from rookery.core.claims import ClaimedByOther, NotOnline
from rookery.core.errors import BoardAway, BoardCannot, NotFound
from rookery.core.records import Bearer, Device, Product
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import OK, Answer
from rookery.particle.api.body import as_bool, as_int, as_text, as_texts
from rookery.particle.api.device_view import device_view, device_views, newest_first
from rookery.particle.api.errors import (
    bad_request,
    claim_of_another,
    claim_offline,
    claim_unknown,
    customer_refused,
    name_in_use,
    permission_denied,
    product_not_found,
    refused,
    signal_timed_out,
    transfer_refused,
)
from rookery.particle.api.flash import flash, is_flash
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import NATIVE, device_of, own_device, own_devices, product_device, shown
from rookery.particle.api.times import iso_time
from rookery.particle.ids import hex_id
from rookery.particle.platforms import PLATFORMS

NAME_LIMIT = 60
NOTES_LIMIT = 16_384
"""Characters: some pages. It lies in the row of the device, which is read whole."""

ONE = ("/v1/devices/{device}", "/v1/products/{product}/devices/{device}")


@operation("GET", "/v1/devices")
async def list_devices(call: Call) -> list[Any]:
    """The caller's own devices, the newest session first."""
    return await device_views(call.services, newest_first(await own_devices(call)))


@operation("GET", *ONE)
async def get_device(call: Call) -> dict[str, Any]:
    """One device."""
    if "product" in call.path:
        product, device = await product_device(call, p.DEVICES_GET)
        return await device_view(call.services, device, product)
    return await device_view(call.services, await own_device(call, call.path["device"]))


@operation("POST", "/v1/devices")
async def claim(call: Call) -> dict[str, Any]:
    """Claim a device by its id, or with `product_id` make a new one that is provisioned elsewhere.

    Nothing is transferred: who has the device lets it go first, and who asks for a transfer is told so.
    """
    check_owner(call.who)
    fields = await call.fields()
    wanted = (as_text(fields.get("id"), "id") or "").strip()
    if not wanted:
        return await _provision(call, fields)
    transfer = as_bool(fields.get("request_transfer", call.query.get("request_transfer")), "request_transfer")
    known = await call.services.enrolment.get(wanted)
    if known is not None and not shown(call, known):
        raise claim_unknown()
    try:
        device = await call.services.claims.claim(call.who, wanted)
    except NotFound:
        raise claim_unknown() from None
    except NotOnline:
        raise claim_offline() from None
    except ClaimedByOther:
        raise (transfer_refused() if transfer else claim_of_another()) from None
    return {
        "user_id": hex_id(call.who.space_id),
        "id": device.hex_id,
        "deviceID": device.hex_id,
        "connected": call.services.boards.session(device.id) is not None,
        "claimed": True,
        "ok": True,
    }


async def _provision(call: Call, fields: dict[str, Any]) -> dict[str, Any]:
    number = as_int(fields.get("product_id"), "product_id")
    if number is None:
        raise bad_request("id is required")
    if call.who.bearer is not Bearer.PERSON:
        raise permission_denied("Only a user can create devices")
    services = call.services
    product = await services.products.get(str(number))
    if product is not None:
        try:
            check_product(call.who, p.DEVICES_IMPORT, product)
        except NotFound:
            raise product_not_found() from None
    elif number not in PLATFORMS:
        raise product_not_found()
    device = await services.enrolment.enrol(
        services.ids.hex(24),
        "particle",
        "particle",
        platform=product.platform if product is not None else number,
        product_id=product.id if product is not None else None,
        space_id=call.who.space_id,
        person_id=call.who.person_id,
    )
    return await device_view(services, device)


@operation("PUT", *ONE, max_body=None)
async def update(call: Call) -> Any:
    """Change name, notes, groups and flags, let the board signal, or send it firmware; several fields at once."""
    product: Product | None = None
    if "product" in call.path:
        product, device = await product_device(call, p.DEVICES_UPDATE)
    else:
        device = await own_device(call, call.path["device"])
    if await is_flash(call):
        if call.who.bearer is Bearer.CUSTOMER:
            # Customers own boards and do not make firmware for them (8.3).
            raise customer_refused()
        return await flash(call, device)
    fields = await call.fields()
    signal = as_bool(fields.get("signal"), "signal")
    changes, told = await _changes(call, device, product, fields)
    if signal is not None:
        # Before anything is kept: a board that does not answer makes this call fail as a whole.
        await _signal(call, device, signal)
    if changes:
        kept = await call.services.enrolment.keep(device.id, **changes)
        if kept is None:
            raise refused(404, "Device not found.")
        device = kept
    if signal is not None:
        return {"id": device.hex_id, "connected": True, "signaling": signal, **told}
    if not told:
        raise bad_request("Nothing to do?")
    return {"id": device.hex_id, **told, "updated_at": iso_time(device.updated_at)}


async def _changes(
    call: Call, device: Device, product: Product | None, fields: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is to be kept, and what is shown of it."""
    kept: dict[str, Any] = {}
    told: dict[str, Any] = {}
    if "name" in fields:
        kept["name"] = told["name"] = await _name(call, device, as_text(fields["name"], "name"))
    if "notes" in fields:
        kept["notes"] = told["notes"] = as_text(fields["notes"], "notes", most=NOTES_LIMIT)
    forced = as_bool(fields.get("firmware_updates_forced"), "firmware_updates_forced")
    if forced is not None:
        kept["updates_forced"] = told["firmware_updates_forced"] = forced
    if product is None:
        return kept, told
    development = as_bool(fields.get("development"), "development")
    if development is not None:
        kept["development"] = told["development"] = development
    if "desired_firmware_version" in fields:
        version = as_int(fields["desired_firmware_version"], "desired_firmware_version", least=0, most=65_535)
        kept["desired_version"] = told["desired_firmware_version"] = version
    if "groups" in fields:
        wanted = as_texts(fields["groups"], "groups") or []
        known = {group.name for group in await call.services.products.groups(product)}
        missing = [name for name in wanted if name not in known]
        if missing:
            raise bad_request(f"Group {missing[0][:40]} does not exist")
        kept["groups"] = told["groups"] = sorted(set(wanted))
    return kept, told


async def _name(call: Call, device: Device, name: str | None) -> str:
    """A new name: unique among the owner's devices, in either case."""
    name = (name or "").strip()
    if not 1 <= len(name) <= NAME_LIMIT:
        raise bad_request(f"A device has a name of 1 to {NAME_LIMIT} characters")
    if device.space_id:
        others = await call.services.catalog.select(Device, space_id=device.space_id, deleted_at=None)
        others = [other for other in others if other.id != device.id and shown(call, other)]
        if any(other.name.lower() == name.lower() for other in others):
            raise name_in_use()
    return name


async def _signal(call: Call, device: Device, on: bool) -> None:
    session = await call.services.boards.reach(device)
    if session is None:
        raise signal_timed_out()
    try:
        await session.signal(on)
    except BoardAway:
        raise signal_timed_out() from None
    except BoardCannot as error:
        raise bad_request(str(error)) from None


@operation("PUT", "/v1/devices/{device}/ping", "/v1/products/{product}/devices/{device}/ping")
async def ping(call: Call) -> dict[str, Any]:
    """Ask the board itself whether it is there. One that is not is no error."""
    device = await device_of(call, p.DEVICES_PING)
    session = await call.services.boards.reach(device)
    online = False
    if session is not None:
        try:
            online = await session.ping()
        except BoardAway:
            online = False
    return {"online": online, "ok": True}


@operation("DELETE", "/v1/devices/{device}")
async def unclaim(call: Call) -> dict[str, bool]:
    """Let a device go. It stays in its product and goes on running.

    Boards of the other dialect always belong to somebody there: one that was let go here would be lost to both.
    """
    device = await own_device(call, call.path["device"])
    if device.dialect != NATIVE:
        raise bad_request("A board of this kind can not be let go: delete it where it was made")
    await call.services.claims.unclaim(device)
    return OK


@operation("DELETE", "/v1/products/{product}/devices/{device}/owner")
async def remove_owner(call: Call) -> dict[str, bool]:
    """Unclaim whoever owns it; it stays in the product."""
    _, device = await product_device(call, p.DEVICES_RELEASE)
    await call.services.claims.unclaim(device)
    return OK


@operation("GET", "/v1/serial_numbers/{serial}")
async def by_serial(call: Call) -> Any:
    """The device with this serial number, if it is nobody's, the caller's, or in a product of the caller's."""
    serial = call.path["serial"].strip()
    found = await call.services.catalog.find(Device, serial=serial, deleted_at=None) if serial else None
    if found is None or not shown(call, found) or not await _may_look_up(call, found):
        raise refused(404, "Serial number not found")
    view = {
        "ok": True,
        "deviceID": found.hex_id,
        "device_id": found.hex_id,
        "platform_id": found.platform,
        "serial_number": found.serial,
    }
    if found.described.get("iccid"):
        view["iccid"] = found.described["iccid"]
    return view


async def _may_look_up(call: Call, device: Device) -> bool:
    if not device.space_id or owns(call.who, device):
        return True
    product = await call.services.products.get(device.product_id) if device.product_id is not None else None
    return product is not None and may_product(call.who, p.DEVICES_GET, product)


@operation("PUT", "/v1/devices/{device}/unprotect", "/v1/products/{product}/devices/{device}/unprotect")
async def unprotect(call: Call) -> dict[str, bool]:
    """No board is protected by this server, so each is open already."""
    await device_of(call, p.DEVICES_UPDATE)
    return {"ok": True, "protected": False}


@operation("PUT", "/v1/devices/{device}/backup_files")
async def backup_files(call: Call) -> Answer:
    """Files of the factory, which this server never had."""
    await own_device(call, call.path["device"])
    raise refused(404, "There are no backup files of this device.")


ROUTES = (
    list_devices,
    get_device,
    claim,
    update,
    ping,
    unclaim,
    remove_owner,
    by_serial,
    unprotect,
    backup_files,
)
