"""Who works together: `/console/api/spaces`, organisations and the people in them."""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.console.api import Route, route
from rookery.console.call import Call, ms
from rookery.console.errors import Refusal, not_found
from rookery.console.session import Short, space_view, spaces_of
from rookery.core.access import Action, check
from rookery.core.records import Member, Person, Role, Space, SpaceKind
from rookery.core.teams import Mate

NAME_LIMIT = 100
"""Characters of the name of an organisation."""


class NewSpace(msgspec.Struct):
    """An organisation."""

    name: str


class NewMember(msgspec.Struct):
    """Somebody who has an account here."""

    email: Short
    role: Role


class NewRole(msgspec.Struct):
    """What a member may do."""

    role: Role


@route("GET", "spaces")
async def list_spaces(call: Call) -> dict[str, Any]:
    """Those that the person has a part in."""
    spaces = await spaces_of(call, call.person)
    for space in spaces:
        space["members"] = await call.services.catalog.count(Member, space_id=space["id"])
    return {"spaces": spaces}


@route("POST", "spaces")
async def create(call: Call) -> dict[str, Any]:
    """A new organisation, which the person owns."""
    name = (await call.json(NewSpace)).name.strip()
    if not 1 <= len(name) <= NAME_LIMIT:
        raise Refusal(400, "invalid", f"An organisation has a name of 1 to {NAME_LIMIT} characters.", "name")
    space = await call.services.people.organisation(name, call.person)
    call.services.tokens.look_again()
    return space_view(space) | {"role": Role.OWNER.value}


@route("GET", "spaces/{id}/members")
async def list_members(call: Call) -> dict[str, Any]:
    """Everybody in it, oldest membership first."""
    space = await _space(call, Action.READ)
    return {"members": [_view(mate) for mate in await call.services.teams.people(space.id)]}


@route("POST", "spaces/{id}/members")
async def add(call: Call) -> dict[str, Any]:
    """Take somebody in."""
    given = await call.json(NewMember)
    space = await _organisation(call)
    person = await call.services.catalog.find(Person, email=given.email.strip())
    if person is None:
        sentence = "Nobody here has this address. Whoever runs the server can invite them under Settings."
        raise Refusal(404, "no_person", sentence, "email")
    return await _join(call, space, person, given.role)


@route("PUT", "spaces/{id}/members/{person}")
async def change(call: Call) -> dict[str, Any]:
    """Give somebody another role."""
    given = await call.json(NewRole)
    space = await _organisation(call)
    mate = await _mate(call, space)
    return await _join(call, space, mate.person, given.role)


@route("DELETE", "spaces/{id}/members/{person}")
async def remove(call: Call) -> None:
    """Take somebody off; everybody may leave."""
    space = await _space(call, Action.READ)
    if call.segments["person"] != call.person.id:
        space = await _organisation(call)
    await call.services.teams.leave(space.id, await _mate(call, space))
    call.services.tokens.look_again()


async def _join(call: Call, space: Space, person: Person, role: Role) -> dict[str, Any]:
    mate = await call.services.teams.join(space.id, person.email, role)
    call.services.tokens.look_again()
    return _view(mate)


async def _space(call: Call, action: Action) -> Space:
    space = await call.services.catalog.get(Space, call.uuid("id", "organisation"))
    if space is None:
        raise not_found("organisation")
    check(call.who, action, space.id, "organisation")
    return space


async def _organisation(call: Call) -> Space:
    """One whose members the person may change."""
    space = await _space(call, Action.MANAGE)
    if space.kind is not SpaceKind.ORGANISATION:
        raise Refusal(409, "own_space", "Your own space is yours alone. Make an organisation to work with others.")
    return space


async def _mate(call: Call, space: Space) -> Mate:
    for mate in await call.services.teams.people(space.id):
        if mate.person.id == call.segments["person"]:
            return mate
    raise not_found("member")


def _view(mate: Mate) -> dict[str, Any]:
    return {
        "id": mate.person.id,
        "email": mate.person.email,
        "name": mate.person.name,
        "role": mate.role.value,
        "created": ms(mate.person.created_at),
    }


ROUTES: tuple[Route, ...] = (list_spaces, create, list_members, add, change, remove)
