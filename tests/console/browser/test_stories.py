"""What happens to pages that are open: the server goes and comes back, the session ends in another tab, a variable
becomes another. Nothing that was typed is lost, and nothing looks truer than it is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.boards import GEOMETRY, new_id, thing_with
from tests.console.browser.calls import Calls, panel, until
from tests.console.browser.house import House
from tests.console.browser.looking import axe, overflow, picture

RETURN = 60_000
"""Milliseconds in which a killed server has started again, its boards have come back and sent a value."""


@pytest.mark.timeout(240)
def test_a_server_that_was_killed_comes_back_and_pages_go_on(at_home: Page, house: House) -> None:
    page = at_home
    typing, looking, editing = (page.context.new_page() for _ in range(3))
    board = demo_board(page, house, "arduino")
    page.goto(f"/console/devices/{board['id']}")
    values = panel(page, "Live values").get_by_role("listitem")
    expect(values.first).to_be_visible()
    demo = next(each for each in Calls(page, house.url).iot("GET", "/v2/dashboards") if each["name"] == "Demo")
    looking.goto(f"/console/dashboards/{demo['id']}")
    light = looking.locator("[data-widget]").filter(has_text="Greenhouse light")
    expect(light.get_by_role("switch")).to_be_visible()
    typing.goto("/console/things")
    typing.get_by_role("button", name="Create thing").first.click()
    sheet = typing.locator("dialog").filter(has_text="Create thing")
    sheet.get_by_label("Name").fill("Typed while away")
    note = {"id": new_id(), "type": "Sticky Note", "options": {"text": "moved while away"}, **GEOMETRY}
    own = Calls(page, house.url).iot("POST", "/v3/dashboards", {"name": "Edited", "widgets": [note]})
    editing.goto(f"/console/dashboards/{own['id']}/edit")
    editing.get_by_role("option", name="Sticky note").focus()
    editing.keyboard.press("ArrowRight")
    save = editing.get_by_role("button", name="Save", exact=True)
    expect(save).to_be_enabled()
    pages = (page, typing, looking, editing)
    for each in pages:
        each.evaluate("() => { window.kept = true; }")

    house.kill()
    try:
        for each in pages:
            expect(each.locator(".connection")).to_contain_text("No connection to the server")
            expect(each.locator(".connection")).to_contain_text("What you see is from")
        expect(values.first).to_have_class(re.compile("device-stale"))
        expect(light.locator(".db-tile")).to_have_class(re.compile("is-offline"))
        for each in (page, looking):
            axe(each)
            assert overflow(each) == 0
        picture(page, "server-gone-device")
        picture(looking, "server-gone-dashboard")
        last = values.all_inner_texts()
        sheet.get_by_role("button", name="Create thing").click()
        expect(sheet.get_by_role("alert")).to_contain_text("The server did not answer.")
        expect(sheet.get_by_label("Name")).to_have_value("Typed while away")
        axe(typing)
        picture(typing, "server-gone-form")
        expect(save).to_be_disabled()
        light.get_by_role("switch").click()
        expect(light.get_by_role("status")).to_contain_text("Not written. The server did not answer.")
    finally:
        house.start()

    for each in pages[1:]:
        each.evaluate("() => dispatchEvent(new Event('online'))")
    for each in pages:
        expect(each.locator(".connection")).to_be_hidden(timeout=RETURN)
    sheet.get_by_role("button", name="Create thing").click()
    expect(typing.get_by_role("heading", level=1, name="Typed while away")).to_be_visible()
    save.click()
    expect(editing.locator(".db-board-edit")).to_have_count(0)
    (kept,) = Calls(page, house.url).iot("GET", f"/v3/dashboards/{own['id']}")["widgets"]
    assert kept["x"] == 2
    expect(values.first).not_to_have_class(re.compile("device-stale"))
    until(page, lambda: values.all_inner_texts() != last, RETURN)
    demo_board(page, house, "arduino")
    light.get_by_role("button", name="Try again").click()
    expect(light.locator(".db-tile")).not_to_have_class(re.compile("is-"), timeout=RETURN)
    for each in pages:
        assert each.evaluate("() => window.kept"), "the page was loaded again"


def demo_board(page: Page, house: House, dialect: str) -> dict[str, Any]:
    """The first simulated board of a dialect, once it is online."""
    calls = Calls(page, house.url)
    found: list[dict[str, Any]] = []

    def online() -> bool:
        found[:] = calls.own("GET", f"devices?online=true&dialect={dialect}")["devices"]
        return bool(found) and (dialect == "particle" or bool(found[0]["thing"]))

    until(page, online, RETURN)
    return found[0]


def test_signing_out_in_one_tab_asks_in_the_other_and_loses_nothing(signed_in: Page, cloud: Sandbox) -> None:
    other = signed_in.context.new_page()
    other.goto("/console/things")
    other.get_by_role("button", name="Create thing").first.click()
    sheet = other.locator("dialog").filter(has_text="Create thing")
    sheet.get_by_label("Name").fill("Typed in the other tab")
    signed_in.goto("/console/ui")
    signed_in.locator(".rail-end .menu-face").click()
    signed_in.get_by_role("menuitem", name="Sign out").click()
    signed_in.wait_for_url("**/console/sign-in")
    again = other.get_by_role("dialog").filter(has_text="Sign in again")
    again.get_by_label("Password", exact=True).fill(str(cloud.user.password))
    other.keyboard.press("Enter")
    expect(again).to_be_hidden()
    expect(sheet.get_by_label("Name")).to_have_value("Typed in the other tab")
    sheet.get_by_role("button", name="Create thing").click()
    expect(other.get_by_role("heading", level=1, name="Typed in the other tab")).to_be_visible()


def test_a_value_of_another_type_is_refused_in_words(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Turned", {"name": "level", "type": "INT", "max_value": 10})
    page = signed_in
    page.goto(f"/console/things/{thing['id']}")
    row = page.get_by_role("table", name="Variables").get_by_role("row").filter(has_text="level")
    row.get_by_role("button", name="Set").click()
    page.get_by_label("New value of level").fill("ten")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Write a number.")
    axe(page)
    # As a page does that was opened before the variable was of this type.
    page.route("**/publish", lambda route: route.continue_(post_data='{"value": "ten"}'))
    page.get_by_label("New value of level").fill("5")
    page.keyboard.press("Enter")
    expect(row.get_by_role("status")).to_contain_text("not an integer")
    page.unroute("**/publish")
    row.get_by_role("button", name="Send again").click()
    expect(row).to_contain_text("5")
    expect(row.get_by_role("status")).to_have_count(0)


def test_a_board_is_found_renamed_and_left_with_the_keyboard_alone(signed_in: Page, cloud: Sandbox) -> None:
    made = cloud.call("PUT", "/iot/v2/devices", {"name": "Far corner", "type": "generic_device_secretkey"})
    page, keys = signed_in, signed_in.keyboard
    page.goto("/console/")
    expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
    keys.press("Control+k")
    expect(page.get_by_role("combobox", name="Search or go to")).to_be_focused()
    keys.type("far corner")
    expect(page.get_by_role("option", selected=True)).to_contain_text("Far corner")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Far corner")).to_be_focused()
    actions = page.get_by_role("button", name="Actions")
    tab_to(page, actions)
    keys.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_focused()
    rename = page.get_by_role("menuitem", name="Rename")
    for _ in range(page.get_by_role("menuitem").count()):
        if not rename.evaluate("(here) => here === document.activeElement"):
            keys.press("ArrowDown")
    keys.press("Enter")
    field = page.get_by_role("dialog").get_by_label("Name")
    expect(field).to_be_focused()
    # Round and round: the focus stays in the sheet.
    for _ in range(8):
        keys.press("Tab")
        assert page.evaluate(
            "() => document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(actions).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("menuitem").first).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("menuitem")).to_have_count(0)
    cloud.call("DELETE", f"/iot/v2/devices/{made['id']}")


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until it is there."""
    for _ in range(60):
        if wanted.evaluate("(here) => here === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError("the keyboard does not reach it")
