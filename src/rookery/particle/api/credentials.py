"""Where a request carries its token, and client credentials (reference 1.3). Which of several ways holds, and what is
said of each mistake, follows the OAuth library that the vendor's service was written with.

| Way | Where |
|---|---|
| `Authorization: Bearer <token>` | any method |
| field `access_token` of a form body | any method but GET and HEAD |
| query `access_token` | GET and HEAD; elsewhere it is not seen |

Two ways at once are an error, also where one of them would not count.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from typing import Any, NamedTuple

from rookery.particle.api.errors import (
    header_malformed,
    token_in_body_of_get,
    token_in_other_body,
    token_twice,
)

_BEARER = re.compile(r"Bearer\s(\S+)")
_BASIC = re.compile(r"\s*basic\s+([A-Za-z0-9+/]+=*)\s*", re.IGNORECASE)


class Basic(NamedTuple):
    """HTTP Basic credentials: of a client, or of a user where a route says so."""

    username: str
    password: str


def basic_credentials(header: str | None) -> Basic | None:
    """What an `Authorization` header says, when it is Basic and well-formed (RFC 7617)."""
    match = _BASIC.fullmatch(header) if header is not None else None
    if match is None:
        return None
    try:
        text = b64decode(match[1], validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    username, colon, password = text.partition(":")
    return Basic(username, password) if colon else None


def bearer_token(
    method: str,
    header: str | None,
    in_query: str | None,
    in_body: Any,
    body_is_form: bool,
) -> str | None:
    """The token of a request, None when there is none. `in_body` is the field `access_token`, None when missing.

    Raises:
        ApiError: 400: malformed, twice, or in the wrong place.
    """
    if (header is not None) + (in_query is not None) + (in_body is not None) > 1:
        raise token_twice()
    reading = method in ("GET", "HEAD")
    if header is not None:
        match = _BEARER.search(header)
        if match is None:
            raise header_malformed()
        return match[1]
    if in_body is not None:
        if reading:
            raise token_in_body_of_get()
        if not body_is_form:
            raise token_in_other_body()
        if not isinstance(in_body, str):
            raise token_twice()
        return in_body
    return in_query if reading else None
