"""The history of several variables at once, as charts want it: `GET /console/api/series`.

`variable` (up to `MOST_VARIABLES` times), `from` and `to` in milliseconds (`to` excluded), and either

* `points`: so many of the stored numbers that look like all of them, with `gap` (milliseconds) as the distance above
  which both neighbours are kept: `{"series": {id: {"points": [[ms, value], …]}}}`, or
* `unit` (hour, day, week, month, year), `count`, `zone` and `aggregation` (AVG): one number for each calendar bin of
  that place: `{"series": {id: {"bins": [[ms, value], …]}}, "edges": [ms, …]}`.

What is no number does not count.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from math import isfinite
from typing import Any

from rookery.console.api import Route, route
from rookery.console.call import Call
from rookery.console.errors import Refusal
from rookery.console.shared import LATEST, MOST_POINTS, POINTS
from rookery.core.calendars import Unit, edges
from rookery.core.clock import MILLISECOND
from rookery.core.errors import NotFound
from rookery.core.points import Aggregation, Bin, Point
from rookery.core.records import Variable

MOST_VARIABLES = 50
"""As many as a dashboard's charts can show together."""


@route("GET", "series")
async def series(call: Call) -> dict[str, Any]:
    """See the module."""
    variables = await _variables(call)
    now = call.services.clock.now() // MILLISECOND
    start, end = call.number("from", now - 86_400_000, 0, LATEST), call.number("to", now + 1, 0, LATEST)
    if end <= start:
        raise Refusal(400, "invalid", "from must be before to.", "from")
    if call.query("unit"):
        return await _bins(call, variables, start * MILLISECOND, end * MILLISECOND)
    points, gap = call.number("points", POINTS, 2, MOST_POINTS), call.number("gap", 0, 0, LATEST)
    telemetry = call.services.telemetry
    found = await asyncio.gather(
        *(
            telemetry.thin(v.series, start * MILLISECOND, end * MILLISECOND, points, gap=gap * MILLISECOND or None)
            for v in variables
        )
    )
    return {"series": {v.id: {"points": _rows(rows)} for v, rows in zip(variables, found, strict=True)}}


async def _variables(call: Call) -> list[Variable]:
    """Those that were asked for, each of which the person may read.

    Raises:
        Refusal: 400, none or too many.
        NotFound: one is not there for this person.
    """
    ids = list(dict.fromkeys(id.lower() for id in call.queries("variable")))
    if not 1 <= len(ids) <= MOST_VARIABLES:
        raise Refusal(400, "invalid", f"Ask for 1 to {MOST_VARIABLES} variables.", "variable")
    return [await _readable(call, id) for id in ids]


async def _readable(call: Call, id: str) -> Variable:
    try:
        return await call.services.variables.by_id(call.who, id)
    except NotFound:
        return await call.services.dashboard_access.variable(call.who, id)


async def _bins(call: Call, variables: Sequence[Variable], start: int, end: int) -> dict[str, Any]:
    try:
        unit, aggregation = Unit(call.query("unit")), Aggregation(call.query("aggregation", "AVG").upper())
    except ValueError as error:
        raise Refusal(400, "invalid", f"{str(error)[:80]}.", "unit") from None
    bounds = edges(start, end, unit, call.query("zone", "UTC"), call.number("count", 1, 1, 1_000))
    telemetry = call.services.telemetry
    found = await asyncio.gather(*(telemetry.bins(v.series, bounds, aggregation) for v in variables))
    return {
        "edges": [edge // MILLISECOND for edge in bounds],
        "series": {v.id: {"bins": _rows(rows)} for v, rows in zip(variables, found, strict=True)},
    }


def _rows(rows: Sequence[Point] | Sequence[Bin]) -> list[list[Any]]:
    """Pairs. A sum beyond what a float holds has no word in JSON."""
    return [[row.time / MILLISECOND, row.value] for row in rows if isfinite(row.value)]  # type: ignore[arg-type]


ROUTES: tuple[Route, ...] = (series,)
