"""What a dashboard opens of the boards on it: the single values and events that its widgets name, to be looked at.

A widget can show what is no variable of a thing: a value that a board gives when it is asked, or an event that it
publishes. It names that in its options, as `source`: the board by its hex id (`device`), `kind`, and `name`. Whoever
may look at the dashboard may look at this through it, and learns whether the board is there. They learn nothing else of
the board: no other value, no other event, and no function is called for them.

The right is the dashboard's. It is there as long as a widget names the source, and as long as the board is in the space
of the dashboard: whoever may change the dashboard may ask the boards of that space, and gives away no more than that.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from rookery.core.enrolment import Enrolment
from rookery.core.errors import NotFound
from rookery.core.events import Event, Events
from rookery.core.records import Dashboard, Device

NAME_LIMIT = 64
"""Characters of a name: boards have no longer ones. Answers are remembered under it, so it has an end."""
EVENTS_LIMIT = 500
"""Events of a board that are looked through for those of one name, because they are stored together: a few hours of a
busy board, and half a megabyte at the most."""

_NONE = "The dashboard shows nothing like it."


class SourceKind(StrEnum):
    """What of a board a widget shows."""

    VARIABLE = "variable"
    FUNCTION = "function"
    """Only those who may use the board call it; the others see whether the board is there."""
    EVENT = "event"


class Source(NamedTuple):
    """Something on a board, as a widget names it."""

    device: str
    """The hex id of the board, in lower case."""
    kind: SourceKind
    name: str


def sources_of(dashboard: Dashboard) -> Iterator[Source]:
    """What its widgets name, with repetitions. Options are anybody's, so what is no source is passed over."""
    for widget in dashboard.widgets:
        given = widget.get("options", {}).get("source")
        if not isinstance(given, dict):
            continue
        device, kind, name = given.get("device"), given.get("kind"), given.get("name")
        if not isinstance(device, str) or not isinstance(kind, str) or not isinstance(name, str):
            continue
        if kind in _KINDS and 0 < len(name) <= NAME_LIMIT:
            yield Source(device.lower(), SourceKind(kind), name)


class DashboardSources:
    """Answers for all dashboards what they open of boards."""

    def __init__(self, enrolment: Enrolment, events: Events) -> None:
        self._enrolment = enrolment
        self._events = events

    async def board(self, dashboard: Dashboard, source: Source) -> Device:
        """The board of a source, for whoever may look at this dashboard.

        Raises:
            NotFound: no widget of it names the source, or the board is not, or no longer, in its space.
        """
        if dashboard.deleted_at is not None or source not in sources_of(dashboard):
            raise NotFound(_NONE)
        device = await self._enrolment.get(source.device)
        if device is None or device.space_id != dashboard.space_id:
            raise NotFound(_NONE)
        return device

    async def events(self, dashboard: Dashboard, source: Source, limit: int, end: int) -> list[Event]:
        """The events of a source that are still kept, newest first, from before `end` (UTC microseconds).

        Raises:
            NotFound: as `board`.
        """
        device = await self.board(dashboard, source)
        if not device.events:
            return []
        found = await self._events.history(device.events, 0, end, EVENTS_LIMIT)
        return [event for event in found if hears(dashboard.space_id, source, event)][:limit]


def hears(space_id: str, source: Source, event: Event) -> bool:
    """Whether this event of the board of `source` is one that a dashboard of this space shows. A board that has changed
    hands still has the events of its former owner: they are not the dashboard's."""
    return source.kind is SourceKind.EVENT and event.name == source.name and event.owner_id == space_id


_KINDS = frozenset(SourceKind)
