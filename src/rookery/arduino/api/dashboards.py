"""Dashboards: list, make, show, replace, change, delete, copy, link variables (reference 2, 8.1).

Versions 2 and 3 are two views of the same dashboards: version 3 shows the pages as well. It has no delete, no sharing
and no linking; clients use those of version 2 with it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api import query
from rookery.arduino.api.bodies_dashboard import (
    DashboardClone,
    DashboardV2Body,
    DashboardV3Body,
    WidgetLinks,
    pages_from,
    widgets_from,
)
from rookery.arduino.api.body import Body
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.query import FORCE
from rookery.arduino.api.times import parse_time
from rookery.arduino.api.views_dashboard import DashboardV3View, DashboardView, V, dashboard_views
from rookery.core.dashboard_widgets import NAME_LIMIT
from rookery.core.records import Dashboard

NAME = query.short_text("name", "Only dashboards of exactly this name.", NAME_LIMIT)
THING_ID = query.one_uuid("thing_id", "Only dashboards that show a variable of this thing.")
USER_ID = query.one_uuid("user_id", "Only dashboards of this person.")

_FILTERS = (NAME, THING_ID, USER_ID)
_V2 = Body(DashboardV2Body)
_V3 = Body(DashboardV3Body)
_CLONE = Body(DashboardClone)
_LINKS = Body(WidgetLinks)


async def _list(call: Call, view: type[V]) -> list[V]:
    found = await call.services.dashboards.visible(
        call.who, name=call.query(NAME) or None, thing_id=call.query(THING_ID), person_id=call.query(USER_ID)
    )
    return await dashboard_views(call.services, found, call.who, view)


async def _one(call: Call, dashboard: Dashboard, view: type[V]) -> V:
    return (await dashboard_views(call.services, [dashboard], call.who, view))[0]


async def _show(call: Call, view: type[V]) -> V:
    return await _one(call, await call.services.dashboards.get(call.who, call.uuid("id", "dashboard")), view)


async def _create(call: Call, body: DashboardV2Body | DashboardV3Body, view: type[V]) -> V:
    """The new dashboard. One that is made deleted is, as one that is changed to it."""
    dashboard = await call.services.dashboards.create(
        call.who,
        name=body.name,
        cover_image=body.cover_image or None,
        pages=pages_from(body.pages or ()) if isinstance(body, DashboardV3Body) else (),
        widgets=widgets_from(body.widgets or ()),
    )
    return await _one(call, await _deleted(call, dashboard, body), view)


async def _change(call: Call, body: DashboardV2Body | DashboardV3Body, view: type[V], *, replace: bool) -> V:
    """The dashboard as it is now: with what the body says and, to `replace`, nothing else. It keeps its name without
    one in the body, and version 2 does not touch the pages.
    """
    fields: dict[str, Any] = {}
    if replace or body.cover_image is not None:
        fields["cover_image"] = body.cover_image or None
    if replace or body.widgets is not None:
        fields["widgets"] = widgets_from(body.widgets or ())
    if isinstance(body, DashboardV3Body) and (replace or body.pages is not None):
        fields["pages"] = pages_from(body.pages or ())
    id = call.uuid("id", "dashboard")
    dashboard = await call.services.dashboards.update(call.who, id, name=body.name, seen=_seen(call), **fields)
    return await _one(call, await _deleted(call, dashboard, body), view)


def _seen(call: Call) -> list[int] | None:
    """The times of the last change that a client has seen, when it says so by `If-Match: "<updated_at>"`.

    The official API has no conditional requests (4.1), and none of its clients sends the header.
    """
    given = call.header(b"if-match").strip()
    if given in ("", "*"):
        return None
    times: list[int] = []
    for one in given.split(","):
        # What is no time is that of no change.
        with suppress(ValueError):
            times.append(parse_time(one.strip().removeprefix("W/").strip('"')))
    return times


async def _deleted(call: Call, dashboard: Dashboard, body: DashboardV2Body | DashboardV3Body) -> Dashboard:
    """The dashboard, deleted if the body says so."""
    if not body.soft_deleted:
        return dashboard
    await call.services.dashboards.delete(call.who, dashboard.id)
    return await call.services.dashboards.get(call.who, dashboard.id, deleted=True)


async def _clone(call: Call, view: type[V]) -> V:
    request = await call.body(_CLONE)
    things = {override.old_thing_id: override.new_thing_id for override in request.overrides}
    copy = await call.services.dashboards.clone(call.who, call.uuid("id", "dashboard"), things)
    return await _one(call, copy, view)


@operation(
    "GET",
    "/iot/v2/dashboards",
    "dashboards_v2#list",
    "Your dashboards and those that others share with you, oldest first.",
    query=_FILTERS,
    returns=list[DashboardView],
    errors=(400, 401, 403),
)
async def list_v2(call: Call) -> list[DashboardView]:
    """The dashboards that match all that is asked for."""
    return await _list(call, DashboardView)


@operation(
    "POST",
    "/iot/v2/dashboards",
    "dashboards_v2#create",
    "Make a dashboard with its widgets.",
    body=_V2,
    returns=DashboardView,
    status=201,
    errors=(400, 401, 403),
)
async def create_v2(call: Call) -> DashboardView:
    """The new dashboard."""
    return await _create(call, await call.body(_V2), DashboardView)


@operation(
    "GET",
    "/iot/v2/dashboards/{id}",
    "dashboards_v2#show",
    "One dashboard, its widgets with their variables and last values.",
    returns=DashboardView,
    errors=(401, 403, 404),
)
async def show_v2(call: Call) -> DashboardView:
    """The dashboard."""
    return await _show(call, DashboardView)


@operation(
    "PUT",
    "/iot/v2/dashboards/{id}",
    "dashboards_v2#update",
    "Replace a dashboard; pages stay, and widgets that were there stay on theirs.",
    body=_V2,
    returns=DashboardView,
    errors=(400, 401, 403, 404, 409, 412),
)
async def replace_v2(call: Call) -> DashboardView:
    """The dashboard as it is now. A deleted one comes back by it."""
    return await _change(call, await call.body(_V2), DashboardView, replace=True)


@operation(
    "PATCH",
    "/iot/v2/dashboards/{id}",
    "dashboards_v2#patch",
    "Change only what is supplied of a dashboard.",
    body=_V2,
    returns=DashboardView,
    errors=(400, 401, 403, 404, 409, 412),
)
async def change_v2(call: Call) -> DashboardView:
    """The dashboard as it is now. A deleted one comes back by it."""
    return await _change(call, await call.body(_V2), DashboardView, replace=False)


@operation(
    "DELETE",
    "/iot/v2/dashboards/{id}",
    "dashboards_v2#delete",
    "Delete a dashboard; with force for good.",
    query=(FORCE,),
    errors=(400, 401, 403, 404),
)
async def delete_v2(call: Call) -> None:
    """What it shows is not touched."""
    await call.services.dashboards.delete(call.who, call.uuid("id", "dashboard"), force=call.query(FORCE))


@operation(
    "PUT",
    "/iot/v2/dashboards/{id}/clone",
    "dashboards_v2#clone",
    "Copy a dashboard, with variables of other things in the place of those of the old ones.",
    body=_CLONE,
    returns=DashboardView,
    status=201,
    errors=(400, 401, 403, 404),
)
async def clone_v2(call: Call) -> DashboardView:
    """The copy."""
    return await _clone(call, DashboardView)


@operation(
    "PUT",
    "/iot/v2/dashboards/{id}/widgets/{widgetId}/variables",
    "dashboards_v2#link",
    "Set the variables of one widget.",
    body=_LINKS,
    returns=WidgetLinks,
    errors=(400, 401, 403, 404, 409),
)
async def link_variables(call: Call) -> WidgetLinks:
    """Their ids."""
    request = await call.body(_LINKS)
    id, widget_id = call.uuid("id", "dashboard"), call.uuid("widgetId", "widget")
    return WidgetLinks(await call.services.dashboards.link(call.who, id, widget_id, request.variables))


@operation(
    "GET",
    "/iot/v3/dashboards",
    "dashboards_v3#list",
    "Your dashboards and those that others share with you, with pages.",
    query=_FILTERS,
    returns=list[DashboardV3View],
    errors=(400, 401, 403),
)
async def list_v3(call: Call) -> list[DashboardV3View]:
    """The dashboards that match all that is asked for."""
    return await _list(call, DashboardV3View)


@operation(
    "POST",
    "/iot/v3/dashboards",
    "dashboards_v3#create",
    "Make a dashboard with its pages and widgets.",
    body=_V3,
    returns=DashboardV3View,
    status=201,
    errors=(400, 401, 403),
)
async def create_v3(call: Call) -> DashboardV3View:
    """The new dashboard."""
    return await _create(call, await call.body(_V3), DashboardV3View)


@operation(
    "GET",
    "/iot/v3/dashboards/{id}",
    "dashboards_v3#show",
    "One dashboard with its pages.",
    returns=DashboardV3View,
    errors=(401, 403, 404),
)
async def show_v3(call: Call) -> DashboardV3View:
    """The dashboard."""
    return await _show(call, DashboardV3View)


@operation(
    "PUT",
    "/iot/v3/dashboards/{id}",
    "dashboards_v3#update",
    "Replace a dashboard with its pages.",
    body=_V3,
    returns=DashboardV3View,
    errors=(400, 401, 403, 404, 409, 412),
)
async def replace_v3(call: Call) -> DashboardV3View:
    """The dashboard as it is now. A deleted one comes back by it."""
    return await _change(call, await call.body(_V3), DashboardV3View, replace=True)


@operation(
    "PATCH",
    "/iot/v3/dashboards/{id}",
    "dashboards_v3#patch",
    "Change only what is supplied of a dashboard. Widgets of pages that are gone move to the main one.",
    body=_V3,
    returns=DashboardV3View,
    errors=(400, 401, 403, 404, 409, 412),
)
async def change_v3(call: Call) -> DashboardV3View:
    """The dashboard as it is now. A deleted one comes back by it."""
    return await _change(call, await call.body(_V3), DashboardV3View, replace=False)


@operation(
    "PUT",
    "/iot/v3/dashboards/{id}/clone",
    "dashboards_v3#clone",
    "Copy a dashboard with its pages, with variables of other things in the place of those of the old ones.",
    body=_CLONE,
    returns=DashboardV3View,
    status=201,
    errors=(400, 401, 403, 404),
)
async def clone_v3(call: Call) -> DashboardV3View:
    """The copy."""
    return await _clone(call, DashboardV3View)


ROUTES: list[HTTPRouteHandler] = [
    list_v2,
    create_v2,
    show_v2,
    replace_v2,
    change_v2,
    delete_v2,
    clone_v2,
    link_variables,
    list_v3,
    create_v3,
    show_v3,
    replace_v3,
    change_v3,
    clone_v3,
]
