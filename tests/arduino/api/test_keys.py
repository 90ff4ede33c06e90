"""API keys over the API."""

from __future__ import annotations

import pytest

from tests.arduino.api.conftest import World
from tests.arduino.api.scenario import Row, check_error, play

UNKNOWN = "x" * 32
WITHDRAWN = ("key.{key} KeyWithdrawn", "keys KeyWithdrawn")
"""Who came in with the key has to go."""

ROWS = [
    Row("list", "GET /iot/v1/clients", 200, ('"id":"{key}"', '"enabled":true', '"name":"test"'), ("secret",)),
    Row("show", "GET /iot/v1/clients/{key}", 200, ('"id":"{key}"',), ("secret",)),
    Row("show, unknown", f"GET /iot/v1/clients/{UNKNOWN}", 404),
    Row("show, somebody else's", "GET /iot/v1/clients/{foreign}", 404),
    Row("create", "PUT /iot/v1/clients", 201, ('"name":"rig"', '"secret":"'), body={"name": "rig"}),
    Row("create without a name", "PUT /iot/v1/clients", 400, body={}, field="name"),
    Row("create, name of blanks", "PUT /iot/v1/clients", 400, body={"name": " "}, field="name"),
    Row("create, name too long", "PUT /iot/v1/clients", 400, body={"name": "n" * 65}, field="name"),
    Row("rename", "PATCH /iot/v1/clients/{key}", 200, ('"name":"rig"', '"enabled":true'), body={"name": "rig"}),
    Row("rename, somebody else's", "PATCH /iot/v1/clients/{foreign}", 404, body={"name": "rig"}),
    Row("turn off", "POST /iot/v1/clients/{key}", 200, ('"enabled":false',), body={"enabled": False}, events=WITHDRAWN),
    Row("turn off, nothing said", "POST /iot/v1/clients/{key}", 400, body={}, field="enabled"),
    Row("turn off, no flag", "POST /iot/v1/clients/{key}", 400, body={"enabled": "no"}, field="enabled"),
    Row("turn off, somebody else's", "POST /iot/v1/clients/{foreign}", 404, body={"enabled": False}),
    Row("new secret", "POST /iot/v1/clients/{key}/secret", 200, ('"id":"{key}"', '"secret":"'), events=WITHDRAWN),
    Row("new secret, somebody else's", "POST /iot/v1/clients/{foreign}/secret", 404),
    Row("delete", "DELETE /iot/v1/clients/{key}", 200, events=WITHDRAWN),
    Row("delete, somebody else's", "DELETE /iot/v1/clients/{foreign}", 404),
    Row("delete, unknown", f"DELETE /iot/v1/clients/{UNKNOWN}", 404),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, row: Row) -> None:
    other = await world.somebody_else()
    await play(world, row, {"key": world.key.id, "foreign": other.key.id})
    assert await world.services.clients.check(other.key.id, other.secret)


async def test_a_new_key_works_and_its_secret_is_shown_once(world: World) -> None:
    made = (await world.call("PUT", "/iot/v1/clients", {"name": "rig"})).json()
    assert (len(made["id"]), len(made["secret"])) == (32, 64)
    assert made["secret"] not in (await world.call("GET", "/iot/v1/clients")).text
    assert (await world.tokens.grant(made["id"], made["secret"], "any", None)).token


async def test_a_new_secret_ends_the_old_one_and_its_tokens(world: World) -> None:
    fresh = (await world.call("POST", f"/iot/v1/clients/{world.key.id}/secret")).json()
    check_error(await world.call("GET", "/iot/v1/clients"), 401)
    assert await world.services.clients.check(world.key.id, world.secret) is None
    assert (await world.tokens.grant(world.key.id, fresh["secret"], "any", None)).token


async def test_when_a_key_was_used(world: World) -> None:
    (shown,) = (await world.call("GET", "/iot/v1/clients")).json()
    assert shown["last_used_at"] == "2025-01-01T00:00:00.000Z"
    made = (await world.call("PUT", "/iot/v1/clients", {"name": "rig"})).json()
    assert "last_used_at" not in (await world.call("GET", f"/iot/v1/clients/{made['id']}")).json()
