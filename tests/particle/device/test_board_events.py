"""Events of a board: stored, told, refused, understood; and the bridge between them and variables."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.records import Product, Thing, UpdatePolicy, ValueKind
from rookery.core.variables import VariableSpec
from rookery.particle.device.binding import argument_of, value_of
from rookery.particle.device.events import Event as WireEvent
from rookery.particle.device.hello import encode_hello
from rookery.particle.device.requests import Request, hello_request
from rookery.wire.coap.message import Code
from rookery.wire.coap.options import URI_PATH
from tests.particle.device.board_world import Talk, World, hello, rest


async def owner(world: World) -> Any:
    person = await world.services.people.create("owner@example.org", "Owner", "a long password")
    return await world.services.people.principal(person.id)


class TestPublishing:
    @pytest.mark.parametrize("confirmable", [True, False])
    async def test_it_is_stored_and_told_with_all_that_is_known(self, confirmable: bool) -> None:
        world = World()
        talk = await world.claimed(product_version=7)
        ticket = await talk.publish("temp", b"21.5", ttl=90, confirmable=confirmable)
        assert talk.outcome(ticket) == "ack"
        (event,) = world.heard
        assert (event.name, event.data, event.ttl, event.owner_id) == ("temp", b"21.5", 90, "somebody")
        assert (event.source, event.device_id) == (talk.board.device.hex_id, talk.board.device.id)
        assert (event.version, event.product_id) == (7, None)
        (kept,) = [e for e in await self.kept(talk) if e.name == "temp"]
        assert kept.data == b"21.5"

    async def kept(self, talk: Talk) -> Any:
        return await talk.world.services.events.history(talk.board.device.events, 0, 1 << 60, 99)

    async def test_the_acknowledgement_waits_for_the_disk(self) -> None:
        talk = await World().claimed()
        event = Request(Code.POST, ((URI_PATH, b"e"), (URI_PATH, b"temp")))
        ticket = talk.begin(event)
        assert talk.outcome(ticket) is None
        await rest()
        assert talk.outcome(ticket) == "ack"

    async def test_a_full_disk_is_said_and_nobody_hears_of_it(self) -> None:
        world = World()
        talk = await world.claimed()
        world.services.telemetry.full = True  # type: ignore[attr-defined]
        assert talk.outcome(await talk.publish("temp", b"1")) == Code.SERVICE_UNAVAILABLE
        assert world.told == []

    @pytest.mark.parametrize(
        ("segments", "payload", "outcome"),
        [
            ([b"a" * 64], b"", "ack"),
            ([b"a/b", b"c"], b"", "ack"),
            ([b"a" * 65], b"", Code.BAD_REQUEST),
            ([], b"", Code.BAD_REQUEST),
            ([b"a\nb"], b"", Code.BAD_REQUEST),
            ([b"\xff"], b"", Code.BAD_REQUEST),
            ([b"a"], b"x" * 16_384, "ack"),
            ([b"a"], b"x" * 16_385, Code.BAD_REQUEST),
        ],
    )
    async def test_limits(self, segments: list[bytes], payload: bytes, outcome: object) -> None:
        world = World()
        talk = await world.claimed()
        path = ((URI_PATH, b"E"), *((URI_PATH, segment) for segment in segments))
        assert talk.outcome(await talk.say(Request(Code.POST, path, payload))) == outcome
        assert len(world.heard) == (outcome == "ack")

    async def test_a_board_that_never_stops_is_told_to(self) -> None:
        world = World()
        talk = await world.claimed()
        outcomes = [talk.outcome(await talk.publish("storm")) for _ in range(209)]
        assert outcomes == ["ack"] * 199 + [Code.SERVICE_UNAVAILABLE] * 10, "and one description"
        assert world.front.counters.limited == 10
        world.clock.turn(1)
        assert talk.outcome(await talk.publish("calm")) == "ack"


class TestProducts:
    async def product(self, world: World, **settings: Any) -> Product:
        who = await owner(world)
        return await world.services.products.create(who, who.space_id, name="Lamp", platform=12, settings=settings)

    @pytest.mark.parametrize(
        ("settings", "version", "member", "quarantined"),
        [
            ({}, 3_300, True, True),
            ({}, 6_200, False, False),
            ({"quarantine": False}, 3_300, True, False),
            ({"quarantine": False}, 6_200, True, False),
        ],
    )
    async def test_firmware_that_names_a_product(
        self, settings: dict[str, Any], version: int, member: bool, quarantined: bool
    ) -> None:
        world = World()
        product = await self.product(world, **settings)
        talk = await world.board(product_id=product.number, system_version=version)
        device = await world.device()
        assert (device.product_id == product.id, device.quarantined) == (member, quarantined)
        assert talk.connection.closed is None
        world.heard.clear()
        await talk.publish("temp")
        assert (world.heard[0].product_id == product.id) == (member and not quarantined)

    async def test_a_product_that_nobody_has(self) -> None:
        world = World()
        await world.board(product_id=4_711, system_version=3_300)
        assert (await world.device()).product_id is None

    async def test_events_of_a_board_in_a_product_name_it(self) -> None:
        world = World()
        product = await self.product(world)
        talk = await world.board(product_version=3)
        await world.services.enrolment.keep(talk.board.device.id, product_id=product.id)
        await rest()
        world.heard.clear()
        await talk.publish("temp")
        (event,) = world.heard
        assert (event.product_id, event.product_number, event.version) == (product.id, product.number, 3)
        assert event.organisation_id == product.space_id


class TestTheSystem:
    async def test_a_claim_code_makes_it_somebodys_and_is_never_shown(self) -> None:
        world = World()
        who = await owner(world)
        talk = await world.board()
        code = await world.services.claims.code(who.space_id)
        world.heard.clear()
        for _ in range(2):
            ticket = await talk.publish("spark/device/claim/code", code.text.encode())
            assert talk.outcome(ticket) == "ack"
        assert (await world.device()).space_id == who.space_id
        assert [sent.path for sent in talk.connection.sent] == [["E", "spark", "device", "claim", "success"]] * 2
        assert world.told == []

    async def test_a_claim_code_that_nobody_knows(self) -> None:
        world = World()
        talk = await world.board()
        await talk.publish("spark/device/claim/code", b"x" * 63)
        assert talk.connection.sent == []
        assert (await world.device()).space_id == ""

    @pytest.mark.parametrize(
        ("name", "data", "told", "key", "kept"),
        [
            ("particle/device/updates/enabled", b"false", True, "updates_enabled", False),
            ("particle/device/updates/enabled", b"true", True, "updates_enabled", True),
            ("particle/device/updates/pending", b"true", True, "updates_pending", None),
            ("spark/device/last_reset", b"power_down", True, "last_reset", None),
            ("spark/hardware/max_binary", b"262144", False, "max_binary", 262_144),
            ("spark/hardware/ota_chunk_size", b"256", False, "chunk", 256),
            ("spark/hardware/ota_chunk_size", b"many", False, "chunk", 512),
            ("spark/device/safemode", b"", False, "safe_mode", True),
            ("spark/device/key/error", b"3", False, "key_error", None),
            ("spark/device/ident/0", b"x", False, "ident", None),
            ("spark/status", b"offline", False, "status", None),
            ("SPARK/flash/status", b"success ", False, "status", None),
            ("particles", b"7", True, "particles", None),
        ],
    )
    async def test_events_of_the_system(self, name: str, data: bytes, told: bool, key: str, kept: object) -> None:
        world = World()
        talk = await world.claimed()
        assert talk.outcome(await talk.publish(name, data)) == "ack"
        assert world.told == ([(name, data.decode())] if told else [])
        await world.written()
        described = (await world.device()).described
        if key == "chunk" and kept == 512:
            assert described.get("chunk") is None, "what is no number says nothing"
        else:
            assert described.get(key) == kept

    @pytest.mark.parametrize("prefix", ["particle", "spark"])
    async def test_what_a_board_asks_by_events(self, prefix: str) -> None:
        world = World()
        talk = await world.claimed()
        for word in ("name", "ip", "random"):
            await talk.publish(f"{prefix}/device/{word}")
        name, address, random = talk.connection.sent
        assert name.path == ["E", prefix, "device", "name"]
        assert name.payload.decode() == talk.board.device.name
        assert address.payload == b"192.0.2.7"
        assert len(random.payload) == 40
        assert world.told == []

    async def test_a_board_that_has_forgotten_that_it_is_forced_is_told_once(self) -> None:
        world = World()
        talk = await world.board()
        await world.services.enrolment.keep(talk.board.device.id, updates_forced=True)
        talk.connection.sent.clear()
        for _ in range(2):
            await talk.publish("particle/device/updates/forced", b"false")
        assert [sent.payload for sent in talk.connection.sent] == [b"true"]


class TestTheBridge:
    async def thing(self, talk: Talk, *specs: VariableSpec) -> Thing:
        world = talk.world
        who = await owner(world)
        await world.services.claims.give(talk.board.device, who.space_id)
        thing = await world.services.things.create(who, device_id=talk.board.device.id, variables=specs)
        await rest()
        world.heard.clear()
        return thing

    def spec(self, name: str, kind: ValueKind) -> VariableSpec:
        return VariableSpec(name=name, type="any", kind=kind, writable=True, policy=UpdatePolicy.ON_CHANGE)

    async def test_an_event_becomes_the_value_of_the_variable_that_is_called_like_it(self) -> None:
        world = World()
        talk = await world.board()
        kinds = {"temp": ValueKind.FLOAT, "room temp": ValueKind.INT}
        thing = await self.thing(talk, *(self.spec(name, kind) for name, kind in kinds.items()))
        for name in kinds:
            await talk.publish(name, b"21")
        await talk.publish("temp", b"warm")
        live = await world.services.live.get(thing.id)
        assert live is not None
        assert {v.record.name: v.value for v in live.by_id.values()} == {"temp": 21.0, "room temp": 21}
        assert world.front.counters.values_bound == 2
        assert len(world.heard) == 3, "they are events all the same"

    async def test_a_session_that_begins_later_knows_the_thing(self) -> None:
        world = World()
        first = await world.board()
        thing = await self.thing(first, self.spec("temp", ValueKind.FLOAT))
        again = world.talk()
        await again.say(hello_request(encode_hello(hello())))
        await again.publish("temp", b"3")
        live = await world.services.live.get(thing.id)
        assert live is not None
        assert live.by_symbol["temp"].value == 3.0

    async def test_a_detached_board_feeds_nothing(self) -> None:
        world = World()
        talk = await world.board()
        thing = await self.thing(talk, self.spec("temp", ValueKind.FLOAT))
        talk.board.attached(None)
        await rest()
        await talk.publish("temp", b"3")
        live = await world.services.live.get(thing.id)
        assert live is not None
        assert live.by_symbol["temp"].value is None

    async def test_a_written_variable_calls_the_function_of_its_name(self) -> None:
        world = World()
        talk = await world.board()
        thing = await self.thing(talk, self.spec("beep", ValueKind.INT), self.spec("other", ValueKind.INT))
        live = await world.services.live.get(thing.id)
        assert live is not None
        await world.services.values.write(live, [(live.by_symbol["beep"], 3), (live.by_symbol["other"], 4)])
        (sent,) = talk.connection.sent
        assert (sent.path, sent.queries) == (["f", "beep"], [b"3"])
        talk.connection.busy = True
        await world.services.values.write(live, [(live.by_symbol["beep"], 4)])
        assert world.front.counters.calls_unanswered == 1

    async def test_without_it_nothing_is_bound(self) -> None:
        world = World(bridge=False)
        talk = await world.board()
        thing = await self.thing(talk, self.spec("temp", ValueKind.FLOAT), self.spec("beep", ValueKind.INT))
        live = await world.services.live.get(thing.id)
        assert live is not None
        await talk.publish("temp", b"3")
        await world.services.values.write(live, [(live.by_symbol["beep"], 3)])
        assert live.by_symbol["temp"].value is None
        assert talk.connection.sent == []


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (ValueKind.BOOL, b"true", True),
        (ValueKind.BOOL, b"ON", True),
        (ValueKind.BOOL, b"0", False),
        (ValueKind.BOOL, b"2", None),
        (ValueKind.INT, b" 12 ", 12),
        (ValueKind.INT, b"12.0", 12),
        (ValueKind.INT, b"12.5", None),
        (ValueKind.INT, b"9" * 30, None),
        (ValueKind.INT, b"true", None),
        (ValueKind.INT, b"1e400", None),
        (ValueKind.FLOAT, b"-1e3", -1000.0),
        (ValueKind.FLOAT, b"1e400", None),
        (ValueKind.FLOAT, b"NaN", None),
        (ValueKind.FLOAT, b"1" * 65, None),
        (ValueKind.FLOAT, b"", None),
        (ValueKind.STRING, b"any text", "any text"),
        (ValueKind.STRING, b"", ""),
        (ValueKind.COMPOSITE, b'{"a":1}', None),
    ],
)
def test_what_data_means(kind: ValueKind, data: bytes, value: object) -> None:
    found = value_of(kind, WireEvent("temp", data))
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (3, "3"), (1.5, "1.5"), ("a b", "a b"), ({"hue": 1.0}, '{"hue":1.0}')]
)
def test_what_a_value_is_as_an_argument(value: Any, text: str) -> None:
    assert argument_of(value) == text
