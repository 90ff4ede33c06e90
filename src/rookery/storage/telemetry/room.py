"""Room on the disk: points are refused before it is full.

A disk that is full to the last byte is worse than one that is nearly so: merging needs room to make room, other files
of the folder can not be written, and the operator can not even log in. So batches are refused while less than `reserve`
is free, and accepted again once some more is: boards keep what was not acknowledged and send it then.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path

from rookery.core.clock import Clock

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""Between two looks. At the highest rate of writing, 20 MB a second, this is well inside any sensible reserve."""
MARGIN = 1.1
"""Times the reserve that has to be free before points are accepted again, so that it does not change every second."""
NEARLY_FULL = "the disk is nearly full"

Free = Callable[[Path], int]
"""Bytes that a program without special rights can still write where this file is."""


def free_bytes(path: Path) -> int:
    """What the system says.

    Raises:
        OSError: it says nothing.
    """
    return shutil.disk_usage(path.parent).free


class Room:
    """Whether there is room. Used by the writer thread only."""

    def __init__(self, path: Path, clock: Clock, reserve: int, free: Free = free_bytes) -> None:
        self._path = path
        self._clock = clock
        self._reserve = reserve
        self._free = free
        self._next_look = float("-inf")
        self._short = False

    def lacking(self) -> str | None:
        """Why nothing can be taken in now, or None."""
        if not self._reserve:
            return None
        now = self._clock.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            self._look()
        return NEARLY_FULL if self._short else None

    def _look(self) -> None:
        try:
            free = self._free(self._path)
        except OSError as error:
            log.warning("the room on the disk can not be seen: %s", error)
            return
        short = free < (self._reserve * MARGIN if self._short else self._reserve)
        if short != self._short:
            self._short = short
            if short:
                log.error("only %d MB of the disk are free: values are refused until there is more", free // 1_000_000)
            else:
                log.warning("there is room on the disk again: values are stored")
