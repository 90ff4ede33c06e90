"""A server and a board of tests, and the wire between them."""

from __future__ import annotations

import random
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric import rsa

from rookery.wire.lightssl.client import ClientConnection
from rookery.wire.lightssl.connection import Phase
from rookery.wire.lightssl.errors import PeerError
from rookery.wire.lightssl.keys import public_der
from rookery.wire.lightssl.limits import Limits
from rookery.wire.lightssl.server import ServerConnection
from tests.wire.lightssl import vectors as v

SERVER_KEY = rsa.generate_private_key(65537, 2048)
SERVER_PUBLIC = public_der(SERVER_KEY)
BOARD = v.B_BOARD_KEY
BOARD_PUBLIC = public_der(BOARD)
BOARD_ID = v.B_DEVICE_ID
STRANGER = v.A_BOARD_KEY
STRANGER_PUBLIC = public_der(STRANGER)


class Ear:
    """What a connection told its sink, in order."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.claims: list[tuple[bytes, bytes | None]] = []
        self.messages: list[bytes] = []
        self.errors: list[PeerError] = []
        self.opens = 0
        self.on_claim: Callable[[bytes, bytes | None], None] = lambda device_id, offered: None
        self.on_message: Callable[[bytes], None] = lambda data: None

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def identify(self, device_id: bytes, offered_key: bytes | None) -> None:
        self.claims.append((device_id, offered_key))
        self.on_claim(device_id, offered_key)

    def message(self, data: bytes) -> None:
        assert not self.errors
        self.messages.append(data)
        self.on_message(data)

    def opened(self) -> None:
        self.opens += 1

    def failed(self, error: PeerError) -> None:
        self.errors.append(error)

    def take(self) -> bytes:
        """What was written since the last time."""
        written, self.written = b"".join(self.written), []
        return written


class Server:
    """A server's connection. `seed` drives its randomness; `session` fixes the session bytes."""

    def __init__(
        self, seed: int = 1, *, session: bytes = b"", nonce: bytes = b"", limits: Limits | None = None
    ) -> None:
        self.ear = Ear()
        source = random.Random(seed)
        given = [nonce, session]

        def draw(size: int) -> bytes:
            return (given.pop(0) if given else b"") or source.randbytes(size)

        self.end = ServerConnection(self.ear, SERVER_KEY, draw, limits=limits)


class Board:
    """A board's connection."""

    def __init__(
        self,
        key: rsa.RSAPrivateKey = BOARD,
        *,
        server: bytes = SERVER_PUBLIC,
        device_id: bytes = BOARD_ID,
        offers_key: bool = True,
        limits: Limits | None = None,
    ) -> None:
        self.ear = Ear()
        self.end = ClientConnection(self.ear, key, server, device_id, offers_key=offers_key, limits=limits)


def claimed(server: Server, board: Board) -> None:
    """Bring both to where the server looks the board up."""
    server.end.start()
    board.end.feed(server.ear.take())
    server.end.feed(board.ear.take())
    assert server.end.phase is Phase.LOOKUP


def opened(server: Server, board: Board) -> None:
    """Bring both to where they can talk."""
    claimed(server, board)
    server.end.accept(BOARD_PUBLIC)
    board.end.feed(server.ear.take())
    assert server.end.phase is board.end.phase is Phase.OPEN


def known_session() -> Server:
    """A server that is open with the session bytes of vector set B."""
    server = Server(session=v.B_SESSION)
    claimed(server, Board())
    server.end.accept(BOARD_PUBLIC)
    server.ear.take()
    return server


def known_board() -> Board:
    """A board that is open with the session of vector set B, by the very bytes of its server."""
    board = Board(server=v.B_SERVER_PUBLIC)
    board.end.feed(v.B_NONCE)
    board.end.feed(v.B_ANSWER)
    board.ear.take()
    assert board.end.phase is Phase.OPEN
    return board
