"""Bodies in blocks: two machines talk, and a peer that does it wrong. Figures are those of RFC 7959."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.coap.block import MAX_NUMBER, SIZES, Block, Body
from rookery.wire.coap.decode import decode
from rookery.wire.coap.encode import encode
from rookery.wire.coap.errors import BadBlock, LocalError
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Code, Message, code_text
from rookery.wire.coap.options import BLOCK1, BLOCK2, ETAG, REQUEST_TAG
from rookery.wire.coap.parameters import Limits, Quirks
from tests.wire.coap.world import ROOM, World, talk

BYTE = Quirks(token_bytes=1)
SMALL = Limits(body_bytes=200, bodies=2)


def world(**options: Any) -> World:
    return World(blocks=True, **{"quirks": BYTE, "block_bytes": 64, **options})


def say(w: World, message: Message) -> list[Message]:
    w.machine.feed(w.now, encode(message))
    return [decode(bytes.fromhex(text)) for text in w.take()]


def line(message: Message) -> str:
    """As the figures of the RFC write it: code, and 1:number/more/size."""
    out = [code_text(message.code)]
    for number, value in message.options:
        if number in (BLOCK1, BLOCK2):
            block = Block.read(value)
            out.append(f"{1 if number == BLOCK1 else 2}:{block.number}/{int(block.more)}/{block.size}")
    return " ".join(out)


BODY = bytes(range(150))


@pytest.mark.parametrize(
    ("block", "value"),
    [
        (Block(0, False, 16), ""),
        (Block(0, True, 16), "08"),
        (Block(0, True, 1_024), "0e"),
        (Block(1, False, 1_024), "16"),
        (Block(3, True, 128), "3b"),
        (Block(16, False, 512), "0105"),
        (Block(MAX_NUMBER, True, 1_024), "fffffe"),
    ],
)
def test_values_of_blocks(block: Block, value: str) -> None:
    assert block.value().hex() == value
    assert Block.read(bytes.fromhex(value)) == block


@given(st.integers(0, MAX_NUMBER), st.booleans(), st.sampled_from(SIZES))
def test_every_block_survives_the_wire(number: int, more: bool, size: int) -> None:
    assert Block.read(Block(number, more, size).value()) == (number, more, size)


@pytest.mark.parametrize("value", ["07", "0f", "17", "00000000"])
def test_values_that_are_no_block(value: str) -> None:
    with pytest.raises(BadBlock):
        Block.read(bytes.fromhex(value))


@pytest.mark.parametrize("block", [Block(0, False, 17), Block(MAX_NUMBER + 1, False, 16), Block(-1, False, 16)])
def test_blocks_that_cannot_be_said(block: Block) -> None:
    with pytest.raises(LocalError):
        block.value()


def test_bodies_grow_in_order() -> None:
    body = Body(40)
    assert not body.add(Block(0, True, 16), bytes(16))
    for block, payload in (
        (Block(0, True, 16), bytes(16)),
        (Block(2, True, 16), bytes(16)),
        (Block(1, True, 16), bytes(15)),
        (Block(1, False, 16), bytes(17)),
        (Block(1, False, 32), bytes(25)),
    ):
        with pytest.raises(BadBlock):
            body.add(block, payload)
    assert body.add(Block(1, False, 16), b"end")
    assert bytes(body.data) == bytes(16) + b"end"


# Two machines


def test_figure_2_a_response_in_blocks() -> None:
    client, server = world(), world()
    server.during = lambda ticket, message: not server.machine.respond(server.now, ticket, Code.CONTENT, (), BODY)
    client.send(context="c")
    wire = talk(client, server)
    assert [line(m) for m in wire] == [
        "0.01",
        "2.05 2:0/1/64",
        "0.01 2:1/0/64",
        "2.05 2:1/1/64",
        "0.01 2:2/0/64",
        "2.05 2:2/0/64",
    ]
    assert client.hears() == [("c", 69, BODY)]
    assert len(server.tickets) == 1
    assert len({m.token for m in wire}) == 3
    assert len({m.first(ETAG) for m in wire if m.code == Code.CONTENT}) == 1
    assert client.machine.deadline() is None
    assert server.machine.deadline() is None


def test_figure_7_a_request_in_blocks() -> None:
    client, server = world(), world()
    server.during = lambda ticket, message: not server.machine.respond(server.now, ticket, Code.CHANGED)
    client.send(2, (*ROOM, (REQUEST_TAG, b"t")), BODY, context="c")
    wire = talk(client, server)
    assert [line(m) for m in wire] == [
        "0.02 1:0/1/64",
        "2.31 1:0/1/64",
        "0.02 1:1/1/64",
        "2.31 1:1/1/64",
        "0.02 1:2/0/64",
        "2.04 1:2/0/64",
    ]
    assert client.hears() == [("c", 68, b"")]
    (heard,) = server.hears()
    assert (heard.payload, heard.options) == (BODY, (*ROOM, (REQUEST_TAG, b"t")))
    assert server.machine.deadline() is None


def test_figure_11_blocks_both_ways() -> None:
    client, server = world(), world(block_bytes=32)
    server.during = lambda ticket, message: (
        not server.machine.respond(server.now, ticket, Code.CHANGED, (), message.payload[::-1])
    )
    client.send(2, ROOM, BODY, context="c")
    talk(client, server)
    assert client.hears() == [("c", 68, BODY[::-1])]


@given(st.binary(max_size=300), st.sampled_from(SIZES[:4]), st.sampled_from(SIZES[:4]), st.booleans())
def test_any_body_in_any_blocks(body: bytes, ours: int, theirs: int, reliable: bool) -> None:
    client, server = world(block_bytes=ours, reliable=reliable), world(block_bytes=theirs, reliable=reliable)
    server.during = lambda ticket, message: (
        not server.machine.respond(server.now, ticket, Code.CHANGED, (), message.payload)
    )
    client.send(2, ROOM, body, context="c")
    talk(client, server)
    assert client.hears() == [("c", 68, body)]


def test_lost_blocks_are_repeated() -> None:
    client, server = world(), world()
    server.during = lambda ticket, message: (
        not server.machine.respond(server.now, ticket, Code.CHANGED, (), message.payload)
    )
    lost: set[bytes] = set()

    def lose(data: bytes) -> bool:
        fresh = data not in lost
        lost.add(data)
        return fresh

    client.send(2, ROOM, BODY, context="c")
    for _ in range(60):
        talk(client, server, lose=lose)
        for each in (client, server):
            each.now += 1
            each.machine.tick(each.now)
    assert client.hears() == [("c", 68, BODY)]
    assert len(server.tickets) == 1


# A server and its peer


def block1(number: int, more: bool, payload: bytes, message_id: int, size: int = 64, code: int = 2) -> Message:
    return Message(0, code, message_id, b"\xaa", (*ROOM, (BLOCK1, Block(number, more, size).value())), payload)


def test_an_empty_acknowledgement_ends_a_body_as_well() -> None:
    w = world(answer=True)
    assert [line(m) for m in say(w, block1(0, True, bytes(64), 1))] == ["2.31 1:0/1/64"]
    assert [line(m) for m in say(w, block1(1, False, b"end", 2))] == ["0.00"]
    assert w.hears()[0].payload == bytes(64) + b"end"


def test_a_block_out_of_order_is_incomplete() -> None:
    w = world()
    assert [line(m) for m in say(w, block1(1, True, bytes(64), 1))] == ["4.08 1:1/1/64"]
    say(w, block1(0, True, bytes(64), 2))
    assert [line(m) for m in say(w, block1(2, False, b"end", 3))] == ["4.08 1:2/0/64"]
    assert w.heard == []
    assert w.machine._receiving == {}


def test_a_body_begins_anew_with_its_first_block() -> None:
    w = world(answer=True)
    say(w, block1(0, True, bytes(64), 1))
    say(w, block1(0, True, b"x" * 64, 2))
    say(w, block1(1, False, b"end", 3))
    assert w.hears()[0].payload == b"x" * 64 + b"end"


def test_a_body_that_is_too_long() -> None:
    w = world(limits=SMALL)
    for number in range(3):
        say(w, block1(number, True, bytes(64), number))
    assert [line(m) for m in say(w, block1(3, False, bytes(9), 3))] == ["4.13 1:3/0/64"]
    assert w.heard == []
    assert w.machine._receiving == {}


def test_a_block_that_is_not_full_or_means_nothing() -> None:
    w = world()
    assert [line(m) for m in say(w, block1(0, True, bytes(63), 1))] == ["4.00 1:0/1/64"]
    bad = Message(0, 2, 2, b"", (*ROOM, (BLOCK1, b"\x07")), b"x")
    assert [line(m) for m in say(w, bad)] == ["4.00"]
    assert w.heard == []


def test_bodies_are_given_up_in_time_and_in_number() -> None:
    w = world(limits=SMALL)
    for number, code in enumerate((2, 3, 4)):
        say(w, block1(0, True, bytes(64), number, code=code))
    assert [key[0] for key in w.machine._receiving] == [3, 4]
    w.until(w.now + 100)
    assert w.machine._receiving == {}
    assert w.machine.deadline() is None


def test_a_flood_of_blocks_that_need_an_identifier_each_is_no_error_of_ours() -> None:
    w = world(message_id=0)
    wrong = [(*ROOM, (BLOCK1, value)) for value in (b"\x07", b"\x1a")]
    for message_id in range(65_537):
        w.machine.feed(w.now, encode(Message(1, 2, message_id & 0xFFFF, b"", wrong[message_id & 1], b"x")))
    assert len(w.sent) == 65_536
    assert w.machine.endpoint.open_requests == 0


def test_a_refused_body_may_send_its_last_block_again() -> None:
    w = world(limits=SMALL)
    say(w, block1(0, True, bytes(64), 1))
    last = block1(1, False, b"end", 2)
    assert say(w, last) == []
    assert w.machine.forget(w.now, w.tickets[0])
    w.answer = True
    assert [line(m) for m in say(w, last)] == ["0.00"]
    assert [m.payload for m in w.hears()] == [bytes(64) + b"end"] * 2


def block2(number: int, message_id: int, size: int = 64) -> Message:
    return Message(0, 1, message_id, b"\xaa", (*ROOM, (BLOCK2, Block(number, False, size).value())))


def test_figure_3_the_peer_asks_for_smaller_blocks() -> None:
    w = world()
    say(w, block2(0, 1, size=16))
    w.machine.respond(w.now, w.tickets[0], Code.CONTENT, (), BODY)
    assert [line(decode(bytes.fromhex(t))) for t in w.take()] == ["2.05 2:0/1/16"]
    assert [line(m) for m in say(w, block2(1, 2, size=64))] == ["2.05 2:1/1/64"]
    assert [line(m) for m in say(w, block2(1, 3, size=1_024))] == ["4.00"]
    (last,) = say(w, block2(9, 4, size=16))
    assert (line(last), last.payload) == ("2.05 2:9/0/16", BODY[144:])
    assert len(w.tickets) == 1


def test_a_block_of_a_body_that_is_gone_is_asked_of_the_application() -> None:
    w = world(limits=SMALL)
    say(w, block2(2, 1))
    assert w.hears()[0].options == ROOM
    w.machine.respond(w.now, w.tickets[0], Code.CONTENT, (), BODY)
    (answer,) = (decode(bytes.fromhex(t)) for t in w.take())
    assert (line(answer), answer.payload) == ("2.05 2:2/0/64", BODY[128:])


def test_bodies_that_nobody_fetches_are_given_up() -> None:
    w = world(limits=SMALL)
    w.during = lambda ticket, message: not w.machine.respond(w.now, ticket, Code.CONTENT, (), BODY)
    for number in range(5):
        say(w, Message(0, 1, number, b"", ((11, bytes((65 + number,))),)))
    assert len(w.machine._serving) == 2
    w.until(w.now + 100)
    assert w.machine._serving == {}


def test_a_late_block_in_a_size_above_ours_is_given_in_ours() -> None:
    w = world()
    say(w, block2(1, 1, size=128))
    w.machine.respond(w.now, w.tickets[0], Code.CONTENT, (), BODY)
    (answer,) = (decode(bytes.fromhex(t)) for t in w.take())
    assert (line(answer), answer.payload) == ("2.05 2:2/0/64", BODY[128:])


def test_tickets_are_used_once() -> None:
    w = world()
    say(w, Message(0, 1, 1, b"", ROOM))
    say(w, Message(0, 1, 2, b"", ROOM))
    assert w.machine.acknowledge(w.now, w.tickets[0])
    assert w.machine.respond(w.now, w.tickets[1], Code.CHANGED)
    assert w.take() == ["60000001", "60440002"]
    assert [w.machine.respond(w.now, ticket, Code.CHANGED) for ticket in w.tickets] == [False, False]
    assert not w.machine.forget(w.now, w.tickets[0])
    assert w.take() == []


def test_a_response_that_cannot_be_written_leaves_the_ticket_open() -> None:
    w = world()
    say(w, Message(0, 1, 1, b"", ROOM))
    with pytest.raises(LocalError):
        w.machine.respond(w.now, w.tickets[0], Code.CONTENT, ((2_049, b""),), BODY)
    assert w.machine._serving == {}
    assert w.machine.respond(w.now, w.tickets[0], Code.CONTENT)


def test_without_a_block_size_nothing_of_ours_is_cut() -> None:
    w = world(block_bytes=None, answer=True)
    w.during = lambda ticket, message: not w.machine.respond(w.now, ticket, Code.CONTENT, (), BODY)
    (answer,) = say(w, Message(0, 1, 1, b"", ROOM))
    assert (answer.options, answer.payload) == ((), BODY)
    w.send(2, ROOM, BODY)
    assert decode(w.sent[0]).payload == BODY


# A client and its peer


def asked(w: World) -> Message:
    (data,) = w.sent
    w.sent.clear()
    return decode(data)


def answer(w: World, request: Message, number: int, more: bool, payload: bytes, tag: bytes = b"t") -> None:
    options = ((ETAG, tag), (BLOCK2, Block(number, more, 64).value()))
    w.machine.feed(w.now, encode(Message(2, 69, request.message_id, request.token, options, payload)))


BAD = {
    "changed meanwhile": (1, False, b"end", b"u"),
    "out of order": (2, False, b"end", b"t"),
    "not full": (1, True, b"end", b"t"),
    "too long": (1, False, bytes(65), b"t"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_response_whose_blocks_do_not_fit(name: str) -> None:
    w = world(limits=SMALL)
    w.send(context="c")
    answer(w, asked(w), 0, True, bytes(64))
    answer(w, asked(w), *BAD[name])
    assert w.hears() == [("c", Failure.BAD_BODY)]
    assert w.sent == []


def test_a_response_that_never_ends() -> None:
    w = world(limits=SMALL)
    w.send(context="c")
    for number in range(4):
        answer(w, asked(w), number, True, bytes(64))
    assert w.hears() == [("c", Failure.BAD_BODY)]


def test_the_time_limit_is_for_the_whole_body() -> None:
    w = world()
    w.send(context="c", timeout=10.0)
    answer(w, asked(w), 0, True, bytes(64))
    w.now += 9
    answer(w, asked(w), 1, True, bytes(64))
    assert w.hears() == []
    w.until(1_010)
    assert w.hears() == [("c", Failure.TIMEOUT)]


def test_a_block_that_comes_after_the_time_limit() -> None:
    w = world()
    w.send(context="c", timeout=10.0)
    w.now += 10
    answer(w, asked(w), 0, True, bytes(64))
    assert w.hears() == [("c", Failure.TIMEOUT)]


def test_no_identifier_for_the_next_block() -> None:
    w = world(message_id=0)
    w.send(context="c")
    request = asked(w)
    for _ in range(65_535):
        w.send(response=False, confirmable=False)
    w.sent.clear()
    answer(w, request, 0, True, bytes(64))
    assert w.hears() == [("c", Failure.BUSY)]


def test_a_success_in_the_middle_that_is_no_block() -> None:
    w = world()
    w.send(context="c")
    answer(w, asked(w), 0, True, bytes(64))
    request = asked(w)
    w.machine.feed(w.now, encode(Message(2, 69, request.message_id, request.token, (), b"all of it")))
    assert w.hears() == [("c", Failure.BAD_BODY)]


def test_a_single_block_is_a_whole_body() -> None:
    w = world()
    w.send(context="c")
    answer(w, asked(w), 0, False, b"end")
    assert w.hears() == [("c", 69, b"end")]


def test_a_request_with_a_token_of_the_callers_is_one_message() -> None:
    w = world()
    w.send(2, ROOM, BODY, context="c", token=b"\x55")
    request = asked(w)
    assert (request.token, request.payload) == (b"\x55", BODY)
    w.machine.feed(w.now, encode(Message(2, 68, request.message_id, b"\x55")))
    assert w.hears() == [("c", 68, b"")]


def test_an_error_in_the_middle_is_the_response() -> None:
    w = world()
    w.send(context="c")
    answer(w, asked(w), 0, True, bytes(64))
    request = asked(w)
    w.machine.feed(w.now, encode(Message(2, 132, request.message_id, request.token)))
    assert w.hears() == [("c", 132, b"")]


def test_a_separate_response_in_blocks() -> None:
    w = world()
    w.send(context="c")
    request = asked(w)
    w.feed(f"6000 {request.message_id:04x}")
    options = ((BLOCK2, Block(0, True, 64).value()),)
    assert [line(m) for m in say(w, Message(0, 69, 77, request.token, options, bytes(64)))] == ["0.00", "0.01 2:1/0/64"]


def test_figure_8_the_peer_wants_smaller_blocks() -> None:
    w = world()
    w.send(2, ROOM, BODY, context="c")
    first = asked(w)
    value = Block(0, True, 32).value()
    w.machine.feed(w.now, encode(Message(2, 95, first.message_id, first.token, ((BLOCK1, value),))))
    second = asked(w)
    assert (line(second), second.payload) == ("0.02 1:2/1/32", BODY[64:96])


@pytest.mark.parametrize("options", [(), ((BLOCK1, Block(0, True, 128).value()),), ((BLOCK1, b"\x07"),)])
def test_a_continue_that_does_not_fit(options: tuple[tuple[int, bytes], ...]) -> None:
    w = world()
    w.send(2, ROOM, BODY, context="c")
    first = asked(w)
    w.machine.feed(w.now, encode(Message(2, 95, first.message_id, first.token, options)))
    assert w.hears() == [("c", Failure.BAD_BODY)]


def test_cancelled_and_closed() -> None:
    w = world()
    w.machine.cancel(w.now, w.send(context="a"))
    w.machine.cancel(w.now, w.send(response=False, context="b"))
    w.send(context="c")
    w.machine.ping(w.now, timeout=9, context="d")
    w.machine.close(w.now)
    assert w.hears() == [("c", Failure.CLOSED), ("d", Failure.CLOSED)]
    assert w.machine.deadline() is None


def test_a_block_size_has_to_be_one_of_the_standard() -> None:
    with pytest.raises(LocalError):
        world(block_bytes=100)


def test_bodies_of_strangers_are_not_joined() -> None:
    """A shell that does not know its peer yet has no room for bodies of up to 64 KiB each."""
    w = world()
    w.machine.joins = False
    first = Message(0, Code.POST, 1, b"t", (*ROOM, (BLOCK1, Block(0, True, 64).value())), bytes(64))
    assert [line(answer) for answer in say(w, first)] == ["4.13 1:0/1/64"]
    say(w, Message(0, Code.POST, 2, b"t", ROOM, b"whole"))
    assert [message.payload for message in w.hears()] == [b"whole"]
    w.machine.joins = True
    again = Message(0, Code.POST, 3, b"t", first.options, first.payload)
    assert [line(answer) for answer in say(w, again)] == ["2.31 1:0/1/64"]
