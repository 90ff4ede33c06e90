"""Sharing with people, and asking for it."""

from __future__ import annotations

import msgspec
import pytest

import rookery.core.dashboard_shares
from rookery.core.clock import SECOND
from rookery.core.dashboard_shares import REQUEST_LIFETIME
from rookery.core.errors import Forbidden, Invalid, LimitReached, NotFound, WrongBearer
from rookery.core.records import Bearer, DashboardRequest, DashboardShare, Role
from tests.core.dashboard_scene import UNKNOWN, person
from tests.fakes import ManualClock, RecordingBus, memory_services

TOLD = ["dashboard", "dashboards"]


async def test_a_dashboard_is_shared_and_taken_back() -> None:
    bus = RecordingBus()
    services = memory_services(bus=bus)
    shares = services.dashboard_shares
    who, guest, third = [await person(services, name) for name in ("ada", "guest", "third")]
    made = await services.dashboards.create(who, name="Wall")
    assert await shares.persons(who, made.id) == []
    bus.heard.clear()
    await shares.share(who, made.id, [third.person_id.upper(), guest.person_id])
    await shares.share(who, made.id, [guest.person_id, who.person_id])
    assert [p.id for p in await shares.persons(who, made.id)] == [third.person_id, guest.person_id]
    assert [channel.split(".")[0] for channel, _ in bus.heard] == TOLD * 2
    assert await services.dashboards.visible(guest) == [made]
    assert await services.dashboards.get(guest, made.id) == made
    await shares.unshare(who, made.id, guest.person_id.upper())
    assert await services.dashboards.visible(guest) == []
    with pytest.raises(NotFound):
        await services.dashboards.get(guest, made.id)
    with pytest.raises(NotFound, match="not shared"):
        await shares.unshare(who, made.id, guest.person_id)
    assert await services.dashboards.visible(third) == [made]


async def test_all_or_nobody() -> None:
    services = memory_services()
    who, guest = [await person(services, name) for name in ("ada", "guest")]
    made = await services.dashboards.create(who)
    with pytest.raises(NotFound, match="user"):
        await services.dashboard_shares.share(who, made.id, [guest.person_id, UNKNOWN])
    assert await services.dashboard_shares.persons(who, made.id) == []


async def test_so_many_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rookery.core.dashboard_shares, "SHARES_LIMIT", 2)
    services = memory_services()
    who, *guests = [await person(services, name) for name in ("ada", "a", "b", "c")]
    made = await services.dashboards.create(who)
    ids = [guest.person_id for guest in guests]
    with pytest.raises(LimitReached):
        await services.dashboard_shares.share(who, made.id, ids)
    await services.dashboard_shares.share(who, made.id, ids[:2])
    await services.dashboard_shares.share(who, made.id, ids[:2])
    with pytest.raises(LimitReached):
        await services.dashboard_shares.share(who, made.id, ids[2:])


async def test_what_was_given_can_be_given_back_and_not_passed_on() -> None:
    services = memory_services()
    shares = services.dashboard_shares
    who, guest, third = [await person(services, name) for name in ("ada", "guest", "third")]
    made = await services.dashboards.create(who)
    await shares.share(who, made.id, [guest.person_id, third.person_id])
    for attempt in (
        shares.share(guest, made.id, [third.person_id]),
        shares.unshare(guest, made.id, third.person_id),
        shares.persons(guest, made.id),
        shares.requests(guest, made.id),
        shares.decline(guest, made.id, third.person_id),
        services.dashboard_links.make(guest, made.id),
        services.dashboard_links.of(guest, made.id),
        services.dashboard_links.withdraw(guest, made.id, "x"),
    ):
        with pytest.raises(Forbidden):
            await attempt
    await shares.unshare(guest, made.id, guest.person_id)
    assert [p.id for p in await shares.persons(who, made.id)] == [third.person_id]
    for hidden in (shares.unshare(guest, made.id, guest.person_id), shares.persons(guest, made.id)):
        with pytest.raises(NotFound):
            await hidden


async def test_a_dashboard_of_an_organisation_is_shared_with_people_outside_it() -> None:
    services = memory_services()
    owner = await services.people.create("owner@example.org")
    space = await services.people.organisation("Acme", owner)
    who = await services.people.principal(owner.id, space.id)
    viewer = await services.people.create("viewer@example.org")
    await services.people.join(space.id, viewer.id, Role.VIEWER)
    guest = await person(services, "guest")
    made = await services.dashboards.create(who)
    await services.dashboard_shares.share(who, made.id, [guest.person_id, viewer.id])
    assert await services.dashboards.visible(guest) == [made]
    assert await services.dashboards.visible(await services.people.principal(viewer.id, space.id)) == [made]
    assert await services.dashboards.visible(await services.people.principal(viewer.id)) == [made]


