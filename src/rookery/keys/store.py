"""The key folder of one server: made on the first start, looked after from then on.

    keys/ca.pem      the authority's certificate: what clients and boards are given
    keys/ca.key      the authority's key
    keys/server.pem  the server's key and certificate, in one file so that they are replaced together
    keys/token.key   the key that signs access tokens (ES256)
    keys/pepper      32 random bytes under which secrets of boards are kept

The folder is 0700 and every file 0600. The server certificate is made anew when the names change, when it nears its
end, or when the clock says that it is not valid yet; everything else is made once.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.keys.authority import CERTIFICATE_FILE, Authority, NameParts, key_bytes, load_key, moment
from rookery.keys.errors import KeysError
from rookery.keys.files import make_private_folder, read_private, write_private
from rookery.keys.names import names_of
from rookery.keys.tls import TlsIdentity, load_certificates, pem_of, suits_small_boards

SERVER_FILE = "server.pem"
PEPPER_FILE = "pepper"
PEPPER_BYTES = 32
TOKEN_KEY_FILE = "token.key"  # noqa: S105 - the name of a file

RENEW_BEFORE = timedelta(days=30)
"""A server that is restarted once a month never shows an expired certificate; one that runs on calls `refresh`."""


class CertificateFiles(NamedTuple):
    """A certificate of the operator's own (chain, PEM) and its key."""

    certificate: Path
    key: Path


@dataclass(slots=True)
class KeyStore:
    """Everything secret that the server itself owns."""

    folder: Path
    authority: Authority
    token_key: ec.EllipticCurvePrivateKey
    pepper: bytes
    tls: TlsIdentity
    names: tuple[str, ...]
    own_certificate: CertificateFiles | None
    certificate: x509.Certificate
    """The one that clients see now."""

    @classmethod
    def open(
        cls,
        folder: Path,
        names: Sequence[str],
        now: int,
        *,
        subject: NameParts,
        own_certificate: CertificateFiles | None = None,
        client_authorities: Sequence[Path] = (),
    ) -> KeyStore:
        """Open the folder; make what is missing, renew what is due.

        Args:
            folder: the key folder; created where it is missing.
            names: what `server_names` gave.
            now: UTC microseconds since the epoch.
            subject: the name of the authority, used when it is made.
            own_certificate: shown to clients instead of one from our own authority.
            client_authorities: PEM files; client certificates of these are accepted besides our own.

        Raises:
            KeysError: a file cannot be read, written or used; the text is for the operator.
        """
        make_private_folder(folder)
        pepper = _pepper(folder)
        authority = Authority.open(folder, subject, now)
        believed = [authority.certificate]
        for path in client_authorities:
            believed += load_certificates(path)
        files = own_certificate or CertificateFiles(folder / SERVER_FILE, folder / SERVER_FILE)
        certificate = (
            load_certificates(files.certificate)[0]
            if own_certificate
            else _server_certificate(folder, authority, names, now)[0]
        )
        tls = TlsIdentity(files.certificate, files.key, pem_of(believed))
        tls.load()
        return cls(folder, authority, _token_key(folder), pepper, tls, tuple(names), own_certificate, certificate)

    @property
    def authority_file(self) -> Path:
        """What clients are given to trust (PEM)."""
        return self.folder / CERTIFICATE_FILE

    def refresh(self, now: int) -> bool:
        """Renew the server certificate where it is due and give it to all contexts; True when it has changed.

        With a certificate of the operator's own, take over what its files hold now. Cheap enough for once an hour.

        Raises:
            KeysError: the files cannot be used; the old certificate stays in use.
        """
        if self.own_certificate:
            certificate = load_certificates(self.own_certificate.certificate)[0]
            changed = certificate != self.certificate
        else:
            certificate, changed = _server_certificate(self.folder, self.authority, self.names, now)
        if changed:
            self.tls.load()
            self.certificate = certificate
        return changed

    def use(self, names: Sequence[str], own_certificate: CertificateFiles | None, now: int) -> None:
        """Show another certificate from now on: one for these names, or the operator's own.

        Raises:
            KeysError: the files can not be used; everything stays as it was.
        """
        before = self.names, self.own_certificate, self.certificate, self.tls.certificate_file, self.tls.key_file
        files = own_certificate or CertificateFiles(self.folder / SERVER_FILE, self.folder / SERVER_FILE)
        self.names, self.own_certificate = tuple(names), own_certificate
        self.tls.certificate_file, self.tls.key_file = files.certificate, files.key
        try:
            if own_certificate is not None:
                self.certificate = load_certificates(own_certificate.certificate)[0]
            else:
                self.certificate, _ = _server_certificate(self.folder, self.authority, self.names, now)
            self.tls.load()
        except KeysError:
            self.names, self.own_certificate, self.certificate, self.tls.certificate_file, self.tls.key_file = before
            raise

    def warnings(self, now: int, dialled: Sequence[str] = ()) -> list[str]:
        """What clients will stumble over, one plain sentence each; empty when all is well.

        Args:
            now: UTC microseconds since the epoch.
            dialled: the names that clients from outside are told to use.
        """
        found = []
        if not suits_small_boards(self.certificate):
            found.append(
                "The server certificate has no ECDSA key on P-256: boards that use BearSSL cannot connect. Use an "
                "ECDSA P-256 certificate, or leave tls_cert and tls_key unset."
            )
        if missing := [name for name in dialled if not covers(self.certificate, name)]:
            found.append(f"The server certificate does not carry {', '.join(missing)}: clients refuse these names.")
        start, end = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if not start <= moment(now) <= end:
            found.append(
                f"The server certificate is not valid now (it is from {start:%Y-%m-%d} to {end:%Y-%m-%d}): "
                "clients refuse it. Renew it, or correct this machine's clock."
            )
        return found

    @property
    def token_key_id(self) -> str:
        """The name of the token key in token headers and in the key set: its RFC 7638 thumbprint."""
        return _thumbprint(self.token_key.public_key())

    def token_key_set(self) -> dict[str, list[dict[str, str]]]:
        """The public half of the token key as a JWK set (RFC 7517), for those who check tokens."""
        public = self.token_key.public_key()
        return {"keys": [{**_public_jwk(public), "alg": "ES256", "use": "sig", "kid": _thumbprint(public)}]}


