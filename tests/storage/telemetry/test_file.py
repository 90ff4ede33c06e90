"""The file: versions, strangers, one process at a time, and what a start imports."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from rookery.core.points import Point
from rookery.storage.telemetry import (
    TelemetryFileError,
    TelemetryForeign,
    TelemetryInUse,
    TelemetryStore,
    TelemetryTooNew,
    schema,
)
from rookery.storage.telemetry.checking import check
from rookery.storage.telemetry.packing import pack_value
from tests.fakes import ManualClock
from tests.storage.telemetry.conftest import OpenStore


def change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


async def test_a_newer_file_is_refused_and_left_alone(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    await store.write([(1, 1, 1)])
    await store.close()
    path = tmp_path / "telemetry.db"
    change(path, "PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(TelemetryTooNew, match="version 99, this Rookery knows versions up to 2"):
        await open_store()
    assert path.read_bytes() == before


async def test_an_older_file_is_upgraded_in_place(
    open_store: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store()
    await store.write([(1, 1, 1)])
    await store.close()
    monkeypatch.setattr(schema, "UPGRADES", (*schema.UPGRADES, ("CREATE TABLE novelty (id INTEGER)",)))
    store = await open_store()
    assert await store.read(1, 0, 10, 10) == [(1, 1)]
    await store.close()
    connection = sqlite3.connect(tmp_path / "telemetry.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (3,)
    assert connection.execute("SELECT count(*) FROM novelty").fetchone() == (0,)
    connection.close()


async def test_last_values_without_a_checksum_get_one(
    open_store: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "telemetry.db"
    with monkeypatch.context() as patch:
        patch.setattr(schema, "UPGRADES", (schema.FIRST_VERSION,))
        schema.open_writer(schema.connect, path, "OFF").close()
    points = {1: Point(5, "a"), 2: Point(6, 2.5), 3: Point(7, True), 4: Point(8, -1)}
    for series, point in points.items():
        blob = pack_value(point.value).hex()
        change(path, f"INSERT INTO last VALUES ({series}, {point.time}, x'{blob}', {point.time}, 1)")
    change(path, "UPDATE last SET value = x'c1' WHERE series = 4")
    change(path, "INSERT INTO last VALUES (5, NULL, NULL, NULL, 1)")
    assert [damage.series for damage in check(path).damages] == [4]
    store = await open_store()
    assert await store.last([1, 2, 3, 4, 5]) == {series: points[series] for series in (1, 2, 3)}
    await store.close()
    assert [damage.series for damage in check(path).damages] == [4]


async def test_an_upgrade_that_fails_changes_nothing(
    open_store: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await open_store()
    await store.write([(1, 1, 1)])
    await store.close()
    with monkeypatch.context() as patch:
        patch.setattr(schema, "UPGRADES", (*schema.UPGRADES, ("CREATE TABLE novelty (id INTEGER)", "NONSENSE")))
        with pytest.raises(TelemetryFileError, match="NONSENSE"):
            await open_store()
    store = await open_store()
    assert await store.read(1, 0, 10, 10) == [(1, 1)]


@pytest.mark.parametrize(
    "content",
    [b"This is a letter, not a database. " * 200, b"SQLite format 3\x00" + b"\xff" * 4_000],
    ids=["a letter", "a broken header"],
)
async def test_what_is_no_database_is_refused(open_store: OpenStore, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "telemetry.db"
    path.write_bytes(content)
    with pytest.raises(TelemetryFileError):
        await open_store()
    assert path.read_bytes() == content


async def test_the_database_of_something_else_is_refused(open_store: OpenStore, tmp_path: Path) -> None:
    change(tmp_path / "telemetry.db", "CREATE TABLE recipes (id INTEGER)")
    with pytest.raises(TelemetryForeign, match="something else"):
        await open_store()


async def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    store = TelemetryStore(tmp_path / "nowhere" / "telemetry.db", ManualClock())
    with pytest.raises(TelemetryFileError, match="nowhere"):
        await store.open()


async def test_a_file_that_can_not_be_opened_is_one_clear_error(open_store: OpenStore, tmp_path: Path) -> None:
    (tmp_path / "telemetry.db").mkdir()
    with pytest.raises(TelemetryFileError, match="unable to open"):
        await open_store()


async def test_a_second_store_on_one_file_is_refused(open_store: OpenStore) -> None:
    store = await open_store()
    with pytest.raises(TelemetryInUse, match="only one server"):
        await open_store()
    await store.write([(1, 1, 1)])
    await store.close()
    await open_store()


async def test_a_second_process_on_one_file_is_refused(open_store: OpenStore, tmp_path: Path) -> None:
    await open_store()
    script = """
import asyncio, sys
from pathlib import Path
from rookery.storage.telemetry import TelemetryStore
from tests.fakes import ManualClock
asyncio.run(TelemetryStore(Path(sys.argv[1]), ManualClock()).open())
"""
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", script, str(tmp_path / "telemetry.db")],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.returncode == 1
    assert "TelemetryInUse" in done.stderr


async def test_a_refused_open_leaves_nothing_locked(open_store: OpenStore, tmp_path: Path) -> None:
    change(tmp_path / "telemetry.db", "CREATE TABLE recipes (id INTEGER)")
    with pytest.raises(TelemetryForeign):
        await open_store()
    (tmp_path / "telemetry.db").unlink()
    store = await open_store()
    await store.write([(1, 1, 1)])


async def test_the_file_is_for_its_owner_only(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    await store.write([(1, 1, 1)])
    names = os.listdir(tmp_path)
    assert {name: oct(os.stat(tmp_path / name).st_mode & 0o777) for name in names} == dict.fromkeys(names, "0o600")


def test_a_start_imports_nothing_heavy(tmp_path: Path) -> None:
    script = """
import asyncio, sys
from pathlib import Path
from rookery.storage.telemetry import TelemetryStore
class Clock:
    def call_later(self, delay, callback, *args):
        return asyncio.get_running_loop().call_later(delay, callback, *args)
    def monotonic(self):
        return 0.0
async def main():
    store = TelemetryStore(Path(sys.argv[1]), Clock())
    await store.open()
    await store.write([(1, 1, 1.5)])
    await store.last([1, 2])
    assert await store.read(1, 0, 10, 10) == [(1, 1.5)]
    await store.close()
asyncio.run(main())
print([name for name in ("numpy", "pcodec", "zstandard", "sqlalchemy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "telemetry.db")],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.strip() == "[]"
