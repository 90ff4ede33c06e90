"""What the database says when it refuses, in core's words."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError

from rookery.core.errors import Conflict, Unavailable
from rookery.core.records import Record
from rookery.storage.catalog.schema import UNIQUE, Unique, unique_name, words
from rookery.storage.folder import FolderDamaged, FolderError, FolderReadOnly

_SENTENCES: Mapping[int, str] = {
    sqlite3.SQLITE_FULL: "The disk is full: nothing was stored.",
    sqlite3.SQLITE_READONLY: "The data folder is read-only: nothing was stored.",
    sqlite3.SQLITE_IOERR: "The disk reports an error: nothing was stored.",
    sqlite3.SQLITE_BUSY: "Another program holds the catalog: nothing was stored.",
    sqlite3.SQLITE_LOCKED: "Another program holds the catalog: nothing was stored.",
    sqlite3.SQLITE_CANTOPEN: "The catalog can not be opened.",
    sqlite3.SQLITE_CORRUPT: "The catalog is damaged.",
    sqlite3.SQLITE_NOTADB: "The catalog is damaged.",
}
_SQLITE_UNIQUE = re.compile(r"UNIQUE constraint failed: (?:index '(?P<index>\w+)'|(?P<columns>[\w., ]+))")


def unavailable(error: DBAPIError) -> Unavailable:
    """The sentence for a store that can not do its work."""
    return Unavailable(_SENTENCES.get(_code(error)) or f"The catalog can not do this now ({error.orig}).")


def unusable(error: DBAPIError, path: Path) -> FolderError:
    """The sentence for a file that can not even be opened."""
    match _code(error):
        case sqlite3.SQLITE_NOTADB | sqlite3.SQLITE_CORRUPT:
            return FolderDamaged(f"{path} is not a Rookery catalog: {error.orig}.")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
            return FolderReadOnly(f"{path} can not be written: {error.orig}.")
    return FolderError(f"{path} can not be used: {error.orig}.")


def conflict(error: IntegrityError, kind: type[Record]) -> Conflict | None:
    """The sentence for something unique that is taken while a record of `kind` was written; None for other faults."""
    match = _SQLITE_UNIQUE.search(str(error.orig))
    if match is None:
        return None
    blame = _blamed(match, kind)
    return Conflict(f"There is already a {words(kind)} with this {blame}.")


def outdated(kind: type[Record]) -> Conflict:
    """The sentence for a record that is not the next version."""
    return Conflict(f"The {words(kind)} was changed or removed by somebody else in between (version).")


def _code(error: DBAPIError) -> int:
    """SQLite's result code: the low byte is the kind of the failure, the rest its detail."""
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF


def _blamed(match: re.Match[str], kind: type[Record]) -> str:
    index = match["index"]
    columns = tuple(part.rpartition(".")[2] for part in (match["columns"] or "").split(", "))
    for unique in UNIQUE.get(kind, ()):
        if _is(kind, unique, index, columns):
            return unique.blame
    return columns[-1]


def _is(kind: type[Record], unique: Unique, index: str | None, columns: tuple[str, ...]) -> bool:
    return index == unique_name(kind, unique) if index is not None else columns == unique.fields
