"""The devices of a product: listed, imported, grouped, approved, kept out and removed (reference 3.10). What concerns
one device is served with the same handlers for its owner and its product, in `devices.py` and `calls.py`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from rookery.core.enrolment import HEX_ID
from rookery.core.fleet import IMPORT_LIMIT
from rookery.core.records import Customer, Device, Product
from rookery.core.roster import Card
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import OK
from rookery.particle.api.body import as_bool, as_text, as_texts
from rookery.particle.api.device_view import device_views
from rookery.particle.api.errors import bad_request, product_device_not_found
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.paging import page_of
from rookery.particle.api.resolve import NATIVE, product_device, product_of
from rookery.particle.ids import hex_id

BATCH_LIMIT = 10_000
"""Devices of one batch action."""
IMPORT_BYTES = 4 << 20
"""Bytes of an import file: 50,000 lines of an id and some more columns."""

_COLUMNS = re.compile(r"[,;\t]")
_HEADER = re.compile(r"id|serial|device", re.IGNORECASE)


SORTS: dict[str, Callable[[Card], Any]] = {
    "deviceName": lambda card: card.name.lower(),
    "deviceId": lambda card: card.hex_id,
    "firmwareVersion": lambda card: card.firmware,
    "lastConnection": lambda card: card.last_session_at,
}


@operation("GET", "/v1/products/{product}/devices", "/v1/orgs/{org}/products/{product}/devices")
async def list_devices(call: Call) -> dict[str, Any]:
    """A page of the devices that match, and the customers who own some of them."""
    product = await product_of(call, p.DEVICES_LIST)
    page = page_of(call)
    cards = _sorted(call.query, _filtered(call.query, await call.services.fleet.cards(product.id)))
    devices = await call.services.fleet.records(page.of(cards))
    views = await device_views(call.services, devices, product)
    owners = sorted({device.space_id for device in devices if device.space_id})
    customers = await call.services.catalog.select(Customer, id=owners) if owners else []
    return {
        "devices": views,
        "customers": [{"id": hex_id(customer.id), "username": customer.email} for customer in customers],
        "meta": page.meta(len(cards)),
    }


def _filtered(query: dict[str, str], cards: list[Card]) -> list[Card]:
    for name, field in (("deviceId", "hex_id"), ("deviceName", "name"), ("serialNumber", "serial")):
        if part := query.get(name, "").strip().lower():
            cards = [card for card in cards if part in getattr(card, field).lower()]
    if wanted := {name.strip() for name in query.get("groups", "").split(",")} - {""}:
        cards = [card for card in cards if not wanted.isdisjoint(card.groups)]
    quarantined = as_bool(query.get("quarantined"), "quarantined")
    if quarantined is not None:
        cards = [card for card in cards if card.quarantined is quarantined]
    return cards


def _sorted(query: dict[str, str], cards: list[Card]) -> list[Card]:
    """By what the query says; by default the newest connection first."""
    attribute = query.get("sortAttr") or ""
    if attribute and attribute not in SORTS:
        raise bad_request(f"sortAttr must be one of {', '.join(SORTS)}")
    direction = query.get("sortDir", "").lower() or ("asc" if attribute else "desc")
    if direction not in ("asc", "desc"):
        raise bad_request("sortDir must be asc or desc")
    value = SORTS[attribute or "lastConnection"]
    cards = sorted(cards, key=lambda card: (card.created_at, card.id))
    known = [card for card in cards if value(card) is not None]
    unknown = [card for card in cards if value(card) is None]
    # What is not known comes behind the rest, whatever the direction.
    return sorted(known, key=value, reverse=direction == "desc") + unknown


@operation("POST", "/v1/products/{product}/devices", "/v1/orgs/{org}/products/{product}/devices")
async def import_devices(call: Call) -> dict[str, Any]:
    """Take devices in: one, several, or those of a file. Approves those in quarantine."""
    product = await product_of(call, p.DEVICES_IMPORT)
    fields = await call.fields()
    team = await call.services.teams.spaces(product)
    ids = await _wanted(call, fields, team)
    if not ids:
        raise bad_request("id, ids or file is required")
    if len(ids) > IMPORT_LIMIT:
        raise bad_request(f"At most {IMPORT_LIMIT} devices can be imported at once")
    username = as_text(fields.get("claim_user", call.query.get("claim_user")), "claim_user")
    owner = await _owner(call, product, username) if username else None
    result = await call.services.fleet.add(product, ids, dialect=NATIVE, type=NATIVE, team=team)
    if owner is not None:
        await _claimed(call, product, result.added, owner)
    return {
        "updated": len(result.added),
        "updatedDeviceIds": result.added,
        "existingDeviceIds": result.existing,
        "nonmemberDeviceIds": result.foreign,
        "invalidDeviceIds": result.invalid,
        "protectedDeviceIds": [],
    }


async def _wanted(call: Call, fields: dict[str, Any], team: Sequence[str]) -> list[str]:
    """Ids of the body. Serial numbers of boards that are the team's or nobody's become the ids of these."""
    ids = [*(as_texts(fields.get("ids"), "ids") or ()), *(as_texts(fields.get("id"), "id") or ())]
    for file in await call.files():
        if len(file.data) > IMPORT_BYTES:
            raise bad_request(f"The file has more than {IMPORT_BYTES} bytes")
        ids += _lines(file.data)
    ids = [id for id in (id.strip() for id in ids) if id]
    serials = [id for id in ids if HEX_ID.fullmatch(id.lower()) is None][:IMPORT_LIMIT]
    if not serials:
        return ids
    found = await call.services.catalog.select(Device, serial=serials, deleted_at=None)
    by_serial = {device.serial: device.hex_id for device in found if not device.space_id or device.space_id in team}
    return [by_serial.get(id, id) for id in ids]


def _lines(data: bytes) -> list[str]:
    """The first column of a text file, without its header."""
    lines = [_COLUMNS.split(line, 1)[0].strip().strip('"') for line in data.decode("utf-8-sig", "replace").splitlines()]
    lines = [line for line in lines if line]
    if lines and HEX_ID.fullmatch(lines[0].lower()) is None and _HEADER.search(lines[0]):
        del lines[0]
    return lines


async def _owner(call: Call, product: Product, username: str) -> str:
    """Somebody of the team, or a customer, for whom imported devices are claimed."""
    wanted = username.strip().lower()
    for mate in await call.services.teams.team(product):
        if mate.person.email.lower() == wanted:
            return mate.person.id
    customer = await call.services.customers.by_email(product.id, wanted)
    if customer is None:
        raise bad_request("claim_user must be on the team of the product, or one of its customers")
    return customer.id


async def _claimed(call: Call, product: Product, ids: list[str], owner_id: str) -> None:
    for id in ids:
        device = await call.services.fleet.get(product, id)
        if device is not None and not device.space_id:
            await call.services.claims.give(device, owner_id)


@operation("PUT", "/v1/products/{product}/devices", "/v1/orgs/{org}/products/{product}/devices")
async def batch(call: Call) -> dict[str, bool]:
    """Put several devices into groups, or take them out."""
    product = await product_of(call, p.DEVICES_UPDATE)
    fields = await call.fields()
    if fields.get("action") != "groups":
        raise bad_request("action must be groups")
    metadata = fields.get("metadata")
    if not isinstance(metadata, dict):
        raise bad_request("metadata must be an object")
    add, remove = (as_texts(metadata.get(name), f"metadata.{name}") or [] for name in ("add", "remove"))
    known = {group.name for group in await call.services.products.groups(product)}
    for name in add:
        if name not in known:
            raise bad_request(f"Group {name[:40]} does not exist")
    ids = {id.strip().lower() for id in as_texts(fields.get("devices"), "devices") or ()}
    if len(ids) > BATCH_LIMIT:
        raise bad_request(f"At most {BATCH_LIMIT} devices can be changed at once")
    cards = [card for card in await call.services.fleet.cards(product.id) if card.hex_id in ids]
    if len(cards) < len(ids):
        raise product_device_not_found()
    await call.services.fleet.regroup(await call.services.fleet.records(cards), add, remove)
    return OK


@operation("DELETE", "/v1/products/{product}/devices/{device}")
async def remove(call: Call) -> None:
    """Take a device out, or with `deny` keep one out that is in quarantine."""
    _, device = await product_device(call, p.DEVICES_REMOVE)
    fields = await call.fields()
    if as_bool(fields.get("deny", call.query.get("deny")), "deny"):
        await call.services.fleet.deny(device)
    else:
        await call.services.fleet.remove(device)


ROUTES = (list_devices, import_devices, batch, remove)
