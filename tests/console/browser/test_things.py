"""The list of things and the page of one: its variables, their values and history, the code for the sketch."""

from __future__ import annotations

import re
import zipfile
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.calls import Calls, panel
from tests.console.browser.looking import DESKTOP, PHONE, axe, overflow, picture


@pytest.fixture
def calls(signed_in: Page, cloud: Sandbox) -> Calls:
    return Calls(signed_in, cloud.http)


@pytest.fixture
def thing(calls: Calls) -> dict[str, Any]:
    body = {
        "name": "Cellar",
        "timezone": "Europe/Berlin",
        "properties": [
            {"name": "level", "type": "FLOAT", "permission": "READ_ONLY", "update_strategy": "ON_CHANGE"},
            {"name": "pump", "type": "STATUS", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"},
            {"name": "note", "type": "CHARSTRING", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"},
        ],
    }
    made: dict[str, Any] = calls.iot("PUT", "/v2/things", body)
    return made


def test_a_thing_is_created_filled_and_deleted(signed_in: Page) -> None:
    signed_in.goto("/console/things")
    signed_in.get_by_role("button", name="Create thing").first.click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Name").fill("Wine / cellar")
    expect(sheet).to_contain_text("only, up to 64")
    sheet.get_by_label("Name").fill("Wine cellar")
    axe(signed_in)
    sheet.get_by_role("button", name="Create thing").click()
    expect(signed_in.get_by_role("heading", name="Wine cellar")).to_be_visible()
    signed_in.get_by_role("button", name="Add variable").first.click()
    sheet.get_by_label("Name", exact=True).fill("Air temperature")
    expect(sheet.get_by_label("Name in the sketch")).to_have_value("Air_temperature")
    sheet.get_by_role("button", name=re.compile("^Type ")).click()
    sheet.get_by_role("combobox", name="Search types").fill("temp")
    axe(signed_in)
    picture(signed_in, "thing-variable")
    signed_in.keyboard.press("Enter")
    sheet.get_by_role("button", name="Add, then another").click()
    expect(sheet.get_by_label("Name", exact=True)).to_have_value("")
    sheet.get_by_label("Name", exact=True).fill("window")
    sheet.get_by_role("button", name=re.compile("^Type ")).click()
    sheet.get_by_role("combobox", name="Search types").fill("boolean")
    signed_in.keyboard.press("Enter")
    sheet.get_by_label("Read and write").check()
    sheet.get_by_role("button", name="Add variable").click()
    expect(sheet).to_be_hidden()
    table = signed_in.get_by_role("table", name="Variables")
    expect(table.get_by_role("row").filter(has_text="Air temperature")).to_contain_text("Temperature")
    expect(table.get_by_role("row").filter(has_text="window")).to_contain_text("Read and write")
    axe(signed_in)
    signed_in.get_by_role("button", name="Actions").click()
    signed_in.get_by_role("menuitem", name="Delete").click()
    expect(sheet).to_contain_text("Its 2 variables go with it")
    sheet.get_by_role("textbox").fill("Wine cellar")
    sheet.get_by_role("button", name="Delete thing").click()
    signed_in.wait_for_url("**/console/things")


def test_a_variable_is_changed_and_deleted(signed_in: Page, thing: dict[str, Any], calls: Calls) -> None:
    signed_in.goto(f"/console/things/{thing['id']}")
    signed_in.get_by_role("button", name="What to do with this variable: level").click()
    signed_in.get_by_role("menuitem", name="Edit").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Name", exact=True).fill("Water level")
    sheet.get_by_label("At fixed times").check()
    sheet.get_by_label("Every").fill("no number")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_contain_text("Write a number of seconds above 0.")
    sheet.get_by_label("Every").fill("30")
    sheet.get_by_label("How long").select_option("days")
    sheet.get_by_label("Days").fill("90")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_be_hidden()
    row = signed_in.get_by_role("table", name="Variables").get_by_role("row").filter(has_text="Water level")
    expect(row).to_contain_text("Every 30 s")
    level = next(each for each in thing["properties"] if each["name"] == "level")
    assert calls.own("GET", f"variables/{level['id']}/retention")["days"] == 90
    signed_in.get_by_role("button", name="What to do with this variable: Water level").click()
    signed_in.get_by_role("menuitem", name="Delete").click()
    sheet.get_by_role("textbox").fill("Water level")
    sheet.get_by_role("button", name="Delete variable").click()
    expect(row).to_have_count(0)


def test_values_are_live_and_set(signed_in: Page, thing: dict[str, Any], calls: Calls) -> None:
    signed_in.goto(f"/console/things/{thing['id']}")
    rows = signed_in.get_by_role("table", name="Variables").get_by_role("row")
    expect(rows.filter(has_text="level")).to_contain_text("No value yet")
    level = next(each for each in thing["properties"] if each["name"] == "level")
    calls.iot("PUT", f"/v2/things/{thing['id']}/properties/{level['id']}/publish", {"value": 21.5})
    expect(rows.filter(has_text="level")).to_contain_text("21.5")
    signed_in.get_by_role("switch", name="Switch pump").click()
    expect(rows.filter(has_text="pump")).to_contain_text("on")
    rows.filter(has_text="note").get_by_role("button", name="Set").click()
    signed_in.get_by_label("New value of note").fill("<b>dry</b>")
    signed_in.keyboard.press("Enter")
    expect(rows.filter(has_text="note")).to_contain_text("<b>dry</b>")
    picture(signed_in, "thing")
    assert overflow(signed_in) == 0


def test_a_time_is_read_and_set_as_people_write_it(signed_in: Page, calls: Calls) -> None:
    alarm = {"name": "alarm", "type": "TIME", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
    made = calls.iot("PUT", "/v2/things", {"name": "Clock", "properties": [alarm]})
    path = f"/v2/things/{made['id']}/properties/{made['properties'][0]['id']}"
    calls.iot("PUT", f"{path}/publish", {"value": 1767250800})
    signed_in.goto(f"/console/things/{made['id']}")
    row = signed_in.get_by_role("table", name="Variables").get_by_role("row").filter(has_text="alarm")
    expect(row).to_contain_text("Jan 1, 2026, 7:00")
    row.get_by_role("button", name="Set").click()
    field = signed_in.get_by_label("New value of alarm")
    expect(field).to_have_value("2026-01-01 07:00:00")
    field.fill("2026-02-30 07:00")
    signed_in.keyboard.press("Enter")
    expect(row).to_contain_text("Write day and time")
    field.fill("2026-03-01 06:30")
    with signed_in.expect_response("**/publish") as answer:
        signed_in.keyboard.press("Enter")
    assert answer.value.ok
    expect(row).to_contain_text("Mar 1, 2026, 6:30")
    assert calls.iot("GET", path)["last_value"] == 1772346600


def test_history_is_drawn_listed_and_saved(signed_in: Page, thing: dict[str, Any], calls: Calls) -> None:
    ids = {each["name"]: each["id"] for each in thing["properties"]}
    for number in range(5):
        calls.iot("PUT", f"/v2/things/{thing['id']}/properties/{ids['level']}/publish", {"value": 10 + number})
    calls.iot("PUT", f"/v2/things/{thing['id']}/properties/{ids['note']}/publish", {"value": 'he said "dry"'})
    signed_in.goto(f"/console/things/{thing['id']}/history")
    expect(panel(signed_in, "level").locator("canvas")).to_be_visible()
    signed_in.get_by_role("button", name="24 hours").click()
    signed_in.wait_for_url("**/history?range=24h")
    signed_in.get_by_role("button", name="note").click()
    expect(panel(signed_in, "note")).to_contain_text('he said "dry"')
    with signed_in.expect_download() as download:
        panel(signed_in, "note").get_by_role("button", name="CSV").click()
    assert download.value.path().read_text().splitlines()[1].endswith(',"he said ""dry"""')
    axe(signed_in)
    picture(signed_in, "thing-history")


def test_a_file_of_history_is_made_and_downloaded(signed_in: Page, thing: dict[str, Any], calls: Calls) -> None:
    ids = {each["name"]: each["id"] for each in thing["properties"]}
    for number in range(3):
        calls.iot("PUT", f"/v2/things/{thing['id']}/properties/{ids['level']}/publish", {"value": 10 + number})
    signed_in.goto(f"/console/things/{thing['id']}/history")
    files = panel(signed_in, "Files")
    expect(files).to_contain_text("No file yet")
    files.get_by_role("button", name="Make a file").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Time").select_option("all")
    sheet.get_by_label("note").uncheck()
    axe(signed_in)
    picture(signed_in, "thing-file")
    sheet.get_by_role("button", name="Make the file").click()
    expect(sheet).to_be_hidden()
    row = files.get_by_role("row").filter(has_text="level, pump")
    expect(row).to_contain_text("3 values")
    with signed_in.expect_download() as download:
        row.get_by_role("link", name=re.compile("^Download")).click()
    with zipfile.ZipFile(download.value.path()) as archive:
        (level,) = [archive.read(name).decode() for name in archive.namelist() if "level" in name]
    assert [line.split(",")[1] for line in level.split()] == ["value", "10.0", "11.0", "12.0"]
    axe(signed_in)
    picture(signed_in, "thing-files")
    for viewport in (PHONE, DESKTOP):
        signed_in.set_viewport_size(viewport)
        assert overflow(signed_in) == 0
    signed_in.goto("/console")
    expect(panel(signed_in, "In the background").get_by_role("link", name="History of 2 variables")).to_be_visible()


def test_the_header_for_the_sketch_is_written(signed_in: Page, thing: dict[str, Any]) -> None:
    signed_in.goto(f"/console/things/{thing['id']}/sketch")
    code = panel(signed_in, "thingProperties.h").locator("pre").first
    expect(code).to_contain_text("ArduinoCloud.addProperty(pump, Permission::ReadWrite).onUpdate(onPumpChange)")
    expect(code).to_contain_text("float level;")
    expect(code).to_contain_text("setSecretDeviceKey")
    signed_in.get_by_label("For").select_option("certificate")
    expect(code).not_to_contain_text("setSecretDeviceKey")
    with signed_in.expect_download() as download:
        signed_in.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "thingProperties.h"
    begin = panel(signed_in, "thingProperties.h").locator("pre").last
    signed_in.get_by_label("Name or address of this server").fill("cloud.example.org")
    expect(begin).to_contain_text('"cloud.example.org", ')
    axe(signed_in)
    picture(signed_in, "thing-sketch")


def test_a_sketch_does_not_call_the_board_itself(signed_in: Page, thing: dict[str, Any], calls: Calls) -> None:
    addresses = [each for each in calls.own("GET", "setup")["machine"]["addresses"] if re.fullmatch(r"[\d.]+", each)]
    outside = [each for each in addresses if not each.startswith("127.")]
    signed_in.goto(f"/console/things/{thing['id']}/sketch")
    # A machine without a network has no other.
    host = (outside or ["localhost"])[0]
    expect(panel(signed_in, "thingProperties.h").locator("pre").last).to_contain_text(f'true, "{host}", ')


def test_a_table_with_long_names_fits_its_frame(signed_in: Page, calls: Calls) -> None:
    made = calls.iot("PUT", "/v2/things", {"name": "Weather station on the roof of the parish hall"})
    for number in range(3):
        name = f"aVeryLongVariableNameNumber{number}"
        wanted = {"name": name, "type": "INT", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
        calls.iot("PUT", f"/v2/things/{made['id']}/properties", wanted)
    signed_in.goto(f"/console/things/{made['id']}")
    first = signed_in.get_by_role("table", name="Variables").get_by_role("row").nth(1)
    value, button = first.get_by_text("No value yet").bounding_box(), first.get_by_text("Set").bounding_box()
    assert value
    assert button
    assert button["y"] < value["y"] + value["height"], "the button is under the value"
    signed_in.evaluate("() => { document.querySelector('.thing-plain').style.paddingInline = '600px' }")
    expect(signed_in.locator(".table-wide")).to_be_visible()
    assert overflow(signed_in) == 0
    signed_in.set_viewport_size(PHONE)
    for path, name in ((f"/{made['id']}", "aVeryLongVariableNameNumber0"), ("", "Weather station on the roof")):
        signed_in.goto(f"/console/things{path}")
        cell = signed_in.get_by_role("rowheader").filter(has_text=name)
        inside = signed_in.get_by_text(name).last.bounding_box()
        around = cell.bounding_box()
        assert inside
        assert around
        assert inside["x"] + inside["width"] <= around["x"] + around["width"], path
    calls.iot("DELETE", f"/v2/things/{made['id']}")


def test_a_thing_gets_a_board_loses_it_and_is_cloned(signed_in: Page, thing: dict[str, Any], calls: Calls) -> None:
    board = calls.iot("PUT", "/v2/devices", {"name": "cellar board", "type": "login_and_secretkey_wifi"})
    signed_in.goto(f"/console/things/{thing['id']}")
    signed_in.get_by_role("button", name="Attach a board").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Search boards").fill("cellar board")
    sheet.get_by_role("radio", name=re.compile("cellar board")).check()
    axe(signed_in)
    sheet.get_by_role("button", name="Attach").click()
    expect(signed_in.get_by_role("link", name="cellar board")).to_be_visible()
    signed_in.get_by_role("button", name="Actions").click()
    signed_in.get_by_role("menuitem", name="Detach its board").click()
    expect(signed_in.get_by_role("button", name="Attach a board")).to_be_visible()
    signed_in.get_by_role("button", name="Actions").click()
    signed_in.get_by_role("menuitem", name="Clone").click()
    sheet.get_by_label("Name of the copy").fill("Cellar two")
    sheet.get_by_role("button", name="Clone").click()
    expect(signed_in.get_by_role("heading", name="Cellar two")).to_be_visible()
    expect(signed_in.get_by_role("table", name="Variables").get_by_role("row")).to_have_count(4)
    calls.iot("DELETE", f"/v2/devices/{board['id']}")


def test_details_are_changed(signed_in: Page, thing: dict[str, Any], calls: Calls) -> None:
    signed_in.goto(f"/console/things/{thing['id']}/details")
    signed_in.get_by_label("Time zone").select_option("Asia/Tokyo")
    signed_in.get_by_label("Webhook").fill("no address")
    expect(signed_in.get_by_text("Write an address that begins with")).to_be_visible()
    signed_in.get_by_label("Webhook").fill("https://hooks.example.org/cellar")
    signed_in.get_by_role("button", name="Save").click()
    expect(signed_in.get_by_text("Saved.")).to_be_visible()
    kept = calls.iot("GET", f"/v2/things/{thing['id']}")
    assert (kept["timezone"], kept["webhook_uri"]) == ("Asia/Tokyo", "https://hooks.example.org/cellar")
    axe(signed_in)
    picture(signed_in, "thing-details")


def test_pages_of_things_fit_a_phone(signed_in: Page, thing: dict[str, Any]) -> None:
    signed_in.set_viewport_size(PHONE)
    for tab in ("", "/history", "/sketch", "/details"):
        signed_in.goto(f"/console/things/{thing['id']}{tab}")
        expect(signed_in.get_by_role("heading", name="Cellar", exact=True)).to_be_visible()
        assert overflow(signed_in) == 0, tab
    signed_in.goto("/console/things")
    expect(signed_in.get_by_role("table", name="Things")).to_be_visible()
    axe(signed_in)
    picture(signed_in, "things")
