"""From paths to routes."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.api.routing import Found, Missing, Router, split_path

DEVICE = "0123456789abcdef01234567"

ROUTES = [
    "GET /v1/devices",
    "POST /v1/devices",
    "GET /v1/devices/events",
    "GET /v1/devices/events/{prefix*}",
    "POST /v1/devices/events",
    "GET /v1/devices/{device}",
    "PUT /v1/devices/{device}",
    "DELETE /v1/devices/{device}",
    "GET /v1/devices/{device}/events",
    "GET /v1/devices/{device}/events/{prefix*}",
    "PUT /v1/devices/{device}/ping",
    "GET /v1/devices/{device}/{variable}",
    "POST /v1/devices/{device}/{function}",
    "GET /v1/events",
    "GET /v1/events/{prefix*}",
    "GET /v1/access_tokens/current",
    "DELETE /v1/access_tokens/current",
    "DELETE /v1/access_tokens/{token}",
    "PUT /v1/products/{product}/firmware/release",
    "PUT /v1/products/{product}/firmware/{version}",
    "DELETE /v1/products/{product}/firmware/{version}",
    "GET /v1/products/{product}/sims/data_usage",
    "GET /v1/products/{product}/sims/{iccid}",
    "GET /v1/products/{product}/devices/{device}/docs/{document}",
    "GET /v1/products/{product}/devices/{device}/{variable}",
    "POST /v1/products/{product}/team/{username}",
    "POST /oauth/token",
]

FOUND: list[tuple[str, str, dict[str, str]]] = [
    ("GET /v1/devices", "GET /v1/devices", {}),
    ("GET /v1/devices/", "GET /v1/devices", {}),
    ("GET //v1//devices//", "GET /v1/devices", {}),
    ("POST /v1/devices/events", "POST /v1/devices/events", {}),
    ("GET /v1/devices/events", "GET /v1/devices/events", {}),
    ("GET /v1/devices/events/", "GET /v1/devices/events", {}),
    ("GET /v1/devices/events/temp", "GET /v1/devices/events/{prefix*}", {"prefix": "temp"}),
    ("GET /v1/devices/events/a/b/c", "GET /v1/devices/events/{prefix*}", {"prefix": "a/b/c"}),
    ("GET /v1/devices/events/a%2Fb", "GET /v1/devices/events/{prefix*}", {"prefix": "a/b"}),
    ("GET /v1/devices/events/a%2F", "GET /v1/devices/events/{prefix*}", {"prefix": "a/"}),
    ("GET /v1/devices/events/a%252Fb", "GET /v1/devices/events/{prefix*}", {"prefix": "a%2Fb"}),
    ("PUT /v1/devices/events", "PUT /v1/devices/{device}", {"device": "events"}),
    (f"GET /v1/devices/{DEVICE}", "GET /v1/devices/{device}", {"device": DEVICE}),
    ("GET /v1/devices/my%20lamp", "GET /v1/devices/{device}", {"device": "my lamp"}),
    ("GET /v1/devices/a%2Fb", "GET /v1/devices/{device}", {"device": "a/b"}),
    ("GET /v1/devices/a+b", "GET /v1/devices/{device}", {"device": "a+b"}),
    ("GET /v1/devices/x/events", "GET /v1/devices/{device}/events", {"device": "x"}),
    ("GET /v1/devices/x/events/y", "GET /v1/devices/{device}/events/{prefix*}", {"device": "x", "prefix": "y"}),
    ("GET /v1/devices/x/temp", "GET /v1/devices/{device}/{variable}", {"device": "x", "variable": "temp"}),
    ("PUT /v1/devices/x/ping", "PUT /v1/devices/{device}/ping", {"device": "x"}),
    ("GET /v1/devices/x/ping", "GET /v1/devices/{device}/{variable}", {"device": "x", "variable": "ping"}),
    ("POST /v1/devices/x/ping", "POST /v1/devices/{device}/{function}", {"device": "x", "function": "ping"}),
    ("POST /v1/devices/x/events", "POST /v1/devices/{device}/{function}", {"device": "x", "function": "events"}),
    ("POST /v1/devices/events/fn", "POST /v1/devices/{device}/{function}", {"device": "events", "function": "fn"}),
    ("GET /v1/events/a/b", "GET /v1/events/{prefix*}", {"prefix": "a/b"}),
    ("GET /v1/access_tokens/current", "GET /v1/access_tokens/current", {}),
    ("DELETE /v1/access_tokens/current", "DELETE /v1/access_tokens/current", {}),
    ("DELETE /v1/access_tokens/abc", "DELETE /v1/access_tokens/{token}", {"token": "abc"}),
    ("PUT /v1/products/1/firmware/release", "PUT /v1/products/{product}/firmware/release", {"product": "1"}),
    (
        "PUT /v1/products/1/firmware/3",
        "PUT /v1/products/{product}/firmware/{version}",
        {"product": "1", "version": "3"},
    ),
    (
        "DELETE /v1/products/1/firmware/release",
        "DELETE /v1/products/{product}/firmware/{version}",
        {"product": "1", "version": "release"},
    ),
    ("GET /v1/products/1/sims/data_usage", "GET /v1/products/{product}/sims/data_usage", {"product": "1"}),
    ("GET /v1/products/1/sims/8934", "GET /v1/products/{product}/sims/{iccid}", {"product": "1", "iccid": "8934"}),
    (
        "GET /v1/products/1/devices/x/docs",
        "GET /v1/products/{product}/devices/{device}/{variable}",
        {"product": "1", "device": "x", "variable": "docs"},
    ),
    (
        "POST /v1/products/p/team/ci%2B1a2b%40api.particle.io",
        "POST /v1/products/{product}/team/{username}",
        {"product": "p", "username": "ci+1a2b@api.particle.io"},
    ),
    ("POST /oauth/token/", "POST /oauth/token", {}),
    ("POST /oauth/t%6Fken", "POST /oauth/token", {}),
    ("GET /v1/devices/%ff", "GET /v1/devices/{device}", {"device": "\ufffd"}),
    ("GET /v1/devices/100%", "GET /v1/devices/{device}", {"device": "100%"}),
]

MISSING: list[tuple[str, tuple[str, ...]]] = [
    ("GET /", ()),
    ("GET /v1", ()),
    ("GET /v1/nothing", ()),
    ("GET /v1/devices/a/b/c", ()),
    ("GET /V1/devices", ()),
    ("GET /v1%2Fdevices", ()),
    ("PATCH /v1/devices", ("GET", "POST")),
    ("PATCH /v1/devices/events", ("DELETE", "GET", "POST", "PUT")),
    ("PUT /v1/devices/events/a/b", ("GET",)),
    ("GET /oauth/token", ("POST",)),
]


@pytest.fixture(scope="module")
def router() -> Router[str]:
    router: Router[str] = Router()
    for route in ROUTES:
        method, _, path = route.partition(" ")
        router.add(method, path, route)
    return router


def asked(router: Router[str], request: str) -> Found[str] | Missing:
    method, _, path = request.partition(" ")
    return router.find(method, split_path(path.encode()))


@pytest.mark.parametrize(("request_line", "route", "path"), FOUND, ids=[each[0] for each in FOUND])
def test_found(router: Router[str], request_line: str, route: str, path: dict[str, str]) -> None:
    assert asked(router, request_line) == Found(route, path)


@pytest.mark.parametrize(("request_line", "allowed"), MISSING, ids=[each[0] for each in MISSING])
def test_missing(router: Router[str], request_line: str, allowed: tuple[str, ...]) -> None:
    assert asked(router, request_line) == Missing(allowed)


def test_the_order_of_adding_does_not_matter() -> None:
    backwards: Router[str] = Router()
    for route in reversed(ROUTES):
        method, _, path = route.partition(" ")
        backwards.add(method, path, route)
    for request_line, route, held in FOUND:
        assert asked(backwards, request_line) == Found(route, held)


@pytest.mark.parametrize("path", ["/v1/{a*}/b", "/v1/{a", "/v1/a*", "/v1/x{a}", "/v1//a", "/v1/{}"])
def test_malformed_paths_of_routes(path: str) -> None:
    with pytest.raises(ValueError, match="no path of a route"):
        Router[str]().add("GET", path, "x")


def test_two_routes_for_one_path() -> None:
    router: Router[str] = Router()
    router.add("GET", "/v1/{a}", "x")
    router.add("PUT", "/v1/{a}", "x")
    with pytest.raises(ValueError, match=r"two routes for GET /v1/\{b\}"):
        router.add("GET", "/v1/{b}", "y")


segments = st.text(min_size=1, max_size=12).filter(lambda text: text not in (".", ".."))


@given(st.lists(segments, max_size=6))
def test_what_is_encoded_is_decoded_once(parts: list[str]) -> None:
    path = "/" + "/".join(quote(part, safe="") for part in parts)
    assert split_path(path.encode()) == parts
    assert split_path(path.replace("/", "//").encode() + b"/") == parts


@given(segments, segments)
def test_parameters_hold_anything(router: Router[str], device: str, variable: str) -> None:
    found = router.find("GET", ["v1", "products", "p", "devices", device, variable])
    assert isinstance(found, Found)
    assert found.path == {"product": "p", "device": device, "variable": variable}


@given(st.binary(max_size=60))
def test_any_path_is_split(raw: bytes) -> None:
    assert all(split_path(raw))
