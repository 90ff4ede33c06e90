"""The boards of a product, and what lists know of them without reading them all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from rookery.core import roster
from rookery.core.bus import announce_device
from rookery.core.catalog import Change
from rookery.core.errors import Conflict, LimitReached
from rookery.core.fleet import IMPORT_LIMIT
from rookery.core.records import Device, Product
from rookery.core.roster import Roster, card_of
from rookery.core.services import Services
from tests.fakes import MemoryCatalog, memory_services


def hex_id(number: int) -> str:
    return f"{number:024x}"


@pytest.fixture
def services() -> Services:
    return memory_services()


@pytest.fixture
async def product(services: Services) -> Product:
    return await _product(services, "lamp")


async def _product(services: Services, name: str) -> Product:
    person = await services.people.create(f"{name}@example.org")
    who = await services.people.principal(person.id)
    return await services.products.create(who, person.id, name=name, platform=6)


async def add(services: Services, product: Product, *numbers: int) -> list[Device]:
    team = [product.space_id]
    await services.fleet.add(product, [hex_id(n) for n in numbers], dialect="any", type="board", team=team)
    found = [await services.enrolment.get(hex_id(number)) for number in numbers]
    return [device for device in found if device is not None]


async def cards(services: Services, product: Product) -> dict[str, Any]:
    """What is remembered, which has to be what is there."""
    remembered = {card.id: card for card in await services.fleet.cards(product.id)}
    assert remembered == {device.id: card_of(device) for device in await services.fleet.of(product)}
    return {card.hex_id: card for card in remembered.values()}


class TestAdd:
    async def test_ids_as_people_write_them(self, services: Services, product: Product) -> None:
        wanted = [f" {hex_id(10).upper()}\r", hex_id(10), "nonsense", "", hex_id(11)]
        result = await services.fleet.add(product, wanted, dialect="any", type="board", team=())
        assert (result.added, result.invalid) == ([hex_id(10), hex_id(11)], ["nonsense", ""])
        assert (result.existing, result.foreign) == ([], [])

    async def test_again(self, services: Services, product: Product) -> None:
        await add(services, product, 1)
        result = await services.fleet.add(product, [hex_id(1)], dialect="any", type="board", team=())
        assert (result.added, result.existing) == ([], [hex_id(1)])

    @pytest.mark.parametrize(("owner", "team", "ours"), [("", [], True), ("x", ["x"], True), ("x", ["y"], False)])
    async def test_of_whom_a_board_may_be(
        self, services: Services, product: Product, owner: str, team: list[str], ours: bool
    ) -> None:
        await services.enrolment.enrol(hex_id(1), "any", "board", space_id=owner)
        result = await services.fleet.add(product, [hex_id(1)], dialect="any", type="board", team=team)
        assert (result.added if ours else result.foreign) == [hex_id(1)]
        device = await services.fleet.get(product, hex_id(1))
        assert (device is not None) is ours
        assert device is None or device.space_id == owner

    async def test_one_of_another_product_stays_there(self, services: Services, product: Product) -> None:
        other = await _product(services, "torch")
        await add(services, other, 1)
        result = await services.fleet.add(product, [hex_id(1)], dialect="any", type="board", team=[other.space_id])
        assert result.foreign == [hex_id(1)]

    async def test_one_of_another_dialect_stays_out(self, services: Services, product: Product) -> None:
        await services.enrolment.enrol(hex_id(1), "other", "board", space_id=product.space_id)
        team = [product.space_id]
        result = await services.fleet.add(product, [hex_id(1)], dialect="any", type="board", team=team)
        assert (result.added, result.foreign) == ([], [hex_id(1)])
        assert await services.fleet.of(product) == []

    async def test_what_is_in_quarantine_is_approved(self, services: Services, product: Product) -> None:
        (device,) = await add(services, product, 1)
        await services.fleet.deny(device)
        assert (await cards(services, product))[hex_id(1)].quarantined
        result = await services.fleet.add(product, [hex_id(1)], dialect="any", type="board", team=())
        assert result.added == [hex_id(1)]
        after = await services.fleet.get(product, hex_id(1))
        assert after is not None
        assert (after.quarantined, after.denied) == (False, False)

    async def test_a_deleted_one_comes_back(self, services: Services, product: Product) -> None:
        device = await services.enrolment.enrol(hex_id(1), "any", "board")
        await services.enrolment.keep(device.id, deleted_at=1)
        result = await services.fleet.add(product, [hex_id(1), hex_id(2)], dialect="any", type="board", team=())
        assert result.added == [hex_id(1), hex_id(2)]
        assert set(await cards(services, product)) == {hex_id(1), hex_id(2)}

    async def test_one_that_connects_in_the_same_moment(
        self, services: Services, product: Product, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is known between the look and the writing: nothing is lost, and it is taken in all the same."""
        enrol_all = services.enrolment.enrol_all

        async def late(*args: Any, **fields: Any) -> list[Device]:
            monkeypatch.undo()
            await services.enrolment.enrol(hex_id(2), "any", "board", notes="its own")
            with pytest.raises(Conflict):
                await enrol_all(*args, **fields)
            raise Conflict("taken")

        monkeypatch.setattr(services.enrolment, "enrol_all", late)
        result = await services.fleet.add(product, [hex_id(n) for n in (1, 2, 3)], dialect="any", type="board", team=())
        assert result.added == [hex_id(n) for n in (1, 2, 3)]
        device = await services.fleet.get(product, hex_id(2))
        assert device is not None
        assert device.notes == "its own"

    async def test_too_many(self, services: Services, product: Product) -> None:
        wanted = [hex_id(number) for number in range(IMPORT_LIMIT + 1)]
        with pytest.raises(LimitReached, match="50000"):
            await services.fleet.add(product, wanted, dialect="any", type="board", team=())
        assert await services.catalog.count(Device) == 0


