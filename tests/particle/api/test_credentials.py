"""Tokens and client credentials in every place they may be."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from rookery.core.records import Bearer
from rookery.particle.api.credentials import Basic, basic_credentials
from tests.particle.api.conftest import World, world_of
from tests.particle.api.plumbing import ROUTES

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
MISSING = b'{"error":"invalid_request","error_description":"The access token was not found"}'
INVALID = b'{"error":"invalid_token","error_description":"The access token provided is invalid."}'
EXPIRED = b'{"error":"invalid_token","error_description":"The access token provided has expired."}'
MALFORMED = b'{"error":"invalid_request","error_description":"Malformed auth header"}'
TWICE = (
    b'{"error":"invalid_request","error_description":'
    b'"Only one method may be used to authenticate at a time (Auth header,  GET or POST)."}'
)
IN_GET = b'{"error":"invalid_request","error_description":"Method cannot be GET When putting the token in the body."}'
NO_FORM = (
    b'{"error":"invalid_request","error_description":'
    b'"When putting the token in the body, content type must be application/x-www-form-urlencoded."}'
)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with world_of(ROUTES) as made:
        yield made


REQUESTS: list[tuple[str, str, dict[str, str], str, int, bytes]] = [
    ("no token", "GET /v1/who", {}, "", 400, MISSING),
    ("no token, slash", "GET /v1/who/", {}, "", 400, MISSING),
    ("no token on POST", "POST /v1/echo", {}, "", 400, MISSING),
    ("unknown", "GET /v1/who", {"Authorization": "Bearer nobody"}, "", 401, INVALID),
    ("unknown in the query", "GET /v1/who?access_token=undefined", {}, "", 401, INVALID),
    ("empty in the query", "GET /v1/who?access_token=", {}, "", 401, INVALID),
    ("unknown in a form", "POST /v1/echo", FORM, "access_token=nobody", 401, INVALID),
    ("an endless one", "GET /v1/who", {"Authorization": "Bearer " + "a" * 9_000}, "", 401, INVALID),
    ("not ASCII", "GET /v1/who?access_token=%E2%98%83%ff", {}, "", 401, INVALID),
    ("malformed", "GET /v1/who", {"Authorization": "TOKEN"}, "", 400, MALFORMED),
    ("no token behind Bearer", "GET /v1/who", {"Authorization": "Bearer "}, "", 400, MALFORMED),
    ("empty header", "GET /v1/who", {"Authorization": ""}, "", 400, MALFORMED),
    ("Basic where it is not known", "GET /v1/who", {"Authorization": "Basic YTpi"}, "", 400, MALFORMED),
    ("broken Basic where it is known", "GET /v1/basic", {"Authorization": "Basic !"}, "", 400, MALFORMED),
    ("header and query", "GET /v1/who?access_token=TOKEN", {"Authorization": "Bearer TOKEN"}, "", 400, TWICE),
    ("header and form", "PUT /v1/echo", {"Authorization": "Bearer TOKEN", **FORM}, "access_token=TOKEN", 400, TWICE),
    ("query and form", "POST /v1/echo?access_token=TOKEN", FORM, "access_token=TOKEN", 400, TWICE),
    ("header and query on POST", "POST /v1/echo?access_token=a", {"Authorization": "Bearer TOKEN"}, "", 400, TWICE),
    ("twice in a form", "POST /v1/echo", FORM, "access_token=TOKEN&access_token=TOKEN", 400, TWICE),
    ("form of a GET", "GET /v1/who", FORM, "access_token=TOKEN", 400, IN_GET),
    ("JSON of a GET", "GET /v1/who", JSON, '{"access_token":"TOKEN"}', 400, IN_GET),
    ("in JSON", "POST /v1/echo", JSON, '{"access_token":"TOKEN"}', 400, NO_FORM),
    ("query of a POST", "POST /v1/echo?access_token=TOKEN", {}, "", 400, MISSING),
    ("query of a PUT", "PUT /v1/echo?access_token=TOKEN", {}, "", 400, MISSING),
    ("query of a DELETE", "DELETE /v1/echo?access_token=TOKEN", {}, "", 400, MISSING),
    ("asked for later", "GET /v1/demanding", {"Authorization": "Bearer TOKEN"}, "", 400, MISSING),
    ("optional, none", "GET /v1/optional", {}, "", 200, b"false"),
    ("optional, good", "GET /v1/optional?access_token=TOKEN", {}, "", 200, b"true"),
    ("optional, unknown", "DELETE /v1/optional", {"Authorization": "Bearer x"}, "", 401, INVALID),
    ("Basic", "GET /v1/basic", {"Authorization": "Basic YTpiOmM="}, "", 200, b'[["a","b:c"],false]'),
    ("Bearer instead", "GET /v1/basic", {"Authorization": "Bearer TOKEN"}, "", 200, b"[null,true]"),
    ("neither", "GET /v1/basic", {}, "", 400, MISSING),
    ("neither, allowed", "POST /v1/basic", {}, "", 201, b"[null,false]"),
    ("Basic, or nothing", "POST /v1/basic", {"Authorization": "basic YTo="}, "", 201, b'[["a",""],false]'),
    ("Bearer, or nothing", "POST /v1/basic", FORM, "access_token=TOKEN", 201, b"[null,true]"),
    (
        "form",
        "POST /v1/echo",
        FORM,
        "arg=1&access_token=TOKEN",
        200,
        b'{"path":{},"query":{},"fields":{"arg":"1"},"files":[]}',
    ),
    (
        "form of a DELETE",
        "DELETE /v1/echo",
        FORM,
        "access_token=TOKEN",
        200,
        b'{"path":{},"query":{},"fields":{},"files":[]}',
    ),
    ("odd white space", "GET /v1/optional", {"Authorization": "Bearer\tTOKEN"}, "", 200, b"true"),
    (
        "null in JSON",
        "POST /v1/optional",
        {"Authorization": "Bearer TOKEN", **JSON},
        '{"access_token":null}',
        200,
        b"true",
    ),
]


@pytest.mark.parametrize(
    ("request_line", "headers", "body", "status", "content"),
    [each[1:] for each in REQUESTS],
    ids=[each[0] for each in REQUESTS],
)
async def test_tokens(
    world: World, request_line: str, headers: dict[str, str], body: str, status: int, content: bytes
) -> None:
    def filled(text: str) -> str:
        return text.replace("TOKEN", world.token)

    method, _, path = filled(request_line).partition(" ")
    answer = await world.http.request(
        method, path, headers={name: filled(value) for name, value in headers.items()}, content=filled(body) or None
    )
    assert (answer.status_code, answer.content) == (status, content)
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


async def test_the_bearer_is_who_the_token_stands_for(world: World) -> None:
    answer = await world.call("GET", "/v1/who")
    assert answer.json() == {"id": world.person.id, "client": "particle"}
    other, token = await world.somebody()
    assert (await world.call("GET", "/v1/who", token=token)).json()["id"] == other.id


async def test_a_token_ends(world: World) -> None:
    token = await world.token_of(world.person.id, lifetime=60)
    world.clock.turn(59)
    assert (await world.call("GET", "/v1/who", token=token)).status_code == 200
    world.clock.turn(1)
    answer = await world.call("GET", "/v1/who", token=token)
    assert (answer.status_code, answer.content) == (401, EXPIRED)
    record = await world.services.tokens.find(token)
    assert record is not None
    await world.services.tokens.revoke(record)
    answer = await world.call("GET", "/v1/who", token=token)
    assert (answer.status_code, answer.content) == (401, INVALID)


async def test_a_token_whose_bearer_is_gone(world: World) -> None:
    token = await world.token_of("f" * 24, Bearer.CUSTOMER)
    answer = await world.call("GET", "/v1/who", token=token)
    assert (answer.status_code, answer.content) == (401, INVALID)


BASICS: list[tuple[str | None, Basic | None]] = [
    (None, None),
    ("", None),
    ("Basic", None),
    ("Basic " + b64encode(b"id:secret").decode(), Basic("id", "secret")),
    ("bAsIc  " + b64encode(b"id:secret").decode() + " ", Basic("id", "secret")),
    ("Basic " + b64encode("ü:ß".encode()).decode(), Basic("ü", "ß")),
    ("Basic " + b64encode(b":").decode(), Basic("", "")),
    ("Basic " + b64encode(b"no colon").decode(), None),
    ("Basic " + b64encode(b"\xff:\xff").decode(), None),
    ("Basic YTp_", None),
    ("Basic a", None),
    ("Bearer YTpi", None),
]


@pytest.mark.parametrize(("header", "expected"), BASICS)
def test_basic(header: str | None, expected: Basic | None) -> None:
    assert basic_credentials(header) == expected
