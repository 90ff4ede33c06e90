"""Products: fleets of boards that run the same firmware, and the groups that they are parted into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rookery.core.access import Action, Principal, check, may
from rookery.core.bus import Bus, ProductChanged
from rookery.core.catalog import Catalog, Change, Delete, Insert, Update, changed
from rookery.core.clock import Clock
from rookery.core.customers import Customers
from rookery.core.errors import Conflict, Invalid, LimitReached, NotFound
from rookery.core.fleet import Fleet
from rookery.core.ids import Identifiers
from rookery.core.points import Telemetry
from rookery.core.records import Client, Device, Group, Integration, Member, Product, Program
from rookery.core.tokens import AccessTokens

FIRST_NUMBER = 1_000
"""Below are the numbers of platforms, which boards say where no product is set."""
LAST_NUMBER = 65_534
"""A board says the number of its product in 16 bits, and 65535 for "none"."""
NAME_LIMIT = 64
DESCRIPTION_LIMIT = 1_000
GROUP_NAME = re.compile(r"[a-z0-9_-]{1,32}")
GROUPS_LIMIT = 500
"""Groups of one product."""
REMEMBERED = 10_000
"""Products kept in memory."""


class Products:
    """All products."""

    def __init__(
        self,
        catalog: Catalog,
        telemetry: Telemetry,
        fleet: Fleet,
        customers: Customers,
        tokens: AccessTokens,
        bus: Bus,
        ids: Identifiers,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._fleet = fleet
        self._customers = customers
        self._tokens = tokens
        self._bus = bus
        self._ids = ids
        self._clock = clock
        self._known: dict[str, Product] = {}
        """By id, by number and by slug."""
        self._changes = 0
        bus.listen("products", self._changed)

    async def get(self, ref: str) -> Product | None:
        """A product by number, slug or id. The caller checks access."""
        ref = ref.lower()
        known = self._known.get(ref)
        if known is None:
            changes = self._changes
            if ref.isascii() and ref.isdigit():
                number = int(ref[:6])
                known = await self._catalog.find(Product, number=number) if number <= LAST_NUMBER else None
            else:
                known = await self._catalog.find(Product, slug=ref) or await self._catalog.get(Product, ref)
            if known is not None and changes == self._changes:
                if len(self._known) > REMEMBERED:
                    self._known.clear()
                self._known[ref] = self._known[known.id] = known
        return known

    async def of(self, *space_ids: str) -> list[Product]:
        """The products that these spaces own, oldest first."""
        return await self._catalog.select(Product, space_id=list(space_ids))

    async def visible(self, who: Principal) -> list[Product]:
        """The products that the principal owns or works on, oldest first."""
        spaces = [space for space in who.roles if may(who, Action.READ, space)]
        found = {p.id: p for p in await self.of(*spaces)}
        found |= {p.id: p for p in await self._catalog.select(Product, id=spaces)}
        return sorted(found.values(), key=lambda p: (p.created_at, p.number))

    async def create(
        self,
        who: Principal,
        space_id: str,
        *,
        name: str,
        platform: int,
        description: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> Product:
        """A new product of a space in which the principal may change things.

        Raises:
            NotFound, Forbidden: see `core.access.check`.
            Invalid: the name can not be used.
        """
        check(who, Action.CHANGE, space_id, "space")
        name = _name(name)
        (events,) = await self._catalog.allocate(1)
        while True:
            now = self._clock.now()
            taken = await self._catalog.select(Product)
            product = Product(
                id=self._ids.uuid(),
                created_at=now,
                updated_at=now,
                number=_free_number({p.number for p in taken}),
                space_id=space_id,
                person_id=who.person_id,
                name=name,
                slug=_free_slug(name, {p.slug for p in taken}),
                description=description[:DESCRIPTION_LIMIT],
                platform=platform,
                settings=dict(settings or {}),
                events=events,
            )
            try:
                await self._catalog.apply(Insert(product))
            except Conflict:
                # Two were made at once; the other has this number now.
                continue
            self._announce(product)
            return product

    async def change(self, product: Product, **fields: Any) -> Product:
        """Change name, description or settings. The slug stays: it is in people's scripts."""
        if "name" in fields:
            fields["name"] = _name(fields["name"])
        if "description" in fields:
            fields["description"] = str(fields["description"])[:DESCRIPTION_LIMIT]
        after = changed(product, self._clock.now(), **fields)
        await self._catalog.apply(Update(after))
        self._announce(after)
        return after

    async def delete(self, product: Product, *, force: bool = False) -> None:
        """Remove a product with its customers, clients, programs and integrations, and all their tokens. Its boards
        stay with those owners who are no customers.

        Raises:
            Conflict: it still has boards, and `force` is not set. Nothing has happened then.
        """
        devices = await self._fleet.of(product)
        if devices and not force:
            raise Conflict(f"The product still has {len(devices)} devices. Remove them first, or force it.")
        clients = await self._catalog.select(Client, product_id=product.id)
        programs = await self._catalog.select(Program, space_id=product.id)
        await self._customers.delete(*await self._customers.of(product))
        for client in clients:
            await self._tokens.revoke_client(client.id)
        for bearer in (product.id, *(program.id for program in programs)):
            await self._tokens.revoke_all(bearer)
        await self._fleet.remove(*await self._fleet.of(product))
        changes: list[Change] = [Delete(Product, product.id)]
        changes += [Delete(Member, m.id) for m in await self._catalog.select(Member, space_id=product.id)]
        changes += [Delete(Client, client.id) for client in clients]
        changes += [Delete(Program, program.id) for program in programs]
        changes += [Delete(Integration, i.id) for i in await self._catalog.select(Integration, space_id=product.id)]
        changes += [Delete(Group, g.id) for g in await self.groups(product)]
        await self._catalog.apply(*changes)
        await self._telemetry.delete([product.events])
        self._announce(product)

    # Groups

    async def groups(self, product: Product) -> list[Group]:
        """Its groups, oldest first."""
        return await self._catalog.select(Group, product_id=product.id)

    async def group(self, product: Product, name: str) -> Group:
        """One of its groups.

        Raises:
            NotFound: it has no such one.
        """
        group = await self._catalog.get(Group, f"{product.id}/{name.lower()}")
        if group is None:
            raise NotFound("Group not found.")
        return group

    async def add_group(self, product: Product, name: str, description: str = "", color: str = "") -> Group:
        """A new group.

        Raises:
            Invalid: the name can not be used.
            Conflict: it is taken.
            LimitReached: there are enough.
        """
        if GROUP_NAME.fullmatch(name) is None:
            raise Invalid("A group has a name of 1 to 32 lower-case letters, digits, dashes and underscores.", "name")
        if await self._catalog.count(Group, product_id=product.id) >= GROUPS_LIMIT:
            raise LimitReached(f"A product has at most {GROUPS_LIMIT} groups.")
        now = self._clock.now()
        group = Group(
            id=f"{product.id}/{name}",
            created_at=now,
            updated_at=now,
            product_id=product.id,
            name=name,
            description=description[:DESCRIPTION_LIMIT],
            color=color[:32],
        )
        await self._catalog.apply(Insert(group))
        return group

    async def change_group(self, group: Group, **fields: Any) -> Group:
        """Change name, description or colour. Another name goes to its boards as well."""
        after = changed(group, self._clock.now(), **fields)
        changes: list[Change] = [Update(after)]
        if after.name != group.name:
            if GROUP_NAME.fullmatch(after.name) is None:
                raise Invalid("A group has a name of lower-case letters, digits, dashes and underscores.", "name")
            after = _moved(after)
            changes = [Delete(Group, group.id), Insert(after)]
        await self._catalog.apply(*changes)
        if after.name != group.name:
            await self._fleet.regroup(await self.in_group(group), add=[after.name], remove=[group.name])
        return after

    async def delete_group(self, group: Group) -> None:
        """Remove a group; its boards stay."""
        await self._catalog.apply(Delete(Group, group.id))
        await self._fleet.regroup(await self.in_group(group), remove=[group.name])

    async def in_group(self, group: Group) -> list[Device]:
        """The boards of a group."""
        cards = await self._fleet.cards(group.product_id)
        return await self._fleet.records([card for card in cards if group.name in card.groups])

    def _announce(self, product: Product) -> None:
        self._bus.publish("products", ProductChanged(product))

    def _changed(self, message: ProductChanged) -> None:
        self._changes += 1
        product = message.product
        for key in [key for key, known in self._known.items() if known.id == product.id]:
            del self._known[key]


def slug_of(name: str) -> str:
    """The name as part of a path."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "product"


def _moved(group: Group) -> Group:
    return Group(
        id=f"{group.product_id}/{group.name}",
        created_at=group.created_at,
        updated_at=group.updated_at,
        product_id=group.product_id,
        name=group.name,
        description=group.description,
        color=group.color,
    )


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= NAME_LIMIT:
        raise Invalid(f"A product has a name of 1 to {NAME_LIMIT} characters.", "name")
    return name


def _free_number(taken: set[int]) -> int:
    number = max(taken, default=FIRST_NUMBER - 1) + 1
    if number > LAST_NUMBER:
        number = next((n for n in range(FIRST_NUMBER, LAST_NUMBER + 1) if n not in taken), 0)
        if not number:
            raise LimitReached("There are no product numbers left.")
    return number


def _free_slug(name: str, taken: set[str]) -> str:
    stem, count = slug_of(name), 1
    while f"{stem}-v{count}" in taken:
        count += 1
    return f"{stem}-v{count}"
