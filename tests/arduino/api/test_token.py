"""The token endpoint, in all the ways in which clients call it, and the use of tokens."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest

from tests.arduino.api.conftest import World
from tests.arduino.api.scenario import check_error

TOKEN = "/iot/v1/clients/token"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{quote(client_id)}:{quote(secret)}".encode()).decode()}


def credentials(world: World) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": world.key.id, "client_secret": world.secret}


async def check_granted(world: World, answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert body.keys() == {"access_token", "expires_in", "token_type"}
    assert body["expires_in"] == 300
    assert type(body["expires_in"]) is int
    assert body["token_type"] == "Bearer"
    shown = await world.http.get("/iot/v2/devices", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert shown.status_code == 200
    return str(body["access_token"])


@pytest.mark.parametrize(
    "audience",
    [None, "https://api2.arduino.cc/iot", "https://api2.arduino.cc", "https://api2.arduino.cc/iot/", "", "?" * 1_000],
)
async def test_any_audience_in_a_form(world: World, audience: str | None) -> None:
    form = credentials(world) | ({"audience": audience} if audience is not None else {})
    await check_granted(world, await world.http.post(TOKEN, data=form))


@pytest.mark.parametrize("path", [TOKEN, TOKEN + "/", "/iot" + TOKEN, "/iot" + TOKEN + "/"])
async def test_any_form_of_the_path(world: World, path: str) -> None:
    await check_granted(world, await world.http.post(path, data=credentials(world)))


async def test_json(world: World) -> None:
    await check_granted(world, await world.http.post(TOKEN, json=credentials(world)))
    upper = {key.upper(): value for key, value in credentials(world).items()}
    await check_granted(world, await world.http.post(TOKEN, json=upper))


async def test_json_with_the_type_of_a_form_and_a_multipart_body(world: World) -> None:
    await check_granted(world, await world.http.post(TOKEN, content=json.dumps(credentials(world)), headers=FORM))
    parts = {name: (None, value) for name, value in credentials(world).items()}
    await check_granted(world, await world.http.post(TOKEN, files=parts))


async def test_basic_as_go_probes_it(world: World) -> None:
    body = urlencode({"grant_type": "client_credentials", "audience": "https://api2.arduino.cc/iot"})
    headers = FORM | basic(world.key.id, world.secret)
    await check_granted(world, await world.http.post(TOKEN, content=body, headers=headers))


async def test_a_failed_probe_does_not_lock_out(world: World) -> None:
    body = urlencode({"grant_type": "client_credentials"})
    for _ in range(5):
        failed = await world.http.post(TOKEN, content=body, headers=FORM | basic(world.key.id, "x"))
        check_error(failed, 401)
        await check_granted(world, await world.http.post(TOKEN, data=credentials(world)))


@pytest.mark.parametrize("header", ["Basic", "Basic !!", "Basic " + b64encode(b"no colon").decode(), "Basic /w=="])
async def test_a_header_that_is_no_basic_is_passed_over(world: World, header: str) -> None:
    await check_granted(world, await world.http.post(TOKEN, data=credentials(world), headers={"authorization": header}))


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"client_secret": "wrong"}, 401, None),
        ({"client_id": "unknown"}, 401, None),
        ({"client_secret": "wrong" * 20}, 401, None),
        ({"client_secret": "x" * 300}, 400, "client_secret"),
        ({"client_id": None}, 400, "client_id"),
        ({"client_secret": None}, 400, "client_secret"),
        ({"client_id": ""}, 400, "client_id"),
        ({"grant_type": None}, 400, "grant_type"),
        ({"grant_type": "password"}, 400, "grant_type"),
        ({"organization_id": "farm"}, 400, "organization_id"),
        ({"organization_id": "11111111-1111-4111-8111-111111111111"}, 403, None),
    ],
)
async def test_refusals(world: World, change: dict[str, Any], status: int, field: str | None) -> None:
    form = {key: value for key, value in (credentials(world) | change).items() if value is not None}
    for answer in (await world.http.post(TOKEN, data=form), await world.http.post(TOKEN, json=form)):
        body = check_error(answer, status, field)
        assert world.secret not in answer.text
        assert "wrong" not in body["detail"].replace("client secret is wrong", "")


async def test_a_key_that_is_off_is_refused_like_a_wrong_secret(world: World) -> None:
    wrong = await world.http.post(TOKEN, data=credentials(world) | {"client_secret": "wrong"})
    key = await world.services.clients.owned(world.person.id, world.key.id)
    await world.services.clients.change(key, enabled=False)
    off = await world.http.post(TOKEN, data=credentials(world))
    assert {**check_error(off, 401), "id": ""} == {**check_error(wrong, 401), "id": ""}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"grant_type", b"\xff\xfe", b"[1]", b"--x\r\n", b"null", b"grant_type=%ff"]
)
async def test_bodies_of_nonsense(world: World, body: bytes) -> None:
    for kind in ("application/json", FORM["content-type"], "text/plain", "multipart/form-data; boundary=x", ""):
        answer = await world.http.post(TOKEN, content=body, headers={"content-type": kind})
        assert answer.status_code == 400
        assert check_error(answer, 400, answer.json()["meta"]["field"])


async def test_an_endless_body_is_cut_short(world: World) -> None:
    async def endless() -> Any:
        for _ in range(1_000):
            yield b"a" * 1_000
        raise AssertionError("the body was read to its end")

    check_error(await world.http.post(TOKEN, content=b"a" * 20_000), 413)
    check_error(await world.http.post(TOKEN, content=endless()), 413)


async def test_the_organisation_of_form_and_header(world: World) -> None:
    farm = await world.services.people.organisation("Farm", world.person)
    in_form = await world.http.post(TOKEN, data=credentials(world) | {"organization_id": farm.id})
    in_header = await world.http.post(TOKEN, data=credentials(world), headers={"X-Organization": farm.id.upper()})
    for answer in (in_form, in_header):
        world.token = await check_granted(world, answer)
        made = await world.call("PUT", "/iot/v2/devices", {"type": "giga"})
        assert made.json()["organization_id"] == farm.id
    back = await world.call("PUT", "/iot/v2/devices", {"type": "giga"}, headers={"X-Organization": world.person.id})
    assert "organization_id" not in back.json()


async def test_get_is_not_for_tokens(world: World) -> None:
    check_error(await world.http.get(TOKEN), 405)


async def test_the_key_set_is_public(world: World) -> None:
    answer = await world.http.get("/iot/v1/clients/jwks.json")
    assert answer.json() == {"keys": [{"kid": "test", "kty": "EC"}]}


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic eDp5", "Token {token}", "{token}", "Bearer {token}x"],
)
async def test_no_access_without_a_good_token(world: World, header: str) -> None:
    headers = {"Authorization": header.format(token=world.token)} if header else {}
    answer = await world.http.get("/iot/v2/devices", headers=headers)
    check_error(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"
    assert world.token not in answer.text


async def test_the_scheme_is_read_in_any_case(world: World) -> None:
    for scheme in ("bearer", "BEARER", "Bearer "):
        answer = await world.http.get("/iot/v2/devices", headers={"Authorization": f"{scheme} {world.token}"})
        assert answer.status_code == 200


async def test_expired_and_revoked_tokens(world: World) -> None:
    world.clock.turn(301)
    check_error(await world.call("GET", "/iot/v2/devices"), 401)
    world.token = (await world.tokens.grant(world.key.id, world.secret, "any", None)).token
    assert (await world.call("GET", "/iot/v2/devices")).status_code == 200
    await world.services.clients.delete(world.key)
    check_error(await world.call("GET", "/iot/v2/devices"), 401)


@pytest.mark.parametrize(
    ("organisation", "status", "field"),
    [
        ("farm", 400, "X-Organization"),
        ("11111111-1111-4111-8111-111111111111", 403, None),
        ("", 200, None),
        ("null", 200, None),
    ],
)
async def test_organisations_of_the_header(world: World, organisation: str, status: int, field: str | None) -> None:
    answer = await world.call("GET", "/iot/v2/devices", headers={"X-Organization": organisation})
    assert answer.status_code == status
    if status != 200:
        check_error(answer, status, field)
