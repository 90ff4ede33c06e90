"""The Hello: who a board is, first thing in a session (particle-device.md §4.1).

It grew over the years, always at its end: 6 bytes from the Core, the platform from the Photon on, over UDP the id of
the board, from Device OS 3.0 on the version of the system and what fits. All numbers are big-endian.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from msgspec import Struct as Record

from rookery.particle.device.errors import MessageError

OTA_SUCCEEDED: Final = 0x01
DIAGNOSTICS: Final = 0x02
IMMEDIATE_UPDATES: Final = 0x04
HANDSHAKE_COMPLETE: Final = 0x08
GOODBYE: Final = 0x10
DESCRIBES_ITSELF: Final = 0x20
COMPRESSED_OTA: Final = 0x40
OTA_V3: Final = 0x80

UNDEFINED: Final = 0xFFFF
DEVICE_ID_BYTES: Final = 12

MAX_HELLO: Final = 128
"""Bytes. The longest known has 32; what later firmware appends is passed over."""

_CORE = Struct(">HHH")
_SHORT = Struct(">HHHH")
_LONG = Struct(">HHIH")


class Hello(Record, frozen=True, kw_only=True):
    """What a board says of itself. Numbers that it did not say are 0, a product or version that is undefined is None,
    `device_id` is 24 hexadecimal digits, or empty over TCP where the handshake said it."""

    product_id: int | None = None
    product_version: int | None = None
    flags: int = 0
    platform_id: int = 0
    device_id: str = ""
    system_version: int = 0
    max_message: int = 0
    max_binary: int = 0
    ota_chunk: int = 0

    @property
    def ota_succeeded(self) -> bool:
        """The last update went well (old firmware)."""
        return bool(self.flags & OTA_SUCCEEDED)

    @property
    def diagnostics(self) -> bool:
        """It has vitals to ask for."""
        return bool(self.flags & DIAGNOSTICS)

    @property
    def immediate_updates(self) -> bool:
        """It says by events whether it takes updates now."""
        return bool(self.flags & IMMEDIATE_UPDATES)

    @property
    def says_goodbye(self) -> bool:
        """It announces that it leaves, where it can."""
        return bool(self.flags & GOODBYE)

    @property
    def describes_itself(self) -> bool:
        """It sends its description without being asked. All others have to be asked after the Hello (§4.3)."""
        return bool(self.flags & DESCRIBES_ITSELF)

    @property
    def compressed_ota(self) -> bool:
        """It takes compressed and combined binaries."""
        return bool(self.flags & COMPRESSED_OTA)

    @property
    def ota_v3(self) -> bool:
        """It takes updates by protocol v3 (§4.12), otherwise by the chunked one (§4.11)."""
        return bool(self.flags & OTA_V3)

    @property
    def version(self) -> int:
        """`system_version`, or what the flags say about the time before it was sent (§11): at least 2000 for 2.0, 1200
        for 1.2. 0 stands for anything older."""
        if self.system_version:
            return self.system_version
        if self.flags & (GOODBYE | DESCRIBES_ITSELF | COMPRESSED_OTA):
            return 2_000
        return 1_200 if self.flags & (DIAGNOSTICS | IMMEDIATE_UPDATES) else 0


def decode_hello(payload: bytes) -> Hello:
    """The Hello in this payload.

    Raises:
        MessageError: none of the known forms, or the device id is not 12 bytes.
    """
    size = len(payload)
    if size > MAX_HELLO:
        raise MessageError(f"a Hello of {size} bytes")
    if size == _CORE.size:
        product, version, flags = _CORE.unpack(payload)
        return Hello(product_id=_defined(product), product_version=_defined(version), flags=flags)
    if size < _SHORT.size:
        raise MessageError(f"a Hello of {size} bytes")
    product, version, flags, platform = _SHORT.unpack_from(payload)
    device_id = ""
    system = message = binary = chunk = 0
    if size > _SHORT.size:
        at = _SHORT.size + 2
        length = int.from_bytes(payload[_SHORT.size : at], "big")
        if size < at or length not in (0, DEVICE_ID_BYTES) or size < at + length:
            raise MessageError("a Hello whose device id has not 12 bytes")
        device_id = payload[at : at + length].hex()
        at += length
        if size > at:
            if size < at + _LONG.size:
                raise MessageError("a Hello that ends within the limits of the board")
            system, message, binary, chunk = _LONG.unpack_from(payload, at)
    return Hello(
        product_id=_defined(product),
        product_version=_defined(version),
        flags=flags,
        platform_id=platform,
        device_id=device_id,
        system_version=system,
        max_message=message,
        max_binary=binary,
        ota_chunk=chunk,
    )


def encode_hello(hello: Hello) -> bytes:
    """The payload that a board with these properties sends, in the shortest form that says it all."""
    product = UNDEFINED if hello.product_id is None else hello.product_id
    version = UNDEFINED if hello.product_version is None else hello.product_version
    limits = (hello.system_version, hello.max_message, hello.max_binary, hello.ota_chunk)
    if not (hello.platform_id or hello.device_id or any(limits)):
        return _CORE.pack(product, version, hello.flags)
    short = _SHORT.pack(product, version, hello.flags, hello.platform_id)
    if not (hello.device_id or any(limits)):
        return short
    identity = bytes.fromhex(hello.device_id)
    tail = _LONG.pack(*limits) if any(limits) else b""
    return short + len(identity).to_bytes(2, "big") + identity + tail


def _defined(number: int) -> int | None:
    return None if number == UNDEFINED else number
