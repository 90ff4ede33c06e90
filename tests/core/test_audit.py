"""The audit log: which space a line belongs to, what is always written and what is paced, and what is lost."""

from __future__ import annotations

from typing import Any

from rookery.core.access import Principal
from rookery.core.audit import QUIET_SECONDS, WAITING, Act, Audit, Place
from rookery.core.catalog import Change, Insert
from rookery.core.errors import Unavailable
from rookery.core.pace import BURST, SECONDS
from rookery.core.records import Bearer, Product
from tests.fakes import START, ManualClock, MemoryTelemetry, memory_services, settled

LATER = START + 10**12


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.services = memory_services(clock=self.clock)
        self.audit: Audit = self.services.audit

    async def who(self, name: str = "ada") -> Principal:
        person = await self.services.people.create(f"{name}@example.org")
        return await self.services.people.principal(person.id, client_id="key")

    async def product(self, space_id: str) -> Product:
        product = Product(
            id="b3d5b9a8-0000-4000-8000-000000000001",
            created_at=START,
            updated_at=START,
            number=12_857,
            space_id=space_id,
            person_id=space_id,
            name="Lamp",
            slug="lamp-v1",
            platform=12,
            events=77,
        )
        await self.services.catalog.apply(Insert(product))
        return product

    async def lines(self, space_id: str | None) -> list[Act]:
        self.clock.turn(QUIET_SECONDS)
        for _ in range(5):
            await settled()
        return await self.audit.of(space_id, LATER, 1_000)


async def test_a_line_holds_what_the_door_knows() -> None:
    world = World()
    who = await world.who()
    world.audit.note(who, "door", "PUT", "/things/{id}", 201, target="t" * 999, address="192.0.2.1")
    assert await world.lines(who.space_id) == [
        Act(START, "door", "PUT", "/things/{id}", 201, who.person_id, "key", "", "t" * 200, "192.0.2.1")
    ]
    assert await world.lines(None) == []
    assert world.clock.waiting == 0


async def test_lines_go_to_the_space_that_was_acted_in() -> None:
    world = World()
    ada, bob = await world.who("ada"), await world.who("bob")
    organisation = await world.services.people.organisation("Nest", (await world.services.people.everybody())[0])
    product = await world.product(organisation.id)
    customer = await world.services.customers.create(product, "carla", None)
    acting = {
        "own": (bob, None),
        "product": (bob, Place(bob.space_id, product="lamp-v1")),
        "organisation": (bob, Place(bob.space_id, organisation=organisation.slug or "")),
        "token": (Principal(person_id="", space_id=product.id, roles={}, bearer=Bearer.PRODUCT), None),
        "customer": (Principal(person_id=customer.id, space_id=customer.id, roles={}, bearer=Bearer.CUSTOMER), None),
        "server": (ada, Place()),
        "nobody": (None, None),
        "gone": (Principal(person_id="x", space_id="x", roles={}), None),
    }
    for route, (who, place) in acting.items():
        world.audit.note(who, "door", "PUT", route, 200, place=place)
    found = {
        name: {act.route for act in await world.lines(space_id)}
        for name, space_id in (("bob", bob.space_id), ("nest", organisation.id), ("server", None))
    }
    assert found == {
        "bob": {"own"},
        "nest": {"product", "organisation", "token", "customer"},
        "server": {"server", "nobody", "gone"},
    }


async def test_failures_are_paced_and_successes_never() -> None:
    world = World()
    who = await world.who()
    for _ in range(BURST + 9):
        world.audit.note(who, "door", "PUT", "/a", 404)
        world.audit.note(who, "door", "PUT", "/a", 200)
    world.clock.turn(SECONDS)
    world.audit.note(who, "door", "PUT", "/a", 404)
    acts = await world.lines(who.space_id)
    assert sum(act.status == 200 for act in acts) == BURST + 9
    failed = [act for act in acts if act.status == 404]
    assert (len(failed), failed[0].left) == (BURST + 1, 9)


async def test_failures_of_nobody_are_not_written() -> None:
    world = World()
    world.audit.note(None, "door", "POST", "/users", 400)
    assert await world.lines(None) == []


async def test_what_waits_is_bounded() -> None:
    world = World()
    who = await world.who()
    for _ in range(WAITING + 3):
        world.audit.note(who, "door", "PUT", "/a", 200)
    assert world.audit.lost == 3
    await world.audit.close()
    assert len(await world.audit.of(who.space_id, LATER, WAITING * 2)) == WAITING


async def test_a_catalog_that_fails_costs_lines_and_nothing_else() -> None:
    world = World()
    who = await world.who()

    async def apply(*changes: Change) -> None:
        raise Unavailable("the disk is full")

    catalog: Any = world.services.catalog
    catalog.apply, right = apply, catalog.apply
    world.audit.note(who, "door", "PUT", "/a", 200)
    assert await world.lines(who.space_id) == []
    assert world.audit.lost == 1
    catalog.apply = right
    world.audit.note(who, "door", "PUT", "/a", 200)
    assert len(await world.lines(who.space_id)) == 1


async def test_whoever_asks_sees_what_was_noted_a_moment_ago() -> None:
    world = World()
    who = await world.who()
    for target in ("first", "second"):
        world.audit.note(who, "door", "PUT", "/things/{id}", 201, target=target)
        world.clock.turn(QUIET_SECONDS / 100)
        assert (await world.audit.of(who.space_id, LATER, 10))[0].target == target


async def test_lines_that_the_disk_did_not_take_are_counted() -> None:
    world = World()
    who = await world.who()
    telemetry = world.services.telemetry
    assert isinstance(telemetry, MemoryTelemetry)
    telemetry.full = True
    for _ in range(3):
        world.audit.note(who, "door", "PUT", "/things/{id}", 201)
    assert await world.lines(who.space_id) == []
    assert world.audit.lost == 3
