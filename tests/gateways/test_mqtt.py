"""The life of a connection: login, conversation, end."""

from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt_connection import MqttConnection
from rookery.gateways.mqtt_counters import Drop, Ending
from rookery.gateways.mqtt_peer import address_text, certificate_name, certificate_serial, clean
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.encode import encode
from rookery.wire.mqtt.errors import LocalError
from tests.gateways.mqtt_world import KEY, World, settle

# Login


async def test_a_board_comes_in_talks_and_leaves() -> None:
    world = World()
    client, handler = await world.joined("board-1", keepalive=30)
    login, peer = world.lobby.asked[0]
    assert (login.client_id, login.username, login.password) == ("board-1", "board", KEY)
    assert (login.clean_session, login.keepalive) == (True, 30)
    assert (peer.transport, peer.address, peer.certificate_name) == ("tcp", "192.0.2.1:4711", None)
    client.machine.publish("a", b"1", 1)
    client.machine.disconnect()
    client.send()
    assert handler.take() == [("publish", "a", b"1", 1, False), ("closed", True)]
    assert client.transport.writes == [encode(p.Puback(1))]
    assert client.ended == "closed"
    assert world.gateway.counters.closed == {Ending.GOODBYE: 1}
    assert world.gateway.session("boards", "board-1") is None


@pytest.mark.parametrize(
    ("options", "code"),
    [({"password": b"guess"}, 5), ({"username": "nobody"}, 5), ({"username": None, "password": None}, 5)],
)
async def test_wrong_credentials_get_5_and_the_door(options: dict[str, Any], code: int) -> None:
    world = World()
    client = world.client()
    assert await client.connect(**options) == [p.Connack(code)]
    assert client.ended == "closed"
    assert world.gateway.counters.closed == {Ending.REFUSED: 1}
    assert world.gateway.counters.handshaking == 0


async def test_an_authenticator_that_fails_is_our_fault() -> None:
    world = World()
    world.lobby.fail = True
    assert await world.client().connect() == [p.Connack(p.UNAVAILABLE)]


async def test_mqtt_5_gets_the_answer_of_mqtt_5() -> None:
    client = World().client()
    client.send(bytes.fromhex("101000044d5154540502001e00000364756d"))
    assert client.transport.writes == [bytes.fromhex("2003008400")]
    assert client.ended == "closed"


async def test_a_client_without_a_name_gets_one() -> None:
    world = World()
    _, handler = await world.joined("")
    assert handler.session is not None
    assert handler.session.client_id == "made"


async def test_who_does_not_say_connect_in_time_is_closed() -> None:
    world = World()
    client = world.client()
    world.clock.advance(9)
    assert client.ended == ""
    world.clock.advance(4)
    assert client.ended == "closed"
    assert world.gateway.counters.closed == {Ending.NO_CONNECT: 1}


async def test_a_decision_that_takes_too_long_is_a_refusal() -> None:
    world = World()
    world.lobby.gate = asyncio.Event()
    client = world.client()
    assert await client.connect() == []
    assert not client.transport.reading
    world.clock.advance(13)
    assert client.exchange() == [p.Connack(p.UNAVAILABLE)]
    await settle()
    assert world.lobby.handlers == []


async def test_who_leaves_before_the_decision_is_not_accepted() -> None:
    world = World()
    world.lobby.gate = asyncio.Event()
    client = world.client()
    await client.connect()
    client.transport.gone()
    world.lobby.gate.set()
    await settle()
    assert world.lobby.handlers == []
    assert world.gateway.counters.handshaking == 0
    assert world.gateway.connections == set()


async def test_what_is_said_before_connack_is_heard_after_it() -> None:
    world = World()
    world.lobby.gate = asyncio.Event()
    client = world.client()
    await client.connect()
    client.send(encode(p.Publish("a", b"1", 1, packet_id=1)))
    assert world.lobby.handlers == []
    world.lobby.gate.set()
    await settle()
    assert world.lobby.handlers[0].take() == [("opened",), ("publish", "a", b"1", 1, False)]
    assert client.transport.writes == [encode(p.Connack()), encode(p.Puback(1))]
    assert client.transport.reading


