"""The pages that exist so far: what runs here, the authority's certificate, and the one-time link of an owner.

No page loads anything from elsewhere, and none has a script. What a person or a board named is always text.
"""

from __future__ import annotations

import html
from collections.abc import Awaitable, Callable, MutableMapping
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs

from rookery import __version__
from rookery.core.errors import CoreError, Invalid
from rookery.core.people import PASSWORD_LENGTH, People

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

FORM_LIMIT = 8_192
"""Bytes of a form: two passwords, each at most 1,024 characters, every one perhaps three bytes escaped threefold."""
CA_FILE = "/ca.pem"
LINK = "/start/"

POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = [
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
]


class Pages:
    """An ASGI application for every path that belongs to nobody else."""

    def __init__(self, people: People, authority_pem: str) -> None:
        self._people = people
        self._authority = authority_pem.encode()
        self._style = files("rookery.console").joinpath("plain.css").read_bytes()

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        path, method = scope["path"], scope["method"]
        if path.startswith(LINK):
            await self._link(path[len(LINK) :], method, scope, receive, send)
        elif method not in ("GET", "HEAD"):
            await _page(send, 405, "Not here", "<p>This page can only be read.</p>")
        elif path == "/":
            await _page(send, 200, "Rookery", HOME)
        elif path == "/plain.css":
            await _send(send, 200, b"text/css; charset=utf-8", self._style)
        elif path == CA_FILE:
            await _send(send, 200, b"application/x-pem-file", self._authority)
        else:
            await _page(send, 404, "Nothing here", '<p>There is no such page. <a href="/">What runs here</a></p>')

    async def _link(
        self, token: str, method: str, scope: MutableMapping[str, Any], receive: Receive, send: Send
    ) -> None:
        person = await self._people.peek(token)
        if person is None:
            await _page(
                send,
                404,
                "This link has ended",
                "<p>It has been used, or it has expired. <code>rookery user link</code> makes a new one.</p>",
            )
            return
        message = ""
        if method == "POST":
            if not _same_origin(scope):
                await _page(send, 403, "Not from here", "<p>This form was sent by another site.</p>")
                return
            try:
                password = await _password(receive)
                await self._people.redeem(token, password)
            except CoreError as error:
                message = f'<p class="error" role="alert">{html.escape(str(error))}</p>'
            else:
                await _page(
                    send,
                    200,
                    "You own this server",
                    f"<p>The password of <strong>{html.escape(person.email)}</strong> is set, and the link has ended."
                    "</p><p>Next, make an API key for your programs: <code>rookery key create NAME</code>, and a "
                    "board: <code>rookery device add NAME</code>.</p>"
                    '<p><a href="/">What runs here</a></p>',
                )
                return
        await _page(send, 400 if message else 200, "Choose a password", message + _form(person.email))


def _form(email: str) -> str:
    return f"""<p>For <strong>{html.escape(email)}</strong>, the owner of this server. The link works once.</p>
<form method="post">
<label for="password">Password, at least {PASSWORD_LENGTH} characters</label>
<input id="password" name="password" type="password" minlength="{PASSWORD_LENGTH}" required autocomplete="new-password"
 autofocus>
<label for="again">The same again</label>
<input id="again" name="again" type="password" minlength="{PASSWORD_LENGTH}" required autocomplete="new-password">
<button>Set password</button>
</form>"""


async def _password(receive: Receive) -> str:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > FORM_LIMIT:
            raise Invalid("The password is too long.", "password")
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    password, again = fields.get("password", [""])[0], fields.get("again", [""])[0]
    if password != again:
        raise Invalid("The two passwords differ.", "password")
    return password


def _same_origin(scope: MutableMapping[str, Any]) -> bool:
    """A browser names the origin of a form; it has to be this server's."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    return origin is None or origin.partition(b"://")[2] == headers.get(b"host")


async def _page(send: Send, status: int, title: str, content: str) -> None:
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<link rel="stylesheet" href="/plain.css">
</head>
<body>
<main>
<h1>{html.escape(title)}</h1>
{content}
</main>
<footer>Rookery {__version__}. Not affiliated with Arduino or Particle.</footer>
</body>
</html>
"""
    await _send(send, status, b"text/html; charset=utf-8", page.encode())


async def _send(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), *HEADERS]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


HOME = """<p>The cloud your boards can come home to. It runs, and everything below is on this server.</p>
<h2>For programs</h2>
<ul>
<li><a href="/iot/docs">Arduino Application API</a>, described for programs in
 <a href="/iot/openapi.json">/iot/openapi.json</a></li>
<li>MQTT over WebSocket at <code>/mqtt</code>, sub-protocol <code>mqtt</code></li>
</ul>
<h2>For boards</h2>
<ul>
<li>MQTT over TLS on port 8884 with device id and secret key, on 8885 and 8883 with a certificate
 (unless other ports were chosen)</li>
<li><a href="/ca.pem">The certificate of this server's authority</a>, for boards and programs that check whom they talk
 to</li>
</ul>
<h2>For operators</h2>
<ul>
<li><a href="/health">Health</a> and <a href="/metrics">metrics</a></li>
<li>On the command line: <code>rookery --help</code></li>
</ul>"""
