"""Owner-only files that are either the old one or the new one, never half of each."""

from __future__ import annotations

import os
from pathlib import Path

from rookery.keys.errors import KeysError

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def make_private_folder(folder: Path) -> None:
    """Create `folder` (and its parents) and close it to everybody but its owner.

    Raises:
        KeysError: it cannot be created or closed.
    """
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        # mkdir's mode passes through the umask and says nothing about a folder that was there before.
        folder.chmod(FOLDER_MODE)
    except OSError as error:
        raise KeysError(
            f"The key folder {folder} cannot be made private ({error.strerror}): "
            "give it to the user that runs Rookery, or choose another data folder."
        ) from error


def write_private(path: Path, content: bytes) -> None:
    """Replace `path` by `content`, readable by its owner only.

    The content goes to a temporary file first, is flushed to disk and then renamed over the old file, so that neither
    a crash nor a full disk leaves a broken key behind.

    Raises:
        KeysError: the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        # The mode is given at creation: a chmod afterwards would leave a moment in which others can open the file.
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(FILE_MODE)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        flush_folder(path.parent)
    except OSError as error:
        raise KeysError(
            f"{path} cannot be written ({error.strerror}): make room or give the folder to the user that runs Rookery."
        ) from error


def flush_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_private(path: Path) -> bytes | None:
    """The content of `path`, or None where there is no such file. A file that others may read is closed to them.

    Raises:
        KeysError: the file is there but cannot be read.
    """
    try:
        content = path.read_bytes()
        if path.stat().st_mode & 0o077:
            path.chmod(FILE_MODE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise KeysError(f"{path} cannot be read ({error.strerror}): give it to the user that runs Rookery.") from error
    return content
