"""How the server does: who is online, how much comes in, how much room is left, and what went wrong.

Numbers are looked at every two seconds. One sample every ten seconds is kept in memory for an hour, and one a minute
as a point in the telemetry store, so that the curve goes on over a restart. It has a series of its own that the catalog
never gives out; a year of it is half a million points, some three megabytes.

Room that is left in days is what the disk has free by what the data has grown in the last days, once an hour is known.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import structlog

from rookery import logs
from rookery.console.api import Route, route
from rookery.console.call import Call, ms
from rookery.console.live_hub import Hub, Maker
from rookery.console.live_reader import PersonReader, Reader
from rookery.console.live_topics import Topic, text
from rookery.console.troubles import told
from rookery.core.access import Action, check
from rookery.core.clock import DAY, MILLISECOND, SECOND, Clock, Timer
from rookery.core.errors import NotFound
from rookery.core.points import PULSE_SERIES, Point
from rookery.core.records import Device
from rookery.core.roster import Roster
from rookery.core.services import Services

log = structlog.get_logger("rookery.console.pulse")

TICK_SECONDS: Final = 2.0
WINDOW_TICKS: Final = 5
"""Ticks over which rates are averaged: ten seconds."""
SAMPLES: Final = 360
"""Of ten seconds: an hour."""
MINUTE: Final = 60 * SECOND
GROWTH_WINDOW: Final = 7 * DAY
GROWTH_LEAST: Final = 3_600 * SECOND
"""Below that, what a store does when it starts is taken for growth."""
MOST_DAYS: Final = 36_500
FILES_LIMIT: Final = 100_000
"""Files whose sizes are added up: a look at more would take seconds."""
HISTORY_HOURS: Final = 24
MOST_HOURS: Final = 24 * 366
BINS: Final = 500
"""Points of a history: more than a chart has pixels for."""

FIELDS: Final = ("time", "online", "messages_per_s", "points_per_s", "storage_bytes", "disk_free_bytes")
"""Of a row of the history, in this order."""


class Sample(NamedTuple):
    """The numbers of a moment. `time` is UTC microseconds."""

    time: int
    online: float
    messages: float
    """A second."""
    points: float
    """A second."""
    storage: float
    """Bytes of the data folder."""
    free: float
    """Bytes that the disk has left."""


@dataclass(slots=True)
class Room:
    """What the data folder occupies, in bytes."""

    parts: dict[str, int]
    free: int

    @property
    def total(self) -> int:
        """All parts together."""
        return sum(self.parts.values())


class Pulse:
    """Looks at the numbers."""

    def __init__(self, services: Services, clock: Clock, folder: Path, messages: Callable[[], int]) -> None:
        """`messages` counts what boards and programs have said since the start; `clock` is the machine's."""
        self._services = services
        self._clock = clock
        self._folder = folder
        self._messages = messages
        self._ticks: deque[tuple[float, int, int]] = deque(maxlen=WINDOW_TICKS + 1)
        self._timer: Timer | None = None
        self._count = 0
        self._kept_at = clock.now()
        self._minute: list[Sample] = []
        self._measuring: asyncio.Task[None] | None = None
        self._growth: float | None = None
        self.samples: deque[Sample] = deque(maxlen=SAMPLES)
        self.room: Room | None = None
        self.devices = 0
        self.watchers: set[Callable[[], None]] = set()
        """Called after each tick."""

    def start(self) -> None:
        """Look from now on."""
        self._look()
        self._measure()
        self._timer = self._clock.call_later(TICK_SECONDS, self._tick)

    async def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.wait([self._measuring])

    def _tick(self) -> None:
        self._timer = self._clock.call_later(TICK_SECONDS, self._tick)
        self._look()
        self._count += 1
        if not self._count % WINDOW_TICKS:
            self._sample()
        for watcher in tuple(self.watchers):
            watcher()

    def _look(self) -> None:
        self._ticks.append((self._clock.monotonic(), self._messages(), self._services.ingest.points))

    def _sample(self) -> None:
        now = self.now()
        self.samples.append(now)
        self._minute.append(now)
        if now.time - self._kept_at >= MINUTE:
            self._keep(now.time)
            self._measure()

    def now(self) -> Sample:
        """The numbers of this moment."""
        began, messages, points = self._ticks[0]
        ended, messages_now, points_now = self._ticks[-1]
        passed = ended - began
        room = self.room
        return Sample(
            self._clock.now(),
            len(self._services.boards),
            round((messages_now - messages) / passed, 2) if passed > 0 else 0.0,
            round((points_now - points) / passed, 2) if passed > 0 else 0.0,
            room.total if room is not None else 0,
            room.free if room is not None else 0,
        )

    @property
    def days_left(self) -> float | None:
        """Until the disk is full, if it goes on like this; None while nobody knows, or when nothing grows."""
        room, growth = self.room, self._growth
        if room is None or growth is None or growth <= 0:
            return None
        return min(round(room.free / growth, 1), MOST_DAYS)

    def _keep(self, now: int) -> None:
        """One point for the last minute."""
        whole, self._minute, self._kept_at = self._minute, [], now
        if not whole:
            return
        last, count = whole[-1], len(whole)
        kept = (
            max(sample.online for sample in whole),
            round(sum(sample.messages for sample in whole) / count, 2),
            round(sum(sample.points for sample in whole) / count, 2),
            last.storage,
            last.free,
        )
        batch = self._services.telemetry.batch
        batch.series.append(PULSE_SERIES)
        batch.times.append(now - now % MILLISECOND)
        batch.values.append(msgspec.json.encode(kept).decode())
        self._services.telemetry.touch()

    def _measure(self) -> None:
        """Look at the disk, which may take a while."""
        if self._measuring is None or self._measuring.done():
            self._measuring = asyncio.get_running_loop().create_task(self._look_at_disk())

    async def _look_at_disk(self) -> None:
        try:
            self.room = await asyncio.to_thread(measured, self._folder)
            self.devices = await self._services.catalog.count(Device, deleted_at=None)
            self._growth = await self._grown(self.room.total)
        except Exception:
            log.exception("pulse.failed")

    async def _grown(self, total: int) -> float | None:
        """Bytes a day."""
        now = self._clock.now()
        oldest = await self._services.telemetry.read(PULSE_SERIES, now - GROWTH_WINDOW, now, 1)
        before = _sample(oldest[0]) if oldest else None
        if before is None or now - before.time < GROWTH_LEAST or not before.storage:
            return None
        return (total - before.storage) * DAY / (now - before.time)

    async def history(self, hours: int) -> list[Sample]:
        """At most some `BINS` samples of the last hours, oldest first, each the mean of its bin. A time in which the
        server did not run has none."""
        end = self._clock.now() + 1
        start = end - hours * 3_600 * SECOND
        if hours <= 1:
            samples = [sample for sample in self.samples if sample.time >= start]
            end = samples[0].time if samples else end
        else:
            samples = []
        telemetry = self._services.telemetry
        if hours <= 7 * 24:
            kept = await telemetry.read(PULSE_SERIES, start, end, hours * 60 + 1)
        else:
            kept = await telemetry.sample(PULSE_SERIES, start, end, hours * 3_600 * SECOND // (4 * BINS))
        whole = [found for point in kept if (found := _sample(point)) is not None] + samples
        return _thinned(whole, max(hours * 3_600 * SECOND // BINS, 1))


def _sample(point: Point) -> Sample | None:
    try:
        values: list[float] = msgspec.json.decode(str(point.value), type=list[float])
        return Sample(point.time, *values)
    except (msgspec.DecodeError, TypeError):
        return None


def _thinned(samples: list[Sample], interval: int) -> list[Sample]:
    bins: dict[int, list[Sample]] = {}
    for sample in samples:
        bins.setdefault(sample.time // interval, []).append(sample)
    return [_mean(bin) for bin in bins.values()]


def _mean(samples: list[Sample]) -> Sample:
    if len(samples) == 1:
        return samples[0]
    columns = list(zip(*samples, strict=True))
    count = len(samples)
    return Sample(columns[0][-1], *(round(sum(column) / count, 2) for column in columns[1:]))


def measured(folder: Path) -> Room:
    """How much each part of a data folder occupies, and how much its disk has left."""
    parts: dict[str, int] = {}
    files = 0
    for entry in folder.iterdir():
        # catalog.db, catalog.db-wal and catalog.db-shm are one part.
        name = entry.name.partition(".")[0]
        for path in entry.rglob("*") if entry.is_dir() else (entry,):
            files += 1
            if files > FILES_LIMIT:
                break
            try:
                parts[name] = parts.get(name, 0) + path.stat().st_size
            except OSError:
                continue  # it has gone meanwhile
    return Room(dict(sorted(parts.items(), key=lambda part: -part[1])), shutil.disk_usage(folder).free)


def numbers(pulse: Pulse, directory: Roster, services: Services, space_id: str | None) -> dict[str, Any]:
    """The numbers of now: of the server, or of a space, which is told nothing of the others."""
    if space_id is not None:
        online = sum(1 for session in services.boards if session.device.space_id == space_id)
        return {"scope": "space", "online": online, "devices": directory.count(space_id)}
    now, room = pulse.now(), pulse.room
    return {
        "scope": "server",
        "online": now.online,
        "devices": pulse.devices,
        "messages_per_s": now.messages,
        "points_per_s": now.points,
        "storage_bytes": now.storage,
        "storage": room.parts if room is not None else {},
        "disk_free_bytes": now.free,
        "days_left": pulse.days_left,
    }


class PulseTopic(Topic):
    """The numbers of now, each tick."""

    __slots__ = ("_directory", "_due", "_pulse", "_space_id")

    def __init__(self, hub: Hub, name: str, pulse: Pulse, directory: Roster, space_id: str | None) -> None:
        """`space_id`: None for the whole server."""
        super().__init__(hub, name, space_id)
        self._pulse = pulse
        self._directory = directory
        self._space_id = space_id
        self._due = False

    def open(self) -> None:
        """See `Topic`."""
        self._pulse.watchers.add(self._tick)

    def close(self) -> None:
        """See `Topic`."""
        super().close()
        self._pulse.watchers.discard(self._tick)

    async def snapshot(self) -> list[str]:
        """See `Topic`."""
        return [self._now()]

    def collect(self) -> list[str]:
        """See `Topic`."""
        due, self._due = self._due, False
        return [self._now()] if due else []

    async def check(self, reader: Reader) -> None:
        """See `Topic`."""
        if _scope(reader) != self._space_id:
            raise NotFound("Other numbers are shown.")

    def _tick(self) -> None:
        self._due = True
        self.hub.mark(self)

    def _now(self) -> str:
        now = numbers(self._pulse, self._directory, self.hub.services, self._space_id)
        return text({"t": self.name, "k": "pulse", "time": self._pulse.now().time // MILLISECOND} | now)


def _scope(reader: Reader) -> str | None:
    """None for somebody who runs the server."""
    return None if isinstance(reader, PersonReader) and reader.operator else reader.space()


def topic_maker(hub: Hub, pulse: Pulse, directory: Roster) -> Maker:
    """For `Hub.makers`."""

    async def make(name: str, _rest: str, reader: Reader) -> Topic:
        space_id = _scope(reader)
        if space_id is not None:
            await directory.of(space_id)
        return PulseTopic(hub, name, pulse, directory, space_id)

    return make


@route("GET", "pulse")
async def show_pulse(call: Call) -> dict[str, Any]:
    """The numbers of now and of the last hours, and the last troubles."""
    parts = call.backend.running()
    hours = call.number("hours", HISTORY_HOURS, 1, MOST_HOURS)
    if not call.person.operator:
        check(call.who, Action.READ, call.who.space_id, "space")
        await parts.directory.of(call.who.space_id)
        now = numbers(parts.pulse, parts.directory, call.services, call.who.space_id)
        return {"now": now, "fields": FIELDS, "history": [], "errors": []}
    history = await parts.pulse.history(hours)
    return {
        "now": numbers(parts.pulse, parts.directory, call.services, None),
        "fields": FIELDS,
        "history": [(ms(sample.time), *sample[1:]) for sample in history],
        "errors": told(logs.recent),
    }


ROUTES: tuple[Route, ...] = (show_pulse,)
