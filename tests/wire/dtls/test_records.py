"""Cutting datagrams and the replay window."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.dtls.errors import LocalError, MalformedRecord
from rookery.wire.dtls.profile import MAX_SEQUENCE, Profile
from rookery.wire.dtls.records import HANDSHAKE, WINDOW, PlainWriter, Record, cut, is_fresh, mark

PROFILE = Profile()
LIMIT = 16


class Valid(NamedTuple):
    name: str
    hex: str
    records: list[Record]


class Faulty(NamedTuple):
    name: str
    hex: str
    before: int
    """How many records come before the fault."""


ID = bytes.fromhex("d59de102860232b8")
NAME = b"abcdefghijkl"

VALID = [
    Valid("nothing", "", []),
    Valid("one byte, as translators are kept awake with", "00", []),
    Valid("twelve bytes", "16fefd000000000000000000", []),
    Valid("empty body", "17 fefd 0001 000000000000 0000", [Record(23, 1, 0, b"")]),
    Valid("one", "16 fefd 0000 000000000007 0001 ff", [Record(22, 0, 7, b"\xff")]),
    Valid("the version of first hellos", "16 feff 0000 000000000000 0001 ff", [Record(22, 0, 0, b"\xff")]),
    Valid(
        "two",
        "14 fefd 0000 000000000001 0001 01 16 fefd 0001 000000000000 0002 aabb",
        [Record(20, 0, 1, b"\1"), Record(22, 1, 0, b"\xaa\xbb")],
    ),
    Valid("the last number", "17 fefd 0001 ffffffffffff 0000", [Record(23, 1, MAX_SEQUENCE, b"")]),
    Valid("identifier", f"19 fefd 0001 000000000005 {ID.hex()} 0001 aa", [Record(25, 1, 5, b"\xaa", ID)]),
    Valid("identifier, resumed", f"fd fefd 0001 000000000005 {ID.hex()} 0001 aa", [Record(25, 1, 5, b"\xaa", ID)]),
    Valid(
        "name, resumed",
        f"fe fefd 0001 000000000005 0001 aa {NAME.hex()} 0c",
        [Record(23, 1, 5, b"\xaa", None, NAME)],
    ),
    Valid("shorter than a header behind a record", "17 fefd 0001 000000000000 0000 1234", [Record(23, 1, 0, b"")]),
]

FAULTY = [
    Faulty("type 0", "00 fefd 0000 000000000000 0000", 0),
    Faulty("heartbeat", "18 fefd 0000 000000000000 0000", 0),
    Faulty("TLS", "16 0303 0000 000000000000 0000", 0),
    Faulty("DTLS 1.0 under keys", "17 feff 0001 000000000000 0001 ff", 0),
    Faulty("longer than its datagram", "16 fefd 0000 000000000000 0002 ff", 0),
    Faulty("longer than a record may be", "16 fefd 0000 000000000000 4801" + "00" * 0x4801, 0),
    Faulty("ends within an identifier", "19 fefd 0001 000000000005 d59de1", 0),
    Faulty("identifier, longer than its datagram", f"19 fefd 0001 000000000005 {ID.hex()} 0002 aa", 0),
    Faulty("no name", "fe fefd 0001 000000000005 0001 aa", 0),
    Faulty("name of another length", f"fe fefd 0001 000000000005 0001 aa {NAME.hex()} 0b", 0),
    Faulty("more than a name", f"fe fefd 0001 000000000005 0001 aa {NAME.hex()} 0c 00", 0),
    Faulty("behind a good one", "17 fefd 0001 000000000000 0000 ff fefd 0001 000000000000 0000", 1),
]


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_cut(case: Valid) -> None:
    assert list(cut(bytes.fromhex(case.hex), PROFILE, LIMIT)) == case.records


@pytest.mark.parametrize("case", FAULTY, ids=lambda case: case.name)
def test_faults_end_the_datagram_and_not_what_came_before(case: Faulty) -> None:
    records = cut(bytes.fromhex(case.hex), PROFILE, LIMIT)
    for _ in range(case.before):
        next(records)
    with pytest.raises(MalformedRecord):
        next(records)


def test_at_most_so_many_records_are_read() -> None:
    assert len(list(cut(PlainWriter().record(HANDSHAKE, b"") * 50, PROFILE, LIMIT))) == LIMIT


@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_a_typed_error(data: bytes) -> None:
    try:
        for record in cut(data, PROFILE, LIMIT):
            assert len(record.body) < len(data)
    except MalformedRecord:
        pass


@given(st.lists(st.tuples(st.sampled_from([20, 21, 22, 23]), st.binary(max_size=40)), max_size=LIMIT))
def test_what_is_written_is_cut(parts: list[tuple[int, bytes]]) -> None:
    writer = PlainWriter(9)
    datagram = b"".join(writer.record(kind, body) for kind, body in parts)
    assert list(cut(datagram, PROFILE, LIMIT)) == [Record(kind, 0, 9 + n, body) for n, (kind, body) in enumerate(parts)]


def test_numbers_never_wrap() -> None:
    writer = PlainWriter(MAX_SEQUENCE)
    writer.record(HANDSHAKE, b"")
    with pytest.raises(LocalError):
        writer.record(HANDSHAKE, b"")


@given(st.lists(st.integers(0, 3 * WINDOW) | st.integers(0, MAX_SEQUENCE), max_size=200))
def test_window_takes_each_number_once_and_nothing_old(numbers: list[int]) -> None:
    top, seen = -1, 0
    taken: set[int] = set()
    for number in numbers:
        fresh = is_fresh(top, seen, number)
        assert fresh == (number not in taken and number > max(taken, default=-1) - WINDOW)
        if fresh:
            top, seen = mark(top, seen, number)
            taken.add(number)
        assert seen < 1 << WINDOW
    assert top == max(taken, default=-1)
