"""Journals of boards: lazily given series, paced writers, and impostors."""

from __future__ import annotations

from typing import Any

import msgspec

from rookery.core.catalog import Change, Update
from rookery.core.errors import Unavailable
from rookery.core.journal import QUIET_SECONDS, WAITING, Entry, Journal
from rookery.core.pace import BURST, SECONDS
from rookery.core.records import Device
from rookery.core.services import Services
from tests.fakes import START, ManualClock, MemoryCatalog, RecordingBus, memory_services, settled

LATER = START + 10**12


class World:
    """A board, with or without a series for its journal."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.bus = RecordingBus()
        self.services: Services = memory_services(bus=self.bus, clock=self.clock)
        self.journal: Journal = self.services.journal

    async def board(self, *, old: bool = False, name: str = "one") -> Device:
        """`old`: from before there were journals."""
        person = await self.services.people.create(f"{name}@example.org")
        who = await self.services.people.principal(person.id)
        device = await self.services.devices.create(who, "any", "board")
        if old:
            device = msgspec.structs.replace(device, journal=0, version=device.version + 1)
            await self.services.catalog.apply(Update(device))
        return device

    async def entries(self, device: Device) -> list[Entry]:
        await settled()
        return await self.journal.of(device, LATER, 1_000)

    async def quiet(self) -> None:
        self.clock.turn(QUIET_SECONDS)
        for _ in range(5):
            await settled()


async def test_entries_are_read_newest_first_and_told() -> None:
    world = World()
    device = await world.board()
    world.journal.connected(device, "tls", "192.0.2.1:5")
    world.clock.turn(1)
    world.journal.disconnected(device, "tls", "192.0.2.1:5", "silent for 90 s")
    assert await world.entries(device) == [
        Entry(START + 1_000_000, "disconnected", "tls", "192.0.2.1:5", "silent for 90 s"),
        Entry(START, "connected", "tls", "192.0.2.1:5", ""),
    ]
    assert world.bus.heard.count((f"journal.{device.id}", "Journaled")) == 2
    assert world.clock.waiting == 0


async def test_many_old_boards_get_their_series_with_few_writes() -> None:
    world = World()
    devices = [await world.board(old=True, name=f"b{number}") for number in range(30)]
    catalog = world.services.catalog
    assert isinstance(catalog, MemoryCatalog)
    for device in devices:
        world.journal.connected(device, "tls", "")
    assert await world.entries(devices[0]) == []
    reads = catalog.reads
    await world.quiet()
    assert catalog.reads - reads < 10
    for device in devices:
        # Whoever holds the old record goes on with it.
        world.journal.disconnected(device, "tls", "", "connection lost")
        assert [entry.kind for entry in await world.entries(device)] == ["disconnected", "connected"]
    numbers = [row[0] for row in await catalog.pick(Device, ("journal",))]
    assert len(set(numbers)) == 30
    assert 0 not in numbers


async def test_a_board_that_flaps_is_paced_and_the_rest_is_counted() -> None:
    world = World()
    device = await world.board()
    for _ in range(BURST + 7):
        world.journal.connected(device, "tls", "")
    assert len(await world.entries(device)) == BURST
    world.clock.turn(SECONDS)
    world.journal.disconnected(device, "tls", "", "connection lost")
    world.journal.connected(device, "tls", "")
    entries = await world.entries(device)
    assert len(entries) == BURST + 1
    assert entries[0].left == 7


async def test_impostors_stand_in_the_journal_of_whom_they_claim_to_be() -> None:
    world = World()
    device = await world.board()
    for claimed in (device.id.upper(), device.hex_id, "0" * 24, "../../etc", ""):
        world.journal.refused(claimed, "tls", "192.0.2.1:5", "wrong key\x00" + "x" * 999)
    await world.quiet()
    entries = await world.entries(device)
    assert [entry.kind for entry in entries] == ["refused"] * 2
    assert len(entries[0].reason) == 200


async def test_strangers_wait_in_bounded_numbers() -> None:
    world = World()
    for number in range(WAITING + 5):
        world.journal.refused(f"{number:024x}", "coap-udp", "", "no key")
    assert world.journal.lost == 5
    await world.quiet()
    assert world.clock.waiting == 0


async def test_a_catalog_that_can_not_be_written_costs_entries_and_nothing_else() -> None:
    world = World()
    device = await world.board(old=True)

    async def apply(*changes: Change) -> None:
        raise Unavailable("the disk is full")

    catalog: Any = world.services.catalog
    catalog.apply, right = apply, catalog.apply
    world.journal.connected(device, "tls", "")
    await world.quiet()
    assert (world.journal.lost, await world.entries(device)) == (1, [])
    catalog.apply = right
    world.journal.connected(device, "tls", "")
    await world.journal.close()
    assert len(await world.entries(device)) == 1
