"""Claim codes on the API (reference 3.3), and what a device does with one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from rookery.core.records import Role
from tests.particle.api.conftest import World
from tests.particle.api.fleets import ARGON, Fleet, device_id, fleet_of


@pytest.fixture
async def fleet(world: World) -> Fleet:
    """A product."""
    return await fleet_of(world)


async def code(world: World, path: str, token: str, **body: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await world.http.post(path, headers=headers, **body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert set(found) == {"claim_code", "device_ids"}
    assert re.fullmatch(r"[A-Za-z0-9+/]{63}", found["claim_code"])
    return found


async def owner_after(world: World, number: int, text: str) -> tuple[str, str | None]:
    """Who owns a board, and which product it is in, when it has said this code."""
    device = await world.services.enrolment.enrol(device_id(number), "particle", "particle", platform=ARGON)
    after = await world.services.claims.present(device, text) or device
    return after.space_id, after.product_id


BODIES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "empty form": {"content": b"", "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
    "blank": {"data": {"blank": ""}},
    "blank numbers": {"data": {"imei": "", "iccid": ""}},
    "numbers": {"json": {"iccid": "89314404000000000001", "imei": "350000000000001", "activation_code": "x"}},
    "empty object": {"json": {}},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_bodies_of_all_kinds_are_taken(fleet: Fleet, body: dict[str, Any]) -> None:
    _, customer = await fleet.customer()
    for path, token in (
        ("/v1/device_claims", fleet.world.token),
        ("/v1/device_claims", customer),
        (f"{fleet.path}/device_claims", customer),
        (f"{fleet.path}/device_claims", fleet.world.token),
    ):
        headers = {"Authorization": f"Bearer {token}", **body.get("headers", {})}
        answer = await fleet.world.http.post(path, **{**body, "headers": headers})
        assert (answer.status_code, len(answer.json()["claim_code"])) == (200, 63)


async def test_a_person_s_code_makes_a_board_theirs(world: World) -> None:
    text = (await code(world, "/v1/device_claims", world.token))["claim_code"]
    assert await owner_after(world, 1, text) == (world.person.id, None)
    assert await owner_after(world, 2, text) == (world.person.id, None)
    again = await code(world, "/v1/device_claims", world.token)
    assert sorted(again["device_ids"]) == [device_id(1), device_id(2)]
    assert again["claim_code"] != text


async def test_it_works_for_an_hour(world: World) -> None:
    text = (await code(world, "/v1/device_claims", world.token))["claim_code"]
    world.clock.turn(3_599)
    assert await owner_after(world, 1, text) == (world.person.id, None)
    world.clock.turn(1)
    assert await owner_after(world, 2, text) == ("", None)


async def test_a_customer_s_code_takes_the_board_into_the_product(fleet: Fleet) -> None:
    customer, token = await fleet.customer()
    for number, path in enumerate((f"{fleet.path}/device_claims", "/v1/device_claims")):
        text = (await code(fleet.world, path, token))["claim_code"]
        assert await owner_after(fleet.world, number, text) == (customer.id, fleet.product.id)


async def test_a_product_s_code_of_a_team_member(fleet: Fleet) -> None:
    world = fleet.world
    token = await fleet.member(Role.EDITOR)
    text = (await code(world, f"{fleet.path}/device_claims", token))["claim_code"]
    assert await owner_after(world, 1, text) == (fleet.people[Role.EDITOR].id, fleet.product.id)


async def test_a_product_token_s_code_is_its_maker_s(fleet: Fleet) -> None:
    world = fleet.world
    private = await world.services.enrolment.enrol(device_id(9), "particle", "particle", platform=ARGON)
    await world.services.claims.give(private, world.person.id)
    found = await code(world, f"{fleet.path}/device_claims", await fleet.bearer())
    assert found["device_ids"] == []
    assert await owner_after(world, 1, found["claim_code"]) == (world.person.id, fleet.product.id)
    assert (await code(world, f"{fleet.path}/device_claims", await fleet.bearer()))["device_ids"] == [device_id(1)]


@pytest.mark.parametrize("slug", ["acme", "ACME"])
async def test_the_old_path_of_organisations(world: World, slug: str) -> None:
    space = await world.services.people.organisation("Acme", world.person)
    world.clock.turn(10)
    fleet = await fleet_of(world, space_id=space.id)
    customer, token = await fleet.customer()
    path = f"/v1/orgs/{slug}{fleet.path.removeprefix('/v1')}/device_claims"
    text = (await code(world, path, token))["claim_code"]
    assert await owner_after(world, 1, text) == (customer.id, fleet.product.id)
    text = (await code(world, path, world.token))["claim_code"]
    assert await owner_after(world, 2, text) == (world.person.id, fleet.product.id)
    wrong = await world.call("POST", f"/v1/orgs/other{fleet.path.removeprefix('/v1')}/device_claims", {}, token=token)
    assert wrong.status_code == 403


async def test_who_gets_none(fleet: Fleet) -> None:
    world = fleet.world
    rival = await fleet_of(world, "Rival")
    _, foreign = await rival.customer()
    _, stranger = await world.somebody()
    bearer, program = await fleet.bearer(), await fleet.program("*:*")
    viewer = await fleet.member(Role.VIEWER)
    path = f"{fleet.path}/device_claims"
    expected = {
        ("/v1/device_claims", bearer): 403,
        ("/v1/device_claims", program): 400,
        (path, program): 400,
        (path, foreign): 403,
        (path, stranger): 404,
        (path, viewer): 403,
        ("/v1/products/9999/device_claims", foreign): 403,
        ("/v1/products/9999/device_claims", world.token): 404,
    }
    for (where, token), status in expected.items():
        assert (await world.call("POST", where, {}, token=token)).status_code == status, where
