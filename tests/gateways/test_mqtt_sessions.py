"""Sessions by (realm, client id): taking over, keeping, returning."""

from __future__ import annotations

from typing import Any

from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt_counters import Drop, Ending
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.encode import encode
from rookery.wire.mqtt.session import SessionState
from tests.gateways.mqtt_world import KEY, Client, Recorder, World


async def returned(world: World, client_id: str = "c", **options: Any) -> tuple[Client, Recorder, list[p.Packet]]:
    """A client that comes with clean_session=False; what it is told after CONNECT."""
    client = world.client()
    events = await client.connect(client_id, **{"clean_session": False, **options})
    return client, world.lobby.handlers[-1], events


# Taking over


async def test_a_board_takes_over_from_itself() -> None:
    world = World()
    old, old_handler = await world.joined()
    new, _ = await world.joined()
    assert old.ended == "closed"
    assert old_handler.take() == [("closed", False)]
    assert new.ended == ""
    old.transport.gone()
    assert world.gateway.session("boards", "c") is new.connection
    assert world.gateway.counters.closed == {Ending.TAKEN_OVER: 1}


async def test_the_old_connection_ends_before_the_new_one_opens() -> None:
    world = World()
    order: list[str] = []
    old, old_handler = await world.joined()
    old_handler.closed = lambda reason, *, clean: order.append("closed")  # type: ignore[method-assign]
    make = world.lobby.make

    def second(login: Any) -> Recorder:
        handler = make(login)
        handler.opened = lambda session: order.append("opened")  # type: ignore[method-assign]
        return handler

    world.lobby.make = second
    await world.client().connect()
    assert order == ["closed", "opened"]
    assert old.ended == "closed"


async def test_people_live_side_by_side_under_one_name() -> None:
    world = World(realm="people", exclusive=False)
    first, _ = await world.joined("me", clean_session=False)
    second, _ = await world.joined("me", clean_session=False)
    assert (first.ended, second.ended) == ("", "")
    first.transport.gone()
    assert world.gateway.counters.kept == 0
    assert world.gateway.session("people", "me") is None


async def test_realms_do_not_see_each_other() -> None:
    world = World()
    realms = iter(("a", "b"))
    world.lobby.make = lambda login: Recorder(next(realms))
    first, _ = await world.joined()
    second, _ = await world.joined()
    assert (first.ended, second.ended) == ("", "")


# Keeping


async def test_a_kept_session_receives_while_its_client_is_away() -> None:
    world = World()
    client, handler, events = await returned(world)
    assert events == [p.Connack()]
    client.machine.subscribe([("a", 1), ("b", 2)])
    client.exchange()
    handler.take()
    client.transport.gone()
    assert handler.take() == [("closed", False)]  # the subscriptions live on
    assert world.gateway.counters.kept == 1
    assert handler.session is not None
    handler.session.publish("a", b"0", 0)
    handler.session.publish("a", b"1", 1)
    handler.session.publish("b", b"2", 2)
    assert world.gateway.counters.dropped == {Drop.ABSENT: 1}

    again, new_handler, events = await returned(world)
    assert events[0] == p.Connack(0, True)
    assert [(e.payload, e.dup) for e in events[1:] if isinstance(e, p.Publish)] == [(b"1", False), (b"2", False)]
    assert new_handler.take() == [("opened",), ("subscribe", "a", 1), ("subscribe", "b", 2)]
    assert handler.take() == [("unsubscribed", "a"), ("unsubscribed", "b")]
    assert again.machine.connected
    assert world.gateway.counters.kept == 0


async def test_what_was_not_acknowledged_comes_again_with_dup() -> None:
    world = World()
    client, handler, _ = await returned(world)
    assert handler.session is not None
    handler.session.publish("a", b"1", 1)
    client.transport.gone()
    _, _, events = await returned(world)
    assert events == [p.Connack(0, True), p.Publish("a", b"1", 1, packet_id=1, dup=True)]


async def test_a_clean_connect_discards_the_kept_session() -> None:
    world = World()
    client, handler, _ = await returned(world)
    client.machine.subscribe([("a", 1)])
    client.exchange()
    client.transport.gone()
    handler.take()
    _, new_handler, events = await returned(world, clean_session=True)
    assert events == [p.Connack()]
    assert handler.take() == [("unsubscribed", "a")]
    assert new_handler.take() == [("opened",)]
    assert world.keeper.kept == {}


async def test_a_right_that_was_lost_ends_the_subscription() -> None:
    world = World()
    client, _, _ = await returned(world)
    client.machine.subscribe([("a", 1), ("b", 1)])
    client.exchange()
    client.transport.gone()
    make = world.lobby.make

    def stricter(login: Any) -> Recorder:
        handler = make(login)
        handler.refuse.add("a")
        return handler

    world.lobby.make = stricter
    await returned(world)
    assert world.keeper.kept["boards", "c"]["subscriptions"] == {"b": 1}


