"""Secret keys of devices."""

from __future__ import annotations

import re

import pytest

from rookery.core.records import Device
from tests.arduino.api.conftest import World
from tests.arduino.api.scenario import Row, check_error, play
from tests.fakes import connect

CHANGED = ("device.{device} DeviceChanged", "devices DeviceChanged")
PATH = "/iot/v2/devices/{device}/pass"


@pytest.fixture
async def device(world: World) -> Device:
    device = await world.services.devices.create(world.user, "arduino", "generic_device_secretkey")
    return await world.services.devices.set_secret(world.user, device.id, "sesame")


ROWS = [
    Row("is one set", f"GET {PATH}", 200, ('{"set":true}',)),
    Row("propose one", f"GET {PATH}?suggested_password=true", 200, ('{"set":true,"suggested_password":"',)),
    Row(
        "set, and echo it",
        f"PUT {PATH}",
        200,
        ('{"set":true,"suggested_password":"open"}',),
        body={"password": "open"},
        events=CHANGED,
    ),
    Row("set a drawn one", f"PUT {PATH}", 200, ('{"set":true,"suggested_password":"',), body={}, events=CHANGED),
    Row("set none", f"PUT {PATH}", 400, body={"password": ""}, field="password"),
    Row("set a number", f"PUT {PATH}", 400, body={"password": 1234}, field="password"),
    Row("set an endless one", f"PUT {PATH}", 400, body={"password": "x" * 257}, field="password"),
    Row("check, right", f"POST {PATH}", 200, body={"password": "sesame"}),
    Row("check, wrong", f"POST {PATH}", 400, (), ("sesame",), body={"password": "Sesame"}, field="password"),
    Row("check, nothing", f"POST {PATH}", 400, body={}, field="password"),
    Row("delete", f"DELETE {PATH}", 200, events=CHANGED),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, device: Device, row: Row) -> None:
    answer = await play(world, row, {"device": device.id})
    if row.status == 200 and not row.has:
        assert answer.content == b""


async def test_the_way_of_the_command_line_tool(world: World, device: Device) -> None:
    path = PATH.format(device=device.id)
    proposed = (await world.call("GET", path + "?suggested_password=true")).json()["suggested_password"]
    assert re.fullmatch(r"[A-Za-z0-9]{25}", proposed)
    board = connect(world.services, device)
    printed = (await world.call("PUT", path, {"password": proposed})).json()["suggested_password"]
    assert printed == proposed
    assert board.closed
    assert await world.services.devices.log_in(device.id, printed)
    assert await world.services.devices.log_in(device.id, "sesame") is None
    assert (await world.call("DELETE", path)).content == b""
    assert (await world.call("GET", path)).json() == {"set": False}
    assert await world.services.devices.log_in(device.id, printed) is None
    check_error(await world.call("POST", path, {"password": printed}), 400, "password")


async def test_a_secret_is_kept_as_a_hash(world: World, device: Device) -> None:
    await world.call("PUT", PATH.format(device=device.id), {"password": "open sesame"})
    kept = await world.catalog.get(Device, device.id)
    assert kept is not None
    assert kept.secret_hash
    assert b"sesame" not in kept.secret_hash
    assert "sesame" not in (await world.call("GET", f"/iot/v2/devices/{device.id}")).text
