"""Whole sessions over real sockets: handshake, Hello, description, calls, events, and a restart of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rookery.core.boards import BoardSession
from rookery.gateways.coap_tcp import CoapTcpGateway
from rookery.gateways.coap_udp import CoapUdpGateway
from rookery.particle.device import profile
from rookery.particle.device.describe import Described, encode_application
from rookery.particle.device.events import Event, board_event_request, subscription_request
from rookery.particle.device.events import Subscription as Wanted
from rookery.particle.device.front import ParticleFront, coap_profile
from rookery.particle.device.hello import Hello, encode_hello
from rookery.particle.device.requests import Request, describe_post, hello_request, time_request
from rookery.particle.device.values import encode_result, encode_value
from rookery.wire.coap import encode
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, Code, Message
from rookery.wire.coap.options import URI_PATH
from tests.fakes import ManualClock, memory_services
from tests.gateways.coap_world import SERVER_KEY, MemoryStore, TcpBoard, UdpBoard, rsa_key, until
from tests.particle.device.board_world import FLAGS

DESCRIBED = encode_application(Described(functions=["beep"], variables={"temp": "double"}))


class Server:
    """Both gateways over one front; `restart` forgets what is in memory."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.services = memory_services(clock=self.clock)
        self.store = MemoryStore()
        self.tcp_port = self.udp_port = 0

    async def start(self) -> None:
        self.front = ParticleFront(self.services)
        self.udp = CoapUdpGateway(self.front, self.store, SERVER_KEY, self.clock, profile=coap_profile(profile.UDP))
        self.tcp = CoapTcpGateway(self.front, rsa_key(2048), self.clock, profile=coap_profile(profile.TCP))
        self.udp_port = await self.udp.listen("127.0.0.1", self.udp_port)
        self.tcp_port = await self.tcp.listen("127.0.0.1", self.tcp_port)

    async def stop(self) -> None:
        await self.udp.stop()
        await self.tcp.stop()
        await self.front.close()

    async def session(self, hex_id: str) -> BoardSession:
        device = await self.services.enrolment.get(hex_id)
        assert device is not None
        found = self.services.boards.session(device.id)
        assert found is not None
        return found


@asynccontextmanager
async def server() -> AsyncIterator[Server]:
    async with asyncio.timeout(60):
        running = Server()
        await running.start()
        try:
            yield running
        finally:
            await running.stop()


class Firmware:
    """Says what firmware says, through a board of either transport."""

    def __init__(self, board: UdpBoard | TcpBoard) -> None:
        self.board: Any = board

    def say(self, request: Request, *, kind: int = CONFIRMABLE, token: bytes = b"") -> int:
        self.board.message_id += 1
        data = encode.parts(kind, request.code, self.board.message_id, token, request.options, request.payload)
        self.raw(data)
        return int(self.board.message_id)

    def raw(self, data: bytes) -> None:
        (self.board.send if isinstance(self.board, UdpBoard) else self.board.client.send)(data)

    async def said(self, request: Request, *, token: bytes = b"") -> Message:
        number = self.say(request, token=token)
        return await self.hear(lambda m: m.kind == ACKNOWLEDGEMENT and m.message_id == number)

    async def hear(self, wanted: Any) -> Message:
        await until(lambda: any(wanted(m) for m in self.board.heard))
        found: Message = next(m for m in self.board.heard if wanted(m))
        return found

    async def begin(self, hello: Hello) -> None:
        if isinstance(self.board, UdpBoard):
            await self.said(hello_request(encode_hello(hello)))
        else:
            self.say(hello_request(encode_hello(hello)), kind=NON_CONFIRMABLE)
            answer = await self.hear(lambda m: m.first(URI_PATH) == b"h")
            assert (answer.kind, answer.code, answer.token, answer.payload) == (1, Code.POST, b"", b"")
        assert (await self.said(describe_post(2, DESCRIBED), token=b"d")).code == Code.CHANGED
        assert (await self.said(time_request(), token=b"t")).code == Code.CONTENT
        assert (await self.said(subscription_request(Wanted("door")))).code == 0

    async def answer(self, letter: bytes, code: int, payload: bytes) -> None:
        """Acknowledge a question, then answer it separately."""
        asked = await self.hear(lambda m: m.first(URI_PATH) == letter)
        self.board.heard.remove(asked)
        self.raw(encode.parts(ACKNOWLEDGEMENT, 0, asked.message_id, b"", (), b""))
        self.board.message_id += 1
        kind = CONFIRMABLE if isinstance(self.board, UdpBoard) else NON_CONFIRMABLE
        self.raw(encode.parts(kind, code, self.board.message_id, asked.token, (), payload))


