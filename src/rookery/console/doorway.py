"""The checklist of somebody who connects a board: how far it has come, and what is wrong where it goes no further.

A board that is let in can be looked at: its session says whether it found its thing, and whether a value has come. One
that is not let in is known only by its attempts (`gateways.attempts`), and before it has logged in nothing says whose
they are. So an attempt counts if it claims to be this board, and also if it claims nothing, or to be a board that does
not exist, and fits in kind and time: it may be the one that somebody has in front of them. Such an attempt is shown to
those who run the server, and to whoever sits behind the same address; others learn nothing of strangers.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any, Final, NamedTuple

import structlog

from rookery.console.api import Route, route
from rookery.console.call import Call
from rookery.console.live_hub import Hub, Maker
from rookery.console.live_reader import PersonReader, Reader
from rookery.console.live_topics import Topic, text
from rookery.console.sight import find_board, sees_board
from rookery.console.words import plain
from rookery.core.access import Principal
from rookery.core.boards import BoardSession
from rookery.core.clock import MILLISECOND, SECOND, Timer
from rookery.core.enrolment import HEX_ID
from rookery.core.errors import LimitReached, NotFound
from rookery.core.records import Device
from rookery.core.services import Services
from rookery.gateways.attempts import Attempt, Attempts

log = structlog.get_logger("rookery.console.doorway")

LATELY: Final = 15 * 60 * SECOND
"""Attempts of a board are worth telling for so long."""
STRANGERS_LATELY: Final = 2 * 60 * SECOND
"""Attempts of nobody in particular, before somebody opened the page."""
LOOK_SECONDS: Final = 1.0
"""A board that finds its thing, or sends a value, is noticed so soon."""
HURRY_SECONDS: Final = 0.1
"""An attempt is noticed so soon; a flood of them makes nobody look more often."""
DOORWAYS: Final = 200
"""Watched at once on this server: each looks at all attempts, ten times a second when there are many."""
OF_ACCOUNT: Final = 20
SHOWN: Final = 10
"""Attempts that are listed below the steps."""
EVENTS_LOOKED_AT: Final = 20

WAITING: Final = "waiting"
DONE: Final = "done"
FAILED: Final = "failed"

ARDUINO: Final = "arduino"
TCP: Final = "coap-tcp"
UDP: Final = "coap-udp"
_NO_THING: Final = "The board is logged in and has no thing. Make a thing with variables, and attach this device to it."


class Viewer(NamedTuple):
    """Who looks, as far as it matters for what may be shown."""

    operator: bool
    host: str
    """Of the browser."""


class Doorway:
    """Looks at the door for one board after another."""

    def __init__(self, services: Services, attempts: Attempts) -> None:
        self._services = services
        self.attempts = attempts
        self.watching: Counter[str] = Counter()
        """Open topics by the person who watches."""

    async def look(self, id: str, device: Device | None, viewer: Viewer, since: int) -> dict[str, Any]:
        """The checklist of a board, which may be unknown yet. `since`: when somebody began to look, microseconds."""
        attempts = await self._relevant(id, device, viewer, since)
        session = self._services.boards.session(device.id) if device is not None else None
        kind = _kind(device, attempts)
        steps = await self._inside(device, session, kind) if session is not None and device is not None else None
        return {
            "steps": steps or _outside(kind, attempts[-1] if attempts else None),
            "device": device.id if device is not None else None,
            "online": session is not None,
            "attempts": [_shown(attempt) for attempt in reversed(attempts[-SHOWN:])],
        }

    async def _relevant(self, id: str, device: Device | None, viewer: Viewer, since: int) -> list[Attempt]:
        """Those that are this board's, or may be, oldest first."""
        now = self.attempts.now()
        ids = {id} if device is None else {device.id, device.hex_id}
        found = []
        known: dict[str, bool] = {}
        for attempt in self.attempts:
            if attempt.claimed in ids:
                if attempt.reached >= now - LATELY:
                    found.append(attempt)
            elif (
                attempt.reached >= since - STRANGERS_LATELY
                and not attempt.accepted
                and _fits(attempt, device)
                and (viewer.operator or _host(attempt.address) == viewer.host)
            ):
                if attempt.claimed and attempt.claimed not in known:
                    known[attempt.claimed] = await find_board(self._services, attempt.claimed) is not None
                if not known.get(attempt.claimed, False):
                    found.append(attempt)
        return found

    async def _inside(self, device: Device, session: BoardSession, kind: str) -> list[dict[str, Any]]:
        """The steps of a board that is connected."""
        came = session.since
        steps = [_step(name, DONE, came) for name in _STEPS[kind][:3]]
        if session.discovered:
            steps.append(_step("discovery", DONE, came))
        elif device.dialect == ARDUINO and await self._services.devices.thing_of(device) is None:
            steps.append(_step("discovery", FAILED, came, _NO_THING))
        else:
            steps.append(_step("discovery", WAITING))
        first = await self._first_value(device, came)
        steps.append(_step("value", WAITING) if first is None else _step("value", DONE, first))
        return steps

    async def _first_value(self, device: Device, since: int) -> int | None:
        """When the first value, or event, of this session came."""
        services = self._services
        thing = await services.devices.thing_of(device)
        live = await services.live.get(thing.id) if thing is not None else None
        times = [v.time for v in live.by_id.values() if v.time >= since] if live is not None else []
        if not times and device.events:
            events = await services.events.history(device.events, since, since + LATELY * 100, EVENTS_LOOKED_AT)
            times = [event.time for event in events if not event.name.startswith(("spark/", "particle/"))]
        return min(times, default=None)


