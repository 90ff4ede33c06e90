"""Everything with RSA: the claim, the answer, and which keys will do."""

from __future__ import annotations

import hmac
from typing import Final

from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo

from rookery.wire.lightssl.errors import ClaimUnreadable, KeyUnusable, LocalError, ProofFailed
from rookery.wire.lightssl.limits import (
    BOARD_BITS,
    DEVICE_ID,
    LARGEST_EXPONENT,
    NONCE,
    SERVER_BITS,
    SESSION,
    SESSION_CIPHER,
)

_PADDING: Final = PKCS1v15()
_BARE: Final = NoDigestInfo()
"""B is type 1 padding around the 20 bytes of the HMAC, without the DigestInfo of RFC 8017, 9.2."""


def board_key(der: bytes) -> rsa.RSAPublicKey:
    """The public key of a board from its SubjectPublicKeyInfo.

    Raises:
        KeyUnusable: it is no RSA key of 1024 bits with an odd modulus and an exponent that is odd and short.
    """
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        raise KeyUnusable("the board's public key cannot be read") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != BOARD_BITS:
        raise KeyUnusable(f"the board's public key is not an RSA key of {BOARD_BITS} bits")
    numbers = key.public_numbers()
    if not (numbers.n & 1 and numbers.e & 1 and 3 <= numbers.e < LARGEST_EXPONENT):
        raise KeyUnusable("the board's public key has numbers that no honest RSA key has")
    return key


def server_key(der: bytes) -> rsa.RSAPublicKey:
    """The public key of a server from its SubjectPublicKeyInfo.

    Raises:
        LocalError: it is no RSA key of 2048 bits.
    """
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, TypeError, UnsupportedAlgorithm, InternalError):
        raise LocalError("the server's public key cannot be read") from None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size != SERVER_BITS:
        raise LocalError(f"the server's public key is not an RSA key of {SERVER_BITS} bits")
    return key


def check_private(key: rsa.RSAPrivateKey, bits: int) -> None:
    """See that a key of our own has the length that the protocol wants.

    Raises:
        LocalError: it has not.
    """
    if key.key_size != bits:
        raise LocalError(f"the key has {key.key_size} bits and not {bits}")


def public_der(key: rsa.RSAPrivateKey) -> bytes:
    """The SubjectPublicKeyInfo of the public half: 162 bytes of a board, 294 of a server."""
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def make_claim(server: rsa.RSAPublicKey, nonce: bytes, device_id: bytes, offered_key: bytes) -> bytes:
    """The 256 bytes of step 2; `offered_key` may be empty."""
    return server.encrypt(nonce + device_id + offered_key, _PADDING)


def read_claim(key: rsa.RSAPrivateKey, nonce: bytes, claim: bytes) -> tuple[bytes, bytes | None]:
    """The device id and the key that the board shows, unchecked, None where it shows none.

    Raises:
        ClaimUnreadable: whatever is wrong with it.
    """
    try:
        plain = key.decrypt(claim, _PADDING)
    except (ValueError, InternalError):
        # A number beyond the modulus, or an OpenSSL that tells a wrong padding: goes the way of a wrong nonce.
        plain = b""
    same = hmac.compare_digest(plain[:NONCE].ljust(NONCE, b"\0"), nonce)
    if not same or len(plain) < NONCE + DEVICE_ID:
        raise ClaimUnreadable
    return plain[NONCE : NONCE + DEVICE_ID], plain[NONCE + DEVICE_ID :] or None


def make_answer(key: rsa.RSAPrivateKey, board: rsa.RSAPublicKey, session: bytes) -> bytes:
    """The 384 bytes of step 3.

    Raises:
        KeyUnusable: nothing can be encrypted to the board's key.
    """
    try:
        cipher = board.encrypt(session, _PADDING)
    except (ValueError, InternalError):
        raise KeyUnusable("nothing can be encrypted to the board's public key") from None
    return cipher + key.sign(_digest(session, cipher), _PADDING, _BARE)


def read_answer(key: rsa.RSAPrivateKey, server: rsa.RSAPublicKey, answer: bytes) -> bytes:
    """The session bytes.

    Raises:
        ProofFailed: it was made for another board, or by another server.
    """
    cipher, signature = answer[:SESSION_CIPHER], answer[SESSION_CIPHER:]
    try:
        session = key.decrypt(cipher, _PADDING)
    except (ValueError, InternalError):
        session = b""
    if len(session) != SESSION:
        raise ProofFailed("the session bytes cannot be read")
    try:
        signed = server.recover_data_from_signature(signature, _PADDING, None)
    except InvalidSignature:
        signed = b""
    if not hmac.compare_digest(signed, _digest(session, cipher)):
        raise ProofFailed("the signature of the server is wrong")
    return session


def _digest(session: bytes, cipher: bytes) -> bytes:
    return hmac.digest(session, cipher, "sha1")
