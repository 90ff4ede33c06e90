"""The kinds of widgets and the variables that suit them: data from the reference on the REST API, section 8.3.

`type` is free text on the wire, and the spelling of most kinds is not published: `Push Button`, `PUSH_BUTTON` and
`pushbutton` are one. Nothing is known of other kinds, so every variable suits them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from rookery.core.records import ValueKind, Variable

_BOOL: Final = frozenset({ValueKind.BOOL})
_NUMBER: Final = frozenset({ValueKind.INT, ValueKind.FLOAT})
_STRING: Final = frozenset({ValueKind.STRING})
_SIMPLE: Final = _BOOL | _NUMBER | _STRING
_OLDER_FAMILIES: Final = ("GOOGLE_", "SMART_")
"""Prefixes of the types that were before `HOME_…` and hold the same."""


class WidgetKind(NamedTuple):
    """What suits a kind of widget: variables of some kinds of values, or of some property types."""

    values: frozenset[ValueKind] = frozenset()
    types: frozenset[str] = frozenset()
    sets: bool = False
    """Whether it is there to set its variable."""

    def suits(self, variable: Variable) -> bool:
        """Whether it can show this variable."""
        if self.types:
            name = variable.type
            for prefix in _OLDER_FAMILIES:
                name = name.removeprefix(prefix)
            return name in self.types
        return variable.kind in self.values


WIDGET_KINDS: Final[Mapping[str, WidgetKind | None]] = {
    "switch": WidgetKind(_BOOL, sets=True),
    "pushbutton": WidgetKind(_BOOL, sets=True),
    "slider": WidgetKind(_NUMBER, sets=True),
    "stepper": WidgetKind(_NUMBER, sets=True),
    "timepicker": WidgetKind(types=frozenset({"TIME"}), sets=True),
    "messenger": WidgetKind(_STRING, sets=True),
    "color": WidgetKind(types=frozenset({"COLOR_HSB"}), sets=True),
    "dimmedlight": WidgetKind(types=frozenset({"HOME_DIMMED_LIGHT"}), sets=True),
    "coloredlight": WidgetKind(types=frozenset({"HOME_COLORED_LIGHT"}), sets=True),
    "scheduler": WidgetKind(types=frozenset({"SCHEDULE"}), sets=True),
    "valueselector": WidgetKind(frozenset({ValueKind.INT, ValueKind.STRING}), sets=True),
    "valuedropdown": WidgetKind(frozenset({ValueKind.INT, ValueKind.STRING}), sets=True),
    "value": WidgetKind(_SIMPLE),
    "status": WidgetKind(_BOOL),
    "gauge": WidgetKind(_NUMBER),
    "percentage": WidgetKind(_NUMBER),
    "led": WidgetKind(_BOOL),
    "map": WidgetKind(types=frozenset({"LOCATION"})),
    "advancedmap": WidgetKind(types=frozenset({"LOCATION"})),
    "chart": WidgetKind(_NUMBER),
    "advancedchart": WidgetKind(_NUMBER | _BOOL),
    "stickynote": WidgetKind(),
    "image": WidgetKind(),
    "imagemap": None,
}
"""By the name in lower case without blanks and the like. None: several variables of any type."""


def widget_kind(type: str) -> WidgetKind | None:
    """What is known of a widget of this type; None when everything suits it."""
    return WIDGET_KINDS.get(re.sub(r"[^a-z]", "", type.lower()))


def only_shows(options: Mapping[str, Any]) -> bool:
    """Whether a widget was told to show its variable and not to set it."""
    return options.get("readOnly") is True
