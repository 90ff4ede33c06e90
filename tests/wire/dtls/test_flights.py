"""Fragments, their reassembly, packing into datagrams, timers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.dtls.errors import LocalError, MalformedMessage, MalformedRecord
from rookery.wire.dtls.flights import (
    CHANGE_KEYS,
    Assembler,
    Fragment,
    Message,
    Timer,
    datagrams,
    fragments,
)
from rookery.wire.dtls.messages import CERTIFICATE, FINISHED
from rookery.wire.dtls.profile import Limits, Profile
from rookery.wire.dtls.records import CHANGE_CIPHER_SPEC, HANDSHAKE, PlainWriter, cut
from rookery.wire.dtls.session import pair

LIMITS = Limits()
PROFILE = Profile()
FAULTY = {
    "nothing": "",
    "half a header": "0b 000005 0000",
    "longer than its record": "0b 000005 0000 000000 000005 aabb",
    "beyond its message": "0b 000002 0000 000001 000002 aabb",
    "left over": "0b 000002 0000 000000 000002 aabb 00",
}


@pytest.mark.parametrize("text", FAULTY.values(), ids=FAULTY)
def test_what_is_no_fragment(text: str) -> None:
    with pytest.raises(MalformedRecord):
        list(fragments(bytes.fromhex(text)))


messages = st.lists(st.binary(max_size=400), min_size=1, max_size=4)


@given(messages, st.integers(60, 300), st.randoms(use_true_random=False))
def test_a_flight_arrives_whole_in_any_order_and_twice(bodies: list[bytes], size: int, random: object) -> None:
    flight = [Message(CERTIFICATE, 3 + n, body) for n, body in enumerate(bodies)]
    sent = datagrams(flight, PlainWriter(), None, size)
    sent += datagrams(flight, PlainWriter(), None, size + 17)
    random.shuffle(sent)  # type: ignore[attr-defined]
    assembler = Assembler(3, LIMITS)
    arrived: list[Message] = []
    for datagram in sent:
        for record in cut(datagram, PROFILE, 1000):
            assert record.kind == HANDSHAKE
            for fragment in fragments(record.body):
                assembler.add(fragment, 0)
                while message := assembler.pop():
                    arrived.append(message)
    assert arrived == flight


@given(messages, st.integers(100, 500))
def test_datagrams_are_within_their_size(bodies: list[bytes], size: int) -> None:
    flight = [Message(CERTIFICATE, n, body) for n, body in enumerate(bodies)]
    finished = Message(FINISHED, len(bodies), bytes(12))
    session = pair(PROFILE, bytes(40), server=False, connection_id=b"12345678")
    plain = PlainWriter()
    sent = datagrams([*flight, CHANGE_KEYS, finished], plain, session, size)
    assert all(len(datagram) <= size for datagram in sent)
    records = [record for datagram in sent for record in cut(datagram, PROFILE, 1000)]
    assert [record.sequence for record in records if not record.epoch] == list(range(plain.sequence))
    assert [record.kind for record in records[-2:]] == [CHANGE_CIPHER_SPEC, PROFILE.connection_id_record]
    # Packed: no two neighbours would have fitted into one.
    assert all(len(one) + len(other) > size - 60 for one, other in pairwise(sent))


def test_a_repeated_flight_has_new_numbers() -> None:
    plain = PlainWriter()
    flight = [Message(CERTIFICATE, 0, b"body")]
    first, again = (datagrams(flight, plain, None, 200)[0] for _ in range(2))
    assert first != again
    assert first[13:] == again[13:]


def test_too_small_for_a_fragment() -> None:
    with pytest.raises(LocalError):
        datagrams([Message(CERTIFICATE, 0, b"body")], PlainWriter(), None, 25)


def fragment(number: int, *, kind: int = CERTIFICATE, size: int = 4, offset: int = 0, data: bytes = b"ab") -> Fragment:
    return Fragment(kind, size, number, offset, data)


def test_messages_come_out_in_order() -> None:
    assembler = Assembler(1, LIMITS)
    assembler.add(fragment(2, data=b"abcd"), 0)
    assert assembler.pop() is None
    assembler.add(fragment(1, data=b"1234"), 0)
    assert assembler.pop() == Message(CERTIFICATE, 1, b"1234")
    assert assembler.pop() == Message(CERTIFICATE, 2, b"abcd")
    assert assembler.pop() is None


def test_holes_are_not_filled_by_guesses() -> None:
    assembler = Assembler(0, LIMITS)
    assembler.add(fragment(0, size=6, offset=0), 0)
    assembler.add(fragment(0, size=6, offset=4), 0)
    assert assembler.pop() is None
    assembler.add(fragment(0, size=6, offset=1, data=b"xyz"), 0)
    assert assembler.pop() == Message(CERTIFICATE, 0, b"axyzab")


def test_old_messages_are_told_from_new_ones() -> None:
    assembler = Assembler(1, LIMITS)
    assert not assembler.add(fragment(0), 0)
    assert assembler.add(fragment(1), 0)


@pytest.mark.parametrize(
    "wrong",
    [
        fragment(0, size=5),
        fragment(0, kind=CERTIFICATE + 1),
        fragment(LIMITS.messages_ahead),
        fragment(1, kind=FINISHED),
    ],
    ids=["another size", "another kind", "too far ahead", "Finished in clear"],
)
def test_contradictions_change_nothing(wrong: Fragment) -> None:
    assembler = Assembler(0, LIMITS)
    assembler.add(fragment(0), 0)
    with pytest.raises(MalformedRecord):
        assembler.add(wrong, 0)
    assembler.add(fragment(0, offset=2, data=b"cd"), 0)
    assert assembler.pop() == Message(CERTIFICATE, 0, b"abcd")


def test_large_messages_are_refused_before_anything_is_kept() -> None:
    assembler = Assembler(0, LIMITS)
    with pytest.raises(MalformedMessage):
        assembler.add(fragment(0, size=LIMITS.message + 1), 0)
    with pytest.raises(MalformedMessage):
        assembler.add(fragment(0, size=(1 << 24) - 1), 0)


def test_timer_doubles_to_the_last_and_gives_up() -> None:
    timer = Timer()
    assert timer.deadline is None
    timer.start(100.0, PROFILE)
    deadlines = [timer.deadline]
    while timer.fire(deadlines[-1] or 0.0):
        deadlines.append(timer.deadline)
    assert deadlines == [103.0, 109.0, 121.0, 145.0]
    assert timer.deadline is None
