"""A `rookery sandbox` that is attacked: its process, its memory, its log, and the requests of those who prepare."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from rookery.testing import Sandbox

SOURCE = Path(__file__).parents[2] / "src"
COMMAND = (sys.executable, "-m", "rookery")
START_SECONDS = 60.0
STOP_SECONDS = 30.0
PATIENCE = 30.0
"""Seconds for anything that takes milliseconds on an idle machine."""
KEY_LEFT = 30.0
"""Seconds before its end at which a token is replaced."""
MIB = 1 << 20


def eventually(look: Callable[[], bool], what: str) -> None:
    """Look until it is so.

    Raises:
        AssertionError: it was not within `PATIENCE`.
    """
    end = time.monotonic() + PATIENCE
    while not look():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def raise_open_files() -> int:
    """Let this process and those it starts open as many files as the system allows; returns how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 20_000 if hard == resource.RLIM_INFINITY else min(20_000, hard)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(soft, wanted)


@dataclass(frozen=True, slots=True)
class Board:
    """A device with a secret key."""

    id: str
    secret: str


@dataclass(slots=True)
class Node:
    """A running sandbox."""

    process: subprocess.Popen[bytes]
    sandbox: Sandbox
    log: Path
    http: httpx.Client
    _token: str = ""
    _token_end: float = 0.0

    @property
    def token(self) -> str:
        """An access token of its owner."""
        if time.monotonic() > self._token_end:
            key = self.sandbox.arduino
            self._token = self.grant(key.client_id, key.client_secret)
            self._token_end = time.monotonic() + 300 - KEY_LEFT
        return self._token

    def grant(self, client_id: str, secret: str) -> str:
        """An access token of any key."""
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        answer = self.http.post("/iot/v1/clients/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request of the owner."""
        return self.http.request(method, path, json=body, headers={"authorization": f"Bearer {self.token}"})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A request that must succeed; the decoded answer."""
        answer = self.send(method, path, body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def board(self, name: str = "board") -> Board:
        """Register a board."""
        device = self.call("PUT", "/iot/v2/devices", {"name": name, "type": "generic_device_secretkey"})
        secret = f"secret-of-{name}-0123456789"
        self.call("PUT", f"/iot/v2/devices/{device['id']}/pass", {"password": secret})
        return Board(device["id"], secret)

    def thing(self, board: Board | None, names: Sequence[str], kind: str = "INT") -> tuple[str, dict[str, str]]:
        """A thing with variables of this type; its id and their ids by name."""
        rules = {"type": kind, "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
        body: dict[str, Any] = {
            "name": "thing",
            "properties": [{"name": name, "variable_name": name, **rules} for name in names],
        }
        if board is not None:
            body["device_id"] = board.id
        thing = self.call("PUT", "/iot/v2/things", body)
        return thing["id"], {found["variable_name"]: found["id"] for found in thing["properties"]}

    def stored(self, property_id: str) -> list[Any]:
        """Every stored value of a property, the oldest first; at most a thousand."""
        query = {"q": f"property.{property_id}", "sort": "ASC", "series_limit": 1_000}
        answer = self.call("POST", "/iot/v2/series/batch_query_raw", {"requests": [query], "resp_version": 1})
        (found,) = answer["responses"]
        assert found["status"] == "ok", found
        return list(found["values"])

    def stranger(self) -> tuple[str, str]:
        """Another person: id and secret of an API key."""
        order(self.sandbox.data_dir, "user", "add", "stranger@rookery.local")
        key = order(self.sandbox.data_dir, "key", "create", "stranger", "--user", "stranger@rookery.local")
        return key["id"], key["secret"]

    def metric(self, name: str) -> float:
        """The sum over all labels of a metric."""
        lines = self.http.get("/metrics").text.splitlines()
        found = [line.rpartition(" ")[2] for line in lines if line.startswith((f"{name} ", f"{name}{{"))]
        assert found, f"{name} is not a metric"
        return sum(map(float, found))

    def rss(self) -> int:
        """Resident memory in bytes."""
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def reset_peak(self) -> None:
        """Forget the highest resident memory, where the system keeps it."""
        try:
            Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")
        except OSError:
            return

    def peak(self) -> int:
        """The highest resident memory since `reset_peak`; what it is now where the system does not know."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return self.rss()
        (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024

    def assert_healthy(self) -> None:
        """It runs, says that it is well, and has logged no fault of its own."""
        assert self.process.poll() is None, f"the server ended:\n{self.logged()[-4_000:]}"
        eventually(lambda: self.http.get("/health").status_code == 200, "/health is not ok")
        for word in ("Traceback", '"level":"error"', "[error"):
            assert word not in self.logged(), self.logged()[max(0, self.logged().index(word) - 2_000) :][:6_000]

    def logged(self) -> str:
        """All that it said to standard error."""
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """As a power cut does to a program."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_SECONDS)


def order(data_dir: Path, *words: str) -> Any:
    """Give an order on the command line; what it printed."""
    done = subprocess.run(
        [*COMMAND, *words, "--data-dir", str(data_dir), "--json"],
        capture_output=True,
        env=environ(),
        timeout=START_SECONDS,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def environ(**more: str) -> dict[str, str]:
    """The environment of a command: the source tree beside these tests."""
    return {**os.environ, "PYTHONPATH": str(SOURCE), "ROOKERY_LOG_FORMAT": "json", **more}


@contextmanager
def running(folder: Path, log: Path, clock: str = "real", **settings: str) -> Iterator[Node]:
    """A sandbox on this folder until the block ends."""
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [*COMMAND, "sandbox", "--data-dir", str(folder), "--clock", clock],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environ(**settings),
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
        line = process.stdout.readline() if ready else b""
        assert line, f"the sandbox did not start:\n{log.read_text(errors='replace')}"
        sandbox = Sandbox.of(json.loads(line))
        with httpx.Client(base_url=sandbox.http, timeout=PATIENCE, trust_env=False) as http:
            yield Node(process, sandbox, log, http)
    finally:
        process.stdin.close()
        process.stdout.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
