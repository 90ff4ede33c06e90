"""Teams of products and organisations: people, roles and API users (reference 2.7)."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from rookery.core.records import Role
from rookery.particle.ids import hex_id
from tests.particle.api.conftest import World
from tests.particle.api.fleets import Fleet, fleet_of


@pytest.fixture
async def fleet(world: World) -> Fleet:
    """A product of one person."""
    return await fleet_of(world)


async def team(fleet: Fleet) -> list[dict[str, Any]]:
    answer = await fleet.world.call("GET", f"{fleet.path}/team")
    body = answer.json()
    assert (answer.status_code, body["ok"]) == (200, True)
    members: list[dict[str, Any]] = body["team"]
    return members


async def roles(fleet: Fleet) -> dict[str, str]:
    return {member["username"]: member["role"]["id"] for member in await team(fleet) if "role" in member}


async def api_user(fleet: Fleet, *scopes: str, token: str = "") -> dict[str, Any]:
    body = {"friendly_name": "CI runner", "scopes": scopes}
    answer = await fleet.world.call("POST", f"{fleet.path}/team", body, token=token or fleet.world.token)
    assert answer.status_code == 200, answer.text
    created: dict[str, Any] = answer.json()["created"]
    return created


async def test_the_list_shows_people_and_programs(fleet: Fleet) -> None:
    world = fleet.world
    created = await api_user(fleet, "devices:list")
    listed = await team(fleet)
    assert listed == [
        {
            "_id": hex_id(world.person.id),
            "username": "owner@rookery.test",
            "role": {"id": "Administrator", "name": "Administrator"},
            "no_mfa": True,
            "scim_provisioned": False,
            "no_password": True,
        },
        {
            "_id": listed[1]["_id"],
            "username": created["username"],
            "friendly_name": "CI runner",
            "is_programmatic": True,
            "scopes": ["devices:list"],
            "product_id": 1000,
        },
    ]
    assert len(listed[1]["_id"]) == 24


class TestPeople:
    @pytest.mark.parametrize("role", ["Administrator", "Developer", "Support", "View-only", "view-ONLY"])
    async def test_somebody_is_invited(self, fleet: Fleet, role: str) -> None:
        world = fleet.world
        _, token = await world.somebody()
        answer = await world.call("POST", f"{fleet.path}/team", {"username": " Other@rookery.test", "role": role})
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "invited": {"username": "other@rookery.test"}})
        assert (await roles(fleet))["other@rookery.test"].lower() == role.lower()
        assert (await world.call("GET", fleet.path, token=token)).status_code == 200

    async def test_who_is_invited_without_a_role_may_look(self, fleet: Fleet) -> None:
        await fleet.world.somebody()
        answer = await fleet.world.call("POST", f"{fleet.path}/team", {"username": "other@rookery.test"})
        assert answer.json() == {"ok": True, "invited": {"username": "other@rookery.test"}}
        assert (await roles(fleet))["other@rookery.test"] == "View-only"

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    async def test_a_role_is_changed(self, fleet: Fleet, method: str) -> None:
        world = fleet.world
        token = await fleet.member(Role.EDITOR)
        group = {"name": "a"}
        assert (await world.call("POST", f"{fleet.path}/groups", group, token=token)).status_code == 201
        answer = await world.call(method, f"{fleet.path}/team/editor%40team.test", {"role": "View-only"})
        assert answer.json()["updated"]["username"] == "editor@team.test"
        assert (await world.call("POST", f"{fleet.path}/groups", {"name": "b"}, token=token)).status_code == 403

    async def test_somebody_leaves(self, fleet: Fleet) -> None:
        world = fleet.world
        token = await fleet.member(Role.ADMIN)
        assert (await world.call("GET", fleet.path, token=token)).status_code == 200
        answer = await world.call("DELETE", f"{fleet.path}/team/admin@team.test")
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert (await world.call("GET", fleet.path, token=token)).status_code == 404
        assert await roles(fleet) == {"owner@rookery.test": "Administrator"}

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("POST", "/team", {"username": "owner@rookery.test", "role": "Support"}),
            ("PUT", "/team/owner@rookery.test", {"role": "Support"}),
            ("DELETE", "/team/Owner@rookery.test", None),
        ],
    )
    async def test_nobody_changes_the_owner(self, fleet: Fleet, method: str, path: str, body: Any) -> None:
        token = await fleet.member(Role.ADMIN)
        answer = await fleet.world.call(method, fleet.path + path, body, token=token)
        assert (answer.status_code, answer.json()["error"]) == (403, "Permission Denied")
        assert (await fleet.world.call("PUT", fleet.path, {"name": "Mine"})).status_code == 200

    @pytest.mark.parametrize(
        ("body", "status", "words"),
        [
            ({"role": "Support"}, 400, "username is required"),
            (
                {"username": "other@rookery.test", "role": ""},
                400,
                "role must be Administrator, Developer, Support or View-only",
            ),
            (
                {"username": "other@rookery.test", "role": "Owner"},
                400,
                "role must be Administrator, Developer, Support or View-only",
            ),
            (
                {"username": "nobody@rookery.test", "role": "Support"},
                404,
                "There is nobody with this address. Add the person with `rookery user add` first.",
            ),
        ],
    )
    async def test_an_invitation_that_can_not_be(
        self, fleet: Fleet, body: dict[str, Any], status: int, words: str
    ) -> None:
        await fleet.world.somebody()
        answer = await fleet.world.call("POST", f"{fleet.path}/team", body)
        assert (answer.status_code, answer.json()) == (status, {"ok": False, "error": words})
        assert len(await team(fleet)) == 1

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
    async def test_who_is_not_there(self, fleet: Fleet, method: str) -> None:
        await fleet.world.somebody()
        answer = await fleet.world.call(method, f"{fleet.path}/team/other@rookery.test", {"role": "Support"})
        assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Team member not found."})

    @pytest.mark.parametrize(
        ("role", "listed", "changed"),
        [(Role.ADMIN, 200, 200), (Role.EDITOR, 200, 403), (Role.SUPPORT, 200, 403), (Role.VIEWER, 200, 403)],
    )
    async def test_the_team_is_for_administrators(self, fleet: Fleet, role: Role, listed: int, changed: int) -> None:
        token = await fleet.member(role)
        world = fleet.world
        await world.somebody()
        assert (await world.call("GET", f"{fleet.path}/team", token=token)).status_code == listed
        body = {"username": "other@rookery.test", "role": "View-only"}
        assert (await world.call("POST", f"{fleet.path}/team", body, token=token)).status_code == changed


class TestApiUsers:
    async def test_a_new_one_has_a_token_that_never_ends(self, fleet: Fleet) -> None:
        world = fleet.world
        created = await api_user(fleet, "devices:list", "groups:list")
        ((token,),) = (list(one.values()) for one in created["tokens"])
        name, domain = created["username"].split("@")
        assert (name.split("+")[0], len(name.split("+")[1]), domain) == ("ci-runner", 10, "api.particle.io")
        assert created["is_programmatic"] is True
        world.clock.turn(50 * 365 * 86_400)
        assert (await world.call("GET", f"{fleet.path}/devices", token=token)).status_code == 200
        refused = await world.call("GET", f"{fleet.path}/customers", token=token)
        words = "API users are not allowed to call this endpoint"
        assert (refused.status_code, refused.json()) == (400, {"error": "unauthorized", "error_description": words})

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    async def test_other_scopes_are_another_token(self, fleet: Fleet, method: str) -> None:
        world = fleet.world
        created = await api_user(fleet, "devices:list")
        old = created["tokens"][0]["token"]
        path = f"{fleet.path}/team/{quote(created['username'], safe='')}"
        assert "%2B" in path
        answer = await world.call(method, path, {"friendly_name": "CI", "scopes": ["groups:list"]})
        updated = answer.json()["updated"]
        assert updated["username"] == created["username"]
        new = updated["tokens"][0]["token"]
        assert (await world.call("GET", f"{fleet.path}/devices", token=old)).status_code == 401
        assert (await world.call("GET", f"{fleet.path}/devices", token=new)).status_code == 400
        assert (await world.call("GET", f"{fleet.path}/groups", token=new)).status_code == 200
        assert ((await team(fleet))[1]["friendly_name"], (await team(fleet))[1]["scopes"]) == ("CI", ["groups:list"])

    async def test_a_token_is_made_anew(self, fleet: Fleet) -> None:
        world = fleet.world
        created = await api_user(fleet, "devices:list")
        answer = await world.call("PUT", f"{fleet.path}/team/{quote(created['username'], safe='')}/token")
        updated = answer.json()["updated"]
        assert (updated["username"], len(updated["tokens"])) == (created["username"], 1)
        tokens = (created["tokens"][0]["token"], updated["tokens"][0]["token"])
        assert [(await world.call("GET", f"{fleet.path}/devices", token=t)).status_code for t in tokens] == [401, 200]

    async def test_it_ends_with_its_token(self, fleet: Fleet) -> None:
        world = fleet.world
        created = await api_user(fleet, "*:*")
        answer = await world.call("DELETE", f"{fleet.path}/team/{quote(created['username'], safe='')}")
        assert answer.json() == {"ok": True}
        token = created["tokens"][0]["token"]
        assert (await world.call("GET", f"{fleet.path}/devices", token=token)).status_code == 401
        assert len(await team(fleet)) == 1

    async def test_the_form_of_scripts_works(self, fleet: Fleet) -> None:
        headers = {"Authorization": f"Bearer {fleet.world.token}"}
        form = {"friendly_name": "x", "scopes[]": ["devices:list", "devices:get"]}
        answer = await fleet.world.http.post(f"{fleet.path}/team", headers=headers, data=form)
        assert answer.status_code == 200
        assert (await team(fleet))[1]["scopes"] == ["devices:list", "devices:get"]

    @pytest.mark.parametrize(
        "body",
        [
            {"friendly_name": "x"},
            {"friendly_name": "", "scopes": ["devices:list"]},
            {"friendly_name": "x", "scopes": ["devices list"]},
            {"friendly_name": "x", "scopes": [""]},
            {"friendly_name": "x", "scopes": [f"devices:{n}" for n in range(101)]},
        ],
    )
    async def test_what_is_no_api_user_is_refused(self, fleet: Fleet, body: dict[str, Any]) -> None:
        answer = await fleet.world.call("POST", f"{fleet.path}/team", body)
        assert (answer.status_code, answer.json()["ok"]) == (400, False)
        assert len(await team(fleet)) == 1

    async def test_nothing_to_change_and_no_token_of_a_person(self, fleet: Fleet) -> None:
        created = await api_user(fleet, "devices:list")
        await fleet.member(Role.EDITOR)
        path = f"{fleet.path}/team/{quote(created['username'], safe='')}"
        assert (await fleet.world.call("PUT", path, {})).status_code == 400
        assert (await fleet.world.call("PUT", f"{fleet.path}/team/editor@team.test/token")).status_code == 400

    async def test_a_limited_one_makes_none_that_can_do_more(self, fleet: Fleet) -> None:
        world = fleet.world
        limited = await fleet.program("teams.users:invite", "teams.users:update", "devices:list")
        strong = await api_user(fleet, "*:*")
        within = await api_user(fleet, "devices:list", token=limited)
        body = {"friendly_name": "x", "scopes": ["devices:list", "devices:remove"]}
        path = f"{fleet.path}/team/{quote(strong['username'], safe='')}"
        weak = f"{fleet.path}/team/{quote(within['username'], safe='')}"
        for method, target, sent in (
            ("POST", f"{fleet.path}/team", body),
            ("PUT", path, {"friendly_name": "mine"}),
            ("PUT", f"{path}/token", None),
            ("PUT", weak, {"scopes": ["*:*"]}),
        ):
            assert (await world.call(method, target, sent, token=limited)).status_code == 400
        assert (await world.call("PUT", f"{weak}/token", token=limited)).status_code == 200


class TestOrganisations:
    @pytest.fixture
    async def fleet(self, world: World) -> Fleet:
        """A product of an organisation."""
        space = await world.services.people.organisation("Acme Ltd", world.person)
        world.clock.turn(10)
        return await fleet_of(world, space_id=space.id)

    async def test_a_member_has_the_role_in_every_product(self, fleet: Fleet) -> None:
        world = fleet.world
        _, token = await world.somebody()
        body = {"username": "other@rookery.test", "role": "Support"}
        assert (await world.call("POST", "/v1/orgs/acme-ltd/team", body)).json()["ok"] is True
        assert (await world.call("GET", fleet.path, token=token)).status_code == 200
        assert await roles(fleet) == {"owner@rookery.test": "Administrator", "other@rookery.test": "Support"}
        listed = (await world.call("GET", "/v1/orgs/acme-ltd/team", token=token)).json()["team"]
        assert [member["username"] for member in listed] == ["owner@rookery.test", "other@rookery.test"]

    async def test_the_better_role_counts(self, fleet: Fleet) -> None:
        world = fleet.world
        _, token = await world.somebody()
        await world.call("POST", "/v1/orgs/acme-ltd/team", {"username": "other@rookery.test", "role": "View-only"})
        answer = await world.call("PUT", f"{fleet.path}/team/other@rookery.test", {"role": "Developer"})
        assert answer.status_code == 200
        assert (await roles(fleet))["other@rookery.test"] == "Developer"
        assert (await world.call("POST", f"{fleet.path}/groups", {"name": "a"}, token=token)).status_code == 201
        assert (await world.call("DELETE", f"{fleet.path}/team/other@rookery.test")).status_code == 200
        assert (await roles(fleet))["other@rookery.test"] == "View-only"
        refused = await world.call("DELETE", f"{fleet.path}/team/other@rookery.test")
        assert refused.status_code == 403

    async def test_its_api_users_work_on_its_products(self, fleet: Fleet) -> None:
        world = fleet.world
        body = {"friendly_name": "ci", "scopes": ["devices:list", "organization:get"]}
        created = (await world.call("POST", "/v1/orgs/acme-ltd/team", body)).json()["created"]
        token = created["tokens"][0]["token"]
        assert (await world.call("GET", f"{fleet.path}/devices", token=token)).status_code == 200
        assert (await world.call("GET", "/v1/orgs/acme-ltd", token=token)).status_code == 200
        assert (await world.call("GET", f"{fleet.path}/groups", token=token)).status_code == 400
        listed = (await world.call("GET", "/v1/orgs/acme-ltd/team")).json()["team"]
        assert "organization_id" in listed[1]
        path = f"/v1/orgs/acme-ltd/team/{quote(created['username'], safe='')}"
        assert (await world.call("DELETE", path)).json() == {"ok": True}
        assert (await world.call("GET", "/v1/orgs/acme-ltd", token=token)).status_code == 401

    async def test_its_owner_stays(self, fleet: Fleet) -> None:
        world = fleet.world
        _, token = await world.somebody()
        await world.call("POST", "/v1/orgs/acme-ltd/team", {"username": "other@rookery.test", "role": "Administrator"})
        for path in ("/v1/orgs/acme-ltd", fleet.path):
            answer = await world.call("DELETE", f"{path}/team/owner@rookery.test", token=token)
            assert answer.status_code == 403
