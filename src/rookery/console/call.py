"""One request to the console's own API, as its handlers see it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs

import msgspec

from rookery.console.backend import Backend
from rookery.console.errors import Refusal, signed_out
from rookery.core.access import Principal
from rookery.core.catalog import Catalog
from rookery.core.clock import MILLISECOND
from rookery.core.errors import TokenExpired, TokenUnknown
from rookery.core.ids import is_uuid
from rookery.core.records import Bearer, Person, Space
from rookery.core.services import Services
from rookery.core.tokens import Grant
from rookery.gateways.asgi import BodyTooLarge, Receive, Scope, read_body

T = TypeVar("T")

COOKIE = "rookery_session"
BODY_LIMIT = 1 << 20
"""Bytes of a request to the console's own API: the largest have a certificate chain in them."""
QUERY_FIELDS = 100
_INDEX = re.compile(r"\[[^]]*\]")
_AT = re.compile(r" - at `\$\.?([^`]*)`$")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no plain JSON of a handler."""

    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()
    file: Path | None = None
    """Sent instead of `body`, piece by piece."""


class Call:
    """Who asks, for what."""

    def __init__(self, backend: Backend, scope: Scope, receive: Receive, segments: dict[str, str]) -> None:
        """`segments` are the named parts of the path."""
        self.backend = backend
        self.services: Services = backend.services
        self.scope = scope
        self.segments = segments
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        self.answer_headers: list[tuple[bytes, bytes]] = []
        """What a handler adds to its answer."""
        self.grant: Grant | None = None
        self._receive = receive
        self._query: dict[str, list[str]] | None = None
        self._who: Principal | None = None
        self._person: Person | None = None

    @property
    def secure(self) -> bool:
        """Whether the browser has TLS, be it to a proxy in front of this server."""
        return self.scope.get("scheme") in ("https", "wss") or self.headers.get("origin", "").startswith("https://")

    @property
    def peer(self) -> str:
        """The address that it came from, "" when there is none."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def who(self) -> Principal:
        """The signed-in person, acting in the space of `X-Space`. Only for routes that are not for anybody."""
        if self._who is None:
            raise signed_out()
        return self._who

    @property
    def person(self) -> Person:
        """The same as a person. Only for routes that are not for anybody."""
        if self._person is None:
            raise signed_out()
        return self._person

    async def sign_in(self, *, anywhere: bool = False) -> bool:
        """Look at the session; False when there is none (any more). With `anywhere` a space that is not the person's is
        forgotten: a browser may remember one that the person has left.

        Raises:
            Refusal: `X-Space` is no space of this person.
        """
        grant = await session_of(self.backend, self.headers.get("cookie", ""))
        if grant is None:
            return False
        person = await self.services.catalog.get(Person, grant.principal.person_id)
        if person is None:
            return False
        self.grant, self._person = grant, person
        try:
            self._who = await in_space(self.services.catalog, grant.principal, self.headers.get("x-space", ""))
        except Refusal:
            if not anywhere:
                raise
            self._who = grant.principal
        return True

    def query(self, name: str, default: str = "") -> str:
        """A parameter; the last of several."""
        return self.queries(name)[-1] if self.queries(name) else default

    def queries(self, name: str) -> list[str]:
        """All parameters of this name.

        Raises:
            Refusal: 400, more parameters than anybody needs.
        """
        if self._query is None:
            try:
                self._query = parse_qs(
                    self.scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=QUERY_FIELDS
                )
            except ValueError:
                raise Refusal(400, "invalid", f"A query has at most {QUERY_FIELDS} parameters.") from None
        return self._query.get(name, [])

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A parameter that is a whole number.

        Raises:
            Refusal: 400, it is none, or not from `low` to `high`.
        """
        text = self.query(name)
        if not text:
            return default
        if re.fullmatch(r"-?[0-9]{1,18}", text) is None or not low <= int(text) <= high:
            raise Refusal(400, "invalid", f"{name} must be a whole number from {low} to {high}.", name)
        return int(text)

    def uuid(self, name: str, what: str) -> str:
        """A part of the path that is an id. One that can not be an id is one that does not exist.

        Raises:
            Refusal: 404.
        """
        text = self.segments[name]
        if not is_uuid(text):
            raise Refusal(404, "not_found", f"There is no such {what}.")
        return text.lower()

    async def body(self, limit: int = BODY_LIMIT) -> bytes:
        """The bytes of the body.

        Raises:
            Refusal: 413, more than `limit`.
        """
        try:
            return await read_body(self._receive, limit)
        except BodyTooLarge:
            raise Refusal(413, "too_large", f"A request has at most {limit} bytes.") from None

    async def json(self, shape: type[T], limit: int = BODY_LIMIT) -> T:
        """The body as JSON of this shape.

        Raises:
            Refusal: 400 naming the field, 413.
        """
        try:
            return msgspec.json.decode(await self.body(limit), type=shape)
        except msgspec.ValidationError as error:
            found = _AT.search(str(error))
            # Which one of a list is in the sentence of nobody who fills in a form.
            field = _INDEX.sub("", found[1]) or None if found else None
            sentence = _AT.sub("", str(error))
            raise Refusal(400, "invalid", f"{field or 'The request'}: {sentence}.", field) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise Refusal(400, "invalid", "The request is not JSON.") from None


async def session_of(backend: Backend, cookies: str) -> Grant | None:
    """Whose session the cookies of a request carry, or None: there is none, it has ended, or it is no person's."""
    token = session_token(cookies)
    if not token:
        return None
    try:
        grant = await backend.services.tokens.check(token)
    except (TokenExpired, TokenUnknown):
        return None
    return grant if grant.record.bearer is Bearer.PERSON and grant.record.scope is None else None


def session_token(cookies: str) -> str:
    """The session cookie of a `Cookie` header, "" when there is none."""
    for part in cookies.split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE:
            return value if value.isalnum() and value.isascii() else ""
    return ""


async def in_space(catalog: Catalog, principal: Principal, space: str) -> Principal:
    """The same person acting in this space; "" is the person's own.

    Raises:
        Refusal: 403, the person has no part in it, or there is none.
    """
    space = space.strip().lower()
    if space in ("", principal.space_id):
        return principal
    if space not in principal.roles or await catalog.get(Space, space) is None:
        raise Refusal(403, "no_member", "There is no such space, or you are not a member of it.", "space")
    return msgspec.structs.replace(principal, space_id=space)


def ms(moment: int | None) -> int | None:
    """UTC microseconds as milliseconds, as all times are in the console's own API."""
    return None if moment is None else moment // MILLISECOND


def as_json(value: Any) -> bytes:
    """The encoding of an answer."""
    return msgspec.json.encode(value)
