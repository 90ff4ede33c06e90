"""Retained messages against dictionaries."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from rookery.core.messages import Retained
from rookery.gateways.retained import RetainedTree, retained_size
from rookery.wire.mqtt.topics import matches
from tests.gateways.broker_world import Client, World

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
