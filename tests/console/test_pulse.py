"""How the server does: rates, what is kept over a restart, room and growth, and troubles in plain words."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from rookery import logs
from rookery.console import pulse as module
from rookery.console.pulse import Pulse, measured
from rookery.console.troubles import WORDS, told
from rookery.core.clock import DAY
from rookery.core.points import PULSE_SERIES
from tests.console.boards import until_so
from tests.console.watching import Someone
from tests.fakes import FakeBoard, ManualClock, memory_services, settled
from tests.serving import serving


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[logs.Recent]:
    """Logging as a server has it, with nothing remembered; afterwards as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    recent = logs.Recent()
    monkeypatch.setattr(logs, "recent", recent)
    logs.set_up("text", "info", io.StringIO())
    yield recent
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


class World:
    """A pulse over memory, whose counters a test turns."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self.services = memory_services(clock=self.clock)
        self.messages = 0
        self.folder = folder
        self.pulse = Pulse(self.services, self.clock, folder, lambda: self.messages)

    async def pass_time(self, seconds: float, messages: float = 0.0) -> None:
        """Let time pass, with so many messages a second."""
        for _ in range(round(seconds / 2)):
            self.messages += round(2 * messages)
            self.services.ingest.points += round(4 * messages)
            self.clock.turn(2.0)
            await settled()
            if self.pulse._measuring is not None:
                await self.pulse._measuring


async def test_rates_are_those_of_the_last_ten_seconds(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.pulse.start()
    assert world.pulse.now().messages == 0
    await world.pass_time(20, messages=100)
    now = world.pulse.now()
    assert (now.messages, now.points, now.online) == (100, 200, 0)
    await world.pass_time(10)
    assert world.pulse.now().messages == 0
    await world.pulse.close()
    assert world.clock.waiting == 0


async def test_a_point_a_minute_is_kept_and_read_back(tmp_path: Path) -> None:
    world = World(tmp_path)
    (tmp_path / "telemetry.db").write_bytes(bytes(1_000))
    world.pulse.start()
    await world.pass_time(2)
    await world.pass_time(180, messages=50)
    await world.pulse.close()
    kept = await world.services.telemetry.read(PULSE_SERIES, 0, 1 << 60, 100)
    assert len(kept) == 3
    again = Pulse(world.services, world.clock, tmp_path, lambda: 0)
    history = await again.history(24)
    assert [sample.messages for sample in history] == pytest.approx([50, 50], abs=2)
    assert [(sample.storage, sample.online) for sample in history] == [(1_000, 0)] * 2
    assert len(await world.pulse.history(1)) >= 18
    assert await again.history(24 * 30) != []


async def test_days_left_follow_from_growth_that_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path)
    rooms = iter([module.Room({"telemetry": 1_000_000}, 9_000_000)] * 61)
    later = module.Room({"telemetry": 1_010_000}, 8_000_000)
    monkeypatch.setattr(module, "measured", lambda _folder: next(rooms, later))
    world.pulse.start()
    await world.pass_time(60 * 60)
    early = world.pulse.days_left
    assert early is None
    await world.pass_time(4 * 60)
    left = world.pulse.days_left
    # Ten thousand bytes in some 63 minutes are 228,000 a day, and eight million are free.
    assert left == pytest.approx(8_000_000 / (10_000 * 24 * 60 / 63), rel=0.05)
    assert world.clock.now() < DAY * 30_000
    await world.pulse.close()


def test_parts_of_the_folder_are_added_up(tmp_path: Path) -> None:
    for name, size in (("catalog.db", 10), ("catalog.db-wal", 5), ("telemetry.db", 100), ("blobs/exports/x", 7)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(size))
    room = measured(tmp_path)
    assert {part: room.parts[part] for part in ("catalog", "telemetry")} == {"catalog": 15, "telemetry": 100}
    assert next(iter(room.parts)) in ("telemetry", "blobs")
    assert room.free > 0


async def test_the_operator_sees_the_server_and_others_their_space(tmp_path: Path, logged: logs.Recent) -> None:
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        device = await ada.services.devices.create(ada.who, "arduino", "giga")
        await bob.services.devices.create(bob.who, "arduino", "giga")
        ada.services.boards.arrived(FakeBoard(device))
        structlog.get_logger().warning("message_dropped", device=device.id, reason="temp: no number")
        async with ada.browser() as browser:
            answer = (await browser.get("pulse?hours=1")).json()
            assert (await browser.get("pulse?hours=0")).status_code == 400
        async with bob.browser() as browser:
            others = (await browser.get("pulse")).json()
        now = answer["now"]
        assert (now["scope"], now["online"]) == ("server", 1)
        assert now["disk_free_bytes"] >= 0
        (error,) = answer["errors"]
        assert (error["who"], error["what"]) == (device.id, "A board sent a message that can not be read")
        assert error["message"].startswith("Temp: no number. Compare the types")
        assert others == {
            "now": {"scope": "space", "online": 0, "devices": 1},
            "fields": list(module.FIELDS),
            "history": [],
            "errors": [],
        }


async def test_the_topic_says_the_numbers_again_and_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.05)
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        bob = await Someone.signed_in(server, "bob@example.org")
        async with ada.tab() as tab, bob.tab() as other:
            await tab.subscribe("pulse")
            await other.subscribe("pulse")
            for _ in range(3):
                assert (await tab.until("pulse"))["scope"] == "server"
                assert (await other.until("pulse"))["scope"] == "space"
        assert server.console is not None
        pulse = server.console.pulse

        async def unwatched() -> bool:
            return not pulse.watchers

        await until_so(unwatched)


async def test_points_survive_a_restart_of_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.01)
    monkeypatch.setattr(module, "MINUTE", 1)
    async with serving(tmp_path) as server:
        ada = await Someone.signed_in(server)
        telemetry = server.core.telemetry
        await until_so(lambda: telemetry.count(PULSE_SERIES, 0, 1 << 60))
    monkeypatch.setattr(module, "TICK_SECONDS", 1_000)
    async with serving(tmp_path) as server:
        ada.server = server
        async with ada.browser() as browser:
            history = (await browser.get("pulse")).json()["history"]
        assert history
        assert all(len(row) == len(module.FIELDS) for row in history)


def test_troubles_are_remembered_once_and_counted(logged: logs.Recent) -> None:
    log = structlog.get_logger()
    log.info("not.this")
    for number in range(3):
        log.warning("mqtt.full", open=number)
    try:
        raise ValueError("no such column")
    except ValueError:
        log.exception("strange.event", device="d1", password="hunter2")
    first, second = told(logged)
    assert (first["what"], first["who"]) == ("Strange: event", "d1")
    assert first["message"].startswith("ValueError: no such column. This is a fault of the server.")
    assert (second["count"], second["what"]) == (3, WORDS["mqtt.full"].what)
    assert "hunter2" not in str(list(logged))


def test_no_more_troubles_are_remembered_than_fit() -> None:
    recent = logs.Recent(3)
    for number in range(5):
        recent.keep(None, "", {"event": f"e{number}", "level": "error"})
    assert [trouble.event for trouble in recent] == ["e4", "e3", "e2"]
