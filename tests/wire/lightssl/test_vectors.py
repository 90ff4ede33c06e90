"""Bytes of published device firmware, in both directions."""

from __future__ import annotations

import hmac

import pytest

from rookery.wire.lightssl import keys
from rookery.wire.lightssl.channel import Channel
from rookery.wire.lightssl.client import ClientConnection
from rookery.wire.lightssl.server import ServerConnection
from tests.wire.lightssl import capture as c
from tests.wire.lightssl import vectors as v
from tests.wire.lightssl.world import BOARD_ID, BOARD_PUBLIC, Board, Ear, Server, claimed, known_board, known_session

second = pytest.mark.parametrize(
    ("frame", "message"),
    [(bytes.fromhex(a), bytes.fromhex(b)) for a, b in v.SECOND_FRAMES.values()],
    ids=list(v.SECOND_FRAMES),
)
from_server = pytest.mark.parametrize(
    ("frame", "message"),
    [(bytes.fromhex(a), bytes.fromhex(b)) for a, b in v.SERVER_FRAMES.values()],
    ids=list(v.SERVER_FRAMES),
)


def test_set_a_is_an_answer_that_its_board_believes() -> None:
    server = keys.server_key(v.A_SERVER_PUBLIC)
    assert keys.read_answer(v.A_BOARD_KEY, server, v.A_CIPHER + v.A_SIGNATURE) == v.A_SESSION
    assert hmac.digest(v.A_SESSION, v.A_CIPHER, "sha1") == v.A_DIGEST
    board = Board(v.A_BOARD_KEY, server=v.A_SERVER_PUBLIC, device_id=v.A_DEVICE_ID)
    board.end.feed(v.A_NONCE)
    board.end.feed(v.A_CIPHER + v.A_SIGNATURE)
    assert board.ear.opens == 1
    assert board.end.salt == v.A_SESSION[32:]


def test_set_a_its_signature_is_the_bare_digest_in_a_padding_of_type_1() -> None:
    numbers = keys.server_key(v.A_SERVER_PUBLIC).public_numbers()
    plain = pow(int.from_bytes(v.A_SIGNATURE, "big"), numbers.e, numbers.n).to_bytes(256, "big")
    assert plain == b"\0\1" + b"\xff" * 233 + b"\0" + v.A_DIGEST


def test_our_signature_is_the_bare_digest_in_a_padding_of_type_1() -> None:
    server = Server(session=v.A_SESSION)
    claimed(server, Board())
    server.end.accept(BOARD_PUBLIC)
    answer = server.ear.take()
    numbers = keys.server_key(keys.public_der(server.end._key)).public_numbers()
    plain = pow(int.from_bytes(answer[128:], "big"), numbers.e, numbers.n).to_bytes(256, "big")
    assert plain == b"\0\1" + b"\xff" * 233 + b"\0" + hmac.digest(v.A_SESSION, answer[:128], "sha1")


def test_set_b_is_an_answer_that_its_board_believes() -> None:
    server = keys.server_key(v.B_SERVER_PUBLIC)
    assert keys.read_answer(v.B_BOARD_KEY, server, v.B_ANSWER) == v.B_SESSION
    board = known_board()
    assert int.from_bytes(board.end.salt[:2], "big") + 1 == int.from_bytes(v.FIRST_MESSAGE[2:4], "big")


def test_set_b_the_claim_says_who_and_for_which_nonce() -> None:
    server = Server(nonce=v.B_NONCE)
    claimed(server, Board())
    assert server.ear.claims == [(BOARD_ID, BOARD_PUBLIC)]


@second
def test_set_b_frames_of_a_board(frame: bytes, message: bytes) -> None:
    server = known_session()
    server.end.feed(v.FIRST_FRAME)
    server.end.feed(frame)
    assert server.ear.messages == [v.FIRST_MESSAGE, message]
    board = known_board()
    board.end.send(v.FIRST_MESSAGE)
    board.end.send(message)
    assert board.ear.written == [v.FIRST_FRAME, frame]


@from_server
def test_set_b_frames_of_a_server(frame: bytes, message: bytes) -> None:
    server = known_session()
    server.end.send(message)
    assert server.ear.written == [frame]
    board = known_board()
    board.end.feed(frame)
    assert board.ear.messages == [message]


def test_the_next_iv_is_the_first_block_of_ciphertext_and_not_the_last() -> None:
    channel = Channel(v.B_SESSION)
    first = channel.seal(bytes(range(40)))
    again = Channel(v.B_SESSION[:16] + first[2:18] + v.B_SESSION[32:])
    assert channel.seal(b"next") == again.seal(b"next")


# A whole session, captured

DEVICE_ID = bytes.fromhex("0123456789abcdef01234567")


def test_captured_session_from_the_servers_side() -> None:
    ear, given = Ear(), [c.NONCE, c.SESSION]
    server = ServerConnection(ear, c.SERVER_KEY, lambda size: given.pop(0))
    server.start()
    assert ear.take() == c.NONCE
    server.feed(c.CLAIM)
    public = keys.public_der(c.BOARD_KEY)
    assert ear.claims == [(DEVICE_ID, public)]
    server.accept(public)
    # The encryption is random and what is signed depends on it; the rest of the answer does not.
    answer = ear.take()
    board_reads = [keys.read_answer(c.BOARD_KEY, c.SERVER_KEY.public_key(), each) for each in (answer, c.ANSWER)]
    assert board_reads == [c.SESSION, c.SESSION]
    server.feed(c.UP)
    assert ear.messages == c.UP_MESSAGES
    for message in c.DOWN_MESSAGES:
        server.send(message)
    assert ear.take() == c.DOWN
    assert c.UP_MESSAGES[0][2:4] == (int.from_bytes(server.salt[:2], "little") + 1).to_bytes(2, "big")


def test_captured_session_from_the_boards_side() -> None:
    ear = Ear()
    board = ClientConnection(ear, c.BOARD_KEY, keys.public_der(c.SERVER_KEY), DEVICE_ID)
    board.feed(c.NONCE)
    assert len(ear.take()) == len(c.CLAIM)
    board.feed(c.ANSWER)
    for message in c.UP_MESSAGES:
        board.send(message)
    assert ear.take() == c.UP
    board.feed(c.DOWN)
    assert ear.messages == c.DOWN_MESSAGES
