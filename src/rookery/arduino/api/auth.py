"""Whose request it is: the bearer token, and the organisation that a header may choose (reference 1.1, 1.4)."""

from __future__ import annotations

from collections.abc import Iterable

from rookery.arduino.api.errors import Problem, bad_field
from rookery.arduino.tokens import TokenClaims, Tokens
from rookery.core.access import Principal
from rookery.core.errors import NotFound, TokenExpired, TokenUnknown
from rookery.core.ids import is_uuid
from rookery.core.records import Bearer
from rookery.core.tokens import LENGTH, AccessTokens


async def authenticate(tokens: Tokens, headers: Iterable[tuple[bytes, bytes]], access: AccessTokens) -> Principal:
    """Who the bearer of the token acts for, in the organisation of `X-Organization`, else that of the token.

    Besides the tokens of API keys, an opaque access token of a person without a scope is one: whoever has it may do all
    that the person may, and the console's sessions are such tokens.

    Raises:
        Problem: 401 for a token that is missing, malformed, expired or revoked; 403 for an organisation that the
            person has no part in; 400 when it is not an id.
    """
    authorization = organisation = b""
    for name, value in headers:
        if name == b"authorization":
            authorization = value
        elif name == b"x-organization":
            organisation = value
    scheme, _, token = authorization.partition(b" ")
    if scheme.lower() != b"bearer":
        raise Problem(401, "An access token is needed: Authorization: Bearer <token>.")
    text = token.strip().decode("latin-1")
    claims = await (_opaque(access, text) if len(text) == LENGTH else tokens.verify(text))
    if claims is None:
        raise Problem(401, "The access token is not valid, or not any more.")
    chosen = organisation_id(organisation.decode("latin-1"), "X-Organization") if organisation else None
    try:
        return await tokens.principal(claims, chosen)
    except NotFound as error:
        if chosen is None and claims.organisation_id is None:
            raise Problem(401, "The access token is not valid any more.") from None
        raise Problem(403, str(error)) from None


async def _opaque(access: AccessTokens, token: str) -> TokenClaims | None:
    """What an access token that says nothing itself stands for."""
    try:
        record = (await access.check(token)).record
    except (TokenUnknown, TokenExpired):
        return None
    if record.bearer is not Bearer.PERSON or record.scope is not None:
        return None
    return TokenClaims(record.bearer_id, record.client_id, None, record.expires_at or 0, "")


def organisation_id(text: str, field: str) -> str | None:
    """The id of an organisation, or None for no text.

    Raises:
        Problem: 400, not a UUID.
    """
    text = text.strip().lower()
    if not text or text in ("none", "null", "undefined"):
        return None
    if not is_uuid(text):
        raise bad_field(field, f"{field} must be the UUID of an organisation.")
    return text
