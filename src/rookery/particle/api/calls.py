"""Reading a variable and calling a function of a board (reference 5). One board, one question, one answer: nothing is
kept and nothing is tried again."""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.core.boards import CALL_SECONDS, BoardSession
from rookery.core.errors import BoardAway, BoardCannot, NameUnknown
from rookery.core.records import Device
from rookery.particle.api import permissions as p
from rookery.particle.api.answers import Answer
from rookery.particle.api.device_view import FOREIGN_PLATFORM
from rookery.particle.api.errors import bad_request, timed_out, unknown_function, unknown_variable
from rookery.particle.api.operations import Call, operation
from rookery.particle.api.resolve import device_of
from rookery.particle.api.times import iso_time_or_none

ARGUMENT_LIMIT = 1_024
"""Bytes; no board takes more."""
ARGUMENT_KEYS = ("arg", "args", "params")
"""In this order: documentation and scripts, particle-api-js and iOS, Android."""
PLAIN = b"text/plain; charset=utf-8"

_encode = msgspec.json.encode


@operation("GET", "/v1/devices/{device}/{variable}", "/v1/products/{product}/devices/{device}/{variable}")
async def read_variable(call: Call) -> Any:
    """The present value of a variable. A board that is away is an immediate answer, unless it may only
    be quiet."""
    device = await device_of(call, p.VARIABLE_GET)
    name = call.path["variable"]
    session = await call.services.boards.reach(device)
    if session is None:
        raise timed_out()
    try:
        value = await session.read(name, CALL_SECONDS)
    except NameUnknown:
        raise unknown_variable(name) from None
    except BoardAway:
        raise timed_out() from None
    if call.query.get("format") == "raw":
        return Answer(raw(value), media_type=PLAIN) if raw(value) else Answer(b"")
    return {
        "cmd": "VarReturn",
        "name": name,
        "result": value,
        "coreInfo": await _core_info(call, device, session),
    }


@operation("POST", "/v1/devices/{device}/{function}", "/v1/products/{product}/devices/{device}/{function}")
async def call_function(call: Call) -> Any:
    """What a function of the board returns. Failures that the board decided are results like others."""
    device = await device_of(call, p.FUNCTION_CALL)
    name = call.path["function"]
    fields = await call.fields()
    argument = argument_of(fields)
    if len(argument.encode()) > ARGUMENT_LIMIT:
        raise bad_request(f"The argument has more than {ARGUMENT_LIMIT} bytes")
    session = await call.services.boards.reach(device)
    if session is None:
        raise timed_out()
    try:
        result = await session.call(name, argument, CALL_SECONDS)
    except NameUnknown:
        raise unknown_function(name) from None
    except BoardAway:
        raise timed_out() from None
    except BoardCannot as error:
        raise bad_request(str(error)) from None
    if fields.get("format") == "raw" or call.query.get("format") == "raw":
        return Answer(b"%d" % result, media_type=PLAIN)
    return {
        "id": device.hex_id,
        "name": device.name,
        "last_app": None,
        "connected": True,
        "return_value": result,
    }


async def _core_info(call: Call, device: Device, session: BoardSession) -> dict[str, Any]:
    number = FOREIGN_PLATFORM if device.platform is None else device.platform
    if device.product_id is not None:
        product = await call.services.products.get(device.product_id)
        number = product.number if product is not None else number
    return {
        "name": device.name,
        "last_app": "",
        "last_heard": iso_time_or_none(session.last_heard),
        "connected": True,
        "last_handshake_at": iso_time_or_none(device.last_session_at),
        "deviceID": device.hex_id,
        "product_id": number,
    }


def argument_of(fields: dict[str, Any]) -> str:
    """The argument of a function, whichever way a client says it; "" when it says none."""
    for key in ARGUMENT_KEYS:
        if key in fields:
            return _text(fields[key])
    return ""


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ",".join(_text(part) for part in value)
    return _encode(value).decode()


def raw(value: Any) -> bytes:
    """A value by itself: texts without quotes, everything else as JSON."""
    return value.encode() if isinstance(value, str) else _encode(value)


ROUTES = (read_variable, call_function)
