"""Rows out of the pages of a SQLite file, without the tree that leads to them.

A damaged page that leads to others takes all that is under it out of sight, although it is there. With
`auto_vacuum` SQLite keeps a map of what each page is for, so the pages of tables that are in use can be told from those
that are free and hold what was deleted. What a row says is checked by whoever gets it: ours carry checksums.

The format: https://www.sqlite.org/fileformat2.html, sections 1.5 (pages of the tree), 1.6 (overflow), 1.8 (the pointer
map) and 2.1 (records).
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from struct import error as StructError
from struct import unpack_from
from types import TracebackType
from typing import Any

HEADER = 100
LEAF = 13
"""The first byte of a page with rows of a table."""
ROOT, BRANCH = 1, 5
"""In the map: a page of a tree, the first or another. The other kinds are free pages and overflow."""
LOCKED = 0x40000000
"""The byte whose page is never used."""

_INTEGERS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}

Row = tuple[int, tuple[Any, ...]]
"""The id of a row, and its columns as they are stored: NULL for the one that is the id, integers for whole floats."""


class Malformed(Exception):
    """What is there is no row."""


class PageFile:
    """A file, opened for reading. Nobody may write into it meanwhile; its write-ahead log is not looked at."""

    def __init__(self, path: Path) -> None:
        """Raises OSError, or Malformed when it does not begin as such a file."""
        with path.open("rb") as file:
            try:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except ValueError as error:
                raise Malformed("it is empty") from error
        (size,) = unpack_from(">H", self._data, 16) if len(self._data) >= HEADER else (0,)
        self._size = 65536 if size == 1 else size
        if self._data[:16] != b"SQLite format 3\0" or self._size < 512:
            self._data.close()
            raise Malformed("it is no SQLite file")
        self._usable = self._size - self._data[20]
        self._count = len(self._data) // self._size

    def __enter__(self) -> PageFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._data.close()

    def rows(self) -> Iterator[Row]:
        """The rows of all tables, in no order, but for those that can not be read."""
        for page in range(2, self._count + 1):
            if self._kind(page) not in (ROOT, BRANCH):
                continue
            start = (page - 1) * self._size
            if self._data[start] != LEAF:
                continue
            (cells,) = unpack_from(">H", self._data, start + 3)
            for cell in range(min(cells, self._usable // 4)):
                try:
                    (place,) = unpack_from(">H", self._data, start + 8 + 2 * cell)
                    yield self._row(start, place)
                except (Malformed, StructError, IndexError, UnicodeDecodeError):
                    continue

    def _kind(self, page: int) -> int:
        """What the pointer map says that this page is for; 0 for the pages of the map itself."""
        span = self._usable // 5 + 1
        mapping = (page - 2) // span * span + 2
        if mapping == LOCKED // self._size + 1:
            mapping += 1
        return 0 if page <= mapping else self._data[(mapping - 1) * self._size + 5 * (page - mapping - 1)]

    def _row(self, start: int, place: int) -> Row:
        if not 8 <= place < self._usable:
            raise Malformed("a row is outside of its page")
        at = start + place
        length, at = self._varint(at)
        number, at = self._varint(at)
        return number - (number >> 63 << 64), self._record(self._payload(start, at, length))

    def _payload(self, start: int, at: int, length: int) -> bytes:
        if length > len(self._data):
            raise Malformed("a row is longer than the file")
        most = self._usable - 35
        if length <= most:
            if at + length > start + self._usable:
                raise Malformed("a row reaches beyond its page")
            return self._data[at : at + length]
        least = (self._usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (self._usable - 4)
        local = local if local <= most else least
        parts = [self._data[at : at + local]]
        (page,) = unpack_from(">I", self._data, at + local)
        left = length - local
        while left > 0:
            if not 2 <= page <= self._count:
                raise Malformed("the rest of a row is nowhere")
            begin = (page - 1) * self._size
            taken = min(left, self._usable - 4)
            parts.append(self._data[begin + 4 : begin + 4 + taken])
            left -= taken
            (page,) = unpack_from(">I", self._data, begin)
        return b"".join(parts)

    def _varint(self, at: int, data: bytes | None = None) -> tuple[int, int]:
        """The number at a place, and where it ends."""
        source = self._data if data is None else data
        value = 0
        for byte in source[at : at + 8]:
            at += 1
            value = value << 7 | byte & 0x7F
            if byte < 0x80:
                return value, at
        return value << 8 | source[at], at + 1

    def _record(self, data: bytes) -> tuple[Any, ...]:
        end, at = self._varint(0, data)
        body = end
        columns: list[Any] = []
        while at < end:
            kind, at = self._varint(at, data)
            width = _INTEGERS.get(kind, 8 if kind == 7 else max(kind - 12, 0) // 2)
            if body + width > len(data) or kind in (10, 11):
                raise Malformed("a column is longer than its row")
            columns.append(_value(kind, data[body : body + width]))
            body += width
        if at != end or body != len(data):
            raise Malformed("the columns are not as long as the row")
        return tuple(columns)


def _value(kind: int, data: bytes) -> Any:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return unpack_from(">d", data)[0]
    if kind in _INTEGERS:
        return int.from_bytes(data, "big", signed=True)
    return data.decode() if kind % 2 else data
