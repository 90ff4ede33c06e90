"""The public keys of boards, as `particle keys send` and `keys doctor` upload them (reference 3.2)."""

from __future__ import annotations

from rookery.core.access import Action, check_owner, check_product, may, may_product, owns
from rookery.core.errors import Forbidden, NotFound
from rookery.core.records import Product
from rookery.keys import public_key_of
from rookery.keys.errors import PublicKeyInvalid
from rookery.particle.api import permissions as p
from rookery.particle.api.body import as_int, as_text
from rookery.particle.api.errors import bad_request, claim_of_another, product_not_found
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import NATIVE
from rookery.particle.platforms import PLATFORMS, platform

KEY_LIMIT = 8_192
"""Characters of a key: PEM of RSA with 1024 bits has 272."""


@operation("POST", "/v1/provisioning/{device}")
async def provision(call: Call) -> str:
    """Register the key of a board. One that nobody knows becomes known; one that is somebody else's is left alone.

    Another key than before ends the session that was made with the old one.
    """
    fields = await call.fields()
    text = as_text(fields.get("publicKey") or fields.get("public_key"), "publicKey", most=KEY_LIMIT)
    if not text:
        raise bad_request("publicKey is required")
    try:
        key = public_key_of(text)
    except PublicKeyInvalid as error:
        raise bad_request(str(error)) from None
    services, who = call.services, call.who
    number = as_int(fields.get("product_id"), "product_id")
    # The number of a platform stands there where a board is in no product (4).
    product = await services.products.get(str(number)) if number is not None and number not in PLATFORMS else None
    if number is not None and number not in PLATFORMS:
        _check(call, product)
    else:
        check_owner(who)
    device = await services.enrolment.get(call.path["device"])
    if device is None:
        kind = as_int(fields.get("platform_id"), "platform_id", least=0, most=65_535)
        if kind is None:
            kind = product.platform if product is not None else number
        device = await services.enrolment.enrol(
            call.path["device"],
            NATIVE,
            platform(kind).name if kind is not None else NATIVE,
            platform=kind,
            product_id=product.id if product is not None else None,
            public_key=key,
        )
        if device.public_key == key:
            return "Success!"
        # Somebody else made it known in the same moment.
    if device.dialect != NATIVE:
        raise claim_of_another()
    if device.space_id and not owns(who, device) and not may(who, Action.CHANGE, device.space_id):
        raise claim_of_another()
    if device.product_id is not None and not device.space_id:
        # Its product's own: whoever registers a key can be this board from then on.
        held = await services.products.get(device.product_id)
        if held is not None and not may_product(who, p.DEVICES_UPDATE, held):
            raise Forbidden(f"This needs the permission {p.DEVICES_UPDATE.scope}.")
    if device.public_key != key:
        await services.enrolment.keep(device.id, public_key=key)
    return "Success!"


def _check(call: Call, product: Product | None) -> None:
    """Raise unless the caller may bring devices into this product."""
    if product is None:
        raise product_not_found()
    try:
        check_product(call.who, p.DEVICES_IMPORT, product)
    except NotFound:
        raise product_not_found() from None


ROUTES = (provision,)
