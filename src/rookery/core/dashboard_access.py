"""What a shared dashboard lets people do: see it, and use its widgets.

Using a widget is reading the variables on it, with their history, and setting those of them that are writable. It is
not more: the dashboard, its things and their other variables are none of the person's business.

This is asked where `core.access` has said no, so whoever has a part in the space pays nothing for it.
"""

from __future__ import annotations

from collections import OrderedDict

from rookery.core.access import Action, Principal, opened
from rookery.core.catalog import Catalog
from rookery.core.dashboard_widgets import linked
from rookery.core.errors import Forbidden, NotFound
from rookery.core.live import LiveThing, LiveThings
from rookery.core.records import Bearer, Dashboard, DashboardShare, Variable

REMEMBERED = 200
"""Dashboards whose variables are remembered: at most 100 kB each, usually one or two."""

_NONE = "There is no such variable."


class DashboardAccess:
    """Answers for all persons what the dashboards that they were given open."""

    def __init__(self, catalog: Catalog, live: LiveThings) -> None:
        self._catalog = catalog
        self._live = live
        self._linked: OrderedDict[str, tuple[int, frozenset[str]]] = OrderedDict()

    async def dashboards(self, who: Principal) -> list[str]:
        """Ids of the dashboards that others share with this person, deleted ones among them."""
        if not _may_be_given(who):
            return []
        return [id for (id,) in await self._catalog.pick(DashboardShare, ("dashboard_id",), person_id=who.person_id)]

    async def has(self, who: Principal, dashboard: Dashboard) -> bool:
        """Whether this dashboard is shared with the person."""
        if not _may_be_given(who):
            return False
        return await self._catalog.get(DashboardShare, f"{dashboard.id}/{who.person_id}") is not None

    async def opens(self, who: Principal, variable: Variable, action: Action) -> bool:
        """Whether a dashboard that the person was given lets them do this to a variable."""
        return opened(action, variable.writable) and variable.id in await self.variables(who, variable.space_id)

    async def variables(self, who: Principal, space_id: str | None = None) -> frozenset[str]:
        """The variables that the person may read because of dashboards of others, of one space or of all."""
        ids = await self.dashboards(who)
        if not ids:
            return frozenset()
        equals = {} if space_id is None else {"space_id": space_id}
        found = await self._catalog.pick(Dashboard, ("id", "version"), id=ids, deleted_at=None, **equals)
        held = [(id, self._linked.get(id), version) for id, version in found]
        stale = [id for id, known, version in held if known is None or known[0] != version]
        variables = [known[1] for _, known, version in held if known is not None and known[0] == version]
        if stale:
            variables += map(self._remember, await self._catalog.select(Dashboard, id=stale))
        return frozenset().union(*variables)

    async def variable(
        self, who: Principal, id: str, action: Action = Action.READ, *, thing_id: str | None = None
    ) -> Variable:
        """A live variable that a dashboard opens, of this thing if one is named.

        Raises:
            NotFound: there is none, or none that is opened.
            Forbidden: it may be read, but `action` is more than that.
        """
        variable = await self._catalog.get(Variable, id.lower())
        if variable is None or variable.deleted_at is not None:
            raise NotFound(_NONE)
        if thing_id is not None and variable.thing_id != thing_id.lower():
            raise NotFound(_NONE)
        if not await self.opens(who, variable, Action.READ):
            raise NotFound(_NONE)
        if not opened(action, variable.writable):
            raise Forbidden("The dashboard with this variable is shared with you: only writable ones can be set.")
        return variable

    async def live(self, who: Principal, thing_id: str, id: str, action: Action = Action.READ) -> LiveThing:
        """The thing of such a variable, with all its variables: only this one may be shown or set. Raises like
        `variable`.
        """
        await self.variable(who, id, action, thing_id=thing_id)
        live = await self._live.get(thing_id.lower())
        if live is None or id.lower() not in live.by_id:
            raise NotFound(_NONE)
        return live

    def _remember(self, dashboard: Dashboard) -> frozenset[str]:
        if dashboard.deleted_at is not None:
            return frozenset()
        variables = frozenset(linked(dashboard))
        self._linked[dashboard.id] = dashboard.version, variables
        self._linked.move_to_end(dashboard.id)
        while len(self._linked) > REMEMBERED:
            self._linked.popitem(last=False)
        return variables


def _may_be_given(who: Principal) -> bool:
    """Whether this principal is a person who speaks for themselves: programs with scopes get what these say."""
    return who.bearer is Bearer.PERSON and who.scopes is None and who.person_id != ""
