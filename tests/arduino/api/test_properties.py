"""Properties: list, make, show, change, delete, and what a list costs."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rookery.arduino.api.answers import encode
from rookery.arduino.api.views_thing import ENCODED_SIZE, EncodedProperties, live_properties
from rookery.core.live import LiveThing
from tests.arduino.api.conftest import World
from tests.arduino.api.greenhouse import CHANGED, PROPERTIES, UNKNOWN_ID, accepted, greenhouse, names_of, play_strictly
from tests.arduino.api.scenario import Row, check_error

PROPERTY = {"name": "Water level", "type": "INT", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
LIST = "/iot/v2/things/{thing}/properties"


@pytest.fixture
async def live(world: World) -> LiveThing:
    return await greenhouse(world)


def bad(about: str, field: str, /, **changes: Any) -> Row:
    """A body that create refuses."""
    return Row(f"create, {about}", f"PUT {LIST}", 400, (field,), body={**PROPERTY, **changes}, field=field)


ROWS = [
    Row("list", f"GET {LIST}", 200, ('"id":"{lamp}"', '"id":"{note}"'), ("last_value", "value_updated_at")),
    Row("list, href", f"GET {LIST}", 200, ('"href":"/iot/v1/things/{thing}/properties/{lamp}"',)),
    Row("list, with deleted ones", f"GET {LIST}?show_deleted=true", 200, ('"id":"{lamp}"',), ("deleted_at",)),
    Row("list, version 1", "GET /iot/v1/things/{thing}/properties/", 200, ('"thing_name":"Greenhouse"',)),
    Row("list, doubled prefix", "GET /iot/iot/v2/things/{thing}/properties", 200, ('"id":"{lamp}"',)),
    Row("list, unknown", f"GET /iot/v2/things/{UNKNOWN_ID}/properties", 404),
    Row("list, not an id", "GET /iot/v2/things/x/properties", 404),
    Row("show", f"GET {LIST}/{{temperature}}", 200, ('"permission":"READ_ONLY"', '"update_parameter":60.0')),
    Row("show, upper-case id", f"GET {LIST}/{{LAMP}}", 200, ('"id":"{lamp}"',)),
    Row("show, persist and tag", f"GET {LIST}/{{lamp}}", 200, ('"persist":true,"tag":2,"linked_to_trigger":false',)),
    Row("show, with deleted ones", f"GET {LIST}/{{lamp}}?show_deleted=1", 200, ('"id":"{lamp}"',)),
    Row("show, unknown", f"GET {LIST}/{UNKNOWN_ID}", 404),
    Row("show, not an id", f"GET {LIST}/lamp", 404),
    Row("show, of another thing", f"GET /iot/v2/things/{UNKNOWN_ID}/properties/{{lamp}}", 404),
    Row(
        "create",
        f"PUT {LIST}",
        201,
        ('"name":"Water level","variable_name":"Water_level","type":"INT"', '"persist":true,"tag":6'),
        ("last_value", "min_value", "update_parameter"),
        body=PROPERTY,
        events=CHANGED,
    ),
    Row(
        "create with everything",
        f"PUT {LIST}",
        201,
        (
            '"variable_name":"w1"',
            '"update_strategy":"TIMED","update_parameter":2.5,"min_value":-1.0,"max_value":10.0',
            '"persist":false,"tag":40',
        ),
        body={
            **PROPERTY,
            "variable_name": "w1",
            "update_strategy": "TIMED",
            "update_parameter": 2.5,
            "min_value": -1,
            "max_value": 10,
            "persist": False,
            "tag": 40,
        },
        events=CHANGED,
    ),
    Row("create, name taken", f"PUT {LIST}", 412, body={**PROPERTY, "name": "lamp", "variable_name": "x"}),
    Row("create, variable name taken", f"PUT {LIST}", 412, body={**PROPERTY, "variable_name": "lamp"}),
    Row("create, tag taken", f"PUT {LIST}", 412, body={**PROPERTY, "tag": 2}),
    bad("no name", "name", name=None),
    bad("empty name", "name", name=""),
    bad("blank name", "name", name=" "),
    bad("very long name", "name", name="n" * 100_000),
    bad("name that is a number", "name", name=7),
    bad("no type", "type", type=None),
    bad("unknown type", "type", type="temperature"),
    bad("no permission", "permission", permission=None),
    bad("unknown permission", "permission", permission="WRITE"),
    bad("no strategy", "update_strategy", update_strategy=None),
    bad("unknown strategy", "update_strategy", update_strategy="SOMETIMES"),
    bad("variable name that begins with a digit", "variable_name", variable_name="1w"),
    bad("variable name with a blank", "variable_name", variable_name="w 1"),
    bad("variable name with a line feed at its end", "variable_name", variable_name="w1\n"),
    bad("variable name too long", "variable_name", variable_name="w" * 65),
    bad("tag that is no integer", "tag", tag=1.5),
    bad("tag beyond 32 bits", "tag", tag=2**31),
    bad("bound that is no number", "min_value", min_value="low"),
    bad("parameter that is no number", "update_parameter", update_parameter=True),
    bad("persist that is no flag", "persist", persist="no"),
    Row("create, unknown thing", f"PUT /iot/v2/things/{UNKNOWN_ID}/properties", 404, body=PROPERTY),
    Row("create, no body", f"PUT {LIST}", 400, body={}, field="name"),
    Row(
        "update",
        f"POST {LIST}/{{door}}",
        200,
        ('"id":"{door}"', '"name":"Water level","variable_name":"door","type":"INT"', '"tag":3'),
        body=PROPERTY,
        events=CHANGED,
    ),
    Row("update, name taken", f"POST {LIST}/{{door}}", 412, body={**PROPERTY, "name": "lamp"}),
    Row("update, unknown type", f"POST {LIST}/{{door}}", 400, body={**PROPERTY, "type": "X"}, field="type"),
    Row("update, part of it", f"POST {LIST}/{{door}}", 400, body={"name": "x"}, field="permission"),
    Row("update, unknown", f"POST {LIST}/{UNKNOWN_ID}", 404, body=PROPERTY),
    Row("delete", f"DELETE {LIST}/{{door}}", 200, events=CHANGED),
    Row("delete for good", f"DELETE {LIST}/{{door}}?force=true", 200, events=CHANGED),
    Row("delete, unknown", f"DELETE {LIST}/{UNKNOWN_ID}", 404),
    Row("delete, not a flag", f"DELETE {LIST}/{{door}}?force=please", 400, field="force"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, live: LiveThing, row: Row) -> None:
    names = names_of(live)
    await play_strictly(world, row, {**names, "LAMP": names["lamp"].upper()})


async def test_deleted_is_hidden_shown_on_request_and_brought_back_by_an_update(world: World, live: LiveThing) -> None:
    names = names_of(live)
    path = LIST.format(**names)
    door = f"{path}/{names['door']}"
    await world.call("PUT", f"{door}/publish", {"value": True})
    await world.call("DELETE", door)
    check_error(await world.call("GET", door), 404)
    check_error(await world.call("DELETE", door), 404)
    assert names["door"] not in (await world.call("GET", path)).text
    shown = accepted("GET /iot/v2/things/x/properties/y", await world.call("GET", f"{door}?show_deleted=true"))
    assert shown.deleted_at is not None
    assert shown.last_value is True
    listed = (await world.call("GET", f"{path}?show_deleted=true")).json()
    assert [p["name"] for p in listed if "deleted_at" in p] == ["door"]
    back = (await world.call("POST", door, {**PROPERTY, "name": "door", "type": "STATUS"})).json()
    assert back["last_value"] is True
    assert "deleted_at" not in back
    await world.call("DELETE", f"{door}?force=true")
    check_error(await world.call("GET", f"{door}?show_deleted=true"), 404)


async def test_a_list_asks_nobody_but_memory(world: World, live: LiveThing) -> None:
    path = LIST.format(thing=live.record.id)
    await world.call("GET", path)
    before = world.catalog.reads
    assert len((await world.call("GET", path)).json()) == len(PROPERTIES)
    assert world.catalog.reads == before


async def test_what_is_kept_encoded_is_what_would_be_encoded(world: World, live: LiveThing) -> None:
    encoded = EncodedProperties()

    def same() -> None:
        for _ in range(2):
            assert encoded.json(live) == encode(live_properties(live))

    async def publish(name: str, value: object) -> None:
        answer = await world.call(
            "PUT", f"/iot/v2/things/{live.record.id}/publish", {"properties": [{"property": name, "value": value}]}
        )
        assert answer.status_code == 200

    same()
    for name, value in (
        ("door", False),
        ("door", True),
        ("visits", 0),
        ("visits", -(2**63)),
        ("temperature", 21.5),
        ("lamp", {"hue": 1}),
        ("note", ""),
        ("note", 'line\n"quote" Ü \u2028'),
        ("note", "long" * ENCODED_SIZE),
        ("note", "short"),
    ):
        await publish(name, value)
        same()
    await world.call("POST", f"/iot/v2/things/{live.record.id}", {"name": "Orangery"})
    same()
    await world.call("PUT", LIST.format(thing=live.record.id), PROPERTY)
    same()
    world.clock.turn(1)
    await publish("Water level", 5)
    same()
    live.by_symbol["door"].value, live.by_symbol["door"].time = None, -1
    same()


async def test_few_things_are_kept_encoded(world: World) -> None:
    encoded = EncodedProperties(capacity=2)
    things = [await greenhouse(world) for _ in range(3)]
    for _ in range(2):
        for live in things:
            assert msgspec.json.decode(encoded.json(live))[0]["thing_id"] == live.record.id
    assert len(encoded._things) == 2
