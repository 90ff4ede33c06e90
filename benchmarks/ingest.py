"""From a board's socket to the disk: how many messages, at what cost, beside which brokers.

The whole server is measured, started as users start it: log-in by secret key, TLS left out because the load generator
has none, decoding, rights, group commit with a flush, acknowledgement. Mosquitto and amqtt run where they are
installed (amqtt also from the program named in `BENCH_AMQTT`), with logging and persistence off: they store nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import cbor2
import psutil  # type: ignore[import-untyped]

from benchmarks._sandbox import Sandbox, clients_file, load_generator, sandbox

CLIENTS = 100
WINDOW = 20
MESSAGES = 500_000
PEER_MESSAGES = {"mosquitto": 500_000, "amqtt": 20_000}
IDLE = 5_000
IDLE_TLS = 1_000
WARM = 200
VARIABLES = {"temperature": "TEMPERATURE", "humidity": "PERCENTAGE_RELATIVE_HUMIDITY", "counter": "COUNT"}


def payload(number: int) -> bytes:
    """Three values as a Python board sends them."""
    return cbor2.dumps(
        [{0: "temperature", 2: 20.0 + number / 8}, {0: "humidity", 2: 45.5}, {0: "counter", 2: 1_000 + number}]
    )


@cache
def load() -> dict[str, Any]:
    """One run of the yardstick against us and against the peers: what the numbers below are taken from."""
    with load_generator() as program, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        with sandbox() as server:
            boards = [server.board(f"board{n}", VARIABLES) for n in range(CLIENTS)]
            rows = [(b.id, b.id, b.secret, f"/a/t/{b.thing}/e/o", payload(n)) for n, b in enumerate(boards)]
            port = server.description["mqtt"]["port"]
            ours = drive(program, port, clients_file(folder, rows), MESSAGES, server.pid)
            ours["stored"] = stored(server, boards[0].thing or "")
        rows = [(f"c{n}", "user", "secret", f"boards/{n}/values", payload(n)) for n in range(CLIENTS)]
        listed = clients_file(folder, rows)
        peers: dict[str, Any] = {}
        for name, start in PEERS.items():
            with start(folder) as running:
                if running is not None:
                    peers[name] = drive(program, running[1], listed, PEER_MESSAGES[name], running[0])
    return {"ours": ours, "peers": peers}


def drive(program: Path, port: int, clients: Path, messages: int, pid: int) -> dict[str, Any]:
    """Run the load generator, with the CPU time that the server took meanwhile."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    done = subprocess.run(
        [program, str(port), clients, "q1", str(messages), str(WINDOW)], capture_output=True, text=True, check=True
    )
    after = process.cpu_times()
    result: dict[str, Any] = json.loads(done.stdout)
    seconds = after.user + after.system - before.user - before.system
    result["cpu_us"] = seconds / result["messages"] * 1e6
    result["rss_mb"] = process.memory_info().rss / 1e6
    return result


def stored(server: Sandbox, thing: str) -> int:
    """How many values of the first variable can be read back: as many as were acknowledged."""
    (first, *_) = server.call("GET", f"/iot/v2/things/{thing}/properties")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))
    then = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 3600))
    request = {"q": f"property.{first['id']}", "from": then, "to": now, "interval": 86_400, "aggregation": "COUNT"}
    answer = server.call("POST", "/iot/v2/series/batch_query", {"resp_version": 1, "requests": [request]})
    return int(sum(answer["responses"][0]["values"]))


@contextlib.contextmanager
def mosquitto(folder: Path) -> Iterator[tuple[int, int] | None]:
    """Mosquitto on a free port, storing nothing."""
    program = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None:
        yield None
        return
    port = free_port()
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type none\nmax_inflight_messages 0\n"
    )
    with running([program, "-c", str(settings)], port) as pid:
        yield pid, port


@contextlib.contextmanager
def amqtt(folder: Path) -> Iterator[tuple[int, int] | None]:
    """amqtt on a free port."""
    program = os.environ.get("BENCH_AMQTT") or shutil.which("amqtt")
    if program is None:
        yield None
        return
    port = free_port()
    settings = folder / "amqtt.yaml"
    settings.write_text(
        f"listeners:\n  default:\n    type: tcp\n    bind: 127.0.0.1:{port}\n"
        "plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n    allow_anonymous: true\n"
    )
    with running([program, "-c", str(settings)], port) as pid:
        yield pid, port


