"""The requests of this dialect: what each says is decided by its code and by the one letter that begins its path.

Parsers of boards look at fixed offsets (particle-device.md §3): header, one byte of token, then the option Uri-Path of
length one, then the options in just the order that they are built here, and none besides. Byte 5 behind the token is
the letter.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import Final, NamedTuple

from rookery.particle.device.describe import APPLICATION, METRICS, SYSTEM
from rookery.particle.device.errors import LimitError, MessageError
from rookery.particle.platforms import LONGEST, Limits
from rookery.wire.coap.message import Code, Message, Options
from rookery.wire.coap.options import URI_PATH, URI_QUERY


class Request(NamedTuple):
    """What a CoAP machine is asked to send. The machine adds type, identifier and token."""

    code: int
    options: Options = ()
    payload: bytes = b""


class Kind(Enum):
    """What a request is about. The same letter may mean one thing from a board and another from the cloud."""

    HELLO = auto()
    DESCRIBE_REQUEST = auto()
    DESCRIBE = auto()
    VARIABLE = auto()
    FUNCTION = auto()
    EVENT = auto()
    SUBSCRIPTION = auto()
    TIME = auto()
    SIGNAL = auto()
    GOODBYE = auto()
    DISCARD_SESSION = auto()
    SERVER_MOVED = auto()
    LEDGER = auto()
    UPDATE_BEGIN = auto()
    UPDATE_CHUNK = auto()
    UPDATE_DONE = auto()
    MISSED_CHUNKS = auto()
    UPDATE_START_V3 = auto()
    UPDATE_CHUNK_V3 = auto()
    UPDATE_ACK_V3 = auto()
    UPDATE_FINISH_V3 = auto()
    UNKNOWN = auto()


KINDS: Final[dict[tuple[int, bytes], Kind]] = {
    (Code.POST, b"h"): Kind.HELLO,
    (Code.GET, b"d"): Kind.DESCRIBE_REQUEST,
    (Code.POST, b"d"): Kind.DESCRIBE,
    (Code.GET, b"v"): Kind.VARIABLE,
    (Code.POST, b"f"): Kind.FUNCTION,
    (Code.POST, b"e"): Kind.EVENT,
    (Code.POST, b"E"): Kind.EVENT,
    (Code.GET, b"e"): Kind.SUBSCRIPTION,
    (Code.GET, b"E"): Kind.SUBSCRIPTION,
    (Code.GET, b"t"): Kind.TIME,
    (Code.PUT, b"s"): Kind.SIGNAL,
    (Code.POST, b"x"): Kind.GOODBYE,
    (Code.PUT, b"k"): Kind.DISCARD_SESSION,
    (Code.POST, b"M"): Kind.SERVER_MOVED,
    (Code.POST, b"L"): Kind.LEDGER,
    (Code.POST, b"u"): Kind.UPDATE_BEGIN,
    (Code.POST, b"c"): Kind.UPDATE_CHUNK,
    (Code.PUT, b"u"): Kind.UPDATE_DONE,
    (Code.GET, b"c"): Kind.MISSED_CHUNKS,
    (Code.POST, b"S"): Kind.UPDATE_START_V3,
    (Code.POST, b"C"): Kind.UPDATE_CHUNK_V3,
    (Code.POST, b"A"): Kind.UPDATE_ACK_V3,
    (Code.POST, b"F"): Kind.UPDATE_FINISH_V3,
}
"""Chapter 4 of particle-device.md as a table."""

TIME_BYTES: Final = 4


def classify(message: Message) -> Kind:
    """What a request is about."""
    letter = message.first(URI_PATH)
    return Kind.UNKNOWN if letter is None else KINDS.get((message.code, letter), Kind.UNKNOWN)


def describe_request(part: int) -> Request:
    """Ask for one part of the description: SYSTEM, APPLICATION or METRICS. 0 asks a board up to 3.2 for both of the
    first two at once; from 3.3 on boards serve one at a time and nothing without a query (§4.3)."""
    query = ((URI_QUERY, bytes((part,))),) if part else ()
    return Request(Code.GET, ((URI_PATH, b"d"), *query))


def variable_request(name: str) -> Request:
    """Ask for the value of a variable (§4.4).

    Raises:
        LimitError: no board has variables with such a name.
    """
    return Request(Code.GET, ((URI_PATH, b"v"), (URI_PATH, _name(name))))


def function_request(name: str, argument: str, limits: Limits = LONGEST) -> Request:
    """Call a function (§4.5). Ask the description first: a board says nothing when it has none of that name.

    Raises:
        LimitError: the argument has more bytes than this board takes, or no board has functions with such a name.
    """
    raw = argument.encode("utf-8", "replace")
    if len(raw) > limits.argument:
        raise LimitError(f"{len(raw)} bytes of argument; this board takes {limits.argument}")
    return Request(Code.POST, ((URI_PATH, b"f"), (URI_PATH, _name(name)), (URI_QUERY, raw)))


def _name(name: str) -> bytes:
    raw = name.encode("utf-8", "replace")
    if not 0 < len(raw) <= LONGEST.name:
        raise LimitError(f"a name has 1 to {LONGEST.name} bytes")
    return raw


def signal_request(on: bool) -> Request:
    """Shout rainbows, or stop it (§4.10)."""
    return Request(Code.PUT, ((URI_PATH, b"s"), (URI_QUERY, b"\1" if on else b"\0")))


def discard_session_request() -> Request:
    """Make the board forget its session and shake hands anew (§4.14)."""
    return Request(Code.PUT, ((URI_PATH, b"k"), (URI_QUERY, b"\1")))


def hello_request(payload: bytes = b"") -> Request:
    """The Hello of a board, or without a payload the one with which the cloud has to answer over TCP, Non-confirmable
    (§4.1)."""
    return Request(Code.POST, ((URI_PATH, b"h"),), payload)


def time_request() -> Request:
    """What a board asks, for simulated ones (§4.9)."""
    return Request(Code.GET, ((URI_PATH, b"t"),))


def time_payload(seconds: float) -> bytes:
    """The payload of the answer, 2.05 without options (§4.9): seconds since 1970, until 2106."""
    return max(0, min(int(seconds), 0xFFFFFFFF)).to_bytes(TIME_BYTES, "big")


def goodbye_request(payload: bytes) -> Request:
    """A board that leaves, for simulated ones (§4.13)."""
    return Request(Code.POST, ((URI_PATH, b"x"),), payload)


def describe_post(part: int, payload: bytes) -> Request:
    """A board that describes itself unasked, for simulated ones (§4.3)."""
    return Request(Code.POST, ((URI_PATH, b"d"), (URI_QUERY, bytes((part,)))), payload)


def parse_part(message: Message) -> int:
    """Which parts a description in a request holds, or is asked for. Without a query it is both (§4.3).

    Raises:
        MessageError: not one byte, or none of the known bits.
    """
    queries = message.every(URI_QUERY)
    if not queries:
        return SYSTEM | APPLICATION
    query = queries[0]
    if len(query) != 1 or not 0 < query[0] <= SYSTEM | APPLICATION | METRICS:
        raise MessageError("a description of no known part")
    return query[0]


def parse_named(message: Message) -> str:
    """The name of the variable or function that is asked for, on the side of the board.

    Raises:
        MessageError: there is no name, or it is too long.
    """
    path = message.every(URI_PATH)
    if len(path) != 2 or not 0 < len(path[1]) <= LONGEST.name:
        raise MessageError(f"a name has 1 to {LONGEST.name} bytes")
    return path[1].decode("utf-8", "replace")


def parse_argument(message: Message) -> str:
    """The argument of the function that is called, on the side of the board."""
    return (message.first(URI_QUERY) or b"").decode("utf-8", "replace")


def parse_signal(message: Message) -> bool:
    """Whether to begin or to stop, on the side of the board.

    Raises:
        MessageError: neither is said.
    """
    query = message.first(URI_QUERY)
    if query not in (b"\0", b"\1"):
        raise MessageError("a signal that says neither start nor stop")
    return query == b"\1"
