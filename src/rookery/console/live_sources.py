"""What a dashboard shows of a board, live: its presence, and the events of one name.

The topic is `dashboard-source/<dashboard>/<board>/<kind>/<name>`, with the hex id of the board; the name comes last
because it may have slashes in it. Whoever may look at the dashboard may listen, as long as a widget names the source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rookery.console.live_topics import EventsTopic, data_fields, milliseconds, presence, presence_text, text
from rookery.core.bus import DeviceChanged, PresenceChanged
from rookery.core.dashboard_sources import Source, SourceKind, hears
from rookery.core.errors import NotFound
from rookery.core.events import Event
from rookery.core.records import Dashboard, Device

if TYPE_CHECKING:
    from rookery.console.live_hub import Hub
    from rookery.console.live_reader import Reader


def source_named(rest: str) -> tuple[str, Source]:
    """The id of a dashboard, and a source: what the name of such a topic says.

    Raises:
        NotFound: it says nothing of the kind.
    """
    dashboard, _, rest = rest.partition("/")
    device, _, rest = rest.partition("/")
    kind, _, name = rest.partition("/")
    try:
        return dashboard, Source(device.lower(), SourceKind(kind), name)
    except ValueError:
        raise NotFound("There is no such source.") from None


class SourceTopic(EventsTopic):
    """The presence of a board, and where the source is an event, what the board publishes under this name."""

    __slots__ = ("_dashboard_id", "_presence", "_source", "_watched")

    def __init__(self, hub: Hub, name: str, dashboard: Dashboard, source: Source, device: Device) -> None:
        published = source.kind is SourceKind.EVENT
        sources = (("device", device.id),) if published else ()
        super().__init__(hub, name, sources, dashboard.space_id if published else "", source.name, device)
        self._dashboard_id = dashboard.id
        self._source = source
        self._watched = device
        self._presence: PresenceChanged | None = None

    async def snapshot(self) -> list[str]:
        """See `Topic`."""
        return [text({"t": self.name, "k": "presence"} | await presence(self.hub.services, self._watched))]

    def wants(self, event: Event) -> bool:
        """See `EventsTopic`."""
        return hears(self.owner, self._source, event)

    def add(self, event: Event, body: str) -> None:
        """See `EventsTopic`. Who looks at a dashboard hears what its widget shows, and not whose board it is."""
        super().add(event, text({"k": "event"} | shown_event(event))[1:])

    def collect(self) -> list[str]:
        """See `Topic`."""
        messages = [] if self._presence is None else [presence_text(self.name, self._presence)]
        self._presence = None
        return messages + super().collect()

    async def check(self, reader: Reader) -> None:
        """See `Topic`."""
        dashboard = await reader.dashboard(self._dashboard_id)
        if (await self.hub.services.dashboard_sources.board(dashboard, self._source)).id != self._watched.id:
            raise NotFound("The board is another one.")

    def _on_device(self, message: object) -> None:
        if isinstance(message, PresenceChanged):
            self._presence = message
            self.hub.mark(self)
        elif isinstance(message, DeviceChanged):
            # It may be somebody else's now.
            self.hub.doubt(self)


def shown_event(event: Event) -> dict[str, Any]:
    """An event as those see it who look at a dashboard: its name, its time in milliseconds, and what it says."""
    return {"name": event.name, "time": milliseconds(event.time)} | data_fields(event)
