"""The server machine once its sessions stand: they move, they are kept, they end, and there is a limit to them."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.wire.dtls.client import ClientConnection, Phase
from rookery.wire.dtls.endpoint import Ended
from rookery.wire.dtls.errors import Alert, LocalError, NoAnswer
from rookery.wire.dtls.profile import SEQUENCE_RESERVE, Limits, Profile
from rookery.wire.dtls.records import ALERT, APPLICATION_DATA, HANDSHAKE, PlainWriter, cut
from rookery.wire.dtls.session import Session
from tests.wire.dtls.world import (
    AWAY,
    HOME,
    Server,
    client,
    exchange,
    flight_5,
    hello_with_cookie,
    opened,
)

NAME = b"board-000001"


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
