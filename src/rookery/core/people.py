"""People, the spaces they own or share, and the one-time links that let a person set a password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from rookery.core.access import Principal
from rookery.core.bus import Bus, announce_token_withdrawn, announce_withdrawn
from rookery.core.catalog import Catalog, Change, Delete, Insert, Update, changed
from rookery.core.clock import Clock
from rookery.core.dashboard_removal import removal_with_person
from rookery.core.errors import Conflict, Invalid, NotFound
from rookery.core.ids import Identifiers
from rookery.core.links import CODE, LOGIN, PASSWORD, Links
from rookery.core.records import (
    Client,
    ClientKind,
    Device,
    Integration,
    Member,
    OneTimeLink,
    Person,
    Role,
    Space,
    SpaceKind,
    Thing,
    Token,
)
from rookery.core.slugs import slug_of

LINK_LIFETIME = 24 * 3600
"""Seconds a one-time link works: an evening and the next morning."""
PASSWORD_LENGTH = 10
"""Fewest characters of a password: the length below which NIST SP 800-63B finds guessing practical online."""
PASSWORD_LIMIT = 1_024
"""Most characters: hashing an endless one would be work for free."""
NAME_LIMIT = 100
"""Characters of the name that a person chooses."""
SLUG_LIMIT = 40
"""Characters of how paths call an organisation, before a number that may be needed."""


class Passwords(Protocol):
    """A slow password hash, run outside the event loop."""

    async def hash(self, password: str) -> str:
        """The form in which the password is kept."""

    async def matches(self, password: str, kept: str) -> bool:
        """Whether `password` is the one behind `kept`."""


class People:
    """Creates people and finds out in whose name they act."""

    def __init__(self, catalog: Catalog, passwords: Passwords, bus: Bus, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._bus = bus
        self._passwords = passwords
        self._ids = ids
        self._clock = clock
        self._links = Links(catalog, ids, clock)

    async def create(
        self, email: str, name: str = "", password: str | None = None, profile: Mapping[str, Any] | None = None
    ) -> Person:
        """Add a person with a space of their own.

        Raises:
            Invalid: the address or the password can not be used.
            Conflict: somebody has this address already.
        """
        email = check_address(email)
        if await self._catalog.find(Person, email=email) is not None:
            raise Conflict(f"Somebody with the address {email} exists already.")
        now = self._clock.now()
        person = Person(
            id=self._ids.uuid(),
            created_at=now,
            updated_at=now,
            email=email,
            name=name or email.partition("@")[0],
            password_hash=await self._passwords.hash(check_password(password)) if password is not None else None,
            profile=dict(profile or {}),
            operator=await self._catalog.count(Person) == 0,
        )
        space = Space(id=person.id, created_at=now, updated_at=now, kind=SpaceKind.PERSONAL, name=person.name)
        member = _member(space.id, person.id, Role.OWNER, now)
        await self._catalog.apply(Insert(person), Insert(space), Insert(member))
        return person

    async def organisation(self, name: str, owner: Person) -> Space:
        """Add an organisation that `owner` owns. Its slug is made of its name."""
        stem, number = slug_of(name, SLUG_LIMIT, "organisation"), 1
        while True:
            now = self._clock.now()
            space = Space(
                id=self._ids.uuid(),
                created_at=now,
                updated_at=now,
                kind=SpaceKind.ORGANISATION,
                name=name,
                slug=stem if number == 1 else f"{stem}-{number}",
            )
            try:
                await self._catalog.apply(Insert(space), Insert(_member(space.id, owner.id, Role.OWNER, now)))
            except Conflict:
                # Another one is called so.
                number += 1
                continue
            return space

    async def join(self, space_id: str, person_id: str, role: Role) -> None:
        """Give a person a role in a space, instead of the one held so far."""
        now = self._clock.now()
        member = _member(space_id, person_id, role, now)
        await self._catalog.apply(Delete(Member, member.id), Insert(member))

    async def everybody(self) -> list[Person]:
        """All people, oldest first."""
        return await self._catalog.select(Person)

    async def find(self, email_or_id: str) -> Person:
        """The person with this address or id.

        Raises:
            NotFound: there is none.
        """
        person = await self._catalog.find(Person, email=email_or_id) or await self._catalog.get(Person, email_or_id)
        if person is None:
            raise NotFound(f"There is nobody with the address or id {email_or_id[:80]!r}.")
        return person

    async def delete(self, person: Person) -> None:
        """Remove a person whose own space is empty, with memberships, tokens, keys, links, integrations, dashboards
        and shares of those of others, and clients with what they got. Clients of a product stay with it, whoever made
        them.

        Raises:
            Conflict: the space still owns devices or things.
        """
        devices = await self._catalog.count(Device, space_id=person.id)
        things = await self._catalog.count(Thing, space_id=person.id)
        if devices or things:
            raise Conflict(f"{person.email} still owns {devices} devices and {things} things. Delete them first.")
        clients = await self._catalog.select(Client, person_id=person.id, product_id=None)
        tokens = {t.id for t in await self._catalog.select(Token, bearer_id=person.id)}
        tokens |= {t.id for t in await self._catalog.select(Token, client_id=[c.id for c in clients])}
        changes: list[Change] = [Delete(Person, person.id), Delete(Space, person.id)]
        changes += [Delete(Member, m.id) for m in await self._catalog.select(Member, person_id=person.id)]
        changes += [Delete(Client, c.id) for c in clients]
        changes += [Delete(Token, id) for id in tokens]
        changes += [Delete(OneTimeLink, k.id) for k in await self._catalog.select(OneTimeLink, person_id=person.id)]
        changes += [Delete(Integration, i.id) for i in await self._catalog.select(Integration, space_id=person.id)]
        changes += await removal_with_person(self._catalog, person.id)
        await self._catalog.apply(*changes)
        for client in clients:
            if client.kind is ClientKind.KEY:
                announce_withdrawn(self._bus, client.id)
        for id in tokens:
            announce_token_withdrawn(self._bus, id)

    async def set_password(self, person: Person, password: str) -> Person:
        """Replace the password. Log-ins that are half done with the old one end.

        Raises:
            Invalid: it can not be used.
        """
        kept = await self._passwords.hash(check_password(password))
        after = changed(person, self._clock.now(), password_hash=kept)
        await self._catalog.apply(Update(after))
        await self._links.end(person.id, LOGIN, CODE)
        return after

    async def set_email(self, person: Person, email: str) -> Person:
        """Give a person another address.

        Raises:
            Invalid: it is none.
            Conflict: somebody else has it.
        """
        email = check_address(email)
        holder = await self._catalog.find(Person, email=email)
        if holder is not None and holder.id != person.id:
            raise Conflict(f"Somebody with the address {email} exists already.")
        after = changed(person, self._clock.now(), email=email)
        await self._catalog.apply(Update(after))
        return after

    async def set_profile(self, person: Person, profile: Mapping[str, Any]) -> Person:
        """Replace what the person says of themselves."""
        after = changed(person, self._clock.now(), profile=dict(profile))
        await self._catalog.apply(Update(after))
        return after

    async def set_name(self, person: Person, name: str) -> Person:
        """Call a person, and their own space, by another name.

        Raises:
            Invalid: no name, or a longer one than can be shown.
        """
        name, now = check_name(name), self._clock.now()
        after = changed(person, now, name=name)
        changes: list[Change] = [Update(after)]
        space = await self._catalog.get(Space, person.id)
        if space is not None:
            changes.append(Update(changed(space, now, name=name)))
        await self._catalog.apply(*changes)
        return after

    async def set_operator(self, person: Person, operator: bool) -> Person:
        """Let a person run the server, or not any more."""
        after = changed(person, self._clock.now(), operator=operator)
        await self._catalog.apply(Update(after))
        return after

    async def knows_password(self, person: Person, password: str) -> bool:
        """Whether this is the person's password."""
        if person.password_hash is None or len(password) > PASSWORD_LIMIT:
            return False
        return await self._passwords.matches(password, person.password_hash)

    async def log_in(self, email: str, password: str) -> Person | None:
        """The person, if the password is right. Takes as long when there is no such person."""
        person = await self._catalog.find(Person, email=email)
        if person is None or person.password_hash is None or len(password) > PASSWORD_LIMIT:
            await self._passwords.hash("no such person, same work")
            return None
        return person if await self._passwords.matches(password, person.password_hash) else None

    async def principal(self, person_id: str, space_id: str | None = None, client_id: str | None = None) -> Principal:
        """Who this person is for `core.access`, acting in `space_id` (default: the person's own).

        Raises:
            NotFound: there is no such person, or the person has no part in that space.
        """
        members = await self._catalog.select(Member, person_id=person_id)
        roles = {m.space_id: m.role for m in members}
        chosen = space_id or person_id
        if chosen not in roles:
            raise NotFound("There is no such organisation, or you are not a member of it.")
        return Principal(person_id=person_id, space_id=chosen, roles=roles, client_id=client_id)

    async def link(self, person: Person) -> str:
        """A token for a one-time link to set a password with; only its hash is kept. Such links that were made before
        end with it."""
        return await self._links.make(PASSWORD, person.id, LINK_LIFETIME)

    async def peek(self, token: str) -> Person | None:
        """Whose one-time link this is, if it still works."""
        link = await self._links.peek(PASSWORD, token)
        return await self._catalog.get(Person, link.person_id) if link is not None else None

    async def redeem(self, token: str, password: str) -> Person:
        """Set a password with a one-time link, which ends with it, as do log-ins that are half done.

        Raises:
            NotFound: the link was used, has expired, or never was.
            Invalid: the password can not be used; the link goes on working.
        """
        ended = NotFound("This link has been used or has expired. Make a new one with `rookery user link`.")
        link = await self._links.peek(PASSWORD, token)
        person = await self._catalog.get(Person, link.person_id) if link is not None else None
        if link is None or person is None:
            raise ended
        kept = await self._passwords.hash(check_password(password))
        after = changed(person, self._clock.now(), password_hash=kept)
        if not await self._links.take(link, Update(after)):
            raise ended
        await self._links.end(person.id, LOGIN, CODE)
        return after


