"""How long, how many, and what is different about some peers: the three things a user of the machines sets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Transmission:
    """Times in seconds, and counts (table 2). Both ends of a connection have to agree about them (4.8.1)."""

    ack_timeout: float = 2.0
    ack_random_factor: float = 1.5
    max_retransmit: int = 4
    nstart: int = 1
    max_latency: float = 100.0

    @property
    def max_transmit_span(self) -> float:
        """From the first to the last transmission of a Confirmable message (4.8.2)."""
        return self.ack_timeout * ((1 << self.max_retransmit) - 1) * self.ack_random_factor

    @property
    def exchange_lifetime(self) -> float:
        """From a Confirmable message to when nothing of its exchange can arrive any more (4.8.2)."""
        return self.max_transmit_span + 2 * self.max_latency + self.ack_timeout

    @property
    def non_lifetime(self) -> float:
        """The same for a Non-confirmable message."""
        return self.max_transmit_span + self.max_latency


@dataclass(frozen=True)
class Limits:
    """What one peer may cost."""

    message_bytes: int = 1_500
    """Largest message that is read. The standard assumes 1,152 where nothing is known (4.6); an Ethernet frame carries
    no more than this, and a longer datagram would have come in fragments."""
    open_requests: int = 32
    """Requests of the peer that the application has not answered. Small devices have four to eight on their way; the
    rest is room for a storage that takes a second."""
    remembered: int = 128
    """Identifiers kept for recognising repetitions, with their answers (some 200 bytes each). A repetition comes within
    MAX_TRANSMIT_SPAN; a device that sends three messages a second meanwhile stays within this. When more come, the
    oldest answered one is forgotten before its time."""
    outstanding: int = 64
    """Own exchanges that are not finished, those that wait for their turn (NSTART) included."""
    body_bytes: int = 65_536
    """A body joined from blocks. Device descriptions and synchronised documents are below 17 KB."""
    bodies: int = 4
    """Bodies that are being received, and as many that are being fetched from us: one each is usual."""
    body_seconds: float = 90.0
    """How long an unfinished body is kept after its last block: over twice the longest silence of a peer that still
    repeats its message."""


@dataclass(frozen=True)
class Quirks:
    """Where peers exist that need something against the letter of the standard. Nothing here is on by default."""

    no_resets: bool = False
    """Never answer with Reset by ourselves. There are peers that give up their whole secure session when they see one,
    because they understand it as "I have lost my state". So an empty Confirmable message is answered with an empty
    Acknowledgement instead of Reset (4.3), a response that nobody waits for (it came after its time) is acknowledged
    and dropped, and a message that cannot be read is ignored."""
    foreign_ack_ids: bool = False
    """Acknowledgements may carry an identifier that is not that of the request. There are peers on streams that answer
    pings and some requests with a fresh identifier of their own. Then a response is matched by its token alone, and an
    empty Acknowledgement that fits nothing belongs to the oldest ping."""
    token_bytes: int = 4
    """Length of the tokens we invent, 1 to 8. There are peers that read a token only when it is one byte long. 5.3.1
    asks for 32 bits of randomness where no secure transport keeps strangers from answering."""
    separate_after: float | None = 1.0
    """Seconds until a Confirmable request that the application still thinks about is acknowledged with an empty
    message, so that its response has to come separately (5.2.2); well before the peer repeats it. None: never, for
    peers that understand only piggybacked responses. They repeat their request until it comes."""

    def __post_init__(self) -> None:
        if not 1 <= self.token_bytes <= 8:
            raise ValueError("a token has 1 to 8 bytes")
