"""Which names and addresses a certificate carries."""

from __future__ import annotations

import socket

import pytest

from rookery.keys import machine_addresses, server_names
from rookery.keys.names import MAX_NAMES, normalised

LOCAL = ("localhost", "127.0.0.1", "::1")


def test_without_settings_it_is_this_machine() -> None:
    assert server_names() == LOCAL


def test_hosts_come_first_and_with_every_prefix_but_addresses_alone() -> None:
    assert server_names(["cloud.example.org", "192.168.1.9"], ["other.example"], ("wss", "up"), "pi") == (
        "cloud.example.org",
        "wss.cloud.example.org",
        "up.cloud.example.org",
        "192.168.1.9",
        "localhost",
        "wss.localhost",
        "up.localhost",
        "127.0.0.1",
        "::1",
        "pi",
        "wss.pi",
        "up.pi",
        "pi.local",
        "wss.pi.local",
        "up.pi.local",
        "other.example",
    )


def test_nothing_is_said_twice() -> None:
    assert server_names(["LOCALHOST", "localhost."], ["127.0.0.1", "[::1]"], (), "localhost") == LOCAL


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Cloud.Example.org.", "cloud.example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("my_nas", "my_nas"),
        ("*.example.org", "*.example.org"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
        ("[::1]", "::1"),
        ("10.0.0.7", "10.0.0.7"),
    ],
)
def test_a_name_is_brought_to_its_plain_form(text: str, name: str) -> None:
    assert normalised(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "https://example.org",
        "example.org:8443",
        "-a",
        "a..b",
        "a" * 64,
        "a." * 130 + "b",
        "300.1.1.1",
        "ä" * 64,
    ],
)
def test_what_is_no_name_is_refused_by_name(text: str) -> None:
    with pytest.raises(ValueError, match="neither a host name nor an IP address"):
        server_names([text])


def test_a_machine_with_an_odd_name_is_served_without_it() -> None:
    assert server_names(machine="Bob's laptop") == LOCAL


def test_a_machine_with_a_full_name_has_no_other() -> None:
    assert server_names(machine="pi.example.org") == (*LOCAL, "pi.example.org")


def test_the_addresses_of_this_machine_can_stand_in_a_certificate() -> None:
    addresses = machine_addresses()
    assert server_names(extra=addresses) == tuple(dict.fromkeys((*LOCAL, *addresses)))


def test_a_machine_without_a_network_has_no_address_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("network is unreachable")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert machine_addresses() == ()


def test_too_many_names_are_refused() -> None:
    with pytest.raises(ValueError, match=f"at most {MAX_NAMES}"):
        server_names(f"h{number}.example" for number in range(MAX_NAMES))
