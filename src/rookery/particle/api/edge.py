"""What stands around all routes: headers that every answer has, browsers' preflight requests, HEAD, and the last
resort for what nobody foresaw (reference 1.2, 1.4).

Event streams send through here as well, so browsers may read them. Credentials mode is not used: access is by token,
never by cookie, so any origin may ask.
"""

from __future__ import annotations

import os

import structlog

from rookery.gateways.asgi import App, Receive, Scope, Send
from rookery.particle.api.answers import Answer
from rookery.particle.api.errors import bug

log = structlog.get_logger("rookery.particle.api")

PREFLIGHT_AGE = 86_400
"""Seconds a browser may remember the answer; what we allow never changes."""

_COMMON = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"X-Request-Id, Retry-After"),
)
_PREFLIGHT = Answer(
    status=204,
    headers=(
        (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
        (
            b"access-control-allow-headers",
            b"Authorization, Content-Type, Accept, User-Agent, X-Particle-Tool, X-Particle-Project, "
            b"X-Requested-With, Cache-Control, Last-Event-ID",
        ),
        (b"access-control-max-age", b"%d" % PREFLIGHT_AGE),
    ),
)


class Edge:
    """An ASGI application in front of another one. `scope["request_id"]` is what the client sees as `X-Request-Id`;
    the other application sets `scope["route"]` for the log.
    """

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and see that it is answered."""
        method = scope["method"]
        request_id = os.urandom(16).hex()
        scope["request_id"] = request_id
        added = [*_COMMON, (b"x-request-id", request_id.encode())]
        started = False

        async def answering(message: Scope) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", ()), *added]
            elif method == "HEAD":
                message["body"] = b""
            await send(message)

        if method == "OPTIONS":
            await _PREFLIGHT(scope, receive, answering)
            return
        try:
            await self._app(scope, receive, answering)
        except Exception as error:
            # The route and not the path: paths may hold tokens, query strings do.
            log.error("request_failed", id=request_id, method=method, route=scope.get("route"), exc_info=error)
            if started:
                raise
            await bug().answer()(scope, receive, answering)
