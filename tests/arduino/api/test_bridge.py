"""Boards of the other dialect on this API: devices like others while the bridge is open, and none without it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from rookery.arduino.api.api import ApiOptions
from rookery.arduino.api.app import build_api
from rookery.arduino.device.login import CertificateLogin, SecretKeyLogin
from rookery.core.records import Device
from rookery.gateways.contract import Login, LoginRefused, Peer
from tests.arduino.api.conftest import BASE, World, sign
from tests.fakes import connect

HEX = "e00fce680123456789abcdef"


@pytest.fixture
async def foreign(world: World) -> Device:
    owner = world.person.id
    return await world.services.enrolment.enrol(
        HEX,
        "particle",
        "boron",
        platform=13,
        space_id=owner,
        person_id=owner,
        name="porch_lamp",
        serial="P046",
        described={"functions": ["setColor"], "variables": {"sensor": "int32"}},
    )


@pytest.fixture
async def closed(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The same server with the bridge closed; logged in."""
    app = build_api(world.services, world.tokens, sign, world.exports, ApiOptions(base_url=BASE, bridge=False))
    headers = {"Authorization": f"Bearer {world.token}"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=BASE, headers=headers) as http:
        yield http


async def test_a_foreign_board_is_a_device_like_others(world: World, foreign: Device) -> None:
    (listed,) = (await world.call("GET", "/iot/v2/devices")).json()
    assert listed == (await world.call("GET", f"/iot/v2/devices/{foreign.id}")).json()
    assert (listed["name"], listed["type"], listed["label"]) == ("porch_lamp", "boron", "Generic device")
    assert (listed["serial"], listed["device_status"], listed["no_sketch"]) == ("P046", "UNKNOWN", False)
    connect(world.services, foreign)
    assert (await world.call("GET", "/iot/v2/devices")).json()[0]["device_status"] == "ONLINE"


async def test_what_people_do_with_devices_works_with_it(world: World, foreign: Device) -> None:
    path = f"/iot/v2/devices/{foreign.id}"
    assert (await world.call("PUT", f"{path}/tags", {"key": "room", "value": "north"})).status_code == 200
    assert (await world.call("POST", path, {"name": "hall"})).json()["name"] == "hall"
    assert (await world.call("GET", f"{path}/properties")).json()["properties"] == []
    assert (await world.call("GET", f"{path}/status")).status_code == 200
    body = {"name": "Porch", "device_id": foreign.id, "properties": [FLOAT]}
    thing = await world.call("PUT", "/iot/v2/things", body)
    assert (thing.status_code, thing.json()["device_name"]) == (201, "hall")
    properties = (await world.call("GET", f"{path}/properties")).json()["properties"]
    assert [each["variable_name"] for each in properties] == ["temperature"]


FLOAT = {"name": "temperature", "type": "FLOAT", "permission": "READ_ONLY", "update_strategy": "ON_CHANGE"}
PATHS: list[tuple[str, str, Any]] = [
    ("GET", "", None),
    ("POST", "", {"name": "mine"}),
    ("DELETE", "", None),
    ("POST", "/remove-uhwid", {}),
    ("GET", "/tags", None),
    ("PUT", "/tags", {"key": "a", "value": "b"}),
    ("DELETE", "/tags/a", None),
    ("GET", "/pass", None),
    ("PUT", "/pass", {"password": "sesame"}),
    ("POST", "/pass", {"password": "sesame"}),
    ("DELETE", "/pass", None),
    ("GET", "/certs", None),
    ("GET", "/status", None),
    ("GET", "/events", None),
    ("GET", "/properties", None),
    ("PUT", "/properties", {"properties": []}),
]


@pytest.mark.parametrize(("method", "end", "body"), PATHS, ids=[f"{method} {end}" for method, end, _ in PATHS])
async def test_without_the_bridge_it_is_like_none(
    world: World, foreign: Device, closed: httpx.AsyncClient, method: str, end: str, body: Any
) -> None:
    unknown = "11111111-1111-4111-8111-111111111111"
    answers = [await closed.request(method, f"/iot/v2/devices/{id}{end}", json=body) for id in (foreign.id, unknown)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == answers[1].json()["detail"]
    assert await world.services.enrolment.get(HEX) == foreign


async def test_without_the_bridge_it_is_in_no_list_and_feeds_no_thing(
    world: World, foreign: Device, closed: httpx.AsyncClient
) -> None:
    own = await world.services.devices.create(world.user, "arduino", "giga", name="own")
    assert [each["name"] for each in (await closed.get("/iot/v2/devices")).json()] == ["own"]
    refused = await closed.put("/iot/v2/things", json={"name": "Porch", "device_id": foreign.id})
    assert refused.status_code == 404
    made = await closed.put("/iot/v2/things", json={"name": "Porch", "device_id": own.id})
    assert made.status_code == 201
    moved = await closed.post(f"/iot/v2/things/{made.json()['id']}", json={"device_id": foreign.id})
    assert moved.status_code == 404
    assert await world.services.devices.thing_of(foreign) is None


async def test_it_does_not_log_in_with_what_only_boards_of_this_dialect_have(world: World, foreign: Device) -> None:
    """It would take the place of its own session."""
    path = f"/iot/v2/devices/{foreign.id}"
    assert (await world.call("PUT", f"{path}/pass", {"password": "sesame"})).status_code == 200
    with pytest.raises(LoginRefused):
        await SecretKeyLogin(world.services).authenticate(
            Login(foreign.id, foreign.id, b"sesame", True, 30), Peer("tls", "192.0.2.1:1")
        )
    with pytest.raises(LoginRefused):
        await CertificateLogin(world.services, foreign=True).authenticate(
            Login(foreign.id, None, None, True, 30), Peer("tls", "192.0.2.1:1", certificate_name=foreign.id)
        )
