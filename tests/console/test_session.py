"""Signing in and out: cookies, second factor, guessing, other sites."""

from __future__ import annotations

import asyncio
from typing import Any

import pyotp
import pytest

from rookery import __version__
from rookery.console.call import session_token
from rookery.core.clock import SECOND
from rookery.core.guessing import Failures
from rookery.core.records import Bearer, Person, Role, Token
from tests.console.conftest import BASE, PASSWORD, Browser, Room, refused

OWNER = "owner@example.org"
RIGHT = {"email": OWNER, "password": PASSWORD}


async def sign_in(browser: Browser, **given: Any) -> Any:
    return await browser.api("POST", "session", RIGHT | given)


async def with_second_factor(room: Room) -> tuple[Person, pyotp.TOTP, str]:
    """Somebody with an authenticator and a recovery code."""
    person = await room.person()
    pending = await room.services.otp.begin(person)
    totp = pyotp.TOTP(pending.secret)
    recovery = await room.services.otp.confirm(person, pending.token, totp.at(room.clock.now() // SECOND))
    room.clock.turn(60)
    return await room.services.people.find(person.id), totp, recovery


async def test_who_is_signed_out_learns_the_version_only(room: Room) -> None:
    answer = await room.browser().api("GET", "session")
    assert (answer.status_code, answer.json()) == (200, {"signed_in": False, "server": {"version": __version__}})
    assert "set-cookie" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


async def test_a_session_from_its_begin_to_its_end(room: Room) -> None:
    person = await room.person()
    await room.services.people.organisation("Hedgehogs", person)
    browser = room.browser()
    answer = await sign_in(browser, email=f" {OWNER} ")
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    token = session_token(cookie.partition(";")[0])
    assert cookie == f"rookery_session={token}; Path=/console; Max-Age=2592000; HttpOnly; SameSite=Lax"
    told = answer.json()
    assert token not in answer.text
    assert told["signed_in"] is True
    assert told["person"] == {"id": person.id, "email": OWNER, "name": "owner", "operator": True, "mfa": False}
    assert told["space"] == person.id
    assert [(s["id"] == person.id, s["name"], s["kind"], s["role"]) for s in told["spaces"]] == [
        (True, "owner", "personal", "owner"),
        (False, "Hedgehogs", "organisation", "owner"),
    ]
    server = told["server"]
    assert server["hosts"] == ["cloud.example.org"]
    assert server["ports"] == {"http_port": [8080], "mqtts_port": []}
    assert (server["url"], server["secure_url"]) == (BASE, "https://rookery.test:8443")
    assert server["features"] == {"simulated": True}
    assert (await browser.api("GET", "session")).json() == told
    (held,) = await room.services.tokens.of(person.id)
    assert held.client_id == "console"

    ended = await browser.api("DELETE", "session")
    assert ended.status_code == 204
    assert "Max-Age=0" in ended.headers["set-cookie"]
    assert await room.services.tokens.of(person.id) == []
    gone = await room.browser(token).api("GET", "session")
    assert gone.json()["signed_in"] is False
    assert "Max-Age=0" in gone.headers["set-cookie"]


async def test_over_tls_the_cookie_stays_there(room: Room) -> None:
    await room.person()
    answer = await sign_in(room.browser(base="https://rookery.test"))
    assert answer.headers["set-cookie"].endswith("; SameSite=Lax; Secure")
    proxied = await room.browser().post("/console/api/session", json=RIGHT, headers={"origin": "https://rookery.test"})
    assert proxied.headers["set-cookie"].endswith("; SameSite=Lax; Secure")


async def test_signing_in_again_ends_the_session_before(room: Room) -> None:
    person = await room.person()
    before = await room.session(person)
    assert (await sign_in(room.browser(before))).status_code == 200
    assert len(await room.services.tokens.of(person.id)) == 1
    assert await room.services.tokens.find(before) is None


@pytest.mark.parametrize(
    ("given", "status", "code"),
    [
        ({"password": "another password"}, 403, "wrong_password"),
        ({"email": "nobody@example.org"}, 403, "wrong_password"),
        ({"password": ""}, 403, "wrong_password"),
        ({"password": "x" * 2_000}, 403, "wrong_password"),
        ({"password": "x" * 10_000}, 400, "invalid"),
        ({"email": "x" * 10_000}, 400, "invalid"),
        ({"email": None}, 400, "invalid"),
        ({"password": ["a long password"]}, 400, "invalid"),
    ],
)
async def test_what_is_not_let_in(room: Room, given: dict[str, Any], status: int, code: str) -> None:
    await room.person()
    browser = room.browser()
    answer = await sign_in(browser, **given)
    assert refused(answer)[:2] == (status, code)
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b'{"email": "a"}'])
async def test_what_is_no_request(room: Room, body: bytes) -> None:
    answer = await room.browser().post("/console/api/session", content=body, headers={"origin": BASE})
    assert refused(answer)[:2] == (400, "invalid")


