"""The invariant: whatever arrives, an endpoint raises nothing, a client raises only `PeerError`, and a session that
exists goes on as if nothing had been."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from rookery.wire.dtls.errors import PeerError
from rookery.wire.dtls.records import ALERT
from tests.wire.dtls import vectors as v
from tests.wire.dtls.world import AWAY, BOARD, HOME, Server, client, exchange, opened

RECORDED = [
    v.HELLO,
    v.VERIFY,
    v.HELLO_AGAIN,
    v.FLIGHT_4,
    v.FLIGHT_5,
    v.FLIGHT_6,
    v.FIRST_RECORD,
    v.ACK_RECORD,
    v.RESUMED_RECORD,
]
changes = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=5)


@st.composite
def noise(draw: st.DrawFn) -> bytes:
    """Datagrams near the true ones: cut, changed, joined; or nothing like them."""
    data = bytearray(draw(st.sampled_from(RECORDED) | st.binary(max_size=100)))
    for at, byte in draw(changes):
        if at < len(data):
            data[at] = byte
    if draw(st.booleans()):
        data = data[: draw(st.integers(0, len(data)))]
    if draw(st.booleans()):
        data += draw(st.sampled_from(RECORDED))
    return bytes(data)


def conversation(seed: int) -> list[bytes]:
    """The datagrams of a client in a handshake that the server has not seen."""
    server, connection = Server(seed), client(seed + 1)
    said: list[bytes] = []
    connection.start(0.0)
    while connection.output:
        output, connection.output = connection.output, []
        said += output
        for datagram in output:
            server.endpoint.datagram(HOME, datagram, 0.0)
        for _, datagram in server.take():
            connection.feed(datagram, 0.0)
    return said


@given(st.lists(noise(), max_size=8), st.booleans())
@settings(deadline=None)
def test_noise_harms_no_session(datagrams: list[bytes], from_home: bool) -> None:
    server, connection = Server(), client()
    session = opened(server, connection)
    for datagram in datagrams:
        server.endpoint.datagram(HOME if from_home else AWAY, datagram, 1.0)
    server.take()
    assert session.address == HOME
    connection.send(b"unharmed")
    exchange(server, connection)
    assert server.messages[-1] == b"unharmed"
    assert server.endpoint.sessions == 1
    while (deadline := server.endpoint.deadline) is not None:
        server.endpoint.timeout(deadline)
    assert server.endpoint.handshakes == 0


@given(st.integers(0, 3), changes, st.integers(0, 600), st.lists(noise(), max_size=3))
@settings(deadline=None)
def test_a_handshake_with_changed_bytes_fails_or_is_the_true_one(
    which: int, changed: list[tuple[int, int]], size: int, between: list[bytes]
) -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    turn = 0
    with suppress(PeerError):
        while connection.output:
            output, connection.output = connection.output, []
            for sent in output:
                datagram = bytearray(sent)
                if turn == which:
                    for at, byte in changed:
                        if at < len(datagram):
                            datagram[at] = byte
                    datagram = datagram[:size]
                turn += 1
                for extra in between:
                    server.endpoint.datagram(HOME, extra, 0.0)
                server.endpoint.datagram(HOME, bytes(datagram), 0.0)
            for _, answer in server.take():
                connection.feed(answer, 0.0)
    for session in server.sessions:
        assert session.public_key == BOARD.public


@given(st.sampled_from([0, 1, 2, 3]), st.lists(noise(), min_size=1, max_size=6))
@settings(deadline=None)
def test_a_client_raises_nothing_but_typed_errors(steps: int, datagrams: list[bytes]) -> None:
    server, connection = Server(), client()
    connection.start(0.0)
    for _ in range(steps):
        output, connection.output = connection.output, []
        for datagram in output:
            server.endpoint.datagram(HOME, datagram, 0.0)
        for _, datagram in server.take():
            connection.feed(datagram, 0.0)
    with suppress(PeerError):
        for datagram in datagrams:
            assert connection.feed(datagram, 1.0) == []


@given(st.binary(max_size=60), st.sampled_from([20, ALERT, 22]))
@settings(deadline=None)
def test_anything_under_the_right_keys_is_taken_or_dropped(content: bytes, kind: int) -> None:
    server, connection = Server(), client()
    opened(server, connection)
    assert connection.session is not None
    server.endpoint.datagram(HOME, connection.session.seal(kind, content), 0.0)
    ended = kind == ALERT and len(content) == 2 and content[0] in (1, 2) and (content[0] == 2 or content[1] == 0)
    assert server.endpoint.sessions == (not ended)


def test_a_recorded_handshake_cannot_be_used_again() -> None:
    said = conversation(1)
    assert len(said) == 3
    other = Server(50)
    for datagram in said:
        other.endpoint.datagram(HOME, datagram, 0.0)
    assert other.sessions == []
    same = Server(1)
    for datagram in said[:2]:
        same.endpoint.datagram(AWAY, datagram, 0.0)
    assert same.endpoint.handshakes == 0