async def test_a_flood_before_connect_is_turned_away_at_the_door() -> None:
    world = World(limits=MqttLimits(handshaking=4))  # Of which one host may have half.
    clients = [world.client() for _ in range(4)]
    assert [client.ended for client in clients] == ["", "", "aborted", "aborted"]
    assert await clients[0].connect() == [p.Connack()]
    assert world.client().ended == ""
    assert world.gateway.counters.closed == {Ending.FULL: 2}


async def test_the_number_of_connections_is_limited() -> None:
    world = World(limits=MqttLimits(connections=1))
    await world.joined("a")
    assert world.client().ended == "aborted"


# Conversation


async def test_suback_comes_before_what_the_subscription_triggers() -> None:
    world = World()
    client, handler = await world.joined(listener="tls")
    handler.refuse.add("secret")
    handler.on_subscribed = lambda topic_filter: handler.session.publish(topic_filter, b"now")  # type: ignore[union-attr]
    packet_id = client.machine.subscribe([("a", 1), ("secret", 0), ("b", 0)])
    client.send()
    assert client.transport.writes == [
        encode(p.Suback(packet_id, (1, 0x80, 0))),
        encode(p.Publish("a", b"now")),
        encode(p.Publish("b", b"now")),
    ]
    assert handler.take() == [
        ("subscribe", "a", 1),
        ("subscribe", "secret", 0),
        ("subscribe", "b", 0),
        ("subscribed", "a", 1),
        ("subscribed", "b", 0),
    ]


async def test_unsubscribing_tells_the_handler_only_of_what_there_was() -> None:
    world = World()
    client, handler = await world.joined()
    client.machine.subscribe([("a", 0)])
    client.exchange()
    handler.take()
    client.machine.unsubscribe(["a", "never"])
    assert isinstance(client.exchange()[0], p.Unsuback)
    assert handler.take() == [("unsubscribed", "a")]


async def test_subscriptions_are_limited() -> None:
    world = World(limits=MqttLimits(subscriptions=2, filter_bytes=10, filter_levels=3))
    client, _ = await world.joined()
    client.machine.subscribe([("a", 0), ("b", 0), ("c", 0), ("a", 1)])
    client.machine.subscribe([("b", 2)])
    assert [event.codes for event in client.exchange() if isinstance(event, p.Suback)] == [(0, 0, 0x80, 1), (2,)]
    client.machine.unsubscribe(["a", "b"])
    client.machine.subscribe([("a" * 11, 0), ("a/b/c/d", 0), ("a/b/c", 0)])
    assert client.exchange()[-1] == p.Suback(4, (0x80, 0x80, 0))


async def test_a_clean_session_lets_go_of_its_subscriptions() -> None:
    world = World()
    client, handler = await world.joined()
    client.machine.subscribe([("a", 0), ("b", 0)])
    client.exchange()
    handler.take()
    client.transport.gone()
    assert handler.take() == [("unsubscribed", "a"), ("unsubscribed", "b"), ("closed", False)]


async def test_a_will_is_published_unless_the_client_said_goodbye() -> None:
    world = World()
    will = p.Message("last", b"words", 1, True)
    client, handler = await world.joined(will=will)
    client.transport.gone()
    assert handler.take() == [("publish", "last", b"words", 1, True), ("closed", False)]
    client, handler = await world.joined(will=will)
    client.machine.disconnect()
    client.send()
    assert handler.take() == [("closed", True)]


async def test_the_handlers_messages() -> None:
    world = World()
    client, handler = await world.joined()
    session = handler.session
    assert session is not None
    session.publish("a", b"0")
    session.publish("a", b"1", 1)
    session.publish("a", b"2", 2, retain=True)
    with pytest.raises(LocalError):
        session.publish("a/#", b"")
    with pytest.raises(LocalError):
        session.publish("a", b"", 3)
    received = client.exchange()
    assert [(e.payload, e.qos, e.retain) for e in received if isinstance(e, p.Publish)] == [
        (b"0", 0, False),
        (b"1", 1, False),
        (b"2", 2, True),
    ]
    assert world.gateway.counters.messages_out == 3


