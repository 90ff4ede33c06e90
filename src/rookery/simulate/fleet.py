"""Many Arduino boards in one process: which library each has, and what it measures."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from random import Random
from typing import NamedTuple

from rookery.core.clock import Clock
from rookery.simulate.board import Board, Identity
from rookery.simulate.cpp_board import CppBoard
from rookery.simulate.crowd import Crowd
from rookery.simulate.python_board import PythonBoard
from rookery.simulate.sensors import ALL
from rookery.simulate.shell import Endpoint, Shell, Trust
from rookery.simulate.sketch import Sketch


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


class Fleet(Crowd[Board]):
    """Arduino boards with their shells."""

    def __init__(self, registered: Sequence[Registered], address: Address, clock: Clock, seed: int | str = 1) -> None:
        """Raises:
        OSError: the file of the authority can not be read.
        """
        super().__init__()
        context, small = address.trust.context(), address.trust.small_board_context()
        for each in registered:
            board = make_board(each, clock, seed)
            tls = small if isinstance(board, CppBoard) else context
            self.add(board, Shell(board, Endpoint(address.host, address.port, tls)))


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
