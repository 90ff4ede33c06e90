"""Events from boards, events to boards, and what boards subscribe to (particle-device.md §4.6 to §4.8).

Boards write the name of an event as one path option with slashes in it, servers as one option a segment; both are read.
Parsers of boards before Device OS 6.2 expect path, Max-Age and payload and nothing else: whatever comes between them
loses the data. So the order of options is fixed here, and a content format is only said to those that know it.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from rookery.particle.device.content import CBOR, STRUCTURES, TEXT, TEXTS, data_url, structure_text
from rookery.particle.device.errors import LimitError, MessageError
from rookery.particle.device.requests import Request
from rookery.particle.platforms import Limits
from rookery.wire.coap.message import Code, Message
from rookery.wire.coap.options import CONTENT_FORMAT, MAX_AGE, URI_PATH, URI_QUERY, uint

MAX_NAME: Final = 64
"""Bytes of a name, and of the prefix that a board subscribes to (§4.6, §4.7)."""
MAX_DATA: Final = 16_384
"""Bytes that are taken from a board, whatever it is: the most that the newest send (particle-rest.md §6.7)."""
DEFAULT_TTL: Final = 60
"""Seconds. Boards leave Max-Age out when it has this value (§4.6)."""
LONGEST_TTL: Final = 0xFFFFFF
"""Seconds, over half a year: what three bytes can say."""
TYPED_SINCE: Final = 6_200
"""Device OS that knows content formats (§4.8)."""
SHORT_TTL_SINCE: Final = 6_000
"""Device OS that writes Max-Age with as few bytes as it needs; older ones always use three (§4.6)."""

RESERVED: Final = ("spark", "particle")
"""Names that begin so, in any case, belong to the cloud (particle-rest.md §3.5)."""

_LINE_BREAKING: Final = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029]").search
_DEVICE_ID_DIGITS: Final = 24
_HEXADECIMAL: Final = frozenset("0123456789abcdef")


class Event(Struct, frozen=True):
    """One event. `ttl` is in seconds. All events are treated as private to their owner (§4.6)."""

    name: str
    data: bytes = b""
    content_format: int = TEXT
    ttl: int = DEFAULT_TTL
    private: bool = True


class Subscription(Struct, frozen=True):
    """What a board wants to hear: names that begin with `prefix`, of its owner's boards (`mine`) or of one
    (`device_id`, 24 hexadecimal digits). From 6.2 on a handler may take data that is no text: anything (`binary`), or
    structures alone (`cbor`)."""

    prefix: str = ""
    mine: bool = False
    binary: bool = False
    cbor: bool = False
    device_id: str = ""

    @property
    def firehose(self) -> bool:
        """Everything of everybody: to be refused with 4.00 (§4.7)."""
        return not (self.prefix or self.mine or self.device_id)

    def hears(self, name: str) -> bool:
        """By the name; who published it is another question. The board compares in the same way (§4.8)."""
        return name.startswith(self.prefix)

    def form(self, event: Event) -> Event | None:
        """The event as the handler behind this subscription takes it; None when it would be passed over.

        Device OS 6.2 publishes structures as 65001 and gives them only to handlers for CBOR, only as 60, and those get
        nothing else. Handlers for text get text formats. So a structure becomes JSON where text is wanted.
        """
        kind = event.content_format
        if self.cbor:
            return _as(event, event.data, CBOR) if kind in STRUCTURES else None
        if kind in STRUCTURES:
            return _as(event, (stream_text(event.data, kind) or "").encode(), TEXT)
        return event if self.binary or kind in TEXTS else None


def _as(event: Event, data: bytes, content_format: int) -> Event:
    return Event(event.name, data, content_format, event.ttl, event.private)


def is_reserved(name: str) -> bool:
    """Whether this name is the cloud's, so that a person must not publish it."""
    return name.lower().startswith(RESERVED)


