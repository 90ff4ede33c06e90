"""Who looks at live values: a person who has signed in, or whoever has the link to a shared dashboard.

A person sees what `core.access` allows, and beyond it the variables of dashboards that others have shared with them. A
link shows the variables of its dashboard and nothing else: no events, no boards, no state of the server.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

import msgspec

from rookery.console.sight import sees_board, sees_product
from rookery.core.access import Action, Principal, may
from rookery.core.errors import CoreError, NotFound
from rookery.core.records import Device, Person, Product, Token
from rookery.core.services import Services


class Shared(NamedTuple):
    """What a share link shows now."""

    link_id: str
    variables: frozenset[str]
    """Ids of the variables of its dashboard."""


ByLink = Callable[[str], Awaitable[Shared | None]]
"""What this share link shows; None when it does not work (any more)."""
ByPerson = Callable[[str], Awaitable[frozenset[str]]]
"""The variables of dashboards that were shared with this person."""


async def no_links(_token: str) -> Shared | None:
    """A server without share links."""
    return None


async def no_shares(_person_id: str) -> frozenset[str]:
    """A server on which nobody shares dashboards."""
    return frozenset()


class Reader(Protocol):
    """Who a tab belongs to, asked again every now and then."""

    account: str
    """Whose tab it is, for limits and the log."""

    async def renew(self) -> bool:
        """Look again. False: it may see nothing any more."""

    def variables(self, space_id: str) -> frozenset[str] | None:
        """Which variables of a thing in this space it sees; None for all of them.

        Raises:
            NotFound: this is not for it.
        """

    async def board(self, device: Device | None) -> Device:
        """The board, if this reader sees it.

        Raises:
            NotFound: this is not for it.
        """

    def space(self) -> str:
        """The space whose lists it looks at.

        Raises:
            NotFound: it looks at no lists.
        """

    async def product(self, product: Product | None) -> Product:
        """The product, if this reader sees its boards.

        Raises:
            NotFound: this is not for it.
        """

    def person(self) -> Principal:
        """Who it is.

        Raises:
            NotFound: nobody in particular.
        """


class PersonReader:
    """A `Reader` with an access token."""

    def __init__(self, services: Services, token: Token, who: Principal, by_person: ByPerson) -> None:
        self.account = who.person_id
        self.token = token
        self.operator = False
        self._services = services
        self._who = who
        self._by_person = by_person
        self._shown: frozenset[str] = frozenset()

    async def renew(self) -> bool:
        """See `Reader`."""
        services = self._services
        try:
            who = (await services.tokens.grant(self.token)).principal
        except CoreError:
            return False
        if self._who.space_id not in who.roles:
            return False
        self._who = msgspec.structs.replace(who, space_id=self._who.space_id)
        person = await services.catalog.get(Person, self._who.person_id)
        self.operator = person is not None and person.operator
        self._shown = await self._by_person(self._who.person_id)
        return person is not None

    def variables(self, space_id: str) -> frozenset[str] | None:
        """See `Reader`."""
        if may(self._who, Action.READ, space_id):
            return None
        if not self._shown:
            raise NotFound("There is no such thing.")
        return self._shown

    async def board(self, device: Device | None) -> Device:
        """See `Reader`: a board of a space, or of a product, that the person has a part in."""
        if device is not None and await sees_board(self._services, self._who, device):
            return device
        raise NotFound("There is no such board.")

    def space(self) -> str:
        """See `Reader`."""
        return self._who.space_id

    async def product(self, product: Product | None) -> Product:
        """See `Reader`."""
        if product is None or not sees_product(self._who, product):
            raise NotFound("There is no such product.")
        return product

    def person(self) -> Principal:
        """See `Reader`."""
        return self._who


class LinkReader:
    """A `Reader` with a share link."""

    def __init__(self, token: str, shared: Shared, by_link: ByLink) -> None:
        self.account = shared.link_id
        self._token = token
        self._shared = shared
        self._by_link = by_link

    async def renew(self) -> bool:
        """See `Reader`."""
        shared = await self._by_link(self._token)
        if shared is not None:
            self._shared = shared
        return shared is not None

    def variables(self, space_id: str) -> frozenset[str] | None:
        """See `Reader`."""
        return self._shared.variables

    async def board(self, device: Device | None) -> Device:
        """See `Reader`."""
        raise NotFound("A shared dashboard shows no boards.")

    def space(self) -> str:
        """See `Reader`."""
        raise NotFound("A shared dashboard shows no lists.")

    async def product(self, product: Product | None) -> Product:
        """See `Reader`."""
        raise NotFound("A shared dashboard shows no products.")

    def person(self) -> Principal:
        """See `Reader`."""
        raise NotFound("A shared dashboard shows nothing else.")
