"""Frames: AES-128 in CBC mode with a chain of IVs for each direction."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES128
from cryptography.hazmat.primitives.ciphers.modes import CBC

from rookery.wire.lightssl.errors import BrokenStream
from rookery.wire.lightssl.limits import BLOCK, LENGTH

_PADDINGS: Final = (b"", *(bytes((size,)) * size for size in range(1, BLOCK + 1)))


class Channel:
    """The state of one connection after the handshake. `session` is its 40 bytes; both ends make the same of them."""

    __slots__ = ("_aes", "_read_iv", "_write_iv", "salt")

    def __init__(self, session: bytes) -> None:
        # Making a cipher for each frame costs 3 µs; keeping two would triple the 0.5 KB of an idle connection.
        self._aes = AES128(session[:BLOCK])
        self._read_iv = self._write_iv = session[BLOCK : 2 * BLOCK]
        self.salt = session[2 * BLOCK :]
        """8 bytes. A board's first message has the number salt[0:2] + 1 (little-endian; big-endian the oldest)."""

    def seal(self, message: bytes) -> bytes:
        """The frame of `message`, length and ciphertext."""
        cipher = Cipher(self._aes, CBC(self._write_iv)).encryptor()
        body = cipher.update(message + _PADDINGS[BLOCK - len(message) % BLOCK])
        self._write_iv = body[:BLOCK]
        return len(body).to_bytes(LENGTH, "big") + body

    def open(self, body: bytes) -> bytes:
        """The message in `body`, the ciphertext of one frame: one or more whole blocks.

        Raises:
            BrokenStream: the padding is wrong.
        """
        plain = Cipher(self._aes, CBC(self._read_iv)).decryptor().update(body)
        self._read_iv = body[:BLOCK]
        size = plain[-1]
        if not 1 <= size <= BLOCK or not plain.endswith(_PADDINGS[size]):
            raise BrokenStream("the padding of a frame is wrong")
        return plain[:-size]
