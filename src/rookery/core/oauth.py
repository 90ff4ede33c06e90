"""Programs that people let in with their password (OAuth 2.0, RFC 6749): their registration, and authorization codes.

A client belongs to a person or to a product. What it may get tokens for follows from that and from its scope, and is
decided where tokens are asked for. API keys share the table and nothing else: no id of theirs works here, and none of
these as a key.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from rookery.core.catalog import Catalog, Delete, Insert, Update, changed
from rookery.core.clock import Clock
from rookery.core.errors import Conflict, Invalid, LimitReached, NotFound, TokenExpired, TokenUnknown
from rookery.core.ids import Identifiers
from rookery.core.links import CODE, Links
from rookery.core.records import Bearer, Client, ClientKind, Product, Token
from rookery.core.secrets import digest, digest_matches
from rookery.core.slugs import slug_of
from rookery.core.teams import SCOPE, SCOPES_LIMIT
from rookery.core.tokens import AccessTokens

SECRET_LENGTH = 40
"""Hex digits."""
ID_LIMIT = 40
"""Characters of an id; clients in the field check it."""
ID_DIGITS = 4
"""The most digits behind the dash of an id."""
TRIES = 40
"""Numbers drawn for an id. Nobody has so many clients of one name that all would be taken."""
NAME_LIMIT = 64
ADDRESS_LIMIT = 2_000
"""Characters of a redirect address: what browsers and servers pass on."""
CLIENTS_LIMIT = 500
"""Clients of one person or product."""
CODE_LIFETIME = 30
"""Seconds, the documented value: a browser brings it at once."""
CODES = 4
"""Codes of one person that may be on their way besides a new one."""
OAUTH = (ClientKind.INSTALLED, ClientKind.WEB)
UNLIMITED = "none"
"""What takes the limit off a client, where a scope is expected."""

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{3,40}")
_WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\-:\[\]]+(?:[/?][!-~]*)?")
_APP_ADDRESS = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+:/[!-~]*")
"""A scheme of an app's own, which has a dot in it (RFC 8252 §7.1)."""


class Authorised(NamedTuple):
    """What an authorization code stands for."""

    bearer: Bearer
    bearer_id: str
    scope: str | None


