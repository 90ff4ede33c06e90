"""Who looks at live values: a person who has signed in, or whoever has the link to a shared dashboard.

A person sees what `core.access` allows, and beyond it the variables of dashboards that others have shared with them. A
link shows the variables of its dashboard, and what its widgets name of boards (`core.dashboard_sources`), and nothing
else: no lists, no boards, no state of the server.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from rookery.console.sight import sees_board, sees_product
from rookery.core.access import Action, Principal, may
from rookery.core.dashboard_links import OpenLink
from rookery.core.errors import CoreError, NotFound
from rookery.core.live import LiveThing
from rookery.core.records import Dashboard, Device, Person, Product, Token
from rookery.core.services import Services


class Reader(Protocol):
    """Who a tab belongs to, asked again every now and then."""

    account: str
    """Whose tab it is, for limits and the log."""

    async def renew(self) -> bool:
        """Look again. False: it may see nothing any more."""

    def variables(self, thing: LiveThing) -> frozenset[str] | None:
        """Which variables of a thing it sees; None for all of them, also those to come.

        Raises:
            NotFound: none at all.
        """

    def shown(self, dashboard_id: str, *, access: bool) -> bool:
        """Whether what it sees may depend on this dashboard, or on who may see it (`access`)."""

    async def dashboard(self, id: str) -> Dashboard:
        """The dashboard with this id, if this reader may look at it. It is as new as the last `renew`, which comes with
        every change of it: each topic of a page asks, and a dashboard is large.

        Raises:
            NotFound: there is none, or none for it.
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

    def __init__(self, services: Services, token: Token, who: Principal, host: str = "") -> None:
        """`host`: from where the person looks."""
        self.account = who.person_id
        self.host = host
        self.token = token
        self.operator = False
        self._services = services
        self._who = who
        self._shown: frozenset[str] = frozenset()
        self._looked: set[str] = set()
        """Dashboards through which it looks at boards. Only such as it may see get in, which are a thousand or so."""
        self._opened: Dashboard | None = None
        """The last of them, since it was looked again: a page shows one."""

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
        self._opened = None
        person = await services.catalog.get(Person, self._who.person_id)
        self.operator = person is not None and person.operator
        self._shown = await services.dashboard_access.variables(who)
        return person is not None

    def variables(self, thing: LiveThing) -> frozenset[str] | None:
        """See `Reader`."""
        return None if may(self._who, Action.READ, thing.record.space_id) else _of_thing(self._shown, thing)

    def shown(self, dashboard_id: str, *, access: bool) -> bool:
        """See `Reader`."""
        return access or bool(self._shown) or dashboard_id in self._looked

    async def dashboard(self, id: str) -> Dashboard:
        """See `Reader`."""
        if self._opened is None or self._opened.id != id.lower():
            found = await self._services.dashboards.get(self._who, id)
            self._looked.add(found.id)
            self._opened = found
        return self._opened

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

    def __init__(self, services: Services, token: str, opened: OpenLink) -> None:
        self.account = opened.link.id
        self._services = services
        self._token = token
        self._opened = opened

    async def renew(self) -> bool:
        """See `Reader`."""
        try:
            self._opened = await self._services.dashboard_links.open(self._token)
        except NotFound:
            return False
        return True

    def variables(self, thing: LiveThing) -> frozenset[str] | None:
        """See `Reader`."""
        return _of_thing(self._opened.variables, thing)

    def shown(self, dashboard_id: str, *, access: bool) -> bool:
        """See `Reader`."""
        return dashboard_id == self._opened.dashboard.id

    async def dashboard(self, id: str) -> Dashboard:
        """See `Reader`."""
        if self._opened.dashboard.id != id.lower():
            raise NotFound("The link shows another dashboard.")
        return self._opened.dashboard

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


def _of_thing(shown: frozenset[str], thing: LiveThing) -> frozenset[str]:
    found = shown.intersection(thing.by_id)
    if not found:
        raise NotFound("There is no such thing.")
    return found
