"""From the link in the terminal to the first live value, as somebody does it who has just installed the server."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.calls import panel
from tests.console.browser.conftest import window
from tests.console.browser.looking import PHONE, axe, overflow, picture
from tests.serving import ANY_PORTS

LINK = re.compile(r"(http://localhost:\d+)(/start/\w+)")
VALUE_PATIENCE = 60_000
"""Milliseconds from starting simulated boards to their first value; they send after some seconds on an idle machine."""


@pytest.fixture
def link(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and one-time link of a server that nobody has used."""
    flags = [part for name, port in ANY_PORTS.items() for part in (flag(name), port)]
    command = [sys.executable, "-m", "rookery", "serve", "--data-dir", str(tmp_path / "data"), *flags]
    process = subprocess.Popen(
        [*command, "--host", "127.0.0.1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        found = None
        for line in process.stdout:
            if found := LINK.search(line):
                break
        assert found, "the server printed no link"
        yield found[1], found[2]
    finally:
        process.terminate()
        process.stdout.close()
        process.wait()


def flag(setting: str) -> str:
    return "--" + setting.replace("_ports", "_port").replace("_", "-")


def test_from_the_link_to_the_first_value(chromium: Browser, link: tuple[str, str]) -> None:
    url, path = link
    with window(chromium, url) as page:
        page.goto(path)
        expect(page.get_by_role("heading", name="Welcome to Rookery")).to_be_visible()
        axe(page)
        picture(page, "start")
        page.get_by_label("Your name").fill("Ada Lindqvist")
        page.get_by_label("Password", exact=True).fill("short")
        expect(page.get_by_text("5 characters more.")).to_be_visible()
        expect(page.get_by_role("button", name="Create account")).to_be_disabled()
        page.get_by_label("Password", exact=True).fill("nest on the north wall")
        page.keyboard.press("Enter")
        names(page)
        certificate(page)
        boards(page)
        nobody_comes_in_twice(page, path)


def names(page: Page) -> None:
    expect(page.get_by_role("heading", name="How is this server reached?")).to_be_visible()
    axe(page)
    picture(page, "welcome-names")
    page.get_by_label("Further names").fill("rookery.home.example no_name!")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("no_name! is neither a host name nor an IP address.")).to_be_visible()
    axe(page)
    page.get_by_label("Further names").fill("rookery.home.example")
    page.get_by_role("button", name="Continue").click()


def certificate(page: Page) -> None:
    expect(page.get_by_role("heading", name="Let your devices trust it")).to_be_focused()
    axe(page)
    picture(page, "welcome-certificate")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the certificate").click()
    assert download.value.suggested_filename == "rookery-ca.crt"
    assert download.value.path().read_bytes()[0] == 0x30
    expect(page.locator(".welcome-address")).to_contain_text("https://rookery.home.example:")
    page.get_by_role("navigation", name="System").get_by_role("button", name="iPhone").click()
    expect(page.get_by_text("Certificate Trust Settings")).to_be_visible()
    page.get_by_text("Use a certificate of my own").click()
    for label in ("Certificate chain", "Private key"):
        page.get_by_label(label).set_input_files({"name": "a.pem", "mimeType": "text/plain", "buffer": b"no PEM"})
    page.get_by_role("button", name="Use this certificate").click()
    expect(page.get_by_role("alert")).to_contain_text("can not be used")
    page.set_viewport_size(PHONE)
    assert overflow(page) == 0
    page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("button", name="Continue").click()


def boards(page: Page) -> None:
    expect(page.get_by_role("heading", name="Bring in the first boards")).to_be_visible()
    axe(page)
    picture(page, "welcome-boards")
    page.get_by_role("button", name="Start boards").click()
    expect(page.locator(".welcome-value")).to_be_visible(timeout=VALUE_PATIENCE)
    axe(page)
    picture(page, "welcome-value")
    page.get_by_role("link", name="Go to Home").click()
    expect(page.locator(".home-tile").first).to_contain_text(re.compile(r"Boards online\s*[1-9]"))
    axe(page)
    picture(page, "home")
    values_of_both(page)
    page.goto("/console/welcome/boards")
    page.get_by_role("button", name="Remove these boards").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Boards of your own stay")
    axe(page)
    dialog.get_by_role("button", name="Remove these boards").click()
    expect(page.get_by_role("button", name="Start boards")).to_be_visible()


def values_of_both(page: Page) -> None:
    """A simulated board of each dialect is alive on its page."""
    rail = page.get_by_role("navigation", name="Main")
    table = page.get_by_role("table", name="Devices")
    online = table.get_by_role("row").filter(has_text="online")
    rail.get_by_role("link", name="Devices").click()
    page.get_by_label("Kind").select_option("arduino")
    online.filter(has_text="greenhouse").get_by_role("link").first.click()
    temperature = page.locator(".device-value").filter(has_text="temperature")
    expect(temperature).to_contain_text(re.compile(r"\d+(\.\d+)? °C"), timeout=VALUE_PATIENCE)
    before = temperature.locator(".device-value-now").inner_text()
    expect(temperature.locator(".device-value-now")).not_to_have_text(before, timeout=VALUE_PATIENCE)
    rail.get_by_role("link", name="Devices").click()
    page.get_by_label("Kind").select_option("particle")
    online.get_by_role("link").first.click(timeout=VALUE_PATIENCE)
    asked = panel(page, "Variables").get_by_role("listitem").filter(has_text="temperature")
    asked.get_by_role("button", name="Get").click()
    expect(asked.locator(".device-call-value output")).to_have_text(re.compile(r"\d"))


def nobody_comes_in_twice(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Go to sign-in").click()


def test_who_does_not_run_the_server_is_asked_for_no_names(
    page: Page, cloud: Sandbox, someone: Callable[[str], tuple[str, str]]
) -> None:
    email, password = someone("guest@example.com")
    page.goto("/console/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{cloud.http}/console/")
    expect(page.locator(".home-tile").first).to_contain_text("Boards online")
    expect(page.get_by_text("Storage used")).to_have_count(0)
    axe(page)
    page.goto("/console/welcome")
    expect(page.get_by_role("heading", name="Bring in the first boards")).to_be_visible()
    expect(page.get_by_role("list", name="Steps").get_by_role("listitem")).to_have_text(
        [re.compile("Account"), re.compile("Boards")]
    )
