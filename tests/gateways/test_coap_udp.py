"""The UDP gateway on real loopback sockets: handshakes, conversations, ends, and what strangers send."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import pytest

from rookery.clock import SystemClock
from rookery.gateways.coap_contract import CoapProfile, Gone, Peer
from rookery.gateways.coap_counters import CoapDrop, CoapEnding
from rookery.wire.coap import encode
from rookery.wire.coap.errors import LocalError
from rookery.wire.coap.exchange import Failure
from rookery.wire.coap.message import ACKNOWLEDGEMENT, CONFIRMABLE, NON_CONFIRMABLE, Code
from rookery.wire.coap.parameters import Limits, Transmission
from rookery.wire.dtls.client import Phase
from rookery.wire.dtls.cookies import Address, CookieJar
from rookery.wire.dtls.messages import HelloHead
from rookery.wire.dtls.profile import Limits as DtlsLimits
from tests.fakes import ManualClock
from tests.gateways.coap_world import (
    EVENT,
    HELLO,
    URI_PATH,
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

VARIABLE = ((URI_PATH, b"v"),)


@pytest.fixture
def front() -> Recording:
    front = Recording()
    for number in range(1, 6):
        front.keys[device_id(number)] = board_key(number).public
    return front


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


class Home:
    """One gateway with boards, which it closes at the end."""

    def __init__(self, front: Recording, store: MemoryStore, clock: Any, **arguments: Any) -> None:
        self._context = udp_gateway(front, store, clock, **arguments)
        self.boards: list[UdpBoard] = []

    async def __aenter__(self) -> Home:
        self.gateway, self.port = await self._context.__aenter__()
        self.counters = self.gateway.counters
        return self

    async def __aexit__(self, *exception: Any) -> None:
        for board in self.boards:
            board.close()
        await self._context.__aexit__(*exception)

    def board(self, number: int = 1, **arguments: Any) -> UdpBoard:
        board = UdpBoard(self.port, number, **arguments)
        self.boards.append(board)
        return board


async def test_a_board_arrives_says_who_it_is_and_is_acknowledged(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        number = board.say(EVENT, b"warm")
        await until(lambda: board.acknowledged(number))
        handler = front.handlers[0]
        connection = handler.connection
        assert [m.payload for m in handler.requests] == [board.id, b"warm"]
        assert connection.name == board.id
        assert connection.public_key == board.key.public
        assert connection.peer == Peer("udp", "127.0.0.1", board.sock.getsockname()[1])
        assert not connection.reliable
        assert connection.unsent == 0
        counters = home.counters
        assert (counters.open, counters.named, counters.handshaking, counters.accepted) == (1, 1, 0, 1)
        assert (counters.messages_in, counters.messages_out) == (2, 2)


async def test_acknowledgements_wait_for_the_commit_and_a_repetition_is_not_acted_on_twice(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    front.acknowledge = False
    async with Home(front, store, clock, profile=CoapProfile()) as home:
        board = await home.board().enter()
        handler = front.handlers[0]
        message = encode.parts(CONFIRMABLE, Code.POST, 7, b"", EVENT, b"1")
        board.send(message)
        board.send(message)
        second = board.say(EVENT, b"2")
        await until(lambda: len(handler.tickets) == 2)
        await quiet()
        assert [m.payload for m in handler.requests] == [board.id, b"1", b"2"]
        assert not board.acknowledged(7)
        handler.connection.committed(handler.tickets)
        await until(lambda: board.acknowledged(second) and board.acknowledged(7))


async def test_refused_requests_are_told_so_and_unconfirmed_ones_hear_nothing(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    front.acknowledge = False
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        handler = front.handlers[0]
        board.say(EVENT, b"unconfirmed", kind=NON_CONFIRMABLE)
        board.say(EVENT, b"confirmed")
        await until(lambda: len(handler.tickets) == 2)
        before = len(board.heard)
        handler.connection.refused(handler.tickets, "the disk is full")
        await until(lambda: len(board.heard) > before)
        await quiet()
        assert [(m.kind, m.code) for m in board.heard[before:]] == [(ACKNOWLEDGEMENT, Code.SERVICE_UNAVAILABLE)]


async def test_a_handler_that_fails_forgets_the_request_and_keeps_the_session(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        number = board.say(((URI_PATH, b"fault"),))
        await until(lambda: home.counters.faults == 1)
        board.send(encode.parts(CONFIRMABLE, Code.POST, number, b"", ((URI_PATH, b"fault"),), b""))
        await until(lambda: home.counters.faults == 2)
        assert not board.acknowledged(number)
        after = board.say(EVENT)
        await until(lambda: board.acknowledged(after))


async def test_requests_of_ours_are_repeated_answered_and_given_up(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    profile = CoapProfile(transmission=Transmission(ack_timeout=4, ack_random_factor=1, max_retransmit=3, nstart=8))
    async with Home(front, store, clock, profile=profile, random=lambda: 0.0) as home:
        board = await home.board().enter()
        handler = front.handlers[0]
        connection = handler.connection
        connection.send(Code.GET, VARIABLE, context="read", timeout=20)
        await until(lambda: [m for m in board.heard if m.code == Code.GET])
        for seconds, copies in ((3.9, 1), (0.2, 2), (7.8, 2), (0.3, 3)):
            clock.turn(seconds)
            await until(lambda: len([m for m in board.heard if m.code == Code.GET]) >= copies)  # noqa: B023
            await quiet()
            assert len([m for m in board.heard if m.code == Code.GET]) == copies
        request = next(m for m in board.heard if m.code == Code.GET)
        board.send(encode.parts(ACKNOWLEDGEMENT, Code.CONTENT, request.message_id, request.token, (), b"21.5"))
        await until(lambda: handler.responses)
        assert [(context, m.payload) for context, m in handler.responses] == [("read", b"21.5")]

        connection.send(Code.GET, VARIABLE, context="late", timeout=5)
        cancelled = connection.send(Code.GET, VARIABLE, context="never mind", timeout=5)
        connection.cancel(cancelled)
        connection.ping(5, "ping")
        clock.turn(4)
        await quiet()
        assert handler.failures == []
        clock.turn(1.1)
        assert handler.failures == [("late", Failure.TIMEOUT), ("ping", Failure.TIMEOUT)]


async def test_what_does_not_fit_into_a_datagram_is_said_before_anything_is_sent(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock, profile=CoapProfile(block_bytes=None)) as home:
        await home.board().enter()
        connection = front.handlers[0].connection
        with pytest.raises(LocalError, match="too long"):
            connection.send(Code.POST, EVENT, bytes(1_200), response=False)
        connection.send(Code.POST, EVENT, bytes(1_024), response=False)


async def test_a_board_that_asks_for_an_answer_gets_it_in_the_acknowledgement(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    front.acknowledge = False
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        handler = front.handlers[0]
        board.say(((URI_PATH, b"t"),), token=b"x")
        await until(lambda: handler.tickets)
        assert handler.connection.respond(handler.tickets[0], Code.CONTENT, (), b"now")
        assert not handler.connection.respond(handler.tickets[0], Code.CONTENT)
        await until(lambda: [m for m in board.heard if m.payload == b"now" and m.token == b"x"])


async def test_silence_ends_a_session_which_comes_back_when_the_board_speaks(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        handler = front.handlers[0]
        handler.connection.keep_alive(25)
        clock.turn(37)
        number = board.say(EVENT)
        await until(lambda: board.acknowledged(number))
        clock.turn(37.4)
        assert not handler.ended
        handler.connection.send(Code.GET, VARIABLE, context="read", timeout=60)
        clock.turn(0.2)
        assert handler.ended == ["silent for 38 s"]
        assert handler.failures == [("read", Failure.CLOSED)]
        assert (home.counters.open, home.counters.named) == (0, 0)
        assert home.counters.closed == {CoapEnding.SILENT: 1}

        number = board.say(EVENT, b"again")
        await until(lambda: board.acknowledged(number))
        assert front.resumed_as == [(board.id, "state")]
        assert front.handlers[1].connection.name == board.id
        assert (home.counters.resumed, home.counters.named, home.counters.accepted) == (1, 1, 1)
        assert store.secured == 1


async def test_a_probe_asks_before_a_silent_session_ends(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        handler = front.handlers[0]
        handler.connection.keep_alive(20, probe=True)
        clock.turn(20.1)
        await until(lambda: [m for m in board.heard if m.kind == CONFIRMABLE and not m.code])
        ping = next(m for m in board.heard if m.kind == CONFIRMABLE)
        board.send(encode.empty_ack(ping.message_id))
        await until(lambda: home.counters.messages_in == 2)
        clock.turn(19)
        assert not handler.ended
        clock.turn(12)
        assert handler.ended
        assert handler.arrived == []
        assert handler.failures == []


async def test_a_board_that_moves_is_answered_where_it_is(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        handler = front.handlers[0]
        board.move()
        number = board.say(EVENT)
        await until(lambda: board.acknowledged(number))
        port = board.sock.getsockname()[1]
        assert handler.moves == [Peer("udp", "127.0.0.1", port)]
        assert handler.connection.peer.port == port
        assert store.sessions[board.id.hex()].address == ("127.0.0.1", port)
        assert home.counters.moved == 1


async def test_a_replayed_datagram_changes_nothing(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        number = board.say(EVENT, b"once")
        await until(lambda: board.acknowledged(number))
        stranger = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with stranger:
            for datagram in board.sent:
                stranger.sendto(datagram, ("127.0.0.1", home.port))
            await until(lambda: home.gateway.endpoint.counters.replayed >= 2)
        assert [m.payload for m in front.handlers[0].requests] == [board.id, b"once"]
        assert front.handlers[0].moves == []


async def test_the_newest_session_of_a_board_wins(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    async with Home(front, store, clock) as home:
        old = await home.board().enter()
        await home.board().connect()
        await quiet()
        assert not front.handlers[0].ended, "before it says who it is a newcomer changes nothing"
        new = await home.board().enter()
        assert front.handlers[0].ended == ["taken over by a new session"]
        session = new.client.session
        assert session is not None
        assert store.sessions[old.id.hex()].connection_id == session.write_id
        assert home.counters.named == 1


@pytest.mark.parametrize("knows", [False, True])
async def test_a_key_that_is_not_the_boards(
    front: Recording, store: MemoryStore, clock: ManualClock, knows: bool
) -> None:
    """A key of nobody ends in an alert; a key of somebody else does not get the name."""
    async with Home(front, store, clock) as home:
        board = home.board(1, key=board_key(2 if knows else 99))
        await board.connect()
        if knows:
            board.say(HELLO, board.id)
            await until(lambda: front.handlers and front.handlers[0].ended)
            assert front.handlers[0].ended == ["another key"]
        else:
            assert board.failure is not None
            assert home.counters.failed == 1
            assert home.counters.handshaking == 0
        assert store.sessions == {}
        assert home.counters.named == 0


async def test_a_session_that_never_says_who_it_is_ends(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        await home.board().connect()
        await until(lambda: front.handlers)
        clock.turn(59)
        assert not front.handlers[0].ended
        clock.turn(2)
        assert front.handlers[0].ended == ["it did not say who it is in time"]
        assert store.sessions == {}


async def test_closing_with_renewal_makes_the_board_begin_anew(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        connection = front.handlers[0].connection
        connection.close("new keys", renew=True)
        await until(lambda: board.client.phase is Phase.CLOSED)
        assert store.sessions == {}
        assert front.handlers[0].ended == ["new keys"]
        with pytest.raises(Gone):
            connection.send(Code.GET, VARIABLE)
        with pytest.raises(Gone):
            connection.ping(1)
        connection.close("twice")
        connection.committed([1])
        connection.refused([1], "gone")
        connection.forget(1)
        connection.reset()
        connection.keep_alive(1)
        connection.name_session(board.id)
        assert not connection.respond(1, Code.CONTENT)
        assert front.handlers[0].ended == ["new keys"]


async def test_a_board_that_says_goodbye_is_forgotten(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        board.client.close()
        board.flush()
        await until(lambda: front.handlers[0].ended)
        assert store.sessions == {}
        assert home.counters.closed == {CoapEnding.LOST: 1}


async def test_garbage_is_counted_and_harms_nobody(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        noise = [b"", b"\0", b"\x16\xfe\xfd", os.urandom(12), os.urandom(200), b"\x16" * 60, b"\x17" * 60]
        noise.append(bytes.fromhex("16fefd0000000000000000000c01000000000000000000000c"))
        noise += [os.urandom(1 + number * 7) for number in range(30)]
        for datagram in noise:
            board.raw(datagram)
        number = board.say(EVENT)
        await until(lambda: board.acknowledged(number))
        assert home.counters.dropped[CoapDrop.SHORT] >= 4
        assert not front.handlers[0].ended


async def test_half_a_handshake_is_given_up_and_its_place_is_free_again(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        board = home.board()
        board.client.start(0.0)
        board.flush()
        sock = board.sock
        await until(lambda: len(board.sent) >= 2)  # the hello with its cookie; what comes back is never answered
        await until(lambda: home.counters.handshaking == 1 or home.counters.accepted)
        board.move()
        sock.close()
        await quiet()
        clock.turn(100)
        await until(lambda: home.counters.handshaking == 0)
        assert home.gateway.endpoint.handshakes == 0


async def test_a_flood_of_hellos_begins_no_more_handshakes_than_allowed(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    """Hellos with a cookie, from hosts that never go on: who has waited for three seconds gives way."""
    async with Home(front, store, clock, dtls_limits=DtlsLimits(handshakes=4)) as home:
        for number in range(10):
            board = home.board(number)
            board.client.start(0.0)
            board.most = 2  # the client answers the cookie by itself, and then falls silent
            board.flush()
        await until(lambda: home.gateway.endpoint.counters.overload == 6)
        assert home.gateway.endpoint.handshakes == home.counters.handshaking == 4
        clock.turn(3.5)
        await home.board().enter()
        clock.turn(100)
        assert home.counters.handshaking == 0


class Trusting(CookieJar):
    """Takes any cookie: hosts that are not this machine cannot answer here."""

    def accepts(self, address: Address, hello: HelloHead, now: float) -> bool:
        return True


async def test_one_host_gets_half_of_the_handshakes(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    async with Home(front, store, clock, dtls_limits=DtlsLimits(handshakes=4)) as home:
        home.gateway.endpoint._cookies = Trusting(bytes(32), 60)
        board = home.board()
        board.client.start(0.0)
        hello = board.client.output[0]
        for host, port in (("192.0.2.1", 1), ("192.0.2.1", 2), ("192.0.2.1", 3), ("192.0.2.1", 2), ("192.0.2.2", 1)):
            home.gateway._take((host, port, 0), hello, 0.0)
        assert home.counters.dropped[CoapDrop.CROWDED] == 1
        assert home.counters.handshaking == home.gateway.endpoint.handshakes == 3
        assert home.counters.dropped[CoapDrop.UNSENT] >= 3, "there is no way there from the loopback"
        home.gateway._on_deadline()
        clock.turn(100)
        assert home.counters.handshaking == 0


async def test_a_session_without_a_name_still_stands_at_the_door(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        board = await home.board().connect()
        await until(lambda: home.counters.accepted == 1)
        assert home.counters.handshaking == 1
        board.say(HELLO, board.id)
        await until(lambda: home.counters.named == 1)
        assert home.counters.handshaking == 0
        await home.board(2).connect()
        await until(lambda: home.counters.accepted == 2)
        front.handlers[1].connection.close("nobody")
        assert home.counters.handshaking == 0


async def test_stopping_lets_what_is_on_its_way_be_acknowledged(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    front.acknowledge = False
    async with Home(front, store, clock) as home:
        board = await home.board().enter()
        handler = front.handlers[0]
        number = board.say(EVENT)
        await until(lambda: handler.tickets)
        stopping = asyncio.create_task(home.gateway.stop())
        await quiet()
        assert not handler.ended
        handler.connection.committed(handler.tickets)
        await stopping
        assert handler.ended == ["the server stops"]
        await until(lambda: board.acknowledged(number))


async def test_two_gateways_cannot_have_one_port(front: Recording, store: MemoryStore, clock: ManualClock) -> None:
    async with Home(front, store, clock) as home:
        with pytest.raises(OSError, match="in use"):
            async with udp_gateway(front, store, clock, port=home.port):
                pass


async def test_a_front_that_fails_ends_only_that_session(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    async with Home(front, store, clock) as home:
        first = await home.board(1).enter()
        front.failing = True
        second = await home.board(2).connect()
        await until(lambda: second.client.phase is Phase.CLOSED)
        assert home.counters.closed == {CoapEnding.FAULT: 1}
        number = first.say(EVENT)
        await until(lambda: first.acknowledged(number))


async def test_more_requests_than_allowed_are_dropped_and_find_room_later(
    front: Recording, store: MemoryStore, clock: ManualClock
) -> None:
    front.acknowledge = False
    async with Home(front, store, clock, profile=CoapProfile(limits=Limits(open_requests=2))) as home:
        board = await home.board().enter()
        handler: Recorder = front.handlers[0]
        numbers = [board.say(EVENT) for _ in range(3)]
        await until(lambda: home.counters.messages_in == 4)
        assert len(handler.tickets) == 2
        handler.connection.committed(handler.tickets[:1])
        board.send(encode.parts(CONFIRMABLE, Code.POST, numbers[2], b"", EVENT, b""))
        await until(lambda: len(handler.tickets) == 3)


async def test_the_machines_own_clock_will_do(front: Recording, store: MemoryStore) -> None:
    async with Home(front, store, SystemClock()) as home:
        board = await home.board().enter()
        front.handlers[0].connection.keep_alive(0.01)
        await until(lambda: front.handlers[0].ended)
        assert board.acknowledged(101)
