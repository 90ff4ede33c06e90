"""Boards as the console lists and shows them: both dialects in one list, whatever each calls a board.

A list looks at the cards of the space's boards, which are in memory; only those of one page are read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from rookery.console.api import Route, route
from rookery.console.call import Call, ms
from rookery.console.errors import Refusal
from rookery.console.live_topics import event_fields
from rookery.console.sight import board
from rookery.core.access import Action, check
from rookery.core.clock import MILLISECOND
from rookery.core.points import Point
from rookery.core.records import Certificate, Customer, Device, Person, Thing
from rookery.core.roster import Card
from rookery.core.services import Services

PER_PAGE: Final = 50
MOST_PER_PAGE: Final = 500
SEARCH_LIMIT: Final = 200
"""Characters of a search."""
SORTS: Final = ("name", "type", "dialect", "created", "last_heard")
FIRMWARE_LIMIT: Final = 16 << 20
"""Bytes of a firmware file: as many as the Particle API takes."""
EVENTS: Final = 50
MOST_EVENTS: Final = 500
LATEST: Final = 1 << 62


@route("GET", "devices")
async def show_devices(call: Call) -> dict[str, Any]:
    """A page of the space's boards."""
    services, space_id = call.services, call.who.space_id
    check(call.who, Action.READ, space_id, "space")
    cards = await _chosen(call, await call.backend.running().directory.of(space_id))
    order, descending = _order(call)
    if order == "last_heard":
        last = await services.telemetry.last([card.series for card in cards])
        cards.sort(key=lambda card: (_heard(services, card, last.get(card.series)) or 0, card.id), reverse=descending)
    else:
        cards.sort(key=_KEYS[order], reverse=descending)
    per_page = call.number("per_page", PER_PAGE, 1, MOST_PER_PAGE)
    page = call.number("page", 1, 1, 1_000_000)
    devices = await services.fleet.records(cards[(page - 1) * per_page : page * per_page])
    return {"devices": await views(services, devices), "total": len(cards), "page": page, "per_page": per_page}


@route("GET", "devices/{id}")
async def show_device(call: Call) -> dict[str, Any]:
    """One board, by its UUID or its hex id."""
    from rookery.particle.api.device_view import callables

    services = call.services
    device = await board(services, call.who, call.segments["id"])
    (view,) = await views(services, [device])
    functions, variables = await callables(services, device)
    return view | {
        "version": device.version,
        "notes": device.notes,
        "serial": device.serial,
        "fqbn": device.fqbn,
        "space": device.space_id or None,
        "created": ms(device.created_at),
        "updated": ms(device.updated_at),
        "firmware": _firmware(device),
        "described": {"functions": functions, "variables": variables},
        "last_address": device.last_address,
        "last_session": ms(device.last_session_at),
        "connection_type": device.connection_type or device.firmware.get("network"),
        "cellular": _cellular(device),
        "unique_hardware_id": device.unique_hardware_id,
        "metadata": device.metadata,
        "development": device.development,
        "quarantined": device.quarantined,
        "desired_version": device.desired_version,
        "updates_forced": device.updates_forced,
        "secret": device.secret_hash is not None,
        "key": device.public_key is not None,
        "certificates": await services.catalog.count(Certificate, device_id=device.id),
        "subscriptions": [one.get("prefix", "") for one in device.subscriptions],
    }


@route("POST", "devices/{id}/firmware", reads=True)
async def look_at_firmware(call: Call) -> dict[str, Any]:
    """Whether the board would run this file, before it is sent to it; the body is the file. `problem` says why not."""
    device = await board(call.services, call.who, call.segments["id"])
    data = await call.body(FIRMWARE_LIMIT)
    return {"problem": call.backend.guide.firmware_problem(data, device.platform)}


