"""How commands find a running server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from rookery.admin import runfile


def running(pid: int) -> runfile.Running:
    return runfile.Running(
        pid=pid,
        admin="http://127.0.0.1:1",
        token="t",
        url="http://127.0.0.1:2",
        secure_url=None,
        ports={"mqtts_port": [8884], "http_port": []},
    )


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_is_written_is_read_by_its_owner_only(tmp_path: Path) -> None:
    runfile.write(tmp_path, running(os.getpid()))
    assert runfile.read(tmp_path) == running(os.getpid())
    assert (tmp_path / runfile.NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [runfile.NAME]


def test_the_port_for_boards(tmp_path: Path) -> None:
    assert running(1).mqtts == 8884
    assert msgspec.structs.replace(running(1), ports={"mqtts_port": []}).mqtts is None


def test_a_file_that_a_killed_server_left_says_nothing(tmp_path: Path) -> None:
    runfile.write(tmp_path, running(ended_process()))
    assert runfile.read(tmp_path) is None


def test_no_file_and_no_sense_say_nothing(tmp_path: Path) -> None:
    assert runfile.read(tmp_path) is None
    (tmp_path / runfile.NAME).write_text("{")
    assert runfile.read(tmp_path) is None
    (tmp_path / runfile.NAME).write_text('{"pid": "me"}')
    assert runfile.read(tmp_path) is None
    runfile.remove(tmp_path)
    runfile.remove(tmp_path)
    assert not (tmp_path / runfile.NAME).exists()
