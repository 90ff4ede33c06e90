"""What is done now and then: deleted objects are removed for good when their time is over."""

from __future__ import annotations

from rookery.core.catalog import Catalog, Change, Delete
from rookery.core.clock import DAY, Clock
from rookery.core.dashboard_removal import removal
from rookery.core.dashboard_shares import REQUEST_LIFETIME
from rookery.core.points import Telemetry
from rookery.core.records import (
    Certificate,
    ClaimCode,
    Dashboard,
    DashboardLink,
    DashboardRequest,
    Device,
    OneTimeLink,
    Thing,
    Token,
    Variable,
)

AT_ONCE = 200
"""Objects removed in one transaction: others want to write as well."""


class Housekeeping:
    """Removes what was deleted more than `days` ago, and links, tokens, codes and requests whose time is over."""

    def __init__(self, catalog: Catalog, telemetry: Telemetry, clock: Clock, days: int) -> None:
        self._catalog = catalog
        self._telemetry = telemetry
        self._clock = clock
        self._days = days

    async def run(self) -> int:
        """Returns how many objects were removed. Histories go with their variables."""
        now = self._clock.now()
        before = now - self._days * DAY
        changes: list[Change] = []
        series: list[int] = []
        for variable in await self._catalog.select(Variable):
            if variable.deleted_at is not None and variable.deleted_at < before:
                changes.append(Delete(Variable, variable.id))
                series.append(variable.series)
        changes.extend(
            Delete(Thing, thing.id)
            for thing in await self._catalog.select(Thing)
            if thing.deleted_at is not None and thing.deleted_at < before
        )
        for device in await self._catalog.select(Device):
            if device.deleted_at is not None and device.deleted_at < before:
                series += [n for n in (device.series, device.events, device.vitals, device.journal) if n]
                changes += [
                    Delete(Certificate, c.id) for c in await self._catalog.select(Certificate, device_id=device.id)
                ]
                changes.append(Delete(Device, device.id))
        changes += await self._dashboards(now, before)
        for link in await self._catalog.select(OneTimeLink):
            if link.expires_at <= now:
                changes.append(Delete(OneTimeLink, link.id))
        for token in await self._catalog.select(Token):
            # A refresh token outlives its access token, and ends both when it is used.
            end = max(token.expires_at, token.refresh_expires_at or 0) if token.expires_at is not None else None
            if end is not None and end <= now:
                changes.append(Delete(Token, token.id))
        for code in await self._catalog.select(ClaimCode):
            if code.expires_at <= now:
                changes.append(Delete(ClaimCode, code.id))
        for start in range(0, len(changes), AT_ONCE):
            await self._catalog.apply(*changes[start : start + AT_ONCE])
        if series:
            await self._telemetry.delete(series)
        return len(changes)

    async def _dashboards(self, now: int, before: int) -> list[Change]:
        """Dashboards that were deleted, with all that is about them; links that have expired, requests that nobody has
        answered."""
        found = await self._catalog.pick(Dashboard, ("id", "deleted_at"))
        changes = await removal(
            self._catalog, [id for id, deleted in found if deleted is not None and deleted < before]
        )
        for id, expires_at in await self._catalog.pick(DashboardLink, ("id", "expires_at")):
            if expires_at is not None and expires_at <= now:
                changes.append(Delete(DashboardLink, id))
        for id, asked in await self._catalog.pick(DashboardRequest, ("id", "created_at")):
            if asked <= now - REQUEST_LIFETIME:
                changes.append(Delete(DashboardRequest, id))
        return changes
