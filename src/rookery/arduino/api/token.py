"""The token endpoint: OAuth 2 client credentials in every form in which clients send them (reference 1.1, 1.3)."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from typing import Annotated, Any
from urllib.parse import unquote_plus

import msgspec
from litestar.handlers import HTTPRouteHandler

from rookery.arduino.api.auth import organisation_id
from rookery.arduino.api.body import Body
from rookery.arduino.api.errors import Problem, bad_field
from rookery.arduino.api.operations import Call, operation
from rookery.arduino.tokens import Refused
from rookery.core.errors import NotFound

TOKEN_BODY_LIMIT = 16 * 1024
"""Bytes of a token request: anybody may send one."""
DEFAULT_AUDIENCE = "https://api2.arduino.cc/iot"

Name = Annotated[str, msgspec.Meta(max_length=256)]
"""Ids are 32 characters and secrets 64; longer ones are wrong, and much longer ones are not worth a hash."""


class TokenRequest(msgspec.Struct):
    """The form."""

    grant_type: str
    client_id: Name | None = None
    client_secret: Name | None = None
    audience: str | None = None
    organization_id: str | None = None


class TokenView(msgspec.Struct):
    """A new token."""

    access_token: str
    expires_in: int
    token_type: str


_BODY = Body(TokenRequest)


@operation(
    "POST",
    "/iot/v1/clients/token",
    "clients_v1#token",
    "Exchange an API key for an access token.",
    body=_BODY,
    returns=TokenView,
    errors=(400, 401, 403),
    public=True,
)
async def create_token(call: Call) -> TokenView:
    """One token. The id and the secret may come as HTTP Basic or in the body."""
    request = _BODY.decode(await call.raw_body(TOKEN_BODY_LIMIT), call.header(b"content-type"))
    if request.grant_type != "client_credentials":
        raise bad_field("grant_type", "grant_type must be client_credentials.")
    client_id, secret = _basic(call.header(b"authorization")) or (request.client_id, request.client_secret)
    if not client_id:
        raise bad_field("client_id", "client_id: This field is required.")
    if not secret:
        raise bad_field("client_secret", "client_secret: This field is required.")
    organisation = request.organization_id or call.header(b"x-organization")
    peer = call.scope["client"]
    try:
        granted = await call.api.tokens.grant(
            client_id,
            secret,
            request.audience or DEFAULT_AUDIENCE,
            organisation_id(organisation, "organization_id") if organisation else None,
            peer[0] if peer else "",
        )
    except Refused:
        raise Problem(401, "The client id or the client secret is wrong, or the API key is turned off.") from None
    except NotFound as error:
        raise Problem(403, str(error)) from None
    return TokenView(granted.token, granted.lifetime, "Bearer")


def _basic(header: str) -> tuple[str, str] | None:
    """Id and secret of an `Authorization: Basic` header; both parts are URL-encoded (RFC 6749, 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, separator, secret = b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        return None
    return (unquote_plus(client_id), unquote_plus(secret)) if separator and client_id else None


@operation(
    "GET",
    "/iot/v1/clients/jwks.json",
    "clients_v1#jwks",
    "The public keys that check access tokens (RFC 7517).",
    returns=dict[str, Any],
    public=True,
)
async def show_key_set(call: Call) -> dict[str, Any]:
    """The keys."""
    return call.api.tokens.key_set()


ROUTES: list[HTTPRouteHandler] = [create_token, show_key_set]
