"""What boards say inside valid packets: CBOR bombs, wrong types, strange names. Acknowledged, dropped, survived."""

from __future__ import annotations

import struct

from cbor2 import dumps

from tests.abuse.node import Node
from tests.abuse.peer import Peer

COMMAND = b"\xda\x00\x01"


def record(value: bytes, label: bytes = b"\x02", name: bytes = b"\x64temp") -> bytes:
    """A pack of one record."""
    return b"\x81\xa2\x00" + name + label + value


BOMBS = {
    "empty": b"",
    "noise": b"\xff\xfe\xfd",
    "nested 10,000 deep": b"\x81" * 10_000 + b"\x00",
    "nested without end": b"\x9f" * 65_536,
    "maps nested": b"\xa1\x00" * 30_000,
    "tags nested": b"\xc1" * 60_000 + b"\x00",
    "array of 2^40": b"\x9b\x00\x00\x01\x00\x00\x00\x00\x00",
    "map of 2^40": b"\xbb\x00\x00\x01\x00\x00\x00\x00\x00",
    "text of 2^40": b"\x7b\x00\x00\x01\x00\x00\x00\x00\x00abc",
    "bytes of 2^63": b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
    "bytes of 2^64-1": b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff",
    "array of 2^40 records that begins": b"\x9b\x00\x00\x01\x00\x00\x00\x00\x00" + record(b"\x01")[1:] * 2_000,
    "60,000 empty records": b"\x9f" + b"\xa0" * 60_000 + b"\xff",
    "one record 8,000 times": b"\x9f" + record(b"\x01")[1:] * 8_000 + b"\xff",
    "bignum of 60,000 bytes": record(b"\xc2\x59\xea\x60" + b"\xff" * 60_000),
    "negative bignum": record(b"\xc3\x49\xff" + b"\xff" * 8),
    "decimal fraction": record(b"\xc4\x82\x1b\x7f\xff\xff\xff\xff\xff\xff\xff\x01"),
    "rational": record(b"\xd8\x1e\x82\x01\x00"),
    "date": record(b"\xc0\x74" + b"2013-03-21T20:04:00Z"),
    "regular expression": record(b"\xd8\x23\x6b(a+)+(a+)+$"),
    "shared reference": b"\xd8\x1c\x81\xd8\x1d\x00",
    "string references": b"\xd9\x01\x00\x81\xd8\x19\x00",
    "MIME": record(b"\xd8\x24\x61x"),
    "IP network": record(b"\xd9\x01\x05\xa1\x40\x18\xff"),
    "set of a set": record(b"\xd9\x01\x02\x81\xd9\x01\x02\x80"),
    "NaN": record(b"\xfb" + struct.pack(">d", float("nan"))),
    "infinity": record(b"\xfb" + struct.pack(">d", float("inf"))),
    "half NaN": record(b"\xf9\x7e\x00"),
    "1e308 for a temperature": record(dumps(1e308)),
    "2^64-1": record(b"\x1b" + b"\xff" * 8),
    "-2^64": record(b"\x3b" + b"\xff" * 8),
    "undefined": record(b"\xf7"),
    "null": record(b"\xf6"),
    "simple value 99": record(b"\xf8\x63"),
    "break as a value": record(b"\xff"),
    "text for a number": record(b"\x63abc"),
    "text label for a number": record(b"\x63abc", b"\x03"),
    "bool for a number": record(b"\xf5", b"\x04"),
    "bytes for a number": record(b"\x43abc"),
    "list for a number": record(b"\x80"),
    "map for a number": record(b"\xa0"),
    "text that is not UTF-8": record(b"\x62\xc3\x28", b"\x03"),
    "text with a surrogate": record(b"\x63\xed\xa0\x80", b"\x03"),
    "text with NUL": record(b"\x63a\x00b", b"\x03"),
    "text in endless pieces": record(b"\x7f" + b"\x61a" * 20_000 + b"\xff", b"\x03"),
    "text of 60,000": record(b"\x79\xea\x60" + b"t" * 60_000, b"\x03"),
    "unknown property": record(b"\x01", name=b"\x67unknown"),
    "name of 60,000": record(b"\x01", name=b"\x79\xea\x60" + b"n" * 60_000),
    "name of another part": record(b"\x01", name=b"\x68temp:hue"),
    "name of colons": record(b"\x01", name=b"\x78\x64" + b":" * 100),
    "name that is a number": record(b"\x01", name=b"\x1b" + b"\xff" * 8),
    "negative name": record(b"\x01", name=b"\x3b" + b"\xff" * 8),
    "name that is a list": record(b"\x01", name=b"\x80"),
    "label that is a list": b"\x81\xa1\x80\x00",
    "label that is a map": b"\x81\xa1\xa0\x00",
    "label that is NaN": b"\x81\xa1\xf9\x7e\x00\x00",
    "unknown label": b"\x81\xa1\x18\x63\x01",
    "text label that must be understood": b"\x81\xa1\x63ab_\x01",
    "record twice the same label": b"\x81\xa3\x00\x64temp\x02\x01\x02\x02",
    "time of 1e300": b"\x81\xa3\x06" + dumps(1e300) + b"\x00\x64temp\x02\x01",
    "time of -1e300": b"\x81\xa3\x06" + dumps(-1e300) + b"\x00\x64temp\x02\x01",
    "time NaN": b"\x81\xa3\x06\xf9\x7e\x00\x00\x64temp\x02\x01",
    "time of 2^63": b"\x81\xa3\x22\x1b\x80" + bytes(7) + b"\x00\x64temp\x02\x01",
    "base time plus time overflow": b"\x81\xa4\x22"
    + dumps(1.7e308)
    + b"\x06"
    + dumps(1.7e308)
    + b"\x00\x64temp\x02\x01",
    "time that is text": b"\x81\xa3\x06\x61x\x00\x64temp\x02\x01",
    "map instead of a pack": b"\xa1\x00\x01",
    "number instead of a pack": b"\x01",
    "text instead of a pack": b"\x64temp",
    "records that are lists": b"\x82\x80\x80",
    "command: tag alone": COMMAND + b"\x03\x00",
    "command: array of 2^40": COMMAND + b"\x03\x00\x9b\x00\x00\x01\x00\x00\x00\x00\x00",
    "command: nested": COMMAND + b"\x07\x00" + b"\x81" * 10_000,
    "command: version of 10,000": COMMAND + b"\x07\x00\x81\x79\x27\x10" + b"9" * 10_000,
    "command: version with control characters": COMMAND + b"\x07\x00\x81\x65\x1b[31m",
    "command: version is a number": COMMAND + b"\x07\x00\x81\x01",
    "command: OTA digest of 3 bytes": COMMAND + b"\x00\x00\x81\x43abc",
    "command: OTA progress with a huge time": COMMAND + b"\x02\x00\x84\x50" + bytes(16) + b"\xe1\x20\x1b" + b"\xff" * 8,
    "command: network 255": COMMAND + b"\x11\x00\x81\x18\xff",
    "command: address of 5 bytes": COMMAND + b"\x11\x00\x85\x06\x45abcde\x40\x40\x40",
    "command: unknown tag": b"\xda\xff\xff\xff\xff\x82\x01\x02",
    "command: from the server": COMMAND + b"\x04\x00\x81\x61x",
    "command: 10,000 parameters": COMMAND + b"\x03\x00\x99\x27\x10" + b"\x00" * 10_000,
}


