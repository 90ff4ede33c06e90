"""What a server keeps for a client: subscriptions, messages on their way, and messages that wait (3.1.2.4).

The state is plain data, without a connection. `dump` turns it into builtin types, so that whoever keeps sessions on
disk needs to know nothing about it. Everything is made when first needed: most clients subscribe to two topics at
QoS 0 and never use the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from rookery.wire.mqtt.packets import Message

MESSAGE_OVERHEAD = 200
"""Bytes that a waiting message costs beside its topic and payload: tuple, two strings, its place in the queue."""


def message_size(message: Message) -> int:
    """About what a waiting message occupies, in bytes."""
    return MESSAGE_OVERHEAD + len(message.topic) + len(message.payload)


class SessionState:
    """One client's session.

    `inflight` maps packet identifiers to the message that was sent and is not acknowledged, or to None when PUBREC has
    come and only PUBREL is to be repeated. `received` are identifiers of incoming QoS 2 messages between our PUBREC and
    their PUBREL; `arriving` are those which the application has been given but does not own yet.
    """

    __slots__ = ("_inflight", "_last_id", "_queue", "arriving", "client_id", "queue_bytes", "received", "subscriptions")

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.subscriptions: dict[str, int] | None = None
        self.received: set[int] | None = None
        self.arriving: set[int] | None = None
        self.queue_bytes = 0
        self._inflight: dict[int, Message | None] | None = None
        self._queue: deque[Message] | None = None
        self._last_id = 0

    # Subscriptions

    def subscribe(self, topic_filter: str, qos: int) -> None:
        """Put or replace a subscription [MQTT-3.8.4-3]."""
        if self.subscriptions is None:
            self.subscriptions = {}
        self.subscriptions[topic_filter] = qos

    def unsubscribe(self, topic_filter: str) -> bool:
        """False when there was none."""
        if not self.subscriptions or topic_filter not in self.subscriptions:
            return False
        del self.subscriptions[topic_filter]
        return True

    # Outgoing QoS 1 and 2

    @property
    def inflight(self) -> int:
        """How many outgoing messages are not fully acknowledged."""
        return len(self._inflight) if self._inflight else 0

    @property
    def queued(self) -> int:
        """How many messages wait to be sent."""
        return len(self._queue) if self._queue else 0

    def enqueue(self, message: Message) -> None:
        """Let a message wait."""
        if self._queue is None:
            self._queue = deque()
        self._queue.append(message)
        self.queue_bytes += message_size(message)

    def start_next(self) -> tuple[int, Message]:
        """Take the oldest waiting message into flight under a fresh identifier [MQTT-2.3.1-2, MQTT-4.6.0-6]."""
        assert self._queue  # noqa: S101  # the caller asked `queued` before
        message = self._queue.popleft()
        self.queue_bytes -= message_size(message)
        return self.start(message), message

    def start(self, message: Message) -> int:
        """Take a message into flight; returns its identifier. At most 65,535 fit; callers stay far below."""
        if self._inflight is None:
            self._inflight = {}
        inflight = self._inflight
        packet_id = self._last_id
        while True:
            packet_id = packet_id % 65_535 + 1
            if packet_id not in inflight:
                break
        self._last_id = packet_id
        inflight[packet_id] = message
        return packet_id

    def sent(self, packet_id: int) -> Message | None:
        """The message in flight under this identifier; None when there is none or only its PUBREL is left."""
        return self._inflight.get(packet_id) if self._inflight else None

    def knows(self, packet_id: int) -> bool:
        """Whether anything is in flight under this identifier."""
        return bool(self._inflight) and packet_id in self._inflight  # type: ignore[operator]

    def released(self, packet_id: int) -> None:
        """PUBREC came: forget the message, remember to send PUBREL [MQTT-4.3.3-1]."""
        if self._inflight and packet_id in self._inflight:
            self._inflight[packet_id] = None

    def finish(self, packet_id: int) -> bool:
        """PUBACK or PUBCOMP came. False when nothing was in flight under this identifier."""
        inflight = self._inflight
        if not inflight or packet_id not in inflight:
            return False
        del inflight[packet_id]
        return True

    def unfinished(self) -> Iterator[tuple[int, Message | None]]:
        """What has to be sent again when the client returns, in the order it was sent [MQTT-4.4.0-1, MQTT-4.6.0-1]."""
        return iter(list(self._inflight.items()) if self._inflight else ())

    # Incoming QoS 2

    def arrives(self, packet_id: int) -> None:
        """The application has been given this message and will say later whether it keeps it."""
        if self.arriving is None:
            self.arriving = set()
        self.arriving.add(packet_id)

    def owns(self, packet_id: int) -> None:
        """The application keeps the message: repetitions are answered and not delivered [MQTT-4.3.3-2]."""
        if self.arriving:
            self.arriving.discard(packet_id)
        if self.received is None:
            self.received = set()
        self.received.add(packet_id)

    def refuses(self, packet_id: int) -> None:
        """The application does not keep it: a repetition is a new delivery."""
        if self.arriving:
            self.arriving.discard(packet_id)

    def release(self, packet_id: int) -> None:
        """PUBREL came: the identifier is free again."""
        if self.received:
            self.received.discard(packet_id)

    # Keeping

    def dump(self) -> dict[str, Any]:
        """Everything as dict, list, str, bytes and int; `load` takes it back."""
        return {
            "client_id": self.client_id,
            "subscriptions": dict(self.subscriptions or {}),
            "inflight": [[key, list(value) if value else None] for key, value in (self._inflight or {}).items()],
            "queue": [list(message) for message in self._queue or ()],
            "received": sorted(self.received or ()),
            "last_id": self._last_id,
        }

    @classmethod
    def load(cls, data: dict[str, Any]) -> SessionState:
        """A state from what `dump` gave.

        Raises:
            KeyError, TypeError, ValueError: that is something else.
        """
        state = cls(data["client_id"])
        for topic_filter, qos in data["subscriptions"].items():
            state.subscribe(topic_filter, qos)
        if data["inflight"]:
            state._inflight = {key: Message(*value) if value else None for key, value in data["inflight"]}
        for message in data["queue"]:
            state.enqueue(Message(*message))
        if data["received"]:
            state.received = set(data["received"])
        state._last_id = data["last_id"]
        return state
