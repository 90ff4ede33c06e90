"""Starts the server, loads it, kills it, starts it again, and compares: cycle after cycle, on one folder."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx

from rookery.admin import runfile
from rookery.simulate import particle
from tests.crash.ledger import Promise, Since, Verdict, compare
from tests.crash.load import LATE, EventBoard, MqttBoard

PATIENCE = 60.0
BOARDS = 4
LOAD_SECONDS = 0.2, 2.5
"""How long the load lasts before the kill."""
START_SECONDS = 0.0, 0.6
"""When a start is cut short: somewhere between the first file that is opened and the first board."""
BACKUP_SECONDS = 0.0, 0.3
PORTS = ("http", "mqtt", "mqtts", "particle_tcp", "particle_udp")
OWN_PORTS = 20_000, 32_000
"""Below those that a system gives to connections (IANA's begin at 49,152, Linux's at 32,768)."""


@dataclass(slots=True)
class Report:
    """What all cycles together showed."""

    cycles: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    """By what was cut short."""
    merges: int = 0
    """Cycles that had points moved into blocks."""
    starts: list[float] = field(default_factory=list)
    """Seconds until the server served again."""
    verdict: Verdict = field(default_factory=Verdict)

    def as_json(self) -> dict[str, Any]:
        """For people and programs."""
        verdict = self.verdict
        return {
            "cycles": self.cycles,
            "kills": self.kills,
            "cycles_with_merges": self.merges,
            "acknowledged": verdict.acknowledged,
            "lost": len(verdict.lost),
            "altered": len(verdict.altered),
            "doubled": len(verdict.doubled),
            "damaged": verdict.damaged,
            "slowest_start_s": round(max(self.starts, default=0.0), 2),
        }


class Server:
    """`rookery serve` on a folder, always on the same ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = dict(zip(PORTS, _free_ports(len(PORTS)), strict=True))
        self.starts = 0
        self._process: asyncio.subprocess.Process | None = None
        self._said = folder.with_name(f"{folder.name}.errors")

    @property
    def url(self) -> str:
        """Of its APIs."""
        return f"http://127.0.0.1:{self.ports['http']}"

    async def spawn(self) -> None:
        """Begin to start."""
        self.starts += 1
        self._said.parent.mkdir(parents=True, exist_ok=True)
        with self._said.open("wb") as errors:
            self._process = await self._started(errors)

    async def _started(self, errors: IO[bytes]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "rookery", "serve", "--data-dir", str(self.folder), "--host", "127.0.0.1"),
            *(word for name, port in self.ports.items() for word in (f"--{name.replace('_', '-')}-port", str(port))),
            *("--https-port", "off", "--mqtts-cert-port", "off"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=errors,
            env={**os.environ, "ROOKERY_LOG_LEVEL": "error"},
        )

    async def serving(self) -> float:
        """Wait until it serves; how long that took."""
        begin = time.monotonic()
        assert self._process is not None
        while True:
            running = runfile.read(self.folder)
            if running is not None and running.pid == self._process.pid:
                return time.monotonic() - begin
            if self._process.returncode is not None or time.monotonic() - begin > PATIENCE:
                said = self._said.read_text(errors="replace")[-2_000:]
                raise AssertionError(f"the server does not serve, exit {self._process.returncode}: {said}")
            await asyncio.sleep(0.01)

    async def kill(self) -> None:
        """SIGKILL, now."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()

    def administer(self, operation: str, **arguments: Any) -> Any:
        """What the command line asks of a running server."""
        running = runfile.read(self.folder)
        assert running is not None
        answer = httpx.post(
            f"{running.admin}/-/admin",
            json={"operation": operation, "arguments": arguments},
            headers={"authorization": f"Bearer {running.token}"},
            trust_env=False,
            timeout=30,
        )
        assert answer.is_success, answer.text
        return answer.json()["result"]


class Scene:
    """The boards, with what they were promised."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.mqtt: list[MqttBoard] = []
        self.events: list[EventBoard] = []
        self._http = httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False)
        self._token = ""

    async def furnish(self) -> None:
        """Register everything, once."""
        key = await asyncio.to_thread(self._server.administer, "key_create", name="crash")
        issued = await asyncio.to_thread(self._server.administer, "token_create", expires_in=0)
        self._token = issued["access_token"]
        form = {"grant_type": "client_credentials", "client_id": key["id"], "client_secret": key["secret"]}
        granted = await self._call("POST", "/iot/v1/clients/token", json=form)
        headers = {"authorization": f"Bearer {granted['access_token']}"}
        for number in range(BOARDS):
            self.mqtt.append(await self._mqtt_board(f"board {number}", headers))
        for transport in ("tcp", "udp"):
            self.events.append(await self._event_board(transport))

    async def _mqtt_board(self, name: str, headers: dict[str, str]) -> MqttBoard:
        body = {"name": name, "type": "login_and_secretkey_wifi"}
        device = (await self._call("PUT", "/iot/v2/devices", json=body, headers=headers))["id"]
        secret = f"secret-of-{name}"
        await self._call("PUT", f"/iot/v2/devices/{device}/pass", json={"password": secret}, headers=headers)
        properties = [
            {"name": symbol, "type": kind, "permission": "READ_WRITE", "update_strategy": "ON_CHANGE"}
            for symbol, kind in (("whole", "INT"), ("real", "FLOAT"), ("text", "CHARSTRING"))
        ]
        body = {"name": name, "device_id": device, "properties": properties}
        thing = (await self._call("PUT", "/iot/v2/things", json=body, headers=headers))["id"]
        series = self._series("SELECT symbol, series FROM variable WHERE thing_id = ?", thing)
        return MqttBoard("127.0.0.1", self._server.ports["mqtt"], device, secret, thing, series)

    async def _event_board(self, transport: Any) -> EventBoard:
        key, id = particle.make_key(transport), particle.make_device_id(random.SystemRandom())
        headers = {"authorization": f"Bearer {self._token}"}
        form = {
            "deviceID": id,
            "publicKey": particle.public_pem(key),
            "algorithm": "rsa" if transport == "tcp" else "ecc",
            "filename": "crash",
            "order": id,
        }
        await self._call("POST", f"/v1/provisioning/{id}", json=form, headers=headers)
        code = (await self._call("POST", "/v1/device_claims", json={}, headers=headers))["claim_code"]
        server_key = (self._server.folder / "keys" / SERVER_KEYS[transport]).read_bytes()
        port = self._server.ports[f"particle_{transport}"]
        board = particle.virtual_board(id, key, server_key, "127.0.0.1", port, claim_code=code)
        async with asyncio.timeout(PATIENCE):
            await board.connected()
            await board.claimed()
        return EventBoard(board, lambda: self._server.starts)

    def compare(self, since: Since | None = None) -> Verdict:
        """Hold the file of the running server against every promise, or against those that were made since."""
        for board in self.events:
            id = board.board.device_id
            board.promise.series = self._series("SELECT hex_id, events FROM device WHERE hex_id = ?", id)[id]
        return compare(self._server.folder / "telemetry.db", self._promises(), since)

    def now(self) -> Since:
        """From here on."""
        earliest = round((time.time() - LATE - 2) * 1e6)
        return Since(earliest, [promise.sent for promise in self._promises()])

    def _promises(self) -> list[Promise]:
        return [promise for board in self.mqtt for promise in board.promises] + [board.promise for board in self.events]

    @asynccontextmanager
    async def talking(self, messages: int) -> AsyncIterator[None]:
        """All boards talk until the end of the block, each with so many messages at the most."""
        for board in self.mqtt:
            board.left = messages
        tasks = [asyncio.ensure_future(board.run()) for board in (*self.mqtt, *self.events)]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            for error in ended:
                if isinstance(error, Exception):
                    raise error

    async def back_up(self) -> None:
        """Ask for a backup, and do not wait for it."""
        await asyncio.to_thread(self._server.administer, "backup_begin")

    async def close(self) -> None:
        """Let go."""
        for board in self.events:
            board.board.stop()
        await self._http.aclose()

    def _series(self, question: str, argument: str) -> dict[str, int]:
        connection = sqlite3.connect(f"file:{self._server.folder / 'catalog.db'}?mode=ro", uri=True)
        try:
            return dict(connection.execute(question, (argument,)).fetchall())
        finally:
            connection.close()

    async def _call(self, method: str, path: str, **more: Any) -> Any:
        answer = await self._http.request(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.text}"
        return answer.json() if answer.content else None


