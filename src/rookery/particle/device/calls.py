"""Questions to a board and their answers: variables, functions, ping, signal (particle-device.md §4.2, §4.4, §4.5,
§4.10).

One future a question, no task. A board does not answer at all when it has no function of that name, so its description
is looked at first.
"""

from __future__ import annotations

import asyncio
from typing import Any

from rookery.core.errors import BoardAway, BoardCannot, NameUnknown
from rookery.particle.device.errors import LimitError, MessageError
from rookery.particle.device.line import Line
from rookery.particle.device.reports import Reports
from rookery.particle.device.requests import Request, function_request, signal_request, variable_request
from rookery.particle.device.values import decode_result, decode_value
from rookery.particle.device.waiting import Waiting, ask, away
from rookery.wire.coap.errors import LocalError, TooBusy
from rookery.wire.coap.message import Code, Message
from rookery.wire.coap.options import CONTENT_FORMAT


class Calls:
    """Of one session."""

    __slots__ = ("_line", "_reports")

    def __init__(self, line: Line, reports: Reports) -> None:
        self._line = line
        self._reports = reports

    async def read(self, name: str, deadline: float) -> Any:
        """See `core.boards.BoardSession`."""
        line = self._line
        if line.variables is None:
            await self._reports.ask(deadline)
        kind = (line.variables or {}).get(name)
        if kind is None:
            raise NameUnknown(name)
        message = await ask(line, _possible(variable_request, name), deadline)
        if message.code == Code.NOT_FOUND:
            raise NameUnknown(name)
        _check(message)
        try:
            return decode_value(kind, message.payload, message.number(CONTENT_FORMAT))
        except MessageError as error:
            raise BoardCannot(f"The board answered something that is no value: {error}.") from error

    async def call(self, name: str, argument: str, deadline: float) -> int:
        """See `core.boards.BoardSession`."""
        line = self._line
        if line.functions is None:
            await self._reports.ask(deadline)
        if line.functions is None or name not in line.functions:
            raise NameUnknown(name)
        message = await ask(line, _possible(function_request, name, argument, line.limits), deadline)
        if message.code == Code.NOT_FOUND:
            raise NameUnknown(name)
        if message.code == Code.BAD_REQUEST:
            raise BoardCannot("The argument is too long for the board.")
        _check(message)
        try:
            return decode_result(message.payload)
        except MessageError as error:
            raise BoardCannot(f"The board answered something that is no result: {error}.") from error

    def call_in_passing(self, name: str, argument: str) -> None:
        """Call a function whose result nobody wants. When that is not possible now it does not happen."""
        line = self._line
        if line.functions is None or name not in line.functions or line.update is not None:
            return
        try:
            request = function_request(name, argument, line.limits)
            line.connection.send(request.code, request.options, request.payload, context=None)
        except (LimitError, LocalError):
            line.shared.counters.calls_unanswered += 1
        else:
            line.shared.counters.calls += 1

    async def ping(self, deadline: float) -> bool:
        """See `core.boards.BoardSession`."""
        waiting = Waiting(asyncio.get_running_loop().create_future())
        try:
            handle = self._line.connection.ping(deadline, waiting)
        except TooBusy:
            # It has so much to answer that any answer will do, and none has failed yet.
            return True
        except LocalError as error:
            raise away() from error
        try:
            await waiting.future
        except BoardAway:
            return False
        except asyncio.CancelledError:
            self._line.connection.cancel(handle)
            raise
        return True

    async def signal(self, on: bool, deadline: float) -> None:
        """See `core.boards.BoardSession`."""
        _check(await ask(self._line, signal_request(on), deadline))


def _possible(build: Any, *arguments: Any) -> Request:
    """A request, when it can be said to this board."""
    try:
        request: Request = build(*arguments)
    except LimitError as error:
        raise BoardCannot(f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    return request


def _check(message: Message) -> None:
    if not message.is_success:
        raise BoardCannot("The board refuses.")
