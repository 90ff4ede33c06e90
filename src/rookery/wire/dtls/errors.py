"""What can go wrong, by whose fault: ours (`LocalError`) or the peer's (`PeerError`), and what it means for whom."""

from __future__ import annotations


class Alert:
    """Descriptions of alerts (RFC 5246, 7.2)."""

    CLOSE_NOTIFY = 0
    UNEXPECTED_MESSAGE = 10
    HANDSHAKE_FAILURE = 40
    BAD_CERTIFICATE = 42
    UNSUPPORTED_CERTIFICATE = 43
    ILLEGAL_PARAMETER = 47
    ACCESS_DENIED = 49
    DECODE_ERROR = 50
    DECRYPT_ERROR = 51
    PROTOCOL_VERSION = 70
    NO_RENEGOTIATION = 100


class DtlsError(Exception):
    """Anything this package raises."""


class LocalError(DtlsError, ValueError):
    """The program asked for what cannot be done: a message that does not fit, a dump that is none, a closed session."""


class PeerError(DtlsError):
    """The other end, or someone who writes its address on datagrams, broke the rules. `clause` is the rule."""

    def __init__(self, reason: str, clause: str = "") -> None:
        super().__init__(f"{reason} [{clause}]" if clause else reason)
        self.reason = reason
        self.clause = clause


class Discarded(PeerError):
    """Something that is dropped in silence and has no further effect [4.1.2.7]."""


class MalformedRecord(Discarded):
    """The bytes are no record, or no fragment of a handshake message."""


class ForgedRecord(Discarded):
    """The authentication tag is wrong: other keys, changed bytes, or noise."""


class ReplayedRecord(Discarded):
    """A sequence number that was seen before or is older than the window [4.1.2.6]."""


class HandshakeFailed(PeerError):
    """The handshake is over. `alert` is the description to send, None when nothing is to be sent."""

    def __init__(self, reason: str, clause: str = "", alert: int | None = Alert.HANDSHAKE_FAILURE) -> None:
        super().__init__(reason, clause)
        self.alert = alert


class MalformedMessage(HandshakeFailed):
    """A handshake message that cannot be read."""

    def __init__(self, reason: str, clause: str = "", alert: int = Alert.DECODE_ERROR) -> None:
        super().__init__(reason, clause, alert)


class UnexpectedMessage(HandshakeFailed):
    """A handshake message that may not come here or now."""

    def __init__(self, reason: str, clause: str = "") -> None:
        super().__init__(reason, clause, Alert.UNEXPECTED_MESSAGE)


class ProofFailed(HandshakeFailed):
    """A signature or a Finished does not fit: the peer has not the key that it shows, or someone is in between."""

    def __init__(self, reason: str, clause: str = "") -> None:
        super().__init__(reason, clause, Alert.DECRYPT_ERROR)


class PeerAlert(HandshakeFailed):
    """The peer gave up with a fatal alert, `description`."""

    def __init__(self, description: int) -> None:
        super().__init__(f"the peer sent alert {description}", "RFC 5246, 7.2.2", None)
        self.description = description


class NoAnswer(HandshakeFailed):
    """The peer did not continue in time."""

    def __init__(self) -> None:
        super().__init__("the peer did not continue the handshake in time", "4.2.4", None)
