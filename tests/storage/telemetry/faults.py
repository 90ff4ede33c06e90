"""A disk that fails when it is told to, and one that is looked at before every statement."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

Watch = Callable[[str], None]
"""Called with every statement of the writer before it is carried out; what it raises is what the disk does."""


def watched(watch: Watch, *, after: bool = False) -> Callable[[Path], sqlite3.Connection]:
    """A `connect` for the store. With `after` a statement is carried out first, as when only its flush fails."""

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            looked = threading.current_thread().name == "telemetry-writer"
            if looked and not after:
                watch(sql)
            cursor = super().execute(sql, *arguments)
            if looked and after:
                watch(sql)
            return cursor

    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Watched)

    return connect


class Failing:
    """Fails the n-th statement of a kind with an error of SQLite, once it is armed."""

    CHANGES = ("INSERT", "DELETE", "COMMIT", "BEGIN IMMEDIATE")
    READS = ("SELECT",)

    def __init__(self, message: str, number: int, words: tuple[str, ...]) -> None:
        self.message = message
        self.number = number
        self.words = words
        self.armed = False
        self.failed = False

    def __call__(self, sql: str) -> None:
        if self.armed and sql.startswith(self.words):
            self.number -= 1
            if self.number == 0:
                self.failed = True
                raise sqlite3.OperationalError(self.message)


class Camera:
    """Keeps what a kill would leave behind at every statement: the file and its write-ahead log."""

    def __init__(self, folder: Path, album: Path, label: Callable[[], int]) -> None:
        self._folder = folder
        self._album = album
        self._label = label
        self.pictures: list[tuple[Path, int]] = []

    def __call__(self, sql: str) -> None:
        if not sql.startswith(("INSERT", "DELETE", "COMMIT", "BEGIN IMMEDIATE", "CREATE")):
            return
        picture = self._album / str(len(self.pictures))
        picture.mkdir(parents=True)
        acknowledged = self._label()
        for name in ("telemetry.db", "telemetry.db-wal"):
            if (self._folder / name).exists():
                shutil.copyfile(self._folder / name, picture / name)
        self.pictures.append((picture, acknowledged))
