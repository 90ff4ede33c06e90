"""The program `curl` and nothing else: what its command lines get from the server, to the byte."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.clients.waiting import PATIENCE, eventually


@dataclass(frozen=True, slots=True)
class Reply:
    """What came."""

    status: int
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which has to be JSON without any space that JSON does not need."""
        assert self.headers["content-type"] == "application/json; charset=utf-8"
        value = json.loads(self.body)
        assert self.body == json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
        return value


class Curl:
    """`curl`, told the address of the server once."""

    def __init__(self, program: str, base: str, folder: Path) -> None:
        self.base = base
        self.folder = folder
        # Nobody's ~/.curlrc, and no proxy on the way to this machine.
        self._command = [program, "--disable", "--noproxy", "*", "--silent", "--show-error"]

    def __call__(self, path: str, *arguments: str, token: str = "") -> Reply:
        """Ask for a path, with a token in the header if there is one."""
        command = [*self._command, "--include", "--max-time", str(PATIENCE), *_bearer(token), *arguments]
        done = subprocess.run([*command, self.base + path], capture_output=True, timeout=2 * PATIENCE)
        assert done.returncode == 0, done.stderr.decode()
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        assert status != 100, "nothing here is so long that curl asks before it sends"
        return Reply(status, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}, body)

    @contextmanager
    def listening(self, path: str, *arguments: str, token: str = "") -> Iterator[Heard]:
        """`curl -N`: what an event stream says, until the end of the block. It is open when the block begins."""
        file = self.folder / f"stream-{len(list(self.folder.iterdir()))}"
        with file.open("wb") as output:
            process = subprocess.Popen(
                [*self._command, "-N", *_bearer(token), *arguments, self.base + path], stdout=output
            )
        heard = Heard(file)
        try:
            heard.until(b":ok\n\n")
            yield heard
        finally:
            process.terminate()
            process.wait(PATIENCE)


class Heard:
    """A file that an event stream is written to."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def so_far(self) -> bytes:
        """Everything that has come."""
        return self._file.read_bytes()

    def until(self, words: bytes) -> bytes:
        """Wait for these bytes; everything that has come."""
        return eventually(lambda: self.so_far, lambda seen: words in seen)

    def event(self, name: str) -> dict[str, Any]:
        """Wait for an event of this name; the first. Its frame is checked to the byte."""
        start = f"event: {name}\ndata: ".encode()
        frame = self.until(start)
        frame = eventually(lambda: self.so_far.partition(start)[2], lambda seen: b"\n\n" in seen)
        line = frame.partition(b"\n\n")[0]
        assert b"\n" not in line
        data: dict[str, Any] = json.loads(line)
        return data


def require_curl() -> str:
    """Where `curl` is. Without it the calling test is skipped; with CI set it fails, so that CI cannot lose it."""
    found = shutil.which("curl")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("curl is not installed, and CI must run the tests that need it.", pytrace=False)
        pytest.skip("curl is not installed: the requests of the tutorial are NOT tested.")
    return found


def form(**fields: object) -> list[str]:
    """Arguments for a form body."""
    return [word for name, value in fields.items() for word in ("--data-urlencode", f"{name}={value}")]


def body(value: Any) -> list[str]:
    """Arguments for a JSON body."""
    return ["--header", "Content-Type: application/json", "--data", json.dumps(value)]


def _bearer(token: str) -> list[str]:
    return ["--header", f"Authorization: Bearer {token}"] if token else []
