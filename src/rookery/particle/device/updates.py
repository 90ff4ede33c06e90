"""One binary on its way to one board: drives the machine of `ota` with the session's connection and the clock, and says
how it goes (particle-rest.md §6.6)."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import structlog

from rookery.core.clock import Timer
from rookery.core.errors import BoardAway, BoardCannot
from rookery.particle.device import module, ota
from rookery.particle.device.line import Line
from rookery.wire.coap.errors import LocalError, TooBusy
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Message, Options

log = structlog.get_logger("rookery.particle.board")

MOST_UNSENT: Final = 32 * 1024
"""Bytes that wait for a board over TCP until chunks wait as well: a second's worth of its flash."""
SOONEST: Final = 0.001
"""Seconds. A clock that counts microseconds may call a trifle too early; the next look is then not at once."""


async def update(line: Line, image: bytes, deadline: float) -> None:
    """Begin an update; returns when the board has agreed.

    Raises:
        BoardCannot: this binary cannot go to this board, or the board refuses.
        BoardAway: the board did not answer in time.
    """
    if line.update is not None:
        raise BoardCannot("The board is receiving an update already.")
    if line.described.get("updates_enabled") is False and not line.device.updates_forced:
        raise BoardCannot("The program on the board has turned updates off.")
    found = module.parse(image)
    if found is not None and found.valid:
        # What is no whole module goes through: the board decides what to do with it.
        problem = found.problem(line.hello.platform_id)
        if problem:
            raise BoardCannot(problem)
    hello = line.hello
    target = ota.target(
        hello,
        reliable=line.connection.reliable,
        maximum_size=line.described.get("max_binary", 0),
        chunk_size=line.described.get("chunk", 0),
    )
    try:
        ota.check(image, target)
    except ota.CannotUpdate as error:
        raise BoardCannot(error.sentence) from error
    await BoardUpdate(line, image, target).run(deadline)


class BoardUpdate:
    """The `Link` and the `Listener` of a transfer. There is at most one a session: `Line.update`."""

    __slots__ = ("_agreed", "_limit", "_line", "_shown", "_timer", "_transfer")

    def __init__(self, line: Line, image: bytes, target: ota.Target) -> None:
        self._line = line
        self._agreed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._shown = 0
        self._timer: Timer | None = None
        self._limit: Timer | None = None
        self._transfer = ota.transfer(self, self, image, target)

    async def run(self, deadline: float) -> None:
        """Ask the board; the rest goes by itself."""
        line = self._line
        line.update = self
        line.shared.updates.add(self)
        line.shared.counters.updates += 1
        clock = line.shared.clock
        self._limit = clock.call_later(deadline, self._late)
        self._transfer.start(clock.monotonic())
        self._plan()
        await asyncio.shield(self._agreed)

    # What comes from the session

    def request(self, message: Message) -> bool:
        """Whether this request of the board belongs to the update."""
        mine = self._transfer.request(self._now(), message)
        self._plan()
        return mine

    def response(self, step: ota.Step, message: Message) -> None:
        """The answer to a request of the update."""
        self._transfer.response(self._now(), step, message)
        self._plan()

    def unanswered(self, step: ota.Step, failure: Failure) -> None:
        """There is none."""
        self._transfer.failed(self._now(), step, failure)
        self._plan()

    def interrupt(self) -> None:
        """The server stops. The board hears of it: in the middle of an update Device OS 6.2.0 says nothing of its own
        accord for five minutes, or for ever, and would not be there for the next server."""
        self._transfer.cancel(self._now())
        self._plan()

    def closed(self) -> None:
        """The session is over, or the board begins a new one in it."""
        self._transfer.closed(self._now())

    # ota.Link

    def send(
        self,
        now: float,
        code: int,
        options: Options,
        payload: bytes,
        *,
        context: object,
        confirmable: bool,
        response: bool,
        token: bytes | None,
        timeout: float,
    ) -> object:
        """Over the session's connection."""
        try:
            return self._line.connection.send(
                code,
                options,
                payload,
                context=context,
                timeout=timeout,
                confirmable=confirmable,
                response=response,
                token=token,
            )
        except TooBusy:
            raise
        except LocalError as error:
            # Its end is told to the transfer by `closed`; a message that does not fit never will.
            raise TooBusy(str(error)) from error

    def room(self) -> bool:
        """Whether the transport keeps up."""
        return self._line.connection.unsent < MOST_UNSENT

    # ota.Listener

    def started(self) -> None:
        """The board agreed."""
        self._line.say(ota.FLASH_STATUS, ota.STATUS_STARTED)
        log.info("particle.update_started", device=self._line.device.hex_id, protocol=self._transfer.protocol)
        if not self._agreed.done():
            self._agreed.set_result(None)

    def progress(self, done: int, total: int) -> None:
        """So far."""
        tenth = done * 10 // total
        if tenth != self._shown:
            self._shown = tenth
            log.debug("particle.update_progress", device=self._line.device.hex_id, done=done, total=total)

    def finished(self, result: dict[str, Any]) -> None:
        """The board has it."""
        line = self._line
        line.shared.counters.updates_succeeded += 1
        self._end()
        line.say(ota.FLASH_STATUS, ota.STATUS_SUCCESS)
        log.info("particle.update_finished", device=line.device.hex_id, **result)

    def failed(self, reason: ota.Reason, sentence: str) -> None:
        """The board goes on with what it had."""
        line = self._line
        line.shared.counters.updates_failed += 1
        self._end()
        line.say(ota.FLASH_STATUS, ota.STATUS_FAILED)
        log.warning("particle.update_failed", device=line.device.hex_id, reason=str(reason), sentence=sentence)
        if not self._agreed.done():
            gone = reason in (ota.Reason.GONE, ota.Reason.TIMEOUT, ota.Reason.CANCELLED)
            self._agreed.set_exception(BoardAway(sentence) if gone else BoardCannot(sentence))
            # Who asked may have gone meanwhile; that is no reason for a complaint of the loop's.
            self._agreed.exception()

    # Within

    def _now(self) -> float:
        return self._line.shared.clock.monotonic()

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transfer.ended:
            if self._transfer.stranded and not self._line.connection.ended:
                self._line.connection.close("an update was given up in the middle", renew=True)
            return
        when = self._transfer.deadline()
        if when is not None:
            self._timer = self._line.shared.clock.call_later(max(SOONEST, when - self._now()), self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._transfer.tick(self._now())
        self._plan()

    def _late(self) -> None:
        self._limit = None
        if not self._agreed.done() and not self._transfer.ended:
            self._transfer.cancel(self._now())
            self._plan()

    def _end(self) -> None:
        self._line.update = None
        self._line.shared.updates.discard(self)
        for timer in (self._limit, self._timer):
            if timer is not None:
                timer.cancel()
        self._limit = self._timer = None
