"""A whole server inside a test: on free ports of this machine, in a folder of the test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from rookery.passwords import THROW_AWAY, Argon2Passwords
from rookery.server import Server
from rookery.settings import Settings

ANY_PORTS = {
    "http_port": "0",
    "https_port": "0",
    "mqtt_port": "0",
    "mqtts_port": "0",
    "mqtts_cert_ports": "0",
    "particle_tcp_port": "0",
    "particle_udp_port": "0",
}


def settings(folder: Path, **flags: Any) -> Settings:
    """Any free loopback ports, unless told otherwise."""
    given: dict[str, object] = {"data_dir": str(folder), "host": "127.0.0.1", **ANY_PORTS, **flags}
    return Settings.load({}, given)


@asynccontextmanager
async def serving(folder: Path, **flags: Any) -> AsyncIterator[Server]:
    """A server that serves until the end of the block."""
    server = await Server.start(settings(folder, **flags), passwords=Argon2Passwords(THROW_AWAY))
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def browser(server: Server) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who asks it over plain HTTP."""
    assert server.url is not None
    async with httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False) as client:
        yield client
