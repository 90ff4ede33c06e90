"""What clients send about things and properties, and what it means to core (reference 3.4, 3.5).

A structure says what a body may hold; the functions turn it into core's words and find what a structure can not: types
that do not exist, addresses that are none. Every refusal names the field with its whole path.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, UnsetType

from rookery.arduino.api.body import Moment, Uuid
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.tags import Tag
from rookery.arduino.types import property_type
from rookery.core.errors import Invalid
from rookery.core.ids import is_uuid
from rookery.core.records import UpdatePolicy
from rookery.core.variables import SYMBOL_LIMIT, VariableSpec

URI_LIMIT = 2_048
"""Characters of a webhook's address: what every HTTP server takes as a request line."""
VARIABLES_LIMIT = 1_000
"""Properties in one body. Boards with a hundred variables exist; more than this can be added in several requests."""
TAGS_LIMIT = 1_000
"""Tags in one body."""
LARGEST = 2**31 - 1
"""Largest `tag` of a property: a key of a CBOR record that a board reads into 32 bits."""

# P-THING and P-VAR of the reference. `$` alone would let a line feed at the end through.
ThingName = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_. -]+$(?!\n)")]
VariableName = Annotated[str, msgspec.Meta(max_length=SYMBOL_LIMIT, pattern=r"^([a-zA-Z_][a-zA-Z0-9_]*)?$(?!\n)")]
Integer = Annotated[int, msgspec.Meta(ge=-LARGEST - 1, le=LARGEST)]
Assistant = Literal["ALEXA", "GOOGLE", "NONE"]


class PropertyBody(msgspec.Struct):
    """Body of create and update of a property."""

    name: str
    permission: Literal["READ_ONLY", "READ_WRITE"]
    type: str
    update_strategy: Literal["ON_CHANGE", "TIMED"]
    max_value: float | None = None
    min_value: float | None = None
    persist: bool = True
    tag: Integer | None = None
    update_parameter: float | None = None
    variable_name: VariableName | None = None


class ThingCreate(msgspec.Struct):
    """Body of create. `device_id` may be "" for none."""

    name: ThingName | None = None
    assistant: Assistant | None = None
    device_id: str | None = None
    id: Uuid | None = None
    properties: Annotated[list[PropertyBody], msgspec.Meta(max_length=VARIABLES_LIMIT)] = []
    tags: Annotated[list[Tag], msgspec.Meta(max_length=TAGS_LIMIT)] = []
    timezone: str | None = None
    webhook_active: bool | None = None
    webhook_uri: str | None = None


class ThingUpdate(msgspec.Struct):
    """Body of update: what is missing stays. `device_id` null or "" detaches the device."""

    name: ThingName | None = None
    assistant: Assistant | None = None
    device_id: str | UnsetType | None = UNSET
    properties: Annotated[list[PropertyBody], msgspec.Meta(max_length=VARIABLES_LIMIT)] = []
    timezone: str | None = None
    webhook_active: bool | None = None
    webhook_uri: str | None = None
    soft_deleted: bool = False


class ThingClone(msgspec.Struct):
    """Body of clone."""

    name: ThingName
    include_tags: bool = False


class ValueBody(msgspec.Struct):
    """Body of publish: one value. With `device_id` it counts as sent by that device."""

    value: Any
    device_id: Uuid | None = None


class TimedValue(msgspec.Struct):
    """Item of a batch."""

    timestamp: Moment
    value: Any


class PropertyDefinition(msgspec.Struct):
    """Item of the publishing of several properties: `property` is a name, a variable name or an id."""

    property: str
    value: Any


class ValuesBody(msgspec.Struct):
    """Body of the publishing of several properties at once."""

    properties: Annotated[list[PropertyDefinition], msgspec.Meta(min_length=1, max_length=VARIABLES_LIMIT)]
    to_device: bool = False


def spec_of(body: PropertyBody, where: str = "") -> VariableSpec:
    """What a property is in core's words. `where` is the path of the body, such as `properties[2].`.

    Raises:
        Problem: 400, there is no such type.
    """
    try:
        declared = property_type(body.type)
    except Invalid as error:
        raise bad_field(f"{where}type", f"{where}type: {error}.") from None
    if not body.name.strip():
        raise bad_field(f"{where}name", f"{where}name: A property needs a name.")
    return VariableSpec(
        name=body.name,
        symbol=body.variable_name or None,
        type=declared.name,
        kind=declared.kind,
        writable=body.permission == "READ_WRITE",
        policy=UpdatePolicy.TIMED if body.update_strategy == "TIMED" else UpdatePolicy.ON_CHANGE,
        policy_parameter=body.update_parameter,
        persist=body.persist,
        tag=body.tag,
        minimum=body.min_value,
        maximum=body.max_value,
    )


def specs_of(bodies: Sequence[PropertyBody]) -> list[VariableSpec]:
    """The specs of `properties` in the body of a thing. Raises like `spec_of`."""
    return [spec_of(body, f"properties[{place}].") for place, body in enumerate(bodies)]


def device_of(text: str | None) -> str | None:
    """The id of a device, None for null and "".

    Raises:
        Problem: 400, not a UUID.
    """
    if not text:
        return None
    if not is_uuid(text):
        raise bad_field("device_id", "device_id: Expected a UUID.")
    return text.lower()


def thing_fields(body: ThingCreate | ThingUpdate) -> dict[str, Any]:
    """The fields of the record that a body sets (reference 4.6, 4.11).

    Raises:
        Problem: 400, the webhook's address is not one.
    """
    fields: dict[str, Any] = {
        name: value for name in ("name", "assistant", "timezone") if (value := getattr(body, name)) is not None
    }
    if body.webhook_active is not None:
        fields["webhook_active"] = body.webhook_active
    if body.webhook_uri is not None:
        fields["webhook_uri"] = _checked_uri(body.webhook_uri) if body.webhook_uri else None
        # A webhook is on from the moment it has an address, and one without an address is off.
        fields.setdefault("webhook_active", bool(body.webhook_uri))
    return fields


def _checked_uri(uri: str) -> str:
    try:
        parts = urlsplit(uri)
        # Reading the port is what finds one that is no number.
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good or len(uri) > URI_LIMIT or re.search(r"[\x00-\x20\x7f]", uri):
        raise bad_field("webhook_uri", "webhook_uri: Expected the URL of an HTTP or HTTPS server.")
    return uri
