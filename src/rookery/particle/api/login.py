"""Who asks for a token: which program, and in whose name.

A program is one of the public clients, a client of a person, or a client of a product. What it may get follows:

| Client | Log-ins are of | Grants |
|---|---|---|
| public | people | password, refresh, second factor |
| of a person, unlimited | people | these, its owner's token (`client_credentials`), codes where it is `web` |
| of a person, with a scope | nobody | none: a person's token can not be limited |
| of a product, `customers:create` alone | customers | password, refresh, authorization codes where it is `web` |
| of a product, any other or no scope | customers | these, the product's token, without a scope customers' |

All secrets that can be guessed count for the rule of ten failures in a row (reference 1.7).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rookery.core.clock import SECOND
from rookery.core.oauth import UNLIMITED
from rookery.core.records import Bearer, Client, ClientKind, Customer, Person
from rookery.core.tokens import DEFAULT_LIFETIME, Issued
from rookery.particle.api.api import Api
from rookery.particle.api.body import as_int
from rookery.particle.api.errors import (
    ApiError,
    client_id_missing,
    client_secret_missing,
    client_wrong,
    invalid_request,
    scope_invalid,
)
from rookery.particle.api.operations import Call
from rookery.particle.api.public_clients import PUBLIC_CLIENTS
from rookery.particle.api.times import parse_iso

SIMPLE = "customers:create"
"""The scope of a client that may be embedded in an app: it makes customers and logs them in."""
EVERYTHING = "*:*"

PASSWORD = "password"  # noqa: S105 - the name of a grant
REFRESH = "refresh_token"
CREDENTIALS = "client_credentials"
CODE = "authorization_code"
OTP = "urn:custom:mfa-otp"
RECOVERY = "urn:custom:recovery-code"
GRANTS = frozenset({PASSWORD, REFRESH, CREDENTIALS, CODE, OTP, RECOVERY})

_OF_PEOPLE = frozenset({PASSWORD, REFRESH, OTP, RECOVERY})
_OF_CUSTOMERS = frozenset({PASSWORD, REFRESH})
_CLIENT_ID = re.compile(r"[a-z0-9_-]{3,40}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client that has shown its secret. `record` is None for public ones."""

    id: str
    record: Client | None = None

    @property
    def product_id(self) -> str | None:
        """The product that it belongs to."""
        return self.record.product_id if self.record is not None else None

    @property
    def scope(self) -> str | None:
        """What it is limited to."""
        return self.record.scope if self.record is not None else None

    @property
    def grants(self) -> frozenset[str]:
        """What it may ask for; see the top of this file."""
        if self.record is None:
            return _OF_PEOPLE
        if self.record.product_id is not None:
            grants = _OF_CUSTOMERS
            if self.scope != SIMPLE:
                grants |= {CREDENTIALS}
        elif self.scope is None:
            grants = _OF_PEOPLE | {CREDENTIALS}
        else:
            return frozenset()
        return grants | {CODE} if self.record.kind is ClientKind.WEB else grants


async def known_client(api: Api, client_id: str, secret: str) -> KnownClient | None:
    """The client, if the secret is right."""
    options = api.options
    public = options.public_clients.get(client_id) or PUBLIC_CLIENTS.get(client_id)
    if public is not None:
        return KnownClient(client_id) if hmac.compare_digest(secret.encode(), public.encode()) else None
    record = await api.services.oauth.check(client_id, secret)
    if record is not None:
        return KnownClient(record.id, record)
    return KnownClient(client_id) if options.any_public_client and client_id == secret else None


async def authenticated_client(call: Call, fields: Mapping[str, Any]) -> KnownClient:
    """The client of a request: HTTP Basic, or `client_id` and `client_secret` of the body; Basic wins.

    Raises:
        ApiError: 400 `invalid_client`; 429 after too many failures.
    """
    basic = call.basic
    if basic is not None:
        client_id, secret = basic
    else:
        client_id, secret = text_of(fields, "client_id"), text_of(fields, "client_secret")
    if _CLIENT_ID.fullmatch(client_id) is None:
        raise client_id_missing()
    if not secret:
        raise client_secret_missing()
    call.api.rate.check_failures(call.peer_address)
    program = await known_client(call.api, client_id, secret)
    if program is None:
        call.api.rate.failed(call.peer_address)
        raise client_wrong()
    return program


