"""The commands of the Particle side: tokens, organisations, the server's keys for boards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from rookery.testing import Sandbox, running_sandbox
from tests.cli.shell import Done, rookery

Run = Callable[..., Done]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("data")) as sandbox:
        yield sandbox


@pytest.fixture
def run(sandbox: Sandbox) -> Run:
    """Run a command beside the server."""
    return lambda *arguments: rookery(*arguments, "--data-dir", str(sandbox.data_dir))


def status(sandbox: Sandbox, token: str) -> int:
    """What the server says to this token."""
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{sandbox.http}/v1/devices", headers=headers, trust_env=False).status_code


def test_tokens(run: Run, sandbox: Sandbox) -> None:
    made = run("token", "create", "--expires-in", "0", "--json").json
    assert (made["expires_at"], len(made["access_token"])) == (None, 40)
    assert status(sandbox, made["access_token"]) == 200
    listed = run("token", "list", "--json").json
    assert made["handle"] in [one["handle"] for one in listed]
    assert made["access_token"] not in run("token", "list", "--json").out
    assert run("token", "revoke", made["handle"]).code == 0
    assert status(sandbox, made["access_token"]) == 401
    assert run("token", "revoke", made["handle"]).code == 1


def test_organisations(run: Run) -> None:
    made = run("org", "add", "Lamps and Sons", "--json").json
    assert (made["slug"], made["owner"]) == ("lamps-and-sons", "owner@rookery.local")
    assert run("org", "add", "Lamps and Sons", "--json").json["slug"] == "lamps-and-sons-2"
    assert [one["slug"] for one in run("org", "list", "--json").json] == ["lamps-and-sons", "lamps-and-sons-2"]
    assert run("org", "add", "").code == 1


def test_keys_for_boards(run: Run, sandbox: Sandbox, tmp_path: Path) -> None:
    plain = run("device", "keys", "--json").json["keys"]
    assert [one["public_key"] for one in plain] == list(sandbox.described["particle_server_key"].values())
    assert all("file" not in one for one in plain)
    told = run("device", "keys", "192.168.1.10", "--write", str(tmp_path / "out"), "--json").json
    rsa, ec = told["keys"]
    public = Path(rsa["public_key"]).read_bytes()
    block = Path(rsa["file"]).read_bytes()
    # As the vendor's tool lays it out: 512 bytes, the key, 0xFF, and the address at 384.
    assert (len(block), block[: len(public)]) == (512, public)
    assert block[384:390] == bytes([0, 4, 192, 168, 1, 10])
    assert set(block[len(public) : 384] + block[390:]) == {0xFF}
    block = Path(ec["file"]).read_bytes()
    assert (len(block), block[192:198]) == (320, bytes([0, 4, 192, 168, 1, 10]))
    assert rsa["command"] == f"particle keys server {rsa['file']}"
    assert rsa["same_by_hand"] == f"particle keys server {rsa['public_key']} --host 192.168.1.10"
    assert told["back"]["server"] == "particle keys server"

    rsa, ec = run("device", "keys", "cloud.example", "--port", "15683", "--write", str(tmp_path), "--json").json["keys"]
    block = Path(rsa["file"]).read_bytes()
    assert block[384:399] == b"\x01\x0dcloud.example"
    assert block[450:452] == (15_683).to_bytes(2, "big")
    assert rsa["same_by_hand"].endswith(" --host cloud.example --port 15683")
    assert ec["same_by_hand"].endswith(" --host cloud.example")
    assert rsa["file"] in run("device", "keys", "cloud.example", "--write", str(tmp_path)).out
    assert run("device", "keys", "x" * 65).code == 1
