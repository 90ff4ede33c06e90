"""Access tokens of the Arduino dialect: JWT, because a browser client reads its user's id out of them.

What clients ask of a token (reference arduino-rest 1.2, arduino-device 2.5): three base64url parts; `typ` is `JWT`; the
claim `http://arduino.cc/id` is the user's UUID; and the payload's encoding has neither `-` nor `_`, because one client
decodes it with plain base64. The last follows from the text alone: those two characters stand for six set bits that
only `>`, `?`, `~` and DEL can give in ASCII, so these are written as JSON escapes.

A token is checked with every request, and a check of its signature costs as much as the rest of the request. So checked
tokens are remembered by their SHA-256 until they expire; what can change meanwhile (the API key was disabled, deleted
or given another secret; the person left the organisation) is looked up in memory each time.
"""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode
from collections import OrderedDict
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from rookery.core.access import Principal
from rookery.core.clock import SECOND
from rookery.core.errors import NotFound
from rookery.core.guessing import Failures
from rookery.core.ids import is_uuid
from rookery.core.records import Client
from rookery.core.services import Services

LIFETIME = 300
"""Seconds a token works; the documented value, and what clients expect when they plan a renewal."""
CHECKED_TOKENS = 20_000
"""Checked tokens remembered: 300 bytes each, so 6 MB. An evicted one is checked again."""
PRINCIPALS = 10_000
"""Principals remembered."""
PRINCIPAL_AGE = 5.0
"""Seconds a principal is remembered: so long may a change of membership go unnoticed."""
TOKEN_LIMIT = 4_096
"""Characters of a token: ours have about 700."""
AUDIENCE_LIMIT = 256
"""Characters of an audience, which goes into the token as it was asked for."""
USER_CLAIM = "http://arduino.cc/id"
ORGANISATION_CLAIM = "http://arduino.cc/organization_id"
VERSION_CLAIM = "key_version"
SCOPE = "iot:devices iot:things"

ALGORITHM = "ES256"

_PLAIN_BASE64 = re.compile(rb"[>?~\x7f]")
_JWS = jwt.PyJWS(algorithms=[ALGORITHM])


class TokenKey(Protocol):
    """The key that signs tokens: `rookery.keys.KeyStore` is one."""

    @property
    def token_key(self) -> ec.EllipticCurvePrivateKey:
        """The key, on P-256."""

    @property
    def token_key_id(self) -> str:
        """Its name in token headers."""

    def token_key_set(self) -> dict[str, list[dict[str, str]]]:
        """Its public half as a JWK set (RFC 7517)."""


class TokenClaims(NamedTuple):
    """What a checked token says."""

    person_id: str
    client_id: str
    organisation_id: str | None
    expires: int
    """UTC microseconds."""
    version: str
    """Of the API key's secret at the time of issue."""


class Granted(NamedTuple):
    """A new token."""

    token: str
    lifetime: int
    """Seconds."""


class Refused(Exception):
    """Wrong id or secret, or a key that is turned off. Deliberately says no more."""


