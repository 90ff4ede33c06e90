"""Connected boards: what can be asked of one, whatever it speaks, and who holds its session on this node."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from rookery.core.bus import Attached, Bus, PresenceChanged
from rookery.core.clock import Clock
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.points import Telemetry, Value
from rookery.core.records import Device

if TYPE_CHECKING:
    from rookery.core.events import Event

log = structlog.get_logger("rookery.boards")


CALL_SECONDS = 30.0
"""How long a board may take to answer: what clients in the field wait for."""
PING_SECONDS = 10.0


class BoardSession(Protocol):
    """A connected board. A dialect's device side implements it over its wire.

    The coroutines raise `BoardAway` when no answer comes within `deadline` seconds or the session ends meanwhile,
    `NameUnknown` for a name that the board does not have, and `BoardCannot` when this kind of board has no such
    ability or the board refuses.
    """

    device: Device

    @property
    def last_heard(self) -> int:
        """When anything at all came from the board, UTC microseconds."""

    @property
    def since(self) -> int:
        """When the session began, UTC microseconds."""

    @property
    def discovered(self) -> bool:
        """Whether both sides know what the board is for: its thing, or what it can do."""

    async def read(self, name: str, deadline: float = CALL_SECONDS) -> Any:
        """The present value of a variable: bool, int, float, str, None for what is no number, or a JSON structure."""

    async def call(self, name: str, argument: str, deadline: float = CALL_SECONDS) -> int:
        """What a function of the board returns: a signed 32-bit integer."""

    async def ping(self, deadline: float = PING_SECONDS) -> bool:
        """Whether the board answers."""

    async def signal(self, on: bool, deadline: float = CALL_SECONDS) -> None:
        """Let the board show itself, or stop."""

    async def report(self, deadline: float = CALL_SECONDS) -> None:
        """Ask for its vitals. They are published when they come."""

    async def update(self, image: bytes, deadline: float = CALL_SECONDS) -> None:
        """Begin to send new firmware; returns when the board has agreed and the transfer runs."""

    def send(self, event: Event) -> None:
        """Deliver an event that the board has subscribed to. One that is too long for it is dropped and counted."""

    def write(self, thing: LiveThing, values: Sequence[tuple[LiveVariable, Value]]) -> None:
        """Deliver values that a person or program wrote."""

    def attached(self, thing_id: str | None) -> None:
        """The device feeds another thing now, or none: tell the board."""

    def close(self, reason: str) -> None:
        """End the session, for example because the credentials were withdrawn."""


class Boards:
    """The sessions of this node, and the presence that follows from them.

    Presence is history like any other: True at a connect, False at a disconnect, in the device's own series.
    """

    def __init__(self, telemetry: Telemetry, bus: Bus, clock: Clock) -> None:
        self._telemetry = telemetry
        self._bus = bus
        self._clock = clock
        self._sessions: dict[str, BoardSession] = {}
        self._by_hex: dict[str, BoardSession] = {}
        self.attachments = 0
        """How many times any device was attached or detached. Who reads an attachment and sees the same count before
        and after has read the present one."""
        self.summons: Callable[[Device], Awaitable[None]] | None = None
        """Asks a board without a session whether it is only quiet. Returns when it has one, or will not have one soon;
        quickly for a board that can not be asked. Set by whoever can ask."""
        bus.listen("attached", self._attached)

    def __len__(self) -> int:
        return len(self._sessions)

    def __iter__(self) -> Iterator[BoardSession]:
        return iter(list(self._sessions.values()))

    def session(self, device_id: str) -> BoardSession | None:
        """The session of this board, if it is connected here."""
        return self._sessions.get(device_id)

    async def reach(self, device: Device) -> BoardSession | None:
        """The session of a board that somebody wants to ask something now: one that is not connected is asked first, if
        it can be, which takes up to ten seconds when it does not answer."""
        session = self._sessions.get(device.id)
        if session is None and self.summons is not None:
            await self.summons(device)
            session = self._sessions.get(device.id)
        return session

    def by_hex(self, hex_id: str) -> BoardSession | None:
        """The session of the board with this hex id (lower case), if it is connected here. Its record is as new as the
        catalog's: whoever changes one gives it to the session as well."""
        return self._by_hex.get(hex_id)

    def arrived(self, session: BoardSession) -> None:
        """A board has logged in. A session it had before is replaced without a gap in its presence."""
        device = session.device
        known = device.id in self._sessions
        self._sessions[device.id] = session
        self._by_hex[device.hex_id] = session
        if not known:
            self._record(device, True)

    def left(self, session: BoardSession) -> None:
        """A session has ended. Nothing changes when the board has another one by now."""
        if self._sessions.get(session.device.id) is session:
            del self._sessions[session.device.id]
            self._by_hex.pop(session.device.hex_id, None)
            self._record(session.device, False)

    def _attached(self, message: Attached) -> None:
        self.attachments += 1
        session = self._sessions.get(message.device_id)
        if session is not None:
            session.attached(message.thing_id)

    def _record(self, device: Device, online: bool) -> None:
        now = self._clock.now()
        batch = self._telemetry.batch
        batch.series.append(device.series)
        batch.times.append(now)
        batch.values.append(online)
        self._telemetry.touch()
        message = PresenceChanged(device.id, online, now)
        self._bus.publish("device." + device.id, message)
        self._bus.publish("presence", message)