async def test_one_message_to_many_is_encoded_once() -> None:
    world = World()
    members = [await world.joined(f"c{i}") for i in range(3)]
    topic, payload = "a/b", b"same"
    for _, handler in members:
        assert handler.session is not None
        handler.session.publish(topic, payload)
    assert len({id(client.transport.writes[-1]) for client, _ in members}) == 1
    assert world.gateway.encoded(topic, payload, True) == encode(p.Publish(topic, payload, retain=True))


async def test_tickets_are_acknowledged_in_one_write_on_tcp_and_in_many_on_tls() -> None:
    for listener, writes in (("tcp", 1), ("tls", 5)):
        world = World()
        client, handler = await world.joined(listener=listener)
        handler.keep_tickets = True
        for _ in range(5):
            client.machine.publish("a", b"", 1)
        client.send()
        assert client.transport.writes == []
        assert handler.session is not None
        handler.session.committed(handler.tickets)
        assert len(client.transport.writes) == writes
        assert client.receive() == [p.Puback(i) for i in range(1, 6)]


async def test_refused_tickets_close_without_acknowledging() -> None:
    world = World()
    client, handler = await world.joined()
    handler.keep_tickets = True
    client.machine.publish("a", b"", 1)
    client.send()
    assert handler.session is not None
    handler.session.refused(handler.tickets, "the disk is full")
    assert client.transport.writes == []
    assert client.ended == "closed"
    assert world.gateway.counters.closed == {Ending.NOT_STORED: 1}


async def test_a_client_that_is_ahead_of_the_store_is_not_read() -> None:
    world = World(limits=MqttLimits(unacknowledged=4))
    client, handler = await world.joined()
    handler.keep_tickets = True
    for _ in range(5):
        client.machine.publish("a", b"", 1)
    client.send()
    assert not client.transport.reading
    assert handler.session is not None
    handler.session.committed(handler.tickets[:2])
    assert not client.transport.reading
    handler.session.committed(handler.tickets[2:])
    assert client.transport.reading


async def test_a_client_that_sends_too_fast_is_read_later() -> None:
    world = World(limits=MqttLimits(messages_per_second=3))
    client, handler = await world.joined(keepalive=600)
    for _ in range(4):
        client.machine.publish("a", b"")
    client.send()
    assert len(handler.take()) == 4  # what has come is kept
    assert client.transport.reading is False
    world.clock.advance(3)
    reading: bool = client.transport.reading
    assert reading
    assert world.gateway.counters.throttled == 1
    client.machine.publish("a", b"")
    client.send()
    assert client.transport.reading


async def test_the_rate_is_counted_by_the_second_also_when_nothing_is_watched() -> None:
    world = World(limits=MqttLimits(messages_per_second=3))
    client, _ = await world.joined(keepalive=0)
    for _ in range(5):
        for _ in range(3):
            client.machine.publish("a", b"")
        client.send()
        world.clock.advance(2)
    assert world.gateway.counters.throttled == 0


async def test_a_handler_that_closes_while_it_is_asked_keeps_no_subscription() -> None:
    world = World()
    client, handler = await world.joined()
    granting = handler.subscribe

    def closing(topic_filter: str, qos: int) -> int:
        if topic_filter == "b":
            assert handler.session is not None
            handler.session.close("enough")
        return granting(topic_filter, qos)

    handler.subscribe = closing  # type: ignore[method-assign]
    client.machine.subscribe([("a", 0), ("b", 0), ("c", 0)])
    client.send()
    kinds = [heard[:2] for heard in handler.take() if heard[0] in ("subscribe", "unsubscribed")]
    assert kinds == [("subscribe", "a"), ("unsubscribed", "a"), ("subscribe", "b"), ("unsubscribed", "b")]
    assert client.transport.writes == []


async def test_an_invalid_topic_ends_the_connection() -> None:
    world = World()
    client, handler = await world.joined()
    client.send(bytes.fromhex("3003000123"))
    assert handler.take() == [("closed", False)]
    assert client.ended == "closed"
    assert world.gateway.counters.closed == {Ending.PROTOCOL: 1}


