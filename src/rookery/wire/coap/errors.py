"""What can go wrong, by whose fault: ours (`LocalError`) or the peer's (`PeerError`)."""

from __future__ import annotations


class CoapError(Exception):
    """Anything this package raises."""


class LocalError(CoapError, ValueError):
    """The program asked for something that CoAP cannot say: a token of nine bytes, an option that is too long."""


class TooBusy(LocalError):
    """A table of this endpoint is full: the request was not sent. Later it may be."""


class PeerError(CoapError):
    """The other end broke the rules.

    `answer` is what the standard sends back, empty when it says to be silent. `clause` is the rule that was broken.
    """

    def __init__(self, reason: str, clause: str = "", answer: bytes = b"") -> None:
        super().__init__(f"{reason} [{clause}]" if clause else reason)
        self.reason = reason
        self.clause = clause
        self.answer = answer


class MalformedMessage(PeerError):
    """The bytes are no message. A Confirmable one is answered with Reset, all others are ignored (4.2, 4.3)."""


class MessageTooLarge(PeerError):
    """More bytes than one message may have here; found before any of them is read."""


class BadBlock(PeerError):
    """A Block option that means nothing, or a block that does not fit the ones before (RFC 7959)."""
