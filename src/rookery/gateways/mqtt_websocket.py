"""MQTT inside a WebSocket (chapter 6), driven by an ASGI server.

`serve` is the ASGI application of one connection; `WebSocketTransport` gives the connection object what it expects of
a socket. Binary frames are a stream of bytes: packets may be cut and joined at will [MQTT-6.0.0-2]. We send one packet
a frame.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from rookery.gateways.mqtt_connection import MqttConnection
from rookery.gateways.mqtt_peer import address_text
from rookery.wire.mqtt.errors import ProtocolViolation

if TYPE_CHECKING:
    from rookery.gateways.mqtt import MqttGateway

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

SUBPROTOCOL = "mqtt"
"""[MQTT-6.0.0-3, MQTT-6.0.0-4]"""

PROTOCOL_ERROR = 1002
TRY_AGAIN_LATER = 1013


class WebSocketTransport(asyncio.Transport):
    """Looks like a socket to an `MqttConnection`. A task runs only while there is something to send."""

    __slots__ = (
        "_blocked",
        "_closing",
        "_connection",
        "_high",
        "_peer",
        "_queue",
        "_readable",
        "_send",
        "_sender",
        "_size",
        "_task",
        "aborted",
    )

    def __init__(self, send: Send, connection: MqttConnection, peer: tuple[str, int] | None) -> None:
        super().__init__()
        self._send = send
        self._connection = connection
        self._peer = peer
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._high = 64 * 1024
        self._blocked = False
        self._closing = False
        self._readable: asyncio.Event | None = None
        self._sender: asyncio.Task[None] | None = None
        self._task = asyncio.current_task()
        self.aborted = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Only `peername` is known."""
        return self._peer if name == "peername" and self._peer else default

    def is_closing(self) -> bool:
        """Whether `close` or `abort` was called."""
        return self._closing

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """From `high` bytes on the connection is told to pause; at a quarter it may resume."""
        if high is not None:
            self._high = high

    def get_write_buffer_size(self) -> int:
        """Bytes that wait to be sent."""
        return self._size

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        """Queue one packet."""
        if self._closing:
            return
        self._queue.append(bytes(data))
        self._size += len(data)
        if self._size > self._high and not self._blocked:
            self._blocked = True
            self._connection.pause_writing()
        self._wake()

    def close(self) -> None:
        """Send what waits, then the closing frame."""
        if not self._closing:
            self._closing = True
            self.resume_reading()
            self._wake()

    def abort(self) -> None:
        """End at once: `serve` returns and the server drops the connection."""
        self._closing = self.aborted = True
        self._queue.clear()
        self._size = 0
        if self._sender is not None:
            self._sender.cancel()
        if self._task is not None:
            self._task.cancel()

    def pause_reading(self) -> None:
        """Take no more frames from the server, which then takes no more from the socket."""
        if self._readable is None:
            self._readable = asyncio.Event()
        self._readable.clear()

    def resume_reading(self) -> None:
        """Take them again."""
        if self._readable is not None:
            self._readable.set()

    async def readable(self) -> None:
        """Wait while reading is paused."""
        if self._readable is not None:
            await self._readable.wait()

    async def finished(self) -> None:
        """Wait until everything is sent."""
        if self._sender is not None:
            await asyncio.wait([self._sender])

    def _wake(self) -> None:
        if self._sender is None:
            self._sender = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._queue:
                data = self._queue.popleft()
                await self._send({"type": "websocket.send", "bytes": data})
                self._size -= len(data)
                if self._blocked and self._size <= self._high // 4:
                    self._blocked = False
                    self._connection.resume_writing()
            if self._closing:
                await self._send({"type": "websocket.close", "code": 1000})
        except asyncio.CancelledError:
            raise
        except Exception:
            # The client is gone; each server says it in its own words. `receive` reports the end.
            self._closing = True
            self._queue.clear()
            self._size = 0
        finally:
            self._sender = None


async def serve(gateway: MqttGateway, scope: Scope, receive: Receive, send: Send) -> None:
    """One WebSocket connection from accept to end."""
    await receive()  # websocket.connect
    if SUBPROTOCOL not in (scope.get("subprotocols") or ()):
        await send({"type": "websocket.close", "code": PROTOCOL_ERROR, "reason": "the sub-protocol is mqtt"})
        return
    client = scope.get("client")
    if gateway.full(address_text(tuple(client) if client else None)):
        await send({"type": "websocket.close", "code": TRY_AGAIN_LATER, "reason": "too many connections"})
        return
    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
    connection = MqttConnection(gateway, "wss" if scope.get("scheme") in ("wss", "https") else "ws")
    transport = WebSocketTransport(send, connection, tuple(client) if client else None)
    connection.connection_made(transport)
    try:
        while True:
            await transport.readable()
            message = await receive()
            if message["type"] != "websocket.receive":
                break
            data = message.get("bytes")
            if data is None:
                connection.fault(ProtocolViolation("a text frame", "MQTT-6.0.0-1"))
            else:
                connection.data_received(data)
        await transport.finished()
    except asyncio.CancelledError:
        if not transport.aborted:
            raise
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
    finally:
        connection.connection_lost(None)
