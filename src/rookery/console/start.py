"""The one-time link: `/console/api/start/<token>`. The first one makes the owner of a server."""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.console.api import May, Route, route
from rookery.console.call import Call
from rookery.console.errors import Refusal
from rookery.console.session import Secret, end_sessions, let_in
from rookery.core.people import check_name
from rookery.core.records import Person


class Chosen(msgspec.Struct):
    """A new password, and how the person is called."""

    password: Secret
    name: str | None = None


def _ended() -> Refusal:
    return Refusal(
        404,
        "link_ended",
        "This link has been used, or it has expired. Whoever runs this server can make a new one: `rookery user link`.",
    )


@route("GET", "start/{token}", May.ANYBODY)
async def show(call: Call) -> dict[str, Any]:
    """Whose link it is; `first` when nobody can sign in to this server yet."""
    person = await _person(call)
    everybody = await call.services.people.everybody()
    return {
        "email": person.email,
        "name": person.name,
        "first": not any(each.password_hash for each in everybody),
    }


@route("POST", "start/{token}", May.ANYBODY)
async def redeem(call: Call) -> dict[str, Any]:
    """Set the password and sign in. The link ends, and so do the person's older sessions."""
    given = await call.json(Chosen)
    await _person(call)
    people = call.services.people
    name = check_name(given.name) if given.name is not None and given.name.strip() else None
    person = await people.redeem(call.segments["token"], given.password)
    if name is not None:
        person = await people.set_name(person, name)
    await end_sessions(call, person)
    return await let_in(call, person)


async def _person(call: Call) -> Person:
    # Nobody guesses 256 bits, so wrong ones are not counted: they are links that have ended.
    person = await call.services.people.peek(call.segments["token"])
    if person is None:
        raise _ended()
    return person


ROUTES: tuple[Route, ...] = (show, redeem)
