"""Values of variables and results of functions (particle-device.md §4.4, §4.5; particle-rest.md §5.1).

A value does not say what it is: its type comes from the description of the board. Whole numbers are big-endian,
floating ones little-endian; that is no mistake.
"""

from __future__ import annotations

import math
from struct import Struct
from typing import Any, Final

from rookery.particle.device.content import STRUCTURES, TEXTS, data_url, structure
from rookery.particle.device.errors import MessageError

MAX_VALUE: Final = 65_536
"""Bytes of one value: what a body in blocks may have at most."""

_INT32 = Struct(">i")
_DOUBLE = Struct("<d")


def decode_value(kind: str, payload: bytes, content_format: int | None = None) -> Any:
    """The value as JSON has it. `kind` is that of the description: `bool`, `int32`, `string` or `double`. NaN and the
    infinities are None; bytes that are not UTF-8 are replaced by U+FFFD. A `content_format` that is not text goes
    first: structures become their value, all else a data URL.

    Raises:
        MessageError: not so many bytes as the type has, or bad CBOR.
    """
    size = len(payload)
    if size > MAX_VALUE:
        raise MessageError(f"a value of {size} bytes is longer than {MAX_VALUE}")
    if content_format in STRUCTURES:
        return structure(payload)
    if kind == "string":
        if content_format is None or content_format in TEXTS:
            return payload.decode("utf-8", "replace")
        return data_url(payload, content_format)
    if kind == "int32" and size == 4:
        return _INT32.unpack(payload)[0]
    if kind == "double" and size == 8:
        value = _DOUBLE.unpack(payload)[0]
        return value if math.isfinite(value) else None
    if kind == "bool" and size == 1:
        return payload != b"\0"
    raise MessageError(f"{size} bytes are no value of type {kind}")


def encode_value(kind: str, value: Any) -> bytes:
    """What a board answers. None is NaN.

    Raises:
        ValueError: not a value of that type.
    """
    try:
        if kind == "string":
            return str(value).encode()
        if kind == "int32":
            return _INT32.pack(value)
        if kind == "double":
            return _DOUBLE.pack(math.nan if value is None else value)
        if kind == "bool":
            return b"\1" if value else b"\0"
    except Exception as error:
        raise ValueError(f"not a value of type {kind}") from error
    raise ValueError(f"there is no type {kind}")


def decode_result(payload: bytes) -> int:
    """What a function returned.

    Raises:
        MessageError: not four bytes.
    """
    if len(payload) != 4:
        raise MessageError(f"a result of {len(payload)} bytes")
    result: int = _INT32.unpack(payload)[0]
    return result


def encode_result(result: int) -> bytes:
    """The same from a board. Like C, it keeps the lower 32 bits."""
    return (result & 0xFFFFFFFF).to_bytes(4, "big")
