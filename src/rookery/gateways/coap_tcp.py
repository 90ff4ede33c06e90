"""CoAP over TCP under `wire.lightssl`: listeners, handshakes, and the streams behind them.

A `TcpStream` is what the transport knows: it counts as somebody at the door until its board has been named. A
`TcpConnection` is what the handler knows; it comes into being with the first message that was decrypted.

Boards let Nagle's algorithm hold back the answer to a call until the acknowledgement that they sent just before it has
been acknowledged by TCP, and a system that has nothing to send puts that off by 40 ms. So the system is asked not to,
each time something has come: a variable of Device OS 6.2.0 was read in 48 ms before, and in 2 since.

A claim costs 0.7 ms of RSA, an answer as much. They are computed one a turn of the loop, so that a crowd that comes
back at once, or a flood of claims, delays the others by one of them and not by all.
"""

from __future__ import annotations

import asyncio
import os
import random as system_random
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, cast

import structlog

from rookery.core.clock import Clock
from rookery.gateways.attempts import OVER, Attempts
from rookery.gateways.coap_connection import FLUSH_SECONDS, CoapConnection, CoapShell
from rookery.gateways.coap_contract import CoapProfile, Front, Peer
from rookery.gateways.coap_counters import CoapEnding
from rookery.gateways.coap_limits import CoapLimits
from rookery.gateways.doorstep import Doorstep
from rookery.gateways.mqtt_peer import address_text, local_port
from rookery.gateways.sockets import bound_sockets
from rookery.wire.coap.errors import LocalError
from rookery.wire.lightssl.connection import Phase
from rookery.wire.lightssl.errors import PeerError
from rookery.wire.lightssl.limits import Limits as ChannelLimits
from rookery.wire.lightssl.server import ServerConnection

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

log = structlog.get_logger("rookery.coap")

_QUICK_ACKNOWLEDGEMENT: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
"""Linux has it. It holds for what has come, and must be said again for what comes next."""
READ_BUFFER_BYTES = 16 * 1024
"""One for all streams: what a single read takes at most. Boards send some 100 bytes at a time, 1,200 at most."""


class TcpConnection(CoapConnection):
    """One stream with its board, once it talks."""

    __slots__ = ("_stream",)

    reliable = True

    def __init__(self, stream: TcpStream, peer: Peer, name: bytes, public_key: bytes) -> None:
        super().__init__(stream.gateway, peer)
        self._stream = stream
        self.name = name
        self.public_key = public_key

    @property
    def longest(self) -> int:
        """What fits into a frame with a byte of padding."""
        return self._stream.gateway.channel_limits.frame - 1

    @property
    def unsent(self) -> int:
        """See `Connection`."""
        return self._stream.unsent()

    def write(self, data: bytes) -> None:
        """For the machine: one message, one frame, one write."""
        if not self.ended:
            self._shell.counters.messages_out += 1
            self._shell.counters.bytes_out += len(data)
            self._stream.secure.send(data)

    def full(self) -> bool:
        """Whether the handler has as many requests as it may have."""
        return self.open_requests >= self._shell.profile.limits.open_requests

    def _name(self, device_id: bytes) -> None:
        if device_id != self.name:
            raise LocalError("another name than the handshake has shown")
        self._stream.settle(device_id, self)

    def _settled(self) -> None:
        self._stream.catch_up()

    def _listens(self) -> bool:
        return not self._stream.waits

    def _leave(self, ending: CoapEnding) -> None:
        self._stream.end(ending, "")


