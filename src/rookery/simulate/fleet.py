"""Many boards in one process: which library each has, when it starts, how they are doing."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from enum import StrEnum
from random import Random
from typing import Final, NamedTuple

from rookery.core.clock import Clock
from rookery.simulate.board import Board, Identity
from rookery.simulate.cpp_board import CppBoard
from rookery.simulate.python_board import PythonBoard
from rookery.simulate.sensors import ALL
from rookery.simulate.shell import Endpoint, Shell, Trust
from rookery.simulate.sketch import Sketch

START_GAP: Final = 0.02
"""Seconds between the starts of two boards. A TLS handshake takes 2 ms on each side: a board that waits 1.5 s for
CONNACK must not stand in a queue of hundreds."""

GOODBYE_SECONDS: Final = 0.2
"""For the last packets to leave the process."""


class Library(StrEnum):
    """The ways by which a simulated board talks. All are MQTT over TLS with a secret key."""

    CPP = "cpp"
    PYTHON = "python"


class Plan(NamedTuple):
    """A board that shall exist."""

    name: str
    library: Library
    symbols: tuple[str, ...] = ALL
    """Names of `sensors.SENSORS`."""


class Registered(NamedTuple):
    """A board that the server knows."""

    plan: Plan
    device_id: str
    thing_id: str
    secret: str


class Address(NamedTuple):
    """Where boards dial, and whom they believe."""

    host: str
    port: int
    trust: Trust


def plans(count: int, libraries: Sequence[Library] = tuple(Library)) -> list[Plan]:
    """So many boards with every sensor, the libraries in turn. A number always has the same name, so that a larger
    fleet holds the smaller ones."""
    return [
        Plan(f"Simulated board {number:03}", libraries[(number - 1) % len(libraries)]) for number in range(1, count + 1)
    ]


class Fleet:
    """Boards with their shells. Runs on the running event loop; `start` returns when the last one has been started."""

    def __init__(self, registered: Sequence[Registered], address: Address, clock: Clock, seed: int | str = 1) -> None:
        """Raises:
        OSError: the file of the authority can not be read.
        """
        context, small = address.trust.context(), address.trust.small_board_context()
        self.boards: list[Board] = []
        self._lines: list[Shell] = []
        for each in registered:
            board = make_board(each, clock, seed)
            tls = small if isinstance(board, CppBoard) else context
            self.boards.append(board)
            self._lines.append(Shell(board, Endpoint(address.host, address.port, tls)))

    async def start(self, gap: float = START_GAP) -> None:
        """Power all of them on, one after the other."""
        for board, line in zip(self.boards, self._lines, strict=True):
            board.start(line)
            await asyncio.sleep(gap)

    async def stop(self) -> None:
        """Power all of them off, with a DISCONNECT each."""
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


def make_board(registered: Registered, clock: Clock, seed: int | str = 1) -> Board:
    """The machine of a board. The same seed and name give the same sensors."""
    plan = registered.plan
    random = Random(f"{seed}/{plan.name}")  # noqa: S311 - weather, not secrets
    sketch = Sketch(plan.symbols, random, clock.now())
    identity = Identity(registered.device_id, registered.secret)
    if plan.library is Library.PYTHON:
        return PythonBoard(identity, sketch, clock)
    sha256 = hashlib.sha256(" ".join(plan.symbols).encode()).digest()
    return CppBoard(identity, sketch, clock, sketch_sha256=sha256)
