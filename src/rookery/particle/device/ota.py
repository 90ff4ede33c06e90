"""Updates over the air: which protocol a board speaks, and the words that people and scripts see.

Boards of Gen 3 and later say in their Hello (flag 0x80) that they speak protocol v3, here *windowed*; all others get
the older, *chunked* one (particle-device.md §4.11, §4.12). Both are `Transfer`s.
"""

from __future__ import annotations

from typing import Final

from rookery.particle.device.hello import OTA_V3, Hello
from rookery.particle.device.ota_chunked import ChunkedTransfer, choose_chunk_size
from rookery.particle.device.ota_options import OPTIONS
from rookery.particle.device.ota_transfer import (
    CannotUpdate,
    Link,
    Listener,
    Pace,
    Reason,
    Step,
    Target,
    Transfer,
    check_size,
)
from rookery.particle.device.ota_windowed import WindowedTransfer

__all__ = [
    "FLASH_STATUS",
    "OPTIONS",
    "STATUS_FAILED",
    "STATUS_STARTED",
    "STATUS_SUCCESS",
    "CannotUpdate",
    "Link",
    "Listener",
    "Pace",
    "Reason",
    "Step",
    "Target",
    "Transfer",
    "check",
    "target",
    "transfer",
]

FLASH_STATUS: Final = "spark/flash/status"
STATUS_STARTED: Final = "started "
STATUS_SUCCESS: Final = "success "
STATUS_FAILED: Final = "failed "
"""What the event says; the space at the end belongs to each (particle-rest.md §6.6)."""


def check(binary: bytes, target: Target) -> None:
    """Whether this binary can go to this board, before anything is promised to whoever asked.

    Raises:
        CannotUpdate: it cannot, and why.
    """
    check_size(binary, target)
    if target.windowed:
        WindowedTransfer.choose_chunk_size(target)
    else:
        choose_chunk_size(binary, target)


def transfer(
    link: Link, listener: Listener, binary: bytes, target: Target, *, pace: Pace | None = None, resumable: bool = True
) -> Transfer:
    """The machine for this board, not started. `resumable`: the board may keep what it got when the connection is lost,
    and go on from there next time; only protocol v3 can.

    Raises:
        CannotUpdate: see `check`.
    """
    check_size(binary, target)
    if target.windowed:
        return WindowedTransfer(link, listener, binary, target, pace or Pace(), resumable=resumable)
    return ChunkedTransfer(link, listener, binary, target, pace or Pace())


def target(hello: Hello, *, reliable: bool, maximum_size: int = 0, chunk_size: int = 0) -> Target:
    """What a Hello says about updates. The numbers are those that TCP boards before 3.0 publish instead, as the events
    `spark/hardware/max_binary` and `spark/hardware/ota_chunk_size` (particle-device.md §5)."""
    return Target(
        windowed=bool(hello.flags & OTA_V3),
        reliable=reliable,
        maximum_size=hello.max_binary or maximum_size,
        chunk_size=hello.ota_chunk or chunk_size,
        message_size=hello.max_message,
        pad_last_chunk=hello.platform_id == 0,
    )
