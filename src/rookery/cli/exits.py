"""Exit codes, and which one belongs to which failure. docs/cli.md lists them."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import NoReturn


class Exit(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    FOLDER = 3
    IN_USE = 4
    PORT = 5
    UNREACHABLE = 6


MEANING = {
    Exit.DONE: "done",
    Exit.FAILED: "not done; the reason is on standard error",
    Exit.USAGE: "wrong usage, or a setting that can not be used",
    Exit.FOLDER: "the data folder, or a key or database in it, can not be used",
    Exit.IN_USE: "another server uses the data folder",
    Exit.PORT: "a port can not be used",
    Exit.UNREACHABLE: "the server does not answer",
}


def fail(sentence: str, code: Exit = Exit.FAILED) -> NoReturn:
    """Say why it was not done, and exit."""
    print(sentence, file=sys.stderr)
    sys.exit(code)


def fail_with(error: BaseException) -> NoReturn:
    """End with the sentence and the code of an error that carries one. Every other is a fault of ours and is raised."""
    from rookery.core.errors import CoreError
    from rookery.keys.errors import KeysError
    from rookery.ports import PortUnusable
    from rookery.settings import SettingsError
    from rookery.storage.folder import FolderError, FolderInUse
    from rookery.storage.telemetry import TelemetryFileError, TelemetryInUse

    # The first that fits counts.
    codes: tuple[tuple[type[BaseException], Exit], ...] = (
        (SettingsError, Exit.USAGE),
        (FolderInUse, Exit.IN_USE),
        (TelemetryInUse, Exit.IN_USE),
        (FolderError, Exit.FOLDER),
        (KeysError, Exit.FOLDER),
        (TelemetryFileError, Exit.FOLDER),
        (PortUnusable, Exit.PORT),
        (CoreError, Exit.FAILED),
    )
    for kind, code in codes:
        if isinstance(error, kind):
            fail(str(error), code)
    raise error
