"""What a dashboard is made of: pages and widgets, how much of each, and how given ones become those that are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from rookery.core.errors import Invalid
from rookery.core.records import Dashboard

NAME_LIMIT = 64
"""Characters of the name of a dashboard or page: what the tables of clients are wide."""
WIDGET_NAME_LIMIT = 256
"""Characters of a widget's name: that of a variable fits, which it often is (`core.variables.NAME_LIMIT`)."""
TYPE_LIMIT = 64
"""Characters of the type of a widget; the longest one in use has 14."""
IMAGE_LIMIT = 1_024
"""Characters of a cover image or an icon: an address or a key, not the picture itself."""
PAGES_LIMIT = 30
"""Pages of a dashboard, besides the main one."""
WIDGETS_LIMIT = 300
"""Widgets of a dashboard: ten for each page. A browser that draws more of them is no pleasure any more."""
VARIABLES_LIMIT = 50
"""Variables of one widget: a floor plan with its markers. Charts have five."""
LINKS_LIMIT = 1_000
"""Variables of all widgets of a dashboard: each is looked up and shown with its last value whenever it is."""
OPTIONS_LIMIT = 256 * 1_024
"""Bytes of the options of one widget as JSON: an uploaded picture of 190 kB as a data URL, or a very long note."""
SIZE_LIMIT = 1 << 20
"""Bytes of the options of all widgets: a dashboard is read, written and sent as a whole."""
LINK_SIZE = 512
"""What a variable on a widget adds to an answer, in bytes."""
DEPTH_LIMIT = 64
"""Levels of lists and objects in options. Decoders of clients recurse, and some of them give up at a hundred."""
LARGEST = 2**31 - 1
"""The largest number of a grid column or row, and of the position of a page."""

