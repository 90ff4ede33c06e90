"""A look through the file: what is damaged is said, and what is there is counted."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from rookery.storage.telemetry import TelemetryFileError
from rookery.storage.telemetry.checking import Damage, check, stats
from tests.storage.telemetry.conftest import OpenStore

COUNT = 5_000


async def filled(open_store: OpenStore) -> None:
    """Two series in blocks, one of them with points in the log as well."""
    store = await open_store()
    for series in (1, 2):
        await store.write([(series, n, n / 4 if series == 1 else f"word {n}") for n in range(COUNT)])
    await store.merge()
    await store.write([(1, COUNT + n, 0.5) for n in range(10)])


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


async def test_a_sound_file_while_a_server_has_it_open(open_store: OpenStore, tmp_path: Path) -> None:
    await filled(open_store)
    told: list[tuple[int, int]] = []
    checked = check(tmp_path / "telemetry.db", lambda done, total: told.append((done, total)))
    assert (checked.points, checked.rows, checked.damages) == (2 * COUNT + 10, 1, [])
    assert told[-1] == (checked.blocks, checked.blocks)
    found = stats(tmp_path / "telemetry.db")
    assert (found.points, found.blocks, found.series, found.first, found.last) == (
        2 * COUNT,
        checked.blocks,
        2,
        0,
        COUNT - 1,
    )
    assert [series for series, _, _ in found.largest] == [2, 1]
    assert found.file_bytes > found.block_bytes > 0
    assert found.log_bytes > 0
    assert found.log_points == 10


@pytest.mark.parametrize(
    ("statement", "damage"),
    [
        pytest.param(
            "UPDATE block SET data = zeroblob(length(data)) WHERE series = 1 AND first = 0",
            ("block", 1, "its checksum is wrong"),
            id="values",
        ),
        pytest.param(
            "UPDATE block SET high = high + 1 WHERE series = 1 AND first = 0",
            ("block", 1, "its checksum is wrong"),
            id="a summary",
        ),
        pytest.param(
            "UPDATE block SET low = 'x' WHERE series = 1 AND first = 0",
            ("block", 1, "it can not be decoded"),
            id="no number any more",
        ),
        pytest.param("UPDATE log SET checksum = checksum + 1", ("log", None, "its checksum is wrong"), id="the log"),
        pytest.param(
            "UPDATE last SET value = x'c1' WHERE series = 2",
            ("last", 2, "the checksum of its last value is wrong"),
            id="a last value",
        ),
        pytest.param(
            "UPDATE last SET merged = merged + 1 WHERE series = 2",
            ("last", 2, "the checksum of its last value is wrong"),
            id="how far it is merged",
        ),
        pytest.param(
            "INSERT INTO damaged (source, row, series) VALUES ('block', 7, 9)",
            ("set aside", 9, "a damaged row of `block`"),
            id="what was found before",
        ),
    ],
)
async def test_damage_is_told_with_its_place(
    open_store: OpenStore, tmp_path: Path, statement: str, damage: tuple[str, int | None, str]
) -> None:
    await filled(open_store)
    change(tmp_path / "telemetry.db", statement)
    checked = check(tmp_path / "telemetry.db")
    (found,) = checked.damages
    assert isinstance(found, Damage)
    assert (found.source, found.series) == damage[:2]
    assert found.why.startswith(damage[2])
    if found.source == "block":
        assert (found.first, found.points) == (0, 5_000 - (checked.points - 10 - COUNT))


async def test_a_folder_that_can_not_be_written_is_one_clear_error(
    open_store: OpenStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(open_store)

    def refused(path: Path) -> sqlite3.Connection:
        """Nothing can be made beside a file on a disk that is read-only, and root may write anywhere else."""
        connection = sqlite3.connect(path, isolation_level=None)
        connection.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
        return connection

    monkeypatch.setattr("rookery.storage.telemetry.schema.connect", refused)
    monkeypatch.setattr("os.access", lambda *_: False)
    for look in (check, stats):
        with pytest.raises(TelemetryFileError, match="copy the folder elsewhere"):
            look(tmp_path / "telemetry.db")


async def test_a_page_of_rubbish_is_found_wherever_it_is(open_store: OpenStore, tmp_path: Path) -> None:
    store = await open_store()
    await store.write([(1, n, f"word {n % 700} of {n}") for n in range(20_000)])
    await store.merge()
    await store.write([(2, n, "in the log") for n in range(500)])
    await store.close()
    path = tmp_path / "telemetry.db"
    sound = path.read_bytes()
    with sqlite3.connect(path) as connection:
        free = connection.execute("PRAGMA freelist_count").fetchone()[0]
    connection.close()
    missed = 0
    for page in range(1, len(sound) // 4096):
        path.write_bytes(sound[: 4096 * page] + b"\xa5" * 4096 + sound[4096 * (page + 1) :])
        missed += not check(path).damages
    # What is not in use holds nothing that could be damaged.
    assert missed <= free
    path.write_bytes(sound)
    assert not check(path).damages


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda _path: None, "there is no", id="nothing there"),
        pytest.param(lambda path: path.write_bytes(b"not a database" * 100), "can not be read", id="no database"),
        pytest.param(
            lambda path: change(path, "CREATE TABLE a (b)"), "is not a telemetry file", id="of something else"
        ),
    ],
)
def test_what_is_no_telemetry_file(tmp_path: Path, make: object, said: str) -> None:
    make(tmp_path / "x.db")  # type: ignore[operator]
    for look in (check, stats):
        with pytest.raises(TelemetryFileError, match=said):
            look(tmp_path / "x.db")


async def test_an_index_that_does_not_fit_its_table_is_named(open_store: OpenStore, tmp_path: Path) -> None:
    await filled(open_store)
    path = tmp_path / "telemetry.db"
    connection = sqlite3.connect(path, isolation_level=None)
    (row,) = connection.execute("SELECT * FROM sqlite_schema WHERE name = 'block_place'").fetchall()
    # Out of sight of SQLite for as long as a row is removed.
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("DELETE FROM sqlite_schema WHERE name = 'block_place'")
    connection.close()
    change(path, "DELETE FROM block WHERE series = 1 AND first = 0")
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("INSERT INTO sqlite_schema VALUES (?, ?, ?, ?, ?)", row)
    connection.close()
    found = [damage.why for damage in check(path).damages if damage.source == "file"]
    assert any("block_place" in why for why in found), found
