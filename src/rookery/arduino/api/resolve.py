"""The device that a path or a body means, and the property of a path.

Boards of the other dialect are devices like others while the bridge is open. Without it there are none, not in lists
and not by their ids.

A property is one of the caller's own spaces, or one that a dashboard opens which somebody shares with the caller
(reference 8.4). The second is asked only when the first was refused.
"""

from __future__ import annotations

from typing import NamedTuple

from rookery.arduino.api.operations import Call
from rookery.arduino.families import DIALECT
from rookery.core.access import Action
from rookery.core.errors import Forbidden, NotFound
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.records import Device, Variable


def shown(call: Call, device: Device) -> bool:
    """Whether this API shows the device."""
    return device.dialect == DIALECT or call.api.options.bridge


async def find_device(
    call: Call, action: Action = Action.READ, *, id: str | None = None, deleted: bool = False
) -> Device:
    """The device of the path, or with this id.

    Raises:
        NotFound, Forbidden: as `core.devices.Devices.get`; NotFound also for what is not shown.
    """
    wanted = call.uuid("id", "device") if id is None else id
    device = await call.services.devices.get(call.who, wanted, action, deleted=deleted)
    if not shown(call, device):
        raise NotFound("There is no such device.")
    return device


class FoundProperty(NamedTuple):
    """A property in use."""

    thing: LiveThing
    variable: LiveVariable
    shared: bool
    """True: a dashboard opens it, and nothing else of the thing is the caller's business."""


async def find_property(call: Call, action: Action = Action.READ) -> FoundProperty:
    """The property of the path.

    Raises:
        NotFound, Forbidden: as `core.things.Things.live` and `core.dashboard_access.DashboardAccess.live`.
    """
    id, pid = call.uuid("id", "thing"), call.uuid("pid", "property")
    shared = False
    try:
        live = await call.services.things.live(call.who, id, action)
    except (NotFound, Forbidden) as refused:
        try:
            live, shared = await call.services.dashboard_access.live(call.who, id, pid, action), True
        except NotFound:
            raise refused from None
    variable = live.by_id.get(pid)
    if variable is None:
        raise NotFound("There is no such property.")
    return FoundProperty(live, variable, shared)


async def find_variable(call: Call, pid: str, thing_id: str | None = None) -> Variable:
    """The record of a property that may be read, of this thing if one is named.

    Raises:
        NotFound: there is none, or none for the caller.
    """
    services = call.services
    try:
        if thing_id is not None:
            return await services.variables.get(call.who, thing_id, pid)
        return await services.variables.by_id(call.who, pid)
    except NotFound as refused:
        try:
            return await services.dashboard_access.variable(call.who, pid, thing_id=thing_id)
        except NotFound:
            raise refused from None
