"""Other people, as far as one has to know them to share something (reference 8.4).

A user name is an e-mail address here. Where only one person is called so, the person's name is understood as well.
"""

from __future__ import annotations

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.operations import Call, operation
from rookery.core.errors import NotFound
from rookery.core.records import Person
from rookery.core.services import Services

NAME_LIMIT = 254
"""Characters of what can be a user name: as long as an e-mail address can be (RFC 5321)."""

_NOBODY = "There is no such user."


class FoundUser(msgspec.Struct):
    """Somebody who was looked up."""

    id: str
    username: str


async def person_called(services: Services, username: str) -> Person:
    """The person with this e-mail address, or the only one with this name.

    Raises:
        NotFound: nobody, or several of that name.
    """
    username = username.strip()
    if not 0 < len(username) <= NAME_LIMIT:
        raise NotFound(_NOBODY)
    person = await services.catalog.find(Person, email=username)
    if person is not None:
        return person
    called = await services.catalog.select(Person, name=username)
    if len(called) != 1:
        raise NotFound(f"Several users are called {username[:80]!r}: use an address." if called else _NOBODY)
    return called[0]


def _found(person: Person) -> FoundUser:
    return FoundUser(person.id, person.email)


@operation(
    "GET",
    "/iot/v1/users/byUsername/{name}",
    "users_v1#byUsername",
    "The user of this name.",
    returns=FoundUser,
    errors=(401, 404),
)
async def by_username(call: Call) -> FoundUser:
    """Id and user name."""
    return _found(await person_called(call.services, call.segment("name")))


@operation(
    "GET",
    "/iot/v1/users/byEmail/{email}",
    "users_v1#byEmail",
    "The user with this e-mail address.",
    returns=FoundUser,
    errors=(401, 404),
)
async def by_email(call: Call) -> FoundUser:
    """Id and user name."""
    email = call.segment("email").strip()
    person = await call.services.catalog.find(Person, email=email) if 0 < len(email) <= NAME_LIMIT else None
    if person is None:
        raise NotFound(_NOBODY)
    return _found(person)


@operation(
    "GET",
    "/iot/v1/users/byId/{id}",
    "users_v1#byId",
    "The user with this id.",
    returns=FoundUser,
    errors=(401, 404),
)
async def by_id(call: Call) -> FoundUser:
    """Id and user name."""
    person = await call.services.catalog.get(Person, call.uuid("id", "user"))
    if person is None:
        raise NotFound(_NOBODY)
    return _found(person)


ROUTES: list[HTTPRouteHandler] = [by_username, by_email, by_id]
