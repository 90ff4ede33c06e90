"""A dashboard with a widget of each kind, as clients of the Arduino API send it."""

from __future__ import annotations

import uuid
from typing import Any

from tests.clients.account import Thing

VARIABLES = (
    ("count", "INT"),
    ("ratio", "FLOAT"),
    ("flag", "STATUS"),
    ("label", "CHARSTRING"),
    ("lamp", "HOME_COLORED_LIGHT"),
    ("dimmer", "HOME_DIMMED_LIGHT"),
    ("place", "LOCATION"),
    ("colour", "COLOR_HSB"),
    ("alarm", "TIME"),
    ("watering", "SCHEDULE"),
)
"""What the widgets need: name and property type."""

KINDS: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    ("Switch", ("flag",), {"showLabels": True}),
    ("Push Button", ("flag",), {}),
    ("Slider", ("count",), {"min": -1, "max": 2**53, "step": 0.25}),
    ("Stepper", ("ratio",), {"min": 0, "max": 1.5}),
    ("Time Picker", ("alarm",), {}),
    ("Messenger", ("label",), {"frameless": False}),
    ("Color", ("colour",), {"icon": None}),
    ("Dimmed Light", ("dimmer",), {}),
    ("Colored Light", ("lamp",), {}),
    ("Value", ("ratio",), {"section": {"nested": [1, "two", None, {"three": []}]}}),
    ("Status", ("flag",), {"on": {"color": "#2f7d5b", "label": "auf ☀"}}),
    ("Gauge", ("ratio",), {"min": 0, "max": 100}),
    ("Percentage", ("ratio",), {"thresholds": [{"at": 50, "color": "red"}]}),
    ("LED", ("flag",), {"mode": "Color 2"}),
    ("Map", ("place",), {}),
    ("Chart", ("ratio",), {}),
    ("Advanced Chart", ("ratio", "count", "flag"), {}),
    ("Scheduler", ("watering",), {}),
    ("Sticky Note", (), {"text": "# Greenhouse\n* water\n* light"}),
    ("Value Selector", ("label",), {"values": [{"value": "a", "label": "A"}]}),
    ("Value Dropdown", ("count",), {"values": [{"value": 1, "label": "one"}]}),
    ("Image", (), {"url": "https://example.org/a.png"}),
    ("Image Map", ("ratio",), {"markersSettings": []}),
)
"""Type, variables and options."""


def widgets_for(thing: Thing) -> list[dict[str, Any]]:
    """A widget of each kind. An advanced chart has options that refer to its variables."""
    made = []
    for place, (kind, names, options) in enumerate(KINDS):
        ids = [thing.properties[name] for name in names]
        if kind == "Advanced Chart":
            options = {"aggregation": dict.fromkeys(ids, "AVG"), "axes": {ids[0]: "left"}}
        made.append(
            {
                "id": str(uuid.uuid4()),
                "type": kind,
                "name": f"{kind} ☃",
                "x": place % 6 * 4,
                "y": place // 6 * 4,
                "width": 4,
                "height": 4,
                "x_mobile": 0,
                "y_mobile": 4 * place,
                "width_mobile": 8,
                "height_mobile": 4,
                "options": options,
                "variables": ids,
            }
        )
    return made


def sent(widget: dict[str, Any]) -> dict[str, Any]:
    """A widget as it was shown, in the form in which it is sent."""
    known = {key: value for key, value in widget.items() if not key.startswith("has_")}
    return known | {"variables": [variable["id"] for variable in widget["variables"]]}
