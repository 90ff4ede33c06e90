"""Exports as files: a ZIP with a table for each variable, and beside it what is known of the export.

```
<id>.json     the export: whose, of what, how far
<id>.zip      the file, once it is whole
<id>.*.new    one that is being written; removed at the next start
```

The tables are CSV as RFC 4180 has it: CR LF ends a line, and a text with a comma, a quotation mark or a line break
stands in quotation marks. Nothing else is done to a value, so that whatever reads the file gets what was stored.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import os
import re
import threading
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec
import structlog

from rookery.core.exports import Export, ExportFailed, ExportPart
from rookery.core.points import Point
from rookery.storage.folder import FILE_MODE, FOLDER_MODE, flush

if TYPE_CHECKING:
    import zipfile

T = TypeVar("T")

log = structlog.get_logger("rookery.exports")

CHUNK = 256 * 1024
"""Bytes read from a file at once for a client."""
SPARE = 256 * 1024 * 1024
"""Bytes of the disk that an export leaves free: values that boards send matter more than a copy of old ones."""
NAME_BYTES = 100
"""Bytes of a thing's or variable's name in a file name, of the 255 that file systems take."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class ExportFolder:
    """Exports in a folder of their own. It is made when the first is asked for."""

    def __init__(self, path: Path, *, spare: int = SPARE) -> None:
        self._path = path
        self._spare = spare

    async def load(self) -> list[Export]:
        """What is there. A file that can not be understood is left alone, and said."""
        return await asyncio.to_thread(self._load)

    async def keep(self, export: Export) -> None:
        """Replace what is known of an export."""
        await asyncio.to_thread(_told, self._keep, export)

    def write(self, export: Export) -> ZipWriter:
        """A writer for its file."""
        return ZipWriter(self._path / f"{export.id}.zip", export, self._spare)

    async def read(self, id: str) -> OpenFile | None:
        """Open its file."""
        try:
            return await asyncio.to_thread(OpenFile, self._path / f"{id}.zip")
        except OSError:
            return None

    async def remove(self, id: str) -> None:
        """The file first: what is left by a crash in between is removed again later."""
        await asyncio.to_thread(self._remove, id)

    def _load(self) -> list[Export]:
        found: list[Export] = []
        try:
            paths = sorted(self._path.iterdir()) if self._path.is_dir() else []
            for path in paths:
                if path.suffix == ".new":
                    path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("exports.unreadable", file=self._path.name, reason=str(error))
            return found
        for path in paths:
            if path.suffix == ".json" and _ID.fullmatch(path.stem):
                try:
                    export = msgspec.json.decode(path.read_bytes(), type=Export)
                    if export.id != path.stem:
                        raise ValueError("it is that of another export")
                except (OSError, ValueError) as error:
                    log.warning("exports.unreadable", file=path.name, reason=str(error))
                    continue
                found.append(export)
        return found

    def _keep(self, export: Export) -> None:
        self._path.mkdir(mode=FOLDER_MODE, exist_ok=True)
        path = self._path / f"{export.id}.json"
        temporary = path.with_suffix(".json.new")
        try:
            with _created(temporary) as file:
                file.write(msgspec.json.encode(export))
                _flush(file)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        flush(self._path)

    def _remove(self, id: str) -> None:
        try:
            (self._path / f"{id}.zip").unlink(missing_ok=True)
            (self._path / f"{id}.json").unlink(missing_ok=True)
        except OSError as error:
            log.warning("exports.not_removed", id=id, reason=error.strerror)


