"""A connected board as core and the other dialect see it: what they may ask of it and send to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rookery.core.boards import CALL_SECONDS, PING_SECONDS
from rookery.core.errors import BoardAway
from rookery.core.events import Event
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Value
from rookery.gateways.coap_contract import Connection
from rookery.particle.device.binding import argument_of
from rookery.particle.device.calls import Calls
from rookery.particle.device.deliveries import Deliveries
from rookery.particle.device.line import Line
from rookery.particle.device.reports import Reports
from rookery.particle.device.shared import Shared
from rookery.particle.device.updates import update


class BoardAnswers:
    """The half of `core.boards.BoardSession` that asks and sends. A handler of a board has the attributes."""

    __slots__ = ()

    _calls: Calls
    _connection: Connection
    _deliveries: Deliveries
    _line: Line
    _reports: Reports
    _shared: Shared

    @property
    def since(self) -> int:
        """See `BoardSession`."""
        return self._line.since

    @property
    def discovered(self) -> bool:
        """See `BoardSession`: it has described itself, now or in a session before that it goes on with."""
        return "functions" in self._line.described

    @property
    def last_heard(self) -> int:
        """See `core.boards.BoardSession`."""
        return self._line.last_heard

    async def read(self, name: str, deadline: float = CALL_SECONDS) -> Any:
        """See `BoardSession`."""
        return await self._calls.read(name, deadline)

    async def call(self, name: str, argument: str, deadline: float = CALL_SECONDS) -> int:
        """See `BoardSession`."""
        return await self._calls.call(name, argument, deadline)

    async def ping(self, deadline: float = PING_SECONDS) -> bool:
        """See `BoardSession`."""
        try:
            return await self._calls.ping(deadline)
        except BoardAway:
            return False

    async def signal(self, on: bool, deadline: float = CALL_SECONDS) -> None:
        """See `BoardSession`."""
        await self._calls.signal(on, deadline)

    async def report(self, deadline: float = CALL_SECONDS) -> None:
        """See `BoardSession`."""
        await self._reports.vitals(deadline)

    async def update(self, image: bytes, deadline: float = CALL_SECONDS) -> None:
        """See `BoardSession`."""
        await update(self._line, image, deadline)

    def send(self, event: Event) -> None:
        """See `BoardSession`."""
        self._deliveries.send(event)

    def write(self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]]) -> None:
        """A variable of the thing that is called like a function of the board: the function is called with its value.
        There is nothing else on the wire that writes."""
        if not self._shared.bridge:
            return
        functions = self._line.functions or ()
        for variable, value in values:
            record = variable.record
            for name in dict.fromkeys((record.symbol, record.name)):
                if name in functions:
                    self._calls.call_in_passing(name, argument_of(value))
                    break

    def close(self, reason: str) -> None:
        """See `BoardSession`."""
        self._connection.close(reason)
