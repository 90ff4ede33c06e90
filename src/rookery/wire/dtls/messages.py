"""The handshake messages of the profile (RFC 5246, 7.4; RFC 8422, 5; RFC 7250, 3), as values and as bytes.

Bodies only: the header with number and fragment belongs to `flights`. Every reader takes the whole body and refuses
what is left over.
"""

from __future__ import annotations

from struct import pack, unpack_from
from typing import Final, NamedTuple

from rookery.wire.dtls.errors import Alert, HandshakeFailed, MalformedMessage
from rookery.wire.dtls.profile import CURVE, RAW_PUBLIC_KEY, SIGNALLING_SUITE, SIGNATURE, SUITE, VERSION

CLIENT_HELLO: Final = 1
SERVER_HELLO: Final = 2
HELLO_VERIFY_REQUEST: Final = 3
CERTIFICATE: Final = 11
SERVER_KEY_EXCHANGE: Final = 12
CERTIFICATE_REQUEST: Final = 13
SERVER_HELLO_DONE: Final = 14
CERTIFICATE_VERIFY: Final = 15
CLIENT_KEY_EXCHANGE: Final = 16
FINISHED: Final = 20

EXT_GROUPS: Final = 10
EXT_FORMATS: Final = 11
EXT_SIGNATURES: Final = 13
EXT_CLIENT_CERTIFICATE: Final = 19
EXT_SERVER_CERTIFICATE: Final = 20
EXT_RENEGOTIATION: Final = 0xFF01

RANDOM: Final = 32
ECDSA_SIGN: Final = 64
NAMED_CURVE: Final = 3