PEERS: dict[str, Callable[[Path], contextlib.AbstractContextManager[tuple[int, int] | None]]] = {
    "mosquitto": mosquitto,
    "amqtt": amqtt,
}


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[int]:
    """A program that listens on this port."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 20
            while process.poll() is None and time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.05)
            else:
                raise RuntimeError(f"{command[0]} does not listen")
            yield process.pid
        finally:
            process.terminate()


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def qos1() -> dict[str, Any]:
    """Messages a second, acknowledged after the commit."""
    ours, peers = load()["ours"], load()["peers"]
    value = ours["per_second"]
    complete = ours["acknowledged"] == ours["messages"] and ours["stored"] == ours["messages"] // CLIENTS
    return {
        "value": value,
        "unit": "messages/s",
        "goal": 50_000,
        "holds": value >= 50_000 and complete,
        "peers": {name: run["per_second"] for name, run in peers.items()},
        "details": {**ours, "every_acknowledged_value_is_stored": complete},
    }


def cpu() -> dict[str, Any]:
    """CPU time of the whole server a message."""
    ours, peers = load()["ours"], load()["peers"]
    return {
        "value": round(ours["cpu_us"], 2),
        "unit": "us/message",
        "goal": 25,
        "holds": ours["cpu_us"] <= 25,
        "peers": {name: round(run["cpu_us"], 2) for name, run in peers.items()},
        "details": {},
    }


def ratio(peer: str, goal: float) -> dict[str, Any]:
    """Our messages a second for one of the peer, in the same run."""
    ours, peers = load()["ours"], load()["peers"]
    value = round(ours["per_second"] / peers[peer]["per_second"], 2) if peer in peers else None
    return {
        "value": value,
        "unit": f"x {peer}",
        "goal": goal,
        "holds": value is not None and value >= goal,
        "peers": {},
        "details": {} if value is not None else {"reason": f"{peer} is not installed"},
    }


def idle() -> dict[str, Any]:
    """Resident memory for a board that is connected without TLS and silent."""
    with load_generator() as program, tempfile.TemporaryDirectory() as scratch, sandbox() as server:
        boards = [server.board(f"board{n}") for n in range(IDLE + WARM)]
        rows = [(b.id, b.id, b.secret, "t", b"") for b in boards]
        port = server.description["mqtt"]["port"]
        # A few others first, so that threads and caches are what they will be.
        warm = clients_file(Path(scratch), rows[:WARM])
        subprocess.run([program, str(port), warm, "idle", "0", "1", "0"], check=True, capture_output=True)
        listed = clients_file(Path(scratch), rows[WARM:])
        before = resident(server.pid)
        command = [program, str(port), listed, "idle", "0", "1", "8"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            result = json.loads(process.stdout.readline())
            after = resident(server.pid)
    value = round((after - before) / IDLE)
    return {
        "value": value,
        "unit": "bytes/board",
        "goal": 6_000,
        "holds": value <= 6_000,
        "peers": {},
        "details": {"boards": IDLE, "connect_s": result["connect_s"], "rss_mb": round(after / 1e6, 1)},
    }


def idle_tls() -> dict[str, Any]:
    """The same over TLS. The generator speaks no TLS, so a small program of our own holds the connections."""
    with sandbox() as server, tempfile.TemporaryDirectory() as scratch:
        boards = [server.board(f"board{n}") for n in range(IDLE_TLS)]
        listed = Path(scratch) / "boards.json"
        listed.write_text(json.dumps([[b.id, b.secret] for b in boards]))
        before = resident(server.pid)
        command = [sys.executable, "-m", "benchmarks.ingest", str(server.description["mqtts"]["port"]), str(listed)]
        with subprocess.Popen(
            command, cwd=Path(__file__).parent.parent, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdin is not None
            process.stdout.readline()
            after = resident(server.pid)
            process.stdin.close()
    value = round((after - before) / IDLE_TLS)
    return {
        "value": value,
        "unit": "bytes/board",
        "goal": 35_000,
        "holds": value <= 35_000,
        "peers": {},
        "details": {"boards": IDLE_TLS, "rss_mb": round(after / 1e6, 1)},
    }


def resident(pid: int) -> int:
    """Resident memory, once it has stopped growing."""
    process = psutil.Process(pid)
    last = -1
    while (now := process.memory_info().rss) != last:
        last = now
        time.sleep(0.5)
    return last


async def hold(port: int, boards: list[list[str]]) -> None:
    """Connect all boards over TLS, say so, and hold the connections until standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # What is measured is the server; the certificate is not.
    held = []
    for id, secret in boards:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
        body = b"\x00\x04MQTT\x04\xc2\x04\xb0" + b"".join(
            struct.pack(">H", len(text)) + text.encode() for text in (id, id, secret)
        )
        writer.write(b"\x10" + bytes([len(body)]) + body)
        if await reader.readexactly(4) != b"\x20\x02\x00\x00":
            raise RuntimeError("a board was refused")
        held.append(writer)
    print("connected", flush=True)
    await asyncio.to_thread(sys.stdin.read)


BENCHES: dict[str, Callable[[], dict[str, Any]]] = {
    "ingest.qos1": qos1,
    "ingest.cpu": cpu,
    "ingest.mosquitto": lambda: ratio("mosquitto", 0.4),
    "ingest.amqtt": lambda: ratio("amqtt", 10),
    "ingest.idle": idle,
    "ingest.idle_tls": idle_tls,
}

if __name__ == "__main__":
    import uvloop

    uvloop.run(hold(int(sys.argv[1]), json.loads(Path(sys.argv[2]).read_text())))
