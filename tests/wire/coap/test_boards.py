"""Conversations with boards as their reference describes them (chapters 3 and 4), byte by byte."""

from __future__ import annotations

import pytest

from rookery.wire.coap.block import Block
from rookery.wire.coap.decode import decode
from rookery.wire.coap.encode import encode
from rookery.wire.coap.message import Code, Message
from rookery.wire.coap.options import BLOCK1, BLOCK2, ETAG, STANDARD, URI_PATH, URI_QUERY, Definition, path, uint
from rookery.wire.coap.parameters import Limits, Quirks, Transmission
from tests.wire.coap.world import World

QUIRKS = Quirks(no_resets=True, foreign_ack_ids=True, token_bytes=1, separate_after=None)
TIMES = Transmission(ack_timeout=4.0, max_retransmit=3, nstart=4)
TABLE = STANDARD.also(
    Definition(URI_QUERY, "Uri-Query", "string", 0, 1_024, True),
    Definition(2_049, "Chunk-Index", "uint", 0, 4),
    Definition(2_053, "Window-Size", "uint", 0, 4),
)
"""Arguments of functions are one query of up to 1,024 bytes; firmware is sent with options of their own."""


def board(*, reliable: bool = False) -> World:
    return World(
        blocks=True,
        reliable=reliable,
        transmission=TIMES,
        limits=Limits(),
        quirks=QUIRKS,
        options=TABLE,
        block_bytes=1_024,
    )


def test_hello_time_event_and_subscription_of_a_session() -> None:
    w = board()
    w.answer = True
    hello = "40020001b168ff0003ffff00b60003000c0123456789abcdef012345671838048000a000000200"
    assert w.feed(hello) == ["60000001"]
    w.during = lambda ticket, message: not w.machine.respond(w.now, ticket, Code.CONTENT, (), bytes.fromhex("535966ad"))
    assert w.feed("4101000383b174") == ["6145000383ff535966ad"]
    w.during = None
    assert w.feed("40020004b1450d127061727469636c652f6465766963652f757064617465732f656e61626c6564ff74727565") == [
        "60000004"
    ]
    assert w.feed("40010007b165087061727469636c65") == ["60000007"]
    assert w.feed("40000010") == ["60000010"]
    assert [b"/".join(m.every(URI_PATH)) for m in w.hears()] == [
        b"h",
        b"t",
        b"E/particle/device/updates/enabled",
        b"e/particle",
    ]


def test_a_function_is_acknowledged_and_answers_later() -> None:
    w = board()
    w.send(2, (*path(("f", "brew")), (URI_QUERY, b"32,240")), context="call", timeout=30.0)
    assert w.take() == ["4102010001b16604627265774633322c323430"]
    assert w.feed("60000100") == []
    assert w.feed("4144000f01ff00000001") == ["6000000f"]
    assert w.feed("4144000f01ff00000001") == ["6000000f"]
    assert w.hears() == [("call", 68, bytes((0, 0, 0, 1)))]


def test_a_function_whose_result_comes_too_late_costs_nobody_the_session() -> None:
    w = board()
    w.send(2, path(("f", "slow")), timeout=10.0)
    w.take()
    w.feed("60000100")
    w.until(w.now + 11)
    assert w.feed("4144000f01ff00000001") == ["6000000f"]


@pytest.mark.parametrize(
    "answer", ["6145010001fffffe7e33", "5145777701fffffe7e33"], ids=["old: piggybacked", "stream: separate"]
)
def test_a_variable_on_a_stream(answer: str) -> None:
    w = board(reliable=True)
    w.send(1, path(("v", "temperature")), context="read", timeout=10.0)
    assert w.take() == ["4101010001b1760b74656d7065726174757265"]
    assert w.feed(answer) == []
    assert w.hears() == [("read", 69, bytes.fromhex("fffe7e33"))]


