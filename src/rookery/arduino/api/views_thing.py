"""How things and properties are shown (reference 3.4, 3.5, 3.11).

Required fields have no default and are always sent; optional ones are left out when there is nothing to say (4.3).
The list of a thing's properties is what dashboards and scripts poll, so its JSON is kept in parts: what the definition
says is encoded once a definition, a value once a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from rookery.arduino.api.answers import encode
from rookery.arduino.api.tags import Tag
from rookery.arduino.api.times import format_time
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Point, Value
from rookery.core.records import Device, Thing, UpdatePolicy, Variable
from rookery.core.variables import symbol_of

ENCODED_THINGS = 1_000
"""Things whose properties are kept encoded: with 20 properties about 15 kB each, so 15 MB."""
ENCODED_SIZE = 1_024
"""Bytes of a property up to which its JSON is kept. Longer texts are encoded each time."""


class PropertyView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A property, `ArduinoProperty`."""

    href: str
    id: str
    thing_id: str
    thing_name: str
    name: str
    variable_name: str
    type: str
    permission: Literal["READ_ONLY", "READ_WRITE"]
    update_strategy: Literal["ON_CHANGE", "TIMED"]
    update_parameter: float | None = None
    min_value: float | None = None
    max_value: float | None = None
    persist: bool
    tag: int
    linked_to_trigger: bool
    sync_id: str | None = None
    created_at: str
    updated_at: str
    deleted_at: str | None = None
    last_value: Any = None
    """Left out as long as there never was one."""
    value_updated_at: str | None = None


class ThingView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A thing, `ArduinoThing`."""

    href: str
    id: str
    user_id: str
    organization_id: str | None = None
    name: str
    timezone: str
    assistant: Literal["ALEXA", "GOOGLE", "NONE"]
    device_id: str | None = None
    device_name: str | None = None
    device_fqbn: str | None = None
    device_type: str | None = None
    properties_count: int
    properties: list[PropertyView] | None = None
    tags: dict[str, str]
    webhook_active: bool
    webhook_uri: str | None = None
    sketch_id: str | None = None
    source_template: str | None = None
    created_at: str
    updated_at: str
    deleted_at: str | None = None


class LayoutView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A thing without values, as version 1 of the API shows it at `/layout`."""

    href: str
    id: str
    user_id: str
    name: str
    timezone: str
    device_id: str | None = None
    properties: list[PropertyView]


