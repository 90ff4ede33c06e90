"""The invariant: whatever arrives, an end raises only `PeerError`, tells its sink once, keeps at most one message of a
handshake or one frame, and is dead afterwards."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from rookery.wire.lightssl.client import ClientConnection
from rookery.wire.lightssl.connection import Phase
from rookery.wire.lightssl.errors import KeyUnusable, PeerError, ProofFailed
from rookery.wire.lightssl.server import ServerConnection
from tests.wire.lightssl import vectors as v
from tests.wire.lightssl.world import BOARD_PUBLIC, Board, Ear, Server, claimed, known_board, known_session

RECORDED = [
    v.A_NONCE,
    v.B_ANSWER,
    v.A_CIPHER + v.A_SIGNATURE,
    v.FIRST_FRAME,
    *(bytes.fromhex(frame) for frame, _ in v.SERVER_FRAMES.values()),
    bytes(256),
    b"\x08\x00" + bytes(2000),
]
noise = st.lists(st.sampled_from(RECORDED) | st.binary(max_size=300), max_size=6)
KEPT = 2 + 2048


def hear(end: ServerConnection | ClientConnection, ear: Ear, parts: list[bytes]) -> None:
    """Feed all of `parts` and hold the invariant."""
    for part in parts:
        dead = end.phase is Phase.CLOSED
        heard = len(ear.messages)
        raised: list[PeerError] = []
        try:
            end.feed(part)
        except PeerError as error:
            raised.append(error)
        assert not (dead and raised)
        if raised:
            assert (ear.errors, end.phase) == (raised, Phase.CLOSED)
        assert len(end._rest) < KEPT
        if dead:
            assert (len(ear.messages), end._rest) == (heard, b"")


@given(noise, st.sampled_from(["new", "claim", "lookup", "open"]))
@settings(deadline=None)
def test_a_server_survives_everything(parts: list[bytes], moment: str) -> None:
    server = known_session() if moment == "open" else Server()
    if moment == "lookup":
        claimed(server, Board())
    elif moment == "claim":
        server.end.start()
    hear(server.end, server.ear, parts)


@given(noise, st.sampled_from(["nonce", "answer", "open"]))
@settings(deadline=None)
def test_a_board_survives_everything(parts: list[bytes], moment: str) -> None:
    board = known_board() if moment == "open" else Board()
    if moment == "answer":
        board.end.feed(v.B_NONCE)
    hear(board.end, board.ear, parts)


@given(st.integers(0, 255), st.integers(1, 255))
@settings(deadline=None)
def test_no_byte_of_a_claim_can_be_changed(at: int, flip: int) -> None:
    server, board = Server(), Board()
    server.end.start()
    board.end.feed(server.ear.take())
    said = bytearray(board.ear.take())
    said[at] ^= flip
    with suppress(PeerError):
        server.end.feed(bytes(said))
    assert (server.end.phase, server.ear.claims, server.ear.written) == (Phase.CLOSED, [], [])


@given(st.integers(0, 383), st.integers(1, 255))
@settings(deadline=None)
def test_no_byte_of_an_answer_can_be_changed(at: int, flip: int) -> None:
    board = Board(server=v.B_SERVER_PUBLIC)
    board.end.feed(v.B_NONCE)
    answer = bytearray(v.B_ANSWER)
    answer[at] ^= flip
    with suppress(ProofFailed):
        board.end.feed(bytes(answer))
    assert (board.end.phase, board.ear.opens) == (Phase.CLOSED, 0)


@given(
    st.lists(st.tuples(st.integers(0, 161), st.integers(0, 255)), max_size=3),
    st.just(162) | st.integers(0, 162),
    st.just(b"") | st.binary(),
)
@settings(deadline=None)
def test_no_key_does_harm(changes: list[tuple[int, int]], cut: int, more: bytes) -> None:
    key = bytearray(BOARD_PUBLIC)
    for at, byte in changes:
        key[at] = byte
    server = Server()
    claimed(server, Board())
    server.end.accept(bytes(key[:cut]) + more)
    if server.end.phase is Phase.CLOSED:
        assert [type(error) for error in server.ear.errors] == [KeyUnusable]
        assert server.ear.written == []
    else:
        assert server.ear.errors == []
        assert [len(each) for each in server.ear.written] == [384]
