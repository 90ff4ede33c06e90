"""Backups: whole while somebody writes, and back again; what a damaged or strange archive does, which is nothing."""

from __future__ import annotations

import io
import sqlite3
import stat
import tarfile
import threading
from pathlib import Path

import msgspec
import pytest
import zstandard

from rookery.storage import backup as module
from rookery.storage.backup import FORMAT, BackupError, Backups, Cancelled, Manifest, restore

NOW = 1_763_740_800_000_000
NAME = "rookery-20251121-160000.tar.zst"


def database(path: Path, rows: int = 1_000) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE pair (one INTEGER, two INTEGER, filler TEXT)")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO pair VALUES (?, ?, ?)", ((n, n, "x" * 500) for n in range(rows)))
    connection.execute("COMMIT")
    return connection


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with databases in use."""
    folder = tmp_path / "data"
    for part in ("keys", "blobs/exports", "blobs/firmware"):
        (folder / part).mkdir(parents=True)
    (folder / "keys" / "pepper").write_bytes(b"secret")
    (folder / "blobs" / "firmware" / "a.bin").write_bytes(bytes(100_000))
    (folder / "blobs" / "exports" / "old.zip").write_bytes(b"x")
    (folder / "rookery.toml").write_text("hosts = []\n")
    (folder / "run.json").write_text("{}")
    for name in module.DATABASES:
        database(folder / name).close()
    return folder


def listed(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_there_and_back(data: Path, tmp_path: Path) -> None:
    reported: list[tuple[int, int]] = []
    backups = Backups(data, "1.2.3")
    made = backups.make(NOW, lambda done, total: reported.append((done, total)))
    assert backups.all() == [made]
    assert made.name == NAME
    path = backups.path(made.name)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [done for done, _ in reported] == sorted(done for done, _ in reported)
    assert reported[-1][0] == reported[-1][1]
    target = tmp_path / "again"
    assert restore(path, target) == Manifest(FORMAT, "1.2.3", NOW)
    assert listed(target) == {*module.DATABASES, "keys/pepper", "blobs/firmware/a.bin", "rookery.toml"}
    assert (target / "keys" / "pepper").read_bytes() == b"secret"
    assert all(stat.S_IMODE(each.stat().st_mode) & 0o077 == 0 for each in target.rglob("*"))
    with sqlite3.connect(target / "catalog.db") as connection:
        assert connection.execute("SELECT count(*) FROM pair").fetchone() == (1_000,)
    connection.close()
    assert backups.delete(made.name)
    assert not backups.delete(made.name)
    assert listed(data / "backups") == set()


def test_a_database_that_is_written_to_all_the_time_is_of_one_moment(data: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(data / "telemetry.db", isolation_level=None, check_same_thread=False)
    stopped = threading.Event()

    def write() -> None:
        number = 10_000
        while not stopped.is_set():
            writer.execute("BEGIN")
            writer.execute("UPDATE pair SET two = ?", (number,))
            writer.execute("UPDATE pair SET one = ?", (number,))
            writer.execute("INSERT INTO pair VALUES (?, ?, 'new')", (number, number))
            writer.execute("COMMIT")
            number += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        path = Backups(data, "1").path(Backups(data, "1").make(NOW).name)
    finally:
        stopped.set()
        thread.join()
        writer.close()
    assert path is not None
    restore(path, tmp_path / "again")
    with sqlite3.connect(tmp_path / "again" / "telemetry.db") as connection:
        assert connection.execute("SELECT count(*) FROM pair WHERE one <> two").fetchone() == (0,)
        assert len(connection.execute("SELECT DISTINCT one FROM pair WHERE one >= 10000").fetchall()) <= 1
    connection.close()


def test_one_that_is_cancelled_leaves_nothing(data: Path) -> None:
    def report(done: int, total: int) -> None:
        raise Cancelled("never mind")

    with pytest.raises(Cancelled):
        Backups(data, "1").make(NOW, report)
    assert list((data / "backups").iterdir()) == []


def test_leftovers_of_a_crash_are_removed(data: Path) -> None:
    (data / "backups" / (NAME + ".partial")).mkdir(parents=True)
    (data / "backups" / (NAME + ".partial") / "archive").write_bytes(b"x")
    (data / "backups" / "notes.txt").write_text("mine")
    backups = Backups(data, "1")
    assert backups.all() == []
    backups.clean()
    assert listed(data / "backups") == {"notes.txt"}


def test_two_of_one_second_have_different_names(data: Path) -> None:
    backups = Backups(data, "1")
    names = {backups.make(NOW).name for _ in range(2)}
    assert names == {NAME, "rookery-20251121-160000-2.tar.zst"}


def test_without_room_it_is_not_begun(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SPARE", 1 << 60)
    with pytest.raises(BackupError, match="no room"):
        Backups(data, "1").make(NOW)
    assert list((data / "backups").iterdir()) == []


@pytest.mark.parametrize(
    ("name", "statements"),
    [
        ("catalog.db", "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')"),
        ("telemetry.db", "PRAGMA user_version = 9999"),
        ("messages.db", "PRAGMA user_version = 9999"),
    ],
)
def test_what_a_newer_version_has_written_is_not_copied_as_ours(data: Path, name: str, statements: str) -> None:
    with sqlite3.connect(data / name) as connection:
        connection.executescript(statements)
    connection.close()
    with pytest.raises(BackupError, match=rf"{name} was written by a newer version of Rookery \(revision 9999; this"):
        Backups(data, "1.2.3").make(NOW)
    assert listed(data / "backups") == set()


@pytest.mark.parametrize("name", ["", "x", "../keys/pepper", "rookery.toml", NAME + "/..", NAME])
def test_names_that_are_none_lead_nowhere(data: Path, name: str) -> None:
    assert Backups(data, "1").path(name) is None
    assert not Backups(data, "1").delete(name)


def test_a_folder_with_something_in_it_is_not_restored_over(data: Path) -> None:
    backups = Backups(data, "1")
    path = backups.path(backups.make(NOW).name)
    assert path is not None
    before = listed(data)
    with pytest.raises(BackupError, match="not empty"):
        restore(path, data)
    assert listed(data) == before


@pytest.mark.parametrize("keep", [0.0, 0.2, 0.9, 0.999])
def test_an_archive_that_is_cut_off_restores_nothing(data: Path, tmp_path: Path, keep: float) -> None:
    backups = Backups(data, "1")
    path = backups.path(backups.make(NOW).name)
    assert path is not None
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * keep)])
    with pytest.raises(BackupError):
        restore(path, tmp_path / "again")
    assert not (tmp_path / "again").exists()
    assert not (tmp_path / "again.restoring").exists()


def test_an_archive_with_a_changed_byte_restores_nothing(data: Path, tmp_path: Path) -> None:
    backups = Backups(data, "1")
    path = backups.path(backups.make(NOW).name)
    assert path is not None
    for place in (100, -100):
        changed = bytearray(path.read_bytes())
        changed[place] ^= 1
        other = tmp_path / "other.tar.zst"
        other.write_bytes(changed)
        with pytest.raises(BackupError):
            restore(other, tmp_path / "again")
    assert not (tmp_path / "again").exists()


def archive(path: Path, *members: tuple[str, bytes | None]) -> Path:
    """An archive of somebody else's making; None is a symbolic link."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            else:
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content or b""))
    path.write_bytes(zstandard.compress(plain.getvalue()))
    return path


