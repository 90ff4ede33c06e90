"""Changes of an Arduino board's variables as events: told while somebody listens, and nobody pays otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.access import Principal
from rookery.core.events import Event
from rookery.core.live import LiveThing
from rookery.core.points import Value
from rookery.core.records import Device, Role, Thing, UpdatePolicy, ValueKind
from rookery.core.services import Services
from rookery.core.variables import VariableSpec
from rookery.particle.bridge import Bridge, text_of
from tests.fakes import memory_services, settled


class House:
    """One owner with a thing, a board and a bridge."""

    def __init__(self, services: Services, who: Principal, thing: Thing, device: Device) -> None:
        self.services = services
        self.who = who
        self.thing = thing
        self.device = device
        self.bridge = Bridge(services)
        self.heard: list[Event] = []
        services.bus.listen("events", self.heard.append)

    async def says(self, symbol: str, value: Value, *, from_board: bool = True) -> None:
        live = await self.services.live.get(self.thing.id)
        assert isinstance(live, LiveThing)
        self.services.ingest.accept(live, [(live.by_symbol[symbol], value, None)], from_board=from_board)
        await settled()

    def listen(self, change: int = 1) -> None:
        self.services.events.interest(self.who.space_id, change)

    @property
    def told(self) -> list[tuple[str, bytes | None]]:
        return [(event.name, event.data) for event in self.heard]


@pytest.fixture
async def house() -> House:
    services = memory_services()
    person = await services.people.create("ada@rookery.test")
    who = Principal(person_id=person.id, space_id=person.id, roles={person.id: Role.OWNER})
    device = await services.devices.create(who, "arduino", "mkrwifi1010", name="board")
    common: dict[str, Any] = {"writable": True, "policy": UpdatePolicy.ON_CHANGE}
    variables = [
        VariableSpec(name="temperature", type="FLOAT", kind=ValueKind.FLOAT, **common),
        VariableSpec(name="door", type="STATUS", kind=ValueKind.BOOL, **common),
        VariableSpec(name="label", type="CHARSTRING", kind=ValueKind.STRING, **common),
    ]
    thing = await services.things.create(who, name="house", device_id=device.id, variables=variables)
    return House(services, who, thing, device)


async def test_a_value_is_told_while_somebody_listens_and_costs_nothing_otherwise(house: House) -> None:
    channel = "values." + house.thing.id
    await house.says("temperature", 1.0)
    assert not house.services.bus.watched(channel)
    house.listen()
    await settled()
    await house.says("temperature", 21.5)
    await house.says("door", True)
    await house.says("label", "a text")
    assert house.told == [("temperature", b"21.5"), ("door", b"true"), ("label", b"a text")]
    event = house.heard[0]
    assert (event.source, event.device_id, event.owner_id) == (house.device.hex_id, house.device.id, house.who.space_id)
    house.listen(-1)
    assert not house.services.bus.watched(channel)
    await house.says("temperature", 2.0)
    assert len(house.heard) == 3


async def test_who_listened_before_the_bridge_was_there_hears_too(house: House) -> None:
    house.bridge.close()
    house.listen()
    house.bridge = Bridge(house.services)
    await settled()
    await house.says("temperature", 4.5)
    assert house.told == [("temperature", b"4.5")]


async def test_what_people_write_is_no_event_of_the_board(house: House) -> None:
    house.listen()
    await settled()
    await house.says("temperature", 3.0, from_board=False)
    assert house.told == []


async def test_a_board_that_moves_to_another_thing_is_followed(house: House) -> None:
    house.listen()
    await settled()
    other = await house.services.things.create(house.who, name="attic", device_id=house.device.id, force=True)
    await settled()
    assert not house.services.bus.watched("values." + house.thing.id)
    assert house.services.bus.watched("values." + other.id)
    assert house.bridge.things == 1


async def test_several_listeners_are_counted_and_other_spaces_are_left_alone(house: House) -> None:
    house.listen()
    house.listen()
    house.services.events.interest("somebody else", 1)
    await settled()
    house.listen(-1)
    await house.says("door", False)
    assert house.told == [("door", b"false")]
    house.bridge.close()
    assert house.bridge.things == 0


TEXTS: dict[str, tuple[Value, str]] = {
    "text": ("a", "a"),
    "number": (1.5, "1.5"),
    "integer": (2**53, "9007199254740992"),
    "boolean": (False, "false"),
    "object": ({"lat": 1.0, "lon": -2}, '{"lat":1.0,"lon":-2}'),
}


@pytest.mark.parametrize("name", TEXTS)
def test_values_become_texts(name: str) -> None:
    value, text = TEXTS[name]
    assert text_of(value) == text
