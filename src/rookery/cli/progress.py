"""How far long work is, on standard error, where somebody looks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TextIO

EVERY = 0.2
"""Seconds between two lines."""
KNOWN_AFTER = 2.0
"""Seconds until the time that is left is guessed."""


class Progress:
    """Says `12,000 of 80,000 points, 0:00:05 left`. Silent where standard error is no terminal."""

    def __init__(
        self,
        unit: str,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        shown: bool | None = None,
    ) -> None:
        self._unit = unit
        self._file = file or sys.stderr
        self._clock = clock
        self._shown = self._file.isatty() if shown is None else shown
        self._begun: float | None = None
        self._next = 0.0
        self._width = 0

    def __call__(self, done: int, total: int) -> None:
        """So far."""
        if not self._shown:
            return
        now = self._clock()
        if self._begun is None:
            self._begun = now
        if now < self._next and done < total:
            return
        self._next = now + EVERY
        line = f"{done:,} of {total:,} {self._unit}"
        spent = now - self._begun
        if 0 < done < total and spent >= KNOWN_AFTER:
            line += f", {timedelta(seconds=round(spent / done * (total - done)))} left"
        self._write(line)

    def end(self) -> None:
        """Take the line away."""
        if self._width:
            self._write("")
            print("\r", end="", file=self._file, flush=True)
            self._width = 0

    def _write(self, line: str) -> None:
        print(f"\r{line:<{self._width}}", end="", file=self._file, flush=True)
        self._width = len(line)
