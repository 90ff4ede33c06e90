"""Dashboards as people look at them, use them, and give them to others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.boards import board_without_line, dashboard, publish, stored, thing_with, widget
from tests.console.browser.conftest import sign_in, window
from tests.console.browser.looking import PATIENCE, PHONE, axe, overflow, picture

STATUS = {"name": "lamp", "type": "STATUS"}
LEVEL = {"name": "level", "type": "FLOAT"}


def tile(page: Page, widget: dict[str, Any]) -> Any:
    return page.locator(f'[data-widget="{widget["id"]}"]')


def test_a_first_dashboard_is_laid_out_from_the_variables_of_a_thing_and_lives(
    signed_in: Page, boards: list[dict[str, Any]]
) -> None:
    page = signed_in
    name = next(board["name"] for board in boards if board["dialect"] == "arduino")
    page.goto("/console/dashboards")
    page.get_by_role("button", name="New dashboard").first.click()
    page.get_by_role("textbox", name="Name").fill("Greenhouse")
    option = page.get_by_label("Start with").locator("option").filter(has_text=name)
    page.get_by_label("Start with").select_option(label=option.inner_text())
    page.get_by_role("button", name="Create dashboard").click()
    expect(page.locator("main h1")).to_have_text("Greenhouse")
    expect(page.locator("[data-widget]")).to_have_count(8)
    # The board confirms what was switched: pending is over, and nothing is said.
    lamp = page.locator("[data-widget]").filter(has=page.get_by_role("switch"))
    switch = lamp.get_by_role("switch")
    # All values come together.
    expect(page.locator("[data-widget]").filter(has_text=re.compile(r"\d"))).not_to_have_count(0)
    before = switch.is_checked()
    switch.click()
    expect(lamp.locator(".db-tile")).not_to_have_class(re.compile("is-"))
    expect(switch).to_be_checked(checked=not before)
    axe(page)
    picture(page, "dashboard")
    page.set_viewport_size(PHONE)
    page.wait_for_timeout(100)
    assert overflow(page) == 0


def test_values_arrive_while_one_looks_and_charts_have_their_range_in_the_address(
    signed_in: Page, cloud: Sandbox
) -> None:
    thing = thing_with(cloud, "Tank", LEVEL)
    level = thing["variables"]["level"]
    value, chart = widget("Value", level), widget("Chart", level, x=8, width=12, height=5)
    made = dashboard(cloud, "Tank", value, chart)
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}?range=6h")
    expect(tile(page, value)).to_contain_text("No value yet")
    publish(cloud, thing, "level", 12.5)
    expect(tile(page, value)).to_contain_text("12.5")
    expect(page.get_by_role("button", name="6 h", exact=True)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="7 d").click()
    expect(page).to_have_url(re.compile(r"\?range=7d$"))
    page.get_by_role("button", name="Custom").click()
    page.get_by_label("From").fill("2026-01-02T00:00")
    page.get_by_label("To", exact=True).fill("2026-01-01T00:00")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_text("The end has to be after the beginning.")).to_be_visible()
    page.get_by_label("To", exact=True).fill("2026-01-03T00:00")
    page.get_by_role("button", name="Show it").click()
    expect(page).to_have_url(re.compile(r"range=2026-01-0\dT[\d%A:]+Z\.\.2026-01-0\dT[\d%A:]+Z"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"\?range=7d$"))


def test_what_a_board_does_not_confirm_is_said_and_offered_again(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Far away", STATUS, board=board_without_line(cloud, "Far away"))
    lamp = widget("Switch", thing["variables"]["lamp"])
    made = dashboard(cloud, "Far away", lamp)
    page = signed_in
    page.clock.install()
    page.goto(f"/console/dashboards/{made['id']}")
    frame = tile(page, lamp).locator(".db-tile")
    expect(frame).to_have_class(re.compile("is-offline"))
    page.get_by_role("switch").click()
    expect(frame).to_have_class(re.compile("is-pending"))
    page.clock.run_for(5_100)
    expect(frame.get_by_role("status")).to_contain_text("Not confirmed, offline")
    axe(page)
    picture(page, "dashboard-unconfirmed")
    frame.get_by_role("button", name="Try again").click()
    expect(frame).to_have_class(re.compile("is-pending"))
    page.clock.run_for(5_100)
    frame.get_by_role("button", name="Leave it").click()
    expect(frame).to_have_class(re.compile("is-offline"))


def test_a_refused_value_says_why(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Refusing", STATUS)
    lamp = widget("Switch", thing["variables"]["lamp"])
    made = dashboard(cloud, "Refusing", lamp)
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    expect(page.get_by_role("switch")).to_be_visible()
    page.route("**/publish", lambda route: route.fulfill(status=503, json={"detail": "The disk is full."}))
    page.get_by_role("switch").click()
    expect(tile(page, lamp).get_by_role("status")).to_contain_text("Not written. The disk is full.")
    page.unroute("**/publish")
    tile(page, lamp).get_by_role("button", name="Try again").click()
    expect(tile(page, lamp).locator(".db-tile")).not_to_have_class(re.compile("is-"))


def test_a_variable_deleted_under_a_widget_is_named_and_another_can_be_chosen(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Shed", LEVEL, {"name": "shedspare", "type": "FLOAT"})
    gauge = widget("Gauge", thing["variables"]["level"])
    made = dashboard(cloud, "Shed", gauge)
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    expect(tile(page, gauge)).to_contain_text("level")
    cloud.call("DELETE", f"/iot/v2/things/{thing['id']}/properties/{thing['variables']['level']}")
    expect(tile(page, gauge)).to_contain_text("The variable “level” was deleted.")
    tile(page, gauge).get_by_role("button", name="Choose a variable").click()
    sheet = page.get_by_role("dialog", name="Choose a variable")
    sheet.get_by_label("Search variables").fill("shedspare")
    sheet.get_by_role("button", name=re.compile("^shedspare")).first.click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".db-board-edit")).to_have_count(0)
    expect(tile(page, gauge)).not_to_contain_text("deleted")
    (linked,) = stored(cloud, made["id"])["widgets"][0]["variables"]
    assert linked["id"] == thing["variables"]["shedspare"]


def test_names_with_markup_are_text_and_long_ones_stay_in_their_place(signed_in: Page, cloud: Sandbox) -> None:
    evil = "<img src=x onerror=alert(1)>"
    thing = thing_with(cloud, "Markup", {"name": "text", "type": "CHARSTRING"})
    shown = widget("Value", thing["variables"]["text"], name=evil + "w" * 200)
    unknown = widget("Hologram <b>", thing["variables"]["text"], x=8, options={"html": evil})
    made = dashboard(cloud, evil, shown, unknown)
    publish(cloud, thing, "text", evil + "W" * 2_000)
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    expect(page.locator("main h1")).to_have_text(evil)
    expect(tile(page, shown).locator("h2")).to_contain_text(evil)
    expect(tile(page, shown)).to_contain_text("WWWW")
    expect(tile(page, unknown)).to_contain_text("Hologram <b>")
    assert page.locator("main img").count() == 0
    assert overflow(page) == 0
    page.set_viewport_size(PHONE)
    page.goto("/console/dashboards")
    expect(page.get_by_role("link", name=evil)).to_be_visible()
    assert overflow(page) == 0


def test_kiosk_shows_the_board_alone(signed_in: Page, cloud: Sandbox) -> None:
    made = dashboard(cloud, "Wall", widget("Sticky Note", options={"text": "hello"}))
    page = signed_in
    page.add_init_script(
        "window.asked = []; navigator.wakeLock.request = async (kind) => { asked.push(kind); return {release() {}} }"
    )
    page.goto(f"/console/dashboards/{made['id']}?kiosk=1")
    expect(page.locator("main h1")).to_have_text("Wall")
    assert page.evaluate("asked") == ["screen"]
    expect(page.get_by_role("link", name="Devices")).to_be_hidden()
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    picture(page, "dashboard-kiosk")
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("kiosk"))
    expect(page.get_by_role("link", name="Devices")).to_be_visible()


def test_what_is_switched_in_one_tab_shows_in_another_and_under_a_phone(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Two tabs", STATUS, LEVEL)
    lamp, slider = widget("Switch", thing["variables"]["lamp"]), widget("Slider", thing["variables"]["level"], x=8)
    made = dashboard(cloud, "Two tabs", lamp, slider)
    page, other = signed_in, signed_in.context.new_page()
    for each in (page, other):
        each.goto(f"/console/dashboards/{made['id']}")
        expect(each.get_by_role("switch")).to_be_visible()
    other.set_viewport_size(PHONE)
    page.get_by_role("switch").click()
    expect(other.get_by_role("switch")).to_be_checked()
    handle = other.get_by_role("slider")
    handle.focus()
    other.keyboard.press("End")
    expect(page.get_by_role("slider")).to_have_value("100")
    other.close()


def test_the_list_searches_clones_deletes_and_brings_back(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "List", STATUS)
    for number in range(7):
        dashboard(cloud, f"Listed {number}", widget("Switch", thing["variables"]["lamp"]))
    page = signed_in
    page.goto("/console/dashboards")
    page.get_by_label("Search dashboards").fill("listed 3")
    expect(page.locator(".dbs-card")).to_have_count(1)
    axe(page)
    picture(page, "dashboards")
    page.get_by_role("button", name="More for Listed 3").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete dashboard").click()
    expect(page.get_by_text("No dashboard is called “listed 3”.")).to_be_visible()
    page.get_by_role("button", name="Bring it back").click()
    expect(page.locator(".dbs-card")).to_have_count(1)
    page.get_by_role("button", name="More for Listed 3").click()
    page.get_by_role("menuitem", name="Clone").click()
    page.get_by_role("dialog").get_by_role("button", name="Clone").click()
    expect(page.locator("main h1")).to_have_text("Listed 3 (copy)")


def test_a_template_goes_out_and_comes_back_for_another_thing(signed_in: Page, cloud: Sandbox, tmp_path: Path) -> None:
    one = thing_with(cloud, "Template one", LEVEL)
    two = thing_with(cloud, "Template two", LEVEL)
    made = dashboard(
        cloud, "Exported", widget("Gauge", one["variables"]["level"], name="Level", x=4, options={"max": 40})
    )
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    page.get_by_role("button", name="More for this dashboard").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Export as template").click()
    file = tmp_path / download.value.suggested_filename
    download.value.save_as(file)
    assert one["id"] not in file.read_text()
    page.goto("/console/dashboards")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Name", exact=True).fill("Imported")
    page.get_by_label(re.compile("Variables of “template-one-")).select_option(label="Template two")
    axe(page)
    page.get_by_role("button", name="Import dashboard").click()
    expect(page.locator("main h1")).to_have_text("Imported")
    (copy,) = stored(cloud, page.url.rsplit("/", 1)[1])["widgets"]
    assert (copy["x"], copy["options"], copy["variables"][0]["id"]) == (4, {"max": 40}, two["variables"]["level"])


@pytest.mark.parametrize("content", ["no json", "[1, 2]", '{"widgets": "many"}', json.dumps({"widgets": [{"x": 1}]})])
def test_a_file_that_is_no_dashboard_is_refused(signed_in: Page, content: str, tmp_path: Path) -> None:
    file = tmp_path / "wrong.json"
    file.write_text(content)
    page = signed_in
    page.goto("/console/dashboards")
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_label("File").set_input_files(file)
    expect(page.get_by_text("This file is no dashboard.")).to_be_visible()
    expect(page.get_by_role("button", name="Import dashboard")).to_be_disabled()


def test_somebody_it_is_shared_with_uses_it_and_changes_nothing_of_it(
    signed_in: Page, cloud: Sandbox, chromium: Browser, someone: Callable[[str], tuple[str, str]]
) -> None:
    thing = thing_with(cloud, "Shared", STATUS)
    lamp = widget("Switch", thing["variables"]["lamp"])
    made = dashboard(cloud, "Ours", lamp)
    email, password = someone("guest@rookery.local")
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    page.get_by_role("button", name="Share").click()
    page.get_by_label("E-mail or name").fill("nobody@rookery.local")
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="Share", exact=True).click()
    expect(sheet.get_by_text("Nobody of this server has that name")).to_be_visible()
    page.get_by_label("E-mail or name").fill(email)
    sheet.get_by_role("button", name="Share", exact=True).click()
    expect(sheet.get_by_role("button", name=f"Stop sharing with {email}")).to_be_visible()
    axe(page)
    picture(page, "dashboard-share")
    with window(chromium, cloud.http) as guest:
        sign_in(guest.context, email, password)
        guest.goto("/console/dashboards")
        guest.get_by_role("link", name="Ours").click()
        expect(guest.get_by_text("Shared with you by")).to_be_visible()
        expect(guest.get_by_role("link", name="Edit")).to_have_count(0)
        guest.get_by_role("switch").click()
        page.keyboard.press("Escape")
        expect(page.get_by_role("switch")).to_be_checked()
        page.get_by_role("button", name="Share").click()
        sheet.get_by_role("button", name=f"Stop sharing with {email}").click()
        expect(sheet.get_by_text("Shared with nobody yet.")).to_be_visible()
        guest.reload()
        expect(guest.locator("main h1")).to_have_text("No such dashboard")


def test_whoever_has_the_link_looks_until_it_is_revoked(signed_in: Page, cloud: Sandbox, chromium: Browser) -> None:
    thing = thing_with(cloud, "Public", STATUS, LEVEL)
    lamp, level = widget("Switch", thing["variables"]["lamp"]), widget("Value", thing["variables"]["level"], x=8)
    chart = widget("Chart", thing["variables"]["level"], y=2, width=12, height=4)
    made = dashboard(cloud, "For all", lamp, level, chart)
    publish(cloud, thing, "level", 3)
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    page.get_by_role("button", name="Share").click()
    page.get_by_label("For whom or what").fill("The wall")
    page.get_by_role("button", name="Make a link").click()
    link = page.locator(".secret code").inner_text()
    page.get_by_role("button", name="I have stored it").click()
    expect(page.get_by_text("The wall")).to_be_visible()
    assert "/console/shared/" in link
    with window(chromium, cloud.http) as stranger:
        stranger.goto(link)
        expect(stranger.get_by_role("heading", level=1)).to_have_text("For all")
        expect(tile(stranger, level)).to_contain_text("3")
        expect(stranger.get_by_role("switch")).to_be_disabled()
        publish(cloud, thing, "level", 4.5)
        expect(tile(stranger, level)).to_contain_text("4.5")
        axe(stranger)
        picture(stranger, "dashboard-shared")
        page.get_by_role("button", name="Revoke").click()
        expect(page.get_by_text("The link does not work any more.")).to_be_visible()
        expect(stranger.get_by_role("heading", level=1)).to_have_text("This link does not work any more")
        # As long as a connection has to be lost before the page says so.
        stranger.wait_for_timeout(2_000)
        expect(stranger.get_by_text("No connection to the server.")).to_have_count(0)
        stranger.reload()
        expect(stranger.get_by_role("heading", level=1)).to_have_text("This link does not work any more")
        axe(stranger)


def board_shown(cloud: Sandbox, name: str, boards: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A dashboard with a variable, an event and a function of a Particle board, and its widgets in this order."""
    board = next(each for each in boards if each["dialect"] == "particle")
    offers = (
        ("Value", "variable", "temperature", "FLOAT"),
        ("Value", "event", "temperature", "FLOAT"),
        ("Switch", "function", "light", "STATUS"),
    )
    widgets = []
    for place, (type, kind, offer, values) in enumerate(offers):
        source = {"device": board["id"], "device_name": board["name"], "kind": kind, "name": offer, "type": values}
        widgets.append(widget(type, x=8 * place, name=f"{kind} {offer}", options={"source": source}))
    return dashboard(cloud, name, *widgets), widgets


