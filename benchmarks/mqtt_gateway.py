"""What the MQTT gateway costs by itself: no decoding, no store, only sockets, the protocol and acknowledgements.

    python benchmarks/mqtt_gateway.py [--yardstick DIRECTORY]

A subprocess serves a handler that leaves every ticket in a batch and acknowledges the batches like a store; the load
comes from `mqtt_load.c` of the yardstick directory, `../shared/bench` beside the repository if not said otherwise.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import os
import resource
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parent.parent
YARDSTICK = REPOSITORY.parent / "shared" / "bench"
COMMIT_SECONDS = 0.005
MESSAGES = 500_000
IDLE = 5_000
COST_GOAL = 5
"""Of the 25 CPU-us that a message may cost from socket to disk, decoding and storing take 10 to 12."""
IDLE_GOALS = {"tcp": 6_000, "tls": 35_000}
CLIENTS = 100
WINDOW = 20
PAYLOAD = bytes.fromhex(
    "9fa2006b74656d706572617475726502fa41ac0000a2006868756d696469747902fa42480000a20067636f756e746572021a000186a0ff"
)
THING = "1f4ced70-53ad-4b29-b211-1b0abbdfc757"


# The server


class Batches:
    """Tickets, handed back every few milliseconds."""

    def __init__(self, seconds: float) -> None:
        self.open: defaultdict[Any, list[int]] = defaultdict(list)
        self.seconds = seconds

    def start(self) -> None:
        asyncio.get_running_loop().call_later(self.seconds, self.commit)

    def commit(self) -> None:
        batch, self.open = self.open, defaultdict(list)
        for producer, tickets in batch.items():
            producer.committed(tickets)
        self.start()


class Handler:
    """Keeps tickets, forgets messages."""

    __slots__ = ("batches", "session")
    realm = "board"
    exclusive = True
    persistent = False

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self.session: Any = None

    def opened(self, session: Any) -> None:
        self.session = session

    def subscribe(self, topic_filter: str, qos: int) -> int:
        return qos

    def subscribed(self, topic_filter: str, qos: int) -> None:
        pass

    def unsubscribed(self, topic_filter: str) -> None:
        pass

    def publish(self, topic: str, payload: bytes, qos: int, retain: bool, ticket: int) -> bool:
        if ticket:
            self.batches.open[self.session].append(ticket)
        return False

    def closed(self, reason: str, *, clean: bool) -> None:
        self.session = None


class Anyone:
    """Lets everybody in."""

    def __init__(self, batches: Batches) -> None:
        self.batches = batches

    async def authenticate(self, login: Any, peer: Any) -> Handler:
        return Handler(self.batches)


def server_context(folder: Path) -> ssl.SSLContext:
    """A throw-away ECDSA P-256 certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def serve() -> None:
    """Run until standard input ends; prints the ports."""
    import logging

    import structlog
    import uvloop

    from rookery.clock import SystemClock
    from rookery.gateways.limits import MqttLimits
    from rookery.gateways.mqtt import MqttGateway

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        batches = Batches(COMMIT_SECONDS)
        gateway = MqttGateway([Anyone(batches)], SystemClock(), limits=MqttLimits(handshaking=10_000))
        with tempfile.TemporaryDirectory() as folder:
            context = server_context(Path(folder))
        plain = await gateway.listen("127.0.0.1", 0)
        tls = await gateway.listen("127.0.0.1", 0, tls=context)
        batches.start()
        print(json.dumps({"plain": plain, "tls": tls}), flush=True)
        await loop.run_in_executor(None, sys.stdin.read)
        await gateway.stop()

    uvloop.run(main())


# The measurement


