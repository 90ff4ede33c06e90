"""What boards say of themselves on its way to the catalog, and what may come in between."""

from __future__ import annotations

from typing import Any

from rookery.core.catalog import Change
from rookery.core.errors import Conflict, Unavailable
from rookery.core.records import Device
from rookery.particle.device.notebook import AT_ONCE
from tests.particle.device.board_world import World, rest


async def enrolled(world: World, number: int = 1) -> Device:
    return await world.services.enrolment.enrol(f"{number:024x}", "particle", "argon")


class Writes:
    """Counts what is written; the first of `errors` is raised instead."""

    def __init__(self, catalog: Any, *errors: Exception) -> None:
        self.sizes: list[int] = []
        self.errors = list(errors)
        self.apply = catalog.apply
        catalog.apply = self

    async def __call__(self, *changes: Change) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.sizes.append(len(changes))
        await self.apply(*changes)


def book(world: World) -> Any:
    return world.front._shared.notebook


async def test_many_boards_are_written_together() -> None:
    world = World()
    devices = [await enrolled(world, number) for number in range(AT_ONCE + 10)]
    writes = Writes(world.services.catalog)
    for device in devices:
        book(world).note(device.id, last_address="192.0.2.1")
        book(world).note(device.id, described={"flags": 1})
    await rest()
    assert writes.sizes == []
    await world.written()
    assert writes.sizes == [AT_ONCE, 10]


async def test_nothing_is_written_when_nothing_is_new() -> None:
    world = World()
    device = await enrolled(world)
    writes = Writes(world.services.catalog)
    book(world).note(device.id, last_address=None, described={"imei": None})
    await world.written()
    assert writes.sizes == []


async def test_two_who_change_a_record_at_once_both_do() -> None:
    world = World()
    devices = [await enrolled(world, number) for number in (1, 2)]
    writes = Writes(world.services.catalog, Conflict("changed in between"))
    for device in devices:
        book(world).note(device.id, described={"flags": 1})
    await world.written()
    assert writes.sizes == [1, 1], "one by one, after all together did not work"
    assert [(await world.device(d.hex_id)).described for d in devices] == [{"flags": 1}] * 2


async def test_a_full_disk_loses_what_the_board_will_say_again() -> None:
    world = World()
    device = await enrolled(world)
    writes = Writes(world.services.catalog, Unavailable("the disk is full"))
    book(world).note(device.id, described={"flags": 1})
    await world.written()
    assert (book(world).lost, writes.sizes) == (1, [])
    book(world).note(device.id, described={"flags": 2})
    await world.written()
    assert (await world.device(device.hex_id)).described == {"flags": 2}


async def test_a_board_that_was_deleted_meanwhile() -> None:
    world = World()
    device = await enrolled(world)
    book(world).note(device.id, described={"flags": 1})
    await world.services.enrolment.keep(device.id, deleted_at=1)
    writes = Writes(world.services.catalog)
    await world.written()
    assert writes.sizes == []


async def test_the_record_as_it_will_be() -> None:
    world = World()
    device = await enrolled(world)
    assert book(world).ahead(device) is device
    book(world).note(device.id, described={"flags": 1}, last_address="192.0.2.1")
    ahead = book(world).ahead(device)
    assert (ahead.described, ahead.last_address, ahead.version) == ({"flags": 1}, "192.0.2.1", device.version)