def _kind(device: Device | None, attempts: list[Attempt]) -> str:
    """How such a board comes: as the last attempts did, or as its kind usually does."""
    from rookery.particle.platforms import platform

    if device is not None and device.dialect == ARDUINO:
        return "tls"
    for attempt in reversed(attempts):
        if attempt.transport in (TCP, UDP):
            return attempt.transport
    if device is not None and device.platform is not None and platform(device.platform).transport == "tcp":
        return TCP
    return UDP


_STEPS: Final = {
    "tls": ("tcp", "tls", "login", "discovery", "value"),
    TCP: ("tcp", "handshake", "login", "discovery", "value"),
    UDP: ("udp", "handshake", "login", "discovery", "value"),
}


def _outside(kind: str, attempt: Attempt | None) -> list[dict[str, Any]]:
    """The steps of a board that is not connected, by its last attempt."""
    names = _STEPS[kind]
    if attempt is None:
        return [_step(name, WAITING) for name in names]
    reached = _step(names[0], DONE, attempt.reached)
    reached |= {"address": attempt.address, "port": attempt.port}
    # Without TLS there is nothing to secure.
    secured = attempt.secured or (attempt.reached if attempt.transport in ("tcp", "ws") else 0)
    steps = [reached]
    if secured:
        steps.append(_step(names[1], DONE, secured))
    if attempt.failed:
        steps.append(_step(names[len(steps)], FAILED, attempt.failed, plain(attempt.reason, refused=True)))
    elif attempt.accepted:
        steps.append(_step("login", DONE, attempt.accepted))
    return steps + [_step(name, WAITING) for name in names[len(steps) :]]


def _step(name: str, state: str, time: int | None = None, reason: str = "") -> dict[str, Any]:
    step: dict[str, Any] = {"step": name, "state": state}
    if time is not None:
        step["time"] = time // MILLISECOND
    if reason:
        step["reason"] = reason
    return step


def _shown(attempt: Attempt) -> dict[str, Any]:
    state = "accepted" if attempt.accepted else "failed" if attempt.failed else "underway"
    return {
        "time": attempt.reached // MILLISECOND,
        "transport": attempt.transport,
        "address": attempt.address,
        "port": attempt.port,
        "claimed": attempt.claimed,
        "state": state,
        "reason": plain(attempt.reason, refused=True) if attempt.failed else "",
    }


def _fits(attempt: Attempt, device: Device | None) -> bool:
    """Whether a board of this kind may have made it."""
    if device is not None and device.dialect == ARDUINO:
        return attempt.transport not in (TCP, UDP)
    return attempt.transport in (TCP, UDP)


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]").removeprefix("::ffff:")


