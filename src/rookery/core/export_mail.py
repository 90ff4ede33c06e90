"""Mail about exports: whoever has asked for a file gets the link to it when the file is there.

What is to be said is part of what is known of the export, so a restart says it too. In between, a mail may go out a
second time; none is forgotten.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from rookery.core.access import Action, may
from rookery.core.clock import Clock, Timer
from rookery.core.errors import NotFound
from rookery.core.mail import Mail, MailDelayed, Mailer, MailRefused
from rookery.core.people import People
from rookery.core.records import Person

if TYPE_CHECKING:
    from rookery.core.exports import Export

log = structlog.get_logger("rookery.exports")

AGAIN = (60.0, 600.0, 3_600.0, 6 * 3_600.0)
"""Seconds until the next try, then no more: a mail server that is restarted is back by then, and the link still
works for days (`exports.LIFETIME`)."""
NAMED = 20
"""Variables that are named in a mail; of more, it says how many."""
NAME_LENGTH = 80
"""Characters of a name in a mail: longer ones only fill the page."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Told = Callable[[str, str], Awaitable[None]]
"""Takes the id of an export and why nobody can be told; "" when they have been."""


class ExportMail:
    """The mail of one node about its exports, one after the other.

    There are never more to be sent than there are exports, and those are bounded for each person.

    Args:
        link: the address of a file, by the secret part of its link.
    """

    def __init__(self, people: People, mailer: Mailer, clock: Clock, link: Callable[[str], str]) -> None:
        self._people = people
        self._mailer = mailer
        self._clock = clock
        self._link = link
        self._queue: deque[tuple[Export, str, int]] = deque()
        self._waiting: dict[str, Timer] = {}
        self._worker: asyncio.Task[None] | None = None
        self._told: Told | None = None
        self._closed = False

    def open(self, told: Told) -> None:
        """Say who wants to know how it ended."""
        self._told = told

    def add(self, export: Export, token: str, tries: int = 0) -> None:
        """Tell the person who asked for it. Returns at once."""
        self._waiting.pop(export.id, None)
        self._queue.append((export, token, tries))
        if not self._closed and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._send_all())

    async def close(self) -> None:
        """Stop. What has not been said is added again by the next life."""
        self._closed = True
        for timer in self._waiting.values():
            timer.cancel()
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])

    async def idle(self) -> None:
        """Wait until nothing is being sent; what waits for its next try does not count."""
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])

    async def _send_all(self) -> None:
        while self._queue:
            export, token, tries = self._queue.popleft()
            try:
                reason = await self._sent(export, token)
            except MailDelayed as error:
                if tries < len(AGAIN):
                    log.info("exports.mail_waits", id=export.id, reason=str(error), seconds=AGAIN[tries])
                    timer = self._clock.call_later(AGAIN[tries], self.add, export, token, tries + 1)
                    self._waiting[export.id] = timer
                    continue
                reason = str(error)
            except Exception:
                log.exception("exports.mail_failed", id=export.id)
                reason = "Something went wrong on the server; its log says what."
            if reason:
                log.warning("exports.mail_failed", id=export.id, reason=reason)
            if self._told is not None:
                await self._told(export.id, reason)

    async def _sent(self, export: Export, token: str) -> str:
        """Send it; why that can not be, or ""."""
        if export.expires_at is not None and export.expires_at <= self._clock.now():
            return "The time of the file was over before a mail could be sent."
        try:
            who = await self._people.principal(export.person_id)
            person = await self._people.find(export.person_id)
        except NotFound:
            return "The person who has asked for it is gone."
        if not all(may(who, Action.READ, space_id) for space_id in export.space_ids):
            return "The person who has asked for it may not read all of it any more."
        try:
            await self._mailer.send(letter(export, person, self._link(token)))
        except MailRefused as error:
            return str(error)
        return ""


def letter(export: Export, person: Person, link: str) -> Mail:
    """The mail about an export that is ready."""
    names = [_line(f"{part.thing} / {part.name}" if part.thing else part.name) for part in export.parts[:NAMED]]
    if len(export.parts) > NAMED:
        names.append(f"and {len(export.parts) - NAMED} more")
    until = f" until {_moment(export.expires_at)}" if export.expires_at is not None else ""
    text = [
        f"The history that you asked for on {_moment(export.created_at)} is ready:",
        "",
        link,
        "",
        f"The link works{until}, for everybody who has it: keep it to yourself.",
        "It leads to a ZIP with a CSV for each variable and",
        f"{export.rows:,} {'row' if export.rows == 1 else 'rows'}, {_size(export.size)}.",
        "",
        f"From {_moment(export.start)}",
        f"to   {_moment(export.end)}",
        "",
        *(f"* {name}" for name in names),
        "",
    ]
    count = len(export.parts)
    subject = "Your history is ready: " + (names[0] if count == 1 else f"{count} variables")
    return Mail(to=person.email, subject=subject, text="\n".join(text))


def _line(name: str) -> str:
    """A name on one line: people may have put anything into it."""
    plain = "".join(character if character.isprintable() else " " for character in name)
    return plain if len(plain) <= NAME_LENGTH else plain[: NAME_LENGTH - 1] + "…"


def _moment(time: int) -> str:
    return (_EPOCH + timedelta(microseconds=time)).strftime("%Y-%m-%d %H:%M UTC")


def _size(size: int) -> str:
    for unit, factor in (("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} bytes"
