"""Who is signed in: `/console/api/session`.

A session is an access token of the person in a cookie that no script reads. Revoking the token ends the session; it is
listed with the person's other tokens.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from rookery import __version__
from rookery.console.api import May, Route, route
from rookery.console.call import COOKIE, Call, ms
from rookery.console.errors import Refusal
from rookery.console.places import ROOT
from rookery.core.guessing import is_loopback, subscriber
from rookery.core.records import Bearer, Member, Person, Space, SpaceKind

CLIENT = "console"
"""Under which client the tokens of sessions are listed."""
DAY_SECONDS = 86_400

Short = Annotated[str, msgspec.Meta(max_length=256)]
Secret = Annotated[str, msgspec.Meta(max_length=2_048)]
"""Longer than any password may be, so that core says what is wrong with it."""


class Credentials(msgspec.Struct):
    """What somebody signs in with."""

    email: Short
    password: Secret


class SecondFactor(msgspec.Struct):
    """The rest of a sign-in: a one-time password or the recovery code."""

    mfa: Short
    otp: Short = ""
    recovery: Short = ""


@route("GET", "session", May.ANYBODY)
async def show(call: Call) -> dict[str, Any]:
    """Who is signed in. Also for who is not."""
    if not await call.sign_in(anywhere=True):
        if session_cookie(call):
            forget(call)
        return {"signed_in": False, "server": {"version": __version__}}
    return await session_view(call, call.person, call.who.space_id)


@route("POST", "session", May.ANYBODY)
async def sign_in(call: Call) -> dict[str, Any]:
    """Sign in with a password."""
    given = await call.json(Credentials)
    email = given.email.strip()
    heard(call, email)
    person = await call.services.people.log_in(email, given.password)
    if person is None:
        await guessed(call, email)
        raise Refusal(403, "wrong_password", "The e-mail address or the password is wrong.")
    known(call, email)
    return await let_in(call, person)


@route("POST", "session/otp", May.ANYBODY)
async def answer_otp(call: Call) -> dict[str, Any]:
    """Sign in with the second factor."""
    given = await call.json(SecondFactor)
    heard(call, given.mfa)
    proof = {"recovery": given.recovery} if given.recovery else {"code": given.otp}
    login = await call.services.otp.answer(given.mfa, client=CLIENT, **proof)
    if login is None:
        await guessed(call, given.mfa)
        if await call.services.otp.waits(given.mfa):
            raise Refusal(403, "wrong_otp", "This is not the one-time password of this moment.", "otp")
        raise Refusal(403, "mfa_ended", "This sign-in has ended. Begin again with the password.")
    return await begin(call, login.person)


@route("DELETE", "session", May.ANYBODY)
async def sign_out(call: Call) -> None:
    """End the session. Nothing happens where there is none."""
    if await call.sign_in(anywhere=True) and call.grant is not None:
        await call.services.tokens.revoke(call.grant.record)
    forget(call)


def heard(call: Call, what: str) -> None:
    """Raise when somebody guesses faster than refusals come.

    Raises:
        Refusal: 429.
    """
    if call.backend.failures.presses(_guesser(call, what)):
        raise Refusal(429, "guessing", "There were too many wrong passwords from your address. Wait a moment.")


async def guessed(call: Call, what: str) -> None:
    """Count a wrong guess at `what`, and return when it may be answered."""
    await call.backend.failures.add(_guesser(call, what))


def known(call: Call, what: str) -> None:
    """A right one. What an address has guessed goes on counting: one who knows one password may guess at others."""
    if is_loopback(call.peer):
        call.backend.failures.forget(_guesser(call, what))


def _guesser(call: Call, what: str) -> str:
    """An address, whatever it guesses at. A proxy on this machine is everybody: there it is what is guessed at."""
    return f"{call.peer} {what}" if is_loopback(call.peer) else subscriber(call.peer)


async def let_in(call: Call, person: Person) -> dict[str, Any]:
    """A session for somebody whose password is right, if that is enough.

    Raises:
        Refusal: 403 `mfa_required`, with the token of the log-in that waits.
    """
    if person.otp_secret is not None:
        waiting = await call.services.otp.challenge(person, client=CLIENT)
        raise Refusal(403, "mfa_required", "Enter the one-time password of your authenticator.", mfa=waiting)
    return await begin(call, person)


async def begin(call: Call, person: Person) -> dict[str, Any]:
    """A session for somebody who has shown who they are; one that the browser had before ends."""
    if await call.sign_in(anywhere=True) and call.grant is not None:
        await call.services.tokens.revoke(call.grant.record)
    lifetime = call.backend.settings.session_days * DAY_SECONDS
    issued = await call.services.tokens.issue(Bearer.PERSON, person.id, CLIENT, lifetime=lifetime)
    _set_cookie(call, issued.token, lifetime)
    return await session_view(call, person, person.id)


async def end_sessions(call: Call, person: Person, but: str | None = None) -> None:
    """End the sessions of a person whose password is another now; keep the one with this token id."""
    tokens = call.services.tokens
    held = [token for token in await tokens.of(person.id) if token.client_id == CLIENT and token.id != but]
    await tokens.revoke(*held)


def forget(call: Call) -> None:
    """Take the cookie back."""
    _set_cookie(call, "", 0)


def session_cookie(call: Call) -> bool:
    """Whether the browser has one, whatever it is worth."""
    return f"{COOKIE}=" in call.headers.get("cookie", "")


def _set_cookie(call: Call, token: str, lifetime: int) -> None:
    secure = "; Secure" if call.secure else ""
    cookie = f"{COOKIE}={token}; Path={ROOT}; Max-Age={lifetime}; HttpOnly; SameSite=Lax{secure}"
    call.answer_headers.append((b"set-cookie", cookie.encode()))


async def session_view(call: Call, person: Person, space_id: str) -> dict[str, Any]:
    """What the console shows of a session."""
    backend = call.backend
    return {
        "signed_in": True,
        "person": person_view(person),
        "space": space_id,
        "spaces": await spaces_of(call, person),
        "server": {
            "name": backend.settings.hosts[0] if backend.settings.hosts else "",
            "hosts": list(backend.settings.hosts),
            "version": __version__,
            "url": backend.url,
            "secure_url": backend.secure_url,
            "ports": {setting: list(ports) for setting, ports in backend.ports.items()},
            "features": {"simulated": backend.demo.possible},
            "started": ms(backend.started),
        },
    }


def person_view(person: Person) -> dict[str, Any]:
    """A person as their own session shows them."""
    return {
        "id": person.id,
        "email": person.email,
        "name": person.name,
        "operator": person.operator,
        "mfa": person.otp_secret is not None,
    }


async def spaces_of(call: Call, person: Person) -> list[dict[str, Any]]:
    """The spaces that somebody has a part in, their own first. Products are no spaces here."""
    found = []
    for member in await call.services.catalog.select(Member, person_id=person.id):
        space = await call.services.catalog.get(Space, member.space_id)
        if space is not None:
            found.append(space_view(space) | {"role": member.role.value})
    return sorted(found, key=lambda each: each["kind"] != SpaceKind.PERSONAL.value)


def space_view(space: Space) -> dict[str, Any]:
    """A space."""
    return {"id": space.id, "name": space.name, "slug": space.slug, "kind": space.kind.value}


ROUTES: tuple[Route, ...] = (show, sign_in, answer_otp, sign_out)
