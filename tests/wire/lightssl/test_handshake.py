"""The handshake: who says what, what the other side must see, and everything that ends it."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from rookery.wire.lightssl import keys
from rookery.wire.lightssl.connection import Phase
from rookery.wire.lightssl.errors import (
    ClaimUnreadable,
    KeyUnusable,
    LocalError,
    OutOfTurn,
    PeerError,
    ProofFailed,
    Refused,
)
from rookery.wire.lightssl.limits import Limits
from tests.wire.lightssl import vectors as v
from tests.wire.lightssl.world import (
    BOARD,
    BOARD_ID,
    BOARD_PUBLIC,
    SERVER_KEY,
    SERVER_PUBLIC,
    STRANGER,
    STRANGER_PUBLIC,
    Board,
    Ear,
    Server,
    claimed,
    opened,
)


def died(end: object, ear: Ear, kind: type[PeerError]) -> None:
    """The connection has ended by `kind`, which was told once."""
    assert getattr(end, "phase") is Phase.CLOSED  # noqa: B009  # either end
    assert [type(error) for error in ear.errors] == [kind]


def claim(plain: bytes) -> bytes:
    return SERVER_KEY.public_key().encrypt(plain, PKCS1v15())


def waiting(**more: bytes) -> tuple[Server, bytes]:
    """A server that waits for the claim, and its nonce."""
    server = Server(**more)  # type: ignore[arg-type]
    server.end.start()
    return server, server.ear.take()


# What goes well


@pytest.mark.parametrize("offers_key", [True, False], ids=["shows its key", "the oldest boards"])
def test_handshake_and_messages_both_ways(offers_key: bool) -> None:
    server, board = Server(), Board(offers_key=offers_key)
    server.end.start()
    nonce = server.ear.take()
    assert len(nonce) == 40
    board.end.feed(nonce)
    said = board.ear.take()
    assert len(said) == 256
    server.end.feed(said)
    assert server.ear.claims == [(BOARD_ID, BOARD_PUBLIC if offers_key else None)]
    assert (server.ear.written, board.ear.opens) == ([], 0)
    server.end.accept(BOARD_PUBLIC)
    assert [len(each) for each in server.ear.written] == [384]
    board.end.feed(server.ear.take())
    assert board.ear.opens == 1
    assert server.end.salt == board.end.salt
    board.end.send(b"from the board")
    server.end.feed(board.ear.take())
    server.end.send(b"from the server")
    board.end.feed(server.ear.take())
    assert (server.ear.messages, board.ear.messages) == ([b"from the board"], [b"from the server"])
    assert server.ear.errors == board.ear.errors == []


def test_the_board_may_be_accepted_while_it_is_being_identified() -> None:
    server, board = Server(), Board()
    server.ear.on_claim = lambda device_id, offered: server.end.accept(offered or b"")
    server.end.start()
    board.end.feed(server.ear.take())
    server.end.feed(board.ear.take())
    board.end.feed(server.ear.take())
    assert server.end.phase is board.end.phase is Phase.OPEN


def test_a_server_may_speak_right_behind_its_answer() -> None:
    server, board = Server(), Board()
    claimed(server, board)
    server.end.accept(BOARD_PUBLIC)
    server.end.send(b"welcome")
    board.end.feed(server.ear.take())
    assert board.ear.messages == [b"welcome"]


def test_every_connection_has_a_nonce_and_session_bytes_of_its_own() -> None:
    salts, nonces = set(), set()
    for seed in range(5):
        server, board = Server(seed), Board()
        opened(server, board)
        salts.add(server.end.salt)
        nonces.add(waiting(seed=seed)[1])  # type: ignore[arg-type]
    assert len(salts) == len(nonces) == 5


# Claims


CLAIMS = {
    "shortest": 0,
    "a key": 162,
    "as long as the padding lets it be": 193,
}


@pytest.mark.parametrize("extra", CLAIMS.values(), ids=CLAIMS)
def test_what_follows_the_id_is_the_key_that_is_shown(extra: int) -> None:
    server, nonce = waiting()
    server.end.feed(claim(nonce + BOARD_ID + b"k" * extra))
    assert server.ear.claims == [(BOARD_ID, b"k" * extra or None)]


WRONG_CLAIMS = {
    "another nonce": lambda nonce: claim(bytes(40) + BOARD_ID + BOARD_PUBLIC),
    "last byte of the nonce": lambda nonce: claim(nonce[:-1] + bytes((nonce[-1] ^ 1,)) + BOARD_ID),
    "an id too short": lambda nonce: claim(nonce + BOARD_ID[:-1]),
    "a nonce too short": lambda nonce: claim(nonce[:-1]),
    "nothing": lambda nonce: claim(b""),
    "a wrong padding": lambda nonce: bytes(255) + b"\2",
    "zero": lambda nonce: bytes(256),
    "beyond the modulus": lambda nonce: b"\xff" * 256,
    "another server's key": lambda nonce: keys.make_claim(
        keys.server_key(v.A_SERVER_PUBLIC), nonce, BOARD_ID, BOARD_PUBLIC
    ),
}


@pytest.mark.parametrize("name", WRONG_CLAIMS)
def test_whatever_is_wrong_with_a_claim_the_answer_is_the_same(name: str) -> None:
    server, nonce = waiting()
    with pytest.raises(ClaimUnreadable) as caught:
        server.end.feed(WRONG_CLAIMS[name](nonce))
    died(server.end, server.ear, ClaimUnreadable)
    assert (server.ear.claims, server.ear.written) == ([], [])
    assert str(caught.value) == str(ClaimUnreadable())
    assert caught.value.__cause__ is None


def test_a_claim_of_another_connection_is_worth_nothing() -> None:
    server, board = Server(1), Board()
    server.end.start()
    board.end.feed(server.ear.take())
    recorded = board.ear.take()
    again, _ = waiting(seed=2)  # type: ignore[arg-type]
    with pytest.raises(ClaimUnreadable):
        again.end.feed(recorded)


@pytest.mark.parametrize("moment", ["with the claim", "during the lookup"])
def test_who_speaks_before_the_answer_is_out_of_turn(moment: str) -> None:
    server, nonce = waiting()
    said = claim(nonce + BOARD_ID)
    if moment == "during the lookup":
        server.end.feed(said)
        said = b""
    with pytest.raises(OutOfTurn):
        server.end.feed(said + b"\0")
    died(server.end, server.ear, OutOfTurn)


def test_a_server_that_was_not_started_hears_nobody() -> None:
    server = Server()
    with pytest.raises(OutOfTurn):
        server.end.feed(b"x")
    died(server.end, server.ear, OutOfTurn)


# The decision of the application


def test_a_refused_board_is_told_nothing() -> None:
    server, board = Server(), Board()
    claimed(server, board)
    server.end.refuse("nobody knows it")
    died(server.end, server.ear, Refused)
    assert server.ear.errors[0].reason == "nobody knows it"
    assert server.ear.written == []
    server.end.feed(b"more")
    server.end.accept(BOARD_PUBLIC)
    server.end.refuse("once more")
    assert len(server.ear.errors) == 1


def test_a_decision_that_comes_after_the_end_does_nothing() -> None:
    server, board = Server(), Board()
    claimed(server, board)
    server.end.close()
    server.end.accept(BOARD_PUBLIC)
    server.end.refuse("too late")
    assert (server.end.phase, server.ear.written, server.ear.errors) == (Phase.CLOSED, [], [])


def spki(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def changed(n: int = 0, e: int = 65537) -> bytes:
    """The board's key as SubjectPublicKeyInfo with another modulus or exponent."""
    number = n or BOARD.public_key().public_numbers().n
    body = b"".join(_integer(value) for value in (number, e))
    key = _der(0x03, b"\0" + _der(0x30, body))
    return _der(0x30, bytes.fromhex("300d06092a864886f70d0101010500") + key)


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, body: bytes) -> bytes:
    size = len(body)
    long = b"" if size < 128 else b"\x81" if size < 256 else b"\x82"
    return bytes((tag,)) + long + size.to_bytes(max(1, len(long) and long[0] & 3), "big") + body


