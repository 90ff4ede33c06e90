"""Whatever a board says, nothing but `MessageError` comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.device.describe import decode_describe
from rookery.particle.device.errors import MessageError
from rookery.particle.device.events import parse_event, parse_subscription, stream_text
from rookery.particle.device.goodbye import decode_goodbye
from rookery.particle.device.hello import decode_hello
from rookery.particle.device.requests import classify, parse_argument, parse_named, parse_part, parse_signal
from rookery.particle.device.values import decode_result, decode_value
from rookery.particle.device.vitals import HEADER, decode_vitals, encode_vitals
from rookery.wire.coap.message import Message
from tests.particle.device.cases import APPLICATION_DESCRIBE, HELLOS, SYSTEM_DESCRIBE


def outcome(read: Callable[[Any], Any], what: Any) -> str:
    """How it ended. Any other error is not caught."""
    try:
        read(what)
    except MessageError as fault:
        return str(fault)
    return "read"


READERS: dict[str, Callable[[bytes], Any]] = {
    "hello": decode_hello,
    "describe": decode_describe,
    "describe in JSON": lambda data: decode_describe(b"{" + data),
    "goodbye": decode_goodbye,
    "vitals": decode_vitals,
    "records of vitals": lambda data: encode_vitals(decode_vitals(HEADER + data)),
    "bool": lambda data: decode_value("bool", data),
    "int": lambda data: decode_value("int32", data),
    "double": lambda data: decode_value("double", data),
    "string": lambda data: decode_value("string", data),
    "structure": lambda data: decode_value("string", data, 60),
    "result": decode_result,
}
GOOD = [bytes.fromhex(text) for text in (APPLICATION_DESCRIBE, SYSTEM_DESCRIBE, *(h for h, _ in HELLOS.values()))]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good message with some bytes changed, and cut."""
    data = bytearray(draw(st.sampled_from(GOOD)))
    for at, value in draw(st.lists(st.tuples(st.integers(0, len(data) - 1), st.integers(0, 255)), max_size=3)):
        data[at] = value
    return bytes(data[: draw(st.integers(0, len(data)))])


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@given(data=st.binary(max_size=200) | damaged())
def test_any_bytes_are_read_or_refused(reader: Callable[[bytes], Any], data: bytes) -> None:
    assert outcome(reader, data)


PARSERS: dict[str, Callable[[Message], Any]] = {
    "event": parse_event,
    "subscription": parse_subscription,
    "part": parse_part,
    "name": parse_named,
    "argument": parse_argument,
    "signal": parse_signal,
    "kind": classify,
}
options = st.lists(
    st.tuples(st.sampled_from((4, 11, 12, 14, 15, 23, 258, 2_049)), st.binary(max_size=40)), max_size=6
).map(lambda items: tuple(sorted(items, key=lambda item: item[0])))


@pytest.mark.parametrize("parser", PARSERS.values(), ids=PARSERS)
@given(found=options, payload=st.binary(max_size=40), code=st.integers(1, 31))
def test_any_options_are_read_or_refused(
    parser: Callable[[Message], Any], found: tuple[tuple[int, bytes], ...], payload: bytes, code: int
) -> None:
    assert outcome(parser, Message(1, code, 7, b"", found, payload))


@given(st.binary(max_size=200), st.sampled_from((0, 22, 23, 42, 50, 60, 65_001)) | st.integers(0, 65_535))
def test_streams_can_show_anything(data: bytes, content_format: int) -> None:
    text = stream_text(data, content_format)
    assert (text is None) is (not data)
    assert text is None or text.encode()
