"""What goes back to a client: a status, JSON bytes made once, and headers that every answer has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

encode = msgspec.json.Encoder(decimal_format="number").encode
"""The one encoder. Views leave optional fields out by `omit_defaults` (reference 4.3)."""

RawHeaders = list[tuple[bytes, bytes]]

CORS_HEADERS: RawHeaders = [(b"access-control-allow-origin", b"*")]
"""Browsers may read every answer: access is by bearer token, never by cookie, so any origin may ask (reference 4.1)."""

_JSON: RawHeaders = [(b"content-type", b"application/json"), *CORS_HEADERS]


class Answer(ASGIResponse):
    """A finished answer. Without a body it has zero bytes and no content type (reference 4.18)."""

    __slots__ = ("_raw_headers", "content", "status")

    def __init__(
        self,
        content: bytes = b"",
        status: int = 200,
        headers: Iterable[tuple[bytes, bytes]] = (),
        media_type: bytes | None = None,
    ) -> None:
        self.content = content
        self.status = status
        if media_type is not None:
            base = [(b"content-type", media_type), *CORS_HEADERS]
        else:
            base = _JSON if content else CORS_HEADERS
        self._raw_headers = [*base, (b"content-length", b"%d" % len(content)), *headers]

    def to_asgi_response(self, *_: Any, **__: Any) -> Answer:
        """What Litestar asks of an answer that an exception handler gives: it is one already."""
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self._raw_headers})
        await send({"type": "http.response.body", "body": self.content, "more_body": False})


def json_answer(data: Any, status: int = 200, headers: Iterable[tuple[bytes, bytes]] = ()) -> Answer:
    """`data` as JSON."""
    return Answer(encode(data), status, headers)