class TestAsking:
    async def test_a_request_waits_until_it_is_answered(self) -> None:
        clock = ManualClock()
        services = memory_services(clock=clock)
        shares = services.dashboard_shares
        who, guest, third = [await person(services, name) for name in ("ada", "guest", "third")]
        made = await services.dashboards.create(who)
        await shares.ask(guest, made.id.upper(), "Please")
        clock.turn(1)
        await shares.ask(third, made.id)
        clock.turn(1)
        await shares.ask(guest, made.id, "Please, please")
        asked = await shares.requests(who, made.id)
        assert [(r.person.id, r.message) for r in asked] == [(third.person_id, ""), (guest.person_id, "Please, please")]
        assert asked[1].time == clock.now()
        assert await services.dashboards.visible(guest) == [], "asking opens nothing"
        await shares.decline(who, made.id, third.person_id.upper())
        with pytest.raises(NotFound):
            await shares.decline(who, made.id, third.person_id)
        await shares.share(who, made.id, [guest.person_id])
        assert await shares.requests(who, made.id) == []
        assert await services.catalog.count(DashboardRequest) == 0

    async def test_whoever_can_see_it_need_not_ask(self) -> None:
        services = memory_services()
        shares = services.dashboard_shares
        who, guest = [await person(services, name) for name in ("ada", "guest")]
        made = await services.dashboards.create(who)
        await shares.share(who, made.id, [guest.person_id])
        await shares.ask(who, made.id)
        await shares.ask(guest, made.id)
        assert await shares.requests(who, made.id) == []

    async def test_a_request_does_not_wait_for_ever(self) -> None:
        clock = ManualClock()
        services = memory_services(clock=clock)
        shares = services.dashboard_shares
        who, guest = [await person(services, name) for name in ("ada", "guest")]
        made = await services.dashboards.create(who)
        await shares.ask(guest, made.id)
        clock.turn(REQUEST_LIFETIME // SECOND - 1)
        assert len(await shares.requests(who, made.id)) == 1
        clock.turn(1)
        assert await shares.requests(who, made.id) == []

    async def test_limits(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rookery.core.dashboard_shares, "REQUESTS_LIMIT", 1)
        services = memory_services()
        shares = services.dashboard_shares
        who, guest, third = [await person(services, name) for name in ("ada", "guest", "third")]
        made = await services.dashboards.create(who)
        with pytest.raises(Invalid) as caught:
            await shares.ask(guest, made.id, "m" * 1_001)
        assert caught.value.field == "message"
        await shares.ask(guest, made.id, "m" * 1_000)
        await shares.ask(guest, made.id, "again")
        with pytest.raises(LimitReached):
            await shares.ask(third, made.id)

    async def test_nobody_asks_for_what_is_not_there(self) -> None:
        services = memory_services()
        who, guest = [await person(services, name) for name in ("ada", "guest")]
        made = await services.dashboards.create(who)
        await services.dashboards.delete(who, made.id)
        for id in (made.id, UNKNOWN):
            with pytest.raises(NotFound):
                await services.dashboard_shares.ask(guest, id)

    @pytest.mark.parametrize("bearer", [Bearer.CUSTOMER, Bearer.PRODUCT, Bearer.PROGRAM])
    async def test_only_people_ask(self, bearer: Bearer) -> None:
        services = memory_services()
        who, guest = [await person(services, name) for name in ("ada", "guest")]
        made = await services.dashboards.create(who)
        with pytest.raises(WrongBearer):
            await services.dashboard_shares.ask(msgspec.structs.replace(guest, bearer=bearer), made.id)


async def test_nothing_is_left_of_a_person_who_is_deleted() -> None:
    services = memory_services()
    shares = services.dashboard_shares
    who, guest, third = [await person(services, name) for name in ("ada", "guest", "third")]
    space = await services.people.organisation("Acme", await services.people.find("guest@example.org"))
    theirs = await services.dashboards.create(who)
    await shares.share(who, theirs.id, [guest.person_id, third.person_id])
    other = await services.dashboards.create(who)
    await shares.ask(guest, other.id)
    await shares.ask(third, other.id)
    own = await services.dashboards.create(guest)
    await shares.share(guest, own.id, [third.person_id])
    await services.dashboard_links.make(guest, own.id)
    acting = await services.people.principal(guest.person_id, space.id)
    left = await services.dashboards.create(acting)
    token = (await services.dashboard_links.make(acting, left.id)).token
    await services.people.join(space.id, third.person_id, Role.OWNER)
    await services.accounts.delete(await services.people.find("guest@example.org"))
    assert [p.id for p in await shares.persons(who, theirs.id)] == [third.person_id]
    assert [r.person.id for r in await shares.requests(who, other.id)] == [third.person_id]
    assert await services.dashboards.visible(third) == [theirs]
    assert await services.catalog.count(DashboardShare) == 1
    assert await services.dashboards.visible(await services.people.principal(third.person_id, space.id)) == [left]
    with pytest.raises(NotFound):
        await services.dashboard_links.open(token)
