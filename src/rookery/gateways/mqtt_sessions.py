"""Which sessions there are: those with a connection, and those kept for a client that is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rookery.core.clock import Clock
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt_counters import MqttCounters
from rookery.wire.mqtt.packets import Message
from rookery.wire.mqtt.server import enqueue
from rookery.wire.mqtt.session import SessionState, message_size

if TYPE_CHECKING:
    from rookery.gateways.mqtt_connection import MqttConnection


class SessionKeeper(Protocol):
    """Who stores sessions beyond the life of the process. Called on the event loop; must return quickly.

    The state goes on changing: take `state.dump()` of what is to be written.
    """

    def keep(self, realm: str, state: SessionState) -> None:
        """A persistent session has changed: subscriptions, messages for an absent client, or its connection ended."""

    def forget(self, realm: str, client_id: str) -> None:
        """This session is no more."""


class SessionRegistry:
    """Sessions by (realm, client id). A kept one stays the object that its handler knows: publishing to it queues."""

    __slots__ = ("_clock", "_counters", "_keeper", "_kept", "_limits", "_queue_bytes", "connected")

    def __init__(self, limits: MqttLimits, clock: Clock, counters: MqttCounters, keeper: SessionKeeper | None) -> None:
        self.connected: dict[tuple[str, str], MqttConnection] = {}
        self._kept: dict[str, dict[str, MqttConnection]] = {}
        self._queue_bytes = 0
        self._limits = limits
        self._clock = clock
        self._counters = counters
        self._keeper = keeper

    def changed(self, connection: MqttConnection) -> None:
        """Tell the keeper."""
        if self._keeper is not None and connection.key is not None and connection.machine.session is not None:
            self._keeper.keep(connection.key[0], connection.machine.session)

    def keep(self, connection: MqttConnection) -> None:
        """The connection of a persistent session has ended."""
        key, state = connection.key, connection.machine.session
        if key is None or state is None:
            return
        realm, client_id = key
        self.take(realm, client_id)
        connection.kept = True
        connection.seen = int(self._clock.monotonic())
        sessions = self._kept.setdefault(realm, {})
        sessions[client_id] = connection
        self._queue_bytes += state.queue_bytes
        self._counters.kept += 1
        oldest = next(iter(sessions.values()))
        while oldest is not connection and self._too_old(oldest):
            self._drop(oldest)
            oldest = next(iter(sessions.values()))
        if len(sessions) > self._limits.kept_per_realm:
            self._drop(oldest)
        elif self._counters.kept > self._limits.kept_sessions:
            # The realm with the most pays.
            self._drop(next(iter(max(self._kept.values(), key=len).values())))
        if connection.kept:
            self.changed(connection)

    def take(self, realm: str, client_id: str) -> MqttConnection | None:
        """Take a kept session out; None when there is none or it is too old."""
        sessions = self._kept.get(realm)
        connection = sessions.get(client_id) if sessions else None
        if connection is None:
            return None
        if self._too_old(connection):
            self._drop(connection)
            return None
        self._remove(connection)
        return connection

    def forget(self, realm: str, client_id: str) -> None:
        """Tell the keeper that a session is no more."""
        if self._keeper is not None:
            self._keeper.forget(realm, client_id)

    def enqueue(self, connection: MqttConnection, message: Message) -> bool:
        """A message for an absent client; False when it is dropped."""
        state = connection.machine.session
        size = message_size(message)
        if state is None or self._queue_bytes + size > self._limits.kept_queue_bytes:
            return False
        if not enqueue(state, message, self._limits):
            return False
        self._queue_bytes += size
        self.changed(connection)
        return True

    def _too_old(self, connection: MqttConnection) -> bool:
        return self._clock.monotonic() - connection.seen > self._limits.kept_seconds

    def _remove(self, connection: MqttConnection) -> None:
        key, state = connection.key, connection.machine.session
        if key is None or state is None or not connection.kept:
            return
        connection.kept = False
        sessions = self._kept[key[0]]
        del sessions[key[1]]
        if not sessions:
            del self._kept[key[0]]
        self._queue_bytes -= state.queue_bytes
        self._counters.kept -= 1

    def _drop(self, connection: MqttConnection) -> None:
        self._remove(connection)
        self._counters.sessions_dropped += 1
        if connection.key is not None:
            self.forget(*connection.key)
        connection.retire()
