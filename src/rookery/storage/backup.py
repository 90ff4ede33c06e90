"""A copy of a data folder in one file, made while the server runs, and the way back.

The file is a tar archive under zstandard with a checksum: `manifest.json` first, then the three databases, `keys/`,
`blobs/` without the exports, and `rookery.toml` where there is one. It holds the keys of the server: whoever has it can
be the server, so it is readable for its owner only.

Each database is copied from one read transaction, so it is whole and of one moment, and nobody who writes waits. The
moments differ, and their order matters: the catalog comes last. A series is given out by the catalog before a point is
written to it, so a copy of the catalog that is newer than the points knows every series that they use; an older one
would give some of them out again. Values of the seconds between are then missing and nothing else.

To restore: stop the server, put the archive into an empty folder with `restore`, and start the server on it.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sqlite3
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Final, NamedTuple

import msgspec
import zstandard

from rookery.storage.folder import FILE_MODE, FOLDER_MODE, flush

FORMAT: Final = 1
"""Of the archive. One of a newer format is refused."""
SUFFIX: Final = ".tar.zst"
PARTIAL: Final = ".partial"
FOLDER: Final = "backups"
NAME: Final = re.compile(r"rookery-[0-9]{8}-[0-9]{6}(-[0-9]+)?\.tar\.zst")
DATABASES: Final = ("messages.db", "telemetry.db", "catalog.db")
"""In the order in which they are copied."""
SETTINGS: Final = "rookery.toml"
FOLDERS: Final = ("keys", "blobs")
LEFT_OUT: Final = ("blobs/exports",)
"""Made again when somebody asks."""
MANIFEST: Final = "manifest.json"
END: Final = "end"
"""The last file, which is empty: an archive without it is cut off."""

STEP_PAGES: Final = 256
"""Of a database between two looks at the time: a megabyte."""
REST: Final = 0.5
"""Part of the time that copying leaves to others, who want the disk as well."""
LEVEL: Final = 3
"""Of zstandard: 200 MB/s. Blocks of telemetry are compressed already."""
PIECE: Final = 1 << 20
SPARE: Final = 64 << 20
"""Bytes that have to be left on the disk besides the copy and the archive: values go on coming."""


class BackupError(Exception):
    """It can not be made, or not restored. `str()` is a sentence for whoever asked."""


class Cancelled(BackupError):
    """Nobody wants it any more."""


class Backup(NamedTuple):
    """One that is there. `time` is UTC microseconds."""

    name: str
    time: int
    size: int


class Manifest(msgspec.Struct):
    """What an archive says of itself."""

    format: int
    version: str
    """Of Rookery."""
    time: int
    """UTC microseconds."""


Report = Callable[[int, int], None]
"""Called with bytes done and bytes in all, often. May raise `Cancelled`."""


class Backups:
    """The backups of a data folder. All methods block: call them in a thread."""

    def __init__(self, folder: Path, version: str) -> None:
        self._data = folder
        self._folder = folder / FOLDER
        self._version = version

    def all(self) -> list[Backup]:
        """Those that are there, newest first."""
        if not self._folder.is_dir():
            return []
        found = []
        for path in self._folder.iterdir():
            if NAME.fullmatch(path.name) is not None:
                with contextlib.suppress(OSError):
                    stat = path.stat()
                    found.append(Backup(path.name, stat.st_mtime_ns // 1_000, stat.st_size))
        return sorted(found, key=lambda backup: (backup.time, backup.name), reverse=True)

    def path(self, name: str) -> Path | None:
        """The file of this backup; None when there is no such one."""
        if NAME.fullmatch(name) is None:
            return None
        path = self._folder / name
        return path if path.is_file() else None

    def delete(self, name: str) -> bool:
        """Remove a backup; False when there is no such one."""
        path = self.path(name)
        if path is None:
            return False
        path.unlink(missing_ok=True)
        return True

    def clean(self) -> None:
        """Remove what a backup that was interrupted has left."""
        if self._folder.is_dir():
            for path in self._folder.glob(f"*{PARTIAL}"):
                _remove(path)

    def make(self, now: int, report: Report = lambda _done, _total: None) -> Backup:
        """Make one. `now` is its time, UTC microseconds.

        Raises:
            BackupError: there is no room, or something can not be read or written.
            Cancelled: what `report` raised.
        """
        try:
            self._folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            self.clean()
            path = self._free_path(now)
            work = path.with_name(path.name + PARTIAL)
            work.mkdir(mode=FOLDER_MODE)
            try:
                archive = self._make(work, now, report)
                os.replace(archive, path)
                flush(self._folder)
            finally:
                _remove(work)
            return Backup(path.name, path.stat().st_mtime_ns // 1_000, path.stat().st_size)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BackupError(f"The backup could not be written: {reason}.") from error
        except sqlite3.Error as error:
            raise BackupError(f"The data could not be read: {error}.") from error

    def _free_path(self, now: int) -> Path:
        stem = "rookery-" + datetime.fromtimestamp(now / 1e6, UTC).strftime("%Y%m%d-%H%M%S")
        path, number = self._folder / (stem + SUFFIX), 2
        while path.exists():
            path, number = self._folder / f"{stem}-{number}{SUFFIX}", number + 1
        return path

    def _make(self, work: Path, now: int, report: Report) -> Path:
        _check_revisions(self._data)
        files = list(self._files())
        databases = {name: _size(self._data / name) for name in DATABASES}
        whole = sum(databases.values()) + sum(path.stat().st_size for _, path in files if path.is_file())
        # The copies of the databases, and the archive, which is smaller than what is in it.
        if shutil.disk_usage(work).free < 2 * whole + SPARE:
            wanted = (2 * whole + SPARE) >> 20
            raise BackupError(f"There is no room for a backup: it needs up to {wanted} MiB on the disk of the data.")
        progress = _Progress(2 * whole, report)
        archive = work / "archive"
        with _created(archive) as raw:
            compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
            with compressor.stream_writer(raw, closefd=False) as packed, _tar(packed, "w|") as tar:
                manifest = msgspec.json.encode(Manifest(FORMAT, self._version, now))
                _add(tar, MANIFEST, io.BytesIO(manifest), len(manifest), now)
                for name, path in files:
                    with contextlib.suppress(FileNotFoundError):  # renewed in this moment
                        _add_file(tar, name, path, progress)
                for name in DATABASES:
                    if (self._data / name).exists():
                        copy = work / name
                        _copy_database(self._data / name, copy, progress)
                        _add_file(tar, name, copy, progress)
                        copy.unlink()
                _add(tar, END, io.BytesIO(), 0, now)
            raw.flush()
            os.fsync(raw.fileno())
        progress.finish()
        return archive

    def _files(self) -> Iterator[tuple[str, Path]]:
        """What is no database."""
        if (self._data / SETTINGS).is_file():
            yield SETTINGS, self._data / SETTINGS
        for folder in FOLDERS:
            for path in sorted((self._data / folder).rglob("*")):
                name = path.relative_to(self._data).as_posix()
                if path.is_file() and not path.is_symlink() and not name.startswith(tuple(f"{x}/" for x in LEFT_OUT)):
                    yield name, path


def restore(archive: Path, folder: Path, report: Report = lambda _done, _total: None) -> Manifest:
    """Put what an archive holds into `folder`, which is made, or is there and empty.

    Everything is unpacked and looked at beside it first: a damaged archive leaves the folder as it was.

    Raises:
        BackupError: it is no backup, damaged, or of a newer Rookery; or the folder is not empty.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupError(f"{folder} is not empty. Restore into a folder of its own, then start the server on it.")
    beside = folder.with_name(folder.name + ".restoring")
    try:
        _remove(beside)
        beside.mkdir(mode=FOLDER_MODE, parents=True)
        try:
            manifest = _unpack(archive, beside, report)
            for name in DATABASES:
                _check_database(beside / name)
            if folder.exists():
                folder.rmdir()
            os.replace(beside, folder)
            flush(folder.parent)
        finally:
            _remove(beside)
    except (zstandard.ZstdError, tarfile.TarError, EOFError) as error:
        raise BackupError(f"{archive.name} is damaged, or no backup of Rookery.") from error
    except OSError as error:
        raise BackupError(f"It could not be restored: {(error.strerror or str(error)).lower()}.") from error
    return manifest


