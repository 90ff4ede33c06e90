"""Event streams: what goes over the wire, who sees what, and how a stream ends (reference 6)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from rookery.core.access import Principal
from rookery.core.events import Event, of_device
from rookery.core.records import Product, Role
from rookery.particle.api import streams
from rookery.particle.api.api import ApiOptions
from rookery.particle.api.rate import RateOptions
from rookery.particle.api.streams import CATCH_UP_BYTES, QUEUE_BYTES, frame_of
from tests.fakes import settled
from tests.particle.api.conftest import BASE, World, world_of

ID = "e00fce680123456789abcdef"


class Listener:
    """Somebody who has opened a stream, chunk by chunk."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.reading = asyncio.Event()
        self.reading.set()
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task: asyncio.Task[None] | None = None

    async def send(self, message: Any) -> None:
        await self.reading.wait()
        self.messages.append(message)

    async def receive(self) -> dict[str, Any]:
        await self.gone
        return {"type": "http.disconnect"}

    @property
    def chunks(self) -> list[bytes]:
        return [m["body"] for m in self.messages if m["type"] == "http.response.body" and m["body"]]

    @property
    def names(self) -> list[str]:
        frames = (chunk.decode() for chunk in self.chunks if chunk.startswith(b"event: "))
        return [frame.partition("\n")[0].removeprefix("event: ") for frame in frames]

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])


@asynccontextmanager
async def listening(world: World, path: str, token: str | None = None, query: str = "") -> AsyncIterator[Listener]:
    """Open a stream; it is closed by the listener at the end."""
    listener = Listener()
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [] if query else [(b"authorization", f"Bearer {token or world.token}".encode())],
        "client": ("192.0.2.1", 1),
    }
    listener.task = asyncio.get_running_loop().create_task(world.app(scope, listener.receive, listener.send))
    await settled()
    yield listener
    if not listener.gone.done():
        listener.gone.set_result(None)
    await asyncio.wait_for(listener.task, 5)
    assert len(world.api.streams) == 0


async def say(world: World, name: str, data: Any = "1", **more: Any) -> None:
    answer = await world.call("POST", "/v1/devices/events", {"name": name, "data": data, **more})
    assert answer.text == '{"ok":true}'
    await settled()


async def fleet(world: World) -> Product:
    return await world.services.products.create(world.user, world.person.id, name="Lamp", platform=6)


