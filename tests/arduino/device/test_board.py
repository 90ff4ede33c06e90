"""Boards of every generation, as conversations (arduino-device.md, sections 3, 6 and 7)."""

from __future__ import annotations

import asyncio

import cbor2
import pytest

from rookery.arduino.device import commands
from rookery.core.catalog import Change
from tests.arduino.device.conversation import World, pack, settle, values_of

BEGIN = "da000107008165322e392e30"
NETWORK = "da00011100820167686f73746e6574"
THING_BEGIN = "da000103008160"
LAST_VALUES_BEGIN = "da0001050080"
LIB_VERSION = "9fa2006b4c49425f56455253494f4e0366312e31352e31ff"
GET_LAST_VALUES = "81a20063723a6d036d6765744c61737456616c756573"
NEVER = 0xFFFF_FFFF


class TestCommands:
    """The C++ library from 2.0 (section 3.1)."""

    async def test_a_board_with_a_thing_is_led_to_its_values(self) -> None:
        world = await World.build()
        await world.write(led=True, counter=7)
        board = await world.board()
        assert board.subscribe(world.dev("c/dw")) == 0
        board.send(world.dev("c/up"), BEGIN)
        board.send(world.dev("c/up"), NETWORK)
        board.send(world.dev("c/up"), THING_BEGIN)
        assert board.take_commands() == [commands.ThingUpdate(world.thing.id)]
        assert board.subscribe(world.top("e/i")) == 0
        board.send(world.dev("c/up"), LAST_VALUES_BEGIN)
        (update,) = board.take_commands()
        assert isinstance(update, commands.LastValuesUpdate)
        values = values_of(update.pack)
        assert values["led"] is True
        assert values["counter"] == 7
        assert values["tz_offset"] == 3600
        assert world.clock.now() // 1_000_000 < values["tz_dst_until"] < NEVER

    async def test_a_board_without_a_thing_hears_so_each_time_it_asks(self) -> None:
        world = await World.build(attached=False)
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        for _ in range(2):
            board.send(world.dev("c/up"), THING_BEGIN)
            assert board.take_commands() == [commands.ThingUpdate("")]

    async def test_last_values_of_a_thing_that_has_none_still_carry_the_zone(self) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        board.send(world.dev("c/up"), LAST_VALUES_BEGIN)
        (update,) = board.take_commands()
        assert set(values_of(update.pack)) == {"tz_offset", "tz_dst_until"}

    async def test_attached_later_it_is_told_at_once(self) -> None:
        world = await World.build(attached=False)
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        board.send(world.dev("c/up"), THING_BEGIN)
        board.take()
        await world.attach(world.thing, world.device.id)
        assert board.take_commands() == [commands.ThingUpdate(world.thing.id)]
        world.clock.turn(60)
        assert board.take() == [], "the board asks for last values itself the first time"

    async def test_swapped_it_is_told_and_sent_the_new_values_a_second_later(self) -> None:
        world = await World.build()
        other = await world.new_thing("Cellar")
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        await world.attach(other, world.device.id)
        assert board.take_commands() == [commands.ThingUpdate(other.id)]
        world.clock.turn(60)
        assert board.take() == [], "a sketch with a long loop has not even read it"
        board.unsubscribe(world.top("e/i"))
        board.subscribe(world.top("e/i", other))
        assert board.take() == []
        world.clock.turn(1.1)
        (update,) = board.take_commands()
        assert isinstance(update, commands.LastValuesUpdate)

    async def test_swapped_often_it_is_sent_the_last_values_once(self) -> None:
        world = await World.build()
        things = [await world.new_thing(name) for name in ("Cellar", "Attic", "Garage")]
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        for thing in things:
            await world.attach(thing, world.device.id)
            board.subscribe(world.top("e/i", thing))
        board.take()
        world.clock.turn(60)
        assert [type(c) for c in board.take_commands()] == [commands.LastValuesUpdate]

    async def test_what_is_to_be_acknowledged_is_stored_even_then(self) -> None:
        world = await World.build(attached=False)
        former = await world.new_thing("Cellar", world.device.id)
        await world.write(counter=222)
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        board.subscribe(world.top("e/i", former))
        await world.attach(world.thing, world.device.id)
        board.subscribe(world.top("e/i"))
        ticket = board.send(world.top("e/o"), pack({0: "counter", 2: 9}), 1)
        await settle()
        assert board.acknowledged == [ticket]
        live = await world.services.live.get(world.thing.id)
        assert live is not None
        series = live.by_symbol["counter"].record.series
        history = await world.services.telemetry.read(series, 0, 1 << 62, 10)
        assert [p.value for p in history] == [222, 9]

    async def test_what_it_brings_from_its_former_thing_does_not_overwrite_what_the_new_one_holds(self) -> None:
        world = await World.build(attached=False)
        former = await world.new_thing("Cellar", world.device.id)
        await world.write(counter=222)
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        board.subscribe(world.top("e/i", former))
        await world.attach(world.thing, world.device.id)
        board.subscribe(world.top("e/i"))
        brought = pack({0: "counter", 2: 9}, {0: "temperature", 2: 20.5}, {0: "led", 4: True})
        board.send(world.top("e/o"), brought)
        assert await world.last() == {"counter": 222, "temperature": 20.5, "led": True}
        board.send(world.top("e/o"), pack({0: "led", 4: False}))
        assert (await world.last())["led"] is False, "the new thing held nothing to be overwritten"
        board.take()
        world.clock.turn(1.1)
        (update,) = board.take_commands()
        assert values_of(update.pack)["counter"] == 222
        board.send(world.top("e/o"), brought)
        assert (await world.last())["counter"] == 9, "a sketch whose own value wins says it again"

    async def test_detached_before_the_last_values_were_due_it_is_not_sent_them(self) -> None:
        world = await World.build()
        other = await world.new_thing("Cellar")
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        await world.attach(other, world.device.id)
        board.subscribe(world.top("e/i", other))
        await world.attach(other, None)
        board.take()
        world.clock.turn(60)
        assert board.take() == []

    async def test_detached_and_attached_again(self) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        await world.attach(world.thing, None)
        assert board.take_commands() == [commands.ThingDetach(world.thing.id)]
        board.send(world.dev("c/up"), THING_BEGIN)
        assert board.take_commands() == [commands.ThingUpdate("")]
        await world.attach(world.thing, world.device.id)
        assert board.take_commands() == [commands.ThingUpdate(world.thing.id)]
        board.subscribe(world.top("e/i"))
        world.clock.turn(1.1)
        assert [type(c) for c in board.take_commands()] == [commands.LastValuesUpdate]

    async def test_what_it_says_of_itself_is_kept(self) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        for payload in (
            BEGIN,
            NETWORK,
            "da000100008158200102030400000000000000000000000000000000000000000000000000000000",
        ):
            board.send(world.dev("c/up"), payload)
        await settle()
        device = await world.services.devices.by_id(world.device.id)
        assert device is not None
        assert device.firmware["lib_version"] == "2.9.0"
        assert device.firmware["network"] == "WiFi hostnet"
        assert device.firmware["sketch_sha256"].startswith("01020304")

    async def test_what_it_says_while_the_first_is_being_stored_is_kept_too(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        catalog = world.services.catalog
        apply, free, writes = catalog.apply, asyncio.Event(), 0

        async def slow(*changes: Change) -> None:
            nonlocal writes
            writes += 1
            await free.wait()
            await apply(*changes)

        monkeypatch.setattr(catalog, "apply", slow)
        board.send(world.dev("c/up"), BEGIN)
        await settle()
        board.send(world.dev("c/up"), NETWORK)
        await settle()
        assert writes == 1
        free.set()
        await settle()
        device = await world.services.devices.by_id(world.device.id)
        assert device is not None
        assert device.firmware == {"lib_version": "2.9.0", "network": "WiFi hostnet"}

    @pytest.mark.parametrize("payload", ["", "ff", "821a65dcb8211a78aca191", "da00010400811a65dcb821", "daffffffff80"])
    async def test_commands_that_mean_nothing_are_ignored(self, payload: str) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        board.send(world.dev("c/up"), payload)
        assert board.take() == []
        assert board.closed_with is None


class TestDiscovery:
    """The C++ library up to 1.x and the JavaScript library: the thing is told on the device's topic (section 3.2)."""

    async def test_the_subscription_is_the_question(self) -> None:
        world = await World.build()
        board = await world.board()
        board.send(world.dev("e/o"), LIB_VERSION)
        for _ in range(2):
            board.subscribe(world.dev("e/i"))
            assert board.take_values() == [(world.dev("e/i"), {"thing_id": world.thing.id})]
        await settle()
        device = await world.services.devices.by_id(world.device.id)
        assert device is not None
        assert device.firmware["lib_version"] == "1.15.1"

    async def test_no_thing_is_an_empty_id(self) -> None:
        world = await World.build(attached=False)
        board = await world.board()
        board.subscribe(world.dev("e/i"))
        assert board.take_values() == [(world.dev("e/i"), {"thing_id": ""})]

    async def test_last_values_come_on_the_shadow(self) -> None:
        world = await World.build()
        await world.write(name="bed 3")
        board = await world.board()
        board.subscribe(world.dev("e/i"))
        board.take()
        board.subscribe(world.top("e/i"))
        board.subscribe(world.top("shadow/i"))
        board.send(world.top("shadow/o"), GET_LAST_VALUES)
        ((topic, values),) = board.take_values()
        assert topic == world.top("shadow/i")
        assert values["name"] == "bed 3"
        assert {"tz_offset", "tz_dst_until"} <= set(values)

    async def test_detach_and_attach_are_pushed(self) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.dev("e/i"))
        board.take()
        await world.attach(world.thing, None)
        assert board.take_values() == [(world.dev("e/i"), {"thing_id": ""})]
        await world.attach(world.thing, world.device.id)
        assert board.take_values() == [(world.dev("e/i"), {"thing_id": world.thing.id})]

    async def test_a_value_that_a_script_dropped_is_false(self) -> None:
        world = await World.build()
        await world.write(led=True)
        board = await world.board()
        board.subscribe(world.dev("e/i"))
        board.send(world.top("e/o"), "81a200636c6564221b0000018bcfe56800", 1)
        await settle()
        assert (await world.last())["led"] is True, "its time is older than that of the write"
        board.send(world.top("e/o"), pack({0: "led"}), 1)
        await settle()
        assert (await world.last())["led"] is False


