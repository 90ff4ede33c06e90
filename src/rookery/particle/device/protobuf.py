"""The little of Protocol Buffers that boards need: a message is a row of fields, each a key and a value.

A key is a *varint* (seven bits a byte, the lowest first) of the field's number and of how the value is written: 0 a
varint, 1 eight bytes little-endian, 2 a length and so many bytes, 5 four bytes little-endian. Types 3 and 4, groups,
were given up by the format itself and are refused. Who reads passes over numbers that it does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rookery.particle.device.errors import MessageError

MAX_FIELDS: Final = 1_024
"""Fields of one message. A description has one a firmware module and less than fifteen in each."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}


def read_varint(data: bytes, at: int) -> tuple[int, int]:
    """(value below 2^64, where it ends).

    Raises:
        MessageError: cut off, or longer than ten bytes.
    """
    value = shift = 0
    for index in range(at, min(at + 10, len(data))):
        byte = data[index]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value >> 64:
                raise MessageError("a varint above 64 bits")
            return value, index + 1
        shift += 7
    raise MessageError("a varint without an end")


def varint(value: int) -> bytes:
    """The bytes of a number from 0 to below 2^64."""
    if not 0 <= value < 1 << 64:
        raise ValueError("a varint has 64 bits")
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(number, value) of each field in order: bytes where a length stood in front, otherwise a number.

    Raises:
        MessageError: not a message, or more than `MAX_FIELDS` fields.
    """
    at = count = 0
    while at < len(data):
        count += 1
        if count > MAX_FIELDS:
            raise MessageError(f"more than {MAX_FIELDS} fields")
        key, at = read_varint(data, at)
        number, kind = key >> 3, key & 7
        if not number:
            raise MessageError("a field with the number 0")
        if kind == _VARINT:
            value, at = read_varint(data, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = read_varint(data, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise MessageError(f"a field of type {kind}")
        end = at + size
        if end > len(data):
            raise MessageError("a field longer than its message")
        raw = data[at:end]
        at = end
        yield number, raw if kind == _BYTES else int.from_bytes(raw, "little")


def varint_field(number: int, value: int) -> bytes:
    """A number; nothing for 0, which is what an absent one means."""
    return varint(number << 3) + varint(value) if value else b""


def fixed32_field(number: int, value: int) -> bytes:
    """A number in four bytes; always written, as Device OS does."""
    return varint(number << 3 | _FIXED32) + value.to_bytes(4, "little")


def bytes_field(number: int, value: bytes) -> bytes:
    """Bytes, text, or a message within this one; written also when empty."""
    return varint(number << 3 | _BYTES) + varint(len(value)) + value