class TcpStream(asyncio.BufferedProtocol):
    """One TCP connection. The sink of its `ServerConnection`, and `Timed` for the steps of the handshake."""

    __slots__ = (
        "_catching_up",
        "_connection",
        "_ended",
        "_key",
        "_name",
        "_queued",
        "_socket",
        "_task",
        "_transport",
        "_waiting",
        "address",
        "attempt",
        "due",
        "gateway",
        "peer",
        "secure",
    )

    def __init__(self, gateway: CoapTcpGateway) -> None:
        self.gateway = gateway
        self.due = 0
        self.address = ""
        self.peer = Peer("tcp", "", 0)
        self.attempt = OVER
        self.secure = ServerConnection(self, gateway.key, gateway.entropy, limits=gateway.channel_limits)
        self._transport: asyncio.Transport | None = None
        self._socket: socket.socket | None = None
        self._connection: TcpConnection | None = None
        self._task: asyncio.Task[None] | None = None
        self._queued: deque[bytes] | None = None
        self._catching_up = False
        self._waiting = False
        self._ended = False
        self._name = b""
        self._key = b""

    # asyncio.BufferedProtocol

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the transport may write what it reads."""
        return self.gateway.read_buffer

    def buffer_updated(self, nbytes: int) -> None:
        """It has."""
        if self._ended or self._transport is None:
            return
        data = bytes(self.gateway.read_buffer[:nbytes])
        if self.secure.phase is Phase.OPEN:
            self._feed(data)
            self._acknowledge()
            return
        self._transport.pause_reading()  # one piece at a time, however long the turn takes
        self.gateway.take_turn(lambda: self._feed_handshake(data))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        gateway = self.gateway
        self._transport = transport = cast(asyncio.Transport, transport)
        name = transport.get_extra_info("peername") or ("", 0)
        self.address = address_text(name)
        self.peer = Peer("tcp", name[0].removeprefix("::ffff:"), name[1])
        self.attempt = gateway.attempts.begin("coap-tcp", self.address, local_port(transport))
        gateway.streams.add(self)
        if gateway.full(self.address):
            self.end(CoapEnding.FULL, "too many connections")
            return
        self._waiting = True
        gateway.doorstep.come(self.address)
        sock = self._socket = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=gateway.limits.outbound_high)
        self._step()
        self.secure.start()

    def eof_received(self) -> bool:
        """The board will say no more: nor do we."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport has ended."""
        self.end(CoapEnding.LOST, str(exc) if exc else "the stream ended")
        self.gateway.timetable.cancel(self)
        self.gateway.streams.discard(self)
        self._transport = self._socket = None

    # wire.lightssl.server.ServerSink

    def write(self, data: bytes) -> None:
        """For the channel: in one piece."""
        transport = self._transport
        if transport is None or self._ended:
            return
        transport.write(data)
        if transport.get_write_buffer_size() > self.gateway.limits.outbound_hard:
            self.end(CoapEnding.SLOW_READER, "it does not read what it asks for")

    def identify(self, device_id: bytes, offered_key: bytes | None) -> None:
        """For the channel: a claim."""
        self._name = device_id
        self.attempt.claim(device_id.hex())
        self._step()
        self._task = asyncio.get_running_loop().create_task(self._look_up(device_id, offered_key))

    def message(self, data: bytes) -> None:
        """For the channel: a message was decrypted."""
        if self._ended:
            return
        connection = self._connection
        if connection is None:
            # Nothing shows yet that it is the board: `name_session` comes when the handler has understood it.
            gateway = self.gateway
            connection = made = self._connection = TcpConnection(self, self.peer, self._name, self._key)
            made.attempt, self.attempt = self.attempt, OVER
            made.attempt.secure()
            gateway.counters.accepted += 1
            if not made.begin(lambda: gateway.front.arrived(made)):
                return
        if self._queued or connection.full():
            # At most what one read has brought: there is none while something is queued.
            if self._queued is None:
                self._queued = deque()
            self._queued.append(data)
        else:
            connection.heard(data)

    def failed(self, error: PeerError) -> None:
        """For the channel: it has ended."""
        if self._connection is not None:
            self.end(CoapEnding.PROTOCOL, error.reason)
        else:
            self.end(CoapEnding.HANDSHAKE, error.reason)

    # The handshake

    def _step(self) -> None:
        """Another step has so much time."""
        timetable = self.gateway.timetable
        timetable.cancel(self)
        timetable.wake(self, self.gateway.now() + self.gateway.limits.step_seconds)

    def expired(self) -> None:
        """The time for something has come."""
        if self._ended:
            self.abort()
        elif self._waiting:
            self.end(CoapEnding.SLOW, "a step of the handshake took too long")

    def _feed_handshake(self, data: bytes) -> None:
        if self._ended or self._transport is None:
            return
        self._feed(data)
        self._read_on()

    def _read_on(self) -> None:
        if not self._ended and self._transport is not None and not self.gateway.stopping:
            self._transport.resume_reading()

    async def _look_up(self, device_id: bytes, offered: bytes | None) -> None:
        try:
            key = await self.gateway.front.key_of(device_id, offered)
        except Exception:
            log.exception("coap.front_failed", device=device_id.hex(), transport="tcp", peer=self.address)
            self._task = None
            self.end(CoapEnding.FAULT, "an error of ours")
            return
        self._task = None
        self.gateway.take_turn(lambda: self._decide(key))

    def _decide(self, key: bytes | None) -> None:
        if self._ended:
            return
        if key is None:
            self.end(CoapEnding.REFUSED, "no key for this device")
            return
        self._key = key
        self._step()
        self.secure.accept(key)

    def settle(self, device_id: bytes, connection: TcpConnection) -> None:
        """The handler knows the board: it is no longer at the door, and the only one of its name."""
        gateway = self.gateway
        self._step_in()
        gateway.timetable.cancel(self)
        former = gateway.by_name.get(device_id)
        gateway.by_name[device_id] = connection
        if former is not None and former is not connection:
            former.end(CoapEnding.TAKEN_OVER, "taken over by a new connection")

    def _step_in(self) -> None:
        if self._waiting:
            self._waiting = False
            self.gateway.doorstep.go(self.address)

    # Talking

    def _feed(self, data: bytes) -> None:
        try:
            self.secure.feed(data)
        except PeerError:
            pass  # `failed` has ended it
        except Exception:
            log.exception("coap.fault", transport="tcp", peer=self.address)
            self.end(CoapEnding.FAULT, "an error of ours")
        if self._queued and self._transport is not None and not self._ended:
            self._transport.pause_reading()

    def _acknowledge(self) -> None:
        """Let the system acknowledge at once what has come."""
        if self._socket is None or _QUICK_ACKNOWLEDGEMENT is None or self._ended:
            return
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACKNOWLEDGEMENT, 1)
        except OSError:
            pass  # the stream is broken: the transport is about to say so

    @property
    def waits(self) -> bool:
        """Whether the board is not read, because its handler has too many requests."""
        return bool(self._queued)

    def unsent(self) -> int:
        """Bytes that the transport has not got rid of."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def catch_up(self) -> None:
        """Tickets have come back: what was queued may go on, when whoever gave them back is through."""
        if self._queued and not self._catching_up:
            self._catching_up = True
            asyncio.get_running_loop().call_soon(self._catch_up)

    def _catch_up(self) -> None:
        self._catching_up = False
        queued, connection = self._queued, self._connection
        if queued is None or connection is None:
            return
        while queued and not self._ended and not connection.full():
            connection.heard(queued.popleft())
        if not queued:
            self._queued = None
            self._read_on()

    def stop_reading(self) -> None:
        """What the board says from now on is for the next server."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def open_requests(self) -> int:
        """Requests that are not answered yet."""
        return self._connection.open_requests if self._connection is not None else 0

    def end(self, ending: CoapEnding, reason: str) -> None:
        """It is over. A connection that stands hears it first; it calls back to end the transport."""
        connection = self._connection
        if connection is not None and not connection.ended:
            connection.end(ending, reason)
            return
        if self._ended:
            return
        self._ended = True
        gateway = self.gateway
        gateway.timetable.cancel(self)
        self.attempt.fail(reason)
        self.attempt = OVER
        if self._waiting and ending is not CoapEnding.FULL:
            gateway.counters.failed += 1
        self._step_in()
        if connection is None:
            gateway.counters.closed[ending] += 1
            if ending is not CoapEnding.FULL:
                fields = {"transport": "tcp", "peer": self.address, "ending": str(ending), "reason": reason}
                gateway.strangers.info(log, "coap.closed", **fields)
        elif gateway.by_name.get(connection.name) is connection:
            del gateway.by_name[connection.name]
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self._queued = None
        self.secure.close()
        transport = self._transport
        if transport is not None and ending is not CoapEnding.LOST:
            if ending in (CoapEnding.FULL, CoapEnding.SLOW_READER):
                transport.abort()
            else:
                transport.close()
            gateway.timetable.wake(self, gateway.now() + gateway.limits.closing_seconds)

    def abort(self) -> None:
        """End the transport whatever it has left."""
        if self._transport is not None:
            self._transport.abort()