class OpenFile:
    """A file that is read in threads. It stays readable when it is removed meanwhile."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._size = os.fstat(self._file.fileno()).st_size

    @property
    def size(self) -> int:
        """Bytes."""
        return self._size

    async def read(self) -> bytes:
        """The next bytes."""
        return await asyncio.to_thread(self._file.read, CHUNK)

    def close(self) -> None:
        """Close it."""
        self._file.close()


class ZipWriter:
    """A ZIP that grows under another name. Its work is done in threads, one step after the other."""

    def __init__(self, path: Path, export: Export, spare: int) -> None:
        self._path = path
        self._export = export
        self._spare = spare
        self._temporary = path.with_suffix(".zip.new")
        self._moment = _moment(export.created_at)
        self._names: set[str] = set()
        self._contents: list[_Table] = []
        self._member: IO[bytes] | None = None
        # A step whose waiter was cancelled still runs; the next one waits for it.
        self._lock = threading.Lock()
        self._over = False
        self._opened: tuple[IO[bytes], zipfile.ZipFile] | None = None

    async def table(self, part: ExportPart, columns: Sequence[str]) -> None:
        """Begin the table of a variable."""
        await self._step(self._table, part, columns)

    async def rows(self, points: Sequence[Point]) -> None:
        """Add to it."""
        await self._step(self._rows, points)

    async def finish(self) -> int:
        """Add the explanation, and give the file its name."""
        return await self._step(self._finish)

    async def abandon(self) -> None:
        """Remove what there is, unless it is finished."""
        await asyncio.to_thread(self._abandon)

    async def _step(self, function: Callable[..., T], *args: Any) -> T:
        return await asyncio.to_thread(_told, self._locked, function, *args)

    def _locked(self, function: Callable[..., T], *args: Any) -> T:
        with self._lock:
            if self._over:
                raise ExportFailed("The export was stopped.")
            return function(*args)

    def _table(self, part: ExportPart, columns: Sequence[str]) -> None:
        self._end_table()
        table = _Table(file_name(part, self._names), part, tuple(columns))
        self._contents.append(table)
        self._member = self._archive()[1].open(self._info(table.file), "w", force_zip64=True)
        self._member.write(_lines([("time", *(table.columns or ("value",)))]))

    def _rows(self, points: Sequence[Point]) -> None:
        disk = os.statvfs(self._temporary)
        if disk.f_bavail * disk.f_frsize < self._spare:
            raise ExportFailed("The server's disk is nearly full.")
        table = self._contents[-1]
        assert self._member is not None  # noqa: S101 - a table comes first
        self._member.write(_lines([_row(point, table.columns) for point in points]))
        table.rows += len(points)

    def _finish(self) -> int:
        self._end_table()
        file, archive = self._archive()
        with archive.open(self._info("README.txt"), "w") as member:
            member.write(_readme(self._export, self._contents).encode("utf-8", "backslashreplace"))
        archive.close()
        _flush(file)
        size = os.fstat(file.fileno()).st_size
        file.close()
        self._temporary.replace(self._path)
        flush(self._path.parent)
        self._over = True
        return size

    def _archive(self) -> tuple[IO[bytes], zipfile.ZipFile]:
        import zipfile

        if self._opened is None:
            file = _created(self._temporary)
            self._opened = file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
        return self._opened

    def _end_table(self) -> None:
        if self._member is not None:
            self._member.close()
            self._member = None

    def _abandon(self) -> None:
        with self._lock:
            if self._over:
                return
            self._over = True
            if self._opened is None:
                return
            file, archive = self._opened
            # To close an archive is to write its end, which a full disk refuses.
            for close in (self._end_table, archive.close, file.close):
                with contextlib.suppress(OSError):
                    close()
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)

    def _info(self, name: str) -> zipfile.ZipInfo:
        import zipfile

        at = self._moment
        # The format knows the years from 1980 to 2107.
        year = min(max(at.year, 1980), 2107)
        info = zipfile.ZipInfo(name, (year, at.month, at.day, at.hour, at.minute, at.second))
        info.compress_type = zipfile.ZIP_DEFLATED
        info.external_attr = FILE_MODE << 16
        return info


class _Table:
    """What the explanation says of one table."""

    __slots__ = ("columns", "file", "part", "rows")

    def __init__(self, file: str, part: ExportPart, columns: tuple[str, ...]) -> None:
        self.file = file
        self.part = part
        self.columns = columns
        self.rows = 0


def file_name(part: ExportPart, taken: set[str]) -> str:
    """`Thing - variable.csv`: a name that is safe on every system and that nobody in `taken` has, case aside."""
    stem = f"{_safe(part.thing)} - {_safe(part.name)}"
    name, more = f"{stem}.csv", 1
    while name.casefold() in taken:
        more += 1
        name = f"{stem} ({more}).csv"
    taken.add(name.casefold())
    return name


def _safe(text: str) -> str:
    """A part of a file name: letters and digits of any script stay, of the rest what means nothing anywhere."""
    clean = "".join(c if c.isalnum() or c in " -_.()" else "_" for c in unicodedata.normalize("NFC", text))
    cut = clean.encode("utf-8", "ignore")[:NAME_BYTES].decode("utf-8", "ignore")
    return cut.strip(" .-") or "unnamed"


def _row(point: Point, columns: tuple[str, ...]) -> tuple[str, ...]:
    value = point.value
    if not columns:
        return (_time(point.time), _text(value))
    parts = value if isinstance(value, Mapping) else {"value": value}
    if not parts.keys() <= set(columns):
        raise ExportFailed("Values with other components came in while it was written; ask again.")
    return (_time(point.time), *(_text(parts[name]) if name in parts else "" for name in columns))


def _text(value: Any) -> str:
    """A value so that reading it as its type gives it back: floats have as many digits as that takes."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, Mapping):
        return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))
    return value if isinstance(value, str) else repr(value)


def _moment(time: int) -> datetime:
    return _EPOCH + timedelta(microseconds=time)


def _time(time: int) -> str:
    """RFC 3339 in UTC with the microseconds that are stored."""
    return _moment(time).isoformat(timespec="microseconds")[:26] + "Z"


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _readme(export: Export, tables: Sequence[_Table]) -> str:
    lines = [
        "History exported from Rookery",
        "",
        f"Asked for:  {_time(export.created_at)}",
        f"From:       {_time(export.start)} (values at this time are included)",
        f"To:         {_time(export.end)} (values at this time are not)",
        f"Rows:       {sum(table.rows for table in tables)}",
        "",
        "Each file holds the values of one variable as they were stored, oldest first: CSV (RFC 4180), UTF-8.",
        "Times are UTC with microseconds. A variable of several components has a column for each of them;",
        "an empty field is a component that was not there. Texts stand there as they are: a program that takes",
        "what begins with = for a formula should be told that these columns are text.",
    ]
    for table in tables:
        part = table.part
        lines += [
            "",
            table.file,
            f"  Thing:     {_one_line(part.thing)}",
            f"  Variable:  {_one_line(part.name)} ({part.variable_id})",
            f"  Type:      {_one_line(part.type)}",
            f"  Columns:   {', '.join(('time', *(table.columns or ('value',))))}",
            f"  Rows:      {table.rows}",
        ]
    return "\r\n".join(lines) + "\r\n"


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _told(function: Callable[..., T], *args: Any) -> T:
    """`function(*args)`, where a failure of the disk becomes a sentence."""
    try:
        return function(*args)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ExportFailed(f"The export can not be written to the server's disk: {reason}.") from error


def _created(path: Path) -> IO[bytes]:
    """A new file for its owner alone. The mode is given at creation: later would leave a moment for others."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE), "w+b")


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
