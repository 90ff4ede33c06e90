"""Webhooks in the console: written beside a sample event, tested, their deliveries looked at and sent again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console.browser.looking import DESKTOP, PHONE, axe, overflow, picture, theme

OWN = {"sec-fetch-site": "same-origin"}


@dataclass
class Other:
    """The server that is called."""

    url: str = ""
    status: int = 200
    heard: list[dict[str, Any]] = field(default_factory=list)


@pytest.fixture
def other() -> Iterator[Other]:
    told = Other()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            told.heard.append({"path": self.path, "body": body, "type": self.headers["content-type"]})
            answer = json.dumps({"<b>stored</b>": len(told.heard)}).encode()
            self.send_response(told.status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


def make(page: Page, event: str, url: str) -> None:
    """Fill in the form of a new webhook and create it."""
    page.goto("/console/integrations/new")
    page.get_by_label("Events that begin with").fill(event)
    page.get_by_label("Address", exact=True).fill(url)
    page.get_by_role("button", name="Create webhook").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(event)


def preview(page: Page) -> Any:
    return page.locator(".integration-preview")


def result(page: Page) -> Any:
    return page.locator(".integration-test [role=status]")


def delete(page: Page) -> None:
    expect(page.get_by_role("link", name="Deliveries")).to_be_visible()
    name = page.get_by_role("heading", level=1).inner_text()
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("menuitem", name="Delete webhook").click()
    field = page.get_by_role("dialog").get_by_role("textbox")
    expect(field).to_be_focused()
    field.fill(name)
    page.get_by_role("dialog").get_by_role("button", name="Delete webhook").click()
    page.wait_for_url("**/console/integrations")


def test_the_sample_shows_what_a_template_makes(signed_in: Page) -> None:
    page = signed_in
    theme(page, "light")
    page.goto("/console/integrations/new")
    expect(preview(page)).to_contain_text("Enter the begin of event names and an address.")
    page.get_by_label("Events that begin with").fill("temp")
    page.get_by_label("Address", exact=True).fill("https://example.com/{{{unit}}}")
    expect(preview(page)).to_contain_text("POST https://example.com/C")
    page.get_by_label("JSON template").fill('{"celsius": {{t}}}')
    expect(page.get_by_text("Not JSON until its templates are filled in.")).to_be_visible()
    expect(preview(page)).to_contain_text('"celsius": 21.5')
    page.get_by_role("textbox", name="Data").fill('{"t": -3, "unit": "K"}')
    expect(preview(page)).to_contain_text("https://example.com/K")
    expect(preview(page)).to_contain_text('"celsius": -3')
    page.get_by_label("Body", exact=True).select_option("Form with the usual fields")
    page.get_by_label("Add event, data, published_at and coreid").check()
    expect(preview(page)).to_contain_text("event=temp&data=")
    expect(preview(page)).to_contain_text("application/x-www-form-urlencoded")
    page.get_by_role("group", name="Headers").get_by_role("button", name="Add").click()
    page.get_by_role("group", name="Headers").get_by_label("Name").fill("X-Board")
    page.get_by_role("group", name="Headers").get_by_label("Value").fill("{{{PARTICLE_DEVICE_ID}}}")
    expect(preview(page)).to_contain_text("x-board: api")
    axe(page)
    picture(page, "integration-new")
    # Nothing was saved: nobody is asked when it is thrown away on purpose.
    page.on("dialog", lambda dialog: dialog.accept())


def test_what_is_wrong_is_said_before_it_is_saved(signed_in: Page) -> None:
    page = signed_in
    page.goto("/console/integrations/new")
    page.get_by_label("Events that begin with").fill("temp")
    page.get_by_label("Address", exact=True).fill("ftp://example.com")
    expect(preview(page)).to_contain_text("url must begin with http:// or https:// and a host.")
    page.get_by_label("Address", exact=True).fill("https://example.com")
    page.get_by_label("JSON template").fill("{{#open}}")
    expect(preview(page)).to_contain_text("Not a request yet")
    page.get_by_role("button", name="Create webhook").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.on("dialog", lambda dialog: dialog.accept())


def test_private_addresses_are_refused_in_words(signed_in: Page) -> None:
    page = signed_in
    make(page, "private/", "http://10.255.255.1/in")
    page.get_by_role("button", name="Send it now").click()
    expect(result(page)).to_contain_text("It was not accepted")
    delete(page)


def test_the_life_of_a_webhook(signed_in: Page, other: Other) -> None:
    page = signed_in
    theme(page, "light")
    make(page, "life/", f"{other.url}/readings")
    page.get_by_role("button", name="Send it now").click()
    expect(result(page)).to_contain_text("It was accepted.")
    expect(result(page)).to_contain_text("<b>stored</b>")
    assert other.heard[0]["path"] == "/readings"
    page.get_by_label("JSON template").fill('{"v": "{{{PARTICLE_EVENT_VALUE}}}"}')
    expect(page.get_by_role("button", name="Send it now")).to_be_disabled()
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Saved. Deliveries begin anew.")).to_be_visible()

    other.status = 500
    form: dict[str, str | float | bool] = {"name": "life/door", "data": "open"}
    page.context.request.post("/console/v1/devices/events", form=form, headers=OWN)
    page.get_by_role("link", name="Deliveries").click()
    expect(page.get_by_role("rowheader", name="failed 500")).to_be_visible()
    assert json.loads(other.heard[-1]["body"]) == {"v": "open"}
    axe(page)
    picture(page, "integration-deliveries")
    page.get_by_role("button", name="life/door").first.click()
    sheet = page.get_by_role("dialog", name="Delivery")
    expect(sheet).to_contain_text('"v": "open"')
    expect(sheet).to_contain_text("HTTP 500")
    axe(page)
    other.status = 200
    sheet.get_by_role("button", name="Send it again").click()
    expect(page.get_by_text("Sent again, and accepted.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("rowheader", name="accepted 200")).to_be_visible()
    assert other.heard[-1]["body"] == other.heard[-2]["body"]

    page.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on")).to_be_visible()
    page.get_by_role("link", name="Integrations").first.click()
    row = page.get_by_role("row").filter(has_text="life/")
    expect(row).to_contain_text("off")
    axe(page)
    picture(page, "integrations")
    row.get_by_role("link").first.click()
    delete(page)
    expect(page.get_by_text("No webhook yet.")).to_be_visible()


def test_one_of_a_product(signed_in: Page) -> None:
    page = signed_in
    product = {"product": {"name": "Hooked lamp", "platform_id": 6}}
    made = page.context.request.post("/console/v1/user/products", data=product, headers=OWN).json()["product"]["id"]
    page.goto("/console/integrations/new")
    page.get_by_label("Belongs to").select_option("Product Hooked lamp")
    page.get_by_label("Events that begin with").fill("fleet/")
    page.get_by_label("Address", exact=True).fill("https://example.com/{{{PRODUCT_ID}}}")
    expect(preview(page)).to_contain_text(f"https://example.com/{made}")
    page.get_by_role("button", name="Create webhook").click()
    page.wait_for_url(f"**place=product%3A{made}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("fleet/")
    page.get_by_role("link", name="Integrations").first.click()
    expect(page.get_by_role("row").filter(has_text="fleet/")).to_contain_text("Product Hooked lamp")
    page.get_by_role("row").filter(has_text="fleet/").get_by_role("link").first.click()
    delete(page)


def test_webhooks_of_things_are_listed(signed_in: Page) -> None:
    page = signed_in
    thing = {"name": "Hooked thing", "webhook_uri": "https://example.com/thing"}
    made = page.context.request.put("/console/iot/v2/things", data=thing, headers=OWN).json()["id"]
    page.goto("/console/integrations")
    row = page.get_by_role("table", name="Webhooks of things").get_by_role("row").filter(has_text="Hooked thing")
    expect(row).to_contain_text("https://example.com/thing")
    page.context.request.delete(f"/console/iot/v2/things/{made}?force=true", headers=OWN)


def test_one_that_is_gone_is_said(signed_in: Page) -> None:
    signed_in.goto(f"/console/integrations/{'0' * 24}")
    expect(signed_in.get_by_role("alert")).to_contain_text("not found")


def test_the_list_shows_whether_it_is_on(signed_in: Page) -> None:
    page = signed_in
    host = "a-rather-long-host-name.example.org"
    hook = {"integration_type": "Webhook", "event": "beehive/temperature", "url": f"https://{host}/in/some/deep/path"}
    made = page.context.request.post("/console/v1/integrations", data=hook | {"requestType": "POST"}, headers=OWN)
    page.goto("/console/integrations")
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        state = page.get_by_role("row").filter(has_text="beehive").get_by_text("on", exact=True).bounding_box()
        frame = page.get_by_role("table", name="Webhooks", exact=True).locator("..").bounding_box()
        assert state
        assert frame
        assert state["x"] + state["width"] <= frame["x"] + frame["width"], size
    page.context.request.delete(f"/console/v1/integrations/{made.json()['id']}", headers=OWN)


def test_on_a_phone(signed_in: Page) -> None:
    page = signed_in
    theme(page, "light")
    page.set_viewport_size(PHONE)
    page.goto("/console/integrations")
    expect(page.get_by_text("No webhook yet.")).to_be_visible()
    assert overflow(page) == 0
    axe(page)
    page.goto("/console/integrations/new")
    page.get_by_label("Events that begin with").fill("temp")
    page.get_by_label("Address", exact=True).fill("https://example.com/a/long/address/that/does/not/fit/into/one/line")
    expect(preview(page)).to_contain_text("POST https://example.com")
    assert overflow(page) == 0
    axe(page)
    page.on("dialog", lambda dialog: dialog.accept())
