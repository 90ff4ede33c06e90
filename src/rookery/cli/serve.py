"""`rookery serve`: the server.

Parsed with argparse: the command line library of the other commands costs a tenth of a second and 10 MB.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rookery.cli.exits import fail_with

if TYPE_CHECKING:
    from rookery.server import Server

HELP = "Run the server."
OWNER = "owner@rookery.local"
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - looked at, not bound

PORTS = (
    ("http_port", "--http-port", "HTTP: pages, APIs and MQTT over WebSocket, on this machine only (8080)"),
    ("https_port", "--https-port", "the same over TLS (8443)"),
    ("mqtt_port", "--mqtt-port", "MQTT without TLS, on this machine only (1883)"),
    ("mqtts_port", "--mqtts-port", "MQTT over TLS, log-in with a secret key (8884)"),
    ("mqtts_cert_ports", "--mqtts-cert-port", "MQTT over TLS, log-in with a client certificate (8885,8883)"),
    ("particle_tcp_port", "--particle-tcp-port", "Particle boards over TCP (5683)"),
    ("particle_udp_port", "--particle-udp-port", "Particle boards over UDP (5684)"),
)
"""Setting, flag, what it is for and its default."""


def parser() -> argparse.ArgumentParser:
    """The flags."""
    made = argparse.ArgumentParser(
        "rookery serve",
        description=(
            "Run the server until SIGTERM or SIGINT. The first start makes the data folder, its keys and certificates, "
            "and prints a one-time link for the owner."
        ),
        epilog=(
            "Port 0 takes any free one, `off` turns a listener off. Every flag but --owner and --demo has a twin in "
            "the environment (ROOKERY_HTTP_PORT) and in rookery.toml; docs/settings.md lists all settings."
        ),
        allow_abbrev=False,
    )
    made.add_argument("--data-dir", metavar="DIR", help="the folder that keeps everything (rookery-data)")
    made.add_argument("--host", metavar="ADDR", help="the address of the TLS listeners (0.0.0.0)")
    for setting, flag, text in PORTS:
        made.add_argument(flag, dest=setting, metavar="N", help=text)
    made.add_argument("--owner", metavar="EMAIL", default=OWNER, help=f"address of the first person ({OWNER})")
    made.add_argument("--demo", action="store_true", help="run simulated boards of both kinds, with a dashboard")
    return made


def main(arguments: Sequence[str]) -> None:
    """Run the command."""
    flags = vars(parser().parse_args(arguments))
    owner, demo = str(flags.pop("owner")), bool(flags.pop("demo"))

    from rookery import logs
    from rookery.cli.run import run
    from rookery.server import Server
    from rookery.settings import Settings

    async def start() -> Server:
        return await Server.start(settings)

    async def serving(server: Server, stop: asyncio.Event) -> None:
        link = await owner_link(server, owner)
        print(greeting(server, link), flush=True)
        for warning in warnings(server):
            print(f"Note: {warning}", file=sys.stderr)
        if demo and await start_demo(server):
            print("Simulated boards run, too: rookery device list shows them.", flush=True)
        await stop.wait()
        print("Stopping.", file=sys.stderr)

    try:
        settings = Settings.load(os.environ, flags)
        logs.set_up(settings.log_format, settings.log_level)
        run(start, serving)
    except Exception as error:
        fail_with(error)


async def start_demo(server: Server) -> bool:
    """Run simulated boards for the oldest person. A demonstration that can not be given is no reason not to serve:
    then standard error says why, and the answer is False."""
    from rookery.demo import DemoImpossible

    people = await server.core.services.people.everybody()
    try:
        if not people:
            raise DemoImpossible("Simulated boards need an owner.")
        await server.demo.start(people[0])
    except DemoImpossible as error:
        print(f"Note: {error}", file=sys.stderr)
        return False
    if trouble := server.demo.trouble(people[0].id):
        print(f"Note: some simulated boards do not run: {trouble}", file=sys.stderr)
    return True


async def owner_link(server: Server, owner: str) -> tuple[str, str] | None:
    """E-mail address and link token of the owner, while nobody can log in; makes the owner on the first start."""
    people = server.core.services.people
    everybody = await people.everybody()
    if any(person.password_hash for person in everybody):
        return None
    person = everybody[0] if everybody else await people.create(owner)
    return person.email, await people.link(person)


def greeting(server: Server, link: tuple[str, str] | None) -> str:
    """What a person wants to know of a server that has started."""
    from rookery.settings import DEFAULT_FOLDER

    ports, path = server.ports, server.core.folder.path
    pages = [url for url in (server.url, elsewhere(server)) if url]
    certificates = ", ".join(map(str, ports.mqtts_cert))
    lines = [
        f"Rookery serves {path}",
        f"  console, APIs   {'  '.join(map(_local, pages)) or 'off'}",
        f"  Arduino boards  MQTT over TLS: secret key {ports.mqtts or 'off'}, certificate {certificates or 'off'}",
        f"  Particle boards TCP {ports.particle_tcp or 'off'}, UDP {ports.particle_udp or 'off'}",
        f"  authority       {server.core.keys.authority_file}",
    ]
    if link is not None:
        email, token = link
        lines += ["", f"Nobody can log in yet. This link lets {email} choose a password, once, within 24 hours:", ""]
        lines += [f"  {address}" for address in link_addresses(pages, token)]
        folder = "" if path == Path(DEFAULT_FOLDER).absolute() else f" --data-dir {shlex.quote(str(path))}"
        lines += ["", f"Or on the command line: rookery user password{folder}"]
    return "\n".join(lines)


def elsewhere(server: Server) -> str | None:
    """The base URL for other machines: under the configured name, else under this machine's own address, which its
    certificate carries."""
    from rookery.keys import machine_addresses

    settings, port = server.core.settings, server.ports.https
    addresses = machine_addresses() if settings.host in EVERYWHERE and not settings.hosts else ()
    if port is None or not addresses:
        return server.secure_url
    name = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    return f"https://{name}:{port}"


def warnings(server: Server) -> list[str]:
    """What an operator should know, a sentence each."""
    core = server.core
    found = core.keys.warnings(core.clock.now(), core.settings.hosts)
    if core.folder.exposed:
        path = core.folder.path
        found.append(f"Other accounts of this machine may look into {path}; `chmod 700 {path}` ends that.")
    if not _is_loopback(core.settings.plain_host):
        found.append(
            f"Listeners without TLS accept connections on {core.settings.plain_host}: passwords and tokens can be read "
            "on the way. Leave plain_host on 127.0.0.1 unless that network is yours alone."
        )
    return found


def link_addresses(bases: Sequence[str], token: str) -> list[str]:
    """The addresses of a one-time link on servers with these base URLs."""
    from rookery.console.places import LINK

    return [_local(base) + LINK + token for base in bases]


def _local(url: str) -> str:
    """The address in the form that people type."""
    return url.replace("//127.0.0.1:", "//localhost:")


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
