"""The firmware binaries of Device OS: what their header and their last bytes say.

A *module* is one binary: a user application, a part of the system, a bootloader. It is

    [vector table] header (24 bytes) ... code ... [extensions] suffix (36 bytes) CRC-32 (4 bytes)

with numbers little-endian, except the CRC, which is big-endian (particle-device.md §7). The addresses of the header are
those in the flash of the board: `end - start + 4` is the size of the file. Where code begins with a vector table the
header stands behind it, so it is searched for, as Device OS's own virtual board does: in steps of 4 bytes through the
first 16 KiB.

The CRC covers everything before it. The SHA-256 covers everything before itself, so neither the size field nor the CRC
(device-os `build/module.mk`). User applications carry the product they were built for in front of the suffix: as an
extension of type 1 (id of 32 bits), before there were extensions as two numbers of 16 bits.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

_HEADER: Final = struct.Struct("<IIBBHHBBBBHBBH")
_PRODUCT_EXTENSION: Final = struct.Struct("<HHIH")
_PRODUCT_LEGACY: Final = struct.Struct("<HH")
_CRC_SIZE: Final = 4
_SUFFIX_SIZE: Final = 36
_HASHED_TO: Final = 38  # SHA-256, size and CRC are what the SHA-256 does not cover
_NO_PRODUCT_ID: Final = (0xFFFF, 0xFFFF_FFFF)
_NO_PRODUCT_VERSION: Final = 0xFFFF
_SEARCHED: Final = 16 * 1024
"""How far in a header is looked for: what the virtual board searches (device-os `hal/src/gcc/ota_flash_hal.cpp`)."""
_USUAL_OFFSETS: Final = (0, 0x184, 0x200)
"""Where headers stand in files whose size does not fit: at once, or behind the vector table of Gen 2 and of Gen 3."""


class Function(IntEnum):
    """What a module is for."""

    NONE = 0
    RESOURCE = 1
    BOOTLOADER = 2
    MONOLITHIC = 3
    SYSTEM_PART = 4
    USER_PART = 5
    SETTINGS = 6
    NCP_FIRMWARE = 7
    RADIO_STACK = 8
    ASSET = 9


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another module that has to be on the board, of this version or a later one."""

    function: int
    index: int
    version: int


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed module. `offset` is where its header stands; `sha256` is what it says of itself."""

    offset: int
    start: int
    end: int
    flags: int
    version: int
    platform: int
    function: int
    index: int
    dependencies: tuple[Dependency, ...]
    product_id: int | None
    product_version: int | None
    sha256: bytes
    size_matches: bool
    crc_ok: bool
    sha256_ok: bool

    @property
    def valid(self) -> bool:
        """The file is whole. The SHA-256 does not count: boards identify modules by it and do not check it."""
        return self.size_matches and self.crc_ok

    def problem(self, platform: int | None = None) -> str:
        """Why a board of that platform would not run it, as a sentence; empty when nothing speaks against it."""
        if not self.size_matches:
            return "The binary is not as long as its header says: it is cut off, or something was added."
        if not self.crc_ok:
            return "The checksum of the binary is wrong: it is damaged."
        if platform is not None and platform != self.platform:
            return f"The binary is for platform {self.platform}, the board is of platform {platform}."
        return ""


def parse(data: bytes) -> Module | None:
    """The module in a file, None when nothing in it looks like a header."""
    size = len(data)
    if size <= _HEADER.size + _SUFFIX_SIZE + _CRC_SIZE:
        return None
    last = min(_SEARCHED, size - _SUFFIX_SIZE - _CRC_SIZE) - _HEADER.size
    for offset in range(0, last + 1, 4):
        start, end = struct.unpack_from("<II", data, offset)
        if end > start and end - start + _CRC_SIZE == size and _plausible(_HEADER.unpack_from(data, offset)):
            return _read(data, offset)
    for offset in _USUAL_OFFSETS:
        if offset <= last and _plausible(_HEADER.unpack_from(data, offset)):
            return _read(data, offset)
    return None


def _plausible(fields: tuple[int, ...]) -> bool:
    """What the virtual board asks of a header, but for size and platform: those are reported."""
    start, end, _, _, _, _, function, _, first, first_index, first_version, second, second_index, second_version = (
        fields
    )
    return (
        end > start
        and Function.NONE < function <= Function.ASSET
        and max(first, second) <= Function.ASSET
        and (first != Function.NONE or not (first_index or first_version))
        and (second != Function.NONE or not (second_index or second_version))
    )


def _read(data: bytes, offset: int) -> Module:
    start, end, _, flags, version, platform, function, index, *rest = _HEADER.unpack_from(data, offset)
    product_id, product_version = _product(data, function)
    sha256 = data[-_HASHED_TO : -_HASHED_TO + 32]
    return Module(
        offset=offset,
        start=start,
        end=end,
        flags=flags,
        version=version,
        platform=platform,
        function=function,
        index=index,
        dependencies=tuple(Dependency(*each) for each in (rest[:3], rest[3:]) if each[0] != Function.NONE),
        product_id=product_id,
        product_version=product_version,
        sha256=sha256,
        size_matches=end - start + _CRC_SIZE == len(data),
        crc_ok=zlib.crc32(data[:-_CRC_SIZE]) == int.from_bytes(data[-_CRC_SIZE:], "big"),
        sha256_ok=hashlib.sha256(data[:-_HASHED_TO]).digest() == sha256,
    )


def _product(data: bytes, function: int) -> tuple[int | None, int | None]:
    """Product and version; only applications have them, and only those whose author named a product."""
    if function != Function.USER_PART:
        return None, None
    suffix = len(data) - _CRC_SIZE - _SUFFIX_SIZE
    at = suffix - _PRODUCT_EXTENSION.size
    kind, length, product, version = _PRODUCT_EXTENSION.unpack_from(data, at)
    if (kind, length) != (1, _PRODUCT_EXTENSION.size):
        if int.from_bytes(data[-6:-4], "little") != _SUFFIX_SIZE + _PRODUCT_LEGACY.size:
            return None, None
        product, version = _PRODUCT_LEGACY.unpack_from(data, suffix - _PRODUCT_LEGACY.size)
    return None if product in _NO_PRODUCT_ID else product, None if version == _NO_PRODUCT_VERSION else version


def build(
    platform: int,
    *,
    version: int = 1,
    function: int = Function.USER_PART,
    index: int = 1,
    body: bytes = b"",
    start: int = 0x0800_0000,
    dependencies: tuple[Dependency, ...] = (),
    product_id: int | None = None,
    product_version: int | None = None,
    header_at: int = 0,
) -> bytes:
    """A module that boards accept, for simulated boards and tests. `body` stands where code would; where the function
    is another than an application there has to be some, or the file is too short for a module.

    `header_at` puts a vector table of so many bytes (a multiple of 4) in front of the header. Applications get the
    extension with the product also when it is not known, as Device OS builds them: boards read it without looking.

    Raises:
        ValueError: more than the two dependencies a header has room for, or an offset that is not searched.
    """
    if len(dependencies) > 2 or header_at % 4 or not 0 <= header_at <= _SEARCHED - _HEADER.size:
        raise ValueError("a header has two dependencies and stands on a multiple of 4 in the first 16 KiB")
    product = b""
    if function == Function.USER_PART:
        product = _PRODUCT_EXTENSION.pack(
            1,
            _PRODUCT_EXTENSION.size,
            _NO_PRODUCT_ID[1] if product_id is None else product_id,
            _NO_PRODUCT_VERSION if product_version is None else product_version,
        )
    size = header_at + _HEADER.size + len(body) + len(product) + _SUFFIX_SIZE + _CRC_SIZE
    named = [(each.function, each.index, each.version) for each in dependencies]
    first, second = (*named, (0, 0, 0), (0, 0, 0))[:2]
    end = start + size - _CRC_SIZE
    header = _HEADER.pack(start, end, 0, 0, version, platform, function, index, *first, *second)
    hashed = b"".join((bytes(header_at), header, body, product, bytes(2)))
    checked = hashed + hashlib.sha256(hashed).digest() + (_SUFFIX_SIZE + len(product)).to_bytes(2, "little")
    return checked + zlib.crc32(checked).to_bytes(4, "big")
