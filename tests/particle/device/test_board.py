"""Conversations with a board: who says what, and what the other side and the streams must see."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.core.errors import BoardAway, BoardCannot, NameUnknown
from rookery.core.events import Event
from rookery.particle.device.describe import Described, encode_system
from rookery.particle.device.hello import encode_hello
from rookery.particle.device.requests import Request, describe_post, hello_request, time_request
from rookery.particle.device.values import encode_result, encode_value
from rookery.particle.device.vitals import encode_vitals
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import CONFIRMABLE, Code, Message
from rookery.wire.coap.options import URI_PATH
from tests.fakes import ManualClock, MemoryTelemetry
from tests.particle.device.board_world import BOARD_ID, FLAGS, Talk, World, hello, rest, result

MODULE = {"s": 1, "l": "m", "vc": 30, "vv": 30, "u": "ab" * 32, "f": "u", "n": "1", "v": 6, "d": []}
UNSAFE = {**MODULE, "f": "s", "vv": 26}


def event_to(talk: Talk, **fields: Any) -> Event:
    """One of the same owner's."""
    usual: dict[str, Any] = {
        "name": "door/open",
        "data": b"now",
        "time": talk.world.clock.now(),
        "source": "api",
        "owner_id": talk.board.device.space_id,
    }
    return Event(**(usual | fields))