class TestPython:
    """The Python library: QoS 1 on the device's topic, no pings before it has a thing, one thing a process (3.3)."""

    async def test_it_learns_its_thing_with_qos_1(self) -> None:
        world = await World.build()
        board = await world.board()
        assert board.subscribe(world.dev("e/i"), 1) == 1
        (sent,) = board.take()
        assert sent.qos == 1
        assert values_of(sent.payload) == {"thing_id": world.thing.id}
        assert board.watch_keepalive

    async def test_without_a_thing_it_is_told_nothing_and_may_be_silent(self) -> None:
        world = await World.build(attached=False)
        board = await world.board()
        board.subscribe(world.dev("e/i"), 1)
        assert board.take() == []
        assert not board.watch_keepalive
        await world.attach(world.thing, world.device.id)
        assert board.take_values() == [(world.dev("e/i"), {"thing_id": world.thing.id})]
        assert board.watch_keepalive

    async def test_moved_it_hears_nothing_and_the_device_says_that_it_needs_a_restart(self) -> None:
        world = await World.build()
        other = await world.new_thing("Cellar")
        board = await world.board()
        board.subscribe(world.dev("e/i"), 1)
        board.take()
        await world.attach(other, world.device.id)
        assert board.take() == []
        device = await world.services.devices.by_id(world.device.id)
        assert device is not None
        assert device.firmware["restart_needed"] == "yes"

    async def test_after_a_reconnect_its_old_thing_is_accepted_and_silent(self) -> None:
        world = await World.build()
        other = await world.new_thing("Cellar")
        await world.attach(other, world.device.id)
        board = await world.board()
        assert board.subscribe(world.top("e/i")) == 0
        ticket = board.send(world.top("e/o"), pack({0: "counter", 2: 5}), 1)
        assert board.acknowledged == [ticket]
        await world.write(led=True)
        await settle()
        assert board.take() == []
        assert await world.last() == {"led": True}

    async def test_the_request_that_it_repeats_among_its_values_is_no_value(self) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.top("e/i"))
        board.send(world.top("e/o"), pack({0: "r:m", 3: "getLastValues"}, {0: "counter", 2: 3}), 1)
        await settle()
        assert await world.last() == {"counter": 3}