def _unpack(archive: Path, folder: Path, report: Report) -> Manifest:
    manifest: Manifest | None = None
    total = archive.stat().st_size
    whole = False
    unpacker = zstandard.ZstdDecompressor()
    with archive.open("rb") as raw, unpacker.stream_reader(raw) as packed, _tar(packed, "r|") as tar:
        for member in tar:
            report(raw.tell(), total)
            content = tar.extractfile(member) if member.isreg() else None
            if content is None:
                raise BackupError(f"{archive.name} holds something that is no file: {member.name[:80]!r}.")
            if manifest is None:
                manifest = _manifest(archive.name, member.name, content)
            elif member.name == END:
                whole = True
            else:
                _write(folder, member.name, content)
        # To the end, where the checksum is.
        while packed.read(PIECE):
            pass
    if manifest is None or not whole:
        raise BackupError(f"{archive.name} is cut off: copy it again.")
    return manifest


def _manifest(archive: str, name: str, content: IO[bytes]) -> Manifest:
    try:
        if name != MANIFEST:
            raise ValueError
        manifest = msgspec.json.decode(content.read(PIECE), type=Manifest)
    except ValueError:
        raise BackupError(f"{archive} is no backup of Rookery.") from None
    if manifest.format > FORMAT:
        raise BackupError(f"{archive} was made by Rookery {manifest.version[:20]}, which is newer than this one.")
    return manifest


