"""The way of a value: stamp it, remember it as the last one, hand it to the store, and tell who watches once it is
committed. One pass, no task and no query per message.
"""

from __future__ import annotations

from collections.abc import Sequence

from rookery.core.bus import Bus, ValuesChanged
from rookery.core.clock import MILLISECOND, Clock
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Producer, Telemetry, Value

Update = tuple[LiveVariable, Value, int | None]
"""A variable, its new value, and the time that came with it (UTC microseconds; None: the time of arrival)."""


class Ingest:
    """The one way in for values of boards and people alike. It is a `Producer` itself: fan-out waits for the commit."""

    def __init__(self, telemetry: Telemetry, bus: Bus, clock: Clock) -> None:
        self._telemetry = telemetry
        self._bus = bus
        self._now = clock.now
        self._tell: dict[int, ValuesChanged] = {}
        self._next = 0
        self.points = 0
        """Points taken in since the start."""

    def accept(
        self,
        thing: LiveThing,
        updates: Sequence[Update],
        producer: Producer | None = None,
        ticket: int = 0,
        *,
        from_board: bool = True,
    ) -> None:
        """Take in new values of one thing. The ticket goes back to `producer` when they are committed, or refused.

        A value without a time of its own gets the time of arrival in whole milliseconds; several of one variable in
        one millisecond follow each other by a microsecond. A time of its own is kept as it is, and a value that is
        older than the last one goes into the history without replacing it.
        """
        batch = self._telemetry.batch
        series, times, values = batch.series, batch.times, batch.values
        arrival = 0
        for variable, value, time in updates:
            if time is None:
                if not arrival:
                    arrival = self._now()
                    arrival -= arrival % MILLISECOND
                time = arrival if arrival > variable.stamp else variable.stamp + 1
                variable.stamp = time
            if time >= variable.time:
                variable.time = time
                variable.value = value
            series.append(variable.series)
            times.append(time)
            values.append(value)
        self.points += len(updates)
        if producer is not None:
            batch.tickets[producer].append(ticket)
        thing_id = thing.record.id
        if self._bus.watched("values." + thing_id) or self._bus.watched("values"):
            self._next += 1
            stamped = times[len(times) - len(updates) :]
            self._tell[self._next] = ValuesChanged(
                thing_id, [(u[0].record, time, u[1]) for u, time in zip(updates, stamped, strict=True)], from_board
            )
            batch.tickets[self].append(self._next)
        self._telemetry.touch()

    def committed(self, tickets: list[int]) -> None:
        """These updates are on disk: tell who watches."""
        for ticket in tickets:
            message = self._tell.pop(ticket)
            self._bus.publish("values." + message.thing_id, message)
            self._bus.publish("values", message)

    def refused(self, tickets: list[int], reason: str) -> None:
        """These never happened."""
        for ticket in tickets:
            self._tell.pop(ticket, None)
