"""Boards that are asked whether they are there: who is asked, what an answer changes, what silence changes."""

from __future__ import annotations

import asyncio
import socket

import pytest

from rookery.gateways.coap_contract import Connection
from rookery.gateways.coap_udp import CoapUdpGateway
from rookery.gateways.coap_wake import NOWHERE, WAKE_SECONDS
from rookery.wire.coap import encode
from rookery.wire.coap.message import CONFIRMABLE, RESET, Code
from tests.fakes import ManualClock
from tests.gateways.coap_world import (
    EVENT,
    MemoryStore,
    Recorder,
    Recording,
    UdpBoard,
    board_key,
    device_id,
    quiet,
    udp_gateway,
    until,
)


@pytest.fixture
def front() -> Recording:
    front = Recording()
    for number in range(1, 5):
        front.keys[device_id(number)] = board_key(number).public
    return front


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def pings(board: UdpBoard) -> list[int]:
    return [m.message_id for m in board.heard if m.kind == CONFIRMABLE and m.code == 0]


async def pinged(board: UdpBoard, times: int = 1) -> int:
    await until(lambda: len(pings(board)) >= times)
    return pings(board)[-1]


async def gone_quiet(front: Recording, store: MemoryStore, clock: ManualClock, number: int = 1) -> tuple[UdpBoard, int]:
    """A board with a session, whose server has stopped; and the port."""
    async with udp_gateway(front, store, clock) as (_, port):
        board = await UdpBoard(port, number).enter()
    return board, port


async def silence(gateway: CoapUdpGateway, clock: ManualClock, board: UdpBoard) -> bool:
    """Ask, and let the board say nothing."""
    answer = await gateway.wake(board.id)
    await pinged(board)
    clock.turn(WAKE_SECONDS + 1)
    return await answer


