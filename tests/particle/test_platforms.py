from __future__ import annotations

import pytest

from rookery.particle.platforms import GEN2, GEN3, MIDDLE, OLDEST, PATIENCE, PLATFORMS, Limits, limits, platform


@pytest.mark.parametrize(
    ("number", "name", "transport", "cellular", "keepalive"),
    [
        (0, "core", "tcp", False, 15.0),
        (3, "gcc", "tcp", False, 25.0),
        (6, "photon", "tcp", False, 15.0),
        (10, "electron", "udp", True, 1_380.0),
        (12, "argon", "udp", False, 25.0),
        (13, "boron", "udp", True, 1_380.0),
        (32, "p2", "udp", False, 25.0),
        (9_999, "platform-9999", "udp", False, 25.0),
    ],
)
def test_platforms(number: int, name: str, transport: str, cellular: bool, keepalive: float) -> None:
    found = platform(number)
    assert (found.name, found.transport, found.cellular, found.keepalive) == (name, transport, cellular, keepalive)


def test_every_line_is_found_under_its_own_number_and_name() -> None:
    assert all(number == line.id for number, line in PLATFORMS.items())
    assert len({line.name for line in PLATFORMS.values()}) == len(PLATFORMS)
    assert {line.transport for line in PLATFORMS.values()} == set(PATIENCE)


@pytest.mark.parametrize(
    ("number", "version", "found"),
    [
        (0, 0, OLDEST),
        (6, 799, OLDEST),
        (6, 800, MIDDLE),
        (13, 2_300, MIDDLE),
        (6, 3_000, GEN2),
        (10, 3_300, GEN2),
        (12, 3_000, GEN3),
        (3, 6_200, GEN3),
        (32, 6_200, GEN3),
    ],
)
def test_limits_by_age(number: int, version: int, found: Limits) -> None:
    assert limits(number, version) is found
