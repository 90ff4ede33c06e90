"""Commands beyond the published vectors: tolerance, refusals, round trips and garbage."""

from __future__ import annotations

import random
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.device import commands
from rookery.arduino.device.commands import Command, CommandError, Unknown, decode, encode


def message(tag: int, parameters: Any) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(tag, parameters))


@pytest.mark.parametrize("head", ["c0", "d800", "d90000", "da00000000", "db0000000000000000"])
def test_a_tag_of_the_standard_means_nothing_here(head: str) -> None:
    with pytest.raises(CommandError):
        decode(bytes.fromhex(head + "80"))


@pytest.mark.parametrize("head", ["da00010500", "db0000000000010500"])
def test_any_encoding_of_a_tag_is_taken(head: str) -> None:
    assert decode(bytes.fromhex(head + "80")) == commands.LastValuesBegin()


def test_an_indefinite_array_is_taken() -> None:
    assert decode(bytes.fromhex("da000107009f65322e302e30ff")) == commands.DeviceBegin("2.0.0")


@pytest.mark.parametrize(
    ("tag", "parameters", "expected"),
    [
        (0x010300, ["id", 7, {"later": 1}], commands.ThingBegin("id")),
        (0x010500, ["more"], commands.LastValuesBegin()),
        (0x010700, ["2.0.0", 5, [1]], commands.DeviceBegin("2.0.0")),
        (0x011100, [1, "ssid", "channel"], commands.NetConfig(1, ("ssid",))),
        (0x011100, [7, "apn", "login", "x"], commands.NetConfig(7, ("apn", "login"))),
        (0x011100, [42, "of", "later"], commands.NetConfig(42)),
        (0x010200, [bytes(16), 5, 10, 20], commands.OtaProgress(bytes(16), 5, 10, 20)),
    ],
)
def test_more_parameters_than_expected_are_taken(tag: int, parameters: list[Any], expected: Command) -> None:
    assert decode(message(tag, parameters)) == expected


@pytest.mark.parametrize(
    ("tag", "parameters", "reason"),
    [
        (0x010000, [], "OtaBegin: parameter 0 is missing"),
        (0x010000, [b"short"], "OtaBegin: parameter 0 has 5 bytes"),
        (0x010100, [bytes(16), "u" * 256, bytes(32), bytes(32)], "parameter 1 is longer than 255 characters"),
        (0x010100, [bytes(16), "u", bytes(32)], "OtaUpdate: parameter 3 is missing"),
        (0x010200, [bytes(16), cbor2.CBORSimpleValue(1), 2**31, 0], "parameter 2 is out of range"),
        (0x010200, [bytes(16), cbor2.CBORSimpleValue(1), 0, -1], "parameter 3 is out of range"),
        (0x010200, [bytes(16), True, 0, 0], "parameter 1 is of type bool"),
        (0x010200, [bytes(16), 20, 0, 0], "parameter 1 is out of range"),
        (0x010300, ["x" * 37], "ThingBegin: parameter 0 is longer than 36 characters"),
        (0x010700, [b"2.0.0"], "DeviceBegin: parameter 0 is of type bytes"),
        (0x010900, [1.5, 0], "TimezoneDown: parameter 0 is of type float"),
        (0x010900, [True, 0], "TimezoneDown: parameter 0 is of type bool"),
        (0x010900, [0, -1], "TimezoneDown: parameter 1 is out of range"),
        (0x011100, [], "DeviceNetConfig: parameter 0 is missing"),
        (0x011100, [1], "DeviceNetConfig: parameter 1 is missing"),
        (0x011100, [6, bytes(4), bytes(4), bytes(5), bytes(4)], "parameter 3 has 5 bytes"),
        (0x010700, {0: "2.0.0"}, "no array behind the tag"),
        (0x010700, [["x"] * 3] * 65, "more than 64 parameters"),
        (0x010700, [[[[1]]]], "not CBOR"),
    ],
)
def test_wrong_parameters_are_refused_with_their_place(tag: int, parameters: Any, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        decode(message(tag, parameters))


def test_too_many_bytes_are_refused_unseen() -> None:
    with pytest.raises(CommandError, match="longer than 65536"):
        decode(message(0x010600, [bytes(65_536)]))


@pytest.mark.parametrize(
    "nest", [b"\x81" * 60_000, b"\xda\x00\x01\x05\x00" * 10_000, b"\xda\x00\x01\x05\x00" + b"\xa1" * 9_000]
)
def test_nested_bytes_are_refused(nest: bytes) -> None:
    with pytest.raises(CommandError, match="not CBOR"):
        decode(nest)


def test_no_two_commands_share_a_tag_and_none_has_one_of_provisioning() -> None:
    heads = {
        encode(command)[1:5]
        for command in (
            commands.OtaBegin(bytes(32)),
            commands.OtaUpdate(bytes(16), "", bytes(32), bytes(32)),
            commands.OtaProgress(bytes(16), 0, 0, 0),
            commands.ThingBegin(""),
            commands.ThingUpdate(""),
            commands.ThingDetach(""),
            commands.LastValuesBegin(),
            commands.LastValuesUpdate(b""),
            commands.DeviceBegin(""),
            commands.TimezoneUp(),
            commands.TimezoneDown(0, 0),
            commands.NetConfig(0),
            commands.WifiFirmware(""),
        )
    }
    assert len(heads) == 13
    for tag in commands.PROVISIONING_TAGS:
        assert tag.to_bytes(4, "big") not in heads
        assert decode(message(tag, [])) == Unknown(tag, ())


TEXTS = st.text(st.characters(codec="utf-8"), max_size=36)
INT32 = st.integers(-(2**31), 2**31 - 1)
UINT32 = st.integers(0, 2**32 - 1)
ADDRESSES = st.tuples(*[st.sampled_from([b"", bytes(4), bytes(16)])] * 4)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(commands.OtaBegin, st.binary(min_size=32, max_size=32)),
    st.builds(
        commands.OtaUpdate,
        st.binary(min_size=16, max_size=16),
        TEXTS,
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=32, max_size=32),
    ),
    st.builds(
        commands.OtaProgress, st.binary(min_size=16, max_size=16), st.integers(0, 9), INT32, st.integers(0, 2**64 - 1)
    ),
    st.builds(commands.ThingBegin, TEXTS),
    st.builds(commands.ThingUpdate, TEXTS),
    st.builds(commands.ThingDetach, TEXTS),
    st.just(commands.LastValuesBegin()),
    st.builds(commands.LastValuesUpdate, st.binary(max_size=300)),
    st.builds(commands.DeviceBegin, TEXTS),
    st.just(commands.TimezoneUp()),
    st.builds(commands.TimezoneDown, INT32, UINT32),
    st.builds(commands.NetConfig, st.sampled_from([1, 2]), st.tuples(TEXTS)),
    st.builds(commands.NetConfig, st.sampled_from([3, 4, 5, 7]), st.tuples(TEXTS, TEXTS)),
    st.builds(commands.NetConfig, st.just(6), ADDRESSES),
    st.just(commands.NetConfig(0)),
    st.builds(commands.WifiFirmware, TEXTS),
)