class TemplateVariable(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A property in a template, `ArduinoTemplateproperty`."""

    id: str
    name: str
    permission: str
    type: str
    update_parameter: float | None = None
    update_strategy: str
    variable_name: str


class TemplateDevice(msgspec.Struct, omit_defaults=True, kw_only=True):
    """The board of a template, `ArduinoDevicev2templatedevice`."""

    fqbn: str | None = None
    name: str


class ThingTemplate(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A thing as a template, `ArduinoThingtemplate`."""

    id: str
    name: str
    timezone: str
    organization_id: str | None = None
    device_metadata: TemplateDevice | None = None
    tags: list[Tag]
    variables: list[TemplateVariable]
    webhook_uri: str | None = None


def in_order(variables: Iterable[Variable]) -> list[Variable]:
    """Oldest first; those that were made together by their tags, which is the order in which they were given."""
    return sorted(variables, key=lambda v: (v.created_at, v.tag, v.id))


def property_view(thing_name: str, variable: Variable, last: Point | None = None) -> PropertyView:
    """A property with its last value, if it has one."""
    return PropertyView(
        href=f"/iot/v1/things/{variable.thing_id}/properties/{variable.id}",
        id=variable.id,
        thing_id=variable.thing_id,
        thing_name=thing_name,
        name=variable.name,
        variable_name=variable.symbol,
        type=variable.type,
        permission=_permission(variable),
        update_strategy=_strategy(variable),
        update_parameter=variable.policy_parameter,
        min_value=variable.minimum,
        max_value=variable.maximum,
        persist=variable.persist,
        tag=variable.tag,
        linked_to_trigger=False,
        sync_id=variable.sync_id,
        created_at=format_time(variable.created_at),
        updated_at=format_time(variable.updated_at),
        deleted_at=_optional_time(variable.deleted_at),
        last_value=None if last is None else last.value,
        value_updated_at=None if last is None else format_time(last.time),
    )


def last_point(variable: LiveVariable) -> Point | None:
    """The last value of a variable, None when it never had one."""
    value = variable.value
    return None if value is None else Point(variable.time, value)


def live_properties(live: LiveThing) -> list[PropertyView]:
    """The properties of a thing in use."""
    return [
        property_view(live.record.name, record, last_point(live.by_id[record.id]))
        for record in in_order(v.record for v in live.by_id.values())
    ]


def thing_view(
    thing: Thing, device: Device | None, count: int, properties: list[PropertyView] | None = None
) -> ThingView:
    """A thing; `count` is the number of its properties, shown here or not."""
    return ThingView(
        href=f"/iot/v1/things/{thing.id}",
        id=thing.id,
        user_id=thing.person_id,
        organization_id=_organisation(thing),
        name=thing.name,
        timezone=thing.timezone,
        assistant=thing.assistant,  # type: ignore[arg-type]  # core keeps any text; this API checked it at the door
        device_id=thing.device_id,
        device_name=device.name if device is not None else None,
        device_fqbn=device.fqbn if device is not None else None,
        device_type=device.type if device is not None else None,
        properties_count=count,
        properties=properties,
        tags=thing.tags,
        webhook_active=thing.webhook_active,
        webhook_uri=thing.webhook_uri,
        sketch_id=thing.sketch_id,
        source_template=thing.source_template,
        created_at=format_time(thing.created_at),
        updated_at=format_time(thing.updated_at),
        deleted_at=_optional_time(thing.deleted_at),
    )


def layout_view(live: LiveThing) -> LayoutView:
    """The shape of a thing."""
    thing = live.record
    return LayoutView(
        href=f"/iot/v1/things/{thing.id}",
        id=thing.id,
        user_id=thing.person_id,
        name=thing.name,
        timezone=thing.timezone,
        device_id=thing.device_id,
        properties=[property_view(thing.name, record) for record in in_order(v.record for v in live.by_id.values())],
    )


def tag_list(tags: dict[str, str]) -> list[Tag]:
    """Tags as a list."""
    return [Tag(key, value) for key, value in tags.items()]


def template_view(thing: Thing, device: Device | None, variables: Sequence[Variable]) -> ThingTemplate:
    """A thing as a template: what it is made of, without ids, values and history."""
    return ThingTemplate(
        id=symbol_of(thing.name).lower(),
        name=thing.name,
        timezone=thing.timezone,
        organization_id=_organisation(thing),
        device_metadata=TemplateDevice(fqbn=device.fqbn, name=device.type) if device is not None else None,
        tags=tag_list(thing.tags),
        variables=[
            TemplateVariable(
                id=v.symbol,
                name=v.name,
                permission=_permission(v),
                type=v.type,
                update_parameter=v.policy_parameter,
                update_strategy=_strategy(v),
                variable_name=v.symbol,
            )
            for v in in_order(variables)
        ],
        webhook_uri=thing.webhook_uri,
    )


def _permission(variable: Variable) -> Literal["READ_ONLY", "READ_WRITE"]:
    return "READ_WRITE" if variable.writable else "READ_ONLY"


def _strategy(variable: Variable) -> Literal["ON_CHANGE", "TIMED"]:
    return "TIMED" if variable.policy is UpdatePolicy.TIMED else "ON_CHANGE"


def _organisation(thing: Thing) -> str | None:
    return None if thing.space_id == thing.person_id else thing.space_id


def _optional_time(time: int | None) -> str | None:
    return None if time is None else format_time(time)


class _EncodedProperty:
    """The JSON of one property, and the value that it shows."""

    __slots__ = ("definition", "json", "time", "value", "variable")

    def __init__(self, thing_name: str, variable: LiveVariable) -> None:
        self.variable = variable
        self.definition = encode(property_view(thing_name, variable.record))[:-1]
        self.json = self.definition + b"}"
        self.time = -1
        self.value: Value | None = None

    def show(self) -> bytes:
        """The JSON with the value of now."""
        variable = self.variable
        time, value = variable.time, variable.value
        if value is None:
            return self.definition + b"}"
        json = b'%b,"last_value":%b,"value_updated_at":"%b"}' % (
            self.definition,
            encode(value),
            format_time(time).encode(),
        )
        if len(json) <= ENCODED_SIZE:
            self.time, self.value, self.json = time, value, json
        return json


class _EncodedThing:
    """The properties of one thing. `by_id` tells a definition from the one before: a refresh makes a new one."""

    __slots__ = ("by_id", "name", "properties")

    def __init__(self, live: LiveThing) -> None:
        self.by_id = live.by_id
        self.name = live.record.name
        self.properties = [
            _EncodedProperty(self.name, live.by_id[record.id])
            for record in in_order(v.record for v in live.by_id.values())
        ]


class EncodedProperties:
    """The lists of properties of things in use, as JSON.

    It keeps what it has encoded and looks only whether a value has changed since. Entries leave in the order in which
    they came; one that is missed is made again.
    """

    def __init__(self, capacity: int = ENCODED_THINGS) -> None:
        self._capacity = capacity
        self._things: dict[str, _EncodedThing] = {}

    def json(self, live: LiveThing) -> bytes:
        """The same bytes as those of `live_properties`, encoded."""
        known = self._things.get(live.record.id)
        if known is None or known.by_id is not live.by_id or known.name != live.record.name:
            known = self._keep(live)
        return b"[%b]" % b",".join(
            [
                p.json if p.variable.value is p.value and p.variable.time == p.time else p.show()
                for p in known.properties
            ]
        )

    def _keep(self, live: LiveThing) -> _EncodedThing:
        self._things.pop(live.record.id, None)
        while len(self._things) >= self._capacity:
            del self._things[next(iter(self._things))]
        known = self._things[live.record.id] = _EncodedThing(live)
        return known
