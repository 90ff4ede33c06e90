"""The end of an account: what is a person's goes, what others depend on stands in the way."""

from __future__ import annotations

from rookery.core.catalog import Catalog
from rookery.core.claims import Claims
from rookery.core.devices import Devices
from rookery.core.errors import Conflict
from rookery.core.people import People
from rookery.core.records import Device, Member, Person, Product, Role, Space, SpaceKind, Thing
from rookery.core.things import Things


class Accounts:
    """Ends accounts."""

    def __init__(
        self,
        catalog: Catalog,
        people: People,
        claims: Claims,
        devices: Devices,
        things: Things,
    ) -> None:
        self._catalog = catalog
        self._people = people
        self._claims = claims
        self._devices = devices
        self._things = things

    async def delete(self, person: Person) -> None:
        """Remove a person with everything of theirs: things and their histories, devices, dashboards, tokens, clients,
        keys, integrations, codes and memberships. Boards that came with an id of their own are let go instead: they are
        there whoever owns them.

        Raises:
            Conflict: others depend on the person, who still owns a product, or is the only owner of an organisation.
                Nothing has happened then.
        """
        products = await self._catalog.count(Product, space_id=person.id)
        if products:
            raise Conflict(f"{person.email} still owns {products} products. Delete them first.")
        for member in await self._catalog.select(Member, person_id=person.id, role=Role.OWNER):
            space = await self._catalog.get(Space, member.space_id)
            if space is None or space.kind is not SpaceKind.ORGANISATION:
                continue
            if await self._catalog.count(Member, space_id=space.id, role=Role.OWNER) == 1:
                raise Conflict(f"{person.email} is the only owner of {space.name}.")
        who = await self._people.principal(person.id)
        for thing in await self._catalog.select(Thing, space_id=person.id):
            await self._things.delete(who, thing.id, force=True)
        for device in await self._catalog.select(Device, space_id=person.id):
            if device.platform is None or device.deleted_at is not None:
                await self._devices.delete(who, device.id, force=True)
            else:
                await self._claims.unclaim(device)
        await self._claims.forget(person.id)
        await self._people.delete(person)
