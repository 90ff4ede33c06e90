"""Two machines over a channel that loses, repeats and reorders, driven by a seed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rookery.wire.dtls.client import ClientConnection, Phase
from rookery.wire.dtls.errors import NoAnswer
from rookery.wire.dtls.profile import Limits
from tests.wire.dtls.world import Channel, Server, client

HOUR = 3600.0


def connect(channel: Channel, seed: int, size: int, *, offers_id: bool = True) -> tuple[Server, ClientConnection]:
    limits = Limits(datagram=size, name_seconds=10 * HOUR)
    server = Server(seed, limits=limits)
    connection = client(seed + 1, limits=limits, offers_id=offers_id)
    connection.start(0.0)
    return server, connection


@pytest.mark.parametrize("offers_id", [True, False], ids=["identifier", "before identifiers"])
@pytest.mark.parametrize("seed", range(40))
def test_a_handshake_either_succeeds_on_both_sides_or_is_given_up(seed: int, offers_id: bool) -> None:
    channel = Channel(seed, loss=0.25, repeats=0.2, delay=5.0)
    server, connection = connect(channel, seed, 1200 if seed % 2 else 150, offers_id=offers_id)
    try:
        channel.run(server, connection, HOUR)
    except NoAnswer:
        assert connection.phase is Phase.CLOSED
    else:
        assert connection.phase is Phase.OPEN
        assert server.sessions
        assert server.sessions[-1].public_key
    assert server.endpoint.handshakes == 0


@given(st.integers(0, 1 << 32), st.integers(140, 1200), st.floats(0.0, 8.0))
@settings(max_examples=60, deadline=None)
def test_without_loss_every_handshake_succeeds(seed: int, size: int, delay: float) -> None:
    channel = Channel(seed, loss=0.0, repeats=0.3, delay=delay)
    server, connection = connect(channel, seed, size)
    channel.run(server, connection, HOUR)
    assert connection.phase is Phase.OPEN
    assert server.endpoint.sessions >= 1


@given(st.integers(0, 1 << 32), st.floats(0.0, 0.5), st.floats(0.0, 3.0))
@settings(max_examples=40, deadline=None)
def test_what_arrives_arrives_once_and_unchanged(seed: int, loss: float, delay: float) -> None:
    channel = Channel(seed, loss=0.0, repeats=0.0, delay=0.0)
    server, connection = connect(channel, seed, 1200)
    channel.run(server, connection, HOUR)
    channel.loss, channel.repeats, channel.delay = loss, 0.5, delay
    session = server.sessions[-1]
    said = [b"to the server %d" % n for n in range(40)]
    answered = [b"to the board %d" % n for n in range(40)]
    for data in said:
        connection.send(data)
    for data in answered:
        assert server.endpoint.send(session, data)
    received = channel.run(server, connection, 2 * HOUR)
    assert len(set(server.messages)) == len(server.messages)
    assert set(server.messages) <= set(said)
    assert len(set(received)) == len(received)
    assert set(received) <= set(answered)
    if not loss:
        assert sorted(server.messages) == sorted(said)
        assert sorted(received) == sorted(answered)
