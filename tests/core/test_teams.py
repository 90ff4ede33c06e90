"""Teams: people with roles, programs with scopes and one token each."""

from __future__ import annotations

import pytest

from rookery.core.errors import Forbidden, Invalid, NotFound, TokenUnknown
from rookery.core.records import Bearer, Member, Person, Product, Program, Role
from rookery.core.services import Services
from rookery.core.teams import Mate
from tests.fakes import ManualClock, memory_services


@pytest.fixture
def services() -> Services:
    return memory_services(clock=ManualClock())


@pytest.fixture
async def owner(services: Services) -> Person:
    return await services.people.create("own@example.org")


@pytest.fixture
async def product(services: Services, owner: Person) -> Product:
    who = await services.people.principal(owner.id)
    return await services.products.create(who, owner.id, name="Lamp", platform=6)


class TestPeople:
    async def test_a_member_joins_changes_and_leaves(self, services: Services, product: Product) -> None:
        other = await services.people.create("other@example.org")
        teams = services.teams
        assert await teams.join(product.id, "OTHER@example.org", Role.EDITOR) == Mate(other, Role.EDITOR)
        assert await teams.people(product.id) == [Mate(other, Role.EDITOR)]
        await teams.join(product.id, other.email, Role.VIEWER)
        mate = await teams.member(product.id, "Other@example.org")
        assert mate == Mate(other, Role.VIEWER)
        await teams.leave(product.id, mate)
        assert await teams.people(product.id) == []
        with pytest.raises(NotFound):
            await teams.member(product.id, other.email)

    async def test_a_change_holds_at_once(self, services: Services, product: Product) -> None:
        other = await services.people.create("other@example.org")
        token = (await services.tokens.issue(Bearer.PERSON, other.id, "x")).token

        async def role() -> Role | None:
            return (await services.tokens.check(token)).principal.roles.get(product.id)

        assert await role() is None
        await services.teams.join(product.id, other.email, Role.EDITOR)
        assert await role() is Role.EDITOR
        await services.teams.leave(product.id, Mate(other, Role.EDITOR))
        assert await role() is None

    async def test_nobody_of_that_name(self, services: Services, product: Product) -> None:
        with pytest.raises(NotFound, match="rookery user add"):
            await services.teams.join(product.id, "nobody@example.org", Role.VIEWER)

    async def test_the_owner_of_an_organisation_stays(self, services: Services, owner: Person) -> None:
        space = await services.people.organisation("Acme", owner)
        other = await services.people.create("other@example.org")
        with pytest.raises(Forbidden):
            await services.teams.join(space.id, owner.email, Role.VIEWER)
        with pytest.raises(Forbidden):
            await services.teams.join(space.id, other.email, Role.OWNER)
        with pytest.raises(Forbidden):
            await services.teams.leave(space.id, Mate(owner, Role.OWNER))
        held = await services.catalog.find(Member, space_id=space.id, person_id=owner.id)
        assert held is not None
        assert held.role is Role.OWNER

    async def test_the_team_of_a_product_has_the_better_of_two_roles(self, services: Services, owner: Person) -> None:
        space = await services.people.organisation("Acme", owner)
        who = await services.people.principal(owner.id)
        product = await services.products.create(who, space.id, name="Lamp", platform=6)
        roles = {"a": (Role.VIEWER, Role.EDITOR), "b": (Role.ADMIN, Role.VIEWER), "c": (None, Role.SUPPORT)}
        people = {"own": owner}
        for name, (there, here) in roles.items():
            people[name] = await services.people.create(f"{name}@example.org")
            if there is not None:
                await services.teams.join(space.id, people[name].email, there)
            await services.teams.join(product.id, people[name].email, here)
        team = {mate.person.id: mate.role for mate in await services.teams.team(product)}
        expected = {"own": Role.OWNER, "a": Role.EDITOR, "b": Role.ADMIN, "c": Role.SUPPORT}
        assert team == {people[name].id: role for name, role in expected.items()}
        spaces = await services.teams.spaces(product)
        assert spaces[0] == space.id
        assert set(spaces[1:]) == {person.id for person in people.values()}


