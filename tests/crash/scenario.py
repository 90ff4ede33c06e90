"""A history of one store, told twice: by a program whose disk is watched, and to whoever compares.

`python -m tests.crash.scenario FOLDER` writes batches, merges, expires and deletes, and writes down in the file
`acknowledged` how far it was told that it had come. It ends with 0 when all was done, with 3 when the disk refused
something: then what was refused was not acknowledged.

`python -m tests.crash.scenario` does it once for every line that it reads: a JSON object with the folder and with what
the disk shall do (disk.py); it answers each with the status, on a line. A thousand histories need one start of Python.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from rookery.core.points import StoreRefused
from rookery.storage.telemetry import TelemetryFileError, TelemetryStore, commitlog, expiry, merge, schema
from tests.fakes import ManualClock
from tests.storage.telemetry.crasher import point
from tests.storage.telemetry.ledger import Ledger

NAME = "telemetry.db"
ACKNOWLEDGED = "acknowledged"
BATCH = 20
DELETED = 2
OLD = 8_000
REFUSED = 3


def steps() -> Iterator[tuple[str, Any]]:
    """What happens, in order."""
    for first in range(0, 400, BATCH):
        yield "write", [point(k) for k in range(first, first + BATCH)]
        if first % 100 == 60:
            yield "merge", None
        if first == 200:
            yield "delete", [DELETED]
        if first == 300:
            yield "expire", {1: OLD, 3: OLD}
    yield "merge", None


def small(put: Callable[[object, str, int], None] = setattr) -> None:
    """Blocks and write-ahead logs of a few points, so that a short history has many, and checkpoints too.

    They are the settings of whole modules: a test gives what takes them back.
    """
    for module, name, value in (
        (merge, "OPEN_POINTS", 8),
        (merge, "MOST_POINTS", 16),
        (merge, "FAST_BLOCKS", 1),
        (commitlog, "FOLD_ROWS", 3),
        (expiry, "SLACK", 0),
        (expiry, "FREE_PAGES", 4),
        (schema, "WAL_PAGES", 12),
    ):
        put(module, name, value)


def after(count: int) -> Ledger:
    """What a store has after so many steps."""
    ledger = Ledger()
    for kind, argument in islice(steps(), count):
        if kind == "write":
            for row in argument:
                ledger.write(*row)
        elif kind == "delete":
            for series in argument:
                ledger.delete(series)
        elif kind == "expire":
            for series, before in argument.items():
                ledger.expire(series, before)
    return ledger


async def main(folder: Path) -> int:
    """Live it."""
    small()
    descriptor = os.open(folder / ACKNOWLEDGED, os.O_WRONLY | os.O_CREAT, 0o600)
    store = TelemetryStore(folder / NAME, ManualClock(), spacing=0.0)
    try:
        await store.open()
    except TelemetryFileError:
        return REFUSED
    refused = False
    for number, (kind, argument) in enumerate(steps()):
        try:
            if kind == "write":
                await store.write(argument)
            elif kind == "merge":
                await store.merge()
            elif kind == "delete":
                await store.delete(argument)
            else:
                await store.merge()
                await store.expire(argument)
        except StoreRefused:
            refused = True
            break
        os.pwrite(descriptor, (number + 1).to_bytes(4, "little"), 0)
    await store.close()
    return REFUSED if refused else 0


def again(line: str) -> int:
    """Live it in a process of its own, with its own disk; its status, or 1 when it broke in any other way."""
    order = json.loads(line)
    child = os.fork()
    if not child:
        status = 1
        try:
            os.environ.update(order["shim"], SHIM_FOLDER=f"{order['folder']}/")
            ctypes.CDLL(None).shim_begin()
            status = asyncio.run(main(Path(order["folder"])))
        finally:
            # Not through the exit of Python, which is the parent's. An error has been printed by then.
            if status == 1:
                sys.excepthook(*sys.exc_info())
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(asyncio.run(main(Path(sys.argv[1]))))
    for line in sys.stdin:
        print(again(line), flush=True)
