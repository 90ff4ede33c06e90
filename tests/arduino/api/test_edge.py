"""Paths in all forms, browsers, methods, and errors that never reach a route."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from litestar.types import Receive, Scope, Send

from rookery.arduino.api import keys as keys_file
from rookery.arduino.api.app import PREFIXES, ROUTES
from rookery.arduino.api.edge import Edge
from rookery.arduino.api.errors import CODES, Problem, problem_of
from rookery.core import errors as core_errors
from tests.arduino.api.conftest import World
from tests.arduino.api.scenario import check_error

ID = "5a4f3f2e-0b7e-4c5b-9a53-3a3f5b1c7d10"

PATHS = [
    ("/iot/v2/devices", "/iot/v2/devices"),
    ("/iot/v2/devices/", "/iot/v2/devices"),
    ("/iot/v2//devices///", "/iot/v2/devices"),
    ("/iot/iot/v2/devices", "/iot/v2/devices"),
    ("/iot/iot/iot/v2/devices/", "/iot/v2/devices"),
    ("/iot/v2/device", "/iot/v2/devices"),
    (f"/iot/v2/device/{ID}/status", f"/iot/v2/devices/{ID}/status"),
    ("/iot/v1/devices", "/iot/v2/devices"),
    ("/iot/v1/things", "/iot/v2/things"),
    (f"/iot/iot/v1/things/{ID}/", f"/iot/v2/things/{ID}"),
    ("/iot/v1/series/batch_query", "/iot/v2/series/batch_query"),
    (f"/iot/v1/things/{ID}/properties/{ID}/send", f"/iot/v2/things/{ID}/properties/{ID}/publish"),
    (f"/iot/v1/things/{ID}/properties/{ID}/publish", f"/iot/v2/things/{ID}/properties/{ID}/publish"),
    ("/iot/v1/thingsful", "/iot/v1/thingsful"),
    ("/iot/v2/devicesful", "/iot/v2/devicesful"),
    ("/iot/v1/property_types", "/iot/v1/property_types"),
    ("/iot/v1/clients/token/", "/iot/v1/clients/token"),
    ("/iot/", "/iot"),
    ("/iot", "/iot"),
    ("/", "/"),
    ("//", "/"),
]


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("not called")


@pytest.mark.parametrize(("sent", "usual"), PATHS)
def test_usual_path(sent: str, usual: str) -> None:
    edge = Edge(_nothing)
    assert edge.usual_path(sent) == usual
    assert edge.usual_path(usual) == usual


async def test_all_forms_give_the_same_answer(world: World) -> None:
    expected = (await world.call("GET", "/iot/v2/devices?show_deleted=true")).content
    for path, usual in PATHS:
        if usual == "/iot/v2/devices":
            answer = await world.call("GET", path + "?show_deleted=true")
            assert (answer.status_code, answer.content) == (200, expected)


@pytest.mark.parametrize("path", ["/iot/v2/devices", "/iot/v1/clients/token", "/iot/nothing", "/iot/iot/v2/things/"])
async def test_browsers_may_ask(world: World, path: str) -> None:
    answer = await world.http.options(
        path,
        headers={
            "Origin": "https://example.com",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization,x-organization",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    for name in ("Authorization", "Content-Type", "X-Organization"):
        assert name in answer.headers["access-control-allow-headers"]
    for method in ("GET", "PUT", "POST", "PATCH", "DELETE"):
        assert method in answer.headers["access-control-allow-methods"]


async def test_browsers_may_read_every_answer(world: World) -> None:
    for path in ("/iot/v2/devices", "/iot/v2/devices/x", "/iot/x", "/iot/v1/clients/token", "/iot/docs"):
        assert (await world.call("GET", path)).headers["access-control-allow-origin"] == "*"
    assert (await world.http.get("/iot/v2/devices")).headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    "path", ["/iot", "/iot/v2", "/iot/v3/devices", "/iot/v2/devices/a/b/c/d", "/iot/%00", "/iot/v2/ü"]
)
async def test_unknown_paths(world: World, path: str) -> None:
    for method in ("GET", "PUT", "BREW"):
        check_error(await world.call(method, path), 404)


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "BREW"])
async def test_unknown_methods(world: World, method: str) -> None:
    answer = await world.call(method, "/iot/v2/devices")
    check_error(answer, 405)
    assert {"GET", "PUT"} <= set(answer.headers["allow"].replace(" ", "").split(","))


async def test_head_is_get_without_its_body(world: World) -> None:
    head = await world.call("HEAD", "/iot/v2/devices")
    assert head.status_code == 200
    assert head.headers["content-length"] == "2"


@pytest.mark.parametrize("accept", ["application/vnd.arduino.devicev2+json", "text/html", "image/png", "*/*", ""])
async def test_accept_is_never_refused(world: World, accept: str) -> None:
    answer = await world.call("GET", "/iot/v2/devices", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"


async def test_large_bodies(world: World) -> None:
    body = json.dumps({"type": "giga", "fqbn": "x" * (1 << 20)})
    check_error(await world.call("PUT", "/iot/v2/devices", content=body), 413)

    async def slowly() -> Any:
        for start in range(0, len(body), 60_000):
            yield body[start : start + 60_000].encode()

    check_error(await world.call("PUT", "/iot/v2/devices", content=slowly()), 413)


async def test_a_body_in_pieces(world: World) -> None:
    async def slowly() -> Any:
        for byte in b'{"type":"giga"}':
            yield bytes([byte])

    assert (await world.call("PUT", "/iot/v2/devices", content=slowly())).status_code == 201


async def test_a_body_of_the_wrong_kind(world: World) -> None:
    answer = await world.call("PUT", "/iot/v2/devices", content=b"<x/>", headers={"Content-Type": "text/xml"})
    check_error(answer, 415)


async def test_what_we_did_not_foresee_says_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(client: object) -> object:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(keys_file, "key_view", broken)
    answer = await world.call("GET", "/iot/v1/clients")
    body = check_error(answer, 500)
    assert body["code"] == "internal"
    assert "secret" not in answer.text
    assert "ZeroDivision" not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "code", "field"),
    [
        (core_errors.NotFound("x"), 404, "not_found", None),
        (core_errors.Invalid("x"), 400, "invalid_request", None),
        (core_errors.Invalid("x", "symbol"), 400, "invalid_request", "variable_name"),
        (core_errors.Invalid("x", "policy"), 400, "invalid_request", "update_strategy"),
        (core_errors.Invalid("x", "timezone"), 400, "invalid_request", "timezone"),
        (core_errors.Forbidden("x"), 403, "forbidden", None),
        (core_errors.Conflict("x"), 409, "conflict", None),
        (core_errors.Precondition("x"), 412, "precondition_failed", None),
        (core_errors.LimitReached("x"), 403, "limit_reached", None),
        (core_errors.Unavailable("x"), 503, "unavailable", None),
        (Problem(415, "x"), 415, "unsupported_media_type", None),
        (RuntimeError("x"), 500, "internal", None),
    ],
)
def test_errors_of_core(error: Exception, status: int, code: str, field: str | None) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code, problem.field) == (status, code, field)
    assert problem.status in CODES


def test_every_error_of_core_has_a_status() -> None:
    for kind in vars(core_errors).values():
        if isinstance(kind, type) and issubclass(kind, core_errors.CoreError) and kind is not core_errors.CoreError:
            assert problem_of(kind("x")).status != 500


def test_all_paths_are_ours() -> None:
    for route in ROUTES:
        assert all(path.startswith(PREFIXES) for path in route.paths)


async def test_every_route_wants_a_token(world: World) -> None:
    for route in ROUTES:
        described = route.opt["operation"]
        answer: httpx.Response = await world.http.request(described.method, described.path)
        if not described.public:
            check_error(answer, 401)
        else:
            assert answer.status_code != 401
