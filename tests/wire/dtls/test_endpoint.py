"""A server and its clients: who says what, and what the other side must see."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from rookery.wire.dtls.client import ClientConnection, Phase
from rookery.wire.dtls.errors import Alert, NoAnswer, PeerAlert, ProofFailed
from rookery.wire.dtls.keys import SigningKey
from rookery.wire.dtls.messages import CLIENT_HELLO
from rookery.wire.dtls.profile import Limits, Profile
from rookery.wire.dtls.records import ALERT, HANDSHAKE, PlainWriter, cut
from tests.wire.dtls.world import (
    AWAY,
    BOARD,
    HOME,
    STRANGER,
    Server,
    client,
    exchange,
    flight_5,
    hello_with_cookie,
    opened,
    scalar_key,
)

NAME = b"board-000001"


# Handshakes


@pytest.mark.parametrize("offers_id", [True, False], ids=["identifier", "before identifiers"])
def test_handshake_and_data_both_ways(offers_id: bool) -> None:
    server, connection = Server(), client(offers_id=offers_id)
    session = opened(server, connection)
    assert (session.public_key, session.who, session.address) == (BOARD.public, "somebody", HOME)
    assert len(session.read_id) == (8 if offers_id else 0)
    assert server.endpoint.send(session, b"to the board")
    connection.send(b"to the server")
    assert exchange(server, connection) == [b"to the board"]
    assert server.messages == [NAME, b"to the server"]
    assert server.heard == ["opened"]


@pytest.mark.parametrize("size", [140, 200, 300])
def test_handshake_in_small_datagrams(size: int) -> None:
    limits = Limits(datagram=size)
    server, connection = Server(limits=limits), client(limits=limits)
    connection.start(0.0)
    exchange(server, connection)
    assert connection.phase is Phase.OPEN
    assert server.heard == ["opened"]


def test_handshake_with_a_server_certificate() -> None:
    profile = Profile(server_certificate=True)
    server, connection = Server(profile=profile), client(profile=profile)
    opened(server, connection)
    assert server.messages == [NAME]


def test_a_client_of_the_profile_does_not_take_a_certificate() -> None:
    server, connection = Server(profile=Profile(server_certificate=True)), client()
    with pytest.raises(Exception, match="message 11 instead of 12"):
        opened(server, connection)
    exchange_rest(server, connection)
    assert isinstance(server.heard[-1], PeerAlert)
    assert server.heard[-1].description == Alert.UNEXPECTED_MESSAGE


def exchange_rest(server: Server, connection: ClientConnection) -> None:
    """What the client said last, after it gave up."""
    for datagram in connection.output:
        server.endpoint.datagram(HOME, datagram, 0.0)
    connection.output.clear()


def test_flight_5_in_any_order_and_in_pieces() -> None:
    server, connection = Server(), client()
    flight = flight_5(server, connection)
    parts: list[bytes] = []
    at = 0
    for record in cut(flight, Profile(), 16):
        size = 13 + len(record.body) + len(record.connection_id or b"")
        parts.append(flight[at : at + size])
        at += size
    assert len(parts) == 5
    for part in reversed(parts):
        assert server.heard == []
        server.endpoint.datagram(HOME, part, 0.0)
    assert server.heard == ["opened"]
    exchange(server, connection)
    assert connection.phase is Phase.OPEN


def test_a_key_that_is_not_known_is_refused_after_it_was_proven() -> None:
    server, connection = Server(), client(key=STRANGER)
    connection.start(0.0)
    with pytest.raises(PeerAlert) as caught:
        exchange(server, connection)
    assert caught.value.description == Alert.ACCESS_DENIED
    assert server.endpoint.sessions == server.endpoint.handshakes == 0
    assert server.endpoint.counters.failed == 1


class Borrowed(SigningKey):
    """Shows a public key without having the private one."""

    def __init__(self, shown: bytes) -> None:
        super().__init__(scalar_key(77)._key)
        self.public = shown


def test_showing_a_foreign_key_proves_nothing() -> None:
    server, connection = Server(), client(key=Borrowed(BOARD.public))
    connection.start(0.0)
    with pytest.raises(PeerAlert) as caught:
        exchange(server, connection)
    assert caught.value.description == Alert.DECRYPT_ERROR
    assert isinstance(server.heard[-1], ProofFailed)
    assert server.endpoint.sessions == 0


@pytest.mark.parametrize(
    ("shown", "alert"),
    [
        (bytes(91), Alert.UNSUPPORTED_CERTIFICATE),
        (BOARD.public[:27] + bytes(63) + b"\1", Alert.BAD_CERTIFICATE),
        (b"", Alert.HANDSHAKE_FAILURE),
    ],
    ids=["no key", "not on the curve", "nothing"],
)
def test_keys_that_are_none(shown: bytes, alert: int) -> None:
    server, connection = Server(), client(key=Borrowed(shown))
    connection.start(0.0)
    with pytest.raises(PeerAlert) as caught:
        exchange(server, connection)
    assert caught.value.description == alert


def test_a_server_with_another_key_is_not_believed() -> None:
    server, connection = Server(key=scalar_key(9)), client()
    connection.start(0.0)
    with pytest.raises(ProofFailed):
        exchange(server, connection)
    assert connection.phase is Phase.CLOSED
    exchange_rest(server, connection)
    assert server.heard[-1].description == Alert.DECRYPT_ERROR
    assert server.endpoint.handshakes == 0


def test_a_client_with_nothing_in_common_is_told_and_forgotten() -> None:
    server, connection = Server(), client()
    hello = bytearray(hello_with_cookie(server, connection))
    at = bytes(hello).index(b"\xc0\xae")
    hello[at : at + 2] = b"\xc0\xac"
    server.endpoint.datagram(HOME, bytes(hello), 0.0)
    ((_, verify),) = server.take()
    assert verify[13] == 3, "the cookie is for another hello"
    cookie = verify[-16:]
    at = 13 + 12 + 2 + 32 + 1 + 1
    server.endpoint.datagram(HOME, bytes(hello[:at]) + cookie + bytes(hello[at + 16 :]), 0.0)
    ((_, alert),) = server.take()
    assert (alert[0], alert[13:]) == (ALERT, bytes((2, Alert.HANDSHAKE_FAILURE)))
    assert server.endpoint.handshakes == 0


def test_a_changed_handshake_is_noticed() -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    hello = connection.output.pop()
    # Somebody in between takes the weaker offers away; both ends sign what they saw.
    server.endpoint.datagram(HOME, hello, 0.0)
    ((_, verify),) = server.take()
    connection.feed(verify, 0.0)
    third = connection.output.pop().replace(b"\x04\x03\x04\x01\x03\x03\x03\x01", b"\x04\x03\x04\x01\x03\x03\x02\x01")
    cookie_at = 13 + 12 + 2 + 32 + 1 + 1
    server.endpoint.datagram(HOME, third, 0.0)
    ((_, verify),) = server.take()
    third = third[:cookie_at] + verify[-16:] + third[cookie_at + 16 :]
    server.endpoint.datagram(HOME, third, 0.0)
    for _, datagram in server.take():
        connection.feed(datagram, 0.0)
    server.endpoint.datagram(HOME, connection.output.pop(), 0.0)
    assert isinstance(server.heard[-1], ProofFailed)


# Cookies


def test_nothing_is_kept_of_a_hello_without_a_cookie() -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    (hello,) = connection.output
    server.endpoint.datagram(HOME, hello, 0.0)
    ((_, verify),) = server.take()
    assert len(verify) < len(hello), "nobody can be flooded with it"
    assert server.endpoint.handshakes == 0
    assert server.endpoint.deadline is None


def held() -> int:
    """Bytes that the machines hold and that were allocated since tracing began."""
    ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, "*/wire/dtls/*")])
    return sum(trace.size for trace in ours.traces)


def test_a_flood_of_hellos_leaves_no_trace() -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    (hello,) = connection.output

    def flood(first: int, count: int) -> None:
        for n in range(first, first + count):
            server.endpoint.datagram((f"203.0.113.{n % 256}", n), hello[:40] + n.to_bytes(4, "big") + hello[44:], 0.0)
            server.sent.clear()

    flood(0, 200)
    tracemalloc.start()
    try:
        before = held()
        flood(200, 2000)
        after = held()
    finally:
        tracemalloc.stop()
    assert (after - before) / 2000 < 20, "bytes a hello: less than any entry in any table"
    assert server.endpoint.counters.cookies == 2200
    assert server.endpoint.handshakes == 0


@pytest.mark.parametrize(
    ("address", "now", "good"),
    [(HOME, 0.0, True), (HOME, 119.9, True), (HOME, 120.0, False), (AWAY, 0.0, False), ((HOME[0], 1), 0.0, False)],
    ids=["there", "a minute later", "too late", "elsewhere", "another port"],
)
def test_what_a_cookie_is_good_for(address: Any, now: float, good: bool) -> None:
    server, connection = Server(), client()
    hello = hello_with_cookie(server, connection)
    server.endpoint.datagram(address, hello, now)
    assert server.endpoint.handshakes == good
    kinds = [datagram[13] for _, datagram in server.take()]
    assert kinds == ([2] if good else [3])


def test_a_cookie_of_another_process_is_answered_with_a_new_one() -> None:
    before, after, connection = Server(1), Server(2), client()
    hello = hello_with_cookie(before, connection)
    after.endpoint.datagram(HOME, hello, 0.0)
    for _, datagram in after.take():
        connection.feed(datagram, 0.0)
    exchange(after, connection)
    assert connection.phase is Phase.OPEN


def test_many_hellos_in_a_datagram_draw_one_answer() -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    (hello,) = connection.output
    server.endpoint.datagram(HOME, hello * 10, 0.0)
    body = hello[13:] * 10
    server.endpoint.datagram(HOME, PlainWriter().record(HANDSHAKE, body), 0.0)
    assert len(server.take()) == 2


def test_a_hello_in_pieces_is_dropped() -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    body = connection.output[0][25:]
    piece = bytes((CLIENT_HELLO,)) + len(body).to_bytes(3, "big") + bytes(5) + b"\0\0\x10" + body[:16]
    server.endpoint.datagram(HOME, PlainWriter().record(HANDSHAKE, piece), 0.0)
    assert server.take() == []
    assert server.endpoint.counters.malformed == 1


# Flights that are lost


def test_a_repeated_hello_is_answered_with_the_same_flight_some_times() -> None:
    server, connection = Server(limits=Limits(repeats=2)), client()
    hello = hello_with_cookie(server, connection)
    flights = []
    for _ in range(5):
        server.endpoint.datagram(HOME, hello, 1.0)
        flights.append(server.take())
    first, again = flights[0][0][1], flights[1][0][1]
    assert [len(flight) for flight in flights] == [1, 1, 1, 0, 0]
    assert [record.body for record in cut(first, Profile(), 9)] == [record.body for record in cut(again, Profile(), 9)]
    assert server.endpoint.counters.handshakes == 1


def test_a_silent_client_hears_the_flight_again_and_is_given_up() -> None:
    server, connection = Server(), client()
    server.endpoint.datagram(HOME, hello_with_cookie(server, connection), 0.0)
    server.take()
    times: list[float] = []
    repeated = 0
    while (deadline := server.endpoint.deadline) is not None:
        times.append(deadline)
        server.endpoint.timeout(deadline - 0.1)
        assert server.take() == []
        server.endpoint.timeout(deadline)
        repeated += len(server.take())
    assert times == [3.0, 9.0, 21.0, 45.0]
    assert repeated == 3
    assert isinstance(server.heard[-1], NoAnswer)
    assert server.endpoint.handshakes == 0


def test_a_silent_server_is_asked_again_and_given_up() -> None:
    connection = client()
    connection.start(0.0)
    for expected in (3.0, 9.0, 21.0):
        assert connection.deadline == expected
        connection.timeout(expected)
    with pytest.raises(NoAnswer):
        connection.timeout(45.0)
    assert connection.phase is Phase.CLOSED
    assert len(connection.output) == 4


def test_when_flight_5_is_lost_flight_4_brings_it_back() -> None:
    server, connection = Server(), client()
    flight_5(server, connection)
    server.endpoint.timeout(3.0)
    exchange(server, connection)
    assert connection.phase is Phase.OPEN


def test_when_flight_6_is_lost_flight_5_brings_it_back() -> None:
    server, connection = Server(), client()
    server.endpoint.datagram(HOME, flight_5(server, connection), 0.0)
    server.take()
    assert server.heard == ["opened"]
    connection.timeout(3.0)
    exchange(server, connection)
    assert connection.phase is Phase.OPEN
    assert server.heard == ["opened"]
    connection.send(NAME)
    exchange(server, connection)
    assert server.messages == [NAME]
    assert server.sessions[0].final is None, "nothing is kept for a client that has gone on"


def test_a_late_copy_of_the_hello_does_not_take_the_repeated_flight() -> None:
    server, connection = Server(), client()
    hello = hello_with_cookie(server, connection)
    server.endpoint.datagram(HOME, hello, 0.0)
    for _, datagram in server.take():
        connection.feed(datagram, 0.0)
    server.endpoint.datagram(HOME, connection.output.pop(), 0.0)
    assert server.heard == ["opened"]
    server.take()
    server.endpoint.datagram(HOME, hello, 1.0)
    connection.timeout(3.0)
    exchange(server, connection)
    assert connection.phase is Phase.OPEN
    assert server.endpoint.handshakes == 0


def test_an_old_hello_does_not_disturb_the_session() -> None:
    server, connection = Server(), client()
    hello = hello_with_cookie(server, connection)
    server.endpoint.datagram(HOME, hello, 0.0)
    exchange(server, connection)
    server.endpoint.datagram(HOME, hello, 1.0)
    connection.send(NAME)
    exchange(server, connection)
    assert server.messages == [NAME]
    while (deadline := server.endpoint.deadline) is not None:
        server.endpoint.timeout(deadline)
    assert server.endpoint.sessions == 1
    assert server.endpoint.handshakes == 0