async def converse(running: Server, firmware: Firmware) -> None:
    """What works in every session."""
    session = await running.session(firmware.board.id.hex())
    calling = asyncio.ensure_future(session.call("beep", "3"))
    await firmware.answer(b"f", Code.CHANGED, encode_result(3))
    assert await calling == 3
    reading = asyncio.ensure_future(session.read("temp"))
    await firmware.answer(b"v", Code.CONTENT, encode_value("double", 21.5))
    assert await reading == 21.5
    device = session.device
    if device.space_id != "somebody":
        await running.services.claims.give(device, "somebody")
    heard = len([m for m in firmware.board.heard if m.first(URI_PATH) == b"E"])
    assert (await firmware.said(board_event_request(Event("door/open", b"now"), 6_200))).code == 0
    await until(lambda: len([m for m in firmware.board.heard if m.first(URI_PATH) == b"E"]) > heard)
    kept = await running.services.events.history(device.events, 0, 1 << 60, 1)
    assert (kept[0].name, kept[0].data) == ("door/open", b"now")


async def test_udp_and_over_a_restart() -> None:
    async with server() as running:
        board = await UdpBoard(running.udp_port, 1).connect()
        firmware = Firmware(board)
        await firmware.begin(
            Hello(device_id=board.id.hex(), flags=FLAGS, platform_id=12, system_version=6_200, ota_chunk=512)
        )
        await converse(running, firmware)
        await running.stop()
        assert len(running.services.boards) == 0
        await running.start()
        board.move()
        again = UdpBoard(running.udp_port, 1)
        again.resume(board)
        firmware = Firmware(again)
        firmware.raw(encode.parts(CONFIRMABLE, 0, 9_000, b"", (), b""))
        await until(lambda: len(running.services.boards) == 1)
        again.message_id = 9_000
        await converse(running, firmware)
        assert running.front.counters.resumed == 1
        assert running.front.counters.greeted == 0
        board.close()
        again.close()


async def test_tcp() -> None:
    async with server() as running:
        board = await TcpBoard(2).connect(running.tcp_port)
        firmware = Firmware(board)
        await firmware.begin(Hello(flags=FLAGS & ~0x80, platform_id=6, system_version=3_300))
        await converse(running, firmware)
        device = (await running.session(board.id.hex())).device
        assert (device.type, len(device.public_key or b"")) == ("photon", 162)
        board.transport.abort()
        await until(lambda: len(running.services.boards) == 0)


async def test_a_session_that_is_renewed_shakes_hands_again() -> None:
    async with server() as running:
        board = await UdpBoard(running.udp_port, 3).connect()
        firmware = Firmware(board)
        hello = Hello(device_id=board.id.hex(), flags=FLAGS, platform_id=12, system_version=6_200, ota_chunk=512)
        await firmware.begin(hello)
        session = await running.session(board.id.hex())
        await running.services.enrolment.keep(session.device.id, public_key=b"another")
        await until(lambda: len(running.services.boards) == 0)
        impostor = Firmware(await UdpBoard(running.udp_port, 3).connect())
        impostor.say(hello_request(encode_hello(hello)))
        await until(lambda: running.front.counters.key_mismatches == 1)
        assert len(running.services.boards) == 0
        board.close()
        impostor.board.close()
