"""How long a start takes, and what an idle server occupies.

Measured from outside, as a user would: from the moment the process is created to the first answer. Most of it is the
import of modules, so it matters whether Python finds them compiled; `details` says so.
"""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import litestar
import psutil

from rookery.testing import running_sandbox

RUNS = 5
PATIENCE = 60.0
"""Seconds for one start, on a machine that does something else as well."""
SETTLING = 2.0
"""Seconds between the first answer and looking at the memory."""
START_GOAL = 1.5
RSS_GOAL = 110.0
FLAGS = (
    *("--https-port", "--mqtt-port", "--mqtts-port", "--mqtts-cert-port"),
    *("--particle-tcp-port", "--particle-udp-port"),
)


class Serving:
    """`rookery serve` on a folder; `seconds` is how long it took to answer /health."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        command = [sys.executable, "-m", "rookery", "serve", "--data-dir", str(folder), "--http-port", str(port)]
        for flag in FLAGS:
            command += [flag, "0"]
        begin = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
        )
        while not answers(port):
            if time.perf_counter() - begin > PATIENCE or self.process.poll() is not None:
                self.stop()
                raise RuntimeError("the server did not start")
            time.sleep(0.002)
        self.seconds = time.perf_counter() - begin

    def stop(self) -> float:
        """How long it took to stop."""
        begin = time.perf_counter()
        self.process.terminate()
        self.process.wait(PATIENCE)
        return time.perf_counter() - begin


def start_serve() -> dict[str, Any]:
    """From nothing: an empty folder, keys, certificates and databases made, to the first answer."""
    first, again, stops = [], [], []
    with tempfile.TemporaryDirectory() as place:
        for run in range(RUNS):
            folder = Path(place) / str(run)
            for times in (first, again):
                serving = Serving(folder)
                times.append(serving.seconds)
                stops.append(serving.stop())
    return result(
        first,
        {"again": rounded(again), "stop": rounded(stops), **compiled()},
    )


def start_sandbox() -> dict[str, Any]:
    """To the line of JSON; `details` also has the first access token, which needs the whole API."""
    ready, token = [], []
    for _ in range(RUNS):
        begin = time.perf_counter()
        with running_sandbox() as sandbox:
            ready.append(time.perf_counter() - begin)
            sandbox.token()
            token.append(time.perf_counter() - begin)
    return result(ready, {"token": rounded(token), **compiled()})


def start_rss() -> dict[str, Any]:
    """Resident memory of a server with an empty folder and no clients."""
    with tempfile.TemporaryDirectory() as place:
        serving = Serving(Path(place) / "data")
        try:
            time.sleep(SETTLING)
            memory = psutil.Process(serving.process.pid).memory_full_info()
        finally:
            serving.stop()
    value = memory.rss / 1e6
    return {
        "value": round(value, 1),
        "unit": "MB",
        "goal": RSS_GOAL,
        "holds": value <= RSS_GOAL,
        "peers": {},
        "details": {"unshared": round(memory.uss / 1e6, 1), **compiled()},
    }


def result(times: list[float], details: dict[str, Any]) -> dict[str, Any]:
    """The median in seconds, with every run beside it."""
    value = statistics.median(times)
    return {
        "value": round(value, 3),
        "unit": "s",
        "goal": START_GOAL,
        "holds": value <= START_GOAL,
        "peers": {},
        "details": {"runs": rounded(times), **details},
    }


def rounded(times: list[float]) -> list[float]:
    """Milliseconds are enough."""
    return [round(each, 3) for each in times]


def compiled() -> dict[str, bool]:
    """Whether Python found modules compiled. Without, it compiles all of them at every start."""
    return {"compiled": Path(litestar.__file__).with_name("__pycache__").exists()}


def environment() -> dict[str, str]:
    """Ours, without settings that would reach the server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROOKERY_")}
    source = str(Path(__file__).parents[1] / "src")
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, [source, kept.get("PYTHONPATH")]))}


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether /health answers with 200."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


BENCHES = {"start.serve": start_serve, "start.sandbox": start_sandbox, "start.rss": start_rss}
