"""Exports: what is asked for is written down, made one after the other, shown, and gone when its time is over."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Sequence

import pytest

from rookery.core.access import Principal
from rookery.core.clock import SECOND
from rookery.core.errors import NotFound, Unavailable
from rookery.core.exports import (
    KEPT_OF_PERSON,
    LIFETIME,
    PAGE,
    QUEUE_LIMIT,
    UNDER_WAY_OF_PERSON,
    Export,
    ExportFailed,
    ExportPart,
    Exports,
    ExportState,
)
from rookery.core.ids import Identifiers
from rookery.core.points import Point, Value
from rookery.core.records import Role, ValueKind, Variable
from rookery.core.services import Services
from tests.core.test_things import ada, spec
from tests.fakes import START, ManualClock, memory_services

SECRET = b"sixteen bytes or more"


class MemoryDownload:
    """The text of a file, in two pieces."""

    def __init__(self, text: str) -> None:
        self._pieces = [text[:5].encode(), text[5:].encode()]
        self.size = len(text)
        self.closed = False

    async def read(self) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        self.closed = True


class MemoryWriter:
    """One step a turn, each of which can be made to fail."""

    def __init__(self, files: MemoryFiles, id: str) -> None:
        self._files = files
        self._id = id
        self.tables: list[tuple[str, list[str], list[Point]]] = []
        self.abandoned = False

    async def _step(self) -> None:
        await self._files.gate.wait()
        if self._files.failure is not None:
            raise self._files.failure

    async def table(self, part: ExportPart, columns: Sequence[str]) -> None:
        await self._step()
        self.tables.append((part.name, list(columns), []))

    async def rows(self, points: Sequence[Point]) -> None:
        await self._step()
        assert len(points) <= PAGE
        self.tables[-1][2].extend(points)

    async def finish(self) -> int:
        await self._step()
        self._files.finished[self._id] = self
        return 10

    async def abandon(self) -> None:
        self.abandoned = True


class MemoryFiles:
    """Files in a dictionary; they stay from one life to the next. Nothing is written while `gate` is closed."""

    def __init__(self) -> None:
        self.known: dict[str, Export] = {}
        self.finished: dict[str, MemoryWriter] = {}
        self.writers: list[MemoryWriter] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.failure: Exception | None = None
        self.keeps = True

    async def load(self) -> list[Export]:
        return list(self.known.values())

    async def keep(self, export: Export) -> None:
        await asyncio.sleep(0)
        if not self.keeps:
            raise ExportFailed("The disk is full.")
        self.known[export.id] = export

    def write(self, export: Export) -> MemoryWriter:
        self.writers.append(MemoryWriter(self, export.id))
        return self.writers[-1]

    async def read(self, id: str) -> MemoryDownload | None:
        return MemoryDownload(f"file {id}") if id in self.finished else None

    async def remove(self, id: str) -> None:
        self.known.pop(id, None)
        self.finished.pop(id, None)


class Desk:
    """One person with a thing of three variables."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.services: Services = memory_services(clock=self.clock)
        self.files = MemoryFiles()
        self.lives = 0
        self.exports = self.life()

    def life(self, secret: bytes = SECRET) -> Exports:
        self.lives += 1
        services = self.services
        ids = Identifiers(random.Random(self.lives).randbytes)
        return Exports(services.catalog, services.telemetry, services.variables, self.files, ids, self.clock, secret)

    async def furnish(self) -> None:
        self.who = await ada(self.services)
        variables = [spec("a"), spec("b"), spec("lamp", kind=ValueKind.COMPOSITE, type="LAMP")]
        self.thing = await self.services.things.create(self.who, name="House", variables=variables)
        self.variables = await self.services.variables.of(self.thing)
        self.ids = [variable.id for variable in self.variables]

    async def fill(self, variable: Variable, *values: Value) -> None:
        await self.services.telemetry.write(
            [(variable.series, START + place * SECOND, value) for place, value in enumerate(values)]
        )

    async def ask(self, who: Principal | None = None, ids: list[str] | None = None) -> Export:
        return await self.exports.ask(who or self.who, ids or self.ids[:1], START, START + 10_000 * SECOND)

    async def reopen(self, secret: bytes = SECRET) -> None:
        await self.exports.close()
        self.exports = self.life(secret)
        await self.exports.open()

    def states(self) -> list[str]:
        return [export.state.value for export in self.exports.of(self.who)]


