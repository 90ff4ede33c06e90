"""The names and addresses under which clients dial this server, for the certificate to carry."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable

from cryptography import x509

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
"""What every client on this machine dials."""

MAX_NAMES = 200
"""Alternative names in one certificate. 200 names are about 6 kB; boards read a certificate into 16 kB at most."""

ELSEWHERE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Addresses that nobody has (RFC 5737, RFC 3849), to ask the routing table with."""

# RFC 1123 labels; an underscore is no host name by the letter but machines are called so. A leading `*.` is a wildcard.
DNS_NAME = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?")


def server_names(
    hosts: Iterable[str] = (), extra: Iterable[str] = (), prefixes: Iterable[str] = (), machine: str | None = None
) -> tuple[str, ...]:
    """Every name and address that a certificate of this server should carry, in order and without repetition.

    Args:
        hosts: configured public names or addresses; a name also appears behind each prefix.
        extra: further names or addresses, taken as they are.
        prefixes: labels that clients put in front of a host name by themselves.
        machine: this machine's own host name; left out quietly where it is not one that a certificate can carry.
            A bare name also appears with `.local`, under which it is found without a name server (RFC 6762).

    Raises:
        ValueError: a host or extra name is neither a DNS name nor an IP address; the text names it.
    """
    prefixes = tuple(prefixes)
    names: dict[str, None] = {}

    def add(name: str, *, prefixed: bool) -> None:
        names[name] = None
        if prefixed and not is_address(name) and not name.startswith("*."):
            names.update(dict.fromkeys(f"{prefix}.{name}" for prefix in prefixes))

    for host in hosts:
        add(normalised(host), prefixed=True)
    for name in LOCAL_NAMES:
        add(name, prefixed=True)
    if machine:
        try:
            own = normalised(machine)
        except ValueError:
            own = ""
        if own:
            add(own, prefixed=True)
        if own and "." not in own and own != "localhost":
            add(f"{own}.local", prefixed=True)
    for name in extra:
        add(normalised(name), prefixed=False)
    if len(names) > MAX_NAMES:
        raise ValueError(f"{len(names)} names are too many for one certificate; it carries at most {MAX_NAMES}.")
    return tuple(names)


def machine_addresses() -> tuple[str, ...]:
    """The addresses with which this machine shows itself to others: what people type who have no name for it."""
    found: dict[str, None] = {}
    for family, elsewhere in ELSEWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as unused:
                # Connecting a datagram socket sends nothing; it only makes the system choose its own address.
                unused.connect((elsewhere, 9))
                address = unused.getsockname()[0]
        except OSError:
            continue
        if not ipaddress.ip_address(address).is_unspecified:
            found[address] = None
    return tuple(found)


def normalised(name: str) -> str:
    """A DNS name in lower case and in its ASCII form, or an address in its shortest form.

    Raises:
        ValueError: it is neither.
    """
    text = name.strip().strip("[]")
    if is_address(text):
        return str(ipaddress.ip_address(text))
    if not text.isascii():
        try:
            text = text.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise ValueError(f"{name!r} is neither a host name nor an IP address.") from error
    text = text.lower().rstrip(".")
    if not DNS_NAME.fullmatch(text) or len(text) > 253 or text.rpartition(".")[2].isdigit():
        raise ValueError(f"{name!r} is neither a host name nor an IP address.")
    return text


def is_address(text: str) -> bool:
    """Whether `text` is an IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def alternative_names(names: Iterable[str]) -> x509.SubjectAlternativeName:
    """The certificate extension that carries `names` (RFC 5280 §4.2.1.6)."""
    return x509.SubjectAlternativeName(
        [x509.IPAddress(ipaddress.ip_address(name)) if is_address(name) else x509.DNSName(name) for name in names]
    )


def names_of(certificate: x509.Certificate) -> frozenset[str]:
    """The names and addresses that a certificate carries; empty where it carries none."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    names = {name.lower() for name in extension.get_values_for_type(x509.DNSName)}
    names.update(str(address) for address in extension.get_values_for_type(x509.IPAddress))
    return frozenset(names)
