"""Simulated boards over true sockets with true TLS, against the true gateway."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from rookery.arduino.ca import SUBJECT
from rookery.arduino.device.login import SecretKeyLogin
from rookery.clock import SystemClock
from rookery.gateways.mqtt import MqttGateway
from rookery.keys import Authority, KeyStore, server_names
from rookery.simulate.fleet import Address, Fleet, Library, Plan, Registered
from rookery.simulate.shell import Trust
from tests.simulate.world import SECRET, World

SYMBOLS = ("temperature", "light", "color")
PATIENCE = 30.0


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes over a socket."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is no event behind it
            await asyncio.sleep(0.01)


class Listening(World):
    """A world whose gateway listens on a loopback port with a certificate of its own authority."""

    keys: KeyStore
    port: int

    async def listen(self, folder: Path) -> None:
        self.keys = KeyStore.open(folder, server_names(()), time.time_ns() // 1000, subject=SUBJECT)
        self.gateway = MqttGateway([SecretKeyLogin(self.services)], SystemClock())
        self.port = await self.gateway.listen("127.0.0.1", 0, tls=self.keys.tls.context())

    async def registered(self, library: Library) -> Registered:
        device = await self.services.devices.create(self.who, "arduino", "mkrwifi1010", secret=SECRET)
        thing = await self.thing_of(SYMBOLS, device.id)
        return Registered(Plan(f"A {library} board", library, SYMBOLS), device.id, thing.id, SECRET)

    def address(self, trust: Trust) -> Address:
        return Address("127.0.0.1", self.port, trust)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[Listening]:
    world = await Listening.open()
    assert isinstance(world, Listening)
    await world.listen(tmp_path)
    yield world
    await world.gateway.stop()


async def test_boards_of_both_libraries_come_up_are_written_to_and_leave(world: Listening) -> None:
    boards = [await world.registered(library) for library in Library]
    fleet = Fleet(boards, world.address(Trust(world.keys.authority_file)), SystemClock())
    await fleet.start(gap=0)
    await until(lambda: fleet.online == 2)
    for registered, board in zip(boards, fleet.boards, strict=True):
        live = await world.services.live.get(registered.thing_id)
        assert live is not None
        await until(lambda live=live: all(v.value is not None for v in live.by_symbol.values()))  # type: ignore[misc]
        await world.services.values.write(live, [(live.by_symbol["light"], True)])
        await until(lambda board=board: board.sketch.values["light"] is True)  # type: ignore[misc]
    ciphers = {c.peer.transport for c in world.gateway.connections}
    assert ciphers == {"tls"}
    assert (fleet.losses, fleet.trouble()) == (0, "")
    assert fleet.messages >= 2
    await fleet.stop()
    await until(lambda: not world.gateway.connections)
    assert fleet.online == 0


async def test_a_cpp_board_speaks_the_one_suite_of_small_boards(world: Listening) -> None:
    context = Trust(world.keys.authority_file).small_board_context()
    _, writer = await asyncio.open_connection("127.0.0.1", world.port, ssl=context)
    assert writer.get_extra_info("cipher")[:2] == ("ECDHE-ECDSA-AES128-GCM-SHA256", "TLSv1.2")
    writer.close()
    await writer.wait_closed()


async def test_a_server_of_another_authority_is_not_trusted(world: Listening) -> None:
    other = Authority.create(SUBJECT, time.time_ns() // 1000).pem
    board = await world.registered(Library.CPP)
    fleet = Fleet([board], world.address(Trust(other)), SystemClock())
    await fleet.start(gap=0)
    await until(lambda: fleet.losses > 0)
    assert fleet.trouble().startswith("the server's certificate is not trusted")
    assert fleet.online == 0
    await fleet.stop()


async def test_told_so_a_board_trusts_any_server(world: Listening) -> None:
    board = await world.registered(Library.PYTHON)
    fleet = Fleet([board], world.address(Trust(verify=False)), SystemClock())
    await fleet.start(gap=0)
    await until(lambda: fleet.online == 1)
    await fleet.stop()


async def test_boards_come_back_to_a_server_that_was_restarted(world: Listening, tmp_path: Path) -> None:
    boards = [await world.registered(library) for library in Library]
    fleet = Fleet(boards, world.address(Trust(world.keys.authority_file)), SystemClock())
    await fleet.start(gap=0)
    await until(lambda: all(board.thing_id for board in fleet.boards))
    await world.gateway.stop()
    await until(lambda: fleet.online == 0)
    world.gateway = MqttGateway([SecretKeyLogin(world.services)], SystemClock())
    await world.gateway.listen("127.0.0.1", world.port, tls=world.keys.tls.context())
    await until(lambda: fleet.online == 2)
    await fleet.stop()


async def test_a_fleet_that_is_stopped_while_it_dials_leaves_nothing(world: Listening) -> None:
    board = await world.registered(Library.CPP)
    before = asyncio.all_tasks()
    fleet = Fleet([board], world.address(Trust(verify=False)), SystemClock())
    await fleet.start(gap=0)
    await fleet.stop()
    await until(lambda: asyncio.all_tasks() == before)
    assert fleet.online == 0


def test_a_file_that_is_no_authority(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("hello")
    with pytest.raises(ssl.SSLError):
        Trust(tmp_path / "ca.pem").context()
    with pytest.raises(OSError, match="No such file"):
        Trust(tmp_path / "none.pem").context()
