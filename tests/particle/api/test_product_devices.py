"""The devices of a product: list, import, batch, removal (reference 3.10), and pages of lists (1.6)."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.clock import SECOND
from rookery.core.records import Device, Role
from rookery.particle.ids import hex_id
from tests.fakes import START, connect
from tests.particle.api.conftest import World
from tests.particle.api.fleets import ARGON, Fleet, device_id, fleet_of, ids


async def listed(fleet: Fleet, query: str = "") -> dict[str, Any]:
    answer = await fleet.world.call("GET", f"{fleet.path}/devices{query}")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.fixture
async def fleet(world: World) -> Fleet:
    """A product with four boards."""
    fleet = await fleet_of(world)
    for name in ("a", "b"):
        await world.services.products.add_group(fleet.product, name)
    boards: list[dict[str, Any]] = [
        {"name": "porch_lamp", "groups": ["a"], "last_session_at": START, "described": {"firmware_version": 3}},
        {"name": "Desk_Lamp", "groups": ["a", "b"], "serial": "B40HAB000ABCDEF"},
        {"name": "attic", "last_session_at": START + SECOND, "described": {"firmware_version": 1}},
        {"name": "stranger", "quarantined": True, "described": {"firmware_version": 2}},
    ]
    for number, fields in enumerate(boards, 1):
        await fleet.device(number, **fields)
        world.clock.turn(1)
    return fleet


LISTS = {
    "newest connection first": ("", [3, 1, 2, 4]),
    "part of an id": ("?deviceId=0000002", [2]),
    "whole id in upper case": (f"?deviceId={device_id(1).upper()}", [1]),
    "part of a name": ("?deviceName=LAMP", [1, 2]),
    "part of a serial number": ("?serialNumber=hab000", [2]),
    "one group": ("?groups=b", [2]),
    "any of two groups": ("?groups=a,b&sortAttr=deviceId", [1, 2]),
    "unknown group": ("?groups=c", []),
    "empty filters": ("?groups=&deviceName=&deviceId=&quarantined=", [3, 1, 2, 4]),
    "in quarantine": ("?quarantined=true", [4]),
    "not in quarantine": ("?quarantined=0", [3, 1, 2]),
    "several filters": ("?deviceName=lamp&groups=b", [2]),
    "by name": ("?sortAttr=deviceName", [3, 2, 1, 4]),
    "by name, backwards": ("?sortAttr=deviceName&sortDir=desc", [4, 1, 2, 3]),
    "by id": ("?sortAttr=deviceId&sortDir=asc", [1, 2, 3, 4]),
    "by version": ("?sortAttr=firmwareVersion", [3, 4, 1, 2]),
    "by version, backwards": ("?sortAttr=firmwareVersion&sortDir=desc", [1, 4, 3, 2]),
    "by connection": ("?sortAttr=lastConnection&sortDir=asc", [1, 3, 2, 4]),
    "by connection, backwards": ("?sortAttr=lastConnection&sortDir=DESC", [3, 1, 2, 4]),
    "second page": ("?perPage=3&page=2", [4]),
    "page behind the last": ("?per_page=3&page=3", []),
}


@pytest.mark.parametrize(("query", "expected"), LISTS.values(), ids=LISTS.keys())
async def test_a_list_has_what_was_asked_for(fleet: Fleet, query: str, expected: list[int]) -> None:
    assert ids((await listed(fleet, query))["devices"]) == [device_id(number) for number in expected]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("?sortAttr=age", "sortAttr must be one of deviceName, deviceId, firmwareVersion, lastConnection"),
        ("?sortDir=up", "sortDir must be asc or desc"),
        ("?page=0", "page must be at least 1"),
        ("?page=x", "page must be a whole number"),
        ("?perPage=0", "perPage must be at least 1"),
        ("?per_page=x", "per_page must be a whole number"),
        ("?quarantined=maybe", "quarantined must be true or false"),
    ],
)
async def test_a_question_that_can_not_be_understood_is_refused(fleet: Fleet, query: str, words: str) -> None:
    answer = await fleet.world.call("GET", f"{fleet.path}/devices{query}")
    assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": words})


class TestPages:
    async def test_an_empty_list_has_one(self, world: World) -> None:
        fleet = await fleet_of(world)
        meta = {"total_pages": 1, "page": 1, "per_page": 25, "total": 0}
        assert await listed(fleet) == {"devices": [], "customers": [], "meta": meta}

    async def test_there_are_25_on_one(self, world: World) -> None:
        fleet = await fleet_of(world)
        for number in range(51):
            await fleet.device(number)
        pages = [await listed(fleet, f"?page={page}") for page in (1, 2, 3)]
        assert [len(page["devices"]) for page in pages] == [25, 25, 1]
        assert pages[1]["meta"] == {"total_pages": 3, "page": 2, "per_page": 25, "total": 51}
        assert len({id for page in pages for id in ids(page["devices"])}) == 51

    @pytest.mark.parametrize("name", ["per_page", "perPage"])
    async def test_both_spellings_of_the_size(self, fleet: Fleet, name: str) -> None:
        body = await listed(fleet, f"?{name}=2")
        assert len(body["devices"]) == 2
        assert body["meta"] == {"total_pages": 2, "page": 1, "per_page": 2, "total": 4}

    async def test_an_enormous_size_is_cut(self, fleet: Fleet) -> None:
        assert (await listed(fleet, "?per_page=100000"))["meta"]["per_page"] == 1_000


async def test_the_owners_on_the_page_are_named(fleet: Fleet) -> None:
    world = fleet.world
    customer, _ = await fleet.customer("4c1bbd9e")
    other, _ = await fleet.customer("other")
    await fleet.device(5, customer.id)
    await fleet.device(6, other.id)
    await fleet.device(7, world.person.id)
    body = await listed(fleet, "?sortAttr=deviceId&perPage=2&page=3")
    assert sorted(body["customers"], key=lambda one: one["username"]) == [
        {"id": hex_id(customer.id), "username": "4c1bbd9e"},
        {"id": hex_id(other.id), "username": "other"},
    ]
    first = body["devices"][0]
    assert (first["owner"], first["customer_id"], first["product_id"]) == ("4c1bbd9e", hex_id(customer.id), 1000)
    last = (await listed(fleet, "?deviceId=7"))["devices"][0]
    assert last["owner"] == "owner@rookery.test"
    assert "customer_id" not in last
    assert (await listed(fleet, "?perPage=4&sortAttr=deviceId"))["customers"] == []


async def test_the_list_shows_what_the_single_form_shows(fleet: Fleet) -> None:
    connect(fleet.world.services, await fleet.device(1))
    one = (await fleet.world.call("GET", f"{fleet.path}/devices/{device_id(1)}")).json()
    assert (await listed(fleet, f"?deviceId={device_id(1)}"))["devices"] == [one]
    assert one["online"] is True
    assert one["groups"] == ["a"]


async def test_what_changes_shows_in_the_next_list(fleet: Fleet) -> None:
    """The list is sorted by what is kept in memory; it must be what is."""
    world = fleet.world
    await listed(fleet)
    await world.call("PUT", f"{fleet.path}/devices/{device_id(1)}", {"name": "zzz", "groups": ["b"]})
    assert ids((await listed(fleet, "?sortAttr=deviceName&groups=b"))["devices"]) == [device_id(2), device_id(1)]
    await world.call("DELETE", f"{fleet.path}/devices/{device_id(2)}")
    assert ids((await listed(fleet, "?groups=b"))["devices"]) == [device_id(1)]
    await world.call("POST", f"{fleet.path}/devices", {"id": device_id(9)})
    assert (await listed(fleet))["meta"]["total"] == 4


class TestImport:
    async def post(self, fleet: Fleet, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {fleet.world.token}"}
        answer = await fleet.world.http.post(f"{fleet.path}/devices", headers=headers, **body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    async def test_one_that_nobody_has_heard_of(self, world: World) -> None:
        fleet = await fleet_of(world)
        assert await self.post(fleet, json={"id": device_id(1).upper()}) == {
            "updated": 1,
            "updatedDeviceIds": [device_id(1)],
            "existingDeviceIds": [],
            "nonmemberDeviceIds": [],
            "invalidDeviceIds": [],
            "protectedDeviceIds": [],
        }
        view = (await world.call("GET", f"{fleet.path}/devices/{device_id(1)}")).json()
        assert (view["owner"], view["product_id"], view["platform_id"]) == (None, 1000, ARGON)

    async def test_every_id_ends_in_one_list(self, world: World) -> None:
        fleet, rival = await fleet_of(world), await fleet_of(world, "Rival")
        stranger, _ = await world.somebody()
        services = world.services
        await fleet.device(1)
        await rival.device(2)
        for number, owner in ((3, stranger.id), (4, world.person.id), (5, "")):
            device = await services.enrolment.enrol(device_id(number), "particle", "particle", platform=ARGON)
            await services.claims.give(device, owner)
        wanted = [device_id(n) for n in (1, 2, 3, 4, 5, 6)] + ["nonsense", device_id(6)]
        assert await self.post(fleet, json={"ids": wanted}) == {
            "updated": 3,
            "updatedDeviceIds": [device_id(4), device_id(5), device_id(6)],
            "existingDeviceIds": [device_id(1)],
            "nonmemberDeviceIds": [device_id(2), device_id(3)],
            "invalidDeviceIds": ["nonsense"],
            "protectedDeviceIds": [],
        }
        mine = await services.enrolment.get(device_id(4))
        assert mine is not None
        assert mine.space_id == world.person.id

    @pytest.mark.parametrize(
        "body",
        [
            {"data": {"id": device_id(1)}},
            {"data": {"ids[]": [device_id(1)]}},
            {"json": {"ids": [device_id(1)], "import_sims": False}},
            {"files": {"file": ("ids.txt", f"{device_id(1)}\n")}},
            {"files": {"file": ("ids.txt", f"Device ID\r\n\r\n{device_id(1).upper()}\r\n\r\n")}},
            {"files": {"file": ("ids.csv", f'\ufeffid,name\n"{device_id(1)}",lamp\n'.encode())}},
            {"files": {"file": ("ids.txt", device_id(1))}, "data": {"import_sims": "false"}},
        ],
        ids=["form", "form list", "list", "file", "header and blank lines", "columns", "file and field"],
    )
    async def test_ids_come_in_many_ways(self, world: World, body: dict[str, Any]) -> None:
        fleet = await fleet_of(world)
        assert (await self.post(fleet, **body))["updatedDeviceIds"] == [device_id(1)]

    async def test_a_serial_number_stands_for_its_device(self, world: World) -> None:
        fleet = await fleet_of(world)
        device = await world.services.enrolment.enrol(device_id(1), "particle", "particle", serial="B40HAB")
        await world.services.enrolment.keep(device.id, platform=ARGON)
        stranger, _ = await world.somebody()
        theirs = await world.services.enrolment.enrol(device_id(2), "particle", "particle", serial="B40HIS")
        await world.services.claims.give(theirs, stranger.id)
        result = await self.post(fleet, files={"file": ("s.txt", "Serial\nB40HAB\nB40NONE\nB40HIS\n")})
        assert (result["updatedDeviceIds"], result["invalidDeviceIds"]) == ([device_id(1)], ["b40none", "b40his"])

    async def test_it_approves_what_is_in_quarantine(self, world: World) -> None:
        fleet = await fleet_of(world)
        await fleet.device(1, quarantined=True)
        await fleet.device(2, quarantined=True, denied=True)
        assert (await self.post(fleet, json={"ids": [device_id(1), device_id(2)]}))["updated"] == 2
        views = (await listed(fleet, "?quarantined=false"))["devices"]
        assert [(view["quarantined"], view["denied"]) for view in views] == [(False, False)] * 2

    @pytest.mark.parametrize("where", ["json", "params"])
    async def test_claim_user_gives_them_to_somebody_of_the_team(self, world: World, where: str) -> None:
        fleet = await fleet_of(world)
        await fleet.member(Role.EDITOR)
        await fleet.device(2)
        body: dict[str, Any] = {"json": {"ids": [device_id(1), device_id(2)]}, "params": {}}
        body[where]["claim_user"] = "Editor@team.test"
        await self.post(fleet, **body)
        owners = {view["id"]: view["owner"] for view in (await listed(fleet))["devices"]}
        assert owners == {device_id(1): "editor@team.test", device_id(2): None}

    async def test_claim_user_may_be_a_customer(self, world: World) -> None:
        fleet = await fleet_of(world)
        _, token = await fleet.customer("C")
        await self.post(fleet, json={"id": device_id(1), "claim_user": "c"})
        assert ids((await world.call("GET", "/v1/devices", token=token)).json()) == [device_id(1)]

    async def test_claim_user_is_nobody_else(self, world: World) -> None:
        fleet = await fleet_of(world)
        await world.somebody("other@rookery.test")
        body = {"id": device_id(1), "claim_user": "other@rookery.test"}
        answer = await world.call("POST", f"{fleet.path}/devices", body)
        words = "claim_user must be on the team of the product, or one of its customers"
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": words})
        assert await world.services.catalog.count(Device) == 0

    async def test_nothing_to_import_is_an_error(self, world: World) -> None:
        fleet = await fleet_of(world)
        for body in ({}, {"ids": []}, {"id": ""}):
            answer = await world.call("POST", f"{fleet.path}/devices", body)
            assert (answer.status_code, answer.json()["error"]) == (400, "id, ids or file is required")

    async def test_a_thousand_at_once(self, world: World) -> None:
        fleet = await fleet_of(world)
        lines = "\n".join(device_id(number) for number in range(1_000))
        assert (await self.post(fleet, files={"file": ("ids.txt", lines)}))["updated"] == 1_000
        assert (await listed(fleet))["meta"]["total"] == 1_000

    async def test_one_device_in_two_products_is_a_change_of_neither(self, world: World) -> None:
        fleet, rival = await fleet_of(world), await fleet_of(world, "Rival")
        await self.post(fleet, json={"id": device_id(1)})
        assert (await self.post(rival, json={"id": device_id(1)}))["nonmemberDeviceIds"] == [device_id(1)]
        assert (await listed(rival))["devices"] == []


class TestBatch:
    async def test_groups_are_added_and_removed(self, fleet: Fleet) -> None:
        devices = [device_id(1), device_id(3).upper()]
        body = {"action": "groups", "devices": devices, "metadata": {"add": ["b"], "remove": ["a"]}}
        answer = await fleet.world.call("PUT", f"{fleet.path}/devices", body)
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        views = (await listed(fleet, "?sortAttr=deviceId"))["devices"]
        assert [view["groups"] for view in views] == [["b"], ["a", "b"], ["b"], []]

    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            ({"action": "reboot"}, 400, "action must be groups"),
            ({"action": "groups", "devices": []}, 400, "metadata must be an object"),
            ({"action": "groups", "metadata": {"add": ["c"]}, "devices": []}, 400, "Group c does not exist"),
            ({"action": "groups", "metadata": {"add": ["b"]}, "devices": [device_id(99)]}, 404, "Device not found."),
        ],
    )
    async def test_what_can_not_be_done_changes_nothing(
        self, fleet: Fleet, body: dict[str, Any], status: int, words: str
    ) -> None:
        if body.get("devices"):
            body = {**body, "devices": [device_id(1), *body["devices"]]}
        answer = await fleet.world.call("PUT", f"{fleet.path}/devices", body)
        assert (answer.status_code, answer.json()) == (status, {"ok": False, "error": words})
        assert ids((await listed(fleet, "?groups=b"))["devices"]) == [device_id(2)]


class TestRemove:
    async def test_it_leaves_the_product_and_stays_with_a_person(self, fleet: Fleet) -> None:
        world = fleet.world
        await fleet.device(5, world.person.id, groups=["a"], development=True, desired_version=3)
        answer = await world.call("DELETE", f"{fleet.path}/devices/{device_id(5)}")
        assert (answer.status_code, answer.content) == (204, b"")
        gone = await world.call("GET", f"{fleet.path}/devices/{device_id(5)}")
        assert (gone.status_code, gone.json()) == (404, {"ok": False, "error": "Device not found."})
        mine = (await world.call("GET", f"/v1/devices/{device_id(5)}")).json()
        assert mine["product_id"] == ARGON
        assert "groups" not in mine
        await world.call("POST", f"{fleet.path}/devices", {"id": device_id(5)})
        again = (await world.call("GET", f"{fleet.path}/devices/{device_id(5)}")).json()
        assert (again["groups"], again["development"], again["desired_firmware_version"]) == ([], False, None)

    async def test_a_customer_loses_it(self, fleet: Fleet) -> None:
        customer, token = await fleet.customer()
        await fleet.device(5, customer.id)
        assert (await fleet.world.call("DELETE", f"{fleet.path}/devices/{device_id(5)}")).status_code == 204
        assert (await fleet.world.call("GET", "/v1/devices", token=token)).json() == []

    async def test_no_more_quarantine(self, fleet: Fleet) -> None:
        await fleet.device(5, quarantined=True, denied=True)
        for settings, left in (({"location": {}}, 2), ({"quarantine": True}, 2), ({"quarantine": False}, 1)):
            answer = await fleet.world.call("PUT", fleet.path, {"settings": settings})
            assert answer.status_code == 200
            views = (await listed(fleet, "?quarantined=true"))["devices"]
            assert len(views) == left
        assert (views[0]["id"], views[0]["denied"]) == (device_id(5), True)

    async def test_deny_keeps_it_out(self, fleet: Fleet) -> None:
        answer = await fleet.world.call("DELETE", f"{fleet.path}/devices/{device_id(4)}", {"deny": True})
        assert answer.status_code == 204
        (view,) = (await listed(fleet, "?quarantined=true"))["devices"]
        assert (view["id"], view["denied"]) == (device_id(4), True)

    async def test_the_owner_can_be_removed_alone(self, fleet: Fleet) -> None:
        customer, token = await fleet.customer()
        await fleet.device(5, customer.id)
        answer = await fleet.world.call("DELETE", f"{fleet.path}/devices/{device_id(5)}/owner")
        assert answer.json() == {"ok": True}
        assert (await fleet.world.call("GET", "/v1/devices", token=token)).json() == []
        assert (await fleet.world.call("GET", f"{fleet.path}/devices/{device_id(5)}")).json()["owner"] is None


async def test_a_device_of_another_product_is_not_found(fleet: Fleet) -> None:
    rival = await fleet_of(fleet.world, "Rival")
    await rival.device(7)
    for method in ("GET", "PUT", "DELETE"):
        answer = await fleet.world.call(method, f"{fleet.path}/devices/{device_id(7)}")
        assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Device not found."})


async def test_a_name_does_as_well_as_an_id(fleet: Fleet) -> None:
    answer = await fleet.world.call("GET", f"{fleet.path}/devices/desk_lamp")
    assert answer.json()["id"] == device_id(2)
    assert (await fleet.world.call("GET", f"{fleet.path}/devices/nonesuch")).status_code == 404


async def test_development_locks_and_groups_of_one_device(fleet: Fleet) -> None:
    path = f"{fleet.path}/devices/{device_id(1)}"
    world = fleet.world
    answer = (await world.call("PUT", path, {"development": True})).json()
    assert (answer["id"], answer["development"], sorted(answer)) == (
        device_id(1),
        True,
        ["development", "id", "updated_at"],
    )
    assert (await world.call("PUT", path, {"desired_firmware_version": 3})).json()["desired_firmware_version"] == 3
    assert (await world.call("PUT", path, {"desired_firmware_version": "null"})).json()[
        "desired_firmware_version"
    ] is None
    assert (await world.call("PUT", path, {"groups": ["b"]})).json()["groups"] == ["b"]
    refused = await world.call("PUT", path, {"groups": ["b", "zz"]})
    assert (refused.status_code, refused.json()["error"]) == (400, "Group zz does not exist")
    assert (await world.call("GET", path)).json()["groups"] == ["b"]
