"""The clock that is turned by hand keeps the contract of the machine's own."""

from __future__ import annotations

import asyncio

import pytest

from rookery.clock import ManualClock, SystemClock
from rookery.core.clock import SECOND

START = 1_000 * SECOND


async def test_timers_run_at_their_time_and_in_order() -> None:
    clock = ManualClock(START)
    seen: list[tuple[str, float]] = []
    for name, delay in (("b", 2.0), ("a", 1.0), ("c", 2.0), ("late", 9.0)):
        clock.call_later(delay, lambda name=name: seen.append((name, clock.monotonic())))
    await clock.turn_to(START + 5 * SECOND)
    assert seen == [("a", 1.0), ("b", 2.0), ("c", 2.0)]
    assert clock.now() == START + 5 * SECOND


async def test_a_cancelled_timer_never_runs() -> None:
    clock = ManualClock(START)
    seen: list[int] = []
    clock.call_later(1, seen.append, 1).cancel()
    await clock.turn_to(START + 2 * SECOND)
    assert seen == []


async def test_what_a_timer_sets_off_can_set_another() -> None:
    clock = ManualClock(START)
    seen: list[float] = []

    async def task() -> None:
        seen.append(clock.monotonic())
        if len(seen) < 4:
            clock.call_later(10, again)

    tasks: list[asyncio.Task[None]] = []

    def again() -> None:
        tasks.append(asyncio.get_running_loop().create_task(task()))

    clock.call_later(10, again)
    await clock.turn_to(START + 100 * SECOND)
    assert seen == [10.0, 20.0, 30.0, 40.0]


async def test_time_does_not_go_back() -> None:
    clock = ManualClock(START)
    with pytest.raises(ValueError, match="does not go back"):
        await clock.turn_to(START - 1)


async def test_the_machines_clock_calls_back_on_the_loop() -> None:
    clock = SystemClock()
    called = asyncio.get_running_loop().create_future()
    clock.call_later(0, called.set_result, clock.monotonic())
    assert await called <= clock.monotonic()
    assert clock.now() > START
