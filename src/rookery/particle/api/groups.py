"""The groups of a product's devices (reference 3.11)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rookery.core.access import Action, Permission
from rookery.core.errors import Conflict
from rookery.core.products import DESCRIPTION_LIMIT
from rookery.core.records import Group, Product
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import Answer, json_answer
from rookery.particle.api.body import as_bool, as_int, as_text
from rookery.particle.api.errors import ApiError, bad_request
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import product_of

COLOR_LIMIT = 32
"""Characters: a CSS colour."""
IMPACT_GET = Permission(Action.READ, "groups.impact:get")


@operation("GET", "/v1/products/{product}/groups")
async def list_groups(call: Call) -> dict[str, Any]:
    """All groups, or those with `name` in their names."""
    product = await product_of(call, p.GROUPS_LIST)
    part = call.query.get("name", "").strip().lower()
    groups = [group for group in await call.services.products.groups(product) if part in group.name]
    counts = await _counts(call, product)
    return {"groups": [_view(group, counts) for group in groups]}


@operation("POST", "/v1/products/{product}/groups")
async def create(call: Call) -> Answer:
    """A new group."""
    product = await product_of(call, p.GROUPS_CREATE)
    fields = await call.fields()
    name = as_text(fields.get("name"), "name")
    if not name:
        raise bad_request("name is required")
    try:
        group = await call.services.products.add_group(product, name, **_words(fields))
    except Conflict:
        raise _taken(name) from None
    return json_answer({"group": _view(group, await _counts(call, product))}, 201)


@operation("GET", "/v1/products/{product}/groups/{group}")
async def get_group(call: Call) -> dict[str, Any]:
    """One group."""
    product = await product_of(call, p.GROUPS_GET)
    group = await call.services.products.group(product, call.path["group"])
    return {"group": _view(group, await _counts(call, product))}


@operation("PUT", "/v1/products/{product}/groups/{group}")
async def update(call: Call) -> dict[str, Any]:
    """Change name, description or colour."""
    product = await product_of(call, p.GROUPS_UPDATE)
    group = await call.services.products.group(product, call.path["group"])
    fields = await call.fields()
    changes: dict[str, Any] = _words(fields)
    if name := as_text(fields.get("name"), "name"):
        changes["name"] = name
    if changes:
        try:
            group = await call.services.products.change_group(group, **changes)
        except Conflict:
            raise _taken(changes.get("name", group.name)) from None
    return {"group": _view(group, await _counts(call, product))}


@operation("DELETE", "/v1/products/{product}/groups/{group}")
async def delete(call: Call) -> None:
    """Remove a group; its devices stay."""
    product = await product_of(call, p.GROUPS_REMOVE)
    await call.services.products.delete_group(await call.services.products.group(product, call.path["group"]))


@operation("GET", "/v1/products/{product}/impact")
async def impact(call: Call) -> dict[str, Any]:
    """How many devices would get other firmware if these groups were to have this version."""
    product = await product_of(call, IMPACT_GET)
    query = call.query
    action = query.get("action", "edit_groups_for_firmware")
    if action != "edit_groups_for_firmware":
        raise bad_request("action must be edit_groups_for_firmware")
    version = as_int(query.get("firmware_version"), "firmware_version", least=0, most=65_535)
    if version is None:
        raise bad_request("firmware_version is required")
    everybody = as_bool(query.get("product_default"), "product_default") is True
    wanted = {name.strip() for name in query.get("groups", "").split(",")} - {""}
    counts = Counter(
        card.firmware
        for card in await call.services.fleet.cards(product.id)
        if (everybody or not wanted.isdisjoint(card.groups))
        and card.firmware != version
        # No firmware of the fleet goes to these.
        and not (card.development or card.quarantined or card.desired is not None)
    )
    by_version = [{"version": number, "total": counts[number]} for number in sorted(counts, key=lambda n: n or 0)]
    return {"devices": {"firmware_update": {"total": counts.total(), "by_version": by_version}}}


def _words(fields: dict[str, Any]) -> dict[str, str]:
    limits = {"description": DESCRIPTION_LIMIT, "color": COLOR_LIMIT}
    return {name: as_text(fields[name], name, most=most) or "" for name, most in limits.items() if name in fields}


async def _counts(call: Call, product: Product) -> Counter[str]:
    """How many devices each group has."""
    return Counter(name for card in await call.services.fleet.cards(product.id) for name in card.groups)


def _view(group: Group, counts: Counter[str]) -> dict[str, Any]:
    return {
        "name": group.name,
        "description": group.description,
        "color": group.color,
        "fw_version": None,
        "device_count": counts[group.name],
    }


def _taken(name: str) -> ApiError:
    return bad_request(f"Group {name} already exists")


ROUTES = (list_groups, create, get_group, update, delete, impact)
