"""Devices: register, claim, list, show, change, bring back, delete, tags."""

from __future__ import annotations

import pytest

from rookery.core.records import Device, Role, Thing
from tests.arduino.api.conftest import World
from tests.arduino.api.scenario import Row, check_error, play
from tests.fakes import connect, settled

HARDWARE = "ab" * 32
UNKNOWN_ID = "11111111-1111-4111-8111-111111111111"
CHANGED = ("device.{device} DeviceChanged", "devices DeviceChanged")


@pytest.fixture
async def device(world: World) -> Device:
    return await world.services.devices.create(
        world.user, "arduino", "nano_33_iot", name="board1", fqbn="arduino:samd:nano_33_iot", serial="D2C4"
    )


ROWS = [
    Row("show", "GET /iot/v2/devices/{device}", 200, ('"name":"board1"', '"href":"/iot/v1/devices/{device}"')),
    Row("show, label", "GET /iot/v2/devices/{device}", 200, ('"label":"Arduino Nano 33 IoT"', '"serial":"D2C4"')),
    Row("show, never connected", "GET /iot/v2/devices/{device}", 200, ('"device_status":"UNKNOWN"',)),
    Row("show, nothing is null", "GET /iot/v2/devices/{device}", 200, ('"tags":{}',), ("null", "secret", "deleted_at")),
    Row("show, upper-case id", "GET /iot/v2/devices/{DEVICE}", 200, ('"id":"{device}"',)),
    Row("show, unknown", f"GET /iot/v2/devices/{UNKNOWN_ID}", 404),
    Row("show, not an id", "GET /iot/v2/devices/board1", 404),
    Row("show, an id of another kind", "GET /iot/v2/devices/{person}", 404),
    Row("list", "GET /iot/v2/devices", 200, ('[{"href":', '"id":"{device}"')),
    Row("list by serial", "GET /iot/v2/devices?serial=D2C4", 200, ('"id":"{device}"',)),
    Row("list by another serial", "GET /iot/v2/devices?serial=D2C5", 200, ("[]",)),
    Row("list by hardware id", f"GET /iot/v2/devices?unique_hardware_id={HARDWARE}", 200, ("[]",)),
    Row("list by tag", "GET /iot/v2/devices?tags=room:north", 200, ("[]",)),
    Row("list by no tag", "GET /iot/v2/devices?tags=room", 400, field="tags"),
    Row("list, not a flag", "GET /iot/v2/devices?show_deleted=perhaps", 400, field="show_deleted"),
    Row("list, everybody's", "GET /iot/v2/devices?across_user_ids=true", 200, ('"id":"{device}"',)),
    Row(
        "create",
        "PUT /iot/v2/devices",
        201,
        ('"type":"login_and_secretkey_wifi"', '"label":"Generic device"', '"serial":""', '"name":"Untitled 2"'),
        body={"type": "login_and_secretkey_wifi", "fqbn": "generic:generic:generic", "serial": ""},
        events=("device.{new} DeviceChanged", "devices DeviceChanged"),
    ),
    Row(
        "create, keys in any case, unknown ones ignored, null is missing",
        "PUT /iot/v2/devices",
        201,
        ('"name":"Küche 1"', '"wifi_fw_version":"1.5.0"', '"connection_type":"wifi"', '"locked":true'),
        body={
            "TYPE": "mkrwifi1010",
            "Name": "Küche 1",
            "wifi_fw_version": "1.5.0",
            "connection_type": "wifi",
            "locked": True,
            "ble_mac": None,
            "colour": "red",
        },
        events=("device.{new} DeviceChanged", "devices DeviceChanged"),
    ),
    Row("create without a type", "PUT /iot/v2/devices", 400, body={"name": "x"}, field="type"),
    Row("create, unknown type", "PUT /iot/v2/devices", 400, body={"type": "toaster"}, field="type"),
    Row("create, name is a number", "PUT /iot/v2/devices", 400, body={"type": "giga", "name": 4}, field="name"),
    Row("create, name too long", "PUT /iot/v2/devices", 400, body={"type": "giga", "name": "n" * 65}, field="name"),
    Row("create, name of blanks", "PUT /iot/v2/devices", 400, body={"type": "giga", "name": "  "}, field="name"),
    Row("create, NUL", "PUT /iot/v2/devices", 400, body={"type": "giga", "fqbn": "a\0"}, field="fqbn"),
    Row("create, bad MAC", "PUT /iot/v2/devices", 400, body={"type": "giga", "ble_mac": "AA:BB"}, field="ble_mac"),
    Row(
        "create, bad link",
        "PUT /iot/v2/devices",
        400,
        body={"type": "giga", "connection_type": "pigeon"},
        field="connection_type",
    ),
    Row(
        "create, bad hardware id",
        "PUT /iot/v2/devices",
        400,
        body={"type": "giga", "unique_hardware_id": "ab"},
        field="unique_hardware_id",
    ),
    Row(
        "create, bad version",
        "PUT /iot/v2/devices",
        400,
        body={"type": "giga", "wifi_fw_version": "new"},
        field="wifi_fw_version",
    ),
    Row("create, bad user", "PUT /iot/v2/devices", 400, body={"type": "giga", "user_id": "me"}, field="user_id"),
    Row(
        "create for somebody else",
        "PUT /iot/v2/devices",
        403,
        body={"type": "giga", "user_id": UNKNOWN_ID},
        field="user_id",
    ),
    Row("create, a list", "PUT /iot/v2/devices", 400, body=[1], field="body"),
    Row(
        "claim with an id",
        "PUT /iot/v2/devices/claim",
        201,
        (f'"id":"{UNKNOWN_ID}"', f'"unique_hardware_id":"{HARDWARE}"'),
        body={"type": "giga", "unique_hardware_id": HARDWARE, "user_id": "{person}", "ID": UNKNOWN_ID.upper()},
        events=("device.{new} DeviceChanged", "devices DeviceChanged"),
    ),
    Row(
        "claim, id taken",
        "PUT /iot/v2/devices/claim",
        409,
        body={"type": "giga", "unique_hardware_id": HARDWARE, "user_id": "{person}", "ID": "{device}"},
    ),
    Row(
        "claim without a hardware id",
        "PUT /iot/v2/devices/claim",
        400,
        body={"type": "giga", "user_id": "{person}"},
        field="unique_hardware_id",
    ),
    Row(
        "update",
        "POST /iot/v2/devices/{device}",
        200,
        ('"name":"board2"', '"serial":"D2C4"', '"wifi_fw_version":"1.6.0"'),
        body={"name": "board2", "wifi_fw_version": "1.6.0"},
        events=CHANGED,
    ),
    Row(
        "update to no serial",
        "POST /iot/v2/devices/{device}",
        200,
        ('"serial":""',),
        body={"serial": ""},
        events=CHANGED,
    ),
    Row("update, unknown", f"POST /iot/v2/devices/{UNKNOWN_ID}", 404, body={"name": "x"}),
    Row("update, bad name", "POST /iot/v2/devices/{device}", 400, body={"name": ""}, field="name"),
    Row("update, another owner", "POST /iot/v2/devices/{device}", 403, body={"user_id": UNKNOWN_ID}, field="user_id"),
    Row("forget no hardware id", "POST /iot/v2/devices/{device}/remove-uhwid", 412),
    Row("delete", "DELETE /iot/v2/devices/{device}", 200, events=CHANGED),
    Row("delete for good", "DELETE /iot/v2/devices/{device}?force=true", 200, events=CHANGED),
    Row("delete, unknown", f"DELETE /iot/v2/devices/{UNKNOWN_ID}", 404),
    Row("tags", "GET /iot/v2/devices/{device}/tags", 200, ('{"tags":[]}',)),
    Row("set a tag", "PUT /iot/v2/devices/{device}/tags", 200, body={"key": "room", "value": "north"}, events=CHANGED),
    Row("tag of two words", "PUT /iot/v2/devices/{device}/tags", 400, body={"key": "a b", "value": "c"}, field="key"),
    Row("tag that is no text", "PUT /iot/v2/devices/{device}/tags", 400, body={"key": "a", "value": 1}, field="value"),
    Row("tag without a value", "PUT /iot/v2/devices/{device}/tags", 400, body={"key": "a"}, field="value"),
    Row("remove no tag", "DELETE /iot/v2/devices/{device}/tags/room", 200),
    Row("wrong method", "PATCH /iot/v2/devices/{device}", 405),
    Row("no such path", "GET /iot/v2/devices/{device}/nothing", 404),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, device: Device, row: Row) -> None:
    names = {"device": device.id, "DEVICE": device.id.upper(), "person": world.person.id}
    answer = await play(world, row, names)
    if row.status == 200 and row.request.startswith(("DELETE", "PUT")):
        assert answer.content == b""
        assert "content-type" not in answer.headers


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /iot/v2/devices/{id}",
        "POST /iot/v2/devices/{id}",
        "DELETE /iot/v2/devices/{id}",
        "DELETE /iot/v2/devices/{id}?force=true",
        "POST /iot/v2/devices/{id}/remove-uhwid",
        "GET /iot/v2/devices/{id}/tags",
        "PUT /iot/v2/devices/{id}/tags",
        "DELETE /iot/v2/devices/{id}/tags/a",
        "GET /iot/v2/devices/{id}/properties",
        "PUT /iot/v2/devices/{id}/properties",
        "GET /iot/v2/devices/{id}/status",
        "GET /iot/v2/devices/{id}/events",
        "GET /iot/v2/devices/{id}/pass",
        "PUT /iot/v2/devices/{id}/pass",
        "POST /iot/v2/devices/{id}/pass",
        "DELETE /iot/v2/devices/{id}/pass",
        "GET /iot/v2/devices/{id}/certs",
        "PUT /iot/v2/devices/{id}/certs",
    ],
)
async def test_a_foreign_device_is_as_if_unknown(world: World, device: Device, request_line: str) -> None:
    method, path = request_line.split(" ")
    other = await world.somebody_else()
    body = {"key": "a", "value": "b"}
    foreign = await other.call(method, path.format(id=device.id), body)
    unknown = await other.call(method, path.format(id=UNKNOWN_ID), body)
    check_error(foreign, 404)
    assert {**foreign.json(), "id": ""} == {**unknown.json(), "id": ""}
    assert await world.services.devices.get(world.user, device.id) == device


