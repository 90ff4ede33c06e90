"""Every kind of widget, read and written against real variables, with the hand and with the keyboard."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from playwright.sync_api import Locator, Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.boards import dashboard, publish, thing_with, widget
from tests.console.browser.looking import PATIENCE, ROOT, axe, picture

WIDGETS = ROOT / "src" / "rookery" / "console" / "static" / "widgets"
CHOICES = {"values": [{"value": 0, "label": "Off"}, {"value": 1, "label": "Eco"}, {"value": 2, "label": "Comfort"}]}
WEEKDAYS = 0x0800003E
"""Weekly, Monday to Friday (reference 6.4)."""
MONDAY_SEVEN = 1_767_596_400
"""2026-01-05 07:00 on a local clock."""
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
RED = {"hue": 0, "sat": 100, "bri": 100}


class Kind(NamedTuple):
    """A kind of widget bound to a variable of this type: what it shows of a value, and what comes of using it."""

    kind: str
    type: str
    value: Any
    shows: str
    use: Callable[[Locator], None] | None = None
    stored: Any = None
    options: dict[str, Any] = {}  # noqa: RUF012 - never changed
    height: int = 3


def click(name: str) -> Callable[[Locator], None]:
    return lambda tile: tile.get_by_role("button", name=name).first.click()


def toggle(tile: Locator) -> None:
    tile.get_by_role("switch").click()


def hold(tile: Locator) -> None:
    """Down and up: on while it is held, off at the end."""
    button = tile.get_by_role("button", name="Open")
    button.hover()
    tile.page.mouse.down()
    expect(button).to_have_class(re.compile("is-down"))
    tile.page.mouse.up()


def slide(tile: Locator) -> None:
    slider = tile.get_by_role("slider")
    slider.focus()
    slider.press("End")


def step(tile: Locator) -> None:
    more = tile.get_by_role("button", name=re.compile("^More"))
    more.click()
    more.click()
    more.press("Enter")


def edit(tile: Locator) -> None:
    tile.hover()
    tile.get_by_role("button", name="Change the value").click()
    field = tile.get_by_role("textbox")
    field.fill("nonsense")
    expect(tile.get_by_role("button", name="Set")).to_be_disabled()
    field.fill("-4.25")
    field.press("Enter")


def colour(tile: Locator) -> None:
    code = tile.get_by_label("Colour code")
    code.fill("#ff0000")
    code.press("Enter")


def brighten(tile: Locator) -> None:
    slider = tile.get_by_label(re.compile("Brightness$"))
    slider.focus()
    slider.press("End")


def turn_wheel(tile: Locator) -> None:
    """Left and right turn the hue, up and down change the saturation; Shift takes big steps."""
    wheel = tile.get_by_label(re.compile("Hue and saturation$"))
    wheel.focus()
    for key in ("Shift+ArrowRight", "ArrowRight", "Shift+ArrowDown"):
        wheel.press(key)


def set_time(tile: Locator) -> None:
    tile.get_by_label(re.compile("Date$")).fill("2026-01-05")
    tile.get_by_label(re.compile("Time$")).fill("07:00")
    tile.get_by_role("button", name="Set time").click()


def plan(tile: Locator) -> None:
    """Monday to Friday becomes each twentieth minute of an hour a day."""
    tile.get_by_role("button", name="Change schedule").click()
    sheet = tile.page.get_by_role("dialog")
    expect(sheet.get_by_text("Monday to Friday at 07:00, for 30 minutes.")).to_be_visible()
    axe(tile.page, within="dialog")
    picture(tile.page, "widget-schedule")
    sheet.get_by_role("radio", name="Every").check()
    sheet.get_by_label("Repeat every").fill("20")
    sheet.get_by_label("Unit").first.select_option("1")
    sheet.get_by_label("Stays on for").fill("0")
    sheet.get_by_role("button", name="Set schedule").click()
    expect(sheet.get_by_text("Say for how long it stays on.")).to_be_visible()
    sheet.get_by_label("Stays on for").fill("10")
    sheet.get_by_role("button", name="Set schedule").click()


def send(tile: Locator) -> None:
    field = tile.get_by_label(re.compile("Message$"))
    field.fill("<b>water</b> bed 2")
    field.press("Enter")
    expect(tile.get_by_role("log")).to_contain_text("<b>water</b> bed 2")


def choose(tile: Locator) -> None:
    tile.get_by_role("combobox").select_option(label="Comfort")


def select(tile: Locator) -> None:
    tile.get_by_role("radio", name="Comfort").check()


KINDS = [
    Kind("Switch", "STATUS", True, "On", toggle, False),
    Kind("Push Button", "STATUS", False, "Open", hold, False, {"text": "Open"}),
    Kind("Slider", "FLOAT", 35.5, "35.5", slide, 80, {"min": 10, "max": 80, "step": 0.5}),
    Kind("Stepper", "INT", 7, "", step, 10),
    Kind("Value", "TEMPERATURE", 21.5, "21.5.*°C", edit, -4.25),
    Kind("Value", "CHARSTRING", "<i>Ready</i>", "<i>Ready</i>"),
    Kind("Status", "HOME_CONTACT_SENSOR", False, "Shut", None, None, {"labelOff": "Shut"}),
    Kind("Gauge", "PRESSURE", 101_325, "101,325.*Pa", None, None, {"min": 90_000, "max": 110_000}),
    Kind("Percentage", "PERCENTAGE", 12.5, "12.5%"),
    Kind("LED", "STATUS", True, "On"),
    Kind("Map", "LOCATION", {"lat": 45.1, "lon": 7.6}, "is at 45.10000, 7.60000", height=5),
    Kind("Color", "COLOR_HSB", {"hue": 120, "sat": 80, "bri": 50}, "Dark green|Green|green", colour, RED, height=5),
    Kind("Dimmed Light", "HOME_DIMMED_LIGHT", {"swi": True, "bri": 40}, "40%", brighten, {"swi": True, "bri": 100}),
    Kind(
        "Colored Light",
        "HOME_COLORED_LIGHT",
        {"swi": True, "hue": 100, "sat": 60, "bri": 40},
        "40%",
        turn_wheel,
        {"swi": True, "hue": 116, "sat": 45, "bri": 40},
        height=5,
    ),
    Kind("Time Picker", "TIME", 1_767_250_800, "", set_time, MONDAY_SEVEN),
    Kind(
        "Scheduler",
        "SCHEDULE",
        {"frm": MONDAY_SEVEN, "to": 0, "len": 1800, "msk": WEEKDAYS},
        "Monday to Friday at 07:00 for 30 minutes",
        plan,
        {"frm": MONDAY_SEVEN, "to": 0, "len": 600, "msk": 0x44000014},
    ),
    Kind("Messenger", "CHARSTRING", "Tank is full", "Tank is full", send, "<b>water</b> bed 2", height=5),
    Kind("Value Dropdown", "INT", 1, "Eco", choose, 2, CHOICES),
    Kind("Value Selector", "INT", 0, "Off", select, 2, CHOICES),
    Kind("Chart", "TEMPERATURE", 21.5, "21.5.*°C", height=5),
    Kind("Advanced Chart", "STATUS", True, "On", height=5),
    Kind("Image Map", "FLOAT", 3.25, "3.25", height=5),
    Kind("Hologram", "FLOAT", 8.125, "8.125", height=3),
]


class Shown(NamedTuple):
    thing: dict[str, Any]
    tiles: list[Locator]


def name_of(at: int) -> str:
    return f"v{at}"


def show(page: Page, cloud: Sandbox, kinds: list[Kind]) -> Shown:
    """A dashboard with these widgets, open in the page."""
    properties = [{"name": name_of(at), "type": kind.type} for at, kind in enumerate(kinds)]
    thing = thing_with(cloud, "All kinds", *properties)
    widgets, row = [], 0
    for at, kind in enumerate(kinds):
        column = at % 3
        size = {"x": column * 8, "y": row, "width": 8, "height": kind.height, "name": f"{kind.kind} {at}"}
        widgets.append(widget(kind.kind, thing["variables"][name_of(at)], options=kind.options, **size))
        if column == 2:
            row += max(each.height for each in kinds[at - 2 : at + 1])
    made = dashboard(cloud, "All kinds", *widgets)
    page.goto(f"/console/dashboards/{made['id']}?range=1h")
    return Shown(thing, [page.locator(f'[data-widget="{each["id"]}"]') for each in widgets])


def size_of(kind: str) -> tuple[int, int]:
    """Columns and rows of a new one; of what nobody knows, some."""
    for file in WIDGETS.glob("*.js"):
        text = file.read_text(encoding="utf-8")
        size = re.search(r"size: \{ w: (\d+), h: (\d+)", text)
        if f"kind: '{kind}'".lower() in text.lower() and size:
            return int(size[1]), int(size[2])
    return 3, 3


def shows(tile: Locator, kind: Kind) -> None:
    """Kinds that have a field show in it what they have. Charts are drawn where somebody can see them."""
    tile.scroll_into_view_if_needed()
    if kind.shows:
        expect(tile, kind.kind).to_contain_text(re.compile(kind.shows))
    else:
        expect(tile.get_by_role("textbox").first, kind.kind).not_to_have_value(re.compile("^–?$"))


def last_value(cloud: Sandbox, thing: dict[str, Any], name: str) -> Any:
    return cloud.call("GET", f"/iot/v2/things/{thing['id']}/properties/{thing['variables'][name]}").get("last_value")


def becomes(cloud: Sandbox, thing: dict[str, Any], name: str, wanted: Any) -> None:
    """Wait until a variable has this value."""
    end = time.monotonic() + PATIENCE / 1000
    while (found := last_value(cloud, thing, name)) != wanted and time.monotonic() < end:
        time.sleep(0.05)
    assert found == wanted


def test_every_kind_shows_no_value_and_then_what_is_published(signed_in: Page, cloud: Sandbox) -> None:
    thing, tiles = show(signed_in, cloud, KINDS)
    for kind, tile in zip(KINDS, tiles, strict=True):
        expect(tile.locator(".db-body"), kind.kind).to_be_visible()
    axe(signed_in)
    for at, kind in enumerate(KINDS):
        publish(cloud, thing, name_of(at), kind.value)
    for kind, tile in zip(KINDS, tiles, strict=True):
        shows(tile, kind)
    expect(tiles[3].get_by_role("textbox")).to_have_value("7")
    expect(tiles[14].get_by_label(re.compile("Date$"))).to_have_value("2026-01-01")
    expect(tiles[14].get_by_label(re.compile("Time$"))).to_have_value("07:00")
    axe(signed_in)
    picture(signed_in, "widgets")


@pytest.mark.parametrize("rows", [None, 2], ids=["new", "low"])
def test_what_can_be_used_is_inside_of_a_widget(signed_in: Page, cloud: Sandbox, rows: int | None) -> None:
    """Of every kind in the size that it has when it is new, and of those of two rows that were made before."""
    low = ("Time Picker", "Dimmed light", "Stepper", "Value Dropdown", "Value Selector", "Slider")
    kinds = [kind for kind in KINDS if kind.type and (rows is None or kind.kind in low)]
    thing = thing_with(cloud, "Sizes", *({"name": name_of(at), "type": kind.type} for at, kind in enumerate(kinds)))
    widgets, row = [], 0
    for at, kind in enumerate(kinds):
        width, height = size_of(kind.kind)
        size = {"x": 0, "y": row, "width": width * 2, "height": rows or height, "name": kind.kind}
        widgets.append(widget(kind.kind, thing["variables"][name_of(at)], options=kind.options, **size))
        row += height
        publish(cloud, thing, name_of(at), kind.value)
    made = dashboard(cloud, "Sizes", *widgets)
    signed_in.goto(f"/console/dashboards/{made['id']}")
    for kind, wanted in zip(kinds, widgets, strict=True):
        tile = signed_in.locator(f'[data-widget="{wanted["id"]}"]')
        tile.scroll_into_view_if_needed()
        body = tile.locator(".db-body")
        expect(body).to_be_visible()
        out = body.evaluate(
            """(body) => {
              const box = body.getBoundingClientRect();
              return [...body.querySelectorAll('button, input, select, .w-wheel, .w-light-bulb')]
                .map((each) => [each, each.getBoundingClientRect()])
                .filter(([, at]) => at.width && (at.top < box.top - 1 || at.bottom > box.bottom + 1))
                .map(([each]) => each.outerHTML.slice(0, 80));
            }"""
        )
        assert out == [], kind.kind


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.use], ids=lambda kind: kind.kind)
def test_what_is_set_with_a_widget_is_the_value_of_its_variable(signed_in: Page, cloud: Sandbox, kind: Kind) -> None:
    assert kind.use
    thing, (tile,) = show(signed_in, cloud, [kind])
    publish(cloud, thing, name_of(0), kind.value)
    shows(tile, kind)
    kind.use(tile)
    becomes(cloud, thing, name_of(0), kind.stored)
    expect(tile.locator(".db-tile")).not_to_have_class(re.compile("is-"))


def test_a_press_is_on_and_then_off(signed_in: Page, cloud: Sandbox) -> None:
    """Also with the keyboard, and however short it is."""
    thing, (tile,) = show(signed_in, cloud, [Kind("Push Button", "STATUS", False, "", options={"text": "Open"})])
    sent: list[Any] = []
    signed_in.on("request", lambda request: request.url.endswith("/publish") and sent.append(request.post_data_json))
    tile.get_by_role("button", name="Open").click()
    tile.get_by_role("button", name="Open").press("Space")
    becomes(cloud, thing, name_of(0), False)
    expect(tile.locator(".db-tile")).not_to_have_class(re.compile("is-"))
    assert [body["value"] for body in sent] == [True, False, True, False]


def test_a_variable_that_may_only_be_read_is_shown_and_not_set(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Read only", {"name": "text", "type": "CHARSTRING", "permission": "READ_ONLY"})
    chat, value = (widget(kind, thing["variables"]["text"]) for kind in ("Messenger", "Value"))
    slider = widget("Slider", thing["variables"]["text"])
    made = dashboard(cloud, "Read only", chat, value | {"x": 8}, slider | {"x": 16})
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    publish(cloud, thing, "text", "hello")
    expect(page.locator(f'[data-widget="{value["id"]}"]')).to_contain_text("hello")
    expect(page.get_by_role("log")).to_contain_text("hello")
    assert page.locator("main").get_by_role("textbox").count() == 0
    assert page.get_by_role("button", name="Change the value").count() == 0
    assert page.get_by_role("slider").count() == 0


def test_a_messenger_tells_what_was_said_before_and_is_cleared(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Talker", {"name": "text", "type": "CHARSTRING"})
    for text in ("long ago", "\u001bone", "two"):
        publish(cloud, thing, "text", text)
    made = dashboard(cloud, "Talker", widget("Messenger", thing["variables"]["text"], height=5))
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("two")
    expect(log).to_contain_text("one")
    expect(log).not_to_contain_text("long ago")
    page.get_by_role("button", name="Clear messages").click()
    expect(log).to_have_text("No messages yet")
    becomes(cloud, thing, "text", "\u001b")
    publish(cloud, thing, "text", "again")
    expect(log).to_contain_text("again")


def test_a_note_is_drawn_and_nothing_in_it_is_done(signed_in: Page, cloud: Sandbox) -> None:
    text = (
        "## Plan\n\n**bold** <script>alert(1)</script> <img src=x onerror=alert(1)>\n\n"
        "[good](https://example.org) [bad](javascript:alert(1)) ![picture](https://example.org/x.png)\n\n- [x] done"
    )
    made = dashboard(cloud, "Notes", widget("Sticky Note", options={"text": text}, height=5))
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    note = page.get_by_role("note", name="Sticky note")
    expect(note.get_by_role("heading", name="Plan")).to_be_visible()
    expect(note.locator("strong")).to_have_text("bold")
    expect(note).to_contain_text("<script>alert(1)</script>")
    links = note.get_by_role("link")
    expect(links).to_have_count(2)
    for link in links.all():
        assert link.get_attribute("rel") == "noopener noreferrer"
        assert str(link.get_attribute("href")).startswith("https://example.org")
    expect(note.locator("img, script")).to_have_count(0)
    expect(note.get_by_role("checkbox")).to_be_checked()
    axe(page)


def test_a_chart_has_gaps_a_table_and_files(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Weather", {"name": "outside", "type": "TEMPERATURE"}, {"name": "rain", "type": "STATUS"})
    now = int(time.time())
    path = f"/iot/v2/things/{thing['id']}/properties/{thing['variables']['outside']}/publish_batch"
    moments = [now - 3000 + at * 10 for at in range(200) if not 80 <= at < 140]
    stamps = [time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment)) for moment in moments]
    cloud.call("PUT", path, [{"timestamp": at, "value": 10 + n % 7} for n, at in enumerate(stamps)])
    ids = [thing["variables"]["outside"], thing["variables"]["rain"]]
    made = dashboard(cloud, "Weather", widget("Advanced Chart", *ids, name="Weather", width=16, height=7))
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}?range=1h")
    chart = page.locator("figure.chart")
    expect(chart).to_contain_text("outside: 16 °C at".replace(" °", "\u202f°"))
    expect(chart).to_contain_text("lowest 10\u202f°C, highest 16\u202f°C of 140 values")
    expect(chart).to_contain_text("rain: no values in this time.")
    axe(page)
    publish(cloud, thing, "outside", 31.5)
    expect(chart.locator(".chart-value").first).to_have_text("31.5\u202f°C")
    page.get_by_role("button", name="Options of the chart Weather").click()
    with page.expect_download() as csv:
        page.get_by_role("menuitem", name="Download CSV").click()
    lines = csv.value.path().read_text(encoding="utf-8").splitlines()
    assert csv.value.suggested_filename == "Weather.csv"
    assert lines[0] == "time,outside (°C),rain" or lines[0].startswith("time,outside (°C) min")
    assert len(lines) == 142
    page.get_by_role("button", name="Options of the chart Weather").click()
    with page.expect_download() as png:
        page.get_by_role("menuitem", name="Download PNG").click()
    assert png.value.path().read_bytes().startswith(b"\x89PNG")
    page.get_by_role("button", name="Options of the chart Weather").click()
    page.get_by_role("menuitem", name="Show as a table").click()
    table = page.get_by_role("dialog").get_by_role("table")
    expect(table.get_by_role("row").nth(1)).to_contain_text("31.5")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_chart_is_zoomed_with_the_mouse_and_with_keys_and_goes_back(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Zoom", {"name": "level", "type": "FLOAT"})
    publish(cloud, thing, "level", 5)
    publish(cloud, thing, "level", 6)
    made = dashboard(cloud, "Zoom", widget("Chart", thing["variables"]["level"], width=16, height=6))
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}?range=6h")
    area = page.locator(".chart-area")
    expect(area.locator("canvas")).to_be_visible()
    over = area.locator(".u-over")
    box = over.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 40, steps=4)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"range=20\d\d-"))
    over.dblclick()
    expect(page).not_to_have_url(re.compile(r"range=20\d\d-"))
    area.focus()
    area.press("+")
    expect(page).to_have_url(re.compile(r"range=20\d\d-"))
    area.press("Escape")
    expect(page).not_to_have_url(re.compile(r"range=20\d\d-"))


def test_options_that_nobody_here_knows_stay_as_they_came(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Foreign", {"name": "level", "type": "FLOAT"})
    options = {"section": {"id": 7}, "lock": True, "hologram": ["a", {"b": None}]}
    made = dashboard(cloud, "Foreign", widget("Hologram 3000", thing["variables"]["level"], options=options))
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}")
    expect(page.get_by_text("“Hologram 3000” is drawn by another program.")).to_be_visible()
    (kept,) = cloud.call("GET", f"/iot/v3/dashboards/{made['id']}")["widgets"]
    assert json.dumps(kept["options"], sort_keys=True) == json.dumps(options, sort_keys=True)


def test_the_page_of_patterns_shows_all_kinds_and_all_states(signed_in: Page) -> None:
    page = signed_in
    page.goto("/console/ui?part=widgets")
    expect(page.locator(".ui-widgets section")).to_have_count(24)
    expect(page.locator(".ui-widgets canvas").first).to_be_visible()
    axe(page, within=".ui-widgets")


def test_an_image_is_one_by_its_bytes_and_small_enough(signed_in: Page, cloud: Sandbox) -> None:
    made = dashboard(cloud, "Picture", widget("Image", name="Photo", height=4))
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}/edit")
    page.get_by_role("option", name=re.compile("^Photo")).focus()
    page.keyboard.press("Enter")
    field = page.get_by_label("Image file")
    field.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"<svg onload='alert(1)'/>"})
    expect(page.get_by_text("This file is not a PNG, JPEG, GIF, WebP or AVIF image.")).to_be_visible()
    field.set_input_files({"name": "b.png", "mimeType": "image/png", "buffer": PNG + bytes(300_000)})
    expect(page.get_by_text("at most 262 kB are kept in a dashboard", exact=False)).to_be_visible()
    field.set_input_files({"name": "c.txt", "mimeType": "text/plain", "buffer": PNG})
    expect(page.get_by_text("This image is kept in the dashboard.")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("img", name="Photo")).to_be_visible()
    (stored,) = cloud.call("GET", f"/iot/v3/dashboards/{made['id']}")["widgets"]
    assert stored["options"]["image"] == "data:image/png;base64," + base64.b64encode(PNG).decode()


def test_choices_and_colours_are_set_in_the_editor(signed_in: Page, cloud: Sandbox) -> None:
    thing = thing_with(cloud, "Chooser", {"name": "mode", "type": "INT"}, {"name": "heat", "type": "TEMPERATURE"})
    chooser = widget("Value Dropdown", thing["variables"]["mode"], name="Mode")
    gauge = widget("Gauge", thing["variables"]["heat"], name="Heat", x=8, height=4)
    made = dashboard(cloud, "Chooser", chooser, gauge)
    page = signed_in
    page.goto(f"/console/dashboards/{made['id']}/edit")
    page.get_by_role("option", name=re.compile("^Mode")).focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Add a value").click()
    page.get_by_label("Value", exact=True).last.fill("7")
    page.get_by_label("Label", exact=True).last.fill("Holiday")
    page.get_by_role("button", name="Remove").first.click()
    page.get_by_role("option", name=re.compile("^Heat")).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Highest value").fill("40")
    page.get_by_role("button", name="Add a colour").click()
    page.get_by_label("From").fill("30")
    page.get_by_role("radio", name="Rose").last.check()
    axe(page)
    picture(page, "widget-settings")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("toolbar", name="Tools")).to_have_count(0)
    page.get_by_role("combobox").select_option(label="Holiday")
    becomes(cloud, thing, "mode", 7)
    kept = {each["name"]: each["options"] for each in cloud.call("GET", f"/iot/v3/dashboards/{made['id']}")["widgets"]}
    assert [one["value"] for one in kept["Mode"]["values"]] == [1, 2, 7]
    assert kept["Heat"]["max"] == 40
    assert kept["Heat"]["thresholds"] == [{"value": 30, "color": "rose"}]


def test_a_stepper_that_is_held_goes_on_to_its_end_and_is_written_once(signed_in: Page, cloud: Sandbox) -> None:
    thing, (tile,) = show(signed_in, cloud, [Kind("Stepper", "INT", 7, "", options={"step": 1, "max": 12})])
    publish(cloud, thing, name_of(0), 7)
    field = tile.get_by_role("textbox")
    expect(field).to_have_value("7")
    sent: list[Any] = []
    signed_in.on("request", lambda request: request.url.endswith("/publish") and sent.append(request.post_data_json))
    tile.get_by_role("button", name=re.compile("^More")).hover()
    signed_in.mouse.down()
    expect(field).to_have_value("12")
    becomes(cloud, thing, name_of(0), 12)
    signed_in.mouse.up()
    assert [body["value"] for body in sent] == [12]
    field.fill("3,5")
    field.press("Enter")
    becomes(cloud, thing, name_of(0), 4)
