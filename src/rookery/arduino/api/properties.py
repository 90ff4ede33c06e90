"""Properties of things: list, make, show, change, delete (reference 2, 4.7, 4.8)."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.answers import Answer
from rookery.arduino.api.bodies_thing import PropertyBody, spec_of
from rookery.arduino.api.body import Body
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.query import FORCE, SHOW_DELETED
from rookery.arduino.api.resolve import find_property
from rookery.arduino.api.views_thing import EncodedProperties, PropertyView, in_order, last_point, property_view
from rookery.core.access import Action
from rookery.core.records import Thing, Variable

_PROPERTY = Body(PropertyBody)
_ENCODED = EncodedProperties()


@operation(
    "GET",
    "/iot/v2/things/{id}/properties",
    "properties_v2#list",
    "The properties of a thing with their last values.",
    query=(SHOW_DELETED,),
    returns=list[PropertyView],
    errors=(401, 404),
)
async def list_properties(call: Call) -> Answer | list[PropertyView]:
    """The properties, oldest first. Without deleted ones nothing but memory is asked."""
    id = call.uuid("id", "thing")
    services = call.services
    if call.query(SHOW_DELETED):
        thing = await services.things.get(call.who, id, deleted=True)
        variables = in_order(await services.variables.of(thing, deleted=True))
        last = await services.telemetry.last([v.series for v in variables])
        return [property_view(thing.name, v, last.get(v.series)) for v in variables]
    return Answer(_ENCODED.json(await services.things.live(call.who, id)))


@operation(
    "PUT",
    "/iot/v2/things/{id}/properties",
    "properties_v2#create",
    "Add a property to a thing.",
    body=_PROPERTY,
    returns=PropertyView,
    status=201,
    errors=(400, 401, 403, 404, 412),
)
async def create_property(call: Call) -> PropertyView:
    """The new property."""
    request = await call.body(_PROPERTY)
    thing = await call.services.things.get(call.who, call.uuid("id", "thing"))
    return property_view(thing.name, await call.services.variables.create(call.who, thing, spec_of(request)))


@operation(
    "GET",
    "/iot/v2/things/{id}/properties/{pid}",
    "properties_v2#show",
    "One property with its last value.",
    query=(SHOW_DELETED,),
    returns=PropertyView,
    errors=(401, 404),
)
async def show_property(call: Call) -> PropertyView:
    """The property."""
    if call.query(SHOW_DELETED):
        id, pid = call.uuid("id", "thing"), call.uuid("pid", "property")
        services = call.services
        thing = await services.things.get(call.who, id, deleted=True)
        return await _stored(call, thing, await services.variables.get(call.who, id, pid, deleted=True))
    found = await find_property(call)
    return property_view(found.thing.record.name, found.variable.record, last_point(found.variable))


@operation(
    "POST",
    "/iot/v2/things/{id}/properties/{pid}",
    "properties_v2#update",
    "Replace what can be edited of a property.",
    body=_PROPERTY,
    returns=PropertyView,
    errors=(400, 401, 403, 404, 412),
)
async def update_property(call: Call) -> PropertyView:
    """The property as it is now. A deleted one comes back by it."""
    request = await call.body(_PROPERTY)
    pid = call.uuid("pid", "property")
    thing = await call.services.things.get(call.who, call.uuid("id", "thing"), Action.CHANGE)
    return await _stored(call, thing, await call.services.variables.update(call.who, thing, pid, spec_of(request)))


@operation(
    "DELETE",
    "/iot/v2/things/{id}/properties/{pid}",
    "properties_v2#delete",
    "Delete a property; with force for good, with its history.",
    query=(FORCE,),
    errors=(401, 403, 404),
)
async def delete_property(call: Call) -> None:
    """Its history stays until it is deleted for good."""
    pid = call.uuid("pid", "property")
    thing = await call.services.things.get(call.who, call.uuid("id", "thing"), Action.CHANGE, deleted=True)
    await call.services.variables.delete(call.who, thing, pid, force=call.query(FORCE))


async def _stored(call: Call, thing: Thing, variable: Variable) -> PropertyView:
    """A property with the last value that the store has."""
    last = await call.services.telemetry.last([variable.series])
    return property_view(thing.name, variable, last.get(variable.series))


ROUTES: list[HTTPRouteHandler] = [
    list_properties,
    create_property,
    show_property,
    update_property,
    delete_property,
]
