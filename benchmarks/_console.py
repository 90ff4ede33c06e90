"""A console in headless Chromium beside a sandbox, for the benchmarks of the console."""

from __future__ import annotations

import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cbor2
import psutil  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks._sandbox import Board, Sandbox
from rookery.wire.mqtt import encode
from rookery.wire.mqtt import packets as p

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
    "--enable-precise-memory-info",
]
WINDOW: Any = {"width": 1280, "height": 800}


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's browser, without a screen."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def signed_in(browser: Browser, server: Sandbox) -> BrowserContext:
    """A window whose cookie is the owner's session."""
    context = browser.new_context(base_url=server.description["http"], viewport=WINDOW)
    user = server.description["user"]
    own = {"sec-fetch-site": "same-origin"}
    answer = context.request.post(
        "/console/api/session", data={"email": user["email"], "password": user["password"]}, headers=own
    )
    if not answer.ok:
        raise RuntimeError(answer.text())
    return context


def cpu_seconds() -> float:
    """Processor time that all processes of the browser have had."""
    total = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            if "chrom" in child.name():
                times = child.cpu_times()
                total += times.user + times.system
        except psutil.NoSuchProcess:
            continue
    return total


class WireBoard:
    """A board that says what it is told to, over plain MQTT, at QoS 0."""

    def __init__(self, server: Sandbox, board: Board) -> None:
        mqtt = server.description["mqtt"]
        self._topic = f"/a/t/{board.thing}/e/o"
        self._socket = socket.create_connection((mqtt["host"], mqtt["port"]))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        login = p.Connect(client_id=board.id, username=board.id, password=board.secret.encode())
        self._socket.sendall(encode.encode(login))
        if self._socket.recv(4) != encode.encode(p.Connack()):
            raise RuntimeError("the board was refused")

    def say(self, values: dict[str, Any], at: float | None = None) -> None:
        """Publish these values, measured at `at` (seconds since 1970) or now."""
        records = [{0: name, 2: value} | ({} if at is None else {6: at}) for name, value in values.items()]
        self._socket.sendall(encode.publish(p.Publish(self._topic, cbor2.dumps(records))))

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


class Metronome:
    """Calls something at a fixed rate in a thread of its own until it is stopped."""

    def __init__(self, rate: float, beat: Any) -> None:
        self._rate, self._beat = rate, beat
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        begin, count = time.monotonic(), 0
        while not self._ended.is_set():
            self._beat(count)
            count += 1
            self._ended.wait(max(0.0, begin + count / self._rate - time.monotonic()))

    def stop(self) -> None:
        """Wait for the last call."""
        self._ended.set()
        self._thread.join()


def widget(kind: str, x: int, y: int, width: int, height: int, *variables: str, **options: Any) -> dict[str, Any]:
    """A widget as clients send it, in units of the 24-column grid."""
    return {
        "id": str(uuid.uuid4()),
        "type": kind,
        "name": kind,
        "x": x,
        "y": y,
        "width": width,
        "height": height,
        "options": options,
        "variables": list(variables),
    }