class TestTheBeginning:
    async def test_over_tcp_the_hello_is_answered_with_one(self) -> None:
        world = World()
        talk = world.talk(1, "tcp", BOARD_ID)
        await talk.say(hello_request(encode_hello(hello(device_id=""))), confirmable=False)
        (sent,) = talk.connection.sent
        assert (sent.code, sent.path, sent.payload) == (Code.POST, ["h"], b"")
        assert (sent.confirmable, sent.response) == (False, False)
        assert world.front.counters.online_tcp == 1

    async def test_what_is_said_during_the_greeting_waits_for_it(self) -> None:
        world = World()
        talk = world.talk()
        talk.begin(hello_request(encode_hello(hello())))
        asked = talk.begin(time_request(), token=b"t")
        assert talk.outcome(asked) is None
        await rest()
        assert talk.outcome(asked) == Code.CONTENT
        assert talk.connection.responses[asked][1] == (world.clock.now() // 1_000_000).to_bytes(4, "big")

    async def test_a_board_that_says_more_than_it_may_meanwhile(self) -> None:
        world = World()
        talk = world.talk()
        talk.begin(hello_request(encode_hello(hello())))
        tickets = [talk.begin(time_request(), token=b"t") for _ in range(40)]
        assert [talk.outcome(ticket) for ticket in tickets[32:]] == [Code.SERVICE_UNAVAILABLE] * 8

    async def test_what_the_hello_says_is_kept(self) -> None:
        world = World()
        await world.board(product_version=7)
        await world.written()
        device = await world.device()
        assert device.described == {
            "flags": FLAGS,
            "system_version": 6_200,
            "firmware_product": 12,
            "firmware_version": 7,
            "max_message": 1_152,
            "chunk": 512,
            "functions": ["beep"],
            "variables": {"count": "int32", "level": "double", "mood": "string", "on": "bool"},
        }
        assert (device.platform, device.last_address) == (12, "192.0.2.7")
        assert device.last_session_at == world.clock.now() - 1_000_000

    async def test_a_session_that_says_the_same_again_writes_its_time_and_nothing_else(self) -> None:
        world = World()
        await world.board()
        await world.written()
        before = await world.device()
        await world.board()
        await world.written()
        after = await world.device()
        assert after.version == before.version + 1
        assert after.described == before.described

    async def test_a_board_of_old_is_asked_what_it_can_do(self) -> None:
        world = World()
        talk = world.talk(1, "tcp", BOARD_ID)
        old = hello(device_id="", flags=0, system_version=0, max_message=0, ota_chunk=0, platform_id=6)
        await talk.say(hello_request(encode_hello(old)), confirmable=False)
        assert [sent.path for sent in talk.connection.sent] == [["h"], ["d"]]
        assert talk.connection.sent[1].queries == []
        talk.answer(Code.CONTENT, b'{"f":["blink"],"v":{"temp":9},"p":6,"m":[]}')
        await rest()
        assert await talk.ask(talk.board.read("temp"), Code.CONTENT, encode_value("double", 1.5)) == 1.5

    @pytest.mark.parametrize(
        ("fields", "transport", "seconds"),
        [
            ({"platform_id": 12}, "udp", 25.0),
            ({"platform_id": 13}, "udp", 1_380.0),
            ({"platform_id": 6}, "tcp", 15.0),
            ({"platform_id": 3}, "tcp", 25.0),
        ],
    )
    async def test_silence_is_noticed_by_the_keepalive_of_the_platform(
        self, fields: dict[str, int], transport: str, seconds: float
    ) -> None:
        talk = await World().board(transport=transport, **fields)
        assert talk.connection.alive == (seconds, True)

    async def test_a_newer_session_ends_the_older_one_on_whichever_transport(self) -> None:
        world = World()
        first = await world.board()
        await rest()
        second = await world.board(transport="tcp")
        assert first.connection.closed is not None
        assert world.services.boards.session(second.board.device.id) is second.board
        status = [told for told in world.told if told[0] == "spark/status"]
        assert status == [("spark/status", word) for word in ("online", "offline", "online")]

    async def test_a_second_hello_in_the_same_session(self) -> None:
        world = World()
        talk = await world.board()
        ticket = await talk.say(hello_request(encode_hello(hello(product_version=8))))
        assert talk.outcome(ticket) == "ack"
        assert talk.connection.closed is None
        await world.written()
        assert (await world.device()).described["firmware_version"] == 8


class TestDescriptions:
    async def test_a_new_application_is_told(self) -> None:
        world = World()
        talk = await world.board()
        world.heard.clear()
        described = encode_system(Described(modules=[MODULE]), 12)
        ticket = await talk.say(describe_post(1, described), token=b"t")
        assert talk.outcome(ticket) == Code.CHANGED
        assert world.told == [("spark/device/app-hash", "ab" * 32)]
        world.heard.clear()
        await talk.say(describe_post(1, described))
        assert world.told == []

    async def test_missing_dependencies_are_told_and_kept_until_they_are_there(self) -> None:
        world = World()
        talk = await world.board()
        world.heard.clear()
        await talk.say(describe_post(1, encode_system(Described(modules=[UNSAFE]), 12)))
        (event,) = world.heard
        assert event.name == "spark/status/safe-mode"
        assert (event.data or b"").startswith(b'{"p":12,"m":[{"s":1,')
        await world.written()
        assert (await world.device()).described["safe_mode"] is True
        await talk.say(describe_post(1, encode_system(Described(modules=[{**UNSAFE, "vv": 30}]), 12)))
        await world.written()
        assert "safe_mode" not in (await world.device()).described

    @pytest.mark.parametrize("payload", [b"", b"{", b'{"f":[""]}', b"\xff\xff"])
    async def test_one_that_cannot_be_read(self, payload: bytes) -> None:
        talk = await World().board()
        assert talk.outcome(await talk.say(describe_post(2, payload))) == Code.BAD_REQUEST

    async def test_vitals_are_stored_and_told_whoever_began(self) -> None:
        world = World()
        talk = await world.board()
        world.heard.clear()
        await talk.publish("tick")
        world.clock.turn(90)
        payload = encode_vitals({"device": {"system": {"uptime": 77}}})
        assert await talk.ask(talk.board.report(), Code.CONTENT, payload) is None
        await talk.say(describe_post(4, payload))
        await rest()
        device = await world.device()
        points = await world.services.telemetry.read(device.vitals, 0, 1 << 60, 9)
        assert len(points) == 2
        assert [event.name for event in world.heard] == ["tick"] + ["spark/device/diagnostics/update"] * 2
        text = (world.heard[1].data or b"").decode()
        assert text == points[0].value
        assert '"uptime":77' in text
        assert '"cloud":{"uptime":90,"publish":{"sent":1}}' in text

    async def test_vitals_are_acknowledged_when_they_are_stored(self) -> None:
        world = World()
        talk = await world.board()
        vitals = describe_post(4, encode_vitals({"device": {"system": {"uptime": 77}}}))
        ticket = talk.begin(vitals, token=b"v")
        assert talk.outcome(ticket) is None
        await rest()
        assert talk.outcome(ticket) == Code.CHANGED
        assert talk.outcome(await talk.say(vitals)) == "ack"
        telemetry = world.services.telemetry
        assert isinstance(telemetry, MemoryTelemetry)
        telemetry.full = True
        assert talk.outcome(await talk.say(vitals, token=b"v")) == Code.SERVICE_UNAVAILABLE


class TestQuestions:
    @pytest.mark.parametrize(
        ("name", "kind", "value"),
        [("count", "int32", -98_765), ("level", "double", 21.25), ("mood", "string", "gray"), ("on", "bool", True)],
    )
    async def test_a_variable_of_each_type(self, name: str, kind: str, value: Any) -> None:
        talk = await World().board()
        assert await talk.ask(talk.board.read(name), Code.CONTENT, encode_value(kind, value)) == value
        (sent,) = talk.connection.sent
        assert (sent.code, sent.path, sent.timeout) == (Code.GET, ["v", name], 30.0)

    async def test_names_that_the_board_does_not_have_are_not_asked_for(self) -> None:
        talk = await World().board()
        assert isinstance(await result(talk.board.read("beep")), NameUnknown)
        assert isinstance(await result(talk.board.call("count", "")), NameUnknown)
        assert talk.connection.sent == []

    @pytest.mark.parametrize(
        ("code", "payload", "error"),
        [
            (Code.NOT_FOUND, b"", NameUnknown),
            (Code.BAD_REQUEST, b"", BoardCannot),
            (Code.CONTENT, b"abc", BoardCannot),
        ],
    )
    async def test_answers_that_are_none(self, code: int, payload: bytes, error: type[Exception]) -> None:
        talk = await World().board()
        assert isinstance(await talk.ask(talk.board.read("count"), code, payload), error)
        assert isinstance(await talk.ask(talk.board.call("beep", "x"), code, payload), error)

    async def test_a_function(self) -> None:
        talk = await World().board()
        assert await talk.ask(talk.board.call("beep", ""), Code.CHANGED, encode_result(-7)) == -7
        (sent,) = talk.connection.sent
        assert (sent.path, sent.queries) == (["f", "beep"], [b""])

    async def test_an_argument_that_is_too_long_is_not_sent(self) -> None:
        talk = await World().board()
        assert isinstance(await result(talk.board.call("beep", "x" * 1_025)), BoardCannot)
        assert talk.connection.sent == []

    async def test_a_board_that_does_not_answer(self) -> None:
        talk = await World().board()
        task = asyncio.ensure_future(result(talk.board.call("beep", "", 5.0)))
        await rest()
        assert talk.connection.sent[-1].timeout == 5.0
        talk.board.failed(talk.connection.sent[-1].context, Failure.TIMEOUT)
        assert isinstance(await task, BoardAway)

    async def test_what_waits_ends_with_the_session(self) -> None:
        talk = await World().board()
        tasks = [asyncio.ensure_future(result(q)) for q in (talk.board.call("beep", ""), talk.board.read("on"))]
        await rest()
        talk.board.close("a test")
        assert [type(await task) for task in tasks] == [BoardAway, BoardAway]
        assert isinstance(await result(talk.board.read("on")), BoardAway)
        assert await talk.board.ping() is False

    async def test_a_machine_that_is_full(self) -> None:
        talk = await World().board()
        talk.connection.busy = True
        assert isinstance(await result(talk.board.read("on")), BoardAway)

    async def test_whoever_stops_waiting_stops_the_question(self) -> None:
        talk = await World().board()
        task = asyncio.ensure_future(talk.board.read("on"))
        await rest()
        task.cancel()
        await asyncio.wait([task])
        assert talk.connection.sent[-1].open is False

    async def test_signal_and_ping(self) -> None:
        talk = await World().board()
        assert await talk.ask(talk.board.signal(True), Code.CHANGED) is None
        assert talk.connection.sent[0].queries == [b"\1"]
        task = asyncio.ensure_future(talk.board.ping())
        await rest()
        talk.board.acknowledged(talk.connection.pings[0])
        assert await task is True
        task = asyncio.ensure_future(talk.board.ping())
        await rest()
        talk.board.failed(talk.connection.pings[1], Failure.TIMEOUT)
        assert await task is False

    async def test_the_clock_of_the_connection_may_be_another_than_that_of_the_services(self) -> None:
        real = ManualClock(5)
        world = World(clock=real)
        real.turn(1_000)
        talk = world.talk()
        talk.connection.clock = real
        talk.connection.last_heard = real.monotonic()
        talk.board.request(Message(CONFIRMABLE, Code.POST, 1, b"", hello_request().options, encode_hello(hello())), 1)
        await rest()
        real.turn(12)
        assert talk.board.last_heard == world.clock.now() - 12_000_000
        await rest()
        assert (await world.device()).described["flags"] == FLAGS, "written although the other clock stands"

    async def test_last_heard_is_the_wall_clock_of_its_last_message(self) -> None:
        world = World()
        talk = await world.board()
        heard = world.clock.now()
        world.clock.turn(12)
        assert talk.board.last_heard == heard


class TestUnknown:
    @pytest.mark.parametrize(
        ("letter", "confirmable", "outcome"),
        [(b"L", True, Code.NOT_FOUND), (b"L", False, "ack"), (b"A", False, "ack"), (b"zz", True, Code.NOT_FOUND)],
    )
    async def test_requests_that_mean_nothing(self, letter: bytes, confirmable: bool, outcome: object) -> None:
        talk = await World().board()
        ticket = await talk.say(Request(Code.POST, ((URI_PATH, letter),)), confirmable=confirmable)
        assert talk.outcome(ticket) == outcome


class TestSubscriptions:
    async def test_they_are_kept_in_one_write_and_heard(self) -> None:
        world = World()
        talk = await world.claimed()
        version = talk.board.device.version
        for prefix in ("particle", "spark", "door"):
            assert talk.outcome(await talk.subscribe(prefix)) == "ack"
        await world.written()
        device = await world.device()
        assert device.subscriptions == [{"prefix": "particle"}, {"prefix": "spark"}, {"prefix": "door"}]
        assert device.version <= version + 2
        world.services.events.tell(event_to(talk))
        (sent,) = talk.connection.sent
        assert (sent.path, sent.payload) == (["E", "door", "open"], b"now")
        assert (sent.confirmable, sent.response) == (True, False)

    @pytest.mark.parametrize(
        ("fields", "event", "heard"),
        [
            ({}, {}, 1),
            ({}, {"owner_id": "another"}, 0),
            ({}, {"name": "window"}, 0),
            ({"mine": True}, {}, 1),
            ({"device_id": "ab" * 12}, {"source": "ab" * 12}, 1),
            ({"device_id": "ab" * 12}, {}, 0),
            ({}, {"format": 22}, 0),
            ({"binary": True}, {"format": 22}, 1),
            ({}, {"name": "door" + "x" * 61}, 0),
            ({}, {"data": b"x" * 1_025}, 0),
        ],
    )
    async def test_what_a_board_hears(self, fields: dict[str, Any], event: dict[str, Any], heard: int) -> None:
        talk = await World().claimed()
        await talk.subscribe("door", **fields)
        talk.world.services.events.tell(event_to(talk, **event))
        assert len(talk.connection.sent) == heard

    @pytest.mark.parametrize(
        ("prefix", "name", "heard"),
        [
            ("spark", "spark/status", 0),
            ("particle", "particle/device/updates/forced", 0),
            ("particle/device/", "particle/device/updates/forced", 0),
            ("spark/status", "spark/status", 1),
            ("spark", "sparkle", 0),
        ],
    )
    async def test_orders_of_the_cloud_come_from_the_cloud_alone(self, prefix: str, name: str, heard: int) -> None:
        """Every board subscribes to both reserved words; what others of its owner say there is not for it."""
        talk = await World().claimed()
        await talk.subscribe(prefix)
        talk.world.services.events.tell(event_to(talk, name=name, data=b"true"))
        assert len(talk.connection.sent) == heard

    async def test_two_forms_for_two_handlers_and_one_message_for_two_alike(self) -> None:
        talk = await World().claimed()
        await talk.subscribe("door")
        await talk.subscribe("door/o")
        await talk.subscribe("door", cbor=True)
        talk.world.services.events.tell(event_to(talk, data=b"\xa1aa\x01", format=65_001))
        assert [sent.payload for sent in talk.connection.sent] == [b'{"a":1}', b"\xa1aa\x01"]

    async def test_the_firehose_is_refused(self) -> None:
        talk = await World().claimed()
        assert talk.outcome(await talk.subscribe("")) == Code.BAD_REQUEST

    async def test_a_new_set_replaces_the_old_one_and_is_bounded(self) -> None:
        world = World()
        talk = await world.board()
        for number in range(20):
            await talk.subscribe(f"p{number}")
        await world.written()
        assert len((await world.device()).subscriptions) == 16
        again = await world.board()
        await again.subscribe("one")
        await world.written()
        assert (await world.device()).subscriptions == [{"prefix": "one"}]

    async def test_another_owner_other_events(self) -> None:
        world = World()
        talk = await world.claimed()
        await talk.subscribe("door")
        await world.services.claims.give(talk.board.device, "another")
        world.services.events.tell(event_to(talk, owner_id="somebody"))
        assert talk.connection.sent == []
        world.services.events.tell(event_to(talk, owner_id="another"))
        assert len(talk.connection.sent) == 1

    async def test_over_tcp_events_are_not_confirmable(self) -> None:
        talk = await World().claimed(transport="tcp")
        await talk.subscribe("door")
        talk.world.services.events.tell(event_to(talk))
        assert talk.connection.sent[0].confirmable is False
        talk.connection.unsent = 1 << 20
        talk.world.services.events.tell(event_to(talk))
        assert talk.world.front.counters.events_dropped == 1

    async def test_a_slow_board_loses_its_own_events(self) -> None:
        talk = await World().claimed()
        await talk.subscribe("door")
        for _ in range(30):
            talk.world.services.events.tell(event_to(talk))
        assert len(talk.connection.sent) == 24
        talk.board.acknowledged(talk.connection.sent[0].context)
        talk.board.failed(talk.connection.sent[1].context, Failure.UNACKNOWLEDGED)
        for _ in range(3):
            talk.world.services.events.tell(event_to(talk))
        assert len(talk.connection.sent) == 26
        assert talk.world.front.counters.events_dropped == 7

    async def test_a_board_that_has_gone_hears_nothing(self) -> None:
        talk = await World().claimed()
        await talk.subscribe("door")
        talk.board.close("a test")
        assert len(talk.world.services.events.subscribers) == 0


class TestChanges:
    async def test_a_deleted_board_goes(self) -> None:
        world = World()
        talk = await world.board()
        await world.services.enrolment.keep(talk.board.device.id, deleted_at=5)
        assert talk.connection.closed == ("the device was deleted", False)

    async def test_a_board_whose_key_was_changed_shakes_hands_anew(self) -> None:
        world = World()
        talk = await world.board()
        await world.services.enrolment.keep(talk.board.device.id, public_key=b"another")
        assert talk.connection.closed is not None
        assert talk.connection.closed[1] is True

    async def test_forced_updates_are_told(self) -> None:
        world = World()
        talk = await world.board()
        await world.services.enrolment.keep(talk.board.device.id, updates_forced=True)
        assert (talk.connection.sent[0].path, talk.connection.sent[0].payload) == (
            ["E", "particle", "device", "updates", "forced"],
            b"true",
        )

    async def test_a_new_name_is_not(self) -> None:
        world = World()
        talk = await world.board()
        await world.services.enrolment.keep(talk.board.device.id, name="lamp")
        assert talk.connection.sent == []
        assert talk.board.device.name == "lamp"
