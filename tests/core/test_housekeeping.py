"""What was deleted long ago goes for good, and what was deleted lately can still come back."""

from __future__ import annotations

from rookery.core.clock import DAY, SECOND
from rookery.core.housekeeping import Housekeeping
from rookery.core.records import (
    Bearer,
    ClaimCode,
    Dashboard,
    DashboardLink,
    DashboardRequest,
    DashboardShare,
    OneTimeLink,
    Thing,
    Token,
    Variable,
)
from rookery.core.tokens import REFRESH_LONGER
from tests.core.dashboard_scene import person
from tests.core.test_things import ada, spec
from tests.fakes import ManualClock, memory_services


async def test_old_deletions_are_made_final_and_young_ones_are_not() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who = await ada(services)
    old = await services.things.create(who, name="old", variables=[spec("a")])
    live = await services.things.live(who, old.id)
    series = live.by_symbol["a"].record.series
    await services.values.write(live, [(live.by_symbol["a"], 1)])
    device = await services.devices.create(who, "arduino", "giga")
    await services.things.delete(who, old.id)
    await services.devices.delete(who, device.id)
    await services.people.link(await services.people.find("ada@example.org"))
    clock.turn(29 * DAY // SECOND)
    young = await services.things.create(who, name="young")
    kept = await services.things.create(who, name="kept")
    await services.things.delete(who, young.id)
    chores = Housekeeping(services.catalog, services.telemetry, clock, days=30)
    assert await chores.run() == 1, "the link has expired"
    assert await services.catalog.count(OneTimeLink) == 0
    clock.turn(2 * DAY // SECOND)
    assert await chores.run() == 3
    assert {t.id for t in await services.catalog.select(Thing)} == {young.id, kept.id}
    assert await services.catalog.count(Variable) == 0
    assert await services.telemetry.count(series, 0, 1 << 62) == 0
    assert await services.devices.visible(who, deleted=True) == []


async def test_what_has_run_out_is_forgotten_and_what_never_ends_stays() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who = await ada(services)
    short = await services.tokens.issue(Bearer.PERSON, who.person_id, "a", lifetime=60)
    endless = await services.tokens.issue(Bearer.PERSON, who.person_id, "a", lifetime=0)
    await services.claims.code(who.person_id)
    chores = Housekeeping(services.catalog, services.telemetry, clock, days=30)
    clock.turn(3_601)
    assert await chores.run() == 1, "the code; the token can still be refreshed"
    assert await services.catalog.count(ClaimCode) == 0
    clock.turn(REFRESH_LONGER)
    assert await chores.run() == 1
    assert [token.id for token in await services.catalog.select(Token)] == [endless.record.id]
    assert await services.tokens.find(short.token) is None


async def test_dashboards_go_for_good_with_all_that_is_about_them() -> None:
    clock = ManualClock()
    services = memory_services(clock=clock)
    who, guest, third = [await person(services, name) for name in ("ada", "guest", "third")]
    old, kept = [await services.dashboards.create(who) for _ in range(2)]
    for made in (old, kept):
        await services.dashboard_shares.share(who, made.id, [guest.person_id])
        await services.dashboard_shares.ask(third, made.id)
        await services.dashboard_links.make(who, made.id)
    await services.dashboard_links.make(who, kept.id, expires_at=clock.now() + DAY)
    await services.dashboards.delete(who, old.id)
    chores = Housekeeping(services.catalog, services.telemetry, clock, days=20)
    assert await chores.run() == 0
    clock.turn(19 * DAY // SECOND)
    assert await chores.run() == 1, "the link that has expired"
    clock.turn(2 * DAY // SECOND)
    assert await chores.run() == 4
    assert [d.id for d in await services.catalog.select(Dashboard)] == [kept.id]
    clock.turn(20 * DAY // SECOND)
    assert await chores.run() == 1, "the request that nobody has answered"
    counts = [await services.catalog.count(kind) for kind in (DashboardShare, DashboardLink, DashboardRequest)]
    assert counts == [1, 1, 0]
