"""The bridge between events and functions of a board and the variables of a thing: what the data of an event means for
a variable, and what the value of a variable is as an argument."""

from __future__ import annotations

import math
from typing import Final

from msgspec import DecodeError, json

from rookery.core.points import Value
from rookery.core.records import ValueKind
from rookery.particle.device.content import TEXTS
from rookery.particle.device.events import Event, stream_text

ON: Final = frozenset(("true", "1", "on"))
OFF: Final = frozenset(("false", "0", "off"))
LONGEST_NUMBER: Final = 64
"""Characters of data that may be a number. The longest double has 24."""
HIGHEST: Final = 1 << 63
"""Integers are kept in 64 bits."""


def value_of(kind: ValueKind, event: Event) -> Value | None:
    """The value that this event gives to a variable; None when it gives none: it is nothing of that kind, or the kind
    has parts."""
    if kind is ValueKind.STRING:
        return stream_text(event.data, event.content_format) or ""
    if event.content_format not in TEXTS or not 0 < len(event.data) <= LONGEST_NUMBER:
        return None
    text = event.data.decode("utf-8", "replace").strip()
    if kind is ValueKind.BOOL:
        word = text.lower()
        return True if word in ON else False if word in OFF else None
    try:
        number = json.decode(text)
    except DecodeError:
        return None
    if type(number) not in (int, float):
        return None
    if kind is ValueKind.INT:
        whole = int(number) if math.isfinite(number) and number == int(number) else None
        return whole if whole is not None and -HIGHEST <= whole < HIGHEST else None
    if kind is ValueKind.FLOAT:
        try:
            return float(number)
        except OverflowError:
            return None
    return None


def argument_of(value: Value) -> str:
    """A value as the argument of a function: JSON, except that texts have no quotes."""
    return value if isinstance(value, str) else json.encode(value).decode()