@given(COMMANDS)
def test_what_is_written_is_read(command: Command) -> None:
    payload = encode(command)
    assert payload[0] == 0xDA
    read = decode(payload)
    assert read == command
    assert type(read) is type(command)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**64), 2**64 - 1)
    | st.floats()
    | st.text(max_size=5)
    | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)
TAGS = st.sampled_from(
    [0x010000, 0x010100, 0x010200, 0x010300, 0x010400, 0x010600, 0x010700, 0x010900, 0x011100, 0x012014]
)


@given(TAGS | st.integers(0, 2**64 - 1), st.lists(PLAIN, max_size=5) | PLAIN)
def test_any_parameters_give_a_command_or_the_one_error(tag: int, parameters: Any) -> None:
    assert_sound(message(tag, parameters))


@given(st.binary(max_size=100))
def test_garbage_gives_a_command_or_the_one_error(payload: bytes) -> None:
    assert_sound(payload)


def test_broken_commands_give_a_command_or_the_one_error() -> None:
    """Valid commands with a few bytes changed. The same every time."""
    dice = random.Random(65536)
    models = [
        encode(commands.OtaProgress(bytes(16), 3, 0, 1_795_240_047_000_000)),
        encode(commands.NetConfig(6, (bytes(4),) * 4)),
        encode(commands.TimezoneDown(3600, 1_795_326_884)),
        encode(commands.DeviceBegin("2.9.0")),
    ]
    for _ in range(10_000):
        broken = bytearray(dice.choice(models))
        for _ in range(dice.randrange(1, 4)):
            broken[dice.randrange(len(broken))] = dice.randrange(256)
        assert_sound(bytes(broken[: dice.randrange(len(broken) + 1)]))


def assert_sound(payload: bytes) -> None:
    """The invariant: the typed error, or a command that can be written and read again."""
    try:
        command = decode(payload)
    except CommandError:
        return
    if isinstance(command, Unknown):
        assert type(command.tag) is int
    else:
        assert decode(encode(command)) == command
