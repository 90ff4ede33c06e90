"""Which DTLS is spoken (`Profile`) and what a peer may cost (`Limits`), each with its reason.

The profile was established against published device firmware and captured sessions. "Seen" means that a running device
did it or needed it; "read" means that it stands in its published sources and was not exercised.
"""

from __future__ import annotations

from dataclasses import dataclass

VERSION = 0xFEFD
"""DTLS 1.2 [4.1]."""
SUITE = 0xC0AE
"""TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 (RFC 7251)."""
SIGNALLING_SUITE = 0x00FF
"""TLS_EMPTY_RENEGOTIATION_INFO_SCSV (RFC 5746, 3.3)."""
CURVE = 23
"""secp256r1 (RFC 8422, 5.1.1)."""
SIGNATURE = 0x0403
"""ECDSA with SHA-256 (RFC 5246, 7.4.1.4.1)."""
RAW_PUBLIC_KEY = 2
"""The certificate type of RFC 7250."""

MAX_PLAINTEXT = 1 << 14
"""RFC 5246, 6.2.1."""
MAX_CIPHERTEXT = MAX_PLAINTEXT + 2048
"""RFC 5246, 6.2.3."""
MAX_SEQUENCE = (1 << 48) - 1
"""A sequence number is never used twice and never wraps [4.1]."""


SEQUENCE_RESERVE = 1 << 20
"""Added to the next sequence number when a session is loaded, because records may have been sent since it was dumped.
Devices take the jump. Seen with this number."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What boards do beside or against the standards. The defaults are what they need."""

    connection_id_extension: int = 254
    """draft-ietf-tls-dtls-connection-id-05 before it had a number; RFC 9146 has 54. Seen."""
    connection_id_length: int = 8
    """Exactly this many bytes: a device completes a handshake with another length, or without the extension that it
    offered, and then throws the session away. Seen."""
    connection_id_record: int = 25
    """tls12_cid. The additional data is that of draft 05: number, type, version, identifier, its length, length of the
    inner plaintext; RFC 9146 reordered it later. Seen, with captured records."""
    resumed_records: frozenset[int] = frozenset({253})
    """First bytes that stand for `connection_id_record`: a device that continues a session marks its records so until
    it hears from the server. Only the byte on the wire differs, the additional data still says 25. Seen."""
    named_record: int = 254
    """Older devices continue a session without connection identifier in a record of this type: application data whose
    additional data says 23, and after the body the name of the device and one byte with its length. Read."""
    name_length: int = 12
    """Length of that name. Read."""
    inner_padding: int = 16
    """The plaintext of records with an identifier is filled with zeros to a multiple of this. Seen."""
    server_certificate: bool = False
    """Whether the server sends a Certificate. Devices know the server's key beforehand and answer a Certificate with
    unexpected_message. Seen."""
    verify_version: int = VERSION
    """The version inside HelloVerifyRequest. 4.2.1 recommends DTLS 1.0 here; devices are known to take 1.2. Seen."""
    first_timeout: float = 3.0
    last_timeout: float = 24.0
    """Seconds until a flight is repeated, doubled each time to the last; then the sender gives up. 4.2.4.1 recommends 1
    to 60; a cellular link needs the 3, and a device gives up after the 24, so waiting longer is waiting for no one.
    Seen."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What peers may cost."""

    datagram: int = 1200
    """Largest datagram sent: fits the smallest IPv6 link (1,280) with room for tunnels, and the 1,152 bytes of message
    that boards take."""
    records: int = 16
    """Records read of one datagram. A whole flight has five; 65,507 bytes could hold 2,200 that cost a decryption."""
    message: int = 1024
    """Largest handshake message. With raw keys the largest is below 200 bytes; ClientHello of other libraries, 400."""
    messages_ahead: int = 6
    """Handshake messages that are kept until the missing one has come: a flight has four."""
    early_records: int = 4
    """Records under new keys that are kept until the keys exist (Finished overtook its flight)."""
    repeats: int = 16
    """How often a client that repeats its hello is answered with the same flight: more than its timers can ask for in
    one handshake, little to gain for who repeats a foreign one."""
    handshakes: int = 4000
    """Handshakes at once; about 5 KB each. Beyond, the oldest gives way if it has waited for a timer already; otherwise
    the hello is dropped and its client repeats it. So whoever begins handshakes and leaves them needs over a thousand a
    second, from an address of his own, to be in anyone's way."""
    sessions: int = 50_000
    """Sessions held. A server that is full drops hellos."""
    name_seconds: float = 60.0
    """A session that the application has not named by then is closed: it belongs to a peer that has a key and nothing
    to say. Boards say who they are in their first record and repeat it for about this long."""
    cookie_seconds: float = 60.0
    """A cookie is good for one to two times this: longer than a device repeats a flight (45 s)."""
