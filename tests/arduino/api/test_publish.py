"""Publishing: one value, several, past ones; to the board, from the board."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.arduino.api import publish
from rookery.arduino.api.bodies_thing import TimedValue
from rookery.arduino.api.body import Moment
from rookery.arduino.api.publish import EARLIEST, LATEST, fitted_history
from rookery.arduino.quirks import QUIRKS
from rookery.core.live import LiveThing, LiveVariable
from rookery.core.records import Role, UpdatePolicy, ValueKind, Variable
from tests.arduino.api.conftest import World
from tests.arduino.api.greenhouse import UNKNOWN_ID, greenhouse, names_of, play_strictly
from tests.arduino.api.scenario import Row, check_error
from tests.fakes import FakeBoard, connect

LIST = "/iot/v2/things/{thing}/properties"
TEXT = "t" * 100_000


@pytest.fixture
async def board(world: World) -> FakeBoard:
    device = await world.services.devices.create(world.user, "arduino", "nano_33_iot", name="board1")
    return connect(world.services, device)


@pytest.fixture
async def live(world: World, board: FakeBoard) -> LiveThing:
    return await greenhouse(world, device_id=board.device.id)


def value_row(name: str, value: Any, refused: str = "") -> Row:
    """One value, accepted or refused with a field."""
    about = f"{name} {str(value)[:30]!r}"
    return Row(
        about, f"PUT {LIST}/{{{name}}}/publish", 400 if refused else 200, body={"value": value}, field=refused or None
    )


ROWS = [
    value_row("visits", 7),
    value_row("visits", 7.0),
    value_row("visits", "7"),
    value_row("visits", 7.5, "value"),
    value_row("visits", "7.5", "value"),
    value_row("visits", 2**63, "value"),
    value_row("visits", True, "value"),
    value_row("visits", None, "value"),
    value_row("visits", [7], "value"),
    value_row("temperature", 21),
    value_row("temperature", "21.5"),
    value_row("temperature", "warm", "value"),
    value_row("temperature", "NaN", "value"),
    value_row("temperature", {"value": 21}, "value"),
    value_row("door", True),
    value_row("door", "open", "value"),
    value_row("note", "hello"),
    value_row("note", TEXT, "value"),
    value_row("note", 7, "value"),
    value_row("lamp", {"swi": True, "bri": 50, "hue": 1, "sat": 2}),
    value_row("lamp", {"bri": "50"}),
    value_row("lamp", {"bri": "bright"}, "value.bri"),
    value_row("lamp", {"white": 1}, "value.white"),
    value_row("lamp", {}, "value"),
    value_row("lamp", True, "value"),
    Row("no value", f"PUT {LIST}/{{door}}/publish", 400, body={}, field="value"),
    Row("key in upper case", f"PUT {LIST}/{{door}}/publish", 200, body={"VALUE": True}),
    Row("version 1", "PUT /iot/v1/things/{thing}/properties/{door}/send", 200, body={"value": True}),
    Row("unknown property", f"PUT {LIST}/{UNKNOWN_ID}/publish", 404, body={"value": True}),
    Row(
        "as another device", f"PUT {LIST}/{{door}}/publish", 400, body={"value": True, "device_id": UNKNOWN_ID}
    )._replace(field="device_id"),
    Row("as no device", f"PUT {LIST}/{{door}}/publish", 400, body={"value": True, "device_id": "x"}, field="device_id"),
    Row(
        "several",
        "PUT /iot/v2/things/{thing}/publish",
        200,
        body={"properties": [{"property": "door", "value": True}, {"property": "{visits}", "value": 1}]},
    ),
    Row("several, none", "PUT /iot/v2/things/{thing}/publish", 400, body={"properties": []}, field="properties"),
    Row("several, nothing", "PUT /iot/v2/things/{thing}/publish", 400, body={}, field="properties"),
    Row(
        "several, unknown name",
        "PUT /iot/v2/things/{thing}/publish",
        400,
        body={"properties": [{"property": "door", "value": True}, {"property": "gate", "value": True}]},
        field="properties[1].property",
    ),
    Row(
        "several, wrong kind",
        "PUT /iot/v2/things/{thing}/publish",
        400,
        body={"properties": [{"property": "door", "value": True}, {"property": "visits", "value": "x"}]},
        field="properties[1].value",
    ),
    Row(
        "several, no value",
        "PUT /iot/v2/things/{thing}/publish",
        400,
        body={"properties": [{"property": "door"}]},
        field="properties[0].value",
    ),
    Row("batch of nothing", f"PUT {LIST}/{{door}}/publish_batch", 200, body=[]),
    Row("batch that is no list", f"PUT {LIST}/{{door}}/publish_batch", 400, body={"value": True}, field="body"),
    Row(
        "batch, before 2000",
        f"PUT {LIST}/{{visits}}/publish_batch",
        400,
        ("[1].timestamp",),
        body=[{"timestamp": "2025-01-01T00:00:00Z", "value": 1}, {"timestamp": "1999-12-31T23:59:59Z", "value": 1}],
        field="[1].timestamp",
    ),
    Row(
        "batch, after 2100",
        f"PUT {LIST}/{{visits}}/publish_batch",
        400,
        body=[{"timestamp": "2100-01-01T00:00:00Z", "value": 1}],
        field="[0].timestamp",
    ),
    Row(
        "batch, no time",
        f"PUT {LIST}/{{visits}}/publish_batch",
        400,
        body=[{"timestamp": "yesterday", "value": 1}],
        field="[0].timestamp",
    ),
    Row(
        "batch, wrong kind",
        f"PUT {LIST}/{{visits}}/publish_batch",
        400,
        body=[{"timestamp": "2025-01-01T00:00:00Z", "value": 1}, {"timestamp": "2025-01-01T00:00:00Z", "value": "x"}],
        field="[1].value",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_route(world: World, live: LiveThing, board: FakeBoard, row: Row) -> None:
    await play_strictly(world, row, names_of(live))
    if row.status >= 400:
        assert board.written == []
        assert all(v.value is None for v in live.by_id.values())


async def last_value(world: World, live: LiveThing, name: str) -> Any:
    """What a property shows."""
    shown = await world.call("GET", f"{LIST.format(thing=live.record.id)}/{live.by_symbol[name].record.id}")
    return shown.json().get("last_value")


async def history(world: World, live: LiveThing, name: str) -> list[tuple[int, Any]]:
    """What the store has."""
    return [(p.time, p.value) for p in await world.telemetry.read(live.by_symbol[name].record.series, 0, 1 << 62, 100)]


async def test_a_value_is_stored_shown_and_delivered(world: World, live: LiveThing, board: FakeBoard) -> None:
    path = LIST.format(thing=live.record.id) + "/" + live.by_symbol["temperature"].record.id
    heard: list[Any] = []
    world.bus.listen(f"values.{live.record.id}", heard.append)
    answer = await world.call("PUT", f"{path}/publish", {"value": "21.5"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert board.written == [("temperature", 21.5)]
    assert await last_value(world, live, "temperature") == 21.5
    assert await history(world, live, "temperature") == [(world.clock.now(), 21.5)]
    assert [message.from_board for message in heard] == [False]


async def test_a_value_of_the_device_does_not_go_back_to_it(world: World, live: LiveThing, board: FakeBoard) -> None:
    path = LIST.format(thing=live.record.id) + "/" + live.by_symbol["temperature"].record.id
    heard: list[Any] = []
    world.bus.listen(f"values.{live.record.id}", heard.append)
    await world.call("PUT", f"{path}/publish", {"value": 21.5, "device_id": board.device.id.upper()})
    assert board.written == []
    assert await last_value(world, live, "temperature") == 21.5
    assert [message.from_board for message in heard] == [True]


async def test_several_values_go_where_to_device_says(world: World, live: LiveThing, board: FakeBoard) -> None:
    path = f"/iot/v2/things/{live.record.id}/publish"
    values = [{"property": "door", "value": True}, {"property": "lamp", "value": {"bri": 5}}]
    await world.call("PUT", path, {"properties": values})
    assert board.written == []
    again = [*values, {"property": "lamp", "value": {"swi": True}}]
    await world.call("PUT", path, {"properties": again, "to_device": True})
    assert board.written == [("door", True), ("lamp", {"bri": 5.0}), ("lamp", {"swi": True, "bri": 5.0})]
    assert await last_value(world, live, "lamp") == {"swi": True, "bri": 5.0}


async def test_a_name_goes_before_a_variable_name(world: World, live: LiveThing) -> None:
    body = {"name": "visits2", "type": "INT", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
    path = LIST.format(thing=live.record.id)
    await world.call("PUT", path, {**body, "variable_name": "v2"})
    await world.call("PUT", path, {**body, "name": "v2", "variable_name": "v3"})
    await world.call(
        "PUT", f"/iot/v2/things/{live.record.id}/publish", {"properties": [{"property": "v2", "value": 9}]}
    )
    assert await last_value(world, live, "v3") == 9
    assert await last_value(world, live, "v2") is None


async def test_components_that_are_missing_stay(world: World, live: LiveThing) -> None:
    path = LIST.format(thing=live.record.id) + "/" + live.by_symbol["lamp"].record.id
    await world.call("PUT", f"{path}/publish", {"value": {"swi": True, "hue": 1, "sat": 2, "bri": 3}})
    await world.call("PUT", f"{path}/publish", {"value": {"swi": False}})
    assert await last_value(world, live, "lamp") == {"swi": False, "hue": 1.0, "sat": 2.0, "bri": 3.0}


async def test_a_batch_is_history_and_its_newest_the_last_value_if_newer(
    world: World, live: LiveThing, board: FakeBoard
) -> None:
    path = LIST.format(thing=live.record.id) + "/" + live.by_symbol["visits"].record.id
    await world.call("PUT", f"{path}/publish", {"value": 1})
    past = [{"timestamp": "2024-06-01T02:00:00+02:00", "value": "5"}, {"timestamp": "2000-01-01T00:00:00", "value": 4}]
    assert (await world.call("PUT", f"{path}/publish_batch", past)).status_code == 200
    assert await last_value(world, live, "visits") == 1
    await world.call("PUT", f"{path}/publish_batch", [{"timestamp": "2025-06-01T00:00:00Z", "value": 6}])
    assert await last_value(world, live, "visits") == 6
    assert [value for _, value in await history(world, live, "visits")] == [4, 5, 1, 6]
    assert [name for name, _ in board.written] == ["visits"]


async def test_a_full_disk_is_said_and_nothing_is_delivered(world: World, live: LiveThing, board: FakeBoard) -> None:
    path = LIST.format(thing=live.record.id) + "/" + live.by_symbol["visits"].record.id
    world.telemetry.full = True
    batch = [{"timestamp": "2025-06-01T00:00:00Z", "value": 6}]
    for call, body in (("publish", {"value": 1}), ("publish_batch", batch)):
        check_error(await world.call("PUT", f"{path}/{call}", body), 503)
    assert board.written == []


async def test_a_viewer_may_not_write(world: World) -> None:
    organisation = await world.services.people.organisation("Nursery", world.person)
    other = await world.somebody_else()
    await world.services.people.join(organisation.id, other.person.id, Role.VIEWER)
    there = {"headers": {"X-Organization": organisation.id}}
    body = {"name": "door", "type": "STATUS", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
    thing = (await world.call("PUT", "/iot/v2/things", {"properties": [body]}, **there)).json()
    path = f"{LIST.format(thing=thing['id'])}/{thing['properties'][0]['id']}"
    assert (await other.call("GET", path, **there)).status_code == 200
    check_error(await other.call("PUT", f"{path}/publish", {"value": True}, **there), 403)
    check_error(await other.call("PUT", f"{path}/publish_batch", [], **there), 403)
    values = {"properties": [{"property": "door", "value": True}]}
    check_error(await other.call("PUT", f"/iot/v2/things/{thing['id']}/publish", values, **there), 403)
    check_error(await other.call("POST", path, body, **there), 403)
    check_error(await other.call("DELETE", path, **there), 403)


async def test_read_only_can_be_guarded(
    world: World, live: LiveThing, board: FakeBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "QUIRKS", replace(QUIRKS, read_only_published=False))
    path = LIST.format(thing=live.record.id) + "/" + live.by_symbol["temperature"].record.id
    check_error(await world.call("PUT", f"{path}/publish", {"value": 1}), 403)
    values = {"properties": [{"property": "temperature", "value": 1}], "to_device": True}
    check_error(await world.call("PUT", f"/iot/v2/things/{live.record.id}/publish", values), 403)
    own = {"value": 1, "device_id": board.device.id}
    assert (await world.call("PUT", f"{path}/publish", own)).status_code == 200


def lamp() -> LiveVariable:
    """A variable with components."""
    return LiveVariable(
        Variable(
            id="v",
            created_at=0,
            updated_at=0,
            thing_id="t",
            space_id="s",
            name="lamp",
            symbol="lamp",
            type="HOME_COLORED_LIGHT",
            kind=ValueKind.COMPOSITE,
            series=1,
            writable=True,
            policy=UpdatePolicy.ON_CHANGE,
            tag=1,
        )
    )


@given(
    st.lists(
        st.tuples(
            st.integers(EARLIEST, LATEST - 1),
            st.dictionaries(st.sampled_from(["hue", "sat", "bri"]), st.integers(0, 100), min_size=1),
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(EARLIEST, LATEST - 1),
)
def test_a_composite_history_is_laid_over_itself_in_the_order_of_time(
    batch: list[tuple[int, dict[str, int]]], present: int
) -> None:
    variable = lamp()
    variable.value, variable.time = {"swi": True}, present
    points = fitted_history(variable, [TimedValue(Moment(time), value) for time, value in batch])
    assert [time for time, _ in points] == sorted(time for time, _ in batch)
    states: list[tuple[int, dict[str, Any], bool]] = [
        (present, {"swi": True}, True),
        *((time, given_value, False) for time, given_value in batch),
    ]
    expected: dict[str, Any] = {}
    shown: list[dict[str, Any]] = []
    # At the same moment the present value is the older one: a batch is laid over it.
    for _, components, is_present in sorted(states, key=lambda state: (state[0], not state[2])):
        expected = dict(components) if is_present else {**expected, **components}
        if not is_present:
            shown.append(expected)
    assert [value for _, value in points] == shown
