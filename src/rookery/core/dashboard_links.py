"""Addresses under which everybody may look at a dashboard: made, listed, withdrawn, and opened by their token.

Who has the token sees the dashboard and reads the variables on it, with their history, and sets nothing. It is drawn
here, shown once, and kept as a SHA-256 like the other secrets that we draw (`core.secrets`).
"""

from __future__ import annotations

from typing import NamedTuple

from rookery.core.access import Action, Principal, check_person
from rookery.core.bus import Bus, announce_dashboard
from rookery.core.catalog import Catalog, Delete, Insert
from rookery.core.clock import Clock
from rookery.core.dashboard_widgets import linked
from rookery.core.dashboards import Dashboards
from rookery.core.errors import Invalid, LimitReached, NotFound
from rookery.core.ids import Identifiers
from rookery.core.links import LENGTH, TEXT_LIMIT, link_id
from rookery.core.records import Dashboard, DashboardLink, Variable

NAME_LIMIT = 64
"""Characters of a link's name: it says on which wall it hangs."""
LINKS_LIMIT = 50
"""Links of one dashboard that have not expired."""

_ENDED = "This link does not work, or not any more."


class NewLink(NamedTuple):
    """A link, and its token, which can not be read again."""

    link: DashboardLink
    token: str


class OpenLink(NamedTuple):
    """What a link shows."""

    link: DashboardLink
    dashboard: Dashboard
    variables: frozenset[str]
    """Ids of the variables that may be read, and nothing else may be done to them. Some may have been deleted."""


class DashboardLinks:
    """The links of all dashboards."""

    def __init__(self, catalog: Catalog, dashboards: Dashboards, bus: Bus, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._dashboards = dashboards
        self._bus = bus
        self._ids = ids
        self._clock = clock

    async def make(self, who: Principal, id: str, *, name: str = "", expires_at: int | None = None) -> NewLink:
        """A new link to a dashboard. `expires_at` in UTC microseconds; None: it works until it is withdrawn.

        Raises:
            Invalid: the name is too long, or the end is not in the future.
            LimitReached: the dashboard has `LINKS_LIMIT` links.
            NotFound, Forbidden: as `Dashboards.get` for those who may change it.
            WrongBearer: not a person.
        """
        check_person(who)
        dashboard = await self._dashboards.get(who, id, Action.CHANGE)
        now = self._clock.now()
        if len(name) > NAME_LIMIT:
            raise Invalid(f"name: A link has a name of at most {NAME_LIMIT} characters.", "name")
        if expires_at is not None and expires_at <= now:
            raise Invalid("expires_at: A link ends in the future.", "expires_at")
        held = await self._catalog.select(DashboardLink, dashboard_id=dashboard.id)
        if sum(_works(link, now) for link in held) >= LINKS_LIMIT:
            raise LimitReached(f"There are {LINKS_LIMIT} links to this dashboard already. Withdraw one first.")
        token = self._ids.text(LENGTH)
        link = DashboardLink(
            id=link_id(token),
            created_at=now,
            updated_at=now,
            dashboard_id=dashboard.id,
            person_id=who.person_id,
            name=name,
            expires_at=expires_at,
        )
        await self._catalog.apply(Insert(link))
        announce_dashboard(self._bus, dashboard, access=True)
        return NewLink(link, token)

    async def of(self, who: Principal, id: str) -> list[DashboardLink]:
        """The links to a dashboard that work, oldest first.

        Raises:
            NotFound, Forbidden: as `Dashboards.get` for those who may change it.
        """
        dashboard = await self._dashboards.get(who, id, Action.CHANGE)
        now = self._clock.now()
        return [
            link for link in await self._catalog.select(DashboardLink, dashboard_id=dashboard.id) if _works(link, now)
        ]

    async def withdraw(self, who: Principal, id: str, link: str) -> None:
        """End a link, by its id.

        Raises:
            NotFound: there is no such dashboard, or it has no such link.
            Forbidden: as `Dashboards.get`.
        """
        dashboard = await self._dashboards.get(who, id, Action.CHANGE)
        held = await self._catalog.get(DashboardLink, link)
        if held is None or held.dashboard_id != dashboard.id:
            raise NotFound("The dashboard has no such link.")
        await self._catalog.apply(Delete(DashboardLink, held.id))
        announce_dashboard(self._bus, dashboard, access=True)

    async def open(self, token: str) -> OpenLink:
        """What the holder of this token may see.

        Raises:
            NotFound: there is no such link, it has expired, or its dashboard is deleted: one sentence for all.
        """
        if not 0 < len(token) <= TEXT_LIMIT:
            raise NotFound(_ENDED)
        link = await self._catalog.get(DashboardLink, link_id(token))
        if link is None or not _works(link, self._clock.now()):
            raise NotFound(_ENDED)
        dashboard = await self._catalog.get(Dashboard, link.dashboard_id)
        if dashboard is None or dashboard.deleted_at is not None:
            raise NotFound(_ENDED)
        return OpenLink(link, dashboard, frozenset(linked(dashboard)))

    async def variable(self, token: str, id: str) -> Variable:
        """A live variable that the holder of this token may read.

        Raises:
            NotFound: the link does not work, or the dashboard does not show this variable.
        """
        opened = await self.open(token)
        variable = await self._catalog.get(Variable, id.lower()) if id.lower() in opened.variables else None
        if variable is None or variable.deleted_at is not None or variable.space_id != opened.dashboard.space_id:
            raise NotFound("The dashboard shows no such variable.")
        return variable


def _works(link: DashboardLink, now: int) -> bool:
    return link.expires_at is None or link.expires_at > now
