"""Historic data as a file: asked for, listed, fetched, gone."""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from rookery.arduino.api.exports import PROPERTIES_LIMIT, link_of
from rookery.arduino.types import property_type
from rookery.core.clock import DAY, SECOND
from rookery.core.export_mail import ExportMail
from rookery.core.exports import LIFETIME, UNDER_WAY_OF_PERSON
from rookery.core.live import LiveThing
from rookery.core.mail import Mail, MailRefused
from rookery.core.points import Point, Value
from rookery.core.records import UpdatePolicy
from rookery.core.variables import VariableSpec
from tests.arduino.api.conftest import World
from tests.arduino.api.greenhouse import UNKNOWN_ID, greenhouse, names_of, play_strictly
from tests.arduino.api.scenario import Row, check_error
from tests.arduino.api.test_over_sqlite import log_in, server
from tests.fakes import START, ManualClock

ASK = "/iot/v2/series/historic_data"
LIST = "/iot/v1/exports"
HOUR = {"from": "2025-01-01T00:00:00Z", "to": "2025-01-01T01:00:00Z"}


@pytest.fixture
async def live(world: World) -> LiveThing:
    """The greenhouse with three values of each of two properties, the first at the full hour."""
    live = await greenhouse(world)
    lamps: list[Value] = [{"swi": True, "hue": 1.0, "sat": 2.0, "bri": 0.1}, {"swi": False, "hue": 1.0}]
    for name, values in (("temperature", [20.5, 21.0, -0.5]), ("lamp", lamps)):
        points = [(START + place * 60 * SECOND, value) for place, value in enumerate(values)]
        await world.services.values.backfill(live.by_symbol[name], points)
    return live


def bad(about: str, field: str, **fields: Any) -> Row:
    """A body that is refused."""
    body = {"properties": ["{door}"], **HOUR} | fields
    return Row(about, f"POST {ASK}", 400, body={k: v for k, v in body.items() if v != "missing"}, field=field)


ROWS = [
    Row("asked for", f"POST {ASK}", 202, body={"properties": ["{temperature}", "{lamp}"], **HOUR}),
    Row("by the former path", "POST /iot/v1/series/historic_data", 202, body={"properties": ["{door}"], **HOUR}),
    bad("no properties", "properties", properties=[]),
    bad("properties missing", "properties", properties="missing"),
    bad("too many properties", "properties", properties=[UNKNOWN_ID] * (PROPERTIES_LIMIT + 1)),
    bad("no id", "properties[1]", properties=["{door}", "door"]),
    bad("no text", "properties[0]", properties=[5]),
    bad("no start", "from", **{"from": "missing"}),
    bad("no end", "to", to="missing"),
    bad("no time", "to", to="tomorrow"),
    bad("an empty range", "from", to=HOUR["from"]),
    bad("a range that ends before it begins", "from", to="2024-12-31T23:59:59Z"),
    bad("the same moment in two zones", "from", to="2025-01-01T01:00:00+01:00"),
    Row("an unknown property", f"POST {ASK}", 404, body={"properties": ["{door}", UNKNOWN_ID], **HOUR}),
    Row("another method", f"GET {ASK}", 405),
    Row("nothing asked for yet", f"GET {LIST}", 200, ("[]",)),
    Row("an unknown link", "GET /iot/exports/" + "A" * 43, 404),
    Row("no link at all", "GET /iot/exports/x", 404),
    Row("a path for a link", "GET /iot/exports/..%2f..%2fkeys", 404),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_requests(world: World, live: LiveThing, row: Row) -> None:
    await play_strictly(world, row, names_of(live))
    asked = world.exports.of(world.user)
    assert len(asked) == (row.status == 202)
    await world.exports.idle()


async def asked(world: World, *ids: str, **fields: Any) -> dict[str, Any]:
    """Ask for it, wait until it is there, and give back how it is listed."""
    answer = await world.call("POST", ASK, {"properties": list(ids), **HOUR, **fields})
    assert (answer.status_code, answer.content) == (202, b"")
    await world.exports.idle()
    found: dict[str, Any] = (await world.call("GET", LIST)).json()[-1]
    return found


def opened(answer: httpx.Response) -> dict[str, str]:
    """The texts of a ZIP by name."""
    assert answer.status_code == 200
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name).decode() for name in archive.namelist()}


