"""Settings: one's own account, and for those who run the server the rest of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.calls import panel
from tests.console.browser.conftest import sign_in, window
from tests.console.browser.looking import PHONE, axe, overflow, picture

Someone = Callable[[str], tuple[str, str]]
OWN = {"sec-fetch-site": "same-origin"}
PARTS = ["", "/organisations", "/people", "/certificates", "/server", "/backups", "/history", "/audit", "/about"]


def shown(page: Page, label: str) -> str:
    entry = page.locator(".secret-entry", has=page.get_by_text(label, exact=True))
    return entry.locator("code").inner_text()


def test_name_address_and_password_are_changed(chromium: Browser, cloud: Sandbox, someone: Someone) -> None:
    email, password = someone("dora@example.org")
    with window(chromium, cloud.http) as page:
        sign_in(page.context, email, password)
        page.goto("/console/settings")
        page.get_by_label("Name").fill("Dora <b>D.</b>")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name="Account: Dora <b>D.</b>")).to_be_visible()
        page.get_by_label("E-mail address").fill("dora@example.com")
        page.get_by_label("Your password, to be sure").fill("not this one")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_be_visible()
        page.get_by_label("Your password, to be sure").fill(password)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("Your password, to be sure")).to_have_count(0)
        part = panel(page, "Password")
        part.get_by_label("The password of now").fill(password)
        part.get_by_label("A new password").fill("short")
        part.get_by_role("button", name="Change password").click()
        expect(part.get_by_role("alert")).to_contain_text("at least 10")
        part.get_by_label("A new password").fill("a nest of dry grass")
        part.get_by_role("button", name="Change password").click()
        expect(page.get_by_text("Your password is changed")).to_be_visible()
        # Whoever does not run the server sees nothing of it.
        for name in ("People", "Server", "Backups", "Certificates"):
            expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
        axe(page)
    with window(chromium, cloud.http) as page:
        page.goto("/console/")
        page.get_by_label("E-mail").fill("dora@example.com")
        page.get_by_label("Password", exact=True).fill("a nest of dry grass")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


def test_a_second_factor_is_set_up_used_and_taken_away(chromium: Browser, cloud: Sandbox, someone: Someone) -> None:
    email, password = someone("emil@example.org")
    with window(chromium, cloud.http) as page:
        sign_in(page.context, email, password)
        page.goto("/console/settings")
        page.get_by_role("button", name="Set up a second factor").click()
        page.get_by_role("dialog").get_by_label("Your password").fill(password)
        page.get_by_role("dialog").get_by_role("button", name="Next").click()
        picture_of_code = page.get_by_role("img", name="A QR code")
        expect(picture_of_code).to_be_visible()
        assert picture_of_code.evaluate("image => image.naturalWidth") > 100
        axe(page)
        seed = panel(page, "Second factor").locator("pre").inner_text().replace(" ", "").strip()
        page.get_by_label("The code that the app shows now").fill(pyotp.TOTP(seed).now())
        page.get_by_role("button", name="Turn on").click()
        recovery = shown(page, "Recovery code")
        page.get_by_role("button", name="I have stored it").click()
        expect(page.get_by_text("asks for a code of your authenticator app")).to_be_visible()
    with window(chromium, cloud.http) as page:
        page.goto("/console/")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
        code = page.locator("form input").first
        expect(page.get_by_label("Password", exact=True)).to_have_count(0)
        code.fill("000000")
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("alert")).to_be_visible()
        axe(page)
        picture(page, "sign-in-otp")
        code.fill(recovery)
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("heading", name="Home", level=1)).to_be_visible()


def test_somebody_is_invited_uses_the_link_and_is_removed(chromium: Browser, cloud: Sandbox, signed_in: Page) -> None:
    signed_in.goto("/console/settings/people")
    signed_in.get_by_role("button", name="Add person").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("E-mail address").fill("no address")
    sheet.get_by_role("button", name="Add person").click()
    sheet.get_by_label("E-mail address").fill("fred@example.org")
    sheet.get_by_label("Name", exact=True).fill("Fred")
    axe(signed_in)
    sheet.get_by_role("button", name="Add person").click()
    link = shown(signed_in, "Link")
    signed_in.get_by_role("button", name="I have stored it").click()
    row = signed_in.get_by_role("row").filter(has_text="fred@example.org")
    expect(row).to_contain_text("has not used the link yet")
    axe(signed_in)
    picture(signed_in, "settings-people")
    with window(chromium, cloud.http) as page:
        page.goto("/start/" + link.rpartition("/")[2])
        page.get_by_label("Password", exact=True).fill("feathers and mud")
        page.locator("button[type=submit]").click()
        expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    signed_in.reload()
    expect(row).not_to_contain_text("has not used the link yet")
    row.get_by_role("button", name="More for").click()
    signed_in.get_by_role("menuitem", name="Delete account").click()
    dialog = signed_in.get_by_role("dialog")
    expect(dialog).to_contain_text("This can not be undone")
    dialog.get_by_role("textbox").fill("fred@example.org")
    dialog.get_by_role("button", name="Delete account").click()
    expect(row).to_have_count(0)


def test_the_card_of_a_link_is_whole_on_a_phone(signed_in: Page) -> None:
    signed_in.set_viewport_size(PHONE)
    signed_in.goto("/console/settings/people")
    signed_in.get_by_role("button", name="Add person").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("E-mail address").fill("somebody.with.a.very.long.address@subdomain.example.org")
    sheet.locator("button[type=submit]").click()
    head = signed_in.locator(".secret-head")
    expect(head).to_be_visible()
    assert head.evaluate("(head) => head.scrollWidth <= head.clientWidth")
    signed_in.get_by_role("button", name="I have stored it").click()


def test_an_organisation_and_its_members(signed_in: Page, someone: Someone) -> None:
    email, _ = someone("gina@example.org")
    signed_in.goto("/console/settings/organisations")
    signed_in.get_by_role("button", name="Create organisation").first.click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("Name").fill("School of the north")
    sheet.get_by_role("button", name="Create organisation").click()
    members = signed_in.get_by_role("table", name="Members of School of the north")
    expect(members.get_by_role("row")).to_have_count(2)
    signed_in.get_by_role("button", name="Add member").click()
    sheet.get_by_label("E-mail address").fill(email)
    sheet.get_by_label("Viewer: looks").check()
    sheet.get_by_role("button", name="Add member").click()
    row = members.get_by_role("row").filter(has_text=email)
    expect(row).to_contain_text("Viewer")
    axe(signed_in)
    picture(signed_in, "settings-organisations")
    row.get_by_role("button", name="Role").click()
    sheet.get_by_label("Editor: makes").check()
    sheet.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("Editor")
    row.get_by_role("button", name=f"Remove {email}").click()
    signed_in.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)


def test_settings_of_the_server_are_found_changed_and_taken_back(own_cloud: Sandbox, chromium: Browser) -> None:
    with window(chromium, own_cloud.http) as page:
        sign_in_owner(page, own_cloud)
        page.goto("/console/settings/server")
        page.get_by_label("Search settings").fill("keep_events")
        row = page.locator(".settings-list li").filter(has_text="keep_events_days")
        expect(page.locator(".settings-list li")).to_have_count(1)
        row.get_by_role("button", name="Change").click()
        sheet = page.get_by_role("dialog")
        sheet.get_by_label("keep_events_days").fill("-5")
        sheet.get_by_role("button", name="Save").click()
        expect(sheet.get_by_role("alert")).to_contain_text("keep_events_days")
        sheet.get_by_label("keep_events_days").fill("90")
        axe(page)
        sheet.get_by_role("button", name="Save").click()
        expect(row).to_contain_text("90 days")
        expect(row).to_contain_text("after a restart")
        assert "keep_events_days = 90" in (own_cloud.data_dir / "rookery.toml").read_text()
        row.get_by_role("button", name="Change").click()
        sheet.get_by_role("button", name="Back to the default").click()
        expect(row).not_to_contain_text("90 days")
        page.get_by_label("Search settings").fill("")
        axe(page)
        picture(page, "settings-server")

        page.goto("/console/settings/certificates")
        page.get_by_label("Host names").fill("cloud.example.org")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("the certificate is made anew")).to_be_visible()
        expect(panel(page, "Certificate of this server")).to_contain_text("mqtts-up.cloud.example.org")
        for button, ending in (("PEM", b"-----BEGIN"), ("CRT", b"\x30\x82")):
            with page.expect_download() as download:
                page.get_by_role("link", name=button).click()
            assert Path(download.value.path()).read_bytes().startswith(ending)
        axe(page)
        picture(page, "settings-certificates")

        page.goto("/console/settings/backups")
        page.get_by_role("button", name="Back up now").click()
        expect(page.get_by_role("table", name="Backups").get_by_role("row")).to_have_count(2)
        with page.expect_download() as download:
            page.get_by_role("link", name="Download").click()
        assert Path(download.value.path()).read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
        axe(page)
        picture(page, "settings-backups")

        page.goto("/console/settings/audit")
        table = page.get_by_role("table", name="Audit log")
        expect(table).to_contain_text(own_cloud.user.email)
        made = page.context.request.put("/console/iot/v1/clients", data={"name": "export"}, headers=OWN).json()
        page.reload()
        key = table.get_by_role("row").filter(has_text="Create an API key")
        expect(key).to_contain_text("export")
        expect(key).not_to_contain_text(made["id"])
        axe(page)
        picture(page, "settings-audit")


def test_how_long_history_is_kept(signed_in: Page) -> None:
    signed_in.goto("/console/settings/history")
    row = signed_in.locator(".settings-list li").filter(has_text="Vitals")
    expect(row).to_contain_text("for ever")
    row.get_by_role("button", name="Change").click()
    sheet = signed_in.get_by_role("dialog")
    sheet.get_by_label("a number of days").check()
    sheet.get_by_label("Days", exact=True).last.fill("30")
    axe(signed_in)
    sheet.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("30 days")
    row.get_by_role("button", name="Change").click()
    sheet.get_by_label("as the server has it").check()
    sheet.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("as the server has it: for ever")
    picture(signed_in, "settings-history")


@pytest.mark.parametrize("part", PARTS)
def test_on_a_phone_nothing_is_wider_than_the_window(signed_in: Page, part: str) -> None:
    signed_in.set_viewport_size(PHONE)
    signed_in.goto(f"/console/settings{part}")
    expect(signed_in.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    signed_in.wait_for_load_state("networkidle")
    assert overflow(signed_in) == 0
    axe(signed_in)


def sign_in_owner(page: Page, cloud: Sandbox) -> None:
    sign_in(page.context, cloud.user.email, cloud.user.password)
