from __future__ import annotations

import math
from typing import Any

import pytest
from cbor2 import dumps
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.device.errors import MessageError
from rookery.particle.device.values import MAX_VALUE, decode_result, decode_value, encode_result, encode_value

VALUES: dict[str, tuple[str, str, Any]] = {
    "int of the reference": ("int32", "fffe7e33", -98_765),
    "int is big-endian": ("int32", "0000002a", 42),
    "double is little-endian": ("double", "000000000000f83f", 1.5),
    "true": ("bool", "01", True),
    "false": ("bool", "00", False),
    "text": ("string", "c3a4", "ä"),
    "empty text": ("string", "", ""),
}


@pytest.mark.parametrize(("kind", "payload", "value"), VALUES.values(), ids=VALUES)
def test_every_type_is_read_and_written(kind: str, payload: str, value: Any) -> None:
    found = decode_value(kind, bytes.fromhex(payload))
    assert (type(found), found) == (type(value), value)
    assert encode_value(kind, value).hex() == payload


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_what_json_has_no_number_for_is_null(value: float | None) -> None:
    assert decode_value("double", encode_value("double", value)) is None


def test_bytes_that_are_no_text_are_replaced() -> None:
    assert decode_value("string", b"a\xffb") == "a\ufffdb"


@pytest.mark.parametrize(
    ("content_format", "payload", "value"),
    [
        (0, b"x", "x"),
        (42, b"x", "data:application/octet-stream;base64,eA=="),
        (22, b"x", "data:image/jpeg;base64,eA=="),
        (60, dumps({"a": b"x"}), {"a": {"_type": "buffer", "_data": "eA=="}}),
        (65_001, dumps([1, math.nan]), [1, None]),
    ],
)
def test_newer_boards_say_what_a_value_is(content_format: int, payload: bytes, value: Any) -> None:
    assert decode_value("string", payload, content_format) == value


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("int32", b""),
        ("int32", bytes(3)),
        ("double", bytes(4)),
        ("bool", b""),
        ("bool", bytes(4)),
        ("colour", b"x"),
        ("string", bytes(MAX_VALUE + 1)),
    ],
)
def test_the_wrong_number_of_bytes_is_refused(kind: str, payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode_value(kind, payload)


@pytest.mark.parametrize(("kind", "value"), [("int32", 2**31), ("double", "x"), ("colour", 1), ("int32", None)])
def test_a_board_cannot_answer_what_its_type_is_not(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=kind):
        encode_value(kind, value)


def test_a_result_has_four_bytes() -> None:
    assert decode_result(bytes.fromhex("00000001")) == 1
    assert encode_result(-1) == b"\xff" * 4
    assert encode_result(2**32 + 7) == b"\0\0\0\7"
    with pytest.raises(MessageError):
        decode_result(b"\1")


@given(st.integers(-(2**31), 2**31 - 1))
def test_whole_numbers_are_read_again(value: int) -> None:
    assert decode_value("int32", encode_value("int32", value)) == value
    assert decode_result(encode_result(value)) == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floating_numbers_are_read_again(value: float) -> None:
    assert decode_value("double", encode_value("double", value)) == value


@given(st.text(st.characters(codec="utf-8")))
def test_text_is_read_again(value: str) -> None:
    assert decode_value("string", encode_value("string", value)) == value
