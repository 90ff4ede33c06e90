"""What the server publishes, in the form that every client reads (arduino-device.md section 4.6).

A definite array, integer labels, text names; the kind of a value is that of the declared type; the components of a
composite stand together. Times are base times in seconds, on the first record of each variable: the board library
keeps a time until the next one comes, and compares seconds (sections 4.5 and 7.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rookery.arduino.times import ZoneInterval
from rookery.arduino.types import declared_type
from rookery.arduino.values import to_records
from rookery.core.clock import SECOND
from rookery.core.live import LiveVariable
from rookery.core.points import Value
from rookery.core.records import Variable
from rookery.wire import senml

BOARD_MESSAGE: Final = 256
"""Bytes that a message to a board should not exceed: the board library copies it onto its stack (section 4.6)."""

THING_ID: Final = "thing_id"
ZONE_OFFSET: Final = "tz_offset"
ZONE_UNTIL: Final = "tz_dst_until"
LAST_VALUES_REQUEST: Final[senml.Record] = ("r:m", "getLastValues", None)
"""The record that asks for the last values on `shadow/o` (section 3.2). Python boards repeat it on `e/o`."""

CPP_BOARD: Final = senml.Form(indefinite=True, single=True, time=senml.TimePlace.TIME_LAST)
PYTHON_BOARD: Final = senml.Form()
SCRIPT: Final = senml.Form(integral=True, time=senml.TimePlace.BASE_LAST)
"""The forms that the clients themselves produce (section 4.2)."""


def thing_id(thing: str | None) -> bytes:
    """The thing of a device, for `/a/d/<device>/e/i`. None says it has none: not to Python boards (section 6.1)."""
    return senml.encode([(THING_ID, thing or "", None)])


def last_values(variables: Iterable[LiveVariable], zone: ZoneInterval) -> bytes:
    """Everything that is known of a thing, with the times of the last changes, and the zone (section 6.3).

    The zone always comes last and always comes: without it, or with an interval that is over, a board asks again at
    once and for ever.
    """
    records: list[senml.Record] = []
    for variable in variables:
        if variable.value is not None:
            time = _seconds(variable.time) if variable.time >= 0 else None
            records += _records(variable.record, variable.value, time)
    records.append((ZONE_OFFSET, zone.offset, None))
    records.append((ZONE_UNTIL, zone.until, None))
    return senml.encode(records)


def write(values: Sequence[tuple[LiveVariable, Value]], limit: int = BOARD_MESSAGE) -> list[bytes]:
    """Messages that write these values to a board, for `/a/t/<thing>/e/i`, in order.

    Each is at most `limit` bytes long, unless a single value needs more. A composite is never divided.
    """
    messages: list[bytes] = []
    pending: list[senml.Record] = []
    size = 0
    for variable, value in values:
        records = _records(variable.record, value)
        added = len(senml.encode(records)) - 1
        if pending and size + added + _ARRAY_HEAD > limit:
            messages.append(senml.encode(pending))
            pending, size = [], 0
        pending += records
        size += added
    if pending:
        messages.append(senml.encode(pending))
    return messages


def view(changes: Iterable[tuple[Variable, int, Value]]) -> bytes | None:
    """A message that shows `(variable, time, value)` to viewers, for `/a/t/<thing>/e/o`; None when nothing is to show.

    It takes the place of what a board sent, which viewers might stumble over, and mirrors writes for boards that do not
    echo them (section 7.1). What it makes is plain in the sense of `senml.is_plain`.
    """
    records: list[senml.Record] = []
    for variable, _, value in changes:
        records += _records(variable, value)
    return senml.encode(records) if records else None


_ARRAY_HEAD: Final = 3  # A message of this size has fewer than 65,536 records.


def _records(variable: Variable, value: Value, time: float | None = None) -> list[senml.Record]:
    return to_records(variable.symbol, declared_type(variable.type, variable.kind), value, time)


def _seconds(time: int) -> float:
    """Whole seconds as an integer: half of the bytes."""
    seconds, rest = divmod(time, SECOND)
    return time / SECOND if rest else seconds
