"""The parts of the console that run while nobody asks anything: started and stopped with the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from rookery.console.backups import BackupDesk
from rookery.console.doorway import Doorway
from rookery.console.doorway import topic_maker as doorway_topic
from rookery.console.exports import ExportDesk
from rookery.console.live import LiveDoor
from rookery.console.pulse import Pulse
from rookery.console.pulse import topic_maker as pulse_topic
from rookery.console.work import Works
from rookery.console.work import topic_maker as work_topic
from rookery.core.clock import Clock
from rookery.core.roster import Roster
from rookery.gateways.attempts import Attempt, Attempts

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
        folder = backend.folder or backend.settings.data_dir
        self.pulse = Pulse(services, clock, folder, backend.messages)
        self.live.hub.makers["pulse"] = pulse_topic(self.live.hub, self.pulse, self.directory)

        self.works = Works(services.ids, clock)
        self.live.hub.makers["work"] = work_topic(self.live.hub, self.works)
        self.backups = BackupDesk(folder, self.works, clock)
        self.exports = ExportDesk(backend.exports, self.works) if backend.exports is not None else None
        self._services = services
        self._attempts = backend.attempts or Attempts(clock)
        self._attempts.watchers.add(self._attempted)
        self.doorway = Doorway(services, self._attempts)
        self.live.hub.makers["doorway"] = doorway_topic(self.live.hub, self.doorway)

    def _attempted(self, attempt: Attempt) -> None:
        """Who claimed to be a board and was not let in, stands in the journal of that board."""
        if attempt.failed and attempt.claimed:
            self._services.journal.refused(attempt.claimed, attempt.transport, attempt.address, attempt.reason)

    def start(self) -> None:
        """The server has begun to serve."""
        self.pulse.start()

    def orders(self) -> dict[str, Callable[..., Awaitable[dict[str, Any]]]]:
        """What commands can have a running server do, by name."""
        return {"backup_begin": self.backups.order, "backup_show": self.backups.ordered}

    async def close(self) -> None:
        """The server stops."""
        self._attempts.watchers.discard(self._attempted)
        if self.exports is not None:
            self.exports.close()
        await self.live.close()
        await self.backups.close()
        await self.pulse.close()

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """For `/metrics`."""
        yield from self.live.hub.collect()
