"""The table of the console's own API: who may, what is refused how, and that nothing is left out."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

import pytest
import structlog

from rookery.console.api import MODULES, May, OwnApi, Route, route
from rookery.console.app import ConsoleApp
from rookery.console.call import Answer, Call, session_token
from rookery.console.errors import Refusal, worded
from rookery.console.twins import PAGES
from rookery.core import errors as core
from tests.console.conftest import Room, refused

ALL: list[Route] = [row for name in MODULES for row in import_module(f"rookery.console.{name}").ROUTES]


def console(room: Room, *routes: Route) -> None:
    """Only these routes."""
    room.app = ConsoleApp(room.backend, folder=room.files)
    room.app._own = OwnApi(room.backend, routes)


def test_no_two_routes_are_one() -> None:
    seen = [(row.method, re.sub(r"\{\w+\}", "{}", "/".join(row.path))) for row in ALL]
    assert len(seen) == len(set(seen))


@pytest.mark.parametrize("row", ALL, ids=lambda row: f"{row.method} {'/'.join(row.path)}")
async def test_every_route_wants_a_session_unless_it_says_otherwise(room: Room, row: Route) -> None:
    path = "/".join("x" if part[0] == "{" else part for part in row.path)
    answer = await room.browser().api(row.method, path)
    if row.may is May.ANYBODY:
        assert answer.status_code != 401
    else:
        assert refused(answer)[:2] == (401, "signed_out")


@pytest.mark.parametrize("row", [row for row in ALL if row.method != "GET"], ids=lambda row: "/".join(row.path))
async def test_every_change_wants_a_page_of_this_server(room: Room, row: Route) -> None:
    browser = await room.signed_in()
    path = "/".join("x" if part[0] == "{" else part for part in row.path)
    answer = await browser.request(row.method, f"/console/api/{path}", headers={"origin": "https://evil.test"})
    assert refused(answer)[:2] == (403, "foreign_origin")


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (core.NotFound("No."), 404, "not_found"),
        (core.Invalid("No.", "x"), 400, "invalid"),
        (core.Forbidden("No."), 403, "forbidden"),
        (core.Conflict("No."), 409, "conflict"),
        (core.Precondition("No."), 409, "precondition"),
        (core.LimitReached("No."), 429, "limit"),
        (core.Unavailable("No."), 503, "unavailable"),
        (core.TokenExpired("No."), 401, "signed_out"),
        (core.BoardAway("No."), 504, "board_away"),
        (core.BoardCannot("No."), 422, "board_cannot"),
        (core.NameUnknown("No."), 404, "name_unknown"),
        (core.CoreError("No."), 400, "invalid"),
    ],
)
async def test_errors_of_core_are_worded(room: Room, error: core.CoreError, status: int, code: str) -> None:
    @route("GET", "x", May.ANYBODY)
    async def failing(call: Call) -> None:
        raise error

    console(room, failing)
    assert refused(await room.browser().api("GET", "x")) == (status, code, getattr(error, "field", None))
    assert worded(error).body()["message"] == "No."


async def test_a_fault_of_ours_says_nothing_of_itself(room: Room) -> None:
    @route("GET", "x/{token}", May.ANYBODY)
    async def failing(call: Call) -> None:
        raise RuntimeError("the secret is 42")

    console(room, failing)
    with structlog.testing.capture_logs() as logged:
        answer = await room.browser().api("GET", "x/one-time-token?q=hush")
    assert refused(answer)[:2] == (500, "failed")
    assert "42" not in answer.text
    assert [(line["event"], line["route"]) for line in logged] == [("console.failed", "x/{token}")]
    assert "one-time-token" not in str(logged)
    assert "hush" not in str(logged)


async def test_what_handlers_may_answer(room: Room) -> None:
    @route("GET", "none", May.ANYBODY)
    async def nothing(call: Call) -> None:
        return None

    @route("GET", "file", May.ANYBODY)
    async def file(call: Call) -> Answer:
        return Answer(b"abc", 200, "text/plain", ((b"cache-control", b"private"),))

    @route("GET", "{any}", May.ANYBODY)
    async def anything(call: Call) -> Any:
        return {"any": call.segments["any"], "q": call.queries("q"), "last": call.query("q", "none")}

    console(room, anything, nothing, file)
    browser = room.browser()
    empty = await browser.api("GET", "none")
    assert (empty.status_code, empty.content, empty.headers["cache-control"]) == (204, b"", "no-store")
    plain = await browser.api("GET", "file")
    assert (plain.text, plain.headers["cache-control"]) == ("abc", "private")
    told = await browser.api("GET", "other?q=1&q=2&r")
    assert told.json() == {"any": "other", "q": ["1", "2"], "last": "2"}
    assert (await browser.api("HEAD", "other")).status_code == 200


async def test_unknown_addresses_and_methods(room: Room) -> None:
    browser = room.browser()
    assert refused(await browser.api("GET", "nothing"))[:2] == (404, "not_found")
    assert refused(await browser.api("GET", ""))[:2] == (404, "not_found")
    wrong = await browser.api("PATCH", "session")
    assert refused(wrong)[:2] == (405, "method")
    assert "DELETE, GET, POST" in wrong.json()["message"]


async def test_a_request_has_bounds(room: Room) -> None:
    browser = await room.signed_in()
    large = await browser.api("POST", "spaces", {"name": "x" * (1 << 20)})
    assert refused(large)[:2] == (413, "too_large")

    @route("GET", "x", May.ANYBODY)
    async def asking(call: Call) -> str:
        return call.query("q")

    console(room, asking)
    browser = room.browser()
    assert refused(await browser.api("GET", "x?" + "q=1&" * 200))[:2] == (400, "invalid")


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("rookery_session=abc", "abc"),
        ("other=1; rookery_session=abc; more=2", "abc"),
        ("rookery_session=", ""),
        ('rookery_session="abc"', ""),
        ("xrookery_session=abc", ""),
        ("rookery_session", ""),
        ("", ""),
    ],
)
def test_the_cookie_of_a_session(header: str, token: str) -> None:
    assert session_token(header) == token


@pytest.mark.parametrize("page", PAGES)
async def test_every_page_has_a_twin_for_whoever_is_signed_in(room: Room, page: str) -> None:
    path = re.sub(r"\{\w+\}", "x", page)
    answer = await room.browser().get(f"/console/{path}.json")
    assert answer.headers["content-type"] == "application/json"
    if page in ("sign-in", "settings/about"):
        assert answer.json()["signed_in"] is False
    elif page.startswith(("start/", "shared/")):
        assert answer.status_code == 404
    else:
        assert refused(answer)[:2] == (401, "signed_out")
    browser = await room.signed_in()
    answer = await browser.get(f"/console/{path}.json?page=1")
    assert answer.status_code in (200, 404, 503)
    for asked in PAGES[page].values():
        first, _, rest = asked.partition("/")
        if first == "api":
            assert any(row.match(rest.split("/")) is not None for row in ALL if row.method == "GET"), asked


async def test_a_twin_is_the_answer_of_the_address_that_the_page_calls(room: Room) -> None:
    browser = await room.signed_in()
    twin = await browser.get("/console/settings/account.json")
    assert twin.content == (await browser.api("GET", "account")).content
    asked = (await browser.get("/console/things/abc.json?show_deleted=true")).json()
    assert (asked["path"], asked["query"]) == ("/iot/v2/things/abc", "show_deleted=true")
    both = (await browser.get("/console/welcome.json")).json()
    assert set(both) == {"setup", "simulated"}
    assert both["setup"]["hosts"] == ["cloud.example.org"]
    assert refused(await browser.get("/console/nothing.json"))[:2] == (404, "not_found")
    assert refused(await browser.get("/console/settings/nothing/at/all.json"))[:2] == (404, "not_found")
    foreign = await browser.get("/console/things.json", headers={"origin": "https://evil.test"})
    assert refused(foreign)[:2] == (403, "foreign_origin")


def test_a_refusal_can_say_more() -> None:
    assert Refusal(403, "a", "B.", "c", mfa="d").body() == {"error": "a", "message": "B.", "field": "c", "mfa": "d"}


async def test_simulated_boards_are_started_and_stopped_for_the_person(room: Room) -> None:
    person = await room.person()
    browser = room.browser(await room.session(person))
    idle = {"possible": True, "running": False, "starting": False, "trouble": "", "boards": []}
    assert (await browser.api("GET", "simulated")).json() == idle
    assert (await browser.api("POST", "simulated")).json() == idle | {"running": True}
    assert room.demo.started == [person.id]
    assert (await browser.api("DELETE", "simulated")).json() == idle
    assert (await browser.api("DELETE", "simulated?remove=true")).status_code == 200
    assert room.demo.started == ["removed"]


async def test_boards_and_what_makes_them_believe(room: Room) -> None:
    browser = await room.signed_in()
    told = (await browser.api("GET", "boards")).json()
    assert {"type": "giga", "label": "Arduino GIGA R1 WiFi", "sketch": True, "updatable": True} in told["arduino"]
    assert {"opta", "python", "esp32"} <= set(told["trust"])
    assert [row["transport"] for row in told["particle"] if row["name"] == "photon"] == ["tcp"]
    opta = (await browser.api("GET", "boards/arduino:mbed_opta:opta/ca")).json()
    assert (opta["board"], opta["checks"], len(opta["files"])) == ("opta", True, 1)
    assert "br_x509_trust_anchor" in opta["files"][0]["content"]
    assert (await browser.api("GET", "boards/esp8266/ca")).json()["checks"] is False
    for unknown in ("nothing", "x" * 10_000, "%00"):
        assert refused(await browser.api("GET", f"boards/{unknown}/ca"))[:2] == (404, "not_found")


@pytest.mark.parametrize(
    ("query", "name", "size"),
    [
        ("algorithm=rsa", "server_rsa.pub.der", 294),
        ("algorithm=ec", "server_ec.pub.der", 91),
        ("algorithm=rsa&host=cloud.example.org&port=5683", "particle_rsa.der", 512),
        ("algorithm=ec&host=192.0.2.7", "particle_ec.der", 320),
    ],
)
async def test_the_key_for_particle_boards(room: Room, query: str, name: str, size: int) -> None:
    answer = await (await room.signed_in()).api("GET", f"boards/particle-key?{query}")
    assert (answer.status_code, len(answer.content)) == (200, size)
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "algorithm"),
        ("algorithm=dsa", "algorithm"),
        ("algorithm=ec&host=" + "x" * 100, "host"),
        ("algorithm=rsa&host=a&port=99999", "port"),
    ],
)
async def test_a_key_that_boards_can_not_be_given(room: Room, query: str, field: str) -> None:
    answer = await (await room.signed_in()).api("GET", f"boards/particle-key?{query}")
    assert refused(answer) == (400, "invalid", field)
