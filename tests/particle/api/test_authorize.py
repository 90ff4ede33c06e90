"""The web login: a browser goes through it, and what a stranger may try."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from rookery.core.records import ClientKind
from rookery.particle.api.authorize import COOKIE, PAGE_LIFETIME
from rookery.particle.api.authorize_pages import login_page, otp_page, refusal_page
from tests.particle.api.programs import ALIEN, BACK, EMAIL, PASSWORD, Programs, programs_of

PATH = "/oauth/authorize"
KIM = {"username": "kim@example.org", "password": "kims password"}
OWNER = {"username": EMAIL, "password": PASSWORD}


@pytest.fixture
async def programs() -> AsyncIterator[Programs]:
    async with programs_of() as made:
        yield made


def asked(programs: Programs, kind: str = "web", **more: str) -> dict[str, str]:
    """What a program sends a browser with."""
    client_id = programs.auth(kind)[0]
    return {"client_id": client_id, "response_type": "code", "redirect_uri": BACK, **more}


async def open_page(programs: Programs, kind: str = "web", **more: str) -> str:
    """The sealed part of the page; the cookie is in the client of the world."""
    answer = await programs.world.http.get(PATH, params=asked(programs, kind, **more))
    assert answer.status_code == 200
    return form_of(answer)


def form_of(answer: httpx.Response) -> str:
    match = re.search(r'name="form" value="([^"]+)"', answer.text)
    assert match is not None
    return html.unescape(match[1])


async def send(programs: Programs, form: str, **fields: str) -> httpx.Response:
    headers = {"origin": "http://rookery.test"}
    return await programs.world.http.post(PATH, data={"form": form, **fields}, headers=headers)


def query_of(answer: httpx.Response) -> dict[str, str]:
    """The parameters that the browser takes back."""
    assert answer.status_code == 302
    parts = urlsplit(answer.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == BACK
    return {name: values[0] for name, values in parse_qs(parts.query).items()}


async def test_a_customer_comes_back_with_a_code(programs: Programs) -> None:
    form = await open_page(programs, state="a&b=c")
    answer = await send(programs, form, **KIM)
    query = query_of(answer)
    assert set(query) == {"code", "state"}
    assert query["state"] == "a&b=c"
    assert answer.headers["cache-control"] == "no-store"
    token = await programs.ask("web", grant_type="authorization_code", code=query["code"], redirect_uri=BACK)
    shown = await programs.world.call("GET", "/v1/user", token=token.json()["access_token"])
    assert shown.json()["username"] == "kim@example.org"


async def test_or_with_a_token(programs: Programs) -> None:
    form = await open_page(programs, "simple_web", response_type="token")
    answer = await send(programs, form, **KIM)
    assert answer.status_code == 302
    match = re.fullmatch(re.escape(BACK) + "#token=([0-9a-f]{40})", answer.headers["location"])
    assert match is not None
    current = (await programs.world.call("GET", "/v1/access_tokens/current", token=match[1])).json()
    assert current["client_id"] == programs.auth("simple_web")[0]


async def test_the_state_comes_back_with_a_token_too(programs: Programs) -> None:
    form = await open_page(programs, response_type="token", state="x y")
    assert (await send(programs, form, **KIM)).headers["location"].endswith("&state=x+y")


async def test_a_person_logs_in_to_a_program_of_a_person(programs: Programs) -> None:
    query = query_of(await send(programs, await open_page(programs, "account_web"), **OWNER))
    auth = programs.auth("account_web")
    fields = {"grant_type": "authorization_code", "code": query["code"], "redirect_uri": BACK}
    token = await programs.world.http.post("/oauth/token", data=fields, auth=auth)
    shown = await programs.world.call("GET", "/v1/user", token=token.json()["access_token"])
    assert shown.json()["username"] == EMAIL


@pytest.mark.parametrize(("kind", "who"), [("web", OWNER), ("account_web", KIM)])
async def test_the_others_do_not(programs: Programs, kind: str, who: dict[str, str]) -> None:
    answer = await send(programs, await open_page(programs, kind), **who)
    assert answer.status_code == 400
    assert "User credentials are invalid" in answer.text


async def test_a_wrong_password_may_be_followed_by_the_right_one(programs: Programs) -> None:
    form = await open_page(programs)
    answer = await send(programs, form, username="kim@example.org", password="wrong")
    assert answer.status_code == 400
    assert 'value="kim@example.org"' in answer.text
    assert "wrong" not in re.findall(r'value="([^"]*)"', answer.text)
    assert "code" in query_of(await send(programs, form_of(answer), **KIM))


async def test_whoever_denies_goes_back_empty_handed(programs: Programs) -> None:
    answer = await send(programs, await open_page(programs, state="s"), deny="1", **KIM)
    assert query_of(answer) == {
        "error": "access_denied",
        "error_description": "The user denied access to your application",
        "code": "403",
        "state": "s",
    }


class TestSecondFactor:
    async def test_it_is_asked_for_in_the_page(self, programs: Programs) -> None:
        secret, _ = await programs.enrol()
        page = await send(programs, await open_page(programs, "account_web", state="s"), **OWNER)
        assert page.status_code == 200
        assert "one-time password" in page.text
        wrong = await send(programs, form_of(page), otp="000 000")
        assert wrong.status_code == 400
        assert "Invalid OTP" in wrong.text
        query = query_of(await send(programs, form_of(wrong), otp=programs.code(secret)))
        assert set(query) == {"code", "state"}
        again = await send(programs, form_of(wrong), otp=programs.code(secret))
        assert again.status_code == 400

    async def test_a_recovery_code_does_as_well(self, programs: Programs) -> None:
        _, recovery = await programs.enrol()
        page = await send(programs, await open_page(programs, "account_web"), **OWNER)
        assert "code" in query_of(await send(programs, form_of(page), otp=recovery))

    async def test_the_password_alone_is_not_enough(self, programs: Programs) -> None:
        await programs.enrol()
        form = await open_page(programs, "account_web")
        await send(programs, form, **OWNER)
        answer = await send(programs, form, **OWNER, otp="123456")
        assert answer.status_code == 200
        assert "location" not in answer.headers


SHOWN = [
    ("no client", {"client_id": ""}, "Client credentials are invalid"),
    ("an unknown client", {"client_id": "nobody-1"}, "Client credentials are invalid"),
    ("a public client", {"client_id": "particle"}, "Client credentials are invalid"),
    ("no address", {"redirect_uri": ""}, "Invalid or missing redirect_uri parameter"),
    ("another address", {"redirect_uri": "https://evil.example.net/"}, "redirect_uri does not match"),
    ("a longer address", {"redirect_uri": BACK + "/x"}, "redirect_uri does not match"),
    ("a fragment", {"redirect_uri": BACK + "#x"}, "redirect_uri does not match"),
    ("an endless state", {"state": "x" * 2_001}, "state has more than 2000 characters"),
]


@pytest.mark.parametrize(("change", "words"), [c[1:] for c in SHOWN], ids=[c[0] for c in SHOWN])
async def test_some_mistakes_are_shown_and_lead_nowhere(programs: Programs, change: dict[str, str], words: str) -> None:
    answer = await programs.world.http.get(PATH, params=asked(programs) | change)
    assert answer.status_code == 400
    assert words in answer.text
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers


async def test_an_installed_client_has_no_page(programs: Programs) -> None:
    answer = await programs.world.http.get(PATH, params=asked(programs, "server"))
    assert (answer.status_code, "location" in answer.headers) == (400, False)


TOLD: list[tuple[str, str, dict[str, str], str]] = [
    ("no type", "web", {"response_type": ""}, "unsupported_response_type"),
    ("another type", "web", {"response_type": "password"}, "unsupported_response_type"),
    ("a limit that there is not", "web", {"scope": "devices:list"}, "invalid_scope"),
    ("a client that may not", "account_limited", {}, "unauthorized_client"),
]


@pytest.mark.parametrize(("kind", "change", "error"), [c[1:] for c in TOLD], ids=[c[0] for c in TOLD])
async def test_others_are_told_to_the_program(
    programs: Programs, kind: str, change: dict[str, str], error: str
) -> None:
    answer = await programs.world.http.get(PATH, params=asked(programs, kind, state="s") | change)
    query = query_of(answer)
    assert (query["error"], query["code"], query["state"]) == (error, "400", "s")
    assert query["error_description"]


class TestPage:
    async def test_headers(self, programs: Programs) -> None:
        answer = await programs.world.http.get(PATH, params=asked(programs))
        policy = answer.headers["content-security-policy"]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in policy
        assert "form-action 'self' https://app.example.org;" in policy
        assert "frame-ancestors 'none'" in policy
        assert (answer.headers["cache-control"], answer.headers["x-frame-options"]) == ("no-store", "DENY")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/oauth/authorize" in cookie
        assert "Secure" not in cookie

    async def test_nothing_comes_from_elsewhere(self, programs: Programs) -> None:
        text = (await programs.world.http.get(PATH, params=asked(programs))).text
        assert "<script" not in text
        assert re.findall(r"(?:src|href)=|url\(|@import", text) == []

    async def test_names_are_text(self) -> None:
        nasty = "<script>\"'&"
        for page in (login_page(nasty, nasty, nasty, nasty), otp_page(nasty, nasty, nasty), refusal_page(nasty)):
            assert "<script" not in page
            assert nasty not in page

    @pytest.mark.parametrize(
        ("address", "origin"),
        [("http://[::1]:3000/x", "http://[::1]:3000"), ("com.example.app:/back?x=1", "com.example.app:")],
    )
    async def test_the_policy_knows_where_it_may_lead(self, programs: Programs, address: str, origin: str) -> None:
        oauth = programs.world.services.oauth
        client, _ = await oauth.create(programs.world.person.id, "app", ClientKind.WEB, redirect_uri=address)
        params = {"client_id": client.id, "response_type": "code", "redirect_uri": address}
        answer = await programs.world.http.get(PATH, params=params)
        assert f"form-action 'self' {origin};" in answer.headers["content-security-policy"]
        back = (await send(programs, form_of(answer), **OWNER)).headers["location"]
        assert back.startswith(address + ("&" if "?" in address else "?") + "code=")

    async def test_a_cookie_over_tls_stays_there(self, programs: Programs) -> None:
        http = programs.world.http
        answer = await http.get("https://rookery.test" + PATH, params=asked(programs))
        assert "; Secure" in answer.headers["set-cookie"]

    async def test_head_is_answered(self, programs: Programs) -> None:
        answer = await programs.world.http.head(PATH, params=asked(programs))
        assert (answer.status_code, answer.content) == (200, b"")


class TestForgery:
    async def refused(self, answer: httpx.Response, status: int = 400) -> None:
        assert (answer.status_code, "location" in answer.headers) == (status, False)

    async def test_a_form_of_another_site(self, programs: Programs) -> None:
        form = await open_page(programs)
        data = {"form": form, **KIM}
        for origin in ("https://evil.example.net", "null", "http://rookery.test.evil.example.net"):
            answer = await programs.world.http.post(PATH, data=data, headers={"origin": origin})
            await self.refused(answer, 403)

    async def test_a_form_that_another_browser_was_shown(self, programs: Programs) -> None:
        form = await open_page(programs)
        programs.world.http.cookies.clear()
        await self.refused(await send(programs, form, **KIM))
        programs.world.http.cookies.set(COOKIE, "x" * 32, path=PATH)
        await self.refused(await send(programs, form, **KIM))

    async def test_two_pages_of_one_browser_both_work(self, programs: Programs) -> None:
        forms = [await open_page(programs), await open_page(programs, "account_web")]
        assert "code" in query_of(await send(programs, forms[0], **KIM))
        assert "code" in query_of(await send(programs, forms[1], **OWNER))

    @pytest.mark.parametrize(
        "change", [lambda f: "", lambda f: f[:-4], lambda f: f[::-1], lambda f: "é", lambda f: "A" * 64]
    )
    async def test_a_form_that_was_changed(self, programs: Programs, change: Any) -> None:
        form = await open_page(programs)
        await self.refused(await send(programs, change(form), **KIM))

    async def test_parameters_beside_the_sealed_ones_do_not_count(self, programs: Programs) -> None:
        form = await open_page(programs)
        answer = await send(programs, form, **KIM, redirect_uri="https://evil.example.net/", state="x")
        assert set(query_of(answer)) == {"code"}

    async def test_a_page_that_was_open_too_long(self, programs: Programs) -> None:
        form = await open_page(programs)
        programs.world.clock.turn(PAGE_LIFETIME)
        await self.refused(await send(programs, form, **KIM))

    async def test_a_client_that_is_gone(self, programs: Programs) -> None:
        form = await open_page(programs)
        await programs.world.services.oauth.delete(programs.clients["web"][0])
        await self.refused(await send(programs, form, **KIM))

    async def test_what_was_sealed_for_something_else(self, programs: Programs) -> None:
        await open_page(programs)
        other = programs.world.services.sealed.seal(b"{}", "otp/x")
        await self.refused(await send(programs, base64.urlsafe_b64encode(other).decode(), **KIM))

    async def test_json_and_too_much(self, programs: Programs) -> None:
        form = await open_page(programs)
        answer = await programs.world.http.post(PATH, json={"form": form, **KIM})
        await self.refused(answer)
        await self.refused(await send(programs, "x" * 40_000), 413)

    async def test_guessing_ends_in_a_page_too(self) -> None:
        async with programs_of(peer=ALIEN) as programs:
            form = await open_page(programs)
            for _ in range(10):
                assert (await send(programs, form, username="kim@example.org", password="x")).status_code == 400
            answer = await send(programs, form, **KIM)
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "1800")
            assert "Too many requests" in answer.text