class TestRemove:
    async def test_nothing_of_the_product_stays(self, services: Services, product: Product) -> None:
        (device,) = await add(services, product, 1)
        kept = await services.enrolment.keep(
            device.id, groups=["a"], development=True, quarantined=True, denied=True, desired_version=4, notes="mine"
        )
        assert kept is not None
        await services.fleet.remove(kept)
        after = await services.enrolment.get(hex_id(1))
        assert after is not None
        assert (after.product_id, after.groups, after.development, after.desired_version) == (None, [], False, None)
        assert (after.quarantined, after.denied, after.notes) == (False, False, "mine")
        assert await cards(services, product) == {}

    async def test_a_customer_loses_it_and_a_person_does_not(self, services: Services, product: Product) -> None:
        customer = await services.customers.create(product, "c", None)
        devices = await add(services, product, 1, 2, 3)
        owners = [customer.id, product.space_id, ""]
        owned = [await services.claims.give(d, o) for d, o in zip(devices, owners, strict=True)]
        await services.fleet.remove(*owned)
        after = [await services.enrolment.get(hex_id(n)) for n in (1, 2, 3)]
        assert [device and (device.space_id, device.product_id) for device in after] == [
            ("", None),
            (product.space_id, None),
            ("", None),
        ]


async def test_groups_of_many(services: Services, product: Product) -> None:
    devices = await add(services, product, 1, 2)
    await services.fleet.regroup(devices, add=["b", "a"])
    first = await services.fleet.get(product, hex_id(1))
    assert first is not None
    await services.fleet.regroup([first], add=["c"], remove=["a"])
    groups = {id: card.groups for id, card in (await cards(services, product)).items()}
    assert groups == {hex_id(1): ("b", "c"), hex_id(2): ("a", "b")}


async def test_a_board_by_name(services: Services, product: Product) -> None:
    for device, name in zip(await add(services, product, 1, 2), ("Porch", "attic"), strict=True):
        await services.enrolment.keep(device.id, name=name)
    found = await services.fleet.named(product, "pORCH")
    assert found is not None
    assert found.hex_id == hex_id(1)
    assert await services.fleet.named(product, "nonesuch") is None


