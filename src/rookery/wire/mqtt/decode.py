"""Bytes to packets, with every rule that can be checked on one packet alone."""

from __future__ import annotations

from collections.abc import Callable

from rookery.wire.mqtt import encode
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.errors import ConnectRefused, MalformedPacket, PacketTooLarge, ProtocolViolation
from rookery.wire.mqtt.topics import filter_fault, topic_fault

MAX_CLIENT_ID_BYTES = 256
"""The standard asks for 23 and allows more [MQTT-3.1.3-5]; a client id is a key in memory and in every log line."""


def text(data: bytes) -> str:
    """A UTF-8 encoded string (1.5.3). A byte order mark is a character like any other [MQTT-1.5.3-3]."""
    try:
        value = data.decode()  # strict: refuses surrogates and overlong forms [MQTT-1.5.3-1]
    except UnicodeDecodeError as error:
        raise MalformedPacket("text is not UTF-8", "MQTT-1.5.3-1") from error
    if "\0" in value:
        raise MalformedPacket("text contains U+0000", "MQTT-1.5.3-2")
    return value


def topic_name(data: bytes) -> str:
    """The topic of a PUBLISH or of a will."""
    name = text(data)
    fault = topic_fault(name)
    if fault:
        raise MalformedPacket("not a topic name", fault)
    return name


def remaining_length(data: bytes, at: int, end: int) -> tuple[int, int]:
    """The length that begins at `at`, and where the body begins; (-1, at) when there are not enough bytes yet."""
    size = shift = 0
    while at < end:
        byte = data[at]
        at += 1
        size |= (byte & 127) << shift
        if byte < 128:
            return size, at
        shift += 7
        if shift > 21:
            raise MalformedPacket("remaining length of more than four bytes", "2.2.3")
    return -1, at


