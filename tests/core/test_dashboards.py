"""Dashboards: made, listed, changed, linked, deleted and brought back, copied."""

from __future__ import annotations

from typing import Any

import pytest

import rookery.core.dashboards
from rookery.core.access import Action
from rookery.core.dashboard_widgets import pages_of, widgets_of
from rookery.core.errors import Forbidden, Invalid, LimitReached, NotFound
from rookery.core.records import Dashboard, DashboardLink, DashboardShare, Role
from tests.core.dashboard_scene import UNKNOWN, house, page, person, wall, widget
from tests.core.test_things import ada
from tests.fakes import ManualClock, RecordingBus, memory_services


def links(dashboard: Dashboard) -> dict[str, list[str]]:
    return {widget.id: widget.variables for widget in widgets_of(dashboard)}


def places(dashboard: Dashboard) -> dict[str, str | None]:
    return {widget.id: widget.page_id for widget in widgets_of(dashboard)}


async def test_a_dashboard_is_made_and_told() -> None:
    bus = RecordingBus()
    services = memory_services(bus=bus)
    who = await ada(services)
    _, (lamp,) = await house(services, who, "lamp")
    bus.heard.clear()
    given = widget("w", lamp.id.upper(), page_id="p", options={"a": None, "b": 2**70}, name="Lamp", x_mobile=1)
    made = await services.dashboards.create(who, cover_image="key", pages=[page("p")], widgets=[given])
    assert (made.name, made.cover_image, made.space_id, made.person_id) == (
        "Untitled 1",
        "key",
        who.space_id,
        who.person_id,
    )
    assert pages_of(made) == [page("p")]
    assert widgets_of(made) == [
        widget("w", lamp, page_id="p", options={"a": None, "b": 2**70}, name="Lamp", x_mobile=1)
    ]
    assert await services.dashboards.get(who, made.id.upper()) == made
    assert [f"{channel} {kind}" for channel, kind in bus.heard] == [
        f"dashboard.{made.id} DashboardChanged",
        "dashboards DashboardChanged",
    ]


async def test_a_space_has_so_many_dashboards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rookery.core.dashboards, "DASHBOARDS_LIMIT", 2)
    services = memory_services()
    who = await ada(services)
    first = await services.dashboards.create(who)
    await services.dashboards.create(who)
    with pytest.raises(LimitReached):
        await services.dashboards.create(who)
    await services.dashboards.delete(who, first.id)
    assert (await services.dashboards.create(who)).name == "Untitled 2"
    with pytest.raises(LimitReached):
        await services.dashboards.update(who, first.id)


async def test_all_dashboards_of_a_space_together_cost_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rookery.core.dashboards, "SPACE_LIMIT", 3_000)
    services = memory_services()
    who, other = await ada(services), await person(services, "bob")
    _, (lamp,) = await house(services, who, "lamp")
    large = [widget("w", options={"text": "x" * 1_000})]
    first, second = [await services.dashboards.create(who, widgets=large) for _ in range(2)]
    assert 1_000 < first.size < 1_300
    linked = [widget("w", lamp, options={"text": "x" * 500})]
    for attempt in (
        services.dashboards.create(who, widgets=large),
        services.dashboards.create(who, widgets=linked),
        services.dashboards.update(who, first.id, widgets=[widget("w", options={"text": "x" * 2_000})]),
        services.dashboards.clone(who, first.id),
    ):
        with pytest.raises(LimitReached, match="together"):
            await attempt
    await services.dashboards.create(other, widgets=large)
    await services.dashboards.update(who, first.id, name="n" * 64, widgets=large)
    await services.dashboards.delete(who, second.id)
    third = await services.dashboards.create(who, widgets=linked)
    with pytest.raises(LimitReached, match="together"):
        await services.dashboards.update(who, second.id)
    monkeypatch.setattr(rookery.core.dashboards, "SPACE_LIMIT", first.size + third.size)
    with pytest.raises(LimitReached, match="together"):
        await services.dashboards.link(who, first.id, "w", [lamp.id])
    await services.dashboards.link(who, third.id, "w", [])
    await services.dashboards.link(who, first.id, "w", [lamp.id])


