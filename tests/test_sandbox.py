"""`rookery sandbox` as those who use it see it: a process, a line of JSON, and an end."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rookery.testing import Sandbox, SandboxFailed, running_sandbox

ROOT = Path(__file__).parents[1]


def spawn(*arguments: str, stdin: int = subprocess.PIPE, **environ: str) -> subprocess.Popen[bytes]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("ROOKERY_")}
    environment = {**inherited, "PYTHONPATH": str(ROOT / "src"), **environ}
    command = [sys.executable, "-m", "rookery", "sandbox", *arguments]
    return subprocess.Popen(
        command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd="/"
    )


def line(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    assert process.stdout is not None
    described: dict[str, Any] = json.loads(process.stdout.readline())
    return described


def rest(process: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
    return process.communicate(timeout=60)


def opened(url: str, token: str) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return opener.open(urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=30)


def test_the_line_has_what_the_contract_names() -> None:
    process = spawn()
    described = line(process)
    assert set(described) == {
        *("http", "https", "ca", "data_dir", "mqtt", "mqtts", "mqtts_cert"),
        *("particle_tcp", "particle_udp", "particle_server_key"),
        *("user", "arduino", "particle"),
    }
    assert set(described["user"]) == {"email", "password", "id"}
    assert set(described["arduino"]) == {"client_id", "client_secret"}
    assert set(described["particle"]) == {"access_token"}
    assert set(described["particle_server_key"]) == {"rsa", "ec"}
    listeners = ("mqtt", "mqtts", "mqtts_cert", "particle_tcp", "particle_udp")
    assert {described[name]["host"] for name in listeners} == {"127.0.0.1"}
    assert all(isinstance(described[name]["port"], int) for name in listeners)
    for name, size in (("rsa", 294), ("ec", 91)):
        assert Path(described["particle_server_key"][name]).stat().st_size == size
    with opened(described["http"] + "/v1/devices", described["particle"]["access_token"]) as answer:
        assert answer.status == 200
        assert json.load(answer) == []
    context = ssl.create_default_context(cafile=described["ca"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    for base in (described["http"], described["https"]):
        with opener.open(base + "/health", timeout=30) as answer:
            assert answer.status == 200
    process.send_signal(signal.SIGTERM)
    out, errors = rest(process)
    assert out == b""
    assert errors == b""
    assert process.returncode == 0
    assert not Path(described["data_dir"]).exists()


@pytest.mark.parametrize("end", ["SIGINT", "end of input"])
def test_it_ends_with_whoever_started_it(end: str) -> None:
    process = spawn()
    described = line(process)
    if end == "SIGINT":
        process.send_signal(signal.SIGINT)
    _, errors = rest(process)
    assert process.returncode == 0
    assert errors == b""
    assert not Path(described["data_dir"]).exists()


def test_a_folder_that_is_named_stays_and_tells_the_same_again(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with running_sandbox(folder) as first:
        thing = first.call("PUT", "/iot/v2/things", {"name": "kept"})
    with running_sandbox(folder) as second:
        assert (second.user, second.arduino) == (first.user, first.arduino)
        assert second.call("GET", f"/iot/v2/things/{thing['id']}")["name"] == "kept"
        with pytest.raises(SandboxFailed, match="Another Rookery server"), running_sandbox(folder):
            pass


def test_settings_of_a_server_that_stays_do_not_reach_it(tmp_path: Path) -> None:
    process = spawn(ROOKERY_HTTP_PORT="1", ROOKERY_HOST="192.0.2.1", ROOKERY_DATA_DIR=str(tmp_path / "other"))
    described = line(process)
    rest(process)
    assert not described["http"].endswith(":1")
    assert not (tmp_path / "other").exists()


def test_a_wrong_setting_is_a_sentence_and_a_code(tmp_path: Path) -> None:
    process = spawn("--data-dir", str(tmp_path), ROOKERY_SYNC="perhaps")
    out, errors = rest(process)
    assert process.returncode == 2
    assert out == b""
    assert errors.startswith(b"ROOKERY_SYNC must be")
    assert errors.count(b"\n") == 1


@pytest.fixture(scope="module")
def cloud() -> Iterator[Sandbox]:
    """A sandbox whose clock is turned by hand."""
    with running_sandbox(clock="manual") as sandbox:
        yield sandbox


class TestManualClock:
    """Time stands still until it is turned."""

    def test_it_stands_still(self, cloud: Sandbox) -> None:
        first, second = (cloud.call("PUT", "/iot/v2/things", {"name": name}) for name in ("one", "two"))
        assert first["created_at"] == second["created_at"]

    def test_it_goes_as_far_as_it_is_turned(self, cloud: Sandbox) -> None:
        before = datetime.fromisoformat(cloud.turn_clock(0))
        after = datetime.fromisoformat(cloud.turn_clock(86_400.5))
        assert (after - before).total_seconds() == 86_400.5
        thing = cloud.call("PUT", "/iot/v2/things", {"name": "three"})
        assert datetime.fromisoformat(thing["created_at"]).replace(microsecond=0) == after.replace(microsecond=0)

    def test_tokens_end_with_their_time(self, cloud: Sandbox) -> None:
        token = cloud.token()
        cloud.turn_clock(301)
        cloud._token, cloud._token_ends = token, float("inf")
        with pytest.raises(SandboxFailed, match="401"):
            cloud.call("GET", "/iot/v2/things")
        cloud._token_ends = 0.0
        cloud.call("GET", "/iot/v2/things")

    @pytest.mark.parametrize(
        "turn",
        [{}, {"advance": -1}, {"advance": 1, "now": "2100-01-01T00:00:00Z"}, {"now": "1999-01-01"}, {"back": 1}],
    )
    def test_a_turn_that_makes_no_sense_is_refused(self, cloud: Sandbox, turn: dict[str, Any]) -> None:
        with pytest.raises(SandboxFailed, match="400"):
            cloud._clock(turn)


def test_there_is_no_clock_to_turn_on_a_real_one() -> None:
    with running_sandbox() as sandbox, pytest.raises(SandboxFailed, match="404"):
        sandbox.turn_clock(1)
