"""Blocks: the compressed form of a stretch of one series.

Times and numbers go through pcodec, booleans are eight to a byte, everything else is zstandard over MessagePack. The
type of each value comes back exactly: a block of one numeric type says which, a block of several numeric types keeps
a column of types beside the numbers. numpy, pcodec and zstandard are imported by the first call that needs them,
because a server that starts needs none of them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from rookery.core.points import Value
from rookery.storage.telemetry.packing import pack_values, unpack_values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Times = NDArray[np.int64]
    Numbers = NDArray[np.float64]
    Column = NDArray[Any] | list[Value]

OPEN_POINTS = 1024
"""A block takes further points until it has this many. pcodec gains little beyond (0.87 B a value at 1,024 points,
0.82 at 2,048), a block costs about 40 µs to store whatever its size, and 10 µs to read."""

MOST_POINTS = 2 * OPEN_POINTS
"""A block is split when it would have more."""

MOST_BYTES = 256 * 1024
"""Values of a block that are not numbers are split when they need more, so that one read never decodes megabytes for
one point. A single value larger than this has a block of its own."""

MOST_PLAIN = 1024 * 1024
"""The same before they are compressed: texts that repeat themselves are a hundredth of it, and are read as a whole."""

LEVEL = 4
"""pcodec's level. Level 8 takes half as long again for 2 % fewer bytes on sensor data."""

EXACT = 2**53
"""Integers up to this magnitude are exact as a 64-bit float."""


def warm() -> None:
    """Import what blocks need, in a thread where nobody waits: 0.15 s."""
    import numpy  # noqa: F401
    import pcodec  # noqa: F401
    import zstandard  # noqa: F401


class Kind(IntEnum):
    """How the values of a block are kept."""

    FLOAT = 0
    INT = 1
    BOOL = 2
    NUMBERS = 3
    ANY = 4


class Block(NamedTuple):
    """A block as it is stored: all columns of the table but `id`. Summaries are over numbers and booleans only."""

    series: int
    first: int
    last: int
    points: int
    kind: int
    numbers: int
    low: float | None
    high: float | None
    total: float | None
    opening: float | None
    closing: float | None
    checksum: int
    times: bytes
    data: bytes


