"""Devices over the API: shown, claimed, let go, pinged and found, with the exact words of refusals (reference 3.2)."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.records import Bearer, Device, Role
from tests.fakes import FakeBoard, connect
from tests.particle.api.conftest import World
from tests.particle.api.fleets import device_id, fleet_of

ID = "e00fce680123456789abcdef"
OTHER = "e00fce680123456789abcd00"
PATH = f"/v1/devices/{ID}"
NOT_RECOGNISED = (
    '{"error":"Permission Denied","info":"I didn\'t recognize that device name or ID, '
    'try opening http://rookery.test/v1/devices?access_token=undefined"}'
)
NOW = "2025-01-01T00:00:00.000Z"


async def board(world: World, id: str = ID, owner_id: str | None = None, **fields: Any) -> Device:
    """A board of the person of `world`, unless another owner is named ("" for nobody)."""
    owner_id = world.person.id if owner_id is None else owner_id
    given: dict[str, Any] = {
        "name": "porch_lamp",
        "platform": 13,
        "space_id": owner_id,
        "person_id": owner_id,
        **fields,
    }
    return await world.services.enrolment.enrol(id, "particle", "boron", **given)


def here(world: World, device: Device) -> FakeBoard:
    return connect(world.services, device)


async def test_the_whole_object_of_a_board_that_never_came(world: World) -> None:
    await board(world)
    shown: dict[str, Any] = {
        "id": ID,
        "name": "porch_lamp",
        "owner": "owner@rookery.test",
        "last_app": None,
        "last_ip_address": None,
        "last_heard": None,
        "last_handshake_at": None,
        "product_id": 13,
        "online": False,
        "connected": False,
        "platform_id": 13,
        "cellular": True,
        "notes": None,
        "status": "normal",
        "functions": [],
        "variables": {},
        "firmware_updates_enabled": True,
        "firmware_updates_forced": False,
        "device_protection": {"status": "disabled"},
        "user_id": world.person.id.replace("-", "")[:24],
    }
    assert (await world.call("GET", PATH)).json() == shown
    assert (await world.call("GET", "/v1/devices/")).json() == [shown]


async def test_what_a_board_said_of_itself_is_shown_also_while_it_is_away(world: World) -> None:
    described = {
        "functions": ["setColor"],
        "variables": {"sensor": "int32", "label": "string"},
        "imei": "350000000000001",
        "iccid": "89314404000000000001",
        "system_version": 6_300,
        "safe_mode": True,
        "updates_enabled": False,
    }
    device = await board(world, serial="B40HAB000ABCDEF", described=described, last_address="203.0.113.7")
    shown = (await world.call("GET", PATH)).json()
    expected = {
        "functions": ["setColor"],
        "variables": {"sensor": "int32", "label": "string"},
        "serial_number": "B40HAB000ABCDEF",
        "imei": "350000000000001",
        "iccid": "89314404000000000001",
        "last_iccid": "89314404000000000001",
        "system_firmware_version": "6.3.0",
        "current_build_target": "6.3.0",
        "default_build_target": "6.3.0",
        "status": "safe_mode",
        "firmware_updates_enabled": False,
        "last_ip_address": "203.0.113.7",
    }
    assert {name: shown[name] for name in expected} == expected
    here(world, device)
    assert ((await world.call("GET", PATH)).json())["online"] is True
    assert shown["online"] is False
    assert "network" not in shown


async def test_a_product_shows_more_and_shows_it_to_the_owner_too(world: World) -> None:
    fleet = await fleet_of(world)
    customer, token = await fleet.customer()
    described = {"firmware_version": 3, "firmware_product": 12_345}
    device = await fleet.device(1, customer.id, described=described, groups=["eu"])
    shown = (await world.call("GET", f"{fleet.path}/devices/{device.hex_id}")).json()
    expected = {
        "product_id": fleet.product.number,
        "firmware_product_id": 12_345,
        "firmware_version": 3,
        "desired_firmware_version": None,
        "targeted_firmware_release_version": None,
        "groups": ["eu"],
        "development": False,
        "quarantined": False,
        "denied": False,
        "owner": "c@example.org",
    }
    assert {name: shown[name] for name in expected} == expected
    assert (await world.call("GET", f"/v1/devices/{device.hex_id}", token=token)).json() == shown


async def test_the_newest_session_is_first_and_those_without_one_last(world: World) -> None:
    for number, last in enumerate((None, 5, 9, None)):
        world.clock.turn(1)
        await board(world, f"{number:024x}", name=f"n{number}", last_session_at=last)
    assert [each["name"] for each in (await world.call("GET", "/v1/devices")).json()] == ["n2", "n1", "n0", "n3"]


async def test_a_team_has_not_the_boards_of_its_product(world: World) -> None:
    fleet = await fleet_of(world)
    customer, token = await fleet.customer()
    device = await fleet.device(1, customer.id)
    assert (await world.call("GET", "/v1/devices")).text == "[]"
    assert [each["id"] for each in (await world.call("GET", "/v1/devices", token=token)).json()] == [device.hex_id]
    assert (await world.call("GET", f"/v1/devices/{device.hex_id}")).text == NOT_RECOGNISED
    refused = await world.call("GET", f"{fleet.path}/devices/{device.hex_id}", token=token)
    assert (refused.status_code, refused.json()["error"]) == (403, "Permission Denied")


OWN_PATHS = [
    ("GET", PATH, None),
    ("PUT", PATH, {"name": "mine"}),
    ("DELETE", PATH, None),
    ("PUT", f"{PATH}/ping", {}),
    ("PUT", f"{PATH}/backup_files", {}),
    ("GET", f"/v1/diagnostics/{ID}/last", None),
    ("GET", f"/v1/diagnostics/{ID}", None),
    ("POST", f"/v1/diagnostics/{ID}/update", None),
]


@pytest.mark.parametrize(("method", "path", "body"), OWN_PATHS, ids=[f"{m} {p}" for m, p, _ in OWN_PATHS])
async def test_somebody_elses_board_is_like_none_at_all(world: World, method: str, path: str, body: Any) -> None:
    device = await board(world)
    session = here(world, device)
    _, token = await world.somebody()
    for asked in (path, path.replace(ID, OTHER)):
        answer = await world.call(method, asked, body, token=token)
        assert (answer.status_code, answer.text) == (403, NOT_RECOGNISED)
    assert session.asked == []
    assert (await world.services.enrolment.get(ID)) == device


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        (
            "product",
            403,
            '{"ok":false,"error":"Permission Denied",'
            '"error_description":"A product\'s token works on the paths of that product only"}',
        ),
        (
            "program",
            400,
            '{"error":"unauthorized","error_description":"API users are not allowed to call this endpoint"}',
        ),
    ],
)
async def test_who_can_own_nothing_has_no_devices(world: World, kind: str, status: int, body: str) -> None:
    fleet = await fleet_of(world)
    token = await (fleet.bearer() if kind == "product" else fleet.program("*:*"))
    for method, path in (("GET", "/v1/devices"), ("POST", "/v1/devices"), ("GET", PATH), ("DELETE", PATH)):
        answer = await world.call(method, path, token=token)
        assert (answer.status_code, answer.text) == (status, body)


async def test_product_paths_find_their_own_boards_only(world: World) -> None:
    fleet, other = await fleet_of(world), await fleet_of(world, "Other")
    device = await fleet.device()
    for path, body in (
        (f"{other.path}/devices/{device.hex_id}", '{"ok":false,"error":"Device not found."}'),
        (f"/v1/products/65000/devices/{device.hex_id}", '{"ok":false,"error":"Product not found."}'),
    ):
        answer = await world.call("GET", path)
        assert (answer.status_code, answer.text) == (404, body)
    assert (await world.call("GET", f"{fleet.path}/devices/{device.hex_id.upper()}")).json()["id"] == device.hex_id


# Claiming.


async def claim(world: World, id: str = ID, token: str | None = None, **more: Any) -> Any:
    return await world.call("POST", "/v1/devices", {"id": id, **more}, token=token or world.token)


async def test_a_board_that_is_online_becomes_the_callers(world: World) -> None:
    here(world, await board(world, owner_id=""))
    for id in (ID.upper(), ID):
        answer = await claim(world, id)
        assert (answer.status_code, answer.json()) == (
            200,
            {
                "user_id": world.person.id.replace("-", "")[:24],
                "id": ID,
                "deviceID": ID,
                "connected": True,
                "claimed": True,
                "ok": True,
            },
        )
    assert (await world.call("GET", PATH)).json()["owner"] == "owner@rookery.test"


BELONGS = (
    '{"ok":false,"errors":["That belongs to someone else. '
    'To request a transfer add ?request_transfer=true to your request."]}'
)
NO_TRANSFER = '{"ok":false,"errors":["This server transfers no devices: its owner has to unclaim it first."]}'
CLAIMS: dict[str, tuple[str, dict[str, Any], int, str]] = {
    # name: the board, body, status, answer
    "unknown": ("none", {"id": ID}, 404, '{"ok":false,"errors":["device does not exist"]}'),
    "no id at all": ("none", {"id": "porch"}, 404, '{"ok":false,"errors":["device does not exist"]}'),
    "not online": ("away", {"id": ID}, 404, '{"ok":false,"errors":[["Core isn\'t online",404]]}'),
    "somebody else's": ("theirs", {"id": ID}, 403, BELONGS),
    "a transfer": ("theirs", {"id": ID, "request_transfer": True}, 403, NO_TRANSFER),
    "a transfer of a form": ("theirs", {"id": ID, "request_transfer": "true"}, 403, NO_TRANSFER),
    "no transfer": ("theirs", {"id": ID, "request_transfer": "false"}, 403, BELONGS),
    "nothing": ("none", {}, 400, '{"ok":false,"error":"id is required"}'),
    "empty": ("none", {"id": " "}, 400, '{"ok":false,"error":"id is required"}'),
}


@pytest.mark.parametrize("name", CLAIMS)
async def test_refused_claims_are_exact(world: World, name: str) -> None:
    state, body, status, text = CLAIMS[name]
    other, _ = await world.somebody()
    if state != "none":
        device = await board(world, owner_id=other.id if state == "theirs" else "")
        if state == "theirs":
            here(world, device)
    answer = await world.call("POST", "/v1/devices", body)
    assert (answer.status_code, answer.text) == (status, text)


async def test_the_transfer_of_the_address_counts_too(world: World) -> None:
    other, _ = await world.somebody()
    await board(world, owner_id=other.id)
    answer = await world.call("POST", "/v1/devices?request_transfer=true", {"id": ID})
    assert (answer.status_code, answer.text) == (403, NO_TRANSFER)


async def test_a_board_of_a_product_is_claimed_offline_by_its_team_alone(world: World) -> None:
    fleet = await fleet_of(world)
    device = await fleet.device()
    _, stranger = await world.somebody()
    assert (await claim(world, device.hex_id, stranger)).text == '{"ok":false,"errors":[["Core isn\'t online",404]]}'
    viewer = await fleet.member(Role.SUPPORT)
    answer = await claim(world, device.hex_id, viewer)
    assert (answer.status_code, answer.json()["connected"]) == (200, False)
    kept = await world.services.enrolment.get(device.hex_id)
    assert kept is not None
    assert (kept.space_id, kept.product_id) == (fleet.people[Role.SUPPORT].id, fleet.product.id)


async def test_a_customer_claims_within_the_product(world: World) -> None:
    fleet = await fleet_of(world)
    customer, token = await fleet.customer()
    inside, outside = await fleet.device(), await board(world, owner_id="")
    for device in (inside, outside):
        here(world, device)
    assert (await claim(world, inside.hex_id, token)).status_code == 200
    refused = await claim(world, outside.hex_id, token)
    assert (refused.status_code, refused.text) == (404, '{"ok":false,"errors":["device does not exist"]}')
    shown = (await world.call("GET", f"{fleet.path}/devices/{inside.hex_id}")).json()
    assert (shown["owner"], shown["product_id"]) == (customer.email, fleet.product.number)


async def test_an_unclaimed_board_goes_on_in_its_product(world: World) -> None:
    fleet = await fleet_of(world)
    customer, token = await fleet.customer()
    device = await fleet.device(1, customer.id)
    session = here(world, device)
    answer = await world.call("DELETE", f"/v1/devices/{device.hex_id}", token=token)
    assert (answer.status_code, answer.text) == (200, '{"ok":true}')
    assert session.closed is None
    shown = (await world.call("GET", f"{fleet.path}/devices/{device.hex_id}")).json()
    assert (shown["owner"], shown["online"], "user_id" in shown) == (None, True, False)


async def test_a_team_takes_the_owner_away(world: World) -> None:
    fleet = await fleet_of(world)
    customer, _ = await fleet.customer()
    device = await fleet.device(1, customer.id)
    path = f"{fleet.path}/devices/{device.hex_id}/owner"
    assert (await world.call("DELETE", path, token=await fleet.member(Role.SUPPORT))).status_code == 403
    for _ in range(2):
        assert (await world.call("DELETE", path)).text == '{"ok":true}'
    kept = await world.services.enrolment.get(device.hex_id)
    assert kept is not None
    assert (kept.space_id, kept.product_id) == ("", fleet.product.id)


# Devices that are made.


async def test_a_device_is_made_for_a_platform_or_a_product(world: World) -> None:
    fleet = await fleet_of(world)
    made = [
        (await world.call("POST", "/v1/devices", {"product_id": n})).json() for n in (31, str(fleet.product.number))
    ]
    assert [(each["platform_id"], each["product_id"]) for each in made] == [(31, 31), (12, fleet.product.number)]
    assert all(len(each["id"]) == 24 and each["owner"] == "owner@rookery.test" for each in made)
    assert made[0]["id"] != made[1]["id"]


async def test_a_device_is_not_made_for_what_is_not_the_callers(world: World) -> None:
    fleet = await fleet_of(world)
    _, stranger = await world.somebody()
    _, customer = await fleet.customer()
    wanted = {"product_id": fleet.product.number}
    assert (await world.call("POST", "/v1/devices", wanted, token=stranger)).status_code == 404
    assert (await world.call("POST", "/v1/devices", wanted, token=customer)).status_code == 403
    viewer = await fleet.member(Role.VIEWER)
    assert (await world.call("POST", "/v1/devices", wanted, token=viewer)).status_code == 403
    unknown = await world.call("POST", "/v1/devices", {"product_id": 60_000})
    assert (unknown.status_code, unknown.text) == (404, '{"ok":false,"error":"Product not found."}')
    assert await world.services.catalog.count(Device) == 0


# Ping, and what is looked up.


async def test_ping_asks_the_board_and_offline_is_no_error(world: World) -> None:
    device = await board(world)
    answer = await world.call("PUT", f"{PATH}/ping")
    assert (answer.status_code, answer.text) == (200, '{"online":false,"ok":true}')
    session = here(world, device)
    assert (await world.call("PUT", f"{PATH}/ping", {})).text == '{"online":true,"ok":true}'
    session.deaf = True
    assert (await world.call("PUT", f"{PATH}/ping")).text == '{"online":false,"ok":true}'
    assert session.asked == [("ping",), ("ping",)]


async def test_who_may_ping_in_a_product(world: World) -> None:
    fleet = await fleet_of(world)
    device = await fleet.device()
    here(world, device)
    path = f"{fleet.path}/devices/{device.hex_id}/ping"
    expected = {Role.VIEWER: 403, Role.SUPPORT: 200, Role.EDITOR: 200}
    assert {role: (await world.call("PUT", path, token=await fleet.member(role))).status_code for role in expected} == (
        expected
    )
    assert (await world.call("PUT", path, token=await fleet.bearer())).text == '{"online":true,"ok":true}'


async def test_a_serial_number_finds_the_device_of_those_who_may_see_it(world: World) -> None:
    fleet = await fleet_of(world)
    customer, token = await fleet.customer()
    _, stranger = await world.somebody()
    device = await fleet.device(1, customer.id, serial="P046AFK000", described={"iccid": "8931"})
    found = {
        "ok": True,
        "deviceID": device.hex_id,
        "device_id": device.hex_id,
        "platform_id": 12,
        "serial_number": "P046AFK000",
        "iccid": "8931",
    }
    path = "/v1/serial_numbers/P046AFK000"
    for who in (world.token, token):
        answer = await world.call("GET", path, token=who)
        assert (answer.status_code, answer.json()) == (200, found)
    for who, asked in ((stranger, path), (world.token, "/v1/serial_numbers/P046")):
        answer = await world.call("GET", asked, token=who)
        assert (answer.status_code, answer.text) == (404, '{"ok":false,"error":"Serial number not found"}')
    await world.services.claims.unclaim(device)
    assert (await world.call("GET", path, token=stranger)).json()["deviceID"] == device.hex_id


async def test_every_board_is_open(world: World) -> None:
    await board(world)
    answer = await world.call("PUT", f"{PATH}/unprotect", {"action": "prepare"})
    assert (answer.status_code, answer.text) == (200, '{"ok":true,"protected":false}')


async def test_there_are_no_files_of_a_factory(world: World) -> None:
    await board(world)
    answer = await world.call("PUT", f"{PATH}/backup_files")
    assert (answer.status_code, answer.text) == (
        404,
        '{"ok":false,"error":"There are no backup files of this device."}',
    )


async def test_names_and_ids_mean_the_same_in_any_case_and_names_only_ones_own(world: World) -> None:
    await board(world)
    other, token = await world.somebody()
    await board(world, OTHER, other.id, name="porch_lamp")
    for ref in (ID, ID.upper(), "porch_lamp", "PORCH_LAMP", "porch%5Flamp"):
        assert (await world.call("GET", f"/v1/devices/{ref}")).json()["id"] == ID
    assert (await world.call("GET", "/v1/devices/porch_lamp", token=token)).json()["id"] == OTHER
    world.clock.turn(1)
    third = await board(world, device_id(3), name="PORCH_LAMP")  # by import: nobody is asked there
    for ref, id in (("PORCH_LAMP", third.hex_id), ("porch_lamp", ID), ("Porch_Lamp", ID)):
        assert (await world.call("GET", f"/v1/devices/{ref}")).json()["id"] == id


async def test_a_token_of_another_kind_is_no_owner_by_its_scope(world: World) -> None:
    fleet = await fleet_of(world)
    device = await board(world)
    token = await world.token_of(fleet.product.id, Bearer.PRODUCT, "devices:get")
    assert (await world.call("GET", f"/v1/devices/{device.hex_id}", token=token)).status_code == 403
