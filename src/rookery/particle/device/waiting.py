"""One question that somebody awaits the answer to."""

from __future__ import annotations

import asyncio

from rookery.core.errors import BoardAway, BoardCannot
from rookery.particle.device.line import Line
from rookery.particle.device.requests import Request
from rookery.wire.coap.errors import LocalError, TooBusy
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Message


class Waiting:
    """The context of such a request. The gateway ends each exactly once."""

    __slots__ = ("future",)

    def __init__(self, future: asyncio.Future[Message | None]) -> None:
        self.future = future

    def answered(self, message: Message | None) -> None:
        """Here it is."""
        if not self.future.done():
            self.future.set_result(message)

    def failed(self, failure: Failure) -> None:
        """There will be none."""
        if not self.future.done():
            self.future.set_exception(BoardAway(f"The board did not answer: {failure.value}."))


def away() -> BoardAway:
    """The session is over."""
    return BoardAway("The board is not connected.")


async def ask(line: Line, request: Request, deadline: float) -> Message:
    """The answer to a request, whatever its code.

    Raises:
        BoardAway: there is none within `deadline` seconds, the session ends, or there is no room for the question.
        BoardCannot: the question does not fit into a message.
    """
    counters = line.shared.counters
    counters.calls += 1
    if line.update is not None:
        # A board that receives an update has no ears for anything else (particle-device.md §4.11).
        counters.calls_unanswered += 1
        raise BoardAway("The board is receiving an update.")
    waiting = Waiting(asyncio.get_running_loop().create_future())
    monotonic = line.shared.clock.monotonic
    began = monotonic()
    try:
        handle = line.connection.send(request.code, request.options, request.payload, context=waiting, timeout=deadline)
    except TooBusy as error:
        counters.calls_unanswered += 1
        raise BoardAway("The board has too many questions to answer.") from error
    except LocalError as error:
        counters.calls_unanswered += 1
        if line.connection.ended:
            raise away() from error
        raise BoardCannot("That is too long for the board.") from error
    try:
        message = await waiting.future
    except BoardAway:
        counters.calls_unanswered += 1
        raise
    except asyncio.CancelledError:
        line.connection.cancel(handle)
        raise
    if message is None:
        raise BoardCannot("The board answered without an answer.")
    line.round_trip = round((monotonic() - began) * 1_000)
    return message
