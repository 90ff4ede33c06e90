"""What the doctor finds, one trouble at a time."""

from __future__ import annotations

import shutil
import socket
from pathlib import Path

import pytest

from rookery.admin import runfile
from rookery.cli.doctor import Finding, examine
from rookery.testing import running_sandbox
from tests.cli.shell import rookery
from tests.smtp_server import mail_server

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


# Boards of Particle.


def test_ports_of_boards(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        tcp, udp = stream.getsockname()[1], datagrams.getsockname()[1]
        monkeypatch.setenv("ROOKERY_HOST", "127.0.0.1")
        monkeypatch.setenv("ROOKERY_PARTICLE_TCP_PORT", str(tcp))
        monkeypatch.setenv("ROOKERY_PARTICLE_UDP_PORT", str(udp))
        for port, what, flag in ((tcp, f"port {tcp}", "tcp"), (udp, f"port {udp}/udp", "udp")):
            (finding,) = found(made, what)
            assert (finding.state, f"--particle-{flag}-port N" in finding.text, port > 0) == ("fail", True, True)
        (dialled,) = found(made, "port 5684/udp")
    assert (dialled.state, f"particle_udp_port is {udp}" in dialled.text) == ("warn", True)
    assert [f.state for what in (f"port {tcp}", f"port {udp}/udp") for f in found(made, what)] == ["ok", "ok"]


def test_ports_of_boards_that_a_server_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with running_sandbox(tmp_path):
        running = runfile.read(tmp_path)
        assert running is not None
        (tcp,), (udp,) = running.ports["particle_tcp_port"], running.ports["particle_udp_port"]
        monkeypatch.setenv("ROOKERY_PARTICLE_TCP_PORT", str(tcp))
        monkeypatch.setenv("ROOKERY_PARTICLE_UDP_PORT", str(udp))
        assert [f.text for f in found(tmp_path, f"port {tcp}")] == ["ours (particle_tcp_port)"]
        assert [f.text for f in found(tmp_path, f"port {udp}/udp")] == ["ours (particle_udp_port)"]


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boards are listened for, whoever has that port."""
    monkeypatch.setenv("ROOKERY_PARTICLE_TCP_PORT", "5683")


@pytest.mark.usefixtures("listening")
def test_keys_that_boards_were_given(made: Path, tmp_path: Path) -> None:
    (finding,) = found(made, "board keys")
    assert (finding.state, "trusted at first sight" in finding.text) == ("ok", True)
    folder = shutil.copytree(made, tmp_path / "data")
    keys = folder / "keys"
    (keys / "server_ec.pub.der").unlink()
    (finding,) = found(folder, "board keys")
    assert (finding.state, "server_ec.pub.der" in finding.text) == ("warn", True)
    (keys / "board_rsa.key").rename(keys / "elsewhere")
    (finding,) = found(folder, "board keys")
    assert (finding.state, "board_rsa.key not in" in finding.text) == ("fail", True)
    for name in ("server_ec.pub.der", "board_rsa.key"):
        (keys / name).write_bytes(b"nothing")
    (finding,) = found(folder, "board keys")
    assert finding.state == "fail"
    assert "board_rsa.key is not a private key" in finding.text
    assert "server_ec.pub.der is not the public half of board_ec.key" in finding.text
    shutil.rmtree(keys)
    (finding,) = found(folder, "board keys")
    assert (finding.state, keys.exists()) == ("ok", False)


def test_keys_of_boards_that_nobody_listens_for(made: Path) -> None:
    assert found(made, "board keys") == []


@pytest.mark.parametrize(
    ("networks", "state", "text"),
    [
        ("", "ok", "they call public addresses only"),
        ("192.168.0.0/16,fd00:1::/64", "ok", "besides public addresses, 192.168.0.0/16, fd00:1::/64"),
        ("192.168.1.0/24,10.0.0.0/8", "warn", "they may call all of 10.0.0.0/8:"),
        ("0.0.0.0/0,::/0", "warn", "they may call all of 0.0.0.0/0, ::/0:"),
    ],
)
def test_what_webhooks_reach(made: Path, monkeypatch: pytest.MonkeyPatch, networks: str, state: str, text: str) -> None:
    monkeypatch.setenv("ROOKERY_WEBHOOK_NETWORKS", networks)
    (finding,) = found(made, "webhooks")
    assert (finding.state, finding.text.startswith(text)) == (state, True)


def test_the_bridge_is_named(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (finding,) = found(made, "bridge")
    assert (finding.state, finding.text.partition(":")[0]) == ("ok", "open")
    monkeypatch.setenv("ROOKERY_BRIDGE", "false")
    (finding,) = found(made, "bridge")
    assert (finding.state, finding.text.partition(":")[0]) == ("ok", "closed")


def test_a_mail_server(made: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert [finding.state for finding in found(made, "mail")] == ["ok"]
    password = tmp_path / "password"
    password.write_text("right")
    with mail_server(users={"me": "right"}) as server:
        settings = {
            "SERVER": "localhost",
            "PORT": str(server.port),
            "FROM": "Rookery <rookery@example.org>",
            "SECURITY": "none",
            "USER": "me",
            "PASSWORD_FILE": str(password),
        }
        for name, value in settings.items():
            monkeypatch.setenv(f"ROOKERY_MAIL_{name}", value)
        assert found(made, "mail") == [Finding("ok", "mail", f"localhost:{server.port} lets us in")]
        password.write_text("wrong")
        (finding,) = found(made, "mail")
        assert (finding.state, "refuses the log-in of me" in finding.text) == ("fail", True)
        assert server.taken == []
