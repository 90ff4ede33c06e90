"""Points: what the telemetry store keeps, and the one way in.

A *series* is an integer that the catalog hands out: a variable has one, and so has a device's presence. A *point* is
`(series, time, value)`. Producers append to the open `PointBatch` of the store and leave a ticket; when the batch is
committed the store hands every producer its tickets back, once, in order. That is how an acknowledgement can wait for
the disk without a future or a task per message.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

Value = bool | int | float | str | Mapping[str, bool | int | float | str]
"""What a point holds. NaN and infinities never get here: they are refused or dropped at the door."""


def size_of(value: Value) -> int:
    """About how many bytes a value takes: its characters, or 9 of a number."""
    if isinstance(value, Mapping):
        return sum(len(name) + size_of(part) for name, part in value.items())
    return len(value) if isinstance(value, str) else 9


PULSE_SERIES = 1 << 52
"""How the server itself does: a row of numbers a minute, as JSON text. The catalog counts series from 1 and never comes
here; every number up to 2^53 is exact in JSON."""
AUDIT_SERIES = PULSE_SERIES + 1
"""What was done to the server itself, to no space of it, as JSON text."""


class Point(NamedTuple):
    """One stored value. `time` is UTC microseconds."""

    time: int
    value: Value


class Bin(NamedTuple):
    """One bin of an aggregate. `time` is the start of the bin in UTC microseconds."""

    time: int
    value: float


class Aggregation(StrEnum):
    """What a bin is reduced to. Booleans count as 0 and 1; percentiles interpolate linearly."""

    AVG = "AVG"
    MIN = "MIN"
    MAX = "MAX"
    SUM = "SUM"
    COUNT = "COUNT"
    FIRST = "FIRST"
    LAST = "LAST"
    PCT_99 = "PCT_99"
    PCT_95 = "PCT_95"
    PCT_90 = "PCT_90"
    PCT_75 = "PCT_75"
    PCT_50 = "PCT_50"
    PCT_15 = "PCT_15"
    PCT_5 = "PCT_5"
    BOOL_OR = "BOOL_OR"
    BOOL_AND = "BOOL_AND"


class Producer(Protocol):
    """Who left tickets in a batch. Called on the event loop, once a batch, with the tickets in their order."""

    def committed(self, tickets: list[int]) -> None:
        """These are on disk: acknowledge them."""

    def refused(self, tickets: list[int], reason: str) -> None:
        """These are not stored and never will be: do not acknowledge them."""


class PointBatch:
    """Points of one group commit, as columns. A negative series keeps the last value only, no history.

    The hot path appends to the three lists itself; they always have the same length.
    """

    __slots__ = ("series", "tickets", "times", "values")

    def __init__(self) -> None:
        self.series: list[int] = []
        self.times: list[int] = []
        self.values: list[Value] = []
        self.tickets: defaultdict[Producer, list[int]] = defaultdict(list)


class Telemetry(Protocol):
    """The store of points. All methods are called on the event loop; reading never waits for writing."""

    batch: PointBatch
    """The open batch. It is replaced at each group commit, so read the attribute anew for every message."""

    on_refused: Callable[[Sequence[int]], None]
    """Called with the series of each batch that was refused: who has shown their values already takes them back."""

    def touch(self) -> None:
        """Say that `batch` has grown. Commits within the group-commit interval (20 ms at most)."""

    async def write(self, points: Sequence[tuple[int, int, Value]]) -> None:
        """Store `(series, time, value)` rows and return when they are committed.

        Raises:
            StoreRefused: the disk is full or the store is closed; nothing of `points` was kept.
        """

    async def last(self, series: Sequence[int]) -> dict[int, Point]:
        """The newest point (by time) of each series that has one."""

    async def read(self, series: int, start: int, end: int, limit: int, *, descending: bool = False) -> list[Point]:
        """At most `limit` points with start <= time < end, ascending by time or descending."""

    async def aggregate(
        self, series: int, start: int, end: int, interval: int, aggregation: Aggregation, *, origin: int = 0
    ) -> list[Bin]:
        """Bins of `interval` microseconds aligned to `origin`; empty bins are left out; bins are cut at start and end.

        Values that are not numbers or booleans do not count.
        """

    async def bins(self, series: int, edges: Sequence[int], aggregation: Aggregation) -> list[Bin]:
        """The same for bins from each of the ascending `edges` to the next: calendar days, weeks and months, which are
        not all of one length (see `core.calendars`)."""

    async def sample(self, series: int, start: int, end: int, interval: int, *, origin: int = 0) -> list[Point]:
        """The last point of each bin of `interval` microseconds, of any kind of value, ascending."""

    async def thin(self, series: int, start: int, end: int, points: int, *, gap: int | None = None) -> list[Point]:
        """At most `points` of the numbers with start <= time < end that look like all of them, ascending. Where two
        neighbours are more than `gap` microseconds apart, both are kept."""

    async def count(self, series: int, start: int, end: int) -> int:
        """How many points with start <= time < end."""

    async def delete(self, series: Sequence[int]) -> None:
        """Forget these series: history and last value."""

    async def expire(self, limits: Mapping[int, int]) -> int:
        """Remove of each series the points older than its limit (UTC microseconds), at the latest a day after; the last
        value stays. How many points went."""


class StoreRefused(Exception):
    """The store could not keep what it was given. `str()` says why in plain words."""
