"""Events: stored before they are told, found again as they were, and heard by those who asked for them.

Who may hear what is in `tests/particle/test_event_visibility.py`.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.core.events import DEFAULT_TTL, TEXT, Audience, Event, Subscribers, _keep, of_device, unpack
from rookery.core.records import Device, Space
from rookery.core.services import Services
from tests.fakes import START, FakeBoard, ManualClock, MemoryTelemetry, memory_services, settled


@pytest.fixture
def services() -> Services:
    return memory_services()


class Asker:
    """Whoever waits for an event to be stored."""

    def __init__(self) -> None:
        self.stored: list[int] = []
        self.lost: list[int] = []

    def committed(self, tickets: list[int]) -> None:
        self.stored += tickets

    def refused(self, tickets: list[int], reason: str) -> None:
        self.lost += tickets


def event(name: str = "a", **fields: Any) -> Event:
    return Event(**({"name": name, "time": START, "source": "api", "owner_id": "own"} | fields))


def told(services: Services) -> list[str]:
    """The names that are told from now on, as they come."""
    names: list[str] = []
    services.bus.listen("events", lambda message: names.append(message.name))
    return names


class TestPublish:
    async def test_it_is_stored_and_then_told(self, services: Services) -> None:
        names, asker = told(services), Asker()
        services.events.publish(event(), 7, asker, 3)
        assert (names, asker.stored) == ([], [])
        await settled()
        assert (names, asker.stored, asker.lost) == (["a"], [3], [])
        assert [found.name for found in await services.events.history(7, 0, START + 1, 9)] == ["a"]
        assert services.events.published == 1

    async def test_what_is_not_stored_never_happened(self, services: Services) -> None:
        telemetry = services.telemetry
        assert isinstance(telemetry, MemoryTelemetry)
        telemetry.full = True
        names, asker = told(services), Asker()
        services.events.publish(event(), 7, asker, 3)
        await settled()
        assert (names, asker.stored, asker.lost) == ([], [], [3])
        telemetry.full = False
        services.events.publish(event("b"), 7, asker, 4)
        await settled()
        assert (names, asker.stored) == (["b"], [4])

    async def test_in_order(self, services: Services) -> None:
        names = told(services)
        for number in range(20):
            services.events.publish(event(f"e{number}"), number % 3)
        await settled()
        assert names == [f"e{number}" for number in range(20)]

    async def test_without_a_series_it_is_only_told(self, services: Services) -> None:
        names = told(services)
        services.events.publish(event(), 0)
        services.events.tell(event("b"))
        await settled()
        assert names == ["b", "a"]
        telemetry = services.telemetry
        assert isinstance(telemetry, MemoryTelemetry)
        assert telemetry._points == {}

    async def test_the_server_s_own_affairs_are_stored_alone(self, services: Services) -> None:
        names, asker = told(services), Asker()
        services.events.publish(event(internal=True), 7, asker, 1)
        await settled()
        assert (names, asker.stored) == ([], [1])
        assert len(await services.events.history(7, 0, START + 1, 9)) == 1

    async def test_one_board_s_trouble_is_not_the_others(self, services: Services) -> None:
        good, bad = Hearer("1" * 24), Hearer("2" * 24, fails=True)
        for hearer in (bad, good):
            services.events.subscribers.set(hearer, [""])
        services.events.publish(event(), 7)
        await settled()
        assert (len(good.heard), services.events.delivered) == (1, 2)

    def test_times_are_whole_milliseconds(self) -> None:
        services = memory_services(clock=ManualClock(START + 1_999))
        assert services.events.now() == START + 1_000


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=64)


@given(
    name=NAMES,
    data=st.none() | st.binary(max_size=300) | st.text(st.characters(exclude_categories=["Cs"])).map(str.encode),
    format=st.integers(0, 65_535) | st.just(TEXT),
    ttl=st.integers(0, 16_777_215),
    version=st.none() | st.integers(0, 65_535),
    product=st.none() | st.uuids().map(str),
)
def test_what_is_stored_is_what_was_said(
    name: str, data: bytes | None, format: int, ttl: int, version: int | None, product: str | None
) -> None:
    said = event(name, data=data, format=format, ttl=ttl, version=version, product_id=product)
    assert unpack(_keep(said), said.time) == said


def test_little_is_stored_of_little() -> None:
    assert _keep(event(owner_id="")) == '{"n":"a","s":"api"}'
    assert event().ttl == DEFAULT_TTL


async def test_history_is_newest_first(services: Services) -> None:
    for second in range(5):
        services.events.publish(event(f"e{second}", time=START + second * 1_000_000), 7)
    services.events.publish(event("other"), 8)
    await settled()

    async def names(start: int, end: int, limit: int) -> list[str]:
        found = await services.events.history(7, START + start * 1_000_000, START + end * 1_000_000, limit)
        return [one.name for one in found]

    assert await names(0, 9, 9) == ["e4", "e3", "e2", "e1", "e0"]
    assert await names(1, 4, 2) == ["e3", "e2"]
    assert await names(5, 9, 9) == []


class TestSeriesOfSpaces:
    async def test_one_is_given_out_when_it_is_needed(self, services: Services) -> None:
        person = await services.people.create("own@example.org")
        series = await services.event_series.of(person.id)
        assert series > 0
        assert await services.event_series.of(person.id) == series
        space = await services.catalog.get(Space, person.id)
        assert space is not None
        assert space.events == series
        assert await services.event_series.of("nobody") == 0

    async def test_two_at_once_get_the_same(self, services: Services) -> None:
        person = await services.people.create("own@example.org")
        both = await asyncio.gather(*(services.event_series.of(person.id) for _ in range(2)))
        assert both[0] == both[1]


def device(hex_id: str, owner: str = "own", product: str | None = None) -> Device:
    return Device(
        id=hex_id,
        created_at=0,
        updated_at=0,
        hex_id=hex_id,
        space_id=owner,
        person_id=owner,
        dialect="any",
        name="x",
        type="x",
        series=1,
        product_id=product,
        events=2,
    )


class Hearer(FakeBoard):
    """A board that may fail to listen."""

    def __init__(self, hex_id: str, owner: str = "own", product: str | None = None, *, fails: bool = False) -> None:
        super().__init__(device(hex_id, owner, product))
        self.fails = fails

    def send(self, event: Event) -> None:
        if self.fails:
            raise RuntimeError("no")
        super().send(event)


def hearing(subscribers: Subscribers, said: Event, fleet_wide: bool = False) -> list[str]:
    return sorted(listener.device.id for listener in subscribers.hearing(said, fleet_wide))


class TestSubscribers:
    @pytest.mark.parametrize(
        ("prefixes", "name", "heard"),
        [
            (["temp"], "temp", True),
            (["temp"], "temperature", True),
            (["temp"], "tem", False),
            (["temp"], "Temp", False),
            ([""], "anything", True),
            ([], "anything", False),
            (["a", "temp/", "temp"], "temp/1", True),
            (["temp/1"], "temp/2", False),
            (["ä"], "äöü", True),
        ],
    )
    def test_a_name_begins_so(self, prefixes: list[str], name: str, heard: bool) -> None:
        subscribers = Subscribers()
        subscribers.set(Hearer("a"), prefixes)
        assert hearing(subscribers, event(name)) == (["a"] if heard else [])

    def test_another_choice_replaces_the_old_one(self) -> None:
        subscribers, hearer = Subscribers(), Hearer("a")
        subscribers.set(hearer, ["a", "a"])
        subscribers.set(hearer, ["b"])
        assert (hearing(subscribers, event("a")), hearing(subscribers, event("b")), len(subscribers)) == ([], ["a"], 1)

    def test_a_new_owner_is_another_audience(self) -> None:
        subscribers, hearer = Subscribers(), Hearer("a")
        subscribers.set(hearer, [""])
        hearer.device = device("a", "other", "p")
        subscribers.set(hearer, [""])
        assert hearing(subscribers, event()) == []
        assert hearing(subscribers, event(owner_id="other")) == ["a"]
        assert hearing(subscribers, event(owner_id="x", product_id="p", audience=Audience.PRODUCT), True) == ["a"]

    def test_what_is_published_to_a_product_of_an_organisation_reaches_its_makers_boards(self) -> None:
        subscribers = Subscribers()
        for id, owner in (("a", "maker"), ("b", "customer"), ("c", "organisation")):
            hearer = Hearer(id)
            hearer.device = device(id, owner, "p")
            subscribers.set(hearer, [""])
        told = event(owner_id="organisation", maker_id="maker", product_id="p", audience=Audience.PRODUCT)
        assert sorted(hearing(subscribers, told)) == ["a", "c"]

    def test_who_has_gone_leaves_nothing(self) -> None:
        subscribers = Subscribers()
        for id in ("a", "b"):
            subscribers.set(Hearer(id, product="p"), ["x", "y"])
        subscribers.remove("a")
        assert hearing(subscribers, event("x")) == ["b"]
        subscribers.remove("b")
        subscribers.remove("b")
        assert (len(subscribers), subscribers._owners, subscribers._products) == (0, {}, {})

    def test_an_old_session_does_not_take_the_new_one_along(self) -> None:
        subscribers, old, new = Subscribers(), Hearer("a"), Hearer("a")
        subscribers.set(old, ["x"])
        subscribers.set(new, ["x"])
        subscribers.remove("a", old)
        assert subscribers.hearing(event("x")) == [new]
        subscribers.remove("a", new)
        assert len(subscribers) == 0

    def test_nobody_s_events_reach_nobody(self) -> None:
        subscribers = Subscribers()
        subscribers.set(Hearer("a", owner="", product="p"), [""])
        for said in (event(owner_id=""), event(owner_id="", product_id="p"), event(audience=Audience.NOBODY)):
            assert hearing(subscribers, said, True) == []

    def test_each_board_once(self) -> None:
        subscribers = Subscribers()
        subscribers.set(Hearer("a"), ["", "t", "te", "tem"])
        assert hearing(subscribers, event("temp")) == ["a"]

    @given(
        choices=st.lists(st.lists(st.text("abc", max_size=4), max_size=4), max_size=6),
        name=st.text("abc", min_size=1, max_size=6),
        gone=st.sets(st.integers(0, 5)),
    )
    def test_as_by_definition(self, choices: list[list[str]], name: str, gone: set[int]) -> None:
        subscribers = Subscribers()
        for number, prefixes in enumerate(choices):
            subscribers.set(Hearer(str(number)), prefixes)
        for number in gone:
            subscribers.remove(str(number))
        expected = [
            str(number)
            for number, prefixes in enumerate(choices)
            if number not in gone and any(name.startswith(prefix) for prefix in prefixes)
        ]
        assert hearing(subscribers, event(name)) == expected


def test_an_event_of_a_board_is_its_owner_s_and_its_product_s() -> None:
    said = of_device(device("a" * 24, "own", "p"), name="x", time=5)
    assert (said.source, said.device_id, said.owner_id, said.product_id) == ("a" * 24, "a" * 24, "own", "p")
    assert (said.audience, said.ttl, said.triggers) == (Audience.OWNER, DEFAULT_TTL, True)
