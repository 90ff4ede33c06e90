"""The private topic trees: who publishes, who receives what."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rookery.core.messages import Retained
from rookery.gateways.broker import RETAINED_AT_ONCE, BrokerLimits
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt_counters import Drop
from rookery.gateways.retained import RetainedTree, retained_size
from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.topics import matches
from tests.gateways.broker_world import Client, Heard, World


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


# What is acknowledged is on disk


async def test_what_was_acknowledged_survives_a_power_cut(world: World, tmp_path: Path) -> None:
    """At the very moment of each acknowledgement the files already hold what it stands for."""
    cat, dog, eel, fox = (world.client(name) for name in ("cat", "dog", "eel", "fox"))
    for client in (cat, eel):
        await client.come(clean=False)
        await client.subscribe("q/#", 2)
    await cat.vanish()
    eel.deaf = True  # connected, but its acknowledgements never come
    owned: dict[str, list[int]] = {"q": [], "r": []}
    cuts: list[tuple[Path, dict[str, list[int]]]] = []

    def tap(kind: str, data: bytes) -> None:
        """PUBACK and PUBREC are four bytes, the last two of which are the identifier."""
        packets = [data[at : at + 4] for at in range(0, len(data), 4)]
        assert {packet[0] for packet in packets} <= {0x40, 0x50, 0x70}
        owned[kind] += [int.from_bytes(packet[2:]) for packet in packets if packet[0] != 0x70]
        folder = tmp_path / f"cut{len(cuts)}"
        world.copy(folder)
        cuts.append((folder, {kind: ids.copy() for kind, ids in owned.items()}))

    for client, kind in ((dog, "q"), (fox, "r")):
        await client.come()
        client.tap = partial(tap, kind)
    for i in range(1, 9):
        dog.machine.publish(f"q/{i}", b"q", 1 + i % 2)
        fox.machine.publish(f"r/{i}", b"r", 1 + i % 2, retain=True)
        if i % 3 == 0:
            await world.settle()
    await world.settle()
    assert sorted(owned["q"]) == sorted(owned["r"]) == list(range(1, 9))
    assert len(cuts) >= 6
    for folder, ids in cuts:
        after = await World(folder).start()
        assert after.restored == 2
        for name in ("cat", "eel", "gnu"):
            await after.client(name).come(clean=False)
        await after.client("gnu").subscribe("r/#")
        for name, kind in (("cat", "q"), ("eel", "q"), ("gnu", "r")):
            assert {f"{kind}/{i}" for i in ids[kind]} <= {topic for topic, *_ in after.client(name).heard}
        assert after.client("cat").connack == p.Connack(0, True)
        await after.stop()


async def test_what_needs_no_disk_is_acknowledged_without_one(world: World) -> None:
    cat, dog = world.client("cat"), world.client("dog")
    await cat.come()
    await dog.come()
    await cat.subscribe("#", 2)
    for qos in (1, 2):
        await dog.publish("a", b"x", qos)
    assert len(dog.acknowledged) == 2
    assert world.store.commits == 0


async def test_a_session_goes_on_after_a_restart(world: World, tmp_path: Path) -> None:
    cat, dog = world.client("cat"), world.client("dog")
    await cat.come(clean=False)
    await cat.subscribe("a/+", 1)
    await cat.subscribe("b", 2)
    await cat.unsubscribe("b")
    await cat.go()
    await dog.come()
    await dog.publish("a/1", b"1", 1)
    await world.stop()
    again = await World(world.folder).start()
    assert again.restored == 1
    await again.client("dog").come()
    for topic in ("a/2", "b"):
        await again.client("dog").publish(topic, b"2", 1)
    again.clients["cat"] = cat
    cat.world = again
    await cat.come(clean=False)
    assert cat.connack == p.Connack(0, True)
    assert cat.take() == [("a/1", b"1", 1, False), ("a/2", b"2", 1, False)]
    await cat.go()
    await again.stop()
    third = await World(world.folder).start()
    await third.client("cat").come(clean=False)
    assert third.client("cat").heard == []
    await third.client("cat").come(clean=True)
    await third.client("cat").go()
    await third.stop()
    fourth = await World(world.folder).start()
    assert fourth.restored == 0
    assert len(fourth.brokers) == 0
    await fourth.stop()
    world.store = fourth.store


async def test_a_full_disk_closes_the_publisher_and_nobody_else(tmp_path: Path) -> None:
    world = await World(tmp_path / "data").start()
    cat, dog = world.client("cat"), world.client("dog")
    await cat.come()
    await dog.come()
    await dog.subscribe("#", 1)
    pages = world.store._connection.execute("PRAGMA page_count").fetchone()[0]
    world.store._connection.execute(f"PRAGMA max_page_count = {pages}")
    await cat.publish("a", b"x" * 100_000, 1, retain=True)
    assert not cat.online()
    assert cat.acknowledged == []
    assert dog.online()
    assert world.store.failures == 1
    world.store._connection.execute("PRAGMA max_page_count = 100000")
    await cat.come(clean=False)  # repeats what was not acknowledged
    assert len(cat.acknowledged) == 1
    after = await world.after_power_cut(tmp_path / "cut")
    await after.client("eel").come()
    await after.client("eel").subscribe("a")
    assert after.client("eel").heard == [("a", b"x" * 100_000, 0, True)]
    await after.stop()
    await world.stop()


# Against models

LEVELS = st.sampled_from(["a", "b", "$c", "", "dd"])
TOPICS = st.lists(LEVELS, min_size=1, max_size=4).map("/".join).filter(bool)
FILTERS = st.builds(
    lambda levels, rest: "/".join([*levels, *rest]),
    st.lists(LEVELS | st.just("+"), max_size=4),
    st.sampled_from([[], ["#"]]),
).filter(bool)


@given(st.lists(st.tuples(TOPICS, st.none() | st.binary(min_size=1, max_size=3))), FILTERS)
def test_the_tree_of_retained_messages_is_a_dictionary(changes: list[tuple[str, bytes | None]], asked: str) -> None:
    tree, model = RetainedTree(), dict[str, Retained]()
    for topic, payload in changes:
        if payload is None:
            assert tree.remove(topic) == (model.pop(topic, None) is not None)
        else:
            tree.put(topic, Retained(payload, 1))
            model[topic] = Retained(payload, 1)
    assert len(tree) == len(model)
    assert tree.size == sum(retained_size(topic, message.payload) for topic, message in model.items())
    assert {topic: tree.get(topic) for topic in model} == model
    assert sorted(tree.topics(asked)) == sorted(topic for topic in model if matches(asked, topic))
    for topic in model:
        tree.remove(topic)
    assert tree.size == 0
    assert tree.get("a") is None


class RetainedMachine(RuleBasedStateMachine):
    """Retained messages of two spaces against dictionaries, over the true wire and across power cuts and restarts."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.runner = asyncio.Runner()
        self.number = 0
        self.model: dict[str, dict[str, tuple[bytes, int]]] = {"home": {}, "work": {}}
        self.world: World = self.run(World(Path(self.folder.name) / "0").start(synchronous="OFF"))

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(coroutine)

    async def here(self, name: str) -> Client:
        client = self.world.client(name)
        if not client.online():
            await client.come()
        return client

    @rule(
        space=st.sampled_from(["home", "work"]),
        topic=st.sampled_from(["a", "a/b", "b"]),
        payload=st.binary(max_size=2),
        qos=st.integers(0, 2),
    )
    def publish(self, space: str, topic: str, payload: bytes, qos: int) -> None:
        async def work() -> None:
            client = await self.here(f"{space}/cat")
            await client.publish(topic, payload, qos, retain=True)
            assert len(client.machine.inflight) == 0

        self.run(work())
        if payload:
            self.model[space][topic] = payload, qos
        else:
            self.model[space].pop(topic, None)

    @rule()
    def cut_the_power(self) -> None:
        async def work() -> None:
            self.number += 1
            after = await self.world.after_power_cut(Path(self.folder.name) / str(self.number), synchronous="OFF")
            await self.world.stop()
            self.world = after

        self.run(work())

    @rule()
    def restart(self) -> None:
        async def work() -> None:
            await self.world.stop()
            self.world = await World(self.world.folder).start(synchronous="OFF")

        self.run(work())

    @invariant()
    def same(self) -> None:
        async def work() -> None:
            for space, model in self.model.items():
                client = await self.here(f"{space}/eye")
                await client.subscribe("#", 2)
                await client.unsubscribe("#")
                heard = {topic: (payload, qos) for topic, payload, qos, retain in client.take() if retain}
                assert heard == model

        self.run(work())
        total = sum(len(model) for model in self.model.values())
        assert self.world.brokers.counters.retained == total

    def teardown(self) -> None:
        self.run(self.world.stop())
        self.runner.close()
        self.folder.cleanup()


RetainedMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=12, deadline=None)
TestRetainedAgainstDictionary = RetainedMachine.TestCase