class TestPrograms:
    async def test_one_has_a_token_without_an_end(self, services: Services, product: Product) -> None:
        made = await services.teams.add_program(product.id, " My CI! ", ["devices:list", "devices:list"], "x.test")
        assert (made.program.name, made.program.scopes) == ("My CI!", ["devices:list"])
        stem, _, rest = made.program.username.partition("+")
        assert (stem, len(rest)) == ("my-ci", len("0123456789@x.test"))
        grant = await services.tokens.check(made.token)
        assert grant.record.expires_at is None
        assert (grant.principal.bearer, grant.principal.space_id) == (Bearer.PROGRAM, product.id)
        assert grant.principal.scopes == frozenset({"devices:list"})
        assert await services.teams.programs(product.id) == [made.program]
        assert await services.teams.member(product.id, made.program.username.upper()) == made.program

    @pytest.mark.parametrize("name", ["", "  ", "x" * 65])
    async def test_it_has_a_name(self, services: Services, product: Product, name: str) -> None:
        with pytest.raises(Invalid):
            await services.teams.add_program(product.id, name, ["*:*"], "x.test")

    @pytest.mark.parametrize(
        "scopes",
        [
            [],
            ["devices"],
            ["devices:"],
            [":list"],
            ["Devices:list"],
            ["a:b c:d"],
            ["a:b\n"],
            ["a..b:c"],
            ["a:b:c"],
            ["devices:*"],
            ["*:list"],
        ],
    )
    async def test_scopes_have_a_grammar(self, services: Services, product: Product, scopes: list[str]) -> None:
        with pytest.raises(Invalid):
            await services.teams.add_program(product.id, "ci", scopes, "x.test")
        assert await services.catalog.count(Program) == 0

    @pytest.mark.parametrize("scope", ["*:*", "devices.variable:get", "service_agreements:list"])
    async def test_and_these_fit(self, services: Services, product: Product, scope: str) -> None:
        assert (await services.teams.add_program(product.id, "ci", [scope], "x.test")).program.scopes == [scope]

    async def test_other_scopes_are_another_token(self, services: Services, product: Product) -> None:
        made = await services.teams.add_program(product.id, "ci", ["a:b"], "x.test")
        after = await services.teams.change_program(made.program, None, ["c:d"])
        assert (after.program.name, after.program.scopes) == ("ci", ["c:d"])
        assert after.program.username == made.program.username
        with pytest.raises(TokenUnknown):
            await services.tokens.check(made.token)
        assert (await services.tokens.check(after.token)).principal.scopes == frozenset({"c:d"})
        with pytest.raises(Invalid):
            await services.teams.change_program(after.program, None, ["nonsense"])
        assert (await services.tokens.check(after.token)).principal.scopes == frozenset({"c:d"})

    async def test_it_never_has_two(self, services: Services, product: Product) -> None:
        made = await services.teams.add_program(product.id, "ci", ["a:b"], "x.test")
        again = await services.teams.renew(made.program)
        assert len(await services.tokens.of(made.program.id)) == 1
        with pytest.raises(TokenUnknown):
            await services.tokens.check(made.token)
        await services.tokens.check(again.token)

    async def test_it_ends(self, services: Services, product: Product) -> None:
        made = await services.teams.add_program(product.id, "ci", ["a:b"], "x.test")
        await services.teams.leave(product.id, made.program)
        with pytest.raises(TokenUnknown):
            await services.tokens.check(made.token)
        assert await services.teams.programs(product.id) == []

    async def test_it_is_on_one_team(self, services: Services, owner: Person, product: Product) -> None:
        space = await services.people.organisation("Acme", owner)
        made = await services.teams.add_program(product.id, "ci", ["a:b"], "x.test")
        with pytest.raises(NotFound):
            await services.teams.member(space.id, made.program.username)
