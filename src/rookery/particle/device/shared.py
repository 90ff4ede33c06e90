"""What all boards of this dialect share: services, rules, counters, the notebook, and products at hand."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import structlog

from rookery.core.bus import ProductChanged
from rookery.core.clock import Clock
from rookery.core.records import Device, Product
from rookery.core.services import Services
from rookery.gateways.sparing import Sparing
from rookery.particle.device.notebook import Notebook

if TYPE_CHECKING:
    from rookery.particle.device.updates import BoardUpdate

log = structlog.get_logger("rookery.particle.board")

Trust = Literal["first", "registered"]
"""Whether a board that nobody registered may bring its own key (`first`), or stays outside (`registered`)."""


@dataclass(slots=True)
class Counters:
    """Since the start, except for the two that say how many are online now."""

    online_tcp: int = 0
    online_udp: int = 0
    greeted: int = 0
    """Sessions that began with a Hello."""
    resumed: int = 0
    """Sessions that went on from before."""
    enrolled: int = 0
    """Boards that nobody had heard of."""
    key_mismatches: int = 0
    """Boards that proved another key than the one registered for their id."""
    refused: int = 0
    """Other sessions that did not get further than their first message."""
    malformed: int = 0
    """Messages of boards that could not be read."""
    limited: int = 0
    """Messages refused because their board sent too many."""
    events_in: int = 0
    events_ignored: int = 0
    """Events with a reserved name that means nothing from a board."""
    events_out: int = 0
    events_dropped: int = 0
    """Events that a board should have got: too long for it, too many at once, or during an update."""
    values_bound: int = 0
    """Events that became the value of a variable as well."""
    calls: int = 0
    """Questions to boards: variables, functions, signals, vitals."""
    calls_unanswered: int = 0
    updates: int = 0
    updates_succeeded: int = 0
    updates_failed: int = 0


class Watch:
    """A record that must not grow old while something else is read."""

    __slots__ = ("device",)

    def __init__(self, device: Device) -> None:
        self.device = device


class Shared:
    """One of a front."""

    def __init__(self, services: Services, trust: Trust, bridge: bool, clock: Clock) -> None:
        self.services = services
        self.clock = clock
        """That of the gateways, for everything that happens between a board and us. What is said about it to others has
        the time of the services."""
        self.trust = trust
        self.bridge = bridge
        self.counters = Counters()
        self.strangers = Sparing(clock.monotonic)
        """For lines about boards that are turned away, and what they try."""
        self.products: dict[str, Product] = {}
        """Those that boards belong to, by id, for the events of these boards."""
        self.notebook = Notebook(services, clock, self.run)
        self.updates: set[BoardUpdate] = set()
        """Those that are going on."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._watches: dict[str, list[Watch]] = {}
        services.bus.listen("products", self._product_changed)

    async def hold_product(self, product_id: str | None) -> None:
        """Have this product at hand."""
        if product_id is not None and product_id not in self.products:
            product = await self.services.products.get(product_id)
            if product is not None:
                self.products[product_id] = product

    @contextmanager
    def watch(self, device: Device) -> Iterator[Watch]:
        """Hear of changes of this record while its board has no session that would."""
        watch = Watch(device)
        watches = self._watches.setdefault(device.id, [])
        watches.append(watch)
        try:
            yield watch
        finally:
            watches.remove(watch)
            if not watches:
                self._watches.pop(device.id, None)

    def changed(self, device: Device) -> None:
        """This record was changed."""
        for watch in self._watches.get(device.id, ()):
            watch.device = device

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that needs the catalog or an answer, once in a while. One failing is logged and ends nothing."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """Finish what was begun, and write what is noted."""
        while self._tasks:
            await asyncio.wait(self._tasks)
        await self.notebook.close()

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("particle.task_failed", exc_info=task.exception())

    def _product_changed(self, message: ProductChanged) -> None:
        if message.product.id in self.products:
            self.products[message.product.id] = message.product
