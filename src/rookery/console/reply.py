"""How the console's own API answers: JSON that nobody keeps, errors in one shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rookery.console.call import Answer, as_json
from rookery.console.errors import Refusal

NO_STORE = (b"cache-control", b"no-store")

Headers = Sequence[tuple[bytes, bytes]]


def answered(result: Any, headers: Headers = ()) -> Answer:
    """What a handler returned: nothing, an `Answer`, or what becomes JSON."""
    if isinstance(result, Answer):
        kept = any(name == b"cache-control" for name, _ in result.headers)
        more = (*result.headers, *headers) if kept else (*result.headers, NO_STORE, *headers)
        return Answer(result.body, result.status, result.content_type, more)
    if result is None:
        return Answer(b"", 204, headers=(NO_STORE, *headers))
    return Answer(as_json(result), headers=(NO_STORE, *headers))


def refused(refusal: Refusal, headers: Headers = ()) -> Answer:
    """What was not done, and why."""
    return Answer(as_json(refusal.body()), refusal.status, headers=(NO_STORE, *headers))
