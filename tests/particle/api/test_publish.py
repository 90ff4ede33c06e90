"""Publishing over the API: what a body may say, who may, and where it is kept (reference 3.5)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rookery.core.events import Event
from rookery.core.records import Role, Space
from tests.fakes import START, settled
from tests.particle.api.conftest import World
from tests.particle.api.fleets import fleet_of

OWN = "/v1/devices/events"


async def heard_of(world: World, body: Any, **more: Any) -> tuple[int, str, list[Event]]:
    """Publish this; what was told of it."""
    heard: list[Event] = []
    listener = world.bus.listen("events", heard.append)
    answer = await world.call("POST", OWN, body, **more)
    await settled()
    listener.cancel()
    return answer.status_code, answer.text, heard


BODIES: dict[str, tuple[dict[str, Any], bytes | None, int]] = {
    # name: body, data and ttl of the event
    "name alone": ({}, None, 60),
    "text": ({"data": "25.3"}, b"25.3", 60),
    "not ASCII": ({"data": "grün"}, "grün".encode(), 60),
    "no data": ({"data": None}, None, 60),
    "number": ({"data": 25.5}, b"25.5", 60),
    "whole number": ({"data": 12}, b"12", 60),
    "boolean": ({"data": True}, b"true", 60),
    "object": ({"data": {"a": [1, None]}}, b'{"a":[1,null]}', 60),
    "list": ({"data": [1, "x"]}, b'[1,"x"]', 60),
    "text of JSON": ({"data": '{"a": 1}'}, b'{"a": 1}', 60),
    "ttl": ({"ttl": 3_600}, None, 3_600),
    "ttl as text": ({"ttl": "0"}, None, 0),
    "longest ttl": ({"ttl": 16_777_215}, None, 16_777_215),
    "private, which all are": ({"private": True, "data": "x"}, b"x", 60),
    "public, which none is": ({"private": "false", "data": "x"}, b"x", 60),
    "most data": ({"data": "x" * 16_384}, b"x" * 16_384, 60),
}


@pytest.mark.parametrize("name", BODIES)
async def test_what_a_body_says(world: World, name: str) -> None:
    body, data, ttl = BODIES[name]
    status, text, heard = await heard_of(world, {"name": "door/open", **body})
    assert (status, text) == (200, '{"ok":true}')
    (event,) = heard
    assert (event.name, event.data, event.ttl, event.time) == ("door/open", data, ttl, START)
    assert (event.source, event.owner_id, event.product_id) == ("api", world.person.id, None)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "nothing": ({}, "name is required"),
    "empty name": ({"name": ""}, "name is required"),
    "null": ({"name": None}, "name is required"),
    "long name": ({"name": "x" * 65}, "name must be at most 64 bytes"),
    "long name in bytes": ({"name": "ü" * 33}, "name must be at most 64 bytes"),
    "two lines": ({"name": "a\nb"}, "name must be one line of text"),
    "the cloud's": ({"name": "spark/status"}, "name must not begin with spark or particle"),
    "the cloud's in capitals": ({"name": "PARTICLE/x"}, "name must not begin with spark or particle"),
    "long data": ({"name": "a", "data": "x" * 16_385}, "data must be at most 16384 bytes"),
    "long data in bytes": ({"name": "a", "data": "ü" * 8_193}, "data must be at most 16384 bytes"),
    "ttl": ({"name": "a", "ttl": "soon"}, "ttl must be a whole number"),
    "ttl below 0": ({"name": "a", "ttl": -1}, "ttl must be at least 0"),
    "ttl of 25 bits": ({"name": "a", "ttl": 16_777_216}, "ttl must be at most 16777215"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_is_not_heard(world: World, name: str) -> None:
    body, text = REFUSED[name]
    status, answer, heard = await heard_of(world, body)
    assert (status, msgspec.json.decode(answer), heard) == (400, {"ok": False, "error": text}, [])


async def test_a_form_says_the_same_with_the_token_in_it(world: World) -> None:
    heard: list[Event] = []
    world.bus.listen("events", heard.append)
    form = {"name": "a", "data": "1", "ttl": "5", "private": "true", "access_token": world.token}
    answer = await world.http.post(f"{OWN}/", data=form)
    await settled()
    assert answer.text == '{"ok":true}'
    assert [(event.name, event.data, event.ttl) for event in heard] == [("a", b"1", 5)]


async def test_an_event_that_can_not_be_stored_is_not_acknowledged_and_not_heard(world: World) -> None:
    world.services.telemetry.full = True  # type: ignore[attr-defined]
    status, text, heard = await heard_of(world, {"name": "a"})
    assert (status, heard) == (503, [])
    assert msgspec.json.decode(text)["error"] == "server_error"


async def test_events_are_kept_with_who_published_them(world: World) -> None:
    fleet = await fleet_of(world)
    device = await fleet.device()
    await world.call("POST", OWN, {"name": "mine", "data": "1"})
    await world.call("POST", f"{fleet.path}/events", {"name": "fleet", "data": "2"})
    await world.call("POST", f"{fleet.path}/events", {"name": "as", "as_device_id": device.hex_id.upper()})
    space = await world.services.catalog.get(Space, world.person.id)
    assert space is not None
    kept = [
        [(event.name, event.source) for event in await world.services.events.history(series, 0, 1 << 62, 9)]
        for series in (space.events, fleet.product.events, device.events)
    ]
    assert kept == [[("mine", "api")], [("fleet", "api")], [("as", device.hex_id)]]


async def test_who_may_publish_to_a_product(world: World) -> None:
    fleet = await fleet_of(world)
    _, customer = await fleet.customer()
    _, stranger = await world.somebody()
    tokens = {
        "owner": (world.token, 200),
        "developer": (await fleet.member(Role.EDITOR), 200),
        "support": (await fleet.member(Role.SUPPORT), 403),
        "viewer": (await fleet.member(Role.VIEWER), 403),
        "product": (await fleet.bearer(), 200),
        "API user": (await fleet.program("events:send"), 200),
        "API user without": (await fleet.program("events:get"), 400),
        "customer": (customer, 403),
        "stranger": (stranger, 404),
    }
    answers = {
        name: (await world.call("POST", f"{fleet.path}/events", {"name": "a"}, token=token)).status_code
        for name, (token, _) in tokens.items()
    }
    assert answers == {name: status for name, (_, status) in tokens.items()}


async def test_who_may_publish_in_the_own_name(world: World) -> None:
    fleet = await fleet_of(world)
    _, customer = await fleet.customer()
    answers = [
        (await world.call("POST", OWN, {"name": "a"}, token=token)).status_code
        for token in (world.token, customer, await fleet.bearer(), await fleet.program("*:*"))
    ]
    assert answers == [200, 200, 403, 400]


@pytest.mark.parametrize("wanted", ["e00fce68ffffffffffffffff", "porch"])
async def test_nobody_speaks_for_a_board_that_is_not_in_the_product(world: World, wanted: str) -> None:
    fleet, other = await fleet_of(world), await fleet_of(world, "Other")
    await other.device(1)
    for id in (wanted, "e00fce680000000000000001"):
        answer = await world.call("POST", f"{fleet.path}/events", {"name": "a", "as_device_id": id})
        assert (answer.status_code, answer.text) == (404, '{"ok":false,"error":"Device not found."}')