async def test_a_device_with_its_thing_and_its_board(world: World, device: Device) -> None:
    thing = await world.services.things.create(world.user, name="House", device_id=device.id, timezone="Europe/Rome")
    await world.services.devices.reported(device.id, lib_version="2.9.3")
    connect(world.services, device)
    await settled()
    world.clock.turn(5)
    shown = (await world.call("GET", f"/iot/v2/devices/{device.id}")).json()
    assert shown["device_status"] == "ONLINE"
    assert shown["last_activity_at"] == "2025-01-01T00:00:00.000Z"
    assert shown["lib_version"] == "2.9.3"
    assert shown["thing"]["id"] == thing.id
    assert shown["thing"]["name"] == "House"
    assert shown["thing"]["timezone"] == "Europe/Rome"
    assert shown["thing"]["device_id"] == device.id
    assert shown["thing"]["user_id"] == world.person.id


async def test_status_follows_the_session_and_activity_its_end(world: World, device: Device) -> None:
    board = connect(world.services, device)
    world.clock.turn(60)
    world.services.boards.left(board)
    await settled()
    shown = (await world.call("GET", f"/iot/v2/devices/{device.id}")).json()
    assert shown["device_status"] == "OFFLINE"
    assert shown["last_activity_at"] == "2025-01-01T00:01:00.000Z"


