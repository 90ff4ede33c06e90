"""The board's half of an update, for simulated boards: both protocols as Device OS does them (particle-device.md §4.11,
§4.12; the essays are in `ota_chunked` and `ota_windowed`).

A receiver hears the requests whose path is a letter of `PATHS`, answers through its `BoardLink`, and tells its `Owner`
what the board has to do. It checks the module that came as a board would: whole, not damaged, for this platform. What
arrived of a file with a SHA-256 is kept in a `Memory` over sessions, so that protocol v3 can go on from there.

Two things differ from Device OS's own virtual board: a file that is no module is refused, and a board that got a bad
one over the chunked protocol comes back with what it had.
"""

from __future__ import annotations

import json
import struct
import zlib
from typing import Final

from rookery.particle.device.ota_board import (
    Abilities,
    BoardLink,
    Memory,
    Owner,
    Receiver,
    error_payload,
    problem_of,
)
from rookery.particle.device.ota_options import (
    CANCEL_UPDATE,
    CHUNK_INDEX,
    CHUNK_SIZE,
    DISCARD_DATA,
    FILE_SHA256,
    FILE_SIZE,
    WINDOW_SIZE,
)
from rookery.particle.device.ota_transfer import SMALLEST_CHUNK, STALLED_SECONDS, WINDOWED_OVERHEAD
from rookery.particle.device.ota_windowed import WINDOW_BYTES
from rookery.wire.coap.message import NON_CONFIRMABLE, Code, Message
from rookery.wire.coap.options import URI_PATH, URI_QUERY, uint

PATHS: Final = frozenset((b"u", b"c", b"S", b"C", b"F"))
ACK_SECONDS: Final = 0.2
"""A chunk is acknowledged after this at the latest (§4.12)."""
ACK_CHUNKS: Final = 2
"""And when so many wait for it."""
ASK_AGAIN_SECONDS: Final = 3.0
"""Older firmware names missing chunks again after so much silence (§4.11)."""


def receiver(link: BoardLink, owner: Owner, abilities: Abilities, memory: Memory) -> Receiver:
    """The half that fits the board."""
    if abilities.windowed:
        return WindowedReceiver(link, owner, abilities, memory)
    return ChunkedReceiver(link, owner, abilities)


