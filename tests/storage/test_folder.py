"""The data folder: made for its owner alone, and for one server at a time."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from rookery.storage.folder import DataFolder, FolderError, FolderInUse, FolderReadOnly, make_private


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0o000)
    try:
        folder = DataFolder.open(tmp_path / "deep" / "data")
        make_private(folder.catalog)
    finally:
        os.umask(old)
    assert mode(folder.path) == mode(folder.keys) == mode(folder.blobs) == 0o700
    assert mode(folder.catalog) == mode(folder.path / "rookery.lock") == 0o600
    assert not folder.exposed
    folder.close()


def test_a_folder_that_is_open_to_others_is_left_so_and_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o755)
    folder = DataFolder.open(tmp_path / "data")
    assert folder.exposed
    assert mode(folder.path) == 0o755
    assert mode(folder.keys) == 0o700
    folder.close()


def test_every_part_lies_in_the_folder(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    parts = [folder.catalog, folder.telemetry, folder.messages, folder.keys, folder.blobs, folder.settings]
    names = ["catalog.db", "telemetry.db", "messages.db", "keys", "blobs", "rookery.toml"]
    assert [part.relative_to(tmp_path).as_posix() for part in parts] == names
    folder.close()


def test_two_servers_can_not_have_one_folder(tmp_path: Path) -> None:
    first = DataFolder.open(tmp_path)
    with pytest.raises(FolderInUse, match=rf"Another Rookery server \(process {os.getpid()}\) is using {tmp_path}"):
        DataFolder.open(tmp_path)
    first.close()
    first.close()
    DataFolder.open(tmp_path).close()


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from rookery.storage.folder import *; "
        "folder = DataFolder.open(Path(sys.argv[1])); print('open', flush=True); input()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "open\n"
    with pytest.raises(FolderInUse, match=rf"process {child.pid}"):
        DataFolder.open(tmp_path)
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()
    DataFolder.open(tmp_path).close()


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no")
    with pytest.raises(FolderError, match="is a file, not a folder"):
        DataFolder.open(tmp_path / "data")


REFUSALS = {
    "read-only disk": (errno.EROFS, FolderReadOnly, "can not be written: read-only file system"),
    "no permission": (errno.EACCES, FolderReadOnly, "can not be written: permission denied"),
    "full disk": (errno.ENOSPC, FolderError, "The disk under .* is full"),
    "anything else": (errno.EIO, FolderError, "can not be used: input/output error"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_folder_that_refuses_is_a_plain_sentence(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    code, kind, sentence = REFUSALS[name]

    def refuse(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(kind, match=sentence):
        DataFolder.open(tmp_path)
    with pytest.raises(kind, match=sentence):
        make_private(tmp_path / "catalog.db")


def test_a_folder_without_write_permission(tmp_path: Path) -> None:
    """Root may write anywhere, so there the file system itself has to say no: /proc does."""
    place = Path("/proc/rookery") if os.geteuid() == 0 else tmp_path / "sealed" / "data"
    if os.geteuid() != 0:
        place.parent.mkdir(mode=0o500)
    with pytest.raises(FolderError, match="can not be"):
        DataFolder.open(place)


def test_opening_it_again_keeps_what_is_there(tmp_path: Path) -> None:
    folder = DataFolder.open(tmp_path)
    make_private(folder.catalog)
    folder.catalog.write_bytes(b"kept")
    make_private(folder.catalog)
    folder.close()
    folder = DataFolder.open(tmp_path)
    assert folder.catalog.read_bytes() == b"kept"
    folder.close()
