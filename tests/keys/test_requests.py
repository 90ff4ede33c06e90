"""Device certificates: the exact form that a board rebuilds, and every kind of request that is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from rookery.arduino.ca import SUBJECT
from rookery.keys import (
    Authority,
    DeviceCertificate,
    RequestInvalid,
    RequestKeyUnsupported,
    RequestNameMismatch,
    RequestSignatureInvalid,
    RequestTooLong,
    RequestUnreadable,
    sign_request,
)

DEVICE = "0f2c3a52-9c1e-4a7e-8a52-7c2f5a0d9b11"
AUTHORITY = Authority.create(SUBJECT, 1_780_000_000_000_000)
BOARD_KEY = ec.generate_private_key(ec.SECP256R1())


def microseconds(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp()) * 1_000_000


NOW = microseconds(2026, 11, 21, 9, 47, 31)


def request(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = BOARD_KEY,
    names: tuple[str, ...] = (DEVICE,),
) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, algorithm)
    return made.public_bytes(serialization.Encoding.PEM).decode()


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER element."""
    body = b"".join(parts)
    length = len(body).to_bytes(2, "big").lstrip(b"\x00")
    size = length if len(body) < 128 else bytes([0x80 | len(length)]) + length
    return bytes([tag]) + size + body


def rebuilt(signed: DeviceCertificate, key: ec.EllipticCurvePublicKey) -> bytes:
    """The certificate as a board builds it from the compressed fields, written out by hand."""

    def name(oid: bytes, text: str) -> bytes:
        return tlv(0x31, tlv(0x30, tlv(0x06, oid), tlv(0x13, text.encode())))

    def integer(raw: bytes) -> bytes:
        raw = raw.lstrip(b"\x00")
        return tlv(0x02, b"\x00" + raw if raw[0] & 0x80 else raw)

    def date(when: datetime) -> bytes:
        hour = f"{when:%m%d%H}0000Z"
        if when.year < 2050:
            return tlv(0x17, f"{when.year % 100:02}{hour}".encode())
        return tlv(0x18, f"{when.year}{hour}".encode())

    algorithm = tlv(0x30, tlv(0x06, bytes.fromhex("2a8648ce3d040302")))
    issuer = tlv(
        0x30,
        name(b"\x55\x04\x06", "US"),
        name(b"\x55\x04\x0a", "Arduino LLC US"),
        name(b"\x55\x04\x0b", "IT"),
        name(b"\x55\x04\x03", "Arduino"),
    )
    start = signed.not_before
    to_sign = tlv(
        0x30,
        tlv(0xA0, tlv(0x02, b"\x02")),
        integer(signed.serial),
        algorithm,
        issuer,
        tlv(0x30, date(start), date(start.replace(year=start.year + 31))),
        tlv(0x30, name(b"\x55\x04\x03", DEVICE)),
        key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        tlv(
            0xA3,
            tlv(
                0x30,
                tlv(
                    0x30,
                    tlv(0x06, b"\x55\x1d\x23"),
                    tlv(0x04, tlv(0x30, tlv(0x80, signed.authority_key_identifier))),
                ),
            ),
        ),
    )
    signature = tlv(0x30, integer(signed.signature_x), integer(signed.signature_y))
    return tlv(0x30, to_sign, algorithm, tlv(0x03, b"\x00", signature))


@pytest.mark.parametrize(
    ("now", "not_before", "not_after"),
    [
        pytest.param(NOW, datetime(2026, 11, 21, 9), datetime(2057, 11, 21, 9), id="generalized end"),
        pytest.param(microseconds(2018, 5, 1), datetime(2018, 5, 1), datetime(2049, 5, 1), id="both UTCTime"),
        pytest.param(
            microseconds(2028, 2, 29, 23, 59, 59), datetime(2028, 2, 28, 23), datetime(2059, 2, 28, 23), id="leap"
        ),
    ],
)
def test_a_board_rebuilds_the_very_same_bytes(now: int, not_before: datetime, not_after: datetime) -> None:
    signed = sign_request(AUTHORITY, request(), DEVICE, now)
    assert rebuilt(signed, BOARD_KEY.public_key()) == signed.der
    assert signed.not_before == not_before.replace(tzinfo=UTC)
    assert signed.not_after == not_after.replace(tzinfo=UTC)
    assert AUTHORITY.signed(x509.load_der_x509_certificate(signed.der))


