"""The editor of dashboards: with a mouse, with a finger's screen, with keys alone, and when others edit too."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Browser, Dialog, Locator, Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.boards import dashboard, place, stored, thing_with, widget
from tests.console.browser.conftest import sign_in, window
from tests.console.browser.looking import PATIENCE, PHONE, axe, overflow, picture

LAMP = {"name": "lamp", "type": "STATUS"}
LEVEL = {"name": "level", "type": "FLOAT"}


def slot(page: Page, name: str) -> Locator:
    return page.get_by_role("option", name=re.compile(f"^{name}"))


def edit(page: Page, made: dict[str, Any], query: str = "") -> None:
    page.goto(f"/console/dashboards/{made['id']}/edit{query}")
    expect(page.get_by_role("toolbar", name="Tools")).to_be_visible()


def save(page: Page) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("toolbar", name="Tools")).to_have_count(0)


def two(cloud: Sandbox, name: str) -> dict[str, Any]:
    thing = thing_with(cloud, name, LAMP, LEVEL)
    ids = thing["variables"]
    made = dashboard(
        cloud,
        name,
        widget("Switch", ids["lamp"], name="Lamp"),
        widget("Value", ids["level"], name="Level", x=6),
    )
    return made | {"thing": thing}


def test_keys_alone_move_resize_copy_and_remove(signed_in: Page, cloud: Sandbox) -> None:
    made = two(cloud, "Keys")
    page = signed_in
    edit(page, made)
    slot(page, "Lamp").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[aria-live]", has_text="Lamp: column 2, row 2")).to_have_count(1)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("[aria-live]", has_text="Lamp: 4 wide, 3 high")).to_have_count(1)
    slot(page, "Level").focus()
    page.keyboard.press("Control+d")
    expect(page.locator("[data-widget]")).to_have_count(3)
    page.keyboard.press("Control+z")
    expect(page.locator("[data-widget]")).to_have_count(2)
    page.keyboard.press("Control+Shift+z")
    expect(page.locator("[data-widget]")).to_have_count(3)
    page.keyboard.press("Delete")
    expect(page.locator("[data-widget]")).to_have_count(2)
    slot(page, "Lamp").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Title", exact=True)).to_be_focused()
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved.")).to_be_visible()
    now = stored(cloud, made["id"])["by_name"]
    assert place(now["Lamp"]) == (2, 1, 8, 3)
    assert "x_mobile" not in now["Lamp"]


def test_a_mouse_drags_resizes_and_catches_several(signed_in: Page, cloud: Sandbox) -> None:
    made = two(cloud, "Mouse")
    page = signed_in
    edit(page, made)
    before = slot(page, "Level").bounding_box()
    assert before
    # Over the other one: it steps aside into the place that has become free.
    page.mouse.move(before["x"] + 30, before["y"] + 40)
    page.mouse.down()
    page.mouse.move(before["x"] - 100, before["y"] + 41, steps=4)
    page.mouse.move(before["x"] + 30 - before["width"] - 12, before["y"] + 42, steps=4)
    expect(page.locator(".db-place")).to_have_count(1)
    picture(page, "dashboard-drag")
    page.mouse.up()
    expect(page.get_by_role("status", name="").filter(has_text="Not saved")).to_be_visible()
    box = slot(page, "Level").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
    page.mouse.down()
    page.mouse.move(box["x"] + 2 * box["width"], box["y"] + box["height"] + 60, steps=6)
    page.keyboard.press("Escape")
    page.mouse.up()
    canvas = page.locator(".db-board-edit").bounding_box()
    assert canvas
    page.mouse.move(canvas["x"] + canvas["width"] - 10, canvas["y"] + canvas["height"] - 5)
    page.mouse.down()
    page.mouse.move(canvas["x"] + 5, canvas["y"] + 5, steps=6)
    page.mouse.up()
    expect(page.get_by_role("heading", name="2 widgets chosen")).to_be_visible()
    save(page)
    now = stored(cloud, made["id"])["by_name"]
    assert place(now["Level"]) == (0, 0, 6, 2)
    assert place(now["Lamp"]) == (0, 2, 6, 2)


def test_a_widget_starts_from_a_variable_and_only_fitting_kinds_are_offered(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Pick", LAMP, LEVEL, {"name": "door", "type": "STATUS", "permission": "READ_ONLY"})
    made = dashboard(cloud, "Pick")
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    expect(page.get_by_text("This page has no widgets yet.")).to_be_visible()
    page.get_by_role("link", name="Add a widget").click()
    sheet = page.get_by_role("dialog", name="Add a widget")
    expect(sheet.get_by_role("button", name="Sticky note")).to_be_visible()
    search = sheet.get_by_label("Search variables")
    search.fill("pick")
    kinds = sheet.locator(".db-sample")
    sheet.get_by_role("button", name=re.compile("^door")).click()
    assert {"Switch", "Slider", "Map"}.isdisjoint(kinds.all_inner_texts())
    sheet.get_by_role("button", name=re.compile("^door")).click()
    sheet.get_by_role("button", name=re.compile("^lamp")).click()
    expect(kinds.filter(has_text="Switch")).to_be_visible()
    expect(kinds.filter(has_text="Slider")).to_have_count(0)
    axe(page)
    picture(page, "dashboard-picker")
    kinds.filter(has_text="Switch").click()
    expect(slot(page, "lamp")).to_have_attribute("aria-selected", "true")
    page.get_by_label("Title", exact=True).fill("Garden light")
    page.get_by_label("Without a frame").check()
    page.get_by_label("Width").fill("5")
    axe(page)
    picture(page, "dashboard-edit")
    save(page)
    now = stored(cloud, made["id"])["by_name"]["Garden light"]
    assert now["options"]["frameless"] is True
    assert now["width"] == 10
    assert [each["id"] for each in now["variables"]] == [thing["variables"]["lamp"]]


def test_several_variables_make_one_chart(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Several", LEVEL, {"name": "other", "type": "FLOAT"})
    made = dashboard(cloud, "Several")
    page = signed_in
    edit(page, made, "?add=1")
    sheet = page.get_by_role("dialog", name="Add a widget")
    sheet.get_by_label("Search variables").fill("several")
    sheet.get_by_role("button", name=re.compile("^level")).click()
    sheet.get_by_role("button", name=re.compile("^other")).click()
    sheet.locator(".db-sample").filter(has_text="Advanced chart").click()
    page.get_by_role("button", name="Move other up").click()
    save(page)
    (chart,) = stored(cloud, made["id"])["widgets"]
    assert chart["type"] == "Advanced Chart"
    assert [each["id"] for each in chart["variables"]] == [thing["variables"]["other"], thing["variables"]["level"]]


def test_what_another_program_wrote_stays_as_it_was(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Foreign", LEVEL)
    odd = widget(
        "Hologram",
        thing["variables"]["level"],
        name="Odd",
        x=3,
        y=1,
        width=5,
        height=3,
        x_mobile=1,
        y_mobile=0,
        width_mobile=7,
        height_mobile=2,
        options={"depth": {"cm": 1.5}, "later": None},
    )
    made = dashboard(cloud, "Foreign", odd, widget("Value", thing["variables"]["level"], name="Plain", x=12))
    before = stored(cloud, made["id"])["by_name"]["Odd"]
    page = signed_in
    edit(page, made)
    page.get_by_label("Name", exact=True).fill("Foreign, renamed")
    slot(page, "Plain").focus()
    page.keyboard.press("ArrowRight")
    save(page)
    expect(page.locator("main h1")).to_have_text("Foreign, renamed")
    after = stored(cloud, made["id"])["by_name"]["Odd"]
    assert after == before


def test_the_phone_has_a_layout_of_its_own_once_it_is_changed(signed_in: Page, cloud: Sandbox) -> None:
    made = two(cloud, "Phone")
    page = signed_in
    page.set_viewport_size(PHONE)
    edit(page, made)
    expect(page.get_by_text("Made from the desktop layout.")).to_be_visible()
    axe(page)
    picture(page, "dashboard-edit-phone")
    page.set_viewport_size(PHONE)
    name = page.locator(".db-name-input").bounding_box()
    assert name
    assert name["width"] > 200, "half of the line of the name is empty"
    assert overflow(page) == 0
    slot(page, "Lamp").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.get_by_text("A layout of its own.")).to_be_visible()
    save(page)
    now = stored(cloud, made["id"])["by_name"]
    assert (now["Lamp"]["width_mobile"], now["Lamp"]["x_mobile"], now["Level"]["y_mobile"]) == (8, 0, 2)
    assert place(now["Lamp"]) == (0, 0, 6, 2)
    wide = page.locator(f'[data-widget="{now["Lamp"]["id"]}"]').bounding_box()
    assert wide
    assert wide["width"] > 300


def test_a_finger_scrolls_the_page_and_takes_a_widget_by_its_title(chromium: Browser, cloud: Sandbox) -> None:
    made = two(cloud, "Finger")
    with window(chromium, cloud.http, has_touch=True) as page:
        page.set_viewport_size(PHONE)
        sign_in(page.context, cloud.user.email, cloud.user.password)
        edit(page, made)
        fingers = page.context.new_cdp_session(page)

        def drag(from_y: int) -> None:
            box = slot(page, "Lamp").bounding_box()
            assert box
            x, y = box["x"] + 40, box["y"] + from_y
            for kind, down in (("touchStart", 0), ("touchMove", 60), ("touchMove", 130), ("touchEnd", 130)):
                points = [] if kind == "touchEnd" else [{"x": x, "y": y + down}]
                fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        drag(from_y=70)
        expect(slot(page, "Lamp")).to_have_attribute("aria-selected", "true")
        expect(page.get_by_text("Made from the desktop layout.")).to_be_visible()
        drag(from_y=10)
        expect(page.get_by_text("A layout of its own.")).to_be_visible()
        save(page)
    assert stored(cloud, made["id"])["by_name"]["Lamp"]["y_mobile"] == 2


def test_pages_are_tabs_and_widgets_go_from_one_to_another(signed_in: Page, cloud: Sandbox) -> None:
    made = two(cloud, "Pages")
    page = signed_in
    edit(page, made)
    page.get_by_role("button", name="Add page").click()
    page.get_by_label("Name of the page").fill("Cellar")
    slot(page, "Level").click()
    page.get_by_label("On page").select_option(label="Cellar")
    expect(page.locator("[data-widget]")).to_have_count(1)
    save(page)
    expect(page).to_have_url(re.compile("page="))
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Main").last.click()
    now = stored(cloud, made["id"])
    assert now["pages"][0]["name"] == "Cellar"
    assert now["by_name"]["Level"]["page_id"] == now["pages"][0]["id"]
    expect(page.locator(f'[data-widget="{now["by_name"]["Lamp"]["id"]}"]')).to_be_visible()
    picture(page, "dashboard-pages")
    edit(page, made)
    page.get_by_role("button", name="Remove page").click()
    expect(page.locator("[data-widget]")).to_have_count(2)
    save(page)
    assert stored(cloud, made["id"])["pages"] == []


def test_who_saves_last_is_asked(signed_in: Page, cloud: Sandbox) -> None:
    made = two(cloud, "Both")
    page = signed_in
    edit(page, made)
    page.get_by_label("Name", exact=True).fill("Mine")
    cloud.call("PATCH", f"/iot/v3/dashboards/{made['id']}", {"name": "Theirs"})
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog", name="Somebody else changed this dashboard")
    axe(page)
    picture(page, "dashboard-conflict")
    dialog.get_by_label("Save mine as a copy").check()
    dialog.get_by_role("button", name="Save mine as a copy").click()
    expect(page.locator("main h1")).to_have_text("Mine (mine)")
    assert stored(cloud, made["id"])["name"] == "Theirs"
    edit(page, made)
    page.get_by_label("Name", exact=True).fill("Mine again")
    cloud.call("PATCH", f"/iot/v3/dashboards/{made['id']}", {"name": "Theirs again"})
    page.get_by_role("button", name="Save", exact=True).click()
    dialog.get_by_role("button", name="Keep mine").click()
    expect(page.locator("main h1")).to_have_text("Mine again")
    assert stored(cloud, made["id"])["name"] == "Mine again"


def test_unsaved_changes_are_not_lost_by_accident(signed_in: Page, cloud: Sandbox) -> None:
    made = two(cloud, "Careful")
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    page.get_by_role("link", name="Edit").click()
    slot(page, "Lamp").focus()
    page.keyboard.press("ArrowDown")
    page.route("**/iot/v3/dashboards/**", lambda route: route.abort())
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("The server did not answer.")).to_be_visible()
    page.unroute("**/iot/v3/dashboards/**")
    page.on("dialog", Dialog.dismiss)
    with page.expect_event("dialog") as asked:
        page.evaluate("history.back()")
    assert "not saved" in asked.value.message
    page.get_by_role("button", name="Discard").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("toolbar", name="Tools")).to_be_visible()
    save(page)
    assert place(stored(cloud, made["id"])["by_name"]["Lamp"]) == (0, 1, 6, 2)


def test_a_board_of_the_other_dialect_is_shown_and_told(
    signed_in: Page, cloud: Sandbox, boards: list[dict[str, Any]]
) -> None:
    board = next(each for each in boards if each["dialect"] == "particle")
    made = dashboard(cloud, "Other dialect")
    page = signed_in
    offers = (("temperature", "variable", "Value"), ("temperature", "event", "Value"), ("light", "function", "Switch"))
    for name, offer, kind in offers:
        edit(page, made, "?add=1")
        sheet = page.get_by_role("dialog", name="Add a widget")
        sheet.get_by_role("button", name=re.compile(f"^{board['name']}")).click()
        if offer == "event":
            # It may not have been heard yet: then its name is typed.
            sheet.get_by_label("Name of the event").fill(name)
            sheet.get_by_role("button", name="Use this event").click()
        else:
            sheet.get_by_role("button", name=f"{name} {offer}", exact=True).click()
        sheet.locator(".db-sample").filter(has_text=kind).first.click()
        save(page)
    shown, heard, switch = page.locator("[data-widget]").all()
    expect(shown).to_contain_text(re.compile(r"\d"))
    expect(heard).to_contain_text(re.compile(r"\d"), timeout=4 * PATIENCE)
    switch.get_by_role("switch").click()
    expect(switch.get_by_role("switch")).to_be_checked()
    expect(switch.locator(".db-tile")).not_to_have_class(re.compile("is-"))
    assert cloud.particle_call("GET", f"/v1/devices/{board['id']}/light")["result"] is True
    sources = [each["options"]["source"] for each in stored(cloud, made["id"])["widgets"]]
    assert [(each["device"], each["kind"], each["name"]) for each in sources] == [
        (board["id"], "variable", "temperature"),
        (board["id"], "event", "temperature"),
        (board["id"], "function", "light"),
    ]
