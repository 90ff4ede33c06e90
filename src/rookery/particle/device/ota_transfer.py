"""What both ways of updating a board over the air have in common: who is told what, the limits, and how it can fail.

A `Transfer` moves one binary to one board. It owns no socket and no clock: it speaks through a `Link`, hears through
its methods, says when to `tick` it, and tells a `Listener` how it goes. Times are seconds of any clock that does not go
back, always the first argument.

The order of calls to the listener is `started` (the board agreed), any number of `progress`, then exactly one of
`finished` and `failed`; `failed` may come without `started`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol

from rookery.wire.coap.errors import TooBusy
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import Message, Options, code_text

SMALLEST_CHUNK: Final = 512
"""Of the windowed protocol; the board's memory of what it has is laid out for it (particle-device.md §4.12)."""
SMALLEST_CHUNK_OF_OLD: Final = 128
"""Of the chunked protocol, which states none. The smallest that a real board asks for is 256 (§4.11)."""
LARGEST_CHUNK: Final = 4_096
"""No board takes messages above 1,152 bytes (§9); a Hello that says more than this is not believed."""
WINDOWED_OVERHEAD: Final = 14
"""Bytes of a chunk message beside its data: the chunk has to fit the message size of the Hello (§4.12)."""
CHUNKED_OVERHEAD: Final = 16
"""Header 4, token 1, path 2, checksum 5, index 3, marker 1 (§4.11)."""
MOST_CHUNKS: Final = 65_534
"""Indexes of the chunked protocol are 16 bits and the last one means "none" (device-os `protocol_defs.h`)."""
BEGIN_SECONDS: Final = 60.0
"""For the answer to the beginning: a board erases flash before it agrees."""
FINISH_SECONDS: Final = 120.0
"""For the answer to the end: a board reads the whole binary and may unpack it before it says yes."""
STALLED_SECONDS: Final = 300.0
"""Without any sign that more has arrived: the board gives up after the same time (§9)."""
ROOM_SECONDS: Final = 0.02
"""How soon to look again when the transport has no room, or no message identifier is free."""
SENTENCE_CHARACTERS: Final = 200
"""Of a board's own words about an error."""

BOARD_ERRORS: Final = {
    -1300: "it has no place for a module like this",
    -1310: "it does not support modules of this kind",
    -1320: "the module did not pass its checks",
    -1330: "the module is damaged",
    -1331: "the resumed update did not fit what it had stored",
    -1340: "the module needs others that are not there, or newer ones",
    -1350: "the module belongs to another address",
    -1351: "the size of the module is wrong",
    -1360: "the module is for another platform",
    -1370: "the file is not a module",
    -1380: "its application has switched updates off",
    -1390: "the update went wrong",
}
"""Device OS's numbers for what can be wrong with an update (device-os `services/inc/system_error.h`)."""


class Reason(StrEnum):
    """Why an update came to nothing."""

    EMPTY = "empty"
    TOO_LARGE = "too-large"
    REFUSED = "refused"
    BAD_CHUNK = "bad-chunk"
    MISSING_CHUNKS = "missing-chunks"
    INVALID = "invalid"
    TIMEOUT = "timeout"
    GONE = "gone"
    BUSY = "busy"
    PROTOCOL = "protocol"
    CANCELLED = "cancelled"


