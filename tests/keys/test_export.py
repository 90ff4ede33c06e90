"""What is pasted into board sources says the same as the certificate."""

from __future__ import annotations

import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.keys import Authority
from rookery.keys.export import c_bytes, c_pem_string, c_trust_anchors

NOW = 1_780_000_000_000_000
ONE = Authority.create([("C", "US"), ("CN", "One")], NOW).certificate
TWO = Authority.create([("CN", "Two")], NOW).certificate


def arrays(header: str) -> dict[str, bytes]:
    """Every byte array of a C header."""
    found = re.findall(r"static const unsigned char (\w+)\[\] = \{([^}]*)\};", header)
    return {name: bytes(int(byte, 16) for byte in re.findall(r"0x([0-9A-F]{2})", body)) for name, body in found}


def test_trust_anchors_carry_name_and_point_of_each_certificate() -> None:
    header = c_trust_anchors([ONE, TWO], "Anchors", "Ours.", "_ANCHORS_H_", "bearssl/bearssl_ssl.h")
    found = arrays(header)
    for index, certificate in enumerate((ONE, TWO)):
        point = certificate.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        assert found[f"TA{index}_DN"] == certificate.subject.public_bytes()
        assert found[f"TA{index}_EC_Q"] == point
        assert len(point) == 65
    assert header.startswith("// Ours.\n#ifndef _ANCHORS_H_\n#define _ANCHORS_H_\n")
    assert '#include "bearssl/bearssl_ssl.h"' in header
    assert "static const br_x509_trust_anchor Anchors[2] = {" in header
    assert "#define Anchors_NUM (2)" in header
    assert header.count("BR_X509_TA_CA") == header.count("BR_KEYTYPE_EC") == header.count("BR_EC_secp256r1") == 2
    assert header.count("{") == header.count("}")
    assert header.endswith("#endif\n")


def test_a_certificate_with_another_key_has_no_such_anchor() -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    certificate = Authority.create([("CN", "One")], NOW).issue_server(key.public_key(), ["localhost"], NOW)
    with pytest.raises(ValueError, match="P-256"):
        c_trust_anchors([certificate], "Anchors", "", "_H_", "x.h")


def test_a_pem_string_reads_back_as_the_certificates() -> None:
    header = c_pem_string([ONE, TWO], "Roots", "A long comment. " * 20, "_ROOTS_H_")
    literal = header[header.index("static const char Roots[] =") :]
    pem = "".join(re.findall(r'"((?:[^"\\]|\\n)*)"', literal)).replace("\\n", "\n")
    assert x509.load_pem_x509_certificates(pem.encode()) == [ONE, TWO]
    assert all(line.startswith("// ") for line in header[: header.index("#ifndef")].splitlines())


def test_bytes_are_twelve_a_line() -> None:
    assert c_bytes("x", bytes(range(13))) == (
        "static const unsigned char x[] = {\n"
        "  0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B,\n"
        "  0x0C\n};\n"
    )