async def test_deleted_is_hidden_shown_on_request_and_brought_back_by_any_update(world: World, device: Device) -> None:
    thing = await world.services.things.create(world.user, name="t", device_id=device.id)
    board = connect(world.services, device)
    path = f"/iot/v2/devices/{device.id}"
    assert (await world.call("DELETE", path)).content == b""
    assert world.bus.heard == [
        (f"thing.{thing.id}", "ThingChanged"),
        ("things", "ThingChanged"),
        (f"device.{device.id}", "Attached"),
        ("attached", "Attached"),
        (f"device.{device.id}", "DeviceChanged"),
        ("devices", "DeviceChanged"),
    ]
    assert board.closed
    assert (await world.services.things.get(world.user, thing.id)).device_id is None
    check_error(await world.call("GET", path), 404)
    check_error(await world.call("DELETE", path), 404)
    assert (await world.call("GET", "/iot/v2/devices")).json() == []
    (hidden,) = (await world.call("GET", "/iot/v2/devices?show_deleted=true")).json()
    assert hidden["deleted_at"] == "2025-01-01T00:00:00.000Z"
    back = await world.call("POST", path, {"soft_deleted": False})
    assert back.status_code == 200
    assert "deleted_at" not in back.json()
    assert "thing" not in back.json()
    assert (await world.call("GET", path)).status_code == 200


