"""Memory by itself: what a merge that fails, a deletion and too many series do to it."""

from __future__ import annotations

import pytest

from rookery.core.points import Point
from rookery.storage.telemetry import memory as module
from rookery.storage.telemetry.memory import Memory, Run, Stored

ALL = (-(2**62), 2**62)


def empty(series: int) -> Stored | None:
    return None


def free(run: Run, wanted: int) -> int:
    return wanted


def made() -> Memory:
    memory = Memory(empty, free)
    memory.add([1, 2, 1, -3], [10, 20, 5, 30], ["a", "b", "c", "d"])
    return memory


def test_points_stay_readable_while_they_are_merged() -> None:
    memory = made()
    run = memory.run(1)
    parts = memory.freeze(run)
    memory.add([1, 1], [12, 5], ["e", "f"])
    assert [len(part) for part in parts] == [2]
    assert memory.copy(1, *ALL) == ([5, 6, 10, 12], ["c", "f", "a", "e"])
    memory.settle(run, Point(10, "a"), 1)
    assert memory.copy(1, *ALL) == ([6, 12], ["f", "e"])
    assert run.last() == Point(12, "e")


def test_a_merge_that_fails_is_taken_up_with_all_there_is() -> None:
    memory = made()
    run = memory.run(1)
    memory.freeze(run)
    memory.add([1], [12], ["e"])
    memory.thaw(run)
    assert 1 in memory.active
    parts = memory.freeze(run)
    assert [len(part) for part in parts] == [2, 1]
    memory.settle(run, Point(12, "e"), 2)
    assert memory.copy(1, *ALL) == ([], [])
    assert run.last() == Point(12, "e")


def test_a_deleted_series_does_not_come_back_with_its_failed_merge() -> None:
    memory = made()
    run = memory.run(1)
    memory.freeze(run)
    memory.forget(1)
    memory.thaw(run)
    assert 1 not in memory.active
    memory.add([1], [1], ["new"])
    assert memory.copy(1, *ALL) == ([1], ["new"])


def test_a_last_value_without_history_is_merged_too() -> None:
    memory = made()
    run = memory.run(3)
    assert -3 in memory.active
    assert memory.freeze(run) == ()
    assert -3 not in memory.active
    assert run.last() == Point(30, "d")
    memory.settle(run, Point(30, "d"), 1)
    assert run.shadow is None
    assert run.last() == Point(30, "d")


def test_idle_series_are_dropped_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IDLE", 2)
    memory = made()
    run = memory.run(1)
    memory.freeze(run)
    memory.settle(run, Point(10, "a"), 1)
    list(memory.trim())
    assert set(memory.runs) == {2, 3}


def test_dropping_idle_series_takes_many_steps_and_only_as_many_as_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_IDLE", 20)
    monkeypatch.setattr(module, "TRIM_AT_ONCE", 5)
    memory = made()
    for series in range(10, 60):
        memory.run(series)
    before = set(memory.runs)
    steps = memory.trim()
    next(steps)
    memory.add([15], [100], [1.0])  # in use again, between two steps
    assert len(list(steps)) >= 5
    assert {1, 2, 3, 15} <= set(memory.runs)
    assert len(memory.runs) == 20
    assert set(memory.runs) - {1, 2, 3, 15} == {series for series in before if series > 43}