async def log_in(call: Call, product_id: str | None, username: str, password: str) -> Person | Customer | None:
    """Who has this name and password: a customer of the product, or without one a person. A failure is counted.

    Raises:
        ApiError: 429 after too many.
    """
    call.api.rate.check_failures(call.peer_address)
    found: Person | Customer | None
    if product_id is not None:
        found = await call.services.customers.log_in(product_id, username, password)
    else:
        found = await call.services.people.log_in(username, password)
    if found is None:
        call.api.rate.failed(call.peer_address)
    return found


async def issue(
    call: Call, program_id: str, owner: Person | Customer, lifetime: int = DEFAULT_LIFETIME, scope: str | None = None
) -> Issued:
    """A token for whoever has just logged in: the row of failures is broken."""
    call.api.rate.succeeded(call.peer_address)
    bearer = Bearer.CUSTOMER if isinstance(owner, Customer) else Bearer.PERSON
    return await call.services.tokens.issue(bearer, owner.id, program_id, lifetime=lifetime, scope=scope)


def text_of(fields: Mapping[str, Any], name: str) -> str:
    """A parameter, "" when it is missing, repeated (RFC 6749 §3.2 forbids that) or can not be one."""
    value = fields.get(name)
    return value if isinstance(value, str) and "\0" not in value else ""


def lifetime_of(fields: Mapping[str, Any], now: int) -> int:
    """The seconds that a token is asked for: `expires_in`, or `expires_at`, or 90 days. 0 means for ever.

    Raises:
        ApiError: 400: no number, negative, or a time that is over.
    """
    try:
        seconds = as_int(fields.get("expires_in"), "expires_in", least=0)
    except ApiError as error:
        raise invalid_request(str(error.body["error"])) from None
    if seconds is not None:
        return seconds
    at = fields.get("expires_at")
    if at is None or at in ("", "null"):
        return DEFAULT_LIFETIME
    try:
        seconds = -((now - parse_iso(at)) // SECOND) if isinstance(at, str) else 0
    except ValueError:
        seconds = 0
    if seconds <= 0:
        raise invalid_request("expires_at must be an ISO8601 date in the future")
    return seconds


def owner_scope(asked: str) -> str | None:
    """The scope of a token of a person or customer: none, or everything, which is the same and is echoed.

    Raises:
        ApiError: 400 `invalid_scope`: anything else would be a promise of a limit that there is not.
    """
    if asked not in ("", EVERYTHING, UNLIMITED):
        raise scope_invalid()
    return asked or None


def narrowed(asked: str, held: str | None) -> str | None:
    """The scope of a token of a product: what is asked for, within what its client has.

    Raises:
        ApiError: 400 `invalid_scope`: not within it.
    """
    wanted = asked.split()
    if not wanted or (held is None and wanted in ([EVERYTHING], [UNLIMITED])):
        return held
    if held is not None and not set(wanted) <= set(held.split()):
        raise scope_invalid()
    if not _are_scopes(wanted):
        raise scope_invalid()
    return " ".join(dict.fromkeys(wanted))


def _are_scopes(texts: Iterable[str]) -> bool:
    return all(re.fullmatch(r"[a-z_]+(\.[a-z_]+)*:[a-z_]+", text) for text in texts)


def token_body(issued: Issued, scope: str | None = None) -> dict[str, Any]:
    """The answer to whoever asked for a token (RFC 6749 §5.1). `scope` only if one was asked for."""
    body: dict[str, Any] = {
        "token_type": "bearer",
        "access_token": issued.token,
        "expires_in": issued.lifetime,
    }
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    if scope:
        body["scope"] = scope
    return body
