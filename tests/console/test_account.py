"""One's own account: what asks for the password, and what ends with it."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pyotp
import pytest

from rookery.console.account import qr_code
from rookery.core.clock import SECOND
from tests.console.conftest import PASSWORD, Room, refused

WRONG = "not the password"


async def test_the_account(room: Room) -> None:
    person = await room.person()
    browser = room.browser(await room.session(person))
    assert (await browser.api("GET", "account")).json() == {
        "id": person.id,
        "email": "owner@example.org",
        "name": "owner",
        "operator": True,
        "mfa": False,
        "has_recovery": False,
        "created": person.created_at // 1_000,
    }


async def test_a_name_is_changed_without_a_word_and_an_address_with_the_password(room: Room) -> None:
    browser = await room.signed_in()
    assert (await browser.api("PUT", "account", {"name": "Ada <b>"})).json()["name"] == "Ada <b>"
    other = {"email": "ada@example.org"}
    assert refused(await browser.api("PUT", "account", other)) == (403, "wrong_password", "password")
    assert (await browser.api("PUT", "account", other | {"password": PASSWORD})).json()["email"] == "ada@example.org"
    assert (await browser.api("PUT", "account", other)).status_code == 200
    assert await room.services.people.log_in("ada@example.org", PASSWORD) is not None


@pytest.mark.parametrize(
    ("given", "status", "code", "field"),
    [
        ({"name": "x" * 10_000}, 400, "invalid", "name"),
        ({"name": "  "}, 400, "invalid", "name"),
        ({"name": 7}, 400, "invalid", "name"),
        ({"email": "none", "password": PASSWORD}, 400, "invalid", "email"),
        ({"email": "other@example.org", "password": PASSWORD}, 409, "conflict", None),
        ({"email": "x" * 10_000 + "@y", "password": PASSWORD}, 400, "invalid", "email"),
    ],
)
async def test_what_an_account_can_not_have(
    room: Room, given: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    browser = await room.signed_in()
    await room.person("other@example.org")
    assert refused(await browser.api("PUT", "account", given)) == (status, code, field)


async def test_a_new_password_needs_the_old_one_and_ends_other_sessions(room: Room) -> None:
    person = await room.person()
    here, there = await room.session(person), await room.session(person)
    token = await room.services.tokens.issue((await room.services.tokens.of(person.id))[0].bearer, person.id, "script")
    browser = room.browser(here)
    for old, new, refusal in (
        (WRONG, "another password", (403, "wrong_password", "old")),
        (PASSWORD, "short", (400, "invalid", "new")),
    ):
        answer = await browser.api("POST", "account/password", {"old": old, "new": new})
        assert refused(answer) == refusal
    changed = await browser.api("POST", "account/password", {"old": PASSWORD, "new": "another password"})
    assert changed.status_code == 204
    assert await room.services.people.log_in(person.email, "another password") is not None
    assert (await browser.api("GET", "account")).status_code == 200
    assert refused(await room.browser(there).api("GET", "account"))[0] == 401
    # A program's token is no session: who wants it to end says so.
    assert await room.services.tokens.find(token.token) is not None


async def test_the_second_factor_from_its_begin_to_its_end(room: Room) -> None:
    browser = await room.signed_in()
    assert refused(await browser.api("POST", "account/mfa", {"password": WRONG})) == (403, "wrong_password", "password")
    begun = (await browser.api("POST", "account/mfa", {"password": PASSWORD})).json()
    assert begun["uri"].startswith("otpauth://totp/Rookery:owner%40example.org?secret=" + begun["secret"])
    assert begun["svg"] == qr_code(begun["uri"])
    totp = pyotp.TOTP(begun["secret"])
    code = totp.at(room.clock.now() // SECOND)
    wrong = await browser.api("POST", "account/mfa/confirm", {"token": begun["token"], "otp": "12345x"})
    assert refused(wrong) == (400, "invalid", "otp")
    confirmed = await browser.api("POST", "account/mfa/confirm", {"token": begun["token"], "otp": code})
    assert re.fullmatch(r"[a-z0-9]{5}(-[a-z0-9]{5}){3}", confirmed.json()["recovery"])
    account = (await browser.api("GET", "account")).json()
    assert (account["mfa"], account["has_recovery"]) == (True, True)
    assert refused(await browser.api("POST", "account/mfa", {"password": PASSWORD}))[:2] == (409, "precondition")
    assert refused(await browser.api("DELETE", "account/mfa", {"password": WRONG}))[1] == "wrong_password"
    assert (await browser.api("DELETE", "account/mfa", {"password": PASSWORD})).status_code == 204
    assert (await browser.api("GET", "account")).json()["mfa"] is False


def test_a_qr_code_is_a_picture_without_style_or_script() -> None:
    drawn = ElementTree.fromstring(qr_code("otpauth://totp/Rookery:a?secret=ABC"))
    assert drawn.tag == "{http://www.w3.org/2000/svg}svg"
    assert {part.tag.rpartition("}")[2] for part in drawn.iter()} == {"svg", "path"}
    assert not {name for part in drawn.iter() for name in part.attrib} & {"style", "class", "onload"}


async def test_sessions_are_listed_and_ended(room: Room) -> None:
    person = await room.person()
    tokens = [await room.session(person) for _ in range(3)]
    browser = room.browser(tokens[0])
    rows = (await browser.api("GET", "account/sessions")).json()["sessions"]
    assert [row["current"] for row in rows] == [True, False, False]
    assert not any(token in str(rows) for token in tokens)
    assert (await browser.api("DELETE", f"account/sessions/{rows[1]['id']}")).status_code == 204
    assert refused(await room.browser(tokens[1]).api("GET", "account"))[0] == 401
    assert refused(await browser.api("DELETE", f"account/sessions/{rows[1]['id']}"))[:2] == (404, "not_found")
    assert (await browser.api("DELETE", "account/sessions")).status_code == 204
    assert len((await browser.api("GET", "account/sessions")).json()["sessions"]) == 1


async def test_nobody_ends_the_session_of_another(room: Room) -> None:
    browser, other = await room.signed_in(), await room.signed_in("other@example.org")
    (row,) = (await other.api("GET", "account/sessions")).json()["sessions"]
    assert refused(await browser.api("DELETE", f"account/sessions/{row['id']}"))[0] == 404
    assert (await other.api("GET", "account")).status_code == 200


async def test_tokens_are_made_shown_once_and_revoked(room: Room) -> None:
    browser = await room.signed_in()
    made = (await browser.api("POST", "tokens", {"expires_in": 600})).json()
    assert (await room.services.tokens.check(made["token"])).record.client_id == "personal"
    assert made["expires"] - made["created"] == 600_000
    forever = (await browser.api("POST", "tokens", {"expires_in": None})).json()
    assert forever["expires"] is None
    listed = await browser.api("GET", "tokens")
    assert made["token"] not in listed.text
    rows = {row["handle"]: row for row in listed.json()["tokens"]}
    assert len(rows) == 3
    assert [row["current"] for row in rows.values()].count(True) == 1
    assert (rows[made["handle"]]["console"], rows[made["handle"]]["client"]) == (False, "personal")
    assert (await browser.api("DELETE", f"tokens/{made['handle']}")).status_code == 204
    assert refused(await browser.api("DELETE", f"tokens/{made['handle']}"))[:2] == (404, "not_found")
    assert (await browser.api("DELETE", "tokens")).status_code == 204
    assert [row["current"] for row in (await browser.api("GET", "tokens")).json()["tokens"]] == [True]


@pytest.mark.parametrize("expires_in", [0, -1, 10**12, "soon", 1.5])
async def test_a_lifetime_that_is_none(room: Room, expires_in: Any) -> None:
    browser = await room.signed_in()
    assert refused(await browser.api("POST", "tokens", {"expires_in": expires_in})) == (400, "invalid", "expires_in")