async def test_force_leaves_nothing(world: World, device: Device) -> None:
    path = f"/iot/v2/devices/{device.id}"
    await world.call("DELETE", path)
    assert (await world.call("DELETE", path + "?force=1")).status_code == 200
    check_error(await world.call("POST", path, {}), 404)
    assert (await world.call("GET", "/iot/v2/devices?show_deleted=true")).json() == []


async def test_list_filters_by_all_tags(world: World) -> None:
    ids = []
    for tags in ({"room": "north"}, {"room": "north", "floor": "2"}, {"floor": "2"}):
        device = await world.services.devices.create(world.user, "arduino", "giga")
        for key, value in tags.items():
            assert (
                await world.call("PUT", f"/iot/v2/devices/{device.id}/tags", {"key": key, "value": value})
            ).content == b""
        ids.append(device.id)
        world.clock.turn(1)

    async def listed(query: str) -> list[str]:
        return [d["id"] for d in (await world.call("GET", f"/iot/v2/devices?{query}")).json()]

    assert await listed("") == ids
    assert await listed("tags=room:north") == ids[:2]
    assert await listed("tags=room:north&tags=floor:2") == [ids[1]]
    assert await listed("tags=room:north,floor:2") == [ids[1]]
    assert await listed("tags=room:south") == []
    assert (await world.call("GET", f"/iot/v2/devices/{ids[1]}/tags")).json() == {
        "tags": [{"key": "room", "value": "north"}, {"key": "floor", "value": "2"}]
    }
    assert (await world.call("DELETE", f"/iot/v2/devices/{ids[1]}/tags/room")).content == b""
    assert (await world.call("GET", f"/iot/v2/devices/{ids[1]}")).json()["tags"] == {"floor": "2"}


async def test_a_list_costs_the_same_queries_whatever_its_length(world: World) -> None:
    async def reads() -> int:
        before = world.catalog.reads
        assert (await world.call("GET", "/iot/v2/devices")).status_code == 200
        return world.catalog.reads - before

    await world.services.devices.create(world.user, "arduino", "giga")
    await reads()
    few = await reads()
    for _ in range(20):
        await world.services.devices.create(world.user, "arduino", "giga")
    assert await reads() == few


async def test_a_locked_board_of_somebody_else_is_refused(world: World) -> None:
    other = await world.somebody_else()
    body = {"type": "giga", "unique_hardware_id": HARDWARE, "locked": True}
    first = await other.call("PUT", "/iot/v2/devices", body)
    assert first.status_code == 201
    check_error(await world.call("PUT", "/iot/v2/devices", body), 412, "unique_hardware_id")
    claim = {**body, "user_id": world.person.id}
    check_error(await world.call("PUT", "/iot/v2/devices/claim", claim), 409)
    freed = await other.call("POST", f"/iot/v2/devices/{first.json()['id']}/remove-uhwid")
    assert freed.status_code == 200
    assert "unique_hardware_id" not in freed.json()
    assert (await world.call("PUT", "/iot/v2/devices/claim", claim)).status_code == 201


async def test_in_an_organisation(world: World) -> None:
    space = await world.services.people.organisation("Farm", world.person)
    other = await world.somebody_else()
    inside = {"X-Organization": space.id}
    check_error(await other.call("GET", "/iot/v2/devices", headers=inside), 403)
    await world.services.people.join(space.id, other.person.id, Role.VIEWER)
    made = await world.call("PUT", "/iot/v2/devices", {"type": "giga"}, headers=inside)
    assert made.json()["organization_id"] == space.id
    path = f"/iot/v2/devices/{made.json()['id']}"
    assert (await world.call("GET", "/iot/v2/devices")).json() == []
    assert len((await world.call("GET", "/iot/v2/devices", headers=inside)).json()) == 1
    assert (await other.call("GET", "/iot/v2/devices", headers=inside)).json() == []
    everybody = await other.call("GET", "/iot/v2/devices?across_user_ids=true", headers=inside)
    assert len(everybody.json()) == 1
    assert (await other.call("GET", path, headers=inside)).status_code == 200
    for method, body in (("POST", {"name": "mine"}), ("DELETE", None)):
        check_error(await other.call(method, path, body, headers=inside), 403)
    check_error(await other.call("PUT", path + "/pass", {"password": "x"}, headers=inside), 403)


async def test_records_stay_as_they_were_after_a_refused_update(world: World, device: Device) -> None:
    await world.call("POST", f"/iot/v2/devices/{device.id}", {"name": "x" * 65})
    assert await world.catalog.get(Device, device.id) == device
    assert await world.catalog.count(Thing) == 0
