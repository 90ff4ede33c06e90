"""Histories for charts: several at once, thinned or in the days of a place; and rules of how long they are kept."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from rookery.core.clock import SECOND
from rookery.core.records import Thing, Variable
from tests.console.conftest import Browser, Room, refused
from tests.core.test_things import spec

DAY = 86_400_000
BEGIN = 1_774_656_000_000
"""2026-03-28, milliseconds: the day before the clocks of Berlin are moved."""


async def scene(room: Room, email: str = "owner@example.org") -> tuple[Browser, dict[str, Variable]]:
    """Somebody with two variables that have a number each hour for three days."""
    person = await room.person(email)
    who = await room.who(person)
    thing = await room.services.things.create(who, name="porch", variables=[spec("a"), spec("b")])
    found = {v.symbol: v for v in await room.services.catalog.select(Variable, thing_id=thing.id)}
    rows = [
        (v.series, (BEGIN + hour * 3_600_000) * 1_000, hour if symbol == "a" else 1)
        for symbol, v in found.items()
        for hour in range(72)
    ]
    await room.services.telemetry.write(rows)
    return room.browser(await room.session(person)), found


def asked(variables: dict[str, Variable], **more: Any) -> dict[str, Any]:
    return {"variable": [v.id for v in variables.values()], "from": BEGIN, "to": BEGIN + 3 * DAY, **more}


async def test_several_at_once(room: Room) -> None:
    browser, variables = await scene(room)
    told = (await browser.api("GET", "series", params=asked(variables, points=500))).json()
    assert told["series"][variables["a"].id]["points"][:2] == [[BEGIN, 0], [BEGIN + 3_600_000, 1]]
    assert {len(one["points"]) for one in told["series"].values()} == {72}
    few = (await browser.api("GET", "series", params=asked(variables, points=10))).json()
    assert all(len(one["points"]) <= 10 for one in few["series"].values())


async def test_days_of_a_place_are_as_long_as_they_are_there(room: Room) -> None:
    browser, variables = await scene(room)
    told = await browser.api(
        "GET", "series", params=asked(variables, unit="day", zone="Europe/Berlin", aggregation="count")
    )
    bins = told.json()["series"][variables["b"].id]["bins"]
    assert [value for _, value in bins] == [23, 23, 24, 2]
    edges = told.json()["edges"]
    assert [later - earlier for earlier, later in pairwise(edges)][1:3] == [23 * 3_600_000, DAY]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"variable": []}, "variable"),
        ({"variable": ["x"] * 1 + [str(n) for n in range(60)]}, "variable"),
        ({"to": BEGIN}, "from"),
        ({"points": 1}, "points"),
        ({"points": "many"}, "points"),
        ({"unit": "fortnight"}, "unit"),
        ({"unit": "day", "aggregation": "MOOD"}, "unit"),
        ({"unit": "day", "zone": "Mars/Olympus"}, "zone"),
        ({"unit": "hour", "to": BEGIN + 1_500 * DAY}, "count"),
    ],
)
async def test_what_can_not_be_asked(room: Room, query: dict[str, Any], field: str) -> None:
    browser, variables = await scene(room)
    answer = await browser.api("GET", "series", params=asked(variables) | query)
    assert refused(answer)[0] == 400
    assert refused(answer)[2] == field


async def test_what_is_another_persons_is_not_there(room: Room) -> None:
    _, variables = await scene(room)
    stranger = await room.signed_in("eve@example.org")
    assert refused(await stranger.api("GET", "series", params=asked(variables)))[:2] == (404, "not_found")
    assert refused(await room.browser().api("GET", "series", params=asked(variables)))[:2] == (401, "signed_out")


async def test_rules_of_a_space_and_of_a_variable(room: Room) -> None:
    room.clock.turn(BEGIN // 1_000 + 10 * 86_400 - room.clock.now() // SECOND)
    browser, variables = await scene(room)
    thing = await room.services.catalog.get(Thing, variables["a"].thing_id)
    assert thing is not None
    path = f"spaces/{thing.space_id}/retention"
    assert (await browser.api("GET", path)).json() == {
        "rules": {"values": 0, "events": 0, "vitals": 0, "journals": 0},
        "own": {},
        "server": {"values": 0, "events": 0, "vitals": 0, "journals": 0},
    }
    assert (await browser.api("PUT", path, {"values": 8})).json()["own"] == {"values": 8}
    mine = f"variables/{variables['b'].id}/retention"
    assert (await browser.api("GET", mine)).json() == {"days": None, "space": 8}
    assert (await browser.api("PUT", mine, {"days": 0})).json() == {"days": 0, "space": 8}
    assert await room.services.retention.run() == 49, "it is a moment later than ten days after"
    told = (await browser.api("GET", "series", params=asked(variables, points=500))).json()["series"]
    assert {name: len(told[v.id]["points"]) for name, v in variables.items()} == {"a": 23, "b": 72}
    assert (await browser.api("PUT", path, {"values": None})).json()["own"] == {}


@pytest.mark.parametrize("body", [{"values": -1}, {"values": 40_000}, {"moods": 1}, {"values": "long"}, [1]])
async def test_what_is_no_rule(room: Room, body: Any) -> None:
    browser, variables = await scene(room)
    thing = await room.services.catalog.get(Thing, variables["a"].thing_id)
    assert thing is not None
    assert refused(await browser.api("PUT", f"spaces/{thing.space_id}/retention", body))[0] == 400
    stranger = await room.signed_in("eve@example.org")
    for path in (f"spaces/{thing.space_id}/retention", f"variables/{variables['a'].id}/retention"):
        assert refused(await stranger.api("GET", path))[0] == 404
        assert refused(await stranger.api("PUT", path, {"days": 1} if "variables" in path else {"values": 1}))[0] == 404
