"""`rookery sandbox` as an object: started as a process of its own, described by what it prints, ended with its user.

Only the standard library is imported here: a test suite must not pay for the server in its own process.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rookery.simulate.particle_board import ParticleBoard

START_SECONDS = 60.0
"""For the first line: a second on an idle machine, much more on one that runs a test on every core."""
STOP_SECONDS = 15.0
REQUEST_SECONDS = 30.0
BOARD_SECONDS = 30.0
"""For a simulated board to connect and to be claimed: it takes milliseconds."""
DESCRIBED_STEP = 0.05
TOKEN_MARGIN = 30.0
"""Seconds before its end at which an access token is replaced."""


class SandboxFailed(Exception):
    """The sandbox did not start, or refused a request. The text says what it said."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Where a client connects."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class User:
    """The person who owns everything. `password` is None in a folder that a sandbox did not make."""

    email: str
    password: str | None
    id: str


@dataclass(frozen=True, slots=True)
class ApiKey:
    """Client id and secret for the Arduino Application API and for private MQTT topics."""

    client_id: str
    client_secret: str


@dataclass(slots=True)
class Sandbox:
    """A running sandbox."""

    http: str
    https: str
    ca: Path
    """The authority that its certificates are checked with (PEM)."""
    data_dir: Path
    mqtt: Listener
    mqtts: Listener
    """For boards with a secret key."""
    mqtts_cert: Listener
    """For boards with a certificate."""
    user: User
    arduino: ApiKey
    particle_tcp: Listener
    """For Particle boards with an RSA key."""
    particle_udp: Listener
    """For Particle boards with a P-256 key; UDP."""
    particle_server_key: dict[str, Path]
    """The server's public keys, DER SubjectPublicKeyInfo: `rsa` for TCP, `ec` for UDP."""
    particle_token: str
    """An access token of the owner for the Particle API."""
    described: dict[str, Any]
    """Everything that the sandbox said, also what has no field here."""
    _token: str = field(default="", repr=False)
    _token_ends: float = field(default=0.0, repr=False)

    @classmethod
    def of(cls, described: dict[str, Any]) -> Sandbox:
        """From the line that `rookery sandbox` prints."""
        return cls(
            http=described["http"],
            https=described["https"],
            ca=Path(described["ca"]),
            data_dir=Path(described["data_dir"]),
            mqtt=Listener(**described["mqtt"]),
            mqtts=Listener(**described["mqtts"]),
            mqtts_cert=Listener(**described["mqtts_cert"]),
            user=User(**described["user"]),
            arduino=ApiKey(**described["arduino"]),
            particle_tcp=Listener(**described["particle_tcp"]),
            particle_udp=Listener(**described["particle_udp"]),
            particle_server_key={kind: Path(file) for kind, file in described["particle_server_key"].items()},
            particle_token=described["particle"]["access_token"],
            described=described,
        )

    @property
    def environment(self) -> dict[str, str]:
        """Variables that make common clients believe the sandbox's certificate, for processes that a test starts."""
        ca = str(self.ca)
        return {
            "IOT_API_URL": self.https,
            "SSL_CERT_FILE": ca,
            "REQUESTS_CA_BUNDLE": ca,
            "NODE_EXTRA_CA_CERTS": ca,
        }

    def token(self) -> str:
        """An access token of the API key that has some time to go."""
        if time.monotonic() >= self._token_ends:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.arduino.client_id,
                "client_secret": self.arduino.client_secret,
                "audience": "https://api2.arduino.cc/iot",
            }
            granted = self._exchange("POST", "/iot/v1/clients/token", urllib.parse.urlencode(form).encode(), {})
            self._token = granted["access_token"]
            self._token_ends = time.monotonic() + granted["expires_in"] - TOKEN_MARGIN
        return self._token

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the Application API in the owner's name; the decoded answer.

        Raises:
            SandboxFailed: it was refused.
        """
        headers = {"authorization": f"Bearer {self.token()}", "content-type": "application/json"}
        return self._exchange(method, path, None if body is None else json.dumps(body).encode(), headers)

    def particle_call(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the Particle API in the owner's name; the decoded answer.

        Raises:
            SandboxFailed: it was refused.
        """
        headers = {"authorization": f"Bearer {self.particle_token}", "content-type": "application/json"}
        return self._exchange(method, path, None if body is None else json.dumps(body).encode(), headers)

    async def particle_board(
        self, transport: Literal["tcp", "udp"] = "udp", *, name: str | None = None, claim: bool = True, **options: Any
    ) -> ParticleBoard:
        """A simulated Particle board that is connected and, with `claim`, belongs to the owner. It runs on the running
        event loop until its `stop`; `options` are those of `rookery.simulate.particle.virtual_board`.

            board = await sandbox.particle_board("udp", functions={"led": lambda argument: 1})

        Boards are simulated in the test's own process, so requests that need an answer from one belong in a thread:
        `await asyncio.to_thread(sandbox.particle_call, "POST", f"/v1/devices/{board.device_id}/led", {})`.

        Raises:
            SandboxFailed: the sandbox refused to know it.
            TimeoutError: it did not connect.
        """
        from rookery.simulate import particle

        key = particle.make_key(transport)
        device_id = particle.make_device_id(random.SystemRandom())
        form = {
            "deviceID": device_id,
            "publicKey": particle.public_pem(key),
            "algorithm": "rsa" if transport == "tcp" else "ecc",
            "filename": "rookery-testing",
            "order": device_id,
        }
        await asyncio.to_thread(self.particle_call, "POST", f"/v1/provisioning/{device_id}", form)
        if claim:
            told = await asyncio.to_thread(self.particle_call, "POST", "/v1/device_claims", {})
            options["claim_code"] = told["claim_code"]
        listener = self.particle_tcp if transport == "tcp" else self.particle_udp
        server_key = self.particle_server_key["rsa" if transport == "tcp" else "ec"].read_bytes()
        board = particle.virtual_board(device_id, key, server_key, listener.host, listener.port, **options)
        try:
            async with asyncio.timeout(BOARD_SECONDS):
                await board.connected()
                if claim:
                    await board.claimed()
                if claim:
                    await self._until_described(board)
            if claim and name is not None:
                await asyncio.to_thread(self.particle_call, "PUT", f"/v1/devices/{device_id}", {"name": name})
        except BaseException:
            board.stop()
            raise
        return board

    async def _until_described(self, board: ParticleBoard) -> None:
        """The API shows what a board says of itself a moment after it has said it."""
        path, firmware = f"/v1/devices/{board.device_id}", board.firmware
        while True:
            shown = await asyncio.to_thread(self.particle_call, "GET", path)
            if set(shown["functions"]) == set(firmware.functions) and set(shown["variables"]) == set(
                firmware.variables
            ):
                return
            await asyncio.sleep(DESCRIBED_STEP)

    def turn_clock(self, seconds: float) -> str:
        """Let time pass, in a sandbox with a manual clock; returns the time it is then (UTC, ISO 8601).

        What was due meanwhile has been set off when this returns.
        """
        told: str = self._clock({"advance": seconds})
        # Tokens are valid by the sandbox's clock, not by ours.
        self._token_ends = 0.0
        return told

    def _clock(self, turn: dict[str, Any]) -> Any:
        body = json.dumps(turn).encode()
        return self._exchange("POST", "/sandbox/clock", body, {"content-type": "application/json"})["now"]

    def _exchange(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(self.http + path, body, headers, method=method)  # noqa: S310 - our own address
        try:
            # Proxies are for the internet, not for a server on this machine.
            with _OPENER.open(request, timeout=REQUEST_SECONDS) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            raise SandboxFailed(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from error
        return json.loads(answer) if answer.strip() else None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@contextmanager
def running_sandbox(data_dir: Path | None = None, clock: Literal["real", "manual"] = "real") -> Iterator[Sandbox]:
    """Start a sandbox, and end it when the block ends.

    Args:
        data_dir: kept when the sandbox ends; without one everything is thrown away.
        clock: `manual` stands still until `turn_clock`.

    Raises:
        SandboxFailed: it did not start.
    """
    command = [sys.executable, "-m", "rookery", "sandbox", "--clock", clock]
    if data_dir is not None:
        command += ["--data-dir", str(data_dir)]
    with tempfile.TemporaryFile() as errors:
        # It ends at the end of its standard input, so also when this process is killed.
        process = subprocess.Popen(  # noqa: S603 - our own program
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=_environment()
        )
        try:
            line = _first_line(process)
            if not line:
                process.kill()
                process.wait()
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip()
                raise SandboxFailed(f"The sandbox did not start: {said or 'it said nothing'}")
            yield Sandbox.of(json.loads(line))
        finally:
            _end(process)


def _environment() -> dict[str, str]:
    """Ours, so that settings reach the sandbox, with our import path, so that it is the same Rookery."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None  # noqa: S101 - a pipe was asked for
    ready, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    return process.stdout.readline() if ready else b""


def _end(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
