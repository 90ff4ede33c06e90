"""Dashboards: make, show, change, link variables, delete and bring back, copy.

A dashboard belongs to a space and shows variables of that space only, so that whoever is given it gets nothing that
those who may change it could not give. Deleting a variable, or its thing, changes no dashboard: the widget keeps the
variable's id, shows that it is gone, and works again when it is back. One that is gone for good is left out at the next
change of the widgets.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from rookery.core.access import Action, Principal, check
from rookery.core.bus import Bus, announce_dashboard
from rookery.core.catalog import Catalog, Change, Insert, Update, changed
from rookery.core.clock import MILLISECOND, Clock
from rookery.core.dashboard_access import DashboardAccess
from rookery.core.dashboard_removal import removal
from rookery.core.dashboard_widgets import (
    IMAGE_LIMIT,
    MAIN_PAGE,
    NAME_LIMIT,
    Page,
    Widget,
    as_kept,
    check_links,
    check_widgets,
    checked_pages,
    linked,
    pages_of,
    placed,
    relinked,
    size_of,
    widgets_of,
)
from rookery.core.errors import Forbidden, Invalid, LimitReached, NotFound, Precondition
from rookery.core.ids import Identifiers
from rookery.core.records import Dashboard, Thing, Variable

DASHBOARDS_LIMIT = 1_000
"""Dashboards of one space: a list shows all of them at once, with all their widgets."""
SPACE_LIMIT = 32 << 20
"""What all of them may cost together, about the bytes of that list. Thirty as large as one can be, or a thousand with
twenty widgets each."""
COPY = " (copy)"
"""What is added to the name of a copy."""

_NONE = "There is no such dashboard."


class Dashboards:
    """The dashboards of all spaces."""

    def __init__(self, catalog: Catalog, access: DashboardAccess, bus: Bus, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._access = access
        self._bus = bus
        self._ids = ids
        self._clock = clock

    async def create(
        self,
        who: Principal,
        *,
        name: str | None = None,
        cover_image: str | None = None,
        pages: Sequence[Page] = (),
        widgets: Sequence[Widget] = (),
    ) -> Dashboard:
        """Add a dashboard to the principal's space.

        Raises:
            Invalid: a limit of `core.dashboard_widgets`, a page or a variable that does not exist.
            LimitReached: the space has `DASHBOARDS_LIMIT` of them, or they cost more than `SPACE_LIMIT`.
        """
        check(who, Action.CHANGE, who.space_id, "space")
        if name is not None:
            _check_name(name)
        _check_image(cover_image)
        pages = checked_pages(pages)
        kept = await self._checked(who.space_id, placed(widgets, pages), frozenset())
        size = size_of(pages, kept, cover_image)
        held = await self._room(who.space_id, size)
        now = self._clock.now()
        dashboard = Dashboard(
            id=self._ids.uuid(),
            created_at=now,
            updated_at=now,
            space_id=who.space_id,
            person_id=who.person_id,
            name=name or f"Untitled {1 + held}",
            cover_image=cover_image,
            pages=as_kept(pages),
            widgets=as_kept(kept),
            size=size,
        )
        await self._catalog.apply(Insert(dashboard))
        announce_dashboard(self._bus, dashboard)
        return dashboard

    async def visible(
        self, who: Principal, *, name: str | None = None, thing_id: str | None = None, person_id: str | None = None
    ) -> list[Dashboard]:
        """The dashboards of the principal's space and, when that is the person's own, those that others share with the
        person; oldest first. Only those with this name, of this person, that show a variable of this thing.

        Raises:
            NotFound: the principal has no part in the space.
        """
        check(who, Action.READ, who.space_id, "space")
        wanted = {key: value for key, value in (("name", name), ("person_id", person_id)) if value is not None}
        found = await self._catalog.select(Dashboard, space_id=who.space_id, deleted_at=None, **wanted)
        if who.organisation_id is None:
            own = {dashboard.id for dashboard in found}
            shared = await self._access.dashboards(who)
            if shared:
                others = await self._catalog.select(Dashboard, id=shared, deleted_at=None, **wanted)
                found = [*found, *(dashboard for dashboard in others if dashboard.id not in own)]
                found.sort(key=lambda dashboard: (dashboard.created_at, dashboard.id))
        if thing_id is not None:
            variables = await self._catalog.pick(Variable, ("id",), thing_id=thing_id.lower(), deleted_at=None)
            wanted_ids = {id for (id,) in variables}
            found = [dashboard for dashboard in found if not wanted_ids.isdisjoint(linked(dashboard))]
        return found

    async def get(self, who: Principal, id: str, action: Action = Action.READ, *, deleted: bool = False) -> Dashboard:
        """One dashboard.

        Raises:
            NotFound: there is none, it is deleted, or it is in a space that the principal has no part in and not shared
                with the person.
            Forbidden: the principal may see it, but not do `action`.
        """
        dashboard = await self._catalog.get(Dashboard, id.lower())
        if dashboard is None or (dashboard.deleted_at is not None and not deleted):
            raise NotFound(_NONE)
        try:
            check(who, action, dashboard.space_id, "dashboard")
        except NotFound:
            if dashboard.deleted_at is not None or not await self._access.has(who, dashboard):
                raise
            if action is not Action.READ:
                raise Forbidden("This dashboard is shared with you: you may use it, but not change it.") from None
        return dashboard

    async def update(
        self,
        who: Principal,
        id: str,
        *,
        name: str | None = None,
        cover_image: str | UnsetType | None = UNSET,
        pages: Sequence[Page] | UnsetType = UNSET,
        widgets: Sequence[Widget] | UnsetType = UNSET,
        seen: Collection[int] | None = None,
    ) -> Dashboard:
        """Replace what is given; the rest stays. A deleted dashboard comes back by it.

        Widgets whose page is gone move to the main one, unless they are given with that page. With `seen` nothing
        happens unless the dashboard was last changed at one of these times (UTC microseconds, exact to the
        millisecond): so nobody overwrites what they have not seen.

        Raises:
            Precondition: it was changed at another time than those of `seen`.
            Invalid: as `create`. A variable that was linked before is never refused.
            LimitReached: as `create`, when it comes back or gets larger.
            NotFound, Forbidden: as `get`.
        """
        before = await self.get(who, id, Action.CHANGE, deleted=True)
        if seen is not None and before.updated_at // MILLISECOND not in {time // MILLISECOND for time in seen}:
            raise Precondition("The dashboard was changed by somebody else in between.")
        fields: dict[str, Any] = {"deleted_at": None}
        if name is not None:
            _check_name(name)
            fields["name"] = name
        if cover_image is not UNSET:
            _check_image(cover_image)
            fields["cover_image"] = cover_image
        kept_pages = pages_of(before)
        if pages is not UNSET:
            kept_pages = checked_pages(pages)
            fields["pages"] = as_kept(kept_pages)
        known = widgets_of(before)
        if widgets is not UNSET:
            kept = await self._checked(before.space_id, placed(widgets, kept_pages, known), frozenset(linked(before)))
            fields["widgets"] = as_kept(kept)
        elif pages is not UNSET:
            free = [msgspec.structs.replace(widget, page_id=None) for widget in known]
            kept = placed(free, kept_pages, known)
            fields["widgets"] = as_kept(kept)
        else:
            kept = known
        fields["size"] = size_of(kept_pages, kept, fields.get("cover_image", before.cover_image))
        if before.deleted_at is not None or fields["size"] > before.size:
            await self._room(before.space_id, fields["size"], before.id)
        after = changed(before, self._later(before), **fields)
        await self._catalog.apply(Update(after))
        announce_dashboard(self._bus, after)
        return after

    async def link(self, who: Principal, id: str, widget_id: str, variables: Sequence[str]) -> list[str]:
        """Set the variables of one widget; returns them.

        Raises:
            Invalid: too many, or one that does not exist.
            LimitReached: the dashboards of the space cost too much.
            NotFound: there is no such dashboard or widget.
            Forbidden: as `get`.
        """
        before = await self.get(who, id, Action.CHANGE)
        widgets = widgets_of(before)
        place = next((place for place, widget in enumerate(widgets) if widget.id == widget_id.lower()), None)
        if place is None:
            raise NotFound("The dashboard has no such widget.")
        ids = [id.lower() for id in variables]
        check_links(ids, "variables")
        ids = (await self._existing(before.space_id, {"variables": ids}, frozenset(linked(before))))["variables"]
        widgets[place] = msgspec.structs.replace(widgets[place], variables=ids)
        check_widgets(widgets)
        size = size_of(pages_of(before), widgets, before.cover_image)
        if size > before.size:
            await self._room(before.space_id, size, before.id)
        after = changed(before, self._later(before), widgets=as_kept(widgets), size=size)
        await self._catalog.apply(Update(after))
        announce_dashboard(self._bus, after)
        return ids

    async def delete(self, who: Principal, id: str, *, force: bool = False) -> None:
        """Delete a dashboard: it can come back, with those whom it is shared with, until it is deleted with `force` or
        too many others were deleted after it. Nothing that it shows is touched.

        Raises:
            NotFound, Forbidden: as `get`.
        """
        dashboard = await self.get(who, id, Action.CHANGE, deleted=True)
        if dashboard.deleted_at is not None and not force:
            raise NotFound(_NONE)
        now = self._later(dashboard)
        after = changed(dashboard, now, deleted_at=now)
        if force:
            await self._catalog.apply(*await removal(self._catalog, [dashboard.id]))
        else:
            await self._catalog.apply(Update(after), *await self._overflow(dashboard))
        announce_dashboard(self._bus, after)

    async def clone(self, who: Principal, id: str, things: Mapping[str, str] | None = None) -> Dashboard:
        """A copy in the principal's space, with ids of its own for pages and widgets, shared with nobody.

        Variables of a thing in `things` become those of the thing that it maps to which are called the same, in options
        as well. The others stay, unless the copy goes to another space: there they are left out.

        Raises:
            NotFound: there is no such dashboard, or a thing to link to does not exist in the principal's space.
        """
        source = await self.get(who, id)
        check(who, Action.CHANGE, who.space_id, "space")
        moved = await self._moved(who.space_id, source, things or {})
        pages = {page.id: msgspec.structs.replace(page, id=self._ids.uuid()) for page in pages_of(source)}
        widgets = [
            msgspec.structs.replace(
                widget,
                id=self._ids.uuid(),
                page_id=pages[widget.page_id].id if widget.page_id in pages else MAIN_PAGE,
            )
            for widget in relinked(widgets_of(source), moved)
        ]
        return await self.create(
            who,
            name=source.name[: NAME_LIMIT - len(COPY)] + COPY,
            cover_image=source.cover_image,
            pages=list(pages.values()),
            widgets=widgets,
        )

    async def _moved(self, space_id: str, source: Dashboard, things: Mapping[str, str]) -> dict[str, str | None]:
        """What becomes of the variables of `source` in a copy that goes to this space."""
        wanted = {old.lower(): new.lower() for old, new in things.items()}
        there: dict[str, dict[str, str]] = {}
        for new in set(wanted.values()):
            thing = await self._catalog.get(Thing, new)
            if thing is None or thing.deleted_at is not None or thing.space_id != space_id:
                raise NotFound("There is no such thing to link to.")
            found = await self._catalog.select(Variable, thing_id=new, deleted_at=None)
            there[new] = {variable.symbol: variable.id for variable in found}
        moved: dict[str, str | None] = dict.fromkeys(linked(source))
        here = await self._catalog.select(Variable, id=list(moved), space_id=source.space_id) if moved else []
        for variable in here:
            if variable.deleted_at is None and space_id == source.space_id:
                moved[variable.id] = variable.id
            follower = there.get(wanted.get(variable.thing_id, ""), {}).get(variable.symbol)
            if follower is not None:
                moved[variable.id] = follower
        return moved

    def _later(self, dashboard: Dashboard) -> int:
        """The time of a change: one that clients, to whom times have milliseconds, can tell from that of the last."""
        return max(self._clock.now(), dashboard.updated_at + MILLISECOND)

    async def _room(self, space_id: str, size: int, id: str | None = None) -> int:
        """How many dashboards a space has, when there is room for another one of this size, or for that with this `id`
        to have this size.

        Raises:
            LimitReached: there is not.
        """
        found = await self._catalog.pick(Dashboard, ("id", "size"), space_id=space_id, deleted_at=None)
        others = [held for other, held in found if other != id]
        if len(others) >= DASHBOARDS_LIMIT:
            raise LimitReached(f"There are {DASHBOARDS_LIMIT} dashboards here already. Delete some first.")
        if sum(others) + size > SPACE_LIMIT:
            raise LimitReached(
                f"All dashboards here together would have more than {SPACE_LIMIT >> 20} MiB. "
                "Make some smaller first: pictures in widgets can be addresses."
            )
        return len(others)

    async def _overflow(self, dashboard: Dashboard) -> list[Change]:
        """What goes for good when this dashboard is deleted as well: of the deleted ones of a space those that went
        last are kept, not more than it may have living ones."""
        picked = await self._catalog.pick(Dashboard, ("id", "size", "deleted_at"), space_id=dashboard.space_id)
        gone = sorted(((at, id, size) for id, size, at in picked if at is not None), reverse=True)
        count, total = 1, dashboard.size
        ended: list[str] = []
        for _, id, size in gone:
            count, total = count + 1, total + size
            if count > DASHBOARDS_LIMIT or total > SPACE_LIMIT:
                ended.append(id)
        return await removal(self._catalog, ended)

    async def _checked(self, space_id: str, widgets: Sequence[Widget], known: frozenset[str]) -> list[Widget]:
        """The widgets as they can be kept. Raises like `create`."""
        named = [
            msgspec.structs.replace(widget, id=widget.id.lower(), variables=[id.lower() for id in widget.variables])
            for widget in widgets
        ]
        check_widgets(named)
        asked = {f"widgets[{place}].variables": widget.variables for place, widget in enumerate(named)}
        found = await self._existing(space_id, asked, known)
        return [
            msgspec.structs.replace(widget, variables=found[f"widgets[{place}].variables"])
            for place, widget in enumerate(named)
        ]

    async def _existing(
        self, space_id: str, asked: Mapping[str, Sequence[str]], known: frozenset[str]
    ) -> dict[str, list[str]]:
        """The variables of this space among those asked for, by the place where they were.

        Those that are `known` to the dashboard may have been deleted since, and are left out when they are gone.

        Raises:
            Invalid: another one does not exist, or not here.
        """
        wanted = {id for ids in asked.values() for id in ids}
        rows = await self._catalog.select(Variable, id=list(wanted), space_id=space_id) if wanted else []
        there = {row.id for row in rows if row.deleted_at is None or row.id in known}
        for where, ids in asked.items():
            for place, id in enumerate(ids):
                if id not in there and id not in known:
                    raise Invalid(f"{where}[{place}]: There is no variable {id[:36]!r} here.", f"{where}[{place}]")
        return {where: [id for id in ids if id in there] for where, ids in asked.items()}


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= NAME_LIMIT:
        raise Invalid(f"name: A dashboard has a name of 1 to {NAME_LIMIT} characters.", "name")


def _check_image(image: str | None) -> None:
    if image is not None and len(image) > IMAGE_LIMIT:
        raise Invalid(f"cover_image: At most {IMAGE_LIMIT} characters.", "cover_image")
