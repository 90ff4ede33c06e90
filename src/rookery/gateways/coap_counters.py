"""What the CoAP gateways count, as plain integers that whoever wants can read."""

from __future__ import annotations

from collections import defaultdict
from enum import StrEnum


class CoapEnding(StrEnum):
    """Why connections end: few enough to be a label of a metric."""

    LOST = "lost"
    """The stream ended, or the peer said close_notify."""
    TAKEN_OVER = "taken over"
    """A newer session has the same name."""
    SILENT = "silent"
    """Nothing was heard for 1.5 keepalive intervals."""
    SLOW = "slow handshake"
    """A step of the handshake, or the naming, took too long."""
    REFUSED = "refused"
    """No key for this device."""
    HANDSHAKE = "handshake failed"
    PROTOCOL = "protocol error"
    SLOW_READER = "slow reader"
    HANDLER = "handler"
    """Whoever answers for the board closed it."""
    RENEWED = "renewed"
    """The same, and the board was told to begin anew."""
    FAULT = "fault"
    """An error of ours."""
    FULL = "full"
    """Turned away at the door: too many."""
    STOPPED = "stopped"


class CoapDrop(StrEnum):
    """Why datagrams are dropped."""

    SHORT = "short"
    """Less than a record's header: boards send single bytes to keep a translator's table warm."""
    CROWDED = "crowded"
    """A hello from a host that has too many handshakes going on."""
    LOOKUPS = "too many lookups"
    """A record of an unknown session, while too many others are looked for."""
    ABSENT = "absent"
    """A record of a session that nobody knows, as was found a moment ago."""
    UNSENT = "unsent"
    """The system had no room for a datagram of ours, or no way to its address."""


class CoapCounters:
    """Of one gateway since its start. `open`, `handshaking` and `named` are gauges. What DTLS counts is with
    `CoapUdpGateway.endpoint.counters`."""

    __slots__ = (
        "accepted",
        "bytes_in",
        "bytes_out",
        "closed",
        "dropped",
        "failed",
        "faults",
        "handshaking",
        "lookups",
        "messages_in",
        "messages_out",
        "moved",
        "named",
        "open",
        "resumed",
    )

    def __init__(self) -> None:
        self.open = 0
        """Secure sessions with a handler, on the air."""
        self.handshaking = 0
        """Boards in a handshake, or after it and not named yet."""
        self.named = 0
        """Connections whose board is known."""
        self.accepted = 0
        """Handshakes that were finished."""
        self.failed = 0
        """Handshakes that came to nothing."""
        self.resumed = 0
        """Kept sessions that came back."""
        self.moved = 0
        """Sessions that were heard at another address."""
        self.lookups = 0
        """Unknown sessions that were looked for."""
        self.messages_in = 0
        self.messages_out = 0
        self.bytes_in = 0
        self.bytes_out = 0
        """Messages and bytes of CoAP, without what the transport adds."""
        self.faults = 0
        """Errors of a handler."""
        self.dropped: defaultdict[CoapDrop, int] = defaultdict(int)
        self.closed: defaultdict[CoapEnding, int] = defaultdict(int)