def test_signal_and_ping_on_a_stream_are_acknowledged_under_other_identifiers() -> None:
    w = board(reliable=True)
    w.send(3, (*path("s"), (URI_QUERY, b"\1")), context="signal", timeout=10.0)
    w.machine.ping(w.now, timeout=10.0, context="ping")
    assert w.take() == ["4103010001b1734101", "40000101"]
    w.feed("6144900001")
    w.feed("60009001")
    assert w.hears() == [("signal", 68, b""), ("ping", "acknowledged")]


def test_an_event_to_a_board() -> None:
    w = board()
    w.send(2, (*path(("e", "teapot-boiled")), (14, uint(60))), b"208F", response=False, context="event", timeout=60.0)
    assert w.take() == ["40020100b1650d00746561706f742d626f696c6564313cff32303846"]
    w.feed("60000100")
    assert w.hears() == [("event", "acknowledged")]
    w = board(reliable=True)
    w.send(2, path(("e", "teapot-boiled")), b"208F", response=False, confirmable=False, timeout=60.0)
    assert w.take() == ["50020100b1650d00746561706f742d626f696c6564ff32303846"]
    assert w.machine.endpoint.outstanding == 0


def test_a_long_description_comes_in_blocks_of_its_own_accord() -> None:
    w = board()
    body = bytes(i & 255 for i in range(2_500))
    answers = []
    w.during = lambda ticket, message: not w.machine.respond(w.now, ticket, Code.CHANGED)
    for number in range(3):
        block = Block(number, number < 2, 1_024)
        options = (*path("d"), (URI_QUERY, b"\2"), (BLOCK1, block.value()))
        piece = body[block.offset : block.offset + 1_024]
        w.machine.feed(w.now, encode(Message(0, 2, 40 + number, b"\x21", options, piece)))
        answers += w.take()
    assert answers == ["615f002821d10e0e", "615f002921d10e1e", "6144002a21d10e26"]
    (heard,) = w.hears()
    assert (heard.payload, heard.options) == (body, (*path("d"), (URI_QUERY, b"\2")))


def test_a_long_description_that_was_asked_for() -> None:
    w = board()
    w.send(1, (*path("d"), (URI_QUERY, b"\1")), context="describe", timeout=60.0)
    assert w.take() == ["4101010001b1644101"]
    assert w.feed("60000100") == []
    options = ((ETAG, b"\7"), (BLOCK2, Block(0, True, 1_024).value()))
    w.machine.feed(w.now, encode(Message(0, 69, 9, b"\1", options, bytes(1_024))))
    assert w.take() == ["60000009", "4101010102b16441018116"]
    options = ((ETAG, b"\7"), (BLOCK2, Block(1, False, 1_024).value()))
    w.machine.feed(w.now, encode(Message(0, 69, 10, b"\2", options, b"end")))
    assert w.take() == ["6000000a"]
    assert w.hears() == [("describe", 69, bytes(1_024) + b"end")]


def test_chunks_of_firmware_are_sent_without_waiting_for_anything() -> None:
    w = board()
    for index in range(1, 300):
        w.send(2, (*path("C"), (2_049, uint(index))), bytes(512), response=False, confirmable=False, timeout=1.0)
    sent = w.take()
    assert len(sent) == 299
    assert sent[0][:22] == "50020100b143e106e901ff"
    assert sent[255][:24] == "500201ffb143e206e90100ff"
    assert w.machine.deadline() is None
    w.answer = True
    assert w.feed("50020900 b141 e206e9 0102") == []
    assert w.hears()[0].number(2_049) == 0x0102


def test_a_message_of_the_size_that_boards_take() -> None:
    w = board()
    argument = b"a" * 1_024
    w.send(2, (*path(("f", "x" * 64)), (URI_QUERY, argument)), timeout=10.0)
    (data,) = w.sent
    assert len(data) <= 1_152
    assert decode(data).first(URI_QUERY) == argument
