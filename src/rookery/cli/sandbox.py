"""`rookery sandbox`: a throw-away server for tests. Parsed with argparse, for the reason that `serve` gives."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rookery.cli.exits import fail_with

if TYPE_CHECKING:
    from rookery.clock import ManualClock
    from rookery.gateways.asgi import App
    from rookery.server import Server

HELP = "Run a throw-away server for tests."
OWNER = "owner@rookery.local"
HOST = "127.0.0.1"
KEY_NAME = "sandbox"
KEPT = "sandbox.json"
"""In a folder that is kept: what was told at the first start, so that a second start tells the same."""


def parser() -> argparse.ArgumentParser:
    """The flags."""
    made = argparse.ArgumentParser(
        "rookery sandbox",
        description=(
            "Run a throw-away server on free loopback ports. Prints one line of JSON when it serves, and runs until "
            "SIGTERM, SIGINT or the end of standard input."
        ),
        epilog=(
            'With --clock manual time stands still until it is turned: POST {"advance": SECONDS} or '
            '{"now": "2030-01-01T00:00:00Z"} to /sandbox/clock on the http port.'
        ),
        allow_abbrev=False,
    )
    made.add_argument("--data-dir", metavar="DIR", help="keep the data there; otherwise it goes with the server")
    made.add_argument("--clock", choices=("real", "manual"), default="real", help="where time comes from (real)")
    return made


def main(arguments: Sequence[str]) -> None:
    """Run the command."""
    given = parser().parse_args(arguments)
    folder = Path(given.data_dir) if given.data_dir is not None else Path(tempfile.mkdtemp(prefix="rookery-"))
    try:
        serve(folder.absolute(), manual=given.clock == "manual")
    finally:
        if given.data_dir is None:
            shutil.rmtree(folder, ignore_errors=True)


def serve(folder: Path, *, manual: bool) -> None:
    """Run a sandbox in this folder until it is asked to stop."""
    from rookery import logs
    from rookery.cli.run import run
    from rookery.passwords import THROW_AWAY, Argon2Passwords
    from rookery.server import Server

    clock: ManualClock | None = None
    if manual:
        from rookery.clock import ManualClock

        clock = ManualClock()

    def more(_: Server) -> Mapping[str, App]:
        if clock is None:
            return {}
        from rookery.cli.turning import ClockApi

        return {"sandbox": ClockApi(clock)}

    async def start() -> Server:
        return await Server.start(settings, clock=clock, passwords=Argon2Passwords(THROW_AWAY), more=more)

    async def serving(server: Server, stop: asyncio.Event) -> None:
        description = await describe(server)
        stop_at_end_of_input(stop)
        print(json.dumps(description), flush=True)
        await stop.wait()

    try:
        settings = sandbox_settings(folder, os.environ)
        logs.set_up(settings.log_format, settings.log_level)
        run(start, serving)
    except Exception as error:
        fail_with(error)


def sandbox_settings(folder: Path, environ: Mapping[str, str]) -> Any:
    """The settings: any free loopback port for everything, warnings only in the log and webhooks to this machine unless
    asked otherwise. What the environment says of places and ports is meant for a server that stays."""
    from rookery.settings import Settings

    ports = ("http_port", "https_port", "mqtt_port", "mqtts_port", "mqtts_cert_ports")
    flags: dict[str, object] = dict.fromkeys((*ports, "particle_tcp_port", "particle_udp_port"), "0")
    flags |= {"data_dir": str(folder), "host": HOST, "plain_host": HOST, "particle_signup": True}
    own = {"ROOKERY_LOG_LEVEL": "warning", "ROOKERY_WEBHOOK_NETWORKS": "127.0.0.0/8,::1"}
    return Settings.load({**own, **environ}, flags)


async def describe(server: Server) -> dict[str, Any]:
    """What a test needs to know."""
    ports, keys = server.ports, server.core.keys
    return {
        "http": server.url,
        "https": server.secure_url,
        "ca": str(keys.authority_file),
        "data_dir": str(server.core.folder.path),
        "mqtt": {"host": HOST, "port": ports.mqtt},
        "mqtts": {"host": HOST, "port": ports.mqtts},
        "mqtts_cert": {"host": HOST, "port": ports.mqtts_cert[0]},
        "particle_tcp": {"host": HOST, "port": ports.particle_tcp},
        "particle_udp": {"host": HOST, "port": ports.particle_udp},
        "particle_server_key": {
            "rsa": str(server.core.board_keys.rsa_public_file),
            "ec": str(server.core.board_keys.ec_public_file),
        },
        **await account(server),
    }


async def account(server: Server) -> dict[str, Any]:
    """A person with a password, an API key and an access token: made at the first start, the same at a later one of a
    kept folder.

    In a folder that a sandbox has not made, its first person keeps the password; key and token are added.
    """
    from rookery.core.records import Bearer

    services, kept = server.core.services, server.core.folder.path / KEPT
    try:
        told: dict[str, Any] = json.loads(kept.read_bytes())
        key = told["arduino"]
        token = await services.tokens.find(told["particle"]["access_token"])
        if token is not None and await services.clients.check(key["client_id"], key["client_secret"]) is not None:
            return told
    except (OSError, ValueError, KeyError, TypeError):
        pass
    everybody = await services.people.everybody()
    password = None if everybody else secrets.token_urlsafe(18)
    person = everybody[0] if everybody else await services.people.create(OWNER, password=password)
    client, secret = await services.clients.create(person.id, KEY_NAME)
    issued = await services.tokens.issue(Bearer.PERSON, person.id, KEY_NAME, lifetime=0)
    told = {
        "user": {"email": person.email, "password": password, "id": person.id},
        "arduino": {"client_id": client.id, "client_secret": secret},
        "particle": {"access_token": issued.token},
    }
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(told, file)
    return told


def stop_at_end_of_input(stop: asyncio.Event) -> None:
    """End with whoever started us: a thread waits for the end of standard input. A terminal has no end."""
    if sys.stdin is None or sys.stdin.isatty():
        return
    loop = asyncio.get_running_loop()

    def wait() -> None:
        try:
            while os.read(0, 4_096):
                pass
        except OSError:
            return
        try:
            loop.call_soon_threadsafe(stop.set)
        except RuntimeError:
            # The loop has ended already.
            pass

    threading.Thread(target=wait, daemon=True, name="end-of-input").start()
