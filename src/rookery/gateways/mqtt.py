"""The MQTT gateway: listeners, the sessions behind them, and what they share.

`wire.mqtt` knows the protocol, `MqttConnection` the life of one client, and this the whole: who may log in
(authenticators), which sessions exist, the one timer, the counters and the limits.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import ssl
from collections.abc import Callable, Sequence

import structlog

from rookery.core.clock import Clock
from rookery.gateways.attempts import Attempts
from rookery.gateways.contract import Authenticator, Handler, Login, Peer, Session
from rookery.gateways.doorstep import Doorstep
from rookery.gateways.keepalive import Wheel
from rookery.gateways.limits import MqttLimits
from rookery.gateways.mqtt_connection import MqttConnection
from rookery.gateways.mqtt_counters import MqttCounters
from rookery.gateways.mqtt_memory import keep_large_blocks_apart
from rookery.gateways.mqtt_sessions import SessionKeeper, SessionRegistry
from rookery.gateways.mqtt_tls import TlsListener
from rookery.gateways.mqtt_websocket import Receive, Scope, Send, serve
from rookery.gateways.sockets import bound_sockets
from rookery.wire.mqtt import encode
from rookery.wire.mqtt.packets import Publish
from rookery.wire.mqtt.session import SessionState

log = structlog.get_logger("rookery.mqtt")

READ_BUFFER_BYTES = 64 * 1024
"""One for all connections: what a single read takes at most. Longer bursts are read in turns with other clients."""

FLUSH_SECONDS = 0.01
"""How often stopping looks whether the last bytes are gone."""


def random_client_id() -> str:
    """For a client that leaves it to the server [MQTT-3.1.3-6]."""
    return "auto-" + secrets.token_hex(12)


class MqttGateway:
    """All MQTT listeners of a node. Everything is called on one event loop."""

    def __init__(
        self,
        authenticators: Sequence[Authenticator],
        clock: Clock,
        *,
        limits: MqttLimits | None = None,
        keeper: SessionKeeper | None = None,
        make_client_id: Callable[[], str] = random_client_id,
        attempts: Attempts | None = None,
    ) -> None:
        self.limits = limits or MqttLimits()
        self.counters = MqttCounters()
        self.doorstep = Doorstep(self.counters, self.limits.handshaking)
        self.wheel = Wheel(clock)
        self.sessions = SessionRegistry(self.limits, clock, self.counters, keeper)
        self.connections: set[MqttConnection] = set()
        self.read_buffer = memoryview(bytearray(READ_BUFFER_BYTES))
        self.make_client_id = make_client_id
        self.attempts = attempts or Attempts(clock)
        self._authenticators = tuple(authenticators)
        self._listeners: list[asyncio.Server | TlsListener] = []
        self._full = False
        self._last: tuple[str, bytes, bool] | None = None
        self._last_packet = b""

    async def listen(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> int:
        """Listen on every address of `host`; returns the port, which port 0 leaves to the system.

        Whether client certificates are asked for is a matter of `tls` (`verify_mode = CERT_OPTIONAL`): a verified one
        makes the connection a `tls-certificate` one.

        Raises:
            OSError: the address is taken or is not ours.
        """
        loop = asyncio.get_running_loop()
        sockets, port = await bound_sockets(host, port)
        if tls is not None:
            keep_large_blocks_apart()
        try:
            for sock in sockets:
                self._prepare(sock)
                if tls is not None:
                    self._listeners.append(TlsListener(self, sock, tls))
                    continue
                self._listeners.append(
                    await loop.create_server(
                        lambda: MqttConnection(self, "tcp"), sock=sock, backlog=self.limits.listen_backlog
                    )
                )
        except BaseException:
            for sock in sockets:
                sock.close()
            raise
        log.info("mqtt.listening", host=host, port=port, tls=tls is not None)
        return port

    def _prepare(self, sock: socket.socket) -> None:
        """Options of a listening socket; the accepted ones inherit them."""
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        limits = self.limits
        for name, value in (
            ("TCP_KEEPIDLE", limits.tcp_keepalive_idle),
            ("TCP_KEEPALIVE", limits.tcp_keepalive_idle),  # the same on macOS
            ("TCP_KEEPINTVL", limits.tcp_keepalive_interval),
            ("TCP_KEEPCNT", limits.tcp_keepalive_probes),
            ("TCP_USER_TIMEOUT", limits.tcp_user_timeout * 1000),
        ):
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    async def stop(self) -> None:
        """Close the listeners, let what is on its way be stored and acknowledged, then close all connections; kept
        sessions stay with their keeper. A client that was not acknowledged sends again, and would be stored twice."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()
        self.wheel.stop()
        for connection in self.connections:
            connection.read_no_more()
        await self._wait(lambda connection: connection.waiting() or connection.unsent())
        for connection in list(self.connections):
            connection.stop()
        self.wheel.stop()  # Closing has wound it up again.
        await self._wait(lambda connection: connection.unsent())
        for connection in list(self.connections):
            connection.abort()
        await asyncio.sleep(0)

    async def _wait(self, busy: Callable[[MqttConnection], int]) -> None:
        """Until no connection is busy, but no longer than the limit."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.limits.stopping_seconds
        await asyncio.sleep(0)
        while any(busy(connection) for connection in self.connections) and loop.time() < end:  # noqa: ASYNC110
            await asyncio.sleep(FLUSH_SECONDS)

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application of an MQTT WebSocket endpoint (sub-protocol `mqtt`)."""
        await serve(self, scope, receive, send)

    def adopt(self, handler: Handler, state: SessionState) -> Session:
        """A session that was stored when its client was away (`SessionKeeper`). What is published to the result waits
        for the client. `handler` hears `unsubscribed` for each filter when the client returns or the session ends."""
        connection = MqttConnection(self, "tcp")
        connection.adopt(handler, state)
        self.sessions.keep(connection)
        return connection

    def session(self, realm: str, client_id: str) -> Session | None:
        """The connected session of an exclusive realm."""
        return self.sessions.connected.get((realm, client_id))

    async def authenticate(self, login: Login, peer: Peer) -> Handler | None:
        """Ask the authenticators in order.

        Raises:
            LoginRefused: one of them knows that this login is wrong.
        """
        for authenticator in self._authenticators:
            handler = await authenticator.authenticate(login, peer)
            if handler is not None:
                return handler
        return None

    def full(self, address: str) -> bool:
        """Whether a connection from there has to be turned away. Says so in the log once, not for each of a flood."""
        counters, limits = self.counters, self.limits
        full = self.doorstep.crowded(address) or counters.open > limits.connections
        if full != self._full:
            self._full = full
            if full:
                log.warning("mqtt.full", handshaking=counters.handshaking, open=counters.open)
        return full

    def encoded(self, topic: str, payload: bytes, retain: bool) -> bytes:
        """A QoS 0 PUBLISH. The last one is remembered: one message often goes to many."""
        last = self._last
        if last is not None and last[0] is topic and last[1] is payload and last[2] == retain:
            return self._last_packet
        packet = encode.publish(Publish(topic, payload, 0, retain))
        self._last = (topic, payload, retain)
        self._last_packet = packet
        return packet
