"""Passwords of people: argon2id, in a thread, at most two at once.

One hash takes about 50 ms and 64 MiB. Two at once keep both cores of a small machine for those who log in; more would
take the memory and the time of the boards.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

AT_ONCE = 2


class Cost(NamedTuple):
    """What one hash costs."""

    passes: int
    memory_kib: int
    lanes: int


FULL = Cost(3, 65_536, 4)
"""The second recommendation of RFC 9106, section 4."""
THROW_AWAY = Cost(1, 8, 1)
"""For a server that is thrown away, whose only password was drawn at random."""


class Argon2Passwords:
    """`core.people.Passwords`. argon2 is loaded with the first password: most starts see none."""

    def __init__(self, cost: Cost = FULL) -> None:
        self._cost = cost
        self._places = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """The form in which the password is kept; it names its own parameters."""
        async with self._places:
            return await asyncio.to_thread(_hash, self._cost, password)

    async def matches(self, password: str, kept: str) -> bool:
        """Whether `password` is the one behind `kept`. Nothing matches what is no such hash."""
        async with self._places:
            return await asyncio.to_thread(_matches, password, kept)


def _hash(cost: Cost, password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher(cost.passes, cost.memory_kib, cost.lanes).hash(password)


def _matches(password: str, kept: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        # The comparison itself is argon2's own and takes constant time.
        return PasswordHasher().verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False
