"""Series: aggregated, raw, sampled, last values, and the bins of one property."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.arduino.api import series
from rookery.core.live import LiveThing
from rookery.core.points import Value
from tests.arduino.api.conftest import World
from tests.arduino.api.greenhouse import PROPERTIES, UNKNOWN_ID, accepted, greenhouse, names_of, play_strictly
from tests.arduino.api.scenario import Row, check_error
from tests.fakes import START

S = 1_000_000
SERIES = "/iot/v2/series/batch_query"
HOUR = {"from": "2025-01-01T00:00:00Z", "to": "2025-01-01T01:00:00Z"}


def at(seconds: float) -> str:
    """A time as it is shown."""
    minute, second = divmod(seconds, 60)
    return f"2025-01-01T{int(minute // 60):02}:{int(minute % 60):02}:{second:06.3f}Z"


@pytest.fixture
async def live(world: World) -> LiveThing:
    """The greenhouse an hour later: a value every minute from the second minute on."""
    live = await greenhouse(world)
    history: dict[str, list[Any]] = {
        "temperature": [float(n) for n in range(10)],
        "door": [n % 4 == 0 for n in range(10)],
        "visits": list(range(10)),
        "note": [f"n{n}" for n in range(10)],
        "lamp": [{"bri": float(n)} for n in range(10)],
    }
    for name, values in history.items():
        points: list[tuple[int, Value]] = [(START + (60 + 60 * n) * S, value) for n, value in enumerate(values)]
        await world.services.values.backfill(live.by_symbol[name], points)
    world.clock.turn(3600)
    world.token = (await world.tokens.grant(world.key.id, world.secret, "any", None)).token
    return live


def ask(*requests: dict[str, Any], version: int | None = 1) -> dict[str, Any]:
    """A body."""
    return {"requests": list(requests), "resp_version": version}


def bad(operation: str, about: str, field: str, /, *requests: Any) -> Row:
    """A body that is refused."""
    return Row(
        f"{operation or 'aggregated'}, {about}", f"POST {SERIES}{operation}", 400, body=ask(*requests), field=field
    )


TEMPERATURE = {"q": "property.{temperature}", **HOUR}
NOTE = {"q": "property.{note}"}
NOTHING = {"q": f"property.{UNKNOWN_ID}", **HOUR}
RAW = "_raw"
SAMPLING = "_sampling"
LAST = "_raw/lastvalue"

ROWS = [
    Row(
        "aggregated",
        f"POST {SERIES}",
        200,
        (
            '{"resp_version":1,"responses":[{"query":"property.{temperature}","property_id":"{temperature}"',
            '"property_name":"temperature","property_type":"TEMPERATURE","thing_id":"{thing}"',
            '"from_date":"2025-01-01T00:00:00.000Z","to_date":"2025-01-01T01:00:00.000Z","series_limit":300',
            '"status":"ok","message":"","count_values":3',
            f'"times":["{at(0)}","{at(300)}","{at(600)}"],"aggregation":"AVG","interval":300,"values":[1.5,6.0,9.0]',
        ),
        body=ask({**TEMPERATURE, "interval": 300}),
    ),
    Row(
        "aggregated, the shortest interval that fits",
        f"POST {SERIES}",
        200,
        ('"interval":12,', '"count_values":10'),
        body=ask(TEMPERATURE),
    ),
    Row(
        "aggregated, interval 0 is none",
        f"POST {SERIES}",
        200,
        ('"interval":360,', '"series_limit":10,'),
        body=ask({**TEMPERATURE, "interval": 0, "series_limit": 10}),
    ),
    Row(
        "aggregated, too much is cut",
        f"POST {SERIES}",
        200,
        ('"interval":86400,', '"series_limit":1000,', '"times":["2025-01-01T00:00:00.000Z"]', '"values":[4.5]'),
        body=ask({**TEMPERATURE, "interval": 10**18, "series_limit": 10**18}),
    ),
    Row(
        "aggregated, the newest are kept and it is said",
        f"POST {SERIES}",
        200,
        (f'"times":["{at(540)}","{at(600)}"]', "There are more than 2 bins", '"status":"ok"', '"values":[8.0,9.0]'),
        body=ask({**TEMPERATURE, "interval": 60, "series_limit": 2}),
    ),
    Row(
        "aggregated, the start counts and the end does not",
        f"POST {SERIES}",
        200,
        ('"values":[0.0,1.0]', '"count_values":2'),
        body=ask({**TEMPERATURE, "from": "2025-01-01T00:01:00Z", "to": "2025-01-01T01:03:00+01:00", "interval": 60}),
    ),
    Row(
        "aggregated, booleans",
        f"POST {SERIES}",
        200,
        ('"aggregation":"BOOL_OR"', '"values":[1.0,1.0,0.0]'),
        body=ask({**TEMPERATURE, "q": "property.{door}", "interval": 300}),
    ),
    Row(
        "aggregated, booleans on average",
        f"POST {SERIES}",
        200,
        ('"aggregation":"AVG"', '"values":[0.25,0.4,0.0]'),
        body=ask({**TEMPERATURE, "q": "property.{door}", "interval": 300, "aggregation": "AVG"}),
    ),
    Row(
        "aggregated, nothing in it",
        f"POST {SERIES}",
        200,
        ('"status":"ok"', '"count_values":0,"times":[]', '"values":[]'),
        body=ask({**TEMPERATURE, "from": "1800-01-01T00:00:00Z", "to": "1900-01-01T00:00:00Z"}),
    ),
    Row(
        "aggregated, bounds",
        f"POST {SERIES}",
        200,
        ('"from_date":"1842-01-01T00:00:00.000Z","to_date":"2242-01-01T00:00:00.000Z"',),
        body=ask({**TEMPERATURE, "from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}),
    ),
    Row(
        "aggregated, text does not fit",
        f"POST {SERIES}",
        200,
        ('"status":"error","message":"AVG does not fit the type CHARSTRING."', '"count_values":0'),
        ('"aggregation"',),
        body=ask({**NOTE, **HOUR}),
    ),
    Row(
        "aggregated, a boolean function of numbers",
        f"POST {SERIES}",
        200,
        ('"status":"error","message":"BOOL_AND does not fit the type TEMPERATURE."', '"aggregation":"BOOL_AND"'),
        body=ask({**TEMPERATURE, "aggregation": "BOOL_AND"}),
    ),
    Row(
        "aggregated, in the order of the requests, unknown ones in their place",
        f"POST {SERIES}",
        200,
        (f'"responses":[{{"query":"property.{UNKNOWN_ID}","from_date"', '"status":"error","message":"There is no such'),
        body=ask(NOTHING, TEMPERATURE),
    ),
    Row(
        "aggregated, keys in capitals",
        f"POST {SERIES}",
        200,
        ('"series_limit":7,', '"resp_version":0'),
        body={
            "Requests": [
                {
                    "Q": "property.{temperature}",
                    "SeriesLimit": 7,
                    "series_LIMIT": 7,
                    "From": HOUR["from"],
                    "TO": HOUR["to"],
                }
            ],
            "Resp_Version": 0,
        },
    ),
    Row("aggregated, version 1", "POST /iot/v1/series/batch_query/", 200, ('"values":[',), body=ask(TEMPERATURE)),
    Row("aggregated, nothing asked", f"POST {SERIES}", 200, ('{"resp_version":1,"responses":[]}',), body=ask()),
    Row("aggregated, nothing exists", f"POST {SERIES}", 404, body=ask(NOTHING, {**HOUR, "q": f"thing.{UNKNOWN_ID}"})),
    bad("", "no from", "requests[1].from", TEMPERATURE, {"q": "property.{lamp}", "to": HOUR["to"]}),
    bad("", "no to", "requests[0].to", {"q": "property.{lamp}", "from": HOUR["to"]}),
    bad("", "end before start", "requests[0].from", {**TEMPERATURE, "from": HOUR["to"], "to": HOUR["from"]}),
    bad("", "from that is no time", "requests[0].from", {**TEMPERATURE, "from": "today"}),
    bad("", "no query", "requests[0].q", HOUR),
    bad("", "query of another kind", "requests[0].q", {**TEMPERATURE, "q": "device.{thing}"}),
    bad("", "query without an id", "requests[0].q", {**TEMPERATURE, "q": "property.temperature"}),
    bad("", "unknown function", "requests[0].aggregation", {**TEMPERATURE, "aggregation": "LAST"}),
    bad("", "negative interval", "requests[0].interval", {**TEMPERATURE, "interval": -1}),
    bad("", "interval that is no integer", "requests[0].interval", {**TEMPERATURE, "interval": 1.5}),
    bad("", "negative limit", "requests[0].series_limit", {**TEMPERATURE, "series_limit": -1}),
    bad("", "request that is none", "requests[0]", "property"),
    bad("", "too many", "requests", *[TEMPERATURE] * 1_001),
    Row("no version", f"POST {SERIES}", 400, body=ask(TEMPERATURE, version=None), field="resp_version"),
    Row("huge version", f"POST {SERIES}", 400, body=ask(TEMPERATURE, version=2**63), field="resp_version"),
    Row("no requests", f"POST {SERIES}", 400, body={"resp_version": 1}, field="requests"),
    Row(
        "raw, everything, newest first",
        f"POST {SERIES}_raw",
        200,
        (
            '"from_date":"1970-01-01T00:00:00.000Z","to_date":"2025-01-01T01:00:00.001Z","series_limit":1000',
            f'"count_values":10,"times":["{at(600)}","{at(540)}"',
            '"series":{"metric":"{note}"},"sort":"DESC","values":["n9","n8"',
        ),
        body=ask(NOTE),
    ),
    Row(
        "raw, oldest first",
        f"POST {SERIES}_raw",
        200,
        (f'"times":["{at(60)}","{at(120)}"]', '"sort":"ASC"', '"values":[{"bri":0.0},{"bri":1.0}]'),
        body=ask({"q": "property.{lamp}", "sort": "ASC", "series_limit": 2}),
    ),
    Row(
        "raw, as node-red asks",
        f"POST {SERIES}_raw",
        200,
        ('"series_limit":1000,', '"count_values":10', '"values":[true,false,false,false,true'),
        body=ask({"q": "property.{door}", "sort": "ASC", "series_limit": 86400, **HOUR}),
    ),
    Row(
        "raw, the start counts and the end does not",
        f"POST {SERIES}_raw",
        200,
        ('"values":[1,0]',),
        body=ask({"q": "property.{visits}", "from": "2025-01-01T00:01:00Z", "to": "2025-01-01T00:03:00Z"}),
    ),
    Row("raw, nothing exists", f"POST {SERIES}_raw", 404, body=ask(NOTHING)),
    Row("raw, unknown beside known", f"POST {SERIES}_raw", 200, ('"metric":""',), body=ask(NOTHING, NOTE)),
    Row(
        "raw, from the future on", f"POST {SERIES}_raw", 200, ('"values":[]',), body=ask({**NOTE, "from": "2030-01-01"})
    ),
    bad(RAW, "unknown order", "requests[0].sort", {**NOTE, "sort": "asc"}),
    bad(RAW, "end before start", "requests[0].from", {**NOTE, "from": HOUR["to"], "to": HOUR["from"]}),
    Row(
        "sampled, a day in bins of five minutes",
        f"POST {SERIES}_sampling",
        200,
        (
            '"from_date":"2024-12-31T01:00:00.001Z","to_date":"2025-01-01T01:00:00.001Z","series_limit":300',
            f'"times":["{at(0)}","{at(300)}","{at(600)}"],"interval":300,"values":["n3","n8","n9"]',
        ),
        body=ask(NOTE),
    ),
    Row(
        "sampled, interval too short",
        f"POST {SERIES}_sampling",
        200,
        ('"interval":60,', '"count_values":10'),
        body=ask({"q": "property.{lamp}", "interval": 1}),
    ),
    Row(
        "sampled, the newest are kept",
        f"POST {SERIES}_sampling",
        200,
        ('"values":["n8","n9"]', "There are more than 2 bins"),
        body=ask({**NOTE, "interval": 300, "series_limit": 2}),
    ),
    Row(
        "sampled, too much is cut",
        f"POST {SERIES}_sampling",
        200,
        ('"interval":86400,', '"series_limit":1000,'),
        body=ask({**NOTE, "interval": 100_000, "series_limit": 5_000}),
    ),
    bad(SAMPLING, "a thing", "requests[0].q", {"q": "thing.{thing}"}),
    Row("sampled, nothing exists", f"POST {SERIES}_sampling", 404, body=ask(NOTHING)),
    Row(
        "last values",
        f"POST {SERIES}_raw/lastvalue",
        200,
        (
            f'"property_id":"{{note}}","thing_id":"{{thing}}","count_values":1,"times":["{at(600)}"],"values":["n9"]',
            f'{{"property_id":"{UNKNOWN_ID}","thing_id":"{{thing}}","count_values":0,"times":[],"values":[]}}',
            '"status":"ok"',
        ),
        body={
            "requests": [
                {"thing_id": "{thing}", "property_id": "{note}"},
                {"thing_id": "{thing}", "property_id": UNKNOWN_ID},
                {"thing_id": UNKNOWN_ID, "property_id": "{note}"},
            ]
        },
    ),
    Row(
        "last values, nothing exists",
        f"POST {SERIES}_raw/lastvalue",
        404,
        body={"requests": [{"thing_id": UNKNOWN_ID, "property_id": "{note}"}]},
    ),
    Row(
        "last values, no id",
        f"POST {SERIES}_raw/lastvalue",
        400,
        body={"requests": [{"thing_id": "{thing}", "property_id": "note"}]},
        field="requests[0].property_id",
    ),
    Row(
        "timeseries",
        "GET /iot/v2/things/{thing}/properties/{temperature}/timeseries?interval=300",
        200,
        (f'{{"data":[{{"time":"{at(0)}","value":1.5}},{{"time":"{at(300)}","value":6.0}}', '"value":9.0}]}'),
    ),
    Row(
        "timeseries, newest first",
        "GET /iot/v2/things/{thing}/properties/{visits}/timeseries?interval=300&desc=true&aggregation=max",
        200,
        (f'{{"data":[{{"time":"{at(600)}","value":9.0}}',),
    ),
    Row(
        "timeseries, a range with an unescaped plus",
        "GET /iot/v2/things/{thing}/properties/{visits}/timeseries"
        "?interval=60&from=2025-01-01T01:01:00+01:00&to=2025-01-01T00:03:00",
        200,
        (f'"data":[{{"time":"{at(60)}","value":0.0}},{{"time":"{at(120)}","value":1.0}}]',),
    ),
    Row(
        "timeseries, a very long interval",
        "GET /iot/v2/things/{thing}/properties/{visits}/timeseries?interval=999999999999999999",
        200,
        ('"value":4.5}]',),
    ),
    Row("timeseries, text", "GET /iot/v2/things/{thing}/properties/{note}/timeseries", 400, field="pid"),
    Row(
        "timeseries, unknown function",
        "GET /iot/v2/things/{thing}/properties/{visits}/timeseries?aggregation=BOOL_OR",
        400,
        field="aggregation",
    ),
    Row(
        "timeseries, no interval",
        "GET /iot/v2/things/{thing}/properties/{visits}/timeseries?interval=0",
        400,
        field="interval",
    ),
    Row(
        "timeseries, no time", "GET /iot/v2/things/{thing}/properties/{visits}/timeseries?from=then", 400, field="from"
    ),
    Row(
        "timeseries, end before start",
        "GET /iot/v2/things/{thing}/properties/{visits}/timeseries?from=2025-01-02&to=2025-01-01",
        400,
        field="from",
    ),
    Row("timeseries, unknown", f"GET /iot/v2/things/{{thing}}/properties/{UNKNOWN_ID}/timeseries", 404),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, live: LiveThing, row: Row) -> None:
    await play_strictly(world, row, names_of(live))


FUNCTIONS = {
    "AVG": 4.5,
    "MIN": 0.0,
    "MAX": 9.0,
    "SUM": 45.0,
    "COUNT": 10.0,
    "PCT_99": 8.91,
    "PCT_95": 8.55,
    "PCT_90": 8.1,
    "PCT_75": 6.75,
    "PCT_50": 4.5,
    "PCT_15": 1.35,
    "PCT_5": 0.45,
}


@pytest.mark.parametrize(("function", "value"), FUNCTIONS.items())
async def test_functions(world: World, live: LiveThing, function: str, value: float) -> None:
    names = names_of(live)
    request = {"q": f"property.{names['temperature']}", **HOUR, "interval": 3600, "aggregation": function}
    (answer,) = (await world.call("POST", SERIES, ask(request))).json()["responses"]
    assert answer["aggregation"] == function
    assert answer["values"] == [pytest.approx(value)]
    path = f"/iot/v2/things/{names['thing']}/properties/{names['temperature']}/timeseries"
    (point,) = (await world.call("GET", f"{path}?interval=3600&aggregation={function}")).json()["data"]
    assert point["value"] == pytest.approx(value)


@pytest.mark.parametrize(("operation", "limit"), [("", 300), ("_raw", 10_000)])
async def test_a_thing_becomes_its_properties(world: World, live: LiveThing, operation: str, limit: int) -> None:
    names = names_of(live)
    one = {"q": f"property.{names['door']}", **HOUR}
    whole = {"q": f"thing.{names['thing'].upper()}", **HOUR}
    answer = await world.call("POST", f"{SERIES}{operation}", ask(one, whole, one))
    responses = accepted(f"POST {SERIES}{operation}", answer).responses
    assert [r.query for r in responses] == [f"property.{names[n]}" for n in ("door", *PROPERTIES, "door")]
    assert [r.property_name for r in responses[1:-1]] == list(PROPERTIES)
    assert [r.series_limit for r in responses[1:-1]] == [limit] * 5
    assert all(len(r.times) == len(r.values) == r.count_values for r in responses)
    fits = {"temperature", "door", "visits"} if not operation else set(PROPERTIES)
    assert {r.property_name for r in responses if r.status == "ok"} == fits


async def test_a_thing_has_a_higher_limit(world: World, live: LiveThing) -> None:
    whole = {"q": f"thing.{live.record.id}", "series_limit": 20_000, **HOUR}
    for operation in ("", "_raw"):
        responses = (await world.call("POST", f"{SERIES}{operation}", ask(whole))).json()["responses"]
        assert {r["series_limit"] for r in responses} == {10_000}


async def test_an_interval_may_be_longer_than_a_day_when_nobody_asked_for_it(world: World, live: LiveThing) -> None:
    request = {"q": f"property.{names_of(live)['visits']}", "from": "2000-01-01", "to": "2030-01-01"}
    (answer,) = (await world.call("POST", SERIES, ask(request))).json()["responses"]
    assert answer["interval"] > 30 * 365 * 86_400 // 300 - 1
    assert answer["values"] == [4.5]


async def test_a_sum_that_no_float_holds_is_left_out(world: World, live: LiveThing) -> None:
    variable = live.by_symbol["temperature"]
    await world.services.values.backfill(variable, [(START + n * S, 1.5e308) for n in (700, 701, 1_000)])
    request = {"q": f"property.{variable.record.id}", **HOUR, "interval": 300, "aggregation": "SUM"}
    answer = await world.call("POST", SERIES, ask(request))
    (response,) = accepted(f"POST {SERIES}", answer).responses
    assert response.values == [6.0, 30.0, 1.5e308]
    assert response.count_values == 3
    path = f"/iot/v2/things/{live.record.id}/properties/{variable.record.id}/timeseries?interval=300&aggregation=SUM"
    assert len(accepted(f"GET {path}", await world.call("GET", path)).data) == 3


async def test_what_is_published_now_is_in_the_history_until_now(world: World, live: LiveThing) -> None:
    names = names_of(live)
    path = f"/iot/v2/things/{names['thing']}/properties/{names['visits']}/publish"
    for value in (100, 101):
        await world.call("PUT", path, {"value": value})
    request = {"q": f"property.{names['visits']}", "series_limit": 2}
    (answer,) = (await world.call("POST", f"{SERIES}_raw", ask(request))).json()["responses"]
    assert answer["values"] == [101, 100]


@pytest.mark.parametrize("operation", ["", "_raw", "_sampling"])
async def test_foreign_properties_are_as_if_unknown(world: World, live: LiveThing, operation: str) -> None:
    other = await world.somebody_else()
    requests = [{"q": f"property.{id}", **HOUR} for id in (names_of(live)["visits"], UNKNOWN_ID)]
    for request in requests:
        check_error(await other.call("POST", f"{SERIES}{operation}", ask(request)), 404)
    own = await other.call(
        "PUT",
        "/iot/v2/things",
        {"properties": [{"name": "a", "type": "INT", "permission": "READ_ONLY", "update_strategy": "ON_CHANGE"}]},
    )
    mine = {"q": f"property.{own.json()['properties'][0]['id']}", **HOUR}
    answer = (await other.call("POST", f"{SERIES}{operation}", ask(*requests, mine))).json()["responses"]
    foreign, unknown = ({**r, "query": ""} for r in answer[:2])
    assert foreign == unknown
    assert foreign["status"] == "error"
    assert answer[2]["status"] == "ok"


async def test_foreign_last_values_are_as_if_unknown(world: World, live: LiveThing) -> None:
    other = await world.somebody_else()
    names = names_of(live)
    body = {"requests": [{"thing_id": names["thing"], "property_id": names["note"]}]}
    check_error(await other.call("POST", f"{SERIES}_raw/lastvalue", body), 404)


async def test_a_deleted_property_has_no_series(world: World, live: LiveThing) -> None:
    names = names_of(live)
    await world.call("DELETE", f"/iot/v2/things/{names['thing']}/properties/{names['note']}")
    check_error(await world.call("POST", f"{SERIES}_raw", ask({"q": f"property.{names['note']}"})), 404)


async def test_a_property_that_does_not_persist_has_a_last_value_only(world: World) -> None:
    body = {"name": "a", "type": "INT", "permission": "READ_ONLY", "update_strategy": "ON_CHANGE", "persist": False}
    thing = (await world.call("PUT", "/iot/v2/things", {"properties": [body]})).json()
    id, pid = thing["id"], thing["properties"][0]["id"]
    await world.call("PUT", f"/iot/v2/things/{id}/properties/{pid}/publish", {"value": 7})
    (raw,) = (await world.call("POST", f"{SERIES}_raw", ask({"q": f"property.{pid}"}))).json()["responses"]
    assert raw["values"] == []
    last = {"requests": [{"thing_id": id, "property_id": pid}]}
    (newest,) = (await world.call("POST", f"{SERIES}_raw/lastvalue", last)).json()["responses"]
    assert newest["values"] == [7]


async def test_an_answer_has_a_limit(world: World, live: LiveThing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "ANSWER_LIMIT", 45)
    request = {"q": f"property.{names_of(live)['note']}"}
    for operation in ("_raw", "_sampling"):
        two = [{**request, "interval": 60}] * 2
        assert (await world.call("POST", f"{SERIES}{operation}", ask(*two))).status_code == 200
        check_error(await world.call("POST", f"{SERIES}{operation}", ask(*two, two[0])), 400, "requests")
