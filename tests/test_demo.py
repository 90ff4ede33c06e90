"""Simulated boards inside the server, and the dashboard that comes with them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rookery.core.records import Dashboard, Device, Person, Thing, Variable
from rookery.demo import AT_ONCE, DemoImpossible, dial_host
from rookery.demo_dashboard import WIDGETS
from rookery.server import Server
from rookery.simulate.demo import DEMO, PARTICLE_DEMO
from tests.serving import serving
from tests.simulate.test_wire import until

BOARDS = len(DEMO) + len(PARTICLE_DEMO)


async def person_of(server: Server, email: str = "owner@example.org") -> Person:
    return await server.core.services.people.create(email)


async def until_online(server: Server, person: Person, boards: int = BOARDS) -> None:
    await until(lambda: server.demo.online(person.id) >= boards)


async def test_the_boards_are_made_once_in_the_life_of_a_folder(tmp_path: Path) -> None:
    seen = []
    for start in range(2):
        async with serving(tmp_path) as server:
            services = server.core.services
            person = (await services.people.everybody())[0] if start else await person_of(server)
            await asyncio.gather(server.demo.start(person), server.demo.start(person))
            await until_online(server, person)
            assert server.demo.running(person.id)
            assert not server.demo.starting(person.id)
            assert server.demo.trouble(person.id) == ""
            assert len(server.demo.boards(person.id)) == BOARDS
            assert list(await services.clients.of(person.id)) == []
            assert await services.tokens.of(person.id) == []
            devices = await services.devices.visible(await services.people.principal(person.id))
            seen.append({device.name: device.id for device in devices})
    assert seen[0] == seen[1]
    assert list(seen[0]) == [plan.name for plan in DEMO + PARTICLE_DEMO]


async def test_their_dashboard_is_made_once_and_shows_their_variables(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        services, person = server.core.services, await person_of(server)
        await server.demo.start(person)
        who = await services.people.principal(person.id)
        (dashboard,) = await services.dashboards.visible(who)
        assert len(dashboard.widgets) == len(WIDGETS)
        assert [len(widget["variables"]) for widget in dashboard.widgets] == [len(p.variables) for p in WIDGETS]
        boxes = [(w["x"], w["y"], w["width"], w["height"]) for w in dashboard.widgets]
        cells = [(x + i, y + j) for x, y, w, h in boxes for i in range(w) for j in range(h)]
        assert len(cells) == len(set(cells))
        assert max(x for x, _ in cells) < 24
        for widget in dashboard.widgets:
            for id in widget["variables"]:
                assert await services.catalog.get(Variable, id) is not None
        await services.dashboards.delete(who, dashboard.id)
        await server.demo.stop(person.id)
        assert server.demo.online(person.id) == 0
        await server.demo.start(person)
        assert await services.dashboards.visible(who) == []
        assert await services.catalog.count(Dashboard) == 1


async def test_they_are_taken_away_with_all_that_came_with_them(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        services, person = server.core.services, await person_of(server)
        who = await services.people.principal(person.id)
        own = await services.devices.create(who, "arduino", "giga", name="Demo boat")
        kept = await services.dashboards.create(who, name="Demo")
        await server.demo.start(person)
        await server.demo.remove(person)
        assert not server.demo.running(person.id)
        assert [device.id for device in await services.catalog.select(Device)] == [own.id]
        for kind in (Thing, Variable):
            assert await services.catalog.count(kind) == 0
        assert [dashboard.id for dashboard in await services.dashboards.visible(who)] == [kept.id]
        await services.dashboards.delete(who, kept.id, force=True)
        await server.demo.start(person)
        assert len(await services.dashboards.visible(who)) == 1
        await server.demo.remove(person)
        assert await services.dashboards.visible(who) == []


async def test_every_person_has_boards_of_their_own(tmp_path: Path) -> None:
    async with serving(tmp_path, particle_tcp_port="off", particle_udp_port="off") as server:
        one, other = await person_of(server), await person_of(server, "other@example.org")
        await asyncio.gather(server.demo.start(one), server.demo.start(other))
        for person in (one, other):
            await until_online(server, person, len(DEMO))
        await server.demo.stop(one.id)
        assert (server.demo.running(one.id), server.demo.running(other.id)) == (False, True)


async def test_a_server_that_stops_does_not_wait_for_boards_that_start(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        person = await person_of(server)
        starting = asyncio.create_task(server.demo.start(person))
        again = asyncio.create_task(server.demo.start(person))
        await until(lambda: server.demo.starting(person.id))
        await server.demo.close()
        for task in (starting, again):
            with pytest.raises(DemoImpossible, match="The server stops"):
                await task
        assert not server.demo.running(person.id)


async def test_without_listeners_there_are_none(tmp_path: Path) -> None:
    async with serving(tmp_path, mqtts_port="off") as server:
        person = await person_of(server)
        assert not server.demo.possible
        with pytest.raises(DemoImpossible, match="need an HTTP listener"):
            await server.demo.start(person)


async def test_a_server_that_does_not_answer_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(tmp_path) as server:
        person = await person_of(server)
        server.ports.http = 1
        with pytest.raises(DemoImpossible, match="can not run"):
            await server.demo.start(person)
        assert not server.demo.running(person.id)
        monkeypatch.setattr("rookery.demo.AT_ONCE", 0)
        with pytest.raises(DemoImpossible, match="that is the most"):
            await server.demo.start(person)
    assert AT_ONCE >= 1


@pytest.mark.parametrize(
    ("listening", "dialled"), [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("192.0.2.1", "192.0.2.1")]
)
def test_where_to_dial(listening: str, dialled: str) -> None:
    assert dial_host(listening) == dialled
