"""Whose a board is: claim codes, claiming and letting go.

A claim code is a text that somebody puts on a board; the board says it when it next connects, and becomes theirs.
A board that is there already can be claimed directly. Owners are persons and customers of products; a customer's boards
stay within the product.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from rookery.core.access import Principal
from rookery.core.boards import Boards
from rookery.core.bus import Bus, announce_attached, announce_thing
from rookery.core.catalog import Catalog, Change, Delete, Insert, Update, changed
from rookery.core.clock import SECOND, Clock
from rookery.core.enrolment import Enrolment
from rookery.core.errors import Conflict, NotFound, Precondition
from rookery.core.ids import LETTERS, Identifiers
from rookery.core.live import LiveThings
from rookery.core.records import Bearer, ClaimCode, Customer, Device, Member, Person, Product, Thing

CODE_LENGTH = 63
"""Boards refuse codes of any other length."""
CODE_ALPHABET = LETTERS + "+/"
CODE_LIFETIME = 3_600
"""Seconds. Any number of boards within the hour: set-up programs try again."""


class NotOnline(Precondition):
    """A board has to be connected to be claimed without a code."""


class ClaimedByOther(Conflict):
    """The board belongs to somebody else."""


class Code(NamedTuple):
    """A new claim code, which can not be read again."""

    text: str
    expires_at: int


class Claims:
    """Gives boards to owners."""

    def __init__(
        self,
        catalog: Catalog,
        enrolment: Enrolment,
        boards: Boards,
        live: LiveThings,
        bus: Bus,
        ids: Identifiers,
        clock: Clock,
    ) -> None:
        self._catalog = catalog
        self._enrolment = enrolment
        self._boards = boards
        self._live = live
        self._bus = bus
        self._ids = ids
        self._clock = clock
        self.online_only = True
        """Whether a board has to be connected to be claimed without a code, but by the team of its product."""

    async def code(self, owner_id: str, product_id: str | None = None) -> Code:
        """A code that makes a board this owner's, and takes it into the product where one is given."""
        now = self._clock.now()
        text = self._ids.text(CODE_LENGTH, CODE_ALPHABET)
        expires = now + CODE_LIFETIME * SECOND
        code = ClaimCode(
            id=code_id(text),
            created_at=now,
            updated_at=now,
            owner_id=owner_id,
            product_id=product_id,
            expires_at=expires,
        )
        await self._catalog.apply(Insert(code))
        return Code(text, expires)

    async def present(self, device: Device, text: str) -> Device | None:
        """A board says a code. Returns the board as it is now, or None when the code does nothing: it is unknown or its
        hour is over, or the board is somebody else's.

        Saying it again changes nothing and succeeds. A board in no product goes to whoever has the code, because who
        can write to a board's memory holds it in his hands; one in a product only from its customers, or from nobody,
        to its customers and its team.
        """
        code = await self._catalog.get(ClaimCode, code_id(text)) if len(text) <= CODE_LENGTH else None
        if code is None or code.expires_at <= self._clock.now():
            return None
        customer = await self._catalog.get(Customer, code.owner_id)
        if customer is None and await self._catalog.get(Person, code.owner_id) is None:
            return None
        product_id = device.product_id
        wanted = customer.product_id if customer is not None else code.product_id
        if wanted is not None and product_id != wanted:
            if product_id is not None or not await self._open_to_all(wanted):
                return None
            product_id = wanted
        elif wanted is None and product_id is not None and not await self._on_team(code.owner_id, product_id):
            return None
        if device.space_id not in ("", code.owner_id):
            holder = await self._catalog.get(Customer, device.space_id)
            in_product = product_id is not None
            if in_product and (holder is None or holder.product_id != product_id):
                return None
        return await self._give(device, code.owner_id, product_id)

    async def claim(self, who: Principal, hex_id: str) -> Device:
        """Make a board the principal's own. One that is already stays so.

        Raises:
            NotFound: no such board, or, for a customer, none of its product.
            NotOnline: it is not connected, and the principal is not on the team of its product.
            ClaimedByOther: it belongs to somebody else, or it is nobody's in a product of others.
        """
        device = await self._enrolment.get(hex_id)
        if device is None or (who.bearer is Bearer.CUSTOMER and device.product_id != who.product_id):
            raise NotFound("device does not exist")
        if device.space_id == who.space_id:
            return device
        if device.space_id:
            raise ClaimedByOther("That belongs to someone else.")
        team = device.product_id is not None and await self._on_team(who.person_id, device.product_id)
        if self.online_only and not team and self._boards.session(device.id) is None:
            raise NotOnline("The board is not online.")
        if device.product_id is not None and not team and who.bearer is not Bearer.CUSTOMER:
            raise ClaimedByOther("That belongs to somebody's product.")
        return await self._give(device, who.space_id, device.product_id)

    async def give(self, device: Device, owner_id: str) -> Device:
        """Make a board this owner's, whoever had it. The caller has decided that it may be done."""
        return await self._give(device, owner_id, device.product_id)

    async def unclaim(self, device: Device) -> Device:
        """Let a board go. It stays in its product, and goes on running."""
        return await self._give(device, "", device.product_id)

    async def _give(self, device: Device, owner_id: str, product_id: str | None) -> Device:
        while True:
            if device.space_id == owner_id and device.product_id == product_id:
                return device
            now = self._clock.now()
            name = await self._name(device, owner_id)
            after = changed(device, now, space_id=owner_id, person_id=owner_id, product_id=product_id, name=name)
            changes: list[Change] = [Update(after)]
            thing = await self._catalog.find(Thing, device_id=device.id)
            if thing is not None and thing.space_id != owner_id:
                # Its history is the old owner's; what the board says from now on is not.
                thing = changed(thing, now, device_id=None)
                changes.append(Update(thing))
            else:
                thing = None
            try:
                await self._catalog.apply(*changes)
            except Conflict:
                # From the catalog itself: what sessions hold may be the record that was just too old.
                again = await self._catalog.get(Device, device.id)
                if again is None or again.deleted_at is not None:
                    raise NotFound("device does not exist") from None
                device = again
                continue
            if thing is not None:
                await self._live.refresh(thing.id)
                announce_thing(self._bus, thing)
                announce_attached(self._bus, device.id, None, thing.id)
            self._enrolment.announce(after)
            return after

    async def _name(self, device: Device, owner_id: str) -> str:
        """Its name, with a number behind it where the owner has another board of this name: people say names to mean
        boards."""
        if not owner_id or device.space_id == owner_id:
            return device.name
        rows = await self._catalog.pick(Device, ("name",), space_id=owner_id, deleted_at=None)
        taken = {row[0].lower() for row in rows}
        name, number = device.name, 2
        while name.lower() in taken:
            name, number = f"{device.name}_{number}", number + 1
        return name

    async def forget(self, *owner_ids: str) -> None:
        """Withdraw all codes of these owners."""
        codes = await self._catalog.select(ClaimCode, owner_id=owner_ids)
        await self._catalog.apply(*(Delete(ClaimCode, code.id) for code in codes))

    async def _on_team(self, person_id: str, product_id: str) -> bool:
        """Whether this person has a part in the product."""
        product = await self._catalog.get(Product, product_id)
        spaces = [product_id] if product is None else [product_id, product.space_id]
        return await self._catalog.find(Member, space_id=spaces, person_id=person_id) is not None

    async def _open_to_all(self, product_id: str) -> bool:
        """Whether a code is enough for a board to come into this product."""
        product = await self._catalog.get(Product, product_id)
        return product is not None and product.settings.get("known_application", {}).get("opt_in", True) is not False


def code_id(text: str) -> str:
    """Under which id a code is kept."""
    return hashlib.sha256(text.encode()).hexdigest()
