"""Which boards and products somebody sees: those of the own spaces, and those of products on whose team one is."""

from __future__ import annotations

from rookery.core.access import Action, Principal, may
from rookery.core.errors import NotFound
from rookery.core.ids import is_uuid
from rookery.core.records import Device, Product
from rookery.core.services import Services


async def sees_board(services: Services, who: Principal, device: Device) -> bool:
    """Whether somebody may look at this board."""
    if device.deleted_at is not None:
        return False
    if device.space_id and may(who, Action.READ, device.space_id):
        return True
    return device.product_id is not None and sees_product(who, await services.products.get(device.product_id))


def sees_product(who: Principal, product: Product | None) -> bool:
    """Whether somebody may look at this product and its boards."""
    return product is not None and (may(who, Action.READ, product.id) or may(who, Action.READ, product.space_id))


async def find_board(services: Services, id: str) -> Device | None:
    """The live board with this UUID or hex id, in either case."""
    if is_uuid(id):
        return await services.devices.by_id(id.lower())
    return await services.enrolment.get(id)


async def board(services: Services, who: Principal, id: str) -> Device:
    """The board with this UUID or hex id.

    Raises:
        NotFound: there is none, or it is not for this principal.
    """
    device = await find_board(services, id)
    if device is None or not await sees_board(services, who, device):
        raise NotFound("There is no such board.")
    return device
