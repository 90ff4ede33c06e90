"""Real sockets for the tests of the MQTT gateway: a clock, certificates, and a TLS client that sees records."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rookery.wire.mqtt import packets as p
from rookery.wire.mqtt.decode import Framer, decode


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
        self.file = folder / "ca.pem"
        certificate = self._sign(self.name, self.key.public_key(), ca=True)
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject: x509.Name, key: ec.EllipticCurvePublicKey, *, ca: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def issue(self, common_name: str) -> Path:
        """Key and certificate in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        path = self.folder / f"{common_name}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self._sign(subject, key.public_key(), ca=False).public_bytes(serialization.Encoding.PEM)
        )
        return path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.issue("server"))
        context.load_verify_locations(self.file)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def client(self, common_name: str | None = None) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.file)
        if common_name:
            context.load_cert_chain(self.issue(common_name))
        return context


class RecordClient:
    """A TLS client that shows its decoder one record at a time: `records` has the plain text of each that had any."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing)
        self._raw = b""
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter
        self.records: list[bytes] = []

    async def open(self, port: int) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self.setsockopt()
        while True:
            try:
                self._tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._flush()
                await self._next_record()
        self._flush()

    def setsockopt(self) -> None:
        self._writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    async def receive(self, packets: int) -> list[p.Packet]:
        """Read until so many packets have come since the beginning; all of them."""
        while True:
            frames = Framer(1 << 20).feed(b"".join(self.records))
            if len(frames) >= packets:
                return [decode(head, body) for head, body in frames]
            await self._next_record()
            try:
                self.records.append(self._tls.read(1 << 17))
            except ssl.SSLWantReadError:
                continue  # a session ticket

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    def _flush(self) -> None:
        self._writer.write(self._outgoing.read())

    async def _next_record(self) -> None:
        while len(self._raw) < 5 or len(self._raw) < 5 + int.from_bytes(self._raw[3:5], "big"):
            data = await self._reader.read(1 << 16)
            if not data:
                raise EOFError
            self._raw += data
        end = 5 + int.from_bytes(self._raw[3:5], "big")
        self._incoming.write(self._raw[:end])
        self._raw = self._raw[end:]