async def test_a_person_without_a_password_can_not_sign_in(room: Room) -> None:
    await room.person(password=None)
    assert refused(await sign_in(room.browser(), password=""))[:2] == (403, "wrong_password")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://rookery.test.evil.test"},
        {"origin": "http://rookery.test:8081"},
        {"origin": "https://evil.test", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "cross-site"},
    ],
)
async def test_other_sites_change_nothing(room: Room, headers: dict[str, str]) -> None:
    person = await room.person()
    token = await room.session(person)
    browser = room.browser(token)
    for method, path in (("POST", "session"), ("DELETE", "session"), ("POST", "session/otp"), ("POST", "tokens")):
        answer = await browser.request(method, f"/console/api/{path}", json=RIGHT, headers=headers)
        assert refused(answer)[:2] == (403, "foreign_origin")
    assert await room.services.tokens.find(token) is not None


async def test_a_browser_that_names_no_origin_may_say_where_it_is(room: Room) -> None:
    await room.person()
    headers = {"sec-fetch-site": "same-origin"}
    answer = await room.browser().post("/console/api/session", json=RIGHT, headers=headers)
    assert answer.status_code == 200


async def test_a_foreign_page_can_not_even_read(room: Room) -> None:
    browser = await room.signed_in()
    answer = await browser.get("/console/api/account", headers={"origin": "https://evil.test"})
    assert refused(answer)[:2] == (403, "foreign_origin")


async def test_a_session_ends_with_its_time_and_with_its_token(room: Room) -> None:
    person = await room.person()
    short, long = await room.session(person, 60), await room.session(person, 600)
    room.clock.turn(61)
    assert refused(await room.browser(short).api("GET", "account"))[:2] == (401, "signed_out")
    assert (await room.browser(long).api("GET", "account")).status_code == 200
    await room.services.tokens.revoke_all(person.id)
    assert refused(await room.browser(long).api("GET", "account"))[:2] == (401, "signed_out")


async def test_a_session_is_nothing_but_a_token_of_a_person_without_limits(room: Room) -> None:
    person = await room.person()
    scoped = await room.services.tokens.issue(Bearer.PERSON, person.id, "x", scope="devices:list")
    customer = await room.services.tokens.issue(Bearer.CUSTOMER, person.id, "x")
    for token in (scoped.token, customer.token, "0" * 40, "a b", '"quoted"', ""):
        assert refused(await room.browser(token).api("GET", "account"))[:2] == (401, "signed_out")


async def test_a_person_who_is_gone_is_signed_out(room: Room) -> None:
    browser = await room.signed_in()
    await room.services.people.delete((await room.services.people.everybody())[0])
    assert refused(await browser.api("GET", "account"))[:2] == (401, "signed_out")


async def test_guessing_gets_slow_and_then_is_not_heard(room: Room) -> None:
    await room.person()
    for _ in range(Failures.FREE):
        assert (await sign_in(room.browser(), password="wrong")).status_code == 403
    assert room.clock.waiting == 0
    late = [asyncio.create_task(sign_in(room.browser(), password="wrong")) for _ in range(Failures.TOGETHER)]
    while room.clock.waiting < Failures.TOGETHER:  # noqa: ASYNC110 - there is no event behind it
        await asyncio.sleep(0)
    assert refused(await sign_in(room.browser()))[:2] == (429, "guessing")
    # Somebody else is not kept out.
    assert (await sign_in(room.browser(peer="203.0.113.9"))).status_code == 200
    room.clock.turn(Failures.LONGEST)
    assert {answer.status_code for answer in await asyncio.gather(*late)} == {403}
    assert (await sign_in(room.browser())).status_code == 200