HEAD = ("manifest.json", msgspec.json.encode(Manifest(FORMAT, "1", NOW)))
STRANGE: dict[str, tuple[tuple[str, bytes | None], ...]] = {
    "no manifest": (("catalog.db", b""),),
    "a manifest that is none": (("manifest.json", b"[]"),),
    "of a newer one": (("manifest.json", msgspec.json.encode(Manifest(FORMAT + 1, "9", NOW))),),
    "a way out": (HEAD, ("keys/../../outside", b"x")),
    "an absolute path": (HEAD, ("/tmp/outside", b"x")),
    "a link": (HEAD, ("keys/link", None)),
    "a file of nobody": (HEAD, ("run.json", b"{}")),
    "no database": (HEAD, ("end", b"")),
    "a database that is none": (HEAD, *((name, b"nonsense" * 1_000) for name in module.DATABASES), ("end", b"")),
}


@pytest.mark.parametrize("members", STRANGE.values(), ids=STRANGE)
def test_strange_archives_restore_nothing(tmp_path: Path, members: tuple[tuple[str, bytes | None], ...]) -> None:
    path = archive(tmp_path / "strange.tar.zst", *members)
    with pytest.raises(BackupError):
        restore(path, tmp_path / "folder" / "again")
    assert {each.name for each in tmp_path.rglob("*")} <= {"strange.tar.zst", "folder"}


def test_what_is_no_archive_restores_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.tar.zst"
    path.write_bytes(b"hello")
    with pytest.raises(BackupError, match="damaged, or no backup"):
        restore(path, tmp_path / "again")
