"""Looking through the files of a data folder, whether a server runs on it or not, and mending one of them."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rookery.cli.exits import Exit, fail, fail_with
from rookery.cli.progress import Progress
from rookery.cli.tables import time_text
from rookery.core.points import AUDIT_SERIES, PULSE_SERIES
from rookery.storage.telemetry import TelemetryFileError, TelemetryInUse
from rookery.storage.telemetry.checking import Damage, check, stats
from rookery.storage.telemetry.repairing import repair

T = TypeVar("T")

DATABASES = ("catalog.db", "messages.db")
"""Files that SQLite itself can look through; they have no checksums of ours."""


def check_folder(folder: Path, progress: Progress) -> dict[str, Any]:
    """What is there and what of it is damaged, with the names of the variables that it concerns. Exits where there is
    nothing to check."""
    checked = _looked(folder, lambda path: check(path, progress))
    progress.end()
    names = variable_names(folder)
    damaged = [_told(damage, names) for damage in checked.damages]
    for name in DATABASES:
        damaged += [{"file": name, "why": line} for line in _page_check(folder / name)]
    return {"points": checked.points, "blocks": checked.blocks, "log_rows": checked.rows, "damaged": damaged}


def repair_folder(folder: Path, progress: Progress) -> dict[str, Any]:
    """What was done to `telemetry.db`. Exits where a server runs, or where it can not be done."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    try:
        done = _looked(folder, lambda path: repair(path, stamp, progress))
    finally:
        progress.end()
    names = variable_names(folder)
    return {
        "kept": None if done.kept is None else str(done.kept),
        "blocks": done.blocks,
        "points": done.points,
        "log_rows": done.rows,
        "last_values_found_anew": done.last_values,
        "set_aside": done.aside,
        "lost": [_told(damage, names) for damage in done.lost],
    }


def stats_of(folder: Path) -> dict[str, Any]:
    """How much there is."""
    found = _looked(folder, stats)
    names = variable_names(folder)
    return {
        "points_in_blocks": found.points,
        "points_in_log": found.log_points,
        "series": found.series,
        "blocks": found.blocks,
        "since": _time(found.first),
        "until": _time(found.last),
        "file_mb": round(found.file_bytes / 1e6, 3),
        "free_for_more_mb": round(found.free_bytes / 1e6, 3),
        "log_mb": round(found.log_bytes / 1e6, 3),
        "bytes_a_point": round(found.block_bytes / found.points, 2) if found.points else None,
        "largest": [
            {"variable": names.get(series, f"series {series}"), "points": points, "mb": round(size / 1e6, 3)}
            for series, points, size in found.largest
        ],
    }


def variable_names(folder: Path) -> dict[int, str]:
    """What each series is called: `thing / variable`, or what a board keeps; empty where the catalog is broken."""
    found = {PULSE_SERIES: "the server's own numbers", AUDIT_SERIES: "who changed what"}
    try:
        connection = sqlite3.connect(f"file:{folder / 'catalog.db'}?mode=ro", uri=True)
        try:
            rows = connection.execute(
                "SELECT v.series, t.name || ' / ' || v.name FROM variable v LEFT JOIN thing t ON t.id = v.thing_id"
            )
            found.update((series, name or "a variable of a thing that is gone") for series, name in rows)
            for column, what in (
                ("series", "presence"),
                ("events", "events"),
                ("vitals", "vitals"),
                ("journal", "connections"),
            ):
                query = f"SELECT {column}, name FROM device WHERE {column} > 0"  # noqa: S608 - one of four words
                found.update((series, f"{name}: {what}") for series, name in connection.execute(query))
        finally:
            connection.close()
    except sqlite3.Error:
        pass
    return found


def _looked(folder: Path, look: Callable[[Path], T]) -> T:
    if not (folder / "telemetry.db").exists():
        fail(f"There is no Rookery data in {folder}. Name the right folder with --data-dir.", Exit.FOLDER)
    try:
        return look(folder / "telemetry.db")
    except TelemetryInUse:
        fail(f"A server runs on {folder}. Stop it, and do this again.", Exit.IN_USE)
    except TelemetryFileError as error:
        fail_with(error)


def _told(damage: Damage, names: dict[int, str]) -> dict[str, Any]:
    return {
        "file": "telemetry.db",
        "part": damage.source,
        "row": damage.row,
        "variable": None if damage.series is None else names.get(damage.series, f"series {damage.series}"),
        "from": _time(damage.first),
        "to": _time(damage.last),
        "points": damage.points,
        "why": damage.why,
    }


def _time(moment: int | None) -> str | None:
    if moment is None:
        return None
    try:
        return time_text(moment)
    except OverflowError:
        return f"{moment} microseconds since 1970"


def _page_check(path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return [str(line) for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
        finally:
            connection.close()
    except sqlite3.Error as error:
        return [str(error)]
