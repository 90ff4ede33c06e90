"""A connected board as callers of the other dialect see it: its variables can be read, and its writable ones called.

The vendor's boards have no such calls. Reading answers with the last value, which the board sends whenever it changes;
calling a writable variable with a text writes that value, as a person would, and returns 1, or -1 when the text is no
value of its type. What needs the board's own co-operation is refused.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.arduino.types import declared_type
from rookery.arduino.values import Unfit, from_json
from rookery.core.boards import CALL_SECONDS, PING_SECONDS
from rookery.core.errors import BoardCannot, NameUnknown
from rookery.core.events import Event
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Value
from rookery.core.records import ValueKind
from rookery.core.services import Services

WRITTEN = 1
NOT_A_VALUE = -1
ON = frozenset({"true", "1", "on"})
OFF = frozenset({"false", "0", "off"})


class BoardCalls:
    """The half of `core.boards.BoardSession` that asks. A handler of a board has the two attributes."""

    __slots__ = ()

    _services: Services
    _thing: LiveThing | None
    _since: int

    @property
    def last_heard(self) -> int:
        """The time of its newest value, at least that of its arrival."""
        if self._thing is None:
            return self._since
        return max((v.stamp for v in self._thing.by_id.values()), default=0) or self._since

    async def read(self, name: str, deadline: float = CALL_SECONDS) -> Any:
        """The last value. None while there is none; what has parts as JSON text, as it is written."""
        value = find(self._thing, name).value
        return msgspec.json.encode(value).decode() if isinstance(value, dict) else value

    async def call(self, name: str, argument: str, deadline: float = CALL_SECONDS) -> int:
        """Write a variable."""
        variable = find(self._thing, name)
        if self._thing is None or not variable.record.writable:
            raise NameUnknown(name)
        try:
            value = from_text(variable, argument)
        except Unfit:
            return NOT_A_VALUE
        await self._services.values.write(self._thing, [(variable, value)])
        return WRITTEN

    async def ping(self, deadline: float = PING_SECONDS) -> bool:
        """Who is silent for one and a half keepalives is thrown out, so whoever is here is there."""
        return True

    async def signal(self, on: bool, deadline: float = CALL_SECONDS) -> None:
        """There is nothing on the wire for it."""
        raise BoardCannot("This kind of board can not show itself.")

    async def report(self, deadline: float = CALL_SECONDS) -> None:
        """There is nothing on the wire for it."""
        raise BoardCannot("This kind of board has no vitals.")

    async def update(self, image: bytes, deadline: float = CALL_SECONDS) -> None:
        """Its updates are fetched by the board, and not sent."""
        raise BoardCannot("This kind of board can not be sent firmware this way.")

    def send(self, event: Event) -> None:
        """It hears no events."""


def find(thing: LiveThing | None, name: str) -> LiveVariable:
    """A variable by the name that sketches use, or the one that people see.

    Raises:
        NameUnknown: there is none.
    """
    if thing is not None:
        variable = thing.by_symbol.get(name)
        if variable is not None:
            return variable
        for variable in thing.by_id.values():
            if variable.record.name == name:
                return variable
    raise NameUnknown(name)


def from_text(variable: LiveVariable, text: str) -> Value:
    """What a text means for this variable: JSON, except that texts need no quotes and booleans have common words.

    Raises:
        Unfit: it is no value of the variable's type.
    """
    record = variable.record
    given: Any = text
    if record.kind is ValueKind.BOOL:
        word = text.strip().lower()
        given = True if word in ON else False if word in OFF else text
    elif record.kind is not ValueKind.STRING:
        try:
            given = msgspec.json.decode(text)
        except msgspec.DecodeError:
            raise Unfit("This is no value of the variable's type.") from None
    return from_json(declared_type(record.type, record.kind), given, variable.value)
