"""Access tokens of the signed-in person: `/console/api/tokens`. Sessions are among them.

The API of old lists tokens by the text they have; we keep a hash only, so here each has a handle, which opens nothing.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from rookery.console.api import Route, route
from rookery.console.call import Call, ms
from rookery.console.errors import not_found
from rookery.console.session import CLIENT
from rookery.core.records import Bearer, Token
from rookery.core.tokens import DEFAULT_LIFETIME, LONGEST_LIFETIME

HANDLE_LENGTH = 40
"""Hex digits: the beginning of the hash."""
MADE_HERE = "personal"
"""The client of tokens that are made here."""


class Wanted(msgspec.Struct):
    """A new token."""

    expires_in: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_LIFETIME)] | None = DEFAULT_LIFETIME
    """Seconds; None: it never expires."""


@route("GET", "tokens")
async def list_tokens(call: Call) -> dict[str, Any]:
    """Those that still work, newest first."""
    now = call.services.clock.now()
    held = [t for t in await call.services.tokens.of(call.person.id) if t.expires_at is None or t.expires_at > now]
    return {"tokens": [_view(call, token) for token in reversed(held)]}


@route("POST", "tokens")
async def make_token(call: Call) -> dict[str, Any]:
    """A new one, shown this once."""
    wanted = await call.json(Wanted)
    issued = await call.services.tokens.issue(Bearer.PERSON, call.person.id, MADE_HERE, lifetime=wanted.expires_in or 0)
    return _view(call, issued.record) | {"token": issued.token}


@route("DELETE", "tokens/{handle}")
async def revoke_token(call: Call) -> None:
    """End one."""
    for token in await call.services.tokens.of(call.person.id):
        if token.id[:HANDLE_LENGTH] == call.segments["handle"]:
            await call.services.tokens.revoke(token)
            return
    raise not_found("token")


@route("DELETE", "tokens")
async def revoke_others(call: Call) -> None:
    """End all but this session."""
    await call.services.tokens.revoke_all(call.person.id, but=_current(call))


def _current(call: Call) -> str | None:
    return call.grant.record.id if call.grant is not None else None


def _view(call: Call, token: Token) -> dict[str, Any]:
    return {
        "handle": token.id[:HANDLE_LENGTH],
        "client": token.client_id,
        "created": ms(token.created_at),
        "expires": ms(token.expires_at),
        "used": ms(token.last_used_at),
        "current": token.id == _current(call),
        "console": token.client_id == CLIENT,
    }


ROUTES: tuple[Route, ...] = (list_tokens, make_token, revoke_token, revoke_others)