async def test_of_deleted_dashboards_the_newest_can_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rookery.core.dashboards, "DASHBOARDS_LIMIT", 3)
    clock = ManualClock()
    services = memory_services(clock=clock)
    who, guest = await ada(services), await person(services, "guest")
    made = []
    for text in (10, 10, 1_000, 10, 10):
        made.append(await services.dashboards.create(who, widgets=[widget("w", options={"text": "x" * text})]))
        await services.dashboard_shares.share(who, made[-1].id, [guest.person_id])
        clock.turn(1)
        await services.dashboards.delete(who, made[-1].id)
    kept = await services.catalog.select(Dashboard)
    assert [dashboard.id for dashboard in kept] == [dashboard.id for dashboard in made[2:]]
    assert await services.catalog.count(DashboardShare) == 3
    monkeypatch.setattr(rookery.core.dashboards, "SPACE_LIMIT", 1_000)
    last = await services.dashboards.create(who)
    clock.turn(1)
    await services.dashboards.delete(who, last.id)
    kept = await services.catalog.select(Dashboard)
    assert [dashboard.id for dashboard in kept] == [made[3].id, made[4].id, last.id]


async def test_only_variables_of_the_space_are_linked() -> None:
    services = memory_services()
    who, other = await ada(services), await person(services, "bob")
    _, (lamp,) = await house(services, who, "lamp")
    _, (foreign,) = await house(services, other, "lamp")
    for unknown in (foreign.id, UNKNOWN, "", "x" * 1_000):
        with pytest.raises(Invalid) as caught:
            await services.dashboards.create(who, widgets=[widget("a", lamp), widget("b", lamp, unknown)])
        assert caught.value.field == "widgets[1].variables[1]"
        assert len(str(caught.value)) < 200
    assert await services.dashboards.visible(who) == []


async def test_a_viewer_sees_and_changes_nothing() -> None:
    services = memory_services()
    owner = await services.people.create("owner@example.org")
    space = await services.people.organisation("Acme", owner)
    viewer = await services.people.create("viewer@example.org")
    await services.people.join(space.id, viewer.id, Role.VIEWER)
    made = await services.dashboards.create(await services.people.principal(owner.id, space.id), name="Wall")
    who = await services.people.principal(viewer.id, space.id)
    assert await services.dashboards.visible(who) == [made]
    for attempt in (
        services.dashboards.create(who),
        services.dashboards.update(who, made.id, name="mine"),
        services.dashboards.delete(who, made.id),
        services.dashboards.clone(who, made.id),
        services.dashboards.link(who, made.id, "w", []),
    ):
        with pytest.raises(Forbidden):
            await attempt
    stranger = await ada(services)
    for hidden in (services.dashboards.get(stranger, made.id), services.dashboards.delete(stranger, made.id)):
        with pytest.raises(NotFound):
            await hidden


async def test_lists_are_filtered() -> None:
    services = memory_services()
    owner = await services.people.create("owner@example.org")
    space = await services.people.organisation("Acme", owner)
    colleague = await services.people.create("colleague@example.org")
    await services.people.join(space.id, colleague.id, Role.EDITOR)
    who = await services.people.principal(owner.id, space.id)
    thing, (lamp, door) = await house(services, who, "lamp", "door")
    other, (bell,) = await house(services, who, "bell")
    first = await wall(services, who, lamp)
    second = await services.dashboards.create(who, name="Bell", widgets=[widget("a"), widget("b", bell, door)])
    third = await services.dashboards.create(await services.people.principal(colleague.id, space.id), name="Wall")
    at_home = await services.dashboards.create(await services.people.principal(owner.id), name="Wall")

    async def found(**filters: Any) -> list[Dashboard]:
        return await services.dashboards.visible(who, **filters)

    assert await found() == [first, second, third]
    assert await found(name="Wall") == [first, third]
    assert await found(person_id=colleague.id) == [third]
    assert await found(thing_id=thing.id.upper()) == [first, second]
    assert await found(thing_id=other.id) == [second]
    assert await found(thing_id=UNKNOWN) == []
    assert await found(name="Wall", thing_id=thing.id) == [first]
    assert await services.dashboards.visible(await services.people.principal(owner.id)) == [at_home]
    await services.things.delete(who, other.id)
    assert await found(thing_id=other.id) == []


