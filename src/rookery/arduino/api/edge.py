"""What stands before the router: paths in any of the forms that clients use, and browsers' preflight requests.

It changes nothing of the common request and costs it a few comparisons.
"""

from __future__ import annotations

from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from rookery.arduino.api.answers import Answer
from rookery.arduino.quirks import QUIRKS, Quirks

PREFLIGHT_AGE = 86_400
"""Seconds a browser may remember the answer; what we allow never changes."""

_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, HEAD, PUT, POST, PATCH, DELETE, OPTIONS"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, X-Organization"),
    (b"access-control-max-age", b"%d" % PREFLIGHT_AGE),
]


class Edge:
    """An ASGI application in front of another one."""

    def __init__(self, app: ASGIApp, quirks: Quirks = QUIRKS) -> None:
        self._app = app
        self._quirks = quirks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Bring the path into its usual form and pass the request on."""
        method = scope.get("method")
        if method is not None:
            if method == "OPTIONS":
                await Answer(headers=_PREFLIGHT)(scope, receive, send)
                return
            path = scope["path"]
            usual = self.usual_path(path)
            if usual != path:
                scope = _changed(scope, path=usual, raw_path=usual.encode())
            if method == "HEAD" and self._quirks.head_as_get:
                scope = _changed(scope, method="GET")
        await self._app(scope, receive, send)

    def usual_path(self, path: str) -> str:
        """The path that the routes know."""
        quirks = self._quirks
        if path[-1:] == "/" or "//" in path:
            path = "/" + "/".join(part for part in path.split("/") if part)
        while path.startswith(quirks.doubled_prefix):
            path = quirks.prefix + path[len(quirks.doubled_prefix) :]
        for old, new in quirks.moved:
            if path.startswith(old) and path[len(old) : len(old) + 1] in ("", "/"):
                path = new + path[len(old) :]
                if old.startswith("/iot/v1/things") and path.endswith(quirks.old_publish) and "/properties/" in path:
                    path = path.removesuffix(quirks.old_publish) + "/publish"
                break
        return path


def _changed(scope: Scope, **values: Any) -> Scope:
    return {**scope, **values}  # type: ignore[return-value]
