"""Links under which everybody may look at a dashboard."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

import rookery.core.dashboard_links
from rookery.core.catalog import Update, changed
from rookery.core.clock import SECOND
from rookery.core.errors import Invalid, LimitReached, NotFound, WrongBearer
from rookery.core.records import Bearer, DashboardLink
from tests.core.dashboard_scene import UNKNOWN, house, person, wall
from tests.fakes import ManualClock, RecordingBus, memory_services


async def test_a_link_opens_the_dashboard_until_it_is_withdrawn() -> None:
    bus = RecordingBus()
    services = memory_services(bus=bus)
    links = services.dashboard_links
    who = await person(services, "ada")
    thing, (lamp, door) = await house(services, who, "lamp", "door")
    made = await wall(services, who, lamp)
    first, second = await links.make(who, made.id.upper(), name="kitchen"), await links.make(who, made.id)
    assert len(first.token) == 43
    assert first.link.id == hashlib.sha256(first.token.encode()).hexdigest()
    assert first.token not in repr(await services.catalog.select(DashboardLink))
    opened = await links.open(first.token)
    assert (opened.link, opened.dashboard, opened.variables) == (first.link, made, frozenset({lamp.id}))
    assert await links.variable(first.token, lamp.id.upper()) == lamp
    assert {link.id for link in await links.of(who, made.id)} == {first.link.id, second.link.id}
    for id in (door.id, UNKNOWN, thing.id, ""):
        with pytest.raises(NotFound):
            await links.variable(first.token, id)
    bus.heard.clear()
    await links.withdraw(who, made.id, first.link.id)
    assert [channel for channel, _ in bus.heard] == [f"dashboard.{made.id}", "dashboards"]
    with pytest.raises(NotFound):
        await links.withdraw(who, made.id, first.link.id)
    for closed in (links.open(first.token), links.variable(first.token, lamp.id)):
        with pytest.raises(NotFound, match="does not work"):
            await closed
    assert (await links.open(second.token)).dashboard == made
    assert await links.of(who, made.id) == [second.link]


async def test_a_link_shows_what_the_dashboard_shows_now() -> None:
    services = memory_services()
    who = await person(services, "ada")
    thing, (lamp, door) = await house(services, who, "lamp", "door")
    made = await wall(services, who, lamp)
    token = (await services.dashboard_links.make(who, made.id)).token
    await services.dashboards.link(who, made.id, "w0", [door.id])
    assert (await services.dashboard_links.open(token)).variables == {door.id}
    with pytest.raises(NotFound):
        await services.dashboard_links.variable(token, lamp.id)
    await services.variables.delete(who, thing, door.id)
    with pytest.raises(NotFound):
        await services.dashboard_links.variable(token, door.id)


async def test_a_variable_that_went_to_another_space_is_not_shown() -> None:
    services = memory_services()
    who, other = await person(services, "ada"), await person(services, "bob")
    _, (lamp,) = await house(services, who, "lamp")
    made = await wall(services, who, lamp)
    token = (await services.dashboard_links.make(who, made.id)).token
    await services.dashboard_shares.share(who, made.id, [other.person_id])
    third = await person(services, "third")
    await services.catalog.apply(Update(changed(lamp, 1, space_id=third.space_id)))
    for hidden in (
        services.dashboard_links.variable(token, lamp.id),
        services.dashboard_access.variable(other, lamp.id),
    ):
        with pytest.raises(NotFound):
            await hidden


async def test_a_link_may_have_an_end() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who = await person(services, "ada")
    made = await services.dashboards.create(who)
    for past in (0, clock.now()):
        with pytest.raises(Invalid) as caught:
            await services.dashboard_links.make(who, made.id, expires_at=past)
        assert caught.value.field == "expires_at"
    link = await services.dashboard_links.make(who, made.id, expires_at=clock.now() + 60 * SECOND)
    clock.turn(59)
    await services.dashboard_links.open(link.token)
    clock.turn(1)
    with pytest.raises(NotFound, match="does not work"):
        await services.dashboard_links.open(link.token)
    assert await services.dashboard_links.of(who, made.id) == []


async def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rookery.core.dashboard_links, "LINKS_LIMIT", 2)
    clock = ManualClock()
    services = memory_services(clock=clock)
    links = services.dashboard_links
    who = await person(services, "ada")
    made = await services.dashboards.create(who)
    with pytest.raises(Invalid) as caught:
        await links.make(who, made.id, name="n" * 65)
    assert caught.value.field == "name"
    await links.make(who, made.id, expires_at=clock.now() + 1)
    kept = await links.make(who, made.id, name="n" * 64)
    with pytest.raises(LimitReached):
        await links.make(who, made.id)
    clock.turn(1)
    await links.make(who, made.id)
    await links.withdraw(who, made.id, kept.link.id)
    await links.make(who, made.id)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "x" * 100_000, "\0", "ü"])
async def test_what_is_no_token(token: str) -> None:
    services = memory_services()
    who = await person(services, "ada")
    await services.dashboard_links.make(who, (await services.dashboards.create(who)).id)
    with pytest.raises(NotFound, match="does not work"):
        await services.dashboard_links.open(token)


@pytest.mark.parametrize("change", [{"bearer": Bearer.PROGRAM}, {"bearer": Bearer.CUSTOMER}])
async def test_only_people_make_links(change: dict[str, Any]) -> None:
    services = memory_services()
    who = await person(services, "ada")
    made = await services.dashboards.create(who)
    with pytest.raises(WrongBearer):
        await services.dashboard_links.make(msgspec.structs.replace(who, **change), made.id)


async def test_links_are_withdrawn_where_they_were_made() -> None:
    services = memory_services()
    who, other = await person(services, "ada"), await person(services, "bob")
    made, theirs = await services.dashboards.create(who), await services.dashboards.create(other)
    link = await services.dashboard_links.make(who, made.id)
    for attempt in (
        services.dashboard_links.withdraw(other, theirs.id, link.link.id),
        services.dashboard_links.withdraw(other, made.id, link.link.id),
    ):
        with pytest.raises(NotFound):
            await attempt
    await services.dashboard_links.open(link.token)
