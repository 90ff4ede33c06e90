"""Access tokens: issued, checked, refreshed, revoked, remembered no longer than they should be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.core import tokens as module
from rookery.core.catalog import Delete
from rookery.core.errors import TokenExpired, TokenUnknown, Unavailable
from rookery.core.people import People
from rookery.core.records import Bearer, Customer, Person, Product, Program, Role, Token
from rookery.core.services import Services
from rookery.core.tokens import DEFAULT_LIFETIME, LONGEST_LIFETIME, PRINCIPAL_AGE, REFRESH_LONGER
from tests.fakes import ManualClock, MemoryCatalog, RecordingBus, memory_services


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def services(clock: ManualClock) -> Services:
    return memory_services(clock=clock)


@pytest.fixture
async def person(services: Services) -> Person:
    return await services.people.create("own@example.org")


async def product_of(services: Services, person: Person) -> Product:
    who = await services.people.principal(person.id)
    return await services.products.create(who, person.id, name="Lamp", platform=6)


class TestIssue:
    async def test_a_pair(self, services: Services, person: Person) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        assert (len(issued.token), len(issued.refresh_token or "")) == (40, 40)
        assert issued.token != issued.refresh_token
        assert issued.lifetime == DEFAULT_LIFETIME
        grant = await services.tokens.check(issued.token)
        assert grant.record.id == issued.record.id
        assert (grant.principal.person_id, grant.principal.client_id) == (person.id, "x")

    async def test_neither_text_is_kept(self, services: Services, person: Person) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        kept = repr(await services.catalog.select(Token))
        assert issued.token not in kept
        assert str(issued.refresh_token) not in kept

    async def test_without_an_end(self, services: Services, person: Person, clock: ManualClock) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x", lifetime=0)
        assert (issued.refresh_token, issued.lifetime) == (None, 0)
        clock.turn(LONGEST_LIFETIME * 2)
        await services.tokens.check(issued.token)

    async def test_a_very_long_one_is_cut(self, services: Services, person: Person) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x", lifetime=10**15)
        assert issued.lifetime == LONGEST_LIFETIME


class TestCheck:
    @pytest.mark.parametrize("text", ["", "x", "0" * 40, "0" * 257, "ä"])
    async def test_what_is_no_token(self, services: Services, text: str) -> None:
        with pytest.raises(TokenUnknown):
            await services.tokens.check(text)

    async def test_it_is_over_to_the_second(self, services: Services, person: Person, clock: ManualClock) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x", lifetime=60)
        clock.turn(59.999)
        await services.tokens.check(issued.token)
        clock.turn(0.001)
        with pytest.raises(TokenExpired):
            await services.tokens.check(issued.token)
        kept = await services.tokens.find(issued.token)
        assert kept is not None
        assert kept.id == issued.record.id

    async def test_it_is_read_once(self, services: Services, person: Person, clock: ManualClock) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x", lifetime=0)
        await services.tokens.check(issued.token)
        catalog = services.catalog
        assert isinstance(catalog, MemoryCatalog)
        reads = catalog.reads
        for _ in range(3):
            await services.tokens.check(issued.token)
        assert catalog.reads == reads
        clock.turn(PRINCIPAL_AGE + 0.1)
        await services.tokens.check(issued.token)
        assert catalog.reads > reads

    async def test_its_use_is_written_now_and_then(
        self, services: Services, person: Person, clock: ManualClock
    ) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        assert issued.record.last_used_at is None
        seen = []
        for seconds in (0.0, 60.0, 600.0):
            clock.turn(seconds)
            await services.tokens.check(issued.token)
            kept = await services.tokens.find(issued.token)
            assert kept is not None
            seen.append((kept.version, kept.last_used_at))
        first, soon, later = seen
        assert first == soon
        assert first[1] is not None
        assert later == (first[0] + 1, clock.now())

    async def test_a_store_that_can_not_write_keeps_nobody_out(
        self, services: Services, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x")

        async def full(self: MemoryCatalog, *changes: object) -> None:
            raise Unavailable("The disk is full.")

        monkeypatch.setattr(MemoryCatalog, "apply", full)
        assert (await services.tokens.check(issued.token)).principal.person_id == person.id

    async def test_a_role_holds_within_seconds(self, services: Services, person: Person, clock: ManualClock) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        space = await services.people.organisation("Acme", await services.people.create("b@example.org"))
        await services.tokens.check(issued.token)
        await services.people.join(space.id, person.id, Role.VIEWER)
        clock.turn(PRINCIPAL_AGE + 0.1)
        assert (await services.tokens.check(issued.token)).principal.roles[space.id] is Role.VIEWER

    async def test_few_are_remembered(
        self, services: Services, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "REMEMBERED", 2)
        issued = [await services.tokens.issue(Bearer.PERSON, person.id, "x") for _ in range(4)]
        for one in issued * 2:
            assert (await services.tokens.check(one.token)).record.id == one.record.id
        assert len(services.tokens._known) == 2

    async def test_one_that_is_revoked_while_it_is_read_is_not_remembered(
        self, services: Services, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        principal = People.principal

        async def slow(self: People, *args: str, **more: str) -> object:
            found = await principal(self, *args, **more)
            await services.tokens.revoke(issued.record)
            return found

        monkeypatch.setattr(People, "principal", slow)
        await services.tokens.check(issued.token)
        with pytest.raises(TokenUnknown):
            await services.tokens.check(issued.token)


class TestWhomItSpeaksFor:
    async def test_a_customer(self, services: Services, person: Person) -> None:
        product = await product_of(services, person)
        customer = await services.customers.create(product, "c", None)
        who = (await services.tokens.check(await self.issue(services, Bearer.CUSTOMER, customer.id))).principal
        assert (who.bearer, who.space_id, who.product_id) == (Bearer.CUSTOMER, customer.id, product.id)
        assert (who.roles, who.scopes) == ({customer.id: Role.OWNER}, None)

    async def test_a_product_with_and_without_a_limit(self, services: Services, person: Person) -> None:
        product = await product_of(services, person)
        for scope, scopes in ((None, None), ("a:b c:d", frozenset({"a:b", "c:d"}))):
            token = await self.issue(services, Bearer.PRODUCT, product.id, scope)
            who = (await services.tokens.check(token)).principal
            assert (who.bearer, who.space_id, who.product_id) == (Bearer.PRODUCT, product.id, product.id)
            assert (who.person_id, who.roles, who.scopes) == ("", {product.id: Role.ADMIN}, scopes)

    async def test_a_program(self, services: Services, person: Person) -> None:
        product = await product_of(services, person)
        made = await services.teams.add_program(product.id, "ci", ["a:b"], "x.test")
        who = (await services.tokens.check(made.token)).principal
        assert (who.bearer, who.space_id, who.scopes) == (Bearer.PROGRAM, product.id, frozenset({"a:b"}))

    @pytest.mark.parametrize("bearer", list(Bearer))
    async def test_nobody(self, services: Services, bearer: Bearer) -> None:
        token = await self.issue(services, bearer, "gone")
        with pytest.raises(TokenUnknown, match="gone"):
            await services.tokens.check(token)

    async def test_somebody_who_is_gone_by_now(self, services: Services, person: Person, clock: ManualClock) -> None:
        product = await product_of(services, person)
        customer = await services.customers.create(product, "c", None)
        made = await services.teams.add_program(product.id, "ci", ["a:b"], "x.test")
        tokens = {
            await self.issue(services, Bearer.CUSTOMER, customer.id): Delete(Customer, customer.id),
            made.token: Delete(Program, made.program.id),
            await self.issue(services, Bearer.PRODUCT, product.id): Delete(Product, product.id),
        }
        for token, gone in tokens.items():
            await services.tokens.check(token)
            await services.catalog.apply(gone)
        clock.turn(PRINCIPAL_AGE + 0.1)
        for token in tokens:
            with pytest.raises(TokenUnknown):
                await services.tokens.check(token)

    async def issue(self, services: Services, bearer: Bearer, id: str, scope: str | None = None) -> str:
        return (await services.tokens.issue(bearer, id, "x", scope=scope)).token


class TestRefresh:
    async def test_a_new_pair_ends_the_old_one(self, services: Services, person: Person) -> None:
        old = await services.tokens.issue(Bearer.PERSON, person.id, "x", scope="a:b")
        assert old.refresh_token is not None
        await services.tokens.check(old.token)
        new = await services.tokens.refresh(old.refresh_token, "x", 60)
        assert (new.lifetime, new.record.scope, new.record.bearer_id) == (60, "a:b", person.id)
        with pytest.raises(TokenUnknown):
            await services.tokens.check(old.token)
        with pytest.raises(TokenUnknown):
            await services.tokens.refresh(old.refresh_token, "x")
        await services.tokens.check(new.token)

    async def test_two_at_once_are_one(self, services: Services, person: Person) -> None:
        old = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        assert old.refresh_token is not None
        both = await asyncio.gather(
            *(services.tokens.refresh(old.refresh_token, "x") for _ in range(2)), return_exceptions=True
        )
        assert sorted(type(one).__name__ for one in both) == ["Issued", "TokenUnknown"]
        assert await services.catalog.count(Token) == 1

    async def test_a_use_at_the_same_moment_does_not_spend_it(
        self, services: Services, person: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        assert old.refresh_token is not None
        find = MemoryCatalog.find

        async def used_meanwhile(self: MemoryCatalog, *args: Any, **equals: Any) -> Any:
            found = await find(self, *args, **equals)
            await services.tokens.check(old.token)
            return found

        monkeypatch.setattr(MemoryCatalog, "find", used_meanwhile)
        assert (await services.tokens.refresh(old.refresh_token, "x")).token != old.token

    async def test_it_outlives_the_token_for_a_time(
        self, services: Services, person: Person, clock: ManualClock
    ) -> None:
        for wait, ends in ((60 + REFRESH_LONGER - 1, False), (60 + REFRESH_LONGER, True)):
            old = await services.tokens.issue(Bearer.PERSON, person.id, "x", lifetime=60)
            assert old.refresh_token is not None
            clock.turn(wait)
            if ends:
                with pytest.raises(TokenExpired):
                    await services.tokens.refresh(old.refresh_token, "x")
            else:
                await services.tokens.refresh(old.refresh_token, "x")

    async def test_of_another_client_or_none_at_all(self, services: Services, person: Person) -> None:
        old = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        assert old.refresh_token is not None
        for text, client in ((old.refresh_token, "y"), (old.token, "x"), ("", "x"), ("0" * 300, "x")):
            with pytest.raises(TokenUnknown):
                await services.tokens.refresh(text, client)
        await services.tokens.check(old.token)
        with pytest.raises(TokenUnknown):
            await services.tokens.check(old.refresh_token)


class TestRevoke:
    async def test_at_once_and_told(self, services: Services, person: Person) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x")
        await services.tokens.check(issued.token)
        bus = services.bus
        assert isinstance(bus, RecordingBus)
        bus.heard.clear()
        await services.tokens.revoke(issued.record)
        assert {channel for channel, _ in bus.heard} == {f"token.{issued.record.id}", "tokens"}
        with pytest.raises(TokenUnknown):
            await services.tokens.check(issued.token)
        with pytest.raises(TokenUnknown):
            await services.tokens.grant(issued.record)

    async def test_all_of_one_bearer_or_client(self, services: Services, person: Person) -> None:
        other = await services.people.create("other@example.org")
        made = {}
        for owner in (person, other):
            for client in ("x", "y"):
                made[owner.id, client] = await services.tokens.issue(Bearer.PERSON, owner.id, client)
        kept = made[person.id, "y"]
        await services.tokens.revoke_all(person.id, but=kept.record.id)
        assert {record.id for record in await services.tokens.of(person.id)} == {kept.record.id}
        await services.tokens.revoke_client("y")
        left = await services.catalog.select(Token)
        assert [(record.bearer_id, record.client_id) for record in left] == [(other.id, "x")]

    async def test_a_record_speaks_as_long_as_it_is_there(
        self, services: Services, person: Person, clock: ManualClock
    ) -> None:
        issued = await services.tokens.issue(Bearer.PERSON, person.id, "x", lifetime=60)
        assert (await services.tokens.grant(issued.record)).principal.person_id == person.id
        clock.turn(60)
        with pytest.raises(TokenExpired):
            await services.tokens.grant(issued.record)
