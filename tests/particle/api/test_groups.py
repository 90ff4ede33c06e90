"""The groups of a product (reference 3.11)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.particle.api.conftest import World
from tests.particle.api.fleets import Fleet, device_id, fleet_of

EU = {"name": "eu", "description": "Europe", "color": "#0f0"}
SEEN = {**EU, "fw_version": None, "device_count": 0}


@pytest.fixture
async def fleet(world: World) -> Fleet:
    """A product with one group."""
    fleet = await fleet_of(world)
    answer = await world.call("POST", f"{fleet.path}/groups", EU)
    assert (answer.status_code, answer.json()) == (201, {"group": SEEN})
    return fleet


async def groups(fleet: Fleet, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await fleet.world.call("GET", f"{fleet.path}/groups{query}")).json()["groups"]
    return listed


async def test_a_group_is_listed_and_shown(fleet: Fleet) -> None:
    assert await groups(fleet) == [SEEN]
    for name in ("eu", "EU"):
        assert (await fleet.world.call("GET", f"{fleet.path}/groups/{name}")).json() == {"group": SEEN}


async def test_the_list_can_be_filtered_by_a_part_of_the_name(fleet: Fleet) -> None:
    fleet.world.clock.turn(1)
    await fleet.world.call("POST", f"{fleet.path}/groups", {"name": "neutral"})
    assert [group["name"] for group in await groups(fleet, "?name=EU")] == ["eu", "neutral"]
    assert [group["name"] for group in await groups(fleet, "?name=neu")] == ["neutral"]
    assert await groups(fleet, "?name=x") == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "name is required"),
        ({"name": "Big"}, "A group has a name of 1 to 32 lower-case letters, digits, dashes and underscores."),
        ({"name": "a b"}, "A group has a name of 1 to 32 lower-case letters, digits, dashes and underscores."),
        ({"name": "eu"}, "Group eu already exists"),
        ({"name": "us", "color": "x" * 33}, "color must have at most 32 characters"),
        ({"name": "us", "description": "x" * 1001}, "description must have at most 1000 characters"),
    ],
)
async def test_what_is_no_group_is_refused(fleet: Fleet, body: dict[str, Any], words: str) -> None:
    answer = await fleet.world.call("POST", f"{fleet.path}/groups", body)
    assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": words})
    assert await groups(fleet) == [SEEN]


async def test_another_name_goes_to_the_devices(fleet: Fleet) -> None:
    world = fleet.world
    await fleet.device(1, groups=["eu"])
    await fleet.device(2)
    answer = await world.call("PUT", f"{fleet.path}/groups/eu", {"name": "europe", "description": ""})
    changed = {"name": "europe", "description": "", "color": "#0f0", "fw_version": None, "device_count": 1}
    assert answer.json() == {"group": changed}
    assert await groups(fleet) == [changed]
    shown = [(await world.call("GET", f"{fleet.path}/devices/{device_id(n)}")).json()["groups"] for n in (1, 2)]
    assert shown == [["europe"], []]
    assert (await world.call("GET", f"{fleet.path}/groups/eu")).status_code == 404


async def test_a_name_that_is_taken_or_none_changes_nothing(fleet: Fleet) -> None:
    world = fleet.world
    await world.call("POST", f"{fleet.path}/groups", {"name": "us"})
    await fleet.device(1, groups=["eu"])
    for name, words in {"us": "Group us already exists", "U S": "A group has a name"}.items():
        answer = await world.call("PUT", f"{fleet.path}/groups/eu", {"name": name})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(words)
    assert {group["name"]: group["device_count"] for group in await groups(fleet)} == {"eu": 1, "us": 0}


async def test_a_deleted_group_leaves_its_devices(fleet: Fleet) -> None:
    world = fleet.world
    await world.call("POST", f"{fleet.path}/groups", {"name": "us"})
    await fleet.device(1, groups=["eu", "us"])
    answer = await world.call("DELETE", f"{fleet.path}/groups/eu")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await world.call("GET", f"{fleet.path}/devices/{device_id(1)}")).json()["groups"] == ["us"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_group_that_is_not_there(fleet: Fleet, method: str) -> None:
    answer = await fleet.world.call(method, f"{fleet.path}/groups/nonesuch")
    assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Group not found."})


class TestImpact:
    """Who would get other firmware."""

    @pytest.fixture
    async def fleet(self, fleet: Fleet) -> Fleet:
        """Boards with versions, and some that get nothing of the fleet."""
        boards: list[dict[str, Any]] = [
            {"groups": ["eu"], "described": {"firmware_version": 1}},
            {"groups": ["eu"], "described": {"firmware_version": 1}},
            {"groups": ["eu", "us"], "described": {"firmware_version": 2}},
            {"groups": ["us"], "described": {"firmware_version": 3}},
            {"described": {"firmware_version": 2}},
            {"groups": ["eu"]},
            {"groups": ["eu"], "described": {"firmware_version": 1}, "development": True},
            {"groups": ["eu"], "described": {"firmware_version": 1}, "desired_version": 1},
            {"groups": ["eu"], "described": {"firmware_version": 1}, "quarantined": True},
        ]
        for number, fields in enumerate(boards):
            await fleet.device(number, **fields)
        return fleet

    @pytest.mark.parametrize(
        ("query", "by_version"),
        [
            ("groups=eu", {None: 1, 1: 2, 2: 1}),
            ("groups=us", {2: 1}),
            ("groups=eu,us", {None: 1, 1: 2, 2: 1}),
            ("groups=none", {}),
            ("product_default=true", {None: 1, 1: 2, 2: 2}),
            ("product_default=false", {}),
        ],
    )
    async def test_it_counts(self, fleet: Fleet, query: str, by_version: dict[int | None, int]) -> None:
        path = f"{fleet.path}/impact?action=edit_groups_for_firmware&firmware_version=3&{query}"
        update = (await fleet.world.call("GET", path)).json()["devices"]["firmware_update"]
        assert update["total"] == sum(by_version.values())
        assert {line["version"]: line["total"] for line in update["by_version"]} == by_version

    @pytest.mark.parametrize("query", ["", "?firmware_version=x", "?firmware_version=1&action=other"])
    async def test_a_question_without_a_version_or_of_another_kind(self, fleet: Fleet, query: str) -> None:
        assert (await fleet.world.call("GET", f"{fleet.path}/impact{query}")).status_code == 400
