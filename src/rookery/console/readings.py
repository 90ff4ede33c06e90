"""Values that boards are asked for because somebody looks at a dashboard: asked once for all who look.

A board answers in 0.1 to 3 s, and for one on a cellular line each answer costs money; a link to a dashboard may be open
on any number of screens, or in the hands of somebody who asks as fast as they can. So an answer is remembered for ten
seconds, also that there is none, and whoever asks while a question is under way waits for its answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Final, NamedTuple

from rookery.core.boards import CALL_SECONDS, Boards
from rookery.core.clock import Clock
from rookery.core.errors import BoardAway, BoardCannot, CoreError, LimitReached, NameUnknown
from rookery.core.records import Device

KEPT_SECONDS: Final = 10.0
"""How long an answer is the present value for those who look."""
LIMIT: Final = 5_000
"""Questions and answers at the same time: a text of a board has up to a kilobyte, so that is some 5 MB. Beyond it
questions are refused: to forget an answer would make the board work again."""

_AWAY = "The board is not connected, or did not answer in time."

Key = tuple[str, str]
"""Board and name."""


class Reading(NamedTuple):
    """What a board answered."""

    value: Any
    time: int
    """When, UTC microseconds."""


class _Refused(NamedTuple):
    """Why there is no answer. Kept as its parts: an error that is raised often grows a traceback each time."""

    kind: type[CoreError]
    sentence: str


class Readings:
    """The questions that are under way, and what the last ones brought."""

    def __init__(self, boards: Boards, clock: Clock) -> None:
        self._boards = boards
        self._clock = clock
        self._asking: dict[Key, asyncio.Task[Reading | _Refused]] = {}
        self._answers: OrderedDict[Key, tuple[float, Reading | _Refused]] = OrderedDict()
        """With the time until which it counts; the oldest is the first."""

    async def read(self, device: Device, name: str) -> Reading:
        """The value of a variable of a board, at most `KEPT_SECONDS` old. Whether somebody may ask was decided before.

        Raises:
            BoardAway: the board is not connected, or did not answer in time.
            NameUnknown: it has no such variable.
            BoardCannot: it refuses.
            LimitReached: too many are looked at.
        """
        self._forget()
        key = device.id, name
        known = self._answers.get(key)
        if known is not None:
            return _told(known[1])
        task = self._asking.get(key)
        if task is None:
            if len(self._asking) + len(self._answers) >= LIMIT:
                raise LimitReached("Too many values of boards are looked at just now. Try again in a moment.")
            task = self._asking[key] = asyncio.get_running_loop().create_task(self._ask(key, device))
        # Who leaves does not take the answer away from the others.
        return _told(await asyncio.shield(task))

    async def _ask(self, key: Key, device: Device) -> Reading | _Refused:
        try:
            answer = await self._answer(device, key[1])
            self._answers[key] = self._clock.monotonic() + KEPT_SECONDS, answer
        finally:
            del self._asking[key]
        return answer

    async def _answer(self, device: Device, name: str) -> Reading | _Refused:
        try:
            session = await self._boards.reach(device)
            if session is None:
                return _Refused(BoardAway, _AWAY)
            return Reading(await session.read(name, CALL_SECONDS), self._clock.now())
        except BoardAway:
            return _Refused(BoardAway, _AWAY)
        except NameUnknown:
            return _Refused(NameUnknown, "The board has no such variable.")
        except BoardCannot as error:
            return _Refused(BoardCannot, str(error))

    def _forget(self) -> None:
        now = self._clock.monotonic()
        while self._answers:
            key, (until, _) = next(iter(self._answers.items()))
            if until > now:
                return
            del self._answers[key]


def _told(answer: Reading | _Refused) -> Reading:
    if isinstance(answer, _Refused):
        raise answer.kind(answer.sentence)
    return answer
