"""How long things are, and what a peer may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

NONCE: Final = 40
DEVICE_ID: Final = 12
CLAIM: Final = 256
"""One RSA-2048 block. Its plaintext is the nonce, the device id and perhaps a key: 52 bytes from the oldest boards, 214
from all others. Seen, both."""
SESSION: Final = 40
"""AES key, first IV, salt."""
SESSION_CIPHER: Final = 128
"""A: one RSA-1024 block."""
SIGNATURE: Final = 256
"""B: one RSA-2048 block."""
ANSWER: Final = SESSION_CIPHER + SIGNATURE
BLOCK: Final = 16
LENGTH: Final = 2
"""The length before a frame's ciphertext."""
LONGEST_FRAME: Final = 0xFFF0
"""Of ciphertext: the largest multiple of a block that the length can say."""

BOARD_BITS: Final = 1024
"""Of a board's key. Boards have room for this length in their flash and in their buffers, and for no other."""
SERVER_BITS: Final = 2048
LARGEST_EXPONENT: Final = 1 << 32
"""Of a board's public key. Boards have 65537; an exponent as long as the modulus would make an answer cost 20 times as
much."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What peers may cost. Nothing else is kept of a peer: before a connection is open at most one claim (256 bytes) or
    answer (384), afterwards at most one frame that has not come whole."""

    frame: int = 2048
    """Largest ciphertext of a frame, either way. The largest message that any firmware takes or makes has 1,152 bytes,
    which is 1,168 with padding; a longer one is an attack or a stream that is out of step."""
