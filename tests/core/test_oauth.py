"""OAuth clients and authorization codes."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from rookery.core.catalog import Insert
from rookery.core.errors import Invalid, LimitReached, NotFound, TokenExpired, TokenUnknown
from rookery.core.oauth import CLIENTS_LIMIT, CODE_LIFETIME, CODES
from rookery.core.records import Bearer, Client, ClientKind, Person, Product
from rookery.core.services import Services
from tests.fakes import ManualClock, memory_services

BACK = "https://app.example.org/back"


async def world(clock: ManualClock | None = None) -> tuple[Services, Person, Product]:
    services = memory_services(clock=clock)
    ada = await services.people.create("ada@example.org")
    who = await services.people.principal(ada.id)
    product = await services.products.create(who, ada.id, name="Lamp", platform=6)
    return services, ada, product


NAMES = [
    ("My Client", r"my-client-\d{1,4}"),
    ("  Ünïcode & more!  ", r"n-code-more-\d{1,4}"),
    ("日本", r"client-\d{1,4}"),
    ("a" * 64, r"a{35}-\d{1,4}"),
    ("-" * 10, r"client-\d{1,4}"),
]


@pytest.mark.parametrize(("name", "form"), NAMES)
async def test_an_id_is_made_of_the_name(name: str, form: str) -> None:
    services, ada, _ = await world()
    client, secret = await services.oauth.create(ada.id, name)
    assert re.fullmatch(form, client.id)
    assert re.fullmatch("[a-z0-9-]{3,40}", client.id)
    assert re.fullmatch("[0-9a-f]{40}", secret)
    assert await services.oauth.check(client.id, secret) == client
    assert await services.oauth.check(client.id, secret[:-1]) is None
    assert await services.oauth.check(client.id.upper(), secret) is None


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "name"),
    ({"name": "  "}, "name"),
    ({"name": "x" * 65}, "name"),
    ({"kind": ClientKind.WEB}, "redirect_uri"),
    ({"redirect_uri": BACK}, "redirect_uri"),
    ({"scope": "nonsense"}, "scope"),
    ({"scope": "a:b " + " ".join(f"{'x' * n}:get" for n in range(1, 120))}, "scope"),
]


@pytest.mark.parametrize(("fields", "field"), BAD)
async def test_what_can_not_be_used_is_refused(fields: dict[str, Any], field: str) -> None:
    services, ada, _ = await world()
    with pytest.raises(Invalid) as refused:
        await services.oauth.create(ada.id, **{"name": "app", **fields})
    assert refused.value.field == field


GOOD_ADDRESSES = [BACK, "http://localhost:3000", "http://[::1]:8080/x?y=1", "com.example.app:/back", "https://h/a;b'c"]
BAD_ADDRESSES = [
    "/back",
    "javascript:alert(1)",
    "data:text/html,x",
    "https://",
    "https://h/#fragment",
    "https://user:pass@h/",
    "https://h/ x",
    "https://h/\r\nx: y",
    "https://h:99999/",
    "https://[::1/",
    "http://h;form-action *",
    "https://ex.org/" + "x" * 2_000,
    "app:/back",
]


@pytest.mark.parametrize("address", GOOD_ADDRESSES)
async def test_addresses_that_a_browser_can_be_sent_to(address: str) -> None:
    services, ada, _ = await world()
    client, _ = await services.oauth.create(ada.id, "app", ClientKind.WEB, redirect_uri=address)
    assert client.redirect_uri == address


@pytest.mark.parametrize("address", BAD_ADDRESSES)
async def test_addresses_that_it_can_not(address: str) -> None:
    services, ada, _ = await world()
    with pytest.raises(Invalid):
        await services.oauth.create(ada.id, "app", ClientKind.WEB, redirect_uri=address)


@pytest.mark.parametrize(
    ("said", "kept"),
    [(None, None), ("", None), ("none", None), ("*:*", None), ("customers:create", "customers:create")],
)
async def test_a_scope_is_a_limit_or_none(said: str | None, kept: str | None) -> None:
    services, ada, _ = await world()
    client, _ = await services.oauth.create(ada.id, "app", scope=said)
    assert client.scope == kept


async def test_people_and_products_have_their_own() -> None:
    services, ada, product = await world()
    bob = await services.people.create("bob@example.org")
    mine, _ = await services.oauth.create(ada.id, "mine")
    ours, _ = await services.oauth.create(ada.id, "ours", product=product)
    assert await services.oauth.of_person(ada.id) == [mine]
    assert await services.oauth.of_product(product) == [ours]
    assert await services.oauth.of_person(bob.id) == []
    assert await services.oauth.owned(mine.id, person_id=ada.id) == mine
    assert await services.oauth.owned(ours.id, product=product) == ours
    wrongs: list[dict[str, Any]] = [{"person_id": bob.id}, {"product": product}, {}]
    for wrong in wrongs:
        with pytest.raises(NotFound):
            await services.oauth.owned(mine.id, **wrong)
    with pytest.raises(NotFound):
        await services.oauth.owned(ours.id, person_id=ada.id)


async def test_api_keys_and_oauth_clients_do_not_meet() -> None:
    services, ada, _ = await world()
    key, key_secret = await services.clients.create(ada.id, "script")
    client, secret = await services.oauth.create(ada.id, "app")
    assert await services.clients.check(client.id, secret) is None
    assert await services.clients.get(client.id) is None
    assert await services.clients.of(ada.id) == [await services.clients.get(key.id)]
    assert await services.oauth.check(key.id, key_secret) is None
    assert await services.oauth.of_person(ada.id) == [client]


async def test_deleting_one_ends_what_it_got() -> None:
    services, ada, _ = await world()
    client, secret = await services.oauth.create(ada.id, "app")
    issued = await services.tokens.issue(Bearer.PERSON, ada.id, client.id)
    other = await services.tokens.issue(Bearer.PERSON, ada.id, "other")
    await services.oauth.delete(client)
    assert await services.oauth.check(client.id, secret) is None
    with pytest.raises(TokenUnknown):
        await services.tokens.check(issued.token)
    assert await services.tokens.check(other.token)


async def test_another_scope_ends_the_tokens_of_its_owner_only() -> None:
    services, ada, product = await world()
    client, _ = await services.oauth.create(ada.id, "app", product=product)
    customer = await services.customers.create(product, "kim", None)
    whole = await services.tokens.issue(Bearer.PRODUCT, product.id, client.id)
    kims = await services.tokens.issue(Bearer.CUSTOMER, customer.id, client.id)
    renamed = await services.oauth.change(client, name="App 2")
    assert await services.tokens.check(whole.token)
    after = await services.oauth.change(renamed, scope="customers:create")
    assert (after.name, after.scope) == ("App 2", "customers:create")
    with pytest.raises(TokenUnknown):
        await services.tokens.check(whole.token)
    assert await services.tokens.check(kims.token)
    assert (await services.oauth.change(after, scope="none")).scope is None


async def test_there_is_an_end_to_clients() -> None:
    services, ada, product = await world()
    first, _ = await services.oauth.create(ada.id, "app")
    rows = [Client(**{**_fields(first), "id": f"app-{'x' * 9}-{n}"}) for n in range(CLIENTS_LIMIT - 1)]
    await services.catalog.apply(*(Insert(row) for row in rows))
    with pytest.raises(LimitReached):
        await services.oauth.create(ada.id, "app")
    assert await services.oauth.create(ada.id, "app", product=product)


def _fields(record: Client) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


class TestCode:
    async def made(self) -> tuple[Services, Client, str, ManualClock]:
        clock = ManualClock()
        services, ada, _ = await world(clock)
        client, _ = await services.oauth.create(ada.id, "app", ClientKind.WEB, redirect_uri=BACK)
        return services, client, await services.oauth.code(client, Bearer.PERSON, ada.id), clock

    async def test_it_works_once(self) -> None:
        services, client, code, _ = await self.made()
        held = await services.oauth.redeem(code, client, BACK)
        assert (held.bearer, held.bearer_id, held.scope) == (Bearer.PERSON, client.person_id, None)
        with pytest.raises(TokenUnknown):
            await services.oauth.redeem(code, client, BACK)

    async def test_of_two_at_once_one_gets_it(self) -> None:
        services, client, code, _ = await self.made()
        tries = [services.oauth.redeem(code, client, BACK) for _ in range(2)]
        got = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(type(each).__name__ for each in got) == ["Authorised", "TokenUnknown"]

    async def test_it_is_bound_to_client_and_address(self) -> None:
        services, client, code, _ = await self.made()
        other, _ = await services.oauth.create(client.person_id, "other", ClientKind.WEB, redirect_uri=BACK)
        for wrong in ((other, BACK), (client, BACK + "/"), (client, "")):
            with pytest.raises(TokenUnknown):
                await services.oauth.redeem(code, *wrong)
        assert await services.oauth.redeem(code, client, BACK)

    async def test_it_lives_for_thirty_seconds(self) -> None:
        services, client, code, clock = await self.made()
        clock.turn(CODE_LIFETIME)
        with pytest.raises(TokenExpired):
            await services.oauth.redeem(code, client, BACK)

    async def test_a_few_may_be_on_their_way(self) -> None:
        services, client, first, clock = await self.made()
        for _ in range(CODES + 1):
            clock.turn(1)
            last = await services.oauth.code(client, Bearer.PERSON, client.person_id)
        with pytest.raises(TokenUnknown):
            await services.oauth.redeem(first, client, BACK)
        assert await services.oauth.redeem(last, client, BACK)
