from __future__ import annotations

import pytest

from rookery.particle.device.profile import TCP, UDP, Profile
from rookery.particle.device.requests import Request, describe_request, function_request, signal_request
from rookery.wire.coap.decode import decode
from tests.particle.device.cases import FROM_BOARDS, REQUESTS, SUBSCRIPTIONS

BOTH = pytest.mark.parametrize("profile", [TCP, UDP], ids=["tcp", "udp"])


@BOTH
def test_whatever_boards_say_passes_the_table(profile: Profile) -> None:
    for original in [case[0] for table in (FROM_BOARDS, SUBSCRIPTIONS, REQUESTS) for case in table.values()]:
        message = decode(bytes.fromhex(original))
        assert profile.options.sift(message.options) == (message.options, 0)


@BOTH
def test_what_the_standard_does_not_know_passes_too(profile: Profile) -> None:
    goodbye = decode(bytes.fromhex("50020009b178d0eaff0102"))
    assert profile.options.sift(goodbye.options) == (((11, b"x"), (258, b"")), 0)
    start = ((11, b"S"), (2_057, b"\1\0"), (2_061, bytes(32)), (2_065, b"\2\0"), (2_069, b""))
    assert profile.options.sift(start) == (start, 0)
    assert profile.options.sift(((11, b"S"), (2_081, b""))) == ((), 2_081)


@BOTH
@pytest.mark.parametrize(
    "request_", [function_request("f" * 64, "a" * 1_024), function_request("f", ""), signal_request(True)]
)
def test_what_we_say_passes_the_table(profile: Profile, request_: Request) -> None:
    profile.options.check(request_.options)
    assert request_.options[0][1] in (b"f", b"s")


def test_the_two_transports_differ_in_what_the_reference_says() -> None:
    assert (TCP.reliable, UDP.reliable) == (True, False)
    assert (TCP.quirks.foreign_ack_ids, UDP.quirks.foreign_ack_ids) == (True, False)
    assert TCP.quirks.token_bytes == UDP.quirks.token_bytes == 1
    assert UDP.quirks.no_resets
    assert describe_request(1).options[-1] == (15, b"\1")


def test_we_remember_identifiers_longer_than_boards_repeat_them() -> None:
    times = UDP.transmission
    assert (times.ack_timeout, times.max_retransmit, times.max_transmit_span) == (4.0, 3, 42.0)
    assert times.exchange_lifetime > 45.0
