"""With whom a dashboard is shared, and who has asked for it.

Who may change a dashboard may share it; what that opens says `core.dashboard_access`. Somebody who knows a dashboard's
id and can not see it may ask for it, with a message. The request is kept for those who may share, until they share the
dashboard with that person, decline, or its time is over; a second request of the same person replaces the first.
Nobody is sent anything: a server may have no way to send mail.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rookery.core.access import Action, Principal, check_person, may
from rookery.core.bus import Bus, announce_dashboard
from rookery.core.catalog import Catalog, Change, Delete, Insert
from rookery.core.clock import DAY, Clock
from rookery.core.dashboard_access import DashboardAccess
from rookery.core.dashboards import Dashboards
from rookery.core.errors import Invalid, LimitReached, NotFound
from rookery.core.records import Dashboard, DashboardRequest, DashboardShare, Person

SHARES_LIMIT = 200
"""Persons whom a dashboard is shared with: more of them are an organisation, or everybody, who can have a link."""
REQUESTS_LIMIT = 100
"""Requests that wait for one dashboard: more than anybody reads."""
REQUEST_LIFETIME = 30 * DAY
"""How long a request waits."""
MESSAGE_LIMIT = 1_000
"""Characters of a request's message."""


class Request(NamedTuple):
    """Who would like to have a dashboard, and why."""

    person: Person
    message: str
    time: int
    """When it was asked for, UTC microseconds."""


class DashboardShares:
    """The shares of all dashboards, and the requests for them."""

    def __init__(
        self, catalog: Catalog, dashboards: Dashboards, access: DashboardAccess, bus: Bus, clock: Clock
    ) -> None:
        self._catalog = catalog
        self._dashboards = dashboards
        self._access = access
        self._bus = bus
        self._clock = clock

    async def persons(self, who: Principal, id: str) -> list[Person]:
        """Whom a dashboard is shared with, first come first.

        Raises:
            NotFound, Forbidden: as `Dashboards.get` for those who may change it.
        """
        dashboard = await self._dashboards.get(who, id, Action.CHANGE)
        found = await self._catalog.select(DashboardShare, dashboard_id=dashboard.id)
        return await self._those([share.person_id for share in found])

    async def share(self, who: Principal, id: str, person_ids: Iterable[str]) -> None:
        """Share a dashboard with these persons as well, all or nobody. Their requests are answered by it.

        Those who have it already keep it; the person whose own space it is in gets no share.

        Raises:
            NotFound: there is no such dashboard, or nobody with one of these ids.
            Forbidden: as `Dashboards.get`.
            LimitReached: it is shared with `SHARES_LIMIT` persons.
        """
        dashboard = await self._dashboards.get(who, id, Action.CHANGE)
        wanted = list(dict.fromkeys(person_id.lower() for person_id in person_ids))
        there = {person.id for person in await self._those(wanted)}
        if len(there) < len(wanted):
            raise NotFound("There is no such user.")
        held = {share.person_id for share in await self._catalog.select(DashboardShare, dashboard_id=dashboard.id)}
        fresh = [person_id for person_id in wanted if person_id not in held and person_id != dashboard.space_id]
        if len(held) + len(fresh) > SHARES_LIMIT:
            raise LimitReached(f"A dashboard is shared with at most {SHARES_LIMIT} persons. Make a link to it.")
        now = self._clock.now()
        changes: list[Change] = [Delete(DashboardRequest, f"{dashboard.id}/{person_id}") for person_id in wanted]
        changes += [
            Insert(
                DashboardShare(
                    id=f"{dashboard.id}/{person_id}",
                    created_at=now + place,
                    updated_at=now,
                    dashboard_id=dashboard.id,
                    person_id=person_id,
                )
            )
            for place, person_id in enumerate(fresh)
        ]
        await self._catalog.apply(*changes)
        announce_dashboard(self._bus, dashboard, access=True)

    async def unshare(self, who: Principal, id: str, person_id: str) -> None:
        """Share a dashboard with this person no longer. Everybody may give back what they were given.

        Raises:
            NotFound: there is no such dashboard, or it is not shared with this person.
            Forbidden: as `Dashboards.get`.
        """
        person_id = person_id.lower()
        action = Action.READ if person_id == who.person_id else Action.CHANGE
        dashboard = await self._dashboards.get(who, id, action)
        share = await self._catalog.get(DashboardShare, f"{dashboard.id}/{person_id}")
        if share is None:
            raise NotFound("The dashboard is not shared with this user.")
        await self._catalog.apply(Delete(DashboardShare, share.id))
        announce_dashboard(self._bus, dashboard, access=True)

    async def ask(self, who: Principal, id: str, message: str = "") -> None:
        """Ask those who may share a dashboard for it. Nothing happens for whoever can see it.

        Raises:
            NotFound: there is no such dashboard.
            Invalid: the message is too long.
            LimitReached: too many wait already.
            WrongBearer: not a person.
        """
        check_person(who)
        if len(message) > MESSAGE_LIMIT:
            raise Invalid(f"message: At most {MESSAGE_LIMIT} characters.", "message")
        dashboard = await self._catalog.get(Dashboard, id.lower())
        if dashboard is None or dashboard.deleted_at is not None:
            raise NotFound("There is no such dashboard.")
        if may(who, Action.READ, dashboard.space_id) or await self._access.has(who, dashboard):
            return
        now = self._clock.now()
        request = DashboardRequest(
            id=f"{dashboard.id}/{who.person_id}",
            created_at=now,
            updated_at=now,
            dashboard_id=dashboard.id,
            person_id=who.person_id,
            message=message,
        )
        waiting = [r for r in await self._requests(dashboard.id) if r.id != request.id]
        if len(waiting) >= REQUESTS_LIMIT:
            raise LimitReached("Too many people have asked for this dashboard already.")
        await self._catalog.apply(Delete(DashboardRequest, request.id), Insert(request))

    async def requests(self, who: Principal, id: str) -> list[Request]:
        """Who has asked for a dashboard and still waits, first come first.

        Raises:
            NotFound, Forbidden: as `Dashboards.get` for those who may change it.
        """
        dashboard = await self._dashboards.get(who, id, Action.CHANGE)
        waiting = {request.person_id: request for request in await self._requests(dashboard.id)}
        return [
            Request(person, waiting[person.id].message, waiting[person.id].created_at)
            for person in await self._those(list(waiting))
        ]

    async def decline(self, who: Principal, id: str, person_id: str) -> None:
        """Answer a request with no: it is gone, and the person may ask again.

        Raises:
            NotFound: there is no such dashboard or request.
            Forbidden: as `Dashboards.get`.
        """
        dashboard = await self._dashboards.get(who, id, Action.CHANGE)
        request = await self._catalog.get(DashboardRequest, f"{dashboard.id}/{person_id.lower()}")
        if request is None:
            raise NotFound("This user has not asked for the dashboard.")
        await self._catalog.apply(Delete(DashboardRequest, request.id))

    async def _requests(self, dashboard_id: str) -> list[DashboardRequest]:
        """Those whose time is not over."""
        since = self._clock.now() - REQUEST_LIFETIME
        found = await self._catalog.select(DashboardRequest, dashboard_id=dashboard_id)
        return [request for request in found if request.created_at > since]

    async def _those(self, ids: Sequence[str]) -> list[Person]:
        """These persons in this order, without those who are gone."""
        found = {person.id: person for person in await self._catalog.select(Person, id=list(ids))} if ids else {}
        return [found[id] for id in ids if id in found]
