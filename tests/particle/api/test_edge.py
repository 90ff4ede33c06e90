"""What every answer has, and what requests in unusual forms get."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from rookery.particle.api.api import ApiOptions
from rookery.particle.api.app import PREFIXES, build_api
from rookery.particle.api.app import ROUTES as ALL
from rookery.particle.api.rate import RateOptions
from tests.particle.api.conftest import World, world_of
from tests.particle.api.plumbing import ROUTES, STREAM, who

BUG = b'{"ok":false,"error":"Internal server error"}'


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with world_of(ROUTES) as made:
        yield made


def check_common(answer: httpx.Response) -> None:
    assert answer.headers.get_list("access-control-allow-origin") == ["*"]
    assert answer.headers["access-control-expose-headers"] == "X-Request-Id, Retry-After"
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["x-request-id"])


REQUESTS: list[tuple[str, int, bytes]] = [
    ("GET /v1/optional", 200, b"false"),
    ("GET /v1/optional/", 200, b"false"),
    ("GET //v1///optional//", 200, b"false"),
    ("GET /v1/opti%6Fnal", 200, b"false"),
    ("GET /v1/echo/a%2Fb", 200, b'"a/b"'),
    ("GET /v1/echo/a/b%252F", 200, b'"a/b%2F"'),
    ("GET /v1/echo/%2B+%40", 200, b'"++@"'),
    ("GET /v1/echo/%E2%98%83", 200, '"☃"'.encode()),
    ("GET /v1/echo/%ff", 200, '"\ufffd"'.encode()),
    ("GET /v1/echo/..%2F..%2Fetc", 200, b'"../../etc"'),
    ("DELETE /v1/nothing", 204, b""),
    ("GET /v1/stream", 200, b":ok\n\ndata: 1\n\n"),
    ("GET /v1/who", 400, b'{"error":"invalid_request","error_description":"The access token was not found"}'),
    ("GET /", 404, b'{"ok":false,"error":"Not found"}'),
    ("GET /v1", 404, b'{"ok":false,"error":"Not found"}'),
    ("GET /v1/unknown", 404, b'{"ok":false,"error":"Not found"}'),
    ("BREW /v1/unknown", 404, b'{"ok":false,"error":"Not found"}'),
    ("PATCH /v1/optional", 405, b'{"ok":false,"error":"Method not allowed"}'),
    ("GET /v1/bug/x", 500, BUG),
    ("OPTIONS /v1/who", 204, b""),
    ("OPTIONS /anything/at/all", 204, b""),
]


@pytest.mark.parametrize(("request_line", "status", "content"), REQUESTS, ids=[each[0] for each in REQUESTS])
async def test_answers(world: World, request_line: str, status: int, content: bytes) -> None:
    method, _, path = request_line.partition(" ")
    url = httpx.URL("http://rookery.test", raw_path=path.encode())
    answer = await world.http.request(method, url)
    assert (answer.status_code, answer.content) == (status, content)
    check_common(answer)
    if content.startswith(b"{"):
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
    if status == 204:
        assert "content-type" not in answer.headers
        assert "content-length" not in answer.headers


async def test_the_path_is_made_again_where_a_server_does_not_keep_it(world: World) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {"type": "http", "method": "GET", "path": "/v1/echo/a b%", "query_string": b"", "headers": []}
    await world.app(scope, receive, send)
    assert sent[1]["body"] == b'"a b%"'


@pytest.mark.parametrize("path", ["/v1/devices", "/oauth/token", "/v1/devices/x/events/y", "/v1/unknown/"])
async def test_browsers_may_ask(world: World, path: str) -> None:
    answer = await world.http.options(path, headers={"Origin": "https://x.test"})
    assert answer.status_code == 204
    check_common(answer)
    assert answer.headers["access-control-allow-methods"] == "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
    assert answer.headers["access-control-allow-headers"] == (
        "Authorization, Content-Type, Accept, User-Agent, X-Particle-Tool, X-Particle-Project, "
        "X-Requested-With, Cache-Control, Last-Event-ID"
    )
    assert int(answer.headers["access-control-max-age"]) >= 600


async def test_a_wrong_method_names_the_right_ones(world: World) -> None:
    assert (await world.http.patch("/v1/optional")).headers["allow"] == "DELETE, GET, POST"


async def test_head_is_get_without_its_body(world: World) -> None:
    head = await world.call("HEAD", "/v1/who")
    get = await world.call("GET", "/v1/who")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(get.content))
    missing = await world.http.head("/v1/who")
    assert (missing.status_code, missing.content) == (400, b"")
    own = await world.http.head("/v1/sims/8934")
    assert (own.status_code, own.content) == (204, b"")
    assert (await world.http.get("/v1/sims/8934")).status_code == 405
    assert (await world.http.head("/v1/echo")).status_code == 405


async def test_head_opens_no_stream(world: World) -> None:
    before = STREAM.opened
    answer = await world.http.head("/v1/stream")
    assert (answer.status_code, answer.content, STREAM.opened) == (204, b"", before)


async def test_every_request_has_an_id_of_its_own(world: World) -> None:
    ids = {(await world.http.get("/v1/optional")).headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


async def test_a_bug_is_logged_without_what_may_be_secret(world: World) -> None:
    with capture_logs() as logs:
        answer = await world.http.get("/v1/bug/secretpath?access_token=secretquery")
    assert (answer.status_code, answer.content) == (500, BUG)
    [line] = [each for each in logs if each["event"] == "request_failed"]
    error = line.pop("exc_info")
    assert isinstance(error, KeyError)
    assert line["id"] == answer.headers["x-request-id"]
    assert (line["method"], line["route"]) == ("GET", "/v1/bug/{token}")
    assert "secret" not in json.dumps(line)


async def test_a_stream_that_breaks_is_cut_off(world: World) -> None:
    """Its beginning was sent: there is no way to tell the client but the end of the connection."""
    with capture_logs() as logs, pytest.raises(RuntimeError, match="the stream broke"):
        await world.http.get("/v1/broken")
    assert [line["event"] for line in logs] == ["request_failed"]


async def test_headers_of_a_route_are_in_its_errors_as_well(world: World) -> None:
    answer = await world.call("GET", "/v1/headers")
    assert answer.headers["x-requested-scope"] == "product_1000:devices:list"
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    refusal = await world.call("GET", "/v1/headers?fail")
    assert (refusal.status_code, refusal.headers["x-requested-scope"]) == (403, "product_1000:devices:list")


async def test_rates_count_before_anything_else() -> None:
    options = ApiOptions(rates=RateOptions(call=2))
    async with world_of(ROUTES, options, peer="198.51.100.7") as world:
        statuses = [(await world.http.get("/v1/who")).status_code for _ in range(3)]
        assert statuses == [400, 400, 429]
        answer = await world.http.get("/v1/who")
        assert answer.content == b'{"error":"rate_limit_exceeded","error_description":"Too many requests"}'
        assert answer.headers["retry-after"] == "150"
        check_common(answer)
        assert (await world.http.options("/v1/who")).status_code == 204


async def test_one_path_has_one_route(world: World) -> None:
    with pytest.raises(ValueError, match="two routes for GET /v1/who"):
        build_api(world.api, (who, who))


async def test_the_routes_of_this_api_are_below_its_prefixes(world: World) -> None:
    build_api(world.api)
    assert all(path.startswith(tuple(f"{prefix}/" for prefix in PREFIXES)) for route in ALL for path in route.paths)
