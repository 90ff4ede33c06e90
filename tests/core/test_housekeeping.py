"""What was deleted long ago goes for good, and what was deleted lately can still come back."""

from __future__ import annotations

from rookery.core.clock import DAY, SECOND
from rookery.core.housekeeping import Housekeeping
from rookery.core.records import OneTimeLink, Thing, Variable
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
