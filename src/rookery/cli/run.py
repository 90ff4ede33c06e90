"""Running a server until somebody asks it to stop: what `serve` and `sandbox` share."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rookery.server import Server

OLD_OBJECTS = 50_000
"""Objects made before the collector looks at the youngest. The default of 700 looks at them all the time."""

MANY_FILES = 65_536
"""Files and connections that a server may have open: more than the 50,000 connections that its limits allow."""

Start = Callable[[], Awaitable["Server"]]
Serving = Callable[["Server", asyncio.Event], Awaitable[None]]


def run(start: Start, serving: Serving) -> None:
    """Start a server, call `serving(server, stop)`, and stop when it returns or when SIGTERM or SIGINT comes.

    Raises what `start` raises.
    """
    import uvloop

    _allow_many_files()
    # Nothing that an import makes is garbage: collecting meanwhile is a tenth of the start.
    gc.disable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_live(start, serving))


async def _live(start: Start, serving: Serving) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    starting = asyncio.ensure_future(start())

    def asked() -> None:
        stop.set()
        starting.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)
    try:
        server = await starting
    except asyncio.CancelledError:
        # Asked to stop before it served.
        return
    try:
        # What the start has made stays: the collector need not look at it again.
        gc.freeze()
        gc.set_threshold(OLD_OBJECTS, 20, 50)
        gc.enable()
        await serving(server, stop)
    finally:
        await server.stop()


def _allow_many_files() -> None:
    """Raise the limit of open files to what the system allows: many systems begin with 1,024, and each board is one."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MANY_FILES if hard == resource.RLIM_INFINITY else min(MANY_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    with contextlib.suppress(ValueError, OSError):  # macOS refuses more than its kernel's own limit.
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
