"""Named messages: valid ones, which encode to exactly these bytes and decode back; and bytes that are none."""

from __future__ import annotations

from typing import NamedTuple

from rookery.wire.coap.message import ACKNOWLEDGEMENT as ACK
from rookery.wire.coap.message import CONFIRMABLE as CON
from rookery.wire.coap.message import NON_CONFIRMABLE as NON
from rookery.wire.coap.message import RESET as RST
from rookery.wire.coap.message import Code, Message

GET, POST, PUT = Code.GET, Code.POST, Code.PUT
CHANGED, CONTENT = Code.CHANGED, Code.CONTENT


class Valid(NamedTuple):
    name: str
    message: Message
    hex: str


class Faulty(NamedTuple):
    name: str
    hex: str
    clause: str
    answer: str = ""


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


STANDARD = [
    Valid("ping", Message(CON, 0, 0x0010), "4000 0010"),
    Valid("empty acknowledgement", Message(ACK, 0, 0x97B2), "6000 97b2"),
    Valid("reset", Message(RST, 0, 0xFFFF), "7000 ffff"),
    Valid("get nothing", Message(CON, GET, 1), "4001 0001"),
    # RFC 7252, appendix A
    Valid(
        "figure 16: GET /temperature",
        Message(CON, GET, 0x7D34, b"", ((11, b"temperature"),)),
        "4001 7d34 bb74656d7065726174757265",
    ),
    Valid(
        "figure 16: piggybacked 2.05",
        Message(ACK, CONTENT, 0x7D34, b"", (), b"22.3 C"),
        "6045 7d34 ff32322e332043",
    ),
    Valid(
        "figure 17: with a token",
        Message(CON, GET, 0x7D35, b"\x20", ((11, b"temperature"),)),
        "4101 7d35 20 bb74656d7065726174757265",
    ),
    Valid("token of 8 bytes", Message(NON, GET, 1, b"12345678"), "5801 0001 3132333435363738"),
    Valid("options and payload", Message(NON, POST, 2, b"", ((11, b"e"),), b"x"), "5002 0002 b165 ff78"),
    Valid("a payload of a marker", Message(NON, POST, 2, b"", (), b"\xff"), "5002 0002 ffff"),
    Valid("empty option", Message(NON, GET, 3, b"", ((11, b""), (15, b""))), "5001 0003 b0 40"),
    Valid("repeated option", Message(NON, GET, 3, b"", ((11, b"b"), (11, b"a"))), "5001 0003 b162 0161"),
    Valid("delta 12", Message(CON, GET, 4, b"", ((12, b""),)), "4001 0004 c0"),
    Valid("delta 13", Message(CON, GET, 4, b"", ((13, b""),)), "4001 0004 d000"),
    Valid("delta 268", Message(CON, GET, 4, b"", ((268, b""),)), "4001 0004 d0ff"),
    Valid("delta 269", Message(CON, GET, 4, b"", ((269, b""),)), "4001 0004 e00000"),
    Valid("delta 65,535", Message(CON, GET, 4, b"", ((65_535, b"z"),)), "4001 0004 e1fef27a"),
    Valid("length 12", Message(CON, GET, 5, b"", ((0, b"a" * 12),)), "4001 0005 0c" + "61" * 12),
    Valid("length 13", Message(CON, GET, 5, b"", ((0, b"a" * 13),)), "4001 0005 0d00" + "61" * 13),
    Valid("length 268", Message(CON, GET, 5, b"", ((0, b"a" * 268),)), "4001 0005 0dff" + "61" * 268),
    Valid("length 269", Message(CON, GET, 5, b"", ((0, b"a" * 269),)), "4001 0005 0e0000" + "61" * 269),
    Valid("both extended", Message(CON, GET, 6, b"", ((300, b"a" * 13),)), "4001 0006 ed001f00" + "61" * 13),
    Valid("an unknown method", Message(CON, 31, 7), "401f 0007"),
    Valid("a response of its own", Message(CON, CONTENT, 7, b"\x01"), "4145 0007 01"),
    Valid("2.31 with Block1", Message(ACK, Code.CONTINUE, 8, b"\x02", ((27, b"\x0e"),)), "615f 0008 02 d10e0e"),
]

