"""History in bulk: read out whole, and taken in from a file, as often as one likes.

Taking in is idempotent. A point that is there already, at its time with its value and its type, is not stored again; so
an import that broke off is simply done again, and the same file twice is the same as once. A point whose time is taken
by another value goes to the next free microsecond, as every point does, and is found there the next time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import NamedTuple

from rookery.core.catalog import Catalog
from rookery.core.errors import Invalid, NotFound
from rookery.core.live import LiveThings
from rookery.core.paging import Page, read_page
from rookery.core.points import Telemetry, Value
from rookery.core.records import Thing, ValueKind, Variable
from rookery.core.values import Values

EARLIEST = 946_684_800_000_000
"""2000-01-01, UTC microseconds. What is older was measured before there were such boards, or by one without a clock."""
LATEST = 4_102_444_800_000_000
"""2100-01-01."""
PAGE = 20_000
"""Points of one answer: some hundred milliseconds of work, and 2 MB."""
BATCH = 10_000
"""Points of one request."""
TEXT_LIMIT = 100_000
"""Characters of a text, and parts of a composite together: far more than any board can send in one message."""
PARTS_LIMIT = 1_000
"""Of a composite."""
NEAR = 1_000
"""Microseconds behind the last time of a batch in which a point that had to give way is looked for."""


class Source(NamedTuple):
    """A variable whose history can be read and written, with the names by which files call it."""

    thing: Thing
    variable: Variable


class Written(NamedTuple):
    """What became of a batch."""

    stored: int
    present: int


class Transfer:
    """Reads and writes whole histories. Whoever calls has the rights of the operator."""

    def __init__(self, catalog: Catalog, telemetry: Telemetry, live: LiveThings, values: Values) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._live = live
        self._values = values

    async def sources(self, things: Sequence[str] = (), variables: Sequence[str] = ()) -> list[Source]:
        """The live variables of these things and these variables themselves, by id or by name; without either, all.

        Raises:
            NotFound: one of them is nowhere.
        """
        known = {thing.id: thing for thing in await self._catalog.select(Thing, deleted_at=None)}
        rows = [v for v in await self._catalog.select(Variable, deleted_at=None) if v.thing_id in known]
        if not things and not variables:
            return [Source(known[row.thing_id], row) for row in rows]
        chosen: dict[str, Source] = {}
        for wanted in things:
            ids = {thing.id for thing in known.values() if wanted in (thing.id, thing.name)}
            if not ids:
                raise NotFound(f"There is no thing {wanted[:80]!r}.")
            chosen |= {row.id: Source(known[row.thing_id], row) for row in rows if row.thing_id in ids}
        for wanted in variables:
            found = [row for row in rows if wanted in (row.id, row.symbol, row.name)]
            if not found:
                raise NotFound(f"There is no variable {wanted[:80]!r}.")
            chosen |= {row.id: Source(known[row.thing_id], row) for row in found}
        return list(chosen.values())

    async def count(self, variable_id: str, start: int, end: int) -> int:
        """How many points with start <= time < end.

        Raises:
            NotFound: there is no such variable.
        """
        variable = await self._variable(variable_id)
        return await self._telemetry.count(variable.series, start, end)

    async def read(self, variable_id: str, start: int, end: int, limit: int = PAGE) -> Page:
        """The next points with start <= time < end, ascending.

        Raises:
            NotFound: there is no such variable.
        """
        variable = await self._variable(variable_id)
        return await read_page(self._telemetry, variable.series, start, end, min(max(limit, 1), PAGE))

    async def write(self, variable_id: str, points: Sequence[tuple[int, Value]]) -> Written:
        """Take points in, all or none of them.

        Raises:
            NotFound: there is no such variable.
            Invalid: too many, a time out of bounds, or a value that does not fit the variable.
            Unavailable: the store can not keep them.
        """
        variable = await self._variable(variable_id)
        if len(points) > BATCH:
            raise Invalid(f"At most {BATCH} points are taken at once.", "points")
        checked = [(check_time(time), check_value(variable.symbol, variable.kind, value)) for time, value in points]
        if not checked:
            return Written(0, 0)
        times = [time for time, _ in checked]
        there: dict[int, Value] = {}
        begin, end = min(times), max(times) + NEAR
        while begin < end:
            page = await self._telemetry.read(variable.series, begin, end, PAGE)
            there.update(page)
            if len(page) < PAGE:
                break
            begin = page[-1].time + 1
        fresh = list(_unknown(checked, there))
        if fresh:
            live = await self._live.get(variable.thing_id)
            held = live.by_id.get(variable.id) if live is not None else None
            if held is None:
                raise NotFound("The variable is gone.")
            await self._values.backfill(held, fresh)
        return Written(len(fresh), len(checked) - len(fresh))

    async def _variable(self, id: str) -> Variable:
        variable = await self._catalog.get(Variable, id.lower())
        if variable is None or variable.deleted_at is not None:
            raise NotFound(f"There is no variable {id[:60]!r}.")
        return variable


def _unknown(points: Iterable[tuple[int, Value]], there: dict[int, Value]) -> Iterable[tuple[int, Value]]:
    """Those that are not there yet. What is taken in counts as there for the rest."""
    for time, value in points:
        place = time
        while place in there:
            if same(there[place], value):
                break
            place += 1
        else:
            there[place] = value
            yield time, value


def same(one: Value, other: Value) -> bool:
    """Whether two values are equal and of one type: 1 is not 1.0, and 0.0 is not -0.0."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    return type(one) is type(other) and repr(one) == repr(other)


