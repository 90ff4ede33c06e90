"""A board that has nothing to say, over a restart of the whole server: it is online, and calls work."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization

from rookery.core.access import Principal
from rookery.core.events import Event
from rookery.core.records import Bearer, BoardLink
from rookery.opened import Core
from rookery.particle.device import revival
from rookery.server import Server
from rookery.simulate.particle import make_device_id, make_key, virtual_board
from rookery.simulate.particle_board import ParticleBoard
from tests.serving import browser, serving, settings

pytestmark = pytest.mark.usefixtures("time_limit")
ID = make_device_id(Random(1))


@pytest.fixture
async def time_limit() -> AsyncIterator[None]:
    async with asyncio.timeout(60):
        yield


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110  # the other end of a socket causes it
        await asyncio.sleep(0.005)


def online(server: Server) -> bool:
    return server.core.services.boards.by_hex(ID) is not None


def boron(server: Server) -> ParticleBoard:
    """It speaks every 23 minutes."""
    public = server.core.board_keys.ec_key.public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    port = server.ports.particle_udp
    assert port is not None
    beep = {"beep": lambda argument: len(argument)}
    return virtual_board(ID, make_key("udp"), der, "127.0.0.1", port, platform="boron", functions=beep)


async def statuses(server: Server) -> list[bytes | None]:
    """What was said of its presence, the newest first."""
    device = await server.core.services.enrolment.get(ID)
    assert device is not None
    kept = await server.core.services.events.history(device.events, 0, 1 << 60, 10)
    return [event.data for event in kept if event.name == "spark/status"]


@asynccontextmanager
async def restarted(folder: Path) -> AsyncIterator[tuple[Server, ParticleBoard, str]]:
    """A server that a Boron does not know to be another one, the board, and a token of its owner."""
    async with serving(folder) as server:
        services = server.core.services
        board = boron(server)
        await board.connected()
        await until(lambda: online(server))
        person = await services.people.create("owner@example.org", password="long enough 1")
        principal: Principal = await services.people.principal(person.id)
        await services.claims.claim(principal, ID)
        token = (await services.tokens.issue(Bearer.PERSON, person.id, "particle", lifetime=3_600)).token
        port = server.ports.particle_udp
    async with serving(folder, particle_udp_port=str(port)) as server:
        try:
            yield server, board, token
        finally:
            board.stop()


async def call(server: Server, token: str, method: str, path: str, **more: Any) -> httpx.Response:
    async with browser(server) as client:
        return await client.request(method, path, headers={"Authorization": f"Bearer {token}"}, **more)


async def test_it_is_online_without_having_spoken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revival, "ROUNDS", (0.05, 3_600.0))
    async with restarted(tmp_path) as (server, _, token):
        await until(lambda: online(server))
        seen = await call(server, token, "GET", f"/v1/devices/{ID}")
        assert (seen.json()["online"], seen.json()["connected"]) == (True, True)
        answer = await call(server, token, "POST", f"/v1/devices/{ID}/beep", json={"arg": "four"})
        assert answer.json()["return_value"] == 4
        # The last may still be on its way to the disk.
        while await statuses(server) != [b"online", b"offline", b"online"]:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("method", "path", "body", "told"),
    [
        ("POST", "beep", {"arg": "four"}, '"return_value":4'),
        ("PUT", "ping", None, '"online":true'),
    ],
)
async def test_it_is_asked_at_once_when_somebody_calls_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, path: str, body: Any, told: str
) -> None:
    monkeypatch.setattr(revival, "ROUNDS", (3_600.0, 7_200.0))
    async with restarted(tmp_path) as (server, _, token):
        assert not online(server)
        answer = await call(server, token, method, f"/v1/devices/{ID}/{path}", json=body)
        assert told in answer.text
        assert online(server)


async def test_one_that_is_gone_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revival, "ROUNDS", (3_600.0, 7_200.0))
    monkeypatch.setattr(revival, "SUMMON_SECONDS", 0.2)
    async with restarted(tmp_path) as (server, board, token):
        heard: list[Event] = []
        server.core.services.bus.listen("events", heard.append)
        board.lose()
        board.stop()  # without a word: it has lost its network
        for _ in range(2):
            answer = await call(server, token, "PUT", f"/v1/devices/{ID}/ping")
            assert answer.json() == {"online": False, "ok": True}
        assert server.coap_udp is not None
        assert (server.coap_udp.counters.lookups, server.coap_udp.endpoint.sessions) == (1, 0)
        assert heard == []


async def test_one_that_said_goodbye_before_is_not_asked(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        board = boron(server)
        await board.connected()
        await until(lambda: online(server))
        await server.sessions.close()
        assert await server.sessions.placed() == [ID]
        board.stop()
        await until(lambda: not online(server))
    core = await Core.open(settings(tmp_path))
    (link,) = await core.catalog.select(BoardLink)
    assert (link.id, link.address) == (ID, None), "its session is kept all the same"
    await core.close()
