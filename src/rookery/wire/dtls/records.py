"""Records [4.1]: cutting datagrams, plain records, the replay window."""

from __future__ import annotations

from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

from rookery.wire.dtls.errors import LocalError, MalformedRecord
from rookery.wire.dtls.profile import MAX_CIPHERTEXT, MAX_SEQUENCE, VERSION, Profile

CHANGE_CIPHER_SPEC: Final = 20
ALERT: Final = 21
HANDSHAKE: Final = 22
APPLICATION_DATA: Final = 23

HEADER = Struct(">BHHHIH")
"""Type, version, epoch, upper 16 and lower 32 bits of the sequence number, length."""
HEADER_SIZE: Final = 13
VERSION_1_0: Final = 0xFEFF
WINDOW: Final = 64
"""Sequence numbers remembered [4.1.2.6]: the recommended size."""


class Record(NamedTuple):
    """One record as it came. `kind` is the type with aliases resolved: for records with a connection identifier it is
    that of the profile, and the true type is inside. `name` is what a named record carries behind its body."""

    kind: int
    epoch: int
    sequence: int
    body: bytes
    connection_id: bytes | None = None
    name: bytes | None = None


def cut(datagram: bytes, profile: Profile, limit: int) -> Iterator[Record]:
    """The records of a datagram, at most `limit`. Datagrams too short for a header hold none: boards send single bytes
    to keep a translator's table warm.

    Raises:
        MalformedRecord: when it comes to what is no record. What came before has been yielded [4.1.2.7].
    """
    at = 0
    end = len(datagram)
    while end - at >= HEADER_SIZE and limit:
        limit -= 1
        kind = datagram[at]
        if kind == profile.connection_id_record or kind in profile.resumed_records:
            start = at + HEADER_SIZE + profile.connection_id_length
            if start > end:
                raise MalformedRecord("the datagram ends within a record", "4.1")
            _, version, epoch, high, low, _ = HEADER.unpack_from(datagram, at)
            connection_id = datagram[at + 11 : start - 2]
            size = datagram[start - 2] << 8 | datagram[start - 1]
            kind = profile.connection_id_record
        elif CHANGE_CIPHER_SPEC <= kind <= APPLICATION_DATA or kind == profile.named_record:
            start = at + HEADER_SIZE
            _, version, epoch, high, low, size = HEADER.unpack_from(datagram, at)
            connection_id = None
        else:
            raise MalformedRecord(f"record type {kind}", "RFC 5246, 6.2.1")
        # The first hello of other libraries may say DTLS 1.0 on the record [4.1].
        if version != VERSION and (epoch or version != VERSION_1_0):
            raise MalformedRecord(f"version {version:04x}", "4.1")
        at = start + size
        if size > MAX_CIPHERTEXT or at > end:
            raise MalformedRecord("the record is longer than its datagram or its limit", "4.1")
        name = None
        if kind == profile.named_record:
            name = datagram[at : at + profile.name_length]
            at += profile.name_length + 1
            if at != end or datagram[at - 1] != profile.name_length:
                raise MalformedRecord("a named record that does not end with a name")
            kind = APPLICATION_DATA
        yield Record(kind, epoch, high << 32 | low, datagram[start : start + size], connection_id, name)


class PlainWriter:
    """Numbers and writes the records of epoch 0."""

    __slots__ = ("sequence",)

    def __init__(self, sequence: int = 0) -> None:
        self.sequence = sequence

    def record(self, kind: int, body: bytes) -> bytes:
        """One record.

        Raises:
            LocalError: the sequence numbers are used up.
        """
        sequence = self.sequence
        if sequence > MAX_SEQUENCE:
            raise LocalError("the sequence numbers of this epoch are used up")
        self.sequence = sequence + 1
        return HEADER.pack(kind, VERSION, 0, sequence >> 32, sequence & 0xFFFFFFFF, len(body)) + body


def is_fresh(top: int, seen: int, sequence: int) -> bool:
    """Whether a window accepts this number. `top` is the highest number seen, -1 at first; bit n of `seen` stands for
    `top - n`."""
    if sequence > top:
        return True
    age = top - sequence
    return age < WINDOW and not seen >> age & 1


def mark(top: int, seen: int, sequence: int) -> tuple[int, int]:
    """The window after an authentic record with this number: only then, or forgeries could close it [4.1.2.6]."""
    if sequence > top:
        shift = sequence - top
        return sequence, (seen << shift | 1) & (1 << WINDOW) - 1 if shift < WINDOW else 1
    return top, seen | 1 << top - sequence