class Damaged(Exception):
    """A block is not what it was when it was written."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")
        self.why = why


_summary = struct.Struct("<6q5d")


def checksum(block: Block) -> int:
    """CRC-32 over everything that is stored, so that a flipped bit in a summary is found too."""
    # As SQLite gives them back: it has no NaN and no negative zero.
    numbers = (0.0 if number is None or number != number else number + 0.0 for number in block[6:11])
    head = zlib.crc32(_summary.pack(*block[:6], *numbers))
    return zlib.crc32(block.data, zlib.crc32(block.times, head))


def column(values: list[Value]) -> Column:
    """The array of a list when all values are of one numeric type, else the list itself."""
    import numpy as np

    kinds = set(map(type, values))
    if len(kinds) == 1:
        kind = kinds.pop()
        if kind is float:
            return np.array(values, dtype=np.float64)
        if kind is bool:
            return np.array(values, dtype=np.bool_)
        if kind is int:
            try:
                return np.array(values, dtype=np.int64)
            except OverflowError:
                return values
    return values


def values_of(column: Column) -> list[Value]:
    """The values of a column as Python objects of their own types."""
    if isinstance(column, list):
        return column
    values: list[Value] = column.tolist()
    return values


def pick(column: Column, order: Sequence[int] | NDArray[np.int64]) -> Column:
    """The values at the places that `order` names."""
    if isinstance(column, list):
        return [column[place] for place in order]
    picked: NDArray[Any] = column[order]
    return picked


def joined(one: Column, other: Column) -> Column:
    """One column after the other."""
    import numpy as np

    if not isinstance(one, list) and not isinstance(other, list) and one.dtype == other.dtype:
        return np.concatenate((one, other))
    return values_of(one) + values_of(other)


def numbers_of(column: Column) -> tuple[Numbers, NDArray[np.int64] | None]:
    """The numbers and booleans of a column as floats, and their places (None: every place)."""
    import numpy as np

    if not isinstance(column, list):
        return column.astype(np.float64, copy=False), None
    places = [place for place, value in enumerate(column) if isinstance(value, (int, float))]
    numbers = np.array([_float(column[place]) for place in places], dtype=np.float64)
    return numbers, (None if len(places) == len(column) else np.array(places, dtype=np.int64))


def _float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def encode(series: int, times: Times, column: Column) -> list[Block]:
    """The block of these points; more than one when values that are not numbers are large. Times ascend strictly."""
    import numpy as np

    kind, data, plain = _encode_values(column)
    if (len(data) > MOST_BYTES or plain > MOST_PLAIN) and len(times) > 1 and kind is Kind.ANY:
        half = len(times) // 2
        return encode(series, times[:half], column[:half]) + encode(series, times[half:], column[half:])
    numbers, _ = numbers_of(column)
    some = len(numbers) > 0
    with np.errstate(over="ignore", invalid="ignore"):
        total = float(numbers.sum()) if some else None
    block = Block(
        series=series,
        first=int(times[0]),
        last=int(times[-1]),
        points=len(times),
        kind=kind,
        numbers=len(numbers),
        low=float(numbers.min()) if some else None,
        high=float(numbers.max()) if some else None,
        total=total,
        opening=float(numbers[0]) if some else None,
        closing=float(numbers[-1]) if some else None,
        checksum=0,
        times=encode_times(times),
        data=data,
    )
    return [block._replace(checksum=checksum(block))]


def encode_times(times: Times) -> bytes:
    """Ascending times, by their differences: a steady interval is a few dozen bytes."""
    from pcodec import ChunkConfig, DeltaSpec, standalone

    config = ChunkConfig(compression_level=LEVEL, delta_spec=DeltaSpec.try_consecutive(1))
    return bytes(standalone.simple_compress(times, config))


def decode_times(data: bytes) -> Times:
    """What `encode_times` was given."""
    from pcodec import standalone

    times: Times = standalone.simple_decompress(data)
    return times


def _encode_numbers(numbers: NDArray[Any]) -> bytes:
    from pcodec import ChunkConfig, standalone

    return bytes(standalone.simple_compress(numbers, ChunkConfig(compression_level=LEVEL)))


def _encode_values(column: Column) -> tuple[Kind, bytes, int]:
    """How they are kept, compressed, and bytes before that where it is not numbers."""
    import numpy as np

    if not isinstance(column, list):
        if column.dtype == np.bool_:
            return Kind.BOOL, np.packbits(column).tobytes(), 0
        return (Kind.FLOAT if column.dtype == np.float64 else Kind.INT), _encode_numbers(column), 0
    import zstandard

    if all(type(value) is float or (isinstance(value, int) and -EXACT <= value <= EXACT) for value in column):
        numbers = _encode_numbers(np.array(column, dtype=np.float64))
        codes = bytes([_CODES[type(value)] for value in column])
        return Kind.NUMBERS, len(numbers).to_bytes(4, "little") + numbers + zstandard.compress(codes), 0
    packed = pack_values(column)
    return Kind.ANY, zstandard.compress(packed, 3), len(packed)


_CODES: dict[type, int] = {bool: 0, int: 1, float: 2}
_TYPES: tuple[type, ...] = (bool, int, float)


def decode(kind: int, count: int, data: bytes) -> Column:
    """The values of a block. A list of `count` values, or an array when they are of one numeric type."""
    import numpy as np

    if kind == Kind.BOOL:
        return np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=count).astype(np.bool_)
    if kind in (Kind.FLOAT, Kind.INT):
        from pcodec import standalone

        numbers: NDArray[Any] = standalone.simple_decompress(data)
        return numbers
    import zstandard

    if kind == Kind.NUMBERS:
        from pcodec import standalone

        end = 4 + int.from_bytes(data[:4], "little")
        floats = standalone.simple_decompress(data[4:end]).tolist()
        codes = zstandard.decompress(data[end:])
        return [_TYPES[code](number) for code, number in zip(codes, floats, strict=True)]
    return unpack_values(zstandard.decompress(data))


def opened(row: Sequence[Any]) -> tuple[Block, Times, Column]:
    """A row of the table, all columns of `Block`, decoded.

    Raises:
        Damaged: the checksum is wrong, or there is nothing that could have one.
    """
    block = Block(*row)
    what = f"series {block.series}, {block.points} points from {block.first} to {block.last}"
    # A bit in the head of a row makes a text of a number, or nothing at all.
    try:
        if checksum(block) == block.checksum:
            return block, decode_times(block.times), decode(block.kind, block.points, block.data)
    except Exception as error:
        raise Damaged(what, f"it can not be decoded: {error}") from error
    raise Damaged(what, "its checksum is wrong")


def sound(*numbers: object) -> bool:
    """Whether these, which stand beside the data of a block, are integers as they should be: who uses them without
    opening the block has no checksum of them."""
    return all(type(number) is int for number in numbers)


COLUMNS = ", ".join(Block._fields)
EARLY_COLUMNS = ", ".join(Block._fields[:-2])
"""All but the blobs."""

FETCH = f"SELECT {COLUMNS} FROM block WHERE id = ?"  # noqa: S608
