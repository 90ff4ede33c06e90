from __future__ import annotations

import json
import math
from typing import Any

import pytest
from cbor2 import CBORTag, dumps, undefined
from hypothesis import given
from hypothesis import strategies as st

from rookery.particle.device.errors import LimitError, MessageError
from rookery.particle.device.events import (
    MAX_DATA,
    Event,
    Subscription,
    board_event_request,
    event_request,
    is_reserved,
    parse_event,
    parse_subscription,
    stream_text,
    subscription_request,
)
from rookery.particle.device.requests import Kind, Request, classify
from rookery.particle.platforms import GEN3, OLDEST
from rookery.wire.coap.decode import decode
from rookery.wire.coap.encode import encode
from rookery.wire.coap.message import Message
from tests.particle.device.cases import FROM_BOARDS, SUBSCRIPTIONS, TO_BOARDS


def message(request: Request) -> Message:
    """As it comes out at the other end."""
    return decode(encode(Message(1, request.code, 7, b"", request.options, request.payload)))


def event_options(*options: tuple[int, bytes], data: bytes = b"") -> Message:
    return Message(1, 2, 7, b"", ((11, b"E"), *options), data)


def same_as(original: str, request: Request) -> bool:
    """Whether the request is these bytes, but for the header and the token."""
    known = decode(bytes.fromhex(original))
    return encode(Message(known.kind, request.code, known.message_id, known.token, *request[1:])).hex() == original


@pytest.mark.parametrize(("original", "event"), FROM_BOARDS.values(), ids=FROM_BOARDS)
def test_events_of_boards_are_read_and_written(original: str, event: Event) -> None:
    known = decode(bytes.fromhex(original))
    assert classify(known) is Kind.EVENT
    assert parse_event(known) == event
    assert same_as(original, board_event_request(event, 500))


@pytest.mark.parametrize(("original", "event", "ours"), TO_BOARDS.values(), ids=TO_BOARDS)
def test_events_to_boards_are_read_and_written(original: str, event: Event, ours: bool) -> None:
    assert parse_event(decode(bytes.fromhex(original))) == event
    assert same_as(original, event_request(event, OLDEST, 500)) is ours


@pytest.mark.parametrize(("original", "subscription"), SUBSCRIPTIONS.values(), ids=SUBSCRIPTIONS)
def test_subscriptions_are_read_and_written(original: str, subscription: Subscription) -> None:
    known = decode(bytes.fromhex(original))
    assert classify(known) is Kind.SUBSCRIPTION
    assert parse_subscription(known) == subscription
    assert same_as(original, subscription_request(subscription))


def test_the_options_to_a_board_of_each_age() -> None:
    picture = Event("a/b", b"\x89PNG", 23, 300)
    assert event_request(picture, GEN3, 6_200).options == (
        (11, b"E"),
        (11, b"a"),
        (11, b"b"),
        (12, b"\x17"),
        (14, b"\x01\x2c"),
    )
    assert event_request(picture, GEN3, 6_100).options == ((11, b"E"), (11, b"a"), (11, b"b"), (14, b"\x01\x2c"))
    assert event_request(picture, GEN3, 5_900).options[-1] == (14, b"\x00\x01\x2c")
    assert event_request(Event("a"), GEN3, 6_200).options == ((11, b"E"), (11, b"a"))
    assert event_request(Event("a", ttl=2**40), GEN3, 500).options[-1] == (14, b"\xff\xff\xff")


def test_a_slash_at_the_beginning_of_a_name_is_not_lost() -> None:
    assert event_request(Event("/a/b"), GEN3, 6_200).options == ((11, b"E"), (11, b"/a/b"))


@pytest.mark.parametrize(
    ("name", "data"), [("", b""), ("n" * 64, b""), ("ä" * 32, b""), ("a\nb", b""), ("a", bytes(256))]
)
def test_what_an_old_board_cannot_take_is_not_sent(name: str, data: bytes) -> None:
    with pytest.raises(LimitError):
        event_request(Event(name, data), OLDEST, 500)


def test_the_longest_that_a_new_board_takes_is_sent() -> None:
    event = Event("n" * 64, bytes(1_024), 42)
    assert parse_event(message(event_request(event, GEN3, 6_200))) == event


@pytest.mark.parametrize(
    "bad",
    [
        event_options(),
        event_options((11, b"")),
        event_options((11, b"n" * 65)),
        event_options((11, b"n" * 32), (11, b"n" * 32)),
        event_options((11, b"\xff")),
        event_options((11, b"a\ndata: forged")),
        event_options((11, "a\u2028b".encode())),
        event_options((11, b"a"), (12, b"123")),
        event_options((11, b"a"), (14, b"12345")),
        event_options((11, b"a"), data=bytes(MAX_DATA + 1)),
    ],
)
def test_events_that_are_none_are_refused(bad: Message) -> None:
    with pytest.raises(MessageError):
        parse_event(bad)


