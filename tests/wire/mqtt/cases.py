"""Named packets: valid ones, which encode to exactly these bytes and decode back; malformed ones and violations."""

from __future__ import annotations

from typing import NamedTuple

from rookery.wire.mqtt.errors import ConnectRefused, MalformedPacket, PeerError, ProtocolViolation
from rookery.wire.mqtt.packets import (
    Connack,
    Connect,
    Disconnect,
    Message,
    Packet,
    Pingreq,
    Pingresp,
    Puback,
    Pubcomp,
    Publish,
    Pubrec,
    Pubrel,
    Suback,
    Subscribe,
    Unsuback,
    Unsubscribe,
)


class Valid(NamedTuple):
    name: str
    packet: Packet
    hex: str


class Faulty(NamedTuple):
    name: str
    hex: str
    error: type[PeerError]
    clause: str
    answer: str = ""


VALID = [
    Valid("connect, the least", Connect("c"), "100d 00044d515454 04 02 0000 000163"),
    Valid("connect, no client id", Connect(""), "100c 00044d515454 04 02 0000 0000"),
    Valid("connect, kept session", Connect("c", clean_session=False), "100d 00044d515454 04 00 0000 000163"),
    Valid(
        "connect, as a board does",
        Connect("d", keepalive=30, username="d", password=b"key"),
        "1015 00044d515454 04 c2 001e 000164 000164 00036b6579",
    ),
    Valid("connect, user without password", Connect("c", username="u"), "1010 00044d515454 04 82 0000 000163 000175"),
    Valid(
        "connect, empty user and password",
        Connect("c", username="", password=b""),
        "1011 00044d515454 04 c2 0000 000163 0000 0000",
    ),
    Valid(
        "connect, will",
        Connect("c", will=Message("w/t", b"gone", 1, True)),
        "1018 00044d515454 04 2e 0000 000163 0003772f74 0004676f6e65",
    ),
    Valid(
        "connect, empty will of QoS 2",
        Connect("c", will=Message("w", b"", 2)),
        "1012 00044d515454 04 16 0000 000163 000177 0000",
    ),
    Valid("connack", Connack(), "20020000"),
    Valid("connack, session present", Connack(0, True), "20020100"),
    Valid("connack, not authorised", Connack(5), "20020005"),
    Valid("publish, QoS 0", Publish("a/b", b"hi"), "3007 0003612f62 6869"),
    Valid("publish, empty", Publish("a"), "3003 000161"),
    Valid("publish, retained", Publish("a", b"1", retain=True), "3104 000161 31"),
    Valid("publish, QoS 1", Publish("a", b"1", 1, packet_id=10), "3206 000161 000a 31"),
    Valid("publish, QoS 1 again", Publish("a", b"1", 1, packet_id=10, dup=True), "3a06 000161 000a 31"),
    Valid("publish, QoS 2, all flags", Publish("a", b"", 2, True, 65535, True), "3d05 000161 ffff"),
    Valid("publish, length of two bytes", Publish("a", bytes(125)), "308001 000161" + "00" * 125),
    Valid("publish, U+FEFF is a character", Publish("\ufeffa"), "3006 0004efbbbf61"),
    Valid("publish, four-byte character", Publish("𠜎"), "3006 0004f0a09c8e"),
    Valid("puback", Puback(1), "40020001"),
    Valid("pubrec", Pubrec(0x1234), "50021234"),
    Valid("pubrel", Pubrel(65535), "6202ffff"),
    Valid("pubcomp", Pubcomp(7), "70020007"),
    Valid("subscribe", Subscribe(2, (("a/b", 1),)), "8208 0002 0003612f62 01"),
    Valid("subscribe, many", Subscribe(3, (("a/#", 0), ("+", 2))), "820c 0003 0003612f23 00 00012b 02"),
    Valid("suback", Suback(2, (1,)), "9003 0002 01"),
    Valid("suback, one refused", Suback(3, (0, 0x80, 2)), "9005 0003 008002"),
    Valid("unsubscribe", Unsubscribe(4, ("a",)), "a205 0004 000161"),
    Valid("unsubscribe, many", Unsubscribe(4, ("a", "#")), "a208 0004 000161 000123"),
    Valid("unsuback", Unsuback(4), "b0020004"),
    Valid("pingreq", Pingreq(), "c000"),
    Valid("pingresp", Pingresp(), "d000"),
    Valid("disconnect", Disconnect(), "e000"),
]

