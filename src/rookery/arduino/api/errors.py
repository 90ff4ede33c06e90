"""Errors of this API: one shape, made here and nowhere else (reference 3.1, 4.17).

`{"id": 8 characters, "code": word, "status": integer, "detail": sentence, "meta": {"field": name}}`. Nothing in it is
called `error`: the Go OAuth client would then hide the status from the command line tool (reference 1.3).
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Mapping

import msgspec
import structlog
from litestar.exceptions import HTTPException

from rookery.arduino.api.answers import Answer, json_answer
from rookery.core.errors import (
    BoardAway,
    BoardCannot,
    Conflict,
    CoreError,
    Forbidden,
    Invalid,
    LimitReached,
    NameUnknown,
    NotFound,
    Precondition,
    TokenExpired,
    TokenUnknown,
    Unavailable,
    WrongBearer,
)

log = structlog.get_logger("rookery.arduino.api")

CODES: Mapping[int, str] = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    410: "gone",
    412: "precondition_failed",
    413: "request_too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
    500: "internal",
    501: "not_implemented",
    503: "unavailable",
}

FIELDS: Mapping[str, str] = {
    "symbol": "variable_name",
    "kind": "type",
    "writable": "permission",
    "policy": "update_strategy",
    "policy_parameter": "update_parameter",
    "minimum": "min_value",
    "maximum": "max_value",
}
"""How this API calls what core calls otherwise."""

_STATUS: Mapping[type[CoreError], int] = {
    NotFound: 404,
    Invalid: 400,
    Forbidden: 403,
    Conflict: 409,
    Precondition: 412,
    LimitReached: 403,
    Unavailable: 503,
    TokenUnknown: 401,
    TokenExpired: 401,
    WrongBearer: 403,
    # A board can not be asked now, or not for this: 412 is what this API says of a device without a thing.
    BoardAway: 412,
    BoardCannot: 412,
    NameUnknown: 404,
}


class Problem(Exception):
    """An error of this API. `detail` is a plain sentence; `field` is the offending part in this API's words."""

    def __init__(self, status: int, detail: str, field: str | None = None, code: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.code = code or CODES[status]
        self.retry_after: int | None = None
        """Seconds after which the same request may be made again."""


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """The shape."""

    id: str
    code: str
    status: int
    detail: str
    meta: dict[str, str] | None = None


def bad_field(field: str, detail: str) -> Problem:
    """400 for one field."""
    return Problem(400, detail, field)


def problem_of(error: Exception) -> Problem:
    """What an exception means on this API. What we did not foresee says nothing about itself."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, CoreError):
        field = getattr(error, "field", None)
        code = "limit_reached" if isinstance(error, LimitReached) else None
        status = next(status for kind, status in _STATUS.items() if isinstance(error, kind))
        return Problem(status, str(error), FIELDS.get(field, field) if field else None, code)
    if isinstance(error, HTTPException):
        status = error.status_code if error.status_code in CODES else 500
        detail = {404: "There is no such path.", 405: "This path does not know that method."}.get(status)
        return Problem(status, detail or CODES[status])
    return Problem(500, "Something went wrong here. It has been logged.")


def error_answer(error: Exception, method: str = "", path: str = "") -> Answer:
    """The answer for an exception. An unforeseen one is logged with the id that the client sees."""
    problem = problem_of(error)
    body = ErrorBody(
        id=b64encode(os.urandom(6)).decode(),
        code=problem.code,
        status=problem.status,
        detail=problem.detail,
        meta={"field": problem.field} if problem.field else None,
    )
    headers: list[tuple[bytes, bytes]] = []
    if problem.status >= 500 and not isinstance(error, Problem | CoreError):
        log.error("request_failed", id=body.id, method=method, path=path, exc_info=error)
    elif problem.retry_after is not None:
        headers.append((b"retry-after", b"%d" % problem.retry_after))
    elif problem.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    elif problem.status == 405 and isinstance(error, HTTPException) and error.headers:
        headers += [(k.lower().encode(), v.encode()) for k, v in error.headers.items() if k.lower() == "allow"]
    return json_answer(body, problem.status, headers)