class Server:
    """The subprocess, and what it has used so far."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src")},
        )
        assert self.process.stdout is not None
        self.ports: dict[str, int] = json.loads(self.process.stdout.readline())

    def cpu_seconds(self) -> float:
        import psutil

        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def resident(self) -> int:
        import psutil

        return int(psutil.Process(self.process.pid).memory_info().rss)

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(20)


def clients_file(folder: Path, count: int) -> Path:
    path = folder / f"clients{count}.tsv"
    path.write_text(
        "".join(
            f"00000000-0000-4000-8000-{i:012x}\t00000000-0000-4000-8000-{i:012x}\tsecret\t/a/t/{THING}/e/o\t{PAYLOAD.hex()}\n"
            for i in range(count)
        )
    )
    return path


def throughput(load: Path, folder: Path, mode: str, messages: int) -> dict[str, Any]:
    server = Server()
    try:
        before = server.cpu_seconds()
        run = subprocess.run(
            [load, str(server.ports["plain"]), clients_file(folder, CLIENTS), mode, str(messages), str(WINDOW)],
            capture_output=True,
            text=True,
            check=True,
        )
        result: dict[str, Any] = json.loads(run.stdout)
        result["cpu_us_per_message"] = round((server.cpu_seconds() - before) / result["messages"] * 1e6, 2)
    finally:
        server.stop()
    return result


def connect_packet(index: int) -> bytes:
    client_id = f"00000000-0000-4000-8000-{index:012x}".encode()
    body = b"\x00\x04MQTT\x04\xc2" + struct.pack(">H", 1200)
    for field in (client_id, client_id, b"secret"):
        body += struct.pack(">H", len(field)) + field
    assert len(body) < 128
    return bytes((0x10, len(body))) + body


def idle(count: int, tls: bool) -> dict[str, Any]:
    """Resident memory a connection, everything included; the clients are plain sockets of this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    server = Server()
    sockets: list[socket.socket] = []
    try:
        port = server.ports["tls" if tls else "plain"]

        def open_some(first: int, amount: int) -> None:
            for index in range(first, first + amount):
                sock = socket.create_connection(("127.0.0.1", port))
                if tls:
                    sock = context.wrap_socket(sock)
                sock.sendall(connect_packet(index))
                assert sock.recv(4) == b"\x20\x02\x00\x00"
                sockets.append(sock)

        open_some(0, 100)  # what is allocated once is not counted
        before = server.resident()
        start = time.monotonic()
        open_some(100, count)
        took = time.monotonic() - start
        time.sleep(0.5)
        each = (server.resident() - before) / count
    finally:
        for sock in sockets:
            sock.close()
        server.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return {"connections": count, "bytes_each": round(each), "connect_s": round(took, 2)}


def bench_throughput(mode: str, yardstick: Path = YARDSTICK) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = folder / "mqtt_load"
        subprocess.run(["cc", "-O2", "-o", load, yardstick / "mqtt_load.c"], check=True)
        result = throughput(load, folder, mode, MESSAGES)
    cost = result["cpu_us_per_message"]
    return bench_result(cost, "CPU-us/message", COST_GOAL, result)


def bench_idle(kind: str) -> dict[str, Any]:
    result = idle(IDLE, kind == "tls")
    return bench_result(result["bytes_each"], "bytes/connection", IDLE_GOALS[kind], result)


def bench_result(value: float, unit: str, goal: float, details: dict[str, Any]) -> dict[str, Any]:
    return {"value": value, "unit": unit, "goal": goal, "holds": value <= goal, "peers": {}, "details": details}


BENCHES: dict[str, Callable[[], dict[str, Any]]] = {
    "mqtt.publish_q1": partial(bench_throughput, "q1"),
    "mqtt.publish_q0": partial(bench_throughput, "q0"),
    "mqtt.idle_tcp": partial(bench_idle, "tcp"),
    "mqtt.idle_tls": partial(bench_idle, "tls"),
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--yardstick", type=Path, default=YARDSTICK)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    for name, bench in BENCHES.items():
        result = bench(yardstick=options.yardstick) if name.startswith("mqtt.publish") else bench()  # type: ignore[call-arg]
        print(json.dumps({"name": name, **result}), flush=True)


if __name__ == "__main__":
    main()
