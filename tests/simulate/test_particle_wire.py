"""Simulated Particle boards and the whole server, over real sockets and the public API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from rookery.clock import SystemClock
from rookery.core.records import Bearer
from rookery.particle.device.module import build
from rookery.server import Server
from rookery.simulate.api import Api
from rookery.simulate.particle import virtual_board
from rookery.simulate.particle_board import ParticleBoard
from rookery.simulate.particle_fleet import ParticleAddress, ParticleFleet, ParticleRegistered, particle_plans
from rookery.simulate.particle_provision import name_boards, provision_particle
from tests.simulate.test_command import owner, serve

PATIENCE = 60.0
both = pytest.mark.parametrize("transport", ["tcp", "udp"])


async def until_so(look: Callable[[], Awaitable[object]]) -> None:
    """Wait for what the server comes to know."""
    async with asyncio.timeout(PATIENCE):
        while not await look():  # noqa: ASYNC110 - there is no event behind it
            await asyncio.sleep(0.02)


class Home:
    """A server with an owner, and the API in the owner's name."""

    def __init__(self, server: Server, token: str) -> None:
        assert server.url is not None
        self.server = server
        self.token = token
        self.api = Api(server.url, token)

    def address(self, server: Server | None = None) -> ParticleAddress:
        server = server or self.server
        keys = server.core.board_keys
        return ParticleAddress(
            "127.0.0.1", server.ports.particle_tcp, server.ports.particle_udp, keys.rsa_public, keys.ec_public
        )

    async def shown(self, board: ParticleBoard) -> dict[str, Any]:
        """The board as the API shows it."""
        device: dict[str, Any] = await self.api.call("GET", f"/v1/devices/{board.device_id}")
        return device

    async def connected(self, board: ParticleBoard) -> bool:
        return bool((await self.shown(board))["connected"])

    async def described(self, board: ParticleBoard) -> bool:
        """What a board says of itself is written a moment after it was said."""
        device = await self.shown(board)
        return set(device["variables"]) == set(board.firmware.variables) and device["functions"] == list(
            board.firmware.functions
        )

    async def board(self, transport: Any, **options: Any) -> tuple[ParticleBoard, ParticleRegistered]:
        """One that is connected, claimed and named."""
        (registered,) = await provision_particle(self.api, particle_plans(1, [transport]))
        address = self.address()
        port = address.port(transport)
        assert port is not None
        board = virtual_board(
            registered.device_id,
            registered.key,
            address.key(transport),
            address.host,
            port,
            claim_code=registered.claim_code,
            **options,
        )
        async with asyncio.timeout(PATIENCE):
            await board.connected()
            await board.claimed()
        await name_boards(self.api, [registered])
        await until_so(lambda: self.described(board))
        return board, registered


async def home_of(server: Server) -> Home:
    people = await server.core.services.people.everybody()
    person = people[0] if people else await owner(server)
    issued = await server.core.services.tokens.issue(Bearer.PERSON, person.id, "test")
    return Home(server, issued.token)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    server = await serve(tmp_path)
    home = await home_of(server)
    yield home
    await home.api.close()
    await server.stop()


@both
async def test_a_board_is_claimed_read_called_and_says_goodbye(home: Home, transport: str) -> None:
    board, registered = await home.board(transport, variables={"level": 7}, functions={"length": len})
    (device,) = await home.api.call("GET", "/v1/devices")
    assert (device["id"], device["name"], device["connected"]) == (board.device_id, registered.plan.name, True)
    assert (device["variables"], device["functions"]) == ({"level": "int32"}, ["length"])
    read = await home.api.call("GET", f"/v1/devices/{registered.plan.name}/level")
    assert read["result"] == 7
    called = await home.api.call("POST", f"/v1/devices/{board.device_id}/length", {"arg": "abc"})
    assert called["return_value"] == 3
    assert (await home.api.call("PUT", f"/v1/devices/{board.device_id}/ping", {}))["online"] is True
    await home.api.call("PUT", f"/v1/devices/{board.device_id}", {"signal": "1"})
    assert board.signalling
    async with asyncio.timeout(PATIENCE):
        assert await board.ask_name() == registered.plan.name
    assert board.misread == 0
    board.stop()
    async with asyncio.timeout(PATIENCE):
        while await home.connected(board):  # noqa: ASYNC110 - there is no event behind it
            await asyncio.sleep(0.02)


