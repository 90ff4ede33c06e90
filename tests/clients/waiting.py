"""Waiting for what other processes do: for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE = 30.0
"""Seconds until a test gives up. What is waited for takes milliseconds, or a few seconds where a client polls; the rest
is for a busy machine."""
PAUSE = 0.05
"""Seconds between two looks."""

T = TypeVar("T")


def eventually(look: Callable[[], T], accept: Callable[[T], object] = bool, *, within: float = PATIENCE) -> T:
    """Look again and again until what is seen is accepted, and return it.

    Raises:
        AssertionError: that has not happened `within` so many seconds; the text holds what was seen last.
    """
    deadline = time.monotonic() + within
    while True:
        seen = look()
        if accept(seen):
            return seen
        assert time.monotonic() < deadline, f"waited {within} s in vain; the last look saw {seen!r}"
        time.sleep(PAUSE)
