"""The page of events: live, paused, filtered, looked at in detail, published from, and over a restart."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.conftest import sign_in, window
from tests.console.browser.looking import PHONE, axe, overflow, picture, theme

ROWS = ".events-row"


def publish(page: Page, name: str, data: str | None = None, times: int = 1) -> None:
    """As a program does it."""
    own = {"sec-fetch-site": "same-origin"}
    for number in range(times):
        form: dict[str, str | float | bool] = {"name": name.format(n=number)}
        if data is not None:
            form["data"] = data.format(n=number)
        answer = page.context.request.post("/console/v1/devices/events", form=form, headers=own)
        assert answer.ok, answer.text()


def listen(page: Page, query: str = "") -> None:
    theme(page, "light")
    page.goto(f"/console/events{query}")
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()


def row(page: Page, name: str) -> Any:
    return page.locator(ROWS).filter(has=page.get_by_text(name, exact=True))


def test_boards_are_heard(signed_in: Page, boards: list[dict[str, Any]]) -> None:
    page = signed_in
    listen(page)
    expect(page.locator(ROWS).nth(5)).to_be_visible(timeout=60_000)
    names = {board["name"] for board in boards}
    assert page.locator(".events-device").first.inner_text() in names
    axe(page)
    page.locator(ROWS).first.click()
    expect(page.get_by_role("complementary", name="Event")).to_be_visible()
    axe(page)
    picture(page, "events")


def test_the_newest_is_first_with_name_data_board_and_time(signed_in: Page) -> None:
    page = signed_in
    listen(page, "?prefix=order/")
    publish(page, "order/{n}", '{{"n":{n}}}', times=3)
    expect(page.locator(ROWS)).to_have_count(3)
    assert page.locator(".events-name").all_inner_texts() == ["order/2", "order/1", "order/0"]
    first = page.locator(ROWS).first
    expect(first.locator(".events-data")).to_have_text('{"n":2}')
    expect(first.locator(".events-device")).to_have_text("API")
    expect(first.locator(".events-time")).to_have_text(re.compile(r"\d\d:\d\d:\d\d\.\d{3}"))


def test_it_can_be_paused_and_counts_what_waits(signed_in: Page) -> None:
    page = signed_in
    listen(page, "?prefix=pause/")
    publish(page, "pause/before")
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    publish(page, "pause/{n}", times=4)
    expect(page.get_by_role("button", name="Go on (4 waiting)")).to_be_visible()
    expect(page.locator(ROWS)).to_have_count(1)
    page.get_by_role("button", name="Go on (4 waiting)").click()
    expect(page.locator(ROWS)).to_have_count(5)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("No event that fits has come yet.")).to_be_visible()


def test_names_and_boards_are_filtered_in_the_address(signed_in: Page, boards: list[dict[str, Any]]) -> None:
    page = signed_in
    listen(page)
    page.get_by_role("searchbox", name="Names that begin with").fill("mine/")
    page.wait_for_url("**/events?prefix=mine*")
    expect(page.get_by_text("No event that fits has come yet.")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
    publish(page, "other/x")
    publish(page, "mine/x")
    expect(row(page, "mine/x")).to_be_visible()
    expect(row(page, "other/x")).to_have_count(0)
    board = next(each for each in boards if each["dialect"] == "particle")
    page.get_by_role("searchbox").fill("")
    page.get_by_label("Board").select_option(label=board["name"])
    page.wait_for_url("**/events?device=*")
    expect(page.locator(ROWS).nth(1)).to_be_visible(timeout=60_000)
    assert set(page.locator(".events-device").all_inner_texts()) == {board["name"]}
    page.reload()
    expect(page.get_by_label("Board").locator("option:checked")).to_have_text(board["name"])


def test_all_of_an_event_is_shown(signed_in: Page) -> None:
    page = signed_in
    listen(page, "?prefix=look/")
    publish(page, "look/json", '{{"place": {{"lat": 45.5}}, "list": [1, true, null, "x"]}}')
    row(page, "look/json").click()
    side = page.get_by_role("complementary", name="Event")
    expect(side).to_contain_text("lat")
    expect(side).to_contain_text("45.5")
    expect(side).to_contain_text("4 items")
    side.get_by_role("button", name="Text").click()
    expect(side.locator("pre")).to_contain_text('{"place": {"lat": 45.5}')
    side.get_by_role("button", name="Hex").click()
    expect(side.locator("pre")).to_contain_text('7b 22 70 6c 61 63 65 22  {"place"')
    assert side.locator("pre").evaluate("(pre) => pre.scrollWidth <= pre.clientWidth"), "the text beside it is cut"
    side.get_by_role("button", name="CBOR").click()
    expect(side).to_contain_text("This is not CBOR")
    publish(page, "look/cbor", "gegB")
    publish(page, "look/nothing")
    row(page, "look/nothing").click()
    expect(side).to_contain_text("no data")


def test_the_keyboard_moves_opens_and_pauses(signed_in: Page) -> None:
    page = signed_in
    listen(page, "?prefix=keys/")
    publish(page, "keys/{n}", times=30)
    expect(page.locator(".events-light + span")).to_have_text("30 events")
    rows = page.locator(".events-table")
    rows.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    side = page.get_by_role("complementary", name="Event")
    expect(side.get_by_role("heading")).to_have_text("keys/28")
    page.keyboard.press("End")
    expect(side.get_by_role("heading")).to_have_text("keys/0")
    page.keyboard.press("Home")
    expect(side.get_by_role("heading")).to_have_text("keys/29")
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    side.get_by_role("button", name="Older event").click()
    expect(side.get_by_role("heading")).to_have_text("keys/28")


def test_who_has_scrolled_down_stays_where_they_are(signed_in: Page) -> None:
    page = signed_in
    listen(page, "?prefix=scroll/")
    publish(page, "scroll/{n}", times=60)
    expect(page.locator(".events-light + span")).to_have_text("60 events")
    rows = page.locator(".events-table")
    rows.evaluate("element => { element.scrollTop = 800 }")
    publish(page, "scroll/late/{n}", times=5)
    expect(page.locator(".events-light + span")).to_have_text("65 events")
    assert rows.evaluate("element => element.scrollTop") == 1000


def test_events_are_published_from_here(signed_in: Page) -> None:
    page = signed_in
    listen(page, "?prefix=box/")
    page.get_by_role("button", name="Publish", exact=True).click()
    sheet = page.get_by_role("dialog", name="Publish an event")
    axe(page)
    send = sheet.get_by_role("button", name="Publish event")
    name = sheet.get_by_label("Name")
    expect(name).to_be_focused()
    expect(send).to_be_disabled()
    name.fill("spark/x")
    expect(sheet.get_by_text("Names that begin with spark or particle belong to the cloud.")).to_be_visible()
    name.fill("ä" * 33)
    expect(sheet.get_by_text("The name has 66 bytes; 64 are the most.")).to_be_visible()
    name.fill("box/light")
    sheet.get_by_label("The data is").select_option("JSON")
    sheet.get_by_label("Data", exact=True).fill('{"on":')
    expect(sheet.get_by_text("This is not JSON yet.")).to_be_visible()
    expect(send).to_be_disabled()
    sheet.get_by_label("Data", exact=True).fill('{"on": true}')
    send.click()
    expect(page.get_by_text("Published box/light")).to_be_visible()
    sheet.get_by_role("button", name="Close").first.click()
    expect(row(page, "box/light").locator(".events-data")).to_have_text('{"on": true}')


def test_text_of_boards_is_text(signed_in: Page) -> None:
    page = signed_in
    listen(page, "?prefix=<")
    name = "<img src=x onerror=alert(1)>"
    publish(page, name, "<script>alert(1)</script>")
    row(page, name).click()
    expect(page.get_by_role("complementary", name="Event")).to_contain_text("<script>alert(1)</script>")
    assert page.locator("main img").count() == 0


def test_thousands_are_counted_and_a_thousand_stay(signed_in: Page) -> None:
    page = signed_in
    listen(page, "?prefix=flood/")
    # Through the page itself: two hundred requests at a time.
    page.evaluate(
        """async () => {
            for (let round = 0; round < 6; round += 1) {
              await Promise.all(Array.from({length: 200}, (_, n) => fetch('/console/v1/devices/events',
                {method: 'POST', body: new URLSearchParams({name: `flood/${round}/${n}`})})));
            }
        }"""
    )
    expect(page.locator(".events-status")).to_contain_text("1,000 of 1,200 events")
    assert page.locator(ROWS).count() < 60


def test_what_is_copied_as_curl(signed_in: Page) -> None:
    page = signed_in
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    listen(page, "?prefix=it's/")
    page.get_by_role("button", name="Copy as curl").click()
    page.get_by_role("menuitem", name="Watch these events").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl -N ")
    assert "/v1/devices/events/it" in copied
    assert 'Authorization: Bearer $TOKEN"' in copied


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_on_a_phone(signed_in: Page, size: Any) -> None:
    page = signed_in
    page.set_viewport_size(size)
    listen(page, "?prefix=phone/")
    publish(page, "phone/with/a/long/name/that/does/not/fit/into/one/line/of/it", "x" * 500)
    assert overflow(page) == 0
    page.locator(ROWS).first.click()
    expect(page.get_by_role("dialog", name="Event")).to_contain_text("phone/with/a/long/name")
    axe(page)


def test_a_lost_connection_is_said_and_leaves_a_gap(chromium: Browser, cloud: Sandbox) -> None:
    with window(chromium, cloud.http) as page:
        sign_in(page.context, cloud.user.email, cloud.user.password)
        sockets: list[Any] = []
        page.route_web_socket("**/console/live*", lambda socket: sockets.append((socket, socket.connect_to_server())))
        listen(page, "?prefix=lost/")
        publish(page, "lost/before")
        expect(row(page, "lost/before")).to_be_visible()
        sockets[-1][0].close()
        expect(page.locator(".events-gap")).to_contain_text("what happened then is not shown")
        expect(page.get_by_role("status").filter(has_text="Live")).to_be_visible()
        publish(page, "lost/after")
        expect(row(page, "lost/after")).to_be_visible()
        expect(row(page, "lost/before")).to_be_visible()
