"""The HTTP gateway: uvicorn's protocol classes on sockets of ours, inside our own event loop.

uvicorn's own server object wants to be the program: it takes the signals, ticks ten times a second and serves one
socket kind. What it does besides is little, and is done here: accept, hand out the date, and close in order. The
protocol classes parse; `Connection` adds limits on what a client may send before its request has begun.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections import Counter
from email.utils import formatdate
from typing import cast

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from rookery.gateways.asgi import App
from rookery.gateways.sockets import bound_sockets
from rookery.gateways.websocket import WebSocket

log = structlog.get_logger("rookery.http")

KIB = 1024

BACKLOG = 1_024
"""Connections that the kernel accepts before we do."""
CONNECTIONS = 5_000
"""Open connections; further ones are closed at once. Some 15 KB each, 40 with TLS: 200 MB at worst."""
HOST_CONNECTIONS = 2_500
"""Of one host, so that none keeps the others out. This machine itself may have all: a proxy in front is here."""
HEAD_BYTES = 64 * KIB
"""Request line and headers. Browsers stay below 16 KiB."""
HEAD_SECONDS = 20
"""From the first byte of a request (or from the connection) to the end of its headers, over the slowest link."""
BODY_SECONDS = 60
"""How long nothing may come of a body that has begun: a phone in a tunnel, and no longer."""
IDLE_SECONDS = 75
"""How long a connection may stay open between two requests: the usual value of the proxies in front of servers."""
HANDSHAKE_SECONDS = 10
"""For TLS."""
CLOSING_SECONDS = 3.0
"""How long running requests may go on when the server stops."""
FRAME_BYTES = 512 * KIB
"""The largest WebSocket message. MQTT packets are cut out of the stream later and have limits of their own."""


class State(ServerState):
    """What the connections of a gateway share."""

    turned_away = 0
    """Connections that were closed because there were too many."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts: Counter[str] = Counter()
        """Connections of each host but this one."""


class Connection(HttpToolsProtocol):
    """One HTTP connection, with a limit on the size of a request's head and on the time that it takes."""

    _head_bytes = 0
    _in_head = True
    _deadline: asyncio.TimerHandle | None = None
    _in_body = False
    _body_at = 0.0
    _host = ""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accepted (after TLS, where there is TLS)."""
        super().connection_made(transport)
        state = cast(State, self.server_state)
        host = self.client[0] if self.client else ""
        if host and not _is_loopback(host):
            self._host = host
            state.hosts[host] += 1
        if len(self.connections) > CONNECTIONS or state.hosts[self._host] > HOST_CONNECTIONS:
            if not state.turned_away:
                # Once, and not for each of a flood; the rest is in the metrics.
                log.warning("http.full", open=len(self.connections))
            state.turned_away += 1
            transport.abort()
            return
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Over."""
        self._head_came()
        self._count_out()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        """Another protocol has the connection from now on."""
        self._head_came()
        self._in_body = False
        self._count_out()
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        """Bytes of requests."""
        if self._in_head:
            self._head_bytes += len(data)
            if self._deadline is None:
                self._expect_head()
        super().data_received(data)
        if self._in_body:
            # Most requests have none, or all of it is here with the head.
            self._body_at = self.loop.time()
            if self._deadline is None:
                self._deadline = self.loop.call_later(BODY_SECONDS, self._body_late)
        if self._in_head and self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
            log.info("http.head_too_large", peer=self.client and self.client[0])
            self.send_400_response("The request's headers are too large.")

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._head_came()
        self._in_body = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is there."""
        self._head_came()
        self._in_body = False
        self._in_head = True
        self._head_bytes = 0
        super().on_message_complete()

    def _count_out(self) -> None:
        """It is no connection of its host any more."""
        if self._host:
            hosts = cast(State, self.server_state).hosts
            hosts[self._host] -= 1
            if not hosts[self._host]:
                del hosts[self._host]
            self._host = ""

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(HEAD_SECONDS, self._late)

    def _head_came(self) -> None:
        self._in_head = False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _body_late(self) -> None:
        """Whether the body goes on is looked at once a while, and not with each piece."""
        wait = self._body_at + BODY_SECONDS - self.loop.time()
        if wait > 0:
            self._deadline = self.loop.call_later(wait, self._body_late)
        else:
            self._late()

    def _late(self) -> None:
        self._deadline = None
        if not self.transport.is_closing():
            self.transport.close()


def _is_loopback(host: str) -> bool:
    return host.startswith("127.") or host in ("::1", "::ffff:127.0.0.1")


class HttpGateway:
    """All HTTP listeners of a node that serve the same application."""

    def __init__(self, purpose: str = "pages and APIs") -> None:
        """`purpose` is for the log."""
        self._purpose = purpose
        self._state = State()
        self._bound: list[tuple[socket.socket, ssl.SSLContext | None]] = []
        self._servers: list[asyncio.Server] = []
        self._tick: asyncio.TimerHandle | None = None

    @property
    def open(self) -> int:
        """Connections, WebSockets included."""
        return len(self._state.connections)

    @property
    def requests(self) -> int:
        """Requests answered since the start."""
        return self._state.total_requests

    @property
    def turned_away(self) -> int:
        """Connections closed because there were too many, since the start."""
        return self._state.turned_away

    async def bind(self, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> int:
        """Take the port on every address of `host`; returns it, because port 0 leaves the choice to the system.
        Nobody is served before `start`.

        Raises:
            OSError: the address is taken or is not ours.
        """
        sockets, port = await bound_sockets(host, port)
        self._bound += [(sock, tls) for sock in sockets]
        return port

    async def start(self, app: App) -> None:
        """Serve this application on what is bound."""
        loop = asyncio.get_running_loop()
        config = _config(app)
        self._date()
        for sock, tls in self._bound:
            server = await loop.create_server(
                lambda: Connection(config, self._state, {}),
                sock=sock,
                ssl=tls,
                backlog=BACKLOG,
                ssl_handshake_timeout=HANDSHAKE_SECONDS if tls is not None else None,
            )
            self._servers.append(server)
            host, port, *_ = sock.getsockname()
            log.info("http.listening", host=host, port=port, tls=tls is not None, purpose=self._purpose)

    async def stop(self) -> None:
        """Accept nobody any more, let running requests end within `CLOSING_SECONDS`, and close."""
        for server in self._servers:
            server.close()
        for sock, _ in self._bound:
            sock.close()
        self._servers.clear()
        self._bound.clear()
        if self._tick is not None:
            self._tick.cancel()
        for connection in list(self._state.connections):
            connection.shutdown()
        tasks = set(self._state.tasks)
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSING_SECONDS)
            for task in late:
                task.cancel()
            if late:
                log.warning("http.requests_cut", requests=len(late))
                await asyncio.wait(late, timeout=1.0)
        for connection in list(self._state.connections):
            connection.transport.abort()
        # Lets the transports write their last bytes and report their end.
        await asyncio.sleep(0)

    def _date(self) -> None:
        self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
        self._tick = asyncio.get_running_loop().call_later(1.0, self._date)


def _config(app: App) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        loop="none",
        http=Connection,
        ws=WebSocket,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        # A line a request belongs into the metrics, and query strings may hold secrets.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        ws_max_size=FRAME_BYTES,
        # MQTT has a keepalive of its own, and its packets do not compress: a deflate window costs 20 KB a client.
        ws_ping_interval=None,
        ws_per_message_deflate=False,
    )
    config.load()
    return config
