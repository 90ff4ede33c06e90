"""The options: their numbers, and what a value may look like (5.10, and the tables of later RFCs)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.message import Options

IF_MATCH: Final = 1
URI_HOST: Final = 3
ETAG: Final = 4
IF_NONE_MATCH: Final = 5
OBSERVE: Final = 6
URI_PORT: Final = 7
LOCATION_PATH: Final = 8
URI_PATH: Final = 11
CONTENT_FORMAT: Final = 12
MAX_AGE: Final = 14
URI_QUERY: Final = 15
ACCEPT: Final = 17
LOCATION_QUERY: Final = 20
BLOCK2: Final = 23
BLOCK1: Final = 27
SIZE2: Final = 28
PROXY_URI: Final = 35
PROXY_SCHEME: Final = 39
SIZE1: Final = 60
ECHO: Final = 252
NO_RESPONSE: Final = 258
REQUEST_TAG: Final = 292

Format = Literal["empty", "opaque", "uint", "string"]


class Definition(NamedTuple):
    """One line of such a table. `shortest` and `longest` count bytes."""

    number: int
    name: str
    format: Format
    shortest: int
    longest: int
    repeatable: bool = False

    @property
    def critical(self) -> bool:
        """A receiver that does not know it has to refuse the message (5.4.6)."""
        return self.number & 1 == 1

    @property
    def unsafe(self) -> bool:
        """A proxy that does not know it must not forward it (5.4.6)."""
        return self.number & 2 == 2


RFC7252: Final = (
    Definition(IF_MATCH, "If-Match", "opaque", 0, 8, True),
    Definition(URI_HOST, "Uri-Host", "string", 1, 255),
    Definition(ETAG, "ETag", "opaque", 1, 8, True),
    Definition(IF_NONE_MATCH, "If-None-Match", "empty", 0, 0),
    Definition(URI_PORT, "Uri-Port", "uint", 0, 2),
    Definition(LOCATION_PATH, "Location-Path", "string", 0, 255, True),
    Definition(URI_PATH, "Uri-Path", "string", 0, 255, True),
    Definition(CONTENT_FORMAT, "Content-Format", "uint", 0, 2),
    Definition(MAX_AGE, "Max-Age", "uint", 0, 4),
    Definition(URI_QUERY, "Uri-Query", "string", 0, 255, True),
    Definition(ACCEPT, "Accept", "uint", 0, 2),
    Definition(LOCATION_QUERY, "Location-Query", "string", 0, 255, True),
    Definition(PROXY_URI, "Proxy-Uri", "string", 1, 1034),
    Definition(PROXY_SCHEME, "Proxy-Scheme", "string", 1, 255),
    Definition(SIZE1, "Size1", "uint", 0, 4),
)
"""Table 4."""
LATER: Final = (
    Definition(OBSERVE, "Observe", "uint", 0, 3),  # RFC 7641
    Definition(BLOCK2, "Block2", "uint", 0, 3),  # RFC 7959
    Definition(BLOCK1, "Block1", "uint", 0, 3),
    Definition(SIZE2, "Size2", "uint", 0, 4),
    Definition(ECHO, "Echo", "opaque", 1, 40),  # RFC 9175
    Definition(NO_RESPONSE, "No-Response", "uint", 0, 1),  # RFC 7967
    Definition(REQUEST_TAG, "Request-Tag", "opaque", 0, 8, True),  # RFC 9175
)
"""What came after, as far as bodies in blocks and their tags need it."""


def uint(value: int) -> bytes:
    """Format uint (3.2): big-endian without leading zeros; 0 is no byte at all.

    Raises:
        LocalError: a negative number.
    """
    if value < 0:
        raise LocalError("an option cannot carry a negative number")
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


class OptionTable:
    """The options that one endpoint understands. Immutable; one is shared by all endpoints of a kind.

    `definitions` later in the order replace earlier ones of the same number: so a dialect adds its own options, and
    widens a length where its peers exceed the standard.
    """

    __slots__ = ("_known", "definitions")

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self.definitions: Mapping[int, Definition] = {definition.number: definition for definition in definitions}
        for number in self.definitions:
            if not 0 <= number <= 65_535:
                raise LocalError(f"{number} is no option number")
        self._known = {number: (d.shortest, d.longest, d.repeatable) for number, d in self.definitions.items()}

    def also(self, *definitions: Definition) -> OptionTable:
        """This table and more."""
        return OptionTable((*self.definitions.values(), *definitions))

    def sift(self, options: Options) -> tuple[Options, int]:
        """What of a received message is understood: (those options, 0), or ((), number) of the first critical option
        that is not.

        An option is not understood when it is unknown (5.4.1), when its length is outside the definition (5.4.3), and
        when it is repeated and must not be (5.4.5). Elective ones are left out then. Option 0 is reserved and even.
        """
        known = self._known
        last = -1
        for number, value in options:
            rule = known.get(number)
            if rule is None or not rule[0] <= len(value) <= rule[1] or (number == last and not rule[2]):
                return self._sift_slowly(options)
            last = number
        return options, 0

    def _sift_slowly(self, options: Options) -> tuple[Options, int]:
        kept = []
        last = -1
        for number, value in options:
            rule = self._known.get(number)
            if rule is not None and rule[0] <= len(value) <= rule[1] and (number != last or rule[2]):
                kept.append((number, value))
            elif number & 1:
                return (), number
            last = number
        return tuple(kept), 0

    def check(self, options: Options) -> None:
        """What we are about to send.

        Raises:
            LocalError: an option that this table does not have, of a wrong length, or repeated without leave.
        """
        last = -1
        for number, value in sorted(options, key=_number) if len(options) > 1 else options:
            rule = self._known.get(number)
            if rule is None:
                raise LocalError(f"option {number} is not in the table (5.4.1)")
            if not rule[0] <= len(value) <= rule[1]:
                raise LocalError(f"option {self.definitions[number].name} has {len(value)} bytes (5.4.3)")
            if number == last and not rule[2]:
                raise LocalError(f"option {self.definitions[number].name} is not repeatable (5.4.5)")
            last = number


def _number(option: tuple[int, bytes]) -> int:
    return option[0]


STANDARD: Final = OptionTable((*RFC7252, *LATER))
"""All of the above. Its user has to act on each critical one it receives, or to leave it out."""


def path(segments: Iterable[str | bytes]) -> Options:
    """Uri-Path options, one a segment (6.4)."""
    return tuple((URI_PATH, s.encode() if isinstance(s, str) else s) for s in segments)


def cache_key(options: Options) -> Options:
    """The options that tell two requests for different things apart: all but NoCacheKey ones and blocks (5.4.2, 5.6;
    RFC 7959, 2.3)."""
    return tuple(o for o in options if o[0] & 0x1E != 0x1C and o[0] != BLOCK1 and o[0] != BLOCK2)
