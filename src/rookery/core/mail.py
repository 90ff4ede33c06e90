"""Mail: what the server tells people by e-mail, and what it asks of whoever carries it."""

from __future__ import annotations

from typing import Protocol

import msgspec


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One message of plain text to one address."""

    to: str
    subject: str
    text: str


class MailDelayed(Exception):
    """It was not taken now, and may be later. `str()` is a plain sentence for the operator."""


class MailRefused(Exception):
    """It will never be taken. `str()` is a plain sentence for the operator."""


class Mailer(Protocol):
    """Who carries mail."""

    async def send(self, mail: Mail) -> None:
        """Return when somebody else has taken it over.

        Raises:
            MailDelayed: trying again later may help.
            MailRefused: it never will.
        """
