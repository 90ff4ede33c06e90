"""Single packets that no client sends: each ends at most the connection that sent it, with the standard's answer."""

from __future__ import annotations

import random

import pytest

from rookery.testing.sandbox import Listener
from rookery.wire.mqtt import encode
from rookery.wire.mqtt import packets as p
from tests.abuse.node import Board, Node
from tests.abuse.peer import Peer

LONG = "x" * 100_000
CONNACK_3_1_1 = b"\x20\x02\x00"


def field(data: bytes) -> bytes:
    """A field with its length in front."""
    return len(data).to_bytes(2, "big") + data


def packet(head: int, body: bytes) -> bytes:
    """A packet of any type with its remaining length."""
    size, out = len(body), bytearray([head])
    while True:
        out.append(size & 127 | (128 if size > 127 else 0))
        size >>= 7
        if not size:
            return bytes(out) + body


def connect(*fields: bytes, flags: int = 0xC2, name: bytes = b"MQTT", level: int = 4) -> bytes:
    """A CONNECT of these fields."""
    return packet(0x10, field(name) + bytes([level, flags, 0, 30]) + b"".join(map(field, fields)))


GOOD = encode.encode(p.Connect("x", True, 30, "x", b"y"))
FIVE_BYTES = b"\x80\x80\x80\x80\x01"
BIG_PASSWORD = packet(0x10, field(b"MQTT") + b"\x04\xc2\x00\x1e" + field(b"x") + field(b"x") + field(b"p" * 60_000))

BEFORE_LOGIN = {
    "wrong password": (GOOD, CONNACK_3_1_1 + b"\x05"),
    "wrong password, then more": (GOOD + b"\x30\x03\x00\x01a" * 50, CONNACK_3_1_1 + b"\x05"),
    "empty user name and password": (connect(b"x", b"", b""), CONNACK_3_1_1 + b"\x05"),
    "no login at all": (connect(b"x", flags=2), CONNACK_3_1_1 + b"\x05"),
    "password that is no text": (connect(b"x", b"x", b"\xff\xfe\x00"), CONNACK_3_1_1 + b"\x05"),
    "token that is none": (connect(b"x", b"x", b"eyJ.eyJ.eyJ"), CONNACK_3_1_1 + b"\x05"),
    "MQTT 5": (connect(b"x", level=5), b"\x20\x03\x00\x84\x00"),
    "level 3": (connect(b"x", b"x", b"y", level=3), CONNACK_3_1_1 + b"\x01"),
    "kept session without client id": (connect(b"", flags=0), CONNACK_3_1_1 + b"\x02"),
    "client id of 10,000 characters": (connect(b"x" * 10_000, b"x", b"y"), CONNACK_3_1_1 + b"\x02"),
    "user name of 10,000 characters": (connect(b"x", b"x" * 10_000, b"y"), CONNACK_3_1_1 + b"\x05"),
    "client id of 100,000 characters": (packet(0x10, b"\x00\x04MQTT\x04\xc2\x00\x1e" + LONG.encode()), b""),
    "password of 60,000 characters": (BIG_PASSWORD, b""),
    "not the name of the protocol": (connect(b"x", name=b"HTTP"), b""),
    "reserved flag": (connect(b"x", flags=3), b""),
    "password without user name": (connect(b"x", b"y", flags=0x42), b""),
    "will QoS 3": (connect(b"x", b"t", b"m", flags=0x1E), b""),
    "will with a wildcard": (connect(b"x", b"t/#", b"m", flags=0x06), b""),
    "bytes behind the fields": (connect(b"x", b"x", b"y", b"z"), b""),
    "field longer than its packet": (packet(0x10, b"\x00\x04MQTT\x04\x02\x00\x1e\xff\xffx"), b""),
    "client id that is not UTF-8": (connect(b"\xc3\x28", flags=2), b""),
    "client id with NUL": (connect(b"a\0b", flags=2), b""),
    "PUBLISH first": (b"\x30\x05\x00\x01a..", b""),
    "PINGREQ first": (b"\xc0\x00", b""),
    "CONNACK first": (b"\x20\x02\x00\x00", b""),
    "type 0": (b"\x00\x00", b""),
    "type 15": (b"\xf0\x00", b""),
    "CONNECT with flags": (b"\x1f\x02ab", b""),
    "256 MiB announced": (b"\x10\xff\xff\xff\x7f" + b"\x00\x04MQTT", b""),
    "length of five bytes": (b"\x10" + FIVE_BYTES, b""),
    "HTTP": (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b""),
    "TLS without TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b""),
    "SSH": (b"SSH-2.0-OpenSSH_9.2\r\n", b""),
    "noise": (random.Random(1).randbytes(65_536), b""),
    "zeros": (bytes(65_536), b""),
    "ones": (b"\xff" * 65_536, b""),
}
"""What is sent first on a new connection, and all that is answered before it is closed."""

