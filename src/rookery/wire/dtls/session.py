"""What is left of a handshake: keys, numbers and names. It seals and opens records, moves, and can be stored."""

from __future__ import annotations

from struct import Struct, error
from typing import TYPE_CHECKING, Final, NamedTuple

from rookery.wire.dtls import keys
from rookery.wire.dtls.errors import ForgedRecord, LocalError, MalformedRecord, ReplayedRecord
from rookery.wire.dtls.profile import MAX_PLAINTEXT, MAX_SEQUENCE, SEQUENCE_RESERVE, VERSION, Profile
from rookery.wire.dtls.records import HEADER_SIZE, Record, is_fresh, mark

if TYPE_CHECKING:
    from rookery.wire.dtls.cookies import Address

EPOCH: Final = 1
_VERSION: Final = VERSION.to_bytes(2, "big")
_EPOCH: Final = EPOCH.to_bytes(2, "big")
_DUMP: Final = Struct(">BQqQ20s20sBBBB")
_DUMP_VERSION: Final = 1


class Final6(NamedTuple):
    """What has to be remembered until the client is known to have flight 6: `sequence` of the next record in clear, our
    Finished as a whole message, and the random of the hello, by which a late copy of it is recognised."""

    sequence: int
    finished: bytes
    random: bytes


