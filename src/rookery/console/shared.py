"""Dashboards for people without an account: `/console/api/shared/<token>`, and the links that open them.

Whoever has the token sees what is on the dashboard, with its history, and sets nothing.
"""

from __future__ import annotations

import asyncio
from math import isfinite
from typing import Any

import msgspec

from rookery.console.api import May, Route, route
from rookery.console.call import Call, ms
from rookery.console.errors import Refusal
from rookery.console.places import SHARED, whole
from rookery.core.clock import MILLISECOND, SECOND
from rookery.core.points import Aggregation, Point
from rookery.core.records import DashboardLink, Person, ValueKind, Variable

POINTS, MOST_POINTS = 400, 2_000
"""What a chart can show."""
LATEST = 8_640_000_000_000
"""Milliseconds: the end of the year 2243, so that microseconds are numbers which every store has."""
NUMERIC = frozenset({ValueKind.BOOL, ValueKind.INT, ValueKind.FLOAT})


class Wanted(msgspec.Struct):
    """A new link."""

    name: str = ""
    expires: int | None = None
    """Milliseconds; None: it works until it is withdrawn."""


@route("GET", "shared/{token}", May.ANYBODY)
async def show(call: Call) -> dict[str, Any]:
    """The dashboard behind a link, as the API shows it, without people."""
    # The dialect that has dashboards on the wire words them; the console reads what every client reads.
    from rookery.arduino.api.views_dashboard import DashboardV3View, dashboard_views

    opened = await call.services.dashboard_links.open(call.segments["token"])
    (view,) = await dashboard_views(call.services, [opened.dashboard], None, DashboardV3View)
    return {"dashboard": view, "link": {"name": opened.link.name, "expires": ms(opened.link.expires_at)}}


@route("GET", "shared/{token}/series", May.ANYBODY)
async def series(call: Call) -> dict[str, Any]:
    """The history of one variable on it: `variable`, `from`, `to` (milliseconds, `to` excluded), `points`.

    `{"points": [[ms, value], …]}` ascending when that is about what was asked for; else numbers are thinned:
    `{"band": [[ms, min, mean, max], …], "interval": ms}`, and of others there are the newest, with `"more": true`.
    """
    variable = await call.services.dashboard_links.variable(call.segments["token"], call.query("variable"))
    now = call.services.clock.now() // MILLISECOND
    start, end = call.number("from", now - 86_400_000, 0, LATEST), call.number("to", now + 1, 0, LATEST)
    if end <= start:
        raise Refusal(400, "invalid", "from must be before to.", "from")
    points = call.number("points", POINTS, 1, MOST_POINTS)
    return await history(call, variable, start * MILLISECOND, end * MILLISECOND, points)


async def history(call: Call, variable: Variable, start: int, end: int, points: int) -> dict[str, Any]:
    """What `series` answers; times in UTC microseconds."""
    telemetry = call.services.telemetry
    limit = 2 * points
    newest = await telemetry.read(variable.series, start, end, limit + 1, descending=True)
    if len(newest) <= limit or variable.kind not in NUMERIC:
        shown: dict[str, Any] = {"points": [_row(point) for point in reversed(newest[:limit])]}
        return shown | {"more": True} if len(newest) > limit else shown
    step = max((end - start) // points // SECOND, 1) * SECOND
    mean, least, most = await asyncio.gather(
        *(
            telemetry.aggregate(variable.series, start, end, step, function)
            for function in (Aggregation.AVG, Aggregation.MIN, Aggregation.MAX)
        )
    )
    low, high = {bin.time: bin.value for bin in least}, {bin.time: bin.value for bin in most}
    band = [
        [(bin.time + step // 2) // MILLISECOND, low[bin.time], bin.value, high[bin.time]]
        for bin in mean
        if bin.time in low and bin.time in high and isfinite(bin.value)
    ]
    return {"band": band, "interval": step // MILLISECOND}


def _row(point: Point) -> list[Any]:
    return [point.time // MILLISECOND, point.value]


@route("GET", "dashboards/{id}/links")
async def list_links(call: Call) -> dict[str, Any]:
    """The links to a dashboard that work. Their tokens were shown once."""
    found = await call.services.dashboard_links.of(call.who, call.uuid("id", "dashboard"))
    return {"links": [await _view(call, link) for link in found]}


@route("POST", "dashboards/{id}/links")
async def make_link(call: Call) -> dict[str, Any]:
    """A new link."""
    given = await call.json(Wanted)
    if given.expires is not None and not 0 <= given.expires <= LATEST:
        raise Refusal(400, "invalid", "expires is no time at which a link can end.", "expires")
    expires = given.expires * MILLISECOND if given.expires is not None else None
    if expires is not None and expires <= call.services.clock.now():
        raise Refusal(400, "invalid", "A link ends in the future.", "expires")
    made = await call.services.dashboard_links.make(
        call.who, call.uuid("id", "dashboard"), name=given.name.strip(), expires_at=expires
    )
    return await _view(call, made.link) | {"token": made.token, "link": whole(call, SHARED + made.token)}


@route("DELETE", "dashboards/{id}/links/{link}")
async def withdraw_link(call: Call) -> None:
    """End one; whoever looks at it is told."""
    await call.services.dashboard_links.withdraw(call.who, call.uuid("id", "dashboard"), call.segments["link"])


@route("GET", "dashboards/{id}/requests")
async def list_requests(call: Call) -> dict[str, Any]:
    """Who would like to see a dashboard. Sharing it with them is the API's: `PUT /iot/v2/dashboards/ID/shares`."""
    found = await call.services.dashboard_shares.requests(call.who, call.uuid("id", "dashboard"))
    return {
        "requests": [
            {
                "person": {"id": asked.person.id, "name": asked.person.name, "email": asked.person.email},
                "message": asked.message,
                "time": ms(asked.time),
            }
            for asked in found
        ]
    }


@route("DELETE", "dashboards/{id}/requests/{person}")
async def decline_request(call: Call) -> None:
    """Say no."""
    await call.services.dashboard_shares.decline(call.who, call.uuid("id", "dashboard"), call.segments["person"])


async def _view(call: Call, link: DashboardLink) -> dict[str, Any]:
    person = await call.services.catalog.get(Person, link.person_id)
    return {
        "id": link.id,
        "name": link.name,
        "created": ms(link.created_at),
        "expires": ms(link.expires_at),
        "made_by": person.name if person is not None else "",
    }


ROUTES: tuple[Route, ...] = (
    show,
    series,
    list_links,
    make_link,
    withdraw_link,
    list_requests,
    decline_request,
)
