"""Values that people and programs write: stored, delivered to the board, shown to whoever watches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rookery.core.boards import Boards
from rookery.core.errors import Unavailable
from rookery.core.ingest import Ingest
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Producer, StoreRefused, Telemetry, Value


class Pending:
    """A `Producer` of one ticket that somebody awaits."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def committed(self, tickets: list[int]) -> None:
        """It is on disk."""
        if not self.done.done():
            self.done.set_result(None)

    def refused(self, tickets: list[int], reason: str) -> None:
        """It is not stored."""
        if not self.done.done():
            self.done.set_exception(Unavailable(reason))


class Values:
    """Writing values from the cloud's side. The caller has checked access and made the values fit their variables."""

    def __init__(self, ingest: Ingest, telemetry: Telemetry, boards: Boards) -> None:
        self._ingest = ingest
        self._telemetry = telemetry
        self._boards = boards

    async def write(self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]]) -> None:
        """A wish: store the values, then deliver them to the board. A board that is away asks for them when it is back.

        Raises:
            Unavailable: the store can not keep them; nothing was delivered.
        """
        await self._store(thing, values, from_board=False)
        self.deliver(thing, values)

    async def report(self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]]) -> None:
        """Store values as if the board had sent them; it does not get them back.

        Raises:
            Unavailable: the store can not keep them.
        """
        await self._store(thing, values, from_board=True)

    def write_now(
        self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]], producer: Producer | None, ticket: int
    ) -> None:
        """Like `write` for a caller that gets its ticket back when the values are committed, and does not wait."""
        self._ingest.accept(thing, [(v, value, None) for v, value in values], producer, ticket, from_board=False)
        self.deliver(thing, values)

    async def backfill(self, variable: LiveVariable, points: Sequence[tuple[int, Value]]) -> None:
        """Store past values. The newest becomes the last value when it is newer than the present one.

        Raises:
            Unavailable: the store can not keep them; none of them is kept.
        """
        try:
            await self._telemetry.write([(variable.series, time, value) for time, value in points])
        except StoreRefused as error:
            raise Unavailable(str(error)) from error
        time, value = max(points, key=lambda point: point[0])
        if time >= variable.time:
            variable.time, variable.value = time, value

    def deliver(self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]]) -> None:
        """Send values to the board of this thing, if it is connected."""
        device_id = thing.record.device_id
        session = self._boards.session(device_id) if device_id is not None else None
        if session is not None:
            session.write(thing, values)

    async def _store(self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]], *, from_board: bool) -> None:
        pending = Pending()
        self._ingest.accept(thing, [(v, value, None) for v, value in values], pending, 1, from_board=from_board)
        await pending.done
