"""Integrations at work: whose events set off what, who is told of it, and what happens when nothing arrives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_network
from typing import Any

import msgspec
import pytest

from rookery.core.access import Principal
from rookery.core.catalog import Delete, Insert, Update, changed
from rookery.core.deliveries import Deliveries, DeliveryRules
from rookery.core.errors import LimitReached
from rookery.core.events import Audience, Event, of_device
from rookery.core.outgoing import OutgoingFailed, OutgoingRequest, OutgoingResponse, Sender
from rookery.core.records import Device, Integration, Product, Role, Space, SpaceKind, UpdatePolicy, ValueKind
from rookery.core.variables import VariableSpec
from rookery.gateways.outbound import Outbound
from rookery.particle import integrations as module
from rookery.particle.bridge import Bridge
from rookery.particle.hook_table import Scope
from rookery.particle.ids import hex_id
from rookery.particle.integrations import Integrations
from rookery.particle.webhook import read_definition
from tests.fakes import FakeBoard, ManualClock, MemoryCatalog, RecordingBus, memory_services, settled
from tests.gateways.test_outbound import serving

BOARD = "e00fce680000000000000001"
OTHER = "e00fce680000000000000002"
ORGANISATION = "00000000-0000-4000-8000-00000000000a"
URL = "https://host.example/in"


class Receiver:
    """The other side: keeps the requests, and answers all of them alike."""

    def __init__(self) -> None:
        self.requests: list[OutgoingRequest] = []
        self.answer: OutgoingResponse | Exception = OutgoingResponse(status=200, body=b"fine")

    async def __call__(self, request: OutgoingRequest, /) -> OutgoingResponse:
        self.requests.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(request.body) for request in self.requests]


class World:
    """Two people, a product of the first, an organisation with a product, and the machine."""

    def __init__(self, send: Sender | None = None, rules: DeliveryRules | None = None) -> None:
        self.clock = ManualClock()
        self.bus = RecordingBus()
        self.services = memory_services(clock=self.clock, bus=self.bus)
        self.receiver = Receiver()
        self.deliveries = Deliveries(send or self.receiver, self.clock, rules)
        self.integrations = Integrations(
            self.services, self.deliveries, lambda place: {"KEY": f"secret of {place == self.owner}"}
        )
        self.told: list[Event] = []
        self.owner = ""

    async def open(self) -> None:
        people = self.services.people
        self.owner = (await people.create("owner@rookery.test")).id
        self.stranger = (await people.create("other@rookery.test")).id
        now = self.clock.now()
        space = Space(id=ORGANISATION, created_at=now, updated_at=now, kind=SpaceKind.ORGANISATION, name="We")
        await self.services.catalog.apply(Insert(space))
        who = Principal(
            person_id=self.owner, space_id=self.owner, roles={self.owner: Role.OWNER, ORGANISATION: Role.OWNER}
        )
        self.product = await self.services.products.create(who, self.owner, name="Mine", platform=13)
        self.theirs = await self.services.products.create(who, ORGANISATION, name="Ours", platform=13)
        self.device = await self.board(BOARD, self.owner)
        await self.integrations.start()
        self.bus.listen("events", self._hear)

    async def board(self, id: str, owner: str, product: Product | None = None) -> Device:
        return await self.services.enrolment.enrol(
            id,
            "particle",
            "argon",
            space_id=owner,
            product_id=None if product is None else product.id,
        )

    async def close(self) -> None:
        await self.integrations.close()
        await self.deliveries.close()

    def _hear(self, event: Event) -> None:
        if event.source == "particle-internal":
            self.told.append(event)

    @property
    def names(self) -> list[str]:
        return [event.name for event in self.told]

    async def hook(self, place: str = "", scope: Scope = Scope.OWNER, **fields: Any) -> Integration:
        definition = read_definition({"event": "temp", "url": URL, "json": {}, **fields})
        return await self.integrations.create(place or self.owner, scope, self.owner, definition)

    async def happen(self, event: Event, series: int = 0) -> None:
        self.services.events.publish(event, series)
        await self.quiet()

    async def say(self, device: Device, name: str = "temp", data: str = "20", **fields: Any) -> None:
        """A board publishes."""
        event = of_device(device, name=name, data=data.encode(), time=self.services.events.now(), **fields)
        await self.happen(event, device.events)

    async def quiet(self) -> None:
        for _ in range(4):
            await settled()
            await self.integrations.idle()
            await self.deliveries.idle()

    async def turn(self, seconds: float) -> None:
        self.clock.turn(seconds)
        await self.quiet()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    await made.open()
    yield made
    await made.close()


def of_product(product: Product) -> dict[str, Any]:
    return {"product_number": product.number, "organisation_id": product.space_id}


async def test_an_event_makes_a_request_and_its_answer_makes_events(world: World) -> None:
    await world.hook()
    board = FakeBoard(world.device)
    world.services.events.subscribers.set(board, ["hook-response/temp"])
    await world.say(world.device)
    (body,) = world.receiver.bodies
    assert body == {
        "event": "temp",
        "data": "20",
        "published_at": "2025-01-01T00:00:00.000Z",
        "coreid": BOARD,
    }
    assert [(event.name, event.data) for event in world.told] == [
        ("hook-sent/temp", None),
        ("hook-response/temp/0", b"fine"),
    ]
    answer = world.told[1]
    assert (answer.owner_id, answer.only_device, answer.triggers) == (world.owner, world.device.id, False)
    assert [event.name for event in board.heard] == ["hook-response/temp/0"]
    stored = await world.services.events.history(world.device.events, 0, 1 << 60, 10)
    assert [event.name for event in stored] == ["hook-response/temp/0", "hook-sent/temp", "temp"]


async def test_another_board_of_the_owner_does_not_hear_the_answer(world: World) -> None:
    await world.hook()
    other = FakeBoard(await world.board(OTHER, world.owner))
    world.services.events.subscribers.set(other, ["hook-response/temp"])
    await world.say(world.device)
    assert (other.heard, world.names) == ([], ["hook-sent/temp", "hook-response/temp/0"])


SILENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another name": ({}, {"name": "tem"}),
    "the same name in other letters": ({}, {"name": "Temp"}),
    "another board": ({"deviceID": OTHER}, {}),
    "a webhook that is off": ({"disabled": True}, {}),
    "what a webhook says": ({}, {"triggers": False}),
}


@pytest.mark.parametrize("case", SILENT)
async def test_no_request_for(world: World, case: str) -> None:
    definition, event = SILENT[case]
    await world.hook(**definition)
    await world.say(world.device, **event)
    assert (world.receiver.requests, world.told, world.integrations.matched) == ([], [], 0)


async def test_only_for_one_board(world: World) -> None:
    await world.hook(deviceID=BOARD.upper())
    other = await world.board(OTHER, world.owner)
    await world.say(other)
    await world.say(world.device)
    assert [body["coreid"] for body in world.receiver.bodies] == [BOARD]


async def test_a_hook_that_wants_everything_does_not_answer_itself(world: World) -> None:
    await world.hook(event="h")
    await world.say(world.device, "hello")
    assert len(world.receiver.requests) == 1
    assert world.names == ["hook-sent/hello", "hook-response/hello/0"]


async def test_a_person_hears_of_his_own_boards_and_words_only(world: World) -> None:
    await world.hook()
    foreign = await world.board(OTHER, world.stranger, world.product)
    nobodys = await world.board("e00fce680000000000000003", "", world.product)
    now = world.services.events.now()
    await world.say(foreign, **of_product(world.product))
    await world.say(nobodys, **of_product(world.product))
    await world.happen(Event(name="temp", time=now, source="api", owner_id=world.stranger))
    to_product = Event(
        name="temp",
        time=now,
        source="api",
        owner_id=world.owner,
        product_id=world.product.id,
        audience=Audience.PRODUCT,
        **of_product(world.product),
    )
    await world.happen(to_product)
    assert world.receiver.requests == []
    await world.happen(Event(name="temp", data=b"mine", time=now, source="api", owner_id=world.owner))
    assert [(body["coreid"], body["data"]) for body in world.receiver.bodies] == [("api", "mine")]
    assert [(event.device_id, event.only_device) for event in world.told] == [(None, None)] * 2
    stored = await world.services.events.history(await world.services.event_series.of(world.owner), 0, 1 << 60, 10)
    assert len(stored) == 2


async def test_a_product_hears_of_all_its_boards(world: World) -> None:
    await world.hook(world.product.id, Scope.PRODUCT)
    nobodys = await world.board(OTHER, "", world.product)
    customers = await world.board("e00fce680000000000000003", world.stranger, world.product)
    elsewhere = await world.board("e00fce680000000000000004", world.owner, world.theirs)
    await world.say(nobodys, version=7, **of_product(world.product))
    await world.say(customers, **of_product(world.product))
    await world.say(elsewhere, **of_product(world.theirs))
    await world.say(world.device)
    first, second = world.receiver.bodies
    assert (first["coreid"], first["userid"], first["fw_version"]) == (OTHER, "", "7")
    assert (second["coreid"], second["userid"]) == (customers.hex_id, hex_id(world.stranger))
    assert world.names == [
        "hook-sent/temp",
        f"{OTHER}/hook-response/temp/0",
        "hook-sent/temp",
        f"{customers.hex_id}/hook-response/temp/0",
    ]
    assert {(event.product_id, event.product_number) for event in world.told} == {
        (world.product.id, world.product.number)
    }


async def test_an_organisation_hears_of_all_its_products(world: World) -> None:
    await world.hook(ORGANISATION, Scope.ORGANISATION)
    ours = await world.board(OTHER, "", world.theirs)
    await world.say(ours, **of_product(world.theirs))
    await world.say(world.device)
    assert [body["coreid"] for body in world.receiver.bodies] == [OTHER]
    assert {event.organisation_id for event in world.told} == {ORGANISATION}


async def test_a_board_without_a_series_of_its_own_tells_in_that_of_its_product(world: World) -> None:
    await world.hook(world.product.id, Scope.PRODUCT)
    board = await world.board(OTHER, "", world.product)
    await world.services.enrolment.keep(board.id, events=0)
    await world.say(msgspec.structs.replace(board, events=0), **of_product(world.product))
    stored = await world.services.events.history(world.product.events, 0, 1 << 60, 10)
    assert [event.name for event in stored] == [f"{OTHER}/hook-response/temp/0", "hook-sent/temp"]


async def test_secrets_fill_templates_and_binary_data_is_a_url(world: World) -> None:
    await world.hook(json={"key": "{{{KEY}}}", "value": "{{{PARTICLE_EVENT_VALUE}}}"}, noDefaults=True)
    event = of_device(world.device, name="temp", data=b"\x00\xff", format=42, time=world.clock.now())
    await world.happen(event, world.device.events)
    assert world.receiver.bodies == [{"key": "secret of True", "value": "data:application/octet-stream;base64,AP8="}]


async def test_each_failure_is_told_and_the_event_is_sent_again(world: World) -> None:
    record = await world.hook()
    world.receiver.answer = OutgoingResponse(status=404)
    await world.say(world.device)
    assert [(e.name, e.data) for e in world.told] == [
        ("hook-sent/temp", None),
        ("hook-error/temp/0", b"error status 404 from host.example"),
    ]
    world.receiver.answer = OutgoingFailed("host.example takes no connection.")
    await world.turn(30)
    await world.turn(30)
    assert len(world.receiver.requests) == 3
    assert [e.data for e in world.told[2:]] == [b"host.example takes no connection."] * 2
    history = world.integrations.history(record)
    assert (history.counts.failed, history.counts.dropped, len(history.errors)) == (3, 1, 3)


async def test_a_host_that_rests_is_told_in_the_words_of_the_vendor(world: World) -> None:
    await world.hook()
    world.receiver.answer = OutgoingResponse(status=500)
    for _ in range(6):
        await world.say(world.device)
    assert world.told[-1].data == b"Sleeping, too many errors, please wait and try again"
    assert len(world.receiver.requests) == 5


async def test_a_template_that_costs_too_much_is_an_error_of_its_event(world: World) -> None:
    loop = "{{#a}}{{#a}}{{#a}}{{b}}{{/a}}{{/a}}{{/a}}"
    record = await world.hook(json=None, body=loop)
    data = msgspec.json.encode({"a": [{"b": 1}] * 60}).decode()
    await world.say(world.device, data=data)
    assert world.receiver.requests == []
    assert [(e.name, e.data) for e in world.told] == [
        ("hook-error/temp/0", b"The template goes through too many elements.")
    ]
    history = world.integrations.history(record)
    assert [entry.error for entry in history.errors] == ["The template goes through too many elements."]
    assert (history.counts.failed, history.counts.dropped) == (1, 1)


async def test_a_definition_that_can_not_be_read_harms_nobody_else(world: World) -> None:
    broken = await world.hook()
    await world.services.catalog.apply(Update(changed(broken, world.clock.now(), definition={"event": 1})))
    await world.integrations.close()
    world.integrations = Integrations(world.services, world.deliveries)
    await world.integrations.start()
    await world.hook(json={"good": True}, noDefaults=True)
    await world.say(world.device)
    assert world.receiver.bodies == [{"good": True}]
    assert world.integrations.history(broken).counts.failed == 1


async def test_a_hopeless_integration_is_turned_off_and_its_owner_told() -> None:
    world = World(rules=DeliveryRules(retry_at=(), disable_after=2, rest_after=100))
    await world.open()
    for place, scope in (
        (world.owner, Scope.OWNER),
        (world.theirs.id, Scope.PRODUCT),
        (ORGANISATION, Scope.ORGANISATION),
    ):
        record = await world.hook(place, scope)
        world.receiver.answer = OutgoingResponse(status=500)
        device = world.device
        if scope is not Scope.OWNER:
            device = await world.board(OTHER, "", world.theirs)
        for _ in range(3):
            await world.say(device, **({} if scope is Scope.OWNER else of_product(world.theirs)))
        stored = await world.services.catalog.get(Integration, record.id)
        assert stored is not None
        assert (stored.enabled, stored.definition["disabled"], len(world.integrations)) == (False, True, 0)
        assert stored.definition["disabled_reason"].startswith("It was disabled because 2 events in a row")
        last = world.told[-1]
        assert last.name == "hook-error/temp/0"
        assert (last.data or b"").startswith(b"It was disabled because 2 events in a row")
        assert place in (last.owner_id, last.product_id, last.organisation_id)
        assert (last.audience, last.triggers) == (Audience.NOBODY, False)
        assert len(world.receiver.requests) == 2
        world.receiver.requests.clear()
        world.receiver.answer = OutgoingResponse(status=200)
        # On again: its new definition begins anew.
        definition = read_definition({"event": "temp", "url": URL})
        after = await world.integrations.replace(stored, scope, definition)
        await world.say(device, **({} if scope is Scope.OWNER else of_product(world.theirs)))
        assert world.integrations.history(after).counts.succeeded == 1
        assert "disabled_reason" not in after.definition
        await world.integrations.delete(after)
        world.receiver.requests.clear()
        world.told.clear()
    await world.close()


async def test_a_full_queue_costs_no_template() -> None:
    held = asyncio.Event()

    async def slow(request: OutgoingRequest) -> OutgoingResponse:
        await held.wait()
        return OutgoingResponse(status=204)

    world = World(slow, DeliveryRules(waiting_of_target=2))
    await world.open()
    record = await world.hook()
    for _ in range(5):
        event = of_device(world.device, name="temp", time=world.clock.now())
        world.services.events.publish(event, world.device.events)
        await settled()
    assert world.integrations.history(record).counts.dropped == 3
    held.set()
    await world.quiet()
    assert world.integrations.history(record).counts.succeeded == 2
    assert world.names == ["hook-sent/temp"] * 2
    await world.close()


async def test_what_a_start_finds(world: World) -> None:
    await world.hook()
    await world.hook(world.product.id, Scope.PRODUCT)
    await world.hook(ORGANISATION, Scope.ORGANISATION)
    await world.hook(disabled=True)
    again = Integrations(world.services, world.deliveries)
    await world.integrations.close()
    await again.start()
    assert len(again) == 3
    board = await world.board(OTHER, "", world.theirs)
    await world.say(board, **of_product(world.theirs))
    await world.say(world.device)
    assert [body["coreid"] for body in world.receiver.bodies] == [OTHER, BOARD]
    await again.close()


async def test_a_product_takes_its_integrations_along(world: World) -> None:
    await world.hook(world.product.id, Scope.PRODUCT)
    kept = await world.hook()
    await world.services.products.change(world.product, description="new")
    await world.quiet()
    assert len(world.integrations) == 2
    await world.services.products.delete(world.product, force=True)
    await world.quiet()
    assert len(world.integrations) == 1
    assert await world.integrations.of(world.owner) == [kept]


async def test_an_integration_that_is_removed_says_no_more(world: World) -> None:
    record = await world.hook()
    world.receiver.answer = OutgoingResponse(status=500)
    await world.say(world.device)
    await world.integrations.delete(record)
    await world.turn(100)
    await world.say(world.device)
    assert (len(world.receiver.requests), len(world.integrations), world.deliveries.waiting) == (1, 0, 0)


async def test_events_keep_their_order_while_the_catalog_is_asked(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.hook()
    asked = asyncio.Event()
    get = world.services.catalog.get

    async def late(*arguments: Any) -> Any:
        await asked.wait()
        return await get(*arguments)

    monkeypatch.setattr(world.services.catalog, "get", late)
    monkeypatch.setattr(module, "WAITING", 3)
    for number in range(5):
        event = of_device(world.device, name="temp", data=b"%d" % number, time=world.clock.now())
        world.services.events.publish(event, world.device.events)
        await settled()
    asked.set()
    await world.quiet()
    assert [body["data"] for body in world.receiver.bodies] == ["0", "1", "2"]
    assert (world.integrations.overrun, world.integrations.matched) == (2, 5)


async def test_a_catalog_that_fails_costs_the_storing_only(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.hook()

    async def failing(*_: Any) -> Any:
        raise RuntimeError("no disk")

    with monkeypatch.context() as patch:
        patch.setattr(world.services.catalog, "get", failing)
        await world.say(world.device)
    assert world.names == ["hook-sent/temp", "hook-response/temp/0"]
    await world.say(world.device)
    stored = await world.services.events.history(world.device.events, 0, 1 << 60, 10)
    assert [e.name for e in stored] == ["hook-response/temp/0", "hook-sent/temp", "temp", "temp"]


async def test_there_is_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INTEGRATIONS_LIMIT", 1)
    await world.hook()
    with pytest.raises(LimitReached, match="at most 1"):
        await world.hook()


async def test_one_that_vanished_is_not_stored_as_disabled() -> None:
    world = World(rules=DeliveryRules(retry_at=(), disable_after=1))
    await world.open()
    record = await world.hook()
    await world.services.catalog.apply(Delete(Integration, record.id))
    world.receiver.answer = OutgoingResponse(status=500)
    await world.say(world.device)
    assert isinstance(world.services.catalog, MemoryCatalog)
    assert await world.integrations.of(world.owner) == []
    assert world.names == ["hook-sent/temp", "hook-error/temp/0"]
    await world.close()


async def test_over_the_wire() -> None:
    async with serving() as server:
        outbound = Outbound((ip_network("127.0.0.0/8"),))
        world = World(outbound)
        await world.open()
        url = f"http://127.0.0.1:{server.port}/in"
        await world.hook(url=url, json={"value": "{{{PARTICLE_EVENT_VALUE}}}"}, auth={"username": "u", "password": "p"})
        await world.say(world.device)
        ((line, headers, body),) = server.requests
        assert line == "POST /in"
        assert headers["authorization"] == "Basic dTpw"
        assert msgspec.json.decode(body)["value"] == "20"
        assert [(e.name, e.data) for e in world.told] == [("hook-sent/temp", None), ("hook-response/temp/0", b"ok")]
        await world.close()
        await outbound.close()


async def test_a_webhook_hears_the_other_dialects_boards_though_nobody_else_listens(world: World) -> None:
    services = world.services
    who = await services.people.principal(world.owner)
    device = await services.devices.create(who, "arduino", "mkrwifi1010", name="board")
    kind = {"type": "FLOAT", "kind": ValueKind.FLOAT, "writable": True, "policy": UpdatePolicy.ON_CHANGE}
    variable = VariableSpec(name="temperature", **kind)
    thing = await services.things.create(who, device_id=device.id, variables=[variable])
    live = await services.live.get(thing.id)
    assert live is not None
    bridge = Bridge(services)
    values = [(live.by_symbol["temperature"], 21.5, None)]
    services.ingest.accept(live, values)
    await world.quiet()
    record = await world.hook()
    await world.quiet()
    services.ingest.accept(live, values)
    await world.quiet()
    assert [(body["event"], body["data"], body["coreid"]) for body in world.receiver.bodies] == [
        ("temperature", "21.5", device.hex_id)
    ]
    await world.integrations.delete(record)
    assert services.events.interests == []
    assert bridge.things == 0
    bridge.close()
