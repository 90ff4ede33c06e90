"""Values that clients send: one, several of a thing, or many past ones (reference 4.9).

An answer goes out when the store has committed what was sent. Values are brought to the declared type first, and
nothing of a request is stored when any of them does not fit.
"""

from __future__ import annotations

from typing import Any

from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.bodies_thing import TimedValue, ValueBody, ValuesBody
from rookery.arduino.api.body import Body
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.resolve import find_property
from rookery.arduino.quirks import QUIRKS
from rookery.arduino.types import declared_type
from rookery.arduino.values import Unfit, from_json
from rookery.core.access import Action
from rookery.core.clock import SECOND
from rookery.core.errors import Forbidden, NotFound
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Value

EARLIEST = 946_684_800 * SECOND
"""2000-01-01: a history that begins before is one of a clock that was never set."""
LATEST = 4_102_444_800 * SECOND
"""2100-01-01: milliseconds or microseconds taken for seconds end up beyond."""

_VALUE = Body(ValueBody)
_VALUES = Body(ValuesBody)
_BATCH = Body(list[TimedValue])


def fitted(variable: LiveVariable, given: Any, old: Value | None, where: str) -> Value:
    """A value of a body as the property's type has it, laid over the `old` one where the type has components.

    Raises:
        Problem: 400 naming the field, for a composite with the component.
    """
    record = variable.record
    try:
        return from_json(declared_type(record.type, record.kind), given, old)
    except Unfit as error:
        field = f"{where}.{error.field}" if error.field else where
        raise bad_field(field, f"{where}: {error}.") from None


def fitted_history(variable: LiveVariable, batch: list[TimedValue]) -> list[tuple[int, Value]]:
    """A batch as points in the order of time. A composite without some components takes them from the one before it,
    be it of the batch or the present value.

    Raises:
        Problem: 400 naming the place in the batch, counted from 0.
    """
    for place, item in enumerate(batch):
        if not EARLIEST <= item.timestamp < LATEST:
            where = f"[{place}].timestamp"
            raise bad_field(where, f"{where}: The time must be between the years 2000 and 2100.")
    points: list[tuple[int, Value]] = []
    old: Value | None = None
    past = True
    for place in sorted(range(len(batch)), key=lambda place: batch[place].timestamp):
        time = int(batch[place].timestamp)
        if past and variable.value is not None and time >= variable.time:
            old, past = variable.value, False
        old = fitted(variable, batch[place].value, old, f"[{place}].value")
        points.append((time, old))
    return points


async def _thing(call: Call) -> LiveThing:
    return await call.services.things.live(call.who, call.uuid("id", "thing"), Action.WRITE_VALUE)


def _variable(call: Call, thing: LiveThing) -> LiveVariable:
    variable = thing.by_id.get(call.uuid("pid", "property"))
    if variable is None:
        raise NotFound("There is no such property.")
    return variable


def _check_writable(variable: LiveVariable) -> None:
    if not variable.record.writable and not QUIRKS.read_only_published:
        raise Forbidden(f"Only the board writes {variable.record.name!r}.")


@operation(
    "PUT",
    "/iot/v2/things/{id}/properties/{pid}/publish",
    "properties_v2#publish",
    "Send a value to the board; with device_id, store it as if that board had sent it.",
    body=_VALUE,
    errors=(400, 401, 403, 404, 503),
)
async def publish_value(call: Call) -> None:
    """Stored, and delivered if the board is connected. One that is away asks for it when it is back."""
    request = await call.body(_VALUE)
    thing, variable, shared = await find_property(call, Action.WRITE_VALUE)
    if shared and request.device_id is not None:
        raise Forbidden("A dashboard that is shared with you lets you set this property, not speak for its board.")
    value = fitted(variable, request.value, variable.value, "value")
    if request.device_id is not None:
        if request.device_id != thing.record.device_id:
            raise bad_field("device_id", "device_id: This device is not attached to the thing.")
        await call.services.values.report(thing, [(variable, value)])
        return
    _check_writable(variable)
    await call.services.values.write(thing, [(variable, value)])


@operation(
    "PUT",
    "/iot/v2/things/{id}/properties/{pid}/publish_batch",
    "properties_v2#publishBatch",
    "Store past values of a property. The newest becomes the last value if it is newer than the present one.",
    body=_BATCH,
    errors=(400, 401, 403, 404, 503),
)
async def publish_batch(call: Call) -> None:
    """Stored; the board does not get them."""
    batch = await call.body(_BATCH)
    variable = _variable(call, await _thing(call))
    points = fitted_history(variable, batch)
    if points:
        await call.services.values.backfill(variable, points)


@operation(
    "PUT",
    "/iot/v2/things/{id}/publish",
    "properties_v2#publishMulti",
    "Send values of several properties: to the board (`to_device`), or as if it had sent them. All, or none.",
    body=_VALUES,
    errors=(400, 401, 403, 404, 503),
)
async def publish_values(call: Call) -> None:
    """Stored as one message. A property may come twice; a later value is laid over an earlier one."""
    request = await call.body(_VALUES)
    thing = await _thing(call)
    named: dict[str, LiveVariable] = {**thing.by_id, **thing.by_symbol}
    named |= {variable.record.name: variable for variable in thing.by_id.values()}
    newest: dict[str, Value] = {}
    values: list[tuple[LiveVariable, Value]] = []
    for place, item in enumerate(request.properties):
        where = f"properties[{place}]"
        variable = named.get(item.property) or thing.by_id.get(item.property.lower())
        if variable is None:
            raise bad_field(f"{where}.property", f"{where}.property: The thing has no {item.property[:80]!r}.")
        if request.to_device:
            _check_writable(variable)
        id = variable.record.id
        newest[id] = fitted(variable, item.value, newest.get(id, variable.value), f"{where}.value")
        values.append((variable, newest[id]))
    if request.to_device:
        await call.services.values.write(thing, values)
    else:
        await call.services.values.report(thing, values)


ROUTES: list[HTTPRouteHandler] = [publish_value, publish_batch, publish_values]
