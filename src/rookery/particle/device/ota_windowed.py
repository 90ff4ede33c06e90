"""Update protocol v3, for boards with Hello flag 0x80 (particle-device.md §4.12).

    cloud                                          board
    CON POST /S  size, SHA-256, chunk size    ->
                                              <-   ACK, then CON 2.01: window, offset to start at
    NON POST /C  index, data (no token)       ->   indexes from 1, counted from the offset
                                              <-   NON POST /A  how many arrived in sequence, bitmap of those beyond
    CON POST /F                               ->
                                              <-   ACK, then CON 2.04 with figures
    ACK                                       ->   restarts

Chunks are never sent beyond what is acknowledged plus the window. Within it three rules decide:

* *Loss.* Every transmission has a serial number. When a later one has arrived and more than `REORDERED` others were
  sent between them, an earlier one that has not is lost: it goes out again before anything new.
* *Silence.* When nothing is heard for a while (`QUIET_SECONDS`, doubled each time), the first chunk that is not known
  to have arrived is sent as a probe; a board acknowledges one that it has at once. Everything sent before a probe that
  was answered, and not named in the answer, is lost.
* *Congestion.* Over UDP the number of chunks on their way grows with each acknowledgement and is halved by a loss
  (RFC 5681 in small): a cellular board takes a tenth of what a Wi-Fi board takes. TCP does this for itself.

The file's SHA-256 lets a board keep what it has when the session ends, and say from where to go on in the next one.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, deque
from enum import Enum, auto
from typing import Any, Final

from rookery.particle.device.ota_options import (
    CANCEL_UPDATE,
    CHUNK_INDEX,
    CHUNK_SIZE,
    DISCARD_DATA,
    FILE_SHA256,
    FILE_SIZE,
    WINDOW_SIZE,
)
from rookery.particle.device.ota_transfer import (
    BEGIN_SECONDS,
    FINISH_SECONDS,
    LARGEST_CHUNK,
    ROOM_SECONDS,
    SMALLEST_CHUNK,
    STALLED_SECONDS,
    WINDOWED_OVERHEAD,
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
from rookery.wire.coap.options import URI_PATH, uint

WINDOW_BYTES: Final = 128 * 1024
"""The window of every board (§4.12); one that says more is not believed."""
LONGEST_BITMAP: Final = WINDOW_BYTES // SMALLEST_CHUNK // 8
"""Bytes of a bitmap that are read: one bit a chunk of the largest window."""
REORDERED: Final = 3
"""Transmissions that may overtake another before it counts as lost; what TCP takes (RFC 5681, 3.2)."""
QUIET_SECONDS: Final = 1.5
"""Before the first probe: a board acknowledges within 0.2 s, the rest is a cellular round trip."""
LONGEST_QUIET: Final = 24.0
"""Between two probes, so that a board that comes back is found well before it gives up after 300 s."""
SMALLEST_FLIGHT: Final = 8
"""Chunks on their way before the first acknowledgement, and at least. 4 KB a round trip do not fill any link; what is
lost of so few was lost by the radio, and sending less would only make it longer."""
_NO_BYTES: Final = b""


class _State(Enum):
    NEW = auto()
    ASKED = auto()
    SENDING = auto()
    CLOSING = auto()
    ENDED = auto()


def start_options(length: int, sha256: bytes, chunk_size: int) -> Options:
    """Of POST /S; an empty SHA-256 makes the update one that cannot be resumed."""
    hashed = ((FILE_SHA256, sha256),) if sha256 else ()
    return ((URI_PATH, b"S"), (FILE_SIZE, uint(length)), *hashed, (CHUNK_SIZE, uint(chunk_size)))


def chunk_options(index: int) -> Options:
    """Of POST /C."""
    return ((URI_PATH, b"C"), (CHUNK_INDEX, uint(index)))


def finish_options(*, cancel: bool = False, discard: bool = False) -> Options:
    """Of POST /F."""
    flags = ((DISCARD_DATA, _NO_BYTES),) if discard else ()
    return ((URI_PATH, b"F"), *flags, *(((CANCEL_UPDATE, _NO_BYTES),) if cancel else ()))


class WindowedTransfer(Transfer):
    """The cloud's half."""

    protocol = "windowed"

    def __init__(
        self, link: Link, listener: Listener, binary: bytes, target: Target, pace: Pace, *, resumable: bool = True
    ) -> None:
        check_size(binary, target)
        super().__init__(link, listener, binary, target, self.choose_chunk_size(target), pace)
        self._sha256 = hashlib.sha256(binary).digest() if resumable else _NO_BYTES
        self._state = _State.NEW
        self._offset = 0
        self._count = 0
        self._window = 0
        self._acked = 0
        self._next_new = 1
        self._serial = 0
        self._delivered = 0  # the highest serial that is known to have arrived
        self._flying: OrderedDict[int, int] = OrderedDict()  # index to the serial of its last transmission, by serial
        self._beyond: set[int] = set()  # arrived, with a gap before
        self._lost: deque[int] = deque()
        self._probe = 0  # serial of an unanswered probe
        self._quiet = QUIET_SECONDS
        self._quiet_at = 0.0
        self._flight = float(SMALLEST_FLIGHT)
        self._slow_start_to = float("inf")
        self._recovered_from = 0  # losses of transmissions up to this serial have halved the flight already
        self._resent = 0
        self._heard = 0

    @staticmethod
    def choose_chunk_size(target: Target) -> int:
        """The board's own number where it is allowed, less where its messages are smaller.

        Raises:
            CannotUpdate: not even the smallest chunk fits its messages.
        """
        largest = LARGEST_CHUNK
        if target.message_size:
            largest = min(largest, target.message_size - WINDOWED_OVERHEAD)
        if largest < SMALLEST_CHUNK:
            raise CannotUpdate(
                Reason.PROTOCOL, f"The board takes messages of {target.message_size} bytes, too small for an update."
            )
        return max(SMALLEST_CHUNK, min(target.chunk_size, largest)) // 4 * 4

    def start(self, now: float) -> None:
        self._state = _State.ASKED
        self._begin(now)
        options = start_options(len(self._binary), self._sha256, self.chunk_size)
        self._ask(now, Code.POST, options, b"", "begin", timeout=BEGIN_SECONDS)

    def response(self, now: float, step: Step, message: Message) -> None:
        if self._state is _State.ENDED:
            return
        if step.name == "begin" and self._state is _State.ASKED:
            self._on_begin(now, message)
        elif step.name == "done" and self._state is _State.CLOSING:
            words = board_words(message)
            if message.is_success:
                self._complete(now, words[2])
            else:
                self._fail(Reason.INVALID, f"The board does not accept the binary: {words[1]}.")

    def failed(self, now: float, step: Step, failure: Failure) -> None:
        if step.name != "cancel":
            super().failed(now, step, failure)

    def request(self, now: float, message: Message) -> bool:
        if self._state is _State.NEW or message.code != Code.POST or message.first(URI_PATH) != b"A":
            return False
        if self._state is _State.SENDING:
            self._on_ack(now, message.number(CHUNK_INDEX) or 0, message.payload)
        return True

    def deadline(self) -> float | None:
        if self._state in (_State.NEW, _State.ENDED):
            return None
        if self._state is not _State.SENDING:
            return self._expires
        soonest = min(self._expires, self._quiet_at) if self._flying else self._expires
        return min(soonest, self._next_at) if self._has_work() else soonest

    def tick(self, now: float) -> None:
        if self._state in (_State.NEW, _State.ENDED):
            return
        if now >= self._expires:
            # The board gives up by itself after the same time, and keeps what it has where it can be resumed.
            self._fail(Reason.TIMEOUT, "Nothing of the binary has arrived at the board for five minutes.")
        elif self._state is _State.SENDING:
            if now >= self._quiet_at and self._flying:
                self._send_probe(now)
            elif now >= self._next_at:
                self._pump(now)

    def cancel(self, now: float, *, discard: bool = False) -> None:
        if self._state is _State.ENDED:
            return
        asked = self._state is not _State.NEW
        self._fail(Reason.CANCELLED, "The update was cancelled.")
        if asked:
            self._tell_cancelled(now, discard=discard)

    # The beginning and the end

    def _on_begin(self, now: float, message: Message) -> None:
        if message.code != Code.CREATED:
            self._state = _State.NEW
            self._fail(Reason.REFUSED, f"The board refused the update: {board_words(message)[1]}.")
            return
        window = message.number(WINDOW_SIZE) or 0
        self._offset = message.number(FILE_SIZE) or 0
        if not window or self._offset > len(self._binary) or (self._offset and not self._sha256):
            self._fail(Reason.PROTOCOL, "The board agreed to the update with numbers that make no sense.")
            self._tell_cancelled(now, discard=True)
            return
        self._window = min(window, WINDOW_BYTES // self.chunk_size)
        self._count = -(-(len(self._binary) - self._offset) // self.chunk_size)
        if self._target.reliable:
            self._flight = float(self._window)
        self._state = _State.SENDING
        self._expires = now + STALLED_SECONDS
        self._quiet_at = now + self._quiet
        self._next_at = now
        self._listener.started()
        self._show(min(self._offset, len(self._binary) - 1))
        if self._count:
            self._pump(now)
        elif not self.ended:
            self._close(now)

    def _close(self, now: float) -> None:
        self._state = _State.CLOSING
        self._expires = now + STALLED_SECONDS
        self._ask(now, Code.POST, finish_options(), b"", "done", timeout=FINISH_SECONDS)

    def _complete(self, now: float, said: dict[str, Any]) -> None:
        self._state = _State.ENDED
        details = {"offset": self._offset, "chunks": self._count, "resent": self._resent, "acks": self._heard}
        self._finish(now, {**details, "board": said})

    def _fail(self, reason: Reason, sentence: str) -> None:
        self.unsure = self._state is _State.CLOSING and reason in (Reason.GONE, Reason.TIMEOUT)
        self._state = _State.ENDED
        self._flying.clear()
        self._beyond.clear()
        self._lost.clear()
        super()._fail(reason, sentence)

    def _tell_cancelled(self, now: float, *, discard: bool) -> None:
        """What comes of it does not matter any more: the board gives up by itself, only later."""
        try:
            self._link.send(
                now,
                Code.POST,
                finish_options(cancel=True, discard=discard),
                b"",
                context=Step(self, "cancel"),
                confirmable=True,
                response=True,
                token=None,
                timeout=BEGIN_SECONDS,
            )
        except TooBusy:
            self.stranded = True

    # Sending

    def _has_work(self) -> bool:
        if len(self._flying) >= int(self._flight):
            return False
        return bool(self._lost) or self._next_new <= min(self._count, self._acked + self._window)

    def _pump(self, now: float) -> None:
        if self._state is not _State.SENDING:
            return
        for _ in range(self._pace.burst):
            if not self._has_work():
                break
            if not self._link.room():
                self._next_at = now + ROOM_SECONDS
                return
            index = self._lost[0] if self._lost else self._next_new
            if not self._send_chunk(now, index):
                return
            if self._lost:
                self._lost.popleft()
                self._resent += 1
            else:
                self._next_new += 1
        self._next_at = now + self._pace.interval * self._pace.burst

    def _send_chunk(self, now: float, index: int) -> bool:
        """False when the machine has no identifier free: later."""
        at = self._offset + (index - 1) * self.chunk_size
        try:
            self._link.send(
                now,
                Code.POST,
                chunk_options(index),
                self._binary[at : at + self.chunk_size],
                context=None,
                confirmable=False,
                response=False,
                token=None,
                timeout=0.0,
            )
        except TooBusy:
            self._next_at = now + ROOM_SECONDS
            return False
        if not self._flying:
            self._quiet_at = now + self._quiet
        self._serial += 1
        self._flying[index] = self._serial
        self._flying.move_to_end(index)
        return True

    def _send_probe(self, now: float) -> None:
        self._quiet_at = now + self._quiet
        self._quiet = min(self._quiet * 2, LONGEST_QUIET)
        if self._link.room() and self._send_chunk(now, min(self._flying)):
            self._probe = self._serial
            self._resent += 1
            self._shrink()

    # Acknowledgements

    def _on_ack(self, now: float, acked: int, bitmap: bytes) -> None:
        self._heard += 1
        if not self._acked <= acked < self._next_new:
            return  # overtaken by a later one, or more than was sent
        arrived = acked - self._acked - sum(index <= acked for index in self._beyond)
        self._acked = acked
        self._beyond = {index for index in self._beyond if index > acked}
        bits = int.from_bytes(bitmap[:LONGEST_BITMAP], "little") & ~1  # the first bit contradicts the number before it
        while bits:
            lowest = bits & -bits
            bits ^= lowest
            index = acked + lowest.bit_length()
            if index < self._next_new and index not in self._beyond:
                self._beyond.add(index)
                arrived += 1
        for index in [each for each in self._flying if each <= acked or each in self._beyond]:
            self._delivered = max(self._delivered, self._flying.pop(index))
        self._lost = deque(index for index in self._lost if index > acked and index not in self._beyond)
        if arrived:
            self._expires = now + STALLED_SECONDS
            self._quiet = QUIET_SECONDS
            self._grow(arrived)
        self._quiet_at = now + self._quiet
        self._find_lost()
        missing = self._count - self._acked - len(self._beyond)
        if self._acked == self._count:
            self._close(now)
        else:
            self._show(max(0, len(self._binary) - missing * self.chunk_size))
            if now >= self._next_at:
                self._pump(now)

    def _find_lost(self) -> None:
        """`_flying` is in the order of serials: the oldest stand first."""
        settled = max(self._delivered - REORDERED, self._probe - 1 if self._probe else 0)
        self._probe = 0
        newest = 0
        while self._flying:
            index, serial = next(iter(self._flying.items()))
            if serial > settled:
                break
            del self._flying[index]
            self._lost.append(index)
            newest = serial
        if newest > self._recovered_from:
            self._recovered_from = self._serial
            self._shrink()
        if newest:
            self._lost = deque(sorted(self._lost))

    def _grow(self, arrived: int) -> None:
        if self._flight < self._slow_start_to:
            self._flight += arrived
        else:
            self._flight += arrived / self._flight
        self._flight = min(self._flight, float(self._window))

    def _shrink(self) -> None:
        if not self._target.reliable:
            self._flight = max(self._flight / 2, float(SMALLEST_FLIGHT))
            self._slow_start_to = self._flight
