"""What all pages share: the rail, going from page to page, the palette, themes, and what shows when something ends."""

from __future__ import annotations

import re
from collections.abc import Callable

import pyotp
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.conftest import sign_in
from tests.console.browser.looking import PHONE, axe, overflow, picture

Someone = Callable[[str], tuple[str, str]]


def test_signing_in_leads_to_the_page_that_was_asked_for(page: Page, cloud: Sandbox) -> None:
    page.goto("/console/devices?q=x")
    page.wait_for_url("**/console/sign-in?next=*")
    expect(page).to_have_title("Sign in · Rookery")
    picture(page, "sign-in")
    page.get_by_label("E-mail").fill(cloud.user.email)
    page.get_by_label("Password", exact=True).fill("wrong, all wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    axe(page)
    page.get_by_label("Password", exact=True).fill(str(cloud.user.password))
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/devices?q=x")


def test_the_second_factor_is_asked_for(page: Page, someone: Someone) -> None:
    email, password = someone("careful@example.com")
    sign_in(page.context, email, password)
    own = {"sec-fetch-site": "same-origin"}
    begun = page.request.post("/console/api/account/mfa", data={"password": password}, headers=own).json()
    codes = pyotp.TOTP(begun["secret"])
    proof = {"token": begun["token"], "otp": codes.now()}
    confirmed = page.request.post("/console/api/account/mfa/confirm", data=proof, headers=own)
    assert confirmed.ok, confirmed.text()
    page.context.clear_cookies()
    page.goto("/console/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")
    code = page.get_by_label("Code")
    expect(code).to_be_focused()
    axe(page)
    picture(page, "sign-in-code")
    code.fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not the one-time password")
    expect(code).to_have_value("")
    # A code works once; a recovery code stands in for the next.
    code.fill(confirmed.json()["recovery"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    expect(page.locator(".home-tile").first).to_be_visible()


def test_sign_in_leads_nowhere_else(page: Page, cloud: Sandbox) -> None:
    sign_in(page.context, cloud.user.email, cloud.user.password)
    for place in ("https://example.com/", "//example.com/", "/consoles", "javascript:alert(1)"):
        page.goto(f"/console/sign-in?next={place}")
        page.wait_for_url(f"{cloud.http}/console/")


def test_going_to_a_page_names_it_and_coming_back_finds_the_place(signed_in: Page) -> None:
    signed_in.goto("/console/ui?part=controls")
    expect(signed_in.get_by_role("heading", name="Menus")).to_be_visible()
    signed_in.evaluate("() => scrollTo(0, 900)")
    signed_in.get_by_role("navigation", name="Main").get_by_role("link", name="Things").click()
    expect(signed_in.get_by_role("heading", level=1, name="Things")).to_be_focused()
    expect(signed_in).to_have_title("Things · Rookery")
    assert signed_in.evaluate("() => scrollY") == 0
    signed_in.go_back()
    expect(signed_in).to_have_title("Patterns · Rookery")
    signed_in.wait_for_selector("h2:has-text('Menus')")
    assert reaches(signed_in, 900)


def reaches(page: Page, top: int) -> bool:
    """Whether the page gets scrolled there."""
    for _ in range(50):
        if abs(int(page.evaluate("() => scrollY")) - top) < 3:
            return True
        page.wait_for_timeout(100)
    return False


def test_the_first_tab_leads_past_the_rail(signed_in: Page) -> None:
    signed_in.goto("/console/ui")
    expect(signed_in.get_by_role("heading", level=1, name="Patterns")).to_be_visible()
    signed_in.keyboard.press("Tab")
    expect(signed_in.get_by_role("link", name="Skip to the page")).to_be_focused()
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator("main")).to_be_focused()


def test_an_address_that_is_no_page_says_so(signed_in: Page) -> None:
    signed_in.goto("/console/nowhere/at/all")
    expect(signed_in.get_by_role("heading", name="No such page")).to_be_visible()
    axe(signed_in)
    signed_in.get_by_role("link", name="Go to Home").click()
    signed_in.wait_for_url("**/console/")


def test_the_palette_finds_pages_and_acts_by_keyboard(signed_in: Page) -> None:
    signed_in.goto("/console/ui")
    expect(signed_in.get_by_role("heading", level=1, name="Patterns")).to_be_visible()
    signed_in.keyboard.press("Control+k")
    box = signed_in.get_by_role("combobox", name="Search or go to")
    expect(box).to_be_focused()
    axe(signed_in)
    picture(signed_in, "palette")
    box.fill("theme dark")
    expect(signed_in.get_by_role("option", selected=True)).to_contain_text("Theme: dark")
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator("html")).to_have_attribute("data-theme", "dark")
    signed_in.reload()
    expect(signed_in.locator("html")).to_have_attribute("data-theme", "dark")
    expect(signed_in.get_by_role("heading", level=1, name="Patterns")).to_be_visible()
    signed_in.keyboard.press("Control+k")
    box.fill("no board is called like this")
    expect(signed_in.get_by_role("status").filter(has_text="Nothing is called")).to_be_visible()
    box.fill("keys")
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("heading", level=1, name="Keys")).to_be_focused()


