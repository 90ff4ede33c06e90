"""A board of the other dialect on this API: its variables are read, the writable ones called, its changes heard; and
without the bridge it is not there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from rookery.core.events import Event
from rookery.core.records import Bearer
from rookery.particle.api.api import Api, ApiOptions
from rookery.particle.api.app import build_api
from rookery.particle.bridge import Bridge
from tests.arduino.device.conversation import Client, World, pack, settle
from tests.particle.api.conftest import BASE


class House:
    """An Arduino board with a thing of five variables, and this API over the same services."""

    def __init__(self, world: World, http: httpx.AsyncClient) -> None:
        self.world = world
        self.http = http
        self.id = world.device.hex_id
        self.path = f"/v1/devices/{self.id}"

    async def ask(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        answer = await self.http.request(method, self.path + path, json=body)
        return answer.status_code, answer.json()

    async def board(self) -> Client:
        """The board logs in and takes what is sent to it."""
        board = await self.world.board()
        board.subscribe(self.world.dev("c/dw"))
        await settle()
        return board


@asynccontextmanager
async def house_of(*, bridge: bool = True) -> AsyncIterator[House]:
    world = await World.build()
    api = Api(world.services, ApiOptions(base_url=BASE, bridge=bridge))
    token = (await world.services.tokens.issue(Bearer.PERSON, world.who.person_id, "particle", lifetime=0)).token
    transport = httpx.ASGITransport(app=build_api(api), client=("127.0.0.1", 1))
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as http:
        yield House(world, http)


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with house_of() as made:
        yield made


async def test_the_whole_object(house: House) -> None:
    status, shown = await house.ask("GET")
    assert status == 200
    expected = {
        "id": house.id,
        "name": "Untitled 1",
        "owner": "ada@example.org",
        "platform_id": 103,
        "product_id": 103,
        "cellular": False,
        "online": False,
        "connected": False,
        "status": "normal",
        "functions": ["led", "counter", "name", "color"],
        "variables": {"led": "bool", "counter": "int32", "temperature": "double", "name": "string", "color": "string"},
    }
    assert {name: shown[name] for name in expected} == expected
    assert (await house.http.get("/v1/devices")).json() == [shown]
    await house.board()
    assert (await house.ask("GET"))[1]["online"] is True


async def test_a_device_that_feeds_nothing_can_do_nothing(house: House) -> None:
    await house.world.attach(house.world.thing, None)
    _, shown = await house.ask("GET")
    assert (shown["functions"], shown["variables"]) == ([], {})
    await house.board()
    assert await house.ask("GET", "/led") == (404, {"ok": False, "error": "Unknown Variable: led"})
    assert await house.ask("POST", "/led", {"arg": "on"}) == (404, {"ok": False, "error": "Function led not found"})


async def test_variables_answer_with_what_the_board_said_last(house: House) -> None:
    board = await house.board()
    records = (
        {0: "led", 4: True},
        {0: "counter", 2: 7},
        {0: "temperature", 2: 21.5},
        {0: "name", 3: "porch"},
        {0: "color:hue", 2: 120.0},
        {0: "color:sat", 2: 50.0},
        {0: "color:bri", 2: 25.0},
    )
    board.send(house.world.top("e/o"), pack(*records))
    await settle()
    read = {
        name: (await house.ask("GET", f"/{name}"))[1]["result"] for name in ("led", "counter", "temperature", "name")
    }
    assert read == {"led": True, "counter": 7, "temperature": 21.5, "name": "porch"}
    _, color = await house.ask("GET", "/color")
    assert color["result"] == '{"hue":120.0,"sat":50.0,"bri":25.0}', "its type says that it is a string"
    written = await house.ask("POST", "/color", {"arg": color["result"]})
    assert (written[0], written[1]["return_value"]) == (200, 1)
    assert (color["coreInfo"]["deviceID"], color["coreInfo"]["product_id"]) == (house.id, 103)
    assert (await house.http.get(f"{house.path}/temperature?format=raw")).content == b"21.5"


async def test_a_variable_without_a_value_is_null(house: House) -> None:
    await house.board()
    assert (await house.ask("GET", "/counter"))[1]["result"] is None


CALLED: dict[str, tuple[str, str, int, Any]] = {
    # name: the variable, the argument, what is returned, and the value that is written (None: none)
    "on": ("led", "on", 1, True),
    "1": ("led", "1", 1, True),
    "off in capitals": ("led", "OFF", 1, False),
    "no boolean": ("led", "perhaps", -1, None),
    "integer": ("counter", "-12", 1, -12),
    "no integer": ("counter", "twelve", -1, None),
    "nothing": ("counter", "", -1, None),
    "text": ("name", "12", 1, "12"),
    "text of JSON": ("name", '{"a":1}', 1, '{"a":1}'),
    "composite": ("color", '{"hue":1,"sat":2,"bri":3}', 1, {"hue": 1, "sat": 2, "bri": 3}),
    "no composite": ("color", "red", -1, None),
}


@pytest.mark.parametrize("name", CALLED)
async def test_a_writable_variable_is_a_function(house: House, name: str) -> None:
    variable, argument, returned, value = CALLED[name]
    board = await house.board()
    board.subscribe(house.world.top("e/i"))
    await settle()
    board.take()
    status, answer = await house.ask("POST", f"/{variable}", {"arg": argument})
    await settle()
    assert (status, answer["return_value"], answer["connected"]) == (200, returned, True)
    assert (await house.world.last()).get(variable) == value


async def test_the_board_gets_what_was_written(house: House) -> None:
    board = await house.board()
    board.subscribe(house.world.top("e/i"))
    house.world.clock.turn(2)
    await settle()
    board.take()
    await house.ask("POST", "/counter", {"arg": "5"})
    await settle()
    assert board.take_values() == [(house.world.top("e/i"), {"counter": 5})]


REFUSED: list[tuple[str, str, Any, int, str]] = [
    ("GET", "/none", None, 404, "Unknown Variable: none"),
    ("GET", "/LED", None, 404, "Unknown Variable: LED"),
    ("POST", "/none", {"arg": "1"}, 404, "Function none not found"),
    ("POST", "/temperature", {"arg": "1"}, 404, "Function temperature not found"),
    ("PUT", "", {"signal": 1}, 400, "This kind of board can not show itself."),
    ("DELETE", "", None, 400, "A board of this kind can not be let go: delete it where it was made"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "error"), REFUSED)
async def test_what_it_can_not(house: House, method: str, path: str, body: Any, status: int, error: str) -> None:
    await house.board()
    assert await house.ask(method, path, body) == (status, {"ok": False, "error": error})
    assert (await house.ask("GET"))[1]["owner"] == "ada@example.org"


async def test_firmware_is_not_sent_to_it_and_it_has_no_vitals(house: House) -> None:
    await house.board()
    answer = await house.http.put(house.path, files={"file": ("a.bin", b"\0\1\2")})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "This kind of board can not be sent firmware this way.",
    )
    assert (await house.http.get(f"/v1/diagnostics/{house.id}/last")).status_code == 404
    assert (await house.http.get(f"/v1/diagnostics/{house.id}")).json() == {"diagnostics": []}
    assert (await house.http.post(f"/v1/diagnostics/{house.id}/update")).status_code == 202


async def test_a_board_that_is_away(house: House) -> None:
    assert await house.ask("GET", "/led") == (404, {"ok": False, "error": "timed out"})
    assert await house.ask("POST", "/led", {"arg": "1"}) == (404, {"ok": False, "error": "timed out"})
    assert await house.ask("PUT", "/ping") == (200, {"online": False, "ok": True})
    board = await house.board()
    assert await house.ask("PUT", "/ping") == (200, {"online": True, "ok": True})
    board.disconnect()
    assert await house.ask("GET", "/led") == (404, {"ok": False, "error": "timed out"})


async def test_it_is_renamed_and_claimed_like_any_other(house: House) -> None:
    assert (await house.ask("PUT", "", {"name": "greenhouse", "notes": "by the door"}))[0] == 200
    device = await house.world.services.devices.by_id(house.world.device.id)
    assert device is not None
    assert (device.name, device.notes) == ("greenhouse", "by the door")
    claimed = await house.http.post("/v1/devices", json={"id": house.id})
    assert (claimed.status_code, claimed.json()["claimed"]) == (200, True)


async def test_its_changes_are_events_of_the_owner(house: House) -> None:
    services = house.world.services
    bridge = Bridge(services)
    heard: list[Event] = []
    services.bus.listen("events", heard.append)
    services.events.interest(house.world.who.space_id, 1)
    await settle()
    board = await house.board()
    board.send(house.world.top("e/o"), pack({0: "temperature", 2: 21.5}))
    await settle()
    assert [(event.name, event.data, event.source) for event in heard] == [("temperature", b"21.5", house.id)]
    bridge.close()


async def test_without_the_bridge_it_is_not_there() -> None:
    async with house_of(bridge=False) as house:
        await house.board()
        assert (await house.http.get("/v1/devices")).text == "[]"
        for ref in (house.id, "Untitled 1"):
            for method, end, body in (
                ("GET", "", None),
                ("GET", "/led", None),
                ("POST", "/led", {"arg": "1"}),
                ("PUT", "", {"name": "x"}),
                ("PUT", "/ping", None),
                ("DELETE", "", None),
                ("GET", "/events", None),
            ):
                answer = await house.http.request(method, f"/v1/devices/{ref}{end}", json=body)
                assert (answer.status_code, answer.json()["error"]) == (403, "Permission Denied")
            assert (await house.http.get(f"/v1/diagnostics/{ref}/last")).status_code == 403
        claimed = await house.http.post("/v1/devices", json={"id": house.id})
        assert (claimed.status_code, claimed.text) == (404, '{"ok":false,"errors":["device does not exist"]}')
        assert house.world.device == await house.world.services.devices.by_id(house.world.device.id)
