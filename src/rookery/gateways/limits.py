"""What one client, and all of them together, may cost. Every number has its reason beside it."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class MqttLimits:
    """Limits of the MQTT listeners. Bytes, seconds and counts."""

    connections: int = 50_000
    """Open connections. Some 4 KB each without TLS, 30 KB with: 1.5 GB at worst. File descriptors end first."""
    handshaking: int = 1_000
    """Connections that have not been accepted by CONNACK yet; one host may have half of them. A flood of them is turned
    away at the door; 1,000 boards coming back at once after a power cut are served in about a second."""
    connect_seconds: int = 10
    """From the connection to a complete CONNECT. The slowest board takes 2 s over GSM."""
    authenticate_seconds: int = 10
    """From CONNECT to the decision. Boards wait 1.5 s for CONNACK, scripts 5 to 30."""
    tls_handshake_seconds: float = 10
    """A 48 MHz board needs 3 to 5 s for its elliptic curve."""
    closing_seconds: int = 5
    """From closing to aborting, for a peer that does not read its last bytes."""
    stopping_seconds: float = 2
    """The same when the server stops."""

    connect_bytes: int = 16 * KIB
    """The largest CONNECT: a password may be a JWT of several KiB, a will some more."""
    backlog_bytes: int = 64 * KIB
    """What a client may say between CONNECT and CONNACK: times `handshaking` it is 64 MB."""
    packet_bytes: int = 256 * KIB
    """The largest packet of an accepted client. Boards send 256 bytes, private topic trees images."""
    unacknowledged: int = 1_024
    """Incoming messages that are not stored yet. A client with more is not read until the store has caught up."""
    messages_per_second: int = 0
    """Incoming messages a client may send on average over a second; more are read a second later. 0: no limit."""

    subscriptions: int = 200
    """Per session. A board has four; each costs about 400 bytes."""
    filter_bytes: int = 1_024
    """Longer filters are refused with 0x80: they are kept in memory."""
    filter_levels: int = 64
    """Deeper filters are refused with 0x80: each level is a node of a tree."""

    inflight: int = 64
    """Outgoing QoS 1 and 2 messages that are sent and not acknowledged, per session."""
    queue_messages: int = 1_000
    """Outgoing QoS 1 and 2 messages that wait, per session; more are dropped."""
    queue_bytes: int = 1 * MIB
    """The same in bytes."""
    outbound_high: int = 256 * KIB
    """Bytes that a client has not read, from which on QoS 0 messages are dropped and others wait."""
    outbound_hard: int = 1 * MIB
    """Bytes that a client has not read, from which on it is closed: it asks and asks and never reads the answers."""

    kept_sessions: int = 10_000
    """Sessions without a connection. About 2 KB each when nothing waits."""
    kept_per_realm: int = 1_000
    """The same for one realm: one owner cannot push out the sessions of another."""
    kept_seconds: int = 7 * 86_400
    """How long a session is kept without a connection (an administrator's choice, 3.1.2.4 and 4.1)."""
    kept_queue_bytes: int = 64 * MIB
    """Messages that wait for absent clients, all together."""

    tcp_keepalive_idle: int = 60
    tcp_keepalive_interval: int = 15
    tcp_keepalive_probes: int = 4
    """A peer that vanished without a word and has no MQTT keepalive is noticed after two minutes."""
    tcp_user_timeout: int = 60
    """Bytes that no one confirms for a minute end the connection (Linux)."""
    listen_backlog: int = 1_024
    """Connections that the kernel accepts before we do."""
