"""Encoding and decoding, from one table."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.coap import options as o
from rookery.wire.coap.decode import decode
from rookery.wire.coap.encode import empty_ack, encode, encode_options, ping, reset
from rookery.wire.coap.errors import LocalError, MalformedMessage
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, RESET, Message, Options, code_text
from tests.wire.coap.cases import FAULTY, VALID, Faulty, Valid, raw
from tests.wire.coap.strategies import messages


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_valid_messages_encode_and_decode(case: Valid) -> None:
    assert encode(case.message) == raw(case.hex)
    assert decode(raw(case.hex)) == case.message


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case.name)
def test_faulty_messages_are_refused_with_their_clause(case: Faulty) -> None:
    with pytest.raises(MalformedMessage) as caught:
        decode(raw(case.hex))
    assert caught.value.clause == case.clause
    assert caught.value.answer == raw(case.answer)


UNSAYABLE: dict[str, Message] = {
    "a fifth type": Message(4, 1, 0),
    "code 256": Message(CONFIRMABLE, 256, 0),
    "identifier 65,536": Message(CONFIRMABLE, 1, 65_536),
    "token of 9 bytes": Message(CONFIRMABLE, 1, 0, bytes(9)),
    "class 1": Message(CONFIRMABLE, 32, 0),
    "class 7": Message(CONFIRMABLE, 0xE1, 0),
    "empty with a token": Message(CONFIRMABLE, 0, 0, b"t"),
    "empty with a payload": Message(CONFIRMABLE, 0, 0, b"", (), b"p"),
    "empty and non-confirmable": Message(NON_CONFIRMABLE, 0, 0),
    "reset with a code": Message(RESET, 69, 0),
    "acknowledgement with a method": Message(ACKNOWLEDGEMENT, 1, 0),
    "option 65,536": Message(CONFIRMABLE, 1, 0, b"", ((65_536, b""),)),
    "option -1": Message(CONFIRMABLE, 1, 0, b"", ((-1, b""),)),
    "option too long to be written": Message(CONFIRMABLE, 1, 0, b"", ((11, bytes(65_805)),)),
}


@pytest.mark.parametrize("name", UNSAYABLE)
def test_what_cannot_be_said_is_our_own_error(name: str) -> None:
    with pytest.raises(LocalError):
        encode(UNSAYABLE[name])


def test_the_longest_option() -> None:
    message = Message(CONFIRMABLE, 1, 0, b"", ((11, bytes(65_804)),))
    assert decode(encode(message)) == message


def test_options_are_put_in_order_and_repeated_ones_keep_theirs() -> None:
    assert encode_options(((15, b"q"), (11, b"b"), (11, b"a"))) == raw("b162 0161 4171")


def test_the_short_encoders_say_the_same() -> None:
    assert empty_ack(258) == encode(Message(ACKNOWLEDGEMENT, 0, 258))
    assert reset(258) == encode(Message(RESET, 0, 258))
    assert ping(258) == encode(Message(CONFIRMABLE, 0, 258))


def test_what_a_message_is_asked() -> None:
    message = Message(CONFIRMABLE, 1, 0, b"", ((11, b"a"), (11, b"b"), (14, b"\0\0\x3c"), (258, b"")))
    assert message.first(11) == b"a"
    assert message.every(11) == [b"a", b"b"]
    assert message.number(o.MAX_AGE) == 60
    assert message.number(o.NO_RESPONSE) == 0
    assert message.number(o.ACCEPT) is None
    assert message.is_request
    assert not message.is_success
    assert code_text(132) == "4.04"


@pytest.mark.parametrize(("value", "expected"), [(0, ""), (1, "01"), (255, "ff"), (256, "0100"), (65_001, "fde9")])
def test_uint_has_no_leading_zeros(value: int, expected: str) -> None:
    assert o.uint(value).hex() == expected


def test_there_is_no_negative_uint() -> None:
    with pytest.raises(LocalError):
        o.uint(-1)


def test_the_table_of_the_standard() -> None:
    """Table 4: number, C, U, R, length."""
    rows = [(d.number, d.critical, d.unsafe, d.repeatable, d.shortest, d.longest) for d in o.RFC7252]
    assert rows == [
        (1, True, False, True, 0, 8),
        (3, True, True, False, 1, 255),
        (4, False, False, True, 1, 8),
        (5, True, False, False, 0, 0),
        (7, True, True, False, 0, 2),
        (8, False, False, True, 0, 255),
        (11, True, True, True, 0, 255),
        (12, False, False, False, 0, 2),
        (14, False, True, False, 0, 4),
        (15, True, True, True, 0, 255),
        (17, True, False, False, 0, 2),
        (20, False, False, True, 0, 255),
        (35, True, True, False, 1, 1_034),
        (39, True, True, False, 1, 255),
        (60, False, False, False, 0, 4),
    ]


SIFTED = [
    ("all known", ((11, b"a"), (14, b"<")), ((11, b"a"), (14, b"<")), 0),
    ("unknown, elective", ((11, b"a"), (2_050, b"")), ((11, b"a"),), 0),
    ("unknown, critical", ((11, b"a"), (2_049, b"")), (), 2_049),
    ("reserved 0", ((0, b"x"),), (), 0),
    ("too long, elective", ((12, b"abc"), (15, b"q")), ((15, b"q"),), 0),
    ("too long, critical", ((17, b"abc"),), (), 17),
    ("too short, critical", ((3, b""),), (), 3),
    ("repeated, elective: the first counts", ((14, b"a"), (14, b"b")), ((14, b"a"),), 0),
    ("repeated, critical", ((17, b"a"), (17, b"b")), (), 17),
    ("repeatable", ((11, b"a"), (11, b"a")), ((11, b"a"), (11, b"a")), 0),
]


@pytest.mark.parametrize(("name", "given_options", "kept", "fault"), SIFTED, ids=[row[0] for row in SIFTED])
def test_options_that_are_not_understood(name: str, given_options: Options, kept: Options, fault: int) -> None:
    assert o.STANDARD.sift(given_options) == (kept, fault)


def test_a_dialect_adds_options_and_widens_lengths() -> None:
    table = o.STANDARD.also(
        o.Definition(2_049, "Index", "uint", 0, 4), o.Definition(15, "Uri-Query", "string", 0, 1_024, True)
    )
    options = ((15, bytes(1_024)), (2_049, b"\1"))
    table.check(options)
    assert table.sift(options) == (options, 0)
    for option in options:
        with pytest.raises(LocalError):
            o.STANDARD.check((option,))
    with pytest.raises(LocalError):
        table.check(((2_049, b""), (2_049, b"")))
    with pytest.raises(LocalError):
        o.OptionTable((o.Definition(65_536, "x", "empty", 0, 0),))


def test_paths_and_cache_keys() -> None:
    assert o.path(("a", b"b")) == ((11, b"a"), (11, b"b"))
    assert o.cache_key(((11, b"a"), (23, b""), (27, b""), (28, b""), (60, b""), (292, b"t"))) == (
        (11, b"a"),
        (292, b"t"),
    )


@given(messages)
def test_every_message_survives_the_wire(message: Message) -> None:
    assert decode(encode(message)) == message


@given(st.binary(max_size=60))
def test_garbage_raises_only_the_peers_error(data: bytes) -> None:
    with suppress(MalformedMessage):
        assert decode(encode(decode(data))) == decode(data)


@given(messages, st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), min_size=1, max_size=4))
def test_damaged_messages_raise_only_the_peers_error(message: Message, damage: list[tuple[int, int]]) -> None:
    data = bytearray(encode(message))
    for at, byte in damage:
        data[at % len(data)] = byte
    with suppress(MalformedMessage):
        decode(bytes(data))