def covers(certificate: x509.Certificate, name: str) -> bool:
    """Whether a client that dials `name` accepts `certificate`; a wildcard stands for one label (RFC 6125 §6.4.3)."""
    carried = names_of(certificate)
    return name in carried or ("." in name and f"*.{name.partition('.')[2]}" in carried)


def _server_certificate(
    folder: Path, authority: Authority, names: Sequence[str], now: int
) -> tuple[x509.Certificate, bool]:
    """The certificate in `folder`, and whether it had to be made just now."""
    path = folder / SERVER_FILE
    pem = read_private(path)
    key: ec.EllipticCurvePrivateKey | None = None
    if pem is not None:
        try:
            key, certificate = load_key(path, pem), x509.load_pem_x509_certificate(pem)
        except (KeysError, ValueError):
            # Unlike the authority it can be made again without anybody noticing.
            key = None
        else:
            start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
            if (
                names_of(certificate) == frozenset(names)
                and start <= moment(now) < end - RENEW_BEFORE
                and certificate.public_key() == key.public_key()
                and authority.signed(certificate)
            ):
                return certificate, False
    key = key or ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue_server(key.public_key(), names, now)
    write_private(path, key_bytes(key) + certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, True


def _pepper(folder: Path) -> bytes:
    path = folder / PEPPER_FILE
    pepper = read_private(path)
    if pepper is None:
        # It is the first file of a new folder. Behind it the secrets of boards are kept: a new one beside an old
        # authority would lock every board out without a word.
        if (folder / CERTIFICATE_FILE).exists():
            raise KeysError(
                f"{path} is missing, and without it no board's secret key can be checked: restore it from a backup. "
                f"Where there is none, write {PEPPER_BYTES} random bytes to it and give every board a new secret key."
            )
        pepper = secrets.token_bytes(PEPPER_BYTES)
        write_private(path, pepper)
    if len(pepper) != PEPPER_BYTES:
        raise KeysError(f"{path} has {len(pepper)} bytes instead of {PEPPER_BYTES}: restore it from a backup.")
    return pepper


def _token_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    path = folder / TOKEN_KEY_FILE
    pem = read_private(path)
    if pem is not None:
        return load_key(path, pem)
    key = ec.generate_private_key(ec.SECP256R1())
    write_private(path, key_bytes(key))
    return key


def _public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = key.public_numbers()
    return {"crv": "P-256", "kty": "EC", "x": _base64url(numbers.x), "y": _base64url(numbers.y)}


def _base64url(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode("ascii")


def _thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    canonical = json.dumps(_public_jwk(key), separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(hashlib.sha256(canonical).digest()).rstrip(b"=").decode("ascii")
