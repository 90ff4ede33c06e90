"""The parts of the console that run while nobody asks anything: started and stopped with the server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rookery.console.live import LiveDoor
from rookery.console.pulse import Pulse, topic_maker
from rookery.core.clock import Clock
from rookery.core.roster import Roster

if TYPE_CHECKING:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    from rookery.console.backend import Backend


class Parts:
    """What `Backend.parts` is."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        """`clock` is the machine's own: what is shown here is about this machine."""
        services = backend.services
        self.live = LiveDoor(backend, clock)
        self.directory = Roster(services.catalog, services.bus, by="space_id")
        """The boards of each space, as lists look at them."""
        self.pulse = Pulse(services, clock, backend.folder or backend.settings.data_dir, backend.messages)
        self.live.hub.makers["pulse"] = topic_maker(self.live.hub, self.pulse, self.directory)

    def start(self) -> None:
        """The server has begun to serve."""
        self.pulse.start()

    async def close(self) -> None:
        """The server stops."""
        await self.live.close()
        await self.pulse.close()

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """For `/metrics`."""
        yield from self.live.hub.collect()
