"""Every route of accounts, tokens and clients, with every kind of token: who is let in, and what others hear."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from rookery.particle.api import access_tokens, authorize, clients, oauth, users
from rookery.particle.api.operations import Auth
from tests.particle.api.programs import Programs, programs_of

PERSON, CUSTOMER, PRODUCT, PROGRAM = "person", "customer", "product", "program"

OPEN: list[tuple[str, str]] = [
    ("POST", "/oauth/token"),
    ("GET", "/oauth/token"),
    ("HEAD", "/oauth/token"),
    ("PUT", "/oauth/token"),
    ("PATCH", "/oauth/token"),
    ("DELETE", "/oauth/token"),
    ("GET", "/oauth/authorize"),
    ("POST", "/oauth/authorize"),
    ("POST", "/v1/users"),
    ("POST", "/v1/user/password-reset"),
    ("PUT", "/v1/user/password-reset"),
]
"""Where no token is looked at."""

BY_KNOWING = ("DELETE", "/v1/access_tokens/{token}")

DOORS: list[tuple[str, str, set[str]]] = [
    ("GET", "/v1/access_tokens", {PERSON, CUSTOMER}),
    ("DELETE", "/v1/access_tokens", {PERSON, CUSTOMER}),
    ("GET", "/v1/access_tokens/current", {PERSON, CUSTOMER, PRODUCT}),
    ("DELETE", "/v1/access_tokens/current", {PERSON, CUSTOMER, PRODUCT}),
    ("GET", "/v1/clients", {PERSON}),
    ("POST", "/v1/clients", {PERSON}),
    ("PUT", "/v1/clients/{client}", {PERSON}),
    ("DELETE", "/v1/clients/{client}", {PERSON}),
    ("GET", "/v1/products/{product}/clients", {PERSON, PRODUCT, PROGRAM}),
    ("POST", "/v1/products/{product}/clients", {PERSON, PRODUCT, PROGRAM}),
    ("PUT", "/v1/products/{product}/clients/{client}", {PERSON, PRODUCT, PROGRAM}),
    ("DELETE", "/v1/products/{product}/clients/{client}", {PERSON, PRODUCT, PROGRAM}),
    ("GET", "/v1/user", {PERSON, CUSTOMER}),
    ("GET", "/v1/user/identify", {PERSON, CUSTOMER}),
    ("PUT", "/v1/user", {PERSON}),
    ("DELETE", "/v1/user", {PERSON}),
    ("GET", "/v1/user/mfa-enable", {PERSON}),
    ("POST", "/v1/user/mfa-enable", {PERSON}),
    ("PUT", "/v1/user/mfa-disable", {PERSON}),
]

REFUSALS: dict[str, tuple[int, dict[str, Any]]] = {
    CUSTOMER: (
        403,
        {
            "ok": False,
            "error": "Permission Denied",
            "error_description": "Customers are not allowed to call this endpoint",
        },
    ),
    PRODUCT: (
        403,
        {
            "ok": False,
            "error": "Permission Denied",
            "error_description": "A product's token works on the paths of that product only",
        },
    ),
    PROGRAM: (
        400,
        {"error": "unauthorized", "error_description": "API users are not allowed to call this endpoint"},
    ),
}

INVALID = {"error": "invalid_token", "error_description": "The access token provided is invalid."}
EXPIRED = {"error": "invalid_token", "error_description": "The access token provided has expired."}
MISSING = {"error": "invalid_request", "error_description": "The access token was not found"}
MALFORMED = {"error": "invalid_request", "error_description": "Malformed auth header"}

IDS = [f"{method} {path}" for method, path, _ in DOORS]


@pytest.fixture
async def programs() -> AsyncIterator[Programs]:
    async with programs_of() as made:
        yield made


def of(programs: Programs, path: str) -> str:
    kind = "server" if "product" in path else "account"
    return path.format(product=programs.product.number, client=programs.auth(kind)[0])


def test_no_route_is_left_out() -> None:
    files = (oauth, authorize, access_tokens, clients, users)
    routes = [route for file in files for route in file.ROUTES]
    there = {(method, path, route.auth) for route in routes for method in route.methods for path in route.paths}
    listed = {(method, path) for method, path, _ in DOORS} | {BY_KNOWING}
    assert {(method, path) for method, path, auth in there if auth is Auth.NONE} == set(OPEN)
    assert {(method, path) for method, path, auth in there if auth is not Auth.NONE} == listed


@pytest.mark.parametrize(("method", "path", "_let_in"), DOORS, ids=IDS)
async def test_without_a_good_token(programs: Programs, method: str, path: str, _let_in: set[str]) -> None:
    path = of(programs, path)
    world = programs.world
    revoked = await world.token_of(world.person.id)
    await world.services.tokens.revoke_all(world.person.id)
    gone = await world.token_of("somebody who is not there")
    expired = await world.token_of(world.person.id, lifetime=60)
    world.clock.turn(60)
    answers = [
        (await world.http.request(method, path), 400, MISSING),
        (await world.http.request(method, path, headers={"Authorization": "Token x"}), 400, MALFORMED),
        (await world.call(method, path, token="0" * 40), 401, INVALID),
        (await world.call(method, path, token="x" * 5_000), 401, INVALID),
        (await world.call(method, path, token=revoked), 401, INVALID),
        (await world.call(method, path, token=gone), 401, INVALID),
        (await world.call(method, path, token=expired), 401, EXPIRED),
    ]
    for answer, status, body in answers:
        assert (answer.status_code, answer.json()) == (status, body)


@pytest.mark.parametrize("kind", [PERSON, CUSTOMER, PRODUCT, PROGRAM])
@pytest.mark.parametrize(("method", "path", "let_in"), DOORS, ids=IDS)
async def test_every_kind_of_token(programs: Programs, method: str, path: str, let_in: set[str], kind: str) -> None:
    token = (await programs.tokens())[kind]
    answer = await programs.world.call(method, of(programs, path), token=token)
    refused = (answer.status_code, answer.json() if answer.content else None) == REFUSALS.get(kind)
    assert refused == (kind not in let_in)
    assert answer.status_code != 500


@pytest.mark.parametrize(("method", "path"), OPEN)
@pytest.mark.parametrize("kind", [PERSON, CUSTOMER, PRODUCT, PROGRAM, "unknown"])
async def test_a_token_opens_nothing_where_none_is_looked_at(
    programs: Programs, method: str, path: str, kind: str
) -> None:
    token = (await programs.tokens() | {"unknown": "0" * 40})[kind]
    with_one = await programs.world.call(method, path, token=token)
    without = await programs.world.http.request(method, path)
    assert (with_one.status_code, with_one.content) == (without.status_code, without.content)


@pytest.mark.parametrize("kind", [PERSON, CUSTOMER, PRODUCT, PROGRAM])
async def test_whoever_knows_a_token_may_end_it(programs: Programs, kind: str) -> None:
    tokens = await programs.tokens()
    victim = await programs.world.token_of(programs.world.person.id)
    answer = await programs.world.call("DELETE", f"/v1/access_tokens/{victim}", token=tokens[kind])
    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    answer = await programs.world.call("DELETE", f"/v1/access_tokens/{victim}", token=tokens[kind])
    assert answer.status_code in (404, REFUSALS.get(kind, (404,))[0])
