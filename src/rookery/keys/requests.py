"""Certificates for devices, from requests (PKCS#10) that their secure elements have signed.

Boards with a secure element do not keep their certificate as a file: a slot of the chip holds the serial, the dates to
the hour, the authority's key id and the two halves of the signature, and the board rebuilds the certificate from these
at each start. So the authority must sign exactly the bytes that the board will rebuild:

* version 3, a 16-byte serial, ecdsa-with-SHA256;
* issuer: the authority's subject, as it stands;
* notBefore with minute and second 0; notAfter the same day and hour 31 years later;
* subject: the common name only, as PrintableString; the key: EC P-256;
* one extension, authorityKeyIdentifier, with the 20-byte key id and nothing else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.x509.oid import NameOID

from rookery.keys.authority import Authority, RandomBytes, distinguished_name, moment, new_serial
from rookery.keys.errors import (
    RequestKeyUnsupported,
    RequestNameMismatch,
    RequestSignatureInvalid,
    RequestTooLong,
    RequestUnreadable,
)

DEVICE_YEARS = 31

MAX_REQUEST_CHARACTERS = 4096
"""A P-256 request with one name is about 450 characters; the rest is room for attributes, not for an attack."""


@dataclass(frozen=True, slots=True)
class DeviceCertificate:
    """A signed certificate and the parts from which a board rebuilds it."""

    pem: str
    """About 610 characters: the fixed form above cannot be made shorter."""
    der: bytes
    not_before: datetime
    """UTC, a whole hour."""
    not_after: datetime
    """31 years later."""
    serial: bytes
    """16 bytes."""
    authority_key_identifier: bytes
    """20 bytes."""
    signature_x: bytes
    """32 bytes, big endian: `r` of the ECDSA signature."""
    signature_y: bytes
    """32 bytes, big endian: `s` of the ECDSA signature."""

    @property
    def signature(self) -> bytes:
        """Both halves, 64 bytes."""
        return self.signature_x + self.signature_y


def sign_request(
    authority: Authority,
    request_pem: str,
    name: str,
    now: int,
    *,
    request_name: str | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> DeviceCertificate:
    """Sign the key of a request for the device called `name`.

    Args:
        authority: whose signature it gets.
        request_pem: the request, one PEM block.
        name: becomes the common name.
        now: UTC microseconds since the epoch.
        request_name: the common name that the request must have, where it differs from `name`.
        random_bytes: where the serial comes from.

    Raises:
        RequestInvalid: one of its five leaves says what is wrong.
    """
    public_key = checked_key(request_pem, name if request_name is None else request_name)
    not_before = start_hour(moment(now))
    serial = new_serial(random_bytes)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(distinguished_name([("CN", name)]))
        .issuer_name(authority.certificate.subject)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(not_before)
        .not_valid_after(not_before.replace(year=not_before.year + DEVICE_YEARS))
        .add_extension(x509.AuthorityKeyIdentifier(authority.key_identifier, None, None), critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    r, s = decode_dss_signature(certificate.signature)
    return DeviceCertificate(
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode("ascii"),
        der=certificate.public_bytes(serialization.Encoding.DER),
        not_before=not_before,
        not_after=certificate.not_valid_after_utc,
        serial=serial.to_bytes(16, "big"),
        authority_key_identifier=authority.key_identifier,
        signature_x=r.to_bytes(32, "big"),
        signature_y=s.to_bytes(32, "big"),
    )


def start_hour(now: datetime) -> datetime:
    """`now` cut to the hour. On 29 February it is the day before: 31 years later that date would not exist."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour - timedelta(days=1) if (hour.month, hour.day) == (2, 29) else hour


def checked_key(request_pem: str, request_name: str) -> ec.EllipticCurvePublicKey:
    """The public key of a request that is well formed, signed by that very key, and made for `request_name`.

    Raises:
        RequestInvalid: one of its five leaves says what is wrong.
    """
    if len(request_pem) > MAX_REQUEST_CHARACTERS:
        raise RequestTooLong(
            f"The certificate request has {len(request_pem)} characters; at most {MAX_REQUEST_CHARACTERS} are read."
        )
    try:
        request = x509.load_pem_x509_csr(request_pem.encode("ascii"))
        key = request.public_key()
        # An RSA key of odd size or an unknown hash makes the check itself raise; that is unreadable, not unsigned.
        signed = request.is_signature_valid
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except Exception as error:
        # cryptography reports malformed ASN.1 as ValueError, TypeError, UnsupportedAlgorithm or an OpenSSL error.
        raise RequestUnreadable("The certificate request is not one PKCS#10 request in PEM form.") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise RequestKeyUnsupported("The key of the certificate request must be an EC key on the curve P-256.")
    if not signed:
        raise RequestSignatureInvalid("The certificate request is not signed by its own key.")
    if [attribute.value for attribute in names] != [request_name]:
        raise RequestNameMismatch(f"The common name of the certificate request must be {request_name!r}.")
    return key
