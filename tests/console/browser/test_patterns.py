"""The page of all parts: each is accessible and fits, light and dark, on a desktop and on a phone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.looking import DESKTOP, PHONE, axe, overflow, picture

PARTS = ["basics", "controls", "data", "states", "charts", "widgets"]


def shown(page: Page, part: str) -> None:
    page.goto(f"/console/ui?part={part}")
    expect(page.locator("main h2").first).to_be_visible()


@pytest.mark.parametrize("part", PARTS)
def test_parts_are_accessible_and_fit(signed_in: Page, part: str) -> None:
    for viewport in (DESKTOP, PHONE):
        signed_in.set_viewport_size(viewport)
        shown(signed_in, part)
        axe(signed_in)
        assert overflow(signed_in) == 0
    signed_in.set_viewport_size(DESKTOP)
    picture(signed_in, f"ui-{part}")


def test_a_dangerous_dialog_wants_the_name_and_gives_the_focus_back(signed_in: Page) -> None:
    shown(signed_in, "controls")
    door = signed_in.get_by_role("button", name="Dangerous dialog").first
    door.click()
    dialog = signed_in.get_by_role("dialog")
    act = dialog.get_by_role("button", name="Delete board")
    expect(act).to_be_disabled()
    signed_in.keyboard.type("Greenhouse")
    expect(act).to_be_enabled()
    axe(signed_in)
    signed_in.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(door).to_be_focused()


def test_a_sheet_keeps_the_focus_inside(signed_in: Page) -> None:
    shown(signed_in, "controls")
    signed_in.get_by_role("button", name="Sheet", exact=True).first.click()
    sheet = signed_in.get_by_role("dialog", name="Edit variable")
    expect(sheet.get_by_label("Name")).to_be_focused()
    axe(signed_in)
    for _ in range(30):
        signed_in.keyboard.press("Tab")
        assert signed_in.evaluate(
            "() => !document.activeElement.closest('main') || !!document.activeElement.closest('dialog')"
        )


def test_a_menu_is_used_by_keyboard(signed_in: Page) -> None:
    shown(signed_in, "controls")
    door = signed_in.get_by_role("button", name="Actions").first
    door.focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("menuitem", name="Rename")).to_be_focused()
    axe(signed_in)
    signed_in.keyboard.press("End")
    expect(signed_in.get_by_role("menuitem", name="Delete")).to_be_focused()
    signed_in.keyboard.press("c")
    expect(signed_in.get_by_role("menuitem", name="Clone")).to_be_focused()
    signed_in.keyboard.press("Escape")
    expect(door).to_be_focused()


def test_messages_come_and_go(signed_in: Page) -> None:
    shown(signed_in, "controls")
    signed_in.get_by_role("button", name="Error message").first.click()
    told = signed_in.get_by_text("The board did not answer in time.")
    expect(told).to_be_visible()
    axe(signed_in)
    signed_in.get_by_role("button", name="Dismiss").click()
    expect(told).to_be_hidden()


def test_rows_are_walked_chosen_and_opened_by_keyboard(signed_in: Page) -> None:
    shown(signed_in, "data")
    table = signed_in.get_by_role("table", name="Devices").first
    rows = table.locator("tbody tr")
    rows.first.focus()
    signed_in.keyboard.press("ArrowDown")
    signed_in.keyboard.press("ArrowDown")
    expect(rows.nth(2)).to_be_focused()
    signed_in.keyboard.press("Space")
    expect(rows.nth(2).get_by_role("checkbox")).to_be_checked()
    expect(table.get_by_role("checkbox", name="Select all on this page")).not_to_be_checked()
    table.get_by_role("checkbox", name="Select all on this page").click()
    expect(rows.first.get_by_role("checkbox")).to_be_checked()
    table.get_by_role("button", name="Name").click()
    expect(table.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "descending")
    signed_in.evaluate("() => scrollTo(0, 400)")
    rows.first.focus()
    signed_in.keyboard.press("Enter")
    expect(signed_in).to_have_url(re.compile("part=data"))


def test_a_secret_is_copied_and_kept_as_text_and_pdf(signed_in: Page) -> None:
    signed_in.context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown(signed_in, "data")
    secret = signed_in.locator(".secret").first
    secret.get_by_role("button", name="Copy").nth(1).click()
    assert signed_in.evaluate("() => navigator.clipboard.readText()") == "K7mP2vQ9xL4wR8nT6yB3cD5fG1hJ0sAzKq"
    for name, ending in (("As text", ".txt"), ("As PDF", ".pdf")):
        with signed_in.expect_download() as download:
            secret.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == f"greenhouse{ending}"
        assert b"K7mP2vQ9xL4wR8nT6yB3cD5fG1hJ0sAzKq" in Path(download.value.path()).read_bytes()


def test_what_a_panel_asked_is_shown_as_curl(signed_in: Page) -> None:
    shown(signed_in, "data")
    panel = signed_in.locator(".panel").filter(has_text="What the board last sent.").first
    panel.get_by_role("button", name="Show this as API calls").click()
    sheet = signed_in.get_by_role("dialog")
    expect(sheet).to_contain_text("curl -X PUT 'http://")
    expect(sheet).to_contain_text('-H "Authorization: Bearer $TOKEN"')
    axe(signed_in)


def test_slash_goes_to_the_search(signed_in: Page) -> None:
    shown(signed_in, "controls")
    signed_in.keyboard.press("/")
    expect(signed_in.get_by_role("searchbox").first).to_be_focused()
    signed_in.keyboard.type("a/b")
    expect(signed_in.get_by_role("searchbox").first).to_have_value("a/b")
