"""Sessions of Device OS 6.2.0 once more: through the CoAP machine as boards of this kind need it, and before a board's
session as the gateways hold it. Their secure channels are tried in tests/wire."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.particle.device import profile
from rookery.particle.device.describe import decode_describe
from rookery.particle.device.goodbye import decode_goodbye
from rookery.particle.device.hello import decode_hello
from rookery.particle.device.requests import Kind, classify
from rookery.particle.device.values import decode_result, decode_value
from rookery.particle.device.vitals import decode_vitals
from rookery.wire.coap.blockwise import Blockwise
from rookery.wire.coap.decode import decode
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, Code, Message
from rookery.wire.coap.options import URI_PATH, URI_QUERY
from tests.particle.device.board_world import Talk, World, rest
from tests.wire.captures import Step, load

TRANSPORTS = {"udp": profile.UDP, "tcp": profile.TCP}
DEVICE_ID = "e00fce680000000000000010"


def sessions(transport: str) -> list[list[Step]]:
    """Messages of each CoAP session: over UDP one, which goes on at another port; over TCP one a connection."""
    found = [[step for step in steps if step.kind in ("heard", "said")] for steps in load(transport).connections()]
    return [[step for steps in found for step in steps]] if transport == "udp" else found


CASES = [(transport, number) for transport in TRANSPORTS for number in range(len(sessions(transport)))]


class Machine:
    """A CoAP machine whose application says what was said then, and nothing of its own accord."""

    def __init__(self, transport: str, steps: list[Step]) -> None:
        self.steps = steps
        self.written: list[bytes] = []
        self.at = 0
        self.done: set[int] = set()
        self.answers: dict[str, Message] = {}
        self.arrivals: list[str] = []
        self.requests: list[Message] = []
        first = [decode(step.data) for step in steps if step.kind == "said"]
        ours = [message for message in first if message.kind != ACKNOWLEDGEMENT]
        tokens = [message.token[0] for message in ours if message.token]
        # Where identifiers and tokens began is all that was random.
        draws = [ours[0].message_id / 65_536, ((tokens[0] - 1) % 256) / 256]
        kind = TRANSPORTS[transport]
        self.end = Blockwise(
            self,
            random=lambda: draws.pop(0) if draws else 0.0,
            reliable=kind.reliable,
            block_bytes=kind.block_bytes,
            transmission=kind.transmission,
            limits=kind.limits,
            quirks=kind.quirks,
            options=kind.options,
        )

    def run(self) -> None:
        for index, step in enumerate(self.steps):
            self.at = index
            if step.kind == "heard":
                self.end.feed(step.at, step.data)
            elif index not in self.done:
                self.ask(index)

    def ask(self, index: int) -> None:
        """Say what was said there without having been asked; what answers says the machine itself."""
        step = self.steps[index]
        message = decode(step.data)
        if message.kind == ACKNOWLEDGEMENT:
            return
        self.done.add(index)
        if not message.code:
            self.end.ping(step.at, timeout=10, context="ping")
            return
        path = "/".join(value.decode() for number, value in message.options if number in (URI_PATH, URI_QUERY))
        self.end.send(
            step.at,
            message.code,
            message.options,
            message.payload,
            timeout=20,
            context=path,
            confirmable=message.kind == CONFIRMABLE,
            response=bool(message.token),
        )

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def request(self, now: float, ticket: int, message: Message) -> bool:
        self.requests.append(message)
        for index in range(self.at + 1, len(self.steps)):
            step = self.steps[index]
            if step.kind == "heard":
                break
            said = decode(step.data)
            if said.kind != ACKNOWLEDGEMENT:
                self.ask(index)
            elif said.message_id == message.message_id:
                if said.code:
                    assert self.end.respond(now, ticket, said.code, said.options, said.payload)
                    return False
                break
        return True

    def response(self, now: float, context: object, message: Message) -> None:
        assert isinstance(context, str)
        self.answers[context] = message

    def acknowledged(self, now: float, context: object) -> None:
        assert isinstance(context, str)
        self.arrivals.append(context)

    def failed(self, now: float, context: object, failure: Failure) -> None:
        raise AssertionError((context, failure))


@pytest.mark.parametrize(("transport", "number"), CASES)
def test_the_machine_says_what_it_said(transport: str, number: int) -> None:
    steps = sessions(transport)[number]
    machine = Machine(transport, steps)
    machine.run()
    assert machine.written == [step.data for step in steps if step.kind == "said"]
    assert machine.end.endpoint.outstanding == 0
    assert machine.end.endpoint.rejected == 0


VALUES = [
    ("v/flag", "bool", True),
    ("v/count", "int32", 1),
    ("v/temp", "double", 21.75),
    ("v/name", "string", "rookery-é"),
    ("v/empty", "string", ""),
]
RESULTS = [("f/toInt/-123456", -123_456), ("f/length/", 0), ("f/do/quiet", 0), ("f/do/goodbye", 0)]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_was_answered(transport: str) -> None:
    machine = Machine(transport, sessions(transport)[0])
    machine.run()
    answers = machine.answers
    for context, kind, value in VALUES:
        assert answers[context].code == Code.CONTENT
        assert decode_value(kind, answers[context].payload) == value
    for context, result in RESULTS:
        assert decode_result(answers[context].payload) == result
    assert answers["v/nosuch"].code == Code.NOT_FOUND
    assert {answers["s/\1"].code, answers["s/\0"].code} == {Code.CHANGED}
    described = decode_describe(answers["d/\2"].payload)
    assert described.functions == ["length", "toInt", "negative", "slow", "do"]
    assert list((described.variables or {}).values())[:4] == ["bool", "int32", "double", "string"]
    vitals: Any = decode_vitals(answers["d/\4"].payload)
    assert vitals["device"]["network"]["connection"]["status"] == "connected"
    assert "ping" in machine.arrivals


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_a_board_asks_for_in_which_order(transport: str) -> None:
    machine = Machine(transport, sessions(transport)[0])
    machine.run()
    kinds = [classify(message) for message in machine.requests]
    assert Kind.UNKNOWN not in kinds
    assert kinds[:12] == [
        Kind.HELLO,
        Kind.DESCRIBE,
        Kind.EVENT,
        Kind.TIME,
        Kind.EVENT,
        Kind.EVENT,
        Kind.DESCRIBE,
        Kind.SUBSCRIPTION,
        Kind.SUBSCRIPTION,
        Kind.SUBSCRIPTION,
        Kind.SUBSCRIPTION,
        Kind.EVENT,
    ]
    hello = decode_hello(machine.requests[0].payload)
    assert (hello.product_id, hello.platform_id, hello.system_version, hello.max_message) == (3, 3, 6_200, 1_152)
    assert hello.device_id == (DEVICE_ID if transport == "udp" else "")
    (goodbye,) = [message for message in machine.requests if classify(message) is Kind.GOODBYE]
    assert decode_goodbye(goodbye.payload).cloud == "user"


async def replay(transport: str) -> Talk:
    """A board's session of the dialect that hears what the first session heard, but for what answers our questions."""
    world = World()
    talk = world.talk(1, transport, DEVICE_ID if transport == "tcp" else "")
    machine = Machine(transport, sessions(transport)[0])
    machine.run()
    for ticket, message in enumerate(machine.requests, 1):
        if classify(message) is Kind.GOODBYE:
            break
        talk.ticket = ticket
        if talk.board.request(message, ticket):
            talk.connection.acknowledged.append(ticket)
        await rest()
    return talk


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_a_session_of_the_dialect_understands_all_of_it(transport: str) -> None:
    talk = await replay(transport)
    await talk.world.written()
    device = await talk.world.device(DEVICE_ID)
    assert device.described["functions"] == ["length", "toInt", "negative", "slow", "do"]
    assert device.subscriptions == [
        {"prefix": "particle"},
        {"prefix": "spark"},
        {"prefix": "to-board"},
        {"prefix": "particle/device/"},
    ]
    counters = talk.world.front.counters
    assert (counters.greeted, counters.malformed, counters.refused, counters.limited) == (1, 0, 0, 0)
    told = talk.world.told
    assert ("spark/status", "online") in told
    assert ("tick/count", "1") in told
    assert ("from-board/echo", "to-board/x|hello") in told
    assert not [name for name, _ in told if name.startswith("spark/device/claim")]
    # Whoever was asked for the name and the address has said them, to this board alone.
    assert [sent.path[1:] for sent in talk.connection.sent if sent.path[0] == "E"] == [
        ["particle", "device", "name"],
        ["particle", "device", "ip"],
    ]
