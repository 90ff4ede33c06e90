"""The last deliveries in full, request and answer, so that somebody can see what went wrong and send it again.

What a target says about itself for ever is short (`delivery_history`). This is the long form, kept as long as there is
room: a number of deliveries for each target, and a number of bytes for all of them, of which the oldest goes first.
In memory only: requests may hold what belongs into no file.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict

import msgspec

from rookery.core.delivery_history import Attempt
from rookery.core.outgoing import OutgoingRequest, OutgoingResponse

KEPT = 50
"""Deliveries of one target: what a page of them shows."""
BYTES = 32 * 1024 * 1024
"""Of all targets: some ten thousand deliveries of the usual size."""
ANSWER_BYTES = 8 * 1024
"""Of an answer's body: enough to read why it was refused."""
REQUEST_BYTES = 256 * 1024
"""A request that is larger is not kept: one of them should not push out hundreds."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at a delivery. A request is None where there was none, or where it is too large to be kept."""

    number: int
    """Its name: no other one of this process has it."""
    event: str
    attempt: int
    """1 for the first."""
    time: int
    """UTC microseconds."""
    duration: float
    """Seconds."""
    error: str
    skipped: bool
    request: OutgoingRequest | None
    response: OutgoingResponse | None
    """Its body may be cut."""
    cut: bool = False
    """The body of the answer was longer."""

    @property
    def size(self) -> int:
        """About how many bytes it costs."""
        request = self.request.size if self.request is not None else 0
        answer = self.response
        return (
            300
            + len(self.event)
            + request
            + (
                0
                if answer is None
                else len(answer.body) + sum(len(name) + len(value) for name, value in answer.headers)
            )
        )


class Journal:
    """The last deliveries of all targets of a node."""

    def __init__(self, kept: int = KEPT, most_bytes: int = BYTES) -> None:
        self._kept = kept
        self._most_bytes = most_bytes
        self._numbers = itertools.count(1)
        self._all: OrderedDict[int, tuple[str, Kept]] = OrderedDict()
        self._targets: dict[str, OrderedDict[int, Kept]] = {}
        self.bytes = 0
        """About what it occupies."""

    def __len__(self) -> int:
        return len(self._all)

    def add(self, target: str, event: str, request: OutgoingRequest | None, attempt: Attempt) -> None:
        """Remember an attempt."""
        response = attempt.response
        cut = response is not None and len(response.body) > ANSWER_BYTES
        if response is not None and cut:
            response = msgspec.structs.replace(response, body=response.body[:ANSWER_BYTES])
        entry = Kept(
            number=next(self._numbers),
            event=event,
            attempt=attempt.number,
            time=attempt.time,
            duration=attempt.duration,
            error=attempt.error,
            skipped=attempt.skipped,
            request=request if request is not None and request.size <= REQUEST_BYTES else None,
            response=response,
            cut=cut,
        )
        self._all[entry.number] = target, entry
        mine = self._targets.setdefault(target, OrderedDict())
        mine[entry.number] = entry
        self.bytes += entry.size
        if len(mine) > self._kept:
            self._drop(next(iter(mine)))
        while self.bytes > self._most_bytes and len(self._all) > 1:
            self._drop(next(iter(self._all)))

    def of(self, target: str) -> list[Kept]:
        """Those of a target, the newest first."""
        return list(reversed(self._targets.get(target, OrderedDict()).values()))

    def get(self, target: str, number: int) -> Kept | None:
        """One of a target; None when it is gone, or was never there."""
        return self._targets.get(target, OrderedDict()).get(number)

    def forget(self, target: str) -> None:
        """Drop those of a target."""
        for number in list(self._targets.get(target, ())):
            self._drop(number)

    def _drop(self, number: int) -> None:
        target, entry = self._all.pop(number)
        self.bytes -= entry.size
        mine = self._targets[target]
        del mine[number]
        if not mine:
            del self._targets[target]
