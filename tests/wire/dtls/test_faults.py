"""One wrong thing in an otherwise good handshake: what it costs, and what the one who did it is told."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.wire.dtls import keys
from rookery.wire.dtls import messages as m
from rookery.wire.dtls.client import ClientConnection, Phase
from rookery.wire.dtls.errors import Alert, HandshakeFailed, LocalError, MalformedMessage, PeerAlert, ProofFailed
from rookery.wire.dtls.flights import Message
from rookery.wire.dtls.profile import MAX_SEQUENCE, Limits, Profile
from rookery.wire.dtls.records import ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, PlainWriter
from tests.wire.dtls.world import HOME, Server, client, exchange, scalar_key

BODY = 13 + 12
"""Where the body of a message starts in its record."""


def waiting(limits: Limits | None = None) -> tuple[Server, ClientConnection, bytes, bytes]:
    """A server that waits for flight 5, its client, flight 5 up to Finished, and Finished."""
    server, connection = Server(limits=limits), client()
    connection.start(0.0)
    for _ in range(2):
        server.endpoint.datagram(HOME, connection.output.pop(), 0.0)
        for _, datagram in server.take():
            connection.feed(datagram, 0.0)
    flight = connection.output.pop()
    at = flight.index(b"\x19\xfe\xfd\0\1")
    return server, connection, flight[:at], flight[at:]


class Fault(NamedTuple):
    name: str
    record: bytes
    ends: bool
    """Whether it ends the handshake."""


def plain(kind: int, body: bytes, *, version: bytes = b"\xfe\xfd", epoch: int = 0) -> bytes:
    record = PlainWriter(77).record(kind, body)
    return record[:1] + version + epoch.to_bytes(2, "big") + record[5:]


FAULTS = [
    Fault("data in clear", plain(APPLICATION_DATA, b"data"), False),
    Fault("another epoch", plain(HANDSHAKE, bytes(40), epoch=2), False),
    Fault("a key change that is none", plain(CHANGE_CIPHER_SPEC, b"\2"), False),
    Fault("an alert that is none", plain(ALERT, b"\2"), False),
    Fault("a warning", plain(ALERT, bytes((1, Alert.NO_RENEGOTIATION))), False),
    Fault("an empty record", plain(HANDSHAKE, b""), False),
    Fault("Finished in clear", plain(HANDSHAKE, Message(m.FINISHED, 5, bytes(12)).whole), False),
    Fault("another protocol", plain(HANDSHAKE, bytes(12), version=b"\3\3"), False),
    Fault("a fatal alert", plain(ALERT, bytes((2, Alert.HANDSHAKE_FAILURE))), True),
    Fault("a goodbye", plain(ALERT, bytes((1, Alert.CLOSE_NOTIFY))), True),
    Fault("the wrong message", plain(HANDSHAKE, Message(m.CERTIFICATE_VERIFY, 2, b"").whole), True),
    Fault("a message above the limit", plain(HANDSHAKE, b"\x0b\x10\0\0\0\2" + bytes(6)), True),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_in_a_handshake(fault: Fault) -> None:
    server, connection, flight, finished = waiting()
    server.endpoint.datagram(HOME, fault.record, 0.0)
    assert server.endpoint.handshakes == (not fault.ends)
    server.endpoint.datagram(HOME, flight + finished, 0.0)
    assert ("opened" in server.heard) == (not fault.ends)
    assert connection.phase is Phase.FINISHED


def test_data_before_the_end() -> None:
    server, connection, flight, finished = waiting()
    assert connection.session is not None
    server.endpoint.datagram(HOME, flight, 0.0)
    server.endpoint.datagram(HOME, connection.session.seal(APPLICATION_DATA, b"too early"), 0.0)
    assert server.endpoint.counters.malformed == 1
    server.endpoint.datagram(HOME, finished, 0.0)
    assert server.heard == ["opened"]
    assert server.messages == []


def test_an_alert_under_the_new_keys() -> None:
    server, connection, flight, _ = waiting()
    assert connection.session is not None
    server.endpoint.datagram(HOME, flight, 0.0)
    server.endpoint.datagram(HOME, connection.session.seal(ALERT, bytes((2, Alert.DECRYPT_ERROR))), 0.0)
    assert isinstance(server.heard[-1], PeerAlert)
    assert server.endpoint.handshakes == 0


def test_a_finished_that_does_not_fit() -> None:
    server, connection, flight, _ = waiting()
    assert connection.session is not None
    server.endpoint.datagram(HOME, flight, 0.0)
    wrong = Message(m.FINISHED, 5, bytes(12)).whole
    server.endpoint.datagram(HOME, connection.session.seal(HANDSHAKE, wrong), 0.0)
    assert isinstance(server.heard[-1], ProofFailed)
    with pytest.raises(PeerAlert):
        exchange(server, connection)


def test_only_so_many_records_are_kept_for_keys_to_come() -> None:
    server, _, flight, finished = waiting(Limits(early_records=2))
    for n in range(5):
        early = bytearray(finished)
        early[10] = 10 + n
        server.endpoint.datagram(HOME, bytes(early), 0.0)
    assert server.endpoint.counters.malformed == 3
    server.endpoint.datagram(HOME, flight + finished, 0.0)
    assert server.heard == ["opened"], "what was kept was noise, and did no harm"


def test_a_finished_that_is_repeated_after_everything_is_said() -> None:
    server, connection, flight, finished = waiting()
    server.endpoint.datagram(HOME, flight + finished, 0.0)
    for _, datagram in server.take():
        connection.feed(datagram, 0.0)
    connection.send(b"board-000001")
    exchange(server, connection)
    assert connection.session is not None
    late = connection.session.seal(HANDSHAKE, Message(m.FINISHED, 5, bytes(12)).whole)
    server.endpoint.datagram(HOME, late, 0.0)
    assert server.take() == []
    assert server.endpoint.sessions == 1


def test_another_epoch_of_a_client_without_identifier() -> None:
    server, connection = Server(), client(offers_id=False)
    connection.start(0.0)
    server.endpoint.datagram(HOME, connection.output.pop(), 0.0)
    for _, datagram in server.take():
        connection.feed(datagram, 0.0)
    server.endpoint.datagram(HOME, connection.output.pop(), 0.0)
    server.endpoint.datagram(HOME, plain(HANDSHAKE, bytes(40), epoch=2), 0.0)
    assert server.endpoint.counters.malformed == 1
    assert server.endpoint.handshakes == 1


# Hellos


@pytest.mark.parametrize("sequence", [MAX_SEQUENCE, MAX_SEQUENCE // 2 + 1])
def test_a_hello_whose_numbers_leave_no_room(sequence: int) -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    hello = connection.output.pop()
    server.endpoint.datagram(HOME, hello[:5] + sequence.to_bytes(6, "big") + hello[11:], 0.0)
    assert server.take() == []
    assert server.endpoint.counters.malformed == 1


def test_a_hello_that_is_none() -> None:
    server = Server()
    server.endpoint.datagram(HOME, plain(HANDSHAKE, Message(m.CLIENT_HELLO, 0, b"\xfe\xfd").whole), 0.0)
    assert server.take() == []
    assert server.endpoint.counters.malformed == 1


def test_a_hello_of_an_older_version_is_told_so_once_it_has_a_cookie() -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    hello = bytearray(connection.output.pop())
    hello[BODY : BODY + 2] = b"\xfe\xff"
    server.endpoint.datagram(HOME, bytes(hello), 0.0)
    ((_, verify),) = server.take()
    body = bytes(hello[BODY : BODY + 35]) + b"\x10" + verify[-16:] + bytes(hello[BODY + 36 :])
    server.endpoint.datagram(HOME, plain(HANDSHAKE, Message(m.CLIENT_HELLO, 1, body).whole), 0.0)
    ((_, alert),) = server.take()
    assert alert[13:] == bytes((2, Alert.PROTOCOL_VERSION))


def test_an_identifier_in_clear() -> None:
    server = Server()
    server.endpoint.datagram(HOME, b"\x19\xfe\xfd" + bytes(8) + b"12345678" + b"\0\1x", 0.0)
    assert server.endpoint.counters.malformed == 1
    assert server.heard == []


# Keys


@pytest.mark.parametrize(
    "peer", [b"", bytes(65), b"\4" + bytes(64), b"\2" + bytes(32)], ids=["none", "zero", "off the curve", "compressed"]
)
def test_points_that_are_none(peer: bytes) -> None:
    with pytest.raises(MalformedMessage) as caught:
        keys.agree(ec.derive_private_key(5, ec.SECP256R1()), peer)
    assert caught.value.alert == Alert.ILLEGAL_PARAMETER


def test_keys_on_other_curves_are_our_own_mistake() -> None:
    with pytest.raises(LocalError):
        keys.SigningKey(ec.generate_private_key(ec.SECP384R1()))


# What a client refuses


@pytest.mark.parametrize("offers_id", [True, False], ids=["no identifier in return", "an identifier not asked for"])
def test_identifiers_that_do_not_fit_the_offer(offers_id: bool) -> None:
    connection = client(offers_id=offers_id)
    connection.start(0.0)
    hello = m.ServerHello(bytes(32), None if offers_id else b"12345678", True)
    answer = Message(m.SERVER_HELLO, 0, m.server_hello(hello, Profile().connection_id_extension))
    with pytest.raises(HandshakeFailed, match="not"):
        connection.feed(PlainWriter().record(HANDSHAKE, answer.whole), 0.0)
    assert connection.phase is Phase.CLOSED
    assert connection.output[-1][0] == ALERT


def test_a_server_that_shows_another_key() -> None:
    profile = Profile(server_certificate=True)
    server, connection = Server(profile=profile, key=scalar_key(9)), client(profile=profile)
    connection.start(0.0)
    with pytest.raises(HandshakeFailed, match="another server"):
        exchange(server, connection)


def test_records_that_mean_nothing_to_a_client() -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    for record in (plain(APPLICATION_DATA, b"data"), plain(APPLICATION_DATA, bytes(40), epoch=1)):
        assert connection.feed(record, 0.0) == []
    assert connection.discarded == 2
    exchange(server, connection)
    assert connection.phase is Phase.OPEN
    assert connection.session is not None
    with pytest.raises(LocalError):
        connection.resume(connection.session)


def test_an_alert_under_keys_instead_of_finished() -> None:
    server, connection, flight, finished = waiting()
    server.endpoint.datagram(HOME, flight + finished, 0.0)
    server.take()
    refusal = server.sessions[0].seal(ALERT, bytes((2, Alert.ACCESS_DENIED)))
    with pytest.raises(PeerAlert):
        connection.feed(refusal, 0.0)
