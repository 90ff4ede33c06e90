"""A TLS listener that counts before it begins a handshake, and says why one failed.

A handshake costs the server 20 KB and a millisecond before the first byte of MQTT. A server of the event loop would
begin any number of them and let them fail in silence. Here a socket is accepted, counted, and only then given to TLS;
a task lives as long as the handshake does.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from typing import TYPE_CHECKING

import structlog

from rookery.gateways.mqtt_connection import MqttConnection
from rookery.gateways.mqtt_counters import Ending
from rookery.gateways.mqtt_memory import give_back_free_pages
from rookery.gateways.mqtt_peer import address_text, clean

if TYPE_CHECKING:
    from rookery.gateways.mqtt import MqttGateway

log = structlog.get_logger("rookery.mqtt")

ACCEPTED_AT_ONCE = 16
"""Sockets taken from the kernel in one turn of the loop: a flood waits there while others are served. Their handshakes
take about a millisecond each."""
FLOOD = 200
"""Handshakes that failed since the last look, from which on it was a flood whose memory is given back."""
RETRY_SECONDS = 1.0
"""Pause when the system has no more file descriptors."""


class TlsListener:
    """Accepts on one listening socket."""

    def __init__(self, gateway: MqttGateway, sock: socket.socket, context: ssl.SSLContext) -> None:
        self._gateway = gateway
        self._socket = sock
        self._context = context
        self._loop = asyncio.get_running_loop()
        self._retry: asyncio.TimerHandle | None = None
        self._handshakes: set[asyncio.Task[None]] = set()
        self._failed = 0
        self._port = int(sock.getsockname()[1])
        sock.listen(gateway.limits.listen_backlog)
        self._listen()

    def close(self) -> None:
        """Accept no more, and end the handshakes that are under way."""
        if self._retry is not None:
            self._retry.cancel()
        self._loop.remove_reader(self._socket)
        self._socket.close()
        for task in self._handshakes:
            task.cancel()

    def _listen(self) -> None:
        self._retry = None
        self._loop.add_reader(self._socket, self._accept)

    def _accept(self) -> None:
        gateway = self._gateway
        for _ in range(ACCEPTED_AT_ONCE):
            try:
                sock, address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                log.warning("mqtt.accept_failed", reason=str(error))
                self._loop.remove_reader(self._socket)
                self._retry = self._loop.call_later(RETRY_SECONDS, self._listen)
                return
            peer = address_text(address)
            if gateway.full(peer):
                gateway.counters.closed[Ending.FULL] += 1
                gateway.attempts.begin("tls", peer, self._port).fail("too many connections")
                sock.close()
                continue
            sock.setblocking(False)
            gateway.doorstep.come(peer)
            task = self._loop.create_task(self._shake_hands(sock, peer))
            self._handshakes.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._handshakes.discard(task)
        if self._failed >= FLOOD and not self._handshakes:
            self._failed = 0
            give_back_free_pages()

    async def _shake_hands(self, sock: socket.socket, address: str) -> None:
        gateway, limits = self._gateway, self._gateway.limits
        connection = MqttConnection(gateway, "tls")
        attempt = connection.attempt = gateway.attempts.begin("tls", address, self._port)
        try:
            await self._loop.connect_accepted_socket(
                lambda: connection,
                sock,
                ssl=self._context,
                ssl_handshake_timeout=limits.tls_handshake_seconds,
                ssl_shutdown_timeout=limits.closing_seconds,
            )
        except OSError as error:  # TLS, timeout and connection errors all are
            gateway.counters.closed[Ending.TLS] += 1
            self._failed += 1
            reason = getattr(error, "reason", None) or str(error) or type(error).__name__
            log.info("mqtt.handshake_failed", peer=address, reason=clean(reason))
            attempt.fail(clean(reason))
            # They know each other, and nobody else knows them: without this a flood would leave its thousands to the
            # garbage collector, spread over the memory that the handshakes gave back.
            del connection.machine
        finally:
            gateway.doorstep.go(address)
