"""The end of an account, changes of one, and slugs of organisations."""

from __future__ import annotations

import pytest

from rookery.core.errors import Conflict, Invalid, TokenUnknown
from rookery.core.records import (
    Bearer,
    ClaimCode,
    Client,
    Device,
    Member,
    OneTimeLink,
    Person,
    Record,
    Role,
    Space,
    Thing,
    Token,
    Variable,
)
from tests.fakes import memory_services

HEX_ID = "0123456789abcdef01234567"
PASSWORD = "correct horse battery"


async def test_everything_of_a_person_goes_and_boards_stay() -> None:
    services = memory_services()
    ada = await services.people.create("ada@example.org", password=PASSWORD)
    bob = await services.people.create("bob@example.org")
    who = await services.people.principal(ada.id)
    client, _ = await services.oauth.create(ada.id, "app")
    through = await services.tokens.issue(Bearer.PERSON, bob.id, client.id)
    await services.clients.create(ada.id, "script")
    await services.people.link(ada)
    await services.claims.code(ada.id)
    mine = await services.tokens.issue(Bearer.PERSON, ada.id, "cli")
    kept = await services.tokens.issue(Bearer.PERSON, bob.id, "cli")
    await services.devices.create(who, "one", "giga")
    await services.things.create(who, name="Garden", timezone="UTC")
    board = await services.enrolment.enrol(HEX_ID, "two", "photon", platform=6, space_id=ada.id, person_id=ada.id)
    await services.accounts.delete(ada)
    gone: list[type[Record]] = [Client, OneTimeLink, ClaimCode, Thing, Variable]
    assert [await services.catalog.count(kind) for kind in gone] == [0] * 5
    left: list[type[Record]] = [Person, Space, Member, Token, Device]
    assert [await services.catalog.count(kind) for kind in left] == [1] * 5
    after = await services.enrolment.get(HEX_ID)
    assert after is not None
    assert (after.id, after.space_id) == (board.id, "")
    for ended in (mine, through):
        with pytest.raises(TokenUnknown):
            await services.tokens.check(ended.token)
    assert await services.tokens.check(kept.token)
    assert await services.people.log_in("ada@example.org", PASSWORD) is None


async def test_a_product_keeps_the_clients_that_somebody_made_who_left() -> None:
    services = memory_services()
    ada = await services.people.create("ada@example.org")
    bob = await services.people.create("bob@example.org")
    who = await services.people.principal(ada.id)
    product = await services.products.create(who, ada.id, name="Lamp", platform=6)
    await services.teams.join(product.id, "bob@example.org", Role.EDITOR)
    client, secret = await services.oauth.create(bob.id, "server", product=product)
    await services.accounts.delete(bob)
    assert await services.oauth.check(client.id, secret) == client
    with pytest.raises(Conflict, match="1 products"):
        await services.accounts.delete(ada)


async def test_an_organisation_keeps_an_owner() -> None:
    services = memory_services()
    ada = await services.people.create("ada@example.org")
    bob = await services.people.create("bob@example.org")
    lab = await services.people.organisation("Lab", ada)
    with pytest.raises(Conflict, match="only owner of Lab"):
        await services.accounts.delete(ada)
    await services.people.join(lab.id, bob.id, Role.OWNER)
    await services.accounts.delete(ada)
    assert await services.catalog.get(Space, lab.id) == lab


async def test_organisations_of_one_name_have_slugs_of_their_own() -> None:
    services = memory_services()
    ada = await services.people.create("ada@example.org")
    made = [await services.people.organisation(name, ada) for name in ("My Lab", "my-lab", "My  Lab!", "研究")]
    assert [space.slug for space in made] == ["my-lab", "my-lab-2", "my-lab-3", "organisation"]


class TestChanges:
    async def test_of_the_address(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org", password=PASSWORD)
        await services.people.create("bob@example.org")
        ada = await services.people.set_email(ada, " Ada@Example.org ")
        ada = await services.people.set_email(ada, "ada@example.net")
        assert await services.people.log_in("ada@example.net", PASSWORD) == ada
        assert await services.people.log_in("ada@example.org", PASSWORD) is None
        with pytest.raises(Conflict):
            await services.people.set_email(ada, "BOB@example.org")
        with pytest.raises(Invalid):
            await services.people.set_email(ada, "ada")

    async def test_of_the_password(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org", password=PASSWORD)
        assert await services.people.knows_password(ada, PASSWORD)
        ada = await services.people.set_password(ada, "another password")
        assert not await services.people.knows_password(ada, PASSWORD)
        assert not await services.people.knows_password(ada, "x" * 5_000)
        with pytest.raises(Invalid):
            await services.people.set_password(ada, "short")

    async def test_of_the_profile(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org", profile={"first_name": "Ada"})
        assert ada.profile == {"first_name": "Ada"}
        assert (await services.people.set_profile(ada, {})).profile == {}
