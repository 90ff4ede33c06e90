"""CoAP over UDP under DTLS: sockets, the sessions behind them, and where sessions are kept.

`wire.dtls` knows records and handshakes, `CoapConnection` the conversation, `Resumption` the sessions that are not in
memory, and this the whole. A session goes on over a restart of the server and over a silence of the board: what is kept
of it is written when it is named, when it moves, every so many records, and when the gateway lets go of it. It is
deleted when it is over for good.

Where the board is belongs to that only while it is there. A board that said goodbye, or fell silent, keeps its session
and has no place; so what has a place when a server begins, was there when the one before it stopped or died, and
`wake` may speak first.
"""

from __future__ import annotations

import os
import random as system_random
import socket
import sys
from asyncio import Future, get_running_loop, sleep
from collections.abc import Callable
from functools import partial
from typing import Final

import structlog

from rookery.core.clock import Clock
from rookery.gateways.attempts import OVER, Attempt, Attempts
from rookery.gateways.coap_connection import FLUSH_SECONDS, CoapConnection, CoapShell
from rookery.gateways.coap_contract import CoapProfile, Front, Peer, SessionStore, StoredSession
from rookery.gateways.coap_counters import CoapDrop, CoapEnding
from rookery.gateways.coap_limits import CoapLimits
from rookery.gateways.coap_resumption import Found, Resumption
from rookery.gateways.coap_wake import NOWHERE, WAKE_SECONDS, Wakings
from rookery.gateways.doorstep import Doorstep
from rookery.gateways.mqtt_peer import address_text
from rookery.gateways.sockets import bound_sockets
from rookery.wire.dtls.cookies import Address
from rookery.wire.dtls.endpoint import Ended, ServerEndpoint
from rookery.wire.dtls.errors import HandshakeFailed
from rookery.wire.dtls.keys import Entropy, SigningKey
from rookery.wire.dtls.profile import Limits as DtlsLimits
from rookery.wire.dtls.profile import Profile as DtlsProfile
from rookery.wire.dtls.records import HANDSHAKE, HEADER_SIZE
from rookery.wire.dtls.session import Session

log = structlog.get_logger("rookery.coap")

_CLIENT_HELLO: Final = b"\x01"
_SO_RCVBUFFORCE: Final = 33
"""`asm-generic/socket.h`; Python has no name for it."""
_IDENTIFIERS: Final = 0x10000
_MAPPED: Final = "::ffff:"
"""IPv4 on a socket for both (RFC 4291, 2.5.5.2)."""
_ENDINGS: Final = {
    Ended.GOODBYE: (CoapEnding.LOST, "the board said goodbye"),
    Ended.ALERT: (CoapEnding.LOST, "the board gave the session up"),
    Ended.REPLACED: (CoapEnding.TAKEN_OVER, "taken over by a new session"),
    Ended.UNREACHABLE: (CoapEnding.LOST, "another board has its address"),
    Ended.NAMELESS: (CoapEnding.SLOW, "it did not say who it is in time"),
    Ended.LOCAL: (CoapEnding.RENEWED, "it was asked to begin anew"),
}
_OVER: Final = (Ended.GOODBYE, Ended.ALERT, Ended.LOCAL)
"""Ends after which a kept session must not come back. One that was replaced has been overwritten."""