@route("GET", "devices/{id}/events")
async def show_events(call: Call) -> dict[str, Any]:
    """What the board has published, newest first, as far as it is kept. `before` is exclusive, in milliseconds."""
    device = await board(call.services, call.who, call.segments["id"])
    limit = call.number("limit", EVENTS, 1, MOST_EVENTS)
    before = call.number("before", 0, 0, LATEST // MILLISECOND)
    end = before * MILLISECOND if before else LATEST
    events = await call.services.events.history(device.events, 0, end, limit) if device.events else []
    return {"events": [event_fields(event, f"{event.time}-0", device=device.id) for event in events]}


async def _chosen(call: Call, cards: list[Card]) -> list[Card]:
    """Those that all filters let through."""
    tests: list[Callable[[Card], bool]] = []
    words = call.query("q")[:SEARCH_LIMIT].lower().split()
    if words:
        tests.append(lambda card: all(word in _text(card) for word in words))
    if dialect := call.query("dialect"):
        tests.append(lambda card: card.dialect == dialect)
    if kind := call.query("type"):
        tests.append(lambda card: card.type == kind)
    if online := call.query("online"):
        wanted = {"true": True, "false": False}.get(online)
        if wanted is None:
            raise Refusal(400, "invalid", "online must be true or false.", "online")
        sessions = call.services.boards
        tests.append(lambda card: (sessions.session(card.id) is not None) is wanted)
    if product := call.query("product"):
        found = await call.services.products.get(product)
        wanted_id = "" if found is None else found.id
        tests.append(lambda card: card.product_id == (None if product == "none" else wanted_id))
    if group := call.query("group"):
        tests.append(lambda card: group in card.groups)
    tests += [_tagged(tag) for tag in call.queries("tag")]
    return [card for card in cards if all(test(card) for test in tests)] if tests else cards


def _tagged(tag: str) -> Callable[[Card], bool]:
    """Whether a board has this tag: `key:value`, or a key with any value."""
    key, colon, value = tag.partition(":")
    if colon:
        return lambda card: card.tags.get(key) == value
    return lambda card: key in card.tags


def _text(card: Card) -> str:
    """What a search looks into."""
    tags = " ".join(f"{key}:{value}" for key, value in card.tags.items()) if card.tags else ""
    return f"{card.name} {card.id} {card.hex_id} {card.serial} {card.type} {tags}".lower()


def _order(call: Call) -> tuple[str, bool]:
    wanted = call.query("sort", "name")
    order = wanted.removeprefix("-")
    if order not in SORTS:
        raise Refusal(400, "invalid", f"sort is one of {', '.join(SORTS)}, with a - before it for descending.", "sort")
    return order, wanted.startswith("-")


_KEYS: dict[str, Callable[[Card], Any]] = {
    "name": lambda card: (card.name.lower(), card.id),
    "type": lambda card: (card.type, card.name.lower(), card.id),
    "dialect": lambda card: (card.dialect, card.name.lower(), card.id),
    "created": lambda card: (card.created_at, card.id),
}


def _heard(services: Services, card: Card | Device, last: Point | None) -> int | None:
    """When the board was last heard of: what its session knows, or the newest end of one."""
    session = services.boards.session(card.id)
    if session is not None:
        return session.last_heard
    return max(card.last_activity_at or 0, last.time if last is not None else 0) or None


async def views(services: Services, devices: Sequence[Device]) -> list[dict[str, Any]]:
    """These boards as lists show them."""
    if not devices:
        return []
    last = await services.telemetry.last([device.series for device in devices])
    ids = [device.id for device in devices]
    things = {thing.device_id: thing for thing in await services.catalog.select(Thing, device_id=ids, deleted_at=None)}
    owners = await _owners(services, devices)
    products: dict[str, Any] = {}
    for id in {device.product_id for device in devices if device.product_id is not None}:
        product = await services.products.get(id)
        if product is not None:
            products[id] = {"id": product.id, "number": product.number, "name": product.name}
    return [
        {
            "id": device.id,
            "hex_id": device.hex_id,
            "dialect": device.dialect,
            "name": device.name,
            "type": device.type,
            "platform": device.platform,
            "online": services.boards.session(device.id) is not None,
            "last_heard": ms(_heard(services, device, last.get(device.series))),
            "product": products.get(device.product_id or ""),
            "groups": device.groups,
            "tags": device.tags,
            "thing": _thing(things.get(device.id)),
            "owner": owners.get(device.space_id) or owners.get(device.person_id),
        }
        for device in devices
    ]


def _thing(thing: Thing | None) -> dict[str, str] | None:
    return {"id": thing.id, "name": thing.name} if thing is not None else None


async def _owners(services: Services, devices: Sequence[Device]) -> dict[str, str]:
    """How people and customers are called, by the ids that boards have of them."""
    ids = sorted({id for device in devices for id in (device.space_id, device.person_id) if id})
    owners = {customer.id: customer.email for customer in await services.catalog.select(Customer, id=ids)}
    owners |= {person.id: person.email for person in await services.catalog.select(Person, id=ids)}
    return owners


def _firmware(device: Device) -> dict[str, Any]:
    """What runs on it, in the words of its dialect."""
    from rookery.particle.described import system_version_text

    told: dict[str, Any] = dict(device.firmware)
    described = device.described
    for name in ("firmware_version", "firmware_product", "imei", "iccid", "cellfw", "updates_enabled", "safe_mode"):
        if described.get(name) is not None:
            told[name] = described[name]
    version = system_version_text(described.get("system_version", 0))
    return told | {"system_version": version} if version is not None else told


def _cellular(device: Device) -> bool:
    from rookery.particle.platforms import platform

    return device.platform is not None and platform(device.platform).cellular


ROUTES: tuple[Route, ...] = (show_devices, show_device, look_at_firmware, show_events)
