"""What boards were promised, kept outside of the server; and what is in its file.

A board numbers what it says, and each value follows from its number: so a flag for each number is all there is to keep,
and a value in the file that follows from no number was altered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rookery.core.events import unpack
from rookery.storage.telemetry import blocks
from rookery.storage.telemetry.packing import unpack_columns

MOST_TOLD = 20
"""Examples of what is wrong."""


def whole(number: int) -> int:
    """A whole number."""
    return number


def real(number: int) -> float:
    """A float that no short decimal says exactly."""
    return number / 8 + 0.1


def text(number: int) -> str:
    """Words."""
    return f"value {number}"


def data(number: int) -> bytes:
    """The data of an event."""
    return b"event %d" % number


def _number(value: Any) -> int:
    """Which number this value seems to follow from; -1 for none."""
    if type(value) is int:
        return value
    if type(value) is float:
        return round((value - 0.1) * 8)
    word = value.decode() if isinstance(value, bytes) else value
    if not isinstance(word, str):
        return -1
    last = word.rpartition(" ")[2]
    return int(last) if last.isdecimal() else -1


@dataclass(slots=True)
class Promise:
    """What one series was promised."""

    series: int
    value: Callable[[int], Any]
    event: str | None = None
    """The values are the data of events of this name, and not the points themselves."""
    sent: int = 0
    """Numbers below were sent."""
    acknowledged: bytearray = field(default_factory=bytearray)
    """A flag for each number that was sent."""
    repeated: set[int] = field(default_factory=set)
    """Numbers that were on their way while the server was killed. The session of a board over UDP outlives that: what
    was stored and not acknowledged is sent once more, and the new server can not know it."""

    def send(self, count: int) -> range:
        """The next numbers."""
        first, self.sent = self.sent, self.sent + count
        self.acknowledged.extend(bytes(count))
        return range(first, self.sent)

    def keep(self, numbers: range) -> None:
        """These were acknowledged."""
        self.acknowledged[numbers.start : numbers.stop] = b"\1" * len(numbers)


@dataclass(slots=True)
class Verdict:
    """What a comparison found."""

    acknowledged: int = 0
    lost: list[Any] = field(default_factory=list)
    altered: list[Any] = field(default_factory=list)
    """In the file, and never sent so."""
    doubled: list[Any] = field(default_factory=list)
    damaged: int = 0

    @property
    def clean(self) -> bool:
        """Nothing is wrong."""
        return not (self.lost or self.altered or self.doubled or self.damaged)


@dataclass(slots=True)
class Since:
    """From where on to compare: a time, and the first number of each promise."""

    time: int
    numbers: list[int]


def compare(path: Path, promises: list[Promise], since: Since | None = None) -> Verdict:
    """Read the telemetry file beside the running server, and hold it against the promises.

    It is read by the tables alone, not by the store: blocks, and rows of the log that are not in blocks yet.
    """
    verdict = Verdict()
    after = -(2**62) if since is None else since.time
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    try:
        connection.execute("BEGIN")
        verdict.damaged = connection.execute("SELECT count(*) FROM damaged").fetchone()[0]
        logged = _logged(connection, {promise.series for promise in promises}, after)
        for place, promise in enumerate(promises):
            first = 0 if since is None else since.numbers[place]
            _judge(verdict, promise, first, _stored(connection, verdict, promise.series, after), logged[promise.series])
    finally:
        connection.close()
    return verdict


def _judge(verdict: Verdict, promise: Promise, first: int, *points: Any) -> None:
    counts = bytearray(promise.sent)
    for point in (each for part in points for each in part):
        value = point
        if promise.event is not None:
            event = unpack(point, 0)
            if event.name != promise.event:
                continue
            value = event.data
        number = _number(value)
        if (
            not 0 <= number < promise.sent
            or type(value) is not type(promise.value(0))
            or promise.value(number) != value
        ):
            verdict.altered.append(repr(value)[:80])
            continue
        counts[number] = min(counts[number] + 1, 2)
    flags = promise.acknowledged
    verdict.acknowledged += sum(flags[first:])
    for number in range(first, promise.sent):
        if flags[number] and not counts[number]:
            verdict.lost.append((promise.series, number))
        elif counts[number] > 1 and number not in promise.repeated:
            verdict.doubled.append((promise.series, number))
    for found in (verdict.lost, verdict.altered, verdict.doubled):
        del found[MOST_TOLD:]


def _stored(connection: sqlite3.Connection, verdict: Verdict, series: int, after: int) -> Iterator[Any]:
    rows = connection.execute(f"SELECT {blocks.COLUMNS} FROM block WHERE series = ? AND last >= ?", (series, after))
    for row in rows:
        try:
            _, times, column = blocks.opened(row)
        except blocks.Damaged:
            verdict.damaged += 1
            continue
        for time, value in zip(times.tolist(), blocks.values_of(column), strict=True):
            if time >= after:
                yield value


def _logged(connection: sqlite3.Connection, wanted: set[int], after: int) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {series: [] for series in wanted}
    merged = dict(connection.execute("SELECT series, merged FROM last").fetchall())
    for number, packed in connection.execute("SELECT id, data FROM log ORDER BY id"):
        for series, time, value in zip(*unpack_columns(packed), strict=True):
            if series in wanted and number > merged.get(series, 0) and time >= after:
                found[series].append(value)
    return found
