"""Things: list, make, show, change, delete, copy, export (reference 2, 4.5, 4.6).

Version 1 of the paths leads here as well (`quirks`), with two operations of its own: `/layout` and `/device`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.bodies_thing import (
    ThingClone,
    ThingCreate,
    ThingUpdate,
    device_of,
    specs_of,
    thing_fields,
)
from rookery.arduino.api.body import Body
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.query import ACROSS_USER_IDS, FORCE, SHOW_DELETED, TAGS, flag, uuids
from rookery.arduino.api.resolve import find_device
from rookery.arduino.api.views_device import DeviceView, one_device_view
from rookery.arduino.api.views_thing import (
    LayoutView,
    PropertyView,
    ThingTemplate,
    ThingView,
    in_order,
    layout_view,
    live_properties,
    property_view,
    template_view,
    thing_view,
)
from rookery.core.errors import NotFound
from rookery.core.records import Device, Thing, Variable
from rookery.core.services import Services

AT_ONCE = 500
"""Ids in one question to the catalog; databases limit the parameters of a statement."""
AT_A_TURN = 50
"""Things whose properties are put together before others get their turn: with 20 properties each about 10 ms."""

DEVICE_ID = uuids("device_id", "Only the thing of this device.")
IDS = uuids("ids", "Only things with these ids.")
SHOW_PROPERTIES = flag("show_properties", "Include the properties with their last values.")

_CREATE = Body(ThingCreate)
_UPDATE = Body(ThingUpdate)
_CLONE = Body(ThingClone)


async def properties_of(services: Services, thing: Thing) -> list[PropertyView]:
    """The properties of a thing with their last values. A deleted thing has those that were deleted with it, which come
    back with it.
    """
    live = await services.live.get(thing.id) if thing.deleted_at is None else None
    return live_properties(live) if live is not None else (await _stored_properties(services, [thing]))[thing.id]


async def _stored_properties(services: Services, things: Sequence[Thing]) -> dict[str, list[PropertyView]]:
    """The same for many things, by their ids, read from the stores with a few questions for all of them."""
    found: dict[str, list[PropertyView]] = {thing.id: [] for thing in things}
    names = {thing.id: thing.name for thing in things}
    variables = await _variables_of(services, things)
    last = await services.telemetry.last([v.series for v in variables])
    for variable in in_order(variables):
        id = variable.thing_id
        found[id].append(property_view(names[id], variable, last.get(variable.series)))
    return found


async def _variables_of(services: Services, things: Sequence[Thing]) -> list[Variable]:
    variables: list[Variable] = []
    for deleted, equals in ((False, {"deleted_at": None}), (True, {"deleted_with_thing": True})):
        ids = [thing.id for thing in things if (thing.deleted_at is not None) == deleted]
        for part in _parts(ids) if ids else ():
            variables += await services.catalog.select(Variable, thing_id=part, **equals)
    return variables


async def show(services: Services, thing: Thing) -> ThingView:
    """A thing with everything, as `show` answers it."""
    device = await services.devices.by_id(thing.device_id) if thing.device_id is not None else None
    properties = await properties_of(services, thing)
    return thing_view(thing, device, len(properties), properties)


async def _attachable(call: Call, text: str | None) -> str | None:
    """The id of the device that is to feed a thing. Whether it may is decided by core."""
    id = device_of(text)
    if id is not None and not call.api.options.bridge:
        await find_device(call, id=id)
    return id


@operation(
    "GET",
    "/iot/v2/things",
    "things_v2#list",
    "Your things, oldest first.",
    query=(ACROSS_USER_IDS, DEVICE_ID, IDS, SHOW_DELETED, SHOW_PROPERTIES, TAGS),
    returns=list[ThingView],
    errors=(400, 401, 403),
)
async def list_things(call: Call) -> list[ThingView]:
    """The things that match all that is asked for."""
    services = call.services
    things: list[Thing] = []
    device_ids = call.query(DEVICE_ID)
    for ids in _parts(call.query(IDS)):
        equals = {"id": ids, "device_id": device_ids}
        things += await services.things.visible(
            call.who,
            deleted=call.query(SHOW_DELETED),
            everybody=call.query(ACROSS_USER_IDS),
            tags=call.query(TAGS),
            **{name: value for name, value in equals.items() if value},
        )
    devices = await _devices_of(services, things)
    if call.query(SHOW_PROPERTIES):
        return await _with_properties(services, things, devices)
    counts = await _counts_of(services, things)
    return [thing_view(thing, devices.get(thing.device_id or ""), counts[thing.id]) for thing in things]


@operation(
    "PUT",
    "/iot/v2/things",
    "things_v2#create",
    "Make a thing, with its properties, its tags and its device.",
    query=(FORCE,),
    body=_CREATE,
    returns=ThingView,
    status=201,
    errors=(400, 401, 403, 409, 412),
)
async def create_thing(call: Call) -> ThingView:
    """The new thing, or nothing of it."""
    request = await call.body(_CREATE)
    thing = await call.services.things.create(
        call.who,
        id=request.id,
        device_id=await _attachable(call, request.device_id),
        variables=specs_of(request.properties),
        force=call.query(FORCE),
        tags={tag.key: tag.value for tag in request.tags},
        **{"name": None, **thing_fields(request)},
    )
    return await show(call.services, thing)


@operation(
    "GET",
    "/iot/v2/things/{id}",
    "things_v2#show",
    "One thing with its properties and their last values.",
    query=(SHOW_DELETED,),
    returns=ThingView,
    errors=(401, 403, 404),
)
async def show_thing(call: Call) -> ThingView:
    """The thing."""
    id = call.uuid("id", "thing")
    return await show(call.services, await call.services.things.get(call.who, id, deleted=call.query(SHOW_DELETED)))


@operation(
    "POST",
    "/iot/v2/things/{id}",
    "things_v2#update",
    "Change a thing, attach or detach its device, bring it back.",
    query=(FORCE,),
    body=_UPDATE,
    returns=ThingView,
    errors=(400, 401, 403, 404, 409, 412),
)
async def update_thing(call: Call) -> ThingView:
    """The thing as it is now. Properties are matched, changed or added, never deleted."""
    request = await call.body(_UPDATE)
    id = call.uuid("id", "thing")
    things = call.services.things
    device_id = request.device_id
    thing = await things.update(
        call.who,
        id,
        thing_fields(request),
        device_id=await _attachable(call, device_id) if isinstance(device_id, str) else None,
        change_device=device_id is None or isinstance(device_id, str),
        variables=specs_of(request.properties),
        force=call.query(FORCE),
    )
    if request.soft_deleted:
        await things.delete(call.who, id)
        thing = await things.get(call.who, id, deleted=True)
    return await show(call.services, thing)


@operation(
    "DELETE",
    "/iot/v2/things/{id}",
    "things_v2#delete",
    "Delete a thing; with force for good, with its history.",
    query=(FORCE,),
    errors=(400, 401, 403, 404),
)
async def delete_thing(call: Call) -> None:
    """Its device stays."""
    await call.services.things.delete(call.who, call.uuid("id", "thing"), force=call.query(FORCE))


@operation(
    "PUT",
    "/iot/v2/things/{id}/clone",
    "things_v2#clone",
    "Copy a thing under a new name: its properties, but no device, values or history.",
    body=_CLONE,
    returns=ThingView,
    status=201,
    errors=(400, 401, 403, 404),
)
async def clone_thing(call: Call) -> ThingView:
    """The copy."""
    request = await call.body(_CLONE)
    id = call.uuid("id", "thing")
    return await show(
        call.services, await call.services.things.clone(call.who, id, request.name, tags=request.include_tags)
    )


@operation(
    "GET",
    "/iot/v2/things/{id}/template",
    "things_v2#template",
    "Export a thing as a template.",
    returns=ThingTemplate,
    errors=(400, 401, 403, 404),
)
async def export_thing(call: Call) -> ThingTemplate:
    """The template."""
    services = call.services
    live = await services.things.live(call.who, call.uuid("id", "thing"))
    thing = live.record
    device = await services.devices.by_id(thing.device_id) if thing.device_id is not None else None
    return template_view(thing, device, [v.record for v in live.by_id.values()])


@operation(
    "GET",
    "/iot/v2/things/{id}/layout",
    "things_v1#layout",
    "One thing with its properties but without values.",
    returns=LayoutView,
    errors=(401, 403, 404),
)
async def show_layout(call: Call) -> LayoutView:
    """The layout."""
    return layout_view(await call.services.things.live(call.who, call.uuid("id", "thing")))


@operation(
    "GET",
    "/iot/v2/things/{id}/device",
    "things_v1#showDevice",
    "The device of a thing.",
    returns=DeviceView,
    errors=(401, 403, 404),
)
async def show_device(call: Call) -> DeviceView:
    """The device, if the thing has one."""
    services = call.services
    thing = await services.things.get(call.who, call.uuid("id", "thing"))
    device = await services.devices.by_id(thing.device_id) if thing.device_id is not None else None
    if device is None:
        raise NotFound("The thing has no device.")
    return await one_device_view(services, device)


def _parts(ids: Sequence[str] | None) -> Iterable[Sequence[str]]:
    """Ids in portions that the catalog can take. None or none at all is one portion without a condition."""
    if not ids:
        return ((),)
    unique = list(dict.fromkeys(ids))
    return [unique[start : start + AT_ONCE] for start in range(0, len(unique), AT_ONCE)]


async def _devices_of(services: Services, things: Sequence[Thing]) -> dict[str, Device]:
    ids = [thing.device_id for thing in things if thing.device_id is not None]
    found: dict[str, Device] = {}
    if ids:
        for part in _parts(ids):
            found |= {d.id: d for d in await services.catalog.select(Device, id=part, deleted_at=None)}
    return found


async def _with_properties(services: Services, things: Sequence[Thing], devices: dict[str, Device]) -> list[ThingView]:
    """Things with their properties. Between portions others get their turn: ten thousand things take a second."""
    views: list[ThingView] = []
    for start in range(0, len(things), AT_A_TURN):
        part = things[start : start + AT_A_TURN]
        live = {thing.id: services.live.cached(thing.id) for thing in part if thing.deleted_at is None}
        stored = await _stored_properties(services, [thing for thing in part if live.get(thing.id) is None])
        for thing in part:
            used = live.get(thing.id)
            properties = live_properties(used) if used is not None else stored[thing.id]
            views.append(thing_view(thing, devices.get(thing.device_id or ""), len(properties), properties))
        await asyncio.sleep(0)
    return views


async def _counts_of(services: Services, things: Sequence[Thing]) -> Counter[str]:
    """How many properties each thing has, from memory where the thing is in use."""
    counts: Counter[str] = Counter()
    stored: list[Thing] = []
    for thing in things:
        live = services.live.cached(thing.id) if thing.deleted_at is None else None
        if live is None:
            stored.append(thing)
        else:
            counts[thing.id] = len(live.by_id)
    counts.update(v.thing_id for v in await _variables_of(services, stored))
    return counts


ROUTES: list[HTTPRouteHandler] = [
    list_things,
    create_thing,
    show_thing,
    update_thing,
    delete_thing,
    clone_thing,
    export_thing,
    show_layout,
    show_device,
]
