"""The points that are committed to the log but not yet merged into blocks, by series.

Only the writer thread changes anything here. Any thread may read: what a reader needs hangs on one attribute, `parts`,
which is replaced as a whole and never lets a point disappear before the block that holds it is committed. A reader that
copies the points of memory *first* and looks at the blocks *after* therefore misses nothing; what it sees twice has the
same time twice, and within a series every time is unique.

Every point is kept. A point whose time is taken goes to the next free microsecond after it, in the order of arrival.
Whether a time is taken is asked of memory and of the blocks, so the answer is the same before and after a merge, and
the same again when the log is replayed after a crash.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import NamedTuple

from rookery.core.points import Point, Value

NEVER = -(2**63)
"""Older than any time."""

MOST_HINTS = 4096
"""Remembered collisions of one series. They only save time; beyond this they are forgotten."""

MOST_IDLE = 50_000
"""Series kept in memory with their last value only, about 400 B each. Beyond this idle ones are dropped."""

TRIM_AT_ONCE = 1_000
"""Series that are looked at in one step of dropping them."""


class Part:
    """Points of one series: `times` ascends, newer than all that was before; `late` has what came out of order."""

    __slots__ = ("late", "times", "values")

    def __init__(self) -> None:
        self.times = array("q")
        self.values: list[Value] = []
        self.late: dict[int, Value] | None = None

    def __len__(self) -> int:
        return len(self.values) + (len(self.late) if self.late else 0)


class Run:
    """What memory knows of one series. The hot path appends to `times` and `values`: those of the last part."""

    __slots__ = ("base", "frozen", "gap", "hints", "merged", "newest", "parts", "series", "shadow", "times", "values")

    def __init__(self, series: int) -> None:
        part = Part()
        self.series = series
        self.newest = NEVER
        self.times = part.times
        self.values = part.values
        self.parts: tuple[Part, ...] = (part,)
        self.frozen = 0
        """So many of the parts, from the first, are being merged."""
        self.base: Point | None = None
        """The last value as it is in the file."""
        self.shadow: Point | None = None
        """A last value without history, when it is the newest."""
        self.merged = 0
        """Rows of the log up to this one are in the blocks already."""
        self.gap: tuple[int, int] = (0, 0)
        """Between these times, both excluded, there is no point in the blocks."""
        self.hints: dict[int, int] | None = None

    def last(self) -> Point | None:
        """The newest point. Safe in any thread, for what it reads first is what `settle` changes last."""
        shadow, parts, newest = self.shadow, self.parts, self.base
        for part in parts:
            length = len(part.values)
            if length and (newest is None or part.times[length - 1] >= newest.time):
                newest = Point(part.times[length - 1], part.values[length - 1])
        if shadow is not None and (newest is None or shadow.time > newest.time):
            return shadow
        return newest


class Door:
    """Stands in the table of runs under a negative series: every point takes the slow way and sets a shadow."""

    __slots__ = ("newest", "run", "times", "values")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.newest = 2**63
        self.times = run.times
        self.values = run.values


class Stored(NamedTuple):
    """The row of `last` of one series. `point` is None when the series was deleted."""

    point: Point | None
    newest: int
    merged: int


Load = Callable[[int], Stored | None]
NextFree = Callable[[Run, int], int]


class Memory:
    """All runs. `load` fetches what the file knows of a series; `next_free` finds a time that no block has."""

    def __init__(self, load: Load, next_free: NextFree) -> None:
        self._load = load
        self._next_free = next_free
        self.runs: dict[int, Run] = {}
        self.active: dict[int, Run | Door] = {}
        """The runs with points that are not merged, by series; and doors by negative series."""
        self.points = 0
        """Points added since the last merge began: what triggers the next."""
        self.size = 0
        """Bytes of them, as they are packed and not compressed."""

    def run(self, series: int) -> Run:
        """The run of a series, from the file if it is not here."""
        run = self.runs.get(series)
        if run is None:
            run = Run(series)
            stored = self._load(series)
            if stored is not None:
                run.base, run.newest, run.merged = stored.point, stored.newest, stored.merged
            self.runs[series] = run
        return run

    def _wake(self, series: int) -> Run | Door:
        entry: Run | Door = self.run(series) if series >= 0 else Door(self.run(-series))
        self.active[series] = entry
        return entry

    def add(self, series: list[int], times: list[int], values: list[Value]) -> None:
        """Take in the points of a committed batch, in the order of arrival."""
        active = self.active
        for number, time, value in zip(series, times, values, strict=True):
            try:
                run = active[number]
            except KeyError:
                run = self._wake(number)
            if time > run.newest:
                run.newest = time
                run.times.append(time)
                run.values.append(value)
            else:
                self._add_late(run, time, value)
        self.points += len(series)

    def replay(self, row: int, series: list[int], times: list[int], values: list[Value]) -> None:
        """Take in a row of the log at start: like `add`, without the points that are merged already."""
        self.add(*self.unmerged(row, series, times, values))

    def unmerged(
        self, row: int, series: list[int], times: list[int], values: list[Value]
    ) -> tuple[list[int], list[int], list[Value]]:
        """The points of a row of the log that are not in blocks yet."""
        merged = {number: self.run(abs(number)).merged for number in set(series)}
        if all(value < row for value in merged.values()):
            return series, times, values
        kept = [place for place, number in enumerate(series) if merged[number] < row]
        return [series[place] for place in kept], [times[place] for place in kept], [values[place] for place in kept]

    def _add_late(self, run: Run | Door, time: int, value: Value) -> None:
        if isinstance(run, Door):
            last = run.run.last()
            if last is None or time >= last.time:
                run.run.shadow = Point(time + (last is not None and time == last.time), value)
            return
        free = self._free(run, time)
        # As late as the newest: that one has expired, and this takes its place.
        if free >= run.newest:
            run.newest = free
            run.times.append(free)
            run.values.append(value)
            return
        part = run.parts[-1]
        if part.late is None:
            part.late = {}
        part.late[free] = value

    def _free(self, run: Run, time: int) -> int:
        hints = run.hints
        wanted = time
        if hints:
            time = hints.get(time, time)
        while time <= run.newest:
            free = self._next_free(run, time)
            for part in run.parts:
                free = _free_in(part, free)
            if free == time:
                break
            time = free
        if time != wanted:
            if hints is None or len(hints) >= MOST_HINTS:
                hints = run.hints = {}
            hints[wanted] = time + 1
        return time

    def freeze(self, run: Run) -> tuple[Part, ...]:
        """Close the parts that a merge shall take; further points go to a new one. Empty: only a last value changed."""
        self.active.pop(run.series, None)
        self.active.pop(-run.series, None)
        if len(run.parts) > 1 or len(run.parts[0]):
            part = Part()
            run.frozen = len(run.parts)
            run.parts = (*run.parts, part)
            run.times, run.values = part.times, part.values
        return run.parts[: run.frozen]

    def thaw(self, run: Run) -> None:
        """The merge of this run failed: it counts as not merged again, unless it was deleted meanwhile."""
        run.frozen = 0
        if self.runs.get(run.series) is run:
            self.active.setdefault(run.series, run)

    def settle(self, run: Run, base: Point | None, merged: int) -> None:
        """The merge of this run is committed: the frozen parts are in the blocks now, and `base` is in the file."""
        run.base, run.merged, run.gap = base, merged, (0, 0)
        run.parts = run.parts[run.frozen :]
        run.frozen = 0
        if run.shadow is not None and base is not None and run.shadow.time <= base.time:
            run.shadow = None

    def replace(self, other: Memory) -> None:
        """Become what `other` is, at once for every reader."""
        self.runs, self.active = other.runs, other.active
        self.points, self.size = other.points, other.size

    def forget(self, series: int) -> None:
        """Drop a series."""
        self.runs.pop(series, None)
        self.active.pop(series, None)
        self.active.pop(-series, None)

    def reconsider(self, series: int) -> None:
        """Points of this series are gone from the blocks: times that were taken may be free."""
        run = self.runs.get(series)
        if run is not None:
            run.hints, run.gap = None, (0, 0)

    def trim(self) -> Iterator[None]:
        """Drop runs that have nothing but a last value, the oldest first, while there are too many: what is needed
        again costs a query. Yields now and then; a hundred thousand take 20 ms."""
        excess = len(self.runs) - MOST_IDLE
        if excess <= 0:
            return
        for number, series in enumerate(list(self.runs)):
            if excess <= 0:
                return
            if number % TRIM_AT_ONCE == TRIM_AT_ONCE - 1:
                yield
            if series not in self.active and -series not in self.active and self.runs.pop(series, None) is not None:
                excess -= 1

    def copy(self, series: int, start: int, end: int) -> tuple[list[int], list[Value]]:
        """The points of memory with start <= time < end, ascending. Safe in any thread."""
        run = self.runs.get(series)
        if run is None:
            return [], []
        times: list[int] = []
        values: list[Value] = []
        late: dict[int, Value] = {}
        for part in run.parts:
            length = len(part.values)
            low = bisect_left(part.times, start, 0, length)
            high = bisect_left(part.times, end, low, length)
            if low < high:
                times += part.times[low:high]
                values += part.values[low:high]
            if part.late:
                late.update(part.late.copy())
        chosen = {time: value for time, value in late.items() if start <= time < end}
        if chosen:
            chosen.update(zip(times, values, strict=True))
            times = sorted(chosen)
            values = [chosen[time] for time in times]
        return times, values


def _free_in(part: Part, time: int) -> int:
    times = part.times
    late = part.late
    length = len(times)
    place = bisect_left(times, time)
    while True:
        if place < length and times[place] == time:
            time += 1
            place += 1
        elif late and time in late:
            time += 1
        else:
            return time
