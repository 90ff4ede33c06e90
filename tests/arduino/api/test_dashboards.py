"""Dashboards in both versions: list, make, show, replace, change, delete, bring back, copy, link variables."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from rookery.core.catalog import Update, changed
from rookery.core.live import LiveThing
from rookery.core.records import Dashboard, Role
from tests.arduino.api.conftest import World
from tests.arduino.api.dashboard_scene import (
    CHANGED,
    FRESH,
    OPTIONS,
    OTHER_WIDGET_ID,
    PAGE_ID,
    WIDGET_ID,
    dashboard,
    page,
    play_strictly,
    widget,
)
from tests.arduino.api.greenhouse import UNKNOWN_ID, greenhouse, names_of
from tests.arduino.api.scenario import Row, check_error

V2, V3 = "/iot/v2/dashboards", "/iot/v3/dashboards"
ONE, ONE3 = V2 + "/{dashboard}", V3 + "/{dashboard}"
NOTHING: dict[str, Any] = {}


@pytest.fixture
async def live(world: World) -> LiveThing:
    return await greenhouse(world)


def bad(about: str, field: str, /, version: int = 3, **body: Any) -> Row:
    """A body that create refuses."""
    return Row(f"create, {about}", f"POST /iot/v{version}/dashboards", 400, (field,), body=body, field=field)


def bad_widget(about: str, field: str, /, **fields: Any) -> Row:
    """A widget that create refuses."""
    where = f"widgets[1].{field}"
    return bad(about, where, widgets=[widget(OTHER_WIDGET_ID), widget(**fields)])


def without(body: dict[str, Any], name: str) -> dict[str, Any]:
    """A body that lacks something."""
    return {key: value for key, value in body.items() if key != name}


ROWS = [
    Row("show", f"GET {ONE}", 200, ('{"id":"{dashboard}","name":"Wall","updated_at":"2025-01-01T00:00:00.000Z"',)),
    Row("show, whose", f"GET {ONE}", 200, ('"created_by":{"user_id":"{me}","username":"owner@rookery.test"}',)),
    Row("show, alone", f"GET {ONE}", 200, (), ("shared_by", "shared_with", "organization_id", "deleted_at")),
    Row("show, version 2 has no pages", f"GET {ONE}", 200, (), ("page",)),
    Row("show, version 3 has", f"GET {ONE3}", 200, (f'"page_id":"{PAGE_ID}"', '"page_id":"0"', '"icon":"leaf"')),
    Row("show, upper case, slash", f"GET {V2}/{{DASHBOARD}}/", 200, ('"id":"{dashboard}"',)),
    Row("show, no value", f"GET {ONE}", 200, (), ("last_value",)),
    Row(
        "show, no mobile layout",
        f"GET {ONE}",
        200,
        ('"x_mobile":1,"y_mobile":2,"width_mobile":3,',),
        ("height_mobile",),
    ),
    Row("show, unknown", f"GET {V3}/{UNKNOWN_ID}", 404),
    Row("show, not an id", f"GET {V2}/wall", 404),
    Row("show, an id of another kind", f"GET {V2}/{{thing}}", 404),
    Row("list", f"GET {V2}", 200, ('[{"id":"{dashboard}"', '"widgets":[{'), ("pages",)),
    Row("list, version 3", f"GET {V3}", 200, ('"pages":[{',)),
    Row("list by name", f"GET {V2}?name=Wall", 200, ('"id":"{dashboard}"',)),
    Row("list by another name", f"GET {V2}?name=wall", 200, ("[]",)),
    Row("list by no name", f"GET {V2}?name=", 200, ('"id":"{dashboard}"',)),
    Row("list by an endless name", f"GET {V2}?name={'n' * 65}", 400, field="name"),
    Row("list by thing", f"GET {V3}?thing_id={{THING}}", 200, ('"id":"{dashboard}"',)),
    Row("list by another thing", f"GET {V3}?thing_id={UNKNOWN_ID}", 200, ("[]",)),
    Row("list by no thing", f"GET {V3}?thing_id=greenhouse", 400, field="thing_id"),
    Row("list by owner", f"GET {V2}?user_id={{me}}", 200, ('"id":"{dashboard}"',)),
    Row("list by another owner", f"GET {V2}?user_id={UNKNOWN_ID}", 200, ("[]",)),
    Row("list by no owner", f"GET {V2}?user_id=me", 400, field="user_id"),
    Row(
        "create from nothing",
        f"POST {V2}",
        201,
        ('"name":"Untitled 2"', '"widgets":[]'),
        ("cover_image",),
        body=NOTHING,
        events=FRESH,
    ),
    Row(
        "create from nothing, version 3", f"POST {V3}", 201, ('"widgets":[]', '"pages":[]'), body=NOTHING, events=FRESH
    ),
    Row("create, nulls", f"POST {V3}", 201, body={"name": None, "widgets": None, "pages": None}, events=FRESH),
    Row(
        "create, keys in any case",
        f"POST {V2}",
        201,
        ('"name":"Gewächshaus №1"', '"cover_image":"x"'),
        body={"Name": "Gewächshaus №1", "Cover_Image": "x", "unknown": [1]},
        events=FRESH,
    ),
    Row(
        "create as the command line tool does",
        f"POST {V3}",
        201,
        ('"x":0,"y":0,"width":0,"height":0,"options":{},"variables":[{"id":"{visits}"',),
        body={
            "name": "From a template",
            "pages": [page()],
            "soft_deleted": False,
            "widgets": [
                {"height": 0, "width": 0, "x": 0, "y": 0, "id": WIDGET_ID, "name": "", "options": None, "type": "Value"}
                | {"variables": ["{VISITS}"], "page_id": PAGE_ID.upper()},
            ],
        },
        events=FRESH,
    ),
    Row(
        "create, deleted at once",
        f"POST {V2}",
        201,
        ('"name":"Gone"',),
        body={"name": "Gone", "soft_deleted": True},
        events=FRESH * 2,
    ),
    bad("name too long", "name", name="n" * 65),
    bad("name of 10,000 characters", "name", name="n" * 10_000),
    bad("name without a character", "name", name=" "),
    bad("empty name", "name", name="", version=2),
    bad("name that is a number", "name", name=7),
    bad("endless cover", "cover_image", cover_image="i" * 1_025),
    bad("widgets that are none", "widgets", widgets={}),
    bad("1,000 widgets", "widgets", widgets=[widget()] * 1_000),
    bad("31 pages", "pages", pages=[page()] * 31),
    bad("two pages with one id", "pages[1].id", pages=[page(), page(name="Third")]),
    bad("a page without a name", "pages[0].name", pages=[without(page(), "name")]),
    bad("a page with an endless name", "pages[0].name", pages=[page(name="n" * 10_000)]),
    bad("a page without a position", "pages[0].position", pages=[without(page(), "position")]),
    bad("a page whose id is none", "pages[0].id", pages=[page("1")]),
    bad("a page with an endless icon", "pages[0].icon", pages=[page(icon="i" * 1_025)]),
    bad("two widgets with one id", "widgets[1].id", widgets=[widget(), widget(WIDGET_ID.upper())]),
    bad_widget("on a page that is not there", "page_id", page_id=PAGE_ID),
    bad_widget("on a page that can not be", "page_id", page_id="first"),
    bad_widget("of an endless type", "type", type="t" * 65),
    bad_widget("of no type", "type", type=""),
    bad_widget("with an endless name", "name", name="n" * 10_000),
    bad_widget("with a fraction", "x", x=1.5),
    bad_widget("with a text for a number", "width", width="4"),
    bad_widget("too far away", "y", y=2**31),
    bad_widget("much too far away", "height", height=10**30),
    bad_widget("with options that are a list", "options", options=[]),
    bad_widget("with options that are a text", "options", options="{}"),
    bad_widget("with large options", "options", options={"data": "x" * (256 << 10)}),
    bad_widget("with an unknown variable", "variables[0]", variables=[UNKNOWN_ID]),
    bad_widget("with a variable that is a thing", "variables[1]", variables=["{note}", "{thing}"]),
    bad_widget("with a variable that is no id", "variables[0]", variables=["note"]),
    bad_widget("with a variable twice", "variables", variables=["{note}", "{NOTE}"]),
    bad_widget("with 51 variables", "variables", variables=[UNKNOWN_ID] * 51),
    *(
        Row(
            f"create, a widget without {name}",
            f"POST {V2}",
            400,
            body={"widgets": [without(widget(), name)]},
            field=f"widgets[0].{name}",
        )
        for name in ("id", "type", "x", "y", "width", "height")
    ),
    Row(
        "replace by nothing",
        f"PUT {ONE3}",
        200,
        ('"name":"Wall"', '"widgets":[]', '"pages":[]'),
        ("roof",),
        body=NOTHING,
        events=CHANGED,
    ),
    Row(
        "change nothing",
        f"PATCH {ONE3}",
        200,
        ('"name":"Wall"', "roof.png", '"icon":"leaf"', "{lamp}"),
        body=NOTHING,
        events=CHANGED,
    ),
    Row(
        "change the name",
        f"PATCH {ONE}",
        200,
        ('"name":"Door"', "roof.png", "{lamp}"),
        body={"name": "Door"},
        events=CHANGED,
    ),
    Row(
        "take the cover off",
        f"PATCH {ONE}",
        200,
        ("{lamp}",),
        ("cover_image",),
        body={"cover_image": ""},
        events=CHANGED,
    ),
    Row(
        "change pages to none",
        f"PATCH {ONE3}",
        200,
        ('"pages":[]', '"page_id":"0"'),
        (PAGE_ID,),
        body={"pages": []},
        events=CHANGED,
    ),
    Row("change a widget, wrongly", f"PATCH {ONE}", 400, body={"widgets": [widget(x=None)]}, field="widgets[0].x"),
    Row("replace, unknown", f"PUT {V2}/{UNKNOWN_ID}", 404, body=NOTHING),
    Row("change, unknown", f"PATCH {V3}/{UNKNOWN_ID}", 404, body=NOTHING),
    Row("change, not JSON", f"PATCH {ONE}", 400, body=[], field="body"),
    Row("delete", f"DELETE {ONE}", 200, events=CHANGED),
    Row("delete for good", f"DELETE {ONE}?force=true", 200, events=CHANGED),
    Row("delete, unknown", f"DELETE {V2}/{UNKNOWN_ID}", 404),
    Row("delete, version 3 can not", f"DELETE {ONE3}", 405),
    Row(
        "delete by change",
        f"PATCH {ONE}",
        200,
        ('"id":"{dashboard}"',),
        body={"soft_deleted": True},
        events=CHANGED * 2,
    ),
    Row(
        "copy",
        f"PUT {ONE}/clone",
        201,
        ('"name":"Wall (copy)"', "roof.png", "{lamp}"),
        (WIDGET_ID,),
        body=NOTHING,
        events=FRESH,
    ),
    Row("copy, version 3", f"PUT {ONE3}/clone", 201, ('"name":"Second"',), (PAGE_ID,), body=NOTHING, events=FRESH),
    Row(
        "copy, no thing",
        f"PUT {ONE}/clone",
        400,
        body={"overrides": [{"old_thing_id": "{thing}"}]},
        field="overrides[0].new_thing_id",
    ),
    Row(
        "copy, unknown thing",
        f"PUT {ONE}/clone",
        404,
        body={"overrides": [{"old_thing_id": "{thing}", "new_thing_id": UNKNOWN_ID}]},
    ),
    Row("copy, unknown", f"PUT {V2}/{UNKNOWN_ID}/clone", 404, body=NOTHING),
    Row(
        "link",
        f"PUT {ONE}/widgets/{WIDGET_ID}/variables",
        200,
        ('{"variables":["{door}","{note}"]}',),
        body={"variables": ["{DOOR}", "{note}"]},
        events=CHANGED,
    ),
    Row("unlink", f"PUT {ONE}/widgets/{WIDGET_ID}/variables", 200, ('{"variables":[]}',), body=NOTHING, events=CHANGED),
    Row(
        "link, unknown variable",
        f"PUT {ONE}/widgets/{WIDGET_ID}/variables",
        400,
        body={"variables": [UNKNOWN_ID]},
        field="variables[0]",
    ),
    Row(
        "link, twice",
        f"PUT {ONE}/widgets/{WIDGET_ID}/variables",
        400,
        body={"variables": ["{door}"] * 2},
        field="variables",
    ),
    Row(
        "link, no id",
        f"PUT {ONE}/widgets/{WIDGET_ID}/variables",
        400,
        body={"variables": ["door"]},
        field="variables[0]",
    ),
    Row("link, unknown widget", f"PUT {ONE}/widgets/{UNKNOWN_ID}/variables", 404, body=NOTHING),
    Row("link, no widget", f"PUT {ONE}/widgets/1/variables", 404, body=NOTHING),
    Row("link, unknown dashboard", f"PUT {V2}/{UNKNOWN_ID}/widgets/{WIDGET_ID}/variables", 404, body=NOTHING),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, live: LiveThing, row: Row) -> None:
    made = await dashboard(world, live)
    names = names_of(live, dashboard=made["id"], me=world.person.id)
    upper = {name.upper(): id.upper() for name, id in names.items()}
    await play_strictly(world, row, names | upper)


async def change(world: World, made: dict[str, Any], method: str, version: int, body: Any) -> dict[str, Any]:
    answer = await world.call(method, f"/iot/v{version}/dashboards/{made['id']}", body)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def by_id(made: dict[str, Any]) -> dict[str, Any]:
    return {widget["id"]: widget for widget in made["widgets"]}


def sendable(made: dict[str, Any]) -> dict[str, Any]:
    """What was shown, as it is sent: variables are ids there."""
    widgets = [one | {"variables": [variable["id"] for variable in one["variables"]]} for one in made["widgets"]]
    return made | {"widgets": widgets}


@pytest.mark.parametrize("version", [2, 3])
async def test_options_come_back_exactly(world: World, live: LiveThing, version: int) -> None:
    made = await dashboard(world, live, version)
    path = f"/iot/v{version}/dashboards/{made['id']}"
    shown = (await world.call("GET", path)).json()
    (listed,) = (await world.call("GET", f"/iot/v{version}/dashboards")).json()
    assert made == shown == listed
    options = by_id(made)[WIDGET_ID]["options"]
    assert options == OPTIONS
    assert list(options) == list(OPTIONS)
    assert {type(options[name]) for name in ("whole", "large")} == {float, int}
    again = await change(world, made, "PUT", version, sendable(made))
    assert again == made | {"updated_at": "2025-01-01T00:00:00.001Z"}
    copy = (await world.call("PUT", f"{path}/clone", {})).json()
    assert OPTIONS in [one["options"] for one in copy["widgets"]]


async def test_a_large_note_is_kept(world: World) -> None:
    text = "ü" * 100_000
    answer = await world.call("POST", V3, {"widgets": [widget(WIDGET_ID, "Sticky Note", options={"text": text})]})
    assert answer.status_code == 201
    assert answer.json()["widgets"][0]["options"] == {"text": text}


async def test_a_megabyte_of_options(world: World) -> None:
    one = widget(options={"text": "x" * (1 << 20)})
    check_error(await world.call("POST", V3, {"widgets": [one]}), 413)


async def test_deep_options(world: World) -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    body = {"widgets": [widget(options={"a": deep})]}
    check_error(await world.call("POST", V3, body), 400, "widgets[0].options")


async def test_version_2_keeps_what_it_does_not_show(world: World, live: LiveThing) -> None:
    made = await dashboard(world, live)
    moved = widget(WIDGET_ID, "Colored Light", x=9)
    await change(world, made, "PUT", 2, {"widgets": [moved, widget(UNKNOWN_ID)]})
    after = (await world.call("GET", f"{V3}/{made['id']}")).json()
    assert after["pages"] == made["pages"]
    assert {id: one["page_id"] for id, one in by_id(after).items()} == {WIDGET_ID: PAGE_ID, UNKNOWN_ID: "0"}
    assert (by_id(after)[WIDGET_ID]["x"], by_id(after)[WIDGET_ID]["variables"]) == (9, [])
    await change(world, made, "PATCH", 3, {"widgets": [moved]})
    after = (await world.call("GET", f"{V3}/{made['id']}")).json()
    assert by_id(after)[WIDGET_ID]["page_id"] == "0", (
        "version 3 says on which page, and the main one when it says nothing"
    )


async def test_a_deleted_dashboard_comes_back_by_any_change(world: World, live: LiveThing) -> None:
    made = await dashboard(world, live)
    path = f"{V2}/{made['id']}"
    for method in ("PATCH", "PUT"):
        assert (await world.call("DELETE", path)).status_code == 200
        check_error(await world.call("GET", path), 404)
        check_error(await world.call("DELETE", path), 404)
        assert (await world.call("GET", V3)).json() == []
        body = {"soft_deleted": False} | ({} if method == "PATCH" else sendable(made))
        assert by_id(await change(world, made, method, 3, body)) == by_id(made)
    assert (await world.call("DELETE", path)).status_code == 200
    assert (await world.call("DELETE", f"{path}?force=true")).status_code == 200
    check_error(await world.call("PATCH", path, {}), 404)


async def test_last_values_are_shown(world: World, live: LiveThing) -> None:
    made = await dashboard(world, live)
    lamp = live.by_symbol["lamp"].record.id
    value = {"swi": True, "hue": 1.5, "sat": 2.0, "bri": 3.0}
    world.clock.turn(60)
    path = f"/iot/v2/things/{live.record.id}/properties/{lamp}/publish"
    assert (await world.call("PUT", path, {"value": value})).status_code == 200

    async def shown() -> dict[str, Any]:
        found = (await world.call("GET", f"{V3}/{made['id']}")).json()
        return dict(by_id(found)[WIDGET_ID]["variables"][0])

    seen = await shown()
    assert (seen["last_value"], seen["last_value_updated_at"]) == (value, "2025-01-01T00:01:00.000Z")
    assert seen["thing_timezone"] == {"name": "Europe/Rome", "offset": 3600, "until": "2025-03-30T01:00:00.000Z"}
    world.services.live._things.clear()  # nobody uses the thing any more
    assert await shown() == seen


@pytest.mark.parametrize(
    ("type", "name", "options", "wrong"),
    [
        ("Switch", "door", {}, ()),
        ("Switch", "visits", {}, ("type",)),
        ("SWITCH", "temperature", {}, ("type", "permission")),
        ("Slider", "temperature", {}, ("permission",)),
        ("Slider", "temperature", {"readOnly": True}, ()),
        ("Gauge", "temperature", {}, ()),
        ("Gauge", "note", {}, ("type",)),
        ("Push Button", "door", {}, ()),
        ("pushButton", "note", {}, ("type",)),
        ("Colored Light", "lamp", {}, ()),
        ("DimmedLight", "lamp", {}, ("type",)),
        ("Hologram", "lamp", {}, ()),
    ],
)
async def test_what_does_not_suit_a_widget(
    world: World, live: LiveThing, type: str, name: str, options: dict[str, Any], wrong: tuple[str, ...]
) -> None:
    ids = names_of(live)
    body = {"widgets": [widget(WIDGET_ID, type, options=options, variables=[ids[name]])]}
    (shown,) = (await world.call("POST", V2, body)).json()["widgets"]
    flags = {f"has_{what}_incompatibility": what in wrong for what in ("type", "permission")}
    assert {key: value for key, value in shown.items() if key.startswith("has_")} == {
        **flags,
        "has_unlinked_variable": False,
    }


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("what", ["", "/properties/{lamp}"])
async def test_a_variable_that_was_deleted(world: World, live: LiveThing, force: bool, what: str) -> None:
    made = await dashboard(world, live)
    lamp = names_of(live)["lamp"]
    path = f"/iot/v2/things/{live.record.id}{what.format(lamp=lamp)}?force={force}"
    assert (await world.call("DELETE", path)).status_code == 200
    shown = (await world.call("GET", f"{V2}/{made['id']}")).json()
    one = by_id(shown)[WIDGET_ID]
    assert one["has_unlinked_variable"] is True
    assert [variable["id"] for variable in one["variables"]] == ([] if force else [lamp])
    assert by_id(shown)[OTHER_WIDGET_ID]["has_unlinked_variable"] is (what == "")
    assert (await world.call("GET", V3)).json()[0]["id"] == made["id"]
    body = sendable(made) | {"name": "Moved"}
    again = await change(world, made, "PUT", 3, body)
    assert by_id(again)[WIDGET_ID]["has_unlinked_variable"] is not force


async def test_a_variable_that_went_to_another_space(world: World, live: LiveThing) -> None:
    made = await dashboard(world, live)
    other = await world.somebody_else()
    lamp = live.by_symbol["lamp"].record
    await world.catalog.apply(Update(changed(lamp, 1, space_id=other.person.id)))
    for version in (2, 3):
        shown = (await world.call("GET", f"/iot/v{version}/dashboards/{made['id']}")).json()
        one = by_id(shown)[WIDGET_ID]
        assert (one["variables"], one["has_unlinked_variable"]) == ([], True)
        exported = (await world.call("GET", f"/iot/v{version}/dashboards/{made['id']}/template")).json()
        assert [len(one["variables"]) for one in exported["widgets"]] == [0, 1]


async def test_somebody_elses_do_not_exist(world: World, live: LiveThing) -> None:
    made = await dashboard(world, live)
    other = await world.somebody_else()
    path = f"{V2}/{made['id']}"
    requests: list[tuple[str, str, Any]] = [
        ("GET", path, None),
        ("PUT", path, {}),
        ("PATCH", path, {}),
        ("DELETE", path, None),
        ("PUT", f"{path}/clone", {}),
        ("GET", f"{path}/template", None),
        ("GET", f"{path}/shares", None),
        ("PUT", f"{path}/shares", {"user_id": other.person.id}),
        ("DELETE", f"{path}/shares/{other.person.id}", None),
        ("PUT", f"{path}/widgets/{WIDGET_ID}/variables", {}),
    ]
    for method, where, body in requests:
        check_error(await other.call(method, where, body), 404)
        if "shares" not in where and "widgets" not in where and method != "DELETE":
            check_error(await other.call(method, where.replace("v2", "v3"), body), 404)
    assert (await other.call("GET", V2)).json() == []
    foreign = {"widgets": [widget(variables=[names_of(live)["lamp"]])]}
    check_error(await other.call("POST", V2, foreign), 400, "widgets[0].variables[0]")


async def test_a_dashboard_of_an_organisation(world: World) -> None:
    other = await world.somebody_else()
    space = await world.services.people.organisation("Acme", world.person)
    chosen = {"headers": {"X-Organization": space.id}}
    answer: httpx.Response = await world.call("POST", V2, {"name": "Wall"}, **chosen)
    made = answer.json()
    assert made["organization_id"] == space.id
    assert (await world.call("GET", V2)).json() == []
    assert (await world.call("GET", V2, **chosen)).json() == [made]
    check_error(await other.call("GET", V2, **chosen), 403)
    await world.services.people.join(space.id, other.person.id, Role.VIEWER)
    assert (await other.call("GET", V2, **chosen)).json() == [made]
    check_error(await other.call("PATCH", f"{V2}/{made['id']}", {}, **chosen), 403)
    check_error(await other.call("POST", V2, {}, **chosen), 403)


async def test_two_changes_at_once(world: World, live: LiveThing) -> None:
    """The second one is told; nothing is lost without a word."""
    made = await dashboard(world, live)
    apply = world.catalog.apply

    async def first(*changes: Any) -> None:
        held = await world.catalog.get(Dashboard, made["id"])
        assert held is not None
        world.catalog.apply = apply  # type: ignore[method-assign]
        await apply(Update(changed(held, 1, name="First")))
        await apply(*changes)

    world.catalog.apply = first  # type: ignore[method-assign]
    check_error(await world.call("PATCH", f"{V2}/{made['id']}", {"name": "Second"}), 409)
    assert (await world.call("GET", f"{V2}/{made['id']}")).json()["name"] == "First"


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_nobody_overwrites_what_they_have_not_seen(
    world: World, live: LiveThing, version: int, method: str
) -> None:
    made = await dashboard(world, live)
    path = f"/iot/v{version}/dashboards/{made['id']}"

    async def changed_by(name: str, seen: str | bytes) -> httpx.Response:
        return await world.call(method, path, {"name": name}, headers={"If-Match": seen})

    first = await changed_by("First", f'"{made["updated_at"]}"')
    assert first.status_code == 200
    assert first.json()["updated_at"] > made["updated_at"], "though no time has passed"
    for seen in (f'"{made["updated_at"]}"', made["updated_at"], '"x"', "x" * 5_000, ",", '"2025-01-01"', b"\xff"):
        check_error(await changed_by("Second", seen), 412)
    assert (await world.call("GET", path)).json()["name"] == "First"
    now = first.json()["updated_at"]
    for seen in ('W/"{now}"', '"x", "{now}"', "*", ""):
        answer = await changed_by("Second", seen.format(now=now))
        assert (answer.status_code, answer.json()["name"]) == (200, "Second")
        now = answer.json()["updated_at"]
