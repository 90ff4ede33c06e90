"""How a route is written: a coroutine that gets a `Call` and returns what the client shall see.

    @operation("GET", "/iot/v2/things/{id}/properties", "properties_v2#list", returns=list[PropertyView],
               query=(SHOW_DELETED,))
    async def list_properties(call: Call) -> list[PropertyView]:
        thing = await call.services.things.live(call.who, call.uuid("id", "thing"))
        ...

The decorator authenticates, encodes the result, turns exceptions into errors, and keeps what the OpenAPI document says
of the route. Litestar routes and calls; its per-parameter machinery (signature models, dependency injection, DTOs,
layers of middleware) is left out on purpose: it costs more than the work itself, and clients need a tolerance in
decoding that it does not have.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import Method

from rookery.arduino.api.answers import Answer, encode
from rookery.arduino.api.api import Api
from rookery.arduino.api.auth import authenticate
from rookery.arduino.api.body import Body
from rookery.arduino.api.errors import Problem, error_answer
from rookery.arduino.api.query import Parameter, Query, parse_query
from rookery.core.access import Principal
from rookery.core.errors import NotFound
from rookery.core.ids import is_uuid
from rookery.core.services import Services

T = TypeVar("T")
B = TypeVar("B")

JsonRequest = Request[Any, Any, Any]


class Operation(NamedTuple):
    """What the OpenAPI document says of a route."""

    method: str
    path: str
    name: str
    """As the official document calls it, such as `devices_v2#list`."""
    summary: str
    query: tuple[Parameter[Any], ...]
    body: Body[Any] | None
    returns: Any
    """Type of the answer; None for an empty one."""
    status: int
    errors: tuple[int, ...]
    public: bool


class Call:
    """One request: who asks, for what, with which parameters."""

    __slots__ = ("_query", "_receive", "api", "scope", "services", "who")

    def __init__(self, api: Api, who: Principal, request: JsonRequest) -> None:
        self.api = api
        self.services: Services = api.services
        self.who = who
        self.scope = request.scope
        self._receive = request.receive
        self._query: Query | None = None

    def segment(self, name: str) -> str:
        """A part of the path as sent."""
        return self.scope["path_params"][name]

    def uuid(self, name: str, what: str) -> str:
        """A part of the path that is an id, in lower case. One that can not be an id is one that does not exist.

        Raises:
            NotFound: not a UUID.
        """
        text: str = self.scope["path_params"][name]
        if not is_uuid(text):
            raise NotFound(f"There is no such {what}.")
        return text.lower()

    def query(self, parameter: Parameter[T]) -> T:
        """A query parameter, or its default.

        Raises:
            Problem: 400 naming it.
        """
        if self._query is None:
            self._query = parse_query(self.scope["query_string"])
        values = self._query.get(parameter.name)
        return parameter.default if values is None else parameter.read(parameter.name, values)

    def header(self, name: bytes) -> str:
        """A request header (name in lower case), "" when missing."""
        for key, value in self.scope["headers"]:
            if key == name:
                return value.decode("latin-1")
        return ""

    async def body(self, body: Body[B]) -> B:
        """The request body, decoded.

        Raises:
            Problem: 400 naming the field, 413 or 415.
        """
        return body.decode(await self.raw_body(), self.header(b"content-type"))

    async def raw_body(self, limit: int | None = None) -> bytes:
        """The bytes of the request body.

        Raises:
            Problem: 413 when there are more than `limit`, by default what the operator has set.
        """
        if limit is None:
            limit = self.api.options.max_body
        length = self.header(b"content-length")
        if length.isdigit() and int(length) > limit:
            raise Problem(413, f"The body has {length} bytes; at most {limit} are taken.")
        parts: list[bytes] = []
        total = 0
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                raise Problem(400, "The body was cut off.", "body")
            part = message["body"]
            total += len(part)
            if total > limit:
                raise Problem(413, f"The body has more than {limit} bytes.")
            if not message["more_body"] and not parts:
                return part
            parts.append(part)
            if not message["more_body"]:
                return b"".join(parts)


Handler = Callable[[Call], Awaitable[Any]]

DOOR = "arduino"
"""How the audit log calls this API."""
UNRECORDED = frozenset(
    {
        "devices_v2#updateProperties",
        "devices_v2_pass#check",
        "properties_v2#publish",
        "properties_v2#publishBatch",
        "properties_v2#publishMulti",
        "series_v2#batch_query",
        "series_v2#batch_query_raw",
        "series_v2#batch_query_raw_last_value",
        "series_v2#batch_query_sampling",
        "series_v2#historic_data",
    }
)
"""Values, and questions that are asked with a body: nothing that the audit log is for."""


def _record(api: Api, who: Principal, method: str, path: str, request: JsonRequest, result: Any, status: int) -> None:
    """A line of the audit log: of what has come, the parts of the path only; of what was made, its id and name."""
    made = (str(getattr(result, part)) for part in ("id", "name") if getattr(result, part, None))
    parts = dict.fromkeys([*map(str, request.scope["path_params"].values()), *made])
    client = request.scope.get("client")
    api.services.audit.note(
        who, DOOR, method, path, status, target=" ".join(parts), address=str(client[0]) if client else ""
    )


_NOBODY = Principal(person_id="", space_id="", roles={})


def operation(
    method: str,
    path: str,
    name: str,
    summary: str,
    *,
    query: Sequence[Parameter[Any]] = (),
    body: Body[Any] | None = None,
    returns: Any = None,
    status: int = 200,
    errors: Sequence[int] = (),
    public: bool = False,
) -> Callable[[Handler], HTTPRouteHandler]:
    """Make a route of a coroutine. `path` is as in the OpenAPI document: `/iot/v2/things/{id}`.

    What the coroutine returns is encoded as JSON with `status`; None is an empty answer; an `Answer` is sent as it is.
    A `public` route is called without authentication, with a principal that may do nothing.
    """

    recorded = method != "GET" and not public and name not in UNRECORDED

    def decorate(function: Handler) -> HTTPRouteHandler:
        async def handle(request: JsonRequest) -> Answer:
            scope = request.scope
            who: Principal | None = None
            result: Any = None
            try:
                api: Api = scope["litestar_app"].state["api"]
                if public:
                    who = _NOBODY
                else:
                    who = await authenticate(api.tokens, scope["headers"], api.services.tokens)
                    # Clients of the other door, the console among them, act for many people.
                    api.rate.count(f"{who.client_id} {who.person_id}")
                result = await function(Call(api, who, request))
                if result is None:
                    answer = Answer(b"", status)
                else:
                    answer = result if isinstance(result, Answer) else Answer(encode(result), status)
            except Exception as error:
                answer = error_answer(error, method, path)
            if recorded and who is not None:
                _record(api, who, method, path, request, result, answer.status)
            return answer

        described = Operation(method, path, name, summary, tuple(query), body, returns, status, tuple(errors), public)
        route = HTTPRouteHandler(
            re.sub(r"\{(\w+)\}", r"{\1:str}", path),
            http_method=cast(Method, method),
            opt={"operation": described},
            status_code=status,
            include_in_schema=False,
        )
        return route(handle)

    return decorate
