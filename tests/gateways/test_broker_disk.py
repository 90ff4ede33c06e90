"""Private topic trees and the disk: what was acknowledged is there after a power cut, a restart, a full disk."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest_asyncio

from rookery.wire.mqtt import packets as p
from tests.gateways.broker_world import World


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = await World(tmp_path / "data").start()
    yield world
    await world.stop()


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


async def test_a_stored_session_that_can_not_be_read_is_given_up(world: World) -> None:
    cat, dog = world.client("cat"), world.client("dog")
    for client in (cat, dog):
        await client.come(clean=False)
        await client.subscribe("a", 1)
    await world.stop()
    with sqlite3.connect(world.folder / "messages.db") as connection:
        connection.execute(
            "UPDATE session SET head = json_remove(CAST(head AS TEXT), '$.last_id') WHERE client_id = 'cat'"
        )
    connection.close()
    for _ in range(2):
        again = await World(world.folder).start()
        assert again.restored == 1
        await again.client("dog").come(clean=False)
        assert again.client("dog").connack == p.Connack(0, True)
        await again.stop()


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