BOARDS = [
    Valid(
        "hello of 6 bytes",
        Message(NON, POST, 0x97B2, b"", ((11, b"h"),), raw("ffffffff0000")),
        "500297b2b168ffffffffff0000",
    ),
    Valid(
        "value of a variable, piggybacked",
        Message(ACK, CONTENT, 0x97B2, b"\x88", (), raw("fffe7e33")),
        "614597b288fffffe7e33",
    ),
    Valid(
        "description, piggybacked",
        Message(ACK, CONTENT, 0x97B2, b"\x28", (), b'{"f":["brew"],"v":{"temperature":2}}'),
        "614597b228ff7b2266223a5b2262726577225d2c2276223a7b2274656d7065726174757265223a327d7d",
    ),
    Valid("update done, answered", Message(ACK, CHANGED, 0xABD2, b"\x11"), "6144abd211"),
    Valid(
        "event",
        Message(NON, POST, 0x97B3, b"", ((11, b"e"), (11, b"motion-detected"))),
        "500297b3b1650d026d6f74696f6e2d6465746563746564",
    ),
    Valid(
        "private event with age and data",
        Message(NON, POST, 0x97B3, b"", ((11, b"E"), (11, b"lake-depth/1"), (14, raw("005460"))), b"28m"),
        "500297b3b1450c6c616b652d64657074682f3133005460ff32386d",
    ),
    Valid(
        "subscription with a payload",
        Message(CON, GET, 0x97B3, b"", ((11, b"e"),), b"53ff73065067544816300187"),
        "400197b3b165ff353366663733303635303637353434383136333030313837",
    ),
    Valid(
        "subscription with a query",
        Message(CON, GET, 0x97B3, b"", ((11, b"e"), (11, b"motion/open"), (15, b"u"))),
        "400197b3b1650b6d6f74696f6e2f6f70656e4175",
    ),
    Valid("time", Message(CON, GET, 0x97B3, b"\x98", ((11, b"t"),)), "410197b398b174"),
    Valid("describe", Message(CON, GET, 0x97B2, b"\x28", ((11, b"d"),)), "410197b228b164"),
    Valid(
        "function with an argument",
        Message(CON, POST, 0x97B2, b"\xef", ((11, b"f"), (11, b"brew"), (15, b"32,240"))),
        "410297b2efb16604627265774633322c323430",
    ),
    Valid(
        "variable",
        Message(CON, GET, 0x97B2, b"\x88", ((11, b"v"), (11, b"temperature"))),
        "410197b288b1760b74656d7065726174757265",
    ),
    Valid("update begins", Message(CON, POST, 0xABD0, b"\x33", ((11, b"u"),)), "4102abd033b175"),
    Valid("update done", Message(CON, PUT, 0xABD2, b"\x11", ((11, b"u"),)), "4103abd211b175"),
    Valid(
        "event to the board",
        Message(NON, POST, 0xBBBB, b"", ((11, b"e"), (11, b"teapot-boiled"))),
        "5002bbbbb1650d00746561706f742d626f696c6564",
    ),
    Valid(
        "event to the board with data",
        Message(NON, POST, 0xBBBB, b"", ((11, b"e"), (11, b"teapot-boiled")), b"208F"),
        "5002bbbbb1650d00746561706f742d626f696c6564ff32303846",
    ),
    Valid(
        "event in four options",
        Message(NON, POST, 0x9753, b"", ((11, b"e"), *((11, c) for c in (b"a", b"b", b"c", b"d")), (14, b"<")), b"xyz"),
        "50029753b1650161016201630164313cff78797a",
    ),
    Valid(
        "age of three bytes with leading zeros",
        Message(NON, POST, 0x9D0D, b"", ((11, b"e"), (11, b"teacup-overflow"), (14, raw("00003c"))), b"11404"),
        "50029d0db1650d027465616375702d6f766572666c6f773300003cff3131343034",
    ),
    Valid("signal on", Message(CON, PUT, 0xABCD, b"\xef", ((11, b"s"), (15, b"\x01"))), "4103abcdefb1734101"),
    Valid("signal off", Message(CON, PUT, 0xABCD, b"\xef", ((11, b"s"), (15, b"\x00"))), "4103abcdefb1734100"),
    Valid("time, answered", Message(ACK, CONTENT, 0x9999, b"\x99", (), raw("535966ad")), "6145999999ff535966ad"),
    Valid(
        "hello with a device id",
        Message(
            CON,
            POST,
            1,
            b"",
            ((11, b"h"),),
            raw("0003ffff00b60003000c0123456789abcdef012345671838048000a000000200"),
        ),
        "40020001b168ff0003ffff00b60003000c0123456789abcdef012345671838048000a000000200",
    ),
    Valid("time, after hello", Message(CON, GET, 3, b"\x83", ((11, b"t"),)), "4101000383b174"),
    Valid(
        "event about updates",
        Message(CON, POST, 4, b"", ((11, b"E"), (11, b"particle/device/updates/enabled")), b"true"),
        "40020004b1450d127061727469636c652f6465766963652f757064617465732f656e61626c6564ff74727565",
    ),
    Valid(
        "subscription to a prefix",
        Message(CON, GET, 7, b"", ((11, b"e"), (11, b"particle"))),
        "40010007b165087061727469636c65",
    ),
    Valid(
        "result of a function, separate",
        Message(CON, CHANGED, 15, b"\x7e", (), raw("00000001")),
        "4144000f7eff00000001",
    ),
]
"""Plain messages of the boards' own unit tests and of recorded sessions, from the reference of their protocol (13.2 to
13.4): they use the standard's messages, so the standard's codec has to give exactly these bytes."""

