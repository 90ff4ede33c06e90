"""The catalogue of property types (reference 6.5)."""

from __future__ import annotations

from functools import cache

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.answers import Answer, json_answer
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.types import CATALOGUE


class PropertyTypeView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A property type, `ArduinoPropertytype`."""

    type: str
    name: str
    declaration: str
    deprecated: bool
    rw: bool
    assistants: list[str]
    tags: list[str]
    units: list[str]
    superseded_by: str | None = msgspec.field(default=None, name="supersededBy")


def catalogue() -> list[PropertyTypeView]:
    """The types that are offered, in their order."""
    return [
        PropertyTypeView(
            type=declared.name,
            name=declared.title,
            declaration=declared.declaration,
            deprecated=declared.deprecated,
            rw=declared.read_write,
            assistants=list(declared.assistants),
            tags=[],
            units=list(declared.units),
            superseded_by=declared.superseded_by,
        )
        for declared in CATALOGUE
    ]


@cache
def _answer() -> Answer:
    return json_answer(catalogue())


@operation(
    "GET",
    "/iot/v1/property_types",
    "property_types_v1#listTypes",
    "The types that a property may have.",
    returns=list[PropertyTypeView],
    errors=(401,),
)
async def list_types(call: Call) -> Answer:
    """The catalogue, encoded once."""
    return _answer()


ROUTES: list[HTTPRouteHandler] = [list_types]
