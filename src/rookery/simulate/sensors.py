"""Sensors that look alive: what a simulated board measures, and how it moves.

A `Surroundings` is the place where a board stands: the sun, the people, the traffic. Each sensor reads one thing of it.
Nothing here knows a protocol or a clock: the time is an argument, and so is the randomness, so that the same seed and
the same times give the same values.

Values are those of the property type that the sensor declares: floats with as many decimals as a cheap sensor has, and
mappings from component to number for types of several components.
"""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sin
from random import Random
from typing import Final, NamedTuple

Simple = bool | int | float | str
Value = Simple | dict[str, Simple]

HOUR: Final = 3_600_000_000
"""Microseconds."""

HIGHEST_COUNT: Final = 2**31 - 1
"""A counter on a board is a signed 32-bit integer; after this it starts again."""

WARMEST_HOUR: Final = 15.0
"""Solar time of the highest temperature of a day."""

STATUSES: Final = (
    "ok",
    "measuring",
    "sending",
    "calibrating",
    "battery 84 %",
    "low light",
    "door open",
    "sleeping soon",
)


class Surroundings:
    """One place with its own climate and its own traffic."""

    __slots__ = ("_drift", "_latitude", "_longitude", "_mean", "_random", "_swing", "count")

    def __init__(self, random: Random) -> None:
        self._random = random
        self._mean = random.uniform(14.0, 24.0)
        self._swing = random.uniform(3.0, 8.0)
        self._drift = 0.0
        self._latitude = random.uniform(36.0, 60.0)
        self._longitude = random.uniform(-10.0, 30.0)
        self.count = random.randrange(1_000)

    def warmth(self, now: int) -> float:
        """°C without noise: a daily curve with its top in the afternoon of this longitude, and slow weather."""
        hour = now / HOUR + self._longitude / 15
        return self._mean + self._drift + self._swing * sin((hour - WARMEST_HOUR + 6) * pi / 12)

    def temperature(self, now: int, before: Value | None) -> Value:
        """°C."""
        self._drift = self._drift * 0.98 + self._random.gauss(0, 0.08)
        return round(self.warmth(now) + self._random.gauss(0, 0.05), 2)

    def humidity(self, now: int, before: Value | None) -> Value:
        """Percent: warm air is drier."""
        away = self.warmth(now) - self._mean
        return round(min(max(55 - 2.6 * away + self._random.gauss(0, 0.4), 5.0), 100.0), 1)

    def counter(self, now: int, before: Value | None) -> Value:
        """Passers-by, ever."""
        self.count = (self.count + self._random.choice((1, 1, 1, 2, 3))) % HIGHEST_COUNT
        return self.count

    def motion(self, now: int, before: Value | None) -> Value:
        """Somebody comes, or has gone."""
        return not before

    def location(self, now: int, before: Value | None) -> Value:
        """A few metres further: 0.0001° are 11 m."""
        self._latitude += self._random.gauss(0, 0.0001)
        self._longitude += self._random.gauss(0, 0.0001)
        return {"lat": round(self._latitude, 5), "lon": round(self._longitude, 5)}

    def color(self, now: int, before: Value | None) -> Value:
        """A lamp that wanders around the circle of colours."""
        hue = before["hue"] if isinstance(before, dict) else self._random.uniform(0, 360)
        hue = (float(hue) + self._random.uniform(2, 20)) % 360
        return {"hue": round(hue, 1), "sat": 80.0, "bri": round(70 + 20 * sin(hue * pi / 180), 1)}

    def status(self, now: int, before: Value | None) -> Value:
        """What it says of itself: another text than before."""
        return self._random.choice([text for text in STATUSES if text != before])

    def light(self, now: int, before: Value | None) -> Value:
        """Off until somebody switches it."""
        return False


Read = Callable[[Surroundings, int, Value | None], Value]
"""`(surroundings, now in microseconds, value before)` to the value."""


class Sensor(NamedTuple):
    """A variable of a sketch."""

    symbol: str
    type: str
    """Property type of the API."""
    read: Read
    weight: int
    """How often it changes, relative to the others; 0: only when it is written."""
    writable: bool = False


SENSORS: Final[dict[str, Sensor]] = {
    sensor.symbol: sensor
    for sensor in (
        Sensor("temperature", "TEMPERATURE", Surroundings.temperature, 6),
        Sensor("humidity", "PERCENTAGE_RELATIVE_HUMIDITY", Surroundings.humidity, 4),
        Sensor("counter", "COUNT", Surroundings.counter, 4),
        Sensor("motion", "HOME_MOTION_SENSOR", Surroundings.motion, 2),
        Sensor("light", "HOME_LIGHT", Surroundings.light, 0, writable=True),
        Sensor("location", "LOCATION", Surroundings.location, 1),
        Sensor("color", "COLOR_HSB", Surroundings.color, 1, writable=True),
        Sensor("status", "CHARSTRING", Surroundings.status, 1),
    )
}
"""Every sensor there is, by symbol. The names of properties are the symbols."""

ALL: Final = tuple(SENSORS)
