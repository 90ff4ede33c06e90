"""Dashboards for people with a link: what they see, what they do not, and when it ends."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.clock import MILLISECOND, SECOND
from rookery.core.dashboard_widgets import Widget
from rookery.core.points import Value
from rookery.core.records import Dashboard, Person, UpdatePolicy, ValueKind, Variable
from rookery.core.variables import VariableSpec
from tests.console.conftest import BASE, Browser, Room, refused


def spec(name: str, kind: ValueKind, type: str) -> VariableSpec:
    return VariableSpec(name=name, type=type, kind=kind, writable=True, policy=UpdatePolicy.ON_CHANGE)


class Scene:
    """A dashboard with two of the three variables of a thing."""

    def __init__(
        self, room: Room, person: Person, dashboard: Dashboard, shown: list[Variable], hidden: Variable
    ) -> None:
        self.room = room
        self.person = person
        self.dashboard = dashboard
        self.level, self.note = shown
        self.hidden = hidden

    @classmethod
    async def of(cls, room: Room) -> Scene:
        person = await room.person()
        who = await room.who(person)
        specs = [
            spec("level", ValueKind.FLOAT, "FLOAT"),
            spec("note", ValueKind.STRING, "CHARSTRING"),
            spec("secret", ValueKind.INT, "INT"),
        ]
        thing = await room.services.things.create(who, name="Porch", variables=specs)
        by_name = {v.symbol: v for v in await room.services.catalog.select(Variable, thing_id=thing.id)}
        level, note, secret = (by_name[name] for name in ("level", "note", "secret"))
        widgets = [
            Widget(
                id=f"00000000-0000-4000-8000-00000000000{n}",
                type="Value",
                x=0,
                y=n,
                width=4,
                height=1,
                variables=[v.id],
            )
            for n, v in enumerate((level, note))
        ]
        dashboard = await room.services.dashboards.create(who, name="Porch <b>", widgets=widgets)
        return cls(room, person, dashboard, [level, note], secret)

    async def browser(self) -> Browser:
        return self.room.browser(await self.room.session(self.person))

    async def link(self, **given: Any) -> dict[str, Any]:
        answer = await (await self.browser()).api("POST", f"dashboards/{self.dashboard.id}/links", given)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def store(self, variable: Variable, values: list[tuple[int, Value]]) -> None:
        """Points at these milliseconds."""
        points = [(variable.series, time * MILLISECOND, value) for time, value in values]
        await self.room.services.telemetry.write(points)


async def test_a_link_opens_the_dashboard_and_nothing_more(room: Room) -> None:
    scene = await Scene.of(room)
    made = await scene.link(name=" Kitchen wall ")
    assert made["link"] == f"{BASE}/console/shared/{made['token']}"
    assert (made["name"], made["expires"], made["made_by"]) == ("Kitchen wall", None, "owner")
    answer = await room.browser().api("GET", f"shared/{made['token']}")
    told = answer.json()
    assert told["link"] == {"name": "Kitchen wall", "expires": None}
    assert told["dashboard"]["name"] == "Porch <b>"
    assert [w["variables"][0]["variable_name"] for w in told["dashboard"]["widgets"]] == ["level", "note"]
    assert "created_by" not in told["dashboard"]
    assert "owner@example.org" not in answer.text
    assert scene.hidden.id not in answer.text
    listed = await (await scene.browser()).api("GET", f"dashboards/{scene.dashboard.id}/links")
    assert [row["id"] for row in listed.json()["links"]] == [made["id"]]
    assert made["token"] not in listed.text


async def test_a_link_ends_when_it_is_withdrawn(room: Room) -> None:
    scene = await Scene.of(room)
    made = await scene.link()
    path = f"dashboards/{scene.dashboard.id}/links/{made['id']}"
    assert (await (await scene.browser()).api("DELETE", path)).status_code == 204
    for address in (f"shared/{made['token']}", f"shared/{made['token']}/series?variable={scene.level.id}"):
        assert refused(await room.browser().api("GET", address))[:2] == (404, "not_found")
    assert refused(await (await scene.browser()).api("DELETE", path))[:2] == (404, "not_found")


async def test_a_link_ends_with_its_time(room: Room) -> None:
    scene = await Scene.of(room)
    made = await scene.link(expires=room.clock.now() // MILLISECOND + 60_000)
    assert (await room.browser().api("GET", f"shared/{made['token']}")).status_code == 200
    room.clock.turn(61)
    assert refused(await room.browser().api("GET", f"shared/{made['token']}"))[:2] == (404, "not_found")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "x" * 10_000}, "name"),
        ({"expires": 1}, "expires"),
        ({"expires": -1}, "expires"),
        ({"expires": 10**18}, "expires"),
        ({"expires": "tomorrow"}, "expires"),
    ],
)
async def test_a_link_that_can_not_be_made(room: Room, given: dict[str, Any], field: str) -> None:
    scene = await Scene.of(room)
    answer = await (await scene.browser()).api("POST", f"dashboards/{scene.dashboard.id}/links", given)
    assert refused(answer) == (400, "invalid", field)


async def test_nobody_else_makes_links(room: Room) -> None:
    scene = await Scene.of(room)
    other = await room.signed_in("other@example.org")
    for method, path in (("GET", "links"), ("POST", "links"), ("DELETE", "links/x"), ("GET", "requests")):
        answer = await other.api(method, f"dashboards/{scene.dashboard.id}/{path}", {} if method == "POST" else None)
        assert refused(answer)[:2] == (404, "not_found")
        nobody = await room.browser().api(method, f"dashboards/{scene.dashboard.id}/{path}")
        assert refused(nobody)[:2] == (401, "signed_out")


@pytest.mark.parametrize("token", ["x", "x" * 43, "x" * 10_000])
async def test_what_is_no_link(room: Room, token: str) -> None:
    await Scene.of(room)
    assert refused(await room.browser().api("GET", f"shared/{token}"))[:2] == (404, "not_found")


async def test_the_history_behind_a_link(room: Room) -> None:
    scene = await Scene.of(room)
    now = room.clock.now() // MILLISECOND
    await scene.store(scene.level, [(now - 3_000, 1.5), (now - 2_000, 2.5), (now - 1_000, 3.5)])
    await scene.store(scene.note, [(now - 1_000, "<b>")])
    token = (await scene.link())["token"]

    async def series(variable: Variable, **query: int) -> dict[str, Any]:
        rest = "".join(f"&{name}={value}" for name, value in query.items())
        answer = await room.browser().api("GET", f"shared/{token}/series?variable={variable.id}{rest}")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    assert await series(scene.level) == {"points": [[now - 3_000, 1.5], [now - 2_000, 2.5], [now - 1_000, 3.5]]}
    assert await series(scene.note) == {"points": [[now - 1_000, "<b>"]]}
    cut = {"from": now - 2_000, "to": now - 1_000}
    assert await series(scene.level, **cut) == {"points": [[now - 2_000, 2.5]]}
    hidden = await room.browser().api("GET", f"shared/{token}/series?variable={scene.hidden.id}")
    assert refused(hidden)[:2] == (404, "not_found")


async def test_a_long_history_is_thinned(room: Room) -> None:
    scene = await Scene.of(room)
    now = room.clock.now() // MILLISECOND // 10_000 * 10_000
    await scene.store(scene.level, [(now - 100_000 + n * 1_000, float(n)) for n in range(100)])
    await scene.store(scene.note, [(now - 100_000 + n * 1_000, str(n)) for n in range(100)])
    token = (await scene.link())["token"]
    query = f"from={now - 100_000}&to={now}&points=10"
    thinned = (await room.browser().api("GET", f"shared/{token}/series?variable={scene.level.id}&{query}")).json()
    assert thinned["interval"] == 10_000
    assert thinned["band"][0] == [now - 95_000, 0.0, 4.5, 9.0]
    assert len(thinned["band"]) == 10
    newest = (await room.browser().api("GET", f"shared/{token}/series?variable={scene.note.id}&{query}")).json()
    assert newest["more"] is True
    assert [value for _, value in newest["points"]] == [str(n) for n in range(80, 100)]


@pytest.mark.parametrize(
    ("query", "field"),
    [("from=x", "from"), ("from=5&to=5", "from"), ("points=0", "points"), ("to=-1", "to"), ("points=99999", "points")],
)
async def test_a_history_that_can_not_be_asked_for(room: Room, query: str, field: str) -> None:
    scene = await Scene.of(room)
    token = (await scene.link())["token"]
    answer = await room.browser().api("GET", f"shared/{token}/series?variable={scene.level.id}&{query}")
    assert refused(answer) == (400, "invalid", field)


async def test_who_asks_for_a_dashboard_is_heard(room: Room) -> None:
    scene = await Scene.of(room)
    other = await room.person("other@example.org")
    await room.services.dashboard_shares.ask(await room.who(other), scene.dashboard.id, "please")
    browser = await scene.browser()
    path = f"dashboards/{scene.dashboard.id}/requests"
    (row,) = (await browser.api("GET", path)).json()["requests"]
    assert (row["person"], row["message"]) == (
        {"id": other.id, "name": "other", "email": "other@example.org"},
        "please",
    )
    assert abs(row["time"] - room.clock.now() // MILLISECOND) < 10_000
    assert (await browser.api("DELETE", f"{path}/{other.id}")).status_code == 204
    assert (await browser.api("GET", path)).json() == {"requests": []}


def test_the_last_time_that_may_be_asked_for_is_a_number_of_every_store() -> None:
    from rookery.console.shared import LATEST

    assert LATEST * MILLISECOND < 2**63
    assert LATEST // 1_000 * SECOND == LATEST * MILLISECOND
