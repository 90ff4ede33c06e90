"""A product with somebody of each kind around it, for the tests of its routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rookery.core.records import Bearer, Customer, Device, Person, Product, Role
from tests.particle.api.conftest import World

PHOTON, ARGON = 6, 12


def device_id(number: int) -> str:
    """The id of a board, by number."""
    return f"e00fce68{number:016x}"


@dataclass
class Fleet:
    """A product of the person of `world`, and tokens of whoever has to do with it."""

    world: World
    product: Product
    people: dict[Role, Person] = field(default_factory=dict)

    @property
    def path(self) -> str:
        """Of the product."""
        return f"/v1/products/{self.product.number}"

    async def member(self, role: Role) -> str:
        """A token of somebody with this role on the team."""
        person, token = await self.world.somebody(f"{role.value}@team.test")
        self.people[role] = person
        await self.world.services.teams.join(self.product.id, person.email, role)
        return token

    async def bearer(self, scope: str | None = None) -> str:
        """A token of the product."""
        return await self.world.token_of(self.product.id, Bearer.PRODUCT, scope)

    async def program(self, *scopes: str) -> str:
        """A token of an API user of the product."""
        made = await self.world.services.teams.add_program(self.product.id, "ci", scopes, "api.test")
        return made.token

    async def customer(self, email: str = "c@example.org") -> tuple[Customer, str]:
        """A customer, and a token of it."""
        customer = await self.world.services.customers.create(self.product, email, None)
        return customer, await self.world.token_of(customer.id, Bearer.CUSTOMER)

    async def device(self, number: int = 1, owner_id: str = "", **fields: object) -> Device:
        """A board of the product."""
        services = self.world.services
        device = await services.enrolment.enrol(
            device_id(number), "particle", "particle", product_id=self.product.id, platform=ARGON
        )
        if owner_id:
            device = await services.claims.give(device, owner_id)
        if fields:
            kept = await services.enrolment.keep(device.id, **fields)
            assert kept is not None
            device = kept
        return device


async def fleet_of(world: World, name: str = "Lamp", space_id: str = "") -> Fleet:
    """A new product of the person of `world`, or of an organisation of theirs."""
    who = await world.services.people.principal(world.person.id)
    product = await world.services.products.create(who, space_id or world.person.id, name=name, platform=ARGON)
    return Fleet(world, product)


def ids(devices: Sequence[dict[str, object]]) -> list[object]:
    """The ids of devices of an answer."""
    return [device["id"] for device in devices]
