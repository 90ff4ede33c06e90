"""A simulated Particle board: its connection, what it remembers between connections, and what its application does.

    board = ParticleBoard(identity, variables={"temperature": read}, functions={"led": switch})
    board.subscribe("alarm/", on_alarm)
    board.start(line)
    await board.connected()
    await board.publish("doorbell", "front")

It is a machine without sockets, with the contract that `board` describes: the shells are `shell.Shell` for boards on
TCP and `particle_udp.DatagramShell` for those on UDP. The kind of its key decides which of them it is. Everything that
Device OS does by itself happens here and in `particle_session`: a ping in silence, another attempt after a while, a
session over UDP that goes on from another port without a handshake, a restart after an update.

What it does not do: limit itself to four events a second, keep anything over a restart of the simulator, compressed
updates and assets, ledgers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Final, NamedTuple

from rookery.core.clock import Clock, Timer
from rookery.particle.device.content import TEXT
from rookery.particle.device.describe import APPLICATION, METRICS
from rookery.particle.device.events import DEFAULT_TTL, TYPED_SINCE, Event, Subscription
from rookery.particle.device.goodbye import Goodbye, encode_goodbye
from rookery.particle.device.module import Module
from rookery.particle.device.ota_board import Memory
from rookery.simulate.board import Life, Line
from rookery.simulate.particle_channel import Channel, ParticleIdentity, make_channel
from rookery.simulate.particle_contract import SYSTEM_PREFIXES, UPDATES_FORCED, Known
from rookery.simulate.particle_firmware import MODELS, Firmware, Function, Model, Variable
from rookery.simulate.particle_session import ParticleSession
from rookery.simulate.particle_vitals import measured
from rookery.wire.coap.errors import LocalError, TooBusy
from rookery.wire.dtls.session import Session

ATTEMPT_SECONDS: Final = 60.0
"""For a whole attempt, from dialling to connected (particle-device.md §9)."""
LONGEST_WAIT: Final = 128.0
FAILURES_PER_STEP: Final = 5
"""The wait before the next attempt is 1 s and doubles every 5 failures (§9)."""
RESTART_SECONDS: Final = 2.0
"""From a reset until the board dials again."""
SHORTEST_TIMER: Final = 0.001
"""Seconds. A clock that rounds must not ring just before the time and be asked again for nothing."""
SESSION_USES: Final = 3
"""A session that was continued so often without success is given up (§9)."""
MOST_SUBSCRIPTIONS: Final = 4
"""Of an application (§4.7)."""

Handler = Callable[[str, bytes], None]
"""Name and data of an event."""


class PublishFailed(Exception):
    """The event has not arrived, or was refused. `str()` says why."""


class _Subscribed(NamedTuple):
    subscription: Subscription
    handler: Handler


class _Kept(NamedTuple):
    """What a board keeps of a session over UDP."""

    session: Session
    known: Known


class ParticleBoard:
    """One board. Callbacks of the application are called on the event loop; they return at once and do not raise."""

    def __init__(
        self,
        identity: ParticleIdentity,
        clock: Clock,
        *,
        model: Model | None = None,
        variables: Mapping[str, Variable] | None = None,
        functions: Mapping[str, Function] | None = None,
        product_id: int | None = None,
        product_version: int | None = None,
        claim_code: str = "",
        updates_enabled: bool = True,
        keepalive: float | None = None,
        random: Random | None = None,
    ) -> None:
        """`model`: a Photon or an Argon, after the kind of the key, unless said. `claim_code` is presented at each full
        handshake until the server says that it has been used. `keepalive`: seconds, instead of the platform's."""
        self.identity = identity
        self.firmware = Firmware(
            model or MODELS["photon" if identity.reliable else "argon"],
            variables,
            functions,
            product_id=product_id,
            product_version=product_version,
        )
        self.claim_code = claim_code
        self.life = Life.OFF
        self.messages = 0
        """Events sent so far."""
        self.losses = 0
        """Connections that ended otherwise than by `stop`, and attempts that failed."""
        self.trouble = ""
        """Why the last of them ended."""
        self.handshakes = 0
        """Full handshakes begun so far; a session that goes on needs none."""
        self.signalling = False
        """It shouts rainbows."""
        self.updating = False
        self.updates_pending = False
        self.time: int | None = None
        """Unix time, as the server told it last."""
        self.misread = 0
        """Requests that real firmware would have misread."""
        self.given_back = False
        """The server has told it to return to the vendor: it never dials again."""
        self._clock = clock
        self._updates_enabled = updates_enabled
        self._keepalive = self.firmware.model.platform.keepalive if keepalive is None else keepalive
        self._random = random or Random()  # noqa: S311 - waits and identifiers of messages
        self._subscribed: list[_Subscribed] = []
        self._line: Line | None = None
        self._channel: Channel | None = None
        self._session: ParticleSession | None = None
        self._kept: _Kept | None = None
        self._uses = 0
        self._memory = Memory()
        self._failures = 0
        self._due: float | None = None
        self._timer: Timer | None = None
        self._timer_due = 0.0
        self._started_at = clock.monotonic()
        self._waiting: list[asyncio.Future[None]] = []
        self._claim_waiting: list[asyncio.Future[None]] = []
        self._name_waiting: list[asyncio.Future[str]] = []

    @property
    def device_id(self) -> str:
        """24 hexadecimal digits."""
        return self.identity.device_id

    @property
    def transport(self) -> str:
        """`tcp` or `udp`."""
        return "tcp" if self.identity.reliable else "udp"

    @property
    def online(self) -> bool:
        """The server has acknowledged everything that it has to know (§8)."""
        return self.life is Life.ONLINE

    # The application

    def subscribe(self, prefix: str, handler: Handler, *, mine: bool = True, device_id: str = "") -> None:
        """Hear events whose names begin so. `device_id` only those of one board; like `mine` it is said by boards with
        Device OS before 6.2 only (§4.7).

        Raises:
            ValueError: an application has four subscriptions at most.
        """
        if len(self._subscribed) >= MOST_SUBSCRIPTIONS:
            raise ValueError(f"an application has {MOST_SUBSCRIPTIONS} subscriptions at most")
        older = self.firmware.model.system_version < TYPED_SINCE
        subscription = Subscription(prefix, mine and older, device_id=device_id if older else "")
        self._subscribed.append(_Subscribed(subscription, handler))
        if self._session is not None and self._session.is_greeted:
            self._session.subscribe(self._clock.monotonic(), subscription)
            self._arm()

    async def publish(
        self,
        name: str,
        data: str | bytes = b"",
        *,
        ack: bool = True,
        ttl: int = DEFAULT_TTL,
        content_format: int = TEXT,
    ) -> None:
        """Send an event. With `ack` it returns when the server has acknowledged it, otherwise at once.

        Raises:
            PublishFailed: the board is not connected or busy with an update, or the event was refused or lost.
        """
        done = asyncio.get_running_loop().create_future() if ack else None
        self.emit(name, data, ttl=ttl, content_format=content_format, confirmable=ack, done=done)
        if done is not None:
            await done

    def emit(
        self,
        name: str,
        data: str | bytes = b"",
        *,
        ttl: int = DEFAULT_TTL,
        content_format: int = TEXT,
        confirmable: bool | None = None,
        done: asyncio.Future[None] | None = None,
    ) -> None:
        """As `publish`, without waiting. `confirmable`: as Device OS does it unless said, that is over UDP only. `done`
        is set when a Confirmable one has arrived.

        Raises:
            PublishFailed: as `publish`, as far as it is known at once.
        """
        if self._session is None or not self.online:
            raise PublishFailed("The board is not connected.")
        if self.updating:
            raise PublishFailed("The board is being updated.")
        raw = data.encode() if isinstance(data, str) else data
        limits = self.firmware.limits
        if not 0 < len(name.encode()) <= limits.event_name or len(raw) > limits.data:
            raise PublishFailed(f"A name has up to {limits.event_name} bytes, data up to {limits.data}.")
        event = Event(name, raw, content_format, ttl)
        if confirmable is None:
            confirmable = not self.identity.reliable
        try:
            self._session.publish(self._clock.monotonic(), event, confirmable=confirmable, context=done)
        except LocalError as error:
            raise PublishFailed(f"The board can not say it now: {error}.") from error
        self.messages += 1
        self._arm()

    def add(
        self, *, variables: Mapping[str, Variable] | None = None, functions: Mapping[str, Function] | None = None
    ) -> None:
        """More variables and functions; a server that is connected is told."""
        self.firmware.variables.update(variables or {})
        self.firmware.functions.update(functions or {})
        if self._session is not None and self._session.is_greeted:
            self._session.describe(self._clock.monotonic(), APPLICATION)
            self._arm()

    def publish_vitals(self) -> None:
        """Send the vitals unasked.

        Raises:
            PublishFailed: the board is not connected.
        """
        if self._session is None or not self.online:
            raise PublishFailed("The board is not connected.")
        self._session.describe(self._clock.monotonic(), METRICS)
        self._arm()

    async def ask_name(self) -> str:
        """What the board is called (§5). It takes one of the four subscriptions.

        Raises:
            PublishFailed: as `publish`.
        """
        if not any(each.handler == self._named for each in self._subscribed):
            self.subscribe("particle/device/name", self._named)
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._name_waiting.append(future)
        await self.publish("particle/device/name")
        return await future

    async def connected(self) -> None:
        """Wait until it is."""
        while not self.online:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future

    async def claimed(self) -> None:
        """Wait until the server has taken the claim code; at once where there is none."""
        while self.claim_code:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._claim_waiting.append(future)
            await future

    # Power and network

    def start(self, line: Line) -> None:
        """Power on. A board that is on stays as it is."""
        if self.life is Life.OFF:
            self._line = line
            self._dial()

    def stop(self) -> None:
        """Power off, in a friendly way. What it knows of a session over UDP is kept for another `start`."""
        self._leave(Life.OFF, "user")

    def reset(self, *, forget: bool = False) -> None:
        """Restart, saying goodbye first. `forget`: without what it keeps of its session."""
        self.firmware.updated = False
        self._restart()
        if forget:
            self._kept = None

    def lose(self, reason: str = "the network is gone") -> None:
        """The network breaks off: nothing is said to the server, and the board dials again, as it does after that."""
        if self.life not in (Life.OFF, Life.WAITING):
            self._down(reason, discard=False)

    # The side of the shell

    def opened(self) -> None:
        """The line is there."""
        if self.life is not Life.DIALLING:
            return
        kept = None if self.identity.reliable else self._kept
        if kept is None:
            self.handshakes += 1
        else:
            self._uses += 1
        self._channel = make_channel(self, self.identity, kept and kept.session)
        self.life = Life.GREETING
        try:
            self._channel.start(self._clock.monotonic())
        finally:
            self._arm()

    def received(self, data: bytes) -> None:
        """Bytes of the line, a datagram over UDP."""
        if self._channel is None:
            return
        try:
            self._channel.feed(self._clock.monotonic(), data)
        finally:
            self._arm()

    def lost(self, reason: str) -> None:
        """The line has ended, or could not be opened."""
        self._down(reason, discard=False)

    # The channel's side

    def transmit(self, data: bytes) -> None:
        """For the channel."""
        if self._line is not None:
            self._line.send(data)

    def secured(self, message_id: int | None) -> None:
        """For the channel."""
        subscriptions = [Subscription(prefix) for prefix in SYSTEM_PREFIXES]
        self._session = ParticleSession(
            self,
            self.device_id,
            self.firmware,
            [*subscriptions, *(each.subscription for each in self._subscribed)],
            reliable=self.identity.reliable,
            keepalive=self._keepalive,
            random=self._random.random,
            message_id=message_id,
            known=self._kept.known if self._kept is not None else None,
            claim_code=self.claim_code,
            memory=self._memory,
            updates_enabled=self._updates_enabled,
        )
        self._session.start(self._clock.monotonic())

    def heard(self, message: bytes) -> None:
        """For the channel."""
        if self._session is not None:
            self._session.received(self._clock.monotonic(), message)

    def broken(self, reason: str, *, discard: bool) -> None:
        """For the channel."""
        self._down(reason, discard=discard)

    # The session's side

    def put(self, message: bytes) -> None:
        """For the session."""
        if self._channel is not None:
            self._channel.send(message)

    def greeted(self) -> None:
        """For the session."""
        self.life = Life.ONLINE
        self._due = None
        self._failures = self._uses = 0
        _wake(self._waiting)

    def told_time(self, seconds: int) -> None:
        """For the session."""
        self.time = seconds

    def event(self, event: Event) -> None:
        """For the session: what the system makes of an event, then the application."""
        name = event.name
        if name.startswith("spark/device/claim/"):
            self.claim_code = ""
            _wake(self._claim_waiting)
        elif name == "spark/device/reset":
            self._ordered(event.data)
        elif name == UPDATES_FORCED:
            if self._session is not None:
                self._session.updates.enabled = self._updates_enabled or event.data == b"true"
                try:
                    self._session.publish(self._clock.monotonic(), event, confirmable=not self.identity.reliable)
                except TooBusy:
                    pass  # Said again at the next connection.
        elif name == "particle/device/updates/pending":
            self.updates_pending = event.data == b"true"
        elif name == "spark/device/key/restore":
            self.given_back = True
            self._leave(Life.OFF, "system_reset")
        for subscription, handler in list(self._subscribed):
            if subscription.hears(name):
                handler(name, event.data)

    def published(self, context: object, trouble: str) -> None:
        """For the session."""
        if isinstance(context, asyncio.Future) and not context.done():
            if trouble:
                context.set_exception(PublishFailed(f"The event has not arrived: {trouble}."))
            else:
                context.set_result(None)

    def signalled(self, on: bool) -> None:
        """For the session."""
        self.signalling = on

    def vitals(self) -> bytes:
        """For the session."""
        uptime = int(self._clock.monotonic() - self._started_at)
        return measured(self.firmware.model.platform, uptime, self.losses, self._random)

    def hung(self, reason: str, *, discard: bool) -> None:
        """For the session."""
        self._down(reason, discard=discard)

    def update_started(self) -> None:
        """For the session's receiver of updates."""
        self.updating = True

    def update_finished(self, module: Module | None) -> None:
        """For the session's receiver of updates: restart, with the new firmware when it is any good."""
        self.updating = False
        if module is not None:
            self.firmware.install(module)
        # The answer that ends the update is still on its way out of the machine.
        self._clock.call_later(0, self._restart)

    def update_abandoned(self, sentence: str) -> None:
        """For the session's receiver of updates."""
        self.updating = False

    # Within

    def _named(self, name: str, data: bytes) -> None:
        waiting, self._name_waiting = self._name_waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(data.decode("utf-8", "replace"))

    def _ordered(self, order: bytes) -> None:
        if order == b"reboot":
            self.firmware.safe_mode = False
        elif order == b"safe mode":
            self.firmware.safe_mode = True
        elif order == b"dfu":
            self._leave(Life.OFF, "system_reset")
            return
        elif order == b"network":
            self.lose("the server has reset the network")
            return
        else:
            return
        self.reset()

    def _restart(self) -> None:
        if self.life is Life.OFF:
            return
        self._leave(Life.WAITING, "system_reset")
        self._due = self._clock.monotonic() + RESTART_SECONDS
        self._arm()

    def _dial(self) -> None:
        if self.given_back:
            return
        self.life = Life.DIALLING
        self._due = self._clock.monotonic() + ATTEMPT_SECONDS
        if self._line is not None:
            self._line.dial()
        self._arm()

    def _leave(self, life: Life, why: str) -> None:
        if self._session is not None and self.online:
            try:
                self._session.say_goodbye(self._clock.monotonic(), encode_goodbye(Goodbye(cloud=why)))
            except TooBusy:
                pass  # The server finds out by itself.
        self._end(discard=False)
        if self._line is not None and self.life is not Life.OFF:
            self._line.hang_up()
        self.life = life
        self._due = None
        self._arm()

    def _down(self, reason: str, *, discard: bool) -> None:
        """This connection is no good any more, or was not possible."""
        if self.life in (Life.OFF, Life.WAITING):
            return
        self.losses += 1
        self.trouble = reason
        self._end(discard=discard)
        if self._line is not None:
            self._line.hang_up()
        self.life = Life.WAITING
        wait = min(float(1 << self._failures // FAILURES_PER_STEP), LONGEST_WAIT)
        self._failures += 1
        self._due = self._clock.monotonic() + wait
        self._arm()

    def _end(self, *, discard: bool) -> None:
        """Close channel and session, and keep of them what can be continued."""
        channel, session = self._channel, self._session
        self._channel = self._session = None
        if session is not None:
            session.close(self._clock.monotonic())
            self.misread += session.misread
        if discard or self._uses >= SESSION_USES:
            self._kept = None
            self._uses = 0
        elif channel is not None and session is not None and channel.session is not None and session.known.hello:
            self._kept = _Kept(channel.session, session.known)
        if channel is not None:
            channel.close(discard=False)

    def _arm(self) -> None:
        """One timer for everything. One that rings too early costs less than a new one for each message."""
        due = self._due
        for part in (self._channel, self._session):
            its = part.deadline() if part is not None else None
            if its is not None and (due is None or its < due):
                due = its
        if self._timer is not None:
            if due is not None and self._timer_due <= due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None and due != float("inf"):
            self._timer_due = due
            self._timer = self._clock.call_later(max(SHORTEST_TIMER, due - self._clock.monotonic()), self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self._clock.monotonic()
        try:
            if self._due is not None and now >= self._due:
                if self.life is Life.WAITING:
                    self._dial()
                else:
                    self._down("no connection within a minute", discard=True)
                return
            if self._channel is not None:
                self._channel.tick(now)
            if self._session is not None:
                self._session.tick(now)
        finally:
            self._arm()


def _wake(waiting: list[asyncio.Future[None]]) -> None:
    for future in waiting:
        if not future.done():
            future.set_result(None)
    waiting.clear()