def board_shows(page: Page, widgets: list[dict[str, Any]]) -> None:
    """The page has what the board says, and nothing to tell it."""
    variable, event, function = (tile(page, each) for each in widgets)
    expect(variable).to_contain_text(re.compile(r"\d"))
    # The board publishes every now and then.
    expect(event).to_contain_text(re.compile(r"\d"), timeout=4 * PATIENCE)
    expect(function.get_by_role("switch")).to_be_disabled()
    for each in (variable, event, function):
        expect(each.locator(".db-tile")).not_to_have_class(re.compile("is-"))


def test_whoever_has_the_link_sees_what_boards_say_and_tells_them_nothing(
    signed_in: Page, cloud: Sandbox, boards: list[dict[str, Any]], chromium: Browser
) -> None:
    made, widgets = board_shown(cloud, "Board for all", boards)
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_role("dialog").get_by_text("asks a board at most every ten seconds")).to_be_visible()
    picture(page, "dashboard-share-board")
    page.get_by_role("button", name="Make a link").click()
    link = page.locator(".secret code").inner_text()
    with window(chromium, cloud.http) as stranger:
        stranger.goto(link)
        expect(stranger.get_by_role("heading", level=1)).to_have_text("Board for all")
        board_shows(stranger, widgets)
        axe(stranger)
        picture(stranger, "dashboard-link-board")
        # What is taken off the dashboard leaves the page of whoever looks, without a word.
        cloud.call("PATCH", f"/iot/v3/dashboards/{made['id']}", {"widgets": widgets[1:]})
        expect(tile(stranger, widgets[0])).to_have_count(0)
        expect(tile(stranger, widgets[1])).to_contain_text(re.compile(r"\d"))


def test_somebody_it_is_shared_with_sees_what_boards_say(
    signed_in: Page,
    cloud: Sandbox,
    boards: list[dict[str, Any]],
    chromium: Browser,
    someone: Callable[[str], tuple[str, str]],
) -> None:
    made, widgets = board_shown(cloud, "Board for one", boards)
    email, password = someone("looker@rookery.local")
    cloud.call("PUT", f"/iot/v2/dashboards/{made['id']}/shares", {"username": email})
    with window(chromium, cloud.http) as guest:
        sign_in(guest.context, email, password)
        guest.goto(f"/console/dashboards/{made['id']}")
        board_shows(guest, widgets)
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    # Who may use the board still does.
    switch = tile(page, widgets[2])
    switch.get_by_role("switch").click()
    expect(switch.get_by_role("switch")).to_be_checked()
    expect(switch.locator(".db-tile")).not_to_have_class(re.compile("is-"))
