"""Lines about strangers: the first ones are said, of a flood only how many there were."""

from __future__ import annotations

from typing import Any

from rookery.gateways.sparing import BURST, SECONDS, Sparing
from tests.fakes import ManualClock


class Lines:
    """A logger that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.said.append(("info", event, fields))

    def warning(self, event: str, **fields: Any) -> None:
        self.said.append(("warning", event, fields))


def test_the_first_are_said_and_the_rest_are_counted() -> None:
    clock, lines = ManualClock(), Lines()
    sparing = Sparing(clock.monotonic)
    for number in range(1_000):
        sparing.info(lines, "closed", number=number)
    assert lines.said == [("info", "closed", {"number": number}) for number in range(int(BURST))]
    clock.turn(SECONDS)
    sparing.warning(lines, "refused", peer="x")
    sparing.warning(lines, "refused", peer="y")
    assert lines.said[int(BURST) :] == [("warning", "refused", {"peer": "x", "left_out": 1_000 - int(BURST)})]


def test_the_allowance_comes_back_and_does_not_grow_without_end() -> None:
    clock, lines = ManualClock(), Lines()
    sparing = Sparing(clock.monotonic)
    clock.turn(3_600)
    for _ in range(2 * int(BURST)):
        sparing.info(lines, "closed")
    assert len(lines.said) == int(BURST)
    clock.turn(3 * SECONDS)
    for _ in range(10):
        sparing.info(lines, "closed")
    assert [fields for _, _, fields in lines.said[int(BURST) :]] == [{"left_out": int(BURST)}, {}, {}]