def check_time(time: int) -> int:
    """The time, when it may be one.

    Raises:
        Invalid: it is before 2000 or after 2100.
    """
    if not EARLIEST <= time < LATEST:
        raise Invalid(f"A time is between 2000 and 2100; {time} microseconds since 1970 is not.", "time")
    return time


def check_value(symbol: str, kind: ValueKind, value: Value) -> Value:
    """The value as a variable of this name and kind holds it. A float variable may hold whole numbers, as some boards
    send them.

    Raises:
        Invalid: it does not fit.
    """
    fits = {
        ValueKind.BOOL: isinstance(value, bool),
        ValueKind.INT: isinstance(value, int) and not isinstance(value, bool),
        ValueKind.FLOAT: isinstance(value, int | float) and not isinstance(value, bool),
        ValueKind.STRING: isinstance(value, str),
        ValueKind.COMPOSITE: isinstance(value, Mapping),
    }[kind]
    if not fits:
        raise Invalid(f"{symbol} holds {kind}; {str(value)[:40]!r} is none.", "value")
    if isinstance(value, float) and not isfinite(value):
        raise Invalid(f"{symbol} can not hold {value}.", "value")
    if isinstance(value, str):
        _check_text(value)
        if len(value) > TEXT_LIMIT:
            raise Invalid(f"A text has at most {TEXT_LIMIT} characters, this one has {len(value)}.", "value")
    if isinstance(value, Mapping):
        _check_parts(value)
    return value


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"A text can not hold half of a character ({text[error.start]!r}).", "value") from None


def _check_parts(value: Mapping[str, bool | int | float | str]) -> None:
    if len(value) > PARTS_LIMIT:
        raise Invalid(f"An object has at most {PARTS_LIMIT} parts, this one has {len(value)}.", "value")
    size = 0
    for name, part in value.items():
        if not isinstance(name, str) or not isinstance(part, bool | int | float | str):
            raise Invalid("The parts of an object are booleans, numbers and texts.", "value")
        if isinstance(part, float) and not isfinite(part):
            raise Invalid(f"A part can not be {part}.", "value")
        for text in (name, part):
            if isinstance(text, str):
                _check_text(text)
        size += len(name) + (len(part) if isinstance(part, str) else 8)
    if size > TEXT_LIMIT:
        raise Invalid(f"An object has at most {TEXT_LIMIT} characters.", "value")
