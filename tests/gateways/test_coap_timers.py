"""One timer for all sessions."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from rookery.gateways.coap_timers import TICKS, Timetable
from tests.fakes import ManualClock


class Entry:
    def __init__(self, call: Callable[[], None]) -> None:
        self.due = 0
        self._call = call

    def expired(self) -> None:
        self._call()


class World:
    def __init__(self) -> None:
        self.clock = ManualClock()
        self.table = Timetable(self.clock)
        self.woken: list[tuple[str, float]] = []

    def entry(self, name: str) -> Entry:
        return Entry(lambda: self.woken.append((name, self.clock.monotonic())))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30))
def test_nobody_is_woken_early_or_much_too_late(moments: list[float]) -> None:
    world = World()
    for number, moment in enumerate(moments):
        world.table.wake(world.entry(str(number)), moment)
    world.clock.turn(101)
    assert sorted(int(name) for name, _ in world.woken) == list(range(len(moments)))
    for name, at in world.woken:
        assert moments[int(name)] <= at <= moments[int(name)] + 2 / TICKS
    assert len(world.table) == 0
    assert world.clock.waiting == 0


def test_the_earlier_wish_counts() -> None:
    world = World()
    entry = world.entry("a")
    world.table.wake(entry, 10)
    world.table.wake(entry, 20)
    world.table.wake(entry, 5)
    world.clock.turn(30)
    assert world.woken == [("a", 5.0)]


def test_who_was_cancelled_sleeps_on_also_when_his_neighbour_cancels_him() -> None:
    world = World()
    entries: list[Entry] = []

    def cancel_all() -> None:
        world.woken.append(("one", world.clock.monotonic()))
        for entry in entries:
            world.table.cancel(entry)

    entries += [Entry(cancel_all), Entry(cancel_all)]
    for entry in entries:
        world.table.wake(entry, 1)
    late = world.entry("late")
    world.table.wake(late, 2)
    world.table.cancel(late)
    world.clock.turn(3)
    assert len(world.woken) == 1


def test_who_wants_to_be_woken_at_once_and_again_does_not_stop_the_clock() -> None:
    world = World()
    entry = Entry(lambda: None)

    def again() -> None:
        world.woken.append(("again", world.clock.monotonic()))
        world.table.wake(entry, 0)

    entry._call = again
    world.table.wake(entry, 0)
    world.clock.turn(1)
    assert TICKS - 1 <= len(world.woken) <= TICKS + 1


def test_one_that_fails_does_not_keep_others_from_being_woken() -> None:
    world = World()
    world.table.wake(Entry(lambda: [][0]), 1)
    world.table.wake(world.entry("a"), 1)
    world.table.wake(world.entry("b"), 2)
    world.clock.turn(3)
    assert [name for name, _ in world.woken] == ["a", "b"]


def test_stopping_forgets_all() -> None:
    world = World()
    entry = world.entry("a")
    world.table.wake(entry, 1)
    world.table.stop()
    world.clock.turn(2)
    assert world.woken == []
    assert entry.due == 0
    world.table.wake(entry, 3)
    world.clock.turn(2)
    assert world.woken == [("a", 3.0)]