@pytest.fixture
async def desk() -> Desk:
    desk = Desk()
    await desk.furnish()
    return desk


async def test_all_pages_of_all_variables_once_and_in_order(desk: Desk) -> None:
    a, _, lamp = desk.variables
    await desk.fill(a, *range(2 * PAGE + 1))
    await desk.fill(lamp, {"on": True}, 5, {"on": False, "bright": 0.5})
    asked = await desk.ask(ids=[a.id, lamp.id.upper(), a.id])
    assert (asked.state, [part.name for part in asked.parts]) == (ExportState.WAITING, ["a", "lamp"])
    await desk.exports.idle()
    (ready,) = desk.exports.of(desk.who)
    assert (ready.state, ready.rows, ready.size) == (ExportState.READY, 2 * PAGE + 4, 10)
    assert ready.expires_at == START + LIFETIME
    first, second = desk.files.finished[asked.id].tables
    assert first == ("a", [], [Point(START + n * SECOND, n) for n in range(2 * PAGE + 1)])
    assert second[:2] == ("lamp", ["on", "bright", "value"])
    assert len(second[2]) == 3


async def test_the_start_counts_and_the_end_does_not(desk: Desk) -> None:
    await desk.fill(desk.variables[0], 0, 1, 2, 3)
    await desk.exports.ask(desk.who, desk.ids[:1], START + SECOND, START + 3 * SECOND)
    await desk.exports.idle()
    (table,) = desk.files.writers[0].tables
    assert [point.value for point in table[2]] == [1, 2]


