"""API keys, access tokens and OAuth clients: made, shown once, used, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.conftest import sign_in, window
from tests.console.browser.looking import PHONE, axe, overflow, picture


@pytest.fixture
def asked(cloud: Sandbox) -> Iterator[httpx.Client]:
    """A program."""
    with httpx.Client(base_url=cloud.http, trust_env=False, timeout=30) as client:
        yield client


def shown(page: Page, label: str) -> str:
    """What the card with a secret says beside a word."""
    entry = page.locator(".secret-entry", has=page.get_by_text(label, exact=True))
    return entry.locator("code").inner_text()


def test_a_key_is_made_used_turned_off_and_deleted(signed_in: Page, asked: httpx.Client, tmp_path: Path) -> None:
    signed_in.goto("/console/keys")
    signed_in.get_by_role("button", name="Create key").first.click()
    sheet = signed_in.get_by_role("dialog")
    axe(signed_in)
    sheet.get_by_label("Name").fill("two words")
    expect(sheet).to_contain_text("no blanks")
    sheet.get_by_label("Name").fill("house-dashboard")
    sheet.get_by_role("button", name="Create key").click()
    expect(signed_in.get_by_role("heading", name="The secret of house-dashboard")).to_be_visible()
    axe(signed_in)
    picture(signed_in, "keys-secret")
    form = {
        "grant_type": "client_credentials",
        "client_id": shown(signed_in, "Client id"),
        "client_secret": shown(signed_in, "Client secret"),
    }
    assert asked.post("/iot/v1/clients/token", json=form).status_code == 200
    for button, ending in (("Text", ".txt"), ("PDF", ".pdf")):
        with signed_in.expect_download() as download:
            signed_in.locator(".secret").get_by_role("button", name=button).click()
        assert download.value.suggested_filename == f"rookery-key-house-dashboard{ending}"
        file = tmp_path / f"secret{ending}"
        download.value.save_as(file)
        assert form["client_secret"].encode() in file.read_bytes()
    signed_in.get_by_role("button", name="I have stored it").click()
    expect(signed_in.locator(".secret")).to_have_count(0)
    assert form["client_secret"] not in signed_in.content()

    row = signed_in.get_by_role("row").filter(has_text="house-dashboard")
    row.get_by_role("button", name="More for house-dashboard").click()
    signed_in.get_by_role("menuitem", name="Turn off").click()
    signed_in.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(row).to_contain_text("off")
    assert asked.post("/iot/v1/clients/token", json=form).status_code == 401

    row.get_by_role("button", name="More for house-dashboard").click()
    signed_in.get_by_role("menuitem", name="Delete").click()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_role("textbox").fill("house-dashboard")
    dialog.get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_who_leaves_a_secret_unstored_is_asked(signed_in: Page) -> None:
    signed_in.goto("/console/keys")
    signed_in.get_by_role("button", name="Create key").first.click()
    signed_in.get_by_role("dialog").get_by_label("Name").fill("careless")
    signed_in.get_by_role("dialog").get_by_role("button", name="Create key").click()
    expect(signed_in.locator(".secret")).to_be_visible()
    questions: list[str] = []

    def no(dialog: Dialog) -> None:
        questions.append(dialog.message)
        dialog.dismiss()

    signed_in.on("dialog", no)
    signed_in.get_by_role("navigation", name="Main").get_by_role("link", name="Devices").click()
    expect(signed_in.locator(".secret")).to_be_visible()
    assert len(questions) == 1
    assert signed_in.url.endswith("/console/keys")
    signed_in.get_by_role("button", name="I have stored it").click()
    signed_in.get_by_role("navigation", name="Main").get_by_role("link", name="Devices").click()
    expect(signed_in.get_by_role("heading", name="Devices", exact=True, level=1)).to_be_visible()
    assert len(questions) == 1


def test_a_token_is_made_used_and_revoked(signed_in: Page, asked: httpx.Client) -> None:
    signed_in.goto("/console/keys/tokens")
    expect(signed_in.get_by_role("row").filter(has_text="this browser")).to_have_count(1)
    signed_in.get_by_role("button", name="Create token").click()
    signed_in.get_by_role("dialog").get_by_label("Works for").select_option(label="one hour")
    signed_in.get_by_role("dialog").get_by_role("button", name="Create token").click()
    token = shown(signed_in, "Access token")
    signed_in.get_by_role("button", name="I have stored it").click()
    axe(signed_in)
    picture(signed_in, "keys-tokens")
    made = (
        signed_in.get_by_role("row")
        .filter(has_text="in 59 minutes")
        .or_(signed_in.get_by_role("row").filter(has_text="in an hour"))
    )
    expect(made.first).to_contain_text("never")
    headers = {"authorization": f"Bearer {token}"}
    assert asked.get("/v1/devices", headers=headers).status_code == 200
    assert asked.get("/iot/v2/things", headers=headers).status_code == 200
    signed_in.reload()
    expect(made.first).not_to_contain_text("never")
    made.first.get_by_role("button", name="Revoke").click()
    signed_in.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(signed_in.get_by_text("The token is revoked")).to_be_visible()
    assert asked.get("/v1/devices", headers=headers).status_code == 401


def test_an_oauth_client_is_registered_and_changed(signed_in: Page) -> None:
    signed_in.goto("/console/keys/clients")
    signed_in.get_by_role("button", name="Create client").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Name").fill("garden page")
    sheet.get_by_label("Web: a page").check()
    sheet.get_by_label("Address to come back to").fill("https://garden.example.org/in")
    axe(signed_in)
    sheet.get_by_role("button", name="Create client").click()
    assert len(shown(signed_in, "Client secret")) == 40
    signed_in.get_by_role("button", name="I have stored it").click()
    row = signed_in.get_by_role("row").filter(has_text="garden page")
    expect(row).to_contain_text("web")
    row.get_by_role("button", name="More for garden page").click()
    signed_in.get_by_role("menuitem", name="Change").click()
    sheet.get_by_label("Limited to").fill("devices:list")
    sheet.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("devices:list")
    row.get_by_role("button", name="More for garden page").click()
    signed_in.get_by_role("menuitem", name="Delete").click()
    signed_in.get_by_role("dialog").get_by_role("textbox").fill("garden page")
    signed_in.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(row).to_have_count(0)


def test_revoking_the_own_session_signs_out(chromium: Browser, cloud: Sandbox) -> None:
    with window(chromium, cloud.http) as page:
        sign_in(page.context, cloud.user.email, cloud.user.password)
        page.goto("/console/keys/tokens")
        row = page.get_by_role("row").filter(has_text="this browser")
        row.get_by_role("button", name="Revoke").click()
        expect(page.get_by_role("dialog")).to_contain_text("you will be signed out")
        page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        expect(page.get_by_label("Password", exact=True)).to_be_visible()


@pytest.mark.parametrize("path", ["/console/keys", "/console/keys/tokens", "/console/keys/clients"])
def test_on_a_phone_nothing_is_wider_than_the_window(signed_in: Page, path: str) -> None:
    signed_in.set_viewport_size(PHONE)
    signed_in.goto(path)
    expect(signed_in.get_by_role("heading", name="Keys", exact=True)).to_be_visible()
    signed_in.wait_for_load_state("networkidle")
    assert overflow(signed_in) == 0
    axe(signed_in)