@pytest.mark.parametrize("payload", [b"12", b"g" * 24, b"\xff" * 24])
def test_a_subscription_to_no_device_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        parse_subscription(Message(1, 1, 7, b"", ((11, b"e"),), payload))


def test_only_everything_of_everybody_is_a_firehose() -> None:
    assert Subscription().firehose
    assert not Subscription("a").firehose
    assert not Subscription(mine=True).firehose
    assert not Subscription(device_id="0" * 24).firehose


def test_a_subscription_hears_what_begins_like_it() -> None:
    assert Subscription("motion/").hears("motion/open")
    assert not Subscription("motion/").hears("Motion/open")
    assert Subscription().hears("anything")


TEXT = Event("a", b"x")
PICTURE = Event("a", b"x", 23)
STRUCTURE = Event("a", dumps({"t": 1}), 65_001, 90, False)


@pytest.mark.parametrize(
    ("subscription", "event", "form"),
    [
        (Subscription(), TEXT, TEXT),
        (Subscription(), PICTURE, None),
        (Subscription(), STRUCTURE, Event("a", b'{"t":1}', 0, 90, False)),
        (Subscription(binary=True), PICTURE, PICTURE),
        (Subscription(binary=True), STRUCTURE, Event("a", b'{"t":1}', 0, 90, False)),
        (Subscription(cbor=True), STRUCTURE, Event("a", STRUCTURE.data, 60, 90, False)),
        (Subscription(cbor=True), TEXT, None),
    ],
)
def test_a_handler_gets_data_in_the_form_that_it_takes(
    subscription: Subscription, event: Event, form: Event | None
) -> None:
    assert subscription.form(event) == form


@pytest.mark.parametrize(
    ("name", "reserved"),
    [("spark/x", True), ("Particle", True), ("SPARKLING", True), ("sparc", False), ("my/particle", False)],
)
def test_names_of_the_cloud(name: str, reserved: bool) -> None:
    assert is_reserved(name) is reserved


BUFFER = {"_type": "buffer", "_data": "AAE="}


@pytest.mark.parametrize(
    ("data", "content_format", "text"),
    [
        (b"", 0, None),
        (b"21.5", 0, "21.5"),
        (b"a\xff", 0, "a\ufffd"),
        (b"{}", 50, "{}"),
        (b"\0\1", 42, "data:application/octet-stream;base64,AAE="),
        (b"\0\1", 22, "data:image/jpeg;base64,AAE="),
        (b"\0\1", 23, "data:image/png;base64,AAE="),
        (b"\0\1", 999, "data:application/octet-stream;base64,AAE="),
        (dumps({"ä": [1, 2.5, True, None, b"\0\1"]}), 65_001, json.dumps({"ä": [1, 2.5, True, None, BUFFER]})),
        (dumps({1: math.inf, "u": undefined}), 60, json.dumps({"1": None, "u": None})),
        (b"\x81", 60, "data:application/octet-stream;base64,gQ=="),
        (dumps(CBORTag(1, 0)), 60, "data:application/octet-stream;base64,wQA="),
        (dumps(CBORTag(2, b"\xff" * 8)), 60, "data:application/octet-stream;base64,wkj//////////w=="),
        (dumps({b"x": 1}), 60, "data:application/octet-stream;base64,oUF4AQ=="),
        (b"\x81" * 1_000, 60, "data:application/octet-stream;base64," + "gYGB" * 333 + "gQ=="),
    ],
)
def test_data_as_streams_show_it(data: bytes, content_format: int, text: str | None) -> None:
    found = stream_text(data, content_format)
    if text is not None and text.startswith("{"):
        assert found is not None
        assert json.loads(found) == json.loads(text)
    else:
        assert found == text


names = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=16)
events = st.builds(
    Event,
    names,
    st.binary(max_size=40),
    st.sampled_from((0, 22, 42, 60, 65_001)),
    st.integers(0, 0xFFFFFF),
    st.booleans(),
)


@given(events)
def test_what_is_written_is_read_again(event: Event) -> None:
    assert parse_event(message(board_event_request(event, 6_200))) == event
    assert parse_event(message(event_request(event, GEN3, 6_200))) == event


@given(st.builds(Subscription, st.just("") | names, st.booleans(), st.booleans(), st.booleans()))
def test_subscriptions_are_read_again(subscription: Subscription) -> None:
    assert parse_subscription(message(subscription_request(subscription))) == subscription


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_whatever_json_can_say_comes_through(value: Any) -> None:
    found = stream_text(dumps(value), 65_001)
    assert found is not None
    assert json.loads(found) == value
