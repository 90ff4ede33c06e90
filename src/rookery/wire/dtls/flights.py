"""Flights [4.2.3, 4.2.4]: fragments of handshake messages, putting them together again, repeating what was lost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final, NamedTuple

from rookery.wire.dtls.errors import LocalError, MalformedMessage, MalformedRecord, UnexpectedMessage
from rookery.wire.dtls.messages import FINISHED
from rookery.wire.dtls.profile import Limits, Profile
from rookery.wire.dtls.records import CHANGE_CIPHER_SPEC, HANDSHAKE, HEADER_SIZE, PlainWriter
from rookery.wire.dtls.session import Session

FRAGMENT_HEADER: Final = 12


class Message(NamedTuple):
    """A whole handshake message, or the sign that keys change (`kind` 0; the others start at 1)."""

    kind: int
    number: int
    body: bytes

    def fragment(self, start: int, stop: int) -> bytes:
        """A part of it with its header [4.2.2]."""
        return (
            bytes((self.kind,))
            + len(self.body).to_bytes(3, "big")
            + self.number.to_bytes(2, "big")
            + start.to_bytes(3, "big")
            + (stop - start).to_bytes(3, "big")
            + self.body[start:stop]
        )

    @property
    def whole(self) -> bytes:
        """As it is hashed: in one fragment [4.2.6]."""
        return self.fragment(0, len(self.body))


CHANGE_KEYS: Final = Message(0, 0, b"\x01")


class Fragment(NamedTuple):
    """A part as it came."""

    kind: int
    size: int
    number: int
    offset: int
    data: bytes


def fragments(body: bytes) -> Iterator[Fragment]:
    """The fragments in a record: there may be several [4.2.3].

    Raises:
        MalformedRecord: a header that does not fit. The fragments before it have been yielded.
    """
    at = 0
    end = len(body)
    if not end:
        raise MalformedRecord("an empty handshake record", "RFC 5246, 6.2.1")
    while at < end:
        start = at + FRAGMENT_HEADER
        if start > end:
            raise MalformedRecord("the record ends within a header", "4.2.2")
        size = int.from_bytes(body[at + 1 : at + 4], "big")
        number = int.from_bytes(body[at + 4 : at + 6], "big")
        offset = int.from_bytes(body[at + 6 : at + 9], "big")
        length = int.from_bytes(body[at + 9 : at + 12], "big")
        if offset + length > size or start + length > end:
            raise MalformedRecord("a fragment is longer than its message or its record", "4.2.2")
        yield Fragment(body[at], size, number, offset, body[start : start + length])
        at = start + length


class _Partial:
    __slots__ = ("body", "kind", "missing")

    def __init__(self, kind: int, size: int) -> None:
        self.kind = kind
        self.body = bytearray(size)
        self.missing = bytearray(b"\x01") * size


class Assembler:
    """Puts messages together and in order. `expected` is the number of the next one."""

    __slots__ = ("_ahead", "_largest", "_partial", "expected")

    def __init__(self, expected: int, limits: Limits) -> None:
        self.expected = expected
        self._largest = limits.message
        self._ahead = limits.messages_ahead
        self._partial: dict[int, _Partial] = {}

    def add(self, fragment: Fragment, epoch: int) -> bool:
        """Take a fragment; False when its message was complete before: the peer repeats itself.

        Raises:
            MalformedRecord: it contradicts another, or is too far ahead; nothing is changed.
            MalformedMessage: the message is above the limit.
        """
        number = fragment.number
        if number < self.expected:
            return False
        if number >= self.expected + self._ahead:
            raise MalformedRecord("a message too far ahead", "4.2.2")
        # Finished alone is protected. In clear it would be anyone's, and would stand in the way of the true one.
        if (fragment.kind == FINISHED) != (epoch == 1):
            raise MalformedRecord("a message under the wrong keys", "4.2.4")
        if fragment.size > self._largest:
            raise MalformedMessage(f"a message of {fragment.size} bytes", "RFC 5246, 7.4")
        partial = self._partial.get(number)
        if partial is None:
            partial = self._partial[number] = _Partial(fragment.kind, fragment.size)
        elif partial.kind != fragment.kind or len(partial.body) != fragment.size:
            raise MalformedRecord("fragments of one message contradict each other", "4.2.3")
        stop = fragment.offset + len(fragment.data)
        partial.body[fragment.offset : stop] = fragment.data
        partial.missing[fragment.offset : stop] = bytes(len(fragment.data))
        return True

    def pop(self) -> Message | None:
        """The next message, when it is complete."""
        partial = self._partial.get(self.expected)
        if partial is None or 1 in partial.missing:
            return None
        del self._partial[self.expected]
        message = Message(partial.kind, self.expected, bytes(partial.body))
        self.expected += 1
        return message


class Transcript:
    """All handshake messages that count, as they are hashed and signed."""

    __slots__ = ("_data",)

    def __init__(self) -> None:
        self._data = b""

    def add(self, message: Message) -> None:
        """Append one."""
        self._data += message.whole

    @property
    def data(self) -> bytes:
        """What CertificateVerify signs (RFC 5246, 7.4.8)."""
        return self._data

    @property
    def digest(self) -> bytes:
        """What Finished is made of (RFC 5246, 7.4.9)."""
        return sha256(self._data).digest()


def datagrams(flight: Sequence[Message], plain: PlainWriter, session: Session | None, size: int) -> list[bytes]:
    """A flight as datagrams of at most `size` bytes, in records with fresh numbers. What follows CHANGE_KEYS is sealed
    by `session`. Messages that do not fit are cut [4.2.3], records are packed together as they fit [4.1.1].

    Raises:
        LocalError: `size` is too small for any fragment.
    """
    records: list[bytes] = []
    sealing = False
    for message in flight:
        if message is CHANGE_KEYS:
            records.append(plain.record(CHANGE_CIPHER_SPEC, message.body))
            sealing = session is not None
            continue
        room = size - FRAGMENT_HEADER - (session.overhead if sealing and session else HEADER_SIZE)
        if room <= 0:
            raise LocalError(f"datagrams of {size} bytes hold no handshake")
        start = 0
        while True:
            stop = min(start + room, len(message.body))
            part = message.fragment(start, stop)
            records.append(session.seal(HANDSHAKE, part) if sealing and session else plain.record(HANDSHAKE, part))
            start = stop
            if start >= len(message.body):
                break
    packed = [records[0]]
    for record in records[1:]:
        if len(packed[-1]) + len(record) <= size:
            packed[-1] += record
        else:
            packed.append(record)
    return packed


class Timer:
    """When a flight is repeated [4.2.4.1]. `deadline` is None while nothing is awaited."""

    __slots__ = ("_interval", "_last", "deadline")

    def __init__(self) -> None:
        self.deadline: float | None = None
        self._interval = 0.0
        self._last = 0.0

    def start(self, now: float, profile: Profile) -> None:
        """A new flight was sent."""
        self._interval = profile.first_timeout
        self._last = profile.last_timeout
        self.deadline = now + self._interval

    def stop(self) -> None:
        """The next flight has come."""
        self.deadline = None

    def fire(self, now: float) -> bool:
        """The deadline has come: True when the flight is to be sent again, False when the peer is given up."""
        if self._interval >= self._last:
            self.deadline = None
            return False
        self._interval = min(2 * self._interval, self._last)
        self.deadline = now + self._interval
        return True


def expect(message: Message, kind: int) -> None:
    """Only this may come now.

    Raises:
        UnexpectedMessage: it is another.
    """
    if message.kind != kind:
        raise UnexpectedMessage(f"message {message.kind} instead of {kind}", "RFC 5246, 7.4")
