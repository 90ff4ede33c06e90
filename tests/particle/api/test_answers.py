"""What goes back: bytes and headers."""

from __future__ import annotations

from typing import Any

import pytest

from rookery.particle.api.answers import (
    NO_CONTENT,
    NO_STORE,
    Answer,
    binary_answer,
    csv_answer,
    html_answer,
    json_answer,
    redirect,
)

ANSWERS: list[tuple[Answer, int, list[tuple[bytes, bytes]], bytes]] = [
    (
        json_answer({"ok": True, "name": "ü", "at": None}),
        200,
        [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", b"33")],
        '{"ok":true,"name":"ü","at":null}'.encode(),
    ),
    (
        json_answer([], 201, NO_STORE),
        201,
        [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"2"),
            (b"cache-control", b"no-store"),
            (b"pragma", b"no-cache"),
        ],
        b"[]",
    ),
    (NO_CONTENT, 204, [], b""),
    (
        csv_answer(["at", "value"], [["2026-01-02T03:04:05.678Z", 1.5], ['a,"b"', None]]),
        200,
        [(b"content-type", b"text/csv; charset=utf-8"), (b"content-length", b"52")],
        b'at,value\r\n2026-01-02T03:04:05.678Z,1.5\r\n"a,""b""",\r\n',
    ),
    (
        binary_answer(b"\x00\xff", 'firm"ware\r\n.bin'),
        200,
        [
            (b"content-type", b"application/octet-stream"),
            (b"content-length", b"2"),
            (b"content-disposition", b'attachment; filename="firm_ware__.bin"'),
        ],
        b"\x00\xff",
    ),
    (redirect("http://x/#token=a"), 302, [(b"content-length", b"0"), (b"location", b"http://x/#token=a")], b""),
    (
        html_answer("<p>ü", 400),
        400,
        [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"5")],
        "<p>ü".encode(),
    ),
]


@pytest.mark.parametrize(("answer", "status", "headers", "content"), ANSWERS)
async def test_what_is_sent(answer: Answer, status: int, headers: list[tuple[bytes, bytes]], content: bytes) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    await answer({}, receive, send)
    assert sent == [
        {"type": "http.response.start", "status": status, "headers": headers},
        {"type": "http.response.body", "body": content, "more_body": False},
    ]


def test_more_headers_make_another_answer() -> None:
    more = NO_CONTENT.with_headers(((b"a", b"b"),))
    assert (more.status, more.content, more.headers) == (204, b"", ((b"a", b"b"),))
    assert NO_CONTENT.headers == ()
