"""Taking a table in: first it is looked at as a whole, then it is written, batch by batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from rookery.cli.orders import Order
from rookery.cli.progress import Progress
from rookery.cli.tables import Row, TableError, kind_of, read_csv, read_parquet, time_text, value_of
from rookery.core.errors import Invalid
from rookery.core.records import ValueKind
from rookery.core.transfer import EARLIEST, LATEST, check_value

BATCH = 5_000
"""Points of one order: half a megabyte of numbers."""
BATCH_BYTES = 4_000_000
"""Of one order, as JSON: a control character takes six, so one text may take 600 kB. The server takes 16 MiB."""
HELD_BYTES = 40_000_000
"""Of the rows that wait for more of their variable: a table may go from one to the next of many thousands."""
NUMBER_BYTES = 100
"""What a value that is no text counts for: its time, and the objects that hold it here."""
FITTING = {
    "bool": ("bool",),
    "int": ("int",),
    "float": ("float", "int"),
    "string": ("string",),
    "composite": ("composite",),
}
"""Kinds of values that a variable of a kind may hold."""


class Variables:
    """Which variable a row means."""

    def __init__(self, sources: list[dict[str, Any]]) -> None:
        self._by_id = {source["id"]: source for source in sources}
        self._by_name: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for source in sources:
            for thing in {source["thing_id"], source["thing"]}:
                for name in {source["variable"], source["name"]}:
                    self._by_name[thing, name].append(source)

    def of(self, row: Row) -> dict[str, Any]:
        """The variable.

        Raises:
            ValueError: none or several.
        """
        if row.variable_id:
            found = self._by_id.get(row.variable_id.lower())
            if found is None:
                raise ValueError(f"there is no variable {row.variable_id[:60]!r} here")
            return found
        several = self._by_name.get((row.thing_id or row.thing, row.variable), [])
        if len(several) != 1:
            what = "no variable" if not several else f"{len(several)} variables"
            raise ValueError(f"there is {what} {row.variable[:60]!r} in {(row.thing or row.thing_id)[:60]!r} here")
        return several[0]


def import_from(order: Order, file: Path, format: str, progress: Progress) -> dict[str, Any]:
    """Take the table in; how many points were stored, and how many were there already.

    Raises:
        TableError: something is wrong with it; nothing was taken in.
        and what `order` raises: then what was taken in so far stays, and doing it again goes on behind it.
    """
    found: Any = order("data_sources")
    variables = Variables(found)
    total = 0
    for _ in _points(file, format, variables):
        total += 1
        progress(0, total)
    stored = present = done = 0
    waiting: defaultdict[str, list[tuple[int, Any]]] = defaultdict(list)
    sizes: defaultdict[str, int] = defaultdict(int)
    held = 0

    def send(variable: str) -> None:
        nonlocal stored, present, done, held
        points = waiting.pop(variable)
        held -= sizes.pop(variable)
        told: Any = order("data_write", variable=variable, points=points)
        stored += told["stored"]
        present += told["present"]
        done += len(points)
        progress(done, total)

    for variable, time, value in _points(file, format, variables):
        size = _size(value)
        if waiting[variable] and sizes[variable] + size > BATCH_BYTES:
            send(variable)
        waiting[variable].append((time, value))
        sizes[variable] += size
        held += size
        if len(waiting[variable]) >= BATCH:
            send(variable)
        elif held > HELD_BYTES:
            send(max(sizes, key=lambda each: sizes[each]))
    for variable in list(waiting):
        send(variable)
    progress.end()
    return {"points": total, "stored": stored, "present": present}


def _points(file: Path, format: str, variables: Variables) -> Iterator[tuple[str, int, Any]]:
    """Variable, time and value of each row, all of them checked."""
    rows = read_parquet(file) if format == "parquet" else read_csv(file)
    what = "row" if format == "parquet" else "line"
    for number, row in rows:
        try:
            source = variables.of(row)
            kind = source["kind"]
            value = row.value if row.kind else value_of(kind, row.value)
            found = kind_of(value)
            if found not in FITTING[kind]:
                raise ValueError(f"{source['variable']} holds {kind}, and {str(value)[:40]!r} is {found}")
            if not EARLIEST <= row.time < LATEST:
                raise ValueError(f"a time is between 2000 and 2100, {_told(row.time)} is not")
            # What the server would refuse: found here, before anything was written.
            check_value(source["variable"], ValueKind(kind), value)
        except (ValueError, Invalid) as error:
            raise TableError(f"{file}, {what} {number}: {str(error).rstrip('.')}. Nothing was taken in.") from None
        yield source["id"], row.time, value


def _size(value: Any) -> int:
    """About how many bytes a point takes in an order."""
    return NUMBER_BYTES + (len(msgspec.json.encode(value)) if isinstance(value, str | dict) else 0)


def _told(time: int) -> str:
    try:
        return time_text(time)
    except OverflowError:
        return f"{time} microseconds since 1970"
