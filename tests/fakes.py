"""In-memory stand-ins for what core asks of the world: catalog, telemetry, clock, passwords, boards.

They keep the contracts of `core.catalog` and `core.points` to the letter, so that a test of a service or a route says
something about the service or the route.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
from sqlalchemy import JSON

from rookery.bus.local import LocalBus
from rookery.core.boards import Boards
from rookery.core.catalog import Change, Delete, Insert, Update
from rookery.core.errors import BoardAway, Conflict, NameUnknown
from rookery.core.events import Event
from rookery.core.ids import Identifiers
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Aggregation, Bin, Point, PointBatch, StoreRefused, Value
from rookery.core.records import Device, Record
from rookery.core.secrets import Peppered, Sealed
from rookery.core.services import Services, build_services
from rookery.storage.catalog.schema import CASELESS, TABLES, UNIQUE, Unique, words

R = TypeVar("R", bound=Record)

START = 1_735_689_600_000_000
"""2025-01-01T00:00:00Z, where every manual clock begins."""


class ManualClock:
    """A clock that a test turns. Timers run when their time has come, in order."""

    def __init__(self, now: int = START) -> None:
        self._start = now
        self._passed = 0
        self._timers: list[tuple[int, int, ManualTimer]] = []
        self._count = 0

    def now(self) -> int:
        """UTC microseconds."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._passed / 1_000_000

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> ManualTimer:
        """Call back when the clock has been turned that far."""
        timer = ManualTimer(callback, args)
        self._count += 1
        heapq.heappush(self._timers, (self._passed + round(delay * 1_000_000), self._count, timer))
        return timer

    @property
    def waiting(self) -> int:
        """Timers that have not run and were not cancelled."""
        return sum(1 for _, _, timer in self._timers if not timer.cancelled)

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        end = self._passed + round(seconds * 1_000_000)
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            self._passed = max(self._passed, when)
            timer.run()
        self._passed = end


