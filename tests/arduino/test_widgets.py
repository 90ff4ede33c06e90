"""Which variables suit which widgets."""

from __future__ import annotations

import pytest

from rookery.arduino.types import PROPERTY_TYPES
from rookery.arduino.widgets import WIDGET_KINDS, only_shows, widget_kind
from rookery.core.records import UpdatePolicy, ValueKind, Variable

PUBLISHED = (
    *("Switch", "Push Button", "Slider", "Stepper", "Time Picker", "Messenger", "Color", "Dimmed Light"),
    *("Colored Light", "Value", "Status", "Gauge", "Percentage", "LED", "Map", "Advanced Map", "Chart"),
    *("Advanced Chart", "Scheduler", "Sticky Note", "Value Selector", "Value Dropdown", "Image", "Image Map"),
)
"""The kinds of the reference, 8.3."""


def variable(type: str, kind: ValueKind | None = None) -> Variable:
    """A variable of this property type."""
    return Variable(
        id="v",
        created_at=1,
        updated_at=1,
        thing_id="t",
        space_id="s",
        name="v",
        symbol="v",
        type=type,
        kind=kind or PROPERTY_TYPES[type].kind,
        series=1,
        writable=True,
        policy=UpdatePolicy.ON_CHANGE,
        tag=1,
    )


def test_every_published_kind_is_known() -> None:
    assert {"".join(c for c in name.lower() if c.isalpha()) for name in PUBLISHED} == WIDGET_KINDS.keys()


@pytest.mark.parametrize("spelling", ["Push Button", "PUSH_BUTTON", "pushButton", "push-button", "PushButton "])
def test_spellings_are_one(spelling: str) -> None:
    assert widget_kind(spelling) is WIDGET_KINDS["pushbutton"] is not None


@pytest.mark.parametrize("unknown", ["", "Hologram", "☃", "x" * 64])
def test_nothing_is_known_of_others(unknown: str) -> None:
    assert widget_kind(unknown) is None


@pytest.mark.parametrize(
    ("widget", "suits", "does_not"),
    [
        ("Switch", ["STATUS", "HOME_LIGHT", "HOME_SMART_PLUG"], ["INT", "CHARSTRING", "HOME_DIMMED_LIGHT"]),
        ("Slider", ["INT", "FLOAT", "TEMPERATURE", "TIME"], ["STATUS", "CHARSTRING"]),
        ("Time Picker", ["TIME"], ["INT", "SCHEDULE"]),
        ("Messenger", ["CHARSTRING"], ["STATUS"]),
        ("Color", ["COLOR_HSB"], ["COLOR_RGB", "HOME_COLORED_LIGHT"]),
        ("Dimmed Light", ["HOME_DIMMED_LIGHT", "GOOGLE_HOME_DIMMED_LIGHT"], ["HOME_COLORED_LIGHT"]),
        ("Colored Light", ["HOME_COLORED_LIGHT", "SMART_HOME_COLORED_LIGHT"], ["COLOR_HSB"]),
        ("Value", ["STATUS", "INT", "FLOAT", "CHARSTRING"], ["LOCATION"]),
        ("Map", ["LOCATION"], ["FLOAT", "DEGREES_LATITUDE"]),
        ("Chart", ["INT", "PRESSURE"], ["STATUS", "CHARSTRING"]),
        ("Advanced Chart", ["INT", "PRESSURE", "STATUS"], ["CHARSTRING", "LOCATION"]),
        ("Scheduler", ["SCHEDULE"], ["TIME"]),
        ("Value Selector", ["INT", "CHARSTRING"], ["FLOAT", "STATUS"]),
        ("Sticky Note", [], ["CHARSTRING", "STATUS"]),
    ],
)
def test_what_suits(widget: str, suits: list[str], does_not: list[str]) -> None:
    kind = widget_kind(widget)
    assert kind is not None
    assert [name for name in suits if not kind.suits(variable(name))] == []
    assert [name for name in does_not if kind.suits(variable(name))] == []


def test_variables_of_the_other_dialect_go_by_their_kind() -> None:
    kind = widget_kind("Gauge")
    assert kind is not None
    assert kind.suits(variable("double", ValueKind.FLOAT))
    assert not kind.suits(variable("string", ValueKind.STRING))


@pytest.mark.parametrize(("options", "only"), [({}, False), ({"readOnly": True}, True), ({"readOnly": "true"}, False)])
def test_a_widget_may_be_told_to_show_only(options: dict[str, object], only: bool) -> None:
    assert only_shows(options) is only