async def test_taking_over_a_persistent_session_goes_on_with_it() -> None:
    world = World()
    client, handler, _ = await returned(world)
    client.machine.subscribe([("a", 1)])
    client.exchange()
    _, new_handler, events = await returned(world)
    assert events == [p.Connack(0, True)]
    assert client.ended == "closed"
    assert ("unsubscribed", "a") in handler.take()
    assert ("subscribe", "a", 1) in new_handler.take()


async def test_a_realm_may_not_keep_at_all() -> None:
    world = World(persistent=False)
    client, _, _ = await returned(world)
    client.transport.gone()
    assert world.gateway.counters.kept == 0
    _, _, events = await returned(world)
    assert events == [p.Connack()]


async def test_a_qos_2_message_that_is_stored_late_is_acknowledged_to_the_next_connection() -> None:
    world = World()
    client, handler, _ = await returned(world)
    handler.keep_tickets = True
    client.machine.publish("a", b"once", 2)
    client.send()
    client.transport.gone()
    again, new_handler, _ = await returned(world)
    again.send(encode(p.Publish("a", b"once", 2, False, 1, True)))
    assert new_handler.take() == [("opened",)]  # it is known, and not yet stored
    assert again.transport.writes == []
    assert handler.session is not None
    handler.session.committed(handler.tickets)
    assert again.transport.writes == [encode(p.Pubrec(1))]
    again.send(encode(p.Publish("a", b"once", 2, False, 1, True)))
    assert new_handler.take() == []
    assert again.transport.writes == [encode(p.Pubrec(1))] * 2


# Limits


async def test_kept_sessions_are_limited_for_each_realm_and_for_all() -> None:
    world = World(limits=MqttLimits(kept_per_realm=2, kept_sessions=3))
    handlers = []
    for realm, client_id in (("a", "1"), ("a", "2"), ("a", "3"), ("b", "1"), ("b", "2")):
        world.lobby.make = lambda login, realm=realm: Recorder(realm)  # type: ignore[misc]
        client, handler, _ = await returned(world, client_id)
        client.machine.subscribe([("t", 0)])
        client.exchange()
        client.transport.gone()
        handlers.append(handler)
    # a/1 went for the realm, a/2 for the total
    assert sorted(world.keeper.kept) == [("a", "3"), ("b", "1"), ("b", "2")]
    assert [("unsubscribed", "t") in handler.take() for handler in handlers] == [True, True, False, False, False]
    assert (world.gateway.counters.kept, world.gateway.counters.sessions_dropped) == (3, 2)


async def test_kept_sessions_grow_old() -> None:
    world = World()
    client, handler, _ = await returned(world)
    client.machine.subscribe([("t", 0)])
    client.exchange()
    client.transport.gone()
    world.clock.advance(world.gateway.limits.kept_seconds + 60)
    _, _, events = await returned(world)
    assert events == [p.Connack()]
    assert ("unsubscribed", "t") in handler.take()


async def test_what_waits_for_absent_clients_is_limited() -> None:
    world = World(limits=MqttLimits(queue_messages=2, kept_queue_bytes=1_000))
    client, handler, _ = await returned(world, "a")
    client.transport.gone()
    other, other_handler, _ = await returned(world, "b")
    other.transport.gone()
    assert handler.session is not None
    assert other_handler.session is not None
    for _ in range(3):
        handler.session.publish("t", b"", 1)
    other_handler.session.publish("t", bytes(900), 1)
    assert world.gateway.counters.dropped == {Drop.QUEUE_FULL: 2}
    _, _, events = await returned(world, "a")
    assert len(events) == 3
    other_handler.session.publish("t", bytes(700), 1)
    _, _, events = await returned(world, "b")
    assert len(events) == 2


# Keeping beyond the process


async def test_a_stored_session_goes_on_in_another_process() -> None:
    world = World()
    client, _, _ = await returned(world)
    client.machine.subscribe([("a", 1)])
    client.exchange()
    client.transport.gone()
    stored = world.keeper.kept["boards", "c"]

    later = World()
    handler = Recorder()
    session = later.gateway.adopt(handler, SessionState.load(stored))
    session.publish("a", b"while nobody looked", 1)
    _, new_handler, events = await returned(later)
    assert events == [p.Connack(0, True), p.Publish("a", b"while nobody looked", 1, packet_id=1)]
    assert handler.take() == [("unsubscribed", "a")]
    assert ("subscribe", "a", 1) in new_handler.take()


async def test_the_keeper_hears_of_every_change() -> None:
    world = World()
    client, handler, _ = await returned(world)
    assert world.keeper.kept["boards", "c"]["subscriptions"] == {}
    client.machine.subscribe([("a", 1)])
    client.exchange()
    assert world.keeper.kept["boards", "c"]["subscriptions"] == {"a": 1}
    client.machine.unsubscribe(["a"])
    client.exchange()
    assert world.keeper.kept["boards", "c"]["subscriptions"] == {}
    client.transport.gone()
    assert handler.session is not None
    handler.session.publish("a", b"1", 1)
    assert len(world.keeper.kept["boards", "c"]["queue"]) == 1
    assert KEY not in repr(world.keeper.kept).encode()
