"""`rookery sandbox` in a process of its own: one throw-away server for all tests of this folder."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parents[2] / "src"
COMMAND = (sys.executable, "-c", "from rookery.cli.main import main; main()")
"""What the installed `rookery` does, of the source tree beside these tests."""
READY_WITHIN = 60.0
"""Seconds; it takes about one. The rest is for a busy machine."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something listens."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What the line says that `rookery sandbox` prints."""

    https: str
    ca: Path
    data_dir: Path
    mqtts: Endpoint
    """Secret key."""
    mqtts_certificate: Endpoint
    person_id: str
    key: ApiKey

    @property
    def https_port(self) -> int:
        """Where programs of people find the WebSocket."""
        return int(self.https.rpartition(":")[2])

    @classmethod
    def read(cls, line: str) -> Sandbox:
        """Take the line apart."""
        said: dict[str, Any] = json.loads(line)
        return cls(
            https=said["https"],
            ca=Path(said["ca"]),
            data_dir=Path(said["data_dir"]),
            mqtts=Endpoint(**said["mqtts"]),
            mqtts_certificate=Endpoint(**said["mqtts_cert"]),
            person_id=said["user"]["id"],
            key=ApiKey(said["arduino"]["client_id"], said["arduino"]["client_secret"]),
        )


def environ() -> dict[str, str]:
    """The environment of a command."""
    return {**os.environ, "PYTHONPATH": str(SOURCE)}


def order(sandbox: Sandbox, *words: str) -> Any:
    """Give the running server an order on the command line; what it printed."""
    command = [*COMMAND, *words, "--data-dir", str(sandbox.data_dir), "--json"]
    done = subprocess.run(command, capture_output=True, env=environ(), text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def running_sandbox(log: Path) -> Iterator[Sandbox]:
    """A server that runs until the block ends. What it says to standard error goes to the file `log`."""
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [*COMMAND, "sandbox"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environ(),
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        ready, _, _ = select.select([process.stdout], [], [], READY_WITHIN)
        line = process.stdout.readline() if ready else ""
        assert line, f"rookery sandbox did not come up:\n{log.read_text(encoding='utf-8', errors='replace')}"
        yield Sandbox.read(line)
        assert process.poll() is None, f"rookery sandbox ended by itself:\n{log.read_text(errors='replace')}"
    finally:
        # The end of its standard input is one of the ways in which it is told to end.
        process.stdin.close()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
