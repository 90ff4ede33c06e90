"""How boards, phones and browsers reach and believe this server: `/console/api/setup`, for those who run it."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Annotated, Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from rookery.console.api import May, Route, route
from rookery.console.call import Answer, Call
from rookery.console.configuration import change, locked
from rookery.console.errors import Refusal
from rookery.core.clock import MILLISECOND
from rookery.keys import KeysError, machine_addresses
from rookery.keys.files import read_private, write_private
from rookery.keys.names import names_of, normalised
from rookery.keys.tls import TlsIdentity

OWN_FILE = "own.pem"
"""In the key folder: key and chain of the operator's own certificate, in one file: they are replaced together."""
PEM_LIMIT = 256 * 1024
"""Characters of a chain or a key: the longest chains in use have some 20,000."""
HOSTS_LIMIT = 60
"""Names; each gets up to four into the certificate, which has room for 200."""

Pem = Annotated[str, msgspec.Meta(max_length=PEM_LIMIT)]
Names = Annotated[list[Annotated[str, msgspec.Meta(max_length=253)]], msgspec.Meta(max_length=HOSTS_LIMIT)]


class OwnCertificate(msgspec.Struct):
    """A certificate chain and its key (PEM)."""

    certificate: Pem
    key: Pem


class Wanted(msgspec.Struct):
    """What shall change; what is left out stays."""

    hosts: Names | msgspec.UnsetType = msgspec.UNSET
    certificate_names: Names | msgspec.UnsetType = msgspec.UNSET
    own_certificate: OwnCertificate | msgspec.UnsetType | None = msgspec.UNSET
    """None: one of the server's own authority again."""


@route("GET", "setup", May.OPERATOR)
async def show(call: Call) -> dict[str, Any]:
    """Names and certificates."""
    return await _view(call)


@route("PUT", "setup", May.OPERATOR)
async def put(call: Call) -> dict[str, Any]:
    """Change them; the new certificate is shown to whoever connects from now on."""
    wanted = await call.json(Wanted)
    changes: dict[str, Any] = {}
    for name, given in (("hosts", wanted.hosts), ("certificate_names", wanted.certificate_names)):
        if not isinstance(given, msgspec.UnsetType):
            changes[name] = _names(given, name)
    own = wanted.own_certificate
    if isinstance(own, msgspec.UnsetType):
        await change(call, changes)
        return await _view(call)
    for name in ("tls_cert", "tls_key"):
        locked(call, name)
    path = call.backend.keys.folder / OWN_FILE
    before = await asyncio.to_thread(read_private, path)
    if own is not None:
        # Checked beside the one in use, which goes on being shown when this one is no good.
        await asyncio.to_thread(_keep, path, own)
        place = f"{path.parent.name}/{OWN_FILE}"
        changes |= {"tls_cert": place, "tls_key": place}
    else:
        changes |= {"tls_cert": None, "tls_key": None}
    try:
        await change(call, changes)
    except Refusal:
        await asyncio.to_thread(_restore, path, before)
        raise
    return await _view(call)


@route("GET", "ca.pem", May.ANYBODY)
async def download_pem(call: Call) -> Answer:
    """The authority's certificate, for programs and boards."""
    return _download(call.backend.keys.authority.pem.encode(), "application/x-pem-file", "rookery-ca.pem")


@route("GET", "ca.crt", May.ANYBODY)
async def download_der(call: Call) -> Answer:
    """The same as phones and desktops install it."""
    der = call.backend.keys.authority.certificate.public_bytes(serialization.Encoding.DER)
    return _download(der, "application/x-x509-ca-cert", "rookery-ca.crt")


def _download(content: bytes, content_type: str, name: str) -> Answer:
    disposition = b'attachment; filename="%s"' % name.encode()
    return Answer(content, content_type=content_type, headers=((b"content-disposition", disposition),))


def _names(given: list[str], field: str) -> list[str]:
    names = []
    for name in given:
        if not name.strip():
            continue
        try:
            names.append(normalised(name))
        except ValueError:
            raise Refusal(400, "invalid", f"{name[:80]} is neither a host name nor an IP address.", field) from None
    return list(dict.fromkeys(names))


def _keep(path: Path, own: OwnCertificate) -> None:
    content = own.key.strip().encode() + b"\n" + own.certificate.strip().encode() + b"\n"
    trial = path.with_name(f"{path.name}.trial")
    try:
        write_private(trial, content)
        try:
            x509.load_pem_x509_certificates(own.certificate.encode())
            TlsIdentity(trial, trial, "").context()
        except (KeysError, ValueError):
            raise Refusal(
                400,
                "invalid",
                "Certificate and key can not be used: they must be PEM, belong together, and the key must not be "
                "encrypted.",
                "own_certificate",
            ) from None
        write_private(path, content)
    except KeysError as error:
        raise Refusal(503, "unavailable", str(error)) from None
    finally:
        trial.unlink(missing_ok=True)


def _restore(path: Path, content: bytes | None) -> None:
    if content is None:
        path.unlink(missing_ok=True)
    else:
        write_private(path, content)


async def _view(call: Call) -> dict[str, Any]:
    backend = call.backend
    keys, settings, now = backend.keys, backend.settings, call.services.clock.now()
    own = keys.own_certificate
    return {
        "hosts": list(settings.hosts),
        "certificate_names": list(settings.certificate_names),
        "machine": {"name": socket.gethostname(), "addresses": await asyncio.to_thread(machine_addresses)},
        "url": backend.url,
        "secure_url": backend.secure_url,
        "names": sorted(names_of(keys.certificate)),
        "own": own is not None,
        "certificate": {
            **_certificate(keys.certificate),
            "warnings": keys.warnings(now, settings.hosts),
        },
        "ca": {
            **_certificate(keys.authority.certificate),
            "downloads": {"pem": "/console/api/ca.pem", "der": "/console/api/ca.crt"},
        },
        "own_certificate": {"certificate": str(own.certificate), "key": str(own.key)} if own is not None else None,
        "locked": {
            name: settings.origins[name]
            for name in ("hosts", "certificate_names", "tls_cert", "tls_key")
            if settings.origins.get(name, "file") != "file"
        },
    }


def _certificate(certificate: x509.Certificate) -> dict[str, Any]:
    return {
        "subject": certificate.subject.rfc4514_string(),
        "issuer": certificate.issuer.rfc4514_string(),
        "not_before": int(certificate.not_valid_before_utc.timestamp() * 1_000_000) // MILLISECOND,
        "not_after": int(certificate.not_valid_after_utc.timestamp() * 1_000_000) // MILLISECOND,
        "fingerprint": certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
    }


ROUTES: tuple[Route, ...] = (show, put, download_pem, download_der)