async def test_the_bytes_of_a_stream(world: World) -> None:
    async with listening(world, "/v1/devices/events") as listener:
        await say(world, "temperature", "25.3\n", ttl=120)
    head = dict(listener.messages[0]["headers"])
    assert listener.status == 200
    assert head[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert head[b"cache-control"] == b"no-cache"
    assert head[b"x-accel-buffering"] == b"no"
    assert head[b"access-control-allow-origin"] == b"*"
    assert listener.chunks == [
        b":ok\n\n",
        b"event: temperature\n"
        b'data: {"data":"25.3\\n","ttl":120,"published_at":"2025-01-01T00:00:00.000Z","coreid":"api"}\n\n',
    ]


async def test_an_event_of_a_product_says_more(world: World) -> None:
    product = await fleet(world)
    device = await world.services.enrolment.enrol(ID, "particle", "photon", product_id=product.id)
    async with listening(world, f"/v1/products/{product.number}/events") as listener:
        event = of_device(device, name="t", data=None, time=world.services.events.now(), version=3)
        world.services.events.publish(
            msgspec.structs.replace(event, product_number=product.number, organisation_id=product.space_id),
            device.events,
        )
        await settled()
    assert listener.chunks[1] == (
        b'event: t\ndata: {"data":null,"ttl":60,"published_at":"2025-01-01T00:00:00.000Z",'
        b'"coreid":"e00fce680123456789abcdef","userid":"","version":3,"public":false,"productID":%d}\n\n'
        % product.number
    )


PREFIXES: dict[str, tuple[str, list[str]]] = {
    "none": ("/v1/devices/events", ["temp/1", "Temp", "other"]),
    "trailing slash": ("/v1/devices/events/", ["temp/1", "Temp", "other"]),
    "case counts": ("/v1/devices/events/temp", ["temp/1"]),
    "raw slash": ("/v1/devices/events/temp/1", ["temp/1"]),
    "encoded slash": ("/v1/devices/events/temp%2F1", ["temp/1"]),
    "of the whole world": ("/v1/events/temp", ["temp/1"]),
    "nothing fits": ("/v1/devices/events/emp", []),
}


@pytest.mark.parametrize("name", PREFIXES)
async def test_prefixes(world: World, name: str) -> None:
    path, names = PREFIXES[name]
    async with listening(world, path) as listener:
        for each in ("temp/1", "Temp", "other"):
            await say(world, each)
    assert listener.names == names


async def test_a_token_may_stand_in_the_query(world: World) -> None:
    query = f"access_token={world.token}&nonce=0.5"
    async with listening(world, "/v1/devices/events", query=query) as listener:
        await say(world, "a")
    assert listener.names == ["a"]


async def test_a_stream_of_everything_needs_a_prefix(world: World) -> None:
    answer = await world.call("GET", "/v1/events")
    assert (answer.status_code, answer.text) == (400, '{"ok":false,"error":"event prefix filter is required"}')


async def test_a_head_request_opens_nothing(world: World) -> None:
    answer = await world.call("HEAD", "/v1/devices/events")
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(world.api.streams) == 0


async def test_silence_is_broken_by_a_bare_newline(world: World) -> None:
    async with listening(world, "/v1/devices/events") as listener:
        for _ in range(20):
            world.clock.turn(1.0)
            await settled()
        assert listener.chunks == [b":ok\n\n", b"\n", b"\n"]
        await say(world, "a")
        for _ in range(8):
            world.clock.turn(1.0)
            await settled()
        assert listener.names == ["a"]
        assert listener.chunks[-1] != b"\n"


async def test_only_ones_own_events_are_heard(world: World) -> None:
    _, token = await world.somebody()
    async with listening(world, "/v1/devices/events", token) as stranger:
        await say(world, "mine")
    assert stranger.names == []


async def test_one_device_of_several(world: World) -> None:
    mine = {"space_id": world.person.id, "person_id": world.person.id}
    one = await world.services.enrolment.enrol(ID, "particle", "photon", **mine)
    other = await world.services.enrolment.enrol("f" * 24, "particle", "photon", **mine)
    async with listening(world, f"/v1/devices/{ID}/events/t") as listener:
        for device in (one, other):
            world.services.events.publish(of_device(device, name="t", time=0), device.events)
        world.services.events.publish(of_device(one, name="x", time=0), one.events)
        await settled()
    assert listener.names == ["t"]
    assert ID in listener.chunks[1].decode()


async def test_a_stream_ends_with_its_token(world: World) -> None:
    token = await world.token_of(world.person.id)
    async with listening(world, "/v1/devices/events", token) as listener:
        record = await world.services.tokens.find(token)
        assert record is not None
        await world.services.tokens.revoke(record)
        assert listener.task is not None
        await asyncio.wait_for(asyncio.shield(listener.task), 5)
        assert listener.messages[-1] == {"type": "http.response.body", "body": b"", "more_body": False}


async def test_a_stream_ends_when_the_token_expires(world: World) -> None:
    token = await world.token_of(world.person.id, lifetime=30)
    async with listening(world, "/v1/devices/events", token) as listener:
        world.clock.turn(31.0)
        assert listener.task is not None
        await asyncio.wait_for(asyncio.shield(listener.task), 5)


async def test_a_stream_ends_when_its_listener_leaves_the_team(world: World) -> None:
    product = await fleet(world)
    person, token = await world.somebody()
    mate = await world.services.teams.join(product.id, person.email, Role.VIEWER)
    async with listening(world, f"/v1/products/{product.number}/events", token) as listener:
        assert listener.status == 200
        await world.services.teams.leave(product.id, mate)
        assert listener.task is not None
        await asyncio.wait_for(asyncio.shield(listener.task), 5)


async def test_who_does_not_read_loses_his_own_events_only(world: World) -> None:
    async with listening(world, "/v1/devices/events") as slow, listening_too(world) as quick:
        slow.reading.clear()
        data = "x" * 10_000
        events = QUEUE_BYTES // 10_000 + 20
        for number in range(events):
            world.services.events.tell(_event(world, f"e{number}", data))
            await settled()
        assert len(quick.names) == events
        assert world.api.streams.dropped > 0
        slow.reading.set()
        for _ in range(50):
            await settled()
        frames = b"".join(slow.chunks).split(b"\n\n")
        heard = [frame.partition(b"\n")[0] for frame in frames if frame.startswith(b"event: ")]
        assert len(heard) + world.api.streams.dropped == events
        assert heard == [b"event: e%d" % n for n in range(len(heard))]
        slow.gone.set_result(None)


@asynccontextmanager
async def listening_too(world: World, token: str | None = None) -> AsyncIterator[Listener]:
    """A second stream, which ends before the first one is looked at."""
    listener = Listener()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/devices/events",
        "raw_path": b"/v1/devices/events",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {token or world.token}".encode())],
        "client": ("127.0.0.1", 1),
    }
    listener.task = asyncio.get_running_loop().create_task(world.app(scope, listener.receive, listener.send))
    await settled()
    yield listener
    listener.gone.set_result(None)
    await asyncio.wait_for(listener.task, 5)