SERVER_KEYS = {"tcp": "server_rsa.pub.der", "udp": "server_ec.pub.der"}


def _free_ports(count: int) -> list[int]:
    """Ports that are free for TCP and UDP alike, and stay so: the system gives them to no connection of its own, as it
    does with those of port 0. While the server is down, one of a thousand times somebody else would have it."""
    ports: list[int] = []
    while len(ports) < count:
        port = random.SystemRandom().randrange(*OWN_PORTS)
        with (
            contextlib.suppress(OSError),
            socket.socket() as stream,
            socket.socket(type=socket.SOCK_DGRAM) as datagrams,
        ):
            stream.bind(("127.0.0.1", port))
            datagrams.bind(("127.0.0.1", port))
            ports += [port] * (port not in ports)
    return ports


async def run(
    folder: Path,
    cycles: int,
    seed: int,
    messages: int = 1_000,
    load: tuple[float, float] = LOAD_SECONDS,
    tell: Callable[[Report], None] = lambda _report: None,
) -> Report:
    """Kill the server so often.

    After every cycle what was promised in it is compared, and at the end everything. Ends with the first fault.

    Raises:
        AssertionError: the server does not come back.
    """
    source, report = random.Random(seed), Report()
    server = Server(folder)
    await server.spawn()
    await server.serving()
    scene = Scene(server)
    await scene.furnish()
    blocks_before = 0
    try:
        for cycle in range(cycles):
            since = scene.now()
            async with scene.talking(messages):
                await asyncio.sleep(source.uniform(*load))
                what = "load"
                if cycle % 5 == 3:
                    await scene.back_up()
                    await asyncio.sleep(source.uniform(*BACKUP_SECONDS))
                    what = "backup"
                await server.kill()
            report.kills[what] = report.kills.get(what, 0) + 1
            if cycle % 3 == 1:
                # Twice in a row: the second time in the middle of coming back.
                await server.spawn()
                await asyncio.sleep(source.uniform(*START_SECONDS))
                await server.kill()
                report.kills["start"] = report.kills.get("start", 0) + 1
            await server.spawn()
            report.starts.append(await server.serving())
            verdict = await asyncio.to_thread(scene.compare, since)
            report.cycles += 1
            report.verdict.acknowledged += verdict.acknowledged
            blocks = _blocks(folder)
            report.merges += blocks > blocks_before
            blocks_before = blocks
            # Whole ones of earlier cycles and the broken one: they would fill the disk.
            shutil.rmtree(folder / "backups", ignore_errors=True)
            tell(report)
            if not verdict.clean:
                report.verdict = verdict
                return report
        report.verdict = await asyncio.to_thread(scene.compare)
    finally:
        await scene.close()
        await server.kill()
    return report


def _blocks(folder: Path) -> int:
    connection = sqlite3.connect(f"file:{folder / 'telemetry.db'}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM block").fetchone()[0])
    finally:
        connection.close()
