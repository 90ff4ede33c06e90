"""Series: aggregated, raw, sampled and last values of many properties in one call (reference 5).

A query for a thing becomes one answer for each of its properties. A property that does not exist, or that the caller
must not know of, gets an answer with status `error`; only when nothing of a call exists the whole call is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api import bins
from rookery.arduino.api.bins import Range
from rookery.arduino.api.bodies_series import (
    AggregatedBatch,
    AggregatedQueries,
    AggregatedView,
    Function,
    LastValueBatch,
    LastValueQueries,
    LastValueView,
    Metric,
    RawBatch,
    RawQueries,
    RawView,
    SampledBatch,
    SampledQueries,
    SampledView,
)
from rookery.arduino.api.body import Body, Moment
from rookery.arduino.api.errors import Problem, bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.resolve import find_variable
from rookery.arduino.api.series_reading import aggregated_bins, function_of, sampled_bins
from rookery.arduino.api.times import format_time
from rookery.arduino.api.views_thing import in_order, last_point
from rookery.core.clock import DAY
from rookery.core.errors import NotFound
from rookery.core.live import LiveVariable
from rookery.core.points import Point, Telemetry, Value
from rookery.core.records import Variable

BINS_DEFAULT = 300
VALUES_OF_PROPERTY = 1_000
VALUES_OF_THING = 10_000
"""Limits of `series_limit` (5.1)."""
SAMPLED_SPAN = DAY
SAMPLED_INTERVAL = 300
SHORTEST_SAMPLED = 60
LONGEST_INTERVAL = 86_400
"""Seconds."""
ANSWER_COST = 10
"""What an answer to one query counts besides its values, so that many empty ones have an end too."""
ANSWER_LIMIT = 510_000
"""Values in the answer to one call, where a text counts once more for every 64 characters: 50 to 100 MB while it is put
together. A thing with 50 properties at their highest limit just fits."""

_AGGREGATED = Body(AggregatedQueries)
_RAW = Body(RawQueries)
_SAMPLED = Body(SampledQueries)
_LAST = Body(LastValueQueries)

_SELECTOR = re.compile(r"(property|thing)\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.IGNORECASE)


class _Target(NamedTuple):
    """One answer to give: a property, or the reason why there is none."""

    query: str
    variable: Variable | None
    missing: str = ""


class _Selected(NamedTuple):
    """What a query asks for, and how many values each of its answers may have."""

    targets: list[_Target]
    highest: int


class _Batch:
    """The state of one call: whether anything was found, and how much more may be answered."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.found = False
        self._left = ANSWER_LIMIT
        self.telemetry: Telemetry = call.services.telemetry
        self.now = bins.after(call.services.clock.now())

    async def select(self, place: int, q: str, *, things: bool = True) -> _Selected:
        """What a query asks for.

        Raises:
            Problem: 400, it is not of the form `property.<uuid>` or, if `things`, `thing.<uuid>`.
        """
        selector = _SELECTOR.fullmatch(q.strip())
        if selector is None or (selector[1].lower() == "thing" and not things):
            forms = "property.<uuid> or thing.<uuid>" if things else "property.<uuid>"
            raise bad_field(f"requests[{place}].q", f"requests[{place}].q: Expected {forms}.")
        services, who, id = self._call.services, self._call.who, selector[2].lower()
        try:
            if selector[1].lower() == "thing":
                thing = await services.things.get(who, id)
                self.found = True
                variables = in_order(await services.variables.of(thing))
                return _Selected([_target(variable) for variable in variables], VALUES_OF_THING)
            variable = await find_variable(self._call, id)
        except NotFound as error:
            return _Selected([_Target(q, None, str(error))], VALUES_OF_PROPERTY)
        self.found = True
        return _Selected([_target(variable)], VALUES_OF_PROPERTY)

    def span(self, place: int, start: Moment | None, end: Moment | None, default: int | None) -> Range:
        """The range of a query. `default` is how far back it goes without a start; None: all the way.

        Raises:
            Problem: 400, it ends before it begins.
        """
        if start is not None and end is not None and end < start:
            raise bad_field(f"requests[{place}].from", f"requests[{place}].from: The start is after the end.")
        until = self.now if end is None else bins.in_bounds(end)
        if start is not None:
            return Range(bins.in_bounds(start), until)
        return Range(0 if default is None else until - default, until)

    def spend(self, values: Sequence[Value]) -> None:
        """Count what goes into the answer.

        Raises:
            Problem: 400, it is too much for one call.
        """
        self._left -= ANSWER_COST + sum(1 + (len(value) >> 6) if type(value) is str else 1 for value in values)
        if self._left < 0:
            raise Problem(400, "This asks for too many values at once: send fewer requests in a call.", "requests")

    def finish(self, asked: int) -> None:
        """Refuse a call of which nothing exists.

        Raises:
            NotFound: that.
        """
        if asked and not self.found:
            raise NotFound("There is no such property.")


