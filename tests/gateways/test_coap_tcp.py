"""The TCP gateway on real loopback sockets, on both event loops: handshakes, conversations, ends, and strangers."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from rookery.gateways.coap_contract import CoapProfile, Peer
from rookery.gateways.coap_counters import CoapEnding
from rookery.gateways.coap_limits import CoapLimits
from rookery.gateways.coap_tcp import CoapTcpGateway
from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, Code
from rookery.wire.coap.parameters import Limits, Quirks
from rookery.wire.lightssl.connection import Phase
from rookery.wire.lightssl.keys import public_der
from tests.fakes import ManualClock
from tests.gateways.coap_world import EVENT, HELLO, URI_PATH, Recording, TcpBoard, device_id, quiet, rsa_key, until

Main = Callable[[], Coroutine[Any, Any, None]]
VARIABLE = ((URI_PATH, b"v"),)


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Main], None]:
    def runner(main: Main) -> None:
        async def bounded() -> None:
            async with asyncio.timeout(60):
                await main()

        if request.param == "uvloop":
            uvloop.run(bounded())
        else:
            asyncio.run(bounded())

    return runner


@pytest.fixture
def front() -> Recording:
    front = Recording()
    for number in range(1, 6):
        front.keys[device_id(number)] = public_der(rsa_key(1024))
    return front


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@asynccontextmanager
async def tcp_gateway(
    front: Recording, clock: ManualClock, **arguments: Any
) -> AsyncIterator[tuple[CoapTcpGateway, int]]:
    gateway = CoapTcpGateway(front, rsa_key(2048), clock, **arguments)
    port = await gateway.listen("127.0.0.1", 0)
    try:
        yield gateway, port
    finally:
        await gateway.stop()
        assert not gateway.counters.handshaking
        await until(lambda: not gateway.streams)
        assert not len(gateway.timetable)


def test_a_board_arrives_and_everything_goes_in_frames_of_their_own(
    run: Callable[[Main], None], front: Recording, clock: ManualClock
) -> None:
    async def main() -> None:
        async with tcp_gateway(front, clock) as (gateway, port):
            board = await TcpBoard(1).enter(port)
            handler = front.handlers[0]
            connection = handler.connection
            assert connection.name == board.id
            assert connection.public_key == public_der(board.key)
            assert connection.reliable
            assert connection.peer == Peer("tcp", "127.0.0.1", board.transport.get_extra_info("sockname")[1])
            number = board.say(EVENT, b"warm", kind=CONFIRMABLE)
            await until(lambda: board.acknowledged(number))
            assert [m.payload for m in handler.requests] == [b"", b"warm"]
            connection.send(Code.GET, VARIABLE, context="read", timeout=10)
            await until(lambda: [m for m in board.heard if m.code == Code.GET])
            assert [len(piece) for piece in board.pieces[:2]] == [40, 384], "nonce, answer"
            assert all(int.from_bytes(piece[:2], "big") == len(piece) - 2 for piece in board.pieces[2:])
            assert (gateway.counters.open, gateway.counters.named, gateway.counters.handshaking) == (1, 1, 0)
            board.transport.close()
            await until(lambda: handler.ended)
            assert handler.failures == [("read", Failure.CLOSED)]
            assert gateway.counters.closed == {CoapEnding.LOST: 1}
            assert (gateway.counters.open, gateway.counters.named) == (0, 0)

    run(main)


async def test_a_request_is_answered_in_a_message_of_its_own_and_a_ping_by_a_foreign_identifier(
    front: Recording, clock: ManualClock
) -> None:
    profile = CoapProfile(quirks=Quirks(foreign_ack_ids=True, no_resets=True, token_bytes=1))
    async with tcp_gateway(front, clock, profile=profile) as (_, port):
        board = await TcpBoard(1).enter(port)
        handler = front.handlers[0]
        handler.connection.send(Code.GET, VARIABLE, context="read", timeout=10)
        handler.connection.ping(10, "ping")
        await until(lambda: len(board.heard) == 3)
        request = next(m for m in board.heard if m.code == Code.GET)
        board.client.send(bytes((0x60, 0, 9, 9)))
        await until(lambda: handler.arrived)
        from rookery.wire.coap import encode

        board.client.send(encode.parts(NON_CONFIRMABLE, Code.CONTENT, 5, request.token, (), b"21.5"))
        await until(lambda: handler.responses)
        assert handler.arrived == ["ping"]
        assert [(context, m.payload) for context, m in handler.responses] == [("read", b"21.5")]


class FakeSocket:
    """Keeps what is asked of it, and may be broken."""

    def __init__(self, error: OSError | None = None) -> None:
        self.asked: list[tuple[int, int, int]] = []
        self.error = error

    def setsockopt(self, level: int, option: int, value: int) -> None:
        self.asked.append((level, option, value))
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize(("option", "error"), [(12, None), (12, OSError("it is gone")), (None, None)])
async def test_tcp_acknowledges_at_once_what_a_board_says(
    front: Recording, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, option: int | None, error: OSError | None
) -> None:
    # A virtual Photon answered calls after 48 ms: it waited with the value for the acknowledgement of the frame before.
    monkeypatch.setattr("rookery.gateways.coap_tcp._QUICK_ACKNOWLEDGEMENT", option)
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1).enter(port)
        (stream,) = gateway.streams
        fake = FakeSocket(error)
        stream._socket = fake  # type: ignore[assignment]
        number = board.say(EVENT, b"warm", kind=CONFIRMABLE)
        await until(lambda: board.acknowledged(number))
        assert fake.asked == ([(socket.IPPROTO_TCP, option, 1)] if option is not None else [])


async def test_another_key_gets_an_answer_that_it_cannot_read(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1, key=rsa_key(1024, 1)).connect(port)
        assert board.client.phase is Phase.CLOSED
        assert front.handlers == []
        await until(lambda: not gateway.streams)
        assert gateway.counters.failed == 1


async def test_a_device_that_nobody_knows_is_refused(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(77).connect(port)
        await until(lambda: board.lost)
        assert gateway.counters.closed == {CoapEnding.REFUSED: 1}


async def test_a_key_that_cannot_be_used_ends_the_handshake(front: Recording, clock: ManualClock) -> None:
    front.keys[device_id(1)] = public_der(rsa_key(2048))
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1).connect(port)
        await until(lambda: board.lost)
        assert gateway.counters.closed == {CoapEnding.HANDSHAKE: 1}


async def test_a_front_that_fails_ends_that_handshake(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock) as (gateway, port):
        front.failing = True
        board = await TcpBoard(1).connect(port)
        await until(lambda: board.lost)
        assert gateway.counters.closed == {CoapEnding.FAULT: 1}
        front.failing = False
        await TcpBoard(1).enter(port)


async def test_an_impostor_changes_nothing_until_he_is_understood(front: Recording, clock: ManualClock) -> None:
    """Anybody can write a claim with a foreign id, and random bytes decrypt to something once in a while."""
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1).enter(port)
        impostor = await TcpBoard(1).connect(port)
        await quiet()
        assert not front.handlers[0].ended
        impostor.client.send(b"not a message")
        await until(lambda: impostor.lost)
        assert not front.handlers[0].ended
        assert gateway.counters.closed == {CoapEnding.PROTOCOL: 1}
        number = board.say(EVENT, kind=CONFIRMABLE)
        await until(lambda: board.acknowledged(number))


async def test_the_newest_connection_of_a_board_wins(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock) as (gateway, port):
        old = await TcpBoard(1).enter(port)
        new = await TcpBoard(1).enter(port)
        await until(lambda: old.lost)
        assert front.handlers[0].ended == ["taken over by a new connection"]
        number = new.say(EVENT, kind=CONFIRMABLE)
        await until(lambda: new.acknowledged(number))
        assert gateway.counters.named == 1


async def test_a_name_that_the_handshake_has_not_shown_is_not_taken(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock) as (_, port):
        await TcpBoard(1).enter(port)
        connection = front.handlers[0].connection
        with pytest.raises(LocalError):
            connection.name_session(device_id(2))
        with pytest.raises(LocalError):
            connection.name_session(b"")


@pytest.mark.parametrize("step", ["nothing", "half a claim", "no hello"])
async def test_every_step_of_the_handshake_has_its_time(front: Recording, clock: ManualClock, step: str) -> None:
    async with tcp_gateway(front, clock) as (gateway, port):
        if step == "no hello":
            board = await TcpBoard(1).connect(port)
        else:
            board = TcpBoard(1)
            board.client.close()
            await asyncio.get_running_loop().create_connection(lambda: board, "127.0.0.1", port)
            if step == "half a claim":
                board.transport.write(os.urandom(100))
        await until(lambda: gateway.counters.handshaking == 1)
        await quiet()
        clock.turn(29)
        await quiet()
        assert not board.lost
        clock.turn(2)
        await until(lambda: board.lost)
        assert gateway.counters.closed == {CoapEnding.SLOW: 1}
        assert gateway.counters.handshaking == 0


@pytest.mark.parametrize(
    "noise", [b"GET / HTTP/1.1\r\n\r\n" * 20, os.urandom(256), os.urandom(257), b"\x16\x03\x01" + bytes(600)]
)
async def test_garbage_ends_its_own_connection(front: Recording, clock: ManualClock, noise: bytes) -> None:
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1).enter(port)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(noise)
        await reader.readexactly(40)
        try:
            assert await reader.read() == b""
        except ConnectionResetError:
            pass  # what was not read makes a reset of the end
        writer.close()
        assert gateway.counters.closed == {CoapEnding.HANDSHAKE: 1}
        number = board.say(EVENT, kind=CONFIRMABLE)
        await until(lambda: board.acknowledged(number))


async def test_a_frame_that_was_changed_ends_the_connection(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1).enter(port)
        board.transport.write(b"\x00\x11" + os.urandom(17))
        await until(lambda: board.lost)
        assert gateway.counters.closed == {CoapEnding.PROTOCOL: 1}
        assert front.handlers[0].ended


async def test_one_too_many_is_turned_away_at_the_door(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock, limits=CoapLimits(handshaking=2)) as (gateway, port):
        loop = asyncio.get_running_loop()
        waiting = [TcpBoard(1) for _ in range(2)]
        for each in waiting:
            await loop.create_connection(lambda each=each: each, "127.0.0.1", port)  # type: ignore[misc]
            each.client.close()
        await until(lambda: gateway.counters.handshaking == 2)
        late = TcpBoard(1)
        await loop.create_connection(lambda: late, "127.0.0.1", port)
        await until(lambda: late.lost)
        assert gateway.counters.closed == {CoapEnding.FULL: 1}
        waiting[0].transport.abort()
        await until(lambda: gateway.counters.handshaking == 1)
        await TcpBoard(1).enter(port)


async def test_a_board_is_not_read_while_its_handler_has_enough(front: Recording, clock: ManualClock) -> None:
    front.acknowledge = False
    profile = CoapProfile(limits=Limits(open_requests=4))
    async with tcp_gateway(front, clock, profile=profile) as (gateway, port):
        board = await TcpBoard(1).enter(port)
        handler = front.handlers[0]
        handler.connection.keep_alive(25)
        for number in range(40):
            board.say(EVENT, b"%d" % number, kind=CONFIRMABLE)
        await until(lambda: len(handler.tickets) == 4)
        await quiet()
        board.say(EVENT, b"40", kind=CONFIRMABLE)
        clock.turn(100)
        assert not handler.ended, "who is not read is not silent"
        assert len(handler.tickets) == 4
        done = 0
        while done < 41:
            await until(lambda: len(handler.tickets) > done)  # noqa: B023
            tickets = handler.tickets[done:]
            done += len(tickets)
            handler.connection.committed(tickets)
        await until(lambda: len([m for m in board.heard if m.kind == ACKNOWLEDGEMENT]) == 42)
        assert [m.payload for m in handler.requests[1:]] == [b"%d" % number for number in range(41)]
        assert all(m.code == 0 for m in board.heard), "none was refused"
        assert gateway.counters.messages_in == 42


async def test_a_board_that_never_reads_is_closed(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock, limits=CoapLimits(outbound_hard=64 * 1024)) as (gateway, port):
        board = await TcpBoard(1).enter(port)
        board.transport.pause_reading()
        handler = front.handlers[0]
        most = 0
        for _ in range(20_000):
            if handler.ended:
                break
            handler.connection.send(Code.POST, EVENT, bytes(1_000), confirmable=False, response=False)
            most = max(most, handler.connection.unsent)
            await asyncio.sleep(0)
        assert handler.ended == ["it does not read what it asks for"]
        assert most <= 64 * 1024 + 2_048
        assert gateway.counters.closed == {CoapEnding.SLOW_READER: 1}
        board.transport.abort()


async def test_silence_ends_the_connection(front: Recording, clock: ManualClock) -> None:
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1).enter(port)
        front.handlers[0].connection.keep_alive(15)
        clock.turn(22)
        assert not front.handlers[0].ended
        clock.turn(1)
        assert front.handlers[0].ended == ["silent for 22 s"]
        await until(lambda: board.lost)
        assert gateway.counters.closed == {CoapEnding.SILENT: 1}


async def test_a_handler_may_close_within_a_request(front: Recording, clock: ManualClock) -> None:
    front.keys[device_id(1)] = public_der(rsa_key(1024))
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1).connect(port)
        front.keys[device_id(1)] = b"another"
        board.say(HELLO)
        board.say(EVENT)
        await until(lambda: board.lost)
        assert front.handlers[0].ended == ["another key"]
        assert len(front.handlers[0].requests) == 1
        assert gateway.counters.closed == {CoapEnding.HANDLER: 1}


async def test_stopping_lets_what_is_on_its_way_be_acknowledged(front: Recording, clock: ManualClock) -> None:
    front.acknowledge = False
    async with tcp_gateway(front, clock) as (gateway, port):
        board = await TcpBoard(1).enter(port)
        handler = front.handlers[0]
        number = board.say(EVENT, kind=CONFIRMABLE)
        await until(lambda: handler.tickets)
        stopping = asyncio.create_task(gateway.stop())
        await quiet()
        assert not handler.ended
        handler.connection.committed(handler.tickets)
        await stopping
        await until(lambda: board.lost)
        assert board.acknowledged(number)
        assert handler.ended == ["the server stops"]
