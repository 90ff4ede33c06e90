"""The board's end: for tests and for simulated boards."""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat.primitives.asymmetric import rsa

from rookery.wire.lightssl import keys
from rookery.wire.lightssl.channel import Channel
from rookery.wire.lightssl.connection import Connection, Phase, Sink
from rookery.wire.lightssl.errors import LocalError
from rookery.wire.lightssl.limits import ANSWER, BOARD_BITS, CLAIM, DEVICE_ID, NONCE, Limits

_LONGEST_OFFER = CLAIM - 11 - NONCE - DEVICE_ID
"""What the padding leaves room for (RFC 8017, 7.2.1)."""


class ClientSink(Sink, Protocol):
    """Whom a client's connection tells."""

    def opened(self) -> None:
        """The server has proven itself; `send` works from now on."""


class ClientConnection(Connection):
    """One connection. `key` is the board's, 1024 bits; `server_key` the server's DER SubjectPublicKeyInfo; `device_id`
    12 bytes. `offers_key` False is a board of the oldest kind, which shows no key. It waits for the nonce at once.

    Raises:
        LocalError: a key or an id of another length or kind, or limits that cannot be.
    """

    __slots__ = ("_device_id", "_key", "_listener", "_offer", "_server")

    def __init__(
        self,
        sink: ClientSink,
        key: rsa.RSAPrivateKey,
        server_key: bytes,
        device_id: bytes,
        *,
        offers_key: bool = True,
        limits: Limits | None = None,
    ) -> None:
        super().__init__(sink, Phase.NONCE, limits)
        keys.check_private(key, BOARD_BITS)
        if len(device_id) != DEVICE_ID:
            raise LocalError(f"a device id has {DEVICE_ID} bytes")
        self._listener = sink
        self._key = key
        self._server = keys.server_key(server_key)
        self._device_id = device_id
        self._offer = keys.public_der(key) if offers_key else b""
        if len(self._offer) > _LONGEST_OFFER:
            raise LocalError("the board's public key does not fit into a claim")

    def _take(self, data: bytes) -> None:
        if self.phase is Phase.NONCE:
            if self._exactly(NONCE, data):
                self.phase = Phase.ANSWER
                self._sink.write(keys.make_claim(self._server, data, self._device_id, self._offer))
        elif self.phase is Phase.ANSWER:
            self._answer(data)
        else:
            super()._take(data)

    def _answer(self, data: bytes) -> None:
        # Frames may follow at once: from here on the server may speak when it likes.
        if len(data) < ANSWER:
            self._rest = data
            return
        self._channel = Channel(keys.read_answer(self._key, self._server, data[:ANSWER]))
        self.phase = Phase.OPEN
        self._listener.opened()
        self._frames(data[ANSWER:])
