"""A thing with a property of each kind, and the vendor's own models as a check on every answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx
from iot_api_client import models as vendor_models

from rookery.arduino.types import property_type
from rookery.core.live import LiveThing
from rookery.core.records import UpdatePolicy
from rookery.core.variables import VariableSpec
from tests.arduino.api.conftest import World
from tests.arduino.api.scenario import Row, play

models: Any = vendor_models

UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
CHANGED = ("thing.{thing} ThingChanged", "things ThingChanged")
FRESH = ("thing.{new} ThingChanged", "things ThingChanged")

PROPERTIES: Mapping[str, str] = {
    "temperature": "TEMPERATURE",
    "lamp": "HOME_COLORED_LIGHT",
    "door": "STATUS",
    "visits": "INT",
    "note": "CHARSTRING",
}
"""Name to type."""


async def greenhouse(world: World, **fields: Any) -> LiveThing:
    """The thing, whose properties never had a value."""
    specs = [
        VariableSpec(
            name=name,
            type=type,
            kind=property_type(type).kind,
            writable=name != "temperature",
            policy=UpdatePolicy.TIMED if name == "temperature" else UpdatePolicy.ON_CHANGE,
            policy_parameter=60.0 if name == "temperature" else None,
        )
        for name, type in PROPERTIES.items()
    ]
    thing = await world.services.things.create(
        world.user, name="Greenhouse", timezone="Europe/Rome", tags={"room": "north"}, variables=specs, **fields
    )
    live = await world.services.live.get(thing.id)
    assert live is not None
    return live


def names_of(live: LiveThing, **more: str) -> dict[str, str]:
    """Ids by name, for rows."""
    return {"thing": live.record.id, **{v.record.symbol: v.record.id for v in live.by_id.values()}, **more}


_ANSWERS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/things", list[models.ArduinoThing]),
    ("PUT", "/things", models.ArduinoThing),
    ("GET", "/things/[^/]+", models.ArduinoThing),
    ("POST", "/things/[^/]+", models.ArduinoThing),
    ("DELETE", "/things/[^/]+", None),
    ("PUT", "/things/[^/]+/clone", models.ArduinoThing),
    ("GET", "/things/[^/]+/template", models.ArduinoThingtemplate),
    ("GET", "/things/[^/]+/tags", models.ArduinoTags),
    ("PUT", "/things/[^/]+/tags", None),
    ("DELETE", "/things/[^/]+/tags/[^/]+", None),
    ("GET", "/things/[^/]+/properties", list[models.ArduinoProperty]),
    ("PUT", "/things/[^/]+/properties", models.ArduinoProperty),
    ("GET", "/things/[^/]+/properties/[^/]+", models.ArduinoProperty),
    ("POST", "/things/[^/]+/properties/[^/]+", models.ArduinoProperty),
    ("DELETE", "/things/[^/]+/properties/[^/]+", None),
    ("PUT", "/things/[^/]+/properties/[^/]+/(publish|send)", None),
    ("PUT", "/things/[^/]+/properties/[^/]+/publish_batch", None),
    ("PUT", "/things/[^/]+/publish", None),
    ("GET", "/things/[^/]+/properties/[^/]+/timeseries", models.ArduinoTimeseriesmedia),
    ("GET", "/property_types", list[models.ArduinoPropertytype]),
    ("POST", "/series/historic_data", None),
    ("POST", "/series/batch_query", models.ArduinoSeriesBatch),
    ("POST", "/series/batch_query_raw", models.ArduinoSeriesRawBatch),
    ("POST", "/series/batch_query_sampling", models.ArduinoSeriesBatchSampled),
    ("POST", "/series/batch_query_raw/lastvalue", models.ArduinoSeriesRawBatchLastvalue),
)
"""Method, path and what the vendor's Python client makes of the answer; None: an empty one."""


def accepted(request: str, answer: httpx.Response) -> Any:
    """What the vendor's strict models read from an answer; they raise at anything that they do not like."""
    method, path = request.split("?")[0].split(" ")
    if answer.status_code >= 400:
        return models.Error.from_dict(answer.json())
    kind: Any = next(
        (kind for verb, known, kind in _ANSWERS if verb == method and re.fullmatch(f"/iot/v[12]{known}/?", path)),
        "unknown",
    )
    if kind == "unknown":
        return answer.json()
    if kind is None:
        assert answer.content == b""
        assert "content-type" not in answer.headers
        return None
    assert answer.headers["content-type"] == "application/json"
    assert "null" not in answer.text
    if getattr(kind, "__origin__", None) is list:
        return [kind.__args__[0].from_dict(item) for item in answer.json()]
    return kind.from_dict(answer.json())


async def play_strictly(world: World, row: Row, names: Mapping[str, str]) -> Any:
    """Play a row, and give back what the vendor's models make of the answer."""
    return accepted(row.request, await play(world, row, names))