class Fields:
    """Reads the body of one packet from the front."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        at = self.at
        if at >= len(self.data):
            raise MalformedPacket("the packet ends too early")
        self.at = at + 1
        return self.data[at]

    def number(self) -> int:
        return self.byte() << 8 | self.byte()

    def binary(self) -> bytes:
        size = self.number()
        start = self.at
        if start + size > len(self.data):
            raise MalformedPacket("a field is longer than its packet")
        self.at = start + size
        return self.data[start : self.at]

    def text(self) -> str:
        return text(self.binary())

    def packet_id(self) -> int:
        packet_id = self.number()
        if not packet_id:
            raise MalformedPacket("packet identifier 0", "MQTT-2.3.1-1")
        return packet_id

    def more(self) -> bool:
        return self.at < len(self.data)

    def end(self) -> None:
        if self.more():
            raise MalformedPacket("bytes after the end of the packet")


def _connect(head: int, body: bytes) -> p.Connect:
    fields = Fields(body)
    name = fields.binary()
    if name not in (b"MQTT", b"MQIsdp"):
        raise ProtocolViolation("not the name of the protocol", "MQTT-3.1.2-1")
    level = fields.byte()
    if level == p.LEVEL_5 and name == b"MQTT":
        raise ConnectRefused("MQTT 5 is not spoken here", "MQTT-3.1.2-2", encode.CONNACK_V5_BAD_VERSION)
    if level != p.LEVEL_3_1_1 or name != b"MQTT":
        answer = encode.connack(p.Connack(p.BAD_LEVEL))
        raise ConnectRefused(f"protocol level {level} is not spoken here", "MQTT-3.1.2-2", answer)
    flags = fields.byte()
    if flags & 0x01:
        raise MalformedPacket("reserved connect flag", "MQTT-3.1.2-3")
    will_qos = flags >> 3 & 3
    if flags & 0x04:
        if will_qos == 3:
            raise MalformedPacket("will QoS 3", "MQTT-3.1.2-14")
    elif will_qos:
        raise MalformedPacket("will QoS without a will", "MQTT-3.1.2-13")
    elif flags & 0x20:
        raise MalformedPacket("will retain without a will", "MQTT-3.1.2-15")
    if flags & 0x40 and not flags & 0x80:
        raise MalformedPacket("password without user name", "MQTT-3.1.2-22")
    keepalive = fields.number()
    client_id = fields.text()
    will = None
    if flags & 0x04:
        topic = topic_name(fields.binary())
        will = p.Message(topic, fields.binary(), will_qos, flags & 0x20 != 0)
    username = fields.text() if flags & 0x80 else None
    password = fields.binary() if flags & 0x40 else None
    fields.end()
    clean = flags & 0x02 != 0
    answer = encode.connack(p.Connack(p.BAD_IDENTIFIER))
    if not client_id and not clean:
        raise ConnectRefused("a kept session needs a client identifier", "MQTT-3.1.3-8", answer)
    if len(client_id) > MAX_CLIENT_ID_BYTES or len(client_id.encode()) > MAX_CLIENT_ID_BYTES:
        raise ConnectRefused("client identifier too long", "MQTT-3.1.3-9", answer)
    return p.Connect(client_id, clean, keepalive, username, password, will, level)


def _connack(head: int, body: bytes) -> p.Connack:
    fields = Fields(body)
    flags, code = fields.byte(), fields.byte()
    fields.end()
    if flags > 1 or code > p.NOT_AUTHORISED:
        raise MalformedPacket("reserved values in CONNACK", "3.2.2")
    if code and flags:
        raise MalformedPacket("a refusal with a session", "MQTT-3.2.2-4")
    return p.Connack(code, flags == 1)


def _publish(head: int, body: bytes) -> p.Publish:
    qos = head >> 1 & 3
    if qos == 3:
        raise MalformedPacket("QoS 3", "MQTT-3.3.1-4")
    dup = head & 0x08 != 0
    if dup and not qos:
        raise MalformedPacket("DUP with QoS 0", "MQTT-3.3.1-2")
    fields = Fields(body)
    topic = topic_name(fields.binary())
    packet_id = fields.packet_id() if qos else 0
    return p.Publish(topic, body[fields.at :], qos, head & 1 == 1, packet_id, dup)


def _only_packet_id(body: bytes) -> int:
    fields = Fields(body)
    packet_id = fields.packet_id()
    fields.end()
    return packet_id


def _filter(fields: Fields) -> str:
    topic_filter = fields.text()
    fault = filter_fault(topic_filter)
    if fault:
        raise MalformedPacket("not a topic filter", fault)
    return topic_filter


def _subscribe(head: int, body: bytes) -> p.Subscribe:
    fields = Fields(body)
    packet_id = fields.packet_id()
    filters = []
    while fields.more():
        topic_filter = _filter(fields)
        qos = fields.byte()
        if qos > 2:
            raise MalformedPacket("reserved bits in a subscription", "MQTT-3.8.3-4")
        filters.append((topic_filter, qos))
        if len(filters) > p.MAX_FILTERS:
            raise ProtocolViolation(f"more than {p.MAX_FILTERS} filters in one packet")
    if not filters:
        raise ProtocolViolation("SUBSCRIBE without a filter", "MQTT-3.8.3-3")
    return p.Subscribe(packet_id, tuple(filters))


def _suback(head: int, body: bytes) -> p.Suback:
    fields = Fields(body)
    packet_id = fields.packet_id()
    codes = body[2:]
    if not codes or any(code not in (0, 1, 2, 0x80) for code in codes):
        raise MalformedPacket("reserved codes in SUBACK", "MQTT-3.9.3-2")
    return p.Suback(packet_id, tuple(codes))


def _unsubscribe(head: int, body: bytes) -> p.Unsubscribe:
    fields = Fields(body)
    packet_id = fields.packet_id()
    filters = []
    while fields.more():
        filters.append(_filter(fields))
        if len(filters) > p.MAX_FILTERS:
            raise ProtocolViolation(f"more than {p.MAX_FILTERS} filters in one packet")
    if not filters:
        raise ProtocolViolation("UNSUBSCRIBE without a filter", "MQTT-3.10.3-2")
    return p.Unsubscribe(packet_id, tuple(filters))


def _pingreq(head: int, body: bytes) -> p.Pingreq:
    Fields(body).end()
    return p.Pingreq()


def _pingresp(head: int, body: bytes) -> p.Pingresp:
    Fields(body).end()
    return p.Pingresp()


def _disconnect(head: int, body: bytes) -> p.Disconnect:
    Fields(body).end()
    return p.Disconnect()


_DECODERS: dict[int, Callable[[int, bytes], p.Packet]] = {
    p.CONNECT: _connect,
    p.CONNACK: _connack,
    p.PUBLISH: _publish,
    p.PUBACK: lambda head, body: p.Puback(_only_packet_id(body)),
    p.PUBREC: lambda head, body: p.Pubrec(_only_packet_id(body)),
    p.PUBREL: lambda head, body: p.Pubrel(_only_packet_id(body)),
    p.PUBCOMP: lambda head, body: p.Pubcomp(_only_packet_id(body)),
    p.SUBSCRIBE: _subscribe,
    p.SUBACK: _suback,
    p.UNSUBSCRIBE: _unsubscribe,
    p.UNSUBACK: lambda head, body: p.Unsuback(_only_packet_id(body)),
    p.PINGREQ: _pingreq,
    p.PINGRESP: _pingresp,
    p.DISCONNECT: _disconnect,
}

FLAGGED = frozenset((p.PUBREL, p.SUBSCRIBE, p.UNSUBSCRIBE))
"""The types whose flag bits have to be 0010; PUBLISH uses them, all others have 0000 (table 2.2)."""


def check_head(head: int) -> None:
    """The first byte of a packet: a known type with the flags it must have.

    Raises:
        MalformedPacket: anything else.
    """
    kind = head >> 4
    if kind not in _DECODERS:
        raise MalformedPacket(f"packet type {kind} is reserved", "2.2.1")
    if kind != p.PUBLISH and head & 15 != (2 if kind in FLAGGED else 0):
        clause = {p.PUBREL: "MQTT-3.6.1-1", p.SUBSCRIBE: "MQTT-3.8.1-1", p.UNSUBSCRIBE: "MQTT-3.10.1-1"}
        raise MalformedPacket("reserved flags", clause.get(kind, "MQTT-2.2.2-2"))


def decode(head: int, body: bytes) -> p.Packet:
    """The packet with this first byte and this body.

    Raises:
        PeerError: it breaks the standard; the kind says how.
    """
    check_head(head)
    return _DECODERS[head >> 4](head, body)


class Framer:
    """Cuts a stream into (first byte, body), whatever pieces it comes in.

    Keeps at most one unfinished packet, and none whose announced length exceeds `limit`.
    """

    __slots__ = ("_need", "_pending", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._pending = bytearray()
        self._need = 2

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take bytes; give the packets that are complete.

        Raises:
            PeerError: the stream is lost. Packets before the fault are lost with it: the connection ends anyway.
        """
        pending = self._pending
        pending += data
        if len(pending) < self._need:
            return []
        data = bytes(pending)
        at, end = 0, len(data)
        self._need = 2
        out = []
        while end - at >= 2:
            check_head(data[at])
            size, start = remaining_length(data, at + 1, end)
            if size > self.limit:
                raise PacketTooLarge(f"a packet of {size} bytes; {self.limit} are allowed")
            if size < 0 or start + size > end:
                self._need = end - at + 1 if size < 0 else start + size - at
                break
            out.append((data[at], data[start : start + size]))
            at = start + size
        self._pending = bytearray(data[at:])
        return out
