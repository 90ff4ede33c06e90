"""What a dashboard opens of boards, and when that ends."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.core.access import Principal
from rookery.core.catalog import Update, changed
from rookery.core.clock import SECOND
from rookery.core.dashboard_sources import NAME_LIMIT, Source, SourceKind, hears, sources_of
from rookery.core.errors import NotFound
from rookery.core.events import Event, of_device
from rookery.core.records import Dashboard, Device
from rookery.core.services import Services
from tests.core.dashboard_scene import person, widget
from tests.fakes import ManualClock, connect, memory_services, settled

HEX = "0123456789abcdef01234567"
OTHER = "fedcba987654321001234567"
LEVEL = Source(HEX, SourceKind.VARIABLE, "level")
ALARM = Source(HEX, SourceKind.EVENT, "alarm")
LATEST = 1 << 62


def named(kind: Any = "variable", name: Any = "level", device: Any = HEX) -> dict[str, Any]:
    """Options that name a source."""
    return {"source": {"device": device, "kind": kind, "name": name, "type": "FLOAT"}}


async def board(services: Services, who: Principal, hex_id: str = HEX) -> Device:
    return await services.enrolment.enrol(
        hex_id, "wild", "hawk", space_id=who.space_id, person_id=who.person_id, name="brave_heron"
    )


async def wall(services: Services, who: Principal, *options: dict[str, Any]) -> Dashboard:
    """A dashboard with one widget for each of these options."""
    widgets = [widget(f"w{place}", options=each) for place, each in enumerate(options)]
    return await services.dashboards.create(who, name="Wall", widgets=widgets)


async def closed(services: Services, dashboard: Dashboard, source: Source = LEVEL) -> bool:
    try:
        await services.dashboard_sources.board(dashboard, source)
    except NotFound:
        return True
    return False


async def test_what_a_widget_names_is_opened_and_nothing_beside_it() -> None:
    services = memory_services()
    who = await person(services, "ada")
    made = await board(services, who)
    await board(services, who, OTHER)
    dashboard = await wall(
        services, who, named(device=HEX.upper()), named("event", "alarm"), named("function", "light")
    )
    for shown in (LEVEL, ALARM, Source(HEX, SourceKind.FUNCTION, "light")):
        assert await services.dashboard_sources.board(dashboard, shown) == made
    for hidden in (
        Source(HEX, SourceKind.VARIABLE, "secret"),
        Source(HEX, SourceKind.VARIABLE, "Level"),
        Source(HEX, SourceKind.VARIABLE, "alarm"),
        Source(HEX, SourceKind.EVENT, "level"),
        Source(HEX, SourceKind.EVENT, "alar"),
        Source(OTHER, SourceKind.VARIABLE, "level"),
        Source(made.id, SourceKind.VARIABLE, "level"),
        Source("", SourceKind.VARIABLE, ""),
    ):
        assert await closed(services, dashboard, hidden), hidden


async def test_it_shows_a_connected_board_too() -> None:
    services = memory_services()
    who = await person(services, "ada")
    made = await board(services, who)
    dashboard = await wall(services, who, named())
    connect(services, made)
    assert await services.dashboard_sources.board(dashboard, LEVEL) == made


async def test_it_ends_with_the_widget_and_the_dashboard() -> None:
    services = memory_services()
    who = await person(services, "ada")
    await board(services, who)
    dashboard = await wall(services, who, named())
    assert not await closed(services, dashboard)
    without = await services.dashboards.update(who, dashboard.id, widgets=[widget("w0")])
    assert await closed(services, without)
    back = await services.dashboards.update(who, dashboard.id, widgets=[widget("w9", options=named())])
    assert not await closed(services, back)
    await services.dashboards.delete(who, dashboard.id)
    deleted = await services.catalog.get(Dashboard, dashboard.id)
    assert deleted is not None
    assert await closed(services, deleted)


async def test_it_ends_with_the_share_and_the_link() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who, guest = await person(services, "ada"), await person(services, "guest")
    await board(services, who)
    dashboard = await wall(services, who, named())
    links = services.dashboard_links
    first = await links.make(who, dashboard.id)
    second = await links.make(who, dashboard.id, expires_at=clock.now() + 60 * SECOND)
    for link in (first, second):
        assert not await closed(services, (await links.open(link.token)).dashboard)
    with pytest.raises(NotFound):
        await services.dashboards.get(guest, dashboard.id)
    await services.dashboard_shares.share(who, dashboard.id, [guest.person_id])
    assert not await closed(services, await services.dashboards.get(guest, dashboard.id))
    await services.dashboard_shares.unshare(who, dashboard.id, guest.person_id)
    with pytest.raises(NotFound):
        await services.dashboards.get(guest, dashboard.id)
    await links.withdraw(who, dashboard.id, first.link.id)
    clock.turn(60)
    for link in (first, second):
        with pytest.raises(NotFound):
            await links.open(link.token)


async def test_only_boards_of_its_own_space_are_opened() -> None:
    services = memory_services()
    who, other = await person(services, "ada"), await person(services, "bob")
    made = await board(services, who)
    stolen = await wall(services, other, named())
    assert await closed(services, stolen), "naming a board gives no right to it"
    dashboard = await wall(services, who, named())
    await services.dashboard_shares.share(who, dashboard.id, [other.person_id])
    copy = await services.dashboards.clone(other, dashboard.id)
    assert list(sources_of(copy)) == [LEVEL]
    assert await closed(services, copy)
    for space_id in (other.space_id, ""):
        held = await services.catalog.get(Device, made.id)
        assert held is not None
        await services.catalog.apply(Update(changed(held, 1, space_id=space_id)))
        assert await closed(services, dashboard)
    held = await services.catalog.get(Device, made.id)
    assert held is not None
    await services.catalog.apply(Update(changed(held, 1, space_id=who.space_id, deleted_at=1)))
    assert await closed(services, dashboard)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"source": None},
        {"source": "level"},
        {"source": {}},
        named(kind="secret"),
        named(kind=["variable"]),
        named(kind=None),
        named(name=""),
        named(name=7),
        named(name="x" * (NAME_LIMIT + 1)),
        named(device=None),
        {"sources": named()["source"]},
    ],
)
async def test_options_are_anybodys_and_may_name_nothing(options: dict[str, Any]) -> None:
    services = memory_services()
    who = await person(services, "ada")
    dashboard = await wall(services, who, options, named(name="x" * NAME_LIMIT))
    assert list(sources_of(dashboard)) == [Source(HEX, SourceKind.VARIABLE, "x" * NAME_LIMIT)]


async def test_events_are_those_of_one_name_and_of_the_present_owner() -> None:
    services = memory_services()
    who, former = await person(services, "ada"), await person(services, "former")
    made = await board(services, who)
    dashboard = await wall(services, who, named("event", "alarm"), named())
    told = [("alarm", "0", former), ("alarm", "1", who), ("alarms", "2", who), ("alarm", "3", who), ("alarm", "4", who)]
    for time, (name, data, owner) in enumerate(told, 1):
        event = of_device(changed(made, 1, space_id=owner.space_id), name=name, data=data.encode(), time=time)
        services.events.publish(event, made.events)
    await settled()
    read = services.dashboard_sources.events
    assert [event.data for event in await read(dashboard, ALARM, 10, LATEST)] == [b"4", b"3", b"1"]
    assert [event.data for event in await read(dashboard, ALARM, 2, LATEST)] == [b"4", b"3"]
    assert [event.data for event in await read(dashboard, ALARM, 10, 4)] == [b"1"]
    for source in (Source(HEX, SourceKind.EVENT, "alarms"), Source(HEX, SourceKind.EVENT, "level")):
        with pytest.raises(NotFound):
            await read(dashboard, source, 10, LATEST)
    assert await read(dashboard, LEVEL, 10, LATEST) == []


async def test_a_board_that_never_published_has_no_events() -> None:
    services = memory_services()
    who = await person(services, "ada")
    made = await board(services, who)
    await services.catalog.apply(Update(changed(made, 1, events=0)))
    dashboard = await wall(services, who, named("event", "alarm"))
    assert await services.dashboard_sources.events(dashboard, ALARM, 10, LATEST) == []


def test_what_is_heard_live_is_what_is_read() -> None:
    event = Event(name="alarm", time=1, source=HEX, owner_id="ours")
    assert hears("ours", ALARM, event)
    assert not hears("theirs", ALARM, event)
    assert not hears("ours", ALARM._replace(name="alar"), event)
    assert not hears("ours", ALARM._replace(kind=SourceKind.VARIABLE), event)