def _target(variable: Variable) -> _Target:
    return _Target(f"property.{variable.id}", variable)


def _frame(
    target: _Target, span: Range, limit: int, version: int, points: Sequence[tuple[int, Any]] = (), message: str = ""
) -> dict[str, Any]:
    """What all kinds of answers have in common."""
    variable = target.variable
    known: dict[str, Any] = {}
    if variable is not None:
        known = {
            "property_id": variable.id,
            "property_name": variable.name,
            "property_type": variable.type,
            "thing_id": variable.thing_id,
        }
    return {
        "query": target.query,
        **known,
        "from_date": format_time(span.start),
        "to_date": format_time(span.end),
        "series_limit": limit,
        "resp_version": version,
        "status": "error" if target.missing else "ok",
        "message": target.missing or message,
        "count_values": len(points),
        "times": [format_time(time) for time, _ in points],
        "values": [value for _, value in points],
    }


def _cut(truncated: bool, limit: int) -> str:
    return f"There are more than {limit} bins; these are the newest." if truncated else ""


@operation(
    "POST",
    "/iot/v2/series/batch_query",
    "series_v2#batch_query",
    "Numbers and booleans, reduced to one value a bin.",
    body=_AGGREGATED,
    returns=AggregatedBatch,
    errors=(400, 401, 403, 404, 503),
)
async def query_aggregated(call: Call) -> AggregatedBatch:
    """One answer for each property, in the order of the requests; bins ascend."""
    body = await call.body(_AGGREGATED)
    batch = _Batch(call)
    views: list[AggregatedView] = []
    for place, request in enumerate(body.requests):
        span = batch.span(place, request.start, request.end, None)
        selected = await batch.select(place, request.q)
        limit = bins.limited(request.series_limit, BINS_DEFAULT, selected.highest)
        # One that was asked for has a limit; one that has to hold a long range has none.
        interval = min(request.interval, LONGEST_INTERVAL) if request.interval else bins.fitting_interval(span, limit)
        views += [
            await _aggregated(batch, target, span, interval, limit, request.aggregation, body.resp_version)
            for target in selected.targets
        ]
    batch.finish(len(body.requests))
    return AggregatedBatch(body.resp_version, views)


async def _aggregated(
    batch: _Batch, target: _Target, span: Range, interval: int, limit: int, asked: Function | None, version: int
) -> AggregatedView:
    variable = target.variable
    function = function_of(variable, asked) if variable is not None else None
    if variable is not None and function is None:
        target = target._replace(missing=f"{asked or 'AVG'} does not fit the type {variable.type}.")
    if variable is None or function is None:
        batch.spend(())
        return AggregatedView(**_frame(target, span, limit, version), aggregation=asked, interval=interval)
    found, truncated = await aggregated_bins(batch.telemetry, variable, span, interval, function, limit)
    batch.spend([value for _, value in found])
    return AggregatedView(
        **_frame(target, span, limit, version, found, _cut(truncated, limit)),
        aggregation=function.value,  # type: ignore[arg-type]  # core's FIRST and LAST can not be asked for
        interval=interval,
    )


