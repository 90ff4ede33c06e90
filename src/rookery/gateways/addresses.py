"""Which addresses the server may call on behalf of its users.

A user names a URL, and the server calls it from where it stands: beside the router's settings page, the neighbour's
camera and the database. So it calls only addresses that everybody could call: those that the registries of special
addresses (IANA, RFC 6890) do not set apart. An operator who wants more says which ranges.

An IPv6 address that only wraps an IPv4 address is judged by what is inside. Tunnels whose other end nobody knows (6to4,
Teredo) are refused as a whole: they are out of use, and each can lead anywhere.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_FORBIDDEN: Final[tuple[tuple[str, str], ...]] = (
    ("0.0.0.0/8", "stands for this machine"),
    ("10.0.0.0/8", "is private"),
    ("100.64.0.0/10", "is behind a provider's address translation"),
    ("127.0.0.0/8", "is this machine"),
    ("168.63.129.16/32", "is a cloud provider's own service"),  # Azure: a public address that only its machines reach
    ("169.254.0.0/16", "is link-local, where cloud providers keep their metadata"),
    ("172.16.0.0/12", "is private"),
    ("192.0.0.0/24", "is set apart for protocols"),
    ("192.0.2.0/24", "is for examples"),
    ("192.88.99.0/24", "is set apart for tunnels"),
    ("192.168.0.0/16", "is private"),
    ("198.18.0.0/15", "is for measurements"),
    ("198.51.100.0/24", "is for examples"),
    ("203.0.113.0/24", "is for examples"),
    ("224.0.0.0/4", "is for groups of machines"),
    ("240.0.0.0/4", "is not in use"),
    ("::/128", "stands for this machine"),
    ("::1/128", "is this machine"),
    ("64:ff9b:1::/48", "is a private translation"),
    ("100::/64", "leads nowhere"),
    ("2001::/32", "is a tunnel"),  # Teredo
    ("2001::/23", "is set apart for protocols"),
    ("2001:db8::/32", "is for examples"),
    ("2002::/16", "is a tunnel"),  # 6to4
    ("3fff::/20", "is for examples"),
    ("5f00::/16", "is set apart for routing"),
    ("fc00::/7", "is private"),  # here are the metadata of one provider, too: fd00:ec2::254
    ("fe80::/10", "is link-local"),
    ("fec0::/10", "is private"),
    ("ff00::/8", "is for groups of machines"),
)
_NETWORKS: Final = tuple((ip_network(text), reason) for text, reason in _FORBIDDEN)
_GLOBAL_IPV6: Final = IPv6Network("2000::/3")
"""The only part of IPv6 that is given out for the public (RFC 4291, 2.4, and IANA)."""
_WRAPPERS: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("::ffff:0:0:0/96"), IPv6Network("::/96"))
"""IPv4-mapped, IPv4-translated and IPv4-compatible: forms of an IPv4 address, which the system may simply call."""
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")
"""NAT64: how a network without IPv4 reaches the public IPv4 (RFC 6052)."""


def refusal(address: Address, allowed: tuple[Network, ...] = ()) -> str | None:
    """Why this address must not be called, as the end of a sentence ("is private"), or None when it may.

    `allowed` are the operator's ranges. They are asked for the address as it is called: an IPv4 address inside an IPv6
    address counts as the IPv4 address; one behind a NAT64 is called through the translator, and public ones only.
    """
    if isinstance(address, IPv6Address) and address not in (IPv6Address("::"), IPv6Address("::1")):
        low = int(address) & 0xFFFF_FFFF
        if any(address in wrapper for wrapper in _WRAPPERS):
            return refusal(IPv4Address(low), allowed)
        if address in _TRANSLATED and not _within(address, allowed):
            inside = refusal(IPv4Address(low))
            return inside and f"leads to {IPv4Address(low)}, which {inside}"
    if _within(address, allowed):
        return None
    for network, reason in _NETWORKS:
        if address.version == network.version and address in network:
            return reason
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6 and address not in _TRANSLATED:
        return "is not public"
    return None


def _within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
