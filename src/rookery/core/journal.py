"""The journal of a board: when it came, when it went, when it was refused, and why. JSON text in a series of its own.

A board that comes costs an append to the open batch. One whose journal has no series yet (it was made before there were
journals) is given one a moment later, many boards with one write. A board that comes and goes all the time, or that
somebody tries to be, writes as many entries as `core.pace` allows, and the next one says how many were left out.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final, NamedTuple

import msgspec
import structlog

from rookery.core.bus import Bus, Journaled
from rookery.core.catalog import Catalog
from rookery.core.clock import Clock, Timer
from rookery.core.enrolment import HEX_ID, TOGETHER, Enrolment
from rookery.core.errors import CoreError
from rookery.core.ids import is_uuid
from rookery.core.pace import BURST, Pace
from rookery.core.points import Telemetry
from rookery.core.records import Device

log = structlog.get_logger("rookery.journal")

CONNECTED: Final = "connected"
DISCONNECTED: Final = "disconnected"
REFUSED: Final = "refused"

QUIET_SECONDS: Final = 1.0
"""How long boards without a series wait for company: after a restart thousands come within it."""
REMEMBERED: Final = 20_000
"""Boards whose series are in memory, some 100 bytes each."""
WAITING: Final = 10_000
"""Boards that wait for a series or are looked for, each with at most `BURST` entries."""
TEXT_LIMIT: Final = 200
"""Characters of a reason: parts of it come from the board."""


class Entry(NamedTuple):
    """One line. `time` is UTC microseconds."""

    time: int
    kind: str
    """`connected`, `disconnected` or `refused`."""
    transport: str
    address: str
    reason: str
    left: int = 0
    """Entries before this one that were left out."""


class _Kept(msgspec.Struct, omit_defaults=True, frozen=True):
    """An entry as it lies in the store."""

    k: str
    t: str = ""
    a: str = ""
    r: str = ""
    n: int = 0


_encode = msgspec.json.encode
_decode = msgspec.json.Decoder(_Kept).decode


class Journal:
    """Writes and reads the journals of all boards."""

    def __init__(self, catalog: Catalog, telemetry: Telemetry, enrolment: Enrolment, bus: Bus, clock: Clock) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._enrolment = enrolment
        self._bus = bus
        self._clock = clock
        self._series: OrderedDict[str, int] = OrderedDict()
        """Of boards whose record in somebody's hands may be older than their series."""
        self._pace = Pace()
        self._waiting: dict[str, list[Entry]] = {}
        """By device id or hex id."""
        self._timer: Timer | None = None
        self._task: asyncio.Task[None] | None = None
        self.lost = 0
        """Entries for which there was no room, or that could not be stored."""

    def connected(self, device: Device, transport: str, address: str, reason: str = "") -> None:
        """A board has come."""
        self._note(device, CONNECTED, transport, address, reason)

    def disconnected(self, device: Device, transport: str, address: str, reason: str) -> None:
        """A board has gone."""
        self._note(device, DISCONNECTED, transport, address, reason)

    def refused(self, claimed: str, transport: str, address: str, reason: str) -> None:
        """Somebody who claimed to be the board with this UUID or hex id was not let in. Harmless for an id that no
        board has."""
        claimed = claimed.lower()
        if is_uuid(claimed) or HEX_ID.fullmatch(claimed) is not None:
            entry = self._paced(claimed, REFUSED, transport, address, reason)
            if entry is not None:
                self._wait(claimed, entry)

    async def of(self, device: Device, before: int, limit: int) -> list[Entry]:
        """The entries of a board before a time, newest first."""
        series = device.journal or self._series.get(device.id, 0)
        if not series:
            return []
        points = await self._telemetry.read(series, 0, before, limit, descending=True)
        return [_unpack(str(point.value), point.time) for point in points]

    async def close(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is not None:
            await asyncio.wait([self._task])
        await self._give_series()

    def _note(self, device: Device, kind: str, transport: str, address: str, reason: str) -> None:
        entry = self._paced(device.id, kind, transport, address, reason)
        if entry is None:
            return
        series = device.journal or self._series.get(device.id, 0)
        if series:
            self._write(device.id, series, entry)
        else:
            self._wait(device.id, entry)

    def _paced(self, id: str, kind: str, transport: str, address: str, reason: str) -> Entry | None:
        """The entry, unless this board has written enough for now."""
        left = self._pace.take(id, self._clock.monotonic())
        if left is None:
            return None
        return Entry(self._clock.now(), kind, transport, address, reason[:TEXT_LIMIT], left)

    def _write(self, device_id: str, series: int, entry: Entry) -> None:
        kept = _Kept(entry.kind, entry.transport, entry.address, entry.reason, entry.left)
        batch = self._telemetry.batch
        batch.series.append(series)
        batch.times.append(entry.time)
        batch.values.append(_encode(kept).decode())
        self._telemetry.touch()
        self._bus.publish("journal." + device_id, Journaled(device_id, entry))

    def _wait(self, id: str, entry: Entry) -> None:
        entries = self._waiting.get(id)
        if entries is None:
            if len(self._waiting) >= WAITING:
                self.lost += 1
                return
            entries = self._waiting[id] = []
        if len(entries) >= BURST:
            self.lost += 1
            return
        entries.append(entry)
        if self._timer is None and (self._task is None or self._task.done()):
            self._timer = self._clock.call_later(QUIET_SECONDS, self._start)

    def _start(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._give_series())

    async def _give_series(self) -> None:
        while self._waiting:
            ids = list(self._waiting)[:TOGETHER]
            part = {id: self._waiting.pop(id) for id in ids}
            try:
                await self._give_some(part)
            except CoreError as error:
                self.lost += sum(map(len, part.values()))
                log.warning("journal.lost", boards=len(part), reason=str(error))
            except Exception:
                self.lost += sum(map(len, part.values()))
                log.exception("journal.failed")

    async def _give_some(self, part: dict[str, list[Entry]]) -> None:
        devices = await self._found(part)
        without = [device for device in devices.values() if not device.journal]
        if without:
            numbers = await self._catalog.allocate(len(without))
            await self._enrolment.keep_all(
                [(device, {"journal": number}) for device, number in zip(without, numbers, strict=True)]
            )
            devices = await self._found(part)
        for id, entries in part.items():
            device = devices.get(id)
            if device is None or not device.journal:
                continue
            self._series[device.id] = device.journal
            if len(self._series) > REMEMBERED:
                self._series.popitem(last=False)
            for entry in entries:
                self._write(device.id, device.journal, entry)

    async def _found(self, part: dict[str, list[Entry]]) -> dict[str, Device]:
        """The boards of these ids, by the id under which they are looked for."""
        uuids = [id for id in part if is_uuid(id)]
        hex_ids = [id for id in part if not is_uuid(id)]
        found: dict[str, Device] = {}
        if uuids:
            found |= {d.id: d for d in await self._catalog.select(Device, id=uuids, deleted_at=None)}
        if hex_ids:
            found |= {d.hex_id: d for d in await self._catalog.select(Device, hex_id=hex_ids, deleted_at=None)}
        return found


def _unpack(value: str, time: int) -> Entry:
    kept = _decode(value)
    return Entry(time, kept.k, kept.t, kept.a, kept.r, kept.n)