@operation(
    "POST",
    "/iot/v2/series/batch_query_raw",
    "series_v2#batch_query_raw",
    "Values of any type as they were stored.",
    body=_RAW,
    returns=RawBatch,
    errors=(400, 401, 403, 404, 503),
)
async def query_raw(call: Call) -> RawBatch:
    """One answer for each property, in the order of the requests; values newest first, or oldest first with ASC."""
    body = await call.body(_RAW)
    batch = _Batch(call)
    views: list[RawView] = []
    for place, request in enumerate(body.requests):
        span = batch.span(place, request.start, request.end, None)
        selected = await batch.select(place, request.q)
        limit = bins.limited(request.series_limit, selected.highest, selected.highest)
        for target in selected.targets:
            points: list[Point] = []
            if target.variable is not None:
                descending = request.sort == "DESC"
                points = await batch.telemetry.read(
                    target.variable.series, span.start, span.end, limit, descending=descending
                )
            batch.spend([point.value for point in points])
            views.append(
                RawView(
                    **_frame(target, span, limit, body.resp_version, points),
                    series=Metric(target.variable.id if target.variable is not None else ""),
                    sort=request.sort,
                )
            )
    batch.finish(len(body.requests))
    return RawBatch(body.resp_version, views)


@operation(
    "POST",
    "/iot/v2/series/batch_query_sampling",
    "series_v2#batch_query_sampling",
    "Values of any type, the last one of each bin.",
    body=_SAMPLED,
    returns=SampledBatch,
    errors=(400, 401, 403, 404, 503),
)
async def query_sampled(call: Call) -> SampledBatch:
    """One answer for each request, in their order; bins ascend."""
    body = await call.body(_SAMPLED)
    batch = _Batch(call)
    views: list[SampledView] = []
    for place, request in enumerate(body.requests):
        span = batch.span(place, request.start, request.end, SAMPLED_SPAN)
        limit = bins.limited(request.series_limit, BINS_DEFAULT, VALUES_OF_PROPERTY)
        interval = max(bins.limited(request.interval, SAMPLED_INTERVAL, LONGEST_INTERVAL), SHORTEST_SAMPLED)
        for target in (await batch.select(place, request.q, things=False)).targets:
            points: list[Point] = []
            truncated = False
            if target.variable is not None:
                points, truncated = await sampled_bins(batch.telemetry, target.variable, span, interval, limit)
            batch.spend([point.value for point in points])
            frame = _frame(target, span, limit, body.resp_version, points, _cut(truncated, limit))
            views.append(SampledView(**frame, interval=interval))
    batch.finish(len(body.requests))
    return SampledBatch(body.resp_version, views)


@operation(
    "POST",
    "/iot/v2/series/batch_query_raw/lastvalue",
    "series_v2#batch_query_raw_last_value",
    "The last value of each property.",
    body=_LAST,
    returns=LastValueBatch,
    errors=(400, 401, 403, 404, 503),
)
async def query_last(call: Call) -> LastValueBatch:
    """One answer for each request, in their order, with one value or none."""
    body = await call.body(_LAST)
    batch = _Batch(call)
    views: list[LastValueView] = []
    for request in body.requests:
        point: Point | None = None
        variable = await _live_variable(call, request.thing_id, request.property_id)
        if variable is not None:
            batch.found = True
            point = last_point(variable)
        times, values = ([format_time(point.time)], [point.value]) if point is not None else ([], [])
        batch.spend(values)
        views.append(LastValueView(request.property_id, request.thing_id, len(times), times, values))
    batch.finish(len(body.requests))
    return LastValueBatch("ok", views)


async def _live_variable(call: Call, thing_id: str, id: str) -> LiveVariable | None:
    """A property in use that the caller may read, None when there is none."""
    services = call.services
    try:
        live = await services.things.live(call.who, thing_id)
    except NotFound:
        try:
            live = await services.dashboard_access.live(call.who, thing_id, id)
        except NotFound:
            return None
    return live.by_id.get(id)


ROUTES: list[HTTPRouteHandler] = [
    query_aggregated,
    query_raw,
    query_sampled,
    query_last,
]