MODULUS = BOARD.public_key().public_numbers().n
UNUSABLE = {
    "nothing": b"",
    "no key": b"not a key at all",
    "cut": BOARD_PUBLIC[:-1],
    "followed by something": BOARD_PUBLIC + b"\xff",
    "PEM": BOARD.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
    "2048 bits": SERVER_PUBLIC,
    "1023 bits": changed(n=MODULUS >> 1 | 1),
    "elliptic": spki(ec.generate_private_key(ec.SECP256R1())),
    "Edwards": spki(ed25519.Ed25519PrivateKey.generate()),
    "an even modulus": changed(n=MODULUS - 1),
    "exponent 1": changed(e=1),
    "an even exponent": changed(e=65538),
    "a long exponent": changed(e=(1 << 100) + 1),
    "an exponent like the modulus": changed(e=MODULUS - 2),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_key_that_cannot_be_used_ends_the_connection(name: str) -> None:
    server, board = Server(), Board()
    claimed(server, board)
    server.end.accept(UNUSABLE[name])
    died(server.end, server.ear, KeyUnusable)
    assert server.ear.written == []


def test_the_key_that_these_tests_put_together_is_a_good_one() -> None:
    assert changed() == BOARD_PUBLIC
    assert keys.board_key(changed(e=3)).public_numbers().e == 3


# What a board believes


def test_who_has_not_the_key_cannot_read_the_answer() -> None:
    server, stranger = Server(), Board(STRANGER, offers_key=False)
    claimed(server, stranger)
    server.end.accept(BOARD_PUBLIC)
    with pytest.raises(ProofFailed):
        stranger.end.feed(server.ear.take())
    died(stranger.end, stranger.ear, ProofFailed)


def test_another_server_cannot_sign() -> None:
    session = bytes(40)
    other = rsa.generate_private_key(65537, 2048)
    board = Board()
    board.end.feed(bytes(40))
    with pytest.raises(ProofFailed, match="signature"):
        board.end.feed(keys.make_answer(other, keys.board_key(BOARD_PUBLIC), session))
    died(board.end, board.ear, ProofFailed)
    assert board.ear.opens == 0


def test_session_bytes_of_another_length_are_none() -> None:
    board = Board()
    board.end.feed(bytes(40))
    with pytest.raises(ProofFailed, match="session bytes"):
        board.end.feed(keys.make_answer(SERVER_KEY, keys.board_key(BOARD_PUBLIC), bytes(39)))


def test_a_server_that_speaks_on_after_its_nonce_is_none() -> None:
    board = Board()
    with pytest.raises(OutOfTurn):
        board.end.feed(bytes(41))
    died(board.end, board.ear, OutOfTurn)
    assert board.ear.written == []


# What a program may not ask for


def test_the_wrong_moment() -> None:
    server, board = Server(), Board()
    for act in (
        lambda: server.end.accept(BOARD_PUBLIC),
        lambda: server.end.refuse("no"),
        lambda: server.end.send(b"x"),
        lambda: server.end.salt,
    ):
        with pytest.raises(LocalError):
            act()
    server.end.start()
    with pytest.raises(LocalError):
        server.end.start()
    with pytest.raises(LocalError):
        board.end.send(b"x")
    board.end.feed(server.ear.take())
    server.end.feed(board.ear.take())
    server.end.accept(BOARD_PUBLIC)
    with pytest.raises(LocalError):
        server.end.accept(BOARD_PUBLIC)
    server.end.close()
    with pytest.raises(LocalError):
        server.end.send(b"x")
    assert server.ear.errors == []


@pytest.mark.parametrize("frame", [0, 8, 24, 0x10000], ids=str)
def test_limits_that_cannot_be(frame: int) -> None:
    with pytest.raises(LocalError):
        Server(limits=Limits(frame=frame))


@pytest.mark.parametrize("server", [b"", BOARD_PUBLIC, STRANGER_PUBLIC, UNUSABLE["elliptic"]], ids=len)
def test_a_board_wants_a_servers_key(server: bytes) -> None:
    with pytest.raises(LocalError):
        Board(server=server)


def test_lengths_of_our_own_keys_and_ids() -> None:
    with pytest.raises(LocalError):
        Board(SERVER_KEY)
    with pytest.raises(LocalError):
        Board(device_id=b"short")
    with pytest.raises(LocalError):
        keys.check_private(BOARD, 2048)
