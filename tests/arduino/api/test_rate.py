"""The limit of requests, when an operator sets one."""

from __future__ import annotations

import pytest

from rookery.arduino.api.errors import Problem, error_answer
from rookery.arduino.api.rate import BURST, RateLimit
from tests.fakes import ManualClock


def used_up(limit: RateLimit, key: str) -> int:
    """How many requests pass before one is refused."""
    for number in range(10_000):
        try:
            limit.count(key)
        except Problem:
            return number
    raise AssertionError("nothing was refused")


def test_without_a_limit_nothing_is_counted() -> None:
    limit = RateLimit(ManualClock(), 0)
    for _ in range(1_000):
        limit.count("key")


def test_a_burst_passes_and_then_the_rate() -> None:
    clock = ManualClock()
    limit = RateLimit(clock, 2)
    assert used_up(limit, "key") == 2 * BURST
    clock.turn(3)
    assert used_up(limit, "key") == 6


def test_keys_do_not_spend_from_each_other() -> None:
    limit = RateLimit(ManualClock(), 1)
    used_up(limit, "one")
    limit.count("another")


def test_a_refusal_says_when_to_come_again() -> None:
    limit = RateLimit(ManualClock(), 1)
    used_up(limit, "key")
    with pytest.raises(Problem) as caught:
        limit.count("key")
    answer = error_answer(caught.value)
    assert answer.status == 429
    assert (b"retry-after", b"1") in answer._raw_headers
