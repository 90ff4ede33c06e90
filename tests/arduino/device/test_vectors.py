"""Every byte sequence of arduino-device.md section 11 as one table: what it means, and which of them we send ourselves.

The numbers are those of the document. The source of each vector is the unit tests of a client or a capture of one.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from rookery.arduino.device import commands, messages
from rookery.wire import senml


class Pack(NamedTuple):
    """A SenML pack. `form` is how its sender encodes, None where no encoder of ours writes these very bytes."""

    number: int
    title: str
    hex: str
    records: list[senml.Record]
    form: senml.Form | None


class Message(NamedTuple):
    """A command."""

    number: int
    title: str
    hex: str
    command: commands.Command | commands.Unknown


class Ignored(NamedTuple):
    """What a decoder of commands must not act on, and what it says instead."""

    title: str
    hex: str
    reason: str


PACKS = [
    Pack(1, "a board's bool", "9fa200647465737404f5ff", [("test", True, None)], messages.CPP_BOARD),
    Pack(2, "narrow link: tag 1 is true", "9fa2000104f5ff", [(1, True, None)], messages.CPP_BOARD),
    Pack(3, "an int", "9fa200647465737402187bff", [("test", 123, None)], messages.CPP_BOARD),
    Pack(
        4,
        "a float of 32 bits",
        "9fa200647465737402fa40490fd0ff",
        [("test", 3.141590118408203, None)],
        messages.CPP_BOARD,
    ),
    Pack(5, "a text", "9fa2006474657374036474657374ff", [("test", "test", None)], messages.CPP_BOARD),
    Pack(
        6,
        "location 2 / 3",
        "9fa20068746573743a6c617402fa40000000a20068746573743a6c6f6e02fa40400000ff",
        [("test:lat", 2.0, None), ("test:lon", 3.0, None)],
        messages.CPP_BOARD,
    ),
    Pack(
        7,
        "color 2 / 2 / 2",
        ("9fa20068746573743a68756502fa40000000a20068746573743a73617402fa40000000a20068746573743a62726902fa40000000ff"),
        [("test:hue", 2.0, None), ("test:sat", 2.0, None), ("test:bri", 2.0, None)],
        messages.CPP_BOARD,
    ),
    Pack(
        8,
        "narrow link: the same color",
        "9fa20019010102fa40000000a20019020102fa40000000a20019030102fa40000000ff",
        [(257, 2.0, None), (513, 2.0, None), (769, 2.0, None)],
        messages.CPP_BOARD,
    ),
    Pack(
        9,
        "colored light",
        (
            "9fa20068746573743a73776904f5a20068746573743a68756502fa40000000a20068746573743a73617402fa40000000"
            "a20068746573743a62726902fa40000000ff"
        ),
        [("test:swi", True, None), ("test:hue", 2.0, None), ("test:sat", 2.0, None), ("test:bri", 2.0, None)],
        messages.CPP_BOARD,
    ),
    Pack(
        10,
        "television: on, volume 50, play, input 55, channel 7",
        (
            "9fa20068746573743a73776904f5a20068746573743a766f6c021832a20068746573743a6d757404f4a2006874657374"
            "3a7062630203a20068746573743a696e70021837a20068746573743a6368610207ff"
        ),
        [
            ("test:swi", True, None),
            ("test:vol", 50, None),
            ("test:mut", False, None),
            ("test:pbc", 3, None),
            ("test:inp", 55, None),
            ("test:cha", 7, None),
        ],
        messages.CPP_BOARD,
    ),
    Pack(
        11,
        "dimmed light",
        "9fa20068746573743a73776904f5a20068746573743a62726902fa40000000ff",
        [("test:swi", True, None), ("test:bri", 2.0, None)],
        messages.CPP_BOARD,
    ),
    Pack(12, "time", "9fa2006474657374021a615ad540ff", [("test", 1633342784, None)], messages.CPP_BOARD),
    Pack(
        13,
        "schedule: every 20 minutes, 600 s long",
        (
            "9fa20068746573743a66726d021a615a4400a20067746573743a746f021a615f8a00a20068746573743a6c656e021902"
            "58a20068746573743a6d736b021a44000014ff"
        ),
        [
            ("test:frm", 1633305600, None),
            ("test:to", 1633651200, None),
            ("test:len", 600, None),
            ("test:msk", 1140850708, None),
        ],
        messages.CPP_BOARD,
    ),
    Pack(
        14,
        "four variables in one message",
        (
            "9fa20068696e745f746573740201a20069626f6f6c5f7465737404f4a2006a666c6f61745f7465737402fa40000000a2"
            "00687374725f7465737403687374725f74657374ff"
        ),
        [("int_test", 1, None), ("bool_test", False, None), ("float_test", 2.0, None), ("str_test", "str_test", None)],
        messages.CPP_BOARD,
    ),
    Pack(15, "to a board: false", "81a200647465737404f4", [("test", False, None)], senml.CANONICAL),
    Pack(16, "to a board: -7", "81a20064746573740226", [("test", -7, None)], senml.CANONICAL),
    Pack(
        17,
        "to a board: a float of 64 bits",
        "81a200647465737402fb40092acd9e83e426",
        [("test", 3.1459, None)],
        senml.CANONICAL,
    ),
    Pack(18, "to a board: a text", "81a20064746573740366746573747474", [("test", "testtt", None)], senml.CANONICAL),
    Pack(
        19,
        "location as integers",
        "82a20068746573743a6c61740202a20068746573743a6c6f6e0203",
        [("test:lat", 2, None), ("test:lon", 3, None)],
        senml.CANONICAL,
    ),
    Pack(
        20,
        "four kinds, the float as half",
        (
            "84a20069626f6f6c5f7465737404f5a20068696e745f74657374020aa2006a666c6f61745f7465737402f94d00a20068"
            "7374725f74657374036d68656c6c6f2061726475696e6f"
        ),
        [
            ("bool_test", True, None),
            ("int_test", 10, None),
            ("float_test", 20.0, None),
            ("str_test", "hello arduino", None),
        ],
        None,
    ),
    Pack(
        21,
        "base name, ignored",
        "81a32173736f6d652d746573742d626173652d6e616d65006474657374036474657374",
        [("test", "test", None)],
        None,
    ),
    Pack(22, "base time, a float", "81a322fb405edd2f1a9fbe770064746573740201", [("test", 1, 123.456)], senml.CANONICAL),
    Pack(23, "time before the name", "81a306fb405edd2f1a9fbe770064746573740201", [("test", 1, 123.456)], None),
    Pack(24, "base version", "81a320010064746573740201", [("test", 1, None)], None),
    Pack(
        25,
        "base name, base time and time",
        ("81a52169626173652d6e616d6522fb408472916872b02106fb405edd2f1a9fbe770064746573740201"),
        [("test", 1, 777.777)],
        None,
    ),
    Pack(26, "unknown label 123", "81a3187b187b0064746573740201", [("test", 1, None)], None),
    Pack(27, "echo of a write", "9fa200636c656404f4ff", [("led", False, None)], messages.CPP_BOARD),
    Pack(
        28,
        "all values after the sync; the location has times that the sketch never set",
        (
            "9fa200636c656404f5a20067636f756e74657202182aa2006b74656d706572617475726502fa41ac0000a200646e616d"
            "65036568656c6c6fa20069636f6c6f723a68756502fa42f00000a20069636f6c6f723a73617402fa42480000a2006963"
            "6f6c6f723a62726902fa42960000a300676c6f633a6c617402fa423600000600a300676c6f633a6c6f6e02fa41140000"
            "0600a20069747a5f6f666673657402191c20a2006c747a5f6473745f756e74696c021a6b02b8c3ff"
        ),
        [
            ("led", True, None),
            ("counter", 42, None),
            ("temperature", 21.5, None),
            ("name", "hello", None),
            ("color:hue", 120.0, None),
            ("color:sat", 50.0, None),
            ("color:bri", 75.0, None),
            ("loc:lat", 45.5, 0),
            ("loc:lon", 9.25, 0),
            ("tz_offset", 7200, None),
            ("tz_dst_until", 1795340483, None),
        ],
        messages.CPP_BOARD,
    ),
    Pack(
        29,
        "the lowest 32-bit integer",
        "9fa20067636f756e746572023a7fffffffff",
        [("counter", -2147483648, None)],
        messages.CPP_BOARD,
    ),
    Pack(
        30,
        "library version",
        "9fa2006b4c49425f56455253494f4e0366312e31352e31ff",
        [("LIB_VERSION", "1.15.1", None)],
        messages.CPP_BOARD,
    ),
    Pack(
        31,
        "asks for the last values",
        "81a20063723a6d036d6765744c61737456616c756573",
        [("r:m", "getLastValues", None)],
        senml.CANONICAL,
    ),
    Pack(
        32,
        "thing id",
        ("81a200687468696e675f696403782461616161616161612d626262622d346363632d386464642d656565656565656565656565"),
        [("thing_id", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", None)],
        senml.CANONICAL,
    ),
    Pack(33, "no thing", "81a200687468696e675f69640360", [("thing_id", "", None)], senml.CANONICAL),
    Pack(
        34,
        "last values with base time and zone",
        (
            "84a3221a6553f10000636c656404f5a20067636f756e74657202182aa20069747a5f6f666673657402191c20a2006c74"
            "7a5f6473745f756e74696c021a6b02b776"
        ),
        [
            ("led", True, 1700000000),
            ("counter", 42, 1700000000),
            ("tz_offset", 7200, 1700000000),
            ("tz_dst_until", 1795340150, 1700000000),
        ],
        senml.CANONICAL,
    ),
    Pack(
        35,
        "last values for a Python board",
        (
            "87a3221a6553f10000636c656404f5a2006474656d7002fb4035800000000000a20067636f6c3a687565021878a20067"
            "636f6c3a736174021832a20067636f6c3a62726902184ba20069747a5f6f666673657402190e10a2006c747a5f647374"
            "5f756e74696c021a67e89790"
        ),
        [
            ("led", True, 1700000000),
            ("temp", 21.5, 1700000000),
            ("col:hue", 120, 1700000000),
            ("col:sat", 50, 1700000000),
            ("col:bri", 75, 1700000000),
            ("tz_offset", 3600, 1700000000),
            ("tz_dst_until", 1743296400, 1700000000),
        ],
        senml.CANONICAL,
    ),
    Pack(
        36,
        "a Python board's first message",
        (
            "86a20065636f756e740207a20065726174696f02fb400a000000000000a200646e616d65036568656c6c6fa20064666c"
            "616704f5a200676c6f633a6c617402fb4046c00000000000a200676c6f633a6c6f6e02fb4022800000000000"
        ),
        [
            ("count", 7, None),
            ("ratio", 3.25, None),
            ("name", "hello", None),
            ("flag", True, None),
            ("loc:lat", 45.5, None),
            ("loc:lon", 9.25, None),
        ],
        messages.PYTHON_BOARD,
    ),
    Pack(
        37,
        "a Python board's changes",
        "82a20065726174696f02fbc004000000000000a200646e616d650363627965",
        [("ratio", -2.5, None), ("name", "bye", None)],
        messages.PYTHON_BOARD,
    ),
    Pack(
        38,
        "script: true, base time in milliseconds",
        "81a300636c656404f5221b0000018bcfe56800",
        [("led", True, 1700000000000)],
        messages.SCRIPT,
    ),
    Pack(
        39, "script: false", "81a300636c656404f4221b0000018bcfe56800", [("led", False, 1700000000000)], messages.SCRIPT
    ),
    Pack(
        40,
        "script of release 0.13: false, the value is missing",
        "81a200636c6564221b0000018bcfe56800",
        [("led", None, 1700000000000)],
        messages.SCRIPT,
    ),
    Pack(
        41, "script: -3", "81a30065636f756e740222221b0000018bcfe56800", [("count", -3, 1700000000000)], messages.SCRIPT
    ),
    Pack(
        42,
        "script: 21.5",
        "81a3006474656d7002fb4035800000000000221b0000018bcfe56800",
        [("temp", 21.5, 1700000000000)],
        messages.SCRIPT,
    ),
    Pack(
        43,
        "script: a text",
        "81a300646e616d6503626869221b0000018bcfe56800",
        [("name", "hi", 1700000000000)],
        messages.SCRIPT,
    ),
    Pack(
        44,
        "script: color, integers mixed with floats, base time once",
        (
            "83a30067636f6c3a687565021878221b0000018bcfe56800a20067636f6c3a73617402fb4049400000000000a2006763"
            "6f6c3a6272690200"
        ),
        [("col:hue", 120, 1700000000000), ("col:sat", 50.5, 1700000000000), ("col:bri", 0, 1700000000000)],
        messages.SCRIPT,
    ),
    Pack(
        45,
        "script: base name, seconds",
        (
            "81a400636c656404f5221a5b98d78021782d75726e3a757569643a31663463656437302d353361642d346232392d6232"
            "31312d316230616262646663373537"
        ),
        [("led", True, 1536743296)],
        None,
    ),
    Pack(
        46,
        "old script: text labels",
        "81a36262741b0000018bcfe56800616e636c6564627662f5",
        [("led", True, 1700000000000)],
        None,
    ),
    Pack(47, "one component of a color", "81a20069636f6c6f723a687565020a", [("color:hue", 10, None)], senml.CANONICAL),
]

MESSAGES = [
    Message(
        60,
        "OtaBegin",
        "da000100008158200102030400000000000000000000000000000000000000000000000000000000",
        commands.OtaBegin(
            sketch_sha256=bytes.fromhex("0102030400000000000000000000000000000000000000000000000000000000")
        ),
    ),
    Message(
        61,
        "OtaUpdate, URL of 114 bytes",
        (
            "da000101008450c73cb045f9c2434585affa36a307bfe7787268747470733a2f2f626f617264732d696e742e6f6e6975"
            "6472612e63632f73746f726167652f6669726d776172652f76312f646631656163396337626436333437336666666231"
            "313766393837333730336534656339353539333165323637663236323632623039343962633136646334395820000000"
            "00000000000000000000000000000000000000000000000000000000005820df1eac9c7bd63473fffb117f9873703e4e"
            "c955931e267f26262b0949bc16dc49"
        ),
        commands.OtaUpdate(
            ota_id=bytes.fromhex("c73cb045f9c2434585affa36a307bfe7"),
            url="https://boards-int.oniudra.cc/storage/firmware/v1/df1eac9c7bd63473fffb117f9873703e4ec955931e267f26262b0949bc16dc49",
            initial_sha256=bytes.fromhex("0000000000000000000000000000000000000000000000000000000000000000"),
            final_sha256=bytes.fromhex("df1eac9c7bd63473fffb117f9873703e4ec955931e267f26262b0949bc16dc49"),
        ),
    ),
    Message(
        62,
        "OtaProgress",
        "da000102008450000102030405060708090a0b0c0d0e0fe1201864",
        commands.OtaProgress(ota_id=bytes.fromhex("000102030405060708090a0b0c0d0e0f"), state=1, data=-1, time=100),
    ),
    Message(
        63,
        "OtaProgress",
        "da000102008450000102030405060708090a0b0c0d0e0fe3001b000660c2e549b9c0",
        commands.OtaProgress(
            ota_id=bytes.fromhex("000102030405060708090a0b0c0d0e0f"), state=3, data=0, time=1795240047000000
        ),
    ),
    Message(64, "ThingBegin 'thing_id'", "da0001030081687468696e675f6964", commands.ThingBegin(thing_id="thing_id")),
    Message(65, "ThingBegin ''", "da000103008160", commands.ThingBegin(thing_id="")),
    Message(
        66,
        "ThingUpdate e4494d55-872a-4fd2-9646-92f87949394c",
        ("da0001040081782465343439346435352d383732612d346664322d393634362d393266383739343933393463"),
        commands.ThingUpdate(thing_id="e4494d55-872a-4fd2-9646-92f87949394c"),
    ),
    Message(67, "ThingUpdate '' = no thing", "da000104008160", commands.ThingUpdate(thing_id="")),
    Message(
        68,
        "ThingDetach",
        ("da0001100081782465343439346435352d383732612d346664322d393634362d393266383739343933393463"),
        commands.ThingDetach(thing_id="e4494d55-872a-4fd2-9646-92f87949394c"),
    ),
    Message(69, "LastValuesBegin", "da0001050080", commands.LastValuesBegin()),
    Message(
        70,
        "LastValuesUpdate, 13 opaque bytes",
        "da00010600814d00010203040506070809101112",
        commands.LastValuesUpdate(pack=bytes.fromhex("00010203040506070809101112")),
    ),
    Message(
        71,
        "LastValuesUpdate with real SenML inside",
        (
            "da0001060081583383a322fb41dac04c8b0000000067636f756e746572021901f4a200636c656404f4a200646e616d65"
            "0369636c6f75646e616d65"
        ),
        commands.LastValuesUpdate(
            pack=bytes.fromhex(
                "83a322fb41dac04c8b0000000067636f756e746572021901f4a200636c656404f4a200646e616d650369636c6f75646e616d65"
            )
        ),
    ),
    Message(72, "DeviceBegin '2.0.0'", "da000107008165322e302e30", commands.DeviceBegin(version="2.0.0")),
    Message(73, "DeviceBegin '2.9.0'", "da000107008165322e392e30", commands.DeviceBegin(version="2.9.0")),
    Message(
        74,
        "DeviceBegin '1.4.1-async'",
        "da00010700816b312e342e312d6173796e63",
        commands.DeviceBegin(version="1.4.1-async"),
    ),
    Message(
        75, "DeviceBegin '1.4.1-sync'", "da00010700816a312e342e312d73796e63", commands.DeviceBegin(version="1.4.1-sync")
    ),
    Message(76, "TimezoneUp", "da0001080080", commands.TimezoneUp()),
    Message(
        77,
        "TimezoneDown",
        "da00010900821a65dcb8211a78aca191",
        commands.TimezoneDown(offset=1708963873, until=2024579473),
    ),
    Message(
        78,
        "TimezoneDown +3600 until 1795326884",
        "da0001090082190e101a6b0283a4",
        commands.TimezoneDown(offset=3600, until=1795326884),
    ),
    Message(79, "NetConfig WiFi 'SSID'", "da0001110082016453534944", commands.NetConfig(type=1, parameters=("SSID",))),
    Message(
        80, "NetConfig LoRaWAN", "da00011100820266415050455549", commands.NetConfig(type=2, parameters=("APPEUI",))
    ),
    Message(
        81,
        "NetConfig GSM",
        "da0001110083036e61706e2e61726475696e6f2e636368757365726e616d65",
        commands.NetConfig(type=3, parameters=("apn.arduino.cc", "username")),
    ),
    Message(
        82,
        "NetConfig Ethernet IPv4",
        "da00011100850644c0a80002440808080844c0a8010144ffffff00",
        commands.NetConfig(
            type=6,
            parameters=(
                bytes.fromhex("c0a80002"),
                bytes.fromhex("08080808"),
                bytes.fromhex("c0a80101"),
                bytes.fromhex("ffffff00"),
            ),
        ),
    ),
    Message(
        83,
        "NetConfig Ethernet DHCP",
        "da00011100850640404040",
        commands.NetConfig(
            type=6, parameters=(bytes.fromhex(""), bytes.fromhex(""), bytes.fromhex(""), bytes.fromhex(""))
        ),
    ),
    Message(84, "NetConfig none", "da000111008100", commands.NetConfig(type=0, parameters=())),
    Message(
        85,
        "NetConfig WiFi 'hostnet'",
        "da00011100820167686f73746e6574",
        commands.NetConfig(type=1, parameters=("hostnet",)),
    ),
    Message(86, "WiFiFWVersion '1.6.0'", "da000120148165312e362e30", commands.WifiFirmware(version="1.6.0")),
    Message(87, "provisioning status −100", "da00012000813863", commands.Unknown(tag=73728, parameters=(-100,))),
    Message(
        88,
        "provisioning WiFi list",
        "da0001200184655353494431384b6553534944323837",
        commands.Unknown(tag=73729, parameters=("SSID1", -76, "SSID2", -56)),
    ),
    Message(
        89,
        "provisioning timestamp 1728475108",
        "da00012002811b0000000067066fe4",
        commands.Unknown(tag=73730, parameters=(1728475108,)),
    ),
    Message(90, "provisioning command 100", "da00012003811864", commands.Unknown(tag=73731, parameters=(100,))),
    Message(
        91,
        "provisioning sketch version",
        "da000120158165312e362e30",
        commands.Unknown(tag=73749, parameters=("1.6.0",)),
    ),
]

IGNORED = [
    Ignored("a number as thing id", "da00010400811a65dcb821", "ThingUpdate: parameter 0 is of type int"),
    Ignored("a number as thing id to detach", "da00011000811a65dcb821", "ThingDetach: parameter 0 is of type int"),
    Ignored("no end of the interval", "da00010900811a65dcb821", "TimezoneDown: parameter 1 is missing"),
    Ignored("cut short", "da00010900811a", "not CBOR"),
    Ignored("last values that are not bytes", "da00010600811a65dcb821", "LastValuesUpdate: parameter 0 is of type int"),
    Ignored("an update without address", "da000101008150c73cb045f9c2434585affa36a307bfe7", "OtaUpdate: parameter 1"),
    Ignored("no tag", "821a65dcb8211a78aca191", "no tag in front"),
    Ignored("a break code alone", "ff", "not CBOR"),
]


@pytest.mark.parametrize("case", PACKS, ids=lambda case: f"{case.number} {case.title}")
def test_a_pack_means_what_the_document_says(case: Pack) -> None:
    assert senml.decode(bytes.fromhex(case.hex)) == case.records


@pytest.mark.parametrize("case", PACKS, ids=lambda case: f"{case.number} {case.title}")
def test_values_keep_their_kind(case: Pack) -> None:
    kinds = [type(value) for _, value, _ in senml.decode(bytes.fromhex(case.hex))]
    assert kinds == [type(value) for _, value, _ in case.records]


@pytest.mark.parametrize(
    "case", [case for case in PACKS if case.form is not None], ids=lambda case: f"{case.number} {case.title}"
)
def test_the_sender_s_form_gives_the_same_bytes(case: Pack) -> None:
    assert case.form is not None
    assert senml.encode(case.records, case.form).hex() == case.hex


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: f"{case.number} {case.title}")
def test_a_command_means_what_the_document_says(case: Message) -> None:
    assert commands.decode(bytes.fromhex(case.hex)) == case.command


@pytest.mark.parametrize("case", MESSAGES, ids=lambda case: f"{case.number} {case.title}")
def test_a_command_is_written_the_same(case: Message) -> None:
    if isinstance(case.command, commands.Unknown):
        assert case.command.tag in commands.PROVISIONING_TAGS
    else:
        assert commands.encode(case.command).hex() == case.hex


@pytest.mark.parametrize("case", IGNORED, ids=lambda case: case.title)
def test_what_is_no_command_is_refused_with_its_reason(case: Ignored) -> None:
    with pytest.raises(commands.CommandError, match=case.reason):
        commands.decode(bytes.fromhex(case.hex))


def test_an_unknown_tag_is_reported_as_unknown() -> None:
    unknown = commands.decode(bytes.fromhex("daffffffff821a65dcb8211a78aca191"))
    assert unknown == commands.Unknown(0xFFFFFFFF, (1708963873, 2024579473))


def test_the_last_values_inside_a_command_are_a_pack() -> None:
    command = next(case.command for case in MESSAGES if case.number == 71)
    assert isinstance(command, commands.LastValuesUpdate)
    assert senml.decode(command.pack) == [
        ("counter", 500, 1795240492.0),
        ("led", False, 1795240492.0),
        ("name", "cloudname", 1795240492.0),
    ]


def test_no_vector_is_missing() -> None:
    assert [case.number for case in PACKS] == list(range(1, 48))
    assert [case.number for case in MESSAGES] == list(range(60, 92))