class CannotUpdate(ValueError):
    """This binary cannot go to this board at all; found before anything is said to it."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Target:
    """What has to be known of the board; the numbers are those of its Hello, 0 where it said nothing."""

    windowed: bool
    """Hello flag 0x80: protocol v3."""
    reliable: bool = False
    """The messages go over TCP."""
    maximum_size: int = 0
    chunk_size: int = 0
    message_size: int = 0
    pad_last_chunk: bool = False
    """The Core (platform 0) writes whole chunks only: the last one is filled with zeros (§4.11)."""
    fast: bool = True
    """Ask for the fast mode of the chunked protocol; the board may still choose the slow one."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast chunks go out that nothing holds back. Boards read one message at a time into one buffer and write
    flash in between, and their UDP stack keeps a handful of datagrams: what comes faster is lost and asked for again.
    Two chunks every 8 ms are 128 KB/s, above what their flash takes; a TCP board slows us through the transport."""

    interval: float = 0.004
    """Seconds a chunk."""
    burst: int = 2
    """Chunks at once: fewer timers for the same rate."""


class Step(NamedTuple):
    """The context of every request that a transfer sends: so whoever gets the answer knows whose it is."""

    transfer: Transfer
    name: str
    number: int = 0


class Link(Protocol):
    """The CoAP machine of the session, as a transfer sees it."""

    def send(
        self,
        now: float,
        code: int,
        options: Options,
        payload: bytes,
        *,
        context: object,
        confirmable: bool,
        response: bool,
        token: bytes | None,
        timeout: float,
    ) -> object:
        """As `Endpoint.send`. With `token=None` the machine invents one where a response is expected, and sends none
        where it is not. May raise `TooBusy`."""

    def room(self) -> bool:
        """False while the transport has more waiting than it should: the transfer comes back later."""


class Listener(Protocol):
    """Who wants to know how it goes."""

    def started(self) -> None:
        """The board agreed."""

    def progress(self, done: int, total: int) -> None:
        """Bytes; `done` never goes back and reaches `total` only when the board has all of them."""

    def finished(self, result: dict[str, Any]) -> None:
        """The board has the binary, found it good and restarts with it. The result can be written as JSON."""

    def failed(self, reason: Reason, sentence: str) -> None:
        """The board goes on with what it had."""


class Transfer(ABC):
    """One update. `chunk_size` is what was chosen for the board."""

    protocol: str

    def __init__(
        self, link: Link, listener: Listener, binary: bytes, target: Target, chunk_size: int, pace: Pace
    ) -> None:
        self.chunk_size = chunk_size
        self.running = False
        self.ended = False
        self.stranded = False
        """The board still believes in an update that we gave up, and only a new session tells it otherwise."""
        self.unsure = False
        """It failed while the board had everything and only its last word was missing: the version that it names when
        it is back says whether it took the binary."""
        self._link = link
        self._listener = listener
        self._binary = binary
        self._target = target
        self._pace = pace
        self._began = 0.0
        self._shown = 0
        self._expires = 0.0
        self._next_at = 0.0

    @abstractmethod
    def start(self, now: float) -> None:
        """Ask the board."""

    @abstractmethod
    def response(self, now: float, step: Step, message: Message) -> None:
        """The answer to a request with this context."""

    @abstractmethod
    def request(self, now: float, message: Message) -> bool:
        """A request of the board. True: it belongs to the update, acknowledge it with an empty message if it is
        Confirmable. False: it is for somebody else."""

    @abstractmethod
    def deadline(self) -> float | None:
        """When to call `tick`, None for never. Ask again after every call of the transfer."""

    @abstractmethod
    def tick(self, now: float) -> None:
        """Send what is due, give up what takes too long."""

    @abstractmethod
    def cancel(self, now: float, *, discard: bool = False) -> None:
        """Give up. `discard`: the board shall also forget what it has, where it can be told so."""

    def failed(self, now: float, step: Step, failure: Failure) -> None:
        """A request with this context got no answer."""
        if self.ended:
            return
        if failure is Failure.TIMEOUT:
            self._fail(Reason.TIMEOUT, "The board did not answer in time.")
        elif failure in (Failure.CLOSED, Failure.UNACKNOWLEDGED):
            self._fail(Reason.GONE, "The connection to the board was lost during the update.")
        else:
            self._fail(Reason.PROTOCOL, "The board did not understand a message of the update.")

    def closed(self, now: float) -> None:
        """The session is over."""
        if not self.ended:
            self._fail(Reason.GONE, "The connection to the board was lost during the update.")
        self.stranded = False

    # Within

    def _ask(
        self, now: float, code: int, options: Options, payload: bytes, name: str, *, number: int = 0, timeout: float
    ) -> None:
        """A Confirmable request that wants an answer. The number says which of several it is."""
        try:
            self._link.send(
                now,
                code,
                options,
                payload,
                context=Step(self, name, number),
                confirmable=True,
                response=True,
                token=None,
                timeout=timeout,
            )
        except TooBusy:
            self._fail(Reason.BUSY, "Too many other requests to the board are not answered yet.")

    def _begin(self, now: float) -> None:
        self.running = True
        self._began = now
        self._expires = now + STALLED_SECONDS

    def _show(self, done: int) -> None:
        total = len(self._binary)
        if self._shown < done <= total:
            self._shown = done
            self._listener.progress(done, total)

    def _finish(self, now: float, details: dict[str, Any]) -> None:
        self._show(len(self._binary))
        self.running = False
        self.ended = True
        self._listener.finished(
            {"protocol": self.protocol, "size": len(self._binary), "seconds": round(now - self._began, 3), **details}
        )

    def _fail(self, reason: Reason, sentence: str) -> None:
        self.running = False
        self.ended = True
        self._listener.failed(reason, sentence)


def check_size(binary: bytes, target: Target) -> None:
    """Raises:
    CannotUpdate: nothing to send, or more than the board has room for.
    """
    if not binary:
        raise CannotUpdate(Reason.EMPTY, "The binary is empty.")
    if target.maximum_size and len(binary) > target.maximum_size:
        raise CannotUpdate(
            Reason.TOO_LARGE,
            f"The binary has {len(binary)} bytes; the board has room for {target.maximum_size}.",
        )


def board_words(message: Message) -> tuple[int | None, str, dict[str, Any]]:
    """What a board says in an answer: its error number, a sentence, and the JSON itself where there is any. Error
    answers carry `{"code":n,"message":"…"}` (§4.12), the end of the chunked protocol `{"r":n}` (§4.11)."""
    try:
        said = json.loads(message.payload)
    except (ValueError, RecursionError):
        said = {}
    if not isinstance(said, dict):
        said = {}
    number = said.get("code", said.get("r"))
    if isinstance(number, bool) or not isinstance(number, int):
        number = None
    text = said.get("message")
    if number in BOARD_ERRORS:
        sentence = BOARD_ERRORS[number]
    elif isinstance(text, str) and text:
        sentence = "it says: " + "".join(c if c.isprintable() else " " for c in text[:SENTENCE_CHARACTERS])
    else:
        sentence = f"it answered {code_text(message.code)}"
    return number, sentence, said
