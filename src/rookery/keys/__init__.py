"""Keys and certificates of one server: its private authority, its TLS identity, its token key, and what it signs.

A leaf package: it knows `cryptography` and the standard library, no vendor and no other part of Rookery. Time is an
argument everywhere (UTC microseconds since the Unix epoch, as `core.clock` says).
"""

from __future__ import annotations

from rookery.keys.address import Algorithm, address_block
from rookery.keys.authority import Authority, NameParts, distinguished_name
from rookery.keys.boards import BoardKeys, generate_device_key_rsa, public_key_of
from rookery.keys.errors import (
    AddressInvalid,
    KeysError,
    PublicKeyInvalid,
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
    "AddressInvalid",
    "Algorithm",
    "Authority",
    "BoardKeys",
    "CertificateFiles",
    "DeviceCertificate",
    "KeyStore",
    "KeysError",
    "NameParts",
    "PublicKeyInvalid",
    "RequestInvalid",
    "RequestKeyUnsupported",
    "RequestNameMismatch",
    "RequestSignatureInvalid",
    "RequestTooLong",
    "RequestUnreadable",
    "TlsIdentity",
    "address_block",
    "distinguished_name",
    "generate_device_key_rsa",
    "machine_addresses",
    "public_key_of",
    "server_names",
    "sign_request",
]
