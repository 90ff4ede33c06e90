"""Dashboards as templates: the same without ids of this server (reference 8.5).

A variable is called `<placeholder of its thing>` and `<variable name>`; whoever makes a dashboard of the template says
which thing takes the place of the placeholder. That is a slug of the thing's name with the end of its id, and so never
a bare id, which clients could not tell from the thing's own.

Options of two kinds of widgets refer to variables: the maps of an advanced chart by their ids as keys, the markers of
an image map by the whole property. Both become `<placeholder>:<variable name>`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.views_dashboard import Linked, PageView, TimezoneView, Zones, what_is_linked
from rookery.core.dashboard_widgets import MAIN_PAGE, Widget, widgets_of
from rookery.core.records import Dashboard, Thing, Variable
from rookery.core.services import Services

DROPPED = frozenset({"properties", "created_by", "thingId"})
"""Options that say something of this server only."""
KEYED = ("aggregation", "format", "axes")
"""Options that are maps from the id of a variable to what holds for it."""
MARKERS = "markersSettings"
"""A list of markers, each with the whole `property` that it shows."""
ID_END = 5
"""Characters of a thing's id in its placeholder."""


class TemplateLinkedVariable(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A variable on a widget of a template, `ArduinoTemplatevariable`."""

    name: str
    permission: str
    thing_id: str
    """The placeholder of the thing."""
    thing_timezone: TimezoneView | None = None
    type: str
    variable_id: str
    """The name of the variable in sketches."""


class WidgetTemplate(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A widget of a template, `ArduinoWidgetv2template`."""

    type: str
    name: str | None = None
    x: int
    y: int
    width: int
    height: int
    x_mobile: int | None = None
    y_mobile: int | None = None
    width_mobile: int | None = None
    height_mobile: int | None = None
    options: dict[str, Any]
    variables: list[TemplateLinkedVariable]


class WidgetV3Template(WidgetTemplate, omit_defaults=True, kw_only=True):
    """The same on a page, `ArduinoWidgetv3template`."""

    page_id: str


class DashboardTemplate(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A dashboard as a template, `ArduinoDashboardv2template`."""

    id: str
    """Something readable."""
    name: str
    cover_image: str | None = None
    widgets: list[WidgetTemplate]


class DashboardV3Template(DashboardTemplate, omit_defaults=True, kw_only=True):
    """The same with pages, `ArduinoDashboardv3template`."""

    widgets: list[WidgetV3Template]  # type: ignore[assignment]  # a list of narrower views, never written to
    pages: list[PageView]


T = TypeVar("T", DashboardTemplate, DashboardV3Template)


def slug(name: str, otherwise: str) -> str:
    """A name in lower case, with a dash for each run of what is neither letter nor digit."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or otherwise


def placeholder(thing: Thing) -> str:
    """What stands for a thing in templates: `tositewise-3-2547e` for "ToSiteWise 3"."""
    return f"{slug(thing.name, 'thing')}-{thing.id[-ID_END:]}"


async def template_view(services: Services, dashboard: Dashboard, view: type[T]) -> T:
    """A dashboard as a template. Variables that were deleted are left out: nobody could link them."""
    links = await what_is_linked(services, [dashboard], values=False)
    alive = {
        id: variable
        for id, variable in links.variables.items()
        if variable.deleted_at is None
        and links.things[variable.thing_id].deleted_at is None
        and variable.space_id == dashboard.space_id
    }
    links = links._replace(variables=alive)
    names = {id: _text(links, variable) for id, variable in alive.items()}
    zones = Zones(services.clock.now())
    paged = view is DashboardV3Template
    fields: dict[str, Any] = {
        "id": slug(dashboard.name, "dashboard"),
        "name": dashboard.name,
        "cover_image": dashboard.cover_image,
        "widgets": [
            _widget(widget, links.on(dashboard, widget), links, names, zones, paged=paged)
            for widget in widgets_of(dashboard)
        ],
    }
    if paged:
        fields["pages"] = msgspec.convert(dashboard.pages, list[PageView])
    return view(**fields)


def _widget(
    widget: Widget, variables: list[Variable], links: Linked, names: Mapping[str, str], zones: Zones, *, paged: bool
) -> WidgetTemplate:
    fields = msgspec.structs.asdict(widget)
    del fields["id"]
    page_id = fields.pop("page_id") or MAIN_PAGE
    fields["options"] = exported_options(widget.options, names)
    fields["variables"] = [
        TemplateLinkedVariable(
            name=variable.name,
            permission="READ_WRITE" if variable.writable else "READ_ONLY",
            thing_id=placeholder(thing := links.things[variable.thing_id]),
            thing_timezone=zones.view(thing.timezone),
            type=variable.type,
            variable_id=variable.symbol,
        )
        for variable in variables
    ]
    return WidgetV3Template(**fields, page_id=page_id) if paged else WidgetTemplate(**fields)


def exported_options(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Options without what is known to this server only. `names` are the texts for variables, by id; what refers to
    any other variable goes.
    """
    out: dict[str, Any] = {}
    for key, value in options.items():
        if key in DROPPED:
            continue
        if key in KEYED and isinstance(value, dict):
            out[key] = {names[id.lower()]: inner for id, inner in value.items() if id.lower() in names}
        elif key == MARKERS and isinstance(value, list):
            out[key] = [_marker(marker, names) for marker in value]
        else:
            out[key] = value
    return out


def _marker(marker: Any, names: Mapping[str, str]) -> Any:
    if not isinstance(marker, dict) or "property" not in marker:
        return marker
    shown = marker["property"]
    id = shown.get("id") if isinstance(shown, dict) else shown
    name = names.get(id.lower()) if isinstance(id, str) else None
    rest = {key: value for key, value in marker.items() if key != "property"}
    return rest if name is None else {**rest, "property": name}


def _text(links: Linked, variable: Variable) -> str:
    return f"{placeholder(links.things[variable.thing_id])}:{variable.symbol}"


@operation(
    "GET",
    "/iot/v2/dashboards/{id}/template",
    "dashboards_v2#template",
    "Export a dashboard as a template.",
    returns=DashboardTemplate,
    errors=(400, 401, 403, 404),
)
async def export_v2(call: Call) -> DashboardTemplate:
    """The template."""
    dashboard = await call.services.dashboards.get(call.who, call.uuid("id", "dashboard"))
    return await template_view(call.services, dashboard, DashboardTemplate)


@operation(
    "GET",
    "/iot/v3/dashboards/{id}/template",
    "dashboards_v3#template",
    "Export a dashboard with its pages as a template.",
    returns=DashboardV3Template,
    errors=(400, 401, 403, 404),
)
async def export_v3(call: Call) -> DashboardV3Template:
    """The template."""
    dashboard = await call.services.dashboards.get(call.who, call.uuid("id", "dashboard"))
    return await template_view(call.services, dashboard, DashboardV3Template)


ROUTES: list[HTTPRouteHandler] = [export_v2, export_v3]
