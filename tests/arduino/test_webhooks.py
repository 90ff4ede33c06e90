"""Webhooks of things: what is posted, when, and at what cost for things that have none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest

from rookery.arduino.webhooks import ThingWebhooks, rules, webhook_id
from rookery.core.access import Principal
from rookery.core.catalog import Change
from rookery.core.deliveries import Deliveries, DeliveryRules
from rookery.core.errors import Conflict
from rookery.core.outgoing import OutgoingRequest, OutgoingResponse, Sender
from rookery.core.points import Value
from rookery.core.records import Role, Thing, UpdatePolicy, ValueKind
from rookery.core.variables import VariableSpec
from rookery.gateways.outbound import Outbound
from tests.fakes import ManualClock, RecordingBus, memory_services, settled
from tests.gateways.test_outbound import serving

URL = "https://host.example/in"


class Receiver:
    """The other side."""

    def __init__(self) -> None:
        self.requests: list[OutgoingRequest] = []
        self.status = 200

    async def __call__(self, request: OutgoingRequest, /) -> OutgoingResponse:
        self.requests.append(request)
        return OutgoingResponse(status=self.status)


class World:
    """A person with things, and the machine."""

    def __init__(self, send: Sender | None = None, made: DeliveryRules | None = None) -> None:
        self.clock = ManualClock()
        self.bus = RecordingBus()
        self.services = memory_services(clock=self.clock, bus=self.bus)
        self.receiver = Receiver()
        self.deliveries = Deliveries(send or self.receiver, self.clock, made or rules(50))
        self.webhooks = ThingWebhooks(self.services, self.deliveries)

    async def open(self) -> None:
        person = await self.services.people.create("owner@rookery.test")
        self.who = Principal(person_id=person.id, space_id=person.id, roles={person.id: Role.OWNER})
        await self.webhooks.start()

    async def close(self) -> None:
        await self.webhooks.close()
        await self.deliveries.close()

    async def thing(self, **fields: Any) -> Thing:
        fields = {"webhook_uri": URL, "webhook_active": True, **fields}
        kinds = {"visits": ("INT", ValueKind.INT), "lamp": ("HOME_COLORED_LIGHT", ValueKind.COMPOSITE)}
        specs = [
            VariableSpec(
                name=name, type=type, kind=kind, writable=True, policy=UpdatePolicy.ON_CHANGE, persist=name == "visits"
            )
            for name, (type, kind) in kinds.items()
        ]
        return await self.services.things.create(self.who, name="Greenhouse", variables=specs, **fields)

    async def change(self, thing: Thing, **fields: Any) -> None:
        await self.services.things.update(self.who, thing.id, fields)

    async def say(self, thing: Thing, from_board: bool = True, **values: Value) -> None:
        live = await self.services.live.get(thing.id)
        assert live is not None
        updates = [(live.by_symbol[name], value, None) for name, value in values.items()]
        self.services.ingest.accept(live, updates, from_board=from_board)
        await self.quiet()

    async def quiet(self) -> None:
        for _ in range(3):
            await settled()
            await self.deliveries.idle()
            await self.webhooks.idle()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    await made.open()
    yield made
    await made.close()


async def test_what_is_posted(world: World) -> None:
    thing = await world.thing()
    await world.say(thing, visits=3, lamp={"swi": True, "hue": 120.0})
    (request,) = world.receiver.requests
    assert (request.method, request.url, request.seconds, request.verify) == ("POST", URL, 5.0, True)
    assert dict(request.headers)["content-type"] == "application/json"
    body = msgspec.json.decode(request.body)
    live = await world.services.live.get(thing.id)
    assert live is not None
    common = {"updated_at": "2025-01-01T00:00:00.000Z", "created_by": world.who.person_id}
    assert len(body.pop("event_id")) == 36
    assert body == {
        "webhook_id": webhook_id(thing.id),
        "device_id": None,
        "thing_id": thing.id,
        "values": [
            {"id": live.by_symbol["visits"].record.id, "name": "visits", "value": 3, "persist": True, **common},
            {
                "id": live.by_symbol["lamp"].record.id,
                "name": "lamp",
                "value": {"swi": True, "hue": 120.0},
                "persist": False,
                **common,
            },
        ],
    }


async def test_values_of_people_are_posted_and_the_device_is_named(world: World) -> None:
    device = await world.services.devices.create(world.who, dialect="arduino", type="mkrwifi1010", name="Board")
    thing = await world.thing(device_id=device.id)
    await world.say(thing, from_board=False, visits=1)
    await world.say(thing, visits=2)
    bodies = [msgspec.json.decode(request.body) for request in world.receiver.requests]
    assert [body["values"][0]["value"] for body in bodies] == [1, 2]
    assert {body["device_id"] for body in bodies} == {device.id}
    assert len({body["event_id"] for body in bodies}) == 2


OFF: dict[str, dict[str, Any]] = {
    "no address": {"webhook_uri": None},
    "not active": {"webhook_active": False},
    "neither": {"webhook_uri": None, "webhook_active": False},
}


@pytest.mark.parametrize("case", OFF)
async def test_others_cost_nothing(world: World, case: str) -> None:
    thing = await world.thing(**OFF[case])
    assert not world.bus.watched("values." + thing.id)
    assert not world.bus.watched("values")
    await world.say(thing, visits=1)
    assert (world.receiver.requests, world.webhooks.updates, len(world.webhooks)) == ([], 0, 0)


async def test_one_that_comes_changes_and_goes(world: World) -> None:
    thing = await world.thing(webhook_uri=None, webhook_active=False)
    await world.change(thing, webhook_uri=URL, webhook_active=True)
    await world.say(thing, visits=1)
    await world.change(thing, webhook_uri=URL + "/2")
    await world.change(thing, name="Another")
    await world.say(thing, visits=2)
    await world.change(thing, webhook_uri=None, webhook_active=False)
    await world.say(thing, visits=3)
    assert [request.url for request in world.receiver.requests] == [URL, URL + "/2"]
    assert not world.bus.watched("values." + thing.id)


async def test_a_deleted_thing_is_silent_and_speaks_again_when_it_is_back(world: World) -> None:
    thing = await world.thing()
    await world.services.things.delete(world.who, thing.id)
    assert not world.bus.watched("values." + thing.id)
    await world.change(thing, name="Back")
    await world.say(thing, visits=1)
    assert len(world.receiver.requests) == 1


async def test_what_a_start_finds(world: World) -> None:
    thing = await world.thing()
    await world.thing(webhook_active=False)
    await world.webhooks.close()
    assert not world.bus.watched("values." + thing.id)
    world.webhooks = ThingWebhooks(world.services, world.deliveries)
    await world.webhooks.start()
    assert len(world.webhooks) == 1
    await world.say(thing, visits=1)
    assert len(world.receiver.requests) == 1


async def test_three_tries(world: World) -> None:
    thing = await world.thing()
    world.receiver.status = 503
    await world.say(thing, visits=1)
    for seconds, requests in ((9.9, 1), (0.2, 2), (29, 2), (1, 3), (1_000, 3)):
        world.clock.turn(seconds)
        await world.quiet()
        assert len(world.receiver.requests) == requests
    assert world.deliveries.history(thing.id).counts.dropped == 1


async def test_another_address_gets_nothing_of_what_waits_for_the_old_one(world: World) -> None:
    thing = await world.thing()
    world.receiver.status = 503
    await world.say(thing, visits=1)
    await world.change(thing, name="The same address")
    assert world.deliveries.waiting == 1
    await world.change(thing, webhook_uri=URL + "/2")
    assert world.deliveries.waiting == 0


async def test_a_hopeless_one_is_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(made=DeliveryRules(retry_at=(), disable_after=2, rest_after=100))
    await world.open()
    thing = await world.thing()
    world.receiver.status = 500
    apply, conflicts = world.services.catalog.apply, [1]

    async def contested(*changes: Change) -> None:
        if conflicts:
            conflicts.pop()
            raise Conflict("Somebody else was first.")
        await apply(*changes)

    monkeypatch.setattr(world.services.catalog, "apply", contested)
    for _ in range(3):
        await world.say(thing, visits=1)
    after = await world.services.catalog.get(Thing, thing.id)
    assert after is not None
    assert (after.webhook_active, after.webhook_uri, len(world.receiver.requests)) == (False, URL, 2)
    assert not world.bus.watched("values." + thing.id)
    world.receiver.status = 200
    await world.change(thing, webhook_active=True)
    await world.say(thing, visits=2)
    assert world.deliveries.history(thing.id).counts.succeeded == 1
    await world.close()


async def test_a_full_queue_drops(world: World) -> None:
    thing = await world.thing()
    world.receiver.status = 500
    machine = Deliveries(world.receiver, world.clock, DeliveryRules(waiting_of_target=1))
    webhooks = ThingWebhooks(world.services, machine)
    await world.webhooks.close()
    await webhooks.start()
    await world.say(thing, visits=1)
    await machine.idle()
    await world.say(thing, visits=2)
    await machine.idle()
    assert (webhooks.updates, len(world.receiver.requests), machine.counts.dropped) == (2, 1, 1)
    await webhooks.close()
    await machine.close()


async def test_over_the_wire() -> None:
    async with serving() as server:
        outbound = Outbound((ip_network("127.0.0.0/8"),))
        world = World(outbound)
        await world.open()
        thing = await world.thing(webhook_uri=f"http://127.0.0.1:{server.port}/in")
        await world.say(thing, visits=3)
        ((line, headers, body),) = server.requests
        assert (line, headers["content-type"]) == ("POST /in", "application/json")
        assert msgspec.json.decode(body)["values"][0]["value"] == 3
        await world.close()
        await outbound.close()
