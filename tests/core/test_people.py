"""People, their spaces, passwords and one-time links; API keys."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.core.clock import DAY, SECOND
from rookery.core.errors import Conflict, Invalid, NotFound
from rookery.core.records import Bearer, Role, Space
from tests.fakes import ManualClock, memory_services

PASSWORD = "correct horse battery"


async def test_a_person_has_a_space_of_their_own() -> None:
    services = memory_services()
    person = await services.people.create(" ada@example.org ", password=PASSWORD)
    assert (person.email, person.name) == ("ada@example.org", "ada")
    who = await services.people.principal(person.id)
    assert who.space_id == person.id
    assert who.roles == {person.id: Role.OWNER}
    assert await services.people.everybody() == [person]
    assert await services.people.find("ada@example.org") == await services.people.find(person.id) == person


@pytest.mark.parametrize("email", ["", "ada", "@b", "a@", "a@b@c", "a" * 251 + "@b.c"])
async def test_an_address_that_is_none_is_refused(email: str) -> None:
    with pytest.raises(Invalid, match="e-mail"):
        await memory_services().people.create(email)


@pytest.mark.parametrize(("password", "words"), [("short", "at least"), ("x" * 1025, "at most")])
async def test_a_password_has_a_length(password: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        await memory_services().people.create("ada@example.org", password=password)


async def test_an_address_is_given_once() -> None:
    services = memory_services()
    await services.people.create("ada@example.org")
    with pytest.raises(Conflict):
        await services.people.create("ada@example.org")


async def test_logging_in() -> None:
    services = memory_services()
    person = await services.people.create("ada@example.org", password=PASSWORD)
    assert await services.people.log_in("ada@example.org", PASSWORD) == person
    assert await services.people.log_in("ada@example.org", "wrong password") is None
    assert await services.people.log_in("nobody@example.org", PASSWORD) is None


async def test_a_person_without_a_password_can_not_log_in() -> None:
    services = memory_services()
    await services.people.create("ada@example.org")
    assert await services.people.log_in("ada@example.org", "") is None


class TestOneTimeLink:
    async def test_it_sets_a_password_once(self) -> None:
        services = memory_services()
        person = await services.people.create("ada@example.org")
        token = await services.people.link(person)
        assert await services.people.peek(token) == person
        await services.people.redeem(token, PASSWORD)
        assert await services.people.log_in("ada@example.org", PASSWORD) is not None
        assert await services.people.peek(token) is None
        with pytest.raises(NotFound, match="rookery user link"):
            await services.people.redeem(token, "another password")

    async def test_a_new_one_ends_the_former_ones_of_the_same_person_only(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org")
        former = await services.people.link(ada)
        other = await services.people.link(await services.people.create("bob@example.org"))
        newest = await services.people.link(ada)
        assert await services.people.peek(former) is None
        assert await services.people.peek(newest) == ada
        assert await services.people.peek(other) is not None

    async def test_a_bad_password_leaves_it_alive(self) -> None:
        services = memory_services()
        token = await services.people.link(await services.people.create("ada@example.org"))
        with pytest.raises(Invalid):
            await services.people.redeem(token, "short")
        assert await services.people.peek(token) is not None

    async def test_it_expires(self) -> None:
        clock = ManualClock()
        services = memory_services(clock=clock)
        token = await services.people.link(await services.people.create("ada@example.org"))
        clock.turn(DAY // SECOND)
        assert await services.people.peek(token) is None

    async def test_nobody_guesses_one(self) -> None:
        services = memory_services()
        await services.people.link(await services.people.create("ada@example.org"))
        assert await services.people.peek("x" * 43) is None


class TestOrganisation:
    async def test_members_act_in_it_and_others_do_not(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org")
        bob = await services.people.create("bob@example.org")
        eve = await services.people.create("eve@example.org")
        lab = await services.people.organisation("Lab", ada)
        await services.people.join(lab.id, bob.id, Role.VIEWER)
        await services.people.join(lab.id, bob.id, Role.EDITOR)
        assert (await services.people.principal(bob.id, lab.id)).roles[lab.id] is Role.EDITOR
        with pytest.raises(NotFound):
            await services.people.principal(eve.id, lab.id)


async def test_a_person_is_deleted_with_what_is_theirs_but_not_with_devices() -> None:
    services = memory_services()
    ada = await services.people.create("ada@example.org")
    who = await services.people.principal(ada.id)
    client, _ = await services.clients.create(ada.id, "script")
    device = await services.devices.create(who, "arduino", "giga")
    with pytest.raises(Conflict, match="1 devices"):
        await services.people.delete(ada)
    await services.devices.delete(who, device.id, force=True)
    await services.people.delete(ada)
    assert await services.people.everybody() == []
    assert await services.catalog.get(type(client), client.id) is None


class TestClients:
    async def test_a_key_works_until_it_is_turned_off(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org")
        client, secret = await services.clients.create(ada.id, "script")
        assert (len(client.id), len(secret)) == (32, 64)
        checked = await services.clients.check(client.id, secret)
        assert checked is not None
        assert checked.last_used_at == services.clock.now()
        assert await services.clients.check(client.id, secret[:-1] + "!") is None
        await services.clients.change(checked, enabled=False)
        assert await services.clients.check(client.id, secret) is None

    async def test_a_new_secret_ends_the_old_one(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org")
        client, old = await services.clients.create(ada.id, "script")
        client, new = await services.clients.rotate(client)
        assert await services.clients.check(client.id, old) is None
        assert await services.clients.check(client.id, new) is not None

    async def test_what_was_read_before_a_change_and_comes_after_it_is_not_remembered(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org")
        client, old = await services.clients.create(ada.id, "script")
        read, late = services.catalog.get, asyncio.Event()

        async def slow(kind: type[Any], id: str) -> Any:
            found = await read(kind, id)
            await late.wait()
            return found

        monkeypatch.setattr(services.catalog, "get", slow)
        reading = asyncio.create_task(services.clients.get(client.id))
        await asyncio.sleep(0)
        await services.clients.rotate(client)
        late.set()
        assert await reading == client
        assert await services.clients.check(client.id, old) is None

    async def test_somebody_else_s_key_is_not_there(self) -> None:
        services = memory_services()
        ada = await services.people.create("ada@example.org")
        client, secret = await services.clients.create(ada.id, "script")
        with pytest.raises(NotFound):
            await services.clients.owned("eve", client.id)
        await services.clients.delete(client)
        assert await services.clients.check(client.id, secret) is None

    async def test_use_is_written_once_a_minute(self) -> None:
        clock = ManualClock()
        services = memory_services(clock=clock)
        ada = await services.people.create("ada@example.org")
        client, secret = await services.clients.create(ada.id, "script")
        versions = []
        for _ in range(3):
            checked = await services.clients.check(client.id, secret)
            assert checked is not None
            versions.append(checked.version)
            clock.turn(40)
        assert versions == [1, 1, 2]


async def test_a_person_and_their_space_are_called_otherwise() -> None:
    services = memory_services()
    person = await services.people.create("ada@example.org")
    assert (await services.people.set_name(person, " Ada ")).name == "Ada"
    space = await services.catalog.get(Space, person.id)
    assert space is not None
    assert space.name == "Ada"
    for name in ("", "  ", "x" * 101):
        with pytest.raises(Invalid, match="1 to 100 characters"):
            await services.people.set_name(await services.people.find(person.id), name)


async def test_the_first_person_runs_the_server_and_others_can() -> None:
    services = memory_services()
    first, second = await services.people.create("a@example.org"), await services.people.create("b@example.org")
    assert (first.operator, second.operator) == (True, False)
    assert (await services.people.set_operator(second, True)).operator
    assert not (await services.people.set_operator(first, False)).operator


async def test_another_role_is_seen_at_once_by_whoever_says_so() -> None:
    services = memory_services()
    ada, bob = await services.people.create("ada@example.org"), await services.people.create("bob@example.org")
    token = (await services.tokens.issue(Bearer.PERSON, bob.id, "console")).token
    await services.tokens.check(token)
    space = await services.people.organisation("Hedgehogs", ada)
    await services.people.join(space.id, bob.id, Role.VIEWER)
    assert space.id not in (await services.tokens.check(token)).principal.roles
    services.tokens.look_again()
    assert (await services.tokens.check(token)).principal.roles[space.id] is Role.VIEWER
