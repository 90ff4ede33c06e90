"""Long works: what is being done, how far it is, and how it ended. A page that is closed finds them again.

They are in memory: a work does not outlive the server that does it, and what it leaves (a backup, an export) is listed
where it belongs.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Final

import structlog

from rookery.console.api import Route, route
from rookery.console.call import Call, ms
from rookery.console.live_hub import Hub, Maker
from rookery.console.live_reader import PersonReader, Reader
from rookery.console.live_topics import Topic, text
from rookery.core.access import Principal
from rookery.core.clock import Clock
from rookery.core.errors import NotFound
from rookery.core.ids import Identifiers

log = structlog.get_logger("rookery.console.work")

REMEMBERED: Final = 50
"""Works that have ended."""
RUNNING: Final = "running"
DONE: Final = "done"
FAILED: Final = "failed"


class Work:
    """One work. Times are UTC microseconds."""

    __slots__ = (
        "_works",
        "done",
        "ended",
        "href",
        "id",
        "kind",
        "label",
        "message",
        "owner",
        "started",
        "state",
        "total",
        "unit",
    )

    def __init__(self, works: Works, id: str, kind: str, label: str, owner: str, unit: str, started: int) -> None:
        self._works = works
        self.id = id
        self.kind = kind
        self.label = label
        """What is done, for people."""
        self.owner = owner
        """Of the person who began it; empty for those who run the server."""
        self.unit = unit
        """Of what `done` counts: `bytes`, `boards`, …"""
        self.done = 0
        self.total: int | None = None
        self.started = started
        self.ended: int | None = None
        self.state = RUNNING
        self.message = ""
        """Why it has failed, or what came of it."""
        self.href = ""
        """Where what came of it is found."""

    def progress(self, done: int, total: int | None) -> None:
        """So much of it is done."""
        if self.state == RUNNING:
            self.done, self.total = done, total
            self._works.changed()

    def end(self, message: str = "", *, failed: bool = False, href: str = "") -> None:
        """It is over."""
        if self.state == RUNNING:
            self.state = FAILED if failed else DONE
            self.message, self.href = message, href
            if not failed and self.total is not None:
                self.done = self.total
            self._works.ended(self)

    def view(self) -> dict[str, Any]:
        """As the console shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "kind": self.kind,
            "label": self.label,
            "done": self.done,
            "total": self.total,
            "unit": self.unit,
            "started": ms(self.started),
            "ended": ms(self.ended),
            "state": self.state,
        }
        return shown | {name: value for name, value in (("message", self.message), ("href", self.href)) if value}


class Works:
    """All works of this server, the newest last."""

    def __init__(self, ids: Identifiers, clock: Clock) -> None:
        self._ids = ids
        self._clock = clock
        self._works: OrderedDict[str, Work] = OrderedDict()
        self.watchers: set[Callable[[], None]] = set()

    def __iter__(self) -> Iterator[Work]:
        """The newest first."""
        return reversed(list(self._works.values()))

    def begin(self, kind: str, label: str, *, owner: str = "", unit: str = "") -> Work:
        """A work has begun."""
        work = Work(self, self._ids.uuid(), kind, label, owner, unit, self._clock.now())
        self._works[work.id] = work
        self.changed()
        return work

    def ended(self, work: Work) -> None:
        """A work is over; the oldest of those that are is forgotten."""
        work.ended = self._clock.now()
        over = [one.id for one in self._works.values() if one.state != RUNNING]
        for id in over[: max(len(over) - REMEMBERED, 0)]:
            del self._works[id]
        self.changed()

    def changed(self) -> None:
        """Tell whoever watches."""
        for watcher in tuple(self.watchers):
            watcher()

    def seen(self, who: Principal, *, operator: bool) -> list[dict[str, Any]]:
        """Those that this person may see: the own ones, and for operators all."""
        return [work.view() for work in self if operator or (work.owner and work.owner == who.person_id)]


class WorkTopic(Topic):
    """The works that somebody may see, whenever one gets on."""

    __slots__ = ("_due", "_operator", "_who", "_works")

    def __init__(self, hub: Hub, name: str, works: Works, who: Principal, *, operator: bool) -> None:
        super().__init__(hub, name, who.person_id, operator)
        self._works = works
        self._who = who
        self._operator = operator
        self._due = False

    def open(self) -> None:
        """See `Topic`."""
        self._works.watchers.add(self._mark)

    def close(self) -> None:
        """See `Topic`."""
        super().close()
        self._works.watchers.discard(self._mark)

    async def snapshot(self) -> list[str]:
        """See `Topic`."""
        return [self._told()]

    def collect(self) -> list[str]:
        """See `Topic`."""
        due, self._due = self._due, False
        return [self._told()] if due else []

    async def check(self, reader: Reader) -> None:
        """See `Topic`."""
        if not isinstance(reader, PersonReader) or reader.operator != self._operator:
            raise NotFound("Other works are shown.")

    def _mark(self) -> None:
        self._due = True
        self.hub.mark(self)

    def _told(self) -> str:
        return text({"t": self.name, "k": "work", "works": self._works.seen(self._who, operator=self._operator)})


def topic_maker(hub: Hub, works: Works) -> Maker:
    """For `Hub.makers`."""

    async def make(name: str, _rest: str, reader: Reader) -> Topic:
        who = reader.person()
        if not isinstance(reader, PersonReader):
            raise NotFound("There are no works here.")
        return WorkTopic(hub, name, works, who, operator=reader.operator)

    return make


@route("GET", "work")
async def show_work(call: Call) -> dict[str, Any]:
    """Works that go on, and those that have ended lately; the newest first."""
    works = call.backend.running().works
    return {"works": works.seen(call.who, operator=call.person.operator)}


ROUTES: tuple[Route, ...] = (show_work,)
