"""How dashboards are shown (reference 3.7, 8.1): widgets with the variables that they are linked to, and their values.

Whatever the number of dashboards, each store is asked once for each kind of thing that they refer to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypeVar

import msgspec

from rookery.arduino.api.times import format_time
from rookery.arduino.api.views_thing import last_point
from rookery.arduino.times import load_zone, zone_interval
from rookery.arduino.widgets import only_shows, widget_kind
from rookery.core.access import Action, Principal, may
from rookery.core.clock import SECOND
from rookery.core.dashboard_widgets import MAIN_PAGE, Widget, linked, widgets_of
from rookery.core.errors import Invalid
from rookery.core.points import Point
from rookery.core.records import Dashboard, DashboardShare, Person, Thing, Variable
from rookery.core.services import Services

AT_A_TURN = 500
"""Widgets and variables on them that are put together before others get their turn: about 5 ms."""


class UserView(msgspec.Struct, omit_defaults=True):
    """A person, `ArduinoDashboardowner` and `ArduinoDashboardshare`."""

    user_id: str
    username: str | None = None
    """The e-mail address: what it takes to share something with that person."""


class TimezoneView(msgspec.Struct):
    """The offset that holds in a zone now, `ArduinoTimezone`."""

    name: str
    offset: int
    """Seconds."""
    until: str


class LinkedVariableView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A variable on a widget, `ArduinoLinkedvariable`."""

    id: str
    name: str
    variable_name: str
    type: str
    permission: Literal["READ_ONLY", "READ_WRITE"]
    thing_id: str
    thing_name: str
    thing_timezone: TimezoneView | None = None
    last_value: Any = None
    """Left out as long as there never was one."""
    last_value_updated_at: str | None = None


class WidgetView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A widget, `ArduinoWidgetv2`."""

    id: str
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
    variables: list[LinkedVariableView]
    has_type_incompatibility: bool
    """A variable is of a type that does not suit the widget."""
    has_permission_incompatibility: bool
    """The widget is there to set a variable that only the board writes."""
    has_unlinked_variable: bool
    """A variable was deleted."""


class WidgetV3View(WidgetView, omit_defaults=True, kw_only=True):
    """A widget on a page, `ArduinoWidgetv3`."""

    page_id: str


class PageView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A page, `ArduinoPagevariable`."""

    id: str
    name: str
    position: int
    icon: str | None = None


class DashboardView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A dashboard, `ArduinoDashboardv2`."""

    id: str
    name: str
    updated_at: str
    cover_image: str | None = None
    created_by: UserView | None = None
    organization_id: str | None = None
    shared_by: UserView | None = None
    """Whose it is, when it is in no space that the caller has a part in."""
    shared_with: list[UserView] | None = None
    """Shown to those who may share it."""
    widgets: list[WidgetView]


class DashboardV3View(DashboardView, omit_defaults=True, kw_only=True):
    """A dashboard with pages, `ArduinoDashboardv3`."""

    widgets: list[WidgetV3View]  # type: ignore[assignment]  # a list of narrower views, never written to
    pages: list[PageView]


V = TypeVar("V", DashboardView, DashboardV3View)


class Linked(NamedTuple):
    """What widgets refer to: deleted things and variables that can come back are among them."""

    variables: dict[str, Variable]
    things: dict[str, Thing]
    last: dict[str, Point]
    """By the ids of the variables."""

    def on(self, dashboard: Dashboard, widget: Widget) -> list[Variable]:
        """The variables of a widget, in its order. What went to another space is not the dashboard's any more."""
        found = (self.variables.get(id) for id in widget.variables)
        return [variable for variable in found if variable is not None and variable.space_id == dashboard.space_id]


async def what_is_linked(services: Services, dashboards: Iterable[Dashboard], *, values: bool = True) -> Linked:
    """The variables of these dashboards, their things and, if `values`, their last values."""
    catalog = services.catalog
    ids = list({id for dashboard in dashboards for id in linked(dashboard)})
    variables = {v.id: v for v in await catalog.select(Variable, id=ids)} if ids else {}
    thing_ids = list({v.thing_id for v in variables.values()})
    things = {t.id: t for t in await catalog.select(Thing, id=thing_ids)} if thing_ids else {}
    # A thing goes for good with its variables, but not in the same moment for whoever reads both.
    variables = {id: v for id, v in variables.items() if v.thing_id in things}
    last: dict[str, Point] = {}
    if values:
        stored: list[Variable] = []
        for variable in variables.values():
            live = services.live.cached(variable.thing_id)
            held = live.by_id.get(variable.id) if live is not None else None
            if held is None:
                stored.append(variable)
            elif (point := last_point(held)) is not None:
                last[variable.id] = point
        found = await services.telemetry.last([v.series for v in stored]) if stored else {}
        last |= {v.id: found[v.series] for v in stored if v.series in found}
    return Linked(variables, things, last)


