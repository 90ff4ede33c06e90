"""The catalogue of property types."""

from __future__ import annotations

from rookery.arduino.types import PROPERTY_TYPES
from tests.arduino.api.conftest import World
from tests.arduino.api.greenhouse import accepted


async def test_the_catalogue(world: World) -> None:
    answer = await world.call("GET", "/iot/v1/property_types")
    assert answer.status_code == 200
    types = accepted("GET /iot/v1/property_types", answer)
    assert len(types) == 104
    assert len({t.type for t in types}) == 104
    assert [t.type for t in types[:3]] == ["ENERGY", "FORCE", "TEMPERATURE"]
    assert sum(t.deprecated for t in types) == 56
    by_name = {t["type"]: t for t in answer.json()}
    assert by_name["TEMPERATURE"] == {
        "type": "TEMPERATURE",
        "name": "Temperature",
        "declaration": "CloudTemperature",
        "deprecated": False,
        "rw": True,
        "assistants": [],
        "tags": [],
        "units": ["°C", "°F", "K"],
    }
    assert by_name["HOME_CONTACT_SENSOR"]["rw"] is False
    assert by_name["HOME_LIGHT"]["assistants"] == ["ALEXA", "GOOGLE"]
    assert by_name["AMPERE"]["supersededBy"] == "ELECTRIC_CURRENT"
    assert set(by_name) < set(PROPERTY_TYPES)


async def test_it_is_for_those_who_are_logged_in(world: World) -> None:
    assert (await world.http.get("/iot/v1/property_types")).status_code == 401


async def test_every_type_can_be_declared(world: World) -> None:
    properties = [
        {"name": name, "type": name, "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
        for name in PROPERTY_TYPES
    ]
    answer = await world.call("PUT", "/iot/v2/things", {"properties": properties})
    assert answer.status_code == 201
    assert [p["type"] for p in answer.json()["properties"]] == list(PROPERTY_TYPES)
    assert len(PROPERTY_TYPES) == 132
