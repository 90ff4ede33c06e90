"""Certificates in the forms that are pasted into board sources: PEM as a C string, and BearSSL trust anchors."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.keys.tls import pem_of


def c_pem_string(certificates: Sequence[x509.Certificate], variable: str, comment: str, guard: str) -> str:
    """A C header that defines `static const char variable[]` with the certificates in PEM form."""
    lines = "\n".join(f'"{line}\\n"' for line in pem_of(certificates).splitlines())
    return "\n".join(
        [
            _comment(comment),
            f"#ifndef {guard}\n#define {guard}\n",
            f"static const char {variable}[] =\n{lines};\n",
            "#endif\n",
        ]
    )


def c_trust_anchors(
    certificates: Sequence[x509.Certificate], variable: str, comment: str, guard: str, include: str
) -> str:
    """A C header that defines `static const br_x509_trust_anchor variable[n]` and `variable_NUM`.

    An anchor is what BearSSL (`bearssl_x509.h`) wants to know of an authority: the DER of its name, the point of its
    public key, and that it may sign others.

    Raises:
        ValueError: a certificate has no EC P-256 key.
    """
    arrays, anchors = [], []
    for index, certificate in enumerate(certificates):
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("A BearSSL trust anchor of this form needs a certificate with an EC key on P-256.")
        point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        arrays.append(c_bytes(f"TA{index}_DN", certificate.subject.public_bytes()))
        arrays.append(c_bytes(f"TA{index}_EC_Q", point))
        anchors.append(
            f"  {{\n    {{ (unsigned char *)TA{index}_DN, sizeof TA{index}_DN }},\n    BR_X509_TA_CA,\n"
            f"    {{ BR_KEYTYPE_EC, {{ .ec = {{ BR_EC_secp256r1, (unsigned char *)TA{index}_EC_Q, "
            f"sizeof TA{index}_EC_Q }} }} }}\n  }}"
        )
    count = len(certificates)
    return "\n".join(
        [
            _comment(comment),
            f'#ifndef {guard}\n#define {guard}\n\n#include "{include}"\n',
            *arrays,
            f"static const br_x509_trust_anchor {variable}[{count}] = {{\n" + ",\n".join(anchors) + "\n};\n",
            f"#define {variable}_NUM ({count})\n\n#endif\n",
        ]
    )


def c_bytes(variable: str, content: bytes) -> str:
    """`static const unsigned char variable[]` with the content in hex, twelve bytes a line."""
    rows = [", ".join(f"0x{byte:02X}" for byte in content[start : start + 12]) for start in range(0, len(content), 12)]
    return f"static const unsigned char {variable}[] = {{\n  " + ",\n  ".join(rows) + "\n};\n"


def _comment(text: str) -> str:
    return "\n".join(f"// {line}" for line in textwrap.wrap(text, 100))
