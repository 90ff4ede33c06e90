"""Sessions that outlive the gateway: restarts, crashes, garbage with identifiers, stores that fail."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise

import pytest

from rookery.gateways.coap_contract import StoredSession
from rookery.gateways.coap_counters import CoapDrop
from rookery.gateways.coap_limits import CoapLimits
from rookery.wire.coap import encode
from rookery.wire.coap.message import CONFIRMABLE, Code
from rookery.wire.dtls.client import Phase
from rookery.wire.dtls.profile import SEQUENCE_RESERVE, Profile
from rookery.wire.dtls.session import Session
from tests.fakes import ManualClock
from tests.gateways.coap_world import (
    EVENT,
    MemoryStore,
    Recording,
    UdpBoard,
    board_key,
    device_id,
    quiet,
    udp_gateway,
    until,
)

BOARDS = 40


@pytest.fixture
def front() -> Recording:
    front = Recording()
    for number in range(1, BOARDS + 1):
        front.keys[device_id(number)] = board_key(number).public
    return front


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def returned(port: int, former: UdpBoard) -> UdpBoard:
    """The same board, from another port, with the session it had."""
    board = UdpBoard(port, int.from_bytes(former.id, "big"))
    board.resume(former)
    number = board.say(EVENT, b"back")
    await until(lambda: board.acknowledged(number))
    return board


def board_message(number: int) -> bytes:
    """An event, once more."""
    return encode.parts(CONFIRMABLE, Code.POST, number, b"", EVENT, b"")


def strange(connection_id: bytes) -> bytes:
    """Garbage in the record of a session."""
    return b"\x19\xfe\xfd\x00\x01" + os.urandom(6) + connection_id + (32).to_bytes(2, "big") + os.urandom(32)


async def test_a_restart_is_not_noticed(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        board = await UdpBoard(port, 1).enter()
        used = front.handlers[0].connection.machine.endpoint.next_message_id  # type: ignore[attr-defined]
    assert front.handlers[0].ended == ["the server stops"]
    assert board.client.phase is Phase.OPEN, "boards are told nothing"
    async with udp_gateway(front, store, clock) as (gateway, port):
        again = await returned(port, board)
        assert front.resumed_as == [(board.id, "state")]
        handler = front.handlers[1]
        assert [m.payload for m in handler.requests] == [b"back"]
        assert handler.connection.name == board.id
        assert handler.connection.public_key == board.key.public
        assert (gateway.counters.accepted, gateway.counters.resumed, gateway.counters.named) == (0, 1, 1)
        handler.connection.send(Code.GET, EVENT, timeout=10)
        await until(lambda: [m for m in again.heard if m.kind == CONFIRMABLE])
        request = next(m for m in again.heard if m.kind == CONFIRMABLE)
        assert (request.message_id - used) % 0x10000 >= gateway.limits.message_ids_ahead
        board.close()
        again.close()


async def test_a_crash_right_after_coming_back_uses_no_number_twice(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    """What is in the store when the first byte leaves must be ahead of it."""
    async with udp_gateway(front, store, clock) as (_, port):
        board = await UdpBoard(port, 1).enter()
    starts = []
    boards = [board]
    for _ in range(3):
        crashed = MemoryStore()
        async with udp_gateway(front, store, clock) as (gateway, port):
            boards.append(await returned(port, boards[-1]))
            session = next(iter(gateway.connections))._session
            assert session is not None
            starts.append(session.write_sequence)
            crashed.sessions = dict(store.sessions)  # the folder as the crash leaves it
        store = crashed
    assert all(later - earlier > SEQUENCE_RESERVE // 2 for earlier, later in pairwise(starts))
    for each in boards:
        each.close()


async def test_many_boards_come_back_at_once_and_a_few_ask_for_all(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        boards = [await UdpBoard(port, number).enter() for number in range(1, BOARDS + 1)]
    store.finds.clear()
    async with udp_gateway(front, store, clock, limits=CoapLimits(lookups_at_once=4)) as (gateway, port):
        again = await asyncio.gather(*(returned(port, board) for board in boards))
        assert len(store.finds) == BOARDS
        assert 1 < store.busiest <= 4
        assert gateway.counters.named == BOARDS
    for board in [*boards, *again]:
        board.close()


async def test_identifiers_that_nobody_knows_cost_one_lookup(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock) as (gateway, port):
        board = UdpBoard(port, 1)
        for _ in range(5):
            board.raw(strange(b"nobodys!"))
            await quiet()
        assert store.finds == [b"nobodys!"]
        assert gateway.counters.dropped == {CoapDrop.ABSENT: 4}
        clock.turn(gateway.limits.absent_seconds + 1)
        board.raw(strange(b"nobodys!"))
        await until(lambda: len(store.finds) == 2)
        board.close()


async def test_a_flood_of_identifiers_is_bounded(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    limits = CoapLimits(lookups=8, absent=4, lookups_at_once=1)
    async with udp_gateway(front, store, clock, limits=limits) as (gateway, port):
        board = UdpBoard(port, 1)
        for number in range(100):
            board.raw(strange(number.to_bytes(8, "big")))
        await until(lambda: gateway.counters.dropped[CoapDrop.LOOKUPS] + gateway.counters.lookups == 100)
        assert len(gateway.resumption._absent) <= 4
        await board.enter()
        board.close()


async def test_garbage_under_the_identifier_of_a_board_does_not_keep_it_away(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        board = await UdpBoard(port, 1).enter()
    connection_id = store.sessions[board.id.hex()].connection_id
    store.finds.clear()
    async with udp_gateway(front, store, clock) as (gateway, port):
        attacker = UdpBoard(port, 2)
        for _ in range(5):
            attacker.raw(strange(connection_id))
            await quiet()
        assert gateway.endpoint.counters.forged >= 1
        assert front.resumed_as == []
        again = await returned(port, board)
        assert len(store.finds) == 1, "what was found is at hand, and nobody asks again"
        assert front.handlers[1].connection.peer.port == again.sock.getsockname()[1]
        for each in (board, again, attacker):
            each.close()


async def test_a_device_that_is_gone_does_not_come_back(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        board = await UdpBoard(port, 1).enter()
    del front.keys[board.id]
    async with udp_gateway(front, store, clock) as (_, port):
        again = UdpBoard(port, 1)
        again.resume(board)
        again.say(EVENT)
        await until(lambda: front.recalled)
        await until(lambda: not store.sessions)
        assert front.resumed_as == []
        board.close()
        again.close()


async def test_a_store_that_fails_is_asked_again(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        board = await UdpBoard(port, 1).enter()
    async with udp_gateway(front, store, clock) as (_, port):
        store.failing = True
        again = UdpBoard(port, 1)
        again.resume(board)
        again.say(EVENT)
        again.say(EVENT)
        await until(lambda: store.finds)
        await quiet()
        assert front.resumed_as == []
        store.failing = False
        number = again.say(EVENT)
        await until(lambda: again.acknowledged(number))
        board.close()
        again.close()


async def test_a_dump_that_cannot_be_read_is_deleted(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    session = StoredSession(device_id(1).hex(), b"12345678", b"nonsense", 1, ("", 0))
    store.sessions[session.device_id] = session
    async with udp_gateway(front, store, clock) as (_, port):
        board = UdpBoard(port, 1)
        board.raw(strange(b"12345678"))
        await until(lambda: not store.sessions)
        board.close()


async def test_a_session_that_is_looked_for_while_its_board_makes_a_new_one_does_not_win(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        board = await UdpBoard(port, 1).enter()
    arrived, go = asyncio.Event(), asyncio.Event()

    class Slow(MemoryStore):
        async def keep_now(self, session: StoredSession) -> None:
            arrived.set()
            await go.wait()
            await super().keep_now(session)

    slow = Slow()
    slow.sessions = store.sessions
    async with udp_gateway(front, slow, clock) as (gateway, port):
        old = UdpBoard(port, 1)
        old.resume(board)
        old.say(EVENT)
        await arrived.wait()
        new = await UdpBoard(port, 1).enter()
        go.set()
        await until(lambda: slow.secured)
        await quiet()
        assert new.client.session is not None
        assert slow.sessions[new.id.hex()].connection_id == new.client.session.write_id
        assert front.resumed_as == []
        assert gateway.counters.named == 1
        for each in (board, old, new):
            each.close()


async def test_a_board_without_identifier_is_found_by_its_name(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        board = UdpBoard(port, 1)
        board.client._offers_id = False
        await board.enter()
    assert store.sessions[board.id.hex()].connection_id == b""
    async with udp_gateway(front, store, clock) as (_, port):
        again = UdpBoard(port, 1)
        assert board.client.session is not None
        again.client.resume(board.client.session, name=board.id)
        number = again.say(EVENT, b"back")
        await until(lambda: again.acknowledged(number))
        assert front.resumed_as == [(board.id, "state")]
        board.close()
        again.close()


async def test_a_session_is_kept_anew_before_its_reserve_is_used_up(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock, limits=CoapLimits(records_between_dumps=8)) as (gateway, port):
        board = await UdpBoard(port, 1).enter()
        kept = store.kept
        for _ in range(32):
            number = board.say(EVENT)
            await until(lambda: board.acknowledged(number))  # noqa: B023
        assert store.kept - kept == 4
        session = next(iter(gateway.connections))._session
        assert session is not None
        dumped = Session.load(store.sessions[board.id.hex()].dump, Profile(), 0)
        assert 0 <= session.write_sequence - dumped.write_sequence <= 8
        board.close()


async def test_a_record_with_the_name_of_a_board_that_has_identifiers_changes_nothing(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with udp_gateway(front, store, clock) as (_, port):
        board = await UdpBoard(port, 1).enter()
    async with udp_gateway(front, store, clock) as (_, port):
        stranger = UdpBoard(port, 2)
        body = os.urandom(32)
        stranger.raw(b"\xfe\xfe\xfd\x00\x01" + os.urandom(6) + len(body).to_bytes(2, "big") + body + board.id + b"\x0c")
        await until(lambda: board.id in store.finds)
        await quiet()
        assert board.id.hex() in store.sessions
        again = await returned(port, board)
        for each in (board, stranger, again):
            each.close()
