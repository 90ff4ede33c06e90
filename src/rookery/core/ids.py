"""Identifiers and secrets, made from randomness that is given."""

from __future__ import annotations

import string
import uuid
from collections.abc import Callable

RandomBytes = Callable[[int], bytes]
"""`os.urandom` in production; a seeded generator in tests."""

LETTERS = string.ascii_letters + string.digits


class Identifiers:
    """Makes ids and secrets."""

    def __init__(self, random_bytes: RandomBytes) -> None:
        self._random = random_bytes

    def uuid(self) -> str:
        """A random UUID in its usual lower-case text form."""
        return str(uuid.UUID(bytes=self._random(16), version=4))

    def hex(self, digits: int) -> str:
        """Lower-case hex digits."""
        return self._random((digits + 1) // 2).hex()[:digits]

    def text(self, length: int, alphabet: str = LETTERS) -> str:
        """`length` characters, each equally likely."""
        fair = 256 - 256 % len(alphabet)
        out: list[str] = []
        while len(out) < length:
            out.extend(alphabet[b % len(alphabet)] for b in self._random(2 * length) if b < fair)
        return "".join(out[:length])

    def bytes(self, count: int) -> bytes:
        """Random bytes."""
        return self._random(count)


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID in the 36-character form, in either case."""
    if len(text) != 36:
        return False
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
