"""Every page of the console, full and empty, as somebody with a phone sees it: nothing sticks out, nothing moves who
asked for calm, all of it can be read out, and each page is there as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.console.browser.calls import Calls
from tests.console.browser.conftest import sign_in, window
from tests.console.browser.house import EMAIL, PASSWORD, House
from tests.console.browser.looking import PHONE, ROOT, axe, overflow, picture, theme

ROUTES = ROOT / "src" / "rookery" / "console" / "static" / "views" / "routes.js"

PLACES: dict[str, tuple[str, ...]] = {
    "/": ("",),
    "/devices": ("", "?q=no+board+is+called+so"),
    "/devices/:id/:tab?": (
        *("/{arduino}", "/{particle}", "/{fresh}", "/{nothing}"),
        *("/{arduino}/events", "/{arduino}/connections", "/{particle}/events", "/{particle}/vitals"),
    ),
    "/connect/:id?": ("", "/{fresh}"),
    "/things": ("",),
    "/things/:id/:tab?": ("/{thing}", "/{thing}/history", "/{thing}/sketch", "/{thing}/details", "/{nothing}"),
    "/dashboards": ("",),
    "/dashboards/:id/:tab?": ("/{demo}", "/{demo}/edit", "/{kinds}", "/{bare}", "/{nothing}"),
    "/events": ("",),
    "/products": ("",),
    "/products/:id/:tab?": (
        *("/{product}", "/{product}/groups", "/{product}/customers", "/{product}/codes", "/{product}/events"),
        *("/{product}/clients", "/{product}/team", "/{product}/settings"),
    ),
    "/integrations": ("",),
    "/integrations/:id/:tab?": ("/new", "/{hook}", "/{hook}/deliveries"),
    "/keys/:tab?": ("", "/tokens", "/clients"),
    "/settings/:tab?": (
        *("", "/organisations", "/people", "/certificates", "/server", "/backups", "/history", "/audit", "/about"),
    ),
    "/tutorial/:track?/:step?": ("", "/particle/function", "/arduino/publish"),
    "/ui": (),  # test_patterns.py walks through all its parts
    "/welcome/:step?": ("", "/certificate", "/boards"),
    "/sign-in": ("",),
    "/start/:token": ("/no-link-that-works",),
    "/shared/:token": ("/{link}", "/no-link-that-works"),
}
"""Every route with what of it is looked at; names in braces are of `furnished`."""

SIGNED_OUT = ("/sign-in", "/start/:token", "/shared/:token")
WITHOUT_TWIN = ("/nothing", "/new", "no-link")
EMPTY = ("", "/devices", "/things", "/dashboards", "/events", "/products", "/integrations", "/keys", "/settings")
"""What somebody sees who has nothing yet."""

KINDS = (
    *(
        ("Switch", "on"),
        ("Push Button", "on"),
        ("Status", "on"),
        ("LED", "on"),
        ("Slider", "level"),
        ("Stepper", "level"),
    ),
    *(("Value", "level"), ("Gauge", "level"), ("Percentage", "level"), ("Chart", "level"), ("Map", "place")),
    *(("Color", "colour"), ("Dimmed light", "dimmed"), ("Colored light", "lamp"), ("Time Picker", "moment")),
    *(("Scheduler", "plan"), ("Messenger", "text"), ("Value Dropdown", "mode"), ("Value Selector", "mode")),
    *(("Advanced Chart", "level"), ("Sticky Note", ""), ("Image", "")),
)
VARIABLES: dict[str, tuple[str, Any]] = {
    "on": ("STATUS", True),
    "level": ("FLOAT", 62.5),
    "place": ("LOCATION", {"lat": 59.91, "lon": 10.75}),
    "colour": ("COLOR_HSB", {"hue": 20, "sat": 80, "bri": 90}),
    "dimmed": ("HOME_DIMMED_LIGHT", {"swi": True, "bri": 40}),
    "lamp": ("HOME_COLORED_LIGHT", {"swi": True, "hue": 210, "sat": 80, "bri": 90}),
    "moment": ("TIME", 1_790_000_000),
    "plan": ("SCHEDULE", None),
    "text": ("CHARSTRING", "The door is open"),
    "mode": ("INT", 2),
}


def part_of(route: str) -> str:
    return route.strip("/").partition("/")[0] or "home"


def test_no_route_is_left_out() -> None:
    written = re.findall(r"path: '([^']+)'", ROUTES.read_text(encoding="utf-8"))
    assert sorted(written) == sorted(PLACES)


@pytest.fixture(scope="module")
def furnished(chromium: Browser, house: House) -> Iterator[dict[str, str]]:
    """Something on every page of the house: ids by name."""
    with window(chromium, house.url) as page:
        sign_in(page.context, EMAIL, PASSWORD)
        yield furnish(page, Calls(page, house.url))


def furnish(page: Page, calls: Calls) -> dict[str, str]:
    found = {"nothing": "00000000-0000-4000-8000-000000000000"}
    found["fresh"] = calls.iot("PUT", "/v2/devices", {"name": "Attic", "type": "mkrwifi1010"})["id"]
    for name in ("Well", "North roof", "Beehive 1", "Beehive 2", "Workshop"):
        calls.iot("PUT", "/v2/devices", {"name": name, "type": "login_and_secretkey_wifi"})
    boards = demo_boards(page, calls)
    for dialect in ("arduino", "particle"):
        found[dialect] = boards[dialect]["id"]
    thing = calls.iot("PUT", "/v2/things", {"name": "All kinds"})["id"]
    found["thing"] = boards["arduino"]["thing"]["id"]
    found |= dashboards(calls, thing)
    product = calls.v1("POST", "/user/products", {"product": {"name": "Weather stations", "platform_id": 13}})[
        "product"
    ]
    found["product"] = str(product["id"])
    calls.v1("POST", f"/products/{product['id']}/groups", {"name": "roofs", "description": "Up where the wind is"})
    calls.v1("POST", f"/products/{product['id']}/customers", {"email": "bea@example.org", "no_password": True})
    hook = {
        "integration_type": "Webhook",
        "event": "temperature",
        "url": "https://example.org/in",
        "requestType": "POST",
    }
    found["hook"] = str(calls.v1("POST", "/integrations", hook | {"requestType": "POST"})["id"])
    calls.iot("PUT", "/v1/clients", {"name": "nightly-export"})
    calls.own("POST", "tokens", {"expires_in": 600})
    return found


def demo_boards(page: Page, calls: Calls) -> dict[str, dict[str, Any]]:
    """A simulated board of each dialect that is online; the Arduino one with its thing."""
    for _ in range(300):
        online = calls.own("GET", "devices?online=true")["devices"]
        found = {each["dialect"]: each for each in online if each["dialect"] == "particle" or each["thing"]}
        if len(found) == 2 and any(each["name"] == "Demo" for each in calls.iot("GET", "/v2/dashboards")):
            return found
        page.wait_for_timeout(100)
    raise AssertionError("the simulated boards did not come online")


def dashboards(calls: Calls, thing: str) -> dict[str, str]:
    ids = {}
    for name, (type, value) in VARIABLES.items():
        wanted = {"name": name, "variable_name": name, "type": type, "permission": "READ_WRITE"}
        path = f"/v2/things/{thing}/properties"
        ids[name] = calls.iot("PUT", path, wanted | {"update_strategy": "ON_CHANGE", "persist": True})["id"]
        if value is not None:
            calls.iot("PUT", f"{path}/{ids[name]}/publish", {"value": value})
    widgets = []
    for number, (kind, variable) in enumerate(KINDS):
        widgets.append(
            {
                "id": f"00000000-0000-4000-8000-{number:012x}",
                "type": kind,
                "name": kind,
                "options": {"text": "# Bees\n\nLook at the **second** hive."} if kind == "Sticky Note" else {},
                "variables": [ids[variable]] if variable else [],
                "x": number % 4 * 6,
                "y": number // 4 * 5,
                "width": 6,
                "height": 5,
            }
        )
    kinds = calls.iot("POST", "/v3/dashboards", {"name": "All kinds", "widgets": widgets})["id"]
    bare = calls.iot("POST", "/v3/dashboards", {"name": "Nothing on it", "widgets": []})["id"]
    demo = next(each["id"] for each in calls.iot("GET", "/v2/dashboards") if each["name"] == "Demo")
    link = calls.own("POST", f"dashboards/{demo}/links", {"name": "The wall"})
    return {"kinds": kinds, "bare": bare, "demo": demo, "link": link["token"]}


@pytest.fixture(scope="module")
def walker(chromium: Browser, house: House) -> Iterator[Page]:
    """One window for all pages: what they share is fetched once."""
    with window(chromium, house.url, reduced_motion="reduce") as page:
        sign_in(page.context, EMAIL, PASSWORD)
        yield page


@pytest.mark.parametrize("part", sorted({part_of(route) for route in PLACES if route not in SIGNED_OUT}))
def test_what_is_there(walker: Page, furnished: dict[str, str], part: str) -> None:
    walk(walker, [place for place in every(furnished) if part_of(place[0]) == part])


def test_what_needs_no_account(chromium: Browser, house: House, furnished: dict[str, str]) -> None:
    with window(chromium, house.url, reduced_motion="reduce") as page:
        walk(page, [place for place in every(furnished) if place[0] in SIGNED_OUT])


def test_what_is_not_there_yet(chromium: Browser, house: House, furnished: dict[str, str]) -> None:
    with window(chromium, house.url, reduced_motion="reduce") as page:
        sign_in(page.context, EMAIL, PASSWORD)
        invited = Calls(page, house.url).own("POST", "people", {"email": "new@example.org", "name": "Bea"})
        page.context.clear_cookies()
        token = invited["link"].rsplit("/", 1)[1]
        Calls(page, house.url).own("POST", f"start/{token}", {"password": PASSWORD, "name": "Bea"})
        walk(page, [(route or "/", route, "empty-" + (route.strip("/") or "home")) for route in EMPTY])


def every(furnished: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Route, address and a name for the picture."""
    for route, places in PLACES.items():
        base = "/" + route.strip("/").partition("/")[0]
        for place in places:
            name = re.sub(r"[^a-z]+", "-", (base + place).strip("/")).strip("-") or "home"
            yield route, base + place.format(**furnished), name