def parse_event(message: Message) -> Event:
    """The event in a request POST /e or /E.

    Raises:
        MessageError: no name, or one that is too long or no text; too much data; numbers of odd lengths.
    """
    path = message.every(URI_PATH)
    if len(message.payload) > MAX_DATA:
        raise MessageError(f"data of {len(message.payload)} bytes is longer than {MAX_DATA}")
    name = _name(path[1:])
    if not name:
        raise MessageError("an event without a name")
    content_format, ttl = message.first(CONTENT_FORMAT), message.first(MAX_AGE)
    if len(content_format or b"") > 2 or len(ttl or b"") > 4:
        raise MessageError("a number with too many bytes")
    return Event(
        name,
        message.payload,
        TEXT if content_format is None else int.from_bytes(content_format, "big"),
        DEFAULT_TTL if ttl is None else int.from_bytes(ttl, "big"),
        path[0] == b"E",
    )


def parse_subscription(message: Message) -> Subscription:
    """The subscription in a request GET /e.

    Raises:
        MessageError: a prefix that is too long or no text, or a device id that is none.
    """
    queries = message.every(URI_QUERY)
    device_id = message.payload.decode("ascii", "replace").lower()
    if device_id and (len(device_id) != _DEVICE_ID_DIGITS or not _HEXADECIMAL.issuperset(device_id)):
        raise MessageError("a subscription to a device id that is none")
    return Subscription(
        _name(message.every(URI_PATH)[1:]), b"u" in queries, b"b" in queries, b"c" in queries, device_id
    )


def _name(segments: list[bytes]) -> str:
    raw = b"/".join(segments)
    if len(raw) > MAX_NAME:
        raise MessageError(f"a name of {len(raw)} bytes is longer than {MAX_NAME}")
    try:
        name = raw.decode()
    except UnicodeDecodeError as error:
        raise MessageError("a name that is not UTF-8") from error
    if _LINE_BREAKING(name):
        # It stands on a line of its own in event streams.
        raise MessageError("a name with control characters")
    return name


def event_request(event: Event, limits: Limits, system_version: int) -> Request:
    """The event as it goes to a board: Confirmable or not over UDP, never Confirmable over TCP (§2, §4.8).

    Raises:
        LimitError: the name or the data is longer than this board takes.
    """
    raw = event.name.encode()
    if not 0 < len(raw) <= limits.event_name or _LINE_BREAKING(event.name):
        raise LimitError(f"a name of an event has 1 to {limits.event_name} bytes, none of them for control")
    if len(event.data) > limits.data:
        raise LimitError(f"{len(event.data)} bytes of data; this board takes {limits.data}")
    # Boards put a slash only between what they have and the next segment: one that begins the name would be lost.
    segments = [raw] if raw.startswith(b"/") else raw.split(b"/")
    return _request(event, segments, system_version)


def board_event_request(event: Event, system_version: int) -> Request:
    """The event as a board sends it, for simulated ones: the name in one option."""
    return _request(event, [event.name.encode()], system_version)


def _request(event: Event, segments: list[bytes], system_version: int) -> Request:
    options = [(URI_PATH, b"E" if event.private else b"e")]
    options += [(URI_PATH, segment) for segment in segments]
    if event.content_format != TEXT and system_version >= TYPED_SINCE:
        options.append((CONTENT_FORMAT, uint(event.content_format)))
    if event.ttl != DEFAULT_TTL:
        ttl = max(0, min(event.ttl, LONGEST_TTL))
        options.append((MAX_AGE, uint(ttl) if system_version >= SHORT_TTL_SINCE else ttl.to_bytes(3, "big")))
    return Request(Code.POST, tuple(options), event.data)


def subscription_request(subscription: Subscription) -> Request:
    """The subscription as a board sends it, for simulated ones."""
    options = [(URI_PATH, b"e")]
    if subscription.prefix:
        options.append((URI_PATH, subscription.prefix.encode()))
    flags = ((subscription.mine, b"u"), (subscription.binary, b"b"), (subscription.cbor, b"c"))
    options += [(URI_QUERY, letter) for wanted, letter in flags if wanted]
    return Request(Code.GET, tuple(options), subscription.device_id.encode())


def stream_text(data: bytes, content_format: int = TEXT) -> str | None:
    """The data as event streams and webhooks show it (particle-rest.md §6.7), None when there is none. Text is text,
    structures are JSON, all else is a data URL. A structure that cannot be read is shown as the bytes that it is."""
    if not data:
        return None
    if content_format in TEXTS:
        return data.decode("utf-8", "replace")
    if content_format in STRUCTURES:
        try:
            return structure_text(data)
        except MessageError:
            return data_url(data)
    return data_url(data, content_format)