class Reader:
    """Takes a body apart from front to back."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            MalformedMessage: there are fewer.
        """
        at = self._at
        if at + size > len(self._data):
            raise MalformedMessage("a field is longer than its message", "RFC 5246, 4.3")
        self._at = at + size
        return self._data[at : at + size]

    def number(self, size: int) -> int:
        """A big-endian number."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """Bytes behind a length of `size` bytes (RFC 5246, 4.3)."""
        return self.take(self.number(size))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._data) - self._at)

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._data):
            raise MalformedMessage("bytes are left over", "RFC 5246, 4.3")

    @property
    def more(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._data)


def numbers(data: bytes) -> tuple[int, ...]:
    """A list of 16-bit numbers."""
    if len(data) % 2:
        raise MalformedMessage("half a number", "RFC 5246, 4.3")
    return unpack_from(f">{len(data) // 2}H", data)


def _extensions(reader: Reader) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if reader.more:
        inner = Reader(reader.vector(2))
        reader.end()
        while inner.more:
            kind = inner.number(2)
            if kind in found:
                raise MalformedMessage(f"extension {kind} twice", "RFC 5246, 7.4.1.4", Alert.ILLEGAL_PARAMETER)
            found[kind] = inner.vector(2)
    return found


def _write_extensions(extensions: dict[int, bytes]) -> bytes:
    data = b"".join(pack(">HH", kind, len(value)) + value for kind, value in extensions.items())
    return pack(">H", len(data)) + data


class HelloHead(NamedTuple):
    """What has to be known of a ClientHello before its cookie is checked. `rest` is everything behind the cookie."""

    version: int
    random: bytes
    session_id: bytes
    cookie: bytes
    rest: bytes

    @property
    def bound(self) -> bytes:
        """All but the cookie: a cookie is good for exactly this hello [4.2.1]."""
        return pack(">H", self.version) + self.random + bytes((len(self.session_id),)) + self.session_id + self.rest


def hello_head(body: bytes) -> HelloHead:
    """Read a ClientHello as far as its cookie [4.2.1]."""
    reader = Reader(body)
    version = reader.number(2)
    random = reader.take(RANDOM)
    session_id = reader.vector(1)
    if len(session_id) > 32:
        raise MalformedMessage("a session identifier above 32 bytes", "RFC 5246, 7.4.1.2")
    return HelloHead(version, random, session_id, reader.vector(1), reader.rest())


class Offer(NamedTuple):
    """What a client offers. Extensions are kept as they came."""

    suites: tuple[int, ...]
    compressions: bytes
    extensions: dict[int, bytes]

    def check(self) -> None:
        """Whether this profile has anything in common with it.

        Raises:
            HandshakeFailed: it has not.
        """
        extensions = self.extensions
        if SUITE not in self.suites:
            raise HandshakeFailed("no common cipher suite", "RFC 5246, 7.4.1.3")
        if 0 not in self.compressions:
            raise HandshakeFailed("null compression is not offered", "RFC 5246, 7.4.1.2", Alert.ILLEGAL_PARAMETER)
        groups = extensions.get(EXT_GROUPS)
        if groups is not None and CURVE not in numbers(_only(groups, 2)):
            raise HandshakeFailed("no common curve", "RFC 8422, 5.1")
        formats = extensions.get(EXT_FORMATS)
        if formats is not None and 0 not in _only(formats, 1):
            raise HandshakeFailed("uncompressed points are not offered", "RFC 8422, 5.1.2", Alert.ILLEGAL_PARAMETER)
        if SIGNATURE not in numbers(_only(extensions.get(EXT_SIGNATURES, b"\0\0"), 2)):
            raise HandshakeFailed("no common signature algorithm", "RFC 5246, 7.4.1.4.1")
        for kind in (EXT_CLIENT_CERTIFICATE, EXT_SERVER_CERTIFICATE):
            if RAW_PUBLIC_KEY not in _only(extensions.get(kind, b"\0"), 1):
                raise HandshakeFailed("raw public keys are not offered", "RFC 7250, 4.2", Alert.UNSUPPORTED_CERTIFICATE)
        if extensions.get(EXT_RENEGOTIATION, b"\0") != b"\0":
            raise HandshakeFailed("a first handshake that claims to be another", "RFC 5746, 3.6")

    @property
    def secure_renegotiation(self) -> bool:
        """Whether the client expects an empty renegotiation_info (RFC 5746, 3.6)."""
        return SIGNALLING_SUITE in self.suites or EXT_RENEGOTIATION in self.extensions


def _only(data: bytes, size: int) -> bytes:
    """The one vector that an extension consists of."""
    reader = Reader(data)
    value = reader.vector(size)
    reader.end()
    return value


def offer(rest: bytes) -> Offer:
    """Read what stands behind the cookie of a ClientHello (RFC 5246, 7.4.1.2)."""
    reader = Reader(rest)
    return Offer(numbers(reader.vector(2)), reader.vector(1), _extensions(reader))


def client_hello(random: bytes, cookie: bytes, connection_id: int | None) -> bytes:
    """A ClientHello. `connection_id` is the number of the extension, None to offer none."""
    extensions = {
        EXT_SIGNATURES: bytes.fromhex("00080403040103030301"),
        EXT_GROUPS: pack(">HH", 2, CURVE),
        EXT_FORMATS: b"\x01\x00",
    }
    if connection_id is not None:
        extensions[connection_id] = b"\0"
    extensions[EXT_CLIENT_CERTIFICATE] = bytes((1, RAW_PUBLIC_KEY))
    extensions[EXT_SERVER_CERTIFICATE] = bytes((1, RAW_PUBLIC_KEY))
    return b"".join(
        (
            pack(">H", VERSION),
            random,
            b"\0",
            bytes((len(cookie),)),
            cookie,
            pack(">HHH", 4, SUITE, SIGNALLING_SUITE),
            b"\x01\x00",
            _write_extensions(extensions),
        )
    )


def hello_verify_request(version: int, cookie: bytes) -> bytes:
    """[4.2.1]"""
    return pack(">HB", version, len(cookie)) + cookie


def read_hello_verify_request(body: bytes) -> bytes:
    """The cookie. The version in it means nothing [4.2.1]."""
    reader = Reader(body)
    reader.take(2)
    cookie = reader.vector(1)
    reader.end()
    return cookie


class ServerHello(NamedTuple):
    """RFC 5246, 7.4.1.3. `connection_id` is None when it was not negotiated."""

    random: bytes
    connection_id: bytes | None
    secure_renegotiation: bool


def server_hello(hello: ServerHello, connection_id_extension: int) -> bytes:
    """Always the suite and the certificate types of the profile."""
    extensions = {
        EXT_CLIENT_CERTIFICATE: bytes((RAW_PUBLIC_KEY,)),
        EXT_SERVER_CERTIFICATE: bytes((RAW_PUBLIC_KEY,)),
    }
    if hello.connection_id is not None:
        extensions[connection_id_extension] = bytes((len(hello.connection_id),)) + hello.connection_id
    if hello.secure_renegotiation:
        extensions[EXT_RENEGOTIATION] = b"\0"
    extensions[EXT_FORMATS] = b"\x01\x00"
    return pack(">H", VERSION) + hello.random + pack(">BHB", 0, SUITE, 0) + _write_extensions(extensions)


def read_server_hello(body: bytes, connection_id_extension: int) -> ServerHello:
    """Check that it is within the profile."""
    reader = Reader(body)
    if reader.number(2) != VERSION:
        raise MalformedMessage("not DTLS 1.2", "4.2.1", Alert.PROTOCOL_VERSION)
    random = reader.take(RANDOM)
    reader.vector(1)
    if reader.number(2) != SUITE or reader.number(1):
        raise MalformedMessage("a suite that was not offered", "RFC 5246, 7.4.1.3", Alert.ILLEGAL_PARAMETER)
    extensions = _extensions(reader)
    for kind in (EXT_CLIENT_CERTIFICATE, EXT_SERVER_CERTIFICATE):
        if extensions.get(kind) != bytes((RAW_PUBLIC_KEY,)):
            raise MalformedMessage("no raw public keys", "RFC 7250, 4.2", Alert.UNSUPPORTED_CERTIFICATE)
    connection_id = extensions.get(connection_id_extension)
    return ServerHello(
        random,
        None if connection_id is None else _only(connection_id, 1),
        EXT_RENEGOTIATION in extensions,
    )


def certificate(public: bytes) -> bytes:
    """One SubjectPublicKeyInfo, without a list around it (RFC 7250, 3)."""
    return len(public).to_bytes(3, "big") + public


def read_certificate(body: bytes) -> bytes:
    """The SubjectPublicKeyInfo; whether it is one is found when it is used."""
    public = _only(body, 3)
    if not public:
        raise HandshakeFailed("the peer has no key", "RFC 5246, 7.4.6")
    return public


def key_parameters(public: bytes) -> bytes:
    """The part of ServerKeyExchange that is signed (RFC 8422, 5.4)."""
    return pack(">BHB", NAMED_CURVE, CURVE, len(public)) + public


def signed(signature: bytes) -> bytes:
    """A signature with its algorithm (RFC 5246, 4.7): also the whole of CertificateVerify."""
    return pack(">HH", SIGNATURE, len(signature)) + signature


def _read_signed(reader: Reader) -> bytes:
    if reader.number(2) != SIGNATURE:
        raise MalformedMessage("a signature that was not asked for", "RFC 5246, 4.7", Alert.ILLEGAL_PARAMETER)
    signature = reader.vector(2)
    reader.end()
    return signature


def read_certificate_verify(body: bytes) -> bytes:
    """The signature (RFC 5246, 7.4.8)."""
    return _read_signed(Reader(body))


def read_server_key_exchange(body: bytes) -> tuple[bytes, bytes]:
    """(point, signature)"""
    reader = Reader(body)
    if reader.number(1) != NAMED_CURVE or reader.number(2) != CURVE:
        raise MalformedMessage("a curve that was not offered", "RFC 8422, 5.4", Alert.ILLEGAL_PARAMETER)
    public = reader.vector(1)
    return public, _read_signed(reader)


def certificate_request() -> bytes:
    """ECDSA keys, ECDSA with SHA-256, no authorities (RFC 5246, 7.4.4)."""
    return pack(">BBHHH", 1, ECDSA_SIGN, 2, SIGNATURE, 0)


def check_certificate_request(body: bytes) -> None:
    """Whether the client's key can answer it."""
    reader = Reader(body)
    kinds = reader.vector(1)
    algorithms = numbers(reader.vector(2))
    reader.vector(2)
    reader.end()
    if ECDSA_SIGN not in kinds or SIGNATURE not in algorithms:
        raise HandshakeFailed("the server asks for a key of another kind", "RFC 5246, 7.4.4")


def client_key_exchange(public: bytes) -> bytes:
    """RFC 8422, 5.7"""
    return bytes((len(public),)) + public


def read_client_key_exchange(body: bytes) -> bytes:
    """The point; whether it is one is found when it is used."""
    return _only(body, 1)
