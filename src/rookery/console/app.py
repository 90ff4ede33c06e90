"""The web application as one ASGI application: its files, its own API, and the public APIs for its pages.

/                          to /console/
/start/<token>             to /console/start/<token>
/ca.pem                    the certificate of this server's authority
/console/static/<hash>/…   the files, kept for ever
/console/api/…             its own API (`api.py`)
/console/iot, v1, oauth    the public APIs with the session's token (`proxy.py`)
/console/<page>.json       what that page asks first (`twins.py`)
/console/…                 `index.html`; which page it is, is the script's matter
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from rookery.console.api import OwnApi
from rookery.console.backend import Backend
from rookery.console.places import LINK, ROOT
from rookery.console.proxy import Proxy
from rookery.console.tree import STATIC, Tree
from rookery.console.twins import SUFFIX, Twins
from rookery.gateways.asgi import App, Receive, Scope, Send, answer

API = f"{ROOT}/api/"
CA_FILE = "/ca.pem"
FOR_EVER = (b"cache-control", b"public, max-age=31536000, immutable")
NO_STORE = (b"cache-control", b"no-store")
OWN_PAGES = (b"cross-origin-resource-policy", b"same-origin")
SMALL = 512
"""Bytes below which packing gains nothing."""

COMMON = (
    (b"x-content-type-options", b"nosniff"),
    # Pages have a policy of their own; nothing else here is one.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    # The address of a page may hold a one-time link or a link to a dashboard: others hear of no more than the origin.
    (b"referrer-policy", b"strict-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    OWN_PAGES,
    (b"x-frame-options", b"DENY"),
)


class ConsoleApp:
    """An ASGI application for every path that belongs to nobody else. WebSockets go to `sockets`, by the part of the
    path behind `/console/`."""

    def __init__(self, backend: Backend, sockets: Mapping[str, App] | None = None, folder: Path | None = None) -> None:
        """`folder`: where the files are, unless they are those of this package."""
        self._backend = backend
        self._sockets = dict(sockets or {})
        self._tree = Tree(
            folder or Path(str(files("rookery.console").joinpath("static"))), reload=backend.settings.console_reload
        )
        self._own = OwnApi(backend)
        self._proxy = Proxy(backend)
        self._twins = Twins(self._own, self._proxy)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI interface."""
        path: str = scope["path"]
        if scope["type"] == "websocket":
            socket = self._sockets.get(path.removeprefix(ROOT + "/"))
            if socket is None:
                await receive()
                await send({"type": "websocket.close", "code": 1000})
                return
            await socket(scope, receive, send)
            return
        guarded = _guarded(send)
        if path.startswith(API):
            await self._own(path[len(API) :], scope, receive, guarded)
        elif path.startswith(STATIC):
            await self._file(path[len(STATIC) :], scope, send)
        elif path == ROOT or path.startswith(ROOT + "/"):
            first = path[len(ROOT) + 1 :].partition("/")[0]
            if first in self._backend.apis:
                await self._proxy(first, scope, receive, guarded)
            elif path.endswith(SUFFIX):
                await self._twin(path[len(ROOT) + 1 : -len(SUFFIX)], scope, receive, guarded)
            else:
                await self._page(scope, guarded)
        else:
            await self._outside(path, scope, guarded)

    async def _outside(self, path: str, scope: Scope, send: Send) -> None:
        """What is not below `/console`."""
        known = path in ("/", CA_FILE) or path.startswith(LINK)
        if not known:
            text = b"There is nothing here. The console is at /console/\n"
            await answer(send, 404, text, headers=(NO_STORE,))
        elif scope["method"] not in ("GET", "HEAD"):
            await _only_read(send)
        elif path == CA_FILE:
            pem = self._backend.keys.authority.pem.encode()
            await answer(send, 200, pem, "application/x-pem-file", (NO_STORE,))
        else:
            # A token has letters and digits only, so it needs no quoting; anything else is a link that has ended.
            token = path[len(LINK) :] if path.startswith(LINK) else ""
            place = f"{ROOT}{LINK}{token if token.isalnum() and token.isascii() else '-'}" if token else f"{ROOT}/"
            await answer(send, 303, b"", headers=((b"location", place.encode()), NO_STORE))

    async def _twin(self, page: str, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _only_read(send)
            return
        reply = await self._twins.reply(page, scope, receive)
        await answer(send, reply.status, reply.body, reply.content_type, reply.headers)

    async def _page(self, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _only_read(send)
            return
        page = self._tree.page() if self._tree.ready else await asyncio.to_thread(self._tree.page)
        headers = [
            (b"content-security-policy", page.policy.encode()),
            (b"etag", page.etag.encode()),
            # Asked for again each time: it names the version of all files.
            (b"cache-control", b"no-cache"),
            (b"vary", b"accept-encoding"),
        ]
        if _header(scope, b"if-none-match") == page.etag.encode():
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        body = page.body
        if _unpacks(scope):
            headers.append((b"content-encoding", b"gzip"))
            body = page.packed
        await answer(send, 200, body, "text/html; charset=utf-8", tuple(headers))

    async def _file(self, rest: str, scope: Scope, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            await _only_read(send)
            return
        tree = self._tree
        hash, _, path = rest.partition("/")
        found = tree.file(hash, path) if tree.ready else await asyncio.to_thread(tree.file, hash, path)
        if found is None:
            text = b"There is no such file in this version of the console. Load the page again.\n"
            await answer(send, 404, text, headers=(NO_STORE, OWN_PAGES))
            return
        # A page loads some sixty of them, so they carry what a file of ours needs and no more.
        headers = [NO_STORE if tree.reload else FOR_EVER, OWN_PAGES]
        body = found.body
        if found.packable and len(body) >= SMALL:
            headers.append((b"vary", b"accept-encoding"))
            if _unpacks(scope):
                headers.append((b"content-encoding", b"gzip"))
                packed = tree.packed(path)
                body = packed if packed is not None else await asyncio.to_thread(tree.pack, path, found)
        await answer(send, 200, body, found.content_type, tuple(headers))


async def _only_read(send: Send) -> None:
    await answer(send, 405, b"This can only be read.\n", headers=((b"allow", b"GET, HEAD"), NO_STORE))


def _header(scope: Scope, wanted: bytes) -> bytes:
    for name, value in scope["headers"]:
        if name == wanted:
            return bytes(value)
    return b""


def _unpacks(scope: Scope) -> bool:
    """Whether the browser takes gzip (RFC 9110 §12.5.3); a weight of 0 says no."""
    for part in _header(scope, b"accept-encoding").lower().split(b","):
        name, _, weight = part.partition(b";")
        if name.strip() == b"gzip":
            return weight.replace(b" ", b"") not in (b"q=0", b"q=0.0", b"q=0.00", b"q=0.000")
    return False


def _guarded(send: Send) -> Send:
    """Adds to each answer the headers that all have."""

    async def sent(message: Scope) -> None:
        if message["type"] == "http.response.start":
            given = message.get("headers", ())
            names = {bytes(name).lower() for name, _ in given}
            message = {**message, "headers": [*given, *(pair for pair in COMMON if pair[0] not in names)]}
        await send(message)

    return sent
