"""The one-time link: from it to a password, a name and a session."""

from __future__ import annotations

import pyotp
import pytest

from rookery.core.clock import SECOND
from rookery.core.people import LINK_LIFETIME
from tests.console.conftest import PASSWORD, Room, refused


async def link(room: Room, email: str = "owner@example.org") -> str:
    return await room.services.people.link(await room.person(email, None))


async def test_the_first_link_makes_the_owner(room: Room) -> None:
    token = await link(room)
    browser = room.browser()
    shown = await browser.api("GET", f"start/{token}")
    assert shown.json() == {"email": "owner@example.org", "name": "owner", "first": True}
    answer = await browser.api("POST", f"start/{token}", {"password": PASSWORD, "name": " Ada "})
    assert answer.status_code == 200
    assert answer.json()["person"]["name"] == "Ada"
    assert answer.json()["spaces"][0]["name"] == "Ada"
    assert (await browser.api("GET", "session")).json()["signed_in"] is True
    assert await room.services.people.log_in("owner@example.org", PASSWORD) is not None
    for method in ("GET", "POST"):
        body = {"password": "another password"} if method == "POST" else None
        again = await room.browser().api(method, f"start/{token}", body)
        assert refused(again)[:2] == (404, "link_ended")
    assert await room.services.people.log_in("owner@example.org", "another password") is None


async def test_a_later_link_is_not_the_first(room: Room) -> None:
    await room.person()
    token = await link(room, "second@example.org")
    assert (await room.browser().api("GET", f"start/{token}")).json()["first"] is False


@pytest.mark.parametrize(
    ("password", "why"),
    [("short", "at least 10"), ("x" * 2_000, "at most 1024"), ("x" * 5_000, "2048"), ("", "at least 10")],
)
async def test_a_password_that_can_not_be_used_leaves_the_link_working(room: Room, password: str, why: str) -> None:
    token = await link(room)
    answer = await room.browser().api("POST", f"start/{token}", {"password": password})
    assert refused(answer) == (400, "invalid", "password")
    assert why in answer.json()["message"]
    assert (await room.browser().api("POST", f"start/{token}", {"password": PASSWORD})).status_code == 200


async def test_a_name_that_can_not_be_used_leaves_the_link_working(room: Room) -> None:
    token = await link(room)
    answer = await room.browser().api("POST", f"start/{token}", {"password": PASSWORD, "name": "x" * 10_000})
    assert refused(answer) == (400, "invalid", "name")
    assert (await room.browser().api("POST", f"start/{token}", {"password": PASSWORD})).status_code == 200


async def test_a_link_ends_with_its_time(room: Room) -> None:
    token = await link(room)
    room.clock.turn(LINK_LIFETIME)
    assert refused(await room.browser().api("GET", f"start/{token}"))[:2] == (404, "link_ended")


async def test_another_site_can_not_use_a_link(room: Room) -> None:
    token = await link(room)
    for headers in ({"origin": "https://evil.test"}, {}):
        body = {"password": PASSWORD}
        answer = await room.browser().post(f"/console/api/start/{token}", json=body, headers=headers)
        assert refused(answer)[:2] == (403, "foreign_origin")
    assert (await room.browser().api("GET", f"start/{token}")).status_code == 200


async def test_a_new_password_ends_the_sessions_before(room: Room) -> None:
    person = await room.person()
    before = await room.session(person)
    token = await room.services.people.link(person)
    await room.browser().api("POST", f"start/{token}", {"password": "another password"})
    assert await room.services.tokens.find(before) is None


async def test_a_link_does_not_go_past_the_second_factor(room: Room) -> None:
    person = await room.person()
    pending = await room.services.otp.begin(person)
    totp = pyotp.TOTP(pending.secret)
    await room.services.otp.confirm(person, pending.token, totp.at(room.clock.now() // SECOND))
    room.clock.turn(60)
    token = await room.services.people.link(person)
    browser = room.browser()
    answer = await browser.api("POST", f"start/{token}", {"password": "another password"})
    assert refused(answer)[:2] == (403, "mfa_required")
    otp = totp.at(room.clock.now() // SECOND)
    assert (await browser.api("POST", "session/otp", {"mfa": answer.json()["mfa"], "otp": otp})).status_code == 200


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 10_000, "..%2F..", "%00"])
async def test_what_is_no_link(room: Room, token: str) -> None:
    assert refused(await room.browser().api("GET", f"start/{token}"))[0] == 404
