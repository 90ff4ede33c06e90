"""The public APIs for the console's pages: whose token, which space, which origin."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from rookery.core.records import Role
from tests.console.conftest import BASE, Room, refused
from tests.console.watching import Someone
from tests.serving import serving


async def asked(room: Room, method: str, path: str, **more: Any) -> dict[str, Any]:
    """What the API was asked."""
    person = await room.person()
    browser = room.browser(await room.session(person))
    headers = {"origin": BASE} | more.pop("headers", {})
    answer = await browser.request(method, f"/console/{path}", headers=headers, **more)
    assert answer.status_code == 200, answer.text
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    told: dict[str, Any] = answer.json()
    return told


async def test_the_token_of_the_session_goes_in_and_the_cookie_does_not(room: Room) -> None:
    told = await asked(room, "GET", "iot/v2/things?show_properties=true", headers={"accept": "x/y"})
    assert (told["method"], told["path"], told["query"]) == ("GET", "/iot/v2/things", "show_properties=true")
    scheme, _, token = told["headers"]["authorization"].partition(" ")
    assert scheme == "Bearer"
    assert (await room.services.tokens.check(token)).record.client_id == "console"
    assert not {"cookie", "origin", "x-space", "x-organization"} & set(told["headers"])
    assert told["headers"]["accept"] == "x/y"


async def test_a_body_goes_in_as_it_is(room: Room) -> None:
    told = await asked(room, "PUT", "v1/devices/a%20b%2Fc", content=b"name=x")
    assert (told["method"], told["raw_path"], told["body"]) == ("PUT", "/v1/devices/a%20b%2Fc", "name=x")


@pytest.mark.parametrize(
    ("path", "headers", "organisation"),
    [
        ("iot/v2/things", {"x-space": "ABC"}, "abc"),
        ("iot/v2/things", {"x-organization": "abc"}, "abc"),
        ("iot/v2/things", {"x-space": ""}, None),
        ("v1/devices", {"x-space": "abc"}, None),
    ],
)
async def test_the_chosen_space_is_an_organisation_to_iot(
    room: Room, path: str, headers: dict[str, str], organisation: str | None
) -> None:
    told = await asked(room, "GET", path, headers=headers)
    assert told["headers"].get("x-organization") == organisation
    assert "x-space" not in told["headers"]


async def test_ones_own_space_is_no_organisation(room: Room) -> None:
    person = await room.person()
    browser = room.browser(await room.session(person))
    answer = await browser.get("/console/iot/v2/things", headers={"x-space": person.id})
    assert "x-organization" not in answer.json()["headers"]


async def test_another_token_goes_before_the_one_of_the_session(room: Room) -> None:
    told = await asked(room, "POST", "oauth/token", headers={"authorization": "Basic eDp5"}, content=b"a=b")
    assert told["headers"]["authorization"] == "Basic eDp5"


@pytest.mark.parametrize("path", ["iot/v2/things", "v1/devices", "oauth/token", "iot", "v1/missing"])
async def test_without_a_session_nothing_is_asked(room: Room, path: str) -> None:
    for browser in (room.browser(), room.browser("0" * 40)):
        answer = await browser.get(f"/console/{path}", headers={"authorization": "Bearer x"})
        assert refused(answer)[:2] == (401, "signed_out")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_other_sites_ask_nothing(room: Room, method: str) -> None:
    browser = await room.signed_in()
    for headers in ({}, {"origin": "https://evil.test"}, {"origin": "null"}):
        answer = await browser.request(method, "/console/iot/v2/things", headers=headers)
        assert refused(answer)[:2] == (403, "foreign_origin")
    read = await browser.get("/console/v1/devices", headers={"origin": "https://evil.test"})
    assert refused(read)[:2] == (403, "foreign_origin")


async def test_errors_of_the_api_come_as_they_are(room: Room) -> None:
    browser = await room.signed_in()
    answer = await browser.get("/console/v1/missing")
    assert (answer.status_code, answer.json()["path"]) == (404, "/v1/missing")


async def test_what_is_no_api_is_a_page(room: Room) -> None:
    assert (await room.browser().get("/console/iotx/v2")).headers["content-type"].startswith("text/html")


async def test_both_apis_know_the_person_of_a_session(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        ada, bob = await Someone.signed_in(server), await Someone.signed_in(server, "bob@example.org")
        assert server.url is not None
        headers = {"cookie": ada.cookie, "origin": server.url}
        async with httpx.AsyncClient(base_url=f"{server.url}/console", headers=headers, trust_env=False) as page:
            made = await page.put("/iot/v2/devices", json={"name": "porch", "type": "giga"})
            assert made.status_code == 201, made.text
            assert made.json()["user_id"] == ada.person.id
            assert [board["name"] for board in (await page.get("/v1/devices")).json()] == ["porch"]
            tokens = (await page.get("/v1/access_tokens")).json()
            assert [token["client"] for token in tokens] == ["console"]

            space = await server.core.services.people.organisation("Hedgehogs", bob.person)
            chosen = {"x-space": space.id}
            assert (await page.get("/iot/v2/things", headers=chosen)).status_code == 403
            await server.core.services.people.join(space.id, ada.person.id, Role.EDITOR)
            assert (await page.get("/iot/v2/things", headers=chosen)).json() == []

            await server.core.services.tokens.revoke_all(ada.person.id)
            assert (await page.get("/iot/v2/things")).status_code == 401