async def test_behind_a_proxy_on_this_machine_one_account_is_guarded_and_not_everybody_shut_out(room: Room) -> None:
    await room.person()
    await room.person("other@example.org")
    for _ in range(Failures.FREE):
        await sign_in(room.browser(peer="127.0.0.1"), password="wrong")
    late = [
        asyncio.create_task(sign_in(room.browser(peer="127.0.0.1"), password="wrong")) for _ in range(Failures.TOGETHER)
    ]
    while room.clock.waiting < Failures.TOGETHER:  # noqa: ASYNC110 - there is no event behind it
        await asyncio.sleep(0)
    assert (await sign_in(room.browser(peer="127.0.0.1"))).status_code == 429
    assert (await sign_in(room.browser(peer="127.0.0.1"), email="other@example.org")).status_code == 200
    room.clock.turn(Failures.LONGEST)
    await asyncio.gather(*late)
    assert (await sign_in(room.browser(peer="127.0.0.1"))).status_code == 200


async def test_the_second_factor(room: Room) -> None:
    _, totp, _ = await with_second_factor(room)
    browser = room.browser()
    answer = await sign_in(browser)
    assert refused(answer)[:2] == (403, "mfa_required")
    assert "set-cookie" not in answer.headers
    mfa = answer.json()["mfa"]
    now = room.clock.now() // SECOND
    wrong = "000000" if totp.at(now) != "000000" else "111111"
    assert refused(await browser.api("POST", "session/otp", {"mfa": mfa, "otp": wrong})) == (403, "wrong_otp", "otp")
    let_in = await browser.api("POST", "session/otp", {"mfa": mfa, "otp": totp.at(now)})
    assert let_in.status_code == 200
    assert let_in.json()["person"]["mfa"] is True
    assert "HttpOnly" in let_in.headers["set-cookie"]
    again = await browser.api("POST", "session/otp", {"mfa": mfa, "otp": totp.at(now)})
    assert refused(again)[:2] == (403, "mfa_ended")


async def test_the_recovery_code_works_once(room: Room) -> None:
    _, _, recovery = await with_second_factor(room)
    for status in (200, 403):
        mfa = (await sign_in(room.browser())).json()["mfa"]
        answer = await room.browser().api("POST", "session/otp", {"mfa": mfa, "recovery": recovery})
        assert answer.status_code == status


async def test_a_second_factor_that_is_guessed_ends_the_log_in(room: Room) -> None:
    await with_second_factor(room)
    browser = room.browser()
    mfa = (await sign_in(browser)).json()["mfa"]
    guess = {"mfa": mfa, "otp": "12345x"}
    codes = [refused(await browser.api("POST", "session/otp", guess))[1] for _ in range(6)]
    assert codes == ["wrong_otp"] * 4 + ["mfa_ended"] * 2


async def test_a_log_in_of_another_program_is_not_finished_here(room: Room) -> None:
    person, totp, _ = await with_second_factor(room)
    mfa = await room.services.otp.challenge(person, client="particle", web=False)
    answer = await room.browser().api("POST", "session/otp", {"mfa": mfa, "otp": totp.at(room.clock.now() // SECOND)})
    assert answer.status_code == 403


async def test_a_space_can_be_chosen_among_ones_own(room: Room) -> None:
    person, other = await room.person(), await room.person("other@example.org")
    space = await room.services.people.organisation("Hedgehogs", other)
    browser = room.browser(await room.session(person))
    refusal = refused(await browser.api("GET", "devices", headers={"x-space": space.id}))
    assert refusal == (403, "no_member", "space")
    await room.services.people.join(space.id, person.id, Role.VIEWER)
    room.services.tokens.look_again()
    assert (await browser.api("GET", "session", headers={"x-space": space.id.upper()})).json()["space"] == space.id
    for wrong in ("x" * 10_000, other.id, "{}"):
        assert refused(await browser.api("GET", "devices", headers={"x-space": wrong}))[:2] == (403, "no_member")
        # A browser that remembers a space that one has left is not locked out by it.
        assert (await browser.api("GET", "session", headers={"x-space": wrong})).json()["space"] == person.id
    assert (await browser.api("DELETE", "session", headers={"x-space": other.id})).status_code == 204


async def test_no_secret_of_a_session_is_kept(room: Room) -> None:
    await room.person()
    answer = await sign_in(room.browser())
    token = session_token(answer.headers["set-cookie"].partition(";")[0])
    (record,) = await room.services.catalog.select(Token)
    assert token not in repr(record)
