"""What the database says when it refuses, in core's words."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping

from sqlalchemy.exc import DBAPIError, IntegrityError

from rookery.core.errors import Conflict, Unavailable
from rookery.core.records import Record
from rookery.storage.catalog.schema import TABLES, UNIQUE, Unique, unique_name, words

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
    # The low byte is the kind of the failure, the rest its detail (SQLite: extended result codes).
    code = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF
    return Unavailable(_SENTENCES.get(code) or f"The catalog can not do this now ({error.orig}).")


def conflict(error: IntegrityError, kind: type[Record]) -> Conflict:
    """The sentence for something unique that is taken while a record of `kind` was written."""
    return Conflict(f"There is already a {words(kind)} with this {_blamed(str(error.orig), kind)}.")


def outdated(kind: type[Record]) -> Conflict:
    """The sentence for a record that is not the next version."""
    return Conflict(f"The {words(kind)} was changed or removed by somebody else in between (version).")


def _blamed(message: str, kind: type[Record]) -> str:
    match = _SQLITE_UNIQUE.search(message)
    if match is None:
        return "value"
    index = match["index"]
    columns = tuple(part.rpartition(".")[2] for part in (match["columns"] or "").split(", "))
    for unique in UNIQUE.get(kind, ()):
        if _is(kind, unique, index, columns):
            return unique.blame
    return columns[-1] if columns[-1] in TABLES[kind].c else "value"


def _is(kind: type[Record], unique: Unique, index: str | None, columns: tuple[str, ...]) -> bool:
    return index == unique_name(kind, unique) if index is not None else columns == unique.fields
