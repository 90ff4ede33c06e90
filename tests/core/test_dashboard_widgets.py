"""What can be kept of a dashboard, and that it is kept exactly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.core.dashboard_widgets import (
    DEPTH_LIMIT,
    LARGEST,
    LINK_SIZE,
    LINKS_LIMIT,
    NAME_LIMIT,
    OPTIONS_LIMIT,
    PAGES_LIMIT,
    SIZE_LIMIT,
    VARIABLES_LIMIT,
    WIDGET_NAME_LIMIT,
    WIDGETS_LIMIT,
    Widget,
    as_kept,
    check_widgets,
    checked_pages,
    placed,
    relinked,
    widgets_of,
)
from rookery.core.dashboards import DASHBOARDS_LIMIT, SPACE_LIMIT
from rookery.core.errors import Invalid
from rookery.core.records import Dashboard
from tests.core.dashboard_scene import page, widget

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
MAYBE = st.none() | st.integers(-LARGEST - 1, LARGEST)
GRID = st.integers(-LARGEST - 1, LARGEST)
WIDGETS = st.lists(
    st.builds(
        Widget,
        id=st.uuids().map(str),
        type=st.text(min_size=1, max_size=64),
        name=st.none() | st.text(max_size=256),
        x=GRID,
        y=GRID,
        width=GRID,
        height=GRID,
        x_mobile=MAYBE,
        y_mobile=MAYBE,
        width_mobile=MAYBE,
        height_mobile=MAYBE,
        page_id=st.sampled_from([None, "0", "p", "q"]),
        options=st.dictionaries(st.text(max_size=5), JSON, max_size=4),
        variables=st.lists(st.uuids().map(str), max_size=5, unique=True),
    ),
    max_size=5,
    unique_by=lambda widget: widget.id,
)


def nested(depth: int) -> dict[str, Any]:
    """Options of so many levels."""
    options: dict[str, Any] = {}
    for _ in range(depth - 1):
        options = {"a": options}
    return options


def kept(widgets: list[Widget]) -> list[Widget]:
    """What comes back from where JSON texts are kept."""
    text = msgspec.json.encode(as_kept(widgets))
    record = Dashboard(id="d", created_at=1, updated_at=1, space_id="s", person_id="p", name="n")
    return widgets_of(msgspec.structs.replace(record, widgets=msgspec.json.decode(text)))


@given(WIDGETS)
def test_what_can_be_kept_is_kept_exactly(widgets: list[Widget]) -> None:
    check_widgets(widgets)
    again = kept(widgets)
    assert again == widgets
    for before, after in zip(widgets, again, strict=True):
        assert msgspec.json.encode(before.options) == msgspec.json.encode(after.options)


@given(WIDGETS)
def test_every_widget_is_on_a_page_that_exists(widgets: list[Widget]) -> None:
    pages = [page("p")]
    known = [w for w in widgets if w.page_id != "q"]
    out = placed([msgspec.structs.replace(w, page_id=None) for w in widgets], pages, widgets)
    assert [w.page_id for w in out] == ["p" if w.page_id == "p" else "0" for w in widgets]
    assert placed(placed(known, pages), pages) == placed(known, pages)
    assert [msgspec.structs.replace(w, page_id=None) for w in out] == [
        msgspec.structs.replace(w, page_id=None) for w in widgets
    ]


@given(WIDGETS)
def test_nothing_is_relinked_to_itself(widgets: list[Widget]) -> None:
    assert relinked(widgets, {}) == widgets
    assert relinked(widgets, {id: id for w in widgets for id in w.variables}) == widgets


@given(WIDGETS)
def test_relinked_there_and_back(widgets: list[Widget]) -> None:
    there = {id: f"new-{id}" for w in widgets for id in w.variables}
    back = {new: old for old, new in there.items()}
    assert relinked(relinked(widgets, there), back) == widgets


def test_two_variables_that_become_one_are_linked_once() -> None:
    assert relinked([widget("w", "a", "b", "c")], {"a": "x", "b": "x", "c": None}) == [widget("w", "x")]


BIG = {"a": "x" * (OPTIONS_LIMIT - 8)}
"""The largest options that are kept: the name, quotes, colon and braces are 8 bytes."""


@pytest.mark.parametrize(
    ("widgets", "field"),
    [
        ([widget("a"), widget("a")], "widgets[1].id"),
        ([widget("a", type="")], "widgets[0].type"),
        ([widget("a", type="t" * 65)], "widgets[0].type"),
        ([widget("a", name="n" * 10_000)], "widgets[0].name"),
        ([widget("a", x=2**31)], "widgets[0].x"),
        ([widget("a", height_mobile=-(2**31) - 1)], "widgets[0].height_mobile"),
        ([widget("a", "v", "v")], "widgets[0].variables"),
        ([widget("a", *map(str, range(51)))], "widgets[0].variables"),
        ([widget(str(n), *map(str, range(50))) for n in range(21)], "widgets"),
        ([widget("a", options=BIG | {"b": 1})], "widgets[0].options"),
        ([widget(str(n), options=BIG) for n in range(5)], "widgets"),
        ([widget("a", options=nested(DEPTH_LIMIT + 1))], "widgets[0].options"),
        ([widget("a", options={"a": [[]] * 2, "b": nested(100_000)})], "widgets[0].options"),
        ([widget(str(n)) for n in range(301)], "widgets"),
    ],
)
def test_what_is_too_much(widgets: list[Widget], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_widgets(widgets)
    assert caught.value.field == field
    assert len(str(caught.value)) < 200


def test_the_most_that_is_kept() -> None:
    check_widgets([widget(str(n), options=BIG) for n in range(4)])
    check_widgets([widget("a", options=nested(DEPTH_LIMIT), name="n" * 256, type="t" * 64)])
    check_widgets([widget(str(n), *map(str, range(50 if n < 20 else 0))) for n in range(300)])
    assert len(checked_pages([page(str(n), icon="i" * 1_024) for n in range(1, 31)])) == 30


@pytest.mark.parametrize(
    ("pages", "field"),
    [
        ([page("p"), page("p")], "pages[1].id"),
        ([page("0")], "pages[0].id"),
        ([page("p", name="")], "pages[0].name"),
        ([page("p", name="n" * 65)], "pages[0].name"),
        ([page("p", icon="i" * 1_025)], "pages[0].icon"),
        ([page("p", position=2**31)], "pages[0].position"),
        ([page(str(n)) for n in range(1, 32)], "pages"),
    ],
)
def test_pages_that_can_not_be_kept(pages: list[Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        checked_pages(pages)
    assert caught.value.field == field


def test_the_limits_are_those_of_the_documentation() -> None:
    text = (Path(__file__).parents[2] / "docs" / "dashboards.md").read_text(encoding="utf-8")
    kib, mib = OPTIONS_LIMIT >> 10, SIZE_LIMIT >> 20
    for row in (
        f"| dashboards in a space | {DASHBOARDS_LIMIT:,} |",
        f"| widgets of a dashboard | {WIDGETS_LIMIT} |",
        f"| pages, besides the main one | {PAGES_LIMIT} |",
        f"| variables of a widget, of all widgets | {VARIABLES_LIMIT}, {LINKS_LIMIT:,} |",
        f"| options of a widget, of all widgets | {kib} KiB, {mib} MiB as JSON, {DEPTH_LIMIT} levels deep |",
        f"| all dashboards of a space | {SPACE_LIMIT >> 20} MiB as a list with {LINK_SIZE} bytes for each variable |",
        f"| name of a dashboard or page, of a widget | {NAME_LIMIT}, {WIDGET_NAME_LIMIT} characters |",
    ):
        assert row in text
