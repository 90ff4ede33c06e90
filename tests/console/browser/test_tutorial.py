"""The whole tutorial, walked: every step of both tracks sends its requests and shows what comes back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, Page, Response, expect

from rookery.testing.sandbox import Sandbox
from tests.console.browser.conftest import sign_in, window
from tests.console.browser.looking import PHONE, axe, overflow, picture, theme

Row = tuple[str, str, int]
"""Step, way ("" for the first), and the status that is wanted."""

PARTICLE: tuple[Row, ...] = (
    ("devices", "", 200),
    ("devices", "without", 400),
    ("device", "", 200),
    ("variable", "", 200),
    ("variable", "raw", 200),
    ("function", "", 200),
    ("function", "form", 200),
    ("three-ways", "", 200),
    ("three-ways", "form", 200),
    ("three-ways", "query", 200),
    ("rename", "", 200),
    ("ping", "", 200),
    ("notes", "", 200),
    ("notes", "read", 200),
    ("vitals", "", 202),
    ("vitals", "history", 200),
    ("vitals", "csv", 200),
    ("publish", "", 200),
    ("product", "", 200),
    ("product", "list", 200),
    ("product-client", "", 200),
    ("product-token", "", 200),
    ("who-may", "", 200),
    ("who-may", "product", 200),
    ("who-may", "elsewhere", 403),
    ("import", "", 200),
    ("import", "list", 200),
    ("product-call", "", 200),
    ("product-call", "function", 200),
    ("product-call", "publish", 200),
    ("customer", "", 201),
    ("customer", "list", 200),
    ("claim-code", "", 200),
    ("customer-token", "", 200),
    ("claim", "", 200),
    ("claim", "claim", 200),
    ("claim", "look", 200),
    ("customer-call", "", 200),
    ("customer-call", "variable", 200),
    ("customer-call", "function", 200),
    ("customer-call", "refused", 403),
)
TIDY: tuple[Row, ...] = (
    ("tidy", "", 200),
    ("tidy", "take", 200),
    ("tidy", "remove", 204),
    ("tidy", "customer", 200),
    ("tidy", "client", 204),
    ("tidy", "product", 204),
)
ARDUINO: tuple[Row, ...] = (
    ("devices", "", 200),
    ("things", "", 200),
    ("things", "without", 401),
    ("create", "", 201),
    ("properties", "", 200),
    ("publish", "", 200),
    ("last", "", 200),
    ("batch", "", 200),
    ("series", "", 200),
    ("series", "bins", 200),
    ("series", "last", 200),
    ("mqtt", "", 200),
)


@pytest.fixture
def own_boards(signed_in: Page, boards: list[dict[str, Any]]) -> Iterator[Page]:
    """Signed in, with simulated boards of both kinds, which other tests find as they were."""
    assert {each["dialect"] for each in boards} == {"arduino", "particle"}
    yield signed_in
    own = {"sec-fetch-site": "same-origin"}
    for board in boards:
        if board["dialect"] == "particle":
            named = {"name": board["name"], "notes": None}
            answer = signed_in.context.request.put(f"/console/v1/devices/{board['id']}", data=named, headers=own)
            assert answer.ok, answer.text()


def step(page: Page, track: str, id: str, way: str = "") -> None:
    """Go to a step as its link does, so that what is in memory stays."""
    here = f"/console/tutorial/{track}/{id}"
    page.locator(f'.tutorial-steps a[href="{here}"]').click()
    expect(page.locator('.tutorial-steps [aria-current="step"]')).to_have_attribute("href", here)
    if way:
        page.evaluate(
            """way => { const to = document.createElement('a'); to.href = location.pathname + '?way=' + way;
                document.body.append(to); to.click(); to.remove(); }""",
            way,
        )
        page.wait_for_url(f"**{here}?way={way}")


def send(page: Page) -> int:
    """Press the button, and the status that comes back for the request that is shown."""
    method, url = page.get_by_role("region", name="Request").locator("pre").first.inner_text().split()[:2]
    path = urlsplit(url).path

    def is_it(answer: Response) -> bool:
        return (answer.request.method, urlsplit(answer.url).path) == (method, path)

    with page.expect_response(is_it) as came:
        page.locator(".tutorial-send .button-primary").click()
    status = came.value.status
    expect(page.locator(".tutorial-facts")).to_contain_text(str(status))
    return status


def reply(page: Page) -> Any:
    return page.get_by_role("region", name="Reply").first


def walk(page: Page, track: str, rows: tuple[Row, ...]) -> None:
    for id, way, wanted in rows:
        step(page, track, id, way)
        assert send(page) == wanted, (id, way, reply(page).inner_text())
        told = page.locator(".tutorial-meaning-bad")
        assert told.count() == 0, (id, way, told.all_inner_texts())


def begin(page: Page, track: str) -> None:
    """Open the track, and get a token with what the page makes for it."""
    theme(page, "light")
    page.goto(f"/console/tutorial/{track}")
    page.locator(".tutorial-make button").click()
    expect(page.get_by_text("Made. Id and secret are filled in.")).to_be_visible()
    assert send(page) == 200


def test_the_particle_track_is_walked(own_boards: Page) -> None:
    page = own_boards
    begin(page, "particle")
    picture(page, "tutorial-token")
    walk(page, "particle", PARTICLE)
    step(page, "particle", "stream")
    send(page)
    page.get_by_role("button", name="Publish an event now").click()
    expect(reply(page)).to_contain_text("event: tutorial/hello")
    step(page, "particle", "product-stream")
    send(page)
    page.get_by_role("button", name="Let the customer publish").click()
    expect(reply(page)).to_contain_text('"productID":')
    page.get_by_role("button", name="Close the stream").click()
    expect(page.get_by_role("button", name="Open the stream")).to_be_visible()
    walk(page, "particle", TIDY)
    expect(page.locator(".tutorial-steps .tutorial-progress")).to_have_text("25 of 25 done")
    picture(page, "tutorial-done")


def test_the_arduino_track_is_walked(own_boards: Page) -> None:
    page = own_boards
    begin(page, "arduino")
    walk(page, "arduino", ARDUINO)
    expect(page.locator(".tutorial-live")).to_contain_text("temperature =")
    expect(page.locator(".tutorial-live code").first).to_have_text("21.5")
    picture(page, "tutorial-mqtt")
    walk(page, "arduino", (("tidy", "", 200), ("tidy", "key", 200)))
    expect(page.locator(".tutorial-steps .tutorial-progress")).to_have_text("11 of 11 done")


def test_a_password_does_as_well(signed_in: Page, cloud: Sandbox) -> None:
    page = signed_in
    page.goto("/console/tutorial/particle/token?way=password")
    page.get_by_label("Password", exact=True).fill(cloud.user.password or "")
    expect(page.get_by_label("E-mail")).to_have_value(cloud.user.email)
    assert send(page) == 200
    page.get_by_label("Password", exact=True).fill("something else")
    assert send(page) == 400
    expect(page.locator(".tutorial-meaning-bad")).to_contain_text("E-mail or password is wrong")


def test_simulated_boards_are_started_from_here(chromium: Browser, own_cloud: Sandbox) -> None:
    with window(chromium, own_cloud.http) as page:
        sign_in(page.context, own_cloud.user.email, own_cloud.user.password)
        begin(page, "particle")
        step(page, "particle", "devices")
        assert send(page) == 200
        expect(page.locator(".tutorial-meaning")).to_contain_text("no board is yours yet")
        axe(page)
        page.get_by_role("button", name="Start simulated boards").click()
        expect(page.get_by_text("No board of yours is connected.")).to_be_hidden(timeout=90_000)
        step(page, "particle", "variable")
        expect(page.get_by_label("Variable").locator("option")).not_to_have_count(0)
        assert send(page) == 200


def test_a_second_factor_is_asked_for(
    chromium: Browser, cloud: Sandbox, someone: Callable[[str], tuple[str, str]]
) -> None:
    email, password = someone("tutorial-mfa@example.com")
    with window(chromium, cloud.http) as page:
        sign_in(page.context, email, password)
        own = {"sec-fetch-site": "same-origin"}
        begun = page.context.request.get("/console/v1/user/mfa-enable", headers=own).json()
        totp = pyotp.parse_uri(begun["qr_url"])
        assert isinstance(totp, pyotp.TOTP)
        now = datetime.now(UTC)
        code = {"mfa_token": begun["mfa_token"], "otp": totp.at(now)}
        assert page.context.request.post("/console/v1/user/mfa-enable", form=code, headers=own).ok
        page.goto("/console/tutorial/particle/token?way=password")
        page.get_by_label("Password", exact=True).fill(password)
        with page.expect_response("**/oauth/token") as came:
            page.locator(".tutorial-send .button-primary").click()
        assert came.value.status == 403
        page.wait_for_url("**?way=otp")
        # A code is good once: the next one, which the server takes half a minute early.
        page.get_by_label("Code of your second factor").fill(totp.at(now + timedelta(seconds=30)))
        assert send(page) == 200
        step(page, "particle", "devices")
        assert send(page) == 200


def test_a_token_of_five_minutes_is_renewed(signed_in: Page) -> None:
    page = signed_in
    begin(page, "arduino")
    page.evaluate("() => { const real = Date.now; Date.now = () => real() + 290_000; }")
    step(page, "arduino", "devices")
    with page.expect_request("**/iot/v1/clients/token"):
        page.locator(".tutorial-send .button-primary").click()
    expect(page.locator(".tutorial-facts")).to_contain_text("200")


def test_a_server_that_is_away_is_said(signed_in: Page) -> None:
    page = signed_in
    begin(page, "particle")
    step(page, "particle", "devices")
    page.route("**/v1/devices/", lambda route: route.abort())
    page.locator(".tutorial-send .button-primary").click()
    expect(page.locator(".tutorial-meaning-bad")).to_contain_text("No answer came.")


@pytest.mark.parametrize("language", ["curl", "Python", "JavaScript", "Go"])
def test_the_same_call_in_four_languages(signed_in: Page, language: str) -> None:
    page = signed_in
    begin(page, "particle")
    step(page, "particle", "devices")
    page.get_by_role("group", name="The same in your language").get_by_role("button", name=language).click()
    code = page.locator(".tutorial-code pre")
    expect(code).to_contain_text("/v1/devices/")
    expect(code).to_contain_text("…")
    page.get_by_role("button", name="Show secrets").click()
    expect(code).not_to_contain_text("…")


def test_what_is_shown_as_curl_runs(signed_in: Page) -> None:
    page = signed_in
    begin(page, "particle")
    step(page, "particle", "devices")
    page.get_by_role("button", name="Show secrets").click()
    command = page.locator(".tutorial-code pre").inner_text()
    assert command.startswith("curl ")
    ran = subprocess.run(["sh", "-c", f"{command} --noproxy '*' -sS"], capture_output=True, text=True, timeout=60)
    assert ran.stdout.startswith("["), ran.stdout + ran.stderr


def test_nothing_secret_is_in_the_page_until_it_is_asked_for(signed_in: Page) -> None:
    page = signed_in
    begin(page, "particle")
    secret = page.get_by_label("Client secret").input_value()
    assert len(secret) == 40
    assert secret not in page.locator(".tutorial-main").inner_text()
    assert secret not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    page.get_by_role("button", name="Show secrets").click()
    assert secret in page.locator(".tutorial-main").inner_text()
    page.reload()
    expect(page.get_by_label("Client secret")).to_have_value("")


def test_what_lacks_is_said_with_a_way_to_it(signed_in: Page) -> None:
    page = signed_in
    page.goto("/console/tutorial/particle/claim-code")
    expect(page.get_by_role("note")).to_contain_text("An earlier step brings what this one needs")
    expect(page.locator(".tutorial-send .button-primary")).to_be_disabled()
    page.get_by_role("note").get_by_role("link", name="Create a customer").click()
    expect(page.get_by_role("heading", level=2, name="Create a customer")).to_be_visible()


def test_a_step_that_is_none_leads_to_the_first(signed_in: Page) -> None:
    signed_in.goto("/console/tutorial/particle/nothing")
    signed_in.wait_for_url("**/console/tutorial/particle/token")


def test_it_is_accessible_and_fits_a_phone(signed_in: Page) -> None:
    page = signed_in
    begin(page, "particle")
    axe(page)
    page.set_viewport_size(PHONE)
    assert overflow(page) == 0
    axe(page)
    page.locator(".tutorial-steps-small summary").click()
    page.locator(".tutorial-steps-small").get_by_role("link", name="List your boards").click()
    expect(page.get_by_role("heading", level=2, name="List your boards")).to_be_visible()