class Tokens:
    """Issues and checks access tokens."""

    def __init__(self, services: Services, key: TokenKey, issuer: str, lifetime: int = LIFETIME) -> None:
        self.lifetime = lifetime
        self.issuer = issuer
        """The base URL of this server. May be set again when the port is known."""
        self._clients = services.clients
        self._people = services.people
        self._clock = services.clock
        self._private = key.token_key
        self._public = key.token_key.public_key()
        self._key_id = key.token_key_id
        self._key_set = key.token_key_set
        self._failures = Failures(services.clock)
        self._checked: OrderedDict[bytes, TokenClaims] = OrderedDict()
        self._principals: OrderedDict[tuple[str, str | None, str], tuple[float, Principal]] = OrderedDict()

    def key_set(self) -> dict[str, Any]:
        """The public keys that check our tokens (RFC 7517)."""
        return dict(self._key_set())

    async def grant(
        self, client_id: str, secret: str, audience: str, organisation_id: str | None, peer: str = ""
    ) -> Granted:
        """A token for an API key.

        Raises:
            Refused: the id or the secret is wrong, or the key is turned off. Late, for a peer that goes on guessing.
            NotFound: the key's person is not in that organisation.
        """
        client = await self._clients.check(client_id, secret)
        if client is None:
            await self._failures.add(f"{peer} {client_id}")
            raise Refused
        self._failures.forget(f"{peer} {client_id}")
        try:
            principal = await self._people.principal(client.person_id, organisation_id, client.id)
        except NotFound:
            if organisation_id is None:
                raise Refused from None  # The person is gone; the key is only remembered.
            raise
        return Granted(self._sign(client, audience[:AUDIENCE_LIMIT], principal.organisation_id), self.lifetime)

    async def verify(self, token: str) -> TokenClaims | None:
        """What the token says, if it is ours, has not expired, and its API key still is what it was."""
        digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        claims = self._checked.get(digest)
        if claims is None:
            if len(token) > TOKEN_LIMIT or (claims := self._decode(token)) is None:
                return None
            self._checked[digest] = claims
            if len(self._checked) > CHECKED_TOKENS:
                self._checked.popitem(last=False)
        if claims.expires <= self._clock.now():
            self._checked.pop(digest, None)
            return None
        client = await self._clients.get(claims.client_id)
        if client is None or not client.enabled or client.person_id != claims.person_id:
            return None
        return claims if _version(client.secret_hash) == claims.version else None

    async def principal(self, claims: TokenClaims, organisation_id: str | None = None) -> Principal:
        """Who a token acts for. A given organisation goes before the one in the token.

        Raises:
            NotFound: the person is gone, or not (any more) in that organisation.
        """
        space_id = organisation_id or claims.organisation_id
        key = (claims.person_id, space_id, claims.client_id)
        now = self._clock.monotonic()
        held = self._principals.get(key)
        if held is not None and now - held[0] < PRINCIPAL_AGE:
            return held[1]
        principal = await self._people.principal(claims.person_id, space_id, claims.client_id)
        self._principals[key] = (now, principal)
        self._principals.move_to_end(key)
        if len(self._principals) > PRINCIPALS:
            self._principals.popitem(last=False)
        return principal

    async def log_in(self, token: str) -> Principal | None:
        """Who a token acts for, or None; for connections that check once (MQTT, with the token as password)."""
        claims = await self.verify(token)
        if claims is None:
            return None
        try:
            return await self.principal(claims)
        except NotFound:
            return None

    def _sign(self, client: Client, audience: str, organisation_id: str | None) -> str:
        now = self._clock.now() // SECOND
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": f"{client.id}@clients",
            "aud": audience,
            "azp": client.id,
            "gty": "client-credentials",
            "iat": now,
            "exp": now + self.lifetime,
            "scope": SCOPE,
            USER_CLAIM: client.person_id,
            VERSION_CLAIM: _version(client.secret_hash),
        }
        if organisation_id is not None:
            claims[ORGANISATION_CLAIM] = organisation_id
        return _JWS.encode(
            plain_base64_json(claims), self._private, algorithm=ALGORITHM, headers={"typ": "JWT", "kid": self._key_id}
        )

    def _decode(self, token: str) -> TokenClaims | None:
        try:
            payload = _JWS.decode(token, self._public, algorithms=[ALGORITHM])
            claims = msgspec.json.decode(payload)
            organisation_id = claims.get(ORGANISATION_CLAIM)
            found = TokenClaims(
                claims[USER_CLAIM],
                claims["azp"],
                organisation_id if isinstance(organisation_id, str) and is_uuid(organisation_id) else None,
                int(claims["exp"]) * SECOND,
                claims[VERSION_CLAIM],
            )
        except (jwt.PyJWTError, msgspec.DecodeError, ValueError, KeyError, TypeError, AttributeError):
            return None
        return found


def plain_base64_json(claims: dict[str, Any]) -> bytes:
    """Claims as ASCII JSON whose base64url form is plain base64 as well (see the top)."""
    text = msgspec.json.encode(claims).decode()
    ascii_only = "".join(c if c < "\x7f" else _escaped(c) for c in text).encode()
    return _PLAIN_BASE64.sub(lambda m: b"\\u%04x" % m.group()[0], ascii_only)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


@lru_cache(maxsize=10_000)
def _version(secret_hash: bytes) -> str:
    """A short name of a secret, from which nothing follows about it: the secret has 380 bits."""
    return urlsafe_b64encode(hashlib.sha256(b"version" + secret_hash).digest()[:9]).decode()
