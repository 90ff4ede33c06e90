"""How long history is kept: `/console/api/spaces/ID/retention` and `/console/api/variables/ID/retention`."""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.console.api import Route, route
from rookery.console.call import Call
from rookery.console.errors import not_found
from rookery.core.access import Action, check
from rookery.core.records import Space, Variable


class Days(msgspec.Struct):
    """Of a variable; null is as its space has it."""

    days: int | None


@route("GET", "spaces/{id}/retention")
async def show_space(call: Call) -> dict[str, Any]:
    """What holds in a space, what of it is its own, and what the server has."""
    space = await call.services.catalog.get(Space, call.segments["id"].lower())
    if space is None:
        raise not_found("space")
    check(call.who, Action.READ, space.id, "space")
    return _view(call, space)


@route("PUT", "spaces/{id}/retention")
async def change_space(call: Call) -> dict[str, Any]:
    """Days by kind; null takes one back to the server's."""
    rules = await call.json(dict[str, int | None])
    return _view(call, await call.services.retention.set_space(call.who, call.segments["id"].lower(), rules))


def _view(call: Call, space: Space) -> dict[str, Any]:
    retention = call.services.retention
    return {"rules": retention.of(space), "own": space.retention, "server": retention.rules}


@route("GET", "variables/{id}/retention")
async def show_variable(call: Call) -> dict[str, Any]:
    """Of a variable, and of its space."""
    variable = await call.services.variables.by_id(call.who, call.segments["id"])
    return await _variable(call, variable)


@route("PUT", "variables/{id}/retention")
async def change_variable(call: Call) -> dict[str, Any]:
    """Of a variable."""
    given = await call.json(Days)
    variable = await call.services.retention.set_variable(call.who, call.segments["id"].lower(), given.days)
    return await _variable(call, variable)


async def _variable(call: Call, variable: Variable) -> dict[str, Any]:
    space = await call.services.catalog.get(Space, variable.space_id)
    rules = call.services.retention.of(space) if space is not None else call.services.retention.rules
    return {"days": variable.retention, "space": rules["values"]}


ROUTES: tuple[Route, ...] = (show_space, change_space, show_variable, change_variable)