class UdpConnection(CoapConnection):
    """One DTLS session with its board."""

    __slots__ = ("_door", "_gateway", "_session")

    reliable = False

    def __init__(
        self,
        gateway: CoapUdpGateway,
        session: Session,
        peer: Peer,
        *,
        message_id: int | None = None,
        door: Attempt | None = None,
    ) -> None:
        super().__init__(gateway, peer, message_id=message_id)
        self._gateway = gateway
        self._door = door  # it stands at the door until it is named
        self.attempt = door or OVER
        self._session: Session | None = session
        self.public_key = session.public_key

    @property
    def longest(self) -> int:
        """What fits into a datagram."""
        session = self._session
        return self._gateway.endpoint.limits.datagram - (session.overhead if session is not None else 0)

    def write(self, data: bytes) -> None:
        """For the machine: one message, one record, one datagram."""
        session = self._session
        if session is None:
            return
        gateway = self._gateway
        gateway.counters.messages_out += 1
        gateway.counters.bytes_out += len(data)
        sent = gateway.endpoint.send(session, data)
        if sent and self.named and not session.write_sequence % gateway.limits.records_between_dumps:
            self.keep()

    def keep(self, *, there: bool = True) -> None:
        """Write down how far the session is, and where, if its board is `there`."""
        session = self._session
        if session is None:
            return
        ahead = self.machine.endpoint.next_message_id + self._gateway.limits.message_ids_ahead
        self._gateway.store.keep(
            StoredSession(
                self.name.hex(),
                session.read_id,
                session.dump(),
                ahead % _IDENTIFIERS,
                (self.peer.address, self.peer.port) if there else NOWHERE,
            )
        )

    def moved(self, peer: Peer) -> None:
        """The session is at another address."""
        self.peer = peer
        if self.named:
            self.keep()
        if self._handler is not None:
            self._tell(self._handler.moved, peer)

    def _name(self, device_id: bytes) -> None:
        session = self._session
        if session is None:
            return
        gateway = self._gateway
        gateway.endpoint.name(session, device_id)
        self.name = device_id
        self._step_in()
        gateway.resumption.exists(session)
        self.keep()

    def _step_in(self) -> None:
        if self._door is not None:
            self._gateway.doorstep.go(self._door.address)
            self._door = None

    def continued(self, device_id: bytes) -> None:
        """It was kept under this name."""
        self.name = device_id
        self.known()

    def _leave(self, ending: CoapEnding) -> None:
        gateway, session = self._gateway, self._session
        gateway.connections.discard(self)
        self._step_in()
        if session is None:
            return
        if ending in (CoapEnding.RENEWED, CoapEnding.FAULT):
            gateway.endpoint.close(session)
        elif self.named and ending is not CoapEnding.LOST and ending is not CoapEnding.TAKEN_OVER:
            self.keep(there=ending is CoapEnding.STOPPED)
        gateway.endpoint.forget(session)
        session.who = None
        self._session = None


class _Alarm:
    """The deadline of the DTLS endpoint in the timetable."""

    __slots__ = ("_call", "due")

    def __init__(self, call: Callable[[], None]) -> None:
        self.due = 0
        self._call = call

    def expired(self) -> None:
        """The time has come."""
        self._call()


