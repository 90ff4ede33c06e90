"""Names that are no names: of ten thousand characters, and with markup, wherever a name shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.boards import dashboard, publish, thing_with, widget
from tests.console.browser.calls import Calls
from tests.console.browser.looking import DESKTOP, PHONE, overflow

MARKUP = "<img src=x onerror=alert(1)>"
LONGEST = MARKUP + "W" * (64 - len(MARKUP))
"""As long as a board's name may be, in its widest letter."""


@pytest.fixture
def calls(signed_in: Page, cloud: Sandbox) -> Calls:
    return Calls(signed_in, cloud.http)


@pytest.fixture
def board(calls: Calls, cloud: Sandbox) -> Iterator[dict[str, Any]]:
    """A board of this name with a thing that has a value, and an event of it."""
    made = calls.iot("PUT", "/v2/devices", {"name": LONGEST, "type": "generic_device_secretkey"})
    thing = thing_with(cloud, "W" * 64, {"name": "level", "type": "FLOAT"}, board=made["id"])
    publish(cloud, thing, "level", 4)
    shown = dashboard(cloud, LONGEST, widget("Value", thing["variables"]["level"], name=LONGEST))
    yield made | {"thing": thing["id"], "dashboard": shown["id"]}
    calls.iot("DELETE", f"/v2/dashboards/{shown['id']}?force=true")
    calls.iot("DELETE", f"/v2/things/{thing['id']}?force=true")
    calls.iot("DELETE", f"/v2/devices/{made['id']}?force=true")


def test_the_longest_name_is_text_and_stays_in_its_place(signed_in: Page, board: dict[str, Any]) -> None:
    for path, place in (
        ("devices?q=onerror", "main"),
        (f"devices/{board['id']}", "h1"),
        (f"connect/{board['id']}", "main"),
        (f"things/{board['thing']}", "main"),
        (f"things/{board['thing']}/details", "main"),
        ("dashboards", "main"),
        (f"dashboards/{board['dashboard']}", "h1"),
        (f"dashboards/{board['dashboard']}", "[data-widget]"),
        (f"dashboards/{board['dashboard']}/edit", "main"),
    ):
        signed_in.goto(f"/console/{path}")
        expect(signed_in.locator(place).first, path).to_contain_text(MARKUP)
        unharmed(signed_in, path)


def test_the_palette_shows_it_as_text(signed_in: Page, board: dict[str, Any]) -> None:
    signed_in.goto("/console/ui")
    expect(signed_in.get_by_role("heading", level=1)).to_be_visible()
    signed_in.keyboard.press("Control+k")
    signed_in.get_by_role("combobox").fill("alert(1)>WWW")
    expect(signed_in.get_by_role("option").filter(has_text=LONGEST)).to_have_count(2)
    unharmed(signed_in, "palette")


def test_a_name_of_ten_thousand_characters_is_refused_in_words_and_stays_typed(
    signed_in: Page, calls: Calls, boards: list[dict[str, Any]], board: dict[str, Any]
) -> None:
    particle = next(each for each in boards if each["dialect"] == "particle")
    for id in (board["id"], particle["id"]):
        signed_in.goto(f"/console/devices/{id}")
        signed_in.get_by_role("button", name="Actions").click()
        signed_in.get_by_role("menuitem", name="Rename").click()
        sheet = signed_in.get_by_role("dialog")
        field = sheet.get_by_label("Name")
        field.fill(MARKUP + "n" * 10_000)
        sheet.get_by_role("button", name="Rename").click()
        expect(sheet).to_contain_text(re.compile(r"6[04] characters"))
        assert len(field.input_value()) == len(MARKUP) + 10_000
        unharmed(signed_in, id)
    assert calls.own("GET", f"devices/{particle['id']}")["name"] == particle["name"]


def test_events_and_products_of_such_names(signed_in: Page, calls: Calls) -> None:
    made = calls.v1("POST", "/user/products", {"product": {"name": LONGEST, "platform_id": 13}})["product"]
    for path in ("products", f"products/{made['id']}", f"products/{made['id']}/settings"):
        signed_in.goto(f"/console/{path}")
        expect(signed_in.locator("main")).to_contain_text(MARKUP)
        unharmed(signed_in, path)
    calls.v1("DELETE", f"/products/{made['id']}?force=true")
    signed_in.goto("/console/events?prefix=<img")
    expect(signed_in.get_by_role("status").filter(has_text="Live")).to_be_visible()
    calls.v1("POST", "/devices/events", {"name": LONGEST, "data": MARKUP * 20})
    expect(signed_in.locator("main")).to_contain_text(LONGEST)
    unharmed(signed_in, "events")


def unharmed(page: Page, where: str) -> None:
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)
        assert overflow(page) == 0, where
    assert page.locator('img[src="x"]').count() == 0, where
