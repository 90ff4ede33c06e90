"""A fleet from its first board to a customer with a claim code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.calls import Calls
from tests.console.browser.looking import DESKTOP, PHONE, axe, overflow, picture

Boards = list[dict[str, Any]]


@pytest.fixture
def calls(signed_in: Page, cloud: Sandbox) -> Calls:
    return Calls(signed_in, cloud.http)


@pytest.fixture
def product(calls: Calls) -> Iterator[dict[str, Any]]:
    body = {"product": {"name": "Weather stations", "platform_id": 13, "description": "On roofs"}}
    made = calls.v1("POST", "/user/products", body)["product"]
    yield made
    calls.v1("DELETE", f"/products/{made['id']}?force=true")


def shown(page: Page, label: str) -> str:
    entry = page.locator(".secret-entry", has=page.get_by_text(label, exact=True))
    return entry.locator("code").inner_text()


def test_a_product_is_made_and_deleted(signed_in: Page) -> None:
    signed_in.goto("/console/products")
    signed_in.get_by_role("button", name="Create product").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Name").fill("Bird boxes")
    sheet.get_by_label("Boards").select_option(label="argon")
    sheet.get_by_label("Description").fill("With <b>cameras</b>")
    axe(signed_in)
    sheet.get_by_role("button", name="Create product").click()
    expect(signed_in.get_by_role("heading", name="Bird boxes", level=1)).to_be_visible()
    expect(signed_in.get_by_text("With <b>cameras</b>")).to_be_visible()
    signed_in.get_by_role("link", name="Settings").last.click()
    signed_in.get_by_label("Name").fill("Nest boxes")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_role("heading", name="Nest boxes", level=1)).to_be_visible()
    axe(signed_in)
    signed_in.get_by_role("button", name="Delete product").click()
    signed_in.get_by_role("dialog").get_by_role("textbox").fill("Nest boxes")
    signed_in.get_by_role("dialog").get_by_role("button", name="Delete product").click()
    expect(signed_in.get_by_role("heading", name="Products", level=1)).to_be_visible()
    expect(signed_in.get_by_text("Nest boxes is deleted")).to_be_visible()


def test_boards_come_in_are_grouped_and_leave(signed_in: Page, boards: Boards, product: dict[str, Any]) -> None:
    ids = [board["id"] for board in boards if board["dialect"] == "particle"]
    signed_in.goto(f"/console/products/{product['id']}")
    signed_in.get_by_role("button", name="Import devices").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Ids or serial numbers").fill("\n".join([*ids, "no-id-at-all"]))
    axe(signed_in)
    sheet.get_by_role("button", name="Import devices").click()
    expect(sheet).to_contain_text("2 boards are imported")
    expect(sheet).to_contain_text("no-id-at-all is neither an id nor a known serial number.")
    sheet.get_by_role("button", name="Close", exact=True).last.click()
    table = signed_in.get_by_role("table", name="Devices")
    expect(table.get_by_role("row")).to_have_count(3)

    signed_in.get_by_role("link", name="Groups").click()
    signed_in.get_by_role("button", name="Create group").click()
    sheet.get_by_label("Name").fill("beta")
    sheet.get_by_role("button", name="Create group").click()
    expect(signed_in.get_by_role("row").filter(has_text="beta")).to_contain_text("0")
    axe(signed_in)

    signed_in.get_by_role("link", name="Devices").last.click()
    table.get_by_role("checkbox").first.check()
    signed_in.get_by_role("button", name="Groups of the selected").click()
    sheet.get_by_label("Add to").select_option("beta")
    sheet.get_by_role("button", name="Save").click()
    expect(table.get_by_text("beta")).to_have_count(2)
    axe(signed_in)
    picture(signed_in, "product-devices")
    signed_in.goto(f"/console/products/{product['id']}?group=beta")
    expect(table.get_by_role("row")).to_have_count(3)

    first = table.get_by_role("row").nth(1)
    first.get_by_role("button", name="More for").click()
    signed_in.get_by_role("menuitem", name="Remove from product").click()
    signed_in.get_by_role("dialog").get_by_role("button", name="Remove from product").click()
    expect(table.get_by_role("row")).to_have_count(2)


def test_a_board_in_quarantine_is_let_in(signed_in: Page, cloud: Sandbox, calls: Calls) -> None:
    """Boards with older firmware come by themselves and wait; newer ones have to be imported."""
    product = calls.v1("POST", "/user/products", {"product": {"name": "Old stations", "platform_id": 6}})["product"]
    _, stop = running_board(cloud, transport="tcp", platform="photon", product_id=product["id"], product_version=1)
    try:
        signed_in.goto(f"/console/products/{product['id']}?waiting=1")
        row = signed_in.get_by_role("row").filter(has_text="in quarantine")
        expect(row).to_have_count(1)
        axe(signed_in)
        row.get_by_role("button", name="More for").click()
        signed_in.get_by_role("menuitem", name="Approve").click()
        expect(signed_in.get_by_text("Nothing matches the filter.")).to_be_visible()
        signed_in.get_by_role("button", name="Clear the filter").click()
        expect(signed_in.get_by_role("table", name="Devices").get_by_role("row")).to_have_count(2)
    finally:
        stop()


def test_customers_and_a_claim_code(signed_in: Page, cloud: Sandbox, calls: Calls, product: dict[str, Any]) -> None:
    signed_in.goto(f"/console/products/{product['id']}/customers")
    signed_in.get_by_role("button", name="Create customer").first.click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("E-mail address or name").fill("bea@example.org")
    sheet.get_by_label("Password", exact=True).fill("a password of Bea")
    axe(signed_in)
    sheet.get_by_role("button", name="Create customer").click()
    token = shown(signed_in, "Access token of the customer")
    assert len(token) == 40
    signed_in.get_by_role("button", name="I have stored it").click()
    row = signed_in.get_by_role("row").filter(has_text="bea@example.org")
    expect(row).to_contain_text("none")
    axe(signed_in)
    picture(signed_in, "product-customers")

    signed_in.get_by_role("link", name="Claim codes").click()
    signed_in.get_by_role("button", name="Create claim code").click()
    code = signed_in.get_by_role("table", name="Claim codes").locator("code").inner_text()
    assert len(code) == 63
    left = signed_in.get_by_text("ends in")
    before = left.inner_text()
    expect(left).not_to_have_text(before)
    axe(signed_in)
    picture(signed_in, "product-codes")
    signed_in.set_viewport_size(PHONE)
    table = signed_in.get_by_role("table", name="Claim codes")
    frame, button = table.locator("..").bounding_box(), table.get_by_role("button").last.bounding_box()
    assert frame
    assert button
    assert button["x"] + button["width"] <= frame["x"] + frame["width"], "what copies the code is outside"
    signed_in.set_viewport_size(DESKTOP)
    more = {"product_id": product["id"], "product_version": 1, "claim_code": code}
    _, stop = running_board(cloud, transport="udp", platform="boron", **more)
    try:
        expect(signed_in.get_by_text("A board came with a claim code")).to_be_visible()
    finally:
        stop()

    signed_in.get_by_role("link", name="Customers").click()
    row.get_by_role("button", name="More for").click()
    signed_in.get_by_role("menuitem", name="Set password").click()
    sheet.get_by_label("Password", exact=True).fill("another password")
    sheet.get_by_role("button", name="Set password").click()
    expect(signed_in.get_by_text("The password is set")).to_be_visible()
    row.get_by_role("button", name="More for").click()
    signed_in.get_by_role("menuitem", name="Remove").click()
    signed_in.get_by_role("dialog").get_by_role("textbox").fill("bea@example.org")
    signed_in.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_the_team_has_people_and_programs(signed_in: Page, someone: Any, product: dict[str, Any]) -> None:
    email, _ = someone("carl@example.org")
    signed_in.goto(f"/console/products/{product['id']}/team")
    signed_in.get_by_role("button", name="Add person").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Person").fill("nobody@example.org")
    sheet.get_by_label("Support: looks").check()
    sheet.get_by_role("button", name="Add person").click()
    expect(sheet.get_by_role("alert")).to_be_visible()
    sheet.get_by_label("Person").fill(email)
    axe(signed_in)
    sheet.get_by_role("button", name="Add person").click()
    row = signed_in.get_by_role("row").filter(has_text=email)
    expect(row).to_contain_text("Support")
    signed_in.get_by_role("button", name="Add API user").click()
    sheet.get_by_label("Name").fill("nightly job")
    sheet.get_by_role("button", name="Add API user").click()
    assert len(shown(signed_in, "Access token")) == 40
    signed_in.get_by_role("button", name="I have stored it").click()
    expect(signed_in.get_by_role("row").filter(has_text="nightly job")).to_contain_text("devices:list")
    axe(signed_in)
    picture(signed_in, "product-team")
    row.get_by_role("button", name="More for").click()
    signed_in.get_by_role("menuitem", name="Remove").click()
    signed_in.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_events_of_the_fleet_come_as_they_happen(
    signed_in: Page, cloud: Sandbox, calls: Calls, product: dict[str, Any]
) -> None:
    signed_in.goto(f"/console/products/{product['id']}/events")
    expect(signed_in.get_by_text("live", exact=True)).to_be_visible()
    body = {"name": "roof/report", "data": "<b>dry</b>"}
    row = signed_in.get_by_role("row").filter(has_text="roof/report")
    for _ in range(20):
        calls.v1("POST", f"/products/{product['id']}/events", body)
        if row.count():
            break
        signed_in.wait_for_timeout(250)
    expect(row.first).to_contain_text("<b>dry</b>")
    axe(signed_in)


def test_what_is_not_there_is_said(signed_in: Page) -> None:
    signed_in.goto("/console/products/4711")
    expect(signed_in.get_by_role("alert")).to_be_visible()
    expect(signed_in.get_by_role("button", name="Try again")).to_be_visible()


@pytest.mark.parametrize("part", ["", "/groups", "/customers", "/codes", "/events", "/clients", "/team", "/settings"])
def test_on_a_phone_nothing_is_wider_than_the_window(signed_in: Page, product: dict[str, Any], part: str) -> None:
    signed_in.set_viewport_size(PHONE)
    signed_in.goto(f"/console/products/{product['id']}{part}")
    expect(signed_in.get_by_role("heading", name="Weather stations", level=1)).to_be_visible()
    signed_in.wait_for_load_state("networkidle")
    assert overflow(signed_in) == 0
    axe(signed_in)


def running_board(cloud: Sandbox, *, transport: Any, **options: Any) -> tuple[str, Any]:
    """A simulated board on a loop in a thread of its own; its id, and what stops it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    board = asyncio.run_coroutine_threadsafe(cloud.particle_board(transport, claim=False, **options), loop).result(60)

    def stop() -> None:
        loop.call_soon_threadsafe(board.stop)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0.1), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

    return str(board.device_id), stop
