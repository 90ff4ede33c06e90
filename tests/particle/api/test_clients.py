"""OAuth clients of people and products."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rookery.core.records import Bearer, Role
from tests.particle.api.programs import BACK, Programs, programs_of

MINE = "/v1/clients"


@pytest.fixture
async def programs() -> AsyncIterator[Programs]:
    async with programs_of() as made:
        yield made


def paths(programs: Programs) -> list[str]:
    product = programs.product
    return [MINE, f"/v1/products/{product.number}/clients", f"/v1/products/{product.slug}/clients/"]


async def test_its_whole_life(programs: Programs) -> None:
    world = programs.world
    for path in paths(programs):
        before = (await world.call("GET", path)).json()["clients"]
        world.clock.turn(1)
        answer = await world.call("POST", path, {"name": "My Client", "type": "installed"})
        made = answer.json()["client"]
        assert (answer.status_code, answer.json()["ok"]) == (200, True)
        assert set(made) == {"name", "type", "id", "secret"}
        assert (made["name"], made["type"]) == ("My Client", "installed")
        assert re.fullmatch(r"my-client-\d{1,4}", made["id"])
        assert re.fullmatch("[0-9a-f]{40}", made["secret"])
        listed = await world.call("GET", path)
        shown = {"name": "My Client", "type": "installed", "id": made["id"]}
        assert listed.json() == {"ok": True, "clients": [*before, shown]}
        assert made["secret"] not in listed.text
        one = f"{path.rstrip('/')}/{made['id']}"
        answer = await world.call("PUT", one, {"name": "Other", "scope": "customers:create"})
        changed = {"name": "Other", "type": "installed", "id": made["id"], "scope": "customers:create"}
        assert (answer.status_code, answer.json()) == (200, {"ok": True, "client": changed})
        answer = await world.call("PUT", one, {"scope": "none"})
        del changed["scope"]
        assert answer.json() == {"ok": True, "client": changed}
        answer = await world.call("DELETE", one)
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await world.call("GET", path)).json()["clients"] == before
        for method in ("PUT", "DELETE"):
            answer = await world.call(method, one, {"name": "x"})
            assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Client not found"})


async def test_a_web_client_shows_its_address(programs: Programs) -> None:
    body = {"name": "site", "type": "web", "redirect_uri": BACK, "scope": "customers:create"}
    made = (await programs.world.call("POST", MINE, body)).json()["client"]
    assert {k: made[k] for k in ("type", "redirect_uri", "scope")} == {k: v for k, v in body.items() if k != "name"}


async def test_a_form_and_empty_fields_will_do(programs: Programs) -> None:
    headers = {"Authorization": f"Bearer {programs.world.token}"}
    data = {"name": "app", "type": "", "redirect_uri": "", "scope": ""}
    answer = await programs.world.http.post(MINE, data=data, headers=headers)
    assert answer.json()["client"]["type"] == "installed"


BAD: list[tuple[dict[str, Any], str]] = [
    ({}, "name is required"),
    ({"type": "installed"}, "name is required"),
    ({"name": ""}, "name is required"),
    ({"name": {"a": 1}}, "name must be a text"),
    ({"name": "x" * 65}, "A client has a name of 1 to 64 characters."),
    ({"name": "app", "type": "key"}, "type must be installed or web"),
    ({"name": "app", "type": "web"}, "A web client needs a redirect_uri."),
    ({"name": "app", "redirect_uri": BACK}, "Only a web client has a redirect_uri."),
    ({"name": "app", "type": "web", "redirect_uri": "javascript:alert(1)"},
     "redirect_uri must be a whole http, https or app address without a fragment."),
    ({"name": "app", "scope": "everything"}, "'everything' is no scope."),
]  # fmt: skip


@pytest.mark.parametrize(("body", "error"), BAD)
async def test_what_can_not_be_used(programs: Programs, body: dict[str, Any], error: str) -> None:
    for path in paths(programs):
        answer = await programs.world.call("POST", path, body)
        assert (answer.status_code, answer.json()) == (400, {"ok": False, "error": error})


async def test_a_change_of_nothing(programs: Programs) -> None:
    client, _ = programs.clients["account"]
    answer = await programs.world.call("PUT", f"{MINE}/{client.id}", {})
    assert (answer.status_code, answer.json()["error"]) == (400, "name or scope is required")


async def test_ones_own_are_ones_own(programs: Programs) -> None:
    world = programs.world
    _, other = await world.somebody()
    mine, ours = programs.clients["account"][0], programs.clients["server"][0]
    assert (await world.call("GET", MINE, token=other)).json() == {"ok": True, "clients": []}
    assert (await world.call("PUT", f"{MINE}/{mine.id}", {"name": "x"}, token=other)).status_code == 404
    assert (await world.call("DELETE", f"{MINE}/{mine.id}", token=other)).status_code == 404
    assert (await world.call("DELETE", f"{MINE}/{ours.id}")).status_code == 404
    product = f"/v1/products/{programs.product.number}/clients"
    assert (await world.call("DELETE", f"{product}/{mine.id}")).status_code == 404
    answer = await world.call("GET", product, token=other)
    assert (answer.status_code, answer.json()) == (404, {"ok": False, "error": "Product not found."})
    assert len((await world.call("GET", MINE)).json()["clients"]) == 3
    assert len((await world.call("GET", product)).json()["clients"]) == 5


async def test_an_api_key_is_no_client(programs: Programs) -> None:
    key, _ = await programs.world.services.clients.create(programs.world.person.id, "script")
    assert key.id not in (await programs.world.call("GET", MINE)).text
    assert (await programs.world.call("DELETE", f"{MINE}/{key.id}")).status_code == 404
    assert await programs.world.services.clients.get(key.id) is not None


ROLES = [(Role.VIEWER, 403), (Role.SUPPORT, 403), (Role.EDITOR, 200), (Role.ADMIN, 200)]


@pytest.mark.parametrize(("role", "status"), ROLES)
async def test_roles(programs: Programs, role: Role, status: int) -> None:
    person, token = await programs.world.somebody()
    await programs.world.services.teams.join(programs.product.id, person.email, role)
    path = f"/v1/products/{programs.product.number}/clients"
    answer = await programs.world.call("GET", path, token=token)
    assert answer.status_code == 200
    assert answer.headers["x-requested-scope"] == f"product_{programs.product.number}:clients:list"
    answer = await programs.world.call("POST", path, {"name": "x"}, token=token)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"] == "Permission Denied"


@pytest.mark.parametrize(
    ("scopes", "reading", "writing"),
    [(["clients:list"], 200, 400), (["clients:create"], 400, 200), (["*:*"], 200, 200), (["devices:list"], 400, 400)],
)
async def test_scopes_of_programs(programs: Programs, scopes: list[str], reading: int, writing: int) -> None:
    services = programs.world.services
    program = await services.teams.add_program(programs.product.id, "ci", scopes, "rookery.test")
    path = f"/v1/products/{programs.product.number}/clients"
    assert (await programs.world.call("GET", path, token=program.token)).status_code == reading
    answer = await programs.world.call("POST", path, {"name": "x", "scope": scopes[0]}, token=program.token)
    assert answer.status_code == writing
    if writing == 400:
        assert answer.json()["error"] == "unauthorized"


async def test_a_product_keeps_its_own_clients(programs: Programs) -> None:
    token = await programs.world.token_of(programs.product.id, Bearer.PRODUCT)
    path = f"/v1/products/{programs.product.number}/clients"
    made = (await programs.world.call("POST", path, {"name": "x"}, token=token)).json()["client"]
    assert (await programs.world.call("DELETE", f"{path}/{made['id']}", token=token)).status_code == 204


async def test_a_limited_program_makes_no_client_that_may_do_more(programs: Programs) -> None:
    world, product = programs.world, programs.product
    path = f"/v1/products/{product.number}/clients"
    scopes = ["clients:create", "clients:update", "customers:create"]
    made = await world.services.teams.add_program(product.id, "ci", scopes, "api.rookery.test")
    for body in ({"name": "x"}, {"name": "x", "scope": "*:*"}, {"name": "x", "scope": "none"}):
        answer = await world.call("POST", path, body, token=made.token)
        assert (answer.status_code, answer.json()["error"]) == (400, "unauthorized")
    allowed = await world.call("POST", path, {"name": "x", "scope": "customers:create"}, token=made.token)
    assert allowed.status_code == 200
    one = f"{path}/{allowed.json()['client']['id']}"
    assert (await world.call("PUT", one, {"scope": "none"}, token=made.token)).status_code == 400
    assert (await world.call("PUT", one, {"name": "y"}, token=made.token)).status_code == 200
