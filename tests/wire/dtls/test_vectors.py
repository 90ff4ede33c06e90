"""The captured conversation: our machines say the same bytes, and understand those of the device."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec

from rookery.wire.dtls import keys
from rookery.wire.dtls.client import ClientConnection, Phase
from rookery.wire.dtls.cookies import Address, CookieJar
from rookery.wire.dtls.endpoint import ServerEndpoint
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.dtls.messages import HelloHead
from rookery.wire.dtls.profile import Profile
from rookery.wire.dtls.records import cut
from rookery.wire.dtls.session import Session, pair
from tests.wire.dtls import vectors as v
from tests.wire.dtls.world import AWAY, HOME, Server

ACK = bytes.fromhex("60000001")


class RecordedCookie(CookieJar):
    def _cookie(self, address: Address, hello: HelloHead, period: int) -> bytes:
        return v.COOKIE


class RecordedSignature(SigningKey):
    def sign(self, data: bytes) -> bytes:
        return v.SIGNATURE


def recorded_server() -> Server:
    server = Server()
    draws = {32: v.SERVER_RANDOM, 8: v.CONNECTION_ID}
    server.endpoint = ServerEndpoint(
        server,
        RecordedSignature(v.SERVER_KEY),
        Entropy(lambda size: draws[size], lambda: v.EPHEMERAL),
        cookies=RecordedCookie(b"", 60.0),
    )
    return server


def test_keys_are_those_of_the_recording() -> None:
    assert SigningKey(v.SERVER_KEY).public == v.SERVER_PUBLIC
    assert SigningKey(v.CLIENT_KEY).public == v.CLIENT_PUBLIC
    randoms = v.HELLO[27:59], v.SERVER_RANDOM
    client_point = v.FLIGHT_5[119 + 13 + 13 :][:65]
    assert keys.agree(v.EPHEMERAL, client_point) == v.PREMASTER
    assert keys.master_secret(v.PREMASTER, *randoms) == v.MASTER
    assert keys.key_block(v.MASTER, *randoms) == v.KEY_BLOCK


def test_recorded_signature_is_one_of_the_server_key() -> None:
    parameters = v.FLIGHT_4[99 + 13 + 12 :][:69]
    keys.verify(v.SERVER_PUBLIC, v.SIGNATURE, v.HELLO[27:59] + v.SERVER_RANDOM + parameters, "")


def test_server_says_what_was_recorded() -> None:
    server = recorded_server()
    says = server.endpoint.datagram

    says(HOME, v.HELLO, 0.0)
    assert server.take() == [(HOME, v.VERIFY)]
    says(HOME, v.HELLO_AGAIN, 0.0)
    assert server.take() == [(HOME, v.FLIGHT_4)]
    says(HOME, v.FLIGHT_5, 0.0)
    assert server.take() == [(HOME, v.FLIGHT_6)]
    session = server.sessions[0]
    assert session.public_key == v.CLIENT_PUBLIC
    assert session.read_id == v.CONNECTION_ID

    says(HOME, v.FIRST_RECORD, 0.0)
    assert server.messages == [v.FIRST_PLAINTEXT[:-1]]
    assert server.endpoint.send(session, ACK)
    assert server.take() == [(HOME, v.ACK_RECORD)]

    says(AWAY, v.RESUMED_RECORD, 0.0)
    assert server.messages[1:] == [bytes.fromhex("40000010")]
    assert server.heard == ["opened", ("moved", HOME, AWAY)]


def test_client_says_hello_as_recorded() -> None:
    connection = ClientConnection(
        SigningKey(v.CLIENT_KEY), v.SERVER_PUBLIC, Entropy(lambda size: v.HELLO[27:59], lambda: v.EPHEMERAL)
    )
    connection.start(0.0)
    assert connection.output == [v.HELLO]
    connection.output.clear()
    connection.feed(v.VERIFY, 0.0)
    assert connection.output == [v.HELLO_AGAIN]
    connection.output.clear()
    connection.feed(v.FLIGHT_4, 0.0)
    assert connection.phase is Phase.FINISHED
    # Certificate, and its place in the flight; what follows depends on a key that was not recorded.
    assert connection.output[0].startswith(v.FLIGHT_5[:119])


def test_client_end_of_the_recorded_session_seals_as_recorded() -> None:
    session = pair(Profile(), v.KEY_BLOCK, server=False, connection_id=v.CONNECTION_ID)
    session.write_sequence = 1
    assert session.seal(23, v.FIRST_PLAINTEXT[:-1]) == v.FIRST_RECORD
    session.write_sequence = 0x13
    assert session.seal(23, bytes.fromhex("40000010"), mark=253) == v.RESUMED_RECORD
    (record,) = cut(v.ACK_RECORD, Profile(), 9)
    assert session.open(record) == (23, ACK, True)


def test_recorded_session_goes_on_after_a_restart() -> None:
    before = recorded_server()
    for datagram in (v.HELLO, v.HELLO_AGAIN, v.FLIGHT_5, v.FIRST_RECORD):
        before.endpoint.datagram(HOME, datagram, 0.0)
    kept = before.sessions[0].dump()

    after = Server(7)
    after.endpoint.adopt(Session.load(kept, Profile()), HOME)
    after.endpoint.datagram(AWAY, v.RESUMED_RECORD, 0.0)
    assert after.messages == [bytes.fromhex("40000010")]
    assert after.heard == [("moved", HOME, AWAY)]


def test_ephemeral_keys_are_on_the_curve_of_the_profile() -> None:
    assert isinstance(Entropy(bytes).ephemeral().curve, ec.SECP256R1)