async def test_the_link_is_long_and_leads_to_the_file_until_its_time_is_over(desk: Desk) -> None:
    asked = await desk.ask()
    token = desk.exports.token(asked)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", token)
    with pytest.raises(NotFound):
        await Exports.read(desk.exports, "x" * 43)
    await desk.exports.idle()
    export, download = await desk.exports.read(token)
    assert (export.id, await download.read(), download.size) == (asked.id, b"file ", 41)
    desk.clock.turn(LIFETIME // SECOND - 1)
    assert await desk.exports.clean() == 0
    assert len(desk.exports.of(desk.who)) == 1
    desk.clock.turn(1)
    with pytest.raises(NotFound):
        await desk.exports.read(token)
    assert desk.exports.of(desk.who) == []
    assert await desk.exports.clean() == 1
    assert (desk.files.known, desk.files.finished) == ({}, {})


async def test_there_is_no_link_before_the_file_is_whole(desk: Desk) -> None:
    desk.files.gate.clear()
    asked = await desk.ask()
    await asyncio.sleep(0)
    assert desk.states() == ["running"]
    with pytest.raises(NotFound):
        await desk.exports.read(desk.exports.token(asked))
    desk.files.gate.set()
    await desk.exports.idle()
    assert desk.states() == ["ready"]


async def test_one_at_a_time(desk: Desk) -> None:
    desk.files.gate.clear()
    for _ in range(3):
        await desk.ask()
    await asyncio.sleep(0)
    assert desk.states() == ["running", "waiting", "waiting"]
    assert len(desk.files.writers) == 1
    desk.files.gate.set()
    await desk.exports.idle()
    assert desk.states() == ["ready"] * 3


async def test_a_restart_goes_on_with_what_was_asked_for(desk: Desk) -> None:
    ready = await desk.ask()
    await desk.exports.idle()
    token = desk.exports.token(ready)
    desk.files.gate.clear()
    for _ in range(2):
        await desk.ask()
    await asyncio.sleep(0)
    await desk.exports.close()
    assert desk.files.writers[-1].abandoned
    with pytest.raises(Unavailable, match="stopping"):
        await desk.ask()
    desk.files.gate.set()
    await desk.reopen()
    assert (await desk.exports.read(token))[0].id == ready.id
    await desk.exports.idle()
    assert desk.states() == ["ready"] * 3
    await desk.reopen(b"another secret of the server")
    with pytest.raises(NotFound):
        await desk.exports.read(token)


async def test_what_does_not_exist_for_the_asker_starts_nothing(desk: Desk) -> None:
    person = await desk.services.people.create("eve@example.org")
    eve = await desk.services.people.principal(person.id)
    for who, ids in ((eve, desk.ids[:1]), (desk.who, [desk.ids[0], "0" * 36])):
        with pytest.raises(NotFound):
            await desk.ask(who, ids)
    assert desk.files.known == {}
    await desk.ask()
    assert desk.exports.of(eve) == []


async def test_who_has_left_a_space_does_not_see_the_link_any_more(desk: Desk) -> None:
    await desk.ask()
    outside = Principal(person_id=desk.who.person_id, space_id="other", roles={"other": Role.OWNER})
    assert desk.exports.of(outside) == []


async def test_the_queue_has_an_end(desk: Desk) -> None:
    desk.files.gate.clear()
    for _ in range(UNDER_WAY_OF_PERSON):
        await desk.ask()
    with pytest.raises(Unavailable, match="yours"):
        await desk.ask()
    space = desk.thing.space_id
    others = [Principal(person_id=f"p{n}", space_id=space, roles={space: Role.VIEWER}) for n in range(QUEUE_LIMIT)]
    for other in others[: QUEUE_LIMIT - UNDER_WAY_OF_PERSON]:
        await desk.ask(other)
    with pytest.raises(Unavailable, match="under way already"):
        await desk.ask(others[-1])
    assert len(desk.files.known) == QUEUE_LIMIT
    desk.files.gate.set()
    await desk.exports.idle()
    await desk.ask()
    await desk.exports.idle()
    assert len(desk.files.finished) == QUEUE_LIMIT + 1


async def test_a_further_one_takes_the_place_of_the_oldest(desk: Desk) -> None:
    ids = []
    for _ in range(KEPT_OF_PERSON + 2):
        ids.append((await desk.ask()).id)
        await desk.exports.idle()
    assert [export.id for export in desk.exports.of(desk.who)] == ids[2:]
    assert list(desk.files.finished) == ids[2:]


async def test_a_disk_that_takes_nothing_is_said_at_once(desk: Desk) -> None:
    desk.files.keeps = False
    with pytest.raises(Unavailable, match="disk is full"):
        await desk.ask()
    assert desk.states() == []
    assert desk.files.writers == []


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (ExportFailed("The disk is full."), "The disk is full."),
        (RuntimeError("the inside"), "Something went wrong on the server; its log says what."),
    ],
)
async def test_one_that_fails_says_why_and_the_next_one_is_made(desk: Desk, failure: Exception, reason: str) -> None:
    desk.files.failure = failure
    asked = await desk.ask()
    await desk.exports.idle()
    (export,) = desk.exports.of(desk.who)
    assert (export.state, export.reason, export.rows) == (ExportState.FAILED, reason, 0)
    assert export.expires_at == START + LIFETIME
    assert desk.files.writers[0].abandoned
    with pytest.raises(NotFound):
        await desk.exports.read(desk.exports.token(asked))
    desk.files.failure = None
    await desk.ask()
    await desk.exports.idle()
    assert desk.states() == ["failed", "ready"]


def test_a_short_secret_is_refused() -> None:
    services = memory_services()
    with pytest.raises(ValueError, match="16 bytes"):
        Exports(
            services.catalog,
            services.telemetry,
            services.variables,
            None,  # type: ignore[arg-type]
            services.ids,
            services.clock,
            b"short",
        )
