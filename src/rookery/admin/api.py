"""The door of a running server for its own commands: `POST /-/admin` with the token of the run file.

It has a listener of its own on a free loopback port, so that no proxy in front of the server leads here. The body is
`{"operation": name, "arguments": {…}}`; the answer `{"result": …}` or `{"error": sentence}`.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog

from rookery.admin.operations import Operation, Operations
from rookery.core.errors import CoreError
from rookery.core.services import Services
from rookery.gateways.asgi import BodyTooLarge, Receive, Scope, Send, answer, read_body

log = structlog.get_logger("rookery.admin")

PATH = "/-/admin"
BODY_LIMIT = 16 << 20
"""Bytes of a request: the longest is a batch of an import. Only the operator of this machine gets so far."""


class Order(msgspec.Struct):
    """A request."""

    operation: str
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)


class AdminApi:
    """An ASGI application. Whoever has no token learns nothing but that."""

    def __init__(self, services: Services, token: str, more: Mapping[str, Operation] | None = None) -> None:
        """`more`: operations besides those of `Operations`, by name."""
        self._operations = Operations(services, more)
        self._expected = b"Bearer " + token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1000})
            return
        status, told = await self._answer(scope, receive)
        await answer(send, status, msgspec.json.encode(told), "application/json")

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, dict[str, Any]]:
        given = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if not hmac.compare_digest(given, self._expected):
            return 401, {"error": "This is for the commands of the operator only."}
        if scope["path"] != PATH or scope["method"] != "POST":
            return 404, {"error": f"POST {PATH} is all there is."}
        try:
            order = msgspec.json.decode(await read_body(receive, BODY_LIMIT), type=Order)
            return 200, {"result": await self._operations.run(order.operation, order.arguments)}
        except BodyTooLarge:
            return 413, {"error": f"A request has at most {BODY_LIMIT} bytes."}
        except (CoreError, msgspec.MsgspecError) as error:
            return 400, {"error": str(error)}
        except Exception:
            log.exception("admin.failed")
            return 500, {"error": "The server could not do this; its log says why."}
