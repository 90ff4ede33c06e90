"""`rookery backup` and `rookery restore`, beside a running server and without one, and while boards go on talking."""

from __future__ import annotations

import json
import sqlite3
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from rookery.testing import Sandbox, running_sandbox
from tests.cli.shell import rookery

PROPERTY = {"name": "level", "type": "INT", "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}


def furnished(cloud: Sandbox) -> str:
    """A thing with a number, as the first part of the path of its variable."""
    thing = cloud.call("PUT", "/iot/v2/things", {"name": "tank", "properties": [PROPERTY]})
    (variable,) = cloud.call("GET", f"/iot/v2/things/{thing['id']}/properties")
    return f"/iot/v2/things/{thing['id']}/properties/{variable['id']}"


def exported(folder: Path) -> list[int]:
    """All values of the only variable."""
    done = rookery("data", "export", "-", "--data-dir", str(folder))
    assert done.code == 0, done.errors
    header, *rows = (line.split(",") for line in done.out.splitlines())
    column = header.index("value")
    return [int(row[column]) for row in rows]


def test_what_was_acknowledged_before_a_backup_under_load_is_in_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    acknowledged: list[int] = []
    stopped = threading.Event()
    with running_sandbox(data) as cloud:
        path = furnished(cloud)

        def talk() -> None:
            while not stopped.is_set():
                number = len(acknowledged)
                cloud.call("PUT", f"{path}/publish", {"value": number})
                acknowledged.append(number)

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            while len(acknowledged) < 20:
                stopped.wait(0.01)
            before = len(acknowledged)
            done = rookery("backup", str(tmp_path), "--data-dir", str(data), "--json")
            assert done.code == 0, done.errors
            after = len(acknowledged)
        finally:
            stopped.set()
            talking.join()
    file = Path(json.loads(done.out)["file"])
    assert file.parent == tmp_path
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert rookery("backup", "--list", "--data-dir", str(data), "--json").json == []
    restored = rookery("restore", str(file), "--data-dir", str(tmp_path / "again"), "--json")
    assert restored.json["folder"] == str(tmp_path / "again")
    values = exported(tmp_path / "again")
    assert values == list(range(len(values)))
    assert before <= len(values) <= after + 1
    # The restored server is the same one: it goes on where that one was.
    with running_sandbox(tmp_path / "again") as cloud:
        assert cloud.call("GET", path)["last_value"] == values[-1]


def test_without_a_server_the_command_does_it_itself(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running_sandbox(data) as cloud:
        path = furnished(cloud)
        cloud.call("PUT", f"{path}/publish", {"value": 42})
    made = rookery("backup", "--data-dir", str(data), "--json").json
    (listed,) = rookery("backup", "--list", "--data-dir", str(data), "--json").json
    assert (str(data / "backups" / listed["name"]), listed["bytes"]) == (made["file"], made["bytes"])
    assert rookery("restore", made["file"], "--data-dir", str(tmp_path / "again")).code == 0
    assert exported(tmp_path / "again") == [42]


def test_a_file_that_is_there_is_replaced_only_when_told(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "mine.tar.zst"
    with running_sandbox(data):
        pass
    file.write_bytes(b"precious")
    refused = rookery("backup", str(file), "--data-dir", str(data))
    assert (refused.code, file.read_bytes()) == (2, b"precious")
    assert "--force" in refused.errors
    assert rookery("backup", str(file), "--force", "--data-dir", str(data)).code == 0
    assert rookery("restore", str(file), "--data-dir", str(tmp_path / "again")).code == 0


def test_what_can_not_be_done_says_why_and_leaves_everything_as_it_was(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "mine.tar.zst"
    with running_sandbox(data):
        pass
    assert rookery("backup", str(file), "--data-dir", str(data)).code == 0
    cases: list[tuple[tuple[str, ...], str]] = [
        (("backup", "--data-dir", str(tmp_path / "nothing")), "no Rookery data"),
        (("backup", str(tmp_path / "no" / "folder" / "x"), "--data-dir", str(data)), "no such file"),
        (("restore", str(file), "--data-dir", str(data)), "not empty"),
        (("restore", str(tmp_path / "missing"), "--data-dir", str(tmp_path / "x")), "no file"),
        (("restore", str(data / "catalog.db"), "--data-dir", str(tmp_path / "x")), "damaged, or no backup"),
    ]
    for arguments, words in cases:
        done = rookery(*arguments)
        assert done.code != 0
        assert words in done.errors
    cut = tmp_path / "cut.tar.zst"
    cut.write_bytes(file.read_bytes()[:-200])
    assert rookery("restore", str(cut), "--data-dir", str(tmp_path / "x")).code == 1
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("name", ["catalog.db", "telemetry.db", "messages.db"])
def test_a_backup_of_damaged_data_is_not_restored(tmp_path: Path, name: str) -> None:
    data, file = tmp_path / "data", tmp_path / "mine.tar.zst"
    with running_sandbox(data) as cloud:
        furnished(cloud)
    with sqlite3.connect(data / name) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        rooted: list[Any] = connection.execute("SELECT rootpage FROM sqlite_master WHERE rootpage > 1").fetchall()
    connection.close()
    assert pages > 1
    raw = bytearray((data / name).read_bytes())
    page = rooted[0][0]
    raw[(page - 1) * size : page * size] = b"\xff" * size
    (data / name).write_bytes(raw)
    assert rookery("backup", str(file), "--data-dir", str(data)).code == 0
    done = rookery("restore", str(file), "--data-dir", str(tmp_path / "again"))
    assert done.code == 1
    assert name in done.errors
    assert not (tmp_path / "again").exists()
