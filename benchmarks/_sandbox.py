"""A sandbox with boards, for benchmarks that measure the whole server from outside."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parent.parent
YARDSTICK = REPOSITORY.parent / "shared" / "bench" / "mqtt_load.c"


class Board(NamedTuple):
    """A registered device, with the thing it feeds if it has one."""

    id: str
    secret: str
    thing: str | None


class Sandbox:
    """A `rookery sandbox` process and its Application API."""

    def __init__(self, process: subprocess.Popen[str], description: dict[str, Any]) -> None:
        self.process = process
        self.description = description
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(description["http"]).netloc, timeout=30)
        self._headers: dict[str, str] = {}
        self.log_in()

    @property
    def pid(self) -> int:
        return self.process.pid

    def log_in(self) -> None:
        """Fetch an access token."""
        key = self.description["arduino"]
        self._headers = {}
        answer = self.call("POST", "/iot/v1/clients/token", {"grant_type": "client_credentials", **key})
        self._headers = {"Authorization": "Bearer " + answer["access_token"]}

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request; the decoded answer, or None when it is empty."""
        data = None if body is None else json.dumps(body)
        self._connection.request(method, path, data, self._headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status == 401 and self._headers:
            self.log_in()
            return self.call(method, path, body)
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {response.status} {content[:200]!r}")
        return json.loads(content) if content else None

    def board(self, name: str, variables: dict[str, str] | None = None) -> Board:
        """Register a board; with variables (name to type) also a thing that it feeds."""
        device = self.call("PUT", "/iot/v2/devices", {"name": name, "type": "login_and_secretkey_wifi"})["id"]
        secret = f"secret-of-{name}"
        self.call("PUT", f"/iot/v2/devices/{device}/pass", {"password": secret})
        if variables is None:
            return Board(device, secret, None)
        properties = [
            {"name": n, "type": t, "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
            for n, t in variables.items()
        ]
        thing = self.call("PUT", "/iot/v2/things", {"name": name, "device_id": device, "properties": properties})
        return Board(device, secret, thing["id"])


def environment() -> dict[str, str]:
    """For a server: without what is meant for benchmarks, which it would take for settings that it does not know."""
    return {name: value for name, value in os.environ.items() if not name.startswith("ROOKERY_BENCH_")}


@contextlib.contextmanager
def sandbox() -> Iterator[Sandbox]:
    """A sandbox that ends with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "rookery", "sandbox"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the sandbox did not start")
        try:
            yield Sandbox(process, json.loads(line))
        finally:
            process.terminate()


@contextlib.contextmanager
def load_generator() -> Iterator[Path]:
    """The yardstick, compiled."""
    if not YARDSTICK.exists():
        raise RuntimeError(f"the load generator {YARDSTICK} is not there")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "mqtt_load"
        subprocess.run(["cc", "-O2", "-o", program, YARDSTICK], check=True)
        yield program


def clients_file(folder: Path, rows: list[tuple[str, str, str, str, bytes]]) -> Path:
    """The list of clients for the load generator: client id, user name, password, topic, payload."""
    path = folder / "clients.tsv"
    path.write_text("".join("\t".join([*row[:4], row[4].hex()]) + "\n" for row in rows))
    return path
