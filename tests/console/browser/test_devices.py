"""The list of boards and the page of one, with simulated boards of both dialects."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rookery.particle.device.module import build
from rookery.testing.sandbox import Sandbox
from tests.console.browser.calls import Calls, panel
from tests.console.browser.looking import DESKTOP, PHONE, axe, overflow, picture

Boards = list[dict[str, Any]]


@pytest.fixture
def calls(signed_in: Page, cloud: Sandbox) -> Calls:
    return Calls(signed_in, cloud.http)


def named(boards: Boards, dialect: str) -> dict[str, Any]:
    return next(board for board in boards if board["dialect"] == dialect)


def test_the_list_shows_boards_of_both_dialects_online(signed_in: Page, boards: Boards) -> None:
    signed_in.goto("/console/devices")
    table = signed_in.get_by_role("table", name="Devices")
    for board in boards:
        row = table.get_by_role("row").filter(has_text=board["name"])
        expect(row).to_contain_text("online")
    axe(signed_in)
    assert overflow(signed_in) == 0
    picture(signed_in, "devices")


def test_what_the_list_is_filtered_by_is_in_the_address(signed_in: Page, boards: Boards) -> None:
    arduino, particle = named(boards, "arduino"), named(boards, "particle")
    signed_in.goto("/console/devices")
    table = signed_in.get_by_role("table", name="Devices")
    expect(table).to_contain_text(particle["name"])
    signed_in.get_by_label("Kind").select_option("arduino")
    expect(table).not_to_contain_text(particle["name"])
    expect(table).to_contain_text(arduino["name"])
    signed_in.wait_for_url("**/devices?dialect=arduino")
    signed_in.reload()
    expect(table).to_contain_text(arduino["name"])
    signed_in.keyboard.press("/")
    signed_in.keyboard.type("no board is called so")
    expect(signed_in.get_by_text("Nothing matches the filter.")).to_be_visible()
    signed_in.get_by_role("button", name="Clear the filter").click()
    expect(table).to_contain_text(particle["name"])


def test_several_boards_are_tagged_and_deleted_at_once(signed_in: Page, calls: Calls) -> None:
    for number in range(3):
        calls.iot("PUT", "/v2/devices", {"name": f"spare part {number}", "type": "generic_device_secretkey"})
    signed_in.goto("/console/devices?q=spare+part")
    table = signed_in.get_by_role("table", name="Devices")
    expect(table.get_by_role("row")).to_have_count(4)
    table.get_by_role("checkbox").first.check()
    signed_in.get_by_role("button", name="Set a tag").click()
    sheet = signed_in.get_by_role("dialog")
    axe(signed_in)
    sheet.get_by_label("Key").fill("shelf")
    sheet.get_by_label("Value").fill("two words")
    sheet.get_by_role("button", name="Set tag").click()
    expect(sheet).to_contain_text("Letters, digits")
    sheet.get_by_label("Value").fill("left")
    sheet.get_by_role("button", name="Set tag").click()
    expect(table.get_by_text("shelf: left")).to_have_count(3)
    table.get_by_role("checkbox").first.check()
    signed_in.get_by_role("button", name="Delete").click()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog).to_contain_text("spare part 0")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_role("textbox").fill("delete 3 boards")
    dialog.get_by_role("button", name="Delete").click()
    expect(signed_in.get_by_text("Nothing matches the filter.")).to_be_visible()


def test_a_name_of_ten_thousand_characters_with_markup_harms_nothing(
    signed_in: Page, calls: Calls, boards: Boards
) -> None:
    particle = named(boards, "particle")
    evil = '<img src=x onerror="document.title=1">' + "long name " * 6
    made = calls.iot("PUT", "/v2/devices", {"name": evil[:64], "type": "generic_device_secretkey"})
    notes = "<script>document.title=2</script>" + "n" * 10_000
    calls.v1("PUT", f"/devices/{particle['id']}", {"notes": notes})
    signed_in.goto("/console/devices?q=img")
    expect(signed_in.get_by_role("table", name="Devices")).to_contain_text("<img src=x")
    assert overflow(signed_in) == 0
    for address in (f"/console/devices/{made['id']}", f"/console/devices/{particle['id']}"):
        signed_in.goto(address)
        expect(signed_in.get_by_role("heading", name="About this board")).to_be_visible()
        for size in (PHONE, DESKTOP):
            signed_in.set_viewport_size(size)
            assert overflow(signed_in) == 0
    expect(signed_in.get_by_text("<script>document.title=2")).to_be_visible()
    assert "Rookery" in signed_in.title()
    calls.v1("PUT", f"/devices/{particle['id']}", {"notes": ""})
    calls.iot("DELETE", f"/v2/devices/{made['id']}")


def test_values_of_an_arduino_board_are_live_and_can_be_set(signed_in: Page, boards: Boards) -> None:
    signed_in.goto(f"/console/devices/{named(boards, 'arduino')['id']}")
    values = panel(signed_in, "Live values")
    rows = values.get_by_role("listitem")
    expect(rows.first).to_be_visible()
    expect(values.get_by_role("img").first).to_be_visible()
    axe(signed_in)
    picture(signed_in, "device-arduino")
    switch = values.get_by_role("switch").first
    before = switch.get_attribute("aria-checked")
    switch.click()
    expect(switch).not_to_have_attribute("aria-checked", before or "")


def test_a_board_that_is_there_was_heard_later_than_it_came(signed_in: Page, boards: Boards) -> None:
    id = named(boards, "arduino")["id"]
    with signed_in.expect_response(f"**/console/api/devices/{id}") as answer:
        signed_in.goto(f"/console/devices/{id}")
    told = answer.value.json()["last_heard"]
    heard = panel(signed_in, "About this board").locator("dl > div").filter(has_text="Last heard").locator("time")
    expect(heard).to_be_visible()
    # What the live connection tells of the board first is when it came.
    signed_in.wait_for_timeout(500)
    shown = heard.evaluate("(time) => Date.parse(time.dateTime)")
    assert shown >= int(told)


def test_variables_and_functions_of_a_particle_board(signed_in: Page, boards: Boards) -> None:
    signed_in.goto(f"/console/devices/{named(boards, 'particle')['id']}")
    variables = panel(signed_in, "Variables")
    get = variables.get_by_role("button", name="Get", exact=True)
    get.first.click()
    expect(variables.get_by_role("status").first).to_have_text(re.compile(r"\S"))
    functions = panel(signed_in, "Functions")
    functions.get_by_role("textbox").first.fill("on")
    functions.get_by_role("button", name="Call", exact=True).first.click()
    expect(functions).to_contain_text(re.compile(r"returned -?\d+"))
    axe(signed_in)
    picture(signed_in, "device-particle")
    variables.get_by_role("button", name="Show this as API calls").first.click()
    expect(signed_in.get_by_role("dialog")).to_contain_text("curl")


def test_events_of_a_board_arrive_while_the_page_is_open(signed_in: Page, boards: Boards) -> None:
    signed_in.goto(f"/console/devices/{named(boards, 'particle')['id']}/events")
    events = signed_in.get_by_role("list", name="Events of this board").get_by_role("listitem")
    expect(events.first).to_be_visible()
    before = events.count()
    expect(events).not_to_have_count(before)
    signed_in.get_by_role("button", name="Pause").click()
    expect(signed_in.get_by_text(re.compile(r"\d+ new"))).to_be_visible()
    axe(signed_in)
    picture(signed_in, "device-events")


def test_vitals_are_asked_for_and_drawn(signed_in: Page, boards: Boards) -> None:
    signed_in.goto(f"/console/devices/{named(boards, 'particle')['id']}/vitals")
    signed_in.get_by_role("button", name="Ask for new vitals").click()
    newest = panel(signed_in, "Newest record")
    expect(newest).to_contain_text("system.uptime")
    expect(signed_in.locator("figure canvas").first).to_be_visible()
    with signed_in.expect_download() as download:
        signed_in.get_by_role("button", name="CSV", exact=True).click()
    text = download.value.path().read_text()
    assert text.startswith("updated_at,deviceID,")
    assert len(text.splitlines()) >= 2
    axe(signed_in)
    picture(signed_in, "device-vitals")


def test_a_board_is_renamed_noted_and_tagged(signed_in: Page, calls: Calls) -> None:
    made = calls.iot("PUT", "/v2/devices", {"name": "nameless", "type": "login_and_secretkey_wifi"})
    signed_in.goto(f"/console/devices/{made['id']}")
    expect(signed_in.get_by_text("It has not connected yet.")).to_be_visible()
    signed_in.get_by_role("button", name="Actions").click()
    signed_in.get_by_role("menuitem", name="Rename").click()
    signed_in.get_by_role("dialog").get_by_label("Name").fill("north wall")
    signed_in.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(signed_in.get_by_role("heading", name="north wall")).to_be_visible()
    signed_in.get_by_role("button", name="Edit notes").click()
    signed_in.get_by_role("textbox", name="Notes").fill("behind the ivy")
    signed_in.get_by_role("button", name="Save notes").click()
    expect(panel(signed_in, "Notes")).to_contain_text("behind the ivy")
    signed_in.get_by_role("button", name="Add tag").click()
    panel(signed_in, "Tags").get_by_label("Key").fill("wall")
    panel(signed_in, "Tags").get_by_label("Value").fill("north")
    signed_in.get_by_role("button", name="Add tag").click()
    tags = panel(signed_in, "Tags")
    expect(tags).to_contain_text("wall: north")
    tags.get_by_role("button", name=re.compile("wall: north")).click()
    expect(tags).not_to_contain_text("wall: north")
    signed_in.get_by_role("button", name="Actions").click()
    signed_in.get_by_role("menuitem", name="Delete").click()
    dialog = signed_in.get_by_role("dialog")
    axe(signed_in)
    dialog.get_by_role("textbox").fill("north wall")
    dialog.get_by_role("button", name="Delete board").click()
    signed_in.wait_for_url("**/console/devices")


def test_a_new_secret_key_is_shown_once(signed_in: Page, calls: Calls) -> None:
    made = calls.iot("PUT", "/v2/devices", {"name": "key bearer", "type": "login_and_secretkey_wifi"})
    signed_in.goto(f"/console/devices/{made['id']}")
    signed_in.get_by_role("button", name="Actions").click()
    signed_in.get_by_role("menuitem", name="New secret key").click()
    signed_in.get_by_role("button", name="Make new key").click()
    card = signed_in.get_by_role("dialog")
    key = card.locator("code").nth(1).inner_text()
    assert re.fullmatch(r"[A-Za-z0-9]{20,}", key)
    axe(signed_in)
    picture(signed_in, "device-secret")
    calls.iot("POST", f"/v2/devices/{made['id']}/pass", {"password": key})
    card.get_by_role("button", name="I have stored it").click()
    expect(card).to_be_hidden()
    expect(signed_in.get_by_text(key)).to_have_count(0)
    calls.iot("DELETE", f"/v2/devices/{made['id']}")


def test_the_connection_log_names_what_happened(signed_in: Page, boards: Boards) -> None:
    signed_in.goto(f"/console/devices/{named(boards, 'arduino')['id']}/connections")
    log = signed_in.get_by_role("table", name="Connections")
    expect(log).to_contain_text("Connected")
    axe(signed_in)
    picture(signed_in, "device-connections")


def test_a_phone_has_room_for_the_reason(signed_in: Page, boards: Boards) -> None:
    reason = "Another connection took its place."
    gone = {"time": 1_790_000_000_000, "kind": "disconnected", "transport": "tls", "address": None, "reason": reason}
    signed_in.route("**/connections?*", lambda route: route.fulfill(json={"entries": [gone]}))
    signed_in.set_viewport_size(PHONE)
    signed_in.goto(f"/console/devices/{named(boards, 'arduino')['id']}/connections")
    said = signed_in.get_by_role("cell").get_by_text(reason).first
    expect(said).to_be_visible()
    box = said.bounding_box()
    assert box
    assert box["width"] > 140
    assert overflow(signed_in) == 0


def test_a_board_that_is_not_there_is_said_so(signed_in: Page) -> None:
    signed_in.goto("/console/devices/00000000-0000-4000-8000-000000000000")
    expect(signed_in.get_by_text("This board does not exist, or it belongs to somebody else.")).to_be_visible()
    axe(signed_in)


def test_lists_are_walked_with_the_keyboard(signed_in: Page, boards: Boards) -> None:
    signed_in.goto("/console/devices")
    table = signed_in.get_by_role("table", name="Devices")
    # Rows that lead somewhere: those that stand for a list on its way cannot be focused.
    rows = table.locator("tbody tr.table-link")
    expect(rows.first).to_be_visible()
    rows.first.focus()
    signed_in.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    signed_in.keyboard.press("Enter")
    signed_in.wait_for_url(re.compile(r"/console/devices/[0-9a-f-]{24,}"))


def test_a_file_that_is_no_firmware_is_refused_before_it_is_sent(signed_in: Page, boards: Boards) -> None:
    signed_in.goto(f"/console/devices/{named(boards, 'particle')['id']}")
    signed_in.get_by_role("button", name="Send firmware").click()
    sheet = signed_in.get_by_role("dialog")
    chooser = sheet.locator("input[type=file]")
    chooser.set_input_files({"name": "cat.png", "mimeType": "image/png", "buffer": b"\x89PNG"})
    expect(sheet).to_contain_text("This is no firmware")
    expect(sheet.get_by_role("button", name="Send")).to_be_disabled()
    image = build(11, body=bytes(1_000))
    for content, told in (
        (b"not a module" * 100, "This file is no firmware of a Particle board"),
        (image[:-1] + b"!", "The checksum of the binary is wrong"),
        (image, "This firmware is for platform 11"),
    ):
        chooser.set_input_files({"name": "app.bin", "mimeType": "application/octet-stream", "buffer": content})
        expect(sheet).to_contain_text(told)
        expect(sheet.get_by_role("button", name="Send")).to_be_disabled()
    axe(signed_in)


def test_firmware_is_sent_and_the_page_follows_until_the_board_is_back(signed_in: Page, boards: Boards) -> None:
    board = next(each for each in boards if each.get("transport") == "udp")
    image = build(12, version=7, body=bytes(range(256)) * 100, product_id=12, product_version=7)
    signed_in.goto(f"/console/devices/{board['id']}")
    signed_in.get_by_role("button", name="Send firmware").click()
    sheet = signed_in.get_by_role("dialog")
    file: Any = {"name": "app.bin", "mimeType": "application/octet-stream", "buffer": image}
    sheet.locator("input[type=file]").set_input_files(file)
    sheet.get_by_role("button", name="Send").click()
    expect(sheet.get_by_text("The board runs the new firmware.")).to_be_visible(timeout=60_000)
    picture(signed_in, "device-flash")
    sheet.get_by_role("button", name="Close").last.click()
    expect(sheet).to_be_hidden()
