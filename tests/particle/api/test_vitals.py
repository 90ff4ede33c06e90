"""Vitals over the API: the last, a month as JSON and as CSV, dates, and asking for new ones (reference 3.7)."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from rookery.core.clock import DAY, SECOND
from rookery.core.errors import BoardCannot
from rookery.core.records import Device, Role
from tests.fakes import START, FakeBoard, connect
from tests.particle.api.conftest import World
from tests.particle.api.fleets import fleet_of

ID = "e00fce680123456789abcdef"
PATH = f"/v1/diagnostics/{ID}"
PAYLOAD: dict[str, Any] = {
    "device": {"network": {"signal": {"at": "Wi-Fi", "strength": 80.0}}, "system": {"uptime": 60}},
    "service": {"device": {"status": "ok"}},
}


async def board(world: World) -> Device:
    owner = world.person.id
    return await world.services.enrolment.enrol(ID, "particle", "photon", space_id=owner, person_id=owner)


async def record(world: World, device: Device, time: int, payload: Any) -> None:
    await world.services.telemetry.write([(device.vitals, time, msgspec.json.encode(payload).decode())])


def told(time: str, payload: Any = PAYLOAD) -> dict[str, Any]:
    return {"updated_at": time, "deviceID": ID, "payload": payload}


async def test_a_board_that_reported_nothing_yet(world: World) -> None:
    await board(world)
    answer = await world.call("GET", f"{PATH}/last")
    assert (answer.status_code, answer.text) == (404, '{"ok":false,"error":"No diagnostics found"}')
    assert (await world.call("GET", PATH)).text == '{"diagnostics":[]}'


async def test_what_the_leaves_are(world: World) -> None:
    await board(world)
    told = (await world.call("GET", f"{PATH}/metadata")).json()["diagnostics_metadata"]
    assert told["device"]["network"]["signal"]["at"] == {"type": "string"}
    assert told["device"]["network"]["signal"]["strength"] == {"type": "number", "units": {"title": "%"}}
    assert told["device"]["network"]["connection"]["disconnects"] == {"type": "number"}
    assert told["service"]["device"]["status"] == {"type": "string"}
    answer = await world.call("GET", "/v1/diagnostics/0123456789abcdef01234567/metadata")
    assert answer.status_code == 403


async def test_the_last_and_all(world: World) -> None:
    device = await board(world)
    await record(world, device, START - 2 * SECOND, PAYLOAD)
    await record(world, device, START - SECOND + 1_000, {"device": {}})
    first, second = told("2024-12-31T23:59:58.000Z"), told("2024-12-31T23:59:59.001Z", {"device": {}})
    assert (await world.call("GET", f"{PATH}/last")).json() == {"diagnostics": second}
    assert (await world.call("GET", PATH)).json() == {"diagnostics": [first, second]}


SPANS: dict[str, tuple[str, list[int]]] = {
    # query, the records that are shown; there is one on each of the last days
    "everything": ("", [3, 2, 1]),
    "from": ("start_date=2024-12-30T00:00:00Z", [2, 1]),
    "to, which is left out": ("end_date=2024-12-31T00:00:00Z", [3, 2]),
    "both": ("start_date=2024-12-29T00:00:00Z&end_date=2024-12-30T00:00:00Z", [3]),
    "with milliseconds": ("start_date=2024-12-30T00:00:00.001Z", [1]),
    "another zone": ("start_date=2024-12-30T02:00:00%2B02:00", [2, 1]),
    "no zone": ("start_date=2024-12-30T00:00:00", [2, 1]),
    "a day": ("start_date=2024-12-31", [1]),
    "empty": ("start_date=&end_date=", [3, 2, 1]),
    "the wrong way round": ("start_date=2024-12-31T00:00:00Z&end_date=2024-12-30T00:00:00Z", []),
    "a month": ("start_date=2024-12-02T00:00:00Z", [3, 2, 1]),
    "a month and a moment of the way here": ("start_date=2024-12-01T23:59:30Z", [3, 2, 1]),
}


@pytest.mark.parametrize("name", SPANS)
async def test_stretches_of_time(world: World, name: str) -> None:
    device = await board(world)
    for day in (1, 2, 3):
        await record(world, device, START - day * DAY, {"day": day})
    query, days = SPANS[name]
    answer = await world.call("GET", f"{PATH}?{query}")
    assert answer.status_code == 200
    assert [each["payload"]["day"] for each in answer.json()["diagnostics"]] == days


MALFORMED = '{"error":"bad_request","description":"start_date and end_date must be ISO8601 formatted"}'
TOO_OLD = '{"error":"bad_request","description":"start_date must not be more than than 30 days ago"}'


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ("start_date=yesterday", MALFORMED),
        ("end_date=1735689600", MALFORMED),
        ("start_date=2024-13-01T00:00:00Z", MALFORMED),
        ("start_date=2024-12-30T00:00:00 02:00", MALFORMED),
        ("start_date=2024-11-30T00:00:00Z", TOO_OLD),
        ("start_date=0001-01-01T00:00:00Z", TOO_OLD),
    ],
)
async def test_dates_that_are_refused(world: World, query: str, body: str) -> None:
    await board(world)
    answer = await world.call("GET", f"{PATH}?{query}")
    assert (answer.status_code, answer.text) == (400, body)


@pytest.mark.parametrize("accept", ["text/csv", "application/csv", "application/json;q=0.5, Text/CSV"])
async def test_a_table_for_spreadsheets(world: World, accept: str) -> None:
    device = await board(world)
    await record(world, device, START - 2 * SECOND, PAYLOAD)
    await record(world, device, START - SECOND, {"device": {"power": {"source": 'a "b", c'}, "system": {"uptime": 61}}})
    answer = await world.call("GET", PATH, headers={"Accept": accept})
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.text.split("\r\n") == [
        "updated_at,deviceID,device.network.signal.at,device.network.signal.strength,device.power.source,"
        "device.system.uptime,service.device.status",
        f"2024-12-31T23:59:58.000Z,{ID},Wi-Fi,80.0,,60,ok",
        f'2024-12-31T23:59:59.000Z,{ID},,,"a ""b"", c",61,',
        "",
    ]


async def test_a_table_of_nothing_has_its_head(world: World) -> None:
    await board(world)
    assert (await world.call("GET", PATH, headers={"Accept": "text/csv"})).text == "updated_at,deviceID\r\n"


# Asking for new ones.


@pytest.mark.parametrize("state", ["here", "deaf", "away"])
async def test_asking_is_accepted_wherever_the_board_is(world: World, state: str) -> None:
    device = await board(world)
    session = FakeBoard(device)
    session.deaf = state == "deaf"
    if state != "away":
        world.services.boards.arrived(session)
    answer = await world.call("POST", f"{PATH}/update")
    assert (answer.status_code, answer.text) == (202, '{"ok":true}')
    assert session.asked == ([] if state == "away" else [("report",)])


class Mute(FakeBoard):
    """A board without vitals."""

    async def report(self, deadline: float = 30.0) -> None:
        raise BoardCannot("This kind of board has no vitals.")


async def test_a_board_that_has_no_vitals_was_asked_as_well(world: World) -> None:
    world.services.boards.arrived(Mute(await board(world)))
    assert (await world.call("POST", f"{PATH}/update", {})).status_code == 202


async def test_the_paths_of_a_product_go_by_role(world: World) -> None:
    fleet = await fleet_of(world)
    customer, token = await fleet.customer()
    device = await fleet.device(1, customer.id)
    await record(world, device, START, PAYLOAD)
    connect(world.services, device)
    path = f"{fleet.path}/diagnostics/{device.hex_id}"
    viewer, support = await fleet.member(Role.VIEWER), await fleet.member(Role.SUPPORT)
    for who in (world.token, viewer, support, await fleet.bearer(), await fleet.program("devices.diagnostics:get")):
        answer = await world.call("GET", f"{path}/last", token=who)
        assert answer.json()["diagnostics"]["payload"] == PAYLOAD
    assert (await world.call("POST", f"{path}/update", token=viewer)).status_code == 403
    assert (await world.call("POST", f"{path}/update", token=support)).status_code == 202
    assert (await world.call("GET", f"{path}/last", token=token)).status_code == 403
    own = await world.call("GET", f"/v1/diagnostics/{device.hex_id}/last", token=token)
    assert own.json()["diagnostics"]["payload"] == PAYLOAD
    assert own.json()["diagnostics"]["deviceID"] == device.hex_id
