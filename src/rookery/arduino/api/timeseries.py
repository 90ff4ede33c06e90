"""The history of one property in bins (reference 5.1)."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api import bins, query
from rookery.arduino.api.bins import Range
from rookery.arduino.api.bodies_series import DataPoint, TimeseriesView
from rookery.arduino.api.errors import bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.api.resolve import find_variable
from rookery.arduino.api.series_reading import aggregated_bins, function_of
from rookery.arduino.api.times import format_time
from rookery.core.clock import DAY, SECOND
from rookery.core.points import Aggregation

TIMESERIES_BINS = 1_000
TIMESERIES_SPAN = 14 * DAY

FROM = query.time("from", "Start, included; two weeks ago when missing.")
TO = query.time("to", "End, not included; now when missing.")
INTERVAL = query.integer("interval", "Seconds of a bin; as short as 1000 bins allow when missing.", low=1)
DESC = query.flag("desc", "Newest first.")
AGGREGATION = query.text(
    "aggregation",
    "What a bin is reduced to; AVG when missing.",
    tuple(a.value for a in Aggregation if a not in ("FIRST", "LAST", "BOOL_OR", "BOOL_AND")),
)


@operation(
    "GET",
    "/iot/v2/things/{id}/properties/{pid}/timeseries",
    "properties_v2#timeseries",
    "The history of one numeric property in bins, at most 1000 of them: the newest.",
    query=(AGGREGATION, DESC, FROM, INTERVAL, TO),
    returns=TimeseriesView,
    errors=(400, 401, 404),
)
async def show_timeseries(call: Call) -> TimeseriesView:
    """The bins that are not empty."""
    id, pid = call.uuid("id", "thing"), call.uuid("pid", "property")
    services = call.services
    variable = await find_variable(call, pid, id)
    start, end = call.query(FROM), call.query(TO)
    if start is not None and end is not None and end < start:
        raise bad_field("from", "from: The start is after the end.")
    function = function_of(variable, call.query(AGGREGATION) or "AVG")
    if function is None:
        raise bad_field("pid", f"Only numbers and booleans have a time series, not the type {variable.type}.")
    until = bins.after(services.clock.now()) if end is None else bins.in_bounds(end)
    span = Range(until - TIMESERIES_SPAN if start is None else bins.in_bounds(start), until)
    interval = min(call.query(INTERVAL) or bins.fitting_interval(span, TIMESERIES_BINS), bins.LATEST // SECOND)
    found, _ = await aggregated_bins(services.telemetry, variable, span, interval, function, TIMESERIES_BINS)
    if call.query(DESC):
        found.reverse()
    return TimeseriesView([DataPoint(format_time(time), value) for time, value in found])


ROUTES: list[HTTPRouteHandler] = [show_timeseries]
