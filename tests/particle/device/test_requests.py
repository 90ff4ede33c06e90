from __future__ import annotations

import pytest

from rookery.particle.device.errors import LimitError, MessageError
from rookery.particle.device.goodbye import Goodbye, decode_goodbye, encode_goodbye
from rookery.particle.device.requests import (
    KINDS,
    Kind,
    Request,
    classify,
    describe_post,
    function_request,
    goodbye_request,
    parse_argument,
    parse_named,
    parse_part,
    parse_signal,
    signal_request,
    time_payload,
    variable_request,
)
from rookery.particle.platforms import GEN2, GEN3, OLDEST, Limits
from rookery.wire.coap.decode import decode
from rookery.wire.coap.encode import encode
from rookery.wire.coap.message import Message
from tests.particle.device.cases import REQUESTS


def message(request: Request) -> Message:
    return decode(encode(Message(0, request.code, 7, b"\1", request.options, request.payload)))


@pytest.mark.parametrize(("original", "request_", "kind"), REQUESTS.values(), ids=REQUESTS)
def test_requests_are_written_byte_by_byte_and_recognised(original: str, request_: Request, kind: Kind) -> None:
    known = decode(bytes.fromhex(original))
    assert encode(Message(known.kind, request_.code, known.message_id, known.token, *request_[1:])).hex() == original
    assert classify(known) is kind


def test_nothing_else_is_recognised() -> None:
    assert classify(Message(0, 4, 7, b"", ((11, b"h"),))) is Kind.UNKNOWN
    assert classify(Message(0, 1, 7, b"", ((11, b"hh"),))) is Kind.UNKNOWN
    assert classify(Message(0, 1, 7)) is Kind.UNKNOWN
    assert set(KINDS.values()) == set(Kind) - {Kind.UNKNOWN}


def test_the_answer_to_a_time_request() -> None:
    assert time_payload(1_398_367_917.9).hex() == "535966ad"
    assert time_payload(-1).hex() == "00000000"
    assert time_payload(2**40).hex() == "ffffffff"


@pytest.mark.parametrize(("limits", "most"), [(OLDEST, 63), (GEN2, 864), (GEN3, 1_024)])
def test_an_argument_is_as_long_as_the_board_takes(limits: Limits, most: int) -> None:
    assert parse_argument(message(function_request("f", "a" * most, limits))) == "a" * most
    with pytest.raises(LimitError, match=str(most)):
        function_request("f", "a" * (most + 1), limits)


@pytest.mark.parametrize("name", ["", "n" * 65, "ä" * 33])
def test_names_that_no_board_has(name: str) -> None:
    with pytest.raises(LimitError):
        variable_request(name)
    with pytest.raises(LimitError):
        function_request(name, "")


def test_what_the_board_reads_of_it() -> None:
    call = message(function_request("brew", "ä"))
    assert (parse_named(call), parse_argument(call)) == ("brew", "ä")
    assert parse_named(message(variable_request("n" * 64))) == "n" * 64
    assert parse_signal(message(signal_request(True)))
    assert not parse_signal(message(signal_request(False)))
    assert parse_part(message(describe_post(2, b"{}"))) == 2
    assert parse_part(Message(0, 1, 7, b"", ((11, b"d"),))) == 3
    goodbye = Goodbye(cloud="sleep", sleep=9)
    assert decode_goodbye(message(goodbye_request(encode_goodbye(goodbye))).payload) == goodbye


@pytest.mark.parametrize("query", [b"", b"\x00", b"\x08", b"\x01\x01"])
def test_a_description_of_no_known_part_is_refused(query: bytes) -> None:
    with pytest.raises(MessageError):
        parse_part(Message(0, 2, 7, b"", ((11, b"d"), (15, query))))


def test_a_board_refuses_what_is_not_said() -> None:
    for path in (((11, b"v"),), ((11, b"v"), (11, b"")), ((11, b"v"), (11, b"n" * 65)), ((11, b"v"),) * 3):
        with pytest.raises(MessageError):
            parse_named(Message(0, 1, 7, b"", path))
    with pytest.raises(MessageError):
        parse_signal(Message(0, 3, 7, b"", ((11, b"s"),)))
