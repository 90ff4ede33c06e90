"""The public APIs for the console's own pages: the same applications, called with the token of the session.

`/console/iot/v2/things` is `/iot/v2/things` with `Authorization: Bearer <session>`; so the token stays where no script
reads it, and the console is a client like any other. What the page sends as `Authorization` itself goes before: the
tutorial shows calls of customers and products. A space other than the person's own (`X-Space`) goes to `/iot` as
`X-Organization`; `/v1` has organisations in its paths.
"""

from __future__ import annotations

from typing import Any

from rookery.console.backend import Backend
from rookery.console.call import Answer, session_of, session_token
from rookery.console.errors import Refusal, foreign, not_found, signed_out
from rookery.console.origin import allowed
from rookery.console.places import ROOT
from rookery.console.reply import NO_STORE, refused
from rookery.gateways.asgi import Receive, Scope, Send, answer

ARDUINO = "iot"
_DROPPED = frozenset({b"cookie", b"authorization", b"x-space", b"x-organization", b"origin"})
"""Headers of the browser that the APIs do not get as they are. Without an origin they do not think of other sites."""
_CROSS = b"access-control-"
"""Answers to a session are for this server's pages only."""


class Proxy:
    """Hands requests to the APIs."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def __call__(self, first: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request below `/console/<first>/`."""
        try:
            inner = await self._inner(first, scope)
        except Refusal as refusal:
            reply: Answer = refused(refusal)
            await answer(send, reply.status, reply.body, reply.content_type, reply.headers)
            return

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", ()) if not pair[0].lower().startswith(_CROSS)]
                if not any(name.lower() == b"cache-control" for name, _ in kept):
                    # The APIs tell callers apart by a header that caches know; of a cookie they know nothing.
                    kept.append(NO_STORE)
                message = {**message, "headers": kept}
            await send(message)

        await self._backend.apis[first](inner, receive, sent)

    async def _inner(self, first: str, scope: Scope) -> Scope:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if first not in self._backend.apis:
            raise not_found("API")
        if not allowed(scope["method"], headers):
            raise foreign()
        cookies = headers.get("cookie", "")
        grant = await session_of(self._backend, cookies)
        if grant is None:
            raise signed_out()
        passed = [pair for pair in scope["headers"] if pair[0] not in _DROPPED]
        token = headers.get("authorization") or f"Bearer {session_token(cookies)}"
        passed.append((b"authorization", token.encode("latin-1")))
        space = headers.get("x-space", "").strip().lower()
        chosen = headers.get("x-organization") or ("" if space == grant.principal.person_id else space)
        if first == ARDUINO and chosen:
            passed.append((b"x-organization", chosen.encode("latin-1")))
        path = scope["path"][len(ROOT) :]
        raw = scope.get("raw_path") or b""
        raw = raw[len(ROOT) :] if raw.startswith(ROOT.encode()) else path.encode()
        return {**scope, "path": path, "raw_path": raw, "headers": passed}
