"""The older of the two update protocols, for boards without Hello flag 0x80 (particle-device.md §4.11).

    cloud                                        board
    CON POST /u  flags, chunk size, length  ->
                                            <-   ACK, then 2.04: 1 fast, 0 slow   (or ACK 5.03: no)
    POST /c?crc[&index]  data               ->   as often as there are chunks
    CON PUT /u                              ->
                                            <-   ACK 2.04: it is whole            (or ACK 4.00: not yet, and)
                                            <-   GET /c  indexes that are missing

In *slow* mode chunks are Confirmable, without an index, and the next one waits for the answer to the one before: 2.04,
or 4.00 for a wrong checksum. In *fast* mode they are Non-confirmable, with an index counted from 0, and nothing answers
them: so they are paced. Chunks need a token in both, because the board reads at fixed places. A fast board names what
it missed, at most 40 a time; those are sent again, and PUT /u asks again. Older firmware needs no second PUT /u: it
asks for the next ones by itself, and when it has all it says PUT /u to us.

The length of the rounds is bounded by what they achieve: the first missing index has to grow, or the list to shrink.

There is no word for "never mind". A board that was left in the middle refuses to publish until its session ends;
`stranded` says so.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from enum import Enum, auto
from typing import Final

from rookery.particle.device.ota_transfer import (
    BEGIN_SECONDS,
    CHUNKED_OVERHEAD,
    FINISH_SECONDS,
    LARGEST_CHUNK,
    MOST_CHUNKS,
    ROOM_SECONDS,
    SMALLEST_CHUNK_OF_OLD,
    STALLED_SECONDS,
    CannotUpdate,
    Link,
    Listener,
    Pace,
    Reason,
    Step,
    Target,
    Transfer,
    board_words,
    check_size,
)
from rookery.wire.coap.errors import TooBusy
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Code, Message, Options
from rookery.wire.coap.options import URI_PATH, URI_QUERY

UNKNOWN_CHUNK: Final = 256
"""What a board gets that said no chunk size: the Core's, which all others take as well."""
CHUNK_SECONDS: Final = 60.0
"""For the answer to one slow chunk; a board that erases a sector meanwhile takes seconds."""
CHUNK_ATTEMPTS: Final = 5
"""How often one slow chunk is sent again after a wrong checksum."""
IDLE_ROUNDS: Final = 8
"""Rounds in a row that brought nothing nearer, until the board is given up. A link that loses half of all chunks still
brings the first missing one through within eight with 99.6 %."""
LIST_SECONDS: Final = 10.0
"""For the list of missing chunks after a 4.00; firmware that repeats it does so after 3 s (§4.11)."""
_TOKEN: Final = b"?"
"""Of chunks that nothing answers: any byte will do, but there has to be one (§12, 8)."""
_UPDATE: Final[Options] = ((URI_PATH, b"u"),)
_NOWHERE: Final = (-1, 0)


class _State(Enum):
    NEW = auto()
    ASKED = auto()
    SLOW = auto()
    FAST = auto()
    CLOSING = auto()
    LISTENING = auto()
    ENDED = auto()


def begin_payload(length: int, chunk_size: int, *, fast: bool) -> bytes:
    """Of POST /u: flags, chunk size, length, destination 0 (firmware), address 0."""
    return struct.pack(">BHIBI", int(fast), chunk_size, length, 0, 0)


def chunk_options(data: bytes, index: int | None) -> Options:
    """Of POST /c; without an index in slow mode."""
    crc = (URI_QUERY, zlib.crc32(data).to_bytes(4, "big"))
    if index is None:
        return ((URI_PATH, b"c"), crc)
    return ((URI_PATH, b"c"), crc, (URI_QUERY, index.to_bytes(2, "big")))


def choose_chunk_size(binary: bytes, target: Target) -> int:
    """The board's own number where it makes sense, less where its messages are smaller.

    Raises:
        CannotUpdate: so many chunks that their indexes do not suffice.
    """
    size = target.chunk_size or UNKNOWN_CHUNK
    if target.message_size:
        size = min(size, target.message_size - CHUNKED_OVERHEAD)
    size = max(SMALLEST_CHUNK_OF_OLD, min(size, LARGEST_CHUNK)) // 4 * 4
    if len(binary) > size * MOST_CHUNKS:
        raise CannotUpdate(Reason.TOO_LARGE, f"The binary has more than {MOST_CHUNKS} chunks of {size} bytes.")
    return size


