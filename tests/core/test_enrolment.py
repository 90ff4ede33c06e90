"""Boards with ids of their own: made known once, changed by several at the same time, brought back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.core.bus import DeviceChanged
from rookery.core.catalog import Change
from rookery.core.enrolment import ADJECTIVES, NOUNS, TOGETHER
from rookery.core.errors import Conflict, Invalid
from rookery.core.records import Device
from rookery.core.services import Services
from tests.fakes import MemoryCatalog, RecordingBus, connect, memory_services

ID = "e00fce680000000000000001"


@pytest.fixture
def services() -> Services:
    return memory_services()


def heard(services: Services) -> list[str]:
    """Channels on which changes of boards were told since the last look."""
    bus = services.bus
    assert isinstance(bus, RecordingBus)
    channels = [channel for channel, kind in bus.heard if kind == DeviceChanged.__name__]
    bus.heard.clear()
    return channels


class TestEnrol:
    async def test_a_new_board_is_nobody_s(self, services: Services) -> None:
        device = await services.enrolment.enrol(ID.upper(), "any", "photon", platform=6)
        assert (device.hex_id, device.space_id, device.person_id, device.product_id) == (ID, "", "", None)
        assert (device.dialect, device.type, device.platform) == ("any", "photon", 6)
        assert len({device.series, device.events, device.vitals, 0}) == 4
        first, second = device.name.split("_")
        assert first in ADJECTIVES
        assert second in NOUNS
        assert heard(services) == [f"device.{device.id}", "devices"]
        assert await services.enrolment.get(ID.upper()) == device

    async def test_one_that_is_known_stays_as_it_is(self, services: Services) -> None:
        first = await services.enrolment.enrol(ID, "any", "photon")
        heard(services)
        assert await services.enrolment.enrol(ID, "other", "argon", platform=12) == first
        assert heard(services) == []

    @pytest.mark.parametrize("ref", ["", ID[:-1], ID + "0", ID[:-1] + "g", " " + ID, ID + "\n"])
    async def test_what_is_no_id(self, services: Services, ref: str) -> None:
        with pytest.raises(Invalid, match="24 hexadecimal digits"):
            await services.enrolment.enrol(ref, "any", "photon")
        assert await services.enrolment.get(ref) is None

    async def test_heard_of_twice_at_once(self, services: Services) -> None:
        both = await asyncio.gather(*(services.enrolment.enrol(ID, "any", "photon") for _ in range(2)))
        assert both[0].id == both[1].id
        assert await services.catalog.count(Device) == 1

    async def test_a_deleted_one_comes_back_as_nobody_s(self, services: Services) -> None:
        device = await services.enrolment.enrol(ID, "any", "photon", space_id="x", person_id="x", groups=["a"])
        await services.enrolment.keep(device.id, deleted_at=1, product_id="p", notes="of the past")
        assert await services.enrolment.get(ID) is None
        back = await services.enrolment.enrol(ID, "any", "photon", platform=6)
        assert (back.id, back.series, back.deleted_at) == (device.id, device.series, None)
        assert (back.space_id, back.product_id, back.groups, back.platform) == ("", None, [], 6)


class TestKeep:
    async def test_it_writes_what_is_new(self, services: Services) -> None:
        device = await services.enrolment.enrol(ID, "any", "photon")
        board = connect(services, device)
        heard(services)
        kept = await services.enrolment.keep(device.id, notes="x")
        assert kept is not None
        assert (kept.notes, kept.version) == ("x", device.version + 1)
        assert board.device == kept
        assert heard(services) == [f"device.{device.id}", "devices"]

    async def test_nothing_new_is_not_written(self, services: Services) -> None:
        device = await services.enrolment.enrol(ID, "any", "photon", notes="x")
        heard(services)
        assert await services.enrolment.keep(device.id, notes="x", groups=[]) == device
        assert heard(services) == []

    async def test_two_at_once_both_count(self, services: Services) -> None:
        device = await services.enrolment.enrol(ID, "any", "photon")
        await asyncio.gather(
            services.enrolment.keep(device.id, notes="x"), services.enrolment.keep(device.id, development=True)
        )
        kept = await services.enrolment.get(ID)
        assert kept is not None
        assert (kept.notes, kept.development) == ("x", True)

    async def test_one_that_is_gone(self, services: Services) -> None:
        device = await services.enrolment.enrol(ID, "any", "photon")
        assert await services.enrolment.keep("nobody", notes="x") is None
        await services.enrolment.keep(device.id, deleted_at=1)
        assert await services.enrolment.keep(device.id, notes="x") is None


def ids(count: int) -> list[str]:
    return [f"{number:024x}" for number in range(count)]


class TestMany:
    async def test_all_of_them(self, services: Services) -> None:
        made = await services.enrolment.enrol_all(ids(20), "any", "photon", product_id="p", platform=6)
        assert [device.hex_id for device in made] == ids(20)
        assert {device.product_id for device in made} == {"p"}
        series = [number for device in made for number in (device.series, device.events, device.vitals)]
        assert len(set(series)) == 60
        assert sorted(await services.catalog.select(Device), key=lambda d: d.hex_id) == made
        assert len(heard(services)) == 40

    async def test_or_none(self, services: Services) -> None:
        await services.enrolment.enrol(ids(3)[1], "any", "photon")
        with pytest.raises(Conflict):
            await services.enrolment.enrol_all(ids(3), "any", "photon")
        assert await services.catalog.count(Device) == 1

    async def test_nobody(self, services: Services) -> None:
        assert await services.enrolment.enrol_all([], "any", "photon") == []
        await services.enrolment.keep_all([])
        assert heard(services) == []

    async def test_many_changes_are_few_writes(self, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        made = await services.enrolment.enrol_all(ids(TOGETHER + 1), "any", "photon")
        written: list[int] = []
        apply = MemoryCatalog.apply

        async def counting(self: MemoryCatalog, *changes: Change) -> None:
            written.append(len(changes))
            await apply(self, *changes)

        monkeypatch.setattr(MemoryCatalog, "apply", counting)
        await services.enrolment.keep_all([(device, {"groups": ["a"]}) for device in made])
        assert written == [TOGETHER, 1]
        assert all(device.groups == ["a"] for device in await services.catalog.select(Device))

    async def test_one_that_was_changed_meanwhile_is_changed_on_top(self, services: Services) -> None:
        made = await services.enrolment.enrol_all(ids(3), "any", "photon")
        await services.enrolment.keep(made[0].id, notes="meanwhile")
        await services.enrolment.keep(made[1].id, deleted_at=1)
        heard(services)
        await services.enrolment.keep_all([(device, {"development": True}) for device in made])
        after: dict[str, Any] = {device.hex_id: device for device in await services.catalog.select(Device)}
        assert [after[id].development for id in ids(3)] == [True, False, True]
        assert after[ids(1)[0]].notes == "meanwhile"
        assert len(heard(services)) == 4
