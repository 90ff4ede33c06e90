"""The client's side of one MQTT connection: for simulated boards and for tests.

Methods put bytes into `output`, which the shell takes with `take()`; `feed` returns the packets which the application
wants to know about. Acknowledgements are automatic. An incoming QoS 2 message is returned once, at its PUBLISH.
"""

from __future__ import annotations

from collections.abc import Iterable

from rookery.wire.mqtt import encode
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.decode import Framer, decode
from rookery.wire.mqtt.errors import LocalError, ProtocolViolation

MAX_PACKET_BYTES = 1 << 20
"""The largest packet a client takes from its server."""


class ClientConnection:
    """The machine. The same object may `connect` again after the connection broke: with clean_session=False it then
    repeats what was not acknowledged, as [MQTT-4.4.0-1] asks."""

    __slots__ = ("_framer", "_last_id", "_received", "connected", "inflight", "output", "pending")

    def __init__(self) -> None:
        self.output: list[bytes] = []
        self.connected = False
        self.inflight: dict[int, p.Publish | None] = {}
        self.pending: dict[int, p.Subscribe | p.Unsubscribe] = {}
        self._received: set[int] = set()
        self._last_id = 0
        self._framer = Framer(MAX_PACKET_BYTES)

    def take(self) -> bytes:
        """The bytes to send now."""
        data = b"".join(self.output)
        self.output.clear()
        return data

    def connect(self, packet: p.Connect) -> None:
        """Begin a connection."""
        self._framer = Framer(MAX_PACKET_BYTES)
        self.connected = False
        self.pending.clear()
        if packet.clean_session:
            self.inflight.clear()
            self._received.clear()
        self.output[:] = [encode.encode(packet)]

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> int:
        """Send a message; its packet identifier, 0 for QoS 0."""
        if not qos:
            self.output.append(encode.publish(p.Publish(topic, payload, 0, retain)))
            return 0
        packet_id = self._next_id()
        packet = p.Publish(topic, payload, qos, retain, packet_id)
        self.output.append(encode.publish(packet))
        self.inflight[packet_id] = packet
        return packet_id

    def subscribe(self, filters: Iterable[tuple[str, int]]) -> int:
        """Ask for these filters; the identifier that SUBACK will have."""
        packet = p.Subscribe(self._next_id(), tuple(filters))
        self.output.append(encode.subscribe(packet))
        self.pending[packet.packet_id] = packet
        return packet.packet_id

    def unsubscribe(self, filters: Iterable[str]) -> int:
        """Give these filters up; the identifier that UNSUBACK will have."""
        packet = p.Unsubscribe(self._next_id(), tuple(filters))
        self.output.append(encode.unsubscribe(packet))
        self.pending[packet.packet_id] = packet
        return packet.packet_id

    def ping(self) -> None:
        """Ask for a PINGRESP."""
        self.output.append(encode.PINGREQ)

    def disconnect(self) -> None:
        """Say goodbye; the will is void."""
        self.output.append(encode.DISCONNECT)
        self.connected = False

    def feed(self, data: bytes) -> list[p.Packet]:
        """What the server said. PUBACK and PUBCOMP mean that a message is through; PUBREC and PUBREL are not shown.

        Raises:
            PeerError: the server broke the standard.
        """
        events: list[p.Packet] = []
        for head, body in self._framer.feed(data):
            packet = decode(head, body)
            if not self.connected and not isinstance(packet, p.Connack):
                raise ProtocolViolation("the first packet is not CONNACK", "MQTT-3.2.0-1")
            if self._handle(packet):
                events.append(packet)
        return events

    def _handle(self, packet: p.Packet) -> bool:
        match packet:
            case p.Connack(code, session_present):
                if self.connected:
                    raise ProtocolViolation("a second CONNACK")
                self.connected = code == p.ACCEPTED
                if self.connected:
                    self._resend(session_present)
            case p.Publish(qos=1, packet_id=packet_id):
                self.output.append(encode.puback(packet_id))
            case p.Publish(qos=2, packet_id=packet_id):
                self.output.append(encode.pubrec(packet_id))
                if packet_id in self._received:
                    return False
                self._received.add(packet_id)
            case p.Pubrel(packet_id):
                self._received.discard(packet_id)
                self.output.append(encode.pubcomp(packet_id))
                return False
            case p.Pubrec(packet_id):
                if packet_id in self.inflight:
                    self.inflight[packet_id] = None
                self.output.append(encode.pubrel(packet_id))
                return False
            case p.Puback(packet_id) | p.Pubcomp(packet_id):
                return self.inflight.pop(packet_id, 0) != 0
            case p.Suback(packet_id, codes):
                asked = self.pending.pop(packet_id, None)
                if not isinstance(asked, p.Subscribe) or len(asked.filters) != len(codes):
                    raise ProtocolViolation("SUBACK answers nothing", "MQTT-3.8.4-5")
            case p.Unsuback(packet_id):
                if not isinstance(self.pending.pop(packet_id, None), p.Unsubscribe):
                    raise ProtocolViolation("UNSUBACK answers nothing", "MQTT-3.10.4-5")
            case p.Publish() | p.Pingresp():
                pass
            case _:
                raise ProtocolViolation("a packet for clients to send", "2.2.1")
        return True

    def _resend(self, session_present: bool) -> None:
        if not session_present:
            self._received.clear()
        for packet_id, packet in self.inflight.items():
            again = packet._replace(dup=True) if packet else p.Pubrel(packet_id)
            self.output.append(encode.encode(again))

    def _next_id(self) -> int:
        if len(self.inflight) + len(self.pending) >= 65_535:
            raise LocalError("no packet identifier is free [MQTT-2.3.1-2]")
        while True:
            self._last_id = self._last_id % 65_535 + 1
            if self._last_id not in self.inflight and self._last_id not in self.pending:
                return self._last_id
