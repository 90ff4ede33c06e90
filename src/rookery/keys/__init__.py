"""Keys and certificates of one server: its private authority, its TLS identity, its token key, and what it signs.

A leaf package: it knows `cryptography` and the standard library, no vendor and no other part of Rookery. Time is an
argument everywhere (UTC microseconds since the Unix epoch, as `core.clock` says).
"""

from __future__ import annotations

from rookery.keys.authority import Authority, NameParts, distinguished_name
from rookery.keys.errors import (
    KeysError,
    RequestInvalid,
    RequestKeyUnsupported,
    RequestNameMismatch,
    RequestSignatureInvalid,
    RequestTooLong,
    RequestUnreadable,
)
from rookery.keys.names import machine_addresses, server_names
from rookery.keys.requests import DeviceCertificate, sign_request
from rookery.keys.store import CertificateFiles, KeyStore
from rookery.keys.tls import TlsIdentity

__all__ = [
    "Authority",
    "CertificateFiles",
    "DeviceCertificate",
    "KeyStore",
    "KeysError",
    "NameParts",
    "RequestInvalid",
    "RequestKeyUnsupported",
    "RequestNameMismatch",
    "RequestSignatureInvalid",
    "RequestTooLong",
    "RequestUnreadable",
    "TlsIdentity",
    "distinguished_name",
    "machine_addresses",
    "server_names",
    "sign_request",
]
