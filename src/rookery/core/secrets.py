"""How secrets are kept: never as they are, always compared in constant time.

Four kinds with four treatments:

* Passwords of people are chosen by people: argon2, 50 ms each, in a thread (`core.people`).
* Secrets of API keys are 64 characters that we draw: SHA-256 is enough, nobody can search 380 bits.
* Secret keys of boards are usually drawn by us but may be chosen by a user, and ten thousand boards come back at once
  after a restart, which rules argon2 out. They are kept as salt + HMAC-SHA-256 under a pepper that lies outside the
  database: a stolen database alone can not be searched.
* What the server itself has to say again (keys of sessions with boards, seeds of one-time passwords) can not be hashed.
  It is sealed with AES-256-GCM under a key that follows from the pepper.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

SALT_SIZE = 16
NONCE_SIZE = 12
"""Of AES-GCM (NIST SP 800-38D §8.2.2). Random: with 2^32 sealings under one key two meet with a chance of 2^-33."""


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


class Unsealable(ValueError):
    """The bytes were sealed under another pepper or for something else, or were changed."""


class Sealed:
    """Keeps what must be read again. `about` is bound to it: what was sealed for one thing opens for no other."""

    def __init__(self, pepper: bytes, random: Callable[[int], bytes]) -> None:
        # Loaded by whoever seals, which at start is nobody.
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(hmac.digest(pepper, b"sealing", "sha256"))
        self._random = random

    def seal(self, secret: bytes, about: str) -> bytes:
        """The form in which `secret` is kept."""
        nonce = self._random(NONCE_SIZE)
        return nonce + self._cipher.encrypt(nonce, secret, about.encode())

    def open(self, kept: bytes, about: str) -> bytes:
        """What was sealed.

        Raises:
            Unsealable: not by this server, or not about this.
        """
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher.decrypt(kept[:NONCE_SIZE], kept[NONCE_SIZE:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise Unsealable("this was not sealed here, or not for this") from error
