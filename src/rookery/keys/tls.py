"""TLS identities: a certificate with its key, and the two kinds of server context that gateways use.

What boards need of a server, and therefore what these contexts keep: TLS 1.2 with the one suite of small boards
(ECDHE-ECDSA with AES-128-GCM and SHA-256 on P-256) besides TLS 1.3; one certificate for everybody, so that a client
which sends no server name gets it as well.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.keys.errors import KeysError

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""TLS 1.2: forward secrecy and authenticated encryption only. The suites of TLS 1.3 are not set by this."""


@dataclass(slots=True)
class TlsIdentity:
    """What this server shows to clients, and whom it believes.

    Contexts that were handed out stay alive for the life of the listeners; `load` gives all of them a new certificate,
    which holds for new connections.
    """

    certificate_file: Path
    key_file: Path
    client_authorities: str
    """PEM of the authorities whose client certificates are accepted."""
    contexts: list[ssl.SSLContext] = field(default_factory=list)

    def context(self, alpn: Sequence[str] = ()) -> ssl.SSLContext:
        """A server context that asks for no client certificate.

        Raises:
            KeysError: certificate and key cannot be used.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(CIPHERS)
        # A client could otherwise make the server work without end on one connection.
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        if alpn:
            context.set_alpn_protocols(list(alpn))
        self._load(context)
        self.contexts.append(context)
        return context

    def certificate_context(self) -> ssl.SSLContext:
        """A server context that takes a client certificate where one is shown.

        A certificate of a foreign authority ends the handshake; none at all is for the login to judge.

        Raises:
            KeysError: certificate, key or authorities cannot be used.
        """
        context = self.context()
        context.verify_mode = ssl.CERT_OPTIONAL
        # Python 3.13 turned the strict reading of RFC 5280 on. Certificates that live in the chips of boards cannot be
        # changed to please it, so which Python runs the server must not decide which boards may come.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        try:
            context.load_verify_locations(cadata=self.client_authorities)
        except ssl.SSLError as error:
            raise KeysError(f"The authorities for client certificates cannot be used ({error.reason}).") from error
        return context

    def load(self) -> None:
        """Give every context the certificate that the files hold now.

        Raises:
            KeysError: certificate and key cannot be used; the contexts keep what they had.
        """
        # Tried on a context of its own first, so that a broken file harms nobody.
        self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        for context in self.contexts:
            self._load(context)

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            # An empty password instead of none: OpenSSL would otherwise ask for one on the terminal.
            context.load_cert_chain(self.certificate_file, self.key_file, password="")
        except ssl.SSLError as error:
            raise KeysError(
                f"{self.certificate_file} and {self.key_file} cannot be used for TLS ({error.reason or error}): "
                "they must be PEM, belong together, and the key must not be encrypted."
            ) from error
        except OSError as error:
            raise KeysError(
                f"{self.certificate_file} or {self.key_file} cannot be read ({error.strerror}): "
                "correct the path or give the files to the user that runs Rookery."
            ) from error


def load_certificates(path: Path) -> list[x509.Certificate]:
    """All certificates of a PEM file, the server's own one first where it is a chain.

    Raises:
        KeysError: the file cannot be read or holds none.
    """
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise KeysError(
            f"{path} cannot be read ({error.strerror}): correct the path or give it to the user that runs Rookery."
        ) from error
    except ValueError as error:
        raise KeysError(f"{path} holds no certificate in PEM form.") from error


def suits_small_boards(certificate: x509.Certificate) -> bool:
    """Whether boards that know a single suite (ECDSA on P-256) can talk to a server with this certificate."""
    key = certificate.public_key()
    return isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)


def pem_of(certificates: Sequence[x509.Certificate]) -> str:
    """Certificates one after the other in PEM form."""
    return "".join(certificate.public_bytes(serialization.Encoding.PEM).decode("ascii") for certificate in certificates)
