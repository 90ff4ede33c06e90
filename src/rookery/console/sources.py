"""What a dashboard shows of boards, for whoever may look at it: by a link, or because it was shared with them.

Who may is decided by `core.dashboard_sources`: what no widget of the dashboard names does not exist here. Names are a
parameter and no part of the path, because those of events have slashes in them. The board is asked at most every ten
seconds, however many look (`readings`); what changes by itself comes over the live connection (`live_sources`).
"""

from __future__ import annotations

from typing import Any, Final

from rookery.console.api import May, Route, route
from rookery.console.call import Call, ms
from rookery.console.live_sources import shown_event
from rookery.core.dashboard_sources import Source, SourceKind
from rookery.core.records import Dashboard

EVENTS: Final = 200
"""Points that a chart begins with."""
LATEST: Final = 1 << 62


@route("GET", "shared/{token}/sources/{device}/variable", May.ANYBODY)
async def linked_value(call: Call) -> dict[str, Any]:
    """The present value of the variable `name` of a board, by a link: `{"value", "time"}`, the time in milliseconds."""
    return await _value(call, await _linked(call))


@route("GET", "shared/{token}/sources/{device}/event", May.ANYBODY)
async def linked_events(call: Call) -> dict[str, Any]:
    """The events `name` of a board that are still kept, newest first, by a link."""
    return await _events(call, await _linked(call))


@route("GET", "dashboards/{id}/sources/{device}/variable")
async def shared_value(call: Call) -> dict[str, Any]:
    """The same as `linked_value`, for a person who may look at the dashboard."""
    return await _value(call, await _shared(call))


@route("GET", "dashboards/{id}/sources/{device}/event")
async def shared_events(call: Call) -> dict[str, Any]:
    """The same as `linked_events`, for a person who may look at the dashboard."""
    return await _events(call, await _shared(call))


async def _linked(call: Call) -> Dashboard:
    return (await call.services.dashboard_links.open(call.segments["token"])).dashboard


async def _shared(call: Call) -> Dashboard:
    return await call.services.dashboards.get(call.who, call.uuid("id", "dashboard"))


async def _value(call: Call, dashboard: Dashboard) -> dict[str, Any]:
    source = _source(call, SourceKind.VARIABLE)
    device = await call.services.dashboard_sources.board(dashboard, source)
    reading = await call.backend.readings.read(device, source.name)
    return {"value": reading.value, "time": ms(reading.time)}


async def _events(call: Call, dashboard: Dashboard) -> dict[str, Any]:
    source = _source(call, SourceKind.EVENT)
    found = await call.services.dashboard_sources.events(dashboard, source, EVENTS, LATEST)
    return {"events": [shown_event(event) for event in found]}


def _source(call: Call, kind: SourceKind) -> Source:
    return Source(call.segments["device"].lower(), kind, call.query("name"))


ROUTES: tuple[Route, ...] = (linked_value, linked_events, shared_value, shared_events)
