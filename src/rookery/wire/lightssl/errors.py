"""What can go wrong, by whose fault: ours (`LocalError`) or the peer's (`PeerError`). Every `PeerError` is an end."""

from __future__ import annotations


class LightsslError(Exception):
    """Anything this package raises."""


class LocalError(LightsslError, ValueError):
    """The program asked for what cannot be done: a message that does not fit, a key that is none, a wrong moment."""


class PeerError(LightsslError):
    """The other end broke the rules, or is not who it says. The connection is over. `reason` is safe to log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class ClaimUnreadable(PeerError):
    """The claim is not one for this server and this connection. What exactly is wrong with it is nobody's business."""

    def __init__(self) -> None:
        super().__init__("the claim is not made with this server's key and this connection's nonce")


class OutOfTurn(PeerError):
    """Bytes at a moment when only this end may speak."""


class KeyUnusable(PeerError):
    """The public key of the board cannot be used for an answer."""


class Refused(PeerError):
    """The application does not want this board."""


class ProofFailed(PeerError):
    """The server has not the key that it should have, or somebody is in between. Seen by clients only."""


class MalformedFrame(PeerError):
    """A length that no frame has."""


class BrokenStream(PeerError):
    """The padding is wrong: other keys, or changed, missing or invented bytes."""
