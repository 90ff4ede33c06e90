"""What boards cost while they connect, while they are silent, and when all of them come back at once."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import psutil  # type: ignore[import-untyped]

from benchmarks._particle_crowd import crowd
from benchmarks._sandbox import sandbox

IDLE = 5_000
FEW = 1_000
HANDSHAKES = 300
IDLE_GOAL = 12.0
TCP_GOAL = 3.0
DTLS_GOAL = 4.0
RETURN_GOAL = 30.0
SETTLED = 3.0
"""Seconds after the last board has connected until the memory is looked at: notes are written, tasks have ended."""


def idle() -> dict[str, Any]:
    """Memory of one connected, silent board over UDP, with all that the server keeps of it: what a server with a
    thousand boards needs more when it has five thousand. The first thousand fill caches that have a fixed size."""
    with sandbox() as server:
        process = psutil.Process(server.pid)
        with crowd(server.description, udp=FEW):
            time.sleep(SETTLED)
            before = process.memory_info().rss
            with crowd(server.description, udp=IDLE - FEW) as boards:
                time.sleep(SETTLED)
                after = process.memory_info().rss
                online = FEW + boards.ask("state")["online"]
    value = (after - before) / 1_024 / (IDLE - FEW)
    details = {"boards": online, "rss_mb_with_1000": before >> 20, "rss_mb": after >> 20}
    return {
        "value": round(value, 2),
        "unit": "KB",
        "goal": IDLE_GOAL,
        "holds": value <= IDLE_GOAL and online == IDLE,
        "peers": {},
        "details": {**details, "connected_in_s": round(boards.first["seconds"], 1)},
    }


def handshake(transport: str, goal: float) -> dict[str, Any]:
    """CPU of the server from the first byte of a board that it knows to all that the board says of itself: handshake,
    Hello, description, time, subscriptions, events; and the goodbye before it. In the details what it is for a board
    that nobody knew, with a new record."""
    with sandbox() as server:
        process = psutil.Process(server.pid)
        with crowd(server.description, **{transport: 20}):
            began = process.cpu_times()
            with crowd(server.description, **{transport: HANDSHAKES}) as boards:
                time.sleep(SETTLED)
                before = process.cpu_times()
                boards.ask("again")
                after = process.cpu_times()
                state = boards.ask("state")
    value, first = spent(before, after) / HANDSHAKES, spent(began, before) / HANDSHAKES
    return {
        "value": round(value, 2),
        "unit": "ms",
        "goal": goal,
        "holds": value <= goal and state["online"] == HANDSHAKES and state["handshakes"] == 2 * HANDSHAKES,
        "peers": {},
        "details": {"boards": state["online"], "unknown_board_ms": round(first, 2), "handshakes": state["handshakes"]},
    }


def spent(before: Any, after: Any) -> float:
    """Milliseconds of CPU between two looks at a process."""
    return float(after.user + after.system - before.user - before.system) * 1_000


def tcp() -> dict[str, Any]:
    """RSA-2048 and AES."""
    return handshake("tcp", TCP_GOAL)


def dtls() -> dict[str, Any]:
    """ECDHE, ECDSA and AES-CCM."""
    return handshake("udp", DTLS_GOAL)


@contextlib.contextmanager
def served(folder: str, ports: dict[str, int]) -> Iterator[subprocess.Popen[bytes]]:
    """A server on these ports, ready."""
    flags = [part for name, port in ports.items() for part in (f"--{name}-port", str(port))]
    off = ["--https-port", "off", "--mqtt-port", "off", "--mqtts-port", "off", "--mqtts-cert-port", "off"]
    command = [sys.executable, "-m", "rookery", "serve", "--data-dir", folder, "--host", "127.0.0.1", *flags, *off]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "ROOKERY_LOG_LEVEL": "error"}
    ) as process:
        for _ in range(400):
            with contextlib.suppress(OSError):
                metrics(ports["http"])
                break
            time.sleep(0.05)
        yield process
        process.kill()


def metrics(port: int) -> dict[str, float]:
    """What the server counts."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[:1] != "#")}


def free_ports() -> dict[str, int]:
    """Ports that nobody has at this moment."""
    found = {}
    for name, kind in (("http", socket.SOCK_STREAM), ("particle-udp", socket.SOCK_DGRAM)):
        with socket.socket(socket.AF_INET, kind) as one:
            one.bind(("127.0.0.1", 0))
            found[name] = one.getsockname()[1]
    return {**found, "particle-tcp": 0}


def back() -> dict[str, Any]:
    """Seconds from the start of a server that was ended until all its silent boards are online again, without a
    handshake. They are heard when they next say something, which is within their keepalive of 25 s."""
    with tempfile.TemporaryDirectory() as folder:
        ports = free_ports()
        told = {
            "particle_tcp": {"port": 0},
            "particle_udp": {"port": ports["particle-udp"]},
            "particle_server_key": {"rsa": "", "ec": f"{folder}/keys/server_ec.pub.der"},
        }
        with served(folder, ports) as first, crowd(told, udp=IDLE) as boards:
            time.sleep(SETTLED)
            handshakes = boards.ask("state")["handshakes"]
            first.send_signal(signal.SIGTERM)
            first.wait()
            started = time.monotonic()
            with served(folder, ports) as second:
                online, seconds = 0, 0.0
                while seconds < 4 * RETURN_GOAL and online < IDLE:
                    time.sleep(0.25)
                    online = int(sum(v for k, v in metrics(ports["http"]).items() if is_online(k)))
                    seconds = time.monotonic() - started
                cpu = psutil.Process(second.pid).cpu_times()
                state = boards.ask("state")
    renewed = state["handshakes"] - handshakes
    return {
        "value": round(seconds, 1),
        "unit": "s",
        "goal": RETURN_GOAL,
        "holds": seconds <= RETURN_GOAL and online >= IDLE and renewed == 0,
        "peers": {},
        "details": {
            "boards": online,
            "new_handshakes": renewed,
            "lost_connections": state["losses"],
            "server_cpu_s": round(cpu.user + cpu.system, 1),
        },
    }


def is_online(name: str) -> bool:
    """Whether this line of the metrics counts boards that are online."""
    return name.startswith("rookery_boards{") and "particle" in name


BENCHES = {
    "boards.idle_dtls": idle,
    "boards.handshake_tcp": tcp,
    "boards.handshake_dtls": dtls,
    "boards.return": back,
}
