"""Everybody on this server: `/console/api/people`, for those who run it.

Nobody is given a password: an invitation is a link that works once, for a day, and is shown to whoever made it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.console.api import May, Route, route
from rookery.console.call import Call, ms
from rookery.console.errors import Refusal, not_found
from rookery.console.places import LINK, whole
from rookery.console.session import person_view
from rookery.core.clock import SECOND
from rookery.core.people import LINK_LIFETIME, check_name
from rookery.core.records import (
    Client,
    Dashboard,
    Device,
    Member,
    Person,
    Product,
    Role,
    Space,
    SpaceKind,
    Thing,
    Token,
)


class Invited(msgspec.Struct):
    """Somebody new."""

    email: str
    name: str = ""


class Changed(msgspec.Struct):
    """What shall be another."""

    operator: bool | None = None
    name: str | None = None


@route("GET", "people", May.OPERATOR)
async def list_people(call: Call) -> dict[str, Any]:
    """All of them, oldest first."""
    return {"people": [await _view(call, person) for person in await call.services.people.everybody()]}


@route("POST", "people", May.OPERATOR)
async def invite(call: Call) -> dict[str, Any]:
    """Make an account without a password, and the link to choose one."""
    given = await call.json(Invited)
    name = check_name(given.name) if given.name.strip() else ""
    person = await call.services.people.create(given.email, name)
    return {"person": await _view(call, person), **await _link(call, person)}


@route("GET", "people/{id}", May.OPERATOR)
async def show(call: Call) -> dict[str, Any]:
    """One of them, with what would go with them and what stands in the way."""
    person = await _person(call)
    return {
        "person": await _view(call, person),
        "goes": await _goes(call, person),
        "blocks": await _blocks(call, person),
    }


@route("PUT", "people/{id}", May.OPERATOR)
async def change(call: Call) -> dict[str, Any]:
    """Let somebody run this server, or not any more; give another name."""
    given = await call.json(Changed)
    person = await _person(call)
    if given.operator is not None and given.operator != person.operator:
        if not given.operator:
            await _keep_an_operator(call, person)
        person = await call.services.people.set_operator(person, given.operator)
    if given.name is not None and given.name.strip() != person.name:
        person = await call.services.people.set_name(person, given.name)
    return {"person": await _view(call, person)}


@route("POST", "people/{id}/link", May.OPERATOR)
async def new_link(call: Call) -> dict[str, Any]:
    """Another link to choose a password; the one before it ends."""
    return await _link(call, await _person(call))


@route("DELETE", "people/{id}", May.OPERATOR)
async def remove(call: Call) -> None:
    """Remove somebody with everything of theirs."""
    person = await _person(call)
    if person.id == call.person.id:
        raise Refusal(409, "yourself", "You can not remove yourself. Let another operator do it.")
    await _keep_an_operator(call, person)
    await call.services.accounts.delete(person)


async def _person(call: Call) -> Person:
    person = await call.services.catalog.get(Person, call.uuid("id", "person"))
    if person is None:
        raise not_found("person")
    return person


async def _keep_an_operator(call: Call, person: Person) -> None:
    others = [p for p in await call.services.people.everybody() if p.operator and p.password_hash and p.id != person.id]
    if person.operator and not others:
        raise Refusal(409, "last_operator", "Somebody has to run this server: give another person that role first.")


async def _link(call: Call, person: Person) -> dict[str, Any]:
    token = await call.services.people.link(person)
    return {
        "link": whole(call, LINK + token),
        "expires": ms(call.services.clock.now() + LINK_LIFETIME * SECOND),
    }


async def _view(call: Call, person: Person) -> dict[str, Any]:
    return person_view(person) | {
        "has_password": person.password_hash is not None,
        "created": ms(person.created_at),
        "devices": await call.services.catalog.count(Device, space_id=person.id, deleted_at=None),
        "things": await call.services.catalog.count(Thing, space_id=person.id, deleted_at=None),
    }


async def _goes(call: Call, person: Person) -> dict[str, int]:
    catalog = call.services.catalog
    return {
        "devices": await catalog.count(Device, space_id=person.id, deleted_at=None),
        "things": await catalog.count(Thing, space_id=person.id, deleted_at=None),
        "dashboards": await catalog.count(Dashboard, space_id=person.id, deleted_at=None),
        "keys": await catalog.count(Client, person_id=person.id, product_id=None),
        "tokens": await catalog.count(Token, bearer_id=person.id),
    }


async def _blocks(call: Call, person: Person) -> list[str]:
    catalog = call.services.catalog
    found = []
    if products := await catalog.count(Product, space_id=person.id):
        found.append(f"{person.email} still owns {products} products.")
    for member in await catalog.select(Member, person_id=person.id, role=Role.OWNER):
        space = await catalog.get(Space, member.space_id)
        if space is None or space.kind is not SpaceKind.ORGANISATION:
            continue
        if await catalog.count(Member, space_id=space.id, role=Role.OWNER) == 1:
            found.append(f"{person.email} is the only owner of {space.name}.")
    return found


ROUTES: tuple[Route, ...] = (list_people, invite, show, change, new_link, remove)
