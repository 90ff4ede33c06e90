"""A dashboard as a second person sees and uses it, and how it is asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from rookery.core.live import LiveThing
from tests.arduino.api.conftest import World
from tests.arduino.api.dashboard_scene import (
    CHANGED,
    OTHER_WIDGET_ID,
    WIDGET_ID,
    dashboard,
    play_strictly,
    widget,
)
from tests.arduino.api.greenhouse import UNKNOWN_ID, greenhouse, names_of
from tests.arduino.api.greenhouse import play_strictly as play_on_things
from tests.arduino.api.scenario import Row, check_error, play
from tests.fakes import FakeBoard, connect

V2, V3 = "/iot/v2/dashboards", "/iot/v3/dashboards"
ONE = V2 + "/{dashboard}"
THING = "/iot/v2/things/{thing}"
SERIES = "/iot/v2/series/batch_query"


def asked(*queries: str) -> dict[str, Any]:
    """The body of a query."""
    since = {"from": "2025-01-01T00:00:00Z", "to": "2025-01-02T00:00:00Z", "interval": 60}
    return {"requests": [{"q": query, **since} for query in queries], "resp_version": 1}


def last_asked(id: str) -> dict[str, Any]:
    """The body of a question for a last value."""
    return {"requests": [{"thing_id": "{thing}", "property_id": id}]}


class Scene(NamedTuple):
    """The owner, a guest whom the dashboard is shared with, and somebody else."""

    owner: World
    guest: World
    stranger: World
    live: LiveThing
    names: dict[str, str]
    board: FakeBoard


@pytest.fixture
async def scene(world: World) -> Scene:
    device = await world.services.devices.create(world.user, "arduino", "generic_device_secretkey")
    live = await greenhouse(world, device_id=device.id)
    board = connect(world.services, device)
    made = await dashboard(world, live)
    ids = names_of(live)
    body = {"widgets": [widget(UNKNOWN_ID, "Chart", variables=[ids["temperature"]])]}
    body["widgets"] += [one | {"variables": [v["id"] for v in one["variables"]]} for one in made["widgets"]]
    assert (await world.call("PATCH", f"{V3}/{made['id']}", body)).status_code == 200
    guest, stranger = await world.somebody_else("guest@rookery.test"), await world.somebody_else("third@rookery.test")
    answer = await world.call("PUT", f"{V2}/{made['id']}/shares", {"user_id": guest.person.id})
    assert (answer.status_code, answer.content) == (200, b"")
    names = names_of(
        live,
        dashboard=made["id"],
        me=world.person.id,
        guest=guest.person.id,
        third=stranger.person.id,
        device=device.id,
    )
    return Scene(world, guest, stranger, live, names, board)


OWNER_ROWS = [
    Row("shares", f"GET {ONE}/shares", 200, ('[{"user_id":"{guest}","username":"guest@rookery.test"}]',)),
    Row(
        "show",
        f"GET {ONE}",
        200,
        ('"shared_with":[{"user_id":"{guest}","username":"guest@rookery.test"}]',),
        ("shared_by",),
    ),
    Row("share by id", f"PUT {ONE}/shares", 200, body={"user_id": "{third}"}, events=CHANGED),
    Row("share by address", f"PUT {ONE}/shares", 200, body={"username": " Third@Rookery.TEST "}, events=CHANGED),
    Row("share by name", f"PUT {ONE}/shares", 200, body={"username": "third"}, events=CHANGED),
    Row(
        "share with several",
        f"PUT {ONE}/shares",
        200,
        body={"users": [{"user_id": "{third}"}, {"username": "guest"}]},
        events=CHANGED,
    ),
    Row("share again", f"PUT {ONE}/shares", 200, body={"user_id": "{guest}"}, events=CHANGED),
    Row("share with oneself", f"PUT {ONE}/shares", 200, body={"user_id": "{me}"}, events=CHANGED),
    Row("share with nobody", f"PUT {ONE}/shares", 400, body={"users": []}, field="user_id"),
    Row("share with no name", f"PUT {ONE}/shares", 400, body={"username": ""}, field="user_id"),
    Row("share with an unknown id", f"PUT {ONE}/shares", 404, body={"user_id": UNKNOWN_ID}),
    Row(
        "share with an unknown name",
        f"PUT {ONE}/shares",
        404,
        body={"users": [{"user_id": "{third}"}, {"username": "x"}]},
    ),
    Row("share with an endless name", f"PUT {ONE}/shares", 404, body={"username": "n" * 10_000}),
    Row("share with what is no id", f"PUT {ONE}/shares", 400, body={"user_id": "third"}, field="user_id"),
    Row("share with too many", f"PUT {ONE}/shares", 400, body={"users": [{"user_id": "{third}"}] * 201}, field="users"),
    Row("share an unknown dashboard", f"PUT {V2}/{UNKNOWN_ID}/shares", 404, body={"user_id": "{third}"}),
    Row("take it back", f"DELETE {ONE}/shares/{{guest}}", 200, events=CHANGED),
    Row("take it from who has it not", f"DELETE {ONE}/shares/{{third}}", 404),
    Row("take it from nobody", f"DELETE {ONE}/shares/guest", 404),
    Row("ask for what one has", f"PUT {ONE}/share_request", 200, body={"message": "me?"}),
]


@pytest.mark.parametrize("row", OWNER_ROWS, ids=lambda row: row.name)
async def test_owner(scene: Scene, row: Row) -> None:
    await play_strictly(scene.owner, row, scene.names)


VALUE = "/properties/{visits}/publish"
GUEST_ROWS = [
    Row(
        "list", f"GET {V2}", 200, ('"shared_by":{"user_id":"{me}","username":"owner@rookery.test"}',), ("shared_with",)
    ),
    Row("list, by owner", f"GET {V3}?user_id={{me}}&name=Wall&thing_id={{thing}}", 200, ('"id":"{dashboard}"',)),
    Row("show", f"GET {ONE}", 200, ('"created_by":{"user_id":"{me}"', '"id":"{lamp}"'), ("shared_with",)),
    Row("show, version 3", f"GET {V3}/{{dashboard}}", 200, ('"pages":[{',)),
    Row("export", f"GET {ONE}/template", 200, ('"variable_id":"lamp"',)),
    Row("replace", f"PUT {ONE}", 403, body={}),
    Row("change", f"PATCH {V3}/{{dashboard}}", 403, body={"name": "mine"}),
    Row("delete", f"DELETE {ONE}", 403),
    Row("delete for good", f"DELETE {ONE}?force=true", 403),
    Row("link", f"PUT {ONE}/widgets/{WIDGET_ID}/variables", 403, body={"variables": []}),
    Row("see the shares", f"GET {ONE}/shares", 403),
    Row("pass it on", f"PUT {ONE}/shares", 403, body={"user_id": "{third}"}),
    Row("pass it on to nobody", f"PUT {ONE}/shares", 403, body={"username": "nobody"}),
    Row("take it from others", f"DELETE {ONE}/shares/{{third}}", 403),
    Row("give it back", f"DELETE {ONE}/shares/{{guest}}", 200, events=CHANGED),
    Row("read", f"GET {THING}/properties/{{visits}}", 200, ('"id":"{visits}"', '"thing_name":"Greenhouse"')),
    Row("read, READ_ONLY", f"GET {THING}/properties/{{temperature}}", 200, ('"permission":"READ_ONLY"',)),
    Row("read, not on it", f"GET {THING}/properties/{{note}}", 404),
    Row("read, deleted ones as well", f"GET {THING}/properties/{{visits}}?show_deleted=true", 404),
    Row("read, of another thing", f"GET /iot/v2/things/{UNKNOWN_ID}/properties/{{visits}}", 404),
    Row("series", f"GET {THING}/properties/{{visits}}/timeseries", 200, ('"data":[]',)),
    Row("series, not on it", f"GET {THING}/properties/{{door}}/timeseries", 404),
    Row("query", f"POST {SERIES}", 200, ('"status":"ok"',), body=asked("property.{visits}")),
    Row("query, raw", f"POST {SERIES}_raw", 200, ('"status":"ok"',), body=asked("property.{lamp}")),
    Row("query, sampled", f"POST {SERIES}_sampling", 200, ('"status":"ok"',), body=asked("property.{lamp}")),
    Row("query, not on it", f"POST {SERIES}", 404, body=asked("property.{door}")),
    Row("query, the thing", f"POST {SERIES}", 404, body=asked("thing.{thing}")),
    Row(
        "query, both",
        f"POST {SERIES}_raw",
        200,
        ('"status":"ok"', '"status":"error"'),
        body=asked("property.{visits}", "property.{note}"),
    ),
    Row("last value", f"POST {SERIES}_raw/lastvalue", 200, ('"property_id":"{visits}"',), body=last_asked("{visits}")),
    Row("last value, not on it", f"POST {SERIES}_raw/lastvalue", 404, body=last_asked("{note}")),
    Row(
        "set",
        f"PUT {THING}{VALUE}",
        200,
        body={"value": 7},
    ),
    Row("set, wrong type", f"PUT {THING}{VALUE}", 400, body={"value": "many"}, field="value"),
    Row("set, READ_ONLY", f"PUT {THING}/properties/{{temperature}}/publish", 403, body={"value": 1}),
    Row("set, not on it", f"PUT {THING}/properties/{{door}}/publish", 404, body={"value": True}),
    Row("speak for the board", f"PUT {THING}{VALUE}", 403, body={"value": 7, "device_id": "{device}"}),
    Row(
        "import",
        f"PUT {THING}/properties/{{visits}}/publish_batch",
        404,
        body=[{"timestamp": "2024-01-01", "value": 1}],
    ),
    Row(
        "set several",
        f"PUT {THING}/publish",
        404,
        body={"properties": [{"property": "visits", "value": 1}], "to_device": True},
    ),
    Row("see the thing", f"GET {THING}", 404),
    Row("see its properties", f"GET {THING}/properties", 404),
    Row("list things", "GET /iot/v2/things", 200, ("[]",)),
    Row("see the board", "GET /iot/v2/devices/{device}", 404),
    Row(
        "change a property",
        f"POST {THING}/properties/{{visits}}",
        404,
        body={"name": "x", "type": "INT", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"},
    ),
    Row("delete a property", f"DELETE {THING}/properties/{{visits}}", 404),
    Row(
        "export a history",
        "POST /iot/v2/series/historic_data",
        404,
        body={"properties": ["{visits}"], "from": "2024-01-01T00:00:00Z", "to": "2024-02-01T00:00:00Z"},
    ),
    Row(
        "link it to one's own",
        f"POST {V2}",
        400,
        body={"widgets": [widget(variables=["{visits}"])]},
        field="widgets[0].variables[0]",
    ),
]


@pytest.mark.parametrize("row", GUEST_ROWS, ids=lambda row: row.name)
async def test_guest(scene: Scene, row: Row) -> None:
    if "/dashboards" in row.request:
        await play_strictly(scene.guest, row, scene.names)
    else:
        await play_on_things(scene.guest, row, scene.names)


@pytest.mark.parametrize("row", [row for row in GUEST_ROWS if row.status in (200, 403)], ids=lambda row: row.name)
async def test_a_stranger_may_do_nothing_of_it(scene: Scene, row: Row) -> None:
    if row.name.startswith(("list", "pass it on to nobody")):
        return
    refused = row._replace(status=404, has=(), lacks=(), events=(), field=None)
    await play(scene.stranger, refused, scene.names)


async def test_a_value_that_a_guest_sets_reaches_the_board(scene: Scene) -> None:
    path = f"/iot/v2/things/{scene.names['thing']}/properties/{scene.names['visits']}"
    assert (await scene.guest.call("PUT", f"{path}/publish", {"value": 7})).status_code == 200
    assert scene.board.written == [("visits", 7)]
    shown = (await scene.guest.call("GET", path)).json()
    assert shown["last_value"] == 7
    seen = (await scene.guest.call("GET", f"{V2}/{scene.names['dashboard']}")).json()
    (gauge,) = [one for one in seen["widgets"] if one["id"] == OTHER_WIDGET_ID]
    assert gauge["variables"][0]["last_value"] == 7


async def test_it_ends_with_the_share(scene: Scene) -> None:
    names = scene.names
    path = f"/iot/v2/things/{names['thing']}/properties/{names['visits']}"
    assert (await scene.guest.call("GET", path)).status_code == 200
    assert (await scene.owner.call("DELETE", f"{V2}/{names['dashboard']}/shares/{names['guest']}")).status_code == 200
    check_error(await scene.guest.call("GET", path), 404)
    check_error(await scene.guest.call("PUT", f"{path}/publish", {"value": 7}), 404)
    check_error(await scene.guest.call("GET", f"{V2}/{names['dashboard']}"), 404)
    assert (await scene.guest.call("GET", V2)).json() == []


async def test_a_guest_copies_what_is_shared_for_things_of_ones_own(scene: Scene) -> None:
    mine = await greenhouse(scene.guest)
    names = scene.names
    body = {"overrides": [{"old_thing_id": names["thing"], "new_thing_id": mine.record.id}]}
    answer = await scene.guest.call("PUT", f"{V3}/{names['dashboard']}/clone", body)
    assert answer.status_code == 201
    copy: dict[str, Any] = answer.json()
    assert {v["thing_id"] for one in copy["widgets"] for v in one["variables"]} == {mine.record.id}
    assert copy["created_by"]["user_id"] == names["guest"]
    assert "shared_by" not in copy
    assert not any(one["has_unlinked_variable"] for one in copy["widgets"])


class TestAsking:
    async def test_a_request_waits_for_those_who_may_share(self, scene: Scene) -> None:
        id = scene.names["dashboard"]
        row = Row("ask", f"PUT {V2}/{id}/share_request", 200, body={"message": "Please ☃"})
        await play_strictly(scene.stranger, row, scene.names)
        (request,) = await scene.owner.services.dashboard_shares.requests(scene.owner.user, id)
        assert (request.person.id, request.message) == (scene.names["third"], "Please ☃")
        check_error(await scene.stranger.call("GET", f"{V2}/{id}"), 404)
        answer = await scene.owner.call("PUT", f"{V2}/{id}/shares", {"user_id": scene.names["third"]})
        assert answer.status_code == 200
        assert (await scene.stranger.call("GET", f"{V2}/{id}")).status_code == 200
        assert await scene.owner.services.dashboard_shares.requests(scene.owner.user, id) == []

    @pytest.mark.parametrize(
        ("id", "body", "status", "field"),
        [
            ("{dashboard}", {}, 200, None),
            ("{dashboard}", {"message": None}, 200, None),
            ("{dashboard}", {"message": "m" * 1_001}, 400, "message"),
            ("{dashboard}", {"message": 7}, 400, "message"),
            (UNKNOWN_ID, {}, 404, None),
            ("wall", {}, 404, None),
        ],
    )
    async def test_rows(self, scene: Scene, id: str, body: Any, status: int, field: str | None) -> None:
        row = Row("ask", f"PUT {V2}/{id}/share_request", status, body=body, field=field)
        await play_strictly(scene.stranger, row, scene.names)
