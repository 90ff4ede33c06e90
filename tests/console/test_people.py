"""Everybody on the server, and who works together."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.records import Role
from tests.console.conftest import BASE, PASSWORD, Room, refused

OPERATORS_ONLY = (
    ("GET", "people", None),
    ("POST", "people", {"email": "new@example.org"}),
    ("GET", "people/{id}", None),
    ("PUT", "people/{id}", {"operator": True}),
    ("POST", "people/{id}/link", None),
    ("DELETE", "people/{id}", None),
    ("GET", "settings", None),
    ("PUT", "settings", {"sync": "normal"}),
    ("GET", "setup", None),
    ("PUT", "setup", {"hosts": []}),
)


@pytest.mark.parametrize(("method", "path", "body"), OPERATORS_ONLY)
async def test_what_only_operators_may(room: Room, method: str, path: str, body: Any) -> None:
    owner = await room.person()
    other = await room.signed_in("other@example.org")
    path = path.replace("{id}", owner.id)
    assert refused(await other.api(method, path, body))[:2] == (403, "operator_only")
    assert refused(await room.browser().api(method, path, body))[:2] == (401, "signed_out")


async def test_somebody_is_invited_and_comes(room: Room) -> None:
    browser = await room.signed_in()
    made = (await browser.api("POST", "people", {"email": " new@example.org ", "name": "Newt"})).json()
    assert made["person"]["email"] == "new@example.org"
    assert (made["person"]["name"], made["person"]["has_password"], made["person"]["operator"]) == (
        "Newt",
        False,
        False,
    )
    assert made["link"].startswith(f"{BASE}/start/")
    assert made["expires"] - room.clock.now() // 1_000 == 86_400_000
    token = made["link"].rpartition("/")[2]
    assert (await room.browser().api("POST", f"start/{token}", {"password": PASSWORD})).status_code == 200
    rows = (await browser.api("GET", "people")).json()["people"]
    assert [(row["email"], row["has_password"], row["devices"], row["things"]) for row in rows] == [
        ("owner@example.org", True, 0, 0),
        ("new@example.org", True, 0, 0),
    ]


async def test_a_new_link_ends_the_one_before(room: Room) -> None:
    browser = await room.signed_in()
    made = (await browser.api("POST", "people", {"email": "new@example.org"})).json()
    again = (await browser.api("POST", f"people/{made['person']['id']}/link")).json()
    old, new = (each["link"].rpartition("/")[2] for each in (made, again))
    assert (await room.browser().api("GET", f"start/{old}")).status_code == 404
    assert (await room.browser().api("GET", f"start/{new}")).status_code == 200


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"email": "none"}, 400, "invalid"),
        ({"email": "owner@example.org"}, 409, "conflict"),
        ({"email": "a@b", "name": "x" * 10_000}, 400, "invalid"),
        ({}, 400, "invalid"),
    ],
)
async def test_who_can_not_be_invited(room: Room, given: dict[str, Any], status: int, code: str) -> None:
    browser = await room.signed_in()
    assert refused(await browser.api("POST", "people", given))[:2] == (status, code)
    assert len(await room.services.people.everybody()) == 1


async def test_what_goes_with_a_person_is_said_before(room: Room) -> None:
    browser = await room.signed_in()
    other = await room.person("other@example.org")
    who = await room.who(other)
    await room.services.devices.create(who, "arduino", "giga", name="porch")
    await room.services.dashboards.create(who, name="Porch")
    await room.services.clients.create(other.id, "script")
    space = await room.services.people.organisation("Hedgehogs", other)
    shown = (await browser.api("GET", f"people/{other.id}")).json()
    assert shown["goes"] == {"devices": 1, "things": 0, "dashboards": 1, "keys": 1, "tokens": 0}
    assert shown["blocks"] == ["other@example.org is the only owner of Hedgehogs."]
    assert refused(await browser.api("DELETE", f"people/{other.id}"))[:2] == (409, "conflict")
    owner = (await room.services.people.everybody())[0]
    await room.services.people.join(space.id, owner.id, Role.OWNER)
    assert (await browser.api("DELETE", f"people/{other.id}")).status_code == 204
    assert refused(await browser.api("GET", f"people/{other.id}"))[:2] == (404, "not_found")


async def test_somebody_always_runs_the_server(room: Room) -> None:
    owner = await room.person()
    browser = room.browser(await room.session(owner))
    assert refused(await browser.api("DELETE", f"people/{owner.id}"))[:2] == (409, "yourself")
    last = await browser.api("PUT", f"people/{owner.id}", {"operator": False})
    assert refused(last)[:2] == (409, "last_operator")
    other = await room.person("other@example.org")
    changed = await browser.api("PUT", f"people/{other.id}", {"operator": True, "name": "Bee"})
    assert (changed.json()["person"]["operator"], changed.json()["person"]["name"]) == (True, "Bee")
    assert (await browser.api("PUT", f"people/{owner.id}", {"operator": False})).status_code == 200
    assert refused(await browser.api("GET", "people"))[:2] == (403, "operator_only")


@pytest.mark.parametrize("id", ["x", "00000000-0000-4000-8000-000000000000", "x" * 10_000])
async def test_a_person_that_there_is_not(room: Room, id: str) -> None:
    browser = await room.signed_in()
    for method in ("GET", "DELETE"):
        assert refused(await browser.api(method, f"people/{id}"))[:2] == (404, "not_found")


async def test_an_organisation_and_its_members(room: Room) -> None:
    owner, other = await room.signed_in(), await room.signed_in("other@example.org")
    space = (await owner.api("POST", "spaces", {"name": " Hedgehogs "})).json()
    assert (space["name"], space["slug"], space["kind"], space["role"]) == (
        "Hedgehogs",
        "hedgehogs",
        "organisation",
        "owner",
    )
    members = f"spaces/{space['id']}/members"
    room.clock.turn(1)
    added = await owner.api("POST", members, {"email": "other@example.org", "role": "viewer"})
    person = added.json()["id"]
    assert (added.json()["role"], added.json()["name"]) == ("viewer", "other")
    listed = (await other.api("GET", members)).json()["members"]
    assert [(row["email"], row["role"]) for row in listed] == [
        ("owner@example.org", "owner"),
        ("other@example.org", "viewer"),
    ]
    # A viewer looks, and no more.
    assert refused(await other.api("PUT", f"{members}/{person}", {"role": "admin"}))[:2] == (403, "forbidden")
    changed = await owner.api("PUT", f"{members}/{person}", {"role": "admin"})
    assert changed.json()["role"] == "admin"
    spaces = (await other.api("GET", "spaces")).json()["spaces"]
    assert [(row["name"], row["role"], row["members"]) for row in spaces] == [
        ("other", "owner", 1),
        ("Hedgehogs", "admin", 2),
    ]
    assert (await other.api("DELETE", f"{members}/{person}")).status_code == 204
    assert refused(await other.api("GET", members))[:2] == (404, "not_found")


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"email": "nobody@example.org", "role": "viewer"}, 404, "no_person"),
        ({"email": "other@example.org", "role": "owner"}, 403, "forbidden"),
        ({"email": "other@example.org", "role": "king"}, 400, "invalid"),
        ({"email": "owner@example.org", "role": "viewer"}, 403, "forbidden"),
        ({"email": "x" * 10_000, "role": "viewer"}, 400, "invalid"),
    ],
)
async def test_who_can_not_become_a_member(room: Room, given: dict[str, Any], status: int, code: str) -> None:
    owner = await room.signed_in()
    await room.person("other@example.org")
    space = (await owner.api("POST", "spaces", {"name": "Hedgehogs"})).json()
    assert refused(await owner.api("POST", f"spaces/{space['id']}/members", given))[:2] == (status, code)


async def test_ones_own_space_has_one_member(room: Room) -> None:
    owner = await room.person()
    await room.person("other@example.org")
    browser = room.browser(await room.session(owner))
    given = {"email": "other@example.org", "role": "viewer"}
    assert refused(await browser.api("POST", f"spaces/{owner.id}/members", given))[:2] == (409, "own_space")


@pytest.mark.parametrize("name", ["", "  ", "x" * 10_000])
async def test_an_organisation_has_a_name(room: Room, name: str) -> None:
    browser = await room.signed_in()
    assert refused(await browser.api("POST", "spaces", {"name": name})) == (400, "invalid", "name")


async def test_the_owner_stays(room: Room) -> None:
    owner = await room.person()
    browser = room.browser(await room.session(owner))
    space = (await browser.api("POST", "spaces", {"name": "Hedgehogs"})).json()
    assert refused(await browser.api("DELETE", f"spaces/{space['id']}/members/{owner.id}"))[:2] == (403, "forbidden")
    assert refused(await browser.api("DELETE", f"spaces/{space['id']}/members/x"))[:2] == (404, "not_found")
