"""What boards are given: each byte of the block, and addresses that cannot be in one."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from rookery.keys import AddressInvalid, Algorithm, KeysError, address_block


def spki(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


PUBLIC: dict[Algorithm, bytes] = {
    "rsa": spki(rsa.generate_private_key(65537, 2048)),
    "ec": spki(ec.generate_private_key(ec.SECP256R1())),
}
SIZES: dict[Algorithm, tuple[int, int, int]] = {"rsa": (512, 384, 450), "ec": (320, 192, 258)}
"""Of a segment in the flash: its bytes, where the address is in it, where the port."""

both = pytest.mark.parametrize("algorithm", list(SIZES))


def expected(algorithm: Algorithm, record: bytes, port: bytes = b"\xff\xff") -> bytes:
    """The block, put together from its front to its end."""
    size, address, at = SIZES[algorithm]
    block = PUBLIC[algorithm].ljust(address, b"\xff") + record
    return (block.ljust(at, b"\xff") + port).ljust(size, b"\xff")


ADDRESSES = {
    "192.168.1.20": b"\0\4\xc0\xa8\1\x14",
    "10.0.0.1": b"\0\4\x0a\0\0\1",
    "rookery.local": b"\1\x0drookery.local",
    "a": b"\1\1a",
    "$id.udp.example.org": b"\1\x13$id.udp.example.org",
    "UPPER-case_1.example": b"\1\x14UPPER-case_1.example",
    "n" * 63: b"\1\x3f" + b"n" * 63,
}


@both
@pytest.mark.parametrize("host", ADDRESSES)
def test_each_byte_of_the_block(algorithm: Algorithm, host: str) -> None:
    made = address_block(PUBLIC[algorithm], host, 5683, algorithm)
    assert made == expected(algorithm, ADDRESSES[host], b"\x16\x33")
    assert len(made) == SIZES[algorithm][0]


@both
def test_without_a_port_the_usual_one(algorithm: Algorithm) -> None:
    made = address_block(PUBLIC[algorithm], "10.0.0.1", None, algorithm)
    assert made == expected(algorithm, ADDRESSES["10.0.0.1"])


@given(st.sampled_from(list(SIZES)), st.ip_addresses(v=4).filter(lambda each: int(each) > 0), st.integers(1, 65534))
def test_the_way_back(algorithm: Algorithm, host: object, port: int) -> None:
    """As the vendor's tool shows the address of a board."""
    made = address_block(PUBLIC[algorithm], str(host), port, algorithm)
    _, address, at = SIZES[algorithm]
    kind, length = made[address], made[address + 1]
    assert (kind, ".".join(str(each) for each in made[address + 2 : address + 2 + length])) == (0, str(host))
    assert made[at] << 8 | made[at + 1] == port


REFUSED = {
    "::1": "IPv6",
    "[2001:db8::1]": "IPv6",
    "fe80::1%eth0": "IPv6",
    "::ffff:10.0.0.1": "IPv6",
    "0.0.0.0": "listens",
    "n" * 64: "64 characters",
    "": "neither",
    "1.2.3": "neither",
    "256.1.1.1": "neither",
    "1.2.3.4.5": "neither",
    "two words": "neither",
    "example.org:5683": "neither",
    "coap://example.org": "neither",
    "røkeri.example": "neither",
    "example.org\n": "neither",
    "-dash.example": "neither",
}


@both
@pytest.mark.parametrize("host", REFUSED)
def test_addresses_that_boards_cannot_be_given(algorithm: Algorithm, host: str) -> None:
    with pytest.raises(AddressInvalid, match=REFUSED[host]):
        address_block(PUBLIC[algorithm], host, 5683, algorithm)


@pytest.mark.parametrize("port", [-1, 0, 65535, 65536])
def test_ports_that_boards_cannot_be_given(port: int) -> None:
    with pytest.raises(AddressInvalid, match="65534"):
        address_block(PUBLIC["rsa"], "10.0.0.1", port, "rsa")


KEYS: dict[str, tuple[Algorithm, bytes]] = {
    "TCP, P-256": ("rsa", PUBLIC["ec"]),
    "UDP, RSA": ("ec", PUBLIC["rsa"]),
    "TCP, 1024 bits": ("rsa", spki(rsa.generate_private_key(65537, 1024))),
    "UDP, another curve": ("ec", spki(ec.generate_private_key(ec.SECP384R1()))),
    "TCP, no key": ("rsa", b"no key"),
    "UDP, padded": ("ec", PUBLIC["ec"] + b"\xff"),
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_that_boards_cannot_use(name: str) -> None:
    algorithm, public = KEYS[name]
    with pytest.raises(KeysError):
        address_block(public, "10.0.0.1", 5683, algorithm)
