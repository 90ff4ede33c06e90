"""The bytes of a row of the log, and of single values: MessagePack, with what it can not say put into extensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from rookery.core.points import Value

TIME_LIMIT = 2**62
"""A time beyond this is no time. The doors refuse it long before; here it is brought to the limit, so that one bad
point can not make the store refuse the batch it shares with the points of others. Above it there is room to bump."""

BIG_INTEGER = 1
"""Extension: an integer outside 64 bits, as decimal digits."""

BROKEN_TEXT = 2
"""Extension: text with lone surrogates, which UTF-8 has no form for."""

WORTH = 8 * 1024
"""Bytes of a batch from which it is compressed. It costs as much CPU as it saves in writing, and a third of the bytes
goes to the disk, which is what wears a card out; small batches are not worth the import."""

ZSTANDARD = b"\x28\xb5\x2f\xfd"
"""How a zstandard frame begins; MessagePack never begins an array of three so."""

Columns = tuple[list[int], list[int], list[Value]]
"""Series, times, values; of the same length."""


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"a {type(value).__name__} is not a value that can be stored")


def _from_extension(code: int, data: memoryview) -> Value:
    if code == BIG_INTEGER:
        return int(bytes(data))
    if code == BROKEN_TEXT:
        return bytes(data).decode("utf-8", "surrogatepass")
    raise ValueError(f"unknown extension {code}")


_encoder = msgspec.msgpack.Encoder(enc_hook=_plain)
_columns = msgspec.msgpack.Decoder(tuple[list[int], list[int], list[Any]], ext_hook=_from_extension)
_anything = msgspec.msgpack.Decoder(ext_hook=_from_extension)


def _packable(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -(2**63) <= value < 2**63 else msgspec.msgpack.Ext(BIG_INTEGER, b"%d" % value)
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return msgspec.msgpack.Ext(BROKEN_TEXT, value.encode("utf-8", "surrogatepass"))
        return str(value)
    if isinstance(value, Mapping):
        return {key.encode("utf-8", "replace").decode(): _packable(part) for key, part in value.items()}
    return value


def unpacked_size(data: bytes) -> int:
    """Bytes of a row of the log before it was compressed."""
    if data[:4] != ZSTANDARD:
        return len(data)
    import zstandard

    return int(zstandard.frame_content_size(data))


def pack_columns(series: list[int], times: list[int], values: list[Value]) -> bytes:
    """One row of the log. Brings times to the limits in place.

    Raises:
        TypeError: a value that is not a `Value`.
    """
    if times and (max(times) > TIME_LIMIT or min(times) < -TIME_LIMIT):
        times[:] = [min(max(time, -TIME_LIMIT), TIME_LIMIT) for time in times]
    try:
        data = _encoder.encode((series, times, values))
    except (OverflowError, UnicodeEncodeError):
        data = _encoder.encode((series, times, [_packable(value) for value in values]))
    if len(data) < WORTH:
        return data
    import zstandard

    return zstandard.compress(data, 1)


def unpack_columns(data: bytes) -> Columns:
    """The columns of a row of the log."""
    if data[:4] == ZSTANDARD:
        import zstandard

        data = zstandard.decompress(data)
    return _columns.decode(data)


def pack_values(values: Sequence[Value]) -> bytes:
    """A list of values of any kind."""
    try:
        return _encoder.encode(values)
    except (OverflowError, UnicodeEncodeError):
        return _encoder.encode([_packable(value) for value in values])


def unpack_values(data: bytes) -> list[Value]:
    """The list that `pack_values` was given."""
    values: list[Value] = _anything.decode(data)
    return values


def pack_value(value: Value) -> bytes:
    """One value."""
    return pack_values([value])


def unpack_value(data: bytes) -> Value:
    """The value that `pack_value` was given."""
    value: Value = _anything.decode(data)[0]
    return value
