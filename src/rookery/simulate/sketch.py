"""The program of a simulated board: its variables, their values, and the pace at which they change.

A sketch knows no protocol. The board machines ask it for values and tell it of writes, each in the way of its library.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import Final

from rookery.arduino.types import property_type
from rookery.core.records import ValueKind
from rookery.simulate.sensors import SENSORS, Sensor, Simple, Surroundings, Value
from rookery.wire.senml import Record

SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 5.0
"""Seconds between two changes of a board: what a sketch with `onChange` variables and a few sensors does."""


class Sketch:
    """Variables with values. `values` holds all of them from the beginning."""

    __slots__ = ("_random", "_steppable", "_surroundings", "_weights", "sensors", "values")

    def __init__(self, symbols: Sequence[str], random: Random, now: int) -> None:
        """Raises:
        KeyError: there is no such sensor.
        """
        self._random = random
        self._surroundings = Surroundings(random)
        self.sensors: dict[str, Sensor] = {symbol: SENSORS[symbol] for symbol in symbols}
        self.values: dict[str, Value] = {
            symbol: sensor.read(self._surroundings, now, None) for symbol, sensor in self.sensors.items()
        }
        self._steppable = [symbol for symbol, sensor in self.sensors.items() if sensor.weight]
        self._weights = [self.sensors[symbol].weight for symbol in self._steppable]

    def pause(self) -> float:
        """Seconds until the next change."""
        return self._random.uniform(SHORTEST_PAUSE, LONGEST_PAUSE)

    def step(self, now: int) -> str | None:
        """One sensor is read again; its symbol, None when its value is still the same."""
        if not self._steppable:
            return None
        symbol = self._random.choices(self._steppable, self._weights)[0]
        before = self.values[symbol]
        value = self.sensors[symbol].read(self._surroundings, now, before)
        if value == before:
            return None
        self.values[symbol] = value
        return symbol

    def written(self, symbol: str) -> None:
        """Somebody has written this variable: from now on it changes only by being written."""
        if symbol in self._steppable:
            place = self._steppable.index(symbol)
            del self._steppable[place], self._weights[place]

    def kinds(self, symbol: str) -> dict[str, ValueKind]:
        """The kinds of the records of a variable, by component; the component of a single value is ""."""
        declared = property_type(self.sensors[symbol].type)
        return {part.name: part.kind for part in declared.components} or {"": declared.kind}

    def put(self, symbol: str, component: str, value: Simple) -> None:
        """Set a variable, or one component of it."""
        held = self.values[symbol]
        # A new mapping: the old value may be waiting to be compared or sent.
        self.values[symbol] = {**held, component: value} if isinstance(held, dict) else value

    def records(self, symbols: Iterable[str]) -> list[Record]:
        """The SenML records of these variables; those of one variable stand together."""
        records: list[Record] = []
        for symbol in symbols:
            value = self.values[symbol]
            if isinstance(value, dict):
                records += [(f"{symbol}:{component}", part, None) for component, part in value.items()]
            else:
                records.append((symbol, value, None))
        return records
