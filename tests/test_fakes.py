"""The stand-ins keep the contracts of what they stand for: they are tried with the same tests as the real ones."""

from __future__ import annotations

import pytest

from tests.fakes import ManualClock, MemoryCatalog
from tests.storage.catalog.test_contract import *  # noqa: F403 - every test of the contract, on the catalog below


@pytest.fixture
def catalog() -> MemoryCatalog:
    return MemoryCatalog()


def test_a_clock_is_turned() -> None:
    clock = ManualClock(0)
    seen: list[tuple[str, int]] = []
    clock.call_later(2, lambda: seen.append(("second", clock.now())))
    clock.call_later(1, lambda: seen.append(("first", clock.now())))
    clock.call_later(1, lambda: seen.append(("first too", clock.now())))
    gone = clock.call_later(1, seen.append, ("never", 0))
    gone.cancel()
    assert clock.waiting == 3
    clock.turn(0.5)
    assert seen == []
    clock.turn(10)
    assert seen == [("first", 1_000_000), ("first too", 1_000_000), ("second", 2_000_000)]
    assert (clock.now(), clock.monotonic()) == (10_500_000, 10.5)