async def test_the_file_says_exactly_what_was_stored(world: World, live: LiveThing) -> None:
    names = names_of(live)
    view = await asked(world, names["temperature"], names["lamp"], to="2025-01-01T00:02:00Z")
    assert re.fullmatch(r"http://localhost:8080/iot/exports/[A-Za-z0-9_-]{43}", view.pop("link"))
    assert view.pop("size") > 0
    assert view == {
        "id": world.exports.of(world.user)[0].id,
        "state": "ready",
        "properties": [names["temperature"], names["lamp"]],
        "from": "2025-01-01T00:00:00.000Z",
        "to": "2025-01-01T00:02:00.000Z",
        "created_at": "2025-01-01T00:00:00.000Z",
        "expires_at": "2025-01-08T00:00:00.000Z",
        "rows": 4,
    }
    (again,) = (await world.call("GET", LIST)).json()
    answer = await world.http.get(again["link"])
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-length"] == str(len(answer.content)) == str(again["size"])
    assert answer.headers["content-disposition"] == 'attachment; filename="history-2025-01-01.zip"'
    assert answer.headers["cache-control"] == "private, no-store"
    files = opened(answer)
    readme = files.pop("README.txt")
    assert files == {
        "Greenhouse - temperature.csv": (
            "time,value\r\n2025-01-01T00:00:00.000000Z,20.5\r\n2025-01-01T00:01:00.000000Z,21.0\r\n"
        ),
        "Greenhouse - lamp.csv": (
            "time,swi,hue,sat,bri\r\n"
            "2025-01-01T00:00:00.000000Z,true,1.0,2.0,0.1\r\n"
            "2025-01-01T00:01:00.000000Z,false,1.0,,\r\n"
        ),
    }
    for text in ("Rows:       4", "00:02:00.000000Z", names["lamp"], "HOME_COLORED_LIGHT", "Greenhouse - lamp.csv"):
        assert text in readme


async def test_the_link_has_its_time(world: World, live: LiveThing) -> None:
    view = await asked(world, names_of(live)["temperature"])
    world.clock.turn(LIFETIME / SECOND - 1)
    assert (await world.http.get(view["link"])).status_code == 200
    world.clock.turn(1)
    check_error(await world.http.get(view["link"]), 404)
    world.token = (await world.tokens.grant(world.key.id, world.secret, "any", None)).token
    assert (await world.call("GET", LIST)).json() == []
    assert await world.exports.clean() == 1


async def test_nobody_else_asks_for_it_or_sees_it(world: World, live: LiveThing) -> None:
    property_id = names_of(live)["temperature"]
    view = await asked(world, property_id)
    other = await world.somebody_else()
    answers = [await other.call("POST", ASK, {"properties": [id], **HOUR}) for id in (property_id, UNKNOWN_ID)]
    details = [check_error(answer, 404)["detail"] for answer in answers]
    assert details[0] == details[1]
    assert (await other.call("GET", LIST)).json() == []
    assert len(world.exports.of(world.user)) == 1
    for method, path in (("GET", LIST), ("POST", ASK)):
        check_error(await world.http.request(method, path), 401)
    wrong = view["link"][:-2] + ("AA" if view["link"][-2:] != "AA" else "BB")
    check_error(await world.http.get(wrong), 404)


async def test_a_range_beyond_all_calendars_is_all_there_is(world: World, live: LiveThing) -> None:
    far = {"from": "0001-01-01T00:00:00+05:00", "to": "9999-12-31T23:59:59-05:00"}
    view = await asked(world, names_of(live)["temperature"], **far)
    assert (view["state"], view["rows"], view["from"]) == ("ready", 3, "1842-01-01T00:00:00.000Z")


