"""How commands find the server that runs on a data folder: `run.json`, there while it serves, for its owner only."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import msgspec

NAME = "run.json"


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """What a running server says of itself."""

    pid: int
    admin: str
    """The base address of the administration endpoint, on this machine."""
    token: str
    """What opens it: drawn anew at every start."""
    url: str
    """The base of both APIs for programs on this machine; empty where no HTTP listener is on."""
    secure_url: str | None
    """The same over TLS, under the name that clients from outside use."""
    ports: dict[str, list[int]]
    """Setting name to ports in use."""

    @property
    def mqtts(self) -> int | None:
        """The port for boards with a secret key."""
        return next(iter(self.ports.get("mqtts_port", ())), None)


def write(folder: Path, running: Running) -> None:
    """A server serves. The file is replaced as a whole; from its first moment only its owner may read it."""
    temporary = folder / f".{NAME}.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(running))
    temporary.replace(folder / NAME)


def read(folder: Path) -> Running | None:
    """The server that runs there, as far as one can see: after a crash the file is left behind."""
    try:
        running = msgspec.json.decode((folder / NAME).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):
        return None
    return running if _alive(running.pid) else None


def remove(folder: Path) -> None:
    """Nobody serves any more."""
    with contextlib.suppress(OSError):
        (folder / NAME).unlink()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        # It is there and belongs to somebody else.
        return True
    return True
