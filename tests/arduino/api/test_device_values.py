"""What a device did and measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rookery.core.access import Action
from rookery.core.records import Device, Thing, UpdatePolicy, ValueKind, Variable
from rookery.core.variables import VariableSpec
from tests.arduino.api.conftest import World
from tests.arduino.api.scenario import Row, check_error, play
from tests.fakes import connect, settled

UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"


def spec(name: str, type: str, kind: ValueKind) -> VariableSpec:
    return VariableSpec(name=name, type=type, kind=kind, writable=True, policy=UpdatePolicy.ON_CHANGE)


@pytest.fixture
async def device(world: World) -> Device:
    return await world.services.devices.create(world.user, "arduino", "generic_device_secretkey")


@pytest.fixture
async def thing(world: World, device: Device) -> Thing:
    return await world.services.things.create(
        world.user,
        name="House",
        device_id=device.id,
        variables=[
            spec("temperature", "TEMPERATURE", ValueKind.FLOAT),
            spec("On or off", "STATUS", ValueKind.BOOL),
            spec("note", "CHARSTRING", ValueKind.STRING),
            spec("color", "COLOR_HSB", ValueKind.COMPOSITE),
        ],
    )


async def variable(world: World, thing: Thing, symbol: str) -> Variable:
    (found,) = [v for v in await world.services.variables.of(thing) if v.symbol == symbol]
    return found


async def values(world: World, thing: Thing) -> dict[str, Any]:
    live = await world.services.things.live(world.user, thing.id)
    return {symbol: v.value for symbol, v in live.by_symbol.items() if v.value is not None}


# Presence


async def test_status_newest_first_with_limit_and_start(world: World, device: Device) -> None:
    for _ in range(2):
        board = connect(world.services, device)
        world.clock.turn(60)
        world.services.boards.left(board)
        world.clock.turn(60)
    await settled()
    path = f"/iot/v2/devices/{device.id}/status"
    answer = (await world.call("GET", path)).json()
    assert answer["id"] == device.id
    assert [(e["value"], e["updated_at"][11:19]) for e in answer["events"]] == [
        ("DISCONNECTED", "00:03:00"),
        ("CONNECTED", "00:02:00"),
        ("DISCONNECTED", "00:01:00"),
        ("CONNECTED", "00:00:00"),
    ]
    assert len((await world.call("GET", path + "?limit=1")).json()["events"]) == 1
    earlier = (await world.call("GET", path + "?start=2025-01-01T00:01:00.000Z&limit=5")).json()["events"]
    assert [e["value"] for e in earlier] == ["DISCONNECTED", "CONNECTED"]
    offset = (await world.call("GET", path + "?start=2025-01-01T01:01:00%2B01:00")).json()["events"]
    assert offset == earlier
    assert (await world.call("GET", path + "?start=2024-12-31T00:00:00Z")).json()["events"] == []
    events = (await world.call("GET", f"/iot/v2/devices/{device.id}/events?limit=2")).json()
    assert events == {
        "events": [
            {"name": "connected", "updated_at": "2025-01-01T00:03:00.000Z", "value": False},
            {"name": "connected", "updated_at": "2025-01-01T00:02:00.000Z", "value": True},
        ],
        "id": device.id,
    }


@pytest.mark.parametrize("what", ["status", "events", "properties/" + UNKNOWN_ID])
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=many", "limit"),
        ("limit=1.5", "limit"),
        ("limit=" + "9" * 5_000, "limit"),
        ("start=yesterday", "start"),
        ("start=99999-01-01T00:00:00Z", "start"),
    ],
)
async def test_bad_queries_name_the_parameter(
    world: World, device: Device, thing: Thing, what: str, query: str, field: str
) -> None:
    temperature = await variable(world, thing, "temperature")
    path = f"/iot/v2/devices/{device.id}/{what.replace(UNKNOWN_ID, temperature.id)}?{query}"
    check_error(await world.call("GET", path), 400, field)


# Properties


async def test_properties_with_values(world: World, device: Device, thing: Thing) -> None:
    live = await world.services.things.live(world.user, thing.id, Action.READ)
    await world.services.values.report(live, [(live.by_symbol["temperature"], 21.5)])
    answer = (await world.call("GET", f"/iot/v2/devices/{device.id}/properties")).json()
    assert answer.keys() == {"data_retention_days", "deviceId", "properties", "user_id"}
    assert (answer["deviceId"], answer["user_id"]) == (device.id, world.person.id)
    assert [p["name"] for p in answer["properties"]] == ["temperature", "On or off", "note", "color"]
    assert answer["properties"][0]["last_value"] == 21.5
    assert "last_value" not in answer["properties"][1]


async def test_properties_without_a_thing_and_with_deleted_ones(world: World, device: Device, thing: Thing) -> None:
    note = await variable(world, thing, "note")
    await world.services.variables.delete(world.user, thing, note.id)
    path = f"/iot/v2/devices/{device.id}/properties"
    assert len((await world.call("GET", path)).json()["properties"]) == 3
    every = (await world.call("GET", path + "?show_deleted=true")).json()["properties"]
    assert [p["name"] for p in every if "deleted_at" in p] == ["note"]
    await world.services.things.delete(world.user, thing.id)
    assert (await world.call("GET", path)).json()["properties"] == []


ROWS = [
    Row("float", "PUT", 200, body=[{"name": "temperature", "value": 20, "type": "infer"}]),
    Row("type is infer when missing", "PUT", 200, body=[{"name": "temperature", "value": 20.0}]),
    Row("number in a text", "PUT", 200, body=[{"name": "temperature", "value": "20"}]),
    Row("json", "PUT", 200, body=[{"name": "temperature", "value": "20", "type": "json"}]),
    Row("by display name", "PUT", 200, body=[{"name": "On or off", "value": True}]),
    Row("by id", "PUT", 200, body=[{"name": "{temperature}", "value": 20}]),
    Row("base64", "PUT", 200, body=[{"name": "note", "value": "aGVsbG8=", "type": "base64"}]),
    Row("hex", "PUT", 200, body=[{"name": "note", "value": "68656c6c6f", "type": "hex"}]),
    Row("composite", "PUT", 200, body=[{"name": "color", "value": {"hue": 20, "sat": 1.5}}]),
    Row("none", "PUT", 200, body=[]),
    Row("unknown name", "PUT", 400, body=[{"name": "humidity", "value": 1}], field="properties[0].name"),
    Row("wrong kind", "PUT", 400, body=[{"name": "On or off", "value": "hot"}], field="properties[0].value"),
    Row("null", "PUT", 400, body=[{"name": "note", "value": None}], field="properties[0].value"),
    Row("no value", "PUT", 400, body=[{"name": "note"}], field="properties[0].value"),
    Row("no name", "PUT", 400, body=[{"value": 1}], field="properties[0].name"),
    Row("no such type", "PUT", 400, body=[{"name": "note", "value": "", "type": "xml"}], field="properties[0].type"),
    Row("bad base64", "PUT", 400, body=[{"name": "note", "value": "!", "type": "base64"}], field="properties[0].value"),
    Row("binary", "PUT", 400, body=[{"name": "note", "value": "ff", "type": "hex"}], field="properties[0].value"),
    Row("hex number", "PUT", 400, body=[{"name": "note", "value": 1, "type": "hex"}], field="properties[0].value"),
    Row("bad json", "PUT", 400, body=[{"name": "note", "value": "{", "type": "json"}], field="properties[0].value"),
    Row("component", "PUT", 400, body=[{"name": "color", "value": {"x": 1}}], field="properties[0].value"),
    Row(
        "the second is wrong",
        "PUT",
        400,
        body=[{"name": "temperature", "value": 1}, {"name": "note", "value": 1}],
        field="properties[1].value",
    ),
]


@pytest.mark.parametrize("to_device", [False, True])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_setting_values(world: World, device: Device, thing: Thing, row: Row, to_device: bool) -> None:
    board = connect(world.services, device)
    await settled()
    temperature = await variable(world, thing, "temperature")
    before = await values(world, thing)
    full = row._replace(
        request=f"PUT /iot/v2/devices/{device.id}/properties", body={"input": to_device, "properties": row.body}
    )
    await play(world, full, {"temperature": temperature.id})
    after = await values(world, thing)
    if row.status == 200 and row.body:
        ((symbol, value),) = after.items()
        assert value in (20.0, True, "hello", {"hue": 20.0, "sat": 1.5})
        assert board.written == ([(symbol, value)] if to_device else [])
    else:
        assert after == before
        assert board.written == []


async def test_a_list_of_values_has_to_be_one(world: World, device: Device, thing: Thing) -> None:
    path = f"/iot/v2/devices/{device.id}/properties"
    check_error(await world.call("PUT", path, {"properties": {}}), 400, "properties")
    check_error(await world.call("PUT", path, {}), 400, "properties")
    check_error(await world.call("PUT", path, {"properties": [1]}), 400, "properties[0]")


async def test_setting_values_needs_a_thing_and_a_disk(world: World, device: Device) -> None:
    path = f"/iot/v2/devices/{device.id}/properties"
    check_error(await world.call("PUT", path, {"properties": []}), 412)
    await world.services.things.create(
        world.user, device_id=device.id, variables=[spec("note", "CHARSTRING", ValueKind.STRING)]
    )
    world.telemetry.full = True
    body = {"properties": [{"name": "note", "value": "x", "type": "infer"}]}
    check_error(await world.call("PUT", path, body), 503)


async def test_stored_values_newest_first_with_a_cursor(world: World, device: Device, thing: Thing) -> None:
    temperature = await variable(world, thing, "temperature")
    live = await world.services.things.live(world.user, thing.id)
    for value in (20.5, 21.5, 22.5):
        await world.services.values.report(live, [(live.by_symbol["temperature"], value)])
        world.clock.turn(1)
    path = f"/iot/v2/devices/{device.id}/properties/{temperature.id}"
    answer = (await world.call("GET", path)).json()
    assert (answer["id"], answer["name"], answer["last_evaluated_key"]) == (temperature.id, "temperature", {})
    assert [json.loads(v["value"]["payload"]) for v in answer["values"]] == [22.5, 21.5, 20.5]
    page = (await world.call("GET", path + "?limit=2")).json()
    assert len(page["values"]) == 2
    assert page["last_evaluated_key"] == {
        "created_at": "2025-01-01T00:00:01.000Z",
        "id": temperature.id,
        "name": "temperature",
    }
    check_error(await world.call("GET", f"/iot/v2/devices/{device.id}/properties/{UNKNOWN_ID}"), 404)
    check_error(await world.call("GET", f"/iot/v2/devices/{device.id}/properties/temperature"), 404)
