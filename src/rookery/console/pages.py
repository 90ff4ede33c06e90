"""The pages that exist so far: what runs here, the authority's certificate, and the one-time link of an owner.

No page loads anything from elsewhere, and none has a script. What a person or a board named is always text.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from importlib.resources import files
from urllib.parse import parse_qs

from rookery import __version__
from rookery.core.errors import CoreError, Invalid
from rookery.core.people import PASSWORD_LENGTH, People
from rookery.gateways.asgi import BodyTooLarge, Receive, Scope, Send, answer, read_body

FORM_LIMIT = 8_192
"""Bytes of a form: two passwords, each at most 1,024 characters, every one perhaps three bytes escaped threefold."""
CA_FILE = "/ca.pem"
STYLE_FILE = "/plain.css"
LINK = "/start/"

POLICY = (
    b"default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = (
    (b"content-security-policy", POLICY),
    # The path of a one-time link is a secret: no page that it leads to may hear of it.
    # Not `no-referrer`: browsers would then send the form with the origin "null". The path of the link is a secret, so
    # others get no more than the origin.
    (b"referrer-policy", b"strict-origin"),
    (b"cache-control", b"no-store"),
)


class Pages:
    """An ASGI application for every path that belongs to nobody else.

    `ports` are those in use, by the name of their setting.
    """

    def __init__(self, people: People, authority_pem: str, ports: Mapping[str, Sequence[int]]) -> None:
        self._people = people
        self._authority = authority_pem.encode()
        self._home = _home(ports)
        self._style = files("rookery.console").joinpath("plain.css").read_bytes()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface, for plain requests."""
        path, method = scope["path"], scope["method"]
        if path.startswith(LINK):
            await self._link(path[len(LINK) :], method, scope, receive, send)
        elif method not in ("GET", "HEAD") and path in ("/", STYLE_FILE, CA_FILE):
            await _page(send, 405, "Not here", "<p>This page can only be read.</p>")
        elif path == "/":
            await _page(send, 200, "Rookery", self._home)
        elif path == STYLE_FILE:
            await answer(send, 200, self._style, "text/css; charset=utf-8", HEADERS)
        elif path == CA_FILE:
            await answer(send, 200, self._authority, "application/x-pem-file", HEADERS)
        else:
            await _page(send, 404, "Nothing here", '<p>There is no such page. <a href="/">What runs here</a></p>')

    async def _link(self, token: str, method: str, scope: Scope, receive: Receive, send: Send) -> None:
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
                    "Your password is set",
                    f"<p>It is that of <strong>{html.escape(person.email)}</strong>, and the link has ended.</p>"
                    "<p>Next, make an API key for your programs: <code>rookery key create NAME</code>, and a "
                    "board: <code>rookery device add NAME</code>.</p>"
                    '<p><a href="/">What runs here</a></p>',
                )
                return
        await _page(send, 400 if message else 200, "Choose a password", message + _form(person.email))


def _form(email: str) -> str:
    return f"""<p>For <strong>{html.escape(email)}</strong>. The link works once.</p>
<form method="post">
<label for="password">Password, at least {PASSWORD_LENGTH} characters</label>
<input id="password" name="password" type="password" minlength="{PASSWORD_LENGTH}" required autocomplete="new-password"
 autofocus>
<label for="again">The same again</label>
<input id="again" name="again" type="password" minlength="{PASSWORD_LENGTH}" required autocomplete="new-password">
<button>Set password</button>
</form>"""


async def _password(receive: Receive) -> str:
    try:
        body = await read_body(receive, FORM_LIMIT)
    except BodyTooLarge:
        raise Invalid("The password is too long.", "password") from None
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    password, again = fields.get("password", [""])[0], fields.get("again", [""])[0]
    if password != again:
        raise Invalid("The two passwords differ.", "password")
    return password


def _same_origin(scope: Scope) -> bool:
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
    await answer(send, status, page.encode(), "text/html; charset=utf-8", HEADERS)


def _home(ports: Mapping[str, Sequence[int]]) -> str:
    rows = "".join(
        f"<tr><td>{', '.join(map(str, ports.get(setting, ()))) or 'off'}</td><td>{what}</td></tr>"
        for setting, what in LISTENERS
    )
    return HOME.replace("LISTENERS", rows)


LISTENERS = (
    ("http_port", "HTTP: pages, API, MQTT over WebSocket; on this machine only"),
    ("https_port", "the same over TLS"),
    ("mqtts_port", "MQTT over TLS for boards and programs with a secret key"),
    ("mqtts_cert_ports", "MQTT over TLS for boards with a certificate"),
    ("mqtt_port", "MQTT without TLS; on this machine only"),
    ("particle_tcp_port", "TCP for Particle boards: Photon, P1, Core"),
    ("particle_udp_port", "UDP for Particle boards: Argon, Boron, Photon 2, Tracker and others"),
)
"""Setting to what it serves."""

HOME = """<p>The cloud that your boards come home to. It runs, and everything below is on this server.</p>
<h2>For programs</h2>
<ul>
<li>Arduino Application API at <code>/iot</code>: <a href="/iot/docs">its operations</a>, and the same
 <a href="/iot/openapi.json">for programs</a> (OpenAPI)</li>
<li>Particle Cloud API at <code>/v1</code>, log-in at <code>/oauth/token</code></li>
<li>MQTT over WebSocket at <code>/mqtt</code>, sub-protocol <code>mqtt</code></li>
</ul>
<p>Make an API key for <code>/iot</code> and MQTT with <code>rookery key create NAME</code>, an access token for
 <code>/v1</code> with <code>rookery token create</code>.</p>
<h2>For boards</h2>
<ul>
<li>Register an Arduino board with <code>rookery device add NAME</code>: it prints what goes into the sketch</li>
<li><a href="/ca.pem">The certificate of this server's authority</a>; <code>rookery ca board BOARD</code> says where a
 board keeps it</li>
<li>A Particle board gets this server's key over USB: <code>rookery device keys HOST</code> writes the file for it, and
 says how it comes here and back</li>
</ul>
<h2>Ports</h2>
<table>LISTENERS</table>
<h2>For operators</h2>
<ul>
<li><a href="/health">Health</a>, <a href="/metrics">metrics</a>, and on the command line
 <code>rookery doctor</code></li>
</ul>"""