class CoapUdpGateway(CoapShell):
    """All UDP listeners of a node, and the sink of its DTLS endpoint. Everything happens on one event loop.

    `key` is the server's. `store` keeps sessions; it outlives the gateway, and is flushed after `stop`.
    """

    def __init__(
        self,
        front: Front,
        store: SessionStore,
        key: SigningKey,
        clock: Clock,
        *,
        profile: CoapProfile | None = None,
        limits: CoapLimits | None = None,
        dtls_profile: DtlsProfile | None = None,
        dtls_limits: DtlsLimits | None = None,
        entropy: Entropy | None = None,
        random: Callable[[], float] | None = None,
        attempts: Attempts | None = None,
    ) -> None:
        super().__init__(
            front,
            clock,
            profile or CoapProfile(),
            limits or CoapLimits(),
            random or system_random.SystemRandom().random,
            attempts,
        )
        self.store = store
        self.endpoint = ServerEndpoint(
            self, key, entropy or Entropy(os.urandom), profile=dtls_profile, limits=dtls_limits or DtlsLimits()
        )
        self.resumption = Resumption(
            front,
            store,
            self.endpoint.profile,
            self.limits,
            self.counters,
            self.now,
            deliver=self._deliver,
            overtaken=self._overtaken,
        )
        self.wakings = Wakings(
            self.endpoint, store, self.limits, self.timetable, self.profile.transmission, self.now, self.random
        )
        self.connections: set[UdpConnection] = set()
        # All together are the endpoint's to limit: it knows who gives way.
        most = self.endpoint.limits
        self.doorstep = Doorstep(self.counters, most.sessions + 1, max(most.handshakes // 2, 1))
        self._handshakes: dict[Address, Attempt] = {}
        self._failed: Address | None = None
        self._current = b""
        self._sockets: list[socket.socket] = []
        self._port = 0
        self._alarm = _Alarm(self._on_deadline)

    # Listening

    async def listen(self, host: str, port: int) -> int:
        """Listen on every address of `host`; returns the port, which port 0 leaves to the system.

        Raises:
            OSError: the address is taken or is not ours.
        """
        loop = get_running_loop()
        sockets, port = await bound_sockets(host, port, socket.SOCK_DGRAM)
        for sock in sockets:
            self._widen(sock)
            index = len(self._sockets)
            self._sockets.append(sock)
            loop.add_reader(sock.fileno(), self._readable, sock, index)
        log.info("coap.listening", host=host, port=port, transport="udp")
        self._port = port
        return port

    def _widen(self, sock: socket.socket) -> None:
        """A receive buffer beyond what the system allows everybody, where we may."""
        size = self.limits.receive_buffer
        if sys.platform == "linux":
            try:
                sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
            except OSError:
                pass  # only for the mighty
            else:
                return
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)
        except OSError:
            pass  # some systems refuse what is above their limit, and keep what there was

    async def stop(self) -> None:
        """Stop listening, let what is on its way be stored and acknowledged, or boards would send it again, and keep
        all sessions: boards do not notice, and go on with the next server."""
        loop = get_running_loop()
        for sock in self._sockets:
            loop.remove_reader(sock.fileno())
        self.wakings.stop()
        await self.resumption.stop()
        end = loop.time() + self.limits.stopping_seconds
        while any(each.open_requests for each in self.connections) and loop.time() < end:  # noqa: ASYNC110
            await sleep(FLUSH_SECONDS)
        for connection in list(self.connections):
            connection.end(CoapEnding.STOPPED, "the server stops")
        self.timetable.stop()
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()

    async def wake(self, device_id: bytes, *, seconds: float = WAKE_SECONDS, lose: bool = False) -> Future[bool]:
        """Ask a board that has not spoken since the server began whether it is there: boards on cellular links say
        nothing for 23 minutes. The future says whether it has a session here, now or before, and is shared: shield it.

        A board that does not answer within `seconds` is let go in silence and keeps its session; with `lose` nobody
        asks it again until it has spoken.

        Raises:
            Exception: what the store and the front raise.
        """
        if self.endpoint.find(device_id) is None and not self.wakings.stopped:
            found = await self.resumption.of(device_id)
            if found is not None and self.endpoint.find(device_id) is None and not self.wakings.stopped:
                self.resumption.taken(found.session)
                self.endpoint.adopt(found.session, self._address(found.address))
                return self.wakings.begin(found, seconds, lose=lose)
        going_on = self.wakings.of(device_id)
        if going_on is not None:
            return going_on
        answer: Future[bool] = get_running_loop().create_future()
        answer.set_result(self.endpoint.find(device_id) is not None)
        return answer

    def _address(self, kept: tuple[str, int]) -> Address | None:
        """Where a board was, as the sockets of now have it."""
        host, port = kept
        for index, sock in enumerate(self._sockets):
            if sock.family == socket.AF_INET and host and ":" not in host:
                return (host, port, index)
            if sock.family == socket.AF_INET6 and ":" in host:
                return (host, port, 0, 0, index)
            if sock.family == socket.AF_INET6 and host and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
                return (_MAPPED + host, port, 0, 0, index)
        return None

    # Datagrams

    def _readable(self, sock: socket.socket, index: int) -> None:
        now = self.now()
        size = self.limits.datagram_bytes
        left = self.limits.batch
        while left > 0:
            try:
                data, address = sock.recvfrom(size)
            except (BlockingIOError, InterruptedError):
                break
            except OSError:
                left -= 1  # what became of an earlier datagram of ours; some systems say it here
                continue
            left -= self._take((*address, index), data, now)
        self._plan()

    def _take(self, address: Address, data: bytes, now: float) -> int:
        """One datagram; returns what it counts."""
        if len(data) < HEADER_SIZE:
            self.counters.dropped[CoapDrop.SHORT] += 1
            return 1
        handshake = data[0] == HANDSHAKE and not data[3] and not data[4]
        self._current = data
        try:
            if handshake and data[HEADER_SIZE : HEADER_SIZE + 1] == _CLIENT_HELLO:
                self._hello(address, data, now)
            else:
                self.endpoint.datagram(address, data, now)
        except Exception:
            log.exception("coap.fault", transport="udp", peer=address[0])
        self._current = b""
        return self.limits.handshake_weight if handshake else 1

    def _hello(self, address: Address, data: bytes, now: float) -> None:
        """A hello may begin a handshake. The endpoint does not say so, but it counts."""
        endpoint = self.endpoint
        if not endpoint.handshakes and self._handshakes:
            for attempt in self._handshakes.values():  # ended without a word
                attempt.fail("the handshake was not finished")
                self.doorstep.go(attempt.address)
            self._handshakes.clear()
        known = address in self._handshakes
        text = address_text(address)
        if not known and self.doorstep.crowded(text):
            self.counters.dropped[CoapDrop.CROWDED] += 1
            return
        begun = endpoint.counters.handshakes
        self._failed = None
        endpoint.datagram(address, data, now)
        if not known and endpoint.counters.handshakes > begun and self._failed != address:
            self._handshakes[address] = self.attempts.begin("coap-udp", text, self._port)
            self.doorstep.come(text)

    def _deliver(self, address: Address, data: bytes) -> None:
        """A datagram whose session was found."""
        self._take(address, data, self.now())
        self._plan()

    def _plan(self) -> None:
        deadline = self.endpoint.deadline
        if deadline is not None:
            self.timetable.wake(self._alarm, deadline)

    def _on_deadline(self) -> None:
        try:
            self.endpoint.timeout(self.now())
        except Exception:
            log.exception("coap.fault", transport="udp")
        self._plan()

    def _left(self, address: Address, reason: str) -> None:
        attempt = self._handshakes.pop(address, None)
        if attempt is None:
            self.attempts.begin("coap-udp", address_text(address), self._port).fail(reason)
            return
        attempt.fail(reason)
        self.doorstep.go(attempt.address)

    def _overtaken(self, name: bytes) -> bool:
        session = self.endpoint.find(name)
        if session is None:
            return False
        if isinstance(session.who, UdpConnection):
            session.who.keep()
        return True

    # wire.dtls.endpoint.Sink

    def write(self, address: Address, datagram: bytes) -> None:
        """For the endpoint."""
        try:
            self._sockets[address[-1]].sendto(datagram, address[:-1])
        except (OSError, IndexError):
            self.counters.dropped[CoapDrop.UNSENT] += 1

    def authenticate(self, public_key: bytes) -> object | None:
        """For the endpoint."""
        return self.front.knows(public_key)

    def opened(self, session: Session) -> None:
        """For the endpoint: a board without a name."""
        address = session.address or ()
        self.counters.accepted += 1
        door = self._handshakes.pop(address, None)
        if door is not None:
            door.secure()
        connection = UdpConnection(self, session, _peer(address), door=door)
        session.who = connection
        self.connections.add(connection)
        connection.begin(lambda: self.front.arrived(connection))

    def message(self, session: Session, data: bytes) -> None:
        """For the endpoint."""
        who = session.who
        if isinstance(who, Found):
            who = self._resume(session, who)
        if isinstance(who, UdpConnection):
            who.heard(data)

    def moved(self, session: Session, before: Address | None) -> None:
        """For the endpoint."""
        who = session.who
        if isinstance(who, UdpConnection):
            self.counters.moved += 1
            who.moved(_peer(session.address or ()))
        elif isinstance(who, Found):
            self._resume(session, who)

    def _resume(self, session: Session, found: Found) -> UdpConnection:
        self.resumption.taken(session)
        self.counters.resumed += 1
        connection = UdpConnection(self, session, _peer(session.address or ()), message_id=found.next_message_id)
        session.who = connection
        self.connections.add(connection)
        connection.continued(session.name)
        if found.address != connection.peer[1:]:
            connection.keep()
        if connection.begin(partial(self.front.resumed, connection, session.name, found.state)):
            log.info("coap.resumed", **connection.described())
        self.wakings.end(session, there=not connection.ended)
        return connection

    def closed(self, session: Session, reason: Ended) -> None:
        """For the endpoint."""
        if session.name and reason in _OVER:
            self.store.forget(session.name.hex(), session.read_id)
        if isinstance(session.who, UdpConnection):
            session.who.end(*_ENDINGS[reason])
        elif isinstance(session.who, Found):
            self.resumption.taken(session)
            self.wakings.end(session, there=reason is Ended.REPLACED)

    def failed(self, address: Address, error: HandshakeFailed) -> None:
        """For the endpoint."""
        self._failed = address
        self._left(address, error.reason)
        self.counters.failed += 1
        fields = {"transport": "udp", "peer": address[0], "reason": error.reason}
        self.strangers.info(log, "coap.handshake_failed", **fields)

    def unknown(self, address: Address, connection_id: bytes, name: bytes) -> Session | None:
        """For the endpoint."""
        found = self.resumption.find(connection_id, name, address, self._current)
        return found.session if found is not None else None


def _peer(address: Address) -> Peer:
    if not address:
        return Peer("udp", "", 0)
    return Peer("udp", address[0].removeprefix(_MAPPED), address[1])