class TestChanging:
    async def test_what_is_not_given_stays(self) -> None:
        services = memory_services()
        who = await ada(services)
        _, (lamp,) = await house(services, who, "lamp")
        before = await services.dashboards.create(
            who, name="Wall", cover_image="a", pages=[page("p")], widgets=[widget("w", lamp, page_id="p")]
        )
        after = await services.dashboards.update(who, before.id, name="Other wall")
        assert (after.name, after.cover_image, after.pages, after.widgets) == (
            "Other wall",
            "a",
            before.pages,
            before.widgets,
        )
        assert after.version == before.version + 1
        after = await services.dashboards.update(who, before.id, cover_image=None, pages=[], widgets=[])
        assert (after.name, after.cover_image, after.pages, after.widgets) == ("Other wall", None, [], [])

    async def test_widgets_that_name_no_page_stay_where_they_were(self) -> None:
        services = memory_services()
        who = await ada(services)
        made = await services.dashboards.create(
            who, pages=[page("p"), page("q")], widgets=[widget("a", page_id="p"), widget("b", page_id="q"), widget("c")]
        )
        given = [widget("c", page_id="q"), widget("b"), widget("a"), widget("new")]
        after = await services.dashboards.update(who, made.id, widgets=given)
        assert places(after) == {"c": "q", "b": "q", "a": "p", "new": "0"}
        after = await services.dashboards.update(who, made.id, pages=[page("q")])
        assert places(after) == {"c": "q", "b": "q", "a": "0", "new": "0"}
        with pytest.raises(Invalid) as caught:
            await services.dashboards.update(who, made.id, widgets=[widget("a", page_id="p")])
        assert caught.value.field == "widgets[0].page_id"
        after = await services.dashboards.update(who, made.id, pages=[page("r")], widgets=[widget("a", page_id="r")])
        assert places(after) == {"a": "r"}

    async def test_a_variable_that_was_deleted_does_not_stand_in_the_way(self) -> None:
        services = memory_services()
        who = await ada(services)
        thing, (lamp, door) = await house(services, who, "lamp", "door")
        _, (bell,) = await house(services, who, "bell")
        made = await services.dashboards.create(who, widgets=[widget("w", lamp, door)])
        await services.variables.delete(who, thing, lamp.id)
        await services.variables.delete(who, thing, door.id, force=True)
        after = await services.dashboards.update(who, made.id, widgets=[widget("w", lamp, door, bell, x=1)])
        assert links(after) == {"w": [lamp.id, bell.id]}, "what can come back stays, what is gone goes"
        fresh = await services.dashboards.create(who)
        with pytest.raises(Invalid):
            await services.dashboards.update(who, fresh.id, widgets=[widget("w", lamp)])

    async def test_the_variables_of_one_widget(self) -> None:
        services = memory_services()
        who = await ada(services)
        _, (lamp, door) = await house(services, who, "lamp", "door")
        made = await services.dashboards.create(who, widgets=[widget("a", lamp), widget("b", lamp, options={"x": 1})])
        assert await services.dashboards.link(who, made.id, "B", [door.id.upper(), lamp.id]) == [door.id, lamp.id]
        after = await services.dashboards.get(who, made.id)
        assert links(after) == {"a": [lamp.id], "b": [door.id, lamp.id]}
        assert widgets_of(after)[1].options == {"x": 1}
        assert await services.dashboards.link(who, made.id, "a", []) == []
        with pytest.raises(NotFound, match="widget"):
            await services.dashboards.link(who, made.id, "c", [])
        for wrong, field in (
            ([UNKNOWN], "variables[0]"),
            ([lamp.id, lamp.id.upper()], "variables"),
            ([UNKNOWN] * 51, "variables"),
        ):
            with pytest.raises(Invalid) as caught:
                await services.dashboards.link(who, made.id, "a", wrong)
            assert caught.value.field == field

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"name": ""}, "name"),
            ({"name": "n" * 65}, "name"),
            ({"cover_image": "i" * 1_025}, "cover_image"),
            ({"pages": [page(str(n)) for n in range(31)]}, "pages"),
            ({"widgets": [widget(str(n)) for n in range(301)]}, "widgets"),
        ],
    )
    async def test_limits(self, fields: dict[str, Any], field: str) -> None:
        services = memory_services()
        who = await ada(services)
        made = await services.dashboards.create(who, name="Wall")
        for attempt in (services.dashboards.create(who, **fields), services.dashboards.update(who, made.id, **fields)):
            with pytest.raises(Invalid) as caught:
                await attempt
            assert caught.value.field == field
        assert await services.dashboards.visible(who) == [made]


