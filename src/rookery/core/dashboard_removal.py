"""What goes with a dashboard, and what goes with a person: nothing may be left that opens something to somebody."""

from __future__ import annotations

from collections.abc import Sequence

from rookery.core.catalog import Catalog, Change, Delete
from rookery.core.records import Dashboard, DashboardLink, DashboardRequest, DashboardShare


async def removal(catalog: Catalog, ids: Sequence[str]) -> list[Change]:
    """How to remove these dashboards for good, with their shares, requests and links."""
    changes: list[Change] = [Delete(Dashboard, id) for id in ids]
    if ids:
        for kind in (DashboardShare, DashboardRequest, DashboardLink):
            found = await catalog.pick(kind, ("id",), dashboard_id=list(ids))
            changes += [Delete(kind, id) for (id,) in found]
    return changes


async def removal_with_person(catalog: Catalog, person_id: str) -> list[Change]:
    """How to remove the dashboards of a person's own space, what others share with the person, what the person has
    asked for, and the links that the person has made elsewhere."""
    own = await catalog.pick(Dashboard, ("id",), space_id=person_id)
    changes = await removal(catalog, [id for (id,) in own])
    for kind in (DashboardShare, DashboardRequest, DashboardLink):
        changes += [Delete(kind, id) for (id,) in await catalog.pick(kind, ("id",), person_id=person_id)]
    return changes
