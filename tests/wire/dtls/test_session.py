"""Sealing, opening, keeping."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.dtls import keys
from rookery.wire.dtls.errors import ForgedRecord, LocalError, MalformedRecord, PeerError, ReplayedRecord
from rookery.wire.dtls.profile import MAX_PLAINTEXT, MAX_SEQUENCE, SEQUENCE_RESERVE, Profile
from rookery.wire.dtls.records import APPLICATION_DATA, Record, cut
from rookery.wire.dtls.session import Session, pair

PROFILE = Profile()
BLOCK = bytes(range(40))
ID = b"12345678"


def ends(connection_id: bytes | None = ID) -> tuple[Session, Session]:
    """(server, client)"""
    return (
        pair(PROFILE, BLOCK, server=True, connection_id=connection_id),
        pair(PROFILE, BLOCK, server=False, connection_id=connection_id),
    )


def one(data: bytes) -> Record:
    (record,) = cut(data, PROFILE, 9)
    return record


@given(st.binary(max_size=1200), st.sampled_from([None, ID]), st.sampled_from([21, 22, 23]))
def test_both_ways(content: bytes, connection_id: bytes | None, kind: int) -> None:
    server, client = ends(connection_id)
    record = client.seal(kind, content)
    assert len(record) <= len(content) + client.overhead
    # Zeros at the end of the content are content, not padding.
    assert server.open(one(record)) == (kind, content, True)
    assert client.open(one(server.seal(kind, content))) == (kind, content, True)


def test_records_with_identifier_hide_length_and_type() -> None:
    _, client = ends()
    first, second = client.seal(23, b""), client.seal(21, bytes(15))
    assert len(first) == len(second)
    assert first[0] == second[0] == PROFILE.connection_id_record


@pytest.mark.parametrize("connection_id", [None, ID], ids=["plain", "identifier"])
def test_no_byte_can_be_changed(connection_id: bytes | None) -> None:
    server, client = ends(connection_id)
    good = client.seal(APPLICATION_DATA, b"data")
    for at in range(len(good)):
        for bit in (1, 128):
            changed = bytearray(good)
            changed[at] ^= bit
            with pytest.raises(PeerError):
                server.open(only(bytes(changed)))
    assert server.open(one(good)) == (APPLICATION_DATA, b"data", True)


def only(data: bytes) -> Record:
    """The record, if it is still one; anything else is refused before a session is asked."""
    records = list(cut(data, PROFILE, 9))
    if len(records) != 1:
        raise MalformedRecord("not one record")
    return records[0]


def test_forgeries_do_not_move_the_window() -> None:
    server, client = ends()
    forged = bytearray(client.seal(APPLICATION_DATA, b"x"))
    forged[5:11] = MAX_SEQUENCE.to_bytes(6, "big")
    with pytest.raises(ForgedRecord):
        server.open(one(bytes(forged)))
    assert server.open(one(client.seal(APPLICATION_DATA, b"y")))[1] == b"y"


def test_records_of_the_other_direction_are_forgeries() -> None:
    server, client = ends(None)
    with pytest.raises(ForgedRecord):
        client.open(one(client.seal(APPLICATION_DATA, b"mirror")))
    assert server.open(one(client.seal(APPLICATION_DATA, b"mirror")))[1] == b"mirror"


def test_each_record_once_in_any_order_within_the_window() -> None:
    server, client = ends()
    records = [client.seal(APPLICATION_DATA, bytes((n,))) for n in range(70)]
    assert server.open(one(records[69])) == (APPLICATION_DATA, b"\x45", True)
    assert server.open(one(records[6])) == (APPLICATION_DATA, b"\x06", False)
    for old in (69, 6, 5, 0):
        with pytest.raises(ReplayedRecord):
            server.open(one(records[old]))


def test_a_record_of_nothing_but_padding() -> None:
    server, client = ends()
    record = client.seal(0, b"")
    with pytest.raises(MalformedRecord):
        server.open(one(record))


def test_more_than_a_record_may_hold() -> None:
    server, _ = ends(None)
    number = bytes.fromhex("0001000000000000")
    content = bytes(MAX_PLAINTEXT + 1)
    additional = number + b"\x17\xfe\xfd" + len(content).to_bytes(2, "big")
    body = keys.seal(BLOCK[:16] + BLOCK[32:36], number, content, additional)
    with pytest.raises(MalformedRecord):
        server.open(Record(APPLICATION_DATA, 1, 0, body))


@pytest.mark.parametrize("size", [0, 7, 15])
def test_too_short_for_a_tag(size: int) -> None:
    server, _ = ends(None)
    with pytest.raises(ForgedRecord):
        server.open(Record(APPLICATION_DATA, 1, 0, bytes(size)))


def test_other_epochs() -> None:
    server, _ = ends(None)
    for epoch in (0, 2, 0xFFFF):
        with pytest.raises(MalformedRecord):
            server.open(Record(APPLICATION_DATA, epoch, 0, bytes(40)))


def test_limits_of_our_own_records() -> None:
    server, _ = ends()
    with pytest.raises(LocalError):
        server.seal(APPLICATION_DATA, bytes(MAX_PLAINTEXT + 1))
    server.write_sequence = MAX_SEQUENCE
    server.seal(APPLICATION_DATA, b"the last")
    with pytest.raises(LocalError):
        server.seal(APPLICATION_DATA, b"one more")


@given(st.binary(max_size=100), st.binary(max_size=20), st.integers(0, 100), st.sampled_from([None, ID]))
def test_a_session_goes_on_where_it_was_dumped(key: bytes, name: bytes, sent: int, connection_id: bytes | None) -> None:
    server, client = ends(connection_id)
    server.public_key, server.name = key, name
    for _ in range(sent):
        client.open(one(server.seal(APPLICATION_DATA, b"before")))
    replayed = client.seal(APPLICATION_DATA, b"before")
    server.open(one(replayed))

    again = Session.load(server.dump(), PROFILE)
    assert (again.public_key, again.name, again.read_id) == (key, name, connection_id or b"")
    assert again.write_sequence == sent + SEQUENCE_RESERVE
    # What the first process sent after the dump and what the second sends never have the same number.
    assert client.open(one(server.seal(APPLICATION_DATA, b"late")))[1] == b"late"
    assert client.open(one(again.seal(APPLICATION_DATA, b"after"))) == (APPLICATION_DATA, b"after", True)
    assert again.open(one(client.seal(APPLICATION_DATA, b"hello")))[1] == b"hello"
    with pytest.raises(ReplayedRecord):
        again.open(one(replayed))


def test_the_client_end_can_be_kept_too() -> None:
    server, client = ends()
    again = Session.load(client.dump(), PROFILE, reserve=0)
    assert server.open(one(again.seal(APPLICATION_DATA, b"x")))[1] == b"x"


def test_dumps_are_due_long_before_numbers_could_meet() -> None:
    server, _ = ends()
    due = [server.should_dump]
    server.write_sequence = SEQUENCE_RESERVE // 2
    due.append(server.should_dump)
    server.dump()
    due.append(server.should_dump)
    assert due == [False, True, False]


@given(st.binary(max_size=300))
def test_what_is_no_dump_is_refused(data: bytes) -> None:
    with pytest.raises(LocalError):
        Session.load(b"\xff" + data, PROFILE)


def test_a_torn_dump_is_refused() -> None:
    dump = ends()[0].dump()
    for size in range(len(dump)):
        with pytest.raises(LocalError):
            Session.load(dump[:size], PROFILE)
    with pytest.raises(LocalError):
        Session.load(dump + b"x", PROFILE)


def test_a_session_that_used_up_its_numbers_loads_and_stays_silent() -> None:
    server, _ = ends()
    server.write_sequence = MAX_SEQUENCE
    again = Session.load(server.dump(), PROFILE)
    with pytest.raises(LocalError):
        again.seal(APPLICATION_DATA, b"")
