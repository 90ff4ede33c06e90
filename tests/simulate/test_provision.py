"""The set-up of simulated boards through the public API, on the API itself."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.simulate.api import ApiRefused
from rookery.simulate.fleet import Library, Plan, plans
from rookery.simulate.provision import TAG, provision, serial_of
from rookery.simulate.sensors import ALL, SENSORS
from tests.arduino.api.conftest import World


class Caller:
    """`provision.Caller` on an API in this process; remembers what was asked."""

    def __init__(self, rest: World) -> None:
        self._rest = rest
        self.asked: list[str] = []

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        self.asked.append(f"{method} {path.partition('?')[0].rpartition('/')[2]}")
        answer = await self._rest.call(method, path, body)
        if answer.status_code >= 400:
            raise ApiRefused(answer.status_code, answer.text)
        return answer.json()


async def test_boards_get_a_device_a_secret_and_a_thing_with_typed_properties(rest: World) -> None:
    registered = await provision(Caller(rest), plans(2))
    assert [each.plan.library for each in registered] == [Library.CPP, Library.PYTHON]
    for each in registered:
        assert await rest.services.devices.log_in(each.device_id, each.secret) is not None
        device = (await rest.call("GET", f"/iot/v2/devices/{each.device_id}")).json()
        assert device["name"] == each.plan.name
        assert device["thing"]["id"] == each.thing_id
        thing = (await rest.call("GET", f"/iot/v2/things/{each.thing_id}")).json()
        assert thing["name"] == each.plan.name
        shown = {p["variable_name"]: (p["type"], p["permission"]) for p in thing["properties"]}
        assert shown == {
            symbol: (SENSORS[symbol].type, "READ_WRITE" if SENSORS[symbol].writable else "READ_ONLY") for symbol in ALL
        }


async def test_a_second_time_makes_new_secrets_and_nothing_else(rest: World) -> None:
    first = await provision(Caller(rest), plans(3))
    caller = Caller(rest)
    second = await provision(caller, plans(3))
    assert [(b.device_id, b.thing_id) for b in second] == [(b.device_id, b.thing_id) for b in first]
    assert caller.asked == ["GET devices", "GET things"] + ["PUT pass"] * 3
    for before, after in zip(first, second, strict=True):
        assert await rest.services.devices.log_in(before.device_id, before.secret) is None
        assert await rest.services.devices.log_in(after.device_id, after.secret) is not None


async def test_a_larger_fleet_holds_the_smaller_one(rest: World) -> None:
    few = await provision(Caller(rest), plans(2))
    many = await provision(Caller(rest), plans(12))
    assert [b.device_id for b in many[:2]] == [b.device_id for b in few]
    assert len((await rest.call("GET", "/iot/v2/devices")).json()) == 12


async def test_a_device_of_the_same_name_that_a_person_has_made_is_not_touched(rest: World) -> None:
    own = await rest.services.devices.create(
        rest.user, "arduino", "mkrwifi1010", name="Simulated board 001", secret="mine"
    )
    (board,) = await provision(Caller(rest), plans(1))
    assert board.device_id != own.id
    assert await rest.services.devices.log_in(own.id, "mine") is not None


async def test_a_thing_that_was_detached_is_attached_again(rest: World) -> None:
    (board,) = await provision(Caller(rest), plans(1))
    await rest.call("POST", f"/iot/v2/things/{board.thing_id}", {"device_id": ""})
    (again,) = await provision(Caller(rest), plans(1))
    assert again.thing_id == board.thing_id
    assert (await rest.call("GET", f"/iot/v2/things/{board.thing_id}")).json()["device_id"] == board.device_id


async def test_a_thing_that_feeds_from_another_device_by_now_is_left_alone(rest: World) -> None:
    (board,) = await provision(Caller(rest), plans(1))
    own = await rest.services.devices.create(rest.user, "arduino", "mkrwifi1010")
    await rest.call("POST", f"/iot/v2/things/{board.thing_id}", {"device_id": own.id})
    (again,) = await provision(Caller(rest), plans(1))
    assert again.device_id == board.device_id
    assert again.thing_id != board.thing_id
    assert (await rest.call("GET", f"/iot/v2/things/{board.thing_id}")).json()["device_id"] == own.id


async def test_a_property_that_was_deleted_comes_back(rest: World) -> None:
    (board,) = await provision(Caller(rest), plans(1))
    thing = (await rest.call("GET", f"/iot/v2/things/{board.thing_id}")).json()
    victim = next(p for p in thing["properties"] if p["name"] == "light")
    await rest.call("DELETE", f"/iot/v2/things/{board.thing_id}/properties/{victim['id']}")
    await provision(Caller(rest), plans(1))
    after = (await rest.call("GET", f"/iot/v2/things/{board.thing_id}")).json()
    assert {p["name"] for p in after["properties"]} == set(ALL)
    assert len(after["properties"]) == len(ALL)


async def test_a_refusal_is_passed_on(rest: World) -> None:
    with pytest.raises(ApiRefused) as refused:
        await provision(Caller(rest), [Plan("x" * 300, Library.CPP)])
    assert refused.value.status == 400


async def test_progress_is_told(rest: World) -> None:
    told: list[tuple[int, int]] = []
    await provision(Caller(rest), plans(3), lambda done, count: told.append((done, count)))
    assert told == [(1, 3), (2, 3), (3, 3)]


async def test_a_thing_carries_the_serial_of_its_board(rest: World) -> None:
    (board,) = await provision(Caller(rest), [Plan("Böard / 7", Library.CPP, ("light",))])
    thing = (await rest.call("GET", f"/iot/v2/things/{board.thing_id}")).json()
    assert thing["tags"] == {TAG: serial_of("Böard / 7")}
    assert thing["name"] == "Bard  7"
