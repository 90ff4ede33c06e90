from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.device.describe import (
    APPLICATION,
    MAX_DESCRIBE,
    MAX_NAMES,
    SYSTEM,
    Described,
    decode_describe,
    encode_application,
    encode_system,
    encode_system_protobuf,
)
from rookery.particle.device.errors import MessageError
from rookery.particle.device.protobuf import bytes_field
from tests.particle.device.cases import APPLICATION_DESCRIBE, SYSTEM_DESCRIBE

BOOTLOADER = {"s": 10_485_760, "l": "m", "vc": 30, "vv": 30, "f": "b", "n": "0", "v": 1_000, "d": []}
MONOLITH = {**BOOTLOADER, "f": "m", "v": 6_200, "d": [{"f": "b", "n": "0", "v": 1_000}]}
USER_PART: dict[str, Any] = {
    "s": 131_072,
    "l": "m",
    "vc": 30,
    "vv": 26,
    "u": "ab" * 32,
    "f": "u",
    "n": "1",
    "v": 6,
    "d": [{"f": "s", "n": "1", "v": 6_200}],
}


def test_the_application_part_of_the_reference() -> None:
    described = decode_describe(bytes.fromhex(APPLICATION_DESCRIBE))
    assert described == Described(parts=APPLICATION, functions=["brew"], variables={"temperature": "int32"})
    assert encode_application(described).hex() == APPLICATION_DESCRIBE


def test_the_system_part_of_the_reference_but_for_sizes_that_the_short_form_has_not() -> None:
    described = decode_describe(bytes.fromhex(SYSTEM_DESCRIBE))
    assert described == Described(parts=SYSTEM, modules=[BOOTLOADER, MONOLITH])
    assert decode_describe(encode_system_protobuf(described)) == described
    assert not described.misses_dependencies


def test_every_type_of_a_variable_has_its_name() -> None:
    described = decode_describe(b'{"f":[],"v":{"a":1,"b":2,"c":4,"d":9,"e":77}}')
    assert described.variables == {"a": "bool", "b": "int32", "c": "string", "d": "double", "e": "string"}


def test_up_to_three_point_two_both_parts_come_at_once() -> None:
    module = {key: value for key, value in BOOTLOADER.items() if key != "u"}
    described = decode_describe(
        json.dumps({"f": ["on"], "v": {}, "p": 6, "m": [module], "imei": "35", "other": {"x": [1]}}).encode()
    )
    assert described.parts == SYSTEM | APPLICATION
    assert (described.functions, described.platform_id, described.imei) == (["on"], 6, "35")
    assert described.modules == [module]


def test_parts_replace_each_other_and_nothing_else() -> None:
    application = decode_describe(b'{"f":["on"],"v":{"t":2}}')
    system = Described(parts=SYSTEM, modules=[MONOLITH], iccid="8934", protected=True)
    both = application.merged(system)
    assert both == system.merged(application)
    assert (both.parts, both.functions, both.modules) == (SYSTEM | APPLICATION, ["on"], [MONOLITH])
    later = both.merged(decode_describe(b'{"f":[],"v":{}}'))
    assert (later.functions, later.variables, later.iccid, later.protected) == ([], {}, "8934", True)


def test_a_board_in_safe_mode_says_which_module_lacks_something() -> None:
    described = Described(parts=SYSTEM, modules=[MONOLITH, USER_PART], cellfw="L0")
    assert described.misses_dependencies
    assert described.application_hash == "ab" * 32
    assert described.safe_mode_message(13) == {"p": 13, "cellfw": "L0", "m": [MONOLITH, USER_PART]}
    assert not Described(modules=[{**USER_PART, "l": "f"}]).misses_dependencies
    assert not Described(modules=[{**USER_PART, "vc": 26}]).misses_dependencies


def test_a_module_of_a_length_that_looks_like_a_brace_is_still_no_json() -> None:
    module = encode_system_protobuf(Described(modules=[USER_PART]))[2:]
    padded = module + bytes_field(100, bytes(0x7B - len(module) - 3))
    assert len(padded) == 0x7B
    payload = bytes_field(1, padded)
    assert payload[:2] == b"\n{"
    assert decode_describe(payload).modules == [USER_PART]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b'{"f":{}}',
        b'{"v":{"a":"int"}}',
        b'{"f":["' + b"n" * 65 + b'"]}',
        b'{"f":[""]}',
        b'{"f":["\\ud800"]}',
        b'{"f":["\xff"]}',
        b'{"f":[' + b'"a",' * MAX_NAMES + b'"a"]}',
        b'{"m":[' + b"{}," * 64 + b"{}]}",
        b'{"m":[{"d":[' + b"{}," * 16 + b"{}]}]}",
        b'{"imei":"' + b"1" * 129 + b'"}',
        b'{"m":[{"l":"' + b"m" * 129 + b'"}]}',
        b'{"x":' + b"[" * 20_000,
        b" " * (MAX_DESCRIBE + 1),
        b"\x0a\x05\x08",
        b"\x08\x01" * 2_000,
        b"\x08" + b"\xff" * 9 + b"\x7f",
        b"\x0b\x0c",
        b"\x00\x01",
        b"\x08\x01\x0a",
        b"\x0a\x00" * 65,
        b"\x10\x01",
        bytes_field(1, b"\x4a\x00" * 17),
        bytes_field(1, bytes_field(8, bytes(129))),
        bytes_field(1, b"\x40\x01"),
    ],
)
def test_what_cannot_be_read_or_is_too_much_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode_describe(payload)


letters = st.sampled_from("nrbmsuca_")
versions = st.integers(0, 0xFFFF)
references = st.fixed_dictionaries({"f": letters, "n": st.integers(0, 255).map(str), "v": versions})
modules = st.builds(
    lambda head, reference, sha256, needs: head | ({"u": sha256.hex()} if sha256 else {}) | reference | {"d": needs},
    st.fixed_dictionaries(
        {
            "s": st.integers(0, 2**32 - 1),
            "l": st.sampled_from("mfbt"),
            "vc": st.integers(0, 2**32 - 1),
            "vv": st.integers(0, 2**32 - 1),
        }
    ),
    references,
    st.none() | st.binary(min_size=32, max_size=32),
    st.lists(references, max_size=2),
)
texts = st.none() | st.text(st.characters(codec="utf-8"), max_size=30)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=16)


@given(st.lists(modules, max_size=4), texts, texts, texts, st.booleans(), st.integers(0, 200))
def test_what_a_system_says_is_read_again(
    listed: list[Any], imei: str | None, iccid: str | None, cellfw: str | None, protected: bool, platform: int
) -> None:
    described = Described(parts=SYSTEM, modules=listed, imei=imei, iccid=iccid, cellfw=cellfw, protected=protected)
    payload = encode_system_protobuf(described)
    if payload:
        assert decode_describe(payload) == described
    text = decode_describe(encode_system(described, platform))
    assert (text.platform_id, text.modules, text.imei, text.iccid, text.cellfw) == (
        platform,
        listed,
        imei,
        iccid,
        cellfw,
    )


@given(st.lists(names, max_size=5), st.dictionaries(names, st.sampled_from(["bool", "int32", "string", "double"])))
def test_what_an_application_says_is_read_again(functions: list[str], variables: dict[str, str]) -> None:
    described = Described(parts=APPLICATION, functions=functions, variables=variables)
    assert decode_describe(encode_application(described)) == described
