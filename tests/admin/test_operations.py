"""What the commands can do, over services in memory."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.admin.operations import Operations, UnknownOperation
from rookery.core.errors import Conflict, CoreError, Invalid, NotFound
from rookery.core.records import UpdatePolicy, ValueKind
from rookery.core.services import Services
from rookery.core.variables import VariableSpec
from rookery.keys import public_key_of
from rookery.simulate.particle import make_key, public_pem
from tests.fakes import connect, memory_services

PASSWORD = "a long password"


@pytest.fixture
def services() -> Services:
    return memory_services()


@pytest.fixture
def operations(services: Services) -> Operations:
    return Operations(services)


async def do(operations: Operations, name: str, /, **arguments: Any) -> Any:
    return await operations.run(name, arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nothing", {}),
        ("user_fly", {}),
        ("run", {"name": "user_list", "arguments": {}}),
        ("_person", {"user": None}),
        ("__class__", {}),
        ("user_list", {"unknown": 1}),
        ("user_add", {}),
    ],
)
async def test_what_is_no_operation_is_refused(operations: Operations, name: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(UnknownOperation):
        await operations.run(name, arguments)


async def test_a_new_person_gets_a_link_unless_a_password_is_given(operations: Operations, services: Services) -> None:
    first = await do(operations, "user_add", email="a@example.org")
    assert not first["has_password"]
    assert (await services.people.redeem(first["token"], PASSWORD)).email == "a@example.org"
    second = await do(operations, "user_add", email="b@example.org", name="B", password=PASSWORD)
    assert "token" not in second
    everybody = {person["email"]: person["has_password"] for person in await do(operations, "user_list")}
    assert everybody == {"a@example.org": True, "b@example.org": True}


async def test_organisations(operations: Operations, services: Services) -> None:
    await do(operations, "user_add", email="a@example.org", password=PASSWORD)
    await do(operations, "user_add", email="b@example.org", password=PASSWORD)
    made = await do(operations, "org_add", name=" Lamps & Sons ", user="b@example.org")
    assert (made["name"], made["slug"], made["owner"]) == ("Lamps & Sons", "lamps-sons", "b@example.org")
    owner = await services.people.find("b@example.org")
    assert made["id"] in (await services.people.principal(owner.id)).roles
    assert [one["slug"] for one in await do(operations, "org_list")] == ["lamps-sons"]
    for name in (" ", "x" * 101):
        with pytest.raises(Invalid):
            await do(operations, "org_add", name=name, user="b@example.org")


async def test_a_new_link_ends_the_former_one(operations: Operations, services: Services) -> None:
    first = await do(operations, "user_add", email="a@example.org")
    second = await do(operations, "user_link")
    assert await services.people.peek(first["token"]) is None
    assert await services.people.peek(second["token"]) is not None


async def test_who_is_meant_must_be_said_once_there_are_several(operations: Operations) -> None:
    with pytest.raises(Invalid, match="There are 0 people"):
        await do(operations, "user_password", password=PASSWORD)
    await do(operations, "user_add", email="a@example.org")
    await do(operations, "user_password", password=PASSWORD)
    await do(operations, "user_add", email="b@example.org")
    with pytest.raises(Invalid, match="--user EMAIL"):
        await do(operations, "key_create", name="k")
    assert (await do(operations, "key_create", name="k", user="b@example.org"))["user"] == "b@example.org"
    assert [k["user"] for k in await do(operations, "key_list")] == ["b@example.org"]
    assert await do(operations, "key_list", user="a@example.org") == []


async def test_a_person_who_owns_something_stays(operations: Operations) -> None:
    await do(operations, "user_add", email="a@example.org")
    device = await do(operations, "device_add", name="board", type="mkrwifi1010")
    with pytest.raises(Conflict, match="still owns 1 devices"):
        await do(operations, "user_delete", user="a@example.org")
    await do(operations, "device_delete", id=device["id"], force=True)
    await do(operations, "user_delete", user="a@example.org")
    assert await do(operations, "user_list") == []


async def test_the_life_of_a_key(operations: Operations, services: Services) -> None:
    await do(operations, "user_add", email="a@example.org")
    made = await do(operations, "key_create", name="script")
    id, secret = made["id"], made["secret"]
    assert await services.clients.check(id, secret) is not None
    assert (await do(operations, "key_disable", id=id))["enabled"] is False
    assert await services.clients.check(id, secret) is None
    assert (await do(operations, "key_enable", id=id))["enabled"] is True
    again = await do(operations, "key_rotate", id=id)
    assert await services.clients.check(id, secret) is None
    assert await services.clients.check(id, again["secret"]) is not None
    (listed,) = await do(operations, "key_list")
    assert "secret" not in listed
    assert listed["last_used_at"] is not None
    await do(operations, "key_delete", id=id)
    assert await do(operations, "key_list") == []
    with pytest.raises(NotFound):
        await do(operations, "key_delete", id=id)


async def test_the_life_of_a_board(operations: Operations, services: Services) -> None:
    await do(operations, "user_add", email="a@example.org")
    made = await do(operations, "device_add", name="board", type="mkrwifi1010", fqbn="arduino:samd:mkrwifi1010")
    device = await services.devices.log_in(made["id"], made["secret_key"])
    assert device is not None
    session = connect(services, device)
    assert [d["online"] for d in await do(operations, "device_list")] == [True]
    shown = await do(operations, "device_tag", id=made["id"], key="room", value="attic")
    assert shown["tags"] == {"room": "attic"}
    assert (await do(operations, "device_tag", id=made["id"], key="room"))["tags"] == {}
    renewed = await do(operations, "device_secret", id=made["id"].upper())
    assert session.closed == "the secret key was changed"
    assert await services.devices.log_in(made["id"], made["secret_key"]) is None
    assert await services.devices.log_in(made["id"], renewed["secret_key"]) is not None
    chosen = await do(operations, "device_secret", id=made["id"], secret="one that the board has")
    assert chosen["secret_key"] == "one that the board has"
    assert "secret_key" not in await do(operations, "device_show", id=made["id"])
    await do(operations, "device_delete", id=made["id"])
    assert await do(operations, "device_list") == []
    with pytest.raises(CoreError):
        await do(operations, "device_show", id=made["id"])


async def test_a_board_is_shown_with_its_latest_values(operations: Operations, services: Services) -> None:
    person = await do(operations, "user_add", email="a@example.org")
    made = await do(operations, "device_add", name="board", type="mkrwifi1010")
    assert (await do(operations, "device_show", id=made["id"]))["values"] == {}
    kinds = [("warmth", "FLOAT", ValueKind.FLOAT), ("never", "INT", ValueKind.INT)]
    thing = await services.things.create(
        await services.people.principal(person["id"]),
        name="greenhouse",
        device_id=made["id"],
        variables=[
            VariableSpec(name=name, type=type, kind=kind, writable=True, policy=UpdatePolicy.ON_CHANGE)
            for name, type, kind in kinds
        ],
    )
    live = await services.live.get(thing.id)
    assert live is not None
    await services.values.report(live, [(live.by_symbol["warmth"], 21.5)])
    assert (await do(operations, "device_show", id=made["id"]))["values"] == {"warmth": 21.5, "never": None}


BOARD = "e00fce680123456789abcdef"


async def test_a_particle_board_is_made_known_with_its_key_and_given_to_somebody(
    services: Services, operations: Operations
) -> None:
    person = await do(operations, "user_add", email="ada@example.org", password=PASSWORD)
    key = public_pem(make_key("udp"))
    shown = await do(operations, "device_enrol", id=BOARD.upper(), public_key=key, platform=12, serial=" P04 ")
    assert (shown["id"], shown["dialect"], shown["online"]) == (BOARD, "particle", False)
    device = await services.enrolment.get(BOARD)
    assert device is not None
    assert (device.public_key, device.platform, device.serial, device.space_id) == (public_key_of(key), 12, "P04", "")
    await do(operations, "device_enrol", id=BOARD, claim=True)
    device = await services.enrolment.get(BOARD)
    assert device is not None
    assert (device.space_id, device.serial, device.public_key) == (person["id"], "P04", public_key_of(key))
    assert [one["id"] for one in await do(operations, "device_list")] == [BOARD]
    assert "functions" not in await do(operations, "device_show", id=BOARD)
    said = {"functions": ["led"], "variables": {"count": "int32"}, "system_version": 6_200}
    await services.enrolment.keep(device.id, described=said)
    shown = await do(operations, "device_show", id=BOARD)
    assert (shown["functions"], shown["variables"]) == (["led"], {"count": "int32"})


@pytest.mark.parametrize("wrong", [{"id": "12"}, {"id": BOARD, "public_key": "no key"}])
async def test_a_board_without_an_id_or_with_a_wrong_key_is_refused(
    services: Services, operations: Operations, wrong: dict[str, str]
) -> None:
    with pytest.raises(Invalid):
        await do(operations, "device_enrol", **wrong)
    assert await services.enrolment.get(BOARD) is None


async def test_tokens_are_made_listed_and_ended(services: Services, operations: Operations) -> None:
    await do(operations, "user_add", email="ada@example.org", password=PASSWORD)
    made = [await do(operations, "token_create", expires_in=seconds) for seconds in (0, 60, 60)]
    assert made[0]["expires_at"] is None
    listed = await do(operations, "token_list")
    assert {one["handle"] for one in listed} == {one["handle"] for one in made}
    assert all(one["access_token"] not in str(listed) for one in made)
    await do(operations, "token_revoke", token=made[0]["access_token"])
    await do(operations, "token_revoke", token=made[1]["handle"])
    with pytest.raises(NotFound):
        await do(operations, "token_revoke", token=made[1]["handle"])
    assert len(await do(operations, "token_revoke", token="all")) == 1
    assert await do(operations, "token_list") == []


async def test_somebody_runs_the_server_and_others_can(operations: Operations) -> None:
    await do(operations, "user_add", email="a@example.org")
    assert (await do(operations, "user_add", email="b@example.org"))["operator"] is False
    assert (await do(operations, "user_operator", user="b@example.org"))["operator"] is True
    assert (await do(operations, "user_operator", user="b@example.org", operator=False))["operator"] is False
