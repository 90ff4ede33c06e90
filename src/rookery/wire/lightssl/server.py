"""The server's end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import rsa

from rookery.wire.lightssl import keys
from rookery.wire.lightssl.channel import Channel
from rookery.wire.lightssl.connection import Connection, Phase, Sink
from rookery.wire.lightssl.errors import KeyUnusable, LocalError, Refused
from rookery.wire.lightssl.limits import CLAIM, NONCE, SERVER_BITS, SESSION, Limits


class ServerSink(Sink, Protocol):
    """Whom a server's connection tells."""

    def identify(self, device_id: bytes, offered_key: bytes | None) -> None:
        """Somebody claims to be `device_id` (12 bytes) and may show a key, both unproven. Look the board up and call
        `accept` or `refuse`, now or later."""


class ServerConnection(Connection):
    """One connection. `key` is the server's, 2048 bits; `random(n)` gives n unpredictable bytes.

    Raises:
        LocalError: another length of key, or limits that cannot be.
    """

    __slots__ = ("_asker", "_key", "_nonce", "_random")

    def __init__(
        self,
        sink: ServerSink,
        key: rsa.RSAPrivateKey,
        random: Callable[[int], bytes],
        *,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(sink, Phase.NEW, limits)
        keys.check_private(key, SERVER_BITS)
        self._asker = sink
        self._key = key
        self._random = random
        self._nonce = b""

    def start(self) -> None:
        """Send the nonce.

        Raises:
            LocalError: the connection was started before.
        """
        if self.phase is not Phase.NEW:
            raise LocalError("the connection was started before")
        self._nonce = self._random(NONCE)
        self.phase = Phase.CLAIM
        self._sink.write(self._nonce)

    def _take(self, data: bytes) -> None:
        if self.phase is Phase.CLAIM:
            if self._exactly(CLAIM, data):
                found = keys.read_claim(self._key, self._nonce, data)
                self.phase = Phase.LOOKUP
                self._asker.identify(*found)
        else:
            super()._take(data)

    def accept(self, public_key: bytes) -> None:
        """Answer the claim with the public key of the board (DER SubjectPublicKeyInfo, RSA of 1024 bits): the one that
        is registered for the claimed id, or, where the application registers at first sight, the one that was shown.
        A key that cannot be used ends the connection with `KeyUnusable`, told to the sink. Without effect when the
        connection has ended meanwhile.

        Raises:
            LocalError: no claim waits for it.
        """
        if not self._waiting():
            return
        try:
            board = keys.board_key(public_key)
            session = self._random(SESSION)
            answer = keys.make_answer(self._key, board, session)
        except KeyUnusable as error:
            self._end(error)
            return
        self._channel = Channel(session)
        self._nonce = b""
        self.phase = Phase.OPEN
        self._sink.write(answer)

    def refuse(self, reason: str) -> None:
        """End the connection with `Refused`. Without effect when it has ended meanwhile.

        Raises:
            LocalError: no claim waits for it.
        """
        if self._waiting():
            self._end(Refused(reason))

    def _waiting(self) -> bool:
        if self.phase not in (Phase.LOOKUP, Phase.CLOSED):
            raise LocalError("no claim waits for a decision")
        return self.phase is Phase.LOOKUP
