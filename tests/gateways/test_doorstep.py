"""Who stands at the door."""

from __future__ import annotations

import pytest

from rookery.gateways.doorstep import Doorstep, origin
from rookery.gateways.mqtt_counters import MqttCounters


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("192.0.2.7:50000", "192.0.2.7"),
        ("[2001:db8:1:2:3::4]:50000", "2001:db8:1:2::/64"),
        ("[::ffff:192.0.2.7]:50000", "192.0.2.7"),
        ("[fe80::1%eth0]:50000", "fe80::/64"),
        ("127.0.0.1:50000", ""),
        ("[::1]:50000", ""),
        ("", ""),
        ("a unix socket", ""),
    ],
)
def test_which_addresses_are_one_host(address: str, host: str) -> None:
    assert origin(address) == host


def test_one_host_gets_half_of_the_places_and_others_still_come_in() -> None:
    counters = MqttCounters()
    door = Doorstep(counters, 4)
    for port in range(2):
        assert not door.crowded(f"192.0.2.7:{port}")
        door.come(f"192.0.2.7:{port}")
    assert door.crowded("192.0.2.7:9")
    assert not door.crowded("192.0.2.8:1")
    door.go("192.0.2.7:0")
    assert not door.crowded("192.0.2.7:9")
    assert counters.handshaking == 1


def test_all_places_together_are_limited_for_this_machine_as_well() -> None:
    counters = MqttCounters()
    door = Doorstep(counters, 4)
    for port in range(4):
        assert not door.crowded(f"127.0.0.1:{port}")
        door.come(f"127.0.0.1:{port}")
    assert door.crowded("127.0.0.1:9")
    assert door.crowded("192.0.2.8:1")