MAIN_PAGE = "0"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page beside the main one. Its id is chosen by whoever makes it."""

    id: str
    name: str
    position: int
    icon: str | None = None


class Widget(msgspec.Struct, frozen=True, kw_only=True):
    """Something on a dashboard that shows variables or sets them. Its id is chosen by whoever makes it.

    Places and sizes are columns and rows of a grid, on a desktop and, where given, on a phone.
    """

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
    page_id: str | None = None
    """None, in what is given only: the page on which the widget is already, else the main one."""
    options: dict[str, Any] = msgspec.field(default_factory=dict)
    """Opaque, and kept exactly."""
    variables: list[str] = msgspec.field(default_factory=list)


def pages_of(dashboard: Dashboard) -> list[Page]:
    """Its pages, as given."""
    return msgspec.convert(dashboard.pages, list[Page])


def widgets_of(dashboard: Dashboard) -> list[Widget]:
    """Its widgets, as given."""
    return msgspec.convert(dashboard.widgets, list[Widget])


def linked(dashboard: Dashboard) -> Iterator[str]:
    """The ids of the variables on its widgets, with repetitions. They may have been deleted since."""
    for widget in dashboard.widgets:
        yield from widget.get("variables", ())


def as_kept(items: Iterable[Page | Widget]) -> list[dict[str, Any]]:
    """Pages or widgets as the record has them: what is not said is left out."""
    return [{key: value for key, value in msgspec.structs.asdict(item).items() if value is not None} for item in items]


def checked_pages(pages: Sequence[Page]) -> list[Page]:
    """The pages, when they can be kept.

    Raises:
        Invalid: too many, one without a name, or two with the same id.
    """
    if len(pages) > PAGES_LIMIT:
        raise Invalid(f"A dashboard has at most {PAGES_LIMIT} pages.", "pages")
    seen = {MAIN_PAGE}
    for place, page in enumerate(pages):
        where = f"pages[{place}]"
        if page.id in seen:
            raise Invalid(f"{where}.id: Another page has this id.", f"{where}.id")
        seen.add(page.id)
        if not 1 <= len(page.name) <= NAME_LIMIT:
            raise Invalid(f"{where}.name: A page has a name of 1 to {NAME_LIMIT} characters.", f"{where}.name")
        if page.icon is not None and len(page.icon) > IMAGE_LIMIT:
            raise Invalid(f"{where}.icon: At most {IMAGE_LIMIT} characters.", f"{where}.icon")
        _check_number(page.position, f"{where}.position")
    return list(pages)


def placed(widgets: Sequence[Widget], pages: Sequence[Page], before: Sequence[Widget] = ()) -> list[Widget]:
    """The widgets, each on a page: one that names none stays where it was `before`, if that page is still there.

    Raises:
        Invalid: a widget is on a page that does not exist.
    """
    known = {MAIN_PAGE, *(page.id for page in pages)}
    held = {widget.id: widget.page_id for widget in before}
    out: list[Widget] = []
    for place, widget in enumerate(widgets):
        page_id = widget.page_id
        if page_id is None:
            page_id = held.get(widget.id)
            page_id = page_id if page_id in known else MAIN_PAGE
        elif page_id not in known:
            where = f"widgets[{place}].page_id"
            raise Invalid(f"{where}: There is no such page.", where)
        out.append(widget if page_id == widget.page_id else msgspec.structs.replace(widget, page_id=page_id))
    return out


def check_widgets(widgets: Sequence[Widget]) -> None:
    """Raise unless these can be the widgets of a dashboard. Whether the variables exist is another question.

    Raises:
        Invalid: naming what is too much, too long or there twice.
    """
    if len(widgets) > WIDGETS_LIMIT:
        raise Invalid(f"A dashboard has at most {WIDGETS_LIMIT} widgets.", "widgets")
    seen: set[str] = set()
    size = links = 0
    for place, widget in enumerate(widgets):
        where = f"widgets[{place}]"
        if widget.id in seen:
            raise Invalid(f"{where}.id: Another widget has this id.", f"{where}.id")
        seen.add(widget.id)
        if not 1 <= len(widget.type) <= TYPE_LIMIT:
            raise Invalid(f"{where}.type: A type has 1 to {TYPE_LIMIT} characters.", f"{where}.type")
        if widget.name is not None and len(widget.name) > WIDGET_NAME_LIMIT:
            raise Invalid(f"{where}.name: At most {WIDGET_NAME_LIMIT} characters.", f"{where}.name")
        for name in ("x", "y", "width", "height", "x_mobile", "y_mobile", "width_mobile", "height_mobile"):
            _check_number(getattr(widget, name), f"{where}.{name}")
        check_links(widget.variables, f"{where}.variables")
        links += len(widget.variables)
        size += _size(widget.options, f"{where}.options")
    if links > LINKS_LIMIT:
        raise Invalid(f"All widgets of a dashboard together have at most {LINKS_LIMIT} variables.", "widgets")
    if size > SIZE_LIMIT:
        raise Invalid(f"The options of all widgets have {size} bytes; at most {SIZE_LIMIT} are kept.", "widgets")


def size_of(pages: Sequence[Page], widgets: Sequence[Widget], image: str | None) -> int:
    """What a dashboard costs: about the bytes of an answer that shows it."""
    links = sum(len(widget.variables) for widget in widgets)
    return len(msgspec.json.encode([pages, widgets, image])) + LINK_SIZE * links


def check_links(variables: Sequence[str], where: str) -> None:
    """Raise unless a widget can show so many variables.

    Raises:
        Invalid: too many, or one of them twice.
    """
    if len(variables) > VARIABLES_LIMIT:
        raise Invalid(f"{where}: A widget has at most {VARIABLES_LIMIT} variables.", where)
    if len(set(variables)) < len(variables):
        raise Invalid(f"{where}: A variable is there twice.", where)


def relinked(widgets: Sequence[Widget], variables: Mapping[str, str | None]) -> list[Widget]:
    """The widgets with other variables: each id is replaced by what it maps to, and left out where that is None.

    Options are opaque, but ids of variables in them, as keys or as values, mean those variables: they follow.
    """
    out: list[Widget] = []
    for widget in widgets:
        ids = dict.fromkeys(new for id in widget.variables if (new := variables.get(id, id)) is not None)
        options = _renamed(widget.options, {old: new for old, new in variables.items() if new is not None})
        out.append(msgspec.structs.replace(widget, variables=list(ids), options=options))
    return out


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def _check_number(number: int | None, where: str) -> None:
    if number is not None and not -LARGEST - 1 <= number <= LARGEST:
        raise Invalid(f"{where}: Expected a number of at most 32 bits.", where)


def _size(options: dict[str, Any], where: str) -> int:
    """Bytes of the options as JSON.

    Raises:
        Invalid: too many, or nested too deeply.
    """
    level: list[Any] = [options]
    depth = 0
    while level:
        depth += 1
        if depth > DEPTH_LIMIT:
            raise Invalid(f"{where}: Nested more than {DEPTH_LIMIT} levels deep.", where)
        level = [
            inner
            for value in level
            for inner in (value.values() if isinstance(value, dict) else value)
            if isinstance(inner, dict | list)
        ]
    size = len(msgspec.json.encode(options))
    if size > OPTIONS_LIMIT:
        raise Invalid(f"{where}: {size} bytes; at most {OPTIONS_LIMIT} are kept.", where)
    return size
