"""Boards of any kind with their lines: switched on one after the other, counted, switched off."""

from __future__ import annotations

import asyncio
from typing import Final, Generic, Protocol, TypeVar

from rookery.simulate.board import Line

START_GAP: Final = 0.02
"""Seconds between the starts of two boards. A handshake takes some milliseconds on each side: a board that waits 1.5 s
for an answer must not stand in a queue of hundreds."""

GOODBYE_SECONDS: Final = 0.2
"""For the last messages to leave the process."""


class Member(Protocol):
    """One board, as a crowd sees it."""

    messages: int
    losses: int
    trouble: str

    @property
    def online(self) -> bool:
        """Whether the server has accepted it."""

    def start(self, line: Line) -> None:
        """Power on."""

    def stop(self) -> None:
        """Power off."""


M = TypeVar("M", bound=Member)


class Crowd(Generic[M]):
    """Boards with their lines. Runs on the running event loop; `start` returns when the last one has been started."""

    def __init__(self) -> None:
        self.boards: list[M] = []
        self._lines: list[Line] = []

    def add(self, board: M, line: Line) -> None:
        """One more, switched off."""
        self.boards.append(board)
        self._lines.append(line)

    async def start(self, gap: float = START_GAP) -> None:
        """Power all of them on, one after the other."""
        for board, line in zip(self.boards, self._lines, strict=True):
            board.start(line)
            await asyncio.sleep(gap)

    async def stop(self) -> None:
        """Power all of them off; each says goodbye in its way."""
        for board in self.boards:
            board.stop()
        await asyncio.sleep(GOODBYE_SECONDS)

    @property
    def online(self) -> int:
        """How many the server has accepted."""
        return sum(board.online for board in self.boards)

    @property
    def messages(self) -> int:
        """Messages with values so far."""
        return sum(board.messages for board in self.boards)

    @property
    def losses(self) -> int:
        """Connections that were lost and attempts that failed so far."""
        return sum(board.losses for board in self.boards)

    def trouble(self) -> str:
        """Why a board that is not online is not; empty when all are, or nothing is known."""
        return next((board.trouble for board in self.boards if not board.online and board.trouble), "")
