"""What a guesser waits for."""

from __future__ import annotations

import asyncio

import pytest

from rookery.core.guessing import Failures, subscriber
from tests.fakes import ManualClock


async def test_the_first_failures_are_answered_at_once_and_later_ones_late() -> None:
    clock = ManualClock()
    failures = Failures(clock)
    for _ in range(Failures.FREE):
        await failures.add("a")
    late = [asyncio.create_task(failures.add("a")) for _ in range(Failures.TOGETHER)]
    await asyncio.sleep(0)
    assert failures.presses("a")
    assert not failures.presses("b")
    assert not any(task.done() for task in late)
    clock.turn(Failures.LONGEST)
    await asyncio.gather(*late)
    assert not failures.presses("a")


async def test_who_knew_the_secret_begins_anew() -> None:
    clock = ManualClock()
    failures = Failures(clock)
    for _ in range(Failures.FREE):
        await failures.add("a")
    failures.forget("a")
    await failures.add("a")
    assert clock.waiting == 0


async def test_a_guesser_who_hangs_up_is_not_waited_for() -> None:
    failures = Failures(ManualClock())
    for _ in range(Failures.FREE):
        await failures.add("a")
    late = [asyncio.create_task(failures.add("a")) for _ in range(Failures.TOGETHER)]
    await asyncio.sleep(0)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
    assert not failures.presses("a")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_what_counts_as_one(address: str, counted: str) -> None:
    assert subscriber(address) == counted
