"""What a simulated Particle board says and how it answers, on both transports."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.particle.device.describe import APPLICATION, METRICS, SYSTEM, decode_describe
from rookery.particle.device.events import Event, Subscription, parse_subscription
from rookery.particle.device.requests import (
    Kind,
    Request,
    describe_request,
    discard_session_request,
    function_request,
    signal_request,
    variable_request,
)
from rookery.particle.device.values import decode_result, decode_value
from rookery.particle.device.vitals import decode_vitals
from rookery.simulate.particle_board import PublishFailed
from rookery.simulate.particle_firmware import MODELS
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, Code
from rookery.wire.coap.options import CONTENT_FORMAT, URI_PATH, URI_QUERY
from tests.simulate.particle_desk import DEVICE, Desk

both = pytest.mark.parametrize("transport", ["tcp", "udp"])

VARIABLES: dict[str, Any] = {
    "warm": True,
    "count": lambda: -7,
    "temperature": 21.5,
    "text": "",
}
OPENING = [
    Kind.HELLO,
    Kind.DESCRIBE,
    Kind.TIME,
    Kind.EVENT,
    Kind.EVENT,
    Kind.DESCRIBE,
    Kind.SUBSCRIPTION,
    Kind.SUBSCRIPTION,
]


def desk(transport: str, **options: Any) -> Desk:
    return Desk(transport, variables=VARIABLES, functions={"length": len}, **options).up()


@both
def test_it_says_who_it_is_in_the_order_of_the_firmware(transport: str) -> None:
    found = desk(transport)
    assert found.board.online
    assert found.cloud.kinds() == OPENING
    hello = found.cloud.hello()
    assert (hello.platform_id, hello.system_version) == ((6, 3_300) if transport == "tcp" else (12, 6_200))
    assert hello.device_id == ("" if transport == "tcp" else DEVICE)
    assert hello.ota_v3 == (transport == "udp")
    assert found.cloud.events() == [
        Event("particle/device/updates/enabled", b"true"),
        Event("particle/device/updates/forced", b"false"),
    ]
    assert found.cloud.prefixes() == ["particle", "spark"]
    assert found.board.time == found.clock.now() // 1_000_000


@both
def test_which_messages_want_an_acknowledgement(transport: str) -> None:
    found = desk(transport)
    usual = CONFIRMABLE if transport == "udp" else NON_CONFIRMABLE
    kinds = {message.kind for message in found.cloud.heard if message.first(URI_PATH) not in (b"d", b"t")}
    assert kinds == {usual}
    assert {message.kind for message in found.cloud.of(Kind.DESCRIBE)} == {CONFIRMABLE}
    assert {len(message.token) for message in found.cloud.of(Kind.TIME) + found.cloud.of(Kind.DESCRIBE)} == {1}


@both
def test_its_description(transport: str) -> None:
    system, application = desk(transport).cloud.of(Kind.DESCRIBE)
    assert (system.first(URI_QUERY), application.first(URI_QUERY)) == (b"\1", b"\2")
    assert system.first(CONTENT_FORMAT) == (b"*" if transport == "udp" else None)
    assert {module["f"] for module in decode_describe(system.payload).modules} == {"b", "s", "u"}
    described = decode_describe(application.payload)
    assert described.functions == ["length"]
    assert described.variables == {"warm": "bool", "count": "int32", "temperature": "double", "text": "string"}


@both
def test_a_description_of_many_names_comes_in_blocks(transport: str) -> None:
    many = {f"variable_number_{number:03}": number for number in range(100)}
    found = Desk(transport, variables=many).up()
    assert found.board.online
    (application,) = [m for m in found.cloud.of(Kind.DESCRIBE) if m.first(URI_QUERY) == b"\2"]
    assert list(decode_describe(application.payload).variables) == list(many)


@both
@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [("warm", "bool", True), ("count", "int32", -7), ("temperature", "double", 21.5), ("text", "string", "")],
)
def test_variables(transport: str, name: str, kind: str, value: Any) -> None:
    found = desk(transport)
    response = found.ask(variable_request(name))
    assert response is not None
    assert (response.kind, response.code) == (CONFIRMABLE if transport == "udp" else NON_CONFIRMABLE, Code.CONTENT)
    assert decode_value(kind, response.payload) == value
    assert found.board.misread == 0


@both
def test_a_variable_that_it_has_not(transport: str) -> None:
    response = desk(transport).ask(variable_request("nothing"))
    assert response is not None
    assert response.code == Code.NOT_FOUND


@both
@pytest.mark.parametrize(("argument", "result"), [("", 0), ("abc", 3)])
def test_functions(transport: str, argument: str, result: int) -> None:
    response = desk(transport).ask(function_request("length", argument))
    assert response is not None
    assert (response.code, decode_result(response.payload)) == (Code.CHANGED, result)


@both
def test_a_function_that_it_has_not_or_that_does_not_come_back_has_no_result(transport: str) -> None:
    found = desk(transport)
    found.board.add(functions={"hangs": lambda argument: None})
    found.settle()
    assert decode_describe(found.cloud.of(Kind.DESCRIBE)[-1].payload).functions == ["length", "hangs"]
    assert found.ask(function_request("nothing", "")) is None
    assert found.ask(function_request("hangs", "")) is None
    found.live(31)
    assert [failure.value for _, failure in found.cloud.failures] == ["no response in time"] * 2
    assert found.board.online


@both
def test_a_function_that_publishes_is_acknowledged_first(transport: str) -> None:
    found = desk(transport)

    def ring(argument: str) -> int:
        found.board.emit("rung", argument)
        return 1

    found.board.add(functions={"ring": ring})
    found.settle()
    before = len(found.cloud.raw)
    response = found.ask(function_request("ring", "twice"))
    assert response is not None
    assert found.cloud.events()[-1] == Event("rung", b"twice")
    kinds = [data[0] >> 4 & 3 for data in found.cloud.raw[before:]]
    usual = CONFIRMABLE if transport == "udp" else NON_CONFIRMABLE
    assert kinds == [ACKNOWLEDGEMENT, usual, usual]


@both
def test_an_argument_that_is_too_long(transport: str) -> None:
    found = desk(transport, model=MODELS["photon" if transport == "tcp" else "argon"])
    long = found.board.firmware.limits.argument + 1
    # The cloud's own codec refuses it, and so does the option beyond 1,024 bytes: only Gen 2 can be asked.
    if transport == "tcp":
        request = Request(Code.POST, ((URI_PATH, b"f"), (URI_PATH, b"length"), (URI_QUERY, b"x" * long)))
        response = found.ask(request)
        assert response is not None
        assert (response.kind, response.code) == (ACKNOWLEDGEMENT, Code.BAD_REQUEST)
    fits = found.ask(function_request("length", "x" * (long - 1)))
    assert fits is not None
    assert decode_result(fits.payload) == long - 1


@both
def test_it_describes_itself_when_asked(transport: str) -> None:
    found = desk(transport)
    system = found.ask(describe_request(SYSTEM))
    application = found.ask(describe_request(APPLICATION))
    vitals = found.ask(describe_request(METRICS))
    assert system is not None
    assert application is not None
    assert vitals is not None
    assert {each.kind for each in (system, application, vitals)} == {CONFIRMABLE}
    assert decode_describe(system.payload).parts == SYSTEM
    assert decode_describe(application.payload).functions == ["length"]
    assert decode_vitals(vitals.payload)["device"]["network"]["signal"]["strength"] == 70.0
    refused = found.ask(describe_request(0))
    assert refused is not None
    assert refused.code == Code.BAD_REQUEST


@both
def test_signals(transport: str) -> None:
    found = desk(transport)
    for on in (True, False):
        response = found.ask(signal_request(on))
        assert response is not None
        assert (response.kind, response.code) == (ACKNOWLEDGEMENT, Code.CHANGED)
        assert found.board.signalling is on


@both
def test_requests_that_firmware_misreads_get_no_answer(transport: str) -> None:
    found = desk(transport)
    code, options, _ = variable_request("warm")
    before = len(found.cloud.responses)
    found.cloud.coap.send(found.clock.monotonic(), code, options, timeout=5.0, token=b"abcd")
    found.settle()
    assert len(found.cloud.responses) == before
    found.board.stop()
    assert found.board.misread == 1


# Events


@both
async def test_it_publishes_with_and_without_waiting(transport: str) -> None:
    found = desk(transport)
    waiting = asyncio.ensure_future(found.board.publish("a/b", "data"))
    await asyncio.sleep(0)
    assert not waiting.done()
    found.settle()
    await waiting
    await found.board.publish("c", b"\xff", ack=False, ttl=5)
    found.board.emit("d")
    found.settle()
    *_, first, second, third = found.cloud.of(Kind.EVENT)
    usual = CONFIRMABLE if transport == "udp" else NON_CONFIRMABLE
    assert [each.kind for each in (first, second, third)] == [CONFIRMABLE, NON_CONFIRMABLE, usual]
    assert found.cloud.events()[-3:] == [Event("a/b", b"data"), Event("c", b"\xff", ttl=5), Event("d")]
    assert found.board.messages == 3


@both
async def test_an_event_that_is_refused(transport: str) -> None:
    found = desk(transport)
    found.answers[Kind.EVENT] = Code.BAD_REQUEST
    waiting = asyncio.ensure_future(found.board.publish("a"))
    await asyncio.sleep(0)
    found.settle()
    with pytest.raises(PublishFailed, match=r"4\.00"):
        await waiting
    assert found.board.online


async def test_an_event_that_never_arrives_over_tcp_leaves_the_connection() -> None:
    found = desk("tcp")
    found.deaf.add(Kind.EVENT)
    waiting = asyncio.ensure_future(found.board.publish("a"))
    await asyncio.sleep(0)
    found.live(21)
    with pytest.raises(PublishFailed, match="no response in time"):
        await waiting
    assert found.board.online


async def test_an_event_that_never_arrives_over_udp_ends_the_session() -> None:
    found = desk("udp", keepalive=1000.0)
    found.deaf.add(Kind.EVENT)
    waiting = asyncio.ensure_future(found.board.publish("a"))
    await asyncio.sleep(0)
    found.live(100)
    with pytest.raises(PublishFailed, match="repeated in vain"):
        await waiting
    assert found.board.losses >= 1
    assert len(found.conversations) > 1, "a full handshake, not the old session"


@both
@pytest.mark.parametrize(
    ("name", "data", "why"),
    [("", "", "name"), ("n" * 65, "", "name"), ("n", "x" * 1025, "data"), ("n", "", "connected")],
)
async def test_events_that_it_does_not_send(transport: str, name: str, data: str, why: str) -> None:
    found = desk(transport)
    if why == "connected":
        found.board.stop()
    with pytest.raises(PublishFailed, match=why):
        await found.board.publish(name, data)


@both
def test_it_hears_what_it_has_subscribed(transport: str) -> None:
    found = Desk(transport)
    heard: list[tuple[str, bytes]] = []
    found.board.subscribe("alarm/", lambda name, data: heard.append((name, data)))
    found.up()
    found.board.subscribe("al", lambda name, data: heard.append(("second", data)))
    found.settle()
    assert found.cloud.prefixes() == ["particle", "spark", "alarm/", "al"]
    assert {parse_subscription(m).mine for m in found.cloud.of(Kind.SUBSCRIPTION)[2:]} == {transport == "tcp"}
    found.tell("alarm/door", b"open")
    found.tell("other")
    assert heard == [("alarm/door", b"open"), ("second", b"open")]


def test_a_subscription_that_is_refused_is_said_again_next_time() -> None:
    found = Desk("udp")
    found.board.subscribe("", lambda name, data: None, mine=False)
    found.answers[Kind.SUBSCRIPTION] = Code.BAD_REQUEST
    found.up()
    assert found.board.online
    found.answers.clear()
    found.board.lose()
    found.live(2)
    assert found.board.online
    assert found.cloud.prefixes() == ["particle", "spark", "", "particle", "spark", ""]


def test_there_are_four_subscriptions_at_most() -> None:
    board = Desk("udp").board
    for number in range(4):
        board.subscribe(str(number), lambda name, data: None)
    with pytest.raises(ValueError, match="4 subscriptions"):
        board.subscribe("4", lambda name, data: None)


def test_a_confirmable_event_over_tcp_is_never_acknowledged() -> None:
    found = desk("tcp")
    found.tell("spark/status", b"online", confirmable=True)
    assert found.cloud.arrived == []
    found = desk("udp")
    found.tell("spark/status", b"online", confirmable=True)
    assert found.cloud.arrived == ["spark/status"]


def test_older_firmware_loses_the_data_of_an_event_with_a_content_format() -> None:
    found = Desk("tcp")
    heard: list[bytes] = []
    found.board.subscribe("a", lambda name, data: heard.append(data))
    found.up()
    options = ((URI_PATH, b"E"), (URI_PATH, b"a"), (CONTENT_FORMAT, b"2"))
    now = found.clock.monotonic()
    found.cloud.coap.send(now, Code.POST, options, b"{}", timeout=1.0, confirmable=False, response=False)
    found.settle()
    assert heard == [b""]


@both
async def test_its_name(transport: str) -> None:
    found = desk(transport)
    asking = asyncio.ensure_future(found.board.ask_name())
    await asyncio.sleep(0)
    found.settle()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert found.cloud.events()[-1].name == "particle/device/name"
    found.tell("particle/device/name", b"cuckoo")
    assert await asking == "cuckoo"


@both
def test_vitals_unasked(transport: str) -> None:
    found = desk(transport)
    found.board.publish_vitals()
    found.settle()
    message = found.cloud.of(Kind.DESCRIBE)[-1]
    assert message.first(URI_QUERY) == b"\4"
    assert decode_vitals(message.payload)["device"]["system"]["uptime"] == 0


@both
def test_updates_forced_is_said_back(transport: str) -> None:
    found = desk(transport, updates_enabled=False)
    assert found.cloud.events()[0].data == b"false"
    found.tell("particle/device/updates/forced", b"true")
    assert found.cloud.events()[-1] == Event("particle/device/updates/forced", b"true")
    found.tell("particle/device/updates/pending", b"true")
    assert found.board.updates_pending


@both
def test_a_session_that_is_to_be_discarded(transport: str) -> None:
    found = desk(transport)
    found.ask(discard_session_request())
    found.live(2)
    assert found.board.online
    assert len(found.conversations) == 2
    assert found.board.handshakes == 2


def test_a_subscription_to_one_board_is_said_by_older_firmware() -> None:
    found = Desk("tcp")
    found.board.subscribe("a", lambda name, data: None, device_id=DEVICE)
    found.up()
    assert parse_subscription(found.cloud.of(Kind.SUBSCRIPTION)[-1]) == Subscription("a", True, device_id=DEVICE)
