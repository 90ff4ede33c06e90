"""The private topic trees: who publishes, who receives what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from rookery.gateways.broker import RETAINED_AT_ONCE, BrokerLimits
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt_counters import Drop
from rookery.gateways.retained import retained_size
from rookery.wire.mqtt import packets as p
from tests.gateways.broker_world import Heard, World


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = await World(tmp_path / "data").start()
    yield world
    await world.stop()


Step = Callable[[World], Coroutine[Any, Any, object]]


def come(who: str, *, clean: bool = True, will: p.Message | None = None) -> Step:
    return lambda w: w.client(who).come(clean=clean, will=will)


def sub(who: str, topic_filter: str, qos: int = 0) -> Step:
    return lambda w: w.client(who).subscribe(topic_filter, qos)


def unsub(who: str, topic_filter: str) -> Step:
    return lambda w: w.client(who).unsubscribe(topic_filter)


def pub(who: str, topic: str, payload: bytes = b"x", qos: int = 0, *, retain: bool = False) -> Step:
    return lambda w: w.client(who).publish(topic, payload, qos, retain=retain)


def go(who: str) -> Step:
    return lambda w: w.client(who).go()


def vanish(who: str) -> Step:
    return lambda w: w.client(who).vanish()


# Name: what happens, in order; who has heard what in the end. Clients that are not named have heard nothing.
SCENARIOS: dict[str, tuple[list[Step], dict[str, list[Heard]]]] = {
    "who subscribed hears it": (
        [come("cat"), come("dog"), sub("cat", "a/b"), pub("dog", "a/b"), pub("dog", "a/c")],
        {"cat": [("a/b", b"x", 0, False)]},
    ),
    "the publisher hears itself": (
        [come("cat"), sub("cat", "a"), pub("cat", "a", b"me")],
        {"cat": [("a", b"me", 0, False)]},
    ),
    "one level and all levels": (
        [come("cat"), come("dog"), sub("cat", "+/b"), sub("dog", "a/#"), pub("cat", "a/b"), pub("cat", "a")],
        {"cat": [("a/b", b"x", 0, False)], "dog": [("a/b", b"x", 0, False), ("a", b"x", 0, False)]},
    ),
    "empty levels count": (
        [come("cat"), sub("cat", "/+/b"), pub("cat", "//b"), pub("cat", "/b")],
        {"cat": [("//b", b"x", 0, False)]},
    ),
    "the lower of both qualities": (
        [
            come("cat"),
            *(sub("cat", f"q{granted}/#", granted) for granted in range(3)),
            *(pub("cat", f"q{granted}/{sent}", b"", sent) for granted in range(3) for sent in range(3)),
        ],
        {"cat": [(f"q{g}/{s}", b"", min(g, s), False) for g in range(3) for s in range(3)]},
    ),
    "overlapping subscriptions bring it once at the best quality": (
        [come("cat"), sub("cat", "a/b", 0), sub("cat", "a/+", 1), sub("cat", "#", 0), pub("cat", "a/b", b"x", 2)],
        {"cat": [("a/b", b"x", 1, False)]},
    ),
    "subscribing again changes the quality": (
        [come("cat"), sub("cat", "a", 1), sub("cat", "a", 0), pub("cat", "a", b"x", 1)],
        {"cat": [("a", b"x", 0, False)]},
    ),
    "who unsubscribed hears no more": (
        [come("cat"), sub("cat", "a"), sub("cat", "b"), unsub("cat", "a"), pub("cat", "a"), pub("cat", "b")],
        {"cat": [("b", b"x", 0, False)]},
    ),
    "spaces do not hear each other": (
        [
            come("home/cat"),
            come("work/cat"),
            come("work/dog"),
            sub("home/cat", "#"),
            sub("work/cat", "a"),
            pub("work/dog", "a", b"w", retain=True),
            pub("home/cat", "a", b"h", retain=True),
            sub("work/dog", "#"),
        ],
        {
            "home/cat": [("a", b"h", 0, False)],
            "work/cat": [("a", b"w", 0, False)],
            "work/dog": [("a", b"w", 0, True)],
        },
    ),
    "the same client id in two spaces is two clients": (
        [come("home/cat", clean=False), come("work/cat", clean=False), sub("home/cat", "a"), pub("work/cat", "a")],
        {},
    ),
    "retained for who comes later, with the flag": (
        [come("cat"), pub("cat", "a", b"1", retain=True), pub("cat", "a", b"2", 1, retain=True), sub("cat", "#", 2)],
        {"cat": [("a", b"2", 1, True)]},
    ),
    "retained without the flag for who is there": (
        [come("cat"), sub("cat", "a", 1), pub("cat", "a", b"1", 1, retain=True)],
        {"cat": [("a", b"1", 1, False)]},
    ),
    "retained again at each subscribing": (
        [come("cat"), pub("cat", "a", retain=True), sub("cat", "a"), sub("cat", "a"), sub("cat", "+")],
        {"cat": [("a", b"x", 0, True)] * 3},
    ),
    "an unretained message leaves the retained one": (
        [come("cat"), pub("cat", "a", b"1", retain=True), pub("cat", "a", b"2"), sub("cat", "a")],
        {"cat": [("a", b"1", 0, True)]},
    ),
    "an empty one clears and is passed on": (
        [
            come("cat"),
            come("dog"),
            sub("dog", "a"),
            pub("cat", "a", b"1", retain=True),
            pub("cat", "a", b"", 1, retain=True),
            sub("cat", "a"),
        ],
        {"dog": [("a", b"1", 0, False), ("a", b"", 0, False)]},
    ),
    "retained survives its publisher": (
        [come("cat"), pub("cat", "a", retain=True), go("cat"), come("dog"), sub("dog", "a")],
        {"dog": [("a", b"x", 0, True)]},
    ),
    "a will is an ordinary message": (
        [
            come("dog"),
            sub("dog", "#", 1),
            come("cat", will=p.Message("gone", b"cat", 1, True)),
            vanish("cat"),
            come("eel"),
            sub("eel", "gone"),
        ],
        {"dog": [("gone", b"cat", 1, False)], "eel": [("gone", b"cat", 0, True)]},
    ),
    "who says goodbye leaves no will": (
        [come("dog"), sub("dog", "#"), come("cat", will=p.Message("gone", b"cat")), go("cat")],
        {},
    ),
    "a will about what is not the user's own is void": (
        [come("dog"), sub("dog", "#"), come("cat", will=p.Message("/a/t/x", b"cat", 1, True)), vanish("cat")],
        {},
    ),
    "a durable session misses nothing that was sent with care": (
        [
            come("cat", clean=False),
            sub("cat", "a", 2),
            vanish("cat"),
            come("dog"),
            *(pub("dog", "a", bytes([i]), i % 3) for i in range(6)),
            come("cat", clean=False),
        ],
        {"cat": [("a", bytes([i]), i % 3, False) for i in range(6) if i % 3]},
    ),
    "a clean session misses what it misses": (
        [
            come("cat"),
            sub("cat", "a", 1),
            vanish("cat"),
            come("dog"),
            pub("dog", "a", b"x", 1),
            come("cat", clean=False),
        ],
        {},
    ),
    "a durable session goes on being subscribed": (
        [come("cat", clean=False), sub("cat", "a", 1), go("cat"), come("cat", clean=False), pub("cat", "a", b"x", 1)],
        {"cat": [("a", b"x", 1, False)]},
    ),
    "a resumed session is not sent retained messages again": (
        [
            come("cat", clean=False),
            pub("cat", "a", retain=True),
            sub("cat", "a"),
            go("cat"),
            come("cat", clean=False),
        ],
        {"cat": [("a", b"x", 0, True)]},
    ),
    "coming clean ends a durable session": (
        [
            come("cat", clean=False),
            sub("cat", "a", 1),
            go("cat"),
            come("dog"),
            pub("dog", "a", b"x", 1),
            come("cat"),
            go("cat"),
            come("cat", clean=False),
            pub("dog", "a", b"y", 1),
        ],
        {},
    ),
    "a second connection takes the session over": (
        [
            come("cat", clean=False),
            sub("cat", "a", 1),
            come("cat", clean=False),
            come("dog"),
            pub("dog", "a", b"x", 1),
        ],
        {"cat": [("a", b"x", 1, False)]},
    ),
}


@pytest.mark.parametrize("name", SCENARIOS)
async def test_who_hears_what(world: World, name: str) -> None:
    steps, expected = SCENARIOS[name]
    for step in steps:
        await step(world)
    heard = {who: client.heard for who, client in world.clients.items() if client.heard}
    assert heard == expected


OWN = ["a", "a/", "/a", "/ab/c", "a/$x", "b/a/", " ", "ä/☃", "x" * 1024]
NOT_OWN = ["/a/", "/a/d/b/c", "$SYS/broker", "$", "x" * 1025, "/" * 64]


@pytest.mark.parametrize("topic", OWN)
async def test_topics_of_ones_own(world: World, topic: str) -> None:
    cat = world.client("cat")
    await cat.come()
    await cat.subscribe(topic, 1)
    packet_id = await cat.publish(topic, b"1", 1, retain=True)
    assert cat.granted == [1]
    assert cat.acknowledged == [packet_id]
    assert cat.take() == [(topic, b"1", 1, False)]
    assert cat.online()


@pytest.mark.parametrize("qos", [0, 1, 2])
@pytest.mark.parametrize("topic", NOT_OWN)
async def test_what_is_not_ones_own_closes_without_acknowledging(world: World, topic: str, qos: int) -> None:
    cat, dog = world.client("cat"), world.client("dog")
    await cat.come()
    await dog.come()
    await dog.subscribe("#")
    await cat.publish("before", b"", 1)
    await cat.publish(topic, b"1", qos, retain=True)
    assert not cat.online()
    assert len(cat.acknowledged) == 1
    assert dog.online()
    assert [topic for topic, *_ in dog.heard] == ["before"]
    assert world.brokers.counters.refused == 1
    assert world.brokers.counters.retained == 0


async def test_filters_for_what_is_not_ones_own_are_refused(world: World) -> None:
    cat = world.client("cat")
    await cat.come()
    for topic_filter in ("/a/#", "/a/d/+/e", "$SYS/#", "$share/g/a", "#", "+/x"):
        await cat.subscribe(topic_filter, 1)
    assert cat.granted == [0x80, 0x80, 0x80, 0x80, 1, 1]
    assert cat.online()


async def test_more_retained_messages_than_allowed_are_not_acknowledged(tmp_path: Path) -> None:
    world = await World(tmp_path / "data").start(BrokerLimits(retained_messages=2))
    cat = world.client("cat")
    await cat.come()
    for topic in "ab":
        await cat.publish(topic, b"1", 1, retain=True)
    await cat.publish("a", b"2", 1, retain=True)
    assert len(cat.acknowledged) == 3
    await cat.publish("c", b"1", 1, retain=True)
    assert not cat.online()
    assert len(cat.acknowledged) == 3
    await cat.come(clean=False)
    assert not cat.online()  # it repeats the message, and is refused again
    await cat.come()
    await cat.publish("a", b"", 1, retain=True)
    await cat.publish("c", b"1", 1, retain=True)
    assert cat.online()
    await cat.subscribe("#")
    assert sorted(cat.heard) == [("b", b"1", 0, True), ("c", b"1", 0, True)]
    await world.stop()


async def test_more_retained_bytes_than_allowed_are_not_acknowledged(tmp_path: Path) -> None:
    one = retained_size("a", b"x" * 1000)
    world = await World(tmp_path / "data").start(BrokerLimits(retained_bytes=2 * one, retained_bytes_of_all=3 * one))
    cat, eel, fox = world.client("home/cat"), world.client("work/eel"), world.client("work/fox")
    for client in (cat, eel, fox):
        await client.come()
    for client, topic in ((cat, "a"), (cat, "b"), (cat, "a"), (eel, "a")):
        await client.publish(topic, b"x" * 1000, 1, retain=True)
    assert cat.online()
    assert eel.online()
    assert world.brokers.counters.retained_bytes == 3 * one
    await eel.publish("b", b"x" * 1000, 1, retain=True)
    assert not eel.online()  # all spaces together
    await cat.publish("a", b"x" * 1001, 1, retain=True)
    assert not cat.online()  # its own space
    assert fox.online()
    assert world.brokers.counters.retained_bytes == 3 * one
    await world.stop()


async def test_a_space_has_no_more_connections_than_allowed(tmp_path: Path) -> None:
    world = await World(tmp_path / "data").start(BrokerLimits(connections=2))
    for name in ("home/a", "home/b", "home/c", "work/a"):
        await world.client(name).come()
    assert [c.name + str(c.connack and c.connack.code) for c in world.clients.values()] == ["a0", "b0", "c3", "a0"]
    await world.client("home/a").go()
    await world.client("home/c").come()
    assert world.client("home/c").online()
    assert world.brokers.counters.connections == 3
    await world.stop()


async def test_a_full_queue_drops_the_newest_and_counts(tmp_path: Path) -> None:
    world = await World(tmp_path / "data").start(mqtt=MqttLimits(queue_messages=3))
    cat, dog = world.client("cat"), world.client("dog")
    await cat.come(clean=False)
    await cat.subscribe("a", 1)
    await cat.vanish()
    await dog.come()
    for i in range(5):
        await dog.publish("a", bytes([i]), 1)
    assert len(dog.acknowledged) == 5
    assert world.gateway.counters.dropped[Drop.QUEUE_FULL] == 2
    await cat.come(clean=False)
    assert [payload for _, payload, *_ in cat.heard] == [b"\x00", b"\x01", b"\x02"]
    await world.stop()


async def test_a_broker_that_nobody_needs_is_let_go(world: World) -> None:
    cat = world.client("cat")
    await cat.come(clean=False)
    assert len(world.brokers) == 1
    await cat.subscribe("a", 1)
    await cat.go()
    assert len(world.brokers) == 1  # its session waits
    await cat.come()
    await cat.publish("a", b"1", retain=True)
    await cat.go()
    assert len(world.brokers) == 1  # the retained message
    await cat.come()
    await cat.publish("a", b"", retain=True)
    await cat.go()
    assert len(world.brokers) == 0


async def test_many_retained_messages_come_in_turns_and_stop_with_the_subscription(world: World) -> None:
    cat, dog = world.client("cat"), world.client("dog")
    await cat.come()
    for i in range(RETAINED_AT_ONCE * 3):
        cat.machine.publish(f"r/{i}", b"x", retain=True)
    await world.settle()
    await dog.come()
    await dog.subscribe("r/+")
    assert [topic for topic, *_ in dog.take()] == [f"r/{i}" for i in range(RETAINED_AT_ONCE * 3)]
    dog.machine.subscribe([("r/+", 0)])
    dog.machine.unsubscribe(["r/+"])
    await world.settle()
    assert len(dog.take()) == RETAINED_AT_ONCE
    dog.machine.subscribe([("r/+", 0)])
    dog.machine.subscribe([("r/+", 0)])
    await world.settle()
    assert len(dog.take()) == RETAINED_AT_ONCE * 4