class ManualTimer:
    """A callback that waits for its time."""

    def __init__(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> None:
        self._callback = callback
        self._args = args
        self.cancelled = False

    def cancel(self) -> None:
        """Never call back."""
        self.cancelled = True

    def run(self) -> None:
        """Its time has come."""
        if not self.cancelled:
            self.cancelled = True
            self._callback(*self._args)


class MemoryCatalog:
    """Records in dictionaries. `reads` counts the calls that would have been queries."""

    def __init__(self) -> None:
        self._rows: dict[type[Record], dict[str, Record]] = {}
        self._series = 0
        self.reads = 0

    async def get(self, kind: type[R], id: str) -> R | None:
        """The record with this id."""
        self.reads += 1
        return self._table(kind).get(id)

    async def find(self, kind: type[R], /, **equals: Any) -> R | None:
        """The first such record."""
        found = await self.select(kind, **equals)
        return found[0] if found else None

    async def select(self, kind: type[R], /, **equals: Any) -> list[R]:
        """All such records, oldest first."""
        self.reads += 1
        for name in equals:
            if name not in kind.__struct_fields__ or isinstance(TABLES[kind].c[name].type, JSON):
                raise TypeError(f"{kind.__name__} can not be asked for by {name}")
        found = [row for row in self._table(kind).values() if _matches(row, equals)]
        return sorted(found, key=lambda row: (row.created_at, row.id))

    async def pick(self, kind: type[R], fields: Sequence[str], /, **equals: Any) -> list[tuple[Any, ...]]:
        """These fields of all such records."""
        return [tuple(getattr(row, name) for name in fields) for row in await self.select(kind, **equals)]

    async def count(self, kind: type[R], /, **equals: Any) -> int:
        """How many."""
        return len(await self.select(kind, **equals))

    async def apply(self, *changes: Change) -> None:
        """All, or none."""
        after = {kind: dict(rows) for kind, rows in self._rows.items()}
        for change in changes:
            if isinstance(change, Delete):
                after.setdefault(change.kind, {}).pop(change.id, None)
                continue
            record = change.record
            kind = type(record)
            # A record that lacks a field, or can not be written down anywhere, is a mistake of ours.
            msgspec.json.decode(msgspec.json.encode(record), type=kind)
            rows = after.setdefault(kind, {})
            held = rows.get(record.id)
            if isinstance(change, Insert) and held is not None:
                raise Conflict(f"There is already a {words(kind)} with this id.")
            if isinstance(change, Update) and (held is None or held.version + 1 != record.version):
                raise Conflict(f"The {words(kind)} was changed or removed by somebody else in between (version).")
            for unique in UNIQUE.get(kind, ()):
                mark = _mark(record, unique)
                if mark and any(_mark(row, unique) == mark for row in rows.values() if row.id != record.id):
                    raise Conflict(f"There is already a {words(kind)} with this {unique.blame}.")
            rows[record.id] = record
        self._rows = after

    async def allocate(self, count: int) -> Sequence[int]:
        """New series numbers."""
        first = self._series + 1
        self._series += count
        return range(first, first + count)

    def _table(self, kind: type[R]) -> dict[str, R]:
        return self._rows.setdefault(kind, {})  # type: ignore[return-value]


def _mark(row: Record, unique: Unique) -> tuple[Any, ...] | None:
    """What no other row may have as well; None when this row may have company."""
    mark = tuple(_compared(type(row), field, getattr(row, field)) for field in unique.fields)
    return None if None in mark or (unique.live and getattr(row, "deleted_at", None) is not None) else mark


def _compared(kind: type[Record], field: str, value: Any) -> Any:
    return value.lower() if field in CASELESS.get(kind, ()) and value is not None else value


def _matches(row: Record, equals: Mapping[str, Any]) -> bool:
    kind = type(row)
    for name, wanted in equals.items():
        value = _compared(kind, name, getattr(row, name))
        several = wanted if isinstance(wanted, list | tuple | set) else [wanted]
        if value not in {_compared(kind, name, one) for one in several}:
            return False
    return True


class MemoryTelemetry:
    """Points in lists. A batch is committed at the next turn of the event loop; `full` makes the disk full."""

    def __init__(self) -> None:
        self.batch = PointBatch()
        self.on_refused: Callable[[Sequence[int]], None] = lambda _series: None
        self.full = False
        self._points: dict[int, list[Point]] = {}
        self._last: dict[int, Point] = {}
        self._due = False

    def touch(self) -> None:
        """Commit soon."""
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._commit)

    async def write(self, points: Sequence[tuple[int, int, Value]]) -> None:
        """Store these."""
        await asyncio.sleep(0)
        if self.full:
            raise StoreRefused("the disk is full")
        for series, time, value in points:
            self._keep(series, time, value)

    async def last(self, series: Sequence[int]) -> dict[int, Point]:
        """The newest of each."""
        return {s: self._last[s] for s in series if s in self._last}

    async def read(self, series: int, start: int, end: int, limit: int, *, descending: bool = False) -> list[Point]:
        """Points of a stretch of time."""
        found = [p for p in self._points.get(series, ()) if start <= p.time < end]
        found.sort(key=lambda p: p.time, reverse=descending)
        return found[:limit]

    async def aggregate(
        self, series: int, start: int, end: int, interval: int, aggregation: Aggregation, *, origin: int = 0
    ) -> list[Bin]:
        """Bins, by definition and without haste."""
        bins: dict[int, list[float]] = {}
        for time, value in await self.read(series, start, end, 1 << 60):
            if isinstance(value, bool | int | float):
                bins.setdefault(_bin(time, interval, origin), []).append(float(value))
        return [Bin(time, _reduce(values, aggregation)) for time, values in sorted(bins.items())]

    async def bins(self, series: int, edges: Sequence[int], aggregation: Aggregation) -> list[Bin]:
        """One after the other."""
        found = []
        for begin, end in pairwise(edges):
            found += await self.aggregate(series, begin, end, end - begin, aggregation, origin=begin)
        return found

    async def sample(self, series: int, start: int, end: int, interval: int, *, origin: int = 0) -> list[Point]:
        """The last of each bin."""
        bins = {_bin(p.time, interval, origin): p for p in await self.read(series, start, end, 1 << 60)}
        return [bins[time] for time in sorted(bins)]

    async def thin(self, series: int, start: int, end: int, points: int, *, gap: int | None = None) -> list[Point]:
        """Every n-th number."""
        found = [p for p in await self.read(series, start, end, 1 << 60) if isinstance(p.value, bool | int | float)]
        return found[:: max(1, -(-len(found) // points))]

    async def count(self, series: int, start: int, end: int) -> int:
        """How many."""
        return len(await self.read(series, start, end, 1 << 60))

    async def delete(self, series: Sequence[int]) -> None:
        """Forget them."""
        for number in series:
            self._points.pop(number, None)
            self._last.pop(number, None)

    async def expire(self, limits: Mapping[int, int]) -> int:
        """Remove what is older."""
        gone = 0
        for series, before in limits.items():
            points = self._points.get(series, [])
            kept = [point for point in points if point.time >= before]
            gone += len(points) - len(kept)
            if points:
                self._points[series] = kept
        return gone

    def _commit(self) -> None:
        self._due = False
        batch, self.batch = self.batch, PointBatch()
        if not self.full:
            for series, time, value in zip(batch.series, batch.times, batch.values, strict=True):
                self._keep(series, time, value)
        if self.full:
            self.on_refused(batch.series)
        for producer, tickets in batch.tickets.items():
            if self.full:
                producer.refused(tickets, "the disk is full")
            else:
                producer.committed(tickets)

    def _keep(self, series: int, time: int, value: Value) -> None:
        number = abs(series)
        if series > 0:
            points = self._points.setdefault(number, [])
            taken = {p.time for p in points}
            while time in taken:
                time += 1
            points.append(Point(time, value))
        held = self._last.get(number)
        if held is None or time >= held.time:
            self._last[number] = Point(time, value)


def _bin(time: int, interval: int, origin: int) -> int:
    return origin + (time - origin) // interval * interval


def _reduce(values: list[float], aggregation: Aggregation) -> float:
    if aggregation.startswith("PCT_"):
        ordered = sorted(values)
        place = (len(ordered) - 1) * int(aggregation[4:]) / 100
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        return ordered[low] + (ordered[high] - ordered[low]) * (place - low)
    simple: dict[Aggregation, Callable[[], float]] = {
        Aggregation.AVG: lambda: sum(values) / len(values),
        Aggregation.MIN: lambda: min(values),
        Aggregation.MAX: lambda: max(values),
        Aggregation.SUM: lambda: sum(values),
        Aggregation.COUNT: lambda: float(len(values)),
        Aggregation.FIRST: lambda: values[0],
        Aggregation.LAST: lambda: values[-1],
        Aggregation.BOOL_OR: lambda: float(any(values)),
        Aggregation.BOOL_AND: lambda: float(all(values)),
    }
    return simple[aggregation]()


class PlainPasswords:
    """Not a hash at all: tests of other things should not take 50 ms a password."""

    async def hash(self, password: str) -> str:
        """Reversed, so that nobody compares the wrong two."""
        return password[::-1]

    async def matches(self, password: str, kept: str) -> bool:
        """Whether it is the one."""
        return password[::-1] == kept


class RecordingBus(LocalBus):
    """Remembers what was announced, as `(channel, kind of message)`."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[str, str]] = []

    def publish(self, channel: str, message: Any) -> None:
        """Remember it, and tell the listeners."""
        self.heard.append((channel, type(message).__name__))
        super().publish(channel, message)


class FakeBoard:
    """A connected board that remembers what it was told."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.written: list[tuple[str, Value]] = []
        self.closed: str | None = None
        self.things: list[str | None] = []
        self.last_heard = START
        self.since = START
        self.discovered = False
        self.variables: dict[str, Any] = {}
        self.functions: dict[str, Callable[[str], int]] = {}
        self.asked: list[tuple[str, ...]] = []
        self.heard: list[Event] = []
        self.deaf = False
        """True: it is connected and does not answer."""

    async def read(self, name: str, deadline: float = 30.0) -> Any:
        """One of `variables`."""
        self._ask("read", name)
        if name not in self.variables:
            raise NameUnknown(name)
        return self.variables[name]

    async def call(self, name: str, argument: str, deadline: float = 30.0) -> int:
        """One of `functions`."""
        self._ask("call", name, argument)
        if name not in self.functions:
            raise NameUnknown(name)
        return self.functions[name](argument)

    async def ping(self, deadline: float = 10.0) -> bool:
        """Whether it is not deaf."""
        self.asked.append(("ping",))
        return not self.deaf

    async def signal(self, on: bool, deadline: float = 30.0) -> None:
        """Remembered."""
        self._ask("signal", str(on))

    async def report(self, deadline: float = 30.0) -> None:
        """Remembered."""
        self._ask("report")

    async def update(self, image: bytes, deadline: float = 30.0) -> None:
        """Remembered."""
        self._ask("update", str(len(image)))

    def send(self, event: Event) -> None:
        """Remembered."""
        self.heard.append(event)

    def _ask(self, *what: str) -> None:
        self.asked.append(what)
        if self.deaf:
            raise BoardAway("The board does not answer.")

    def write(self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]]) -> None:
        """Remember the values by the symbols of their variables."""
        self.written += [(variable.record.symbol, value) for variable, value in values]

    def attached(self, thing_id: str | None) -> None:
        """Remember the thing."""
        self.things.append(thing_id)

    def close(self, reason: str) -> None:
        """Remember why."""
        self.closed = reason


def memory_services(seed: int = 1, bus: LocalBus | None = None, clock: ManualClock | None = None) -> Services:
    """Services over memory, the same ids at each run."""
    return build_services(
        MemoryCatalog(),
        MemoryTelemetry(),
        RecordingBus() if bus is None else bus,
        clock or ManualClock(),
        Identifiers(random.Random(seed).randbytes),
        PlainPasswords(),
        Peppered(b"a pepper for tests"),
        Sealed(b"a pepper for tests", random.Random(seed + 1).randbytes),
    )


async def settled() -> None:
    """What was put off until the next turn of the loop, such as a commit, has happened."""
    for _ in range(3):
        await asyncio.sleep(0)


def connect(services: Services, device: Device) -> FakeBoard:
    """Let a board of this device log in."""
    board = FakeBoard(device)
    boards: Boards = services.boards
    boards.arrived(board)
    return board
