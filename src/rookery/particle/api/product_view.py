"""The product object, and the settings in it (reference 3.9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rookery.core.records import Group, Product, Space, SpaceKind
from rookery.core.services import Services
from rookery.particle.api.body import as_bool
from rookery.particle.api.errors import bad_request
from rookery.particle.ids import hex_id

SETTINGS_LIMIT = 16_384
"""Bytes of JSON: it lies in the row of the product, which is read whole."""
DEFAULTS: Mapping[str, Any] = {"location": {}, "known_application": {"opt_in": True}, "quarantine": True}
"""What holds for a product that was made without saying."""


async def product_views(services: Services, products: Sequence[Product]) -> list[dict[str, Any]]:
    """These products as clients see them."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for group in await services.catalog.select(Group, product_id=[product.id for product in products]):
        groups[group.product_id].append(group.name)
    spaces = await services.catalog.select(Space, id=list({product.space_id for product in products}))
    by_id = {space.id: space for space in spaces}
    return [_view(product, by_id.get(product.space_id), groups[product.id]) for product in products]


async def product_view(services: Services, product: Product) -> dict[str, Any]:
    """One product."""
    (view,) = await product_views(services, [product])
    return view


def _view(product: Product, space: Space | None, groups: list[str]) -> dict[str, Any]:
    organisation = space if space is not None and space.kind is SpaceKind.ORGANISATION else None
    view: dict[str, Any] = {
        "id": product.number,
        "platform_id": product.platform,
        "name": product.name,
        "slug": product.slug,
        "description": product.description,
        "subscription_id": 0,
        "mb_limit": None,
        "user": hex_id(product.person_id) if product.person_id else None,
        "org": organisation.slug if organisation is not None else None,
        "groups": groups,
        "settings": {**DEFAULTS, **product.settings},
        "device_protection": "none",
    }
    if organisation is not None:
        view["organization_id"] = hex_id(organisation.id)
    return view


def settings_of(value: object, before: Mapping[str, Any]) -> dict[str, Any] | None:
    """The settings with these changes; what is not named stays. None when there are none to make.

    Raises:
        ApiError: 400, not of the form that settings have, or too much.
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request("settings must be an object")
    settings = {**before, **value}
    if "quarantine" in value:
        settings["quarantine"] = as_bool(value["quarantine"], "settings.quarantine") is not False
    if "known_application" in value:
        known = value["known_application"]
        if not isinstance(known, dict):
            raise bad_request("settings.known_application must be an object")
        opt_in = as_bool(known.get("opt_in"), "settings.known_application.opt_in")
        settings["known_application"] = {**known, "opt_in": opt_in is not False}
    if "location" in value and not isinstance(value["location"], dict):
        raise bad_request("settings.location must be an object")
    if len(msgspec.json.encode(settings)) > SETTINGS_LIMIT:
        raise bad_request(f"settings must have at most {SETTINGS_LIMIT} bytes")
    return settings
