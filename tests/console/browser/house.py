"""`rookery serve` as somebody runs it at home: a process on fixed ports, ended and started again on the same folder."""

from __future__ import annotations

import json
import random
import re
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

LINK = re.compile(r"(http://localhost:\d+)(/start/\w+)")
EMAIL = "owner@rookery.local"
PASSWORD = "nest on the north wall"
BELOW_EPHEMERAL = range(20_000, 32_000)
"""Ports that no outgoing connection of this machine takes while the server is away."""
SETTINGS = ("http", "https", "mqtt", "mqtts", "mqtts-cert", "particle-tcp", "particle-udp")


class House:
    """A server. `url` stays the same however often it is started."""

    def __init__(self, folder: Path) -> None:
        ports = _free_ports(len(SETTINGS))
        self.folder = folder
        self.url = f"http://localhost:{ports[0]}"
        self._command = [sys.executable, "-m", "rookery", "serve", "--data-dir", str(folder), "--host", "127.0.0.1"]
        for name, port in zip(SETTINGS, ports, strict=True):
            self._command += [f"--{name}-port", str(port)]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> str:
        """Start it with simulated boards of its owner; comes back with what it printed until it serves."""
        self._process = subprocess.Popen(
            [*self._command, "--demo"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout is not None
        told = ""
        while line := self._process.stdout.readline():
            told += line
            if line.startswith("Simulated boards run"):
                return told
        raise AssertionError(f"the server ended: {told}")

    def kill(self) -> None:
        """End it as a power cut does; nothing happens when it does not run."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def move_in(self) -> None:
        """Start it for the first time, and give its owner a password with the link that it prints."""
        found = LINK.search(self.start())
        assert found is not None
        self.ask("POST", found[2].replace("/start/", "/console/api/start/"), {"password": PASSWORD, "name": "Ada"})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request without a session."""
        headers = {"content-type": "application/json", "origin": self.url}
        request = urllib.request.Request(
            self.url + path, None if body is None else json.dumps(body).encode(), headers, method=method
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.load(answer)


def _free_ports(number: int) -> list[int]:
    """Ports of this machine that nobody listens on, TCP or UDP."""
    found: list[int] = []
    for port in random.SystemRandom().sample(BELOW_EPHEMERAL, len(BELOW_EPHEMERAL)):
        if _is_free(port):
            found.append(port)
        if len(found) == number:
            return found
    raise AssertionError("no free ports")


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as asked:
            try:
                asked.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
