"""A server and its clients: who says what, and what the other side must see."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from rookery.wire.dtls.client import ClientConnection, Phase
from rookery.wire.dtls.endpoint import Ended
from rookery.wire.dtls.errors import Alert, LocalError, NoAnswer, PeerAlert, ProofFailed
from rookery.wire.dtls.keys import SigningKey
from rookery.wire.dtls.messages import CLIENT_HELLO
from rookery.wire.dtls.profile import SEQUENCE_RESERVE, Limits, Profile
from rookery.wire.dtls.records import ALERT, APPLICATION_DATA, HANDSHAKE, PlainWriter, cut
from rookery.wire.dtls.session import Session
from tests.wire.dtls.world import (
    AWAY,
    BOARD,
    HOME,
    STRANGER,
    Server,
    client,
    exchange,
    opened,
    scalar_key,
)

NAME = b"board-000001"


def hello_with_cookie(server: Server, connection: ClientConnection, now: float = 0.0) -> bytes:
    """Carry flights 1 and 2; returns flight 3."""
    connection.start(now)
    server.endpoint.datagram(HOME, connection.output.pop(), now)
    ((_, verify),) = server.take()
    connection.feed(verify, now)
    return connection.output.pop()


def flight_5(server: Server, connection: ClientConnection) -> bytes:
    """Carry flights 1 to 4; returns flight 5."""
    server.endpoint.datagram(HOME, hello_with_cookie(server, connection), 0.0)
    for _, datagram in server.take():
        connection.feed(datagram, 0.0)
    return connection.output.pop()


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


# Sessions that move, and sessions that are kept


def test_a_session_moves_with_its_newest_record_only() -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    connection.send(b"one")
    connection.send(b"two")
    one, two = connection.output
    connection.output.clear()
    server.endpoint.datagram(AWAY, two, 0.0)
    assert session.address == AWAY
    server.endpoint.datagram(HOME, one, 0.0)
    assert session.address == AWAY, "late, and no sign of where the board is"
    server.endpoint.datagram(("203.0.113.5", 1), two, 0.0)
    assert session.address == AWAY, "a replay moves nothing"
    assert server.messages == [NAME, b"two", b"one"]
    assert server.heard == ["opened", ("moved", HOME, AWAY)]
    assert server.endpoint.counters.replayed == 1
    assert server.endpoint.send(session, b"there")
    assert server.take()[0][0] == AWAY


def resumed(connection: ClientConnection, **how: Any) -> ClientConnection:
    """The board after a sleep: same session, nothing else."""
    assert connection.session is not None
    again = client(seed=99)
    again.resume(Session.load(connection.session.dump(), Profile(), reserve=0), **how)
    return again


@pytest.mark.parametrize(
    ("offers_id", "how", "first"),
    [(True, {"mark": 253}, 253), (True, {}, 25), (False, {"name": NAME}, 254)],
    ids=["today", "in between", "before identifiers"],
)
@pytest.mark.parametrize("restart", [False, True], ids=["same server", "server restarted"])
def test_a_board_comes_back_without_a_handshake(
    offers_id: bool, how: dict[str, Any], first: int, restart: bool
) -> None:
    server, connection = Server(), client(offers_id=offers_id)
    session = opened(server, connection)
    if restart:
        kept = Session.load(session.dump(), Profile())
        server = Server(5)
        server.endpoint.adopt(kept, HOME)
        session = kept
    again = resumed(connection, **how)
    again.send(b"ping")
    assert again.output[0][0] == first
    exchange(server, again, AWAY)
    assert server.messages[-1] == b"ping"
    assert session.address == AWAY
    assert server.endpoint.send(session, b"pong")
    assert exchange(server, again, AWAY) == [b"pong"]
    again.send(b"as ever")
    assert again.output[0][0] == (25 if offers_id else 23)
    exchange(server, again, AWAY)
    assert server.messages[-1] == b"as ever"
    assert server.endpoint.counters.handshakes == (0 if restart else 1)


def test_a_restarted_server_speaks_first_with_fresh_numbers() -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    kept = Session.load(session.dump(), Profile())
    assert server.endpoint.send(session, b"after the dump")
    exchange(server, connection)
    after = Server(5)
    after.endpoint.adopt(kept, HOME)
    assert kept.write_sequence > SEQUENCE_RESERVE
    assert after.endpoint.send(kept, b"after the restart")
    assert exchange(after, connection) == [b"after the restart"]


@pytest.mark.parametrize("offers_id", [True, False], ids=["identifier", "name"])
def test_a_session_is_fetched_when_its_board_is_heard(offers_id: bool) -> None:
    server, connection = Server(), client(offers_id=offers_id)
    session = opened(server, connection)
    again = resumed(connection, **({} if offers_id else {"name": NAME}))
    after = Server(5)
    after.kept[session.read_id or NAME] = Session.load(session.dump(), Profile())
    again.send(b"ping")
    exchange(after, again, AWAY)
    assert after.messages == [b"ping"]
    assert after.endpoint.counters.resumed == 1
    assert after.endpoint.find(NAME) is after.kept[session.read_id or NAME]


def test_a_forged_record_does_not_fetch_a_session() -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    after = Server(5)
    after.kept[session.read_id] = Session.load(session.dump(), Profile())
    connection.send(b"ping")
    forged = bytearray(connection.output.pop())
    forged[-1] ^= 1
    after.endpoint.datagram(AWAY, bytes(forged), 0.0)
    assert after.endpoint.sessions == 0
    assert after.endpoint.counters.forged == 1


def test_a_session_that_nobody_knows_is_counted_and_not_answered() -> None:
    server, connection = Server(), client()
    opened(server, connection)
    after = Server(5)
    connection.send(b"ping")
    exchange(after, connection)
    assert after.take() == []
    assert after.endpoint.counters.unknown == 1


def test_a_session_without_identifier_is_lost_when_its_address_changes_and_it_has_no_name() -> None:
    server, connection = Server(names=False), client(offers_id=False)
    opened(server, connection)
    connection.send(b"from elsewhere")
    server.endpoint.datagram(AWAY, connection.output.pop(), 0.0)
    assert server.messages == [NAME]
    assert server.endpoint.counters.malformed == 1


def test_two_sessions_with_one_identifier() -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    with pytest.raises(LocalError):
        server.endpoint.adopt(Session.load(session.dump(), Profile()))


def test_an_old_session_that_is_brought_back_does_not_end_the_new_one() -> None:
    server, connection = Server(), client()
    old = opened(server, connection)
    kept = Session.load(old.dump(), Profile())
    connection.send(b"kept by somebody in between")
    record = connection.output.pop()
    new = opened(server, client(seed=8), AWAY)
    server.kept[kept.read_id] = kept
    server.endpoint.datagram(HOME, record, 0.0)
    assert server.endpoint.find(NAME) is new
    assert server.messages == [NAME, NAME]
    assert server.endpoint.counters.unknown == 1
    with pytest.raises(LocalError):
        server.endpoint.adopt(kept)
    server.endpoint.forget(new)
    server.endpoint.adopt(kept)
    assert server.endpoint.find(NAME) is kept


def test_an_address_that_is_taken_is_not_given_to_a_kept_session() -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    other = Server(6)
    there = opened(other, client(seed=3), name=b"board-000002")
    server.endpoint.adopt(Session.load(there.dump(), Profile()), HOME)
    kept = server.endpoint.find(b"board-000002")
    assert kept is not None
    assert kept.address is None
    assert not server.endpoint.send(kept, b"nobody knows where")
    assert session.address == HOME


# Addresses that are given to others


@pytest.mark.parametrize("offers_id", [True, False], ids=["identifier", "before identifiers"])
def test_a_new_handshake_leaves_the_session_at_its_address_until_it_is_finished(offers_id: bool) -> None:
    server, old = Server(), client(offers_id=offers_id)
    session = opened(server, old)
    new = client(seed=8, offers_id=offers_id)
    flight = flight_5(server, new)
    old.send(b"still here")
    exchange(server, old)
    assert server.messages[-1] == b"still here"
    server.endpoint.datagram(HOME, flight, 0.0)
    exchange(server, new)
    assert new.phase is Phase.OPEN
    assert session.address is None
    assert server.endpoint.sessions == 2, "it may be heard from elsewhere"
    new.send(NAME)
    exchange(server, new)
    assert server.endpoint.sessions == 1
    assert server.heard[-1] is Ended.REPLACED


def test_a_session_that_cannot_be_found_any_more_ends() -> None:
    server = Server(names=False)
    opened(server, client(offers_id=False))
    opened(server, client(seed=8, offers_id=False))
    assert server.heard == ["opened", Ended.UNREACHABLE, "opened"]
    assert server.endpoint.sessions == 1


def test_the_newest_session_of_a_name_wins() -> None:
    server, old, new = Server(), client(), client(seed=8)
    before = opened(server, old)
    after = opened(server, new, AWAY)
    assert server.endpoint.find(NAME) is after
    assert server.heard == ["opened", "opened", Ended.REPLACED]
    assert not server.endpoint.send(before, b"gone")
    with pytest.raises(LocalError):
        server.endpoint.name(before, NAME)


def test_a_session_can_be_renamed() -> None:
    server = Server()
    session = opened(server, client())
    server.endpoint.name(session, b"another")
    assert server.endpoint.find(NAME) is None
    assert server.endpoint.find(b"another") is session
    for name in (b"", bytes(256)):
        with pytest.raises(LocalError):
            server.endpoint.name(session, name)


# Ends


def test_a_session_that_is_not_named_in_time_is_closed() -> None:
    server, connection = Server(names=False), client()
    connection.start(0.0)
    exchange(server, connection)
    while (deadline := server.endpoint.deadline) is not None:
        server.endpoint.timeout(deadline)
    assert server.heard == ["opened", Ended.NAMELESS]
    exchange(server, connection)
    assert connection.closed_by == Alert.CLOSE_NOTIFY


def test_a_goodbye_is_answered() -> None:
    server, connection = Server(), client()
    opened(server, connection)
    connection.close()
    server.endpoint.datagram(HOME, connection.output.pop(), 0.0)
    assert server.heard[-1] is Ended.GOODBYE
    assert len(server.take()) == 1
    assert server.endpoint.sessions == 0


def test_a_session_closed_by_the_server() -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    server.endpoint.close(session)
    exchange(server, connection)
    assert (connection.phase, connection.closed_by) == (Phase.CLOSED, Alert.CLOSE_NOTIFY)
    assert server.heard[-1] is Ended.LOCAL
    server.endpoint.close(session)
    assert server.take() == []


def test_a_session_that_is_forgotten_can_be_taken_in_again() -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    server.endpoint.forget(session)
    assert server.endpoint.sessions == 0
    assert server.heard == ["opened"]
    server.endpoint.adopt(session, HOME)
    connection.send(b"again")
    exchange(server, connection)
    assert server.messages[-1] == b"again"


@pytest.mark.parametrize(("body", "ended"), [(b"\2\x28", True), (b"\1\x28", False), (b"\2", False)])
def test_alerts_under_keys(body: bytes, ended: bool) -> None:
    server, connection = Server(), client()
    opened(server, connection)
    assert connection.session is not None
    server.endpoint.datagram(HOME, connection.session.seal(ALERT, body), 0.0)
    assert server.endpoint.sessions == (not ended)
    assert (server.heard[-1] is Ended.ALERT) == ended


@pytest.mark.parametrize("kind", [ALERT, HANDSHAKE, APPLICATION_DATA, 20])
def test_nothing_in_clear_touches_a_session(kind: int) -> None:
    server, connection = Server(), client()
    opened(server, connection)
    forged = PlainWriter(70).record(kind, b"\2\x28" + bytes(30))
    server.endpoint.datagram(HOME, forged, 0.0)
    connection.feed(forged, 0.0)
    connection.send(b"unharmed")
    exchange(server, connection)
    assert server.messages[-1] == b"unharmed"
    assert server.heard == ["opened"]


def test_renegotiation_is_refused() -> None:
    server, connection = Server(), client()
    opened(server, connection)
    hello = client(seed=4)
    hello.start(0.0)
    assert connection.session is not None
    again = connection.session.seal(HANDSHAKE, hello.output[0][13:])
    server.endpoint.datagram(HOME, again, 0.0)
    ((_, refusal),) = server.take()
    (record,) = cut(refusal, Profile(), 1)
    assert connection.session.open(record)[:2] == (ALERT, bytes((1, Alert.NO_RENEGOTIATION)))
    assert server.endpoint.sessions == 1
    assert server.endpoint.handshakes == 0


# Limits


def begin(server: Server, n: int, now: float) -> ClientConnection:
    """A handshake from an address of its own, up to flight 4."""
    connection = client(seed=20 + n)
    connection.start(now)
    for _ in range(2):
        server.endpoint.datagram(("203.0.113.9", n), connection.output.pop(), now)
        for _, datagram in server.take():
            connection.feed(datagram, now)
    return connection


def test_handshakes_beyond_the_limit_are_dropped_while_the_others_are_at_it() -> None:
    server = Server(limits=Limits(handshakes=3))
    for n in range(5):
        begin(server, n, 0.0)
    assert server.endpoint.handshakes == 3
    assert server.endpoint.counters.overload == 2


def test_handshakes_that_were_left_give_way() -> None:
    server = Server(limits=Limits(handshakes=3))
    for n in range(3):
        begin(server, n, n / 10)
    connection = begin(server, 9, 3.0)
    assert connection.phase is Phase.FINISHED
    assert server.endpoint.handshakes == 3
    assert server.endpoint.counters.overload == 0
    assert isinstance(server.heard[-1], NoAnswer)
    assert begin(server, 8, 3.0).phase is Phase.HELLO, "the second is not that old"


def test_two_handshakes_that_drew_the_same_identifier() -> None:
    server = Server()
    server.endpoint._fresh_id = lambda: b"12345678"  # type: ignore[method-assign]
    first, second = begin(server, 1, 0.0), begin(server, 2, 0.0)
    flight = second.output.pop()
    finished = flight.index(bytes((25,)) + b"\xfe\xfd\0\1")
    for late, part in enumerate((flight[finished:], flight[:finished])):
        if late:
            exchange(server, first, ("203.0.113.9", 1))
        server.endpoint.datagram(("203.0.113.9", 2), part, 0.0)
    assert server.take() == []
    assert (first.phase, second.phase) == (Phase.OPEN, Phase.FINISHED)
    assert server.endpoint.sessions == 1
    assert server.endpoint.handshakes == 0


def test_sessions_beyond_the_limit_are_dropped() -> None:
    server = Server(limits=Limits(sessions=1))
    opened(server, client())
    late = client(seed=5)
    late.start(0.0)
    exchange(server, late, AWAY)
    assert late.phase is Phase.HELLO
    assert server.endpoint.sessions == 1


def test_handshakes_that_are_begun_again_and_again_leave_nothing_behind() -> None:
    server = Server()
    for n in range(30):
        server.endpoint.datagram(HOME, hello_with_cookie(server, client(seed=50 + n)), 0.0)
        server.take()
    assert server.endpoint.handshakes == 1
    while (deadline := server.endpoint.deadline) is not None:
        server.endpoint.timeout(deadline)
    assert server.endpoint.handshakes == 0


def test_messages_fit_or_are_refused() -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    largest = Limits().datagram - session.overhead
    assert server.endpoint.send(session, bytes(largest))
    with pytest.raises(LocalError):
        server.endpoint.send(session, bytes(largest + 1))
    assert exchange(server, connection) == [bytes(largest)]
    with pytest.raises(LocalError):
        connection.send(bytes(1200))


def test_our_own_mistakes_are_told() -> None:
    connection = client()
    with pytest.raises(LocalError):
        connection.send(b"too early")
    with pytest.raises(LocalError):
        connection.close()
    connection.start(0.0)
    with pytest.raises(LocalError):
        connection.start(0.0)
