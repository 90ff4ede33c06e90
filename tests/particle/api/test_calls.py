"""Variables and functions over the API: every way of asking, and the exact words of every refusal (reference 5)."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.errors import BoardCannot
from rookery.core.records import Device
from tests.fakes import FakeBoard, connect
from tests.particle.api.conftest import World

ID = "e00fce680123456789abcdef"
PATH = f"/v1/devices/{ID}"


async def photon(world: World) -> Device:
    return await world.services.enrolment.enrol(
        ID, "particle", "photon", platform=6, space_id=world.person.id, person_id=world.person.id, name="porch_lamp"
    )


async def board(world: World) -> FakeBoard:
    connected = connect(world.services, await photon(world))
    connected.variables = {"count": 42, "level": 2.5, "on": True, "label": '{"a":1}', "nothing": None, "list": [1, 2]}
    connected.functions = {"length": len, "zero": lambda _: 0, "minus": lambda _: -7}
    return connected


VALUES: dict[str, tuple[str, str, bytes]] = {
    "int": ("count", '"result":42,', b"42"),
    "double": ("level", '"result":2.5,', b"2.5"),
    "bool": ("on", '"result":true,', b"true"),
    "a string stays a string": ("label", '"result":"{\\"a\\":1}",', b'{"a":1}'),
    "no number": ("nothing", '"result":null,', b"null"),
    "structure": ("list", '"result":[1,2],', b"[1,2]"),
}


@pytest.mark.parametrize("name", VALUES)
async def test_a_variable_keeps_its_type(world: World, name: str) -> None:
    await board(world)
    variable, told, raw = VALUES[name]
    answer = await world.call("GET", f"{PATH}/{variable}")
    assert answer.status_code == 200
    assert told in answer.text
    bare = await world.call("GET", f"{PATH}/{variable}/?format=raw")
    assert bare.content == raw
    assert bare.headers["content-type"] == "text/plain; charset=utf-8"


async def test_the_whole_answer_of_a_variable(world: World) -> None:
    await board(world)
    answer = await world.call("GET", f"{PATH}/count")
    assert answer.json() == {
        "cmd": "VarReturn",
        "name": "count",
        "result": 42,
        "coreInfo": {
            "name": "porch_lamp",
            "last_app": "",
            "last_heard": "2025-01-01T00:00:00.000Z",
            "connected": True,
            "last_handshake_at": None,
            "deviceID": ID,
            "product_id": 6,
        },
    }


BODIES: dict[str, tuple[dict[str, Any], str]] = {
    "arg in JSON": ({"json": {"arg": "255,0,0"}}, "255,0,0"),
    "args of particle-api-js": ({"json": {"args": "x"}}, "x"),
    "params of Android": ({"json": {"params": "y"}}, "y"),
    "arg wins": ({"json": {"params": "y", "args": "x", "arg": "z"}}, "z"),
    "form": ({"data": {"arg": "255,255,0"}}, "255,255,0"),
    "multipart": ({"files": {"arg": (None, "m")}}, "m"),
    "number": ({"json": {"arg": 12}}, "12"),
    "boolean": ({"json": {"arg": True}}, "true"),
    "list": ({"json": {"arg": ["a", 1, False]}}, "a,1,false"),
    "null": ({"json": {"arg": None}}, ""),
    "no body": ({}, ""),
    "not ASCII": ({"json": {"arg": "grün"}}, "grün"),
}


@pytest.mark.parametrize("name", BODIES)
async def test_the_argument_arrives_whichever_way_it_is_sent(world: World, name: str) -> None:
    connected = await board(world)
    body, argument = BODIES[name]
    answer = await world.http.post(f"{PATH}/length", headers={"Authorization": f"Bearer {world.token}"}, **body)
    assert answer.status_code == 200
    assert connected.asked == [("call", "length", argument)]
    assert answer.json() == {
        "id": ID,
        "name": "porch_lamp",
        "last_app": None,
        "connected": True,
        "return_value": len(argument),
    }


async def test_the_token_may_stand_in_the_form(world: World) -> None:
    connected = await board(world)
    answer = await world.http.post(f"{PATH}/length", data={"arg": "abc", "access_token": world.token})
    assert answer.json()["return_value"] == 3
    assert connected.asked == [("call", "length", "abc")]


@pytest.mark.parametrize(("function", "value"), [("zero", 0), ("minus", -7)])
async def test_what_the_board_calls_a_failure_is_a_result(world: World, function: str, value: int) -> None:
    await board(world)
    answer = await world.call("POST", f"{PATH}/{function}", {"arg": ""})
    assert (answer.status_code, answer.json()["return_value"]) == (200, value)
    assert (await world.call("POST", f"{PATH}/{function}?format=raw", {})).content == b"%d" % value


NOT_RECOGNISED = (
    '{"error":"Permission Denied","info":"I didn\'t recognize that device name or ID, '
    'try opening http://rookery.test/v1/devices?access_token=undefined"}'
)
REFUSALS: dict[str, tuple[str, str, str, int, str]] = {
    # name: state of the board, method, path, status, body
    "variable, offline": ("away", "GET", f"{PATH}/count", 404, '{"ok":false,"error":"timed out"}'),
    "variable, offline and unknown": ("away", "GET", f"{PATH}/none", 404, '{"ok":false,"error":"timed out"}'),
    "variable, silent": ("deaf", "GET", f"{PATH}/count", 404, '{"ok":false,"error":"timed out"}'),
    "variable, unknown": ("here", "GET", f"{PATH}/none", 404, '{"ok":false,"error":"Unknown Variable: none"}'),
    "variable, other case": ("here", "GET", f"{PATH}/Count", 404, '{"ok":false,"error":"Unknown Variable: Count"}'),
    "function, offline": ("away", "POST", f"{PATH}/length", 404, '{"ok":false,"error":"timed out"}'),
    "function, silent": ("deaf", "POST", f"{PATH}/length", 404, '{"ok":false,"error":"timed out"}'),
    "function, unknown": ("here", "POST", f"{PATH}/none", 404, '{"ok":false,"error":"Function none not found"}'),
    "device unknown, GET": ("here", "GET", "/v1/devices/nothere/count", 403, NOT_RECOGNISED),
    "device unknown, POST": ("here", "POST", "/v1/devices/nothere/length", 403, NOT_RECOGNISED),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusals_are_exact(world: World, name: str) -> None:
    state, method, path, status, body = REFUSALS[name]
    if state == "away":
        await photon(world)
    else:
        (await board(world)).deaf = state == "deaf"
    answer = await world.call(method, path)
    assert (answer.status_code, answer.text) == (status, body)


async def test_a_stranger_learns_nothing_and_asks_nothing(world: World) -> None:
    connected = await board(world)
    _, token = await world.somebody()
    for method, path in (("GET", f"{PATH}/count"), ("POST", f"{PATH}/length")):
        answer = await world.call(method, path, token=token)
        assert (answer.status_code, answer.text) == (403, NOT_RECOGNISED)
    assert connected.asked == []


async def test_an_argument_that_no_board_takes_is_not_sent(world: World) -> None:
    connected = await board(world)
    answer = await world.call("POST", f"{PATH}/length", {"arg": "x" * 1_025})
    assert answer.status_code == 400
    assert connected.asked == []
    assert (await world.call("POST", f"{PATH}/length", {"arg": "x" * 1_024})).json()["return_value"] == 1_024


async def test_a_board_that_refuses_says_why(world: World) -> None:
    connected = await board(world)

    def refuse(_: str) -> int:
        raise BoardCannot("The argument is too long for this board.")

    connected.functions["short"] = refuse
    answer = await world.call("POST", f"{PATH}/short", {"arg": "x"})
    assert (answer.status_code, answer.json()["error"]) == (400, "The argument is too long for this board.")


async def test_names_and_ids_in_any_case_mean_the_device(world: World) -> None:
    await board(world)
    for ref in (ID.upper(), "porch_lamp", "Porch_Lamp"):
        assert (await world.call("GET", f"/v1/devices/{ref}/count")).json()["result"] == 42


FORMATS: dict[str, tuple[str, str, Any, bytes]] = {
    # name: method, path, body, the answer or its beginning
    "variable, another format": ("GET", f"{PATH}/count?format=json", None, b'{"cmd":"VarReturn",'),
    "variable, empty format": ("GET", f"{PATH}/count?format=", None, b'{"cmd":"VarReturn",'),
    "variable, raw and more": ("GET", f"{PATH}/count?x=1&format=raw", None, b"42"),
    "function, raw in JSON": ("POST", f"{PATH}/length", {"arg": "abc", "format": "raw"}, b"3"),
    "function, raw in the query": ("POST", f"{PATH}/length?format=raw", {"arg": "abc"}, b"3"),
    "function, another format": ("POST", f"{PATH}/length", {"arg": "abc", "format": "json"}, b'{"id":'),
    "unknown variable, raw": ("GET", f"{PATH}/none?format=raw", None, b'{"ok":false,"error":"Unknown Variable: none"}'),
    "unknown function, raw": ("POST", f"{PATH}/none?format=raw", {}, b'{"ok":false,"error":"Function none not found"}'),
}


@pytest.mark.parametrize("name", FORMATS)
async def test_formats(world: World, name: str) -> None:
    await board(world)
    method, path, body, content = FORMATS[name]
    answer = await world.call(method, path, body)
    assert answer.content == content if not content.endswith((b",", b":")) else answer.content.startswith(content)
    kind = "text/plain; charset=utf-8" if content.isdigit() else "application/json; charset=utf-8"
    assert answer.headers["content-type"] == kind
