"""Values by declared property type: from SenML, from JSON, and into SenML.

What crosses a door is never trusted to have the declared kind: script clients send integers for floats, 0 and 1 for
booleans, and some drop `false`, `0` and `""` altogether (arduino-device.md section 4.7). REST clients send numbers in
strings (arduino-rest.md section 4.9). What leaves always has the kind that the type declares, because board clients
take the kind for the meaning (arduino-device.md section 4.5: a boolean sent as 0 can arrive as true).

The two doors differ in one rule. On the wire a fraction sent to an integer is cut off, as the board library does; in
REST the caller can be told, so it is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from rookery.arduino.types import Component, PropertyType
from rookery.core.errors import Invalid
from rookery.core.points import Value
from rookery.core.records import ValueKind
from rookery.wire import senml

MAX_TEXT: Final = senml.MAX_TEXT
"""Bytes of a text value in UTF-8: what fits into a record. With its topic that also fits into one TLS record of 16 KiB,
from which a Python board reads exactly one packet (arduino-device.md section 10, rule 3)."""

MAX_COMPONENTS: Final = 32
"""Components of an open composite. The largest known type has six."""

LOWEST_INT: Final = -(2**63)
HIGHEST_INT: Final = 2**63 - 1
HIGHEST_UNSIGNED: Final = 2**32 - 1

Simple = bool | int | float | str

_ZEROS: Final[dict[ValueKind, Simple]] = {
    ValueKind.BOOL: False,
    ValueKind.INT: 0,
    ValueKind.FLOAT: 0.0,
    ValueKind.STRING: "",
}
_COMPONENT_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_INTEGER: Final = re.compile(r"-?[0-9]{1,19}")
_DECIMAL: Final = re.compile(r"-?(?:[0-9]{1,32}(?:\.[0-9]{0,32})?|\.[0-9]{1,32})(?:[eE][+-]?[0-9]{1,3})?")


class Unfit(Invalid):
    """A value that the declared type can not hold. `str()` says why; `field` names the component, if it was one."""


def zero(kind: ValueKind) -> Simple:
    """What a sender means that drops `false`, `0` and `""`."""
    return _ZEROS[kind]


def from_wire(kind: ValueKind, value: Simple, *, unsigned: bool = False) -> Simple:
    """A value of a SenML record as the simple kind that is declared.

    Raises:
        Unfit: another kind, not finite, outside 64 bits (32 if unsigned), or a text over `MAX_TEXT`.
    """
    given = type(value)
    if kind is ValueKind.FLOAT:
        if given is float or given is int:
            return _finite(value)
    elif kind is ValueKind.INT:
        if given is int:
            return _in_range(value, unsigned)  # type: ignore[arg-type]
        if given is float:
            return _in_range(int(_finite(value)), unsigned)
    elif kind is ValueKind.BOOL:
        if given is bool:
            return value
        if given is not str and (value == 0 or value == 1):
            return bool(value)
    elif kind is ValueKind.STRING and given is str:
        return _text(value)  # type: ignore[arg-type]
    raise Unfit(f"{_article(given)} where {_KIND_WORDS[kind]} is declared")


def from_json(declared: PropertyType, value: Any, old: Value | None = None) -> Value:
    """A value of a JSON body as the declared type.

    A composite takes an object with some or all of its components; those that are missing keep their `old` value.
    A number in a string is converted when nothing is lost.

    Raises:
        Unfit: anything else.
    """
    if declared.kind is not ValueKind.COMPOSITE:
        return _simple_from_json(declared.kind, value, declared.unsigned)
    if not isinstance(value, Mapping):
        raise Unfit(f"{declared.name} takes an object with {_names(declared)}")
    if not value:
        raise Unfit(f"an object without components; {declared.name} takes {_names(declared)}")
    known = {component.name: component for component in declared.components}
    given: dict[str, Simple] = {}
    for name, item in value.items():
        component = known.get(name)
        shown = str(name)[:64]
        if component is None and not declared.open:
            raise Unfit(f"{declared.name} has no component {shown!r}, only {_names(declared)}", shown)
        try:
            if component is None:
                given[open_component(name)] = open_value(item)
            else:
                given[component.name] = _simple_from_json(component.kind, item, component.unsigned)
        except Unfit as error:
            raise Unfit(f"component {shown!r}: {error}", shown) from None
    return merged(declared, given, old)


def open_component(name: Any) -> str:
    """The name of a component of an open composite.

    Raises:
        Unfit: not a C identifier of at most 64 characters.
    """
    if type(name) is not str or not _COMPONENT_NAME.fullmatch(name):
        raise Unfit("a component is named like a variable in C, in at most 64 characters")
    return name


def open_value(value: Any) -> Simple:
    """A value of which no kind is declared: anything simple.

    Raises:
        Unfit: not simple, or outside the limits of its own kind.
    """
    given = type(value)
    for kind, python_type in _PYTHON_TYPES.items():
        if given is python_type:
            return from_wire(kind, value)
    raise Unfit(f"{_article(type(value))} where a boolean, a number or a text is expected")


def merged(declared: PropertyType, given: Mapping[str, Simple], old: Value | None) -> Mapping[str, Simple]:
    """A composite: the `given` components over those of the `old` value, in the order of the wire.

    Components that were never set stay out. Those of an old value of another type are forgotten.

    Raises:
        Unfit: an open composite grows beyond `MAX_COMPONENTS`.
    """
    every: dict[str, Simple] = {**old, **given} if isinstance(old, Mapping) else dict(given)
    ordered = {component.name: every[component.name] for component in declared.components if component.name in every}
    if declared.open:
        ordered |= every
        if len(ordered) > MAX_COMPONENTS:
            raise Unfit(f"more than {MAX_COMPONENTS} components")
    return ordered


def to_records(symbol: str, declared: PropertyType, value: Value, time: float | None = None) -> list[senml.Record]:
    """The SenML records of a value, in the kinds that the type declares, `time` on the first (section 4.6).

    A value that was stored while the variable had another type, and does not fit this one, has no records.
    """
    parts = _wire_parts(symbol, declared, value)
    return [(name, item, None if index else time) for index, (name, item) in enumerate(parts)]


def _wire_parts(symbol: str, declared: PropertyType, value: Value) -> list[tuple[str, Simple]]:
    try:
        if declared.kind is not ValueKind.COMPOSITE:
            if isinstance(value, Mapping):
                return []
            return [(symbol, from_wire(declared.kind, value, unsigned=declared.unsigned))]
        if not isinstance(value, Mapping):
            return []
        known = {component.name: component for component in declared.components}
        parts: list[tuple[str, Simple]] = []
        for name, item in merged(declared, {}, value).items():
            component = known.get(name)
            simple = open_value(item) if component is None else component_from_wire(component, item)
            parts.append((f"{symbol}:{name}", simple))
    except Unfit:
        return []
    return parts


def component_from_wire(component: Component, value: Simple) -> Simple:
    """`from_wire` for a component.

    Raises:
        Unfit: as `from_wire`.
    """
    return from_wire(component.kind, value, unsigned=component.unsigned)


def _simple_from_json(kind: ValueKind, value: Any, unsigned: bool) -> Simple:
    given = type(value)
    if kind is ValueKind.INT:
        if given is float and isfinite(value) and value == int(value):
            return _in_range(int(value), unsigned)
        if given is str:
            return _in_range(_exact_integer(value), unsigned)
        if given is not int:
            raise Unfit(f"{_article(given)} where {_KIND_WORDS[kind]} is declared")
    elif kind is ValueKind.FLOAT and given is str:
        if not _DECIMAL.fullmatch(value):
            raise Unfit("a text that is not a number")
        return _finite(float(value))
    elif given not in _JSON_TYPES:
        raise Unfit(f"{_article(given)} where {_KIND_WORDS[kind]} is declared")
    return from_wire(kind, value, unsigned=unsigned)


def _exact_integer(text: str) -> int:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        if isfinite(number) and abs(number) < 2**53 and number == int(number):
            return int(number)
    raise Unfit("a text that is not an integer")


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except OverflowError:
        raise Unfit("a number beyond the range of a float") from None
    if not isfinite(number):
        raise Unfit("not a finite number")
    return number


def _in_range(value: int, unsigned: bool) -> int:
    if unsigned:
        if not 0 <= value <= HIGHEST_UNSIGNED:
            raise Unfit("outside of 32 unsigned bits")
    elif not LOWEST_INT <= value <= HIGHEST_INT:
        raise Unfit("outside of 64 bits")
    return value


def _text(value: str) -> str:
    if len(value) > MAX_TEXT:
        raise Unfit(f"a text of more than {MAX_TEXT} bytes")
    try:
        length = len(value) if value.isascii() else len(value.encode())
    except UnicodeEncodeError:
        raise Unfit("a text with half a surrogate pair") from None
    if length > MAX_TEXT:
        raise Unfit(f"a text of more than {MAX_TEXT} bytes")
    if "\0" in value:
        raise Unfit("a text with a NUL character")
    return value


_PYTHON_TYPES: Final[dict[ValueKind, type]] = {
    ValueKind.BOOL: bool,
    ValueKind.INT: int,
    ValueKind.FLOAT: float,
    ValueKind.STRING: str,
}
_JSON_TYPES: Final = frozenset(_PYTHON_TYPES.values())
_KIND_WORDS: Final[dict[ValueKind, str]] = {
    ValueKind.BOOL: "a boolean",
    ValueKind.INT: "an integer",
    ValueKind.FLOAT: "a number",
    ValueKind.STRING: "a text",
    ValueKind.COMPOSITE: "an object",
}
_TYPE_WORDS: Final[dict[type, str]] = {
    bool: "a boolean",
    int: "an integer",
    float: "a number with a fraction",
    str: "a text",
    dict: "an object",
    list: "an array",
    type(None): "null",
}


def _article(given: type) -> str:
    return _TYPE_WORDS.get(given, f"a {given.__name__}")


def _names(declared: PropertyType) -> str:
    return ", ".join(component.name for component in declared.components) or "simple components"