async def dashboard_views(
    services: Services, dashboards: Sequence[Dashboard], who: Principal | None, view: type[V]
) -> list[V]:
    """Dashboards as `who` sees them. None is somebody with a link, who learns of no person and no organisation."""
    links = await what_is_linked(services, dashboards)
    shares: dict[str, list[str]] = {}
    people: dict[str, Person] = {}
    if who is not None and dashboards:
        own = [d.id for d in dashboards if may(who, Action.CHANGE, d.space_id)]
        for share in await services.catalog.select(DashboardShare, dashboard_id=own) if own else ():
            shares.setdefault(share.dashboard_id, []).append(share.person_id)
        ids = {d.person_id for d in dashboards}.union(*shares.values())
        people = {p.id: p for p in await services.catalog.select(Person, id=list(ids))}
    zones = Zones(services.clock.now())
    views: list[V] = []
    done = 0
    for dashboard in dashboards:
        done += len(dashboard.widgets) + sum(1 for _ in linked(dashboard))
        if done > AT_A_TURN:
            done = 0
            await asyncio.sleep(0)
        views.append(_dashboard(dashboard, who, view, links, zones, people, shares.get(dashboard.id)))
    return views


def user_view(person_id: str, people: dict[str, Person]) -> UserView:
    """A person, who may be gone."""
    person = people.get(person_id)
    return UserView(person_id, person.email if person is not None else None)


def _dashboard(
    dashboard: Dashboard,
    who: Principal | None,
    view: type[V],
    links: Linked,
    zones: Zones,
    people: dict[str, Person],
    shares: list[str] | None,
) -> V:
    fields: dict[str, Any] = {
        "id": dashboard.id,
        "name": dashboard.name,
        "updated_at": format_time(dashboard.updated_at),
        "cover_image": dashboard.cover_image,
    }
    if who is not None:
        owner = user_view(dashboard.person_id, people)
        fields["created_by"] = owner
        fields["organization_id"] = None if dashboard.space_id == dashboard.person_id else dashboard.space_id
        if not may(who, Action.READ, dashboard.space_id):
            fields["shared_by"] = owner
        if shares:
            fields["shared_with"] = [user_view(id, people) for id in shares if id in people]
    paged = view is DashboardV3View
    if paged:
        fields["pages"] = msgspec.convert(dashboard.pages, list[PageView])
    fields["widgets"] = [
        _widget(widget, links.on(dashboard, widget), links, zones, paged=paged) for widget in widgets_of(dashboard)
    ]
    return view(**fields)


def _widget(widget: Widget, variables: list[Variable], links: Linked, zones: Zones, *, paged: bool) -> WidgetView:
    fields = msgspec.structs.asdict(widget)
    page_id = fields.pop("page_id")
    kind = widget_kind(widget.type)
    fields["variables"] = [_variable(variable, links, zones) for variable in variables]
    fields["has_type_incompatibility"] = kind is not None and not all(map(kind.suits, variables))
    fields["has_permission_incompatibility"] = (
        kind is not None and kind.sets and not only_shows(widget.options) and not all(v.writable for v in variables)
    )
    fields["has_unlinked_variable"] = len(variables) < len(widget.variables) or any(
        v.deleted_at is not None for v in variables
    )
    return WidgetV3View(**fields, page_id=page_id or MAIN_PAGE) if paged else WidgetView(**fields)


def _variable(variable: Variable, links: Linked, zones: Zones) -> LinkedVariableView:
    thing = links.things[variable.thing_id]
    point = links.last.get(variable.id)
    return LinkedVariableView(
        id=variable.id,
        name=variable.name,
        variable_name=variable.symbol,
        type=variable.type,
        permission="READ_WRITE" if variable.writable else "READ_ONLY",
        thing_id=thing.id,
        thing_name=thing.name,
        thing_timezone=zones.view(thing.timezone),
        last_value=None if point is None else point.value,
        last_value_updated_at=None if point is None else format_time(point.time),
    )


class Zones:
    """Time zones as they are now, each worked out once."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._views: dict[str, TimezoneView | None] = {}

    def view(self, name: str) -> TimezoneView | None:
        """What holds in this zone; None for one that this system does not know any more."""
        if name not in self._views:
            try:
                zone = load_zone(name)
            except Invalid:
                self._views[name] = None
            else:
                # The offset for boards is kept within what boards bear.
                offset = datetime.fromtimestamp(self._now // SECOND, UTC).astimezone(zone).utcoffset()
                seconds = int(offset.total_seconds()) if offset is not None else 0
                until = zone_interval(zone, self._now).until * SECOND
                self._views[name] = TimezoneView(name, seconds, format_time(until))
        return self._views[name]
