"""Snippets of the tutorial, run as somebody would who pastes them: what goes out is what was asked for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

WRITER = Path(__file__).parent / "js" / "write_snippets.js"
AWKWARD = (
    "plain",
    "",
    'it\'s a "test" of `this` and \\that\\',
    "$HOME $(id) !! %d {{x}} a=b&c=d+e%20",
    "two\nlines\r\nand\ttab",
    "äöü – ☃ 🐦 \u202egnp \u2028 \ufeff",
    "@file",
    "\\u0041\\x41'''\"\"\"",
)
JSON_VALUE = {"text": list(AWKWARD), "n": 1.5, "yes": True, "none": None, "__proto__": {"a-b": []}, "it's": {}}


@dataclass
class Echo:
    """A server that remembers the last request."""

    url: str = ""
    seen: dict[str, Any] = field(default_factory=dict)


@pytest.fixture
def echo() -> Iterator[Echo]:
    remembered = Echo()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            remembered.seen = {
                "method": self.command,
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode(),
            }
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"heard\n")

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    remembered.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield remembered
    server.shutdown()
    thread.join()
    server.server_close()


CASES: dict[str, dict[str, Any]] = {
    "get": {"method": "GET", "url": "/v1/devices/?a=%22%27&b[]=1", "headers": [["Authorization", "Bearer x'y\"z$"]]},
    "empty header": {"method": "GET", "url": "/", "headers": [["X-Empty", ""]]},
    "delete": {"method": "DELETE", "url": "/v1/devices/1"},
    "put without body": {"method": "PUT", "url": "/v1/devices/1/ping"},
    "json": {"method": "POST", "url": "/x", "body": {"kind": "json", "value": JSON_VALUE}},
    "json text": {"method": "PUT", "url": "/x", "body": {"kind": "json", "value": AWKWARD[2]}},
    "form": {
        "method": "POST",
        "url": "/x",
        "body": {"kind": "form", "fields": [[f"name {n} ä='@", text] for n, text in enumerate(AWKWARD)]},
    },
    "repeated fields": {
        "method": "PUT",
        "url": "/x",
        "body": {"kind": "form", "fields": [["a[]", "1"], ["a[]", "2"], ["__proto__", "3"]]},
    },
    "basic": {
        "method": "POST",
        "url": "/x",
        "basic": ["it's", 'ä:"$x'],
        "body": {"kind": "form", "fields": [["a", "b"]]},
    },
    "stream": {"method": "GET", "url": "/v1/devices/events", "stream": True},
}


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    assert found, "node is not installed, and snippets are written by it"
    return found


def _written(node: str, request: dict[str, Any]) -> dict[str, str]:
    done = subprocess.run([node, str(WRITER)], input=json.dumps([request]), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (texts,) = json.loads(done.stdout)
    return dict(texts)


def _command(language: str, text: str, folder: Path, node: str) -> list[str]:
    if language == "curl":
        return ["sh", "-c", text]
    file = folder / ("call.py" if language == "python" else "call.mjs")
    file.write_text(text, encoding="utf-8")
    return [sys.executable if language == "python" else node, str(file)]


@pytest.mark.parametrize("language", ["curl", "python", "javascript"])
@pytest.mark.parametrize("case", CASES)
def test_pasted(echo: Echo, node: str, tmp_path: Path, language: str, case: str) -> None:
    request = {**CASES[case], "url": echo.url + CASES[case]["url"]}
    text = _written(node, request)[language]
    environment = {**os.environ, "NO_PROXY": "*", "no_proxy": "*", "HOME": str(tmp_path)}
    command = _command(language, text, tmp_path, node)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    assert "heard" in done.stdout
    seen = echo.seen
    assert seen["method"] == request["method"]
    assert parse_qsl(seen["path"].partition("?")[2]) == parse_qsl(request["url"].partition("?")[2])
    for name, value in request.get("headers", []):
        assert seen["headers"][name.lower()] == value
    if "basic" in request:
        wanted = b64encode(":".join(request["basic"]).encode()).decode()
        assert seen["headers"]["authorization"] == f"Basic {wanted}"
    body = request.get("body")
    if body is None:
        assert seen["body"] == ""
    elif body["kind"] == "json":
        assert seen["headers"]["content-type"] == "application/json"
        assert json.loads(seen["body"]) == body["value"]
    else:
        assert seen["headers"]["content-type"].startswith("application/x-www-form-urlencoded")
        assert [list(pair) for pair in parse_qsl(seen["body"], keep_blank_values=True)] == body["fields"]


def test_programs_of_go_are_whole(node: str) -> None:
    request = {"url": "http://localhost/", **CASES["form"]}
    text = _written(node, request)["go"]
    assert text.startswith("package main\n")
    assert text.count("{") == text.count("}")
    assert '"strings"' in text
