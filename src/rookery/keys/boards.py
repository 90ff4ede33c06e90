"""Keys between this server and boards that are given each other's public keys, without certificates.

    keys/board_rsa.key       the server's key for boards on TCP (RSA-2048)
    keys/board_ec.key        the server's key for boards on UDP (P-256)
    keys/server_rsa.pub.der  their public halves, DER SubjectPublicKeyInfo: what is written into boards
    keys/server_ec.pub.der

A board that was given a public half finds no other server, so the keys are made once and kept for good.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from cryptography.exceptions import InternalError, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rookery.keys.address import RSA_BITS
from rookery.keys.errors import KeysError, PublicKeyInvalid
from rookery.keys.files import make_private_folder, read_private, write_private

RSA_KEY_FILE = "board_rsa.key"
EC_KEY_FILE = "board_ec.key"
RSA_PUBLIC_FILE = "server_rsa.pub.der"
EC_PUBLIC_FILE = "server_ec.pub.der"

DEVICE_RSA_BITS: Final = 1024
"""Boards on TCP have room for this length and for no other."""
_EXPONENT: Final = 65537
_LARGEST_EXPONENT: Final = 1 << 32
"""Every board has 65537. A longer exponent would only make each handshake dearer for the server."""
LONGEST_PUBLIC_KEY: Final = 2048
"""Characters or bytes of a public key that a peer sends: the longest good one has 272 (PEM of RSA-1024)."""

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
_Key = TypeVar("_Key", rsa.RSAPrivateKey, ec.EllipticCurvePrivateKey)


@dataclass(frozen=True, slots=True)
class BoardKeys:
    """The server's two keys for boards, and where their public halves are."""

    rsa_key: rsa.RSAPrivateKey
    ec_key: ec.EllipticCurvePrivateKey
    rsa_public: bytes
    """DER SubjectPublicKeyInfo, 294 bytes."""
    ec_public: bytes
    """DER SubjectPublicKeyInfo, 91 bytes."""
    folder: Path

    @classmethod
    def open(cls, folder: Path) -> BoardKeys:
        """The keys of `folder`, made where there are none yet.

        The first start takes 10 to 90 ms, 40 on average, for the RSA key; each later one 30 ms, to check it. It can be
        done in a thread: the interpreter is free meanwhile.

        Raises:
            KeysError: files cannot be read or written, do not belong together, or hold keys of another kind.
        """
        make_private_folder(folder)
        rsa_key = _private(folder / RSA_KEY_FILE, folder / RSA_PUBLIC_FILE, _make_rsa, _check_rsa)
        ec_key = _private(folder / EC_KEY_FILE, folder / EC_PUBLIC_FILE, _make_ec, _check_ec)
        rsa_public = _public(folder / RSA_PUBLIC_FILE, folder / RSA_KEY_FILE, rsa_key)
        ec_public = _public(folder / EC_PUBLIC_FILE, folder / EC_KEY_FILE, ec_key)
        return cls(rsa_key, ec_key, rsa_public, ec_public, folder)

    @property
    def rsa_public_file(self) -> Path:
        """For boards on TCP."""
        return self.folder / RSA_PUBLIC_FILE

    @property
    def ec_public_file(self) -> Path:
        """For boards on UDP."""
        return self.folder / EC_PUBLIC_FILE


def public_key_of(text: str | bytes) -> bytes:
    """The DER SubjectPublicKeyInfo of a board's public key in PEM or DER: RSA of 1024 bits (162 bytes) or P-256 (91).

    PEM may be a `PUBLIC KEY` or an `RSA PUBLIC KEY` and have any line ends. Equal keys give equal bytes.

    Raises:
        PublicKeyInvalid: it is no such key; the text is safe to send back.
    """
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    if len(data) > LONGEST_PUBLIC_KEY:
        raise PublicKeyInvalid("The public key is too long.")
    try:
        if b"-----BEGIN" in data:
            key = serialization.load_pem_public_key(data.strip())
        else:
            key = serialization.load_der_public_key(data)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        raise PublicKeyInvalid("The public key cannot be read: send it in PEM form.") from None
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        if key.key_size != DEVICE_RSA_BITS:
            raise PublicKeyInvalid(f"The RSA key has {key.key_size} bits and not {DEVICE_RSA_BITS}.")
        if not (numbers.n & 1 and numbers.e & 1 and 3 <= numbers.e < _LARGEST_EXPONENT):
            raise PublicKeyInvalid("The RSA key has numbers that no honest key has.")
        return _der(key)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return _der(key)
    raise PublicKeyInvalid(f"The public key is neither RSA with {DEVICE_RSA_BITS} bits nor on the curve P-256.")


def generate_device_key_rsa(
    generate: Callable[[], rsa.RSAPrivateKey] = lambda: rsa.generate_private_key(_EXPONENT, DEVICE_RSA_BITS),
) -> rsa.RSAPrivateKey:
    """A key for a board on TCP, about 10 ms; `generate` proposes keys.

    The firmware reads its key at fixed offsets, as if each number filled its bytes. A key with a shorter number is
    good everywhere else and useless there; a few in a hundred are, and are not taken.
    """
    while not fills_its_bytes(key := generate()):
        pass
    return key


def fills_its_bytes(key: rsa.RSAPrivateKey) -> bool:
    """Whether the firmware can read `key`: n and d have 128 bytes; p, q, dp, dq and the coefficient 64."""
    numbers = key.private_numbers()
    half = (numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp)
    return all(_bytes(number) == 128 for number in (numbers.public_numbers.n, numbers.d)) and all(
        _bytes(number) == 64 for number in half
    )


def _bytes(number: int) -> int:
    return (number.bit_length() + 7) // 8


def _make_rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(_EXPONENT, RSA_BITS)


def _make_ec() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _check_rsa(path: Path, key: object) -> rsa.RSAPrivateKey:
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size != RSA_BITS:
        raise KeysError(f"{path} is not an RSA key of {RSA_BITS} bits: restore it from a backup.")
    return key


def _check_ec(path: Path, key: object) -> ec.EllipticCurvePrivateKey:
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeysError(f"{path} is not a key on the curve P-256: restore it from a backup.")
    return key


def _private(path: Path, public: Path, make: Callable[[], _Key], check: Callable[[Path, object], _Key]) -> _Key:
    pem = read_private(path)
    if pem is not None:
        try:
            found = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeysError(f"{path} is not a private key: restore it from a backup.") from error
        return check(path, found)
    if public.exists():
        raise KeysError(
            f"{public} is there but its private key {path} is not: restore the key from a backup, or move the public "
            "one away to get a new pair, which every board then has to be given again."
        )
    key = make()
    write_private(
        path,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    return key


def _public(path: Path, private: Path, key: PrivateKey) -> bytes:
    """The public half, written where it is missing: a first start may have been cut between the two."""
    der = _der(key.public_key())
    written = read_private(path)
    if written is None:
        write_private(path, der)
    elif written != der:
        raise KeysError(
            f"{path} is not the public half of {private}: restore both from the same backup. Where boards have been "
            f"given the key in {private.name}, move {path.name} away and it is written again."
        )
    return der


def _der(key: PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