class CoapTcpGateway(CoapShell):
    """All TCP listeners of a node. Everything happens on one event loop. `key` is the server's RSA key; `entropy(n)`
    gives n unpredictable bytes."""

    def __init__(
        self,
        front: Front,
        key: rsa.RSAPrivateKey,
        clock: Clock,
        *,
        profile: CoapProfile | None = None,
        limits: CoapLimits | None = None,
        channel_limits: ChannelLimits | None = None,
        entropy: Callable[[int], bytes] = os.urandom,
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
        self.key = key
        self.channel_limits = channel_limits or ChannelLimits()
        self.entropy = entropy
        self.doorstep = Doorstep(self.counters, self.limits.handshaking)
        self.streams: set[TcpStream] = set()
        self.by_name: dict[bytes, TcpConnection] = {}
        self.read_buffer = memoryview(bytearray(READ_BUFFER_BYTES))
        self._servers: list[asyncio.Server] = []
        self._turns: deque[Callable[[], None]] = deque()
        self._full = False
        self.stopping = False

    async def listen(self, host: str, port: int) -> int:
        """Listen on every address of `host`; returns the port, which port 0 leaves to the system.

        Raises:
            OSError: the address is taken or is not ours.
        """
        loop = asyncio.get_running_loop()
        sockets, port = await bound_sockets(host, port)
        try:
            for sock in sockets:
                if hasattr(socket, "TCP_USER_TIMEOUT"):
                    milliseconds = self.limits.tcp_user_timeout * 1000
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
                self._servers.append(
                    await loop.create_server(lambda: TcpStream(self), sock=sock, backlog=self.limits.listen_backlog)
                )
        except BaseException:
            for sock in sockets:
                sock.close()
            raise
        log.info("coap.listening", host=host, port=port, transport="tcp")
        return port

    async def stop(self) -> None:
        """Close the listeners, let what is on its way be stored and acknowledged, then close all streams."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        self.stopping = True
        for stream in list(self.streams):
            stream.stop_reading()
        await self._wait(lambda stream: stream.open_requests() or stream.unsent())
        for stream in list(self.streams):
            stream.end(CoapEnding.STOPPED, "the server stops")
        await self._wait(lambda stream: stream.unsent())
        for stream in list(self.streams):
            stream.abort()
        self.timetable.stop()
        self._turns.clear()
        await asyncio.sleep(0)

    async def _wait(self, busy: Callable[[TcpStream], int]) -> None:
        """Until no stream is busy, but no longer than the limit."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.limits.stopping_seconds
        await asyncio.sleep(0)
        while any(busy(stream) for stream in self.streams) and loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(FLUSH_SECONDS)

    def full(self, address: str) -> bool:
        """Whether a connection from there has to be turned away. Says so in the log once, not for each of a flood."""
        full = self.doorstep.crowded(address) or len(self.streams) > self.limits.connections
        if full != self._full:
            self._full = full
            if full:
                log.warning("coap.full", handshaking=self.counters.handshaking, open=len(self.streams))
        return full

    def take_turn(self, work: Callable[[], None]) -> None:
        """Do something costly, one a turn of the loop."""
        self._turns.append(work)
        if len(self._turns) == 1:
            asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        if not self._turns:
            return
        try:
            self._turns[0]()
        finally:
            if self._turns:  # `stop` may have cleared them
                self._turns.popleft()
            if self._turns:
                asyncio.get_running_loop().call_soon(self._turn)
