"""The public keys of boards, as `particle keys send` and `keys doctor` upload them (reference 3.2)."""

from __future__ import annotations

from rookery.core.errors import Forbidden
from rookery.keys import public_key_of
from rookery.keys.errors import PublicKeyInvalid
from rookery.particle.api import permissions as p
from rookery.particle.api.body import as_int, as_text
from rookery.particle.api.errors import bad_request, claim_of_another, role_insufficient
from rookery.particle.api.operations import Call, operation
from rookery.particle.platforms import platform

KEY_LIMIT = 8_192
"""Characters of a key: PEM of RSA with 1024 bits has 272."""


@operation("POST", "/v1/provisioning/{device}")
async def provision(call: Call) -> str:
    """Register the key of a board. One that nobody knows becomes known; one that is somebody else's is left alone."""
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
    product = await services.products.get(str(number)) if number is not None else None
    if product is not None:
        from rookery.core.access import may_product

        if not may_product(who, p.DEVICES_IMPORT, product):
            raise role_insufficient()
    device = await services.enrolment.get(call.path["device"])
    if device is None:
        kind = as_int(fields.get("platform_id"), "platform_id", least=0, most=65_535)
        await services.enrolment.enrol(
            call.path["device"],
            "particle",
            platform(kind).name if kind is not None else "particle",
            platform=kind if kind is not None else (product.platform if product is not None else None),
            product_id=product.id if product is not None else None,
            public_key=key,
        )
        return "Success!"
    if device.space_id and device.space_id != who.space_id and device.space_id not in who.roles:
        raise claim_of_another()
    if device.product_id is not None and not device.space_id:
        held = await services.products.get(device.product_id)
        if held is not None and device.public_key is not None and not _on_team(call, held.id, held.space_id):
            raise Forbidden(f"This needs the permission {p.DEVICES_UPDATE.scope}.")
    if device.public_key != key:
        await services.enrolment.keep(device.id, public_key=key)
    return "Success!"


def _on_team(call: Call, product_id: str, space_id: str) -> bool:
    return product_id in call.who.roles or space_id in call.who.roles


ROUTES = (provision,)
