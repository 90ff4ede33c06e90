"""What a device did and measured: connects and disconnects, the values of its thing, and setting several at once
(reference 3.2, 4.9, 4.12)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Any, Literal

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api import query
from rookery.arduino.api.answers import encode
from rookery.arduino.api.body import Body
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.resolve import find_device
from rookery.arduino.api.times import format_time
from rookery.arduino.api.views_thing import PropertyView, in_order, live_properties, property_view
from rookery.arduino.types import declared_type
from rookery.arduino.values import from_json
from rookery.core.access import Action
from rookery.core.errors import Invalid, Precondition
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Point, Value

EVENTS_DEFAULT = 30
"""Events of an answer when no limit is given, as documented."""
EVENTS_LIMIT = 1_000
"""Most events or values of an answer: as many as a series query gives."""

RETENTION_DAYS = 36_500
"""How the answer says "without limit" (reference 12)."""

LIMIT = query.integer("limit", "How many at the most.", EVENTS_DEFAULT, low=1, high=EVENTS_LIMIT)
START = query.time("start", "The time from which to go back; now when missing.")


class DeviceProperties(msgspec.Struct, rename={"device_id": "deviceId"}):
    """`ArduinoDevicev2properties`."""

    data_retention_days: float
    device_id: str
    properties: list[PropertyView]
    user_id: str


class StatusEvent(msgspec.Struct):
    """`ArduinoDevicev2StatusEvent`."""

    updated_at: str
    value: str


class StatusEvents(msgspec.Struct):
    """`ArduinoDevicev2StatusEvents`."""

    events: list[StatusEvent]
    id: str


class DeviceEvent(msgspec.Struct):
    """`ArduinoDevicev2SimpleProperties`."""

    name: str
    updated_at: str
    value: Any


class DeviceEvents(msgspec.Struct):
    """`ArduinoDevicev2EventProperties`."""

    events: list[DeviceEvent]
    id: str


class NamedValue(msgspec.Struct):
    """`propertiesValue`: `type` says how to read `value`."""

    name: str
    value: Any
    type: Literal["infer", "base64", "hex", "json"] = "infer"


class NamedValues(msgspec.Struct):
    """`propertiesValues`."""

    properties: list[NamedValue]
    input: bool = False


class Payload(msgspec.Struct):
    """`ArduinoDevicev2propertyvalue_value`."""

    payload: str


class StoredValue(msgspec.Struct):
    """`ArduinoDevicev2propertyvalue`."""

    created_at: str
    value: Payload


class LastEvaluatedKey(msgspec.Struct, omit_defaults=True):
    """`ArduinoDevicev2propertyvalues_last_evaluated_key`: where the next page begins, when there is one."""

    created_at: str | None = None
    id: str | None = None
    name: str | None = None


class StoredValues(msgspec.Struct):
    """`ArduinoDevicev2propertyvalues`."""

    id: str
    last_evaluated_key: LastEvaluatedKey
    name: str
    values: list[StoredValue]


_VALUES = Body(NamedValues)


async def _presence(call: Call) -> tuple[str, list[Point]]:
    """The device's id, and its connects and disconnects, newest first."""
    device = await find_device(call)
    return device.id, await call.services.devices.presence(device, _before(call), _limit(call))


def _before(call: Call) -> int:
    """The first moment that is too late: times are shown in milliseconds, so the one given counts as a whole."""
    start = call.query(START)
    return (call.services.clock.now() if start is None else start) + 1_000


def _limit(call: Call) -> int:
    return call.query(LIMIT) or EVENTS_DEFAULT


@operation(
    "GET",
    "/iot/v2/devices/{id}/status",
    "devices_v2#GetStatusEvents",
    "When the device connected and disconnected, newest first.",
    query=(LIMIT, START),
    returns=StatusEvents,
    errors=(400, 401, 403, 404, 503),
)
async def list_status(call: Call) -> StatusEvents:
    """Connects and disconnects."""
    id, points = await _presence(call)
    events = [StatusEvent(format_time(time), "CONNECTED" if online else "DISCONNECTED") for time, online in points]
    return StatusEvents(events, id)


@operation(
    "GET",
    "/iot/v2/devices/{id}/events",
    "devices_v2#getEvents",
    "Events of the device, newest first: `connected` with true or false.",
    query=(LIMIT, START),
    returns=DeviceEvents,
    errors=(400, 401, 403, 404, 503),
)
async def list_events(call: Call) -> DeviceEvents:
    """The names of events are published nowhere; ours are those of the presence."""
    id, points = await _presence(call)
    return DeviceEvents([DeviceEvent("connected", format_time(time), online) for time, online in points], id)


