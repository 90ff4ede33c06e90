"""Things: list, make, show, change, attach, delete, bring back, copy, tags, export."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.live import LiveThing
from rookery.core.records import Role
from tests.arduino.api.conftest import World
from tests.arduino.api.greenhouse import (
    CHANGED,
    FRESH,
    PROPERTIES,
    UNKNOWN_ID,
    accepted,
    greenhouse,
    names_of,
    play_strictly,
)
from tests.arduino.api.scenario import Row, check_error

LONG = "n" * 65
PROPERTY = {"name": "level", "type": "INT", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}


@pytest.fixture
async def live(world: World) -> LiveThing:
    return await greenhouse(world)


def bad(about: str, field: str, /, **body: Any) -> Row:
    """A body that create refuses."""
    return Row(f"create, {about}", "PUT /iot/v2/things", 400, (field,), body=body, field=field)


ROWS = [
    Row("show", "GET /iot/v2/things/{thing}", 200, ('"href":"/iot/v1/things/{thing}"', '"name":"Greenhouse"')),
    Row("show, properties", "GET /iot/v2/things/{thing}", 200, ('"properties_count":5', '"properties":[{"href":')),
    Row("show, no value", "GET /iot/v2/things/{thing}", 200, (), ("last_value", "value_updated_at", "deleted_at")),
    Row("show, no device", "GET /iot/v2/things/{thing}", 200, ('"assistant":"NONE"',), ("device_", "organization_id")),
    Row("show, tags are a map", "GET /iot/v2/things/{thing}", 200, ('"tags":{"room":"north"}',)),
    Row("show, webhook off", "GET /iot/v2/things/{thing}", 200, ('"webhook_active":false',), ("webhook_uri",)),
    Row("show, upper-case id", "GET /iot/v2/things/{THING}", 200, ('"id":"{thing}"',)),
    Row("show, version 1", "GET /iot/v1/things/{thing}/", 200, ('"id":"{thing}"',)),
    Row("show, unknown", f"GET /iot/v2/things/{UNKNOWN_ID}", 404),
    Row("show, not an id", "GET /iot/v2/things/greenhouse", 404),
    Row("show, an id of another kind", "GET /iot/v2/things/{lamp}", 404),
    Row("list", "GET /iot/v2/things", 200, ('[{"href":', '"properties_count":5'), ('"properties":',)),
    Row("list with properties", "GET /iot/v2/things?show_properties=true", 200, ('"properties":[{', '"id":"{lamp}"')),
    Row("list by id", "GET /iot/v2/things?ids={thing}", 200, ('"id":"{thing}"',)),
    Row("list by ids, repeated", f"GET /iot/v2/things?ids={UNKNOWN_ID}&ids={{thing}}", 200, ('"id":"{thing}"',)),
    Row("list by ids, joined", f"GET /iot/v2/things?ids={UNKNOWN_ID},{{THING}}", 200, ('"id":"{thing}"',)),
    Row("list by another id", f"GET /iot/v2/things?ids={UNKNOWN_ID}", 200, ("[]",)),
    Row("list by no id", "GET /iot/v2/things?ids=greenhouse", 400, field="ids"),
    Row("list by device", f"GET /iot/v2/things?device_id={UNKNOWN_ID}", 200, ("[]",)),
    Row("list by no device", "GET /iot/v2/things?device_id=board1", 400, field="device_id"),
    Row("list by tag", "GET /iot/v2/things?tags=room:north", 200, ('"id":"{thing}"',)),
    Row("list by two tags", "GET /iot/v2/things?tags=room:north&tags=floor:1", 200, ("[]",)),
    Row("list by another tag", "GET /iot/v2/things?tags=room:south", 200, ("[]",)),
    Row("list by no tag", "GET /iot/v2/things?tags=room", 400, field="tags"),
    Row("list, not a flag", "GET /iot/v2/things?show_properties=some", 400, field="show_properties"),
    Row("list, everybody's", "GET /iot/v2/things?across_user_ids=true", 200, ('"id":"{thing}"',)),
    Row(
        "create from nothing",
        "PUT /iot/v2/things",
        201,
        ('"name":"Untitled 2"', '"timezone":"America/New_York"', '"properties":[]', '"properties_count":0'),
        body={},
        events=FRESH,
    ),
    Row(
        "create with everything",
        "PUT /iot/v2/things",
        201,
        (
            f'"id":"{UNKNOWN_ID}"',
            '"name":"Cold frame. 2_b-c"',
            '"tags":{"a":"1","b":"@x.y-z"}',
            '"assistant":"ALEXA"',
            '"webhook_uri":"https://example.com:8443/a?b=c"',
            '"webhook_active":true',
            '"variable_name":"level","type":"INT","permission":"READ_WRITE","update_strategy":"ON_CHANGE"',
            '"tag":1',
            '"thing_name":"Cold frame. 2_b-c"',
        ),
        body={
            "id": UNKNOWN_ID.upper(),
            "Name": "Cold frame. 2_b-c",
            "timezone": "Europe/Rome",
            "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "@x.y-z"}],
            "assistant": "ALEXA",
            "webhook_uri": "https://example.com:8443/a?b=c",
            "properties": [PROPERTY],
            "device_id": "",
            "sketch": {"unknown": True},
        },
        events=FRESH,
    ),
    Row(
        "create with a webhook that is off",
        "PUT /iot/v2/things",
        201,
        ('"webhook_active":false,"webhook_uri":"http://example.com"',),
        body={"webhook_uri": "http://example.com", "webhook_active": False},
        events=FRESH,
    ),
    Row("create, id taken", "PUT /iot/v2/things", 409, body={"id": "{thing}"}),
    Row("create, unknown device", "PUT /iot/v2/things", 404, body={"device_id": UNKNOWN_ID}),
    bad("name with an umlaut", "name", name="Gewächshaus"),
    bad("name too long", "name", name=LONG),
    bad("name with a line feed at its end", "name", name="Greenhouse\n"),
    bad("empty name", "name", name=""),
    bad("name that is a number", "name", name=7),
    bad("unknown zone", "timezone", timezone="Europe/Atlantis"),
    bad("zone that is a path", "timezone", timezone="../../etc/passwd"),
    bad("unknown assistant", "assistant", assistant="HAL"),
    bad("device that is no id", "device_id", device_id="board1"),
    bad("id that is no id", "id", id="7"),
    bad("webhook that is no address", "webhook_uri", webhook_uri="example.com"),
    bad("webhook of another scheme", "webhook_uri", webhook_uri="ftp://example.com"),
    bad("webhook without a host", "webhook_uri", webhook_uri="http:///x"),
    bad("webhook with a bad port", "webhook_uri", webhook_uri="http://example.com:99999999"),
    bad("webhook with a blank", "webhook_uri", webhook_uri="http://example.com/a b"),
    bad("webhook flag that is none", "webhook_active", webhook_active="yes"),
    bad("tag of two words", "tags[0].key", tags=[{"key": "a b", "value": "c"}]),
    bad("tag too long", "tags[1].value", tags=[{"key": "a", "value": "b"}, {"key": "a", "value": LONG}]),
    bad("tags as a map", "tags", tags={"a": "b"}),
    bad(
        "property without a type", "properties[0].type", properties=[{k: PROPERTY[k] for k in PROPERTY if k != "type"}]
    ),
    bad("unknown property type", "properties[1].type", properties=[PROPERTY, {**PROPERTY, "type": "int"}]),
    bad("property twice", "variable_name", properties=[PROPERTY, PROPERTY]),
    Row("create, a list", "PUT /iot/v2/things", 400, body=[1], field="body"),
    Row(
        "update",
        "POST /iot/v2/things/{thing}",
        200,
        ('"name":"Orangery"', '"thing_name":"Orangery"', '"timezone":"Europe/Rome"', '"properties_count":5'),
        body={"name": "Orangery"},
        events=CHANGED,
    ),
    Row("update nothing", "POST /iot/v2/things/{thing}", 200, ('"name":"Greenhouse"',), body={}, events=CHANGED),
    Row(
        "update, null is as if missing",
        "POST /iot/v2/things/{thing}",
        200,
        ('"name":"Greenhouse"', '"timezone":"Europe/Rome"'),
        body={"name": None, "timezone": None, "properties": None},
        events=CHANGED,
    ),
    Row(
        "update, properties matched by either name, one added, none deleted",
        "POST /iot/v2/things/{thing}",
        200,
        ('"properties_count":6', '"id":"{visits}"', '"name":"callers","variable_name":"visits"', '"tag":6'),
        body={"properties": [{**PROPERTY, "name": "callers", "variable_name": "visits"}, PROPERTY]},
        events=CHANGED,
    ),
    Row(
        "update, a property into the name of another",
        "POST /iot/v2/things/{thing}",
        412,
        body={"properties": [{**PROPERTY, "name": "door", "variable_name": "visits"}]},
    ),
    Row("update, bad name", "POST /iot/v2/things/{thing}", 400, body={"name": "a/b"}, field="name"),
    Row("update, bad zone", "POST /iot/v2/things/{thing}", 400, body={"timezone": "CET+9"}, field="timezone"),
    Row("update, bad device", "POST /iot/v2/things/{thing}", 400, body={"device_id": "x"}, field="device_id"),
    Row("update, unknown device", "POST /iot/v2/things/{thing}", 404, body={"device_id": UNKNOWN_ID}),
    Row("update, unknown", f"POST /iot/v2/things/{UNKNOWN_ID}", 404, body={"name": "x"}),
    Row("delete", "DELETE /iot/v2/things/{thing}", 200, events=CHANGED),
    Row("delete for good", "DELETE /iot/v2/things/{thing}?force=true", 200, events=CHANGED),
    Row("delete, unknown", f"DELETE /iot/v2/things/{UNKNOWN_ID}", 404),
    Row(
        "clone",
        "PUT /iot/v2/things/{thing}/clone",
        201,
        ('"name":"Second"', '"properties_count":5', '"tags":{}', '"timezone":"Europe/Rome"'),
        ("{thing}", "{lamp}"),
        body={"name": "Second"},
        events=FRESH,
    ),
    Row(
        "clone with tags",
        "PUT /iot/v2/things/{thing}/clone",
        201,
        ('"tags":{"room":"north"}',),
        body={"name": "Second", "include_tags": True},
        events=FRESH,
    ),
    Row("clone without a name", "PUT /iot/v2/things/{thing}/clone", 400, body={}, field="name"),
    Row("clone, unknown", f"PUT /iot/v2/things/{UNKNOWN_ID}/clone", 404, body={"name": "x"}),
    Row("tags", "GET /iot/v2/things/{thing}/tags", 200, ('{"tags":[{"key":"room","value":"north"}]}',)),
    Row("set a tag", "PUT /iot/v2/things/{thing}/tags", 200, body={"key": "room", "value": "s"}, events=CHANGED),
    Row("tag of two words", "PUT /iot/v2/things/{thing}/tags", 400, body={"key": "a b", "value": "c"}, field="key"),
    Row("tag without a value", "PUT /iot/v2/things/{thing}/tags", 400, body={"key": "a"}, field="value"),
    Row("remove a tag", "DELETE /iot/v2/things/{thing}/tags/room", 200, events=CHANGED),
    Row("remove no tag", "DELETE /iot/v2/things/{thing}/tags/floor", 200),
    Row("tags, unknown", f"GET /iot/v2/things/{UNKNOWN_ID}/tags", 404),
    Row(
        "template",
        "GET /iot/v2/things/{thing}/template",
        200,
        (
            '"id":"greenhouse"',
            '"tags":[{"key":"room","value":"north"}]',
            '{"id":"temperature","name":"temperature","permission":"READ_ONLY","type":"TEMPERATURE",'
            '"update_parameter":60.0,"update_strategy":"TIMED","variable_name":"temperature"}',
        ),
        ("{thing}", "{lamp}", "device_metadata", "webhook_uri"),
    ),
    Row("template, unknown", f"GET /iot/v2/things/{UNKNOWN_ID}/template", 404),
    Row("layout", "GET /iot/v1/things/{thing}/layout", 200, ('"id":"{lamp}"',), ("last_value",)),
    Row("device of a thing without one", "GET /iot/v1/things/{thing}/device", 404),
    Row("wrong method", "PATCH /iot/v2/things/{thing}", 405),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, live: LiveThing, row: Row) -> None:
    await play_strictly(world, row, names_of(live, THING=live.record.id.upper()))


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /iot/v2/things/{id}",
        "POST /iot/v2/things/{id}",
        "DELETE /iot/v2/things/{id}",
        "DELETE /iot/v2/things/{id}?force=true",
        "PUT /iot/v2/things/{id}/clone",
        "GET /iot/v2/things/{id}/template",
        "GET /iot/v2/things/{id}/layout",
        "GET /iot/v2/things/{id}/device",
        "GET /iot/v2/things/{id}/tags",
        "PUT /iot/v2/things/{id}/tags",
        "DELETE /iot/v2/things/{id}/tags/room",
        "GET /iot/v2/things/{id}/properties",
        "PUT /iot/v2/things/{id}/properties",
        "PUT /iot/v2/things/{id}/publish",
        "GET /iot/v2/things/{id}/properties/{pid}",
        "POST /iot/v2/things/{id}/properties/{pid}",
        "DELETE /iot/v2/things/{id}/properties/{pid}",
        "PUT /iot/v2/things/{id}/properties/{pid}/publish",
        "GET /iot/v2/things/{id}/properties/{pid}/timeseries",
    ],
)
async def test_a_foreign_thing_is_as_if_unknown(world: World, live: LiveThing, request_line: str) -> None:
    method, path = request_line.split(" ")
    other = await world.somebody_else()
    body = {**PROPERTY, "key": "a", "value": "b", "properties": [{**PROPERTY, "property": "door", "value": True}]}
    pid = live.by_symbol["door"].record.id
    foreign = await other.call(method, path.format(id=live.record.id, pid=pid), body)
    unknown = await other.call(method, path.format(id=UNKNOWN_ID, pid=UNKNOWN_ID), body)
    check_error(foreign, 404)
    assert {**foreign.json(), "id": ""} == {**unknown.json(), "id": ""}
    assert other.bus.heard == []


async def test_properties_are_in_the_order_in_which_they_were_given(world: World, live: LiveThing) -> None:
    thing = accepted("GET /iot/v2/things/x", await world.call("GET", f"/iot/v2/things/{live.record.id}"))
    assert [p.name for p in thing.properties] == list(PROPERTIES)
    assert [p.tag for p in thing.properties] == [1, 2, 3, 4, 5]
    template = (await world.call("GET", f"/iot/v2/things/{live.record.id}/template")).json()
    assert [v["name"] for v in template["variables"]] == list(PROPERTIES)


async def test_values_are_shown_with_their_times(world: World, live: LiveThing) -> None:
    path = f"/iot/v2/things/{live.record.id}"
    world.clock.turn(1.25)
    await world.call("PUT", f"{path}/publish", {"properties": [{"property": "lamp", "value": {"swi": True, "bri": 7}}]})
    for answer in (await world.call("GET", path), await world.call("GET", "/iot/v2/things?show_properties=1")):
        thing = answer.json() if isinstance(answer.json(), dict) else answer.json()[0]
        lamp = next(p for p in thing["properties"] if p["name"] == "lamp")
        assert lamp["last_value"] == {"swi": True, "bri": 7.0}
        assert lamp["value_updated_at"] == "2025-01-01T00:00:01.250Z"
        assert lamp["updated_at"] == "2025-01-01T00:00:00.000Z"


async def test_attach_move_and_detach(world: World, live: LiveThing) -> None:
    device = await world.services.devices.create(
        world.user, "arduino", "nano_33_iot", name="board1", fqbn="arduino:samd:nano_33_iot"
    )
    first = f"/iot/v2/things/{live.record.id}"
    shown = await world.call("POST", first, {"device_id": device.id.upper()})
    assert world.bus.heard[-1] == ("attached", "Attached")
    thing = accepted("POST /iot/v2/things/x", shown)
    assert (thing.device_id, thing.device_name, thing.device_type) == (device.id, "board1", "nano_33_iot")
    assert thing.device_fqbn == "arduino:samd:nano_33_iot"
    listed = (await world.call("GET", f"/iot/v2/things?device_id={device.id}")).json()
    assert [(t["id"], t["device_name"]) for t in listed] == [(live.record.id, "board1")]
    template = (await world.call("GET", f"{first}/template")).json()
    assert template["device_metadata"] == {"fqbn": "arduino:samd:nano_33_iot", "name": "nano_33_iot"}
    of_thing = (await world.call("GET", f"/iot/v1/things/{live.record.id}/device")).json()
    assert (of_thing["id"], of_thing["thing"]["id"]) == (device.id, live.record.id)

    check_error(await world.call("PUT", "/iot/v2/things", {"name": "b", "device_id": device.id}), 409)
    second = await world.call("PUT", "/iot/v2/things?force=true", {"name": "b", "device_id": device.id})
    assert second.status_code == 201
    assert "device_id" not in (await world.call("GET", first)).json()
    check_error(await world.call("POST", first, {"device_id": device.id}), 409)
    assert (await world.call("POST", f"{first}?force=true", {"device_id": device.id})).json()["device_id"] == device.id

    assert (await world.call("POST", first, {"name": "kept"})).json()["device_id"] == device.id
    assert "device_id" not in (await world.call("POST", first, {"device_id": None})).json()
    await world.call("POST", first, {"device_id": device.id})
    assert "device_id" not in (await world.call("POST", first, {"device_id": ""})).json()


async def test_deleted_is_hidden_shown_on_request_and_brought_back_by_any_update(world: World, live: LiveThing) -> None:
    path = f"/iot/v2/things/{live.record.id}"
    door = live.by_symbol["door"].record.id
    await world.call("DELETE", f"{path}/properties/{door}")
    world.clock.turn(1)
    await world.call("DELETE", path)
    check_error(await world.call("GET", path), 404)
    check_error(await world.call("GET", f"{path}/properties"), 404)
    check_error(await world.call("DELETE", path), 404)
    assert (await world.call("GET", "/iot/v2/things")).json() == []
    for request in (f"GET {path}?show_deleted=true", "GET /iot/v2/things?show_deleted=true&show_properties=true"):
        answer = accepted(request, await world.call(*request.split(" ")))
        thing = answer[0] if isinstance(answer, list) else answer
        assert thing.deleted_at.isoformat() == "2025-01-01T00:00:01+00:00"
        assert [p.name for p in thing.properties] == ["temperature", "lamp", "visits", "note"]
        assert all(p.deleted_at is not None for p in thing.properties)
    assert (await world.call("GET", "/iot/v2/things?show_deleted=true")).json()[0]["properties_count"] == 4
    back = (await world.call("POST", path, {"soft_deleted": False})).json()
    assert back["properties_count"] == 4
    assert "deleted_at" not in back
    assert (await world.call("POST", path, {"soft_deleted": True})).json()["deleted_at"]
    check_error(await world.call("GET", path), 404)
    await world.call("DELETE", f"{path}?force=true")
    check_error(await world.call("GET", f"{path}?show_deleted=true"), 404)


async def test_a_webhook_is_on_with_its_address_and_off_without(world: World, live: LiveThing) -> None:
    path = f"/iot/v2/things/{live.record.id}"
    on = (await world.call("POST", path, {"webhook_uri": "https://example.com/hook"})).json()
    assert (on["webhook_active"], on["webhook_uri"]) == (True, "https://example.com/hook")
    assert (await world.call("POST", path, {"webhook_active": False})).json()["webhook_active"] is False
    off = (await world.call("POST", path, {"webhook_uri": ""})).json()
    assert off["webhook_active"] is False
    assert "webhook_uri" not in off


async def test_a_thing_of_an_organisation(world: World) -> None:
    organisation = await world.services.people.organisation("Nursery", world.person)
    other = await world.somebody_else()
    await world.services.people.join(organisation.id, other.person.id, Role.VIEWER)
    there = {"headers": {"X-Organization": organisation.id}}
    made = (await world.call("PUT", "/iot/v2/things", {"name": "shared"}, **there)).json()
    assert made["organization_id"] == organisation.id
    assert (await world.call("GET", "/iot/v2/things")).json() == []
    assert (await other.call("GET", "/iot/v2/things", **there)).json() == []
    everybody = (await other.call("GET", "/iot/v2/things?across_user_ids=true", **there)).json()
    assert [t["id"] for t in everybody] == [made["id"]]
    check_error(await other.call("POST", f"/iot/v2/things/{made['id']}", {"name": "x"}, **there), 403)
    check_error(await other.call("PUT", "/iot/v2/things", {"name": "x"}, **there), 403)


async def test_many_ids_are_asked_for_in_portions(world: World, live: LiveThing) -> None:
    ids = [f"11111111-1111-4111-8111-{number:012}" for number in range(1_200)]
    query = "&".join(f"ids={','.join(ids[start : start + 100])}" for start in range(0, 1_200, 100))
    found = (await world.call("GET", f"/iot/v2/things?{query}&ids={live.record.id}&ids={live.record.id}")).json()
    assert [t["id"] for t in found] == [live.record.id]


async def test_a_list_is_the_same_from_memory_and_from_the_stores(world: World, live: LiveThing) -> None:
    path = f"/iot/v2/things/{live.record.id}"
    await world.call("PUT", f"{path}/publish", {"properties": [{"property": "note", "value": "x"}]})
    world.clock.turn(1)
    await world.call("PUT", "/iot/v2/things", {"name": "empty"})
    for query in ("", "?show_properties=true", "?show_deleted=true&show_properties=true"):
        used = (await world.call("GET", f"/iot/v2/things{query}")).json()
        world.services.live._things.clear()
        stored = (await world.call("GET", f"/iot/v2/things{query}")).json()
        assert used == stored
        assert [t["properties_count"] for t in stored] == [5, 0]
        await world.call("GET", path)