class TestValues:
    """What a board publishes on its thing's topic (section 7)."""

    async def test_acknowledged_after_the_commit_only(self) -> None:
        world = await World.build()
        board = await world.board()
        ticket = board.send(world.top("e/o"), pack({0: "counter", 2: 1}, {0: "temperature", 2: 21.5}), 1)
        assert board.acknowledged == []
        await settle()
        assert board.acknowledged == [ticket]
        assert await world.last() == {"counter": 1, "temperature": 21.5}

    async def test_a_full_disk_is_not_acknowledged(self) -> None:
        world = await World.build()
        board = await world.board()
        world.telemetry.full = True
        board.send(world.top("e/o"), pack({0: "counter", 2: 1}), 1)
        await settle()
        assert board.acknowledged == []
        assert board.refused_with == "the disk is full"

    @pytest.mark.parametrize(
        ("records", "expected"),
        [
            ([{0: "temperature", 2: 21}], {"temperature": 21.0}),
            ([{0: "led", 2: 1}], {"led": True}),
            ([{0: "counter", 2: 5.9}], {"counter": 5}),
            ([{0: "color:hue", 2: 120.0}, {0: "color:sat", 2: 50}], {"color": {"hue": 120.0, "sat": 50.0}}),
            ([{0: "nobody", 2: 1}, {0: "counter", 2: 2}], {"counter": 2}),
            ([{0: "temperature", 2: float("nan")}, {0: "counter", 2: 2}], {"counter": 2}),
            ([{0: "counter", 3: "text"}, {0: "led", 4: True}], {"led": True}),
            ([{0: 2, 2: 9}], {"counter": 9}),
            ([{0: 0x0105, 2: 10.0}, {0: 0x0205, 2: 20.0}], {"color": {"hue": 10.0, "sat": 20.0}}),
            ([{0: "counter", 2: 2**64 - 1}], {}),
            ([{"n": "led", "vb": True}], {"led": True}),
        ],
    )
    async def test_values_have_the_declared_type(self, records: list[object], expected: dict[str, object]) -> None:
        world = await World.build()
        board = await world.board()
        ticket = board.send(world.top("e/o"), cbor2.dumps(records), 1)
        await settle()
        assert await world.last() == expected
        assert board.acknowledged == [ticket]

    @pytest.mark.parametrize("payload", ["", "ff", "a0", "81", "9f" * 200, "81a2006363", "1bffffffffffffffff"])
    async def test_what_is_no_pack_is_dropped_and_the_connection_stays(self, payload: str) -> None:
        world = await World.build()
        board = await world.board()
        ticket = board.send(world.top("e/o"), payload, 1)
        assert board.acknowledged == [ticket]
        assert board.closed_with is None

    async def test_a_write_reaches_the_board_in_its_declared_type(self) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.top("e/i"))
        await world.write(led=False, counter=3, color={"hue": 1.0, "sat": 2.0, "bri": 3.0})
        ((topic, values),) = board.take_values()
        assert topic == world.top("e/i")
        assert values == {"led": False, "counter": 3, "color:hue": 1.0, "color:sat": 2.0, "color:bri": 3.0}
        assert type(values["led"]) is bool
        assert type(values["color:hue"]) is float

    async def test_presence_follows_the_connection(self) -> None:
        world = await World.build()
        board = await world.board()
        world.clock.turn(60)
        board.disconnect()
        await settle()
        presence = await world.services.devices.presence(world.device, world.clock.now() + 1, 10)
        assert [p.value for p in presence] == [False, True]


class TestForeignTopics:
    """A board gets what is its own, nothing else (section 3)."""

    @pytest.mark.parametrize(
        "topic",
        [
            "#",
            "/a/#",
            "/a/d/+/e/i",
            "/a/d/00000000-0000-4000-8000-000000000000/e/i",
            "/a/t/00000000-0000-4000-8000-000000000000/e/i",
            "/a/t//e/i",
            "$SYS/broker",
            "anything",
        ],
    )
    async def test_refused(self, topic: str) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        assert board.subscribe(topic) == 0x80
        ticket = board.send(topic, b"x", 1)
        assert board.acknowledged == [ticket]
        assert board.closed_with is None

    async def test_the_out_topics_of_its_own_thing_are_for_viewers(self) -> None:
        world = await World.build()
        board = await world.board()
        board.subscribe(world.dev("c/dw"))
        assert board.subscribe(world.top("e/o")) == 0x80

    async def test_withdrawn_credentials_end_the_session(self) -> None:
        world = await World.build()
        board = await world.board()
        await world.services.devices.set_secret(world.who, world.device.id, "another")
        assert board.closed_with == "the secret key was changed"
