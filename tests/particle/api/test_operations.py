"""What routes get and give."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from rookery.core.catalog import Insert
from rookery.core.records import Bearer, Customer, Product, Program
from rookery.particle.api.api import ApiOptions
from tests.fakes import START
from tests.particle.api.conftest import BASE, World, world_of
from tests.particle.api.plumbing import ROUTES


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with world_of(ROUTES, ApiOptions(base_url=BASE, max_body=200, max_upload=2_000)) as made:
        yield made


def came(fields: Any, files: Any = (), path: Any = None, query: Any = None) -> dict[str, Any]:
    return {"path": path or {}, "query": query or {}, "fields": fields, "files": list(files)}


SENT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("POST /v1/echo", {}, came({})),
    ("POST /v1/echo", {"json": {"arg": "255,0,0"}}, came({"arg": "255,0,0"})),
    ("PUT /v1/echo/", {"json": {"notes": None}}, came({"notes": None})),
    ("POST /v1/echo", {"json": [1, 2]}, came({})),
    ("POST /v1/echo", {"data": {"arg": "1", "groups[]": ["a", "b"]}}, came({"arg": "1", "groups": ["a", "b"]})),
    ("DELETE /v1/echo", {"json": {"deny": True}}, came({"deny": True})),
    ("POST /v1/echo?a=1&a=2&b=%2B", {}, came({}, query={"a": "1", "b": "+"})),
    ("PUT /v1/products/my%20lamp/echo", {}, came({}, path={"product": "my lamp"})),
    (
        "POST /v1/echo",
        {"files": {"file": ("src/a.ino", b"x" * 500)}, "data": {"platform_id": "6"}},
        came({"platform_id": "6"}, [["file", "src/a.ino", 500]]),
    ),
    ("POST /v1/echo", {"content": b'{"a":1}', "headers": {"Content-Type": "application/json"}}, came({"a": 1})),
    ("POST /v1/echo", {"content": b"", "headers": {"Content-Type": "application/json"}}, came({})),
    ("POST /v1/echo", {"content": b"\x00\x01", "headers": {"Content-Type": "application/octet-stream"}}, came({})),
]


@pytest.mark.parametrize(("request_line", "more", "expected"), SENT)
async def test_what_a_route_gets(
    world: World, request_line: str, more: dict[str, Any], expected: dict[str, Any]
) -> None:
    method, _, path = request_line.partition(" ")
    answer = await world.call(method, path, **more)
    assert (answer.status_code, answer.json()) == (200, expected)


async def test_what_a_route_knows_of_the_caller(world: World) -> None:
    answer = await world.http.post("/v1/text", json={"name": "a"})
    assert answer.json() == ["a", {"name": "a"}, "127.0.0.1", 32]
    answer = await world.http.post("/v1/text", json=3)
    assert answer.json()[:2] == [None, 3]


REFUSED: list[tuple[str, dict[str, Any], int, bytes]] = [
    (
        "POST /v1/echo",
        {"content": b"x" * 201},
        413,
        b'{"ok":false,"error":"The request body has more than 200 bytes"}',
    ),
    (
        "POST /v1/echo",
        {"files": {"file": ("a", b"x" * 2_000)}},
        413,
        b'{"ok":false,"error":"The request body has more than 2000 bytes"}',
    ),
    (
        "POST /v1/large",
        {"content": b"x" * 11},
        413,
        b'{"ok":false,"error":"The request body has more than 10 bytes"}',
    ),
    (
        "POST /v1/echo",
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        400,
        b'{"ok":false,"error":"The body is not JSON"}',
    ),
    ("POST /v1/text", {"json": {"name": {}}}, 400, b'{"ok":false,"error":"name must be a text"}'),
    ("GET /v1/who?" + "a&" * 1_001, {}, 400, b'{"ok":false,"error":"The query has more than 1000 parameters"}'),
    ("GET /v1/fails/conflict", {}, 400, b'{"ok":false,"error":"Somebody has it."}'),
    (
        "GET /v1/fails/device",
        {},
        403,
        b'{"error":"Permission Denied","info":"I didn\'t recognize that device name or ID, try opening '
        b'http://rookery.test/v1/devices?access_token=undefined"}',
    ),
]


@pytest.mark.parametrize(("request_line", "more", "status", "content"), REFUSED)
async def test_what_is_refused(
    world: World, request_line: str, more: dict[str, Any], status: int, content: bytes
) -> None:
    method, _, path = request_line.partition(" ")
    answer = await world.call(method, path, **more)
    assert (answer.status_code, answer.content) == (status, content)


async def test_a_limit_of_its_own(world: World) -> None:
    assert (await world.call("POST", "/v1/large", content=b"x" * 10)).content == b"10"


@pytest.mark.parametrize("length", ["11", "9" * 19, "9" * 9_000])
async def test_an_announced_length_is_enough(world: World, length: str) -> None:
    answer = await world.call("POST", "/v1/large", content=b"x", headers={"Content-Length": length})
    assert answer.status_code == 413


async def test_a_body_without_a_length_is_counted(world: World) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"x" * 100

    answer = await world.call("POST", "/v1/echo", content=parts())
    assert answer.status_code == 413
    answer = await world.call("POST", "/v1/large", content=parts())
    assert answer.status_code == 413


async def test_a_body_that_is_cut_off(world: World) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    headers = [(b"authorization", b"Bearer " + world.token.encode()), (b"content-length", b"5")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/echo",
        "raw_path": b"/v1/echo",
        "query_string": b"",
        "headers": headers,
        "client": None,
    }
    await world.app(scope, receive, send)
    assert (sent[0]["status"], sent[1]["body"]) == (400, b'{"ok":false,"error":"The body was cut off"}')


async def test_a_stranger_can_not_leave_megabytes(world: World) -> None:
    """A multipart body is not read before the token is known."""
    answer = await world.http.post("/v1/echo", files={"file": ("a", b"x" * 5_000)})
    assert answer.content == b'{"error":"invalid_request","error_description":"The access token was not found"}'


async def token_of_kind(world: World, bearer: Bearer) -> str:
    """A token of each kind, over records of its own."""
    catalog = world.services.catalog
    dates: dict[str, Any] = {"created_at": START, "updated_at": START}
    product = Product(
        id="p",
        number=1_000,
        space_id=world.person.id,
        person_id=world.person.id,
        name="Lamp",
        slug="lamp-v1",
        platform=6,
        events=1,
        **dates,
    )
    customer = Customer(id="c", product_id="p", email="c@x.test", **dates)
    program = Program(id="a", space_id="p", username="ci@x.test", name="ci", scopes=["devices:list"], **dates)
    await catalog.apply(Insert(product), Insert(customer), Insert(program))
    bearer_id = {Bearer.PERSON: world.person.id, Bearer.PRODUCT: "p", Bearer.CUSTOMER: "c", Bearer.PROGRAM: "a"}
    return await world.token_of(bearer_id[bearer], bearer)


DENIED = '{"ok":false,"error":"Permission Denied","error_description":"%s"}'
API_USER = b'{"error":"unauthorized","error_description":"API users are not allowed to call this endpoint"}'
KINDS: list[tuple[str, Bearer, int, bytes]] = [
    (
        "/v1/fails/bearer",
        Bearer.PERSON,
        403,
        (DENIED % "This token is of a kind that is not allowed to call this endpoint").encode(),
    ),
    (
        "/v1/fails/bearer",
        Bearer.PRODUCT,
        403,
        (DENIED % "A product's token works on the paths of that product only").encode(),
    ),
    (
        "/v1/fails/bearer",
        Bearer.CUSTOMER,
        403,
        (DENIED % "Customers are not allowed to call this endpoint").encode(),
    ),
    ("/v1/fails/bearer", Bearer.PROGRAM, 400, API_USER),
    ("/v1/headers?fail", Bearer.PERSON, 403, (DENIED % "No.").encode()),
    ("/v1/headers?fail", Bearer.PRODUCT, 403, (DENIED % "No.").encode()),
    ("/v1/headers?fail", Bearer.PROGRAM, 400, API_USER),
]


@pytest.mark.parametrize(("path", "bearer", "status", "content"), KINDS)
async def test_tokens_of_the_wrong_kind(world: World, path: str, bearer: Bearer, status: int, content: bytes) -> None:
    answer = await world.call("GET", path, token=await token_of_kind(world, bearer))
    assert (answer.status_code, answer.content) == (status, content)
