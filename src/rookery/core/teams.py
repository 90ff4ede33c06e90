"""Who works on a product or in an organisation: people with roles, and programs with scopes.

A program is a user with one token that never expires. Another set of scopes means another token: what was copied
somewhere for the old set must not quietly be able to do more.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from rookery.core.bus import Bus, ProductChanged
from rookery.core.catalog import Catalog, Change, Delete, Insert, Update, changed
from rookery.core.clock import Clock
from rookery.core.errors import Forbidden, Invalid, NotFound
from rookery.core.ids import Identifiers
from rookery.core.records import Bearer, Member, Person, Product, Program, Role
from rookery.core.tokens import AccessTokens

NAME_LIMIT = 64
SCOPES_LIMIT = 100
"""Scopes of one program; the documented list has some 90."""
SCOPE = re.compile(r"\*:\*|[a-z_]+(\.[a-z_]+)*:[a-z_]+")
"""domain[.sub]:action, or `*:*` for everything. Nothing in between, such as `devices:*`: it would be no permission."""


_RANK = {role: rank for rank, role in enumerate(Role)}


class Mate(NamedTuple):
    """A person on a team."""

    person: Person
    role: Role


class NewProgram(NamedTuple):
    """A program and its token, which can not be read again."""

    program: Program
    token: str


class Teams:
    """The teams of products (`space_id` is the product's id) and of organisations."""

    def __init__(self, catalog: Catalog, tokens: AccessTokens, bus: Bus, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._tokens = tokens
        self._bus = bus
        self._ids = ids
        self._clock = clock

    async def people(self, space_id: str) -> list[Mate]:
        """Everybody with a role here, oldest membership first."""
        found = []
        for member in await self._catalog.select(Member, space_id=space_id):
            person = await self._catalog.get(Person, member.person_id)
            if person is not None:
                found.append(Mate(person, member.role))
        return found

    async def team(self, product: Product) -> list[Mate]:
        """Everybody with a role in a product, those first who have it from the space that owns the product. Who has two
        has the better one."""
        found: dict[str, Mate] = {}
        for mate in (*await self.people(product.space_id), *await self.people(product.id)):
            held = found.get(mate.person.id)
            if held is None or _RANK[mate.role] < _RANK[held.role]:
                found[mate.person.id] = mate
        return list(found.values())

    async def spaces(self, product: Product) -> list[str]:
        """The space that owns a product, and the own spaces of its team."""
        members = await self._catalog.select(Member, space_id=[product.id, product.space_id])
        return list(dict.fromkeys((product.space_id, *(member.person_id for member in members))))

    async def programs(self, space_id: str) -> list[Program]:
        """Its programs, oldest first."""
        return await self._catalog.select(Program, space_id=space_id)

    async def join(self, space_id: str, email: str, role: Role) -> Mate:
        """Give a person a role here, instead of the one held so far.

        Raises:
            NotFound: nobody has this address.
            Forbidden: the owner's role is given and taken by nobody.
        """
        person = await self._catalog.find(Person, email=email)
        if person is None:
            raise NotFound("There is nobody with this address. Add the person with `rookery user add` first.")
        held = await self._catalog.find(Member, space_id=space_id, person_id=person.id)
        if role is Role.OWNER or (held is not None and held.role is Role.OWNER):
            raise Forbidden("The role of the owner can not be changed.")
        now = self._clock.now()
        member = Member(
            id=f"{space_id}/{person.id}",
            created_at=now,
            updated_at=now,
            space_id=space_id,
            person_id=person.id,
            role=role,
        )
        changes: list[Change] = [Delete(Member, member.id), Insert(member)]
        await self._catalog.apply(*changes)
        await self._tell(space_id)
        return Mate(person, role)

    async def member(self, space_id: str, username: str) -> Mate | Program:
        """Who is called so here, person or program.

        Raises:
            NotFound: nobody.
        """
        program = await self._catalog.find(Program, username=username)
        if program is not None and program.space_id == space_id:
            return program
        person = await self._catalog.find(Person, email=username)
        held = None
        if person is not None:
            held = await self._catalog.find(Member, space_id=space_id, person_id=person.id)
        if person is None or held is None:
            raise NotFound("There is nobody of this name on the team.")
        return Mate(person, held.role)

    async def leave(self, space_id: str, who: Mate | Program) -> None:
        """Take somebody off the team. A program ends with its token.

        Raises:
            Forbidden: this is the owner.
        """
        if isinstance(who, Program):
            await self._tokens.revoke_all(who.id)
            await self._catalog.apply(Delete(Program, who.id))
            return
        if who.role is Role.OWNER:
            raise Forbidden("The owner can not be taken off the team.")
        await self._catalog.apply(Delete(Member, f"{space_id}/{who.person.id}"))
        await self._tell(space_id)

    async def add_program(self, space_id: str, name: str, scopes: Sequence[str], domain: str) -> NewProgram:
        """A new program. Its user name is made of its name, ten hex digits and `domain`.

        Raises:
            Invalid: no name, or scopes that are none.
        """
        name = name.strip()
        if not 1 <= len(name) <= NAME_LIMIT:
            raise Invalid(f"A program has a name of 1 to {NAME_LIMIT} characters.", "friendly_name")
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32] or "program"
        now = self._clock.now()
        program = Program(
            id=self._ids.uuid(),
            created_at=now,
            updated_at=now,
            space_id=space_id,
            username=f"{stem}+{self._ids.hex(10)}@{domain}",
            name=name,
            scopes=_checked(scopes),
        )
        await self._catalog.apply(Insert(program))
        return NewProgram(program, await self._token(program))

    async def change_program(self, program: Program, name: str | None, scopes: Sequence[str] | None) -> NewProgram:
        """Rename a program or give it other scopes; it gets another token either way."""
        after = changed(
            program,
            self._clock.now(),
            name=name.strip()[:NAME_LIMIT] if name and name.strip() else program.name,
            scopes=_checked(scopes) if scopes is not None else program.scopes,
        )
        await self._catalog.apply(Update(after))
        return await self.renew(after)

    async def renew(self, program: Program) -> NewProgram:
        """Another token; the old one stops working at once."""
        await self._tokens.revoke_all(program.id)
        return NewProgram(program, await self._token(program))

    async def _token(self, program: Program) -> str:
        issued = await self._tokens.issue(Bearer.PROGRAM, program.id, "", lifetime=0)
        return issued.token

    async def _tell(self, space_id: str) -> None:
        """Whoever remembers principals has to look again."""
        product = await self._catalog.get(Product, space_id)
        products = [product] if product is not None else await self._catalog.select(Product, space_id=space_id)
        for one in products:
            self._bus.publish("products", ProductChanged(one))


def _checked(scopes: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(scopes))
    if not wanted or len(wanted) > SCOPES_LIMIT:
        raise Invalid(f"A program has 1 to {SCOPES_LIMIT} scopes.", "scopes")
    for scope in wanted:
        if SCOPE.fullmatch(scope) is None:
            raise Invalid(f"{scope[:60]!r} is no scope.", "scopes")
    return wanted
