"""How much one address may ask."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rookery.particle.api.errors import ApiError
from rookery.particle.api.rate import ADDRESSES, VENDOR_RATES, Rate, RateLimits, RateOptions, is_loopback, subscriber
from tests.fakes import ManualClock

HERE = "198.51.100.7"


def wait(act: Callable[..., None], *args: object) -> int:
    """Seconds that a refusal asks to wait, 0 for none."""
    try:
        act(*args)
    except ApiError as error:
        answer = error.answer()
    else:
        return 0
    text = b'{"error":"rate_limit_exceeded","error_description":"Too many requests"}'
    assert (answer.status, answer.content) == (429, text)
    return int(dict(answer.headers)[b"retry-after"])


def test_nothing_is_counted_by_default() -> None:
    limits = RateLimits(ManualClock())
    assert not any(wait(limits.count, HERE, Rate.TOKEN) for _ in range(20_000))


def test_a_window_at_once_and_then_evenly() -> None:
    clock = ManualClock()
    limits = RateLimits(clock, VENDOR_RATES)
    assert [wait(limits.count, HERE, Rate.TOKEN) for _ in range(102)] == [0] * 100 + [3, 3]
    assert wait(limits.count, "198.51.100.8", Rate.TOKEN) == 0
    assert wait(limits.count, HERE, Rate.STREAM) == 0
    clock.turn(3)
    assert [wait(limits.count, HERE, Rate.TOKEN) for _ in range(2)] == [0, 3]
    clock.turn(10_000)
    assert [wait(limits.count, HERE, Rate.TOKEN) for _ in range(101)] == [0] * 100 + [3]


def test_every_class_is_counted_as_a_call() -> None:
    limits = RateLimits(ManualClock(), RateOptions(call=3))
    assert [wait(limits.count, HERE, rate) for rate in Rate] == [0, 0, 0, 100]


def test_this_machine_is_never_counted() -> None:
    limits = RateLimits(ManualClock(), RateOptions(call=1, streams=1))
    for address in ("127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1", ""):
        assert not any(wait(limits.count, address) for _ in range(3))
        for _ in range(12):
            limits.failed(address)
            limits.stream_opened(address)
        assert wait(limits.check_failures, address) == 0


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("::1", True), ("fe80::1%eth0", False), ("10.0.0.1", False), ("::ffff:10.0.0.1", False)],
)
def test_what_this_machine_is(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected


def test_ten_failures_in_a_row() -> None:
    clock = ManualClock()
    limits = RateLimits(clock)
    for _ in range(9):
        limits.failed(HERE)
    assert wait(limits.check_failures, HERE) == 0
    limits.succeeded(HERE)
    for _ in range(10):
        assert wait(limits.check_failures, HERE) == 0
        limits.failed(HERE)
    assert wait(limits.check_failures, HERE) == 1_800
    assert wait(limits.check_failures, "198.51.100.8") == 0
    clock.turn(1_799)
    assert wait(limits.check_failures, HERE) == 1
    clock.turn(1)
    assert wait(limits.check_failures, HERE) == 0
    limits.failed(HERE)
    assert wait(limits.check_failures, HERE) == 0


def test_failures_can_be_left_uncounted() -> None:
    limits = RateLimits(ManualClock(), RateOptions(failures=0))
    for _ in range(20):
        limits.failed(HERE)
    assert wait(limits.check_failures, HERE) == 0


def test_streams_open_at_once() -> None:
    limits = RateLimits(ManualClock(), RateOptions(streams=2))
    assert [wait(limits.stream_opened, HERE) for _ in range(3)] == [0, 0, 1]
    limits.stream_closed(HERE)
    assert [wait(limits.stream_opened, HERE) for _ in range(2)] == [0, 1]
    for _ in range(2):
        limits.stream_closed(HERE)
    assert [wait(limits.stream_opened, HERE) for _ in range(3)] == [0, 0, 1]


def test_addresses_are_forgotten_oldest_first() -> None:
    limits = RateLimits(ManualClock(), RateOptions(call=1))
    addresses = [f"10.{i >> 16}.{i >> 8 & 255}.{i & 255}" for i in range(ADDRESSES + 1)]
    for address in addresses:
        limits.count(address)
        limits.failed(address)
    assert wait(limits.count, addresses[0]) == 0
    assert wait(limits.count, addresses[-1]) == 300
    assert len(limits._buckets) == len(limits._failures) == ADDRESSES


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_what_counts_as_one(address: str, counted: str) -> None:
    assert subscriber(address) == counted


def test_guesses_from_one_network_are_one_row() -> None:
    limits = RateLimits(ManualClock())
    for number in range(10):
        limits.failed(f"2001:db8::{number:x}")
    with pytest.raises(ApiError):
        limits.check_failures("2001:db8::ffff")
    limits.check_failures("2001:db8:0:1::1")
