"""How a route is written. A route author needs this file, `errors.py`, `answers.py`, and the `as_...` of `body.py`.

    from rookery.particle.api.answers import OK
    from rookery.particle.api.body import as_bool, as_text
    from rookery.particle.api.errors import device_not_recognised
    from rookery.particle.api.operations import Auth, Call, operation

    @operation("PUT", "/v1/devices/{device}", "/v1/products/{product}/devices/{device}")
    async def update(call: Call) -> dict[str, object]:
        fields = await call.fields()
        if (on := as_bool(fields.get("signal"), "signal")) is not None:
            ...
        return {"id": call.path["device"], "updated_at": iso_time(now)}

    @operation("GET", "/v1/devices/events", "/v1/devices/events/{prefix*}", rate=Rate.STREAM)
    async def stream(call: Call) -> EventStream:
        return EventStream(call.who, call.path.get("prefix", ""))

    ROUTES = (update, stream)

and one line in `app.py`. The coroutine keeps no state; it returns

* anything that msgspec encodes: JSON with status 200, or `status=` of the decorator,
* None: 204 without a body,
* an `Answer` (`json_answer`, `csv_answer`, `binary_answer`, `html_answer`, `redirect`, `NO_CONTENT`),
* another ASGI application, `async (scope, receive, send)`: it is called to send the answer, and may take as long as it
  likes (event streams). It takes what it must give back only when called: a HEAD request never calls it. It sends no
  `Access-Control-...` headers: all answers get them,

or raises an `ApiError` made by `errors.py`, or lets an error of core through, which is worded by `errors.error_of`.
Anything else is logged and answered 500.

`operation(method, *paths, auth=Auth.TOKEN, status=200, rate=Rate.CALL, max_body=None)`: `method` is one or several
("POST PUT"). In a path `{name}` is a segment, `{name*}` at the end the rest, one segment or more. A literal wins over a
parameter where it has the method. HEAD is GET without the body unless there is a route for it.

`Call`:

* `who: Principal`, `token: Token` (its record), `grant: Grant | None` (both). The first two answer 400 "The access
  token was not found" where `auth` let a request without token in.
* `path: dict[str, str]` decoded; `query: dict[str, str]` first value wins; `headers: dict[str, str]` lower-case names;
  `header(name) -> str | None`; `content_type: str`; `basic: Basic | None` (username, password); `method`;
  `peer_address: str`; `request_id: str`.
* `await fields() -> dict[str, Any]`, `await files() -> list[UploadedFile]`, `await json() -> Any` (the whole value),
  `await raw_body() -> bytes`: whatever the encoding of the body; may be called many times.
* `answer_headers: list[tuple[bytes, bytes]]`: what is appended goes into the answer, also into that of an error.
  `requested_scope(text)` appends `X-Requested-Scope`.
* `services`, `api` (`api.options`, `api.rate`), `scope`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from rookery.core.access import Principal
from rookery.core.audit import Place
from rookery.core.records import Token
from rookery.core.services import Services
from rookery.core.tokens import Grant
from rookery.gateways.asgi import BodyTooLarge, Receive, Scope, Send, read_body
from rookery.particle.api.answers import NO_CONTENT, Answer, json_answer
from rookery.particle.api.api import Api
from rookery.particle.api.body import Body, UploadedFile, is_form, is_multipart, media_type, parse_body
from rookery.particle.api.credentials import Basic, basic_credentials, bearer_token
from rookery.particle.api.errors import bad_request, error_of, token_missing, too_large
from rookery.particle.api.forms import parse_query
from rookery.particle.api.rate import Rate

LENGTH_DIGITS = 18
"""Digits of a `Content-Length` that are looked at as a number: more are too large whatever they say."""


class Auth(Enum):
    """What a route wants to know of the caller."""

    TOKEN = auto()
    """A good token."""
    OPTIONAL = auto()
    """A good token or none."""
    BASIC_OR_TOKEN = auto()
    """HTTP Basic, which the route checks itself (`call.basic`), or a good token."""
    BASIC_OR_OPTIONAL = auto()
    """The same, or nothing."""
    NONE = auto()
    """Nothing: whatever token there is is not looked at. `call.basic` may still be there."""


class Call:
    """One request: who asks, for what, with which parameters."""

    __slots__ = (
        "_body",
        "_headers",
        "_max_body",
        "_query",
        "_raw",
        "_receive",
        "answer_headers",
        "api",
        "grant",
        "method",
        "path",
        "scope",
        "services",
    )

    def __init__(self, api: Api, scope: Scope, receive: Receive, path: dict[str, str], max_body: int | None) -> None:
        self.api = api
        self.services: Services = api.services
        self.scope = scope
        self.method: str = scope["method"]
        self.path = path
        self.grant: Grant | None = None
        self.answer_headers: list[tuple[bytes, bytes]] = []
        self._receive = receive
        self._max_body = max_body
        self._headers: dict[str, str] | None = None
        self._query: dict[str, str] | None = None
        self._raw: bytes | None = None
        self._body: Body | None = None

    @property
    def who(self) -> Principal:
        """Whom the token stands for.

        Raises:
            ApiError: 400, there is no token.
        """
        if self.grant is None:
            raise token_missing()
        return self.grant.principal

    @property
    def token(self) -> Token:
        """The record of the token.

        Raises:
            ApiError: 400, there is no token.
        """
        if self.grant is None:
            raise token_missing()
        return self.grant.record

    @property
    def query(self) -> dict[str, str]:
        """Query parameters; unknown ones are for nobody.

        Raises:
            ApiError: 400, too many.
        """
        if self._query is None:
            raw = self.scope["query_string"]
            self._query = parse_query(raw) if raw else {}
        return self._query

    @property
    def headers(self) -> dict[str, str]:
        """Request headers by lower-case name, the last of each."""
        if self._headers is None:
            self._headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in self.scope["headers"]}
        return self._headers

    def header(self, name: str) -> str | None:
        """A request header (name in lower case)."""
        return self.headers.get(name)

    @property
    def content_type(self) -> str:
        """Of the body, "" when not said."""
        return self.headers.get("content-type", "")

    @property
    def basic(self) -> Basic | None:
        """HTTP Basic credentials, when there are any and they are well-formed."""
        return basic_credentials(self.headers.get("authorization"))

    @property
    def peer_address(self) -> str:
        """Of the caller, "" on a Unix socket."""
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def request_id(self) -> str:
        """What the client sees as `X-Request-Id`."""
        return str(self.scope.get("request_id", ""))

    def requested_scope(self, text: str) -> None:
        """Echo the permission that was needed, such as `product_1000:devices:list` (reference 1.4)."""
        self.answer_headers.append((b"x-requested-scope", text.encode("ascii", "backslashreplace")))

    @property
    def has_body(self) -> bool:
        """Whether the request announces a body of at least one byte."""
        return self.headers.get("content-length", "0") != "0" or "transfer-encoding" in self.headers

    async def raw_body(self) -> bytes:
        """The bytes of the body.

        Raises:
            ApiError: 413, over the limit; 400, cut off.
        """
        if self._raw is None:
            options = self.api.options
            limit = options.max_upload if is_multipart(self.content_type) else options.max_body
            if self._max_body is not None:
                limit = self._max_body
            length = self.headers.get("content-length", "")
            if length.isdecimal() and (len(length) > LENGTH_DIGITS or int(length) > limit):
                raise too_large(limit)
            try:
                self._raw = await read_body(self._receive, limit)
            except BodyTooLarge:
                raise too_large(limit) from None
            except ConnectionError:
                raise bad_request("The body was cut off") from None
        return self._raw

    async def body(self) -> Body:
        """The body, decoded.

        Raises:
            ApiError: 400 or 413.
        """
        if self._body is None:
            self._body = parse_body(await self.raw_body(), self.content_type)
        return self._body

    async def fields(self) -> dict[str, Any]:
        """The fields of the body. Values of forms are texts, lists and dictionaries of them: read them with `as_...`.

        Raises:
            ApiError: 400 or 413.
        """
        return (await self.body()).fields

    async def files(self) -> list[UploadedFile]:
        """The files of a multipart body in order.

        Raises:
            ApiError: 400 or 413.
        """
        return (await self.body()).files

    async def json(self) -> Any:
        """The body as one value, where it may be something else than an object.

        Raises:
            ApiError: 400 or 413.
        """
        return (await self.body()).value


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Route:
    """One operation under one or more paths."""

    methods: tuple[str, ...]
    paths: tuple[str, ...]
    handler: Handler
    auth: Auth
    status: int
    rate: Rate
    max_body: int | None

    async def run(self, api: Api, scope: Scope, receive: Receive, send: Send, path: dict[str, str]) -> None:
        """Answer a request. What is neither an `ApiError` nor an error of core goes through."""
        call = Call(api, scope, receive, path, self.max_body)
        answer: Any
        result: Any = None
        try:
            api.rate.count(call.peer_address, self.rate)
            if self.auth is not Auth.NONE:
                call.grant = await authenticate(call, self.auth)
            result = await self.handler(call)
            if isinstance(result, Answer):
                answer = result
            elif result is None:
                answer = NO_CONTENT
            elif callable(result):
                answer = NO_CONTENT if call.method == "HEAD" else result
            else:
                answer = json_answer(result, self.status)
        except Exception as error:
            known = error_of(error, call.grant.principal if call.grant is not None else None)
            if known is None:
                raise
            answer = known.answer()
            # It knows this frame by its traceback, and with it a body of megabytes, until the collector comes by.
            del known
        if call.answer_headers and isinstance(answer, Answer):
            answer = answer.with_headers(tuple(call.answer_headers))
        if call.method not in READING and self.paths[0] not in UNRECORDED and isinstance(answer, Answer):
            _record(call, self.paths[0], result, answer.status)
        await answer(scope, receive, send)


DOOR = "particle"
"""How the audit log calls this API."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
UNRECORDED = frozenset(
    {
        "/oauth/authorize",
        "/oauth/token",
        "/v1/binaries",
        "/v1/devices/events",
        "/v1/devices/{device}/backup_files",
        "/v1/devices/{device}/ping",
        "/v1/devices/{device}/unprotect",
        "/v1/devices/{device}/{function}",
        "/v1/diagnostics/{device}/update",
        "/v1/integrations/preview",
        "/v1/networks/{network}",
        "/v1/products/{product}/events",
    }
)
"""Events, calls, questions that are asked with a body, and what changes nothing: not what the audit log is for."""
SECRET_PARTS = frozenset({"token"})
"""Parts of paths that nobody may read."""


