"""One message (chapter 3), and the numbers of types and codes (12.1)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec

CONFIRMABLE: Final = 0
NON_CONFIRMABLE: Final = 1
ACKNOWLEDGEMENT: Final = 2
RESET: Final = 3


class Code(IntEnum):
    """Class in the upper three bits, detail in the lower five. RFC 7252, and 2.31, 4.08 of RFC 7959."""

    EMPTY = 0
    GET = 1
    POST = 2
    PUT = 3
    DELETE = 4
    CREATED = 65
    DELETED = 66
    VALID = 67
    CHANGED = 68
    CONTENT = 69
    CONTINUE = 95
    BAD_REQUEST = 128
    UNAUTHORIZED = 129
    BAD_OPTION = 130
    FORBIDDEN = 131
    NOT_FOUND = 132
    METHOD_NOT_ALLOWED = 133
    NOT_ACCEPTABLE = 134
    REQUEST_ENTITY_INCOMPLETE = 136
    PRECONDITION_FAILED = 140
    REQUEST_ENTITY_TOO_LARGE = 141
    UNSUPPORTED_CONTENT_FORMAT = 143
    INTERNAL_SERVER_ERROR = 160
    NOT_IMPLEMENTED = 161
    BAD_GATEWAY = 162
    SERVICE_UNAVAILABLE = 163
    GATEWAY_TIMEOUT = 164
    PROXYING_NOT_SUPPORTED = 165


Options = tuple[tuple[int, bytes], ...]
"""(number, value), numbers ascending; repeated options keep their order."""


class Message(msgspec.Struct, frozen=True, gc=False):
    """A message as it is on the wire. Values of options are the raw bytes: what they mean is asked for by name."""

    kind: int
    code: int
    message_id: int
    token: bytes = b""
    options: Options = ()
    payload: bytes = b""

    @property
    def is_request(self) -> bool:
        """A method, known or not (class 0)."""
        return 0 < self.code < 32

    @property
    def is_success(self) -> bool:
        """A response of class 2."""
        return self.code >> 5 == 2

    def first(self, number: int) -> bytes | None:
        """The value of an option, None when it is absent."""
        for known, value in self.options:
            if known == number:
                return value
        return None

    def every(self, number: int) -> list[bytes]:
        """All values of a repeatable option."""
        return [value for known, value in self.options if known == number]

    def number(self, number: int) -> int | None:
        """The value of an option of format uint (3.2). Leading zero bytes are allowed to the sender."""
        value = self.first(number)
        return None if value is None else int.from_bytes(value, "big")


def code_text(code: int) -> str:
    """How people write a code: 69 is 2.05."""
    return f"{code >> 5}.{code & 31:02d}"
