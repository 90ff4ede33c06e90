"""Access tokens listed and revoked (reference 2.4).

Tokens are kept as hashes, so a list can not show them. What it shows as `token` is a *handle*: the first 40 hex digits
of the SHA-256. A handle looks like a token and is none. It is good for one thing: its owner can revoke the token behind
it, with `DELETE /v1/access_tokens/<handle>`, as clients do with what they found in a list. Who has a token can compute
its handle and find it in the list.

`DELETE /v1/access_tokens/<token>` needs nothing else: who knows a token may end it (choice 16).
"""

from __future__ import annotations

from typing import Any

from rookery.core.access import check_owner
from rookery.core.errors import WrongBearer
from rookery.core.records import Bearer, Person, Space, SpaceKind, Token
from rookery.particle.api.answers import OK
from rookery.particle.api.errors import (
    listing_password_wrong,
    listing_user_unknown,
    oauth_error,
    otp_wrong,
    token_not_found,
)
from rookery.particle.api.login import log_in
from rookery.particle.api.operations import Auth, Call, Route, operation
from rookery.particle.api.rate import Rate
from rookery.particle.api.times import iso_time_or_none
from rookery.particle.ids import hex_id

HANDLE_LENGTH = 40


def handle(record: Token) -> str:
    """How a list names a token."""
    return record.id[:HANDLE_LENGTH]


@operation("GET", "/v1/access_tokens", auth=Auth.BASIC_OR_TOKEN, rate=Rate.ACCOUNT)
async def list_tokens(call: Call) -> list[dict[str, Any]]:
    """The caller's tokens, newest last."""
    records = await call.services.tokens.of(await _owner(call))
    return [
        {"token": handle(record), "expires_at": iso_time_or_none(record.expires_at), "client": record.client_id}
        for record in records
    ]


@operation("DELETE", "/v1/access_tokens", auth=Auth.BASIC_OR_TOKEN, rate=Rate.ACCOUNT)
async def revoke_all(call: Call) -> dict[str, bool]:
    """All of the caller's, the one that asks included."""
    await call.services.tokens.revoke_all(await _owner(call))
    return OK


@operation("GET", "/v1/access_tokens/current")
async def show_current(call: Call) -> dict[str, Any]:
    """The token that asks."""
    record = _current(call)
    roles = call.who.roles
    spaces = await call.services.catalog.select(Space, id=list(roles)) if record.bearer is Bearer.PERSON else []
    return {
        "expires_at": iso_time_or_none(record.expires_at),
        "client": record.client_id,
        "client_id": record.client_id,
        "scopes": record.scope.split() if record.scope else [],
        "orgs": [{"id": hex_id(s.id), "slug": s.slug} for s in spaces if s.kind is SpaceKind.ORGANISATION],
    }


@operation("DELETE", "/v1/access_tokens/current", rate=Rate.ACCOUNT)
async def revoke_current(call: Call) -> dict[str, bool]:
    """The token that asks."""
    await call.services.tokens.revoke(_current(call))
    return OK


@operation("DELETE", "/v1/access_tokens/{token}", auth=Auth.BASIC_OR_OPTIONAL, rate=Rate.ACCOUNT)
async def revoke(call: Call) -> dict[str, bool]:
    """A token by itself, or one of the caller's by its handle."""
    tokens = call.services.tokens
    named = call.path["token"]
    record = await tokens.find(named)
    if record is None and (call.basic is not None or call.grant is not None):
        owner = await _owner(call)
        record = next((one for one in await tokens.of(owner) if handle(one) == named.lower()), None)
    if record is None:
        raise token_not_found()
    await tokens.revoke(record)
    return OK


def _current(call: Call) -> Token:
    """The token that asks. One of a program ends by the team that it is on, not by itself.

    Raises:
        WrongBearer: it is a program's.
    """
    if call.token.bearer is Bearer.PROGRAM:
        raise WrongBearer(call.token.bearer)
    return call.token


async def _owner(call: Call) -> str:
    """Whose tokens: the person of HTTP Basic (with `otp` in the query, where it is on), or the token's.

    Raises:
        WrongBearer: a product's or a program's token.
        ApiError: 400, 401 or 403: not with these credentials.
    """
    if call.grant is not None:
        check_owner(call.who)
        return call.who.person_id
    if call.basic is None:
        return call.who.person_id
    username, password = call.basic
    found = await log_in(call, None, username, password)
    if not isinstance(found, Person):
        known = await call.services.catalog.find(Person, email=username)
        raise listing_user_unknown() if known is None else listing_password_wrong()
    if found.otp_secret is not None:
        otp = call.query.get("otp", "")
        if not otp:
            raise oauth_error(403, "mfa_required", "Multi-factor authentication required")
        if not await call.services.otp.check(found, otp):
            call.api.rate.failed(call.peer_address)
            raise otp_wrong()
    call.api.rate.succeeded(call.peer_address)
    return found.id


ROUTES: tuple[Route, ...] = (list_tokens, revoke_all, show_current, revoke_current, revoke)