class ChunkedReceiver(Receiver):
    """The older protocol. Messages are read at fixed places, as the firmware does it."""

    def __init__(self, link: BoardLink, owner: Owner, abilities: Abilities) -> None:
        super().__init__(link, owner, abilities)
        self._chunk_size = 0
        self._data = bytearray()
        self._missing: set[int] = set()
        self._fast = False
        self._next = 0
        self._since_asked = 0
        self._highest_asked = -1
        self._ask_again_at: float | None = None

    def request(self, now: float, ticket: int, message: Message) -> bool:
        path = message.first(URI_PATH)
        if path == b"c":
            return self._on_chunk(now, ticket, message)
        if path == b"u" and message.code == Code.POST:
            self._on_begin(now, ticket, message)
        elif path == b"u" and message.code == Code.PUT:
            self._on_done(now, ticket)
        else:
            return True
        return False

    def deadline(self) -> float | None:
        return self._ask_again_at

    def tick(self, now: float) -> None:
        if self._ask_again_at is not None and now >= self._ask_again_at:
            self._ask(now)

    def closed(self) -> None:
        self._ask_again_at = None
        self._abandon("The session ended during the update.")

    def _on_begin(self, now: float, ticket: int, message: Message) -> None:
        flags, chunk_size, length, destination, _ = (
            struct.unpack(">BHIBI", message.payload) if len(message.payload) == 12 else (0, 0, 0, 0xFF, 0)
        )
        if not (self.enabled and 0 < length <= self._abilities.maximum_size and chunk_size and destination == 0):
            self._link.respond(now, ticket, Code.SERVICE_UNAVAILABLE, (), b"", separate=False, context=None)
            return
        self._abandon("Another update began.")
        self._fast = bool(flags & 1) and self._abilities.fast
        self._chunk_size = chunk_size
        self._data = bytearray(length)
        self._missing = set(range(-(-length // chunk_size)))
        self._next = self._since_asked = 0
        self._highest_asked = -1
        self._ask_again_at = None
        self.updating = True
        self._owner.update_started()
        self._link.respond(now, ticket, Code.CHANGED, (), bytes([self._fast]), separate=True, context=None)

    def _on_chunk(self, now: float, ticket: int, message: Message) -> bool:
        if not self.updating or not message.token:
            return True  # without a token the firmware reads the checksum from the wrong place (§12, 8)
        queries = message.every(URI_QUERY)
        crc = queries[0] if queries else b""
        fast = len(queries) > 1
        index = int.from_bytes(queries[1], "big") if fast else self._next
        self._since_asked += 1
        if self._ask_again_at is not None:
            self._ask_again_at = now + ASK_AGAIN_SECONDS
        good = zlib.crc32(message.payload).to_bytes(4, "big") == crc
        if good and index in self._missing:
            at = index * self._chunk_size
            room = len(self._data) - at
            self._data[at : at + len(message.payload)] = message.payload[:room]
            self._missing.discard(index)
        if fast:
            self._after_fast(now)
            return True
        if good:
            self._next += 1
        self._link.respond(
            now, ticket, Code.CHANGED if good else Code.BAD_REQUEST, (), b"", separate=True, context=None
        )
        return False

    def _after_fast(self, now: float) -> None:
        """What older firmware does while it waits for what it has asked for."""
        if not self._abilities.older or self._highest_asked < 0:
            return
        if not self._missing:
            self._ask_again_at = None
            self._finished = problem_of(bytes(self._data), self._abilities.platform)[1]
            self._link.send(now, Code.PUT, ((URI_PATH, b"u"),), b"", confirmable=not self._abilities.reliable)
            self.delivered(now, None)
        elif min(self._missing) > self._highest_asked:
            self._ask(now)

    def _on_done(self, now: float, ticket: int) -> None:
        if not self.updating:
            # What the firmware says to a repeated question: its bitmap is complete.
            self._link.respond(now, ticket, Code.CHANGED, (), b"", separate=False, context=None)
        elif self._missing:
            self._link.respond(now, ticket, Code.BAD_REQUEST, (), b"", separate=False, context=None)
            self._ask(now)
        else:
            self._ask_again_at = None
            number, self._finished = problem_of(bytes(self._data), self._abilities.platform)
            result = b"" if self._abilities.older else b'{"r":%d}' % number
            self._link.respond(now, ticket, Code.CHANGED, (), result, separate=False, context=self)

    def _ask(self, now: float) -> None:
        """Name missing chunks; how many depends on how many came since the last time, as in the firmware."""
        count = self._abilities.listed
        if not self._abilities.older:
            count = min(count, self._since_asked + max(2, self._since_asked // 5))
        listed = sorted(self._missing)[:count]
        self._since_asked = 0
        self._highest_asked = listed[-1]
        self._ask_again_at = now + ASK_AGAIN_SECONDS if self._abilities.older else None
        payload = b"".join(index.to_bytes(2, "big") for index in listed)
        self._link.send(now, Code.GET, ((URI_PATH, b"c"),), payload, confirmable=not self._abilities.reliable)


class WindowedReceiver(Receiver):
    """Protocol v3."""

    def __init__(self, link: BoardLink, owner: Owner, abilities: Abilities, memory: Memory) -> None:
        super().__init__(link, owner, abilities)
        self._memory = memory
        self._file = memory
        self._chunk_size = 0
        self._count = 0
        self._last_size = 0
        self._offset = 0
        self._acked = 0
        self._beyond = 0  # bit i: chunk acked + 1 + i has arrived
        self._unacknowledged = 0
        self._had_gap = False
        self._heard_at = 0.0
        self._counters = dict.fromkeys(("recv_chunks", "dup_chunks", "ooo_chunks", "sent_acks", "proc_time"), 0)

    def request(self, now: float, ticket: int, message: Message) -> bool:
        path = message.first(URI_PATH)
        if message.code != Code.POST or path not in (b"S", b"C", b"F"):
            return True
        if path == b"C":
            self._on_chunk(now, message)
            return True
        if message.kind == NON_CONFIRMABLE or not message.token:
            self._refuse(now, ticket, -240, "Invalid message type", separate=False)
        elif path == b"S":
            self._on_start(now, ticket, message)
        else:
            self._on_finish(now, ticket, message)
        return False

    def deadline(self) -> float | None:
        if not self.updating:
            return None
        return self._heard_at + (ACK_SECONDS if self._unacknowledged else STALLED_SECONDS)

    def tick(self, now: float) -> None:
        if not self.updating:
            return
        if self._unacknowledged and now >= self._heard_at + ACK_SECONDS:
            self._acknowledge(now)
        if now >= self._heard_at + STALLED_SECONDS:
            self._abandon("No chunk arrived for five minutes.")

    def closed(self) -> None:
        self._abandon("The session ended during the update.")

    def _refuse(self, now: float, ticket: int, number: int, text: str = "", *, separate: bool) -> None:
        code = Code.INTERNAL_SERVER_ERROR if number != -210 else Code.SERVICE_UNAVAILABLE
        self._link.respond(now, ticket, code, (), error_payload(number, text), separate=separate, context=None)

    def _on_start(self, now: float, ticket: int, message: Message) -> None:
        size = message.number(FILE_SIZE) or 0
        chunk_size = message.number(CHUNK_SIZE) or 0
        largest = self._abilities.message_size - WINDOWED_OVERHEAD
        if not size or not SMALLEST_CHUNK <= chunk_size <= largest or chunk_size % 4:
            self._refuse(now, ticket, -240, "Invalid message options", separate=False)
            return
        if not self.enabled or size > self._abilities.maximum_size:
            self._refuse(now, ticket, -1351 if self.enabled else -1380, separate=True)
            return
        self._abandon("Another update began.")
        sha256 = message.first(FILE_SHA256) or b""
        if message.first(DISCARD_DATA) is not None or not sha256 or sha256 != self._memory.sha256:
            self._memory.clear()
        self._file = self._memory if sha256 else Memory()
        if len(self._file.data) != size:
            self._file.sha256, self._file.data, self._file.reached = sha256, bytearray(size), 0
        self._chunk_size = chunk_size
        self._offset = self._file.reached
        self._count = -(-(size - self._offset) // chunk_size)
        self._last_size = size - self._offset - (self._count - 1) * chunk_size
        self._acked = self._beyond = self._unacknowledged = 0
        self._had_gap = False
        self._heard_at = now
        self._counters = dict.fromkeys(self._counters, 0)
        self.updating = True
        self._owner.update_started()
        options = ((WINDOW_SIZE, uint(WINDOW_BYTES // chunk_size)), (FILE_SIZE, uint(self._offset)))
        self._link.respond(now, ticket, Code.CREATED, options, b"", separate=True, context=None)

    def _on_chunk(self, now: float, message: Message) -> None:
        index = message.number(CHUNK_INDEX) or 0
        size = len(message.payload)
        if not self.updating:
            return
        if message.token or not size:
            self._abandon("A chunk came with a token, or without data.")
            return
        expected = self._chunk_size if index < self._count else self._last_size
        if not 0 < index <= self._count or size != expected:
            self._abandon("A chunk came that is not one of this file.")
            return
        self._counters["recv_chunks"] += 1
        bit = index - self._acked - 1
        duplicate = bit < 0 or bool(self._beyond >> bit & 1)
        if duplicate:
            self._counters["dup_chunks"] += 1
        elif bit < WINDOW_BYTES // self._chunk_size:
            self._store(index, bit, message.payload)
        gap = bool(self._beyond)
        self._unacknowledged += 1
        complete = self._acked == self._count
        late = now - self._heard_at >= ACK_SECONDS
        self._heard_at = now
        if duplicate or gap or self._had_gap or complete or late or self._unacknowledged >= ACK_CHUNKS:
            self._acknowledge(now)
        self._had_gap = gap

    def _store(self, index: int, bit: int, data: bytes) -> None:
        at = self._offset + (index - 1) * self._chunk_size
        self._file.data[at : at + len(data)] = data
        self._beyond |= 1 << bit
        if bit and not self._beyond >> (bit - 1) & 1:
            self._counters["ooo_chunks"] += 1
        while self._beyond & 1:
            self._beyond >>= 1
            self._acked += 1
        self._file.reached = min(self._offset + self._acked * self._chunk_size, len(self._file.data))

    def _acknowledge(self, now: float) -> None:
        self._unacknowledged = 0
        self._counters["sent_acks"] += 1
        words = -(-self._beyond.bit_length() // 32)
        options = ((URI_PATH, b"A"), (CHUNK_INDEX, uint(self._acked)))
        self._link.send(now, Code.POST, options, self._beyond.to_bytes(words * 4, "little"), confirmable=False)

    def _on_finish(self, now: float, ticket: int, message: Message) -> None:
        if not self.updating:
            self._refuse(now, ticket, -210, "Invalid state", separate=True)
        elif message.first(CANCEL_UPDATE) is not None:
            if message.first(DISCARD_DATA) is not None:
                self._file.clear()
            self._link.respond(now, ticket, Code.CHANGED, (), b"", separate=True, context=None)
            self._abandon("The cloud cancelled the update.")
        elif self._acked < self._count:
            self._refuse(now, ticket, -240, "Incomplete file transfer", separate=True)
            self._abandon("The cloud ended the update before it was complete.")
        else:
            self._validate(now, ticket)

    def _validate(self, now: float, ticket: int) -> None:
        number, self._finished = problem_of(bytes(self._file.data), self._abilities.platform)
        self._file.clear()  # applied, or no good: neither is worth going on with
        if number:
            self._refuse(now, ticket, number, separate=True)
            self._abandon("The binary did not pass its checks.")
        else:
            statistics = json.dumps(self._counters, separators=(",", ":")).encode()
            self._link.respond(now, ticket, Code.CHANGED, (), statistics, separate=True, context=self)