def test_the_palette_finds_boards(signed_in: Page, boards: list[dict[str, str]]) -> None:
    signed_in.goto("/console/ui")
    signed_in.get_by_role("button", name=re.compile("^Search")).first.click()
    signed_in.get_by_role("combobox").fill(boards[0]["name"])
    found = signed_in.get_by_role("option").filter(has_text=boards[0]["name"]).first
    expect(found).to_be_visible()
    expect(found).not_to_contain_text("mkrwifi1010")
    found.click()
    signed_in.wait_for_url(re.compile("/console/(devices|things)/"))


def test_the_rail_folds_and_stays_so(signed_in: Page) -> None:
    signed_in.goto("/console/ui")
    signed_in.get_by_role("button", name="Collapse the rail").click()
    signed_in.reload()
    expect(signed_in.get_by_role("button", name="Expand the rail")).to_be_visible()
    expect(signed_in.get_by_role("link", name="Devices")).to_be_visible()
    axe(signed_in)


def test_a_phone_has_a_bar_and_the_rest_behind_more(signed_in: Page) -> None:
    signed_in.set_viewport_size(PHONE)
    signed_in.goto("/console/")
    bar = signed_in.get_by_role("navigation", name="Main")
    expect(bar.get_by_role("link")).to_have_text(["Home", "Devices", "Dashboards", "Events"])
    bar.get_by_role("button", name="More").click()
    more = signed_in.get_by_role("dialog")
    axe(signed_in)
    assert overflow(signed_in) == 0
    more.get_by_role("link", name="Settings").click()
    expect(signed_in.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    expect(more).to_be_hidden()


def test_signing_out_ends_the_session(signed_in: Page) -> None:
    signed_in.goto("/console/ui")
    signed_in.locator(".rail-end .menu-face").click()
    signed_in.get_by_role("menuitem", name="Sign out").click()
    signed_in.wait_for_url("**/console/sign-in")
    assert signed_in.request.get("/console/api/devices").status == 401


def test_an_ended_session_asks_over_the_page_and_loses_nothing(signed_in: Page, cloud: Sandbox) -> None:
    signed_in.goto("/console/things")
    signed_in.get_by_role("button", name="Create thing").first.click()
    sheet = signed_in.get_by_role("dialog").first
    sheet.get_by_label("Name").fill("Typed before")
    signed_in.context.clear_cookies()
    sheet.get_by_role("button", name="Create thing").click()
    again = signed_in.get_by_role("dialog").filter(has_text="Sign in again")
    expect(again.get_by_label("E-mail")).to_have_value(cloud.user.email)
    expect(again.get_by_label("Password", exact=True)).to_be_focused()
    axe(signed_in)
    picture(signed_in, "signed-out")
    signed_in.keyboard.press("Escape")
    expect(again).to_be_visible()
    again.get_by_label("Password", exact=True).fill(str(cloud.user.password))
    signed_in.keyboard.press("Enter")
    # What was asked for goes on by itself.
    expect(signed_in.get_by_role("heading", level=1, name="Typed before")).to_be_visible()


def test_another_person_inherits_nothing(signed_in: Page, someone: Someone) -> None:
    email, password = someone("after@example.com")
    signed_in.goto("/console/ui?part=controls")
    field = signed_in.get_by_label("Empty").first
    field.fill("private")
    signed_in.context.clear_cookies()
    signed_in.get_by_role("navigation", name="Main").get_by_role("link", name="Things").click()
    again = signed_in.get_by_role("dialog").filter(has_text="Sign in again")
    again.get_by_label("E-mail").fill(email)
    again.get_by_label("Password", exact=True).fill(password)
    with signed_in.expect_navigation():
        signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("button", name=re.compile("^Account: after"))).to_be_visible()


