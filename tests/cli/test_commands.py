"""Every noun, beside a running server and without one: the same commands, the same answers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rookery.admin import runfile
from rookery.testing import SandboxFailed, running_sandbox
from tests.cli.shell import Done, rookery

Run = Callable[..., Done]

OWNER = "owner@rookery.local"
PASSWORD = "a long password"


@pytest.fixture(params=["alone", "beside a server"], scope="module")
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with its owner; a server runs on it, or not."""
    folder = tmp_path_factory.mktemp("data")
    with running_sandbox(folder):
        if request.param == "beside a server":
            yield folder
            return
    yield folder


@pytest.fixture
def run(folder: Path) -> Run:
    """Run a command on the folder."""

    def on_folder(*arguments: str, stdin: str = "") -> Done:
        return rookery(*arguments, "--data-dir", str(folder), stdin=stdin)

    return on_folder


def test_people(run: Run) -> None:
    added = run("user", "add", "b@example.org", "--name", "B", "--json").json
    assert added["links"][0].startswith("http://localhost:")
    assert "token" not in added
    assert [person["email"] for person in run("user", "list", "--json").json] == [OWNER, "b@example.org"]
    assert "b@example.org" in run("user", "list").out
    again = run("user", "link", "b@example.org", "--json").json
    assert again["links"] != added["links"]
    assert run("user", "password", "--user", "b@example.org", "--json", stdin=PASSWORD + "\n").json["has_password"]
    short = run("user", "password", "--user", "b@example.org", stdin="short\n")
    assert (short.code, short.errors) == (1, "A password has at least 10 characters.\n")
    assert run("user", "password", "--user", "b@example.org").code == 1
    taken = run("user", "add", "b@example.org")
    assert (taken.code, taken.out) == (1, "")
    assert "exists already" in taken.errors
    assert run("user", "delete", "b@example.org").code == 0
    gone = run("user", "delete", "b@example.org")
    assert (gone.code, gone.errors.count("\n")) == (1, 1)


def test_keys(run: Run) -> None:
    made = run("key", "create", "script", "--user", OWNER, "--json").json
    assert len(made["id"]) == 32
    assert len(made["secret"]) == 64
    assert made["secret"] not in run("key", "list", "--json").out
    assert run("key", "disable", made["id"], "--json").json["enabled"] is False
    assert run("key", "enable", made["id"], "--json").json["enabled"] is True
    assert run("key", "rotate", made["id"], "--json").json["secret"] != made["secret"]
    assert run("key", "delete", made["id"]).code == 0
    assert run("key", "enable", made["id"]).errors.startswith("There is no API key")


def test_devices(run: Run) -> None:
    made = run("device", "add", "board", "--type", "generic_device_secretkey", "--user", OWNER, "--json").json
    told = run("device", "add", "other", "--type", "mkrwifi1010", "--user", OWNER)
    assert "ArduinoCloud.setBoardId(" in told.out
    names = {device["name"] for device in run("device", "list", "--json").json}
    assert {"board", "other"} <= names
    renewed = run("device", "secret", made["id"], "--json").json
    assert renewed["secret_key"] != made["secret_key"]
    assert run("device", "tag", made["id"], "room", "attic", "--json").json["tags"] == {"room": "attic"}
    shown = run("device", "show", made["id"], "--json")
    assert shown.json["tags"] == {"room": "attic"}
    assert renewed["secret_key"] not in shown.out
    assert run("device", "delete", made["id"], "--force").code == 0
    assert run("device", "show", made["id"]).code == 1
    wrong = run("device", "add", "x", "--type", "toaster")
    assert wrong.code == 1
    assert "is not a board family" in wrong.errors


def test_the_authority(run: Run, folder: Path, tmp_path: Path) -> None:
    pem = (folder / "keys" / "ca.pem").read_text()
    assert run("ca", "export").out == pem
    assert run("ca", "export", str(tmp_path / "copy.pem")).code == 0
    assert (tmp_path / "copy.pem").read_text() == pem
    assert "Arduino" in run("ca", "show", "--json").json["subject"]
    files = run("ca", "board", "esp32", "--json").json["files"]
    assert list(files) == ["src/tls/AIoTCUPCert.h"]
    assert run("ca", "board", "arduino:mbed_opta:opta", "--write", str(tmp_path)).code == 0
    assert "br_x509_trust_anchor" in (tmp_path / "src/tls/BearSSLTrustAnchors.h").read_text()
    assert "1." in run("ca", "board", "opta").out
    assert run("ca", "board", "toaster").code == 1


def test_the_doctor(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The usual ports may be taken on the machine that runs the tests.
    for setting in ("HTTP_PORT", "HTTPS_PORT", "MQTT_PORT", "MQTTS_PORT", "MQTTS_CERT_PORTS"):
        monkeypatch.setenv(f"ROOKERY_{setting}", "0")
    found = {finding["what"]: finding for finding in run("doctor", "--json").json if finding["what"] != "names"}
    assert {finding["state"] for finding in found.values()} <= {"ok", "warn"}
    assert found["server"]["state"] == ("ok" if runfile.read(folder) else "warn")
    assert "certificate" in run("doctor").out


def test_commands_beside_a_server_are_seen_by_it_at_once(tmp_path: Path) -> None:
    with running_sandbox(tmp_path) as cloud:
        key = cloud.arduino.client_id
        cloud.token()
        assert rookery("key", "disable", key, "--data-dir", str(tmp_path)).code == 0
        with pytest.raises(SandboxFailed, match="401"):
            cloud.call("GET", "/iot/v2/things")
        assert rookery("key", "enable", key, "--data-dir", str(tmp_path)).code == 0
        assert cloud.call("GET", "/iot/v2/things") == []


def test_a_run_file_that_was_left_behind_does_not_stop_a_command(tmp_path: Path) -> None:
    with running_sandbox(tmp_path):
        left = json.loads((tmp_path / "run.json").read_text())
    # The process id has gone to somebody else meanwhile, and nobody listens at the address any more.
    left["pid"] = os.getpid()
    (tmp_path / "run.json").write_text(json.dumps(left))
    assert rookery("user", "list", "--data-dir", str(tmp_path), "--json").json[0]["email"] == OWNER


def test_a_folder_without_data_is_named_and_not_made(tmp_path: Path) -> None:
    done = rookery("user", "list", "--data-dir", str(tmp_path / "none"))
    assert done.code == 1
    assert "rookery serve --data-dir" in done.errors
    assert not (tmp_path / "none").exists()
    authority = rookery("ca", "show", "--data-dir", str(tmp_path / "none"))
    assert (authority.code, authority.out) == (1, "")
