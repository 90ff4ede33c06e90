"""Secrets that work once, for a short time and for one purpose: links, authorization codes, half-finished log-ins.

Each has a purpose and is worth nothing for any other: whoever asks says which he means. What is kept is a hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rookery.core.catalog import Catalog, Change, Delete, Insert, Update, changed
from rookery.core.clock import SECOND, Clock
from rookery.core.errors import Conflict
from rookery.core.ids import Identifiers
from rookery.core.records import OneTimeLink

PASSWORD = "owner"  # noqa: S105 - the name of a purpose
"""To set a password. The first one of a server makes its owner, hence the name in the catalog."""
ENROLMENT = "otp"
"""To confirm that an authenticator knows the seed of one-time passwords."""
LOGIN = "mfa"
"""The password was right, and the second factor is still to come."""
CODE = "code"
"""An authorization code: a program is let in by the person whose browser brings it."""

LENGTH = 43
"""Characters: 256 bits of letters and digits, which go into any address as they are."""
TEXT_LIMIT = 128
"""Characters of what can be such a secret at all; more is not worth a hash."""


class Links:
    """Makes them, and takes them back."""

    def __init__(self, catalog: Catalog, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._ids = ids
        self._clock = clock

    async def make(
        self, purpose: str, person_id: str, lifetime: int, details: Mapping[str, Any] | None = None, *, company: int = 0
    ) -> str:
        """A new one. `lifetime` in seconds. Of those that this person has for the same purpose, the `company` newest
        go on working beside it."""
        before = await self._catalog.select(OneTimeLink, person_id=person_id, purpose=purpose)
        token = self._ids.text(LENGTH)
        now = self._clock.now()
        link = OneTimeLink(
            id=link_id(token),
            created_at=now,
            updated_at=now,
            purpose=purpose,
            person_id=person_id,
            expires_at=now + lifetime * SECOND,
            details=dict(details or {}),
        )
        ended = before[: max(len(before) - company, 0)]
        await self._catalog.apply(*(Delete(OneTimeLink, old.id) for old in ended), Insert(link))
        return token

    async def find(self, purpose: str, token: str) -> OneTimeLink | None:
        """The record of one that was made for this purpose, expired or not."""
        if not 0 < len(token) <= TEXT_LIMIT:
            return None
        link = await self._catalog.get(OneTimeLink, link_id(token))
        return link if link is not None and link.purpose == purpose else None

    async def peek(self, purpose: str, token: str) -> OneTimeLink | None:
        """The same, if it still works."""
        link = await self.find(purpose, token)
        return link if link is not None and self.works(link) else None

    def works(self, link: OneTimeLink) -> bool:
        """Whether its time is not over."""
        return link.expires_at > self._clock.now()

    async def take(self, link: OneTimeLink, *more: Change) -> bool:
        """Use it up, and make these changes with it. False, and nothing changes, when somebody else was quicker.

        Raises:
            Unavailable: the store can not write now.
        """
        # A deletion alone would succeed for two at once; only one of them can write the next version.
        mark = Update(changed(link, self._clock.now()))
        try:
            await self._catalog.apply(mark, Delete(OneTimeLink, link.id), *more)
        except Conflict:
            return False
        return True

    async def note(self, link: OneTimeLink, details: Mapping[str, Any]) -> OneTimeLink | None:
        """Write down something about it. None when somebody else changed or used it first."""
        after = changed(link, self._clock.now(), details=dict(details))
        try:
            await self._catalog.apply(Update(after))
        except Conflict:
            return None
        return after

    async def end(self, person_id: str, *purposes: str) -> None:
        """Withdraw all that this person has for these purposes."""
        found = await self._catalog.select(OneTimeLink, person_id=person_id, purpose=purposes)
        await self._catalog.apply(*(Delete(OneTimeLink, link.id) for link in found))


def link_id(token: str) -> str:
    """Under which id a secret is kept."""
    return hashlib.sha256(token.encode()).hexdigest()
