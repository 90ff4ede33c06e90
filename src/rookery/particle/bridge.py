"""What boards of the other dialect say, as events: each change of a variable is one, named like the variable.

The values are stored already, so the events are only told. Most servers have many such boards and nobody who listens
to their events, and the way of a value is the hottest path of all: a thing is watched only while somebody of its space
listens (`core.events.Events.interest`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import msgspec
import structlog

from rookery.core.bus import Attached, Subscription, ThingChanged, ValuesChanged
from rookery.core.events import Event
from rookery.core.points import Value
from rookery.core.records import Device, Thing
from rookery.core.services import Services

log = structlog.get_logger("rookery.particle.bridge")

NATIVE = "particle"


class Bridge:
    """Watches the things of spaces in which somebody listens."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._spaces: dict[str, dict[str, Subscription]] = {}
        """Space to its watched things."""
        self._tasks: set[asyncio.Task[None]] = set()
        services.events.on_interest = self._interest
        self._listening = [
            services.bus.listen("things", self._thing_changed),
            services.bus.listen("attached", self._attached),
        ]
        for owner_id in services.events.interests:
            # Webhooks listen from before the first board.
            self._interest(owner_id, True)

    def close(self) -> None:
        """Watch nothing any more."""
        self._services.events.on_interest = lambda _owner, _begins: None
        for subscription in self._listening:
            subscription.cancel()
        for space_id in list(self._spaces):
            self._forget(space_id)
        for task in self._tasks:
            task.cancel()

    @property
    def things(self) -> int:
        """How many things are watched."""
        return sum(map(len, self._spaces.values()))

    def _interest(self, owner_id: str, begins: bool) -> None:
        if not begins:
            self._forget(owner_id)
            return
        self._spaces[owner_id] = {}
        self._run(self._watch_space(owner_id))

    def _forget(self, space_id: str) -> None:
        for subscription in self._spaces.pop(space_id, {}).values():
            subscription.cancel()

    async def _watch_space(self, space_id: str) -> None:
        for thing in await self._services.catalog.select(Thing, space_id=space_id, deleted_at=None):
            await self._watch(thing)

    async def _watch(self, thing: Thing) -> None:
        """Watch a thing if it has a board of the other dialect, and stop where it has none any more."""
        device = None
        if thing.device_id is not None and thing.deleted_at is None:
            device = await self._services.catalog.get(Device, thing.device_id)
        watched = self._spaces.get(thing.space_id)
        if watched is None:
            # Nobody listens any more.
            return
        before = watched.pop(thing.id, None)
        if before is not None:
            before.cancel()
        if device is not None and device.dialect != NATIVE:
            told = _Teller(self._services, device, thing.space_id)
            watched[thing.id] = self._services.bus.listen("values." + thing.id, told)

    def _thing_changed(self, message: ThingChanged) -> None:
        if message.thing.space_id in self._spaces:
            self._run(self._watch(message.thing))

    def _attached(self, message: Attached) -> None:
        if self._spaces:
            for thing_id in (message.thing_id, message.before):
                if thing_id is not None:
                    self._run(self._look_again(thing_id))

    async def _look_again(self, thing_id: str) -> None:
        thing = await self._services.catalog.get(Thing, thing_id)
        if thing is not None:
            await self._watch(thing)

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("bridge.failed", exc_info=task.exception())


class _Teller:
    """Makes events of the values of one thing."""

    __slots__ = ("_device", "_owner", "_services")

    def __init__(self, services: Services, device: Device, owner_id: str) -> None:
        self._services = services
        self._device = device
        self._owner = owner_id

    def __call__(self, message: ValuesChanged) -> None:
        if not message.from_board:
            return
        for variable, time, value in message.values:
            event = Event(
                name=variable.symbol,
                data=text_of(value).encode(),
                time=time,
                source=self._device.hex_id,
                device_id=self._device.id,
                owner_id=self._owner,
            )
            self._services.events.tell(event)


def text_of(value: Value) -> str:
    """A value as the text of an event: JSON, but a text is itself."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