class Session:
    """One end of a finished handshake.

    `read_id` is the connection identifier that the peer puts into its records, `write_id` the one that it wants to see;
    empty for none. `public_key` is the peer's SubjectPublicKeyInfo. `name` is what the application found the peer to be
    called, empty until it has. `who` is whatever its credential callback returned; `address` is where it was last
    heard. Neither is part of a dump. `final` belongs to the handshake and is dropped when the peer has gone on.
    """

    __slots__ = (
        "_dumped",
        "_profile",
        "_read",
        "_seen",
        "_top",
        "_write",
        "address",
        "final",
        "name",
        "public_key",
        "read_id",
        "who",
        "write_id",
        "write_sequence",
    )

    def __init__(
        self, profile: Profile, read: bytes, write: bytes, *, read_id: bytes = b"", write_id: bytes = b""
    ) -> None:
        self._profile = profile
        self._read = read
        self._write = write
        self.read_id = read_id
        self.write_id = write_id
        self.public_key = b""
        self.name = b""
        self.who: object = None
        self.address: Address | None = None
        self.final: Final6 | None = None
        self.write_sequence = 0
        self._top = -1
        self._seen = 0
        self._dumped = 0

    @property
    def overhead(self) -> int:
        """Most bytes that a record needs beside its content."""
        if self.write_id:
            return HEADER_SIZE + len(self.write_id) + keys.OVERHEAD + self._profile.inner_padding
        return HEADER_SIZE + keys.OVERHEAD

    def seal(self, kind: int, content: bytes, *, mark: int | None = None) -> bytes:
        """A record with the next number. `mark` replaces its first byte on the wire only.

        Raises:
            LocalError: the content is above the limit of TLS, or the sequence numbers are used up.
        """
        if len(content) > MAX_PLAINTEXT:
            raise LocalError(f"{len(content)} bytes do not fit into a record")
        sequence = self.write_sequence
        if sequence > MAX_SEQUENCE:
            raise LocalError("the sequence numbers of this session are used up")
        self.write_sequence = sequence + 1
        number = _EPOCH + sequence.to_bytes(6, "big")
        if self.write_id:
            content += bytes((kind,))
            content += bytes(-len(content) % self._profile.inner_padding)
            kind = self._profile.connection_id_record
        additional = self._additional(number, kind, self.write_id, len(content))
        body = keys.seal(self._write, number, content, additional)
        first = kind if mark is None else mark
        return bytes((first,)) + _VERSION + number + self.write_id + len(body).to_bytes(2, "big") + body

    def open(self, record: Record) -> tuple[int, bytes, bool]:
        """The true type of a record, its content, and whether it is the newest so far: only then may the peer's address
        be taken from it (RFC 9146, 6).

        Raises:
            ReplayedRecord: its number was seen, or is too old.
            ForgedRecord: it is not from the peer.
            MalformedRecord: it cannot be one of this session's.
        """
        sequence = record.sequence
        if record.epoch != EPOCH or (record.connection_id or b"") != self.read_id:
            raise MalformedRecord("a record of another epoch or session", "4.1")
        if not is_fresh(self._top, self._seen, sequence):
            raise ReplayedRecord(f"record {sequence} again", "4.1.2.6")
        size = len(record.body) - keys.OVERHEAD
        if size < 0:
            raise ForgedRecord("too short for a tag", "RFC 6655, 3")
        kind = record.kind
        number = _EPOCH + sequence.to_bytes(6, "big")
        content = keys.unseal(self._read, record.body, self._additional(number, kind, self.read_id, size))
        newest = sequence > self._top
        self._top, self._seen = mark(self._top, self._seen, sequence)
        if self.read_id:
            content = content.rstrip(b"\0")
            if not content:
                raise MalformedRecord("a record of nothing but padding", "RFC 9146, 4")
            kind = content[-1]
            content = content[:-1]
        if len(content) > MAX_PLAINTEXT:
            raise MalformedRecord("more than a record may hold", "RFC 5246, 6.2.1")
        return kind, content, newest

    def _additional(self, number: bytes, kind: int, connection_id: bytes, size: int) -> bytes:
        """RFC 5246, 6.2.3.3, and draft-ietf-tls-dtls-connection-id-05, 5."""
        head = number + bytes((kind,)) + _VERSION
        if connection_id:
            head += connection_id + bytes((len(connection_id),))
        return head + size.to_bytes(2, "big")

    # Keeping

    @property
    def should_dump(self) -> bool:
        """Whether half of the numbers that `load` skips are used up since the last dump."""
        return self.write_sequence - self._dumped >= SEQUENCE_RESERVE // 2

    def dump(self) -> bytes:
        """All that `load` needs, about 200 bytes. They hold the keys of the session: keep them like a password."""
        self._dumped = self.write_sequence
        parts = (self.read_id, self.write_id, self.public_key, self.name)
        return _DUMP.pack(
            _DUMP_VERSION, self.write_sequence, self._top, self._seen, self._read, self._write, *map(len, parts)
        ) + b"".join(parts)

    @classmethod
    def load(cls, data: bytes, profile: Profile, reserve: int = SEQUENCE_RESERVE) -> Session:
        """A session that goes on where a dump was made, `reserve` numbers ahead: more than can have been used since.

        Records that the peer sent between the dump and its loading may be replayed once: the window is as old as the
        dump.

        Raises:
            LocalError: this is no dump.
        """
        try:
            version, sequence, top, seen, read, write, *sizes = _DUMP.unpack_from(data)
        except error:
            raise LocalError("not the dump of a session") from None
        if version != _DUMP_VERSION or len(data) != _DUMP.size + sum(sizes):
            raise LocalError("not the dump of a session")
        parts: list[bytes] = []
        at = _DUMP.size
        for size in sizes:
            parts.append(data[at : at + size])
            at += size
        session = cls(profile, read, write, read_id=parts[0], write_id=parts[1])
        session.public_key, session.name = parts[2], parts[3]
        session.write_sequence = session._dumped = min(sequence + reserve, MAX_SEQUENCE + 1)
        session._top, session._seen = top, seen
        return session


def pair(profile: Profile, block: bytes, *, server: bool, connection_id: bytes | None) -> Session:
    """The session of one end, from a key block. `connection_id` is the one that the client writes."""
    key, salt = keys.KEY, 2 * keys.KEY
    client = block[:key] + block[salt : salt + keys.SALT]
    ours = block[key:salt] + block[salt + keys.SALT :]
    if server:
        return Session(profile, client, ours, read_id=connection_id or b"")
    return Session(profile, ours, client, write_id=connection_id or b"")
