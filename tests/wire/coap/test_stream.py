"""One endpoint on a stream that frames and orders messages: what is left out, and what stays."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.wire.coap.errors import MalformedMessage, MessageTooLarge
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Code
from rookery.wire.coap.parameters import Limits, Quirks
from tests.wire.coap.world import World

BYTE = Quirks(token_bytes=1)
BOARD = Quirks(no_resets=True, foreign_ack_ids=True, token_bytes=1, separate_after=None)

GET_R = "4101 0007 aa b172"


def stream(**options: Any) -> World:
    return World(reliable=True, quirks=BOARD, **options)


def test_on_a_stream_nothing_is_repeated_nor_remembered() -> None:
    w = stream(answer=True)
    w.send(context="c", timeout=20.0)
    w.take()
    assert w.until(1_100) == []
    assert w.hears() == [("c", Failure.TIMEOUT)]
    assert w.feed(GET_R) == ["60000007"]
    assert w.feed(GET_R) == ["60000007"]
    assert len(w.hears()) == 2


def test_on_a_stream_several_requests_are_on_their_way() -> None:
    w = stream()
    w.send(context="a")
    w.send(context="b")
    assert w.take() == ["4101010001b172", "4101010102b172"]
    w.feed("6000 0100")
    w.feed("5145 0900 02 ff32")
    assert w.feed("4145 0901 01 ff31") == ["60000901"]
    assert w.hears() == [("b", 69, b"2"), ("a", 69, b"1")]


def test_acknowledgements_with_identifiers_of_their_own() -> None:
    w = stream()
    w.send(3, context="signal")
    w.machine.ping(w.now, timeout=10, context="ping")
    w.take()
    w.feed("6144 5555 01")
    w.feed("6000 5556")
    w.feed("6000 5557")
    assert w.hears() == [("signal", 68, b""), ("ping", "acknowledged")]


def test_without_that_quirk_they_mean_nothing() -> None:
    w = World(reliable=True, quirks=BYTE)
    w.send(3, context="signal")
    w.machine.ping(w.now, timeout=10, context="ping")
    w.feed("6144 5555 01")
    w.feed("6000 5556")
    assert w.hears() == []


def test_a_stream_with_bytes_that_are_no_message_is_lost() -> None:
    w = stream()
    with pytest.raises(MalformedMessage):
        w.feed("4020 0102")
    with pytest.raises(MessageTooLarge):
        w.feed("00" * 1_501)
    assert w.sent == []


def test_a_stream_has_no_later_so_what_finds_no_room_is_told() -> None:
    w = stream(limits=Limits(open_requests=1))
    w.feed("4001 0001")
    assert w.feed("4101 0002 aa") == ["61a30002aa"]
    assert w.feed("5101 0003 aa") == []
    assert w.machine.dropped == 2


def test_a_slow_answer_on_a_stream_is_not_confirmable() -> None:
    w = World(reliable=True, quirks=BYTE)
    w.feed(GET_R)
    assert w.until(1_002) == [(1_001.0, "60000007")]
    w.machine.respond(w.now, w.tickets[0], Code.CONTENT)
    assert w.take() == ["51450100aa"]
