"""Which device, product or organisation a path means, and whether the caller may do that to it.

Almost everything about a device has two paths (reference 3.1): of its owner, `/v1/devices/{device}`, where a name does
as well as an id, and of a product, `/v1/products/{product}/devices/{device}`. One handler serves both; `device_of`
tells them apart by the path.
"""

from __future__ import annotations

from rookery.core.access import Action, Permission, check_owner, check_product, check_scoped, may, owns
from rookery.core.enrolment import HEX_ID
from rookery.core.errors import NotFound, WrongBearer
from rookery.core.ids import is_uuid
from rookery.core.records import Bearer, Device, Product, Space, SpaceKind
from rookery.particle.api.errors import device_not_recognised, product_device_not_found, product_not_found, refused
from rookery.particle.api.operations import Call
from rookery.particle.ids import hex_id

NATIVE = "particle"
"""The dialect of boards that speak this vendor's protocols."""


def shown(call: Call, device: Device) -> bool:
    """Whether this API shows the device: boards of the other dialect only where the bridge is open."""
    return device.deleted_at is None and (device.dialect == NATIVE or call.api.options.bridge)


async def own_devices(call: Call) -> list[Device]:
    """All devices of the caller, oldest first."""
    check_owner(call.who)
    found = await call.services.catalog.select(Device, space_id=call.who.space_id, deleted_at=None)
    return [device for device in found if shown(call, device)]


async def own_device(call: Call, ref: str) -> Device:
    """The caller's device with this id or name, in either case.

    Raises:
        WrongBearer: a token that owns no devices.
        ApiError: 403, there is no such device or it is not the caller's.
    """
    check_owner(call.who)
    wanted = ref.lower()
    device = await call.services.enrolment.get(wanted) if HEX_ID.fullmatch(wanted) else None
    if device is None or not owns(call.who, device) or not shown(call, device):
        # The name as it is costs one row, in another case all rows of the owner.
        device = await call.services.catalog.find(Device, space_id=call.who.space_id, name=ref, deleted_at=None)
        if device is None or not shown(call, device):
            device = next((d for d in await own_devices(call) if d.name.lower() == wanted), None)
    if device is None:
        raise device_not_recognised(call.api.options.base_url)
    return device


async def product_of(call: Call, permission: Permission) -> Product:
    """The product of the path, if the caller may do this to it.

    Raises:
        WrongBearer: a customer's token.
        ApiError: 404, there is no such product, or none that the caller has a part in.
        Forbidden: not with this role or these scopes.
    """
    product = await call.services.products.get(call.path["product"])
    if product is None:
        # A customer is refused on all product paths alike, so that it can not find out which there are.
        if call.who.bearer is Bearer.CUSTOMER:
            raise WrongBearer(call.who.bearer)
        raise product_not_found()
    try:
        check_product(call.who, permission, product)
    except NotFound:
        raise product_not_found() from None
    if (slug := call.path.get("org")) is not None and product.space_id != (await organisation(call, slug)).id:
        raise product_not_found()
    call.requested_scope(f"product_{product.number}:{permission.scope}")
    return product


async def product_device(call: Call, permission: Permission) -> tuple[Product, Device]:
    """Product and device of the path.

    Raises:
        ApiError: 404 for either. And what `product_of` raises.
    """
    product = await product_of(call, permission)
    device = await call.services.fleet.get(product, call.path["device"])
    if device is None and HEX_ID.fullmatch(call.path["device"].lower()) is None:
        device = await call.services.fleet.named(product, call.path["device"])
    if device is None:
        raise product_device_not_found()
    return product, device


async def device_of(call: Call, permission: Permission) -> Device:
    """The device of the path: the caller's own, or one of the product that the path names."""
    if "product" in call.path:
        return (await product_device(call, permission))[1]
    return await own_device(call, call.path["device"])


async def organisation(call: Call, ref: str, permission: Permission | None = None) -> Space:
    """The organisation with this slug, id, or id as answers show it, that the caller is a member of.

    Raises:
        ApiError: 404, none.
        Forbidden: not with this role or these scopes.
    """
    catalog = call.services.catalog
    ref = ref.lower()
    found = await catalog.find(Space, slug=ref)
    if found is None:
        id = ref if is_uuid(ref) else next((id for id in call.who.roles if hex_id(id) == ref), None)
        found = await catalog.get(Space, id) if id is not None else None
    if found is None or found.kind is not SpaceKind.ORGANISATION or not may(call.who, Action.READ, found.id):
        raise refused(404, "Organization not found.")
    if permission is not None:
        check_scoped(call.who, permission, found.id, "organization")
    return found
