"""Backups, for those who run the server: make one now, list, download, delete. What is in one is in `storage.backup`.

A backup is made in a thread and goes on when the page is closed; one at a time. Restoring is done where the server is
not: with `storage.backup.restore` into an empty folder, by the command line.
"""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import structlog

from rookery import __version__
from rookery.console.api import May, Route, route
from rookery.console.call import Answer, Call, as_json, ms
from rookery.console.errors import not_found
from rookery.console.work import Work, Works
from rookery.core.clock import Clock
from rookery.core.errors import Conflict, NotFound
from rookery.storage.backup import BackupError, Backups, Cancelled

log = structlog.get_logger("rookery.console.backups")

HREF = "/console/settings"
"""Where the console shows them."""


class BackupDesk:
    """Makes backups, one at a time."""

    def __init__(self, folder: Path, works: Works, clock: Clock) -> None:
        """`clock` is the machine's: a backup is named after the time at which it was made."""
        self.backups = Backups(folder, __version__)
        self._works = works
        self._clock = clock
        self._stopping = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self.running: Work | None = None

    def begin(self) -> Work:
        """Begin to make one.

        Raises:
            Conflict: one is being made already.
        """
        if self.running is not None:
            raise Conflict("A backup is being made already.")
        work = self.running = self._works.begin("backup", "Backup of all data", unit="bytes")
        self._task = asyncio.get_running_loop().create_task(self._make(work))
        return work

    async def order(self) -> dict[str, Any]:
        """`begin`, for a command. Raises as that."""
        return self.begin().view()

    async def ordered(self, id: str) -> dict[str, Any]:
        """How far the backup of this id is.

        Raises:
            NotFound: it is long over, or never was.
        """
        for work in self._works:
            if work.id == id:
                return work.view()
        raise NotFound("There is no such work.")

    async def close(self) -> None:
        """The server stops: a backup that is not whole is given up."""
        self._stopping.set()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _make(self, work: Work) -> None:
        loop = asyncio.get_running_loop()

        def report(done: int, total: int) -> None:
            if self._stopping.is_set():
                raise Cancelled("The server was stopped.")
            loop.call_soon_threadsafe(work.progress, done, total)

        try:
            made = await asyncio.to_thread(self.backups.make, self._clock.now(), report)
        except BackupError as error:
            log.warning("backup.failed", reason=str(error))
            work.end(str(error), failed=True)
        except Exception:
            log.exception("backup.failed")
            work.end("The backup failed; the log of the server says why.", failed=True)
        else:
            log.info("backup.made", name=made.name, size=made.size)
            work.end(made.name, href=HREF)
        finally:
            self.running = None


@route("GET", "backups", May.OPERATOR)
async def show_backups(call: Call) -> dict[str, Any]:
    """Those that are there, newest first, and the one that is being made."""
    desk = call.backend.running().backups
    found = await asyncio.to_thread(desk.backups.all)
    running = desk.running
    return {
        "backups": [{"name": one.name, "time": ms(one.time), "bytes": one.size} for one in found],
        "running": running.view() if running is not None else None,
    }


@route("POST", "backups", May.OPERATOR)
async def make_backup(call: Call) -> Answer:
    """Begin to make one. How far it is stands in `backups` and in `work`."""
    return Answer(as_json(call.backend.running().backups.begin().view()), 202)


@route("GET", "backups/{name}", May.OPERATOR)
async def download_backup(call: Call) -> Answer:
    """The file. It holds the keys of the server."""
    name = call.segments["name"]
    path = await asyncio.to_thread(call.backend.running().backups.backups.path, name)
    if path is None:
        raise not_found("backup")
    disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode())
    return Answer(b"", content_type="application/zstd", headers=(disposition,), file=path)


@route("DELETE", "backups/{name}", May.OPERATOR)
async def delete_backup(call: Call) -> None:
    """Remove one for good."""
    desk = call.backend.running().backups
    if not await asyncio.to_thread(desk.backups.delete, call.segments["name"]):
        raise not_found("backup")


ROUTES: tuple[Route, ...] = (show_backups, make_backup, download_backup, delete_backup)
