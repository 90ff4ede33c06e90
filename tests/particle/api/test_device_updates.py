"""Changes of devices, one field and several, and the sending of firmware (reference 3.2, 3.10, 3.16)."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.errors import BoardCannot
from rookery.core.records import Device, Role
from tests.fakes import FakeBoard, connect
from tests.particle.api.conftest import World
from tests.particle.api.fleets import Fleet, fleet_of

ID = "e00fce680123456789abcdef"
PATH = f"/v1/devices/{ID}"
NOW = "2025-01-01T00:00:00.000Z"


async def board(world: World, id: str = ID, name: str = "porch_lamp") -> Device:
    owner = world.person.id
    return await world.services.enrolment.enrol(
        id, "particle", "photon", platform=6, space_id=owner, person_id=owner, name=name
    )


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "name": ({"name": "lamp"}, '"name":"lamp"'),
    "name with room around it": ({"name": "  lamp "}, '"name":"lamp"'),
    "name in another case": ({"name": "Porch_Lamp"}, '"name":"Porch_Lamp"'),
    "longest name": ({"name": "ü" * 60}, f'"name":"{"ü" * 60}"'),
    "notes": ({"notes": "by the door\n2nd line"}, '"notes":"by the door\\n2nd line"'),
    "no notes": ({"notes": None}, '"notes":null'),
    "empty notes": ({"notes": ""}, '"notes":""'),
    "updates forced": ({"firmware_updates_forced": True}, '"firmware_updates_forced":true'),
    "updates not forced": ({"firmware_updates_forced": "false"}, '"firmware_updates_forced":false'),
    "several": (
        {"firmware_updates_forced": "1", "notes": "n", "name": "a"},
        '"name":"a","notes":"n","firmware_updates_forced":true',
    ),
    "what is unknown is left out": ({"name": "b", "colour": "red"}, '"name":"b"'),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_an_answer_has_the_id_and_what_was_changed(world: World, name: str) -> None:
    await board(world)
    body, told = CHANGES[name]
    world.clock.turn(1)
    answer = await world.call("PUT", f"{PATH}/", body)
    assert answer.status_code == 200
    same = body in ({"notes": None}, {"firmware_updates_forced": "false"})
    updated = NOW if same else "2025-01-01T00:00:01.000Z"
    assert answer.text == f'{{"id":"{ID}",{told},"updated_at":"{updated}"}}'
    shown = (await world.call("GET", PATH)).json()
    assert {key: value for key, value in answer.json().items() if key != "updated_at"}.items() <= shown.items()


async def test_a_form_says_the_same(world: World) -> None:
    await board(world)
    answer = await world.http.put(PATH, data={"name": "lamp", "notes": "n", "access_token": world.token})
    assert answer.text == f'{{"id":"{ID}","name":"lamp","notes":"n","updated_at":"{NOW}"}}'


REFUSED: dict[str, tuple[Any, str]] = {
    "nothing": ({}, "Nothing to do?"),
    "nothing known": ({"colour": "red"}, "Nothing to do?"),
    "empty name": ({"name": " "}, "A device has a name of 1 to 60 characters"),
    "null name": ({"name": None}, "A device has a name of 1 to 60 characters"),
    "long name": ({"name": "x" * 61}, "A device has a name of 1 to 60 characters"),
    "name that is none": ({"name": {}}, "name must be a text"),
    "NUL": ({"name": "a\0b"}, "name must not contain the character NUL"),
    "taken": ({"name": "hall"}, "Device name already in use"),
    "taken in another case": ({"name": "HALL"}, "Device name already in use"),
    "long notes": ({"notes": "x" * 16_385}, "notes must have at most 16384 characters"),
    "forced": ({"firmware_updates_forced": "perhaps"}, "firmware_updates_forced must be true or false"),
    "signal": ({"signal": 2}, "signal must be true or false"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_changes_nothing(world: World, name: str) -> None:
    device = await board(world)
    await board(world, "e00fce680123456789abcd00", "hall")
    body, text = REFUSED[name]
    for given in (body, {"notes": "n", **body} if "Nothing" not in text and "notes" not in body else body):
        answer = await world.call("PUT", PATH, given)
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": text})
    assert await kept(world) == device


async def kept(world: World, id: str = ID) -> Device:
    device = await world.services.enrolment.get(id)
    assert device is not None
    return device


async def test_the_same_name_is_free_for_another_owner(world: World) -> None:
    await board(world)
    other, token = await world.somebody()
    await world.services.enrolment.enrol(
        "e00fce680123456789abcd00", "particle", "photon", space_id=other.id, person_id=other.id, name="hall"
    )
    answer = await world.call("PUT", "/v1/devices/hall", {"name": "porch_lamp"}, token=token)
    assert answer.json()["name"] == "porch_lamp"


# The board shows itself.


@pytest.mark.parametrize(
    ("given", "on"), [(1, True), (0, False), ("1", True), ("0", False), (True, True), (False, False), ("true", True)]
)
async def test_a_board_shows_itself_and_stops(world: World, given: Any, on: bool) -> None:
    session = connect(world.services, await board(world))
    answer = await world.call("PUT", PATH, {"signal": given})
    assert (answer.status_code, answer.json()) == (200, {"id": ID, "connected": True, "signaling": on})
    assert session.asked == [("signal", str(on))]


@pytest.mark.parametrize("state", ["away", "deaf"])
async def test_a_board_that_can_not_be_asked_to_show_itself(world: World, state: str) -> None:
    device = await board(world)
    if state == "deaf":
        connect(world.services, device).deaf = True
    answer = await world.call("PUT", PATH, {"signal": 1, "name": "not kept"})
    assert (answer.status_code, answer.text) == (
        500,
        '{"ok":false,"code":500,"errors":[{"error":"Timed out, didn\'t hear back from device service"}]}',
    )
    assert await kept(world) == device


async def test_a_name_and_a_signal_at_once(world: World) -> None:
    connect(world.services, await board(world))
    answer = await world.call("PUT", PATH, {"signal": 1, "name": "lamp"})
    assert answer.json() == {"id": ID, "connected": True, "signaling": True, "name": "lamp"}


# What a team may change.


async def test_fields_of_a_product_are_changed_on_its_path_alone(world: World) -> None:
    fleet = await fleet_of(world)
    await world.services.products.add_group(fleet.product, "eu")
    device = await fleet.device(1, world.person.id)
    body = {"development": True, "desired_firmware_version": 3, "groups": ["eu"]}
    refused = await world.call("PUT", f"/v1/devices/{device.hex_id}", body)
    assert (refused.status_code, refused.json()["error"]) == (400, "Nothing to do?")
    answer = await world.call("PUT", f"{fleet.path}/devices/{device.hex_id}", body)
    assert answer.text == (
        f'{{"id":"{device.hex_id}","development":true,"desired_firmware_version":3,"groups":["eu"],'
        f'"updated_at":"{NOW}"}}'
    )
    shown = (await world.call("GET", f"{fleet.path}/devices/{device.hex_id}")).json()
    assert (shown["development"], shown["desired_firmware_version"], shown["groups"]) == (True, 3, ["eu"])


PRODUCT_CHANGES: dict[str, tuple[dict[str, Any], int, Any]] = {
    "development": ({"development": "true"}, 200, {"development": True}),
    "a version and now": ({"desired_firmware_version": "7", "flash": True}, 200, {"desired_firmware_version": 7}),
    "no version": ({"desired_firmware_version": None}, 200, {"desired_firmware_version": None}),
    "no version in a form": ({"desired_firmware_version": "null"}, 200, {"desired_firmware_version": None}),
    "version of 17 bits": ({"desired_firmware_version": 65_536}, 400, "desired_firmware_version must be at most 65535"),
    "version below 0": ({"desired_firmware_version": -1}, 400, "desired_firmware_version must be at least 0"),
    "one group": ({"groups": "eu"}, 200, {"groups": ["eu"]}),
    "groups twice": ({"groups": ["us", "eu", "us"]}, 200, {"groups": ["eu", "us"]}),
    "no groups": ({"groups": []}, 200, {"groups": []}),
    "unknown group": ({"groups": ["eu", "mars"]}, 400, "Group mars does not exist"),
    "name": ({"name": "lamp"}, 200, {"name": "lamp"}),
    "notes": ({"notes": "of the team"}, 200, {"notes": "of the team"}),
}


@pytest.mark.parametrize("name", PRODUCT_CHANGES)
async def test_changes_of_a_product_device(world: World, name: str) -> None:
    fleet = await fleet_of(world)
    for group in ("eu", "us"):
        await world.services.products.add_group(fleet.product, group)
    device = await fleet.device(1, groups=["us"])
    body, status, told = PRODUCT_CHANGES[name]
    answer = await world.call("PUT", f"{fleet.path}/devices/{device.hex_id}", body)
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"id": device.hex_id, **told, "updated_at": NOW}
    else:
        assert answer.json() == {"ok": False, "error": told}
        assert await kept(world, device.hex_id) == device


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
async def test_who_may_only_look_changes_nothing(world: World, role: Role) -> None:
    fleet = await fleet_of(world)
    device = await fleet.device()
    answer = await world.call(
        "PUT", f"{fleet.path}/devices/{device.hex_id}", {"name": "x"}, token=await fleet.member(role)
    )
    assert (answer.status_code, answer.json()["error"]) == (403, "Permission Denied")
    assert await kept(world, device.hex_id) == device


async def test_the_name_of_a_customers_board_is_one_of_that_customers(world: World) -> None:
    fleet = await fleet_of(world)
    customer, _ = await fleet.customer()
    await board(world, name="lamp")
    one, other = await fleet.device(1, customer.id, name="a"), await fleet.device(2, customer.id, name="b")
    path = f"{fleet.path}/devices/{one.hex_id}"
    assert (await world.call("PUT", path, {"name": "lamp"})).status_code == 200
    taken = await world.call("PUT", path, {"name": other.name.upper()})
    assert (taken.status_code, taken.text) == (400, '{"ok":false,"error":"Device name already in use"}')


# Firmware.

IMAGE = bytes(range(256)) * 5


async def send(world: World, files: Any, path: str = PATH, token: str | None = None, **fields: str) -> Any:
    headers = {"Authorization": f"Bearer {token or world.token}"}
    return await world.http.put(path, files=files, data=fields, headers=headers)


SENT: dict[str, tuple[Any, dict[str, str]]] = {
    "curl": ({"file": ("firmware.bin", IMAGE, "application/octet-stream")}, {"file_type": "binary"}),
    "particle-api-js": ({"file": ("boron.bin", IMAGE)}, {"build_target_version": "6.3.0"}),
    "another field": ({"file1": ("a", IMAGE)}, {}),
    "a folder in its name": ({"file": ("C:\\out\\a.BIN", IMAGE)}, {"latest": "true"}),
}


@pytest.mark.parametrize("name", SENT)
async def test_a_binary_is_sent_to_the_board(world: World, name: str) -> None:
    session = connect(world.services, await board(world))
    files, fields = SENT[name]
    answer = await send(world, files, **fields)
    assert (answer.status_code, answer.json()) == (200, {"id": ID, "status": "Update started"})
    assert session.asked == [("update", str(len(IMAGE)))]


NOT_SENT: dict[str, tuple[Any, dict[str, str], int, dict[str, Any]]] = {
    "source": (
        {"file": ("app.ino", b"void loop() {}")},
        {},
        400,
        {
            "ok": False,
            "output": "This cloud has no compiler",
            "errors": ["This server has no compiler: compile on your machine and send the .bin file."],
        },
    ),
    "source beside a binary": (
        [("file", ("app.bin", IMAGE)), ("file2", ("project.properties", b""))],
        {},
        400,
        {
            "ok": False,
            "output": "This cloud has no compiler",
            "errors": ["This server has no compiler: compile on your machine and send the .bin file."],
        },
    ),
    "two binaries": (
        [("file", ("a.bin", IMAGE)), ("file2", ("b.bin", IMAGE))],
        {},
        400,
        {"ok": False, "errors": ["Send one binary at a time."]},
    ),
    "bundle": (
        {"file": ("bundle.zip", b"PK\x03\x04rest", "application/zip")},
        {},
        400,
        {
            "ok": False,
            "errors": ["Bundles with assets can not be sent over the air by this server: send the .bin file."],
        },
    ),
    "empty": ({"file": ("a.bin", b"")}, {}, 400, {"ok": False, "errors": ["The file is empty."]}),
    "known application": (
        None,
        {"app": "tinker"},
        404,
        {"ok": False, "errors": ["There is no application tinker on this server. Send a binary file."]},
    ),
    "compiled before": (
        None,
        {"app_id": "5e1f"},
        404,
        {"ok": False, "errors": ["There is no application 5e1f on this server. Send a binary file."]},
    ),
}


@pytest.mark.parametrize("name", NOT_SENT)
async def test_what_can_not_be_sent_is_told_before_the_board_hears_of_it(world: World, name: str) -> None:
    session = connect(world.services, await board(world))
    files, fields, status, told = NOT_SENT[name]
    answer = await send(world, files, **fields)
    assert (answer.status_code, answer.json()) == (status, told)
    assert session.asked == []


@pytest.mark.parametrize("state", ["away", "deaf"])
async def test_a_board_that_is_not_there_is_not_updated(world: World, state: str) -> None:
    device = await board(world)
    if state == "deaf":
        connect(world.services, device).deaf = True
    answer = await send(world, {"file": ("a.bin", IMAGE)})
    assert (answer.status_code, answer.json()) == (500, {"ok": False, "code": 500, "errors": ["Request Timed Out"]})


class Choosy(FakeBoard):
    """A board that takes no updates."""

    async def update(self, image: bytes, deadline: float = 30.0) -> None:
        raise BoardCannot("The program on the board has turned updates off.")


async def test_a_board_that_refuses_says_why(world: World) -> None:
    world.services.boards.arrived(Choosy(await board(world)))
    answer = await send(world, {"file": ("a.bin", IMAGE)})
    assert (answer.status_code, answer.json()["error"]) == (400, "The program on the board has turned updates off.")


async def test_customers_send_no_firmware(world: World) -> None:
    fleet: Fleet = await fleet_of(world)
    customer, token = await fleet.customer()
    device = await fleet.device(1, customer.id)
    session = connect(world.services, device)
    for path in (f"/v1/devices/{device.hex_id}", f"{fleet.path}/devices/{device.hex_id}"):
        answer = await send(world, {"file": ("a.bin", IMAGE)}, path, token)
        assert (answer.status_code, answer.json()) == (
            403,
            {
                "ok": False,
                "error": "Permission Denied",
                "error_description": "Customers are not allowed to call this endpoint",
            },
        )
    assert session.asked == []
    assert (await send(world, {"file": ("a.bin", IMAGE)}, f"{fleet.path}/devices/{device.hex_id}")).status_code == 200
    assert session.asked == [("update", str(len(IMAGE)))]
