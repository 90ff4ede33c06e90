"""Which path belongs to whom: the one ASGI application behind all HTTP listeners."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from rookery.gateways.asgi import App, Receive, Scope, Send, answer

log = structlog.get_logger("rookery.http")


class Router:
    """Sends a request to the application of the first part of its path; everything else goes to `rest`.

    Requests are told apart by kind as well: `sockets` for WebSockets, `apps` for plain requests. A failure that an
    application did not answer itself becomes a bare 500, and its details go to the log only.
    """

    def __init__(self, apps: Mapping[str, App], sockets: Mapping[str, App], rest: App) -> None:
        self._apps = dict(apps)
        self._sockets = dict(sockets)
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        path: str = scope["path"]
        # The Python client's published sample doubles slashes; the applications know what to do with that.
        first = path.lstrip("/").partition("/")[0]
        if scope["type"] == "websocket":
            app = self._sockets.get(first)
            if app is None:
                await receive()
                await send({"type": "websocket.close", "code": 1000})
                return
            await app(scope, receive, send)
            return
        app = self._apps.get(first, self._rest)
        started = False

        async def watched(message: dict[str, object]) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await app(scope, receive, watched)  # type: ignore[arg-type]
        except Exception:
            # The query string may hold secrets and the path of a one-time link is one: neither is logged.
            log.exception("http.failed", method=scope["method"], app=first if first in self._apps else "console")
            if started:
                raise
            await answer(send, 500, b"Something went wrong on the server; its log says what.\n")
