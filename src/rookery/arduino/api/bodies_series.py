"""What clients send about series, and what they get (reference 3.6, 5.4).

Numbers that are too large are cut to the limit when they are used; a negative one is an error.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from rookery.arduino.api.body import Moment, Uuid

REQUESTS_LIMIT = 1_000
"""Queries in one call (5.4)."""
LARGEST = 2**63 - 1

Version = Annotated[int, msgspec.Meta(ge=-LARGEST - 1, le=LARGEST)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Function = Literal[
    "AVG",
    "MIN",
    "MAX",
    "SUM",
    "COUNT",
    "PCT_99",
    "PCT_95",
    "PCT_90",
    "PCT_75",
    "PCT_50",
    "PCT_15",
    "PCT_5",
    "BOOL_OR",
    "BOOL_AND",
]
Order = Literal["ASC", "DESC"]


class AggregatedQuery(msgspec.Struct, kw_only=True):
    """`BatchQueryRequestMediaV1`."""

    q: str
    start: Moment = msgspec.field(name="from")
    end: Moment = msgspec.field(name="to")
    aggregation: Function | None = None
    interval: Count | None = None
    series_limit: Count | None = None


class RawQuery(msgspec.Struct, kw_only=True):
    """`BatchQueryRawRequestMediaV1`."""

    q: str
    start: Moment | None = msgspec.field(name="from", default=None)
    end: Moment | None = msgspec.field(name="to", default=None)
    series_limit: Count | None = None
    sort: Order = "DESC"


class SampledQuery(msgspec.Struct, kw_only=True):
    """`BatchQuerySampledRequestMediaV1`."""

    q: str
    start: Moment | None = msgspec.field(name="from", default=None)
    end: Moment | None = msgspec.field(name="to", default=None)
    interval: Count | None = None
    series_limit: Count | None = None


class LastValueQuery(msgspec.Struct):
    """`BatchQueryRawLastValueRequestMediaV1`."""

    thing_id: Uuid
    property_id: Uuid


class AggregatedQueries(msgspec.Struct):
    """`BatchQueryRequestsMediaV1`."""

    requests: Annotated[list[AggregatedQuery], msgspec.Meta(max_length=REQUESTS_LIMIT)]
    resp_version: Version


class RawQueries(msgspec.Struct):
    """`BatchQueryRawRequestsMediaV1`."""

    requests: Annotated[list[RawQuery], msgspec.Meta(max_length=REQUESTS_LIMIT)]
    resp_version: Version


class SampledQueries(msgspec.Struct):
    """`BatchQuerySampledRequestsMediaV1`."""

    requests: Annotated[list[SampledQuery], msgspec.Meta(max_length=REQUESTS_LIMIT)]
    resp_version: Version


class LastValueQueries(msgspec.Struct):
    """`BatchLastValueRequestsMediaV1`."""

    requests: Annotated[list[LastValueQuery], msgspec.Meta(max_length=REQUESTS_LIMIT)]


class SeriesView(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What every answer to a query says. `times` and `values` run in parallel."""

    query: str
    property_id: str | None = None
    property_name: str | None = None
    property_type: str | None = None
    thing_id: str | None = None
    from_date: str
    to_date: str
    series_limit: int
    resp_version: int
    status: str
    """`ok`, or `error` with the reason in `message`."""
    message: str
    count_values: int
    times: list[str]


class AggregatedView(SeriesView, omit_defaults=True, kw_only=True):
    """`ArduinoSeriesResponse`: numbers only, booleans as 0 and 1."""

    aggregation: Function | None = None
    interval: int
    values: list[float]


class SampledView(SeriesView, omit_defaults=True, kw_only=True):
    """`ArduinoSeriesSampledResponse`."""

    interval: int
    values: list[Any]


class Metric(msgspec.Struct):
    """`BatchQueryRawResponseSeriesMediaV1`."""

    metric: str


class RawView(SeriesView, omit_defaults=True, kw_only=True):
    """`ArduinoSeriesRawResponse`."""

    series: Metric
    sort: Order
    values: list[Any]


class LastValueView(msgspec.Struct):
    """`ArduinoSeriesRawLastValueResponse`: no value or one."""

    property_id: str
    thing_id: str
    count_values: int
    times: list[str]
    values: list[Any]


class AggregatedBatch(msgspec.Struct):
    """`ArduinoSeriesBatch`."""

    resp_version: int
    responses: list[AggregatedView]


class RawBatch(msgspec.Struct):
    """`ArduinoSeriesRawBatch`."""

    resp_version: int
    responses: list[RawView]


class SampledBatch(msgspec.Struct):
    """`ArduinoSeriesBatchSampled`."""

    resp_version: int
    responses: list[SampledView]


class LastValueBatch(msgspec.Struct):
    """`ArduinoSeriesRawBatchLastvalue`."""

    status: str
    responses: list[LastValueView]


class DataPoint(msgspec.Struct):
    """`TimeseriesDataPoint`: `time` is the start of the bin."""

    time: str
    value: float


class TimeseriesView(msgspec.Struct):
    """`ArduinoTimeseriesmedia`."""

    data: list[DataPoint]
