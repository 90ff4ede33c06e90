"""What boards say of themselves, on its way to the catalog: collected for a moment, then written for many at once.

A board says what it is in five or six messages after its Hello, and ten thousand boards say it at once after a restart.
One write a message would be fifty thousand; this makes some hundred of it.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

import msgspec
import structlog

from rookery.core.catalog import Update, changed
from rookery.core.clock import Clock, Timer
from rookery.core.errors import Conflict, Unavailable
from rookery.core.records import Device
from rookery.core.services import Services

log = structlog.get_logger("rookery.particle.board")

QUIET_SECONDS: Final = 0.25
"""How long notes wait for company. A board's description follows its Hello within a tenth of that on a good line."""
AT_ONCE: Final = 200
"""Boards of one write: some 3 kB each where they have many functions."""


class Note:
    """What is to change: whole fields, and single entries of `described` (None removes one)."""

    __slots__ = ("described", "fields")

    def __init__(self) -> None:
        self.fields: dict[str, Any] = {}
        self.described: dict[str, Any] = {}

    def after(self, device: Device, now: int) -> Device | None:
        """The device with this; None when it is so already."""
        fields = {name: value for name, value in self.fields.items() if getattr(device, name) != value}
        described = {**device.described, **self.described}
        described = {name: value for name, value in described.items() if value is not None}
        if described != device.described:
            fields["described"] = described
        return changed(device, now, **fields) if fields else None


class Notebook:
    """The notes of one node."""

    def __init__(self, services: Services, clock: Clock, run: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._services = services
        self._clock = clock
        self._run = run
        self._notes: dict[str, Note] = {}
        self._underway: dict[str, Note] = {}
        self._timer: Timer | None = None
        self._writing = False
        self.lost = 0
        """Notes that could not be written. The board says the same things again in its next session."""

    def note(self, device_id: str, *, described: dict[str, Any] | None = None, **fields: Any) -> None:
        """Write this soon."""
        note = self._notes.get(device_id)
        if note is None:
            note = self._notes[device_id] = Note()
        note.fields.update(fields)
        if described:
            note.described.update(described)
        if self._timer is None and not self._writing:
            self._timer = self._clock.call_later(QUIET_SECONDS, self._start)

    def ahead(self, device: Device) -> Device:
        """The record as it will be when what is noted of it is written; its version is still that of the catalog."""
        for notes in (self._underway, self._notes):
            note = notes.get(device.id)
            later = note.after(device, device.updated_at) if note is not None else None
            if later is not None:
                device = msgspec.structs.replace(later, version=device.version)
        return device

    async def close(self) -> None:
        """Write what is there, now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._write()

    def _start(self) -> None:
        self._timer = None
        self._writing = True
        self._run(self._write())

    async def _write(self) -> None:
        try:
            while self._notes:
                ids = list(self._notes)[:AT_ONCE]
                self._underway = {device_id: self._notes.pop(device_id) for device_id in ids}
                await self._write_some(self._underway)
        finally:
            self._underway = {}
            self._writing = False

    async def _write_some(self, notes: dict[str, Note]) -> None:
        try:
            conflicting = not await self._apply(notes)
            if conflicting:
                for device_id, note in notes.items():
                    while not await self._apply({device_id: note}):
                        pass
        except Unavailable as error:
            self.lost += len(notes)
            log.warning("particle.notes_lost", boards=len(notes), reason=str(error))

    async def _apply(self, notes: dict[str, Note]) -> bool:
        """False when somebody else has changed one of them in between."""
        catalog, now = self._services.catalog, self._services.clock.now()
        after: list[Device] = []
        for device in await catalog.select(Device, id=list(notes), deleted_at=None):
            later = notes[device.id].after(device, now)
            if later is not None:
                after.append(later)
        if not after:
            return True
        try:
            await catalog.apply(*(Update(device) for device in after))
        except Conflict:
            return False
        for device in after:
            self._services.enrolment.announce(device)
        return True