VALID = STANDARD + BOARDS

FAULTY = [
    Faulty("nothing", "", "3"),
    Faulty("three bytes", "400100", "3"),
    Faulty("version 0", "00010001", "3"),
    Faulty("version 2", "80010001", "3"),
    Faulty("token of 9 bytes", "4901 0102 313233343536373839", "3", "70000102"),
    Faulty("token of 15 bytes", "4f01 0102" + "31" * 15, "3", "70000102"),
    Faulty("token cut off", "4201 0102 31", "3", "70000102"),
    Faulty("token in an empty message", "4100 0102 31", "4.1", "70000102"),
    Faulty("length of a token in an empty message", "4100 0102", "4.1", "70000102"),
    Faulty("payload in an empty message", "4000 0102 ff31", "4.1", "70000102"),
    Faulty("empty and non-confirmable", "5000 0102", "4.3"),
    Faulty("reset with a code", "7045 0102", "4.2"),
    Faulty("reset with bytes", "7000 0102 00", "4.1"),
    Faulty("acknowledgement with a method", "6001 0102", "4.2"),
    Faulty("class 1", "4020 0102", "4.2", "70000102"),
    Faulty("class 6", "50c0 0102", "4.2"),
    Faulty("class 7", "40e1 0102", "4.2", "70000102"),
    Faulty("marker without payload", "4001 0102 ff", "3", "70000102"),
    Faulty("marker without payload after an option", "4001 0102 b161 ff", "3", "70000102"),
    Faulty("marker without payload, non-confirmable", "5001 0102 ff", "3"),
    Faulty("option delta 15", "4001 0102 f061", "3.1", "70000102"),
    Faulty("option length 15", "4001 0102 bf61", "3.1", "70000102"),
    Faulty("delta of one byte cut off", "4001 0102 d0", "3.1", "70000102"),
    Faulty("delta of two bytes cut off", "4001 0102 e000", "3.1", "70000102"),
    Faulty("length of one byte cut off", "4001 0102 bd", "3.1", "70000102"),
    Faulty("length of two bytes cut off", "4001 0102 be00", "3.1", "70000102"),
    Faulty("option cut off", "4001 0102 b36161", "3.1", "70000102"),
    Faulty("option number 65,536", "4001 0102 e0fef2 10", "3.1", "70000102"),
    Faulty("65 options", "4001 0102" + "00" * 65, "", "70000102"),
]
