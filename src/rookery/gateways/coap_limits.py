"""What one board, and all of them together, may cost the CoAP gateways. Every number has its reason beside it.

Limits of the messages themselves are in `wire.coap.parameters.Limits`, those of DTLS in `wire.dtls.profile.Limits`.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class CoapLimits:
    """Limits of both transports. Bytes, seconds and counts."""

    stopping_seconds: float = 2.0
    """When the server stops: for messages that are being stored and not acknowledged yet, and then for a peer that does
    not read its last bytes."""

    # TCP

    handshaking: int = 1_000
    """Boards that have not finished their handshake; one host may have half of them. Beyond, they are turned away, and
    come again. Over UDP the endpoint limits all together, and one host may have half of
    `wire.dtls.profile.Limits.handshakes`, sessions without a name included."""
    connections: int = 20_000
    """Open TCP connections. Some 5 KB each; file descriptors end first."""
    step_seconds: float = 30.0
    """For each step of a handshake over TCP, the first message included: boards wait 20 s for a step of ours, and take
    up to 5 s for one of theirs."""
    outbound_high: int = 64 * KIB
    """Bytes that a board has not read, from which on `Connection.unsent` is a reason to wait: a whole window of an
    update is less."""
    outbound_hard: int = 256 * KIB
    """Bytes that a board has not read, from which on it is closed: it asks and asks and never reads the answers."""
    closing_seconds: float = 5.0
    """From closing to aborting, for a peer that does not read its last bytes."""
    listen_backlog: int = 1_024
    """Connections that the kernel accepts before we do."""
    tcp_user_timeout: int = 60
    """Bytes that no one confirms for a minute end the connection (Linux)."""

    # UDP

    receive_buffer: int = 4 * MIB
    """Of the socket. 5,000 boards that come back at once send some 200 bytes each, and the kernel charges 1 KB for
    each; the rest is room for a loop that is busy for a second. The system may allow less (`net.core.rmem_max`)."""
    batch: int = 64
    """Datagrams read in a turn of the loop, so that others have theirs: 1 ms, with records to decrypt."""
    handshake_weight: int = 8
    """How many of those a datagram of a handshake counts: it may cost 0.2 ms."""
    datagram_bytes: int = 2_048
    """The longest datagram read; more is cut off and fails to decrypt. Records of boards are below 1,300."""
    lookups: int = 8_192
    """Unknown sessions that are being looked for, each with its last datagram: a fleet that comes back after a restart
    of ours within a second. One host may have half of them. 3 MB at most boards' sizes, 16 MB at worst."""
    lookups_at_once: int = 64
    """Of those, how many at the store at the same time: each waits for a commit of some 20 ms, and the store commits
    them together."""
    absent: int = 16_384
    """Identifiers that nobody knows, remembered so that repeating them costs no lookup. 150 bytes each."""
    absent_seconds: float = 30.0
    """How long: longer than a board repeats its message, shorter than it waits before its next attempt."""
    found: int = 1_024
    """Sessions that were found and wait for an authentic record. Whoever repeats the identifier of another board keeps
    them waiting; the oldest gives way."""
    records_between_dumps: int = 1_024
    """Records sent until a session is kept anew. Far below the 2^20 that loading skips, and below half of
    `message_ids_ahead`."""
    message_ids_ahead: int = 4_096
    """CoAP message identifiers that are skipped when a session comes back."""