class ChunkedTransfer(Transfer):
    """The cloud's half."""

    protocol = "chunked"

    def __init__(self, link: Link, listener: Listener, binary: bytes, target: Target, pace: Pace) -> None:
        check_size(binary, target)
        super().__init__(link, listener, binary, target, choose_chunk_size(binary, target), pace)
        self._count = -(-len(binary) // self.chunk_size)
        self._state = _State.NEW
        self._queue: deque[int] = deque()
        self._queued: set[int] = set()
        self._resent = 0
        self._reached = 0
        self._first_pass = True
        self._best = _NOWHERE
        self._idle_rounds = 0
        self._slow_index = 0
        self._attempts = 0
        self._closings = 0

    def start(self, now: float) -> None:
        self._state = _State.ASKED
        self._begin(now)
        payload = begin_payload(len(self._binary), self.chunk_size, fast=self._target.fast)
        self._ask(now, Code.POST, _UPDATE, payload, "begin", timeout=BEGIN_SECONDS)

    def response(self, now: float, step: Step, message: Message) -> None:
        if self._state is _State.ENDED:
            return
        if step.name == "begin":
            self._on_begin(now, message)
        elif step.name == "chunk":
            self._on_slow_answer(now, message)
        else:
            self._on_done_answer(now, step.number, message)

    def failed(self, now: float, step: Step, failure: Failure) -> None:
        # An older PUT /u may run out of time while a later one is under way.
        if step.name != "done" or step.number == self._closings:
            super().failed(now, step, failure)

    def request(self, now: float, message: Message) -> bool:
        if not self.stranded and self._state in (_State.NEW, _State.ASKED, _State.ENDED):
            return False
        path = message.first(URI_PATH)
        if message.code == Code.GET and path == b"c":
            if self._state is not _State.ENDED:
                self._on_missing(now, message.payload)
            return True
        if message.code == Code.PUT and path == b"u":
            if self._state is not _State.ENDED:
                self._complete(now, {})
            return True
        return False

    def deadline(self) -> float | None:
        if self._state in (_State.NEW, _State.ENDED):
            return None
        if self._state in (_State.FAST, _State.LISTENING):
            return min(self._next_at, self._expires)
        return self._expires

    def tick(self, now: float) -> None:
        if self._state in (_State.NEW, _State.ENDED):
            return
        if now >= self._expires:
            self._fail(Reason.TIMEOUT, "Nothing of the binary has arrived at the board for five minutes.")
        elif now >= self._next_at:
            if self._state is _State.FAST:
                self._pump(now)
            elif self._state is _State.LISTENING:
                # Its list was lost. Asking again makes the board name what is missing once more.
                if self._is_idle():
                    self._give_up()
                else:
                    self._close(now)

    def cancel(self, now: float, *, discard: bool = False) -> None:
        if self._state is not _State.ENDED:
            self._fail(Reason.CANCELLED, "The update was cancelled.")

    # The beginning

    def _on_begin(self, now: float, message: Message) -> None:
        if self._state is not _State.ASKED:
            return
        if message.code != Code.CHANGED:
            words = board_words(message)[1]
            if message.code == Code.SERVICE_UNAVAILABLE and not message.payload:
                words = "its application has switched updates off, or the binary does not fit"
            self._state = _State.NEW  # nothing began: nothing is stranded
            self._fail(Reason.REFUSED, f"The board refused the update: {words}.")
            return
        self._expires = now + STALLED_SECONDS
        self._next_at = now
        fast = self._target.fast and message.payload[:1] == b"\x01"
        self._state = _State.FAST if fast else _State.SLOW
        self._listener.started()
        if self.ended:
            return
        if fast:
            self._enqueue(range(self._count))
            self._pump(now)
        else:
            self._send_slow(now)

    def _chunk(self, index: int) -> bytes:
        data = self._binary[index * self.chunk_size : (index + 1) * self.chunk_size]
        return data.ljust(self.chunk_size, b"\0") if self._target.pad_last_chunk else data

    # Slow: one after the other

    def _send_slow(self, now: float) -> None:
        data = self._chunk(self._slow_index)
        options = chunk_options(data, None)
        self._ask(now, Code.POST, options, data, "chunk", number=self._slow_index, timeout=CHUNK_SECONDS)

    def _on_slow_answer(self, now: float, message: Message) -> None:
        if self._state is not _State.SLOW:
            return
        if message.code == Code.CHANGED:
            self._attempts = 0
            self._slow_index += 1
            self._expires = now + STALLED_SECONDS
            if self._slow_index == self._count:
                self._close(now)
                return
            self._show(self._slow_index * self.chunk_size)
            if self.ended:
                return
        else:
            self._attempts += 1
            self._resent += 1
            if message.code != Code.BAD_REQUEST or self._attempts > CHUNK_ATTEMPTS:
                self._fail(
                    Reason.BAD_CHUNK,
                    f"The board did not accept chunk {self._slow_index}: {board_words(message)[1]}.",
                )
                return
        self._send_slow(now)

    # Fast: all at a pace, then what was missing

    def _enqueue(self, indexes: range | list[int]) -> None:
        for index in indexes:
            if index not in self._queued:
                self._queued.add(index)
                self._queue.append(index)

    def _pump(self, now: float) -> None:
        self._next_at = now + self._pace.interval * self._pace.burst
        for _ in range(self._pace.burst):
            if not self._queue:
                break
            index = self._queue[0]
            if not self._link.room() or not self._send_fast(now, index):
                self._next_at = now + ROOM_SECONDS
                break
            self._queue.popleft()
            self._queued.discard(index)
            if self._first_pass:
                self._reached = index + 1
            else:
                self._resent += 1
        self._show(min(self._reached * self.chunk_size, len(self._binary) - 1))
        if self._state is _State.FAST and not self._queue:
            self._first_pass = False
            self._close(now)

    def _send_fast(self, now: float, index: int) -> bool:
        """False when the machine has no message identifier free."""
        data = self._chunk(index)
        try:
            self._link.send(
                now,
                Code.POST,
                chunk_options(data, index),
                data,
                context=None,
                confirmable=False,
                response=False,
                token=_TOKEN,
                timeout=0.0,
            )
        except TooBusy:
            return False
        return True

    def _close(self, now: float) -> None:
        self._state = _State.CLOSING
        self._closings += 1
        self._ask(now, Code.PUT, _UPDATE, b"", "done", number=self._closings, timeout=FINISH_SECONDS)

    def _on_done_answer(self, now: float, number: int, message: Message) -> None:
        if message.code == Code.CHANGED:
            code, sentence, said = board_words(message)
            if code is not None and code < 0:
                self._fail(Reason.INVALID, f"The board does not accept the binary: {sentence}.")
            else:
                self._complete(now, said)
        elif message.code != Code.BAD_REQUEST:
            self._fail(Reason.INVALID, f"The board does not accept the binary: {board_words(message)[1]}.")
        elif number == self._closings and self._state is _State.CLOSING:
            self._state = _State.LISTENING
            self._next_at = now + LIST_SECONDS

    def _on_missing(self, now: float, payload: bytes) -> None:
        indexes = [each[0] for each in struct.iter_unpack(">H", payload[: len(payload) // 2 * 2])]
        indexes = sorted({each for each in indexes if each < self._count})
        if not indexes or all(each in self._queued for each in indexes):
            return
        if self._state is _State.SLOW:
            self._fail(Reason.PROTOCOL, "The board asks for chunks by number although it chose to get them in turn.")
            return
        reached = indexes[0], -len(indexes)
        if reached > self._best:
            self._best = reached
            self._idle_rounds = 0
            self._expires = now + STALLED_SECONDS
        elif self._is_idle():
            self._give_up()
            return
        self._enqueue(indexes)
        if self._state is not _State.FAST:
            self._state = _State.FAST
            self._next_at = now
            self._pump(now)

    def _is_idle(self) -> bool:
        """One more round without a step ahead: were there too many?"""
        self._idle_rounds += 1
        return self._idle_rounds > IDLE_ROUNDS

    def _give_up(self) -> None:
        self._fail(
            Reason.MISSING_CHUNKS, f"After {self._resent} repeated chunks there are still some that do not arrive."
        )

    def _complete(self, now: float, said: dict[str, object]) -> None:
        mode = "slow" if self._state is _State.SLOW or self._slow_index else "fast"
        self._state = _State.ENDED
        details = {"mode": mode, "chunks": self._count, "resent": self._resent}
        self._finish(now, {**details, "board": said})

    def _fail(self, reason: Reason, sentence: str) -> None:
        self.stranded = self._state not in (_State.NEW, _State.ENDED)
        self.unsure = self._state is _State.CLOSING and reason in (Reason.GONE, Reason.TIMEOUT)
        self._state = _State.ENDED
        self._queue.clear()
        self._queued.clear()
        super()._fail(reason, sentence)
