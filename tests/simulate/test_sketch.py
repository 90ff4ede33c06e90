"""Sensors that look alive, and are the same at each run."""

from __future__ import annotations

from random import Random
from statistics import correlation, mean

import pytest

from rookery.arduino.types import PROPERTY_TYPES
from rookery.core.records import ValueKind
from rookery.simulate.sensors import ALL, HIGHEST_COUNT, HOUR, SENSORS, Surroundings, Value
from rookery.simulate.sketch import LONGEST_PAUSE, SHORTEST_PAUSE, Sketch
from tests.fakes import START

DAY = 24 * HOUR
PYTHON_TYPES = {ValueKind.BOOL: bool, ValueKind.INT: int, ValueKind.FLOAT: float, ValueKind.STRING: str}


def life(seed: int, steps: int = 500) -> list[tuple[str | None, Value]]:
    sketch = Sketch(ALL, Random(seed), START)
    now = START
    seen = []
    for _ in range(steps):
        now += round(sketch.pause() * 1_000_000)
        symbol = sketch.step(now)
        seen.append((symbol, sketch.values[symbol or "light"]))
    return seen


def test_the_same_seed_gives_the_same_life() -> None:
    assert life(7) == life(7)
    assert life(7) != life(8)


def test_every_sensor_but_the_switch_moves() -> None:
    assert {symbol for symbol, _ in life(1)} - {None} == set(ALL) - {"light"}


def test_a_step_that_says_so_has_changed_the_value() -> None:
    sketch = Sketch(ALL, Random(1), START)
    for number in range(500):
        before = dict(sketch.values)
        symbol = sketch.step(START + number * 3_000_000)
        changed = {name for name, value in sketch.values.items() if value != before[name]}
        assert changed == ({symbol} if symbol else set())


@pytest.mark.parametrize("symbol", ALL)
def test_values_have_the_declared_type(symbol: str) -> None:
    declared = PROPERTY_TYPES[SENSORS[symbol].type]
    sketch = Sketch([symbol], Random(1), START)
    for number in range(200):
        value = sketch.values[symbol]
        if declared.kind is ValueKind.COMPOSITE:
            assert isinstance(value, dict)
            assert list(value) == [part.name for part in declared.components]
            assert [type(value[part.name]) for part in declared.components] == [
                PYTHON_TYPES[part.kind] for part in declared.components
            ]
        else:
            assert type(value) is PYTHON_TYPES[declared.kind]
        sketch.step(START + number * 3_000_000)


@pytest.mark.parametrize("seed", range(5))
def test_a_day_is_warm_in_the_afternoon_and_dry_when_it_is_warm(seed: int) -> None:
    place = Surroundings(Random(seed))
    times = range(START, START + 3 * DAY, HOUR // 4)
    warmth = [float(place.temperature(now, None)) for now in times]  # type: ignore[arg-type]
    again = Surroundings(Random(seed))
    moist = [float(again.humidity(now, None)) for now in times]  # type: ignore[arg-type]
    curve = [again.warmth(now) for now in times]
    assert all(-10 < value < 45 for value in warmth)
    assert max(warmth) - min(warmth) > 4
    assert correlation(warmth, curve) > 0.8
    assert correlation(moist, curve) < -0.9
    assert all(5 <= value <= 100 for value in moist)


def test_the_curve_has_its_top_at_three_in_the_afternoon_of_its_longitude() -> None:
    place = Surroundings(Random(1))
    place._longitude = 0.0
    hottest = max(range(START, START + DAY, HOUR), key=place.warmth)
    assert (hottest - START) // HOUR == 15


def test_a_counter_starts_again_where_a_board_would_overflow() -> None:
    place = Surroundings(Random(1))
    place.count = HIGHEST_COUNT - 1
    values = [place.counter(START, None) for _ in range(5)]
    numbers = [value for value in values if isinstance(value, int)]
    assert len(numbers) == 5
    assert all(0 <= number < HIGHEST_COUNT for number in numbers)
    assert min(numbers) < 20


def test_pauses_are_one_to_five_seconds() -> None:
    sketch = Sketch(ALL, Random(1), START)
    pauses = [sketch.pause() for _ in range(1_000)]
    assert min(pauses) >= SHORTEST_PAUSE
    assert max(pauses) <= LONGEST_PAUSE
    assert mean(pauses) == pytest.approx(3, abs=0.2)


def test_what_somebody_has_written_stays() -> None:
    sketch = Sketch(["color", "temperature"], Random(1), START)
    sketch.put("color", "hue", 1.0)
    sketch.written("color")
    sketch.written("color")
    assert {sketch.step(START + number * 3_000_000) for number in range(200)} <= {"temperature", None}
    sketch.written("temperature")
    assert sketch.step(START) is None


def test_a_composite_is_replaced_not_changed() -> None:
    sketch = Sketch(["color"], Random(1), START)
    before = sketch.values["color"]
    sketch.put("color", "hue", 1.0)
    assert isinstance(before, dict)
    assert before["hue"] != 1.0
    assert [name for name, _, _ in sketch.records(["color"])] == ["color:hue", "color:sat", "color:bri"]
