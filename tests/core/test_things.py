"""Things, their variables and their devices: attaching, cloning, deleting, bringing back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rookery.core.access import Principal
from rookery.core.catalog import Change
from rookery.core.errors import Conflict, Invalid, NotFound, Precondition
from rookery.core.records import Thing, UpdatePolicy, ValueKind
from rookery.core.services import Services
from rookery.core.variables import VariableSpec, symbol_of
from tests.fakes import RecordingBus, connect, memory_services


def spec(name: str, **fields: Any) -> VariableSpec:
    given: dict[str, Any] = {
        "type": "INT",
        "kind": ValueKind.INT,
        "writable": True,
        "policy": UpdatePolicy.ON_CHANGE,
    } | fields
    return VariableSpec(name=name, **given)


async def ada(services: Services) -> Principal:
    person = await services.people.create("ada@example.org")
    return await services.people.principal(person.id)


async def symbols(services: Services, thing: Thing) -> list[str]:
    return [v.symbol for v in await services.variables.of(thing)]


async def test_a_thing_is_made_with_its_variables() -> None:
    services = memory_services()
    who = await ada(services)
    thing = await services.things.create(who, variables=[spec("a"), spec("b", tag=7), spec("c d")])
    assert (thing.name, thing.timezone) == ("Untitled 1", "America/New_York")
    variables = await services.variables.of(thing)
    assert [(v.symbol, v.tag) for v in variables] == [("a", 1), ("b", 7), ("c_d", 8)]
    assert len({v.series for v in variables}) == 3


async def test_nothing_is_made_when_two_variables_are_the_same() -> None:
    services = memory_services()
    who = await ada(services)
    with pytest.raises(Invalid, match="'a'"):
        await services.things.create(who, variables=[spec("a"), spec("b", symbol="a")])
    assert await services.things.visible(who) == []


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("temp", "temp"), ("room temp.", "room_temp_"), ("1st", "_1st"), ("ü", "_"), ("x" * 80, "x" * 64)],
)
def test_a_symbol_is_derived_from_the_name(name: str, symbol: str) -> None:
    assert symbol_of(name) == symbol


async def test_an_unknown_zone_is_refused() -> None:
    services = memory_services()
    who = await ada(services)
    with pytest.raises(Invalid, match="Mars/Olympus") as caught:
        await services.things.create(who, timezone="Mars/Olympus")
    assert caught.value.field == "timezone"


class TestAttaching:
    async def test_a_device_feeds_one_thing(self) -> None:
        services = memory_services()
        who = await ada(services)
        device = await services.devices.create(who, "arduino", "giga")
        board = connect(services, device)
        first = await services.things.create(who, name="first", device_id=device.id.upper())
        with pytest.raises(Conflict, match="first"):
            await services.things.create(who, name="second", device_id=device.id)
        second = await services.things.create(who, name="second", device_id=device.id, force=True)
        assert (await services.things.get(who, first.id)).device_id is None
        assert await services.devices.thing_of(device) == second
        assert board.things == [first.id, second.id]

    async def test_detaching_and_replacing_is_told_to_both_boards(self) -> None:
        services = memory_services()
        who = await ada(services)
        old, new = [await services.devices.create(who, "arduino", "giga") for _ in range(2)]
        boards = [connect(services, device) for device in (old, new)]
        thing = await services.things.create(who, device_id=old.id)
        await services.things.update(who, thing.id, {}, device_id=new.id, change_device=True)
        await services.things.update(who, thing.id, {}, device_id=None, change_device=True)
        assert [b.things for b in boards] == [[thing.id, None], [thing.id, None]]

    async def test_a_change_without_a_device_leaves_it(self) -> None:
        services = memory_services()
        who = await ada(services)
        device = await services.devices.create(who, "arduino", "giga")
        thing = await services.things.create(who, device_id=device.id)
        thing = await services.things.update(who, thing.id, {"name": "renamed"})
        assert (thing.name, thing.device_id) == ("renamed", device.id)

    async def test_an_unknown_device_is_not_attached(self) -> None:
        services = memory_services()
        who = await ada(services)
        with pytest.raises(NotFound):
            await services.things.create(who, device_id="9c3f1b7e-6a0e-4b8e-9a5f-0d2f6f0c9b11")


class TestVariables:
    async def test_an_update_of_the_thing_changes_and_adds_but_never_deletes(self) -> None:
        services = memory_services()
        who = await ada(services)
        thing = await services.things.create(who, variables=[spec("a"), spec("b")])
        series = {v.symbol: v.series for v in await services.variables.of(thing)}
        await services.things.update(who, thing.id, {}, variables=[spec("a", writable=False), spec("c")])
        variables = {v.symbol: v for v in await services.variables.of(thing)}
        assert sorted(variables) == ["a", "b", "c"]
        assert not variables["a"].writable
        assert variables["a"].series == series["a"], "history stays"

    @pytest.mark.parametrize("second", [spec("a"), spec("x", symbol="a"), spec("y", tag=1)])
    async def test_names_symbols_and_tags_are_unique(self, second: VariableSpec) -> None:
        services = memory_services()
        who = await ada(services)
        thing = await services.things.create(who, variables=[spec("a")])
        with pytest.raises(Precondition):
            await services.variables.create(who, thing, second)

    async def test_a_deleted_one_makes_room_and_keeps_its_history(self) -> None:
        services = memory_services()
        who = await ada(services)
        thing = await services.things.create(who, variables=[spec("a")])
        live = await services.things.live(who, thing.id)
        await services.values.write(live, [(live.by_symbol["a"], 1)])
        (variable,) = await services.variables.of(thing)
        await services.variables.delete(who, thing, variable.id)
        assert live.by_symbol == {}
        assert await services.telemetry.count(variable.series, 0, 1 << 62) == 1
        again = await services.variables.create(who, thing, spec("a"))
        assert again.series != variable.series
        with pytest.raises(NotFound):
            await services.variables.delete(who, thing, variable.id)
        await services.variables.delete(who, thing, variable.id, force=True)
        assert await services.telemetry.count(variable.series, 0, 1 << 62) == 0

    @pytest.mark.parametrize("bad", [spec(""), spec("x" * 257), spec("a", symbol="1a"), spec("a", symbol="a b")])
    async def test_names_that_can_not_be_used(self, bad: VariableSpec) -> None:
        services = memory_services()
        who = await ada(services)
        thing = await services.things.create(who)
        with pytest.raises(Invalid):
            await services.variables.create(who, thing, bad)


class TestDeleting:
    async def test_a_thing_goes_with_its_variables_and_comes_back_with_them(self) -> None:
        services = memory_services()
        who = await ada(services)
        device = await services.devices.create(who, "arduino", "giga")
        thing = await services.things.create(who, device_id=device.id, variables=[spec("a"), spec("gone")])
        gone = (await services.variables.of(thing))[1]
        await services.variables.delete(who, thing, gone.id)
        await services.things.delete(who, thing.id)
        assert await services.things.visible(who) == []
        assert [t.id for t in await services.things.visible(who, deleted=True)] == [thing.id]
        assert await services.devices.thing_of(device) is None
        with pytest.raises(NotFound):
            await services.things.get(who, thing.id)
        with pytest.raises(NotFound):
            await services.things.live(who, thing.id)
        restored = await services.things.update(who, thing.id, {})
        assert restored.deleted_at is None
        assert await symbols(services, restored) == ["a"]

    async def test_for_good(self) -> None:
        services = memory_services()
        who = await ada(services)
        thing = await services.things.create(who, variables=[spec("a")])
        await services.things.delete(who, thing.id)
        with pytest.raises(NotFound):
            await services.things.delete(who, thing.id)
        await services.things.delete(who, thing.id, force=True)
        assert await services.things.visible(who, deleted=True) == []
        assert await services.variables.of(thing, deleted=True) == []

    async def test_a_deleted_device_leaves_its_thing_and_its_session_ends(self) -> None:
        services = memory_services()
        who = await ada(services)
        device = await services.devices.create(who, "arduino", "giga", secret="s3cret")
        thing = await services.things.create(who, device_id=device.id)
        board = connect(services, device)
        await services.devices.delete(who, device.id)
        assert board.closed == "the device was deleted"
        assert (await services.things.get(who, thing.id)).device_id is None
        assert await services.devices.log_in(device.id, "s3cret") is None
        await services.devices.update(who, device.id, {"name": "back"})
        assert await services.devices.log_in(device.id, "s3cret") is not None


async def test_a_clone_has_the_definition_but_not_the_data() -> None:
    services = memory_services()
    who = await ada(services)
    device = await services.devices.create(who, "arduino", "giga")
    source = await services.things.create(
        who, device_id=device.id, timezone="Europe/Rome", tags={"room": "north"}, variables=[spec("a", tag=9)]
    )
    live = await services.things.live(who, source.id)
    await services.values.write(live, [(live.by_symbol["a"], 5)])
    copy = await services.things.clone(who, source.id, "copy", tags=True)
    assert (copy.name, copy.timezone, copy.tags, copy.device_id) == ("copy", "Europe/Rome", {"room": "north"}, None)
    (variable,) = (await services.things.live(who, copy.id)).by_symbol.values()
    assert (variable.record.tag, variable.value) == (9, None)


async def test_what_changes_is_announced_once() -> None:
    bus = RecordingBus()
    services = memory_services(bus=bus)
    who = await ada(services)
    thing = await services.things.create(who, variables=[spec("a")])
    assert bus.heard == [("thing." + thing.id, "ThingChanged"), ("things", "ThingChanged")]
    bus.heard.clear()
    await services.things.set_tag(who, thing.id, "room", "north")
    await services.things.delete_tag(who, thing.id, "nothing")
    assert bus.heard == [("thing." + thing.id, "ThingChanged"), ("things", "ThingChanged")]


async def test_what_belongs_to_somebody_else_is_not_there() -> None:
    services = memory_services()
    who = await ada(services)
    thing = await services.things.create(who, variables=[spec("a")])
    eve = await services.people.principal((await services.people.create("eve@example.org")).id)
    for call in (
        services.things.get(eve, thing.id),
        services.things.live(eve, thing.id),
        services.things.update(eve, thing.id, {"name": "mine"}),
        services.things.delete(eve, thing.id),
        services.variables.create(eve, thing, spec("b")),
    ):
        with pytest.raises(NotFound):
            await call


async def test_reports_of_a_board_at_the_same_time_are_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    services = memory_services()
    device = await services.devices.create(await ada(services), "arduino", "giga")
    apply = services.catalog.apply

    async def slow(*changes: Change) -> None:
        await asyncio.sleep(0)
        await apply(*changes)

    monkeypatch.setattr(services.catalog, "apply", slow)
    told = {"lib_version": "2.9.0", "network": "WiFi", "ota": "2"}
    await asyncio.gather(*(services.devices.reported(device.id, **{name: value}) for name, value in told.items()))
    after = await services.devices.by_id(device.id)
    assert after is not None
    assert after.firmware == told
