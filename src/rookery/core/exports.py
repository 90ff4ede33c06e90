"""Exports: the history of some variables as a file behind a link.

Whoever may read the variables asks; the answer comes at once and the file later. One export is written at a time: page
by page, so that everybody else's reading goes on in between. What was asked for is on disk before it is acknowledged,
so a restart does not lose it: what was not finished is begun anew. Where the server can send mail, whoever asked gets
the link by mail too.

The link is made of the export's id and a secret of the server, not stored. It can be shown to its owner again, and
whoever reads the disk or a backup of the files alone can not make it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec
import structlog

from rookery.core.access import Action, Principal, may
from rookery.core.catalog import Catalog
from rookery.core.clock import DAY, Clock
from rookery.core.errors import NotFound, Unavailable
from rookery.core.export_mail import ExportMail
from rookery.core.ids import Identifiers
from rookery.core.paging import read_page
from rookery.core.points import Point, Telemetry
from rookery.core.records import Thing, ValueKind
from rookery.core.variables import Variables

log = structlog.get_logger("rookery.exports")

LIFETIME = 7 * DAY
"""How long a file is there, from the moment it is ready: a week of holidays."""
QUEUE_LIMIT = 16
"""Exports under way on this node, of everybody: each may take minutes, and nobody waits for hours."""
UNDER_WAY_OF_PERSON = 4
"""Exports under way of one person, so that nobody takes the whole queue."""
KEPT_OF_PERSON = 20
"""Exports of one person; a further one takes the place of the oldest that is over. Files are large, disks are not."""
PAGE = 2_000
"""Points read at once: a few milliseconds of work."""


class ExportState(StrEnum):
    """How far an export is."""

    WAITING = "waiting"
    RUNNING = "running"
    READY = "ready"
    FAILED = "failed"


class MailState(StrEnum):
    """Whether the person who asked was told by mail."""

    NONE = "none"
    """There is no mail: it was not set up when the file was ready."""
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


UNDER_WAY = (ExportState.WAITING, ExportState.RUNNING)


class ExportPart(msgspec.Struct, frozen=True, kw_only=True):
    """One variable as it was when the export was asked for."""

    variable_id: str
    thing: str
    name: str
    type: str
    kind: ValueKind
    series: int


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """One export. Times are UTC microseconds; points with start <= time < end go into it."""

    id: str
    person_id: str
    space_ids: tuple[str, ...]
    """The spaces of its variables."""
    created_at: int
    start: int
    end: int
    parts: tuple[ExportPart, ...]
    state: ExportState = ExportState.WAITING
    rows: int = 0
    """Points that are in the file; while it is written, so far."""
    total: int = 0
    """Points that there were when it was begun."""
    size: int = 0
    """Bytes of the file."""
    expires_at: int | None = None
    """When it is removed; None while it is under way."""
    reason: str = ""
    """Why it failed, in a sentence for its owner."""
    mail: MailState = MailState.NONE
    mail_reason: str = ""
    """Why no mail could be sent, in a sentence."""


class Download(Protocol):
    """A finished file, open for reading. Whoever gets one closes it."""

    @property
    def size(self) -> int:
        """Bytes of the whole file."""

    async def read(self) -> bytes:
        """The next bytes; none at the end."""

    def close(self) -> None:
        """Let go of the file. Harmless when done twice."""


class ExportFailed(Exception):
    """A file can not be written or read. `str()` is a plain sentence for the owner of the export."""


class ExportWriter(Protocol):
    """A file that is being written. Each method returns when it is done, and raises `ExportFailed`."""

    async def table(self, part: ExportPart, columns: Sequence[str]) -> None:
        """Begin the next variable. `columns` are its components, and `value` where some values have none; no columns
        at all for plain values."""

    async def rows(self, points: Sequence[Point]) -> None:
        """The next points of this variable, ascending."""

    async def finish(self) -> int:
        """Make the file visible, as a whole; returns its length in bytes."""

    async def abandon(self) -> None:
        """Leave nothing behind. Harmless when done twice or after `finish`; never raises."""


class ExportFiles(Protocol):
    """Where exports and what is known of them are kept."""

    async def load(self) -> list[Export]:
        """All that is known, and remove what an earlier life has left half written."""

    async def keep(self, export: Export) -> None:
        """Write down this state of an export. Raises `ExportFailed`; then the earlier state is still there."""

    def write(self, export: Export) -> ExportWriter:
        """A writer for the file of an export; there is nothing on disk before its first step."""

    async def read(self, id: str) -> Download | None:
        """Open a finished file; None when it is not there."""

    async def remove(self, id: str) -> None:
        """Remove the file and what is known of it. Harmless when there is none."""


class Exports:
    """The exports of one node.

    Args:
        secret: at least 16 bytes that nobody else has; links stay valid as long as it is the same.
    """

    def __init__(
        self,
        catalog: Catalog,
        telemetry: Telemetry,
        variables: Variables,
        files: ExportFiles,
        ids: Identifiers,
        clock: Clock,
        secret: bytes,
    ) -> None:
        if len(secret) < 16:
            raise ValueError("a secret has at least 16 bytes")
        self._catalog = catalog
        self._telemetry = telemetry
        self._variables = variables
        self._files = files
        self._ids = ids
        self._clock = clock
        self._secret = secret
        self._exports: dict[str, Export] = {}
        self._by_digest: dict[bytes, str] = {}
        self._queue: deque[str] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._mail: ExportMail | None = None
        self._closed = False
        self.watchers: set[Callable[[Export], None]] = set()
        """Told of each export that is asked for, gets on or ends."""

    async def open(self, mail: ExportMail | None = None) -> None:
        """Find what an earlier life has left, and go on with it. `mail` tells people that their files are ready."""
        self._mail = mail
        if mail is not None:
            mail.open(self._told)
        for export in sorted(await self._files.load(), key=lambda export: (export.created_at, export.id)):
            self._remember(export)
            if export.state in UNDER_WAY:
                self._queue.append(export.id)
            self._tell(export)
        self._work()

    async def close(self) -> None:
        """Stop. What is under way begins anew after the next `open`."""
        self._closed = True
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])
        if self._mail is not None:
            await self._mail.close()

    async def idle(self) -> None:
        """Wait until nothing is under way, nor a mail about it."""
        while self._worker is not None and not self._worker.done():
            await asyncio.wait([self._worker])
        if self._mail is not None:
            await self._mail.idle()

    async def ask(self, who: Principal, variable_ids: Sequence[str], start: int, end: int) -> Export:
        """Ask for the raw points with start <= time < end of these variables. A variable counts once.

        Raises:
            NotFound: one of the variables does not exist for the principal; nothing is started.
            Unavailable: too much is under way, or the disk takes nothing.
        """
        export = await self._planned(who, variable_ids, start, end)
        self._check_room(who)
        # It takes its place in the queue before anything is waited for.
        self._remember(export)
        try:
            await self._files.keep(export)
        except ExportFailed as error:
            self._forget(export.id)
            raise Unavailable(str(error)) from error
        except BaseException:
            self._forget(export.id)
            raise
        self._queue.append(export.id)
        self._changed(export)
        self._work()
        await self._make_room(who.person_id)
        return export

    def of(self, who: Principal) -> list[Export]:
        """The exports that the principal has asked for and may still read, oldest first."""
        now = self._clock.now()
        return [
            export
            for export in self._exports.values()
            if export.person_id == who.person_id
            and not _expired(export, now)
            and all(may(who, Action.READ, space_id) for space_id in export.space_ids)
        ]

    def token(self, export: Export) -> str:
        """The secret part of the link: 43 characters of base64url."""
        mac = hmac.digest(self._secret, b"export " + export.id.encode(), "sha256")
        return urlsafe_b64encode(mac).rstrip(b"=").decode()

    async def read(self, token: str) -> tuple[Export, Download]:
        """The file behind a link.

        Raises:
            NotFound: there is none, or its time is over.
        """
        # By digest: how long the look-up takes says nothing about how much of a guess was right.
        export = self._exports.get(self._by_digest.get(_digest(token), ""))
        if export is not None and export.state is ExportState.READY and not _expired(export, self._clock.now()):
            download = await self._files.read(export.id)
            if download is not None:
                return export, download
        raise NotFound("There is no such export, or its time is over.")

    async def clean(self) -> int:
        """Remove what has expired; returns how many exports that were."""
        now = self._clock.now()
        expired = [export.id for export in self._exports.values() if _expired(export, now)]
        for id in expired:
            self._forget(id)
            await self._files.remove(id)
        return len(expired)

    async def _planned(self, who: Principal, variable_ids: Sequence[str], start: int, end: int) -> Export:
        things: dict[str, str] = {}
        parts: list[ExportPart] = []
        space_ids: dict[str, None] = {}
        for id in dict.fromkeys(id.lower() for id in variable_ids):
            variable = await self._variables.by_id(who, id)
            if variable.thing_id not in things:
                thing = await self._catalog.get(Thing, variable.thing_id)
                things[variable.thing_id] = thing.name if thing is not None else ""
            space_ids[variable.space_id] = None
            parts.append(
                ExportPart(
                    variable_id=variable.id,
                    thing=things[variable.thing_id],
                    name=variable.name,
                    type=variable.type,
                    kind=variable.kind,
                    series=variable.series,
                )
            )
        return Export(
            id=self._ids.uuid(),
            person_id=who.person_id,
            space_ids=tuple(space_ids),
            created_at=self._clock.now(),
            start=start,
            end=end,
            parts=tuple(parts),
        )

    def _check_room(self, who: Principal) -> None:
        if self._closed:
            raise Unavailable("The server is stopping; ask again in a minute.")
        under_way = [export for export in self._exports.values() if export.state in UNDER_WAY]
        if sum(export.person_id == who.person_id for export in under_way) >= UNDER_WAY_OF_PERSON:
            raise Unavailable(f"{UNDER_WAY_OF_PERSON} exports of yours are under way; ask again when one is ready.")
        if len(under_way) >= QUEUE_LIMIT:
            raise Unavailable(f"{QUEUE_LIMIT} exports are under way already; ask again later.")

    async def _make_room(self, person_id: str) -> None:
        own = [export for export in self._exports.values() if export.person_id == person_id]
        over = [export.id for export in own if export.state not in UNDER_WAY]
        for id in over[: max(0, len(own) - KEPT_OF_PERSON)]:
            self._forget(id)
            await self._files.remove(id)

    def _remember(self, export: Export) -> None:
        self._exports[export.id] = export
        self._by_digest[_digest(self.token(export))] = export.id

    def _forget(self, id: str) -> None:
        export = self._exports.pop(id, None)
        if export is not None:
            del self._by_digest[_digest(self.token(export))]

    def _work(self) -> None:
        if self._queue and not self._closed and (self._worker is None or self._worker.done()):
            self._worker = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        while self._queue:
            id = self._queue.popleft()
            running = msgspec.structs.replace(self._exports[id], state=ExportState.RUNNING)
            self._changed(running)
            done = await self._written(running)
            self._changed(done)
            # If its end can not be written down it is made once more after a restart, which does no harm.
            with contextlib.suppress(ExportFailed):
                await self._files.keep(done)
            if done.state is ExportState.READY:
                log.info("exports.ready", id=id, rows=done.rows, size=done.size, variables=len(done.parts))
            self._tell(done)

    def _changed(self, export: Export) -> None:
        self._exports[export.id] = export
        for watcher in tuple(self.watchers):
            watcher(export)

    def _tell(self, export: Export) -> None:
        if self._mail is not None and export.mail is MailState.WAITING:
            self._mail.add(export, self.token(export))

    async def _told(self, id: str, reason: str) -> None:
        """The mail about an export was sent, or why it never will be."""
        export = self._exports.get(id)
        if export is None:
            return
        state = MailState.FAILED if reason else MailState.SENT
        told = msgspec.structs.replace(export, mail=state, mail_reason=reason)
        self._changed(told)
        # If this can not be written down the mail is sent once more after a restart: better than none.
        with contextlib.suppress(ExportFailed):
            await self._files.keep(told)

    async def _written(self, export: Export) -> Export:
        """How it ended."""
        try:
            rows, size = await self._write(export)
        except ExportFailed as error:
            log.warning("exports.failed", id=export.id, reason=str(error))
            reason = str(error)
        except Exception:
            log.exception("exports.failed", id=export.id)
            reason = "Something went wrong on the server; its log says what."
        else:
            return self._over(export, ExportState.READY, rows=rows, size=size)
        return self._over(export, ExportState.FAILED, reason=reason)

    def _over(self, export: Export, state: ExportState, *, rows: int = 0, size: int = 0, reason: str = "") -> Export:
        mailed = self._mail is not None and state is ExportState.READY
        return msgspec.structs.replace(
            export,
            state=state,
            rows=rows,
            size=size,
            reason=reason,
            expires_at=self._clock.now() + LIFETIME,
            mail=MailState.WAITING if mailed else MailState.NONE,
        )

    async def _write(self, export: Export) -> tuple[int, int]:
        """Rows and bytes."""
        rows = 0
        counts = [await self._telemetry.count(part.series, export.start, export.end) for part in export.parts]
        export = msgspec.structs.replace(export, total=sum(counts))
        self._changed(export)
        writer = self._files.write(export)
        try:
            for part in export.parts:
                composite = part.kind is ValueKind.COMPOSITE
                await writer.table(part, await self._components(export, part) if composite else ())
                async for points in self._pages(export, part):
                    await writer.rows(points)
                    rows += len(points)
                    self._changed(msgspec.structs.replace(export, rows=rows))
            return rows, await writer.finish()
        finally:
            await writer.abandon()

    async def _components(self, export: Export, part: ExportPart) -> list[str]:
        """The names of all components that occur, in the order in which they do first. A variable that was of another
        type has values without components, too."""
        names: dict[str, None] = {}
        plain = False
        async for points in self._pages(export, part):
            for point in points:
                if isinstance(point.value, Mapping):
                    names.update(dict.fromkeys(point.value))
                else:
                    plain = True
        if plain:
            names["value"] = None
        return list(names)

    async def _pages(self, export: Export, part: ExportPart) -> AsyncIterator[list[Point]]:
        start = export.start
        more = True
        while more:
            points, more = await read_page(self._telemetry, part.series, start, export.end, PAGE)
            if points:
                yield points
                # No two points of a series have the same time.
                start = points[-1].time + 1


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _expired(export: Export, now: int) -> bool:
    return export.expires_at is not None and export.expires_at <= now
