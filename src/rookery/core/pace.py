"""How much of one kind is written down: some at once, then one now and then that says how many were left out."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

BURST: Final = 20
SECONDS: Final = 30.0
REMEMBERED: Final = 20_000
"""Kinds in memory, some 150 bytes each. One that is forgotten begins anew."""


class _Allowance:
    __slots__ = ("at", "left", "room")

    def __init__(self, now: float) -> None:
        self.room = float(BURST)
        self.at = now
        self.left = 0


class Pace:
    """Allowances by kind."""

    def __init__(self) -> None:
        self._kinds: OrderedDict[str, _Allowance] = OrderedDict()

    def take(self, kind: str, now: float) -> int | None:
        """How many of this kind were left out before this one; None when this one is left out too. `now` in seconds."""
        allowance = self._kinds.get(kind)
        if allowance is None:
            allowance = self._kinds[kind] = _Allowance(now)
            if len(self._kinds) > REMEMBERED:
                self._kinds.popitem(last=False)
        allowance.room = min(allowance.room + (now - allowance.at) / SECONDS, BURST)
        allowance.at = now
        if allowance.room < 1:
            allowance.left += 1
            return None
        allowance.room -= 1
        left, allowance.left = allowance.left, 0
        return left
