"""Boards asked once for all who look: what is remembered, for how long, and how much."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import rookery.console.readings
from rookery.console.readings import KEPT_SECONDS, Reading, Readings
from rookery.core.errors import BoardAway, BoardCannot, LimitReached, NameUnknown
from rookery.core.records import Device
from tests.fakes import FakeBoard, ManualClock, memory_services, settled

HEX = "0123456789abcdef01234567"


class SlowBoard(FakeBoard):
    """One that answers when it is let."""

    def __init__(self, device: Device) -> None:
        super().__init__(device)
        self.answers = asyncio.Event()

    async def read(self, name: str, deadline: float = 30.0) -> Any:
        await self.answers.wait()
        return await super().read(name, deadline)


class Scene:
    """A board whose level is 7, and those who remember what it says."""

    def __init__(self, device: Device, clock: ManualClock, readings: Readings, board: SlowBoard) -> None:
        self.device = device
        self.clock = clock
        self.readings = readings
        self.board = board
        board.variables = {"level": 7, "note": "x"}

    @classmethod
    async def make(cls) -> Scene:
        clock = ManualClock()
        services = memory_services(clock=clock)
        device = await services.enrolment.enrol(HEX, "particle", "argon")
        board = SlowBoard(device)
        services.boards.arrived(board)
        board.answers.set()
        return cls(device, clock, Readings(services.boards, clock), board)

    async def level(self) -> Any:
        return (await self.readings.read(self.device, "level")).value


async def test_an_answer_counts_for_ten_seconds() -> None:
    scene = await Scene.make()
    first = scene.clock.now()
    assert await scene.readings.read(scene.device, "level") == Reading(7, first)
    scene.board.variables["level"] = 8
    scene.clock.turn(KEPT_SECONDS - 1)
    assert await scene.readings.read(scene.device, "level") == Reading(7, first)
    assert (await scene.readings.read(scene.device, "note")).value == "x"
    scene.clock.turn(1)
    assert await scene.level() == 8
    assert scene.board.asked == [("read", "level"), ("read", "note"), ("read", "level")]


async def test_who_asks_meanwhile_waits_for_the_answer_to_come() -> None:
    scene = await Scene.make()
    scene.board.answers.clear()
    asking = [asyncio.create_task(scene.level()) for _ in range(3)]
    await settled()
    asking[0].cancel()
    await settled()
    scene.board.answers.set()
    assert await asyncio.gather(*asking[1:]) == [7, 7]
    assert asking[0].cancelled()
    assert scene.board.asked == [("read", "level")]


@pytest.mark.parametrize("connected", [True, False])
async def test_that_a_board_does_not_answer_is_remembered_as_well(connected: bool) -> None:
    scene = await Scene.make()
    scene.board.deaf = True
    if not connected:
        scene.readings._boards.left(scene.board)
    for _ in range(2):
        with pytest.raises(BoardAway, match="not connected, or did not answer"):
            await scene.level()
    assert scene.board.asked == [("read", "level")] * connected
    scene.board.deaf = False
    scene.readings._boards.arrived(scene.board)
    with pytest.raises(BoardAway):
        await scene.level()
    scene.clock.turn(KEPT_SECONDS)
    assert await scene.level() == 7


async def test_other_refusals_are_remembered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = await Scene.make()
    for _ in range(2):
        with pytest.raises(NameUnknown, match="no such variable"):
            await scene.readings.read(scene.device, "secret")
    assert scene.board.asked == [("read", "secret")]

    async def cannot(name: str, deadline: float = 30.0) -> Any:
        raise BoardCannot("It can not.")

    monkeypatch.setattr(scene.board, "read", cannot)
    with pytest.raises(BoardCannot, match="can not"):
        await scene.level()


async def test_what_is_nobodys_fault_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = await Scene.make()

    async def broken(name: str, deadline: float = 30.0) -> Any:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(scene.board, "read", broken)
        with pytest.raises(RuntimeError):
            await scene.level()
    assert await scene.level() == 7


async def test_so_many_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rookery.console.readings, "LIMIT", 2)
    scene = await Scene.make()
    await scene.level()
    scene.clock.turn(KEPT_SECONDS / 2)
    await scene.readings.read(scene.device, "note")
    with pytest.raises(LimitReached):
        await scene.readings.read(scene.device, "secret")
    assert await scene.level() == 7, "what is known is told"
    scene.clock.turn(KEPT_SECONDS / 2)
    scene.board.answers.clear()
    asking = asyncio.create_task(scene.level())
    await settled()
    with pytest.raises(LimitReached):
        await scene.readings.read(scene.device, "secret")
    scene.board.answers.set()
    assert await asking == 7
    scene.clock.turn(KEPT_SECONDS)
    with pytest.raises(NameUnknown):
        await scene.readings.read(scene.device, "secret")
