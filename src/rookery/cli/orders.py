"""How a command reaches the operations: through the running server of the folder, or by opening the folder itself."""

from __future__ import annotations

import asyncio
import http.client
import os
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from rookery.admin import runfile
from rookery.admin.api import PATH
from rookery.admin.operations import Operations, Result

PATIENCE = 30
"""Seconds to wait for the answer of a running server; the longest work, a password hash, takes a twentieth of one."""
STARTING = 5.0
"""Seconds in which a server that holds the folder, but has not said where it is, should have started or stopped."""
PAUSE = 0.1


class CommandFailed(Exception):
    """The running server refused. `str()` is a sentence for the operator."""


class Unreachable(Exception):
    """Something holds the folder, and no answer comes from it."""


def call(folder: Path, operation: str, **arguments: Any) -> Result:
    """Do an operation on this data folder.

    Raises:
        CommandFailed, Unreachable: as they say.
        and what `Core.open` and the operation raise, where no server runs.
    """
    from rookery.storage.folder import FolderInUse

    deadline = time.monotonic() + STARTING
    while True:
        running = runfile.read(folder)
        if running is not None:
            try:
                return ask(running, operation, arguments)
            except ConnectionError:
                # Left behind by a server that was killed, whose process id somebody else has now.
                pass
        if not (folder / "catalog.db").exists():
            raise CommandFailed(
                f"There is no Rookery data in {folder}. Start `rookery serve --data-dir {folder}` once, "
                "or name the right folder with --data-dir."
            )
        try:
            return asyncio.run(directly(folder, operation, arguments))
        except FolderInUse as error:
            if time.monotonic() > deadline:
                raise Unreachable(f"{error} It does not answer its commands.") from error
            time.sleep(PAUSE)


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


async def directly(folder: Path, operation: str, arguments: dict[str, Any]) -> Result:
    """Open a folder that nobody serves, do it, and close it. Raises what `Core.open` and the operation raise."""
    from rookery.opened import Core
    from rookery.settings import Settings

    core = await Core.open(Settings.load(os.environ, {"data_dir": str(folder)}))
    try:
        return await Operations(core.services).run(operation, arguments)
    finally:
        await core.close()
