"""The data folder: everything a server keeps, in one place that only its owner may read.

```
catalog.db     people, spaces, devices, things, variables        (SQLite, with -wal and -shm beside it while in use)
telemetry.db   points                                            (with a lock of its own beside it)
telemetry.db.damaged-TIME   what it was before `rookery data repair`; delete it when nothing is missed
messages.db    retained and waiting messages of private topic trees
keys/          the certificate authority, server keys, token keys, the pepper
blobs/         firmware files, and in exports/ the histories that people asked for
rookery.toml   settings, written by the operator
rookery.lock   held while a server runs; it is never removed, because removing it would let two servers in
run.json       where commands find the running server; there while it serves
```
"""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

FOLDER_MODE = 0o700
FILE_MODE = 0o600


class FolderError(Exception):
    """The data folder can not be used. `str()` is a plain sentence for whoever started the server."""


class FolderInUse(FolderError):
    """Another server runs on it."""


class FolderReadOnly(FolderError):
    """It can be read but not written."""


class FolderTooNew(FolderError):
    """A newer Rookery has written it."""


class FolderDamaged(FolderError):
    """A file in it is not what its name says."""


def flush(path: Path) -> None:
    """Bring what was written of a file to the disk; of a folder, the names in it, so that a rename survives a power
    cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class DataFolder:
    """A data folder that this process has locked. Make one with `DataFolder.open`."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> DataFolder:
        """Create the folder where it is missing, and lock it.

        Raises:
            FolderInUse: another server holds the lock.
            FolderReadOnly: the folder, or the disk under it, does not let us write.
            FolderError: it can not be made or is not a folder.
        """
        path = path.absolute()
        try:
            path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        except FileExistsError:
            raise FolderError(f"{path} is a file, not a folder.") from None
        except OSError as error:
            raise _worded(path, error) from error
        try:
            lock = os.open(path / "rookery.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            raise _worded(path, error) from error
        try:
            _take(path, lock)
            folder = cls(path, lock)
            for part in (folder.keys, folder.blobs):
                part.mkdir(mode=FOLDER_MODE, exist_ok=True)
        except OSError as error:
            os.close(lock)
            raise _worded(path, error) from error
        except FolderError:
            os.close(lock)
            raise
        return folder

    @property
    def catalog(self) -> Path:
        """People, spaces, devices, things, variables."""
        return self.path / "catalog.db"

    @property
    def telemetry(self) -> Path:
        """Points."""
        return self.path / "telemetry.db"

    @property
    def messages(self) -> Path:
        """Retained and waiting messages of private topic trees."""
        return self.path / "messages.db"

    @property
    def keys(self) -> Path:
        """A folder: certificate authority, server keys, token keys, pepper."""
        return self.path / "keys"

    @property
    def blobs(self) -> Path:
        """A folder: firmware files and exports."""
        return self.path / "blobs"

    @property
    def settings(self) -> Path:
        """Settings, written by the operator; may be missing."""
        return self.path / "rookery.toml"

    @property
    def exposed(self) -> bool:
        """Whether other accounts of this machine may look into the folder. A mode set by others stays as it is."""
        return bool(self.path.stat().st_mode & 0o077)

    def close(self) -> None:
        """Let another server have the folder. Harmless when done twice."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def make_private(path: Path) -> None:
    """Create an empty file that only its owner may read, unless it is there. SQLite gives its side files the same mode.

    Raises:
        FolderError: it can not be made.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE))
    except OSError as error:
        raise _worded(path.parent, error) from error


def _take(path: Path, lock: int) -> None:
    """Lock the file and write our process id into it, for whoever looks."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
        who = f" (process {holder})" if holder.isdecimal() else ""
        raise FolderInUse(f"Another Rookery server{who} is using {path}. Stop it, or choose another folder.") from None
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


def _worded(path: Path, error: OSError) -> FolderError:
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return FolderReadOnly(
            f"{path} can not be written: {_reason(error)}. Rookery needs a folder of its own to write to."
        )
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FolderError(f"The disk under {path} is full.")
    return FolderError(f"{path} can not be used: {_reason(error)}.")


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
