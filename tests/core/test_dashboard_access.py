"""What somebody may do to variables because of a dashboard that others share."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import rookery.core.dashboard_access
from rookery.core.access import Action, Principal
from rookery.core.errors import Forbidden, NotFound
from rookery.core.records import Bearer, Role, Variable
from rookery.core.services import Services
from tests.core.dashboard_scene import UNKNOWN, house, person, wall, widget
from tests.fakes import MemoryCatalog, memory_services


async def opened(services: Services, who: Principal, variable: Variable) -> list[Action]:
    return [action for action in Action if await services.dashboard_access.opens(who, variable, action)]


async def test_variables_on_it_are_read_and_writable_ones_set() -> None:
    services = memory_services()
    who, guest, stranger = [await person(services, name) for name in ("ada", "guest", "stranger")]
    thing, (lamp, temperature, door) = await house(services, who, "lamp", "temperature", "door")
    made = await wall(services, who, lamp, temperature)
    await services.dashboard_shares.share(who, made.id, [guest.person_id])
    assert await opened(services, guest, lamp) == [Action.READ, Action.WRITE_VALUE]
    assert await opened(services, guest, temperature) == [Action.READ]
    assert await opened(services, guest, door) == []
    assert await opened(services, stranger, lamp) == []
    assert await services.dashboard_access.variables(guest) == {lamp.id, temperature.id}
    assert await services.dashboard_access.variables(guest, who.space_id) == {lamp.id, temperature.id}
    assert await services.dashboard_access.variables(guest, guest.space_id) == frozenset()
    assert await services.dashboard_access.variables(stranger) == frozenset()
    access = services.dashboard_access
    assert await access.variable(guest, lamp.id.upper(), Action.WRITE_VALUE, thing_id=thing.id.upper()) == lamp
    live = await access.live(guest, thing.id.upper(), lamp.id.upper(), Action.WRITE_VALUE)
    assert live.by_id[lamp.id].record == lamp
    with pytest.raises(Forbidden, match="writable"):
        await access.live(guest, thing.id, temperature.id, Action.WRITE_VALUE)
    for hidden in (
        access.variable(guest, door.id),
        access.variable(guest, door.id, Action.CHANGE),
        access.variable(stranger, lamp.id),
        access.variable(guest, UNKNOWN),
        access.variable(guest, lamp.id, thing_id=UNKNOWN),
        access.live(guest, UNKNOWN, lamp.id),
        access.live(guest, thing.id, door.id),
        services.things.get(guest, thing.id),
        services.variables.by_id(guest, lamp.id),
    ):
        with pytest.raises(NotFound):
            await hidden


async def test_it_ends_with_the_share_the_link_and_the_dashboard() -> None:
    services = memory_services()
    who, guest = [await person(services, name) for name in ("ada", "guest")]
    thing, (lamp, door) = await house(services, who, "lamp", "door")
    first, second = await wall(services, who, lamp), await wall(services, who, lamp, door)
    for made in (first, second):
        await services.dashboard_shares.share(who, made.id, [guest.person_id])
    read = services.dashboard_access.variables
    assert await read(guest) == {lamp.id, door.id}
    await services.dashboards.delete(who, second.id)
    assert await read(guest) == {lamp.id}
    await services.dashboards.update(who, second.id)
    assert await read(guest) == {lamp.id, door.id}
    await services.dashboards.link(who, second.id, "w1", [])
    assert await read(guest) == {lamp.id}
    await services.dashboard_shares.unshare(who, first.id, guest.person_id)
    assert await read(guest) == {lamp.id}
    await services.dashboards.delete(who, second.id, force=True)
    assert await read(guest) == frozenset()
    await services.dashboard_shares.share(who, first.id, [guest.person_id])
    await services.variables.delete(who, thing, lamp.id)
    with pytest.raises(NotFound):
        await services.dashboard_access.variable(guest, lamp.id)


async def test_a_viewer_who_was_given_a_dashboard_uses_its_widgets() -> None:
    services = memory_services()
    owner = await services.people.create("owner@example.org")
    space = await services.people.organisation("Acme", owner)
    who = await services.people.principal(owner.id, space.id)
    viewer = await services.people.create("viewer@example.org")
    await services.people.join(space.id, viewer.id, Role.VIEWER)
    guest = await services.people.principal(viewer.id, space.id)
    thing, (lamp, door) = await house(services, who, "lamp", "door")
    made = await wall(services, who, lamp)
    await services.dashboard_shares.share(who, made.id, [viewer.id])
    with pytest.raises(Forbidden):
        await services.things.live(guest, thing.id, Action.WRITE_VALUE)
    await services.dashboard_access.live(guest, thing.id, lamp.id, Action.WRITE_VALUE)
    with pytest.raises(NotFound):
        await services.dashboard_access.live(guest, thing.id, door.id, Action.WRITE_VALUE)


@pytest.mark.parametrize(
    "change",
    [{"bearer": Bearer.PROGRAM}, {"bearer": Bearer.CUSTOMER}, {"scopes": frozenset({"*:*"})}, {"person_id": ""}],
)
async def test_only_people_are_given_anything(change: dict[str, Any]) -> None:
    services = memory_services()
    who, guest = [await person(services, name) for name in ("ada", "guest")]
    _, (lamp,) = await house(services, who, "lamp")
    made = await wall(services, who, lamp)
    await services.dashboard_shares.share(who, made.id, [guest.person_id])
    other = msgspec.structs.replace(guest, **change)
    assert await opened(services, other, lamp) == []
    assert not await services.dashboard_access.has(other, made)
    assert await services.dashboard_access.has(guest, made)


async def test_what_dashboards_show_is_remembered_as_long_as_they_do_not_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rookery.core.dashboard_access, "REMEMBERED", 2)
    services = memory_services()
    assert isinstance(services.catalog, MemoryCatalog)
    who, guest = [await person(services, name) for name in ("ada", "guest")]
    _, variables = await house(services, who, "a", "b", "c")
    made = [await wall(services, who, variable) for variable in variables]
    for dashboard in made:
        await services.dashboard_shares.share(who, dashboard.id, [guest.person_id])
    all_of_them = {variable.id for variable in variables}
    assert await services.dashboard_access.variables(guest) == all_of_them
    assert await services.dashboard_access.variables(guest) == all_of_them, "more than are remembered"
    await services.dashboard_shares.unshare(who, made[0].id, guest.person_id)
    for _ in range(2):
        before = services.catalog.reads
        assert await services.dashboard_access.variables(guest) == {variables[1].id, variables[2].id}
        cost = services.catalog.reads - before
    assert cost == 2, "who gave what, and whether it has changed; no dashboard is read"
    await services.dashboards.update(who, made[1].id, widgets=[widget("w", variables[0])])
    assert await services.dashboard_access.variables(guest) == {variables[0].id, variables[2].id}