async def _watched(services: Services, who: Principal, id: str) -> tuple[str, Device | None]:
    """The board that somebody may watch come: one that they see, one of nobody, or an id that no board has yet.

    Raises:
        NotFound: it is somebody else's, or no id.
    """
    device = await find_board(services, id)
    if device is None and HEX_ID.fullmatch(id.lower()) is not None:
        return id.lower(), None
    unclaimed = device is not None and not device.space_id and device.product_id is None
    if device is None or not (unclaimed or await sees_board(services, who, device)):
        raise NotFound("There is no such board.")
    return device.id, device


class DoorwayTopic(Topic):
    """The checklist, whenever it has changed."""

    __slots__ = ("_doorway", "_id", "_last", "_looked", "_ready", "_since", "_task", "_timer", "_viewer", "_who")

    def __init__(self, hub: Hub, name: str, doorway: Doorway, id: str, viewer: Viewer, who: Principal) -> None:
        super().__init__(hub, name, viewer, who.person_id)
        self._doorway = doorway
        self._id = id
        self._viewer = viewer
        self._who = who
        self._since = doorway.attempts.now()
        self._last = ""
        self._looked = float("-inf")
        self._ready: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self._timer: Timer | None = None

    def open(self) -> None:
        """See `Topic`."""
        self._doorway.watching[self._who.person_id] += 1
        self._doorway.attempts.watchers.add(self._on_attempt)
        self._timer = self.hub.clock.call_later(LOOK_SECONDS, self._tick)

    def close(self) -> None:
        """See `Topic`."""
        super().close()
        self._doorway.watching[self._who.person_id] -= 1
        self._doorway.attempts.watchers.discard(self._on_attempt)
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    async def snapshot(self) -> list[str]:
        """See `Topic`."""
        self._last = await self._look()
        return [self._last]

    def collect(self) -> list[str]:
        """See `Topic`."""
        ready, self._ready = self._ready, []
        return ready

    async def check(self, reader: Reader) -> None:
        """See `Topic`."""
        who = reader.person()
        if who.person_id != self._who.person_id:
            raise NotFound("There is no such board.")
        await _watched(self.hub.services, who, self._id)

    async def _look(self) -> str:
        id, device = await _watched(self.hub.services, self._who, self._id)
        found = await self._doorway.look(id, device, self._viewer, self._since)
        return text({"t": self.name, "k": "doorway"} | found)

    def _on_attempt(self, _attempt: Attempt) -> None:
        # The tick sees what comes sooner.
        if self.hub.clock.monotonic() - self._looked >= HURRY_SECONDS:
            self._begin()

    def _tick(self) -> None:
        self._timer = self.hub.clock.call_later(LOOK_SECONDS, self._tick)
        self._begin()

    def _begin(self) -> None:
        """Look, unless somebody does already: then what is new is seen with the next tick."""
        if self._task is None or self._task.done():
            self._looked = self.hub.clock.monotonic()
            self._task = asyncio.get_running_loop().create_task(self._look_again())

    async def _look_again(self) -> None:
        try:
            now = await self._look()
        except NotFound:
            self.hub.doubt(self)
            return
        except Exception:
            log.exception("doorway.failed")
            return
        if now != self._last:
            self._last = now
            self._ready = [now]
            self.hub.mark(self)


def topic_maker(hub: Hub, doorway: Doorway) -> Maker:
    """For `Hub.makers`."""

    async def make(name: str, rest: str, reader: Reader) -> Topic:
        who = reader.person()
        if not isinstance(reader, PersonReader):
            raise NotFound("There is no such board.")
        await _watched(hub.services, who, rest)
        if doorway.watching.total() >= DOORWAYS or doorway.watching[who.person_id] >= OF_ACCOUNT:
            raise LimitReached("Too many boards are watched at once.")
        return DoorwayTopic(hub, name, doorway, rest, Viewer(reader.operator, reader.host), who)

    return make


@route("GET", "devices/{id}/doorway")
async def show_doorway(call: Call) -> dict[str, Any]:
    """The checklist now. `since` in milliseconds: when somebody began to look."""
    doorway = call.backend.running().doorway
    id, device = await _watched(call.services, call.who, call.segments["id"])
    now = doorway.attempts.now() // MILLISECOND
    since = call.number("since", now, 0, now + 86_400_000)
    return await doorway.look(id, device, Viewer(call.person.operator, call.peer), since * MILLISECOND)


ROUTES: tuple[Route, ...] = (show_doorway,)