class TestDeleting:
    async def test_it_comes_back_with_everything(self) -> None:
        services = memory_services()
        who, guest = await ada(services), await person(services, "guest")
        _, (lamp,) = await house(services, who, "lamp")
        made = await wall(services, who, lamp)
        await services.dashboard_shares.share(who, made.id, [guest.person_id])
        token = (await services.dashboard_links.make(who, made.id)).token
        await services.dashboards.delete(who, made.id)
        for hidden in (
            services.dashboards.get(who, made.id),
            services.dashboards.get(guest, made.id),
            services.dashboards.delete(who, made.id),
            services.dashboards.link(who, made.id, "w0", []),
            services.dashboards.clone(who, made.id),
            services.dashboard_links.open(token),
            services.dashboard_access.variable(guest, lamp.id),
        ):
            with pytest.raises(NotFound):
                await hidden
        assert await services.dashboards.visible(who) == await services.dashboards.visible(guest) == []
        with pytest.raises(NotFound):
            await services.dashboards.update(guest, made.id, name="mine")
        assert (await services.dashboards.get(who, made.id, deleted=True)).deleted_at is not None
        back = await services.dashboards.update(who, made.id)
        assert (back.deleted_at, back.widgets) == (None, made.widgets)
        assert await services.dashboards.visible(guest) == [back]
        assert (await services.dashboard_links.open(token)).dashboard == back

    @pytest.mark.parametrize("soft_first", [False, True])
    async def test_for_good(self, soft_first: bool) -> None:
        services = memory_services()
        who, guest = await ada(services), await person(services, "guest")
        made = await services.dashboards.create(who)
        other = await services.dashboards.create(who)
        for dashboard in (made, other):
            await services.dashboard_shares.share(who, dashboard.id, [guest.person_id])
            await services.dashboard_links.make(who, dashboard.id)
        if soft_first:
            await services.dashboards.delete(who, made.id)
        await services.dashboards.delete(who, made.id, force=True)
        with pytest.raises(NotFound):
            await services.dashboards.update(who, made.id, name="x")
        for kind in (Dashboard, DashboardShare, DashboardLink):
            assert await services.catalog.count(kind) == 1
        assert await services.dashboards.visible(guest) == [other]

    async def test_things_and_variables_go_and_come_back_below_it(self) -> None:
        services = memory_services()
        who = await ada(services)
        thing, (lamp,) = await house(services, who, "lamp")
        made = await wall(services, who, lamp)
        await services.things.delete(who, thing.id)
        assert await services.dashboards.get(who, made.id) == made
        await services.things.update(who, thing.id, {})
        assert await services.dashboards.get(who, made.id) == made
        await services.things.delete(who, thing.id, force=True)
        assert await services.dashboards.get(who, made.id) == made


