"""What the doctor finds, one trouble at a time."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from rookery.cli.doctor import Finding, examine
from rookery.testing import running_sandbox
from tests.cli.shell import rookery

PORTS = ("HTTP_PORT", "HTTPS_PORT", "MQTT_PORT", "MQTTS_PORT", "MQTTS_CERT_PORTS")
FREE = dict.fromkeys((*PORTS, "PARTICLE_TCP_PORT", "PARTICLE_UDP_PORT"), "off")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that a server has made and left."""
    folder = tmp_path_factory.mktemp("data")
    with running_sandbox(folder):
        pass
    return folder


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No port of this machine matters unless a test says so."""
    for name, value in FREE.items():
        monkeypatch.setenv(f"ROOKERY_{name}", value)


def found(folder: Path, what: str) -> list[Finding]:
    return [finding for finding in examine(folder) if finding.what == what]


def test_a_healthy_folder(made: Path) -> None:
    assert {finding.state for finding in examine(made)} <= {"ok", "warn"}
    assert rookery("doctor", "--data-dir", str(made)).code == 0


def test_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    (finding,) = found(tmp_path / "none", "folder")
    assert finding.state == "warn"
    assert not (tmp_path / "none").exists()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (finding,) = found(tmp_path / "file", "folder")
    assert finding.state == "fail"
    assert rookery("doctor", "--data-dir", str(tmp_path / "file")).code == 1


def test_a_folder_that_others_may_look_into(made: Path) -> None:
    made.chmod(0o755)
    try:
        (finding,) = found(made, "permissions")
    finally:
        made.chmod(0o700)
    assert finding.state == "warn"
    assert f"chmod go= {made}" in finding.text


def test_a_setting_that_can_not_be_used(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_SYNC", "perhaps")
    (finding,) = examine(made)
    assert (finding.state, finding.what) == ("fail", "settings")
    monkeypatch.setenv("ROOKERY_SYNC", "full")
    monkeypatch.setenv("ROOKERY_HOSTS", "not a name!")
    (finding,) = examine(made)
    assert "not a name!" in finding.text


def test_a_port_that_somebody_has(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setenv("ROOKERY_MQTT_PORT", str(port))
        (finding,) = found(made, f"port {port}")
    assert finding.state == "fail"
    assert "--mqtt-port N" in finding.text
    (finding,) = found(made, f"port {port}")
    assert finding.state == "ok"


def test_names_that_lead_nowhere_and_are_not_in_the_certificate(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOKERY_HOSTS", "rookery.invalid")
    names = found(made, "names")
    assert [finding.text.split()[0] for finding in names] == [
        "rookery.invalid",
        "wss.rookery.invalid",
        "mqtts-up.rookery.invalid",
    ]
    assert {finding.state for finding in names} == {"fail"}
    assert any(f.state == "fail" and "does not carry rookery.invalid" in f.text for f in found(made, "certificate"))


def test_a_certificate_that_is_none(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "own.pem"
    monkeypatch.setenv("ROOKERY_TLS_CERT", str(file))
    monkeypatch.setenv("ROOKERY_TLS_KEY", str(file))
    (finding,) = found(made, "certificate")
    assert (finding.state, "is not there" in finding.text) == ("fail", True)
    file.write_text("nothing")
    (finding,) = found(made, "certificate")
    assert (finding.state, "holds no certificate" in finding.text) == ("fail", True)


def test_a_server_that_runs(tmp_path: Path) -> None:
    with running_sandbox(tmp_path):
        assert [finding.state for finding in (*found(tmp_path, "server"), *found(tmp_path, "health"))] == ["ok", "ok"]
