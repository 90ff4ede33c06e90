"""Claim codes: a text that, brought to a device, makes it somebody's when it next connects (reference 3.3)."""

from __future__ import annotations

from typing import Any

from rookery.core.access import check_owner
from rookery.core.errors import WrongBearer
from rookery.core.records import Bearer, Device, Product, Space
from rookery.particle.api import permissions as p
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import product_of


@operation("POST", "/v1/device_claims")
async def own_code(call: Call) -> dict[str, Any]:
    """A code of the caller. What the body says of SIM cards concerns a network that is not here."""
    check_owner(call.who)
    return await _code(call, call.who.space_id, call.who.product_id)


@operation("POST", "/v1/products/{product}/device_claims", "/v1/orgs/{org}/products/{product}/device_claims")
async def product_code(call: Call) -> dict[str, Any]:
    """A code that also takes the device into the product: of one of its customers, or of whoever may import devices.
    A product's own token makes codes of the person who made the product."""
    who = call.who
    if who.bearer is Bearer.CUSTOMER:
        product = await call.services.products.get(call.path["product"])
        if product is None or product.id != who.product_id or not await _within(call, product):
            raise WrongBearer(who.bearer)
        return await _code(call, who.space_id, product.id)
    if who.bearer is Bearer.PROGRAM:
        raise WrongBearer(who.bearer)
    product = await product_of(call, p.DEVICES_IMPORT)
    if who.bearer is Bearer.PERSON:
        return await _code(call, who.person_id, product.id)
    return await _code(call, product.person_id, product.id, only=product)


async def _within(call: Call, product: Product) -> bool:
    """Whether the organisation of the path, where there is one, has this product. A customer is no member of it."""
    if "org" not in call.path:
        return True
    space = await call.services.catalog.get(Space, product.space_id)
    return space is not None and call.path["org"].lower() in (space.slug, space.id)


async def _code(call: Call, owner_id: str, product_id: str | None, only: Product | None = None) -> dict[str, Any]:
    await call.fields()  # A body that can not be read is an error here too.
    devices = await call.services.catalog.select(Device, space_id=owner_id, deleted_at=None)
    if only is not None:
        # What else the person owns is none of the product's business.
        devices = [device for device in devices if device.product_id == only.id]
    code = await call.services.claims.code(owner_id, product_id)
    return {"claim_code": code.text, "device_ids": [device.hex_id for device in devices]}


ROUTES = (own_code, product_code)