async def test_too_many_at_once_are_refused_plainly(
    world: World, live: LiveThing, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = asyncio.Event()
    read = world.telemetry.read

    async def slow(series: int, start: int, end: int, limit: int, *, descending: bool = False) -> list[Point]:
        await gate.wait()
        return await read(series, start, end, limit, descending=descending)

    monkeypatch.setattr(world.telemetry, "read", slow)
    body = {"properties": [names_of(live)["door"]], **HOUR}
    for _ in range(UNDER_WAY_OF_PERSON):
        assert (await world.call("POST", ASK, body)).status_code == 202
    error = check_error(await world.call("POST", ASK, body), 503)
    assert "exports of yours are under way" in error["detail"]
    gate.set()
    await world.exports.idle()
    assert (await world.call("POST", ASK, body)).status_code == 202
    await world.exports.idle()
    assert [view["state"] for view in (await world.call("GET", LIST)).json()] == ["ready"] * (UNDER_WAY_OF_PERSON + 1)


async def test_what_failed_is_shown_with_the_reason(
    world: World, live: LiveThing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> list[Point]:
        raise RuntimeError("the inside of the store")

    monkeypatch.setattr(world.telemetry, "read", broken)
    view = await asked(world, names_of(live)["temperature"])
    assert (view["state"], view["detail"]) == ("failed", "Something went wrong on the server; its log says what.")
    assert not {"link", "rows", "size"} & view.keys()


async def test_a_story_with_a_restart(tmp_path: Path) -> None:
    """3,000 points on disk, names that mean something to file systems, and a second life of the server."""
    clock = ManualClock()
    kinds = {"a/b": "INT", 'say "hi"': "LOCATION"}
    async with server(tmp_path, clock, 1) as (services, _, http):
        person = await services.people.create("owner@rookery.test")
        key, secret = await services.clients.create(person.id, "test")
        await log_in(http, key.id, secret)
        specs = [
            VariableSpec(
                name=name, type=type, kind=property_type(type).kind, writable=True, policy=UpdatePolicy.ON_CHANGE
            )
            for name, type in kinds.items()
        ]
        who = await services.people.principal(person.id)
        made = await services.things.create(who, name="../House", variables=specs)
        ids = {one.name: one.id for one in await services.variables.of(made)}
        live = await services.live.get(made.id)
        assert live is not None
        places: list[Value] = [{"lat": 45.0 + n / 1000, "lon": -n / 7} for n in range(10)]
        for name, values in (("a/b", list(range(3_000))), ('say "hi"', places)):
            points = [(START - DAY + n * SECOND + n, value) for n, value in enumerate(values)]
            await services.values.backfill(live.by_id[ids[name]], points)
        body = {"properties": list(ids.values()), "from": "2024-12-31T00:00:00Z", "to": "2025-01-01T00:00:00Z"}
        assert (await http.post(ASK, json=body)).status_code == 202

    async with server(tmp_path, clock, 2) as (_, exports, http):
        await log_in(http, key.id, secret)
        await exports.idle()
        (view,) = (await http.get(LIST)).json()
        assert (view["state"], view["rows"]) == ("ready", 3_010)
        files = opened(await http.get(view["link"]))
        first, second = files["_House - a_b.csv"], files["_House - say _hi_.csv"]
        assert set(files) == {"_House - a_b.csv", "_House - say _hi_.csv", "README.txt"}
        times = [f"2024-12-31T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.{n:06}Z" for n in range(3_000)]
        assert first == "time,value\r\n" + "".join(f"{times[n]},{n}\r\n" for n in range(3_000))
        rows = [f"{times[n]},{45.0 + n / 1000!r},{-n / 7!r}\r\n" for n in range(10)]
        assert second == "time,lat,lon\r\n" + "".join(rows)

    async with server(tmp_path, clock, 3) as (_, _, http):
        assert len(opened(await http.get(view["link"]))) == 3


async def test_it_says_whether_the_link_was_mailed(world: World, live: LiveThing) -> None:
    class Carrier:
        sent: ClassVar[list[Mail]] = []

        async def send(self, mail: Mail) -> None:
            if self.sent:
                raise MailRefused("No such user.")
            self.sent.append(mail)

    mail = ExportMail(world.services.people, Carrier(), world.clock, lambda token: link_of("https://h", token))
    await world.exports.open(mail)
    door = names_of(live)["door"]
    for told in ({"mail": "sent"}, {"mail": "failed", "mail_detail": "No such user."}):
        view = await asked(world, door)
        assert {name: value for name, value in view.items() if name.startswith("mail")} == told
    first = (await world.call("GET", LIST)).json()[0]
    assert first["link"].replace("http://localhost:8080", "https://h") in Carrier.sent[0].text
    await mail.close()
