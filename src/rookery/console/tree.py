"""The files of the web application, as they are sent.

Their addresses carry a hash of the whole tree (`/console/static/<hash>/app.js`): a browser keeps them for ever, and
after an upgrade all modules change their address together, relative imports included. `index.html` writes
`/console/static/…`; the hash is put in here, and the hash of its inline scripts goes into the policy.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

STATIC = "/console/static/"
INDEX = "index.html"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Suffix to media type; other files are not served."""
PACKED = frozenset({".ico", ".png", ".webp", ".woff2"})
"""What gzip makes no smaller."""
GZIP_LEVEL = 9
"""Once a file and life of a server: 40 ms for the largest."""
HASH_LENGTH = 16

_MINIMAL = b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Rookery</title><p>The console is not here.'
_INLINE = re.compile(rb"<script(?![^>]*\bsrc\s*=)[^>]*>(.*?)</script>", re.DOTALL)
_POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self'; img-src 'self' data: blob: https:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


class File(NamedTuple):
    """A file as it is sent."""

    body: bytes
    content_type: str
    packable: bool


class Page(NamedTuple):
    """`index.html` with its policy."""

    body: bytes
    packed: bytes
    """Through gzip."""
    etag: str
    policy: str


class Tree:
    """The files of one folder. Read whole when first asked for: 2 MB at the most."""

    def __init__(self, folder: Path, *, reload: bool = False) -> None:
        """With `reload` files that have changed are read again when a page is asked for."""
        self.reload = reload
        self._folder = folder
        self._files: dict[str, File] = {}
        self._packed: dict[str, bytes] = {}
        self._hash = ""
        self._page = Page(b"", b"", "", "")
        self._seen: tuple[tuple[str, int, int], ...] | None = None

    def page(self) -> Page:
        """The page of every address. Reads files: call it in a thread when `ready` is False."""
        self._read()
        return self._page

    @property
    def ready(self) -> bool:
        """Whether `page` and `file` answer from memory."""
        return self._seen is not None and not self.reload

    def file(self, hash: str, path: str) -> File | None:
        """A file of this version of the tree, or None: there is none, or it is of another version."""
        if self._seen is None or self.reload:
            self._read()
        return self._files.get(path) if self.reload or hash == self._hash else None

    def packed(self, path: str) -> bytes | None:
        """A file through gzip, once it was packed with `pack`."""
        return self._packed.get(path)

    def pack(self, path: str, file: File) -> bytes:
        """Pack a file of this path. Takes its time."""
        packed = gzip.compress(file.body, GZIP_LEVEL, mtime=0)
        if self._files.get(path) is file:
            self._packed[path] = packed
        return packed

    def _read(self) -> None:
        if self._seen is not None and not self.reload:
            return
        found = sorted(path for path in self._folder.rglob("*") if path.suffix in TYPES and path.is_file())
        stats = tuple((str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in found)
        if stats == self._seen:
            return
        files: dict[str, File] = {}
        digest = hashlib.sha256()
        for path in found:
            name, body = path.relative_to(self._folder).as_posix(), path.read_bytes()
            files[name] = File(body, TYPES[path.suffix], path.suffix not in PACKED)
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
        # Only whole trees are seen: another thread may be answering from the old one.
        self._files, self._packed, self._hash = files, {}, digest.hexdigest()[:HASH_LENGTH]
        index = files.pop(INDEX, None)
        self._page = self._made(index.body if index is not None else _MINIMAL)
        self._seen = stats

    def _made(self, index: bytes) -> Page:
        body = index.replace(STATIC.encode(), f"{STATIC}{self._hash}/".encode())
        scripts = "".join(f" '{_source(script)}'" for script in _INLINE.findall(body))
        etag = f'"{hashlib.sha256(body).hexdigest()[:HASH_LENGTH]}"'
        return Page(body, gzip.compress(body, GZIP_LEVEL, mtime=0), etag, _POLICY.format(scripts=scripts))


def _source(script: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script).digest()).decode()