def _event(world: World, name: str, data: str) -> Event:
    return Event(name=name, data=data.encode(), time=0, source="api", owner_id=world.person.id)


async def test_streams_of_one_address_can_be_limited() -> None:
    async with world_of(options=ApiOptions(base_url=BASE, rates=RateOptions(streams=1))) as world:
        async with listening(world, "/v1/devices/events"), listening_refused(world) as refused:
            assert refused.status == 429
        async with listening(world, "/v1/devices/events") as again:
            assert again.status == 200


@asynccontextmanager
async def listening_refused(world: World) -> AsyncIterator[Listener]:
    """A stream that is not opened."""
    listener = Listener()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/v1/devices/events",
        "raw_path": b"/v1/devices/events",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {world.token}".encode())],
        "client": ("192.0.2.1", 2),
    }
    await world.app(scope, listener.receive, listener.send)
    yield listener


async def test_there_is_an_end_to_how_many_are_open(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STREAMS", 1)
    async with listening(world, "/v1/devices/events"), listening_refused(world) as refused:
        assert refused.status == 429


async def test_one_account_can_not_have_them_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "STREAMS", 2)
    _, other = await world.somebody()
    async with listening(world, "/v1/devices/events"):
        async with listening_refused(world) as refused:
            assert refused.status == 429
        async with listening_too(world, other) as let_in:
            assert let_in.status == 200
    async with listening(world, "/v1/devices/events") as again:
        assert again.status == 200


async def test_a_reader_that_is_far_behind_gets_pieces(world: World) -> None:
    """What is joined for it is a copy: not all that waits."""
    async with listening(world, "/v1/devices/events") as slow:
        slow.reading.clear()
        for number in range(90):
            world.services.events.tell(_event(world, f"e{number}", "x" * 10_000))
        await settled()
        slow.reading.set()
        for _ in range(50):
            await settled()
        assert max(map(len, slow.chunks)) <= CATCH_UP_BYTES
        assert b"".join(slow.chunks).count(b"event: e") == 90
        slow.gone.set_result(None)


async def test_the_server_can_end_all_streams(world: World) -> None:
    async with listening(world, "/v1/devices/events") as listener:
        world.api.streams.close()
        assert listener.task is not None
        await asyncio.wait_for(asyncio.shield(listener.task), 5)


async def test_an_organisation_hears_all_its_products(world: World) -> None:
    space = await world.services.people.organisation("Acme", world.person)
    token = await world.token_of(world.person.id)
    who = Principal(
        person_id=world.person.id, space_id=world.person.id, roles={space.id: Role.OWNER, world.person.id: Role.OWNER}
    )
    product = await world.services.products.create(who, space.id, name="Pump", platform=13)
    async with listening(world, f"/v1/orgs/{space.id}/events", token) as listener:
        answer = await world.call("POST", f"/v1/products/{product.slug}/events", {"name": "go"}, token=token)
        assert answer.text == '{"ok":true}'
        await settled()
    assert listener.names == ["go"]


def test_a_name_can_not_break_the_framing() -> None:
    event = Event(name="a\nevent: b\r\n\r\ndata: c", time=0, source="api", owner_id="x")
    assert frame_of(event).count(b"\n") == 3
    assert frame_of(event).startswith(b"event: a event: b    data: c\ndata: {")