async def test_a_handler_that_fails_ends_only_its_own_connection() -> None:
    world = World()
    client, handler = await world.joined("a")
    other, _ = await world.joined("b")
    handler.fail = True
    client.machine.publish("a", b"")
    client.send()
    assert client.ended == "closed"
    assert world.gateway.counters.closed == {Ending.FAULT: 1}
    other.machine.ping()
    assert other.exchange() == [p.Pingresp()]


# Slow readers


async def test_a_client_that_does_not_read_loses_its_own_messages() -> None:
    world = World()
    client, handler = await world.joined()
    session = handler.session
    assert session is not None
    assert client.transport.high == world.gateway.limits.outbound_high
    client.connection.pause_writing()
    session.publish("a", b"lost")
    session.publish("a", b"waits", 1)
    assert client.transport.writes == []
    assert world.gateway.counters.dropped == {Drop.SLOW_READER: 1}
    client.connection.resume_writing()
    assert client.exchange() == [p.Publish("a", b"waits", 1, packet_id=1)]


async def test_a_client_that_asks_and_never_reads_is_closed() -> None:
    world = World()
    client, handler = await world.joined()
    client.connection.pause_writing()
    client.transport.stuck = world.gateway.limits.outbound_hard + 1
    client.send(encode(p.Pingreq()) * 100)
    assert client.ended == "aborted"
    assert handler.take() == [("closed", False)]
    assert world.gateway.counters.closed == {Ending.SLOW_READER: 1}


async def test_a_client_that_does_not_take_its_last_bytes_is_aborted() -> None:
    world = World()
    client, handler = await world.joined()
    assert handler.session is not None
    handler.session.close("enough")
    assert client.ended == "closed"
    world.clock.advance(world.gateway.limits.closing_seconds + 2)
    assert client.ended == "aborted"
    client.transport.gone()
    assert handler.take() == [("closed", False)]


# Silence


async def test_silence_of_one_and_a_half_keepalives_ends_it() -> None:
    world = World()
    client, handler = await world.joined(keepalive=10)
    for _ in range(5):
        world.clock.advance(14)
        client.machine.ping()
        assert client.exchange() == [p.Pingresp()]
    world.clock.advance(15)
    assert client.ended == ""
    world.clock.advance(4)
    assert client.ended == "closed"
    assert handler.take() == [("closed", False)]
    assert world.gateway.counters.closed == {Ending.KEEPALIVE: 1}


async def test_silence_is_tolerated_where_nobody_watches() -> None:
    world = World()
    client, handler = await world.joined(keepalive=10)
    forever, _ = await world.joined("f", keepalive=0)
    assert handler.session is not None
    handler.session.watch_keepalive = False
    world.clock.advance(600)
    assert client.ended == ""
    handler.session.watch_keepalive = True
    world.clock.advance(5)
    assert client.ended == ""
    world.clock.advance(40)
    assert client.ended
    assert forever.ended == ""


async def test_the_timer_sleeps_when_there_is_nothing_to_watch() -> None:
    world = World()
    assert world.clock.waiting() == 0
    client, _ = await world.joined(keepalive=10)
    assert world.clock.waiting() == 1
    client.transport.gone()
    world.clock.advance(2)
    assert world.clock.waiting() == 0


# The end of all


async def test_stopping_closes_everybody() -> None:
    world = World()
    client, handler = await world.joined(will=p.Message("w", b""))
    early = world.client()
    await world.gateway.stop()
    assert (client.ended, early.ended) == ("aborted", "aborted")
    assert handler.take() == [("publish", "w", b"", 0, False), ("closed", False)]
    assert world.clock.waiting() == 0


async def test_stopping_waits_until_what_is_on_its_way_is_stored() -> None:
    world = World()
    client, handler = await world.joined()
    handler.keep_tickets = True
    client.send(encode(p.Publish("a", b"1", 1, packet_id=7)))
    stopping = asyncio.ensure_future(world.gateway.stop())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not client.ended
    assert not client.transport.reading
    assert handler.session is not None
    handler.session.committed(handler.tickets)
    await stopping
    assert encode(p.Puback(7)) in client.transport.writes
    assert client.ended