async def test_bombs(attacked: Node) -> None:
    """Each on every topic of the board, with and without an acknowledgement. The board is never disconnected, and what
    it says in between is stored."""
    node = attacked
    board = node.board("bomber")
    thing, ids = node.thing(board, ["temp", "good"], "FLOAT")
    text_thing, _ = node.thing(None, ["temp"], "CHARSTRING")
    peer = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
    assert await peer.subscribe(f"/a/d/{board.id}/c/dw") == (0,)
    topics = (
        f"/a/t/{thing}/e/o",
        f"/a/t/{thing}/e/i",
        f"/a/t/{thing}/shadow/o",
        f"/a/t/{text_thing}/e/o",
        f"/a/d/{board.id}/c/up",
        f"/a/d/{board.id}/e/o",
        f"/a/d/{board.id}/s/o",
    )
    for number, (_, payload) in enumerate(BOMBS.items()):
        for topic in topics:
            await peer.publish(topic, payload, 0)
            await peer.publish(topic, payload, 1)
        await peer.publish(topics[0], dumps([{0: "good", 2: number / 2}]))
    await peer.ping()
    await peer.end()
    assert node.stored(ids["good"]) == [number / 2 for number in range(len(BOMBS))]
    for value in node.stored(ids["temp"]):
        assert isinstance(value, int | float)
        assert abs(value) <= 1e308
    seen = node.call("GET", f"/iot/v2/things/{thing}")
    assert len(seen["properties"]) == 2
    device = node.call("GET", f"/iot/v2/devices/{board.id}")
    assert "\x1b" not in str(device)
    assert node.stored(node.call("GET", f"/iot/v2/things/{text_thing}/properties")[0]["id"]) == []


async def test_user_writes_bombs(attacked: Node) -> None:
    """The same from a person's MQTT session, into own and foreign things: nothing arrives at the board but values."""
    node = attacked
    board = node.board("target")
    thing, ids = node.thing(board, ["temp"], "FLOAT")
    victim = await Peer.login(node.sandbox.mqtt, board.id, board.id, board.secret)
    assert await victim.subscribe(f"/a/t/{thing}/e/i") == (0,)
    person = node.sandbox.user.id
    peer = await Peer.login(node.sandbox.mqtt, person, person, node.token)
    for payload in BOMBS.values():
        for topic in (f"/a/t/{thing}/e/i", f"/a/t/{thing}/e/o", f"/a/d/{board.id}/s/i", "/a/t/x/e/i"):
            await peer.publish(topic, payload)
    await peer.publish(f"/a/t/{thing}/e/i", dumps([{0: "temp", 2: 21.5}]))
    await peer.ping()
    await peer.end()
    await victim.ping()
    await victim.end()
    assert node.stored(ids["temp"])[-1] == 21.5
