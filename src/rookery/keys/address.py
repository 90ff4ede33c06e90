"""What is written into a board's flash so that it finds this server: public key and address in one block.

The address begins at a fixed place behind the key: type (0 IPv4, 1 domain name), length, the four bytes or the
characters, and at offset 66 the port, big-endian. Everything else is 0xFF, which is what erased flash holds; a port of
0xFFFF stands for the usual one. This is byte for byte what the boards' vendor's own tool writes (`keys server`,
`_createAddressBuffer` and `_formatPublicKey` of its sources), which also flashes a file of this form as it is.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Final, Literal, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rookery.keys.errors import AddressInvalid, KeysError

Algorithm = Literal["rsa", "ec"]
"""`rsa` for boards on TCP, `ec` for boards on UDP."""


class _Segment(NamedTuple):
    """A place in the flash."""

    size: int
    address: int
    port: int


_SEGMENTS: Final[dict[Algorithm, _Segment]] = {"rsa": _Segment(512, 384, 450), "ec": _Segment(320, 192, 258)}
_IPV4: Final = 0
_DOMAIN: Final = 1
LONGEST_DOMAIN: Final = 63
"""What the firmware takes: the record has room for 64 characters before the port."""

RSA_BITS: Final = 2048


def address_block(public_der: bytes, host: str, port: int | None, algorithm: Algorithm) -> bytes:
    """The block for boards of one transport: 512 bytes (`rsa`, TCP) or 320 (`ec`, UDP).

    Args:
        public_der: the server's public key, DER SubjectPublicKeyInfo, RSA-2048 or P-256.
        host: an IPv4 address or a domain name of at most 63 characters. `$id` in a name is replaced by boards.
        port: None for the usual one. Boards on UDP use 5684 whatever is written here.
        algorithm: must be that of the key.

    Raises:
        AddressInvalid: boards cannot be given this address; the text says why and what to do.
        KeysError: the key is not one of this algorithm.
    """
    _check_key(public_der, algorithm)
    segment = _SEGMENTS[algorithm]
    kind, value = _host(host)
    block = bytearray(b"\xff" * segment.size)
    block[: len(public_der)] = public_der
    record = bytes((kind, len(value))) + value
    block[segment.address : segment.address + len(record)] = record
    if port is not None:
        if not 1 <= port <= 0xFFFE:
            raise AddressInvalid(f"{port} is no port that a board can be given: choose one from 1 to 65534.")
        block[segment.port : segment.port + 2] = port.to_bytes(2, "big")
    return bytes(block)


def _host(host: str) -> tuple[int, bytes]:
    try:
        address = IPv4Address(host)
    except ValueError:
        pass
    else:
        if address.is_unspecified:
            raise AddressInvalid(f"{host} is where a server listens and not where it is found: name an address of it.")
        return _IPV4, address.packed
    try:
        IPv6Address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    else:
        raise AddressInvalid(f"{host} is an IPv6 address, which boards cannot be given: use IPv4 or a domain name.")
    if len(host) > LONGEST_DOMAIN:
        raise AddressInvalid(
            f"{host} has {len(host)} characters and boards have room for {LONGEST_DOMAIN}: use a shorter name or an "
            "IPv4 address."
        )
    # The vendor's tool takes digits and dots for an address; a name of a network has a letter in its last part.
    if not re.fullmatch(r"[A-Za-z0-9_$]([A-Za-z0-9_$.-]*[A-Za-z0-9])?", host) or re.fullmatch(r"[0-9.]*", host):
        raise AddressInvalid(f"{host!r} is neither an IPv4 address nor a domain name: write it without port or path.")
    return _DOMAIN, host.encode("ascii")


def _check_key(public_der: bytes, algorithm: Algorithm) -> None:
    try:
        key = serialization.load_der_public_key(public_der)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeysError(
            "The server's public key is not a DER SubjectPublicKeyInfo: restore it from a backup."
        ) from error
    if algorithm == "rsa" and not (isinstance(key, rsa.RSAPublicKey) and key.key_size == RSA_BITS):
        raise KeysError(f"Boards on TCP need a server key that is RSA with {RSA_BITS} bits, and this is another.")
    if algorithm == "ec" and not (isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)):
        raise KeysError("Boards on UDP need a server key on the curve P-256, and this is another.")
