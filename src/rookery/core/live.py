"""Things in use, with their variables and last values: what the hot path needs, in memory.

A `LiveThing` is loaded from the catalog and the telemetry store when somebody first needs it and refreshed when the
thing changes. The objects of the variables are kept across a refresh, so that whoever holds one sees the new record.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from rookery.core.catalog import Catalog
from rookery.core.points import Telemetry, Value
from rookery.core.records import Thing, ValueKind, Variable

LIVE_THINGS = 50_000
"""Things kept in memory when nobody uses them: about 2 kB each with five variables, so 100 MB at the most."""


EXACT_TYPES: dict[ValueKind, type | None] = {
    ValueKind.BOOL: bool,
    ValueKind.INT: int,
    ValueKind.FLOAT: float,
    ValueKind.STRING: None,
    ValueKind.COMPOSITE: None,
}
"""The type of a value that needs no closer look. Texts have a length to be checked, composites have parts."""


class LiveVariable:
    """A variable with its last value. `series` is negative when no history is kept (see `PointBatch`)."""

    __slots__ = ("exact", "record", "series", "stamp", "time", "value")

    def __init__(self, record: Variable) -> None:
        self.refresh(record)
        self.value: Value | None = None
        self.time = -1
        """Time of `value`; -1 when it never had one."""
        self.stamp = 0
        """The newest time that was given to an arriving value; the next one gets a later one."""

    def refresh(self, record: Variable) -> None:
        """Take over a newer record."""
        self.record = record
        self.series = record.series if record.persist else -record.series
        self.exact = EXACT_TYPES[record.kind]
        """The type a value has when it needs no coercion: one comparison on the hot path."""


class LiveThing:
    """A thing with its live variables, by symbol (the name on the wire), by id and by tag."""

    __slots__ = ("by_id", "by_symbol", "by_tag", "record")

    def __init__(self, record: Thing) -> None:
        self.record = record
        self.by_symbol: dict[str, LiveVariable] = {}
        self.by_id: dict[str, LiveVariable] = {}
        self.by_tag: dict[int, LiveVariable] = {}

    def refresh(self, record: Thing, variables: list[LiveVariable]) -> None:
        """Take over a newer record and this set of variables."""
        self.record = record
        self.by_symbol = {v.record.symbol: v for v in variables}
        self.by_id = {v.record.id: v for v in variables}
        self.by_tag = {v.record.tag: v for v in variables}


class LiveThings:
    """The cache of things in use. An evicted thing that a session still holds goes on living there."""

    def __init__(self, catalog: Catalog, telemetry: Telemetry, capacity: int = LIVE_THINGS) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._capacity = capacity
        self._things: OrderedDict[str, LiveThing] = OrderedDict()
        self._loading: dict[str, asyncio.Future[LiveThing | None]] = {}
        self._doubtful: set[int] = set()
        self._reading: asyncio.Task[None] | None = None
        telemetry.on_refused = self.doubt

    def cached(self, thing_id: str) -> LiveThing | None:
        """The thing, if it is in memory."""
        return self._things.get(thing_id)

    async def get(self, thing_id: str) -> LiveThing | None:
        """The thing with its variables and last values, or None when there is no live one with this id."""
        live = self._things.get(thing_id)
        if live is not None:
            self._things.move_to_end(thing_id)
            return live
        waiting = self._loading.get(thing_id)
        if waiting is None:
            waiting = asyncio.get_running_loop().create_future()
            self._loading[thing_id] = waiting
            try:
                live = await self._load(thing_id)
                waiting.set_result(live)
                return live
            except BaseException as error:
                waiting.set_exception(error)
                waiting.exception()
                raise
            finally:
                del self._loading[thing_id]
        return await asyncio.shield(waiting)

    async def refresh(self, thing_id: str) -> LiveThing | None:
        """Read the thing anew after a change. Returns None when it is gone."""
        loading = self._loading.get(thing_id)
        if loading is not None:
            await asyncio.wait([loading])
        return await self._load(thing_id)

    def doubt(self, series: Sequence[int]) -> None:
        """The store has refused values of these series, which were last values already: read what is stored."""
        self._doubtful.update(map(abs, series))
        if self._reading is None:
            self._reading = asyncio.get_running_loop().create_task(self._read_last())

    async def _read_last(self) -> None:
        """One look through the things in memory for all refusals that came meanwhile."""
        try:
            while self._doubtful:
                doubtful, self._doubtful = self._doubtful, set()
                held = [
                    (v, v.time) for t in self._things.values() for v in t.by_id.values() if v.record.series in doubtful
                ]
                last = await self._telemetry.last([v.record.series for v, _ in held])
                for variable, seen in held:
                    # One that has changed meanwhile has a value of a later batch, which will be stored or doubted.
                    if variable.time == seen:
                        point = last.get(variable.record.series)
                        variable.time, variable.value = (point.time, point.value) if point is not None else (-1, None)
        finally:
            self._reading = None

    async def _load(self, thing_id: str) -> LiveThing | None:
        record = await self._catalog.get(Thing, thing_id)
        if record is None or record.deleted_at is not None:
            self._things.pop(thing_id, None)
            return None
        rows = await self._catalog.select(Variable, thing_id=thing_id, deleted_at=None)
        live = self._things.get(thing_id) or LiveThing(record)
        variables: list[LiveVariable] = []
        fresh: list[LiveVariable] = []
        for row in rows:
            variable = live.by_id.get(row.id)
            if variable is None:
                variable = LiveVariable(row)
                fresh.append(variable)
            else:
                variable.refresh(row)
            variables.append(variable)
        if fresh:
            last = await self._telemetry.last([v.record.series for v in fresh])
            for variable in fresh:
                point = last.get(variable.record.series)
                if point is not None:
                    variable.time, variable.value = point
        live.refresh(record, variables)
        self._things[thing_id] = live
        self._things.move_to_end(thing_id)
        while len(self._things) > self._capacity:
            self._things.popitem(last=False)
        return live
