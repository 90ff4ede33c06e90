"""Encoding and decoding, from one table."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.decode import Framer, decode
from rookery.wire.mqtt.encode import encode, puback, pubcomp, pubrec, pubrel, remaining_length
from rookery.wire.mqtt.errors import LocalError, PacketTooLarge, PeerError
from tests.wire.mqtt.cases import FAULTY, FROM_SERVERS, VALID, Faulty, Valid, raw
from tests.wire.mqtt.strategies import cuts, packets, split


def read(data: bytes) -> p.Packet:
    ((head, body),) = Framer(1 << 20).feed(data)
    return decode(head, body)


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_valid_packets_encode_and_decode(case: Valid) -> None:
    assert encode(case.packet) == raw(case.hex)
    assert read(raw(case.hex)) == case.packet


@pytest.mark.parametrize("case", FAULTY + FROM_SERVERS, ids=lambda case: case.name)
def test_faulty_packets_are_refused_with_their_clause(case: Faulty) -> None:
    with pytest.raises(case.error) as caught:
        read(raw(case.hex))
    assert caught.value.clause == case.clause
    assert caught.value.answer == raw(case.answer)


UNSAYABLE: dict[str, p.Packet] = {
    "publish to a wildcard": p.Publish("a/#"),
    "publish to nothing": p.Publish(""),
    "publish with QoS 3": p.Publish("a", b"", 3, False, 1),
    "publish QoS 1 without identifier": p.Publish("a", b"", 1),
    "publish QoS 0 with identifier": p.Publish("a", b"", 0, False, 1),
    "publish a surrogate": p.Publish("\ud800"),
    "publish to a name of 65,536 bytes": p.Publish("a" * 65_536),
    "connect with U+0000": p.Connect("a\0"),
    "connect with a password alone": p.Connect("a", password=b"x"),
    "connect for a kept session without a name": p.Connect("", clean_session=False),
    "connect with a keepalive of a day": p.Connect("a", keepalive=86_400),
    "connack that refuses a session": p.Connack(5, True),
    "subscribe to nothing": p.Subscribe(1, ()),
    "subscribe to a bad filter": p.Subscribe(1, (("a#", 0),)),
    "suback with code 3": p.Suback(1, (3,)),
    "unsubscribe from nothing": p.Unsubscribe(1, ()),
    "puback for 0": p.Puback(0),
}


@pytest.mark.parametrize("name", UNSAYABLE)
def test_what_cannot_be_said_is_our_own_error(name: str) -> None:
    with pytest.raises(LocalError):
        encode(UNSAYABLE[name])


def test_a_packet_that_is_too_long_for_the_protocol() -> None:
    with pytest.raises(LocalError):
        remaining_length(p.MAX_REMAINING_LENGTH + 1)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "00"),
        (127, "7f"),
        (128, "8001"),
        (16_383, "ff7f"),
        (16_384, "808001"),
        (2_097_151, "ffff7f"),
        (2_097_152, "80808001"),
        (268_435_455, "ffffff7f"),
    ],
)
def test_remaining_length_of_table_2_4(size: int, expected: str) -> None:
    assert remaining_length(size).hex() == expected


def test_the_short_encoders_say_the_same() -> None:
    assert puback(258) == encode(p.Puback(258))
    assert pubrec(258) == encode(p.Pubrec(258))
    assert pubrel(258) == encode(p.Pubrel(258))
    assert pubcomp(258) == encode(p.Pubcomp(258))


@given(packets)
def test_every_packet_survives_the_wire(packet: p.Packet) -> None:
    assert read(encode(packet)) == packet


@given(st.lists(packets, max_size=6), cuts)
def test_the_stream_may_be_cut_anywhere(sent: list[p.Packet], places: list[int]) -> None:
    framer = Framer(1 << 20)
    stream = b"".join(map(encode, sent))
    got = [decode(head, body) for piece in split(stream, places) for head, body in framer.feed(piece)]
    assert got == sent


@given(st.binary(max_size=200))
def test_garbage_raises_only_the_peers_errors(data: bytes) -> None:
    framer = Framer(100)
    with suppress(PeerError):
        for head, body in framer.feed(data):
            assert encode(decode(head, body))


def test_a_long_packet_is_refused_before_it_is_kept() -> None:
    framer = Framer(1_000)
    with pytest.raises(PacketTooLarge):
        framer.feed(raw("30e907"))
    assert Framer(1_000).feed(raw("30e807")) == []