class OAuth:
    """Registers and checks OAuth clients, and makes authorization codes for them."""

    def __init__(self, catalog: Catalog, tokens: AccessTokens, links: Links, ids: Identifiers, clock: Clock) -> None:
        self._catalog = catalog
        self._tokens = tokens
        self._links = links
        self._ids = ids
        self._clock = clock

    async def create(
        self,
        person_id: str,
        name: str,
        kind: ClientKind = ClientKind.INSTALLED,
        *,
        product: Product | None = None,
        redirect_uri: str | None = None,
        scope: str | None = None,
    ) -> tuple[Client, str]:
        """A new client of a product, or of the person when there is none; and its secret, which can not be read again.

        Raises:
            Invalid: name, scope or redirect address can not be used. A web client needs the address, others have none.
            LimitReached: there are enough.
        """
        name = _name(name)
        scope = _scope(scope)
        if kind is ClientKind.WEB:
            redirect_uri = _address(redirect_uri)
        elif redirect_uri is not None:
            raise Invalid("Only a web client has a redirect_uri.", "redirect_uri")
        owned = {"product_id": product.id} if product is not None else {"person_id": person_id, "product_id": None}
        if await self._catalog.count(Client, kind=OAUTH, **owned) >= CLIENTS_LIMIT:
            raise LimitReached(f"There are {CLIENTS_LIMIT} clients already.")
        secret = self._ids.hex(SECRET_LENGTH)
        stem = slug_of(name, ID_LIMIT - ID_DIGITS - 1, "client")
        for _ in range(TRIES):
            now = self._clock.now()
            client = Client(
                id=f"{stem}-{int(self._ids.text(ID_DIGITS, '0123456789'))}",
                created_at=now,
                updated_at=now,
                person_id=person_id,
                name=name,
                secret_hash=digest(secret),
                kind=kind,
                product_id=product.id if product is not None else None,
                redirect_uri=redirect_uri,
                scope=scope,
            )
            try:
                await self._catalog.apply(Insert(client))
            except Conflict:
                continue
            return client, secret
        raise LimitReached("There are too many clients of this name.")

    async def get(self, client_id: str) -> Client | None:
        """The client with this id."""
        if _CLIENT_ID.fullmatch(client_id) is None:
            return None
        client = await self._catalog.get(Client, client_id)
        return client if client is not None and client.kind in OAUTH and client.enabled else None

    async def check(self, client_id: str, secret: str) -> Client | None:
        """The client, if the secret is right."""
        client = await self.get(client_id)
        return client if client is not None and digest_matches(secret, client.secret_hash) else None

    async def of_person(self, person_id: str) -> list[Client]:
        """A person's own clients, oldest first."""
        return await self._catalog.select(Client, person_id=person_id, product_id=None, kind=OAUTH)

    async def of_product(self, product: Product) -> list[Client]:
        """The clients of a product, oldest first."""
        return await self._catalog.select(Client, product_id=product.id, kind=OAUTH)

    async def owned(self, client_id: str, *, person_id: str = "", product: Product | None = None) -> Client:
        """The client with this id, when it is the product's, or without one the person's own.

        Raises:
            NotFound: it is not.
        """
        client = await self.get(client_id)
        if product is None:
            ours = client is not None and client.product_id is None and client.person_id == person_id
        else:
            ours = client is not None and client.product_id == product.id
        if client is None or not ours:
            raise NotFound("Client not found")
        return client

    async def change(self, client: Client, *, name: str | None = None, scope: str | None = None) -> Client:
        """Give a client another name or scope (`none` takes the limit off). With another scope, what the client got
        for its owner ends: a token keeps the scope that it was made with.

        Raises:
            Invalid: name or scope can not be used.
        """
        fields: dict[str, Any] = {}
        if name is not None:
            fields["name"] = _name(name)
        if scope is not None:
            fields["scope"] = _scope(scope)
        after = changed(client, self._clock.now(), **fields)
        await self._catalog.apply(Update(after))
        if after.scope != client.scope:
            owner = client.product_id or client.person_id
            held = await self._catalog.select(Token, bearer_id=owner, client_id=client.id)
            await self._tokens.revoke(*held)
        return after

    async def delete(self, client: Client) -> None:
        """Remove a client; all tokens that it got end."""
        await self._catalog.apply(Delete(Client, client.id))
        await self._tokens.revoke_client(client.id)

    async def code(self, client: Client, bearer: Bearer, bearer_id: str, scope: str | None = None) -> str:
        """An authorization code for this client, which comes back to the client's address."""
        details = {"client": client.id, "address": client.redirect_uri, "bearer": bearer.value, "scope": scope}
        return await self._links.make(CODE, bearer_id, CODE_LIFETIME, details, company=CODES)

    async def redeem(self, code: str, client: Client, redirect_uri: str) -> Authorised:
        """What this code stands for; it is used up.

        Raises:
            TokenUnknown: no such code, used already, or of another client or address.
            TokenExpired: its time is over.
        """
        unknown = TokenUnknown("The code is not known.")
        link = await self._links.find(CODE, code)
        if link is None or link.details["client"] != client.id or link.details["address"] != redirect_uri:
            raise unknown
        if not self._links.works(link):
            raise TokenExpired("The code has expired.")
        if not await self._links.take(link):
            raise unknown
        return Authorised(Bearer(link.details["bearer"]), link.person_id, link.details["scope"])


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= NAME_LIMIT:
        raise Invalid(f"A client has a name of 1 to {NAME_LIMIT} characters.", "name")
    return name


def _scope(text: str | None) -> str | None:
    """What is kept of a scope: None for no limit."""
    scopes = list(dict.fromkeys((text or "").split()))
    if not scopes or UNLIMITED in scopes or "*:*" in scopes:
        return None
    if len(scopes) > SCOPES_LIMIT:
        raise Invalid(f"A client has at most {SCOPES_LIMIT} scopes.", "scope")
    for scope in scopes:
        if SCOPE.fullmatch(scope) is None:
            raise Invalid(f"{scope[:60]!r} is no scope.", "scope")
    return " ".join(scopes)


def _address(text: str | None) -> str:
    """A redirect address as it is kept. It goes into a header and into a page's policy, so it has no odd characters."""
    text = (text or "").strip()
    if not text:
        raise Invalid("A web client needs a redirect_uri.", "redirect_uri")
    refused = Invalid("redirect_uri must be a whole http, https or app address without a fragment.", "redirect_uri")
    if len(text) > ADDRESS_LIMIT or "#" in text:
        raise refused
    if _APP_ADDRESS.fullmatch(text) is None:
        if _WEB_ADDRESS.fullmatch(text) is None:
            raise refused
        try:
            parts = urlsplit(text)
            usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            usable = False
        if not usable:
            raise refused
    return text
