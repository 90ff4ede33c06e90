"""Products: numbers, slugs, groups, who sees them, and their end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.core import products as module
from rookery.core.bus import ProductChanged
from rookery.core.catalog import Insert, changed
from rookery.core.errors import Conflict, Forbidden, Invalid, LimitReached, NotFound
from rookery.core.events import Event
from rookery.core.products import FIRST_NUMBER, LAST_NUMBER, slug_of
from rookery.core.records import Bearer, Client, Customer, Device, Group, Member, Person, Product, Program, Role
from rookery.core.services import Services
from tests.fakes import MemoryCatalog, RecordingBus, memory_services, settled


@pytest.fixture
def services() -> Services:
    return memory_services()


@pytest.fixture
async def owner(services: Services) -> Person:
    return await services.people.create("own@example.org")


async def make(services: Services, owner: Person, name: str = "Lamp", **fields: Any) -> Product:
    who = await services.people.principal(owner.id)
    return await services.products.create(who, owner.id, name=name, platform=6, **fields)


class TestCreate:
    async def test_it_is_told_and_found_by_every_name(self, services: Services, owner: Person) -> None:
        product = await make(services, owner, " Desk Lamp! ", description="x" * 2_000, settings={"a": 1})
        assert (product.number, product.slug, product.name) == (1_000, "desk-lamp-v1", "Desk Lamp!")
        assert (len(product.description), product.settings, product.space_id) == (1_000, {"a": 1}, owner.id)
        for ref in ("1000", "desk-lamp-v1", "Desk-Lamp-V1", product.id):
            assert await services.products.get(ref) == product
        bus = services.bus
        assert isinstance(bus, RecordingBus)
        assert ("products", ProductChanged.__name__) in bus.heard

    @pytest.mark.parametrize("ref", ["", "999", "65535", "9" * 400, "²", "nonesuch", "-1"])
    async def test_what_is_no_product(self, services: Services, owner: Person, ref: str) -> None:
        await make(services, owner)
        assert await services.products.get(ref) is None

    async def test_numbers_go_on(self, services: Services, owner: Person) -> None:
        numbers = [(await make(services, owner)).number for _ in range(3)]
        assert numbers == [1_000, 1_001, 1_002]
        gone = await services.products.get("1001")
        assert gone is not None
        await services.products.delete(gone)
        assert (await make(services, owner)).number == 1_003

    async def test_a_gap_is_used_when_there_is_nothing_else(
        self, services: Services, owner: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = await make(services, owner)
        last = changed(first, 0, number=LAST_NUMBER, slug="last-v1")
        await services.catalog.apply(Insert(replaced(last, "x")))
        assert (await make(services, owner)).number == FIRST_NUMBER + 1
        monkeypatch.setattr(module, "LAST_NUMBER", FIRST_NUMBER + 1)
        with pytest.raises(LimitReached):
            await make(services, owner)

    async def test_two_at_once_are_two(self, services: Services, owner: Person) -> None:
        made = await asyncio.gather(*(make(services, owner) for _ in range(4)))
        assert sorted(product.number for product in made) == [1_000, 1_001, 1_002, 1_003]
        assert len({product.slug for product in made}) == 4

    @pytest.mark.parametrize("name", ["", "   ", "x" * 65])
    async def test_a_name_is_needed(self, services: Services, owner: Person, name: str) -> None:
        with pytest.raises(Invalid):
            await make(services, owner, name)

    @pytest.mark.parametrize(("role", "error"), [(Role.VIEWER, Forbidden), (Role.SUPPORT, Forbidden), (None, NotFound)])
    async def test_who_may_not(
        self, services: Services, owner: Person, role: Role | None, error: type[Exception]
    ) -> None:
        space = await services.people.organisation("Acme", owner)
        other = await services.people.create("other@example.org")
        if role is not None:
            await services.people.join(space.id, other.id, role)
        who = await services.people.principal(other.id)
        with pytest.raises(error):
            await services.products.create(who, space.id, name="x", platform=1)


def replaced(product: Product, id: str) -> Product:
    """The same with another id."""
    fields = {name: getattr(product, name) for name in product.__struct_fields__}
    return Product(**(fields | {"id": id}))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Lamp", "lamp"),
        ("Täg & Nächt", "t-g-n-cht"),
        ("灯", "product"),
        ("--a--", "a"),
        ("x" * 100, "x" * 40),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug


async def test_a_change_is_seen_at_once(services: Services, owner: Person) -> None:
    product = await make(services, owner)
    assert await services.products.get("1000") == product
    after = await services.products.change(product, name=" Torch ", settings={"quarantine": False})
    assert (after.name, after.slug, after.settings) == ("Torch", "lamp-v1", {"quarantine": False})
    for ref in ("1000", "lamp-v1", product.id):
        assert await services.products.get(ref) == after
    with pytest.raises(Invalid):
        await services.products.change(after, name="")


async def test_it_is_read_once(services: Services, owner: Person) -> None:
    await make(services, owner)
    catalog = services.catalog
    assert isinstance(catalog, MemoryCatalog)
    await services.products.get("lamp-v1")
    reads = catalog.reads
    await services.products.get("lamp-v1")
    assert catalog.reads == reads


async def test_who_sees_which(services: Services, owner: Person) -> None:
    space = await services.people.organisation("Acme", owner)
    own = await make(services, owner)
    who = await services.people.principal(owner.id)
    theirs = await services.products.create(who, space.id, name="Torch", platform=1)
    other = await services.people.create("other@example.org")
    await services.teams.join(own.id, other.email, Role.VIEWER)

    async def visible(person: Person) -> list[str]:
        principal = await services.people.principal(person.id)
        return [product.id for product in await services.products.visible(principal)]

    assert await visible(owner) == [own.id, theirs.id]
    assert await visible(other) == [own.id]
    assert await visible(await services.people.create("nobody@example.org")) == []
    assert await services.products.of(space.id) == [theirs]


class TestDelete:
    async def test_one_with_boards_is_kept(self, services: Services, owner: Person) -> None:
        product = await make(services, owner)
        customer = await services.customers.create(product, "c", None)
        device = await services.enrolment.enrol("0" * 24, "any", "board", product_id=product.id)
        with pytest.raises(Conflict, match="still has 1 devices"):
            await services.products.delete(product)
        assert await services.products.get("1000") == product
        assert await services.customers.get(customer.id) == customer
        assert await services.enrolment.get("0" * 24) == device

    async def test_all_of_it_goes(self, services: Services, owner: Person) -> None:
        product, other = await make(services, owner), await make(services, owner, "Torch")
        tokens = []
        for one in (product, other):
            customer = await services.customers.create(one, "c", None)
            client, _ = await services.oauth.create(owner.id, "srv", product=one)
            made = await services.teams.add_program(one.id, "ci", ["*:*"], "x.test")
            await services.products.add_group(one, "a")
            await services.claims.code(customer.id, one.id)
            issued = [
                await services.tokens.issue(Bearer.CUSTOMER, customer.id, client.id),
                await services.tokens.issue(Bearer.PRODUCT, one.id, client.id),
            ]
            tokens.append([made.token, *(each.token for each in issued)])
            device = await services.enrolment.enrol(f"{one.number:024}", "any", "board", product_id=one.id)
            await services.claims.give(device, customer.id)
            services.events.publish(Event(name="x", time=1, source="api", product_id=one.id), one.events)
        await settled()
        await services.products.delete(product, force=True)
        for kind in (Client, Customer, Group, Program, Product):
            assert await services.catalog.count(kind) == 1
        assert await services.catalog.count(Member, space_id=product.id) == 0
        assert [await services.tokens.find(token) is None for token in tokens[0] + tokens[1]] == [True] * 3 + [
            False
        ] * 3
        freed = await services.enrolment.get(f"{product.number:024}")
        assert freed is not None
        assert (freed.space_id, freed.product_id) == ("", None)
        assert await services.catalog.count(Device, product_id=other.id) == 1
        assert await services.events.history(product.events, 0, 9, 9) == []
        assert len(await services.events.history(other.events, 0, 9, 9)) == 1
        for ref in ("1000", "lamp-v1", product.id):
            assert await services.products.get(ref) is None


class TestGroups:
    @pytest.fixture
    async def product(self, services: Services, owner: Person) -> Product:
        return await make(services, owner)

    @pytest.mark.parametrize("name", ["", "A", "a b", "ä", "x" * 33, "a/b"])
    async def test_a_name_has_an_alphabet(self, services: Services, product: Product, name: str) -> None:
        with pytest.raises(Invalid):
            await services.products.add_group(product, name)
        group = await services.products.add_group(product, "a")
        with pytest.raises(Invalid):
            await services.products.change_group(group, name=name)
        assert await services.products.groups(product) == [group]

    async def test_one_name_once_in_each_product(self, services: Services, product: Product, owner: Person) -> None:
        other = await make(services, owner, "Torch")
        for one in (product, other):
            await services.products.add_group(one, "a-b_9")
        with pytest.raises(Conflict):
            await services.products.add_group(product, "a-b_9")
        assert (await services.products.group(product, "A-B_9")).product_id == product.id
        with pytest.raises(NotFound):
            await services.products.group(product, "b")

    async def test_enough(self, services: Services, product: Product, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "GROUPS_LIMIT", 2)
        for name in ("a", "b"):
            await services.products.add_group(product, name)
        with pytest.raises(LimitReached):
            await services.products.add_group(product, "c")

    async def test_boards_follow_the_name(self, services: Services, product: Product) -> None:
        group = await services.products.add_group(product, "a", "first", "#fff")
        for number, groups in enumerate((["a"], ["a", "b"], ["b"])):
            await services.enrolment.enrol(f"{number:024}", "any", "board", product_id=product.id, groups=groups)
        assert {device.hex_id for device in await services.products.in_group(group)} == {"0" * 24, f"{1:024}"}
        renamed = await services.products.change_group(group, name="c", color="")
        assert (renamed.description, renamed.color) == ("first", "")
        assert await self.groups(services) == [["c"], ["b", "c"], ["b"]]
        await services.products.delete_group(renamed)
        assert await self.groups(services) == [[], ["b"], ["b"]]
        assert await services.products.groups(product) == []

    async def groups(self, services: Services) -> list[list[str]]:
        devices = await services.catalog.select(Device)
        return [device.groups for device in sorted(devices, key=lambda device: device.hex_id)]
