"""`rookery simulate` and `rookery serve --demo` against a server of this process, over its real listeners."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rookery.cli.exits import Exit
from rookery.cli.main import build
from rookery.core.records import Bearer, Person
from rookery.server import Server
from rookery.settings import Settings
from tests.simulate.test_wire import until

SOURCE = Path(__file__).parents[2] / "src"
PORTS = (
    *("http_port", "https_port", "mqtt_port", "mqtts_port", "mqtts_cert_ports"),
    *("particle_tcp_port", "particle_udp_port"),
)


async def serve(folder: Path, **flags: object) -> Server:
    """A server on free ports of this machine."""
    return await Server.start(
        Settings.load({}, {"data_dir": str(folder), "host": "127.0.0.1", **dict.fromkeys(PORTS, "0"), **flags})
    )


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    server = await serve(tmp_path)
    yield server
    await server.stop()


async def owner(server: Server) -> Person:
    return await server.core.services.people.create("owner@rookery.test")


class Command:
    """A `rookery simulate` in a process of its own."""

    @classmethod
    async def run(cls, *arguments: str, environ: Mapping[str, str] | None = None) -> Command:
        command = cls()
        command.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "rookery", "simulate", *arguments),
            env={**os.environ, "PYTHONPATH": str(SOURCE), **(environ or {})},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        return command

    process: asyncio.subprocess.Process

    async def boards(self) -> list[dict[str, Any]]:
        """The line of JSON."""
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line, await self.end(None)
        boards: list[dict[str, Any]] = json.loads(line)
        return boards

    async def end(self, with_signal: int | None = signal.SIGTERM) -> tuple[int | None, str, str]:
        """Exit code and what else was said."""
        if with_signal is not None:
            self.process.send_signal(with_signal)
        out, errors = await self.process.communicate()
        return self.process.returncode, out.decode(), errors.decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_boards_on_the_server_of_a_folder(server: Server, number: signal.Signals) -> None:
    services = server.core.services
    person = await owner(server)
    command = await Command.run("--data-dir", str(server.core.folder.path), "--arduino", "3")
    boards = await command.boards()
    assert [(b["name"], b["dialect"], b["transport"]) for b in boards] == [
        ("Simulated board 001", "arduino", "tcp"),
        ("Simulated board 002", "arduino", "tcp"),
        ("Simulated board 003", "arduino", "tcp"),
    ]
    devices = [await services.devices.by_id(board["id"]) for board in boards]
    await until(lambda: all(device is not None and services.devices.online(device) for device in devices))
    assert list(await services.clients.of(person.id)) == []
    code, out, errors = await command.end(number)
    assert (code, out) == (0, "")
    assert "Registered 3 of 3 boards." in errors
    assert "Stopped after" in errors
    await until(lambda: not any(device is not None and services.devices.online(device) for device in devices))


async def test_boards_on_a_server_elsewhere(server: Server) -> None:
    services = server.core.services
    client, secret = await services.clients.create((await owner(server)).id, "elsewhere")
    command = await Command.run(
        *("--server", f"https://127.0.0.1:{server.ports.https}", "--mqtts-port", str(server.ports.mqtts)),
        *("--ca", str(server.core.keys.authority_file), "--arduino", "1", "--library", "python"),
        environ={"ROOKERY_CLIENT_ID": client.id, "ROOKERY_CLIENT_SECRET": secret},
    )
    (board,) = await command.boards()
    assert board["transport"] == "tcp"
    device = await services.devices.by_id(board["id"])
    assert device is not None
    assert device.type == "generic_device_secretkey", "the library is the Python one"
    await until(lambda: services.devices.online(device))
    assert (await command.end())[0] == 0


async def test_particle_boards_on_the_server_of_a_folder(server: Server) -> None:
    services = server.core.services
    person = await owner(server)
    arguments = ("--data-dir", str(server.core.folder.path), "--arduino", "1", "--particle", "3")
    command = await Command.run(*arguments)
    boards = await command.boards()
    assert [(b["name"], b["dialect"], b["transport"]) for b in boards] == [
        ("Simulated board 001", "arduino", "tcp"),
        ("simulated-photon-001", "particle", "tcp"),
        ("simulated-argon-002", "particle", "udp"),
        ("simulated-photon-003", "particle", "tcp"),
    ]

    async def named() -> list[str | None]:
        devices = await services.devices.visible(await services.people.principal(person.id))
        return sorted(device.name for device in devices if services.devices.online(device))

    async with asyncio.timeout(30):
        while await named() != sorted(board["name"] for board in boards):  # noqa: ASYNC110 - no event behind it
            await asyncio.sleep(0.02)
    code, out, _ = await command.end()
    assert (code, out) == (0, "")
    assert list(await services.tokens.of(person.id)) == [], "the token is revoked"


async def test_particle_boards_on_a_server_elsewhere(server: Server) -> None:
    services = server.core.services
    person = await owner(server)
    issued = await services.tokens.issue(Bearer.PERSON, person.id, "elsewhere")
    command = await Command.run(
        *("--server", str(server.url), "--particle", "1", "--transport", "udp"),
        *("--particle-udp-port", str(server.ports.particle_udp)),
        *("--server-keys", str(server.core.board_keys.folder)),
        environ={"ROOKERY_TOKEN": issued.token},
    )
    (board,) = await command.boards()
    assert (board["dialect"], board["transport"]) == ("particle", "udp")
    async with asyncio.timeout(30):
        while True:
            device = await services.enrolment.get(board["id"])
            if device is not None and services.devices.online(device) and device.name == board["name"]:
                break
            await asyncio.sleep(0.02)
    assert (await command.end())[0] == 0


async def test_a_server_without_listeners_for_particle_boards(tmp_path: Path) -> None:
    server = await serve(tmp_path, particle_udp_port="off")
    await owner(server)
    command = await Command.run("--data-dir", str(tmp_path), "--particle", "1", "--transport", "udp")
    code, out, errors = await command.end(None)
    assert (code, out) == (Exit.FAILED, "")
    assert "no listener for Particle boards over UDP" in errors
    await server.stop()


async def test_a_signal_that_comes_at_once_is_heard(server: Server) -> None:
    person = await owner(server)
    command = await Command.run("--data-dir", str(server.core.folder.path), "--arduino", "1")
    await command.boards()
    assert (await command.end())[0] == 0
    assert list(await server.core.services.clients.of(person.id)) == []


async def test_stopped_while_it_registers_it_still_withdraws_its_key(server: Server) -> None:
    person = await owner(server)
    command = await Command.run("--data-dir", str(server.core.folder.path), "--arduino", "5000")
    assert command.process.stderr is not None
    assert await command.process.stderr.readline() == b"Registered 50 of 5000 boards.\n"
    code, out, errors = await command.end()
    assert (code, out) == (Exit.FAILED, "")
    assert errors.endswith("Stopped before all boards were registered.\n")
    assert list(await server.core.services.clients.of(person.id)) == []


async def test_an_authority_that_is_none(server: Server, tmp_path: Path) -> None:
    (tmp_path / "hello.pem").write_text("hello")
    command = await Command.run(
        *("--server", str(server.url), "--client-id", "nobody", "--ca", str(tmp_path / "hello.pem")),
        environ={"ROOKERY_CLIENT_SECRET": "nothing"},
    )
    code, out, errors = await command.end(None)
    assert (code, out) == (Exit.USAGE, "")
    assert errors.startswith(f"{tmp_path / 'hello.pem'} can not be used: ")


async def test_a_key_that_is_refused(server: Server) -> None:
    command = await Command.run(
        *("--server", str(server.url), "--client-id", "nobody"), environ={"ROOKERY_CLIENT_SECRET": "nothing"}
    )
    code, out, errors = await command.end(None)
    assert (code, out) == (Exit.FAILED, "")
    assert errors.startswith("POST /iot/v1/clients/token: 401 ")


USAGE = {
    "no transport of these boards": ["--transport", "udp"],
    "unknown transport": ["--transport", "tcp,carrier pigeon"],
    "unknown library": ["--library", "rust"],
    "no boards": ["--arduino", "0"],
    "no transport that there is": ["--particle", "1", "--transport", "sctp"],
    "two servers": ["--server", "https://example.org", "--data-dir", "x"],
    "no key": ["--server", "https://example.org"],
    "no address": ["--server", "https://", "--client-id", "a", "--client-secret", "b"],
    "no port": ["--mqtts-port", "70000"],
    "no token": ["--server", "https://example.org", "--particle", "1", "--server-keys", "x"],
    "no server keys": ["--server", "https://example.org", "--particle", "1", "--token", "x"],
    "server keys that are not there": [
        *("--server", "https://example.org", "--particle", "1", "--token", "x"),
        *("--server-keys", "/nowhere"),
    ],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_wrong_usage(arguments: list[str]) -> None:
    environ = {"ROOKERY_CLIENT_ID": "", "ROOKERY_CLIENT_SECRET": "", "ROOKERY_TOKEN": ""}
    result = CliRunner().invoke(build(("simulate",)), ["simulate", *arguments], env=environ)
    assert result.exit_code == Exit.USAGE
    assert result.stdout == ""


def test_nobody_serves_the_folder(tmp_path: Path) -> None:
    result = CliRunner().invoke(build(("simulate",)), ["simulate", "--data-dir", str(tmp_path)])
    assert result.exit_code == Exit.UNREACHABLE
    assert f"No server runs on {tmp_path}" in result.stderr


def test_nobody_answers_there(unused_tcp_port: int) -> None:
    arguments = ["--server", f"http://127.0.0.1:{unused_tcp_port}", "--client-id", "a", "--client-secret", "b"]
    result = CliRunner().invoke(build(("simulate",)), ["simulate", *arguments])
    assert result.exit_code == Exit.UNREACHABLE
    assert "does not answer" in result.stderr