@both
async def test_boards_hear_each_other_and_the_api(home: Home, transport: str) -> None:
    board, _ = await home.board(transport)
    heard: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
    board.subscribe("door", lambda name, data: heard.put_nowait((name, data)))
    async with asyncio.timeout(PATIENCE):
        while heard.empty():
            # The subscription may still be on its way: whoever publishes is not told who hears.
            await board.publish("door/bell", "front")
            await asyncio.sleep(0.02)
        assert await heard.get() == ("door/bell", b"front")
        await home.api.call("POST", "/v1/devices/events", {"name": "door/open", "data": "back", "private": True})
        while await heard.get() != ("door/open", b"back"):
            pass
    board.stop()


@both
async def test_a_binary_is_flashed_through_the_api(home: Home, transport: str) -> None:
    board, _ = await home.board(transport, functions={"length": len})
    platform = board.firmware.model.platform_id
    before = board._session
    data = build(platform, version=9, body=bytes(range(256)) * 200, product_id=platform, product_version=3)
    headers = {"authorization": f"Bearer {home.token}"}
    async with httpx.AsyncClient(base_url=str(home.server.url), headers=headers, trust_env=False) as client:
        answer = await client.put(f"/v1/devices/{board.device_id}", files={"file": ("firmware.bin", data)})
    assert answer.status_code == 200, answer.text
    async with asyncio.timeout(PATIENCE):
        # It restarts a moment after it has everything: until then it is there in the session of before.
        while not board.online or board._session is before:  # noqa: ASYNC110 - there is no event behind it
            await asyncio.sleep(0.02)
    assert board.firmware.updated
    assert board.firmware.product_version == 3
    assert (board.losses, board.misread) == (0, 0)
    called = await home.api.call("POST", f"/v1/devices/{board.device_id}/length", {"arg": "abc"})
    assert called["return_value"] == 3
    board.stop()


async def test_over_udp_a_restart_of_the_server_costs_no_handshake(tmp_path: Path) -> None:
    server = await serve(tmp_path)
    home = await home_of(server)
    board, _ = await home.board("udp", variables={"level": 7}, keepalive=0.2)
    ports = {"particle_udp_port": str(server.ports.particle_udp)}
    await home.api.close()
    await server.stop()
    server = await serve(tmp_path, **ports)
    home = await home_of(server)
    await until_so(lambda: home.connected(board))
    read = await home.api.call("GET", f"/v1/devices/{board.device_id}/level")
    assert read["result"] == 7
    assert board.handshakes == 1
    board.lose()
    async with asyncio.timeout(PATIENCE):
        await board.connected()
    assert board.handshakes == 1
    board.stop()
    await home.api.close()
    await server.stop()


async def test_a_fleet_is_registered_once(home: Home) -> None:
    seen = []
    for _ in range(2):
        registered = await provision_particle(home.api, particle_plans(4))
        fleet = ParticleFleet(registered, home.address(), SystemClock())
        await fleet.start()
        async with asyncio.timeout(PATIENCE):
            for board in fleet.boards:
                await board.connected()
            await fleet.claimed()
        assert fleet.online == 4
        await name_boards(home.api, registered)
        seen.append([each.device_id for each in registered])
        lit = await home.api.call("POST", "/v1/devices/simulated-argon-002/light", {"arg": "on"})
        assert lit["return_value"] == 1
        assert (await home.api.call("GET", "/v1/devices/simulated-argon-002/light"))["result"] is True
        await fleet.stop()
        assert fleet.online == 0
        assert (fleet.losses, fleet.trouble()) == (0, "")
    assert seen[0] == seen[1]
    assert [d["name"] for d in sorted(await home.api.call("GET", "/v1/devices"), key=lambda d: str(d["name"]))] == [
        "simulated-argon-002",
        "simulated-argon-004",
        "simulated-photon-001",
        "simulated-photon-003",
    ]


async def test_a_fleet_without_a_listener_for_it(home: Home) -> None:
    registered = await provision_particle(home.api, particle_plans(1))
    with pytest.raises(ValueError, match="over TCP"):
        ParticleFleet(registered, home.address()._replace(tcp_port=None), SystemClock())
