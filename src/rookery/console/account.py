"""One's own account: `/console/api/account`: name, address, password, second factor, sessions.

Who sits down at an open browser can use what is there, but not take the account over: address, password and second
factor ask for the password again.
"""

from __future__ import annotations

import io
from typing import Any

import msgspec

from rookery.console.api import Route, route
from rookery.console.call import Call, ms
from rookery.console.errors import Refusal, not_found
from rookery.console.session import CLIENT, Secret, Short, end_sessions, guessed, heard, known, person_view
from rookery.core.errors import Invalid
from rookery.core.people import check_password
from rookery.core.records import Token

HANDLE_LENGTH = 40
"""Hex digits by which a session is named: the beginning of the hash of its token, which opens nothing."""
LONG_NAME = 10_000
"""Characters: what is longer is not worth reading. Core says what a name may have."""


class Profile(msgspec.Struct):
    """What shall change. Another address needs the password."""

    name: str | None = None
    email: str | None = None
    password: Secret = ""


class NewPassword(msgspec.Struct):
    """The old one and the new one."""

    old: Secret
    new: Secret


class Confirmed(msgspec.Struct):
    """The password, again."""

    password: Secret


class Enrolled(msgspec.Struct):
    """What an authenticator shows, for the seed of this attempt."""

    token: Short
    otp: Short


@route("GET", "account")
async def show(call: Call) -> dict[str, Any]:
    """The account."""
    person = call.person
    return person_view(person) | {"has_recovery": person.recovery_hash is not None, "created": ms(person.created_at)}


@route("PUT", "account")
async def put(call: Call) -> dict[str, Any]:
    """Another name, another address."""
    given = await call.json(Profile)
    person = call.person
    if given.email is not None and given.email.strip() != person.email:
        await _insist(call, given.password, "password")
        person = await call.services.people.set_email(person, given.email)
    if given.name is not None and given.name.strip() != person.name:
        person = await call.services.people.set_name(person, given.name)
    return person_view(person)


@route("POST", "account/password")
async def change_password(call: Call) -> None:
    """Another password; the person's other sessions end."""
    given = await call.json(NewPassword)
    await _insist(call, given.old, "old")
    try:
        check_password(given.new)
    except Invalid as error:
        raise Refusal(400, "invalid", str(error), "new") from None
    person = await call.services.people.set_password(call.person, given.new)
    await end_sessions(call, person, but=_current(call))


@route("POST", "account/mfa")
async def enrol(call: Call) -> dict[str, Any]:
    """A seed for an authenticator, as an address and a picture of it. It counts when it is confirmed."""
    given = await call.json(Confirmed)
    await _insist(call, given.password, "password")
    pending = await call.services.otp.begin(call.person)
    return {
        "token": pending.token,
        "secret": pending.secret,
        "uri": pending.address,
        "svg": qr_code(pending.address),
    }


@route("POST", "account/mfa/confirm")
async def confirm(call: Call) -> dict[str, Any]:
    """Turn the second factor on. The recovery code is shown this once."""
    given = await call.json(Enrolled)
    return {"recovery": await call.services.otp.confirm(call.person, given.token, given.otp)}


@route("DELETE", "account/mfa")
async def disable(call: Call) -> None:
    """Turn it off."""
    given = await call.json(Confirmed)
    await _insist(call, given.password, "password")
    await call.services.otp.disable(call.person)


@route("GET", "account/sessions")
async def sessions(call: Call) -> dict[str, Any]:
    """Where the person is signed in."""
    return {
        "sessions": [
            {
                "id": token.id[:HANDLE_LENGTH],
                "created": ms(token.created_at),
                "expires": ms(token.expires_at),
                "current": token.id == _current(call),
            }
            for token in await _sessions(call)
        ]
    }


@route("DELETE", "account/sessions/{id}")
async def end_session(call: Call) -> None:
    """End one of them."""
    for token in await _sessions(call):
        if token.id[:HANDLE_LENGTH] == call.segments["id"]:
            await call.services.tokens.revoke(token)
            return
    raise not_found("session")


@route("DELETE", "account/sessions")
async def end_others(call: Call) -> None:
    """End all but this one."""
    await end_sessions(call, call.person, but=_current(call))


async def _insist(call: Call, password: str, field: str) -> None:
    """Raise unless this is the person's password.

    Raises:
        Refusal: 403, late for whoever goes on guessing; 429.
    """
    heard(call, call.person.id)
    if not await call.services.people.knows_password(call.person, password):
        await guessed(call, call.person.id)
        raise Refusal(403, "wrong_password", "This is not your password.", field)
    known(call, call.person.id)


async def _sessions(call: Call) -> list[Token]:
    now = call.services.clock.now()
    held = [token for token in await call.services.tokens.of(call.person.id) if token.client_id == CLIENT]
    return [token for token in held if token.expires_at is None or token.expires_at > now]


def _current(call: Call) -> str | None:
    return call.grant.record.id if call.grant is not None else None


def qr_code(text: str) -> str:
    """A QR code (ISO 18004) as an SVG of its own, black on white whatever the page is."""
    # Loaded by whoever turns a second factor on, which at start is nobody.
    import segno

    drawn = io.BytesIO()
    segno.make(text, micro=False).save(
        drawn, kind="svg", xmldecl=False, nl=False, omitsize=True, light="#fff", svgclass=None, lineclass=None
    )
    return drawn.getvalue().decode()


ROUTES: tuple[Route, ...] = (
    show,
    put,
    change_password,
    enrol,
    confirm,
    disable,
    sessions,
    end_session,
    end_others,
)