class TestCopying:
    async def test_a_copy_has_ids_of_its_own_and_is_shared_with_nobody(self) -> None:
        services = memory_services()
        who, guest = await ada(services), await person(services, "guest")
        _, (lamp,) = await house(services, who, "lamp")
        widgets = [widget("a", lamp, page_id="q"), widget("b")]
        made = await services.dashboards.create(
            who, name="Wall", cover_image="i", pages=[page("p"), page("q")], widgets=widgets
        )
        await services.dashboard_shares.share(who, made.id, [guest.person_id])
        copy = await services.dashboards.clone(who, made.id)
        assert (copy.name, copy.cover_image) == ("Wall (copy)", "i")
        (first, second), (old_first, old_second) = pages_of(copy), pages_of(made)
        assert len({first.id, second.id, old_first.id, old_second.id}) == 4
        assert [widget.page_id for widget in widgets_of(copy)] == [second.id, "0"]
        assert list(links(copy).values()) == [[lamp.id], []]
        assert links(copy).keys().isdisjoint(links(made).keys())
        assert await services.dashboards.visible(guest) == [made]

    async def test_a_long_name_has_room_for_its_suffix(self) -> None:
        services = memory_services()
        who = await ada(services)
        copy = await services.dashboards.clone(who, (await services.dashboards.create(who, name="n" * 64)).id)
        assert copy.name == "n" * 57 + " (copy)"

    async def test_variables_follow_to_another_thing_by_their_symbols(self) -> None:
        services = memory_services()
        who = await ada(services)
        old, (lamp, door, bell) = await house(services, who, "lamp", "door", "bell")
        new, (new_door, new_lamp) = await house(services, who, "door", "lamp")
        _, (kept,) = await house(services, who, "lamp")
        options = {"axes": {lamp.id: "left", bell.id: "right"}, "list": [{"property": door.id}], "note": "x"}
        made = await services.dashboards.create(
            who, widgets=[widget("a", lamp, bell, kept), widget("b", door, options=options)]
        )
        copy = await services.dashboards.clone(who, made.id, {old.id.upper(): new.id.upper()})
        assert list(links(copy).values()) == [[new_lamp.id, bell.id, kept.id], [new_door.id]]
        assert widgets_of(copy)[1].options == {
            "axes": {new_lamp.id: "left", bell.id: "right"},
            "list": [{"property": new_door.id}],
            "note": "x",
        }
        assert await services.dashboards.get(who, made.id) == made
        for unknown in (UNKNOWN, (await house(services, await person(services, "bob"), "lamp"))[0].id):
            with pytest.raises(NotFound, match="thing"):
                await services.dashboards.clone(who, made.id, {old.id: unknown})

    async def test_a_dashboard_that_was_given_is_copied_without_what_belongs_to_others(self) -> None:
        services = memory_services()
        who, guest = await ada(services), await person(services, "guest")
        theirs, (lamp, door) = await house(services, who, "lamp", "door")
        mine, (my_lamp,) = await house(services, guest, "lamp")
        made = await services.dashboards.create(who, widgets=[widget("a", lamp, door), widget("b", door)])
        await services.dashboard_shares.share(who, made.id, [guest.person_id])
        copy = await services.dashboards.clone(guest, made.id, {theirs.id: mine.id})
        assert copy.space_id == copy.person_id == guest.person_id
        assert list(links(copy).values()) == [[my_lamp.id], []]
        with pytest.raises(Forbidden, match="shared with you"):
            await services.dashboards.get(guest, made.id, Action.CHANGE)

    async def test_what_was_deleted_is_not_copied(self) -> None:
        services = memory_services()
        who = await ada(services)
        thing, (lamp, door) = await house(services, who, "lamp", "door")
        made = await services.dashboards.create(who, widgets=[widget("a", lamp, door)])
        await services.variables.delete(who, thing, lamp.id)
        copy = await services.dashboards.clone(who, made.id)
        assert list(links(copy).values()) == [[door.id]]