@operation(
    "GET",
    "/iot/v2/devices/{id}/properties",
    "devices_v2#getProperties",
    "Properties of the thing that the device feeds; none when there is no thing.",
    query=(query.SHOW_DELETED,),
    returns=DeviceProperties,
    errors=(400, 401, 403, 404),
)
async def list_properties(call: Call) -> DeviceProperties:
    """The properties with their last values."""
    services = call.services
    device = await find_device(call)
    thing = await services.devices.thing_of(device)
    properties: list[PropertyView] = []
    if thing is not None and call.query(query.SHOW_DELETED):
        variables = await services.variables.of(thing, deleted=True)
        last = await services.telemetry.last([variable.series for variable in variables])
        properties = [property_view(thing.name, v, last.get(v.series)) for v in in_order(variables)]
    elif thing is not None:
        properties = live_properties(await services.things.live(call.who, thing.id))
    return DeviceProperties(RETENTION_DAYS, device.id, properties, device.person_id)


async def _live_thing(call: Call, action: Action) -> LiveThing:
    """The thing of the device, with its variables.

    Raises:
        Precondition: the device has no thing.
    """
    device = await find_device(call, action)
    thing = await call.services.devices.thing_of(device)
    if thing is None:
        raise Precondition("The device is not attached to a thing.")
    return await call.services.things.live(call.who, thing.id, action)


@operation(
    "PUT",
    "/iot/v2/devices/{id}/properties",
    "devices_v2#updateProperties",
    "Set values of several properties: for the device (`input`), or as if it had sent them. All, or none.",
    body=_VALUES,
    errors=(400, 401, 403, 404, 412),
)
async def set_properties(call: Call) -> None:
    """Stored, and delivered when they are for the device."""
    thing = await _live_thing(call, Action.WRITE_VALUE)
    request = await call.body(_VALUES)
    values: list[tuple[LiveVariable, Value]] = []
    for index, item in enumerate(request.properties):
        where = f"properties[{index}]"
        variable = find_variable(thing, item.name)
        if variable is None:
            raise bad_field(f"{where}.name", f"The thing has no property {item.name[:80]!r}.")
        given = _read(item, f"{where}.value")
        record = variable.record
        try:
            value = from_json(declared_type(record.type, record.kind), given, variable.value)
        except Invalid as error:
            raise bad_field(f"{where}.value", f"{where}.value: {error}.") from None
        values.append((variable, value))
    if not values:
        return
    if request.input:
        await call.services.values.write(thing, values)
    else:
        await call.services.values.report(thing, values)


def find_variable(thing: LiveThing, name: str) -> LiveVariable | None:
    """A variable by what clients call it: its name in sketches, its display name, or its id."""
    found = thing.by_symbol.get(name) or thing.by_id.get(name.lower())
    return found or next((v for v in thing.by_id.values() if v.record.name == name), None)


def _read(item: NamedValue, where: str) -> Any:
    """The value as plain JSON. Binary texts hold UTF-8."""
    if item.type == "infer":
        return item.value
    if not isinstance(item.value, str):
        raise bad_field(where, f"{where}: Expected text, as type is {item.type}.")
    try:
        if item.type == "json":
            return msgspec.json.decode(item.value)
        raw = bytes.fromhex(item.value) if item.type == "hex" else b64decode(item.value, validate=True)
        return raw.decode()
    except (ValueError, Base64Error, RecursionError):
        raise bad_field(where, f"{where}: Expected {item.type}.") from None


@operation(
    "GET",
    "/iot/v2/devices/{id}/properties/{pid}",
    "devices_v2#timeseries",
    "Stored values of one property, newest first. The payload is the JSON text of the value.",
    query=(LIMIT, START),
    returns=StoredValues,
    errors=(400, 401, 403, 404, 412),
)
async def list_values(call: Call) -> StoredValues:
    """Stored values, with where to go on when there may be more."""
    pid = call.uuid("pid", "property")
    thing = await _live_thing(call, Action.READ)
    variable = await call.services.variables.get(call.who, thing.record.id, pid)
    limit = _limit(call)
    points = await call.services.telemetry.read(variable.series, 0, _before(call), limit, descending=True)
    values = [StoredValue(format_time(p.time), Payload(encode(p.value).decode())) for p in points]
    more = LastEvaluatedKey(values[-1].created_at, variable.id, variable.name) if len(values) == limit else None
    return StoredValues(variable.id, more or LastEvaluatedKey(), variable.name, values)


ROUTES: list[HTTPRouteHandler] = [list_properties, list_status, list_events, set_properties, list_values]
