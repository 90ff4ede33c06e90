"""What the MQTT gateway counts, as plain integers that whoever wants can read."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum


class Ending(StrEnum):
    """Why connections end: few enough to be a label of a metric."""

    GOODBYE = "goodbye"
    """The client sent DISCONNECT."""
    LOST = "lost"
    """The transport ended without a word."""
    TAKEN_OVER = "taken over"
    KEEPALIVE = "keepalive"
    NO_CONNECT = "no connect"
    """No complete CONNECT in time."""
    REFUSED = "refused"
    """CONNACK with another code than 0."""
    PROTOCOL = "protocol error"
    SLOW_READER = "slow reader"
    HANDLER = "handler"
    """Whoever answers for the client closed it."""
    NOT_STORED = "not stored"
    FAULT = "fault"
    """An error of ours."""
    TLS = "tls"
    """The TLS handshake failed."""
    FULL = "full"
    """Turned away at the door: too many connections."""
    STOPPED = "stopped"


class Drop(StrEnum):
    """Why outgoing messages are dropped."""

    SLOW_READER = "slow reader"
    QUEUE_FULL = "queue full"
    ABSENT = "absent"
    """QoS 0 for a client that is away."""


class MqttCounters:
    """Since the start, all listeners together. `open` and `handshaking` are gauges."""

    __slots__ = (
        "accepted",
        "bytes_in",
        "bytes_out",
        "closed",
        "dropped",
        "handshaking",
        "kept",
        "messages_in",
        "messages_out",
        "open",
        "sessions_dropped",
        "throttled",
    )

    def __init__(self) -> None:
        self.open = 0
        """Connections, accepted or not, but for those in a TLS handshake."""
        self.handshaking = 0
        """Not accepted by CONNACK yet, TLS handshakes included."""
        self.accepted = 0
        """CONNACK 0."""
        self.kept = 0
        """Sessions without a connection, now."""
        self.sessions_dropped = 0
        """Kept sessions that were given up for age or number."""
        self.messages_in = 0
        self.messages_out = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.throttled = 0
        """How often a client was not read for a while because of `messages_per_second`."""
        self.dropped: defaultdict[Drop, int] = defaultdict(int)
        self.closed: defaultdict[Ending, int] = defaultdict(int)
