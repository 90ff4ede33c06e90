"""Whose request it is: tokens of API keys, and access tokens of people without a scope."""

from __future__ import annotations

import pytest

from rookery.core.records import Bearer, Role
from tests.arduino.api.conftest import World

DEVICES = "/iot/v2/devices"


async def status(world: World, authorization: str, **headers: str) -> int:
    answer = await world.http.get(DEVICES, headers={"authorization": authorization} | headers)
    return answer.status_code


async def test_an_access_token_of_a_person_may_what_the_person_may(world: World) -> None:
    issued = await world.services.tokens.issue(Bearer.PERSON, world.person.id, "console", lifetime=60)
    bearer = f"Bearer {issued.token}"
    made = await world.http.put(DEVICES, json={"name": "x", "type": "giga"}, headers={"authorization": bearer})
    assert (made.status_code, made.json()["user_id"]) == (201, world.person.id)
    world.clock.turn(61)
    assert await status(world, bearer) == 401


async def test_a_revoked_one_ends_at_once(world: World) -> None:
    issued = await world.services.tokens.issue(Bearer.PERSON, world.person.id, "console")
    assert await status(world, f"bearer {issued.token}") == 200
    await world.services.tokens.revoke(issued.record)
    assert await status(world, f"Bearer {issued.token}") == 401


async def test_one_that_never_expires(world: World) -> None:
    issued = await world.services.tokens.issue(Bearer.PERSON, world.person.id, "x", lifetime=0)
    assert await status(world, f"Bearer {issued.token}") == 200


@pytest.mark.parametrize("bearer", [Bearer.CUSTOMER, Bearer.PRODUCT, Bearer.PROGRAM])
async def test_those_of_others_open_nothing(world: World, bearer: Bearer) -> None:
    issued = await world.services.tokens.issue(bearer, world.person.id, "x")
    assert await status(world, f"Bearer {issued.token}") == 401


async def test_one_with_a_scope_opens_nothing(world: World) -> None:
    issued = await world.services.tokens.issue(Bearer.PERSON, world.person.id, "x", scope="devices:list")
    assert await status(world, f"Bearer {issued.token}") == 401


@pytest.mark.parametrize("token", ["0" * 40, "\xe9" * 40, "." * 40, "", "0" * 39])
async def test_what_is_no_token(world: World, token: str) -> None:
    answer = await world.http.get(DEVICES, headers={"authorization": b"Bearer " + token.encode("latin-1")})
    assert answer.status_code == 401


async def test_an_organisation_can_be_chosen(world: World) -> None:
    issued = await world.services.tokens.issue(Bearer.PERSON, world.person.id, "console")
    bearer, other = f"Bearer {issued.token}", await world.services.people.create("other@rookery.test")
    space = await world.services.people.organisation("Hedgehogs", other)
    assert await status(world, bearer, **{"x-organization": space.id}) == 403
    await world.services.people.join(space.id, world.person.id, Role.VIEWER)
    assert await status(world, bearer, **{"x-organization": space.id}) == 200
    assert await status(world, bearer, **{"x-organization": "none such"}) == 400