def _record(call: Call, path: str, result: Any, status: int) -> None:
    """A line of the audit log: of what has come, the parts of the path only; of what was made, its id and name."""
    who = call.grant.principal if call.grant is not None else None
    made = result if isinstance(result, dict) and call.method == "POST" and who is not None else {}
    parts = [text for name, text in call.path.items() if name not in SECRET_PARTS]
    parts += [str(made[name]) for name in ("id", "name") if isinstance(made.get(name), str | int)]
    place = None
    if "product" in call.path or "org" in call.path:
        place = Place(who.space_id if who is not None else "", call.path.get("product", ""), call.path.get("org", ""))
    call.services.audit.note(
        who,
        DOOR,
        call.method,
        path,
        status,
        target=" ".join(dict.fromkeys(parts)),
        address=call.peer_address,
        place=place,
    )


async def authenticate(call: Call, auth: Auth) -> Grant | None:
    """What the request's token stands for; None where `auth` allows that.

    A multipart body is not searched for a token: that would mean to keep megabytes for a stranger.

    Raises:
        ApiError: 400 or 413; or 401 through `TokenUnknown` and `TokenExpired`.
    """
    header = call.headers.get("authorization")
    basic = auth is Auth.BASIC_OR_TOKEN or auth is Auth.BASIC_OR_OPTIONAL
    if basic and header is not None and call.basic is not None:
        return None
    in_query = call.query.get("access_token") if call.scope["query_string"] else None
    in_body = None
    form = False
    if call.has_body:
        form = is_form(call.content_type)
        if form or "json" in media_type(call.content_type):
            # Taken out: it is no field of whatever the route does.
            in_body = (await call.fields()).pop("access_token", None)
    token = bearer_token(call.method, header, in_query, in_body, form)
    if token is None:
        if auth is Auth.OPTIONAL or auth is Auth.BASIC_OR_OPTIONAL:
            return None
        raise token_missing()
    return await call.services.tokens.check(token)


def operation(
    method: str,
    *paths: str,
    auth: Auth = Auth.TOKEN,
    status: int = 200,
    rate: Rate = Rate.CALL,
    max_body: int | None = None,
) -> Callable[[Handler], Route]:
    """Make a route of a coroutine; see the top of this file. `max_body` in bytes replaces the operator's limits."""

    def decorate(handler: Handler) -> Route:
        return Route(tuple(method.split()), paths, handler, auth, status, rate, max_body)

    return decorate