_M, _V, _C = MalformedPacket, ProtocolViolation, ConnectRefused

FAULTY = [
    # Fixed header
    Faulty("type 0", "0000", _M, "2.2.1"),
    Faulty("type 15", "f000", _M, "2.2.1"),
    Faulty("length of five bytes", "30ffffffff01", _M, "2.2.3"),
    Faulty("flags of PINGREQ", "c100", _M, "MQTT-2.2.2-2"),
    Faulty("flags of PUBREL", "60020001", _M, "MQTT-3.6.1-1"),
    Faulty("flags of SUBSCRIBE", "8006 0001 000161 00", _M, "MQTT-3.8.1-1"),
    Faulty("flags of UNSUBSCRIBE", "a005 0001 000161", _M, "MQTT-3.10.1-1"),
    # CONNECT
    Faulty("connect, other protocol", "100d 00044d515458 04 02 0000 000163", _V, "MQTT-3.1.2-1"),
    Faulty("connect, MQTT 5", "100e 00044d515454 05 02 0000 00 000163", _C, "MQTT-3.1.2-2", "2003008400"),
    Faulty("connect, MQTT 3.1", "100f 00064d5149736470 03 02 0000 000163", _C, "MQTT-3.1.2-2", "20020001"),
    Faulty("connect, level 6", "100d 00044d515454 06 02 0000 000163", _C, "MQTT-3.1.2-2", "20020001"),
    Faulty("connect, bridge bit", "100d 00044d515454 84 02 0000 000163", _C, "MQTT-3.1.2-2", "20020001"),
    Faulty("connect, reserved flag", "100d 00044d515454 04 03 0000 000163", _M, "MQTT-3.1.2-3"),
    Faulty("connect, will QoS 3", "1012 00044d515454 04 1e 0000 000163 000177 0000", _M, "MQTT-3.1.2-14"),
    Faulty("connect, QoS without will", "100d 00044d515454 04 0a 0000 000163", _M, "MQTT-3.1.2-13"),
    Faulty("connect, retain without will", "100d 00044d515454 04 22 0000 000163", _M, "MQTT-3.1.2-15"),
    Faulty("connect, password alone", "1010 00044d515454 04 42 0000 000163 000170", _M, "MQTT-3.1.2-22"),
    Faulty("connect, user name missing", "100d 00044d515454 04 82 0000 000163", _M, ""),
    Faulty("connect, too much", "1010 00044d515454 04 02 0000 000163 000175", _M, ""),
    Faulty("connect, will with a wildcard", "1012 00044d515454 04 06 0000 000163 00012b 0000", _M, "MQTT-3.3.2-2"),
    Faulty("connect, kept but nameless", "100c 00044d515454 04 00 0000 0000", _C, "MQTT-3.1.3-8", "20020002"),
    Faulty(
        "connect, endless client id",
        "108d02 00044d515454 04 02 0000 0101" + "63" * 257,
        _C,
        "MQTT-3.1.3-9",
        "20020002",
    ),
    Faulty("connect, client id not UTF-8", "100d 00044d515454 04 02 0000 0001ff", _M, "MQTT-1.5.3-1"),
    Faulty("connect, client id with a surrogate", "100f 00044d515454 04 02 0000 0003eda080", _M, "MQTT-1.5.3-1"),
    Faulty("connect, client id with U+0000", "100d 00044d515454 04 02 0000 000100", _M, "MQTT-1.5.3-2"),
    Faulty("connect, nothing in it", "1000", _M, ""),
    # PUBLISH
    Faulty("publish, QoS 3", "3605 000161 0001", _M, "MQTT-3.3.1-4"),
    Faulty("publish, DUP with QoS 0", "3803 000161", _M, "MQTT-3.3.1-2"),
    Faulty("publish, packet identifier 0", "3205 000161 0000", _M, "MQTT-2.3.1-1"),
    Faulty("publish, QoS 2, packet identifier 0", "3405 000161 0000", _M, "MQTT-2.3.1-1"),
    Faulty("publish, identifier cut", "3204 000161 00", _M, ""),
    Faulty("publish, no topic", "3000", _M, ""),
    Faulty("publish, half a length", "300100", _M, ""),
    Faulty("publish, topic longer than the packet", "3003 000261", _M, ""),
    Faulty("publish, empty topic", "3002 0000", _M, "MQTT-4.7.3-1"),
    Faulty("publish, topic with +", "3005 0003612f2b", _M, "MQTT-3.3.2-2"),
    Faulty("publish, topic with #", "3003 000123", _M, "MQTT-3.3.2-2"),
    Faulty("publish, topic with U+0000", "3003 000100", _M, "MQTT-1.5.3-2"),
    Faulty("publish, topic not UTF-8", "3003 0001c3", _M, "MQTT-1.5.3-1"),
    Faulty("publish, overlong form", "3004 0002c080", _M, "MQTT-1.5.3-1"),
    # Acknowledgements
    Faulty("puback, identifier 0", "40020000", _M, "MQTT-2.3.1-1"),
    Faulty("puback, too short", "400101", _M, ""),
    Faulty("pubrel, too long", "6203000100", _M, ""),
    # SUBSCRIBE and UNSUBSCRIBE
    Faulty("subscribe to nothing", "82020001", _V, "MQTT-3.8.3-3"),
    Faulty("subscribe, QoS 3", "8206 0001 000161 03", _M, "MQTT-3.8.3-4"),
    Faulty("subscribe, reserved bits", "8206 0001 000161 80", _M, "MQTT-3.8.3-4"),
    Faulty("subscribe, QoS missing", "8205 0001 000161", _M, ""),
    Faulty("subscribe, identifier 0", "8206 0000 000161 00", _M, "MQTT-2.3.1-1"),
    Faulty("subscribe, empty filter", "8205 0001 0000 00", _M, "MQTT-4.7.3-1"),
    Faulty("subscribe, # in the middle", "8208 0001 0003232f61 00", _M, "MQTT-4.7.1-2"),
    Faulty("subscribe, # beside a letter", "8207 0001 00026123 00", _M, "MQTT-4.7.1-2"),
    Faulty("subscribe, + beside a letter", "8207 0001 0002612b 00", _M, "MQTT-4.7.1-3"),
    Faulty("subscribe, 257 filters", "828608 0001" + "00016100" * 257, _V, ""),
    Faulty("unsubscribe from nothing", "a2020001", _V, "MQTT-3.10.3-2"),
    Faulty("unsubscribe, 257 filters", "a28506 0001" + "000161" * 257, _V, ""),
    # No bodies
    Faulty("pingreq with a body", "c00100", _M, ""),
    Faulty("disconnect with a body", "e00100", _M, ""),
]

FROM_SERVERS = [
    Faulty("connack, code 6", "20020006", _M, "3.2.2"),
    Faulty("connack, reserved flags", "20020200", _M, "3.2.2"),
    Faulty("connack, refusal with session", "20020105", _M, "MQTT-3.2.2-4"),
    Faulty("suback, code 3", "9003 0001 03", _M, "MQTT-3.9.3-2"),
    Faulty("suback, no code", "9002 0001", _M, "MQTT-3.9.3-2"),
]


def raw(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal)
