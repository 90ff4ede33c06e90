"""What can go wrong by a caller's doing. Each dialect words these in its own error shape, in one place.

Nothing here names a status code: the dialect knows that. `field` is the name of the offending part in core's words.
"""

from __future__ import annotations


class CoreError(Exception):
    """The root: `str()` is a plain sentence that may be shown to whoever asked."""


class NotFound(CoreError):
    """No such object, or one that the caller must not know of."""


class Invalid(CoreError):
    """A value that can not be accepted as it stands."""

    def __init__(self, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.field = field


class Forbidden(CoreError):
    """The caller is known, sees the object, and may not do this."""


class Conflict(CoreError):
    """Somebody else holds what was asked for, or changed it first."""


class Precondition(CoreError):
    """A valid request in an unsuitable state."""


class LimitReached(CoreError):
    """A limit that the operator set."""


class Unavailable(CoreError):
    """The store can not answer now; trying again later may help."""


class TokenUnknown(CoreError):
    """No such token, or not any more."""


class TokenExpired(CoreError):
    """The token was right, and its time is over."""


class WrongBearer(CoreError):
    """A valid token of a kind that has no business here."""


class BoardAway(CoreError):
    """The board is not connected, or did not answer in time."""


class BoardCannot(CoreError):
    """The board is there and refuses, or this kind of board has no such ability."""


class NameUnknown(CoreError):
    """The board has no variable or function of this name."""
