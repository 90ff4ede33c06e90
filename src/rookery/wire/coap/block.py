"""One block of a body: the value of the options Block1 and Block2 (RFC 7959, 2.2), and bodies that grow from them."""

from __future__ import annotations

from typing import NamedTuple

from rookery.wire.coap.errors import BadBlock, LocalError
from rookery.wire.coap.options import uint

SIZES = (16, 32, 64, 128, 256, 512, 1_024)
"""2 to the power of 4 to 10; the eighth code is reserved (RFC 7959, 2.2)."""
MAX_NUMBER = (1 << 20) - 1


class Block(NamedTuple):
    """Which block, whether more follow, and how many bytes each but the last has."""

    number: int
    more: bool
    size: int

    @property
    def offset(self) -> int:
        """Where in the body it begins."""
        return self.number * self.size

    def value(self) -> bytes:
        """The value of the option.

        Raises:
            LocalError: not a size of the standard, or too high a number.
        """
        if self.size not in SIZES or not 0 <= self.number <= MAX_NUMBER:
            raise LocalError(f"there is no block {self.number} of {self.size} bytes (RFC 7959, 2.2)")
        return uint(self.number << 4 | self.more << 3 | SIZES.index(self.size))

    @classmethod
    def read(cls, value: bytes) -> Block:
        """The block that this value of an option says.

        Raises:
            BadBlock: the reserved size, or more than three bytes.
        """
        if len(value) > 3:
            raise BadBlock("a block option of more than three bytes", "RFC 7959, 2.2")
        number = int.from_bytes(value, "big")
        if number & 7 == 7:
            raise BadBlock("a reserved size of blocks", "RFC 7959, 2.2")
        return cls(number >> 4, number & 8 == 8, SIZES[number & 7])


class Body:
    """A body that arrives in order. `limit` is the most it may have."""

    __slots__ = ("block_size", "data", "limit", "tag")

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.limit = limit
        self.tag: bytes | None = None
        self.block_size = SIZES[-1]

    def fits(self, block: Block) -> bool:
        """Whether this block is the next one."""
        return block.offset == len(self.data)

    def add(self, block: Block, payload: bytes) -> bool:
        """Take the next block; True when it was the last.

        Raises:
            BadBlock: it is not the next one, or not full although more follow (RFC 7959, 2.2), or the body gets too
                long.
        """
        if not self.fits(block):
            raise BadBlock("a block out of order", "RFC 7959, 2.9.2")
        if len(payload) > block.size or (block.more and len(payload) != block.size):
            raise BadBlock("a block of a size that it does not say", "RFC 7959, 2.2")
        if len(self.data) + len(payload) > self.limit:
            raise BadBlock(f"a body above {self.limit} bytes", "RFC 7959, 2.9.3")
        self.data += payload
        return not block.more
