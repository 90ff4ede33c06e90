"""Every field of every body replaced by what does not belong there: never our fault, and an error names a field."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.arduino.api.conftest import World
from tests.arduino.api.dashboard_scene import OTHER_WIDGET_ID, PAGE_ID, dashboard, page, widget
from tests.arduino.api.greenhouse import UNKNOWN_ID, greenhouse, names_of
from tests.arduino.api.scenario import filled

PROPERTY = {
    "name": "x",
    "type": "INT",
    "permission": "READ_WRITE",
    "update_strategy": "ON_CHANGE",
    "update_parameter": 1,
    "min_value": 1,
    "max_value": 2,
    "persist": True,
    "tag": 30,
    "variable_name": "zz",
}
THING = "/iot/v2/things/{thing}"
DASHBOARD = "/iot/v2/dashboards/{dashboard}"
WIDGET = widget(
    name="w",
    **{f"{name}_mobile": 1 for name in ("x", "y", "width", "height")},
    options={"a": [{}]},
    variables=["{visits}"],
)
SERIES = "/iot/v2/series/batch_query"
SINCE = {"from": "2025-01-01T00:00:00Z", "to": "2025-01-02T00:00:00Z", "interval": 60, "series_limit": 5}

BODIES: dict[str, Any] = {
    "PUT /iot/v2/things": {
        "name": "a",
        "device_id": "",
        "id": None,
        "properties": [PROPERTY],
        "tags": [{"key": "a", "value": "b"}],
        "timezone": "Europe/Rome",
        "webhook_uri": "http://x",
        "assistant": "NONE",
    },
    f"POST {THING}": {"name": "a", "device_id": None, "soft_deleted": False, "webhook_active": True, "webhook_uri": ""},
    f"PUT {THING}/clone": {"name": "a", "include_tags": True},
    f"PUT {THING}/tags": {"key": "a", "value": "b"},
    f"PUT {THING}/properties": PROPERTY,
    f"POST {THING}/properties/{{visits}}": PROPERTY,
    f"PUT {THING}/properties/{{visits}}/publish": {"value": 1, "device_id": None},
    f"PUT {THING}/properties/{{lamp}}/publish": {"value": {"bri": 1}},
    f"PUT {THING}/properties/{{visits}}/publish_batch": [{"timestamp": "2025-01-01T00:00:00Z", "value": 1}],
    f"PUT {THING}/publish": {"properties": [{"property": "note", "value": "x"}], "to_device": True},
    f"POST {SERIES}": {"requests": [{"q": "thing.{thing}", **SINCE, "aggregation": "AVG"}], "resp_version": 1},
    f"POST {SERIES}_raw": {"requests": [{"q": "thing.{thing}", **SINCE, "sort": "ASC"}], "resp_version": 1},
    f"POST {SERIES}_sampling": {"requests": [{"q": "property.{note}", **SINCE}], "resp_version": 1},
    f"POST {SERIES}_raw/lastvalue": {"requests": [{"thing_id": "{thing}", "property_id": "{note}"}]},
    "POST /iot/v2/dashboards": {"name": "a", "cover_image": "b", "soft_deleted": False, "widgets": [WIDGET]},
    "POST /iot/v3/dashboards": {"pages": [page(icon="i")], "widgets": [WIDGET | {"page_id": PAGE_ID}]},
    f"PUT {DASHBOARD}": {"name": "a", "cover_image": "b", "soft_deleted": False, "widgets": [WIDGET]},
    f"PATCH {DASHBOARD.replace('v2', 'v3')}": {"pages": [page()], "widgets": [WIDGET | {"page_id": "0"}]},
    f"PUT {DASHBOARD}/clone": {"overrides": [{"old_thing_id": "{thing}", "new_thing_id": "{thing}"}]},
    f"PUT {DASHBOARD}/widgets/{OTHER_WIDGET_ID}/variables": {"variables": ["{door}"]},
    f"PUT {DASHBOARD}/shares": {"user_id": UNKNOWN_ID, "username": "x", "users": [{"user_id": None, "username": "x"}]},
    f"PUT {DASHBOARD}/share_request": {"message": "x"},
}

STRANGE: tuple[Any, ...] = (
    *(0, -1, 1.5, 2**63, -(2**63) - 1, 10**18, 10**30, -(10**30), 10**400, 1e308),
    *("", "x" * 70_000, "\0", "é", "\U0001f600", "NaN", "thing.", "\n"),
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2025-02-30T00:00:00Z"),
    *(None, True, [], {}, [[]], [None], {"a": 1}),
)


def places(body: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body, the whole of it first."""
    yield place
    inner = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in inner:
        yield from places(value, (*place, key))


def replaced(body: Any, place: tuple[Any, ...], value: Any) -> Any:
    """The body with something else in one place."""
    if not place:
        return value
    copy = body.copy()
    copy[place[0]] = replaced(body[place[0]], place[1:], value)
    return copy


@pytest.mark.parametrize("request_line", BODIES)
async def test_strange_values(world: World, request_line: str) -> None:
    live = await greenhouse(world)
    names = names_of(live, dashboard=(await dashboard(world, live))["id"])
    body = json.loads(filled(json.dumps(BODIES[request_line]), names))
    method, path = filled(request_line, names).split(" ")
    headers = {"Authorization": f"Bearer {world.token}"}
    for place in places(body):
        for value in STRANGE:
            content = json.dumps(replaced(body, place, value))
            answer = await world.http.request(method, path, content=content, headers=headers)
            about = (place, str(value)[:40], answer.text[:300])
            assert answer.status_code < 500, about
            if answer.status_code == 400 and place:
                assert answer.json()["meta"]["field"], about
                assert len(answer.content) < 1_000, about
