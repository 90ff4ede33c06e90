"""Data folders that can not be used: one plain sentence and the documented exit code, never a traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.abuse.node import COMMAND, START_SECONDS, environ, running

FOLDER, IN_USE = 3, 4
"""Exit codes of docs/cli.md."""


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that a server has used, with messages that wait in it."""
    folder = tmp_path_factory.mktemp("used")
    with running(folder / "data", folder / "errors.log") as node:
        node.thing(node.board(), ["a"])
    return folder / "data"


def refused(folder: Path) -> tuple[int, str]:
    """Try to serve from this folder; the exit code and what was said."""
    done = subprocess.run(
        [*COMMAND, "sandbox", "--data-dir", str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=environ(ROOKERY_LOG_LEVEL="error"),
        timeout=START_SECONDS,
    )
    assert done.stdout == b""
    return done.returncode, done.stderr.decode()


def assert_sentence(said: str) -> None:
    """One line for a person."""
    assert "Traceback" not in said
    assert 20 < len(said.strip()) < 400
    assert said.count("\n") == 1, said


def noise(path: Path) -> None:
    """Other bytes from the first on."""
    path.write_bytes(b"not what its name says " * 1_000)


def cut(path: Path) -> None:
    """Less than it was."""
    path.write_bytes(path.read_bytes()[:5_000])


def rotten(path: Path) -> None:
    """A good beginning, and then other bytes."""
    data = path.read_bytes()
    path.write_bytes(data[:4_096] + bytes(255 - byte for byte in data[4_096:]))


def folder(path: Path) -> None:
    """A folder in its place."""
    path.unlink()
    path.mkdir()


def short(path: Path) -> None:
    """Its first bytes only."""
    path.write_bytes(path.read_bytes()[:20])


DAMAGES: dict[str, tuple[str, Callable[[Path], None]]] = {
    "catalog.db, noise": ("catalog.db", noise),
    "catalog.db, rotten": ("catalog.db", rotten),
    "telemetry.db, noise": ("telemetry.db", noise),
    "telemetry.db, rotten": ("telemetry.db", rotten),
    "messages.db, cut": ("messages.db", cut),
    "messages.db, rotten": ("messages.db", rotten),
    "messages.db, folder": ("messages.db", folder),
    "ca.pem, noise": ("keys/ca.pem", noise),
    "ca.key, short": ("keys/ca.key", short),
    "token.key, noise": ("keys/token.key", noise),
    "pepper, short": ("keys/pepper", short),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_file(used: Path, tmp_path: Path, name: str) -> None:
    """Whatever is wrong with a file that can not be made again."""
    file, damage = DAMAGES[name]
    copy = shutil.copytree(used, tmp_path / "data")
    damage(copy / file)
    code, said = refused(copy)
    assert code == FOLDER, said
    assert_sentence(said)


def test_damaged_server_certificate_is_made_again(used: Path, tmp_path: Path) -> None:
    """It is the one file that nobody misses."""
    copy = shutil.copytree(used, tmp_path / "data")
    noise(copy / "keys" / "server.pem")
    with running(copy, tmp_path / "errors.log") as node:
        node.assert_healthy()


def test_second_server(used: Path, tmp_path: Path) -> None:
    """The first goes on."""
    copy = shutil.copytree(used, tmp_path / "data")
    with running(copy, tmp_path / "errors.log") as node:
        code, said = refused(copy)
        assert code == IN_USE
        assert_sentence(said)
        assert str(node.process.pid) in said
        node.assert_healthy()


def test_no_folder(tmp_path: Path) -> None:
    """A file, something under a file, a folder that can not be made."""
    file = tmp_path / "file"
    file.write_text("x")
    for path in (file, file / "data", Path("/dev/null/data")):
        code, said = refused(path)
        assert code == FOLDER, said
        assert_sentence(said)
    assert file.read_text() == "x"


def test_read_only_folder(used: Path, tmp_path: Path) -> None:
    """As an ordinary user. The administrator may write everywhere, so for him the disk itself has to be read-only."""
    copy = shutil.copytree(used, tmp_path / "data")
    if os.geteuid():
        copy.chmod(0o500)
        code, said = refused(copy)
        copy.chmod(0o700)
    elif Path("/sys/kernel").is_dir():
        code, said = refused(Path("/sys/kernel/rookery"))
    else:
        code, said = refused(Path("/System/rookery"))
    assert code == FOLDER, said
    assert_sentence(said)
