"""What can go wrong, by whose fault: ours (`LocalError`) or the peer's (`PeerError`)."""

from __future__ import annotations


class MqttError(Exception):
    """Anything this package raises."""


class LocalError(MqttError, ValueError):
    """The program asked for something that MQTT cannot say: an invalid topic, a second CONNECT, a QoS of 3."""


class PeerError(MqttError):
    """The other end broke the rules; the connection has to be closed [MQTT-4.8.0-1].

    `answer` is what may still be sent before closing, empty when the standard says to close at once. `clause` is the
    rule that was broken.
    """

    def __init__(self, reason: str, clause: str = "", answer: bytes = b"") -> None:
        super().__init__(f"{reason} [{clause}]" if clause else reason)
        self.reason = reason
        self.clause = clause
        self.answer = answer


class MalformedPacket(PeerError):
    """The bytes are no packet."""


class ProtocolViolation(PeerError):
    """A packet, but not one that may come here or now."""


class PacketTooLarge(PeerError):
    """A remaining length above the limit of this connection; found before any of the body is kept."""


class ConnectRefused(PeerError):
    """A CONNECT that the standard answers with a return code: `answer` is that CONNACK."""