def check_name(name: str) -> str:
    """A person's name without blanks around it, when it may be one.

    Raises:
        Invalid: it is empty, or longer than can be shown.
    """
    name = name.strip()
    if not 1 <= len(name) <= NAME_LIMIT:
        raise Invalid(f"A person has a name of 1 to {NAME_LIMIT} characters.", "name")
    return name


def check_address(email: str) -> str:
    """An e-mail address without blanks around it, when it may be one.

    Raises:
        Invalid: it is none.
    """
    email = email.strip()
    if not 3 <= len(email) <= 254 or email.count("@") != 1 or email.startswith("@") or email.endswith("@"):
        raise Invalid(f"{email[:80]!r} is not an e-mail address.", "email")
    return email


def check_password(password: str) -> str:
    """The password, when it may be used.

    Raises:
        Invalid: too short or too long.
    """
    if len(password) < PASSWORD_LENGTH:
        raise Invalid(f"A password has at least {PASSWORD_LENGTH} characters.", "password")
    if len(password) > PASSWORD_LIMIT:
        raise Invalid(f"A password has at most {PASSWORD_LIMIT} characters.", "password")
    return password


def _member(space_id: str, person_id: str, role: Role, now: int) -> Member:
    return Member(
        id=f"{space_id}/{person_id}", created_at=now, updated_at=now, space_id=space_id, person_id=person_id, role=role
    )
