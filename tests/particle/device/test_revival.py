"""Who asks quiet boards after a start: which boards, in which order, how fast, and what a summons does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from rookery.particle.device import revival
from rookery.particle.device.revival import REST_SECONDS, ROUNDS, SUMMON_SECONDS, Revival
from tests.fakes import ManualClock, connect, memory_services
from tests.particle.device.board_world import key_of, rest

ARGON, BORON = 12, 13


class Gateway:
    """Notes who is asked. `answers` are the boards that are there."""

    def __init__(self) -> None:
        self.store = self
        self.wakings = self
        self.kept: list[str] = []
        self.asked: list[tuple[str, bool]] = []
        self.times: list[float] = []
        self.seconds: list[float] = []
        self.pending: list[asyncio.Future[bool]] = []
        self.failing = False
        self.clock = ManualClock()

    async def placed(self) -> list[str]:
        return self.kept

    async def wake(self, device_id: bytes, *, seconds: float = 0.0, lose: bool = False) -> asyncio.Future[bool]:
        self.asked.append((device_id.hex(), lose))
        self.times.append(self.clock.monotonic())
        self.seconds.append(seconds)
        if self.failing:
            raise OSError("no disk")
        self.pending.append(asyncio.get_running_loop().create_future())
        return self.pending[-1]

    def stop(self) -> None:
        for future in self.pending:
            if not future.done():
                future.set_result(False)


class World:
    def __init__(self) -> None:
        self.gateway = Gateway()
        self.clock = self.gateway.clock
        self.services = memory_services(clock=self.clock)
        gateway: Any = self.gateway
        self.revival = Revival(self.services, gateway, self.clock)
        self.services.boards.summons = self.revival.summon

    async def boards(self, count: int, platform: int = ARGON) -> list[str]:
        """So many more with a kept session."""
        begin = len(self.gateway.kept)
        ids = [f"{number:024x}" for number in range(begin, begin + count)]
        for hex_id in ids:
            await self.services.enrolment.enrol(
                hex_id, "particle", "argon", platform=platform, public_key=key_of(1), space_id="somebody"
            )
        self.gateway.kept += ids
        return ids

    async def pass_time(self, seconds: float, step: float = 0.1) -> None:
        for _ in range(round(seconds / step)):
            self.clock.turn(step)
            await rest()


async def test_quiet_boards_are_asked_in_two_rounds_cellular_ones_first() -> None:
    world = World()
    wifi = await world.boards(2)
    cellular = await world.boards(2, BORON)
    world.revival.start()
    assert world.gateway.asked == [], "the start does not wait"
    await world.pass_time(ROUNDS[0] + 1)
    assert sorted(world.gateway.asked[:2]) == [(hex_id, False) for hex_id in cellular]
    assert sorted(world.gateway.asked[2:]) == [(hex_id, False) for hex_id in wifi]
    world.gateway.asked.clear()
    await world.pass_time(ROUNDS[1] + 1, step=1.0)
    assert sorted(world.gateway.asked) == [(hex_id, True) for hex_id in (*wifi, *cellular)], "who is silent now is lost"
    world.gateway.asked.clear()
    await world.pass_time(3 * ROUNDS[1], step=10.0)
    assert world.gateway.asked == []
    await world.revival.close()


async def test_they_are_asked_at_a_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revival, "LOOKED_UP", 30)
    world = World()
    await world.boards(101)
    world.revival.start()
    await world.pass_time(ROUNDS[0] + 1, step=0.05)
    times = world.gateway.times
    assert len(times) == 101
    assert [times.count(time) for time in sorted(set(times))] == [20, 20, 20, 20, 20, 1]
    assert times[-1] - times[0] == pytest.approx(100 / revival.PER_SECOND)
    await world.revival.close()


async def test_without_kept_sessions_nothing_goes_on() -> None:
    world = World()
    world.revival.start()
    await world.pass_time(ROUNDS[0] + 1)
    assert world.clock.waiting == 0
    assert world.gateway.asked == []
    await world.revival.close()


async def test_boards_that_are_here_or_deleted_are_left_alone() -> None:
    world = World()
    here, deleted, quiet = await world.boards(3)
    for hex_id in (here, deleted):
        device = await world.services.enrolment.get(hex_id)
        assert device is not None
        if hex_id == here:
            connect(world.services, device)
        else:
            await world.services.enrolment.keep(device.id, deleted_at=1)
    world.revival.start()
    await world.pass_time(ROUNDS[0] + 1)
    assert world.gateway.asked == [(quiet, False)]
    await world.revival.close()


async def test_one_that_comes_during_the_round_is_left_alone() -> None:
    world = World()
    ids = await world.boards(21)
    world.revival.start()
    await world.pass_time(ROUNDS[0])
    assert len(world.gateway.asked) == 20
    (waiting,) = set(ids) - {hex_id for hex_id, _ in world.gateway.asked}
    device = await world.services.enrolment.get(waiting)
    assert device is not None
    connect(world.services, device)
    await world.pass_time(1.0)
    assert len(world.gateway.asked) == 20
    await world.revival.close()


async def test_a_store_that_is_away_ends_the_round_and_nothing_else() -> None:
    world = World()
    await world.boards(40)
    world.gateway.failing = True
    world.revival.start()
    with capture_logs() as logs:
        await world.pass_time(ROUNDS[0] + 1)
    assert {line["event"] for line in logs} == {"particle.revival_failed"}
    assert len(world.gateway.asked) == 20
    await world.revival.close()


async def test_it_can_be_closed_at_any_moment() -> None:
    for moment in (0.0, ROUNDS[0] - 0.1, ROUNDS[0] + 0.1, ROUNDS[0] + 1):
        world = World()
        await world.boards(40)
        world.revival.start()
        await world.pass_time(moment)
        await world.revival.close()
        asked = len(world.gateway.asked)
        assert world.clock.waiting == 0
        await world.pass_time(3.0)
        assert len(world.gateway.asked) == asked


class TestSummons:
    """Somebody calls a board that is not online."""

    async def test_one_that_answers_is_reached(self) -> None:
        world = World()
        (hex_id,) = await world.boards(1)
        device = await world.services.enrolment.get(hex_id)
        assert device is not None
        callers = [asyncio.ensure_future(world.services.boards.reach(device)) for _ in range(3)]
        await rest()
        assert world.gateway.asked == [(hex_id, False)], "several ask once"
        assert world.gateway.seconds == [SUMMON_SECONDS]
        callers.pop().cancel()
        board = connect(world.services, device)
        world.gateway.pending[0].set_result(True)
        assert [await caller for caller in callers] == [board, board], "one that leaves takes nothing away"
        assert await world.services.boards.reach(device) is board
        await world.revival.close()

    async def test_one_that_does_not_is_left_alone_for_a_minute(self) -> None:
        world = World()
        (hex_id,) = await world.boards(1)
        device = await world.services.enrolment.get(hex_id)
        assert device is not None
        for times in (1, 2):
            caller = asyncio.ensure_future(world.services.boards.reach(device))
            await rest()
            world.gateway.pending[-1].set_result(False)
            assert await caller is None
            assert await world.services.boards.reach(device) is None
            assert len(world.gateway.asked) == times
            world.clock.turn(REST_SECONDS)
        await world.revival.close()

    async def test_memory_of_them_has_an_end(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(revival, "MOST_RESTING", 3)
        world = World()
        for hex_id in await world.boards(6):
            device = await world.services.enrolment.get(hex_id)
            assert device is not None
            caller = asyncio.ensure_future(world.services.boards.reach(device))
            await rest()
            world.gateway.pending[-1].set_result(False)
            assert await caller is None
        assert len(world.revival._resting) == 3
        await world.revival.close()

    async def test_a_failing_store_and_the_end_are_no_answer(self) -> None:
        world = World()
        first, second = await world.boards(2)
        world.gateway.failing = True
        device = await world.services.enrolment.get(first)
        assert device is not None
        with capture_logs() as logs:
            assert await world.services.boards.reach(device) is None
        assert [line["event"] for line in logs] == ["particle.summons_failed"]
        world.gateway.failing = False
        device = await world.services.enrolment.get(second)
        assert device is not None
        caller = asyncio.ensure_future(world.services.boards.reach(device))
        await rest()
        await world.revival.close()
        assert await caller is None
        world.clock.turn(REST_SECONDS)
        assert await world.services.boards.reach(device) is None
        assert len(world.gateway.asked) == 2

    async def test_boards_of_other_dialects_are_not_asked(self) -> None:
        world = World()
        device = await world.services.enrolment.enrol("a" * 24, "other", "board")
        assert await world.services.boards.reach(device) is None
        assert world.gateway.asked == []
        await world.revival.close()