@given(
    st.binary(min_size=16, max_size=16),
    st.integers(min_value=microseconds(2020, 1, 1), max_value=microseconds(2090, 1, 1)),
)
@settings(max_examples=40, deadline=None)
def test_any_serial_at_any_time_can_be_rebuilt(raw: bytes, now: int) -> None:
    signed = sign_request(AUTHORITY, request(), DEVICE, now, random_bytes=lambda size: raw[:size])
    assert rebuilt(signed, BOARD_KEY.public_key()) == signed.der


def test_the_compressed_parts_have_the_sizes_that_chips_store() -> None:
    signed = sign_request(AUTHORITY, request(), DEVICE, NOW)
    assert len(signed.serial) == 16
    assert len(signed.authority_key_identifier) == 20
    assert len(signed.signature_x) == len(signed.signature_y) == 32
    assert len(signed.signature) == 64
    assert signed.authority_key_identifier == AUTHORITY.key_identifier


def test_pem_and_der_are_the_same_certificate_with_one_extension() -> None:
    signed = sign_request(AUTHORITY, request(), DEVICE, NOW)
    certificate = x509.load_pem_x509_certificate(signed.pem.encode())
    assert certificate.public_bytes(serialization.Encoding.DER) == signed.der
    assert [type(extension.value) for extension in certificate.extensions] == [x509.AuthorityKeyIdentifier]
    assert certificate.subject.rfc4514_string() == f"CN={DEVICE}"


def test_a_request_in_the_name_of_the_hardware_is_signed_for_the_device() -> None:
    signed = sign_request(AUTHORITY, request(names=("a" * 64,)), DEVICE, NOW, request_name="a" * 64)
    assert rebuilt(signed, BOARD_KEY.public_key()) == signed.der


def tampered() -> str:
    """A request whose key is replaced by another one after signing."""
    der = x509.load_pem_x509_csr(request().encode()).public_bytes(serialization.Encoding.DER)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    old, new = (
        key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        for key in (BOARD_KEY.public_key(), other)
    )
    assert old in der
    changed = x509.load_der_x509_csr(der.replace(old, new))
    return changed.public_bytes(serialization.Encoding.PEM).decode()


REFUSED = [
    pytest.param("", RequestUnreadable, id="empty"),
    pytest.param("hello", RequestUnreadable, id="text"),
    pytest.param(
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
        RequestUnreadable,
        id="no ASN.1",
    ),
    pytest.param(AUTHORITY.pem, RequestUnreadable, id="a certificate"),
    pytest.param("é" * 20, RequestUnreadable, id="not ASCII"),
    pytest.param("\ud800", RequestUnreadable, id="lone surrogate"),
    pytest.param("A" * 100_000, RequestTooLong, id="100,000 characters"),
    pytest.param(request(ec.generate_private_key(ec.SECP384R1())), RequestKeyUnsupported, id="P-384"),
    pytest.param(request(rsa.generate_private_key(65537, 2048)), RequestKeyUnsupported, id="RSA"),
    pytest.param(request(ed25519.Ed25519PrivateKey.generate()), RequestKeyUnsupported, id="Ed25519"),
    pytest.param(request(names=("another",)), RequestNameMismatch, id="another device"),
    pytest.param(request(names=()), RequestNameMismatch, id="no name"),
    pytest.param(request(names=(DEVICE, "another")), RequestNameMismatch, id="two names"),
    pytest.param(tampered(), RequestSignatureInvalid, id="another's key"),
]


@pytest.mark.parametrize(("text", "error"), REFUSED)
def test_a_bad_request_gets_its_own_error(text: str, error: type[RequestInvalid]) -> None:
    with pytest.raises(error) as caught:
        sign_request(AUTHORITY, text, DEVICE, NOW)
    assert str(caught.value).endswith(".")


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_no_bytes_in_a_request_get_past_the_typed_errors(junk: bytes) -> None:
    good = x509.load_pem_x509_csr(request().encode()).public_bytes(serialization.Encoding.DER)
    body = base64.encodebytes(good[: len(junk)] + junk).decode()
    with pytest.raises(RequestInvalid):
        sign_request(
            AUTHORITY, f"-----BEGIN CERTIFICATE REQUEST-----\n{body}-----END CERTIFICATE REQUEST-----\n", DEVICE, NOW
        )
