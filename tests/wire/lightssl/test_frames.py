"""Frames: every length, every cut, and what CBC can tell and cannot."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rookery.wire.lightssl.channel import Channel
from rookery.wire.lightssl.connection import Phase
from rookery.wire.lightssl.errors import BrokenStream, LocalError, MalformedFrame, PeerError
from rookery.wire.lightssl.limits import Limits
from tests.wire.lightssl import vectors as v
from tests.wire.lightssl.world import BOARD_PUBLIC, Board, Server, known_board, known_session, opened

messages = st.lists(st.binary(max_size=80) | st.binary(min_size=1100, max_size=1200), max_size=6)


def sealed(*said: bytes) -> list[bytes]:
    """The frames of a board in the session of set B."""
    channel = Channel(v.B_SESSION)
    return [channel.seal(each) for each in said]


@pytest.mark.parametrize("size", [0, 1, 15, 16, 17, 31, 32, 1152, 2047])
def test_messages_of_every_length_to_pad(size: int) -> None:
    server, board = Server(), Board()
    opened(server, board)
    board.end.send(bytes(size))
    assert len(board.ear.written) == 1
    frame = board.ear.take()
    assert int.from_bytes(frame[:2], "big") == len(frame) - 2 == size // 16 * 16 + 16
    server.end.feed(frame)
    assert server.ear.messages == [bytes(size)]


def test_a_message_that_does_not_fit_is_refused_and_harms_nothing() -> None:
    server, board = Server(), Board()
    opened(server, board)
    with pytest.raises(LocalError):
        server.end.send(bytes(2048))
    server.end.send(b"x")
    board.end.feed(server.ear.take())
    assert board.ear.messages == [b"x"]


LENGTHS = {"nothing": 0, "no whole block": 17, "less than a block": 15, "beyond the limit": 2064, "most": 0xFFF0}


@pytest.mark.parametrize("length", LENGTHS.values(), ids=LENGTHS)
def test_a_length_that_no_frame_has_ends_the_connection_before_anything_is_kept(length: int) -> None:
    server = known_session()
    with pytest.raises(MalformedFrame):
        server.end.feed(length.to_bytes(2, "big"))
    assert server.end.phase is Phase.CLOSED
    assert [type(error) for error in server.ear.errors] == [MalformedFrame]


def test_the_limit_is_the_largest_frame() -> None:
    limits = Limits(frame=32)
    server, board = Server(limits=limits), Board()
    opened(server, board)
    board.end.send(bytes(31))
    server.end.feed(board.ear.take())
    assert server.ear.messages == [bytes(31)]
    board.end.send(bytes(32))
    with pytest.raises(MalformedFrame):
        server.end.feed(board.ear.take())


@pytest.mark.parametrize("last", [0, 17, 255])
def test_a_padding_of_no_length_ends_the_connection(last: int) -> None:
    server = known_session()
    with pytest.raises(BrokenStream):
        server.end.feed(raw(bytes(15) + bytes((last,))))
    assert [type(error) for error in server.ear.errors] == [BrokenStream]


def test_a_padding_of_unlike_bytes_ends_the_connection() -> None:
    server = known_session()
    with pytest.raises(BrokenStream):
        server.end.feed(raw(bytes(13) + b"\2\3\3"))


def raw(block: bytes) -> bytes:
    """A frame of one block with a padding of one's own: in CBC the IV can carry a change into the first block."""
    honest = b"\x10" * 16
    changed = bytes(a ^ b ^ c for a, b, c in zip(v.B_SESSION[16:32], honest, block, strict=True))
    return Channel(v.B_SESSION[:16] + changed + v.B_SESSION[32:]).seal(b"")[: 2 + 16]


def test_after_the_end_nothing_is_heard() -> None:
    server = known_session()
    frames = sealed(b"one", b"two")
    with pytest.raises(MalformedFrame):
        server.end.feed(frames[0] + b"\0\0" + frames[1])
    server.end.feed(frames[1])
    assert server.ear.messages == [b"one"]
    assert len(server.ear.errors) == 1
    with pytest.raises(LocalError):
        server.end.send(b"x")


