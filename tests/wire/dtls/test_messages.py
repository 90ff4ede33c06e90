"""Handshake messages: what is written is read, and everything else is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.wire.dtls import messages as m
from rookery.wire.dtls.errors import Alert, HandshakeFailed, MalformedMessage
from rookery.wire.dtls.profile import SUITE, VERSION
from tests.wire.dtls import vectors as v

EXTENSION = 254
HELLO = v.HELLO[25:]

READERS: dict[str, Callable[[bytes], Any]] = {
    "client hello": lambda body: m.offer(m.hello_head(body).rest).check(),
    "verify": m.read_hello_verify_request,
    "server hello": lambda body: m.read_server_hello(body, EXTENSION),
    "certificate": m.read_certificate,
    "server key exchange": m.read_server_key_exchange,
    "certificate request": m.check_certificate_request,
    "client key exchange": m.read_client_key_exchange,
    "certificate verify": m.read_certificate_verify,
}

SERVER_HELLO = m.server_hello(m.ServerHello(bytes(32), b"12345678", True), EXTENSION)
VALID: list[tuple[str, bytes]] = [
    ("client hello", HELLO),
    ("client hello", v.HELLO_AGAIN[25:]),
    ("verify", m.hello_verify_request(VERSION, b"cookie")),
    ("server hello", SERVER_HELLO),
    ("certificate", m.certificate(v.CLIENT_PUBLIC)),
    ("server key exchange", m.key_parameters(bytes(65)) + m.signed(b"signature")),
    ("certificate request", m.certificate_request()),
    ("client key exchange", m.client_key_exchange(bytes(65))),
    ("certificate verify", m.signed(b"signature")),
]


class Refused(NamedTuple):
    name: str
    reader: str
    body: bytes
    alert: int


def hello(suites: str = "c0ae", compressions: str = "00", extensions: str | None = None, more: str = "") -> bytes:
    """A hello with these parts in hex; the default extensions are those of boards."""
    ext = bytes.fromhex(extensions) if extensions is not None else HELLO[-45:]
    kinds = bytes.fromhex(suites)
    nulls = bytes.fromhex(compressions)
    return b"".join(
        (
            HELLO[:34],
            b"\0\0",
            len(kinds).to_bytes(2, "big") + kinds,
            bytes((len(nulls),)) + nulls,
            (len(ext) + len(bytes.fromhex(more))).to_bytes(2, "big") + ext + bytes.fromhex(more),
        )
    )


SIGNATURES = "000d 0004 0002 0403"
RAW = "0013 0002 0102 0014 0002 0102"

REFUSED = [
    Refused("other suites only", "client hello", hello(suites="c02bc0ac"), Alert.HANDSHAKE_FAILURE),
    Refused("half a suite", "client hello", hello(suites="c0aec0"), Alert.DECODE_ERROR),
    Refused("compression only", "client hello", hello(compressions="01"), Alert.ILLEGAL_PARAMETER),
    Refused("no extensions", "client hello", hello(extensions=""), Alert.HANDSHAKE_FAILURE),
    Refused("X.509 only", "client hello", hello(extensions=SIGNATURES), Alert.UNSUPPORTED_CERTIFICATE),
    Refused(
        "raw keys for one side only",
        "client hello",
        hello(extensions=SIGNATURES + "0013 0002 0102 0014 0002 0100"),
        Alert.UNSUPPORTED_CERTIFICATE,
    ),
    Refused("other signatures", "client hello", hello(extensions=RAW + "000d 0004 0002 0401"), Alert.HANDSHAKE_FAILURE),
    Refused(
        "other curves",
        "client hello",
        hello(extensions=SIGNATURES + RAW + "000a 0004 0002 001d"),
        Alert.HANDSHAKE_FAILURE,
    ),
    Refused(
        "compressed points only",
        "client hello",
        hello(extensions=SIGNATURES + RAW + "000b 0002 0101"),
        Alert.ILLEGAL_PARAMETER,
    ),
    Refused("an extension twice", "client hello", hello(more="000b 0002 0100"), Alert.ILLEGAL_PARAMETER),
    Refused("a renegotiation", "client hello", hello(more="ff01 0003 02aabb"), Alert.HANDSHAKE_FAILURE),
    Refused("an extension that is too long", "client hello", hello(more="4444 0003 02"), Alert.DECODE_ERROR),
    Refused("a session of 33 bytes", "client hello", HELLO[:34] + b"\x21" + bytes(80), Alert.DECODE_ERROR),
    Refused("DTLS 1.0", "server hello", b"\xfe\xff" + SERVER_HELLO[2:], Alert.PROTOCOL_VERSION),
    Refused("another suite", "server hello", SERVER_HELLO.replace(b"\xc0\xae", b"\xc0\xac"), Alert.ILLEGAL_PARAMETER),
    Refused("no raw keys", "server hello", SERVER_HELLO[:38], Alert.UNSUPPORTED_CERTIFICATE),
    Refused("no key", "certificate", b"\0\0\0", Alert.HANDSHAKE_FAILURE),
    Refused("an explicit curve", "server key exchange", b"\1" + bytes(80), Alert.ILLEGAL_PARAMETER),
    Refused("another curve", "server key exchange", b"\3\0\x1d" + bytes(80), Alert.ILLEGAL_PARAMETER),
    Refused("RSA wanted", "certificate request", bytes.fromhex("0101 0002 0403 0000"), Alert.HANDSHAKE_FAILURE),
    Refused("SHA-1", "certificate verify", bytes.fromhex("0203 0001 00"), Alert.ILLEGAL_PARAMETER),
]


@pytest.mark.parametrize(("reader", "body"), VALID)
def test_valid_is_read_and_nothing_shorter_or_longer(reader: str, body: bytes) -> None:
    READERS[reader](body)
    for size in range(len(body)):
        with pytest.raises(HandshakeFailed):
            READERS[reader](body[:size])
    with pytest.raises(MalformedMessage):
        READERS[reader](body + b"\0")


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case.reader}, {case.name}")
def test_refused_with_the_alert_of_the_standard(case: Refused) -> None:
    with pytest.raises(HandshakeFailed) as caught:
        READERS[case.reader](case.body)
    assert caught.value.alert == case.alert


@pytest.mark.parametrize("reader", READERS)
@given(data=st.data())
def test_any_bytes_are_read_or_refused_by_name(reader: str, data: st.DataObject) -> None:
    valid = [body for name, body in VALID if name == reader]
    body = bytearray(data.draw(st.sampled_from(valid) | st.binary(max_size=200)))
    for at, byte in data.draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=4)):
        if at < len(body):
            body[at] = byte
    refusal: HandshakeFailed | None = None
    try:
        READERS[reader](bytes(body))
    except HandshakeFailed as error:
        refusal = error
    assert refusal is None or (refusal.reason and refusal.alert is not None)


def test_the_hello_of_a_board_is_understood() -> None:
    head = m.hello_head(v.HELLO_AGAIN[25:])
    offer = m.offer(head.rest)
    assert (head.version, head.session_id, head.cookie) == (VERSION, b"", v.COOKIE)
    assert SUITE in offer.suites
    assert offer.secure_renegotiation
    assert offer.extensions[EXTENSION] == b"\0"


def test_a_cookie_is_no_part_of_what_it_is_bound_to() -> None:
    assert m.hello_head(v.HELLO[25:]).bound == m.hello_head(v.HELLO_AGAIN[25:]).bound


@given(st.binary(min_size=32, max_size=32), st.none() | st.binary(max_size=20), st.booleans())
def test_server_hello_both_ways(random: bytes, connection_id: bytes | None, renegotiation: bool) -> None:
    hello = m.ServerHello(random, connection_id, renegotiation)
    assert m.read_server_hello(m.server_hello(hello, EXTENSION), EXTENSION) == hello


@given(st.binary(max_size=80), st.binary(max_size=80))
def test_keys_and_signatures_both_ways(public: bytes, signature: bytes) -> None:
    exchange = m.key_parameters(public) + m.signed(signature)
    assert m.read_server_key_exchange(exchange) == (public, signature)
    assert m.read_certificate_verify(m.signed(signature)) == signature
    assert m.read_client_key_exchange(m.client_key_exchange(public)) == public
