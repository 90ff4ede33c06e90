"""Organisations, and the search for devices and products (reference 3.22). Their products are in `products.py`, their
teams in `team.py`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rookery.core.access import check_person, within
from rookery.core.errors import Forbidden, WrongBearer
from rookery.core.records import Bearer, Product, Space, SpaceKind
from rookery.core.roster import Card, card_of
from rookery.particle.api import permissions as p
from rookery.particle.api.errors import bad_request
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import organisation, own_devices
from rookery.particle.ids import hex_id

FOUND_LIMIT = 10
"""Results of one type."""
TYPES = ("device", "product", "sim")


@operation("GET", "/v1/orgs")
async def list_organisations(call: Call) -> dict[str, Any]:
    """The organisations that the caller is a member of."""
    who = call.who
    if who.bearer in (Bearer.CUSTOMER, Bearer.PRODUCT):
        raise WrongBearer(who.bearer)
    if not within(who, p.ORGANISATION_GET.scope):
        raise Forbidden(f"This needs the permission {p.ORGANISATION_GET.scope}.")
    spaces = await call.services.catalog.select(Space, id=list(who.roles))
    return {"organizations": [_view(space) for space in spaces if space.kind is SpaceKind.ORGANISATION]}


@operation("GET", "/v1/orgs/{org}")
async def get_organisation(call: Call) -> dict[str, Any]:
    """One of them."""
    return {"organization": _view(await organisation(call, call.path["org"], p.ORGANISATION_GET))}


def _view(space: Space) -> dict[str, Any]:
    return {"id": hex_id(space.id), "slug": space.slug, "name": space.name}


@operation("GET", "/v1/user/search")
async def search_own(call: Call) -> dict[str, Any]:
    """Devices and products of the caller's sandbox by a part of their id, name or serial number."""
    check_person(call.who)
    products = await call.services.products.of(call.who.space_id)
    return await _search(call, products, [card_of(device) for device in await own_devices(call)], None)


@operation("GET", "/v1/orgs/{org}/search")
async def search_organisation(call: Call) -> dict[str, Any]:
    """The same in all products of an organisation."""
    space = await organisation(call, call.path["org"], p.DEVICES_LIST)
    return await _search(call, await call.services.products.of(space.id), [], space)


async def _search(call: Call, products: list[Product], own: Iterable[Card], space: Space | None) -> dict[str, Any]:
    text = call.query.get("text", "").strip().lower()
    if not text:
        raise bad_request("text is required")
    wanted = call.query.get("type") or ""
    if wanted and wanted not in TYPES:
        raise bad_request(f"type must be one of {', '.join(TYPES)}")
    where = {
        "org": space.slug if space is not None else None,
        "orgName": space.name if space is not None else None,
    }
    results: list[dict[str, Any]] = []
    more = False
    if wanted in ("", "device"):
        found: dict[str, tuple[Card, Product | None]] = {}
        for product in products:
            found |= {card.id: (card, product) for card in await call.services.fleet.cards(product.id)}
        for card in own:
            found.setdefault(card.id, (card, None))
        fitting = [pair for pair in found.values() if _fits(text, pair[0].hex_id, pair[0].name, pair[0].serial)]
        fitting.sort(key=lambda pair: (pair[0].name.lower(), pair[0].hex_id))
        more = len(fitting) > FOUND_LIMIT
        for card, of in fitting[:FOUND_LIMIT]:
            device = {
                "id": card.hex_id,
                "name": card.name,
                "product_id": of.number if of is not None else None,
                "product_name": of.name if of is not None else None,
            }
            results.append({"type": "device", **where, "device": device})
    if wanted in ("", "product"):
        named = [one for one in products if _fits(text, str(one.number), one.name, one.slug)]
        more = more or len(named) > FOUND_LIMIT
        for one in named[:FOUND_LIMIT]:
            view = {"id": one.number, "name": one.name, "slug": one.slug}
            results.append({"type": "product", **where, "product": view})
    return {"ok": True, "results": results, "hasMore": more}


def _fits(text: str, *values: str) -> bool:
    return any(text in value.lower() for value in values)


ROUTES = (list_organisations, get_organisation, search_own, search_organisation)
