"""What clients send about dashboards, and what it means to core (reference 3.7, 8.1).

Templates that the command line tool fills in come without geometry: all of it is 0 then, which is as good as any. It
sends null for options that a template does not have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from rookery.arduino.api.body import Uuid
from rookery.arduino.api.errors import bad_field
from rookery.core.dashboard_shares import MESSAGE_LIMIT, SHARES_LIMIT
from rookery.core.dashboard_widgets import (
    IMAGE_LIMIT,
    LARGEST,
    MAIN_PAGE,
    NAME_LIMIT,
    PAGES_LIMIT,
    TYPE_LIMIT,
    VARIABLES_LIMIT,
    WIDGET_NAME_LIMIT,
    WIDGETS_LIMIT,
    Page,
    Widget,
)
from rookery.core.ids import is_uuid

OVERRIDES_LIMIT = 1_000
"""Things that a copy is told to replace: as many as a dashboard has variables."""

# P-LOOSE of the reference: not anchored, one such character has to be somewhere.
DashboardName = Annotated[str, msgspec.Meta(max_length=NAME_LIMIT, pattern="[a-zA-Z0-9_.@-]")]
Image = Annotated[str, msgspec.Meta(max_length=IMAGE_LIMIT)]
Grid = Annotated[int, msgspec.Meta(ge=-LARGEST - 1, le=LARGEST)]
Links = Annotated[list[Uuid], msgspec.Meta(max_length=VARIABLES_LIMIT)]


class WidgetBody(msgspec.Struct, kw_only=True):
    """A widget, `widget`."""

    id: Uuid
    type: Annotated[str, msgspec.Meta(min_length=1, max_length=TYPE_LIMIT)]
    name: Annotated[str, msgspec.Meta(max_length=WIDGET_NAME_LIMIT)] | None = None
    x: Grid
    y: Grid
    width: Grid
    height: Grid
    x_mobile: Grid | None = None
    y_mobile: Grid | None = None
    width_mobile: Grid | None = None
    height_mobile: Grid | None = None
    options: dict[str, Any] = {}
    variables: Links = []


class WidgetV3Body(WidgetBody, kw_only=True):
    """A widget on a page, `widgetv3`."""

    page_id: str = MAIN_PAGE


class PageBody(msgspec.Struct, kw_only=True):
    """A page, `pagepayload`."""

    id: Uuid
    name: DashboardName
    position: Grid
    icon: Image | None = None


class DashboardV2Body(msgspec.Struct, kw_only=True):
    """Body of create, update and patch, `dashboardv2`. What is missing stays on patch, and is emptied on update."""

    name: DashboardName | None = None
    cover_image: Image | None = None
    widgets: Annotated[list[WidgetBody], msgspec.Meta(max_length=WIDGETS_LIMIT)] | None = None
    soft_deleted: bool = False


class DashboardV3Body(msgspec.Struct, kw_only=True):
    """The same with pages, `dashboardv3`."""

    name: DashboardName | None = None
    cover_image: Image | None = None
    widgets: Annotated[list[WidgetV3Body], msgspec.Meta(max_length=WIDGETS_LIMIT)] | None = None
    pages: Annotated[list[PageBody], msgspec.Meta(max_length=PAGES_LIMIT)] | None = None
    soft_deleted: bool = False


class Override(msgspec.Struct):
    """A thing that another one takes the place of."""

    old_thing_id: Uuid
    new_thing_id: Uuid


class DashboardClone(msgspec.Struct):
    """Body of clone."""

    overrides: Annotated[list[Override], msgspec.Meta(max_length=OVERRIDES_LIMIT)] = []


class WidgetLinks(msgspec.Struct):
    """Body and answer of the linking of variables to a widget, `widgetlink` and `ArduinoVariableslinks`."""

    variables: Links = []


class UserShare(msgspec.Struct):
    """A person, by one or the other."""

    user_id: Uuid | None = None
    username: str | None = None


class ShareBody(msgspec.Struct):
    """Body of share: one person, or a list."""

    user_id: Uuid | None = None
    username: str | None = None
    users: Annotated[list[UserShare], msgspec.Meta(max_length=SHARES_LIMIT)] = []


class ShareRequest(msgspec.Struct):
    """Body of a request for access."""

    message: Annotated[str, msgspec.Meta(max_length=MESSAGE_LIMIT)] = ""


def widgets_from(bodies: Sequence[WidgetBody]) -> list[Widget]:
    """Widgets in core's words. Those of version 2 do not say on which page they are.

    Raises:
        Problem: 400, the id of a page is none.
    """
    widgets: list[Widget] = []
    for place, body in enumerate(bodies):
        given = msgspec.structs.asdict(body)
        page_id = given.get("page_id")
        if page_id is not None and page_id != MAIN_PAGE:
            if not is_uuid(page_id):
                where = f"widgets[{place}].page_id"
                raise bad_field(where, f"{where}: Expected the UUID of a page, or 0 for the main one.")
            given["page_id"] = page_id.lower()
        widgets.append(Widget(**given))
    return widgets


def pages_from(bodies: Sequence[PageBody]) -> list[Page]:
    """Pages in core's words."""
    return [Page(**msgspec.structs.asdict(body)) for body in bodies]
