"""How much goes to a browser, and when: flushes, thinning, and tabs that do not read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from rookery.console.live_hub import FLUSH_SECONDS, Hub
from rookery.console.live_reader import PersonReader
from rookery.console.live_socket import GONE, OVER, QUEUE_SIZE, LiveSocket
from rookery.console.live_topics import EVENTS, VALUES
from rookery.core.access import Principal
from rookery.core.events import Event
from rookery.core.live import LiveThing
from rookery.core.records import Bearer
from rookery.core.services import Services
from tests.console.watching import number
from tests.fakes import ManualClock, memory_services, settled

Message = MutableMapping[str, Any]


class World:
    """A hub with a thing, and tabs that keep what they are sent."""

    def __init__(self, services: Services, clock: ManualClock, who: Principal, live: LiveThing) -> None:
        self.services = services
        self.clock = clock
        self.who = who
        self.live = live
        self.hub = Hub(services, clock)
        self.topic = "thing/" + live.record.id

    @classmethod
    async def make(cls) -> World:
        clock = ManualClock()
        services = memory_services(clock=clock)
        person = await services.people.create("ada@example.org")
        who = await services.people.principal(person.id)
        thing = await services.things.create(who, variables=[number("level"), number("other")])
        live = await services.live.get(thing.id)
        assert live is not None
        return cls(services, clock, who, live)

    async def tab(self) -> Tab:
        issued = await self.services.tokens.issue(Bearer.PERSON, self.who.person_id, "console")
        reader = PersonReader(self.services, issued.record, self.who)
        return Tab(self.hub, LiveSocket(reader))

    async def say(self, *values: int, symbol: str = "level") -> None:
        """The board says these, one message each, and they are stored."""
        variable = self.live.by_symbol[symbol]
        for value in values:
            self.services.ingest.accept(self.live, [(variable, value, None)])
        await settled()


class Tab:
    """A tab whose frames are kept."""

    def __init__(self, hub: Hub, socket: LiveSocket) -> None:
        self.hub = hub
        self.socket = socket
        self.frames: list[list[dict[str, Any]]] = []
        self.closed: int | None = None
        self.reads = asyncio.Event()
        self.reads.set()
        self._task: asyncio.Task[None] | None = None
        hub.come(socket)

    async def send(self, message: Message) -> None:
        await self.reads.wait()
        if message["type"] == "websocket.close":
            self.closed = message["code"]
        else:
            self.frames.append(json.loads(message["text"]))

    async def read(self) -> list[list[dict[str, Any]]]:
        """The frames since the last time."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self.socket.write(self.send))
        for _ in range(10):
            await asyncio.sleep(0)
        frames, self.frames = self.frames, []
        return frames

    async def end(self) -> None:
        self.hub.go(self.socket)
        self.socket.end(GONE)
        self.reads.set()
        await self.read()
        assert self._task is not None
        await self._task


Do = Callable[[World, Tab], Awaitable[None]]


async def watching(do: Do) -> None:
    """A tab that watches the thing, from its snapshot to its end."""
    world = await World.make()
    tab = await world.tab()
    await world.hub.subscribe(tab.socket, world.topic)
    ((snapshot,),) = await tab.read()
    assert snapshot["k"] == "snapshot"
    world.clock.turn(1.0)
    await do(world, tab)
    await tab.end()
    await world.hub.close()
    assert world.clock.waiting == 0
    assert not world.services.bus.watched("values." + world.live.record.id)


async def test_the_first_value_after_a_pause_goes_at_once_and_the_next_together() -> None:
    async def do(world: World, tab: Tab) -> None:
        await world.say(1)
        world.clock.turn(0)
        ((first,),) = await tab.read()
        assert [value[2] for value in first["v"]] == [1]
        await world.say(2)
        await world.say(3, 4)
        world.clock.turn(FLUSH_SECONDS / 2)
        assert await tab.read() == []
        world.clock.turn(FLUSH_SECONDS / 2)
        ((second,),) = await tab.read()
        assert [value[2] for value in second["v"]] == [2, 3, 4]

    await watching(do)


async def test_a_flood_is_thinned_to_the_newest_and_counted() -> None:
    async def do(world: World, tab: Tab) -> None:
        await world.say(7, symbol="other")
        await world.say(*range(VALUES + 5))
        world.clock.turn(FLUSH_SECONDS)
        ((message,),) = await tab.read()
        newest = {value[0]: value[2] for value in message["v"]}
        assert newest == {
            world.live.by_symbol["other"].record.id: 7,
            world.live.by_symbol["level"].record.id: VALUES + 4,
        }
        assert message["left"] + len(message["v"]) == VALUES + 6

    await watching(do)


async def test_a_tab_that_does_not_read_loses_its_own_and_is_shown_what_is_now() -> None:
    async def do(world: World, tab: Tab) -> None:
        reader = await world.tab()
        await world.hub.subscribe(reader.socket, world.topic)
        await reader.read()
        tab.reads.clear()
        said = 0
        while not tab.socket.dropped:
            await world.say(*range(said, said + 1_000))
            said += 1_000
            world.clock.turn(FLUSH_SECONDS)
            await tab.read()
            heard = [value[2] for frame in await reader.read() for message in frame for value in message["v"]]
            assert heard[-1] == said - 1
            assert said < 1_000_000
        assert reader.socket.dropped == 0
        tab.reads.set()
        frames = await tab.read()
        assert sum(len(json.dumps(frame)) for frame in frames) < 2 * QUEUE_SIZE
        (dropped,) = frames[-2]
        (snapshot,) = frames[-1]
        assert dropped == {"k": "dropped", "n": tab.socket.dropped}
        assert (snapshot["k"], snapshot["v"][0][2]) == ("snapshot", said - 1)
        assert world.hub.counters.dropped == tab.socket.dropped
        await reader.end()

    await watching(do)


async def test_events_above_the_bound_are_counted() -> None:
    async def do(world: World, tab: Tab) -> None:
        await world.hub.subscribe(tab.socket, "events/e")
        for each in range(EVENTS + 3):
            world.services.events.tell(Event(name=f"e{each}", source="api", owner_id=world.who.person_id, time=0))
        world.clock.turn(FLUSH_SECONDS)
        messages = [message for frame in await tab.read() for message in frame]
        assert messages[0] == {"t": "events/e", "k": "listening"}
        assert [message["name"] for message in messages[1:-1]] == [f"e{each}" for each in range(EVENTS)]
        assert messages[-1] == {"t": "events/e", "k": "dropped", "n": 3}

    await watching(do)


async def test_a_tab_is_pinged_and_one_whose_session_has_expired_is_closed() -> None:
    world = await World.make()
    tab = await world.tab()
    world.clock.turn(10.0)
    assert await tab.read() == [[{"k": "ping"}]]
    world.clock.turn(100 * 86_400.0)
    await tab.read()
    assert tab.closed == OVER
    world.hub.go(tab.socket)
    await world.hub.close()