def test_a_sink_that_closes_hears_no_more_of_what_had_come() -> None:
    server = known_session()
    server.ear.on_message = lambda data: server.end.close()
    server.end.feed(b"".join(sealed(b"one", b"two")))
    assert server.ear.messages == [b"one"]
    assert server.ear.errors == []


def test_a_sink_may_answer_while_it_listens() -> None:
    server = known_session()
    server.ear.on_message = server.end.send
    server.end.feed(b"".join(sealed(b"one", b"two")))
    board = known_board()
    board.end.feed(server.ear.take())
    assert board.ear.messages == [b"one", b"two"]


def test_a_sink_that_fails_does_not_put_the_stream_out_of_step() -> None:
    server = known_session()

    def fail(data: bytes) -> None:
        server.ear.on_message = lambda data: None
        raise RuntimeError("a fault of ours")

    server.ear.on_message = fail
    one, two = sealed(b"one", b"two")
    with pytest.raises(RuntimeError):
        server.end.feed(one + two[:5])
    server.end.feed(two[5:])
    assert server.ear.messages == [b"one", b"two"]


# Cuts


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = [0, *sorted(each % (len(data) + 1) for each in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(at)]


cuts = st.lists(st.integers(0, 100_000), max_size=12)


@given(messages, messages, cuts, cuts)
@settings(deadline=None)
def test_no_cut_of_the_stream_changes_anything(
    up: list[bytes], down: list[bytes], up_cuts: list[int], down_cuts: list[int]
) -> None:
    server, board = Server(), Board()
    server.end.start()
    for part in pieces(server.ear.take(), down_cuts):
        board.end.feed(part)
    for part in pieces(board.ear.take(), up_cuts):
        server.end.feed(part)
    server.end.accept(BOARD_PUBLIC)
    for message in down:
        server.end.send(message)
    for part in pieces(server.ear.take(), down_cuts):
        board.end.feed(part)
    for message in up:
        board.end.send(message)
    for part in pieces(board.ear.take(), up_cuts):
        server.end.feed(part)
    assert (server.ear.messages, board.ear.messages) == (up, down)


def test_byte_by_byte() -> None:
    server = known_session()
    for byte in b"".join(sealed(b"one", b"", bytes(100))):
        server.end.feed(bytes((byte,)))
        server.end.feed(b"")
    assert server.ear.messages == [b"one", b"", bytes(100)]


# Changes on the way


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=4), st.integers(0, 10_000), st.integers(1, 255))
@settings(deadline=None)
def test_a_changed_frame_is_never_taken_for_what_was_said(said: list[bytes], at: int, flip: int) -> None:
    frames = sealed(*said)
    stream = bytearray(b"".join(frames))
    at %= len(stream)
    stream[at] ^= flip
    hit = next(index for index in range(len(frames)) if at < sum(map(len, frames[: index + 1])))
    server = known_session()
    try:
        server.end.feed(bytes(stream))
    except PeerError:
        assert server.end.phase is Phase.CLOSED
    heard = server.ear.messages
    assert heard[:hit] == said[:hit]
    assert heard[hit : hit + 1] != said[hit : hit + 1]


@pytest.mark.parametrize("at", range(16))
def test_a_change_before_a_block_of_padding_is_always_noticed(at: int) -> None:
    (frame,) = sealed(bytes(16))
    changed = bytearray(frame)
    changed[2 + at] ^= 0x20
    server = known_session()
    with pytest.raises(BrokenStream):
        server.end.feed(bytes(changed))


def test_what_cbc_cannot_tell() -> None:
    """Stated in the essay, so shown: without a MAC a block can be changed at the price of noise in the one before."""
    (frame,) = sealed(bytes(16) + b"on  of a message" + bytes(3))
    changed = bytearray(frame)
    for index, (old, new) in enumerate(zip(b"on ", b"off", strict=True)):
        changed[2 + index] ^= old ^ new
    server = known_session()
    server.end.feed(bytes(changed))
    (heard,) = server.ear.messages
    assert heard[16:] == b"off of a message" + bytes(3)
    assert heard[:16] != bytes(16)
