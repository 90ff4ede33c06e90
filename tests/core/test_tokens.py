"""Access tokens: whom they speak for, until when, and how they end."""

from __future__ import annotations

import asyncio

import pytest

from rookery.core.errors import TokenExpired, TokenUnknown
from rookery.core.records import Bearer, Role, Token
from rookery.core.services import Services
from rookery.core.tokens import DEFAULT_LIFETIME, PRINCIPAL_AGE, REFRESH_LONGER, Issued
from tests.fakes import ManualClock, RecordingBus, memory_services


class House:
    """Services with one person and a clock."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = RecordingBus()
        self.services: Services = memory_services(clock=self.clock, bus=self.bus)
        self.tokens = self.services.tokens
        self.person_id = ""

    async def person(self) -> str:
        person = await self.services.people.create("ada@rookery.test")
        self.person_id = person.id
        return person.id

    async def issue(self, lifetime: int = DEFAULT_LIFETIME) -> Issued:
        return await self.tokens.issue(Bearer.PERSON, self.person_id, "cli", lifetime=lifetime)


@pytest.fixture
async def house() -> House:
    made = House()
    await made.person()
    return made


async def test_a_token_speaks_for_its_person_and_is_kept_as_a_hash(house: House) -> None:
    issued = await house.issue()
    assert len(issued.token) == 40
    assert set(issued.token) <= set("0123456789abcdef")
    assert issued.lifetime == DEFAULT_LIFETIME
    grant = await house.tokens.check(issued.token)
    assert grant.principal.person_id == grant.principal.space_id == house.person_id
    assert grant.principal.roles == {house.person_id: Role.OWNER}
    (record,) = await house.services.catalog.select(Token)
    assert issued.token not in repr(record)
    assert issued.refresh_token is not None
    assert issued.refresh_token not in repr(record)


async def test_a_token_that_never_expires_has_no_refresh_token(house: House) -> None:
    issued = await house.issue(lifetime=0)
    assert (issued.refresh_token, issued.lifetime, issued.record.expires_at) == (None, 0, None)
    house.clock.turn(100 * 365 * 86_400)
    assert (await house.tokens.check(issued.token)).record == issued.record


async def test_a_token_ends_to_the_second(house: House) -> None:
    issued = await house.issue(lifetime=60)
    house.clock.turn(59.9)
    await house.tokens.check(issued.token)
    house.clock.turn(0.1)
    with pytest.raises(TokenExpired):
        await house.tokens.check(issued.token)


@pytest.mark.parametrize("token", ["", "0" * 40, "x" * 1_000, "☃"])
async def test_what_was_never_given_out_is_unknown(house: House, token: str) -> None:
    with pytest.raises(TokenUnknown):
        await house.tokens.check(token)


async def test_checking_again_reads_nothing_for_a_while(house: House) -> None:
    issued = await house.issue()
    await house.tokens.check(issued.token)
    catalog = house.services.catalog
    before = catalog.reads  # type: ignore[attr-defined]
    for _ in range(10):
        await house.tokens.check(issued.token)
    assert catalog.reads == before  # type: ignore[attr-defined]
    house.clock.turn(PRINCIPAL_AGE + 0.1)
    await house.tokens.check(issued.token)
    assert catalog.reads > before  # type: ignore[attr-defined]


async def test_a_revoked_token_is_unknown_at_once_and_whoever_listens_is_told(house: House) -> None:
    issued = await house.issue()
    await house.tokens.check(issued.token)
    house.bus.heard.clear()
    await house.tokens.revoke(issued.record)
    with pytest.raises(TokenUnknown):
        await house.tokens.check(issued.token)
    with pytest.raises(TokenUnknown):
        await house.tokens.grant(issued.record)
    channels = [channel for channel, _ in house.bus.heard]
    assert channels == ["token." + issued.record.id, "tokens"]


async def test_all_tokens_but_one_can_be_ended_and_all_of_a_client(house: House) -> None:
    first, second = await house.issue(), await house.issue()
    await house.tokens.revoke_all(house.person_id, but=second.record.id)
    assert [record.id for record in await house.tokens.of(house.person_id)] == [second.record.id]
    assert await house.tokens.find(first.token) is None
    await house.tokens.revoke_client("cli")
    assert await house.tokens.of(house.person_id) == []


async def test_a_refresh_token_works_once_and_ends_its_access_token(house: House) -> None:
    old = await house.issue()
    assert old.refresh_token is not None
    new = await house.tokens.refresh(old.refresh_token, "cli", 30)
    assert (new.lifetime, new.record.bearer_id) == (30, house.person_id)
    with pytest.raises(TokenUnknown):
        await house.tokens.check(old.token)
    with pytest.raises(TokenUnknown):
        await house.tokens.refresh(old.refresh_token, "cli")
    await house.tokens.check(new.token)


async def test_two_who_refresh_at_once_get_one_token(house: House) -> None:
    old = await house.issue()
    assert old.refresh_token is not None
    tries = [house.tokens.refresh(old.refresh_token, "cli") for _ in range(5)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, Issued) for result in results) == 1
    assert all(isinstance(result, Issued | TokenUnknown) for result in results)
    assert len(await house.tokens.of(house.person_id)) == 1


async def test_a_refresh_token_of_another_client_or_too_late_is_refused(house: House) -> None:
    issued = await house.issue(lifetime=60)
    assert issued.refresh_token is not None
    with pytest.raises(TokenUnknown):
        await house.tokens.refresh(issued.refresh_token, "another")
    with pytest.raises(TokenUnknown):
        await house.tokens.refresh(issued.token, "cli")
    house.clock.turn(60 + REFRESH_LONGER)
    with pytest.raises(TokenExpired):
        await house.tokens.refresh(issued.refresh_token, "cli")


@pytest.mark.parametrize("bearer", list(Bearer))
async def test_a_token_of_somebody_who_is_gone_is_unknown(house: House, bearer: Bearer) -> None:
    issued = await house.tokens.issue(bearer, "nobody", "cli")
    with pytest.raises(TokenUnknown):
        await house.tokens.check(issued.token)


async def test_a_membership_that_was_given_up_ends_with_the_next_look(house: House) -> None:
    services = house.services
    issued = await house.issue()
    who = (await house.tokens.check(issued.token)).principal
    product = await services.products.create(who, who.space_id, name="Lamp", platform=6)
    other = await services.people.create("grace@rookery.test")
    mate = await services.teams.join(product.id, other.email, Role.EDITOR)
    theirs = await house.tokens.issue(Bearer.PERSON, other.id, "cli")
    assert (await house.tokens.check(theirs.token)).principal.roles[product.id] is Role.EDITOR
    await services.teams.leave(product.id, mate)
    assert product.id not in (await house.tokens.check(theirs.token)).principal.roles
