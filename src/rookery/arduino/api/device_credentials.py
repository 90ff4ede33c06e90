"""The secret key of a device: is one set, propose one, set it, test it, take it away (reference 2, 4.19)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api import query
from rookery.arduino.api.body import Body
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.resolve import find_device
from rookery.arduino.quirks import QUIRKS
from rookery.core.access import Action

PASSWORD_LIMIT = 256
"""Characters of a secret key. Ours have 25; boards keep them in a few hundred bytes."""

Password = Annotated[str, msgspec.Meta(min_length=1, max_length=PASSWORD_LIMIT)]


class PassSet(msgspec.Struct):
    """`devicev2.pass`. Without a password one is drawn and shown in the answer."""

    password: Password | None = None


class PassCheck(msgspec.Struct):
    """`CheckDevicesV2PassPayload`."""

    password: Password


class PassView(msgspec.Struct, omit_defaults=True):
    """`ArduinoDevicev2Pass`."""

    set: bool
    suggested_password: str | None = None


_SET = Body(PassSet)
_CHECK = Body(PassCheck)

SUGGESTED = query.flag("suggested_password", "Propose a secret key.")


@operation(
    "GET",
    "/iot/v2/devices/{id}/pass",
    "devices_v2_pass#get",
    "Whether a secret key is set.",
    query=(SUGGESTED,),
    returns=PassView,
    errors=(401, 404),
)
async def get_pass(call: Call) -> PassView:
    """Whether; and a proposal when asked for."""
    device = await find_device(call)
    proposal = call.services.devices.suggest_secret() if call.query(SUGGESTED) else None
    return PassView(device.secret_hash is not None, proposal)


@operation(
    "PUT",
    "/iot/v2/devices/{id}/pass",
    "devices_v2_pass#set",
    "Set the secret key. A board that is connected with another one is disconnected.",
    body=_SET,
    returns=PassView,
    errors=(400, 401, 404),
)
async def set_pass(call: Call) -> PassView:
    """The key is echoed: the CLI prints this answer."""
    device = await find_device(call, Action.CHANGE)
    request = await call.body(_SET)
    password = request.password or call.services.devices.suggest_secret()
    await call.services.devices.set_secret(call.who, device.id, password)
    shown = password if QUIRKS.password_echoed or request.password is None else None
    return PassView(True, shown)


@operation(
    "POST",
    "/iot/v2/devices/{id}/pass",
    "devices_v2_pass#check",
    "Test a secret key: 200 when it is right, 400 when it is not.",
    body=_CHECK,
    errors=(400, 401, 404),
)
async def check_pass(call: Call) -> None:
    """It is right."""
    device = await find_device(call, Action.CHANGE)
    request = await call.body(_CHECK)
    if not call.services.devices.secret_matches(device, request.password):
        raise bad_field("password", "This is not the secret key of the device.")


@operation(
    "DELETE",
    "/iot/v2/devices/{id}/pass",
    "devices_v2_pass#delete",
    "Take the secret key away. A board that is connected with it is disconnected.",
    errors=(401, 404),
)
async def delete_pass(call: Call) -> None:
    """Gone."""
    device = await find_device(call, Action.CHANGE)
    await call.services.devices.set_secret(call.who, device.id, None)


ROUTES: list[HTTPRouteHandler] = [get_pass, set_pass, check_pass, delete_pass]
