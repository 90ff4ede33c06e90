"""Packets to bytes. What cannot be said in MQTT 3.1.1 is a `LocalError`."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Any

from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.errors import LocalError
from rookery.wire.mqtt.topics import filter_fault, topic_fault

PINGREQ = b"\xc0\x00"
PINGRESP = b"\xd0\x00"
DISCONNECT = b"\xe0\x00"
CONNACK_V5_BAD_VERSION = b"\x20\x03\x00\x84\x00"
"""MQTT 5 CONNACK: no session, reason 0x84 (unsupported protocol version), no properties (MQTT 5, 3.1.2.2 and 3.2)."""

PUBACK_BASE = 0x40020000
PUBREC_BASE = 0x50020000
PUBREL_BASE = 0x62020000
PUBCOMP_BASE = 0x70020000
"""The acknowledgements are four bytes: a constant and the packet identifier. So each is one big-endian number."""

_word = Struct(">I").pack


def remaining_length(size: int) -> bytes:
    """2.2.3: seven bits a byte, least significant first."""
    if size < 128:
        return bytes((size,))
    if size > p.MAX_REMAINING_LENGTH:
        raise LocalError(f"a packet of {size} bytes is more than MQTT can carry")
    out = bytearray()
    while size > 127:
        out.append(size & 127 | 128)
        size >>= 7
    out.append(size)
    return bytes(out)


def _text(value: str) -> bytes:
    try:
        data = value.encode()
    except UnicodeEncodeError as error:
        raise LocalError("text with a surrogate cannot be sent [MQTT-1.5.3-1]") from error
    if "\0" in value:
        raise LocalError("text with U+0000 cannot be sent [MQTT-1.5.3-2]")
    return _binary(data)


def _binary(data: bytes) -> bytes:
    if len(data) > 65_535:
        raise LocalError("a field longer than 65,535 bytes cannot be sent")
    return len(data).to_bytes(2, "big") + data


def _topic(name: str) -> bytes:
    fault = topic_fault(name)
    if fault:
        raise LocalError(f"not a topic name [{fault}]")
    return _text(name)


def _qos(qos: int) -> int:
    if not 0 <= qos <= 2:
        raise LocalError(f"there is no QoS {qos} [MQTT-3.3.1-4]")
    return qos


def _packet_id(packet_id: int) -> bytes:
    if not 0 < packet_id < 65_536:
        raise LocalError(f"{packet_id} is no packet identifier [MQTT-2.3.1-1]")
    return packet_id.to_bytes(2, "big")


def _packet(head: int, body: bytes) -> bytes:
    return bytes((head,)) + remaining_length(len(body)) + body


def connect(packet: p.Connect) -> bytes:
    """3.1"""
    flags = 0
    tail = _text(packet.client_id)
    if packet.clean_session:
        flags |= 0x02
    elif not packet.client_id:
        raise LocalError("a session that is to be kept needs a client identifier [MQTT-3.1.3-7]")
    if packet.will is not None:
        flags |= 0x04 | _qos(packet.will.qos) << 3 | (0x20 if packet.will.retain else 0)
        tail += _topic(packet.will.topic) + _binary(packet.will.payload)
    if packet.username is not None:
        flags |= 0x80
        tail += _text(packet.username)
    if packet.password is not None:
        if packet.username is None:
            raise LocalError("a password needs a user name [MQTT-3.1.2-22]")
        flags |= 0x40
        tail += _binary(packet.password)
    if not 0 <= packet.keepalive <= 65_535:
        raise LocalError("keepalive is 0 to 65,535 seconds")
    head = b"\x00\x04MQTT" + bytes((packet.level, flags)) + packet.keepalive.to_bytes(2, "big")
    return _packet(0x10, head + tail)


def connack(packet: p.Connack) -> bytes:
    """3.2"""
    if packet.code and packet.session_present:
        raise LocalError("a refusal has no session [MQTT-3.2.2-4]")
    return bytes((0x20, 2, packet.session_present, packet.code))


def message_head(topic: str) -> bytes:
    """The topic field of a PUBLISH.

    Raises:
        LocalError: not a topic name.
    """
    return _topic(topic)


def publish(packet: p.Publish) -> bytes:
    """3.3"""
    topic, payload, qos, retain, packet_id, dup = packet
    head = 0x30 | _qos(qos) << 1 | (1 if retain else 0)
    body = _topic(topic)
    if qos:
        body += _packet_id(packet_id)
        if dup:
            head |= 0x08
    elif dup or packet_id:
        raise LocalError("QoS 0 has neither DUP nor a packet identifier [MQTT-3.3.1-2, MQTT-2.3.1-5]")
    return _packet(head, body + payload)


def puback(packet_id: int) -> bytes:
    """3.4"""
    return _word(PUBACK_BASE | packet_id)


def pubrec(packet_id: int) -> bytes:
    """3.5"""
    return _word(PUBREC_BASE | packet_id)


def pubrel(packet_id: int) -> bytes:
    """3.6"""
    return _word(PUBREL_BASE | packet_id)


def pubcomp(packet_id: int) -> bytes:
    """3.7"""
    return _word(PUBCOMP_BASE | packet_id)


def subscribe(packet: p.Subscribe) -> bytes:
    """3.8"""
    if not packet.filters:
        raise LocalError("SUBSCRIBE needs a filter [MQTT-3.8.3-3]")
    body = _packet_id(packet.packet_id)
    for topic_filter, qos in packet.filters:
        body += _filter(topic_filter) + bytes((_qos(qos),))
    return _packet(0x82, body)


def suback(packet: p.Suback) -> bytes:
    """3.9"""
    if not packet.codes or any(code not in (0, 1, 2, 0x80) for code in packet.codes):
        raise LocalError("SUBACK codes are 0, 1, 2 and 0x80 [MQTT-3.9.3-2]")
    return _packet(0x90, _packet_id(packet.packet_id) + bytes(packet.codes))


def unsubscribe(packet: p.Unsubscribe) -> bytes:
    """3.10"""
    if not packet.filters:
        raise LocalError("UNSUBSCRIBE needs a filter [MQTT-3.10.3-2]")
    return _packet(0xA2, _packet_id(packet.packet_id) + b"".join(map(_filter, packet.filters)))


def unsuback(packet_id: int) -> bytes:
    """3.11"""
    return b"\xb0\x02" + _packet_id(packet_id)


def _filter(topic_filter: str) -> bytes:
    fault = filter_fault(topic_filter)
    if fault:
        raise LocalError(f"not a topic filter [{fault}]")
    return _text(topic_filter)


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    p.Connect: connect,
    p.Connack: connack,
    p.Publish: publish,
    p.Puback: lambda packet: b"\x40\x02" + _packet_id(packet.packet_id),
    p.Pubrec: lambda packet: b"\x50\x02" + _packet_id(packet.packet_id),
    p.Pubrel: lambda packet: b"\x62\x02" + _packet_id(packet.packet_id),
    p.Pubcomp: lambda packet: b"\x70\x02" + _packet_id(packet.packet_id),
    p.Subscribe: subscribe,
    p.Suback: suback,
    p.Unsubscribe: unsubscribe,
    p.Unsuback: lambda packet: unsuback(packet.packet_id),
    p.Pingreq: lambda _: PINGREQ,
    p.Pingresp: lambda _: PINGRESP,
    p.Disconnect: lambda _: DISCONNECT,
}


def encode(packet: p.Packet) -> bytes:
    """Any packet.

    Raises:
        LocalError: the packet cannot be said in MQTT 3.1.1.
    """
    return _ENCODERS[type(packet)](packet)