async def test_counters_return_to_nothing() -> None:
    world = World()
    for index in range(3):
        client, _ = await world.joined(f"c{index}", keepalive=5)
        client.transport.gone()
    counters = world.gateway.counters
    assert (counters.open, counters.handshaking, counters.accepted, counters.kept) == (0, 0, 3, 0)
    assert world.gateway.connections == set()
    assert world.gateway.sessions.connected == {}
    assert counters.bytes_in > 0
    assert counters.bytes_out == 3 * 4


async def test_a_connection_that_has_ended_needs_no_garbage_collector() -> None:
    world = World()
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(each, MqttConnection) for each in gc.get_objects())
        for ending in ("goodbye", "lost", "closed"):
            client, handler = await world.joined(ending, keepalive=30, will=p.Message("w", b""))
            client.machine.subscribe([("a", 1)])
            client.exchange()
            if ending == "goodbye":
                client.machine.disconnect()
                client.send()
            elif ending == "closed":
                assert handler.session is not None
                handler.session.close("enough")
            client.transport.gone()
            client.transport.protocol = None  # the test's own circle
            del client, handler
            world.lobby.handlers.clear()
            await settle()
        assert sum(isinstance(each, MqttConnection) for each in gc.get_objects()) == before
    finally:
        gc.enable()


async def test_nothing_is_written_after_the_end() -> None:
    world = World()
    client, handler = await world.joined()
    session = handler.session
    assert session is not None
    handler.on_subscribed = lambda topic_filter: session.close("enough")
    client.send(encode(p.Subscribe(1, (("a", 0), ("b", 0)))) + encode(p.Pingreq()))
    session.publish("a", b"late")
    session.publish("a", b"late", 1)
    assert client.transport.writes == [encode(p.Suback(1, (0, 0)))]
    assert world.gateway.counters.dropped == {Drop.ABSENT: 2}


@given(st.lists(st.binary(max_size=80), max_size=10), st.booleans())
def test_garbage_closes_its_own_connection_and_leaves_nothing_behind(pieces: list[bytes], greeted: bool) -> None:
    async def main() -> None:
        world = World()
        client = (await world.joined())[0] if greeted else world.client()
        other, _ = await world.joined("other")
        for piece in pieces:
            client.send(piece)
        await settle()
        other.machine.ping()
        assert other.exchange() == [p.Pingresp()]
        for each in (client, other):
            each.transport.gone()
        counters = world.gateway.counters
        assert (counters.open, counters.handshaking) == (0, 0)
        assert sum(counters.closed.values()) == 2
        assert world.gateway.connections == set()

    asyncio.run(main())


# What is logged


def test_peer_text_is_cut_and_cleaned() -> None:
    assert clean("a\x1b[31m\nb") == "a?[31m?b"
    assert len(clean("x" * 100_000)) == 65


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (("192.0.2.1", 5), "192.0.2.1:5"),
        (("2001:db8::1", 5, 0, 0), "[2001:db8::1]:5"),
        (None, ""),
        ("/socket", "/socket"),
    ],
)
def test_addresses(address: object, text: str) -> None:
    assert address_text(address) == text


@pytest.mark.parametrize(
    ("certificate", "name"),
    [
        (None, None),
        ({}, None),
        ({"subject": ((("commonName", "board-1"),),)}, "board-1"),
        ({"subject": ((("countryName", "US"),), (("commonName", "b"),))}, "b"),
        ({"subject": ((("commonName", "a"),), (("commonName", "b"),))}, None),
    ],
)
def test_the_name_in_a_certificate(certificate: object, name: str | None) -> None:
    assert certificate_name(certificate) == name


@pytest.mark.parametrize(
    ("certificate", "serial"),
    [(None, None), ({}, None), ({"serialNumber": "0A1B2C"}, "0a1b2c"), ({"subject": ()}, None)],
)
def test_the_serial_of_a_certificate(certificate: object, serial: str | None) -> None:
    assert certificate_serial(certificate) == serial