class TestRoster:
    async def test_it_reads_once_and_is_told_the_rest(self, services: Services, product: Product) -> None:
        devices = await add(services, product, 1, 2, 3)
        await cards(services, product)
        catalog = services.catalog
        assert isinstance(catalog, MemoryCatalog)
        await services.enrolment.keep(devices[0].id, name="x", last_session_at=5, described={"firmware_version": 7})
        await services.enrolment.keep(devices[1].id, product_id=None)
        await services.enrolment.keep(devices[2].id, deleted_at=1)
        await add(services, product, 4)
        reads = catalog.reads
        known = {card.hex_id: card for card in await services.fleet.cards(product.id)}
        assert catalog.reads == reads
        assert set(known) == {hex_id(1), hex_id(4)}
        assert (known[hex_id(1)].name, known[hex_id(1)].firmware, known[hex_id(1)].last_session_at) == ("x", 7, 5)
        await cards(services, product)

    async def test_a_board_moves(self, services: Services, product: Product) -> None:
        other = await _product(services, "torch")
        (device,) = await add(services, product, 1)
        assert (set(await cards(services, product)), await cards(services, other)) == ({hex_id(1)}, {})
        await services.enrolment.keep(device.id, product_id=other.id)
        assert (await cards(services, product), set(await cards(services, other))) == ({}, {hex_id(1)})
        await services.enrolment.keep(device.id, product_id=product.id)
        assert (set(await cards(services, product)), await cards(services, other)) == ({hex_id(1)}, {})

    async def test_what_changes_while_it_is_read(self, services: Services, product: Product) -> None:
        devices = await add(services, product, 1, 2)
        slow = _SlowCatalog(services.catalog)
        reading = asyncio.ensure_future((made := Roster(slow, services.bus)).of(product.id))
        also = asyncio.ensure_future(made.of(product.id))
        await slow.asked.wait()
        await services.enrolment.keep(devices[0].id, name="new")
        await services.enrolment.keep(devices[1].id, product_id=None)
        await add(services, product, 3)
        slow.answer.set()
        found = {card.hex_id: card.name for card in await reading}
        assert found == {hex_id(1): "new", hex_id(3): found[hex_id(3)]}
        assert await also == await made.of(product.id)
        assert slow.reads == 1

    async def test_an_older_state_changes_nothing(self, services: Services, product: Product) -> None:
        (before,) = await add(services, product, 1)
        after = await services.enrolment.keep(before.id, name="new")
        assert after is not None
        await cards(services, product)
        announce_device(services.bus, before)
        announce_device(services.bus, msgspec.structs.replace(before, product_id=None))
        assert (await cards(services, product))[hex_id(1)].name == "new"

    async def test_those_not_asked_for_longest_are_forgotten(
        self, services: Services, product: Product, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(roster, "REMEMBERED", 3)
        others = [await _product(services, name) for name in ("a", "b")]
        for place, one in enumerate((product, *others)):
            await add(services, one, 10 * place, 10 * place + 1)
        catalog = services.catalog
        assert isinstance(catalog, MemoryCatalog)

        async def reads(one: Product) -> int:
            before = catalog.reads
            await services.fleet.cards(one.id)
            return catalog.reads - before

        assert [await reads(one) for one in (product, product, others[0], product, others[1], others[1])] == [
            1,
            0,
            1,
            1,
            1,
            0,
        ]
        device = await services.fleet.get(product, hex_id(0))
        assert device is not None
        await services.enrolment.keep(device.id, name="while nobody looked")
        assert (await cards(services, product))[hex_id(0)].name == "while nobody looked"


class _SlowCatalog(MemoryCatalog):
    """Reads boards and lets others go on before it answers."""

    def __init__(self, real: Any) -> None:
        super().__init__()
        self._real = real
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()

    async def pick(self, kind: Any, fields: Sequence[str], /, **equals: Any) -> list[tuple[Any, ...]]:
        self.reads += 1
        found: list[tuple[Any, ...]] = await self._real.pick(kind, fields, **equals)
        self.asked.set()
        await self.answer.wait()
        return found

    async def apply(self, *changes: Change) -> None:
        await self._real.apply(*changes)
