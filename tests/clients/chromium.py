"""Debian's Chromium without a screen, driven over the DevTools protocol: as much of it as a test of a page needs."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.clients.waiting import PATIENCE, eventually

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--remote-debugging-port=0",
)
"""Nothing but the page: no window, no processor for graphics, and no call to anybody's server."""
LARGEST_MESSAGE = 16 << 20


class PageError(Exception):
    """What a script of the page has thrown."""


class Page:
    """One page."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    def open(self, url: str) -> None:
        """Go there; returns when the page is loaded."""
        self._order("Page.navigate", url=url)
        eventually(lambda: self.run(f"location.href === {json.dumps(url)} && document.readyState === 'complete'"))

    def run(self, script: str) -> Any:
        """What a JavaScript expression is worth, as JSON. A promise is waited for.

        Raises:
            PageError: it has thrown, or its promise was rejected.
        """
        told = self._order("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in told:
            thrown = told["exceptionDetails"]
            raise PageError(thrown.get("exception", {}).get("description") or thrown["text"])
        return told["result"].get("value")

    def _order(self, method: str, **parameters: Any) -> Any:
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=2 * PATIENCE))
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]


@contextmanager
def browsing(program: str, folder: Path) -> Iterator[Page]:
    """A browser with an empty profile in `folder`, until the end of the block."""
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={folder / 'profile'}", "about:blank"], stdout=log, stderr=log
        )
    try:
        told = folder / "profile" / "DevToolsActivePort"
        port = eventually(lambda: told.read_text().split("\n")[0] if told.exists() else "", within=2 * PATIENCE)
        made = httpx.put(f"http://127.0.0.1:{port}/json/new", trust_env=False, timeout=PATIENCE)
        with connect(made.json()["webSocketDebuggerUrl"], max_size=LARGEST_MESSAGE, proxy=None) as socket:
            yield Page(socket)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def require_chromium() -> str:
    """Where the browser is. Without one the calling test is skipped; with CI set it fails: CI cannot lose it."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if os.environ.get("CI"):
        pytest.fail("Chromium is not installed, and CI must run the tests in a browser.", pytrace=False)
    pytest.skip("Chromium is not installed: browsers are NOT tested.")
