"""The live connection of the console: one WebSocket a tab, `/console/live`, over which everything that changes comes.

Frames are text, each a JSON array of messages. The tab says `{"subscribe": [topic, …]}` and `{"unsubscribe": […]}`; a
topic answers with a snapshot and goes on with what changes, or with `{"t", "k": "error", "status", "message"}`. Topics
are those of `Hub.makers`; what they say is in `live_topics`.

Who comes in: a person with the cookie of a console session (`?space=` chooses the space, the person's own otherwise),
or whoever has a share link (`?share=`). A page of another site can open a WebSocket to us with the person's cookie, so
the Origin has to be ours. A session that ends closes the connection with a code of its own, because a browser does not
tell a page why an upgrade was refused.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import parse_qs

import msgspec
import structlog

from rookery import __version__
from rookery.console.backend import Backend
from rookery.console.call import in_space, session_of
from rookery.console.errors import Refusal
from rookery.console.live_hub import Hub
from rookery.console.live_reader import LinkReader, PersonReader, Reader
from rookery.console.live_socket import FULL, GONE, LINK_OVER, OVER, LiveSocket
from rookery.console.origin import allowed
from rookery.core.bus import Subscription
from rookery.core.clock import Clock
from rookery.core.errors import NotFound
from rookery.gateways.asgi import Receive, Scope, Send

log = structlog.get_logger("rookery.console.live")

SOCKETS: Final = 1_000
"""Of a node, each up to a MiB of what it does not read."""
ACCOUNT_SOCKETS: Final = 100
"""Of one person or share link: tabs on a wall of screens, and never everybody's room."""
WISH_SIZE: Final = 64 * 1024
"""Characters of what a tab says at once: 500 topics are 25,000."""
FOREIGN: Final = 1008
"""Before the connection is accepted: the browser sees a 403."""
FAILED: Final = 1011


class _Wish(msgspec.Struct):
    subscribe: list[str] = []
    unsubscribe: list[str] = []


_wish = msgspec.json.Decoder(_Wish).decode


class LiveDoor:
    """The ASGI application of the live connection."""

    def __init__(self, backend: Backend, clock: Clock) -> None:
        """`clock` is the machine's own."""
        self.hub = Hub(backend.services, clock)
        self._backend = backend
        self._start = backend.services.ids.hex(8)

    async def close(self) -> None:
        """The server stops: say so to all tabs."""
        await self.hub.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        await receive()  # websocket.connect
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if not allowed("GET", headers):
            self.hub.counters.refused += 1
            await send({"type": "websocket.close", "code": FOREIGN})
            return
        await send({"type": "websocket.accept"})
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        share = query.get("share", [""])[0]
        reader = await self._link(share) if share else await self._person(scope, headers, query.get("space", [""])[0])
        code = self._refusal(reader, share)
        if reader is None or code is not None:
            self.hub.counters.refused += 1
            await send({"type": "websocket.close", "code": code})
            return
        await self._serve(reader, receive, send)

    def _refusal(self, reader: Reader | None, share: str) -> int | None:
        if reader is None:
            return LINK_OVER if share else OVER
        full = len(self.hub.sockets) >= SOCKETS or self.hub.accounts.get(reader.account, 0) >= ACCOUNT_SOCKETS
        return FULL if full else None

    async def _link(self, token: str) -> Reader | None:
        services = self._backend.services
        try:
            return LinkReader(services, token, await services.dashboard_links.open(token))
        except NotFound:
            return None

    async def _person(self, scope: Scope, headers: dict[str, str], space: str) -> Reader | None:
        grant = await session_of(self._backend, headers.get("cookie", ""))
        if grant is None:
            return None
        services = self._backend.services
        try:
            who = await in_space(services.catalog, grant.principal, space)
        except Refusal:
            # Whoever has left a space meanwhile goes on in the own one.
            who = grant.principal
        client = scope.get("client")
        reader = PersonReader(services, grant.record, who, str(client[0]) if client else "")
        return reader if await reader.renew() else None

    async def _serve(self, reader: Reader, receive: Receive, send: Send) -> None:
        hub = self.hub
        socket = LiveSocket(reader)
        withdrawn: Subscription | None = None
        if isinstance(reader, PersonReader):
            withdrawn = self._backend.services.bus.listen("token." + reader.token.id, lambda _message: socket.end(OVER))
        hub.come(socket)
        hub.put(socket, [f'{{"k":"hello","version":"{__version__}","start":"{self._start}"}}'])
        listening = asyncio.get_running_loop().create_task(self._listen(socket, receive))
        try:
            await socket.write(send)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            # The browser has gone; each server says it in its own words.
            log.debug("live.gone", reason=type(error).__name__)
        finally:
            hub.go(socket)
            listening.cancel()
            if withdrawn is not None:
                withdrawn.cancel()

    async def _listen(self, socket: LiveSocket, receive: Receive) -> None:
        try:
            while (message := await receive())["type"] == "websocket.receive":
                await self._hear(socket, message.get("text"))
            socket.end(GONE)
        except Exception:
            log.exception("live.failed")
            socket.end(FAILED)

    async def _hear(self, socket: LiveSocket, said: str | None) -> None:
        try:
            if said is None or len(said) > WISH_SIZE:
                raise ValueError
            wish = _wish(said)
        except ValueError:
            complaint = '{"k":"error","status":400,"message":"A message subscribes to topics, or unsubscribes."}'
            self.hub.put(socket, [complaint])
            return
        for name in wish.unsubscribe:
            self.hub.unsubscribe(socket, name)
        for name in wish.subscribe:
            if not socket.ending:
                await self.hub.subscribe(socket, name)