AFTER_LOGIN = {
    "second CONNECT": GOOD,
    "CONNACK": b"\x20\x02\x00\x00",
    "type 0": b"\x00\x00",
    "type 15": b"\xf0\x00",
    "QoS 3": packet(0x36, field(b"a") + b"\x00\x01x"),
    "DUP with QoS 0": packet(0x38, field(b"a") + b"x"),
    "packet id 0": packet(0x32, field(b"a") + b"\x00\x00x"),
    "PUBLISH without packet id": packet(0x32, field(b"a")),
    "empty PUBLISH": b"\x30\x00",
    "empty topic": packet(0x30, field(b"") + b"x"),
    "wildcard +": packet(0x30, field(b"a/+/b") + b"x"),
    "wildcard #": packet(0x32, field(b"#") + b"\x00\x01x"),
    "topic with NUL": packet(0x30, field(b"a\0b") + b"x"),
    "topic that is not UTF-8": packet(0x30, field(b"\xed\xa0\x80") + b"x"),
    "topic longer than its packet": packet(0x30, b"\xff\xffabc"),
    "256 MiB announced": b"\x30\xff\xff\xff\x7f\x00\x01a",
    "1 MiB announced": b"\x30\x80\x80\x40\x00\x01a",
    "length of five bytes": b"\x30" + FIVE_BYTES,
    "SUBSCRIBE with 1,000 filters": packet(
        0x82, b"\x00\x01" + b"".join(field(b"t%d" % n) + b"\0" for n in range(1000))
    ),
    "SUBSCRIBE without filters": packet(0x82, b"\x00\x01"),
    "SUBSCRIBE with id 0": packet(0x82, b"\x00\x00" + field(b"a") + b"\0"),
    "SUBSCRIBE with QoS 3": packet(0x82, b"\x00\x01" + field(b"a") + b"\3"),
    "SUBSCRIBE with flags 0": packet(0x80, b"\x00\x01" + field(b"a") + b"\0"),
    "filter a#": packet(0x82, b"\x00\x01" + field(b"a#") + b"\0"),
    "empty filter": packet(0x82, b"\x00\x01" + field(b"") + b"\0"),
    "UNSUBSCRIBE without filters": packet(0xA2, b"\x00\x01"),
    "PUBREL with flags 0": b"\x60\x02\x00\x01",
    "PUBACK with id 0": b"\x40\x02\x00\x00",
    "PUBACK of three bytes": b"\x40\x03\x00\x01\x00",
    "PINGREQ with a body": b"\xc0\x01\x00",
    "DISCONNECT with a body": b"\xe0\x01\x00",
    "noise": b"\xff" + random.Random(2).randbytes(10_000),
}
"""What an accepted client says that ends its connection without an answer."""


@pytest.fixture(scope="module")
def villain(node: Node) -> Board:
    """A board in bad hands."""
    return node.board("villain")


async def logged_in(at: Listener, board: Board) -> Peer:
    """A connection of that board."""
    return await Peer.login(at, board.id, board.id, board.secret)


async def test_before_login(attacked: Node) -> None:
    """All of them, one connection each."""
    for name, (said, answer) in BEFORE_LOGIN.items():
        peer = await Peer.open(attacked.sandbox.mqtt)
        peer.say(said)
        assert await peer.closed() == answer, name


@pytest.mark.parametrize("size", [1, 3])
async def test_before_login_in_pieces(attacked: Node, size: int) -> None:
    """The same answers when the bytes come in small pieces."""
    for name, (said, answer) in BEFORE_LOGIN.items():
        if len(said) > 200:
            continue
        peer = await Peer.open(attacked.sandbox.mqtt)
        await peer.trickle(said, size)
        assert await peer.closed() == answer, name


async def test_cut_off_connect(attacked: Node) -> None:
    """A CONNECT that ends after each of its bytes: nothing is answered, and nothing stays."""
    for size in range(len(GOOD)):
        peer = await Peer.open(attacked.sandbox.mqtt)
        peer.say(GOOD[:size])
        peer.writer.write_eof()
        assert await peer.closed() == b"", size


async def test_after_login(attacked: Node, villain: Board) -> None:
    """All of them, one connection each; the same board may come back at once."""
    for name, said in AFTER_LOGIN.items():
        peer = await logged_in(attacked.sandbox.mqtt, villain)
        peer.say(said)
        assert await peer.closed() == b"", name
    await (await logged_in(attacked.sandbox.mqtt, villain)).end()


async def test_refused_not_closed(attacked: Node, villain: Board) -> None:
    """What a client may ask and does not get: a refusal in the SUBACK, a dropped message, an unbroken connection."""
    peer = await logged_in(attacked.sandbox.mqtt, villain)
    deep = "/".join("a" * 1_000)
    foreign = "/a/t/11111111-2222-3333-4444-555555555555/e/i"
    filters = ("#", "+/+", "$SYS/#", "/a/#", deep, "/" * 60_000, "y" * 60_000, "/a/d/other/e/i", "t", "ü" * 20_000)
    assert await peer.subscribe(*filters) == (0x80,) * len(filters)
    await peer.subscribe(f"/a/d/{villain.id}/c/dw")
    for topic in (
        foreign,
        foreign[:-1] + "o",
        f"/a/d/{villain.id}/c/dw",
        "t",
        deep,
        "/" * 60_000,
        "y" * 60_000,
        "$SYS/x",
    ):
        await peer.publish(topic, b"\x80")
        await peer.publish(topic, b"\x80", 0)
    await peer.ping()
    await peer.end()


async def test_many_subscriptions(attacked: Node) -> None:
    """A private topic tree takes as many filters as its limit says, and refuses the rest one by one."""
    key = attacked.sandbox.arduino
    peer = await Peer.login(attacked.sandbox.mqtt, "greedy", key.client_id, key.client_secret)
    granted = 0
    for round_ in range(10):
        granted += (await peer.subscribe(*(f"t/{round_}/{n}" for n in range(100)))).count(0)
    assert granted == 200
    assert await peer.subscribe("/".join("d" * 1_000), "e" * 60_000) == (0x80, 0x80)
    await peer.end()
