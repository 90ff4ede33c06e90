"""Which addresses may be called: the table of those that may not."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.gateways.addresses import refusal

REFUSED = {
    "unspecified": "0.0.0.0",
    "this network": "0.1.2.3",
    "loopback": "127.0.0.1",
    "loopback, another": "127.255.255.254",
    "private, ten": "10.0.0.1",
    "private, twelve bits": "172.16.0.1",
    "private, twelve bits, last": "172.31.255.255",
    "private, sixteen bits": "192.168.1.1",
    "carrier-grade NAT": "100.64.0.1",
    "metadata behind carrier-grade NAT": "100.100.100.200",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "metadata of containers": "169.254.170.2",
    "metadata at a public address": "168.63.129.16",
    "metadata among protocols": "192.0.0.192",
    "multicast": "224.0.0.251",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "example": "192.0.2.1",
    "measurement": "198.19.255.255",
    "IPv6 unspecified": "::",
    "IPv6 loopback": "::1",
    "IPv6 link-local": "fe80::1",
    "IPv6 link-local with a zone": "fe80::1%eth0",
    "IPv6 private": "fd12:3456::1",
    "IPv6 metadata": "fd00:ec2::254",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 example": "2001:db8::1",
    "IPv6 discard": "100::1",
    "IPv6 not given out": "4000::1",
    "IPv4-mapped loopback": "::ffff:127.0.0.1",
    "IPv4-mapped private": "::ffff:10.0.0.1",
    "IPv4-mapped metadata": "::ffff:169.254.169.254",
    "IPv4-translated loopback": "::ffff:0:127.0.0.1",
    "IPv4-compatible loopback": "::127.0.0.1",
    "IPv4-compatible of next to nothing": "::2",
    "NAT64 of loopback": "64:ff9b::127.0.0.1",
    "NAT64 of metadata": "64:ff9b::a9fe:a9fe",
    "NAT64 of a network's own": "64:ff9b:1::a00:1",
    "6to4 of private": "2002:0a00:0001::1",
    "6to4 of public": "2002:0808:0808::1",
    "Teredo": "2001:0:53aa:64c:0:0:f5ff:fffe",
}
WELCOME = {
    "public": "8.8.8.8",
    "below private": "172.15.255.255",
    "above private": "172.32.0.0",
    "below carrier-grade NAT": "100.63.255.255",
    "above carrier-grade NAT": "100.128.0.0",
    "IPv6 public": "2606:4700::1111",
    "IPv6 of a registry": "2001:4860:4860::8888",
    "IPv4-mapped public": "::ffff:8.8.8.8",
    "NAT64 of public": "64:ff9b::808:808",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    assert refusal(ip_address(REFUSED[name]))


@pytest.mark.parametrize("name", WELCOME)
def test_welcome(name: str) -> None:
    assert refusal(ip_address(WELCOME[name])) is None


ALLOWED = tuple(ip_network(text) for text in ("192.168.0.0/24", "127.0.0.0/8", "fd00::/8", "::1/128"))


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("192.168.0.7", True),
        ("192.168.1.7", False),
        ("::ffff:192.168.0.7", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("fd12::1", True),
        ("fe80::1", False),
        ("10.0.0.1", False),
        ("64:ff9b::192.168.0.7", False),
        ("8.8.8.8", True),
    ],
)
def test_the_operator_allows_ranges(address: str, may: bool) -> None:
    assert (refusal(ip_address(address), ALLOWED) is None) is may


def test_a_reason_names_what_is_inside() -> None:
    assert refusal(ip_address("64:ff9b::127.0.0.1")) == "leads to 127.0.0.1, which is this machine"
    assert refusal(ip_address("::ffff:10.0.0.1")) == "is private"


@given(st.ip_addresses())
def test_what_python_holds_for_not_public_is_refused(address: object) -> None:
    """The two tables were made by different people."""
    parsed = ip_address(str(address))
    if (
        not parsed.is_global
        and parsed not in ip_network("64:ff9b::/96")
        and getattr(parsed, "ipv4_mapped", None) is None
    ):
        assert refusal(parsed)


@given(st.ip_addresses(v=4))
def test_wrapping_changes_nothing(address: object) -> None:
    inner = ip_address(str(address))
    for form in ("::ffff:{}", "::ffff:0:{}", "64:ff9b::{}"):
        assert bool(refusal(ip_address(form.format(inner)))) is bool(refusal(inner))
