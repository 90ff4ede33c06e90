"""From the records of one message to the new values of a thing's variables (arduino-device.md sections 4.2 to 4.7).

* A record is named by the variable's symbol; a component of a composite by `symbol:component`. Narrow links send a
  number instead: component * 256 + tag of the variable, component 0 for a simple value and then 1, 2, 3 in the order of
  the wire (section 4.4).
* The components of one composite stand together and become one value, laid over the last one. Another name between
  them, or a component for the second time, ends that value.
* Names that are no variables are ignored: boards also send `tz_offset`, `tz_dst_until` and `r:m`.
* A record that does not fit spoils itself only; the others of its message count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rookery.arduino.times import sample_time
from rookery.arduino.types import Component, PropertyType, declared_type
from rookery.arduino.values import (
    Simple,
    Unfit,
    component_from_wire,
    from_wire,
    merged,
    open_component,
    open_value,
    zero,
)
from rookery.core.ingest import Update
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Value
from rookery.core.records import ValueKind
from rookery.wire import senml

COMPONENT_SHIFT = 256
"""A numeric name is component * 256 + tag (section 4.4)."""


class Merged(NamedTuple):
    """What a message comes to."""

    updates: list[Update]
    """In the order of the message. A time of None is the time of arrival."""
    unfit: list[Unfit]
    """One for each record that does not fit; `field` is its name."""


def merge_records(
    thing: LiveThing, records: Iterable[senml.Record], now: int, *, missing_is_zero: bool = False
) -> Merged:
    """The updates that these records mean for this thing. Raises nothing.

    `now` is UTC microseconds. With `missing_is_zero` a record without a value means `false`, `0` or `""`: pass it for
    script clients only (section 4.7), boards never leave the value out.
    """
    return _Merge(thing, now, missing_is_zero).run(records)


class _Merge:
    """The state of one message: finished updates, and the composite whose components are being gathered."""

    __slots__ = ("_given", "_latest", "_missing_is_zero", "_now", "_open", "_sent", "_thing", "_unfit", "_updates")

    def __init__(self, thing: LiveThing, now: int, missing_is_zero: bool) -> None:
        self._thing = thing
        self._now = now
        self._missing_is_zero = missing_is_zero
        self._updates: list[Update] = []
        self._unfit: list[Unfit] = []
        self._open: LiveVariable | None = None
        self._given: dict[str, Simple] = {}
        self._sent: float | None = None
        self._latest: dict[LiveVariable, Value] = {}

    def run(self, records: Iterable[senml.Record]) -> Merged:
        for name, value, sent in records:
            try:
                self._take(name, value, sent)
            except Unfit as error:
                self._unfit.append(Unfit(str(error), str(name)[:128]))
        self._finish()
        return Merged(self._updates, self._unfit)

    def _take(self, name: senml.Name, value: senml.Value | None, sent: float | None) -> None:
        variable, part = self._find(name)
        if variable is not self._open:
            self._finish()
        if variable is None:
            return
        declared = declared_type(variable.record.type, variable.record.kind)
        if declared.kind is not ValueKind.COMPOSITE:
            if part is None:
                simple = from_wire(declared.kind, self._present(value, declared.kind), unsigned=declared.unsigned)
                self._updates.append((variable, simple, sample_time(sent, self._now)))
            return
        if part is None:
            raise Unfit(f"{declared.name} is sent by its components")
        component = _component(declared, part)
        if component is None:
            if not declared.open:
                return
            key = open_component(part)
            if value is None:
                raise Unfit("no value")
            item = open_value(value)
        else:
            key = component.name
            item = component_from_wire(component, self._present(value, component.kind))
        if key in self._given:
            self._finish()
        if self._open is None:
            self._open = variable
            self._sent = sent
        self._given[key] = item

    def _present(self, value: senml.Value | None, kind: ValueKind) -> Simple:
        if value is not None:
            return value
        if not self._missing_is_zero:
            raise Unfit("no value")
        return zero(kind)

    def _finish(self) -> None:
        """Lay the gathered components over the last value."""
        variable, given = self._open, self._given
        if variable is None:
            return
        self._open, self._given = None, {}
        declared = declared_type(variable.record.type, variable.record.kind)
        try:
            value = merged(declared, given, self._latest.get(variable, variable.value))
        except Unfit as error:
            self._unfit.append(Unfit(str(error), variable.record.symbol))
            return
        self._latest[variable] = value
        self._updates.append((variable, value, sample_time(self._sent, self._now)))

    def _find(self, name: senml.Name) -> tuple[LiveVariable | None, str | int | None]:
        """The variable that a name means, and which part of it: a component's name or number, None for the whole."""
        if isinstance(name, int):
            number, tag = divmod(name, COMPONENT_SHIFT)
            return self._thing.by_tag.get(tag), number or None
        variable = self._thing.by_symbol.get(name)
        if variable is not None:
            return variable, None
        symbol, colon, part = name.partition(":")
        return (self._thing.by_symbol.get(symbol) if colon else None), part


def _component(declared: PropertyType, part: str | int) -> Component | None:
    """The component with this name, or with this number counted from 1."""
    if isinstance(part, int):
        return declared.components[part - 1] if part <= len(declared.components) else None
    for component in declared.components:
        if component.name == part:
            return component
    return None
