"""The private certificate authority of one server.

Boards that were told to trust this authority keep it for their life, so it is made once and lives for decades. Its
name is an argument, because some boards rebuild their own certificate from parts and fill in a fixed issuer name.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rookery.keys.errors import KeysError
from rookery.keys.files import read_private, write_private
from rookery.keys.names import alternative_names

CERTIFICATE_FILE = "ca.pem"
KEY_FILE = "ca.key"

AUTHORITY_LIFE = timedelta(days=36 * 365.25)
"""Longer than the 31 years of the device certificates that it signs."""

AUTHORITY_NOT_BEFORE = datetime(2020, 1, 1, tzinfo=UTC)
"""A board without a clock of its own starts in the past, and so may a server's first start (a Pi before NTP). The
authority must be valid for both, so it begins at a fixed moment that no clock of this software is honestly before."""

SERVER_LIFE = timedelta(days=365)
"""Phones refuse server certificates of more than 397 days."""

SERVER_BACKDATED = timedelta(days=1)
"""So that a client whose clock is some hours behind accepts a certificate of this minute."""

SERIAL_BYTES = 16

NameParts = Sequence[tuple[str, str]]
"""A distinguished name as pairs of short type (`C`, `O`, `OU`, `CN`) and text, in their order on the wire."""

RandomBytes = Callable[[int], bytes]

_TYPES = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
}


def moment(now: int) -> datetime:
    """UTC microseconds since the epoch as a date, whole seconds (X.509 knows no fractions)."""
    return datetime.fromtimestamp(now // 1_000_000, UTC)


def distinguished_name(parts: NameParts) -> x509.Name:
    """A name whose parts are all PrintableStrings, as small boards write them.

    The string type is part of the signed bytes: the same text as UTF8String is another name to a board that rebuilds
    its certificate.
    """
    return x509.Name([x509.NameAttribute(_TYPES[kind], text, _ASN1Type.PrintableString) for kind, text in parts])


def new_serial(random_bytes: RandomBytes = secrets.token_bytes) -> int:
    """A random serial that takes exactly 16 bytes: positive, and with no leading zero byte to be stripped."""
    raw = bytearray(random_bytes(SERIAL_BYTES))
    raw[0] = (raw[0] & 0x7F) | 0x40
    return int.from_bytes(raw, "big")


class Authority:
    """A certificate and the key that belongs to it. Signs; keeps nothing."""

    __slots__ = ("certificate", "key", "key_identifier")

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self.key = key
        self.key_identifier = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
        """20 bytes that every certificate signed here repeats (RFC 5280 §4.2.1.1)."""

    @property
    def pem(self) -> str:
        """The certificate, for clients to trust."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode("ascii")

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as pairs of hex digits with colons, for people to compare."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    @classmethod
    def create(cls, subject: NameParts, now: int, key: ec.EllipticCurvePrivateKey | None = None) -> Authority:
        """A new self-signed authority (ECDSA P-256), with a new key unless one is given."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        name = distinguished_name(subject)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(new_serial())
            .not_valid_before(AUTHORITY_NOT_BEFORE)
            .not_valid_after(max(moment(now), AUTHORITY_NOT_BEFORE) + AUTHORITY_LIFE)
            # The three extensions that OpenSSL's strict check (the default of Python 3.13 clients) asks of a root.
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(sign_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def open(cls, folder: Path, subject: NameParts, now: int) -> Authority:
        """The authority of `folder`, made where there is none yet.

        The key is written before the certificate; a start that was cut between the two finishes the work.

        Raises:
            KeysError: the files cannot be read or written, do not belong together, or carry another subject.
        """
        key_path, certificate_path = folder / KEY_FILE, folder / CERTIFICATE_FILE
        key_pem, certificate_pem = read_private(key_path), read_private(certificate_path)
        if certificate_pem is None:
            key = ec.generate_private_key(ec.SECP256R1()) if key_pem is None else load_key(key_path, key_pem)
            if key_pem is None:
                write_private(key_path, key_bytes(key))
            authority = cls.create(subject, now, key)
            write_private(certificate_path, authority.pem.encode("ascii"))
            return authority
        if key_pem is None:
            raise KeysError(
                f"{certificate_path} is there but its key {key_path} is not: restore the key from a backup, or move "
                "the certificate away to get a new authority, which every client then has to be given again."
            )
        try:
            certificate = x509.load_pem_x509_certificate(certificate_pem)
        except ValueError as error:
            raise KeysError(f"{certificate_path} is not a certificate: restore it from a backup.") from error
        key = load_key(key_path, key_pem)
        if certificate.public_key() != key.public_key():
            raise KeysError(f"{key_path} is not the key of {certificate_path}: restore both from the same backup.")
        if certificate.subject != distinguished_name(subject):
            raise KeysError(
                f"{certificate_path} is called {certificate.subject.rfc4514_string()!r}, not "
                f"{distinguished_name(subject).rfc4514_string()!r} as boards demand: put the made one back."
            )
        return cls(certificate, key)

    def signed(self, certificate: x509.Certificate) -> bool:
        """Whether this authority has signed `certificate`."""
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def issue_server(self, public_key: ec.EllipticCurvePublicKey, names: Sequence[str], now: int) -> x509.Certificate:
        """A certificate for TLS servers that carries `names`, valid from yesterday for one year."""
        start = moment(now)
        return (
            x509.CertificateBuilder()
            .subject_name(distinguished_name([("CN", "Rookery")]))
            .issuer_name(self.certificate.subject)
            .public_key(public_key)
            .serial_number(new_serial())
            .not_valid_before(start - SERVER_BACKDATED)
            .not_valid_after(start + SERVER_LIFE)
            .add_extension(alternative_names(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(sign_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier(self.key_identifier, None, None), critical=False)
            .sign(self.key, hashes.SHA256())
        )


def _key_usage(*, sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A private key as unencrypted PKCS#8 PEM: the file's permissions protect it, for a server starts unattended."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_key(path: Path, pem: bytes) -> ec.EllipticCurvePrivateKey:
    """The P-256 key in `pem`.

    Raises:
        KeysError: it holds none; `path` is named.
    """
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise KeysError(f"{path} is not a private key: restore it from a backup.") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise KeysError(f"{path} is not a key on the curve P-256: restore it from a backup.")
    return key
