"""Sessions of Device OS 6.2.0 once more, byte for byte: with the same randomness the machines write what they wrote to
the real firmware, and read what it wrote."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_private_key

from rookery.wire.coap.decode import decode
from rookery.wire.coap.encode import encode
from rookery.wire.dtls.cookies import Address
from rookery.wire.dtls.endpoint import Ended, ServerEndpoint
from rookery.wire.dtls.errors import HandshakeFailed
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.dtls.session import Session
from rookery.wire.lightssl import keys
from rookery.wire.lightssl.client import ClientConnection
from rookery.wire.lightssl.connection import Phase
from rookery.wire.lightssl.server import ServerConnection
from tests.wire.captures import Capture, Step, load
from tests.wire.lightssl.world import Ear


class KnownSignatures(SigningKey):
    """ECDSA draws a number of its own for each signature: here are those of the capture."""

    __slots__ = ("_signatures",)

    def __init__(self, key: ec.EllipticCurvePrivateKey, signatures: list[bytes]) -> None:
        super().__init__(key)
        self._signatures = list(signatures)

    def sign(self, data: bytes) -> bytes:
        return self._signatures.pop(0)


class DtlsServer:
    """A server that says what it said then."""

    def __init__(self, capture: Capture) -> None:
        given = {name: list(values) for name, values in capture.given.items()}
        key = load_der_private_key(given["key"][0], None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.written: list[tuple[int, bytes]] = []
        self.heard: list[bytes] = []
        self.proven: list[bytes] = []
        self.moves: list[tuple[int, int]] = []
        self.session: Session | None = None
        self.left = given

        def draw(size: int) -> bytes:
            drawn = given["random"].pop(0)
            assert len(drawn) == size
            return drawn

        def ephemeral() -> ec.EllipticCurvePrivateKey:
            return ec.derive_private_key(int.from_bytes(given["ephemeral"].pop(0), "big"), ec.SECP256R1())

        self.end = ServerEndpoint(self, KnownSignatures(key, given["signature"]), Entropy(draw, ephemeral))

    def write(self, address: Address, datagram: bytes) -> None:
        self.written.append((int(address[1]), datagram))

    def authenticate(self, public_key: bytes) -> object | None:
        self.proven.append(public_key)
        return public_key

    def opened(self, session: Session) -> None:
        self.session = session

    def message(self, session: Session, data: bytes) -> None:
        assert session is self.session
        self.heard.append(data)

    def moved(self, session: Session, before: Address | None) -> None:
        assert before is not None and session.address is not None  # noqa: PT018
        self.moves.append((int(before[1]), int(session.address[1])))

    def closed(self, session: Session, reason: Ended) -> None:
        raise AssertionError(reason)

    def failed(self, address: Address, error: HandshakeFailed) -> None:
        raise error

    def unknown(self, address: Address, connection_id: bytes, name: bytes) -> Session | None:
        raise AssertionError(connection_id)


def test_dtls_byte_for_byte() -> None:
    capture = load("udp")
    server = DtlsServer(capture)
    for step in capture.steps:
        if step.kind == "in":
            server.end.datagram(("127.0.0.1", step.port), step.data, capture.started + step.at)
        elif step.kind == "said":
            assert server.session is not None
            assert server.end.send(server.session, step.data)
    assert server.heard == capture.all("heard")
    assert server.written == [(step.port, step.data) for step in capture.steps if step.kind == "out"]
    assert server.proven == capture.given["board-public-key"]
    (first, second) = [step.port for step in capture.steps if step.kind == "connection"]
    assert server.moves == [(first, second)]
    assert server.left["random"] == []
    counters = server.end.counters
    assert (counters.handshakes, counters.opened, counters.cookies, counters.moved) == (1, 1, 1, 1)
    assert (counters.failed, counters.forged, counters.replayed, counters.malformed, counters.unknown) == (0,) * 5


def test_the_first_record_from_another_port_has_the_type_of_resumption() -> None:
    first, second = load("udp").connections()
    kinds = [[step.data[0] for step in steps if step.kind == "in"] for steps in (first, second)]
    assert kinds[0][:3] == [22, 22, 22]
    assert set(kinds[0][3:]) == {25}
    assert kinds[1][0] == 253
    assert set(kinds[1]) <= {25, 253}


def test_a_captured_session_heard_twice_changes_nothing() -> None:
    capture = load("udp")
    server = DtlsServer(capture)
    for step in capture.steps:
        if step.kind == "in":
            for _ in range(2):
                server.end.datagram(("127.0.0.1", step.port), step.data, capture.started + step.at)
    assert server.heard == capture.all("heard")
    protected = [data for data in capture.all("in") if data[0] in (25, 253)]
    assert server.end.counters.replayed == 1 + len(protected), "Finished comes in one datagram with plain records"
    assert server.end.counters.opened == 1


def private(raw: bytes) -> rsa.RSAPrivateKey:
    key = load_der_private_key(raw, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@pytest.fixture
def tcp() -> Capture:
    return load("tcp")


@pytest.mark.parametrize("number", [0, 1])
def test_the_stream_of_a_server(tcp: Capture, number: int) -> None:
    steps = tcp.connections()[number]
    key, board = private(tcp.given["key"][0]), private(tcp.given["board-key"][0])
    given = tcp.given["random"][2 * number : 2 * number + 2]
    ear = Ear()
    server = ServerConnection(ear, key, lambda size: given.pop(0))
    server.start()
    answers: list[bytes] = []
    ear.on_claim = lambda device_id, offered: server.accept(offered or b"")
    for step in steps:
        if step.kind == "in":
            server.feed(step.data)
        elif step.kind == "said":
            server.send(step.data)
    nonce, answer, *frames = ear.written
    expected = [step.data for step in steps if step.kind == "out"]
    assert nonce == expected[0]
    # The encryption is random and what is signed depends on it: both answers say the same.
    answers = [keys.read_answer(board, key.public_key(), each) for each in (answer, expected[1])]
    assert answers == [tcp.given["random"][2 * number + 1]] * 2
    assert frames == expected[2:]
    assert ear.messages == [step.data for step in steps if step.kind == "heard"]
    assert server.phase is Phase.OPEN


@pytest.mark.parametrize("number", [0, 1])
def test_the_stream_of_a_board(tcp: Capture, number: int) -> None:
    steps = tcp.connections()[number]
    key, board = private(tcp.given["key"][0]), private(tcp.given["board-key"][0])
    down = [step.data for step in steps if step.kind == "out"]
    up = [step.data for step in steps if step.kind == "in"]
    ear = Ear()
    client = ClientConnection(ear, board, keys.public_der(key), bytes(12))
    client.feed(down[0])
    assert len(ear.take()) == len(up[0])
    client.feed(b"".join(down[1:]))
    assert ear.messages == [step.data for step in steps if step.kind == "said"]
    for step in steps:
        if step.kind == "heard":
            client.send(step.data)
    assert ear.take() == b"".join(up[1:])


def messages() -> list[Any]:
    found: list[Step] = [step for name in ("udp", "tcp") for step in load(name).steps]
    return sorted({step.data for step in found if step.kind in ("heard", "said")})


def test_all_messages_are_written_as_they_were_read() -> None:
    found = messages()
    assert len(found) > 150
    for data in found:
        assert encode(decode(data)) == data
