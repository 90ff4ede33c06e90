"""The console's own API, `/console/api/…`: a table of routes that the modules of this folder register.

A module writes coroutines that get a `Call` and return what becomes JSON (None: 204, an `Answer`: as it is):

    @route("GET", "devices/{id}")
    async def show_device(call: Call) -> dict[str, Any]:
        ...

    ROUTES = (show_device,)

and stands in `MODULES`. Who may call it is a word of the decorator; origin, session and errors are seen to here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from enum import Enum
from importlib import import_module
from typing import Any, NamedTuple

import structlog

from rookery.console.backend import Backend
from rookery.console.call import Answer, Call
from rookery.console.errors import Refusal, foreign, not_found, signed_out, worded
from rookery.console.origin import SAFE, allowed
from rookery.console.recording import record
from rookery.console.reply import answered, refused, sent
from rookery.core.errors import CoreError
from rookery.gateways.asgi import Receive, Scope, Send

log = structlog.get_logger("rookery.console")

MODULES: tuple[str, ...] = (
    "session",
    "start",
    "devices",
    "pulse",
    "journal",
    "doorway",
    "audit",
    "backups",
    "work",
    "boards",
    "account",
    "people",
    "spaces",
    "setup",
    "configuration",
    "shared",
    "sources",
    "simulated",
    "tokens",
    "retention",
    "series",
)
"""Modules of this folder that have `ROUTES`. They are loaded with the first request."""


class May(Enum):
    """Who may call a route."""

    ANYBODY = 0
    PERSON = 1
    OPERATOR = 2
    """Somebody who runs this server."""


Handler = Callable[[Call], Awaitable[Any]]


class Route(NamedTuple):
    """One row of the table."""

    method: str
    path: tuple[str, ...]
    """Its parts; `{name}` stands for any one."""
    handler: Handler
    may: May
    reads: bool = False
    """Whether it changes nothing, whatever its method: then the audit log says nothing of it."""

    def match(self, parts: list[str]) -> dict[str, str] | None:
        """The named parts of a path, or None when this is not its route."""
        if len(parts) != len(self.path):
            return None
        named = {}
        for mine, given in zip(self.path, parts, strict=True):
            if mine[:1] == "{":
                named[mine[1:-1]] = given
            elif mine != given:
                return None
        return named


def route(method: str, path: str, may: May = May.PERSON, *, reads: bool = False) -> Callable[[Handler], Route]:
    """Make a row of a coroutine. `path` as `devices/{id}/journal`, without `/console/api/`."""

    def decorate(handler: Handler) -> Route:
        return Route(method, tuple(path.split("/")), handler, may, reads)

    return decorate


class OwnApi:
    """The table at work."""

    def __init__(self, backend: Backend, routes: Iterable[Route] | None = None) -> None:
        """`routes`: those of `MODULES`, unless given."""
        self._backend = backend
        self._routes = _sorted(routes) if routes is not None else None

    async def __call__(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. `path` is what stands behind `/console/api/`."""
        reply = await self.reply(path, scope, receive)
        await sent(reply, send, head=scope["method"] == "HEAD")

    async def reply(self, path: str, scope: Scope, receive: Receive) -> Answer:
        """The answer to a request, also to one that is refused."""
        call: Call | None = None
        result: Any = None
        try:
            row, segments = self._find(scope["method"], path)
            call = Call(self._backend, scope, receive, segments)
            result = await self._handle(row, call)
            reply = answered(result, call.answer_headers)
        except Refusal as refusal:
            reply = refused(refusal, _headers(call))
        except CoreError as error:
            reply = refused(worded(error), _headers(call))
        except ConnectionError:
            return Answer(b"", 400)
        except Exception:
            # The path may hold a token: only the route is logged.
            log.exception("console.failed", method=scope["method"], route="/".join(row.path))
            reply = refused(Refusal(500, "failed", "The server could not do this; its log says why."))
        if call is not None and row.method not in SAFE and not row.reads:
            record(call, row.method, row.path, result, reply.status, operator=row.may is May.OPERATOR)
        return reply

    async def _handle(self, row: Route, call: Call) -> Any:
        if not allowed(row.method, call.headers):
            raise foreign()
        if row.may is not May.ANYBODY:
            if not await call.sign_in():
                raise signed_out()
            if row.may is May.OPERATOR and not call.person.operator:
                raise Refusal(403, "operator_only", "Only somebody who runs this server may do this.")
        return await row.handler(call)

    def _find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        if self._routes is None:
            self._routes = _sorted(row for name in MODULES for row in import_module(f"rookery.console.{name}").ROUTES)
        parts = path.split("/")
        others = []
        for row in self._routes:
            segments = row.match(parts)
            if segments is None:
                continue
            if row.method == method or (row.method == "GET" and method == "HEAD"):
                return row, segments
            others.append(row.method)
        if others:
            raise Refusal(405, "method", f"This address knows {', '.join(sorted(set(others)))} only.")
        raise not_found("address")


def _sorted(routes: Iterable[Route]) -> list[Route]:
    """Words go before names that stand for any word."""
    return sorted(routes, key=lambda row: [part[:1] == "{" for part in row.path])


def _headers(call: Call | None) -> list[tuple[bytes, bytes]]:
    return call.answer_headers if call is not None else []
