"""Organisations and the search (reference 3.22), and what is left of old mobile apps (3.30)."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.records import Product, Role
from rookery.particle.ids import hex_id
from tests.particle.api.conftest import World
from tests.particle.api.fleets import device_id, fleet_of


async def test_there_are_none(world: World) -> None:
    assert (await world.call("GET", "/v1/orgs")).json() == {"organizations": []}


async def test_an_organisation_is_listed_and_shown(world: World) -> None:
    space = await world.services.people.organisation("Acme Ltd", world.person)
    world.clock.turn(10)
    shown = {"id": hex_id(space.id), "slug": "acme-ltd", "name": "Acme Ltd"}
    assert (await world.call("GET", "/v1/orgs")).json() == {"organizations": [shown]}
    for ref in ("acme-ltd", "Acme-Ltd", space.id, shown["id"], str(shown["id"]).upper()):
        assert (await world.call("GET", f"/v1/orgs/{ref}")).json() == {"organization": shown}
    _, other = await world.somebody()
    assert (await world.call("GET", "/v1/orgs", token=other)).json() == {"organizations": []}
    for ref in ("acme-ltd", "nonesuch", shown["id"], world.person.id, hex_id(world.person.id)):
        answer = await world.call("GET", f"/v1/orgs/{ref}", token=other)
        assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Organization not found."})


async def test_its_products(world: World) -> None:
    await world.services.people.organisation("Acme", world.person)
    world.clock.turn(10)
    await fleet_of(world, "Private")
    assert (await world.call("GET", "/v1/orgs/acme/products")).json() == {"products": []}
    answer = await world.call("POST", "/v1/orgs/acme/products", {"product": {"name": "Lamp", "platform_id": 12}})
    product = answer.json()["product"]
    assert (answer.status_code, product["org"], product["id"]) == (200, "acme", 1001)
    assert (await world.call("GET", "/v1/orgs/acme/products")).json() == {"products": [product]}
    assert (await world.call("GET", "/v1/orgs/acme/products/1001")).json() == {"product": product}
    assert (await world.call("GET", "/v1/orgs/acme/products/1000")).status_code == 404
    own = (await world.call("GET", "/v1/user/products")).json()["products"]
    assert [one["id"] for one in own] == [1000]
    both = (await world.call("GET", "/v1/products")).json()["products"]
    assert [one["id"] for one in both] == [1000, 1001]


@pytest.mark.parametrize(
    ("role", "status"), [(Role.ADMIN, 200), (Role.EDITOR, 200), (Role.SUPPORT, 403), (Role.VIEWER, 403)]
)
async def test_developers_make_products(world: World, role: Role, status: int) -> None:
    space = await world.services.people.organisation("Acme", world.person)
    person, token = await world.somebody()
    await world.services.teams.join(space.id, person.email, role)
    body = {"name": "Lamp", "platform_id": 12}
    assert (await world.call("POST", "/v1/orgs/acme/products", body, token=token)).status_code == status
    assert await world.services.catalog.count(Product) == (status == 200)


class TestSearch:
    @pytest.fixture
    async def world(self, world: World) -> World:
        """A product in the sandbox, one in an organisation, and boards in and out of them."""
        space = await world.services.people.organisation("Acme", world.person)
        world.clock.turn(10)
        fleet = await fleet_of(world, "Lamp")
        theirs = await fleet_of(world, "Torch lamp", space.id)
        await fleet.device(1, name="porch_lamp")
        await fleet.device(2, name="attic", serial="LAMP77")
        await theirs.device(3, name="far_lamp")
        mine = await world.services.enrolment.enrol(device_id(4), "particle", "particle", platform=12)
        await world.services.claims.give(mine, world.person.id)
        await world.services.enrolment.keep(mine.id, name="old_Lamp")
        return world

    async def found(self, world: World, path: str) -> list[Any]:
        body = (await world.call("GET", path)).json()
        assert body["ok"] is True
        results: list[Any] = body["results"]
        return results

    async def test_the_sandbox(self, world: World) -> None:
        results = await self.found(world, "/v1/user/search?text=LAMP")
        assert [(one["type"], one[one["type"]]["id"]) for one in results] == [
            ("device", device_id(2)),
            ("device", device_id(4)),
            ("device", device_id(1)),
            ("product", 1000),
        ]
        assert results[0] == {
            "type": "device",
            "org": None,
            "orgName": None,
            "device": {"id": device_id(2), "name": "attic", "product_id": 1000, "product_name": "Lamp"},
        }
        assert results[1]["device"]["product_id"] is None

    async def test_an_organisation(self, world: World) -> None:
        results = await self.found(world, "/v1/orgs/acme/search?text=lamp")
        assert [(one["org"], one["orgName"], one["type"]) for one in results] == [
            ("acme", "Acme", "device"),
            ("acme", "Acme", "product"),
        ]

    async def test_one_type(self, world: World) -> None:
        for kind, count in {"device": 3, "product": 1, "sim": 0}.items():
            assert len(await self.found(world, f"/v1/user/search?text=lamp&type={kind}")) == count

    async def test_ten_of_a_type(self, world: World) -> None:
        fleet = await fleet_of(world, "Many")
        for number in range(10, 21):
            await fleet.device(number, name=f"m{number}")
        body = (await world.call("GET", "/v1/user/search?text=m1")).json()
        assert (len(body["results"]), body["hasMore"]) == (10, False)
        body = (await world.call("GET", "/v1/user/search?text=e00fce68")).json()
        assert (len(body["results"]), body["hasMore"]) == (10, True)

    @pytest.mark.parametrize("query", ["", "?text=", "?text=x&type=thing"])
    async def test_a_question_is_needed(self, world: World, query: str) -> None:
        assert (await world.call("GET", f"/v1/user/search{query}")).status_code == 400


class TestLegacy:
    @pytest.mark.parametrize(
        ("path", "status", "body"),
        [
            ("/v1/networks", 200, []),
            ("/v1/products/1000/networks", 200, []),
            ("/v1/networks/x", 404, {"ok": False, "error": "Network not found"}),
            ("/v1/products/1000/networks/x", 404, {"ok": False, "error": "Network not found"}),
            ("/v1/card", 404, {"ok": False, "error": "No card on file"}),
            (
                "/v1/pricing-impact?action=add-device-to-user&plan=wifi",
                200,
                {
                    "allowed": True,
                    "chargeable": False,
                    "cc_on_file": False,
                    "plan_slug": "free",
                    "plan_upgrade_needed": False,
                    "plan": {},
                },
            ),
            ("/v1/system_firmware/upgrade?platform_id=14", 204, None),
        ],
    )
    async def test_it_lets_set_up_go_on(self, world: World, path: str, status: int, body: Any) -> None:
        await fleet_of(world)
        answer = await world.call("GET", path)
        assert (answer.status_code, answer.json() if answer.content else None) == (status, body)
        assert (await world.http.get(path)).status_code == 400
