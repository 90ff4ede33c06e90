"""What goes back to a client: JSON, nothing, CSV or a file.

Every 2xx but 204 carries JSON where a client may look for it, because particle-api-js parses any 2xx but 204, and the
iOS SDK takes no other content type (reference 1.2). The headers that all answers have, those for browsers included, are
added by `edge.py`, so that event streams have them too.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from rookery.gateways.asgi import Receive, Scope, Send

encode = msgspec.json.Encoder(decimal_format="number").encode
"""The one JSON encoder: compact, UTF-8."""

RawHeaders = tuple[tuple[bytes, bytes], ...]

JSON = b"application/json; charset=utf-8"
CSV = b"text/csv; charset=utf-8"
BINARY = b"application/octet-stream"
HTML = b"text/html; charset=utf-8"

OK = {"ok": True}
"""What most writing calls answer."""
NO_STORE: RawHeaders = ((b"cache-control", b"no-store"), (b"pragma", b"no-cache"))
"""For answers with tokens in them (reference 1.4)."""

_LENGTH = b"content-length"
_TYPE = b"content-type"
_UNSAFE_IN_NAME = re.compile(r"[^A-Za-z0-9._ -]")


class Answer:
    """A finished answer: an ASGI application that sends itself. It never changes, so one may be sent many times."""

    __slots__ = ("content", "headers", "status")

    def __init__(
        self, content: bytes = b"", status: int = 200, headers: RawHeaders = (), media_type: bytes = JSON
    ) -> None:
        """`media_type` counts only where there is content."""
        self.content = content
        self.status = status
        base: RawHeaders
        if content:
            base = ((_TYPE, media_type), (_LENGTH, b"%d" % len(content)))
        elif status == 204 or status == 304:
            base = ()  # RFC 9110 8.6: no length where there can be no content.
        else:
            base = ((_LENGTH, b"0"),)
        self.headers = base + headers

    def with_headers(self, headers: RawHeaders) -> Answer:
        """The same answer with more headers."""
        other = Answer.__new__(Answer)
        other.content, other.status, other.headers = self.content, self.status, self.headers + headers
        return other

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": self.content, "more_body": False})


NO_CONTENT = Answer(status=204)
"""204: what some deletions answer."""


def json_answer(data: Any, status: int = 200, headers: RawHeaders = ()) -> Answer:
    """`data` as JSON: anything that msgspec encodes, structs included."""
    return Answer(encode(data), status, headers)


def csv_answer(header: Sequence[str], rows: Iterable[Sequence[object]], headers: RawHeaders = ()) -> Answer:
    """A table with a header row, RFC 4180: lines end with CR LF, None is an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return Answer(text.getvalue().encode(), 200, headers, CSV)


def binary_answer(data: bytes, filename: str, media_type: bytes = BINARY) -> Answer:
    """A file to be saved under this name."""
    name = _UNSAFE_IN_NAME.sub("_", filename)
    disposition = (b"content-disposition", f'attachment; filename="{name}"'.encode())
    return Answer(data, 200, (disposition,), media_type)


def redirect(address: str) -> Answer:
    """302 to an address (of the web login flow; no API path ever redirects)."""
    return Answer(b"", 302, ((b"location", address.encode("latin-1", "backslashreplace")),))


def html_answer(page: str, status: int = 200, headers: RawHeaders = ()) -> Answer:
    """A page for people."""
    return Answer(page.encode(), status, headers, HTML)