def test_a_lost_connection_shows_and_comes_back(signed_in: Page) -> None:
    down = False
    open_ones: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        if down:
            socket.close()
            return
        socket.connect_to_server()
        open_ones.append(socket)

    signed_in.route_web_socket(re.compile("/console/live"), between)
    signed_in.goto("/console/")
    expect(signed_in.locator(".home-tile").first).to_be_visible()
    signed_in.evaluate("() => { window.kept = true; }")
    # Only once it stands there is something to lose.
    while not open_ones:
        signed_in.wait_for_timeout(50)
    down = True
    open_ones[0].close()
    bar = signed_in.locator(".connection")
    expect(bar).to_contain_text("No connection to the server")
    axe(signed_in)
    picture(signed_in, "connection-lost")
    expect(bar.get_by_role("button", name="Try now")).to_be_visible()
    down = False
    expect(bar).to_be_hidden()
    expect(signed_in.get_by_text("Connected again.")).to_be_visible()
    assert signed_in.evaluate("() => window.kept")


def test_a_page_whose_program_lacks_says_so_and_loads_again(signed_in: Page) -> None:
    def lack(route: Route) -> None:
        route.abort()

    signed_in.route("**/views/keys.js", lack)
    signed_in.goto("/console/keys")
    expect(signed_in.get_by_role("heading", name="This page did not load")).to_be_visible()
    axe(signed_in)
    signed_in.unroute("**/views/keys.js")
    signed_in.get_by_role("button", name="Load again").click()
    expect(signed_in.get_by_role("heading", level=1, name="Keys")).to_be_visible()


def test_a_page_that_only_others_may_open_is_no_way_round_the_door(page: Page) -> None:
    page.goto("/console/ui")
    expect(page.get_by_role("heading", level=1, name="Patterns")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main")).to_have_count(0)
    assert page.request.get("/console/api/devices").status == 401


def test_a_session_that_was_ended_elsewhere_is_noticed_without_a_click(signed_in: Page, cloud: Sandbox) -> None:
    sockets: list[WebSocketRoute] = []

    def between(socket: WebSocketRoute) -> None:
        socket.connect_to_server()
        sockets.append(socket)

    signed_in.route_web_socket(re.compile("/console/live"), between)
    signed_in.goto("/console/ui")
    expect(signed_in.get_by_role("heading", level=1, name="Patterns")).to_be_visible()
    while not sockets:
        signed_in.wait_for_timeout(50)
    signed_in.context.clear_cookies()
    sockets[0].close()
    again = signed_in.get_by_role("dialog").filter(has_text="Sign in again")
    again.get_by_label("Password", exact=True).fill(str(cloud.user.password))
    signed_in.keyboard.press("Enter")
    expect(again).to_be_hidden()
    expect(signed_in.locator(".connection")).to_be_hidden()