def _write(folder: Path, name: str, content: IO[bytes]) -> None:
    path = PurePosixPath(name)
    known = name in DATABASES or name == SETTINGS or (path.parts[0] in FOLDERS and len(path.parts) > 1)
    if not known or path.is_absolute() or ".." in path.parts:
        raise BackupError(f"The archive holds a file that no backup has: {name[:80]!r}.")
    target = folder.joinpath(*path.parts)
    for parent in reversed(target.relative_to(folder).parents):
        (folder / parent).mkdir(mode=FOLDER_MODE, exist_ok=True)
    with _created(target) as file:
        shutil.copyfileobj(content, file, PIECE)
        file.flush()
        os.fsync(file.fileno())


def _check_revisions(data: Path) -> None:
    """A copy says which Rookery made it, so what a newer one has written is not for this one to copy."""
    from rookery.storage import messages
    from rookery.storage.catalog import schema as catalog
    from rookery.storage.telemetry import schema as telemetry

    known = (
        ("catalog.db", "SELECT CAST(version_num AS INTEGER) FROM alembic_version", int(catalog.REVISION)),
        ("telemetry.db", "PRAGMA user_version", len(telemetry.UPGRADES)),
        ("messages.db", "PRAGMA user_version", messages.REVISION),
    )
    for name, query, revision in known:
        if not (data / name).exists():
            continue
        with contextlib.closing(sqlite3.connect(data / name, isolation_level=None)) as connection:
            try:
                (found,) = connection.execute(query).fetchone() or (None,)
            except sqlite3.Error:
                continue  # whatever it is, it is copied as it is
        if found is not None and found > revision:
            raise BackupError(
                f"{data / name} was written by a newer version of Rookery (revision {found}; this one knows "
                f"{revision}). Make the backup with that version."
            )


def _check_database(path: Path) -> None:
    if not path.exists():
        raise BackupError(f"The archive lacks {path.name}.")
    try:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
            (state,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise BackupError(f"{path.name} in the archive can not be read: {error}.") from error
    if state != "ok":
        raise BackupError(f"{path.name} in the archive is damaged: {state[:200]}.")


class _Progress:
    """Adds up bytes. Copying and packing count alike."""

    def __init__(self, total: int, report: Report) -> None:
        self._total = max(total, 1)
        self._report = report
        self._done = 0

    def add(self, count: int) -> None:
        self._done += count
        # What has grown meanwhile is not known before.
        self._report(min(self._done, self._total), self._total)

    def finish(self) -> None:
        self._report(self._total, self._total)


def _copy_database(source: Path, target: Path, progress: _Progress) -> None:
    """Copy a database from one read transaction, resting in between."""
    with (
        contextlib.closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reading,
        contextlib.closing(_target(target)) as writing,
    ):
        # While this transaction is open the copy does not begin anew when somebody else writes.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (page,) = reading.execute("PRAGMA page_size").fetchone()
        begun = time.monotonic()
        left_before: int | None = None

        def step(_status: int, left: int, total: int) -> None:
            nonlocal begun, left_before
            progress.add(((total if left_before is None else left_before) - left) * page)
            left_before = left
            worked = time.monotonic() - begun
            time.sleep(min(worked * REST / (1 - REST), 1.0))
            begun = time.monotonic()

        reading.backup(writing, pages=STEP_PAGES, progress=step)
        reading.execute("ROLLBACK")


def _target(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE))
    connection = sqlite3.connect(path, isolation_level=None)
    # It is packed and removed: nothing of it has to outlive a power cut.
    connection.execute("PRAGMA synchronous=OFF")
    return connection


def _tar(stream: IO[bytes], mode: str) -> tarfile.TarFile:
    return tarfile.open(fileobj=stream, mode=mode, bufsize=PIECE, format=tarfile.PAX_FORMAT)  # type: ignore[call-overload, no-any-return]


def _add_file(tar: tarfile.TarFile, name: str, path: Path, progress: _Progress) -> None:
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())
        _add(tar, name, file, stat.st_size, stat.st_mtime_ns // 1_000)
    progress.add(stat.st_size)


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int, time: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, FILE_MODE, time // 1_000_000
    tar.addfile(info, content)


def _created(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE), "wb")


def _size(path: Path) -> int:
    return sum(each.stat().st_size for each in (path, path.with_name(path.name + "-wal")) if each.exists())


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