def walk(page: Page, places: list[tuple[str, str, str]]) -> None:
    """Look at all of them before saying what is wrong."""
    page.set_viewport_size(PHONE)
    wrong: list[str] = []
    for route, path, name in places:
        try:
            look(page, path)
            if not any(part in path for part in (*WITHOUT_TWIN, "00000000-0000")):
                twin(page, path)
        except (AssertionError, Error) as error:
            wrong.append(f"{path} ({route}): {error}")
        picture(page, "page-" + name)
        page.set_viewport_size(PHONE)
    assert not wrong, "\n\n".join(wrong)


def look(page: Page, path: str) -> None:
    # The dark half: pages of their own are read out in the light one.
    theme(page, "dark")
    page.goto(f"/console{path}")
    expect(page.locator("h1").first).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    assert overflow(page) == 0, f"{overflow(page)} px wider than the window"
    axe(page)
    moving = page.evaluate(
        """() => document.getAnimations()
            .filter((each) => each.playState === 'running' && each.effect.getComputedTiming().activeDuration > 20)
            .map((each) => each.animationName ?? each.transitionProperty)"""
    )
    assert moving == []
    bar = page.get_by_role("navigation", name="Main")
    if bar.count():
        # A page may still grow when something arrives late: the end is where it is then.
        page.wait_for_function(
            """(bar) => {
                scrollTo(0, document.documentElement.scrollHeight);
                const foot = [...document.querySelectorAll('.page > *')].at(-1).getBoundingClientRect();
                const { top, bottom } = bar.getBoundingClientRect();
                return foot.bottom <= top + 1 && Math.round(bottom) === innerHeight;
            }""",
            arg=bar.element_handle(),
        )
        page.evaluate("() => scrollTo(0, 0)")


def twin(page: Page, path: str) -> None:
    """The page as JSON, asked for as its reader would."""
    answer = page.request.get(f"/console{path.partition('?')[0].rstrip('/') or '/home'}.json")
    assert answer.ok, f"{answer.status} {answer.text()}"
    json.loads(answer.text())
