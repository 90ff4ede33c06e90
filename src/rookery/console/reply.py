"""How the console's own API answers: JSON that nobody keeps, errors in one shape."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rookery.console.call import Answer, as_json
from rookery.console.errors import Refusal
from rookery.gateways.asgi import Send, answer

NO_STORE = (b"cache-control", b"no-store")
PIECE = 256 * 1024
"""Bytes of a file that are read at once."""

Headers = Sequence[tuple[bytes, bytes]]


def answered(result: Any, headers: Headers = ()) -> Answer:
    """What a handler returned: nothing, an `Answer`, or what becomes JSON."""
    if isinstance(result, Answer):
        kept = any(name == b"cache-control" for name, _ in result.headers)
        more = (*result.headers, *headers) if kept else (*result.headers, NO_STORE, *headers)
        return replace(result, headers=more)
    if result is None:
        return Answer(b"", 204, headers=(NO_STORE, *headers))
    return Answer(as_json(result), headers=(NO_STORE, *headers))


def refused(refusal: Refusal, headers: Headers = ()) -> Answer:
    """What was not done, and why."""
    return Answer(as_json(refusal.body()), refusal.status, headers=(NO_STORE, *headers))


async def sent(reply: Answer, send: Send, *, head: bool) -> None:
    """Send an answer; `head`: without its file."""
    if reply.file is None:
        await answer(send, reply.status, reply.body, reply.content_type, reply.headers)
        return
    size = (await asyncio.to_thread(reply.file.stat)).st_size
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", b"%d" % size),
        (b"x-content-type-options", b"nosniff"),
        *reply.headers,
    ]
    with await asyncio.to_thread(reply.file.open, "rb") as file:
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        while not head and (piece := await asyncio.to_thread(file.read, PIECE)):
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
