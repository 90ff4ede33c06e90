"""The client's machine, against the server's."""

from __future__ import annotations

import pytest

from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.client import ClientConnection
from rookery.wire.mqtt.encode import encode
from rookery.wire.mqtt.errors import LocalError, ProtocolViolation
from rookery.wire.mqtt.session import SessionState
from tests.wire.mqtt.test_server import Limits, World


def exchange(client: ClientConnection, server: World) -> list[p.Packet]:
    """Carry bytes to and fro until both are silent; what the client's application sees."""
    events: list[p.Packet] = []
    while True:
        up = client.take()
        if up:
            server.machine.feed(up)
        down, server.writes = b"".join(server.writes), []
        if down:
            events += client.feed(down)
        if not up and not down:
            return events


def joined(server: World, **options: object) -> ClientConnection:
    client = ClientConnection()
    client.connect(p.Connect("c", **options))  # type: ignore[arg-type]
    assert exchange(client, server) == [p.Connack()]
    return client


def test_messages_up() -> None:
    server = World()
    client = joined(server)
    ids = [client.publish("a", bytes([qos]), qos) for qos in (0, 1, 2)]
    assert ids == [0, 1, 2]
    assert exchange(client, server) == [p.Puback(1), p.Pubcomp(2)]
    assert server.heard[1:] == [("a", bytes([qos]), qos, False) for qos in (0, 1, 2)]
    assert client.inflight == {}
    assert not server.session.received


def test_messages_down() -> None:
    server = World(limits=Limits(inflight=1))
    client = joined(server)
    for qos in (1, 2, 1):
        assert server.machine.publish(p.Message("a", bytes([qos]), qos))
    events = exchange(client, server)
    assert [(e.payload, e.qos) for e in events if isinstance(e, p.Publish)] == [(b"\1", 1), (b"\2", 2), (b"\1", 1)]
    assert (server.session.inflight, server.session.queued) == (0, 0)


def test_subscribing_pinging_leaving() -> None:
    server = World()
    client = joined(server)
    first = client.subscribe([("a", 1), ("b", 0)])
    second = client.unsubscribe(["a"])
    client.ping()
    assert exchange(client, server) == [p.Suback(first, (1, 0)), p.Unsuback(second), p.Pingresp()]
    client.disconnect()
    exchange(client, server)
    assert server.heard[-1] == p.Disconnect()


def test_a_message_that_was_cut_off_arrives_once() -> None:
    session = SessionState("c")
    client = ClientConnection()
    heard = []
    # The connection breaks after each step of the exchange in turn.
    client.connect(p.Connect("c", clean_session=False))
    server = World()
    server.session = session
    exchange(client, server)
    client.publish("a", b"once", 2)
    server.machine.feed(client.take())
    heard += server.heard[1:]
    server = World()
    server.session = session
    server.wait = True
    client.connect(p.Connect("c", clean_session=False))
    server.machine.feed(client.take())
    server.accept(session_present=True)
    assert exchange(client, server) == [p.Connack(0, True), p.Pubcomp(1)]
    heard += server.heard[1:]
    assert heard == [("a", b"once", 2, False)]
    assert client.inflight == {}


def test_a_new_session_forgets_and_an_old_one_repeats() -> None:
    client = ClientConnection()
    client.connect(p.Connect("c", clean_session=False))
    client.feed(encode(p.Connack()))
    client.publish("a", b"", 1)
    client.publish("a", b"", 2)
    client.feed(encode(p.Pubrec(2)))
    client.take()
    client.connect(p.Connect("c", clean_session=False))
    client.take()
    client.feed(encode(p.Connack(0, True)))
    assert client.take() == encode(p.Publish("a", b"", 1, packet_id=1, dup=True)) + encode(p.Pubrel(2))
    client.connect(p.Connect("c"))
    assert client.inflight == {}


def test_a_refusal_is_an_event() -> None:
    client = ClientConnection()
    client.connect(p.Connect("c"))
    assert client.feed(encode(p.Connack(5))) == [p.Connack(5)]
    assert not client.connected


@pytest.mark.parametrize(
    "said",
    [
        [p.Pingresp()],
        [p.Connack(), p.Connack()],
        [p.Connack(), p.Suback(9, (0,))],
        [p.Connack(), p.Unsuback(9)],
        [p.Connack(), p.Pingreq()],
        [p.Connack(), p.Subscribe(1, (("a", 0),))],
    ],
)
def test_servers_may_be_wrong_too(said: list[p.Packet]) -> None:
    client = ClientConnection()
    client.connect(p.Connect("c"))
    with pytest.raises(ProtocolViolation):
        client.feed(b"".join(map(encode, said)))


def test_identifiers_run_out() -> None:
    client = ClientConnection()
    for _ in range(65_535):
        client.publish("a", b"", 1)
    with pytest.raises(LocalError):
        client.publish("a", b"", 1)
