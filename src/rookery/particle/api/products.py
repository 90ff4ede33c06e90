"""Products: list, look at, create, change, delete (reference 3.9)."""

from __future__ import annotations

from typing import Any

from rookery.core.access import Action, Permission, check_person, within
from rookery.core.errors import Forbidden, WrongBearer
from rookery.core.products import DESCRIPTION_LIMIT
from rookery.core.records import Bearer, Product
from rookery.particle.api import permissions as p
from rookery.particle.api.body import as_bool, as_int, as_text
from rookery.particle.api.errors import bad_request
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.product_view import product_view, product_views, settings_of
from rookery.particle.api.resolve import organisation, product_of

LARGEST_PLATFORM = 65_535
"""Boards say it in 16 bits."""
PRODUCTS_CREATE = Permission(Action.CHANGE, "products:create")


@operation("GET", "/v1/user/products")
async def own_products(call: Call) -> dict[str, Any]:
    """The products of the caller's sandbox."""
    check_person(call.who)
    return await _listed(call, await call.services.products.of(call.who.space_id))


@operation("GET", "/v1/products")
async def all_products(call: Call) -> dict[str, Any]:
    """The products that the caller owns or works on."""
    if call.who.bearer is Bearer.CUSTOMER:
        raise WrongBearer(call.who.bearer)
    if not within(call.who, p.PRODUCTS_LIST.scope):
        raise Forbidden(f"This needs the permission {p.PRODUCTS_LIST.scope}.")
    return await _listed(call, await call.services.products.visible(call.who))


@operation("GET", "/v1/orgs/{org}/products")
async def organisation_products(call: Call) -> dict[str, Any]:
    """The products of an organisation."""
    space = await organisation(call, call.path["org"], p.PRODUCTS_LIST)
    return await _listed(call, await call.services.products.of(space.id))


async def _listed(call: Call, products: list[Product]) -> dict[str, Any]:
    return {"products": await product_views(call.services, products)}


@operation("GET", "/v1/products/{product}", "/v1/orgs/{org}/products/{product}")
async def get_product(call: Call) -> dict[str, Any]:
    """One product."""
    return {"product": await product_view(call.services, await product_of(call, p.PRODUCTS_GET))}


@operation("POST", "/v1/user/products", "/v1/orgs/{org}/products")
async def create(call: Call) -> dict[str, Any]:
    """A new product of the caller's sandbox or of an organisation."""
    check_person(call.who)
    space_id = call.who.space_id
    if "org" in call.path:
        space_id = (await organisation(call, call.path["org"], PRODUCTS_CREATE)).id
    fields = await _fields(call)
    name = as_text(fields.get("name"), "name")
    platform = as_int(fields.get("platform_id"), "platform_id", least=0, most=LARGEST_PLATFORM)
    if not name or platform is None:
        raise bad_request("name and platform_id are required")
    product = await call.services.products.create(
        call.who,
        space_id,
        name=name,
        platform=platform,
        description=as_text(fields.get("description"), "description", most=DESCRIPTION_LIMIT) or "",
        settings=settings_of(fields.get("settings"), {}),
    )
    return {"ok": True, "product": await product_view(call.services, product)}


@operation("PUT", "/v1/products/{product}", "/v1/orgs/{org}/products/{product}")
async def update(call: Call) -> dict[str, Any]:
    """Change name, description or settings. To turn the quarantine off approves all that are in it."""
    product = await product_of(call, p.PRODUCTS_UPDATE)
    fields = await _fields(call)
    changes: dict[str, Any] = {}
    if "name" in fields:
        changes["name"] = as_text(fields["name"], "name") or ""
    if "description" in fields:
        changes["description"] = as_text(fields["description"], "description", most=DESCRIPTION_LIMIT) or ""
    settings = settings_of(fields.get("settings"), product.settings)
    if settings is not None:
        changes["settings"] = settings
    if changes:
        product = await call.services.products.change(product, **changes)
    if settings is not None and settings.get("quarantine") is False:
        await call.services.fleet.approve_all(product)
    return {"ok": True, "product": await product_view(call.services, product)}


@operation("DELETE", "/v1/products/{product}", "/v1/orgs/{org}/products/{product}")
async def delete(call: Call) -> None:
    """Remove a product; one that has devices only with `force`."""
    product = await product_of(call, p.PRODUCTS_REMOVE)
    fields = await call.fields()
    force = as_bool(fields.get("force", call.query.get("force")), "force")
    await call.services.products.delete(product, force=force is True)


async def _fields(call: Call) -> dict[str, Any]:
    """The fields of a product, by themselves or under `product`."""
    fields = await call.fields()
    inner = fields.get("product")
    return inner if isinstance(inner, dict) else fields


@operation("GET", "/v1/products/{product}/device_orders")
async def device_orders(call: Call) -> dict[str, Any]:
    """What was ordered at the vendor's shop, which is not here."""
    await product_of(call, p.PRODUCTS_GET)
    return {"device_orders": []}


ROUTES = (
    own_products,
    all_products,
    organisation_products,
    get_product,
    create,
    update,
    delete,
    device_orders,
)
