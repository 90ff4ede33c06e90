"""Dashboards as templates, and the way back that the command line tool goes."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.api.dashboard_templates import exported_options, slug
from rookery.core.live import LiveThing
from tests.arduino.api.conftest import World
from tests.arduino.api.dashboard_scene import (
    OPTIONS,
    OTHER_WIDGET_ID,
    PAGE_ID,
    WIDGET_ID,
    accepted,
    dashboard,
    page,
    widget,
)
from tests.arduino.api.greenhouse import UNKNOWN_ID, greenhouse, names_of
from tests.arduino.api.scenario import check_error

V2, V3 = "/iot/v2/dashboards", "/iot/v3/dashboards"


@pytest.fixture
async def live(world: World) -> LiveThing:
    return await greenhouse(world)


async def template(world: World, id: str, version: int = 3) -> dict[str, Any]:
    request = f"GET /iot/v{version}/dashboards/{id}/template"
    answer = await world.call(*request.split(" "))
    assert answer.status_code == 200, answer.text
    accepted(request, answer)
    return dict(answer.json())


async def test_a_template_says_the_same_without_ids(world: World, live: LiveThing) -> None:
    made = await dashboard(world, live)
    stands_for = f"greenhouse-{live.record.id[-5:]}"
    found = await template(world, made["id"])
    assert (found["id"], found["name"], found["cover_image"]) == ("wall", "Wall", "roof.png")
    assert found["pages"] == [page(icon="leaf")]
    lamp, gauge = found["widgets"]
    assert (lamp["type"], lamp["name"], lamp["page_id"], lamp["options"]) == ("Colored Light", "Lamp", PAGE_ID, OPTIONS)
    assert lamp["variables"] == [
        {
            "name": "lamp",
            "permission": "READ_WRITE",
            "thing_id": stands_for,
            "thing_timezone": {"name": "Europe/Rome", "offset": 3600, "until": "2025-03-30T01:00:00.000Z"},
            "type": "HOME_COLORED_LIGHT",
            "variable_id": "lamp",
        }
    ]
    assert (gauge["page_id"], gauge["x_mobile"], "height_mobile" in gauge) == ("0", 1, False)
    text = json.dumps(found).replace(PAGE_ID, "")
    for id in (made["id"], WIDGET_ID, live.record.id, *names_of(live).values(), world.person.id):
        assert id not in text
    older = await template(world, made["id"], 2)
    assert "pages" not in older
    assert all("page_id" not in one for one in older["widgets"])
    assert [one["variables"] for one in older["widgets"]] == [one["variables"] for one in found["widgets"]]


async def test_options_that_name_variables(world: World, live: LiveThing) -> None:
    ids = names_of(live)
    properties = (await world.call("GET", f"/iot/v2/things/{live.record.id}/properties")).json()
    temperature, lamp = properties[0], properties[1]
    chart = {
        "aggregation": {ids["temperature"]: "MAX", UNKNOWN_ID: "MIN"},
        "format": {ids["temperature"].upper(): {"color": "#fff", "unit": None}},
        "axes": "left",
        "properties": properties,
        "created_by": world.person.id,
        "thingId": live.record.id,
        "showLabels": True,
    }
    markers = [
        {"x": 1, "property": temperature},
        {"x": 2, "property": lamp["id"]},
        {"x": 3, "property": {"id": UNKNOWN_ID}},
        {"x": 4},
        "other",
    ]
    body = {
        "widgets": [
            widget(WIDGET_ID, "Advanced Chart", options=chart, variables=[ids["temperature"]]),
            widget(OTHER_WIDGET_ID, "Image Map", options={"markersSettings": markers}, variables=[ids["lamp"]]),
        ]
    }
    made = (await world.call("POST", V3, body)).json()
    first, second = (await template(world, made["id"]))["widgets"]
    named = f"greenhouse-{live.record.id[-5:]}:temperature"
    assert first["options"] == {
        "aggregation": {named: "MAX"},
        "format": {named: {"color": "#fff", "unit": None}},
        "axes": "left",
        "showLabels": True,
    }
    assert second["options"]["markersSettings"] == [
        {"x": 1, "property": named},
        {"x": 2, "property": f"greenhouse-{live.record.id[-5:]}:lamp"},
        {"x": 3},
        {"x": 4},
        "other",
    ]
    shown = (await world.call("GET", f"{V3}/{made['id']}")).json()
    assert [one["options"] for one in shown["widgets"]] == [one["options"] for one in body["widgets"]]


async def test_what_was_deleted_is_not_exported(world: World, live: LiveThing) -> None:
    made = await dashboard(world, live)
    lamp = names_of(live)["lamp"]
    await world.call("DELETE", f"/iot/v2/things/{live.record.id}/properties/{lamp}")
    assert [one["variables"] != [] for one in (await template(world, made["id"]))["widgets"]] == [False, True]
    await world.call("DELETE", f"{V2}/{made['id']}")
    for version in (2, 3):
        check_error(await world.call("GET", f"/iot/v{version}/dashboards/{made['id']}/template"), 404)


async def test_a_dashboard_is_made_of_a_template_as_the_command_line_tool_does(world: World, live: LiveThing) -> None:
    """It reads the target thing, puts ids in the place of names, and makes new ids for pages and widgets; geometry that
    a template does not have arrives as 0."""
    made = await dashboard(world, live)
    exported = await template(world, made["id"])
    target = await greenhouse(world)
    thing = (await world.call("GET", f"/iot/v2/things/{target.record.id}")).json()
    ids = {one["variable_name"]: one["id"] for one in thing["properties"]}
    pages = {one["id"]: one | {"id": str(uuid.uuid4())} for one in exported["pages"]}
    widgets = [
        one
        | dict.fromkeys(("x", "y", "width", "height"), 0)
        | {"id": str(uuid.uuid4()), "variables": [ids[variable["variable_id"]] for variable in one["variables"]]}
        | {"page_id": pages[one["page_id"]]["id"] if one["page_id"] in pages else one["page_id"]}
        for one in exported["widgets"]
    ]
    body = {"name": exported["name"], "pages": list(pages.values()), "widgets": widgets, "soft_deleted": False}
    answer = await world.call("POST", V3, body)
    assert answer.status_code == 201, answer.text
    copy = answer.json()
    assert {one["width"] for one in copy["widgets"]} == {0}
    assert [[v["id"] for v in one["variables"]] for one in copy["widgets"]] == [[ids["lamp"]], [ids["visits"]]]
    again = await template(world, copy["id"])
    stands_for = [f"greenhouse-{one.record.id[-5:]}" for one in (live, target)]
    text = json.dumps([one["variables"] for one in exported["widgets"]]).replace(*stands_for)
    assert json.dumps([one["variables"] for one in again["widgets"]]) == text
    answer = await world.call("DELETE", f"{V2}/{copy['id']}")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    ("name", "made"),
    [("ToSiteWise 3", "tositewise-3"), ("a--b", "a-b"), ("_", "x"), ("Gewächshaus", "gew-chshaus"), ("温室", "x")],
)
def test_slugs(name: str, made: str) -> None:
    assert slug(name, "x") == made


@given(
    st.dictionaries(
        st.sampled_from(["aggregation", "format", "axes", "markersSettings", "properties", "note"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "b"]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["a", "B", "property", "id"]), inner, max_size=3)
            ),
            max_leaves=8,
        ),
    )
)
def test_any_options_are_exported(options: dict[str, Any]) -> None:
    names = {"a": "thing:a"}
    out = exported_options(options, names)
    assert out.keys() == options.keys() - {"properties"}
    assert out.get("note") == options.get("note")
    for key in ("aggregation", "format", "axes"):
        if isinstance(out.get(key), dict):
            assert out[key].keys() <= {"thing:a"}
