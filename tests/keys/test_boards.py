"""The server's keys for boards over their life, and the keys of boards."""

from __future__ import annotations

import os
import stat
from math import lcm
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from rookery.keys import BoardKeys, KeysError, PublicKeyInvalid, generate_device_key_rsa, public_key_of
from rookery.keys.boards import fills_its_bytes

FILES = {"board_rsa.key", "board_ec.key", "server_rsa.pub.der", "server_ec.pub.der"}
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
SPKI, PKCS1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1


def private_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The four files of a first start."""
    folder = tmp_path_factory.mktemp("keys")
    BoardKeys.open(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def folder(made: dict[str, bytes], tmp_path: Path) -> Path:
    """A folder of a server that was started before."""
    for name, content in made.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


# The server's keys


def test_the_first_start_makes_everything_for_the_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "keys"
    before = os.umask(0)
    try:
        keys = BoardKeys.open(folder)
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == dict.fromkeys(FILES, 0o600)
    assert (keys.rsa_key.key_size, len(keys.rsa_public)) == (2048, 294)
    assert (keys.ec_key.curve.name, len(keys.ec_public)) == ("secp256r1", 91)
    assert keys.rsa_public_file.read_bytes() == keys.rsa_public == keys.rsa_key.public_key().public_bytes(DER, SPKI)
    assert keys.ec_public_file.read_bytes() == keys.ec_public == keys.ec_key.public_key().public_bytes(DER, SPKI)
    assert (folder / "board_rsa.key").read_bytes() == private_pem(keys.rsa_key)
    assert (folder / "board_ec.key").read_bytes() == private_pem(keys.ec_key)


def test_a_restart_changes_nothing(folder: Path, made: dict[str, bytes]) -> None:
    keys = BoardKeys.open(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == made
    assert (keys.rsa_public, keys.ec_public) == (made["server_rsa.pub.der"], made["server_ec.pub.der"])


@pytest.mark.parametrize("name", ["server_rsa.pub.der", "server_ec.pub.der"])
def test_a_first_start_that_was_cut_is_finished(folder: Path, made: dict[str, bytes], name: str) -> None:
    (folder / name).unlink()
    BoardKeys.open(folder)
    assert (folder / name).read_bytes() == made[name]


@pytest.mark.parametrize(
    ("private", "public"), [("board_rsa.key", "server_rsa.pub.der"), ("board_ec.key", "server_ec.pub.der")]
)
def test_a_lost_private_key_is_never_replaced_in_silence(folder: Path, private: str, public: str) -> None:
    (folder / private).unlink()
    with pytest.raises(KeysError, match=r"restore the key from a backup, or move the public one away"):
        BoardKeys.open(folder)
    assert not (folder / private).exists()
    (folder / public).unlink()
    BoardKeys.open(folder)
    assert {path.name for path in folder.iterdir()} == FILES


@pytest.mark.parametrize("name", ["server_rsa.pub.der", "server_ec.pub.der"])
def test_a_public_half_of_another_key_is_noticed(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"another")
    with pytest.raises(KeysError, match="is not the public half of"):
        BoardKeys.open(folder)


UNUSABLE = {
    "board_rsa.key, no key": ("board_rsa.key", b"no key"),
    "board_ec.key, no key": ("board_ec.key", b"no key"),
    "board_rsa.key, empty": ("board_rsa.key", b""),
    "board_rsa.key, 1024 bits": ("board_rsa.key", private_pem(rsa.generate_private_key(65537, 1024))),
    "board_rsa.key, P-256": ("board_rsa.key", private_pem(ec.generate_private_key(ec.SECP256R1()))),
    "board_ec.key, another curve": ("board_ec.key", private_pem(ec.generate_private_key(ec.SECP384R1()))),
    "board_ec.key, encrypted": (
        "board_ec.key",
        ec.generate_private_key(ec.SECP256R1()).private_bytes(
            PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
        ),
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_key_of_another_kind_is_never_replaced(folder: Path, name: str) -> None:
    file, content = UNUSABLE[name]
    (folder / file).write_bytes(content)
    with pytest.raises(KeysError, match=f"{file} is not .*: restore it from a backup"):
        BoardKeys.open(folder)
    assert (folder / file).read_bytes() == content


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(KeysError, match="cannot be made private"):
        BoardKeys.open(tmp_path / "file")


# Public keys of boards

RSA_1024 = rsa.generate_private_key(65537, 1024).public_key()
P_256 = ec.generate_private_key(ec.SECP256R1()).public_key()
RSA_DER, EC_DER = RSA_1024.public_bytes(DER, SPKI), P_256.public_bytes(DER, SPKI)
COMPRESSED = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + P_256.public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
)
GOOD: dict[str, tuple[str | bytes, bytes]] = {
    "RSA, PEM": (RSA_1024.public_bytes(PEM, SPKI), RSA_DER),
    "RSA, PEM as text": (RSA_1024.public_bytes(PEM, SPKI).decode(), RSA_DER),
    "RSA, DER": (RSA_DER, RSA_DER),
    "RSA, PEM of PKCS #1": (RSA_1024.public_bytes(PEM, PKCS1), RSA_DER),
    "RSA, line ends of Windows": (RSA_1024.public_bytes(PEM, SPKI).replace(b"\n", b"\r\n"), RSA_DER),
    "RSA, no last line end": (RSA_1024.public_bytes(PEM, SPKI).strip(), RSA_DER),
    "EC, PEM": (P_256.public_bytes(PEM, SPKI), EC_DER),
    "EC, spaces around": (b" \n" + P_256.public_bytes(PEM, SPKI) + b" \n", EC_DER),
    "EC, DER": (EC_DER, EC_DER),
    "EC, compressed": (COMPRESSED, EC_DER),
}


@pytest.mark.parametrize("name", GOOD)
def test_one_key_has_one_form(name: str) -> None:
    given, wanted = GOOD[name]
    assert public_key_of(given) == wanted
    assert len(wanted) in (162, 91)


BAD: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "cannot be read"),
    "text": ("ssh-rsa AAAA", "cannot be read"),
    "not ASCII": ("clé", "cannot be read"),
    "lone surrogate": ("\ud800", "cannot be read"),
    "a cut PEM": (RSA_1024.public_bytes(PEM, SPKI)[:100], "cannot be read"),
    "something behind": (RSA_DER + b"\0", "cannot be read"),
    "private": (private_pem(rsa.generate_private_key(65537, 1024)), "cannot be read"),
    "too long": (RSA_1024.public_bytes(PEM, SPKI) * 10, "too long"),
    "RSA-2048": (rsa.generate_private_key(65537, 2048).public_key().public_bytes(PEM, SPKI), "2048 bits"),
    "another curve": (ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(PEM, SPKI), "neither"),
    "another kind": (ed25519.Ed25519PrivateKey.generate().public_key().public_bytes(PEM, SPKI), "neither"),
    "an even exponent": (RSA_DER[:-1] + b"\2", "cannot be read|no honest key"),
    "an even modulus": (RSA_DER[:-6] + bytes((RSA_DER[-6] ^ 1,)) + RSA_DER[-5:], "cannot be read|no honest key"),
    "off the curve": (EC_DER[:-1] + bytes((EC_DER[-1] ^ 1,)), "cannot be read"),
}


@pytest.mark.parametrize("name", BAD)
def test_other_keys_are_refused_in_words(name: str) -> None:
    given, words = BAD[name]
    with pytest.raises(PublicKeyInvalid, match=words):
        public_key_of(given)


@given(st.binary(max_size=200) | st.text(max_size=200) | st.integers(0, 161).map(lambda cut: RSA_DER[:cut]))
@settings(deadline=None)
def test_nothing_that_is_sent_does_harm(data: str | bytes) -> None:
    with pytest.raises(PublicKeyInvalid):
        public_key_of(data)


# Keys made for boards


SHORT: dict[str, tuple[str, str]] = {
    "qp": (
        "db67a092d9cb3dd3d3d6af3d6f375b6fe292c72d36bc7a0766b4259ce3674ff4"
        "66dd289757af760c6821ff5a4db1d59dec3eda7add109356c5d87f09298e7355",
        "d8185d9524c5a7a5f85d2f9b38d8fd0bf04b4db843d936e894ee2f52aa07b237"
        "53e937e85a8c41b744d89079fefadf85b822d0d4ed847e27ae05de1cc31f325d",
    ),
    "dp": (
        "ffc26add0b2e5f2069df2c00c63b79d3c3586b0c448d3f70759f5bfe0f50344b"
        "d5da7f540f09b705c7a038caf4feea87a8c48339bb00f5842cb49d705e773bcb",
        "c39cdd80c3b8997f15e2ccd927a2c7fa62029676ba37cb02433bd2e03c581754"
        "b80a0f268a4a57f7570a67c2048726574a0a27d65509043b5ed0bc577cd82971",
    ),
    "d": (
        "ee9200371e05654dbde7ce69af8c37e9ffb36865d40130d34679e45eb1465c66"
        "f655e22ae4deef45513966e06b01ab312d7bde101eedf7dedfaca34183b6a995",
        "c4d78529abefc32376f681d84cd1f5734ca7d73861eb80d9a6e776f1405d7eee"
        "05eff5954d872682a441855924eab6a2e63a3122b501c2bf0c00c86565e3ed25",
    ),
    "dq": (
        "dc82457b80a6f9aee49d14ce63d3f083d63cc29d75fc4c2e8c11c48a583de610"
        "6bbdff73c2c134cd62991d406949c600bfac76cf460aa0ba2f308506de97ef1d",
        "d5a2a5abf706812822147416d0a4f332f7a9e4f04d4e7e4993fde65bf37a6ef2"
        "b1bd9bf9262f2e92d8a7b3c59f2f12e8fd2267a6756d94b441aa0951b474fa59",
    ),
}
"""Primes of 1024-bit keys in which just this number is a byte short. 62 of 3,000 random keys had such a number."""


def key_of(first: str, second: str) -> rsa.RSAPrivateKey:
    """The key with these primes, in hex."""
    p, q, e = int(first, 16), int(second, 16), 65537
    d = pow(e, -1, lcm(p - 1, q - 1))
    numbers = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q))
    return numbers.private_key()


def test_a_made_key_fills_its_bytes_at_fixed_places() -> None:
    key = generate_device_key_rsa()
    der = key.private_bytes(DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    # The firmware's reader: a sequence and the version, then each number with an optional zero in front of it.
    at, lengths = 7, []
    while at < len(der):
        assert der[at] == 2
        at += 1
        size, at = (der[at], at + 1) if der[at] < 128 else (der[at + 1], at + 2)
        lengths.append(size - (der[at] == 0))
        at += size
    assert lengths == [128, 3, 128, 64, 64, 64, 64, 64]


@pytest.mark.parametrize("number", SHORT)
def test_a_key_with_a_short_number_is_seen(number: str) -> None:
    numbers = key_of(*SHORT[number]).private_numbers()
    lengths = {"d": numbers.d, "dp": numbers.dmp1, "dq": numbers.dmq1, "qp": numbers.iqmp}
    assert (lengths.pop(number).bit_length() + 7) // 8 == (127 if number == "d" else 63)
    assert all((each.bit_length() + 7) // 8 in (64, 128) for each in lengths.values())
    assert not fills_its_bytes(key_of(*SHORT[number]))


def test_a_key_with_a_short_number_is_not_taken() -> None:
    good = generate_device_key_rsa()
    proposed = [*(key_of(*primes) for primes in SHORT.values()), good]
    assert generate_device_key_rsa(lambda: proposed.pop(0)) is good
    assert proposed == []
