"""What the console's own API refuses, in its one shape: `{"error": code, "message": sentence, "field": name?}`."""

from __future__ import annotations

from typing import Any

from rookery.core import errors as core


class Refusal(Exception):
    """A request that is not done, and the answer to it."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None, **more: Any) -> None:
        """`message` is a sentence for people; `more` are further members of the answer."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field
        self.more = more

    def body(self) -> dict[str, Any]:
        """The answer."""
        shown: dict[str, Any] = {"error": self.code, "message": str(self)}
        if self.field is not None:
            shown["field"] = self.field
        return shown | self.more


def signed_out() -> Refusal:
    """Nobody is signed in, or not any more."""
    return Refusal(401, "signed_out", "You are signed out. Sign in again.")


def foreign() -> Refusal:
    """Another site's page sent this."""
    return Refusal(403, "foreign_origin", "This was sent by a page of another site.")


def not_found(what: str = "page") -> Refusal:
    """No such thing."""
    return Refusal(404, "not_found", f"There is no such {what}.")


_WORDS: tuple[tuple[type[core.CoreError], int, str], ...] = (
    (core.NotFound, 404, "not_found"),
    (core.NameUnknown, 404, "name_unknown"),
    (core.Invalid, 400, "invalid"),
    (core.Forbidden, 403, "forbidden"),
    (core.WrongBearer, 403, "forbidden"),
    (core.Conflict, 409, "conflict"),
    (core.Precondition, 409, "precondition"),
    (core.LimitReached, 429, "limit"),
    (core.Unavailable, 503, "unavailable"),
    (core.TokenUnknown, 401, "signed_out"),
    (core.TokenExpired, 401, "signed_out"),
    (core.BoardAway, 504, "board_away"),
    (core.BoardCannot, 422, "board_cannot"),
    (core.CoreError, 400, "invalid"),
)
"""Error of core to status and code; the first that fits."""


def worded(error: core.CoreError) -> Refusal:
    """An error of core as a refusal."""
    for kind, status, code in _WORDS:
        if isinstance(error, kind):
            return Refusal(status, code, str(error), getattr(error, "field", None))
    raise error