async def test_an_answer_makes_a_connection_and_nothing_before_it(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    board, port = await gone_quiet(front, store, clock)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        answer = await gateway.wake(board.id)
        number = await pinged(board)
        await quiet()
        assert front.resumed_as == [], "nobody is told of a board that is asked"
        assert not answer.done()
        board.send(encode.reset(number))
        assert await answer
        assert front.resumed_as == [(board.id, "state")]
        assert (gateway.counters.resumed, len(gateway.wakings)) == (1, 0)
        front.handlers[1].connection.send(Code.GET, EVENT, timeout=10)
        await until(lambda: [m for m in board.heard if m.code == Code.GET])
        asked = next(m for m in board.heard if m.code == Code.GET)
        assert asked.message_id != number, "a board remembers identifiers"
        assert await (await gateway.wake(board.id)), "it is here"
        assert store.secured == 1
        clock.turn(WAKE_SECONDS + 1)
        assert front.handlers[1].ended == []
        board.close()


async def test_whatever_the_board_says_is_an_answer(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    board, port = await gone_quiet(front, store, clock)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        answer = await gateway.wake(board.id)
        number = board.say(EVENT, b"back")
        assert await answer
        await until(lambda: board.acknowledged(number))
        assert [m.payload for m in front.handlers[1].requests] == [b"back"]
        assert len(front.resumed_as) == 1
        board.close()


async def test_a_ping_is_repeated_and_then_the_board_is_let_go_in_silence(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    board, port = await gone_quiet(front, store, clock)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        answer = await gateway.wake(board.id)
        assert (await gateway.wake(board.id)) is answer, "two that ask wait for one answer"
        for times in (1, 2, 3):
            await pinged(board, times)
            clock.turn(6.0 if times == 1 else 12.0)
        assert not await answer
        assert len(set(pings(board))) == 1, "the same ping"
        assert (gateway.endpoint.sessions, len(gateway.wakings), len(gateway.timetable)) == (0, 0, 0)
        assert front.handlers[0].ended == ["the server stops"]
        assert len(front.handlers) == 1
        assert await store.placed() == [board.id.hex()]
        number = board.say(EVENT, b"late")
        await until(lambda: len(front.resumed_as) == 1)
        board.send(encode.parts(CONFIRMABLE, Code.POST, number, b"", EVENT, b"late"))
        await until(lambda: board.acknowledged(number))
        board.close()


async def test_who_is_lost_is_not_asked_again_until_it_has_spoken(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    board, port = await gone_quiet(front, store, clock)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        answer = await gateway.wake(board.id, lose=True)
        await pinged(board)
        clock.turn(WAKE_SECONDS + 1)
        assert not await answer
        assert store.sessions[board.id.hex()].address == NOWHERE
        assert await store.placed() == []
        secured = store.secured
        assert not await (await gateway.wake(board.id))
        assert store.secured == secured, "it is not even loaded"
        number = board.say(EVENT, b"late")
        await until(lambda: board.acknowledged(number))
        assert await store.placed() == [board.id.hex()]
        board.close()


async def test_a_board_that_was_closed_has_no_place_and_one_whose_server_died_has(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        leaving = await UdpBoard(port, 1).enter()
        silent = await UdpBoard(port, 2).enter()
        there = await UdpBoard(port, 3).enter()
        crashed = await store.placed()
        front.handlers[0].connection.close("the board said goodbye")
        front.handlers[1].connection.keep_alive(10.0)
        clock.turn(20.0)
    assert crashed == [board.id.hex() for board in (leaving, silent, there)]
    assert front.handlers[1].ended == ["silent for 15 s"]
    assert await store.placed() == [there.id.hex()]
    for board in (leaving, silent, there):
        board.close()


async def test_sessions_that_may_not_come_back_are_not_asked(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    board, port = await gone_quiet(front, store, clock)
    front.keys[board.id] = board_key(9).public
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        assert not await (await gateway.wake(board.id))
        assert not await (await gateway.wake(device_id(4))), "it has none"
        await quiet()
        assert board.heard == [m for m in board.heard if m.kind != CONFIRMABLE]
        assert store.sessions == {}
        board.close()


async def test_a_front_that_has_changed_its_mind_meanwhile_is_asked_last(
    front: Recording, store: MemoryStore, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    board, port = await gone_quiet(front, store, clock)

    def resumed(connection: Connection, device_id: bytes, state: object) -> Recorder:
        connection.close("the device was deleted")
        return Recorder(front, connection)

    monkeypatch.setattr(front, "resumed", resumed)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        answer = await gateway.wake(board.id)
        board.send(encode.reset(await pinged(board)))
        assert not await answer
        assert (gateway.endpoint.sessions, len(gateway.wakings), gateway.counters.open) == (0, 0, 0)
        assert await store.placed() == []
        board.close()


async def test_several_that_ask_at_once_load_the_session_once(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    board, port = await gone_quiet(front, store, clock)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        number = board.say(EVENT)
        answers = await asyncio.gather(*(gateway.wake(board.id) for _ in range(3)))
        board.send(encode.parts(CONFIRMABLE, Code.POST, number, b"", EVENT, b""))
        assert [await answer for answer in answers] == [True, True, True]
        await until(lambda: board.acknowledged(number))
        assert store.secured == 1
        assert len(front.resumed_as) == 1
        board.close()


async def test_a_new_handshake_of_the_board_is_an_answer(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    board, port = await gone_quiet(front, store, clock)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        answer = await gateway.wake(board.id)
        anew = await UdpBoard(port, 1).enter()
        assert await answer
        assert front.resumed_as == []
        assert gateway.endpoint.sessions == 1
        clock.turn(WAKE_SECONDS + 1)
        assert front.handlers[1].ended == []
        for each in (board, anew):
            each.close()


async def test_nobody_is_asked_where_another_board_is(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    board, port = await gone_quiet(front, store, clock)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        other = await UdpBoard(port, 2).enter()
        session = store.sessions[board.id.hex()]
        store.sessions[board.id.hex()] = session._replace(address=other.sock.getsockname())
        assert not await (await gateway.wake(board.id))
        assert pings(other) == []
        assert gateway.endpoint.sessions == 1
        for each in (board, other):
            each.close()


async def test_a_gateway_that_stops_asks_nobody(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    board, port = await gone_quiet(front, store, clock)
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        answer = await gateway.wake(board.id)
        await gateway.stop()
        assert not await answer
        assert not await (await gateway.wake(board.id))
        assert clock.waiting == 0
    assert await store.placed() == [board.id.hex()], "the next server asks"
    async with udp_gateway(front, store, clock, port=port) as (gateway, _):
        assert not await silence(gateway, clock, board)
    board.close()


async def test_boards_of_both_families_of_addresses_are_asked(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock, host="::") as (_, port):
        four = await UdpBoard(port, 1).enter()
        six = await UdpBoard(port, 2, host="::1").enter()
        assert six.sock.family is socket.AF_INET6
        assert [handler.connection.peer.address for handler in front.handlers] == ["127.0.0.1", "::1"]
    async with udp_gateway(front, store, clock, host="::", port=port) as (gateway, _):
        for board in (four, six):
            answer = await gateway.wake(board.id)
            board.send(encode.reset(await pinged(board)))
            assert await answer
            assert front.handlers[-1].moves == [], "it is where it was"
            board.close()
        assert {m.kind for m in four.heard} >= {CONFIRMABLE}
        assert RESET not in {m.kind for m in four.heard}
