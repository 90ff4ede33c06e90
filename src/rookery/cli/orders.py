"""How a command reaches the operations: through the running server of the folder, or by opening the folder itself."""

from __future__ import annotations

import asyncio
import http.client
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from rookery.admin import runfile
from rookery.admin.api import PATH
from rookery.admin.operations import Operations, Result

if TYPE_CHECKING:
    from rookery.opened import Core

PATIENCE = 30
"""Seconds to wait for the answer of a running server; the longest work, a password hash, takes a twentieth of one."""
STARTING = 5.0
"""Seconds in which a server that holds the folder, but has not said where it is, should have started or stopped."""
PAUSE = 0.1


class CommandFailed(Exception):
    """The running server refused. `str()` is a sentence for the operator."""


class Unreachable(Exception):
    """Something holds the folder, and no answer comes from it."""


Order = Callable[..., Result]
"""`order("noun_verb", name=value)`: does an operation and returns its result."""


def call(folder: Path, operation: str, **arguments: Any) -> Result:
    """Do an operation on this data folder.

    Raises:
        CommandFailed, Unreachable: as they say.
        and what `Core.open` and the operation raise, where no server runs.
    """
    with session(folder) as order:
        return order(operation, **arguments)


@contextmanager
def session(folder: Path) -> Iterator[Order]:
    """Several operations on this data folder, one after the other. Where no server runs, the folder is held meanwhile.

    Raises:
        CommandFailed, Unreachable: as they say.
        and what `Core.open` and the operations raise, where no server runs.
    """
    from rookery.storage.folder import FolderInUse

    deadline = time.monotonic() + STARTING
    while True:
        running = runfile.read(folder)
        if running is not None:
            try:
                ask(running, "server_show", {})
            except ConnectionError:
                # Left behind by a server that was killed, whose process id somebody else has now.
                pass
            else:
                yield _asking(running)
                return
        if not (folder / "catalog.db").exists():
            raise CommandFailed(
                f"There is no Rookery data in {folder}. Start `rookery serve --data-dir {folder}` once, "
                "or name the right folder with --data-dir."
            )
        with asyncio.Runner() as runner:
            try:
                core = runner.run(_opened(folder))
            except FolderInUse as error:
                if time.monotonic() > deadline:
                    raise Unreachable(f"{error} It does not answer its commands.") from error
                time.sleep(PAUSE)
                continue
            try:
                yield _doing(runner, Operations(core.services))
            finally:
                runner.run(core.close())
            return


def _asking(running: runfile.Running) -> Order:
    """Orders to a running server. That it was there is known."""

    def order(operation: str, **arguments: Any) -> Result:
        try:
            return ask(running, operation, arguments)
        except ConnectionError as error:
            raise Unreachable(
                f"The server (process {running.pid}) has gone away in the midst of it. Do the same again: "
                "what was done before is there."
            ) from error

    return order


def _doing(runner: asyncio.Runner, operations: Operations) -> Order:
    """Orders that are carried out here."""
    return lambda operation, **arguments: runner.run(operations.run(operation, arguments))


async def _opened(folder: Path) -> Core:
    """A folder that nobody serves. Raises what `Core.open` raises."""
    from rookery.opened import Core
    from rookery.settings import Settings

    return await Core.open(Settings.load(os.environ, {"data_dir": str(folder)}))


def ask(running: runfile.Running, operation: str, arguments: dict[str, Any]) -> Result:
    """The answer of a running server.

    Raises:
        ConnectionError: nobody listens there, or it is another server than the one that wrote the run file.
        CommandFailed: it refused.
        Unreachable: it did not answer in time, or not as Rookery does.
    """
    address = urlsplit(running.admin)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
    body = msgspec.json.encode({"operation": operation, "arguments": arguments})
    headers = {"Authorization": f"Bearer {running.token}", "Content-Type": "application/json"}
    try:
        connection.request("POST", PATH, body, headers)
        response = connection.getresponse()
        answer = msgspec.json.decode(response.read())
    except ConnectionError:
        raise
    except (OSError, http.client.HTTPException, msgspec.DecodeError) as error:
        raise Unreachable(f"The server (process {running.pid}) does not answer at {running.admin}: {error}.") from error
    finally:
        connection.close()
    if response.status == 401:
        raise ConnectionError("another server")
    if response.status != 200:
        raise CommandFailed(str(answer.get("error", "The server refused.")))
    result: Result = answer["result"]
    return result
