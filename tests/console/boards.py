"""Boards that knock at a server of a test: simulated ones over the true wire, and some with something wrong."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from rookery.arduino.ca import SUBJECT
from rookery.clock import SystemClock
from rookery.core.records import Device
from rookery.keys import Authority
from rookery.particle.platforms import Transport
from rookery.server import Server
from rookery.simulate.fleet import Address, Fleet, Library, Plan, Registered
from rookery.simulate.particle import make_key, virtual_board
from rookery.simulate.particle_board import ParticleBoard
from rookery.simulate.particle_channel import PrivateKey
from rookery.simulate.shell import Trust
from tests.console.watching import PATIENCE, Someone

SECRET = "a secret of twenty-odd chars"
SYMBOLS = ("temperature",)


async def until_so(look: Callable[[], Awaitable[object]]) -> None:
    """Wait for what the server comes to know."""
    async with asyncio.timeout(PATIENCE):
        while not await look():  # noqa: ASYNC110 - there is no event behind it
            await asyncio.sleep(0.02)


@asynccontextmanager
async def arduino(
    server: Server, device_id: str, *, secret: str = SECRET, trusting: bool = True, library: Library = Library.CPP
) -> AsyncIterator[Fleet]:
    """A board with this id and secret that dials while the block runs."""
    assert server.ports.mqtts is not None
    authority = server.core.keys.authority.pem if trusting else Authority.create(SUBJECT, time.time_ns() // 1000).pem
    registered = Registered(Plan("A board", library, SYMBOLS), device_id, "", secret)
    fleet = Fleet([registered], Address("127.0.0.1", server.ports.mqtts, Trust(authority)), SystemClock())
    await fleet.start(gap=0)
    try:
        yield fleet
    finally:
        await fleet.stop()


async def arduino_device(ada: Someone, *, thing: bool = True) -> Device:
    """A device with the secret of above, and with a thing for its values unless told otherwise."""
    device = await ada.services.devices.create(ada.who, "arduino", "mkrwifi1010", secret=SECRET)
    if thing:
        await ada.thing(*SYMBOLS, device_id=device.id)
    return device


@asynccontextmanager
async def particle(
    server: Server,
    device_id: str,
    transport: Transport,
    *,
    key: PrivateKey | None = None,
    server_key: bytes | None = None,
    claim_code: str = "",
) -> AsyncIterator[ParticleBoard]:
    """A board with this id that dials while the block runs."""
    ports, keys = server.ports, server.core.board_keys
    port = ports.particle_tcp if transport == "tcp" else ports.particle_udp
    right = keys.rsa_public if transport == "tcp" else keys.ec_public
    assert port is not None
    board = virtual_board(
        device_id,
        key or make_key(transport),
        server_key or right,
        "127.0.0.1",
        port,
        claim_code=claim_code,
        variables={"level": 7},
        functions={"length": len},
    )
    try:
        yield board
    finally:
        board.stop()
        await asyncio.sleep(0.05)
