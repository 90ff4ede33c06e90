"""The device object (reference 4), one for lists and details, for owners and for products.

A board of the other dialect is shown as well: its variables can be read, and the writable ones called as functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from rookery.core.catalog import Catalog
from rookery.core.live import LiveVariable
from rookery.core.records import Customer, Device, Person, Product, ValueKind
from rookery.core.services import Services
from rookery.particle.api.times import iso_time_or_none
from rookery.particle.described import functions_of, system_version_text, variables_of
from rookery.particle.ids import hex_id
from rookery.particle.platforms import platform

FOREIGN_PLATFORM = 103
"""What boards of the other dialect are to clients that know platforms: one that exists, has no modem, and whose
firmware nobody offers to update."""

_TYPES = {ValueKind.BOOL: "bool", ValueKind.INT: "int32", ValueKind.FLOAT: "double"}


class Owner(NamedTuple):
    """How the owner of a board is called: an e-mail address, or whatever a customer is called."""

    name: str
    customer: bool


async def owners_of(catalog: Catalog, devices: Iterable[Device]) -> dict[str, Owner]:
    """How the owners of these devices are called: e-mail addresses of people, whatever customers are called."""
    ids = sorted({device.space_id for device in devices if device.space_id})
    if not ids:
        return {}
    owners = {person.id: Owner(person.email, False) for person in await catalog.select(Person, id=ids)}
    missing = [id for id in ids if id not in owners]
    if missing:
        customers = await catalog.select(Customer, id=missing)
        owners |= {customer.id: Owner(customer.email, True) for customer in customers}
    return owners


async def device_views(services: Services, devices: Sequence[Device], product: Product | None = None) -> list[Any]:
    """These devices as clients see them; with `product`, as its team sees them."""
    owners = await owners_of(services.catalog, devices)
    numbers: dict[str, int] = {}
    for id in {device.product_id for device in devices if device.product_id is not None}:
        found = product if product is not None and product.id == id else await services.products.get(id)
        if found is not None:
            numbers[id] = found.number
    return [await _view(services, device, owners.get(device.space_id), numbers, product) for device in devices]


async def device_view(services: Services, device: Device, product: Product | None = None) -> dict[str, Any]:
    """One device."""
    (view,) = await device_views(services, [device], product)
    found: dict[str, Any] = view
    return found


async def callables(services: Services, device: Device) -> tuple[list[str], dict[str, str]]:
    """What can be called and what can be read: names, and names with their types."""
    if device.dialect == "particle":
        return functions_of(device.described), variables_of(device.described)
    thing = await services.devices.thing_of(device)
    live = await services.live.get(thing.id) if thing is not None else None
    if live is None:
        return [], {}
    variables = live.by_symbol
    return [s for s, v in variables.items() if v.record.writable], {s: type_of(v) for s, v in variables.items()}


def type_of(variable: LiveVariable) -> str:
    """The type of a variable of the other dialect in this one's words; what has parts is JSON text."""
    return _TYPES.get(variable.record.kind, "string")


async def _view(
    services: Services,
    device: Device,
    owner: Owner | None,
    numbers: dict[str, int],
    product: Product | None,
) -> dict[str, Any]:
    described = device.described
    kind = FOREIGN_PLATFORM if device.platform is None else device.platform
    number = numbers.get(device.product_id) if device.product_id is not None else None
    session = services.boards.session(device.id)
    heard = device.last_activity_at if session is None else session.last_heard
    functions, variables = await callables(services, device)
    system = system_version_text(described.get("system_version", 0))
    view: dict[str, Any] = {
        "id": device.hex_id,
        "name": device.name,
        "owner": owner.name if owner is not None else None,
        "last_app": None,
        "last_ip_address": device.last_address,
        "last_heard": iso_time_or_none(heard),
        "last_handshake_at": iso_time_or_none(device.last_session_at),
        "product_id": kind if number is None else number,
        "online": session is not None,
        "connected": session is not None,
        "platform_id": kind,
        "cellular": platform(kind).cellular,
        "notes": device.notes,
        "status": "safe_mode" if described.get("safe_mode") else "normal",
        "functions": functions,
        "variables": variables,
        "firmware_updates_enabled": described.get("updates_enabled", True),
        "firmware_updates_forced": device.updates_forced,
        "device_protection": {"status": "disabled"},
    }
    if device.serial:
        view["serial_number"] = device.serial
    if system is not None:
        view |= {
            "system_firmware_version": system,
            "current_build_target": system,
            "default_build_target": system,
        }
    for key in ("imei", "iccid"):
        if described.get(key):
            view[key] = described[key]
    if described.get("iccid"):
        view["last_iccid"] = described["iccid"]
    if device.space_id:
        view["user_id"] = hex_id(device.space_id)
    if owner is not None and owner.customer:
        view["customer_id"] = hex_id(device.space_id)
    if number is not None or product is not None:
        view |= {
            "firmware_product_id": described.get("firmware_product"),
            "firmware_version": described.get("firmware_version"),
            "desired_firmware_version": device.desired_version,
            "targeted_firmware_release_version": device.desired_version,
            "groups": device.groups,
            "development": device.development,
            "quarantined": device.quarantined,
            "denied": device.denied,
        }
    return view


def newest_first(devices: Iterable[Device]) -> list[Device]:
    """The order of lists: the newest session first, those that never had one last (reference 3.2)."""
    return sorted(devices, key=lambda d: (-(d.last_session_at or 0), d.created_at, d.id))
