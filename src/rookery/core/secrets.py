"""How secrets are kept: never as they are, always compared in constant time.

Three kinds with three treatments:

* Passwords of people are chosen by people: argon2, 50 ms each, in a thread (`core.people`).
* Secrets of API keys are 64 characters that we draw: SHA-256 is enough, nobody can search 380 bits.
* Secret keys of boards are usually drawn by us but may be chosen by a user, and ten thousand boards come back at once
  after a restart, which rules argon2 out. They are kept as salt + HMAC-SHA-256 under a pepper that lies outside the
  database: a stolen database alone can not be searched.
"""

from __future__ import annotations

import hashlib
import hmac

SALT_SIZE = 16


def digest(secret: str) -> bytes:
    """The form in which a secret that we drew is kept."""
    return hashlib.sha256(secret.encode()).digest()


def digest_matches(secret: str, kept: bytes) -> bool:
    """Whether `secret` is the one behind `kept`."""
    return hmac.compare_digest(digest(secret), kept)


class Peppered:
    """Keeps secrets that may be weak, under a pepper of at least 16 bytes."""

    def __init__(self, pepper: bytes) -> None:
        if len(pepper) < 16:
            raise ValueError("a pepper has at least 16 bytes")
        self._pepper = pepper

    def keep(self, secret: str, salt: bytes) -> bytes:
        """The form in which `secret` is kept."""
        return salt + hmac.digest(self._pepper, salt + secret.encode(), "sha256")

    def matches(self, secret: str, kept: bytes) -> bool:
        """Whether `secret` is the one behind `kept`."""
        return hmac.compare_digest(self.keep(secret, kept[:SALT_SIZE]), kept)
